"""Derivatives that are operations themselves.

>>> sech_squared(0.0), quotient_derivative(1.0, 2.0, by_divisor=1)
(1.0, -0.25)

A formula that is exact need not have an exact derivative: that of 4e/(1+e)² is a difference of two terms, which are
nearly equal near 0. So some rules answer, on Values, nodes of operations that only derivatives are made of, each with a
rule for its own derivative. They are in no book. On floats they compute with the formulas of `precise`.
"""

import functools
import itertools
import math
import operator
from collections.abc import Callable
from typing import Any

from . import ieee, precise
from .book import BLOCKED, REALS, deciding, derived, family


def undefined(x: Any) -> Any:
    """The derivative at nan: nan, and so are all further ones, which those of a constant nan would not be."""
    return ieee.exp(x)


sech_squared: Callable[[Any], Any] = derived(
    "sech_squared", "sech²(x)", precise.sech_squared, lambda x: (-2.0 * ieee.tanh(x) * sech_squared(x),)
)

sigmoid_slope: Callable[[Any], Any] = derived(
    "sigmoid_slope", "σ′(x)", precise.sigmoid_slope, lambda x: (-ieee.tanh(0.5 * x) * sigmoid_slope(x),)
)

atan_slope: Callable[[Any], Any] = derived(
    "atan_slope", "1/(1 + x²)", precise.atan_slope, lambda x: (_atan_curvature(x),)
)


def _third_derivative_of_atan(x):
    slope = atan_slope(x)
    return ((6.0 * x * x - 2.0) * slope if -1 <= x <= 1 else 6.0 - 8.0 * slope) * slope * slope


_atan_curvature: Callable[[Any], Any] = derived(
    "atan_curvature", "−2x/(1 + x²)²", precise.atan_curvature, lambda x: (_third_derivative_of_atan(x),)
)

scaled_exp: Callable[[Any, Any], Any] = derived(
    "scaled_exp", "y·exp(x)", precise.scaled_exp, lambda x, y: (lambda: scaled_exp(x, y), lambda: ieee.exp(x))
)

silu_slope = derived("silu_slope", "silu′(x)", precise.silu_slope, lambda x: (_silu_curvature(x),))


def _third_derivative_of_silu(x):
    # 3·σ″ + x·σ‴; with t = tanh(x/2) that is σ″ = −t·σ′ and σ‴ = (3·t² − 1)/2·σ′.
    t = ieee.tanh(0.5 * x)
    return 0.25 * sech_squared(0.5 * x) * (x * (1.5 * t * t - 0.5) - 3.0 * t)


_silu_curvature: Callable[[Any], Any] = derived(
    "silu_curvature", "silu″(x)", precise.silu_curvature, lambda x: (_third_derivative_of_silu(x),)
)


def _further(name: str, derivative: Callable[[float, int], float]) -> Callable[[Any, int], Any]:
    """The derivatives of all orders of a function of one number: each has the next one for its own."""

    @family(name)
    def of_order(order: int) -> Callable[..., Any]:
        return derived(
            f"{name}_derivative_{order}",
            name + "′" * order + "(x)",
            lambda x: derivative(x, order),
            lambda x: (of_order(order + 1)(x),),
        )

    return lambda x, order: of_order(order)(x)


erf_derivative = _further("erf", precise.erf_derivative)
exp2_derivative = _further("exp2", precise.exp2_derivative)
gelu_derivative = _further("gelu", precise.gelu_derivative)
gelu_tanh_derivative = _further("gelu_tanh", precise.gelu_tanh_derivative)

# Of the inverse functions, each slope s with the x·s that its own derivative has: s′ = ±(x·s)·s² and (x·s)′ = ±s³.

asin_slope: Callable[[Any], Any] = derived(
    "asin_slope",
    "1/√(1 − x²)",
    precise.asin_slope,
    lambda x: (x * asin_slope(x) * asin_slope(x) * asin_slope(x),),
)

