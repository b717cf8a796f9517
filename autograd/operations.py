"""The rule book: every operation once, with its value and its local gradient.

>>> multiply(3.0, 4.0)
12.0
>>> value, local_gradient = multiply.rule(3.0, 4.0)
>>> local_gradient()
(4.0, 3.0)

A **rule** takes its operands and answers two things: the value, and a closure that answers the partial
derivative with respect to each operand. The closure has captured the operands as they were, so nothing that
changes later can spoil it.

Rules are written once and used in many ways. On floats they compute; on Values they build a graph, which is how a
gradient can itself be differentiated; on symbols they give the formulas of the compiled engine, see `tracing`. For
that, a rule compares its operands only with < and >, and computes with operators and with `ieee`.
"""

import builtins
import functools
from collections.abc import Iterable
from typing import Any

from . import ieee, precise
from .book import (
    ABOVE_MINUS_ONE,
    ABOVE_ONE,
    BETWEEN_MINUS_ONE_AND_ONE,
    BLOCKED,
    NONZERO,
    OPERATIONS,
    POSITIVE,
    REALS,
    RECORDERS,
    deciding,
    operand,
    operation,
)
from .derivatives import (
    acosh_slope,
    asin_slope,
    asinh_slope,
    atan_slope,
    atanh_slope,
    cbrt_slope,
    erf_derivative,
    exp2_derivative,
    gelu_derivative,
    gelu_tanh_derivative,
    hypot_derivative,
    inverse_power,
    norm_slopes,
    power_derivative,
    product_slopes,
    quotient_derivative,
    scaled_exp,
    sech_squared,
    shares,
    sigmoid_slope,
    silu_slope,
    standard_deviation_slopes,
    undefined,
    variance_slopes,
)
from .ieee import data_of

# Arithmetic ---------------------------------------------------------------------------------------


@operation("x + y", "1", "1", symbol="+", symmetric=True, pattern="distributes")
def add(x, y):
    """Distributes the gradient: each term receives it unchanged."""
    return x + y, lambda: (1.0, 1.0)


@operation("x − y", "1", "−1", symbol="−", pattern="distributes")
def subtract(x, y):
    """Distributes the gradient, with its sign reversed for the second term."""
    return x - y, lambda: (1.0, -1.0)


@operation("−x", "−1", symbol="−x")
def negate(x):
    """Reverses the sign of the gradient."""
    return -x, lambda: (-1.0,)


@operation("x × y", "y", "x", symbol="×", symmetric=True, pattern="switches")
def multiply(x, y):
    """Switches the gradient: each factor receives the other one's value."""
    return x * y, lambda: (y, x)


@operation("x / y", "1/y", "−x/y²", symbol="÷", domain=(REALS, NONZERO))
def divide(x, y):
    """Scales by 1/y; −x/y² is computed as −(x/y)/y, because y² overflows long before the quotient does."""
    return ieee.divide(x, y), lambda: (lambda: ieee.divide(1.0, y), lambda: quotient_derivative(x, y, 1))


@operation("1/x", "−1/x²", symbol="1/x", domain=(NONZERO,))
def reciprocal(x):
    """One divided by x; −1/x² is computed as −(1/x)/x."""
    return ieee.divide(1.0, x), lambda: (quotient_derivative(1.0, x, 1),)


@operation("x ^ y", "y·x^(y−1)", "x^y·ln x", symbol="^", domain=(POSITIVE, REALS), aliases=("pow",))
def power(x, y):
    """Any base, any exponent; the derivative in y exists only for x ≥ 0, and is 0 at 0^y for y ≥ 0, as in PyTorch."""
    return ieee.power(x, y), lambda: (lambda: power_derivative(x, y, 1, 0), lambda: power_derivative(x, y, 0, 1))


@operation("x % y", "1", "−(x // y)", symbol="%", domain=(REALS, NONZERO))
def remainder(x, y):
    """What is left of x after subtracting y ⌊x/y⌋ times, with the sign of y, as in Python; nan for y = 0."""
    return precise.remainder(data_of(x), data_of(y)), lambda: (1.0, lambda: -floor_divide(x, y))


@operation("x // y", "0", "0", symbol="//", domain=(REALS, NONZERO))
def floor_divide(x, y):
    """How many times y goes into x, ⌊x/y⌋ as in Python: a staircase, so its derivatives are 0; x/0 for y = 0."""
    return precise.floor_quotient(data_of(x), data_of(y)), lambda: (_flat(x + y), _flat(x + y))


