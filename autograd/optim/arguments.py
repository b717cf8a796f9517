"""How the arguments of optimisers and schedules are checked and shown.

>>> not_negative("lr", -1.0)
Traceback (most recent call last):
ValueError: lr must be 0 or more, not -1.0
"""

from typing import Any

from .. import checks


def not_negative(name: str, thing: Any) -> float:
    """A finite number of at least 0."""
    number = checks.number(name, thing, least=0, finite=True)
    return thing if type(thing) is int else number  # so that 0 is shown as 0


def whole(name: str, thing: Any, least: int = 0, most: int = 2**53) -> int:
    """A whole number in a range; by default, one that a float can count up to."""
    checks.whole(name, thing, least=least)
    return checks.whole(name, thing, most=most)


def written(thing: Any) -> str:
    """A function by its name, anything else as Python writes it."""
    return str(getattr(thing, "__name__", None) or repr(thing))
