"""A dict whose keys are told apart by identity, whatever a subclass of Value makes of == and hash.

>>> from autograd import Value
>>> a, b = Value(3.0), Value(3.0)
>>> names = ByIdentity([(a, "a"), (b, "b")])
>>> names[a], names.get(Value(3.0)), list(names) == [a, b]
('a', None, True)
"""

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Thing = TypeVar("Thing")


class ByIdentity(MutableMapping[Key, Thing], Generic[Key, Thing]):
    """The keys in the order in which they came, each with its thing."""

    def __init__(self, items: Iterable[tuple[Key, Thing]] = ()) -> None:
        self._items: dict[int, tuple[Key, Thing]] = {}  # which keeps the keys alive, and so their ids theirs
        self.update(items)

    def __getitem__(self, key: Key) -> Thing:
        return self._items[id(key)][1]

    def __setitem__(self, key: Key, thing: Thing) -> None:
        self._items[id(key)] = key, thing

    def __delitem__(self, key: Key) -> None:
        del self._items[id(key)]

    def __contains__(self, key: object) -> bool:
        return id(key) in self._items

    def __iter__(self) -> Iterator[Key]:
        for key, _ in self._items.values():
            yield key

    def __len__(self) -> int:
        return len(self._items)
