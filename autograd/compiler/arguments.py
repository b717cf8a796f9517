"""What a compiled function is called with: which numbers vary, and all that selects a recording.

>>> key, numbers = examined([("x", 2.0), ("way", "up"), ("point", [1.0, 3.0])], static=())
>>> numbers
[2.0, 1.0, 3.0]

Every int and float, nested in lists, tuples and dicts too, is a number that varies; everything else is static: a text,
a truth value, None, how long a list is. A **column** has such an argument for each of many examples.
"""

import functools
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product
from operator import mul
from typing import Any, NamedTuple

from ..engines import Value, native
from ..ieee import is_real, real, unwrapped
from ..nested import is_array, mapped

# The formats of buffers whose numbers are read where they stand, and of those with whole numbers.
DIRECT = ("d", "f")
WHOLE = ("b", "B", "h", "H", "i", "I", "l", "L", "q", "Q")


def examined(arguments: Iterable[tuple[str, Any]], static: Sequence[str]) -> tuple[tuple[Any, ...], list[Any]]:
    """What selects the recording of a call, and its numbers and Values in a row.

    A Value that is given twice counts once, and where it stands again is a part of what selects the recording.
    """
    reader = _Reader()
    key = tuple([(name, ("static", identity_of(x)) if name in static else reader.form(x)) for name, x in arguments])
    return key, reader.numbers


class _Reader:
    """What has been read of the arguments: their numbers and Values in a row."""

    def __init__(self) -> None:
        self.numbers: list[Any] = []
        self.places: dict[int, int] = {}  # of Values, by which they are

    def form(self, thing: Any) -> Any:
        """The form of an argument: what stays when all its numbers are taken out."""
        kind = type(thing)
        if kind is float or kind is int:
            self.numbers.append(real(thing))
            return 0
        if kind is list or kind is tuple:
            return kind, *map(self.form, thing)
        if isinstance(thing, Value):
            place = self.places.setdefault(id(thing), len(self.numbers))
            if place < len(self.numbers):
                return "again", place
            self.numbers.append(thing)
            return 1
        if thing is None or isinstance(thing, str) or is_truth_value(thing):
            return kind, thing
        if isinstance(thing, dict):
            return kind, *[(key, self.form(part)) for key, part in thing.items()]
        if isinstance(thing, list | tuple):
            return kind, *map(self.form, thing)
        if is_array(thing) or isinstance(thing, array | memoryview):
            return kind, *map(self.form, thing.tolist())
        if is_real(thing):
            self.numbers.append(real(thing))
            return 0
        return identity_of(thing)


class _Same:
    """A static thing that is known by its identity; it is kept, so that nothing else can take its place.

    With it go its attributes that are plain: a number or a flag of an object is a part of what a function finds.
    """

    def __init__(self, thing: Any) -> None:
        self.thing = thing
        attributes = {} if isinstance(thing, Value | type) else getattr(thing, "__dict__", {})
        self.attributes = [(name, x) for name, x in attributes.items() if isinstance(x, PLAIN)]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Same) or self.thing is not other.thing:
            return False
        return len(self.attributes) == len(other.attributes) and all(map(_are_same, self.attributes, other.attributes))

    def __hash__(self) -> int:
        return id(self.thing)


