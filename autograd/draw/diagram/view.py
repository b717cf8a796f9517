"""Which parts of a graph get a card: its nodes, groups of them folded up, or the neighbourhood of one node.

>>> from autograd import scope
>>> x = Value(2.0)
>>> with scope("cube"):
...     y = x * x * x
>>> [type(part).__name__ for part in view_of(y, depth=1).parts]
['Single', 'Fold']
"""

from collections.abc import Iterable, Sized
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ...cells import counted
from ...checks import whole
from ...engines import Value, topological_order
from ...groups import Group, groups_of
from ...nodes import NodeDict, distinct
from ..limits import EDGES, each, size

# So many leaves that one node takes are each drawn.
CROWD = 40


@dataclass(frozen=True, eq=False)
class Single:
    """A node with a card of its own; `place` is its place in the topological order, `group` the innermost it is in."""

    place: int
    node: Value
    group: Group | None


@dataclass(frozen=True, eq=False)
class Fold:
    """A group folded up into one card; `group` is the one around it.

    Its inputs are nodes outside that it uses, its outputs nodes inside that are used outside, or the root.
    """

    folded: Group
    group: Group | None
    nodes: int
    parameters: list[Value]
    inputs: list[Value]
    outputs: list[Value]


@dataclass(frozen=True, eq=False)
class Stub:
    """Where a neighbourhood ends: neighbours that are not drawn, all before or all behind one node."""

    group: Group | None
    what: str  # "operand" or "operands" of it, or "time" or "times" that it is used, as the catalogue names them
    count: int


Part = Single | Fold | Stub


# The parts at both ends of an edge, and which operand it is: (the place of the node, the position among its operands).
Ends = tuple[int | None, int | None, tuple[int, int] | None]


@dataclass(frozen=True)
class Link:
    """Edges from one part to another, by their places in the view.

    An edge between two nodes is a link of its own, and `operand` says which: the place of the node and the position
    among its operands.
    """

    tail: int
    head: int
    count: int = 1
    operand: tuple[int, int] | None = None


@dataclass(frozen=True)
class View:
    """All parts and links of a drawing; `part_of` has the place of each node's part, None for what is not drawn."""

    order: list[Value]
    parts: list[Part]
    links: list[Link]
    part_of: list[int | None]

    def link_of(self) -> dict[Ends, int]:
        """The place of the link that each edge is, or is part of: by the parts that it runs between.

        A part that is not drawn is None, and what tells an edge between two nodes from others between them is its
        operand.
        """
        drawn = [None if isinstance(part, Stub) else place for place, part in enumerate(self.parts)]
        return {(drawn[link.tail], drawn[link.head], link.operand): place for place, link in enumerate(self.links)}

    def highlighted(self, things: Any) -> tuple[frozenset[int], frozenset[int]]:
        """The places of the parts and of the links to highlight: those of nodes, and between each and the next one.

        Raises TypeError for what is not a Value, ValueError for a node that is not in the graph.
        """
        nodes = [things] if isinstance(things, Value) else list(things) if isinstance(things, Iterable) else [things]
        place_of = NodeDict([(node, place) for place, node in enumerate(self.order)])
        parts = [self.part_of[_place("highlight", node, place_of)] for node in nodes]
        steps = {*pairwise(parts), *pairwise(reversed(parts))}
        return (
            frozenset(part for part in parts if part is not None),
            frozenset(i for i, link in enumerate(self.links) if (link.tail, link.head) in steps),
        )


