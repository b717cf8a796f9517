"""Arithmetic that never raises: the results of IEEE 754 where Python raises.

>>> divide(1.0, 0.0), log(-1.0), exp(1000.0)
(inf, nan, inf)

Python's own `/`, `**` and `math` raise for a division by zero, an overflow or a point outside the domain;
NumPy and PyTorch return inf or nan, as the standard says (IEEE 754-2019, sections 6 and 7). So do the
functions here, on floats. For anything else they use its own operators and methods, so a rule written with
these functions works on floats and on Values.

The sign of a nan has no meaning (section 6.3): a processor may choose it, and the two engines differ in it. It
never affects any other number.
"""

import math
import numbers
from typing import Any

NAN = math.nan
INFINITY = math.inf

SMALLEST_NORMAL = 2.0**-1022


def real(number: Any) -> float:
    """The float behind any real number: int, float, Fraction, a NumPy real scalar or 0-dimensional array.

    >>> real(3), real(10**400)
    (3.0, inf)

    Raises TypeError, which names the remedy, for anything else.
    """
    if type(number) is float:
        return number
    number = unwrapped(number)
    if not is_real(number):
        raise TypeError(f"expected a real number, not {_kind(number)}: {_remedy(number)}")
    try:
        return float(number)
    except OverflowError:
        return -INFINITY if math.floor(number) < 0 else INFINITY


def is_real(thing: Any) -> bool:
    """Whether `real` accepts something as a number."""
    thing = unwrapped(thing)
    # According to NumPy, its truth values are not real numbers and its durations are.
    kind = _kind(thing)
    return kind in ("numpy.bool", "numpy.bool_") or (isinstance(thing, numbers.Real) and kind != "numpy.timedelta64")


def unwrapped(thing: Any) -> Any:
    """The item of a 0-dimensional NumPy array, which NumPy treats as a number; anything else as it is."""
    return thing[()] if _kind(thing) == "numpy.ndarray" and thing.ndim == 0 else thing


def _kind(thing: Any) -> str:
    if thing is None:
        return "None"
    package = type(thing).__module__.partition(".")[0]
    return f"{package}.{type(thing).__qualname__}".removeprefix("builtins.")


def _remedy(thing: Any) -> str:
    if isinstance(thing, str):
        return "convert text first, with float(text)"
    if isinstance(thing, numbers.Complex):
        return "take its .real or .imag, or abs(z)"
    if hasattr(type(thing), "__apply_operation__"):
        return "it is already a Value; v.detach() makes a new leaf with its number"
    if hasattr(thing, "tolist") and hasattr(thing, "item"):  # an array or a tensor
        return _remedy_for_array(thing)
    if hasattr(thing, "__iter__") or hasattr(thing, "__array__"):
        return "a Value holds one number, so make a list: [Value(number) for number in numbers]"
    if hasattr(thing, "backward") and hasattr(thing, "data"):
        return "take its number, as in value.data"
    if hasattr(thing, "__float__"):
        return "convert it first, with float(x)"
    return "a Value holds one int, float, Fraction or NumPy real scalar"


def _remedy_for_array(array: Any) -> str:
    shape = tuple(getattr(array, "shape", ()))
    if not shape:
        return "take its number, with .item()"
    if len(shape) == 1:
        numbers = "numbers" if _kind(array) == "numpy.ndarray" else "numbers.tolist()"
        return f"a Value holds one number, so make a list: [Value(number) for number in {numbers}]"
    return "a Value holds one number, so make a list: [[Value(number) for number in row] for row in numbers.tolist()]"


def data_of(number: Any) -> float:
    """The plain number that an operand stands for, for decisions that have no derivative."""
    return number if type(number) is float else number._data


def divide(x: Any, y: Any) -> Any:
    try:
        return x / y
    except ZeroDivisionError:
        if x == 0 or math.isnan(x):
            return NAN
        return math.copysign(INFINITY, x) * math.copysign(1.0, y)


def power(x: Any, y: Any) -> Any:
    if type(x) is not float or type(y) is not float:
        return x**y
    try:
        return math.pow(x, y)
    except OverflowError:
        return math.copysign(INFINITY, x) if y % 2 == 1 else INFINITY
    except ValueError:
        # Left are zero to a negative power, and a negative number to a fractional one.
        if x == 0:
            return math.copysign(INFINITY, x) if y % 2 == 1 else INFINITY
        return NAN


def exp(x: Any) -> Any:
    if type(x) is not float:
        return x.exp()
    try:
        return math.exp(x)
    except OverflowError:
        return INFINITY


def expm1(x: Any) -> Any:
    if type(x) is not float:
        return x.expm1()
    try:
        return math.expm1(x)
    except OverflowError:
        return INFINITY


def log(x: Any) -> Any:
    if type(x) is not float:
        return x.log()
    return math.log(x) if x > 0 else -INFINITY if x == 0 else NAN