@operation("x", "1", symbol="=")
def identity(x):
    """Passes a number on, and its gradient back, unchanged."""
    return x, lambda: (1.0,)


# Functions of one number --------------------------------------------------------------------------


@operation("exp(x)", "exp(x)")
def exp(x):
    """Its own derivative."""
    value = ieee.exp(x)
    return value, lambda: (value,)


@operation("exp2(x)", "exp2(x)·ln(2)")
def exp2(x):
    """2 to the power of x."""
    return ieee.exp2(x), lambda: (exp2_derivative(x, 1),)


@operation("expm1(x)", "exp(x)")
def expm1(x):
    """exp(x) − 1, exact even for small x."""
    return ieee.expm1(x), lambda: (ieee.exp(x),)


@operation("log(x)", "1/x", domain=(POSITIVE,))
def log(x):
    """The natural logarithm; nan below 0, and so is its derivative."""
    value = ieee.log(x)
    return value, lambda: (ieee.divide(1.0, x) if x >= 0 else value,)


@operation("log2(x)", "1/(x·ln(2))", domain=(POSITIVE,))
def log2(x):
    """The logarithm to base 2: how many times 1 has to be doubled to make x."""
    value = ieee.log2(x)
    return value, lambda: (ieee.divide(precise.LOG2_E, x) if x >= 0 else value,)


@operation("log10(x)", "1/(x·ln(10))", domain=(POSITIVE,))
def log10(x):
    """The logarithm to base 10: how many times 1 has to be multiplied by 10 to make x."""
    value = ieee.log10(x)
    return value, lambda: (ieee.divide(precise.LOG10_E, x) if x >= 0 else value,)


@operation("log1p(x)", "1/(1+x)", domain=(ABOVE_MINUS_ONE,))
def log1p(x):
    """The natural logarithm of 1 + x, exact even for small x."""
    value = ieee.log1p(x)
    return value, lambda: (ieee.divide(1.0, 1.0 + x) if x >= -1 else value,)


@operation("√x", "1/(2·√x)", symbol="√x", domain=(POSITIVE,))
def sqrt(x):
    """The square root; its derivative is inf at 0, also at −0.0, which the sum turns into 0.0."""
    value = ieee.sqrt(x)
    return value, lambda: (ieee.divide(0.5, value + 0.0),)


@operation("cbrt(x)", "1/(3·cbrt(x)²)", domain=(NONZERO,))
def cbrt(x):
    """The cube root, of negative numbers too; its derivative is inf at 0."""
    return precise.cube_root(data_of(x)), lambda: (cbrt_slope(x),)


@operation("sin(x)", "cos(x)")
def sin(x):
    """The sine of an angle in radians."""
    return ieee.sin(x), lambda: (ieee.cos(x),)


@operation("cos(x)", "−sin(x)")
def cos(x):
    """The cosine of an angle in radians."""
    return ieee.cos(x), lambda: (-ieee.sin(x),)


@operation("tan(x)", "1 + tan(x)²")
def tan(x):
    """The tangent of an angle in radians: sin(x)/cos(x), the slope of a line at that angle."""
    value = ieee.tan(x)
    return value, lambda: (1.0 + value * value,)


@operation("asin(x)", "1/√(1 − x²)", domain=(BETWEEN_MINUS_ONE_AND_ONE,))
def asin(x):
    """The angle from −π/2 to π/2 whose sine is x; its derivative is inf at −1 and 1."""
    return ieee.asin(x), lambda: (asin_slope(x),)


@operation("acos(x)", "−1/√(1 − x²)", domain=(BETWEEN_MINUS_ONE_AND_ONE,))
def acos(x):
    """The angle from 0 to π whose cosine is x; its derivative is −inf at −1 and 1."""
    return ieee.acos(x), lambda: (-asin_slope(x),)


@operation("atan(x)", "1/(1+x²)")
def atan(x):
    """The angle, in radians, whose tangent is x."""
    return ieee.atan(x), lambda: (atan_slope(x),)


@operation("atan2(y, x)", "x/(x² + y²)", "−y/(x² + y²)", domain=(NONZERO, REALS))
def atan2(y, x):
    """The angle, from −π to π, of the point (x, y) as seen from the origin; where y = 0 > x, it jumps by 2π."""
    return ieee.atan2(data_of(y), data_of(x)), lambda: (
        lambda: inverse_power(x, y, 1, False),
        lambda: inverse_power(x, y, 1, True),
    )


