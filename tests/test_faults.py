"""Faults that engines of this kind have had, and their absence here: one section for each."""

import copy
import gc
import math
import operator
import os
import random
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy
import pytest
from helpers import bits, declared, gradient_of, grads

import autograd
from autograd import OPERATIONS, Operation, Value, gradient, maximum, minimum, relu, topological_order, where

INF, NAN = math.inf, math.nan

# What float64 has that programs stumble over.
SPECIAL = [0.0, 5e-324, 2.2250738585072014e-308, 1e-200, 0.5, 1.0, 2.0, 3.0, 1e3, 1e200, 1.7976931348623157e308, INF]
SPECIAL += [-x for x in SPECIAL] + [NAN]


def built_in_operations() -> list[Operation]:
    return [x for x in OPERATIONS.values() if x.rule.__module__ == "autograd.operations"]


def applied(operation: Operation, operands: list[Any]) -> Any:
    """The operation on as many of the operands as it takes; each list gets three of them."""
    rest = iter(operands * 6)
    return operation(
        *([next(rest) for _ in range(3)] if isinstance(domain, list) else next(rest) for domain in operation.domain)
    )


def run_program(program: str, **environment: str) -> str:
    """What a program prints in a process of its own, which must end well."""
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env={**os.environ, **environment}, timeout=300
    )

    assert finished.returncode == 0, f"exit status {finished.returncode}\n{finished.stderr[-2000:]}"
    return finished.stdout


def in_threads(count: int, program: Callable[[int], None]) -> None:
    """Run the program in so many threads, which change places as often as can be."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=program, args=(number,)) for number in range(count)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)


# Recursion: a deep graph dies in backward, in gradient or when it is freed --------------------------

DEEP_PROGRAM = """
import gc, sys, threading
from autograd import Value, gradient

gc.disable()  # its visits to millions of objects take most of the time
assert sys.getrecursionlimit() == 1000
done = []

def program():
    x = y = Value(1.0)
    for _ in range(1_000_000):
        y = y + 1
    y.backward()
    assert (y.data, x.grad) == (1_000_001.0, 1.0)
    slope = gradient(y, x)
    assert slope.data == 1.0
    assert len(repr(y)) < 200
    del y  # frees a million nodes
    done.append(True)

{run}
assert done
"""

IN_THE_MAIN_THREAD = "program()"

IN_A_SMALL_THREAD = """
threading.stack_size(256 * 1024)
thread = threading.Thread(target=program)
thread.start()
thread.join()
"""


@pytest.mark.parametrize("run", [IN_THE_MAIN_THREAD, IN_A_SMALL_THREAD], ids=["main thread", "256 KiB thread"])
def test_a_million_nodes_deep_are_built_differentiated_and_freed(run: str) -> None:
    """Seen to fail with a recursive topological order."""
    run_program(DEEP_PROGRAM.format(run=run))


DEEP_PRODUCT_PROGRAM = """
import threading
from autograd import Value, gradient, topological_order

def program():
    x = y = Value(2.0)
    for _ in range(100_000):
        y = -y
    slope = gradient(y * y, x)  # a graph that is twice as deep
    assert slope.data == 4.0
    assert len(topological_order(slope)) > 200_000
    slope.backward()
    assert x.grad == 2.0
    del slope, y
    done.append(True)

