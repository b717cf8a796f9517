"""gradcheck: right derivatives agree, wrong ones differ, and what differences cannot see is undecided."""

import functools
import inspect
import itertools
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import FrozenInstanceError
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_accuracy import BUILT_IN

import autograd
from autograd import OPERATIONS, Domain, GradientError, Operation, Value, audit, gradcheck, operation
from autograd.differences import EPSILON, numeric_derivative
from autograd.gradcheck import agreeing_digits, compare, compare_along

# The step that differences are taken with, for numbers up to 1. What is nearer than that is near.
STEP = EPSILON**0.2


def verdicts(f: Callable[..., Any], *inputs: Any, **limits: Any) -> list[str]:
    return [comparison.verdict for comparison in compare(f, *inputs, **limits)]


def claimed(f: Callable[[float], float], point: float, derivative: float) -> str:
    return compare_along(f, "x", point, derivative).verdict


@pytest.fixture
def declared() -> Any:
    """A decorator as `operation`, whose declarations end with the test."""
    names: list[str] = []

    def declare(rule: Callable[..., Any]) -> Operation:
        made = operation(rule.__name__, *["?"] * len(inspect.signature(rule).parameters))(rule)
        names.append(made.name)
        return made

    yield declare
    for name in names:
        del OPERATIONS[name]


# Right and wrong ----------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [-3.0, -0.5, 1e-3, 0.7, 2.0, 30.0, 1e6])
@pytest.mark.parametrize(
    "f",
    [
        lambda x: x**3 - 2 * x,
        lambda x: 1 / x,
        lambda x: autograd.tanh(x) * autograd.softplus(-x),
        lambda x: autograd.logsumexp([x, 2 * x, 1.0]),
        lambda x: autograd.log(x * x) / (1 + autograd.sqrt(x * x + 1)),
    ],
)
def test_right_derivatives_agree(f: Callable[..., Any], point: float) -> None:
    """Seen to fail with a step of 1e-6."""
    assert verdicts(f, point) == ["agrees"]


@pytest.mark.parametrize("factor", [1 + 1e-6, 1 - 1e-6, 1.001, 0.5, 0.0, -1.0, 1e6, math.inf, math.nan])
@pytest.mark.parametrize(
    ("f", "derivative", "point"),
    [(math.exp, math.exp, 1.0), (math.sin, math.cos, 0.1), (math.log, lambda x: 1 / x, 50.0)],
)
def test_wrong_derivatives_differ(
    f: Callable[[float], float], derivative: Callable[[float], float], point: float, factor: float
) -> None:
    """Seen to fail with rtol 1e-5."""
    assert claimed(f, point, derivative(point)) == "agrees"
    assert claimed(f, point, derivative(point) * factor) == "differs"


@given(
    st.floats(-50, 50, allow_subnormal=False),
    st.floats(-10, 10, allow_subnormal=False),
    st.floats(-1, 1, allow_subnormal=False),
    st.floats(0.5, 2.0, allow_subnormal=False),
)
def test_slopes_of_smooth_functions_are_found(x: float, a: float, b: float, c: float) -> None:
    """Wherever there is an estimate, and there nearly always is one, it is right."""

    def f(x: float) -> float:
        return a * x + b * math.sin(c * x)

    right = a + b * c * math.cos(c * x)
    estimate = numeric_derivative(f, x)

    assert not estimate.reason
    assert abs(estimate.value - right) <= 1e-9 + 1e-7 * abs(right)
    assert claimed(f, x, right) == "agrees"
    assert claimed(f, x, right + 1e-5 * max(1.0, abs(right))) == "differs"


def test_a_comparison_tells_input_point_both_numbers_and_digits() -> None:
    comparison = compare_along(math.exp, "t", 1.0, 2.7182)

    assert (comparison.input, comparison.point, comparison.analytic) == ("t", 1.0, 2.7182)
    assert comparison.numeric == pytest.approx(math.e, rel=1e-9)
    assert (comparison.verdict, comparison.digits, comparison.reason) == ("differs", 4, "")
    assert str(comparison) == f"t at 1.0: analytic 2.7182, numeric {comparison.numeric!r}, 4 digits agree (differs)"


def test_an_undecided_comparison_tells_why() -> None:
    assert str(compare(abs, 0.0)[0]) == "x at 0.0: analytic 0.0, numeric nan, a kink or a jump (undecided)"


def test_one_wrong_input_of_many_is_named(declared: Any) -> None:
    """Seen to fail with the comparisons in reverse order."""

    @declared
    def product(x, y, z):
        return x * y * z, lambda: (y * z, x * z * 1.001, x * y)

    with pytest.raises(GradientError) as error:
        gradcheck(product, 2.0, 3.0, 5.0)
    found = compare(product, 2.0, 3.0, 5.0)

    assert [comparison.verdict for comparison in found] == ["agrees", "differs", "agrees"]
    assert str(error.value) == str(found[1])
    assert re.fullmatch(
        r"y at 3\.0: analytic 10\.0\d*, numeric (10\.0|9\.9)\d*, 3 digits agree \(differs\)", str(error.value)
    )


def test_all_wrong_inputs_are_named(declared: Any) -> None:
    @declared
    def difference(x, y):
        return x - y, lambda: (-1.0, 1.0)

    with pytest.raises(GradientError) as error:
        gradcheck(difference, 2.0, 3.0)

    assert [line.split(" at ")[0] for line in str(error.value).splitlines()] == ["x", "y"]
    assert issubclass(GradientError, AssertionError)


@pytest.mark.parametrize(
    ("a", "b", "digits"),
    [
        (1.0, 1.0, 16),
        (0.0, -0.0, 16),
        (math.inf, math.inf, 16),
        (1.0, 1.0 + EPSILON, 15),
        (3.14159, 3.14161, 5),
        (100.0, 101.0, 2),
        (1.0, 2.0, 0),
        (1.0, -1.0, 0),
        (1e200, 1.0001e200, 4),
        (0.0, 1e-300, 0),
        (1e308, -1e308, 0),
        (math.inf, 1.0, 0),
        (math.nan, 1.0, 0),
        (math.nan, math.nan, 0),
        (5e-324, 1e-323, 0),
    ],
)
def test_digits_that_agree(a: float, b: float, digits: int) -> None:
    assert agreeing_digits(a, b) == agreeing_digits(b, a) == digits


