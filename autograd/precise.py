"""Derivatives to full precision wherever they are representable: of x^y and x/y of any order, and of tanh.

>>> power(3.0, 4.0, by_base=2)  # 4·3·x²
108.0
>>> quotient(1.0, 2.0, by_divisor=2)  # 2/y³
0.25

The textbook's formulas lose digits where terms cancel, and all of them where a factor overflows or underflows though
the product does not. All here are floats; what Values make of it stands at the end of `operations`.
"""

import decimal
import functools
import math
import operator
from collections.abc import Callable
from typing import Any

from . import ieee


def formula(function: Callable[..., float]) -> Callable[..., float]:
    """Mark a function that formulas call, where others stand in the formulas of all that use them; see `tracing`."""

    @functools.wraps(function)
    def of_floats_or_symbols(*operands: Any) -> float:
        for operand in operands:
            if type(operand) is not float:
                return operand.trace.called(function, operands)
        return function(*operands)

    return of_floats_or_symbols


# tanh and σ ---------------------------------------------------------------------------------------------


def sech_squared(x: float) -> float:
    """1 − tanh(x)², which has lost all digits by 20: with e = exp(−2·|x|) it is 4e/(1+e)². Even to the last bit."""
    e = ieee.exp(-2.0 * x if x > 0 else 2.0 * x)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def sigmoid_slope(x: float) -> float:
    """σ(x)·(1 − σ(x)), which has lost all digits by 37: with e = exp(−|x|) it is e/(1+e)². Even to the last bit."""
    e = ieee.exp(-x if x > 0 else x)
    return e / ((1.0 + e) * (1.0 + e))


# Exponentials -------------------------------------------------------------------------------------


@formula
def scaled_exp(x: float, y: float) -> float:
    """y·exp(x), where exp(x) alone may be subnormal."""
    if x < -700:
        return ieee.exp(0.5 * x) * y * ieee.exp(0.5 * x)
    return y * ieee.exp(x)


def atan_slope(x: float) -> float:
    """1/(1 + x²), where x² may overflow."""
    return 1.0 / (1.0 + x * x) if ieee.fabs(x) <= 1 else 1.0 / x / (x + 1.0 / x)


def atan_curvature(x: float) -> float:
    """−2x/(1 + x²)², where x may be inf."""
    return -2.0 * (x * atan_slope(x) if ieee.fabs(x) <= 1 else 1.0 / (x + 1.0 / x)) * atan_slope(x)


@formula
def silu(x: float) -> float:
    """x·σ(x)."""
    if x >= 0:
        return x / (1.0 + ieee.exp(-x))
    return -0.0 if x < -1000 else scaled_exp(x, x) / (1.0 + ieee.exp(x))


# The zero of its derivative, where 1 + x + eˣ is 0: the sum of two floats, for 32 digits.
SILU_MINIMUM = -1.2784645427610737, -1.0946994183093437e-16


@formula
def silu_slope(x: float) -> float:
    """σ(x)·(1 + x·(1 − σ(x))) = eˣ·(1 + x + eˣ)/(1 + eˣ)²."""
    if ieee.fabs(x) > 1000:
        return 1.0 if x > 0 else -0.0
    if x >= 0:
        e = ieee.exp(-x)
        return (1.0 + scaled_exp(-x, x) / (1.0 + e)) / (1.0 + e)
    e = ieee.exp(x)
    bracket = 1.0 + x + e
    if -2 < x < -0.5:  # where it cancels; with x = x₀ + d it is d + exp(x₀)·(exp(d) − 1) too
        distance = x - SILU_MINIMUM[0] - SILU_MINIMUM[1]
        bracket = distance - (1.0 + SILU_MINIMUM[0]) * ieee.expm1(distance)
    return scaled_exp(x, bracket) / ((1.0 + e) * (1.0 + e))


def silu_curvature(x: float) -> float:
    """σ'(x)·(2 − x·tanh(x/2))."""
    x = ieee.fabs(x)  # it is even
    if x > 1000:
        return -0.0
    bracket = 2.0 - x * ieee.tanh(0.5 * x)
    if ieee.fabs(bracket) < 2.0**-16:
        with decimal.localcontext(MANY_DIGITS):
            power_of_e = (-decimal.Decimal(x)).exp()
            bracket = float(2 - decimal.Decimal(x) * (1 - power_of_e) / (1 + power_of_e))
    e = ieee.exp(-x)
    return scaled_exp(-x, bracket) / ((1.0 + e) * (1.0 + e))


