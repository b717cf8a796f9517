"""The compiled replay of programs, beside the one in Python that says what is right."""

import _thread
import math
import random
import threading
from array import array

import pytest
from helpers import declared, grads

from autograd import OPERATIONS, Value, no_grad, tanh
from autograd.book import REALS, unlisted
from autograd.compiler.arguments import Column
from autograd.compiler.program import LINEAR, Program
from autograd.compiler.replay import Replay as Reference
from autograd.compiler.replay import _linear_partials
from autograd.engines import native
from autograd.taking import DETACH, TAKE
from autograd.value import plain_number

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
    return None if numbers is None else [x if x is None else "nan" if math.isnan(x) else x.hex() for x in numbers]


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


def wide_program(draw, names, width, depth):
    """Layers of instructions of few kinds that share their operands, so that many can be done at a time."""
    writer = Writer(3, 9, [0.5])
    below = list(range(writer.first))
    for _ in range(depth):
        layer, name = [], draw.choice(names)
        start, step = draw.randrange(len(below)), draw.choice([0, 1, 1, 2])
        for i in range(width):
            x, y = below[(start + i) % len(below)], below[(start * 2 + i * step) % len(below)]
            layer.append(writer.add(OPERATIONS[name], x, y))
        below = layer if draw.random() < 0.7 else below + layer
    total = [slot for x in below for slot in (x, -1)]
    return writer.program(writer.add(LINEAR, *total), below[0])


@pytest.mark.parametrize("seed", range(200))
def test_flows_of_a_group_are_added_in_the_order_in_which_its_members_were_recorded(seed):
    draw = random.Random(seed)
    program = wide_program(
        draw, ["add", "subtract", "multiply", "divide", "maximum"], draw.randint(2, 20), draw.randint(1, 5)
    )
    numbers = numbers_for(draw, program, special=0.0)
    before = [draw.choice([None, 0.3]) for _ in numbers]
    output = draw.randrange(2)

    assert answers_of(native.Replay(program), numbers, output, before) == answers_of(
        Reference(program), numbers, output, before
    )


@pytest.mark.parametrize("act", ["tanh", "relu"])
@pytest.mark.parametrize("widths", [(16, 13, 2), (7, 1), (4, 5, 1)])
def test_one_example_of_a_network_is_replayed_bit_for_bit(widths, act):
    draw = random.Random(5)
    program, _ = layers(3, *widths, act=act)
    numbers = numbers_for(draw, program, special=0.0)
    before = [0.25] * len(numbers)

    for output in range(len(program.outputs)):
        assert answers_of(native.Replay(program), numbers, output, before) == answers_of(
            Reference(program), numbers, output, before
        )


# Many examples --------------------------------------------------------------------------------------

EXACT_NAMES = "add subtract multiply divide negate relu maximum minimum abs clamp where sqrt leaky_relu sign floor"
ARITHMETIC = [OPERATIONS[name] for name in EXACT_NAMES.split()]
ARITHMETIC_LISTS = [OPERATIONS[name] for name in ("sum", "mean", "max", "min", "dot")]


def absolute_sweep(state, seed, size):
    """The sums of the absolute terms that a sweep adds, by the rules of the reference."""
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


def told_error(replay, columns, which, count, parameters):
    try:
        replay.lanes(columns, which, count, parameters, True)
    except IndexError as error:
        return str(error)
    return ""


def agree(program, rows, parameters, *, which=None, threads=1, exact_outputs=True):
    reference, compiled = Reference(program), native.Replay(program)
    columns = columns_of(rows, len(program.input_names))
    told = told_error(reference, columns, which, len(rows), parameters)
    if told:
        assert told_error(compiled, columns, which, len(rows), parameters) == told
        return None
    expected = reference.lanes(columns, which, len(rows), parameters, True)
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
    guards = draw.choice([0, 0, 1])
    program = random_program(draw, draw.randint(1, 40), ARITHMETIC, guards=guards, lists=ARITHMETIC_LISTS)
    count = draw.choice([1, 2, 15, 16, 17, 40, 100])
    special = draw.choice([0.0, 0.0, 0.05])
    inputs = len(program.input_names)
    numbers = [numbers_for(draw, program, special) for _ in range(count)]
    which = draw.choice([None, array("q", draw.choices(range(count), k=7))])
    agree(program, [x[:inputs] for x in numbers], numbers[0][inputs:], which=which)


