"""Drawings as files: SVG, DOT, a page to step through, and by the extra "pictures" PNG and PDF.

>>> from autograd import Value, draw
>>> write(draw(Value(2.0) * 3), "product.png")  # doctest: +SKIP
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .page import page_of

if TYPE_CHECKING:
    from . import Drawing

# How many pixels of a PNG one pixel of the drawing becomes: sharp on slides and on dense screens.
SCALE = 2

NO_TYPST = 'PNG and PDF are made by the package typst: pip install "scalar-autograd[pictures]", or save as .svg'


def write(drawing: "Drawing", path: str | os.PathLike[str]) -> None:
    """Write a drawing in one step, as what the ending of the name says."""
    path = Path(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"a drawing is saved as {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, not as {path.name!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r} for {path.name}")
    content = _CONTENTS[ending](drawing)
    # Whoever interrupts this keeps the old file, for the new one takes its place only when it is whole.
    part = path.with_name(f".{os.getpid()}-{threading.get_ident()}{path.suffix}")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _typeset(drawing: "Drawing", form: Literal["png", "pdf"]) -> bytes:
    """The picture by Typst, which reads SVG by itself and brings a font along: it looks the same everywhere."""
    try:
        import typst
    except ImportError:
        raise RuntimeError(NO_TYPST) from None
    texts = {"svg": drawing.svg, "title": repr(drawing)}
    ppi = SCALE * 96.0  # a pixel of SVG is 1/96 of an inch
    made: bytes = typst.compile(_PAGE, format=form, ppi=ppi, sys_inputs=texts, ignore_system_fonts=True)
    return made


# Texts come in as inputs of the document and not as parts of its program, so no label can act there.
_PAGE = b"""
#set document(title: sys.inputs.title, date: none)
#set page(width: auto, height: auto, margin: 0pt)
#image(bytes(sys.inputs.svg), alt: sys.inputs.title)
"""

_CONTENTS: dict[str, Callable[["Drawing"], bytes]] = {
    ".svg": lambda drawing: drawing.svg.encode(),
    ".html": lambda drawing: page_of(drawing).encode(),
    ".png": lambda drawing: _typeset(drawing, "png"),
    ".pdf": lambda drawing: _typeset(drawing, "pdf"),
    ".dot": lambda drawing: drawing.to_dot().source.encode(),
}
ENDINGS = tuple(_CONTENTS)
