"""How the edges of a diagram should run: which of them share a line, and what stands on the way.

Graphviz lays out nodes and edges between them. What a good picture needs beyond that is told to it in its own words:
a number on an edge is a node that the edge runs through, and so is the branch of a line or the entry to a frame.
"""

from typing import NamedTuple

from ..cells import cells
from .diagram import Diagram
from .limits import each

FLOW_FONT = 11.0
BUS_STOPS = 4  # used at so many depths of the graph, a node feeds them by one line with branches
LONGEST = 30  # pieces of such a line that one edge shows; with all of them, pictures would grow with uses squared


class Stop(NamedTuple):
    """A point that lines run through, as small as a branch or as large as the number that a line carries."""

    name: str
    frame: int | None
    width: float
    height: float


class Leg(NamedTuple):
    """A piece of an edge, as Graphviz lays it out."""

    id: str
    tail: str
    head: str
    style: dict[str, str]


class Plan(NamedTuple):
    """Everything that Graphviz is given besides the cards; `legs_of` has the ids of the pieces of each edge."""

    stops: list[Stop]
    legs: list[Leg]
    legs_of: list[list[str]]


def plan_of(diagram: Diagram) -> Plan:
    """The stops of the edges of a diagram, and the pieces between."""
    plan = Plan([], [], [])
    branches, doors = _add_buses(plan, diagram), _doors(diagram)
    for i, edge in enumerate(each(diagram.edges)):
        tail, before = branches.get(i, (f"n{edge.tail}", []))
        style = {"tailclip": "true"} if diagram.cards[edge.tail].kind == "stub" else {}
        if edge.flow or i in doors:
            stop = f"flow{i}" if edge.flow else f"door{i}"
            frame = doors[i] if i in doors else _common(diagram, [edge.tail, edge.head])
            size = (0.6 * FLOW_FONT * (cells(edge.flow) + 1), FLOW_FONT + 3) if edge.flow else (0.0, 0.0)
            plan.stops.append(Stop(stop, frame, *size))
            plan.legs.append(Leg(f"e{i}a", tail, stop, {"arrowhead": "none"}))
            tail, before = stop, [*before, f"e{i}a"]
            style = {"tailclip": "true", "arrowsize": f"{_arrow(edge.width):g}"} if edge.flow else {}
        plan.legs.append(Leg(f"e{i}", tail, f"n{edge.head}", style))
        plan.legs_of.append([*before, f"e{i}"])
    for one, other in _waits(diagram, doors):
        plan.legs.append(Leg(f"w{one}_{other}", f"n{one}", f"n{other}", {"style": "invis", "weight": "0"}))
    return plan


def _arrow(width: float) -> float:
    """The size of an arrow head on a line of that width."""
    return 0.7 + 0.14 * max(0.0, width - 1.2)


def _doors(diagram: Diagram) -> dict[int, int]:
    """The edges that enter a frame with leaves, and that frame: each has a stop inside, beside the leaves."""
    fed = {edge.head for edge in diagram.edges}
    with_leaves = {card.frame for i, card in enumerate(diagram.cards) if i not in fed}
    doors = {}
    for i, edge in enumerate(each(diagram.edges)):
        frame = diagram.cards[edge.head].frame
        if frame is not None and frame in with_leaves and _common(diagram, [edge.tail, edge.head]) != frame:
            doors[i] = frame
    return doors


def _waits(diagram: Diagram, doors: dict[int, int]) -> list[tuple[int, int]]:
    """Pairs of cards, a leaf in a frame behind another card from which an edge enters that frame.

    Else the parameters of a second layer would stand beside the neurons of the first, and its frame below that of
    the first.
    """
    cards, edges = diagram.cards, diagram.edges
    fed = {edge.head for edge in edges}
    shared = {edge.tail for edge in edges if cards[edge.tail].frame != cards[edge.head].frame}
    first: dict[int | None, int] = {}  # the first card of each frame that is not a leaf
    leaves: dict[int | None, list[int]] = {}
    for i, card in enumerate(cards):
        if i in fed:
            first.setdefault(card.frame, i)
        elif i not in shared:
            leaves.setdefault(card.frame, []).append(i)
    entering: dict[int, list[int]] = {}
    for i, frame in doors.items():
        # What was made later may have been computed from the frame, and then each would wait for the other.
        if frame in leaves and edges[i].tail < first[frame]:
            entering.setdefault(frame, []).append(edges[i].tail)
    depths = _depths(diagram)
    pairs: dict[tuple[int, int], None] = {}
    for frame, tails in entering.items():
        last = max(tails, key=lambda card: depths[card])
        pairs.update({(tail, leaves[frame][0]): None for tail in tails})
        pairs.update({(last, leaf): None for leaf in leaves[frame]})
    return list(pairs)


def _depths(diagram: Diagram) -> list[int]:
    """For each card the length of the longest way to it; edges that go back in a circle do not count."""
    depths = [0] * len(diagram.cards)
    for edge in each(diagram.edges):
        if edge.tail < edge.head:
            depths[edge.head] = max(depths[edge.head], depths[edge.tail] + 1)
    return depths


def _add_buses(plan: Plan, diagram: Diagram) -> dict[int, tuple[str, list[str]]]:
    """For each edge that leaves a common line: the branch where it does, and the legs to there.

    A leaf that is used all along a chain would send a bundle of parallel lines along it.
    """
    if any(edge.tail >= edge.head or edge.flow for edge in diagram.edges):
        return {}  # folded groups may form circles; flows have each a line of their own
    depths = _depths(diagram)
    leaving: dict[int, dict[int, list[int]]] = {}  # the edges from each card by the depth of their heads
    for i, edge in enumerate(each(diagram.edges)):
        leaving.setdefault(edge.tail, {}).setdefault(depths[edge.head], []).append(i)
    branches = {}
    for tail, by_depth in each(leaving.items()):
        if len(by_depth) < BUS_STOPS:
            continue
        frame = _common(diagram, [tail, *(diagram.edges[i].head for edges in by_depth.values() for i in edges)])
        last, legs = f"n{tail}", list[str]()
        for depth in sorted(by_depth)[1:]:  # those at the first depth are reached directly
            stop = f"branch{tail}_{depth}"
            plan.stops.append(Stop(stop, frame, 0.0, 0.0))
            plan.legs.append(Leg(f"{stop}a", last, stop, {"arrowhead": "none", "weight": "3"}))
            last, legs = stop, [*legs, f"{stop}a"][-LONGEST:]
            branches.update(dict.fromkeys(by_depth[depth], (stop, legs)))
    return branches


def _common(diagram: Diagram, cards: list[int]) -> int | None:
    """The innermost frame around all of these cards."""
    paths = []
    for card in cards:
        path, frame = [], diagram.cards[card].frame
        while frame is not None:
            path.append(frame)
            frame = diagram.frames[frame].around
        paths.append(path[::-1])
    common = None
    for frames in zip(*paths, strict=False):
        if len({*frames}) > 1:
            break
        common = frames[0]
    return common