asinh_slope: Callable[[Any], Any] = derived(
    "asinh_slope",
    "1/√(1 + x²)",
    precise.asinh_slope,
    lambda x: (-_asinh_tilt(x) * asinh_slope(x) * asinh_slope(x),),
)
_asinh_tilt: Callable[[Any], Any] = derived(
    "asinh_tilt",
    "x/√(1 + x²)",
    precise.asinh_tilt,
    lambda x: (asinh_slope(x) * asinh_slope(x) * asinh_slope(x),),
)

acosh_slope: Callable[[Any], Any] = derived(
    "acosh_slope",
    "1/√(x² − 1)",
    precise.acosh_slope,
    lambda x: (-_acosh_tilt(x) * acosh_slope(x) * acosh_slope(x),),
)
_acosh_tilt: Callable[[Any], Any] = derived(
    "acosh_tilt",
    "x/√(x² − 1)",
    precise.acosh_tilt,
    lambda x: (-acosh_slope(x) * acosh_slope(x) * acosh_slope(x),),
)

atanh_slope: Callable[[Any], Any] = derived(
    "atanh_slope",
    "1/(1 − x²)",
    precise.atanh_slope,
    lambda x: (2.0 * x * atanh_slope(x) * atanh_slope(x),),
)

cbrt_slope: Callable[[Any], Any] = derived(
    "cbrt_slope",
    "1/(3·∛x²)",
    precise.cbrt_slope,
    lambda x: (-2.0 * ieee.divide(cbrt_slope(x), 3.0 * x),),
)


def quotient_derivative(x, y, by_divisor):
    """The derivative of x/y, so many times by y."""
    if type(x) is float and type(y) is float:
        return precise.quotient(x, y, by_divisor)
    return _quotient_operation(by_divisor)(x, y)


@family("quotient")
def _quotient_operation(by_divisor):
    factor = (-1) ** by_divisor * math.factorial(by_divisor)
    return derived(
        f"quotient_by_divisor_{by_divisor}",
        f"{factor}·x/y^{by_divisor + 1}".replace("-1·", "−").replace("-", "−"),
        lambda x, y: precise.quotient(x, y, by_divisor),
        lambda x, y: (
            lambda: quotient_derivative(1.0, y, by_divisor),  # as it is linear in x
            lambda: quotient_derivative(x, y, by_divisor + 1),
        ),
    )


def hypot_derivative(x, y, by_x, by_y):
    """The derivative of √(x² + y²), so many times by x and so many times by y."""
    if type(x) is float and type(y) is float:
        return precise.hypot_derivative(x, y, by_x, by_y)
    return _hypot_operation(by_x, by_y)(x, y)


@family("hypot")
def _hypot_operation(by_x, by_y):
    name = "hypot" + "_by_x" * by_x + "_by_y" * by_y
    return derived(
        name,
        f"{name}(x, y)",
        lambda x, y: precise.hypot_derivative(x, y, by_x, by_y),
        lambda x, y: (
            lambda: hypot_derivative(x, y, by_x + 1, by_y),
            lambda: hypot_derivative(x, y, by_x, by_y + 1),
        ),
    )


def inverse_power(x, y, exponent, imaginary):
    """The real or the imaginary part of 1/(x + iy)ⁿ: of such are all derivatives of atan2, as of the logarithm."""
    if type(x) is float and type(y) is float:
        return precise.inverse_power(x, y, exponent, imaginary)
    return _inverse_power_operation(exponent, imaginary)(x, y)


@family("inverse_power")
def _inverse_power_operation(exponent, imaginary):
    part = "im" if imaginary else "re"
    by_y = exponent if imaginary else -exponent  # i times i is −1

    return derived(
        f"{part}_inverse_power_{exponent}",
        f"{part}(1/(x + iy)^{exponent})",
        lambda x, y: precise.inverse_power(x, y, exponent, imaginary),
        lambda x, y: (
            lambda: -exponent * inverse_power(x, y, exponent + 1, imaginary),
            lambda: -by_y * inverse_power(x, y, exponent + 1, not imaginary),
        ),
    )


