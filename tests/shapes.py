"""A picture as it is painted: the shapes, lines and texts of an SVG in pixels, read from its text alone.

Nothing of the package's own layout is asked, so what is measured here is what people see. What this file cannot read,
such as a gradient or a clip path, raises ValueError instead of being left out.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from autograd.cells import cells

SVG = "{http://www.w3.org/2000/svg}"
THEMES = ("light", "dark")
PAGES = {"light": "#ffffff", "dark": "#15181e"}  # what is below a picture without a background
CELL, ABOVE, BELOW = 0.6, 0.77, 0.23  # of the font size: the width of a cell, and how far a text reaches up and down
STEP = 2.0  # the longest piece of a flattened curve, in pixels

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
INHERITED = ("fill", "stroke", "stroke-width", "font-size", "text-anchor", "fill-opacity")


class Box(NamedTuple):
    """A rectangle by its sides."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def meets(self, other: "Box", by: float = 0.5) -> bool:
        """Whether both share an area of at least so many pixels in each direction."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > by
            and min(self.bottom, other.bottom) - max(self.top, other.top) > by
        )

    def holds(self, other: "Box", slack: float = 0.5) -> bool:
        """Whether the other one is inside, or sticks out by at most the slack."""
        return (
            self.left - slack <= other.left
            and self.top - slack <= other.top
            and other.right <= self.right + slack
            and other.bottom <= self.bottom + slack
        )

    def grown(self, by: float) -> "Box":
        """The box with so much more on each side, or less where it is negative."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def __str__(self) -> str:
        return f"({self.left:.0f} {self.top:.0f} – {self.right:.0f} {self.bottom:.0f})"


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds all of these."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return Box(min(lefts), min(tops), max(rights), max(bottoms))


def box_of(points: np.ndarray) -> Box:
    """The smallest box around points."""
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return Box(float(left), float(top), float(right), float(bottom))


@dataclass(frozen=True, eq=False)
class Thing:
    """What all that is painted has: its id, its classes without the prefix of the figure, and the groups around it."""

    id: str
    names: frozenset[str]
    groups: tuple[ElementTree.Element, ...]
    colours: dict[str, str]  # by theme: what it is filled with, a line what it is drawn with

    @property
    def home(self) -> str:
        """The id of the innermost group around it that has one."""
        return next((group.get("id", "") for group in reversed(self.groups) if group.get("id")), "")


@dataclass(frozen=True, eq=False)
class Shape(Thing):
    """A filled area; a radius of 0 and no outline is a rectangle."""

    box: Box
    radius: float = 0.0
    outline: np.ndarray | None = field(default=None, repr=False)
    is_arrow: bool = False  # the head of one, which is no surface that texts stand on

    def __contains__(self, point: Point) -> bool:
        (left, top, right, bottom), (x, y) = self.box, point
        if not (left <= x <= right and top <= y <= bottom):
            return False
        if self.outline is not None:
            return _is_inside(point, self.outline)
        corner = self.radius - min(x - left, right - x), self.radius - min(y - top, bottom - y)
        return min(corner) <= 0.0 or math.hypot(*corner) <= self.radius


@dataclass(frozen=True, eq=False)
class Line(Thing):
    """A curve in pieces of points, at most STEP from one to the next; from piece to piece there may be a gap."""

    pieces: list[np.ndarray] = field(repr=False)
    width: float
    is_dashed: bool = False

    @property
    def points(self) -> np.ndarray:
        return np.concatenate(self.pieces)


@dataclass(frozen=True, eq=False)
class Text(Thing):
    """A text, its box, its font size, and that of its smallest index."""

    text: str
    box: Box
    size: float
    smallest: float


@dataclass(frozen=True)
class Painting:
    """Everything in the order in which it is painted, inside the box of the picture."""

    box: Box
    things: list[Thing]
    groups: list[ElementTree.Element]

    def of(self, kind: type) -> Iterator[Thing]:
        """All things of one kind."""
        return (thing for thing in self.things if isinstance(thing, kind))


def painting(svg: str) -> Painting:
    """Read an SVG; ValueError for what is not understood."""
    return _Reader(ElementTree.fromstring(svg)).painting


