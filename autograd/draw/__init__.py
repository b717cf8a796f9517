"""Pictures of computation graphs, as SVG.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> draw(x * x)
<drawing of x × x: 2 nodes>

What of a graph is to be seen (the view) becomes a diagram (which cards, with which texts), the diagram gets a layout
(where they stand), and both become SVG. All of that is imported when something is drawn: most programs only train.
"""

from typing import Any

from ..engines import Value
from .drawing import Drawing, GraphDrawing
from .look import Look

__all__ = ["Drawing", "GraphDrawing", "draw", "notebook_formats"]


def draw(
    root: Value,
    *,
    depth: int | None = None,
    around: Value | None = None,
    radius: int = 2,
    highlight: Any = (),
    show: str = "value gradient operation label",
    flows: bool = False,
    digits: int = 4,
    decimals: int | None = None,
    direction: str = "LR",
    wrap: int | None = None,
    theme: str = "auto",
    background: str | None = None,
    legend: bool | None = None,
    language: str = "en",
    scale: float = 1.0,
    fontsize: float | None = None,
    size: tuple[float, float] | None = None,
    engine: str = "auto",
    max_nodes: int = 1500,
    timeout: float = 30.0,
) -> GraphDrawing:
    """Draw everything that `root` was computed from.

    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> draw(y).save("square.svg")  # doctest: +SKIP

    What is drawn: scopes are framed. `depth=1` folds each outermost scope up into one card, `depth=2` the scopes in
    these, and so on. `around=node` draws that node and everything at most `radius` edges away from it.

    How it looks: `highlight` is a node or a list of nodes; where it is a path, its edges are highlighted too. `show`
    lists, in words, what is on a card. `flows=True` writes on each edge what the last pass sent through it, the
    gradient of the node times its local derivative. The direction is "LR" (left to right) or "TB" (top to bottom);
    `wrap=8` draws a long graph in rows of 8 columns each, which is done unasked where it would be too long. The theme
    is "light", "dark", or "auto" for that of the reader; the background "page" for the colour of the theme or
    "transparent" for what the picture stands on, as in notebooks where nothing is said. `legend=True` explains the
    signs in the picture, those that there are, in the `language` "en", "pt" or "es"; a page has a legend unless it is
    False.

    Numbers have 4 significant digits, or as many as `digits` says. With `decimals=2`, what was computed (values,
    gradients, flows) has two places behind the point, as 1.37, 0.20 and −0.59; constants in formulas, as the 2 in
    x ^ 2, have `digits` as before.

    How large it is: `fontsize` is the size of the text in pixels, 13 if nothing is said, and all else grows with it;
    `scale=2` makes everything twice as large. Or `size=(1280, 720)` is the size of the whole picture in pixels, of
    which 96 are an inch: the drawing is made to fit, and stands in the middle. Warns where the picture is larger than
    viewers may open, with what to do about it.

    The engine "wasm" is the Graphviz that is installed with this package, "dot" that of the system, "auto" the first
    of the two that is available. If the picture is not made within `timeout` seconds, TimeoutError is raised. Raises
    TypeError if `root` is not a Value; TypeError or ValueError for a wrong option; ValueError for a node that is not in
    the graph, and for more than `max_nodes` cards, of which every ten edges count as one.
    """
    from .diagram import diagram_of
    from .limits import doing, left, within
    from .view import view_of

    if not isinstance(root, Value):
        raise TypeError(
            f"draw(root) takes the Value to draw from, not {type(root).__name__}: draw(y), or draw(Value(3))"
        )
    look = Look(
        digits=digits,
        decimals=decimals,
        direction=direction,
        wrap=wrap,
        theme=theme,
        background=background,
        show=show,
        flows=flows,
        legend=legend,
        language=language,
        scale=scale,
        fontsize=fontsize,
        size=size,
        engine=engine,
        timeout=timeout,
    )
    with within(look.timeout, "drawing"):
        view = view_of(root, depth, around, radius, max_nodes)
        with within(look.timeout, doing(view.parts, view.links)):
            return GraphDrawing(diagram_of(root, look, view, highlight), look, root, left())


# Notebooks ------------------------------------------------------------------------------------------


def notebook_formats(*formats: str) -> None:
    """Choose the formats in which notebooks get pictures, of "html", "svg", "png" and "pdf"; with none, the usual two.

    >>> from autograd.draw import notebook_formats
    >>> notebook_formats("html", "svg", "pdf")  # doctest: +SKIP

    With "pdf" among them, pictures get into what `jupyter nbconvert --to latex` and `--to pdf` make. The environment
    variable AUTOGRAD_NOTEBOOK_FORMATS="html,svg,pdf" does the same for a notebook that says nothing. Raises ValueError
    for another format, and RuntimeError for "png" and "pdf" where the extra that makes them is not installed.
    """
    from .notebook import choose_formats

    choose_formats(formats)


def _mimebundle(value: Value, include: Any = None, exclude: Any = None) -> Any:
    from .notebook import bundle, check_size

    def drawn() -> Drawing:
        check_size(value)
        return draw(value)

    return bundle(repr(value), drawn)


def _html(value: Value) -> str | None:
    from .notebook import part

    return part("html", _mimebundle(value))


# Set here because dependencies run one way: a Value does not know that it can be drawn.
Value._repr_mimebundle_ = _mimebundle  # type: ignore[attr-defined]
Value._repr_html_ = _html  # type: ignore[attr-defined]
