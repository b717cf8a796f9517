"""From one call of a function to a program: the graph that the call makes is read, and what the function asked.

While a function is recorded, its arguments are leaves that stand for any number. What it compares becomes a guard: a
replay in which a comparison comes out differently belongs to another recording. What would be frozen without a word,
as a number that is read from a Value, is an error.
"""

import operator
import random
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any, NoReturn

from ..engines import Value
from ..modes import mode
from ..taking import TAKE
from ..value import by_birth
from .program import Program

RELATION_OF: dict[Any, int] = {
    operator.lt: 0, operator.le: 1, operator.gt: 2, operator.ge: 3, operator.eq: 4, operator.ne: 5,
}  # fmt: skip

_REMEDY = "in a compiled function it would stay what it is now"


class Argument(Value):
    """A number among the arguments of a function that is being recorded: a leaf that stands for any number."""

    def __eq__(self, other: object) -> Any:
        return self is other or self._decided(operator.eq, other)

    def __ne__(self, other: object) -> Any:
        return self is not other and self._decided(operator.ne, other)

    def __bool__(self) -> Any:
        return self._decided(operator.ne, 0.0)

    def __hash__(self) -> int:
        raise TypeError(
            f"{self.label} is not a key of a dict or set in a compiled function, because it may be any number: "
            f"use autograd.take(rows, {self.label}), or compile with static={_static(self)}"
        )

    def __index__(self) -> NoReturn:
        raise TypeError(
            f"{self.label} may be any number in a compiled function: use autograd.take(rows, {self.label}) for "
            f"rows[{self.label}], or compile with static={_static(self)}, where it shapes the computation"
        )

    def __int__(self) -> NoReturn:
        self.__index__()

    def __float__(self) -> NoReturn:
        raise TypeError(
            f"float({self.label}) would be the same number at every call of a compiled function: compute with "
            f"{self.label} itself, with autograd.exp for math.exp, or compile with static={_static(self)}"
        )

    def _decided(self, compare: Callable[[Any, Any], bool], other: object) -> Any:
        if isinstance(other, (Argument, int, float)):
            outcome = compare(self._data, other._data if isinstance(other, Argument) else other)
            recorder = mode().recorder
            if recorder is not None:
                recorder.compares(compare, self, other, outcome)
            return outcome
        return NotImplemented


def _static(argument: Argument) -> str:
    return f"({argument.label.partition('[')[0]!r},)"


