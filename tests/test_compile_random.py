"""Random programs, compiled and eager: the same numbers.

A recipe is plain data, from which the text of a Python function is written: nested arguments, captured leaves and
nodes, the operations of the book, sums of products in all their shapes, branches, loops, `take`, `detach`, a user's own
operations. The function is called as it is and compiled, in the midst of a graph that uses its parameters too. What one
call answers, and all gradients, must agree bit for bit; what `mean`, `sum` and `map` answer, as far as is promised.

As a script it runs so many recipes, and shows the smallest of those that fail: python tests/test_compile_random.py 1000
"""

import math
import random
import re
import struct
import sys
import time
import warnings
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from helpers import bits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import autograd
from autograd import OPERATIONS, Value, gradient, no_grad
from autograd.book import REALS, unlisted
from autograd.compiler.program import LINEAR, TAKE
from autograd.compiler.replay import Replay as Reference
from autograd.engines import native

# Recipes ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One statement: its kind, the places of its operands, counted back from the newest name, and a constant."""

    kind: str
    places: tuple[int, ...]
    constant: float


@dataclass(frozen=True)
class Recipe:
    """A function and what it is called with. In a template "n" is a number, "v" a Value, "i" an index."""

    templates: tuple[tuple[str, Any], ...]
    steps: tuple[Step, ...]
    outputs: int
    surroundings: int
    numbers: str  # calm, tied or wild
    seeds: tuple[int, ...]  # of the numbers of each call
    examples: int


CALM = (0.5, 2.0, -1.0, 3.0, 0.1, -0.7, 1.0)
TIED = (0.0, 1.0, -1.0, 0.5, -0.5, 2.0)
WILD = (
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    5e-324,
    -1e-310,
    1e308,
    -1e308,
    1e-200,
    1e200,
    1.0 + 2**-52,
    1.0,
    -1.0,
)

# Whose values many lanes give bit for bit.
EXACT = {
    "add", "subtract", "negate", "multiply", "divide", "reciprocal", "sqrt", "relu", "leaky_relu", "abs", "sign",
    "floor", "ceil", "round", "maximum", "minimum", "clamp", "where", "identity", "sum", "mean", "max", "min", "dot",
}  # fmt: skip

BOOK = {name: each for name, each in OPERATIONS.items() if each.is_of_book}
OF_ONE = [name for name, each in BOOK.items() if len(each.domain) == 1 and not each.list_count]
OF_TWO = [name for name, each in BOOK.items() if len(each.domain) == 2 and not each.list_count]
OF_THREE = [name for name, each in BOOK.items() if len(each.domain) == 3]
OF_LISTS = [name for name, each in BOOK.items() if each.list_count]

