"""Many numbers at once: the formulas of the rule book over lanes, and the elementary functions that are vectorised."""

import itertools
import math
import operator
import random
import re
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers import bits, declared
from mpmath import mp, mpf

from autograd import BLOCKED, OPERATIONS, Operation, ieee
from autograd.engines import native
from autograd.generate import lanes
from autograd.tracing import COMPARISONS, Apply, Branch, Formula, Input

OF_BOOK = [operation for operation in OPERATIONS.values() if operation.is_of_book]
HEADER = Path(lanes.__file__).parents[1] / "native" / "lane_math.h"

needs_engine = pytest.mark.skipif(native is None, reason="there is no compiled engine")

# Operations of which no bit may differ from the engine's: they are made of what the standard of floats defines.
EXACT = {
    "add",
    "subtract",
    "negate",
    "multiply",
    "divide",
    "reciprocal",
    "identity",
    "sqrt",
    "hypot",
    "relu",
    "leaky_relu",
}
EXACT |= {"abs", "sign", "floor", "ceil", "round", "maximum", "minimum", "clamp", "where", "remainder", "floor_divide"}
EXACT |= {"sum", "mean", "max", "min", "dot", "prod", "norm", "var", "std"}

SPECIAL = [0.0, 1.0, 0.5, 2.0, math.inf, math.nan, 5e-324, 1e-310, 2.2250738585072014e-308, 1.7976931348623157e308]
SPECIAL += [1e-20, 1e20, 709.79, 745.2, 708.5, 0.55, 30.0, 1000.5, 64.0, 28.5, 1e6, 1000000.1, 1e160, 1e-160, 0.1]
SPECIAL += [-x for x in SPECIAL]


def column(numbers: Any) -> array:
    return array("d", numbers)


def columns(examples: list[tuple[float, ...]]) -> list[array]:
    return [column(numbers) for numbers in zip(*examples, strict=True)]


def values(operation: Operation, examples: list[tuple[float, ...]]) -> list[float]:
    return native.lane_values(operation, columns(examples)).tolist()


def flows(operation: Operation, examples: list[tuple[float, ...]], flow: float) -> list[tuple[float, ...]]:
    found = values(operation, examples)
    towards = native.lane_flows(operation, columns(examples), column(found), column([flow] * len(examples)))
    return list(zip(*towards, strict=True))


def count_of(operation: Operation) -> int:
    return 4 if operation.list_count else len(operation.parameters)