def test_tolerances_can_be_chosen() -> None:
    assert compare_along(math.exp, "x", 0.0, 1.00001).verdict == "differs"
    assert compare_along(math.exp, "x", 0.0, 1.00001, rtol=1e-4).verdict == "agrees"
    assert compare_along(math.exp, "x", 0.0, 1.00001, atol=1e-4).verdict == "agrees"
    assert compare_along(math.exp, "x", 0.0, 1.00001, rtol=1e-6, atol=1e-6).verdict == "differs"


def test_tolerances_reach_every_derivative(declared: Any) -> None:
    @declared
    def nearly(x):
        return x * x, lambda: (2.00001 * x,)

    with pytest.raises(GradientError):
        gradcheck(nearly, 1.0)

    assert gradcheck(nearly, 1.0, rtol=1e-4)[0].verdict == "agrees"
    assert gradcheck(nearly, 1.0, atol=1e-4, second=True)[1].verdict == "agrees"


# What differences cannot see ----------------------------------------------------------------------


@given(
    st.floats(-100, 100, allow_subnormal=False),
    st.sampled_from([1.0, 0.1, 7.0]),
    st.lists(st.tuples(st.floats(-2, 2, allow_subnormal=False), st.floats(0, 0.45, allow_subnormal=False)), max_size=2),
    st.floats(-5, 5, allow_subnormal=False),
    st.floats(-5, 5, allow_subnormal=False),
)
def test_never_agrees_at_a_kink(
    point: float, height: float, others: list[tuple[float, float]], slope: float, claim: float
) -> None:
    """A convex function with a kink at the point and more of them within the step or just beyond.

    Seen to fail without the look at the bend, and without the limit that rounding sets.
    """
    step = STEP * max(1.0, abs(point))
    kinks = [(point, height)] + [(point + fraction * step, weight * height) for fraction, weight in others]

    def f(x: float) -> float:
        return slope * (x - point) + math.fsum(weight * abs(x - kink) for kink, weight in kinks)

    assert claimed(f, point, claim) == "undecided"
    assert claimed(f, point, slope) == "undecided"


@given(
    st.floats(-100, 100, allow_subnormal=False),
    st.floats(-2, 2, allow_subnormal=False),
    st.sampled_from([1.0, 0.01, -3.0]),
    st.floats(-5, 5, allow_subnormal=False),
)
def test_never_agrees_with_the_slope_beyond_a_kink(point: float, fraction: float, height: float, slope: float) -> None:
    """However far the kink: the slope at the point may agree, that of the other side or the mean of both may not.

    Seen to fail without the look at the bend, and without the look back at how rough f was with longer steps.
    """
    kink = point + fraction * STEP * max(1.0, abs(point))
    assume(kink != point)

    def f(x: float) -> float:
        return slope * (x - point) + height * abs(x - kink)

    here = height if point > kink else -height

    assert claimed(f, point, slope + here) in ("agrees", "undecided")
    assert claimed(f, point, slope - here) in ("differs", "undecided")
    assert claimed(f, point, slope) in ("differs", "undecided")


@pytest.mark.parametrize("fraction", [1.01, 2.0, 100.0])
def test_decides_beyond_the_step_from_a_kink(fraction: float) -> None:
    distance = fraction * STEP

    assert verdicts(lambda x: autograd.relu(x - 0.5), 0.5 + distance) == ["agrees"]
    assert verdicts(lambda x: autograd.relu(x + 0.5), -0.5 - distance) == ["agrees"]
    assert claimed(lambda x: max(x + 0.5, 0.0), -0.5 - distance, 1.0) == "differs"


@pytest.mark.parametrize("point", [1e-3, 1e-5, 1e-9, 1e-12])
@pytest.mark.parametrize("f", [autograd.reciprocal, lambda x: x**-2, lambda x: 1 / (1e-6 + x)])
def test_decides_beside_a_pole_with_a_step_of_its_size(f: Callable[..., Any], point: float) -> None:
    """Seen to fail with only the first step."""
    assert verdicts(f, point) == ["agrees"]


@pytest.mark.parametrize("frequency", [1.0, 30.0, 1e3, 3e4, 1e6])
@pytest.mark.parametrize("f", [math.sin, math.tanh, lambda x: 1 / (1 + x * x)])
def test_decides_where_f_bends_fast(f: Callable[[float], float], frequency: float) -> None:
    """A bend is no kink, however fast: with shorter steps it fades by and by. Seen to fail with only the first step."""
    estimate = numeric_derivative(lambda x: f(frequency * x), 0.7 / frequency)
    by_hand = {math.sin: math.cos(0.7), math.tanh: 1 / math.cosh(0.7) ** 2}.get(f, -2 * 0.7 / (1 + 0.7 * 0.7) ** 2)

    assert not estimate.reason
    assert estimate.value == pytest.approx(frequency * by_hand, rel=1e-7)


KINKS = [
    abs,
    autograd.relu,
    lambda x: autograd.maximum(x, -2 * x),
    lambda x: autograd.minimum(0, x),
    lambda x: autograd.where(x > 0, 1.0, 2.0) * (x + 1),
    lambda x: autograd.relu(x) * 3 + x**2,
]


@pytest.mark.parametrize("f", KINKS)
def test_kinks_and_jumps_are_undecided(f: Callable[..., Any]) -> None:
    for point in (0.0, -0.0):
        assert gradcheck(f, point)[0].verdict == "undecided"
        assert gradcheck(f, point)[0].reason == "a kink or a jump"


@pytest.mark.parametrize("distance", [0.0, 1e-15, 1e-12, STEP / 2**15, 1e-6, STEP / 4, -1e-12, -1e-6, -STEP / 4])
@pytest.mark.parametrize("f", KINKS)
def test_points_near_a_kink_or_a_jump_are_undecided(f: Callable[..., Any], distance: float) -> None:
    assert [comparison.verdict for comparison in gradcheck(lambda x: f(x - 1), 1 + distance)] == ["undecided"]


