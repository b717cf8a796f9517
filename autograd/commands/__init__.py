"""The command line: `autograd draw EXPRESSION name=value …`, and `check` or `explain` in its place; `grade`, `train`.

>>> main(["check", "x**3", "x=2"])
name  analytic ... numeric  digits  verdict
x           12 ...  agrees
agrees: 1
0

A command is a file in this folder with two functions: `add` declares its arguments, `run` runs it and returns the exit
status. 0 is success, 1 means that `check` or `grade` found something wrong, 2 that the command as typed cannot be
carried out, 3 that `check` could not decide anything, 4 that the output could not be written, as on a full disk, 130 is
Ctrl-C, and 141 a closed pipe. What takes long to import, a command imports when it runs.
"""

import argparse
import importlib
import pkgutil
import re
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

from ..expression import ExpressionError
from ..terminal import OutputError, complain, output
from .arguments import CommandError

# The dashes that begin an option; all others are minus signs, as in -x*y.
OPTION = re.compile(r"-[ho]|--([a-z]+(-[a-z]+)*(=.*)?)?", re.DOTALL)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status; what argparse itself refuses raises SystemExit, as usual."""
    try:
        with output():
            return _run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:
        return 130  # 128 + the number of the signal, as shells report it
    except BrokenPipeError:
        return 141
    except OutputError as error:
        complain(str(error))
        return 4


def _run(argv: Sequence[str]) -> int:
    parser = _Parser(
        prog="autograd", description="Draw, check and explain the gradients of an expression.", allow_abbrev=False
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in _commands():
        command.add(subparsers).set_defaults(run=command.run)
    # Values after an option are left over; anything else that is left over is a mistake.
    try:
        arguments, rest = parser.parse_known_args(argv)
    except CommandError as error:  # of what is not typed, as AUTOGRAD_LANGUAGE
        complain(str(error))
        return 2
    if unknown := [word for word in rest if OPTION.fullmatch(word)]:
        parser.error(f"unknown option: {' '.join(unknown)}")
    if not hasattr(arguments, "run"):  # the name alone: someone wants to know what there is
        parser.print_help()
        return 0
    arguments.values += rest
    try:
        status: int = arguments.run(arguments)
    except (CommandError, ExpressionError) as error:
        sys.stdout.flush()  # so that what was printed before the error comes before it
        language = getattr(arguments, "language", "en")  # that of the commands which have one
        complain(error.told(language) if isinstance(error, ExpressionError) else str(error))
        return 2
    return status


def _commands() -> list[ModuleType]:
    """The files of this folder that are commands, in the order of their names."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f".{name}", __name__) for name in names]
    return [module for module in modules if hasattr(module, "run")]


class _Parser(argparse.ArgumentParser):
    def print_help(self, file: Any = None) -> None:
        """Print the help; argparse itself would hide that it cannot be written."""
        print(self.format_help(), end="", file=file)

    def _parse_optional(self, arg_string: str) -> Any:
        """What argparse makes of an option, or None for anything else: it accepts all that begins with a minus sign."""
        return super()._parse_optional(arg_string) if OPTION.fullmatch(arg_string) else None


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from .. import __version__  # slow to find

        print(f"autograd {__version__}")
        parser.exit()