done = []
threading.stack_size(256 * 1024)
thread = threading.Thread(target=program)
thread.start()
thread.join()
assert done
"""


def test_gradient_of_a_deep_graph_is_a_deep_graph_that_is_freed_too() -> None:
    """Seen to fail with a recursive topological order."""
    run_program(DEEP_PRODUCT_PROGRAM)


def test_a_sum_of_many_values_is_differentiated() -> None:
    """Seen to fail with a recursive topological order."""
    leaves = [Value(number) for number in range(5000)]
    sum(leaves).backward()

    assert grads(leaves) == [1.0] * 5000


# Closures that capture the node: memory is freed by the collector only ------------------------------


@contextmanager
def collector_off() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.parametrize("operation", built_in_operations(), ids=lambda operation: operation.name)
def test_graph_is_freed_without_the_collector(operation: Operation) -> None:
    """Seen to fail with a closure that captures its node."""
    with collector_off():
        leaves = [Value(0.5), Value(2.0), Value(1.5)]
        y = applied(operation, leaves)
        y.backward()
        slope = gradient(y, leaves[0])
        nodes = [weakref.ref(node) for node in (*leaves, *topological_order(y), *topological_order(slope))]
        del leaves, y, slope
        alive = [node() for node in nodes if node() is not None]

    assert alive == []


def test_failed_operations_and_passes_leave_nothing_behind() -> None:
    """Seen to fail with a closure that captures its node."""

    def fail() -> list[weakref.ref[Value]]:
        x = Value(0.0)
        y = x.log()
        for attempt in (lambda: x + "1", lambda: y.backward("1"), lambda: float(y), lambda: copy.copy(y)):
            with pytest.raises(TypeError):
                attempt()
        return [weakref.ref(x), weakref.ref(y)]

    with collector_off():
        alive = [node() for node in fail() if node() is not None]

    assert alive == []


def test_training_leaves_memory_flat() -> None:
    """Seen to fail with a closure that captures its node."""
    draw = random.Random(1)
    weights = [Value(draw.gauss(0, 1)) for _ in range(24)]

    def step() -> None:
        hidden = [(weights[i] * 0.5 + weights[i + 8] * -0.25).tanh() for i in range(8)]
        output = sum(h * w for h, w in zip(hidden, weights[16:], strict=True))
        loss = (output - 1.0) ** 2 / 2 + autograd.logsumexp(hidden) + maximum(output, 0.0).exp().log()
        loss.backward()
        for weight in weights:
            weight.data -= 0.01 * weight.grad
            weight.zero_grad()

    with collector_off():
        step()
        gc.collect()  # empties Python's lists of free objects too, which would count as memory
        before = sys.getallocatedblocks()
        for _ in range(200):
            step()
        unreachable = gc.collect()
        grown = sys.getallocatedblocks() - before

    # One step makes some 60 nodes.
    assert unreachable == 0
    assert grown < 60


# `=` for `+=`: a node that is twice an operand loses half ------------------------------------------


@pytest.mark.parametrize(
    ("name", "function", "number", "value", "slope"),
    [
        ("x + x", lambda x: x + x, 3.0, 6.0, 2.0),
        ("x - x", lambda x: x - x, 3.0, 0.0, 0.0),
        ("x * x", lambda x: x * x, 3.0, 9.0, 6.0),
        ("x / x", lambda x: x / x, 4.0, 1.0, 0.0),
        ("x ** x", lambda x: x**x, 1.0, 1.0, 1.0),
        ("x ** x", lambda x: x**x, 2.0, 4.0, 4.0 + 4.0 * math.log(2.0)),
        ("maximum(x, x)", lambda x: maximum(x, x), 3.0, 3.0, 1.0),
        ("minimum(x, x)", lambda x: minimum(x, x), 3.0, 3.0, 1.0),
        ("where(x, x, x)", lambda x: where(x, x, x), 3.0, 3.0, 1.0),
        ("sum([x, x, x])", lambda x: autograd.sum([x, x, x]), 3.0, 9.0, 3.0),
        ("mean([x, x])", lambda x: autograd.mean([x, x]), 3.0, 3.0, 1.0),
        ("dot([x, x], [x, 2])", lambda x: autograd.dot([x, x], [x, 2.0]), 3.0, 15.0, 8.0),
        ("logsumexp([x, x])", lambda x: autograd.logsumexp([x, x]), 0.0, math.log(2.0), 1.0),
        ("x*x + x", lambda x: x * x + x, 3.0, 12.0, 7.0),
    ],
)
def test_same_node_as_two_operands(
    name: str, function: Callable[[Value], Value], number: float, value: float, slope: float
) -> None:
    """Seen to fail with `=` for the sum of flows."""
    x = Value(number)
    y = function(x)
    by_gradient = gradient(y, x)
    y.backward()

    assert (y.data, x.grad, by_gradient.data) == (value, slope, slope), name


# Branches that are not summed before the local gradients are applied --------------------------------


def test_branches_of_branches() -> None:
    """Seen to fail with `=` for the sum of flows."""
    a = Value(1.0)
    b = a + a
    c = b + b
    c.backward()

    assert (a.grad, b.grad, c.grad) == (4.0, 2.0, 1.0)


def test_ladder_of_sixty_doublings() -> None:
    """Seen to fail with `=` for the sum of flows."""
    x = y = Value(1.0)
    rungs = [y := y + y for _ in range(60)]
    slope = gradient(y, x)
    y.backward()

    assert y.data == x.grad == slope.data == 2.0**60
    assert grads(rungs) == [2.0**power for power in range(59, -1, -1)]
    assert len(topological_order(y)) == 61


def test_deep_and_shallow_branches_meet() -> None:
    """Seen to fail with `=` for the sum of flows."""
    x = Value(2.0)
    deep = x * 1.0
    for _ in range(10):
        deep = deep + 1.0
    y = deep * x + x
    y.backward()

    # (x + 10)·x + x
    assert (y.data, x.grad) == (26.0, 2 * 2.0 + 10 + 1)


# Stale gradients of interior nodes on a second pass -------------------------------------------------


@pytest.mark.parametrize("passes", [1, 2, 3, 7])
def test_k_passes_give_k_times_the_gradient(passes: int) -> None:
    """Seen to fail with flows that start from the interior gradients of the last pass: 27, 72, 135."""
    x = Value(3.0)
    y = x * x * x
    for _ in range(passes):
        y.backward()

    assert x.grad == 27.0 * passes
    assert y.grad == 1.0


def test_two_losses_share_a_graph() -> None:
    """Seen to fail with flows that start from the interior gradients of the last pass."""
    x = Value(1.0)
    trunk = x
    for _ in range(40):
        trunk = trunk + 0.0
    (trunk * 3).backward()
    (trunk * 5).backward()

    assert x.grad == 8.0
    assert trunk.grad == 5.0


def test_a_pass_from_the_middle_between_two_passes() -> None:
    """Seen to fail with a seed added to the gradient of the last pass."""
    x = Value(3.0)
    square = x * x
    y = square * square
    y.backward()
    square.backward()
    y.backward()

    assert x.grad == 108.0 + 6.0 + 108.0


# The root's gradient overwritten or stale -----------------------------------------------------------


def test_root_that_is_a_leaf_accumulates() -> None:
    """Seen to fail with the root's gradient overwritten."""
    x = Value(3.0)
    x.backward()
    x.backward()

    assert x.grad == 2.0


