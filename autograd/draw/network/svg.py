"""A network as SVG text: for browsers, notebooks, slides and paper, light and dark.

Colour only helps: a negative weight is dashed, and a line is as thick as its weight is large. A bias enters a circle by
a line of its own, at the letter b. Values are upright, gradients italic and behind ◂, since they flow back.
"""

import hashlib
import math
from dataclasses import replace
from xml.etree import ElementTree

from ... import languages
from ...cells import cells, readable
from ..figure import COLOURS, Figure, number, pair
from ..geometry import Box, Point
from ..labels import Run
from ..limits import each
from ..look import Look
from .layout import CELL, FONT, LEGEND_LINE, MARGIN, Circle, Line, NetworkLayout, Text, gradient_of, texts_of
from .model import Column, Network, Unit, Wire

# Besides the colours of graphs, those of the lines: blue and orange differ for all kinds of colour vision.
LINES = {
    "positive": ("stroke", "#1f65a8", "#79b4ee"),
    "negative": ("stroke", "#c4560c", "#f0a35e"),
    "zero": ("stroke", "#7d8896", "#7d8a9c"),
}
SHARED = ("page", "leaf", "card", "outline", "ink", "mark", "value", "gradient")
PALETTE = {name: COLOURS[name] for name in SHARED} | LINES | {"more": COLOURS["mark"]}

# Signs of the legend that are texts, in the colours of what they stand for.
TEXT_SIGNS = {"value": ("", "value"), "flow": ("◂", "gradient")}

# The width of the thinnest line, and by how much the thickest is wider.
THIN, THICK = 1.0, 5.0

# Of a network with more wires the description leaves out the weights.
MOST_TOLD = 60

PAINT = {
    **dict.fromkeys(("weight", "bias", "label", "symbol"), "ink"),
    "value": "value",
    "gradient": "gradient",
    "bias gradient": "gradient",
}


def prefix_of(network: Network, *look: object) -> str:
    """What the ids and classes of a picture begin with: of several pictures on one page each has its own."""
    return "n" + hashlib.sha256(repr((network, look)).encode()).hexdigest()[:8]


def title_of(network: Network, look: Look) -> str:
    """What the picture is, in a line."""
    said = look.said("network description")
    return said["title"].format(kind=readable(network.kind), widths=network.widths_in(look.language))


def description_of(network: Network, layout: NetworkLayout, shown: frozenset[str], look: Look) -> str:
    """The picture in words, for those who cannot see it."""
    said = look.said("network description")
    wires = sum(len(unit.wires) for column in network.columns for unit in column.units)
    told = [_told(column, shown, look, wires <= MOST_TOLD) for column in network.columns]
    told.append(said["lines"])
    if not layout.has_all_numbers:
        told.append(said["too close"])
    return " ".join(told)


def _told(column: Column, shown: frozenset[str], look: Look, weights: bool) -> str:
    said = look.said("network description")
    symbols = sorted({readable(unit.symbol) for unit in column.units} - {""})
    if symbols:
        told = said["layer with name" if column.name else "layer"].format(
            name=readable(column.name),
            neurons=look.counted(column.width, "neuron"),
            functions=languages.enumeration(symbols, look.language).format(*symbols),
        )
    else:
        told = said["inputs"].format(look.counted(column.width, "input"))
    left_out = said["left out"].format(languages.count(column.left_out, look.language)) if column.left_out else ""
    parts = [_unit_told(unit, shown, look, weights) for unit in column.units]
    return " ".join(filter(None, (told, left_out, *parts)))


def _unit_told(unit: Unit, shown: frozenset[str], look: Look, weights: bool) -> str:
    said, facts, between = look.said("network description"), [], languages.between(look.language)
    if "value" in shown and unit.value is not None:
        facts.append(said["value"].format(look.decimal(unit.value)))
    if "gradient" in shown and unit.gradient is not None:
        facts.append(said["gradient"].format(look.decimal(unit.gradient)))
    if weights and unit.wires and "weight" in shown:
        facts.append(said["weights"].format(between.join(look.decimal(wire.weight) for wire in unit.wires)))
    if unit.bias and "bias" in shown:
        facts.append(said["bias"].format(look.decimal(unit.bias.weight)))
    if weights and unit.wires and "gradient" in shown:
        told = between.join(gradient_of(wire, look.decimal) for wire in unit.wires)
        facts.append(said["gradients"].format(told))
    name = said["neuron"].format(unit.place) if unit.symbol else readable(unit.label)
    return f"{name}: {'; '.join(facts)}." if facts else ""


