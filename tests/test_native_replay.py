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


def random_program(draw, length, singles=SINGLES, guards=2, lists=LISTS):
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
            operation = draw.choice(lists)
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


# Many examples --------------------------------------------------------------------------------------

ARITHMETIC = [OPERATIONS[name] for name in ("add", "subtract", "multiply", "negate", "relu", "maximum", "minimum", "abs", "divide", "clamp", "where", "sqrt", "leaky_relu", "sign", "floor")]
ARITHMETIC_LISTS = [OPERATIONS[name] for name in ("sum", "mean", "max", "min", "dot")]


def absolute_sweep(state, seed, size):
    """The sums of the absolute terms that a sweep adds, by the rules of the reference."""
    from autograd.compiler.replay import _linear_partials
    from autograd.value import plain_number

    replay = state.replay
    flows = [0.0] * len(state.slots)
    flows[replay.program.outputs[0]] = seed
    for slot, operation, operands in reversed(replay.instructions):
        if not flows[slot]:
            continue
        closure = state.closures[slot]
        partials = _linear_partials(closure) if operation is LINEAR else closure()
        for operand, partial in zip(operands, partials, strict=True):
            partial = plain_number(partial) if operand >= 0 else None
            if partial is not None:
                flows[operand] += abs(flows[slot] * partial)
    return flows[:size]


def columns_of(rows, inputs):
    flat = array("d", [x for row in rows for x in row])
    return [Column(flat, place, inputs) for place in range(inputs)]


def near(actual, expected, scale):
    if math.isnan(actual) or math.isnan(expected):
        return math.isnan(actual) == math.isnan(expected)
    return actual == expected or abs(actual - expected) <= 1e-12 * scale


def agree(program, rows, parameters, *, which=None, threads=1, exact_outputs=True):
    reference, compiled = Reference(program), native.Replay(program)
    columns = columns_of(rows, len(program.input_names))
    try:
        expected = reference.lanes(columns, which, len(rows), parameters, True)
    except IndexError as error:
        with pytest.raises(IndexError) as raised:
            compiled.lanes(columns, which, len(rows), parameters, True, threads)

        assert str(raised.value) == str(error)
        return None
    actual = compiled.lanes(columns, which, len(rows), parameters, True, threads)

    assert list(actual[1]) == list(expected[1])
    if exact_outputs:
        assert bits(actual[0]) == bits(expected[0])
    given = len(program.input_names) + len(parameters)
    scales = [0.0] * len(parameters)
    inputs = [i for i, asked in enumerate(program.differentiable) if asked]
    for at, e in enumerate(range(len(rows)) if which is None else which):
        outputs, state = reference.exact(array("d", [*rows[e], *parameters]))
        if outputs is not None:
            absolute = absolute_sweep(state, 1.0, given)
            scales = [x + y for x, y in zip(scales, absolute[len(program.input_names) :], strict=True)]
            for place, i in enumerate(inputs):
                k = at * len(inputs) + place
                assert near(actual[3][k], expected[3][k], absolute[i])
    for one, other, scale in zip(actual[2], expected[2], scales, strict=True):
        assert near(one, other, scale), (one, other, scale)
    return actual


@pytest.mark.parametrize("seed", range(300))
def test_lanes_are_single_examples_side_by_side(seed):
    draw = random.Random(seed)
    program = random_program(draw, draw.randint(1, 40), ARITHMETIC, guards=draw.choice([0, 0, 1]), lists=ARITHMETIC_LISTS)
    count = draw.choice([1, 2, 15, 16, 17, 40, 100])
    special = draw.choice([0.0, 0.0, 0.05])
    inputs = len(program.input_names)
    numbers = [numbers_for(draw, program, special) for _ in range(count)]
    agree(program, [x[:inputs] for x in numbers], numbers[0][inputs:], which=draw.choice([None, array("q", draw.choices(range(count), k=7))]))
