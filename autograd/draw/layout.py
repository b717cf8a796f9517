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

from dataclasses import dataclass
from typing import NamedTuple

from .diagram import Diagram
from .geometry import Box, Point, Route
from .levels import Item, house_of
from .limits import each
from .rooms import Room, in_rows, rooms_of
from .routes import Router

LONGEST_SIDE = 30_000  # pixels; many viewers count those of a side in 15 bits
MOST_ROWS = 8  # that are tried to fill a size


@dataclass(frozen=True)
class Layout:
    """Coordinates in pixels: the centres of the cards, the routes of the edges, the frames, the branches of lines.

    The box is around all of it.
    """

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
    diagram: Diagram, direction: str = "LR", wrap: int | None = None, size: tuple[float, float] | None = None
) -> Layout:
    """The places of all cards and edges.

    `wrap` is the number of columns in a row; without it there are as many rows as fill the size best, if one is given,
    and else one, but no row is longer than most viewers can show.
    """
    is_lr = direction == "LR"
    house = house_of(diagram)
    rooms = rooms_of(diagram, house, is_lr)
    if wrap:
        rooms[None] = in_rows(rooms[None], wrap)
    elif size:
        rooms[None] = _filling(rooms[None], size if is_lr else (size[1], size[0]))
    elif rooms[None].along > LONGEST_SIDE:
        columns = len(rooms[None].grid.columns)
        rooms[None] = in_rows(rooms[None], max(1, int(columns * LONGEST_SIDE / rooms[None].along / 1.2)))
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
    return Layout(centres, routes, frames, sorted(branches), Box(min(xs), min(ys), max(xs), max(ys)))


def _filling(room: Room, size: tuple[float, float]) -> Room:
    """The room in the number of rows in which all of it is largest in a picture of this size."""
    columns = len(room.grid.columns)
    best, largest = room, 0.0
    for rows in range(1, MOST_ROWS + 1):
        one = in_rows(room, -(-columns // rows)) if rows > 1 else room
        scale = min(size[0] / one.along, size[1] / one.across)
        if scale > 1.1 * largest:  # a row more must be worth it
            best, largest = one, scale
    return best


def _branches(room: Room) -> list[Point]:
    """Where lines divide, along and across, but for those that divide at a card or the border of a frame."""
    found = []
    for k, segments in enumerate(room.grid.segments):
        counts: dict[object, int] = {}
        for segment in segments:
            counts[segment.left] = counts.get(segment.left, 0) + 1
            if counts[segment.left] == 2 and segment.left.kind != "item":
                found.append((room.ends[k], room.at(segment.left)))
    return found
