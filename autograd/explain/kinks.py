"""What a small step does at a kink, where a gradient, being one number, cannot tell both sides.

>>> from autograd import Value, maximum
>>> x, y = Value(1.0), Value(1.0)
>>> kinks = Kinks([x, y, maximum(x, y)])
>>> kinks.change({x: 1.0}), kinks.change({x: -1.0}), kinks.change({x: -1.0, y: -1.0})
(1.0, 0.0, -1.0)

Raising one of two equal numbers raises their maximum; lowering one does nothing. The steps go forward through the
graph, by the local derivatives where there is one, and at kinks by the operation itself: one of x + hs and y + ht is
the larger one by as much as s and t say.
"""

import math
from collections.abc import Callable, Mapping, Sequence

from .. import operations
from ..book import BLOCKED, Operation
from ..engines import Value
from ..locks import CachedProperty
from ..nodes import NodeDict

# How far an operation goes where its operands begin to move from a kink, each at a speed of its own.
SPEEDS: dict[Operation, Callable[..., float]] = {
    operations.relu: lambda s: max(0.0, s),
    operations.abs: abs,
    operations.maximum: max,
    operations.minimum: min,
}

# So many edges are looked at, in all, to tell how the root goes: each leaf needs a walk of its own.
EDGES = 300_000


def is_at_kink(node: Value) -> bool:
    """Whether the operation has a kink where the node was computed: a tie, or ReLU and |x| at 0."""
    if node.operation not in SPEEDS:
        return False
    return node.numbers[0] == (node.numbers[1] if len(node.numbers) > 1 else 0.0)


class Kinks:
    """The kinks of a graph, given in topological order."""

    def __init__(self, order: Sequence[Value]) -> None:
        self._order = order

    @CachedProperty
    def before(self) -> NodeDict[None]:
        """The nodes from which a step runs into a kink."""
        found = NodeDict[None]()
        for node in reversed(self._order):
            if node in found or is_at_kink(node):
                found.update([(parent, None) for parent in node.parents])
        return found

    def sides(self, node: Value) -> tuple[float, float] | None:
        """How the root goes where a node is lowered and where it is raised; None where there is no kink in between.

        Both are nan where that would be too much to find out.
        """
        if node not in self.before:
            return None
        return self.change({node: -1.0}), self.change({node: 1.0})

    def change(self, speeds: Mapping[Value, float]) -> float:
        """How fast the root goes, at first, where nodes begin to move at these speeds."""
        found, speeds = NodeDict(speeds), NodeDict(speeds)
        for node in self._order:
            if node.operation is None or node in speeds:
                continue
            parents = node.parents
            self._room -= len(parents)
            if self._room < 0:
                return math.nan
            if any(parent in found for parent in parents):
                found[node] = self._speed(node, found)
        return found.get(self._order[-1], 0.0)

    _room = EDGES

    def _speed(self, node: Value, speeds: Mapping[Value, float]) -> float:
        if is_at_kink(node):
            assert node.operation is not None
            return SPEEDS[node.operation](*[speeds.get(x, 0.0) if isinstance(x, Value) else 0.0 for x in node.operands])
        # What does not move adds nothing, be its local derivative ever so large.
        moving = [(speeds.get(parent, 0.0), partial) for parent, partial in node.local_gradients()]
        return math.fsum(speed * partial for speed, partial in moving if speed and partial is not BLOCKED)
