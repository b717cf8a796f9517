"""Ways of computing for the length of a block: without recording, in a named part, or watching every number.

>>> with scope("hidden layer"), no_grad():
...     mode().scope.path, mode().recording
(('hidden layer',), False)
>>> mode().recording
True

A block is in force from where it is entered to where it ends. A block in a generator is in force while the generator
runs: code that takes its values meanwhile, between one `yield` and the next, computes as before.

The blocks of a context (each thread and each asyncio task has its own) form a linked list of `Mode`s, from the inside
out. Each Mode knows the combined effect of its block and all those around it, so that an engine that makes a node
reads one Mode and asks no block. The blocks are asked only if one that was not left may still not be in force.
"""

import inspect
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import update_wrapper
from types import FrameType
from typing import Any, TypeVar

from .book import RECORDERS

Function = TypeVar("Function", bound=Callable[..., Any])


class Mode:
    """The combined effect of an open block and those around it."""

    __slots__ = (
        "anomaly",
        "block",
        "expanded",
        "forward",
        "outer",
        "recorder",
        "recording",
        "scope",
        "settled",
        "unsure",
    )

    def __init__(self) -> None:
        """The mode outside of all blocks."""
        self.recording = True
        self.anomaly = False  # whether to look for inf and nan
        self.forward = True  # whether to do so in what operations make, too
        self.scope: Scope | None = None
        self.expanded = False  # whether neurons are built of single products and sums
        self.recorder: Any = None  # what records the function that is running, see `recorded`
        self.block: Block | None = None
        self.outer: Mode | None = None
        # Reasons to ask the blocks whether they are in force. Nested blocks share the list.
        self.unsure: list[str] = []
        self.settled: tuple[list[Block], Mode] | None = None  # the blocks that were last in force, and their mode

    def inside(self, block: "Block") -> "Mode":
        """The mode of a block inside this one."""
        mode: Mode = object.__new__(Mode)
        mode.recording = self.recording
        mode.anomaly = self.anomaly
        mode.forward = self.forward
        mode.scope = self.scope
        mode.expanded = self.expanded
        mode.recorder = self.recorder
        mode.block = block
        mode.outer = self
        if block.generator is not None:
            mode.unsure = ["a generator may pause"]
        else:
            mode.unsure = [] if self.block is None else self.unsure
        mode.settled = None
        for name, setting in block.settings.items():
            setattr(mode, name, setting)
        block.unsure = mode.unsure
        return mode

    def blocks(self) -> "list[Block]":
        """The open blocks, the innermost first."""
        found = []
        mode = self
        while mode.block is not None and mode.outer is not None:
            found.append(mode.block)
            mode = mode.outer
        return found


class Block:
    """A block that was entered: what it sets, and the frame of the generator that contains it, if there is one."""

    __slots__ = ("closed", "generator", "settings", "unsure")

    def __init__(self, settings: dict[str, Any], generator: FrameType | None) -> None:
        self.settings = settings
        self.generator = generator
        self.closed = False  # for those who entered it and cannot know that it was left
        self.unsure: list[str] = []  # that of its mode

    def is_in_force(self) -> bool:
        """Whether its generator is running: only a frame that is running has a caller."""
        return not self.closed and (self.generator is None or self.generator.f_back is not None)


OUTSIDE = Mode()

# A context variable, so that each thread and each asyncio task is in its own mode.
MODE: ContextVar[Mode] = ContextVar("autograd_mode", default=OUTSIDE)
# A variable that is set is found at once; one that is not is looked for each time, if the program has set any other.
MODE.set(OUTSIDE)


def mode() -> Mode:
    """The mode in which the engine is computing now."""
    found = MODE.get()
    return settled(found) if found.unsure else found


def settled(mode: Mode) -> Mode:
    """The combined effect of those blocks that are in force now."""
    blocks = [block for block in mode.blocks() if block.is_in_force()]
    if mode.settled is None or mode.settled[0] != blocks:
        found = Mode()
        for block in reversed(blocks):
            for name, setting in block.settings.items():
                setattr(found, name, setting)
        mode.settled = blocks, found
    return mode.settled[1]


def _enter(block: Block) -> None:
    mode = MODE.get()
    if mode.unsure:
        # If a generator pauses meanwhile and continues inside the block, its own blocks are the inner ones.
        mode, paused = _parted(mode, lambda other: other.is_in_force())
        MODE.set(_inside(mode.inside(block), [other for other in paused if not other.closed]))
    else:
        MODE.set(mode.inside(block))


