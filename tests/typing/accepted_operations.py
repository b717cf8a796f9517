"""Operations and methods: what is called with a Value among its numbers answers a Value, else a float."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, assert_type

import autograd
from autograd import (
    OPERATIONS,
    POSITIVE,
    REALS,
    Domain,
    Operation,
    Value,
    abs,
    add,
    dot,
    elu,
    exp,
    leaky_relu,
    log_softmax,
    logsumexp,
    maximum,
    mean,
    operation,
    power,
    relu,
    softmax,
    sum,
    where,
)

v, w = Value(1.0, "v"), Value(2, label="w")
weights: list[Value] = [v, w]

# One number.
assert_type(exp(v), Value)
assert_type(exp(1.0), float)
assert_type(exp(1), float)
assert_type(exp(True), float)
assert_type(exp(Fraction(1, 2)), float)
assert_type(exp(x=v), Value)
assert_type(exp(x=2.0), float)
assert_type(exp(exp(v) + 1), Value)
assert_type(abs(v), Value)
assert_type(autograd.abs(-1.0), float)

# Several numbers.
assert_type(add(v, w), Value)
assert_type(add(v, 1), Value)
assert_type(maximum(0.0, v), Value)
assert_type(maximum(0.0, 1), float)
assert_type(power(2.0, y=v), Value)
assert_type(where(v > 0, v, 0.0), Value)
assert_type(where(v > w, 1.0, 0.0), float)
assert_type(leaky_relu(v), Value)
assert_type(leaky_relu(-1.0), float)
assert_type(leaky_relu(-1.0, 0.2), float)
assert_type(leaky_relu(-1.0, v), Value)
assert_type(leaky_relu(-1.0, slope=v), Value)
assert_type(elu(v, alpha=0.5), Value)

# Lists.
assert_type(sum([v, w]), Value)
assert_type(sum(weights), Value)
assert_type(sum(v * x for x in range(3)), Value)
assert_type(sum([1.0, 2]), float)
assert_type(sum(xs=(1, 2, 3)), float)
assert_type(sum([]), float)
assert_type(mean([v, 1.0, 2]), Value)
assert_type(dot(weights, [1.0, 2.0]), Value)
assert_type(dot([1.0, 2.0], weights), Value)
assert_type(dot([1.0, v], [1.0, 2.0]), Value)
assert_type(dot([1, 2], [0.5, 0.5]), float)
assert_type(logsumexp(weights), Value)
assert_type(softmax(weights), list[Value])
assert_type(softmax([1.0, 2.0]), list[float])
assert_type(softmax([v, 2.0]), list[Value])
assert_type(log_softmax(weights), list[Value])
assert_type(log_softmax([1, 2]), list[float])

# Names of Python's own functions.
assert_type(autograd.sum([v, w]), Value)
assert_type(autograd.max([1.0, 2.0]), float)
assert_type(autograd.min([v, 2.0]), Value)
assert_type(autograd.round(v), Value)
assert_type(autograd.round(1.5), float)

# Other names.
assert_type(autograd.pow(v, 2.0), Value)
assert_type(autograd.fabs(-1.0), float)

# Methods and operators.
assert_type(v.exp(), Value)
assert_type(v.relu().log1p().tanh(), Value)
assert_type(v.maximum(0.0), Value)
assert_type(v.maximum(y=w), Value)
assert_type(v.leaky_relu(), Value)
assert_type(v.leaky_relu(slope=0.2), Value)
assert_type(v.pow(2), Value)
assert_type(v.abs(), Value)
assert_type(-v + 2 * w - 1 / v + v**2 + 2**v - +w, Value)
assert_type(v + Fraction(1, 2), Value)
assert_type(v < 1, bool)
assert_type(max(v, w), Value)
assert_type(sorted([v, w]), list[Value])


def either(x: Value | float) -> Value | float:
    """What may be both may give both."""
    return exp(x) + maximum(x, 0.0)


# They are functions like any others.
activations: list[Callable[[Value], Value]] = [exp, relu]
assert_type(list(map(exp, [1.0, 2.0])), list[float])
assert_type([f(v) for f in activations], list[Value])

# What is known of an operation.
assert_type(exp.name, str)
assert_type(exp.parameters, tuple[str, ...])
assert_type(exp.domain, tuple[Domain | list[Domain], ...])
assert_type(OPERATIONS["exp"], Operation)
assert_type(1.0 in POSITIVE, bool)
known: Operation = exp


# One's own.
@operation("x³", "3·x²", domain=(REALS,))
def cubed(x: Any) -> tuple[Any, Callable[[], Sequence[Any]]]:
    """A rule is run on floats and on Values, so its operands may be anything."""
    return x * x * x, lambda: (3 * x * x,)


assert_type(cubed, Operation)
volume: Value = cubed(v)
litres: float = cubed(0.1)