def power_derivative(x, y, by_base, by_exponent):
    """The derivative of x^y, so many times by x and so many times by y."""
    if type(x) is float and type(y) is float:
        return precise.power(x, y, by_base, by_exponent)
    if (by_base, by_exponent) == (1, 0) and type(y) is float and _is_plain_power(x, y):
        return y * ieee.power(x, y - 1.0)
    return _power_operation(by_base, by_exponent)(x, y)


def _is_plain_power(base, exponent):
    """Whether y·x^(y−1) loses nothing when differentiated again: then it may stand in a graph as one writes it."""
    if not exponent.is_integer() or not 2 <= math.fabs(exponent) <= 64:
        return False
    return 1e-4 <= base <= 1e4 or -1e4 <= base <= -1e-4


@family("power")
def _power_operation(by_base, by_exponent):
    """One operation in whichever order it is differentiated: so mixed derivatives are the same from both sides."""
    name = "power" + "_by_base" * by_base + "_by_exponent" * by_exponent
    return derived(
        name,
        _POWER_NOTATIONS.get((by_base, by_exponent), f"{name}(x, y)"),
        lambda x, y: precise.power(x, y, by_base, by_exponent),
        lambda x, y: (
            lambda: power_derivative(x, y, by_base + 1, by_exponent),
            lambda: power_derivative(x, y, by_base, by_exponent + 1),
        ),
    )


_POWER_NOTATIONS = {
    (1, 0): "y·x^(y−1)",
    (0, 1): "x^y·ln x",
    (2, 0): "y·(y−1)·x^(y−2)",
    (1, 1): "x^(y−1)·(1 + y·ln x)",
    (0, 2): "x^y·ln(x)²",
}


def shares(xs, shift, total):
    """The softmax of xs, in which the others have more digits than 1 − share has.

    So the others are added up, those before it and those after it.
    """
    parts = [_part(x, shift, total) for x in xs]
    before = [0.0, *itertools.accumulate(parts[:-1])]
    after = [0.0, *itertools.accumulate(parts[:0:-1])]
    return [_share_of_whole(part, some + more) for part, some, more in zip(parts, before, reversed(after), strict=True)]


# Where y and z are constants, it is its own derivative.
_part: Callable[..., Any] = derived(
    "part", "exp(x − y)/z", lambda x, y, z: ieee.exp(x - y) / z, lambda x, y, z: (_part(x, y, z), BLOCKED, BLOCKED)
)

# x/(x + y) and x + y for two parts of a whole: it is 1, but for a rounding that would make −xᵢ·xⱼ, the derivative of a
# share by the number of another one, differ from the same from the other side.
_share_of_whole = derived(
    "share",
    "x/(x + y)",
    lambda x, y: x,
    lambda x, y: (lambda: y / _whole(x, y) / _whole(x, y), lambda: -x / _whole(x, y) / _whole(x, y)),
)
_whole: Callable[[Any, Any], Any] = derived("whole", "x + y", lambda x, y: 1.0, lambda x, y: (1.0, 1.0))


# Derivatives of operations on lists ----------------------------------------------------------------


def _are_numbers(xs):
    return all(type(x) is float for x in xs)


def norm_slopes(xs):
    """Each x divided by the norm of all, of which the others have more digits than the norm without one has.

    As with the shares, for the parts of a whole: it is 1, and so are the squares of the slopes added up.
    """
    numbers = [deciding(x) for x in xs]
    known = precise.norm_slopes(numbers)
    scale, length = precise.scaled_norm(numbers)
    if _are_numbers(xs) or not 0 < length < ieee.INFINITY:
        return [slope if math.isfinite(slope) else undefined(slope * x) for slope, x in zip(known, xs, strict=True)]
    parts = [_scaled(x, slope, scale / length) for x, slope in zip(xs, known, strict=True)]
    squares = [part * part for part in parts]
    before = [0.0, *itertools.accumulate(squares[:-1])]
    after = [0.0, *itertools.accumulate(squares[:0:-1])]
    return [_side(part, some + more) for part, some, more in zip(parts, before, reversed(after), strict=True)]


# x·z, of which y has the digits.
_scaled = derived("scaled", "x·z", lambda x, y, z: y, lambda x, y, z: (z, BLOCKED, BLOCKED))

