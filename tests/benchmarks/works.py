"""The works that are measured: each a function of an engine, which does the work once and answers what it took.

They begin from the same numbers each time, so that all engines have to come to the same answers, however often they
are asked.
"""

import gc
import json
import math
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gpt
import graphs
import moons
from engines import Engine

NAME = "matthew"
GRAPH = 100_000  # nodes of a chain, a fan-out, a ladder
SIZES = (10_000, 100_000, 1_000_000)
PRODUCTS = 5_000
HELD = 1_000_000  # nodes that are held while their memory is measured
ROUND = 0.2  # seconds


@dataclass
class Outcome:
    """What a work took, an amount for each of its rows, and the numbers that must be the same for all engines."""

    amounts: list[float | None]
    check: list[float] = field(default_factory=list)


class Clock:
    """The seconds that the body of a with statement takes, and that all of its bodies have taken.

    Python's collector is on and runs when it likes, as in any program: what a cyclic graph costs is in the next steps.
    """

    seconds = total = 0.0

    def __enter__(self) -> "Clock":
        self.start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.start
        self.total += self.seconds


def checksum(numbers: Iterable[Any]) -> float:
    """A sum in which it matters which number stands where; a gradient of None is 0."""
    return math.fsum(float(number or 0.0) * (1 + place % 7) for place, number in enumerate(numbers))


def forget(engine: Engine, leaves: Iterable[Any]) -> None:
    """Forget the gradients of leaves."""
    for leaf in leaves:
        leaf.grad = engine.no_gradient


# Training -----------------------------------------------------------------------------------------


def gpt_gradients(engine: Engine) -> Outcome:
    """The gradients of the loss of one name, of operators only."""
    model = gpt.GPT(engine.leaf)
    parameters = model.parameters()
    with Clock() as clock:
        forget(engine, parameters)
        loss = model.loss(NAME)
        loss.backward()
        number = float(loss.data)
        del loss
    return Outcome([clock.seconds], [number, checksum(p.grad for p in parameters)])


def gpt_training(engine: Engine) -> Outcome:
    """A whole training step on one name, with the engine's own dot, softmax and Adam where it has them."""
    model = gpt.GPT(engine.leaf, engine.dot, engine.softmax)
    parameters = model.parameters()
    optimizer = engine.adam(parameters, lr=0.01)
    with Clock() as clock:
        optimizer.zero_grad()
        loss = model.loss(NAME)
        loss.backward()
        optimizer.step()
        number = float(loss.data)
        del loss
    return Outcome([clock.seconds], [number, checksum(p.data for p in parameters)])


def moons_training(engine: Engine) -> Outcome:
    """A step of gradient descent on all points, of operators only."""
    network, points = moons.Network(engine.leaf), moons.points()
    parameters = network.parameters()
    with Clock() as clock:
        forget(engine, parameters)
        loss = network.loss(points)
        loss.backward()
        for p in parameters:
            p.data -= 0.1 * p.grad
        number = float(loss.data)
        del loss
    return Outcome([clock.seconds], [number, checksum(p.data for p in parameters)])


# Shapes -------------------------------------------------------------------------------------------

Shape = Callable[[list[Any], int], Any]


# The numbers of the two leaves. In a chain of factors 0.6 all gradients would soon be subnormal numbers, which
# processors are slow at; in a ladder the squares have to add up to 1.
OF_CHAIN, OF_LADDER = (0.999999, 0.8), (0.6, 0.8)


def there_and_back(engine: Engine, shape: Shape, numbers: tuple[float, float], count: int = GRAPH) -> Outcome:
    """The seconds that it takes to build a graph, to walk back through it and to free it."""
    leaves = [engine.leaf(number) for number in numbers]
    with Clock() as clock:
        root = shape(leaves, count)
        root.backward()
        number = float(root.data)
        del root
    return Outcome([clock.seconds], [number, *(float(leaf.grad) for leaf in leaves)])


def growth(engine: Engine) -> Outcome:
    """The seconds for each node of ever longer chains."""
    outcomes = [there_and_back(engine, graphs.chain, OF_CHAIN, size) for size in SIZES]
    return Outcome(
        [outcome.amounts[0] / size for outcome, size in zip(outcomes, SIZES, strict=True)],
        [number for outcome in outcomes for number in outcome.check],
    )


def freeing(engine: Engine) -> Outcome:
    """The seconds until the memory of a chain is back, the collector having looked at nothing but the chain."""
    gc.collect()
    gc.freeze()
    root = graphs.chain([engine.leaf(number) for number in OF_CHAIN], GRAPH)
    root.backward()
    with Clock() as clock:
        del root
        gc.collect()
    gc.unfreeze()
    return Outcome([clock.seconds])


# Small things --------------------------------------------------------------------------------------


