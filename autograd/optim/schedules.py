"""Schedules: learning rates as functions of the step.

>>> rate = warmup(cosine(0.1, steps=900), steps=100)
>>> rate
warmup(cosine(0.1, steps=900), steps=100)
>>> round(rate(0), 6), rate(1000)
(0.00099, 0.0)
"""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from ..ieee import power
from .arguments import not_negative, whole, written

# A learning rate as a function of the step, which counts from 0.
Schedule = Callable[[int], float]

_Arguments = ParamSpec("_Arguments")


class _Call:
    """A schedule that is shown as the call that made it, and that is copied and pickled by making that call again."""

    def __init__(self, make: Callable[..., Schedule], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.rate = make(*args, **kwargs)
        self.call = (make.__name__, args, kwargs)
        arguments = [*map(written, args), *(f"{name}={written(value)}" for name, value in kwargs.items())]
        self.__name__ = f"{make.__name__}({', '.join(arguments)})"

    def __call__(self, step: int) -> float:
        return self.rate(step)

    def __repr__(self) -> str:
        return self.__name__

    def __reduce__(self) -> tuple[Any, ...]:
        return _called, self.call


def _called(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return globals()[name](*args, **kwargs)


def _schedule(make: Callable[_Arguments, Schedule]) -> Callable[_Arguments, Schedule]:
    """Make an optimiser show a schedule as the call that made it, in place of its `lr`."""

    @wraps(make)
    def named(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Schedule:
        return _Call(make, args, kwargs)

    return named


@_schedule
def constant(lr: float) -> Schedule:
    """The same learning rate in each step.

    >>> constant(0.1)(1000)
    0.1
    """
    lr = not_negative("lr", lr)
    return lambda step: lr


@_schedule
def step_decay(lr: float, every: int, factor: float = 0.1) -> Schedule:
    """Multiplied by `factor` after each `every` steps: lr·factor^⌊step/every⌋. PyTorch's StepLR.

    >>> [step_decay(8.0, every=2, factor=0.5)(step) for step in range(6)]
    [8.0, 8.0, 4.0, 4.0, 2.0, 2.0]
    """
    lr, factor, every = not_negative("lr", lr), not_negative("factor", factor), whole("every", every, least=1)
    return lambda step: lr * power(float(factor), float(step // every))


@_schedule
def exponential_decay(lr: float, factor: float) -> Schedule:
    """Multiplied by `factor` in each step: lr·factor^step. PyTorch's ExponentialLR.

    >>> [exponential_decay(8.0, factor=0.5)(step) for step in range(4)]
    [8.0, 4.0, 2.0, 1.0]
    """
    return step_decay(lr, 1, factor)


@_schedule
def linear(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """From `lr` to `final` in a straight line, and `final` from step `steps` on. PyTorch's LinearLR.

    >>> [linear(8.0, steps=4)(step) for step in range(6)]
    [8.0, 6.0, 4.0, 2.0, 0.0, 0.0]
    """
    return _transition(lr, steps, final, lambda progress: progress)


@_schedule
def cosine(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """From `lr` to `final` along half a wave, slow at both ends: final + (lr − final)·(1 + cos(π·step/steps))/2.

    >>> [round(cosine(8.0, steps=4)(step), 3) for step in range(6)]
    [8.0, 6.828, 4.0, 1.172, 0.0, 0.0]

    Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", equation 5, without the
    restarts: `final` from step `steps` on, where PyTorch's CosineAnnealingLR would rise again.
    """
    return _transition(lr, steps, final, lambda progress: (1 - math.cos(math.pi * progress)) / 2)


@_schedule
def warmup(schedule: float | Schedule, steps: int) -> Schedule:
    """A rise in a straight line over `steps` steps, then the schedule from its beginning.

    >>> [warmup(linear(8.0, steps=2), steps=3)(step) for step in range(6)]
    [2.0, 4.0, 6.0, 8.0, 4.0, 0.0]

    The rise is lr·(step + 1)/(steps + 1), where lr is the schedule's first rate, so that no step is wasted on a rate
    of 0. PyTorch's SequentialLR of a LinearLR and the schedule; a number stands for a constant schedule. Goyal et
    al. 2017, "Accurate, large minibatch SGD: training ImageNet in 1 hour", section 2.2.
    """
    rising = whole("steps", steps, least=1)
    after = schedule if callable(schedule) else constant(schedule)
    return lambda step: after(0) * ((step + 1) / (rising + 1)) if step < rising else after(step - rising)


def _transition(lr: float, steps: int, final: float, share: Callable[[float], float]) -> Schedule:
    """From `lr` to `final`, in the proportion that `share` gives for the progress; exact at both ends."""
    lr, final, steps = not_negative("lr", lr), not_negative("final", final), whole("steps", steps, least=1)

    def rate(step: int) -> float:
        reached = share(min(step, steps) / steps)
        return lr * (1.0 - reached) + final * reached

    return rate
