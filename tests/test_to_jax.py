"""Programs on JAX: the numbers are those of the eager engine, and the derivatives those of the rule book."""

# ruff: noqa: E402 (what is imported below needs JAX)

import itertools
import json
import math
import os
import random
import socket
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

jax = pytest.importorskip("jax", reason='needs JAX: pip install "scalar-autograd[jax]"')

import jax.numpy as jnp
import numpy as np
from helpers import declared, grads

import autograd
from autograd import BLOCKED, OPERATIONS, Operation, Value, datasets, gradient, hessian, nn
from autograd.compiler.program import DETACH, LINEAR, TAKE, Program
from autograd.compiler.replay import Replay
from autograd.compiler.to_jax import JaxFunction, to_jax

ROOT = Path(__file__).parent


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", before)


def close(found: float, expected: float, scale: float = 0.0, digits: float = 1e-12) -> bool:
    """Whether two numbers agree; XLA has no subnormal numbers."""
    if not (math.isfinite(found) and math.isfinite(expected)):
        return str(found) == str(expected)
    return abs(found - expected) <= digits * max(abs(found), abs(expected), scale) + 1e-300


def program(
    operations: Sequence[Operation], rows: Sequence[Sequence[int]], inputs: int, outputs: Sequence[int]
) -> Program:
    """A program of instructions on slots; slots from the inputs on are instructions."""
    kinds = list(dict.fromkeys(operations))
    starts = array("i", [0, *itertools.accumulate(map(len, rows))])
    return Program(
        "written",
        tuple(kinds),
        tuple([f"x{i}" for i in range(inputs)]),
        bytes([1]) * inputs,
        (),
        array("d"),
        array("H", [kinds.index(operation) for operation in operations]),
        starts,
        array("i", itertools.chain.from_iterable(rows)),
        array("i", [-1]) * len(operations),
        array("i", outputs),
        array("i"),
    )


def each_alone(operations: Sequence[Operation], count: int) -> JaxFunction:
    """A program in which each operation has so many inputs of its own, and is an output."""
    inputs = len(operations) * count
    rows = [range(k * count, (k + 1) * count) for k in range(len(operations))]
    return to_jax(program(operations, rows, inputs, range(inputs, inputs + len(operations))))


def outputs_of(function: JaxFunction) -> Callable[..., Any]:
    """The outputs as one array, a row for each."""

    def together(parameters: Any, columns: Any) -> Any:
        answer = function.map(parameters, *columns)
        return jnp.stack(answer if isinstance(answer, list) else [answer])

    return together


# The rule book --------------------------------------------------------------------------------------

EDGES = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.3,
    -2.5,
    2.0,
    0.5,
    -0.5,
    3.0,
    30.0,
    -800.0,
    1e200,
    -1e300,
    math.inf,
    -math.inf,
    math.nan,
]


def single(count: int) -> list[Operation]:
    """The operations of so many numbers."""
    return [x for x in OPERATIONS.values() if x.is_of_book and not x.list_count and len(x.parameters) == count]


def on_list(length: int) -> list[Operation]:
    """The operations on a list of so many numbers, or on two of them."""
    found = [x for x in OPERATIONS.values() if x.is_of_book and x.list_count]
    return [x for x in found if length % x.list_count == 0 and (length > 1 or x.name not in ("var", "std"))]


def some_rows(length: int) -> list[list[float]]:
    """Lists of numbers with edges and ties."""
    draw = random.Random(length)
    mixed = [
        [draw.choice(EDGES) if draw.random() < 0.5 else draw.gauss(0, 1) for _ in range(length)] for _ in range(150)
    ]
    tied = [[draw.choice([0.0, 1.0, 2.0]) for _ in range(length)] for _ in range(40)]
    return [*mixed, *tied, *[[x] * length for x in EDGES]]


OPERATIONS_AND_ROWS = [
    pytest.param(single(1), [[x] for x in EDGES], id="one number"),
    pytest.param(single(2), [list(x) for x in itertools.product(EDGES, repeat=2)], id="two numbers"),
    pytest.param(single(3), [list(x) for x in itertools.product(EDGES, repeat=3)][::7], id="three numbers"),
    *[pytest.param(on_list(n), some_rows(n), id=f"a list of {n}") for n in (1, 2, 3, 6)],
]


