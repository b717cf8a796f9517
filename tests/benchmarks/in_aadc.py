"""The tasks by AADC, which compiles a recording to machine code.

What is timed are the calls of its engine alone, forwards and backwards, four points at a time: to set inputs and to
read derivatives takes a call of Python for each number, so that it would take many times as long.
"""

import aadc
import moons
import tasks

LANES = 4


class Moons(tasks.Task):
    def __init__(self, activation="relu", count=100):
        function = relu if activation == "relu" else aadc.math.tanh
        self.points = moons.points(count)
        self.places = []
        kernel = aadc.Functions()
        kernel.start_recording()
        network = moons.Network(self.leaf, function)
        xs, side = [aadc.idouble(1.0), aadc.idouble(1.0)], aadc.idouble(1.0)
        self.of_point = [number.mark_as_input_no_diff() for number in (*xs, side)]
        self.loss = relu(1.0 - network.score(xs) * side).mark_as_output()
        kernel.stop_recording()
        if kernel.num_passive_warnings() or not kernel.compile("auto")["reverse_kernels"]:
            raise RuntimeError("AADC has not compiled the whole recording")
        self.engine = kernel.create_workspace("avx2")
        for place, number in zip(self.places, moons.Network(float).parameters(), strict=True):
            self.engine.set_val(place, number)

    def leaf(self, number):
        made = aadc.idouble(number)
        self.places.append(made.mark_as_input())
        return made

    def step(self):
        for _ in range(len(self.points) // LANES):
            self.engine.forward()
            self.engine.set_diff(self.loss, 1.0)
            self.engine.reverse()

    def numbers(self):
        """The gradients, and with them the loss: here all the points are set, which `step` does without."""
        self.value, sums = 0.0, [0.0] * len(self.places)
        for first in range(0, len(self.points), LANES):
            points = self.points[first : first + LANES]
            for place, numbers in zip(
                self.of_point, zip(*[(*xs, side) for xs, side in points], strict=True), strict=True
            ):
                self.engine.set_val(place, numbers)
            self.engine.forward()
            self.engine.reset_diff()
            self.engine.set_diff(self.loss, 1.0 / len(self.points))
            self.engine.reverse()
            self.value += sum(self.engine.val(self.loss)) / len(self.points)
            sums = [total + sum(self.engine.diff(place)) for total, place in zip(sums, self.places, strict=True)]
        return sums


def relu(x):
    """x where it is above 0, and 0 elsewhere."""
    return aadc.math.max(x, aadc.idouble(0.0))
