"""What to write instead, if a rule cannot be run on Values because it calls a function of `math` or NumPy.

`backward` runs a rule on floats. `gradient` runs it on Values, so that its results can be differentiated again, and
then `math.exp` in it raises. The remedy depends on the function: the rule book has an `exp`, so use that; one that it
lacks, such as `math.lgamma`, becomes an operation of its own, whose rule calls itself if it is given a Value.
"""

import linecache
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

from .book import OPERATIONS, Operation
from .foreign import ELSEWHERE


@contextmanager
def on_values(operation: Operation) -> Iterator[None]:
    """While the rule of this operation runs on Values: a TypeError that it raises says what to write instead."""
    try:
        yield
    except TypeError as error:
        place = _place_in_rule(error.__traceback__)
        if place is None:
            raise
        frame, source, line = place
        raise TypeError(
            f"the rule of {operation.name} was run on Values, because gradient() can be differentiated again; "
            f"{_remedy(operation, _called(frame, source), error)}. For first derivatives backward() is enough; it "
            f"runs the rule on floats. (The rule is at {frame.f_code.co_filename}:{line})"
        ) from error


def _remedy(operation: Operation, called: tuple[str, str] | None, error: TypeError) -> str:
    if called is None:
        return f"{error}. Rules may use operators and functions of autograd, and may compare only with < and >"
    text, name = called
    name = ELSEWHERE.get(name, name)
    own = OPERATIONS.called(name)
    if own is not None and own is not operation:
        return f"use autograd.{own.name} for {text}"
    if name == operation.name:
        return f"write {text}(x) if type(x) is float else {name}(x) for {text}(x)"
    return (
        f"{text} takes only floats, and autograd has no such function: declare {name} itself, with its "
        f'derivative,\n\n    @operation("{name}(x)")\n    def {name}(x):\n        return {text}(x) if type(x) is float '
        f"else {name}(x), lambda: (...,)\n\nand write {name} in the rule of {operation.name}"
    )


def _place_in_rule(trace: TracebackType | None) -> tuple[FrameType, str, int] | None:
    """Where the rule, or what it calls, was last outside this package: frame, expression and line; None if nowhere."""
    package = __name__.partition(".")[0]
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    summaries = traceback.extract_tb(trace)
    for frame, summary in reversed(list(zip(frames, summaries, strict=True))):
        # This file's own way through `contextlib` is not the rule.
        if frame.f_globals.get("__name__", "").partition(".")[0] not in (package, "contextlib"):
            line = summary.lineno or 0
            whole = linecache.getline(summary.filename, line, frame.f_globals).encode()
            one_line = summary.lineno == summary.end_lineno
            return frame, whole[summary.colno : summary.end_colno if one_line else None].decode(), line
    return None


def _called(frame: FrameType, source: str) -> tuple[str, str] | None:
    """What an expression like `math.exp(-x)` calls, in full and by its own name, if that is a function of floats."""
    written = re.match(r"([^\W\d][\w.]*)\(", source)
    if written is None:
        return None
    first, *rest = written[1].split(".")
    thing: Any = frame.f_locals.get(first, frame.f_globals.get(first))
    for name in rest:
        thing = getattr(thing, name, None)
    if getattr(thing, "__module__", None) == "math":
        return f"math.{thing.__name__}", thing.__name__
    return (written[1], thing.__name__) if type(thing).__name__ == "ufunc" else None
