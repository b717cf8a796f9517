"""Functions of Values that are recorded once and replayed many times, at the speed of array code.

>>> from autograd import Value, compile
>>> w = Value(3.0)
>>> @compile
... def loss(x, y):
...     return (w * x - y) ** 2
>>> loss.mean([1.0, 2.0, 3.0], [2.0, 4.0, 6.0]).backward()
>>> w.grad
9.333333333333334

The first call records what the function does as a program, a list of instructions; later calls replay it, over many
examples at a time where there are many. What comes out is one Value, whose operation is the whole program: `backward`,
`gradient`, drawings and checks work on it as on any other. `recording` makes a program of a call, `simplify` shortens
it, `replay` runs it, and so does the compiled engine.
"""

import functools
import inspect
import warnings
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, overload
from weakref import WeakKeyDictionary

from ..book import REALS, Operation, unlisted
from ..checks import shown, whole
from ..engines import Value
from ..locks import new_lock
from ..modes import mode, recorded
from ..nested import mapped, parts
from .arguments import Batch, batches, examined, filled
from .program import Program
from .recording import Argument, Recorder, check_random, random_states, read
from .recordings import ANOTHER_WAY, Recording
from .reduction import Piece, Reduction, place_outputs, reduced
from .simplify import simplified

__all__ = ["Compiled", "Program", "compile"]

# So many recordings are kept of one function; that which was made first goes first.
MOST_RECORDINGS = 64


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
        self._recordings: dict[Any, list[Recording]] = {}
        self._order: list[Any] = []  # the keys of the recordings, as they were made
        self._has_warned = False
        self._templates: dict[str, Operation] = {}
        self._last: Recording | None = None
        self._lock = new_lock()
        self._bound: WeakKeyDictionary[Any, Compiled] = WeakKeyDictionary()

    # Calls ----------------------------------------------------------------------------------------

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """What the function answers, as Values whose operation is the program."""
        if _is_eager():
            return self.function(*arguments, **named)
        given = self._named(arguments, named)
        key, inputs = examined(given, self.static)
        for recording in (*self._recordings.get(key, ()), None):
            recording = recording or self._record(key, given, len(arguments))
            answer = recording.call(inputs)
            if answer is not ANOTHER_WAY:
                self._last = recording
                return answer
        raise self._not_the_same()

    def mean(self, *columns: Any, **named: Any) -> Any:
        """The mean of what the function answers for each example of the columns, as one Value."""
        return self._reduced("mean", columns, named)

    def sum(self, *columns: Any, **named: Any) -> Any:
        """The sum of what the function answers for each example of the columns, as one Value."""
        return self._reduced("sum", columns, named)

    def map(self, *columns: Any, **named: Any) -> list[Any]:
        """What the function answers for each example of the columns, as plain numbers."""
        found, count = batches(f"{self.name}.map", self._named(columns, named), self.static)
        answers: list[Any] = [None] * count
        for batch in found:
            for done in self._replayed(batch, len(columns), want_gradient=False):
                width = len(done.piece.recording.operations)
                for row, place in enumerate(done.places):
                    numbers = list(done.outputs[row * width : (row + 1) * width])
                    answers[place] = done.piece.recording.assembled(numbers)
        return answers

    @property
    def program(self) -> Program:
        """The program that was replayed last."""
        if self._last is None:
            raise RuntimeError(f"{self.name} has not been recorded yet: call it once")
        return self._last.program

    def __get__(self, instance: Any, owner: Any = None) -> "Compiled":
        """As a method: the function with its instance, which is static."""
        if instance is None:
            return self
        if instance not in self._bound:
            self._bound[instance] = Compiled(self.function.__get__(instance, owner), self.static, self.threads)
        return self._bound[instance]

    def __repr__(self) -> str:
        count = sum(map(len, self._recordings.values()))
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

    def _record(self, key: Any, given: Sequence[tuple[str, Any]], positional: int) -> Recording:
        """Call the function once, and keep what it did."""
        recorder = Recorder(self.name)
        leaves: list[Any] = []
        differentiable = bytearray()

        def leaf(part: Any, name: str) -> Any:
            is_value = isinstance(part, Value)
            made = Value(part._data, part.label or name) if is_value else Argument(part, name)
            recorder.given.add(made._birth)
            leaves.append(made)
            differentiable.append(is_value)
            return made

        arguments = filled(given, self.static, leaf)
        states = random_states()
        with recorded(recorder):
            answer = self._called(arguments, positional)
        check_random(self.name, states, lambda: self._called(given, positional))
        outputs, assembled = _taken_apart(self.name, answer)
        program, parameters, numbers = read(recorder, leaves, outputs, bytes(differentiable))
        recording = Recording(simplified(program, numbers), parameters, assembled)
        self._keep(key, recording)
        return recording

    def _keep(self, key: Any, recording: Recording) -> None:
        with self._lock:
            self._recordings.setdefault(key, []).append(recording)
            self._order.append(key)
            if len(self._order) > MOST_RECORDINGS:
                oldest = self._order.pop(0)
                self._recordings[oldest].pop(0)
                if not self._recordings[oldest]:
                    del self._recordings[oldest]
                self._thrashed()

    def _thrashed(self) -> None:
        if not self._has_warned:
            self._has_warned = True
            warnings.warn(f"{self.name} has been recorded {MOST_RECORDINGS} times", RuntimeWarning, stacklevel=4)

    def _not_the_same(self) -> RuntimeError:
        return RuntimeError(
            f"{self.name} decides differently when it is called again with the same arguments, so it cannot be compiled"
        )

    def _replayed(self, batch: Batch, positional: int, want_gradient: bool) -> Iterator[_Done]:
        """Each way that examples of a batch take, until all are done."""
        places: Any = range(batch.count) if batch.which is None else batch.which
        which, known = batch.which, list(self._recordings.get(batch.key, ()))
        while places:
            is_new = not known
            recording = self._record(batch.key, batch.example(places[0]), positional) if is_new else known.pop(0)
            parameters = array("d", [x._data for x in recording.parameters])
            outputs, failed, slope, of_inputs = recording.replay.lanes(
                batch.columns, which, batch.count, parameters, want_gradient, self.threads
            )
            self._last = recording
            if not failed:
                yield _Done(Piece(recording, batch, which), places, outputs, slope, of_inputs)
                return
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

    def _reduced(self, how: str, columns: Sequence[Any], named: Mapping[str, Any]) -> Any:
        call = f"{self.name}.{how}"
        given = self._named(columns, named)
        if _is_eager():
            return self._step_by_step(how, given, len(columns))
        found, count = batches(call, given, self.static)
        done = [each for batch in found for each in self._replayed(batch, len(columns), mode().recording)]
        outputs = array("d", bytes(8 * count))
        for each in done:
            if len(each.piece.recording.operations) != 1 or each.piece.recording.assembled([0.0]) != 0.0:
                raise TypeError(f"{call} needs a function that answers one Value: {self.name} answers several")
            place_outputs(outputs, each.piece.which, each.outputs)
        reduction = Reduction(how, count, [each.piece for each in done])
        value = reduced(how, outputs)
        operands = reduction.operands()
        if not mode().recording:
            return Value.__apply_operation__(self._operation(reduction), operands, _numbers(operands), (value, tuple))
        partials = reduction.gathered(outputs, [x.slope for x in done], [x.of_inputs for x in done])
        return Value.__apply_operation__(
            self._operation(reduction), operands, _numbers(operands), (value, functools.partial(tuple, partials))
        )

    def _operation(self, reduction: Reduction) -> Operation:
        """The operation of a mean or sum, of which each has its own, with what it was computed from."""
        template = self._templates.get(reduction.how)
        if template is None:
            template = self._templates[reduction.how] = _reducing(f"{self.name}.{reduction.how}")
        operation = object.__new__(Operation)
        vars(operation).update(vars(template), rule=reduction.rule)
        return operation

    def _step_by_step(self, how: str, given: Sequence[tuple[str, Any]], positional: int) -> Any:
        raise NotImplementedError


