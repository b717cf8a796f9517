"""A program: what a function computes, as a list of instructions that are plain numbers.

Each number that occurs in a computation has a **slot**: first those of the arguments, then the parameters, which are
the Values that the function finds outside, then constants, then one for each instruction. An instruction is an
operation applied to earlier slots (Wengert 1964, "A simple automatic derivative evaluation program").
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from operator import le, lt
from typing import Any, ClassVar

from ..book import OPERATIONS, REALS, UNLISTED, Operation, listed_by_name, unlisted
from ..cells import counted
from ..checks import whole
from ..taking import DETACH as DETACH
from ..taking import TAKE as TAKE
from ..terminal import printable

# Of what is pickled: raised when older versions of this package could not read it any more.
VERSION = 1


def _linear(terms: Sequence[Any]) -> Any:
    raise TypeError("a chain of sums and products is replayed term by term")


_linear.__name__ = "linear"

# A chain of sums and products: its operands are pairs (a, b), which stand for a·b, or for a alone where b is −1.
LINEAR = listed_by_name(unlisted(_linear, "Σ a·b", ([REALS],)))

RELATIONS = ("<", "<=", ">", ">=", "==", "!=")


@dataclass(eq=False, repr=False)
class Program:
    """A recorded function: instructions, which are operations applied to slots.

    It is plain data, which can be printed, drawn and pickled. A pickle names the operations; those that a program
    declares have to be declared where it is loaded.
    """

    version: ClassVar[int] = VERSION

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
        first, operations, starts, operands = self.first, self.operations, self.starts, self.operands
        for place, code in enumerate(self.codes):
            yield first + place, operations[code], operands[starts[place] : starts[place + 1]]

    @property
    def summary(self) -> str:
        """How much there is, in a line."""
        sizes = [(self.codes, "instruction"), (self.input_names, "input"), (self.parameter_names, "parameter")]
        return f"{self.name}: {', '.join([counted(len(x), thing) for x, thing in sizes])}"

    # Pickles ----------------------------------------------------------------------------------------

    def __reduce__(self) -> tuple[Any, ...]:
        for operation in self.operations:
            if OPERATIONS.get(operation.name) is not operation and UNLISTED.get(operation.name) is not operation:
                raise ValueError(
                    f"{self.name} cannot be pickled: its operation {operation.name} is not the one that is declared "
                    "now under this name; call it once more to record it with that one"
                )
        # The version comes first: it is looked at before anything else is read.
        return _begun, (VERSION,), {each.name: getattr(self, each.name) for each in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        missing = [each.name for each in fields(self) if each.name not in state]
        if missing:
            raise ValueError(f"this is not a whole program: it has no {missing[0]}")
        vars(self).update({each.name: state[each.name] for each in fields(self)})
        checked(self)

    # What is shown ----------------------------------------------------------------------------------

    def to_text(self, most: int = 60) -> str:
        """The instructions as one would write them down, forwards and backwards; of more than `most`, both ends."""
        from .listing import text_of

        return text_of(self, whole("most", most, least=2))

    def __str__(self) -> str:
        return printable(self.to_text())

    def __repr__(self) -> str:
        return printable(f"<program {self.summary}>")

    def _repr_html_(self) -> str:
        from .listing import html_of

        return html_of(self)


def pairs_of(program: Program, operands: Sequence[int]) -> list[tuple[int, int]]:
    """The terms of a chain of sums and products, as one writes them.

    Sums begin with the constant 0.0, which makes 0.0 of −0.0: that is left out.
    """
    pairs = list(zip(operands[::2], operands[1::2], strict=True))
    given = program.first - len(program.constants)
    slot, factor = pairs[0]
    begins = factor < 0 and given <= slot < program.first and repr(program.constants[slot - given]) == "0.0"
    return pairs[1:] if begins and len(pairs) > 1 else pairs


def _begun(version: Any) -> Program:
    """A program that is loaded and has nothing in it so far."""
    if version != VERSION:
        raise ValueError(
            f"this program is of version {version!r}, and this autograd reads version {VERSION}: record it again, by "
            "calling the compiled function once"
        )
    return object.__new__(Program)


# What makes a program whole -------------------------------------------------------------------------

_TYPECODES = {
    "constants": "d",
    "codes": "H",
    "starts": "i",
    "operands": "i",
    "copies": "i",
    "outputs": "i",
    "guards": "i",
}


def checked(program: Program) -> Program:
    """The program, if it is whole: whatever is replayed from it, no slot is read that is not there.

    Raises ValueError that names what is wrong.
    """
    _check_kinds(program)
    count, slots = len(program.codes), program.slots
    _need(len(program.differentiable) == len(program.input_names), "differentiable has another length than its inputs")
    _need(set(program.differentiable) <= {0, 1}, "differentiable is not 0 or 1 for each input")
    _need(len(program.copies) == count, "copies has another length than codes")
    _need(all(code < len(program.operations) for code in set(program.codes)), "an instruction has no operation")
    starts = program.starts
    _need(len(starts) == count + 1, "starts has another length than codes, and one more")
    _need(starts[0] == 0 and starts[-1] == len(program.operands), "starts does not begin and end with the operands")
    _need(all(map(le, starts, starts[1:])), "starts does not grow")
    for slot, operation, operands in program.instructions():
        if problem := _problem(program, slot, operation, operands):
            _need(False, f"v{slot - program.first + 1} = {operation.name}: {problem}")
    is_earlier = map(lt, program.copies, range(program.first, slots))
    _need(min(program.copies, default=-1) >= -1 and all(is_earlier), "something is a copy of what comes later")
    _need(len(program.outputs) > 0, "it has no output")
    _need(all(0 <= slot < slots for slot in program.outputs), "an output is not there")
    _need(len(program.guards) % 4 == 0, "guards are not quadruples")
    relations, lefts, rights, outcomes = [program.guards[place::4] for place in range(4)]
    _need(all(0 <= relation < len(RELATIONS) for relation in relations), "a guard has no relation")
    _need(all(0 <= slot < slots for slot in (*lefts, *rights)), "a side of a guard is not there")
    _need(set(outcomes) <= {0, 1}, "the outcome of a guard is not 0 or 1")
    return program


def _check_kinds(program: Program) -> None:
    _need(isinstance(program.name, str), "its name is not a text")
    _need(isinstance(program.differentiable, bytes), "differentiable is not bytes")
    _need(isinstance(program.counts, dict), "counts is not a dict")
    for field_name, kind in (("operations", Operation), ("input_names", str), ("parameter_names", str)):
        things = getattr(program, field_name)
        is_right = isinstance(things, tuple) and all(isinstance(thing, kind) for thing in things)
        _need(is_right, f"{field_name} is not a tuple of {kind.__name__}")
    for field_name, typecode in _TYPECODES.items():
        numbers = getattr(program, field_name)
        is_right = isinstance(numbers, array) and numbers.typecode == typecode
        _need(is_right, f"{field_name} is not an array of {typecode!r}")


def _need(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(f"this is not a program that can be replayed: {problem}")


def _problem(program: Program, slot: int, operation: Operation, operands: "array[int]") -> str:
    """What is wrong with an instruction; empty if nothing is."""
    if operands and (max(operands) >= slot or min(operands) < (-1 if operation is LINEAR else 0)):
        return "an operand is not there yet"
    if operation is not LINEAR:
        return "" if _fits(operation, len(operands)) else "it has another number of operands"
    if not operands or len(operands) % 2:
        return "its operands are not pairs"
    if min(operands[::2]) < 0:
        return "a term has no first factor"
    given = program.first - len(program.constants)
    varying = [each for each in operands if each >= program.first or 0 <= each < given]
    return "" if len(set(varying)) == len(varying) else "an operand occurs twice"


def _fits(operation: Operation, count: int) -> bool:
    """Whether an operation can have so many operands."""
    alone = len(operation.domain) - operation.list_count
    if not operation.list_count:
        return count == alone
    return count >= alone and (count - alone) % operation.list_count == 0
