"""A level in columns: its items, and in each column between the lanes of the lines that pass.

Columns are found as a reader would write the level down: for each item first its operands in their order, with all
that they need. So operands stand in written order, and where nothing is used twice no lines cross.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ..limits import each
from .levels import End, Item, Level, Net, Tail


@dataclass(eq=False)
class Piece:
    """What stands in a column: an item, the text of one edge, or a lane or a port that one line runs through.

    Sizes are in pixels, along the direction of the drawing and across it; `lead` is how much of the size across is
    before the line that runs through a text.
    """

    kind: Literal["item", "text", "lane", "port"]
    column: int
    along: float = 0.0
    across: float = 0.0
    lead: float = 0.0
    item: Item | None = None
    tail: Tail | None = None
    edge: int | None = None
    place: float = 0.0  # where its middle stands across the direction


class Segment(NamedTuple):
    """A line between two pieces in neighbouring columns."""

    left: Piece
    right: Piece
    tail: Tail
    edge: int | None  # of the end, where it ends at a card


class Text(NamedTuple):
    """The size of what is written on an edge."""

    along: float
    across: float
    lead: float


@dataclass
class Grid:
    """The columns of a level in order; those of a frame begin with its entries and end with its exits."""

    columns: list[list[Piece]]
    segments: list[list[Segment]]  # between each column and the next one
    of_item: dict[Item, Piece]
    lanes: dict[Tail, dict[int, Piece]] = field(default_factory=dict)  # of each line by column
    texts: dict[int, Piece] = field(default_factory=dict)  # by edge


class Sizes(NamedTuple):
    """What is known of items and edges before the level is laid out."""

    item: Callable[[Item], tuple[float, float]]
    text: Callable[[int], Text | None]
    turn: Callable[[Item], int]  # when a reader comes to an item
    entries: Callable[[Item], list[Tail]]  # the order in which lines enter a frame


LANE = 3.0  # how broad a line is taken to be


def grid_of(level: Level, ranks: dict[Item, int], sizes: Sizes) -> Grid:
    """All pieces of a level, in columns."""
    return _Builder(level, ranks, sizes).grid


class _Builder:
    def __init__(self, level: Level, ranks: dict[Item, int], sizes: Sizes) -> None:
        self.level, self.sizes = level, sizes
        count = max(ranks.values(), default=0) + 1
        with_text = {
            ranks[end.item]
            for net in level.nets.values()
            for end in net.ends
            if end.edge is not None and sizes.text(end.edge)
        }
        column, self.column_of = 1, list[int]()
        for rank in range(count):
            column += rank in with_text  # these stand in a column before
            self.column_of.append(column)
            column += 1
        self.last = column
        self.grid = Grid([[] for _ in range(column + 1)], [[] for _ in range(column)], {})
        self.into: dict[Item, list[tuple[Net, End]]] = {item: [] for item in level.items}
        self.out: dict[Item, list[Net]] = {item: [] for item in level.items}
        for net in each(level.nets.values()):
            if net.source is not None:
                self.out[net.source].append(net)
            for end in net.ends:
                self.into[end.item].append((net, end))
        for item in each(level.items):
            along, across = sizes.item(item)
            self.grid.of_item[item] = Piece("item", self.column_of[ranks[item]], along, across, item=item)
        self._fill()

    def _fill(self) -> None:
        seen: set[Item] = set()
        last = [
            item
            for item in self.level.items
            if not any(net.ends for net in self.out[item]) or any(net.leaves for net in self.out[item])
        ]
        for item in sorted(last, key=self.sizes.turn):
            self._visit(item, seen)
            for net in self.out[item]:
                if net.leaves:
                    self._extend(net, self.last - 1)
                    port = self._add(Piece("port", self.last, 0.0, LANE, tail=net.tail))
                    self._join(net, self.last - 1, port, None)

    def _visit(self, item: Item, seen: set[Item]) -> None:
        if item in seen:
            return
        seen.add(item)
        walk = [(item, self._operands(item))]
        while walk:
            at, operands = walk[-1]
            for net, end in operands:
                if net.source is not None and net.source not in seen:
                    seen.add(net.source)
                    walk.append((net.source, self._operands(net.source)))
                    break
                self._end(net, end)
            else:
                self._add(self.grid.of_item[at])
                walk.pop()
                if walk:
                    self._end(*walk[-1][1].last)

    def _operands(self, item: Item) -> "_Operands":
        into = self.into[item]
        if item.kind == "card":
            return _Operands(sorted(into, key=lambda it: it[1].edge or 0))
        order = {tail: place for place, tail in enumerate(self.sizes.entries(item))}
        return _Operands(sorted(into, key=lambda it: order[it[0].tail]))

    def _end(self, net: Net, end: End) -> None:
        """Lead a line to one of its ends."""
        head = self.grid.of_item[end.item]
        text = None if end.edge is None else self.sizes.text(end.edge)
        if end.edge is None or text is None:
            self._extend(net, head.column - 1)
            self._join(net, head.column - 1, head, end.edge)
            return
        self._extend(net, head.column - 2)
        piece = self._add(Piece("text", head.column - 1, *text, tail=net.tail, edge=end.edge))
        self.grid.texts[end.edge] = piece
        self._join(net, head.column - 2, piece, end.edge)
        self.grid.segments[head.column - 1].append(Segment(piece, head, net.tail, end.edge))

    def _extend(self, net: Net, column: int) -> None:
        """Add lanes up to a column."""
        lanes = self.grid.lanes.setdefault(net.tail, {})
        if not lanes:
            if net.source is None:
                lanes[0] = self._add(Piece("port", 0, 0.0, LANE, tail=net.tail))
            else:
                piece = self.grid.of_item[net.source]
                lanes[piece.column] = piece
        last = max(lanes)
        while last < column:
            lane = self._add(Piece("lane", last + 1, 0.0, LANE, tail=net.tail))
            self.grid.segments[last].append(Segment(lanes[last], lane, net.tail, None))
            last += 1
            lanes[last] = lane

    def _join(self, net: Net, column: int, right: Piece, edge: int | None) -> None:
        self.grid.segments[column].append(Segment(self.grid.lanes[net.tail][column], right, net.tail, edge))

    def _add(self, piece: Piece) -> Piece:
        self.grid.columns[piece.column].append(piece)
        return piece


class _Operands:
    """The operands of an item one by one; `last` is the one that was given last."""

    def __init__(self, operands: list[tuple[Net, End]]) -> None:
        self.rest = each(operands)

    def __iter__(self) -> Iterator[tuple[Net, End]]:
        return self

    def __next__(self) -> tuple[Net, End]:
        self.last = next(self.rest)
        return self.last
