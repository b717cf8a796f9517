"""A test suite for your own Value class, which names the mistake behind a wrong gradient.

>>> from autograd import Value
>>> class Mine(Value):
...     __rsub__ = Value.__sub__
>>> grade(Mine).mistakes
['the operands swapped: `__rsub__` computes x - 2']

The class needs `Value(number)`, `.data`, `.grad` and `.backward()`; operators and functions are checked if they
exist, and listed as missing if not. On the command line this is `python -m autograd grade my_engine:Value`. In a
file of tests, this makes a test of each check:

    from autograd.grade import conformance
    from my_engine import Value

    test_my_engine = conformance(Value)
"""

import functools
from collections.abc import Callable

from .checks import CHECKS
from .report import FAILED, MISSING, NOT_RUN, PASSED, Report, Result, diagnosed
from .trial import Given, Named, RefusedError, outcomes, preamble, printable, spelled

__all__ = [
    "FAILED",
    "MISSING",
    "NOT_RUN",
    "PASSED",
    "GradeError",
    "Report",
    "Result",
    "conformance",
    "grade",
    "grade_by_name",
]


class GradeError(Exception):
    """Why there is nothing to grade, in one line."""


def grade(value_class: type, module: str | None = None) -> Report:
    """Run all checks on a class; functions that are not methods, like exp(x), are taken from its module or `module`.

    >>> from autograd import Value
    >>> print(str(grade(Value)).splitlines()[-1])
    89 passed, 0 failed, 0 missing

    The programs run in another process, with limited time (under a minute in all) and memory: they can neither
    crash this one nor make it hang. Raises GradeError if there is nothing to grade: something that is not a class,
    cannot be made from a number, or has no data, grad or backward.
    """
    return _graded(Given(value_class, module or ""), module or str(getattr(value_class, "__module__", "")))


def grade_by_name(module: str, name: str) -> Report:
    """Run all checks on a class that only the other process imports, from a module here or an installed one.

    >>> grade_by_name("autograd", "Value").ok
    True

    Raises GradeError as `grade` does, and where there is no such module or class.
    """
    return _graded(Named(module, name), module)


def _graded(target: Given | Named, module: str) -> Report:
    try:
        trial = outcomes(CHECKS, target)
    except RefusedError as refusal:
        raise GradeError(str(refusal)) from refusal
    checks = [spelled(check, trial.subject.methods) for check in CHECKS]
    results = [Result(check, outcome) for check, outcome in zip(checks, trial.outcomes, strict=True)]
    return Report(
        f"{printable(module)}:{trial.subject.name}",
        preamble(trial.subject, printable(module)),
        diagnosed(results),
    )


def conformance(value_class: type) -> Callable[..., None]:
    """A test function for pytest with one case for each check; what the class lacks is skipped.

    >>> from autograd import Value
    >>> test_my_engine = conformance(Value)
    """
    import pytest

    @functools.cache
    def results() -> dict[str, Result] | str:
        try:
            return {result.check.name: result for result in grade(value_class).results}
        except GradeError as error:  # kept, because it might take long to find out again for each check
            return str(error)

    @pytest.mark.parametrize("name", [check.name for check in CHECKS])
    def test(name: str) -> None:
        found = results()
        if isinstance(found, str):
            pytest.fail(found, pytrace=False)
        result = found[name]
        if result.status == MISSING:
            pytest.skip(str(result))
        if result.status != PASSED:
            pytest.fail(str(result), pytrace=False)

    return test
