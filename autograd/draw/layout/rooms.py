"""A level laid out: how large the inside of a frame is, where all that stands in it is, where lines enter and leave.

Coordinates run along the direction of the drawing and across it, from the corner where the frame begins.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from ...cells import cells
from ..diagram import Diagram
from ..diagram.cards import CELL, FONT, Card
from ..labels import set_cells
from ..limits import each
from .grid import LANE, Grid, Piece, Segment, Sizes, Text, grid_of
from .levels import House, Item, Level, Tail
from .order import arrange, arrange_as
from .places import least, place
from .ranks import ranks_of

TITLE = FONT + 4  # the height of the row in which the name of a frame stands
STEEP = 0.12  # how much farther columns are apart where lines bend: a share of how far the steepest one goes across
FAN, BLADE, FANNED = 200.0, 3.0, 150.0  # or where lines go so far, a little for each, or each to the same card
BEND, BENDS = 0.08, 0.5  # the share of the way between two columns from one bend to the next, and for all of them
BESIDE_TEXT, LEAST = 9.0, 12.0  # how much less it is beside a text, which makes room, and how much it must be
ARROW = 8.0  # the length of an arrow head
STRAIGHT = 10.0  # from the border of a frame to its first column, where lines do not bend
PORT = 14.0  # the distance of two edges that enter one card
BESIDE = 4.5  # from an edge to the flow beside it
LONGEST = 30  # branches of a line that the path of one edge shows; with all, pictures would grow with uses squared
CHANNEL = 10.0  # the distance of two lines that run back between two rows
TURN = 18.0  # how far the innermost of these turns beyond the row, at each end


class Spacing(NamedTuple):
    """What is free, in pixels."""

    pad: float  # in a frame around all that it holds
    gap: float  # between two columns, if lines do not bend there
    steepest: float  # and how much more at most, if they do


WIDE, TIGHT = Spacing(7.0, 24.0, 36.0), Spacing(3.5, 11.0, 12.0)


class Channel(NamedTuple):
    """The way of a line from the end of a row back to the beginning of the next one, and how far out it turns."""

    end: float
    start: float
    at: float
    out: float
    back: float


@dataclass
class Room:
    """All that stands in a level; columns may be set in rows, one below the other."""

    level: Level
    grid: Grid
    spread: dict[int, float]  # where each edge enters its card, from the card's middle
    starts: list[float]  # of the columns
    ends: list[float]
    lifts: list[float]  # for each column what is added to the places of its pieces
    along: float
    across: float
    leaving_at: Callable[[Segment], float]  # where a line leaves its left piece, from the middle of it
    title: float  # where the name of the frame begins: along, or in the direction TB across
    channels: dict[tuple[Tail, int], Channel] = field(default_factory=dict)  # by the column before
    bends: dict[tuple[Tail, Piece], float] = field(default_factory=dict)  # of lines to a piece, as a share of the way

    def at(self, piece: Piece) -> float:
        """Where the middle of a piece is, across."""
        return piece.place + self.lifts[piece.column]

    def port(self, tail: Tail, is_entry: bool) -> float:
        """Where a line enters or leaves this room."""
        return self.at(self.grid.lanes[tail][0] if is_entry else self.exits[tail])

    @cached_property
    def exits(self) -> dict[Tail, Piece]:
        """The ports where lines leave."""
        return {piece.tail: piece for piece in self.grid.columns[-1] if piece.tail is not None}

    @cached_property
    def turns(self) -> tuple[dict[Tail, int], dict[Tail, int]]:
        """The order of the lines that leave, and of those that enter."""
        leaving, entering = (
            {piece.tail: i for i, piece in enumerate(self.grid.columns[k]) if piece.tail is not None} for k in (-1, 0)
        )
        return leaving, entering

    @cached_property
    def branches(self) -> dict[Tail, list[int]]:
        """For each line the columns behind which something leaves it."""
        found: dict[Tail, list[int]] = {}
        for k, segments in enumerate(self.grid.segments):
            for segment in segments:
                columns = found.setdefault(segment.tail, [])
                if segment.right.kind != "lane" and segment.left.kind != "text" and columns[-1:] != [k]:
                    columns.append(k)
        return found

    def first_column(self, tail: Tail, last: int) -> int:
        """Where the path of an edge begins that leaves its line behind the column `last`."""
        branches = self.branches[tail]
        passed = bisect_left(branches, last)
        return branches[passed - LONGEST] if passed > LONGEST else min(self.grid.lanes[tail])

    def begin(self, piece: Piece) -> float:
        """Where an item begins, along: beside a frame, what only begins or ends lines stands near these."""
        k = piece.column
        free = self.ends[k] - self.starts[k] - piece.along
        if k in self._with_frames:
            lefts, rights = self._joined
            if piece not in rights:
                return self.starts[k] + free
            if piece not in lefts:
                return self.starts[k]
        return self.starts[k] + free / 2

    @cached_property
    def _with_frames(self) -> set[int]:
        """The columns in which frames stand."""
        return {piece.column for item, piece in self.grid.of_item.items() if item.kind == "frame"}

    @cached_property
    def _joined(self) -> tuple[set[Piece], set[Piece]]:
        """The pieces from which a line runs on, and those to which one runs."""
        segments = [segment for segments in self.grid.segments for segment in segments]
        return {segment.left for segment in segments}, {segment.right for segment in segments}


def rooms_of(
    diagram: Diagram, cards: list[Card], house: House, is_lr: bool, spacing: Spacing = WIDE
) -> dict[int | None, Room]:
    """The rooms of all levels by their frame, for cards of these sizes."""
    builder = _Builder(diagram, cards, house, is_lr, spacing)
    for level in each(reversed(house.levels)):  # inner frames first
        builder.build(level)
    return builder.rooms


class _Builder:
    def __init__(self, diagram: Diagram, cards: list[Card], house: House, is_lr: bool, spacing: Spacing) -> None:
        self.diagram, self.cards, self.house, self.is_lr, self.spacing = diagram, cards, house, is_lr, spacing
        self.rooms: dict[int | None, Room] = {}
        self.fed = {edge.head for edge in diagram.edges}
        self.has_texts = any(edge.mark or edge.flow for edge in diagram.edges)
        has_flows = any(edge.flow for edge in diagram.edges)  # which have arrow heads where their edges begin
        self.blade = BLADE * (1 + has_flows)
        self.gap, self.least_gap = spacing.gap + ARROW * has_flows, LEAST + 1.5 * ARROW * has_flows

    def build(self, level: Level) -> None:
        ranks = ranks_of(level)
        self._match(ranks)
        sizes = Sizes(self._item_size, self._text_size, self._turn, self._entries)
        plain = grid_of(level, ranks, sizes._replace(text=lambda edge: None))
        grid = grid_of(level, ranks, sizes) if self.has_texts else plain
        room: Room = Room(
            level, grid, {}, [], [], [], 0.0, 0.0, lambda line: self._offset(room, line, False), self.spacing.pad
        )
        arrange(plain, level.wishes, self._turn_of_port)
        if self.has_texts:
            arrange_as(grid, plain)  # the order is the same with flows and without
        _spread(room, lambda item: item.kind == "card" and self.cards[item.id].kind == "operation")
        place(grid, lambda segment, is_right: self._offset(room, segment, is_right))
        self._lower(room)
        title = CELL * cells(level.title)
        top = min(piece.place - piece.across / 2 for column in grid.columns for piece in column)
        if not self.is_lr:
            bottom = max(piece.place + piece.across / 2 for column in grid.columns for piece in column)
            room.title = self.spacing.pad + _title_among(grid.columns[0], top, bottom, title) - top
        bottom = max(piece.place + piece.across / 2 for column in grid.columns for piece in column)
        self._set_columns(room)
        self._set_bends(room)
        before = after = 0.0
        if level.frame is not None:
            before, after = self.spacing.pad + TITLE * self.is_lr, self.spacing.pad
        room.lifts = [before - top] * len(grid.columns)
        room.along, room.across = room.ends[-1], bottom - top + before + after
        if level.frame is not None and not self.is_lr:
            room.across = max(room.across, room.title + title + self.spacing.pad)
        self.rooms[level.frame] = room

    def _set_columns(self, room: Room) -> None:
        """Where the columns begin and end: with room between for lines that bend, most for steep ones."""
        is_frame = room.level.frame is not None
        room.starts, room.ends = [0.0], [TITLE * (is_frame and not self.is_lr)]
        last = len(room.grid.columns) - 1
        for k, column in enumerate(each(room.grid.columns[1:]), 1):
            gap = self._gap(room, k)
            if k in (1, last) and gap == self.gap:
                gap = STRAIGHT * is_frame
            room.starts.append(room.ends[-1] + gap)
            room.ends.append(room.starts[-1] + max((piece.along for piece in column), default=0.0))
        if is_frame and self.is_lr:
            missing = CELL * cells(room.level.title) + 2 * self.spacing.pad - room.ends[-1]
            if missing > 0:
                room.starts[-1] += missing
                room.ends[-1] += missing

    def _gap(self, room: Room, k: int) -> float:
        """How much is free between a column and the one before it."""
        segments = room.grid.segments[k - 1]
        bends_of = [self._bend(room, segment) for segment in segments]
        steepest = max(bends_of, default=0.0)
        to_one = max(Counter(segment.right for segment in segments).values(), default=0) * (steepest > FAN)
        fan = max(to_one, sum(bend > FAN for bend in bends_of))
        bends = max(min(STEEP * steepest, self.spacing.steepest), min(self.blade * fan, FANNED))
        is_beside_text = any(piece.kind == "text" for column in room.grid.columns[k - 1 : k + 1] for piece in column)
        return max(self.least_gap, self.gap + bends - BESIDE_TEXT) if is_beside_text else self.gap + bends

    def _set_bends(self, room: Room) -> None:
        """Let lines that go the same way between two columns bend one after the other, so that they keep apart."""
        for segments in room.grid.segments:
            down: list[tuple[float, float, tuple[Tail, Piece]]] = []
            up: list[tuple[float, float, tuple[Tail, Piece]]] = []
            for segment in segments:
                start = segment.left.place + self._offset(room, segment, False)
                end = segment.right.place + self._offset(room, segment, True)
                # What goes down first goes below the others, what goes up first above them.
                going = (down, -start, -end) if end > start else (up, start, end)
                if abs(end - start) > PORT:
                    going[0].append((going[1], going[2], (segment.tail, segment.right)))
            for lines in (down, up):
                lines.sort(key=lambda line: line[:2])
                for i, (*_, key) in enumerate(lines):
                    room.bends[key] = 0.5 + (i - (len(lines) - 1) / 2) * min(BEND, BENDS / len(lines))

    def _lower(self, room: Room) -> None:
        """Let leaves that nothing else uses stand below the operands before them, though in another column."""
        for pair in room.level.pairs:
            one, other = (room.grid.of_item[item] for item in (pair.in_one, pair.in_other))
            if one.column != other.column and pair.other not in self.fed:
                above = one.place + self._inside(pair.in_one, pair.one)
                below = other.place + self._inside(pair.in_other, pair.other)
                _push(room.grid.columns[other.column], other, above + 1.0 - below)

    def _inside(self, item: Item, card: int) -> float:
        """Where a card is in the item that holds it, from the middle of that."""
        place = 0.0
        path = self.house.paths[card]
        for frame, inner in pairwise(path[path.index(item) :]):
            room = self.rooms[frame.id]
            place += room.at(room.grid.of_item[inner]) - room.across / 2
        return place

    def _bend(self, room: Room, segment: Segment) -> float:
        left, right = self._offset(room, segment, False), self._offset(room, segment, True)
        return abs(segment.left.place + left - segment.right.place - right)

    def _match(self, ranks: dict[Item, int]) -> None:
        """Let frames that stand above one another, and have as many columns, have the same columns."""
        alike: dict[tuple[int, int], list[Room]] = {}
        for item, rank in ranks.items():
            if item.kind == "frame":
                room = self.rooms[item.id]
                alike.setdefault((rank, len(room.starts)), []).append(room)
        for rooms in alike.values():
            widths = [max(room.ends[k] - room.starts[k] for room in rooms) for k in range(len(rooms[0].starts))]
            gaps = [max(room.starts[k + 1] - room.ends[k] for room in rooms) for k in range(len(widths) - 1)]
            starts, ends = [0.0], [widths[0]]
            for gap, width in zip(gaps, widths[1:], strict=True):
                starts.append(ends[-1] + gap)
                ends.append(starts[-1] + width)
            for room in rooms:
                room.starts, room.ends, room.along = starts, ends, ends[-1]

    # Sizes ----------------------------------------------------------------------------------------

    def _item_size(self, item: Item) -> tuple[float, float]:
        if item.kind == "frame":
            room = self.rooms[item.id]
            return room.along, room.across
        card = self.cards[item.id]
        return (card.width, card.height) if self.is_lr else (card.height, card.width)

    def _text_size(self, i: int) -> Text | None:
        edge = self.diagram.edges[i]
        if not edge.mark and not edge.flow:
            return None
        mark, flow = text_width(edge.mark), text_width(edge.flow)
        if self.is_lr:
            above = FONT + 4 if mark else LANE
            below = BESIDE + FONT + 4 if flow else LANE
            return Text(mark + flow + (8 if mark and flow else 0), above + below, above)
        before = mark + 6 if mark else LANE
        after = BESIDE + flow + 6 if flow else LANE
        return Text(FONT + 4, before + after, before)

    def _turn(self, item: Item) -> int:
        if item.kind == "card":
            return self.house.turns[item.id]
        room = self.rooms[item.id]
        turns = [self.house.turns[tail.card] for tail, net in room.level.nets.items() if net.leaves]
        return min(turns, default=len(self.house.turns))  # else the root is in it

    def _entries(self, item: Item) -> list[Tail]:
        return [piece.tail for piece in self.rooms[item.id].grid.columns[0] if piece.tail is not None]

    def _turn_of_port(self, segment: Segment, is_right: bool) -> float:
        """Where among the lines of a frame one enters or leaves it; 0 at everything else."""
        piece = segment.right if is_right else segment.left
        if piece.item is None or piece.item.kind == "card":
            return 0.0
        return float(self.rooms[piece.item.id].turns[is_right][segment.tail])

    def _offset(self, room: Room, segment: Segment, is_right: bool) -> float:
        """Where a line runs at one of its pieces, from the middle of it."""
        piece = segment.right if is_right else segment.left
        if piece.kind == "text":
            return piece.lead - piece.across / 2
        if piece.item is None:
            return 0.0
        if piece.item.kind == "frame":
            return self.rooms[piece.item.id].port(segment.tail, is_right) - piece.across / 2
        if not is_right:
            return leaving(segment.tail)
        return room.spread.get(segment.edge, 0.0) if segment.edge is not None else 0.0


def leaving(tail: Tail) -> float:
    """Where a line leaves its card, from the middle: one that leads back has its arrow head there."""
    return PORT if tail.back is not None else 0.0


def text_width(text: str) -> float:
    """The width of a text beside an edge, in pixels."""
    return CELL * set_cells(text)


def _spread(room: Room, is_operation: Callable[[Item], bool]) -> None:
    """Let the edges enter a card in the order of its operands.

    Where one of them comes from an operation and the others do not, it enters in the middle: so chains are straight.
    """
    entering: dict[Piece, list[tuple[int, bool]]] = {}
    for segments in each(room.grid.segments):
        for segment in segments:
            if segment.edge is not None and segment.right.kind == "item":
                item = room.level.nets[segment.tail].source if segment.left.kind in ("item", "text") else None
                entering.setdefault(segment.right, []).append((segment.edge, item is not None and is_operation(item)))
    for piece, found in entering.items():
        found.sort()
        chains = [i for i, (_, is_chain) in enumerate(found) if is_chain]
        middle = chains[0] if len(chains) == 1 else (len(found) - 1) / 2
        farthest = max(middle, len(found) - 1 - middle, 0.5)
        step = min(PORT, (piece.across - PORT) / 2 / farthest)
        for i, (edge, _) in enumerate(found):
            room.spread[edge] = (i - middle) * step


def _push(column: list[Piece], piece: Piece, by: float) -> None:
    """Move a piece of a column, and those behind it as far as they must."""
    at = column.index(piece)
    if by > 0:
        piece.place += by
        for before, after in pairwise(column[at:]):
            after.place = max(after.place, before.place + least(before, after))


def _title_among(ports: list[Piece], start: float, end: float, width: float) -> float:
    """Where a title of this width has room between the lines that enter its frame; or these go out of its way."""
    begins = [start, *(port.place + 2 * LANE for port in ports)]
    ends = [*(port.place - 2 * LANE for port in ports), max(end, start + width)]
    for begin, last in zip(begins, ends, strict=True):
        if begin + width <= last:
            return begin
    for i, port in enumerate(ports):
        least_place = ports[i - 1].place + least(ports[i - 1], port) if i else start + width + 2 * LANE
        port.place = max(port.place, least_place)
    return start


# Rows -----------------------------------------------------------------------------------------------


def in_rows(room: Room, wrap: int) -> Room:
    """The room with its columns in rows, of so many columns of items each, and lines that run back between them."""
    room = replace(room, starts=[*room.starts], ends=[*room.ends], lifts=[*room.lifts], channels={})
    top = 0.0
    for first, last in _rows(room, wrap):
        pieces = [piece for column in room.grid.columns[first : last + 1] for piece in column]
        highest = min((piece.place - piece.across / 2 for piece in pieces), default=0.0)
        lowest = max((piece.place + piece.across / 2 for piece in pieces), default=0.0)
        shift = room.starts[first]
        for k in range(first, last + 1):
            room.starts[k] -= shift
            room.ends[k] -= shift
            room.lifts[k] = top - highest
        top += lowest - highest
        if last + 1 < len(room.grid.columns):
            top = _turn_back(room, last, top + TURN) + TURN
    room.along, room.across = max(room.ends), top
    return room


def _rows(room: Room, wrap: int) -> list[tuple[int, int]]:
    """The first and the last column of each row."""
    items = [k for k, column in enumerate(room.grid.columns) if any(piece.kind == "item" for piece in column)]
    lasts = [items[i] for i in range(wrap - 1, len(items) - 1, wrap)]
    return list(zip([0, *(last + 1 for last in lasts)], [*lasts, len(room.grid.columns) - 1], strict=True))


def _turn_back(room: Room, last: int, top: float) -> float:
    """Lead the lines that go on behind this column back to the left, below its row, so that none of them cross."""
    passing = {
        segment.tail: segment.left.place + room.leaving_at(segment)
        for segment in room.grid.segments[last]  # several may leave one frame
    }
    lines = sorted(passing, key=lambda tail: -passing[tail])  # the lowest turns first
    for i, tail in enumerate(lines):
        out, back = TURN + CHANNEL * i, TURN + CHANNEL * (len(lines) - 1 - i)
        room.channels[tail, last] = Channel(room.ends[last], -TURN, top + CHANNEL * i, out, back)
    return top + CHANNEL * (len(lines) - 1)
