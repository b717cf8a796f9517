"""The legend of a picture: the signs that occur in it, each with what it means, in one of several languages.

>>> from autograd import Value
>>> from .diagram import diagram_of
>>> [entry.words for entry in legend_of(diagram_of(Value(2.0, "a") * 3), "pt")]
['folha: um número dado', 'operação', 'raiz: o resultado', 'valor', 'gradiente', 'ainda sem gradiente']
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..cells import cells
from ..languages import words
from .diagram import Diagram
from .diagram.cards import CELL, DASH
from .geometry import Box, Point

# Sizes in pixels: of a sign, how far behind its start the words begin, of a row, what is free around and between, and
# how far the legend is from the drawing.
SIGN, WORDS_AT, ROW, PAD, BETWEEN, AWAY = 38.0, 48.0, 26.0, 12.0, 26.0, 20.0


@dataclass(frozen=True)
class Entry:
    """A sign by its name in the catalogue, and what it means."""

    sign: str
    words: str

    @property
    def width(self) -> float:
        """In pixels."""
        return WORDS_AT + CELL * cells(self.words)


@dataclass(frozen=True)
class Legend:
    """The box of a legend, and where the sign of each entry begins: the left end of its middle line."""

    box: Box
    entries: Sequence[Entry]
    places: Sequence[Point]


def legend_of(diagram: Diagram, language: str = "en") -> list[Entry]:
    """What is to be explained: only signs that the picture has."""
    signs = set(_signs(diagram))
    return [Entry(sign, text) for sign, text in words("legend", language).items() if sign in signs]


def _signs(diagram: Diagram) -> Iterator[str]:
    for card in diagram.cards:
        yield card.kind
        for row in card.rows:
            yield row.kind
            if row.text == DASH:
                yield "dash"
        if card.is_root:
            yield "root"
        if card.is_highlighted:
            yield "highlight"
    for edge in diagram.edges:
        if edge.flow:
            yield "flow"
        if edge.is_blocked:
            yield "blocked"
        if edge.is_highlighted:
            yield "highlight"


def placed(entries: Sequence[Entry], around: Box, taken: Sequence[Box], ratio: float) -> Legend:
    """The legend in a free corner of a drawing; else below it or at its right, where the whole is larger on a slide.

    The slide is so many times as wide as it is high; in `taken` is all that is drawn.
    """
    return _inside(entries, around, taken) or max(
        _below(entries, around), _right(entries, around), key=lambda legend: _size(together(around, legend.box), ratio)
    )


def _size(whole: Box, ratio: float) -> float:
    return min(ratio / whole.width, 1 / whole.height)


def together(box: Box, other: Box) -> Box:
    """What is around both."""
    return Box(
        min(box.left, other.left),
        min(box.top, other.top),
        max(box.right, other.right),
        max(box.bottom, other.bottom),
    )


def _inside(entries: Sequence[Entry], around: Box, taken: Sequence[Box]) -> Legend | None:
    for columns in range(1, len(entries) + 1):
        width, height = _extent(entries, columns)
        if width > around.width or height > around.height:
            continue
        for left, top in itertools.product((around.right - width, around.left), (around.bottom - height, around.top)):
            legend = _legend(entries, columns, left, top)
            needed = legend.box.around(AWAY)
            if not any(_overlap(needed, box) for box in taken):
                return legend
    return None


def _overlap(box: Box, other: Box) -> bool:
    return box.left < other.right and other.left < box.right and box.top < other.bottom and other.top < box.bottom


def _below(entries: Sequence[Entry], around: Box) -> Legend:
    many = [columns for columns in range(1, len(entries) + 1) if _extent(entries, columns)[0] <= around.width]
    rows = math.ceil(len(entries) / max(many, default=1))
    columns = math.ceil(len(entries) / rows)  # of equal length
    return _legend(entries, columns, around.middle[0] - _extent(entries, columns)[0] / 2, around.bottom + AWAY)


def _right(entries: Sequence[Entry], around: Box) -> Legend:
    return _legend(entries, 1, around.right + AWAY, around.middle[1] - _extent(entries, 1)[1] / 2)


def _widths(entries: Sequence[Entry], columns: int) -> list[float]:
    return [max(entry.width for entry in entries[column::columns]) for column in range(columns)]


def _extent(entries: Sequence[Entry], columns: int) -> Point:
    """Width and height of a legend with so many columns."""
    width = sum(_widths(entries, columns)) + BETWEEN * (columns - 1) + 2 * PAD
    return width, math.ceil(len(entries) / columns) * ROW + 2 * PAD


def _legend(entries: Sequence[Entry], columns: int, left: float, top: float) -> Legend:
    width, height = _extent(entries, columns)
    xs = [*accumulate(_widths(entries, columns), lambda x, w: x + w + BETWEEN, initial=left + PAD)]
    places = [(xs[i % columns], top + PAD + (i // columns + 0.5) * ROW) for i in range(len(entries))]
    return Legend(Box(left, top, left + width, top + height), entries, places)