def test_root_of_one_pass_inside_another() -> None:
    """Seen to fail with interior gradients that accumulate."""
    x = Value(3.0)
    y = x * 2
    y.backward()
    (y * 5).backward()

    assert (y.grad, x.grad) == (5.0, 2.0 + 10.0)


@pytest.mark.parametrize("seed", [2, -0.5, Fraction(1, 4), numpy.float32(8), True, 1e300])
def test_pass_is_linear_in_the_seed(seed: Any) -> None:
    """Seen to fail with `=` for the sum of flows."""
    x, y = Value(3.0), Value(4.0)
    root = x * y + x
    root.backward(seed)

    assert (root.grad, x.grad, y.grad) == (float(seed), 5.0 * float(seed), 3.0 * float(seed))


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, False])
@pytest.mark.parametrize("grad", [0.0, -0.0, 7.0, NAN, INF])
def test_seed_zero_leaves_every_gradient_exactly_unchanged(zero: float, grad: float) -> None:
    """Seen to fail with a pass for the seed 0."""
    x = Value(0.0)
    y = x.log()
    root = y * y
    y.backward(2.0)
    root.backward(1.0)
    x.grad = grad
    before = [bits(number) for number in grads([x, y, root])]
    root.backward(zero)

    assert [bits(number) for number in grads([x, y, root])] == before
    assert before[0] == bits(grad)


# A leaf that changes between the forward and the backward pass --------------------------------------


@pytest.mark.parametrize("operation", built_in_operations(), ids=lambda operation: operation.name)
def test_leaves_may_change_after_the_forward_pass(operation: Operation) -> None:
    """Seen to fail with local gradients at the present data of the parents."""
    inside = isinstance(operation.domain[0], list) or 0.75 in operation.domain[0]
    numbers = [0.75 if inside else 1.75, 2.0, 1.25]
    undisturbed = [Value(number) for number in numbers]
    y = applied(operation, undisturbed)
    (y * y).backward()
    disturbed = [Value(number) for number in numbers]
    z = applied(operation, disturbed)
    square = z * z
    for leaf in disturbed:
        leaf.data = -100.0
    slopes = gradient(square, disturbed)
    square.backward()

    assert z.data == y.data
    assert list(map(bits, grads(disturbed))) == list(map(bits, grads(undisturbed)))
    assert [slope.data for slope in slopes] == grads(undisturbed)


# An exception half-way ------------------------------------------------------------------------------


def test_local_gradient_that_raises_at_any_step_changes_no_gradient() -> None:
    """Seen to fail with gradients written on the way."""
    calls = 0
    raises_at = 0

    def fragile(x, y):
        def local_gradient():
            nonlocal calls
            calls += 1
            if calls == raises_at:
                raise ArithmeticError
            return y, x

        return x * y, local_gradient

    with declared(fragile) as times:
        a, b = Value(2.0), Value(3.0)
        product = times(a, b)
        nodes = [product]
        for _ in range(9):
            nodes.append(times(nodes[-1], b))
        root = nodes[-1]
        root.backward()
        expected = grads([a, b, *nodes])
        for raises_at in range(1, 11):  # the closures read it
            for leaf in (a, b):
                leaf.zero_grad()
            calls = -10
            root.backward()
            assert calls == 0

            with pytest.raises(ArithmeticError):
                root.backward(2.0)
            assert (calls, grads([a, b, *nodes])) == (raises_at, expected)

        raises_at = 0
        root.backward()

    # a·b¹⁰ at (2, 3)
    assert expected[:2] == [3.0**10, 2 * 10 * 3.0**9]
    assert grads([a, b]) == [2 * number for number in expected[:2]]
    assert grads(nodes) == expected[2:]


@pytest.mark.parametrize("answer", [(), (1.0,), (1.0, 2.0, 3.0), (1.0, "2"), (1.0, 2j), (1.0, numpy.ones(2)), None])
def test_local_gradient_of_the_wrong_shape_is_an_error_that_changes_nothing(answer: Any) -> None:
    """Seen to fail with partials that are not counted."""

    def misshapen(x, y):
        return x + y, lambda: answer

    with declared(misshapen) as wrong:
        a, b = Value(2.0), Value(3.0)
        root = wrong(a, b) * 2
        with pytest.raises(TypeError):
            root.backward()

    assert grads([a, b, root]) == [0.0, 0.0, 0.0]


# Order that depends on memory addresses -------------------------------------------------------------

ORDER_PROGRAM = """
import random
junk = [bytes(hash(str(i)) % 1000) for i in range(hash("junk") % 5000)]  # other addresses in each process
from autograd import Value, gradient, sum
draw = random.Random(7)
leaves = [Value(draw.gauss(0, 10.0 ** draw.randint(-8, 8))) for _ in range(12)]
nodes = list(leaves)
for _ in range(300):
    a, b = draw.choice(nodes), draw.choice(nodes)
    nodes.append(draw.choice([lambda: a + b, lambda: a.sin() * b.cos(), lambda: a.tanh() - b.sigmoid()])())
    del junk[-1:]
root = sum([node.tanh() for node in nodes])
slopes = gradient(root, leaves)
root.backward()
print([node.grad.hex() for node in nodes], [slope.data.hex() for slope in slopes])
"""


