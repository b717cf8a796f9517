"""Derivatives checked against finite differences, with three verdicts: agrees, differs, undecided.

>>> from autograd import sin
>>> for comparison in gradcheck(lambda x, y: x * y.exp() + sin(x), 2.0, 0.5):
...     print(comparison)
x at 2.0: analytic 1.232574434..., numeric 1.232574434..., ... digits agree (agrees)
y at 0.5: analytic 3.297442541..., numeric 3.297442541..., ... digits agree (agrees)

The usual check (one central difference, step 1e-6, tolerance 1e-3) cannot see an error of 0.1 %, and accepts |x|
at 0 and any small number if the derivative is small. This one extrapolates, measures its own error, and says
"undecided" where it cannot decide: at a kink or a jump, at inf or nan, and where rounding hides the slope.
"""

import functools
import inspect
import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .differences import ATOL, RTOL, Estimate, numeric_derivative
from .engines import Value
from .higher import gradient
from .ieee import real
from .nested import mapped
from .terminal import printable

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
    output: str = ""  # the path to it, if the function has several

    def __repr__(self) -> str:
        derivative = f"{self.output} by {self.input}" if self.output else self.input
        told = f"{derivative} at {self.point!r}: analytic {self.analytic!r}, numeric {self.numeric!r}"
        return printable(f"{told}, {self.reason or f'{self.digits} digits agree'} ({self.verdict})")


def gradcheck(
    f: Callable[..., Any], *inputs: Any, second: bool = False, rtol: float = RTOL, atol: float = ATOL
) -> list[Comparison]:
    """Check the derivatives of `f` at `inputs`; raise GradientError if one differs from its numeric estimate.

    >>> from autograd import sigmoid
    >>> all(c.verdict == "agrees" for c in gradcheck(sigmoid, 0.3, second=True))
    True
    >>> found = gradcheck(lambda params: params["w"][1] ** 2, {"w": [1.0, 3.0]})
    >>> [(c.input, c.analytic) for c in found]
    [("params['w'][0]", 0.0), ("params['w'][1]", 6.0)]

    The inputs are numbers, Values, or lists, tuples, dicts and NumPy arrays of them, nested in any way; `f` gets
    them in the same form, as Values. The result has one Comparison for each of them, in order, and if `f` returns
    several Values, in any such form, for each of these in turn. With `second=True` all second derivatives follow,
    each compared with differences of the first.

    A derivative agrees within `rtol`, relative, or `atol`. Differences cannot decide at a kink or close to one, nor
    where rounding hides the slope; that is never an agreement: look for `verdict == "undecided"`.

    Raises GradientError if a derivative differs, if a repeated run gives different bits, or if a seed of 0 gives
    anything but 0; TypeError for other inputs, or if `f` does not return Values; ValueError if it changes its inputs.
    """
    _check_runs(f, inputs)
    comparisons = compare(f, *inputs, rtol=rtol, atol=atol)
    if second:
        count = len(_run(f, inputs).names)
        for position, first in enumerate(comparisons[:]):
            slope = _partial(f, *divmod(position, count))
            comparisons += [
                replace(found, input=f"{first.input}, then {by.input}", output=first.output)
                for found, by in zip(compare(slope, *inputs, rtol=rtol, atol=atol), comparisons[:count], strict=True)
            ]
    wrong = [comparison for comparison in comparisons if comparison.verdict == DIFFERS]
    if wrong:
        raise GradientError("\n".join(map(str, wrong)))
    return comparisons


def compare(f: Callable[..., Any], *inputs: Any, rtol: float = RTOL, atol: float = ATOL) -> list[Comparison]:
    """Each derivative of `f` at `inputs` beside its numeric estimate, whatever the verdict.

    >>> [c.verdict for c in compare(abs, 0.0)], [c.verdict for c in compare(abs, 0.1)]
    (['undecided'], ['agrees'])
    """
    names, leaves, outputs = _run(f, inputs)
    points = [leaf.data for leaf in leaves]

    @functools.cache  # for all outputs are asked at the same places
    def moved(position: int, x: float) -> list[float]:
        there = _run(f, inputs, [*points[:position], x, *points[position + 1 :]]).outputs
        if list(there) != list(outputs):
            raise TypeError(f"the function to check returns {len(outputs)} Values, but {len(there)} at {x!r}")
        return [output.data for output in there.values()]

    comparisons = []
    for place, (way, output) in enumerate(outputs.items()):
        analytic = _gradients(output, leaves)
        for position, (name, point) in enumerate(zip(names, points, strict=True)):

            def along(x: float, place: int = place, position: int = position) -> float:
                return moved(position, x)[place]

            found = compare_along(along, name, point, analytic[position], rtol=rtol, atol=atol)
            comparisons.append(replace(found, output=way))
    return comparisons


def _gradients(output: Value, leaves: Sequence[Value]) -> list[float]:
    """By `backward`, which every rule allows; `gradient` runs the rules on Values."""
    for leaf in leaves:
        leaf.zero_grad()
    output.backward()
    return [leaf.grad for leaf in leaves]


