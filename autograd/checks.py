"""How arguments are checked, and how their errors are worded: what was expected, what came, what to write instead.

>>> whole("epochs", 2.0, least=0)
Traceback (most recent call last):
TypeError: epochs must be a whole number, not 2.0: write 2
>>> whole("epochs", -1, least=0)
Traceback (most recent call last):
ValueError: epochs must be 0 or more, not -1

NumPy's whole and real numbers are accepted. True and False are not: whoever writes them means something else.
"""

import math
import operator
from collections.abc import Iterable, Mapping, Set
from typing import Any

from .ieee import real, unwrapped
from .terminal import printable


def whole(name: str, given: Any, *, least: int | None = None, most: int | None = None, instead: str = "") -> int:
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
        remedy = _after_colon(instead) if instead else _instead(given, int, least, most)
        raise TypeError(f"{name} must be a whole number, not {shown(given)}{remedy}")
    _check_limits(name, number, least, most)
    return number


def number(
    name: str,
    given: Any,
    *,
    least: float | None = None,
    most: float | None = None,
    below: float | None = None,
    finite: bool = False,
    nan: bool = False,
) -> float:
    """The argument as a float; TypeError if it is not a real number, ValueError if it is too small or too large.

    >>> number("noise", 1, least=0)
    1.0

    `below` is a limit that it must not reach. inf is accepted unless `finite` is set; nan only if `nan` is set.
    """
    given = unwrapped(given)
    try:
        found = None if _is_truth(given) else real(given)
    except TypeError:
        found = None
    if found is None:
        raise TypeError(f"{name} must be a number, not {shown(given)}{_instead(given, float, least, most)}")
    if found != found:
        if nan:
            return found
        raise ValueError(f"{name} is nan")
    _check_limits(name, found, least, most)
    if below is not None and found >= below:
        raise ValueError(f"{name} must be less than {below}, not {found}")
    if finite and math.isinf(found):
        raise ValueError(f"{name} must be finite, not {found}")
    return found


def truth(name: str, given: Any) -> bool:
    """The argument, if it is True or False; else TypeError.

    >>> truth("nesterov", 1)
    Traceback (most recent call last):
    TypeError: nesterov must be True or False, not 1
    """
    if not _is_truth(given):
        raise TypeError(f"{name} must be True or False, not {shown(given)}")
    return bool(given)


def scalar(name: str, given: Any, instead: str = "") -> Any:
    """The argument as it is, a number or a Value; else TypeError, with what to write instead.

    >>> scalar("prediction", [1.0, 2.0], "for lists, use mean_squared_error")
    Traceback (most recent call last):
    TypeError: prediction must be a number or a Value, not [1.0, 2.0]: for lists, use mean_squared_error
    """
    if type(given) is not float and not hasattr(type(given), "__apply_operation__"):
        try:
            real(given)
        except TypeError:
            is_text, is_list = isinstance(given, str), isinstance(given, Iterable)
            remedy = "convert text first, with float(text)" if is_text else instead if is_list else ""
            raise TypeError(f"{name} must be a number or a Value, not {shown(given)}{_after_colon(remedy)}") from None
    return given


def scalars(name: str, given: Any, instead: str = "") -> list[Any]:
    """The argument as a list of numbers and Values; else TypeError, with what to write instead.

    >>> scalars("predictions", 1.0, "for one number, use squared_error")
    Traceback (most recent call last):
    TypeError: predictions must be a list of numbers or Values, not 1.0: for one number, use squared_error
    """
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping | Set):
        raise TypeError(f"{name} must be a list of numbers or Values, not {shown(given)}{_after_colon(instead)}")
    flat = "make it one flat list"
    return [scalar(f"{name}[{place}]", part, flat) for place, part in enumerate(given)]


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
    """What was passed as an argument, in a few characters and one line.

    >>> shown([1.0, 2.0]), shown("x" * 100)
    ('[1.0, 2.0]', "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…")
    """
    text = " ".join(repr(thing).splitlines())
    return printable(text if len(text) <= most else text[: most - 1] + "…")


def _instead(given: Any, kind: type[int | float], least: float | None, most: float | None) -> str:
    """What to write instead: the number that was meant, or any within the limits."""
    try:
        number = kind(given) if isinstance(given, str) or (isinstance(given, float) and given == int(given)) else None
    except (ValueError, OverflowError):
        number = None
    low, high = -math.inf if least is None else least, math.inf if most is None else most
    if number is not None and math.isfinite(number) and low <= number <= high:
        return f": write {number}"
    if least is None:
        return ""
    return f": write one from {least} to {most}" if most is not None else f": write {least} or more"


def _after_colon(remedy: str) -> str:
    return f": {remedy}" if remedy else ""


def _is_truth(thing: Any) -> bool:
    return isinstance(thing, bool) or type(thing).__name__ in ("bool", "bool_")


def _check_limits(name: str, number: float, least: float | None, most: float | None) -> None:
    if least is not None and most is not None and not least <= number <= most:
        raise ValueError(f"{name} must be from {least} to {most}, not {number}")
    if least is not None and number < least:
        raise ValueError(f"{name} must be {least} or more, not {number}")
    if most is not None and number > most:
        raise ValueError(f"{name} must be {most} or less, not {number}")
