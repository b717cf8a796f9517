"""The audit of a graph: which operation returns a wrong local gradient.

>>> from autograd import OPERATIONS, Value, exp, operation
>>> @operation("gauss(x)", "−2·x·gauss(x)")
... def gauss(x):
...     return exp(-x * x), lambda: (-x * exp(-x * x),)  # the 2 is missing
>>> print(audit(gauss(Value(0.5, "t")) * 3))
gauss is wrong: the derivative of gauss(t) with respect to x
  at x = 0.5: recorded -0.3894..., numeric -0.7788..., 0 digits agree
3 nodes: 1 wrong, 0 undecided
>>> del OPERATIONS["gauss"]

A wrong gradient at a leaf says only that something is wrong on the way, and so does gradcheck, of a whole function.
The audit checks each node on its own: it compares the local gradient that the node recorded with finite differences
of its operation, at the operands as they were. So an error is found where it was made, however large the graph is.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import notation
from .book import BLOCKED, Operation
from .differences import ATOL, RTOL
from .engines import Value, topological_order
from .gradcheck import DIFFERS, UNDECIDED, Comparison, compare_along
from .terminal import printable


@dataclass(frozen=True, repr=False)
class Finding:
    """One local gradient of one node, as finite differences see it."""

    node: Value
    operation: Operation
    comparison: Comparison

    def __repr__(self) -> str:
        found = self.comparison
        formula = notation.expression(self.node)
        names = self.operation.operand_names(len(self.node.operands))
        operands = ", ".join(f"{name} = {number!r}" for name, number in zip(names, self.node.numbers, strict=True))
        lines = [
            f"{self.operation.name} is {'wrong' if found.verdict == DIFFERS else found.verdict}: the derivative of "
            f"{f'{self.node.label} = {formula}' if self.node.label else formula} with respect to {found.input}",
            f"  at {operands}: recorded {found.analytic!r}, numeric {found.numeric!r}, "
            f"{found.reason or f'{found.digits} digits agree'}",
        ]
        return printable("\n".join([*lines, f"  made at {self.node.line}"] if self.node.line else lines))


@dataclass(frozen=True, repr=False)
class Audit:
    """What an audit found: the number of nodes it looked at, and the local gradients that are wrong or undecided."""

    nodes: int
    wrong: list[Finding]
    undecided: list[Finding]

    @property
    def operations(self) -> list[Operation]:
        """The operations that are wrong, each once."""
        return list(dict.fromkeys(finding.operation for finding in self.wrong))

    def __repr__(self) -> str:
        # The first finding about each wrong operation says it all; a thousand more would bury it.
        shown = [next(finding for finding in self.wrong if finding.operation is wrong) for wrong in self.operations]
        summary = f"{self.nodes} nodes: {len(self.wrong)} wrong, {len(self.undecided)} undecided"
        return "\n".join([*map(str, shown), summary])


def audit(root: Value, *, rtol: float = RTOL, atol: float = ATOL) -> Audit:
    """Compare every local gradient of a graph, as its node recorded it, with finite differences of the operation.

    >>> x = Value(0.5, "x")
    >>> print(audit(x.exp() * x + x.relu()))
    5 nodes: 0 wrong, 0 undecided

    `wrong` holds what differences contradict and `undecided` what they cannot decide, as at a kink, each as a
    Finding that prints with the node, its operands and both numbers; under `detect_anomaly` it also names the line
    that made the node. Raises TypeError if `root` is not a Value.
    """
    if not isinstance(root, Value):
        raise TypeError(f"audit(root) takes the Value whose graph is to be checked, not {type(root).__name__}")
    order = topological_order(root)
    findings = [finding for node in order for finding in _findings(node, rtol, atol)]
    return Audit(
        len(order),
        [finding for finding in findings if finding.comparison.verdict == DIFFERS],
        [finding for finding in findings if finding.comparison.verdict == UNDECIDED],
    )


def _findings(node: Value, rtol: float, atol: float) -> Iterator[Finding]:
    operation = node.operation
    if operation is None:
        return
    names = operation.operand_names(len(node.operands))
    places = [place for place, operand in enumerate(node.operands) if isinstance(operand, Value)]
    for place, (_, partial) in zip(places, node.local_gradients(), strict=True):

        def along(x: float, place: int = place) -> float:
            moved = [*node.numbers[:place], x, *node.numbers[place + 1 :]]
            value: float = operation(*operation.arguments(moved))
            return value

        recorded = 0.0 if partial is BLOCKED else partial
        yield Finding(
            node, operation, compare_along(along, names[place], node.numbers[place], recorded, rtol=rtol, atol=atol)
        )