def points(operation: Operation, count: int = 300) -> list[tuple[float, ...]]:
    """Examples of all sizes, with special numbers among them."""
    draw = random.Random(operation.name)
    operands = count_of(operation)

    def number() -> float:
        sizes = (1.0, 3.0, 30.0, 800.0, 2.0 ** draw.uniform(-1074, 1023))
        return draw.choice(SPECIAL) if draw.random() < 0.2 else draw.gauss(0.0, draw.choice(sizes))

    mixed = [tuple([number() for _ in range(operands)]) for _ in range(count)]
    tame = [tuple([draw.gauss(0.0, 2.0) for _ in range(operands)]) for _ in range(count)]
    tied = [tuple([draw.choice([-1.0, 0.0, 2.0, math.inf]) for _ in range(operands)]) for _ in range(count // 4)]
    alike = list(itertools.product(SPECIAL, repeat=operands)) if operands == 1 else []
    return [*mixed, *tame, *tied, *alike]


def ulps(number: float, right: float) -> float:
    """How far a number is from the right one, in units of its last place."""
    if bits(number) == bits(right):
        return 0.0
    return abs(number - right) / math.ulp(right) if math.isfinite(number - right) and right else math.inf


# As the engine --------------------------------------------------------------------------------------


@needs_engine
@pytest.mark.parametrize("operation", OF_BOOK, ids=lambda operation: operation.name)
def test_values_of_many_are_those_of_one(operation: Operation) -> None:
    """Seen to fail with tanh(−0.0) = 0.0, with a nan that max passed over, and without expm1(x) = x for tiny x."""
    examples = points(operation)
    right = [operation.rule(*operation.arguments(example))[0] for example in examples]
    found = values(operation, examples)
    far = [
        (example, number, expected)
        for example, number, expected in zip(examples, found, right, strict=True)
        if ulps(number, expected) > (0.0 if operation.name in EXACT else 4.0)
        and not (operation.name == "logsumexp" and abs(number - expected) < 1e-15 * max(map(abs, example)))
    ]

    assert far == []


@needs_engine
@pytest.mark.parametrize("flow", [1.0, -0.7, 0.0])
@pytest.mark.parametrize("operation", OF_BOOK, ids=lambda operation: operation.name)
def test_flows_of_many_are_those_of_one(operation: Operation, flow: float) -> None:
    """Seen to fail with 0.0 for BLOCKED, with ties that were counted as one, and with a coefficient changed."""
    examples = points(operation)
    far = []
    for example, found in zip(examples, flows(operation, examples, flow), strict=True):
        partials = operation.rule(*operation.arguments(example))[1]()
        partials = [each() if callable(each) else each for each in partials]
        for place, (number, partial) in enumerate(zip(found, flattened(partials), strict=True)):
            right = -0.0 if partial is BLOCKED else flow * partial
            if ulps(number, right) > (0.0 if operation.name in EXACT else 6.0):
                far.append((example, place, number, right))

    assert far == []


def flattened(partials: Any) -> Iterator[Any]:
    for each in partials:
        if isinstance(each, (list, tuple)):
            yield from flattened(each)
        else:
            yield each


@needs_engine
@pytest.mark.parametrize("operation", OF_BOOK, ids=lambda operation: operation.name)
def test_the_place_of_a_number_changes_no_bit(operation: Operation) -> None:
    """Seen to fail with exp from C's library for what is left over after the last vector of eight."""
    examples = points(operation, 50)
    together = list(map(bits, values(operation, examples)))
    flow = [tuple(map(bits, each)) for each in flows(operation, examples, 0.3)]

    for few in (1, 3, 7, 8, 65):
        parts = [examples[i : i + few] for i in range(0, len(examples), few)]
        assert [bits(x) for part in parts for x in values(operation, part)] == together
        assert [tuple(map(bits, x)) for part in parts for x in flows(operation, part, 0.3)] == flow


# Formulas without branches ---------------------------------------------------------------------------

FUNCTIONS = {name: getattr(ieee, name) for name in ("exp", "log", "sqrt", "fabs")}
FUNCTIONS |= {"add": operator.add, "multiply": operator.mul, "negate": operator.neg, "not": operator.not_}
FUNCTIONS |= {name: getattr(operator, name) for name in COMPARISONS}
FUNCTIONS |= {"and": lambda *conditions: all(conditions), "or": lambda *conditions: any(conditions)}
FUNCTIONS |= {"select": lambda condition, yes, no: yes if condition else no}


def answer(formula: Formula, x: float, y: float) -> Any:
    """What a formula comes to."""
    if isinstance(formula, Branch):
        return answer(formula.yes if answer(formula.condition, x, y) else formula.no, x, y)
    if isinstance(formula, Apply):
        return FUNCTIONS[formula.function](*[answer(each, x, y) for each in formula.arguments])
    return {"x": x, "y": y}[formula.name] if isinstance(formula, Input) else formula


def random_formula(draw: random.Random) -> Formula:
    """Branches over expressions that have much in common."""
    pool: list[Any] = [Input("x"), Input("y"), 0.0, -0.0, 2.0, math.inf]
    for _ in range(12):
        name = draw.choice(["exp", "exp", "log", "sqrt", "fabs", "add", "multiply", "negate"])
        pool.append(Apply(name, tuple(draw.choices(pool, k=2 if name in ("add", "multiply") else 1))))

    def condition(depth: int) -> Apply:
        if depth == 0 or draw.random() < 0.7:
            return Apply(draw.choice(sorted(COMPARISONS)), tuple(draw.choices(pool, k=2)))
        name = draw.choice(["and", "or", "not"])
        return Apply(name, tuple([condition(depth - 1) for _ in range(1 if name == "not" else 2)]))

    def formula(depth: int) -> Formula:
        return Branch(condition(2), formula(depth - 1), formula(depth - 1)) if depth else draw.choice(pool)

    return formula(draw.randrange(1, 5))


@pytest.mark.parametrize("seed", range(200))
def test_a_formula_without_branches_comes_to_the_same(seed: int) -> None:
    """Seen to fail with 0.0 and −0.0 taken for the same, and with exp(x) left out where x may be smaller too."""
    draw = random.Random(seed)
    formula = random_formula(draw)
    straight = lanes.Straightened().straight(formula)

    numbers = [0.0, -0.0, 1.5, -2.0, math.inf, -math.inf, math.nan]
    for x, y in itertools.product(numbers, repeat=2):
        assert bits(answer(straight, x, y)) == bits(answer(formula, x, y)), (x, y)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "softplus", "silu", "gelu_tanh"])
def test_what_both_sides_of_a_branch_call_is_called_once(name: str) -> None:
    """Seen to fail where each side computed its own exponential."""
    text = "\n".join(lanes.kernels(OPERATIONS[name], set(), set()))
    bodies = re.findall(r"void lanes_\w+ *\(.*?\n}", text, re.DOTALL)

    assert len(bodies) == 2
    assert max(body.count("lane_exp(") for body in bodies) <= 1


@pytest.mark.parametrize("name", ["relu", "maximum", "minimum", "clamp", "abs", "sign", "floor", "leaky_relu", "where"])
def test_a_derivative_at_nan_costs_no_exponential(name: str) -> None:
    """The rule book writes it exp(nan), which is that nan. Seen to fail without is_nan."""
    assert "lane_exp(" not in "\n".join(lanes.kernels(OPERATIONS[name], set(), set()))


