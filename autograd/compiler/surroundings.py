"""What a function finds outside: names of its own that may mean something else at the next call, and random numbers.

>>> SCALE = 2.0
>>> [(place.label, place.thing) for place in Surroundings(lambda x: SCALE * x).places()]
[('SCALE', 2.0)]
"""

import functools
import os
import pickle
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, dropwhile, takewhile
from operator import is_
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from ..engines import Value
from .arguments import MOST_PARTS, PLAIN, known


class Place(NamedTuple):
    """Where a function finds something: what messages call it, in which dict, cell or list, where there, and what."""

    label: str
    owner: Any
    way: Any
    thing: Any


class Surroundings:
    """What the names mean that a function reads: part of what selects a recording.

    Those of the functions of the same program that it calls count, too; one level down what lists and dicts hold, and
    the numbers, texts, flags and Values among the attributes that the code mentions.
    """

    def __init__(self, function: Any) -> None:
        self.function = function
        owner = function.__self__ if isinstance(function, MethodType) else function
        # The attributes of the instance whose method it is, or of the object that is called.
        self.instance: dict[str, Any] = {} if isinstance(owner, FunctionType) else getattr(owner, "__dict__", {})
        self._last: tuple[Any, ...] = ()
        self._key: tuple[Any, ...] = ()

    def key(self, places: Sequence[Place] | None = None) -> tuple[Any, ...]:
        """What the names mean, now or when the places were looked at, as something that can be compared."""
        found = tuple([place.thing for place in (self.places() if places is None else places)])
        if len(found) != len(self._last) or not all(map(is_, found, self._last)):
            self._last, self._key = found, tuple(map(known, found))
        return self._key

    def generators(self, places: Iterable[Place]) -> list[Any]:
        """Generators of random numbers among what the function names, and among the attributes of those things."""
        things = [place.thing for place in places if not isinstance(place.thing, ModuleType)]
        things.append(getattr(self.function, "__self__", self.function))
        found: list[Any] = []
        for thing in things:
            attributes = [] if isinstance(thing, FunctionType | type) else getattr(thing, "__dict__", {}).values()
            found += [each for each in (thing, *attributes) if _is_generator(each)]
        return found

    def places(self) -> list[Place]:
        """Where the function finds what it reads."""
        functions: list[Any] = [_function_of(self.function)]
        found: list[Place] = []
        for function in functions:  # grows as it goes
            if function is None:
                continue
            names = attribute_names(function.__code__)
            here = (
                [*_named(function), *_parts("", self.instance, names)] if function is functions[0] else _named(function)
            )
            for place in here:
                found.append(place)
                found += _parts(place.label, place.thing, names)
                functions += [each for each in _called(place.thing) if each not in functions]
        return found


def _named(function: FunctionType) -> list[Place]:
    """The names that a function takes from outside of it."""
    around, code = function.__globals__, function.__code__
    found = [Place(x, around, x, around[x]) for x in global_names(code) if x in around]
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    found += [Place(name, cell, None, cell.cell_contents) for name, cell in cells if not _is_empty(cell)]
    defaults = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    return found + [Place("a default", None, None, each) for each in defaults]


def _parts(label: str, thing: Any, names: Sequence[str]) -> list[Place]:
    """What a list or dict holds, and of an object the attributes that a function mentions."""
    if isinstance(thing, list | tuple):
        owner = thing if isinstance(thing, list) else None
        things = thing if len(thing) <= MOST_PARTS else ()
        return [Place(f"{label}[{place}]", owner, (place, len(thing)), part) for place, part in enumerate(things)]
    if isinstance(thing, dict):
        wanted = thing if label and len(thing) <= MOST_PARTS else [name for name in names if name in thing]
        parts = [(name, thing[name]) for name in wanted]
        return [Place(f"{label}[{way!r}]", thing, way, part) for way, part in parts if label or _is_plain(part)]
    if isinstance(thing, FunctionType | type | Value) or not hasattr(thing, "__dict__"):
        return []
    names = [*names, *(name for method in _called(thing) for name in attribute_names(method.__code__))]
    attributes = vars(thing)
    return [
        Place(f"{label}.{name}", attributes, name, attributes[name])
        for name in dict.fromkeys(names)
        if name in attributes and _is_plain(attributes[name])
    ]


def _is_plain(thing: Any) -> bool:
    return isinstance(thing, (*PLAIN, Value))


