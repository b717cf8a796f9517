"""The points of each check: one, where nobody says otherwise.

>>> by_check = points_of(CHECKS, {"relu": 2.5, "value*": 0})
>>> by_check["value and gradients of relu(x) where x is 0"], by_check["value and gradients of exp(x)"]
(2.5, 0.0)

A name is what `only` takes; of several that mean a check, the first one counts. A file has the same in TOML:

    [points]
    "relu" = 2.5
    "value*" = 0
"""

import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from .checks import CHECKS, Check
from .levels import called
from .texts import RefusedError, one_line

POINTS = 1.0


# A table of names and points, or the file that has it.
Points = Mapping[str, float] | str | os.PathLike[str]


def points_of(checks: Sequence[Check], given: Points | None = None, language: str = "en") -> dict[str, float]:
    """The points of checks by their names, from a file of TOML or from a mapping like its table.

    Raises RefusedError for a file that cannot be read, for a name that no check has, and for what is not a number.
    """
    found = {check.name: POINTS for check in checks}
    table = _table(given) if isinstance(given, str | os.PathLike) else {} if given is None else given
    if not isinstance(table, Mapping):
        raise RefusedError("points not a number", "points", f"{table!r:.60}")
    for pattern, given_number in reversed(list(table.items())):
        number = _number(pattern, given_number)
        for check in called(pattern, CHECKS, "full", language):
            if check.name in found:
                found[check.name] = number
    return found


def _table(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The table [points] of a file, or the file itself where that is all there is in it."""
    try:
        with open(path, "rb") as file:
            found = tomllib.load(file)
    except (OSError, ValueError) as error:  # tomllib's own error is a ValueError
        raise RefusedError("points not read", os.fspath(path), one_line(error)) from error
    table = found.get("points", found)
    if not isinstance(table, dict):
        raise RefusedError("points not a number", "points", f"{table!r:.60}")
    return table


def _number(pattern: str, number: Any) -> float:
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < math.inf:
        raise RefusedError("points not a number", pattern, f"{number!r:.60}")
    return float(number)
