"""Pictures of computation graphs, as SVG.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> draw(x * x)
<drawing of x × x: 2 nodes>

What of a graph is to be seen (the view) becomes a diagram (which cards, with which texts), the diagram gets a layout
(where they stand), and both become SVG. All of that is imported when something is drawn: most programs only train.
"""

from typing import TYPE_CHECKING, Any

from ..engines import Value
from ..terminal import printable
from .look import Look
from .picture import Picture

if TYPE_CHECKING:
    from ..files import AnyPath

# A notebook draws a Value by itself as long as the picture fits a page.
NOTEBOOK_NODES = 150


class Drawing(Picture):
    """A picture of a graph as it was when it was drawn; made by `draw`, shown by Jupyter.

    >>> drawing = draw(Value(2.0, "a") * 3)
    >>> drawing.svg[:4], drawing
    ('<svg', <drawing of a × 3: 2 nodes>)
    """

    def save(self, path: "AnyPath") -> None:
        """Write the picture to a file, whole or not at all; its name ends in .svg, .html, .png, .pdf or .dot.

        An .html is a page to step through the forward and the backward pass, as `explain` tells them.

        Raises ValueError for another ending, FileNotFoundError for a folder that is not there, and RuntimeError for
        .png and .pdf where the extra that makes them is not installed.
        """
        from .files import write

        write(self, path)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return _bundle(repr(self), self)

    def __repr__(self) -> str:
        return printable(f"<drawing of {self.diagram.title.removeprefix('Computation graph of ')}>")


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
    theme: str = "auto",
    engine: str = "auto",
    max_nodes: int = 1500,
    timeout: float = 30.0,
) -> Drawing:
    """Draw everything that `root` was computed from.

    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> draw(y).save("square.svg")  # doctest: +SKIP

    What is drawn: scopes are framed. `depth=1` folds each outermost scope up into one card, `depth=2` the scopes in
    these, and so on. `around=node` draws that node and everything at most `radius` edges away from it.

    How it looks: `highlight` is a node or a list of nodes; where it is a path, its edges are highlighted too. `show`
    lists, in words, what is on a card. `flows=True` writes on each edge what the last pass sent through it, the
    gradient of the node times its local derivative. The direction is "LR" (left to right) or "TB" (top to bottom); the
    theme "light", "dark", or "auto" for that of the reader.

    Numbers have 4 significant digits, or as many as `digits` says. With `decimals=2`, what was computed (values,
    gradients, flows) has two places behind the point, as 1.37, 0.20 and −0.59; constants in formulas, as the 2 in
    x ^ 2, have `digits` as before.

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
        theme=theme,
        show=show,
        flows=flows,
        engine=engine,
        timeout=timeout,
    )
    with within(look.timeout, "drawing"):
        view = view_of(root, depth, around, radius, max_nodes)
        with within(look.timeout, doing(view.parts, view.links)):
            return Drawing(diagram_of(root, look, view, highlight), look, root, left())


# Notebooks ------------------------------------------------------------------------------------------


def _bundle(text: str, drawing: Drawing) -> dict[str, str]:
    try:
        return {"text/plain": text, "text/html": _image(drawing), "image/svg+xml": drawing.svg}
    except Exception as error:  # nothing must ever fail to be shown
        return {"text/plain": f"{text}, not drawn: {error}"}


def _image(drawing: Drawing) -> str:
    """The picture as an <img>, which Jupyter shows also where it does not trust a notebook."""
    import base64
    import html

    alt = html.escape(f"{drawing.diagram.title}. {drawing.diagram.description}")
    data = base64.b64encode(drawing.svg.encode()).decode()
    return f'<img alt="{alt}" src="data:image/svg+xml;base64,{data}">'


def _mimebundle(value: Value, include: Any = None, exclude: Any = None) -> dict[str, str]:
    from .limits import EDGES, is_larger_than

    text = repr(value)
    try:
        if is_larger_than(NOTEBOOK_NODES, value):
            remedy = "draw(value) shows them, draw(value, depth=1) shows one card for each scope"
            than = f"{NOTEBOOK_NODES} nodes, or {NOTEBOOK_NODES * EDGES:,} edges"
            return {"text/plain": f"{text}, computed from more than {than}: {remedy}"}
        return _bundle(text, draw(value))
    except Exception as error:  # a value must never fail to be shown
        return {"text/plain": f"{text}, not drawn: {error}"}


# Set here because dependencies run one way: a Value does not know that it can be drawn.
Value._repr_mimebundle_ = _mimebundle  # type: ignore[attr-defined]