@pytest.mark.parametrize(("operations", "rows"), OPERATIONS_AND_ROWS)
def test_values_and_derivatives_are_those_of_the_rules(operations: list[Operation], rows: list[list[float]]) -> None:
    """Also if what arrives is inf: what is not chosen receives 0. Seen to fail with x / y² for x / y / y, with 1 for
    each of the largest that tie, and with 0 · inf towards what is not chosen."""
    count = len(rows[0])
    outputs = outputs_of(each_alone(operations, count))

    @jax.jit
    def both(columns: Any, arriving: float) -> Any:
        answer, backward = jax.vjp(lambda columns: outputs(jnp.zeros(0), columns), columns)
        return answer, backward(jnp.full_like(answer, arriving))[0]

    columns, wrong = jnp.concatenate([jnp.array(rows).T] * len(operations)), []
    for arriving in (1.0, math.inf):
        values, flows = map(np.asarray, both(columns, arriving))
        for (k, operation), (e, row) in itertools.product(enumerate(operations), enumerate(rows)):
            value, local_gradient = operation.rule(*operation.arguments(row))
            partials = [partial() if callable(partial) else partial for partial in local_gradient()]
            expected = [value, *[0.0 if partial is BLOCKED else arriving * partial for partial in partials]]
            found = [values[k, e], *flows[k * count : (k + 1) * count, e]]
            is_tiny = arriving == math.inf and any(x is not None and 0 < abs(x) < 1e-300 for x in partials)
            if not is_tiny and not all(map(close, map(float, found), expected)):
                wrong.append((operation.name, row, arriving, expected, found))

    assert wrong == []


INSIDE = [1.2, 0.3, -0.6, 2.0, -2.5, 0.5, 3.0, -0.7517915246935645]


@pytest.mark.parametrize(
    ("operations", "rows"),
    [
        (single(1), [[x] for x in [0.0, *INSIDE]]),
        (single(2), [list(x) for x in itertools.product(INSIDE, repeat=2)]),
        (single(3), [list(x) for x in itertools.product(INSIDE, repeat=3)][::9]),
        (on_list(4), [[1.0, 1.0, 1.0, 1.0], [0.0, 1.0, 0.0, 2.0], [0.3, -1.0, 2.0, 0.7], [0.0, 0.0, 0.0, 0.0]]),
    ],
)
def test_second_derivatives_are_those_of_values(operations: list[Operation], rows: list[list[float]]) -> None:
    """In either direction. Seen to fail where JAX differentiates both sides of a branch backwards: nan for atan."""
    count, weights = len(rows[0]), [0.7, -1.3, 0.4, 1.1][: len(rows[0])]
    outputs = outputs_of(each_alone(operations, count))
    along = jnp.array(weights * len(operations))[:, None]

    def slopes(columns: Any) -> Any:
        return jax.grad(lambda columns: outputs(jnp.zeros(0), columns).sum())(columns)

    @jax.jit
    def both(columns: Any) -> Any:
        forwards = jax.jvp(slopes, (columns,), (jnp.broadcast_to(along, columns.shape),))[1]
        return forwards, jax.grad(lambda columns: (along * slopes(columns)).sum())(columns)

    columns, wrong = jnp.concatenate([jnp.array(rows).T] * len(operations)), []
    forwards, backwards = map(np.asarray, both(columns))
    for (k, operation), (e, row) in itertools.product(enumerate(operations), enumerate(rows)):
        values = [Value(x) for x in row]
        first = gradient(operation(*operation.arguments(values)), values)
        expected = gradient(sum(w * slope for w, slope in zip(weights, first, strict=True)), values)
        if not all(math.isfinite(slope.data) for slope in expected):
            continue  # a pole
        for found in (forwards, backwards):
            numbers = found[k * count : (k + 1) * count, e]
            if not all(close(float(x), y.data, scale=1.0, digits=1e-9) for x, y in zip(numbers, expected, strict=True)):
                wrong.append((operation.name, row, expected, numbers))

    assert wrong == []


# Whole programs -------------------------------------------------------------------------------------

SMOOTH = ["add", "subtract", "multiply", "negate", "tanh", "sin", "relu", "abs", "maximum", "minimum", "sqrt", "exp"]
OF_LISTS = ["sum", "mean", "dot", "max", "min", "logsumexp", "norm", "prod"]


