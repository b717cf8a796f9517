"""The works that are done by compiled code: recorded once and replayed, or compiled by whatever an engine brings.

Each is a step of a task, see `tasks`, or tells of programs something that only this project has.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from engines import Engine
from works import Clock, Outcome, Work, checksum

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
BATCHES = (1, 10, 100, 1_000, 10_000, 100_000)
LANES = 64
ENOUGH = 0.01  # seconds, in which a clock is exact

# Steps -------------------------------------------------------------------------------------------


@cache
def ready(engine: Engine, name: str, *given: Any) -> tuple[Any, int]:
    """A task, after its first step, with which all that has to be compiled is, and how many steps take long enough."""
    task = getattr(engine.tasks(), name)(*given)
    task.begin()
    task.step()
    with Clock() as clock:
        task.step()
    return task, 1 + int(ENOUGH / clock.seconds)


def a_step(name: str, *given: Any, steps: int | None = None) -> Callable[[Engine], Outcome]:
    """The seconds of a step of a task; where its number decides what comes out, it is told how many there are."""

    def run(engine: Engine) -> Outcome:
        task, enough = ready(engine, name, *given)
        count = steps or enough
        task.begin()
        with Clock() as clock:
            for _ in range(count):
                task.step()
        numbers = task.numbers()
        return Outcome([clock.seconds / count], [float(task.value), checksum(numbers)])

    return run


def batches(engine: Engine) -> Outcome:
    """The seconds of a step for each size of a batch."""
    outcomes = [a_step("Moons", "relu", size)(engine) for size in BATCHES]
    return Outcome([outcome.amounts[0] for outcome in outcomes], [x for outcome in outcomes for x in outcome.check])


# What only this project has -----------------------------------------------------------------------


def instructions(engine: Engine) -> Outcome:
    """The seconds for each instruction of ever longer programs, by one example and by many; there and back."""
    amounts: list[float | None] = []
    for task, numbers in (("Long", 1), ("LongByLanes", LANES)):
        for length in LENGTHS:
            (seconds,) = a_step(task, length)(engine).amounts
            assert seconds is not None
            amounts.append(seconds / ready(engine, task, length)[0].instructions() / numbers)
    return Outcome(amounts)


def recording(engine: Engine) -> Outcome:
    """How many eager forward passes it takes to record one, to simplify it and to replay it for the first time."""
    functions = [ready(engine, "Long", length)[0] for length in LENGTHS] + [ready(engine, "GPTTraining")[0]]
    return Outcome([in_eager_passes(task) for task in functions])


def in_eager_passes(task: Any) -> float:
    """The same of one task; each is done until it has taken long enough."""
    eager, recorded = Clock(), Clock()
    passes = times = 0
    while not passes or eager.total < ENOUGH:
        with eager:
            task.eager()
        passes += 1
    while not times or recorded.total < ENOUGH:
        with recorded:
            task.recorded_again()
        times += 1
    return (recorded.total / times) / (eager.total / passes)


def threads(engine: Engine) -> Outcome:
    """The seconds of a step on many examples by one thread and by two, which have to come to the same bits."""
    one, two = [a_step("Moons", "relu", BATCHES[-1], count)(engine) for count in (1, 2)]
    tasks = [ready(engine, "Moons", "relu", BATCHES[-1], count)[0] for count in (1, 2)]
    if tasks[0].numbers() != tasks[1].numbers() or tasks[0].value != tasks[1].value:
        raise ArithmeticError("two threads come to other bits than one")
    return Outcome(one.amounts + two.amounts, one.check)


def many_names(engine: Engine) -> Outcome:
    """The seconds of a step of a training on names of many lengths, with all that is recorded on the way."""
    start = time.perf_counter()
    steps = engine.tasks().trained_on_names()
    return Outcome([(time.perf_counter() - start) / steps])


def for_jax(engine: Engine) -> Outcome:
    """The GPT's step handed to JAX: the seconds that it compiles, the equations that it sees, and those of a step."""
    return Outcome(*engine.tasks().gpt_in_jax())


def apart(task: str) -> Outcome:
    """A task of `programs`, in a process of its own, so that its memory can be told from that of all else."""
    program = Path(__file__).with_name("programs.py")
    done = subprocess.run([sys.executable, program, task], check=True, stdout=subprocess.PIPE, text=True)
    return Outcome(json.loads(done.stdout))


# The list ------------------------------------------------------------------------------------------

STEP = ("native", "python", "micrograd", "torch", "jax", "aadc", "xad", "casadi")
ARRAYS = ("native", "torch", "jax")

COMPILED = {
    "compiled-moons": Work({"moons, ReLU: loss and gradients of 100 points": "s"}, a_step("Moons", "relu", 100), STEP),
    "compiled-tanh": Work({"moons, tanh: loss and gradients of 100 points": "s"}, a_step("Moons", "tanh", 100), STEP),
    "compiled-lists": Work({"moons, ReLU: the same of lists": "s"}, a_step("MoonsOfLists"), ("native", "python")),
    "compiled-training": Work(
        {"moons: a training step with Adam": "s"}, a_step("MoonsTraining", steps=50), ("native", "torch", "jax")
    ),
    "batches": Work(
        {f"moons: {size:,} point{'s' * (size > 1)}": "s" for size in BATCHES}, batches, ARRAYS, sizes=BATCHES
    ),
    "mixed": Work(
        {"10 inputs, 200 operations: value and gradient": "s"},
        a_step("Mixed", steps=100),
        ("native", "python", "jax", "casadi"),
    ),
    "compiled-gpt": Work(
        {"GPT: a training step with Adam, of operators": "s"},
        a_step("GPTTraining", steps=10),
        ("native", "python", "tuple", "numpy"),
    ),
    "names": Work({"GPT: a step of 1,000 on names, recordings and all": "s"}, many_names, ("native",)),
    "digits": Work({"digits: an epoch with Adam": "s"}, a_step("Digits", steps=1), ("native", "torch")),
    "instructions": Work(
        {f"an instruction of {length:,}, {how}": "s" for how in ("one example", "a lane") for length in LENGTHS},
        instructions,
        ("native",),
    ),
    "recording": Work(
        {f"recording {what}, in eager forward passes": "×" for what in (*[f"{x:,} nodes" for x in LENGTHS], "the GPT")},
        recording,
        ("native",),
    ),
    "threads": Work(
        {f"moons: {BATCHES[-1]:,} points, {count} thread{'s' * (count > 1)}": "s" for count in (1, 2)},
        threads,
        ("native",),
    ),
    "to-jax": Work(
        {"GPT `to_jax`: compiling": "s", "GPT `to_jax`: equations": "", "GPT `to_jax`: loss and gradients": "s"},
        for_jax,
        ("native-jax",),
        once=True,
    ),
    "long": Work(
        {
            "1,000,000 instructions: memory of each": "B",
            "1,000,000 instructions: pickled": "s",
            "1,000,000 instructions: loaded": "s",
            "1,000,000 instructions: the first and last lines": "s",
        },
        lambda engine: apart("long"),
        ("native",),
        once=True,
    ),
    "replays": Work(
        {"1,000,000 replays: memory that they leave": "B", "1,000,000 replays of a batch: memory that they leave": "B"},
        lambda engine: apart("replays"),
        ("native",),
        once=True,
    ),
}
