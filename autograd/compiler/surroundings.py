"""What a function finds outside: names of its own that may mean something else at the next call, and random numbers.

>>> SCALE = 2.0
>>> Surroundings(lambda x: SCALE * x).named()
[('SCALE', 2.0)]
"""

import builtins
import pickle
import random
import sys
from collections.abc import Callable, Iterator
from itertools import chain, dropwhile, takewhile
from operator import is_
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from ..engines import Value
from .arguments import MOST_PARTS, PLAIN, known


class Surroundings:
    """What the names mean that the code of a function itself reads: part of what selects a recording."""

    def __init__(self, function: Any) -> None:
        self.function = function
        inner = _function_of(function)
        self.globals: dict[str, Any] = {} if inner is None else inner.__globals__
        self.names = [] if inner is None else [x for x in global_names(inner.__code__) if not hasattr(builtins, x)]
        self.cells = (
            [] if inner is None else list(zip(inner.__code__.co_freevars, inner.__closure__ or (), strict=True))
        )
        self.attribute_names = () if inner is None else attribute_names(inner.__code__)
        self.instance: dict[str, Any] = {}  # the attributes of the instance whose method it is
        self._last: tuple[Any, ...] = ()
        self._key: tuple[Any, ...] = ()

    def key(self) -> tuple[Any, ...]:
        """What the names mean now, as something that can be compared."""
        found = tuple([thing for _, thing in self.meanings()])
        if len(found) != len(self._last) or not all(map(is_, found, self._last)):
            self._last, self._key = found, tuple(map(known, found))
        return self._key

    def named(self) -> list[tuple[str, Any]]:
        """The names and what they mean."""
        found = [(name, self.globals.get(name)) for name in self.names]
        return found + [(name, cell.cell_contents) for name, cell in self.cells if not _is_empty(cell)]

    def meanings(self) -> list[tuple[str, Any]]:
        """The names, and one level down what lists hold and what attributes are plain, with what they mean."""
        named = self.named()
        parts = [(f"{name}, its {way}", part) for name, thing in named for _, way, part in self._parts(thing)]
        return [*named, *parts, *self._of_instance()]

    def watched(self) -> tuple[Any, ...]:
        """The places where all this stands, one after the other: a dict, cell or list, which place, and the thing."""
        places: list[tuple[Any, Any, Any]]
        places = [(self.globals, name, self.globals[name]) for name in self.names if name in self.globals]
        places += [(cell, None, cell.cell_contents) for _, cell in self.cells if not _is_empty(cell)]
        for _, thing in self.named():
            length = len(thing) if isinstance(thing, list) else None
            parts = () if isinstance(thing, tuple) else self._parts(thing)
            places += [(owner, (way, length) if length is not None else way, part) for owner, way, part in parts]
        places += [(self.instance, name, part) for name, part in self._of_instance()]
        return tuple(chain.from_iterable(places))

    def _parts(self, thing: Any) -> Iterator[tuple[Any, Any, Any]]:
        """What a list holds, and the plain attributes of an object that the function names: where, which, and what."""
        if isinstance(thing, list | tuple) and len(thing) <= MOST_PARTS:
            yield from [(thing, place, part) for place, part in enumerate(thing)]
        elif isinstance(thing, dict) and len(thing) <= MOST_PARTS:
            yield from [(thing, name, part) for name, part in thing.items()]
        elif not isinstance(thing, ModuleType | FunctionType | type | Value) and hasattr(thing, "__dict__"):
            yield from [(vars(thing), name, vars(thing)[name]) for name in self._attributes(vars(thing))]

    def _of_instance(self) -> list[tuple[str, Any]]:
        return [(name, self.instance[name]) for name in self._attributes(self.instance)]

    def _attributes(self, attributes: dict[str, Any]) -> list[str]:
        """The plain attributes that the function names."""
        return [name for name in self.attribute_names if name in attributes and isinstance(attributes[name], PLAIN)]


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:  # a name that is given later
        return True
    return False


