"""A compiled function: what it has recorded, and how each call finds its recording.

>>> double = Compiled(lambda x: x + x, static=(), threads=1)
>>> double(3.0).data, double(4.0).data, double
(6.0, 8.0, <compiled function, 1 recording>)
"""

import functools
import inspect
import math
import weakref
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..book import Operation
from ..checks import shown
from ..engines import Value, native
from ..modes import Way, mode, recorded, scope
from ..nested import mapped, parts
from ..notation import brief
from ..operations import mean
from ..operations import sum as sum_of
from ..value import Sweep
from .arguments import Batch, batches, columns_like_the_last, examined, filled, item, layout_of
from .operation import operation_of
from .program import Program
from .recording import Listener, Recorder, read
from .recordings import ANOTHER_WAY, Recording, numbers_of
from .reduction import Piece, Reduction, place_outputs, reduced
from .replay import Replay
from .simplify import simplified
from .store import Latest, Store, outline
from .surroundings import Place, check_random, containers, random_states

if TYPE_CHECKING:
    from .to_jax import JaxFunction

NO_JAX = 'no way to JAX without JAX: pip install "scalar-autograd[jax]"'

# The compiled ones, where they are.
_read: Any = getattr(native, "read", read)
_simplified: Any = getattr(native, "simplified", simplified)


class _NewParametersError(Exception):
    """Raised where a function turns out to find Values outside, which may stand in columns, too."""


class _Done(NamedTuple):
    """What a replay of examples has answered, without those that take another way."""

    piece: Piece
    places: Sequence[int]
    outputs: "array[float]"
    slope: "array[float] | None"
    of_inputs: "array[float] | None"


