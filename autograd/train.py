"""Training as a command, `autograd train moons`, and pictures of what a classifier has learned.

>>> from autograd import Value, datasets
>>> points_right(lambda point: Value(point[0] - 0.5), datasets.xor(n=100))  # one coordinate alone tells nothing
50

A classifier here is anything that takes [x, y] and answers a logit, the number whose sigmoid is the probability of
class 1. Pictures need matplotlib, which comes with `pip install "scalar-autograd[plot]"`; all else does without.
"""

import argparse
import contextlib
import importlib
import io
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import files
from .datasets import Point, moons, spiral, xor
from .engines import no_grad
from .nn import MLP, binary_cross_entropy_with_logits, fit
from .optim import Adam
from .terminal import complain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Classifier = Callable[[list[float]], Any]

NO_MATPLOTLIB = 'no picture without matplotlib: pip install "scalar-autograd[plot]"'


class TrainError(Exception):
    """Why there is nothing to train or to write, in one line."""


# What a classifier says ---------------------------------------------------------------------------


def points_right(model: Classifier, points: Sequence[Point]) -> int:
    """How many points the classifier puts into their class, which is 1 for a probability above ½.

    >>> from autograd import Value
    >>> points_right(lambda point: Value(point[0]), [([-1.0, 0.0], 0), ([1.0, 0.0], 1), ([2.0, 0.0], 0)])
    2
    """
    with no_grad():
        return sum((model(inputs).data > 0.0) == (kind == 1) for inputs, kind in points)


# Pictures -----------------------------------------------------------------------------------------

# The probabilities 0.1, 0.2 … 0.9 as logits, and the colours between them: from a warm one for class 0 to a cold one
# for class 1, for all kinds of colour vision tell these apart, and ever darker, so that they stay apart in grey.
BANDS = [math.log(p / (10 - p)) for p in range(1, 10)]
WARM = ["#ffe9c8", "#f8e9d5", "#f0e8e0", "#e3e3e3", "#d6dde6"]
COLD = ["#c3d2e4", "#b0c7e1", "#9dbbdd", "#8aafd8", "#78a3d3"]
POINTS = [("o", 60.0, "#f0a030", "#4d2f00"), ("^", 75.0, "#123c6e", "#ffffff")]  # marker, its size, inside and edge
STYLE = {
    "font.size": 15,
    "axes.linewidth": 0.8,
    "svg.hashsalt": "autograd",  # else the names in the file would be other ones each time
}
FARTHEST = 1000.0  # a logit from which on the probability is 0 or 1 in floating point


@dataclass(frozen=True)
class Picture:
    """A picture as SVG, shown by Jupyter; made by `picture`."""

    svg: str

    def save(self, path: files.AnyPath) -> None:
        """Write it to a file, whole or not at all; an existing one is replaced."""
        files.write(path, self.svg.encode())

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return "<picture of what a classifier has learned>"


def picture(
    model: Classifier, points: Sequence[Point], losses: Sequence[float] = (), title: str = "", cells: int = 60
) -> Picture:
    """The decision regions of a classifier with the points it learns from, and beside them the losses, if any.

    >>> from autograd import datasets, nn
    >>> picture(nn.MLP(2, [4, 1], seed=0), datasets.xor()).save("xor.svg")  # doctest: +SKIP

    The same arguments give the same bytes. Raises ImportError without matplotlib.
    """
    try:
        import matplotlib.style
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(NO_MATPLOTLIB) from error

    with matplotlib.style.context(["default", STYLE]):
        figure = Figure(figsize=(12.0, 5.0) if losses else (6.6, 5.0))
        figure.set_layout_engine("constrained", wspace=0.1)
        columns = figure.subplots(1, 2 if losses else 1, squeeze=False, width_ratios=[1.2, 1.0] if losses else None)[0]
        draw_regions(columns[0], model, points, cells)
        if losses:
            draw_losses(columns[1], losses)
        if title:
            figure.suptitle(title)
        return Picture(_svg(figure))