def random_program(draw: random.Random, length: int, outputs: int) -> Program:
    """Instructions of all kinds, of four inputs, the first of which is an index; five parameters, four constants."""
    inputs, given = 4, 13
    operations, rows = [], []
    for k in range(length):
        near = range(max(0, given + k - 12), given + k)

        def slots(count: int, near: range = near, k: int = k) -> list[int]:
            return [draw.choice(near) if draw.random() < 0.7 else draw.randrange(given + k) for _ in range(count)]

        kind = draw.random()
        if kind < 0.5:
            operation = OPERATIONS[draw.choice(SMOOTH)]
            row = slots(len(operation.parameters))
        elif kind < 0.6:
            operation = OPERATIONS[draw.choice(OF_LISTS)]
            row = slots(draw.choice([1, 2, 5]) * operation.list_count)
        elif kind < 0.7:
            operation, row = OPERATIONS["where"], slots(3)
        elif kind < 0.76:
            operation, row = DETACH, slots(1)
        elif kind < 0.84:
            operation, row = TAKE, [0, *slots(3)]
        else:
            operation, pool = LINEAR, draw.sample(range(given + k), 2 * draw.choice([1, 2, 5]))
            row = [x for a, b in zip(pool[::2], pool[1::2], strict=True) for x in (a, b if draw.random() < 0.7 else -1)]
        operations.append(operation)
        rows.append(row)
    made = program(operations, rows, inputs, range(given + length - outputs, given + length))
    made.parameter_names, made.constants = ("p0", "p1", "p2", "p3", "p4"), array("d", [0.0, 1.0, 0.5, 2.0])
    return made


@pytest.mark.parametrize(("seed", "length", "outputs"), [(1, 12, 1), (2, 12, 3), (3, 40, 1), (5, 40, 2), (8, 25, 1)])
def test_random_programs_are_those_of_the_reference(seed: int, length: int, outputs: int) -> None:
    """Kinks, ties, infinite slopes and all that nothing has reached. Seen to fail with 0 · inf for what has received
    nothing, and with flows of instructions of which nothing comes."""
    draw = random.Random(seed)
    written = random_program(draw, length, outputs)
    reference, function = Replay(written), to_jax(written)
    parameters = [draw.choice([0.0, 1.0, -1.0, draw.gauss(0, 1)]) for _ in range(5)]
    rows = [
        [float(draw.randrange(3)), *[draw.choice([0.0, 1.0, -1.0, draw.gauss(0, 1)]) for _ in range(3)]]
        for _ in range(20)
    ]
    place = draw.randrange(outputs)

    def asked(parameters: Any, columns: Any) -> Any:
        answers = outputs_of(function)(parameters, columns)
        return answers[place].sum(), answers

    both = jax.jit(jax.value_and_grad(asked, (0, 1), has_aux=True))
    (_, answers), (of_parameters, of_columns) = both(jnp.array(parameters), jnp.array(rows).T)
    sums: list[float | None] = [None] * 5
    for e, row in enumerate(rows):
        expected, state = reference.exact([*row, *parameters])
        flows = state.sweep(place, 1.0, [None] * 4 + sums)
        sums = flows[4:]
        scale = max([abs(x) for x in flows if x is not None and math.isfinite(x)] or [0.0])

        assert all(close(float(x), y, 1.0) for x, y in zip(answers[:, e], expected, strict=True))
        assert all(close(float(x), y or 0.0, scale, 1e-10) for x, y in zip(of_columns[:, e], flows[:4], strict=True))
    assert all(close(float(x), y or 0.0, scale, 1e-10) for x, y in zip(of_parameters, sums, strict=True))


def test_what_no_flow_has_reached_sends_nothing() -> None:
    """The root's slope is infinite at 0, and so is the weight; relu has blocked both."""
    weight = Value(math.inf)
    blocked = autograd.compile(lambda x, y: (x.sqrt() - 1.0).relu() + (weight * y - math.inf).relu() + y)
    blocked(4.0, 1.0)
    function = blocked.to_jax()
    slopes = jax.grad(function, (0, 1, 2))(function.parameters(), 0.0, -1.0)

    assert [float(x.sum()) for x in slopes] == [0.0, 0.0, 1.0]


