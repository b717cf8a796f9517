"""The tasks by CasADi: matrices of symbols, then a function that is evaluated with numbers."""

import casadi
import moons
import tasks
from casadi import DM, MX, SX
from mixed import INPUTS, inputs, mixed


class Moons(tasks.Task):
    def __init__(self, activation="relu", count=100):
        function = relu if activation == "relu" else casadi.tanh
        points = moons.points(count)
        layers = tasks.matrices(moons.Network(float))
        symbols = [(MX.sym("weights", *DM(weights).shape), MX.sym("biases", len(biases))) for weights, biases in layers]
        xs, sides = MX.sym("xs", 2, count), MX.sym("sides", 1, count)
        x = xs
        for weights, biases in symbols[:-1]:
            x = function(weights @ x + casadi.repmat(biases, 1, count))
        weights, biases = symbols[-1]
        scores = weights @ x + casadi.repmat(biases, 1, count)
        loss = casadi.sum2(relu(1.0 - scores * sides)) / count
        parameters = [part for layer in symbols for part in layer]
        slopes = [casadi.gradient(loss, part) for part in parameters]
        self.function = casadi.Function("loss", [*parameters, xs, sides], [loss, *slopes])
        self.numbers_given = [
            *[DM(part) for layer in layers for part in layer],
            DM([xs for xs, _ in points]).T,
            DM([side for _, side in points]).T,
        ]

    def step(self):
        self.value, *self.slopes = self.function(*self.numbers_given)

    def numbers(self):
        parts = [part.full().tolist() for part in self.slopes]
        biases = [[bias for (bias,) in column] for column in parts[1::2]]
        return tasks.flat(zip(parts[::2], biases, strict=True))


class Mixed(tasks.Task):
    def __init__(self):
        self.turns = [inputs(turn) for turn in range(10)]
        xs = SX.sym("xs", INPUTS)
        y = mixed(casadi, casadi.vertsplit(xs))
        self.function = casadi.Function("mixed", [xs], [y, casadi.gradient(y, xs)])
        self.begin()

    def begin(self):
        self.turn = 0

    def step(self):
        self.turn += 1
        self.value, self.slopes = self.function(self.turns[self.turn % 10])

    def numbers(self):
        return [float(x) for x in self.slopes.full()[:, 0]]


def relu(x):
    """x where it is above 0, and 0 elsewhere."""
    return casadi.fmax(x, 0.0)
