"""Many examples reduced to one Value: their mean or their sum, whose local gradients are sums over all of them."""

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from operator import add
from typing import Any, NamedTuple

from ..engines import native
from ..higher import gradient
from ..ieee import divide
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
        self.parameters = {p._birth: p for piece in pieces for p in piece.recording.parameters}
        self.places = {birth: place for place, birth in enumerate(self.parameters)}

    def operands(self) -> tuple[Any, ...]:
        """What the Value is computed from."""
        return (*self.parameters.values(), *[x for piece in self.pieces for x in _values(piece)])

    def gathered(self, outputs: Iterable[Any], slopes: Sequence[Any], of_inputs: Sequence[Any]) -> "array[float]":
        """The partial derivatives of the operands from what each piece has answered."""
        partials = [0.0] * len(self.parameters)
        of_values: list[float] = []
        for piece, slope, of_input in zip(self.pieces, slopes, of_inputs, strict=True):
            for parameter, partial in zip(piece.recording.parameters, slope, strict=True):
                partials[self.places[parameter._birth]] += partial
            of_values += of_input or ()
        return array("d", [self.shared(x) for x in (*partials, *of_values)])

    def shared(self, number: Any) -> Any:
        """The part of one example in the mean."""
        return number / self.count if self.how == "mean" else number

    def rule(self, xs: Sequence[Any]) -> tuple[Any, Callable[[], Any]]:
        """As the rule of an operation: for other numbers, and on Values step by step."""
        if all(type(x) is float for x in xs):
            value, partials = self.again(xs)
            return value, lambda: tuple(partials)
        inner = [x if type(x) is float else x.__apply_operation__(identity, (x,)) for x in xs]
        output = self.expanded(inner)
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
        return reduced(self.how, outputs), self.gathered(outputs, slopes, of_inputs)

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
            yield piece, [xs[self.places[p._birth]] for p in piece.recording.parameters], list(xs[start:end])
            start = end


def places_of(piece: Piece) -> Sequence[int]:
    """The places of its examples."""
    return range(piece.batch.count) if piece.which is None else piece.which


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


def reduced(how: str, outputs: "array[float]") -> float:
    """Their mean or sum, added from left to right, as the operations `mean` and `sum` do."""
    total = native.total_of(outputs) if hasattr(native, "total_of") else reduce(add, outputs, 0.0)
    return float(divide(total, float(len(outputs)))) if how == "mean" else float(total)
