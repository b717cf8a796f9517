"""What is said of an exercise and of answers, in one language, as terms that each form prints in its own way.

>>> from autograd.practice.circuit import Step
>>> from autograd.practice.gates import GATES
>>> x, y = Decimal(2), Decimal("-0.5")
>>> circuit = Circuit({"x": x, "y": y}, (Step("a", GATES["*"], ("x", "y")), Step("f", GATES["+"], ("a", "x"))))
>>> for line in Teller(circuit, "es").steps("x"):
...     print(line.text)
x es una ramificación: va hacia a y f, y por eso se suman los flujos que vuelven de allí.
En f = a + x, la suma es un distribuidor: cada sumando recibe lo que llega, sin cambio.
En a = x × y, la multiplicación es un conmutador: cada factor recibe lo que llega, multiplicado por el otro factor.
∂f/∂x = 1 × 1 + ∂f/∂a × y = 1 × 1 + 1 × (−0.5) = 0.5
"""

import functools
from collections.abc import Sequence
from decimal import Decimal

from ..formulas import joined, prose
from ..languages import between, counted, words
from ..text import NOTHING, Infix, Name, Number, Prefix, Prose, Term
from .circuit import DECIMALS, TOLERANCE, Circuit, Flow, digits, is_exact
from .making import level


class Teller:
    """Sentences and formulas of one exercise."""

    def __init__(self, circuit: Circuit, language: str) -> None:
        self.circuit, self.language = circuit, language
        self.words = words("practice", language)

    def say(self, name: str, *terms: Term) -> Term:
        """A sentence of the catalogue, with these in its places."""
        return prose(self.words[name], *terms)

    def title(self, place: int) -> str:
        """The heading of the exercise."""
        return self.words["exercise"].format(place)

    def counts(self) -> str:
        """How hard it is."""
        gates, branches = len(self.circuit.steps), len(self.circuit.branches)
        counts = [counted(gates, "gate", self.language), counted(branches, "branch point", self.language)]
        return self.words["counts"].format(self.words[level(gates, branches)], *counts)

    # What is asked --------------------------------------------------------------------------------

    def function(self) -> Term:
        """The whole expression, as the root's equation."""
        return joined([Name(self.circuit.root), self.circuit.term], " = ")

    def given(self) -> Term:
        """The numbers of the leaves."""
        leaves = [joined([Name(name), number(x)], " = ") for name, x in self.circuit.leaves.items()]
        return self.say("where", listed(leaves, between(self.language)))

    def task(self) -> list[Term]:
        """What is to be done, and how precisely."""
        wanted = listed([self.partial(name) for name in self.circuit.leaves], ", ")
        rounding = [self.say("rounding", Number(str(DECIMALS)), Number(str(TOLERANCE)))]
        return [self.say("task", Name(self.circuit.root), wanted), *([] if self.is_exact else rounding)]

    @property
    def is_exact(self) -> bool:
        """Whether all numbers of the exercise are shown with all their digits."""
        return all(map(is_exact, [*self.circuit.values.values(), *self.circuit.gradients.values()]))

    # What is answered -----------------------------------------------------------------------------

    def partial(self, name: str) -> Term:
        """The gradient of the root with respect to a node, as a symbol."""
        return derivative_of(self.circuit.root, name)

    def steps(self, name: str) -> list[Term]:
        """The chain rule at a node: where flows come from, what each gate does with them, and what they come to."""
        flows = self.circuit.arriving[name]
        found = []
        if len(flows) > 1:
            found.append(self.say("branch", Name(name), self._and([Name(flow.step.name) for flow in reversed(flows)])))
        found += [line for flow in flows if (line := self._pattern(flow, name)) != NOTHING]
        return [*found, self.equation(name)]

    def equation(self, name: str) -> Term:
        """The chain rule at a node, as formula and in numbers."""
        flows = self.circuit.arriving[name]
        if not flows:
            return joined([self.partial(name), Number("1")], " = ")
        symbols = [(self._arriving(flow), flow.step.derivative(flow.place)) for flow in flows]
        numbers = [(number(flow.upstream), number(flow.partial)) for flow in flows]
        sides = [self.partial(name), _sum(symbols), _sum(numbers), number(self.circuit.gradients[name])]
        # Without those that read alike, as 1 × 1 in symbols and in numbers.
        return joined({side.text: side for side in sides}.values(), " = ")

    def _and(self, names: Sequence[Term]) -> Term:
        """Names in a row of a sentence, with a word before the last one."""
        return prose(words("explain", self.language)["and"], listed(names[:-1], ", "), names[-1])

    def _arriving(self, flow: Flow) -> Term:
        """What arrives at the step that a flow comes from, as a symbol; at the root, 1."""
        return Number("1") if flow.step.name == self.circuit.root else self.partial(flow.step.name)

    def _pattern(self, flow: Flow, name: str) -> Term:
        """What a gate does with the gradient, in the words of the lectures, where these have some."""
        step = flow.step
        equation = joined([Name(step.name), step.term], " = ")
        if step.gate.sign in self.words:
            return self.say(step.gate.sign, equation)
        if not step.gate.routes:
            return NOTHING
        if step.gate.operands == 1:
            return self.say("passes" if flow.partial else "blocks", equation, Name(name))
        return self.say("chosen" if flow.partial else "not chosen", equation, Name(name))


def _sum(products: Sequence[tuple[Term, Term]]) -> Term:
    """A sum of products, two factors each."""
    first, *others = [Infix(" × ", left, right) for left, right in products]
    return functools.reduce(lambda left, right: Infix(" + ", left, right), others, first)


def number(x: Decimal) -> Term:
    """A number as it is shown."""
    return Number(digits(x))


def derivative_of(root: str, name: str) -> Term:
    """The derivative of one node with respect to another, as a symbol."""
    return Infix("/", Prefix("∂", Name(root)), Prefix("∂", Name(name)))


def listed(terms: Sequence[Term], between: str) -> Term:
    """Terms in a row of a sentence."""
    pieces = [piece for term in terms for piece in (between, term)]
    return Prose(tuple(pieces[1:]))
