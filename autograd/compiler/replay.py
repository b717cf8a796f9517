"""How a program is replayed, forwards and backwards, example by example: the reference.

It knows no more than the rules of the book and what a program is; the compiled replay does the same many times faster.
"""

import math
from array import array
from collections.abc import Sequence
from typing import Any

from ..book import BLOCKED
from ..ieee import real
from ..taking import DETACH, TAKE
from ..value import answered, checked, plain_number
from .program import LINEAR, Program

_COMPARED = (
    lambda x, y: x < y,
    lambda x, y: x <= y,
    lambda x, y: x > y,
    lambda x, y: x >= y,
    lambda x, y: x == y,
    lambda x, y: x != y,
)


class Replay:
    """What replays a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.given = len(program.input_names) + len(program.parameter_names)
        self.inputs = len(program.input_names)
        self.instructions = list(program.instructions())
        # Which inputs and parameters are part of every computation, and which may be; None for all.
        self.met, self.may = _reach(program, self.instructions, self.given)

    def exact(self, numbers: Sequence[float]) -> "tuple[list[float] | None, State | None]":
        """The outputs for these inputs and parameters, and what goes backwards; None if a guard comes out differently.

        Raises IndexError for an index that is out of range.
        """
        slots = [*numbers, *self.program.constants]
        closures: list[Any] = [None] * len(slots)
        failed: Exception | None = None
        for _, operation, operands in self.instructions:
            try:
                number, closure = _forwards(operation, [slots[x] if x >= 0 else None for x in operands])
            except Exception as error:  # unless it is another recording's example
                failed = failed or error
                number, closure = 0.0, None
            slots.append(number)
            closures.append(closure)
        if not self.holds(slots):
            return None, None
        if failed is not None:
            raise failed
        return [slots[output] for output in self.program.outputs], State(self, slots, closures)

    def first_anomaly(self, numbers: Sequence[float]) -> int | None:
        """The first slot that is nan, or inf although all its operands are finite; None if there is none."""
        slots = [*numbers, *self.program.constants]
        for slot, operation, operands in self.instructions:
            given = [slots[x] if x >= 0 else None for x in operands]
            slots.append(_forwards(operation, given)[0])
            is_inf = math.isinf(slots[-1]) and all(x is None or math.isfinite(x) for x in given)
            if is_inf or math.isnan(slots[-1]):
                return slot
        return None

    def holds(self, slots: Sequence[float]) -> bool:
        """Whether all comparisons come out as they were recorded."""
        guards = iter(self.program.guards)
        return all(
            _COMPARED[relation](slots[left], slots[right]) == bool(outcome)
            for relation, left, right, outcome in zip(guards, guards, guards, guards, strict=True)
        )

    def lanes(
        self,
        columns: Sequence[Any],
        which: "array[int] | None",
        count: int,
        parameters: Sequence[float],
        want_gradient: bool,
        threads: int = 1,
    ) -> "tuple[array[float], array[int], array[float] | None, array[float] | None]":
        """Many examples: their outputs, whose guards came out differently, the sums of gradients, those of inputs.

        The threads are for the compiled replay.
        """
        examples = range(count) if which is None else which
        width = len(self.program.outputs)
        outputs, failed = array("d"), array("q")
        sums: list[float | None] = [None] * len(self.program.parameter_names)
        differentiable = [place for place, asked in enumerate(self.program.differentiable) if asked]
        of_inputs = array("d")
        for row, place in enumerate(examples):
            try:
                answers, state = self.exact([*[column.at(place) for column in columns], *parameters])
            except IndexError as error:
                error.args = (f"example {place}: {error}",)
                raise
            except Exception as error:
                error.add_note(f"at example {place}")
                raise
            if answers is None or state is None:
                failed.append(row)
                outputs.extend([0.0] * width)
                of_inputs.extend([0.0] * len(differentiable))
                continue
            outputs.extend(answers)
            if want_gradient:
                flows = state.sweep(0, 1.0, [None] * self.inputs + sums)
                sums = flows[self.inputs :]
                of_inputs.extend([-0.0 if (flow := flows[each]) is None else flow for each in differentiable])
        gradient = array("d", [-0.0 if flow is None else flow for flow in sums]) if want_gradient else None
        return outputs, failed, gradient, of_inputs if want_gradient and differentiable else None


def _reach(program: Program, instructions: Sequence[Any], given: int) -> "tuple[bytes | None, bytes | None]":
    met, may = bytearray(program.slots), bytearray(program.slots)
    for output in program.outputs:
        met[output] = may[output] = True
    for slot, operation, operands in reversed(instructions):
        if may[slot] and operation is not DETACH:
            # A parameter that `take` does not choose is no part of the computation; of what is computed, as the outputs
            # of a network, all has a part in the one that is chosen. An index is read only.
            for operand in operands[operation is TAKE :]:
                if operand >= 0:
                    may[operand] = True
                    met[operand] |= met[slot] and (operation is not TAKE or operand >= program.first)
    rows = [bytes(row[:given]) for row in (met, may)]
    return tuple([None if all(row) else row for row in rows])  # type: ignore[return-value]


def _forwards(operation: Any, numbers: list[Any]) -> tuple[float, Any]:
    if operation is LINEAR:
        return _linear(numbers), numbers
    number, closure = answered(operation, numbers)
    return number if type(number) is float else real(number), closure


def _linear(numbers: Sequence[Any]) -> Any:
    total = None
    for a, b in zip(numbers[::2], numbers[1::2], strict=True):
        term = a if b is None else a * b
        total = term if total is None else total + term
    return total


def _linear_partials(numbers: Sequence[Any]) -> list[Any]:
    partials: list[Any] = []
    for a, b in zip(numbers[::2], numbers[1::2], strict=True):
        partials += (1.0, BLOCKED) if b is None else (b, a)
    return partials


def expanded(program: Program, given: Sequence[Any]) -> list[Any]:
    """The outputs for inputs and parameters that are Values or floats, computed node by node."""
    slots = [*given, *program.constants]
    for _, operation, operands in program.instructions():
        if operation is LINEAR:
            slots.append(_linear([slots[x] if x >= 0 else None for x in operands]))
        else:
            slots.append(operation(*operation.arguments([slots[x] for x in operands])))
    return [slots[output] for output in program.outputs]


class State:
    """What a replay leaves for the way back."""

    def __init__(self, replay: Replay, slots: list[float], closures: list[Any]) -> None:
        self.replay, self.slots, self.closures = replay, slots, closures

    def sweep(self, output: int, arrived: float, before: "Sequence[float | None]") -> "list[float | None]":
        """The flows of inputs and parameters when so much has arrived at an output, those before included."""
        replay = self.replay
        flows: list[float | None] = [*before, *[None] * (len(self.slots) - replay.given)]
        root = replay.program.outputs[output]
        flows[root] = arrived if flows[root] is None else flows[root] + arrived  # type: ignore[operator]
        first = replay.program.first
        for slot, operation, operands in reversed(replay.instructions):
            flow = flows[slot]
            if flow is None:
                continue
            closure = self.closures[slot]
            if operation is LINEAR:
                partials: Any = _linear_partials(closure)
            else:
                partials = checked(operation, closure(), len(operands))
            for operand, partial in zip(operands, partials, strict=True):
                if operand < 0 or replay.given <= operand < first:
                    continue
                partial = partial if type(partial) is float else plain_number(partial)
                if partial is not BLOCKED:
                    sent, there = flow * partial, flows[operand]
                    flows[operand] = sent if there is None else there + sent
        return flows[: replay.given]
