"""Gradients to be found on any graph: which they are, whether an answer is right, and what a wrong one comes from.

>>> x = Value(3.0, "x")
>>> exercise = Exercise(x * x, "en")
>>> [question.asked for question in exercise.questions]
['∂v1/∂v1', '∂v1/∂x']
>>> mark = exercise.mark(0, {0: "3"})
>>> mark.verdict, mark.mistake
('wrong', 'That is what arrives from one place alone: a branch sums all that arrives.')
>>> print(*mark.steps, sep="\\n")
v1 = x × x: ∂v1/∂x = x = 3, so 1 × 3 = 3 leaves to x
v1 = x × x: ∂v1/∂x = x = 3, so 1 × 3 = 3 leaves to x
3 + 3 = 6 arrives at x; a branch sums
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .. import operations
from ..engines import Value
from ..explain.steps import Departure, Passes
from ..expression import answered
from ..languages import words

RIGHT, WRONG, UNREADABLE = "right", "wrong", "unreadable"

# An answer may be rounded, to two significant digits or more; and what was computed from rounded numbers is right as
# long as it is no farther away than this part of the gradient.
FEWEST, TOLERANCE = 2, 1e-3


class Question(NamedTuple):
    """A gradient that is asked for: that of the node at a place in topological order."""

    place: int
    asked: str


@dataclass(frozen=True)
class Mark:
    """An answer, marked: the verdict, the mistake that it comes from if that is known, and the steps of the answer."""

    verdict: str
    mistake: str
    steps: tuple[str, ...]
    gradient: str  # as it is shown


class _Flow(NamedTuple):
    """What a node receives from one of those that it goes to."""

    source: Value
    arriving: float  # at the source
    told: Departure


class Exercise:
    """The gradients of a graph, from the root back to the leaves."""

    def __init__(self, root: Value, language: str) -> None:
        self.passes = Passes(root, language=language)
        self.words = words("play", language)
        self.root = root
        steps = self.passes.steps(range(len(self.passes.order)))[1]
        self.flows: dict[int, list[_Flow]] = {step.index: [] for step in steps}
        place_of = {id(node): place for place, node in enumerate(self.passes.order)}
        for step in steps:
            for departure in step.leaving:
                self.flows[place_of[id(departure.to)]].append(_Flow(step.node, step.flow, departure))
        top = self.passes.write.name(root).text
        self.questions = [Question(step.index, f"∂{top}/∂{step.name.text}") for step in steps]

    def mark(self, place: int, answers: Mapping[int, str]) -> Mark:
        """Mark the answer at a place; those at other places tell whether it follows from one that is wrong."""
        gradient = self._gradient(place)
        answer = answered(answers[place])
        shown = self.passes.write.number(gradient).text
        if answer is None:
            return Mark(UNREADABLE, "", (), shown)
        if is_near(answer, gradient):
            return Mark(RIGHT, "", self.steps(place), shown)
        return Mark(WRONG, self._mistake(place, answer, answers), self.steps(place), shown)

    def steps(self, place: int) -> tuple[str, ...]:
        """How a gradient comes about: what each flow is, and their sum where there are several."""
        node, write, told = self.passes.order[place], self.passes.write, self.passes.words
        if node is self.root:
            return (told["arrives at the root"].format(write.number(1.0).text),)
        flows = self.flows[place]
        lines = [f"{write.node(x.source).text}: {self.passes.departure(x.source, x.arriving, x.told)}" for x in flows]
        sums = [x.told.flow for x in flows if not x.told.blocked]
        if len(sums) > 1:
            total = write.sum(sums, self._gradient(place)).text
            arrival = told["arrives at"].format(total, write.name(node).text)
            lines.append(f"{arrival}; {told['a branch sums']}")
        return tuple(lines)

    def _gradient(self, place: int) -> float:
        return self.passes.flows.get(self.passes.order[place], 0.0)

    def _mistake(self, place: int, answer: float, answers: Mapping[int, str]) -> str:
        """The sentence on the first mistake that gives this answer; "" where none does."""
        for name, wrong, about in self._mistakes(place, answers):
            if is_near(answer, wrong):
                return self.words[f"mistake {name}"].format(about)
        return ""

    def _mistakes(self, place: int, answers: Mapping[int, str]) -> Iterator[tuple[str, float, str]]:
        """What mistakes make of a gradient, each by its name; those that tell most come first."""
        flows = [flow for flow in self.flows[place] if not flow.told.blocked]
        if not flows:
            return
        order = self.passes.order
        found = {id(order[other]): answered(text) for other, text in answers.items() if other != place}
        for other in found:
            names = [self.passes.write.name(x.source).text for x in flows if id(x.source) == other]
            if names:
                yield (
                    "carried",
                    math.fsum(_or(found.get(id(x.source)), x.arriving) * _partial(x) for x in flows),
                    names[0],
                )
        if len(flows) > 1:
            for flow in flows:
                yield "branch", flow.told.flow, ""
        yield "sign", -self._gradient(place), ""
        node = order[place]
        if all(x.source.operation is operations.multiply for x in flows):
            yield "switched", math.fsum(x.arriving * self.passes.value(node) for x in flows), ""
        yield "local", math.fsum(map(_partial, flows)), ""
        yield "arriving", math.fsum(x.arriving for x in flows), ""


def _partial(flow: _Flow) -> float:
    return flow.told.partial or 0.0


def _or(answer: float | None, gradient: float) -> float:
    return gradient if answer is None else answer


def is_near(answer: float, gradient: float) -> bool:
    """Whether an answer counts as this gradient: it is that, rounded, or computed from what was rounded.

    >>> is_near(-0.2, -0.19661193), is_near(-0.19, -0.19661193), is_near(0.6667, 2 / 3)
    (True, False, True)
    """
    if not math.isfinite(gradient) or not gradient:
        return answer == gradient or (math.isnan(answer) and math.isnan(gradient))
    if abs(answer - gradient) <= TOLERANCE * abs(gradient):
        return True
    return answer == float(f"{gradient:.{FEWEST}g}")