def test_every_process_computes_the_same_bits() -> None:
    """Seen to fail with a topological order that follows the addresses of the nodes."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", ORDER_PROGRAM],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        for seed in range(1, 21)
    ]
    printed = [process.communicate(timeout=120)[0] for process in processes]

    assert len(printed[0]) > 1000
    assert len(set(printed)) == 1


def test_parents_stand_in_the_order_of_the_operands() -> None:
    """Seen to fail with a set of parents."""
    for _ in range(50):
        x, y = Value(1.0), Value(1.0)

        assert (x * y).parents == (x, y)
        assert (y * x).parents == (y, x)
        assert (x * x).parents == (x, x)
        assert autograd.dot([y, x], [x, 2.0]).operands == (y, x, x, 2.0)


# Equality or hash by value merges equal leaves -------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [(2.0, 2.0), (0.0, -0.0), (NAN, NAN), (INF, INF)])
def test_equal_leaves_get_their_own_gradients(first: float, second: float) -> None:
    """Seen to fail with equality and hash by data."""
    a, b = Value(first), Value(second)
    y = 2 * a + 3 * b + 4 * a
    slopes = gradient(y, {a: "a", b: "b"})
    y.backward()

    assert grads([a, b]) == [6.0, 3.0]
    assert [slope.data for slope in slopes] == [6.0, 3.0]
    assert {a: 1, b: 2}[b] == 2


# Quadratic traversal ---------------------------------------------------------------------------------

COUNT = 2000


def chain(link: Operation) -> Value:
    y = Value(0.0)
    for _ in range(COUNT):
        y = link(y, 1.0)
    return y


def fan_out(link: Operation) -> Value:
    x = Value(0.0)
    return autograd.sum([link(x, 1.0) for _ in range(COUNT)])


def ladder(link: Operation) -> Value:
    y = Value(0.0)
    for _ in range(COUNT):
        y = link(y, y)
    return y


def lattice(link: Operation) -> Value:
    row = [Value(0.0) for _ in range(41)]
    for _ in range(40):
        row = [link(left, right) for left, right in zip(row, row[1:] + row[:1], strict=True)]
    return autograd.sum(row)


@pytest.mark.parametrize("graph", [chain, fan_out, ladder, lattice])
def test_each_closure_is_called_once_a_pass(graph: Callable[[Operation], Value]) -> None:
    """Seen to fail with local gradients applied at each arriving flow, for the ladder without end."""
    calls: Counter[int] = Counter()
    rules = 0

    def counted(x, y):
        nonlocal rules
        rules += 1
        number = rules

        def local_gradient():
            calls[number] += 1
            return 0.5, 0.5

        return (x + y) * 0.5, local_gradient

    with declared(counted) as link:
        y = graph(link)
        nodes = sum(node.operation is link for node in topological_order(y))
        for passes in (1, 2):
            y.backward()

            assert len(calls) == nodes == rules
            assert set(calls.values()) == {passes}
        calls.clear()
        gradient(y, [node for node in topological_order(y) if node.operation is None])

    # For Values, each rule runs once more, and its closure once.
    assert rules == 2 * nodes
    assert len(calls) == nodes
    assert set(calls.values()) == {1}


def test_partial_towards_a_constant_is_never_computed() -> None:
    """Seen to fail with partials computed for constants too."""
    asked: list[str] = []

    def lazy(x, y):
        return x + y, lambda: (lambda: asked.append("x") or 1.0, lambda: asked.append("y") or 1.0)

    with declared(lazy) as add:
        x = Value(1.0)
        add(x, 2.0).backward()
        add(2.0, x).backward()
        gradient(add(x, 2.0), x)

    assert asked == ["x", "y", "x"]
    assert x.grad == 2.0


# repr, deepcopy and pickle that walk the graph -------------------------------------------------------


def sixty_level_ladder() -> Value:
    y = Value(1.0)
    for _ in range(60):
        y = y + y
    return y


def test_repr_does_not_walk_the_graph() -> None:
    """Seen to fail with the operands in the repr: it does not end."""
    y = sixty_level_ladder()

    assert repr(y) == "Value(data=1.152921504606847e+18, grad=0.0, operation=add)"


def test_deepcopy_does_not_walk_the_graph() -> None:
    """Seen to fail with computed Values that are copied as leaves."""
    y = sixty_level_ladder()
    with pytest.raises(TypeError, match=r"cannot copy or pickle a computed Value \(add\)"):
        copy.deepcopy(y)


def test_deepcopy_of_parameters_is_exact_and_independent() -> None:
    """Seen to fail with a copy that forgets the gradient."""
    model = {"weights": [Value(0.1, "w0"), Value(-0.0, "w1")], "bias": Value(5e-324, "b")}
    model["tied"] = model["weights"][0]
    model["bias"].grad = 2.5
    twin = copy.deepcopy(model)
    (twin["tied"] * 3).backward()
    twin["bias"].data = 1.0

    assert [bits(w.data) for w in twin["weights"]] == [bits(0.1), bits(-0.0)]
    assert [w.label for w in twin["weights"]] == ["w0", "w1"]
    assert twin["weights"][0] is twin["tied"]
    assert twin["weights"][0].grad == 3.0
    assert twin["bias"].grad == 2.5
    assert model["weights"][0].grad == 0.0
    assert model["bias"].data == 5e-324


# Ties of a maximum -----------------------------------------------------------------------------------


def test_two_way_ties_share_equally() -> None:
    """Seen to fail with a whole gradient to either side of a tie."""
    assert gradient_of(maximum, 2.0, 2.0) == [0.5, 0.5]
    assert gradient_of(minimum, 2.0, 2.0) == [0.5, 0.5]


def test_three_way_ties_share_by_nesting() -> None:
    """Seen to fail with a whole gradient to either side of a tie."""
    assert gradient_of(lambda a, b, c: maximum(maximum(a, b), c), 2.0, 2.0, 2.0) == [0.25, 0.25, 0.5]
    assert gradient_of(lambda a, b, c: maximum(a, maximum(b, c)), 2.0, 2.0, 2.0) == [0.5, 0.25, 0.25]


@pytest.mark.parametrize("operation", [maximum, minimum])
def test_weights_of_a_choice_sum_to_one(operation: Operation) -> None:
    """Seen to fail with a whole gradient to either side of a tie."""
    numbers = [x for x in SPECIAL if not math.isnan(x)]
    for x in numbers:
        for y in numbers:
            weights = gradient_of(operation, x, y)

            assert sum(weights) == 1.0, (x, y)
            assert weights == ([0.5, 0.5] if x == y else [1.0, 0.0] if operation(x, y) == x else [0.0, 1.0]), (x, y)


# Powers ----------------------------------------------------------------------------------------------

LN2 = 0.6931471805599453
ROOT2 = 1.4142135623730951

EXPONENTS = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0]

# For each base a row of values, of derivatives y·x^(y−1) towards the base and of derivatives x^y·ln x towards the
# exponent, in the order of the exponents. The value is pow of IEEE 754; ln x is nan for x < 0 and −inf for ±0, where
# the derivative towards an exponent ≥ 0 is the limit, 0. The derivative of x^0 = 1 towards x is 0.
POWERS: list[tuple[float, list[float], list[float], list[float]]] = [
    (
        0.0,
        [INF, INF, INF, 1, 0, 0, 0, 0],
        [-INF, -INF, -INF, 0, INF, 1, 0, 0],
        [-INF, -INF, -INF, 0, 0, 0, 0, 0],
    ),
    (
        -0.0,
        [INF, -INF, INF, 1, 0, -0.0, 0, -0.0],
        [INF, -INF, -INF, 0, INF, 1, -0.0, 0],
        [-INF, INF, -INF, 0, 0, 0, 0, 0],
    ),
    (
        1.0,
        [1, 1, 1, 1, 1, 1, 1, 1],
        [-2, -1, -0.5, 0, 0.5, 1, 2, 3],
        [0, 0, 0, 0, 0, 0, 0, 0],
    ),
    (
        -1.0,
        [1, -1, NAN, 1, NAN, -1, 1, -1],
        [2, -1, NAN, 0, NAN, 1, -2, 3],
        [NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
    ),
    (
        2.0,
        [0.25, 0.5, ROOT2 / 2, 1, ROOT2, 2, 4, 8],
        [-0.25, -0.25, -ROOT2 / 8, 0, ROOT2 / 4, 1, 4, 12],
        [LN2 / 4, LN2 / 2, LN2 * ROOT2 / 2, LN2, LN2 * ROOT2, 2 * LN2, 4 * LN2, 8 * LN2],
    ),
    (
        -2.0,
        [0.25, -0.5, NAN, 1, NAN, -2, 4, -8],
        [0.25, -0.25, NAN, 0, NAN, 1, -4, 12],
        [NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
    ),
    (
        INF,
        [0, 0, 0, 1, INF, INF, INF, INF],
        [-0.0, -0.0, -0.0, 0, 0, 1, INF, INF],
        [0, 0, 0, INF, INF, INF, INF, INF],  # towards exponents < 0 the limit of ln x / x^|y|
    ),
    (
        -INF,
        [0, -0.0, 0, 1, INF, -INF, INF, -INF],
        [0, -0.0, -0.0, 0, 0, 1, -INF, INF],
        [NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
    ),
    (
        NAN,
        [NAN, NAN, NAN, 1, NAN, NAN, NAN, NAN],
        [NAN, NAN, NAN, NAN, NAN, 1, NAN, NAN],  # x^1 is x, and its derivative 1
        [NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN],
    ),
]


def same(actual: float, expected: float) -> bool:
    """Equal up to rounding, with the same sign also of a zero."""
    if math.isfinite(expected) and expected != 0:
        return math.isclose(actual, expected, rel_tol=4e-16)
    return bits(actual) == bits(expected)


@pytest.mark.parametrize(("base", "values", "by_base", "by_exponent"), POWERS, ids=[str(row[0]) for row in POWERS])
def test_table_of_powers(base: float, values: list[float], by_base: list[float], by_exponent: list[float]) -> None:
    """Seen to fail with 0·ln 0 = nan."""
    for exponent, value, base_slope, exponent_slope in zip(EXPONENTS, values, by_base, by_exponent, strict=True):
        x, y = Value(base), Value(exponent)
        power = x**y
        power.backward()
        place = f"{base} ** {exponent}"

        assert same(power.data, value), f"{place} is {power.data}, not {value}"
        assert same(x.grad + 0.0, base_slope + 0.0), f"{place}: base {x.grad}, not {base_slope}"
        assert same(y.grad + 0.0, exponent_slope + 0.0), f"{place}: exponent {y.grad}, not {exponent_slope}"


@pytest.mark.parametrize(("base", "values", "by_base", "by_exponent"), POWERS, ids=[str(row[0]) for row in POWERS])
def test_powers_of_constants_and_to_constants_agree_with_the_table(
    base: float, values: list[float], by_base: list[float], by_exponent: list[float]
) -> None:
    """Seen to fail with 0·ln 0 = nan."""
    for exponent, value, base_slope, exponent_slope in zip(EXPONENTS, values, by_base, by_exponent, strict=True):
        x, y = Value(base), Value(exponent)
        of_x, of_y = x**exponent, base**y
        of_x.backward()
        of_y.backward()

        assert same(of_x.data, value)
        assert same(of_y.data, value)
        assert same(x.grad + 0.0, base_slope + 0.0)
        assert same(y.grad + 0.0, exponent_slope + 0.0)


@pytest.mark.parametrize("function", [operator.pow, autograd.power, lambda x, y: Value.power(x, y)])
def test_powers_under_all_their_names(function: Callable[[Any, Any], Value]) -> None:
    """Seen to fail with x^y for x^y·ln x."""
    x, y = Value(2.0), Value(3.0)
    z = function(x, y)
    z.backward()

    assert (z.data, x.grad) == (8.0, 12.0)
    assert y.grad == pytest.approx(8 * LN2, rel=1e-15)


@pytest.mark.parametrize(
    ("base", "exponent"), [(-INF, -2.0), (-INF, -1.0), (-1e300, -4.0), (-1e-300, 4.0), (-3.0, -2000.0)]
)
def test_derivative_towards_the_exponent_of_a_negative_base_is_nan_also_where_the_power_underflows(
    base: float, exponent: float
) -> None:
    """Seen to fail with 0 wherever the power underflows."""
    x, y = Value(base), Value(exponent)
    (x**y).backward()

    assert math.isnan(y.grad)


# Overflow that raises here and gives inf there -------------------------------------------------------


@pytest.mark.parametrize("operation", built_in_operations(), ids=lambda operation: operation.name)
def test_no_number_raises(operation: Operation) -> None:
    """Seen to fail with math.exp for ieee.exp."""
    others = SPECIAL if len(operation.parameters) > 1 or operation.list_count else [0.0]
    for first in SPECIAL:
        for second in others:
            leaves = [Value(first), Value(second), Value(0.5)]
            y = applied(operation, leaves)
            plain = applied(operation, [first, second, 0.5])
            y.backward()
            slope = gradient(gradient(y, leaves[0]), leaves[0])

            assert bits(y.data) == bits(plain), (first, second)
            assert all(type(leaf.grad) is float for leaf in leaves)
            assert type(slope.data) is float


# 0 · inf on a dead branch ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: relu(x.log()),
        lambda x: relu(-(1 / x)),
        lambda x: relu(-x.sqrt()),
        lambda x: maximum(x.log(), 1.0),
        lambda x: maximum(1.0, -x.sqrt()),
        lambda x: maximum(-1 / x, -5.0),
        lambda x: minimum(1 / x, 1.0),
        lambda x: minimum(x.sqrt(), -1.0),
        lambda x: where(x > 0, x.log(), 0.0),
        lambda x: where(x > 0, 1 / x, 0.0),
        lambda x: where(x <= 0, 0.0, x.sqrt() / x),
        lambda x: maximum(x.log(), 1.0) * INF,
    ],
)
def test_dead_branch_does_not_poison_the_gradient(function: Callable[[Value], Value]) -> None:
    """Seen to fail with the number 0 in place of BLOCKED."""
    x = Value(0.0)
    y = function(x)
    slope = gradient(y, x)
    y.backward()

    assert x.grad == 0.0
    assert slope.data == 0.0


def test_genuine_zero_times_inf_is_nan() -> None:
    """Seen to fail with 0 wherever a factor of a flow is 0."""
    x, y = Value(0.0), Value(0.0)
    (x.sqrt() * 0.0).backward()
    (y * INF).sqrt().backward(0.5)

    assert math.isnan(x.grad)
    assert math.isnan(y.grad)


# nan that is hidden ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["reciprocal", "exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "relu", "abs"],
)
def test_nan_in_gives_nan_out_and_a_nan_gradient(name: str) -> None:
    """Seen to fail with a ReLU that answers 0 for nan."""
    x = Value(NAN)
    y = OPERATIONS[name](x)
    slope = gradient(y, x)
    y.backward()

    assert math.isnan(y.data)
    assert math.isnan(x.grad)
    assert math.isnan(slope.data)


@pytest.mark.parametrize("name", ["divide", "power", "maximum", "minimum"])
@pytest.mark.parametrize(("first", "second"), [(NAN, 2.0), (2.0, NAN), (NAN, NAN), (NAN, -0.5)])
def test_nan_among_two_gives_nan_out_and_nan_to_the_other(name: str, first: float, second: float) -> None:
    """Seen to fail with a maximum that hides nan."""
    x, y = Value(first), Value(second)
    z = OPERATIONS[name](x, y)
    z.backward()

    assert math.isnan(z.data)
    assert math.isnan(y.grad)
    assert math.isnan(x.grad) or (name == "divide" and x.grad == 1 / second)


@pytest.mark.parametrize("choose", [maximum, minimum])
def test_nan_is_not_hidden_by_any_other_number(choose: Operation) -> None:
    """Seen to fail with x^y for x + y where one of them is nan: nan^0 and 1^nan are 1."""
    for other in SPECIAL:
        for first, second in ((NAN, other), (other, NAN)):
            assert math.isnan(choose(first, second))
            assert all(map(math.isnan, gradient_of(choose, first, second)))


@pytest.mark.parametrize("seed", [NAN, INF])
def test_nan_that_arrives_is_passed_on(seed: float) -> None:
    """Seen to fail with the sign of a difference lost."""
    x = Value(1.0)
    root = x * x - x
    root.backward(seed)

    assert math.isnan(x.grad)


@pytest.mark.parametrize(
    ("operation", "number"),
    [
        *((name, NAN) for name in ("relu", "abs", "log", "log1p", "exp", "sqrt", "sigmoid", "tanh", "softplus", "sin")),
        *(("log", -1.0), ("log", -INF), ("log1p", -2.0), ("sqrt", -1.0)),
    ],
)
def test_nan_is_not_hidden_one_derivative_further(operation: str, number: float) -> None:
    """Seen to fail with a constant nan for the derivative of log below 0: that of a constant is 0."""
    x = Value(number)
    slope = gradient(OPERATIONS[operation](x), x)

    assert math.isnan(slope.data)
    assert math.isnan(gradient(slope, x).data)


@pytest.mark.parametrize("choose", [maximum, minimum])
def test_nan_is_not_hidden_one_derivative_further_among_two(choose: Operation) -> None:
    for other in (1.0, 0.0):
        x, y = Value(NAN), Value(other)

        assert math.isnan(gradient(choose(x, y), y).data)
        assert math.isnan(gradient(gradient(choose(x, y), y), y).data)


# Types that drift ------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", built_in_operations(), ids=lambda operation: operation.name)
@pytest.mark.parametrize("number", [1, True, numpy.float32(1), numpy.int8(1), Fraction(1)])
def test_data_and_gradients_are_floats_after_everything(operation: Operation, number: Any) -> None:
    """Seen to fail with data that is kept as it came."""
    x = Value(number)
    y = applied(operation, [x, number, x])
    y.backward(number)
    slope = gradient(y, x)
    x.data = number
    grad = x.grad
    x.grad = number

    assert [type(thing) for thing in (x.data, y.data, y.grad, grad, x.grad, slope.data, y.item())] == [float] * 7
    assert all(type(x) is float for x in y.operands if not isinstance(x, Value))
    assert type(applied(operation, [number, number, number])) is float


def test_operation_of_a_user_gives_floats() -> None:
    """Seen to fail with the number that the rule answered."""

    def rounding(x):
        return numpy.float64(round(x)), lambda: (1,)

    with declared(rounding) as integer:
        x = Value(2.6)
        y = integer(x)
        y.backward()

    assert (y.data, type(y.data)) == (3.0, float)
    assert (x.grad, type(x.grad)) == (1.0, float)


# NumPy on the left -----------------------------------------------------------------------------------

NUMPY_REALS = [
    *(numpy.float16, numpy.float32, numpy.float64, numpy.longdouble),
    *(numpy.int8, numpy.int16, numpy.int32, numpy.int64, numpy.longlong),
    *(numpy.uint8, numpy.uint16, numpy.uint32, numpy.uint64, numpy.ulonglong),
]

ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
ARITHMETIC += [operator.mod, operator.floordiv]
ORDER = [operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("kind", NUMPY_REALS)
def test_numpy_scalars_stand_on_either_side_of_every_operator(kind: type) -> None:
    """Seen to fail without `__array_ufunc__ = None`."""
    v = Value(3.0)
    for operate in ARITHMETIC:
        left, right = operate(kind(2), v), operate(v, kind(2))

        assert type(left) is type(right) is Value
        assert type(left.data) is type(right.data) is float
        assert left.data == operate(2.0, 3.0)
        assert right.data == operate(3.0, 2.0)
    for compare in ORDER:
        assert compare(kind(2), v) is compare(2.0, 3.0)
        assert compare(v, kind(2)) is compare(3.0, 2.0)
    assert (kind(2) == v) is (v == kind(2)) is False
    assert (kind(2) != v) is (v != kind(2)) is True


@pytest.mark.parametrize("shape", [(2,), (2, 3), (0,), (1, 1)])
@pytest.mark.parametrize("kind", [float, int, numpy.float32, object])
def test_operators_of_numpy_arrays_go_element_by_element(shape: tuple[int, ...], kind: type) -> None:
    """Seen to fail with `__array_ufunc__ = None`."""
    v = Value(3.0)
    array = numpy.arange(1, 1 + math.prod(shape)).reshape(shape).astype(kind)
    for operate in ARITHMETIC:
        for result, expected in (
            (operate(array, v), [operate(float(x), 3.0) for x in array.flat]),
            (operate(v, array), [operate(3.0, float(x)) for x in array.flat]),
        ):
            assert result.shape == shape
            assert all(type(y) is Value and y.parents == (v,) for y in result.flat)
            assert [y.data for y in result.flat] == expected
    for compare in ORDER:
        assert compare(array, v).tolist() == compare(array.astype(float), 3.0).tolist()
        assert compare(v, array).tolist() == compare(3.0, array.astype(float)).tolist()


@pytest.mark.parametrize("array", [numpy.array([1.0, 2.0]), numpy.array(["1", "2"]), numpy.array([1j])])
def test_what_numpy_arrays_cannot_do_with_a_value_is_refused(array: Any) -> None:
    """Seen to fail where all of NumPy's functions are answered by the operators of the elements."""
    v = Value(3.0)
    refused = [operator.matmul, operator.iadd, operator.imul]
    if array.dtype.kind != "f":
        refused += [*ARITHMETIC, *ORDER]
    for operate in refused:
        with pytest.raises(TypeError):
            operate(array, v)
    for operate in set(refused) - {operator.iadd, operator.imul}:
        with pytest.raises(TypeError):
            operate(v, array)