@operation("hypot(x, y)", "x/hypot(x, y)", "y/hypot(x, y)", symmetric=True)
def hypot(x, y):
    """The length √(x² + y²) of the longest side of a right triangle; at its kink, the origin, the derivatives are 0."""
    return precise.hypot(data_of(x), data_of(y)), lambda: (
        lambda: hypot_derivative(x, y, 1, 0),
        lambda: hypot_derivative(x, y, 0, 1),
    )


@operation("sinh(x)", "cosh(x)")
def sinh(x):
    """The hyperbolic sine: (exp(x) − exp(−x))/2."""
    return ieee.sinh(x), lambda: (ieee.cosh(x),)


@operation("cosh(x)", "sinh(x)")
def cosh(x):
    """The hyperbolic cosine: (exp(x) + exp(−x))/2, the curve of a hanging chain."""
    return ieee.cosh(x), lambda: (ieee.sinh(x),)


@operation("asinh(x)", "1/√(x² + 1)")
def asinh(x):
    """The number whose hyperbolic sine is x: a logarithm for numbers of either sign, nearly x for small ones."""
    return ieee.asinh(x), lambda: (asinh_slope(x),)


@operation("acosh(x)", "1/√(x² − 1)", domain=(ABOVE_ONE,))
def acosh(x):
    """The number, not negative, whose hyperbolic cosine is x; its derivative is inf at 1."""
    return ieee.acosh(x), lambda: (acosh_slope(x),)


@operation("atanh(x)", "1/(1 − x²)", domain=(BETWEEN_MINUS_ONE_AND_ONE,))
def atanh(x):
    """The number whose hyperbolic tangent is x: inf at 1, nan beyond, and so is its derivative."""
    value = ieee.atanh(x)
    return value, lambda: (atanh_slope(x) if -1 <= x <= 1 else value,)


@operation("erf(x)", "2/√π·exp(−x²)")
def erf(x):
    """The error function: how much of a bell curve exp(−t²) lies between −x and x, from −1 to 1."""
    return ieee.erf(x), lambda: (erf_derivative(x, 1),)


@operation("erfc(x)", "−2/√π·exp(−x²)")
def erfc(x):
    """1 − erf(x), exact even where that is tiny."""
    return precise.erf_complement(data_of(x)), lambda: (-erf_derivative(x, 1),)


@operation("tanh(x)", "1−tanh(x)²")
def tanh(x):
    """Squashes to (−1, 1); the derivative is 4e/(1+e)² with e = exp(−2·|x|), as 1 − tanh² has no digits left at 20."""
    return ieee.tanh(x), lambda: (sech_squared(x),)


@operation("σ(x)", "σ(x)·(1−σ(x))", symbol="σ")
def sigmoid(x):
    """Squashes to (0, 1): 1/(1 + exp(−x)); with e = exp(−|x|) the derivative is e/(1+e)², which loses no digits."""
    e = ieee.exp(-x if x > 0 else x)
    return (1.0 if x > 0 else e) / (1.0 + e), lambda: (sigmoid_slope(x),)


@operation("softplus(x)", "σ(x)")
def softplus(x):
    """A smooth ReLU: log(1 + exp(x)), computed as max(x, 0) + log1p(exp(−|x|))."""
    e = ieee.exp(-x if x > 0 else x)
    tail = ieee.log1p(e)
    return x + tail if x > 0 else tail, lambda: (sigmoid(x),)


@operation("silu(x)", "σ(x)·(1+x·(1−σ(x)))")
def silu(x):
    """x·σ(x), also called swish: a smooth ReLU that dips below 0, deepest at −1.278."""
    return precise.silu(data_of(x)), lambda: (silu_slope(x),)


@operation("gelu(x)", "Φ(x)+x·φ(x)")
def gelu(x):
    """x·Φ(x), a smooth ReLU of the normal distribution Φ(x) = (1 + erf(x/√2))/2 and its density φ."""
    return precise.gelu(data_of(x)), lambda: (gelu_derivative(x, 1),)


@operation("gelu_tanh(x)", "½·(1 + tanh(u)) + ½·x·u′·(1 − tanh(u)²)")
def gelu_tanh(x):
    """½·x·(1 + tanh(u)) with u = √(2/π)·(x + 0.044715·x³): the GELU of many language models, within 0.0005 of gelu."""
    return precise.gelu_tanh(data_of(x)), lambda: (gelu_tanh_derivative(x, 1),)