def _called(thing: Any) -> list[FunctionType]:
    """The functions of the same program that run when a thing is called."""
    if isinstance(thing, FunctionType):
        functions: list[Any] = [thing]
    elif isinstance(thing, MethodType):
        functions = [thing.__func__]
    elif hasattr(thing, "__wrapped__") and isinstance(thing.__wrapped__, FunctionType):
        functions = [thing.__wrapped__]
    else:
        functions = [vars(kind).get(name) for kind in type(thing).__mro__ for name in ("__call__", "forward")]
    return [each for each in functions if isinstance(each, FunctionType) and _is_users(each.__code__.co_filename)]


@functools.cache
def _is_users(file: str) -> bool:
    """Whether a file is of the program, and not of Python or a package that is installed."""
    return not file.startswith((_PACKAGE + os.sep, _LIBRARY + os.sep)) and "site-packages" not in file


_PACKAGE, _LIBRARY = os.path.dirname(os.path.dirname(__file__)), os.path.dirname(os.__file__)


def containers(values: Iterable[Any], places: Iterable[Any]) -> tuple[Any, ...]:
    """The lists, dicts and attributes in which these Values stand, and those in which these stand, from some things on.

    Each as three things in a row: a list, None and what it holds; or a dict, a key, and what is there.
    """
    births = {value._birth for value in values}
    seen: dict[int, bool] = {}
    found: list[Any] = []

    def holds(thing: Any, depth: int) -> bool:
        if isinstance(thing, Value):
            return thing._birth in births
        if id(thing) in seen or depth > DEEPEST or len(seen) > MOST_SEEN:
            return seen.get(id(thing), False)
        seen[id(thing)] = False
        if isinstance(thing, list | tuple):
            if thing and isinstance(thing[0], PLAIN):
                return False
            if sum(holds(part, depth + 1) for part in thing):  # of all, and not only up to the first
                seen[id(thing)] = True
                if isinstance(thing, list):
                    found.extend((thing, None, tuple(thing)))
        elif isinstance(thing, dict) or _has_attributes(thing):
            owner = thing if isinstance(thing, dict) else vars(thing)
            for name, part in list(owner.items()):
                if holds(part, depth + 1):
                    seen[id(thing)] = True
                    found.extend((owner, name, part))
        return seen[id(thing)]

    for thing in places:
        holds(thing, 0)
    return tuple(found)


# How far Values are looked for.
DEEPEST, MOST_SEEN = 50, 1_000_000


def _has_attributes(thing: Any) -> bool:
    return hasattr(thing, "__dict__") and not isinstance(thing, ModuleType | FunctionType | MethodType | type)


def watched_at(places: Iterable[Place]) -> tuple[Any, ...]:
    """The places, one after the other: the dict, cell or list, the place in it, and the thing."""
    return tuple(chain.from_iterable([place[1:] for place in places if place.owner is not None]))


def unchanged(watched: Sequence[Any]) -> bool:
    """Whether places hold what they held."""
    return all(map(_is_as_before, watched[::3], watched[1::3], watched[2::3]))


def _is_as_before(owner: Any, way: Any, thing: Any) -> bool:
    if isinstance(owner, dict):
        return owner.get(way, _is_as_before) is thing
    if isinstance(owner, list):
        if way is None:
            return len(owner) == len(thing) and all(map(is_, owner, thing))
        return len(owner) == way[1] and owner[way[0]] is thing
    return owner.cell_contents is thing


def _is_empty(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:  # a name that is given later
        return True
    return False


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


@functools.lru_cache(maxsize=1000)
def attribute_names(code: CodeType) -> tuple[str, ...]:
    """The names of attributes that a code mentions, also in functions inside it; among other names."""
    return tuple(dict.fromkeys(name for part in _codes(code) for name in part.co_names))


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


# Random numbers -------------------------------------------------------------------------------------


def random_states(generators: Iterable[Any]) -> list[Any]:
    """The states of these generators, and of Python's and NumPy's own, from which any function may draw."""
    states: list[Any] = [random.getstate()]
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        states.append(pickle.dumps(numpy.get_state()))
    return states + [_state(generator) for generator in generators]


def _is_generator(thing: Any) -> bool:
    return isinstance(thing, random.Random) or hasattr(thing, "bit_generator") or type(thing).__name__ == "RandomState"


def _state(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    return pickle.dumps(generator.get_state() if hasattr(generator, "get_state") else generator.bit_generator.state)


def check_random(name: str, generators: Sequence[Any], before: list[Any], again: Callable[[], Any]) -> None:
    """Raise TypeError if a random number was drawn; the function is run once more to see at which line."""
    if random_states(generators) == before:
        return
    before = random_states(generators)
    lines: list[str] = []
    drawn: list[str] = []

    def watch(frame: Any, event: str, _: Any) -> Any:
        if lines and not drawn and random_states(generators) != before:
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