@pytest.mark.parametrize("function", [numpy.exp, numpy.sqrt, lambda v: numpy.add(v, 1), lambda v: numpy.maximum(1, v)])
def test_functions_of_numpy_refuse_a_value_and_name_the_remedy(function: Callable[[Value], Any]) -> None:
    """Seen to fail without `__array_ufunc__`."""
    with pytest.raises(TypeError, match=r"use (autograd\.(exp|sqrt|maximum)|operators)"):
        function(Value(3.0))


# Silent detachment through __float__ -----------------------------------------------------------------


@pytest.mark.parametrize(
    "convert", [float, int, complex, math.exp, math.sqrt, math.isnan, math.floor, round, math.trunc]
)
def test_conversions_refuse_to_lose_the_gradient(convert: Callable[[Value], Any]) -> None:
    """Seen to fail with a `__float__` that answers the data."""
    for value in (Value(1.0), Value(1.0) + 1):
        with pytest.raises(TypeError):
            convert(value)


def test_arrays_of_floats_refuse_to_lose_the_gradient() -> None:
    """Seen to fail with a `__float__` that answers the data."""
    with pytest.raises(TypeError):
        numpy.array([Value(1.0)], dtype=float)
    with pytest.raises(TypeError):
        numpy.float64(Value(1.0))
    with pytest.raises(TypeError):
        numpy.zeros(1)[0:1].fill(Value(1.0))


