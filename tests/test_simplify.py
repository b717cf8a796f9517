"""Simplified programs: shorter, and the same numbers bit for bit, forwards and backwards."""

import math
import operator
import random
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import OPERATIONS, Operation
from autograd.book import BLOCKED, REALS, unlisted
from autograd.compiler import simplify
from autograd.compiler.program import DETACH, LINEAR, TAKE, Program
from autograd.compiler.simplify import simplified
from autograd.ieee import real
from autograd.value import plain_number

from .helpers import bits

# A replay by the rules alone --------------------------------------------------------------------------

# What a rule says of a term: a·b, or a alone.
PRODUCT, ALONE = OPERATIONS["multiply"].rule, OPERATIONS["identity"].rule


def terms(operands: Sequence[int]) -> list[tuple[int, ...]]:
    pairs = zip(operands[::2], operands[1::2], strict=True)
    return [(a,) if b == -1 else (a, b) for a, b in pairs]


def forwards(program: Program, given: Sequence[float]) -> tuple[list[float], list[Any]]:
    """The numbers of all slots, and for each instruction its partials, called when a flow comes."""
    slots, partials = [*given, *program.constants], []
    for k, (_, operation, operands) in enumerate(program.instructions()):
        if operation is LINEAR:
            answers = [
                (PRODUCT if len(term) == 2 else ALONE)(*[slots[each] for each in term]) for term in terms(operands)
            ]
            number = answers[0][0]
            for answer, _ in answers[1:]:
                number = number + answer
            closures = [closure for _, closure in answers]
            partials.append(lambda closures=closures: [each for closure in closures for each in closure()])
        else:
            number, closure = operation.rule(*operation.arguments([slots[each] for each in operands]))
            partials.append(closure)
        if program.copies[k] >= 0:
            assert bits(slots[program.copies[k]]) == bits(number)  # so it may be copied
        slots.append(real(number))
    return slots, partials


def flows(program: Program, given: Sequence[float], output: int) -> list[Any]:
    """What arrives at inputs and parameters when 1 has arrived at an output; None where nothing does."""
    slots, partials = forwards(program, given)
    arrived: list[float | None] = [None] * len(slots)
    arrived[program.outputs[output]] = 1.0
    for slot, operation, operands in reversed(list(program.instructions())):
        flow = arrived[slot]
        if flow is None:
            continue
        if operation is LINEAR:
            operands = [each for each in operands if each != -1]
        for operand, partial in zip(operands, partials[slot - program.first](), strict=True):
            number = plain_number(partial)
            if number is not BLOCKED and not len(given) <= operand < program.first:
                before = arrived[operand]
                arrived[operand] = flow * number if before is None else before + flow * number
    return arrived[: len(given)]


RELATIONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


def holds(program: Program, slots: Sequence[float]) -> bool:
    """Whether all guards come out as they were recorded."""
    guards = iter(program.guards)
    quadruples = zip(guards, guards, guards, guards, strict=True)
    return all(
        RELATIONS[which](slots[left], slots[right]) == bool(outcome) for which, left, right, outcome in quadruples
    )


def all_bits(program: Program, given: Sequence[float]) -> Any:
    """All that a replay answers: outputs, guards, and the flows of each output where they are asked for."""
    slots, _ = forwards(program, given)
    asked = [slot for slot in range(len(given)) if slot >= len(program.input_names) or program.differentiable[slot]]
    swept = [flows(program, given, place) for place in range(len(program.outputs))]
    arrived = [[None if row[slot] is None else bits(row[slot]) for slot in asked] for row in swept]
    return [bits(slots[output]) for output in program.outputs], holds(program, slots), arrived


# Random programs ----------------------------------------------------------------------------------------

EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e-300, 1e300, math.inf, -math.inf, math.nan)


def _doubled(x: Any) -> Any:
    return x + x, lambda: (2.0,)


# An operation of a program: its rule may answer something else each time.
USERS = replace(unlisted(_doubled, "2x"), is_of_book=False)
LINES = [OPERATIONS[name] for name in ("add", "multiply", "subtract", "negate", "sum", "dot", "add", "multiply")]
ALL = [*OPERATIONS.values(), TAKE, DETACH, USERS]


class Writer:
    """Instructions that are written one after another, with the numbers that they come to."""

    def __init__(self, inputs: Sequence[float], parameters: Sequence[float], constants: Sequence[float]) -> None:
        self.inputs, self.parameters, self.constants = inputs, parameters, constants
        self.slots = [*inputs, *parameters, *constants]
        self.constant, self.first = len(inputs) + len(parameters), len(self.slots)
        self.operations: dict[Operation, int] = {}
        self.codes, self.starts, self.operands = array("H"), array("i", [0]), array("i")

    def write(self, operation: Operation | str, *operands: int) -> int:
        operation = OPERATIONS[operation] if isinstance(operation, str) else operation
        number = operation.rule(*operation.arguments([self.slots[each] for each in operands]))[0]
        self.codes.append(self.operations.setdefault(operation, len(self.operations)))
        self.operands.extend(operands)
        self.starts.append(len(self.operands))
        self.slots.append(real(number))
        return len(self.slots) - 1

    def unused(self) -> list[int]:
        """The instructions that nothing has consumed yet."""
        return sorted(set(range(self.first, len(self.slots))) - set(self.operands))

    def repeat(self, place: int, changed_about: bool) -> int:
        """Write an instruction again, with its operands in the other order if so wanted."""
        operands = self.operands[self.starts[place] : self.starts[place + 1]]
        operation = list(self.operations)[self.codes[place]]
        return self.write(operation, *(operands[::-1] if changed_about and operation is not TAKE else operands))

    def program(self, outputs: Sequence[int], guards: Sequence[int] = (), differentiable: bytes = b"") -> Program:
        return Program(
            "f",
            tuple(self.operations),
            tuple(f"x{i}" for i in range(len(self.inputs))),
            differentiable or b"\1" * len(self.inputs),
            tuple(f"w{i}" for i in range(len(self.parameters))),
            array("d", self.constants),
            self.codes,
            self.starts,
            self.operands,
            array("i", [-1]) * len(self.codes),
            array("i", outputs),
            array("i", guards),
        )

    @property
    def numbers(self) -> "array[float]":
        return array("d", self.slots[len(self.slots) - len(self.codes) :])


