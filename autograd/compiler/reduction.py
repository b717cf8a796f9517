"""Many examples reduced to one Value: their mean or their sum, whose local gradients are sums over all of them."""

import math
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, reduce
from operator import add
from typing import Any, NamedTuple

from ..engines import native
from ..higher import gradient
from ..operations import identity, mean
from ..operations import sum as sum_of
from .arguments import Batch, Column
from .replay import expanded


class Piece(NamedTuple):
    """Examples that take one way: their recording, and which they are; None for all, in their order."""

    recording: Any
    batch: Batch
    which: "array[int] | None"


class Reduction:
    """The operation of a mean or a sum: of the parameters of its pieces, and of the Values in their columns.

    Its operands are the parameters of all pieces, each once, and then the Values in the columns, piece after piece.
    """

    def __init__(self, how: str, count: int, pieces: Sequence[Piece]) -> None:
        self.how, self.count, self.pieces = how, count, pieces
        self.value = math.nan  # until it is known

    @cached_property
    def parameters(self) -> tuple[Any, ...]:
        """The parameters of all pieces that a gradient may reach, each once."""
        if len(self.pieces) == 1 and self.pieces[0].recording.is_open:
            return self.pieces[0].recording.parameters  # type: ignore[no-any-return]
        return tuple({p._birth: p for piece in self.pieces for p, may in _given(piece, "may") if may}.values())

    def met(self) -> bytes | None:
        """Of each operand, whether it is a part of the computation even if nothing arrives there; None for all."""
        if all(piece.recording.met is None for piece in self.pieces):
            return None
        if len(self.pieces) == 1 and self.pieces[0].recording.is_open and not self.pieces[0].batch.values:
            return self.pieces[0].recording.met  # type: ignore[no-any-return]
        births = {p._birth for piece in self.pieces for p, is_met in _given(piece, "met") if is_met}
        values = sum(1 for piece in self.pieces for _ in _values(piece))
        return bytes([p._birth in births for p in self.parameters]) + b"\1" * values

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each parameter, by its birth."""
        return {parameter._birth: place for place, parameter in enumerate(self.parameters)}

    def operands(self) -> tuple[Any, ...]:
        """What the Value is computed from."""
        values = [x for piece in self.pieces for x in _values(piece)]
        return (*self.parameters, *values) if values else self.parameters

    def gathered(self, slopes: Sequence[Any], of_inputs: Sequence[Any]) -> "array[float]":
        """The partial derivatives of the operands from what each piece has answered."""
        if len(self.pieces) == 1 and of_inputs[0] is None and self.pieces[0].recording.is_open:
            return self.shared(slopes[0])
        partials = array("d", [-0.0]) * len(self.parameters)  # to which nothing has arrived yet
        for piece, slope in zip(self.pieces, slopes, strict=True):
            for parameter, partial in zip(piece.recording.parameters, slope, strict=True):
                if parameter._birth in self.places:
                    partials[self.places[parameter._birth]] += partial
        for of_input in of_inputs:
            partials.extend(of_input or ())
        return self.shared(partials)

    def shared(self, partials: "array[float]") -> "array[float]":
        """The part that one example has in the mean."""
        return divided(partials, float(self.count)) if self.how == "mean" else partials

    def rule(self, xs: Sequence[Any]) -> tuple[Any, Callable[[], Any]]:
        """As the rule of an operation: for other numbers, and on Values step by step."""
        if all(type(x) is float for x in xs):
            value, partials = self.again(xs)
            return value, lambda: tuple(partials)
        inner = [x if type(x) is float else x.__apply_operation__(identity, (x,)) for x in xs]
        output = self.expanded(inner)
        if not math.isclose(output._data, self.value, rel_tol=1e-6, abs_tol=1e-6) and math.isfinite(self.value):
            raise RuntimeError(
                "the columns of this mean or sum have changed since it was computed, so that it cannot be computed "
                "again step by step: copy them before they change, or differentiate first"
            )
        return output._data, lambda: gradient_of(output, inner)

    def again(self, xs: Sequence[float]) -> "tuple[float, array[float]]":
        """The value and the partials for other numbers of the operands."""
        outputs, slopes, of_inputs = array("d", bytes(8 * self.count)), [], []
        for piece, given, values in self.parts_of(xs):
            columns = list(piece.batch.columns)
            for number, place in enumerate(piece.batch.value_places):
                column = array("d", bytes(8 * piece.batch.count))
                place_outputs(column, piece.which, values[number :: len(piece.batch.value_places)])
                columns[place] = Column(column, 0, 1)
            answers, failed, slope, of_input = piece.recording.replay.lanes(
                columns, piece.which, piece.batch.count, array("d", given), True, 1
            )
            if failed:
                raise ValueError("for these numbers an example takes another way than the one that was recorded")
            place_outputs(outputs, piece.which, answers)
            slopes.append(slope)
            of_inputs.append(of_input)
        return reduced(self.how, outputs), self.gathered(slopes, of_inputs)

    def expanded(self, xs: Sequence[Any]) -> Any:
        """The same computed node by node on Values."""
        answers: list[Any] = [None] * self.count
        for piece, given, values in self.parts_of(xs):
            for row, example in enumerate(places_of(piece)):
                numbers: list[Any] = [column.at(example) for column in piece.batch.columns]
                for number, place in enumerate(piece.batch.value_places):
                    numbers[place] = values[row * len(piece.batch.value_places) + number]
                answers[example] = expanded(piece.recording.program, [*numbers, *given])[0]
        return (mean if self.how == "mean" else sum_of)(answers)

    def parts_of(self, xs: Sequence[Any]) -> Iterable[tuple[Piece, list[Any], list[Any]]]:
        """Each piece with what stands among the operands for its parameters, and for the Values in its columns."""
        start = len(self.parameters)
        for piece in self.pieces:
            end = start + sum(1 for _ in _values(piece))
            given = [
                xs[self.places[p._birth]] if p._birth in self.places else p._data for p in piece.recording.parameters
            ]
            yield piece, given, list(xs[start:end])
            start = end


def places_of(piece: Piece) -> Sequence[int]:
    """The places of its examples."""
    return range(piece.batch.count) if piece.which is None else piece.which


def _given(piece: Piece, which: str) -> Iterable[tuple[Any, Any]]:
    """The parameters of a piece with what its replay knows of each."""
    known = getattr(piece.recording.replay, which)
    parameters = piece.recording.parameters
    inputs = len(piece.recording.program.input_names)
    return zip(parameters, b"\1" * len(parameters) if known is None else known[inputs:], strict=True)


def _values(piece: Piece) -> Iterable[Any]:
    """The Values in the columns, example by example."""
    for example in places_of(piece) if piece.batch.values else ():
        for column in piece.batch.values:
            yield column[example]


def place_outputs(outputs: "array[float]", which: "array[int] | None", answers: Sequence[float]) -> None:
    """Put the answers of some examples where they belong."""
    if which is None:
        outputs[:] = array("d", answers)
    else:
        for place, answer in zip(which, answers, strict=True):
            outputs[place] = answer


def gradient_of(output: Any, operands: Sequence[Any]) -> list[Any]:
    """The partial derivatives as Values, towards each operand."""
    values = [x for x in operands if type(x) is not float]
    found = iter(gradient(output, values))
    return [0.0 if type(x) is float else next(found) for x in operands]


def _total_of(numbers: "array[float]") -> float:
    return reduce(add, numbers, 0.0)


def _divided(numbers: "array[float]", divisor: float) -> "array[float]":
    return array("d", [number / divisor for number in numbers])


total_of, divided = (_total_of, _divided) if native is None else (native.total_of, native.divided)


def reduced(how: str, outputs: "array[float]") -> float:
    """Their mean or sum, added from left to right, as the operations `mean` and `sum` do."""
    total = total_of(outputs)
    return total / len(outputs) if how == "mean" else total
