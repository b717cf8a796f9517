"""Pictures of computation graphs, as SVG.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> draw(x * x)
<drawing of x × x: 2 nodes>

A graph becomes a diagram (which cards, with which texts), the diagram gets a layout (where they stand), and both
become SVG.
"""

import itertools
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import graphviz  # type: ignore[import-untyped]  # it has no annotations

from ..engines import Value, add_method, ancestors, topological_order
from .diagram import Diagram, diagram_of
from .layout import layout_of, readable_digraph
from .svg import svg_of

# A notebook draws a Value by itself as long as the picture fits a page.
NOTEBOOK_NODES = 150


@dataclass(frozen=True)
class Drawing:
    """A picture of a graph as it was when it was drawn; made by `draw`, shown by Jupyter.

    >>> drawing = draw(Value(2.0, "a") * 3)
    >>> drawing.svg[:4], drawing
    ('<svg', <drawing of a × 3: 2 nodes>)
    """

    svg: str
    _diagram: Diagram
    _direction: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file, in one step; a name that ends in neither .svg nor .dot raises ValueError,
        one in a folder that is not there FileNotFoundError."""
        path = Path(path)
        if path.suffix.lower() not in (".svg", ".dot"):
            raise ValueError(f"a drawing is saved as .svg or .dot, not as {path.name!r}")
        if not path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {str(path.parent)!r} for {path.name}")
        text = self.svg if path.suffix.lower() == ".svg" else self.to_dot().source
        # Whoever interrupts this keeps the old file, for the new one takes its place only when it is whole.
        part = path.with_name(f".{os.getpid()}-{threading.get_ident()}{path.suffix}")
        try:
            part.write_text(text, encoding="utf-8", newline="\n")
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def to_dot(self) -> graphviz.Digraph:
        """The graph for Graphviz, with its labels, to change or to render in another way.

        >>> draw(Value(2.0, "a") * 3).to_dot().body[-1]
        '\\tn0 -> n1\\n'
        """
        return readable_digraph(self._diagram, self._direction)

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "image/svg+xml": self.svg}

    def __repr__(self) -> str:
        return f"<drawing of {self._diagram.title.removeprefix('Computation graph of ')}>"


def draw(
    root: Value,
    *,
    digits: int = 4,
    direction: str = "LR",
    engine: str = "auto",
    max_nodes: int = 1500,
    timeout: float = 30.0,
) -> Drawing:
    """Draw all that `root` was computed from, with values and gradients to so many significant digits.

    >>> x = Value(3.0, "x")
    >>> y = x * x
    >>> y.backward()
    >>> draw(y).save("square.svg")  # doctest: +SKIP

    The direction is "LR" (left to right) or "TB" (top to bottom). The engine "wasm" is the Graphviz that is
    installed with this package, "dot" that of the system, "auto" the first of them that is there. The timeout
    is in seconds. Raises TypeError if `root` is no Value; ValueError if it has more than `max_nodes` nodes;
    TimeoutError; RuntimeError if there is no Graphviz.
    """
    if not isinstance(root, Value):
        raise TypeError(
            f"draw(root) takes the Value to draw from, not {type(root).__name__}: draw(y), or draw(Value(3))"
        )
    _choose("direction", direction, ("LR", "TB"))
    _choose("engine", engine, ("auto", "wasm", "dot"))
    _choose("digits", digits, range(1, 18))
    if not timeout > 0:
        raise ValueError(f"timeout must be a number of seconds above 0, not {timeout!r}")
    count = len(topological_order(root))
    if count > max_nodes:
        raise ValueError(
            f"the graph has {count} nodes, more than max_nodes={max_nodes}: draw from a node further inside, "
            f"or allow more with max_nodes={count}"
        )
    diagram = diagram_of(root, digits)
    return Drawing(svg_of(diagram, layout_of(diagram, direction, engine, timeout)), diagram, direction)


def _choose(name: str, given: Any, choices: Any) -> None:
    if given not in choices:
        shown = f"from {choices[0]} to {choices[-1]}" if isinstance(choices, range) else " or ".join(map(repr, choices))
        raise ValueError(f"{name} must be {shown}, not {given!r}")


# Values in notebooks --------------------------------------------------------------------------------


def _mimebundle(value: Value, include: Any = None, exclude: Any = None) -> dict[str, str]:
    text = repr(value)
    if _has_more_nodes_than(NOTEBOOK_NODES, value):
        return {"text/plain": f"{text}, computed from more than {NOTEBOOK_NODES} nodes: draw(value) shows them"}
    try:
        return {"text/plain": text, "image/svg+xml": draw(value).svg}
    except Exception as error:  # a value must never fail to be shown
        return {"text/plain": f"{text}, not drawn: {error}"}


def _has_more_nodes_than(most: int, root: Value) -> bool:
    """Whether there are more, found without walking all of a large graph."""
    return next(itertools.islice(ancestors(root), most, None), None) is not None


# Set here because dependencies run one way: a Value does not know that it can be drawn.
add_method("_repr_mimebundle_", _mimebundle)
