"""The scopes of a graph as a tree of groups.

>>> from autograd import scope, topological_order
>>> with scope("layer"), scope("neuron"):
...     y = Value(2.0) * 3
>>> groups_of(topological_order(y)).of_node[-1].path
('layer', 'neuron')
"""

from collections.abc import Set
from dataclasses import dataclass

from .engines import Scope, Value
from .nodes import NodeDict


@dataclass(frozen=True, eq=False)
class Group:
    """What all scopes of one path have made; `level` is 1 for those that stand in no other one."""

    name: str
    around: "Group | None"
    level: int

    @property
    def path(self) -> tuple[str, ...]:
        """The names of all groups around it and its own."""
        return tuple(group.name for group in reversed([self, *self.all_around()]))

    def all_around(self) -> list["Group"]:
        """The groups around it, the nearest first."""
        found = []
        group = self.around
        while group is not None:
            found.append(group)
            group = group.around
        return found

    def at(self, level: int) -> "Group | None":
        """The one of that level that it is or stands in, if there is one."""
        return next((group for group in (self, *self.all_around()) if group.level == level), None)


@dataclass(frozen=True)
class Groups:
    """The group of each node, in the nodes' order, and all leaves that scopes call their members."""

    of_node: list[Group | None]
    parameters: Set[Value]


def groups_of(nodes: list[Value]) -> Groups:
    """The groups of all nodes, in time that grows in step with them.

    A leaf that a scope calls its member, such as a parameter of a module, belongs to the deepest such scope, unless
    it was made in a scope elsewhere.
    """
    groups: dict[tuple[Group | None, str], Group] = {}
    known: dict[Scope | None, Group | None] = {None: None}
    homes = NodeDict[Group]()
    asked = set()

    def group_of(scope: Scope | None) -> Group | None:
        unknown = []
        while scope not in known:
            unknown.append(scope)
            scope = scope.parent if scope else None
        group = known[scope]
        for inner in reversed(unknown):
            assert inner is not None
            group = known[inner] = groups.setdefault(
                (group, inner.name), Group(inner.name, group, group.level + 1 if group else 1)
            )
            # Each call of a module opens a scope, but all of these ask the same method of the same module.
            if (group, inner.members) not in asked:
                asked.add((group, inner.members))
                for member in inner.members():
                    if member not in homes or homes[member].level < group.level:
                        homes[member] = group
        return group

    made_in = [group_of(node.scope) for node in nodes]
    return Groups(
        [
            home if (home := homes.get(node)) and (group is None or group in home.all_around()) else group
            for node, group in zip(nodes, made_in, strict=True)
        ],
        homes.keys(),
    )
