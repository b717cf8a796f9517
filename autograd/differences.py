"""Numeric derivatives that know how far off they may be.

>>> import math
>>> estimate = numeric_derivative(math.exp, 1.0)
>>> abs(estimate.value - math.e) < estimate.error < 1e-10
True

A step that is too long skips what the function does; one that is too short drowns in rounding. Between the two
there is usually a valley. The ladder here looks for it: differences with the steps h, h/2, h/4 …, each rung two more
values of the function. It grows downwards, to shorter steps, while the function is rough, and upwards, to longer
ones, while rounding hides the slope. Nothing is compared with a fixed number: values, points and slopes may be as
small as 1e-300 and as large as 1e300.
"""

import math
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

RTOL, ATOL = 1e-7, 0.0

EPSILON = sys.float_info.epsilon
TINY = math.ulp(0.0)

# About ε^(1/5), where the error of the differences and the rounding balance. It has two bits, so that it can be halved
# until it is three floats long, and is not a power of two, because the periods of many waves are.
FIRST_STEP = 3 / 2**13

# How often the first step may be halved: until x has no nearer neighbour. And how often it may be doubled: to 800
# million times the size of x, where 1e12 + x/1000 shows its slope.
MOST_HALVINGS, MOST_DOUBLINGS = 60, 40

GOLDEN_RATIO = (math.sqrt(5) - 1) / 2

# How many rungs are read together: three suffice, and a long step becomes exact with five.
FEWEST_RUNGS, MOST_RUNGS = 3, 5

# A slope that converges only slowly may be off by so many times its last change.
FAR = 64

BENT = "f bends too sharply for differences"
HIDDEN = "rounding hides the slope: f is large and its derivative small"


@dataclass(frozen=True)
class Estimate:
    """A numeric derivative, how far it may be off, and if that is too far, why.

    If f is not smooth, the value is nan, and the error is how much the slopes differ there.
    """

    value: float
    error: float = math.nan
    reason: str = ""


def numeric_derivative(
    f: Callable[[float], float], x: float, *, scale: float = 0.0, rtol: float = RTOL, atol: float = ATOL
) -> Estimate:
    """The derivative of a function of one float by differences, extrapolated (Richardson).

    >>> numeric_derivative(abs, 0.0).reason
    'a kink or a jump'
    >>> round(numeric_derivative(lambda x: x * math.log(x), 5e-4).value, 9)  # 1 + ln x
    -6.60090246

    The central difference D(h) = (f(x+h) − f(x−h)) / 2h is off by c₁·h² + c₂·h⁴ + …, so that (4·D(h/2) − D(h)) / 3
    has lost the first of these terms, and so on (Richardson 1911, "The approximate arithmetical solution by finite
    differences"). The first step, about ε^(1/5)·max(1, |x|), or ε^(1/5)·scale if one is given, balances what is left
    of them with the rounding of f. If f is inf, nan or undefined on one side of x, the other side decides.

    Returns the first estimate whose error is within 4·(`atol` + `rtol`·|slope|). If rounding does not allow one, it is
    the best there is, with a reason; if f is not smooth, it is nan, with a reason.
    """
    here = _number(f, x)
    if not math.isfinite(here):
        return Estimate(math.nan, reason=f"f is {here} at the point")
    step = math.ldexp(FIRST_STEP, math.frexp(scale or max(1.0, abs(x)))[1])
    try:
        return _Ladder(f, x, here, (1, -1), rtol, atol).estimate(step)
    except _NotFiniteError as error:
        blocked = Estimate(math.nan, reason=str(error))
    # At the very end of its domain f is known on one side. An end that is farther away needs a smaller scale.
    right, left = (math.isfinite(_number(f, x + side * 16 * math.ulp(x))) for side in (1, -1))
    if right == left:
        return blocked
    try:
        return _Ladder(f, x, here, (1,) if right else (-1,), rtol, atol).estimate(step)
    except _NotFiniteError:
        return blocked


def _number(f: Callable[[float], float], x: float) -> float:
    """f at x; nan if Python's own functions and operators have no real number for it."""
    try:
        number = f(x)
    except (ValueError, ArithmeticError):
        return math.nan
    return math.nan if isinstance(number, complex) else number


class _NotFiniteError(ArithmeticError):
    """A neighbour where f is inf or nan."""