# Statements that are more than one call, with operands {0}, {1} …, the constant {c} and the new name {v}.
SHAPES = {
    "left": "{v} = {0} * {1} + {2} * {3} + {4} * {5}",
    "right": "{v} = {0} * {1} + ({2} * {3} + ({4} * {5} + {c}))",
    "reversed": "{v} = {4} + ({2} * {3} + {0} * {1}) + {c}",
    "mixed": "{v} = ({0} + {1} * {2}) + ({3} + {4}) - {5}",
    "python's sum": "{v} = sum([{0} * {1}, {2} * {3}, {0} * {3}])",
    "sum": "{v} = autograd.sum([{0} * {1}, {2}, {3} * {c}])",
    "dot": "{v} = autograd.dot([{0}, {1}, {2}], [{3}, {4}, {5}])",
    "dot with constants": "{v} = autograd.dot([{0}, {1}, {c}], [{c}, {3}, {4}])",
    "dot twice": "{v} = autograd.dot([{0}, {0}], [{1}, {2}]) + autograd.dot([{0}, {3}], [{0}, {1}])",
    "neuron": "{v} = autograd.tanh({0} * {1} + {2} * {3} + {4})",
    "rectified": "{v} = (autograd.dot([{0}, {1}], [{2}, {3}]) + {4}).relu()",
    "products first": "p, q, r = {0} * {1}, {2} * {3}, {0} * {4}\n    {v} = {c} + r + q + p",
    "interleaved": "p, q = {0} * {1}, {2} * {1}\n    p, q = p + {3} * {4}, q + {5} * {4}\n    {v} = p * q",
    "shared product": "p = {0} * {1}\n    {v} = (p + {2}) * (p + {3}) + p",
    "repeated": "{v} = autograd.exp({0} + {1}) * autograd.exp({0} + {1}) - ({1} + {0})",
    "square": "{v} = {0} * {0} + {1} * {1}",
    "power": "{v} = autograd.power({0}, 2) + autograd.power({1}, 0.5) + autograd.power(2, {2}) + {3} ** 3",
    "constants": "{v} = Value({c}) * 2.0 + autograd.exp(Value(3.0)) * {0} + 0.0",
    "nothing": "{v} = {0} * 1.0 + 0.0 - -{1} + {1} * 0",
    "shift": "{v} = {0} + {c}",
    "scale": "{v} = {c} * {0}",
    "from": "{v} = {c} - {0}",
    "over": "{v} = {c} / {0} + 1 / {1}",
    "quotient": "{v} = {0} / {1}",
    "leaf": "{v} = Value({c}) * {0}",
    "detach": "{v} = {0}.detach() * {1}",
    "softmax": "{v} = autograd.softmax([{0}, {1}, {2}])[1] * {3}",
    "branch": "if {0} > {1}:\n        {v} = {2} * {3}\n    else:\n        {v} = {2} - {4}",
    "branch of a constant": "{v} = {1} if {0} <= {c} else {0} * {2}",
    "dead branch": "p = {0} / {1} if {0} >= {2} else {1}\n    {v} = {3} + 1.0",
    "largest": "{v} = max({0}, {1}, {2}) * min({0}, {3})",
    "sorted": "{v} = sorted([{0}, {1}, {2}, {3}])[1] * {0}",
    "while": "p, n = {0}, 0\n    while p > {c} and n < 5:\n        p, n = p * 0.5 - {1}, n + 1\n    {v} = p + n",
    "until": "p = {0}\n    for k in range(4):\n        if p < {1}:\n            break\n        p = p - {1} * k\n    {v} = p",
    "take": "{v} = autograd.take([{0}, {1}, {2}], index) * {3}",
    "take a constant": "{v} = autograd.take([{c}, {0}, 2.0], index) * {1}",
    "take a row": "p = autograd.take([[{0}, {1}], [{2}, {0}], [{3}, {c}]], index)\n    {v} = p[0] * p[1] + p[0]",
    "take by a node": "{v} = autograd.tanh(autograd.take([{0}, {1}, {2}], autograd.floor(autograd.clamp({4}, 0.0, 2.0))))",
    "traced": "{v} = cubed({0}) + {1}",
    "opaque": "{v} = opaque({0}, {1}) * {2}",
    "refusing": "{v} = refusing({0})",
    "slope refusing": "{v} = slope_refusing({0} * w0) + {1}",
    "inner": "{v} = inner({0}, {1}) + {2}",
    "derivative": "{v} = gradient({0} * {1} + autograd.tanh({0}), {0}) * {2}",
}  # fmt: skip

# Seldom, so that most recipes go through.
RARE = ("refusing", "slope refusing", "derivative", "inner", "opaque", "power", "softmax")


def drawn(draw: random.Random, length: int = 10) -> Recipe:
    """A recipe by chance."""
    templates = [(name, drawn_template(draw, 2)) for name in "abc"[: draw.randint(1, 3)]]
    steps = tuple(drawn_step(draw) for _ in range(draw.randint(1, length)))
    if any(step.kind.startswith("take") for step in steps):
        templates.append(("index", "i"))
    return Recipe(
        tuple(templates),
        steps,
        outputs=draw.choice((1, 1, 1, 2, 3)),
        surroundings=draw.randrange(5),
        numbers=draw.choice(("calm", "calm", "tied", "wild")),
        seeds=tuple(draw.randrange(10**6) for _ in range(draw.randint(1, 3))),
        examples=draw.randint(1, 6),
    )


def drawn_template(draw: random.Random, depth: int) -> Any:
    kind = draw.choice("nnvvltd") if depth else draw.choice("nv")
    if kind in "nv":
        return kind
    parts = [drawn_template(draw, depth - 1) for _ in range(draw.randint(1, 3))]
    return parts if kind == "l" else tuple(parts) if kind == "t" else dict(zip("klm", parts, strict=False))


def drawn_step(draw: random.Random) -> Step:
    family = draw.randrange(8)
    if family < 4:
        kind = draw.choice(list(SHAPES))
        kind = draw.choice(list(SHAPES)) if kind in RARE else kind
    else:
        kind = draw.choice((OF_ONE, OF_TWO, OF_THREE, OF_LISTS)[family - 4])
    places = tuple(draw.randrange(4) if draw.randrange(2) else draw.randrange(30) for _ in range(6))
    return Step(kind, places, draw.choice((*TIED, *CALM, draw.uniform(-2, 2), math.inf, -0.0)))


