"""Programs: what the rules that users declare come to, where they can be run without Python.

>>> from autograd import operation
>>> @operation("parabola(x)", "2·x")
... def parabola(x):
...     return x * x + 1.0, lambda: (2.0 * x,)
>>> program(parabola, ["multiply", "add"]).steps[:3]
[(0, 0, 0, 4), (1, 4, 2, 5), (2, 5, 0, 0)]

A rule is traced once, as the rules of the book are, and its formulas become steps: a function of two registers, whose
answer goes to a third. That is right only of a rule which does nothing else than compute, and only as long as the names
that it uses mean what they meant. So its code is looked at first, and a program comes with guards.
"""

import builtins
import dis
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

from .. import ieee
from ..book import BLOCKED, Operation
from ..tracing import (
    COMPARISONS,
    CONNECTIVES,
    ELEMENTARY,
    OPERATORS,
    Apply,
    Branch,
    Formula,
    Input,
    UntraceableError,
    formulas,
    parts,
)

MOST_REGISTERS = 250


class Guard(NamedTuple):
    """What a name has to mean for a program to be right: in a namespace, in a cell of a closure, or of a function.

    What a rule reads when a node is made, its closure keeps; late is what the closure reads itself.
    """

    place: Any
    name: str
    thing: Any
    is_late: bool

    def holds(self) -> bool:
        """Whether it still means that."""
        return _meaning(self.place, self.name) is self.thing


class Program(NamedTuple):
    """The steps of a rule: (function, first operand, second, where to), all but the function being registers.

    The first registers hold the operands and the value, then come the constants. After the numbers of the functions
    come those of three more steps: to answer with a register, to answer that the operand was not chosen, and to go on
    at another step unless a register holds 1.
    """

    steps: list[tuple[int, int, int, int]]
    starts: list[int]  # of the value, and of the partial towards each operand
    constants: list[float]
    registers: int
    guards: list[Guard]


def program(operation: Operation, functions: Sequence[str]) -> Program | None:
    """The program of an operation, whose steps number these functions; None for one that has to be run in Python."""
    try:
        guards = list(_guards(operation.rule, False, set()))
        value, partials = formulas(operation, keeps_risks=True)
        return _assembled(operation.parameters, [value, *partials], guards, functions)
    except UntraceableError:
        return None


def is_traced(operation: Operation) -> bool:
    """Whether the rule of an operation can be run as a program at all.

    >>> from autograd import exp
    >>> is_traced(exp)
    True
    """
    return program(operation, (*OPERATORS, "negate", *ELEMENTARY, *COMPARISONS, *CONNECTIVES)) is not None


# Which rules only compute ---------------------------------------------------------------------------

# What a rule may call beside the functions of this package, and functions of its own that only compute. Not sum: since
# 3.12 it corrects for rounding, of floats alone.
BUILTINS = (abs, enumerate, len, list, max, min, pow, range, reversed, tuple, zip)