def _leave(block: Block) -> None:
    mode = MODE.get()
    if mode.block is not block:
        mode, inner = _parted(mode, lambda other: other is block)
        if mode.outer is not None:
            MODE.set(_inside(mode.outer, inner))
        else:  # another thread or task has entered it
            block.closed = True
            block.unsure.append("one of these was left elsewhere")
    elif mode.outer is not None:
        MODE.set(mode.outer)
    if block.generator is not None:
        block.closed, block.generator = True, None  # the frame would keep everything in it alive


def _parted(mode: Mode, is_wanted: Callable[[Block], bool]) -> tuple[Mode, list[Block]]:
    """The innermost mode of a block that is wanted, and the blocks inside it; if there is none, the outermost."""
    inner = []
    while mode.block is not None and mode.outer is not None and not is_wanted(mode.block):
        inner.append(mode.block)
        mode = mode.outer
    return mode, inner


def _inside(mode: Mode, blocks: list[Block]) -> Mode:
    for block in reversed(blocks):
        mode = mode.inside(block)
    return mode


# Whose block it is --------------------------------------------------------------------------------

_GENERATORS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_MANAGERS = ("__enter__", "__exit__", "__aenter__", "__aexit__")


def _generator(frame: FrameType | None) -> FrameType | None:
    """The frame of the generator that contains a block; None if that is an ordinary function or a coroutine.

    Whatever enters a block on behalf of another function, like context managers composed of others, is skipped.
    """
    while frame is not None:
        if frame.f_code.co_flags & _GENERATORS:
            # If contextlib makes a context manager of a generator, its blocks belong to whoever enters it.
            if frame.f_back is None or not _is_of_contextlib(frame.f_back):
                return frame
        elif frame.f_code.co_name not in _MANAGERS and not _is_of_contextlib(frame):
            return None
        frame = frame.f_back
    return None


def _is_of_contextlib(frame: FrameType) -> bool:
    return frame.f_globals.get("__name__") == "contextlib"


class Way:
    """A way of computing: `with` for a block, or a decorator for the body of a function, a generator or a coroutine.

    An instance may be entered again and again, even inside itself.
    """

    def __init__(self) -> None:
        self._open: list[Block] = []

    def _settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def _again(self) -> "Way":
        """Another one of its kind."""
        return type(self)()

    def __enter__(self) -> Any:
        self._entered()

    def _entered(self) -> Block:
        block = Block(self._settings(), _generator(sys._getframe(2)))
        _enter(block)
        self._open.append(block)
        return block

    def __exit__(self, *error: object) -> None:
        if not self._open:
            raise RuntimeError(f"this block of {type(self).__name__} ends without having been entered")
        block = self._open[0] if len(self._open) == 1 else self._innermost(_generator(sys._getframe()))
        self._open.remove(block)
        _leave(block)

    def _innermost(self, generator: FrameType | None) -> Block:
        """The one of its open blocks that ends here: that of this generator, of this thread or task."""
        of_generator = [block for block in self._open if block.generator is generator] or self._open
        here = MODE.get().blocks()
        return ([block for block in of_generator if block in here] or of_generator)[-1]

    def __call__(self, function: Function) -> Function:
        """The function with its body computed in this way; a generator's or a coroutine's body too."""
        if isinstance(function, (classmethod, staticmethod)):
            return type(function)(self(function.__func__))
        if not callable(function) or isinstance(function, type):
            name = type(self).__name__
            raise TypeError(f"{name} is a decorator of functions and methods, not of {function!r:.60}")
        for is_kind, driven in _KINDS:
            if is_kind(function) or is_kind(type(function).__call__):  # a function, or an object with that method
                return update_wrapper(driven(self, function), function)  # type: ignore[return-value]
        return update_wrapper(_called(self, function), function)  # type: ignore[return-value]


def _called(way: Way, function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*arguments: Any, **options: Any) -> Any:
        with way._again():
            return function(*arguments, **options)

    return wrapper


