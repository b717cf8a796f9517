"""What a program is: instructions that are plain numbers.

Each number that occurs in a computation has a **slot**: first those of the arguments, then the parameters, which are
the Values that the function finds outside, then constants, then one for each instruction. An instruction is an
operation applied to earlier slots (Wengert 1964, "A simple automatic derivative evaluation program").
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..book import REALS, Operation, listed_by_name, unlisted


def _linear(terms: Sequence[Any]) -> Any:
    raise TypeError("a chain of sums and products is replayed term by term")


_linear.__name__ = "linear"

# A chain of sums and products: its operands are pairs (a, b), which stand for a·b, or for a alone where b is −1.
LINEAR = listed_by_name(unlisted(_linear, "Σ a·b", ([REALS],)))

RELATIONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(eq=False, repr=False)
class Instructions:
    """A recorded function: instructions, which are operations applied to slots."""

    name: str
    operations: tuple[Operation, ...]
    input_names: tuple[str, ...]
    differentiable: bytes
    parameter_names: tuple[str, ...]
    constants: "array[float]"
    codes: "array[int]"
    starts: "array[int]"
    operands: "array[int]"
    copies: "array[int]"
    outputs: "array[int]"
    guards: "array[int]"
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def first(self) -> int:
        """The slot of the first instruction."""
        return len(self.input_names) + len(self.parameter_names) + len(self.constants)

    @property
    def slots(self) -> int:
        """How many slots there are."""
        return self.first + len(self.codes)

    def instructions(self) -> Iterator[tuple[int, Operation, "array[int]"]]:
        """Each instruction: its slot, its operation and the slots of its operands."""
        first, operations, starts, operands = self.first, self.operations, self.starts, self.operands
        for place, code in enumerate(self.codes):
            yield first + place, operations[code], operands[starts[place] : starts[place + 1]]

    def pairs(self, operands: Sequence[int]) -> list[tuple[int, int]]:
        """The terms of a chain of sums and products, as one writes them.

        Sums begin with the constant 0.0, which makes 0.0 of −0.0: that is left out.
        """
        pairs = list(zip(operands[::2], operands[1::2], strict=True))
        given = self.first - len(self.constants)
        slot, factor = pairs[0]
        begins = factor < 0 and given <= slot < self.first and repr(self.constants[slot - given]) == "0.0"
        return pairs[1:] if begins and len(pairs) > 1 else pairs
