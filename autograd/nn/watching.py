"""What functions and models remember, or find outside of their arguments: noted, compared later, and put back.

>>> seen = []
>>> watch = Watch(lambda x: seen.append(x))
>>> seen.append(1.0)
>>> watch.changed()
'seen'
>>> watch.undo()
>>> seen
[]

A training that replays its model does not run the model's own code at each step. So that code must not carry anything
from call to call, as a counter or a running mean, and what it depends on must not change without being noticed.
"""

import os
import pickle
import random
import sys
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from types import CellType, FunctionType, MethodType, ModuleType
from typing import Any

from ..compiler import Compiled
from ..compiler.surroundings import global_names
from ..engines import Value

# What never changes, and Values, whose numbers are read at each replay.
_FIXED = (int, float, complex, str, bytes, type(None), Value, range)

# Where code is that is not the user's, which is taken to remember nothing but what its objects hold.
_LIBRARIES = (os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(__file__)))

# What a module notes about itself when it is called for the first time.
_NOTES = ("_called", "_place")

# Functions whose effect a replay would leave out.
_EFFECTS = {"print": "it prints", "input": "it asks for input", "breakpoint": "it stops in the debugger"}

_Parts = Iterable[tuple[str, Any]]


class Watch:
    """All that some functions and models can reach and that can change, as it is now; each has a name to tell it by."""

    def __init__(self, *roots: Any) -> None:
        self.effect = ""  # something that they do and that cannot be compared
        self._notes: list[_Note] = []
        self._note("Python's random numbers", random.getstate, random.setstate)
        numpy = sys.modules.get("numpy.random")
        if numpy is not None:
            read, put_back = (
                lambda: pickle.dumps(numpy.get_state()),
                lambda before: numpy.set_state(pickle.loads(before)),
            )
            self._note("NumPy's random numbers", read, put_back)
        seen: dict[int, Any] = {}
        self._seen = seen  # kept, so that nothing else can take the place of one of them
        pending: list[tuple[str, Any]] = [("", root) for root in roots]
        while pending:
            name, thing = pending.pop()
            if not isinstance(thing, _FIXED) and id(thing) not in seen:
                seen[id(thing)] = thing
                pending += self._parts(name, thing)

    def changed(self) -> str:
        """The name of something that is not as it was; "" if all is."""
        return next((note.told() for note in self._notes if note.is_changed()), "")

    def undo(self) -> None:
        """Put back what has changed."""
        for note in self._notes:
            if note.is_changed():
                note.put_back(note.before)

    def knows(self, thing: Any) -> bool:
        """Whether the functions and models can reach it."""
        return id(thing) in self._seen

    def _note(self, name: str, read: Callable[[], Any], put_back: Callable[[Any], object]) -> None:
        self._notes.append(_Note(name, read, put_back))

    def _parts(self, name: str, thing: Any) -> _Parts:
        """What a thing holds, after a note of what it holds now, if that can change."""
        if isinstance(thing, tuple | frozenset):
            return [(name, part) for part in thing]
        if isinstance(thing, list | deque | set):
            self._note(name, partial(list, thing), partial(_refill, thing))
            return [(f"{name}[{place}]", part) for place, part in enumerate(thing) if not isinstance(part, _FIXED)]
        if isinstance(thing, dict):
            self._note(name, thing.copy, partial(_refill, thing))
            return [(f"{name}[{key!r}]", part) for key, part in thing.items() if not isinstance(part, _FIXED)]
        if isinstance(thing, CellType):
            self._note(name, partial(getattr, thing, "cell_contents", None), partial(setattr, thing, "cell_contents"))
            return [(name, getattr(thing, "cell_contents", None))]
        if isinstance(thing, FunctionType):
            return self._parts_of_function(thing)
        if isinstance(thing, type):
            return self._parts_of_class(thing) if _is_users(thing) else []
        if isinstance(thing, MethodType | partial | staticmethod | classmethod | property | Compiled):
            ways = ("__self__", "__func__", "func", "args", "keywords", "fget", "function")
            return [(name, getattr(thing, way)) for way in ways if hasattr(thing, way)]
        return [] if isinstance(thing, ModuleType) else self._parts_of_object(name, thing)

    def _parts_of_function(self, function: FunctionType) -> _Parts:
        code, found = function.__code__, function.__globals__
        if not _is_users_file(code.co_filename):
            return []
        for name, told in _EFFECTS.items():
            if name in global_names(code) and name not in found:
                self.effect = self.effect or told
        parts = [
            *zip(code.co_freevars, function.__closure__ or (), strict=True),
            (function.__name__, function.__defaults__),
            (function.__name__, function.__kwdefaults__),
            *self._parts_of_space(found, [name for name in global_names(code) if name in found]),
        ]
        for name in global_names(code):  # such as config.scale, where config is a module
            space = vars(found[name]) if isinstance(found.get(name), ModuleType) and _is_users(found[name]) else {}
            parts += self._parts_of_space(space, [each for each in code.co_names if each in space])
        return parts

    def _parts_of_space(self, space: dict[str, Any], names: Iterable[str]) -> list[tuple[str, Any]]:
        for name in names:
            self._note(name, partial(space.get, name), partial(space.__setitem__, name))
        return [(name, space[name]) for name in names]

    def _parts_of_class(self, kind: type) -> _Parts:
        attributes = {name: part for name, part in vars(kind).items() if not name.startswith("__") or callable(part)}
        for name in attributes:
            self._note(f"{kind.__name__}.{name}", partial(vars(kind).get, name), partial(setattr, kind, name))
        return [*attributes.items(), (kind.__name__, kind.__bases__)]

    def _parts_of_object(self, name: str, thing: Any) -> _Parts:
        if isinstance(thing, random.Random):
            self._note(name, thing.getstate, thing.setstate)
        elif hasattr(thing, "bit_generator"):
            own = thing.bit_generator
            self._note(
                name, lambda: pickle.dumps(own.state), lambda before: setattr(own, "state", pickle.loads(before))
            )
        elif hasattr(thing, "tobytes"):  # an array
            self._note(name, thing.tobytes, partial(_overwrite, thing))
        elif hasattr(thing, "__next__"):
            self.effect = self.effect or f"it reads from {name}, an iterator"
        elif hasattr(thing, "__dict__"):
            held = vars(thing)
            own = name or type(thing).__name__
            self._note(own, lambda: {way: x for way, x in held.items() if way not in _NOTES}, partial(_refill, held))
            return [*((f"{name}.{way}".strip("."), part) for way, part in held.items()), (name, type(thing))]
        return []