def test_operands_may_be_called_as_they_like() -> None:
    """Seen to fail with arrays of the names of operands: the length of each is n, and the answer goes to out."""

    def named(n: Any, out: Any, i: Any) -> Any:
        return n * out + i, lambda: (out, n, 1.0)

    with declared(named) as operation:
        heads = [line for line in lanes.kernels(operation, set(), set()) if line.startswith("LANES")]
    names = [re.findall(r"(\w+)[,)]", head) for head in heads]

    assert len(heads) == 4
    assert all(len(set(each)) == len(each) for each in names)


# Elementary functions -------------------------------------------------------------------------------

draw = random.Random()


def any_size(smallest: float, largest: float, count: int) -> list[float]:
    return [2.0 ** draw.uniform(math.log2(smallest), math.log2(largest)) for _ in range(count)]


def both_signs(numbers: list[float]) -> list[float]:
    return [draw.choice((-1.0, 1.0)) * number for number in numbers]


def between(start: float, end: float, count: int) -> list[float]:
    """With all their bits, of which `uniform` leaves the last ones 0 where the numbers are smaller than the ends."""
    return [draw.uniform(start, end) * draw.uniform(1.0 - 1e-9, 1.0) for _ in range(count)]


def beside(step: float, first: int, last: int) -> list[float]:
    """Where the reduction of arguments goes from one number of steps to the next, and where nothing is left."""
    return [x * step * (1.0 + draw.choice((-1, 0, 1)) * 2.0**-52) for n in range(first, last) for x in (n, n + 0.5)]


LN2 = math.log(2.0)
TINY, SMALL, LARGE = 5e-324, 1e-16, 1.7e308
# Numbers of which each function is hard, about n of each kind.
HARD: dict[str, Callable[[int], list[float]]] = {
    "exp": lambda n: between(-745.2, 709.78, n) + between(-2, 2, n) + between(-745, -700, n) + beside(LN2, -1000, 1000),
    "exp2": lambda n: between(-1075, 1024, n) + between(-2, 2, n) + beside(1.0, -1070, 1020),
    "expm1": lambda n: between(-50, 709.78, n) + between(-2, 2, n) + both_signs(any_size(TINY, 1, n)),
    "tanh": lambda n: between(-20, 20, n) + between(-1, 1, n) + between(0.5, 0.6, n) + any_size(TINY, 1, n),
    "log": lambda n: (
        any_size(TINY, LARGE, n) + between(0.5, 2, n) + [1 + x for x in both_signs(any_size(SMALL, 0.5, n))]
    ),
    "log1p": lambda n: any_size(TINY, LARGE, n) + between(-1, 2, n) + both_signs(any_size(TINY, 0.99, n)),
    "sin": lambda n: between(-10, 10, n) + between(-1.1e6, 1.1e6, n) + any_size(TINY, 1e300, n) + beside(math.pi, 0, n),
    "sqrt": lambda n: any_size(TINY, LARGE, n),
}
HARD["cos"] = HARD["sin"]


def largest_error(name: str, count: int) -> float:
    """The largest error of a function at its hard numbers, in ulp of the exact value."""
    draw.seed(name)
    numbers = HARD[name](count)
    exact = {"exp2": lambda x: mpf(2) ** x}.get(name, getattr(mp, name, None))
    errors = []
    with mp.workprec(1200 if name in ("sin", "cos") else 200):
        for number, found in zip(numbers, values(OPERATIONS[name], [(x,) for x in numbers]), strict=True):
            right = exact(mpf(number))
            if not math.isinf(float(right)):
                errors.append(float(abs(mpf(found) - right) / math.ulp(float(right))))
    return max(errors)


@needs_engine
@pytest.mark.parametrize("name", HARD)
def test_vectorised_functions_are_within_the_error_that_is_told(name: str) -> None:
    """Seen to fail with a coefficient changed in its tenth digit, with 1.0 − (u − x) in log1p for x < 1, and with an
    argument of 10⁹ as near enough to 0 for sin."""
    told = re.search(rf"\b{name} +(\d\.\d+)", HEADER.read_text(encoding="utf-8"))
    assert told is not None

    assert largest_error(name, 1000) <= float(told[1]) <= 1.5


@needs_engine
@pytest.mark.parametrize("name", ["exp", "exp2", "expm1", "log", "log1p", "sin", "cos", "tanh", "sqrt"])
def test_special_numbers_give_what_the_standard_says(name: str) -> None:
    operation = OPERATIONS[name]
    right = [operation.rule(x)[0] for x in SPECIAL]
    found = values(operation, [(x,) for x in SPECIAL])
    odd = [
        (x, a, b) for x, a, b in zip(SPECIAL, found, right, strict=True) if bits(a) != bits(b) and not ulps(a, b) <= 2
    ]

    assert odd == []


def test_what_is_said_to_be_vectorised_is_there() -> None:
    header = HEADER.read_text(encoding="utf-8")

    for name in lanes.VECTORISED:
        assert re.search(rf"(double|define) lane_{name}\(", header), name
