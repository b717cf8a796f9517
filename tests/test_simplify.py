"""Simplified programs: shorter, and the same numbers bit for bit, forwards and backwards."""

import math
import operator
import random
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from helpers import bits
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import OPERATIONS, Operation, Value
from autograd.book import BLOCKED, unlisted
from autograd.compiler.program import LINEAR, Program
from autograd.compiler.recording import Recorder, read
from autograd.compiler.simplify import simplified
from autograd.engines import native
from autograd.ieee import real
from autograd.modes import recorded
from autograd.taking import DETACH, TAKE
from autograd.value import plain_number

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
    """The simplified program, which has been seen to be exact, and what the compiled twin answers too."""
    shorter = simplified(program, numbers)
    for each in given:
        assert all_bits(program, each) == all_bits(shorter, each)
    assert native is None or facts(native.simplified(program, numbers)) == facts(shorter)
    return shorter


def arrays_of(program: Program) -> list[Any]:
    names = ("constants", "codes", "starts", "operands", "copies", "outputs", "guards")
    return [getattr(program, name) for name in names]


def facts(program: Program) -> Any:
    """All that a program says, in its bits."""
    kinds = [each.typecode for each in arrays_of(program)]
    items = [each.tobytes() for each in arrays_of(program)]
    return kinds, items, program.operations, program.input_names, program.parameter_names, program.counts


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
    return check_exact(program, writer.numbers, [writer.slots[: writer.constant]])


def test_what_is_computed_from_constants_is_a_constant() -> None:
    made = Writer([0.1], [], [2.0, 3.0])  # slots 0 to 2
    six = made.write("multiply", 1, 2)
    made.write("multiply", made.write("sqrt", six), 0)
    program = shortened(made, 5)

    assert text_of(program) == [f"multiply({math.sqrt(6.0)!r}, x0)"]
    assert program.constants.tolist() == [math.sqrt(6.0)]


def test_a_constant_is_kept_once_and_the_sign_of_zero_counts() -> None:
    made = Writer([0.1], [], [0.0, -0.0, 0.0, 5.0])  # slots 0 to 4
    program = shortened(made, made.write("divide", 1, 0), made.write("divide", 2, 0), made.write("divide", 3, 0))

    assert text_of(program) == ["divide(0.0, x0)", "divide(-0.0, x0)", "divide(0.0, x0) = s0"]


def test_the_rule_of_a_program_may_answer_something_else_each_time() -> None:
    made = Writer([0.1], [], [2.0])
    first, second = made.write(USERS, 1), made.write(USERS, 1)
    program = shortened(made, made.write("divide", first, second))

    assert text_of(program) == ["_doubled(2.0)", "_doubled(2.0)", "divide(s0, s1)"]


def test_a_repeated_expression_without_gradient_is_computed_once() -> None:
    made = Writer([0.1, 0.2], [3.0], [])  # x0, x1, w0
    first, second = made.write("multiply", 0, 1), made.write("multiply", 1, 0)
    sines = made.write("sin", first), made.write("sin", second)
    program = shortened(made, made.write("prod", *sines, 2), differentiable=b"\0\0")

    assert text_of(program) == ["multiply(x0, x1)", "sin(s0)", "prod(s1, s1, w0)"]


def test_a_repeated_expression_with_gradient_has_its_value_copied_if_that_is_costly() -> None:
    made = Writer([0.1, 0.2], [], [])
    first, second = made.write("multiply", 0, 1), made.write("multiply", 1, 0)
    sines = made.write("sin", first), made.write("sin", second)
    program = shortened(made, made.write("divide", *sines))

    assert text_of(program) == ["multiply(x0, x1)", "multiply(x1, x0)", "sin(s0)", "sin(s1) = s2", "divide(s2, s3)"]


def test_a_maximum_is_not_the_one_of_its_operands_in_the_other_order() -> None:
    made = Writer([0.0, -0.0], [3.0], [])
    ways = made.write("maximum", 0, 1), made.write("maximum", 1, 0)
    program = shortened(made, *ways, differentiable=b"\0\0")

    assert text_of(program) == ["maximum(x0, x1)", "maximum(x1, x0)"]


def test_what_is_detached_has_no_gradient() -> None:
    made = Writer([0.1], [], [])
    detached = made.write(DETACH, 0), made.write(DETACH, 0)
    program = shortened(made, made.write("divide", *detached))

    assert text_of(program)[1:] == ["divide(s0, s0)"]


def test_the_index_of_a_take_has_no_gradient() -> None:
    made = Writer([1.0], [2.0], [4.0, 8.0])  # an index, a parameter, two numbers to choose from
    taken = made.write(TAKE, 0, 2, 3), made.write(TAKE, 0, 2, 3)
    program = shortened(made, made.write("prod", *taken, 1))

    assert text_of(program) == ["take(x0, 4.0, 8.0)", "prod(s0, s0, w0)"]


