"""A recording: the program of one call, the Values that it found outside, and how its answer is put together."""

from array import array
from collections.abc import Callable, Sequence
from typing import Any

from ..book import Operation
from ..engines import Value, native
from ..operations import identity
from ..value import Sweep
from .names import parameter_names
from .operation import operation_of
from .program import Program
from .recording import Recorder, told_place
from .reduction import gradient_of
from .replay import Replay, expanded


def _numbers_of(values: tuple[Any, ...]) -> "array[float]":
    return array("d", [x if type(x) is float else x._data for x in values])


# The numbers of Values and floats.
numbers_of = _numbers_of if native is None else native.gathered

# What a replay answers where a guard comes out differently.
ANOTHER_WAY = object()


class Recording:
    """A program with its parameters, ready to be replayed."""

    def __init__(
        self,
        program: Program,
        parameters: list[Any],
        assembled: Callable[[list[Any]], Any],
        recorder: Recorder,
        arguments: dict[str, Any],
    ) -> None:
        self.program, self.parameters, self.assembled = program, tuple(parameters), assembled
        self.arguments = arguments  # by their names, with the place of an input for each number
        self.outcomes = [outcome for *_, outcome in recorder.comparisons]
        self.places = recorder.places
        self.scopes = recorder.scopes
        self.watched: tuple[Any, ...] = ()  # where its parameters stand
        self.uses = 0
        self.replay: Any = Replay(program) if native is None else native.Replay(program)
        # The inputs and parameters that no gradient can reach: their numbers are all that is needed of them.
        self.closed = frozenset(place for place, may in enumerate(self.replay.may or ()) if not may)
        self.is_open = max(self.closed, default=-1) < len(program.input_names)  # whether all parameters can be reached
        met = (self.replay.met or b"")[len(program.input_names) :]
        self.met: bytes | None = met if 0 in met else None  # of each parameter whether each example is computed from it
        self.is_one = len(program.outputs) == 1 and assembled([ANOTHER_WAY]) is ANOTHER_WAY
        self.quick: Any = getattr(self.replay, "call", None) if self.is_one else None
        self.operations = [_operation(program, self.replay, place) for place in range(len(program.outputs))]

    def named(self) -> Program:
        """The program, with its parameters called by their places, which are looked for when that is first asked."""
        if self.scopes:
            self.program.parameter_names = parameter_names(self.parameters, self.scopes)
            self.scopes = {}
        return self.program

    def call(self, inputs: Sequence[Any]) -> Any:
        """The answer for these numbers and Values, or ANOTHER_WAY."""
        operands = (*inputs, *self.parameters)
        if self.closed and any(type(operands[place]) is not float for place in self.closed):
            pairs = enumerate(operands)
            operands = tuple([x if type(x) is float or i not in self.closed else x._data for i, x in pairs])
        if self.quick is not None:
            value = self.quick(self.operations[0], operands)
            if value is None:
                return ANOTHER_WAY
            return Value(value) if type(value) is float else value
        numbers = numbers_of(operands)
        answers, state = self.replay.exact(numbers)
        if answers is None:
            return ANOTHER_WAY
        if all(type(x) is float for x in operands):
            return self.assembled(list(map(Value, answers)))
        values = []
        for place, (operation, answer) in enumerate(zip(self.operations, answers, strict=True)):
            sweep = Replayed(self.replay, state, place) if native is None else state.through(place)
            values.append(Value.__apply_operation__(operation, operands, tuple(numbers), (answer, sweep)))
        return self.assembled(values)

    def where_it_differs(self, other: "Recording") -> str:
        """The first comparison that came out differently in another recording, as "file:12: source"."""
        pairs = zip(self.outcomes, other.outcomes, self.places, other.places, strict=False)
        differing = [place for one, two, place, its in pairs if one != two or place != its]
        return told_place(*(differing or self.places)[0])


class Replayed(Sweep):
    """The way back through one replay."""

    __slots__ = ("output", "replay", "state")

    def __init__(self, replay: Any, state: Any, output: int) -> None:
        self.replay, self.state, self.output = replay, state, output

    def flows(self, arrived: float, before: "list[float | None]") -> "list[float | None]":
        """The flows of the operands, those before included."""
        return self.state.sweep(self.output, arrived, before)  # type: ignore[no-any-return]

    @property
    def count(self) -> int:
        """How many operands there are."""
        program = self.replay.program
        return len(program.input_names) + len(program.parameter_names)

    @property
    def met(self) -> bytes | None:
        """Of each operand, whether it is a part of the computation even if nothing arrives there; None for all."""
        return self.replay.met  # type: ignore[no-any-return]


def _operation(program: Program, replay: Any, place: int) -> Operation:
    """The operation that a program is. It does not know its recording: the two would never be freed."""

    def rule(xs: Any) -> Any:
        return _answers(program, replay, place, xs)

    return operation_of(program.name, rule)


def _answers(program: Program, replay: Any, place: int, xs: Sequence[Any]) -> Any:
    """What the rule of a program answers: on floats by a replay, on Values node by node."""
    if all(type(x) is float for x in xs):
        answers, state = replay.exact(array("d", xs))
        if answers is None:
            raise ValueError(f"for these numbers {program.name} takes another way than the one that was recorded")
        return answers[place], Replayed(replay, state, place)
    inner = [x if type(x) is float else x.__apply_operation__(identity, (x,)) for x in xs]
    output = expanded(program, inner)[place]
    return output._data, lambda: gradient_of(output, inner)
