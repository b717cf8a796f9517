"""The functions of mathematics at their ends, kinks and jumps: what IEEE 754 and PyTorch answer there."""

import math
import random
from typing import Any

import numpy as np
import pytest
from helpers import bits

import autograd
from autograd import OPERATIONS, Operation, Value, gradient
from autograd.expression import Expression
from autograd.notation import expression

INF, NAN = math.inf, math.nan
BUILT_IN = [operation for operation in OPERATIONS.values() if operation.is_of_book]


def answers(operation: Operation, numbers: tuple[float, ...]) -> tuple[str, list[str]]:
    """The bits of the value and of the derivatives, as `backward` and as `gradient` find them; both have to agree."""
    leaves = [Value(number) for number in numbers]
    node = operation(*operation.arguments(leaves))
    node.backward()
    slopes = gradient(node, leaves)

    assert bits(operation(*operation.arguments(numbers))) == bits(node.data)
    assert [bits(slope.data) for slope in slopes] == [bits(leaf.grad) for leaf in leaves]
    return bits(node.data), [bits(leaf.grad + 0.0) for leaf in leaves]


# Values as in C's Annex F; a derivative at the end of a domain is the limit, and beyond it nan.
ENDS: list[tuple[str, tuple[float, ...], float, tuple[float, ...]]] = [
    ("tan", (0.0,), 0.0, (1.0,)),
    ("tan", (INF,), NAN, (NAN,)),
    ("asin", (1.0,), math.pi / 2, (INF,)),
    ("asin", (-1.0,), -math.pi / 2, (INF,)),
    ("asin", (2.0,), NAN, (NAN,)),
    ("acos", (1.0,), 0.0, (-INF,)),
    ("acos", (-1.0,), math.pi, (-INF,)),
    ("acos", (-INF,), NAN, (NAN,)),
    ("atan2", (1.0, 0.0), math.pi / 2, (0.0, -1.0)),
    ("atan2", (0.0, -1.0), math.pi, (-1.0, 0.0)),
    ("atan2", (-0.0, -1.0), -math.pi, (-1.0, 0.0)),
    ("atan2", (0.0, 0.0), 0.0, (NAN, NAN)),
    ("atan2", (1.0, INF), 0.0, (0.0, 0.0)),
    ("atan2", (INF, INF), math.pi / 4, (0.0, 0.0)),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("hypot", (-3.0, 4.0), 5.0, (-0.6, 0.8)),
    ("hypot", (0.0, 5e-324), 5e-324, (0.0, 1.0)),
    ("hypot", (-INF, 1.0), INF, (-1.0, 0.0)),
    ("hypot", (INF, NAN), INF, (NAN, NAN)),
    ("hypot", (NAN, 1.0), NAN, (NAN, NAN)),
    ("sinh", (1000.0,), INF, (INF,)),
    ("sinh", (-1000.0,), -INF, (INF,)),
    ("cosh", (-1000.0,), INF, (-INF,)),
    ("asinh", (-INF,), -INF, (0.0,)),
    ("acosh", (1.0,), 0.0, (INF,)),
    ("acosh", (INF,), INF, (0.0,)),
    ("acosh", (0.5,), NAN, (NAN,)),
    ("acosh", (-2.0,), NAN, (NAN,)),
    ("atanh", (1.0,), INF, (INF,)),
    ("atanh", (-1.0,), -INF, (INF,)),
    ("atanh", (INF,), NAN, (NAN,)),
    ("exp2", (10.0,), 1024.0, (1024 * math.log(2),)),
    ("exp2", (2000.0,), INF, (INF,)),
    ("exp2", (-INF,), 0.0, (0.0,)),
    ("log2", (0.0,), -INF, (INF,)),
    ("log2", (-1.0,), NAN, (NAN,)),
    ("log2", (2.0**-1074,), -1074.0, (INF,)),
    ("log10", (1e15,), 15.0, (math.log10(math.e) / 1e15,)),
    ("log10", (-0.0,), -INF, (-INF,)),
    ("cbrt", (-27.0,), -3.0, (1 / 27,)),
    ("cbrt", (0.0,), 0.0, (INF,)),
    ("cbrt", (-INF,), -INF, (0.0,)),
    ("erfc", (-INF,), 2.0, (0.0,)),
    ("erfc", (30.0,), 0.0, (0.0,)),
    ("gelu_tanh", (INF,), INF, (1.0,)),
    ("gelu_tanh", (-INF,), -0.0, (0.0,)),
    ("gelu_tanh", (0.0,), 0.0, (0.5,)),
    ("sign", (-0.0,), 0.0, (0.0,)),
    ("sign", (-INF,), -1.0, (0.0,)),
    ("floor", (-0.5,), -1.0, (0.0,)),
    ("floor", (-0.0,), -0.0, (0.0,)),
    ("floor", (INF,), INF, (0.0,)),
    ("ceil", (-0.5,), -0.0, (0.0,)),
    ("ceil", (1e300,), 1e300, (0.0,)),
    ("round", (0.5,), 0.0, (0.0,)),
    ("round", (-1.5,), -2.0, (0.0,)),
    ("round", (2.5,), 2.0, (0.0,)),
    ("round", (-INF,), -INF, (0.0,)),
    ("clamp", (0.5, 0.0, 1.0), 0.5, (1.0, 0.0, 0.0)),
    ("clamp", (0.0, 0.0, 1.0), 0.0, (1.0, 0.0, 0.0)),
    ("clamp", (1.0, 0.0, 1.0), 1.0, (1.0, 0.0, 0.0)),
    ("clamp", (-1.0, 0.0, 1.0), 0.0, (0.0, 1.0, 0.0)),
    ("clamp", (2.0, 0.0, 1.0), 1.0, (0.0, 0.0, 1.0)),
    ("clamp", (-1.0, 3.0, 1.0), 1.0, (0.0, 0.0, 1.0)),
    ("clamp", (2.0, 3.0, 1.0), 1.0, (0.0, 0.0, 1.0)),
    ("clamp", (INF, -INF, 1.0), 1.0, (0.0, 0.0, 1.0)),
    ("clamp", (NAN, 3.0, 1.0), NAN, (NAN, NAN, NAN)),
    ("clamp", (5.0, NAN, 1.0), NAN, (NAN, NAN, NAN)),
    ("clamp", (5.0, 0.0, NAN), NAN, (NAN, NAN, NAN)),
    ("remainder", (5.0, 0.0), NAN, (1.0, -INF)),
    ("floor_divide", (5.0, 0.0), INF, (0.0, 0.0)),
    ("floor_divide", (-5.0, 0.0), -INF, (0.0, 0.0)),
    ("floor_divide", (0.0, 0.0), NAN, (0.0, 0.0)),
]