# From a recipe to a function ------------------------------------------------------------------------

CAPTURED = ("w0", "w1", "w2", "h0", "h1")


def paths(template: Any, path: str) -> Iterator[str]:
    """The expressions for the numbers of an argument."""
    if isinstance(template, str):
        yield path
    elif isinstance(template, dict):
        for key, part in template.items():
            yield from paths(part, f"{path}[{key!r}]")
    else:
        for place, part in enumerate(template):
            yield from paths(part, f"{path}[{place}]")


def text_of(recipe: Recipe, alive: bool = False) -> str:
    """The function as Python; of what is alive, only statements whose numbers are used."""
    names = [*CAPTURED]
    for name, template in recipe.templates:
        if template != "i":
            names += paths(template, name)
    given = len(names)
    lines = []
    for number, step in enumerate(recipe.steps):
        operands = [names[-1 - place % len(names)] for place in step.places]
        lines.append(statement(step, operands, f"v{number}"))
        names.append(f"v{number}")
    made = [name for name in reversed(names[given:])] or ["w0 * w1"]
    answers = [made[place % len(made)] for place in range(recipe.outputs)]
    answer = answers[0] if recipe.outputs == 1 else f"[{', '.join(answers)}]"
    for number in reversed(range(len(lines))) if alive else ():
        if not re.search(rf"\bv{number}\b", "\n".join([*lines[number + 1 :], answer])):
            del lines[number]
    head = f"def f({', '.join(name for name, _ in recipe.templates)}):"
    if not any(template == "i" for _, template in recipe.templates):
        lines.insert(0, "index = 1.0")
    return "\n    ".join([head, *lines, f"return {answer}"])


def statement(step: Step, operands: Sequence[str], new: str) -> str:
    constant = f"float({str(step.constant)!r})" if not math.isfinite(step.constant) else repr(step.constant)
    if step.kind in SHAPES:
        return SHAPES[step.kind].format(*operands, v=new, c=constant)
    operation = BOOK[step.kind]
    count = len(operation.domain) + 2 * operation.list_count if operation.list_count else len(operation.domain)
    if operation.list_count == 2:
        count = 6
    chosen = [*operands[:count]]
    if step.places[5] % 5 == 0:
        chosen[step.places[4] % len(chosen)] = constant
        if constant in chosen and len(set(chosen)) == 1:
            chosen[0] = operands[0]  # at least one Value
    written = [f"[{', '.join(x)}]" if isinstance(x, list) else x for x in operation.arguments(chosen)]
    if chosen == [constant]:
        written = [operands[0]]
    return f"{new} = autograd.{step.kind}({', '.join(written)})"


class Perturbed:
    """The package, but functions of calculus are off by some units in the last place."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def __getattr__(self, name: str) -> Any:
        function = getattr(autograd, name)
        if name == "softmax":
            return lambda xs: [self.off(x) for x in function(xs)]
        if name in EXACT or name not in BOOK:
            return function
        if name == "logsumexp":  # a sum of two, which may cancel
            return lambda xs: self.off(function(xs)) + self.draw.choice((-3, -1, 0, 1, 3)) * 2.0**-52 * autograd.max(xs)
        return lambda *xs: self.off(function(*xs))

    def off(self, x: Any) -> Any:
        return x * (1.0 + self.draw.choice((-3, -1, 0, 1, 3)) * 2.0**-52)


def cubed(x: Any) -> Any:
    """A user's own operation."""
    return x * x * x, lambda: (3 * x * x,)


def opaque(x: Any, y: Any) -> Any:
    """One that cannot be traced, because it asks for the number."""
    a, b = (float(v) if isinstance(v, float) else v._data for v in (x, y))
    return math.copysign(1.0, a) * b + int(b == b and abs(b) < 1e9 and b), lambda: (0.25, math.copysign(1.0, a))


def refusing(x: Any) -> Any:
    """One that fails forwards."""
    if x > 1.5:
        raise ArithmeticError("too large")
    return x * 2.0, lambda: (2.0,)


def slope_refusing(x: Any) -> Any:
    """One that fails backwards."""

    def local_gradient() -> Any:
        if x > 1.0:
            raise ArithmeticError("too steep")
        return (1.0,)

    return x + 1.0, local_gradient


OWN = {
    rule.__name__: replace(unlisted(rule, rule.__name__, (REALS,) * count), is_of_book=False)
    for rule, count in ((cubed, 1), (opaque, 2), (refusing, 1), (slope_refusing, 1))
}


def inner_function(x: Any, y: Any) -> Any:
    return x * y + x if x > y else y * 2.0 - x


