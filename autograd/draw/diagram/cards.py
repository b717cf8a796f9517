"""The cards of a diagram: what stands on each of them, and how large that makes it.

>>> from autograd import Value, draw
>>> leaf = draw(Value(3.0, "x") * 2).diagram.cards[0]
>>> leaf.label, [row.text for row in leaf.rows], leaf.flat().height < leaf.height
('x', ['3', '—'], True)
"""

from dataclasses import dataclass, replace

from ... import languages
from ...cells import LABEL_CELLS, cells, readable, shortened
from ...engines import Value
from ..labels import set_cells
from ..look import Look
from .neurons import Formula, formula_of
from .symbols import count_of, symbol_of
from .view import Fold, Single, Stub

# Sizes in pixels. No font is asked: a character of a monospace font is 0.6 of its size wide.
FONT = 13.0
CELL = 0.6 * FONT
ROW = 17.0  # the height of a line
BAND = 21.0  # the height of the header
FLAT = 22.0  # the height of a leaf that lies flat
SIDE = 6.5  # free on both sides of the text
ROUND = 6.0  # and beyond that at the round ends of a leaf
ENDS = 4.5  # free above and below it
OUTLINE = 3.5  # from the outer outline of the root to its inner one
STACK = 4.0  # what can be seen of the second card behind that of a group

GAP = 1.25  # cells between what stands side by side on a flat leaf
FORMULA_CELLS = 200
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
    is_flat: bool = False  # all on one line
    least_height: float = 0.0  # with room for all edges that enter it
    least_width: float = 0.0

    @property
    def made(self) -> str:
        """How a node is made, without its numbers: the first line of the title."""
        return self.title.partition("\n")[0]

    def flat(self) -> "Card":
        """A leaf all of whose texts stand on one line, for columns with many of them; any other card as it is."""
        return replace(self, is_flat=True) if self.kind == "leaf" else self

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
        own = self._texts_height + 2 * OUTLINE * self.is_root + STACK * (self.kind == "group")
        return max(own, self.least_height)

    @property
    def _texts_height(self) -> float:
        if self.is_flat:
            return FLAT
        ends = 2 * ENDS if self.rows else 0.0 if self.has_band else ENDS
        return self.header + len(self.rows) * ROW + ends

    @property
    def width(self) -> float:
        """In pixels; a number stands two cells behind its sign."""
        if self.kind == "stub":
            return 3 * CELL
        round_ends = ROUND * (self.kind == "leaf" and not self.is_flat)
        sides = 2 * (SIDE + round_ends + OUTLINE * self.is_root) + STACK * (self.kind == "group")
        return max(self.text_cells * CELL + sides, self.least_width)

    @property
    def text_cells(self) -> float:
        """The width of its texts in cells."""
        if self.is_flat:
            parts = [self.header_cells, *(self.indent + row.cells for row in self.rows)]
            return sum(parts) + GAP * (len(parts) - 1 - (not parts[0]))
        return max(self.header_cells, self.rows_cells, 7 * bool(self.rows))

    @property
    def rows_cells(self) -> float:
        """The width of its rows in cells."""
        return max((self.indent + row.cells for row in self.rows), default=0)

    @property
    def indent(self) -> int:
        """How many cells the texts of its rows stand behind their signs."""
        return 2 * any(row.sign for row in self.rows)


def card_of(
    part: Single | Fold | Stub, place: int, look: Look, root: Value, frame: int | None, is_highlighted: bool
) -> Card:
    """The card of one part of a view."""
    if isinstance(part, Stub):
        told = look.said("drawing")[part.what].format(languages.count(part.count, look.language))
        return Card(f"stub-{place}", "stub", "…", "", (), False, False, frame, told, "")
    if isinstance(part, Fold):
        return _card_of_group(part, place, look, root, frame, is_highlighted)
    return _card_of_node(part, look, root, frame, is_highlighted)


