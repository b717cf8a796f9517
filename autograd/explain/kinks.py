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
from typing import Any

from .. import operations
from ..book import BLOCKED, Operation
from ..engines import Value
from ..locks import CachedProperty
from ..nodes import NodeDict

# The numbers and the speeds of the operands, as the operation's parameters take them: what its value does at a kink,
# where they begin to move at these speeds; None where there is no kink.
Kink = Callable[[Sequence[Any], Sequence[Any]], float | None]


def _at_zero(below: Callable[..., float]) -> Kink:
    """The kink at 0 of a function that passes what is above; what it does below is told of the other operands."""

    def speed(numbers: Sequence[Any], speeds: Sequence[Any]) -> float | None:
        slope = below(*numbers[1:])
        if numbers[0] != 0.0 or slope == 1.0:
            return None
        return float(speeds[0] if speeds[0] > 0 else slope * speeds[0])

    return speed


def _tied(choose: Callable[..., Any]) -> Kink:
    """The kink where several numbers are the chosen one: of these, the speeds decide."""

    def speed(numbers: Sequence[Any], speeds: Sequence[Any]) -> float | None:
        if any(math.isnan(number) for number in numbers):
            return None
        chosen = [speed for number, speed in zip(numbers, speeds, strict=True) if number == choose(numbers)]
        return float(choose(chosen)) if len(chosen) > 1 else None

    return speed


def _of_list(kink: Kink) -> Kink:
    return lambda numbers, speeds: kink(numbers[0], speeds[0])


def _clamped(numbers: Sequence[Any], speeds: Sequence[Any]) -> float | None:
    """That of the larger one of x and the lower end, and then of the smaller one of that and the upper end."""
    lower, upper = _tied(max)(numbers[:2], speeds[:2]), None
    value = max(numbers[:2])
    moving = lower if lower is not None else speeds[numbers.index(value)]
    upper = _tied(min)([value, numbers[2]], [moving, speeds[2]])
    return upper if upper is not None else lower if value < numbers[2] else None


def _from_origin(size: Callable[[Sequence[Any]], float]) -> Kink:
    """The kink of a distance, where it is 0: it goes as far as they do together."""
    return lambda numbers, speeds: float(size(speeds)) if size(numbers) == 0.0 else None


KINKS: dict[Operation, Kink] = {
    operations.relu: _at_zero(lambda: 0.0),
    operations.abs: _at_zero(lambda: -1.0),
    operations.leaky_relu: _at_zero(lambda slope: slope),
    operations.elu: _at_zero(lambda alpha: alpha),
    operations.maximum: _tied(max),
    operations.minimum: _tied(min),
    operations.max: _of_list(_tied(max)),
    operations.min: _of_list(_tied(min)),
    operations.clamp: _clamped,
    operations.hypot: _from_origin(lambda numbers: math.hypot(*numbers)),
    operations.norm: _of_list(_from_origin(lambda numbers: math.hypot(*numbers))),
}
TIES = (operations.maximum, operations.minimum, operations.max, operations.min)

# So many edges are looked at, in all, to tell how the root goes: each leaf needs a walk of its own.
EDGES = 300_000


def is_at_kink(node: Value) -> bool:
    """Whether the operation has a kink where the node was computed: a tie, or ReLU and |x| at 0."""
    return _speed_at_kink(node, [0.0] * len(node.operands)) is not None


def is_at_tie(node: Value) -> bool:
    """Whether several operands are the largest or the smallest one, as the operation chooses."""
    return node.operation in TIES and is_at_kink(node)


def _speed_at_kink(node: Value, speeds: Sequence[float]) -> float | None:
    operation = node.operation
    if operation is None or operation not in KINKS:
        return None
    return KINKS[operation](operation.arguments(node.numbers), operation.arguments(speeds))


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
        at_kink = _speed_at_kink(node, [speeds.get(x, 0.0) if isinstance(x, Value) else 0.0 for x in node.operands])
        if at_kink is not None:
            return at_kink
        # What does not move adds nothing, be its local derivative ever so large.
        moving = [(speeds.get(parent, 0.0), partial) for parent, partial in node.local_gradients()]
        return math.fsum(speed * partial for speed, partial in moving if speed and partial is not BLOCKED)
