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


def power(x: mpf, y: mpf) -> mpf:
    return mp.exp(y * mp.log(x))


def length(x: mpf, y: mpf) -> mpf:
    return mp.sqrt(x**2 + y**2)


def bell(x: mpf) -> mpf:
    return 2 / mp.sqrt(mp.pi) * mp.exp(-(x**2))


def sigmoid(x: mpf) -> mpf:
    return 1 / (1 + mp.exp(-x)) if x > 0 else mp.exp(x) / (1 + mp.exp(x))


def u(x: mpf) -> mpf:
    """Twice what the tanh in GELU's approximation is of; of numbers that are too large for mpmath, one that is not."""
    return mp.sqrt(8 / mp.pi) * (x + mpf("0.044715") * x**3) if abs(x) < 1e3 else 1e6 * mp.sign(x)


def slope_of_u(x: mpf) -> mpf:
    return mp.sqrt(8 / mp.pi) * (1 + 3 * mpf("0.044715") * x**2)


def squares(xs: Sequence[mpf]) -> mpf:
    return mp.fsum(x * x for x in xs)


def deviations(xs: Sequence[mpf]) -> list[mpf]:
    return [x - mp.fsum(xs) / len(xs) for x in xs]


# A line for each operation: its value in mpmath, or a tuple of its value and, for each operand, the derivative. One of
# an operation on a list takes the numbers one by one; its derivatives, if they are given, are one function that answers
# them all. Derivatives that are left out are measured by differences, which takes longer, and says so where it fails.
LINES: dict[str, Callable | tuple[Callable, ...]] = {
    "add": (lambda x, y: x + y, lambda x, y: 1, lambda x, y: 1),
    "subtract": (lambda x, y: x - y, lambda x, y: 1, lambda x, y: -1),
    "negate": (lambda x: -x, lambda x: -1),
    "multiply": (lambda x, y: x * y, lambda x, y: y, lambda x, y: x),
    "divide": (lambda x, y: x / y, lambda x, y: 1 / y, lambda x, y: -x / y**2),
    "reciprocal": (lambda x: 1 / x, lambda x: -1 / x**2),
    "power": (lambda x, y: x**y, lambda x, y: y * power(x, y - 1), lambda x, y: power(x, y) * mp.log(x)),
    "remainder": (lambda x, y: x % y, lambda x, y: 1, lambda x, y: -mp.floor(x / y)),
    "floor_divide": (lambda x, y: mp.floor(x / y), lambda x, y: 0, lambda x, y: 0),
    "identity": (lambda x: x, lambda x: 1),
    "exp": (mp.exp, mp.exp),
    "exp2": (lambda x: mpf(2) ** x, lambda x: mpf(2) ** x * mp.log(2)),
    "expm1": (mp.expm1, mp.exp),
    "log": (mp.log, lambda x: 1 / x),
    "log2": (lambda x: mp.log(x) / mp.log(2), lambda x: 1 / (x * mp.log(2))),
    "log10": (mp.log10, lambda x: 1 / (x * mp.log(10))),
    "log1p": (mp.log1p, lambda x: 1 / (1 + x)),
    "sqrt": (mp.sqrt, lambda x: 1 / (2 * mp.sqrt(x))),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), lambda x: 1 / (3 * mp.cbrt(abs(x)) ** 2)),
    "sin": (mp.sin, mp.cos),
    "cos": (mp.cos, lambda x: -mp.sin(x)),
    "tan": (mp.tan, lambda x: 1 / mp.cos(x) ** 2),
    "asin": (mp.asin, lambda x: 1 / mp.sqrt((1 - x) * (1 + x))),
    "acos": (mp.acos, lambda x: -1 / mp.sqrt((1 - x) * (1 + x))),
    "atan": (mp.atan, lambda x: 1 / (1 + x**2)),
    "atan2": (mp.atan2, lambda y, x: x / (x**2 + y**2), lambda y, x: -y / (x**2 + y**2)),
    "hypot": (length, lambda x, y: x / length(x, y), lambda x, y: y / length(x, y)),
    "sinh": (mp.sinh, mp.cosh),
    "cosh": (mp.cosh, mp.sinh),
    "asinh": (mp.asinh, lambda x: 1 / mp.sqrt(1 + x**2)),
    "acosh": (mp.acosh, lambda x: 1 / mp.sqrt((x - 1) * (x + 1))),
    "atanh": (mp.atanh, lambda x: 1 / ((1 - x) * (1 + x))),
    "erf": (mp.erf, bell),
    "erfc": (lambda x: 2 * normal_share(-x * mp.sqrt(2)), lambda x: -bell(x)),
    "tanh": (mp.tanh, lambda x: mp.sech(x) ** 2),
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": (lambda x: max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x))), sigmoid),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
    "gelu": (lambda x: x * normal_share(x), lambda x: normal_share(x) + x * mp.npdf(x)),
    "gelu_tanh": (lambda x: x * sigmoid(u(x)), lambda x: sigmoid(u(x)) * (1 + x * slope_of_u(x) * sigmoid(-u(x)))),
    "relu": (lambda x: max(x, mpf(0)), lambda x: int(x > 0)),
    "leaky_relu": (
        lambda x, slope: x if x > 0 else slope * x,
        lambda x, slope: 1 if x > 0 else slope,
        lambda x, slope: 0 if x > 0 else x,
    ),
    "elu": (
        lambda x, alpha: x if x > 0 else alpha * mp.expm1(x),
        lambda x, alpha: 1 if x > 0 else alpha * mp.exp(x),
        lambda x, alpha: 0 if x > 0 else mp.expm1(x),
    ),
    "abs": (abs, mp.sign),
    "sign": (mp.sign, lambda x: 0),
    "floor": (mp.floor, lambda x: 0),
    "ceil": (mp.ceil, lambda x: 0),
    "round": (mp.nint, lambda x: 0),
    "maximum": (max, lambda x, y: int(x > y), lambda x, y: int(x < y)),
    "minimum": (min, lambda x, y: int(x < y), lambda x, y: int(x > y)),
    "clamp": (
        lambda x, low, high: min(max(x, low), high),
        lambda x, low, high: int(low <= x <= high),
        lambda x, low, high: int(x < low <= high),
        lambda x, low, high: int(low <= high < x or low > high),
    ),
    "where": (
        lambda c, x, y: x if c else y,
        lambda c, x, y: 0,
        lambda c, x, y: int(c != 0),
        lambda c, x, y: int(c == 0),
    ),
    "sum": (lambda *xs: mp.fsum(xs), lambda *xs: [1] * len(xs)),
    "mean": (lambda *xs: mp.fsum(xs) / len(xs), lambda *xs: [mpf(1) / len(xs)] * len(xs)),
    "var": (
        lambda *xs: squares(deviations(xs)) / (len(xs) - 1),
        lambda *xs: [2 * d / (len(xs) - 1) for d in deviations(xs)],
    ),
    "std": (
        lambda *xs: mp.sqrt(squares(deviations(xs)) / (len(xs) - 1)),
        lambda *xs: [d / mp.sqrt(squares(deviations(xs)) * (len(xs) - 1) or 1) for d in deviations(xs)],
    ),
    "prod": (
        lambda *xs: mp.fprod(xs),
        lambda *xs: [mp.fprod(xs[:place] + xs[place + 1 :]) for place in range(len(xs))],
    ),
    "max": (lambda *xs: max(xs), lambda *xs: [mpf(x == max(xs)) / xs.count(max(xs)) for x in xs]),
    "min": (lambda *xs: min(xs), lambda *xs: [mpf(x == min(xs)) / xs.count(min(xs)) for x in xs]),
    "norm": (lambda *xs: mp.sqrt(squares(xs)), lambda *xs: [x / mp.sqrt(squares(xs) or 1) for x in xs]),
    "dot": (
        lambda *xs: mp.fdot(xs[: len(xs) // 2], xs[len(xs) // 2 :]),
        lambda *xs: xs[len(xs) // 2 :] + xs[: len(xs) // 2],
    ),
    "logsumexp": (
        lambda *xs: mp.log(mp.fsum(map(mp.exp, xs))),
        lambda *xs: [mp.exp(x) / mp.fsum(map(mp.exp, xs)) for x in xs],
    ),
}
REFERENCES, PARTIALS = {}, {}
for name, line in LINES.items():
    REFERENCES[name], *PARTIALS[name] = line if isinstance(line, tuple) else (line,)

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
            if is_in_domain(operation, point):
                found.append(point)
    return found + [point for point in MORE_POINTS.get(operation.name, list)() if is_in_domain(operation, point)]


def is_in_domain(operation: Operation, point: Sequence[float]) -> bool:
    """Whether the operation has a derivative there, ties and the jump of an angle left out."""
    if operation.name in ("maximum", "minimum", "hypot") and abs(point[0]) == abs(point[1]):
        return False
    arguments = zip(operation.domain, operation.arguments(point), strict=True)
    return all(all(x in d[0] for x in xs) if isinstance(d, list) else xs in d for d, xs in arguments)


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


def beside_ends(count: int) -> list[tuple[float, ...]]:
    """Numbers between −1 and 1, many of them next to these."""
    draw = random.Random(1)
    found = [draw.uniform(-1, 1) for _ in range(count)]
    return [(x,) for x in found + [sign * (1 - 10 ** draw.uniform(-15.9, 0)) for _ in range(count) for sign in (1, -1)]]


def alike(count: int) -> list[tuple[float, ...]]:
    """Pairs of numbers that are not far from each other."""
    draw = random.Random(1)
    return [(x, x / 8 * draw.uniform(-8, 8)) for x in draw.sample(NUMBERS, count)]


def uniform(low: float, high: float, count: int = 2000) -> list[tuple[float, ...]]:
    draw = random.Random(1)
    return [(draw.uniform(low, high),) for _ in range(count)]


# Where derivatives are 0, where functions end, and where what libm gives is improved.
MORE_POINTS: dict[str, Callable[[], list[tuple[float, ...]]]] = {
    "power": lambda: extreme_powers(2000),
    "exp2": lambda: uniform(-1076, 1025),
    "erfc": lambda: uniform(-6, 27) + uniform(1, 1.25),
    "asin": lambda: beside_ends(700),
    "acos": lambda: beside_ends(700),
    "atanh": lambda: beside_ends(700),
    "acosh": lambda: [(1 + 10 ** (-0.008 * i),) for i in range(1950)],
    "silu": lambda: around(-1.2784645427610738),
    "gelu": lambda: around(-0.7517915246935645),
    "gelu_tanh": lambda: around(-0.7524614220710163) + uniform(-22, 0) + uniform(-1.25, -1.15, 5000),
    "atan2": lambda: alike(700),
    "hypot": lambda: alike(700),
    "remainder": lambda: alike(700),
    "floor_divide": lambda: alike(700),
}


# References ---------------------------------------------------------------------------------------


def exact_value(name: str, point: tuple[float, ...]) -> mpf:
    with mp.workdps(60):
        return REFERENCES[name](*map(mpf, point))


def exact_partial(name: str, point: tuple[float, ...], position: int) -> mpf:
    with mp.workdps(60):
        partial = partial_of(name, position)(*map(mpf, point))
        assert partial is not None, f"differences find no derivative of {name} at {point}: give it in LINES"
        return partial


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


@pytest.mark.parametrize("operation", BUILT_IN, **named)
def test_references_of_the_derivatives_are_right(operation: Operation) -> None:
    tried = 0
    for point in [(0.3, 0.7, -0.4), (2.4, -1.25, 3.0), (-0.6, 0.2, 0.1)]:
        point = point if operation.list_count else point[: len(operation.parameters)]
        point = point[:2] if operation.list_count == 2 else point
        if is_in_domain(operation, point):
            tried += 1
            for position in range(operation.name == "where", len(point)):
                numeric = slope(REFERENCES[operation.name], point, position)

                assert numeric is not None
                assert float(exact_partial(operation.name, point, position)) == pytest.approx(float(numeric), rel=1e-13)
    assert tried


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


def local_gradients(operation: Operation, point: Sequence[float]) -> dict[int, float]:
    """The partials of an operation as its node knows them, by position."""
    leaves = [Value(x) for x in point]
    positions = {leaf: position for position, leaf in enumerate(leaves)}
    node = operation(*operation.arguments(leaves))
    return {positions[leaf]: partial or 0.0 for leaf, partial in node.local_gradients()}


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


def slope(function: Callable[..., mpf], point: Sequence[float], position: int) -> mpf | None:
    """The derivative of a reference by two differences; None where these do not agree, as at a kink.

    Numbers here are as long as one likes, so that a step can be as short: first it is some 1e-30 of the number, then,
    for what bends faster, as a sine of 1e300 does, or hardly at all, so much shorter that it is short for any.
    """
    for digits in (30, 400):
        with mp.workdps(3 * digits):
            numbers = [mpf(x) for x in point]
            size = abs(numbers[position]) or mpf(1)
            h = size / 10**digits
            first, second = (
                (moved(function, numbers, position, right) - moved(function, numbers, position, -left)) / (right + left)
                for right, left in (
                    (h, h),
                    (h / mp.e, h / mp.pi),
                )  # so that at a kink, and by chance, they do not agree
            )
            if second != 0 and abs(first - second) <= abs(second) * mpf(10) ** -25:
                return second
            rounding = abs(function(*numbers)) / size * mpf(10) ** (-1.8 * digits)
            is_nothing = max(abs(first), abs(second)) <= rounding
    return mpf(0) if is_nothing else None


def moved(function: Callable[..., mpf], numbers: Sequence[mpf], position: int, step: mpf) -> mpf:
    return function(*numbers[:position], numbers[position] + step, *numbers[position + 1 :])


def partial_of(name: str, position: int) -> Callable[..., mpf]:
    """The derivative of a reference towards one operand."""
    line, is_list = PARTIALS[name], OPERATIONS[name].list_count > 0
    if not line:
        return lambda *point: slope(REFERENCES[name], point, position)
    return (lambda *point: mpf(line[0](*point)[position])) if is_list else (lambda *point: mpf(line[position](*point)))


# Formulas of second derivatives that differences take long to find, by the two operands; what is not listed is 0.
SECONDS: dict[str, dict[tuple[int, int], Callable]] = {
    "power": {
        (0, 0): lambda x, y: y * (y - 1) * power(x, y - 2),
        (0, 1): lambda x, y: power(x, y - 1) * (1 + y * mp.log(x)),
        (1, 1): lambda x, y: power(x, y) * mp.log(x) ** 2,
    },
    "remainder": {},  # whose first derivative is a staircase
    "atan2": {
        (0, 0): lambda y, x: -2 * x * y / (x**2 + y**2) ** 2,
        (0, 1): lambda y, x: (y - x) * (y + x) / (x**2 + y**2) ** 2,
        (1, 1): lambda y, x: 2 * x * y / (x**2 + y**2) ** 2,
    },
    "erf": {(0, 0): lambda x: -2 * x * bell(x)},
    "erfc": {(0, 0): lambda x: 2 * x * bell(x)},
    "sigmoid": {(0, 0): lambda x: -mp.tanh(x / 2) * sigmoid(x) * sigmoid(-x)},
    "softplus": {(0, 0): lambda x: sigmoid(x) * sigmoid(-x)},
    "silu": {(0, 0): lambda x: sigmoid(x) * sigmoid(-x) * (2 - x * mp.tanh(x / 2))},
    "gelu": {(0, 0): lambda x: mp.npdf(x) * (2 - x**2)},
    "elu": {
        (0, 0): lambda x, alpha: 0 if x > 0 else alpha * mp.exp(x),
        (0, 1): lambda x, alpha: 0 if x > 0 else mp.exp(x),
    },
    "clamp": {},
    "where": {},
}


def exact_second(name: str, point: Sequence[float], positions: tuple[int, int]) -> mpf | None:
    """By a formula, else by differences of the first derivative; None where that has none."""
    if name not in SECONDS:
        return slope(partial_of(name, positions[0]), point, positions[1])
    formula = SECONDS[name].get((min(positions), max(positions)))
    with mp.workdps(60):
        return mpf(formula(*map(mpf, point))) if formula else mpf(0)


@pytest.mark.parametrize("name", SECONDS)
def test_references_of_the_second_derivatives_are_right(name: str) -> None:
    for point in [(0.3, 0.7, 2.0), (2.4, 1.25, 3.0)]:
        point = point[: len(PARTIALS[name])]
        for i in range(len(point)):
            for j in range(len(point)):
                numeric = slope(partial_of(name, i), point, j)

                assert numeric is not None
                assert float(exact_second(name, point, (i, j)) or 0) == pytest.approx(float(numeric), rel=1e-13)


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
    return [point for point in found if is_in_domain(operation, point)]


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
    "gelu_tanh": lambda: [(-1.4141178155024533,), (1.4141178155024533,)],
    "atan2": lambda: [(x, sign * x) for x in log_spaced(-300, 300, 100) for sign in (1, -1)],
}

# A thousand points an argument in the profile thorough.
COUNT = 1000 if settings().max_examples >= 20_000 else 100


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
                exact = exact_second(operation.name, point, (i, j))
                if exact is not None:
                    worst = max(worst, (relative_error(second, exact), point))
    return worst


def second_lists(name: str, count: int) -> list[list[float]]:
    draw = random.Random(name)
    grid = [0.0, *(log_spaced(-20, 2.8, 200) if name == "logsumexp" else log_spaced(-100, 100, 200))]
    shortest = 2 if name in ("var", "std") else 1
    lists = [[draw.choice(grid) for _ in range(draw.randint(shortest, 4))] for _ in range(count)]
    lists += [[x * (1 + draw.randint(-9, 9) * 2.0**-52) for _ in range(3)] for x in draw.sample(grid, 20)]
    # In the last ones, all that the others have is far below a rounding of 1.
    return [*lists, [40.0, 0.0], [-40.0, 40.0, 1.0], [1e9, 1e9 + 300.0, -1e9]]


# By formulas where differences would lose what one number is beside another one.
LIST_SECONDS: dict[str, Callable[[Sequence[mpf], int, int], mpf]] = {
    "max": lambda xs, i, j: mpf(0),
    "min": lambda xs, i, j: mpf(0),
    "dot": lambda xs, i, j: mpf(abs(i - j) == len(xs) // 2),
    "prod": lambda xs, i, j: mp.fprod(x for place, x in enumerate(xs) if place not in (i, j)) * (i != j),
    "norm": lambda xs, i, j: (squares(without(xs, i)) if i == j else -xs[i] * xs[j]) / mp.sqrt(squares(xs)) ** 3,
    "std": lambda xs, i, j: (
        ((i == j) - mpf(1) / len(xs) - deviations(xs)[i] * deviations(xs)[j] / squares(deviations(xs)))
        / mp.sqrt(squares(deviations(xs)) * (len(xs) - 1))
    ),
    "logsumexp": lambda xs, i, j: (
        mp.exp(xs[i])
        * (mp.fsum(map(mp.exp, without(xs, i))) if i == j else -mp.exp(xs[j]))
        / mp.fsum(map(mp.exp, xs)) ** 2
    ),
}


def without(xs: Sequence[mpf], place: int) -> list[mpf]:
    return [*xs[:place], *xs[place + 1 :]]


def exact_list_second(name: str, xs: Sequence[float], i: int, j: int) -> mpf | None:
    """None where there is none, as where all numbers are 0."""
    if name not in LIST_SECONDS:
        return exact_second(name, xs, (i, j))
    with mp.workdps(60 if name == "logsumexp" else 700):
        try:
            return LIST_SECONDS[name](list(map(mpf, xs)), i, j)
        except ZeroDivisionError:
            return None


@pytest.mark.parametrize("operation", ON_LISTS, **named)
def test_second_derivatives_of_operations_on_lists_are_exact_to_nine_digits(operation: Operation) -> None:
    """Seen to fail with 1 − a share for what the others have."""
    for xs in second_lists(operation.name, COUNT):
        numbers = xs * operation.list_count
        found = seconds(lambda *leaves: operation(*operation.arguments(leaves)), numbers)
        for i, row in enumerate(found):
            for j, second in enumerate(row):
                exact = exact_list_second(operation.name, numbers, i, j)

                assert second == found[j][i], xs
                assert exact is None or relative_error(second, exact) <= 1e-9, xs


@pytest.mark.parametrize("operation", [x for x in ON_NUMBERS if len(x.parameters) == 1], **named)
def test_third_derivatives_are_exact_to_nine_digits(operation: Operation) -> None:
    """Seen to fail with a rule for sech² that forgets that its tanh depends on x."""
    for x in log_spaced(-3, 1.3, COUNT):
        if x in operation.domain[0]:
            leaf = Value(x)
            third = gradient(gradient(gradient(operation(leaf), leaf), leaf), leaf)
            with mp.workdps(150):
                exact = mp.diff(REFERENCES[operation.name], mpf(x), 3, h=mpf(10) ** -20)

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


# What cancels in a sum is gone before any formula could save it: so these are measured by the sum of absolute terms.
TERMS: dict[str, Callable[..., list[mpf]]] = {
    "sum": lambda *xs: list(xs),
    "mean": lambda *xs: list(xs),
    "dot": lambda *xs: [x * y for x, y in zip(xs[: len(xs) // 2], xs[len(xs) // 2 :], strict=True)],
    "logsumexp": lambda *xs: [max(map(abs, xs)), mp.log(len(xs))],
}


@pytest.mark.parametrize("operation", ON_LISTS, **named)
def test_operations_on_lists_are_exact_to_4_ulp_a_term(operation: Operation) -> None:
    for flat in lists_for(operation):
        leaves = list(map(Value, flat))
        node = operation(*operation.arguments(leaves))
        with mp.workdps(700):
            numbers = list(map(mpf, flat))
            exact = REFERENCES[operation.name](*numbers)
            terms = TERMS.get(operation.name, lambda *xs, exact=exact: [exact])(*numbers)
            total = mp.fsum(map(abs, terms))
            if total <= LARGEST:
                assert abs(mpf(node.data) - exact) <= 4 * len(flat) * math.ulp(float(total)), flat


@pytest.mark.parametrize("operation", ON_LISTS, **named)
def test_local_gradients_of_operations_on_lists_are_exact_to_4_ulp(operation: Operation) -> None:
    """Of a share of logsumexp, 4 ulp of 1 a term. Seen to fail with the whole product divided by one of its numbers."""
    for flat in lists_for(operation):
        found = local_gradients(operation, flat)
        with mp.workdps(60 if operation.name == "logsumexp" else 700):
            exact = [partial_of(operation.name, place)(*map(mpf, flat)) for place in range(len(flat))]
        for place, partial in found.items():
            if operation.name == "logsumexp":
                assert abs(mpf(partial) - exact[place]) <= 4 * len(flat) * math.ulp(1.0), flat
            else:
                assert ulps(partial, exact[place]) <= 4, flat


def lists_for(operation: Operation) -> list[list[float]]:
    """Lists over all of float64, of numbers near 1, and of nearly equal ones; as many numbers as lists are needed."""
    draw = random.Random(operation.name)
    found = []
    for kind in range(300):
        length = draw.randint(2, 8)
        xs = [draw.choice(NUMBERS) if kind % 3 == 0 else draw.uniform(-3, 3) for _ in range(length)]
        if kind % 3 == 2:
            center = draw.choice([x for x in NUMBERS if 1e-290 < abs(x) < 1e300])
            xs = [center * (1 + 10 ** draw.uniform(-16, -1)) for _ in range(length)]
        if operation.name == "logsumexp":
            xs = [max(-1e5, min(1e5, x)) for x in xs]
        found.append(xs * operation.list_count)
    return found
