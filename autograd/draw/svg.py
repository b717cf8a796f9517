"""A diagram and its layout as SVG text: for browsers, notebooks, slides and paper, light and dark.

Shape and sign carry the meaning, colour only helps: a leaf has round ends, an operation a header band, the root
a double outline, a folded group a second card behind it; ▸ stands before a value, which flows forward, ◂ before a
gradient, which flows back; what nothing flows through is dashed, what is highlighted has a broad line.
"""

import hashlib
from xml.etree import ElementTree

from ..cells import cells
from .diagram import BAND, CELL, ENDS, FONT, OUTLINE, ROW, SIDE, STACK, Card, Diagram, Edge
from .geometry import Box, Point, Route
from .labels import SMALL, Run, runs
from .layout import TITLE_FONT, Layout
from .legend import GAP, SIGN, Legend, beside, legend_of, together
from .limits import each
from .look import Look
from .marks import MARK_FONT, mark_size
from .plan import FLOW_FONT
from .sheet import Sheet, sheet_of

MARGIN = 16.0
SLIDE = 16.0, 9.0
HALO = 6.0  # the width of a highlight

# Signs of a legend that are texts, each with its colour.
TEXT_SIGNS = {
    "value": ("▸", "value"),
    "gradient": ("◂", "gradient"),
    "dash": ("—", "gradient"),
    "stub": ("…", "mark"),
}
MONOSPACE = 'ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace'

# What is painted: the property that colours it, and the colour on light and on dark pages.
COLOURS = {
    "page": ("fill", "#ffffff", "#15181e"),
    "frame0": ("fill", "#f4f7fa", "#1b2028"),
    "frame1": ("fill", "#e9eef4", "#232a34"),
    "border": ("stroke", "#7d8896", "#76839a"),
    "leaf": ("fill", "#fdf8ec", "#2a2720"),
    "card": ("fill", "#fbfcfe", "#1d222b"),
    "band": ("fill", "#e6edf6", "#2b3442"),
    "outline": ("stroke", "#7d8896", "#7d8a9c"),
    "edge": ("stroke", "#7d8896", "#7d8a9c"),
    "flowline": ("stroke", "#b0231c", "#ff9f96"),
    "head": ("fill", "#6b7684", "#8e9bac"),
    "halo": ("stroke", "#c26f14", "#c77a1e"),
    "ink": ("fill", "#1b2430", "#e9edf3"),
    "mark": ("fill", "#4d5866", "#b3bfce"),
    "value": ("fill", "#136a31", "#74d492"),
    "gradient": ("fill", "#b0231c", "#ff9f96"),
}


def prefix_of(diagram: Diagram, look: Look) -> str:
    """What the ids and classes of a figure begin with: of several figures on one page each has its own."""
    digest = hashlib.sha256(repr((diagram.title, look)).encode())
    for thing in each([*diagram.cards, *diagram.edges, *diagram.frames]):
        digest.update(repr(thing).encode())
    return "g" + digest.hexdigest()[:8]


def svg_of(diagram: Diagram, layout: Layout, look: Look | None = None) -> str:
    """The picture as one SVG element that needs nothing else: no font and no script."""
    look = look or Look()
    box = _surroundings(diagram, layout)
    figure = _Figure(prefix_of(diagram, look), look.theme)
    legend = _legend(diagram, look, box) if look.legend else None
    room = together(box, legend.box) if legend else box
    svg = figure.opened(sheet_of(room.around(MARGIN), look), look, diagram.title, diagram.description)
    surfaces = [f"frame{frame.level % 2}" for frame in diagram.frames]
    for frame, surface, place in zip(diagram.frames, surfaces, layout.frames, strict=True):
        figure.frame(svg, surface, place, frame.title)
    edges = list(zip(diagram.edges, layout.routes, strict=True))
    for edge, route in each(edges):
        if edge.is_highlighted:
            figure.path(svg, "halo", route, stroke_width=max(HALO, edge.width + 4))
    for edge, route in each(edges):
        figure.edge(svg, edge, route)
    for frame, surface, place in zip(diagram.frames, surfaces, layout.frames, strict=True):
        figure.frame_label(svg, surface, place, frame.label)
    for x, y in layout.branches:
        figure.add(svg, "circle", "head", cx=x, cy=y, r=2.2)
    for edge, route in each(edges):
        if route.mark:
            around = [s for s, place in zip(surfaces, layout.frames, strict=True) if route.mark in place]
            figure.mark(svg, edge.mark, route.mark, on=around[-1] if around else "page")
        if route.flow:
            figure.flow(svg, edge, route.flow)
    for card, (x, y) in each(zip(diagram.cards, layout.centres, strict=True)):
        figure.card(svg, card, x - card.width / 2, y - card.height / 2)
    if legend:
        figure.legend(svg, legend)
    return _written(svg)


