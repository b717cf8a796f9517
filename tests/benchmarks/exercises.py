"""Make many exercises, check every answer in independent ways, and look for roundings that are in doubt.

python tests/benchmarks/exercises.py [--number 10000]

The exercises are made with decimal numbers of 50 digits. They are checked by the engine's backward pass, by gradcheck's
finite differences, and by differences of fractions, or of numbers of 40 digits where there are curves.
"""

import argparse
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath

import autograd
from autograd import practice
from autograd.expression import Expression
from autograd.practice import circuit as circuits
from autograd.practice.gates import CURVED, GATES

EXACT = "+ - * neg square cube max min relu abs"
KINDS = [
    (operations, level)
    for operations in ("+ *", "+ - * max", EXACT, f"+ * {' '.join(sorted(CURVED))}", " ".join(GATES))
    for level in practice.LEVELS
]

# What floats may be off by, in numbers of this size; and what a number is moved by to see whether its rounding holds.
ROUNDING = 1e-11
NUDGE = Decimal("1e-7")


def exercises(number: int) -> Iterator[practice.Exercise]:
    """So many exercises, of all kinds in turn."""
    for seed, (operations, level) in zip(range(number), itertools.cycle(KINDS), strict=False):
        yield practice.exercise(seed, operations=operations, difficulty=level, language="en")


# Each check answers with what it found wrong ------------------------------------------------------


def by_the_engine(task: practice.Exercise) -> list[str]:
    """Values and gradients of all nodes that the engine finds otherwise."""
    nodes = task.graph()
    nodes["f"].backward()
    return [
        f"{name}: {node.data}, {node.grad}"
        for name, node in nodes.items()
        if abs(node.data - task.values[name]) > ROUNDING or abs(node.grad - task.gradients[name]) > ROUNDING
    ]


def by_differences(task: practice.Exercise) -> list[str]:
    """Gradients with which gradcheck does not agree."""
    function = Expression(task.expression)
    found = autograd.gradcheck(lambda leaves: function(**leaves), task.leaves)
    answers = [task.gradients[name] for name in task.to_find]
    return [
        str(comparison)
        for comparison, answer in zip(found, answers, strict=True)
        if comparison.verdict != "agrees" or abs(comparison.analytic - answer) > ROUNDING
    ]


def by_fractions(task: practice.Exercise) -> list[str]:
    """Values of the root and gradients that are not those of independent arithmetic."""
    curves = {step.gate.sign for step in task.circuit.steps} & {*CURVED, "square", "cube"}
    number: Callable[..., Any] = mpmath.mpf if curves else Fraction
    with mpmath.workdps(40):
        step = number(1) / 10**9
        leaves = {name: number(x) for name, x in task.leaves.items()}

        def value(**moved: Any) -> Any:
            return eval(task.expression, _functions(number), leaves | moved)

        wrong = [] if abs(value() - number(task.values["f"])) < ROUNDING else ["f"]
        for name, x in leaves.items():
            slope = (value(**{name: x + step}) - value(**{name: x - step})) / (2 * step)
            if abs(slope - number(task.gradients[name])) > ROUNDING:
                wrong.append(f"{name}: {slope}")
    return wrong


def _functions(number: Callable[..., Any]) -> dict[str, Any]:
    return {
        "relu": lambda x: max(x, number(0)),
        "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
        "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
        **{name: getattr(mpmath, name) for name in ("exp", "log", "sqrt", "tanh", "sin", "cos")},
    }


def by_rounding(task: practice.Exercise) -> list[str]:
    """Numbers that are shown otherwise if their last digits are a little different, and are not shown exactly."""
    circuit = task.circuit
    flows = [flow for arriving in circuit.arriving.values() for flow in arriving]
    numbers = [*circuit.values.values(), *circuit.gradients.values()]
    numbers += [number for flow in flows for number in (flow.flow, flow.partial)]
    return [str(number) for number in numbers if is_ambiguous(number)]


def is_ambiguous(number: Decimal) -> bool:
    """Whether a number that is rounded stands next to where the rounding turns, or where it would be none."""
    near = {circuits.as_shown(number - NUDGE), circuits.as_shown(number + NUDGE)}
    return not circuits.is_exact(number) and (len(near) > 1 or abs(number - near.pop()) < NUDGE)


def by_hand(task: practice.Exercise) -> list[str]:
    """Answers that are not right for those who compute with the rounded numbers that are shown."""
    values = circuits.forward(task.circuit, circuits.as_shown)
    found = circuits.sums(task.circuit, circuits.backward(task.circuit, values, circuits.as_shown))
    return [str(mark) for mark in task.check(found) if mark.verdict != "right"]


CHECKS = (by_the_engine, by_differences, by_fractions, by_rounding, by_hand)


def main() -> None:
    """Check so many exercises and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=10_000)
    number = parser.parse_args().number
    found, answers, begun = Counter[str](), 0, time.perf_counter()
    for task in exercises(number):
        answers += len(task.to_find)
        for check in CHECKS:
            if wrong := check(task):
                found[check.__name__] += 1
                print(f"{check.__name__}: {task!r}: {wrong}")
    print(f"{number:,} exercises, {answers:,} answers, {time.perf_counter() - begun:.0f} s")
    for check in CHECKS:
        print(f"  {check.__name__:<15} {found[check.__name__]} wrong")


if __name__ == "__main__":
    main()
