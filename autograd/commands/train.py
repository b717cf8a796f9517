"""The command `train`: a small network learns to tell two classes of points apart, and what it learned is drawn.

>>> from autograd.commands import main
>>> main(["train", "xor"])  # doctest: +SKIP
"""

import argparse
import contextlib
import importlib
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import files
from ..datasets import Point, moons, spiral, xor
from ..draw import draw
from ..draw.files import ENDINGS
from ..plot import NO_MATPLOTLIB, picture, points_right
from ..terminal import complain
from .arguments import CommandError, command, whole

if TYPE_CHECKING:
    from ..nn import MLP, History

# What a network can be saved as: what Graphviz lays out is a graph.
NETWORK_ENDINGS = tuple(ending for ending in ENDINGS if ending != ".dot")
NETWORK_ENDINGS_TOLD = f"{', '.join(NETWORK_ENDINGS[:-1])} or {NETWORK_ENDINGS[-1]}"


@dataclass(frozen=True)
class Task:
    """A data set and a network that can learn it: its widths and its activation."""

    points: Callable[[int, float, int], list[Point]]
    noise: float
    widths: list[int]
    activation: str


TASKS = {
    "moons": Task(moons, 0.1, [16, 16, 1], "tanh"),
    "xor": Task(xor, 0.1, [4, 1], "tanh"),
    "spiral": Task(spiral, 0.02, [16, 16, 1], "relu"),
}


def add(commands: Any) -> argparse.ArgumentParser:
    """Declare `train`."""
    parser = command(
        commands,
        "train",
        "train a small network to tell two classes of points apart, and draw what it learned",
        "Example: autograd train moons --noise 0.2",
        " Ctrl-C ends the training early and keeps what was learned.",
    )
    parser.add_argument("dataset", choices=TASKS, metavar="DATASET", help=", ".join(TASKS))
    noises = ", ".join(f"{task.noise} for {name}" for name, task in TASKS.items())
    for option, kind, default, help in (
        ("--points", whole(2), 100, "how many points (default: 100)"),
        ("--noise", _noise, None, f"how far they are scattered, as a standard deviation (default: {noises})"),
        ("--seed", whole(0), 0, "seed of the points and of the initial weights (default: 0)"),
        (
            "--epochs",
            whole(1),
            300,
            "maximum number of epochs; training ends earlier once no point can be wrong (default: 300)",
        ),
    ):
        parser.add_argument(option, type=kind, default=default, metavar="N", help=help)
    parser.add_argument(
        *("-o", "--output"),
        default="",
        metavar="NAME",
        help="for NAME.json, the model, and NAME.svg, the picture, which needs matplotlib; or a folder for both; "
        "existing files are replaced (default: the name of the data set)",
    )
    parser.add_argument(
        "--network",
        type=Path,
        metavar="FILE",
        help="draw the trained network too, with its weights and biases, into a file that ends in "
        f"{NETWORK_ENDINGS_TOLD}; an existing file is replaced",
    )
    parser.set_defaults(values=[])
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Train, tell how it went, and write the model and the pictures; 130 if it was interrupted.

    Raises CommandError for files that cannot be written and for numbers that overflow.
    """
    from ..nn import MLP

    name = arguments.dataset
    if arguments.values:
        raise CommandError(f"train takes one data set, not also {arguments.values[0]!r}")
    task = TASKS[name]
    model_path, picture_path = _paths(arguments.output, name)
    network_path: Path | None = arguments.network
    if network_path:
        _check_network(network_path, (model_path, picture_path))
    drawing = _has_matplotlib()
    if not drawing:
        complain(NO_MATPLOTLIB)

    noise = task.noise if arguments.noise is None else arguments.noise
    points = task.points(arguments.points, noise, arguments.seed)
    model = MLP(2, task.widths, task.activation, seed=arguments.seed)
    _tell(f"{name}: {len(points)} points, noise {noise:g}, seed {arguments.seed}")
    _tell(f'MLP(2, {task.widths}, "{task.activation}"): {len(model.parameters())} parameters')
    history = _trained(model, points, arguments.epochs)

    with _writing(model_path):  # before another word, for whoever reads them may have seen enough
        model.save(model_path)

    told = f"{points_right(model, points)} of {len(points)} points right"
    _tell(_ending(history))
    _tell(told)
    _tell(f"written to {model_path}")
    if drawing:
        with _writing(picture_path):
            picture(model, points, history.losses, title=f"{name}: {told}").save(picture_path)
        _tell(f"written to {picture_path}")
    if network_path:
        with _writing(network_path):
            draw(model, show="weight bias label", legend=True).save(network_path)
        _tell(f"written to {network_path}")
    return 130 if _is_interrupted(history) else 0


def _trained(model: "MLP", points: list[Point], epochs: int) -> "History":
    from ..nn import binary_cross_entropy_with_logits, fit
    from ..optim import Adam

    try:
        return fit(
            model,
            points,
            binary_cross_entropy_with_logits,
            Adam(model.parameters(), lr=0.05),
            epochs=epochs,
            # A point in the wrong class costs at least ln 2 = 0.69, so that below 0.69/n there is none; and the loss
            # was measured before the last step, hence a little less.
            stop_below=0.5 / len(points),
        )
    except FloatingPointError as error:
        raise CommandError(f"the training stopped: {error}") from error


def _is_interrupted(history: "History") -> bool:
    return history.stopped == "interrupted"


def _ending(history: "History") -> str:
    """Where the training ended, in one line."""
    if not history.losses:
        return "interrupted in the first epoch"
    epochs = len(history.losses)
    ending = "s" * (epochs != 1) + ", interrupted" * _is_interrupted(history)
    return f"loss {history.losses[-1]:.4g} after {epochs} epoch{ending}"


def _paths(output: str, name: str) -> tuple[Path, Path]:
    """Where the model and the picture go; raises before anything is computed."""
    if os.path.isdir(output):
        output = os.path.join(output, "")
    folder, base = os.path.split(output)
    base = base.removesuffix(".json").removesuffix(".svg") or name
    if not os.path.isdir(folder or "."):
        raise CommandError(f"there is no folder {folder!r} for {base}.json")
    paths = Path(folder, f"{base}.json"), Path(folder, f"{base}.svg")
    for path in paths:
        with _writing(path):
            files.require_writable(path)
    return paths


def _check_network(path: Path, others: tuple[Path, ...]) -> None:
    """Raise before anything is computed if the network cannot be drawn into that file."""
    if path.suffix.lower() not in NETWORK_ENDINGS:
        raise CommandError(f"the network is saved as {NETWORK_ENDINGS_TOLD}, not as {path.name!r}")
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {str(path.parent)!r} for {path.name}")
    if path.resolve() in [other.resolve() for other in others]:
        raise CommandError(f"{path} is the file for what the network has learned: choose another name for --network")
    with _writing(path):
        files.require_writable(path)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # and where the package that makes PNG and PDF is missing
        raise CommandError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from error


def _tell(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _has_matplotlib() -> bool:
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError:
        return False
    return True


def _noise(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a number of 0 or more")
