"""The way through a drawing of a graph, card by card: forward and then back, with all that changes at each card.

>>> from autograd import Value, draw
>>> a, b = Value(2.0, "a"), Value(3.0, "b")
>>> drawing = draw(b * a + b)
>>> for step in Tour(drawing.diagram, drawing.look, drawing.root).backward:
...     print(step.lights[0], step.numbers)
node-3 {'node-3': '1', 'node-2': '1', 'node-1': '1'}
node-2 {'node-2': '1', 'node-1': '3', 'node-0': '3'}
node-0 {'node-0': '3'}
node-1 {'node-1': '3'}

Inputs come first, then the parameters of models, each in the order in which operations use them, then the operations
in the order in which they were computed. Back it goes the other way: what a node sends arrives in its step, and is
summed there in the order in which `backward` does. A folded group is one step, and what is not drawn is none. Ids are
those of the diagram, without the prefix that they have in the SVG.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from ...book import BLOCKED
from ...cells import cells
from ...engines import Value
from ...explain.steps import TOLD, Passes
from ...groups import groups_of
from ...languages import between, count, words
from ...nodes import NodeDict
from ..diagram import Diagram, Edge
from ..diagram.cards import Card, Row
from ..look import Look
from .template import Step


class _Sent(NamedTuple):
    """What a node sends to one of its operands: no flow where that is blocked."""

    operand: tuple[int, int]  # the place of the node, and the position among its operands
    to: int
    flow: float | None


class Tour:
    """The steps of both passes, and the diagram with the names and the numbers that they tell.

    Nodes go by their places in topological order. One that is not drawn has a card of its own here, that has no step.
    """

    def __init__(self, diagram: Diagram, look: Look, root: Value) -> None:
        self.diagram, self.look = diagram, look
        self.passes = Passes(root, look.digits, decimals=look.decimals, language=look.language)
        self.nodes = self.passes.order
        self.place_of = NodeDict([(node, place) for place, node in enumerate(self.nodes)])
        self.cards = {card.id: card for card in diagram.cards}
        self.card_of = [diagram.node_ids.get(place, f"unseen-{place}") for place in range(len(self.nodes))]
        self.on: dict[str, list[int]] = defaultdict(list)
        # What comes last in a group is used by nothing in it: where there is one output, it is that.
        self.last: dict[str, int] = {}
        for place, card in enumerate(self.card_of):
            self.on[card].append(place)
            self.last[card] = place
        self.inputs: dict[str, dict[int, None]] = defaultdict(dict)
        self.outputs: dict[str, set[int]] = defaultdict(set)
        self._find_crossings()
        self.edges_to: dict[str, list[Edge]] = defaultdict(list)
        for edge in diagram.edges:
            self.edges_to[diagram.cards[edge.head].id].append(edge)
        order = self._order()
        singles = [place for card, place in self.last.items() if card in self.cards and self._is_single(card)]
        forward, backward = self.passes.steps(singles)
        self.told_forward = {self.card_of[step.index]: step for step in forward}
        self.told_backward = {self.card_of[step.index]: step for step in backward}
        self.forward = [self._forward(card) for card in order if card in self.cards]
        self.backward = self._backward(reversed(order))

    def _find_crossings(self) -> None:
        """Find what crosses the edges of the cards."""
        for card, places in self.on.items():
            for place in places:
                for parent in self.nodes[place].parents:
                    used = self.place_of[parent]
                    if self.card_of[used] != card:
                        self.inputs[card][used] = None
                        self.outputs[self.card_of[used]].add(used)
        root = len(self.nodes) - 1
        self.outputs[self.card_of[root]].add(root)

    # The order -----------------------------------------------------------------------------------------

    def _order(self) -> list[str]:
        """The cards in the order of the forward pass."""
        leaves = self._leaves()
        return [*leaves, *self._computed(set(leaves))]

    def _leaves(self) -> list[str]:
        """The cards of single leaves: inputs, then parameters, each in the order in which they are used."""
        used = dict.fromkeys(self.place_of[parent] for node in self.nodes for parent in node.parents)
        used[len(self.nodes) - 1] = None
        leaves = [place for place in used if not self.nodes[place].operation and self._is_single(self.card_of[place])]
        parameters = groups_of(self.nodes).parameters
        return [self.card_of[place] for place in sorted(leaves, key=lambda place: self.nodes[place] in parameters)]

    def _is_single(self, card: str) -> bool:
        return card not in self.cards or self.cards[card].kind != "group"

    def _computed(self, done: set[str]) -> list[str]:
        """The other cards: each after those that it uses, and as early as it was finished.

        Groups may need each other, as where one is left and entered again; of these the one that was finished first
        comes first.
        """
        waits = {
            card: {self.card_of[place] for place in self.inputs[card]} - done for card in self.on if card not in done
        }
        users = defaultdict(list)
        for card, needed in waits.items():
            for other in needed:
                users[other].append(card)
        ready = [(self.last[card], card) for card, needed in waits.items() if not needed]
        heapify(ready)
        order = []
        while waits:
            card = heappop(ready)[1] if ready else min(waits, key=self.last.__getitem__)
            if waits.pop(card, None) is None:  # taken before its turn
                continue
            order.append(card)
            for user in users[card]:
                if user in waits:
                    waits[user].discard(card)
                    if not waits[user]:
                        heappush(ready, (self.last[user], user))
        return order

    # Forward -------------------------------------------------------------------------------------------

    def _forward(self, card: str) -> Step:
        value = {card: self.look.decimal(self._value(self.last[card]))} if self._shows(card, "value") else {}
        lights = [card, *[edge.id for edge in self.edges_to[card]]]
        if step := self.told_forward.get(card):
            return Step(step.line, self.passes.write.node(step.node).text, lights, numbers=value)
        formula = self._formula_of_group(card)
        numbers = [self.passes.write.number(self._value(place)).text for place in sorted(self.outputs[card])]
        return Step(f"{formula} = {self._few(numbers)}", formula, lights, numbers=value)

    def _few(self, numbers: Sequence[str]) -> str:
        return between(self.look.language).join(_few(numbers))

    def _value(self, place: int) -> float:
        return self.passes.value(self.nodes[place])

    def _shows(self, card: str, kind: str) -> bool:
        return any(row.kind == kind for row in self.cards[card].rows)

    def _formula_of_group(self, card: str) -> str:
        """The outputs as a function of the inputs: v9 = neuron(x1, x2)."""
        outputs, inputs = _few(self._names(sorted(self.outputs[card]))), _few(self._names(self.inputs[card]))
        return f"{', '.join(outputs)} = {self.cards[card].label}({', '.join(inputs)})"

    def _names(self, places: Iterable[int]) -> list[str]:
        return [self.passes.write.name(self.nodes[place]).text for place in places]

    # Backward ------------------------------------------------------------------------------------------

    def _backward(self, order: Iterable[str]) -> list[Step]:
        arrived = {len(self.nodes) - 1: 1.0}
        awaited = {card for card in self.cards if self._shows(card, "gradient")}
        steps = []
        for card in order:
            awaited.discard(card)
            sent = [sent for place in reversed(self.on[card]) for sent in self._sent(place)]
            reached = {}
            for _, to, flow in sent:
                if flow is None:
                    continue
                arrived[to] = arrived[to] + flow if to in arrived else flow
                other = self.card_of[to]
                if other in awaited and to == self.last[other]:
                    reached[other] = self.look.decimal(arrived[to])
            if card in self.cards:
                steps.append(self._back_at(card, sent, reached))
        return steps

    def _sent(self, place: int) -> list[_Sent]:
        node, flows = self.nodes[place], self.passes.flows
        if node not in flows:
            return []
        positions = [position for position, operand in enumerate(node.operands) if isinstance(operand, Value)]
        return [
            _Sent((place, position), self.place_of[to], None if partial is BLOCKED else flows[node] * partial)
            for position, (to, partial) in zip(positions, node.local_gradients(), strict=False)  # a leaf has none
        ]

    def _back_at(self, card: str, sent: Sequence[_Sent], reached: dict[str, str]) -> Step:
        edges = self.edges_to[card]
        carrying = {self.diagram.edge_ids.get(x.operand, self.card_of[x.to]) for x in sent if x.flow is not None}
        lit = [edge.id for edge in edges if carrying & {edge.id, self.diagram.cards[edge.tail].id}]
        flows = [f"{edge.id}-flow" for edge in edges if edge.flow]
        own = {card: self.look.decimal(self._flow(self.last[card]))} if self._shows(card, "gradient") else {}
        if step := self.told_backward.get(card):
            line, formula = step.line, self.passes.write.node(step.node).text
        else:
            formula = self._formula_of_group(card)
            line = self._line_of_group(card, sent)
        return Step(line, formula, [card, *lit], flows, own | reached)

    def _flow(self, place: int) -> float:
        return self.passes.flows.get(self.nodes[place], 0.0)

    def _line_of_group(self, card: str, sent: Sequence[_Sent]) -> str:
        """What arrives at each output of a group, and what leaves it to each of its inputs."""
        number, flows, said = self.passes.write.number, self.passes.flows, self.passes.words
        reached = [place for place in sorted(self.outputs[card], reverse=True) if self.nodes[place] in flows]
        leaving: dict[int, float] = {}
        for _, to, flow in sent:
            if self.card_of[to] != card and flow is not None:
                leaving[to] = leaving.get(to, 0.0) + flow

        def told(what: str, more: str, places: Sequence[int], sums: Iterable[float]) -> list[str]:
            pairs = list(zip(sums, self._names(places[:TOLD]), strict=False))
            lines = [said[what].format(number(flow).text, name) for flow, name in pairs]
            return lines + [said[more].format(count(len(places) - TOLD, self.look.language))] * (len(places) > TOLD)

        arrivals = told("arrives at", "and at more", reached, map(self._flow, reached))
        departures = told("leaves", "and to more", [*leaving], leaving.values())
        parts = [*(arrivals or [said["nothing arrives"]]), *departures]
        return f"{self._formula_of_group(card)}: {'; '.join(parts)}"

    # The diagram ---------------------------------------------------------------------------------------

    def told(self) -> Diagram:
        """The diagram with the names and numbers of the last step, and without those that would be seen before.

        The cards have room for all numbers that they show on the way.
        """
        finals: dict[tuple[str, str], str] = {}
        room: dict[tuple[str, str], int] = defaultdict(int)
        for kind, steps in (("value", self.forward), ("gradient", self.backward)):
            for step in steps:
                for card, text in step.numbers.items():
                    room[card, kind] = max(room[card, kind], cells(text))
                    finals[card, kind] = text
        sent: dict[tuple[int, int], float | None] = {}
        if self.look.flows:
            sent = {x.operand: x.flow for place in range(len(self.nodes)) for x in self._sent(place)}
        operand_of = {edge: operand for operand, edge in self.diagram.edge_ids.items()}

        def told_row(card: Card, row: Row) -> Row:
            if (card.id, row.kind) not in finals:
                return row
            return replace(row, text=finals[card.id, row.kind], room=room[card.id, row.kind])

        def told_card(card: Card) -> Card:
            card = replace(card, rows=tuple([told_row(card, row) for row in card.rows]))
            if card.id not in self.told_forward:
                return card
            label = self.told_forward[card.id].name.text if "label" in self.look.shown else card.label
            return replace(card, label=label, title=card.made)

        def told_edge(edge: Edge) -> Edge:
            if not edge.flow:
                return edge
            return replace(edge, flow=self.look.decimal(sent.get(operand_of[edge.id]) or 0.0))

        return replace(
            self.diagram,
            cards=[told_card(card) for card in self.diagram.cards],
            edges=[told_edge(edge) for edge in self.diagram.edges],
            description=words("page", self.look.language)["description"],
        )


def _few(texts: Sequence[str]) -> Sequence[str]:
    """The first of many."""
    return texts if len(texts) <= TOLD else [*texts[:TOLD], "…"]
