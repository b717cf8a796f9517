"""The parts of a picture, by their ids and classes in its SVG, and what its graph says that it should show."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from shapes import SVG, Box, Line, Painting, Point, Shape, Text, around, box_of, depth, painting

from autograd import Value, topological_order
from autograd.cells import readable
from autograd.groups import groups_of

NEAR, FAR = 4.0, 16.0  # pixels that an edge may end before a card, and where it is clear which one it means
SQUARE = 2.0  # pixels: how finely lines near each other are sought


@dataclass(frozen=True)
class Card:
    """A card by the end of its id, as "node-3"."""

    id: str
    title: str
    box: Box
    radius: float
    texts: list[Text] = field(repr=False)

    @property
    def is_leaf(self) -> bool:
        """Whether it has round ends."""
        return self.radius >= (self.box[3] - self.box[1]) / 2 - 1


@dataclass(frozen=True)
class Edge:
    """A line between two cards; a flow is one too. `tail` and `head` are "" where it is not seen to touch a card."""

    id: str
    line: Line = field(repr=False)
    arrow: np.ndarray | None = field(repr=False)
    tail: str = ""
    head: str = ""

    @cached_property
    def points(self) -> np.ndarray:
        """Its points up to the tip of its arrow."""
        points = self.line.points
        if self.arrow is None:
            return points
        tip = self.arrow[np.hypot(*(self.arrow - points[-1]).T).argmax()]
        return np.concatenate([points, tip[None]])

    @property
    def is_flow(self) -> bool:
        return self.id.endswith("-flow")

    @property
    def source(self) -> str:
        """The card of the operand, where an edge begins and a flow ends."""
        return self.head if self.is_flow else self.tail

    @property
    def begin(self) -> int:
        """The place of the point at that card."""
        return -1 if self.is_flow else 0

    @cached_property
    def box(self) -> Box:
        return box_of(self.points)

    def distance(self, point: Point) -> float:
        """How far it is from a point."""
        return float(np.hypot(*(self.points - point).T).min())

    def gap(self, text: Text) -> float:
        """How far it is from a text."""
        return float(depth(self.points, text.box).min())

    @cached_property
    def squares(self) -> set[tuple[int, int]]:
        """The small squares of the picture that it runs through."""
        return set(squares_of(self.points))

    @cached_property
    def surroundings(self) -> set[tuple[int, int]]:
        """These squares and all around them."""
        return {(x + dx, y + dy) for x, y in self.squares for dx in (-1, 0, 1) for dy in (-1, 0, 1)}


@dataclass(frozen=True)
class Frame:
    """A frame by the names of the groups that it stands for, the outermost first."""

    path: tuple[str, ...]
    box: Box


class Picture:
    """The cards, edges, flows, frames and texts of an SVG."""

    def __init__(self, svg: str) -> None:
        self.painting: Painting = painting(svg)
        self.box = self.painting.box
        self.prefix = next((g.get("id", "").partition("-")[0] for g in self.painting.groups if _is_card(g)), "")
        self.halos = [line for line in self.painting.of(Line) if "halo" in line.names]
        self.texts: list[Text] = [*self.painting.of(Text)]
        self.cards = {card.id: card for card in self._cards()}
        self.frames = [*self._frames()]
        self.titles = [text for text in self.texts if self._is_title(text)]
        edges, flows = [*self._lines("edge")], [*self._lines("flow")]
        self.edges = {edge.id: edge for edge in self._ended(edges)}
        self.flows = {
            flow.id: replace(flow, tail=edge.head, head=edge.tail)
            for flow in flows
            if (edge := self.edges.get(flow.id.removesuffix("-flow")))
        }
        self.free = [text for text in self.texts if text.home.removeprefix(f"{self.prefix}-") not in self.cards]
        self.marks = dict(self._owned())

    def _is_title(self, text: Text) -> bool:
        """Whether it says so, or stands in the upper left corner of a frame."""
        gaps = ((text.box.left - frame.box.left, text.box.top - frame.box.top) for frame in self.frames)
        return "title" in text.names or (not text.home and any(0 < x < 12 and 0 < y < 12 for x, y in gaps))

    def short(self, id: str) -> str:
        """An id without the prefix of the figure."""
        return id.removeprefix(f"{self.prefix}-")

    def _cards(self) -> Iterator[Card]:
        texts, shapes = defaultdict(list), defaultdict(list)
        for thing in self.painting.things:
            if isinstance(thing, Text):
                texts[thing.home].append(thing)
            elif isinstance(thing, Shape):
                shapes[thing.home].append(thing)
        for group in filter(_is_card, self.painting.groups):
            id = group.get("id", "")
            boxes = [shape.box for shape in shapes[id]] or [text.box.grown(4) for text in texts[id]]
            radius = max((shape.radius for shape in shapes[id]), default=0.0)
            yield Card(self.short(id), group.findtext(f"{SVG}title", ""), around(boxes), radius, texts[id])

    def _frames(self) -> Iterator[Frame]:
        for shape in self.painting.of(Shape):
            title = shape.groups[-1].findtext(f"{SVG}title") if shape.groups else None
            if "border" in shape.names and title is not None:  # that of a legend has none
                yield Frame(tuple(title.split(" › ")), shape.box)

    def _lines(self, kind: str) -> Iterator[Edge]:
        """The edges or the flows, each with the arrow head that is painted after it."""
        things = self.painting.things
        for place, thing in enumerate(things):
            home = self.short(thing.id if kind == "edge" else thing.home)
            if (
                not isinstance(thing, Line)
                or not home.startswith("edge-")
                or home.endswith("-flow") != (kind == "flow")
            ):
                continue
            after = next((other for other in things[place + 1 :] if not isinstance(other, Text)), None)
            yield Edge(home, thing, after.outline if isinstance(after, Shape) and after.is_arrow else None)

    def _ended(self, edges: list[Edge]) -> Iterator[Edge]:
        """The edges with the cards that they touch: the tail where they begin, the head where the arrow ends."""
        if not self.cards:
            return
        ids = [*self.cards]
        begins = np.array([edge.points[0] for edge in edges]).reshape(-1, 2)
        tips = np.array([edge.points[-1] for edge in edges]).reshape(-1, 2)
        near = {end: np.stack([self.depths(points, id) for id in ids], 1) for end, points in enumerate((begins, tips))}
        found = []
        for i, edge in enumerate(edges):
            tail, head = near[0][i].argmin(), near[1][i].argmin()
            is_at_tail = near[0][i][tail] <= (FAR if ids[tail].startswith("stub") else NEAR)
            is_at_head = near[1][i][head] <= FAR
            found.append(replace(edge, tail=ids[tail] if is_at_tail else "", head=ids[head] if is_at_head else ""))
        for edge in found:  # one that leaves the line of another one has its tail
            yield edge if edge.tail else replace(edge, tail=_tail_of_trunk(edge, found))

    def depths(self, points: np.ndarray, id: str) -> np.ndarray:
        """How far points are outside of a card; what is below 0 is so deep inside."""
        return depth(points, self.cards[id].box, self.cards[id].radius)

    def is_hidden(self, edge: Edge, text: Text, place: Point) -> bool:
        """Whether a surface is painted between a line and a text, over a place on both."""
        things = self.painting.things
        between = things[things.index(edge.line) : things.index(text)]
        return any(isinstance(thing, Shape) and not thing.is_arrow and place in thing for thing in between)

    def _owned(self) -> Iterator[tuple[int, str]]:
        """The places of the free texts that belong to an edge, and that edge: by their id, or the nearest one."""
        for place, text in enumerate(self.free):
            named = self.short(text.id or text.home)
            if named.startswith("edge-"):
                yield place, "-".join(named.split("-")[:2])
            elif "mark" in text.names and not text.groups and text not in self.titles and self.edges:
                yield place, min(self.edges, key=lambda id: self.edges[id].gap(text))


def _is_card(group) -> bool:
    parts = group.get("id", "").split("-")
    return len(parts) == 3 and parts[1] in ("node", "group", "stub")


def _tail_of_trunk(edge: Edge, edges: list[Edge]) -> str:
    begin = edge.points[0]
    near = (other for other in edges if other.tail and other.box.grown(3).holds(box_of(begin[None])))
    return next((other.tail for other in near if other.distance(begin) < NEAR / 2), "")


def squares_of(points: np.ndarray) -> list[tuple[int, int]]:
    """The small square of the picture that each point is in."""
    return list(map(tuple, (points // SQUARE).astype(int).tolist()))


# What the graph says that it should show ------------------------------------------------------------


class Graph:
    """The graph of a drawing by its cards: which card each node is on. The drawing's layout is not asked."""

    def __init__(self, drawing) -> None:
        prefix = f"{drawing.prefix}-"
        self.order: list[Value] = topological_order(drawing.root)
        self.card_of = {place: id.removeprefix(prefix) for place, id in drawing.node_ids.items()}
        self.edge_ids = {operand: id.removeprefix(prefix) for operand, id in drawing.edge_ids.items()}
        self.place_of = {id(node): place for place, node in enumerate(self.order)}
        self.has_flows = drawing.look.flows
        self.is_vertical = drawing.look.direction == "TB"

    def card(self, node: Value) -> str | None:
        """The id of the card of a node; None if it is not drawn."""
        return self.card_of.get(self.place_of[id(node)])

    @cached_property
    def operands(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """The card of each operation, and those of its operands in their written order, with the list they are in."""
        found = []
        for place, node in enumerate(self.order):
            head = self.card_of.get(place)
            if head is None or node.operation is None:
                continue
            tails = [self.card(operand) if isinstance(operand, Value) else None for operand in node.operands]
            lists = _lists(node)
            found.append((head, [(tail, lists[i]) for i, tail in enumerate(tails) if tail not in (None, head)]))
        return found

    @cached_property
    def links(self) -> Counter[tuple[str, str]]:
        """How often each card is an operand of each other one."""
        return Counter((tail, head) for head, tails in self.operands for tail, _ in tails)

    @cached_property
    def is_tree(self) -> bool:
        """Whether no card is used twice."""
        return max(Counter(tail for tail, _ in self.links.elements()).values(), default=0) <= 1

    def wishes(self, across_lists: bool = True) -> Counter[tuple[str, str]]:
        """How often one card should stand before another one."""
        pairs: Counter[tuple[str, str]] = Counter()
        for _, tails in self.operands:
            for (one, of_one), (other, of_other) in itertools.combinations(tails, 2):
                pairs[one, other] += one != other and (across_lists or of_one == of_other)
        return +pairs

    @cached_property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """The names of the groups that each card stands in; a folded group stands in those around it."""
        paths = {}
        for place, group in enumerate(groups_of(self.order).of_node):
            card = self.card_of.get(place)
            if card and card.startswith("node"):
                paths[card] = tuple(map(readable, group.path)) if group else ()
        return paths


def _lists(node: Value) -> list[int]:
    """For each operand of an operation, which of its lists it is in; single ones are in one together."""
    lists = [0] * len(node.operands)
    for number, argument in enumerate(node.operation.arguments(range(len(lists)))):
        for place in argument if isinstance(argument, list) else ():
            lists[place] = number + 1
    return lists
