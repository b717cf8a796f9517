"""Texts as pictures show them: without characters that act, cut to size, with indices set low and powers high.

>>> runs("w_0 + x")
[Run(text='w', shift=0), Run(text='0', shift=-1), Run(text=' + x', shift=0)]
"""

import re
import unicodedata
from typing import NamedTuple

SMALL = 10 / 13  # the size of an index beside that of its name
LABEL_CELLS = 28

# Control characters, line separators and marks that turn the direction of writing would all act on the text
# around them; XML forbids some of them, surrogates and two non-characters.
_ACTING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def readable(text: str) -> str:
    """The text with a picture (␊ for a newline) or � for each character that acts instead of being shown.

    >>> readable("two\\nlines")
    'two␊lines'
    """
    return _ACTING.sub(lambda found: _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"


def cells(text: str) -> int:
    """The width of a text in a monospace font: wide East Asian characters take two cells, combining ones none.

    >>> cells("e"), cells("漢"), cells("e\u0301")
    (1, 2, 1)
    """
    return sum(map(_cells_of_one, text))


def _cells_of_one(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, most: int = LABEL_CELLS) -> str:
    """The text in at most so many cells, with "…" where it was cut.

    >>> shortened("logits of the last layer", 10)
    'logits of…'
    """
    used = end = 0
    for i, character in enumerate(text):
        used += _cells_of_one(character)
        if used < most:
            end = i + 1
        if used > most:
            return text[:end].rstrip() + "…"
    return text


def counted(number: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "node"), counted(30_000, "node")
    ('1 node', '30,000 nodes')
    """
    return f"{number:,} {thing}{'s'[: number != 1]}"


# Indices and powers ---------------------------------------------------------------------------------


class Run(NamedTuple):
    """A piece of a label; `shift` is -1 for an index, 1 for a power, and 0 on the line."""

    text: str
    shift: int


# As in LaTeX, _ and ^ take what is in braces; beyond that they take a number, ^ a letter, and _ behind a name of one
# letter a word. All else is shown as it is written: w_ij has an index, learning_rate and __init__ have none, and what
# ends in "…" is not known to the end.
_INDEX = re.compile(
    r"""(?<=[^\W_] | [}\u0300-\u036f])  # behind a name, which may wear a hat, or another index
    (?: [_^] (?: \{(?P<braced>[^{}_^]+)\} | (?P<number>[-−]?\d+) (?![\w…]) )
      | \^ (?P<letter>[^\W\d_]) (?![\w…])
      | (?: (?<= (?<!\w) [^\W\d_]) | (?<= (?<!\w) [^\W\d_] [\u0300-\u036f]) ) _ (?P<word>[^\W_]+) (?![\w…]) )""",
    re.VERBOSE,
)


def runs(label: str) -> list[Run]:
    """The label in pieces of one height each.

    >>> [run.text for run in runs("w_{ij}^2")], [run.shift for run in runs("learning_rate")]
    (['w', 'ij', '2'], [0])
    """
    pieces, end = [], 0
    for found in _INDEX.finditer(label):
        pieces.append(Run(label[end : found.start()], 0))
        index = next(filter(None, found.groups()))
        pieces.append(Run(index, 1 if found[0][0] == "^" else -1))
        end = found.end()
    pieces.append(Run(label[end:], 0))
    return [piece for piece in pieces if piece.text]


def set_cells(label: str) -> float:
    """The width of a label as it is set, in cells.

    >>> set_cells("w0"), set_cells("w_0") < 2
    (2, True)
    """
    return sum(cells(run.text) * (SMALL if run.shift else 1) for run in runs(label))
