"""The steps of both passes: what is computed at each node, and what arrives and leaves there.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> passes = Passes(x * x)
>>> for step in [*passes.forward(10), *passes.backward(10)]:
...     print(step)
x = 3
v1 = x × x = 3 × 3 = 9
v1 = x × x: 1 arrives, as at every root; ∂v1/∂x = x = 3, so 1 × 3 = 3 leaves to x; ...; multiply switches
x: 3 + 3 = 6 arrives from v1; a branch sums

No gradient is changed: the flows are those of a pass of their own, with the seed 1, added in the same order as
in `backward`.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, NamedTuple

from ..book import BLOCKED, Operation
from ..engines import Value, topological_order
from ..formulas import product, prose
from ..languages import count, enumeration, point, words
from ..locks import CachedProperty
from ..nodes import NodeDict, distinct
from ..terminal import printable
from ..text import Term
from .kinks import Kinks, is_at_kink, jumps
from .writer import Writer, is_shared

# So many operands, or sources of flows, are told in one line.
TOLD = 4


class Arrival(NamedTuple):
    """A flow that arrives at a node, and the node that it comes from: None for the seed."""

    source: Value | None
    flow: float


@dataclass(frozen=True)
class Departure:
    """What leaves to one operand: what arrived times the local derivative, exactly 0 where that is BLOCKED."""

    to: Value
    derivative: Term  # as the rule book has it
    partial: float | None
    flow: float

    @property
    def blocked(self) -> bool:
        """Whether the operation did not choose this operand, as the smaller one of a maximum."""
        return self.partial is BLOCKED


@dataclass(frozen=True, repr=False)
class Forward:
    """A node as it is computed; printed, one line of text."""

    kind: ClassVar[str] = "forward"
    index: int  # of the node in topological order
    node: Value
    name: Term
    formula: Term  # empty for a leaf
    numbers: Term  # the formula with numbers in it; empty where that is no more than the value
    value: float
    line: str

    def __repr__(self) -> str:
        return printable(self.line)


@dataclass(frozen=True, repr=False)
class Backward:
    """A node as the flow comes by; printed, one line of text."""

    kind: ClassVar[str] = "backward"
    index: int  # of the node in topological order
    node: Value
    name: Term
    formula: Term  # empty for a leaf
    arriving: tuple[Arrival, ...]
    flow: float  # the sum of what arrives
    leaving: tuple[Departure, ...]
    more: int  # so many departures are left out
    patterns: tuple[Term, ...]  # what happens here, in the words of the lectures
    line: str

    def __repr__(self) -> str:
        return printable(self.line)


class Passes:
    """Both passes over the graph of a root; others, that may not be in it, shall have a name as well."""

    def __init__(
        self,
        root: Value,
        digits: int = 4,
        others: Collection[Value] = (),
        decimals: int | None = None,
        language: str = "en",
    ) -> None:
        self.language = language
        self.words = words("explain", language)
        self.root = root
        self.order = topological_order(root)
        self.write = Writer(distinct([*self.order, *others]), digits, decimals, point(language))
        self.kinks = Kinks(self.order)
        self.flows = NodeDict([(root, 1.0)])
        for node in reversed(self.order):
            for parent, _, flow in self.sent(node):
                self.flows[parent] = self.flows[parent] + flow if parent in self.flows else flow

    def sent(self, node: Value) -> Iterator[tuple[Value, float, float]]:
        """The flows that leave a node, each with its local derivative: none where nothing arrives or it is blocked."""
        if node in self.flows:
            for parent, partial in node.local_gradients():
                if partial is not BLOCKED:
                    yield parent, partial, self.flows[node] * partial

    @CachedProperty
    def leaves(self) -> list[int]:
        """The places of the leaves in topological order."""
        return [place for place, node in enumerate(self.order) if node.operation is None]

    @CachedProperty
    def interior(self) -> list[int]:
        """The places of the nodes that are no leaves."""
        return [place for place, node in enumerate(self.order) if node.operation is not None]

    def forward(self, most: int) -> tuple[Forward, ...]:
        """The first steps of the forward pass: so many leaves, and so many other nodes."""
        return tuple(map(self._forward, sorted([*self.leaves[:most], *self.interior[:most]])))

    def backward(self, most: int) -> tuple[Backward, ...]:
        """The first steps of the backward pass: so many leaves, and nodes from which in all so many flows leave."""
        rooms = dict.fromkeys(self.leaves[-most:], 0)
        room = most
        for place in reversed(self.interior):
            if room <= 0:
                break
            rooms[place] = room
            room -= max(1, len(self.order[place].parents))
        return self._backward(dict(sorted(rooms.items(), reverse=True)))

    def steps(self, places: Collection[int]) -> tuple[tuple[Forward, ...], tuple[Backward, ...]]:
        """The steps of each pass at the nodes of these places, with all that leaves there."""
        rooms = {place: len(self.order[place].parents) for place in sorted(places, reverse=True)}
        return tuple(map(self._forward, sorted(places))), self._backward(rooms)

    def gradients(self, most: int, nodes: Collection[Value] | None = None) -> tuple[Backward, ...]:
        """The steps at the leaves, or at other nodes, those with the largest gradients first."""
        wanted = NodeDict([(node, None) for node in nodes or ()])
        places = self.leaves if nodes is None else [i for i, node in enumerate(self.order) if node in wanted]
        largest = sorted(places, key=lambda i: magnitude(self.flows.get(self.order[i], 0.0)), reverse=True)
        return self._backward(dict.fromkeys(largest[:most], 0))

    def _forward(self, index: int) -> Forward:
        node = self.order[index]
        name, formula, numbers = self.write.name(node), self.write.formula(node), self.write.numbers(node)
        value = self.value(node)
        line = self.write.equation(name, formula, numbers, self.write.number(value)).text
        return Forward(index, node, name, formula, numbers, value, line)

    def value(self, node: Value) -> float:
        """What the node was in this computation."""
        return node.data if node.operation else self._as_it_was.get(node, node.data)

    @CachedProperty
    def _as_it_was(self) -> NodeDict[float]:
        """The numbers that the leaves were; they may have been changed since."""
        pairs = [pair for node in self.order for pair in zip(node.operands, node.numbers, strict=True)]
        return NodeDict([(x, number) for x, number in pairs if isinstance(x, Value)])

    def _backward(self, rooms: Mapping[int, int]) -> tuple[Backward, ...]:
        """The steps at these places of the topological order, each with room for so many departures."""
        arriving = NodeDict[list[Arrival]]([(self.order[index], []) for index in rooms])
        for node in reversed(self.order):
            for parent, _, flow in self.sent(node):
                if parent in arriving:
                    arriving[parent].append(Arrival(node, flow))
        if self.root in arriving:
            arriving[self.root].append(Arrival(None, 1.0))
        return tuple([self._step(index, tuple(arriving[self.order[index]]), room) for index, room in rooms.items()])

    def _step(self, index: int, arriving: tuple[Arrival, ...], room: int) -> Backward:
        node, write = self.order[index], self.write
        flow = self.flows.get(node, 0.0)
        partials = node.local_gradients() if arriving else []
        leaving = tuple(
            Departure(
                parent, write.derivative(node, i, partial), partial, 0.0 if partial is BLOCKED else flow * partial
            )
            for i, (parent, partial) in enumerate(partials[:room])
        )
        more = len(partials) - len(leaving)
        sums = (prose(self.words["a branch sums"]),) * (len(arriving) > 1)
        patterns = sums + self._pattern(node, partials)
        told = [self._arrival(arriving, flow), *[self.departure(node, flow, sent) for sent in leaving[:TOLD]]]
        if untold := more + len(leaving[TOLD:]):
            told.append(self.words["and to more"].format(count(untold, self.language)))
        line = f"{write.node(node).text}: {'; '.join([*told, *[pattern.text for pattern in patterns]])}"
        name, formula = write.name(node), write.formula(node)
        return Backward(index, node, name, formula, arriving, flow, leaving, more, patterns, line)

    def _arrival(self, arriving: Sequence[Arrival], flow: float) -> str:
        words = self.words
        if not arriving:
            return words["nothing arrives"]
        total = self.write.sum([arrival.flow for arrival in arriving], flow).text
        names = [self.write.name(x).text for x in distinct([x.source for x in arriving if x.source is not None])]
        if not names:
            return words["arrives at the root"].format(total)
        if len(names) > TOLD:
            told = words["and others"].format(reduce(words["comma"].format, names[: TOLD - 1]))
        else:
            told = enumeration(names, self.language).format(*names)
        return words["arrives"].format(total, told)

    def departure(self, node: Value, flow: float, departure: Departure) -> str:
        """What leaves a node to one operand where that flow arrives at it, in words."""
        write, words = self.write, self.words
        to, number = write.name(departure.to).text, write.number(departure.partial or 0.0)
        told = f"∂{write.name(node).text}/∂{to} = {write.equation(departure.derivative, number).text}"
        if departure.blocked:
            return words["so nothing leaves"].format(told, to)
        sent = write.equation(product([write.number(flow), number]), write.number(departure.flow)).text
        return words["so leaves"].format(told, sent, to)

    def _pattern(self, node: Value, partials: Sequence[tuple[Value, float | None]]) -> tuple[Term, ...]:
        """What the node's operation does with the flow; nothing where there is no word for it."""
        if not (node.operation and partials):
            return ()
        words, name, does = self.words, self._called(node.operation), node.operation.pattern
        remarks = []
        if is_at_kink(node) and len(node.operands) == 1:
            remarks.append(prose(words["kink"], name))
        if jumps(node):
            single = len(node.operands) == 1
            remarks.append(
                prose(words["jump at"], name, self.write.number(node.numbers[0]).text)
                if single
                else prose(words["jump"], name)
            )
        if any(partial is not BLOCKED and math.isnan(partial) for _, partial in partials):
            return () if does else tuple(remarks)
        chosen = [self.write.name(parent) for parent, partial in partials if partial is not BLOCKED]
        if not chosen:
            return (prose(words["blocks"], name), *remarks)
        if not does:
            return tuple(remarks)
        if does != "routes":
            return (prose(words.get(does, f"{{}} {does}"), name),)
        if len(node.operands) == 1:
            return (prose(words["passes"], name),)
        if any(is_shared(node, partial) for _, partial in partials):
            return (prose(words["shares"], name),)
        told = prose(enumeration([parent.text for parent in chosen], self.language), *chosen)
        return (prose(words["routes"], name, told),)

    def _called(self, operation: Operation) -> str:
        """What an operation is called in sentences: one of a user by its own name."""
        return (
            words("operations", self.language).get(operation.name, operation.name)
            if operation.is_of_book
            else operation.name
        )


def magnitude(number: float) -> float:
    """How much a gradient moves its root; most of all where it is nan, for that is to be seen first."""
    return math.inf if math.isnan(number) else abs(number)
