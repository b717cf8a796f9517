"""Recipes of random functions: plain data, from which the text of a function in Python is written.

A function takes nested arguments, captures leaves and nodes, and uses the operations of the book, sums of products in
all their shapes, branches, loops, `take`, `detach`, a user's own operations and compiled functions.
"""

import math
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import autograd
from autograd import OPERATIONS, Value, gradient
from autograd.book import REALS, deciding, unlisted

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
    "until": "p = {0}\n    for k in (1, 2, 3):\n        if p < {1}:\n            break\n        p -= {1} * k"
    "\n    {v} = p",
    "take": "{v} = autograd.take([{0}, {1}, {2}], index) * {3}",
    "take a constant": "{v} = autograd.take([{c}, {0}, 2.0], index) * {1}",
    "take a row": "p = autograd.take([[{0}, {1}], [{2}, {0}], [{3}, {c}]], index)\n    {v} = p[0] * p[1] + p[0]",
    "take by a node": "p = autograd.clamp({4}, 0.0, 2.0)\n    p = autograd.take([{0}, {1}, {2}], autograd.floor(p))"
    "\n    {v} = autograd.tanh(p)",
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
    made = names[: given - 1 : -1] or ["w0 * w1"]
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
    constant = repr(step.constant) if math.isfinite(step.constant) else f"float({str(step.constant)!r})"
    if step.kind in SHAPES:
        return SHAPES[step.kind].format(*operands, v=new, c=constant)
    operation = BOOK[step.kind]
    chosen = [*operands[: 3 * operation.list_count or len(operation.domain)]]
    if step.places[5] % 5 == 0 and len(chosen) > 1:  # but at least one is a Value
        chosen[step.places[4] % len(chosen)] = constant
    written = [f"[{', '.join(x)}]" if isinstance(x, list) else x for x in operation.arguments(chosen)]
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
    sign = math.copysign(1.0, deciding(x))  # by which a recorded derivative knows that it decides
    return sign * y, lambda: (0.25, sign)


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
        self.names |= {"autograd": package, "Value": Value, "gradient": gradient, **OWN}
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


def may_choose(text: str) -> bool:
    """Whether a function may take several ways: what one of them uses, the others need not."""
    return bool(re.search(r"\b(if|while|inner|max|sorted)\b", text))
