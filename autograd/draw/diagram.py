"""A view of a graph as a diagram: a card for each part, with its texts and its size, edges between, frames around.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> diagram = diagram_of(x * x + 1)
>>> [card.label or card.symbol for card in diagram.cards]
['x', '×', '+ 1']
>>> [(edge.tail, edge.head) for edge in diagram.edges]
[(0, 1), (0, 1), (1, 2)]
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from .. import notation
from ..book import BLOCKED, Operation
from ..cells import LABEL_CELLS, cells, counted, readable, shortened
from ..engines import Value
from ..groups import Group
from ..text import DOTS, Call, Infix, Name, parse, typeset
from .labels import set_cells
from .limits import each
from .look import Look
from .view import Fold, Single, Stub, View, view_of

# Sizes in pixels. No font is asked: a character of a monospace font is 0.6 of its size wide.
FONT = 13.0
CELL = 0.6 * FONT
ROW = 17.5  # the height of a line
BAND = 22.0  # the height of the header
SIDE = 12.0  # free on both sides of the text
ENDS = 5.5  # free above and below it
OUTLINE = 3.5  # from the outer outline of the root to its inner one
STACK = 4.0  # what can be seen of the second card behind that of a group
THIN, THICK = 1.0, 5.0  # edges by their flows

MARK_CELLS = 10
TITLE_CELLS = 40
SUBJECT_CELLS = 60
FORMULA_CELLS = 200
SENTENCES = 60
COUNTS = 100  # of more edges between groups, the counts would hide the lines

DOT = Name("·")  # for an operand that has a card
DASH = "—"  # for what no pass has told yet


@dataclass(frozen=True)
class Row:
    """A line of a card: "▸" and a value, "◂" and a gradient, or a count without a sign."""

    kind: str
    sign: str
    text: str
    room: int = 0  # cells for what a page writes here before

    @property
    def cells(self) -> float:
        """The width of its text."""
        return max(cells(self.text), self.room)


@dataclass(frozen=True)
class Card:
    """One part as it is shown; what is empty is left out. `kind` is "leaf", "operation", "group" or "stub"."""

    id: str  # for SVG, behind the prefix of the figure
    kind: str
    label: str
    symbol: str
    rows: tuple[Row, ...]
    is_root: bool
    is_highlighted: bool
    frame: int | None  # the innermost it stands in
    title: str  # all that is known of it, in full precision
    sentence: str  # the same for the ear

    @property
    def header_cells(self) -> float:
        """The width of the header: label, two cells of distance, symbol."""
        label = cells(self.label) if self.kind == "group" else set_cells(self.label)
        return label + cells(self.symbol) + 2 * bool(self.label and self.symbol)

    @property
    def has_band(self) -> bool:
        """Whether the header stands apart from the numbers, as that of an operation or a group does."""
        return self.kind in ("operation", "group") and self.header_cells > 0

    @property
    def header(self) -> float:
        """The height of the header in pixels; a leaf without a label needs none."""
        return BAND if self.header_cells else 0.0

    @property
    def height(self) -> float:
        """In pixels."""
        ends = 2 * ENDS if self.rows else 0.0 if self.has_band else ENDS
        return self.header + len(self.rows) * ROW + ends + 2 * OUTLINE * self.is_root + STACK * (self.kind == "group")

    @property
    def width(self) -> float:
        """In pixels; a number stands two cells behind its sign."""
        if self.kind == "stub":
            return 3 * CELL
        text = max(self.header_cells, *(self.indent + row.cells for row in self.rows), 7 * bool(self.rows)) * CELL
        round_ends = 6 * (self.kind == "leaf")
        return text + 2 * (SIDE + round_ends + OUTLINE * self.is_root) + STACK * (self.kind == "group")

    @property
    def indent(self) -> int:
        """How many cells the texts of its rows stand behind their signs."""
        return 2 * any(row.sign for row in self.rows)


@dataclass(frozen=True)
class Edge:
    """A link as it is shown; `mark` stands at its arrow head, `flow` is the number that it carries."""

    id: str
    tail: int
    head: int
    mark: str = ""
    flow: str = ""
    width: float = 1.2
    is_blocked: bool = False
    is_highlighted: bool = False


@dataclass(frozen=True)
class Frame:
    """A line around all cards of a group; `around` is the frame that it stands in, which comes before it."""

    label: str
    title: str
    around: int | None
    level: int


@dataclass(frozen=True)
class Diagram:
    """The cards in creation order, which is the same in every run, and what a screen reader says of them."""

    cards: list[Card]
    edges: list[Edge]
    frames: list[Frame]
    title: str
    description: str
    node_ids: dict[int, str] = field(repr=False)
    edge_ids: dict[tuple[int, int], str] = field(repr=False)


def diagram_of(root: Value, look: Look | None = None, view: View | None = None, highlight: Any = ()) -> Diagram:
    """The diagram of everything that `root` was computed from, or of a view of it."""
    look, view = look or Look(), view or view_of(root)
    bright_parts, bright_links = view.highlighted(highlight)
    frames, frame_of = _frames(view)
    cards = [
        _card(part, i, look, root, frame_of.get(part.group), i in bright_parts)
        for i, part in enumerate(each(view.parts))
    ]
    edges = _edges(view, look, bright_links)
    return Diagram(
        cards,
        edges,
        frames,
        _title(root, view, look),
        _description(cards),
        {place: cards[part].id for place, part in enumerate(view.part_of) if part is not None},
        {link.operand: edge.id for link, edge in zip(view.links, edges, strict=True) if link.operand},
    )


def _title(root: Value, view: View, look: Look) -> str:
    nodes, shown = len(view.order), sum(not isinstance(part, Stub) for part in view.parts)
    cards = "" if shown == nodes else f", {shown:,} of them drawn"
    if any(isinstance(part, Fold) for part in view.parts):
        cards = f" on {counted(shown, 'card')}"
    return f"{_subject(root, look.digits)}: {counted(nodes, 'node')}{cards}"


def _subject(root: Value, digits: int) -> str:
    """The root's label and as much of its formula as a title has room for, cut only where "…" stands for an operand."""
    label = shortened(readable(root.label), SUBJECT_CELLS)
    subject = label
    for most in (12, 8, 5, 3, 2, 1) if root.operation or not label else ():
        formula = readable(notation.expression(root, digits=digits, most=most))
        subject = f"{label} = {formula}" if label else formula
        if cells(subject) <= SUBJECT_CELLS:
            return subject
    return label or shortened(subject, SUBJECT_CELLS)