def view_of(
    root: Value,
    depth: int | None = None,
    around: Value | None = None,
    radius: int = 2,
    max_nodes: int = 1500,
    crowd: str = "operands",
) -> View:
    """All nodes, or groups of them folded up, or those near the node `around`.

    With a depth of 1 each outermost group is one card. With 2 these are open and each group in them is one card, as
    is an outermost one that has no groups inside; and so on. `crowd` is what the operands of compiled functions are
    called that have one card for all.

    Raises ValueError where more than `max_nodes` cards would be needed.
    """
    depth = None if depth is None else whole("depth", depth, least=1)
    radius, max_nodes = whole("radius", radius, least=0), whole("max_nodes", max_nodes, least=0)
    if depth is not None and around is not None:
        raise ValueError("draw either folds groups up, depth=1, or shows the neighbourhood of a node, around=node")
    order = topological_order(root)
    if around is not None:
        view = _neighbourhood(order, around, radius)
        near = sum(isinstance(part, Single) for part in view.parts)
        _check(near, view.links, max_nodes, f"within radius={radius} are {near} nodes", "take a smaller radius")
    elif depth is not None:
        view = _folded(order, depth, crowd)
        loose = sum(isinstance(part, Single) and part.group is None for part in view.parts)
        if loose > len(view.parts) / 2:
            remedy = f'{loose} nodes are in no scope, name their part, as in `with autograd.scope("loss"):`'
        else:
            remedy = (
                f"fold more of them up with depth={depth - 1}" if depth > 1 else "open a scope around several groups"
            )
        cards = len(view.parts)
        _check(cards, view.links, max_nodes, f"with depth={depth} there are {cards} cards", remedy)
    else:
        remedy = "fold its groups up with depth=1"
        if all(node.scope is None for node in order):
            remedy = 'name its parts, as in `with autograd.scope("loss"):`, and fold them up with depth=1'
        remedy += ", draw what is near one node with around=node"
        edges = sum(len(node.operands) for node in each(order))
        _check(
            len(order) - len(_crowds(order, crowd)),
            range(edges),
            max_nodes,
            f"the graph has {len(order)} nodes",
            remedy,
        )
        view = _folded(order, None, crowd)
    return view


def _check(cards: int, links: Sized, most: int, has: str, remedy: str) -> None:
    edges, needed = len(links), size(cards, len(links))
    if needed > most:
        than = f", more than max_nodes={most}"
        if cards <= most:
            than = f" and {counted(edges, 'edge')}{than} with {EDGES} edges each"
        raise ValueError(f"{has}{than}: {remedy}, or allow more with max_nodes={needed}")


def _place(option: str, node: Any, place_of: NodeDict[int]) -> int:
    if not isinstance(node, Value):
        raise TypeError(f"{option} takes Values of the graph, not {type(node).__name__}")
    if node not in place_of:
        raise ValueError(f"{option}: {node!r} is not in the graph, because the root was not computed from it")
    return place_of[node]


# Groups folded up -----------------------------------------------------------------------------------


def _folded(order: list[Value], depth: int | None, crowd: str) -> View:
    groups = groups_of(order)
    folds, crowds = _folds(groups.of_node, depth) if depth else {}, _crowds(order, crowd)
    owners: list[Single | Group] = []  # what is to be a part: a node by itself, or the group that it is folded into
    for place, (node, group) in enumerate(each(zip(order, groups.of_node, strict=True))):
        owners.append((folds.get(group) if group else crowds.get(node)) or Single(place, node, group))
    place_of = {owner: place for place, owner in enumerate(dict.fromkeys(owners))}
    part_of = NodeDict([(node, place_of[owner]) for node, owner in zip(order, owners, strict=True)])

    inside = {place: _Contents() for owner, place in place_of.items() if isinstance(owner, Group)}
    links: dict[tuple[int, int, tuple[int, int] | None], int] = {}
    for place, node in enumerate(each(order)):
        head = part_of[node]
        if head in inside:
            inside[head].nodes += 1
            if node in groups.parameters:
                inside[head].parameters.append(node)
        for position, operand in enumerate(each(node.operands)):
            if not isinstance(operand, Value):
                continue
            tail = part_of[operand]
            if tail in inside or head in inside:
                if tail == head:
                    continue
                if head in inside:
                    inside[head].inputs[operand] = None
                if tail in inside:
                    inside[tail].outputs[operand] = None
                link = tail, head, None
                links[link] = links.get(link, 0) + 1
            else:
                links[tail, head, (place, position)] = 1
    if part_of[order[-1]] in inside:
        inside[part_of[order[-1]]].outputs[order[-1]] = None
    parts: list[Part] = [
        owner if isinstance(owner, Single) else inside[place].fold(owner) for owner, place in place_of.items()
    ]
    return View(
        order,
        parts,
        [Link(tail, head, count, operand) for (tail, head, operand), count in each(links.items())],
        list(part_of.values()),
    )