@dataclass(frozen=True)
class _Rung:
    step: float
    slope: float
    bend: float  # the slope to the right less the slope to the left
    noise: float  # how far off the rounding of f may put the slope


@dataclass(frozen=True)
class _Reading:
    """What neighbouring rungs say together, and how far off the slope may be."""

    slope: float
    doubt: float  # how much the longest step changed the slope
    bend: float  # what is left of the bends at h = 0: at a kink, the jump of the slope; elsewhere nothing
    noise: float
    tolerance: float

    @property
    def error(self) -> float:
        return self.doubt + self.noise

    @property
    def is_precise(self) -> bool:
        is_nothing = self.slope == 0 and self.error < sys.float_info.min
        return is_nothing or self.error <= 4 * self.tolerance

    @property
    def is_bent(self) -> bool:
        return self.bend > 16 * self.noise + self.tolerance

    @property
    def is_smooth(self) -> bool:
        return math.isfinite(self.error) and self.doubt <= 4 * self.noise + self.tolerance and not self.is_bent

    @property
    def roughness(self) -> float:
        return max(self.doubt, self.bend)


@dataclass(frozen=True)
class _Ladder:
    """The differences of f at x, towards these sides: 1 is the right, −1 the left."""

    f: Callable[[float], float]
    x: float
    here: float
    sides: tuple[int, ...]
    rtol: float
    atol: float

    def estimate(self, step: float) -> Estimate:
        """Down while f is rough; up if rounding hides the slope on the first rungs already."""
        rungs: deque[_Rung] = deque()  # the longest step first
        rough: list[_Reading] = []
        blocked, doubt = None, math.inf
        for h in self._halvings(step):
            try:
                rungs.append(self._rung(h))
                if len(rungs) < FEWEST_RUNGS:
                    continue
                reading = self._confirmed(list(rungs)[-FEWEST_RUNGS:])
            except _NotFiniteError as error:
                blocked = error
                rungs.clear()
                continue
            doubted, doubt = self._doubted(reading, doubt), reading.doubt
            if doubted.is_smooth:
                return self._settled(rungs, rough, doubted) if rough else self._climbed(rungs, doubted)
            rough.append(reading)
        if blocked:
            raise blocked
        return self._unsettled(rungs, rough)

    def _doubted(self, reading: _Reading, before: float) -> _Reading:
        """The reading, with more doubt if doubt falls slowly: the slope is off by far more than the last step suggests.

        Where f is smooth, doubt falls by a factor of 16 from rung to rung; where its second derivative jumps, like that
        of an ELU at 0, by 2.
        """
        if 4 * reading.noise < reading.doubt and before / 8 < reading.doubt < math.inf:
            return replace(reading, doubt=FAR * reading.doubt)
        return reading

    def _settled(self, rungs: deque[_Rung], rough: list[_Reading], smooth: _Reading) -> Estimate:
        """The estimate for the first smooth reading after rough ones."""
        # Where f is smooth, roughness falls by 16 at most from rung to rung; by more where a kink, a jump or a stair
        # has just come out of reach.
        if rough[-1].roughness > 16 * 16 * (4 * smooth.noise + smooth.tolerance):
            return Estimate(math.nan, rough[-1].roughness, "a kink or a jump near the point")
        if smooth.is_precise:
            return Estimate(smooth.slope, smooth.error)
        if smooth.noise <= 4 * self.rtol * rough[0].roughness and smooth.roughness <= rough[-1].roughness / 4:
            return self._imprecise(smooth.slope, smooth.error, rungs, HIDDEN)
        return self._unsettled(rungs, rough)  # f is as rough as before, but rounding now covers it up

    def _unsettled(self, rungs: deque[_Rung], rough: list[_Reading]) -> Estimate:
        """The estimate if no reading is smooth."""
        if not rough:
            return Estimate(math.nan, reason="floats are too far apart here for a step")
        last = rough[-1]
        if not math.isfinite(last.roughness):
            return Estimate(math.nan, reason="the differences overflow")
        if last.roughness < rough[0].roughness / 2**20:
            # It falls with some power of h, as at 0 of |x|³ᐟ² or ReLU(x)²; what is still to come is not much more.
            return self._imprecise(last.slope, FAR * last.roughness + last.noise, rungs, BENT)
        return Estimate(math.nan, last.roughness, "a kink or a jump" if last.is_bent else BENT)

    def _climbed(self, rungs: deque[_Rung], best: _Reading) -> Estimate:
        """The best estimate from longer and longer steps, as long as they do not contradict what shorter ones said."""
        for _ in range(MOST_DOUBLINGS):
            if best.is_precise:
                return Estimate(best.slope, best.error)
            try:
                rungs.appendleft(self._rung(2 * rungs[0].step))
            except _NotFiniteError:
                break
            longest = list(rungs)[:MOST_RUNGS]
            readings = [self._reading(longest[:length]) for length in range(FEWEST_RUNGS, len(longest) + 1)]
            readings = [new for new in readings if new.is_smooth and abs(new.slope - best.slope) <= best.error]
            if not readings:
                rungs.popleft()
                break
            best = min(best, *readings, key=lambda reading: reading.error)
        return self._imprecise(best.slope, best.error, rungs, HIDDEN)

    def _imprecise(self, slope: float, error: float, rungs: Iterable[_Rung], reason: str) -> Estimate:
        """The estimate with this error: 0 if f is level compared with the slopes that the ladder has met."""
        steepest = max(max(abs(rung.slope), abs(rung.bend)) for rung in rungs)
        is_level = abs(slope) <= error <= 4 * self.rtol * steepest
        return Estimate(0.0, error + abs(slope), reason) if is_level else Estimate(slope, error, reason)

    def _halvings(self, step: float) -> Iterator[float]:
        """The steps from this one downwards, as long as x + h and x − h are floats."""
        for _ in range(MOST_HALVINGS):
            if step == 0 or step % self._spacing(step):
                return
            yield step
            step /= 2

    def _spacing(self, step: float) -> float:
        """How far apart floats are at this distance from x."""
        return math.ulp(min(abs(self.x) + step, sys.float_info.max))

    def _rung(self, h: float) -> _Rung:
        """The differences with this step."""
        rises, highest = [], abs(self.here)
        for side in self.sides:
            neighbour = self.x + side * h
            number = _number(self.f, neighbour)
            if not math.isfinite(number):
                raise _NotFiniteError(f"f is {number} at {neighbour!r}, too near for differences")
            rises.append(number - self.here)
            highest = max(highest, abs(number))
        slope = sum(side * (rise / h) for side, rise in zip(self.sides, rises, strict=True)) / len(rises)
        bend = sum(rises) / h if len(rises) == 2 else 0.0
        return _Rung(h, slope, bend, (EPSILON * highest + TINY) / h)

    def _confirmed(self, rungs: Sequence[_Rung]) -> _Reading:
        """The reading, with doubt if f does something else between the rungs.

        The steps 3·2ᵏ may all be whole periods of a wave, or nearly so; the golden ratio of one is not.
        """
        reading, longest = self._reading(rungs), rungs[0]
        if not reading.is_smooth:
            return reading
        h = longest.step * GOLDEN_RATIO
        between = self._rung(h - h % self._spacing(h))
        surprise = abs(between.slope - reading.slope)
        expected = 2 * abs(longest.slope - reading.slope) + 8 * reading.noise + reading.tolerance
        return reading if surprise <= expected else replace(reading, doubt=surprise)

    def _reading(self, rungs: Sequence[_Rung]) -> _Reading:
        slopes = [rung.slope for rung in rungs]
        # The rounding of all rungs together, at worst and with these powers, is so many times that of the last one.
        powers, amplified = (range(2, 99, 2), 1.6) if len(self.sides) == 2 else (range(1, 99), 9.0)
        slope = _extrapolated(slopes, powers)
        return _Reading(
            slope,
            doubt=abs(slope - _extrapolated(slopes[1:], powers)),
            bend=abs(_extrapolated([rung.bend for rung in rungs], range(1, 99, 2))),
            noise=amplified * rungs[-1].noise,
            tolerance=self.atol + self.rtol * abs(slope),
        )


def _extrapolated(numbers: Sequence[float], powers: Iterable[int]) -> float:
    """The limit at h = 0 of numbers for the steps h, h/2, h/4 …, which are off it by terms in these powers of h.

    >>> _extrapolated([1 + 2 * h + 3 * h * h for h in (1.0, 0.5, 0.25)], (1, 2))
    1.0
    """
    for power in powers:
        if len(numbers) == 1:
            break
        # (4b − a)/3 written as b + (b − a)/3, because 4b may overflow
        numbers = [short + (short - long) / (2**power - 1) for long, short in pairwise(numbers)]
    return numbers[0]
