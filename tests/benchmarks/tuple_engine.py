"""The plainest quick engine in Python: a Value has a tuple of parents and a tuple of local gradients.

>>> x, y = Value(2.0), Value(-3.0)
>>> (x * y + y.exp()).backward()
>>> x.grad
-3.0

It is the baseline of the benchmarks: what one page of Python can do, with nothing checked and nothing remembered
beyond the chain rule.
"""

import math


class Value:
    """A number, where it came from, and, after `backward`, its gradient."""

    __slots__ = ("data", "grad", "local_gradients", "parents")

    def __init__(self, data, parents=(), local_gradients=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.local_gradients = local_gradients

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __sub__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data - other.data, (self, other), (1.0, -1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        quotient = self.data / other.data
        return Value(quotient, (self, other), (1.0 / other.data, -quotient / other.data))

    def __pow__(self, exponent):
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1.0),))

    def __neg__(self):
        return Value(-self.data, (self,), (-1.0,))

    def exp(self):
        value = math.exp(self.data)
        return Value(value, (self,), (value,))

    def log(self):
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self):
        return Value(max(0.0, self.data), (self,), (float(self.data > 0.0),))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return Value(other) - self

    def __rtruediv__(self, other):
        return Value(other) / self

    def backward(self):
        """Add to the `grad` of every Value the derivative of this one with respect to it."""
        order = topological_order(self)
        self.grad = 1.0
        for value in reversed(order):
            for parent, local_gradient in zip(value.parents, value.local_gradients, strict=True):
                parent.grad += local_gradient * value.grad


def topological_order(root):
    """All that the root was computed from, each after its parents; a stack takes the place of recursion."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        value, parents_done = stack.pop()
        if parents_done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            stack.append((value, True))
            stack.extend([(parent, False) for parent in value.parents if parent not in seen])
    return order