# What changes something, or wants to know more of a number than what it computes.
REFUSED = (
    *(
        "STORE_GLOBAL",
        "STORE_NAME",
        "STORE_ATTR",
        "STORE_SUBSCR",
        "STORE_SLICE",
        "IS_OP",
        "CONTAINS_OP",
        "BUILD_STRING",
    ),
    *("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "LOAD_BUILD_CLASS", "BEFORE_WITH", "SETUP_FINALLY"),
    *("PUSH_EXC_INFO", "LOAD_LOCALS", "LOAD_NAME", "LOAD_SUPER_ATTR", "MATCH_CLASS", "GET_AWAITABLE"),
)
REFUSED_BEGINNINGS = ("DELETE_", "IMPORT_", "YIELD_", "ASYNC_", "GET_A")


def _guards(function: Any, is_late: bool, seen: set[Any]) -> Iterator[Guard]:
    """What the names of a function mean; UntraceableError for one that might do more than compute."""
    if not isinstance(function, FunctionType):
        raise UntraceableError("what is not a function may have a state")
    if (function, is_late) in seen:
        return
    seen.add((function, is_late))
    if function.__kwdefaults__ or not all(type(x) in (float, int) for x in function.__defaults__ or ()):
        raise UntraceableError(f"{function.__name__} has a default that may have a state")
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    for code, instruction, before in _instructions(function.__code__):
        name, how = instruction.argval, instruction.opname
        late = is_late or code is not function.__code__
        is_text = how == "LOAD_CONST" and isinstance(name, str)  # which % may put a number into
        if is_text or how in REFUSED or how.startswith(REFUSED_BEGINNINGS):
            raise UntraceableError(f"{function.__name__} does more than compute: {how}")
        if how == "STORE_DEREF" and name not in code.co_cellvars:
            raise UntraceableError(f"{function.__name__} changes {name}")
        if how == "LOAD_GLOBAL":
            yield from _trusted(function.__globals__, name, late, seen)
        elif how in ("LOAD_ATTR", "LOAD_METHOD"):
            module = function.__globals__.get(before.argval) if before and before.opname == "LOAD_GLOBAL" else None
            if not isinstance(module, ModuleType):
                raise UntraceableError(f"{function.__name__} asks for an attribute, {name}")
            yield from _trusted(vars(module), name, late, seen)
        elif how in ("LOAD_DEREF", "LOAD_CLOSURE", "COPY_FREE_VARS") and name in cells:
            yield from _trusted(cells[name], name, late, seen)


def _instructions(code: CodeType) -> Iterator[tuple[CodeType, dis.Instruction, dis.Instruction | None]]:
    """The instructions of a code and of what is defined in it, each with the one before it."""
    before = None
    for instruction in dis.get_instructions(code):
        yield code, instruction, before
        before = instruction
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _instructions(constant)


def _trusted(place: Any, name: str, is_late: bool, seen: set[Any]) -> Iterator[Guard]:
    """What a name means in a place, if it is something that computes and nothing else."""
    thing = _meaning(place, name)
    yield Guard(place, name, thing, is_late)
    if thing is None and not isinstance(place, CellType) and name not in place:
        thing = getattr(builtins, name, _guards)
        if not any(thing is function for function in BUILTINS):
            raise UntraceableError(f"{name} may do more than compute")
        return
    is_elementary = isinstance(thing, FunctionType) and thing.__module__ == ieee.__name__
    if is_elementary or thing is BLOCKED or type(thing) in (float, int, ModuleType):
        return
    if not isinstance(thing, Operation):
        yield from _guards(thing, is_late, seen)
        # IPython's autoreload gives a function that was edited its new code.
        yield Guard(thing, "__code__", thing.__code__, is_late)
        yield Guard(thing, "__defaults__", thing.__defaults__, is_late)
    elif not thing.is_of_book:
        yield from _guards(thing.rule, is_late, seen)


def _meaning(place: Any, name: str) -> Any:
    """What stands for a name in a namespace, in a cell or in a function; None where nothing does."""
    if isinstance(place, FunctionType):
        return getattr(place, name)
    if not isinstance(place, CellType):
        return place.get(name)
    try:
        return place.cell_contents
    except ValueError:
        raise UntraceableError(f"{name} is not there yet") from None


# From formulas to steps -----------------------------------------------------------------------------


@dataclass
class _Assembly:
    """The steps that were written so far."""

    numbers: dict[str, int]
    steps: list[tuple[int, int, int, int]]
    constants: dict[str, int]
    registers: int  # that are taken for good


def _assembled(
    parameters: Sequence[str], formulas: Sequence[Formula], guards: list[Guard], functions: Sequence[str]
) -> Program:
    inputs = {name: place for place, name in enumerate((*parameters, "value"))}
    constants = list(dict.fromkeys([repr(x) for formula in formulas for x in _constants(formula)]))
    registers = {repr_of: len(inputs) + place for place, repr_of in enumerate(constants)}
    assembly = _Assembly({name: number for number, name in enumerate(functions)}, [], registers, 0)
    assembly.registers = len(inputs) + len(constants)
    starts, most = [], assembly.registers
    for formula in formulas:
        starts.append(len(assembly.steps))
        most = max(most, _write(assembly, formula, dict(inputs), assembly.registers))
    if most > MOST_REGISTERS:
        raise UntraceableError("the rule needs too many registers")
    return Program(assembly.steps, starts, [float(x) for x in constants], most, guards)


def _write(assembly: _Assembly, formula: Formula, places: dict[Any, int], free: int) -> int:
    """Write the steps of a formula, of which some parts stand in registers; answers how many registers it needs."""
    steps, answer = assembly.steps, len(assembly.numbers)
    wanted = formula.condition if isinstance(formula, Branch) else formula
    for part in parts(wanted):
        if part not in places:
            free = _write_part(assembly, part, places, free)
    if isinstance(formula, Branch):
        steps.append((0, 0, 0, 0))
        test = len(steps) - 1
        most = _write(assembly, formula.yes, dict(places), free)
        steps[test] = (answer + 2, _register(assembly, formula.condition, places), 0, len(steps))
        return max(most, _write(assembly, formula.no, dict(places), free))
    if formula is BLOCKED:
        steps.append((answer + 1, 0, 0, 0))
    else:
        steps.append((answer, _register(assembly, formula, places), 0, 0))
    return free


def _write_part(assembly: _Assembly, part: Apply, places: dict[Any, int], free: int) -> int:
    """Write one function; of more than two operands, as "and" may have, one after the other."""
    if part.function not in assembly.numbers:
        raise UntraceableError(f"the engine has no {part.function}")
    first, *others = [_register(assembly, x, places) for x in part.arguments]
    for second in others or [first]:
        assembly.steps.append((assembly.numbers[part.function], first, second, free))
        first, free = free, free + 1
    places[part] = free - 1
    return free


def _register(assembly: _Assembly, expression: Any, places: Mapping[Any, int]) -> int:
    if isinstance(expression, float):
        return assembly.constants[repr(expression)]
    return places[expression.name if isinstance(expression, Input) else expression]


def _constants(formula: Formula) -> Iterable[float]:
    if isinstance(formula, Branch):
        for part in (formula.condition, formula.yes, formula.no):
            yield from _constants(part)
    elif isinstance(formula, float):
        yield formula
    else:
        for part in parts(formula):
            yield from [x for x in part.arguments if isinstance(x, float)]
