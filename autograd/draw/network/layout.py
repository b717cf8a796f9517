"""Where the parts of a network stand: circles in columns, straight lines between them, and the numbers on the lines.

>>> from autograd import nn
>>> from autograd.draw.network.model import network_of
>>> layout = layout_of(network_of(nn.MLP(3, [4, 1], seed=0)), frozenset(["weight"]), Look())
>>> len(layout.circles), len(layout.lines)
(8, 16)

A number stands on its line, in a gap of it, turned as the line is where columns stand side by side. For each number and
each other line there is an interval of places on the way where the two would meet; the numbers stand outside of all of
these, and all at the same part of the way where that is possible. Where there is no place for one of them, in a
picture of any kind that is `TRIED`, the lines between those two columns have no numbers, and no bias has one.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from ...cells import cells, readable, shortened
from ...languages import count
from ..diagram.cards import DASH
from ..geometry import Box, Point
from ..labels import set_cells
from ..limits import each
from ..look import Look
from .model import Column, Network, Unit, Wire

# All texts have one size. A picture of FULL_SIZE, on a slide of 13.3 by 7.5 inches, has it in 12 points.
FONT, CELL, LINE = 15.0, 9.0, 19.0
FULL_SIZE = (1200.0, 675.0)
MARGIN = 20.0
LEGEND_LINE = LINE + 6.0

# The pictures that are tried until there is a place for all numbers: by how much larger they are than FULL_SIZE, and
# whether columns with more lines between them stand farther apart.
TRIED = ((1.0, False), (1.0, True), (1.25, True))

# Where the weights on the way end and the gradients begin, if both are shown.
SPLITS = (0.5, 0.4, 0.6)

# More lines than these between two columns have no numbers.
MOST_NUMBERS = 40

# The texts at the stem of a bias.
BESIDE = ("bias", "bias gradient")

SMALLEST_RADIUS, STEM = 24.0, 10.0
LONGEST_LABEL, LONGEST_SYMBOL = 12, 10


@dataclass(frozen=True)
class Text:
    """A text, where its middle is, how far it is turned (in degrees), and what it is."""

    text: str
    kind: str  # "weight", "value", "gradient", "symbol", "label", "bias", "bias gradient", "caption" or "more"
    middle: Point
    angle: float = 0.0

    @property
    def width(self) -> float:
        """How long it is."""
        return CELL * (set_cells(self.text) if self.kind == "label" else cells(self.text))


@dataclass(frozen=True)
class Circle:
    """A unit of a column, with the texts in it and around it."""

    column: int
    unit: Unit
    middle: Point
    texts: tuple[Text, ...]


@dataclass(frozen=True)
class Line:
    """A connection, from the edge of a circle to that of another one, with the numbers on it."""

    column: int  # that it leads to
    unit: Unit
    source: Unit
    wire: Wire
    start: Point
    end: Point
    numbers: tuple[Text, ...] = ()

    @property
    def pieces(self) -> list[tuple[Point, Point]]:
        """The line without the gaps in which its numbers stand."""
        (x, y), (u, v) = self.start, self.end
        length = math.hypot(u - x, v - y)
        cuts = [0.0]
        for number in sorted(self.numbers, key=lambda number: math.dist(number.middle, self.start)):
            turn = math.atan2(v - y, u - x) - math.radians(number.angle)
            sides = ((number.width / 2 + SIDE, math.cos(turn)), (HALF, math.sin(turn)))
            half = min(side / abs(part) for side, part in sides if abs(part) > 1e-9)
            middle = math.dist(number.middle, self.start)
            cuts += [(middle - half) / length, (middle + half) / length]
        cuts.append(1.0)
        return [
            ((x + a * (u - x), y + a * (v - y)), (x + b * (u - x), y + b * (v - y)))
            for a, b in zip(cuts[::2], cuts[1::2], strict=True)
        ]


@dataclass(frozen=True)
class NetworkLayout:
    """Where everything is."""

    width: float
    height: float
    radius: float
    circles: tuple[Circle, ...]
    lines: tuple[Line, ...]
    stems: tuple[tuple[Unit, Wire, Point, Point], ...]  # of the biases
    dots: tuple[Point, ...]  # of the ellipses
    texts: tuple[Text, ...]  # the names of the columns, and how many units are left out
    has_all_numbers: bool


def layout_of(network: Network, shown: frozenset[str], look: Look) -> NetworkLayout:
    """The smallest layout in which all numbers have a place, or else one with those that have, and none of biases."""
    for zoom, uneven in TRIED:
        layout = _Plan(network, shown, look, zoom, uneven).layout()
        if layout.has_all_numbers:
            return layout
    return replace(_Plan(network, shown, look, has_bias_numbers=False).layout(), has_all_numbers=False)


class _Plan:
    """A layout in the making. The way through the network is `along`, the way through a column `across`."""

    def __init__(
        self,
        network: Network,
        shown: frozenset[str],
        look: Look,
        zoom: float = 1.0,
        uneven: bool = False,
        has_bias_numbers: bool = True,
    ) -> None:
        self.network, self.shown, self.zoom, self.uneven = network, shown, zoom, uneven
        self.has_legend = bool(look.legend)
        self.look, self.decimal, self.is_upright = look, look.decimal, look.direction == "TB"
        units = [(place, unit) for place, column in enumerate(network.columns) for unit in column.units]
        self.inside = {(place, unit.place): self.texts_in(unit, place) for place, unit in units}
        self.radius = max(SMALLEST_RADIUS, *(_radius(texts) for texts in self.inside.values()))
        self.has_biases = "bias" in shown and any(unit.bias for _, unit in units)
        self.has_bias_numbers = has_bias_numbers and self.has_biases
        self.beside = {(place, unit.place): self.texts_beside(unit) for place, unit in units}
        self.captions = [self.caption(column) for column in network.columns]
        self.measure()

    def texts_in(self, unit: Unit, column: int) -> list[tuple[str, str]]:
        """The lines in a circle, each with its kind."""
        texts = [(shortened(readable(unit.symbol), LONGEST_SYMBOL), "symbol")] if unit.symbol else []
        if "value" in self.shown and unit.value is not None:
            texts.append((self.decimal(unit.value), "value"))
        if "gradient" in self.shown and unit.gradient is not None:
            texts.append((f"◂ {self.decimal(unit.gradient)}", "gradient"))
        if not texts and column == 0 and "label" in self.shown:
            texts.append((shortened(readable(unit.label), LONGEST_LABEL), "label"))
        return texts

    def texts_beside(self, unit: Unit) -> list[tuple[str, str]]:
        """The lines at the stem of a bias."""
        if unit.bias is None or not self.has_bias_numbers:
            return []
        texts = [(f"b {self.decimal(unit.bias.weight)}", "bias")]
        return [*texts, (f"◂ {gradient_of(unit.bias, self.decimal)}", "bias gradient")][
            : 2 if "gradient" in self.shown else 1
        ]

    def label(self, column: int, unit: Unit) -> str:
        """What stands outside of a circle: the label of an input or an output."""
        if "label" not in self.shown or column not in (0, len(self.network.columns) - 1):
            return ""
        text = shortened(readable(unit.label), LONGEST_LABEL)
        return "" if (text, "label") in self.inside[column, unit.place] else text

    def caption(self, column: Column) -> str:
        if not any(unit.symbol for unit in column.units):
            return self.look.counted(column.width, "input")
        symbols = {unit.symbol for unit in column.units}
        many = (
            f"{count(column.width, self.look.language)} × {readable(symbols.pop())}"
            if len(symbols) == 1
            else self.look.counted(column.width, "neuron")
        )
        return f"{readable(column.name)}: {many}" if column.name else many

    # Sizes ------------------------------------------------------------------------------------------

    def measure(self) -> None:
        """How far apart columns and circles stand, so that the picture fills a slide."""
        columns = self.network.columns
        rows = [len(column.units) + (column.left_out > 0) for column in columns]
        self.most_rows = max(rows)
        beside = max((len(texts) for texts in self.beside.values()), default=0)
        ends = [CELL * set_cells(self.label(i, u)) for i in (0, len(columns) - 1) for u in columns[i].units]
        self.ends = max(ends, default=0.0) and max(ends) + 8.0 if not self.is_upright else LINE * any(ends)
        captions = max(map(cells, self.captions)) * CELL
        wide, high = (self.zoom * side - 2 * MARGIN for side in FULL_SIZE)
        high -= LEGEND_LINE * self.has_legend
        if self.is_upright:
            names = max((cells(text) for texts in self.beside.values() for text, _ in texts), default=0) * CELL
            self.above = 0.0
            self.head = captions + 24.0
            least = 2 * self.radius + (names + STEM + 8.0 if names else 0.0) + 16.0
            across, along = wide - self.head - 2 * self.radius, high - 2 * self.ends - 2 * self.radius
            farthest = 400.0
            least_along = 2 * self.radius + 58.0
            if names:
                across -= names + STEM + 8.0
        else:
            self.above = LINE + STEM if beside else 0.0
            self.head = LINE + 10.0
            least = 2 * self.radius + self.above + 8.0
            across = high - self.head - self.above - 2 * self.radius
            along = wide - 2 * max(self.ends + self.radius, captions / 2)
            farthest, least_along = 180.0, 2 * self.radius + 110.0
        self.pitch = max(least, min(across / max(1, self.most_rows - 1), farthest * self.zoom))
        gap = max(least_along, min(along / (len(columns) - 1), 620.0 * self.zoom))
        if not self.is_upright:  # as wide as a slide is, where the picture is low
            height = self.head + self.above + 2 * self.radius + (self.most_rows - 1) * self.pitch + 2 * MARGIN
            width = max(300.0, height * FULL_SIZE[0] / FULL_SIZE[1] - 2 * MARGIN - (wide - along))
            gap = min(gap, width / (len(columns) - 1))
            gap = max(gap, least_along)
        self.places = [0.0, *accumulate(self.gaps(gap, least_along))]
        self.gap = min(b - a for a, b in pairwise(self.places))

    def flattest(self) -> list[float]:
        """How far apart columns must be at least, so that no line is so steep that it goes through the next circle."""
        extents = [rows[-1] for rows in map(self.rows, self.network.columns)]
        part = min((self.radius + 4.0) / self.pitch, 0.9)  # the cosine of the angle at which a line would touch it
        return [(a + b) * part / math.sqrt(1 - part**2) for a, b in pairwise(extents)]

    def gaps(self, mean: float, least: float) -> list[float]:
        """How far it is from each column to the next."""
        lines = [sum(len(unit.wires) for unit in column.units) for column in self.network.columns[1:]]
        shares = [min(max(1.0, math.sqrt(count / 4.0)), 1.6) if self.uneven else 1.0 for count in lines]
        wanted = [mean * len(shares) * share / sum(shares) for share in shares]
        return [max(least, gap, needed) for gap, needed in zip(wanted, self.flattest(), strict=True)]

    def rows(self, column: Column) -> list[float]:
        """Where the rows of a column stand, from the middle; lower columns are spread a little."""
        count = len(column.units) + (column.left_out > 0)
        spread = min(1.5, (self.most_rows - 1) / (count - 1)) if count > 1 else 1.0
        return [self.pitch * spread * (row - (count - 1) / 2) for row in range(count)]

    def point(self, along: float, across: float) -> Point:
        return (across, along) if self.is_upright else (along, across)

    # Parts ------------------------------------------------------------------------------------------

    def layout(self) -> NetworkLayout:
        circles: list[Circle] = []
        dots: list[Point] = []
        texts: list[Text] = []
        by_column: list[dict[int, Circle]] = []
        for number, column in enumerate(self.network.columns):
            rows = self.rows(column)
            if column.left_out:
                split = _split(column)
                hidden = rows.pop(split)
                middle = self.point(self.places[number], hidden)
                dots += [self.dot(middle, step) for step in (-1, 0, 1)]
                told = self.look.said("network")["more"].format(count(column.left_out, self.look.language))
                texts.append(Text(told, "more", self.below_dots(middle)))
            placed = {
                unit.place: self.circle(number, unit, self.point(self.places[number], across))
                for unit, across in zip(column.units, rows, strict=True)
            }
            by_column.append(placed)
            circles += placed.values()
        lines: list[Line] = []
        has_all = True
        for number in range(1, len(by_column)):
            between = self.lines(number, by_column[number - 1], by_column[number])
            around = [*by_column[number - 1].values(), *by_column[number].values()]
            taken = [text for circle in around for text in circle.texts if text.kind in BESIDE]
            numbered = self.numbered(between, [*taken, *texts])
            has_all = has_all and numbered is not None
            lines += numbered or between
        beside = [text for circle in circles for text in circle.texts if text.kind in BESIDE]
        has_all = has_all and not any(_crosses(line, text) for text in beside for line in lines)
        return self.framed(circles, lines, dots, texts, has_all)

    def dot(self, middle: Point, step: int) -> Point:
        x, y = middle
        return (x + 11.0 * step, y - 8.0) if self.is_upright else (x, y - 16.0 + 8.0 * step)

    def below_dots(self, middle: Point) -> Point:
        return middle[0], middle[1] + 12.0

    def circle(self, number: int, unit: Unit, middle: Point) -> Circle:
        x, y = middle
        inside = self.inside[number, unit.place]
        texts = [
            Text(text, kind, (x, y + LINE * (line - (len(inside) - 1) / 2))) for line, (text, kind) in enumerate(inside)
        ]
        beside = self.beside[number, unit.place]
        for line, (text, kind) in enumerate(beside):
            width = CELL * cells(text)
            if self.is_upright:
                below = LINE * (line - (len(beside) - 1) / 2)
                texts.append(Text(text, kind, (x + self.radius + STEM + 4.0 + width / 2, y + below)))
            else:
                # Two of them stand left and right of the stem, for columns are to be low.
                across = 0.0 if len(beside) == 1 else (line - 0.5) * (width + CELL)
                texts.append(Text(text, kind, (x + across, y - self.radius - STEM - LINE / 2)))
        label = self.label(number, unit)
        if label:
            side = -1 if number == 0 else 1
            away = self.radius + (LINE / 2 if self.is_upright else 8.0 + CELL * set_cells(label) / 2)
            texts.append(Text(label, "label", (x, y + side * away) if self.is_upright else (x + side * away, y)))
        return Circle(number, unit, middle, tuple(texts))

    def lines(self, number: int, sources: dict[int, Circle], targets: dict[int, Circle]) -> list[Line]:
        found = []
        for target in each(targets.values()):
            for wire in target.unit.wires:
                source = sources[wire.source]
                start, end = _trimmed(source.middle, target.middle, self.radius)
                found.append(Line(number, target.unit, source.unit, wire, start, end))
        return found

    def numbered(self, lines: list[Line], taken: list[Text]) -> list[Line] | None:
        """The lines with the numbers that are to be shown, clear of other texts; None if there is no place for them."""
        kinds = [kind for kind in ("weight", "gradient") if kind in self.shown]
        if not kinds:
            return lines
        if len(lines) > MOST_NUMBERS:
            return None
        for split in SPLITS if len(kinds) > 1 else [1.0]:
            rows: list[list[Text]] = []
            for kind, zone in zip(kinds, ((0.0, split), (split, 1.0)), strict=False):
                wanted = [self.number(kind, line) for line in lines]
                others = [*taken, *[text for row in rows for text in row]]
                texts = _placed(lines, wanted, zone, others, not self.is_upright)
                if texts is None:
                    break
                rows.append(texts)
            else:
                return [replace(line, numbers=tuple(numbers)) for line, *numbers in zip(lines, *rows, strict=True)]
        return None

    def number(self, kind: str, line: Line) -> Text:
        if kind == "weight":
            return Text(self.decimal(line.wire.weight), kind, line.start)
        return Text(f"◂{gradient_of(line.wire, self.decimal)}", kind, line.start)

    def framed(
        self, circles: list[Circle], lines: list[Line], dots: list[Point], texts: list[Text], has_all: bool
    ) -> NetworkLayout:
        """All of it with the names of the columns, moved so that the picture begins at 0."""
        r = self.radius
        highest = min(circle.middle[0 if self.is_upright else 1] for circle in circles) - r - self.above
        for number, caption in enumerate(self.captions):
            most = 1000 if self.is_upright else max(6, int((self.gap - 12.0) / CELL))
            text = Text(shortened(caption, most), "caption", (0.0, 0.0))
            along = self.places[number]
            middle = (highest - 24.0 - text.width / 2, along) if self.is_upright else (along, highest - 10.0 - LINE / 2)
            texts.append(Text(text.text, "caption", middle))
        biased = [(circle, circle.unit.bias) for circle in circles if circle.unit.bias and self.has_biases]
        stems = [(circle.unit, bias, *self.stem(circle)) for circle, bias in biased]
        around = [_box(text) for circle in circles for text in circle.texts] + [_box(text) for text in texts]
        around += [Box(x - r, y - r, x + r, y + r) for x, y in (circle.middle for circle in circles)]
        left, top = min(box.left for box in around) - MARGIN, min(box.top for box in around) - MARGIN
        right, bottom = max(box.right for box in around) + MARGIN, max(box.bottom for box in around) + MARGIN

        def moved(point: Point) -> Point:
            return point[0] - left, point[1] - top

        def text_moved(text: Text) -> Text:
            return Text(text.text, text.kind, moved(text.middle), text.angle)

        def circle_moved(circle: Circle) -> Circle:
            return Circle(circle.column, circle.unit, moved(circle.middle), tuple(map(text_moved, circle.texts)))

        return NetworkLayout(
            right - left,
            bottom - top,
            r,
            tuple(map(circle_moved, circles)),
            tuple(
                Line(
                    *(line.column, line.unit, line.source, line.wire),
                    *(moved(line.start), moved(line.end), tuple(map(text_moved, line.numbers))),
                )
                for line in lines
            ),
            tuple((unit, bias, moved(start), moved(end)) for unit, bias, start, end in stems),
            tuple(map(moved, dots)),
            tuple(map(text_moved, texts)),
            has_all,
        )

    def stem(self, circle: Circle) -> tuple[Point, Point]:
        x, y = circle.middle
        if self.is_upright:
            return (x + self.radius + STEM, y), (x + self.radius, y)
        return (x, y - self.radius - STEM), (x, y - self.radius)


def _split(column: Column) -> int:
    """The row at which units are left out."""
    return next(row for row, (a, b) in enumerate(pairwise(column.units), 1) if b.place > a.place + 1)


def _radius(texts: list[tuple[str, str]]) -> float:
    """That of the smallest circle around lines of text."""
    farthest = 0.0
    for line, (text, kind) in enumerate(texts):
        width = CELL * (set_cells(text) if kind == "label" else cells(text))
        height = LINE * abs(line - (len(texts) - 1) / 2) + FONT / 2 - 2.0
        farthest = max(farthest, math.hypot(width / 2, height) + 6.0)
    return math.ceil(farthest)


def _box(text: Text) -> Box:
    (x, y), half = text.middle, text.width / 2
    return Box(x - half, y - LINE / 2, x + half, y + LINE / 2)


def _trimmed(a: Point, b: Point, radius: float) -> tuple[Point, Point]:
    """The straight line between two circles."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    part = radius / math.hypot(dx, dy)
    return (a[0] + part * dx, a[1] + part * dy), (b[0] - part * dx, b[1] - part * dy)


