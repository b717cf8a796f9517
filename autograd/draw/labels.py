"""Labels as pictures show them: with indices set low and powers high.

>>> runs("w_0 + x")
[Run(text='w', shift=0), Run(text='0', shift=-1), Run(text=' + x', shift=0)]
"""

import re
from typing import NamedTuple

from ..cells import cells

SMALL = 11.5 / 13  # the size of an index beside that of its name


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
