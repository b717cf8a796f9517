"""How much is drawn, and for how long: what is too large is refused, what takes too long is ended.

>>> with within(0.0, "counting"):
...     total = sum(each([1, 2, 3]))
Traceback (most recent call last):
TimeoutError: counting took more than 0 s: draw a smaller part of the graph, or allow more with timeout=0
"""

import math
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TypeVar

from ..engines import Value, ancestors

T = TypeVar("T")

# So many edges count as much as a node: an operation may have any number of operands.
EDGES = 10

# When the drawing that goes on has to be ready.
_end: ContextVar[float] = ContextVar("autograd_draw_end", default=math.inf)


@contextmanager
def within(seconds: float, what: str, timeout: float | None = None) -> Iterator[None]:
    """Inside the block, iterating with `each` or asking for `left` raises TimeoutError after this many seconds.

    The error tells the timeout that the user has set, of which these seconds are what is left.
    """
    told = seconds if timeout is None else timeout
    token = _end.set(min(_end.get(), monotonic() + seconds))
    try:
        yield
    except TimeoutError as error:
        if error.args:  # told already
            raise
        remedy = f"draw a smaller part of the graph, or allow more with timeout={2 * told:g}"
        raise TimeoutError(f"{what} took more than {told:g} s: {remedy}") from None
    finally:
        _end.reset(token)


def doing(cards: Sized, edges: Sized) -> str:
    """What a drawing of this size is called in the message that it takes too long.

    >>> doing("abc", "de")
    'drawing 3 nodes and 2 edges'
    """
    return f"drawing {len(cards)} nodes and {len(edges)} edges"


def left() -> float:
    """The seconds that are left; TimeoutError if no time is left."""
    seconds = _end.get() - monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def each(items: Iterable[T]) -> Iterator[T]:
    """The items, as long as there is time."""
    for count, item in enumerate(items):
        if count % 100 == 0:
            left()
        yield item


def size(nodes: int, edges: int) -> int:
    """How many nodes a picture counts for.

    >>> size(3, 2), size(2, 1000)
    (3, 100)
    """
    return max(nodes, math.ceil(edges / EDGES))


def is_larger_than(most: int, root: Value) -> bool:
    """Whether a graph counts for more nodes, found without walking all of a large one."""
    nodes = edges = 0
    for node in ancestors(root):
        nodes, edges = nodes + 1, edges + len(node.operands)
        if size(nodes, edges) > most:
            return True
    return False
