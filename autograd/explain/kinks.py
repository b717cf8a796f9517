"""What a small step does at a kink or a jump, where a gradient, being one number, cannot tell both sides.

>>> from autograd import Value, maximum
>>> x, y = Value(1.0), Value(1.0)
>>> kinks = Kinks([x, y, maximum(x, y)])
>>> kinks.change({x: 1.0}), kinks.change({x: -1.0}), kinks.change({x: -1.0, y: -1.0})
(1.0, 0.0, -1.0)

Raising one of two equal numbers raises their maximum; lowering one does nothing. The steps go forward through the
graph, by the local derivatives where there is one, and at kinks by the operation itself: one of x + hs and y + ht is
the larger one by as much as s and t say.

Where an operation jumps, as floor does at every whole number, a step takes its value somewhere else at once. From there
on, the nodes are computed again from where their operands land, and a root that jumps goes infinitely fast:

>>> from autograd import floor
>>> x = Value(4.0)
>>> kinks = Kinks([x, floor(x)])
>>> kinks.change({x: -1.0}), kinks.change({x: 1.0})
(-inf, 0.0)
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

# The numbers and the speeds of the operands: where the operation's value lands when they begin to move at these speeds,
# and how fast it goes on from there; None where it does not jump.
Jump = Callable[[Sequence[Any], Sequence[Any]], tuple[float, float] | None]


def _floor(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    [x], [speed] = numbers, speeds
    return (x - 1.0 if speed < 0 else x, 0.0) if x.is_integer() else None


def _ceil(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    [x], [speed] = numbers, speeds
    return (x + 1.0 if speed > 0 else x, 0.0) if x.is_integer() else None


def _round(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    [x], [speed] = numbers, speeds
    if not math.isfinite(x) or x - math.floor(x) != 0.5:
        return None
    return float(math.ceil(x) if speed > 0 else math.floor(x) if speed < 0 else operations.round(x)), 0.0


def _sign(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    return (operations.sign(speeds[0]), 0.0) if numbers[0] == 0.0 else None


def _floor_divide(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    (x, y), (x_speed, y_speed) = numbers, speeds
    if operations.remainder(x, y) != 0.0:  # nan for y = 0
        return None
    quotient = operations.floor_divide(x, y)
    # x − quotient·y leaves 0 away from y: there, y goes into x once less.
    falls = (x_speed - quotient * y_speed) * math.copysign(1.0, y) < 0
    return (quotient - 1.0 if falls else quotient), 0.0


def _remainder(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    landed = _floor_divide(numbers, speeds)
    if landed is None:
        return None
    (x, y), (x_speed, y_speed), quotient = numbers, speeds, landed[0]
    value = operations.remainder(x, y) if quotient == operations.floor_divide(x, y) else y
    return value, x_speed - quotient * y_speed


def _atan2(numbers: Sequence[Any], speeds: Sequence[Any]) -> tuple[float, float] | None:
    (y, x), (y_speed, x_speed) = numbers, speeds
    if y != 0.0 or not x <= 0.0:
        return None
    if x == 0.0:  # from the origin, the angle is that of where the point goes
        return (math.atan2(y_speed or y, x_speed) if y_speed or x_speed else math.atan2(y, x)), 0.0
    return math.atan2(math.copysign(0.0, y_speed or y), x), y_speed / x


JUMPS: dict[Operation, Jump] = {
    operations.floor: _floor,
    operations.ceil: _ceil,
    operations.round: _round,
    operations.sign: _sign,
    operations.floor_divide: _floor_divide,
    operations.remainder: _remainder,
    operations.atan2: _atan2,
}

# So many edges are looked at, in all, to tell how the root goes: each leaf needs a walk of its own.
EDGES = 300_000


def is_at_kink(node: Value) -> bool:
    """Whether the operation has a kink where the node was computed: a tie, or ReLU and |x| at 0."""
    return _speed_at_kink(node, [0.0] * len(node.operands)) is not None


def is_at_tie(node: Value) -> bool:
    """Whether several operands are the largest or the smallest one, as the operation chooses."""
    return node.operation in TIES and is_at_kink(node)


def jumps(node: Value) -> bool:
    """Whether the operation jumps where the node was computed, as floor at whole numbers."""
    jump = JUMPS.get(node.operation) if node.operation else None
    return jump is not None and jump(node.numbers, [0.0] * len(node.numbers)) is not None


def _speed_at_kink(node: Value, speeds: Sequence[float], numbers: Sequence[float] | None = None) -> float | None:
    operation = node.operation
    if operation is None or operation not in KINKS:
        return None
    numbers = node.numbers if numbers is None else numbers
    return KINKS[operation](operation.arguments(numbers), operation.arguments(speeds))


class Kinks:
    """The kinks and jumps of a graph, given in topological order."""

    def __init__(self, order: Sequence[Value]) -> None:
        self._order = order

    @CachedProperty
    def before(self) -> NodeDict[None]:
        """The nodes from which a step runs into a kink or a jump."""
        found = NodeDict[None]()
        for node in reversed(self._order):
            if node in found or is_at_kink(node) or jumps(node):
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
        """How fast the root goes, at first, where nodes begin to move at these speeds; ±inf where it jumps."""
        found, speeds, landed = NodeDict(speeds), NodeDict(speeds), NodeDict[float]()
        for node in self._order:
            if node.operation is None or node in speeds:
                continue
            parents = node.parents
            self._room -= len(parents)
            if self._room < 0:
                return math.nan
            if any(parent in found for parent in parents):
                value, found[node] = _moved(node, found, landed)
                if value != node.data:
                    landed[node] = value
        root = self._order[-1]
        return math.inf * (landed[root] - root.data) if root in landed else found.get(root, 0.0)

    _room = EDGES


def _moved(node: Value, speeds: Mapping[Value, float], landed: Mapping[Value, float]) -> tuple[float, float]:
    """Where the node lands and how fast it goes on, from the speeds of its operands and where these have jumped to."""
    operation, operands, numbers = node.operation, node.operands, node.numbers
    assert operation is not None
    moving = [speeds.get(x, 0.0) if isinstance(x, Value) else 0.0 for x in operands]
    if any(map(math.isnan, moving)):  # which no comparison at a kink or a jump would see
        return math.nan, math.nan
    has_jumped = any(parent in landed for parent in node.parents)
    if has_jumped:
        pairs = zip(operands, numbers, strict=True)
        numbers = tuple([landed.get(x, number) if isinstance(x, Value) else number for x, number in pairs])
    if operation in JUMPS and (jump := JUMPS[operation](numbers, moving)) is not None:
        return jump
    try:
        value, slopes = _computed(operation, numbers, moving) if has_jumped else (node.data, _slopes(node, speeds))
        at_kink = _speed_at_kink(node, moving, numbers)
        # What does not move adds nothing, be its local derivative ever so large.
        flows = [speed * slope for speed, slope in slopes if speed and slope is not BLOCKED]
        return value, at_kink if at_kink is not None else math.fsum(flows)
    except (ArithmeticError, ValueError):  # inf − inf, or a rule of a program that cannot tell what it is there
        return (math.nan if has_jumped else node.data), math.nan


# The speeds of operands with the local derivatives towards them.
Slopes = list[tuple[float, float | None]]


def _slopes(node: Value, speeds: Mapping[Value, float]) -> Slopes:
    return [(speeds.get(parent, 0.0), partial) for parent, partial in node.local_gradients()]


def _computed(operation: Operation, numbers: Sequence[float], moving: Sequence[float]) -> tuple[float, Slopes]:
    """The operation's value at other numbers, and its slopes towards the operands that move there."""
    value, partials = operation.rule(*operation.arguments(numbers))
    pairs = zip(moving, partials(), strict=True)
    return float(value), [(speed, partial() if callable(partial) else partial) for speed, partial in pairs if speed]