# The bell curve -----------------------------------------------------------------------------------

# 2/√π, 1/√(2π) and, as the sum of two floats, 1/√2.
ERF_HEIGHT, NORMAL_HEIGHT = 1.1283791670955126, 0.3989422804014327
ROOT_HALF = 0.7071067811865476, -4.833646656726457e-17


@formula
def bell(x: float, narrowness: float, factor: float) -> float:
    """factor·exp(−narrowness·x²), for a narrowness of 1 or ½.

    The rounding of x² would cost as many ulp as x² is large. So the square of the leading bits, which is exact, goes
    first, and what is left of x² comes after it.
    """
    if not ieee.fabs(x) < 64:
        return x if ieee.isnan(x) else 0.0
    leading = ieee.floor(x * 2.0**20) * 2.0**-20
    square, rest = narrowness * leading * leading, narrowness * (x - leading) * (x + leading)
    return scaled_exp(-square, factor) * ieee.exp(-rest)


def erf_derivative(x: float, order: int) -> float:
    """The derivatives of erf are 2/√π·exp(−x²) and its derivatives."""
    return bell(x, 1.0, ERF_HEIGHT if order == 1 else ERF_HEIGHT * float(_hermite(x, 2, order - 1)[1]))


def _hermite(x: float, twice: int, order: int) -> tuple[decimal.Decimal, decimal.Decimal]:
    """The polynomials before exp(−c·x²) in its derivatives of an order and of the one before it; twice is 2c.

    Exact, so that they have all their digits beside their zeros too.
    """
    with decimal.localcontext(MANY_DIGITS):
        before, last = decimal.Decimal(0), decimal.Decimal(1)
        for done in range(order):
            before, last = last, -twice * (decimal.Decimal(x) * last + done * before)
        return before, last


@formula
def gelu(x: float) -> float:
    """x·Φ(x)."""
    if x < -28:
        return -bell(x, 0.5, NORMAL_HEIGHT * _mills(x))
    return x * _normal_share(x)


def gelu_derivative(x: float, order: int) -> float:
    """Φ(x) + x·φ(x), and from there on the derivatives of φ, with φ(x) = exp(−x²/2)/√(2π)."""
    if order == 1:
        return _gelu_slope(x)
    before, last = _hermite(x, 1, order - 1)
    with decimal.localcontext(MANY_DIGITS):
        polynomial = float(order * before + decimal.Decimal(x) * last)
    return bell(x, 0.5, NORMAL_HEIGHT * polynomial)


# The zero of the first: the sum of two floats.
GELU_MINIMUM = -0.7517915246935645, 1.4956759177009883e-17

# Gauss and Legendre's places between −1 and 1, with their weights (A&S 25.4.30).
GAUSS_LEGENDRE = {
    sign * place: weight
    for sign in (-1.0, 1.0)
    for place, weight in [
        (0.9602898564975362, 0.10122853629037626),
        (0.7966664774136267, 0.22238103445337448),
        (0.525532409916329, 0.3137066458778873),
        (0.18343464249564978, 0.362683783378362),
    ]
}


@formula
def _gelu_slope(x: float) -> float:
    if x < -28:
        return bell(x, 0.5, NORMAL_HEIGHT * (x - _mills(x) / x))
    if not -1.38 < x < -0.1:
        return _normal_share(x) + bell(x, 0.5, NORMAL_HEIGHT * x)
    # Here Φ and x·φ cancel; but it is the integral, from its zero on, of its derivative φ·(2 − x²), which is positive.
    half = 0.5 * (x - GELU_MINIMUM[0] - GELU_MINIMUM[1])
    places = [GELU_MINIMUM[0] + half * (1.0 + place) for place in GAUSS_LEGENDRE]
    heights = [
        weight * ieee.exp(-0.5 * t * t) * (2.0 - t * t)
        for t, weight in zip(places, GAUSS_LEGENDRE.values(), strict=True)
    ]
    return NORMAL_HEIGHT * half * functools.reduce(operator.add, heights)