@pytest.mark.parametrize("operation", [*SINGLES, *LISTS], ids=lambda operation: operation.name)
def test_each_operation_over_lanes_is_within_a_few_ulp_of_one_number(operation):
    draw = random.Random(operation.name)
    count = 4 if operation.list_count else len(operation.parameters)
    for varying in range(1, 2**count):
        writer = Writer(count, count)
        operands = [i if varying >> i & 1 else count + i for i in range(count)]
        program = writer.program(writer.add(operation, *operands))
        reference, compiled = Reference(program), native.Replay(program)
        rows = [
            [draw.choice([0.0, -1.0, 0.25, draw.gauss(0, 2), draw.gauss(0, 30)]) for _ in range(count)]
            for _ in range(20)
        ]
        parameters = array("d", [draw.gauss(0, 1) for _ in range(count)])
        expected = reference.lanes(columns_of(rows, count), None, 20, parameters, True)
        actual = compiled.lanes(columns_of(rows, count), None, 20, parameters, True)
        for one, other in zip(actual[0], expected[0], strict=True):
            assert (
                one == other or abs(one - other) <= 6 * math.ulp(other) or math.isnan(one) == math.isnan(other) is True
            )
        for one, other in zip(actual[3], expected[3], strict=True):
            assert near(one, other, abs(other)), (rows, parameters)


def layers(inputs, *widths, act="tanh"):
    """A network with a loss, as sums of products, and how many parameters it has."""
    sizes = [inputs, *widths]
    count = sum((before + 1) * after for before, after in zip(sizes, widths, strict=False))
    writer = Writer(inputs, count, [0.0])
    xs, weight = list(range(inputs)), inputs
    for depth, after in enumerate(widths):
        sums = []
        for _ in range(after):
            terms = [inputs + count, -1]
            for x in xs:
                terms += [weight, x]
                weight += 1
            sums.append(writer.add(LINEAR, *terms, weight, -1))
            weight += 1
        xs = sums if depth == len(widths) - 1 else [writer.add(OPERATIONS[act], x) for x in sums]
    return writer.program(*xs, differentiable=bytes(inputs)), count


@pytest.mark.parametrize("act", ["relu", "leaky_relu"])
@pytest.mark.parametrize("widths", [(16, 16, 1), (3, 1), (5, 7, 1), (1,)])
def test_a_network_over_lanes_is_that_of_single_examples(widths, act):
    draw = random.Random(1)
    if act == "leaky_relu":
        act = "abs"
    program, count = layers(3, *widths, act=act)
    parameters = array("d", [draw.gauss(0, 0.5) for _ in range(count)])
    for examples in (1, 33, 100):
        agree(program, [[draw.gauss(0, 1) for _ in range(3)] for _ in range(examples)], parameters)


def test_any_number_of_threads_gives_the_same_bits():
    draw = random.Random(2)
    program, count = layers(3, 16, 16, 1)
    parameters = array("d", [draw.gauss(0, 0.5) for _ in range(count)])
    numbers = array("d", [draw.gauss(0, 1) for _ in range(3 * 20000)])
    columns = [Column(numbers, place, 3) for place in range(3)]
    replay = native.Replay(program)
    once = replay.lanes(columns, None, 20000, parameters, True, 1)
    for threads in (2, 3, 40):
        several = replay.lanes(columns, None, 20000, parameters, True, threads)

        assert several == once


def test_an_example_gives_the_same_wherever_it_stands():
    draw = random.Random(3)
    program, count = layers(2, 5, 1)
    parameters = array("d", [draw.gauss(0, 1) for _ in range(count)])
    rows = [[draw.gauss(0, 3), draw.gauss(0, 3)] for _ in range(150)]
    replay = native.Replay(program)
    together = replay.lanes(columns_of(rows, 2), None, 150, parameters, False)[0]
    alone = [replay.lanes(columns_of([row], 2), None, 1, parameters, False)[0][0] for row in rows]

    assert list(together) == alone


def test_columns_are_buffers_of_doubles_or_floats_that_go_either_way():
    writer = Writer(2, 0)
    program = writer.program(writer.add(OPERATIONS["subtract"], 0, 1))
    doubles, floats = array("d", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), array("f", [0.5, 0.25, 0.125])
    columns = [Column(memoryview(doubles)[::-2], 0, -2), Column(floats, 2, -1)]
    outputs = native.Replay(program).lanes(columns, None, 3, array("d"), False)[0]

    assert list(outputs) == [6.0 - 0.125, 4.0 - 0.25, 2.0 - 0.5]


