"""A program: what a function computes, as a list of instructions that are plain numbers.

Each number that occurs in a computation has a **slot**: first those of the arguments, then the parameters, which are
the Values that the function finds outside, then constants, then one for each instruction. An instruction is an
operation applied to earlier slots (Wengert 1964, "A simple automatic derivative evaluation program").
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..book import REALS, Operation, unlisted
from ..taking import DETACH as DETACH
from ..taking import TAKE as TAKE


def _linear(terms: Sequence[Any]) -> Any:
    raise TypeError("a chain of sums and products is replayed term by term")


# A chain of sums and products: its operands are pairs (a, b), which stand for a·b, or for a alone where b is −1.
LINEAR = unlisted(_linear, "Σ a·b", ([REALS],))

RELATIONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(eq=False, repr=False)
class Program:
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

    def told(self, slot: int) -> str:
        """An instruction as it is printed."""
        return f"v{slot - self.first + 1}"

    def instructions(self) -> Iterator[tuple[int, Operation, "array[int]"]]:
        """Each instruction: its slot, its operation and the slots of its operands."""
        for place, code in enumerate(self.codes):
            yield (
                self.first + place,
                self.operations[code],
                self.operands[self.starts[place] : self.starts[place + 1]],
            )