@pytest.mark.parametrize("point", [1e-300, 1e-12, 1e-6, STEP / 2, -STEP / 2, -1e-6, -1e-12, -1e-300])
def test_points_beside_a_kink_at_0_are_decided_with_a_step_of_their_size(point: float) -> None:
    """Seen to fail with only the step made for numbers near 1."""
    right = 1.0 if point > 0 else 0.0

    assert claimed(lambda x: max(x, 0.0), point, right) == "agrees"
    for wrong in (0.5, 2.0, -1.0):
        # Nothing moves on the left of 0; that might be the rounding of something inside of f.
        assert claimed(lambda x: max(x, 0.0), point, wrong) == ("differs" if point > 0 else "undecided")
        assert claimed(lambda x: max(x, 3 * x), point, wrong) == "differs"


@pytest.mark.parametrize("jump", [1.0, -1.0, 1e-6, 1e10])
def test_jumps_at_a_point_are_undecided(jump: float) -> None:
    for left in (lambda x: x < 2.0, lambda x: x <= 2.0):
        assert claimed(lambda x, left=left: x if left(x) else x + jump, 2.0, 1.0) == "undecided"


def test_a_single_point_that_is_off_is_undecided() -> None:
    """Its central differences agree perfectly."""
    assert claimed(lambda x: 5.0 if x == 2.0 else x, 2.0, 1.0) == "undecided"


@pytest.mark.parametrize("f", [autograd.sqrt, autograd.log, lambda x: x**0.5, lambda x: 1 / x, lambda x: x**-2.0])
def test_points_at_infinite_slopes_and_poles_are_undecided(f: Callable[..., Any]) -> None:
    assert verdicts(f, 0.0) == verdicts(f, -0.0) == ["undecided"]


@pytest.mark.parametrize("exponent", [-1, -2, -3])
@pytest.mark.parametrize("distance", [1e-3, 1e-4, 1e-5, 1e-7, 1e-12, -1e-3, -1e-5, -1e-12])
def test_points_beside_a_pole_never_differ(distance: float, exponent: int) -> None:
    """A step made for numbers near 1 leaps over it."""
    assert verdicts(lambda x: x**exponent, distance)[0] in ("agrees", "undecided")
    assert verdicts(lambda x: x**exponent, 1 + distance) == ["agrees"]


def test_a_step_that_leaps_over_a_pole_is_noticed() -> None:
    """Both ends are as good as 0, where the slope is −4e16. Seen to fail without the second look."""
    assert verdicts(lambda x: 1e-114 / x, 5e-66) == verdicts(lambda x: 1e-114 / x, -5e-66) == ["agrees"]


def test_the_smoothness_asked_for_does_not_shrink_with_the_step() -> None:
    assert numeric_derivative(lambda x: 0.4 * abs(x - 1e-9), 1e-9, scale=1e-9).reason == "a kink or a jump"


@pytest.mark.parametrize(("f", "point"), [(math.exp, 1.0), (lambda x: math.sin(10 * x), 0.0), (math.sqrt, 1e6)])
def test_a_smooth_function_is_asked_nine_times(f: Callable[[float], float], point: float) -> None:
    """At the point, on both sides at the step, half and a quarter of it, and once more between these."""
    asked: list[float] = []
    numeric_derivative(lambda x: asked.append(x) or f(x), point)
    step = 3 / 2**12 * {0.0: 1, 1.0: 1, 1e6: 2**19}[point]
    parts = (-1, -(5**0.5 - 1) / 2, -0.5, -0.25, 0, 0.25, 0.5, (5**0.5 - 1) / 2, 1)

    assert sorted(asked) == pytest.approx([point + step * part for part in parts])


@pytest.mark.parametrize("exponent", [12, 13, 16, 20])
@pytest.mark.parametrize("factor", [1, 3, 5])
def test_waves_whose_periods_fit_into_the_steps_are_noticed(exponent: int, factor: int) -> None:
    """Seen to fail without the look between the rungs."""
    frequency = 2 * math.pi * factor * 2**exponent
    slope = 1 + 1e-3 * frequency * math.cos(frequency * 0.3)

    assert claimed(lambda x: x + 1e-3 * math.sin(frequency * x), 0.3, slope) in ("agrees", "undecided")
    assert claimed(lambda x: x + 1e-3 * math.sin(frequency * x), 0.3, 1.0) in ("differs", "undecided")


def test_a_bend_that_is_too_fast_is_told_from_a_kink() -> None:
    """Odd functions have no bend at 0, however steep they are."""
    assert numeric_derivative(lambda x: math.tanh(1e20 * x), 0.0).reason == "f bends too sharply for differences"
    assert numeric_derivative(lambda x: abs(x - 1.0), 1.0).reason == "a kink or a jump"


def test_a_slope_that_overflows_is_undecided() -> None:
    """At the first step, and only at a later one."""
    for height in (1e308, 1e300):
        assert numeric_derivative(lambda x, height=height: height * (x > 0), 0.0).reason == "the differences overflow"


def test_a_slope_of_subnormal_numbers_is_hidden_by_rounding() -> None:
    estimate = numeric_derivative(lambda x: 1e-320 * math.sin(x), 1.0)

    assert estimate.reason == "rounding hides the slope: f is large and its derivative small"


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (autograd.log, lambda x: 1 / x),
        (autograd.sqrt, lambda x: 0.5 / math.sqrt(x)),
        (lambda x: x**0.5, lambda x: 0.5 / math.sqrt(x)),
        (lambda x: x * autograd.log(x), lambda x: math.log(x) + 1),
        (lambda x: autograd.where(x > 0, x * (1 + x), math.inf), lambda x: 1 + 2 * x),
    ],
)
@pytest.mark.parametrize("distance", [2.0**-44, 2.0**-30, 1e-9, 5e-4, STEP / 2, 1e-300])
@pytest.mark.parametrize("end", [0.0, 0.5])
def test_steps_shrink_with_the_distance_to_the_end_of_a_domain(
    f: Callable[..., Any], slope: Callable[[float], float], distance: float, end: float
) -> None:
    """To the left and to the right. Seen to fail without the halvings where a neighbour is not finite."""
    for side in (1, -1):
        point = side * (end + distance)
        away = side * point - end
        if away > 0:
            assert verdicts(lambda x, side=side: f(side * x - end), point) == ["agrees"]
            assert claimed(lambda x, side=side: f(side * x - end), point, side * slope(away) * (1 + 1e-6)) == "differs"


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_at_the_very_end_of_a_domain_one_side_decides(size: float) -> None:
    """Seen to fail without differences of one side."""
    for side in (1, -1):

        def f(x: float, side: int = side) -> float:
            return math.exp(x / size) if side * (x - size) >= 0 else math.nan

        assert claimed(f, size, math.e / size) == "agrees"
        assert claimed(f, size, math.e / size * (1 + 1e-6)) == "differs"
        assert claimed(f, size, -math.e / size) == "differs"