def one_operation(engine: Engine) -> Outcome:
    """The seconds of one product, forwards and backwards."""
    with Clock() as clock:
        slopes = engine.products(PRODUCTS)
    return Outcome([clock.seconds / PRODUCTS], list(slopes))


def memory(engine: Engine) -> Outcome:
    """The bytes of a product, with its label and its scope where there are such, and its objects that are tracked."""
    with nullcontext() if engine.scope is None else engine.scope("benchmark"):
        products = products_held(engine)
        next(products)  # uses up what the engine keeps ready of the memory of earlier nodes, and of its 2 MB pieces
        gc.collect()
        tracked = len(gc.get_objects())
        tracemalloc.start()
        next(products)
        traced, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        tracked = len(gc.get_objects()) - tracked
    return Outcome([traced / HELD, tracked / HELD])


def products_held(engine: Engine) -> Iterator[None]:
    """Products, more of them with each step of the iteration, which live as long as it does."""
    x, y = engine.leaf(2.0), engine.leaf(-3.0)
    both = [[None] * HELD, [None] * HELD]
    for products in both:
        for place in range(HELD):
            products[place] = product = x * y
            if engine.scope is not None:
                product.label = "product"
        yield


def importing(engine: Engine) -> Outcome:
    """The seconds by which a Python that imports the engine takes longer than one that does nothing."""

    def seconds(program: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-W", "ignore", "-c", program], check=True)
        return time.perf_counter() - start

    return Outcome([seconds(f"import {engine.module}") - seconds("pass")])


def deep(task: str) -> Outcome:
    """A task of `depth`, in a process of its own, so that its memory can be told from that of all else."""
    program = Path(__file__).with_name("depth.py")
    done = subprocess.run([sys.executable, program, task], check=True, stdout=subprocess.PIPE, text=True)
    return Outcome(json.loads(done.stdout))


# The list ------------------------------------------------------------------------------------------

TEACHING = ("native", "python", "tuple", "micrograd")
VALUES = (*TEACHING, "torch")
TRAINING = (*TEACHING, "microgpt")
ALL = (*VALUES, "hips", "jax")


@dataclass(frozen=True)
class Work:
    """What is measured: the rows that it fills, each with its unit, how it is done once, and which engines do it."""

    rows: dict[str, str]
    run: Callable[[Engine], Outcome]
    engines: tuple[str, ...] = VALUES
    once: bool = False  # for what takes long and does not change much from round to round
    sizes: tuple[int, ...] = ()  # of the rows, where it is to be told from which on another engine is ahead


WORKS = {
    "gpt": Work({"GPT: the gradients, of operators only": "s"}, gpt_gradients, (*VALUES, "microgpt")),
    "gpt-adam": Work({"GPT: a training step with Adam": "s"}, gpt_training, TRAINING),
    "moons": Work({"moons: a training step": "s"}, moons_training, (*VALUES, "microgpt")),
    "chain": Work({f"a chain of {GRAPH:,}": "s"}, lambda engine: there_and_back(engine, graphs.chain, OF_CHAIN)),
    "fan-out": Work({f"a fan-out of {GRAPH:,}": "s"}, lambda engine: there_and_back(engine, graphs.fan_out, OF_CHAIN)),
    "ladder": Work({f"a ladder of {GRAPH:,}": "s"}, lambda engine: there_and_back(engine, graphs.ladder, OF_LADDER)),
    "freeing": Work({f"freeing a chain of {GRAPH:,}": "s"}, freeing),
    "growth": Work({f"each node of a chain of {size:,}": "s" for size in SIZES}, growth, TEACHING[:3]),
    "operation": Work({"one product, forwards and backwards": "s"}, one_operation, ALL),
    "memory": Work({"memory of a product": "B", "objects of it that are tracked": ""}, memory, TEACHING, once=True),
    "import": Work({"import, beyond bare Python": "s"}, importing, tuple(name for name in ALL if name != "tuple")),
    "depth": Work(
        {"10,000,000 deep: built, walked back and freed": "s", "10,000,000 deep: the most memory": "B"},
        lambda engine: deep("backward"),
        ("native",),
        once=True,
    ),
    "gradient": Work(
        {"1,000,000 deep: `gradient`": "s", "1,000,000 deep: the most memory": "B"},
        lambda engine: deep("gradient"),
        ("native", "python"),
        once=True,
    ),
}


def one_round(work: Work, engine: Engine) -> Outcome:
    """The work done again and again for a fifth of a second, or once where it takes longer; the means of it."""
    until = time.perf_counter() + ROUND
    outcomes = [work.run(engine)]
    while not work.once and time.perf_counter() < until:
        outcomes.append(work.run(engine))
    columns = zip(*(outcome.amounts for outcome in outcomes), strict=True)
    return Outcome([None if None in column else statistics.fmean(column) for column in columns], outcomes[-1].check)
