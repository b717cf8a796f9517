"""What is wrong with a picture, measured on its SVG alone, and what the graph says that it should show.

    python tests/geometry.py                    a table of all faults over the corpus, by kind
    python tests/geometry.py --round 1          the same over another 300 drawings
    python tests/geometry.py NAME [FOLDER]      the faults of one drawing, or of all whose names begin so, with places;
                                                their SVGs are saved to the folder

Names are those of `drawings`, which has the corpus. Run it with the root of the project on the PYTHONPATH.
"""

import argparse
import functools
import itertools
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pictures import FAR, NEAR, SQUARE, Edge, Graph, Picture, squares_of
from shapes import PAGES, THEMES, Box, Line, Point, Shape, Text, box_of, depth

from autograd import Value

SLIDE = 960.0, 540.0  # 13.3 inches at 16:9, in points
SMALLEST = 12.0  # points, that can be read on a slide
LEGIBLE, VISIBLE = 4.5, 3.0  # the least contrasts of texts and of lines: WCAG 2, success criteria 1.4.3 and 1.4.11
DEEP = 2.0  # pixels that a line may enter its own head, or come back to its own tail
APART, TOGETHER = 1.0, 24.0  # lines nearer than this for so many pixels cannot be told apart
SEARCHED = 14  # cards whose orders are all tried; more that depend on each other are not

KINDS = (
    "edge through a card",
    "edge through a title",
    "edge through another's text",
    "edge through its own text",
    "edge through its own card",
    "edge ends away from its card",
    "edge outside of the picture",
    "edge that is not in the graph",
    "edge that is missing",
    "flow that is missing",
    "card that is missing",
    "frame without a title",
    "edges along each other",
    "number nearer to another line",
    "number away from its line",
    "arrow head on a text",
    "arrow head under a line",
    "arrow head under a highlight",
    "texts overlap",
    "text outside of the picture",
    "text out of its card",
    "text out of its frame",
    "text on a card",
    "cards overlap",
    "card outside of the picture",
    "card out of its frame",
    "card in a stranger's frame",
    "frames cross",
    "contrast",
    "inverted in a tree",
    "inverted between columns of a tree",
    "inverted more than needed",
    "row out of order",
)


class Fault(NamedTuple):
    """One thing that is wrong: its kind, what it is about, and where in the picture."""

    kind: str
    what: str
    place: Point

    def __str__(self) -> str:
        return f"{self.kind}: {self.what} at ({self.place[0]:.0f}, {self.place[1]:.0f})"


# Faults ---------------------------------------------------------------------------------------------


def faults(svg: str, drawing=None, rows: Sequence[Sequence[Value]] = ()) -> list[Fault]:
    """All that is wrong with a picture; with its drawing, also all that is not as its graph is.

    `rows` are lists of nodes of which each should stand before the next one, where both are in one column.
    """
    picture = Picture(svg)
    found = [*_edge_faults(picture), *_text_faults(picture), *_card_faults(picture), *_contrast_faults(picture)]
    if drawing is not None:
        graph = Graph(drawing)
        missing = [*_missing_faults(picture, graph)]
        if any(fault.kind == "card that is missing" for fault in missing):
            return found + missing
        found += [*missing, *_link_faults(picture, graph), *_frame_faults(picture, graph)]
        found += _order_faults(picture, graph, rows)
    return found


def _edge_faults(picture: Picture) -> Iterator[Fault]:
    lines = [*picture.edges.values(), *picture.flows.values()]
    for edge in lines:
        yield from _end_faults(picture, edge)
        yield from _stranger_faults(picture, edge)
        yield from _own_card_faults(picture, edge)
        own = edge.id.removesuffix("-flow")
        for place, text in enumerate(picture.free):
            yield from _line_and_text_faults(picture, edge, text, is_own=picture.marks.get(place) == own)
        if not picture.box.holds(edge.box):
            yield Fault("edge outside of the picture", edge.id, tuple(edge.points[0]))
    yield from _together(lines)
    yield from _hidden_heads(lines)
    yield from _heads_under_halos(picture)
    yield from _lost_numbers(picture)