class World:
    """A function with what it captures."""

    def __init__(self, recipe: Recipe, perturbation: random.Random | None = None) -> None:
        self.recipe = recipe
        draw = random.Random(recipe.seeds[0])
        self.leaves = [Value(number(draw, recipe.numbers), f"w{place}") for place in range(3)]
        w0, w1, w2 = self.leaves
        self.names: dict[str, Any] = {"w0": w0, "w1": w1, "w2": w2, "h0": w0 * w1, "h1": w2.tanh() + w0}
        self.captured = [self.names[name] for name in CAPTURED]
        package = Perturbed(perturbation) if perturbation else autograd
        self.names |= {"autograd": package, "Value": Value, "gradient": gradient, "no_grad": no_grad, **OWN}
        self.names["inner"] = inner_function
        self.function = self.written()
        self.q = Value(0.75, "q")

    def written(self, alive: bool = False) -> Callable[..., Any]:
        exec(text_of(self.recipe, alive), self.names)
        return self.names["f"]  # type: ignore[no-any-return]

    def compiled(self) -> Any:
        names = {**self.names, "inner": autograd.compile(inner_function)}
        exec(text_of(self.recipe), names)
        return autograd.compile(names["f"])

    def change(self, draw: random.Random) -> None:
        for leaf in self.leaves:
            leaf.data = number(draw, self.recipe.numbers)

    def forget(self) -> None:
        for each in (*self.captured, self.q):
            each.zero_grad()


def number(draw: random.Random, numbers: str) -> float:
    if numbers == "tied" and draw.randrange(4):
        return draw.choice(TIED)
    if numbers == "wild" and draw.randrange(3) == 0:
        return draw.choice(WILD)
    return draw.uniform(-2.0, 2.0)


def filled(template: Any, draw: random.Random, numbers: str, make: Callable[[str, float], Any]) -> Any:
    """An argument: `make("n", number)` where the template says n."""
    if template == "i":
        wrong = draw.randrange(12)
        return make(
            "i", draw.choice((3.0, -1.0, 0.5)) if wrong == 0 and numbers != "calm" else float(draw.randrange(3))
        )
    if isinstance(template, str):
        return make(template, number(draw, numbers))
    if isinstance(template, dict):
        return {key: filled(part, draw, numbers, make) for key, part in template.items()}
    return type(template)([filled(part, draw, numbers, make) for part in template])


# One call, bit for bit ------------------------------------------------------------------------------


def outcome(world: World, function: Callable[..., Any], seed: int, compiled: bool) -> list[str]:
    """All numbers that a call and two passes give, or the error; the same draws for both functions."""
    recipe, q = world.recipe, world.q
    world.forget()
    draw = random.Random(seed)
    leaves: list[Any] = []

    def make(kind: str, x: float) -> Any:
        if kind == "i":
            return x
        if kind == "n":
            # A number is a Value to the eager function: for 1/0 and the like plain floats raise.
            whole = math.isfinite(x) and x == int(x) and abs(x) < 2**53 and not (x == 0 and math.copysign(1, x) < 0)
            return (
                (int(x) if whole and draw.randrange(2) else x)
                if compiled
                else (draw.randrange(2) if whole else 0, Value(x))[1]
            )
        if ALIASES and leaves and draw.randrange(6) == 0:
            return draw.choice(leaves)
        leaves.append(Value(x))
        return leaves[-1] if draw.randrange(3) else leaves[-1] + q

    seen: list[str] = []
    try:
        arguments = [filled(template, draw, recipe.numbers, make) for _, template in recipe.templates]
        answer = function(*arguments)
        outputs = answer if isinstance(answer, list) else [answer]
        seen += [bits(each._data) for each in outputs]
        used = outputs if SEVERAL else outputs[:1]
        root = surrounded(recipe.surroundings, used, world, lambda: function(*arguments))
        seen.append(bits(root._data))
        for start in (1.0, draw.choice((-2.5, 0.0, 1e-310, math.inf, 3))):
            try:
                root.backward(start)
            except ArithmeticError as error:
                seen.append(f"{type(error).__name__}: {error}")
            seen += [bits(each.grad) for each in (*world.captured, q, *leaves)]
    except REFUSALS as error:
        seen.append(f"{type(error).__name__}: {error}")
    return seen