def test_a_neuron_in_plain_operators_is_one_chain() -> None:
    made = Writer([0.1, 0.2], [1.5, 2.5, 0.7], [])
    products = made.write("multiply", 2, 0), made.write("multiply", 3, 1)
    added = made.write("add", made.write("add", *products), 4)
    program = shortened(made, made.write("tanh", added))

    assert text_of(program) == ["linear(w0·x0 + w1·x1 + w2)", "tanh(s0)"]
    assert program.counts == {
        "recorded": 5, "dead": 0, "constant": 0, "repeated": 0, "copied": 0, "linear": 3, "left": 2,
    }  # fmt: skip


def test_a_chain_goes_on_at_either_side_of_an_addition() -> None:
    made = Writer([0.1, 0.2, 0.3], [], [])
    program = shortened(made, made.write("add", 2, made.write("add", 0, 1)))

    assert text_of(program) == ["linear(x0 + x1 + x2)"]


def test_dot_and_sum_begin_with_zero() -> None:
    made = Writer([-0.0, -0.0], [0.0, -1.5], [])
    dot, total = made.write("dot", 0, 2), made.write("sum", 1, made.write("negate", 3))
    program = shortened(made, made.write("add", 1, dot), total)

    assert sorted(text_of(program)) == ["linear(0.0 + x0·w0 + x1)", "linear(0.0 + x1 + w1·-1.0)"]


def test_a_difference_goes_on_with_a_chain() -> None:
    made = Writer([0.1, 0.2, 0.3], [], [])
    product = made.write("multiply", 0, 1)
    program = shortened(made, made.write("subtract", product, 2))

    assert text_of(program) == ["linear(x0·x1 + x2·-1.0)"]


def test_a_difference_from_a_chain_is_not_part_of_it() -> None:
    made = Writer([0.1, 0.2, 0.3], [], [])
    chain = made.write("add", made.write("multiply", 0, 1), 2)
    program = shortened(made, made.write("subtract", 2, chain))

    assert text_of(program) == ["linear(x0·x1 + x2)", "subtract(x2, s0)"]


def test_a_factor_of_one_leaves_its_number_alone() -> None:
    made = Writer([0.1, 0.2], [], [1.0])
    product = made.write("multiply", 0, 2)
    program = shortened(made, made.write("add", 1, product))

    assert text_of(program) == ["linear(x1 + x0)"]
    assert list(program.constants) == []


def test_a_lone_addition_or_product_is_no_chain() -> None:
    made = Writer([0.1, 0.2], [], [])
    program = shortened(made, made.write("add", 0, 1), made.write("multiply", 0, 1))

    assert text_of(program) == ["add(x0, x1)", "multiply(x0, x1)"]


def test_what_is_needed_elsewhere_is_not_a_part_of_a_chain() -> None:
    made = Writer([0.1, 0.2, 0.3, 0.4], [], [])
    product, total = made.write("multiply", 0, 1), made.write("add", 2, 3)
    program = shortened(made, made.write("add", product, total), total, guards=[0, product, 0, 1])

    assert text_of(program) == ["multiply(x0, x1)", "add(x2, x3)", "add(s0, s1)"]


def test_a_chain_does_not_overtake_another_consumer() -> None:
    # Backwards, x0 receives first from the sine, then from the product. In a chain that stands where the sum is, the
    # product would come first.
    made = Writer([0.1, 0.2, 0.3], [], [])
    product, sine = made.write("multiply", 0, 1), made.write("sin", 0)
    program = shortened(made, made.write("divide", made.write("add", product, 2), sine))

    assert text_of(program) == ["multiply(x0, x1)", "sin(x0)", "add(s0, x2)", "divide(s2, s1)"]


def test_no_slot_is_twice_in_a_chain() -> None:
    made = Writer([0.1, 0.2, 0.3], [], [])
    square, product = made.write("multiply", 0, 0), made.write("multiply", 1, 2)
    doubled = made.write("add", made.write("add", square, product), 2)
    program = shortened(made, doubled, made.write("dot", 0, 0))

    assert text_of(program) == ["multiply(x0, x0)", "linear(s0 + x1·x2)", "add(s1, x2)", "dot(x0, x0)"]


def test_a_chain_does_not_go_on_where_that_would_cost_a_product() -> None:
    # A matrix product, row by row, and then something is added to each row. x1 of the first row has another consumer
    # before that, the second row.
    made = Writer([0.1, 0.2, 0.3, 0.4], [1.5, 2.5, 3.5, 4.5], [])
    rows = []
    for row in (4, 6):
        first, second = made.write("multiply", row, 0), made.write("multiply", row + 1, 1)
        rows.append(made.write("add", first, second))
    program = shortened(made, made.write("add", rows[0], 2), made.write("add", rows[1], 3))

    assert text_of(program) == ["linear(w0·x0 + w1·x1)", "add(s0, x2)", "linear(w2·x0 + w3·x1 + x3)"]


