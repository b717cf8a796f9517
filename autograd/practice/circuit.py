"""The computation of an exercise, and both passes over it in exact numbers.

>>> from autograd.practice.gates import GATES
>>> x, y = Decimal(2), Decimal(-3)
>>> circuit = Circuit({"x": x, "y": y}, (Step("a", GATES["+"], ("x", "y")), Step("f", GATES["*"], ("a", "x"))))
>>> print(circuit.source)
a = x + y
f = a * x
>>> circuit.expression, circuit.term.text
('(x + y) * x', '(x + y) × x')
>>> circuit.values["f"], [str(flow.flow) for flow in circuit.arriving["x"]], circuit.gradients["x"]
(Decimal('-2'), ['-1', '2'], Decimal('1'))
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cached_property

from ..text import Name, Term
from .gates import CONTEXT, Gate

# So many decimals are shown of a number that has more.
DECIMALS = 4
UNIT = Decimal(1).scaleb(-DECIMALS)

# An answer that is no farther than this from the exact number is right. Whoever goes on computing with what is shown
# stays within it.
TOLERANCE = Decimal("0.001")


@dataclass(frozen=True)
class Step:
    """One gate of a computation: the name of its result, and the names of its operands."""

    name: str
    gate: Gate
    operands: tuple[str, ...]

    @property
    def source(self) -> str:
        """The step as a line of Python."""
        return f"{self.name} = {self.gate.source.format(*self.operands)}"

    @property
    def term(self) -> Term:
        """What is computed, in the signs of mathematics."""
        return self.gate.term([Name(operand) for operand in self.operands])

    def derivative(self, place: int) -> Term:
        """The formula of the local derivative towards the operand at that place."""
        return self.gate.derivative(place, [Name(operand) for operand in self.operands])


@dataclass(frozen=True)
class Flow:
    """What a step sends back to one operand: what has arrived at it, times the local derivative."""

    step: Step
    place: int  # of the operand
    upstream: Decimal
    partial: Decimal
    flow: Decimal


@dataclass(frozen=True)
class Circuit:
    """Leaves with their numbers, and the steps from them to the root, which is the last one."""

    leaves: Mapping[str, Decimal]
    steps: Sequence[Step]

    @property
    def root(self) -> str:
        """The name of the result."""
        return self.steps[-1].name

    @property
    def source(self) -> str:
        """Lines of Python, one for each step."""
        return "\n".join([step.source for step in self.steps])

    @cached_property
    def expression(self) -> str:
        """One expression in Python; a part that goes to several places stands there several times."""
        written = {name: name for name in self.leaves}
        for step in self.steps:
            operands = [f"({written[operand]})" for operand in step.operands]
            # The parser and its inverse leave the parentheses that are needed.
            written[step.name] = ast.unparse(ast.parse(step.gate.source.format(*operands), mode="eval"))
        return written[self.root]

    @cached_property
    def term(self) -> Term:
        """The same in the signs of mathematics."""
        written: dict[str, Term] = {name: Name(name) for name in self.leaves}
        for step in self.steps:
            written[step.name] = step.gate.term([written[operand] for operand in step.operands])
        return written[self.root]

    @cached_property
    def consumers(self) -> dict[str, list[Step]]:
        """The steps that each node goes to."""
        found: dict[str, list[Step]] = {name: [] for name in [*self.leaves, *[step.name for step in self.steps]]}
        for step in self.steps:
            for operand in step.operands:
                found[operand].append(step)
        return found

    @property
    def branches(self) -> list[str]:
        """The nodes that go to several places."""
        return [name for name, steps in self.consumers.items() if len(steps) > 1]

    @cached_property
    def values(self) -> dict[str, Decimal]:
        """The number at each node, leaves first."""
        return forward(self)

    @cached_property
    def arriving(self) -> dict[str, list[Flow]]:
        """The flows that arrive at each node, in the order of the backward pass; none at the root."""
        return backward(self, self.values)

    @cached_property
    def gradients(self) -> dict[str, Decimal]:
        """The gradient of the root with respect to each node."""
        return sums(self, self.arriving)


Rounding = Callable[[Decimal], Decimal]


def exactly(number: Decimal) -> Decimal:
    """The number as it is."""
    return number


def as_shown(number: Decimal) -> Decimal:
    """The number rounded to the decimals that are shown.

    >>> as_shown(Decimal(2) / 3), as_shown(Decimal(-3))
    (Decimal('0.6667'), Decimal('-3.0000'))
    """
    return number.quantize(UNIT, ROUND_HALF_EVEN, CONTEXT)


def forward(circuit: Circuit, rounded: Rounding = exactly) -> dict[str, Decimal]:
    """The number at each node, each rounded before it is used."""
    values = dict(circuit.leaves)
    with localcontext(CONTEXT):
        for step in circuit.steps:
            values[step.name] = rounded(step.gate.value(*[values[operand] for operand in step.operands]))
    return values


def backward(circuit: Circuit, values: Mapping[str, Decimal], rounded: Rounding = exactly) -> dict[str, list[Flow]]:
    """The flows that arrive at each node, each number rounded before it is used."""
    arriving: dict[str, list[Flow]] = {name: [] for name in values}
    with localcontext(CONTEXT):
        for step in reversed(circuit.steps):
            upstream = Decimal(1) if step is circuit.steps[-1] else sum(flow.flow for flow in arriving[step.name])
            partials = step.gate.partials(*[values[operand] for operand in step.operands])
            for place, (operand, partial) in enumerate(zip(step.operands, map(rounded, partials), strict=True)):
                arriving[operand].append(Flow(step, place, Decimal(upstream), partial, rounded(upstream * partial)))
    return arriving


def sums(circuit: Circuit, arriving: Mapping[str, Sequence[Flow]]) -> dict[str, Decimal]:
    """What arrives at each node in all, and 1 at the root."""
    with localcontext(CONTEXT):
        found = {name: sum([flow.flow for flow in flows], Decimal(0)) for name, flows in arriving.items()}
    return found | {circuit.root: Decimal(1)}


def is_exact(number: Decimal) -> bool:
    """Whether the number has no more decimals than are shown.

    >>> is_exact(Decimal("0.25")), is_exact(Decimal(1) / 3)
    (True, False)
    """
    return as_shown(number) == number


def digits(number: Decimal) -> str:
    """The number as it is shown: all its digits if it has few decimals, else rounded to DECIMALS of them.

    >>> digits(Decimal("-3.50")), digits(Decimal(2) / 3), digits(Decimal("200")), digits(Decimal("0.5") * 2)
    ('-3.5', '0.6667', '200', '1')
    """
    shown = f"{as_shown(number):f}"
    if not is_exact(number):
        return shown
    shown = shown.rstrip("0").removesuffix(".")
    return "0" if shown == "-0" else shown
