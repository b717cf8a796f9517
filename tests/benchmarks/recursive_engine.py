"""An engine after the one in microgpt (Karpathy, 2026): as few operations as will do, and a recursive walk.

>>> x, y = Value(2.0), Value(-3.0)
>>> (x * y - y.exp() / x).backward()
>>> round(x.grad, 6)
-2.987553

Differences, quotients and negation are made of products, sums and powers. It is the lightest that people train with.
"""

import math


class Value:
    """A number, its parents, and the derivative with respect to each of them."""

    __slots__ = ("data", "grad", "local_gradients", "parents")

    def __init__(self, data, parents=(), local_gradients=()):
        self.data = data
        self.grad = 0
        self.parents = parents
        self.local_gradients = local_gradients

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1, 1))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, exponent):
        return Value(self.data**exponent, (self,), (exponent * self.data ** (exponent - 1),))

    def exp(self):
        return Value(math.exp(self.data), (self,), (math.exp(self.data),))

    def log(self):
        return Value(math.log(self.data), (self,), (1 / self.data,))

    def relu(self):
        return Value(max(0, self.data), (self,), (float(self.data > 0),))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return other + -self

    def __truediv__(self, other):
        return self * other**-1

    def __rtruediv__(self, other):
        return other * self**-1

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        """Set the `grad` of every Value to the derivative of this one with respect to it."""
        order, seen = [], set()

        def visit(value):
            if value not in seen:
                seen.add(value)
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        self.grad = 1
        for value in reversed(order):
            for parent, local_gradient in zip(value.parents, value.local_gradients):  # noqa: B905  # as it is there
                parent.grad += local_gradient * value.grad
