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
import sys
from pathlib import Path
from typing import Any

from .. import notation
from ..draw import draw
from ..draw.files import ENDINGS
from ..draw.look import Look
from ..engines import Value, topological_order
from ..expression import Expression
from ..terminal import print_table
from .arguments import CommandError, digits, expression_command, numbers, root_of

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
    parser.add_argument(
        "--digits",
        type=digits,
        metavar="N",
        help=f"significant digits (default: {TABLE_DIGITS} in the table, {PICTURE_DIGITS} in the picture)",
    )
    parser.add_argument(
        "--direction", choices=("LR", "TB"), default="LR", help="left to right or top to bottom (default: LR)"
    )
    parser.add_argument(
        "--theme", choices=("light", "dark", "auto"), default="auto", help="auto follows the viewer's (default: auto)"
    )
    parser.add_argument(
        "--show",
        default=Look.show,
        metavar="WORDS",
        help=f'what to show on the cards, some of the words "{Look.show}" (default: all of them)',
    )
    parser.add_argument("--flows", action="store_true", help="write on each edge the gradient that flows through it")
    parser.add_argument(
        "--max-nodes", type=int, default=1500, metavar="N", help="the largest graph to lay out (default: 1500)"
    )
    parser.add_argument("--timeout", type=float, default=30.0, metavar="S", help="seconds for the layout (default: 30)")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Print the table of all nodes and write the picture."""
    path: Path = arguments.output
    if path.suffix.lower() not in ENDINGS:
        raise CommandError(f"the picture is saved as {ENDINGS_TOLD}, not as {path.name!r}")
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {str(path.parent)!r} for {path.name}")
    leaves = {name: Value(number, name) for name, number in numbers(arguments.values).items()}
    root = root_of(Expression(arguments.expression), leaves)
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
    print_table(("expression", "value", "gradient"), rows)
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