def svg_of(
    layout: NetworkLayout,
    shown: frozenset[str],
    look: Look,
    prefix: str,
    title: str,
    description: str,
    is_for_page: bool = False,
) -> str:
    """The picture as one SVG element that needs nothing else: no font and no script.

    In a page lines have no gaps, for they are to be whole until their numbers appear; the page frees the ground there.
    """
    figure = _NetworkFigure(layout, shown, look, prefix, is_for_page)
    rows = figure.legend_rows() if look.legend else []
    svg = figure.opened(Box(0.0, 0.0, layout.width, layout.height + LEGEND_LINE * len(rows)), title, description)
    for index, line in enumerate(each(layout.lines)):
        figure.line(svg, index, line)
    for unit, bias, start, end in layout.stems:
        figure.stem(svg, unit, bias, start, end)
    for index, circle in enumerate(layout.circles):
        figure.circle(svg, index, circle)
    for x, y in layout.dots:
        figure.add(svg, "circle", "more", cx=x, cy=y, r=2.2)
    for text in layout.texts:
        figure.ground_of(svg, text)
        figure.text(svg, text)
    for row, items in enumerate(rows):
        figure.legend(svg, items, layout.height - MARGIN / 2 + LEGEND_LINE * (row + 0.5))
    return ElementTree.tostring(svg, encoding="unicode")