def test_dead_code_and_its_constants_are_left_out() -> None:
    made = Writer([0.1, 0.2], [], [4.0, 5.0])
    made.write("sin", made.write("multiply", 0, 2))
    program = shortened(made, made.write("multiply", 1, 3))

    assert text_of(program) == ["multiply(x1, 5.0)"]
    assert program.counts["dead"] == 2


def test_a_guard_needs_both_its_sides_and_stands_once() -> None:
    made = Writer([0.1, 0.2], [], [4.0, 5.0])
    sides = made.write("sin", 0), made.write("cos", 1)
    guards = [0, *sides, 1, 4, 2, 3, 0, 0, *sides, 1]
    program = shortened(made, made.write("exp", 0), guards=guards)

    assert text_of(program) == ["sin(x0)", "cos(x1)", "exp(x0)"]
    assert program.guards.tolist() == [0, program.first, program.first + 1, 1]


def test_the_counts_tell_what_became_of_each_instruction() -> None:
    for seed in range(100):
        program, numbers, _ = random_program(seed)
        counts = simplified(program, numbers).counts

        assert counts["recorded"] == len(program.codes)
        assert counts["recorded"] == sum(counts[why] for why in ("dead", "constant", "repeated", "linear", "left"))


def test_a_program_is_not_changed_by_simplifying_it() -> None:
    program, numbers, _ = random_program(1)
    before = [array_of[:] for array_of in arrays_of(program)]
    simplified(program, numbers)

    assert arrays_of(program) == before


def test_an_instruction_takes_at_most_64_bytes() -> None:
    made = Writer([0.1], [1.5], [0.5])
    y = 0
    for _ in range(200):
        y = made.write("add", made.write("multiply", made.write("sin", y), 1), made.write("multiply", 0, 2))
    program = shortened(made, y)

    assert sum(len(each) * each.itemsize for each in arrays_of(program)) <= 64 * program.counts["recorded"]


# From graphs ----------------------------------------------------------------------------------------------


class Function:
    """A function that computes something at random, of numbers that it finds and of those that it is given."""

    def __init__(self, seed: int) -> None:
        self.seed, choose = seed, Chooser(seed)
        self.found = [Value(choose.number(), f"w{i}") for i in range(choose.randint(0, 4))]
        if choose.random() < 0.3:
            self.found.append(autograd.sin(Value(choose.number())))  # a node of an earlier graph
        self.numbers = [choose.number() for _ in range(choose.randint(1, 3))]
        self.index = choose.randrange(3)

    def __call__(self, inputs: Sequence[Any], index: Any) -> list[Any]:
        choose = Chooser(self.seed)
        known = [*self.found, *inputs]
        for _ in range(choose.randint(1, 25)):
            known.append(self.made(choose, known, index))
        return [known[-1], *choose.choices(known, k=choose.choice((0, 0, 1, 2)))]

    def made(self, choose: Chooser, known: list[Any], index: Any) -> Any:
        kind, value = choose.choice(("take", "take", "constant", *["operation"] * 9)), choose.choice(known)
        if kind == "take":
            return autograd.take(choose.choices([*known, Value(2.0)], k=3), index)
        if kind == "constant":
            return Value(choose.number())
        if choose.random() < 0.05:
            return value.detach()
        if choose.random() < 0.1:
            return value.__apply_operation__(USERS, (value,))
        if choose.random() < 0.1:
            return value * 2.0 if value < choose.choice([*known, 1]) else value + 1.0
        operation = choose.choice(LINES if choose.random() < 0.6 else list(OPERATIONS.values()))
        count = len(operation.parameters) + operation.list_count * 2
        operands = [choose.choice([*known[-5:], choose.choice(known), choose.number()]) for _ in range(count)]
        if all(isinstance(each, float) for each in operands):
            operands[0] = value
        return operation(*operation.arguments(operands))

    def recorded(self, read: Any) -> tuple[Program, list[Any], "array[float]"]:
        recorder = Recorder("f")
        inputs = [Value(number, f"x{i}") for i, number in enumerate(self.numbers)]
        index = Value(float(self.index), "i")
        recorder.given = {each._birth for each in (*inputs, index)}
        with recorded(recorder):
            outputs = self([*inputs], index)
        return read(recorder, [*inputs, index], outputs, b"\1" * len(inputs) + b"\0")

    def eager_bits(self, parameters: Sequence[Any]) -> Any:
        """Each output with the gradients that it has, computed without a program."""
        inputs = [Value(number) for number in self.numbers]
        found = []
        for output in self(inputs, self.index):
            for leaf in (*inputs, *parameters):
                leaf.zero_grad()
            output.backward()
            found.append([bits(output._data), *[bits(leaf.grad) for leaf in (*inputs, *parameters)]])
        return found


