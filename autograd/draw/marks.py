"""Where the marks of edges stand: each clearly on its own edge, even where many arrows point at one card."""

from dataclasses import replace
from itertools import islice
from math import ceil

from .diagram import Diagram
from .geometry import Point, Route
from .labels import set_cells
from .limits import each

MARK_FONT = 10.0
NEAREST = 15.0  # from the tip of an arrow to the middle of its mark
STEP, SQUARE, STEPS = 4.0, 5.0, 100  # how finely a place for a mark is sought, and how far


def mark_size(mark: str) -> Point:
    """The width and height of a mark in pixels."""
    return 0.6 * MARK_FONT * set_cells(mark) + 3, MARK_FONT


def with_marks(routes: list[Route], diagram: Diagram) -> list[Route]:
    """The routes with a place for each mark: on its edge, near the tip, where no other edge to that card or mark is."""
    marked = [i for i, edge in enumerate(diagram.edges) if edge.mark]
    ways = {i: list(islice(routes[i].backwards(STEP), STEPS)) for i in each(marked)}
    crowds: dict[int, dict[Point, set[int]]] = {}  # for each card, the edges to it in each small square of the picture
    for i in each(marked):
        crowd = crowds.setdefault(diagram.edges[i].head, {})
        for x, y in ways[i]:
            crowd.setdefault((x // SQUARE, y // SQUARE), set()).add(i)
    placed, taken = [*routes], set[Point]()
    for i in each(marked):
        crowd = crowds[diagram.edges[i].head]
        width, height = mark_size(diagram.edges[i].mark)
        first = max(NEAREST, width / 2 + 9)  # so that the arrow head can be seen
        places = ways[i][ceil(first / STEP) :] or ways[i][-1:]
        free = [place for place in places if taken.isdisjoint(_squares(place, width, height))] or places
        place = next(
            (
                place
                for place in free
                if all(crowd.get(square, {i}) == {i} for square in _squares(place, width, height / 2))
            ),
            free[-1],
        )
        taken.update(_squares(place, width, height))
        placed[i] = replace(routes[i], mark=place)
    return placed


def _squares(middle: Point, width: float, height: float) -> list[Point]:
    x, y = middle
    columns = range(int((x - width / 2) // SQUARE), int((x + width / 2) // SQUARE) + 1)
    rows = range(int((y - height / 2) // SQUARE), int((y + height / 2) // SQUARE) + 1)
    return [(column, row) for column in columns for row in rows]
