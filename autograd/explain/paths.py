"""The gradient of one node as a sum over the paths that lead to it from the root.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> found = paths_to(x, Passes(x * x + x), most=10)
>>> [(len(path.nodes), path.factors, path.flow) for path in found.paths]
[(3, (1.0, 3.0), 3.0), (3, (1.0, 3.0), 3.0), (2, (1.0,), 1.0)]
>>> found.gradient
7.0

There may be exponentially many paths. So they are grouped by how they end: all that go through one node and then
the same way on. A group's flow is what arrives at that node times the factors that follow, and the largest groups
are opened, node by node towards the root, until there are so many that no more are wanted.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from ..book import BLOCKED
from ..engines import Value
from ..nodes import NodeDict
from .steps import Passes, magnitude

# Numbers of paths are counted up to here: in a deep graph, they have more digits than there is memory.
COUNTED = 10**100


@dataclass(frozen=True)
class Path:
    """A path from the root; or, if `count` is more than 1, all paths to the first node that go on this way.

    `arriving` is what arrives at the first node, 1 at the root. Each factor is the local derivative of one node
    towards the next; `operands` tells which of its parents that is.
    """

    nodes: tuple[Value, ...]
    operands: tuple[int, ...]
    arriving: float
    factors: tuple[float, ...]
    flow: float
    count: int


@dataclass(frozen=True)
class PathSum:
    """The paths to a node, those with the largest flows first; the sum of all flows is the gradient."""

    to: Value
    gradient: float
    count: int  # of all paths that are not blocked
    blocked: int
    paths: tuple[Path, ...]
    other_count: int  # of the paths that are not listed
    other_flow: float


class _End(NamedTuple):
    """The end of a path: a node, which of its parents the next one is, the factor, and the end from there on."""

    node: Value
    operand: int
    factor: float
    rest: int  # its place in a list of ends: nested in each other, long ones could not be freed without recursion


def paths_to(to: Value, passes: Passes, most: int) -> PathSum:
    """The sum over the paths from the root to a node, in at most so many groups."""
    counts, all_counts = _counts(passes)
    users = _users(to, passes)
    ends = [_End(to, 0, 1.0, -1)]
    closed: list[tuple[float, int, float]] = []
    others: list[tuple[int, float]] = []  # the numbers of paths, and the flows, of groups that are not listed
    # The largest comes first; of equal ones, that which was found first.
    opened = [(0.0, 0, 1.0)] if to in passes.flows else []
    while opened:
        size, place, product = heapq.heappop(opened)
        ways = users.get(ends[place].node, [])
        if not ways or (place and len(closed) + len(opened) + len(ways) > most):
            closed.append((size, place, product))
            continue
        sizes = [magnitude(passes.flows[user] * (product * partial)) for user, _, partial in ways]
        largest = sorted(range(len(ways)), key=sizes.__getitem__, reverse=True)
        for i in sorted(largest[:most]):
            user, operand, partial = ways[i]
            heapq.heappush(opened, (-sizes[i], len(ends), product * partial))
            ends.append(_End(user, operand, partial, place))
        others += [(counts[ways[i][0]], passes.flows[ways[i][0]] * (product * ways[i][2])) for i in largest[most:]]
    closed.sort(key=itemgetter(0))
    others += [
        (counts[ends[place].node], passes.flows[ends[place].node] * product) for _, place, product in closed[most:]
    ]
    paths = tuple([_path(ends, place, passes, counts) for _, place, _ in closed[:most]])
    live = counts.get(to, 0)
    return PathSum(
        *(to, passes.flows.get(to, 0.0), live, all_counts.get(to, 0) - live, paths),
        *(min(COUNTED, sum(count for count, _ in others)), sum(flow for _, flow in others)),
    )


def _path(ends: Sequence[_End], place: int, passes: Passes, counts: Mapping[Value, int]) -> Path:
    nodes, operands, factors = [], [], []
    first = ends[place].node
    # From the root on, as the flow goes, so that the factors are multiplied in the order of the backward pass.
    flow = arriving = passes.flows[first]
    while (end := ends[place]).rest >= 0:
        nodes.append(end.node)
        operands.append(end.operand)
        factors.append(end.factor)
        flow *= end.factor
        place = end.rest
    return Path((*nodes, end.node), tuple(operands), arriving, tuple(factors), flow, counts[first])


def _users(to: Value, passes: Passes) -> NodeDict[list[tuple[Value, int, float]]]:
    """The nodes between the root and `to`, each with those computed from it, in the order of the backward pass."""
    between = NodeDict[list[tuple[Value, int, float]]]([(to, [])])
    for node in passes.order:
        if any(parent in between for parent in node.parents):
            between.setdefault(node, [])
    for node in reversed(passes.order):
        if node in between and node in passes.flows:
            for operand, (parent, partial) in enumerate(node.local_gradients()):
                if parent in between and partial is not BLOCKED:
                    between[parent].append((node, operand, partial))
    return between


def _counts(passes: Passes) -> tuple[NodeDict[int], NodeDict[int]]:
    """The number of paths from the root to each node: of those that are not blocked, and of all."""
    live, every = NodeDict([(passes.root, 1)]), NodeDict([(passes.root, 1)])
    for node in reversed(passes.order):
        for parent, partial in node.local_gradients():
            every[parent] = min(COUNTED, every.get(parent, 0) + every[node])
            if partial is not BLOCKED and node in live:
                live[parent] = min(COUNTED, live.get(parent, 0) + live[node])
    return live, every
