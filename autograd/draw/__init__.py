"""Pictures of computation graphs and of networks, as SVG.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> draw(x * x)
<drawing of x × x: 2 nodes>

What of a graph is to be seen (the view) becomes a diagram (which cards, with which texts), the diagram gets a layout
(where they stand), and both become SVG. A model becomes a network, which has a layout of its own. All of that is
imported when something is drawn: most programs only train.
"""

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypedDict, Unpack, overload

from ..checks import whole
from ..compiler import Compiled, Program
from ..engines import Value
from ..languages import chosen
from .drawing import Drawing, GraphDrawing
from .look import Look

if TYPE_CHECKING:
    from ..nn.module import Module

__all__ = ["Drawing", "GraphDrawing", "draw", "notebook_formats"]

# What cards show if nothing is said.
EVERYTHING = "value gradient operation label"

ENGINE_GOES = (
    "draw(engine=...) is deprecated: pictures need no Graphviz any more, leave it out; it goes in autograd 0.4"
)

# Where the graph of a model is folded: below the model, so that its parts are cards.
FOLDED = 2


class Options(TypedDict, total=False):
    """The options of `draw`, for type checkers."""

    depth: int | None
    around: Value | None
    radius: int
    highlight: Any
    show: str | None
    flows: bool
    digits: int
    decimals: int | None
    direction: str
    wrap: int | None
    theme: str
    background: str | None
    legend: bool | None
    language: str | None
    scale: float
    fontsize: float | None
    size: tuple[float, float] | None
    max_nodes: int
    timeout: float
    engine: str | None


@overload
def draw(root: Value, **options: Unpack[Options]) -> GraphDrawing: ...
@overload
def draw(root: Program, **options: Unpack[Options]) -> GraphDrawing: ...
@overload
def draw(root: "Module", inputs: Any = None, **options: Unpack[Options]) -> Drawing: ...


def draw(
    root: "Value | Program | Module",
    inputs: Any = None,
    *,
    depth: int | None = None,
    around: Value | None = None,
    radius: int = 2,
    highlight: Any = (),
    show: str | None = None,
    flows: bool = False,
    digits: int = 4,
    decimals: int | None = None,
    direction: str = "LR",
    wrap: int | None = None,
    theme: str = "auto",
    background: str | None = None,
    legend: bool | None = None,
    language: str | None = None,
    scale: float = 1.0,
    fontsize: float | None = None,
    size: tuple[float, float] | None = None,
    max_nodes: int = 1500,
    timeout: float = 30.0,
    engine: str | None = None,
) -> Drawing:
    """Draw everything that a Value was computed from, the network that a model is, or a program.

    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> draw(y).save("square.svg")  # doctest: +SKIP
    >>> from autograd import nn
    >>> draw(nn.MLP(3, [4, 1], seed=0), [0.1, 0.4, 0.5])
    <drawing of MLP: 3 → 4 → 1>

    What is drawn of a graph: scopes are framed. `depth=1` folds each outermost scope up into one card, `depth=2` the
    scopes in these, and so on. `around=node` draws that node and everything at most `radius` edges away from it.
    `highlight` is a node or a list of nodes; where it is a path, its edges are highlighted too. `flows=True` draws
    a red arrow back along each edge, with what the last pass sent there: the gradient of the node times its local
    derivative. Operands stand in the order in which they are written, from top to bottom; where order matters, a mark
    tells how an operand is taken, as (−) for what is subtracted. An edge is dashed where nothing can flow back.

    A model whose layers stand in a row is drawn as a network: a circle for each neuron, and lines that are coloured by
    the sign of the weight and as thick as it is large. `draw(model, inputs)` runs it, and the circles show the values;
    `draw(model)` shows those of its last pass, as long as something keeps its graph, such as the loss, and no parameter
    has been changed since. Gradients are shown if they are those of this pass, or where there are no values. Of a layer
    of more than 10 neurons the first and the last are drawn. Numbers stand on the lines where there is room for them;
    the tooltips have all. Any other model is run, and its graph drawn, with its parts folded; so is a network where
    there is an option about graphs, as in draw(model, inputs, depth=1).

    The program of a compiled function, `draw(f.program)`, is drawn as the graph of its instructions, a sum of products
    as one card. It has no numbers, for these are those of each call.

    How it looks: `show` lists, in words, what is shown: of a graph "value gradient operation label", of a network
    "value weight gradient bias label". The direction is "LR" (left to right) or "TB" (top to bottom); `wrap=8` draws a
    long graph in rows of 8 columns each, which is done unasked where it would be too long. The theme is "light",
    "dark", or "auto" for that of the reader; the background "page" for the colour of the theme or "transparent" for
    what the picture stands on, as in notebooks where nothing is said. `legend=True` explains the signs in the picture,
    those that there are; a page has a legend unless it is False.

    What a picture, its page and its description say is in the `language` "en", "pt" or "es"; if nothing is said, in
    that of AUTOGRAD_LANGUAGE, or else of the system. In Portuguese and Spanish numbers have a decimal comma.

    Numbers have 4 significant digits, or as many as `digits` says. With `decimals=2`, what was computed (values,
    gradients, flows) has two decimal places, as 1.37, 0.20 and −0.59; constants in formulas, as the 2 in
    x ^ 2, have `digits` as before.

    How large it is: `fontsize` is the size of the text in pixels (if nothing is said, 13 in a graph and 15 in a
    network), and all else grows with it; `scale=2` makes everything twice as large. Or `size=(1280, 720)` is the size
    of the whole picture in pixels, of which 96 are an inch: the drawing is made to fit, and stands in the middle. Warns
    where the picture is larger than viewers may open, with what to do about it.

    If the picture is not made within `timeout` seconds, TimeoutError is raised. Raises TypeError if `root` is not a
    Value or a model; TypeError or ValueError for a wrong option; ValueError for a node that is not in the graph, and
    for more than `max_nodes` cards, of which every ten edges count as one. The model itself reports what is wrong
    with `inputs`.

    `engine` is deprecated and does nothing: pictures need no Graphviz since 0.2, and 0.4 will not know this option.
    """
    from .diagram import diagram_of
    from .diagram.view import view_of
    from .limits import doing, left, within

    if engine is not None:
        warnings.warn(ENGINE_GOES, DeprecationWarning, stacklevel=2)
    whole("radius", radius, least=0)  # a network does without it, but not with a wrong one
    is_graph, is_trial = isinstance(root, Value | Program), False
    look = Look(
        digits=digits,
        decimals=decimals,
        direction=direction,
        wrap=wrap,
        theme=theme,
        background=background,
        show=show if show is not None and is_graph else EVERYTHING,
        flows=flows,
        legend=legend,
        language=chosen(language),
        scale=scale,
        fontsize=fontsize,
        size=size,
        timeout=timeout,
    )
    if isinstance(root, Program):
        return _program(root, look, max_nodes)
    if not isinstance(root, Value):
        of_graphs = depth is not None or around is not None or _is_asked(highlight) or flows or wrap is not None
        drawn = _root(root, inputs) if of_graphs else _network(root, inputs, look, show, max_nodes)
        if isinstance(drawn, Drawing):
            return drawn
        look = _shown(look, show, type(root).__name__)
        root, is_trial = drawn
        depth = FOLDED if depth is None and around is None else depth
    elif inputs is not None:
        raise TypeError("inputs are for a model, draw(model, inputs); a Value has been computed already: draw(y)")
    if is_trial:
        from .network.trial import look_of_trial, trial_drawing

        look = look_of_trial(look)
    with within(look.timeout, "drawing"):
        view = view_of(root, depth, around, radius, max_nodes, look.said("drawing")["crowd"])
        with within(look.timeout, doing(view.parts, view.links)):
            diagram = diagram_of(root, look, view, highlight)
            return (trial_drawing if is_trial else GraphDrawing)(diagram, look, root, left())


