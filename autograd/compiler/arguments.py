"""What a compiled function is called with: which numbers vary, and all that selects a recording.

>>> key, numbers = examined([("x", 2.0), ("way", "up"), ("point", [1.0, 3.0])], static=())
>>> numbers
[2.0, 1.0, 3.0]

Every int and float, nested in lists, tuples and dicts too, is a number that varies; everything else is static: a text,
a truth value, None, how long a list is. A **column** has such an argument for each of many examples.
"""

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product
from operator import mul
from typing import Any, NamedTuple

from ..engines import Value
from ..ieee import is_real, real, unwrapped
from ..nested import is_array, mapped

# The formats of buffers whose numbers are read where they stand.
DIRECT = ("d", "f")


def examined(arguments: Iterable[tuple[str, Any]], static: Sequence[str]) -> tuple[tuple[Any, ...], list[Any]]:
    """What selects the recording of a call, and its numbers and Values in a row."""
    numbers: list[Any] = []
    key = tuple([("static", identity_of(x)) if name in static else _form(x, numbers) for name, x in arguments])
    return key, numbers


def _form(thing: Any, numbers: list[Any]) -> Any:
    """The form of an argument: what stays when all its numbers are taken out."""
    kind = type(thing)
    if kind is float or kind is int:
        numbers.append(float(thing) if -(2**53) < thing < 2**53 else real(thing))
        return 0
    if kind is list or kind is tuple:
        return kind, *[_form(part, numbers) for part in thing]
    if isinstance(thing, Value):
        numbers.append(thing)
        return 1
    if isinstance(thing, bool) or thing is None or isinstance(thing, str):
        return kind, thing
    if isinstance(thing, dict):
        return kind, *[(key, _form(part, numbers)) for key, part in thing.items()]
    if isinstance(thing, list | tuple):
        return kind, *[_form(part, numbers) for part in thing]
    if is_array(thing) or isinstance(thing, array | memoryview):
        return kind, *[_form(part, numbers) for part in thing.tolist()]
    if is_real(thing):
        numbers.append(real(thing))
        return 0
    return identity_of(thing)


class _Same(NamedTuple):
    """A static thing that is known by its identity; it is kept, so that nothing else can take its place."""

    thing: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.thing is other.thing

    def __hash__(self) -> int:
        return id(self.thing)


def identity_of(thing: Any) -> Any:
    """What stands for a thing that is static: plain things by what they are, others by which they are."""
    if isinstance(thing, bool | int | float | str | None):
        return type(thing), thing
    return _Same(thing)


def filled(
    arguments: Iterable[tuple[str, Any]], static: Sequence[str], leaf: Callable[[Any, str], Any]
) -> list[tuple[str, Any]]:
    """The arguments with `leaf(number, name)` in place of each number that varies."""

    def act(part: Any, name: str) -> Any:
        part = unwrapped(part)
        if isinstance(part, array | memoryview):
            return [act(each, f"{name}[{i}]") for i, each in enumerate(part.tolist())]
        if isinstance(part, list):  # of such a buffer of more dimensions
            return [act(each, f"{name}[{i}]") for i, each in enumerate(part)]
        varies = isinstance(part, Value) or (is_real(part) and not _is_truth_value(part))
        return leaf(part, name) if varies else part

    return [(name, x if name in static else mapped(x, act, name)) for name, x in arguments]


def _is_truth_value(thing: Any) -> bool:
    return isinstance(thing, bool) or type(thing).__name__ in ("bool_", "bool")


# Columns ------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """Where the numbers of one input stand: that of example e is offset + e·stride items after the buffer's first."""

    buffer: Any
    offset: int
    stride: int
    place: tuple[int, ...] | None = None  # in a buffer of more dimensions: which number of each example

    def at(self, example: int) -> float:
        """The number of one example."""
        if self.place is None:
            return float(self.buffer[self.offset + example * self.stride])
        return float(self.buffer[(example, *self.place)])


@dataclass(frozen=True)
class Batch:
    """Examples of one form: which these are, a column for each input, and the Values that stand among the numbers."""

    key: tuple[Any, ...]
    which: "array[int] | None"  # None for all, in their order
    count: int  # of all examples
    columns: list[Column]
    value_places: list[int]  # of the inputs that are Values
    values: list[list[Any]]  # those of each such input, by example
    example: Callable[[int], list[tuple[str, Any]]]  # the arguments of one