def _reducing(name: str) -> Operation:
    def rule(xs: Any) -> Any:
        raise NotImplementedError

    rule.__name__ = name
    return replace(unlisted(rule, f"{name}(xs)", domain=([REALS],)), is_of_book=False)


def _numbers(operands: Sequence[Any]) -> tuple[float, ...]:
    return tuple([x if type(x) is float else x._data for x in operands])


def _rows(numbers: "array[float] | None", rows: Sequence[int], width: int) -> Any:
    if numbers is None:
        return None
    return array("d", [number for row in rows for number in numbers[row * width : (row + 1) * width]])


def _taken_apart(name: str, answer: Any) -> tuple[list[Any], Callable[[list[Any]], Any]]:
    """The Values in an answer, and what puts others in their places."""
    if isinstance(answer, Value):
        return [answer], lambda values: values[0]
    values = [part for part in parts(answer) if isinstance(part, Value)]
    if not values:
        raise TypeError(
            f"{name} answers {shown(answer)}, which does not depend on its arguments as a Value does: a compiled "
            "function answers a Value, or a list of them"
        )

    def assembled(others: list[Any]) -> Any:
        following = iter(others)
        return mapped(answer, lambda part, _: next(following) if isinstance(part, Value) else part)

    return values, assembled


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


# What users call ------------------------------------------------------------------------------------


@overload
def compile(function: Callable[..., Any], *, static: Sequence[str] = (), threads: int = 1) -> Compiled: ...
@overload
def compile(*, static: Sequence[str] = (), threads: int = 1) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(function: Callable[..., Any] | None = None, *, static: Sequence[str] = (), threads: int = 1) -> Any:
    """Record a function of Values once, and replay it at each further call; also a decorator.

    >>> from autograd import Value
    >>> w = Value(2.0)
    >>> line = compile(lambda x: w * x + 1.0)
    >>> line(3.0).data, line.map([1.0, 2.0])
    (7.0, [3.0, 5.0])

    Numbers among the arguments vary; texts, truth values, None, shapes, and the arguments named in `static`, select a
    recording. Each way that the function takes, as its comparisons of Values come out, gets a recording too.
    """
    static = (static,) if isinstance(static, str) else tuple(static)
    threads = whole("threads", threads, least=1)
    if function is None:
        return lambda function: compile(function, static=static, threads=threads)
    if not callable(function):
        raise TypeError(f"compile takes a function, not {shown(function)}")
    return Compiled(function, static, threads)
