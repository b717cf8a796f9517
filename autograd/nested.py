"""Numbers and Values in lists, tuples, dicts and arrays of NumPy, nested in any way.

>>> mapped({"w": [1.0, 2.0], "b": (3.0,)}, lambda number, way: (number, way))
{'w': [(1.0, "['w'][0]"), (2.0, "['w'][1]")], 'b': ((3.0, "['b'][0]"),)}
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any


def mapped(thing: Any, act: Callable[[Any, str], Any], way: str = "") -> Any:
    """The thing with `act(part, way)` in place of each part that is not a list, tuple, dict or array itself."""
    if isinstance(thing, dict):
        return {key: mapped(part, act, f"{way}[{key!r}]") for key, part in thing.items()}
    if isinstance(thing, list | tuple):
        parts = [mapped(part, act, f"{way}[{i}]") for i, part in enumerate(thing)]
        if hasattr(thing, "_fields"):  # a named tuple
            return type(thing)(*parts)
        return parts if isinstance(thing, list) else tuple(parts)
    if is_array(thing):
        array = thing.astype(object)
        for place in itertools.product(*map(range, thing.shape)):
            array[place] = act(thing[place], way + "".join(f"[{i}]" for i in place))
        return array.astype(float) if all(type(part) is float for part in array.flat) else array
    return act(thing, way)


def parts(thing: Any) -> Iterator[Any]:
    """The parts of a thing that `mapped` acts on.

    >>> list(parts([1.0, {"w": (2.0, 3.0)}]))
    [1.0, 2.0, 3.0]
    """
    inner = thing.values() if isinstance(thing, dict) else thing.flat if is_array(thing) else thing
    if inner is thing and not isinstance(thing, list | tuple):
        yield thing
        return
    for part in inner:
        yield from parts(part)


def is_array(thing: Any) -> bool:
    """Whether a thing is an array of NumPy, which this package does without; one of no dimensions is a number."""
    return hasattr(thing, "astype") and hasattr(thing, "flat") and bool(thing.shape)