def _description(cards: list[Card]) -> str:
    sentences = [card.sentence for card in cards[:SENTENCES]]
    if len(cards) > SENTENCES:
        sentences.append(f"And {len(cards) - SENTENCES} more.")
    return " ".join(sentences)


# Cards ----------------------------------------------------------------------------------------------


def _card(
    part: Single | Fold | Stub, place: int, look: Look, root: Value, frame: int | None, is_highlighted: bool
) -> Card:
    if isinstance(part, Stub):
        return Card(f"stub-{place}", "stub", "…", "", (), False, False, frame, part.title, "")
    if isinstance(part, Fold):
        return _card_of_group(part, place, look, root, frame, is_highlighted)
    node, digits = part.node, look.digits
    label, formula = readable(node.label), _formula(node, digits)
    value, gradient = look.decimal(node.data), _gradient(node, look)
    heard = "no gradient yet" if gradient == DASH else f"gradient {gradient}"
    told = [
        f"{label} = {formula}" if label and node.operation else formula,
        f"value {typeset(repr(node.data))}",
        heard if gradient == DASH else f"gradient {typeset(repr(node.grad))}",
    ]
    shown_label = shortened(label) if "label" in look.shown else ""
    shown_symbol = shortened(readable(_symbol(node, digits))) if "operation" in look.shown else ""
    rows = _numbers(node, look)
    if not (shown_label or shown_symbol or rows):  # a card without anything tells less than its name
        shown_label = shortened(label or formula)
    return Card(
        id=f"node-{part.place}",
        kind="operation" if node.operation else "leaf",
        label=shown_label,
        symbol=shown_symbol,
        rows=rows,
        is_root=node is root,
        is_highlighted=is_highlighted,
        frame=frame,
        title="\n".join(told),
        sentence=f"{shortened(label or formula, 2 * LABEL_CELLS)} has value {value} and {heard}.",
    )


