"""From one call of a function to a program: the graph that the call makes is read, and what the function asked.

While a function is recorded, its arguments are leaves that stand for any number. What it compares becomes a guard: a
replay in which a comparison comes out differently belongs to another recording. What would be frozen without a word,
as a number that is read from a Value, is an error.
"""

import linecache
import operator
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


class Argument(Value):
    """A number among the arguments of a function that is being recorded: a leaf that stands for any number."""

    def __eq__(self, other: object) -> Any:
        return self is other or self._decided(operator.eq, other)

    def __ne__(self, other: object) -> Any:
        return self is not other and self._decided(operator.ne, other)

    def __bool__(self) -> Any:
        return self._decided(operator.ne, 0.0)

    def __hash__(self) -> int:
        raise self._error("is not a key of a dict or set", f"autograd.take(rows, {self.label})")

    def __index__(self) -> NoReturn:
        raise self._error("is not an index", f"autograd.take(rows, {self.label}) for rows[{self.label}]")

    def __int__(self) -> NoReturn:
        raise self._error("is not a whole number", f"autograd.floor({self.label})")

    def __float__(self) -> NoReturn:
        raise self._error("is not a float", f"{self.label} itself, with autograd.exp for math.exp")

    def _error(self, what: str, remedy: str) -> TypeError:
        frame = _users_frame()
        static = self.label.partition("[")[0]
        return TypeError(
            f"{self.label} {what} in a compiled function, where it may be any number: use {remedy}; or compile with "
            f"static=({static!r},), for a number that shapes the computation; at "
            f"{told_place(frame.f_code, frame.f_lasti)}"
        )

    def _decided(self, compare: Callable[[Any, Any], bool], other: object) -> Any:
        if isinstance(other, (Argument, int, float)):
            outcome = compare(self._data, other._data if isinstance(other, Argument) else other)
            recorder = mode().recorder
            if recorder is not None:
                recorder.compares(compare, self, other, outcome)
            return outcome
        return NotImplemented


def _named(value: Any) -> str:
    return value.label or (value.operation.name if value.operation else "a Value")


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
        frame = _users_frame()
        self.places.append((frame.f_code, frame.f_lasti))

    def reads(self, value: Any, how: str) -> None:
        """Raise TypeError for a number that is read from what varies from call to call."""
        if self.varies(value):
            self._refuse(
                f"reads {how} of {_named(value)}, which would be the same number at every call of the compiled "
                "function: compute with the Value itself, use v.detach() for its number without a gradient, compare "
                "Values with < and >, or compute this outside"
            )

    def changes(self, value: Any, what: str) -> None:
        """Raise TypeError for what is done to Values that the call has not made, as a replay would not do it again."""
        if value._birth <= self.start or what.startswith("calls"):
            self._refuse(
                f"{what} {_named(value)}, which would be done at the first call of the compiled function alone: do it "
                "outside; for a derivative inside, use autograd.gradient(output, inputs)"
            )

    def _refuse(self, reason: str) -> NoReturn:
        frame = _users_frame()
        raise TypeError(f"{self.name} {reason}; at {told_place(frame.f_code, frame.f_lasti)}")

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


def _users_frame() -> Any:
    """The innermost frame that is outside of this package."""
    frame: Any = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return frame


_PACKAGE = __name__.partition(".")[0]


def told_place(code: CodeType, instruction: int) -> str:
    """A place in a program, as "file:12: source"."""
    line = list(code.co_positions())[instruction // 2][0] or code.co_firstlineno
    return f"{code.co_filename}:{line}: {linecache.getline(code.co_filename, line).strip()}"


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
    slots_of_outputs = array("i", [writer.slot(output) for output in outputs])
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
        slots_of_outputs,
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