# Garbage accepted as data ----------------------------------------------------------------------------


class Plain:
    pass


class Floatable:
    def __float__(self) -> float:
        return 1.0


FOREIGN: list[Any] = [
    *("a", "", "1", b"1", bytearray(b"1"), None, ..., NotImplemented),
    *([], [1.0], (1.0,), {1.0}, {1: 1.0}, range(2), iter([1.0])),
    *(1j, numpy.complex64(1j), numpy.array([1j]), numpy.str_("1"), numpy.datetime64("2020-01-01")),
    *(numpy.timedelta64(5, "ns"), numpy.timedelta64(5, "s")),
    *(Decimal(1), date(2020, 1, 1), Plain(), Plain, Floatable(), len, float),
    *(1, 1.0, True, Fraction(1, 3), 10**400),
]

OPERATORS = [
    *ARITHMETIC,
    *ORDER,
    *(operator.floordiv, operator.mod, divmod, operator.matmul),
    *(operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift),
    *(
        operator.iadd,
        operator.isub,
        operator.imul,
        operator.itruediv,
        operator.ipow,
        operator.concat,
        operator.contains,
    ),
]


@pytest.mark.parametrize("thing", FOREIGN, ids=lambda thing: type(thing).__name__)
def test_foreign_objects_give_a_value_or_a_type_error(thing: Any) -> None:
    """Seen to fail with data that is kept as it came."""
    real = isinstance(thing, (int, float, Fraction))
    for operate in OPERATORS:
        for operands in ((Value(2.0), thing), (thing, Value(2.0))):
            if operate is operator.contains and hasattr(thing, "__iter__") and operands[0] is thing:
                continue  # whether a Value is in a list is a question to the list
            try:
                result = operate(*operands)
            except TypeError:
                assert not (real and operate in ARITHMETIC), (operate, operands)
            else:
                assert real, (operate, operands)
                assert type(result) is (bool if operate in ORDER else Value), (operate, operands)


