"""Values and derivatives to full precision wherever they are representable: within 4 ulp of what they should be.

>>> power(3.0, 4.0, by_base=2)  # 4·3·x²
108.0
>>> quotient(1.0, 2.0, by_divisor=2)  # 2/y³
0.25
>>> product([1e200, 1e200, 1e-200, 1e-200])
1.0

The textbook's formulas lose digits where terms cancel, and all of them where a factor overflows or underflows though
the product does not. All here are floats; what Values make of it stands in `derivatives`.
"""

import collections
import decimal
import functools
import math
import operator
from collections.abc import Callable, Collection, Sequence
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


@formula
def gelu_tanh(x: float) -> float:
    """x·σ(t) for t = 2·√(2/π)·(x + 0.044715·x³), which is x·(1 + tanh(t/2))/2."""
    if x > 30:
        return x
    if x < -30:
        return -0.0
    t, rest = _gelu_tanh_exponent(x), _gelu_tanh_rest(x)
    e = ieee.exp(-t if x > 0 else t) * (1.0 - rest if x > 0 else 1.0 + rest)
    return x / (1.0 + e) if x >= 0 else scaled_exp(t, x * (1.0 + rest)) / (1.0 + e)


# 2·√(2/π), and 0.044715 of it: sums of two floats.
GELU_TANH_FACTORS = (1.5957691216057308, -9.96930880911092e-17), (0.07135481627260025, -6.175149918155315e-19)


@formula
def _gelu_tanh_exponent(x: float) -> float:
    """t, but for a rest: the exponential of t alone has lost as many ulp as t is large."""
    return x * (GELU_TANH_FACTORS[0][0] + GELU_TANH_FACTORS[1][0] * (x * x))


@formula
def _gelu_tanh_rest(x: float) -> float:
    """t − _gelu_tanh_exponent(x)."""
    (a, a_rest), (b, b_rest) = GELU_TANH_FACTORS
    square = x * x
    cubic = b * square
    cubic_rest = _product_error(b, square, cubic) + b * _product_error(x, x, square) + b_rest * square
    factor = a + cubic
    factor_rest = _sum_error(a, cubic, factor) + cubic_rest + a_rest
    return _product_error(x, factor, x * factor) + x * factor_rest


GELU_TANH_CUBIC = 0.21406444881780073  # three times the second one

# The zero of its derivative, where 1 + x·t'(x) + exp(t) is 0, as the sum of two floats; and exp(t) there.
GELU_TANH_MINIMUM, GELU_TANH_POWER = (-0.7524614220710163, 3.635560509207687e-17), 0.29195521191476714


@formula
def gelu_tanh_slope(x: float) -> float:
    """σ(t)·(1 + x·t'·(1 − σ(t))) = exp(t)·(1 + x·t' + exp(t))/(1 + exp(t))²."""
    if x > 30:
        return 1.0
    if x < -30:
        return -0.0
    if -2 < x < 0:
        return _gelu_tanh_slope_beside_its_zero(x)
    t, rest = _gelu_tanh_exponent(x), _gelu_tanh_rest(x)
    growth = x * (GELU_TANH_FACTORS[0][0] + GELU_TANH_CUBIC * (x * x))
    e = ieee.exp(-t if x >= 0 else t) * (1.0 - rest if x >= 0 else 1.0 + rest)
    if x >= 0:
        return (1.0 + growth * e / (1.0 + e)) / (1.0 + e)
    bracket = 1.0 + growth + e
    return scaled_exp(t, bracket + bracket * (rest - e * (2.0 + e) / ((1.0 + e) * (1.0 + e))))


