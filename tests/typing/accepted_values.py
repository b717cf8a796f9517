"""Values, their gradients, and the ways of computing, as README uses them."""

import copy
from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from autograd import (
    Audit,
    Comparison,
    Drawing,
    Explanation,
    Finding,
    GradientError,
    Operation,
    Scope,
    Value,
    audit,
    detect_anomaly,
    draw,
    engine,
    explain,
    gradcheck,
    gradient,
    no_grad,
    relu,
    scope,
    topological_order,
)
from autograd.draw import GraphDrawing, notebook_formats

x, y = Value(2.0, "x"), Value(3)
z = x * y + 1

# What a Value knows.
z.backward()
z.backward(2)
x.data = 3
x.data -= 0.1 * x.grad
x.grad = None
x.grad = 0
x.label = "x"
x.zero_grad()
assert_type(z.data, float)
assert_type(z.grad, float)
assert_type(z.label, str)
assert_type(z.item(), float)
assert_type(z.detach(), Value)
assert_type(z.has_grad, bool)
assert_type(z.parents, tuple[Value, ...])
assert_type(z.operands, tuple[Value | float, ...])
assert_type(z.operation, Operation | None)
assert_type(z.scope, Scope | None)
assert_type(z.local_gradients(), list[tuple[Value, float | None]])
assert_type(topological_order(z), list[Value])
assert_type(copy.copy(x), Value)
assert_type(f"{z:.2f}", str)
assert_type({x: 1.0}[x], float)

# Gradients that can be differentiated again.
assert_type(gradient(z, x), Value)
assert_type(gradient(z, [x, y]), list[Value])
assert_type(gradient(gradient(x**3, x), x).data, float)


class Counted(Value):
    """A Value of one's own."""

    def __init__(self, data: float) -> None:
        super().__init__(data)
        self.count = 0


assert_type(Counted(1.0).count + 1, int)
assert_type(Counted(1.0).exp() * 2, Value)
assert_type(gradient(z, Counted(2.0)), Value)


# The ways of computing, as blocks and as decorators, which leave a function its type.
with no_grad():
    assert_type(x * y, Value)
with scope("hidden layer") as hidden, detect_anomaly(forward=False):
    assert_type(hidden, Scope)
    assert_type(hidden.path, tuple[str, ...])


@no_grad()
def measured(value: Value, times: int = 2) -> float:
    """A function."""
    return value.data * times


@scope("walk")
def steps(value: Value) -> Iterator[Value]:
    """A generator."""
    yield relu(value)


@detect_anomaly()
async def waited(value: Value) -> float:
    """A coroutine."""
    return value.data


@no_grad()
async def stream(value: Value) -> AsyncIterator[Value]:
    """An asynchronous generator."""
    yield value


class Model:
    """Methods too."""

    @no_grad()
    def measure(self, value: Value) -> float:
        """A method."""
        return value.data

    @staticmethod
    @no_grad()
    def known(value: Value) -> float:
        """A static method."""
        return value.data


assert_type(measured(x, times=3), float)
assert_type(list(steps(x)), list[Value])
assert_type(Model().measure(x), float)
assert_type(Model.known(x), float)


async def all_of_it() -> None:
    """What the decorated ones answer."""
    assert_type(await waited(x), float)
    async for value in stream(x):
        assert_type(value, Value)


# Checks, words, pictures.
def product(a: Value, b: Value) -> Value:
    """A function to check."""
    return a * b


comparisons = gradcheck(product, 2.0, 3.0, second=True)
assert_type(comparisons, list[Comparison])
assert_type(comparisons[0].verdict, str)
assert_type(comparisons[0].analytic, float)
assert_type(audit(z), Audit)
assert_type(audit(z).operations, list[Operation])
assert_type(audit(z).wrong, list[Finding])
try:
    gradcheck(relu, 0.0)
except GradientError as error:
    assert_type(error, GradientError)

explanation = explain(z, wrt=[x, y], format="markdown", digits=3, most=50)
assert_type(explanation, Explanation)
assert_type(explanation.to_latex(), str)
assert_type(explanation.to_html(), str)
assert_type([step.flow for step in explanation.backward], list[float])
assert_type([path.to for path in explanation.paths], list[Value])

drawing = draw(z, around=x, radius=1, highlight=[x], flows=True, direction="TB", theme="light", digits=2)
assert_type(drawing, GraphDrawing)
assert_type(drawing.svg, str)
assert_type(drawing.to_html(), str)
assert_type(drawing.node_ids, dict[int, str])
shown: Drawing = drawing
notebook_formats("html", "svg")
notebook_formats()
drawing.save("neuron.svg")
draw(z, depth=1, show="value label", size=(1280, 720), wrap=8, max_nodes=10, timeout=20.0).save("folded.dot")
known: str = engine
