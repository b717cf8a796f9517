"""The recordings of one function: what selects them, how many are kept, and what is said where there are too many."""

import sys
import warnings
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

from ..locks import new_lock
from .arguments import known
from .recordings import Recording
from .surroundings import Surroundings, unchanged, watched_at

# So many recordings are kept of one function. Many ways through a function cost more than they save.
MOST_RECORDINGS = 64

_KEEPING = new_lock()


class Latest(NamedTuple):
    """The latest call, which the next one is often like: what selected its recordings, and what has to be the same."""

    key: tuple[Any, ...]
    forms: tuple[Any, ...]  # of its arguments
    watched: tuple[Any, ...]  # what it found outside
    layouts: tuple[Any, ...]  # of its columns that are buffers, None for others
    recordings: list[Recording]


def outline(arguments: Sequence[Any]) -> tuple[Any, ...]:
    """What tells most forms of arguments apart at a glance: how long they are, or what.

    >>> outline([[1, 2, 3], 0.5])
    (3, <class 'float'>)
    """
    return tuple([len(x) if isinstance(x, list | tuple) else type(x) for x in arguments])


class Store:
    """The recordings of a function, by what selects them."""

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self.surroundings = Surroundings(function)
        self.recordings: dict[Any, list[Recording]] = {}
        self.captured: set[int] = set()  # the births of all parameters
        self.latest: Latest | None = None
        self.earlier: dict[Any, Latest] = {}  # the latest of each outline, where nothing outside has changed since
        self.last: Recording | None = None  # that was replayed
        self._former: Any = None
        self._has_warned = False
        self._replaced = 0

    def key(self, form: Any, marks: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        """What selects recordings: what the function finds outside, the form of its arguments, and their marks."""
        return (self.surroundings.key(), form, *marks)

    def marks(self, inputs: Sequence[Any]) -> tuple[Any, ...]:
        """Which of the numbers and Values of a call are parameters at the same time."""
        return tuple([(place, known(x)) for place, x in enumerate(inputs) if self.captures(x)])

    def captures(self, thing: Any) -> bool:
        """Whether an argument is a Value that the function finds outside, too."""
        return type(thing) is not float and thing._birth in self.captured

    def of(self, key: Any) -> list[Recording]:
        """The recordings of a key, as they were made, without those whose parameters others have taken the place of."""
        found = self.recordings.get(key, ())
        if not all(unchanged(recording.watched) for recording in found):
            found = self.recordings[key] = [recording for recording in found if unchanged(recording.watched)]
            self.forget_calls()
            self._replaced += 1
            if self._replaced == MOST_RECORDINGS:
                warnings.warn(
                    f"{self.name} has been recorded {MOST_RECORDINGS} times, because the Values that it finds outside "
                    "are replaced by others: change the data of those, as in w.data -= lr * w.grad",
                    RuntimeWarning,
                    stacklevel=_depth_here(),
                )
        return list(found)

    def forget_calls(self) -> None:
        """Forget what the next call may be like."""
        self.latest = None
        self.earlier.clear()

    def remember(self, key: Any, layouts: tuple[Any, ...], arguments: Sequence[Any]) -> None:
        """Keep what the next call may be like, unless the function itself has changed what it finds outside."""
        if not self.recordings.get(key) or len(key) != 2:
            return
        places = self.surroundings.places()
        if key[0] == self.surroundings.key(places):
            forms = tuple([form for _, form in key[1]])
            recordings = self.recordings[key]
            watched = (*watched_at(places), *chain.from_iterable([each.watched for each in recordings[:1]]))
            if self.latest is not None and self.latest.key[0] != key[0]:
                self.forget_calls()
            self.latest = self.earlier[outline(arguments)] = Latest(key, forms, watched, layouts, recordings)

    def keep(self, key: Any, recording: Recording) -> None:
        """Add a recording; where there are too many, the least used one goes, and a warning says why, once."""
        with _KEEPING:
            self.recordings.setdefault(key, []).append(recording)
            if sum(map(len, self.recordings.values())) <= MOST_RECORDINGS:
                self._former = key
                return
            others = [(x.uses, each) for each, some in self.recordings.items() for x in some if x is not recording]
            fewest, least = min(others, key=lambda pair: pair[0])
            unneeded = next(x for x in self.recordings[least] if x is not recording and x.uses == fewest)
            self.recordings[least].remove(unneeded)
            if not self.recordings[least]:
                del self.recordings[least]
            self.forget_calls()
            has_warned, self._has_warned = self._has_warned, True
        if not has_warned:
            warnings.warn(self._why_so_many(key), RuntimeWarning, stacklevel=_depth_here())

    def _why_so_many(self, last: Any) -> str:
        """What keeps changing from recording to recording."""
        before = self._former
        head = f"{self.name} has been recorded more than {MOST_RECORDINGS} times, which costs more than it saves: "
        if last[0] != before[0]:
            names = [place.label for place in self.surroundings.places()]
            changed = [name for name, x, y in zip(names, last[0], before[0], strict=False) if x != y]
            return f"{head}{' and '.join(changed)}, which it finds outside, keeps changing; pass it as an argument"
        if last[1] != before[1]:
            changed = [x[0] for x, y in zip(last[1], before[1], strict=False) if x != y]
            told = " and ".join(changed) or "the number of arguments"
            return f"{head}{told} keeps changing its form or its static value; bring it to one form, or do not compile"
        place = self.recordings[last][-1].where_it_differs(self.recordings[last][-2])
        return (
            f"{head}the comparison at {place} keeps coming out differently; choose inside the program instead, as with "
            "autograd.maximum, relu, clamp or where, or do not compile"
        )


def _depth_here() -> int:
    """How many calls the program's own line is above the caller, as warnings count them."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "autograd":
        frame, depth = frame.f_back, depth + 1
    return depth