def test_where_python_has_no_number_f_ends() -> None:
    """math.log raises, (−1) ** 0.5 is complex, and 1 / 0 raises: what is beside the point must not hinder the check."""
    for distance in (1e-3, 1e-9):
        assert claimed(lambda x: math.log(x - 1), 1 + distance, 1 / (1 + distance - 1)) == "agrees"
        assert claimed(lambda x: (x - 1) ** 0.5, 1 + distance, 0.5 / math.sqrt(1 + distance - 1)) == "agrees"
        assert claimed(lambda x: math.asin(1 - x), distance, -1 / math.sqrt((2 - distance) * distance)) == "agrees"
    assert claimed(lambda x: x * x if x == 1 else 1 / 0, 1.0, 2.0) == "undecided"


def test_the_neighbour_that_is_not_finite_is_named() -> None:
    estimate = numeric_derivative(lambda x: x if abs(x - 0.5) < 1e-16 else math.nan, 0.5)

    assert re.fullmatch(r"f is nan at 0\.50\d*, too near for differences", estimate.reason)


def test_a_point_that_is_not_finite_is_undecided() -> None:
    assert compare(autograd.log, -1.0)[0].reason == "f is nan at the point"


def test_an_overflow_beside_the_point_is_undecided() -> None:
    """709.78 is the last number whose exponential is finite; the step there is 0.5."""
    assert compare(autograd.exp, 709.7)[0].verdict == "undecided"
    assert compare(autograd.exp, 709.0)[0].verdict == "agrees"


@pytest.mark.parametrize("point", [math.inf, -math.inf, math.nan])
def test_points_that_are_not_finite_are_undecided(point: float) -> None:
    assert verdicts(lambda x: 2 * x, point) == verdicts(autograd.tanh, point) == ["undecided"]


@pytest.mark.parametrize("amplitude", [1e-3, 1e-5, 1e-7, 1e-8])
def test_noise_is_undecided(amplitude: float) -> None:
    def f(x: float) -> float:
        return math.sin(x) + amplitude * random.Random(x).random()

    assert claimed(f, 1.0, math.cos(1.0)) == claimed(f, 1.0, 0.0) == "undecided"


@pytest.mark.parametrize("offset", [1e6, 1e9, 1e12, -1e15])
def test_a_small_slope_on_a_large_number_is_seen_by_long_steps(offset: float) -> None:
    """Seen to fail without the steps that grow."""
    assert claimed(lambda x: x + offset, 1.0, 1.0) == "agrees"
    assert claimed(lambda x: x + offset, 1.0, 1 + 1e-6) == "differs"
    assert claimed(lambda x: x + offset, 1.0, 0.0) == "differs"


@pytest.mark.parametrize("claim", [1e-20, -1e-20, 2e-20, 1e-250])
def test_a_slope_below_the_rounding_of_f_is_undecided(claim: float) -> None:
    """No step is long enough; a large claim is contradicted all the same."""
    comparison = compare_along(lambda x: 1e10 + 1e-20 * x, "x", 1.0, claim)

    assert (comparison.verdict, comparison.reason[:21]) == ("undecided", "rounding hides the sl")
    assert claimed(lambda x: 1e10 + 1e-20 * x, 1.0, 1e-6) == "differs"


def test_rounding_leaves_too_few_digits_of_a_wave_on_a_large_number() -> None:
    """Its sign can be seen, a millionth cannot."""
    for factor, verdict in ((1.0, "undecided"), (1 + 1e-6, "undecided"), (-1.0, "differs"), (2.0, "differs")):
        assert claimed(lambda x: 1e9 + math.sin(x), 1.0, math.cos(1.0) * factor) == verdict


def test_undecided_is_no_error_and_no_agreement() -> None:
    assert [comparison.verdict for comparison in gradcheck(lambda x, y: abs(x) * y, 0.0, 2.0)] == [
        "undecided",
        "agrees",
    ]


# Tiny and huge points -----------------------------------------------------------------------------


@pytest.mark.parametrize("point", [5e-324, 1e-310, 1e-300, 1e-20, 1e-9, 1e9, 1e20, 1e100, 1e150])
def test_tiny_and_huge_points(point: float) -> None:
    assert verdicts(lambda x: 3 * x, point) == ["agrees"]
    if point > 1e-150:  # below, the square is 0
        assert verdicts(lambda x: x * x, -point) == ["agrees"]


@pytest.mark.parametrize("point", [5e-324, -5e-324, 1e-323, 1e-320, 1e-310, 1e-300])
def test_a_wrong_derivative_at_a_tiny_point_differs(point: float) -> None:
    """Where a step of the size of x would be no step at all."""
    assert claimed(math.sin, point, 1.001) == "differs"


@pytest.mark.parametrize("point", [1e6, 1e8, 1e10, 1e13, 1e15, 1e16, 1e100, 1e300])
def test_right_derivatives_of_waves_far_out_never_differ(point: float) -> None:
    """The step, which grows with x, leaps over many waves, and the chords become so flat that they all seem to be 0."""
    assert verdicts(autograd.sin, point)[0] in ("agrees", "undecided")
    assert verdicts(autograd.cos, -point)[0] in ("agrees", "undecided")


def test_the_largest_number_has_neighbours_on_one_side() -> None:
    assert verdicts(lambda x: x / 2, 1.7976931348623157e308) == ["agrees"]
    assert verdicts(lambda x: -x / 2, -1.7976931348623157e308) == ["agrees"]


# Second derivatives -------------------------------------------------------------------------------


