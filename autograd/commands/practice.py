"""The command `practice`: a sheet of exercises in backpropagation, and its solutions.

>>> from autograd.commands import main
>>> main(["practice", "--seed", "7", "--number", "2", "--operations", "+", "*", "--difficulty", "easy"])
# Exercises in backpropagation
...
0
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .. import files
from ..languages import words
from ..terminal import printable
from .arguments import CommandError, command, language_option, whole

# The formats, each with the end of the names of its files.
FORMATS = {"markdown": ".md", "latex": ".tex", "notebook": ".ipynb", "json": ".json"}

NUMBER = 10


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `practice`."""
    parser = command(
        commands,
        "practice",
        "make exercises in backpropagation, to be computed by hand",
        'Example: autograd practice --seed 7 --operations "+ * max" --solutions -o sheet.tex',
        " The same seed gives the same exercises everywhere.",
    )
    parser.add_argument(
        "--number", type=whole(1, 1000), default=NUMBER, metavar="N", help=f"how many (default: {NUMBER})"
    )
    parser.add_argument("--seed", type=whole(0), metavar="N", help="the seed (default: another one each time)")
    parser.add_argument(
        "--difficulty",
        type=_difficulty,
        default="medium",
        metavar="LEVEL",
        help="easy, medium, hard, or so many gates and so many branches, as in 5,1 (default: medium)",
    )
    parser.add_argument("--size", type=int, metavar="N", help="the number of gates (default: that of the difficulty)")
    parser.add_argument(
        "--operations",
        nargs="+",
        metavar="OP",
        help="some of + - * / neg 1/x square cube max min relu abs exp log sqrt sigmoid tanh softplus sin cos, in "
        '"quotes" for the sake of * (default: "+ - * max")',
    )
    parser.add_argument(
        "--format", choices=FORMATS, help="(default: that of the output's ending, .md .tex .ipynb .json, else markdown)"
    )
    parser.add_argument(
        "--solutions",
        nargs="?",
        choices=("folded", "open", "only"),
        const="folded",
        default="none",
        help="with the solutions: folded where the format has it, which is meant if nothing follows; in the open, at "
        "the end; or only them",
    )
    parser.add_argument(
        *("-o", "--output"), type=Path, metavar="FILE", help="an existing file is replaced (default: the terminal)"
    )
    language_option(parser)
    parser.set_defaults(values=[])
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Make the exercises, and print or write them."""
    from ..practice import sheet

    path: Path | None = arguments.output
    if arguments.values:
        raise CommandError(f"practice takes options alone, not {arguments.values[0]!r}{_globbed(arguments.values)}")
    if path and not path.parent.is_dir():
        raise CommandError(f"there is no folder {str(path.parent)!r} for {path.name}")
    kind = arguments.format or _format(path)
    try:
        made = sheet(
            arguments.number,
            seed=arguments.seed,
            size=arguments.size,
            operations=None if arguments.operations is None else " ".join(arguments.operations),
            difficulty=arguments.difficulty,
            language=arguments.language,
        )
    except ValueError as error:
        raise CommandError(f"{error}{_globbed(arguments.operations or ())}") from error
    text = _written(made, kind, arguments.solutions)
    if path is None:
        print(_printable(text, kind), end="")
        return 0
    try:
        files.write(path, text.encode())
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror or error}") from error
    print(words("practice", arguments.language)["written"].format(path, made.seed))
    return 0


def _written(made: Any, kind: str, solution: str) -> str:
    match kind:
        case "latex":
            return str(made.to_latex(solution))
        case "notebook":
            return str(made.to_ipynb(solution))
        case "json":
            return str(made.to_json(solution != "none"))
    return str(made.to_markdown(solution))


def _printable(text: str, kind: str) -> str:
    """The text in signs that the terminal has; in JSON, others are written by their numbers."""
    if kind in ("markdown", "latex"):
        return printable(text)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(json.loads(text), indent=1) + "\n"
    return text


def _format(path: Path | None) -> str:
    """The format for a file of this name."""
    if path is None:
        return "markdown"
    for name, ending in FORMATS.items():
        if path.suffix.lower() == ending:
            return name
    raise CommandError(
        f"{path.name!r} does not tell its format by {', '.join(FORMATS.values())}: name it so, or add --format"
    )


def _difficulty(text: str) -> str | tuple[int, int]:
    gates, comma, branches = text.partition(",")
    if not comma:
        return text
    try:
        return int(gates), int(branches)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not two numbers, of gates and branches, such as 5,1") from None


def _globbed(words: Any) -> str:
    """What has happened where a shell has put the names of files in place of *."""
    is_globbed = any(Path(word).exists() for word in words if word not in ("/", "."))
    return "; the shell puts files in place of *, so write it in quotes, as in '+ * max'" if is_globbed else ""