def surrounded(kind: int, outputs: Sequence[Any], world: World, again: Callable[[], Any]) -> Any:
    """A root that is computed from the outputs, and from what the function captures."""
    w0, _, w2 = world.leaves
    total: Any = outputs[0] * 1.0 if len(outputs) == 1 else autograd.dot(outputs, [1.0, -0.5, 2.0][: len(outputs)])
    if kind == 0:
        return total
    if kind == 1:
        return total * world.q + w0 * total
    if kind == 2:
        return total.tanh() * w2 + world.names["h0"] * w0
    if kind == 3:
        other = again()
        return total * w0 - (other[0] if isinstance(other, list) else other) * w2
    return w0 - total * total


ALIASES = True
DEAD_FLOWS = False
SEVERAL = False


def check_calls(recipe: Recipe) -> None:
    """Raise AssertionError where a compiled call differs from an eager one."""
    recipe = recipe if SEVERAL else replace(recipe, outputs=1)
    world = World(recipe)
    compiled = world.compiled()
    for round_number, seed in enumerate(recipe.seeds * 2):
        # The derivative of a captured node belongs to the numbers from which that was computed.
        if round_number >= len(recipe.seeds) and not any(step.kind == "derivative" for step in recipe.steps):
            world.change(random.Random(seed))
            seed += 1
        eager = outcome(world, world.function, seed, compiled=False)
        replayed = outcome(world, compiled, seed, compiled=True)
        if replayed != eager and "Error" in eager[-1] and may_choose(text_of(recipe)):
            continue  # of a number that another way uses, and this one not
        if replayed != eager and "Error" in eager[-1]:  # of a number that is not used, and so not computed in a program
            eager = outcome(world, world.written(alive=True), seed, compiled=False)

        assert replayed == eager, f"call {round_number}: {differences(replayed, eager)}"


def may_choose(text: str) -> bool:
    """Whether a function may take several ways: what one of them uses, the others need not."""
    return bool(re.search(r"\b(if|while|inner|max|sorted)\b", text))


def differences(found: list[str], right: list[str]) -> list[str]:
    if len(found) != len(right):
        return [f"{found[-1]} for {right[-1]}"]
    return [f"place {k}: {told(a)} for {told(b)}" for k, (a, b) in enumerate(zip(found, right, strict=True)) if a != b]


def told(text: str) -> str:
    return repr(struct.unpack(">d", bytes.fromhex(text))[0]) if re.fullmatch("[0-9a-f]{16}", text) else text


# Many examples --------------------------------------------------------------------------------------


def check_columns(recipe: Recipe) -> str:
    """Raise AssertionError where many examples differ from eager ones by more than is promised; say what was found."""
    recipe = replace(recipe, outputs=1)
    world = World(recipe)
    compiled = world.compiled()
    text = text_of(recipe)
    draw = random.Random(recipe.seeds[-1])
    how = draw.choice(("mean", "sum"))
    leaves: list[Any] = []

    def make(kind: str, x: float) -> Any:
        if kind == "i":
            return x
        leaves.append(Value(x))
        return leaves[-1]

    examples = [[filled(t, draw, recipe.numbers, make) for _, t in recipe.templates] for _ in range(recipe.examples)]

    def number_of(x: Any, template: Any) -> Any:
        if isinstance(template, str):
            return x._data if template == "n" else x
        if isinstance(template, dict):
            return {key: number_of(x[key], template[key]) for key in template}
        return type(template)([number_of(a, b) for a, b in zip(x, template, strict=True)])

    templates = [t for _, t in recipe.templates]
    columns = [[number_of(e[k], t) for e in examples] for k, t in enumerate(templates)]
    refused: list[str] = []
    outputs = []
    alive = world.written(alive=True)
    has_to = False  # refuse; what refuses only in a number that is not used may do so, while it is recorded
    for example in examples:
        answer = None
        for function in (world.function, alive):
            try:
                answer = function(*example)
            except REFUSALS as error:
                refused.append(type(error).__name__)
                has_to = has_to or function is alive
        outputs.append(answer)
    try:
        mapped = compiled.map(*columns)
        reduced = getattr(compiled, how)(*columns)
    except REFUSALS as error:
        if SLOPE_REFUSING in text:  # already, because the way back is made at once
            refused.append("ArithmeticError")

        assert type(error).__name__ in refused, text
        return "refused"
    assert not has_to or may_choose(text), f"none of {refused}"
    is_exact = not any(name in text for name in INEXACT_NAMES)
    root = getattr(autograd, how)(outputs)
    if not DEAD_FLOWS and not all(math.isfinite(x._data) for x in world.captured):
        return "skipped"
    slopes_of: list[Any] = [
        *world.captured,
        *[x for e, c in zip(examples, zip(*columns, strict=True), strict=True) for x in values_in(c)],
    ]
    if any(SLOPE_REFUSING in line for line in text.splitlines()):
        return "skipped"
    for each in slopes_of:
        each.zero_grad()
    root.backward()
    right = [each.grad for each in slopes_of]
    terms = absolute_terms(root)
    limits = [terms.get(each._birth, 0.0) for each in slopes_of]
    if max(terms.values()) > 1e290:  # sums in another order overflow
        return "skipped"
    for each in slopes_of:
        each.zero_grad()
    reduced.backward()
    found = [each.grad for each in slopes_of]
    if [*map(bits, mapped)] == [bits(x._data) for x in outputs] and bits(reduced._data) == bits(root._data):
        if all(is_near(a, b, limit) for a, b, limit in zip(found, right, limits, strict=True)):
            return "agrees"
        what = f"gradients {found} for {right}, terms {limits}"
    else:
        what = f"{mapped} and {reduced._data} for {[x._data for x in outputs]} and {root._data}"
    if is_exact and "gradients" not in what:
        raise AssertionError(f"{how}: {what}")
    if is_off_by_rounding(recipe, examples, [*mapped, *found], [0.0] * len(mapped) + limits, how):
        return "excused"
    raise AssertionError(f"{how}: {what}")