def draw_regions(
    axes: "Axes", model: Classifier, points: Sequence[Point], cells: int = 60, legend: bool = True
) -> None:
    """Draw the probability of class 1 in colours, a line where it is ½, and the points, into axes of matplotlib.

    >>> from matplotlib import pyplot  # doctest: +SKIP
    >>> draw_regions(pyplot.gca(), model, points)  # doctest: +SKIP

    The model is asked on a grid of squares, `cells` of them along the longer side. `legend=False` leaves out the names
    of the classes and the bar of colours, for small panels side by side.
    """
    xs, ys = _grid(points, cells)
    # Between the points of the grid it is the logit that is interpolated: it is smooth where the probability jumps.
    with no_grad():
        logits = [[min(max(model([x, y]).data, -FARTHEST), FARTHEST) for x in xs] for y in ys]
    bands = axes.contourf(xs, ys, logits, levels=[-FARTHEST, *BANDS, FARTHEST], colors=[*WARM, *COLD])
    bands.set_edgecolor("face")  # else the background shines through between two bands
    if min(map(min, logits)) < 0.0 < max(map(max, logits)):
        axes.contour(xs, ys, logits, levels=[0.0], colors="black", linewidths=2.0)
    for kind, (marker, size, inside, edge) in enumerate(POINTS):
        places = [inputs for inputs, each in points if each == kind]
        axes.scatter(
            [x for x, _ in places],
            [y for _, y in places],
            s=size,
            marker=marker,
            color=inside,
            edgecolors=edge,
            linewidths=0.8,
            label=f"class {kind}",
            zorder=3.0,
        )
    axes.set_aspect("equal")
    axes.locator_params(nbins=5)
    if not legend:
        return
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, handletextpad=0.1)
    bar = axes.figure.colorbar(bands, cax=axes.inset_axes((1.03, 0.0, 0.035, 1.0)), ticks=[-FARTHEST, 0.0, FARTHEST])
    bar.set_ticklabels(["0", "½", "1"])
    bar.set_label("probability of class 1", labelpad=6.0)
    bar.outline.set_visible(False)


def draw_losses(axes: "Axes", losses: Sequence[float]) -> None:
    """Draw the loss of each epoch into axes of matplotlib, on a logarithmic scale if it falls far.

    >>> from matplotlib import pyplot  # doctest: +SKIP
    >>> draw_losses(pyplot.gca(), history.losses)  # doctest: +SKIP
    """
    colour = POINTS[1][2]
    axes.plot(range(1, len(losses) + 1), losses, color=colour, linewidth=2.5, marker="o", markevery=[len(losses) - 1])
    axes.annotate(
        f"{losses[-1]:.3g}", (len(losses), losses[-1]), (0, -8), textcoords="offset points", ha="right", va="top"
    )
    if min(losses) > 0.0 and max(losses) > 10.0 * min(losses):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")
        axes.margins(y=0.12)
    else:
        axes.set_ylim(0.0, 1.1 * max(losses) or 1.0)
    axes.set_xlabel("epoch")
    axes.set_title("mean loss", loc="left", fontsize="medium")
    axes.locator_params(axis="x", integer=True)
    axes.spines[["top", "right"]].set_visible(False)


def _grid(points: Sequence[Point], cells: int) -> tuple[list[float], list[float]]:
    """Coordinates of squares that cover the points and a margin."""
    if not points:
        raise ValueError("there are no points to draw")
    columns = list(zip(*(inputs for inputs, _ in points), strict=True))
    margin = 0.12 * max(max(column) - min(column) for column in columns) or 1.0
    lows, highs = [min(column) - margin for column in columns], [max(column) + margin for column in columns]
    step = max(high - low for low, high in zip(lows, highs, strict=True)) / cells
    xs, ys = (
        [low + step * place for place in range(math.ceil((high - low) / step) + 1)]
        for low, high in zip(lows, highs, strict=True)
    )
    return xs, ys


def _svg(figure: "Figure") -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


# The command line ---------------------------------------------------------------------------------


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