def _program(program: Program, look: Look, max_nodes: int) -> Drawing:
    """The drawing of a program."""
    from .diagram import diagram_of
    from .diagram.view import view_of
    from .limits import left, within
    from .network.trial import look_of_trial
    from .program import graph_of, program_drawing

    if len(program.codes) > max_nodes:
        count = len(program.codes)
        raise ValueError(
            f"the program has {count} instructions, more than max_nodes={max_nodes}: print it, which shows its first "
            f"and last lines, or allow more with max_nodes={count}"
        )
    look = look_of_trial(look, "a program has none: draw what a call answers")
    with within(look.timeout, "drawing"):
        root, depth = graph_of(program, look.language)
        diagram = diagram_of(root, look, view_of(root, depth, max_nodes=max_nodes))
        return program_drawing(program, diagram, look, root, left())


def _is_asked(highlight: Any) -> bool:
    return isinstance(highlight, Value) or bool(highlight)


def _shown(look: Look, show: Any, kind: str) -> Look:
    """The look with what is to be shown of a model that is drawn as a graph, which other words are about."""
    try:
        return look if show is None else replace(look, show=show)
    except (TypeError, ValueError) as error:
        raise type(error)(f"this {kind} is drawn as a graph: {error}") from None


def _network(model: Any, inputs: Any, look: Look, show: str | None, max_nodes: int) -> Drawing | tuple[Value, bool]:
    """The drawing of a model as a network.

    Of one that is none, the Value whose graph is to be drawn instead, and whether it comes from a mere trial.
    """
    from .network.drawing import network_drawing
    from .network.model import NotLayeredError

    _check_model(model)
    try:
        return network_drawing(model, inputs, look, show, max_nodes)
    except NotLayeredError as other:
        return _only(other.outputs, f"{other}, and"), other.is_trial


def _root(model: Any, inputs: Any) -> tuple[Value, bool]:
    """What a model has computed, for options that are about its graph; that is no trial."""
    from .network.model import outputs_of

    _check_model(model)
    outputs = outputs_of(model, inputs)
    if not outputs:
        raise ValueError(
            "depth=, around=, highlight=, flows= and wrap= are about a graph, and there is none of a pass of this "
            f"{type(model).__name__}: give inputs, as in draw(model, inputs, depth=1)"
        )
    return _only(outputs, f"this {type(model).__name__}"), False


def _check_model(model: Any) -> None:
    from ..nn.module import Module

    if isinstance(model, type) and issubclass(model, Module):
        raise TypeError(f"draw(root) takes a model, not its class {model.__name__}: draw({model.__name__}(...))")
    if isinstance(model, Compiled):
        raise TypeError("draw what a compiled function answers, draw(f(x)), or its program, draw(f.program)")
    if not isinstance(model, Module):
        raise TypeError(
            f"draw(root) takes the Value to draw from, not {type(model).__name__}: draw(y), or draw(Value(3)); or a "
            "model, draw(model)"
        )


def _only(outputs: list[Value], which: str) -> Value:
    if len(outputs) == 1:
        return outputs[0]
    raise ValueError(
        f"{which} has {len(outputs)} outputs: draw what one of them is computed from, draw(model(x)[0], depth=1)"
    )


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

# For `autograd.draw` is the function, which hides this package.
draw.notebook_formats = notebook_formats  # type: ignore[attr-defined]