def batches(name: str, columns: Sequence[tuple[str, Any]], static: Sequence[str]) -> tuple[list[Batch], int]:
    """The examples of columns, those of one form together, and how many there are.

    Raises TypeError for what is not a column, ValueError for columns of different lengths or without an example.
    """
    laid = [(each, _laid_out(each, column, each in static)) for each, column in columns]
    counts = {each: len(column) for each, column in laid if column is not None}
    if not counts:
        raise TypeError(f"{name} needs a column: a list, or a buffer, with one argument for each example")
    if len(set(counts.values())) > 1:
        told = ", ".join(f"{each} has {count}" for each, count in counts.items())
        raise ValueError(f"the columns of {name} have different lengths: {told}; each needs one item for each example")
    count = next(iter(counts.values()))
    if not count:
        raise ValueError(f"{name} of no examples is undefined: its columns are empty")

    def example(place: int) -> list[tuple[str, Any]]:
        given = zip(columns, laid, strict=True)
        return [(each, x if one is None else one[place]) for (each, x), (_, one) in given]

    quick = [_direct(column) if column is not None else () for _, column in laid]
    if all(each is not None for each in quick):
        key, _ = examined(example(0), static)
        inputs = [column for each in quick for column in each or ()]
        return [Batch(key, None, count, inputs, [], [], example)], count
    return _sorted(example, count, static), count


def _laid_out(name: str, column: Any, is_static: bool) -> Any:
    """A column as a sequence; None for what is the same for all examples."""
    if is_static or column is None or isinstance(column, bool | str):
        return None
    if isinstance(column, list | tuple):
        return column
    if is_array(column):
        return column
    if isinstance(column, array):
        return memoryview(column)
    if isinstance(column, memoryview):
        return column
    if isinstance(column, dict) or not hasattr(column, "__iter__"):
        raise TypeError(
            f"{name} must be a column, with one argument for each example, not {type(column).__name__}: a list, an "
            f"array or a memoryview; what is the same for all is static: compile(f, static=({name!r},))"
        )
    return list(column)


def _direct(column: Any) -> "list[Column] | None":
    """The inputs of a column without looking at each example; None where that has to be done."""
    if isinstance(column, list | tuple):
        return _of_numbers(column)
    view: Any = column if isinstance(column, memoryview) else _view(column)
    if view is None or view.ndim == 0:
        return None
    if view.format not in DIRECT:
        if not _is_of_numbers(view.format):
            return None
        view = _converted(view)
    size = view.itemsize
    if any(stride % size for stride in view.strides):
        return None
    strides = [stride // size for stride in view.strides]
    places = product(*map(range, view.shape[1:]))
    return [Column(view, sum(map(mul, place, strides[1:])), strides[0], place) for place in places]


def _view(array_of_numpy: Any) -> "memoryview | None":
    try:
        return memoryview(array_of_numpy)
    except (TypeError, ValueError, BufferError):
        return None


def _is_of_numbers(format_of_buffer: str) -> bool:
    return format_of_buffer in ("b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "g")


def _converted(view: Any) -> Any:
    flat = view.tolist()
    for _ in view.shape[1:]:
        flat = list(chain.from_iterable(flat))
    return memoryview(memoryview(array("d", flat)).cast("B")).cast("d", view.shape)


def _of_numbers(items: Sequence[Any]) -> "list[Column] | None":
    """The inputs of a list of numbers, or of lists or tuples of as many numbers each; None for other things."""
    kinds = set(map(type, items))
    if kinds <= {float, int}:
        try:
            return [Column(array("d", items), 0, 1)]
        except OverflowError:
            return None
    if kinds in ({list}, {tuple}):
        width = len(items[0])
        if set(map(len, items)) == {width}:
            flat = list(chain.from_iterable(items))
            if set(map(type, flat)) <= {float, int}:
                try:
                    numbers = array("d", flat)
                except OverflowError:
                    return None
                return [Column(numbers, place, width) for place in range(width)]
    return None


def _sorted(example: Callable[[int], list[tuple[str, Any]]], count: int, static: Sequence[str]) -> list[Batch]:
    """The examples, each looked at, those of one form together."""
    found: dict[Any, tuple[array[int], list[list[Any]]]] = {}
    for place in range(count):
        key, numbers = examined(example(place), static)
        which, rows = found.setdefault(key, (array("q"), []))
        which.append(place)
        rows.append(numbers)
    made = []
    for key, (which, rows) in found.items():
        columns: list[Column] = []
        value_places: list[int] = []
        values: list[list[Any]] = []
        for place, numbers in enumerate(map(list, zip(*rows, strict=True))):
            column = array("d", bytes(8 * count))
            for example_place, number in zip(which, numbers, strict=True):
                column[example_place] = number._data if isinstance(number, Value) else number
            columns.append(Column(column, 0, 1))
            if isinstance(numbers[0], Value):
                value_places.append(place)
                given = dict(zip(which, numbers, strict=True))
                values.append([given.get(each) for each in range(count)])
        is_all = len(which) == count
        made.append(Batch(key, None if is_all else which, count, columns, value_places, values, example))
    return made
