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

from collections.abc import Callable, Iterable, Sequence
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

    The first call records what the function does, later ones replay it: `f(x)` answers a Value, `f.mean(xs)` and
    `f.sum(xs)` one Value for many examples, `f.map(xs)` plain numbers. `print(f.program)` shows what was recorded.

    Numbers among the arguments vary, nested in lists, tuples and dicts, too. Texts, truth values, None, shapes, and the
    arguments named in `static`, select a recording, and so do the names that the function reads outside of it. The
    Values that it finds there are its parameters, read again at each call. Each way that the function takes, as its
    comparisons of Values come out, is a recording of its own; 64 are kept. So `if v > 0`, `max` and `while` are right
    for every example.

    One example gives the same bits as the function itself, data and gradients. Of many, the functions of C's library
    are within 2 units in the last place, gradients within 1e-12 of the sum of absolute terms; `threads` share the work
    and change no bit.

    Raises TypeError, with the line, where a number would stay what it was at the first call: where the function reads
    `.data`, converts a Value to a float, an index or a key, draws a random number, changes a Value or keeps one; and
    ValueError for a static name that the function has not.

    What cannot be seen: plain numbers more than one level down in lists and objects, or in arrays, that change between
    calls (Values there are watched); text that is made of a number; `isinstance(x, float)`, as arguments are Values
    inside. Pass what changes as an argument.
    """
    static = [static] if isinstance(static, str) else static
    if not isinstance(static, Iterable) or not all(isinstance(name, str) for name in static):
        raise TypeError(f"static is a tuple of names of arguments, as in static=('n',), not {shown(static)}")
    static, threads = tuple(static), whole("threads", threads, least=1, most=1024)
    if function is None:
        return lambda function: compile(function, static=static, threads=threads)
    if not callable(function):
        raise TypeError(f"compile takes a function, not {shown(function)}")
    check_static(function, static)
    return Compiled(function, static, threads)