def test_what_stands_outside_of_a_column_is_not_read():
    writer = Writer(1, 0)
    replay = native.Replay(writer.program(writer.add(OPERATIONS["negate"], 0)))
    numbers = array("d", [1.0, 2.0])
    for column, which, count in [
        (Column(numbers, 0, 1), None, 3),
        (Column(numbers, 1, 1), None, 2),
        (Column(numbers, 0, -1), None, 2),
        (Column(numbers, 0, 1), array("q", [0, 2]), 2),
        (Column(numbers, 0, 1), array("q", [-1]), 2),
    ]:
        with pytest.raises(IndexError):
            replay.lanes([column], which, count, array("d"), False)
    with pytest.raises(TypeError, match="doubles or floats"):
        replay.lanes([Column(array("q", [1]), 0, 1)], None, 1, array("d"), False)


def test_a_dead_branch_with_an_infinite_slope_sends_nothing():
    writer = Writer(1, 1, [0.0])  # where(x > 0, sqrt(w·x), 0), whose slope is infinite at 0
    product = writer.add(OPERATIONS["multiply"], 1, 0)
    root = writer.add(OPERATIONS["sqrt"], product)
    program = writer.program(writer.add(OPERATIONS["where"], 0, root, 2))
    actual = agree(program, [[0.0], [4.0], [0.0], [1.0]], array("d", [4.0]))

    assert actual[2][0] == 4.0 * (0.5 / 4.0) + 1.0 * (0.5 / 2.0)


def test_an_example_that_takes_another_way_sends_nothing():
    writer = Writer(1, 1, [0.0])  # log(w·x), recorded for x > 0
    writer.guards += [2, 0, 2, 1]
    program = writer.program(writer.add(OPERATIONS["log"], writer.add(OPERATIONS["multiply"], 1, 0)))
    actual = agree(program, [[1.0], [0.0], [2.0], [-1.0], [math.nan]] * 20, array("d", [2.0]), exact_outputs=False)

    assert list(actual[1]) == [row for row in range(100) if row % 5 in (1, 3, 4)]
    assert actual[2][0] == 20.0


def test_an_index_out_of_range_names_its_example():
    writer = Writer(1, 3)
    program = writer.program(writer.add(TAKE, 0, 1, 2, 3))
    replay = native.Replay(program)
    parameters = array("d", [5.0, 6.0, 7.0])
    outputs, _, gradient, _ = replay.lanes([Column(array("d", [2, 0, 2, 1]), 0, 1)], None, 4, parameters, True)

    assert list(outputs) == [7.0, 5.0, 7.0, 6.0]
    assert list(gradient) == [1.0, 1.0, 2.0]
    for odd in (3.0, -1.0, 0.5, math.nan, math.inf):
        with pytest.raises(IndexError, match=r"example 2: .* is not an index of a list of 3"):
            replay.lanes([Column(array("d", [2, 0, odd, 1]), 0, 1)], None, 4, parameters, True)
        with pytest.raises(IndexError, match="is not an index of a list of 3"):
            replay.exact(array("d", [odd, *parameters]))


def test_an_operation_of_a_program_is_asked_of_its_rule():
    def halved(x):
        return x / 2.0, lambda: (0.5,)

    with declared(halved) as operation:
        writer = Writer(1, 1)
        product = writer.add(OPERATIONS["multiply"], 0, 1)
        program = writer.program(writer.add(operation, product))
        agree(program, [[1.0], [2.0], [3.0]], array("d", [3.0]))
        outputs, state = native.Replay(program).exact(array("d", [2.0, 3.0]))

    assert outputs == [3.0]
    assert state.sweep(0, 1.0, [None, None]) == [1.5, 1.0]


def test_an_operation_that_has_a_program_is_run_by_it_until_its_names_mean_something_else():
    def scaled(x):
        return x / scale, lambda: (1.0 / scale,)

    def answers():
        outputs, state = replay.exact(array("d", [2.0, 3.0]))
        return outputs[0], state.sweep(0, 1.0, [None, None])

    scale = 2.0
    with declared(scaled) as operation:
        (operation(Value(1.0)) + 0.0).backward()  # known from here on
        writer = Writer(1, 1)
        program = writer.program(writer.add(operation, writer.add(OPERATIONS["multiply"], 0, 1)))
        replay = native.Replay(program)

        assert answers() == (3.0, [1.5, 1.0])
        scale = 4.0

        assert answers() == (1.5, [0.75, 0.5])
        agree(program, [[1.0], [2.0], [3.0]], array("d", [3.0]))
        scale = 0.0
        with pytest.raises(ZeroDivisionError):
            replay.exact(array("d", [2.0, 3.0]))


