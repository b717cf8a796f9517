"""What all pictures share as SVG: the element around them, the colours, light and dark, and how labels are set.

>>> figure = Figure("g", Look(theme="dark"), COLOURS, 13.0)
>>> svg = figure.opened(Box(0.0, 0.0, 80.0, 20.0), "A wire", "From left to right.")
>>> ElementTree.tostring(figure.add(svg, "path", "edge", d=f"M{pair((0, 9.996))}h80"), encoding="unicode")
'<path d="M0,10h80" stroke="#7d8a9c" class="g-edge" />'
"""

from collections.abc import Mapping
from xml.etree import ElementTree

from .geometry import Box, Point
from .labels import SMALL, Run, runs
from .look import Look
from .sheet import sheet_of

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
    "head": ("fill", "#6b7684", "#8e9bac"),
    "flowline": ("stroke", "#c8362e", "#ff9f96"),
    "flowhead": ("fill", "#c8362e", "#ff9f96"),
    "halo": ("stroke", "#c26f14", "#c77a1e"),
    "ink": ("fill", "#1b2430", "#e9edf3"),
    "mark": ("fill", "#4d5866", "#b3bfce"),
    "value": ("fill", "#136a31", "#74d492"),
    "gradient": ("fill", "#b0231c", "#ff9f96"),
}


class Figure:
    """Adds elements to one picture, each with its colour as an attribute and the class that darkens it.

    The class begins with the prefix. The palette has for each name the property that it colours, and its colours on
    light and on dark pages. The size of the font is that of all texts but indices.
    """

    def __init__(self, prefix: str, look: Look, palette: Mapping[str, tuple[str, str, str]], font: float) -> None:
        self.prefix, self.look, self.palette, self.font = prefix, look, palette, font
        self.has_ground = look.background != "transparent"
        self.colours = {
            name: (colouring, dark if look.theme == "dark" else light)
            for name, (colouring, light, dark) in palette.items()
        }

    def opened(self, room: Box, title: str, description: str) -> ElementTree.Element:
        """The whole element, with its ground, for a drawing that needs this room: it is to be added."""
        sheet = sheet_of(room, self.look, self.font)
        place = {"x": sheet.view.left, "y": sheet.view.top, "width": sheet.view.width, "height": sheet.view.height}
        svg = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "width": number(sheet.width),
                "height": number(sheet.height),
                "viewBox": " ".join(map(number, place.values())),
                "role": "img",
                "font-family": MONOSPACE,
                "font-size": number(self.font),
            },
        )
        if self.look.language != "en":  # what says nothing is taken for English
            svg.set("xml:lang", self.look.language)
        self.add(svg, "title").text = title
        self.add(svg, "desc").text = description
        if self.look.theme == "auto":
            self.add(svg, "style").text = self.dark()
        if self.has_ground:
            self.add(svg, "rect", "page", **place)
        return svg

    def add(
        self, parent: ElementTree.Element, tag: str, paint: str = "", **attributes: str | float
    ) -> ElementTree.Element:
        """A new element; `paint` has the names of what it is, of which those in the palette colour it."""
        written = {
            name.replace("_", "-"): value if isinstance(value, str) else number(value)
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
        """The colours for dark pages, as a style."""
        rules = (f".{self.prefix}-{name}{{{colouring}:{dark}}}" for name, (colouring, _, dark) in self.palette.items())
        return f"@media (prefers-color-scheme:dark){{{''.join(rules)}}}"

    def ground(self, parent: ElementTree.Element, box: Box, **attributes: str) -> None:
        """The ground that a text needs where the picture has none: dark on a dark page, it could not be read."""
        if not self.has_ground:
            place = {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
            self.add(parent, "rect", "page", **place, rx=3, **attributes)

    def set_text(self, element: ElementTree.Element, text: str | Run) -> None:
        """Set a label with indices low and powers high, by attributes that all programs know; a Run as it is."""
        pieces = [text] if isinstance(text, Run) else runs(text)
        if not any(piece.shift for piece in pieces):
            element.text = "".join([piece.text for piece in pieces])
            return
        height = 0.0
        for piece in pieces:
            wanted = -0.3 * self.font * piece.shift
            small = {"font_size": self.font * SMALL} if piece.shift else {}
            tspan = self.add(element, "tspan", "", dy=wanted - height, **small)
            tspan.text, height = piece.text, wanted


def pair(point: Point) -> str:
    """A point as it stands in paths."""
    return f"{number(point[0])},{number(point[1])}"


def number(x: float) -> str:
    """To a hundredth of a pixel; a zero has no sign.

    >>> number(2.5), number(1 / 3), number(-0.001)
    ('2.5', '0.33', '0')
    """
    return f"{x:z.2f}".rstrip("0").rstrip(".")