def test_second_derivatives_come_after_the_first_with_all_mixed_ones() -> None:
    comparisons = gradcheck(lambda x, y: x**3 * y + y.exp(), 2.0, 0.5, second=True)
    names = ["x", "y", "x, then x", "x, then y", "y, then x", "y, then y"]
    by_hand = [3 * 4 * 0.5, 8 + math.exp(0.5), 6 * 2 * 0.5, 12.0, 12.0, math.exp(0.5)]

    assert [comparison.input for comparison in comparisons] == names
    assert [comparison.analytic for comparison in comparisons] == pytest.approx(by_hand)
    assert {comparison.verdict for comparison in comparisons} == {"agrees"}


def test_a_wrong_second_derivative_is_an_error(declared: Any) -> None:
    """The derivative is a right number, but a number only: what it depends on is lost."""

    @declared
    def square(x):
        slope = 2.0 * (x.data if isinstance(x, Value) else x)
        return x * x, lambda: (slope,)

    gradcheck(square, 3.0)
    with pytest.raises(GradientError, match=r"^x, then x at 3\.0: analytic 0\.0, numeric (2\.0|1\.9)\d*, 0 digits"):
        gradcheck(square, 3.0, second=True)


def test_a_wrong_mixed_second_derivative_is_an_error(declared: Any) -> None:
    @declared
    def product(x, y):
        factor = y.data if isinstance(y, Value) else y
        return x * y, lambda: (factor, x)

    with pytest.raises(GradientError) as error:
        gradcheck(product, 3.0, 2.0, second=True)

    assert [line.split(" at ")[0] for line in str(error.value).splitlines()] == ["x, then y"]


def test_a_kink_of_the_slope_is_undecided_in_the_second_derivative_only() -> None:
    comparisons = gradcheck(lambda x: autograd.relu(x) ** 2, 0.0, second=True)

    assert [comparison.verdict for comparison in comparisons] == ["agrees", "undecided"]


# Inputs -------------------------------------------------------------------------------------------


def test_lists_are_inputs() -> None:
    def f(weights: list[Value], bias: Value, pair: list[Value]) -> Value:
        return autograd.tanh(autograd.dot(weights, pair) + bias)

    comparisons = gradcheck(f, [0.1, -0.2], 0.3, (0.4, 0.5), second=True)
    first = ["weights[0]", "weights[1]", "bias", "pair[0]", "pair[1]"]

    assert [comparison.input for comparison in comparisons[:5]] == first
    assert [comparison.input for comparison in comparisons[5:]] == [f"{a}, then {b}" for a in first for b in first]
    assert {comparison.verdict for comparison in comparisons} == {"agrees"}


def test_inputs_may_be_nested_in_any_way_and_are_named_by_their_way() -> None:
    """Seen to fail with tuples handed on as lists."""

    class Pair(NamedTuple):
        a: Any
        b: Any

    def f(xs: list[list[Value]], params: dict[str, Any], pair: Pair, array: Any) -> Value:
        assert isinstance(pair, Pair)
        assert isinstance(params[0], tuple)
        assert isinstance(array, np.ndarray)
        assert array.shape == (1, 2)
        return xs[0][1] * params["w"][2].exp() + pair.a * pair.b[0] + params[0][0] * array[0, 1] ** 2 + array.sum()

    inputs = [[[1.0, 2.0], [3]], {"w": [1.0, 2.0, 0.5], 0: (4.0,)}, Pair(0.3, [Value(0.7, "seven")]), np.ones((1, 2))]
    comparisons = gradcheck(f, *inputs, second=True)
    derivatives = {
        "xs[0][0]": 0.0,
        "xs[0][1]": math.exp(0.5),
        "xs[1][0]": 0.0,
        "params['w'][0]": 0.0,
        "params['w'][1]": 0.0,
        "params['w'][2]": 2 * math.exp(0.5),
        "params[0][0]": 1.0,
        "pair[0]": 0.7,
        "seven": 0.3,
        "array[0][0]": 1.0,
        "array[0][1]": 9.0,
    }

    assert {c.input: c.analytic for c in comparisons[:11]} == pytest.approx(derivatives)
    assert [c.input for c in comparisons[11:]] == [f"{a}, then {b}" for a in derivatives for b in derivatives]
    assert {comparison.verdict for comparison in comparisons} == {"agrees"}


def test_a_wrong_derivative_deep_in_the_inputs_is_named(declared: Any) -> None:
    @declared
    def twice(x):
        return 2 * x, lambda: (2.001,)

    with pytest.raises(GradientError, match=r"^params\['w'\]\[1\]\[0\] at 3\.0: analytic 2\.001, numeric (2\.0|1\.9)"):
        gradcheck(lambda params: twice(params["w"][1][0]), {"w": [1.0, [3.0]]})


@pytest.mark.parametrize(
    ("form", "ways"),
    [
        (lambda a, b: [a, b], ["output[0]", "output[1]"]),
        (lambda a, b: (a, b), ["output[0]", "output[1]"]),
        (lambda a, b: {"a": a, "rest": [[b]]}, ["output['a']", "output['rest'][0][0]"]),
        (lambda a, b: np.array([[a], [b]]), ["output[0][0]", "output[1][0]"]),
    ],
)
def test_every_output_is_checked_against_every_input(form: Callable[..., Any], ways: list[str]) -> None:
    """Seen to fail with the gradients of an earlier output left in the leaves."""
    comparisons = gradcheck(lambda x, y: form(x * y, autograd.sin(x)), 2.0, 3.0, second=True)
    first = [(way, name) for way in ways for name in ("x", "y")]

    assert [(c.output, c.input) for c in comparisons[:4]] == first
    assert [c.analytic for c in comparisons[:4]] == [3.0, 2.0, math.cos(2.0), 0.0]
    assert [(c.output, c.input) for c in comparisons[4:]] == [(o, f"{i}, then {j}") for o, i in first for j in "xy"]
    assert [c.analytic for c in comparisons[4:]] == [0.0, 1.0, 1.0, 0.0, -math.sin(2.0), 0.0, 0.0, 0.0]
    assert {comparison.verdict for comparison in comparisons} == {"agrees"}


