"""How each edge runs: straight in its lanes, with bends between the columns, and back where a row ends."""

from collections.abc import Mapping
from typing import NamedTuple

from ..diagram import Diagram
from ..diagram.cards import FONT
from ..geometry import Line, Point, Route
from ..limits import each
from .grid import Piece
from .levels import House, Item, Step, Tail
from .rooms import ARROW, BESIDE, Room, leaving, text_width

WING = 3.5  # half the width of an arrow head


class Run(NamedTuple):
    """A straight piece of an edge.

    On the way to it the edge bends at this share of the way, or turns out so far, where a row ends or begins.
    """

    start: float
    end: float
    at: float
    bend: float = 0.5
    turn: float = 0.0


class Router:
    """Finds the routes of edges, when it is known where the rooms are and where their items begin and end."""

    def __init__(
        self,
        diagram: Diagram,
        house: House,
        rooms: Mapping[int | None, Room],
        origins: Mapping[int | None, Point],
        extents: Mapping[Item, tuple[float, float]],
        is_lr: bool,
    ) -> None:
        self.diagram, self.house, self.rooms = diagram, house, rooms
        self.origins, self.extents, self.is_lr = origins, extents, is_lr

    def route(self, i: int) -> Route:
        """The route of one edge."""
        tail, edge = self.house.tails[i], self.diagram.edges[i]
        runs = [run for step in each(self.house.ways[i]) for run in self._runs(step, tail)]
        if edge.flow:  # both begin and end straight, with room for an arrow head
            runs[0] = runs[0]._replace(end=max(runs[0].end, runs[0].start + ARROW))
            runs[-1] = runs[-1]._replace(start=min(runs[-1].start, runs[-1].end - ARROW))
        is_back = tail.back is not None
        line = self.line(runs, is_back, 0.0)
        text = self._text(i)
        if text is None:
            return Route(line)
        flow = flow_text = mark = None
        if edge.flow:
            flow = self.line([run._replace(at=run.at + BESIDE) for run in runs], not is_back, BESIDE)
            if self.is_lr:
                flow_text = self.point(text.start + text_width(edge.flow) / 2, text.at + BESIDE + FONT)
            else:
                flow_text = self.point(text.end - 4, text.at + BESIDE + 5)
        if edge.mark:
            along = text.end - text_width(edge.mark) / 2 if self.is_lr else text.end - 4
            mark = self.point(along, text.at - (5 if self.is_lr else 6))
        return Route(line, flow, flow_text, mark)

    def _text(self, i: int) -> Run | None:
        """Where an edge runs straight beside its texts."""
        frame = self.house.levels[self.house.ways[i][-1].level].frame
        room, (along, across) = self.rooms[frame], self.origins[frame]
        text = room.grid.texts.get(i)
        if text is None:
            return None
        at = across + room.at(text) + text.lead - text.across / 2
        return Run(along + room.starts[text.column], along + room.ends[text.column], at)

    def _runs(self, step: Step, tail: Tail) -> list[Run]:
        """The straight pieces of an edge in one level."""
        frame, end = self.house.levels[step.level].frame, step.end
        room, (along, across) = self.rooms[frame], self.origins[frame]
        runs: list[Run] = []

        def add(piece: Piece, at: float, start: float | None = None, stop: float | None = None) -> None:
            column, turn = piece.column, 0.0
            first = along + room.starts[column] if start is None else start
            channel = room.channels.get((tail, column - 1)) if runs else None
            if channel:
                runs.append(Run(along + channel.end, along + channel.start, across + channel.at, turn=channel.out))
                first, turn = along + channel.start, -channel.back
            last = along + room.ends[column] if stop is None else stop
            runs.append(Run(first, last, at, room.bends.get((tail, piece), 0.5), turn))

        head = None if end is None else room.grid.of_item[end.item]
        last = len(room.grid.columns) - 1 if head is None else head.column
        text = room.grid.texts.get(end.edge) if end and end.edge is not None else None
        before = last - 1 if text else last
        for column in range(room.first_column(tail, before - 1), before):
            piece = room.grid.lanes[tail][column]
            if piece.item is None:
                add(piece, across + room.at(piece), along if column == 0 else None)
            else:
                add(piece, self._port(room, across, piece.item, tail, False), self.extents[piece.item][1])
        if text:
            add(text, across + room.at(text) + text.lead - text.across / 2)
        if end is None or head is None:
            add(room.exits[tail], across + room.at(room.exits[tail]))
        elif end.edge is None:
            add(head, self._port(room, across, end.item, tail, True), None, self.extents[end.item][0])
        else:
            add(head, across + room.at(head) + room.spread[end.edge], None, self.extents[end.item][0])
        return runs

    def _port(self, room: Room, across: float, item: Item, tail: Tail, is_entry: bool) -> float:
        """Where a line enters or leaves an item."""
        piece = room.grid.of_item[item]
        if item.kind == "card":
            return across + room.at(piece) + leaving(tail)
        return across + room.at(piece) - piece.across / 2 + self.rooms[item.id].port(tail, is_entry)

    def line(self, runs: list[Run], is_back: bool, beside: float) -> Line:
        """A smooth line through the runs with an arrow head at its end, or at its beginning if it leads back.

        It bends so that it stays as far from the edge that it runs beside.
        """
        first, last = runs[0], runs[-1]
        if is_back:
            tip, wing = (first.start, first.at), ARROW
            start = first.start + ARROW - 1
            runs = [first._replace(start=start, end=max(start, first.end)), *runs[1:]]
        else:
            tip, wing = (last.end, last.at), -ARROW
            end = last.end - ARROW + 1
            runs = [*runs[:-1], last._replace(start=min(last.start, end), end=end)]
        u, v = runs[0].start, runs[0].at
        points = [(u, v)]
        sizes: list[int] = []  # 3 points for a curve, 1 for a straight line
        for run in runs:
            if run.turn or abs(run.at - v) > 0.01:
                bend = (
                    u + run.turn if run.turn else u + run.bend * (run.start - u) - (beside if run.at > v else -beside)
                )
                points += [(bend, v), (bend, run.at), (run.start, run.at)]
                sizes.append(3)
            elif sizes[-1:] == [1]:  # straight on
                points.pop()
                sizes.pop()
            if (run.end, run.at) != points[-1]:
                points.append((run.end, run.at))
                sizes.append(1)
            u, v = run.end, run.at
        if is_back:  # a path leads to its arrow head
            points.reverse()
            sizes.reverse()
        found = [self.point(*point) for point in points]
        curves, at = [], 1
        for size in sizes:
            curves.append(tuple(found[at : at + size]))
            at += size
        head = [tip, (tip[0] + wing, tip[1] - WING), (tip[0] + wing, tip[1] + WING)]
        return Line(found[0], curves, [self.point(*corner) for corner in head])

    def point(self, along: float, across: float) -> Point:
        """As x and y."""
        return (along, across) if self.is_lr else (across, along)
