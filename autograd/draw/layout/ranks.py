"""In which column each item of a level stands: behind all that it needs, and no farther from its users than it must.

>>> from .levels import End, Item, Level, Net, Tail
>>> x, y, z = (Item("card", i) for i in range(3))
>>> level = Level(None, "", [x, y, z], {Tail(0): Net(Tail(0), x, [End(z, 1)]), Tail(1): Net(Tail(1), y, [End(z, 0)])})
>>> ranks_of(level)
{Item(kind='card', id=0): 0, Item(kind='card', id=1): 0, Item(kind='card', id=2): 1}
"""

from ..limits import each
from .levels import Item, Level, Net, Tail


def ranks_of(level: Level) -> dict[Item, int]:
    """The column of each item, from 0 on."""
    into: dict[Item, list[Net]] = {item: [] for item in level.items}
    out: dict[Item, list[Net]] = {item: [] for item in level.items}
    for net in level.nets.values():
        if net.source is not None:
            out[net.source].append(net)
        for end in net.ends:
            into[end.item].append(net)
    order = _in_order(level.items, into, out)
    ranks = dict.fromkeys(order, 0)
    for item in each(order):
        for net in into[item]:
            if net.source is not None:
                ranks[item] = max(ranks[item], ranks[net.source] + 1)
    last = max(ranks.values(), default=0)
    free = _free(order, into, out)
    nearest: dict[Tail, int] = {}  # the first and the last column in which a line ends
    farthest: dict[Tail, int] = {}
    for item in each(reversed(order)):
        users = [nearest[net.tail] for net in out[item] if net.ends]
        if users:
            latest = min(users) - 1
            # The lines to it become longer, but where they lead farther anyway.
            longer = sum(max(0, latest - max(ranks[item], farthest.get(net.tail, 0))) for net in into[item])
            if free[item] or longer < latest - ranks[item]:
                ranks[item] = latest
        elif not into[item]:
            ranks[item] = last  # a leaf that is only used outside stands where its line leaves
        for net in into[item]:
            nearest[net.tail] = min(ranks[item], nearest.get(net.tail, last))
            farthest[net.tail] = max(ranks[item], farthest.get(net.tail, 0))
    return ranks


def _free(order: list[Item], into: dict[Item, list[Net]], out: dict[Item, list[Net]]) -> dict[Item, bool]:
    """Whether all that an item needs is needed by it alone: then all of it can move together."""
    free: dict[Item, bool] = {}
    for item in order:
        free[item] = all(
            net.source is not None
            and free[net.source]
            and len(out[net.source]) == 1
            and not net.leaves
            and all(end.item == item for end in net.ends)
            for net in into[item]
        )
    return free


def _in_order(items: list[Item], into: dict[Item, list[Net]], out: dict[Item, list[Net]]) -> list[Item]:
    """The items, each behind those that it needs."""
    waits = {item: sum(net.source is not None for net in into[item]) for item in items}
    ready = [item for item in items if not waits[item]]
    for item in ready:  # which grows on the way
        for net in out[item]:
            for end in net.ends:
                waits[end.item] -= 1
                if not waits[end.item]:
                    ready.append(end.item)
    return ready