def test_a_wrong_derivative_of_one_output_is_named(declared: Any) -> None:
    @declared
    def product(x, y):
        return x * y, lambda: (y, -x)

    with pytest.raises(GradientError) as error:
        gradcheck(lambda x, y: {"sum": x + y, "area": product(x, y)}, 2.0, 3.0)

    assert str(error.value).startswith("output['area'] by y at 3.0: analytic -2.0, numeric ")


def test_a_single_output_has_no_way() -> None:
    assert [comparison.output for comparison in gradcheck(lambda x: x * 2, 1.0, second=True)] == ["", ""]


def test_an_empty_list_is_an_input() -> None:
    assert [comparison.input for comparison in gradcheck(lambda xs, y: autograd.sum([*xs, y]), [], 1.0)] == ["y"]


def test_values_are_inputs_known_by_their_labels_and_left_untouched() -> None:
    """Seen to fail with the Values themselves as leaves."""
    x, other, unlabelled = Value(2.0, "mass"), Value(3.0, "speed"), Value(4.0)
    energy = x * other**2 / 2
    energy.backward()
    before = [(value.data, value.grad) for value in (x, other, unlabelled, energy)]
    comparisons = gradcheck(lambda m, v, h: m * v[0] ** 2 / 2 + m * h, x, [other], unlabelled)

    assert [comparison.input for comparison in comparisons] == ["mass", "speed", "h"]
    assert [(value.data, value.grad) for value in (x, other, unlabelled, energy)] == before


@pytest.mark.parametrize("number", [2, Fraction(2), np.float32(2), np.int64(2), True + 1])
def test_any_real_number_is_an_input(number: Any) -> None:
    comparison = gradcheck(lambda x: x * x, number)[0]

    assert (comparison.point, comparison.analytic, type(comparison.point)) == (2.0, 4.0, float)


def test_functions_of_any_number_of_arguments() -> None:
    comparisons = gradcheck(lambda *xs: autograd.sum(xs) ** 2, 1.0, 2.0, 3.0)

    assert [comparison.input for comparison in comparisons] == ["input 0", "input 1", "input 2"]


@pytest.mark.parametrize(
    ("f", "names"),
    [
        (abs, ["x"]),
        (max, ["input 0", "input 1"]),
        (pow, ["base", "exp"]),
        (autograd.multiply, ["x", "y"]),
        (Value.exp, ["x"]),
        (functools.partial(autograd.multiply, 2.0), ["y"]),
        (lambda x, y=1.0: x * y, ["x"]),
        (lambda x, /, y: x * y, ["x", "y"]),
        (lambda x, *rest: x * rest[0], ["x", "input 1"]),
        (lambda *xs, power=2: xs[0] ** power, ["input 0"]),
        (lambda x, *rest, power=2: x * rest[0] ** power, ["x", "input 1"]),
        (lambda x, *rest, **options: x * rest[0], ["x", "input 1"]),
    ],
)
def test_inputs_have_the_names_of_the_parameters(f: Callable[..., Any], names: list[str]) -> None:
    """A parameter by keyword only has no place in the row."""
    comparisons = gradcheck(f, *[2.0, 3.0][: len(names)])

    assert [comparison.input for comparison in comparisons] == names


def test_inputs_that_do_not_matter_have_the_derivative_0() -> None:
    comparisons = gradcheck(lambda x, y: x * 2, 1.0, 5.0, second=True)

    assert [comparison.analytic for comparison in comparisons] == [2.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert {comparison.verdict for comparison in comparisons} == {"agrees"}


def test_the_answer_may_be_an_input() -> None:
    assert gradcheck(lambda x: x, 3.0)[0].analytic == 1.0


# Functions that cannot be checked -----------------------------------------------------------------


@pytest.mark.parametrize("answer", [1.0, None, "x", {Value(1.0)}, iter([Value(1.0)])])
def test_a_function_must_return_values(answer: Any) -> None:
    for check in (gradcheck, compare):
        with pytest.raises(TypeError, match=f"must return one Value, not {type(answer).__name__}: compute with"):
            check(lambda x: answer, 1.0)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ([Value(1.0), 2.0], r"must return Values, but output\[1\] is float: compute with the Values"),
        ({"a": (Value(1.0), None)}, r"must return Values, but output\['a'\]\[1\] is NoneType"),
        (np.array([1.0]), r"must return Values, but output\[0\] is float"),
        ([], "returned nothing to differentiate: an empty list"),
        ({"a": []}, "returned nothing to differentiate: an empty dict"),
    ],
)
def test_each_of_several_outputs_must_be_a_value(answer: Any, told: str) -> None:
    with pytest.raises(TypeError, match=told):
        gradcheck(lambda x: answer, 1.0)


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        ("2", "x cannot be an input: expected a real number, not str: convert text first"),
        (None, "x cannot be an input: expected a real number, not None"),
        (1j, "x cannot be an input: .*take its .real"),
        ({1.0, 2.0}, "x cannot be an input: .* not set"),
        ([1.0, {"w": ["2"]}], r"x\[1\]\['w'\]\[0\] cannot be an input: .* not str"),
        (np.array([1.0, None]), r"x\[1\] cannot be an input: .* not None"),
        (autograd.nn.MLP(1, [1]), r"x cannot be an input: pass x\.parameters\(\)"),
    ],
)
def test_what_cannot_be_an_input_is_named_with_the_remedy(thing: Any, told: str) -> None:
    with pytest.raises(TypeError, match=f"^{told}.*; inputs are numbers, Values, and lists, tuples, dicts and NumPy"):
        gradcheck(lambda x: x, thing)


def test_a_function_that_changes_its_inputs_is_told_so() -> None:
    """The derivative would belong to another point than the comparison says."""

    def step(x: Value, params: dict[str, Any]) -> Value:
        answer = x * params["w"][0]
        params["w"][0].data -= 0.5
        return answer

    with pytest.raises(ValueError, match=r"changes its input params\['w'\]\[0\] from 2\.0 to 1\.5; .*make new Values"):
        gradcheck(step, 1.0, {"w": [2.0]})


