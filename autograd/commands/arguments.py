"""What commands share: how one is declared, and how an expression and the numbers for its names are read.

>>> numbers(["x=-1", "y=1/3"])
{'x': -1.0, 'y': 0.3333333333333333}
"""

import argparse
import contextlib
import keyword
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from ..engines import Value
from ..expression import Expression, ExpressionError


class CommandError(Exception):
    """A mistake that the user can correct, in one line."""


# How a command is declared ------------------------------------------------------------------------


def command(commands: Any, name: str, does: str, epilog: str, note: str = "") -> argparse.ArgumentParser:
    """A command with its help."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=does, description=f"{does[0].upper()}{does[1:]}.{note}", epilog=epilog, allow_abbrev=False
    )
    return parser


def expression_command(commands: Any, name: str, does: str, note: str = "") -> argparse.ArgumentParser:
    """A command that takes an expression and numbers for its names."""
    parser = command(commands, name, does, f'{note}Example: autograd {name} "1/(1+exp(-(w*x+b)))" w=2 x=-1 b=-3')
    parser.add_argument(
        "expression",
        metavar="EXPRESSION",
        help='numbers, names, + - * / // %% **, parentheses and functions such as exp(x) or sum([x, y]), in "quotes"',
    )
    parser.add_argument("values", nargs="*", metavar="name=value", help="a number for each name, such as x=-1 or x=1/3")
    return parser


def digits(text: str) -> int:
    """The number of digits of an option, from 1 to 17."""
    if text not in map(str, range(1, 18)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 17")
    return int(text)


def whole(least: int) -> Callable[[str], int]:
    """A reader of whole numbers for an option, of `least` or more."""

    def number(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a whole number of {least} or more")

    return number


# How an expression is read ------------------------------------------------------------------------


def numbers(words: Sequence[str]) -> dict[str, float]:
    """The numbers of `name=value`, in their order."""
    found: dict[str, float] = {}
    for word in words:
        left, equals, right = word.partition("=")
        if not equals:
            raise CommandError(f"{word!r} is not name=value (an expression with spaces needs quotes around it)")
        name = unicodedata.normalize("NFKC", left.strip())  # as Python reads names, and so Expression
        if not name.isidentifier() or keyword.iskeyword(name):
            raise CommandError(f"{left!r} cannot be a name, in {word!r}")
        if name in found:
            raise CommandError(f"{name} has two values, the second in {word!r}")
        try:
            found[name] = float(right)
        except ValueError:
            try:
                found[name] = Expression(right)()  # such as 1/3
            except ExpressionError:
                raise CommandError(f"{right!r} is not a number, in {word!r}") from None
    return found


def root_of(expression: Expression, leaves: dict[str, Value]) -> Value:
    """The result as a node, even if it is just a number, like that of 2 + 3."""
    result = expression(**leaves)
    return result if isinstance(result, Value) else Value(result, expression.text)
