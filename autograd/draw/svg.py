"""A diagram and its layout as SVG text: for browsers, notebooks, slides and paper, light and dark.

Shape and sign carry the meaning, colour only helps: a leaf has round ends, an operation a header band, the root
a double outline; ▸ stands before a value, which flows forward, ◂ before a gradient, which flows back.
"""

import hashlib
import json
import math
from dataclasses import asdict
from xml.etree import ElementTree

from .diagram import BAND, CELL, ENDS, FONT, OUTLINE, ROW, SIDE, Card, Diagram, cells
from .layout import Layout, Point, Route

MARGIN = 16.0
MONOSPACE = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'

# What is painted: the property that colours it, and the colour on light and on dark pages.
COLOURS = {
    "page": ("fill", "#ffffff", "#15181e"),
    "leaf": ("fill", "#fdf8ec", "#2a2720"),
    "card": ("fill", "#fbfcfe", "#1d222b"),
    "band": ("fill", "#e6edf6", "#2b3442"),
    "outline": ("stroke", "#7d8896", "#7d8a9c"),
    "edge": ("stroke", "#7d8896", "#7d8a9c"),
    "head": ("fill", "#6b7684", "#8e9bac"),
    "ink": ("fill", "#1b2430", "#e9edf3"),
    "mark": ("fill", "#4d5866", "#b3bfce"),
    "value": ("fill", "#136a31", "#74d492"),
    "gradient": ("fill", "#b0231c", "#ff9f96"),
}


def svg_of(diagram: Diagram, layout: Layout) -> str:
    """The picture as one SVG element that needs nothing else: no font, no script, no id."""
    left, top, width, height = _frame(diagram, layout)
    figure = _Figure(diagram)
    svg = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": _number(width),
            "height": _number(height),
            "viewBox": f"{_number(left)} {_number(top)} {_number(width)} {_number(height)}",
            "role": "img",
            "font-family": MONOSPACE,
            "font-size": _number(FONT),
        },
    )
    figure.add(svg, "title").text = diagram.title
    figure.add(svg, "desc").text = diagram.description
    figure.add(svg, "style").text = figure.dark()
    figure.add(svg, "rect", "page", x=left, y=top, width=width, height=height)
    for route in layout.routes:
        figure.edge(svg, route)
    for edge, route in zip(diagram.edges, layout.routes, strict=True):
        if edge.mark:
            figure.mark(svg, route, edge.mark)
    for card, (x, y) in zip(diagram.cards, layout.centres, strict=True):
        figure.card(svg, card, x - card.width / 2, y - card.height / 2)
    return ElementTree.tostring(svg, encoding="unicode")