# Numbers on lines -----------------------------------------------------------------------------------

HALF = FONT / 2 + 1.0  # half the height of a number with what must be free above and below it
SIDE = 4.0  # what must be free before and behind it
STEPS = 100


def _placed(
    lines: list[Line], wanted: list[Text], zone: tuple[float, float], others: list[Text], turned: bool
) -> list[Text] | None:
    """The numbers, each on its line and nothing else, at about the same part of the way; None if that cannot be."""
    free = [_free(line, text, lines, zone, turned) for line, text in each(zip(lines, wanted, strict=True))]
    if not all(free):
        return None
    best: tuple[float, list[Text]] | None = None
    middle = (zone[0] + zone[1]) / 2
    for at in each(sorted(range(1, STEPS), key=lambda step: (abs(step / STEPS - middle), step))):
        found = _arranged(lines, wanted, free, at, others, turned, best[0] if best else math.inf)
        if found and (best is None or found[0] < best[0]):
            best = found
            if best[0] == 0:
                break
    return best and best[1]


def _arranged(
    lines: list[Line], wanted: list[Text], free: list[list[int]], at: int, others: list[Text], turned: bool, most: float
) -> tuple[float, list[Text]] | None:
    """The numbers as close to one part of the way as they can be, and by how much they are not there."""
    placed: dict[int, Text] = {}
    cost = 0.0
    for i in each(sorted(range(len(lines)), key=lambda i: (len(free[i]), i))):  # first those with the least choice
        for step in sorted(free[i], key=lambda step: (abs(step - at), step)):
            number = _at(lines[i], wanted[i], step / STEPS, turned)
            if not any(_touch(number, other) for other in (*placed.values(), *others)):
                break
        else:
            return None
        placed[i] = number
        cost += (step - at) ** 2
        if cost >= most:
            return None
    return cost, [placed[i] for i in range(len(lines))]