@pytest.mark.parametrize("operation", built_in_operations(), ids=lambda operation: operation.name)
def test_foreign_objects_are_no_operands_of_an_operation(operation: Operation) -> None:
    """Seen to fail with `float(number)` for every thing."""
    for thing in FOREIGN:
        if not isinstance(thing, (int, float, Fraction)):
            for operands in ([thing, Value(1.0), Value(1.0)], [thing, thing, thing]):
                with pytest.raises(TypeError):
                    applied(operation, operands)


# Threads that lose updates or corrupt a shared trunk -------------------------------------------------


def test_eight_threads_on_shared_leaves_lose_no_update() -> None:
    """Seen to fail without the lock around the commit."""
    x, y = Value(3.0), Value(5.0)

    def passes(number: int) -> None:
        for _ in range(10_000):
            (x * y + x).backward()

    in_threads(8, passes)

    assert (x.grad, y.grad) == (80_000 * 6.0, 80_000 * 3.0)


def test_eight_threads_on_a_shared_trunk_do_not_mix_their_flows() -> None:
    """Seen to fail with flows that are kept in the nodes."""
    x = Value(3.0)
    trunk = x
    for _ in range(10):
        trunk = trunk + 1.0

    def passes(number: int) -> None:
        head = trunk * (number + 1)
        for _ in range(1000):
            head.backward()

    in_threads(8, passes)

    assert x.grad == 1000 * (1 + 2 + 3 + 4 + 5 + 6 + 7 + 8)
    assert trunk.grad in range(1, 9)