def test_gradients_of_a_model_are_those_of_the_eager_engine() -> None:
    model = nn.MLP(2, [8, 8, 1], activation="relu", seed=0)
    loss = autograd.compile(lambda point, target: (1.0 - target * model(point)).relu())
    points = [[0.3 * i - 1.0, 0.1 * i] for i in range(20)]
    targets = [(-1.0) ** i for i in range(20)]
    total = sum(loss.function(point, target) for point, target in zip(points, targets, strict=True)) / 20
    total.backward()
    loss(points[0], targets[0])
    function = loss.to_jax()
    expected = np.array(grads(function.values))
    parameters, columns = function.parameters(), (np.array(points), np.array(targets))

    def vmapped(parameters: Any, points: Any, targets: Any) -> Any:
        return jax.vmap(function, (None, 0, 0))(parameters, points, targets).mean()

    assert set(function.values) == set(model.parameters())
    loss(np.array(points[0]), targets[0])  # recorded with arrays, it takes the same
    assert float(loss.to_jax()(parameters, points[0], 1.0)) == float(function(parameters, points[0], 1.0))
    for mean in (function.mean, vmapped):
        value, slopes = jax.jit(jax.value_and_grad(mean))(parameters, *columns)

        assert float(value) == pytest.approx(total.data, rel=1e-14)
        assert np.abs(slopes - expected).max() < 1e-15


def test_curvature_is_that_of_values() -> None:
    """Seen to fail where the slope of (−5)² by its exponent, which is nan, is multiplied by 0."""
    w = [Value(x) for x in (0.3, -0.5, 0.8)]
    bowl = autograd.compile(lambda x: (w[0] * x - 5.0) ** 2 + (w[1] + x) ** w[2] + w[1].tanh() * w[2])
    root = bowl(0.7)
    function = bowl.to_jax()
    found = jax.jit(jax.hessian(function))(function.parameters(), 0.7)
    expected = [[y.data for y in row] for row in hessian(bowl.function(0.7), list(function.values))]

    assert root.data == pytest.approx(float(function(function.parameters(), 0.7)), rel=1e-15)
    assert found == pytest.approx(np.array(expected), rel=1e-12)


# Paths and indices ----------------------------------------------------------------------------------


def test_an_example_of_another_path_is_not_a_number() -> None:
    """A plausible number would be wrong; its gradients are nan too."""
    w = Value(2.0)
    bent = autograd.compile(lambda x: w * x if x > 0 else x * x)
    bent(3.0)
    function = bent.to_jax()
    parameters = function.parameters()

    assert str(function.map(parameters, np.array([1.0, -1.0, 5.0])).tolist()) == "[2.0, nan, 10.0]"
    assert str(jax.vmap(jax.grad(function, 1), (None, 0))(parameters, np.array([1.0, -1.0])).tolist()) == "[2.0, nan]"
    assert str(jax.grad(function)(parameters, -1.0).tolist()) == "[nan]"


def test_one_recording_takes_any_row() -> None:
    rows = [[Value(10.0 * i + j) for j in range(2)] for i in range(3)]

    @autograd.compile
    def taken(index: Any, x: Any) -> Any:
        a, b = autograd.take(rows, index)
        return a * x + b.detach()

    taken(1, 2.0)
    function = taken.to_jax()
    parameters, indices = function.parameters(), np.array([0, 1, 2, 3, -1])
    slopes = jax.grad(lambda parameters: function.sum(parameters, indices[:3], np.ones(3)))(parameters)

    assert str(function.map(parameters, indices, np.full(5, 2.0)).tolist()) == "[1.0, 31.0, 61.0, nan, nan]"
    assert slopes.tolist() == [1.0 if value in [row[0] for row in rows] else 0.0 for value in function.values]


# How it is called -----------------------------------------------------------------------------------


def nested() -> JaxFunction:
    """A function of a list of lists, a dict, a static argument and a number."""
    w = Value(2.0, "w")

    @autograd.compile(static=("way",))
    def answer(table: Any, named: Any, way: str, x: Any) -> Any:
        return {"sum": w * sum(map(sum, table)) + x, "rest": [named["a"] * named["b"]]}

    answer([[1.0, 2.0], [3.0, 4.0]], {"a": 5.0, "b": 6.0}, "up", 7.0)
    return answer.to_jax()