@formula
def _gelu_tanh_slope_beside_its_zero(x: float) -> float:
    """The same where 1 + x·t' + exp(t) cancels: from its zero on, it is a sum of two terms of one sign.

    What the roundings on the way have lost is added last.
    """
    a, b, three_b = GELU_TANH_FACTORS[0][0], GELU_TANH_FACTORS[1][0], GELU_TANH_CUBIC
    (zero, zero_rest), power = GELU_TANH_MINIMUM, GELU_TANH_POWER
    t, t_rest = _gelu_tanh_exponent(x), _gelu_tanh_rest(x)
    e = ieee.exp(t)
    base = 1.0 + e
    divisor = base * base
    far = x - zero
    far_rest = _sum_error(x, -zero, far) - zero_rest
    distance = far + far_rest
    squares = x * x + x * zero + zero * zero
    first, second = a + three_b * squares, a + b * squares
    term, other = distance * first, power * ieee.expm1(distance * second)
    bracket = term + other
    numerator = e * bracket
    slope = numerator / divisor
    lost = t_rest - 2.0 * _sum_error(1.0, e, base) / base - _product_error(base, base, divisor) / divisor
    bracket_rest = _sum_error(term, other, bracket) + _product_error(distance, first, term)
    bracket_rest = bracket_rest + (far - distance + far_rest) * (first + e * second)
    rest = lost * numerator + e * bracket_rest + _product_error(e, bracket, numerator)
    rest = rest + (numerator - slope * divisor) - _product_error(slope, divisor, slope * divisor)
    return slope + rest / divisor


def gelu_tanh_derivative(x: float, order: int) -> float:
    """The first as above; the others from the series of x·σ(t) around x, in so many digits that none is missed."""
    if order == 1:
        return gelu_tanh_slope(x)
    if not math.fabs(x) <= 60:
        return x if math.isnan(x) else 0.0
    with decimal.localcontext(MANY_DIGITS):
        at, a = decimal.Decimal(x), 2 * TWO_OVER_PI.sqrt()
        b = decimal.Decimal("0.044715") * a
        t = [a * at + b * at**3, a + 3 * b * at**2, 3 * b * at, b] + [decimal.Decimal(0)] * order
        powers = [(-t[0]).exp()]  # the series of exp(−t), and then that of 1/(1 + exp(−t))
        for n in range(1, order + 1):
            powers.append(-sum((k * t[k] * powers[n - k] for k in range(1, n + 1)), decimal.Decimal(0)) / n)
        shares = [1 / (1 + powers[0])]
        for n in range(1, order + 1):
            shares.append(-shares[0] * sum((powers[k] * shares[n - k] for k in range(1, n + 1)), decimal.Decimal(0)))
        return float(math.factorial(order) * (at * shares[order] + shares[order - 1]))


TWO_OVER_PI = decimal.Decimal("0.636619772367581343075535053490057448137838582961825794990669376")

# Inverse functions ---------------------------------------------------------------------------------


def asin_slope(x: float) -> float:
    """1/√(1 − x²), where 1 − x² would lose digits near 1."""
    return ieee.divide(1.0, ieee.sqrt((1.0 - x) * (1.0 + x)))


@formula
def asinh_slope(x: float) -> float:
    """1/√(1 + x²), where x² may overflow."""
    if ieee.fabs(x) <= 1:
        return 1.0 / ieee.sqrt(1.0 + x * x)
    inverse = 1.0 / ieee.fabs(x)
    return inverse / ieee.sqrt(1.0 + inverse * inverse)


def asinh_tilt(x: float) -> float:
    """x/√(1 + x²), where x may be inf."""
    if ieee.fabs(x) <= 1:
        return x / ieee.sqrt(1.0 + x * x)
    inverse = 1.0 / x
    return ieee.copysign(1.0 / ieee.sqrt(1.0 + inverse * inverse), x)


def acosh_slope(x: float) -> float:
    """1/√(x² − 1), where x² − 1 would lose digits near 1, or overflow."""
    return ieee.divide(1.0, ieee.sqrt(x - 1.0) * ieee.sqrt(x + 1.0))


def acosh_tilt(x: float) -> float:
    """x/√(x² − 1), where x may be inf."""
    if x < 2:
        return x * acosh_slope(x)
    inverse = 1.0 / x
    return 1.0 / ieee.sqrt((1.0 - inverse) * (1.0 + inverse))