# x/√(x² + y) and √(x² + y), which is 1.
_side = derived(
    "side",
    "x/√(x² + y)",
    lambda x, y: x,
    lambda x, y: (
        lambda: y / _hypotenuse(x, y) / _hypotenuse(x, y) / _hypotenuse(x, y),
        lambda: -0.5 * x / _hypotenuse(x, y) / _hypotenuse(x, y) / _hypotenuse(x, y),
    ),
)
_hypotenuse: Callable[[Any, Any], Any] = derived(
    "hypotenuse",
    "√(x² + y)",
    lambda x, y: 1.0,
    lambda x, y: (lambda: x / _hypotenuse(x, y), lambda: 0.5 / _hypotenuse(x, y)),
)


def product_slopes(xs):
    """For each number the product of the others."""
    if _are_numbers(xs):
        return precise.product_slopes(xs)
    return [_product_without(frozenset([place]))(xs) for place in range(len(xs))]


@family("product_without")
def _product_without(places):
    """One operation in whichever order it is differentiated: so mixed derivatives are the same from both sides."""
    left_out = "".join(f"_{place}" for place in sorted(places))
    return derived(
        f"prod_without{left_out}",
        f"prod_without{left_out}(xs)",
        lambda xs: precise.product_without(xs, places),
        lambda xs: [
            BLOCKED if place in places else functools.partial(_product_without(places | {place}), xs)
            for place in range(len(xs))
        ],
        domain=([REALS],),
    )


def variance_slopes(xs):
    """2·(x − mean)/(n − 1) for each x."""
    known = precise.variance_slopes([deciding(x) for x in xs])
    if _are_numbers(xs):
        return known
    mean = _mean(xs)
    return [_centred(x, mean, slope, 2.0 / (len(xs) - 1)) for x, slope in zip(xs, known, strict=True)]


# The mean; and z·(x − mean), of which y has the digits.
_mean = derived(
    "mean",
    "mean(xs)",
    lambda xs: functools.reduce(operator.add, xs) / len(xs),
    lambda xs: (1.0 / len(xs),) * len(xs),
    domain=([REALS],),
)
_centred = derived(
    "centred",
    "z·(x − mean)",
    lambda x, mean, y, z: y,
    lambda x, mean, y, z: (z, -z, BLOCKED, BLOCKED),
)


def standard_deviation_slopes(xs):
    """(x − mean)/((n − 1)·std) for each x."""
    known = precise.standard_deviation_slopes([deciding(x) for x in xs])
    if _are_numbers(xs):
        return known
    return [_std_slope(place)(xs, slope) for place, slope in enumerate(known)]


# Of what follows, y has the digits.


@family("std_slope")
def _std_slope(place):
    name = f"std_by_{place}"
    return derived(
        name,
        f"{name}(xs)",
        lambda xs, y: y,
        lambda xs, y: (*_std_curvatures(xs, place), BLOCKED),
        domain=([REALS], REALS),
    )


def _std_curvatures(xs, place):
    known = precise.standard_deviation_curvatures([deciding(x) for x in xs], place)
    return [_std_curvature(*sorted((place, other)))(xs, curvature) for other, curvature in enumerate(known)]


@family("std_curvature")
def _std_curvature(i, j):
    """With the slopes g it is (cᵢⱼ − gᵢ·gⱼ)/std, where c is constant: hence its own derivative."""

    def partials(xs, y):
        slopes, std = standard_deviation_slopes(xs), _std(xs)
        by_i, by_j = _std_curvatures(xs, i), _std_curvatures(xs, j)
        thirds = [
            -ieee.divide(by_i[j] * slope + by_i[k] * slopes[j] + by_j[k] * slopes[i], std)
            for k, slope in enumerate(slopes)
        ]
        return *([0.0] * len(xs) if deciding(std) == 0 else thirds), BLOCKED

    name = f"std_by_{i}_by_{j}"
    return derived(name, f"{name}(xs)", lambda xs, y: y, partials, domain=([REALS], REALS))


_std = derived("std", "std(xs)", precise.standard_deviation, standard_deviation_slopes, domain=([REALS],))
