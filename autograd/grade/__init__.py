"""A test suite for your own Value class, which names the mistake behind a wrong gradient.

>>> from autograd import Value
>>> class Mine(Value):
...     __rsub__ = Value.__sub__
>>> grade(Mine).mistakes
['the operands swapped: `__rsub__` computes x - 2']

The class needs `Value(number)`, `.data`, `.grad` and `.backward()`; operators and functions are checked if they
exist, and listed as missing if not. On the command line this is `python -m autograd grade my_engine.py:Value`. In a
file of tests, this makes a test of each check:

    from autograd.grade import conformance

    test_my_engine = conformance("my_engine.py:Value", level="micrograd")
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..languages import chosen
from .checks import CHECKS, Check
from .levels import LEVELS, asked, rested_on
from .points import Points, points_of
from .report import FAILED, MISSING, NOT_RUN, NOTED, PASSED, Report, Result, diagnosed, noted
from .targets import Given, importable_from, target
from .texts import RefusedError, told
from .trial import Outcome, outcomes, possible, preamble, printable, spelled

__all__ = [
    "FAILED",
    "LEVELS",
    "MISSING",
    "NOTED",
    "NOT_RUN",
    "PASSED",
    "Assignment",
    "GradeError",
    "Report",
    "Result",
    "assignment",
    "conformance",
    "grade",
    "grade_by_name",
]


# How many characters of what is told in place of a verdict are passed on.
LONGEST_REASON = 1_000


class GradeError(Exception):
    """Why there is nothing to grade, in one line."""


def grade(
    value_class: type | str,
    module: str | None = None,
    *,
    level: str = "full",
    only: str | Sequence[str] | None = None,
    points: Points | None = None,
    complete: bool = False,
    language: str | None = None,
) -> Report:
    """Run the checks of a level on a class; functions that are not methods, like exp(x), are taken from its module.

    >>> from autograd import Value
    >>> print(str(grade(Value)).splitlines()[-1])
    93 of 93 points (100%): 93 passed, 0 failed, 0 missing
    >>> grade("autograd:Value", level="micrograd", only="relu", points={"*": 2.5}).score
    10.0

    The class is given, with `module` if its functions are in another one, or named as "FILE.py:CLASS",
    "NOTEBOOK.ipynb:CLASS" or "MODULE:CLASS". `level` is "micrograd", what that engine can do, "lecture", which adds
    exp, log, tanh, sigmoid and maximum, or "full". `only` are names of checks, patterns with * or parts of names.
    `points` are those of each check, in a mapping or a file of TOML; where nothing is said it is one. What is missing
    earns no points, but is a failure only if `complete` is set.

    The programs run in another process, with limited time (under a minute in all) and memory: they can neither
    crash this one nor make it hang. Raises GradeError if there is nothing to grade: a file or a module that is not
    there or raises, something that is not a class, cannot be made from a number, or has no data, grad or backward;
    also for a name that no check has, and for points that are not numbers. Raises ValueError for a level or a
    language that there is not.
    """
    return assignment(level, only, points, complete, language).graded(value_class, module)


def grade_by_name(module: str, name: str) -> Report:
    """Run all checks on a class that only the other process imports, from a module here or an installed one.

    >>> grade_by_name("autograd", "Value").ok
    True

    Raises GradeError as `grade` does, and where there is no such module or class.
    """
    return grade(f"{module}:{name}")


@dataclass(frozen=True)
class Assignment:
    """What is asked of a class, and what it is worth."""

    level: str
    checks: tuple[Check, ...]
    points: Mapping[str, float]  # by the names of the checks
    complete: bool
    language: str

    def graded(self, value_class: type | str, module: str | None = None) -> Report:
        """The verdict on a class. Raises GradeError if there is nothing to grade."""
        # What a check rests on is run with it: else a mistake below it would be called one of its own.
        run = rested_on(self.checks, asked(self.level, None, possible(CHECKS)))
        try:
            subject = target(value_class) if isinstance(value_class, str) else Given(value_class, module or "")
            trial = outcomes(run, subject)
        except RefusedError as refusal:
            raise GradeError(told(self.language, refusal.said)) from refusal
        spelt = [spelled(check, trial.subject.methods, trial.subject.functions) for check in run]
        results = [Result(check, outcome) for check, outcome in zip(spelt, trial.outcomes, strict=True)]
        place = subject.place if not isinstance(subject, Given) else module or _module_of(value_class)
        return self._report(
            f"{printable(place)}:{trial.subject.name}",
            preamble(trial.subject, importable_from(subject, place)),
            noted(diagnosed(results), LEVELS[self.level].noted),
        )

    def refused(self, subject: str, reason: str) -> Report:
        """The verdict on what cannot be graded, which earns no points."""
        reason = printable(reason, LONGEST_REASON)
        outcome = Outcome(unreached=("literally", reason))
        results = [Result(check, outcome) for check in self.checks]
        return replace(self._report(printable(subject), "", results), refusal=reason)

    def _report(self, subject: str, first: str, results: Sequence[Result]) -> Report:
        own = [
            replace(result, points=self.points[result.check.name], language=self.language)
            for result in results
            if result.check.name in self.points
        ]
        return Report(subject, first, tuple(own), self.level, self.complete, self.language)


def assignment(
    level: str = "full",
    only: str | Sequence[str] | None = None,
    points: Points | None = None,
    complete: bool = False,
    language: str | None = None,
) -> Assignment:
    """What `grade` is told to ask, which can be asked of many classes.

    >>> from autograd import Value
    >>> assignment("micrograd", only="relu").graded(Value).summary
    '4 of 4 points (100%): 4 passed, 0 failed, 0 missing'

    Raises GradeError for a name that no check has, and for points that are not numbers; ValueError for a level or a
    language that there is not.
    """
    language = chosen(language)
    try:
        checks = asked(level, [only] if isinstance(only, str) else only, possible(CHECKS), language)
        return Assignment(level, checks, points_of(checks, points, language), complete, language)
    except RefusedError as refusal:
        raise GradeError(told(language, refusal.said)) from refusal


def _module_of(value_class: object) -> str:
    return str(getattr(value_class, "__module__", ""))


def conformance(
    value_class: type | str,
    *,
    level: str = "full",
    only: str | Sequence[str] | None = None,
    complete: bool = False,
    language: str | None = None,
) -> Callable[..., None]:
    """A test function for pytest with one case for each check; what the class lacks is skipped.

    >>> from autograd import Value
    >>> test_my_engine = conformance(Value, level="micrograd")

    The arguments are those of `grade`. What the level only notes is an expected failure, with the mistake as its
    reason; if `complete` is set, what is missing fails.
    """
    import pytest

    given = assignment(level, only, None, complete, language)

    @functools.cache
    def results() -> dict[str, Result] | str:
        try:
            return {result.check.name: result for result in given.graded(value_class).results}
        except GradeError as error:  # kept, because it might take long to find out again for each check
            return str(error)

    @pytest.mark.parametrize("name", [check.name for check in given.checks])
    def test(name: str) -> None:
        found = results()
        if isinstance(found, str):
            pytest.fail(found, pytrace=False)
        result = found[name]
        if result.status == MISSING and not complete:
            pytest.skip(str(result))
        if result.status == NOTED:
            pytest.xfail(str(result))
        if result.status != PASSED:
            pytest.fail(str(result), pytrace=False)

    return test
