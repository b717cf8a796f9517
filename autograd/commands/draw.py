"""The command `draw`: a table of all nodes, and the graph as a picture.

>>> from autograd.commands import main
>>> main(["draw", "x*y", "x=2", "y=3", "-o", "product.svg"])  # doctest: +SKIP
expression  value  gradient
x               2         3
y               3         2
x × y           6         1
written to product.svg
0
"""

import argparse
import contextlib
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import notation
from ..draw import Drawing, draw
from ..draw.files import ENDINGS
from ..draw.look import BACKGROUNDS, Look
from ..draw.viewer import open_file
from ..engines import Value, topological_order
from ..expression import Expression
from ..languages import number, point, words
from ..terminal import complain, print_table
from ..text import parse, pointed
from .arguments import (
    CommandError,
    above_zero,
    digits,
    expression_command,
    language_option,
    nodes_called,
    numbers,
    root_of,
    size,
    split,
    whole,
)

ENDINGS_TOLD = f"{', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}"

PICTURE_DIGITS, TABLE_DIGITS = 4, 9


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `draw`."""
    parser = expression_command(commands, "draw", "print every node with its value and gradient, and draw the graph")
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        default=Path("graph.svg"),
        metavar="FILE",
        help=f"where the picture goes, {ENDINGS_TOLD}; an existing file is replaced (default: graph.svg)",
    )
    parser.add_argument("--open", action="store_true", help="open the picture in the viewer or browser of the system")
    _add_what(parser.add_argument_group("what is drawn"))
    _add_looks(parser.add_argument_group("how it looks"))
    _add_size(parser.add_argument_group("how large it is"))
    return parser


def _add_what(group: Any) -> None:
    group.add_argument("--depth", type=whole(1), metavar="N", help="fold the scopes of level N up into one card each")
    group.add_argument(
        "--around", metavar="NAME", help="draw what is near one node alone: a name, or a part such as w*x"
    )
    group.add_argument(
        "--radius", type=whole(0), default=2, metavar="N", help="how many edges from there are near (default: 2)"
    )
    group.add_argument(
        "--max-nodes", type=int, default=1500, metavar="N", help="the largest graph to lay out (default: 1500)"
    )
    group.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds for the layout (default: 30)")


def _add_looks(group: Any) -> None:
    group.add_argument(
        "--highlight",
        action="append",
        default=[],
        metavar="NAMES",
        help="highlight nodes, such as w,w*x; where they are a path, its edges too",
    )
    group.add_argument(
        "--flows", action="store_true", help="draw a red arrow back along each edge, with the gradient it carries"
    )
    group.add_argument(
        "--show",
        default=Look.show,
        metavar="WORDS",
        help=f'what to show on the cards, some of the words "{Look.show}" (default: all of them)',
    )
    group.add_argument(
        "--digits",
        type=digits,
        metavar="N",
        help=f"significant digits (default: {TABLE_DIGITS} in the table, {PICTURE_DIGITS} in the picture)",
    )
    group.add_argument("--decimals", type=whole(0, 17), metavar="N", help="decimal places, instead of --digits")
    group.add_argument(
        "--direction", choices=("LR", "TB"), default="LR", help="left to right or top to bottom (default: LR)"
    )
    group.add_argument("--wrap", type=whole(1), metavar="N", help="draw a long graph in rows of N columns")
    group.add_argument(
        "--theme", choices=("light", "dark", "auto"), default="auto", help="auto follows the viewer's (default: auto)"
    )
    group.add_argument("--background", choices=BACKGROUNDS, help="the colour of the theme, or none (default: page)")
    group.add_argument(
        "--legend", action=argparse.BooleanOptionalAction, help="explain the signs (default: in an .html alone)"
    )
    language_option(group)


def _add_size(group: Any) -> None:
    group.add_argument(
        "--size", type=size, metavar="WxH", help="fit into so many pixels, such as 1280x720, of which 96 are an inch"
    )
    group.add_argument("--scale", type=above_zero, default=1.0, metavar="X", help="so many times as large")
    group.add_argument("--fontsize", type=above_zero, metavar="N", help="the size of the text in pixels (default: 13)")
    group.add_argument("--dpi", type=above_zero, metavar="N", help="dots per inch of a .png (default: 192)")


def run(arguments: argparse.Namespace) -> int:
    """Print the table of all nodes and write the picture."""
    path: Path = arguments.output
    if path.suffix.lower() not in ENDINGS:
        raise CommandError(f"the picture is saved as {ENDINGS_TOLD}, not as {path.name!r}")
    if arguments.open and path.suffix.lower() == ".dot":
        raise CommandError(f"no viewer opens {path.name}: leave out --open, or write an .svg")
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {str(path.parent)!r} for {path.name}")
    leaves = {name: Value(number, name) for name, number in numbers(arguments.values, arguments.language).items()}
    root = root_of(Expression(arguments.expression), leaves)
    root.backward()
    around = None if arguments.around is None else nodes_called(arguments.around, root, leaves, arguments.language)[0]
    highlight = [
        node
        for names in arguments.highlight
        for name in split(names)
        for node in nodes_called(name, root, leaves, arguments.language)
    ]
    _print_numbers(root, leaves, arguments)
    if arguments.depth and not any(node.scope for node in topological_order(root)):
        complain("--depth folds nothing up here, because no part of the expression is in a scope")
    try:
        with _warnings_told():
            _drawing(root, around, highlight, arguments).save(path, dpi=arguments.dpi)
    except (OSError, RuntimeError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"cannot draw {path}: {_as_options(problem)}") from error
    print(words("drawing", arguments.language)["written"].format(path))
    if arguments.open and (problem := open_file(path, arguments.language)):
        told = words("drawing", arguments.language)["left closed"]
        complain(told.format(problem=problem, path=path))
    return 0


def _print_numbers(root: Value, leaves: dict[str, Value], arguments: argparse.Namespace) -> None:
    digits, language = arguments.digits or TABLE_DIGITS, arguments.language
    # Names that only a condition asks for, as a in where(a < b, x, y), are in the table but not in the graph.
    nodes = dict.fromkeys([*leaves.values(), *topological_order(root)])
    rows = [
        (
            _formula(node, digits, language),
            number(notation.decimal(node.data, digits, arguments.decimals), language),
            number(notation.decimal(node.grad, digits, arguments.decimals), language),
        )
        for node in nodes
    ]
    said = words("drawing", language)
    print_table((said["expression"], said["value of"], said["gradient of"]), rows)
    sys.stdout.flush()  # the table is there while the picture is made


def _formula(node: Value, digits: int, language: str) -> str:
    """The expression of a node, with the decimal sign of the language."""
    formula = notation.expression(node, digits=digits)
    return formula if point(language) == "." else pointed(parse(formula), point(language)).text


def _drawing(root: Value, around: Value | None, highlight: list[Value], arguments: argparse.Namespace) -> Drawing:
    return draw(
        root,
        depth=arguments.depth,
        around=around,
        radius=arguments.radius,
        highlight=highlight,
        show=arguments.show,
        flows=arguments.flows,
        digits=arguments.digits or PICTURE_DIGITS,
        decimals=arguments.decimals,
        direction=arguments.direction,
        wrap=arguments.wrap,
        theme=arguments.theme,
        background=arguments.background,
        legend=arguments.legend,
        language=arguments.language,
        scale=arguments.scale,
        fontsize=arguments.fontsize,
        size=arguments.size,
        max_nodes=arguments.max_nodes,
        timeout=arguments.timeout,
    )


@contextlib.contextmanager
def _warnings_told() -> Iterator[None]:
    """A block whose warnings are told in one line each, as errors are."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield
    for warning in found:
        complain(_as_options(str(warning.message)))


def _as_options(told: str) -> str:
    """A message of `draw` for those who type its options.

    >>> _as_options("there are 7 nodes: allow more with max_nodes=7, or leave out size=")
    'there are 7 nodes: allow more with --max-nodes 7, or leave out --size'
    """
    return re.sub(
        r"\b(depth|around|radius|max_nodes|timeout|wrap|size|scale|fontsize|dpi)=(?=(\w?))",
        lambda found: f"--{found[1].replace('_', '-')}{' ' * bool(found[2])}",
        told,
    )