def _end_faults(picture: Picture, edge: Edge) -> Iterator[Fault]:
    """An arrow touches the card that it points at, and a flow also that from which it comes."""
    ends = [(edge.head, -1)] + ([(edge.tail, 0)] if edge.is_flow else [])
    for id, place in ends:
        gap = picture.depths(edge.points[[place]], id)[0] if id else math.inf
        if gap > (FAR if id.startswith("stub") else NEAR):
            what = f"{edge.id} {gap:.1f} before {id}" if id else edge.id
            yield Fault("edge ends away from its card", what, tuple(edge.points[place]))
    if not edge.tail and not edge.is_flow:
        yield Fault("edge ends away from its card", edge.id, tuple(edge.points[0]))


def _stranger_faults(picture: Picture, edge: Edge) -> Iterator[Fault]:
    """A line runs through no card but its own."""
    reach = min(edge.line.width / 2, 3.0) - 1.0
    for id, card in picture.cards.items():
        if id not in (edge.tail, edge.head) and card.box.grown(3).meets(edge.box.grown(1), 0):
            deep = picture.depths(edge.points, id)
            if deep.min() < reach and not _is_stub_end(id, edge, deep):
                yield Fault("edge through a card", f"{edge.id} through {id}", tuple(edge.points[deep.argmin()]))


def _lost_numbers(picture: Picture) -> Iterator[Fault]:
    """Numbers and marks that are read as those of another line of their colour, because it is nearer."""
    for place, own in picture.marks.items():
        text = picture.free[place]
        is_number = "gradient" in text.names and picture.flows
        lines = {id.removesuffix("-flow"): line for id, line in (picture.flows if is_number else picture.edges).items()}
        if own not in lines:
            continue
        near = [id for id, line in lines.items() if line.box.grown(1).meets(text.box.grown(FAR), 0)]
        gaps = {id: max(0.0, lines[id].gap(text)) for id in {own, *near}}
        id = min(gaps, key=gaps.__getitem__)
        if gaps[own] > gaps[id] + 1:
            what = f"{text.text!r} is {gaps[own]:.0f} from {own}, {gaps[id]:.0f} from {id}"
            yield Fault("number nearer to another line", what, text.box.middle)
        elif gaps[own] > FAR:
            yield Fault("number away from its line", f"{text.text!r} is {gaps[own]:.0f} from {own}", text.box.middle)


def _hidden_heads(lines: list[Edge]) -> Iterator[Fault]:
    """Arrows over whose middle another line runs, so that it is not seen which one arrives there."""
    middles = {edge.id: edge.arrow.mean(0) for edge in lines if edge.arrow is not None}
    for edge, other in itertools.permutations(lines, 2):
        if edge.id not in middles or not other.box.grown(3).holds(box_of(middles[edge.id][None])):
            continue
        near = other.distance(middles[edge.id])
        if near < other.line.width / 2 + 1 and not _shares_arrow(edge, other):
            yield Fault("arrow head under a line", f"{edge.id} under {other.id}", tuple(middles[edge.id]))


def _heads_under_halos(picture: Picture) -> Iterator[Fault]:
    """Arrows of which the line around a highlighted card hides more than the half."""
    for halo in picture.halos:
        for edge in picture.edges.values():
            if picture.short(halo.home) == edge.head and edge.arrow is not None:
                middle = edge.arrow.mean(0)
                if picture.depths(middle[None], edge.head)[0] < halo.width / 2:
                    what = f"{edge.id} under that of {edge.head}"
                    yield Fault("arrow head under a highlight", what, tuple(middle))


def _shares_arrow(edge: Edge, other: Edge) -> bool:
    """Whether both are flows that have become one before they arrive."""
    return edge.is_flow and other.is_flow and edge.source == other.source


def _line_and_text_faults(picture: Picture, edge: Edge, text: Text, is_own: bool) -> Iterator[Fault]:
    """A line may run under its own mark, where something hides it, and not under other texts."""
    if not text.box.grown(3).meets(edge.box.grown(1), 0):
        return
    deep = depth(edge.points, text.box.grown(-1))
    # A line may end short before its own number; how thick it is does not matter there.
    is_through = deep.min() < (0.0 if is_own else min(edge.line.width / 2, 3.0))
    place = tuple(edge.points[deep.argmin()])
    if is_through and not (is_own and picture.is_hidden(edge, text, place)):
        kind = "edge through a title" if text in picture.titles else "edge through another's text"
        yield Fault("edge through its own text" if is_own else kind, f"{edge.id} through {text.text!r}", place)
    elif edge.arrow is not None and box_of(edge.arrow).grown(-1).meets(text.box):
        yield Fault("arrow head on a text", f"{edge.id} on {'its own ' * is_own}{text.text!r}", text.box.middle)


