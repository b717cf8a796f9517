"""Programs as operations: what stands in the one node that a replay makes.

>>> doubled = operation_of("doubled", lambda xs: (2 * xs[0], lambda: (2.0,)))
>>> doubled([3.0])
6.0
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..book import REALS, Operation, unlisted


def _unknown(xs: Any) -> Any:
    raise NotImplementedError


_EXAMPLE = replace(unlisted(_unknown, "f(xs)", domain=([REALS],)), is_of_book=False)


def operation_of(name: str, rule: Callable[[Any], Any]) -> Operation:
    """An operation on a list of numbers. A copy with another rule, for declaring one takes as long as a replay."""
    made = object.__new__(Operation)
    vars(made).update(vars(_EXAMPLE), rule=rule, name=name, notation=f"{name}(xs)", symbol=name)
    vars(made).update(__name__=name, __qualname__=name, __wrapped__=rule)
    return made
