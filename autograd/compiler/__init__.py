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

from collections.abc import Callable, Sequence
from typing import Any, overload

from ..checks import shown, whole
from .compiled import Compiled, check_static
from .program import Program

__all__ = ["Compiled", "Program", "compile"]


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
    check_static(function, static)
    return Compiled(function, static, threads)
