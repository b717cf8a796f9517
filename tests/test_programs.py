"""What programs declare: the compiled engine runs their rules without Python where it can, to the same effect."""

import functools
import math
import operator
import random
from collections.abc import Callable
from typing import Any

import pytest
from helpers import bits, declared
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import BLOCKED, OPERATIONS, Operation, exp, gradcheck, log, maximum, operation, sigmoid, value, where

native = pytest.importorskip("autograd.native.core", reason="the compiled engine was not built")
programs = pytest.importorskip("autograd.native.programs")

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, 5e-324, 1e-200, 1e200, -1e300, 700.0, math.inf, -math.inf, math.nan]

scale, shift = 1.0507, 0.5


# Rules that only compute --------------------------------------------------------------------------


def gauss(x: Any) -> Any:
    value = exp(-x * x)
    return value, lambda: (-2 * x * value,)


def selu(x: Any) -> Any:
    return (scale * x, lambda: (scale,)) if x > 0 else (scale * 1.67 * (exp(x) - 1), lambda: (scale * 1.67 * exp(x),))


def ratio(x: Any, y: Any) -> Any:
    return x / y, lambda: (lambda: 1 / y, lambda: -x / (y * y))


def root(x: Any) -> Any:
    return x**0.5, lambda: (0.5 * x**-0.5,)


def hinge(x: Any, y: Any) -> Any:
    margin = 1 - x * y
    return (margin, lambda: (-y, -x)) if margin > 0 else (0.0, lambda: (BLOCKED, BLOCKED))


def mixed(x: Any, y: Any, z: Any) -> Any:
    return where(x < y, maximum(x, z), autograd.tanh(y)) + z, lambda: (1.0, sigmoid(z), y)


def polynomial(x: Any) -> Any:
    total, slope = 0.0, 0.0
    for coefficient in (1.0, -2.0, 0.5, 3.0):
        slope = slope * x + total
        total = total * x + coefficient
    return total, lambda: (slope,)


def helped(x: Any) -> Any:
    return _cubed(x) + abs(x), lambda: [3 * x * x + (1.0 if x > 0 else -1.0)]


def _cubed(x: Any) -> Any:
    return x * x * x


def with_defaults(x: Any, strength: Any = 2.0) -> Any:
    return x * strength + shift, lambda: (strength, x)


def of_vain_conditions(x: Any) -> Any:
    return x + (1.0 if 1.0 / x > 2.0 else 1.0 + 0.0), lambda: (1.0,)


COMPUTING = [gauss, selu, ratio, root, hinge, mixed, polynomial, helped, with_defaults, of_vain_conditions]

# Rules that do more -------------------------------------------------------------------------------

calls: list[float] = []
count = 0


def noted(x: Any) -> Any:
    calls.append(x)
    return x * x, lambda: (2 * x,)


def counted(x: Any) -> Any:
    global count
    count += 1
    return x * count, lambda: (float(count),)


def by_chance(x: Any) -> Any:
    factor = random.random()
    return x * factor, lambda: (factor,)


def of_math(x: Any) -> Any:
    return math.sin(x), lambda: (math.cos(x),)


def of_types(x: Any) -> Any:
    return (x, lambda: (1.0,)) if isinstance(x, float) else (x * 3.0, lambda: (3.0,))


def of_itself(x: Any) -> Any:
    return (x, lambda: (1.0,)) if x is x else (x + 1.0, lambda: (1.0,))


def of_texts(x: Any) -> Any:
    return (x, lambda: (1.0,)) if f"{x}"[0] == "-" else (2.0 * x, lambda: (2.0,))


def of_floats(x: Any) -> Any:
    return (x, lambda: (1.0,)) if x.is_integer() else (2.0 * x, lambda: (2.0,))


def of_classes(x: Any) -> Any:
    class Held:
        number = x

    return Held.number * 2.0, lambda: (2.0,)


def excused(x: Any) -> Any:
    try:
        value = 1.0 / x
    except ZeroDivisionError:
        value = 0.0
    return value, lambda: (1.0,)


def of_lists(x: Any) -> Any:
    return sorted([x, 1.0, -1.0])[1], lambda: (1.0,)