def test_inputs_and_answers_are_nested_as_in_the_function() -> None:
    function = nested()
    parameters = function.parameters()
    named = {"a": 5.0, "b": 6.0}
    expected = {"sum": 27.0, "rest": [30.0]}
    tables = [[[1.0, 2.0], [3.0, 4.0]], np.array([[1.0, 2.0], [3.0, 4.0]]), [np.array([1.0, 2.0]), [3.0, 4.0]]]
    calls = [(table, named, 7.0) for table in tables] + [((tables[0], named, 7.0),)]

    for inputs in calls:
        assert jax.tree.map(float, function(parameters, *inputs)) == expected
    columns = np.stack([tables[1]] * 3), {"a": np.full(3, 5.0), "b": np.full(3, 6.0)}, np.full(3, 7.0)
    assert jax.tree.map(lambda x: x.tolist(), function.map(parameters, *columns)) == {
        "sum": [27.0] * 3,
        "rest": [[30.0] * 3],
    }
    assert jax.tree.map(float, function.sum(parameters, *columns)) == {"sum": 81.0, "rest": [90.0]}
    vmapped = jax.jit(jax.vmap(function, (None, 0)))(parameters, columns)
    assert jax.tree.map(lambda x: x.tolist(), vmapped) == {"sum": [27.0] * 3, "rest": [[30.0] * 3]}


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (([[1.0, 2.0], [3.0, 4.0]],), r"answer was recorded with 3 arguments, not 1"),
        (([[1.0, 2.0]], {"a": 1.0, "b": 1.0}, 1.0), r"table should have 2 items, as when it was recorded, not 1"),
        (([[1.0, 2.0], 3.0], {"a": 1.0, "b": 1.0}, 1.0), r"table\[1\] should have 2 items, .* not float"),
        ((np.ones((2, 3)), {"a": 1.0, "b": 1.0}, 1.0), r"table should have the shape \(2, 2\), and has \(2, 3\)"),
        ((np.ones((2, 2)), {"a": 1.0}, 1.0), r"named should be a dict of 'a', 'b'"),
        ((np.ones((2, 2)), {"a": 1.0, "b": 1.0}, np.ones(4)), r"x should have the shape \(\), and has \(4,\)"),
    ],
)
def test_inputs_of_another_form_are_told(inputs: Any, message: str) -> None:
    function = nested()

    with pytest.raises((TypeError, ValueError), match=message):
        function(function.parameters(), *inputs)


def test_columns_of_different_lengths_and_wrong_parameters_are_told() -> None:
    function = to_jax(program([OPERATIONS["add"]], [[0, 1]], 2, [2]))

    with pytest.raises(ValueError, match=r"the columns of written have different lengths: 3, 4"):
        function.mean(jnp.zeros(0), jnp.ones(3), jnp.ones(4))
    with pytest.raises(ValueError, match=r"written has 0 parameters, .* shape \(2,\)"):
        function([1.0, 2.0], 1.0, 1.0)


def test_parameters_come_and_go() -> None:
    function = nested()
    function.load(function.parameters() * 3.0)

    assert function.parameters().tolist() == [6.0]
    assert [value.data for value in function.values] == [6.0]
    with pytest.raises(ValueError, match="there are 1 parameters, and 2 numbers for them"):
        function.load([1.0, 2.0])


def test_a_value_that_is_given_twice_is_one_input() -> None:
    product = autograd.compile(lambda x, y: x * y)
    x = Value(3.0)
    product(x, x)
    function = product.to_jax()

    assert float(function([], 5.0, 5.0)) == 25.0
    assert float(jax.grad(function, 1)(function.parameters(), 5.0, 5.0)) == 10.0


def test_float32_is_for_those_who_ask() -> None:
    function = nested()
    inputs = np.ones((2, 2)), {"a": 1.0, "b": 1.0}, 1.0
    jax.config.update("jax_enable_x64", False)

    assert function(function.parameters("float32"), *inputs)["sum"].dtype == np.float32
    with pytest.raises(RuntimeError, match="Values compute in float64, which is off in JAX"):
        function.parameters()
    with pytest.raises(RuntimeError, match="jax_enable_x64"):
        function([2.0], *inputs)