class _Note:
    """Something that can change: how to read it, what it was, and how to put that back."""

    __slots__ = ("before", "name", "put_back", "read")

    def __init__(self, name: str, read: Callable[[], Any], put_back: Callable[[Any], object]) -> None:
        self.name, self.read, self.put_back, self.before = name, read, put_back, read()

    def is_changed(self) -> bool:
        """Whether it holds other things now: not other numbers, for a number that changes is another object."""
        now, before = self.read(), self.before
        if isinstance(now, dict) and isinstance(before, dict):
            return list(now) != list(before) or [*map(id, now.values())] != [*map(id, before.values())]
        if isinstance(now, list) and isinstance(before, list):
            return [*map(id, now)] != [*map(id, before)]
        return now is not before and not (isinstance(now, tuple | str | bytes) and now == before)

    def told(self) -> str:
        """Its name, with that of the first attribute that is not as it was."""
        now, before = self.read(), self.before
        if not isinstance(now, dict):
            return self.name
        differing = [way for way in (*now, *before) if way not in now or now[way] is not before.get(way)]
        return ".".join([self.name, *map(str, differing[:1])])


def _refill(thing: Any, held: Any) -> None:
    if isinstance(thing, dict):
        kept = {name: part for name, part in thing.items() if name in _NOTES}
        thing.clear()
        thing.update(kept, **held) if kept else thing.update(held)
    else:
        thing.clear()
        (thing.update if isinstance(thing, set) else thing.extend)(held)


def _overwrite(numbers: Any, before: bytes) -> None:
    memoryview(numbers).cast("B")[:] = before


def _is_users(thing: Any) -> bool:
    """Whether a class or a module is the user's own."""
    module = thing if isinstance(thing, ModuleType) else sys.modules.get(thing.__module__)
    is_built_in = getattr(module, "__name__", "") in sys.builtin_module_names
    return not is_built_in and _is_users_file(getattr(module, "__file__", None) or "")


def _is_users_file(path: str) -> bool:
    return not path.startswith(_LIBRARIES) and not any(part in path for part in ("site-packages", "dist-packages"))