def _folds(groups: list[Group | None], depth: int) -> dict[Group, Group | None]:
    """The group that each one is folded into: that of the level `depth`, or itself where it has no groups inside."""
    distinct = {group for group in groups if group}
    have_inner = {outer for group in distinct for outer in group.all_around()}
    return {group: group.at(depth) or (None if group in have_inner else group) for group in distinct}


def _crowds(order: list[Value], name: str) -> NodeDict[Group]:
    """The group of each leaf that only compiled functions take, of which one takes many: all its parameters."""
    crowds, others = NodeDict[Group](), NodeDict[None]()
    for node in each(order):
        leaves = [(operand, None) for operand in node.parents if operand.operation is None]
        if len(leaves) <= CROWD or not _is_compiled(node):
            others.update(leaves)
            continue
        crowd = Group(name, None, 1)
        crowds.update([(leaf, crowd) for leaf, _ in leaves if leaf not in crowds])
    return NodeDict([(leaf, crowd) for leaf, crowd in crowds.items() if leaf not in others])


def _is_compiled(node: Value) -> bool:
    """Whether it is what a compiled function has answered, as far as its operation tells: one of users on one list."""
    operation = node.operation
    return bool(operation and not operation.is_of_book and operation.list_count == len(operation.parameters) == 1)


class _Contents:
    """What is found in a group while a graph is walked."""

    def __init__(self) -> None:
        self.nodes = 0
        self.parameters: list[Value] = []
        self.inputs, self.outputs = NodeDict[None](), NodeDict[None]()

    def fold(self, group: Group) -> Fold:
        return Fold(group, group.around, self.nodes, self.parameters, list(self.inputs), list(self.outputs))


# A neighbourhood ------------------------------------------------------------------------------------


def _neighbourhood(order: list[Value], around: Value, radius: int) -> View:
    place_of = NodeDict([(node, place) for place, node in enumerate(order)])
    _place("around", around, place_of)
    users = NodeDict[list[Value]]([(node, []) for node in order])
    for node in each(order):
        for parent in each(node.parents):
            users[parent].append(node)
    near, border = NodeDict([(around, None)]), [around]
    for _ in range(min(radius, len(order))):
        border = distinct([x for node in border for x in (*node.parents, *users[node]) if x not in near])
        near.update([(node, None) for node in border])

    groups = groups_of(order)
    parts: list[Part] = [Single(place, node, groups.of_node[place]) for place, node in enumerate(order) if node in near]
    part_of = NodeDict([(part.node, i) for i, part in enumerate(parts) if isinstance(part, Single)])
    links = []
    for node, i in list(part_of.items()):
        place = place_of[node]
        hidden = [operand for operand in node.parents if operand not in near]
        if hidden:
            links.append(Link(len(parts), i, len(hidden)))
            parts.append(_stub(groups.of_node[place], "operand", len(hidden)))
        for position, operand in enumerate(each(node.operands)):
            if isinstance(operand, Value) and operand in near:
                links.append(Link(part_of[operand], i, operand=(place, position)))
        hidden = [user for user in users[node] if user not in near]
        if hidden:
            links.append(Link(i, len(parts), len(hidden)))
            parts.append(_stub(groups.of_node[place], "time", len(hidden)))
    return View(order, parts, links, [part_of.get(node) for node in order])


def _stub(group: Group | None, what: str, count: int) -> Stub:
    return Stub(group, what if count == 1 else f"{what}s", count)