def test_where_there_is_no_jax_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    line = autograd.compile(lambda x: Value(1.0) * x)
    line(1.0)
    monkeypatch.setitem(sys.modules, "jax", None)
    for name in ("to_jax", "levels", "array_operations"):
        monkeypatch.delitem(sys.modules, f"autograd.compiler.{name}")

    with pytest.raises(ImportError, match=r'pip install "scalar-autograd\[jax\]"'):
        line.to_jax()


# Users' operations ----------------------------------------------------------------------------------


def test_a_users_operation_goes_by_its_traced_rule() -> None:
    """Its derivative at 0 is the one that was declared, which JAX would not guess."""

    def lifted(x: Any) -> Any:
        return (x * x, lambda: (2.0 * x,)) if x > 0 else (0.0 * x, lambda: (5.0,))

    def second_of(xs: Any) -> Any:
        return xs[1] * 2.0, lambda: [BLOCKED, 2.0, BLOCKED]

    with declared(lifted) as one:
        function = to_jax(program([one], [[0]], 1, [1]))

        assert [float(jax.grad(function, 1)(jnp.zeros(0), x)) for x in (3.0, 0.0)] == [6.0, 5.0]


def test_a_users_operation_that_wants_to_know_its_numbers_is_told() -> None:
    def looked_up(x: Any) -> Any:
        return math.sin(x), lambda: (math.cos(x),)

    with declared(looked_up) as operation, pytest.raises(TypeError, match=r"looked_up cannot go to JAX: .* by < and >"):
        to_jax(program([operation], [[0]], 1, [1]))


# Size -----------------------------------------------------------------------------------------------


def equations(jaxpr: Any) -> int:
    """How many equations JAX sees, those of inner functions too."""
    inner = [
        x
        for each in jaxpr.eqns
        for part in each.params.values()
        for x in (part if type(part) in (tuple, list) else [part])
    ]
    return len(jaxpr.eqns) + sum(
        equations(getattr(x, "jaxpr", x)) for x in inner if hasattr(getattr(x, "jaxpr", x), "eqns")
    )


def seen(widths: list[int]) -> int:
    """How many equations a model has with its gradient."""
    model = nn.MLP(3, widths, activation="tanh", seed=0)
    loss = autograd.compile(lambda xs: model(xs) ** 2)
    loss([1.0, 2.0, 3.0])
    function = loss.to_jax()
    return equations(jax.make_jaxpr(jax.value_and_grad(function))(function.parameters(), jnp.ones(3)).jaxpr)


def test_what_jax_sees_grows_with_depth_and_not_with_width() -> None:
    assert seen([4, 1]) == seen([40, 1])
    assert seen([4, 1]) < seen([4, 4, 1]) < seen([4, 1]) * 2


# Several devices, several processes -----------------------------------------------------------------


def spread(processes: int, devices: int) -> list[dict[str, Any]]:
    """What tests/spread.py prints in so many processes with so many devices each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}",
        "JAX_PLATFORMS": "cpu",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    running = [
        subprocess.Popen(
            [sys.executable, str(ROOT / "spread.py"), str(process), str(processes), str(port)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for process in range(processes)
    ]
    try:
        printed = [each.communicate(timeout=300)[0] for each in running]
    finally:
        for each in running:
            each.kill()
    return [json.loads(line) for text in printed for line in text.splitlines() if line.startswith("{")]


@pytest.mark.parametrize(("processes", "devices"), [(1, 8), (2, 1)])
def test_gradients_of_shared_work_are_those_of_one(processes: int, devices: int) -> None:
    """Eight devices of one process, and two processes that talk with each other."""
    model = nn.MLP(2, [8, 8, 1], seed=1)
    losses = [(1.0 - (2.0 * kind - 1.0) * model(point)).relu() for point, kind in datasets.moons(n=64, seed=1)]
    (sum(losses) / 64).backward()
    (found,) = spread(processes, devices)

    assert found["devices"] == processes * devices
    assert found["gradients"].keys() == {"mean", "vmap", "shard_map"}
    for slopes in found["gradients"].values():
        assert np.abs(np.sort(slopes) - np.sort(grads(model.parameters()))).max() < 1e-15