REFUSALS = (ArithmeticError, IndexError, ValueError, AttributeError)
SLOPE_REFUSING = "slope_refusing"
INEXACT_NAMES = [f".{name}(" for name in BOOK if name not in EXACT] + ["**", "inner", "softmax", "gradient(", "opaque"]


def values_in(thing: Any) -> list[Any]:
    if isinstance(thing, Value):
        return [thing]
    if isinstance(thing, dict):
        thing = list(thing.values())
    return [x for part in thing for x in values_in(part)] if isinstance(thing, list | tuple) else []


def is_near(found: float, right: float, terms: float) -> bool:
    if bits(found) == bits(right) or found == right:
        return True
    return abs(found - right) <= 1e-12 * terms + 1e-300


def absolute_terms(root: Any) -> dict[int, float]:
    """For each node the sum of the absolute values of all that flows to it."""
    flows = {root._birth: 1.0}
    for node in reversed(autograd.topological_order(root)):
        arrived = flows.get(node._birth)
        if arrived is not None:
            for parent, partial in node.local_gradients():
                if partial is not None:
                    flows[parent._birth] = flows.get(parent._birth, 0.0) + abs(arrived * partial)
    return flows


def is_off_by_rounding(
    recipe: Recipe, examples: Sequence[Any], answered: Sequence[float], terms: Sequence[float], how: str
) -> bool:
    """Whether the difference is one that functions off by a few units in the last place could make."""
    runs = []
    for seed in range(24):
        world = World(recipe, random.Random(seed))
        function = world.written(alive=True)
        for example in examples:
            for x in values_in(example):
                x.zero_grad()
        outputs = [function(*example) for example in examples]
        getattr(autograd, how)(outputs).backward()
        given = [x for e in examples for v, (_, t) in zip(e, recipe.templates, strict=True) for x in asked(v, t)]
        runs.append([*[x._data for x in outputs], *[x.grad for x in (*world.captured, *given)]])
    for answer, size, *others in zip(answered, terms, *runs, strict=True):
        low, high = min(others), max(others)
        slack = 16 * (high - low) + 1e-12 * size + 1e-290
        if bits(answer) not in map(bits, others) and not low - slack <= answer <= high + slack:
            return False
    return True


def asked(thing: Any, template: Any) -> list[Any]:
    """The Values of an argument for which a template says v."""
    if isinstance(template, str):
        return [thing] if template == "v" else []
    keys = template if isinstance(template, dict) else range(len(template))
    return [x for key in keys for x in asked(thing[key], template[key])]


# Faults ---------------------------------------------------------------------------------------------


def compiled_program(recipe: Recipe) -> Any:
    """The program of a recipe's first call."""
    world = World(recipe)
    compiled = world.compiled()
    outcome(world, compiled, recipe.seeds[0], compiled=True)
    return compiled.program


def answers_of(kind: Callable[[Any], Any], program: Any, tried: Sequence[Sequence[float]]) -> list[Any]:
    """What a replay makes of a program: the bits of outputs and flows for each of the numbers that are tried."""
    replay, found = kind(program), []
    for numbers in tried:
        try:
            outputs, state = replay.exact(array("d", numbers))
        except (IndexError, ArithmeticError) as error:
            found.append(type(error).__name__)
            continue
        if outputs is None:
            found.append("another way")
            continue
        flows = state.sweep(0, 1.0, [None] * len(numbers))
        found.append([*map(bits, outputs), *[bits(flow or 0.0) for flow in flows]])
    return found