def _card_of_group(part: Fold, place: int, look: Look, root: Value, frame: int | None, is_highlighted: bool) -> Card:
    name = readable(part.folded.name)
    counts = [counted(part.nodes, "node")]
    if part.parameters:
        counts.append(counted(part.parameters, "parameter"))
    ends = [counted(part.inputs, "input")] if part.inputs else []
    counts.append(", ".join([*ends, counted(len(part.outputs), "output")]))
    only = part.outputs[0] if len(part.outputs) == 1 else None
    path = " › ".join(map(readable, part.folded.path))
    return Card(
        id=f"group-{place}",
        kind="group",
        label=shortened(name),
        symbol="",
        rows=(*(Row("count", "", count) for count in counts), *(_numbers(only, look) if only is not None else ())),
        is_root=any(output is root for output in part.outputs),
        is_highlighted=is_highlighted,
        frame=frame,
        title="\n".join([path, *counts]),
        sentence=f"{shortened(name, 2 * LABEL_CELLS)} is a group of {', '.join(counts)}.",
    )


def _numbers(node: Value, look: Look) -> tuple[Row, ...]:
    rows = {
        "value": Row("value", "▸", look.decimal(node.data)),
        "gradient": Row("gradient", "◂", _gradient(node, look)),
    }
    return tuple(row for kind, row in rows.items() if kind in look.shown)


def _gradient(node: Value, look: Look) -> str:
    # Before a pass .grad reads 0, and a zero drawn here would confuse.
    return look.decimal(node.grad) if node.has_grad else DASH


def _formula(node: Value, digits: int) -> str:
    # A leaf's formula is its label, which stands in full; one of an operation could repeat a long one without end.
    formula = readable(notation.expression(node, digits=digits, most=12))
    return shortened(formula, FORMULA_CELLS) if node.operation else formula


def _symbol(node: Value, digits: int) -> str:
    """The operation's symbol, and with it the operands that are plain numbers, because they have no card."""
    operation = node.operation
    if operation is None:
        return ""
    if _is_dot(operation):  # whose numbers stand at the edges of what they are multiplied with
        return operation.name
    numbers = [
        None if isinstance(operand, Value) else notation.constant(operation, place, operand, digits=digits)
        for place, operand in enumerate(node.operands)
    ]
    if not any(numbers):
        return operation.symbol
    if _stands_between(operation):  # "2 ^", "+ 1"
        return f" {operation.symbol} ".join([number.text if number else "" for number in numbers]).strip()
    if len(operation.parameters) == operation.list_count == 1:
        return Call(operation.symbol, tuple([number or DOT for number in notation.few(numbers, DOTS)])).text
    if notation.called(operation):  # "max(·, 0)"
        names = [DOT] * len(numbers)
    else:  # "2·2/y^3": a dot is a sign there
        names = [Name(name) for name in operation.operand_names(len(numbers))]
    places = [number or name for number, name in zip(numbers, names, strict=True)]
    return notation.fill(operation, operation.arguments(places)).text


# Edges ----------------------------------------------------------------------------------------------


def _edges(view: View, look: Look, highlighted: frozenset[int]) -> list[Edge]:
    operands: dict[int, list[_Operand]] = {}
    edges: list[Edge] = []
    flows: list[float | None] = []
    counts = sum(link.count > 1 for link in view.links) <= COUNTS
    for i, link in enumerate(each(view.links)):
        is_highlighted = i in highlighted
        if link.operand is None:
            mark = f"×{link.count:,}" if link.count > 1 and counts else ""
            edges.append(Edge(f"edge-{i}", link.tail, link.head, mark, is_highlighted=is_highlighted))
            flows.append(None)
        else:
            place, position = link.operand
            if place not in operands:
                operands[place] = _operands(view.order[place], look.digits)
            mark, is_blocked, flow = operands[place][position]
            text = f"◂ {DASH if flow is None else look.decimal(flow)}" if look.flows else ""
            edges.append(Edge(f"edge-{i}", link.tail, link.head, mark, text, 1.2, is_blocked, is_highlighted))
            flows.append(flow)
    if look.flows:
        edges = [replace(edge, width=width) for edge, width in zip(edges, _widths(flows), strict=True)]
    return edges


class _Operand(NamedTuple):
    mark: str
    is_blocked: bool  # nothing passes to it, whatever arrives
    flow: float | None  # what the last pass sent to it


def _operands(node: Value, digits: int) -> list[_Operand]:
    try:
        partials = iter(node.local_gradients())
        known = [next(partials)[1] if isinstance(operand, Value) else BLOCKED for operand in node.operands]
    except Exception:  # a rule under construction: a picture of it shall help, and `backward` tells what is wrong
        known = [math.nan] * len(node.operands)
    return [
        _Operand(
            shortened(mark, MARK_CELLS),
            partial is BLOCKED or partial == 0.0,
            (0.0 if partial is BLOCKED else node.grad * partial) if node.has_grad else None,
        )
        for mark, partial in each(zip(_marks(node, digits), known, strict=True))
    ]


