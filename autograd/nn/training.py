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
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from random import Random
from typing import Any, Literal, Protocol

from .. import anomaly, checks, saving
from ..engines import Value, ancestors, detect_anomaly, no_grad, topological_order
from ..files import AnyPath
from ..operations import mean
from .replaying import ReplayedLoss

Pair = tuple[Any, Any]

_GRAD = attrgetter("grad")


class _Optimizer(Protocol):
    params: list[Value]

    def zero_grad(self) -> None: ...
    def step(self) -> None: ...


@dataclass(repr=False)
class History:
    """A training so far: the mean loss of each epoch, on the validation data too, and why it ended.

    >>> History([0.5, 0.125, 0.0625])
    History(3 epochs, loss 0.5 to 0.0625, all epochs done)

    `fit` can continue from one, even from one that was saved; `seed` is that of the shuffling. `compiled` says whether
    the last epoch was computed by replays of a recorded step, and `why_not_compiled` why it was not.
    """

    losses: list[float] = field(default_factory=list)
    stopped: str = "all epochs done"
    validation_losses: list[float] = field(default_factory=list)
    seed: int | None = None
    compiled: bool = False
    why_not_compiled: str = ""

    def save(self, path: AnyPath) -> None:
        """Write it to a JSON file, bit for bit; an existing file is replaced completely or not at all."""
        saving.write(path, "history", vars(self))

    def load(self, path: AnyPath) -> None:
        """Take over what `save` wrote to a file.

        Raises ValueError, and changes nothing, if the file is damaged or of another kind.
        """
        # A training may have any length, so the size of the file limits how long it may be.
        state = saving.read(path, "history", like={"losses": [0.0] * (os.path.getsize(path) // 8)})
        try:
            loaded = _checked_history(**state)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{os.fsdecode(path)} is not a file of a history: {error}") from None
        vars(self).update(vars(loaded))

    def __repr__(self) -> str:
        count = len(self.losses)
        told = [f"{count} epoch{'s' * (count != 1)}"]
        for name, losses in (("loss", self.losses), ("validation loss", self.validation_losses)):
            if losses:
                told.append(f"{name} {losses[0]:.4g}" + f" to {losses[-1]:.4g}" * (len(losses) > 1))
        return f"History({', '.join([*told, self.stopped, *['compiled'] * self.compiled])})"


def fit(
    model: Callable[[Any], Any],
    data: Iterable[Pair],
    loss: Callable[[Any, Any], Any],
    optimizer: _Optimizer,
    epochs: int,
    batch_size: int | None = None,
    *,
    seed: int | None = None,
    validation: Iterable[Pair] | None = None,
    stop_below: float | None = None,
    patience: int | None = None,
    callback: Callable[[int, float], object] | None = None,
    progress: bool = True,
    history: History | None = None,
    compile: Literal["auto"] | bool = "auto",
) -> History:
    """Train a model on pairs (inputs, target): in each step, one batch's mean of `loss(model(inputs), target)`.

    Without a `batch_size` each step uses all data, in their order; with one, the data are shuffled in each epoch, as
    `seed` says. Training ends early once the mean loss of an epoch is below `stop_below`, or has not decreased for
    `patience` epochs. Nothing is learned from `validation` data: their mean loss is computed after each epoch, and is
    then what `patience` watches. Ctrl-C ends the training too and keeps what was learned so far.
    `callback(epoch, loss)` is called after each epoch, counted from 0; `progress=False` hides the progress bar.

    If a `history` is given, it is extended, and training continues where it ended: with a model and an optimiser that
    were saved and loaded together with it, 5 epochs and 5 more are the same as 10 at once, bit for bit.

    >>> from autograd import nn, optim
    >>> model, data = nn.MLP(1, [1], seed=0), [([x], x) for x in (-1.0, 0.0, 1.0)]
    >>> optimizer = optim.Adam(model.parameters(), lr=0.1)
    >>> history = fit(model, data, nn.squared_error, optimizer, epochs=5, batch_size=2, progress=False)
    >>> fit(model, data, nn.squared_error, optimizer, epochs=5, batch_size=2, progress=False, history=history)
    History(10 epochs, loss ... to ..., all epochs done)

    Where `autograd.compile` can record `loss(model(inputs), target)`, a training that is not short is replayed from its
    hundredth example on, many times faster: the losses and weights differ from those of `compile=False` by rounding,
    about 1e-15 a step. What cannot be compiled, and what prints or changes anything in Python, as a counter or a
    running mean does, is computed as it is written; `compile=True` raises the reason instead. While steps are replayed,
    model and loss are not called; what they depend on may be changed in the `callback`, and is looked for there.
    `history.compiled` says what was done, `history.why_not_compiled` the reason.

    Raises TypeError or ValueError for arguments that make no sense, for empty data and for the optimiser of another
    model; errors that the model or the loss raises say which of the data they are about. Raises FloatingPointError
    before the first step that inf or nan would spoil: it names the layer, the node where that began and the data, its
    `history` is what came before, and the model is as it was then.
    """
    pairs = _pairs("data", data)
    tested = None if validation is None else _pairs("validation", validation)
    _check_functions(model, loss, optimizer, callback)
    epochs = checks.whole("epochs", epochs, least=0)
    batch_size = None if batch_size is None else checks.whole("batch_size", batch_size, least=1)
    compile = checks.choice("compile", compile, ("auto", True, False))
    history = _begun(history, seed, batch_size is not None, tested is not None)
    limits = _Limits(history, stop_below, patience)
    shuffles = _shuffles(len(pairs), batch_size, Random(history.seed))
    replayed = ReplayedLoss(compile, model, loss, pairs, batch_size, (optimizer, history))
    for _ in history.losses:
        next(shuffles)  # those of the epochs that are over
    bar = _Bar(epochs, progress)
    try:
        for epoch in range(len(history.losses), len(history.losses) + epochs):
            if limits.reason:
                break
            total, seen = 0.0, epoch * len(pairs)
            for batch in next(shuffles):
                total += _step(model, pairs, batch, loss, optimizer, replayed, seen) * len(batch)
                seen += len(batch)
            validated = [] if tested is None else [_validation_loss(model, tested, loss, replayed)]
            history.losses.append(total / len(pairs))
            history.validation_losses += validated
            history.compiled, history.why_not_compiled = replayed.told()
            limits.see_last()
            bar.show(history)
            if callback is not None:
                callback(epoch, history.losses[-1])
                replayed.look_again()
        history.stopped = limits.reason or "all epochs done"
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    except FloatingPointError as error:
        history.stopped = "inf or nan"
        error.history = history  # type: ignore[attr-defined]  # so that nothing is lost
        raise
    finally:
        bar.close()
    return history


# An epoch -----------------------------------------------------------------------------------------


def _shuffles(count: int, size: int | None, random: Random) -> Iterator[list[Sequence[int]]]:
    """The batches of each epoch, as indices of the data."""
    while True:
        if size is None:
            yield [range(count)]
        else:
            order = random.sample(range(count), count)
            yield [order[start : start + size] for start in range(0, count, size)]


def _step(
    model: Callable[[Any], Any],
    data: Sequence[Pair],
    batch: Sequence[int],
    loss: Callable[[Any, Any], Any],
    optimizer: _Optimizer,
    replayed: ReplayedLoss,
    seen: int,
) -> float:
    """The mean loss of a batch, and the step that makes it smaller."""
    optimizer.zero_grad()
    batch_loss = replayed.mean(batch, seen)
    if batch_loss is not None:
        batch_loss.backward()
        if not _is_finite(batch_loss, optimizer):  # which is told with the node where that began
            optimizer.zero_grad()
            batch_loss = None
    if batch_loss is None:
        batch_loss = _differentiated(model, data, batch, loss, optimizer, replayed)
    if not any(parameter.has_grad for parameter in optimizer.params):
        raise ValueError("the loss depends on no parameter of this optimizer: was it made for another model?")
    with detect_anomaly():  # because finite gradients may still be too large for a step
        optimizer.step()
    return batch_loss.data  # type: ignore[no-any-return]


def _differentiated(
    model: Callable[[Any], Any],
    data: Sequence[Pair],
    batch: Sequence[int],
    loss: Callable[[Any, Any], Any],
    optimizer: _Optimizer,
    replayed: ReplayedLoss,
) -> Value:
    """The mean loss of a batch, node by node, with its gradients, which are finite."""
    losses = [_loss(model, data[place], loss, "data", place) for place in batch]
    for value, place in zip(losses, batch, strict=True):
        if not isinstance(value, Value):
            raise TypeError(_no_value(value, place))
    batch_loss: Value = mean(losses)
    if batch_loss.operation is None:
        raise ValueError(
            "the loss does not know how it was computed, so nothing can be learned: is this inside no_grad()?"
        )
    replayed.check()
    batch_loss.backward()
    if not _is_finite(batch_loss, optimizer):
        told = _anomaly(batch_loss, dict(zip(batch, losses, strict=True)))
        optimizer.zero_grad()
        raise FloatingPointError(told)
    return batch_loss


def _is_finite(batch_loss: Value, optimizer: _Optimizer) -> bool:
    numbers = [batch_loss.data, *map(_GRAD, optimizer.params)]
    # Their sum is quick, and tells; but it may be too large where they are not.
    return math.isfinite(sum(numbers)) or all(map(math.isfinite, numbers))


def _anomaly(batch_loss: Value, losses: Mapping[int, Value]) -> str:
    """Where the inf or nan of a loss or of a gradient began, and with which of the data."""
    bad = [value for value in losses.values() if not math.isfinite(value.data)]
    node, told = anomaly.began(topological_order(bad[0] if bad else batch_loss))
    places = [place for place, value in losses.items() if any(each is node for each in ancestors(value))]
    return told + (f"; at data[{places[0]}]" if places else "")


def _validation_loss(
    model: Callable[[Any], Any], pairs: Sequence[Pair], loss: Callable[[Any, Any], Any], replayed: ReplayedLoss
) -> float:
    found = replayed.losses(pairs)
    if found is not None:
        return mean(found)
    with no_grad():
        losses = [_loss(model, pair, loss, "validation", place) for place, pair in enumerate(pairs)]
    return mean(
        [
            value.data
            if isinstance(value, Value)
            else checks.number(f"the loss of validation[{place}]", value, nan=True)
            for place, value in enumerate(losses)
        ]
    )


def _loss(model: Callable[[Any], Any], pair: Pair, loss: Callable[[Any, Any], Any], name: str, place: int) -> Any:
    """The loss of one pair; an error on the way says which of the data it is about."""
    inputs, target = pair
    try:
        prediction = model(inputs)
    except Exception as error:
        _locate(error, f"{name}[{place}]", f"for the inputs {checks.shown(inputs)}, in the model")
        raise
    try:
        return loss(prediction, target)
    except Exception as error:
        told = f"for the prediction {_described(prediction)} and the target {checks.shown(target)}, in the loss"
        _locate(error, f"{name}[{place}]", told)
        raise


class _Limits:
    """Whether a training ends early: `reason` says why."""

    def __init__(self, history: History, stop_below: float | None, patience: int | None) -> None:
        if stop_below is not None:
            checks.number("stop_below", stop_below)
        self.stop_below = stop_below  # as it was written, for the message
        self.patience = None if patience is None else checks.whole("patience", patience, least=1)
        self.history, self.reason = history, ""
        self.best, self.since_best = math.inf, 0
        for place in range(len(history.losses)):
            self._see(place)

    def see_last(self) -> None:
        self._see(len(self.history.losses) - 1)

    def _see(self, epoch: int) -> None:
        validation = "validation " * bool(self.history.validation_losses)
        watched = (self.history.validation_losses or self.history.losses)[epoch]
        self.since_best = 0 if watched < self.best else self.since_best + 1
        self.best = min(self.best, watched)
        self.reason = ""
        if self.stop_below is not None and self.history.losses[epoch] < self.stop_below:
            self.reason = f"the loss is below {self.stop_below}"
        elif self.patience is not None and self.since_best >= self.patience:
            count = f"{self.patience} epoch{'s' * (self.patience != 1)}"
            self.reason = f"no smaller {validation}loss for {count}"


# The progress bar ---------------------------------------------------------------------------------


class _Bar:
    """A progress bar on stderr, or none if there is no one to see it: training goes on without one."""

    def __init__(self, epochs: int, wanted: bool) -> None:
        self._bar: Any = None
        file = getattr(sys, "stderr", None)  # programs without a console have none
        if wanted and file is not None:
            # A training that took hours must not fail because a terminal, a notebook or a log file does.
            with suppress(Exception):
                from tqdm import auto  # imported when used, because it costs more than all of autograd

                # The one in `auto` knows notebooks, and warns if their widgets are missing.
                self._bar = _unwatched(auto.tqdm)(total=epochs, unit="epoch", file=_Deaf(file))

    def show(self, history: History) -> None:
        if self._bar is not None:
            shown = [f"loss {history.losses[-1]:.4g}", *(f"validation {x:.4g}" for x in history.validation_losses[-1:])]
            shown += ["compiled"] * history.compiled
            with suppress(Exception):
                self._bar.set_postfix_str(", ".join(shown), refresh=False)
                self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            with suppress(Exception):
                self._bar.close()


def _unwatched(bar: Any) -> Any:
    """The kind of bar without its thread that watches it: where there are no threads, it would warn of that."""
    return type(bar.__name__, (bar,), {"monitor_interval": 0})


class _Deaf:
    """A file whose errors are ignored; a bar that saw one would not close, and later bars would move down a line."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with suppress(Exception):
            self._file.write(text)

    def flush(self) -> None:
        with suppress(Exception):
            self._file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


# What is checked ----------------------------------------------------------------------------------


def _pairs(name: str, data: Any) -> list[Pair]:
    if isinstance(data, str | Mapping) or not isinstance(data, Iterable):
        remedy = ": pass list(data.items())" if isinstance(data, Mapping) else ""
        raise TypeError(f"{name} must be a list of pairs (inputs, target), not {checks.shown(data)}{remedy}")
    pairs = list(data)
    if not pairs:
        raise ValueError(f"{name} is empty, so there is nothing to learn from: pass a list of pairs (inputs, target)")
    for place, pair in enumerate(pairs):
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            remedy = ": pass list(zip(inputs, targets))" if _are_columns(pairs) else ""
            raise ValueError(f"{name}[{place}] is not a pair (inputs, target) but {checks.shown(pair)}{remedy}")
    return pairs


def _are_columns(things: list[Any]) -> bool:
    """Whether this is (inputs, targets) rather than pairs of them."""
    return len(things) == 2 and all(hasattr(thing, "__len__") for thing in things) and len(things[0]) == len(things[1])


def _check_functions(model: Any, loss: Any, optimizer: Any, callback: Any) -> None:
    for name, given, example in (
        ("model", model, "a module, or a function of the inputs,"),
        ("loss", loss, "a function of a prediction and a target, such as nn.squared_error,"),
        ("callback", callback, "a function of an epoch and its loss,"),
    ):
        if not callable(given) and (given is not None or name != "callback"):
            raise TypeError(f"{name} must be {example} not {checks.shown(given)}")
    if isinstance(model, type):
        raise TypeError(f"model is a class: create a model, as in {model.__name__}(...)")
    if isinstance(optimizer, type) or not all(hasattr(optimizer, name) for name in ("params", "zero_grad", "step")):
        raise TypeError(
            "optimizer must be one of autograd.optim, such as optim.SGD(model.parameters(), lr=0.1), "
            f"not {checks.shown(optimizer)}"
        )


def _begun(history: History | None, seed: int | None, is_shuffled: bool, is_validated: bool) -> History:
    """The history to add to, and in it the seed."""
    seed = None if seed is None else checks.whole("seed", seed)
    history = History() if history is None else history
    if not isinstance(history, History):
        raise TypeError(f"history must be what fit returned, not {checks.shown(history)}")
    if history.losses and bool(history.validation_losses) != is_validated:
        raise ValueError(f"the history has {'no ' * is_validated}validation losses: continue the training as it began")
    if history.losses and seed is not None and history.seed not in (seed, None):
        raise ValueError(f"seed is {seed}, but the training to continue has {history.seed}: leave the seed out")
    if seed is not None and not history.losses:
        history.seed = seed
    elif history.seed is None and is_shuffled:
        history.seed = Random().getrandbits(53) if seed is None else seed
    return history


def _checked_history(**state: Any) -> History:
    """A history from what a file says."""
    history = History(**state)
    for name in ("losses", "validation_losses"):
        numbers = getattr(history, name)
        if not isinstance(numbers, list):
            raise TypeError(f"{name} must be a list of numbers, not {checks.shown(numbers)}")
        checked = [checks.number(f"{name}[{epoch}]", number, nan=True) for epoch, number in enumerate(numbers)]
        setattr(history, name, checked)
    if history.validation_losses and len(history.validation_losses) != len(history.losses):
        raise ValueError("it has a different number of validation losses than of losses")
    if not isinstance(history.stopped, str):
        raise TypeError(f"stopped must be a text, not {checks.shown(history.stopped)}")
    if not isinstance(history.why_not_compiled, str):
        raise TypeError(f"why_not_compiled must be a text, not {checks.shown(history.why_not_compiled)}")
    history.compiled = checks.truth("compiled", history.compiled)
    history.seed = None if history.seed is None else checks.whole("seed", history.seed)
    return history


def _no_value(value: Any, place: int) -> str:
    """What to say of a loss that is not a Value."""
    remedy = ""
    if isinstance(value, list | tuple):
        remedy = ": return one number for all of them, such as their autograd.mean"
    elif value is None:
        remedy = ": does the function return it?"
    elif isinstance(value, float | int):
        remedy = ": compute it from the prediction itself, not from its .data"
    return f"data[{place}]: the loss must be a Value, because its gradient is needed, not {checks.shown(value)}{remedy}"


def _locate(error: Exception, where: str, circumstances: str) -> None:
    """Add to an error where in the data it arose: as a note, and in its message if it is one of this package."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    is_ours = frame.f_globals.get("__name__", "").partition(".")[0] == __name__.partition(".")[0]
    if is_ours and isinstance(error, TypeError | ValueError | FloatingPointError) and len(error.args) == 1:
        error.args = (f"{where}: {error}",)
    error.add_note(f"at {where}, {circumstances}")


def _described(prediction: Any) -> str:
    """A prediction in few words."""
    if isinstance(prediction, list | tuple) and prediction and all(isinstance(each, Value) for each in prediction):
        return f"[{len(prediction)} Value{'s' * (len(prediction) != 1)}]"
    return checks.shown(prediction)