class _Reader:
    def __init__(self, root: ElementTree.Element) -> None:
        left, top, width, height = map(float, root.get("viewBox", "").split())
        self.things: list[Thing] = []
        self.groups: list[ElementTree.Element] = []
        self.rules = _rules("".join(style.text or "" for style in root.iter(f"{SVG}style")))
        self.read(root, IDENTITY, {theme: {"font-size": "16", "fill": "#000000"} for theme in THEMES}, ())
        self.painting = Painting(Box(left, top, left + width, top + height), self.things, self.groups)

    def read(self, element, matrix, around_it, groups) -> None:
        tag = element.tag.removeprefix(SVG)
        if tag in ("title", "desc", "style", "metadata"):
            return
        styles = {theme: self.style(element, tag, around_it[theme], theme) for theme in THEMES}
        matrix = _times(matrix, _matrix(element.get("transform", "")))
        if tag in ("svg", "g", "a"):
            if tag == "g":
                self.groups.append(element)
                groups = (*groups, element)
            for child in element:
                self.read(child, matrix, styles, groups)
        elif tag == "text":
            self.text(element, matrix, styles, groups)
        elif tag in ("rect", "path", "polygon", "polyline", "line", "circle", "ellipse"):
            self.shape(element, tag, matrix, styles, groups)
        else:
            raise ValueError(f"<{tag}> is not measured")

    def style(self, element, tag, around_it, theme) -> dict[str, str]:
        """The properties of an element: what is inherited, its attributes, the style sheet, its own style."""
        style = {name: value for name, value in around_it.items() if name in INHERITED}
        style["opacity"] = str(float(around_it.get("opacity", 1)) * float(element.get("opacity", 1)))
        style |= {name: value for name, value in element.attrib.items() if name in INHERITED}
        names = {tag, f"#{element.get('id')}", *(f".{name}" for name in element.get("class", "").split())}
        for of_theme, selector, properties in self.rules:
            if of_theme in ("", theme) and selector in names:
                style |= properties
        return style | _declarations(element.get("style", ""))

    def facts(self, element, styles, groups, paint) -> dict:
        names = frozenset(name.partition("-")[2] for name in element.get("class", "").split())
        colours = {theme: _visible(style, paint) for theme, style in styles.items()}
        return {"id": element.get("id", ""), "names": names, "groups": groups, "colours": colours}

    def shape(self, element, tag, matrix, styles, groups) -> None:
        pieces, radius = _outline(element, tag)
        pieces = [_moved(piece, matrix) for piece in pieces]
        if styles["light"].get("fill") not in ("none", "transparent") and tag != "line":
            facts, box = self.facts(element, styles, groups, "fill"), box_of(np.concatenate(pieces))
            radius = min(radius * _scale(matrix), box.width / 2, box.height / 2)
            outline = None if tag in ("rect", "circle") else np.concatenate(pieces)
            self.things.append(Shape(**facts, box=box, radius=radius, outline=outline, is_arrow=tag == "polygon"))
        elif styles["light"].get("stroke", "none") != "none":
            facts = self.facts(element, styles, groups, "stroke")
            width = float(styles["light"].get("stroke-width", 1)) * _scale(matrix)
            dashed = element.get("stroke-dasharray", "none") != "none"
            self.things.append(Line(**facts, pieces=pieces, width=width, is_dashed=dashed))

    def text(self, element, matrix, styles, groups) -> None:
        size = _pixels(styles["light"]["font-size"])
        runs = [(element.text or "", size, 0.0), *self.runs(element, styles["light"])]
        x, y = float(element.get("x", 0)), float(element.get("y", 0))
        width = sum(CELL * size * cells(text) for text, size, _ in runs)
        x -= {"middle": width / 2, "end": width}.get(styles["light"].get("text-anchor", "start"), 0.0)
        boxes = []
        for text, of_run, dy in runs:
            y += dy
            # Blanks at the ends are not seen, and words of notes may follow each other closely.
            start, end = (CELL * of_run * cells(part) for part in (text[: len(text) - len(text.lstrip())], text))
            seen = CELL * of_run * cells(text.rstrip())
            if text.strip():
                boxes.append(Box(x + start, y - ABOVE * of_run, x + seen, y + BELOW * of_run))
            x += end
        if boxes:
            box = box_of(_moved(_corners(around(boxes)), matrix))
            sizes = [of_run * _scale(matrix) for text, of_run, _ in runs if text.strip()]
            facts = self.facts(element, styles, groups, "fill")
            text = "".join(text for text, _, _ in runs)
            self.things.append(Text(**facts, text=text, box=box, size=max(sizes), smallest=min(sizes)))

    def runs(self, element, style) -> Iterator[tuple[str, float, float]]:
        """The tspans of a text, each with its size and how far it is moved down."""
        for tspan in element:
            if tspan.tag == f"{SVG}title":
                continue
            if tspan.tag != f"{SVG}tspan" or {"x", "y", "dx"} & {*tspan.keys()} or len(tspan):
                raise ValueError(f"this part of a text is not measured: {ElementTree.tostring(tspan, 'unicode')}")
            size = _pixels(tspan.get("font-size", style["font-size"]))
            yield tspan.text or "", size, float(tspan.get("dy", 0))
            if tspan.tail:
                yield tspan.tail, _pixels(style["font-size"]), 0.0