def _generated(way: Way, function: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def wrapper(*arguments: Any, **options: Any) -> Any:
        generator = function(*arguments, **options)
        with way._again():
            # What `yield from` does, except that this frame runs while the other one is being closed, too.
            step, given = generator.send, None
            try:
                while True:
                    item = step(given)
                    try:
                        step, given = generator.send, (yield item)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step, given = generator.throw, error
            except StopIteration as end:
                return end.value
            finally:
                generator.close()

    return wrapper


def _awaited(way: Way, function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def wrapper(*arguments: Any, **options: Any) -> Any:
        with way._again():
            return await function(*arguments, **options)

    return wrapper


def _generated_asynchronously(way: Way, function: Callable[..., Any]) -> Callable[..., AsyncIterator[Any]]:
    async def wrapper(*arguments: Any, **options: Any) -> Any:
        generator = function(*arguments, **options)
        with way._again():
            # The same for these, which have no `yield from`.
            step, given = generator.asend, None
            try:
                while True:
                    item = await step(given)
                    try:
                        step, given = generator.asend, (yield item)
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        step, given = generator.athrow, error
            except StopAsyncIteration:
                pass
            finally:
                await generator.aclose()

    return wrapper


_KINDS = (
    (inspect.iscoroutinefunction, _awaited),
    (inspect.isasyncgenfunction, _generated_asynchronously),
    (inspect.isgeneratorfunction, _generated),
)

# The ways -----------------------------------------------------------------------------------------


class no_grad(Way):  # noqa: N801  # written like a function, as in PyTorch
    """Inside the block, operations on Values give leaves: numbers without a past.

    >>> from autograd import Value
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y
    Value(data=9.0, grad=0.0)

    Also a decorator, @no_grad(), of functions, generators and coroutines. Calling `backward()` on such a result raises
    RuntimeError. In a function that is compiled it raises TypeError: there, `detach()` does that.
    """

    def _settings(self) -> dict[str, Any]:
        if mode().recorder is not None:
            raise TypeError("no_grad() in a compiled function is not recorded: take v.detach() of what has no gradient")
        return {"recording": False}


class recorded(Way):  # noqa: N801
    """Inside the block, a recorder is told which numbers a function compares and reads; operations leave nodes."""

    def __init__(self, recorder: Any) -> None:
        super().__init__()
        self._recorder = recorder

    def _settings(self) -> dict[str, Any]:
        return {"recorder": self._recorder, "recording": True}

    def _again(self) -> Way:
        return recorded(self._recorder)

    def __enter__(self) -> None:
        self._entered()
        RECORDERS.append(self._recorder)

    def __exit__(self, *error: object) -> None:
        RECORDERS.remove(self._recorder)
        super().__exit__(*error)


@dataclass(eq=False, slots=True)  # not frozen, because that would take three times as long in each call of a module
class Scope:
    """A part of a computation with a name; `parent` is the scope around it."""

    name: str
    parent: "Scope | None"
    members: Callable[[], Iterable[Any]]  # Values, which this file does not know

    @property
    def path(self) -> tuple[str, ...]:
        """The names of all scopes around it and its own. Things with the same path belong together."""
        around = () if self.parent is None else self.parent.path
        return (*around, self.name)


class scope(Way):  # noqa: N801
    """Inside the block, all new Values belong to a part of the computation that drawings frame and can fold up.

    >>> from autograd import Value
    >>> with scope("hidden layer"), scope("neuron"):
    ...     x = Value(2.0)
    >>> x.scope.path
    ('hidden layer', 'neuron')

    `members()` returns leaves that were made elsewhere but belong to it, such as the parameters of a module.
    Also a decorator, @scope("loss"). Raises TypeError for a name that is not a string, ValueError for an empty one.
    """

    def __init__(self, name: str, members: Callable[[], Iterable[Any]] = tuple) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a scope must be a string, not {type(name).__name__}: scope('hidden layer')")
        if not name:
            raise ValueError("a scope needs a name: scope('hidden layer')")
        super().__init__()
        self._name, self._members = name, members

    def _settings(self) -> dict[str, Any]:
        way = mode()
        opened = Scope(self._name, way.scope, self._members)
        if way.recorder is not None:
            way.recorder.opens(opened)
        return {"scope": opened}

    def _again(self) -> Way:
        return scope(self._name, self._members)

    def __enter__(self) -> Scope:
        entered: Scope = self._entered().settings["scope"]
        return entered


class detect_anomaly(Way):  # noqa: N801
    """Inside the block, the first inf or nan raises FloatingPointError, in the forward and in the backward pass.

    >>> from autograd import Value, where
    >>> with detect_anomaly():
    ...     Value(0.0, "x").log()
    Traceback (most recent call last):
    FloatingPointError: log(x) is -inf, with x = 0.0; made at ...

    The error names the node, its label, its operands and the line of the program that made it. An inf is an anomaly
    if an operation makes it from finite numbers: leaves may be inf, like those of a mask. A nan always is one.

    With `forward=False`, operations may produce anything: `backward()` looks only at the root and at the gradients of
    the leaves, and names where an inf or nan that reaches them began. So a branch that is not chosen is not an anomaly:

    >>> x = Value(0.0, "x")
    >>> with detect_anomaly(forward=False):
    ...     where(x > 0, x.log(), x + 1).backward()
    >>> x.grad
    1.0
    """

    def __init__(self, *, forward: bool = True) -> None:
        super().__init__()
        self._forward = forward

    def _settings(self) -> dict[str, Any]:
        return {"anomaly": True, "forward": self._forward}

    def _again(self) -> Way:
        return detect_anomaly(forward=self._forward)
