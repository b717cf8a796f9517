"""Where the cards of a diagram stand and how its edges run.

Cards stand in columns, each behind its operands, and these from top to bottom as they are written (in the direction
"TB": in rows, from left to right). A frame is laid out by itself and then stands in a column like a card. Edges run
straight through the columns, in lanes between the cards, and bend only in the gaps between two columns: so they
cross no card, no frame and no title.

>>> from autograd import Value
>>> from autograd.draw.diagram import diagram_of
>>> x, y = Value(2.0, "x"), Value(3.0, "y")
>>> layout = layout_of(diagram_of(x * y))
>>> [above, below, right] = layout.centres
>>> above[1] < below[1], above[0] == below[0] < right[0]
(True, True)
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..diagram import Diagram
from ..diagram.cards import FONT, Card
from ..geometry import Box, Point, Route
from ..limits import each
from .levels import House, Item, house_of
from .rooms import TIGHT, Room, in_rows, rooms_of
from .routes import Router

LONGEST_ROW = 30_000  # pixels: with margins and a legend, a picture that most viewers still open
MOST_ROWS = 8  # that are tried to fill a size
CLEAR = 0.028  # of a size: as large as that, text can be read well, and one row is easier to follow
SLIDE_IN_POINTS = 960.0, 540.0  # 16:9, which a picture should fill if nothing else is asked for
WORTH = 1.1  # by so much a picture must become larger to be set otherwise
SMALL, TINY = 12 / 540, 10 / 540  # of a slide's height: text that can hardly be read, and what no means can save
MANY = 6  # leaves, of which some may lie flat
PORTS = 8.0, 13.0  # the distance of edges that enter a card, without and with flows
MOST_PORTS = 24


@dataclass(frozen=True)
class Layout:
    """The cards in the sizes that they have got, and coordinates in pixels.

    Of the cards these are the centres, of edges the routes, beyond that frames, branches of lines, and the box around
    all.
    """

    cards: list[Card]
    centres: list[Point]
    routes: list[Route]
    frames: list["Place"]
    branches: list[Point]
    box: Box


class Place(NamedTuple):
    """Where a frame stands, by its place in the diagram, and where its title begins; some stand in several pieces."""

    frame: int
    box: Box
    title: float


def layout_of(
    diagram: Diagram,
    direction: str = "LR",
    wrap: int | None = None,
    size: tuple[float, float] | None = None,
    scale: float = 1.0,
) -> Layout:
    """The places of all cards and edges.

    `wrap` is the number of columns in a row; without it there are as many rows as fill the size best, if one is given,
    and else one, but no row is longer than most viewers can show at that scale.
    """
    is_lr = direction == "LR"
    house = house_of(diagram)
    cards, rooms = _fitted(diagram, house, is_lr, size or SLIDE_IN_POINTS)
    turned = size if is_lr or not size else (size[1], size[0])
    rooms[None] = _in_rows(rooms[None], wrap, turned, LONGEST_ROW / scale)
    origins: dict[int | None, Point] = {None: (0.0, 0.0)}  # of the rooms, along and across
    extents: dict[Item, tuple[float, float]] = {}  # where each item begins and ends, along
    router = Router(diagram, house, rooms, origins, extents, is_lr)
    centres: list[Point] = [(0.0, 0.0)] * len(diagram.cards)
    for level in each(house.levels):
        room, (along, across) = rooms[level.frame], origins[level.frame]
        for item, piece in room.grid.of_item.items():
            begin, middle = along + room.begin(piece), across + room.at(piece)
            extents[item] = begin, begin + piece.along
            if item.kind == "frame":
                origins[item.id] = begin, middle - piece.across / 2
            else:
                centres[item.id] = router.point(begin + piece.along / 2, middle)
    frames = []
    for level in house.levels:
        if level.frame is not None and level.drawn_as is not None:
            room, (along, across) = rooms[level.frame], origins[level.frame]
            corners = router.point(along, across), router.point(along + room.along, across + room.across)
            box = Box(*corners[0], *corners[1])
            frames.append(Place(level.drawn_as, box, box.left + room.title))
    branches = [
        router.point(origins[frame][0] + along, origins[frame][1] + across)
        for frame, room in rooms.items()
        for along, across in _branches(room)
    ]
    routes = [router.route(i) for i in each(range(len(diagram.edges)))]
    points = [point for route in routes for line in (route.line, route.flow) if line for point in line.points]
    corners = (0.0, 0.0), router.point(rooms[None].along, rooms[None].across)
    xs, ys = zip(*corners, *points, strict=True)
    return Layout(cards, centres, routes, frames, sorted(branches), Box(min(xs), min(ys), max(xs), max(ys)))


def _fitted(
    diagram: Diagram, house: House, is_lr: bool, size: tuple[float, float]
) -> tuple[list[Card], dict[int | None, Room]]:
    """The cards in the form, and the rooms in the spacing, in which a picture of this size can be read best."""
    turned = size if is_lr else (size[1], size[0])
    cards = _with_room(diagram, is_lr)
    rooms = rooms_of(diagram, cards, house, is_lr)
    if is_lr and rooms[None].across * turned[0] > rooms[None].along * turned[1]:  # too high
        for lying in _lying(cards, house):
            others = rooms_of(diagram, lying, house, is_lr)
            if _scale(others[None], turned) > WORTH * _scale(rooms[None], turned):
                cards, rooms = lying, others
    if TINY < FONT * _scale(rooms[None], turned) / size[1] < SMALL:
        others = rooms_of(diagram, cards, house, is_lr, TIGHT)
        larger = _scale(others[None], turned)
        if FONT * larger >= SMALL * size[1] or larger > WORTH * _scale(rooms[None], turned):
            rooms = others
    return cards, rooms


def _with_room(diagram: Diagram, is_lr: bool) -> list[Card]:
    """The cards, large enough for all edges that enter them, if these are not so many that a card would be a wall."""
    entering = Counter(edge.head for edge in diagram.edges)
    distance = PORTS[any(edge.flow for edge in diagram.edges)]
    found = []
    for i, card in enumerate(diagram.cards):
        if 1 < entering[i] <= MOST_PORTS:
            least = (entering[i] + 1) * distance
            card = replace(card, least_height=least) if is_lr else replace(card, least_width=least)
        found.append(card)
    return found


def _lying(cards: list[Card], house: House) -> Iterator[list[Card]]:
    """The cards with leaves that lie flat: those that stand in one of several frames in a column, then all."""
    beside = {
        item.id
        for level in house.levels
        for item in level.items
        if item.kind == "frame" and sum(other.kind == "frame" for other in level.items) > 2
    }
    deep = [any(item.kind == "frame" and item.id in beside for item in path) for path in house.paths]
    if sum(card.kind == "leaf" for card in cards) >= MANY:
        if any(deep):
            yield [card.flat() if is_deep else card for card, is_deep in zip(cards, deep, strict=True)]
        yield [card.flat() for card in cards]


def _scale(room: Room, size: tuple[float, float]) -> float:
    """How large a room can be in a picture of this size, along and across."""
    return min(size[0] / room.along, size[1] / room.across)


def _in_rows(room: Room, wrap: int | None, size: tuple[float, float] | None, longest: float) -> Room:
    """The room with as many columns in a row as asked for, or as make it largest, or as are no longer than that."""
    columns = len(room.grid.columns)
    if wrap:
        return in_rows(room, wrap)
    if size:
        best = room
        is_clear = FONT * _scale(room, size) > CLEAR * min(size)
        for rows in range(2, 1 if is_clear else MOST_ROWS + 1):
            other = in_rows(room, -(-columns // rows))
            if _scale(other, size) > WORTH * _scale(best, size):
                best = other
        return best
    if room.along > longest:
        return in_rows(room, max(1, int(columns * longest / room.along / 1.2)))
    return room


def _branches(room: Room) -> list[Point]:
    """Where lines divide, along and across, but for those that divide at a card or the border of a frame."""
    found = []
    for k, segments in enumerate(each(room.grid.segments)):
        counts: dict[object, int] = {}
        for segment in segments:
            counts[segment.left] = counts.get(segment.left, 0) + 1
            if counts[segment.left] == 2 and segment.left.kind != "item":
                found.append((room.ends[k], room.at(segment.left)))
    return found