def _widths(flows: Sequence[float | None]) -> list[float]:
    """Widths by the order of magnitude: the largest flow is THICK, one of at most a hundredth of it is THIN."""
    sizes = [abs(flow) if flow else 0.0 for flow in flows]
    largest = max((size for size in sizes if math.isfinite(size)), default=0.0)

    def share(size: float) -> float:
        if size == math.inf:
            return 1.0
        return max(0.0, 1.0 + (math.log10(size) - math.log10(largest)) / 2) if size > 0.0 else 0.0

    return [THIN + (THICK - THIN) * share(size) for size in sizes]


def _marks(node: Value, digits: int) -> list[str]:
    """What stands at the arrow head of each operand: its place, where places matter and several are taken."""
    operation: Any = node.operation
    if _is_dot(operation):
        return _marks_of_dot(node, digits)
    if len(node.parents) < 2 or len(operation.parameters) < 2 or operation.symmetric:
        return [""] * len(node.operands)
    if not operation.list_count:
        return [str(place + 1) for place in range(len(node.operands))]
    marks: list[str] = []
    primes = 0
    for name, argument in zip(operation.parameters, operation.arguments(range(len(node.operands))), strict=True):
        if isinstance(argument, list):
            marks += _numbered(len(argument), primes)
            primes += 1
        else:
            marks.append(name)
    return marks


def _marks_of_dot(node: Value, digits: int) -> list[str]:
    """The number that an operand is multiplied by, or 1 and 1′ for two Values that are multiplied."""
    if not node.operation or len(node.operands) == len(node.parents) == 2:  # a single pair: x × y is y × x
        return [""] * len(node.operands)
    xs, ys = node.operation.arguments(node.operands)
    marks = [_numbered(len(xs), primes) for primes in (0, 1)]
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        for own, partner in ((0, y), (1, x)):
            if not isinstance(partner, Value):
                marks[own][i] = f"×{notation.number(partner or 0.0, digits=digits).text}" if partner != 1.0 else ""
    return [*marks[0], *marks[1]]


def _numbered(count: int, primes: int) -> list[str]:
    """Marks for the items of the first list, the second, ...

    >>> _numbered(2, 0), _numbered(2, 1)
    (['1', '2'], ['1′', '2′'])
    """
    return [f"{place}{'′' * primes}" for place in range(1, count + 1)]


def _is_dot(operation: Operation) -> bool:
    """Whether it multiplies two lists pair by pair."""
    return operation.list_count == 2 and operation.pattern == "switches"


def _stands_between(operation: Operation) -> bool:
    """Whether the symbol stands between the operands, as that of x ^ y does."""
    match parse(operation.notation):
        case Infix(_, Name(x), Name(y)):
            return (x, y) == operation.parameters
    return False


# Frames ---------------------------------------------------------------------------------------------


def _frames(view: View) -> tuple[list[Frame], dict[Group | None, int]]:
    """A frame for each group that is drawn open, and the frame of each group.

    A group that holds nothing but one other group shares its frame: "layers.1 › neurons.0".
    """
    innermost = dict.fromkeys(part.group for part in view.parts if part.group)
    groups = dict.fromkeys(outer for group in innermost for outer in reversed([group, *group.all_around()]))
    children: dict[Group | None, int] = {}
    for group in groups:
        children[group.around] = children.get(group.around, 0) + 1
    for part in view.parts:
        children[part.group] = children.get(part.group, 0) + 2  # a group that holds a card has a frame of its own
    frames: list[Frame] = []
    frame_of: dict[Group | None, int] = {}
    names: dict[Group, str] = {}
    for group in groups:
        around = group.around
        name = readable(group.name)
        if around in names:
            name = f"{names[around]} › {name}"
        if children[group] == 1:
            names[group] = name
            if around in frame_of:
                frame_of[group] = frame_of[around]
            continue
        parent = frame_of.get(around)
        frames.append(
            Frame(
                shortened(name, TITLE_CELLS),
                " › ".join(map(readable, group.path)),
                parent,
                0 if parent is None else frames[parent].level + 1,
            )
        )
        frame_of[group] = len(frames) - 1
    return frames, frame_of