class Chooser(random.Random):
    """What random programs are made of."""

    def number(self) -> float:
        return self.choice(EDGES) if self.random() < self.edges else self.uniform(-3.0, 3.0)

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.edges = self.choice((0.0, 0.0, 0.3))
        self.lines, self.repeats, self.news = self.random(), self.random() * 0.4, self.random()

    def operands(self, operation: Operation, writer: Writer) -> list[int]:
        """Slots, often those that nothing has consumed yet; for an index one that there is."""
        each = self.randint(2, 5)
        count = len(operation.parameters) + (each - 1) * operation.list_count
        unused = writer.unused()
        varying = [slot for slot in range(len(writer.slots)) if not writer.constant <= slot < writer.first]
        operands = []
        for _ in range(count):
            pool = unused if unused and self.random() < self.news else varying
            pool = pool if self.random() < 0.85 else range(len(writer.slots))
            operands.append(self.choice(pool))
        if operation is TAKE:
            operands[0] = self.choice([slot for slot, number in enumerate(writer.slots) if number in range(each)])
        return operands


def random_program(seed: int) -> tuple[Program, "array[float]", list[list[float]]]:
    """A program, the numbers it was recorded with, and inputs and parameters to replay it with."""
    choose = Chooser(seed)
    inputs, parameters = choose.randint(1, 4), choose.randint(0, 3)
    recorded = [choose.number() for _ in range(inputs + parameters)]
    constants = [0.0, 1.0, *[choose.number() for _ in range(choose.randint(0, 4))]]
    writer = Writer(recorded[:inputs], recorded[inputs:], constants)
    for _ in range(choose.randint(1, 40)):
        if writer.codes and choose.random() < choose.repeats:
            writer.repeat(choose.randrange(len(writer.codes)), choose.random() < 0.3)
        else:
            operation = choose.choice(LINES) if choose.random() < choose.lines else choose.choice(ALL)
            writer.write(operation, *choose.operands(operation, writer))
    if unused := writer.unused():
        writer.write(choose.choice(("sum", "prod", "logsumexp")), *unused)
    slots = range(len(writer.slots))
    outputs = [slots[-1], *choose.choices(slots, k=choose.randint(0, 2))]
    guards = []
    for _ in range(choose.choice((0, 0, 1, 3))):
        left, right = choose.choices(slots, k=2)
        guards += [0, left, right, int(writer.slots[left] < writer.slots[right])]
    differentiable = bytes(choose.choice((0, 1, 1)) for _ in range(inputs))
    program = writer.program(outputs, guards, differentiable)
    given = [recorded, *[[choose.number() for _ in recorded] for _ in range(2)]]
    # An index that is computed may be out of range for other inputs.
    return program, writer.numbers, [each for each in given if can_run(program, each)]


def can_run(program: Program, given: Sequence[float]) -> bool:
    try:
        forwards(program, given)
    except IndexError:
        return False
    return True


def check_exact(program: Program, numbers: "array[float]", given: Sequence[Sequence[float]]) -> Program:
    shorter = simplified(program, numbers)
    for each in given:
        assert all_bits(program, each) == all_bits(shorter, each)
    return shorter


@given(st.integers(min_value=0))
def test_no_bit_of_an_example_changes(seed: int) -> None:
    check_exact(*random_program(seed))


def test_no_bit_changes_in_many_programs() -> None:
    for seed in range(1000):
        check_exact(*random_program(seed))


# One after another --------------------------------------------------------------------------------------


def text_of(program: Program) -> list[str]:
    """The instructions in words: x and w for inputs and parameters, numbers for constants, s for others."""
    names = {-1: "_"} | dict(enumerate([*program.input_names, *program.parameter_names]))
    names |= {len(names) - 1 + place: repr(number) for place, number in enumerate(program.constants)}
    names |= {program.first + k: f"s{k}" for k in range(len(program.codes))}
    lines = []
    for k, (_, operation, operands) in enumerate(program.instructions()):
        copied = f" = {names[program.copies[k]]}" if program.copies[k] >= 0 else ""
        name = "linear" if operation is LINEAR else "take" if operation is TAKE else operation.name
        if operation is LINEAR:
            called = " + ".join("·".join(names[each] for each in term) for term in terms(operands))
        else:
            called = ", ".join(names[each] for each in operands)
        lines.append(f"{name}({called}){copied}")
    return lines


def shortened(writer: Writer, *outputs: int, guards: Sequence[int] = (), differentiable: bytes = b"") -> Program:
    """The simplified program, which has been seen to be exact."""
    program = writer.program(outputs, guards, differentiable)
    given = [[*writer.inputs, *writer.parameters], *[[1.5, -2.0, 0.3, 7.0][: writer.constant]]]
    return check_exact(program, writer.numbers, given[:1])
