"""The command `explain`: both passes line by line."""

import argparse
import re
from typing import Any

from ..engines import Value
from ..explain import FORMATS, explain
from ..expression import Expression
from ..languages import words
from .arguments import CommandError, digits, expression_command, language_option, numbers, root_of

DIGITS = 4


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `explain`."""
    parser = expression_command(commands, "explain", "explain both passes line by line, as on a blackboard")
    parser.add_argument(
        "--wrt", metavar="NAMES", help="explain the gradient of this name, or of several as in w,b, as a sum over paths"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="(default: text)")
    parser.add_argument(
        "--digits",
        type=digits,
        default=DIGITS,
        metavar="N",
        help=f"significant digits (default: {DIGITS})",
    )
    parser.add_argument("--most", type=int, default=100, metavar="N", help="lines in one table (default: 100)")
    language_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    leaves = {name: Value(number, name) for name, number in numbers(arguments.values, arguments.language).items()}
    root = root_of(Expression(arguments.expression), leaves)
    wanted = None if arguments.wrt is None else [name.strip() for name in arguments.wrt.split(",")]
    for name in wanted or ():
        if name not in leaves:
            problem = words("commands", arguments.language)["no value" if leaves else "no names"]
            raise CommandError(problem.format(name=repr(name), names=", ".join(leaves)))
    wrt = None if wanted is None else [leaves[name] for name in wanted]
    try:
        told = explain(
            root,
            wrt=wrt,
            format=arguments.format,
            digits=arguments.digits,
            most=arguments.most,
            language=arguments.language,
        )
    except ValueError as error:
        raise CommandError(str(error)) from error
    print(re.sub(r"\bmost=(?=\d)", "--most ", repr(told)) if arguments.format == "text" else told)
    return 0