def how_made(node: Value, look: Look) -> str:
    """How a node is computed, or what a leaf is called."""
    # A leaf's formula is its label, which stands in full; one of an operation could repeat a long one without end.
    written = readable(look.formula(node, most=12))
    return shortened(written, FORMULA_CELLS) if node.operation else written


def _card_of_node(part: Single, look: Look, root: Value, frame: int | None, is_highlighted: bool) -> Card:
    node, label, called, said = part.node, readable(part.node.label), how_made(part.node, look), look.said("drawing")
    value, gradient = look.decimal(node.data), _gradient(node, look)
    name = shortened(label or called, 2 * LABEL_CELLS)
    told = [
        f"{label} = {called}" if label and node.operation else called,
        said["value"].format(look.exact(node.data)),
        said["no gradient"] if gradient == DASH else said["gradient"].format(look.exact(node.grad)),
    ]
    heard = said["without gradient" if gradient == DASH else "with gradient"]
    shown_label, shown_symbol, rows = shortened(label) if "label" in look.shown else "", "", _numbers(node, look)
    if "operation" in look.shown:
        shown_symbol = shortened(readable(symbol_of(node, look)))
        rows = (*_counts([count_of(node, look)]), *rows)
    if not (shown_label or shown_symbol or rows):  # a card without anything tells less than its name
        shown_label = shortened(label or called)
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
        sentence=heard.format(name=name, value=value, gradient=gradient),
    )


def _card_of_group(part: Fold, place: int, look: Look, root: Value, frame: int | None, is_highlighted: bool) -> Card:
    name, formula, counts = readable(part.folded.name), formula_of(part, look), _counts_of(part, look)
    written = readable(formula.text) if formula else ""
    path = " › ".join(map(readable, part.folded.path))
    heard = look.said("drawing")["group with formula" if written else "group"]
    shown = formula if "operation" in look.shown else None
    return Card(
        id=f"group-{place}",
        kind="group",
        label=shortened(name),
        symbol=shortened(written) if shown else "",
        rows=_rows_of_neurons(part, shown, look) if shown else _rows_of_group(part, counts, look),
        is_root=any(output is root for output in part.outputs),
        is_highlighted=is_highlighted,
        frame=frame,
        title="\n".join([path, *([written] if written else []), *counts]),
        sentence=heard.format(name=shortened(name, 2 * LABEL_CELLS), formula=written, counts=", ".join(counts)),
    )


def _counts_of(part: Fold, look: Look) -> list[str]:
    """How much a group holds, and how it is connected."""
    parameters = [look.counted(len(part.parameters), "parameter")] if part.parameters else []
    inputs = [look.counted(len(part.inputs), "input")] if part.inputs else []
    return [
        look.counted(part.nodes, "node"),
        *parameters,
        ", ".join([*inputs, look.counted(len(part.outputs), "output")]),
    ]


def _rows_of_group(part: Fold, counts: list[str], look: Look) -> tuple[Row, ...]:
    return (*_counts(counts), *(_numbers(part.outputs[0], look) if len(part.outputs) == 1 else ()))


def _rows_of_neurons(part: Fold, formula: Formula, look: Look) -> tuple[Row, ...]:
    """What the formula does not tell: the numbers of a single output, or how many parameters and outputs there are."""
    outputs = formula.outputs
    if len(outputs) == 1:
        return _numbers(outputs[0], look)
    calls = [] if len(outputs) == formula.neurons else [look.counted(len(outputs), "output")]
    return _counts([look.counted(len(part.parameters), "parameter"), *calls])


def _counts(texts: list[str]) -> tuple[Row, ...]:
    return tuple([Row("count", "", text) for text in texts if text])


def _numbers(node: Value, look: Look) -> tuple[Row, ...]:
    rows = {
        "value": Row("value", "▸", look.decimal(node.data)),
        "gradient": Row("gradient", "◂", _gradient(node, look)),
    }
    return tuple(row for kind, row in rows.items() if kind in look.shown)


def _gradient(node: Value, look: Look) -> str:
    # Before a pass .grad reads 0, and a zero drawn here would confuse.
    return look.decimal(node.grad) if node.has_grad else DASH
