"""The command `grade`: what is wrong with your own Value class, as a verdict and as the files of other graders."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import require_writable, write
from .arguments import CommandError, command, language_option

if TYPE_CHECKING:
    from ..grade import Assignment, Report

# Those that are written to a file.
FILES = {
    "junit": "write the verdict as JUnit does, for build servers",
    "gradescope": "write results.json, as Gradescope reads it",
    "classroom": "write the JSON that GitHub Classroom's grading reporter reads, once it is in base64",
}


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `grade`."""
    parser = command(
        commands,
        "grade",
        "test your own Value class and name its mistakes; exit 1 if any check fails",
        "Examples: autograd grade engine.py:Value --level micrograd; autograd grade micrograd.engine:Value",
    )
    parser.add_argument(
        "target",
        metavar="TARGET",
        nargs="?",
        default="",
        help="FILE.py:CLASS, NOTEBOOK.ipynb:CLASS, or MODULE:CLASS of a module either here or installed",
    )
    parser.set_defaults(values=[])
    _add_what(parser.add_argument_group("what is asked"))
    _add_files(parser.add_argument_group("how it is told"))
    return parser


def _add_what(group: Any) -> None:
    group.add_argument(
        "--level",
        choices=("micrograd", "lecture", "full"),
        default="full",
        help="micrograd: what that engine can do; lecture: also exp, log, tanh, sigmoid and maximum (default: full)",
    )
    group.add_argument(
        "--only",
        action="append",
        metavar="NAMES",
        help='only the checks of these names, patterns or parts of names, such as relu or "value*tanh*"',
    )
    group.add_argument("--list", action="store_true", help="list the checks with their points, and grade nothing")
    group.add_argument(
        "--points", metavar="FILE", help='a TOML file of points by name or pattern, such as "*relu*" = 2 (default: 1)'
    )
    group.add_argument("--complete", action="store_true", help="what is missing fails, too")


def _add_files(group: Any) -> None:
    language_option(group)
    group.add_argument("--json", action="store_true", help="print the verdict as JSON")
    for name, help in FILES.items():
        group.add_argument(f"--{name}", type=Path, metavar="FILE", help=help)


def run(arguments: argparse.Namespace) -> int:
    """Print the verdict and write the files that are asked for; 1 if a check failed."""
    from ..grade import GradeError, assignment  # a quarter of the time of all imports
    from ..grade.texts import text

    if arguments.values:
        name = "one target, names" if arguments.only else "one target"
        raise CommandError(text(arguments.language, name, arguments.values[0]))
    try:
        given = assignment(arguments.level, arguments.only, arguments.points, arguments.complete, arguments.language)
    except (GradeError, ValueError) as error:
        raise CommandError(str(error)) from error
    if arguments.list:
        _print_list(given)
        return 0
    paths = {name: path for name in FILES if (path := getattr(arguments, name))}
    for path in paths.values():
        _written(path, arguments.language)
    try:
        report = given.graded(arguments.target)
    except GradeError as error:
        # Whoever reads the files waits for a verdict, also where there is nothing to grade.
        _tell(given.refused(arguments.target, str(error)), paths, arguments.json)
        raise CommandError(str(error)) from error
    if not arguments.json:
        _print(str(report))
    _tell(report, paths, arguments.json)
    return int(not report.ok)


def _print_list(given: "Assignment") -> None:
    from ..grade.report import decimal

    for check in given.checks:
        _print(f"{decimal(given.points[check.name], given.language):>5}  {check.told(given.language)}")


def _tell(report: "Report", paths: dict[str, Path], as_json: bool) -> None:
    from ..grade.formats import FORMATS

    if as_json:
        _print(FORMATS["json"](report).decode().rstrip())
    for name, path in paths.items():
        _written(path, report.language, FORMATS[name](report))


def _written(path: Path, language: str, content: bytes | None = None) -> None:
    """Write a file, or without content only see whether it can be written."""
    from ..grade.texts import text

    try:
        require_writable(path) if content is None else write(path, content)
    except OSError as error:
        raise CommandError(text(language, "not written", path, error.strerror or error)) from error


def _print(text: str) -> None:
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))
