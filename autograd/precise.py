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
from typing import Any

from . import ieee

# tanh ---------------------------------------------------------------------------------------------


def sech_squared(x: float) -> float:
    """1 − tanh(x)², which has lost all digits by 20: with e = exp(−2·|x|) it is 4e/(1+e)². Even to the last bit."""
    e = math.exp(-2.0 * x if x > 0 else 2.0 * x)
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


# Quotients ----------------------------------------------------------------------------------------


def quotient(x: float, y: float, by_divisor: int) -> float:
    """The derivative of x/y, so many times by y: (−1)ⁿ·n!·x/yⁿ⁺¹."""
    if by_divisor == 1:
        value: float = ieee.divide(x, y)
        if 0 < math.fabs(value) < ieee.SMALLEST_NORMAL and math.fabs(y) < 1:
            # A subnormal quotient has lost digits that its division by a small y would bring to light.
            return -(x * 2.0**200 / y / y * 2.0**-200)
        return -float(ieee.divide(value, y))  # for y² overflows long before the derivative does
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
    if math.isnan(x) or math.isnan(y):
        return ieee.NAN
    if not by_exponent and y in range(by_base):
        return 0.0  # as x² comes to 0 when it is differentiated for the third time
    if x < 0 and (by_exponent or y % 1 != 0):
        return ieee.NAN
    if math.copysign(1.0, x) < 0 and y % 1 == 0 and not by_exponent:
        reflected = power(-x, y, by_base, by_exponent)
        return -reflected if (y % 2 == 1) != (by_base % 2 == 1) else reflected
    if x == 0 or math.isinf(x):
        return _limit(math.fabs(x), y, by_base, by_exponent)
    return _inside(x, y, by_base, by_exponent)


def _power_by_base(x: float, y: float) -> float:
    """y·x^(y−1)."""
    reduced: float = ieee.power(x, y - 1.0)
    full: float = ieee.power(x, y)
    if x == 0:
        return 0.0 if y == 0 else y * reduced
    # Where y − 1 is rounded, as for y = 0.3, its error comes back multiplied by ln x: up to 170 ulp. There
    # y·x^y/x has none of it; nor does it, for y near 0, take the long way round by a huge x^(y−1).
    exact = (y - 1.0) + 1.0 == y and 0.5 <= math.fabs(y) <= 2.0**53
    if exact and _is_normal(reduced):
        return y * reduced
    if not exact and _is_normal(full):
        return y * full / x
    # The power leaves the range of normal numbers, the derivative perhaps not: go by its square root.
    root: float = ieee.power(math.fabs(x), (y - 1.0 if exact else y) * 0.5)
    if math.isnan(reduced) or not _is_normal(root):
        return y * reduced
    if exact:
        return y * root * (root if math.copysign(1.0, reduced) > 0 else -root)
    return y * root / x * root


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
    return ieee.SMALLEST_NORMAL <= math.fabs(x) < math.inf


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
        if largest < 2.0**1000 and math.fabs(total := math.fsum(terms)) >= largest * 2.0**-16:
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