def _written(svg: ElementTree.Element) -> str:
    """The element as text, child by child, because that may take long."""
    children = [ElementTree.tostring(child, encoding="unicode") for child in each(svg)]
    empty = ElementTree.tostring(ElementTree.Element(svg.tag, svg.attrib), encoding="unicode")
    return f"{empty.removesuffix(' />')}>{''.join(children)}</{svg.tag}>"


class _Figure:
    """Adds elements to one figure, each with its colour as an attribute and the class that darkens it."""

    def __init__(self, prefix: str, theme: str) -> None:
        self.prefix = prefix
        self.colours = {
            name: (colouring, dark if theme == "dark" else light) for name, (colouring, light, dark) in COLOURS.items()
        }

    def opened(self, sheet: Sheet, look: Look, title: str, description: str) -> ElementTree.Element:
        """The whole element, with its ground: what is drawn is added to it."""
        place = {"x": sheet.view.left, "y": sheet.view.top, "width": sheet.view.width, "height": sheet.view.height}
        svg = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": _number(sheet.width),
                "height": _number(sheet.height),
                "viewBox": " ".join(map(_number, place.values())),
                "role": "img",
                "font-family": MONOSPACE,
                "font-size": _number(FONT),
            },
        )
        self.add(svg, "title").text = title
        self.add(svg, "desc").text = description
        if look.theme == "auto":
            self.add(svg, "style").text = self.dark()
        if look.background != "transparent":
            self.add(svg, "rect", "page", **place)
        return svg

    def add(
        self, parent: ElementTree.Element, tag: str, paint: str = "", **attributes: str | float
    ) -> ElementTree.Element:
        written = {
            name.replace("_", "-"): value if isinstance(value, str) else _number(value)
            for name, value in attributes.items()
        }
        names = paint.split()
        for name in names:
            if name in self.colours:
                colouring, colour = self.colours[name]
                written[colouring] = colour
        if names:
            written["class"] = " ".join(f"{self.prefix}-{name}" for name in names)
        return ElementTree.SubElement(parent, tag, written)

    def dark(self) -> str:
        rules = (f".{self.prefix}-{name}{{{colouring}:{dark}}}" for name, (colouring, _, dark) in COLOURS.items())
        return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"

    def text(
        self,
        parent: ElementTree.Element,
        paint: str,
        text: str | Run,
        x: float,
        y: float,
        size: float = FONT,
        **attributes: str,
    ) -> None:
        """A label with its indices low and its powers high, by attributes that all programs know; a Run as it is."""
        if size != FONT:
            attributes["font-size"] = _number(size)
        # Without xml:space two blanks would shrink to one.
        element = self.add(parent, "text", paint, x=x, y=y, **{"xml:space": "preserve"}, **attributes)
        pieces = [text] if isinstance(text, Run) else runs(text)
        if not any(piece.shift for piece in pieces):
            element.text = "".join([piece.text for piece in pieces])
            return
        height = 0.0
        for piece in pieces:
            wanted = -0.3 * size * piece.shift
            small = {"font_size": size * SMALL} if piece.shift else {}
            tspan = self.add(element, "tspan", "", dy=wanted - height, **small)
            tspan.text, height = piece.text, wanted

    def frame(self, parent: ElementTree.Element, surface: str, box: Box, title: str) -> None:
        group = self.add(parent, "g")
        self.add(group, "title").text = title
        size = {"width": box.width, "height": box.height}
        self.add(group, "rect", f"{surface} border", x=box.left, y=box.top, rx=7, stroke_width=0.8, **size)

    def frame_label(self, parent: ElementTree.Element, surface: str, box: Box, label: str) -> None:
        """The name of a group, in a gap of the edges that cross it."""
        x, y, width = box.left + 9, box.top + 4, 0.6 * TITLE_FONT * cells(label)
        self.add(parent, "rect", surface, x=x - 1, y=y, width=width + 2, height=TITLE_FONT + 3)
        self.text(parent, "mark", Run(label, 0), x, y + TITLE_FONT, TITLE_FONT)

    def path(self, parent: ElementTree.Element, paint: str, route: Route, **attributes: str | float) -> None:
        # Where no number stands between, the pieces are joined; from one to the next there is a pixel.
        joint, d = "M" if route.flow else "L", ""
        for start, *rest in route.curves:
            d += f"{joint if d else 'M'}{_pair(start)}C{' '.join(map(_pair, rest))}"
        self.add(parent, "path", paint, d=d, fill="none", **attributes)

    def edge(self, parent: ElementTree.Element, edge: Edge, route: Route) -> None:
        dash = {"stroke_dasharray": "5 3"} if edge.is_blocked else {}
        self.path(parent, "edge", route, id=f"{self.prefix}-{edge.id}", stroke_width=edge.width, **dash)
        self.add(parent, "polygon", "head", points=" ".join(map(_pair, route.head)))

    def mark(self, parent: ElementTree.Element, mark: str, middle: Point, on: str) -> None:
        """The number of an operand, in a gap of its edge: so it is clear whose it is."""
        (x, y), (width, height) = middle, mark_size(mark)
        self.add(parent, "rect", on, x=x - width / 2, y=y - height / 2, width=width, height=height)
        self.text(parent, "mark", mark, x, y + 3.5, MARK_FONT, text_anchor="middle", font_weight="bold")

    def flow(self, parent: ElementTree.Element, edge: Edge, middle: Point) -> None:
        x, y = middle
        look = {"text_anchor": "middle", "font_style": "italic"}
        self.text(parent, "gradient number", edge.flow, x, y + 4, FLOW_FONT, id=f"{self.prefix}-{edge.id}-flow", **look)

    def card(self, parent: ElementTree.Element, card: Card, x: float, y: float) -> None:
        group = self.add(parent, "g", id=f"{self.prefix}-{card.id}", transform=f"translate({_number(x)} {_number(y)})")
        self.add(group, "title").text = card.title
        if card.kind == "stub":
            self.text(group, "mark", card.label, card.width / 2, card.height / 2 + 1.5, text_anchor="middle")
            return
        inset, width, height = 0.0, card.width, card.height
        radius = height / 2 if card.kind == "leaf" else 5.0
        if card.is_highlighted:
            around = {"x": 0.0, "y": 0.0, "width": width, "height": height, "rx": radius}
            self.add(group, "rect", "halo", fill="none", stroke_width=2 * HALO, **around)
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
        self._header(group, card, inset, width, middle)
        self._rows(group, card, inset, middle)

    def _header(self, group: ElementTree.Element, card: Card, inset: float, width: float, middle: float) -> None:
        baseline = inset + (BAND if card.has_band else BAND + ENDS) / 2 + 4.5
        if card.label and card.symbol:
            self.text(group, "ink", card.label, inset + SIDE, baseline, font_weight="bold")
            self.text(group, "ink", card.symbol, inset + width - SIDE, baseline, text_anchor="end")
        elif card.header_cells:
            weight = "bold" if card.label else "normal"
            # The name of a scope is one of the program, as is layers.0: an underscore in it begins no index.
            text = Run(card.label, 0) if card.kind == "group" else card.label or card.symbol
            self.text(group, "ink", text, middle, baseline, text_anchor="middle", font_weight=weight)

    def _rows(self, group: ElementTree.Element, card: Card, inset: float, middle: float) -> None:
        first = inset + ENDS + card.header
        numbers = max((card.indent + row.cells for row in card.rows), default=0) * CELL
        start = middle - numbers / 2 if card.kind == "leaf" else inset + SIDE
        for place, row in enumerate(card.rows):
            baseline = first + (place + 0.5) * ROW + 4.5
            if row.kind == "count":
                self.text(group, "mark", row.text, inset + SIDE, baseline)
                continue
            style = "italic" if row.kind == "gradient" else "normal"
            self.text(group, row.kind, row.sign, start, baseline)
            self.text(group, f"{row.kind} number", row.text, start + 2 * CELL, baseline, font_style=style)

    def legend(self, parent: ElementTree.Element, legend: Legend) -> None:
        """Signs as they are in the picture, but smaller, and beside each what it means."""
        group, box = self.add(parent, "g", "legend"), legend.box
        size = {"width": box.width, "height": box.height}
        self.add(group, "rect", "card border", x=box.left, y=box.top, rx=7, stroke_width=0.8, **size)
        for entry, (x, y) in zip(legend.entries, legend.places, strict=True):
            self.sign(self.add(group, "g", transform=f"translate({_number(x)} {_number(y)})"), entry.sign)
            self.text(group, "ink", Run(entry.words, 0), x + SIGN + GAP, y + 4.5)

    def sign(self, parent: ElementTree.Element, sign: str) -> None:
        """One sign of a legend, SIGN wide, around the line y = 0."""
        middle = SIGN / 2
        if sign in TEXT_SIGNS:
            text, paint = TEXT_SIGNS[sign]
            self.text(parent, paint, Run(text, 0), middle, 4.5, text_anchor="middle")
        elif sign in ("blocked", "flow"):
            is_flow = sign == "flow"
            tip, tail, paint, head = (0.0, SIGN, "flowline", "gradient") if is_flow else (SIGN, 0.0, "edge", "head")
            back = 7.0 if is_flow else -7.0
            dash = {} if is_flow else {"stroke_dasharray": "5 3"}
            d = f"M{_pair((tail, 0.0))}L{_pair((tip + back, 0.0))}"
            self.add(parent, "path", paint, d=d, fill="none", stroke_width=1.6 if is_flow else 1.2, **dash)
            corners = [(tip, 0.0), (tip + back, -3.0), (tip + back, 3.0)]
            self.add(parent, "polygon", head, points=" ".join(map(_pair, corners)))
        else:
            self.small_card(parent, sign)

    def small_card(self, parent: ElementTree.Element, kind: str) -> None:
        x, y, width, height, radius = 1.0, -9.0, SIGN - 2, 18.0, 9.0 if kind == "leaf" else 4.0
        box = {"x": x, "y": y, "width": width, "height": height, "rx": radius}
        if kind == "highlight":
            self.add(parent, "rect", "halo", fill="none", stroke_width=HALO, **box)
        if kind == "group":
            box |= {"width": width - 3, "height": height - 3}
            self.add(parent, "rect", "band outline", **(box | {"x": x + 3, "y": y + 3}))
        if kind == "root":
            self.add(parent, "rect", "page outline", **box)
            box = {"x": x + 3, "y": y + 3, "width": width - 6, "height": height - 6, "rx": 2.0}
        self.add(parent, "rect", f"{'leaf' if kind == 'leaf' else 'card'} outline", **box)
        if kind in ("operation", "group"):
            band = {"width": box["width"], "height": 6.0, "rx": 3.0}
            self.add(parent, "rect", "band outline", **(box | band))


def _band(x: float, y: float, width: float, radius: float) -> str:
    """The header of an operation: round above, straight below."""
    r, w = _number(radius), _number(width - 2 * radius)
    down = _number(BAND - radius)
    return f"M{_number(x)} {_number(y + BAND)}v-{down}a{r} {r} 0 0 1 {r} -{r}h{w}a{r} {r} 0 0 1 {r} {r}v{down}z"


def _surroundings(diagram: Diagram, layout: Layout) -> Box:
    """What is around all that is drawn."""
    points = [
        (x + side * card.width / 2, y + side * card.height / 2)
        for card, (x, y) in zip(diagram.cards, layout.centres, strict=True)
        for side in (-1, 1)
    ]
    points += [point for route in layout.routes for curve in route.curves for point in curve]
    points += [corner for box in layout.frames for corner in ((box.left, box.top), (box.right, box.bottom))]
    xs, ys = zip(*points, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _legend(diagram: Diagram, look: Look, around: Box) -> Legend:
    width, height = look.size or SLIDE
    return beside(around, legend_of(diagram, look.language), width / height)


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(x: float) -> str:
    """To a hundredth of a pixel."""
    return f"{x:.2f}".rstrip("0").rstrip(".")