def exp2(x: Any) -> Any:
    if type(x) is not float:
        return x.exp2()
    try:
        return math.exp2(x)
    except OverflowError:
        return INFINITY


def log2(x: Any) -> Any:
    if type(x) is not float:
        return x.log2()
    return math.log2(x) if x > 0 else -INFINITY if x == 0 else NAN


def log10(x: Any) -> Any:
    if type(x) is not float:
        return x.log10()
    return math.log10(x) if x > 0 else -INFINITY if x == 0 else NAN


def log1p(x: Any) -> Any:
    if type(x) is not float:
        return x.log1p()
    return math.log1p(x) if x > -1 else -INFINITY if x == -1 else NAN


def sqrt(x: Any) -> Any:
    if type(x) is not float:
        return x.sqrt()
    return math.sqrt(x) if x >= 0 else NAN


def cbrt(x: Any) -> Any:
    return math.cbrt(x) if type(x) is float else x.cbrt()


def sin(x: Any) -> Any:
    if type(x) is not float:
        return x.sin()
    return math.sin(x) if math.isfinite(x) else NAN


def cos(x: Any) -> Any:
    if type(x) is not float:
        return x.cos()
    return math.cos(x) if math.isfinite(x) else NAN


def tan(x: Any) -> Any:
    if type(x) is not float:
        return x.tan()
    return math.tan(x) if math.isfinite(x) else NAN


def asin(x: Any) -> Any:
    if type(x) is not float:
        return x.asin()
    return math.asin(x) if -1 <= x <= 1 else NAN


def acos(x: Any) -> Any:
    if type(x) is not float:
        return x.acos()
    return math.acos(x) if -1 <= x <= 1 else NAN


def atan(x: Any) -> Any:
    return math.atan(x) if type(x) is float else x.atan()


def atan2(x: Any, y: Any) -> Any:
    """The angle whose tangent is x/y, as in C: the first one is the ordinate."""
    return math.atan2(x, y) if type(x) is float else x.atan2(y)


def erf(x: Any) -> Any:
    return math.erf(x) if type(x) is float else x.erf()


def sinh(x: Any) -> Any:
    if type(x) is not float:
        return x.sinh()
    try:
        return math.sinh(x)
    except OverflowError:
        return math.copysign(INFINITY, x)


def cosh(x: Any) -> Any:
    if type(x) is not float:
        return x.cosh()
    try:
        return math.cosh(x)
    except OverflowError:
        return INFINITY


def tanh(x: Any) -> Any:
    return math.tanh(x) if type(x) is float else x.tanh()


def erfc(x: Any) -> Any:
    return math.erfc(x) if type(x) is float else x.erfc()


def asinh(x: Any) -> Any:
    return math.asinh(x) if type(x) is float else x.asinh()


def acosh(x: Any) -> Any:
    if type(x) is not float:
        return x.acosh()
    return math.acosh(x) if x >= 1 else NAN


def atanh(x: Any) -> Any:
    if type(x) is not float:
        return x.atanh()
    return math.atanh(x) if -1 < x < 1 else math.copysign(INFINITY, x) if x in (-1, 1) else NAN


def fabs(x: Any) -> Any:
    return math.fabs(x) if type(x) is float else x.abs()


def floor(x: Any) -> Any:
    if type(x) is not float:
        return x.floor()
    return math.copysign(math.floor(x), x) if math.isfinite(x) else x


def ceil(x: Any) -> Any:
    if type(x) is not float:
        return x.ceil()
    return math.copysign(math.ceil(x), x) if math.isfinite(x) else x


def rint(x: Any) -> Any:
    """The nearest whole number; of two the even one."""
    if type(x) is not float:
        return x.rint()
    return math.copysign(round(x), x) if math.isfinite(x) else x


# Of numbers only, for what decides has no derivative -----------------------------------------------


def copysign(x: Any, y: Any) -> Any:
    if type(x) is not float or type(y) is not float:
        return (y if type(x) is float else x).trace.apply("copysign", x, y)
    return math.copysign(x, y)


def isnan(x: Any) -> Any:
    return math.isnan(x) if type(x) is float else x.isnan()


def isinf(x: Any) -> Any:
    return math.isinf(x) if type(x) is float else x.isinf()


def isfinite(x: Any) -> Any:
    return math.isfinite(x) if type(x) is float else x.isfinite()


def fmod(x: Any, y: Any) -> Any:
    """What is left of x when y has been taken away as often as it goes, with the sign of x; exact."""
    if type(x) is not float:
        return x.fmod(y)
    return math.fmod(x, y) if math.isfinite(x) and y != 0 else NAN


def ldexp(x: float, exponent: int) -> float:
    """x·2^exponent."""
    try:
        return math.ldexp(x, exponent)
    except OverflowError:
        return math.copysign(INFINITY, x)