class _Figure:
    """Adds elements to one figure, each with its colour as an attribute and the class that darkens it."""

    def __init__(self, diagram: Diagram) -> None:
        # Of several figures on one page each has classes of its own.
        content = json.dumps(asdict(diagram))
        self.prefix = "g" + hashlib.sha256(content.encode()).hexdigest()[:8]

    def add(
        self, parent: ElementTree.Element, tag: str, paint: str = "", **attributes: str | float
    ) -> ElementTree.Element:
        written = {
            name.replace("_", "-"): value if isinstance(value, str) else _number(value)
            for name, value in attributes.items()
        }
        names = paint.split()
        for name in names:
            colouring, light, _ = COLOURS[name]
            written[colouring] = light
        if names:
            written["class"] = " ".join(f"{self.prefix}-{name}" for name in names)
        return ElementTree.SubElement(parent, tag, written)

    def dark(self) -> str:
        rules = (f".{self.prefix}-{name}{{{colouring}:{dark}}}" for name, (colouring, _, dark) in COLOURS.items())
        return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"

    def text(self, parent: ElementTree.Element, paint: str, text: str, x: float, y: float, **attributes: str) -> None:
        # Without xml:space two blanks would shrink to one.
        self.add(parent, "text", paint, x=x, y=y, **{"xml:space": "preserve"}, **attributes).text = text

    def edge(self, parent: ElementTree.Element, route: Route) -> None:
        start, *rest = map(_pair, route.curve)
        self.add(parent, "path", "edge", d=f"M{start}C{' '.join(rest)}", fill="none", stroke_width=1.2)
        self.add(parent, "polygon", "head", points=" ".join(map(_pair, route.head)))

    def mark(self, parent: ElementTree.Element, route: Route, mark: str) -> None:
        """The number of an operand, in a gap of its edge: so it is clear whose it is."""
        x, y = _before_tip(route, 15)
        self.add(parent, "rect", "page", x=x - 4.5 * len(mark), y=y - 5, width=9 * len(mark), height=10)
        self.text(parent, "mark", mark, x, y + 3.5, text_anchor="middle", font_size="10", font_weight="bold")

    def card(self, parent: ElementTree.Element, card: Card, x: float, y: float) -> None:
        group = self.add(parent, "g", transform=f"translate({_number(x)} {_number(y)})")
        self.add(group, "title").text = card.title
        inset, width, height = 0.0, card.width, card.height
        radius = 5.0 if card.symbol else height / 2
        surface = "card" if card.symbol else "leaf"
        if card.is_root:
            self.add(group, "rect", "page outline", x=0, y=0, width=width, height=height, rx=radius)
            inset, width, height = OUTLINE, width - 2 * OUTLINE, height - 2 * OUTLINE
            radius -= OUTLINE if not card.symbol else 2
        box = {"x": inset, "y": inset, "width": width, "height": height, "rx": radius}
        self.add(group, "rect", f"{surface} outline", **box)
        first = inset + ENDS
        if card.symbol:
            self.add(group, "path", "band outline", d=_band(inset, inset, width, radius))
        middle = card.width / 2
        baseline = inset + (BAND if card.symbol else BAND + ENDS) / 2 + 4.5
        if card.label and card.symbol:
            self.text(group, "ink", card.label, inset + SIDE, baseline, font_weight="bold")
            self.text(group, "ink", card.symbol, card.width - inset - SIDE, baseline, text_anchor="end")
        elif card.header_cells:
            weight = "bold" if card.label else "normal"
            self.text(
                group, "ink", card.label or card.symbol, middle, baseline, text_anchor="middle", font_weight=weight
            )
        if card.header_cells:
            first += BAND
        numbers = (2 + max(cells(card.value), cells(card.gradient))) * CELL
        start = inset + SIDE if card.symbol else middle - numbers / 2
        for row, (paint, sign, number) in enumerate([("value", "▸", card.value), ("gradient", "◂", card.gradient)]):
            baseline = first + (row + 0.5) * ROW + 4.5
            style = "italic" if paint == "gradient" else "normal"
            self.text(group, paint, sign, start, baseline)
            self.text(group, paint, number, start + 2 * CELL, baseline, font_style=style)


def _band(x: float, y: float, width: float, radius: float) -> str:
    """The header of an operation: round above, straight below."""
    r, w = _number(radius), _number(width - 2 * radius)
    down = _number(BAND - radius)
    return f"M{_number(x)} {_number(y + BAND)}v-{down}a{r} {r} 0 0 1 {r} -{r}h{w}a{r} {r} 0 0 1 {r} {r}v{down}z"


def _before_tip(route: Route, distance: float) -> Point:
    """The point of an edge that lies so far before the tip of its arrow."""
    x, y = route.curve[-1]
    tip_x, tip_y = max(route.head, key=lambda corner: math.dist(corner, (x, y)))
    share = distance / (math.dist((tip_x, tip_y), (x, y)) or 1.0)
    return tip_x + share * (x - tip_x), tip_y + share * (y - tip_y)


def _frame(diagram: Diagram, layout: Layout) -> tuple[float, float, float, float]:
    """Left, top, width and height of all that is drawn, with a margin."""
    xs = [
        x + side * card.width / 2
        for card, (x, _) in zip(diagram.cards, layout.centres, strict=True)
        for side in (-1, 1)
    ]
    ys = [
        y + side * card.height / 2
        for card, (_, y) in zip(diagram.cards, layout.centres, strict=True)
        for side in (-1, 1)
    ]
    for route in layout.routes:
        xs += [x for x, _ in route.curve]
        ys += [y for _, y in route.curve]
    left, top = min(xs) - MARGIN, min(ys) - MARGIN
    return left, top, max(xs) + MARGIN - left, max(ys) + MARGIN - top


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(x: float) -> str:
    """To a hundredth of a pixel."""
    return f"{x:.2f}".rstrip("0").rstrip(".")