def _are_same(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    return one[0] == other[0] and type(one[1]) is type(other[1]) and (one[1] is other[1] or one[1] == other[1])


PLAIN = (bool, int, float, str, type(None))


def known(thing: Any) -> Any:
    """What stands for a thing that is static: plain things are known by what they are, others by which they are."""
    if isinstance(thing, PLAIN):
        return type(thing), repr(thing) if isinstance(thing, float) else thing  # 0.0 and −0.0 differ, nan is nan
    return _Same(thing)


def identity_of(thing: Any) -> Any:
    """The same of an argument, with lists, tuples, dicts and sets known by what they hold."""
    if isinstance(thing, list | tuple) and len(thing) <= MOST_PARTS:
        return type(thing), *map(identity_of, thing)
    if isinstance(thing, dict) and len(thing) <= MOST_PARTS:
        return type(thing), *[(identity_of(name), identity_of(part)) for name, part in thing.items()]
    if isinstance(thing, set | frozenset) and len(thing) <= MOST_PARTS:
        return type(thing), frozenset(map(identity_of, thing))
    return known(thing)


# Longer lists are known by their identity, for they are looked at in each call.
MOST_PARTS = 100


def filled(
    arguments: Iterable[tuple[str, Any]], static: Sequence[str], leaf: Callable[[Any, str], Any]
) -> list[tuple[str, Any]]:
    """The arguments with `leaf(number, name)` in place of each number that varies."""

    def act(part: Any, name: str) -> Any:
        part = unwrapped(part)
        if isinstance(part, array | memoryview):
            return mapped(part.tolist(), leaf, name)
        varies = isinstance(part, Value) or (is_real(part) and not is_truth_value(part))
        return leaf(part, name) if varies else part

    return [(name, x if name in static else mapped(x, act, name)) for name, x in arguments]


def is_truth_value(thing: Any) -> bool:
    """Whether it is true or false, as Python or NumPy has it."""
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

    form: tuple[Any, ...]  # of the arguments of each,
    marks: tuple[Any, ...]  # and which of these are parameters at the same time
    which: "array[int] | None"  # None for all, in their order
    count: int  # of all examples
    columns: list[Column]
    value_places: list[int]  # of the inputs that are Values
    values: list[list[Any]]  # those of each such input, by example
    example: Callable[[int], list[tuple[str, Any]]]  # the arguments of one


# What says which of the numbers and Values of an example are parameters at the same time.
Marks = Callable[[Sequence[Any]], tuple[Any, ...]]


def batches(
    name: str, columns: Sequence[tuple[str, Any]], static: Sequence[str], marks: Marks
) -> tuple[list[Batch], int]:
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
        return [(each, x if one is None else item(one, place)) for (each, x), (_, one) in given]

    quick = [_direct(column) if column is not None else () for _, column in laid]
    if all(each is not None for each in quick):
        form, _ = examined(example(0), static)
        inputs = [column for each in quick for column in each or ()]
        return [Batch(form, (), None, count, inputs, [], [], example)], count
    return _sorted(example, count, static, marks), count


def item(column: Any, *place: int) -> Any:
    """The argument of one example; a view of more dimensions answers single numbers only."""
    if not isinstance(column, memoryview) or column.ndim == len(place):
        return column[place[0] if len(place) == 1 else place]
    shape: Any = column.shape
    return [item(column, *place, i) for i in range(shape[len(place)])]


def _laid_out(name: str, column: Any, is_static: bool) -> Any:
    """A column as a sequence; None for what is the same for all examples."""
    if is_static or column is None or isinstance(column, bool | str):
        return None
    if isinstance(column, list):
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
    if isinstance(column, list):
        return _of_numbers(column)
    view: Any = column if isinstance(column, memoryview) else _view(column)
    if view is None or view.ndim == 0:
        return None
    if view.format not in DIRECT:
        if is_array(column) and column.dtype.kind in "iuf":
            view = memoryview(column.astype("d"))
        elif view.format in WHOLE:
            view = memoryview(memoryview(array("d", _flat(view.tolist()))).cast("B")).cast("d", view.shape)
        else:
            return None
    layout = _layout(view.itemsize, view.shape[1:], view.strides)
    return None if layout is None else [Column(view, *each) for each in layout]


def layout_of(column: Any) -> Any:
    """What two buffers have in common that have examples of the same form; None for lists."""
    if isinstance(column, list):
        return None
    view: Any = column if isinstance(column, memoryview) else _view(column)
    return view and (type(column), view.format, view.shape[1:])


def columns_like_the_last(latest: Any, columns: Sequence[Any]) -> list[Column] | None:
    """The inputs of columns of the same form as the latest; None where more has to be looked at."""
    if len(columns) != len(latest.layouts):
        return None
    found: list[Column] = []
    lists, forms = [], []
    for column, layout, form in zip(columns, latest.layouts, latest.forms, strict=True):
        if type(column) is list and column:
            lists.append(column[0])
            forms.append(form)
        elif layout is None or layout_of(column) != layout:
            return None
        inputs = _direct(column)
        if inputs is None:
            return None
        found += inputs
    if len(set(map(len, columns))) > 1:
        return None
    if native.inputs_like_the_last(tuple(lists), tuple(forms), latest.watched) is None:
        return None
    return found


@functools.lru_cache(maxsize=256)
def _layout(size: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """For each number of an example of this shape: its offset, the stride to the next example's, and its place."""
    if any(stride % size for stride in strides):
        return None
    steps = [stride // size for stride in strides]
    return [(sum(map(mul, place, steps[1:])), steps[0], place) for place in product(*map(range, shape))]


def _view(array_of_numpy: Any) -> "memoryview | None":
    try:
        return memoryview(array_of_numpy)
    except (TypeError, ValueError, BufferError):
        return None


def _flat(thing: Any) -> list[Any]:
    return [part for row in thing for part in _flat(row)] if isinstance(thing, list) else [thing]


def _of_numbers(items: Sequence[Any]) -> "list[Column] | None":
    """The inputs of a list of numbers, or of lists or tuples of as many numbers each; None for other things."""
    found = _column_of(items)
    return None if found is None else [Column(found[0], place, found[1]) for place in range(found[1])]


def column_of(items: Any) -> "tuple[array[float], int] | None":
    """A list of numbers as an array, and 1; of lists or tuples of numbers, one after the other, their length.

    None for anything else, and for what has to be looked at more closely, such as Values or lists of several lengths.
    """
    if type(items) is not list:
        return None
    width, numbers = 1, items
    if type(items[0]) in (list, tuple):
        width, numbers = len(items[0]), list(chain.from_iterable(items))
        if any(type(row) is not type(items[0]) or len(row) != width for row in items):
            return None
    if not set(map(type, numbers)) <= {float, int} or any(type(x) is int and abs(x) >= 2**63 for x in numbers):
        return None
    return array("d", numbers), width


_column_of = column_of if native is None else native.column_of


def _sorted(
    example: Callable[[int], list[tuple[str, Any]]], count: int, static: Sequence[str], marks: Marks
) -> list[Batch]:
    """The examples, each looked at, those of one form together."""
    found: dict[Any, tuple[array[int], list[list[Any]]]] = {}
    for place in range(count):
        form, numbers = examined(example(place), static)
        which, rows = found.setdefault((form, marks(numbers)), (array("q"), []))
        which.append(place)
        rows.append(numbers)
    made = []
    for (form, mark), (which, rows) in found.items():
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
        made.append(Batch(form, mark, None if is_all else which, count, columns, value_places, values, example))
    return made
