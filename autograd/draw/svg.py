"""A diagram and its layout as SVG text: for browsers, notebooks, slides and paper, light and dark.

Shape and sign carry the meaning, colour only helps: a leaf has round ends, an operation a header band, the root
a double outline, a folded group a second card behind it; ▸ stands before a value, which flows forward, ◂ before a
gradient, which flows back; what nothing flows through is dashed, what is highlighted has a broad line.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from xml.etree import ElementTree

from .diagram import Diagram, Edge, Frame
from .diagram.cards import BAND, CELL, ENDS, FONT, GAP, OUTLINE, ROW, SIDE, STACK, Card, Row
from .figure import COLOURS, Figure, number, pair
from .geometry import Box, Line, Point, Route
from .labels import Run, set_cells
from .layout import Layout, Place
from .legend import Legend, legend_of, placed, together
from .limits import each
from .look import Look
from .signs import add_legend

MARGIN = 6.0
HALO = 6.0  # the width of a highlight
TEXT = 60.0  # the most that a text beside an edge reaches to a side
SLIDE_RATIO = 16 / 9


def prefix_of(diagram: Diagram, look: Look) -> str:
    """What the ids and classes of a figure begin with: of several figures on one page each has its own."""
    digest = hashlib.sha256(repr((diagram.title, look)).encode())
    for thing in each([*diagram.cards, *diagram.edges, *diagram.frames]):
        digest.update(repr(thing).encode())
    return "g" + digest.hexdigest()[:8]


def svg_of(diagram: Diagram, layout: Layout, look: Look | None = None) -> str:
    """The picture as one SVG element that needs nothing else: no font and no script."""
    look = look or Look()
    figure = _GraphFigure(prefix_of(diagram, look), look)
    legend = _legend(diagram, layout, look) if look.legend else None
    room = together(layout.box, legend.box) if legend else layout.box
    svg = figure.opened(room.around(MARGIN), diagram.title, diagram.description)
    for place in layout.frames:
        figure.frame(svg, diagram.frames[place.frame], place)
    edges = list(zip(diagram.edges, layout.routes, strict=True))
    for edge, route in each(edges):
        if edge.is_highlighted:
            figure.line(svg, "halo", route.line, stroke_width=HALO)
    placed = [
        (card, x - card.width / 2, y - card.height / 2)
        for card, (x, y) in zip(layout.cards, layout.centres, strict=True)
    ]
    for card, left, top in placed:
        if card.is_highlighted:
            figure.halo(svg, card, left, top)
    for edge, route in each(edges):
        figure.edge(svg, edge, route)
    for x, y in layout.branches:
        figure.add(svg, "circle", "head", cx=x, cy=y, r=2.2)
    for edge, route in each(edges):
        figure.texts(svg, edge, route, look.direction == "LR", [place.box for place in layout.frames])
    for card, left, top in each(placed):
        figure.card(svg, card, left, top)
    if legend:
        add_legend(figure, svg, legend)
    return _written(svg)


def _legend(diagram: Diagram, layout: Layout, look: Look) -> Legend:
    ratio = look.size[0] / look.size[1] if look.size else SLIDE_RATIO
    return placed(legend_of(diagram, look.language), layout.box, [*_taken(layout)], ratio)


def _taken(layout: Layout) -> Iterator[Box]:
    """What is drawn, in boxes."""
    for card, (x, y) in zip(layout.cards, layout.centres, strict=True):
        yield Box(x - card.width / 2, y - card.height / 2, x + card.width / 2, y + card.height / 2)
    for place in layout.frames:
        yield place.box
    for route in each(layout.routes):
        for line in filter(None, (route.line, route.flow)):
            for (x, y), (u, v) in pairwise(line.points):
                yield Box(min(x, u), min(y, v), max(x, u), max(y, v))
        for x, y in filter(None, (route.mark, route.flow_text)):
            yield Box(x - TEXT, y - FONT, x + TEXT, y + FONT / 3)


def _written(svg: ElementTree.Element) -> str:
    """The element as text, child by child, because that may take long."""
    children = [ElementTree.tostring(child, encoding="unicode") for child in each(svg)]
    empty = ElementTree.tostring(ElementTree.Element(svg.tag, svg.attrib), encoding="unicode")
    return f"{empty.removesuffix(' />')}>{''.join(children)}</{svg.tag}>"


class _GraphFigure(Figure):
    """Adds the parts of a graph to a picture."""

    def __init__(self, prefix: str, look: Look) -> None:
        super().__init__(prefix, look, COLOURS, FONT)

    def text(
        self, parent: ElementTree.Element, paint: str, text: str | Run, x: float, y: float, **attributes: str
    ) -> None:
        """A label with its indices low and its powers high; a Run as it is."""
        # Without xml:space two blanks would shrink to one.
        self.set_text(self.add(parent, "text", paint, x=x, y=y, **{"xml:space": "preserve"}, **attributes), text)

    def frame(self, parent: ElementTree.Element, frame: Frame, place: Place) -> None:
        box = place.box
        group = self.add(parent, "g")
        self.add(group, "title").text = frame.title
        size = {"width": box.width, "height": box.height}
        surface = f"frame{frame.level % 2} border"
        self.add(group, "rect", surface, x=box.left, y=box.top, rx=7, stroke_width=0.8, **size)
        self.text(group, "mark title", Run(frame.label, 0), place.title, box.top + FONT + 2)

    def line(self, parent: ElementTree.Element, paint: str, line: Line, **attributes: str | float) -> None:
        d = f"M{pair(line.start)}"
        for curve in line.curves:
            d += ("C" if len(curve) == 3 else "L") + " ".join(map(pair, curve))
        self.add(parent, "path", paint, d=d, fill="none", **attributes)

    def edge(self, parent: ElementTree.Element, edge: Edge, route: Route) -> None:
        dash = {"stroke_dasharray": "5 3"} if edge.is_blocked else {}
        self.line(parent, "edge", route.line, id=f"{self.prefix}-{edge.id}", stroke_width=1.2, **dash)
        self.add(parent, "polygon", "head", points=" ".join(map(pair, route.line.head)))

    def texts(
        self, parent: ElementTree.Element, edge: Edge, route: Route, is_lr: bool, surfaces: Sequence[Box]
    ) -> None:
        """What is written beside an edge: which operand it leads to its head, and what a pass sent back."""
        if route.mark:
            anchor = "middle" if is_lr else "end"
            self.ground_of(parent, edge.mark, route.mark, anchor, surfaces)
            self.text(parent, "mark", edge.mark, *route.mark, text_anchor=anchor)
        if route.flow and route.flow_text:
            group = self.add(parent, "g", "flow", id=f"{self.prefix}-{edge.id}-flow")
            anchor = "middle" if is_lr else "start"
            self.ground_of(group, edge.flow, route.flow_text, anchor, surfaces)
            self.line(group, "flowline", route.flow, stroke_width=edge.width)
            self.add(group, "polygon", "flowhead", points=" ".join(map(pair, route.flow.head)))
            x, y = route.flow_text
            self.text(group, "gradient number", edge.flow, x, y, text_anchor=anchor, font_style="italic")

    def ground_of(
        self, parent: ElementTree.Element, text: str, place: Point, anchor: str, surfaces: Sequence[Box]
    ) -> None:
        """The ground of a text that stands beside an edge, if it stands on no frame."""
        (x, y), width = place, CELL * set_cells(text)
        if any(box.left < x < box.right and box.top < y < box.bottom for box in surfaces):
            return
        left = x - width * {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        self.ground(parent, Box(left - 2, y - FONT + 2, left + width + 2, y + 4))

    def halo(self, parent: ElementTree.Element, card: Card, x: float, y: float) -> None:
        """A broad line around a card, under the arrow heads that end there."""
        box = {"x": x, "y": y, "width": card.width, "height": card.height, "rx": _radius(card, card.height)}
        self.add(parent, "rect", "halo", fill="none", stroke_width=2 * HALO, **box)

    def card(self, parent: ElementTree.Element, card: Card, x: float, y: float) -> None:
        group = self.add(parent, "g", id=f"{self.prefix}-{card.id}", transform=f"translate({number(x)} {number(y)})")
        self.add(group, "title").text = card.title
        if card.kind == "stub":
            self.text(group, "mark", card.label, card.width / 2, card.height / 2 + 1.5, text_anchor="middle")
            return
        inset, width, height = 0.0, card.width, card.height
        radius = _radius(card, height)
        if card.kind == "group":
            width, height = width - STACK, height - STACK
            self.add(group, "rect", "band outline", x=STACK, y=STACK, width=width, height=height, rx=radius)
        middle = width / 2
        if card.is_root:
            self.add(group, "rect", "page outline", x=0, y=0, width=width, height=height, rx=radius)
            inset, width, height = OUTLINE, width - 2 * OUTLINE, height - 2 * OUTLINE
            radius -= OUTLINE if card.kind == "leaf" else 2
        box = {"x": inset, "y": inset, "width": width, "height": height, "rx": radius}
        surface = "leaf" if card.kind == "leaf" else "card" if card.rows else "band"
        self.add(group, "rect", f"{surface} outline", **box)
        if card.has_band and card.rows:
            self.add(group, "path", "band outline", d=_band(inset, inset, width, radius))
        if card.is_flat:
            self._line(group, card, middle)
            return
        self._header(group, card, inset, width, middle)
        self._rows(group, card, inset, middle)

    def _header(self, group: ElementTree.Element, card: Card, inset: float, width: float, middle: float) -> None:
        baseline = inset + (BAND if card.has_band else BAND + ENDS) / 2 + 4.5
        # The name of a scope is one of the program, as is layers.0: an underscore in it begins no index.
        label = Run(card.label, 0) if card.kind == "group" else card.label
        if card.label and card.symbol:
            self.text(group, "ink", label, inset + SIDE, baseline, font_weight="bold")
            self.text(group, "ink", card.symbol, inset + width - SIDE, baseline, text_anchor="end")
        elif card.label:
            self.text(group, "ink", label, middle, baseline, text_anchor="middle", font_weight="bold")
        elif card.symbol:
            self.text(group, "ink", card.symbol, middle, baseline, text_anchor="middle")

    def _rows(self, group: ElementTree.Element, card: Card, inset: float, middle: float) -> None:
        first = inset + ENDS + card.header
        start = middle - card.rows_cells * CELL / 2 if card.kind == "leaf" else inset + SIDE
        for place, row in enumerate(card.rows):
            self._row(group, row, start, first + (place + 0.5) * ROW + 4.5)

    def _row(self, group: ElementTree.Element, row: Row, start: float, baseline: float) -> None:
        if row.kind == "count":
            self.text(group, "mark", row.text, start, baseline)
            return
        style = "italic" if row.kind == "gradient" else "normal"
        self.text(group, row.kind, row.sign, start, baseline)
        self.text(group, f"{row.kind} number", row.text, start + 2 * CELL, baseline, font_style=style)

    def _line(self, group: ElementTree.Element, card: Card, middle: float) -> None:
        """All texts of a leaf that lies flat, side by side."""
        x, baseline = middle - card.text_cells * CELL / 2, card.height / 2 + 4.5
        if card.label:
            self.text(group, "ink", card.label, x, baseline, font_weight="bold")
            x += (card.header_cells + GAP) * CELL
        for row in card.rows:
            self._row(group, row, x, baseline)
            x += (card.indent + row.cells + GAP) * CELL


def _radius(card: Card, height: float) -> float:
    """Of the corners of a card: leaves have round ends."""
    return height / 2 if card.kind == "leaf" else 5.0


def _band(x: float, y: float, width: float, radius: float) -> str:
    """The header of an operation: round above, straight below."""
    r, w = number(radius), number(width - 2 * radius)
    down = number(BAND - radius)
    return f"M{number(x)} {number(y + BAND)}v-{down}a{r} {r} 0 0 1 {r} -{r}h{w}a{r} {r} 0 0 1 {r} {r}v{down}z"
