"""How the nodes of a graph are written: each by a name of its own, which is its label, or v and a number.

>>> from autograd import Value
>>> from autograd import topological_order
>>> x = Value(3.0, "x")
>>> order = topological_order((x * x + 1) * x)
>>> write = Writer(order)
>>> [write.node(node).text for node in order]
['x', 'v1 = x × x', 'v2 = v1 + 1', 'v3 = v2 × x']
"""

import math
from collections import Counter
from collections.abc import Collection, Sequence

from .. import notation
from ..book import BLOCKED
from ..cells import cells, readable, shortened
from ..engines import Value
from ..formulas import Lazy, applied, derivative, joined, named, same, shorter
from ..groups import groups_of
from ..nodes import NodeDict
from ..text import DOTS, NOTHING, Name, Term, parse, pointed
from .kinks import is_at_tie

# So many terms of a sum are shown.
TERMS = 5

# The width of a name, in characters of a terminal.
NAME = 28

# The width of the name of a scope before it.
SCOPE = 14


class Writer:
    """Writes nodes, formulas and numbers; the nodes in topological order."""

    def __init__(
        self, order: Collection[Value], digits: int = 4, decimals: int | None = None, point: str = "."
    ) -> None:
        self.digits, self.decimals, self._point = digits, decimals, point
        labels, self.initials = _labels(order)
        self._names = NodeDict(zip(order, named(labels), strict=True))
        self._last: Value | None = None

    def name(self, node: Value) -> Term:
        """What the node is called; no two nodes have the same name."""
        return Name(self._names[node])

    def node(self, node: Value) -> Term:
        """The node's name and formula, as an equation."""
        return self.equation(self.name(node), self.formula(node))

    def formula(self, node: Value) -> Term:
        """What the node is computed as, from the names of its operands; empty for a leaf."""
        return self._written(applied(node.operation, self._operands(node)[0])) if node.operation else NOTHING

    def numbers(self, node: Value) -> Term:
        """The node's formula with the numbers that its operands were; empty for a leaf."""
        if not node.operation:
            return NOTHING
        operands, numbers = node.operands, node.numbers
        filled = Lazy(
            len(numbers),
            lambda i: self.number(numbers[i]) if isinstance(operands[i], Value) else self._operand(node, operands, i),
        )
        return self._written(applied(node.operation, filled))

    def derivative(self, node: Value, parent: int, partial: float | None) -> Term:
        """The local derivative towards one of the node's parents, where a formula tells what it is."""
        assert node.operation is not None
        operands, parents = self._operands(node)
        if partial is not BLOCKED and math.isnan(partial):
            return NOTHING  # [x > y] is not nan, whatever x and y are
        if is_shared(node, partial):
            return parse(f"1/{round(1 / partial)}") if partial else NOTHING
        return self._written(derivative(node.operation, parents[parent], operands))

    def number(self, x: float) -> Term:
        """A number that was computed, to as many digits or decimals as were asked for."""
        return self._written(notation.number(x, digits=self.digits, decimals=self.decimals))

    def _written(self, formula: Term) -> Term:
        """A formula with the decimal sign that is asked for: the one place where it gets that."""
        return pointed(formula, self._point)

    def sum(self, flows: Sequence[float], total: float) -> Term:
        """The sum of flows and what it comes to; a single flow by itself."""
        shown = flows if len(flows) <= TERMS else [*flows[: TERMS - 2], flows[-1]]
        terms = [self.number(flow) for flow in shown]
        if len(shown) < len(flows):
            terms.insert(-1, DOTS)
        return self.equation(joined(terms, " + "), self.number(total))

    def equation(self, *sides: Term) -> Term:
        """Formulas with = between, without those that are empty or that the next one repeats."""
        written = [side for side in sides if side != NOTHING]
        return joined([x for x, y in zip(written, [*written[1:], NOTHING], strict=True) if not same(x, y)], " = ")

    def _operands(self, node: Value) -> "tuple[Lazy, Sequence[int]]":
        """The operands, to be written where they are to stand, and the places of those that are parents."""
        if node is not self._last:  # many paths may lead through one wide node
            operands = node.operands
            self._last_operands = (
                Lazy(len(operands), lambda i: self._operand(node, operands, i)),
                [place for place, operand in enumerate(operands) if isinstance(operand, Value)],
            )
            self._last = node
        return self._last_operands

    def _operand(self, node: Value, operands: Sequence[Value | float], place: int) -> Term:
        operand = operands[place]
        if isinstance(operand, Value):
            return self.name(operand)
        return notation.constant(node.operation, place, operand, digits=self.digits)


def is_shared(node: Value, partial: float | None) -> bool:
    """Whether the node's operation, which else chooses an operand, has found a tie, of which each has its share."""
    if node.operation is None or node.operation.pattern != "routes" or partial is BLOCKED or not 0.0 < partial < 1.0:
        return False
    return is_at_tie(node) if node.operation.is_of_book else True


def _labels(order: Collection[Value]) -> tuple[list[str], dict[str, str]]:
    """The labels, and the words of the initials in them.

    Where several nodes have the same label, the scopes that they are in stand before it, and before all labels there:
    L1.N0.w for layers.1, neurons.0, w.
    """
    labels = [shortened(label, NAME) if cells((label := readable(node.label)).strip()) else "" for node in order]
    counts = Counter(labels)
    if all(counts[label] == 1 for label in counts if label):
        return labels, {}
    groups = groups_of(list(order)).of_node
    wanting = {group for group, label in zip(groups, labels, strict=True) if label and counts[label] > 1}
    paths = [
        group.path if label and group and group in wanting else () for group, label in zip(groups, labels, strict=True)
    ]
    # That all belongs to one model need not be said each time.
    if len({path[0] for path in paths if path}) == 1 and all(len(path) != 1 for path in paths):
        paths = [path[1:] for path in paths]
    short, initials = shorter({part for path in paths for part in path})
    return [
        ".".join([*[short.get(part) or shortened(readable(part), SCOPE) for part in path], label])
        for path, label in zip(paths, labels, strict=True)
    ], initials