# Operations that choose ---------------------------------------------------------------------------


@operation("ReLU(x)", "[x > 0]", symbol="ReLU", pattern="routes")
def relu(x):
    """Passes positive numbers on and blocks the rest; its derivative at 0 is 0."""
    if x > 0:
        return x, lambda: (1.0,)
    if x <= 0:
        return 0.0, lambda: (BLOCKED,)
    return x, lambda: (undefined(x),)


@operation("leaky_relu(x, slope)", "[x > 0] + slope·[x ≤ 0]", "x·[x ≤ 0]", symbol="leaky ReLU", pattern="routes")
def leaky_relu(x, slope=0.01):
    """Passes positive numbers on and multiplies the rest by the slope, its derivative at 0 too, as in PyTorch."""
    if x > 0:
        return x, lambda: (1.0, BLOCKED)
    return slope * x, lambda: (slope if x <= 0 else slope * undefined(x), x)


@operation("elu(x, alpha)", "[x > 0] + alpha·exp(x)·[x ≤ 0]", "(exp(x)−1)·[x ≤ 0]", pattern="routes")
def elu(x, alpha=1.0):
    """Passes positive numbers on and bends the rest towards −alpha; its derivative at 0 is alpha, as in PyTorch."""
    if x > 0:
        return x, lambda: (1.0, BLOCKED)
    return alpha * ieee.expm1(x), lambda: (lambda: scaled_exp(x, alpha), lambda: ieee.expm1(x))


@operation("|x|", "sign(x)", symbol="|x|", aliases=("fabs",))
def abs(x):
    """The distance from 0; its derivative at 0 is 0."""
    return ieee.fabs(x), lambda: (1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x >= 0 else undefined(x),)


@operation("sign(x)", "0")
def sign(x):
    """−1, 0 or 1, depending on the side of 0 that a number is on; flat, so its derivative is 0, even at 0."""
    return 1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x >= 0 else x, lambda: (_flat(x),)


@operation("floor(x)", "0")
def floor(x):
    """The largest whole number not above x; a staircase, so its derivative is 0, even at the steps."""
    return ieee.floor(x), lambda: (_flat(x),)


@operation("ceil(x)", "0")
def ceil(x):
    """The smallest whole number not below x; a staircase, so its derivative is 0, even at the steps."""
    return ieee.ceil(x), lambda: (_flat(x),)


@operation("round(x)", "0")
def round(x):
    """The nearest whole number, the even one of two equally near, as in Python; a staircase, so its derivative is 0."""
    return ieee.rint(data_of(x)), lambda: (_flat(x),)


def _flat(x):
    """The derivative of a staircase: nothing is passed on, however much arrives; but what is not a number stays so."""
    return BLOCKED if x <= ieee.INFINITY else undefined(x)


@operation("max(x, y)", "[x > y]", "[y > x]", symbol="max", pattern="routes", symmetric=True)
def maximum(x, y):
    """Routes the gradient to the larger operand; a tie shares it equally."""
    return x if x >= y else y if x < y else x + y, lambda: (_share(x, y), _share(y, x))


@operation("min(x, y)", "[x < y]", "[y < x]", symbol="min", pattern="routes", symmetric=True)
def minimum(x, y):
    """Routes the gradient to the smaller operand; a tie shares it equally."""
    return x if x <= y else y if x > y else x + y, lambda: (_share(y, x), _share(x, y))


def _share(x, y):
    """What the maximum of x and y passes to x."""
    return 1.0 if x > y else BLOCKED if x < y else 0.5 if x >= y else undefined(x + y)


@operation("clamp(x, min, max)", "[min ≤ x ≤ max]", "[x < min]", "[x > max]", pattern="routes")
def clamp(x, min=-ieee.INFINITY, max=ieee.INFINITY):
    """The number from min to max that is nearest to x, and max where min > max; routes the gradient to it."""
    if min <= x <= max and min < max:
        return x, lambda: (1.0, BLOCKED, BLOCKED)
    if x < min < max:
        return min, lambda: (BLOCKED, 1.0, BLOCKED)
    if min < max < x or (max <= min and x <= ieee.INFINITY):
        return max, lambda: (BLOCKED, BLOCKED, 1.0)
    return x + min + max, lambda: (undefined(x + min + max),) * 3