@pytest.mark.parametrize(
    ("name", "numbers", "value", "slopes"), ENDS, ids=[f"{name}{numbers}" for name, numbers, *_ in ENDS]
)
def test_functions_at_their_ends_and_kinks(
    name: str, numbers: tuple[float, ...], value: float, slopes: tuple[float, ...]
) -> None:
    """Seen to fail with 1/((1 − x)·(1 + x)) for atanh beyond 1, and with x/hypot(x, y) where hypot overflows."""
    found_value, found_slopes = answers(OPERATIONS[name], numbers)

    assert (found_value, found_slopes) == (bits(value), [bits(slope) for slope in slopes])


@pytest.mark.parametrize(
    ("name", "numbers", "value", "slopes"),
    [
        ("hypot", (1e308, 1e308), math.sqrt(2) * 1e308, (math.sqrt(0.5), math.sqrt(0.5))),
        ("hypot", (3e-320, 4e-320), 5e-320, (0.6, 0.8)),
        ("atan2", (1e308, 1e308), math.pi / 4, (5e-309, -5e-309)),
        ("asinh", (1e300,), math.log(2) + 300 * math.log(10), (1e-300,)),
        ("exp2", (1024.25,), INF, (2.0**1023 * (2 * 2**0.25 * math.log(2)),)),
        ("cbrt", (2.0**-1074,), 2.0**-358, (2.0**716 / 3,)),
    ],
)
def test_nothing_overflows_but_the_answer(
    name: str, numbers: tuple[float, ...], value: float, slopes: tuple[float, ...]
) -> None:
    """Seen to fail with √(x² + y²), and with 2^x·ln 2 where 2^x is inf."""
    leaves = [Value(number) for number in numbers]
    node = OPERATIONS[name](*leaves)
    node.backward()

    assert node.data == pytest.approx(value, rel=1e-15, abs=0.0)
    assert [leaf.grad for leaf in leaves] == pytest.approx(slopes, rel=1e-14, abs=0.0)


