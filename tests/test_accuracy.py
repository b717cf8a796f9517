"""Every operation against a reference of 50 and more digits, over the whole range of float64.

The references are written here, by the textbook, in forms that lose no digits at high precision, and are themselves
checked against differences: nothing of the rule book is used to check the rule book.
"""

import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction

import pytest
from helpers import bits
from hypothesis import settings
from mpmath import mp, mpf

from autograd import OPERATIONS, Operation, Value, gradient, logsumexp, softmax

LARGEST = 1.7976931348623157e308
SMALLEST_NORMAL = 2.2250738585072014e-308


def normal_share(x: mpf) -> mpf:
    """Φ(x); of numbers that are too large for mpmath it is 0 or 1."""
    return mp.erfc(-x / mp.sqrt(2)) / 2 if abs(x) < 1e4 else mpf(x > 0)


REFERENCES: dict[str, Callable] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "negate": lambda x: -x,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "reciprocal": lambda x: 1 / x,
    "power": lambda x, y: x**y,
    "identity": lambda x: x,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "sqrt": mp.sqrt,
    "sin": mp.sin,
    "cos": mp.cos,
    "atan": mp.atan,
    "erf": mp.erf,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x)),
    "softplus": lambda x: max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x))),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "gelu": lambda x: x * normal_share(x),
    "relu": lambda x: max(x, mpf(0)),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "elu": lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
    "abs": abs,
    "maximum": max,
    "minimum": min,
    "where": lambda c, x, y: x if c else y,
    "sum": lambda *xs: mp.fsum(xs),
    "mean": lambda *xs: mp.fsum(xs) / len(xs),
    "dot": lambda *xs: mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 :]),
    "logsumexp": lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))),
}

# The partial derivatives, one function for each operand.
PARTIALS: dict[str, tuple[Callable, ...]] = {
    "add": (lambda x, y: 1, lambda x, y: 1),
    "subtract": (lambda x, y: 1, lambda x, y: -1),
    "negate": (lambda x: -1,),
    "multiply": (lambda x, y: y, lambda x, y: x),
    "divide": (lambda x, y: 1 / y, lambda x, y: -x / y**2),
    "reciprocal": (lambda x: -1 / x**2,),
    "power": (lambda x, y: y * mp.exp((y - 1) * mp.log(x)), lambda x, y: mp.exp(y * mp.log(x)) * mp.log(x)),
    "identity": (lambda x: 1,),
    "exp": (mp.exp,),
    "expm1": (mp.exp,),
    "log": (lambda x: 1 / x,),
    "log1p": (lambda x: 1 / (1 + x),),
    "sqrt": (lambda x: 1 / (2 * mp.sqrt(x)),),
    "sin": (mp.cos,),
    "cos": (lambda x: -mp.sin(x),),
    "atan": (lambda x: 1 / (1 + x**2),),
    "erf": (lambda x: 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2)),),
    "tanh": (lambda x: mp.sech(x) ** 2,),
    "sigmoid": (lambda x: 1 / (2 * mp.cosh(x / 2)) ** 2,),
    "softplus": (lambda x: mp.exp(x / 2) / (2 * mp.cosh(x / 2)),),
    "silu": (lambda x: (1 + x / (1 + mp.exp(x))) / (1 + mp.exp(-x)),),
    "gelu": (lambda x: normal_share(x) + x * mp.npdf(x),),
    "relu": (lambda x: int(x > 0),),
    "leaky_relu": (lambda x, slope: 1 if x > 0 else slope, lambda x, slope: 0 if x > 0 else x),
    "elu": (lambda x, a: 1 if x > 0 else a * mp.exp(x), lambda x, a: 0 if x > 0 else mp.expm1(x)),
    "abs": (mp.sign,),
    "maximum": (lambda x, y: int(x > y), lambda x, y: int(x < y)),
    "minimum": (lambda x, y: int(x < y), lambda x, y: int(x > y)),
    "where": (lambda c, x, y: 0, lambda c, x, y: int(c != 0), lambda c, x, y: int(c == 0)),
}

