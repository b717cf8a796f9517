"""From one call of a function to a program: the graph that the call makes is read, and what the function asked.

While a function is recorded, its arguments are leaves that stand for any number. What it compares becomes a guard: a
replay in which a comparison comes out differently belongs to another recording. What would be frozen without a word,
as a number that is read from a Value, is an error.
"""

import linecache
import operator
import sys
import weakref
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from types import CodeType
from typing import Any, NoReturn

from ..engines import Value
from ..ieee import real
from ..notation import brief
from ..operations import identity
from ..taking import TAKE
from ..value import by_birth
from .names import Place
from .program import Program

RELATION_OF: dict[Any, int] = {
    operator.lt: 0, operator.le: 1, operator.gt: 2, operator.ge: 3, operator.eq: 4, operator.ne: 5,
}  # fmt: skip

# What is taken from what was taken, again and again, is written for each that consumes it until so many are written.
MOST_TAKEN = 256


class Recorder:
    """What a function asks while it is recorded."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._is_telling = False
        self.start = Value(0.0)._birth  # what is younger is made by this call
        self.given: set[int] = set()  # the births of its arguments,
        self.numbers: set[int] = set()  # and of those that are plain numbers
        # Each comparison: the relation, both sides, what came out, and where in which code it was asked.
        self.comparisons: list[tuple[int, Any, Any, bool]] = []
        self.places: list[tuple[CodeType, int]] = []
        # What the call has made, as weak references; where the reader can see that, what somebody else holds of it.
        self.made: list[weakref.ref[Any]] = []
        # The scopes that it opens, by which parameters are called: the path of each, and a weak reference to what tells
        # its members. (That may hold Values of this call, which nobody else does.)
        self.scopes: dict[Place, None] = {}

    def opens(self, scope: Any) -> None:
        """Remember a scope; a module opens the same one at each of its calls."""
        with suppress(TypeError):  # for what has no weak references, or no hash
            self.scopes[scope.path, weakref.ref(scope.members)] = None

    def compares(self, compare: Callable[[Any, Any], bool], value: Any, other: Any, outcome: bool) -> None:
        """Keep a comparison as a guard."""
        self.comparisons.append((RELATION_OF[compare], value, other, outcome))
        frame = _users_frame()
        self.places.append((frame.f_code, frame.f_lasti))

    def reads(self, value: Any, how: str) -> None:
        """Raise TypeError for a number that is read from what varies from call to call."""
        if not self._is_telling and self.varies(value):
            self._refuse(
                f"reads {how} of {self._named(value)}, which would be the same number at every call of the compiled "
                "function: compute with the Value itself, use v.detach() for its number without a gradient, compare "
                "Values with < and >, or compute this outside"
            )

    def changes(self, value: Any, what: str) -> None:
        """Raise TypeError for what is done to Values, as a replay would not do it again."""
        if value._birth <= self.start or value._birth in self.given or what.startswith("calls"):
            self._refuse(
                f"{what} {self._named(value)}, which would be done at the first call of the compiled function alone: "
                "do it outside; for a derivative inside, use autograd.gradient(output, inputs)"
            )

    def converts(self, value: Any, what: str) -> None:
        """Raise TypeError for a number that would stay the same, as an index, a key or a float of Python's own."""
        if self.varies(value) and (what != "a key of a dict or set" or self.is_plain(value)):
            name = self._named(value)
            is_argument = value._birth in self.numbers
            static = f"; or compile with static=({name.partition('[')[0]!r},), for a number that shapes the computation"
            self._refuse(
                f"takes {name} as {what}, which would be the same at every call of the compiled function: use "
                f"autograd.take(rows, {name}) for rows[{name}], autograd.exp for math.exp, autograd.floor for int"
                f"{static if is_argument else ''}"
            )

    def is_plain(self, thing: Any) -> bool:
        """Whether a Value is made of the numbers among the arguments alone: uncompiled it would be a float."""
        if not isinstance(thing, Value):
            return False
        leaves = [leaf._birth for leaf in self._leaves(thing)]
        return all(birth in self.numbers or (birth > self.start and birth not in self.given) for birth in leaves)

    def still_held(self) -> list[Any]:
        """What the call has made and somebody else holds, too, who would find it unchanged after a replay.

        Asked when all that belongs to the call has been let go.
        """
        self.comparisons.clear()
        return [value for reference in self.made if (value := reference()) is not None]

    def _named(self, value: Any) -> str:
        """What messages call a Value: its label, or how it was computed, for which its numbers are read."""
        self._is_telling = True
        try:
            return value.label or brief(value)
        finally:
            self._is_telling = False

    def _refuse(self, reason: str) -> NoReturn:
        frame = _users_frame()
        raise TypeError(f"{self.name} {reason}; at {told_place(frame.f_code, frame.f_lasti)}")

    def varies(self, value: Any) -> bool:
        """Whether a number may be another one at another call: whether it depends on an argument or a parameter."""
        return any(leaf._birth <= self.start or leaf._birth in self.given for leaf in self._leaves(value))

    def _leaves(self, value: Any) -> Iterator[Any]:
        """What a Value was computed from in this call: leaves, and nodes that were there before."""
        pending, seen = [value], {value._birth}
        while pending:
            each = pending.pop()
            if each._birth <= self.start or each.operation is None:
                yield each
                continue
            for operand in each.operands:
                if not isinstance(operand, float) and operand._birth not in seen:
                    seen.add(operand._birth)
                    pending.append(operand)


