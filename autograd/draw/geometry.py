"""Points, boxes and curves, in pixels with y downwards.

>>> Box(0.0, 0.0, 2.0, 1.0).middle
(1.0, 0.5)
"""

from dataclasses import dataclass

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


@dataclass(frozen=True)
class Line:
    """A path with an arrow head: a start and Bézier curves, of three points each, or of one if they are straight."""

    start: Point
    curves: list[tuple[Point, ...]]
    head: list[Point]

    @property
    def points(self) -> list[Point]:
        """All of them: within these it runs."""
        return [self.start, *(point for curve in self.curves for point in curve), *self.head]


@dataclass(frozen=True)
class Route:
    """One edge, and what a pass sent back along it; `flow_text` and `mark` are where their texts stand."""

    line: Line
    flow: Line | None = None
    flow_text: Point | None = None
    mark: Point | None = None