def program_bits(program: Program, given: Sequence[float], index: int) -> Any:
    """The same by a program, without what its input of that number has."""
    slots, _ = forwards(program, given)
    found = []
    for place, output in enumerate(program.outputs):
        arrived = flows(program, given, place)
        del arrived[index]
        found.append([bits(slots[output]), *[bits(0.0 if flow is None else flow) for flow in arrived]])
    return found


def check_graph(seed: int) -> None:
    function = Function(seed)
    program, parameters, numbers = function.recorded(read)
    given = [*function.numbers, float(function.index), *[each._data for each in parameters]]
    short = check_exact(program, numbers, [given])

    assert program_bits(short, given, len(function.numbers)) == function.eager_bits(parameters)


@given(st.integers(min_value=0))
def test_a_program_that_was_read_has_the_bits_of_the_graph(seed: int) -> None:
    check_graph(seed)


def test_many_programs_that_were_read_have_the_bits_of_their_graphs() -> None:
    for seed in range(1000):
        check_graph(seed)


READERS = [read, *([native.read] if native else [])]


def exact_graph(function: Any, numbers: Sequence[float], read: Any) -> Program:
    """What is read from a function of these numbers; it has the bits of the graph, also of the gradients."""
    recorder = Recorder("f")
    inputs = [Value(number, f"x{i}") for i, number in enumerate(numbers)]
    recorder.given = {each._birth for each in inputs}
    with recorded(recorder):
        output = function(*inputs)
    program, parameters, _ = read(recorder, inputs, [output], b"\1" * len(inputs))
    leaves = [Value(number) for number in numbers]
    for each in parameters:
        each.zero_grad()
    output = function(*leaves[:-1], int(numbers[-1]))  # of which the last is an index
    output.backward()
    given = [*numbers, *[each._data for each in parameters]]
    arrived = flows(program, given, 0)

    assert bits(forwards(program, given)[0][program.outputs[0]]) == bits(output._data)
    del arrived[len(numbers) - 1]
    assert [bits(flow or 0.0) for flow in arrived] == [bits(each.grad) for each in (*leaves[:-1], *parameters)]
    return program


@pytest.mark.parametrize("read", READERS)
def test_what_is_taken_has_its_flow_in_its_turn(read: Any) -> None:
    # 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1.
    def function(x: Any, y: Any, index: Any) -> Any:
        sine, rows = autograd.sin(x), [y, x]
        parts = [autograd.divide(autograd.take(rows, index), each) for each in (x, autograd.take(rows, index), y)]
        return autograd.prod([*parts, autograd.divide(x, autograd.take(rows, index)), sine])

    for x in range(1, 40):
        for index in (0.0, 1.0):
            exact_graph(function, [x / 7.0, x / 3.0, index], read)


@pytest.mark.parametrize("read", READERS)
def test_what_is_taken_from_what_was_taken_has_its_flow_in_its_turn(read: Any) -> None:
    def function(x: Any, y: Any, index: Any) -> Any:
        once = autograd.take([x, y], index)
        return autograd.divide(autograd.take([once, once], index), x) * autograd.sin(x) + autograd.exp(x)

    for x in range(1, 40):
        exact_graph(function, [x / 7.0, x / 3.0, 0.0], read)


@pytest.mark.parametrize("read", READERS)
def test_what_is_taken_again_and_again_does_not_explode(read: Any) -> None:
    def function(x: Any, index: Any) -> Any:
        for _ in range(300):
            x = autograd.take([x, x, x * 0.5], index)
        return x * 2.0

    program = exact_graph(function, [3.0, 1.0], read)

    assert len(program.codes) < 300 * 300


@pytest.mark.parametrize("read", READERS)
def test_all_nan_are_one_constant_and_zeros_are_two(read: Any) -> None:
    def function(x: Any, index: Any) -> Any:
        return autograd.prod([x, -math.nan, Value(math.nan), 0.0, Value(-0.0), Value(0.0), -0.0])

    program = exact_graph(function, [3.0, 1.0], read)

    assert [f"{number}" for number in program.constants] == ["nan", "0.0", "-0.0"]
    assert math.copysign(1.0, program.constants[0]) == -1.0  # the first one


@pytest.mark.skipif(native is None, reason="the compiled engine is not running")
def test_the_compiled_reader_answers_the_same_program() -> None:
    for seed in range(2000):
        function = Function(seed)
        program, parameters, numbers = function.recorded(read)
        the_same, as_parameters, as_numbers = function.recorded(native.read)

        assert facts(the_same) == facts(program)
        assert list(map(id, as_parameters)) == list(map(id, parameters))
        assert as_numbers.tobytes() == numbers.tobytes()
