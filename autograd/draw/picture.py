"""A diagram and its look, as a picture: SVG, or DOT for Graphviz.

>>> from autograd import Value, draw
>>> draw(Value(2.0, "a") * 3).svg[:4]
'<svg'

What makes them is imported when they are asked for: most programs only train.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..engines import Value
from ..locks import CachedProperty
from .look import Look

if TYPE_CHECKING:
    import graphviz  # type: ignore[import-untyped]  # it has no annotations

    from .diagram import Diagram


@dataclass(frozen=True)
class Picture:
    """A graph as it was when it was drawn."""

    diagram: "Diagram"
    look: Look
    root: Value = field(repr=False, compare=False)  # for the page, which steps through its passes
    seconds: float = field(repr=False, compare=False)  # what is left of the timeout

    @CachedProperty
    def svg(self) -> str:
        """The picture as text, laid out when it is first asked for.

        Raises TimeoutError; RuntimeError if there is no Graphviz.
        """
        return self._drawn(self.look)

    @CachedProperty
    def notebook_svg(self) -> str:
        """The picture for a page that has a ground of its own, unless one was asked for."""
        return self._drawn(replace(self.look, background=self.look.background or "transparent"))

    def _drawn(self, look: Look) -> str:
        from .layout import layout_of
        from .svg import svg_of

        with self._in_time():
            return svg_of(self.diagram, layout_of(self.diagram, look.direction, look.engine), look)

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
        from .layout import readable_digraph

        with self._in_time():
            return readable_digraph(self.diagram, self.look.direction)
