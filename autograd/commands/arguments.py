"""What commands share: how one is declared, and how an expression and the numbers for its names are read.

>>> numbers(["x=-1", "y=1/3"])
{'x': -1.0, 'y': 0.3333333333333333}
"""

import argparse
import contextlib
import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from .. import notation
from ..engines import Value, topological_order
from ..expression import Expression, ExpressionError
from ..languages import LANGUAGES, chosen, words


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


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers for an option, of `least` or more, and not more than `most`."""
    told = f"of {least} or more" if most is None else f"from {least} to {most}"

    def number(text: str) -> int:
        with contextlib.suppress(ValueError):
            if least <= int(text) and (most is None or int(text) <= most):
                return int(text)
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a whole number {told}")

    return number


def above_zero(text: str) -> float:
    """A number of an option that is more than 0."""
    with contextlib.suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a number above 0")


def size(text: str) -> tuple[float, float]:
    """Width and height of an option, in pixels.

    >>> size("1280x720")
    (1280.0, 720.0)
    """
    with contextlib.suppress(argparse.ArgumentTypeError, ValueError):
        width, height = text.lower().replace("×", "x").split("x")
        return above_zero(width), above_zero(height)
    raise argparse.ArgumentTypeError(f"{text.strip()!r} is not WIDTHxHEIGHT in pixels, such as 1280x720")


def language_option(parser: Any) -> None:
    """Declare `--language`; what is not given is found in the surroundings, so that `arguments.language` is never None.

    >>> parser = argparse.ArgumentParser()
    >>> language_option(parser)
    >>> parser.parse_args(["--language", "pt-BR"]).language
    'pt'
    """
    parser.add_argument(
        "--language",
        type=_language,
        default=SURROUNDINGS,  # a text, which argparse reads as it reads one that is given
        metavar=f"{{{','.join(LANGUAGES)}}}",
        help="the language of what is told (default: that of AUTOGRAD_LANGUAGE, else that of the system)",
    )


SURROUNDINGS = "the language of the surroundings"


def _language(text: str) -> str:
    try:
        return chosen(None if text is SURROUNDINGS else text)
    except ValueError as error:
        kind = CommandError if text is SURROUNDINGS else argparse.ArgumentTypeError
        raise kind(str(error)) from None


# How an expression is read ------------------------------------------------------------------------

# A number as people write it who read decimal commas.
COMMA = re.compile(r"[+-]?\d+,\d+")


def numbers(typed: Sequence[str], language: str = "en") -> dict[str, float]:
    """The numbers of `name=value`, in their order."""
    said, found = words("commands", language), dict[str, float]()
    for word in typed:
        left, equals, right = word.partition("=")
        if not equals:
            raise CommandError(said["not a pair"].format(word=repr(word)))
        name = unicodedata.normalize("NFKC", left.strip())  # as Python reads names, and so Expression
        if not name.isidentifier() or keyword.iskeyword(name):
            raise CommandError(said["not a name"].format(name=repr(left), word=repr(word)))
        if name in found:
            raise CommandError(said["two values"].format(name=name, word=repr(word)))
        try:
            found[name] = float(right)
        except ValueError:
            try:
                found[name] = Expression(right)()  # such as 1/3
            except ExpressionError:
                # What explain writes in other languages, 0,5, is not what is typed.
                told, point = ("comma" if COMMA.fullmatch(right) else "not a number"), right.replace(",", ".")
                raise CommandError(said[told].format(number=repr(right), word=repr(word), point=point)) from None
    return found


def root_of(expression: Expression, leaves: dict[str, Value]) -> Value:
    """The result as a node, even if it is just a number, like that of 2 + 3."""
    result = expression(**leaves)
    return result if isinstance(result, Value) else Value(result, expression.text)


# How nodes are named ------------------------------------------------------------------------------


def split(names: str) -> list[str]:
    """Names with commas between them, which may be parts that have commas themselves.

    >>> split("x, max(x, y)")
    ['x', 'max(x, y)']
    """
    found, open_brackets = [""], 0
    for sign in names:
        open_brackets += (sign in "([") - (sign in ")]")
        if sign == "," and not open_brackets:
            found.append("")
        else:
            found[-1] += sign
    return [name.strip() for name in found]


def nodes_called(name: str, root: Value, leaves: dict[str, Value], language: str = "en") -> list[Value]:
    """The nodes of an expression that are called so: by the name of a leaf, or by a part as it is typed.

    >>> x = Value(3.0, "x")
    >>> nodes_called("2*x", 2 * x + 1, {"x": x})
    [Value(data=6.0, grad=0.0, operation=multiply)]

    Raises CommandError, with the names that there are, if there is none.
    """
    nodes, text = topological_order(root), _as_written(name, leaves)
    if found := [node for node in nodes if notation.expression(node, digits=17) == text]:
        return found
    labels = [node.label for node in nodes if node.label]
    told = words("commands", language)["no node"]
    raise CommandError(told.format(name=repr(name), names=", ".join(notation.few(labels))))


def _as_written(part: str, leaves: dict[str, Value]) -> str:
    """A part of an expression as nodes are written: it may be typed with other signs and blanks."""
    try:
        expression = Expression(part)
        known = {name: leaves[name] for name in expression.names if name in leaves}
        return notation.expression(root_of(expression, known), digits=17)
    except ExpressionError:
        return part
