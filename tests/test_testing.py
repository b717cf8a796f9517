"""The strategies for users' own tests: what they draw is in the domain, is varied, and shrinks to what is readable."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample
from test_accuracy import BUILT_IN

import autograd
from autograd import NONZERO, OPERATIONS, POSITIVE, REALS, Domain, Operation, Value, gradient, topological_order
from autograd.operations import ABOVE_MINUS_ONE
from autograd.testing import BOUNDARY, Program, graphs, inputs_for, numbers, programs, values

DOMAINS = [
    REALS,
    POSITIVE,
    NONZERO,
    ABOVE_MINUS_ONE,
    Domain("[0, 1]", 0.0, 1.0),
    Domain("< −2", high=-2.0, excluded=(-2.0,)),
]
every_domain = pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.text)
every_operation = pytest.mark.parametrize("operation", BUILT_IN, ids=lambda operation: operation.name)

patient = settings(
    max_examples=10_000,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def example(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> Any:
    """The simplest example, found by the same way in each run."""
    return find(strategy, condition, settings=patient, random=Random(0))


def first(strategy: st.SearchStrategy[Any], condition: Callable[[Any], bool]) -> Any:
    """Any example."""
    return find(strategy, condition, settings=settings(patient, phases=[Phase.generate]))


# Numbers ------------------------------------------------------------------------------------------


@every_domain
@given(st.data(), st.sampled_from([3.0, 10.0, 1e6]))
def test_numbers_stay_in_their_domain(domain: Domain, data: st.DataObject, magnitude: float) -> None:
    """Seen to fail without the filter."""
    number = data.draw(numbers(domain, magnitude=magnitude))

    assert type(number) is float
    assert number in domain
    assert abs(number) <= magnitude
    assert math.isfinite(number)
    assert number == 0 or abs(number) >= 2.0**-1022


@every_domain
def test_boundary_values_of_a_domain_occur(domain: Domain) -> None:
    for boundary in BOUNDARY:
        if boundary in domain:
            found = first(numbers(domain), lambda number, boundary=boundary: _same(number, boundary))

            assert _same(found, boundary)


def _same(a: float, b: float) -> bool:
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)


@every_domain
def test_numbers_that_are_no_boundary_values_occur(domain: Domain) -> None:
    low, high = max(domain.low, -10.0), min(domain.high, 10.0)
    for part in range(4):
        left, right = (low + (high - low) * (part + i) / 4 for i in (0, 1))
        found = first(numbers(domain), lambda x, left=left, right=right: left < x < right and x not in BOUNDARY)

        assert left < found < right


def test_boundary_values_are_frequent() -> None:
    """About every second number, so that ties and kinks are nothing rare."""
    drawn: list[float] = []

    @settings(max_examples=200, derandomize=True, database=None)
    @given(st.lists(numbers(), min_size=10, max_size=10))
    def collect(ten: list[float]) -> None:
        drawn.extend(ten)

    collect()
    share = sum(number in BOUNDARY for number in drawn) / len(drawn)

    assert 0.2 < share < 0.8


def test_a_magnitude_limits_boundary_values_too() -> None:
    with pytest.raises(NoSuchExample):
        find(numbers(magnitude=0.75), lambda number: abs(number) > 0.75)


@given(values(POSITIVE, magnitude=5.0))
def test_values_are_fresh_leaves(value: Value) -> None:
    assert type(value) is Value
    assert 0 < value.data <= 5
    assert (value.operation, value.operands, value.label, value.has_grad) == (None, (), "", False)


@given(st.lists(values(), min_size=2, max_size=5))
def test_every_drawn_value_is_another_one(drawn: list[Value]) -> None:
    assert len({id(value) for value in drawn}) == len(drawn)


def test_values_shrink_to_boundary_values() -> None:
    assert example(values(), lambda value: value > 2.5).data == 3.0
    assert example(values(NONZERO), lambda value: True).data == 1.0


# Arguments of an operation ------------------------------------------------------------------------


@given(st.sampled_from(BUILT_IN), st.data(), st.integers(1, 4))
def test_inputs_are_in_the_declared_domain_and_can_be_computed(
    operation: Operation, data: st.DataObject, length: int
) -> None:
    assume(length > 1 or operation.name not in ("var", "std"))  # a single number has no spread
    arguments = data.draw(inputs_for(operation, magnitude=5.0, length=length))

    assert len(arguments) == len(operation.parameters)
    for domain, argument in zip(operation.domain, arguments, strict=True):
        if isinstance(domain, list):
            assert len(argument) == length
            assert all(number in domain[0] and abs(number) <= 5 for number in argument)
        else:
            assert argument in domain
            assert abs(argument) <= 5
    assert type(operation(*arguments)) is float


@pytest.mark.parametrize("operation", [autograd.maximum, autograd.minimum, autograd.subtract])
def test_ties_occur(operation: Operation) -> None:
    x, y = example(inputs_for(operation), lambda arguments: arguments[0] == arguments[1] != 0)

    assert x == y


def test_inputs_at_kinks_occur() -> None:
    assert example(inputs_for(autograd.relu), lambda arguments: math.copysign(1, arguments[0]) < 0 == arguments[0]) == (
        -0.0,
    )


def test_inputs_for_a_users_operation() -> None:
    @autograd.operation("arcsine(x)", "1/√(1−x²)", domain=(Domain("−1 < x < 1", -1.0, 1.0, (-1.0, 1.0)),))
    def arcsine(x):
        return x, lambda: (1.0,)

    del OPERATIONS["arcsine"]

    @given(inputs_for(arcsine))
    def check(arguments: tuple[float]) -> None:
        assert -1 < arguments[0] < 1

    check()


# Programs -----------------------------------------------------------------------------------------


@given(programs())
def test_the_root_depends_on_every_node(program: Program) -> None:
    """Seen to fail with the weights of the steps only."""
    leaves, root = program.build()
    count = len(program.leaves) + len(program.steps)

    assert len(program.weights) == count
    assert all(weight != 0 for weight in program.weights)
    # The nodes, each of them times its weight, and the sums.
    assert len(topological_order(root)) == count + count + count - 1
    assert set(leaves) <= set(topological_order(root))


@given(programs(magnitude=2.0, largest=50.0, max_leaves=2, max_steps=5))
def test_programs_keep_to_their_limits(program: Program) -> None:
    """Seen to fail with the number itself in place of its magnitude."""
    leaves, root = program.build()
    made = [node for node in topological_order(root) if node.operation in [step.operation for step in program.steps]]

    assert 1 <= len(program.leaves) <= 2
    assert len(program.steps) <= 5
    assert all(abs(number) <= 2 for number in program.leaves)
    assert all(math.isfinite(node.data) for node in made)
    assert all(abs(number) <= 50 for number in numbers_of(program))
    assert [leaf.label for leaf in leaves] == [f"x{place}" for place in range(len(leaves))]


def numbers_of(program: Program) -> list[float]:
    seen: list[float] = list(program.leaves)

    def apply(operation: Operation, arguments: Any) -> float:
        seen.append(operation(*arguments))
        return seen[-1]

    program.run(program.leaves, apply)
    return seen


@given(programs())
def test_every_step_is_in_its_domain(program: Program) -> None:
    """Seen to fail without the look at the domain."""

    def apply(operation: Operation, arguments: Any) -> float:
        for domain, argument in zip(operation.domain, arguments, strict=True):
            if isinstance(domain, list):
                assert all(x in domain[0] for x in argument)
            else:
                assert argument in domain
        return operation(*arguments)

    program.run(program.leaves, apply)


@given(programs())
def test_a_program_computes_the_same_on_floats_as_on_values(program: Program) -> None:
    assert program.build()[1].data == program.run(program.leaves)


@given(programs())
def test_the_printed_program_runs(program: Program) -> None:
    """Seen to fail with the weights left out, and with numbers printed by 4 digits."""
    names = dict(vars(autograd))
    exec(repr(program), names)  # what it is for: to be copied into a session
    leaves, root = program.build()
    root.backward()
    names["root"].backward()

    assert names["root"].data == root.data
    assert [names[leaf.label].grad for leaf in leaves] == [leaf.grad for leaf in leaves]


@given(st.sets(st.sampled_from(BUILT_IN), min_size=1), st.data())
def test_programs_use_only_the_operations_they_are_given(operations: set[Operation], data: st.DataObject) -> None:
    program = data.draw(programs(sorted(operations, key=lambda operation: operation.name)))

    assert {step.operation for step in program.steps} <= operations


def has(operation: Operation) -> Callable[[Program], bool]:
    return lambda program: any(step.operation is operation for step in program.steps)


@every_operation
def test_every_operation_occurs_in_programs(operation: Operation) -> None:
    assert any(step.operation is operation for step in first(programs(), has(operation)).steps)


def test_the_smallest_programs() -> None:
    assert example(programs(), lambda program: True) == Program((0.0,), (), (1.0,))
    assert example(programs(), lambda program: len(program.leaves) == 3) == Program((0.0,) * 3, (), (1.0,) * 3)


@pytest.mark.parametrize("operation", [autograd.maximum, autograd.dot, autograd.log, autograd.divide])
def test_programs_shrink_to_what_matters(operation: Operation) -> None:
    """log and divide may need a step that makes a number of their domain."""
    program = example(programs(), has(operation))

    assert len(program.leaves) == 1
    assert program.leaves[0] in BOUNDARY
    assert len(program.steps) <= 2
    assert program.steps[-1].operation is operation
    assert set(program.weights) == {1.0}


def test_a_fault_shrinks_to_the_program_that_shows_it() -> None:
    """A maximum that gives a tie to its first operand alone: two nodes with one number show it."""

    def wrong(x: Value, y: Value) -> Value:
        return autograd.where(x >= y, x, y)

    def shows(program: Program) -> bool:
        if any(len(set(step.places)) < len(step.places) for step in program.steps):
            return False
        leaves, root = program.build()
        faulty = program.run(
            others := [Value(leaf.data) for leaf in leaves],
            lambda operation, operands: (wrong if operation is autograd.maximum else operation)(*operands),
        )
        return [x.data for x in gradient(root, leaves)] != [x.data for x in gradient(faulty, others)]

    exact = [OPERATIONS[name] for name in ("maximum", "relu", "negate", "add", "multiply")]
    program = example(programs(exact), shows)

    assert len(program.leaves) <= 2
    assert len(program.steps) <= 2
    assert program.steps[-1].operation is autograd.maximum


@pytest.mark.parametrize("length", [1, 2, 3])
def test_lists_of_several_lengths_occur(length: int) -> None:
    total = OPERATIONS["sum"]
    program = first(programs([total]), lambda p: any(len(step.places) == length for step in p.steps))

    assert length in [len(step.places) for step in program.steps]


def test_shared_nodes_ties_deep_programs_and_negative_zero_occur() -> None:
    def depth(program: Program) -> int:
        depths = [0] * len(program.leaves)
        for step in program.steps:
            depths.append(1 + max(depths[place] for place in step.places))
        return max(depths)

    def shares(program: Program) -> bool:
        used = [place for step in program.steps for place in step.places]
        return len(used) > len(set(used))

    def ties(program: Program) -> bool:
        seen = numbers_of(program)
        maxima = [step.places for step in program.steps if step.operation is autograd.maximum]
        return any(x != y and seen[x] == seen[y] for x, y in maxima)

    def has_negative_zero(program: Program) -> bool:
        return any(number == 0 and math.copysign(1.0, number) < 0 for number in program.leaves)

    for wanted in (shares, ties, has_negative_zero, lambda program: depth(program) >= 4):
        assert wanted(first(programs(), wanted))


# Graphs -------------------------------------------------------------------------------------------


@given(graphs(max_leaves=3))
def test_graphs_are_leaves_and_their_root(graph: tuple[list[Value], Value]) -> None:
    leaves, root = graph
    nodes = topological_order(root)

    assert [node for node in nodes if node.operation is None] == leaves
    assert 1 <= len(leaves) <= 3
    assert not any(node.has_grad for node in nodes)


@given(graphs())
def test_graphs_can_be_differentiated(graph: tuple[list[Value], Value]) -> None:
    """In two ways that agree, wherever both are finite."""
    leaves, root = graph
    root.backward()
    answers = gradient(root, leaves)
    assume(all(math.isfinite(leaf.grad) for leaf in leaves))

    assert [answer.data for answer in answers] == [leaf.grad for leaf in leaves]