BUILT_IN = [operation for operation in OPERATIONS.values() if operation.rule.__module__ == "autograd.operations"]
ON_NUMBERS = [operation for operation in BUILT_IN if not operation.list_count]
ON_LISTS = [operation for operation in BUILT_IN if operation.list_count]

named = {"ids": lambda operation: operation.name}


def test_every_operation_has_a_reference() -> None:
    assert sorted(REFERENCES) == sorted(operation.name for operation in BUILT_IN)


# Points -------------------------------------------------------------------------------------------

SPECIAL = [5e-324, 1e-310, SMALLEST_NORMAL, 1e-16, 0.5, 1.0, 2.0, 20.0, 36.8, 709.7, 710.0, 745.2, LARGEST]


def log_spaced(low: float, high: float, count: int) -> list[float]:
    """Numbers of both signs, their magnitudes 10**low to 10**high in equal ratios."""
    magnitudes = [10 ** (low + (high - low) * i / (count // 2 - 1)) for i in range(count // 2)]
    return [sign * magnitude for magnitude in magnitudes for sign in (1, -1)]


# Half of the points over all of float64, half where functions bend.
NUMBERS = log_spaced(-323, 308, 500) + log_spaced(-3, 3, 500) + SPECIAL + [-x for x in SPECIAL]


def points(operation: Operation) -> list[tuple[float, ...]]:
    """Each number of the grid as each operand, the other operands drawn from the grid by chance."""
    draw = random.Random(operation.name)
    found = []
    for position in range(len(operation.parameters)):
        for number in NUMBERS:
            point = tuple(number if i == position else draw.choice(NUMBERS) for i in range(len(operation.parameters)))
            tie = operation.name in ("maximum", "minimum") and point[0] == point[1]
            if all(x in d for x, d in zip(point, operation.domain, strict=True)) and not tie:
                found.append(point)
    return found + MORE_POINTS.get(operation.name, [])


def extreme_powers(count: int) -> list[tuple[float, float]]:
    """Powers near the ends of float64, where the power overflows or is subnormal and the derivative is not."""
    draw = random.Random(1)
    found = []
    for _ in range(count):
        logarithm = draw.choice((-1, 1)) * 10 ** draw.uniform(-15, 2.8)
        x = math.exp(logarithm)
        found.append((x, draw.uniform(-760, 720) / (math.log(x) or 1.0)))
    return found


def around(x: float) -> list[tuple[float, ...]]:
    """A number and others around it, nearer and nearer."""
    return [(x,), *((x * (1 + sign * 10**-far),) for sign in (1, -1) for far in [0.1 * i for i in range(1, 157)])]


# The other points are where derivatives are 0.
MORE_POINTS = {
    "power": extreme_powers(2000),
    "silu": around(-1.2784645427610738),
    "gelu": around(-0.7517915246935645),
}


# References ---------------------------------------------------------------------------------------


def exact_value(name: str, point: tuple[float, ...]) -> mpf:
    with mp.workdps(60):
        return REFERENCES[name](*map(mpf, point))


def exact_partial(name: str, point: tuple[float, ...], position: int) -> mpf:
    with mp.workdps(60):
        return mpf(PARTIALS[name][position](*map(mpf, point)))


def ulps(computed: float, exact: mpf) -> float:
    """The error in units in the last place of the exact number; inf is right where that is beyond float64."""
    if abs(exact) > LARGEST:
        return 0.0 if abs(computed) >= LARGEST and (computed > 0) == (exact > 0) else math.inf
    if not math.isfinite(computed):
        return math.inf
    with mp.workdps(60):
        return float(abs(mpf(computed) - exact) / mpf(math.ulp(float(exact))))


def worst(operation: Operation, error: Callable[[tuple[float, ...]], float]) -> tuple[float, tuple[float, ...]]:
    return max((error(point), point) for point in points(operation))


# Value and first derivative -----------------------------------------------------------------------


@pytest.mark.parametrize("operation", ON_NUMBERS, **named)
def test_references_of_the_derivatives_are_right(operation: Operation) -> None:
    for point in [(0.3, 0.7, -0.4), (2.5, -1.25, 3.0)]:
        point = point[: len(operation.parameters)]
        for position in range(operation.name == "where", len(point)):
            with mp.workdps(50):
                order = [int(i == position) for i in range(len(point))]
                numeric = mp.diff(REFERENCES[operation.name], tuple(map(mpf, point)), tuple(order), h=mpf(10) ** -15)

            assert float(exact_partial(operation.name, point, position)) == pytest.approx(float(numeric), rel=1e-13)


@pytest.mark.parametrize("operation", ON_NUMBERS, **named)
def test_values_are_exact_to_4_ulp(operation: Operation) -> None:
    """Seen to fail with exp(x)/(1+exp(x)) for the sigmoid."""
    error, point = worst(operation, lambda point: ulps(operation(*point), exact_value(operation.name, point)))

    assert error <= 4, point


@pytest.mark.parametrize("operation", ON_NUMBERS, **named)
def test_local_gradients_are_exact_to_4_ulp(operation: Operation) -> None:
    """2 ulp for the quotient."""

    def error(point: tuple[float, ...]) -> float:
        return max(
            ulps(partial, exact_partial(operation.name, point, position))
            for position, partial in local_gradients(operation, point).items()
        )

    found, point = worst(operation, error)

    assert found <= (2 if operation.name == "divide" else 4), point


def local_gradients(operation: Operation, point: tuple[float, ...]) -> dict[int, float]:
    """The partials of an operation as its node knows them, by position."""
    leaves = [Value(x) for x in point]
    positions = {leaf: position for position, leaf in enumerate(leaves)}
    return {positions[leaf]: partial or 0.0 for leaf, partial in operation(*leaves).local_gradients()}


def test_derivatives_of_extreme_whole_powers_of_negative_numbers_are_exact_to_4_ulp() -> None:
    """Where the power is subnormal or overflows. Seen to fail with the sign of x^(y−1) lost there."""
    draw = random.Random(1)
    for _ in range(500):
        exponent = float(draw.choice([-1, 1]) * draw.randint(3, 40))
        x = -math.exp(draw.choice([draw.uniform(-745, -690), draw.uniform(690, 715)]) / (exponent - 1))
        with mp.workdps(60):
            exact = exponent * mpf(x) ** (int(exponent) - 1)

        assert ulps(local_gradients(OPERATIONS["power"], (x, exponent))[0], exact) <= 4, (x, exponent)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "sin", "reciprocal"])
def test_derivatives_that_are_even_are_so_to_the_last_bit(name: str) -> None:
    """Seen to fail with exp(2·x) for exp(−2·|x|) in the derivative of tanh for x up to 1."""
    for x in NUMBERS:
        assert local_gradients(OPERATIONS[name], (x,)) == local_gradients(OPERATIONS[name], (-x,)), x


@pytest.mark.parametrize("root", [2, 3, 5, 10, 1024])
def test_derivative_of_a_fourth_root_that_is_a_whole_number_is_the_nearest_float(root: int) -> None:
    """For only the division in ¼·x^¼/x is rounded. Seen to fail with the square root of x^¼, squared."""
    x = Value(root**4)
    (x**0.25).backward()

    assert x.grad == float(Fraction(1, 4 * root**3))


@pytest.mark.parametrize("exponent", [-0.5, 0.5, 2.0, 1024.0])
def test_derivative_of_a_power_whose_exponent_is_a_power_of_two_is_exact_to_1_ulp(exponent: float) -> None:
    """For only x^(y−1) is rounded, not the product with y. Seen to fail with y·x^y/x."""
    draw = random.Random(1)
    for _ in range(500):
        point = (math.exp(draw.uniform(-400, 400) / max(1.0, exponent)), exponent)

        assert ulps(local_gradients(OPERATIONS["power"], point)[0], exact_partial("power", point, 0)) <= 1, point


# Second derivatives -------------------------------------------------------------------------------

# By the positions of the two operands; where none stands, it is 0.
SECONDS: dict[str, dict[tuple[int, int], Callable]] = {
    "multiply": {(0, 1): lambda x, y: 1},
    "divide": {(0, 1): lambda x, y: -1 / y**2, (1, 1): lambda x, y: 2 * x / y**3},
    "reciprocal": {(0, 0): lambda x: 2 / x**3},
    "power": {
        (0, 0): lambda x, y: y * (y - 1) * mp.exp((y - 2) * mp.log(x)),
        (0, 1): lambda x, y: mp.exp((y - 1) * mp.log(x)) * (1 + y * mp.log(x)),
        (1, 1): lambda x, y: mp.exp(y * mp.log(x)) * mp.log(x) ** 2,
    },
    "exp": {(0, 0): mp.exp},
    "expm1": {(0, 0): mp.exp},
    "log": {(0, 0): lambda x: -1 / x**2},
    "log1p": {(0, 0): lambda x: -1 / (1 + x) ** 2},
    "sqrt": {(0, 0): lambda x: -1 / (4 * x * mp.sqrt(x))},
    "sin": {(0, 0): lambda x: -mp.sin(x)},
    "cos": {(0, 0): lambda x: -mp.cos(x)},
    "atan": {(0, 0): lambda x: -2 * x / (1 + x**2) ** 2},
    "erf": {(0, 0): lambda x: -4 * x / mp.sqrt(mp.pi) * mp.exp(-(x**2))},
    "tanh": {(0, 0): lambda x: -2 * mp.tanh(x) * mp.sech(x) ** 2},
    "sigmoid": {(0, 0): lambda x: -mp.tanh(x / 2) * (mp.sech(x / 2) / 2) ** 2},
    "softplus": {(0, 0): lambda x: (mp.sech(x / 2) / 2) ** 2},
    "silu": {(0, 0): lambda x: (mp.sech(x / 2) / 2) ** 2 * (2 - x * mp.tanh(x / 2))},
    "gelu": {(0, 0): lambda x: mp.npdf(x) * (2 - x**2)},
    "leaky_relu": {(0, 1): lambda x, slope: 0 if x > 0 else 1},
    "elu": {
        (0, 0): lambda x, a: 0 if x > 0 else a * mp.exp(x),
        (0, 1): lambda x, a: 0 if x > 0 else mp.exp(x),
    },
}

THIRDS: dict[str, Callable] = {
    "reciprocal": lambda x: -6 / x**4,
    "exp": mp.exp,
    "expm1": mp.exp,
    "log": lambda x: 2 / x**3,
    "log1p": lambda x: 2 / (1 + x) ** 3,
    "sqrt": lambda x: 3 / (8 * x**2 * mp.sqrt(x)),
    "sin": lambda x: -mp.cos(x),
    "cos": mp.sin,
    "atan": lambda x: (6 * x**2 - 2) / (1 + x**2) ** 3,
    "erf": lambda x: (8 * x**2 - 4) / mp.sqrt(mp.pi) * mp.exp(-(x**2)),
    "tanh": lambda x: 2 * mp.sech(x) ** 2 * (2 * mp.tanh(x) ** 2 - mp.sech(x) ** 2),
    "sigmoid": lambda x: (mp.sech(x / 2) / 2) ** 2 * (mp.tanh(x / 2) ** 2 - mp.sech(x / 2) ** 2 / 2),
    "softplus": lambda x: -mp.tanh(x / 2) * (mp.sech(x / 2) / 2) ** 2,
    "silu": lambda x: mp.diff(lambda t: t / (1 + mp.exp(-t)), x, 3, h=mpf(10) ** -12),
    "gelu": lambda x: -x * mp.npdf(x) * (4 - x**2),
}


def exact_second(name: str, point: tuple[float, ...], positions: tuple[int, int]) -> mpf:
    formula = SECONDS.get(name, {}).get((min(positions), max(positions)))
    with mp.workdps(60):
        return mpf(formula(*map(mpf, point))) if formula else mpf(0)


def relative_error(computed: float, exact: mpf) -> float:
    """Where the exact number is representable; of subnormal ones, the last digits do not count."""
    if abs(exact) > LARGEST:
        return 0.0 if abs(computed) >= LARGEST and (computed > 0) == (exact > 0) else math.inf
    if not math.isfinite(computed):
        return math.inf
    with mp.workdps(60):
        error = abs(mpf(computed) - exact)
        return 0.0 if error <= 4 * 5e-324 else float(error / abs(exact)) if exact else math.inf


def second_points(operation: Operation, count: int) -> list[tuple[float, ...]]:
    """So many log-spaced numbers as each operand, and points beside the zeros of the second derivatives."""
    draw = random.Random(operation.name)
    special = [0.0, *SPECIAL, *(-x for x in SPECIAL)]
    grid = log_spaced(-323, 308, count) + log_spaced(-3, 3, count) + special
    found = [
        tuple(number if i == position else draw.choice(grid) for i in range(len(operation.parameters)))
        for position in range(len(operation.parameters))
        for number in grid
    ]
    found += [point for zero in ZEROS.get(operation.name, list)() for point in beside(zero)][: 10 * count]
    return [
        point
        for point in found
        if all(x in d for x, d in zip(point, operation.domain, strict=True))
        and not (operation.name in ("maximum", "minimum") and point[0] == point[1])
    ]


def beside(point: tuple[float, ...]) -> list[tuple[float, ...]]:
    """A point, and the nearest floats beside it along its last coordinate, one and a few ulp away."""
    *others, last = point
    return [(*others, last + ulps * math.ulp(last)) for ulps in (0, 1, -1, 5, -7)]


def zeros_of_power() -> list[tuple[float, ...]]:
    """Where 1 + y·ln x, y, y − 1 or ln x is nearly 0."""
    xs = log_spaced(-300, 300, 200)[::2] + log_spaced(-6, 0.5, 200)[::2]
    zeros = [(x, -1 / math.log(x)) for x in xs if x != 1]
    zeros += [(x, y) for x in xs for y in (0.0, 1.0)]
    return zeros + [(1 + far * 2.0**-52, y) for far in (0, 1, -1, 50, -77) for y in (0.3, -2.0, 700.0)]


ZEROS: dict[str, Callable[[], list[tuple[float, ...]]]] = {
    "sin": lambda: [(k * math.pi,) for k in (*range(-20, 20), 10**3, 10**6, 10**12)],
    "cos": lambda: [((k + 0.5) * math.pi,) for k in (*range(-20, 20), 10**3, 10**6, 10**12)],
    "power": zeros_of_power,
    "silu": lambda: [(-2.3993572805154677,), (2.3993572805154677,)],
    "gelu": lambda: [(-math.sqrt(2),), (math.sqrt(2),)],
}

# A thousand points an argument in the profile thorough.
COUNT = 1000 if settings().max_examples >= 20_000 else 100


@pytest.mark.parametrize("operation", [x for x in ON_NUMBERS if x.name in SECONDS], **named)
def test_references_of_the_second_derivatives_are_right(operation: Operation) -> None:
    for point in [(0.3, 0.7), (2.5, -1.25)]:
        point = point[: len(operation.parameters)]
        for position in range(len(point)):
            for other in range(len(point)):
                with mp.workdps(50):
                    partial = PARTIALS[operation.name][position]
                    order = tuple(int(i == other) for i in range(len(point)))
                    numeric = mp.diff(partial, tuple(map(mpf, point)), order, h=mpf(10) ** -15)
                exact = exact_second(operation.name, point, (position, other))

                assert float(exact) == pytest.approx(float(numeric), rel=1e-13, abs=1e-30)


def seconds(function: Callable[..., Value], point: Sequence[float]) -> list[list[float]]:
    """Its derivatives towards each operand, and of these those towards each operand."""
    leaves = [Value(x) for x in point]
    return [[second.data for second in gradient(first, leaves)] for first in gradient(function(*leaves), leaves)]


@pytest.mark.parametrize("operation", ON_NUMBERS, **named)
def test_second_derivatives_are_exact_to_nine_digits(operation: Operation) -> None:
    """Wherever they are representable, near their zeros and in saturation too; mixed ones the same from both sides.

    Seen to fail with the quotient rule for the derivative of 4e/(1+e)², with a product of y and x^(y−1).
    """
    error, point = worst_second(operation, COUNT)

    assert error <= 1e-9, point


def worst_second(operation: Operation, count: int) -> tuple[float, tuple[float, ...]]:
    worst = (0.0, ())
    for point in second_points(operation, count):
        found = seconds(operation, point)
        for i, row in enumerate(found):
            for j, second in enumerate(row):
                if second != found[j][i]:
                    return math.inf, point
                worst = max(worst, (relative_error(second, exact_second(operation.name, point, (i, j))), point))
    return worst


def second_lists(name: str, count: int) -> list[list[float]]:
    draw = random.Random(name)
    grid = [0.0, *(log_spaced(-20, 2.8, 200) if name == "logsumexp" else log_spaced(-100, 100, 200))]
    lists = [[draw.choice(grid) for _ in range(draw.randint(1, 4))] for _ in range(count)]
    # In the last ones, all that the others have is far below a rounding of 1.
    return [*lists, [40.0, 0.0], [-40.0, 40.0, 1.0], [1e9, 1e9 + 300.0, -1e9]]


def exact_list_second(name: str, xs: Sequence[float], i: int, j: int) -> mpf:
    if name == "dot":
        return mpf(abs(i - j) == len(xs) // 2)
    if name != "logsumexp":
        return mpf(0)
    with mp.workdps(60):
        powers = [mp.exp(x) for x in xs]
        others = [power for place, power in enumerate(powers) if place != i]
        return powers[i] * (mp.fsum(others) if i == j else -powers[j]) / mp.fsum(powers) ** 2


@pytest.mark.parametrize("operation", ON_LISTS, **named)
def test_second_derivatives_of_operations_on_lists_are_exact_to_nine_digits(operation: Operation) -> None:
    """Seen to fail with 1 − a share for what the others have."""
    for xs in second_lists(operation.name, COUNT):
        numbers = xs * operation.list_count
        found = seconds(lambda *leaves: operation(*operation.arguments(leaves)), numbers)
        for i, row in enumerate(found):
            for j, second in enumerate(row):
                assert second == found[j][i], xs
                assert relative_error(second, exact_list_second(operation.name, numbers, i, j)) <= 1e-9, xs


@pytest.mark.parametrize("name", THIRDS)
def test_third_derivatives_are_exact_to_nine_digits(name: str) -> None:
    """Seen to fail with a rule for sech² that forgets that its tanh depends on x."""
    operation = OPERATIONS[name]
    for x in log_spaced(-3, 1.3, COUNT):
        if x in operation.domain[0]:
            leaf = Value(x)
            third = gradient(gradient(gradient(operation(leaf), leaf), leaf), leaf)
            with mp.workdps(60):
                exact = THIRDS[name](mpf(x))

            assert relative_error(third.data, exact) <= 1e-9, x


INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(
    ("x", "y", "by_x_twice", "mixed", "by_y_twice"),
    [
        # Limits for x → 0: of y·(y−1)·x^(y−2), x^(y−1)·(1 + y·ln x) and x^y·(ln x)², but for 0^y, constant where y ≥ 0.
        (0.0, 3.0, 0.0, 0.0, 0.0),
        (0.0, 2.0, 2.0, 0.0, 0.0),
        (0.0, 1.5, INF, 0.0, 0.0),
        (0.0, 1.0, 0.0, -INF, 0.0),
        (0.0, 0.5, -INF, -INF, 0.0),
        (0.0, 0.0, 0.0, INF, 0.0),
        (0.0, -1.0, INF, INF, INF),
        (-0.0, 2.0, 2.0, 0.0, 0.0),
        (-0.0, -1.0, -INF, INF, INF),
        # And for x → inf.
        (INF, 2.0, 2.0, INF, INF),
        (INF, 1.0, 0.0, INF, INF),
        (INF, 0.5, 0.0, 0.0, INF),
        (INF, -1.0, 0.0, 0.0, 0.0),
        # A negative base has real powers for whole exponents only.
        (-2.0, 3.0, -12.0, NAN, NAN),
        (-2.0, -1.0, -0.25, NAN, NAN),
        (-3.0, 2.0, 2.0, NAN, NAN),
        (-3.0, 1.0, 0.0, NAN, NAN),
        (-3.0, 709.0, -INF, NAN, NAN),
        (-3.0, 0.5, NAN, NAN, NAN),
        (NAN, 2.0, NAN, NAN, NAN),
        (2.0, NAN, NAN, NAN, NAN),
    ],
)
def test_second_derivatives_of_a_power_at_edges(
    x: float, y: float, by_x_twice: float, mixed: float, by_y_twice: float
) -> None:
    """Seen to fail with the formulas of the first derivatives differentiated term by term: nan at (0, ½)."""
    found = [[bits(second + 0.0) for second in row] for row in seconds(OPERATIONS["power"], (x, y))]

    assert found == [[bits(by_x_twice), bits(mixed)], [bits(mixed), bits(by_y_twice)]]


@pytest.mark.parametrize("x", [0.0, -0.0, 5e-324, -1e-310, 1e-200, -1.0, 3.0, 1e308, -INF, INF])
def test_a_power_of_degree_n_has_no_derivative_beyond_the_nth(x: float) -> None:
    """Seen to fail with 0 · inf at 1e-310."""
    for degree in range(4):
        leaf = Value(x)
        derivative = leaf**degree
        for _ in range(degree + 1):
            derivative = gradient(derivative, leaf)

        assert (derivative.data, gradient(derivative, leaf).data) == (0.0, 0.0)


def test_second_derivatives_of_whole_powers_of_negative_numbers_are_exact_to_nine_digits() -> None:
    """Seen to fail with the sign of x^(y−2) lost."""
    draw = random.Random(1)
    for _ in range(5 * COUNT):
        exponent = draw.choice([-1, 1]) * draw.randint(1, 40)
        x = -math.exp(draw.uniform(-709, 709) / draw.choice([1, abs(exponent)]))
        with mp.workdps(60):
            exact = exponent * (exponent - 1) * mpf(x) ** (exponent - 2)

        assert relative_error(seconds(lambda x, e=exponent: x**e, [x])[0][0], exact) <= 1e-9, (x, exponent)


@pytest.mark.parametrize(("x", "y"), [(2.0**-565, 2.0**465), (2.0**-1060, 2.0**-30)])
def test_second_derivatives_of_a_subnormal_quotient_are_exact(x: float, y: float) -> None:
    """By powers of two. Seen to fail with a dividend that is scaled up also where y is large: 0."""
    leaves = Value(x), Value(y)
    by_x, by_y = gradient(leaves[0] / leaves[1], leaves)

    assert (by_x.data, by_y.data) == (1 / y, -(x / y / y))
    assert seconds(OPERATIONS["divide"], (x, y)) == [[0.0, -(1 / y**2)], [-(1 / y**2), 2 * (x / y / y) / y]]


@pytest.mark.parametrize(
    ("xs", "value", "shares"),
    [
        ([709.0, INF], INF, [0.0, 1.0]),
        ([710.0, INF], INF, [0.0, 1.0]),
        ([INF, -INF, 0.0], INF, [1.0, 0.0, 0.0]),
        ([-INF, 0.0], 0.0, [0.0, 1.0]),
        ([INF], INF, [1.0]),
        ([-INF], -INF, [1.0]),
        ([7.0], 7.0, [1.0]),
        ([INF, 0.0, INF], INF, [NAN, 0.0, NAN]),
        ([-INF, -INF], -INF, [NAN, NAN]),
        ([INF, NAN], NAN, [NAN, NAN]),
        ([NAN, -INF], NAN, [NAN, NAN]),
        ([NAN, INF, 0.0], NAN, [NAN, NAN, NAN]),
    ],
)
def test_shares_of_infinite_numbers_are_the_limits(xs: list[float], value: float, shares: list[float]) -> None:
    """Seen to fail with infinite numbers that are not shifted: softmax([710, inf]) is nan."""
    leaves = [Value(x) for x in xs]
    node = logsumexp(leaves)
    node.backward()

    assert bits(node.data) == bits(logsumexp(xs)) == bits(value)
    assert [bits(leaf.grad) for leaf in leaves] == [bits(share) for share in shares]
    assert [bits(share) for share in softmax(xs)] == [bits(share) for share in shares]
    assert [bits(share.data) for share in softmax(leaves)] == [bits(share) for share in shares]


@pytest.mark.parametrize("xs", [[709.0, INF], [INF, -INF, 0.0], [-INF, 0.0], [INF], [-INF], [INF, 0.0, INF]])
def test_gradients_of_shares_of_infinite_numbers_are_the_limits(xs: list[float]) -> None:
    """0, for no finite change of a number changes them; nan for what nobody knows. Seen to fail with x − inf at inf."""
    unknown = [xs.count(x) > 1 for x in xs]
    hessian = seconds(lambda *xs: logsumexp(xs), xs)

    assert [[bits(second + 0.0) for second in row] for row in hessian] == [
        [bits(NAN if a and b else 0.0) for a in unknown] for b in unknown
    ]
    for place in range(len(xs)):
        leaves = [Value(x) for x in xs]
        softmax(leaves)[place].backward()
        if not any(unknown):
            assert [leaf.grad for leaf in leaves] == [0.0] * len(xs)


# Operations on lists ------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ON_LISTS, **named)
def test_operations_on_lists_are_exact_to_4_ulp_a_term(operation: Operation) -> None:
    """Of the sum of absolute terms: what cancels in a sum is gone before any formula could save it."""
    draw = random.Random(operation.name)
    for _ in range(300):
        length = draw.randint(1, 8)
        lists = [[draw.choice(NUMBERS) for _ in range(length)] for _ in range(operation.list_count)]
        if operation.name == "logsumexp":
            lists = [[max(-1e5, min(1e5, x)) for x in lists[0]]]
        flat = [x for numbers in lists for x in numbers]
        leaves = [[Value(x) for x in numbers] for numbers in lists]
        node = operation(*leaves)
        with mp.workdps(700):
            terms = exact_terms(operation.name, lists)
            total = mp.fsum(map(abs, terms))
            if total <= LARGEST:
                error = abs(mpf(node.data) - REFERENCES[operation.name](*map(mpf, flat)))

                assert error <= 4 * length * math.ulp(float(total)), lists
        for (_, partial), exact in zip(node.local_gradients(), exact_list_partials(operation.name, lists), strict=True):
            assert partial is not None
            if operation.name == "logsumexp":  # a share of 1
                assert abs(mpf(partial) - exact) <= 4 * length * math.ulp(1.0), lists
            else:
                assert ulps(partial, exact) <= 4, lists


def exact_terms(name: str, lists: list[list[float]]) -> list[mpf]:
    first = [mpf(x) for x in lists[0]]
    if name == "dot":
        return [x * mpf(y) for x, y in zip(first, lists[1], strict=True)]
    if name == "logsumexp":
        return [max(map(abs, first)), mp.log(len(first))]
    return first


def exact_list_partials(name: str, lists: list[list[float]]) -> list[mpf]:
    with mp.workdps(60):
        if name == "dot":
            return [mpf(x) for x in lists[1] + lists[0]]
        if name == "logsumexp":
            total = mp.fsum(mp.exp(x) for x in lists[0])
            return [mp.exp(x) / total for x in lists[0]]
        return [mpf(1) / (len(lists[0]) if name == "mean" else 1)] * len(lists[0])