def compare_along(
    along: Callable[[float], float], name: str, point: float, analytic: float, *, rtol: float = RTOL, atol: float = ATOL
) -> Comparison:
    """A claimed derivative of a function of one float, beside its numeric estimate.

    >>> compare_along(math.sin, "x", 0.0, 1.001).verdict
    'differs'
    """

    def look(scale: float) -> tuple[Estimate, str]:
        estimate = numeric_derivative(along, point, scale=scale, rtol=rtol, atol=atol)
        return estimate, _verdict(analytic, estimate, atol + rtol * abs(estimate.value))

    estimate, verdict = look(max(1.0, abs(point)))
    if 0 < abs(point) < 1 and (estimate.reason or verdict != AGREES):
        # A step made for numbers near 1 skips what a function does near 0: a kink, a pole, periods of a wave.
        closer, closer_verdict = look(abs(point))
        is_zero_around = closer.error * abs(point) < sys.float_info.min
        is_clear = not closer.reason or is_zero_around or closer.error <= rtol * estimate.error
        # That nothing moves so near to 0 may be due to rounding, as in log(1 + x), so it contradicts nothing.
        if is_clear and not (closer.value == 0 and DIFFERS in (verdict, closer_verdict)):
            estimate, verdict = closer, closer_verdict
    reason = estimate.reason if verdict == UNDECIDED else ""
    return Comparison(name, point, analytic, estimate.value, verdict, agreeing_digits(analytic, estimate.value), reason)


def _verdict(analytic: float, estimate: Estimate, tolerance: float) -> str:
    if math.isnan(estimate.value):
        return UNDECIDED
    if not abs(analytic - estimate.value) <= estimate.error + tolerance:  # nan is not
        return DIFFERS
    # If it is too small to be seen, it can only be confirmed to be 0: any other small number would pass too.
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


def _check_runs(f: Callable[..., Any], inputs: Sequence[Any]) -> None:
    """Checks that need no reference: two runs agree bit for bit, and a seed of 0 moves nothing."""

    def run(seed: float) -> tuple[list[str], list[float], list[float]]:
        names, leaves, outputs = _run(f, inputs)
        for output in outputs.values():
            output.backward(seed)
        return names, [output.data for output in outputs.values()], [leaf.grad for leaf in leaves]

    (names, values, grads), (_, values_again, grads_again), (_, _, unmoved) = run(1.0), run(1.0), run(0.0)
    for name, once, again, zero in zip(names, grads, grads_again, unmoved, strict=True):
        if _bits(once) != _bits(again):
            raise GradientError(f"{name}: a repeated run gives another gradient, {once!r} and then {again!r}")
        if zero != 0.0:
            raise GradientError(f"{name}: a seed of 0 gives the gradient {zero!r} instead of 0")
    for value, value_again in zip(values, values_again, strict=False):
        if _bits(value) != _bits(value_again):
            raise GradientError(f"a repeated run gives another value, {value!r} and then {value_again!r}")


def _bits(number: float) -> bytes:
    return struct.pack("<d", number)


def _partial(f: Callable[..., Any], output: int, position: int) -> Callable[..., Value]:
    """The derivative of one output of `f` with respect to one of its inputs, as a function of all of them."""

    def slope(*arguments: Any) -> Value:
        leaves: list[Value] = []
        mapped(arguments, lambda leaf, _: leaves.append(leaf))
        answer = list(_outputs(f(*arguments)).values())[output]
        return gradient(answer, leaves[position])

    return slope


# Inputs and outputs in any form -------------------------------------------------------------------


class _Run(NamedTuple):
    names: list[str]  # of the inputs
    leaves: list[Value]
    outputs: dict[str, Value]


def _run(f: Callable[..., Any], inputs: Sequence[Any], numbers: Iterable[float] = ()) -> _Run:
    """What `f` makes of fresh leaves for the inputs, with their own numbers or those given."""
    given = iter(numbers)
    names: list[str] = []
    leaves: list[Value] = []

    def fresh(thing: Any, way: str) -> Value:
        number, label = (thing.data, thing.label) if isinstance(thing, Value) else (_number(thing, way), "")
        leaves.append(Value(next(given, number), label))
        names.append(label or way)
        return leaves[-1]

    arguments = [mapped(thing, fresh, way) for thing, way in zip(inputs, _parameters(f, len(inputs)), strict=True)]
    before = [leaf.data for leaf in leaves]
    outputs = _outputs(f(*arguments))
    for name, leaf, number in zip(names, leaves, before, strict=True):
        if _bits(leaf.data) != _bits(number):
            raise ValueError(
                f"the function to check changes its input {name} from {number!r} to {leaf.data!r}; "
                "derivatives belong to the numbers that it was given, so make new Values in it instead"
            )
    return _Run(names, leaves, outputs)


def _number(thing: Any, way: str) -> float:
    try:
        return real(thing)
    except TypeError as error:
        remedy = f"pass {way}.parameters()" if hasattr(thing, "parameters") else ""
        raise TypeError(
            f"{way} cannot be an input: {remedy or error}; inputs are numbers, Values, and lists, tuples, dicts and "
            "NumPy arrays of them"
        ) from None


def _outputs(answer: Any) -> dict[str, Value]:
    """The Values that a function returned, by the path to each: "" if there is only one."""
    found: dict[str, Value] = {}

    def keep(thing: Any, way: str) -> None:
        if not isinstance(thing, Value):
            which = f"Values, but {way} is" if way else "one Value, not"
            raise TypeError(
                f"the function to check must return {which} {type(thing).__name__}: compute with the Values "
                "that it is given, with operators and functions of autograd"
            )
        found[way] = thing

    several = isinstance(answer, list | tuple | dict) or hasattr(answer, "astype")
    mapped(answer, keep, "output" if several else "")
    if not found:
        raise TypeError("the function to check returned nothing to differentiate: an empty " + type(answer).__name__)
    return found


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _parameters(f: Callable[..., Any], count: int) -> list[str]:
    """Names for the arguments of a function: those of its parameters, if they are known."""
    try:
        known = [p.name for p in inspect.signature(f).parameters.values() if p.kind in _POSITIONAL]
    except ValueError:  # some functions written in C do not say
        known = []
    return [*known[:count], *(f"input {position}" for position in range(len(known), count))]