def add_train(commands: Any) -> None:
    """Declare `train`."""
    does = "train a small network to tell two classes of points apart, and draw what it learned"
    parser = commands.add_parser(
        "train",
        help=does,
        description=does[0].upper() + does[1:] + ". Ctrl-C ends the training early and keeps what was learned.",
        epilog="Example: autograd train moons --noise 0.2",
        allow_abbrev=False,
    )
    parser.add_argument("dataset", choices=TASKS, metavar="DATASET", help=", ".join(TASKS))
    noises = ", ".join(f"{task.noise} for {name}" for name, task in TASKS.items())
    for option, kind, default, help in (
        ("--points", _whole(2), 100, "how many points (default: 100)"),
        ("--noise", _noise, None, f"standard deviation of what moves them (default: {noises})"),
        ("--seed", _whole(0), 0, "of the points and the first weights (default: 0)"),
        ("--epochs", _whole(1), 300, "the most epochs; it ends before when no point can be wrong (default: 300)"),
    ):
        parser.add_argument(option, type=kind, default=default, metavar="N", help=help)
    parser.add_argument(
        *("-o", "--output"),
        default="",
        metavar="NAME",
        help="for NAME.json, the model, and NAME.svg, the picture, which needs matplotlib; or a folder for both; "
        "existing files are replaced (default: the name of the data set)",
    )
    parser.set_defaults(run=run_train, values=[])


def run_train(arguments: argparse.Namespace) -> int:
    """Train, tell how it went, and write the model and the picture; 130 if it was interrupted.

    Raises TrainError for files that cannot be written and for numbers that overflow.
    """
    name = arguments.dataset
    if arguments.values:
        raise TrainError(f"train takes one data set, not also {arguments.values[0]!r}")
    task = TASKS[name]
    model_path, picture_path = _paths(arguments.output, name)
    drawing = _has_matplotlib()
    if not drawing:
        complain(NO_MATPLOTLIB)

    noise = task.noise if arguments.noise is None else arguments.noise
    points = task.points(arguments.points, noise, arguments.seed)
    model = MLP(2, task.widths, task.activation, seed=arguments.seed)
    _tell(f"{name}: {len(points)} points, noise {noise:g}, seed {arguments.seed}")
    _tell(f'MLP(2, {task.widths}, "{task.activation}"): {len(model.parameters())} parameters')
    try:
        history = fit(
            model,
            points,
            binary_cross_entropy_with_logits,
            Adam(model.parameters(), lr=0.05),
            epochs=arguments.epochs,
            # A point in the wrong class costs at least ln 2 = 0.69, so that below 0.69/n there is none; and the loss
            # was measured before the last step, hence a little less.
            stop_below=0.5 / len(points),
        )
    except FloatingPointError as error:
        raise TrainError(f"the training broke off: {error}") from error

    with _writing(model_path):  # before another word, for whoever reads them may have seen enough
        model.save(model_path)

    interrupted = history.stopped == "interrupted"
    told = f"{points_right(model, points)} of {len(points)} points right"
    if history.losses:
        epochs = len(history.losses)
        ending = "s" * (epochs != 1) + ", interrupted" * interrupted
        _tell(f"loss {history.losses[-1]:.4g} after {epochs} epoch{ending}")
    else:
        _tell("interrupted in the first epoch")
    _tell(told)
    _tell(f"written to {model_path}")
    if drawing:
        with _writing(picture_path):
            picture(model, points, history.losses, title=f"{name}: {told}").save(picture_path)
        _tell(f"written to {picture_path}")
    return 130 if interrupted else 0


def _paths(output: str, name: str) -> tuple[Path, Path]:
    """Where the model and the picture go; complains before anything is computed."""
    if os.path.isdir(output):
        output = os.path.join(output, "")
    folder, base = os.path.split(output)
    base = base.removesuffix(".json").removesuffix(".svg") or name
    if not os.path.isdir(folder or "."):
        raise TrainError(f"there is no folder {folder!r} for {base}.json")
    paths = Path(folder, f"{base}.json"), Path(folder, f"{base}.svg")
    for path in paths:
        with _writing(path):
            files.require_writable(path)
    return paths


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TrainError(f"cannot write {path}: {error.strerror or error}") from error


def _tell(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def _has_matplotlib() -> bool:
    try:
        importlib.import_module("matplotlib.figure")
    except ImportError:
        return False
    return True


def _whole(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        with contextlib.suppress(ValueError):
            if int(text) >= least:
                return int(text)
        raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a whole number from {least} on")

    return number


def _noise(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0.0 <= float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text.strip()!r} is not a number from 0 on")
