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
from collections.abc import Callable
from typing import Any

from . import ieee, precise
from .book import BLOCKED, derived
from .ieee import data_of


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

    @functools.cache
    def of_order(order: int) -> Callable[..., Any]:
        return derived(
            f"{name}_derivative_{order}",
            name + "′" * order + "(x)",
            lambda x: derivative(x, order),
            lambda x: (of_order(order + 1)(x),),
        )

    return lambda x, order: of_order(order)(x)


erf_derivative = _further("erf", precise.erf_derivative)
gelu_derivative = _further("gelu", precise.gelu_derivative)


def quotient_derivative(x, y, by_divisor):
    """The derivative of x/y, so many times by y."""
    if type(x) is float and type(y) is float:
        return precise.quotient(x, y, by_divisor)
    return _quotient_operation(by_divisor)(x, y)


@functools.cache
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


def power_derivative(x, y, by_base, by_exponent):
    """The derivative of x^y, so many times by x and so many times by y."""
    if type(x) is float and type(y) is float:
        return precise.power(x, y, by_base, by_exponent)
    if (by_base, by_exponent) == (1, 0) and type(y) is float and _is_plain_power(data_of(x), y):
        return y * ieee.power(x, y - 1.0)
    return _power_operation(by_base, by_exponent)(x, y)


def _is_plain_power(base, exponent):
    """Whether y·x^(y−1) loses nothing when differentiated again: then it may stand in a graph as one writes it."""
    return exponent.is_integer() and 2 <= math.fabs(exponent) <= 64 and 1e-4 <= math.fabs(base) <= 1e4


@functools.cache
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