def _is_stub_end(id: str, edge: Edge, deep: np.ndarray) -> bool:
    """Whether a line only begins or ends at a stub, which has no border to end at."""
    return id.startswith("stub") and deep.argmin() in (0, len(deep) - 1)


def _own_card_faults(picture: Picture, edge: Edge) -> Iterator[Fault]:
    """A line may begin inside its tail, under it, and leave it on a straight way; it ends at the border of its head."""
    ends = (edge.tail, edge.head, edge.points), (edge.head, edge.tail, edge.points[::-1])
    for place, (id, other, points) in enumerate(ends):
        if id not in picture.cards or id == other:
            continue
        deep = picture.depths(points, id)
        outside = np.flatnonzero(deep > 0.0)
        inside = deep[: outside[0]] if len(outside) else deep
        box = picture.cards[id].box
        way = math.hypot(box.width, box.height) / 2 + DEEP
        again = deep[len(inside) :]
        if place == 1 and not edge.is_flow and len(inside) and inside.min() < -DEEP:
            yield Fault("edge through its own card", f"{edge.id} into {id}", tuple(points[inside.argmin()]))
        elif len(inside) * 2.0 > way and _length(points[: len(inside)]) > way:
            yield Fault("edge through its own card", f"{edge.id} under {id}", tuple(points[len(inside) - 1]))
        elif len(again) and again.min() < -DEEP:
            back = len(inside) + again.argmin()
            yield Fault("edge through its own card", f"{edge.id} back to {id}", tuple(points[back]))


