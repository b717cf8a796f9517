"""Numbers that are taken out of a list, by an index that may be a Value, and out of a graph, without their past.

>>> take([[1.0, 2.0], [3.0, 4.0]], 1)
[3.0, 4.0]
"""

from collections.abc import Sequence
from typing import Any

from .book import BLOCKED, REALS, deciding, listed_by_name, operand, unlisted
from .ieee import data_of


def _taken(index: Any, xs: Sequence[Any]) -> Any:
    place = _place(deciding(index), len(xs))
    return xs[place], lambda: [BLOCKED, *[1.0 if each == place else BLOCKED for each in range(len(xs))]]


def _detached(x: Any) -> Any:
    return data_of(x), lambda: (BLOCKED,)


_taken.__name__, _detached.__name__ = "take", "detach"

# What `take` makes: the flow goes to the number that was taken alone.
TAKE = listed_by_name(unlisted(_taken, "xs[index]", domain=(REALS, [REALS])))
# What `detach` makes in a function that is recorded, for which its number is to be found again at each call.
DETACH = listed_by_name(unlisted(_detached, "detach(x)"))


def take(rows: Sequence[Any], index: Any) -> Any:
    """rows[index], where the index may be a Value too: a number that a compiled function is given, such as a token.

    >>> take([10.0, 20.0, 30.0], 1)
    20.0

    The rows are a list of numbers or Values, or of lists of them, nested as deep as one likes. No gradient goes to the
    index. Raises IndexError for an index that is negative, too large or not whole; TypeError for rows that cannot be
    indexed; and, if the index is a Value, ValueError for rows of different lengths.
    """
    index = operand(index)
    if not hasattr(rows, "__getitem__") or not hasattr(rows, "__len__"):
        raise TypeError(f"take(rows, index) takes a list of rows, not {type(rows).__name__}")
    if type(index) is float:
        return rows[_place(index, len(rows))]
    _place(data_of(index), len(rows))
    return _taken_from(list(rows), index)


def _taken_from(rows: list[Any], index: Any) -> Any:
    """One number of each column, as Values."""
    if not _is_row(rows[0]):
        return index.__apply_operation__(TAKE, (index, *map(operand, rows)))
    if len({len(row) if _is_row(row) else -1 for row in rows}) > 1:
        raise ValueError("take(rows, index) takes rows of equal length, for any of them may be the one that is taken")
    return [_taken_from(list(column), index) for column in zip(*rows, strict=True)]


def _is_row(thing: Any) -> bool:
    return hasattr(thing, "__len__") and hasattr(thing, "__getitem__")


def _place(index: float, count: int) -> int:
    if not (0 <= index < count and index == int(index)):
        places = f"its places are 0 to {count - 1}" if count else "it is empty"
        raise IndexError(f"{index:g} is not an index of a list of {count}: {places}")
    return int(index)
