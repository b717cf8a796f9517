"""What type checkers have to refuse: each line with a comment, with mypy's name for it, and no other one."""

import math

import autograd
from autograd import Value, add, dot, exp, explain, gradient, leaky_relu, logsumexp, no_grad, softmax, where

v: Value = Value(1.0)
w: Value = Value(2.0)
text: str
whole: int
number: float

# Names that are not there.
v.exq()  # refused: attr-defined
v.backwards()  # refused: attr-defined
v.grd  # refused: attr-defined
v.requires_grad  # refused: attr-defined
exp(v).exq()  # refused: attr-defined
v.dot(w)  # refused: attr-defined
autograd.exq(v)  # refused: attr-defined
from autograd import exq  # refused: attr-defined

# Arguments that are too many, too few, of another type, or of another name.
Value("1")  # refused: arg-type
Value(None)  # refused: arg-type
Value(v)  # refused: arg-type
Value([1.0])  # refused: arg-type
Value(1.0, 2.0)  # refused: arg-type
Value(1.0, name="v")  # refused: call-arg
exp("a", 3)  # refused: call-overload
exp("a")  # refused: call-overload
exp(v, 3)  # refused: call-overload
exp()  # refused: call-overload
exp(None)  # refused: call-overload
exp(1j)  # refused: call-overload
exp([v])  # refused: call-overload
exp(y=v)  # refused: call-overload
add(v)  # refused: call-overload
add(v, "1")  # refused: call-overload
add(v, w, v)  # refused: call-overload
where(v > 0, v)  # refused: call-overload
leaky_relu(v, slop=0.1)  # refused: call-overload
leaky_relu(slope=0.1)  # refused: call-overload
autograd.sum(v)  # refused: call-overload
autograd.sum("123")  # refused: arg-type
autograd.sum(v, w)  # refused: call-overload
dot([v])  # refused: call-overload
dot([v], ["1"])  # refused: list-item
dot([[v]], [[w]])  # refused: list-item
logsumexp(1.0)  # refused: call-overload
softmax(v)  # refused: call-overload
v.exp(2.0)  # refused: call-arg
v.maximum()  # refused: call-arg
v.maximum("2")  # refused: arg-type
v.maximum(z=w)  # refused: call-arg
v.leaky_relu("0.1")  # refused: arg-type
v.backward("1")  # refused: arg-type
v.backward(w)  # refused: arg-type
v.backward(retain_graph=True)  # refused: arg-type
v.zero_grad(1)  # refused: call-arg

# Operators.
v + "1"  # refused: operator
v * [1.0]  # refused: operator
v @ w  # refused: operator
v % "2"  # refused: operator
v ^ 2  # refused: operator
v < "1"  # refused: operator
v == 1.0  # refused: comparison-overlap
v[0]  # refused: index

# What a Value is not.
float(v)  # refused: arg-type
int(v)  # refused: call-overload
math.exp(v)  # refused: arg-type
for each in v:  # refused: attr-defined
    pass

# What comes of it.
number = exp(v)  # refused: assignment
whole = exp(1.0)  # refused: assignment
number = v + 1.0  # refused: assignment
text = v.data  # refused: assignment
number = autograd.sum([v, w])  # refused: assignment
number = dot([1.0], [v])  # refused: assignment
v = exp(2.0)  # refused: assignment
number = gradient(v, w)  # refused: assignment
number = gradient(v, [w])[0]  # refused: assignment
shares: list[float] = softmax([v, w])  # refused: assignment

# What is to be set.
v.data = "1"  # refused: assignment
v.data = w  # refused: assignment
v.label = 1  # refused: assignment
v.parents = (w,)  # refused: misc
v.momentum = 0.0  # refused: attr-defined

# Functions.
gradient(v, 1.0)  # refused: call-overload
gradient([v], w)  # refused: call-overload
explain(v, wrong=1)  # refused: call-arg
autograd.draw(v, depth="1")  # refused: call-overload
autograd.scope(1)  # refused: arg-type
autograd.detect_anomaly(True)  # refused: call-arg
autograd.operation()  # refused: call-arg
no_grad(v)  # refused: call-arg


@no_grad()
def measured(value: Value) -> float:
    """Keeps its type."""
    return value.data


measured(1.0)  # refused: arg-type
text = measured(v)  # refused: assignment
