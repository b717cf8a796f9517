"""The command line: `autograd draw EXPRESSION name=value …`, and `check` or `explain` in its place; `grade`, `train`.

>>> main(["check", "x**3", "x=2"])
name  analytic ... numeric  digits  verdict
x           12 ...  agrees
agrees: 1
0

A command is two functions that stand together: one declares its arguments, the other runs it and answers the
exit status. 0 is success, 1 is for `check` and `grade` that found something wrong, 2 is for what cannot be done as it
was typed, 3 is for `check` that could decide nothing, 4 is for output that nobody gets, as on a full disk; 130 is
Ctrl-C, and 141 a reader who has seen enough.
"""

import argparse
import keyword
import re
import shutil
import sys
import unicodedata
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import notation
from .draw import draw
from .draw.files import ENDINGS
from .draw.look import Look
from .engines import Value, topological_order
from .explain import FORMATS, explain
from .expression import Expression, ExpressionError
from .gradcheck import compare
from .grade import GradeError, add_grade
from .terminal import OutputError, complain, output, printable
from .train import TrainError, add_train

# The dashes that begin an option; all others are minus signs, as in -x*y.
OPTION = re.compile(r"-[ho]|--([a-z]+(-[a-z]+)*(=.*)?)?", re.DOTALL)

ENDINGS_TOLD = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"

PICTURE_DIGITS, TABLE_DIGITS, CHECK_DIGITS = 4, 9, 15


class CommandError(Exception):
    """What the user can put right, in one line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and answer the exit status; what argparse itself refuses raises SystemExit, as it does."""
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
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for add in (add_draw, add_check, add_explain, add_grade, add_train):
        add(commands)
    # Values that stand after an option are left over; anything else that is left over is a mistake.
    arguments, rest = parser.parse_known_args(argv)
    if unknown := [word for word in rest if OPTION.fullmatch(word)]:
        parser.error(f"unknown option: {' '.join(unknown)}")
    if not hasattr(arguments, "run"):  # the name alone: somebody wants to know what there is
        parser.print_help()
        return 0
    arguments.values += rest
    try:
        status: int = arguments.run(arguments)
    except (CommandError, ExpressionError, GradeError, TrainError) as error:
        sys.stdout.flush()  # what was printed before the error stands before it
        complain(str(error))
        return 2
    return status


class _Parser(argparse.ArgumentParser):
    def print_help(self, file: Any = None) -> None:
        """Print what there is; argparse itself would hide that it cannot be written."""
        print(self.format_help(), end="", file=file)

    def _parse_optional(self, arg_string: str) -> Any:
        """What argparse makes of an option, or None for what is none: it takes all that begins with a minus sign."""
        return super()._parse_optional(arg_string) if OPTION.fullmatch(arg_string) else None


# draw ---------------------------------------------------------------------------------------------


def add_draw(commands: Any) -> None:
    """Declare `draw`."""
    parser = _command(commands, "draw", "print every node with its value and gradient, and draw the graph")
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        default=Path("graph.svg"),
        metavar="FILE",
        help=f"where the picture goes, {ENDINGS_TOLD}; an existing file is replaced (default: graph.svg)",
    )
    parser.add_argument(
        "--digits",
        type=_digits,
        metavar="N",
        help=f"significant digits (default: {TABLE_DIGITS} in the table, {PICTURE_DIGITS} in the picture)",
    )
    parser.add_argument(
        "--direction", choices=("LR", "TB"), default="LR", help="left to right or top to bottom (default: LR)"
    )
    parser.add_argument(
        "--theme", choices=("light", "dark", "auto"), default="auto", help="auto is that of the reader (default: auto)"
    )
    parser.add_argument(
        "--show",
        default=Look.show,
        metavar="WORDS",
        help=f'what stands on the cards, some of the words "{Look.show}" (default: all of them)',
    )
    parser.add_argument("--flows", action="store_true", help="write to each edge the gradient that flows through it")
    parser.add_argument(
        "--max-nodes", type=int, default=1500, metavar="N", help="the largest graph to lay out (default: 1500)"
    )
    parser.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds for the layout (default: 30)")
    parser.set_defaults(run=run_draw)


def run_draw(arguments: argparse.Namespace) -> int:
    """Print the table of all nodes and write the picture."""
    path: Path = arguments.output
    if path.suffix.lower() not in ENDINGS:
        raise CommandError(f"the picture is saved as {ENDINGS_TOLD}, not as {path.name!r}")
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {str(path.parent)!r} for {path.name}")
    leaves = {name: Value(number, name) for name, number in _values(arguments.values).items()}
    root = _root(Expression(arguments.expression), leaves)
    root.backward()
    digits = arguments.digits or TABLE_DIGITS
    # Names that only a condition asks for, as a in where(a < b, x, y), are in the table but not in the graph.
    nodes = dict.fromkeys([*leaves.values(), *topological_order(root)])
    rows = [
        (
            notation.expression(node, digits=digits),
            notation.decimal(node.data, digits),
            notation.decimal(node.grad, digits),
        )
        for node in nodes
    ]
    _print_table(("expression", "value", "gradient"), rows)
    sys.stdout.flush()  # the table is there while the picture is made
    try:
        drawing = draw(
            root,
            digits=arguments.digits or PICTURE_DIGITS,
            direction=arguments.direction,
            theme=arguments.theme,
            show=arguments.show,
            flows=arguments.flows,
            max_nodes=arguments.max_nodes,
            timeout=arguments.timeout,
        )
        drawing.save(path)
    except (OSError, RuntimeError, ValueError) as error:
        raise CommandError(f"cannot draw {path}: {getattr(error, 'strerror', None) or error}") from error
    print(f"written to {path}")
    return 0


# check --------------------------------------------------------------------------------------------