class Listener(Recorder):
    """What a function that is computed as it is written may ask: what is only there while it is recorded, too."""

    def compares(self, compare: Callable[[Any, Any], bool], value: Any, other: Any, outcome: bool) -> None:
        """Nothing has to be kept."""

    def reads(self, value: Any, how: str) -> None:
        """All may be read."""

    def changes(self, value: Any, what: str) -> None:
        """All may be changed."""

    def converts(self, value: Any, what: str) -> None:
        """The engine itself says what cannot be converted."""


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
    sides = [side for _, left, right, _ in recorder.comparisons for side in (left, right)]
    nodes = _made_inside([*outputs, *(side for side in sides if isinstance(side, Value))], recorder.start)
    made = {x._birth: x for node in nodes for x in (node, *node.operands) if isinstance(x, Value)}
    recorder.made = [
        weakref.ref(x) for birth, x in made.items() if birth > recorder.start and birth not in recorder.given
    ]
    occurring = [*(operand for node in nodes for operand in node.operands), *sides, *outputs]
    parameters = {x._birth: x for x in occurring if isinstance(x, Value) and x._birth <= recorder.start}
    writer = _Writer([*inputs, *(parameters[birth] for birth in sorted(parameters))])
    for operand in occurring:
        writer.find_constant(operand)
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
        self.weights: dict[int, int] = {}

    def constant(self, number: float) -> int:
        """The slot of a constant; 0.0 and −0.0 are two."""
        text = repr(number)
        if text not in self.constant_slots:
            self.constant_slots[text] = len(self.given) + len(self.constants)
            self.constants.append(number)
        return self.constant_slots[text]

    def find_constant(self, operand: Any) -> None:
        """Give a number, or a leaf that the call has made, its slot, as those come before instructions."""
        if not isinstance(operand, Value):
            self.constant(real(operand))
        elif operand.operation is None and operand._birth not in self.slot_of_birth:
            self.slot_of_birth[operand._birth] = self.constant(operand._data)

    def slot(self, operand: Any) -> int:
        """The slot of an operand."""
        if not isinstance(operand, Value):
            return self.constant(real(operand))
        if operand._birth in self.taken:
            # Written once more for each that consumes it: so the flow goes to the one that was taken in its own turn.
            return self.written(self.taken[operand._birth])
        return self.slot_of_birth[operand._birth]

    def write(self, node: Any) -> None:
        """The instruction of a node; that of a `take` waits for those who consume it."""
        if node.operation is TAKE and (weight := self.weight(node)) <= MOST_TAKEN:
            self.taken[node._birth], self.weights[node._birth] = node, weight
        else:
            self.slot_of_birth[node._birth] = self.written(node)

    def weight(self, node: Any) -> int:
        """How many instructions of `take` are written for each that consumes this one."""
        return 1 + sum(self.weights.get(x._birth, 0) for x in node.operands if isinstance(x, Value))

    def written(self, node: Any) -> int:
        """The slot of a node that is written, after what it takes.

        Backwards, the flows go to the operands in their order. What was taken passes its own on a little later, and the
        first first, if it was written last. An operand that an earlier one may have taken waits for that with an
        instruction of its own.
        """
        late = self.late(node)
        slots = [0] * len(node.operands)
        for place, operand in reversed(list(enumerate(node.operands))):
            slot = self.slot(operand)
            slots[place] = self.instruction(identity, [slot], operand._data) if place in late else slot
        return self.instruction(node.operation, slots, node._data)

    def instruction(self, operation: Any, slots: Iterable[int], number: float) -> int:
        self.codes.append(self.operations.setdefault(operation, len(self.operations)))
        self.operands.extend(slots)
        self.starts.append(len(self.operands))
        self.numbers.append(number)
        return len(self.given) + len(self.constants) + len(self.codes) - 1

    def late(self, node: Any) -> set[int]:
        """The places of operands that one at an earlier place may have taken."""
        places: set[int] = set()
        if not self.taken or node.operation is TAKE:  # of whose rows only one has a flow
            return places
        choices: set[int] = set()
        for place, operand in enumerate(node.operands):
            if isinstance(operand, Value):
                if operand._birth in choices and operand._birth not in self.taken:
                    places.add(place)
                choices |= self.choices(operand)
        return places

    def choices(self, operand: Any) -> set[int]:
        """What an operand that is taken may be, by births."""
        if operand._birth not in self.taken:
            return set()
        rows = [row for row in operand.operands[1:] if isinstance(row, Value)]
        return {row._birth for row in rows}.union(*map(self.choices, rows))
