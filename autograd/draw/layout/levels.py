"""A diagram as levels: in each frame stand cards and smaller frames, and what runs between them.

A level knows nothing of what is inside its frames, but where their edges enter and leave: so a frame is laid out
before the one around it, and edges run around frames as they run around cards.

>>> from autograd import Value, scope
>>> from autograd.draw.diagram import diagram_of
>>> x = Value(3.0, "x")
>>> with scope("square"):
...     y = x * x
>>> outer, inner = house_of(diagram_of(y + 1)).levels
>>> outer.items, inner.items
([Item(kind='card', id=0), Item(kind='frame', id=0), Item(kind='card', id=2)], [Item(kind='card', id=1)])
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, NamedTuple, TypeVar

from ..diagram import Diagram
from ..limits import each

T = TypeVar("T")


class Item(NamedTuple):
    """What stands in a level: a card or a frame, by its place in the diagram or among the frames that are drawn."""

    kind: Literal["card", "frame"]
    id: int


class End(NamedTuple):
    """Where edges of one net end in a level: at a card, each by itself; at a frame, all of them together."""

    item: Item
    edge: int | None  # None for a frame


@dataclass
class Net:
    """All that leaves one card, as far as it is seen in one level: a line with branches.

    A source of None is the border of the frame around: the card stands outside. `leaves` tells whether the line goes
    on beyond the frame.
    """

    tail: "Tail"
    source: Item | None
    ends: list[End] = field(default_factory=list)
    leaves: bool = False


class Tail(NamedTuple):
    """What a net starts from: a card. An edge that goes back in a circle of folded groups is a net by itself."""

    card: int
    back: int | None = None  # the edge


@dataclass
class Level:
    """The inside of a frame, or of the whole picture: `frame` is None then.

    `wishes` are sequences of items that should stand in that order, because they are operands in that order; `pairs`
    are two such operands that nothing else uses, with the items that they are in.
    """

    frame: int | None
    title: str
    items: list[Item] = field(default_factory=list)
    nets: dict[Tail, Net] = field(default_factory=dict)
    wishes: list[list[Item]] = field(default_factory=list)
    pairs: list["Pair"] = field(default_factory=list)
    drawn_as: int | None = None  # the place of its frame in the diagram


class Pair(NamedTuple):
    """Two operands, one written behind the other, and the items of a level that they are in."""

    one: int
    in_one: Item
    other: int
    in_other: Item


class Step(NamedTuple):
    """What an edge does in one level: it runs to this end, or leaves the level where `end` is None."""

    level: int
    end: End | None


class House(NamedTuple):
    """The whole picture as a level and each frame as one, outer ones first.

    Of each edge, its way through them and the net that it belongs to; of each card, when a reader comes to it and the
    items that it is in, up to itself.
    """

    levels: list[Level]
    ways: list[list[Step]]
    tails: list[Tail]
    turns: list[int]
    paths: list[list[Item]]


def house_of(diagram: Diagram) -> House:
    """All levels of a diagram."""
    frames = _Frames(diagram)
    levels = [Level(None, "")]
    for place, (drawn_as, around) in enumerate(frames.frames):
        levels.append(Level(place, diagram.frames[drawn_as].label, drawn_as=drawn_as))
        levels[_level(around)].items.append(Item("frame", place))
    for card, frame in enumerate(frames.of_card):
        levels[_level(frame)].items.append(Item("card", card))
    for level in levels:
        level.items.sort(key=frames.first)
    ways = [_lead(i, frames, levels) for i in each(range(len(diagram.edges)))]
    _wish(frames, levels)
    paths = [frames.path(card) for card in range(len(diagram.cards))]
    return House(levels, ways, [tail for tail, _ in frames.edges], frames.turns, paths)


def _level(frame: int | None) -> int:
    return 0 if frame is None else frame + 1


def _turns(diagram: Diagram) -> list[int]:
    """When a reader comes to each card: behind its operands, which are read in their order, and all that they need."""
    operands: list[list[int]] = [[] for _ in diagram.cards]
    for edge in diagram.edges:
        operands[edge.head].append(edge.tail)
    used = {edge.tail for edge in diagram.edges}
    turns, seen, count = [0] * len(diagram.cards), [False] * len(diagram.cards), 0
    cards = range(len(diagram.cards))
    for first in sorted(each(cards), key=lambda card: (not diagram.cards[card].is_root, card in used, card)):
        walk = [] if seen[first] else [(first, iter(operands[first]))]
        seen[first] = True
        while walk:
            card, rest = walk[-1]
            operand = next((operand for operand in rest if not seen[operand]), None)
            if operand is None:
                turns[card], count = count, count + 1
                walk.pop()
            else:
                seen[operand] = True
                walk.append((operand, iter(operands[operand])))
    return turns


def _lead(i: int, frames: "_Frames", levels: list[Level]) -> list[Step]:
    """Put one edge into the nets of all levels that it runs through, and tell which these are."""
    tail, head = frames.edges[i]
    out, into = frames.path(tail.card), frames.path(head)
    common = 0
    while common < min(len(out), len(into)) - 1 and out[common] == into[common]:
        common += 1
    way = []
    # At each level from the card outwards the edge leaves, at the common one it passes, from there on it enters.
    for depth in range(len(out) - 1, common, -1):
        level = _level(out[depth - 1].id)
        levels[level].nets.setdefault(tail, Net(tail, out[depth])).leaves = True
        way.append(Step(level, None))
    for depth in range(common, len(into)):
        level = _level(into[depth - 1].id) if depth else 0
        source = out[common] if depth == common else None
        end = End(into[depth], i if depth == len(into) - 1 else None)
        ends = levels[level].nets.setdefault(tail, Net(tail, source)).ends
        if end.edge is not None or end not in ends:
            ends.append(end)
        way.append(Step(level, end))
    return way


def _wish(frames: "_Frames", levels: list[Level]) -> None:
    """Tell each level which of its items hold operands of one card, in their order."""
    operands: dict[int, list[int]] = {}
    uses = Counter[int]()
    for edge in frames.diagram.edges:
        operands.setdefault(edge.head, []).append(edge.tail)
        uses[edge.tail] += 1
    for tails in each(operands.values()):
        if len(tails) < 2:
            continue
        wishes: dict[int, list[Item]] = {}
        for tail in tails:
            around = 0
            for item in frames.path(tail):
                wish = wishes.setdefault(around, [])
                if not wish or wish[-1] != item:
                    wish.append(item)
                around = _level(item.id)
        for level, wish in wishes.items():
            if len(wish) > 1:
                levels[level].wishes.append(wish)
        for one, other in pairwise(tails):
            if uses[one] == uses[other] == 1:
                above, below = frames.path(one), frames.path(other)
                depth = next(i for i, (a, b) in enumerate(zip(above, below, strict=False)) if a != b)
                around = _level(above[depth - 1].id) if depth else 0
                levels[around].pairs.append(Pair(one, above[depth], other, below[depth]))


class _Frames:
    """The frames as they are drawn, outer ones first: each its place in the diagram, and the frame around it.

    Two groups whose nodes wait for one another in turn cannot both be one box with edges around it, so these are
    drawn in pieces: the nodes that were made in one go.
    """

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.turns = _turns(diagram)
        self.edges = [self._directed(i) for i in range(len(diagram.edges))]
        self.frames = [(i, frame.around) for i, frame in enumerate(diagram.frames)]
        self.of_card = [card.frame for card in diagram.cards]
        self._firsts: dict[Item, int] = {}
        self._paths: dict[int | None, list[Item]] = {}
        self._split_circles()
        self._drop_empty()
        for card in sorted(range(len(self.of_card)), key=self.turns.__getitem__):
            for item in self.path(card):
                self._firsts.setdefault(item, self.turns[card])

    def _directed(self, i: int) -> tuple[Tail, int]:
        """Where an edge starts and ends in the layout, in which none leads back to what is read before."""
        edge = self.diagram.edges[i]
        if self.turns[edge.tail] < self.turns[edge.head]:
            return Tail(edge.tail), edge.head
        return Tail(edge.head, back=i), edge.tail

    def first(self, item: Item) -> int:
        """When a reader comes to an item."""
        return self._firsts[item]

    def path(self, card: int) -> list[Item]:
        """The frames around a card, from the outermost on, and the card."""
        return [*self._around(self.of_card[card]), Item("card", card)]

    def _around(self, frame: int | None) -> list[Item]:
        if frame not in self._paths:
            path, inner = [], frame
            while inner is not None:
                path.append(Item("frame", inner))
                inner = self.frames[inner][1]
            self._paths[frame] = path[::-1]
        return self._paths[frame]

    def _split_circles(self) -> None:
        """Cut frames into pieces until none waits for another one in a circle; first those that hold others."""
        while circles := self._circles():
            outermost = min(depth for depth, _ in circles)
            for depth, circle in circles:
                if depth == outermost:
                    self._cut(depth, circle)
            self._paths.clear()

    def _circles(self) -> list[tuple[int, set[Item]]]:
        """The sets of items in one frame that wait for one another, and how deep in frames they are."""
        after: dict[tuple[int, int | None], dict[Item, dict[Item, None]]] = {}
        for tail, head in each(self.edges):
            if self.of_card[tail.card] != self.of_card[head]:
                out, into = self.path(tail.card), self.path(head)
                depth = next(depth for depth, (one, other) in enumerate(zip(out, into, strict=False)) if one != other)
                around = out[depth - 1].id if depth else None
                after.setdefault((depth, around), {}).setdefault(out[depth], {})[into[depth]] = None
        for tail, head in self.edges:  # these matter where others lead out of the frame and back
            around = self.of_card[head]
            depth = len(self._around(around))
            if self.of_card[tail.card] == around and (depth, around) in after:
                after[depth, around].setdefault(Item("card", tail.card), {})[Item("card", head)] = None
        return [
            (depth, circle)
            for (depth, _), waits in after.items()
            for circle in strong_components(waits)
            if len(circle) > 1
        ]

    def _cut(self, depth: int, circle: set[Item]) -> None:
        """Divide the frames in a circle into runs of cards that are read one after the other."""
        paths = [self.path(card) for card in range(len(self.of_card))]
        cards = [card for card, path in enumerate(paths) if len(path) > depth and path[depth] in circle]
        cards.sort(key=self.turns.__getitem__)
        copies: dict[Item, dict[int, int]] = {}
        before: Item | None = None
        seen: set[Item] = set()
        for card in cards:
            item = paths[card][depth]
            if item != before:
                copies[item] = {}  # from here on a new piece, unless it is the first
                fresh, before = item in seen, item
                seen.add(item)
            if item.kind == "frame" and fresh:
                self.of_card[card] = self._copy(self.of_card[card], item.id, copies[item])

    def _drop_empty(self) -> None:
        """Leave out frames all of whose cards have gone to other pieces."""
        held = sorted({item.id for frame in {*self.of_card} for item in self._around(frame)})
        place = {frame: place for place, frame in enumerate(held)}
        self.frames = [
            (self.frames[frame][0], None if (around := self.frames[frame][1]) is None else place[around])
            for frame in held
        ]
        self.of_card = [None if frame is None else place[frame] for frame in self.of_card]
        self._paths.clear()

    def _copy(self, frame: int | None, top: int, copies: dict[int, int]) -> int:
        """The piece of a frame that belongs to one piece of the frame `top` around it."""
        missing, outer = [], frame
        while outer is not None and outer not in copies:
            missing.append(outer)
            outer = None if outer == top else self.frames[outer][1]
        for inner in reversed(missing):  # outer ones first
            drawn_as, around = self.frames[inner]
            self.frames.append((drawn_as, around if inner == top or around is None else copies[around]))
            copies[inner] = len(self.frames) - 1
        assert frame is not None
        return copies[frame]


def strong_components(after: Mapping[T, Iterable[T]]) -> list[set[T]]:
    """The sets of things that lead to each other (Tarjan 1972), without recursion.

    >>> sorted(map(sorted, strong_components({"a": "b", "b": "ac"})))
    [['a', 'b'], ['c']]
    """
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    open_items: list[T] = []
    is_open: set[T] = set()
    components: list[set[T]] = []
    for start in list(after):
        if start in index:
            continue
        walk = [(start, iter(after.get(start, ())))]
        index[start] = low[start] = len(index)
        open_items.append(start)
        is_open.add(start)
        while walk:
            item, rest = walk[-1]
            follower = next(rest, None)
            if follower is None:
                walk.pop()
                if walk:
                    low[walk[-1][0]] = min(low[walk[-1][0]], low[item])
                if low[item] == index[item]:
                    components.append(set())
                    while item not in components[-1]:
                        components[-1].add(open_items.pop())
                    is_open -= components[-1]
            elif follower not in index:
                index[follower] = low[follower] = len(index)
                open_items.append(follower)
                is_open.add(follower)
                walk.append((follower, iter(after.get(follower, ()))))
            elif follower in is_open:
                low[item] = min(low[item], index[follower])
    return components