@pytest.mark.parametrize("operation", [x for x in BUILT_IN if not x.list_count], ids=lambda operation: operation.name)
def test_what_is_not_a_number_is_not_hidden(operation: Operation) -> None:
    """Unless it was not chosen; a derivative that does not depend on it stays. Seen to fail with 0 for floor at nan."""
    usual = [0.5 if 0.5 in domain else 1.5 for domain in operation.domain]
    for position in range(len(usual)):
        slopes = []
        for number in (NAN, usual[position], usual[position] / 2 + 0.5):
            leaves = [Value(number if place == position else x) for place, x in enumerate(usual)]
            node = operation(*leaves)
            partial = {id(leaf): slope for leaf, slope in node.local_gradients()}[id(leaves[position])]
            if number is NAN and partial is None and not math.isnan(node.data):
                break  # it was not chosen

            assert number == number or (math.isnan(node.data) and partial is not None)
            slopes.append(partial or 0.0)
        else:
            assert math.isnan(slopes[0]) or slopes[0] == slopes[1] == slopes[2]


# Remainders ---------------------------------------------------------------------------------------

NUMBERS = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 7.0, -7.0, 0.1, -0.3, 5e-324, -1e-310, 1e16, -1e308, INF, -INF, NAN]


def test_remainders_are_those_of_python() -> None:
    """To the last bit and the sign of 0, by operator and by function. Seen to fail with C's fmod."""
    draw = random.Random(1)
    pairs = [(x, y) for x in NUMBERS for y in NUMBERS if y != 0]
    pairs += [(draw.uniform(-100, 100), draw.uniform(-9, 9)) for _ in range(500)]
    pairs += [(math.ldexp(draw.random(), draw.randint(-1074, 1023)), draw.uniform(-9, 9)) for _ in range(500)]
    for x, y in pairs:
        expected = (bits(x % y), bits(x // y))

        assert (bits(autograd.remainder(x, y)), bits(autograd.floor_divide(x, y))) == expected, (x, y)
        assert (bits((Value(x) % Value(y)).data), bits((Value(x) // Value(y)).data)) == expected, (x, y)
        assert (bits((Value(x) % y).data), bits((Value(x) // y).data)) == expected, (x, y)
        assert (bits((x % Value(y)).data), bits((x // Value(y)).data)) == expected, (x, y)


def test_a_remainder_grows_with_the_number_and_falls_with_the_divisor() -> None:
    """7.5 % 2 is 7.5 − 3·2. Seen to fail with the derivative 0 towards the divisor."""
    x, y = Value(7.5), Value(2.0)
    (x % y).backward()

    assert (x.grad, y.grad) == (1.0, -3.0)
    assert (Value(-7.5) % 2).data == 0.5
    assert (Value(-7.5) // 2).data == -4.0


def test_pythons_own_rounding_is_answered_with_that_of_the_rule_book() -> None:
    """Python's gives ints, which would lose the gradient. Seen to fail with a bare "doesn't define __round__"."""
    for convert in (round, math.trunc):
        with pytest.raises(TypeError, match=r"use autograd\.round\(v\), .*v\.data"):
            convert(Value(2.5))
    with pytest.raises(TypeError, match=r"autograd\.floor\(v\)"):
        math.floor(Value(2.5))


def test_remainders_of_arrays_are_arrays() -> None:
    x = Value(3.0)

    assert [v.data for v in np.array([5.0, -5.0]) % x] == [2.0, 1.0]
    assert [v.data for v in np.array([5.0, -5.0]) // x] == [1.0, -2.0]
    assert [(x % np.float64(2)).data, (np.float64(7) // x).data] == [1.0, 2.0]


def test_other_operands_of_a_remainder_are_refused() -> None:
    for apply in (lambda x: x % "a", lambda x: x // [2.0], lambda x: None // x):
        with pytest.raises(TypeError, match="expected a real number, not"):
            apply(Value(1.0))


@pytest.mark.parametrize("name", ["sign", "floor", "ceil", "round", "floor_divide"])
def test_nothing_arrives_at_the_bottom_of_a_staircase(name: str) -> None:
    """Be it infinite. Seen to fail with the number 0 for the derivative: inf · 0."""
    leaves = [Value(2.25) for _ in OPERATIONS[name].parameters]
    OPERATIONS[name](*leaves).backward(INF)

    assert [leaf.grad for leaf in leaves] == [0.0] * len(leaves)


# Lists --------------------------------------------------------------------------------------------

LISTS: list[tuple[str, list[float], float, list[float]]] = [
    ("norm", [], 0.0, []),
    ("norm", [0.0, 0.0], 0.0, [0.0, 0.0]),
    ("norm", [-2.0], 2.0, [-1.0]),
    ("norm", [3e300, -4e300], 5e300, [0.6, -0.8]),
    ("norm", [3e-320, 4e-320], 5e-320, [0.6, 0.8]),
    ("norm", [-INF, 1.0], INF, [-1.0, 0.0]),
    ("norm", [INF, 1.0, INF], INF, [NAN, 0.0, NAN]),
    ("norm", [NAN, 1.0], NAN, [NAN, NAN]),
    ("prod", [], 1.0, []),
    ("prod", [0.0, 2.0, 3.0], 0.0, [6.0, 0.0, 0.0]),
    ("prod", [0.0, 2.0, 0.0], 0.0, [0.0, 0.0, 0.0]),
    ("prod", [1e200, 1e200, 1e-200, 1e-200], 1.0, [1e-200, 1e-200, 1e200, 1e200]),
    ("prod", [INF, 0.0], NAN, [0.0, INF]),
    ("max", [1.0, 3.0, 2.0], 3.0, [0.0, 1.0, 0.0]),
    ("max", [2.0, 1.0, 2.0, 2.0], 2.0, [1 / 3, 0.0, 1 / 3, 1 / 3]),
    ("max", [-INF], -INF, [1.0]),
    ("max", [1.0, NAN, 2.0], NAN, [NAN, NAN, NAN]),
    ("min", [1.0, 3.0, 2.0], 1.0, [1.0, 0.0, 0.0]),
    ("min", [1.0, 1.0, 2.0], 1.0, [0.5, 0.5, 0.0]),
    ("min", [NAN, 0.0], NAN, [NAN, NAN]),
    ("var", [5.0, 5.0, 5.0], 0.0, [0.0, 0.0, 0.0]),
    ("var", [1.0, 2.0, 6.0], 7.0, [-2.0, -1.0, 3.0]),
    ("var", [1e200, -1e200], INF, [2e200, -2e200]),
    ("var", [1e16, 1e16 + 2, 1e16 + 4], 4.0, [-2.0, 0.0, 2.0]),
    ("var", [INF, 1.0], NAN, [NAN, NAN]),
    ("std", [0.1] * 7, 0.0, [0.0] * 7),
    ("std", [1.0, 2.0, 3.0], 1.0, [-0.5, 0.0, 0.5]),
    ("std", [3e307, -3e307], 3e307 * math.sqrt(2), [math.sqrt(0.5), -math.sqrt(0.5)]),
    ("std", [1e-170, 2e-170, 3e-170], 1e-170, [-0.5, 0.0, 0.5]),
    ("std", [NAN, 1.0], NAN, [NAN, NAN]),
]


@pytest.mark.parametrize(("name", "xs", "value", "slopes"), LISTS, ids=[f"{name}{xs}" for name, xs, *_ in LISTS])
def test_lists_at_their_kinks(name: str, xs: list[float], value: float, slopes: list[float]) -> None:
    """Seen to fail with a product divided by its factors, and with deviations from a mean that is rounded."""
    leaves = [Value(x) for x in xs]
    operation = OPERATIONS[name]
    if leaves:
        node = operation(leaves)
        node.backward()

        assert [slope.data for slope in gradient(node, leaves)] == pytest.approx(slopes, rel=1e-15, nan_ok=True)
        assert [leaf.grad for leaf in leaves] == pytest.approx(slopes, rel=1e-15, nan_ok=True)
        assert node.data == pytest.approx(value, rel=1e-15, nan_ok=True)
    assert operation(xs) == pytest.approx(value, rel=1e-15, nan_ok=True)


def test_lists_that_are_too_short_are_told() -> None:
    for name in ("max", "min"):
        with pytest.raises(ValueError, match=f"{name} of an empty list is undefined"):
            OPERATIONS[name]([])
    for name in ("var", "std"):
        with pytest.raises(ValueError, match=f"{name} needs at least two numbers"):
            OPERATIONS[name]([Value(1.0)])


@pytest.mark.parametrize("xs", [[1.0, 2.0, 4.0], [3.0, -1.0], [1.0, 1.0 + 2.0**-52, 1.0], [-1e10, 0.0, 1.0]])
@pytest.mark.parametrize("name", ["std", "norm", "prod", "var"])
def test_derivatives_of_lists_agree_in_whatever_order_they_are_asked_for(name: str, xs: list[float]) -> None:
    """Third ones too, and those that `backward` finds in the graph of the first. Seen to fail with prefix × suffix."""
    leaves = [Value(x) for x in xs]
    slopes = gradient(OPERATIONS[name](leaves), leaves)
    count = range(len(xs))
    hessian = [gradient(slope, leaves) for slope in slopes]
    thirds = [[gradient(second, leaves) for second in row] for row in hessian]
    for i in count:
        for leaf in leaves:
            leaf.zero_grad()
        slopes[i].backward()

        assert [leaf.grad for leaf in leaves] == [second.data for second in hessian[i]]
        for j in count:
            assert hessian[i][j].data == hessian[j][i].data
            for k in count:
                first, other = thirds[i][j][k].data, thirds[k][i][j].data
                assert first == pytest.approx(other, rel=1e-9, abs=1e-9 * max(abs(x.data) for x in hessian[i]) + 1e-300)


def test_the_largest_of_two_and_of_a_list_are_told_apart_in_formulas() -> None:
    """Seen to fail with the last operation of a name for all that is called by it."""
    x, y = Value(1.0, "x"), Value(2.0, "y")

    assert [Expression(text)(x=x, y=y).operation.name for text in ("max(x, y)", "max([x, y])", "min(x, y)")] == [
        "maximum",
        "max",
        "minimum",
    ]
    assert expression(autograd.max([x, y])) == "max([x, y])"
    assert expression(autograd.maximum(x, y)) == "max(x, y)"


# Names --------------------------------------------------------------------------------------------


def test_a_clamp_may_have_one_bound() -> None:
    x = Value(5.0)

    assert [x.clamp(max=2.0).data, x.clamp(min=7.0).data, autograd.clamp(-1.0, 0.0)] == [2.0, 7.0, 0.0]


@pytest.mark.parametrize(("name", "own"), [("arctan", "atan"), ("arcsinh", "asinh"), ("clip", "clamp")])
def test_names_of_other_libraries_are_answered_with_ours(name: str, own: str) -> None:
    """Seen to fail with a bare AttributeError."""
    for thing in (Value(1.0), autograd):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}': its name here is {own}"):
            getattr(thing, name)
    if hasattr(np.arctan, "nin") and name.startswith("arc"):
        with pytest.raises(TypeError, match=f"numpy.{name} does not support Values: use autograd.{own}"):
            getattr(np, name)(Value(0.5))


def test_two_gelus_are_nearly_the_same() -> None:
    """Seen to fail with 0.44715 for 0.044715."""
    apart: Any = max(abs(autograd.gelu(x / 100) - autograd.gelu_tanh(x / 100)) for x in range(-600, 600))

    assert 1e-4 < apart < 5e-4