@formula
def _normal_share(x: float) -> float:
    """Φ(x) = ½·erfc(−x/√2), where the rounding of x/√2 is made good: far to the left it would cost x² ulp."""
    argument = -x * ROOT_HALF[0]
    if x >= 0:
        return 0.5 * ieee.erfc(argument)
    lost = _product_error(-x, ROOT_HALF[0], argument) - x * ROOT_HALF[1]
    return 0.5 * (ieee.erfc(argument) - ERF_HEIGHT * ieee.exp(-argument * argument) * lost)


def _product_error(x: float, y: float, product: float) -> float:
    """x·y − product, where that is the product's rounding (Dekker 1971, "A floating-point technique")."""
    (a, b), (c, d) = _halves(x), _halves(y)
    return a * c - product + a * d + b * c + b * d


def _halves(x: float) -> tuple[float, float]:
    leading = 134217729.0 * x - (134217729.0 * x - x)  # 2²⁷ + 1
    return leading, x - leading


@formula
def _mills(x: float) -> float:
    """−x·Φ(x)/φ(x) for x < −28, by its asymptotic series 1 − 1/x² + 1·3/x⁴ − 1·3·5/x⁶ … (A&S 26.2.12)."""
    term, total = 1.0, 1.0
    for odd in range(1, 17, 2):
        term *= -odd / (x * x)
        total += term
    return total


# Quotients ----------------------------------------------------------------------------------------


def quotient(x: float, y: float, by_divisor: int) -> float:
    """The derivative of x/y, so many times by y: (−1)ⁿ·n!·x/yⁿ⁺¹."""
    if by_divisor == 1:
        value: float = ieee.divide(x, y)
        if 0 < ieee.fabs(value) < ieee.SMALLEST_NORMAL and ieee.fabs(y) < 1:
            # A subnormal quotient has lost digits that its division by a small y would bring to light.
            return -(x * 2.0**200 / y / y * 2.0**-200)
        return -ieee.divide(value, y)  # for y² overflows long before the derivative does
    divisions = by_divisor + 1
    factor = ieee.real((-1) ** by_divisor * math.factorial(by_divisor))
    if x == 0 or y == 0 or not math.isfinite(x) or not math.isfinite(y):
        return float(functools.reduce(ieee.divide, [y] * divisions, factor * x))
    # Numbers from ½ to 1 first, their exponents last: so nothing but the answer can overflow or become subnormal.
    (dividend, above), (divisor, below) = math.frexp(x), math.frexp(y)
    scaled: float = ieee.divide(factor * dividend, divisor**divisions)
    try:
        return math.ldexp(scaled, above - divisions * below)
    except OverflowError:
        return math.copysign(ieee.INFINITY, scaled)


# Powers -------------------------------------------------------------------------------------------


def power(x: float, y: float, by_base: int = 0, by_exponent: int = 0) -> float:
    """The derivative of x^y, so many times by x and so many times by y, in whichever order.

    At x = 0 and x = inf it is the limit; only of 0^y, which is taken for a constant where y ≥ 0, as in PyTorch, all
    derivatives by y are 0. Towards y it is nan for x < 0.
    """
    if by_base + by_exponent == 1:
        return _power_by_base(x, y) if by_base else _power_by_exponent(x, y)
    if ieee.isnan(x) or ieee.isnan(y):
        return ieee.NAN
    if not by_exponent and y in range(by_base):
        return 0.0  # as x² comes to 0 when it is differentiated for the third time
    if x < 0 and (by_exponent or y % 1 != 0):
        return ieee.NAN
    if ieee.copysign(1.0, x) < 0 and y % 1 == 0 and not by_exponent:
        reflected = power(-x, y, by_base, by_exponent)
        return -reflected if (y % 2 == 1) != (by_base % 2 == 1) else reflected
    if x == 0 or math.isinf(x):
        return _limit(ieee.fabs(x), y, by_base, by_exponent)
    return _inside(x, y, by_base, by_exponent)


@formula
def _power_by_base(x: float, y: float) -> float:
    """y·x^(y−1)."""
    reduced: float = ieee.power(x, y - 1.0)
    full: float = ieee.power(x, y)
    if x == 0:
        return 0.0 if y == 0 else y * reduced
    # Where y − 1 is rounded, as for y = 0.3, its error comes back multiplied by ln x: up to 170 ulp. There
    # y·x^y/x has none of it; nor does it, for y near 0, take the long way round by a huge x^(y−1).
    exact = (y - 1.0) + 1.0 == y and 0.5 <= ieee.fabs(y) <= 2.0**53
    if exact and _is_normal(reduced):
        return y * reduced
    if not exact and _is_normal(full):
        return y * full / x
    # The power leaves the range of normal numbers, the derivative perhaps not: go by its square root.
    root: float = ieee.power(ieee.fabs(x), (y - 1.0 if exact else y) * 0.5)
    if ieee.isnan(reduced) or not _is_normal(root):
        return y * reduced
    if exact:
        return y * root * (root if ieee.copysign(1.0, reduced) > 0 else -root)
    return y * root / x * root


