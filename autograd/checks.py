"""How arguments are checked, and how their errors are worded: what was expected, what came, what to write instead.

>>> whole("epochs", 2.0, least=0)
Traceback (most recent call last):
TypeError: epochs is a whole number, not 2.0: write 2
>>> whole("epochs", -1, least=0)
Traceback (most recent call last):
ValueError: epochs is -1, but has to be 0 or more

Whole numbers and real numbers of NumPy are numbers here. True and False are not: who writes them means something else.
"""

import operator
from collections.abc import Iterable
from typing import Any

from .ieee import real, unwrapped
from .terminal import printable


def whole(name: str, given: Any, *, least: int | None = None, most: int | None = None) -> int:
    """The argument as an int; TypeError if it is not a whole number, ValueError if it is too small or too large.

    >>> whole("digits", 4, least=1, most=17)
    4
    """
    given = unwrapped(given)
    try:
        number = None if _is_truth(given) else operator.index(given)
    except TypeError:
        number = None
    if number is None:
        raise TypeError(f"{name} is a whole number, not {shown(given)}{_instead(given, int, least, most)}")
    _check_limits(name, number, least, most)
    return number


def number(name: str, given: Any, *, least: float | None = None, most: float | None = None) -> float:
    """The argument as a float; TypeError if it is not a real number, ValueError if it is nan, too small or too large.

    >>> number("noise", 1, least=0)
    1.0
    """
    given = unwrapped(given)
    try:
        found = None if _is_truth(given) else real(given)
    except TypeError:
        found = None
    if found is None:
        raise TypeError(f"{name} is a number, not {shown(given)}{_instead(given, float, least, most)}")
    if found != found:
        raise ValueError(f"{name} is nan")
    _check_limits(name, found, least, most)
    return found


def choice(name: str, given: Any, choices: Iterable[Any]) -> Any:
    """The argument, if it is one of the choices; else ValueError.

    >>> choice("theme", "blue", ("light", "dark"))
    Traceback (most recent call last):
    ValueError: theme must be 'light' or 'dark', not 'blue'
    """
    choices = list(choices)
    for chosen in choices:
        if isinstance(given, type(chosen)) and _is_truth(given) == _is_truth(chosen) and given == chosen:
            return chosen
    raise ValueError(f"{name} must be {' or '.join(map(repr, choices))}, not {shown(given)}")


def shown(thing: Any, most: int = 40) -> str:
    """What came in place of an argument, in few characters.

    >>> shown([1.0, 2.0]), shown("x" * 100)
    ('[1.0, 2.0]', "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…")
    """
    text = repr(thing)
    return printable(text if len(text) <= most else text[: most - 1] + "…")


def _instead(given: Any, kind: type[int | float], least: float | None, most: float | None) -> str:
    """What to write for something else: the number that it stands for, or any in the limits."""
    try:
        number = kind(given) if isinstance(given, str) or (isinstance(given, float) and given == int(given)) else None
    except (ValueError, OverflowError):
        number = None
    if number is not None:
        return f": write {number}"
    if least is None:
        return ""
    return f": write one from {least} to {most}" if most is not None else f": write one from {least} on"


def _is_truth(thing: Any) -> bool:
    return isinstance(thing, bool) or type(thing).__name__ in ("bool", "bool_")


def _check_limits(name: str, number: float, least: float | None, most: float | None) -> None:
    if least is not None and most is not None and not least <= number <= most:
        raise ValueError(f"{name} is {number}, but has to be from {least} to {most}")
    if least is not None and number < least:
        raise ValueError(f"{name} is {number}, but has to be {least} or more")
    if most is not None and number > most:
        raise ValueError(f"{name} is {number}, but has to be {most} or less")
