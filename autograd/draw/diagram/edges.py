"""The edges of a diagram: what is marked at their arrow heads, what they carry, and how broad that makes them.

>>> from autograd import Value, draw
>>> x = Value(3.0, "x")
>>> y = x - x * 2
>>> y.backward()
>>> [(edge.mark, edge.flow) for edge in draw(y, flows=True).diagram.edges]
[('', '−2'), ('', '1'), ('(−)', '−1')]
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ...book import BLOCKED
from ...engines import Value
from ..limits import each
from ..look import Look
from .blocks import Current, currents
from .cards import DASH
from .symbols import marks_of
from .view import View

THIN, THICK = 1.0, 3.5  # edges by their flows
COUNTS = 100  # of more edges between groups, the counts would hide the lines


@dataclass(frozen=True)
class Edge:
    """A link as it is shown; `mark` stands at its arrow head, `flow` is the number that it carries."""

    id: str
    tail: int
    head: int
    mark: str = ""
    flow: str = ""
    width: float = 1.2
    is_blocked: bool = False  # nothing passes, whatever arrives
    is_highlighted: bool = False


def edges_of(view: View, look: Look, highlighted: frozenset[int]) -> list[Edge]:
    """An edge for each link of a view."""
    marks: dict[int, list[str]] = {}
    edges: list[Edge] = []
    flows: list[float | None] = []
    counts = sum(link.count > 1 for link in view.links) <= COUNTS
    for i, (link, current) in enumerate(each(zip(view.links, currents(view), strict=True))):
        mark, text, flow = "", "", None
        if link.operand is None:
            mark = look.counted(link.count, "edge") if link.count > 1 and counts else ""
        else:
            place, position = link.operand
            node = view.order[place]
            if place not in marks:
                marks[place] = marks_of(node, look)
            mark, flow = marks[place][position], _flow(node, current)
            text = (DASH if flow is None else look.decimal(flow)) if look.flows else ""
        edges.append(Edge(f"edge-{i}", link.tail, link.head, mark, text, 1.2, not current.carried, i in highlighted))
        flows.append(flow)
    if look.flows:
        edges = [replace(edge, width=width) for edge, width in zip(edges, _widths(flows), strict=True)]
    return edges


def _flow(node: Value, current: Current) -> float | None:
    """What the last pass has sent along an edge to this node."""
    if not node.has_grad:
        return None
    return 0.0 if current.carried is BLOCKED or current.partial is None else node.grad * current.partial


def _widths(flows: Sequence[float | None]) -> list[float]:
    """Widths by the order of magnitude: the largest flow is THICK, one of at most a hundredth of it is THIN."""
    sizes = [abs(flow) if flow else 0.0 for flow in flows]
    largest = max((size for size in sizes if math.isfinite(size)), default=0.0)

    def share(size: float) -> float:
        if size == math.inf:
            return 1.0
        return max(0.0, 1.0 + (math.log10(size) - math.log10(largest)) / 2) if size > 0.0 else 0.0

    return [THIN + (THICK - THIN) * share(size) for size in sizes]