@formula
def _power_by_exponent(x: float, y: float) -> float:
    """x^y·ln x."""
    full: float = ieee.power(x, y)
    logarithm: float = ieee.log(x)
    if x == 0 and y >= 0:
        return 0.0
    if _is_normal(full) or x <= 0:
        return full * logarithm
    root: float = ieee.power(x, y * 0.5)
    return 0.0 if root == 0 else root * logarithm * root


def _is_normal(x: float) -> bool:
    return ieee.SMALLEST_NORMAL <= ieee.fabs(x) < math.inf


# A term of the polynomial p in ∂ᵐ⁺ⁿ(x^y)/∂xᵐ∂yⁿ = x^(y−m)·p(y, ln x): the coefficient, the powers of y and of ln x.
Term = tuple[int, int, int]


@functools.cache
def _polynomial(by_base: int, by_exponent: int) -> list[Term]:
    """Its terms, by falling powers of ln x: each x takes a factor y, y − 1, … down; each y differentiates the product.

    >>> _polynomial(1, 1)  # y·ln x + 1
    [(1, 1, 1), (1, 0, 0)]
    """
    falling = [1]  # y·(y−1)·…, as the coefficients of 1, y, y², …
    for i in range(by_base):
        falling = [a - i * b for a, b in zip([0, *falling], [*falling, 0], strict=True)]
    terms = []
    for height in range(by_exponent, -1, -1):  # Leibniz's rule for the derivatives of falling · x^y by y
        ways = math.comb(by_exponent, height)
        terms += [(ways * a, power_of_y, height) for power_of_y, a in enumerate(falling) if a]
        falling = [power_of_y * a for power_of_y, a in enumerate(falling)][1:]
    return terms


def _value(term: Term, y: Any, logarithm: Any) -> Any:
    coefficient, power_of_y, height = term
    return math.prod([y] * power_of_y + [logarithm] * height, start=coefficient)


def _inside(x: float, y: float, by_base: int, by_exponent: int) -> float:
    """For x between 0 and inf."""
    polynomial = _polynomial(by_base, by_exponent)
    reduced: float = ieee.power(x, y - by_base)
    if _is_normal(reduced) and by_base + by_exponent < 20:
        terms = [_value(term, y, math.log(x)) for term in polynomial]
        largest = max(map(math.fabs, terms))
        if largest < 2.0**1000 and ieee.fabs(total := math.fsum(terms)) >= largest * 2.0**-16:
            return total * reduced
    # The power leaves the range of normal numbers, or the terms cancel: go by so many digits that it does not matter.
    with decimal.localcontext(MANY_DIGITS):
        exponent, logarithm = decimal.Decimal(y), decimal.Decimal(x).ln()
        exact = sum(_value(term, exponent, logarithm) for term in polynomial)
        return float(exact * ((exponent - by_base) * logarithm).exp())


def _limit(x: float, y: float, by_base: int, by_exponent: int) -> float:
    """For x = 0 and x = inf: x^(y−m) outweighs the powers of ln x, and of these the highest outweighs the others."""
    if x == 0 and y >= 0 and not by_base:
        return 0.0
    if y != by_base and (y > by_base) == (x == 0):
        return 0.0
    factors = [decimal.Decimal(0)] * (by_exponent + 1)  # of 1, ln x, (ln x)², …
    with decimal.localcontext(MANY_DIGITS):
        for term in _polynomial(by_base, by_exponent):
            factors[term[2]] += _value(term, decimal.Decimal(y), 1)
    height = max(height for height, factor in enumerate(factors) if factor)
    if y == by_base and height == 0:
        return float(factors[0])
    return math.copysign(ieee.INFINITY, factors[height] * (-1) ** height if x == 0 else factors[height])


MANY_DIGITS = decimal.Context(prec=60, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN, traps=[])