def test_a_function_may_change_its_lists() -> None:
    weights = [1.0, 2.0]

    assert [c.analytic for c in gradcheck(lambda ws: ws.pop() * ws.pop(), weights)] == [2.0, 1.0]
    assert weights == [1.0, 2.0]


def test_a_function_must_return_as_many_values_everywhere() -> None:
    with pytest.raises(TypeError, match="returns 1 Values, but 2 at 1\\.0"):
        compare(lambda x: [x] if x.data == 1 else [x, x], 1.0)


def test_a_repeated_run_must_give_the_same_gradient() -> None:
    for first, then in ((2.0, 3.0), (3.0, 2.0)):
        factors = itertools.cycle([first, then])
        told = f"x: a repeated run gives another gradient, {first} and then {then}"
        with pytest.raises(GradientError, match=f"^{re.escape(told)}$"):
            gradcheck(lambda x, factors=factors: x * next(factors), 1.0)


def test_a_run_that_differs_names_the_label_of_the_input() -> None:
    factors = itertools.cycle([2.0, 3.0])

    with pytest.raises(GradientError, match=r"^mass: a repeated run"):
        gradcheck(lambda x: x * next(factors), Value(1.0, "mass"))


def test_a_repeated_run_must_agree_bit_for_bit() -> None:
    """−0.0 is not 0.0. Seen to fail with == for the bits."""
    zeros, nearly = itertools.cycle([0.0, -0.0]), itertools.cycle([1.0, 1.0 + EPSILON])

    for factors in (zeros, nearly):
        with pytest.raises(GradientError, match="a repeated run"):
            gradcheck(lambda x, factors=factors: x * next(factors), 1.0)


def test_a_repeated_run_must_give_the_same_number() -> None:
    """Also where the gradient is the same."""
    for pair in ([0.0, 1.0], [1.0, 0.0]):
        terms = itertools.cycle(pair)
        with pytest.raises(GradientError, match="a repeated run"):
            gradcheck(lambda x, terms=terms: x + next(terms), 1.0)


def test_a_gradient_of_nan_repeats_itself_and_is_wrong(declared: Any) -> None:
    @declared
    def lost(x):
        return x * 2, lambda: (math.nan,)

    with pytest.raises(GradientError, match=r"^x at 1\.0: analytic nan, numeric (2\.0|1\.9)\d*, 0 digits agree"):
        gradcheck(lost, 1.0)


def test_a_seed_of_0_must_give_0() -> None:
    class Stubborn(Value):
        def __init__(self, inner: Value) -> None:
            super().__init__(inner.data)
            self.inner = inner

        def backward(self, seed: Any = 1.0) -> None:
            self.inner.backward(seed or 1.0)

    with pytest.raises(GradientError, match=r"^t: a seed of 0 gives the gradient 2\.0 instead of 0$"):
        gradcheck(lambda t: Stubborn(t * 2.0), 1.0)
    with pytest.raises(GradientError, match=r"^t: a seed of 0 gives the gradient -2\.0 instead of 0$"):
        gradcheck(lambda t: Stubborn(t * -2.0), 1.0)


def test_a_comparison_is_for_reading_only() -> None:
    """So that no verdict is changed by accident."""
    with pytest.raises(FrozenInstanceError):
        compare(autograd.exp, 1.0)[0].verdict = "agrees"
    with pytest.raises(FrozenInstanceError):
        numeric_derivative(math.exp, 1.0).reason = ""


# Over all domains and scales ----------------------------------------------------------------------

# 10,000 in the thorough profile.
COUNT = min(10_000, 20 * settings.default.max_examples)


def random_number(draw: random.Random, domain: Domain) -> float:
    """Of a domain: anywhere up to 10 from 0, or close to an end, from 1e-12 on; close to 0 from 1e-300 on."""
    ends = [end for end in (domain.low, domain.high, *domain.excluded) if math.isfinite(end)]
    while True:
        number = draw.uniform(-10, 10)
        if ends and draw.random() < 0.5:
            end = draw.choice(ends)
            number = end + draw.choice((-1, 1)) * 10 ** draw.uniform(-12 if end else -300, 0)
        if number in domain:
            return number


def random_derivatives(count: int, seed: int) -> Iterator[tuple[Callable[[float], float], float, float]]:
    """Operations in one operand, times a power of ten: each as a function of one float, a point, the derivative."""
    draw = random.Random(seed)
    while count:
        made, scale = draw.choice(BUILT_IN), 10.0 ** draw.randint(-300, 300)
        numbers = made.operands(
            [
                [random_number(draw, d[0]) for _ in range(3)] if isinstance(d, list) else random_number(draw, d)
                for d in made.domain
            ]
        )
        if made.name in ("remainder", "floor_divide") and abs(numbers[0]) > 1e6 * abs(numbers[1]):
            continue  # its steps are finer than any difference can see
        place = draw.randrange(len(numbers))
        node = made(*made.arguments([Value(number) for number in numbers]))
        partial = node.local_gradients()[place][1] or 0.0
        if made.name in ("erf", "erfc", "atan2") and abs(partial * numbers[place]) < 1e-12 * abs(node.data):
            continue  # it is ±1, 2 or ±π to all but the last digits, in which no difference can see a derivative

        def f(x: float, made=made, numbers=numbers, place=place, scale=scale) -> float:
            return scale * made(*made.arguments([*numbers[:place], x, *numbers[place + 1 :]]))

        # What is not 0 and leaves the range of floats on the way, is another function there.
        sizes = {abs(x) for x in (node.data * scale, partial * scale, node.data, partial, partial * numbers[place])}
        if (all(size == 0 or 1e-300 <= size <= 1e300 for size in sizes) and node.data * scale != 0) or partial == 0:
            yield f, numbers[place], partial * scale
            count -= 1


def test_points_of_all_domains_are_decided_at_every_scale() -> None:
    """At most 1 % are undecided, none of the right derivatives differs and none of the wrong ones agrees."""
    counted = Counter()
    for f, point, derivative in random_derivatives(COUNT, seed=1):
        verdict = claimed(f, point, derivative)
        counted[verdict] += 1
        if derivative != 0:
            for factor in (1 + 1e-6, 1 - 1e-6, -1.0):
                counted[claimed(f, point, derivative * factor), verdict] += 1

    assert counted["differs"] == 0
    assert counted["undecided"] <= COUNT / 100
    assert {pair for pair in counted if pair[0] == "agrees"} <= {"agrees"}
    assert counted["undecided", "agrees"] <= COUNT / 1000
    assert counted["differs", "agrees"] > 2 * COUNT


