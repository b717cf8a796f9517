"""The legend of a picture: the signs that occur in it, each with what it means, in one of several languages.

>>> from autograd import Value
>>> from .diagram import diagram_of
>>> [entry.words for entry in legend_of(diagram_of(Value(2.0, "a") * 3), "pt")]
['folha: um número dado', 'operação', 'raiz: o resultado', 'valor', 'gradiente', 'ainda sem gradiente']
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..cells import cells
from .diagram import CELL, DASH, Diagram
from .geometry import Box, Point
from .look import LANGUAGES

# What each sign means, in the order of LANGUAGES; in the order in which signs are explained.
WORDS = {
    "leaf": ("leaf: a given number", "folha: um número dado", "hoja: un número dado"),
    "operation": ("operation", "operação", "operación"),
    "root": ("root: the result", "raiz: o resultado", "raíz: el resultado"),
    "group": ("folded group", "grupo recolhido", "grupo plegado"),
    "stub": ("more, not drawn", "mais, não desenhado", "más, sin dibujar"),
    "value": ("value", "valor", "valor"),
    "gradient": ("gradient", "gradiente", "gradiente"),
    "dash": ("no gradient yet", "ainda sem gradiente", "todavía sin gradiente"),
    "flow": ("flow: gradient going back", "fluxo: gradiente que volta", "flujo: gradiente que vuelve"),
    "blocked": ("nothing flows back", "nada volta por aqui", "nada vuelve por aquí"),
    "highlight": ("highlighted", "em destaque", "destacado"),
}

# Sizes in pixels: of a sign, the gap between it and its words, a row, what is free around and between, and
# how far the legend is from the drawing.
SIGN, GAP, ROW, PAD, BETWEEN, AWAY = 38.0, 10.0, 26.0, 12.0, 26.0, 20.0


@dataclass(frozen=True)
class Entry:
    """A sign by its name in WORDS, and what it means."""

    sign: str
    words: str

    @property
    def width(self) -> float:
        """In pixels."""
        return SIGN + GAP + CELL * cells(self.words)


@dataclass(frozen=True)
class Legend:
    """The box of a legend, and where the sign of each entry begins: the left end of its middle line."""

    box: Box
    entries: Sequence[Entry]
    places: Sequence[Point]


def legend_of(diagram: Diagram, language: str = "en") -> list[Entry]:
    """What is to be explained: only signs that the picture has."""
    signs, column = set(_signs(diagram)), LANGUAGES.index(language)
    return [Entry(sign, words[column]) for sign, words in WORDS.items() if sign in signs]


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


def beside(around: Box, entries: Sequence[Entry], ratio: float) -> Legend:
    """The legend in columns below a drawing or in one at its right: where the whole is larger when it has to fit.

    It has to fit a slide that is so many times as wide as it is high.
    """
    below, right = _below(around, entries), _right(around, entries)

    def size(legend: Legend) -> float:
        whole = together(around, legend.box)
        return min(ratio / whole.width, 1 / whole.height)

    return below if size(below) >= size(right) else right


def together(box: Box, other: Box) -> Box:
    """What is around both."""
    return Box(
        min(box.left, other.left),
        min(box.top, other.top),
        max(box.right, other.right),
        max(box.bottom, other.bottom),
    )


def _below(around: Box, entries: Sequence[Entry]) -> Legend:
    widths = next(
        widths
        for columns in range(len(entries), 0, -1)
        if (widths := _widths(entries, columns)) and (_needed(widths) <= around.width or columns == 1)
    )
    rows = -(-len(entries) // len(widths))
    left = around.middle[0] - _needed(widths) / 2
    return _legend(left, around.bottom + AWAY, widths, rows, entries)


def _right(around: Box, entries: Sequence[Entry]) -> Legend:
    widths = _widths(entries, 1)
    top = around.middle[1] - (len(entries) * ROW + 2 * PAD) / 2
    return _legend(around.right + AWAY, top, widths, len(entries), entries)


def _widths(entries: Sequence[Entry], columns: int) -> list[float]:
    return [max(entry.width for entry in entries[column::columns]) for column in range(columns)]


def _needed(widths: Sequence[float]) -> float:
    return sum(widths) + BETWEEN * (len(widths) - 1) + 2 * PAD


def _legend(left: float, top: float, widths: Sequence[float], rows: int, entries: Sequence[Entry]) -> Legend:
    box = Box(left, top, left + _needed(widths), top + rows * ROW + 2 * PAD)
    xs = [*accumulate(widths, lambda x, width: x + width + BETWEEN, initial=left + PAD)]
    places = [
        (xs[place % len(widths)], top + PAD + (place // len(widths) + 0.5) * ROW) for place in range(len(entries))
    ]
    return Legend(box, entries, places)