def _at(line: Line, text: Text, part: float, turned: bool) -> Text:
    (x, y), (u, v) = line.start, line.end
    angle = math.degrees(math.atan2(v - y, u - x)) if turned else 0.0
    return Text(text.text, text.kind, (x + part * (u - x), y + part * (v - y)), angle)


def _free(line: Line, text: Text, lines: list[Line], zone: tuple[float, float], turned: bool) -> list[int]:
    """The steps of the way at which a number meets no other line and no circle."""
    (x, y), (u, v) = line.start, line.end
    angle = math.atan2(v - y, u - x) if turned else 0.0
    cos, sin = math.cos(angle), math.sin(angle)
    half = text.width / 2 + SIDE
    length = math.hypot(u - x, v - y)
    ends = (half if turned else max(HALF, min(half, half * abs(u - x) / length + HALF))) / length
    taken = [(-1.0, max(zone[0], ends)), (min(zone[1], 1 - ends), 2.0)]

    def seen(point: Point) -> Point:
        """A point as seen from the start, with the text lying level."""
        dx, dy = point[0] - x, point[1] - y
        return dx * cos + dy * sin, dy * cos - dx * sin

    way = seen((u, v))
    for other in lines:
        if other is not line:
            taken.append(_meeting(way, seen(other.start), seen(other.end), half, HALF))
    return [step for step in range(1, STEPS) if not any(low < step / STEPS < high for low, high in taken)]