def atanh_slope(x: float) -> float:
    """1/(1 − x²), where 1 − x² would lose digits near 1."""
    return ieee.divide(1.0, (1.0 - x) * (1.0 + x))


# Roots and powers of two ---------------------------------------------------------------------------


@formula
def cube_root(x: float) -> float:
    """The cube root, to less than 2 ulp by one of Newton's steps from libm's, which may be off by nearly 4."""
    if not 0 < ieee.fabs(x) < ieee.INFINITY:
        return x
    # Where a cube would be subnormal or overflow, it is taken of a number that is nearer to 1.
    is_small, is_large = ieee.fabs(x) < 2.0**-900, ieee.fabs(x) > 2.0**900
    scaled = x * 2.0**300 if is_small else x * 2.0**-300 if is_large else x
    root = ieee.cbrt(scaled)
    root = root - (root * root * root - scaled) / (3.0 * root * root)
    return root * 2.0**-100 if is_small else root * 2.0**100 if is_large else root


@formula
def cbrt_slope(x: float) -> float:
    """1/(3·∛x²), as ∛x/x/3 with fewer roundings."""
    root = cube_root(x)
    return root / x / 3.0 if 0 < ieee.fabs(x) < ieee.INFINITY else ieee.divide(1.0, root * root)


LN_2, LOG2_E, LOG10_E = 0.6931471805599453, 1.4426950408889634, 0.4342944819032518


def exp2_derivative(x: float, order: int) -> float:
    """2^x·(ln 2)ⁿ, also where 2^x alone overflows."""
    root = ieee.exp2(0.5 * x)
    return root * LN_2**order * root


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


# As the sum of two floats.
ERFC_OF_1_25 = 0.07709987174354177, -3.3360693261863044e-19


@formula
def erf_complement(x: float) -> float:
    """1 − erf(x), in libm's digits but for the stretch where these may be off by more than 4 ulp.

    There, it is erfc(1.25) and the area of the bell curve from x to 1.25.
    """
    if not 1 <= x < 1.25:
        return ieee.erfc(x)
    half = 0.5 * (1.25 - x)
    area = 0.0
    for place, weight in GAUSS_LEGENDRE.items():
        t = 1.25 - half * (1.0 + place)
        area = area + weight * ieee.exp(-t * t)
    return ERFC_OF_1_25[0] + (ERFC_OF_1_25[1] + ERF_HEIGHT * half * area)


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


@formula
def _product_error(x: float, y: float, product: float) -> float:
    """x·y − product, where that is the product's rounding (Dekker 1971, "A floating-point technique")."""
    (a, b), (c, d) = _halves(x), _halves(y)
    return a * c - product + a * d + b * c + b * d


@formula
def _sum_error(x: float, y: float, total: float) -> float:
    """x + y − total, where that is the sum's rounding (Knuth, "The Art of Computer Programming", 4.2.2)."""
    second = total - x
    return (x - (total - second)) + (y - second)


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


# The plane -----------------------------------------------------------------------------------------


@formula
def hypot(x: float, y: float) -> float:
    """√(x² + y²), where the squares may overflow or underflow; inf beside anything, also beside nan."""
    if ieee.isinf(x) or ieee.isinf(y):
        return ieee.INFINITY
    scale = _scale(_larger(ieee.fabs(x), ieee.fabs(y)))
    x, y = x * scale, y * scale
    return ieee.sqrt(x * x + y * y) / scale


@formula
def _larger(x: float, y: float) -> float:
    return x if x > y else y


@formula
def _scale(largest: float) -> float:
    """A power of two for numbers up to the largest one, such that their squares can be added."""
    return 2.0**-600 if largest > 2.0**480 else 2.0**600 if largest < 2.0**-480 else 1.0


