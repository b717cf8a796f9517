"""Levels: what an engine is asked, and which of its faults are only noted.

>>> [check.name for check in asked("micrograd", ["relu"])]  # doctest: +NORMALIZE_WHITESPACE
['value and gradients of relu(x) where x is 3', 'value and gradients of relu(x) where x is -2',
 'value and gradients of relu(x) where x is 0', 'the gradients of two results of relu(x) add up']

What is beyond a level is not tried. The engines of the first two levels have faults themselves, those of micrograd
0.1.0: a copy of them has learned what was taught, so at these levels such a fault is a note and not a failure.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ..checks import choice
from ..terminal import printable
from .checks import CHECKS, HELPER_CYCLE, LATE, NODE_CYCLE, RECURSION, ROOT, STALE, UNARY, Check, Mistake, foundations
from .texts import RefusedError, near, offering


@dataclass(frozen=True)
class Level:
    """The expressions that an engine may be asked, and the mistakes that are only noted."""

    expressions: frozenset[str]
    noted: frozenset[Mistake] = frozenset()


_NUMBERS = [f"x {sign} 2" for sign in "+-*/"] + [f"2 {sign} x" for sign in "+-*/"]
_MICROGRAD = ("x + y", "x * y", "x - y", "x / y", "-x", "x ** 2", "relu(x)", "0 + x", *_NUMBERS)
_LECTURE = ("exp(x)", "log(x)", "tanh(x)", "sigmoid(x)", "maximum(x, y)")
_FULL = ("x ** y", "2 ** x", *[f"{function}(x)" for function in UNARY])

# The faults of micrograd 0.1.0.
_NOTED = frozenset({STALE, ROOT, LATE, RECURSION, NODE_CYCLE, HELPER_CYCLE})

LEVELS = {
    "micrograd": Level(frozenset(_MICROGRAD), _NOTED),
    "lecture": Level(frozenset({*_MICROGRAD, *_LECTURE}), _NOTED),
    "full": Level(frozenset({*_MICROGRAD, *_LECTURE, *_FULL})),
}


def asked(
    level: str, only: Sequence[str] | None = None, checks: Sequence[Check] = CHECKS, language: str = "en"
) -> tuple[Check, ...]:
    """The checks of a level, all of them or those that are called so.

    Raises ValueError for a level that there is not, RefusedError for what no check of the level is called.
    """
    expressions = LEVELS[str(choice("level", level, LEVELS))].expressions
    of_level = [check for check in checks if all(_is_within(need, expressions) for need in check.needs)]
    if only is None:
        return tuple(of_level)
    # No names at all are told as an empty one is.
    wanted = [check for pattern in only or [""] for check in called(pattern, of_level, level, language)]
    return tuple([check for check in of_level if check in wanted])


def rested_on(checks: Sequence[Check], others: Sequence[Check]) -> tuple[Check, ...]:
    """The checks, together with the others that tell whether a mistake is theirs or lies below them."""
    below = frozenset[str]().union(*[foundations(check.shows) for check in checks])
    return tuple([check for check in others if check in checks or check.shows in below])


def _is_within(need: str, expressions: Collection[str]) -> bool:
    return need in expressions or need.startswith("setattr(")


def called(pattern: str, checks: Sequence[Check], level: str, language: str = "en") -> list[Check]:
    """The checks that are meant: by a whole name, a pattern with * and ?, or a part of names such as relu.

    Several may stand between commas. A name is the English one or that of the language. Raises RefusedError if there
    is no such check.
    """
    names = {name: check for check in checks for name in (check.name, check.told(language))}
    if found := _matches(pattern.strip(), names):
        return [names[name] for name in found]
    parts = [part for part in pattern.split(",") if part.strip()]
    if len(parts) > 1:
        return [check for part in parts for check in called(part, checks, level, language)]
    words = [word for name in names for word in re.findall(r"\w{3,}", name)]
    offered = near(pattern.strip(), [*names, *words])
    raise RefusedError(*offering("no check", offered, level, printable(pattern.strip())))


def _matches(pattern: str, names: Collection[str]) -> list[str]:
    if pattern in names:
        return [pattern]
    # Names have stars themselves, as in x ** 2; as a pattern, such a name also matches itself.
    expression = re.compile("".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.I)
    for matches in (expression.fullmatch, lambda name: pattern.lower() in name.lower(), expression.search):
        if pattern and (found := [name for name in names if matches(name)]):
            return found
    return []