def faulty(program: Any, draw: random.Random) -> tuple[str, Any]:
    """The program with one thing changed, and what that is."""
    first, count = program.first, len(program.codes)
    kinds = ["operation", "operand", "exchange", "output"] + ["constant"] * bool(program.constants)
    kind = draw.choice(kinds + ["relation", "side", "outcome"] * bool(program.guards))
    codes, operands, outputs = program.codes[:], program.operands[:], program.outputs[:]
    constants, guards, operations = program.constants[:], program.guards[:], list(program.operations)
    place = draw.randrange(count)
    start, end = program.starts[place], program.starts[place + 1]
    operation = operations[codes[place]]
    told = f"{kind} of {operation.name} at {first + place}"
    if kind == "operation":
        others = [x for x in BOOK.values() if x is not operation and len(x.domain) == len(operation.domain)]
        others = [x for x in others if x.list_count == operation.list_count] or [BOOK["negate"]]
        other = draw.choice(others)
        if operation is LINEAR or operation is TAKE:
            other = BOOK["sum"]
            operands[start:end] = array("i", [max(x, 0) for x in operands[start:end]])
        if other not in operations:
            operations.append(other)
        codes[place] = operations.index(other)
        told += f" for {other.name}"
    elif kind == "operand":
        chosen = draw.randrange(start, end)
        operands[chosen] = other_than(operands[chosen], first + place, draw)
        told += f", place {chosen - start}"
    elif kind == "exchange":
        a, b = draw.randrange(start, end), draw.randrange(start, end)
        operands[a], operands[b] = operands[b], operands[a]
    elif kind == "constant":
        place = draw.randrange(len(constants))
        constants[place] = draw.choice((constants[place] + 1.0, -3.0 * constants[place] - 0.1))
        told = f"constant {program.constants[place]} for {constants[place]}"
    elif kind == "output":
        outputs[0] = other_than(outputs[0], first + count, draw)
    else:
        guard = 4 * draw.randrange(len(guards) // 4)
        if kind == "relation":
            guards[guard] = (guards[guard] + draw.randrange(1, 6)) % 6
        elif kind == "side":
            side = guard + draw.choice((1, 2))
            guards[side] = other_than(guards[side], first + count, draw)
        else:
            guards[guard + 3] = 1 - guards[guard + 3]
        told = f"{kind} of the guard {guard // 4}"
    changed = replace(
        program,
        operations=tuple(operations),
        codes=codes,
        operands=operands,
        constants=constants,
        guards=guards,
        outputs=outputs,
    )
    return told, changed


def other_than(slot: int, limit: int, draw: random.Random) -> int:
    return (slot + draw.randrange(1, limit)) % limit if limit > 1 else slot


def tried_numbers(program: Any, draw: random.Random) -> list[list[float]]:
    """Numbers for most of which the program is the right way."""
    width = len(program.input_names) + len(program.parameter_names)
    replay = Reference(program)
    ways: dict[bool, list[list[float]]] = {True: [], False: []}
    for _ in range(200):
        numbers = [number(draw, draw.choice(("calm", "tied", "wild"))) for _ in range(width)]
        with suppress(IndexError, ArithmeticError):
            ways[replay.exact(numbers)[0] is not None].append(numbers)
    return ways[True][:16] + ways[False][:16]


def trace(program: Any, tried: Sequence[Sequence[float]]) -> list[Any]:
    """All that a program computes on both ways: each slot, each flow, what the comparisons come to."""
    found: list[Any] = []
    for numbers in tried:
        replay = Reference(program)
        held: list[bool] = []
        holds = replay.holds
        replay.holds = lambda slots, holds=holds, held=held: not held.append(holds(slots))  # type: ignore
        try:
            state: Any = replay.exact(numbers)[1]
        except IndexError as error:
            found.append(str(error))
            continue
        replay.given = program.slots  # so that a sweep answers the flows of all slots
        flows = state.sweep(0, 1.0, [None] * program.slots)
        found.append([[*map(bits, state.slots)], [x and bits(x) for x in flows], held])
    return found


def put_in(recipe: Recipe, draw: random.Random, kind: Callable[[Any], Any]) -> tuple[str, str]:
    """Put a fault into the program of a recipe: what it is, and whether it is seen."""
    try:
        program = compiled_program(recipe)
    except (RuntimeError, IndexError):  # it refuses its first numbers
        return "", "not a program"
    if not program.codes:
        return "", "not a program"
    tried = tried_numbers(program, draw)
    told, changed = faulty(program, draw)
    try:
        if answers_of(kind, changed, tried) != answers_of(kind, program, tried):
            return told, "seen"
        if trace(changed, tried) == trace(program, tried):
            return told, "the same numbers everywhere"
    except (TypeError, ValueError):
        return told, "not a program"
    return told, "overlooked"


# What hides the number that it is given, so that no comparison of answers can see it.
HIDING = ("sign", "floor", "ceil", "round", "floor_divide", "nothing", "constants", "detach", "where", "clamp", "erf")


# Tests ----------------------------------------------------------------------------------------------


@settings(suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_a_compiled_call_gives_the_bits_of_the_eager_one(draw: random.Random) -> None:
    recipe = drawn(draw)

    check_calls(recipe)


@settings(suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_many_examples_give_what_is_promised(draw: random.Random) -> None:
    recipe = drawn(draw)

    check_columns(recipe)


REPLAYS = {"reference": Reference} | ({"compiled": native.Replay} if hasattr(native, "Replay") else {})


@pytest.mark.parametrize("kind", REPLAYS)
def test_a_fault_put_into_an_instruction_is_seen(kind: str) -> None:
    """Of those that change any number at all; the others are a guard that nothing has met, or a + b for b + a."""
    counted: Counter[str] = Counter()
    for seed in range(settings.default.max_examples * 4):
        draw = random.Random(seed)
        recipe = replace(drawn(draw), outputs=1)
        steps = tuple(step for step in recipe.steps if step.kind not in (*HIDING, *OWN, *RARE))
        if steps:
            counted[put_in(replace(recipe, steps=steps), draw, REPLAYS[kind])[1]] += 1

    assert counted["seen"] >= 0.95 * (counted["seen"] + counted["overlooked"])
    assert counted["seen"] >= 0.5 * counted.total()


# As a script ----------------------------------------------------------------------------------------


def smaller(recipe: Recipe, fails: Callable[[Recipe], bool]) -> Recipe:
    """The recipe without what it does not need to fail."""
    changed = True
    while changed:
        changed = False
        tries = [replace(recipe, steps=recipe.steps[len(recipe.steps) // 2 :])]
        tries += [replace(recipe, steps=recipe.steps[:k] + recipe.steps[k + 1 :]) for k in range(len(recipe.steps))]
        tries += [replace(recipe, seeds=recipe.seeds[:k] + recipe.seeds[k + 1 :]) for k in range(len(recipe.seeds))]
        tries += [
            replace(recipe, templates=recipe.templates[:k] + recipe.templates[k + 1 :])
            for k in range(len(recipe.templates))
        ]
        tries += [replace(recipe, surroundings=0), replace(recipe, outputs=1), replace(recipe, numbers="calm")]
        tries += [replace(recipe, examples=fewer) for fewer in range(1, recipe.examples)]
        for k, step in enumerate(recipe.steps):
            for place in range(6):
                if step.places[place]:
                    less = replace(step, places=(*step.places[:place], 0, *step.places[place + 1 :]))
                    tries.append(replace(recipe, steps=(*recipe.steps[:k], less, *recipe.steps[k + 1 :])))
        for each in tries:
            if each != recipe and each.seeds and each.templates and fails(each):
                recipe, changed = each, True
                break
    return recipe


def failure(recipe: Recipe, check: Callable[[Recipe], Any]) -> str:
    """What is wrong with a recipe; "" for nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(recipe)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:600]
    return ""


def main(count: int, first: int = 0) -> None:
    began, failed = time.monotonic(), Counter[str]()
    kinds: Counter[str] = Counter()
    for seed in range(first, first + count):
        recipe = drawn(random.Random(seed))

        def columns(recipe: Recipe) -> None:
            kinds[check_columns(recipe)] += 1

        for check in (check_calls, columns):
            what = failure(recipe, check)
            if what:
                family = f"{check.__name__}: {re.sub(r'[0-9.e+-]+', '#', what)[:60]}"
                failed[family] += 1
                if failed[family] <= 3:
                    least = smaller(recipe, lambda other: bool(failure(other, check)))
                    print(
                        f"--- {seed} {check.__name__}: {failure(least, check)}\n{least}\n{text_of(least)}", flush=True
                    )
    print(
        f"{count} recipes from {first} in {time.monotonic() - began:.0f} s, {sum(failed.values())} failures, {dict(kinds)}"
    )
    for family, many in failed.most_common():
        print(f"{many:6d} {family}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
