"""Where the cards of a diagram stand and how its edges run.

Cards stand in columns, each behind its operands, and these from top to bottom as they are written (in the direction
"TB": in rows, from left to right). A frame is laid out by itself and then stands in a column like a card. Edges run
straight through the columns, in lanes between the cards, and bend only in the gaps between two columns: so they
cross no card, no frame and no title.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .diagram import CELL, FONT, Card, Diagram
from .geometry import Box, Line, Point, Route
from .grid import LANE, Grid, Piece, Segment, Sizes, Text, grid_of
from .labels import set_cells
from .levels import House, Item, Level, Tail, house_of
from .limits import each
from .order import arrange
from .places import least, place
from .ranks import ranks_of

TITLE = FONT + 5  # the height of the row in which the name of a frame stands
PAD = 9.0  # free in a frame around all that it holds
GAP = 26.0  # the least distance of two columns between which edges bend
ARROW = 8.0  # the length of an arrow head
PORT = 14.0  # the distance of two edges that enter one card
ENTRY = 12.0  # between the border of a frame and its first column, where lines run straight
LONGEST = 30  # branches of a line that the path of one edge shows; with all, pictures would grow with uses squared
BESIDE = 4.5  # from an edge to the flow beside it


@dataclass(frozen=True)
class Layout:
    """Coordinates in pixels: the centres of the cards, the routes of the edges, the frames, the branches of lines.

    Each frame is told by its place in the diagram; one may be drawn in several pieces.
    """

    centres: list[Point]
    routes: list[Route]
    frames: list[tuple[int, Box]]
    branches: list[Point]


def layout_of(diagram: Diagram, direction: str = "LR") -> Layout:
    """The places of all cards and edges."""
    return _Layouter(diagram, direction == "LR").layout()


@dataclass
class _Room:
    """A level with all that stands in it laid out: along the direction from 0, across it from 0."""

    level: Level
    grid: Grid
    starts: list[float]  # of the columns
    ends: list[float]
    along: float
    across: float
    lift: float  # what is added to the place of a piece
    spread: dict[int, float]  # where each edge enters its card, from the card's middle

    @cached_property
    def branches(self) -> dict[Tail, list[int]]:
        """For each line the columns behind which something leaves it."""
        found: dict[Tail, list[int]] = {}
        for k, segments in enumerate(self.grid.segments):
            for segment in segments:
                if segment.right.kind not in ("lane",) and segment.left.kind != "text":
                    columns = found.setdefault(segment.tail, [])
                    if not columns or columns[-1] != k:
                        columns.append(k)
        return found

    def first_column(self, tail: Tail, last: int) -> int:
        """Where the path of an edge begins that leaves its line behind the column `last`."""
        branches = self.branches[tail]
        passed = bisect_left(branches, last)
        return branches[passed - LONGEST] if passed > LONGEST else min(self.grid.lanes[tail])

    def place(self, piece: Piece) -> float:
        return piece.place + self.lift


class _Layouter:
    def __init__(self, diagram: Diagram, is_lr: bool) -> None:
        self.diagram, self.is_lr = diagram, is_lr
        self.house: House = house_of(diagram)
        self.rooms: list[_Room] = []
        self.turns = self.house.turns
        self.room_of: dict[Item, _Room] = {}

    def layout(self) -> Layout:
        for i in each(range(len(self.house.levels) - 1, -1, -1)):  # inner frames first
            level = self.house.levels[i]
            self.room_of[Item("frame", i - 1)] = self._room(level)
        return self._absolute()

    # One level ------------------------------------------------------------------------------------

    def _room(self, level: Level) -> _Room:
        ranks = ranks_of(level)
        grid = grid_of(level, ranks, Sizes(self._item_size, self._text_size, self._turn, self._entries))
        arrange(grid, level.wishes, lambda segment, is_right: self._offset(segment, is_right, {}))
        spread = self._spread(grid)
        offset = lambda segment, is_right: self._offset(segment, is_right, spread)  # noqa: E731
        place(grid, offset)
        pieces = [piece for column in grid.columns for piece in column]
        top = min(piece.place - piece.across / 2 for piece in pieces)
        bottom = max(piece.place + piece.across / 2 for piece in pieces)
        if level.frame is None:
            before = after = 0.0
        else:
            before, after = PAD + TITLE * self.is_lr, PAD
        starts, ends = self._columns(level, grid, offset)
        return _Room(
            level, grid, starts, ends, ends[-1], bottom - top + before + after, before - top, spread
        )

    def _columns(self, level: Level, grid: Grid, offset: Any) -> tuple[list[float], list[float]]:
        starts, ends = [0.0], [0.0 if level.frame is None else TITLE * (not self.is_lr)]
        for k, column in enumerate(grid.columns[1:], 1):
            bends = [
                abs(segment.left.place + offset(segment, False) - segment.right.place - offset(segment, True))
                for segment in grid.segments[k - 1]
            ]
            at_border = k == 1 or k == len(grid.columns) - 1
            if level.frame is None and at_border:
                gap = 0.0
            elif at_border and (not bends or max(bends) < 1):
                gap = ENTRY
            else:
                steepest = max(bends, default=0.0)
                gap = GAP + min(0.14 * steepest, 50.0)
            starts.append(ends[-1] + gap)
            ends.append(starts[-1] + max((piece.along for piece in column), default=0.0))
        return starts, ends

    def _item_size(self, item: Item) -> tuple[float, float]:
        if item.kind == "frame":
            room = self.room_of[item]
            return room.along, room.across
        card = self.diagram.cards[item.id]
        return (card.width, card.height) if self.is_lr else (card.height, card.width)

    def _text_size(self, i: int) -> Text | None:
        edge = self.diagram.edges[i]
        if not edge.mark and not edge.flow:
            return None
        mark, flow = CELL * set_cells(edge.mark), CELL * len(edge.flow)
        if self.is_lr:
            above = FONT + 4 if edge.mark else LANE
            below = BESIDE + FONT + 4 if edge.flow else LANE
            return Text(mark + flow + (8 if mark and flow else 0), above + below, above)
        before = mark + 6 if edge.mark else LANE
        after = BESIDE + flow + 6 if edge.flow else LANE
        return Text(FONT + 4, before + after, before)

    def _turn(self, item: Item) -> int:
        if item.kind == "card":
            return self.turns[item.id]
        room = self.room_of[item]
        cards = [tail.card for tail, net in room.level.nets.items() if net.leaves]
        return min((self.turns[card] for card in cards), default=len(self.turns))  # the root is in it

    def _entries(self, item: Item) -> list[Tail]:
        return [piece.tail for piece in self.room_of[item].grid.columns[0] if piece.tail is not None]

    def _offset(self, segment: Segment, is_right: bool, spread: dict[int, float]) -> float:
        """Where a line runs at one of its pieces, from the middle of it."""
        piece = segment.right if is_right else segment.left
        if piece.kind == "text":
            return piece.lead - piece.across / 2
        if piece.item is None:
            return 0.0
        if piece.item.kind == "card":
            return spread.get(segment.edge, 0.0) if is_right and segment.edge is not None else 0.0
        return self._port(piece.item, segment.tail, is_right) - piece.across / 2

    def _port(self, frame: Item, tail: Tail, is_entry: bool) -> float:
        """Where a line enters or leaves a frame, from its beginning."""
        room = self.room_of[frame]
        column = 0 if is_entry else len(room.grid.columns) - 1
        if not is_entry:
            return room.place(next(piece for piece in room.grid.columns[column] if piece.tail == tail))
        return room.place(room.grid.lanes[tail][column])

    def _spread(self, grid: Grid) -> dict[int, float]:
        """Where each edge enters its card, from the middle of the card: in the order in which the edges come."""
        for column in grid.columns:
            for i, piece in enumerate(column):
                piece.place = float(i)
        entering: dict[Piece, list[Segment]] = {}
        for segments in grid.segments:
            for segment in segments:
                if segment.edge is not None and segment.right.kind == "item":
                    entering.setdefault(segment.right, []).append(segment)
        spread = {}
        for piece, found in entering.items():
            found.sort(key=lambda segment: (segment.left.place, segment.edge))
            step = min(PORT, (piece.across - 14) / len(found))
            for i, segment in enumerate(found):
                assert segment.edge is not None
                spread[segment.edge] = (i - (len(found) - 1) / 2) * step
        return spread

    # The whole ------------------------------------------------------------------------------------

    def _absolute(self) -> Layout:
        origins: dict[int | None, Point] = {None: (0.0, 0.0)}
        centres: list[Point] = [(0.0, 0.0)] * len(self.diagram.cards)
        frames: list[tuple[int, Box]] = []
        extents: dict[Item, tuple[float, float]] = {}  # where each item begins and ends along the direction
        branches: dict[Point, None] = {}
        for i, level in enumerate(each(self.house.levels)):
            room = self.room_of[Item("frame", i - 1)]
            along, across = origins[level.frame]
            if level.frame is not None:
                assert level.drawn_as is not None
                frames.append((level.drawn_as, self._box(along, across, room.along, room.across)))
            for item, piece in room.grid.of_item.items():
                start, end = room.starts[piece.column], room.ends[piece.column]
                begin = along + self._aligned(room, piece, start, end)
                middle = across + room.place(piece)
                extents[item] = begin, begin + piece.along
                if item.kind == "frame":
                    origins[item.id] = begin, middle - piece.across / 2
                else:
                    centres[item.id] = self._point(begin + piece.along / 2, middle)
            for k, segments in enumerate(room.grid.segments):
                seen: dict[Piece, int] = {}
                for segment in segments:
                    seen[segment.left] = seen.get(segment.left, 0) + 1
                for piece, count in seen.items():
                    if count > 1 and piece.kind != "item":
                        branches[self._point(along + room.ends[k], across + room.place(piece))] = None
        routes = [self._route(i, origins, extents) for i in each(range(len(self.diagram.edges)))]
        return Layout(centres, routes, frames, list(branches))

    def _aligned(self, room: _Room, piece: Piece, start: float, end: float) -> float:
        """Where an item begins in its column: beside a frame, what only begins or ends lines stands near these."""
        free = end - start - piece.along
        if any(other.item and other.item.kind == "frame" for other in room.grid.columns[piece.column]):
            if not any(segment.right is piece for segment in room.grid.segments[piece.column - 1]):
                return start + free
            if piece.column == len(room.grid.columns) - 1 or not any(
                segment.left is piece for segment in room.grid.segments[piece.column]
            ):
                return start
        return start + free / 2

    def _route(self, i: int, origins: dict[int | None, Point], extents: dict[Item, tuple[float, float]]) -> Route:
        tail = self.house.tails[i]
        runs: list[tuple[float, float, float]] = []  # from, to, and where across
        text_run = None
        for step in self.house.ways[i]:
            level = self.house.levels[step.level]
            room = self.room_of[Item("frame", step.level - 1)]
            along, across = origins[level.frame]
            net = level.nets[tail]
            lanes = room.grid.lanes[tail]
            last = len(room.grid.columns) - 1 if step.end is None else room.grid.of_item[step.end.item].column
            text = room.grid.texts.get(step.end.edge) if step.end and step.end.edge is not None else None
            for column in range(room.first_column(tail, last - 1 - bool(text)), last - bool(text)):
                piece = lanes[column]
                start, end = along + room.starts[column], along + room.ends[column]
                at = across + room.place(piece)
                if piece.kind == "item" and piece.item is not None:
                    start = extents[piece.item][1]
                    if piece.item.kind == "frame":
                        at += self._port(piece.item, tail, False) - piece.across / 2
                elif piece.kind == "port":
                    start = along
                runs.append((start, end, at))
            if text:
                at = across + room.place(text) + text.lead - text.across / 2
                text_run = along + room.starts[last - 1], along + room.ends[last - 1], at
                runs.append(text_run)
            start = along + room.starts[last]
            if step.end is None:
                port = next(piece for piece in room.grid.columns[last] if piece.tail == tail)
                runs.append((start, along + room.ends[last], across + room.place(port)))
            else:
                item = step.end.item
                piece = room.grid.of_item[item]
                at = across + room.place(piece)
                if item.kind == "frame":
                    at += self._port(item, tail, True) - piece.across / 2
                else:
                    at += room.spread[i]
                runs.append((start, extents[item][0], at))
        is_back = tail.back is not None
        edge = self.diagram.edges[i]
        flow = flow_text = mark = None
        if edge.flow:
            flow = self._line([(start, end, at + BESIDE) for start, end, at in runs], not is_back, BESIDE)
        if text_run:
            start, end, at = text_run
            if self.is_lr:
                flow_text = self._point(start + CELL * len(edge.flow) / 2, at + BESIDE + FONT) if edge.flow else None
                mark = self._point(end - CELL * set_cells(edge.mark) / 2, at - 5) if edge.mark else None
            else:
                flow_text = self._point(end - 4, at + BESIDE + 5) if edge.flow else None
                mark = self._point(end - 4, at - 6) if edge.mark else None
        return Route(self._line(runs, is_back, 0.0), flow, flow_text, mark)

    def _line(self, runs: list[tuple[float, float, float]], is_back: bool, beside: float) -> Line:
        """A smooth line through the runs with an arrow head at its end, or at its beginning if it leads back."""
        runs = [*runs]
        if is_back:
            runs[0] = (runs[0][0] + ARROW - 1, max(runs[0][1], runs[0][0] + ARROW - 1), runs[0][2])
            tip, wing = (runs[0][0] - ARROW + 1, runs[0][2]), ARROW
        else:
            start, end, at = runs[-1]
            runs[-1] = (min(start, end - ARROW + 1), end - ARROW + 1, at)
            tip, wing = (end, at), -ARROW
        points: list[tuple[tuple[float, float], ...]] = []
        u, v = runs[0][0], runs[0][2]
        start_point = (u, v)
        for start, end, at in runs:
            if abs(at - v) < 0.01:
                if points and len(points[-1]) == 1:
                    points[-1] = ((end, at),)
                elif end > u:
                    points.append(((end, at),))
            else:
                middle = (u + start) / 2 - (beside if at > v else -beside)
                points.append(((middle, v), (middle, at), (start, at)))
                if end > start:
                    points.append(((end, at),))
            u, v = end, at
        head = [tip, (tip[0] + wing, tip[1] - 3.5), (tip[0] + wing, tip[1] + 3.5)]
        curves = [tuple(self._point(*point) for point in curve) for curve in points]
        begin = self._point(*start_point)
        if is_back:
            pass
        return Line(begin, curves, [self._point(*corner) for corner in head])

    def _point(self, along: float, across: float) -> Point:
        return (along, across) if self.is_lr else (across, along)

    def _box(self, along: float, across: float, length: float, breadth: float) -> Box:
        if self.is_lr:
            return Box(along, across, along + length, across + breadth)
        return Box(across, along, across + breadth, along + length)