class _NetworkFigure(Figure):
    """Adds the parts of a network to a picture."""

    def __init__(
        self, layout: NetworkLayout, shown: frozenset[str], look: Look, prefix: str, is_for_page: bool
    ) -> None:
        super().__init__(prefix, look, PALETTE, FONT)
        self.layout, self.is_for_page = layout, is_for_page
        self.words, self.said = look.said("network legend"), look.said("network description")
        self.is_of_gradients = "gradient" in shown and "weight" not in shown
        wires = [line.wire for line in layout.lines] + [bias for _, bias, *_ in layout.stems]
        sizes = [abs(self.size(wire)) for wire in wires]
        self.largest = max([size for size in sizes if math.isfinite(size)], default=0.0)

    # Lines ------------------------------------------------------------------------------------------

    def size(self, wire: Wire) -> float:
        """What the thickness and the colour of a line say: the weight, or the gradient where no weight is shown."""
        return wire.gradient or 0.0 if self.is_of_gradients else wire.weight

    def stroke(self, size: float) -> tuple[str, dict[str, str | float]]:
        """The colour of a line and how it is drawn."""
        part = abs(size) / self.largest if self.largest else 0.0
        width = THIN + THICK * (min(part, 1.0) if part == part else 0.0)
        if size < 0:
            dashes = f"{number(3 + 2 * width)} {number(3 + width)}"
            return "negative", {"stroke_width": width, "stroke_dasharray": dashes}
        return "positive" if size > 0 else "zero", {"stroke_width": width}

    def line(self, parent: ElementTree.Element, index: int, line: Line) -> None:
        group = self.add(parent, "g")
        way = f"{line.source.label or line.source.name} → {self.name(line.unit)}"
        self.add(group, "title").text = readable(f"{way}: {self.full('weight', line.wire)}")
        paint, drawn = self.stroke(self.size(line.wire))
        pieces = [(line.start, line.end)] if self.is_for_page else line.pieces
        d = "".join(f"M{pair(start)}L{pair(end)}" for start, end in pieces)
        self.add(group, "path", f"edge {paint}", id=f"{self.prefix}-edge-{index}", d=d, fill="none", **drawn)
        for text in line.numbers:
            self.number(group, text, index)

    def number(self, parent: ElementTree.Element, text: Text, line: int) -> None:
        """A number in a gap of its line: so it is clear whose it is."""
        x, y = text.middle
        turned = {"transform": f"rotate({number(text.angle)} {number(x)} {number(y)})"} if text.angle else {}
        self.ground_of(parent, text, **turned)
        self.text(parent, text, id=f"{self.prefix}-edge-{line}-{text.kind}", **turned)

    def stem(self, parent: ElementTree.Element, unit: Unit, bias: Wire, start: Point, end: Point) -> None:
        """The line of a bias."""
        group = self.add(parent, "g")
        self.add(group, "title").text = readable(f"{self.name(unit)}: {self.full('bias', bias)}")
        paint, drawn = self.stroke(self.size(bias))
        if "stroke_dasharray" in drawn:
            drawn["stroke_dasharray"] = "4 2"  # two of them on the length of a stem
        d = f"M{pair(start)}L{pair(end)}"
        self.add(group, "path", f"bias {paint}", d=d, fill="none", **drawn)

    # Circles and texts ------------------------------------------------------------------------------

    def circle(self, parent: ElementTree.Element, index: int, circle: Circle) -> None:
        (x, y), unit = circle.middle, circle.unit
        place = f"translate({number(x)} {number(y)})"
        group = self.add(parent, "g", id=f"{self.prefix}-node-{index}", transform=place)
        self.add(group, "title").text = "\n".join([readable(line) for line in self.told(unit)])
        surface = "card" if unit.wires else "leaf"
        self.add(group, "circle", f"{surface} outline", cx=0.0, cy=0.0, r=self.layout.radius, stroke_width=1.5)
        for text in circle.texts:
            name = {"id": f"{self.prefix}-node-{index}-bias-gradient"} if text.kind == "bias gradient" else {}
            across, down = text.middle[0] - x, text.middle[1] - y
            moved = replace(text, middle=(across, down))
            if math.hypot(across, down) > self.layout.radius:
                self.ground_of(group, moved)
            self.text(group, moved, **name)

    def ground_of(self, parent: ElementTree.Element, text: Text, **turned: str) -> None:
        """The ground of a text."""
        (x, y), across, down = text.middle, text.width / 2 + 2, FONT / 2 + 1.5
        self.ground(parent, Box(x - across, y - down, x + across, y + down), **turned)

    def text(self, parent: ElementTree.Element, text: Text, **attributes: str | float) -> None:
        """A text around its middle; a label with its indices low and its powers high."""
        x, y = text.middle
        paint = PAINT.get(text.kind, "mark") + " number" * (text.kind in ("weight", "value", "gradient"))
        style: dict[str, str | float] = {"font_style": "italic"} if "gradient" in text.kind else {}
        if text.kind in ("symbol", "label"):
            style["font_weight"] = "bold"
        places = {"text_anchor": "middle", "xml:space": "preserve"}
        element = self.add(parent, "text", paint, x=x, y=y + 5.0, **places, **style, **attributes)
        self.set_text(element, text.text if text.kind == "label" else Run(text.text, 0))

    # What is told of what one points at ---------------------------------------------------------------

    def name(self, unit: Unit) -> str:
        return unit.name or self.said["the neuron"]

    def told(self, unit: Unit) -> list[str]:
        """The lines about a unit."""
        told = [f"{self.name(unit)}: {unit.symbol}" if unit.symbol else self.name(unit)]
        if unit.label and unit.label != unit.name:
            told.append(unit.label)
        if unit.value is not None:
            told.append(self.said["value"].format(self.look.exact(unit.value)))
        if unit.gradient is not None:
            told.append(self.said["gradient"].format(self.look.exact(unit.gradient)))
        return told

    def full(self, kind: str, wire: Wire) -> str:
        """A weight or a bias in full precision, with its gradient."""
        numbers = [self.said[kind].format(self.look.exact(wire.weight))]
        if wire.gradient is not None:
            numbers.append(self.said["gradient"].format(self.look.exact(wire.gradient)))
        return languages.between(self.look.language).join(numbers)

    # The legend -------------------------------------------------------------------------------------

    def legend_rows(self) -> list[list[tuple[str, str]]]:
        """What is explained, each with its sign, in rows as wide as the picture."""
        thing = self.words["gradient" if self.is_of_gradients else "weight"]
        items = [(sign, self.words[sign].format(thing)) for sign in ("positive", "negative")]
        items.append(("thick", self.words["thick"].format(self.look.decimal(self.largest))))
        if self.layout.stems:
            items.append(("stem", self.words["stem"]))
        kinds = {text.kind for text in texts_of(self.layout)}
        if self.is_of_gradients:
            kinds -= {"gradient"}  # which the lines are explained by
        items += [(sign, self.words[sign]) for sign, (_, kind) in TEXT_SIGNS.items() if kind in kinds]
        rows: list[list[tuple[str, str]]] = [[]]
        for item in items:
            if rows[-1] and sum(map(_item_width, [*rows[-1], item])) > self.layout.width - 2 * MARGIN:
                rows.append([])
            rows[-1].append(item)
        return rows

    def legend(self, parent: ElementTree.Element, items: list[tuple[str, str]], y: float) -> None:
        x = (self.layout.width - sum(map(_item_width, items))) / 2
        for sign, said in items:
            self.sign(parent, sign, x, y)
            text = Text(said, "legend", (x + 48.0 + CELL * cells(said) / 2, y))
            self.ground_of(parent, text)
            self.text(parent, text)
            x += _item_width((sign, said))

    def sign(self, parent: ElementTree.Element, sign: str, x: float, y: float) -> None:
        if sign in ("positive", "negative"):
            _, drawn = self.stroke(self.largest * (0.4 if sign == "positive" else -0.4))
            self.add(parent, "path", sign, d=f"M{number(x)},{number(y)}h40", fill="none", **drawn)
        elif sign == "thick":
            low, high = THIN / 2, (THIN + THICK) / 2
            points = f"{number(x)},{number(y - low)} {number(x + 40)},{number(y - high)} "
            points += f"{number(x + 40)},{number(y + high)} {number(x)},{number(y + low)}"
            self.add(parent, "polygon", "mark", points=points)
        elif sign in TEXT_SIGNS:
            before, paint = TEXT_SIGNS[sign]
            written = before + self.look.decimal(0.5)
            self.ground_of(parent, Text(written, "legend", (x + 20.0, y)))
            style = {"font_style": "italic"} if paint == "gradient" else {}
            element = self.add(parent, "text", paint, x=x + 20.0, y=y + 5.0, text_anchor="middle", **style)
            self.set_text(element, Run(written, 0))
        elif sign == "stem":
            self.add(parent, "circle", "card outline", cx=x + 30.0, cy=y, r=8.0, stroke_width=1.5)
            self.add(parent, "path", "positive", d=f"M{number(x + 8)},{number(y)}h14", fill="none", stroke_width=3.0)


def _item_width(item: tuple[str, str]) -> float:
    return 48.0 + CELL * cells(item[1]) + 20.0
