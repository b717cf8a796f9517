"""Locks that a forked child finds open, whatever other threads were doing in its parent.

>>> with new_lock():
...     pass
"""

import os
import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def new_lock() -> Any:
    """A lock that the thread holding it may take again, as a signal handler that interrupts it does.

    A fork copies only the thread that forks. A lock that another thread held would stay closed in the child for ever.
    """
    lock: Any = threading.RLock()

    def reopen() -> None:
        if not lock._is_owned():
            lock._at_fork_reinit()  # private, but what `logging` and `concurrent.futures` do with theirs

    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(after_in_child=reopen)
    return lock


class CachedProperty(Generic[T]):
    """A property that is computed once: `functools.cached_property` without the lock that it has in Python 3.11.

    >>> class Circle:
    ...     @CachedProperty
    ...     def area(self):
    ...         print("computed")
    ...         return 3.14
    >>> circle = Circle()
    >>> circle.area + circle.area
    computed
    6.28
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __get__(self, owner: Any, kind: type[Any]) -> T:
        if owner is None:
            return self  # type: ignore[return-value]
        # Python looks here only while the object itself has no attribute of that name.
        answer: T = self.compute(owner)
        owner.__dict__[self.compute.__name__] = answer
        return answer