def add_check(commands: Any) -> None:
    """Declare `check`."""
    parser = _command(
        commands,
        "check",
        "compare each gradient with a numeric one; exit 1 if any differs, 3 if nothing was decided",
        "A gradient that differences cannot decide, as of abs(x) at 0, is shown with the reason; it is no failure "
        "beside others that agree. ",
    )
    parser.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> int:
    """Print each gradient beside a numeric one; 1 if any differs, 3 if nothing was decided."""
    values = _values(arguments.values)
    expression = Expression(arguments.expression)
    expression(**values)  # to complain of a missing value before anything else
    if not values:
        raise CommandError("there is no gradient to check: the expression has no names")

    def f(*inputs: Value) -> Value:
        return _root(expression, dict(zip(values, inputs, strict=True)))

    comparisons = dict(zip(values, compare(f, *values.values()), strict=True))
    rows = [
        (
            name,
            notation.decimal(found.analytic, CHECK_DIGITS),
            notation.decimal(found.numeric, CHECK_DIGITS),
            "" if found.reason else str(found.digits),
            found.verdict,
        )
        for name, found in comparisons.items()
    ]
    _print_table(("name", "analytic", "numeric", "digits", "verdict"), rows)
    for name, found in comparisons.items():
        if found.reason:
            print(f"{name}: {found.verdict}, {found.reason}")
    verdicts = Counter(found.verdict for found in comparisons.values())
    print(", ".join(f"{verdict}: {count}" for verdict, count in verdicts.items()))
    if set(verdicts) == {"undecided"}:
        print("nothing was decided: try other points")
        return 3
    return int("differs" in verdicts)


# explain ------------------------------------------------------------------------------------------


def add_explain(commands: Any) -> None:
    """Declare `explain`."""
    parser = _command(commands, "explain", "tell both passes line by line, as one would write them on the board")
    parser.add_argument(
        "--wrt", metavar="NAMES", help="tell the gradient of this name, or of several as in w,b, as a sum over paths"
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="(default: text)")
    parser.add_argument(
        "--digits",
        type=_digits,
        default=PICTURE_DIGITS,
        metavar="N",
        help=f"significant digits (default: {PICTURE_DIGITS})",
    )
    parser.add_argument("--most", type=int, default=100, metavar="N", help="lines in one table (default: 100)")
    parser.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> int:
    """Print the explanation."""
    leaves = {name: Value(number, name) for name, number in _values(arguments.values).items()}
    root = _root(Expression(arguments.expression), leaves)
    wanted = None if arguments.wrt is None else [name.strip() for name in arguments.wrt.split(",")]
    for name in wanted or ():
        if name not in leaves:
            raise CommandError(f"{name!r} has no value: the names are {', '.join(leaves) or 'none'}")
    wrt = None if wanted is None else [leaves[name] for name in wanted]
    try:
        told = explain(root, wrt=wrt, format=arguments.format, digits=arguments.digits, most=arguments.most)
    except ValueError as error:
        raise CommandError(str(error)) from error
    print(told)
    return 0


# What commands share ------------------------------------------------------------------------------


def _command(commands: Any, name: str, does: str, note: str = "") -> argparse.ArgumentParser:
    example = f'Example: autograd {name} "1/(1+exp(-(w*x+b)))" w=2 x=-1 b=-3'
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=does, description=does[0].upper() + does[1:] + ".", epilog=note + example, allow_abbrev=False
    )
    parser.add_argument(
        "expression",
        metavar="EXPRESSION",
        help='numbers, names, + - * / **, parentheses and functions such as exp(x) or sum([x, y]), in "quotes"',
    )
    parser.add_argument("values", nargs="*", metavar="name=value", help="a number for each name, such as x=-1 or x=1/3")
    return parser


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from . import __version__  # slow to find

        print(f"autograd {__version__}")
        parser.exit()


def _digits(text: str) -> int:
    if text not in map(str, range(1, 18)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 17")
    return int(text)


def _values(words: Sequence[str]) -> dict[str, float]:
    """The numbers of `name=value`, in their order."""
    values: dict[str, float] = {}
    for word in words:
        left, equals, right = word.partition("=")
        if not equals:
            raise CommandError(f"{word!r} is not name=value (an expression with spaces needs quotes around it)")
        name = unicodedata.normalize("NFKC", left.strip())  # as Python reads names, and so Expression
        if not name.isidentifier() or keyword.iskeyword(name):
            raise CommandError(f"{left!r} cannot be a name, in {word!r}")
        if name in values:
            raise CommandError(f"{name} has two values, the second in {word!r}")
        try:
            values[name] = float(right)
        except ValueError:
            try:
                values[name] = Expression(right)()  # such as 1/3
            except ExpressionError:
                raise CommandError(f"{right!r} is no number, in {word!r}") from None
    return values


def _root(expression: Expression, leaves: dict[str, Value]) -> Value:
    """The result as a node, also where it is a mere number, as of 2 + 3."""
    result = expression(**leaves)
    return result if isinstance(result, Value) else Value(result, expression.text)


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns of text: the first stands left and is shortened to the terminal's width, the others stand right."""
    table = [[printable(cell) for cell in row] for row in (heads, *rows)]
    first, *others = [max(map(len, column)) for column in zip(*table, strict=True)]
    first = min(first, max(10, shutil.get_terminal_size().columns - sum(others) - 2 * len(others)))
    ellipsis = printable("…")
    for text, *numbers in table:
        shown = text if len(text) <= first else text[: first - len(ellipsis)] + ellipsis
        print(
            f"{shown:<{first}}",
            *[f"{number:>{width}}" for number, width in zip(numbers, others, strict=True)],
            sep="  ",
        )


if __name__ == "__main__":
    sys.exit(main())