class Recorder:
    """What a function asks while it is recorded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.start = Value(0.0)._birth  # what is younger is made by this call
        self.given: set[int] = set()  # the births of its arguments
        # Each comparison: the relation, both sides, what came out, and where in which code it was asked.
        self.comparisons: list[tuple[int, Any, Any, bool]] = []
        self.places: list[tuple[CodeType, int]] = []

    def compares(self, compare: Callable[[Any, Any], bool], value: Any, other: Any, outcome: bool) -> None:
        """Keep a comparison as a guard."""
        self.comparisons.append((RELATION_OF[compare], value, other, outcome))
        frame: Any = sys._getframe(2)
        while frame.f_globals.get("__package__", "") == "autograd" and frame.f_back is not None:
            frame = frame.f_back  # the engine's own
        self.places.append((frame.f_code, frame.f_lasti))

    def reads(self, value: Any, how: str) -> None:
        """Raise TypeError for a number that is read from what varies from call to call."""
        if self.varies(value):
            what = value.label or (value.operation.name if value.operation else "this Value")
            raise TypeError(
                f"{self.name} reads {how} of {what}, and {_REMEDY}: compute with the Value itself, use v.detach() for "
                f"its number without gradient, compare Values with < and >, or leave this function uncompiled; "
                f"at {_users_line()}"
            )

    def varies(self, value: Any) -> bool:
        """Whether a number may be another one at another call: whether it depends on an argument or a parameter."""
        pending, seen = [value], set()
        while pending:
            each = pending.pop()
            if each._birth <= self.start or each._birth in self.given:
                return True
            if each._birth not in seen:
                seen.add(each._birth)
                pending += each.parents
        return False


def _users_line() -> str:
    frame: Any = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "autograd":
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def read(
    recorder: Recorder, inputs: Sequence[Any], outputs: Sequence[Any], differentiable: bytes
) -> tuple[Program, list[Any], "array[float]"]:
    """The program of a recorded call, its parameters, and the number that each instruction has come to."""
    sides = [side for _, left, right, _ in recorder.comparisons for side in (left, right) if isinstance(side, Value)]
    nodes = _made_inside([*outputs, *sides], recorder.start)
    given = recorder.given
    parameters: dict[int, Any] = {}
    leaves: dict[int, Any] = {}
    for node in nodes:
        for operand in node.operands:
            if isinstance(operand, Value) and operand._birth not in given and operand.operation is None:
                (leaves if operand._birth > recorder.start else parameters)[operand._birth] = operand
            elif isinstance(operand, Value) and operand._birth <= recorder.start:
                parameters[operand._birth] = operand
    for root in (*outputs, *sides):
        if root._birth <= recorder.start:
            parameters[root._birth] = root
        elif root.operation is None and root._birth not in given:
            leaves[root._birth] = root
    writer = _Writer([*inputs, *(parameters[birth] for birth in sorted(parameters))])
    for leaf in leaves.values():
        writer.slot_of_birth[leaf._birth] = writer.constant(leaf._data)
    writer.count_constants(nodes, recorder)
    for node in nodes:
        writer.write(node)
    guards = array("i")
    for relation, left, right, outcome in recorder.comparisons:
        guards.extend((relation, writer.slot(left), writer.slot(right), outcome))
    program = Program(
        recorder.name,
        tuple(writer.operations),
        tuple([leaf.label for leaf in inputs]),
        differentiable,
        tuple([parameter.label for parameter in writer.given[len(inputs) :]]),
        array("d", writer.constants),
        writer.codes,
        writer.starts,
        writer.operands,
        array("i", [-1]) * len(writer.codes),
        array("i", [writer.slot(output) for output in outputs]),
        guards,
        {"recorded": len(writer.codes)},
    )
    return program, writer.given[len(inputs) :], writer.numbers


def _made_inside(roots: Iterable[Any], start: int) -> list[Any]:
    """The nodes that roots were computed from, and themselves, as far as the call made them, in the order of birth."""
    found, seen = [], set()
    pending = list(roots)
    while pending:
        node = pending.pop()
        if node._birth > start and node._birth not in seen and node.operation is not None:
            seen.add(node._birth)
            found.append(node)
            pending += [operand for operand in node.operands if not isinstance(operand, float)]
    found.sort(key=by_birth)
    return found


class _Writer:
    """The instructions that were written so far."""

    def __init__(self, given: list[Any]) -> None:
        self.given = given
        self.slot_of_birth = {value._birth: slot for slot, value in enumerate(given)}
        self.constants: list[float] = []
        self.constant_slots: dict[str, int] = {}
        self.operations: dict[Any, int] = {}
        self.codes, self.starts, self.operands = array("H"), array("i", [0]), array("i")
        self.numbers = array("d")
        self.taken: dict[int, Any] = {}

    def constant(self, number: float) -> int:
        """The slot of a constant; 0.0 and −0.0 are two."""
        text = repr(number)
        if text not in self.constant_slots:
            self.constant_slots[text] = len(self.given) + len(self.constants)
            self.constants.append(number)
        return self.constant_slots[text]

    def count_constants(self, nodes: Iterable[Any], recorder: Recorder) -> None:
        """Give all constants their slots, which come before those of the instructions."""
        for node in nodes:
            for operand in node.operands:
                if isinstance(operand, float):
                    self.constant(operand)
        for _, left, right, _ in recorder.comparisons:
            for side in (left, right):
                if not isinstance(side, Value):
                    self.constant(float(side))

    def slot(self, operand: Any) -> int:
        """The slot of an operand."""
        if not isinstance(operand, Value):
            return self.constant(float(operand))
        if operand._birth in self.taken:
            # Written once more for each that consumes it: so the flow goes to the one that was taken in its own turn.
            return self.written(self.taken[operand._birth])
        return self.slot_of_birth[operand._birth]

    def write(self, node: Any) -> None:
        """The instruction of a node; that of a `take` waits for those who consume it."""
        if node.operation is TAKE:
            self.taken[node._birth] = node
        else:
            self.slot_of_birth[node._birth] = self.written(node)

    def written(self, node: Any) -> int:
        slots = [self.slot(operand) for operand in node.operands]
        self.codes.append(self.operations.setdefault(node.operation, len(self.operations)))
        self.operands.extend(slots)
        self.starts.append(len(self.operands))
        self.numbers.append(node._data)
        return len(self.given) + len(self.constants) + len(self.codes) - 1


# Random numbers -------------------------------------------------------------------------------------


def random_states() -> list[Any]:
    """The states of the generators that a program draws from without naming one."""
    states: list[Any] = [random.getstate()]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        kind, keys, *others = numpy.get_state()
        states.append((kind, keys.tobytes(), *others))
    return states


def check_random(name: str, before: list[Any], again: Callable[[], Any]) -> None:
    """Raise TypeError if a random number was drawn; the function is run once more to see at which line."""
    if random_states() == before:
        return
    drawn: list[str] = []

    def watch(frame: Any, event: str, function: Any) -> None:
        if event == "c_call" and not drawn and isinstance(getattr(function, "__self__", None), random.Random):
            while frame.f_back is not None and frame.f_code.co_filename == random.__file__:
                frame = frame.f_back
            drawn.append(f" at {frame.f_code.co_filename}:{frame.f_lineno}")

    profile = sys.getprofile()
    sys.setprofile(watch)
    try:
        again()
    finally:
        sys.setprofile(profile)
    raise TypeError(
        f"{name} draws a random number{''.join(drawn)}, which would be the same at every call of the compiled "
        "function: draw it outside, and pass it as an argument"
    )
