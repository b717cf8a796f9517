"""What typical mistakes make of a gradient, so that a wrong answer can be told from where it comes.

>>> from autograd.practice.gates import GATES
>>> from autograd.practice.circuit import Step
>>> x, y = Decimal(2), Decimal(-3)
>>> circuit = Circuit({"x": x, "y": y}, (Step("a", GATES["+"], ("x", "y")), Step("f", GATES["*"], ("a", "x"))))
>>> for mistake in mistakes(circuit, "x"):
...     print(mistake.kind, mistake.answer)
sign -1
branch 2
branch -1
...
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext

from ..text import Name, Number, Term
from .circuit import DECIMALS, TOLERANCE, Circuit, Flow
from .gates import CONTEXT

# Where a sign is easily lost.
SIGNED = ("-", "neg", "/", "1/x")


@dataclass(frozen=True)
class Mistake:
    """One way to go wrong, and the answer that comes of it; `about` fills the places of its sentence."""

    kind: str
    answer: Decimal
    about: tuple[Term, ...] = ()


def mistakes(circuit: Circuit, name: str) -> list[Mistake]:
    """The mistakes whose answer at this node cannot be taken for the right one."""
    right = circuit.gradients[name]
    with localcontext(CONTEXT):
        return [found for found in _mistakes(circuit, name) if abs(found.answer - right) > 2 * TOLERANCE]


def _mistakes(circuit: Circuit, name: str) -> Iterator[Mistake]:
    flows, right = circuit.arriving[name], circuit.gradients[name]
    if not flows:  # the root, whose gradient is 1 by definition
        return
    yield Mistake("sign", -right)
    if len(flows) > 1:
        yield from _at_branch(name, flows, right)
    value = circuit.values[name]
    if any(flow.step.gate.sign == "*" for flow in flows):
        own = [flow.upstream * value if flow.step.gate.sign == "*" else flow.flow for flow in flows]
        yield Mistake("not switched", _total(own))
    for flow in flows:
        if flow.step.gate.routes:
            other = right - flow.flow + flow.upstream * (1 - flow.partial)
            kind = "wrong way" if flow.step.gate.operands > 1 else "blocked"
            yield Mistake(kind, other, (flow.step.term,))
    yield Mistake("upstream", _total([flow.partial for flow in flows]))
    yield Mistake("local", _total([flow.upstream for flow in flows]))


def _at_branch(name: str, flows: Sequence[Flow], right: Decimal) -> Iterator[Mistake]:
    for flow in flows:
        yield Mistake("branch", right - flow.flow, (Name(flow.step.name), Name(name)))
    if len(flows) > 2:
        for flow in flows:
            yield Mistake("one branch", flow.flow, (Name(flow.step.name), Name(name)))
    for flow in [flow for flow in flows if flow.step.gate.sign in SIGNED]:
        yield Mistake("sign of one", right - 2 * flow.flow, (Name(flow.step.name),))


def _total(flows: Sequence[Decimal]) -> Decimal:
    return sum(flows, Decimal(0))


def carried(circuit: Circuit, name: str, answers: Mapping[str, Decimal]) -> Decimal | None:
    """The gradient that follows from wrong answers at the steps that the node goes to; None where none is wrong."""
    gradients = {**circuit.gradients, **answers}
    flows = circuit.arriving[name]
    with localcontext(CONTEXT):
        if all(abs(gradients[flow.step.name] - flow.upstream) <= TOLERANCE for flow in flows):
            return None
        return _total([gradients[flow.step.name] * flow.partial for flow in flows])


def rounded(circuit: Circuit, name: str, answer: Decimal) -> Mistake | None:
    """The right gradient with fewer decimals than are asked for, rounded or cut off; None for another answer."""
    exponent = answer.as_tuple().exponent
    if not answer or not isinstance(exponent, int) or not -DECIMALS < exponent < 0:
        return None
    right = circuit.gradients[name]
    with localcontext(CONTEXT):
        coarse = [right.quantize(Decimal(1).scaleb(exponent), rounding) for rounding in (ROUND_HALF_UP, ROUND_DOWN)]
    return Mistake("rounded", answer, (Number(str(DECIMALS)),)) if answer in coarse else None
