"""One training step of a 2-16-16-1 network on 100 points, written by hand from Values, beside micrograd 0.1.0.

python tests/benchmarks/training_step.py

Both engines run the same code, in turn, in one process; the medians and their ratio are printed.
"""

import gc
import platform
import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from micrograd.engine import Value as MicrogradValue

import autograd

SIZES = [2, 16, 16, 1]
ROUNDS = 15


def training_step(value: Callable[[float], Any]) -> Callable[[], float]:
    """A step of gradient descent on the hinge loss, as a function of nothing that answers the loss."""
    draw = random.Random(1)
    layers = [
        [([value(draw.uniform(-1, 1)) for _ in range(inputs)], value(0.0)) for _ in range(outputs)]
        for inputs, outputs in pairwise(SIZES)
    ]
    parameters = [p for layer in layers for weights, bias in layer for p in (*weights, bias)]
    points = [((draw.uniform(-1, 1), draw.uniform(-1, 1)), draw.choice((-1.0, 1.0))) for _ in range(100)]

    def step() -> float:
        loss = value(0.0)
        for inputs, target in points:
            activations = [value(x) for x in inputs]
            for layer in layers:
                activations = [
                    sum((w * x for w, x in zip(weights, activations, strict=True)), bias) for weights, bias in layer
                ]
                if layer is not layers[-1]:
                    activations = [x.relu() for x in activations]
            loss = loss + (activations[0] * -target + 1.0).relu()
        loss = loss * (1 / len(points))
        for p in parameters:
            p.grad = 0.0
        loss.backward()
        for p in parameters:
            p.data -= 0.1 * p.grad
        return float(loss.data)

    return step


def main() -> None:
    engines = {"scalar-autograd": training_step(autograd.Value), "micrograd 0.1.0": training_step(MicrogradValue)}
    times: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(ROUNDS):
        losses = set()
        for name, step in engines.items():
            gc.collect()
            start = time.perf_counter()
            losses.add(round(step(), 9))
            times[name].append(time.perf_counter() - start)
        assert len(losses) == 1, losses
    print(f"Python {platform.python_version()}, {platform.machine()}, {ROUNDS} rounds in turn")
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    for name, median in medians.items():
        fastest, slowest = 1000 * min(times[name]), 1000 * max(times[name])
        print(f"{name:<16} {1000 * median:7.1f} ms  (min {fastest:.1f}, max {slowest:.1f})")
    print(f"ratio            {medians['micrograd 0.1.0'] / medians['scalar-autograd']:7.2f}")


if __name__ == "__main__":
    # micrograd's backward calls itself: give it the room.
    sys.setrecursionlimit(100_000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=main)
    thread.start()
    thread.join()