@operation("where(c, x, y)", "0", "[c]", "[not c]", pattern="routes")
def where(c, x, y):
    """x if the condition holds (is not 0), else y; the condition, such as a < b, passes no gradient."""
    return (x, lambda: (BLOCKED, 1.0, BLOCKED)) if deciding(c) else (y, lambda: (BLOCKED, BLOCKED, 1.0))


# Operations on lists, one node each ---------------------------------------------------------------


@operation("sum(xs)", "1", symbol="Σ", domain=([REALS],), pattern="distributes")
def sum(xs):
    """Adds a list from left to right and distributes the gradient to all of it.

    >>> sum([1.0, 2.0, 3.0])
    6.0
    """
    return _left_to_right(xs), lambda: (1.0,) * len(xs)


@operation("mean(xs)", "1/n", domain=([REALS],), pattern="distributes")
def mean(xs):
    """The average of a list; an empty one raises ValueError.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    _need_numbers("mean", xs)
    return _left_to_right(xs) / len(xs), lambda: (1.0 / len(xs),) * len(xs)


@operation("var(xs)", "2·(xs − mean(xs))/(n − 1)", domain=([REALS],))
def var(xs):
    """The variance: the squared distances from the mean, added and divided by n − 1, as in PyTorch.

    >>> var([1.0, 2.0, 6.0])
    7.0

    Fewer than two numbers raise ValueError.
    """
    _need_two_numbers("var", xs)
    return precise.variance([data_of(x) for x in xs]), lambda: variance_slopes(xs)


@operation("std(xs)", "(xs − mean(xs))/((n − 1)·std(xs))", domain=([REALS],))
def std(xs):
    """The standard deviation, the square root of the variance; where all numbers are equal its derivatives are 0.

    >>> std([1.0, 2.0, 3.0])
    1.0

    Fewer than two numbers raise ValueError.
    """
    _need_two_numbers("std", xs)
    return precise.standard_deviation([data_of(x) for x in xs]), lambda: standard_deviation_slopes(xs)


@operation("prod(xs)", "prod(xs)/xs", symbol="Π", domain=([REALS],), pattern="switches")
def prod(xs):
    """Multiplies a list; each factor receives the product of the others, even where one is 0.

    >>> prod([2.0, 3.0, 4.0])
    24.0
    """
    return precise.product([data_of(x) for x in xs]), lambda: product_slopes(xs)


@operation("max(xs)", "[xs = max(xs)]/n", domain=([REALS],), pattern="routes")
def max(xs):
    """Routes the gradient to the largest of a list; of n numbers that tie, each receives 1/n of it.

    >>> max([1.0, 3.0, 2.0])
    3.0

    An empty list raises ValueError.
    """
    _need_numbers("max", xs)
    largest = functools.reduce(lambda found, x: x if x > found else found if x <= found else found + x, xs)
    return largest, lambda: _ties(xs, [x >= largest for x in xs])


@operation("min(xs)", "[xs = min(xs)]/n", domain=([REALS],), pattern="routes")
def min(xs):
    """Routes the gradient to the smallest of a list; of n numbers that tie, each receives 1/n of it.

    >>> min([1.0, 3.0, 2.0])
    1.0

    An empty list raises ValueError.
    """
    _need_numbers("min", xs)
    smallest = functools.reduce(lambda found, x: x if x < found else found if x >= found else found + x, xs)
    return smallest, lambda: _ties(xs, [x <= smallest for x in xs])


def _ties(xs, are_chosen):
    """What each number of a list receives; where none is chosen, one is not a number."""
    count = are_chosen.count(True)
    if not count:
        return [undefined(_left_to_right(xs))] * len(xs)
    return [1.0 / count if is_chosen else BLOCKED for is_chosen in are_chosen]


@operation("norm(xs)", "xs/norm(xs)", domain=([REALS],))
def norm(xs):
    """The length √(x₁² + … + xₙ²) of a vector; at its kink, where all are 0, the derivatives are 0.

    >>> norm([3.0, 4.0])
    5.0
    """
    return precise.norm([data_of(x) for x in xs]), lambda: norm_slopes(xs)


@operation("dot(xs, ys)", "ys", "xs", symbol="·", domain=([REALS], [REALS]), pattern="switches", symmetric=True)
def dot(xs, ys):
    """The sum of the products of two lists of equal length.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    return _left_to_right(x * y for x, y in zip(xs, ys, strict=True)), lambda: (*ys, *xs)


