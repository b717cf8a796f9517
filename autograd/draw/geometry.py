"""Points, boxes and curves, in pixels with y downwards.

>>> Box(0.0, 0.0, 2.0, 1.0).middle
(1.0, 0.5)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import dist

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle by its corners."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> Point:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    def around(self, margin: float) -> "Box":
        """A box with a margin around this one."""
        return Box(self.left - margin, self.top - margin, self.right + margin, self.bottom + margin)

    def __contains__(self, point: Point) -> bool:
        return self.left <= point[0] <= self.right and self.top <= point[1] <= self.bottom


@dataclass(frozen=True)
class Route:
    """One edge: the control points of its Bézier curves, the corners of its arrow head, the middles of its texts."""

    curves: list[list[Point]]
    head: list[Point]
    flow: Point | None = None
    mark: Point | None = None

    def backwards(self, step: float) -> Iterator[Point]:
        """Points of the last curve from the tip of the arrow on, each a step away from the one before."""
        curve = self.curves[-1]
        points = [max(self.head, key=lambda corner: dist(corner, curve[-1])), curve[-1]]
        for end in range(len(curve) - 1, 0, -3):
            points += [_bezier(1 - part / 8, *curve[end - 3 : end + 1]) for part in range(1, 9)]
        walked = due = 0.0
        for one, other in pairwise(points):
            length = dist(one, other)
            while walked + length >= due:
                share = (due - walked) / length if length else 0.0
                yield one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
                due += step
            walked += length


def _bezier(t: float, a: Point, b: Point, c: Point, d: Point) -> Point:
    p, q, r, s = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    return p * a[0] + q * b[0] + r * c[0] + s * d[0], p * a[1] + q * b[1] + r * c[1] + s * d[1]
