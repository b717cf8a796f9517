"""One training step of a 2-16-16-1 network on 100 points of two moons, of single numbers; for any Value class.

>>> from tuple_engine import Value
>>> loss = Network(Value).loss(points())
>>> round(loss.data, 6)
1.395959
"""

import math
from itertools import pairwise
from random import Random

SIZES = [2, 16, 16, 1]


def points(count=100, noise=0.1):
    """Points on two interleaved half-circles, each with its class, 1 or -1."""
    random = Random(0)
    found = []
    for i in range(count):
        angle, side = math.pi * random.random(), 1.0 if i % 2 else -1.0
        x, y = side * math.cos(angle) + (side < 0), side * math.sin(angle) + 0.5 * (side < 0)
        found.append(((x + random.gauss(0.0, noise), y + random.gauss(0.0, noise)), side))
    return found


def relu(x):
    """The method of a number that most classes have."""
    return x.relu()


class Network:
    """Layers of neurons with an activation, but for the last."""

    def __init__(self, leaf, activation=relu):
        self.activation = activation
        uniform = Random(1).uniform
        self.layers = [
            [([leaf(uniform(-1.0, 1.0)) for _ in range(inputs)], leaf(0.0)) for _ in range(outputs)]
            for inputs, outputs in pairwise(SIZES)
        ]

    def parameters(self):
        """All parameters in a row."""
        return [parameter for layer in self.layers for weights, bias in layer for parameter in (*weights, bias)]

    def score(self, xs):
        """What is to be positive for one class and negative for the other."""
        for layer in self.layers:
            xs = [sum((w * x for w, x in zip(weights, xs, strict=True)), bias) for weights, bias in layer]
            if layer is not self.layers[-1]:
                xs = [self.activation(x) for x in xs]
        return xs[0]

    def loss(self, points):
        """The mean of max(0, 1 − class·score), the hinge loss."""
        return sum((1.0 - self.score(xs) * side).relu() for xs, side in points) / len(points)
