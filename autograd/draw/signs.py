"""The signs of a legend as SVG: each as it is in the picture, but smaller, and beside it what it means."""

from typing import Any, Protocol
from xml.etree.ElementTree import Element

from .labels import Run
from .legend import SIGN, WORDS_AT, Legend

# Signs that are texts, each with its colour.
TEXTS = {
    "value": ("▸", "value"),
    "gradient": ("◂", "gradient"),
    "dash": ("—", "gradient"),
    "stub": ("…", "mark"),
}

# Signs that are arrows: from where to where, the colours of line and head, and how the line looks.
ARROWS: dict[str, tuple[float, float, str, str, dict[str, Any]]] = {
    "flow": (SIGN, 0.0, "flowline", "flowhead", {"stroke_width": 1.6}),
    "blocked": (0.0, SIGN, "edge", "head", {"stroke_width": 1.2, "stroke_dasharray": "5 3"}),
}


class Canvas(Protocol):
    """What signs are added to."""

    def add(self, parent: Element, tag: str, paint: str = "", **attributes: str | float) -> Element:
        """Add an element with its colours."""

    def text(self, parent: Element, paint: str, text: Run, x: float, y: float, **more: str) -> None:
        """Add a text."""


def add_legend(figure: Canvas, parent: Element, legend: Legend) -> None:
    """Add the box of a legend with all that it explains."""
    group, box = figure.add(parent, "g", "legend"), legend.box
    size = {"width": box.width, "height": box.height}
    figure.add(group, "rect", "card border", x=box.left, y=box.top, rx=7, stroke_width=0.8, **size)
    for entry, (x, y) in zip(legend.entries, legend.places, strict=True):
        add_sign(figure, figure.add(group, "g", transform=f"translate({x:z.2f} {y:z.2f})"), entry.sign)
        figure.text(group, "ink", Run(entry.words, 0), x + WORDS_AT, y + 4.5)


def add_sign(figure: Canvas, parent: Element, sign: str) -> None:
    """Add one sign, SIGN wide, around the line y = 0."""
    if sign in TEXTS:
        text, paint = TEXTS[sign]
        figure.text(parent, paint, Run(text, 0), SIGN / 2, 4.5, text_anchor="middle")
    elif sign in ARROWS:
        start, tip, line, head, look = ARROWS[sign]
        end = tip + (7.0 if start > tip else -7.0)
        figure.add(parent, "path", line, d=f"M{start:g},0L{end:g},0", fill="none", **look)
        figure.add(parent, "polygon", head, points=f"{tip:g},0 {end:g},-3 {end:g},3")
    else:
        _add_card(figure, parent, sign)


def _add_card(figure: Canvas, parent: Element, kind: str) -> None:
    radius = 9.0 if kind == "leaf" else 4.0
    x, y, width, height = 1.0, -9.0, SIGN - 2, 18.0
    if kind == "highlight":
        figure.add(
            parent, "rect", "halo", x=x, y=y, width=width, height=height, rx=radius, fill="none", stroke_width=6.0
        )
    if kind == "group":
        width, height = width - 3, height - 3
        figure.add(parent, "rect", "band outline", x=x + 3, y=y + 3, width=width, height=height, rx=radius)
    if kind == "root":
        figure.add(parent, "rect", "page outline", x=x, y=y, width=width, height=height, rx=radius)
        x, y, width, height, radius = x + 3, y + 3, width - 6, height - 6, 2.0
    surface = "leaf" if kind == "leaf" else "card"
    figure.add(parent, "rect", f"{surface} outline", x=x, y=y, width=width, height=height, rx=radius)
    if kind in ("operation", "group"):
        figure.add(parent, "rect", "band outline", x=x, y=y, width=width, height=6.0, rx=3.0)
