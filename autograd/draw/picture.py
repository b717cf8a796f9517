"""A picture as text, of one kind or another: what files, pages and notebooks are made of.

>>> from autograd import Value, draw
>>> draw(Value(2.0, "a") * 3).svg[:4]
'<svg'

What makes a picture is imported when it is asked for: most programs only train.
"""

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..engines import Value
from ..locks import CachedProperty
from ..terminal import printable
from .look import Look

if TYPE_CHECKING:
    import graphviz  # type: ignore[import-untyped]  # it has no annotations

    from .diagram import Diagram


class Picture(ABC):
    """A picture of something as it was when it was drawn."""

    look: Look

    @property
    @abstractmethod
    def title(self) -> str:
        """What is drawn, in one line."""

    @property
    @abstractmethod
    def description(self) -> str:
        """What is seen, in sentences, for those who do not see it."""

    @property
    @abstractmethod
    def svg(self) -> str:
        """The picture as text."""

    @property
    def notebook_svg(self) -> str:
        """The picture for a page that has a ground of its own."""
        return self.svg

    def to_html(self) -> str:
        """The picture as a page: one file that needs no server and no network.

        Raises ValueError for a kind of drawing that has none.
        """
        raise ValueError(f"{self!r} has no page: save it as .svg, .png or .pdf")

    def to_dot(self) -> "graphviz.Digraph":
        """What is drawn, for Graphviz; raises ValueError for a kind of drawing that is not a graph."""
        raise ValueError(f"{self!r} is not a graph that Graphviz could lay out: save it as .svg, .png or .pdf")

    def __repr__(self) -> str:
        return printable(f"<drawing: {self.title}>")


class LaidOutPicture(Picture):
    """A picture that can be drawn again with another look."""

    @abstractmethod
    def _drawn(self, look: Look) -> str:
        """The picture with that look."""

    @CachedProperty
    def svg(self) -> str:
        """The picture as text, laid out when it is first asked for.

        Raises TimeoutError.
        """
        return self._drawn(self.look)

    @CachedProperty
    def notebook_svg(self) -> str:
        """The picture for a page that has a ground of its own, unless one was asked for."""
        return self._drawn(self.look.on_a_page())


@dataclass(frozen=True)
class GraphPicture(LaidOutPicture):
    """A graph as it was when it was drawn: the diagram has its cards and edges, `root` is the Value that was drawn."""

    diagram: "Diagram"
    look: Look
    root: Value = field(compare=False)  # for the page, which steps through its passes
    seconds: float = field(compare=False)  # what is left of the timeout

    def __hash__(self) -> int:
        return hash((self.title, self.look))

    @property
    def title(self) -> str:
        """What is drawn: the expression and its size."""
        return self.diagram.title

    @property
    def description(self) -> str:
        """What is seen: values, gradients and the way the graph is drawn, in sentences."""
        return self.diagram.description

    def _drawn(self, look: Look) -> str:
        from .layout import layout_of
        from .sheet import factor_of
        from .svg import svg_of

        with self._in_time():
            layout = layout_of(self.diagram, look.direction, look.wrap, look.size, factor_of(look))
            return svg_of(self.diagram, layout, look)

    def _in_time(self) -> AbstractContextManager[None]:
        from .limits import doing, within

        return within(self.seconds, doing(self.diagram.cards, self.diagram.edges), self.look.timeout)

    @property
    def node_ids(self) -> dict[int, str]:
        """The id in the SVG of the card of each node, by the node's place in `topological_order(root)`.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0) * 3).node_ids
        {0: 'g...-node-0', 1: 'g...-node-1'}

        Nodes of a folded group have the id of the group's card; nodes that are not drawn are missing.
        """
        return {place: f"{self.prefix}-{name}" for place, name in self.diagram.node_ids.items()}

    @property
    def edge_ids(self) -> dict[tuple[int, int], str]:
        """The id in the SVG of each edge between two nodes: by the place of the upper node, and which operand it is.

        >>> from autograd import Value, draw
        >>> x = Value(2.0)
        >>> draw(x * x).edge_ids
        {(1, 0): 'g...-edge-0', (1, 1): 'g...-edge-1'}
        """
        return {operand: f"{self.prefix}-{name}" for operand, name in self.diagram.edge_ids.items()}

    @CachedProperty
    def prefix(self) -> str:
        """What all ids and classes in the SVG begin with, so that two drawings on one page do not mix."""
        from .svg import prefix_of

        return prefix_of(self.diagram, self.look)

    def to_dot(self) -> "graphviz.Digraph":
        """The graph for Graphviz, with its labels, to change or to render in another way.

        >>> from autograd import Value, draw
        >>> draw(Value(2.0, "a") * 3).to_dot().body[-1]
        '\\tn0 -> n1\\n'
        """
        from .dot import dot_of

        with self._in_time():
            return dot_of(self.diagram, self.look.direction)

    def __repr__(self) -> str:
        return printable(self.look.said("drawing")["name"].format(self.title))
