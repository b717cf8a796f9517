"""What NumPy's operators make of arrays and Values: an array of Values, element by element.

>>> import numpy
>>> from autograd import Value
>>> [y.data for y in numpy.array([1.0, 2.0]) * Value(3.0)]
[3.0, 6.0]
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .book import OPERATIONS
from .foreign import ELSEWHERE
from .ieee import real

# The functions of NumPy that its operators call.
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "remainder": operator.mod,
    "floor_divide": operator.floordiv,
    "power": operator.pow,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "not_equal": operator.ne,
}


def universal_function(function: Any, method: str, inputs: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """What NumPy asks a Value that is among the inputs of one of its functions.

    Operators between arrays or NumPy's numbers and Values work, including those that write into an array, as
    array += v does; everything else raises TypeError.
    """
    name = function.__name__
    known = name in _OPERATORS and method == "__call__" and options.keys() <= {"out"}
    if not known or not any(hasattr(x, "dtype") for x in inputs):
        own = None if name in _OPERATORS else OPERATIONS.called(ELSEWHERE.get(name, name))
        remedy = f"use autograd.{own.name}" if own else "use operators and functions of autograd"
        raise TypeError(f"numpy.{name} does not support Values: {remedy}, element by element for arrays")
    for array in options.get("out", ()):
        if array.dtype != object:
            raise TypeError(f"an array of {array.dtype} cannot hold Values: write array.astype(object)")
    if not options and not any(getattr(x, "shape", ()) for x in inputs):
        return _OPERATORS[name](*map(_number, inputs))
    return function(*map(_objects, inputs), **options)


def _number(thing: Any) -> Any:
    """A number of NumPy as a float; a Value as it is. Both may come as an array of no dimension."""
    thing = thing[()] if type(thing).__name__ == "ndarray" else thing
    return real(thing) if hasattr(thing, "dtype") else thing


def _objects(thing: Any) -> Any:
    """An array of objects, which NumPy computes with by the operators of its elements."""
    import numpy  # already imported, since it has called

    if not isinstance(thing, numpy.ndarray):
        array = numpy.empty((), dtype=object)
        array[()] = thing
        return array
    if thing.dtype.kind not in "biufO":
        real(thing)  # raises
    return thing.astype(object)