# Style ----------------------------------------------------------------------------------------------


def _rules(sheet: str) -> list[tuple[str, str, dict[str, str]]]:
    """The rules of a style sheet: for which theme, for which elements, and what."""
    rules = []
    media = r"@media\s*\(prefers-color-scheme:\s*(light|dark)\)\s*\{((?:[^{}]*\{[^{}]*\})*)\s*\}"
    blocks = [("", re.sub(media, "", sheet)), *re.findall(media, sheet)]
    for theme, block in blocks:
        for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", block):
            for selector in map(str.strip, selectors.split(",")):
                if not re.fullmatch(r"[.#]?[\w-]+", selector):
                    raise ValueError(f"the selector {selector!r} is not measured")
                rules.append((theme, selector, _declarations(body)))
    return rules


def _declarations(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.split(";") if ":" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _pixels(size: str) -> float:
    return float(size.removesuffix("px"))


def _visible(style: dict[str, str], paint: str) -> str:
    """A colour as #rrggbbaa, or "none"."""
    colour = style.get(paint, "none")
    colour = {"white": "#ffffff", "black": "#000000", "transparent": "none"}.get(colour, colour)
    if colour == "none":
        return colour
    if re.fullmatch("#[0-9a-f]{3}", colour, re.IGNORECASE):
        colour = "#" + "".join(2 * digit for digit in colour[1:])
    if not re.fullmatch("#[0-9a-f]{6}", colour, re.IGNORECASE):
        raise ValueError(f"the colour {colour!r} is not measured")
    opacity = float(style.get("opacity", 1)) * float(style.get("fill-opacity", 1))
    return f"{colour}{round(255 * opacity):02x}"


# Outlines -------------------------------------------------------------------------------------------


def _outline(element, tag) -> tuple[list[np.ndarray], float]:
    """The pieces of an outline, and the radius of its corners."""

    def number(name: str) -> float:
        return float(element.get(name, 0))

    if tag == "rect":
        box = Box(number("x"), number("y"), number("x") + number("width"), number("y") + number("height"))
        return [_corners(box)], number("rx")
    if tag in ("circle", "ellipse"):
        rx, ry = (number("r"),) * 2 if tag == "circle" else (number("rx"), number("ry"))
        x, y = number("cx"), number("cy")
        if tag == "circle":
            return [_corners(Box(x - rx, y - ry, x + rx, y + ry))], rx
        turns = np.linspace(0, 2 * math.pi, 73)
        return [np.stack([x + rx * np.cos(turns), y + ry * np.sin(turns)], 1)], 0.0
    if tag == "line":
        return [_straight([(number("x1"), number("y1")), (number("x2"), number("y2"))])], 0.0
    if tag == "path":
        return _path(element.get("d", "")), 0.0
    numbers = [*map(float, re.findall(r"[-+.\deE]+", element.get("points", "")))]
    return [np.array(numbers).reshape(-1, 2)], 0.0


def _corners(box: Box) -> np.ndarray:
    return np.array([(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)])


def _path(d: str) -> list[np.ndarray]:
    """The pieces of a path, flattened."""
    tokens = re.findall(r"[A-Za-z]|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", d)
    pieces: list[list[np.ndarray]] = []
    here = start = control = np.zeros(2)
    place, command = 0, ""

    def taken(count: int) -> np.ndarray:
        nonlocal place
        place += count
        return np.array([*map(float, tokens[place - count : place])])

    while place < len(tokens):
        if tokens[place].isalpha():
            command = tokens[place]
            place += 1
        kind, base = command.upper(), here if command.islower() else np.zeros(2)
        before, control_before = here, control
        if kind == "M":
            here = start = control = base + taken(2)
            pieces.append([here[None]])
            command = "l" if command == "m" else "L"
            continue
        if kind == "Z":
            here = control = start
            pieces[-1].append(_straight([before, here])[1:])
            continue
        if kind == "H":
            here = np.array([base[0] + taken(1)[0], here[1]])
        elif kind == "V":
            here = np.array([here[0], base[1] + taken(1)[0]])
        elif kind == "L":
            here = base + taken(2)
        elif kind in ("C", "S"):
            first = base + taken(2) if kind == "C" else 2 * before - control_before
            control, here = base + taken(2), base + taken(2)
            pieces[-1].append(_bezier([before, first, control, here])[1:])
            continue
        elif kind == "Q":
            control, here = base + taken(2), base + taken(2)
            pieces[-1].append(_bezier([before, control, here])[1:])
            continue
        elif kind == "A":
            rx, ry, _, is_large, is_clockwise = taken(5)
            here = base + taken(2)
            pieces[-1].append(_arc(before, here, rx, ry, bool(is_large), bool(is_clockwise))[1:])
            control = here
            continue
        else:
            raise ValueError(f"the command {command!r} of a path is not measured")
        control = here
        pieces[-1].append(_straight([before, here])[1:])
    return [np.concatenate(piece) for piece in pieces]


def _straight(points) -> np.ndarray:
    one, other = map(np.asarray, points)
    count = max(1, math.ceil(math.dist(one, other) / STEP - 1e-9))
    return one + np.linspace(0.0, 1.0, count + 1)[:, None] * (other - one)


def _bezier(points: list[np.ndarray]) -> np.ndarray:
    """A curve by its control points, by de Casteljau; its speed is at most the longest leg times the degree."""
    degree = len(points) - 1
    fastest = degree * max(math.dist(one, other) for one, other in pairwise(points))
    t = np.linspace(0.0, 1.0, max(1, math.ceil(fastest / STEP)) + 1)[:, None]
    levels = [point[None] + 0 * t for point in points]
    while len(levels) > 1:
        levels = [(1 - t) * one + t * other for one, other in pairwise(levels)]
    return levels[0]


def _arc(start: np.ndarray, end: np.ndarray, rx: float, ry: float, is_large: bool, is_clockwise: bool) -> np.ndarray:
    """An arc of an upright ellipse, as appendix B.2.4 of SVG 2 computes it."""
    size = np.array([rx, ry])
    half = (start - end) / 2 / size
    far = float(half @ half)
    size = size * max(1.0, math.sqrt(far))
    half = (start - end) / 2 / size
    share = math.sqrt(max(0.0, 1 / float(half @ half) - 1)) * (-1 if is_large == is_clockwise else 1)
    centre = share * np.array([half[1], -half[0]])
    one = math.atan2(*reversed(half - centre))
    other = math.atan2(*reversed(-half - centre))
    turn = (other - one) % (2 * math.pi) - (0 if is_clockwise else 2 * math.pi)
    angles = np.linspace(one, one + turn, max(2, math.ceil(abs(turn) * max(size) / STEP)) + 1)
    middle = (start + end) / 2 + centre * size
    return middle + size * np.stack([np.cos(angles), np.sin(angles)], 1)


def _is_inside(point: Point, outline: np.ndarray) -> bool:
    """Whether a ray from the point crosses the outline an odd number of times."""
    (x, y), (xs, ys) = point, outline.T
    nexts, below = np.roll(xs, -1), np.roll(ys, -1)
    crosses = (ys > y) != (below > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = xs + (y - ys) * (nexts - xs) / (below - ys)
    return bool(np.count_nonzero(crosses & (at > x)) % 2)


def depth(points: np.ndarray, box: Box, radius: float = 0.0) -> np.ndarray:
    """How far points are outside of a box with round corners; what is below 0 is so deep inside."""
    radius = min(radius, box.width / 2, box.height / 2)
    half = np.array([box.width, box.height]) / 2 - radius
    beyond = np.abs(points - np.array(box.middle)) - half
    return np.hypot(*np.maximum(beyond, 0.0).T) + np.minimum(beyond.max(1), 0.0) - radius


# Transforms -----------------------------------------------------------------------------------------


def _matrix(transform: str) -> Matrix:
    matrix = IDENTITY
    for name, text in re.findall(r"(\w+)\s*\(([^)]*)\)", transform):
        n = [*map(float, re.split(r"[\s,]+", text.strip()))]
        if name == "translate":
            one: Matrix = (1.0, 0.0, 0.0, 1.0, n[0], n[1] if len(n) > 1 else 0.0)
        elif name == "scale":
            one = (n[0], 0.0, 0.0, n[-1], 0.0, 0.0)
        elif name == "rotate":
            c, s = math.cos(math.radians(n[0])), math.sin(math.radians(n[0]))
            x, y = n[1:] or (0.0, 0.0)
            one = (c, s, -s, c, x - c * x + s * y, y - s * x - c * y)
        elif name == "matrix":
            one = (n[0], n[1], n[2], n[3], n[4], n[5])
        else:
            raise ValueError(f"the transform {name!r} is not measured")
        matrix = _times(matrix, one)
    return matrix


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    p, q, r, s, t, u = other
    return a * p + c * q, b * p + d * q, a * r + c * s, b * r + d * s, a * t + c * u + e, b * t + d * u + f


def _moved(points: np.ndarray, matrix: Matrix) -> np.ndarray:
    a, b, c, d, e, f = matrix
    return points @ np.array([[a, b], [c, d]]) + np.array([e, f])


def _scale(matrix: Matrix) -> float:
    return math.sqrt(abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]))