def _length(points: np.ndarray) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _together(lines: list[Edge]) -> Iterator[Fault]:
    """Lines that run on each other, but for those of one card as far as they have not yet parted.

    A thin one inside of a thick one is not seen, so there thick ones need more room.
    """
    for one, other in _near(lines):
        near = _nearest(one.points, other) < max(APART, abs(one.line.width - other.line.width) / 2)
        stretches = [*_stretches(near)]
        if one.is_flow == other.is_flow and one.source and one.source == other.source:
            # The common trunk: from where both begin at that card, or the later one does.
            begins = (np.hypot(*(one.points - other.points[other.begin]).T).argmin(), one.begin % len(near))
            trunk = [(a, b) for a, b in stretches if any(a - 3 <= begin < b + 3 for begin in begins)]
            stretches = [stretch for stretch in stretches if stretch not in trunk]
            if _length(one.points) - sum(_length(one.points[a:b]) for a, b in trunk) < TOGETHER:
                what = f"{one.id} and {other.id} never part"
                yield Fault("edges along each other", what, tuple(one.points[~one.begin]))
                continue
        for a, b in stretches:
            if _length(one.points[a:b]) > TOGETHER:
                what = f"{one.id} and {other.id}"
                yield Fault("edges along each other", what, tuple(one.points[(a + b) // 2]))
                break


def _nearest(points: np.ndarray, other: Edge) -> np.ndarray:
    """How far each point is from a line, or inf where it is not near it."""
    is_near = np.array([square in other.surroundings for square in squares_of(points)])
    far = np.full(len(points), math.inf)
    if is_near.any():
        a = np.concatenate([piece[:-1] for piece in other.line.pieces])
        b = np.concatenate([piece[1:] for piece in other.line.pieces])
        is_met = ((a >= points[is_near].min(0) - 3) & (a <= points[is_near].max(0) + 3)).all(1)
        if not is_met.any():  # only the arrow is near, which is no part of the line
            return far
        ab = (b - a)[is_met]
        ap = points[is_near][:, None, :] - a[is_met][None]
        share = np.clip((ap * ab).sum(2) / np.maximum((ab * ab).sum(1), 1e-9), 0.0, 1.0)
        far[is_near] = np.hypot(*np.moveaxis(ap - share[..., None] * ab, 2, 0)).min(1)
    return far


def _stretches(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where flags are set in a row, from each first place to behind the last one."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return ((int(a), int(b)) for a, b in edges.reshape(-1, 2))


def _near(lines: list[Edge]) -> Iterator[tuple[Edge, Edge]]:
    """Pairs of lines that may be near each other for long."""
    lines_at: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for place, edge in enumerate(lines):
        for square in edge.surroundings:
            lines_at[square].add(place)
    shared: Counter[tuple[int, int]] = Counter()
    for place, edge in enumerate(lines):
        for square in edge.squares:
            shared.update((place, other) for other in lines_at[square] if other > place)
    return ((lines[i], lines[j]) for (i, j), count in shared.items() if count * SQUARE > TOGETHER / 2)


def _text_faults(picture: Picture) -> Iterator[Fault]:
    for one, other in _meetings(picture.texts):
        yield Fault("texts overlap", f"{one.text!r} and {other.text!r}", one.box.middle)
    for text in picture.texts:
        if not picture.box.holds(text.box):
            yield Fault("text outside of the picture", repr(text.text), text.box.middle)
    for card in picture.cards.values():
        for text in card.texts:
            corners = np.array([(x, y) for x in text.box[::2] for y in text.box[1::2]])
            if depth(corners, card.box, card.radius).max() > 1.0:
                yield Fault("text out of its card", f"{text.text!r} of {card.id}", text.box.middle)
    for text in picture.free:
        for card in picture.cards.values():
            if text.box.meets(card.box):
                yield Fault("text on a card", f"{text.text!r} on {card.id}", text.box.middle)
    for text in picture.titles:
        frames = [frame for frame in picture.frames if frame.box.holds(Box(*text.box[:2], *text.box[:2]))]
        inner = min(frames, key=lambda frame: frame.box.width * frame.box.height, default=None)
        if inner is None or not inner.box.holds(text.box):
            yield Fault("text out of its frame", repr(text.text), text.box.middle)


def _meetings(things: Sequence) -> Iterator[tuple]:
    """Pairs of things whose boxes overlap, found by a sweep from left to right."""
    open_: list = []
    for thing in sorted(things, key=lambda thing: thing.box.left):
        open_ = [other for other in open_ if other.box.right > thing.box.left]
        yield from ((other, thing) for other in open_ if other.box.meets(thing.box))
        open_.append(thing)


def _card_faults(picture: Picture) -> Iterator[Fault]:
    for one, other in _meetings([*picture.cards.values()]):
        yield Fault("cards overlap", f"{one.id} and {other.id}", one.box.middle)
    for card in picture.cards.values():
        if not picture.box.holds(card.box):
            yield Fault("card outside of the picture", card.id, card.box.middle)
    for one, other in itertools.combinations(picture.frames, 2):
        if one.box.meets(other.box) and not (one.box.holds(other.box, 0.0) or other.box.holds(one.box, 0.0)):
            what = f"{' › '.join(one.path)} and {' › '.join(other.path)}"
            yield Fault("frames cross", what, one.box.middle)


def _link_faults(picture: Picture, graph: Graph) -> Iterator[Fault]:
    """Edges against the graph: each operand has an edge of its own, folded groups have one for all."""
    drawn = Counter((edge.tail, edge.head) for edge in picture.edges.values() if edge.tail and edge.head)
    wanted = Counter(
        {link: 1 if any(end.startswith("group") for end in link) else count for link, count in graph.links.items()}
    )
    for (tail, head), count in (wanted - drawn).items():
        yield Fault("edge that is missing", f"{count} from {tail} to {head}", picture.cards[head].box.middle)
    for (tail, head), count in (drawn - wanted).items():
        if not (tail + head).count("stub"):
            yield Fault(
                "edge that is not in the graph", f"{count} from {tail} to {head}", picture.cards[head].box.middle
            )
    for (place, position), id in graph.edge_ids.items():
        head, tail = graph.card_of[place], graph.card(graph.order[place].operands[position])
        edge = picture.edges.get(id)
        if edge is None:
            yield Fault("edge that is missing", id, (0.0, 0.0))
        elif edge.tail and edge.head and (edge.tail, edge.head) != (tail, head):
            what = f"{id} runs from {edge.tail} to {edge.head} instead of from {tail} to {head}"
            yield Fault("edge that is not in the graph", what, tuple(edge.points[-1]))


def _missing_faults(picture: Picture, graph: Graph) -> Iterator[Fault]:
    """All of the graph must be found in the picture: else nothing is measured of what is drawn in a new way."""
    for id in set(graph.card_of.values()) - picture.cards.keys():
        yield Fault("card that is missing", id, (0.0, 0.0))
    owners = {
        picture.marks[place]
        for place, text in enumerate(picture.free)
        if "gradient" in text.names and place in picture.marks
    }
    for id in set(graph.edge_ids.values()) - owners if graph.has_flows else ():
        yield Fault("flow that is missing", id, tuple(picture.edges[id].points[0]))
    for frame in picture.frames:
        if not any(frame.box.holds(text.box) for text in picture.titles):
            yield Fault("frame without a title", " › ".join(frame.path), frame.box.middle)


def _frame_faults(picture: Picture, graph: Graph) -> Iterator[Fault]:
    paths = graph.paths
    for card in picture.cards.values():
        if card.id.startswith("group"):
            paths[card.id] = tuple(card.title.split("\n")[0].split(" › ")[:-1])
    pieces: defaultdict[tuple[str, ...], list[Box]] = defaultdict(list)  # a group that is left may be entered again
    for frame in picture.frames:
        pieces[frame.path].append(frame.box)
    for framed, boxes in pieces.items():
        for id, path in paths.items():
            if id not in picture.cards:
                continue
            card, what = picture.cards[id], f"{id} and {' › '.join(framed)}"
            belongs = path[: len(framed)] == framed
            if belongs and not any(box.holds(card.box, 0.0) for box in boxes):
                yield Fault("card out of its frame", what, card.box.middle)
            if not belongs and any(box.meets(card.box) for box in boxes):
                yield Fault("card in a stranger's frame", what, card.box.middle)


# Contrast -------------------------------------------------------------------------------------------


def _contrast_faults(picture: Picture) -> Iterator[Fault]:
    for thing, theme, contrast in contrasts(picture):
        if contrast < (LEGIBLE if isinstance(thing, Text) else VISIBLE):
            what = repr(thing.text) if isinstance(thing, Text) else f"the line {picture.short(thing.id or thing.home)}"
            place = thing.box.middle if isinstance(thing, Text) else tuple(_middle(thing))
            yield Fault("contrast", f"{what} has {contrast:.2f} : 1 when {theme}", place)


def contrasts(picture: Picture) -> Iterator[tuple[Text | Line, str, float]]:
    """The least contrast of each text with what is below its middle and corners, of each line below its middle."""
    below: list[Shape] = []
    for thing in picture.painting.things:
        if isinstance(thing, Shape):
            below += [] if thing.is_arrow else [thing]
            continue
        if isinstance(thing, Text):
            box = thing.box.grown(-1)
            corners = [(x, y) for x in box[::2] for y in box[1::2]]
            points = [box.middle, *(point for point in corners if picture.box.holds(Box(*point, *point)))]
        else:
            points = [tuple(_middle(thing))]
        piles = {tuple(shape for shape in below if point in shape) for point in points}
        for theme in THEMES:
            yield thing, theme, min(_contrast_on(thing.colours[theme], pile, theme) for pile in piles)


def _middle(line: Line) -> np.ndarray:
    return line.points[len(line.points) // 2]


def _contrast_on(ink: str, pile: tuple[Shape, ...], theme: str) -> float:
    surface = PAGES[theme]
    for shape in pile:
        if shape.colours[theme] != "none":
            surface = _over(shape.colours[theme], surface)
    return _contrast(_over(ink, surface), surface)


@functools.cache
def _over(colour: str, below: str) -> str:
    """A colour that may be transparent, over one that is not."""
    share = int(colour[7:9] or "ff", 16) / 255
    mixed = (share * a + (1 - share) * b for a, b in zip(_rgb(colour), _rgb(below), strict=True))
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def _rgb(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


@functools.cache
def _contrast(one: str, other: str) -> float:
    """As defined by WCAG 2: from 1 to 21."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (part / 255 for part in _rgb(colour))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# Order ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Order:
    """How many pairs of operands stand against their written order, and how many must."""

    in_columns: int  # of pairs in one column
    least: int | None  # by exhaustive search over all orders in the columns; None where that is too much
    anywhere: int  # of all pairs but those of two lists, as weights and what other columns multiply them with
    wishes: int
    pairs: list[tuple[str, str]] = field(repr=False)  # the inverted ones


def order(picture: Picture, graph: Graph) -> Order:
    """The written order of operands, from the top to the bottom, or in TB from the left to the right."""

    def inverted(wishes: Counter) -> Counter:
        return Counter({pair: n for pair, n in wishes.items() if not _stands_before(picture, graph, *pair)})

    wishes = graph.wishes()
    in_columns = Counter({pair: n for pair, n in wishes.items() if _is_one_column(picture, graph, *pair)})
    anywhere = graph.wishes(across_lists=False) | in_columns
    return Order(
        in_columns=inverted(in_columns).total(),
        least=least_inversions(in_columns),
        anywhere=inverted(anywhere).total(),
        wishes=wishes.total(),
        pairs=[*inverted(anywhere)],
    )


def _stands_before(picture: Picture, graph: Graph, one: str, other: str) -> bool:
    axis = 0 if graph.is_vertical else 1
    return picture.cards[one].box.middle[axis] < picture.cards[other].box.middle[axis] + 0.01


def _is_one_column(picture: Picture, graph: Graph, one: str, other: str) -> bool:
    """Whether both share at least half of the narrower one's extent along the direction."""
    low, high = (1, 3) if graph.is_vertical else (0, 2)
    a, b = picture.cards[one].box, picture.cards[other].box
    shared = min(a[high], b[high]) - max(a[low], b[low])
    return shared >= 0.5 * min(a[high] - a[low], b[high] - b[low])


def least_inversions(wishes: Counter[tuple[str, str]]) -> int | None:
    """The least number of wishes that no order of the cards can fulfil; None where that would take too long.

    All orders are tried, in a table over all sets of cards that may stand first. Cards that do not wish in a circle
    need not be tried against each other.

    >>> least_inversions(Counter({("a", "b"): 2, ("b", "a"): 1, ("b", "c"): 1}))
    1
    """
    after: defaultdict[str, set[str]] = defaultdict(set)
    for one, other in wishes:
        after[one].add(other)
    total = 0
    for circle in _circles(after):
        if len(circle) > SEARCHED:
            return None
        total += _least_of_all_orders(circle, wishes)
    return total


def _circles(after: dict[str, set[str]]) -> list[list[str]]:
    """The sets of cards of which each is after each other one, on some way."""
    reach = {one: _reached(one, after) for one in after}
    found: dict[frozenset[str], None] = {}
    for one in after:
        if one in reach[one]:
            found[frozenset(other for other in reach[one] if one in reach.get(other, ()))] = None
    return [sorted(circle) for circle in found]


def _reached(one: str, after: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    border = [one]
    while border:
        new = after.get(border.pop(), set()) - reached
        reached |= new
        border += new
    return reached


def _least_of_all_orders(cards: list[str], wishes: Counter[tuple[str, str]]) -> int:
    """By Bellman, Held and Karp: the least for a set of first cards is that for one less and what the last adds."""
    count = len(cards)
    against = [[wishes.get((one, other), 0) for other in cards] for one in cards]  # what it costs if other is first
    least = [0] + [-1] * (2**count - 1)
    for first in range(1, 2**count):
        members = [i for i in range(count) if first >> i & 1]
        least[first] = min(
            least[first ^ 1 << last] + sum(against[last][i] for i in members if i != last) for last in members
        )
    return least[-1]


def _order_faults(picture: Picture, graph: Graph, rows: Sequence[Sequence[Value]]) -> Iterator[Fault]:
    found = order(picture, graph)
    if graph.is_tree:
        for one, other in found.pairs:
            is_column = _is_one_column(picture, graph, one, other)
            if is_column or picture.cards[other].is_leaf:  # an operation elsewhere stands where its operands want it
                kind = "inverted in a tree" if is_column else "inverted between columns of a tree"
                yield Fault(kind, f"{other} before {one}", picture.cards[one].box.middle)
    elif found.least is not None and found.in_columns > found.least:
        what = f"{found.in_columns} pairs, {found.least} must be"
        yield Fault("inverted more than needed", what, picture.box.middle)
    for row in rows:
        cards = [card for card in map(graph.card, row) if card]
        for one, other in itertools.combinations(dict.fromkeys(cards), 2):
            if _is_one_column(picture, graph, one, other) and not _stands_before(picture, graph, one, other):
                yield Fault("row out of order", f"{other} before {one}", picture.cards[one].box.middle)


# Figures --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """Numbers to compare pictures by."""

    width: float
    height: float
    smallest: float  # the size of the smallest text in points, fitted to a slide
    smallest_index: float  # the same with indices and powers
    crossings: int
    turns: float  # of all edges together, in right angles
    contrast: float

    @property
    def aspect(self) -> float:
        return self.width / self.height


def figures(svg: str) -> Figures:
    """The figures of a picture."""
    picture = Picture(svg)
    width, height = picture.box.width, picture.box.height
    fit = min(SLIDE[0] / width, SLIDE[1] / height)
    lines = [*picture.edges.values()]  # a flow runs beside each
    return Figures(
        width=width,
        height=height,
        smallest=fit * min(text.size for text in picture.texts),
        smallest_index=fit * min(text.smallest for text in picture.texts),
        crossings=crossings(lines),
        turns=sum(map(_turns, lines)),
        contrast=min(contrast for thing, _, contrast in contrasts(picture) if isinstance(thing, Text)),
    )


def crossings(lines: list[Edge]) -> int:
    """How often lines cross that share no end."""
    count = 0
    coarse = {edge.id: [piece[:: max(1, min(4, len(piece) // 2))] for piece in edge.line.pieces] for edge in lines}
    for one, other in itertools.combinations(lines, 2):
        if {one.tail, one.head} & {other.tail, other.head} - {""} or not one.box.meets(other.box, -1):
            continue
        count += sum(_cuts(a, b) for a in coarse[one.id] for b in coarse[other.id])
    return count


def _cuts(one: np.ndarray, other: np.ndarray) -> int:
    """How often two rows of points cut each other."""
    if len(one) < 2 or len(other) < 2:
        return 0
    a, b, c, d = one[:-1, None], one[1:, None], other[None, :-1], other[None, 1:]

    def side(p, q, r):
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) > (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    return int(((side(a, b, c) != side(a, b, d)) & (side(c, d, a) != side(c, d, b))).sum())


def _turns(edge: Edge) -> float:
    total = 0.0
    for piece in edge.line.pieces:
        ways = np.diff(piece, axis=0)
        ways = ways[np.hypot(*ways.T) > 1e-6]
        angles = np.diff(np.unwrap(np.arctan2(ways[:, 1], ways[:, 0])))
        total += float(np.abs(angles).sum()) / (math.pi / 2)
    return total


# For people -----------------------------------------------------------------------------------------


def _table(examples: Sequence) -> None:
    """All faults by their kinds, and what all pictures together measure."""
    found, measures, begin = {}, [], time.perf_counter()
    for example in examples:
        drawing = example.drawing()
        found[example.name] = faults(drawing.svg, drawing, example.rows)
        measures.append(figures(drawing.svg))
    print(f"{'fault':36}{'number':>8}{'pictures':>10}   for example")
    for kind in KINDS:
        counts = Counter({name: sum(fault.kind == kind for fault in told) for name, told in found.items()})
        names = [name for name, count in counts.items() if count]
        print(f"{kind:36}{counts.total():8}{len(names):10}   {', '.join(names[:4])}")
    faulty = sum(map(bool, found.values()))
    print(f"\n{len(found)} pictures, {faulty} of them with faults, in {time.perf_counter() - begin:.0f} s")
    print(f"crossings: {sum(each.crossings for each in measures):,}")
    print(f"right angles that edges turn: {sum(each.turns for each in measures):,.0f}")
    print(f"area: {sum(each.width * each.height for each in measures) / 1e6:.1f} million pixels")
    small = sum(each.smallest < SMALLEST for each in measures)
    print(f"pictures with a text under {SMALLEST} pt on a slide: {small}")


def _one(example, folder: Path) -> None:
    drawing = example.drawing()
    svg = drawing.svg
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{example.name}.svg"
    path.write_text(svg, encoding="utf-8")
    print(f"{example.name}: {path}")
    print(f"  {figures(svg)}")
    print(f"  {order(Picture(svg), Graph(drawing))}")
    for fault in faults(svg, drawing, example.rows):
        print(f"  {fault}")


def main() -> None:
    """What the command line asks for."""
    from drawings import corpus

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", help="of a drawing, or how names begin")
    parser.add_argument("--round", default=0, type=int, help="of another 300 drawings, 1, 2, ...")
    parser.add_argument("folder", nargs="?", default=".", type=Path, help="for the SVGs")
    asked = parser.parse_args()
    examples = corpus(asked.round)
    if not asked.name:
        _table(examples)
        return
    for example in [e for e in examples if e.name == asked.name] or [
        e for e in examples if e.name.startswith(asked.name)
    ]:
        _one(example, asked.folder)


if __name__ == "__main__":
    main()
