"""Drawings as files: SVG, DOT, a page to step through, and with the extra "pictures" PNG and PDF.

>>> from autograd import Value, draw
>>> write(draw(Value(2.0) * 3), "product.png")  # doctest: +SKIP
"""

import os
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from .. import files
from ..checks import number
from .picture import Picture

# Two dots for each pixel of the drawing, of which 96 are an inch: sharp on slides and on dense screens.
DPI = 192.0

# Viewers take a picture with more pixels for an attack.
MOST_PIXELS = 80_000_000

# The longest side of a page in PDF, in points (ISO 32000-1, annex C.2). What is larger is made to fit: it stays sharp.
LONGEST_PAGE = 14_400

NO_TYPST = 'PNG and PDF are made by the package typst: pip install "scalar-autograd[pictures]", or save as .svg'


def write(drawing: Picture, path: files.AnyPath, dpi: float | None = None) -> None:
    """Write a drawing in the format that the ending of the name says, as a whole or not at all."""
    name = Path(os.fsdecode(path))
    ending = name.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"a drawing is saved as {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, not as {name.name!r}")
    if dpi is not None and ending != ".png":
        raise ValueError(f"dpi= is for .png, which consists of dots: leave it out, {ending} is sharp at every size")
    dots = DPI if dpi is None else number("dpi", dpi, least=1, finite=True)
    files.require_writable(path)  # before the layout, which may take its time
    files.write(path, content(drawing, ending, dots))


def content(drawing: Picture, ending: str, dpi: float = DPI) -> bytes:
    """What a file with that ending holds."""
    return _CONTENTS[ending](drawing, dpi)


def require_typst() -> Any:
    """The package that makes PNG and PDF; RuntimeError, with the remedy, where it is not installed."""
    try:
        import typst
    except ImportError:
        raise RuntimeError(NO_TYPST) from None
    return typst


def _typeset(drawing: Picture, form: Literal["png", "pdf"], dpi: float) -> bytes:
    """The picture as made by Typst, which reads SVG and brings its own font, so that it looks the same everywhere."""
    typst = require_typst()
    width, height = size(drawing.svg)
    if form == "png":
        _check_pixels(round(width * dpi / 96), round(height * dpi / 96))
    fitting = min(0.75 * width, LONGEST_PAGE * width / max(width, height))  # a pixel of SVG is 3/4 of a point
    texts = {
        "svg": drawing.svg,
        "title": drawing.title,
        "width": str(fitting),
        "height": str(fitting * height / width),
        "ground": _ground(drawing.svg),
    }
    made: bytes = typst.compile(_PAGE, format=form, ppi=dpi, sys_inputs=texts, ignore_system_fonts=True)
    return _with_dpi(made, dpi) if form == "png" else made


def _with_dpi(png: bytes, dpi: float) -> bytes:
    """The PNG with its dots to a metre (ISO 15948, 11.3.5.3), so that it is as large on a slide as the drawing."""
    dots = round(dpi / 0.0254)
    chunk = b"pHYs" + struct.pack(">IIB", dots, dots, 1)
    header = png.index(b"IHDR") + 21  # its 13 bytes and their checksum
    return png[:header] + struct.pack(">I", 9) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[header:]


def _ground(svg: str) -> str:
    """The colour behind the picture, which a last row of pixels may show that the picture covers in part."""
    found = re.search('</desc>(?:<style>.*?</style>)?<rect [^>]*fill="(#[0-9a-f]+)" class="[^" ]*-page"', svg)
    return found[1] if found else ""


# Texts come in as inputs of the document and not as parts of its program, so no label can act there.
_PAGE = b"""
#set document(title: sys.inputs.title, date: none)
#let (width, height) = (float(sys.inputs.width) * 1pt, float(sys.inputs.height) * 1pt)
#let ground = if sys.inputs.ground == "" { none } else { rgb(sys.inputs.ground) }
#set page(width: width, height: height, margin: 0pt, fill: ground)
#image(bytes(sys.inputs.svg), width: width, height: height, alt: sys.inputs.title)
"""


def size(svg: str) -> tuple[float, float]:
    """Width and height in pixels, as they stand in the first tag."""
    width, height = map(float, re.findall(' (?:width|height)="([^"]+)"', svg[: svg.index(">")]))
    return width, height


def _check_pixels(width: int, height: int) -> None:
    from .sheet import LONGEST_SIDE, REMEDIES

    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise ValueError(
            f"the picture would be {width:,} pixels wide and {height:,} high, more than most viewers open: save it as "
            f".svg or .pdf, or with a smaller dpi=, or {REMEDIES}"
        )


_CONTENTS: dict[str, Callable[[Picture, float], bytes]] = {
    ".svg": lambda drawing, _: drawing.svg.encode(),
    ".html": lambda drawing, _: drawing.to_html().encode(),
    ".png": lambda drawing, dpi: _typeset(drawing, "png", dpi),
    ".pdf": lambda drawing, dpi: _typeset(drawing, "pdf", dpi),
    ".dot": lambda drawing, _: drawing.to_dot().source.encode(),
}
ENDINGS = tuple(_CONTENTS)