def _meeting(way: Point, a: Point, b: Point, half: float, high: float) -> tuple[float, float]:
    """The part of the way from (0, 0) where a level box around its place meets the line from a to b.

    The box and the line meet where they overlap along both sides of the box and across the line.
    """
    across = (a[1] - b[1], b[0] - a[0])
    reach = half * abs(across[0]) + high * abs(across[1])
    at = a[0] * across[0] + a[1] * across[1]
    low, top = 0.0, 1.0
    for speed, least, most in (
        (way[0], min(a[0], b[0]) - half, max(a[0], b[0]) + half),
        (way[1], min(a[1], b[1]) - high, max(a[1], b[1]) + high),
        (way[0] * across[0] + way[1] * across[1], at - reach, at + reach),
    ):
        if abs(speed) < 1e-9:
            if not least < 0 < most:
                return 1.0, 0.0
            continue
        ends = sorted((least / speed, most / speed))
        low, top = max(low, ends[0]), min(top, ends[1])
    return low, top


def _crosses(line: Line, text: Text) -> bool:
    """Whether a line goes through a level text."""
    (x, y), (a, b), (u, v) = text.middle, line.start, line.end
    low, high = _meeting((0.0, 0.0), (a - x, b - y), (u - x, v - y), text.width / 2, HALF)
    return low <= high