@formula
def hypot_slope(x: float, y: float) -> float:
    """x/√(x² + y²): 0 at 0, and at infinity the limit where there is one."""
    if ieee.isinf(x):
        return ieee.copysign(1.0, x) if ieee.fabs(y) < ieee.INFINITY else ieee.NAN
    if ieee.isinf(y):
        return x / ieee.fabs(y)
    if x == 0 and y == 0:
        return 0.0
    scale = _scale(_larger(ieee.fabs(x), ieee.fabs(y)))
    return share_of_length(x, scale, ieee.sqrt((x * scale) * (x * scale) + (y * scale) * (y * scale)))


def share_of_length(x: float, scale: float, length: float) -> float:
    """x·scale/length, which loses no digits of a small x."""
    return x / length * scale if scale < 1 else x * scale / length


def hypot_derivative(x: float, y: float, by_x: int, by_y: int) -> float:
    """The derivative of √(x² + y²), so many times by x and so many times by y, in whichever order; 0 at 0."""
    order = by_x + by_y
    if order == 1:
        return hypot_slope(x, y) if by_x else hypot_slope(y, x)
    if not (math.isfinite(x) and math.isfinite(y)):
        return hypot_slope(x, y) * 0.0
    if x == 0 and y == 0:
        return 0.0
    with decimal.localcontext(MANY_DIGITS):
        a, b = decimal.Decimal(x), decimal.Decimal(y)
        polynomial = sum(math.prod([a] * i + [b] * j, start=c) for (i, j), c in _hypot_polynomial(by_x, by_y).items())
        return float(polynomial / (a * a + b * b).sqrt() ** (2 * order - 1))


@functools.cache
def _hypot_polynomial(by_x: int, by_y: int) -> dict[tuple[int, int], int]:
    """p in the derivative p(x, y)/√(x² + y²)²ⁿ⁻¹ of order n: the coefficients by the powers of x and y.

    >>> _hypot_polynomial(1, 1)  # −x·y
    {(1, 1): -1}
    """
    if by_x + by_y == 1:
        return {(by_x, by_y): 1}
    variable = 0 if by_x else 1
    before = _hypot_polynomial(by_x - 1, by_y) if by_x else _hypot_polynomial(by_x, by_y - 1)
    # By the quotient rule p'·(x² + y²) − (2n−1)·x·p, where n is the order before.
    found = collections.Counter[tuple[int, int]]()
    for powers, c in before.items():
        x_and_y = list(powers)
        x_and_y[variable] += 1
        found[x_and_y[0], x_and_y[1]] -= (2 * (by_x + by_y) - 3) * c
        x_and_y[variable] -= 2
        found[x_and_y[0] + 2, x_and_y[1]] += c * powers[variable]
        found[x_and_y[0], x_and_y[1] + 2] += c * powers[variable]
    return {powers: c for powers, c in found.items() if c}


@formula
def inverse_share(x: float, y: float) -> float:
    """x/(x² + y²), where the squares may overflow or underflow: the real part of 1/(x + iy)."""
    if ieee.isinf(x) or ieee.isinf(y):
        return ieee.NAN if ieee.isnan(x) or ieee.isnan(y) else ieee.copysign(0.0, x)
    scale = _scale(_larger(ieee.fabs(x), ieee.fabs(y)))
    x, y = x * scale, y * scale
    return ieee.divide(x, x * x + y * y) * scale


def inverse_power(x: float, y: float, exponent: int, imaginary: bool) -> float:
    """The real or the imaginary part of (x + iy)^(−exponent)."""
    if exponent == 1:
        return -inverse_share(y, x) if imaginary else inverse_share(x, y)
    if not (math.isfinite(x) and math.isfinite(y)):
        return inverse_share(x, y)
    with decimal.localcontext(MANY_DIGITS):
        a, b = decimal.Decimal(x), decimal.Decimal(y)
        real, unreal = decimal.Decimal(1), decimal.Decimal(0)
        for _ in range(exponent):
            real, unreal = real * a + unreal * b, unreal * a - real * b
        return float((unreal if imaginary else real) / (a * a + b * b) ** exponent)


