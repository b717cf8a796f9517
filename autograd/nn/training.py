"""The training loop: predict, measure, differentiate, step; again.

>>> from autograd.nn import MLP, squared_error
>>> from autograd.optim import SGD
>>> model = MLP(1, [1], seed=0)
>>> data = [([x], 2.0 * x) for x in (-1.0, 0.0, 1.0)]
>>> history = fit(model, data, squared_error, SGD(model.parameters(), lr=0.5), epochs=60, progress=False)
>>> round(model([5.0]).data, 6)
10.0
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from ..engines import Value, detect_anomaly
from ..operations import mean


class _Optimizer(Protocol):
    params: list[Value]

    def zero_grad(self) -> None: ...
    def step(self) -> None: ...


@dataclass
class History:
    """What a training was: the mean loss in each epoch, and why it ended."""

    losses: list[float] = field(default_factory=list)
    stopped: str = "all epochs done"


def fit(
    model: Callable[[Any], Any],
    data: Sequence[tuple[Any, Any]],
    loss: Callable[[Any, Any], Any],
    optimizer: _Optimizer,
    epochs: int,
    batch_size: int | None = None,
    *,
    seed: int | None = None,
    stop_below: float | None = None,
    patience: int | None = None,
    callback: Callable[[int, float], object] | None = None,
    progress: bool = True,
) -> History:
    """Train a model on pairs (inputs, target): in each step, one batch's mean of `loss(model(inputs), target)`.

    Without a `batch_size` a step sees all data, in their order; with one they are shuffled anew in each epoch, by
    `seed`. Training ends early once the mean loss of an epoch is below `stop_below`, or has not become smaller for
    `patience` epochs. Ctrl-C ends it too, and what was learned so far stays. `callback(epoch, loss)` is called after
    each epoch, counted from 0; `progress=False` hides the progress bar.

    Raises ValueError for no data, for an optimiser of another model, and for a batch size, patience or number of epochs
    that makes no sense; and FloatingPointError before the first step that inf or nan would spoil: it names the node
    where that began, its `history` is what came before, and the model is as it was then.
    """
    data = list(data)
    _check(data, epochs, batch_size, patience)
    random, history = Random(seed), History()
    best, since_best = math.inf, 0
    with _bar(epochs, progress) as bar:
        try:
            for epoch in range(epochs):
                total = 0.0
                for batch in _batches(data, batch_size, random):
                    total += _step(model, batch, loss, optimizer) * len(batch)
                history.losses.append(total / len(data))
                bar.set_postfix_str(f"loss {history.losses[-1]:.4g}", refresh=False)
                bar.update()
                if callback is not None:
                    callback(epoch, history.losses[-1])
                if stop_below is not None and history.losses[-1] < stop_below:
                    history.stopped = f"the loss is below {stop_below}"
                    break
                since_best = 0 if history.losses[-1] < best else since_best + 1
                best = min(best, history.losses[-1])
                if since_best == patience:
                    history.stopped = f"no smaller loss for {patience} epoch{'s' * (patience != 1)}"
                    break
        except KeyboardInterrupt:
            history.stopped = "interrupted"
        except FloatingPointError as error:
            error.history = history  # type: ignore[attr-defined]  # so that nothing is lost
            raise
    return history


def _step(
    model: Callable[[Any], Any],
    batch: Sequence[tuple[Any, Any]],
    loss: Callable[[Any, Any], Any],
    optimizer: _Optimizer,
) -> float:
    optimizer.zero_grad()
    batch_loss = _mean_loss(model, batch, loss)
    batch_loss.backward()
    if not any(parameter.has_grad for parameter in optimizer.params):
        raise ValueError("the loss depends on no parameter of this optimizer: was it made for another model?")
    if not all(map(math.isfinite, (batch_loss.data, *(parameter.grad for parameter in optimizer.params)))):
        optimizer.zero_grad()
        raise _anomaly(model, batch, loss)
    with detect_anomaly():  # for finite gradients may be too large for a step
        optimizer.step()
    return batch_loss.data


def _mean_loss(model: Callable[[Any], Any], batch: Sequence[tuple[Any, Any]], loss: Callable[[Any, Any], Any]) -> Value:
    losses = [loss(model(inputs), target) for inputs, target in batch]
    for value in losses:
        if not isinstance(value, Value):
            raise TypeError(f"the loss has to be a Value, for its gradient is wanted, but is {value!r:.40}")
    return mean(losses)  # type: ignore[no-any-return]


def _anomaly(
    model: Callable[[Any], Any], batch: Sequence[tuple[Any, Any]], loss: Callable[[Any, Any], Any]
) -> FloatingPointError:
    """Where inf or nan began, found by computing once more."""
    try:
        with detect_anomaly():
            batch_loss = _mean_loss(model, batch, loss)
        with detect_anomaly(forward=False):  # which looks at the loss as a whole too
            batch_loss.backward()
    except FloatingPointError as error:
        return error
    return FloatingPointError("the loss or a gradient is inf or nan, but not when computed again")


def _batches(data: Sequence[Any], size: int | None, random: Random) -> Iterator[Sequence[Any]]:
    if size is None:
        yield data
        return
    order = random.sample(data, len(data))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _bar(epochs: int, progress: bool) -> Any:
    from tqdm import auto, tqdm  # imported when used, for it costs more than all of autograd

    # The one of `auto` knows notebooks, and warns where their widgets are missing.
    return auto.tqdm(total=epochs, unit="epoch") if progress else tqdm(disable=True)


def _check(data: Sequence[Any], epochs: int, batch_size: int | None, patience: int | None) -> None:
    if not data:
        raise ValueError("there is no data to learn from: pass a list of pairs (inputs, target)")
    for place, pair in enumerate(data):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise ValueError(f"data[{place}] is no pair (inputs, target) but {pair!r:.40}")
    for name, number, least in (("epochs", epochs, 0), ("batch_size", batch_size, 1), ("patience", patience, 1)):
        if number is not None and number < least:
            raise ValueError(f"{name} is {number}, but has to be {least} or more")