def _touch(one: Text, other: Text) -> bool:
    """Whether two texts, turned or not, have a point in common."""
    dx, dy = other.middle[0] - one.middle[0], other.middle[1] - one.middle[1]
    a, b = one.width / 2 + SIDE, other.width / 2 + SIDE
    if math.hypot(dx, dy) > a + b + 2 * HALF:
        return False
    turn = math.radians(other.angle - one.angle)
    cos, sin = abs(math.cos(turn)), abs(math.sin(turn))
    for text, mine, others in ((one, a, b), (other, b, a)):
        c, s = math.cos(math.radians(text.angle)), math.sin(math.radians(text.angle))
        if abs(dx * c + dy * s) > mine + others * cos + HALF * sin:
            return False
        if abs(dy * c - dx * s) > HALF + others * sin + HALF * cos:
            return False
    return True


def gradient_of(wire: Wire, decimal: Callable[[float], str]) -> str:
    """The gradient of a weight or a bias as it stands in pictures."""
    return DASH if wire.gradient is None else decimal(wire.gradient)


def texts_of(layout: NetworkLayout) -> Iterator[Text]:
    """All texts of a layout."""
    yield from layout.texts
    for circle in layout.circles:
        yield from circle.texts
    for line in layout.lines:
        yield from line.numbers