def of_sums(x: Any) -> Any:
    return sum([x, 1e-17, -1.0, 1e17, x]), lambda: (2.0,)


def of_printed(x: Any) -> Any:
    return len("%s" % x) * x, lambda: (1.0,)  # noqa: UP031  # for f"{x}" is refused by its own instruction


def of_state(x: Any) -> Any:
    return _counting(x), lambda: (1.0,)


def _counting(x: Any, state: Any = calls) -> Any:
    state += [x]
    return x * len(state)


def of_nothing(x: Any) -> Any:
    inverse = 1.0 / x
    return (inverse, lambda: (-inverse * inverse,)) if x > 0 else (0.0, lambda: (BLOCKED,))


def for_later(x: Any) -> Any:
    slope = 1.0 / x
    return log(x * x), lambda: (2.0 * slope,)


NOT_ONLY_COMPUTING = [noted, counted, by_chance, of_math, of_types, of_itself, of_texts, of_floats, of_classes, excused]
NOT_ONLY_COMPUTING += [of_lists, of_sums, of_printed, of_state, of_nothing, for_later]


def outcome(engine: Any, operation: Operation, numbers: list[float], constant: int | None = None) -> Any:
    """The value and the gradients that an engine gives, or the error that it raises."""
    operands = [x if i == constant else engine.Value(x) for i, x in enumerate(numbers)]
    random.seed(0)
    try:
        answer = engine.Value.__apply_operation__(operation, tuple(operands))
        answer.backward()
        partials = [None if partial is None else bits(partial) for _, partial in answer.local_gradients()]
    except (ArithmeticError, ValueError, TypeError) as error:
        return type(error), str(error)
    return bits(answer.data), partials, [bits(x.grad) for x in operands if not isinstance(x, float)]


def used(operation: Operation) -> Operation:
    """The operation after its first use, by which the compiled engine learns of it."""
    native.Value.__apply_operation__(operation, tuple([native.Value(0.75) for _ in operation.parameters]))
    return operation


@functools.cache
def lasting(rule: Any) -> Operation:
    """An operation for all examples of a test: there are not as many numbers for programs as there are examples."""
    with declared(rule) as operation:
        return used(operation)


@pytest.mark.parametrize("rule", COMPUTING, ids=lambda rule: rule.__name__)
def test_a_rule_that_only_computes_becomes_a_program(rule: Any) -> None:
    with declared(rule) as operation:
        assert programs.program(operation, STEPS) is not None


STEPS = ["add", "subtract", "multiply", "divide", "power", "negate", "exp", "log", "sqrt", "tanh", "fabs"]
STEPS += ["lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"]


@pytest.mark.parametrize("rule", NOT_ONLY_COMPUTING, ids=lambda rule: rule.__name__)
def test_a_rule_that_does_more_does_not(rule: Any) -> None:
    """Seen to fail, one after the other, without the refusals."""
    with declared(rule) as operation:
        assert programs.program(operation, STEPS) is None


@pytest.mark.parametrize("rule", COMPUTING + NOT_ONLY_COMPUTING, ids=lambda rule: rule.__name__)
@given(st.data())
def test_both_engines_give_the_same(rule: Any, data: st.DataObject) -> None:
    """Also the same errors: seen to fail with 1/0 = inf in place of ZeroDivisionError, and nan for a complex root."""
    global count
    operation = lasting(rule)
    numbers = [data.draw(st.sampled_from(EDGES) | st.floats()) for _ in operation.parameters]
    constant = data.draw(st.none() | st.integers(0, len(numbers) - 1)) if len(numbers) > 1 else None
    count = 5
    calls.clear()
    expected = outcome(value, operation, numbers, constant)
    count = 5
    calls.clear()
    actual = outcome(native, operation, numbers, constant)

    assert actual == expected


def test_a_rule_is_asked_each_time_if_it_notes_it() -> None:
    calls.clear()
    with declared(noted) as operation:
        for number in (1.0, 2.0, 3.0):
            native.Value.__apply_operation__(operation, (native.Value(number),))

    assert calls == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("engine", [value, native])
