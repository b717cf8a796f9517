"""Collections of nodes that go by identity, however a class defines == and hash.

>>> from autograd import Value
>>> class Number(Value):
...     __hash__, __eq__ = lambda self: hash(self.data), lambda self, other: self.data == other.data
>>> a, b = Number(2.0), Number(2.0)
>>> len({a, b}), len(NodeDict([(a, "a"), (b, "b")])), len(distinct([a, b, a]))
(1, 2, 2)
"""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeVar

from .engines import Value

T = TypeVar("T")


class NodeDict(MutableMapping[Value, T]):
    """A dict of nodes; it keeps them alive, so that none can take the place of another."""

    def __init__(self, items: Mapping[Value, T] | Iterable[tuple[Value, T]] = ()) -> None:
        self._items: dict[int, tuple[Value, T]] = {}
        self.update(items)

    def __getitem__(self, node: Value) -> T:
        return self._items[id(node)][1]

    def __setitem__(self, node: Value, thing: T) -> None:
        self._items[id(node)] = node, thing

    def __delitem__(self, node: Value) -> None:
        del self._items[id(node)]

    def __contains__(self, node: object) -> bool:
        return id(node) in self._items

    def __iter__(self) -> Iterator[Value]:
        return iter([node for node, _ in self._items.values()])

    def __len__(self) -> int:
        return len(self._items)


def distinct(nodes: Iterable[Value]) -> list[Value]:
    """The nodes in their order, each once."""
    return list(NodeDict([(node, None) for node in nodes]))
