"""Drawings as files: SVG, DOT, a page to step through, and with the extra "pictures" PNG and PDF.

>>> from autograd import Value, draw
>>> write(draw(Value(2.0) * 3), "product.png")  # doctest: +SKIP
"""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from .. import files
from .picture import Drawing

# How many pixels of a PNG one pixel of the drawing becomes: sharp on slides and on dense screens.
SCALE = 2

# What viewers open: many count the pixels of a side in 15 bits, and take more than these together for an attack.
LONGEST_SIDE, MOST_PIXELS = 2**15 - 1, 80_000_000

# The longest side of a page in PDF, in points (ISO 32000-1, annex C.2). What is larger is made to fit: it stays sharp.
LONGEST_PAGE = 14_400

NO_TYPST = 'PNG and PDF are made by the package typst: pip install "scalar-autograd[pictures]", or save as .svg'


def write(drawing: Drawing, path: files.AnyPath) -> None:
    """Write a drawing in the format that the ending of the name says, as a whole or not at all."""
    name = Path(os.fsdecode(path))
    ending = name.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"a drawing is saved as {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, not as {name.name!r}")
    files.require_writable(path)  # before the layout, which may take its time
    files.write(path, _CONTENTS[ending](drawing))


def _typeset(drawing: Drawing, form: Literal["png", "pdf"]) -> bytes:
    """The picture as made by Typst, which reads SVG and brings its own font, so that it looks the same everywhere."""
    try:
        import typst
    except ImportError:
        raise RuntimeError(NO_TYPST) from None
    width, height = _size(drawing.svg)
    if form == "png":
        _check_pixels(round(SCALE * width), round(SCALE * height))
    fitting = min(0.75 * width, LONGEST_PAGE * width / max(width, height))  # a pixel of SVG is 3/4 of a point
    texts = {"svg": drawing.svg, "title": drawing.title, "width": str(fitting)}
    ppi = SCALE * 96.0  # and 1/96 of an inch
    made: bytes = typst.compile(_PAGE, format=form, ppi=ppi, sys_inputs=texts, ignore_system_fonts=True)
    return made


# Texts come in as inputs of the document and not as parts of its program, so no label can act there.
_PAGE = b"""
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), width: float(sys.inputs.width) * 1pt, alt: sys.inputs.title)
"""


def _size(svg: str) -> tuple[float, float]:
    """Width and height in pixels, as they stand in the first tag."""
    width, height = map(float, re.findall(' (?:width|height)="([^"]+)"', svg[: svg.index(">")]))
    return width, height


def _check_pixels(width: int, height: int) -> None:
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise ValueError(
            f"the picture would be {width} pixels wide and {height} high, more than most viewers open: save it as "
            ".svg or .pdf, or draw less of the graph, as with depth= or around="
        )


_CONTENTS: dict[str, Callable[[Drawing], bytes]] = {
    ".svg": lambda drawing: drawing.svg.encode(),
    ".html": lambda drawing: drawing.to_html().encode(),
    ".png": lambda drawing: _typeset(drawing, "png"),
    ".pdf": lambda drawing: _typeset(drawing, "pdf"),
    ".dot": lambda drawing: drawing.to_dot().source.encode(),
}
ENDINGS = tuple(_CONTENTS)