def test_a_name_that_means_something_else_is_seen(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail without the guards: the program goes on with the numbers and helpers of the first call."""
    with declared(selu) as by_number, declared(helped) as by_helper:
        before = [outcome(engine, used(each), [2.0])[0] for each in (by_number, by_helper)]
        monkeypatch.setitem(globals(), "scale", 2.0)
        monkeypatch.setitem(globals(), "_cubed", lambda x: x)
        after = [outcome(engine, each, [2.0])[0] for each in (by_number, by_helper)]

    assert before == [bits(1.0507 * 2.0), bits(8.0 + 2.0)]
    assert after == [bits(2.0 * 2.0), bits(2.0 + 2.0)]


@pytest.mark.parametrize("engine", [value, native])
def test_a_helper_that_was_edited_is_seen(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As IPython's autoreload edits it: the same function with new code. Seen to fail without guards of functions."""

    def helper(x: Any, factor: Any = 2.0) -> Any:
        return x * factor

    def doubled(x: Any) -> Any:
        return helper(x), lambda: (helper(1.0),)

    with declared(doubled) as operation:
        before = outcome(engine, used(operation), [3.0])
        monkeypatch.setattr(helper, "__defaults__", (5.0,))
        with_default = outcome(engine, operation, [3.0])
        monkeypatch.setattr(helper, "__code__", (lambda x, factor: x + factor).__code__)
        with_code = outcome(engine, operation, [3.0])

    assert before == (bits(6.0), [bits(2.0)], [bits(2.0)])
    assert with_default == (bits(15.0), [bits(5.0)], [bits(5.0)])
    assert with_code == (bits(8.0), [bits(6.0)], [bits(6.0)])


@pytest.mark.parametrize("engine", [value, native])
def test_a_pass_sees_what_its_closure_sees(engine: Any) -> None:
    """Of a variable that changes after the forward pass: seen to fail with 5.0 for what the closure has kept."""
    factor, late = 2.0, 10.0

    def early(x: Any) -> Any:
        held = factor
        return held * x, lambda: (held,)

    def both(x: Any) -> Any:
        held = factor
        return held * x, lambda: (late,)

    slopes = []
    for rule in (early, both):
        with declared(rule) as operation:
            factor, late = 2.0, 10.0
            x = engine.Value(3.0)
            used(operation)
            node = engine.Value.__apply_operation__(operation, (x,))
            factor = 5.0
            node.backward()
            late = 20.0
            node.backward()
            slopes.append(x.grad)

    assert slopes == [2.0 + 2.0, 10.0 + 20.0]


@pytest.mark.parametrize("engine", [value, native])
def test_an_operation_inside_a_rule_may_change(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with guards of the outer rule alone: the number that the inner one reads was frozen."""

    def inner(x: Any) -> Any:
        return shift * x, lambda: (shift,)

    with declared(inner) as inside:

        def outer(x: Any) -> Any:
            return inside(x) + 1.0, lambda: (shift,)

        with declared(outer) as operation:
            before = outcome(engine, used(operation), [2.0])[0]
            monkeypatch.setitem(globals(), "shift", 3.0)
            after = outcome(engine, operation, [2.0])[0]

    assert (before, after) == (bits(2.0), bits(7.0))


@pytest.mark.parametrize("engine", [value, native])
def test_an_operation_inside_a_rule_may_do_more(engine: Any) -> None:
    with declared(counted) as inside:

        def outer(x: Any) -> Any:
            return inside(x), lambda: (1.0,)

        with declared(outer) as operation:
            found = [outcome(engine, used(operation), [2.0])[0] for _ in range(3)]

    assert len(set(found)) == 3


@pytest.mark.parametrize("engine", [value, native])
def test_a_builtin_that_is_covered_is_seen(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with declared(helped) as operation:
        before = outcome(engine, used(operation), [-2.0])[0]
        monkeypatch.setitem(globals(), "abs", lambda x: 0.0 * x)
        after = outcome(engine, operation, [-2.0])[0]

    assert (before, after) == (bits(-8.0 + 2.0), bits(-8.0 - 0.0))


@pytest.mark.parametrize("engine", [value, native])
def test_a_variable_of_a_closure_may_change(engine: Any) -> None:
    factor = 2.0

    def scaled(x: Any) -> Any:
        return factor * x, lambda: (factor,)

    with declared(scaled) as operation:
        before = outcome(engine, used(operation), [3.0])
        factor = 5.0
        after = outcome(engine, operation, [3.0])

    assert before == (bits(6.0), [bits(2.0)], [bits(2.0)])
    assert after == (bits(15.0), [bits(5.0)], [bits(5.0)])


def test_a_method_and_a_function_are_the_same_operation() -> None:
    with declared(gauss) as operation:
        x = used(operation) and native.Value(0.5)

        assert x.gauss().operation is operation(x).operation is operation
        assert x.gauss().data == operation(0.5) == operation(x=x).data


@pytest.mark.parametrize("engine", [value, native])
def test_a_method_that_the_program_wrote_itself_stays(engine: Any) -> None:
    """Seen to fail: the first use of the operation put its own method back."""
    with declared(gauss) as operation:
        engine.Value.gauss = lambda x: "my own"
        used(operation)

        assert engine.Value(0.5).gauss() == "my own"


def test_an_operation_that_is_gone_keeps_its_nodes() -> None:
    with declared(gauss) as operation:
        x = native.Value(0.5)
        used(operation)
        node = native.Value.__apply_operation__(operation, (x,))
    node.backward()

    assert node.operation is operation
    assert bits(x.grad) == bits(-2 * 0.5 * math.exp(-0.25))


def test_a_program_passes_gradcheck() -> None:
    with declared(gauss) as operation:
        assert [each.verdict for each in gradcheck(operation, 0.3, second=True)] == ["agrees", "agrees"]


# Random rules -------------------------------------------------------------------------------------

LEAVES = st.sampled_from(["x", "y", "1.5", "-2", "0.0", "1e-3"])
RELATIONS = st.sampled_from(["<", ">", "<=", ">="])
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("(-{})".format, inner),
        st.builds("{}({})".format, st.sampled_from(["exp", "log", "abs", "sigmoid"]), inner),
        st.builds(
            "({} if {} {} {} else {})".format, inner, inner, st.sampled_from(["<", ">", "<=", ">="]), inner, inner
        ),
    ),
    max_leaves=8,
)
NAMES = {"exp": exp, "log": log, "sigmoid": sigmoid, "abs": operator.abs}


def rule_of(texts: tuple[str, str, str]) -> Callable[..., Any]:
    space = {"exp": exp, "log": log, "sigmoid": sigmoid}
    exec("def rule(x, y):\n    return {}, lambda: ({}, {})".format(*texts), space)
    return space["rule"]  # type: ignore[return-value]


@given(st.tuples(FORMULAS, FORMULAS, FORMULAS), st.lists(st.sampled_from(EDGES) | st.floats(), min_size=2, max_size=2))
def test_random_rules_give_the_same(texts: tuple[str, str, str], numbers: list[float]) -> None:
    rule = rule_of(texts)
    with declared(rule) as operation:
        first = outcome(
            native, operation, [0.75, 1.25]
        )  # by the rule; from then on by the program, if it did not raise
        expected = outcome(value, operation, numbers)

        assert first == outcome(value, operation, [0.75, 1.25])
        assert outcome(native, operation, numbers) == expected


# Last, because it leaves no number for another program --------------------------------------------------


def test_there_may_be_more_operations_than_numbers_for_them() -> None:
    """Seen to fail, with two operations of one number."""
    made: list[Operation] = []

    def declare(factor: float) -> Operation:
        def rule(x: Any) -> Any:
            return x * factor, lambda: (factor,)

        rule.__name__ = f"times_{int(factor)}"
        return operation(rule.__name__)(rule)

    try:
        made = [declare(float(factor)) for factor in range(150)]
        x = native.Value(2.0)
        nodes = [used(each)(x) if autograd.engine == "native" else None for each in made]
        found = [native.Value.__apply_operation__(each, (x,)) for each in made]
        assert [node.data for node in found] == [2.0 * factor for factor in range(150)]
        assert [node.local_gradients()[0][1] for node in found] == [float(factor) for factor in range(150)]
        assert [node.operation for node in found] == made
        assert all(node is None or node.operation is each for node, each in zip(nodes, made, strict=True))
    finally:
        for each in made:
            del OPERATIONS[each.name]