def _cells(function: FunctionType) -> list[tuple[str, Any]]:
    return list(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def _function_of(function: Any) -> FunctionType | None:
    """The function whose code runs when this one is called; None where that is not one of Python's."""
    while not isinstance(function, FunctionType):
        if isinstance(function, MethodType):
            function = function.__func__
        elif hasattr(function, "func") and hasattr(function, "keywords"):  # a partial
            function = function.func
        elif isinstance(vars(type(function)).get("__call__"), FunctionType):
            function = vars(type(function))["__call__"]
        else:
            return None
    return function


def global_names(code: CodeType) -> tuple[str, ...]:
    """The names of globals that a code reads, also in functions inside it."""
    found = _GLOBALS.get(code)
    if found is None:
        import dis

        instructions = [each for part in _codes(code) for each in dis.get_instructions(part)]
        names = [each.argval for each in instructions if each.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
        found = _GLOBALS[code] = tuple(dict.fromkeys(names))
    return found


_GLOBALS: dict[CodeType, tuple[str, ...]] = {}


def attribute_names(code: CodeType) -> tuple[str, ...]:
    """The names of attributes that a code mentions, also in functions inside it; among other names."""
    return tuple(dict.fromkeys(name for part in _codes(code) for name in part.co_names))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


# Random numbers -------------------------------------------------------------------------------------


def random_states(surroundings: Surroundings) -> list[Any]:
    """The states of the generators that a function may draw from: Python's and NumPy's own, and those that it names."""
    states: list[Any] = [random.getstate()]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        states.append(pickle.dumps(numpy.get_state()))
    return states + [_state(generator) for generator in _generators(surroundings)]


def _generators(surroundings: Surroundings) -> Iterator[Any]:
    """Generators among what a function names, and among the attributes of those things."""
    things = [thing for _, thing in surroundings.named() if not isinstance(thing, ModuleType)]
    things.append(getattr(surroundings.function, "__self__", surroundings.function))
    for thing in things:
        attributes = [] if isinstance(thing, FunctionType | type) else getattr(thing, "__dict__", {}).values()
        yield from [each for each in (thing, *attributes) if _is_generator(each)]


def _is_generator(thing: Any) -> bool:
    return isinstance(thing, random.Random) or hasattr(thing, "bit_generator") or type(thing).__name__ == "RandomState"


def _state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    return pickle.dumps(generator.get_state() if hasattr(generator, "get_state") else generator.bit_generator.state)


def check_random(name: str, surroundings: Surroundings, before: list[Any], again: Callable[[], Any]) -> None:
    """Raise TypeError if a random number was drawn; the function is run once more to see at which line."""
    if random_states(surroundings) == before:
        return
    before = random_states(surroundings)
    lines: list[str] = []
    drawn: list[str] = []

    def watch(frame: Any, event: str, _: Any) -> Any:
        if lines and not drawn and random_states(surroundings) != before:
            drawn.append(f" at {lines[0]}")
        lines[:] = _lines_of_the_user(frame)
        return None if drawn else watch

    trace = sys.gettrace()
    sys.settrace(watch)
    try:
        again()
    finally:
        sys.settrace(trace)
    raise TypeError(
        f"{name} draws a random number{''.join(drawn)}, which would be the same at every call of the compiled "
        "function: draw it outside, and pass it as an argument"
    )


def _lines_of_the_user(frame: Any) -> list[str]:
    """The line from which the engine, or `random`, was called last, or which is running; none inside them."""
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    inner = dropwhile(lambda each: not _is_of_engine(each), reversed(frames))  # the compiled function was called
    users = [*takewhile(lambda each: not _is_of_engine(each), dropwhile(_is_of_engine, inner))]
    return [f"{each.f_code.co_filename}:{each.f_lineno}" for each in users[-1:]]


def _is_of_engine(frame: Any) -> bool:
    return frame.f_globals.get("__name__", "").partition(".")[0] in ("random", __name__.partition(".")[0])
