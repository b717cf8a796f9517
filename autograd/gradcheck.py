"""Derivatives checked against finite differences, with three verdicts: agrees, differs, undecided.

>>> from autograd import sin
>>> for comparison in gradcheck(lambda x, y: x * y.exp() + sin(x), 2.0, 0.5):
...     print(comparison)
x at 2.0: analytic 1.232574434..., numeric 1.232574434..., ... digits agree (agrees)
y at 0.5: analytic 3.297442541..., numeric 3.297442541..., ... digits agree (agrees)

The usual check (one central difference, step 1e-6, tolerance 1e-3) cannot see an error of 0.1 %, and passes |x|
at 0. This one extrapolates, measures its own error, and calls undecided what it cannot decide: a point at a kink,
a jump, inf or nan, or nearer to one than its step.
"""

import inspect
import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .differences import ATOL, RTOL, Estimate, numeric_derivative
from .engines import Value, gradient

AGREES, DIFFERS, UNDECIDED = "agrees", "differs", "undecided"


class GradientError(AssertionError):
    """A derivative that finite differences contradict."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """One derivative beside its numeric estimate; `digits` counts the leading decimal digits in which they agree."""

    input: str
    point: float
    analytic: float
    numeric: float
    verdict: str
    digits: int
    reason: str

    def __repr__(self) -> str:
        told = f"{self.input} at {self.point!r}: analytic {self.analytic!r}, numeric {self.numeric!r}"
        return f"{told}, {self.reason or f'{self.digits} digits agree'} ({self.verdict})"


def gradcheck(
    f: Callable[..., Value], *inputs: Any, second: bool = False, rtol: float = RTOL, atol: float = ATOL
) -> list[Comparison]:
    """Check the derivatives of `f` at `inputs`; raise GradientError if one differs from its numeric estimate.

    >>> from autograd import sigmoid
    >>> all(c.verdict == "agrees" for c in gradcheck(sigmoid, 0.3, second=True))
    True

    The inputs are numbers, Values or lists of them, handed to `f` as Values. The answer has one Comparison for
    each of them, in order; with `second=True` those of all second derivatives follow, each compared with
    differences of the first. Differences cannot decide at a kink, nor nearer to one than ε^(1/5)·max(1, |x|); that
    is never an agreement: look for `verdict == "undecided"`.

    Raises GradientError where a derivative differs, where a repeated run gives other bits or where a seed of 0
    gives anything but 0; TypeError if `f` does not return a Value.
    """
    _check_runs(f, inputs)
    comparisons = compare(f, *inputs, rtol=rtol, atol=atol)
    if second:
        for position, first in enumerate(comparisons[:]):
            slopes = compare(_partial(f, position), *inputs, rtol=rtol, atol=atol)
            names = [comparison.input for comparison in comparisons[: len(slopes)]]
            comparisons += [
                replace(slope, input=f"{first.input}, then {name}") for slope, name in zip(slopes, names, strict=True)
            ]
    wrong = [comparison for comparison in comparisons if comparison.verdict == DIFFERS]
    if wrong:
        raise GradientError("\n".join(map(str, wrong)))
    return comparisons


def compare(f: Callable[..., Value], *inputs: Any, rtol: float = RTOL, atol: float = ATOL) -> list[Comparison]:
    """Each derivative of `f` at `inputs` beside its numeric estimate, whatever the verdict.

    >>> [c.verdict for c in compare(abs, 0.0)], [c.verdict for c in compare(abs, 0.1)]
    (['undecided'], ['agrees'])
    """
    leaves, arguments = _as_leaves(inputs)
    points = [leaf.data for leaf in leaves]
    answers = gradient(_call(f, arguments), leaves)
    comparisons = []
    for position, (name, point, answer) in enumerate(zip(_names(f, inputs), points, answers, strict=True)):

        def along(x: float, position: int = position) -> float:
            _, moved = _as_leaves(inputs, [*points[:position], x, *points[position + 1 :]])
            return _call(f, moved).data

        comparisons.append(compare_along(along, name, point, answer.data, rtol=rtol, atol=atol))
    return comparisons


def compare_along(
    along: Callable[[float], float], name: str, point: float, analytic: float, *, rtol: float = RTOL, atol: float = ATOL
) -> Comparison:
    """The derivative that somebody claims for a function of one float, beside its numeric estimate.

    >>> compare_along(math.sin, "x", 0.0, 1.001).verdict
    'differs'
    """

    def look(scale: float) -> tuple[Estimate, str]:
        estimate = numeric_derivative(along, point, scale=scale, rtol=rtol, atol=atol)
        return estimate, _verdict(analytic, estimate, atol + rtol * abs(estimate.value))

    estimate, verdict = look(max(1.0, abs(point)))
    if 0 < abs(point) < 1 and (estimate.reason or verdict != AGREES):
        # A step made for numbers near 1 leaps over what a function does beside 0: a kink, a pole, periods of a wave.
        closer, closer_verdict = look(abs(point))
        is_zero_around = closer.error * abs(point) < sys.float_info.min
        is_clear = not closer.reason or is_zero_around or closer.error <= rtol * estimate.error
        # That nothing moves so near may be rounding, though: log(1 + x) is 0 there.
        if is_clear and not (closer.value == 0 and verdict == DIFFERS):
            estimate, verdict = closer, closer_verdict
    reason = estimate.reason if verdict == UNDECIDED else ""
    return Comparison(name, point, analytic, estimate.value, verdict, agreeing_digits(analytic, estimate.value), reason)


def _verdict(analytic: float, estimate: Estimate, tolerance: float) -> str:
    if math.isnan(estimate.value):
        return UNDECIDED
    if not abs(analytic - estimate.value) <= estimate.error + tolerance:  # nan is not
        return DIFFERS
    # Of what is too small to be seen, only that it is 0 can be said: any other small number would pass as well.
    return UNDECIDED if estimate.reason and not analytic == estimate.value == 0 else AGREES


def agreeing_digits(a: float, b: float) -> int:
    """The number of leading decimal digits in which two numbers agree, at most 16.

    >>> agreeing_digits(3.14159, 3.14161), agreeing_digits(2.0, 2.0)
    (5, 16)
    """
    if a == b:
        return 16
    if not math.isfinite(a - b):
        return 0
    return max(0, math.floor(-math.log10(abs(a - b) / max(abs(a), abs(b)))))


def _check_runs(f: Callable[..., Value], inputs: Sequence[Any]) -> None:
    """What needs no numbers to compare with: two runs agree bit for bit, and a seed of 0 moves nothing."""

    def run(seed: float) -> tuple[float, list[float]]:
        leaves, arguments = _as_leaves(inputs)
        output = _call(f, arguments)
        output.backward(seed)
        return output.data, [leaf.grad for leaf in leaves]

    (value, grads), (value_again, grads_again), (_, unmoved) = run(1.0), run(1.0), run(0.0)
    for name, once, again, zero in zip(_names(f, inputs), grads, grads_again, unmoved, strict=True):
        if _bits(once) != _bits(again):
            raise GradientError(f"{name}: a repeated run gives another gradient, {once!r} and then {again!r}")
        if zero != 0.0:
            raise GradientError(f"{name}: a seed of 0 gives the gradient {zero!r} where 0 is right")
    if _bits(value) != _bits(value_again):
        raise GradientError(f"a repeated run gives another value, {value!r} and then {value_again!r}")


def _bits(number: float) -> bytes:
    return struct.pack("<d", number)


def _partial(f: Callable[..., Value], position: int) -> Callable[..., Value]:
    """The derivative of `f` with respect to one of its inputs, as a function of all of them."""

    def slope(*arguments: Any) -> Value:
        return gradient(_call(f, arguments), _flat(arguments)[position])

    return slope


def _as_leaves(inputs: Sequence[Any], numbers: Iterable[float] = ()) -> tuple[list[Value], list[Any]]:
    """Fresh leaves for the inputs, in a row and as `f` takes them, with their own numbers or those given."""
    given = iter(numbers)
    leaves = []

    def leaf(thing: Any) -> Value:
        own, label = (thing.data, thing.label) if isinstance(thing, Value) else (thing, "")
        leaves.append(Value(next(given, own), label))
        return leaves[-1]

    arguments = [[leaf(x) for x in thing] if isinstance(thing, list | tuple) else leaf(thing) for thing in inputs]
    return leaves, arguments


def _flat(arguments: Sequence[Any]) -> list[Value]:
    return [x for thing in arguments for x in (thing if isinstance(thing, list) else [thing])]


def _call(f: Callable[..., Value], arguments: Sequence[Any]) -> Value:
    output = f(*arguments)
    if not isinstance(output, Value):
        raise TypeError(f"the function to check must return one Value, not {type(output).__name__}")
    return output


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _names(f: Callable[..., Value], inputs: Sequence[Any]) -> list[str]:
    """What to call each input: its label, or the name of the parameter of `f`, with an index for lists."""
    try:
        known = [p.name for p in inspect.signature(f).parameters.values() if p.kind in _POSITIONAL]
    except ValueError:  # some functions written in C do not tell
        known = []
    names = []
    for position, thing in enumerate(inputs):
        name = known[position] if position < len(known) else f"input {position}"
        names += [f"{name}[{i}]" for i in range(len(thing))] if isinstance(thing, list | tuple) else [name]
    return [leaf.label or name for leaf, name in zip(_as_leaves(inputs)[0], names, strict=True)]
