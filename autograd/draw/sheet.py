"""The sheet that a picture stands on: how large it is, and which part of the plane it shows.

>>> from .look import Look
>>> sheet_of(Box(0.0, 0.0, 320.0, 90.0), Look(size=(1280, 720)))
Sheet(width=1280.0, height=720.0, view=Box(left=0.0, top=-45.0, right=320.0, bottom=135.0))
"""

import math
import warnings
from dataclasses import dataclass

from .diagram.cards import FONT
from .geometry import Box
from .look import Look

# What viewers open: many count the pixels of a side in 15 bits.
LONGEST_SIDE = 2**15 - 1

REMEDIES = (
    "draw less of a graph with depth= or around=, put it in rows with wrap=, or make it smaller with scale= or size="
)


@dataclass(frozen=True)
class Sheet:
    """Width and height in pixels, and what is seen there, in the coordinates of the drawing."""

    width: float
    height: float
    view: Box


def factor_of(look: Look, font: float = FONT) -> float:
    """How much larger than laid out a drawing is to be, if no size is given for the whole."""
    return look.scale * (look.fontsize or font) / font


def sheet_of(around: Box, look: Look, font: float = FONT) -> Sheet:
    """The sheet for a drawing that needs this room: as large as the look says, with the drawing in the middle.

    `font` is the size of the texts in the coordinates of the drawing.

    Warns where viewers may not open a picture of that size.
    """
    if look.size:
        width, height = look.size
        factor = min(width / around.width, height / around.height)
    else:
        factor = factor_of(look, font)
        # Whole pixels: what shines through a part of one would be a line along the edge.
        width, height = (max(1.0, math.ceil(factor * side - 0.01)) for side in (around.width, around.height))
    if max(width, height) > LONGEST_SIDE:
        told = f"the picture is {width:,.0f} pixels wide and {height:,.0f} high, more than most viewers open"
        warnings.warn(f"{told}: {REMEDIES}", stacklevel=2)
    x, y = around.middle
    right, down = width / factor / 2, height / factor / 2
    return Sheet(width, height, Box(x - right, y - down, x + right, y + down))
