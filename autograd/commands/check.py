"""The command `check`: each gradient beside a numeric one."""

import argparse
from collections import Counter
from typing import Any

from .. import notation
from ..engines import Value
from ..expression import Expression
from ..gradcheck import compare
from ..terminal import print_table
from .arguments import CommandError, expression_command, numbers, root_of

DIGITS = 15


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `check`."""
    return expression_command(
        commands,
        "check",
        "compare each gradient with a numeric one; exit 1 if any differs, 3 if nothing was decided",
        "A gradient that differences cannot decide, like that of abs(x) at 0, is shown with the reason; it is not a "
        "failure if others agree. ",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print each gradient beside a numeric one; 1 if any differs, 3 if nothing was decided."""
    values = numbers(arguments.values)
    expression = Expression(arguments.expression)
    expression(**values)  # to complain of a missing value before anything else
    if not values:
        raise CommandError("there is no gradient to check: the expression has no names")

    def f(*inputs: Value) -> Value:
        return root_of(expression, dict(zip(values, inputs, strict=True)))

    comparisons = dict(zip(values, compare(f, *values.values()), strict=True))
    rows = [
        (
            name,
            notation.decimal(found.analytic, DIGITS),
            notation.decimal(found.numeric, DIGITS),
            "" if found.reason else str(found.digits),
            found.verdict,
        )
        for name, found in comparisons.items()
    ]
    print_table(("name", "analytic", "numeric", "digits", "verdict"), rows)
    for name, found in comparisons.items():
        if found.reason:
            print(f"{name}: {found.verdict}, {found.reason}")
    verdicts = Counter(found.verdict for found in comparisons.values())
    print(", ".join(f"{verdict}: {count}" for verdict, count in verdicts.items()))
    if set(verdicts) == {"undecided"}:
        print("nothing was decided: try other points")
        return 3
    return int("differs" in verdicts)
