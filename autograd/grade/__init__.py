"""A test suite for somebody's own Value class, which names the mistake behind a wrong gradient.

>>> from autograd import Value
>>> class Mine(Value):
...     __rsub__ = Value.__sub__
>>> grade(Mine).mistakes
['the operands swapped: `__rsub__` computes x - 2']

The class needs `Value(number)`, `.data`, `.grad` and `.backward()`; operators and functions are checked where there
are any, and listed as missing where not. On the command line this is `python -m autograd grade my_engine:Value`,
and in a file of tests, for a test of each check:

    from autograd.grade import conformance
    from my_engine import Value

    test_my_engine = conformance(Value)
"""

import argparse
import functools
import importlib
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .checks import CHECKS
from .report import FAILED, MISSING, PASSED, Report, Result, mistake
from .trial import one_line, outcomes, preamble, spelled

__all__ = ["FAILED", "MISSING", "PASSED", "GradeError", "Report", "Result", "conformance", "grade"]


class GradeError(Exception):
    """Why there is nothing to grade, in one line."""


def grade(value_class: type, module: str | None = None) -> Report:
    """Run all checks on a class; functions that are no methods, as exp(x), are looked for in its module or `module`.

    >>> from autograd import Value
    >>> print(str(grade(Value)).splitlines()[-1])
    56 passed, 0 failed, 0 missing

    The programs run in another process: they can neither crash this one nor hang it. Raises GradeError where
    there is nothing to grade: for what is no class, cannot be made of a number, or has no data, grad or backward.
    """
    _require_values(value_class)
    module = module or value_class.__module__
    checks = [spelled(check, value_class) for check in CHECKS]
    try:
        found = outcomes(checks, value_class, module)
    except TypeError as error:
        raise GradeError(str(error)) from error
    results = [Result(check, outcome) for check, outcome in zip(checks, found, strict=True)]
    return Report(
        f"{module}:{value_class.__qualname__}",
        preamble(value_class, module),
        tuple([replace(result, mistake=mistake(result, results)) for result in results]),
    )


def conformance(value_class: type) -> Callable[..., None]:
    """A test function for pytest with one case for each check; what the class lacks is skipped.

    >>> from autograd import Value
    >>> test_my_engine = conformance(Value)
    """
    import pytest

    @functools.cache
    def results() -> dict[str, Result]:
        return {result.check.name: result for result in grade(value_class).results}

    @pytest.mark.parametrize("name", [check.name for check in CHECKS])
    def test(name: str) -> None:
        result = results()[name]
        if result.status == MISSING:
            pytest.skip(str(result))
        if result.status == FAILED:
            pytest.fail(str(result), pytrace=False)

    return test


# The command line ---------------------------------------------------------------------------------


def add_grade(commands: Any) -> None:
    """Declare `grade`."""
    parser = commands.add_parser(
        "grade",
        help="test somebody's own Value class and name its mistakes; exit 1 if any check fails",
        description="Test somebody's own Value class and name its mistakes; exit 1 if any check fails.",
        epilog="Example: autograd grade micrograd.engine:Value",
        allow_abbrev=False,
    )
    parser.add_argument("target", metavar="MODULE:CLASS", help="a class in a module here or among the installed ones")
    parser.set_defaults(run=run_grade, values=[])


def run_grade(arguments: argparse.Namespace) -> int:
    """Print the verdict; 1 if a check failed. Raises GradeError for a class that cannot be found or graded."""
    if arguments.values:
        raise GradeError(f"grade takes one MODULE:CLASS, not also {arguments.values[0]!r}")
    value_class, module = _found(arguments.target.strip())
    report = grade(value_class, module)
    encoding = sys.stdout.encoding or "utf-8"
    print(str(report).encode(encoding, "backslashreplace").decode(encoding))
    return int(not report.ok)


def _found(target: str) -> tuple[Any, str]:
    """The class that MODULE:CLASS names, and the module."""
    module, colon, name = target.partition(":")
    if not (module and colon and name):
        raise GradeError(f"{target!r} is not MODULE:CLASS, as micrograd.engine:Value is")
    # `python -m autograd` finds modules in the current directory, the command `autograd` by itself does not.
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.insert(0, os.getcwd())
    try:
        imported = importlib.import_module(module)
    except (Exception, SystemExit) as error:
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        if not absent or not f"{module}.".startswith(f"{absent}."):  # but a module that it needs itself
            raise GradeError(f"cannot import {module}: {one_line(error)}") from error
        hint = f": a module is named without .py, as {module[:-3]}:{name}" if module.endswith(".py") else ""
        raise GradeError(f"there is no module {absent!r}, neither here nor installed{hint}") from error
    try:
        return functools.reduce(getattr, name.split("."), imported), module
    except AttributeError as error:
        raise GradeError(f"there is no {name!r} in module {module}") from error


def _require_values(value_class: Any) -> None:
    if not isinstance(value_class, type):
        name = getattr(value_class, "__name__", repr(value_class))
        raise GradeError(f"{name:.60} is no class, it is a {type(value_class).__name__}")
    name = value_class.__name__
    try:
        value = value_class(3.0)
    except Exception as error:
        raise GradeError(f"{name}(3.0) cannot be made: {one_line(error)}") from error
    for attribute in ("data", "grad", "backward"):
        if not hasattr(value, attribute):
            raise GradeError(f"{name}(3.0) has no {attribute}, which every check needs")