# Lists ---------------------------------------------------------------------------------------------
# From left to right, in steps that any language has.


def norm(xs: Sequence[float]) -> float:
    """√(x₁² + … + xₙ²), where the squares may overflow or underflow."""
    scale, length = scaled_norm(xs)
    return length / scale


def scaled_norm(xs: Sequence[float]) -> tuple[float, float]:
    """A power of two, and the norm of the numbers multiplied by it, which has all its digits."""
    largest = largest_magnitude(xs)
    if not largest < ieee.INFINITY:
        return 1.0, largest
    scale, total = _scale(largest), 0.0
    for x in xs:
        total = total + (x * scale) * (x * scale)
    return scale, ieee.sqrt(total)


def largest_magnitude(xs: Sequence[float]) -> float:
    """The largest |x|, 0 of none; nan where one is nan."""
    largest = 0.0
    for x in xs:
        if not ieee.fabs(x) <= largest:  # nan is not, and stays
            largest = ieee.fabs(x) if largest <= ieee.INFINITY else largest
    return largest


def norm_slopes(xs: Sequence[float]) -> list[float]:
    """x/norm for each x: 0 where all are 0; of one infinite number ±1; of several, nobody knows their shares: nan."""
    scale, length = scaled_norm(xs)
    if length == 0:
        return [0.0] * len(xs)
    if ieee.isinf(length):
        infinite = 0
        for x in xs:
            infinite = infinite + (1 if ieee.isinf(x) else 0)
        share = 1.0 if infinite == 1 else ieee.NAN
        return [ieee.copysign(share, x) if ieee.isinf(x) else 0.0 for x in xs]
    return [share_of_length(x, scale, length) for x in xs]


def product(xs: Sequence[float]) -> float:
    """x₁·…·xₙ, where a part of it may overflow or underflow though the whole does not."""
    mantissa, exponent = _scaled_product(xs)
    return ieee.ldexp(mantissa, exponent)


def _scaled_product(xs: Sequence[float]) -> tuple[float, int]:
    """The product as a number from ½ to 1 and a power of two, with the digits of the product as one writes it."""
    mantissa, exponent = 1.0, 0
    for x in xs:
        mantissa, exponent = _times(mantissa, exponent, x)
    return mantissa, exponent


def _times(mantissa: float, exponent: int, x: float) -> tuple[float, int]:
    factor, shift = math.frexp(x)  # of inf and nan: themselves, and 0
    mantissa, further = math.frexp(mantissa * factor)
    return mantissa, exponent + shift + further


def product_slopes(xs: Sequence[float]) -> list[float]:
    """For each number the product of the others, those before it times those after it: right with zeros among them."""
    before = [(1.0, 0)]
    for x in xs[:-1]:
        before.append(_times(*before[-1], x))
    slopes, mantissa, exponent = [0.0] * len(xs), 1.0, 0
    for i in range(len(xs) - 1, -1, -1):
        slopes[i] = ieee.ldexp(before[i][0] * mantissa, before[i][1] + exponent)
        mantissa, exponent = _times(mantissa, exponent, xs[i])
    return slopes


def product_without(xs: Sequence[float], places: Collection[int]) -> float:
    """The product of all numbers but those at some places."""
    if len(places) == 1:
        return product_slopes(xs)[next(iter(places))]
    return product([x for i, x in enumerate(xs) if i not in places])


def variance(xs: Sequence[float]) -> float:
    """The sum of the squared deviations from the mean, divided by n − 1."""
    distances, exponent = deviations(xs)
    return ieee.ldexp(_sum_of_squares(distances) / (len(xs) - 1), 2 * exponent)


def standard_deviation(xs: Sequence[float]) -> float:
    """The square root of the variance, where the variance may overflow or underflow."""
    distances, exponent = deviations(xs)
    return ieee.ldexp(ieee.sqrt(_sum_of_squares(distances) / (len(xs) - 1)), exponent)