class Compiled:
    """A function that is recorded and replayed; made by `compile`."""

    def __init__(self, function: Callable[..., Any], static: tuple[str, ...], threads: int) -> None:
        functools.update_wrapper(self, function)
        self.function, self.static, self.threads = function, static, threads
        name = getattr(function, "__name__", type(function).__name__)
        self.name = name if name.isidentifier() else "function"
        self._parameters = _parameters(function)
        self._store = Store(self.name, function)
        self._stores: dict[int, tuple[Any, Store]] = {}  # those of instances, where this is a method

    # Calls ----------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function answers, as Values whose operation is the program."""
        store = self._store
        if store.latest is not None and not named:
            answer = self._like_an_earlier(store.latest, arguments)
            if answer is not ANOTHER_WAY:
                return answer
        given = self._named(arguments, named)
        if _is_eager():
            return self._watched(given, len(arguments), None)
        form, inputs = examined(given, self.static)
        key = store.key(form, store.marks(inputs))
        answer = self._answer(store.of(key), inputs)
        if answer is ANOTHER_WAY:
            answer = self._answer([self._record(form, given, len(arguments))], inputs)
        if answer is ANOTHER_WAY:
            raise self._not_the_same()
        if native is not None and not named:
            store.remember(key, (), arguments)
        return answer

    def _like_an_earlier(self, latest: Latest, arguments: tuple[Any, ...]) -> Any:
        """What is answered to a call like the latest, or like the latest of its outline; else ANOTHER_WAY."""
        store = self._store
        inputs = native.inputs_like_the_last(arguments, latest.forms, latest.watched)
        if inputs is None:
            latest = store.earlier.get(outline(arguments), latest)
            inputs = native.inputs_like_the_last(arguments, latest.forms, latest.watched)
        if inputs is None or (store.captured and any(map(store.captures, inputs))):
            return ANOTHER_WAY
        store.latest = latest
        return self._answer(latest.recordings, inputs)

    def _answer(self, recordings: Sequence[Recording], inputs: Sequence[Any]) -> Any:
        """The answer of the first recording whose way these numbers and Values take, or ANOTHER_WAY."""
        for recording in recordings:
            answer = recording.call(inputs)
            if answer is not ANOTHER_WAY:
                recording.uses += 1
                self._store.last = recording
                return answer
        return ANOTHER_WAY

    def mean(self, *columns: Any, **named: Any) -> Any:
        """The mean of what the function answers for each example of the columns, as one Value.

        >>> w = Value(3.0)
        >>> error = Compiled(lambda x, y: (w * x - y) ** 2, static=(), threads=1)
        >>> error.mean([1.0, 2.0], [2.0, 4.0]).data
        2.5

        A column has an argument for each example: a list of numbers or of nested arguments, or a buffer (`array`,
        `memoryview`, an array of NumPy) of one dimension more than the argument, of which doubles and floats are not
        copied. A text, a truth value, None or what is static is the same for all examples.

        Raises TypeError for what is no column and for a function that answers several Values, ValueError for columns of
        different lengths or without examples, and what the function itself raises for an example.
        """
        return self._reduced("mean", columns, named)

    def sum(self, *columns: Any, **named: Any) -> Any:
        """The sum of what the function answers for each example of the columns, as one Value; see `mean`."""
        return self._reduced("sum", columns, named)

    def map(self, *columns: Any, **named: Any) -> list[Any]:
        """What the function answers for each example of the columns, as plain numbers; see `mean`.

        >>> Compiled(lambda x: [x + 1.0, x * x], static=(), threads=1).map([1.0, 2.0])
        [[2.0, 1.0], [3.0, 4.0]]
        """
        if mode().recorder is not None:
            raise TypeError(
                f"{self.name}.map answers plain numbers, which would be the same at every call of the function "
                f"around it: call {self.name} itself there, for each example"
            )
        found, all_done, count = self._all_done("map", columns, named, want_gradient=False)
        if not all_done:
            watched = [self._watched(found[0].example(place), len(columns), place) for place in range(count)]
            return [mapped(x, lambda part, _: part._data if isinstance(part, Value) else part) for x in watched]
        answers: list[Any] = [None] * count
        for done in all_done:
            width = len(done.piece.recording.operations)
            for row, place in enumerate(done.places):
                numbers = list(done.outputs[row * width : (row + 1) * width])
                answers[place] = done.piece.recording.assembled(numbers)
        return answers

    @property
    def program(self) -> Program:
        """The program that was replayed last."""
        return self._replayed_last().named()

    def to_jax(self) -> "JaxFunction":
        """The program that was replayed last as a pure function of (parameters, inputs), for `jax.jit` and the like.

        The inputs are the arguments of the function but for the static ones; its answer is nested as the function's.
        Raises ImportError without JAX, and TypeError for a user's operation that cannot go there.
        """
        last = self._replayed_last()
        try:
            from .to_jax import to_jax
        except ImportError as error:
            raise ImportError(NO_JAX) from error
        return to_jax(last.named(), last.arguments, last.parameters, last.assembled)

    def _replayed_last(self) -> Recording:
        if self._store.last is None:
            raise RuntimeError(f"{self.name} has not been recorded yet: call it once")
        return self._store.last

    def __get__(self, instance: Any, owner: Any = None) -> "Compiled":
        """As a method: the function with its instance, which has recordings of its own."""
        if instance is None:
            return self
        bound: Compiled = object.__new__(type(self))
        vars(bound).update(vars(self), function=self.function.__get__(instance, owner))
        bound._parameters = self._parameters[1:]
        _, store = self._stores.get(id(instance), (None, None))
        if store is None:
            # What is kept must not hold the instance, which would live for ever.
            store = Store(self.name, self.function)
            try:
                self._stores[id(instance)] = weakref.ref(instance, self._forget(id(instance))), store
            except TypeError:
                kind = type(instance).__name__
                raise TypeError(f"a compiled method needs '__weakref__' in the __slots__ of {kind}") from None
        store.surroundings.instance = getattr(instance, "__dict__", {})
        bound._store = store
        return bound

    def _forget(self, instance: int) -> Callable[[Any], object]:
        stores = self._stores
        return lambda _: stores.pop(instance, None)

    def __copy__(self) -> "Compiled":
        return self

    def __deepcopy__(self, memo: Any) -> "Compiled":
        return self  # as functions do

    def __reduce__(self) -> str:
        return str(self.function.__qualname__)  # by its name, as functions

    def __repr__(self) -> str:
        count = sum(map(len, self._store.recordings.values()))
        return f"<compiled {self.name}, {count} recording{'s' * (count != 1)}>"

    # Behind the scenes ----------------------------------------------------------------------------

    def _named(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """The arguments with their names."""
        names = self._parameters
        if len(arguments) > len(names):
            names = [*names, *[f"argument {place}" for place in range(len(names), len(arguments))]]
        return [*zip(names, arguments, strict=False), *named.items()]

    def _called(self, arguments: Sequence[tuple[str, Any]], positional: int) -> Any:
        """What the function itself answers; so many arguments are given without a name."""
        return self.function(*[x for _, x in arguments[:positional]], **dict(arguments[positional:]))

    def _record(self, form: Any, given: Sequence[tuple[str, Any]], positional: int) -> Recording:
        """Call the function once, and keep what it did."""
        places = self._store.surroundings.places()
        found = self._store.surroundings.key(places)  # before the function itself may change it
        recording = self._recorded(given, positional, places)
        new = {parameter._birth for parameter in recording.parameters} - self._store.captured
        self._store.captured |= new
        inputs = examined(given, self.static)[1]
        if any(type(x) is not float and x._birth in new for x in inputs):
            # Again, with one slot for what is both an argument and found outside.
            recording = self._recorded(given, positional, places)
        self._store.keep((found, form, *self._store.marks(inputs)), recording)
        return recording

    def _recorded(
        self, given: Sequence[tuple[str, Any]], positional: int, outside: Sequence[Place], is_again: bool = False
    ) -> Recording:
        recorder = Recorder(self.name)
        leaves: dict[int, Any] = {}
        differentiable = bytearray()

        def leaf(part: Any, name: str) -> Any:
            if not isinstance(part, Value):
                made = Value(part, name)
                recorder.numbers.add(made._birth)
            elif id(part) in leaves:
                return leaves[id(part)]
            else:
                made = part if self._store.captures(part) else Value(part._data, part.label or name)
            recorder.given.add(made._birth)
            differentiable.append(isinstance(part, Value))
            leaves[id(part) if isinstance(part, Value) else -len(leaves)] = made
            return made

        arguments = filled(given, self.static, leaf)
        # Before the function may change them.
        places = {id(made): place for place, made in enumerate(leaves.values())}
        varying = [(name, x) for name, x in arguments if name not in self.static]
        form = dict(filled(varying, (), lambda part, _: places[id(part)]))
        generators = self._store.surroundings.generators(outside)
        states = random_states(generators)
        with recorded(recorder):
            answer = self._called(arguments, positional)
        check_random(self.name, generators, states, lambda: self._called(given, positional))
        outputs, assembled = _taken_apart(self.name, answer)
        program, parameters, numbers = _read(recorder, list(leaves.values()), outputs, bytes(differentiable))
        recording = Recording(_simplified(program, numbers), parameters, assembled, recorder, form)
        del answer, arguments, outputs, varying
        leaves.clear()
        held = recorder.still_held()
        if any(value.operation is not None for value in held):
            kept = next(value for value in held if value.operation is not None)
            raise TypeError(
                f"{self.name} keeps a Value that it computes, {brief(kept)}, in something outside of it, which a "
                "replay would not renew: let it answer that too, and keep it outside, or pass it as an argument"
            )
        if recording.parameters:
            found = [place.thing for place in self._store.surroundings.places()]
            recording.watched = containers(recording.parameters, [*found, self._store.surroundings.instance])
        if held and not is_again:  # leaves that it makes at its first call only are parameters at the next one
            return self._recorded(given, positional, outside, is_again=True)
        return recording

    def _not_the_same(self) -> RuntimeError:
        return RuntimeError(
            f"{self.name} decides differently when it is called again with the same arguments, so it cannot be compiled"
        )

    def _replayed(self, batch: Batch, positional: int, want_gradient: bool) -> list[_Done]:
        """All ways that examples of a batch take.

        Sums must not depend on what was recorded earlier: the ways are tried in one order, once all are known.
        """
        key = self._store.key(batch.form, batch.marks)
        known = self._store.of(key)
        done = list(self._passes(batch, key, positional, want_gradient))
        if len(done) > 1 and self._store.of(key) != known:
            done = list(self._passes(batch, key, positional, want_gradient))
        return done

    def _passes(self, batch: Batch, key: Any, positional: int, want_gradient: bool) -> Iterator[_Done]:
        """Each way that examples of a batch take, until all are done."""
        places: Any = range(batch.count) if batch.which is None else batch.which
        which, known = batch.which, sorted(self._store.of(key), key=lambda recording: recording.outcomes)
        while places:
            is_new = not known
            recording = self._record_example(batch, places[0], positional) if is_new else known.pop(0)
            outputs, failed, slope, of_inputs = recording.replay.lanes(
                batch.columns, which, batch.count, numbers_of(recording.parameters), want_gradient, self.threads
            )
            self._store.last = recording
            if not failed:
                yield _Done(Piece(recording, batch, which), places, outputs, slope, of_inputs)
                return
            if failed[0] == 0 and not known:
                # The functions of many lanes are off by a bit, which decides at the very edge of a comparison.
                ways = [recording] if is_new else self._store.of(key)
                alone = next(filter(None, (self._alone(way, batch, places[0], want_gradient) for way in ways)), None)
                if alone is not None:
                    yield alone
                    which = places = array("q", places[1:])
                    known.insert(0, recording)
                    continue
            if is_new and failed[0] == 0:
                raise self._not_the_same()
            lost = set(failed)
            kept = [row for row in range(len(places)) if row not in lost]
            if kept:
                done = array("q", [places[row] for row in kept])
                width, each = len(recording.operations), len(batch.value_places)
                piece = Piece(recording, batch, done)
                yield _Done(piece, done, _rows(outputs, kept, width), slope, _rows(of_inputs, kept, each))
            which = places = array("q", [places[row] for row in failed])

    def _alone(self, recording: Recording, batch: Batch, place: int, want_gradient: bool) -> _Done | None:
        """One example, computed as it was recorded; None if it takes another way even so."""
        numbers = array("d", [*[column.at(place) for column in batch.columns], *numbers_of(recording.parameters)])
        answers, state = recording.replay.exact(numbers)
        if answers is None:
            return None
        which, inputs = array("q", [place]), len(batch.columns)
        flows = state.sweep(0, 1.0, [None] * len(numbers)) if want_gradient else []
        sent = array("d", [-0.0 if flow is None else flow for flow in flows])
        wanted = [sent[i] for i, asked in enumerate(recording.program.differentiable) if asked] if want_gradient else []
        piece = Piece(recording, batch, which)
        return _Done(piece, which, array("d", answers), sent[inputs:], array("d", wanted) if wanted else None)

    def _record_example(self, batch: Batch, place: int, positional: int) -> Recording:
        before = len(self._store.captured)
        try:
            recording = self._record(batch.form, batch.example(place), positional)
        except Exception as error:
            error.add_note(f"at example {place} of the columns of {self.name}")
            raise
        if batch.value_places and len(self._store.captured) > before:
            raise _NewParametersError
        return recording

    def _all_done(
        self, how: str, columns: Sequence[Any], named: Mapping[str, Any], want_gradient: bool
    ) -> tuple[list[Batch], list[_Done], int]:
        """What replays of all examples have answered, in the order of their first examples."""
        given = self._named(columns, named)
        while True:
            found, count = batches(f"{self.name}.{how}", given, self.static, self._store.marks)
            if _is_eager():
                return found, [], count
            try:
                done = [each for batch in found for each in self._replayed(batch, len(columns), want_gradient)]
            except _NewParametersError:
                continue  # with those examples apart of which a Value is one of these
            return found, sorted(done, key=lambda each: each.places[0]), count

    def _reduced(self, how: str, columns: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        latest = self._store.latest
        done = [] if named or latest is None else self._like_the_last(latest, columns)
        count = len(done[0].places) if done else 0
        if not done:
            found, done, count = self._all_done(how, columns, named, mode().recording)
            if not done:
                answers = [self._watched(found[0].example(place), len(columns), place) for place in range(count)]
                return (mean if how == "mean" else sum_of)(answers)
            if native is not None and len(done) == 1 and not named:
                self._store.remember(self._store.key(found[0].form), tuple(map(layout_of, columns)), columns)
        reduction = Reduction(how, count, [each.piece for each in done])
        if not all(each.piece.recording.is_one for each in done):
            raise TypeError(f"{self.name}.{how} needs a function that answers one Value: {self.name} answers several")
        outputs = done[0].outputs
        if len(done) > 1:
            outputs = array("d", bytes(8 * count))
            for each in done:
                place_outputs(outputs, each.piece.which, each.outputs)
        value = reduced(how, outputs)
        reduction.value = value
        operation = operation_of(f"{self.name}.{how}", reduction.rule)
        if not mode().recording:
            return Value.__apply_operation__(operation, (), (), (value, tuple))
        partials = reduction.gathered([x.slope for x in done], [x.of_inputs for x in done])
        return stored_node(operation, reduction.operands(), value, partials, reduction.met())

    def _like_the_last(self, latest: Latest, columns: tuple[Any, ...]) -> list[_Done]:
        """What a replay of columns of the same form as the latest answers; nothing where more has to be looked at."""
        inputs = columns_like_the_last(latest, columns)
        if inputs is None:
            return []
        count, recording = len(columns[0]), latest.recordings[0]
        outputs, failed, slope, of_inputs = recording.replay.lanes(
            inputs, None, count, numbers_of(recording.parameters), mode().recording, self.threads
        )
        if failed:
            return []
        self._store.last = recording

        def example(place: int) -> list[tuple[str, Any]]:
            return self._named([item(column, place) for column in columns], {})

        batch = Batch(latest.key[1], (), None, count, inputs, [], [], example)
        return [_Done(Piece(recording, batch, None), range(count), outputs, slope, of_inputs)]

    def _watched(self, given: Sequence[tuple[str, Any]], positional: int, example: int | None) -> Any:
        """What the function itself answers; under `detect_anomaly` an error says of which example."""
        recorder = Listener(self.name) if mode().anomaly else None
        given = filled(given, self.static, lambda part, name: _as_value(part, name, recorder))
        if recorder is None:
            return self._called(given, positional)
        name = self.name if example is None else f"{self.name}, example {example}"
        with scope(name), recorded(recorder):
            try:
                return self._called(given, positional)
            except FloatingPointError as error:
                error.args = (f"{error}{self._instruction(given, positional)}",)
                raise

    def _instruction(self, given: Sequence[tuple[str, Any]], positional: int) -> str:
        """Which instruction of the program it is where the first inf or nan comes up."""
        inputs = examined(given, self.static)[1]
        with _unwatched():
            recording = self._recorded(given, positional, self._store.surroundings.places())
        numbers = [x if type(x) is float else x._data for x in (*inputs, *recording.parameters)]
        slot = Replay(recording.program).first_anomaly(numbers)
        return "" if slot is None else f"; instruction {recording.named().told(slot)} of {self.name}.program"


class _Stored(Sweep):
    """Partial derivatives that are known numbers."""

    __slots__ = ("_met", "partials")

    def __init__(self, partials: "array[float]", met: bytes | None) -> None:
        self.partials, self._met = partials, met

    def flows(self, arrived: float, before: list[float | None]) -> list[float | None]:
        """The flows of the operands, those before included. Where nothing arrives, a partial is still −0.0."""
        sent = [None if x == 0.0 and math.copysign(1.0, x) < 0 else arrived * x for x in self.partials]
        return [y if x is None else x if y is None else x + y for x, y in zip(before, sent, strict=True)]

    @property
    def count(self) -> int:
        """How many operands there are."""
        return len(self.partials)

    @property
    def met(self) -> bytes | None:
        """Of each operand, whether it is a part of the computation even if nothing arrives there; None for all."""
        return self._met


def _stored_node(operation: Operation, operands: Any, value: float, partials: "array[float]", met: bytes | None) -> Any:
    """The node of these operands whose partial derivatives are known."""
    numbers = tuple(numbers_of(operands))
    return Value.__apply_operation__(operation, operands, numbers, (value, _Stored(partials, met)))


stored_node = _stored_node if native is None else native.stored_node


def _rows(numbers: "array[float] | None", rows: Sequence[int], width: int) -> Any:
    if numbers is None:
        return None
    return array("d", [number for row in rows for number in numbers[row * width : (row + 1) * width]])


_HOLE = object()


def _taken_apart(name: str, answer: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The Values in an answer, and what puts others in their places."""
    if isinstance(answer, Value):
        return [answer], lambda values: values[0]
    values = [part for part in parts(answer) if isinstance(part, Value)]
    # Without the Values, which would keep all that was computed.
    answer = mapped(answer, lambda part, _: _HOLE if isinstance(part, Value) else part)
    if not values:
        answered_by = shown(answer)
        raise TypeError(
            f"{name} answers {answered_by}, which does not depend on its arguments as a Value does: a compiled "
            "function answers a Value, or a list of them"
        )

    def assembled(others: list[Any]) -> Any:
        following = iter(others)
        return mapped(answer, lambda part, _: next(following) if part is _HOLE else part)

    return values, assembled


def _as_value(part: Any, name: str, recorder: Recorder | None) -> Any:
    if isinstance(part, Value):
        return part
    made = Value(part, name)
    if recorder is not None:
        recorder.numbers.add(made._birth)
    return made


class _unwatched(Way):  # noqa: N801
    """Inside the block, no number is an anomaly."""

    def _settings(self) -> dict[str, Any]:
        return {"anomaly": False}


def _is_eager() -> bool:
    """Whether the function is computed as it is written: inside another one that is recorded, or to find an anomaly."""
    way = mode()
    return way.recorder is not None or way.anomaly


def _parameters(function: Callable[..., Any]) -> list[str]:
    """The names of the arguments that can be given without a name."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def check_static(function: Callable[..., Any], static: Sequence[str]) -> None:
    """Raise ValueError for a name that no argument of the function has."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        for name in static:
            if name not in parameters:
                raise ValueError(f"static names {name!r}, but the function has the arguments {', '.join(parameters)}")