@operation("logsumexp(xs)", "softmax(xs)", domain=([REALS],))
def logsumexp(xs):
    """log(exp(x₁) + … + exp(xₙ)), shifted by the largest so that nothing overflows; an empty list raises ValueError.

    >>> logsumexp([1000.0, 1000.0]) == 1000.0 + log(2.0)
    True

    Infinite numbers give the limit: a single inf has the gradient 1 and all others have 0, and a number that is alone
    has 1, even −inf. If several numbers are inf, or all of several are −inf, their shares are unknown: nan.
    """
    _need_numbers("logsumexp", xs)
    largest = _largest(xs)
    if _is_infinite(largest):
        return _logsumexp_at_infinity(xs, largest)
    powers = [ieee.exp(x - largest) for x in xs]
    total = _left_to_right(powers)
    value = largest + ieee.log(total)
    if type(total) is not float:
        return value, lambda: shares(xs, largest, deciding(total))
    return value, lambda: [power / total for power in powers]


def _logsumexp_at_infinity(xs, largest):
    """The limit: a number that is infinitely larger takes all; if several are, their shares are unknown."""
    tied = [x for x in xs if x >= largest]
    if any(ieee.isnan(deciding(x)) for x in xs):
        return ieee.NAN, lambda: [_unknown(xs)] * len(xs)
    return largest, lambda: [0.0 if x < largest else 1.0 if len(tied) == 1 else _unknown(tied) for x in xs]


def _unknown(xs):
    return undefined(ieee.NAN * _left_to_right(xs))


def softmax(xs: Iterable[Any]) -> list[Any]:
    """The positive numbers that sum to 1 and grow as exp(x): exp(x) / (exp(x₁) + … + exp(xₙ)) for each x.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]

    Composed from −, exp, sum and ÷, shifted as in `logsumexp` and with the same limits: [0, inf] gives [0, 1]. An
    empty list raises ValueError.
    """
    xs = [operand(x) for x in xs]
    _need_numbers("softmax", xs)
    largest = _largest(xs)
    powers = [exp(x - largest) for x in xs]
    if not _is_infinite(largest):
        total = sum(powers)
        return [divide(power, total) for power in powers]
    # Of infinite ones, inf − inf left nan, which is right where there are several; but in the sum each counts as 1.
    is_largest = [x >= largest for x in xs]
    counted = [where(is_one, 1.0, power) for is_one, power in zip(is_largest, powers, strict=True)]
    total = sum(counted)
    tie = not total <= 1.0
    return [
        divide(power if tie and is_one else count, total)
        for is_one, power, count in zip(is_largest, powers, counted, strict=True)
    ]


def log_softmax(xs: Iterable[Any]) -> list[Any]:
    """The logarithms of `softmax`, also of shares that are too small for a float: x − logsumexp(xs) for each x.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]

    Composed from logsumexp and −, with the limits of logsumexp: [0, inf] gives [−inf, 0]. An empty list raises
    ValueError.
    """
    xs = [operand(x) for x in xs]
    _need_numbers("log_softmax", xs)
    total = logsumexp(xs)
    logarithms = [x - total for x in xs]
    if not _is_infinite(total):
        return logarithms
    largest = [x >= total for x in xs]
    # inf − inf is nan, which is right where several are infinite; but one alone has all.
    alone = largest.count(True) == 1
    return [where(alone and is_one, 0.0, x) for is_one, x in zip(largest, logarithms, strict=True)]


def _largest(xs):
    """What to shift exponents by; a constant, because the answer does not depend on it."""
    if RECORDERS and any(type(x) is not float for x in xs):
        return max(xs).detach()  # a number that a recorded function has to find again at each call
    return builtins.max(data_of(x) for x in xs)


def _is_infinite(x):
    # By comparisons, which a recorded function notices.
    return x >= ieee.INFINITY or x <= -ieee.INFINITY


def _left_to_right(xs):
    # Not Python's sum: since 3.12 that one corrects for rounding, and results must not depend on Python's
    # version.
    return functools.reduce(lambda total, x: total + x, xs, 0.0)


def _need_two_numbers(name, xs):
    if len(xs) < 2:
        raise ValueError(f"{name} needs at least two numbers, for it divides by n − 1: one number has no spread")


def _need_numbers(name, xs):
    if not xs:
        raise ValueError(f"{name} of an empty list is undefined: pass at least one number")


# All operations, also those that replace functions of Python's own, as abs and sum do. softmax is left out, for the
# compiled engine has its own: `engines` knows which one runs.
__all__ = ["log_softmax", *OPERATIONS]