def test_ctrl_c_stops_many_examples_and_the_next_call_works():
    program, count = layers(3, 16, 16, 1)
    replay = native.Replay(program)
    numbers = array("d", [0.5]) * 300000
    columns = [Column(numbers, 0, 0)] * 3
    which = array("q", [0]) * 3000000
    timer = threading.Timer(0.05, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        replay.lanes(columns, which, 300000, array("d", [0.1]) * count, True)
    timer.join()

    assert replay.lanes(columns, None, 1, array("d", [0.0]) * count, True)[0][0] == 0.0


@pytest.mark.parametrize(
    "change",
    [
        {"codes": array("H", [1])},
        {"starts": array("i", [0, 1])},
        {"starts": array("i", [0, 2, 2])},
        {"operands": array("i", [0, 2])},
        {"operands": array("i", [0, -1])},
        {"outputs": array("i", [3])},
        {"outputs": array("i")},
        {"guards": array("i", [0, 0, 1])},
        {"guards": array("i", [0, 0, -1, 1])},
        {"differentiable": b""},
    ],
    ids=str,
)
def test_what_is_not_a_program_raises(change):
    writer = Writer(1, 1)
    program = writer.program(writer.add(OPERATIONS["add"], 0, 1))
    vars(program).update(change)

    with pytest.raises(ValueError, match=r"program|guard|operands"):
        native.Replay(program)


# Nodes ----------------------------------------------------------------------------------------------


def program_node(xs, ws):
    """x·w + tanh(x·w) over a program, and the same step by step."""
    writer = Writer(len(xs), len(ws))
    terms = [slot for pair in zip(range(len(xs), len(xs) + len(ws)), range(len(xs)), strict=False) for slot in pair]
    total = writer.add(LINEAR, *terms)
    root = writer.add(OPERATIONS["tanh"], total)
    replay = native.Replay(writer.program(writer.add(OPERATIONS["add"], total, root)))
    return replay.call(unlisted(lambda xs: None, "node", domain=([REALS],)), (*xs, *ws))


def step_by_step(xs, ws):
    products = [w * x for w, x in zip(ws, xs, strict=True)]
    total = products[0]
    for product in products[1:]:
        total = total + product
    return total + tanh(total)


@pytest.mark.parametrize("surrounded", [False, True])
@pytest.mark.parametrize("shared", [False, True])
def test_a_node_of_a_program_sends_what_its_steps_would_send(surrounded, shared):
    def gradients(node_of):
        ws = [Value(0.1 * (i + 1)) for i in range(5)]
        xs = [Value(0.3), 1.5, ws[0] if shared else Value(0.7), -2.0, Value(0.11)]
        if surrounded:
            xs[0] = xs[0] * ws[1]
            node = node_of(xs, ws)
            root = node * ws[2] + xs[0] + node
        else:
            root = node_of(xs, ws)
        for _ in range(2):
            root.backward(1.1)
        leaves = [*ws, *(x for x in xs if isinstance(x, Value))]
        return root.data, grads(leaves), [leaf.has_grad for leaf in leaves]

    assert gradients(program_node) == gradients(step_by_step)


def test_a_node_of_a_program_knows_its_operands_and_partials():
    x, w = Value(2.0), Value(3.0)
    node = program_node([x], [w])
    slope = 1.0 + (1.0 - math.tanh(6.0) ** 2)

    assert node.operands == (x, w)
    assert [partial for _, partial in node.local_gradients()] == pytest.approx([3.0 * slope, 2.0 * slope])
    with no_grad():
        assert program_node([x], [w]).operands == ()

    assert program_node([2.0], [3.0]) == 6.0 + math.tanh(6.0)


def test_a_node_whose_partials_are_stored_sends_them():
    operation = unlisted(lambda xs: None, "stored", domain=([REALS],))
    a, b = Value(1.0), Value(2.0)
    node = native.stored_node(operation, (a, 5.0, b), 7.0, array("d", [0.5, 1.0, -2.0]))
    (node * 3.0).backward()

    assert node.data == 7.0
    assert grads([a, b]) == [1.5, -6.0]
    with pytest.raises(ValueError, match="2 partials for 1 operands"):
        native.stored_node(operation, (a,), 7.0, array("d", [0.5, 1.0]))
