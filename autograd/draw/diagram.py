"""A graph as a diagram: a card for each Value, with its texts and its size, and an edge for each operand.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> diagram = diagram_of(x * x + 1)
>>> [card.label or card.symbol for card in diagram.cards]
['x', '×', '+ 1']
>>> diagram.edges
[Edge(tail=0, head=1, mark=''), Edge(tail=0, head=1, mark=''), Edge(tail=1, head=2, mark='')]
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from .. import notation
from ..engines import Value, topological_order
from ..operations import ATOM, Operation

# Sizes in pixels. No font is asked: a character of a monospace font is 0.6 of its size wide.
FONT = 13.0
CELL = 0.6 * FONT
ROW = 17.5  # the height of a line
BAND = 22.0  # the height of the header
SIDE = 12.0  # free on both sides of the text
ENDS = 5.5  # free above and below it
OUTLINE = 3.5  # from the outer outline of the root to its inner one

LABEL_CELLS = 28
FORMULA_CELLS = 200
SENTENCES = 60


@dataclass(frozen=True)
class Card:
    """One Value as it is shown; `symbol` is empty for a leaf, `gradient` a dash where no pass has come by."""

    label: str
    symbol: str
    value: str
    gradient: str
    is_root: bool
    title: str  # all that is known of it, in full precision
    sentence: str  # the same for the ear

    @property
    def header_cells(self) -> int:
        """The width of the header: label, two cells of distance, symbol."""
        return cells(self.label) + cells(self.symbol) + 2 * bool(self.label and self.symbol)

    @property
    def height(self) -> float:
        """In pixels; a leaf without a label needs no header."""
        return (BAND if self.header_cells else 0) + 2 * ROW + 2 * ENDS + 2 * OUTLINE * self.is_root

    @property
    def width(self) -> float:
        """In pixels; a number stands two cells behind its sign."""
        text = max(self.header_cells, 2 + max(cells(self.value), cells(self.gradient)), 7) * CELL
        round_ends = 0 if self.symbol else 6
        return text + 2 * (SIDE + round_ends + OUTLINE * self.is_root)


@dataclass(frozen=True)
class Edge:
    """An operand, by the places of both cards; `mark` numbers it where the order of operands matters."""

    tail: int
    head: int
    mark: str


@dataclass(frozen=True)
class Diagram:
    """The cards in creation order, which is the same in every run, and what a screen reader says of them."""

    cards: list[Card]
    edges: list[Edge]
    title: str
    description: str


def diagram_of(root: Value, digits: int = 4) -> Diagram:
    """The diagram of all that `root` was computed from, numbers to so many significant digits."""
    nodes = topological_order(root)
    place = {node: i for i, node in enumerate(nodes)}
    cards = [_card(node, digits, node is root) for node in nodes]
    edges = [
        Edge(place[operand], place[node], mark)
        for node in nodes
        if node.operation
        for operand, mark in zip(node.operands, _marks(node), strict=True)
        if isinstance(operand, Value)
    ]
    count = f"{len(nodes)} node{'s'[: len(nodes) != 1]}"
    formula = _formula(root, digits)
    named = f"{readable(root.label)} = {formula}" if root.label and root.operation else formula
    sentences = [card.sentence for card in cards[:SENTENCES]]
    if len(cards) > SENTENCES:
        sentences.append(f"And {len(cards) - SENTENCES} more.")
    return Diagram(cards, edges, f"Computation graph of {shortened(named, 80)}: {count}", " ".join(sentences))


def _card(node: Value, digits: int, is_root: bool) -> Card:
    label, formula = readable(node.label), _formula(node, digits)
    value = notation.decimal(node.data, digits)
    told = [f"{label} = {formula}" if label and node.operation else formula, f"value {node.data!r}"]
    if node.has_grad:
        gradient = notation.decimal(node.grad, digits)
        heard = f"gradient {gradient}"
        told.append(f"gradient {node.grad!r}")
    else:  # .grad reads 0 now, and a zero drawn here would confuse
        gradient, heard = "—", "no gradient yet"
        told.append(heard)
    return Card(
        label=shortened(label),
        symbol=shortened(readable(_symbol(node))),
        value=value,
        gradient=gradient,
        is_root=is_root,
        title="\n".join(told),
        sentence=f"{shortened(label or formula, 2 * LABEL_CELLS)} has value {value} and {heard}.",
    )


def _formula(node: Value, digits: int) -> str:
    # A leaf's formula is its label, which stands in full; one of an operation could repeat a long one without end.
    formula = readable(notation.expression(node, digits=digits, most=12))
    return shortened(formula, FORMULA_CELLS) if node.operation else formula


def _symbol(node: Value) -> str:
    """The operation's symbol, and with it the operands that are plain numbers, for they have no card."""
    operation = node.operation
    if operation is None:
        return ""
    numbers = ["" if isinstance(operand, Value) else notation.decimal(operand) for operand in node.operands]
    if not any(numbers):
        return operation.symbol
    if len(numbers) == 2 and operation.precedence != ATOM:  # written between its operands: "2 ^", "+ 1"
        return f"{numbers[0]} {operation.symbol} {numbers[1]}".strip()
    return notation.fill(operation, [number or "·" for number in numbers])


def _marks(node: Value) -> list[str]:
    """What stands at the arrow head of each operand: its place, where places matter and several are taken."""
    operation: Any = node.operation
    if len(node.parents) < 2 or len(operation.parameters) < 2 or _is_symmetric(operation):
        return [""] * len(node.operands)
    marks: list[str] = []
    for place, argument in enumerate(operation.arguments(range(len(node.operands))), start=1):
        # Of several lists, as in dot(xs, ys), the places inside matter: 1 goes with 1, 2 with 2.
        marks += [str(i + 1) for i in range(len(argument))] if isinstance(argument, list) else [str(place)]
    return marks


def _is_symmetric(operation: Operation) -> bool:
    """Whether f(x, y) = f(y, x): then exchanging x and y exchanges the two derivatives, and so it is declared."""
    if len(operation.parameters) != 2 or len(operation.derivatives) != 2 or operation.list_count:
        return False
    x, y = operation.parameters
    exchanged = {x: y, y: x}
    first, second = operation.derivatives
    return re.sub(r"\w+", lambda word: exchanged.get(word[0], word[0]), first) == second


# Text -----------------------------------------------------------------------------------------------

# Control characters, line separators and marks that turn the direction of writing would all act on the text
# around them; XML forbids some of them, surrogates and two non-characters.
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def readable(text: str) -> str:
    """The text with a picture (␊ for a newline) or � for each character that acts instead of being shown.

    >>> readable("two\\nlines")
    'two␊lines'
    """
    return _ACTING.sub(lambda found: _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"


def cells(text: str) -> int:
    """The width of a text in a monospace font: wide East Asian characters take two cells, combining ones none.

    >>> cells("e"), cells("漢"), cells("e\u0301")
    (1, 2, 1)
    """
    return sum(map(_cells_of_one, text))


def _cells_of_one(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, most: int = LABEL_CELLS) -> str:
    """The text in at most so many cells, with "…" where it was cut.

    >>> shortened("logits of the last layer", 10)
    'logits of…'
    """
    used = end = 0
    for i, character in enumerate(text):
        used += _cells_of_one(character)
        if used < most:
            end = i + 1
        if used > most:
            return text[:end].rstrip() + "…"
    return text