@pytest.mark.parametrize("exponent", range(-300, 301, 20))
@pytest.mark.parametrize("point", [7.0, 0.3, -2.0])
def test_the_bell_curve_with_a_wrong_sign_differs_at_every_scale(declared: Any, exponent: int, point: float) -> None:
    """Seen to fail with an absolute tolerance: at 7 its slope is −1.6e-10. By gradcheck as by audit."""
    size = 10.0**exponent * (1e20 if exponent < -250 else 1.0)  # for the curve itself is as small as 1e-11

    @declared
    def pdf(x):
        value = size * autograd.exp(-x * x / 2)
        return value, lambda: (-x * value,)

    @declared
    def wrong(x):
        value = size * autograd.exp(-x * x / 2)
        return value, lambda: (x * value,)

    @declared
    def nearly(x):
        value = size * autograd.exp(-x * x / 2)
        return value, lambda: (-x * value * (1 + 1e-6),)

    assert gradcheck(pdf, point)[0].verdict == "agrees"
    assert audit(pdf(Value(point))).undecided == audit(pdf(Value(point))).wrong == []
    for faulty in (wrong, nearly):
        with pytest.raises(GradientError):
            gradcheck(faulty, point)
        assert audit(faulty(Value(point))).operations == [faulty]


@pytest.mark.parametrize("exponent", range(-140, 141, 20))
def test_points_of_every_scale_are_decided(exponent: int) -> None:
    """A power of 2, so that the derivative is exact."""
    size = 2.0 ** (3 * exponent)
    for f, slope, t in [
        (math.exp, math.exp, 0.7),
        (math.sin, math.cos, -3.0),
        (math.atan, lambda t: 1 / (1 + t * t), 5.0),
        (lambda t: t * t * t, lambda t: 3 * t * t, -0.25),
        (lambda t: t**1.5, lambda t: 1.5 * t**0.5, 2.0),
    ]:

        def scaled(x: float, f: Callable[[float], float] = f) -> float:
            return f(x / size)

        right = slope(t) / size

        assert claimed(scaled, t * size, right) == "agrees"
        for factor in (1 + 1e-6, 1 - 1e-6, -1.0, 0.0):
            assert claimed(scaled, t * size, right * factor) == "differs"


@pytest.mark.parametrize("wrong", [1e-250, -1e-250, 1e-20, 1e-9, 1.0])
def test_what_should_be_0_and_is_not_differs(wrong: float) -> None:
    """Seen to fail with an absolute tolerance."""
    for f, point in ((lambda x: max(x, 0.0), -1.0), (lambda x: 0.0 * x, 3.0), (lambda x: 0.0 * x, -1e-9)):
        assert claimed(f, point, 0.0) == "agrees"
        assert claimed(f, point, wrong) == "differs"


@pytest.mark.parametrize("height", [5.0, -1e-30, 1e200])
def test_on_a_plateau_only_0_agrees(height: float) -> None:
    for f in (lambda x: max(x, 4.0) * height, lambda x: height, lambda x: height + 0 * x):
        assert claimed(f, 1.0, 0.0) == claimed(f, 1.0, -0.0) == "agrees"
        assert claimed(f, 1.0, height * 1e-9) == "differs"
        assert claimed(f, 1.0, height * 1e-300) == "undecided" or height * 1e-300 == 0


@pytest.mark.parametrize(
    ("f", "point"),
    [
        (math.cos, 0.0),
        (lambda x: x * x * x, 0.0),
        (lambda x: (x - 0.3) ** 2, 0.3),
        (lambda x: x * x - 2 * x, 1.0),
        (lambda x: max(x, 0.0) ** 2, 0.0),
        (lambda x: (x - 0.3) ** 3 + 5, 0.3),
        (lambda x: x * abs(x), 0.0),
        (lambda x: x**1.5 if x >= 0 else math.nan, 0.0),
    ],
)
def test_where_a_function_is_level_0_agrees_and_nothing_that_can_be_seen(f: Callable, point: float) -> None:
    """Seen to fail without the look at the slopes that the ladder has met."""
    assert claimed(f, point, 0.0) == "agrees"
    assert claimed(f, point, 1e-4) == claimed(f, point, -1.0) == "differs"


@pytest.mark.parametrize("point", [0.0, 0.5, 1.0, 100.0])
@pytest.mark.parametrize("distance", [1e-11, 1e-12, 1e-9, 1e-6])
def test_two_kinks_with_the_point_in_their_midst_never_deceive(point: float, distance: float) -> None:
    """Their bends cancel for every step beyond them: the slope is −2 between them and 0 outside."""

    def ramp(x: float) -> float:
        return abs(x - point - distance) - abs(x - point + distance)

    def valley(x: float) -> float:
        return abs(x - point - distance) + abs(x - point + distance)

    assert claimed(ramp, point, -2.0) in ("agrees", "undecided")
    assert claimed(ramp, point, 0.0) != "agrees"
    assert claimed(valley, point, 0.0) in ("agrees", "undecided")
    assert claimed(valley, point, 2.0) != "agrees"


def test_stairs_that_rounding_makes_never_deceive() -> None:
    """(x + 1e10) − 1e10 goes up by 2e-6 at a time, and log(1 + x) is 0 beside 0: rounding inside of f."""
    for f, point in (
        (lambda x: (x + 1e10) - 1e10, 1.0),
        (lambda x: (x + 1) - 1, 1e-9),
        (lambda x: math.log(1 + x), 1e-17),
        (lambda x: math.log(1 + x), 3e-13),
        (lambda x: math.exp(x) - 1, 1e-300),
    ):
        assert claimed(f, point, 1.0) in ("agrees", "undecided")
        assert claimed(f, point, 0.0) != "agrees"
        assert claimed(f, point, -1.0) != "agrees"
    assert claimed(lambda x: max((x + 1) - 1, 0.0), 1e-300, 1.0) in ("agrees", "undecided")
