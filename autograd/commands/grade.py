"""The command `grade`: what is wrong with your own Value class."""

import argparse
import sys
from typing import Any

from .arguments import CommandError, command


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `grade`."""
    parser = command(
        commands,
        "grade",
        "test your own Value class and name its mistakes; exit 1 if any check fails",
        "Example: autograd grade micrograd.engine:Value",
    )
    parser.add_argument("target", metavar="MODULE:CLASS", help="a class in a module, either here or installed")
    parser.set_defaults(values=[])
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict; 1 if a check failed."""
    from ..grade import GradeError, grade_by_name  # a quarter of the time of all imports

    if arguments.values:
        raise CommandError(f"grade takes one MODULE:CLASS, not also {arguments.values[0]!r}")
    module, colon, name = arguments.target.strip().partition(":")
    if not (module and colon and name):
        raise CommandError(f"{arguments.target.strip()!r} is not MODULE:CLASS, such as micrograd.engine:Value")
    try:
        report = grade_by_name(module, name)
    except GradeError as error:
        raise CommandError(str(error)) from error
    encoding = sys.stdout.encoding or "utf-8"
    print(str(report).encode(encoding, "backslashreplace").decode(encoding))
    return int(not report.ok)
