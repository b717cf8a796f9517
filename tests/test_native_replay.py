"""The compiled replay of programs, beside the one in Python that says what is right."""

import math
import random
import struct
from array import array

import pytest

from autograd import OPERATIONS
from autograd.compiler.arguments import Column
from autograd.compiler.program import LINEAR, Program
from autograd.compiler.replay import Replay as Reference
from autograd.engines import native
from autograd.taking import DETACH, TAKE

pytestmark = pytest.mark.skipif(native is None, reason="there is no compiled engine")

SINGLES = [operation for operation in OPERATIONS.values() if operation.is_of_book and not operation.list_count]
LISTS = [operation for operation in OPERATIONS.values() if operation.is_of_book and operation.list_count]


class Writer:
    """A program that is written by hand."""

    def __init__(self, inputs, parameters, constants=()):
        self.inputs, self.parameters, self.constants = inputs, parameters, list(constants)
        self.first = inputs + parameters + len(self.constants)
        self.operations, self.codes, self.starts, self.operands, self.guards = [], [], [0], [], []

    def add(self, operation, *operands):
        if operation not in self.operations:
            self.operations.append(operation)
        self.codes.append(self.operations.index(operation))
        self.operands += operands
        self.starts.append(len(self.operands))
        return self.first + len(self.codes) - 1

    def program(self, *outputs, differentiable=None):
        return Program(
            "written",
            tuple(self.operations),
            tuple(f"x[{i}]" for i in range(self.inputs)),
            bytes([1] * self.inputs) if differentiable is None else differentiable,
            tuple(f"w{i}" for i in range(self.parameters)),
            array("d", self.constants),
            array("H", self.codes),
            array("i", self.starts),
            array("i", self.operands),
            array("i", [-1] * len(self.codes)),
            array("i", outputs),
            array("i", self.guards),
        )


def bits(numbers):
    return None if numbers is None else ["nan" if x is not None and math.isnan(x) else x if x is None else x.hex() for x in numbers]


def random_program(draw, length, singles=SINGLES, guards=2):
    writer = Writer(draw.randint(1, 4), draw.randint(0, 6), [draw.choice([0.0, -0.0, 1.0, 2.5, math.inf, math.nan])])
    slots = list(range(writer.first))
    for _ in range(length):
        near = slots[-12:] + slots[: writer.inputs + writer.parameters]
        kind = draw.random()
        if kind < 0.25:
            count = draw.randint(1, 6)
            distinct = draw.sample(sorted(set(near)), min(2 * count, len(set(near))))
            terms = []
            while distinct:
                a = distinct.pop()
                terms += [a, distinct.pop() if distinct and draw.random() < 0.8 else -1]
            slot = writer.add(LINEAR, *terms)
        elif kind < 0.3:
            slot = writer.add(DETACH, draw.choice(near))
        elif kind < 0.35:
            index = writer.add(OPERATIONS["clamp"], draw.choice(near), *[writer.first - 1] * 2)
            sign = writer.add(OPERATIONS["sign"], index)
            slots += [index, sign]
            whole = writer.add(OPERATIONS["abs"], sign)
            slots.append(whole)
            slot = writer.add(TAKE, whole, *draw.choices(near, k=3))
        elif kind < 0.45:
            operation = draw.choice(LISTS)
            slot = writer.add(operation, *draw.choices(near, k=2 * draw.randint(1, 4)))
        else:
            operation = draw.choice(singles)
            slot = writer.add(operation, *draw.choices(near, k=len(operation.parameters)))
        slots.append(slot)
    for _ in range(guards):
        writer.guards += [draw.randrange(6), draw.choice(slots), draw.choice(slots), draw.randrange(2)]
    return writer.program(slots[-1], draw.choice(slots))


def numbers_for(draw, program, special=0.1):
    count = len(program.input_names) + len(program.parameter_names)
    odd = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 1e-310, 1e300]
    return array("d", [draw.choice(odd) if draw.random() < special else draw.gauss(0, 1.5) for _ in range(count)])


def answers_of(replay, numbers, output, before):
    try:
        outputs, state = replay.exact(numbers)
    except IndexError as error:
        return str(error)
    return bits(outputs), None if state is None else bits(state.sweep(output, 1.5, before))


@pytest.mark.parametrize("seed", range(400))
def test_one_example_is_replayed_bit_for_bit_as_in_python(seed):
    draw = random.Random(seed)
    program = random_program(draw, draw.randint(1, 60), guards=draw.choice([0, 0, 1]))
    compiled, reference = native.Replay(program), Reference(program)
    for _ in range(4):
        numbers = numbers_for(draw, program)
        before = [draw.choice([None, 0.5, -0.0]) for _ in numbers]
        output = draw.randrange(2)
        expected = answers_of(reference, numbers, output, before)
        actual = answers_of(compiled, numbers, output, before)

        assert actual == expected
