"""Pictures of what a classifier of points in the plane has learned, by matplotlib.

>>> from autograd import datasets, nn
>>> picture(nn.MLP(2, [4, 1], seed=0), datasets.xor(n=8), title="before training")
<picture of what a classifier has learned>

A classifier here is anything that takes [x, y] and answers a logit, the number whose sigmoid is the probability of
class 1. matplotlib comes with `pip install "scalar-autograd[plot]"`; no window is opened and no display needed.
"""

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .datasets import Point
from .draw import Drawing
from .draw.look import Look
from .engines import no_grad
from .text import typeset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.contour import ContourSet
    from matplotlib.figure import Figure

Classifier = Callable[[list[float]], Any]

NO_MATPLOTLIB = 'no picture without matplotlib: pip install "scalar-autograd[plot]"'

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


def points_right(model: Classifier, points: Sequence[Point]) -> int:
    """How many points the classifier puts into their class, which is 1 for a probability above ½.

    >>> from autograd import Value
    >>> points_right(lambda point: Value(point[0]), [([-1.0, 0.0], 0), ([1.0, 0.0], 1), ([2.0, 0.0], 0)])
    2
    """
    with no_grad():
        return sum((model(inputs).data > 0.0) == (kind == 1) for inputs, kind in points)


@dataclass(frozen=True)
class Picture(Drawing):
    """A picture of what a classifier has learned, as matplotlib has drawn it; made by `picture`."""

    drawn: str
    heading: str
    points: int

    look = Look()

    @property
    def title(self) -> str:
        """What stands above the picture, or else what every such picture shows."""
        return self.heading or "What a classifier has learned"

    @property
    def description(self) -> str:
        """What is seen."""
        return (
            f"The plane in colours by the probability of class 1, with a line where it is ½, and {self.points} points."
        )

    @property
    def svg(self) -> str:
        """The picture as text."""
        return self.drawn

    def __repr__(self) -> str:
        return "<picture of what a classifier has learned>"


def picture(
    model: Classifier, points: Sequence[Point], losses: Sequence[float] = (), title: str = "", cells: int = 60
) -> Picture:
    """The decision regions of a classifier with the points it learns from, and beside them the losses, if any.

    >>> from autograd import datasets, nn
    >>> shown = picture(nn.MLP(2, [4, 1], seed=0), datasets.xor(n=8), losses=[0.8, 0.7], cells=10)
    >>> shown.svg.count("<svg")
    1
    >>> shown.save("xor.svg")  # doctest: +SKIP

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
        return Picture(_svg(figure), title, len(points))


def draw_regions(
    axes: "Axes", model: Classifier, points: Sequence[Point], cells: int = 60, legend: bool = True
) -> None:
    """Draw the probability of class 1 in colours, a line where it is ½, and the points, into axes of matplotlib.

    >>> from autograd import datasets, nn
    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()  # in a notebook: axes = pyplot.gca()
    >>> draw_regions(axes, nn.MLP(2, [4, 1], seed=0), datasets.xor(n=8), cells=10)
    >>> axes.get_legend_handles_labels()[1]
    ['class 0', 'class 1']

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
    _draw_points(axes, points)
    axes.set_aspect("equal")
    axes.locator_params(nbins=5)
    if legend:
        _draw_legend(axes, bands)


def _draw_points(axes: "Axes", points: Sequence[Point]) -> None:
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


def _draw_legend(axes: "Axes", bands: "ContourSet") -> None:
    """The names of the classes above the axes, and the bar of colours beside them."""
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, frameon=False, handletextpad=0.1)
    bar = axes.figure.colorbar(bands, cax=axes.inset_axes((1.03, 0.0, 0.035, 1.0)), ticks=[-FARTHEST, 0.0, FARTHEST])
    bar.set_ticklabels(["0", "½", "1"])
    bar.set_label("probability of class 1", labelpad=6.0)
    bar.outline.set_visible(False)


def draw_losses(axes: "Axes", losses: Sequence[float]) -> None:
    """Draw the loss of each epoch into axes of matplotlib, on a logarithmic scale if it falls far.

    >>> from matplotlib.figure import Figure
    >>> axes = Figure().subplots()
    >>> draw_losses(axes, [0.8, 0.1, 0.02])  # those of a History are history.losses
    >>> axes.get_yscale()
    'log'
    """
    colour = POINTS[1][2]
    axes.plot(range(1, len(losses) + 1), losses, color=colour, linewidth=2.5, marker="o", markevery=[len(losses) - 1])
    axes.annotate(
        typeset(f"{losses[-1]:.3g}"),
        (len(losses), losses[-1]),
        (0, -8),
        textcoords="offset points",
        ha="right",
        va="top",
    )
    if min(losses) > 0.0 and max(losses) > 10.0 * min(losses):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda loss, _: typeset(f"{loss:g}"))
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
