"""A program: what a function computes, as instructions that are plain numbers, and how that is shown and kept.

>>> from autograd import Value, compile
>>> w = Value(3.0, "w")
>>> line = compile(lambda x: w * x + 1.0)
>>> _ = line(2.0)
>>> print(line.program)
function: 1 instruction, 1 input, 1 parameter
  inputs: x
  parameters: w
  2 recorded = 1 left + 1 within sums of products
<BLANKLINE>
Forward
  v1 = w × x + 1
  function = v1
<BLANKLINE>
Backward, where d_v1 stands for ∂function/∂v1
  d_v1 = 1
  d_w = d_v1 × x
"""

from array import array
from dataclasses import dataclass, fields
from operator import le, lt
from typing import Any, ClassVar

from ..book import OPERATIONS, UNLISTED, Operation
from ..cells import counted
from ..checks import whole
from ..taking import DETACH as DETACH
from ..taking import TAKE as TAKE
from ..terminal import printable
from .instructions import LINEAR as LINEAR
from .instructions import RELATIONS as RELATIONS
from .instructions import Instructions

# Of what is pickled: raised when older versions of this package could not read it any more.
VERSION = 1


@dataclass(eq=False, repr=False)
class Program(Instructions):
    """A recorded function, which can be printed, drawn and pickled.

    It is plain data. A pickle names the operations; those that users declare have to be declared where it is loaded.
    """

    version: ClassVar[int] = VERSION

    @property
    def summary(self) -> str:
        """How much there is, in a line."""
        sizes = [(self.codes, "instruction"), (self.input_names, "input"), (self.parameter_names, "parameter")]
        return f"{self.name}: {', '.join([counted(len(x), thing) for x, thing in sizes])}"

    def told(self, slot: int) -> str:
        """An instruction as it is printed, without what it computes: v5."""
        from .listing import Names

        return Names(self).name(slot)

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

        return text_of(self, self.summary, whole("most", most, least=2))

    def __str__(self) -> str:
        return printable(self.to_text())

    def __repr__(self) -> str:
        return printable(f"<program {self.summary}>")

    def _repr_html_(self) -> str:
        from .listing import html_of

        return html_of(self, self.summary)


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
