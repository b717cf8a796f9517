"""The tasks by XAD: scalar code on a tape that is recorded again in each step, in C++."""

import moons
import tasks
from xad import math
from xad.adj_1st import Real, Tape


class Moons(tasks.Task):
    def __init__(self, activation="relu", count=100):
        self.network = moons.Network(Real, relu if activation == "relu" else math.tanh)
        self.points = moons.points(count)
        self.tape = Tape()
        with self.tape:
            for parameter in self.network.parameters():
                self.tape.registerInput(parameter)

    def step(self):
        with self.tape:
            self.value, self.slopes = self.value_and_slopes()

    def value_and_slopes(self):
        self.tape.newRecording()
        self.tape.clearDerivatives()
        losses = [relu(1.0 - self.network.score(xs) * side) for xs, side in self.points]
        loss = sum(losses[1:], losses[0]) / len(losses)
        self.tape.registerOutput(loss)
        loss.setDerivative(1.0)
        self.tape.computeAdjoints()
        return loss.getValue(), [parameter.getDerivative() for parameter in self.network.parameters()]

    def numbers(self):
        return self.slopes


def relu(x):
    """x where it is above 0, and 0 elsewhere."""
    return math.max(x, Real(0.0))
