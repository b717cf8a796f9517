"""What notebooks show of a drawing, and of a Value: a picture, or a line of text where there can be none.

>>> from autograd import Value, draw
>>> list(bundle("2", lambda: draw(Value(2.0))))
['text/plain', 'text/html', 'image/svg+xml']
"""

import base64
import html
import os
from collections.abc import Callable
from typing import Any

from ..checks import choice
from ..engines import Value
from .limits import EDGES, is_larger_than
from .picture import Picture

# A notebook draws a Value by itself as long as the picture fits a page.
NOTEBOOK_NODES = 150

# The formats of pictures that notebooks know, and those that they get unless others are asked for.
KINDS = {"html": "text/html", "svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
USUAL = ("html", "svg")

_asked: tuple[str, ...] = ()


def choose_formats(formats: tuple[str, ...]) -> None:
    """What `notebook_formats` does."""
    global _asked
    for format in formats:
        choice("a format of notebooks", format, tuple(KINDS))
    if {"png", "pdf"} & {*formats}:
        from .files import require_typst

        require_typst()
    _asked = formats


def _formats() -> tuple[str, ...]:
    told = os.environ.get("AUTOGRAD_NOTEBOOK_FORMATS", "")
    formats = _asked or tuple(told.replace(",", " ").split()) or USUAL
    return tuple([choice("a format in AUTOGRAD_NOTEBOOK_FORMATS", format, tuple(KINDS)) for format in formats])


def bundle(text: str, drawn: Callable[[], Picture]) -> Any:
    """The drawing in the formats of notebooks, and the text, which tells why where it cannot be made.

    With a PNG, which has more dots than the picture has pixels, comes a dict of its size.
    """
    try:
        formats, drawing = _formats(), drawn()
        drawing.notebook_svg  # noqa: B018  # where this fails, all do
    except Exception as error:  # nothing must ever fail to be shown
        return {"text/plain": f"{text}, not drawn: {error}"}
    shown = {}
    for format in formats:
        try:
            shown[KINDS[format]] = _in(format, drawing)
        except Exception as error:
            text += f", not drawn as {format}: {error}"
    data = {"text/plain": text} | shown
    return (data, {KINDS["png"]: _size(drawing)}) if KINDS["png"] in data else data


def _in(format: str, drawing: Picture) -> str:
    from .files import content

    if format == "html":
        return image(drawing)
    if format == "svg":
        return drawing.notebook_svg
    return base64.b64encode(content(drawing, f".{format}")).decode()


def _size(drawing: Picture) -> dict[str, int]:
    from .files import size

    width, height = size(drawing.svg)
    return {"width": round(width), "height": round(height)}


def part(format: str, shown: Any) -> str | None:
    """One format of a bundle, for those who look for it alone; None where it is not there."""
    data: dict[str, str] = shown[0] if isinstance(shown, tuple) else shown
    return data.get(KINDS[format])


# A picture asks whether it stands on a dark page, and browsers answer it by the color-scheme of its element, or else by
# that of the system. So this tells it: the attributes and classes are those of pages in JupyterLab, Visual Studio Code,
# Colab and Sphinx.
DARK_PAGES = (
    "[data-jp-theme-light=false]",
    ".vscode-dark",
    ".vscode-high-contrast:not(.vscode-high-contrast-light)",
    "html[theme=dark]",
    "[data-theme=dark]",
)
AS_THE_PAGE = (
    ".autograd-drawing{color-scheme:light}[data-theme=auto] .autograd-drawing{color-scheme:light dark}"
    f":is({','.join(DARK_PAGES)}) .autograd-drawing{{color-scheme:dark}}"
)


def image(drawing: Picture) -> str:
    """The picture as an <img>, which Jupyter shows also where it does not trust a notebook."""
    alt = html.escape(f"{drawing.title}. {drawing.description}")
    data = base64.b64encode(drawing.notebook_svg.encode()).decode()
    image = f'<img class="autograd-drawing" alt="{alt}" src="data:image/svg+xml;base64,{data}">'
    return f"{image}<style>{AS_THE_PAGE}</style>"


def check_size(value: Value) -> None:
    """Raise ValueError, with what to do, for a graph that is too large to be drawn unasked."""
    if is_larger_than(NOTEBOOK_NODES, value):
        remedy = "draw(value) shows them, draw(value, depth=1) shows one card for each scope"
        than = f"{NOTEBOOK_NODES} nodes, or {NOTEBOOK_NODES * EDGES:,} edges"
        raise ValueError(f"computed from more than {than}: {remedy}")