def variance_slopes(xs: Sequence[float]) -> list[float]:
    """2·(x − mean)/(n − 1) for each x."""
    distances, exponent = deviations(xs)
    return [ieee.ldexp(2.0 * distance / (len(xs) - 1), exponent) for distance in distances]


def standard_deviation_slopes(xs: Sequence[float]) -> list[float]:
    """(x − mean)/((n − 1)·std) for each x; 0 where all are equal."""
    distances, _ = deviations(xs)
    total = _sum_of_squares(distances)
    if total == 0:
        return [0.0] * len(xs)
    divisor = ieee.sqrt(total * (len(xs) - 1))
    return [distance / divisor for distance in distances]


def _sum_of_squares(xs: Sequence[float]) -> float:
    total = 0.0
    for x in xs:
        total = total + x * x
    return total


def deviations(xs: Sequence[float]) -> tuple[list[float], int]:
    """How far each number is from their mean, to be multiplied by two to the power of an exponent.

    As (n·x − total)/n, where n·x and the total are carried in two floats: so they have their digits also where the
    numbers are nearly equal, and are 0 where all are equal.
    """
    count, largest = float(len(xs)), largest_magnitude(xs)
    if not largest < ieee.INFINITY:
        return [ieee.NAN] * len(xs), 0
    _, exponent = math.frexp(largest)
    scaled = [ieee.ldexp(x, -exponent) for x in xs]  # to 1 at most, so that nothing overflows
    total = rest = 0.0
    for x in scaled:
        added = total + x
        rest = rest + _sum_error(total, x, added)
        total = added
    distances = []
    for x in scaled:
        multiple = count * x
        multiple_rest = _product_error(count, x, multiple)
        distance = multiple - total
        distance_rest = _sum_error(multiple, -total, distance) + multiple_rest - rest
        distances.append((distance + distance_rest) / count)
    return distances, exponent


def standard_deviation_curvatures(xs: Sequence[float], place: int) -> list[float]:
    """The derivatives by each number of the derivative of std by the one at a place; 0 where all are equal.

    With D = n·x − Σx they are ((n·δ − 1)·ΣD²/n − Dᵢ·Dⱼ)/ΣD²/((n − 1)·std), where the terms may cancel, to nothing if
    n = 2. So that is computed exactly.
    """
    from fractions import Fraction  # takes a while, and is used only here

    if not largest_magnitude(xs) < ieee.INFINITY:
        return [ieee.NAN] * len(xs)
    count, exact = len(xs), [Fraction(x) for x in xs]
    total = sum(exact)
    distances = [count * x - total for x in exact]
    squares = sum(distance * distance for distance in distances)
    if not squares:
        return [0.0] * count
    spread = (count - 1) * standard_deviation(xs)
    shares = [
        Fraction(count * (i == place) - 1, count) - distances[place] * distance / squares
        for i, distance in enumerate(distances)
    ]
    return [ieee.divide(float(share), spread) for share in shares]


# Remainders ----------------------------------------------------------------------------------------


@formula
def remainder(x: float, y: float) -> float:
    """x % y as Python has it, with the sign of y; nan for y = 0."""
    rest = ieee.fmod(x, y)
    if rest == 0:
        return ieee.copysign(0.0, y)
    return rest + y if rest < 0 < y or y < 0 < rest else rest


@formula
def floor_quotient(x: float, y: float) -> float:
    """x // y as Python has it: ⌊x/y⌋; x/0 for y = 0."""
    if y == 0:
        return ieee.divide(x, y)
    rest = ieee.fmod(x, y)
    quotient = (x - rest) / y  # whole, but for a rounding
    return _whole(quotient - 1.0 if rest < 0 < y or y < 0 < rest else quotient, x / y)


@formula
def _whole(quotient: float, sign: float) -> float:
    """The nearest whole number; a zero has the sign of another number."""
    if quotient == 0:
        return ieee.copysign(0.0, sign)
    below = ieee.floor(quotient)
    return below + 1.0 if quotient - below > 0.5 else below


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
