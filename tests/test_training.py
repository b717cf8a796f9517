"""The training loop: what it sees, what it keeps, how it ends; and that networks learn what they are known to learn."""

import copy
import gc
import io
import itertools
import math
import os
import random
import re
import signal
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import tqdm.auto
from helpers import bits

from autograd import Value, compile, detect_anomaly, log, no_grad, sqrt, take, where
from autograd.datasets import moons
from autograd.nn import (
    MLP,
    History,
    Module,
    Neuron,
    binary_cross_entropy_with_logits,
    cross_entropy,
    fit,
    hinge,
    mean_squared_error,
    squared_error,
)
from autograd.optim import SGD, Adam, AdamW

INF, NAN = math.inf, math.nan


class Proportional(Module):
    """factor·x."""

    def __init__(self, factor: float = 0.0) -> None:
        self.factor = Value(factor, "factor")

    def forward(self, x: Any) -> Any:
        return self.factor * x


def seen_by(model: Module, **how: Any) -> list[Any]:
    """The inputs of ten pairs in the order in which a training over three epochs comes to them."""
    seen = []

    def watched(inputs: float) -> Any:
        seen.append(inputs)
        return model(inputs)

    optimizer = SGD(model.parameters(), lr=0)
    fit(watched, [(x, 0.0) for x in range(10)], squared_error, optimizer, 3, progress=False, **how)
    return seen


# What a step is -----------------------------------------------------------------------------------


def test_step_goes_against_the_gradient_of_the_mean_loss() -> None:
    """Seen to fail with the sum for the mean, and with gradients that are kept from step to step."""
    model = Proportional()
    data = [(1.0, 2.0), (3.0, 1.0)]
    history = fit(model, data, squared_error, SGD(model.parameters(), lr=0.5), 2, progress=False)

    # The mean of (f − 2)² and (3f − 1)² is 2.5 at 0; its slope is (f − 2) + 3·(3f − 1) = 10f − 5: from 0 to 2.5,
    # there (0.25 + 42.25)/2, and by a slope of 20 to −7.5.
    assert history.losses == [2.5, 21.25]
    assert model.factor.data == -7.5


def test_each_batch_is_a_step() -> None:
    """Seen to fail with a step for each epoch."""
    model = Proportional()
    data = [(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]
    history = fit(model, data, squared_error, SGD(model.parameters(), lr=0.25), 1, 2, progress=False)

    # Two steps, each half of the way to 1; the losses are 1 for two pairs and 1/4 for the third.
    assert model.factor.data == 0.75
    assert history.losses == [(2 * 1.0 + 0.25) / 3]


def test_loss_of_an_epoch_is_the_mean_over_all_pairs() -> None:
    """Seen to fail with the mean of the batches' means."""
    model = Proportional()
    data = [(1.0, target) for target in (1.0, 2.0, 3.0, 4.0, 5.0)]
    for batch_size in (None, 1, 2, 3, 5, 100):
        history = fit(model, data, squared_error, SGD(model.parameters(), lr=0), 2, batch_size, progress=False)

        # (1 + 4 + 9 + 16 + 25)/5
        assert history.losses == pytest.approx([11.0, 11.0], rel=1e-15)


def test_model_may_be_any_function_and_data_any_pairs() -> None:
    """Seen to fail with data that can be read only once."""
    slope = Value(0.0)
    for data in (zip([1.0, 2.0], [3.0, 6.0], strict=True), [[1.0, 3.0], (2.0, 6.0)], ((x, 3 * x) for x in (1, 2))):
        slope.data = 0.0
        history = fit(lambda x: slope * x, data, squared_error, SGD([slope], lr=0.25), 30, progress=False)

        assert slope.data == pytest.approx(3.0, rel=1e-9)
        assert len(history.losses) == 30


def test_an_optimiser_of_another_model_is_refused() -> None:
    """It would train nothing, in silence."""
    model, other = Proportional(), Proportional()

    with pytest.raises(ValueError, match="was it made for another model"):
        fit(model, [(1.0, 1.0)], squared_error, SGD(other.parameters()), 1, progress=False)


def test_no_epoch_is_no_training() -> None:
    """Seen to fail with 1 as the least number of epochs."""
    model = Proportional(2.0)
    history = fit(model, [(1.0, 1.0)], squared_error, SGD(model.parameters(), lr=1), 0, progress=False)

    assert (history.losses, history.stopped, model.factor.data) == ([], "all epochs done", 2.0)


# Batches ------------------------------------------------------------------------------------------


def test_without_a_batch_size_the_data_keep_their_order() -> None:
    """Seen to fail with data that are always shuffled."""
    assert seen_by(Proportional()) == [*range(10)] * 3


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 11])
def test_batches_cover_all_data_in_each_epoch(batch_size: int) -> None:
    """Seen to fail with a last batch that is left out when it is short."""
    seen = seen_by(Proportional(), batch_size=batch_size, seed=1)
    epochs = [seen[start : start + 10] for start in (0, 10, 20)]

    assert len(seen) == 30
    assert all(sorted(epoch) == [*range(10)] for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3


@pytest.mark.parametrize(("batch_size", "sizes"), [(1, [1] * 10), (3, [3, 3, 3, 1]), (10, [10]), (25, [10])])
def test_batches_have_their_size_but_for_the_last(batch_size: int, sizes: list[int]) -> None:
    """Seen to fail with batches that are larger by one."""
    model, since_step, found = Proportional(), [0], []

    class Counting(SGD):
        def step(self) -> None:
            found.append(since_step[0])
            since_step[0] = 0

    def loss(prediction: Value, target: float) -> Value:
        since_step[0] += 1
        return squared_error(prediction, target)

    fit(model, [(x, 0.0) for x in range(10)], loss, Counting(model.parameters()), 1, batch_size, progress=False)

    assert found == sizes


def test_batches_are_the_same_for_the_same_seed() -> None:
    """Seen to fail with a seed that is not used."""
    by_seed = {seed: seen_by(Proportional(), batch_size=3, seed=seed) for seed in (0, 1, 2)}

    assert seen_by(Proportional(), batch_size=3, seed=1) == by_seed[1]
    assert len({tuple(seen) for seen in by_seed.values()}) == 3
    assert seen_by(Proportional(), batch_size=3) != seen_by(Proportional(), batch_size=3)


def test_training_is_the_same_for_the_same_seeds_bit_for_bit() -> None:
    """Seen to fail with a seed that is not used."""

    def trained() -> list[str]:
        model = MLP(2, [4, 1], seed=0)
        history = fit(
            model, moons(20), squared_error, Adam(model.parameters(), 0.01), 3, batch_size=7, seed=5, progress=False
        )
        return [bits(number) for number in [*history.losses, *model.state_dict().values()]]

    assert trained() == trained()


def test_data_and_the_global_random_state_are_left_alone() -> None:
    """Seen to fail with data that are shuffled in place."""
    model, data = Proportional(), [(float(x), 0.0) for x in range(10)]
    before, state = list(data), random.getstate()
    fit(model, data, squared_error, SGD(model.parameters()), 3, batch_size=3, progress=False)

    assert data == before
    assert random.getstate() == state


# Early stop ---------------------------------------------------------------------------------------


def losses_of(*numbers: float) -> Callable[[Value, float], Value]:
    """A loss that is what one says, one number after the other."""
    following = iter(numbers)
    return lambda prediction, target: prediction * 0 + next(following)


@pytest.mark.parametrize(
    ("limits", "numbers", "count", "stopped"),
    [
        ({}, [5.0, 4.0, 4.0, 6.0], 4, "all epochs done"),
        ({"stop_below": 4.0}, [5.0, 4.0, 3.5, 1.0], 3, "the loss is below 4.0"),
        ({"stop_below": 4.0}, [1.0, 4.0, 3.5, 1.0], 1, "the loss is below 4.0"),
        ({"stop_below": 0}, [1.0, 0.0, -1.0, 1.0], 3, "the loss is below 0"),
        ({"stop_below": 1.0}, [4.0, 3.0, 2.0, 1.0], 4, "all epochs done"),
        ({"patience": 1}, [5.0, 4.0, 4.0, 3.0], 3, "no smaller loss for 1 epoch"),
        ({"patience": 2}, [5.0, 4.0, 6.0, 3.0, 3.0, 4.0, 1.0], 6, "no smaller loss for 2 epochs"),
        ({"patience": 2}, [5.0, 6.0, 4.0, 6.0, 3.0, 6.0], 6, "all epochs done"),
        ({"patience": 2}, [5.0, 6.0, 5.5, 1.0], 3, "no smaller loss for 2 epochs"),
        ({"patience": 2, "stop_below": 2.0}, [5.0, 1.0, 6.0, 6.0], 2, "the loss is below 2.0"),
    ],
)
def test_training_ends_early(limits: dict[str, Any], numbers: list[float], count: int, stopped: str) -> None:
    """Seen to fail with `<=` for a limit, with patience that is never renewed, and with the last loss as the best."""
    model = Proportional()
    history = fit(
        model, [(1.0, 0.0)], losses_of(*numbers), SGD(model.parameters()), len(numbers), progress=False, **limits
    )

    assert history.losses == numbers[:count]
    assert history.stopped == stopped


# Ctrl-C -------------------------------------------------------------------------------------------


def test_ctrl_c_in_the_callback_ends_the_training() -> None:
    """Seen to fail with an exception that is passed on."""
    model, told = Proportional(), []

    def callback(epoch: int, loss: float) -> None:
        told.append((epoch, loss))
        if epoch == 2:
            raise KeyboardInterrupt

    history = fit(
        model, [(1.0, 1.0)], squared_error, SGD(model.parameters(), lr=0.25), 99, callback=callback, progress=False
    )

    # Each step goes half of the way to 1.
    assert told == [(0, 1.0), (1, 0.25), (2, 0.0625)]
    assert (history.losses, history.stopped) == ([1.0, 0.25, 0.0625], "interrupted")
    assert model.factor.data == 0.875


@pytest.mark.parametrize("where", ["model", "loss", "step", "zero_grad"])
def test_ctrl_c_anywhere_in_a_step_keeps_what_was_learned(where: str) -> None:
    """Seen to fail with an exception that is passed on."""
    calls = {"model": 0, "loss": 0, "step": 0, "zero_grad": 0}

    def interrupted(place: str) -> None:
        calls[place] += 1
        if place == where and calls[place] == 3:
            raise KeyboardInterrupt

    class Model(Proportional):
        def forward(self, x: Any) -> Any:
            interrupted("model")
            return super().forward(x)

    class Interrupted(SGD):
        def step(self) -> None:
            interrupted("step")
            super().step()

        def zero_grad(self) -> None:
            interrupted("zero_grad")
            super().zero_grad()

    def loss(prediction: Value, target: float) -> Value:
        interrupted("loss")
        return squared_error(prediction, target)

    model = Model()
    history = fit(model, [(1.0, 1.0)], loss, Interrupted(model.parameters(), lr=0.25), 99, progress=False)

    assert (history.losses, history.stopped) == ([1.0, 0.25], "interrupted")
    assert model.factor.data == 0.75


INTERRUPTED_PROGRAM = """
import math, os, signal, threading, time
from autograd import nn, optim
from autograd.datasets import xor

model, data, begun = nn.MLP(2, [4, 1], "tanh", seed=0), xor(8), threading.Event()
before = model.state_dict()

def interrupt():
    begun.wait()
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
history = nn.fit(
    model, data, nn.squared_error, optim.SGD(model.parameters(), 0.1), 10**9, callback=lambda *_: begun.set()
)
assert history.stopped == "interrupted", history.stopped
assert history.losses[-1] < history.losses[0]
assert model.state_dict() != before
assert all(map(math.isfinite, model.state_dict().values()))
print(len(history.losses))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT that a process may send to itself")
def test_real_ctrl_c_ends_the_training_cleanly() -> None:
    """Seen to fail with an exception that is passed on."""
    finished = subprocess.run([sys.executable, "-c", INTERRUPTED_PROGRAM], capture_output=True, text=True, timeout=60)

    assert finished.returncode == 0, finished.stderr
    assert int(finished.stdout) > 0
    assert "Traceback" not in finished.stderr
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_exceptions_are_passed_on() -> None:
    """Seen to fail with every exception taken for Ctrl-C."""
    model = Proportional()
    for exception in (SystemExit, ZeroDivisionError, StopIteration):

        def loss(prediction: Value, target: float, exception: type[BaseException] = exception) -> Value:
            raise exception

        with pytest.raises(exception):
            fit(model, [(1.0, 1.0)], loss, SGD(model.parameters()), 3, progress=False)


# inf and nan --------------------------------------------------------------------------------------


def stopped_by(
    model: Module, loss: Callable[..., Value], lr: float = 0.25, data: list[Any] | None = None
) -> FloatingPointError:
    """The error that ends a training of ten epochs."""
    optimizer = SGD(model.parameters(), lr)
    with pytest.raises(FloatingPointError) as caught:
        fit(model, data or [(1.0, 1.0)], loss, optimizer, 10, progress=False)

    assert all(math.isfinite(parameter.grad) for parameter in model.parameters())
    return caught.value


def test_nan_is_told_with_the_node_and_the_training_so_far() -> None:
    """Seen to fail with training that goes on with nan."""
    model = Proportional(2.0)

    def loss(prediction: Value, target: float) -> Value:
        prediction.label = "prediction"
        return log(prediction) + 2 * prediction

    # d/df (ln f + 2f) = 1/f + 2: 2.0 → 1.375 → 0.693181… → −0.167…, whose logarithm is nan.
    error = stopped_by(model, loss)
    second = 2.0 - 0.25 * 2.5
    third = second - 0.25 * (1 / second + 2)
    fourth = third - 0.25 * (1 / third + 2)

    assert str(error) == f"log(prediction) is nan, with prediction = {model.factor.data!r}; at data[0]"
    assert model.factor.data == pytest.approx(fourth, rel=1e-12)
    assert not model.factor.has_grad
    assert error.history.losses == pytest.approx([math.log(x) + 2 * x for x in (2.0, second, third)], rel=1e-12)
    assert error.history.stopped == "inf or nan"


def test_nan_in_a_later_batch_leaves_the_model_as_it_was_before_that_step() -> None:
    """Seen to fail with training that goes on with nan."""
    model = Proportional(1.0)
    error = stopped_by(model, squared_error, data=[(1.0, 1.0), (NAN, 1.0)])

    assert str(error) == "Proportional: factor × nan is nan, with factor = 1.0; at data[1]"
    assert model.state_dict() == {"factor": 1.0}
    assert error.history.losses == []


def test_label_of_a_nan_leaf_is_told() -> None:
    """Seen to fail with training that goes on with nan."""
    error = stopped_by(Proportional(NAN), squared_error)

    assert "factor = nan" in str(error)


def test_infinite_gradient_of_a_finite_loss_stops_the_training() -> None:
    """Seen to fail with the loss alone looked at."""
    model = Proportional(0.0)
    error = stopped_by(model, lambda prediction, target: sqrt(prediction))

    # The root of 0 is 0, its slope inf.
    assert "the gradient that √(factor × 1) passes to factor × 1 is inf" in str(error)
    assert "the local gradient is inf" in str(error)
    assert model.state_dict() == {"factor": 0.0}
    assert not model.factor.has_grad


def test_step_that_is_too_large_for_a_float_is_not_made() -> None:
    """Seen to fail with parameters that become inf by a step: the error came one epoch later, if at all."""
    model = Proportional(1.0)
    model.offset = Value(3.0, "offset")

    # The gradients are 1 and 1e200: finite, but 1e200 times the learning rate is not.
    error = stopped_by(model, lambda prediction, target: model.offset + prediction * 1e200, lr=1e200)

    assert "factor is -inf" in str(error)
    assert error.history.losses == []
    assert model.state_dict() == {"factor": 1.0, "offset": 3.0}


def test_number_that_is_inf_only_once_is_told_too() -> None:
    """Seen to fail with the loss computed again, to look for what was no more."""
    model, once = Proportional(1.0), [INF]

    def loss(prediction: Value, target: float) -> Value:
        return prediction * (once.pop() if once else 1.0)

    error = stopped_by(model, loss)

    assert str(error) == "factor × 1 × inf is inf, with factor × 1 = 1.0; at data[0]"
    assert model.state_dict() == {"factor": 1.0}


def test_what_was_not_chosen_is_not_told() -> None:
    """Seen to fail with the first inf or nan of the graph for the one that matters."""
    model = Proportional(4.0)

    def loss(prediction: Value, target: float) -> Value:
        unchosen = log(prediction * 0.0)
        return where(prediction < 0.0, unchosen, prediction * 1e308 * 1e10)

    assert str(stopped_by(model, loss)) == "factor × 1 × 1e+308 is inf, with factor × 1 = 4.0; at data[0]"


def test_gradients_that_add_up_to_inf_are_told() -> None:
    """Seen to fail with a look at each gradient alone."""
    model = Proportional(1.0)
    error = stopped_by(model, lambda prediction, target: prediction * 1e308 - 1e308 + prediction * 1e308 - 1e308)

    assert str(error) == "Proportional: the flows that arrive at factor × 1 add up to inf; at data[0]"


@pytest.mark.parametrize(
    ("factor", "loss"),
    [
        (-1.0, lambda prediction, target: log(prediction)),
        (4.0, lambda prediction, target: prediction * 1e308 * 1e10),
        (0.0, lambda prediction, target: sqrt(prediction)),
        (1.0, lambda prediction, target: prediction * 1e308 - 1e308 + prediction * 1e308 - 1e308),
    ],
)
def test_a_training_tells_the_story_that_detect_anomaly_tells(factor: float, loss: Callable[..., Value]) -> None:
    """Seen to fail with words and digits of its own."""
    alone = str(stopped_by(Proportional(factor), loss))
    with detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        loss(Proportional(factor)(1.0), 1.0).backward()

    assert alone.removesuffix("; at data[0]") == str(caught.value).partition("; made at ")[0]


def test_losses_whose_mean_overflows_are_told() -> None:
    error = stopped_by(Proportional(1.5e308), lambda prediction, target: prediction, data=[(1.0, 0.0)] * 2)

    assert re.match(r"mean\(.*\) is inf, with factor × 1 = 1\.5e\+308", str(error))


@pytest.mark.parametrize(
    ("change", "beginning", "ending"),
    [
        ({"layers.1.neurons.3.weights.2": NAN}, "MLP.layers.1.neurons.3: dot(", "; at data[0]"),
        ({"layers.2.neurons.0.bias": 1e300}, "squared_error: ", "; at data[0]"),
        ({}, "MLP.layers.0.neurons.0: dot(", "; at data[1]"),
    ],
)
def test_layer_and_neuron_stand_before_a_formula_that_is_cut_short(
    change: dict[str, float], beginning: str, ending: str
) -> None:
    """Seen to fail with the formula as a whole, of 1,000 characters."""
    model = MLP(2, [16, 16, 1], seed=0)
    model.load_state_dict(model.state_dict() | change)
    error = stopped_by(model, squared_error, data=[([1.0, 2.0], 1.0), ([NAN, 2.0], 1.0)])

    assert str(error).startswith(beginning)
    assert str(error).endswith(ending)
    assert len(str(error)) <= 200
    with pytest.raises(FloatingPointError, match=r"^MLP\.layers\.0\.neurons\.0: ") as caught, detect_anomaly():
        model([NAN, 1.0])
    assert len(str(caught.value).partition("; made at ")[0]) <= 200


# The progress bar ---------------------------------------------------------------------------------


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The progress bars that are opened, kept alive, for one that is thrown away is closed too."""
    opened: list[Any] = []

    class Kept(tqdm.auto.tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            opened.append(self)

    monkeypatch.setattr(tqdm.auto, "tqdm", Kept)
    return opened


def trained_with(**how: Any) -> Any:
    model = Proportional()
    return fit(model, [(1.0, 1.0)], squared_error, SGD(model.parameters(), lr=0.25), 5, **how)


def test_progress_is_written_to_stderr_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen to fail with a bar on stdout."""
    trained_with()
    written = capsys.readouterr()

    assert written.out == ""
    assert "5/5" in written.err
    assert "epoch" in written.err
    assert "loss 0.003906" in written.err  # (1/2)⁸


def test_without_progress_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Seen to fail with a bar that is always there."""
    trained_with(progress=False)
    written = capsys.readouterr()

    assert (written.out, written.err) == ("", "")


@pytest.mark.parametrize("exception", [KeyboardInterrupt, ZeroDivisionError])
def test_progress_bar_is_closed_when_training_breaks_off(
    bars: list[Any], capsys: pytest.CaptureFixture[str], exception: type[BaseException]
) -> None:
    """Seen to fail with a bar that is not closed: the prompt comes behind it."""

    def callback(epoch: int, loss: float) -> None:
        raise exception

    if exception is KeyboardInterrupt:
        assert trained_with(callback=callback).stopped == "interrupted"
    else:
        with pytest.raises(exception):
            trained_with(callback=callback)

    assert [bar.disable for bar in bars] == [True]  # what tqdm sets on closing
    assert capsys.readouterr().err.endswith("\n")


class Broken:
    """A file that raises."""

    encoding = "utf-8"

    def __init__(self, error: Exception, after: int = 0) -> None:
        self.error, self.left = error, after

    def write(self, text: str) -> int:
        self.left -= 1
        if self.left < 0:
            raise self.error
        return len(text)

    flush = close = lambda self: self.write("")


def closed() -> Any:
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize(
    "stderr",
    [
        None,
        closed(),
        Broken(OSError(28, "No space left on device")),
        Broken(OSError(5, "Input/output error")),
        Broken(ValueError("I/O operation on closed file"), after=3),
        Broken(AttributeError("'NoneType' object has no attribute 'write'"), after=1),
        Broken(UnicodeEncodeError("ascii", "█", 0, 1, "ordinal not in range(128)"), after=2),
        object(),
    ],
    ids=["None", "closed", "full", "EIO", "later", "strange", "ASCII", "object"],
)
def test_training_goes_on_where_no_bar_can_be_shown(stderr: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with tqdm's own way with files, which raises, and with all that it raises suppressed."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", stderr)
        history = trained_with()
        gc.collect()  # which closes a bar that is left

    assert len(history.losses) == 5
    assert not list(tqdm.tqdm._instances)  # beside which later bars would be a line lower


@pytest.mark.parametrize("where", ["__init__", "set_postfix_str", "update", "close"])
def test_training_goes_on_without_a_bar_that_raises(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a notebook without widgets. Seen to fail with exceptions of the bar passed on."""

    class Fails:
        def __init__(self, **how: Any) -> None:
            self("__init__")

        def __call__(self, place: str) -> None:
            if place == where:
                raise ImportError("IProgress not found. Please update jupyter and ipywidgets.")

        def __getattr__(self, place: str) -> Any:
            return lambda *args, **how: self(place)

    monkeypatch.setattr(tqdm.auto, "tqdm", Fails)

    assert len(trained_with().losses) == 5


def test_training_goes_on_without_tqdm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with the import outside of what is tried."""
    monkeypatch.setitem(sys.modules, "tqdm", None)

    assert len(trained_with().losses) == 5


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device that is always full")
def test_program_with_a_full_or_no_stderr_ends_well() -> None:
    """Seen to fail with exit status 120 or 1."""
    program = (
        "from autograd import nn, optim\n"
        "model = nn.MLP(1, [1], seed=0)\n"
        "print(nn.fit(model, [([1.0], 1.0)], nn.squared_error, optim.SGD(model.parameters()), 3))"
    )
    for redirection in ("2>/dev/full", "2>&-"):
        command = f'"{sys.executable}" -c "$PROGRAM" {redirection}'
        finished = subprocess.run(
            command, shell=True, stdout=subprocess.PIPE, text=True, timeout=60, env={**os.environ, "PROGRAM": program}
        )

        assert finished.stdout.startswith("History(3 epochs, loss ")


# Validation ---------------------------------------------------------------------------------------


def test_validation_data_are_looked_at_but_not_learned_from() -> None:
    """Seen to fail with a step for the validation data too, and with their loss taken before the epoch."""
    for batch_size in (None, 1):
        model, predicted = Proportional(), []

        def watched(x: float, model: Module = model, predicted: list[Value] = predicted) -> Value:
            predicted.append(model(x))
            return predicted[-1]

        history = fit(
            *(watched, [(1.0, 1.0)], squared_error, SGD(model.parameters(), lr=0.25), 2, batch_size),
            validation=iter([(1.0, 0.0), (2.0, 0.0)]),
            progress=False,
        )

        # Half of the way to 1 in each step: ½, ¾; the mean of f² and (2f)².
        assert history.losses == [1.0, 0.25]
        assert history.validation_losses == [2.5 * 0.25, 2.5 * 0.5625]
        assert model.factor.data == 0.75
        assert [value.operation is not None for value in predicted] == [True, False, False] * 2  # without a graph


def test_patience_watches_the_validation_loss() -> None:
    """Seen to fail with patience for the loss of the data that are learned."""
    model = Proportional()
    history = fit(
        *(model, [(1.0, 1.0)], squared_error, SGD(model.parameters(), lr=0.25), 99),
        validation=[(1.0, 0.6)],
        patience=2,
        progress=False,
    )

    # ½, ¾, ⅞: the nearest to 0.6 is the first.
    assert history.validation_losses == pytest.approx([0.01, 0.0225, 0.075625])
    assert history.stopped == "no smaller validation loss for 2 epochs"


def test_a_validation_loss_may_be_a_number_or_nan_and_has_to_be_one() -> None:
    model = Proportional()

    def validated(loss: Any) -> Any:
        optimizer = SGD(model.parameters(), lr=0.25)
        return fit(model, [(1.0, 1.0)], loss, optimizer, 2, validation=[(NAN, 1.0)], progress=False)

    assert list(map(bits, validated(squared_error).validation_losses)) == ["nan", "nan"]
    by_number = validated(lambda prediction, target: prediction if prediction.data == prediction.data else 0.25)
    assert by_number.validation_losses == [0.25, 0.25]
    with pytest.raises(TypeError, match=r"the loss of validation\[0\] must be a number, not 'nan'"):
        validated(lambda prediction, target: prediction if prediction.data == prediction.data else "nan")


# History, and going on from it --------------------------------------------------------------------


def test_a_history_is_shown_in_one_line() -> None:
    """Seen to fail with all losses."""
    assert repr(trained_with(progress=False)) == "History(5 epochs, loss 1 to 0.003906, all epochs done)"
    assert repr(History()) == "History(0 epochs, all epochs done)"
    assert repr(History([0.125], "interrupted")) == "History(1 epoch, loss 0.125, interrupted)"
    assert repr(History([0.5, 0.25] * 10**5, validation_losses=[1.0, NAN])) == (
        "History(200000 epochs, loss 0.5 to 0.25, validation loss 1 to nan, all epochs done)"
    )


RESUMED_PROGRAM = """
import sys
from autograd import nn, optim
from autograd.datasets import moons

def train(epochs, folder, first, last):
    model = nn.MLP(2, [4, 1], "tanh", seed=0)
    optimizer = optim.Adam(model.parameters(), lr=optim.linear(0.05, steps=90))
    history = nn.History()
    things = {"model": model, "optimizer": optimizer, "history": history}
    if not first:
        for name, thing in things.items():
            thing.load(f"{folder}/{name}.json")
    nn.fit(
        model, moons(40, seed=1), nn.binary_cross_entropy_with_logits, optimizer, epochs, batch_size=7,
        seed=3 if first else None, validation=moons(10, seed=2), patience=4, history=history, progress=False,
    )
    for name, thing in things.items():
        thing.save(f"{folder}/{name}.json")

train(int(sys.argv[1]), sys.argv[2], sys.argv[3] == "first", True)
"""


def test_training_is_gone_on_with_in_another_process_bit_for_bit(tmp_path: Path) -> None:
    """Seen to fail with shuffles that begin again, and with a patience that does."""

    def run(epochs: int, folder: str, which: str) -> dict[str, bytes]:
        (tmp_path / folder).mkdir(exist_ok=True)
        command = [sys.executable, "-c", RESUMED_PROGRAM, str(epochs), str(tmp_path / folder), which]
        subprocess.run(command, check=True, timeout=60)
        return {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}

    at_once = run(10, "at once", "first")
    run(4, "in parts", "first")
    run(1, "in parts", "again")
    in_parts = run(5, "in parts", "again")

    assert sorted(at_once) == ["history.json", "model.json", "optimizer.json"]
    assert in_parts == at_once


@pytest.mark.parametrize("limits", [{"patience": 3}, {"stop_below": 2.0}, {}])
@pytest.mark.parametrize("parts", [[8], [5, 3], [1, 1, 6], [0, 7, 1], [3, 5], [2, 2, 2, 2]])
def test_early_stops_are_those_of_an_unbroken_training(parts: list[int], limits: dict[str, Any]) -> None:
    """Seen to fail with a patience that begins again."""
    model, history = Proportional(), History()
    loss = losses_of(5.0, 4.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0)
    for epochs in parts:
        fit(model, [(1.0, 0.0)], loss, SGD(model), epochs, history=history, progress=False, **limits)

    expected = [5.0, 4.0, 6.0, 5.0, 4.0] if "patience" in limits else [5.0, 4.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0]
    assert history.losses == expected
    assert (history.stopped == "all epochs done") == (not limits)


def test_without_a_seed_the_history_keeps_the_one_that_was_drawn() -> None:
    """Seen to fail with another seed for the rest."""

    class Seen(Module):
        def __init__(self) -> None:
            self.factor, self.inputs = Value(0.0), []

        def forward(self, x: float) -> Value:
            self.inputs.append(x)
            return self.factor * x

    def train(model: Seen, epochs: int, **how: Any) -> History:
        data = [(float(x), 0.0) for x in range(10)]
        return fit(model, data, squared_error, SGD(model), epochs, 3, progress=False, **how)

    parts, whole = Seen(), Seen()
    history = train(parts, 2)
    train(parts, 3, history=history)
    train(whole, 5, seed=history.seed)

    assert parts.inputs == whole.inputs
    assert trained_with(progress=False).seed is None  # nothing was drawn


def test_history_is_saved_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    history = History([0.1, 1 / 3, 5e-324], "interrupted", [INF, NAN, -0.0], seed=2**53)
    history.save(path)
    again = History([9.0])
    again.load(path)

    assert list(map(bits, again.losses)) == list(map(bits, history.losses))
    assert list(map(bits, again.validation_losses)) == list(map(bits, history.validation_losses))
    assert (again.stopped, again.seed) == ("interrupted", 2**53)

    History([0.25] * 30_000).save(path)
    again.load(path)
    assert again == History([0.25] * 30_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[:-20], "is damaged or cannot be loaded here"),
        (lambda text: text.replace('"history"', '"model"'), "it holds 'model' rather than 'history'"),
        (lambda text: text.replace('"seed"', '"sead"'), "is not a file of a history: .*'sead'"),
        (lambda text: text.replace("0.5", '"0.5"'), r"losses\[0\] must be a number, not '0.5'"),
        (lambda text: text.replace("[\n   0.5\n  ]", "0.5"), "losses must be a list of numbers, not 0.5"),
        (lambda text: text.replace("7", "7.5"), "seed must be a whole number, not 7.5"),
        (lambda text: text.replace('"all epochs done"', "3"), "stopped must be a text, not 3"),
        (lambda text: text.replace('"validation_losses": []', '"validation_losses": [1.0, 2.0]'), "different number"),
    ],
)
def test_a_damaged_history_changes_nothing(change: Callable[[str], str], message: str, tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    History([0.5], seed=7).save(path)
    text = path.read_text()
    path.write_text(change(text))
    history = History([1.0], seed=1)

    assert change(text) != text
    with pytest.raises(ValueError, match=message):
        history.load(path)
    assert history == History([1.0], seed=1)


def test_a_history_that_does_not_fit_is_refused() -> None:
    for history, how, message in (
        (History([1.0], seed=1), {"seed": 2}, "seed is 2, but the training to continue has 1: leave the seed out"),
        (History([1.0]), {"validation": [(1.0, 1.0)]}, "the history has no validation losses: continue the training"),
        (History([1.0], validation_losses=[1.0]), {}, "the history has validation losses: continue the training"),
    ):
        before = copy.deepcopy(history)
        with pytest.raises(ValueError, match=message):
            trained_with(progress=False, history=history, batch_size=1, **how)
        assert history == before


# Compiled -----------------------------------------------------------------------------------------


def learned(
    make: Callable[[], Any], loss: Callable[[Any, Any], Any], *epochs: int, data: Any = None, **how: Any
) -> tuple[History, dict[str, Any]]:
    """A training of forty points in one part or more, as its history and the state of the model."""
    model, history = make(), History()
    optimizer = Adam(model.parameters(), lr=0.02)
    data = moons(40, 0.1, seed=0) if data is None else data
    for count in epochs or (6,):
        fit(model, data, loss, optimizer, count, batch_size=9, seed=1, history=history, progress=False, **how)
        how.pop("seed", None)
    return history, model.state_dict()


def check_alike(one: tuple[History, dict[str, Any]], other: tuple[History, dict[str, Any]]) -> None:
    """The same but for rounding."""
    assert one[0].losses == pytest.approx(other[0].losses, rel=1e-12)
    assert one[0].validation_losses == pytest.approx(other[0].validation_losses, rel=1e-12)
    assert one[1] == pytest.approx(other[1], rel=1e-9, abs=1e-12)


class Net(Module):
    """A network, and what the models below remember or look at."""

    factor = 1.0

    def __init__(self) -> None:
        self.net = MLP(2, [4, 1], "tanh", seed=0)
        self.settings = {"factor": 1.0}
        self.log: list[float] = []
        self.calls = 0

    def forward(self, inputs: Any) -> Any:
        return self.net(inputs)


class Branching(Net):
    def forward(self, inputs: Any) -> Any:
        output = self.net(inputs)
        return 2.0 * output if output > 0.1 else output


class Classes(Net):
    def __init__(self) -> None:
        self.net = MLP(2, [4, 3], "relu", seed=0)


LEARNING: list[tuple[Callable[[], Any], Callable[[Any, Any], Any]]] = [
    (Net, squared_error),
    (Net, binary_cross_entropy_with_logits),
    (Net, lambda output, target: hinge(output, 2 * target - 1)),
    (Branching, binary_cross_entropy_with_logits),
    (Classes, cross_entropy),
    (Net, compile(lambda output, target: (output - target) ** 2)),
]


@pytest.mark.parametrize(("make", "loss"), LEARNING)
@pytest.mark.parametrize("way", ["auto", True])
def test_a_compiled_training_learns_the_same(
    make: Callable[[], Any], loss: Callable[[Any, Any], Any], way: Any
) -> None:
    """Seen to fail with the mean over another batch."""
    how: dict[str, Any] = {"validation": moons(7, 0.1, seed=1)}
    compiled = learned(make, loss, compile=way, **how)

    assert compiled[0].compiled
    assert compiled[0].why_not_compiled == ""
    check_alike(compiled, learned(make, loss, compile=False, **how))


@pytest.mark.parametrize(("make", "loss"), LEARNING)
def test_a_compiled_training_in_parts_is_the_same_bit_for_bit(
    make: Callable[[], Any], loss: Callable[[Any, Any], Any]
) -> None:
    """Also where examples take several ways. Seen to fail with the ways in the order in which they were recorded."""
    at_once = learned(make, loss, 12, validation=moons(7, 0.1, seed=1))
    in_parts = learned(make, loss, 1, 3, 8, validation=moons(7, 0.1, seed=1))

    assert at_once[0].compiled
    assert in_parts == at_once


def test_a_short_training_is_not_recorded() -> None:
    """Seen to fail with a recording at the first step: it takes as long as ten examples."""
    model, calls = Net(), [0]

    def counted(inputs: Any) -> Any:
        calls[0] += 1
        return model(inputs)

    history = fit(counted, moons(40, 0.1, 0), squared_error, SGD(model.parameters()), 2, progress=False)

    assert calls == [80]
    assert (history.compiled, history.why_not_compiled) == (False, "so far it would have taken longer")


def test_steps_of_a_few_nodes_are_not_replayed() -> None:
    """A replay of them takes longer. Seen to fail with every training compiled that can be."""
    model = Proportional()
    history = fit(model, [(1.0, 1.0)], squared_error, SGD(model, 0.1), 300, progress=False)

    assert (history.compiled, history.why_not_compiled) == (
        False,
        "its steps are so small that replays would not be faster",
    )


SCALE, GENERATOR, STEPS = 1.0, random.Random(0), [0]


class Normalised(Net):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", 0.0)

    def forward(self, inputs: Any) -> Any:
        output = self.net(inputs)
        self.mean = 0.9 * self.mean + 0.1 * output
        return output - self.mean


class Counting(Net):
    def forward(self, inputs: Any) -> Any:
        self.calls += 1
        return self.net(inputs)


class Logging(Net):
    def forward(self, inputs: Any) -> Any:
        self.log.append(inputs[0] * 0)
        return self.net(inputs)


class CountingByClass(Net):
    count = 0

    def forward(self, inputs: Any) -> Any:
        CountingByClass.count += 1
        return self.net(inputs) * (1 + CountingByClass.count % 2)


class CountingOutside(Net):
    def forward(self, inputs: Any) -> Any:
        STEPS[0] += 1
        return self.net(inputs) * (1 + STEPS[0] % 2)


class Dropping(Net):
    def forward(self, inputs: Any) -> Any:
        return self.net(inputs) * (random.random() < 0.5)


class DroppingByItself(Net):
    def __init__(self) -> None:
        super().__init__()
        self.settings = {"generator": random.Random(3)}

    def forward(self, inputs: Any) -> Any:
        return self.net(inputs) * (self.settings["generator"].random() < 0.5)


class DroppingByNumpy(Net):
    def __init__(self) -> None:
        super().__init__()
        self.settings = {"generator": numpy.random.default_rng(3)}

    def forward(self, inputs: Any) -> Any:
        return self.net(inputs) * float(self.settings["generator"].random() < 0.5)


class Recurrent(Net):
    def __init__(self) -> None:
        self.neuron, self.last = Neuron(3, "tanh", seed=0), Value(0.0)

    def forward(self, inputs: Any) -> Any:
        self.last = self.neuron([*inputs, self.last.detach()])
        return self.last


class Reading(Net):
    def forward(self, inputs: Any) -> Any:
        output = self.net(inputs)
        return output * abs(output.data)


class Printing(Net):
    def forward(self, inputs: Any) -> Any:
        print("forward")
        return self.net(inputs)


class Iterating(Net):
    def __init__(self) -> None:
        super().__init__()
        self.settings = {"numbers": itertools.count()}

    def forward(self, inputs: Any) -> Any:
        return self.net(inputs) * (1 + next(self.settings["numbers"]) % 2)


STATEFUL: list[tuple[type[Net], str]] = [
    (Normalised, "mean"),
    (Counting, "Counting.calls changes when the model and the loss are called"),
    (Logging, "log changes"),
    (CountingByClass, "CountingByClass.count changes"),
    (CountingOutside, "STEPS changes"),
    (Dropping, "draws a random number at .*test_training.py"),
    (DroppingByItself, r"settings\['generator'\] changes"),
    (DroppingByNumpy, r"settings\['generator'\] changes"),
    (Recurrent, "keeps a Value that it computes"),
    (Reading, "reads data of"),
    (Printing, "it prints, which would happen at the first step alone"),
    (Iterating, r"it reads from settings\['numbers'\], an iterator"),
]


@pytest.mark.parametrize(("make", "reason"), STATEFUL, ids=lambda each: getattr(each, "__name__", ""))
def test_what_cannot_be_replayed_is_trained_as_it_is_written(
    make: type[Net], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bit for bit, with as many calls. Seen to fail without putting back what the attempt to record has changed."""
    found = []
    for way in ("auto", False):
        random.seed(7)
        CountingByClass.count, STEPS[0] = 0, 0
        kept = make()
        history, state = learned(lambda kept=kept: kept, squared_error, compile=way)
        printed = capsys.readouterr().out.count("forward")
        counts = CountingByClass.count, STEPS[0], printed, len(getattr(kept, "log", ())), getattr(kept, "calls", 0)
        found.append((history.losses, state, counts, random.random()))
        told = history.why_not_compiled if way == "auto" else ""

        assert not history.compiled
        assert way is False or re.search(reason, told)

    assert found[0] == found[1]
    with pytest.raises(TypeError, match=reason):
        learned(make, squared_error, compile=True)


def by_attribute(model: Net, number: float) -> None:
    model.settings["factor"] = number


def by_class(model: Net, number: float) -> None:
    type(model).factor = number


def by_name(model: Net, number: float) -> None:
    global SCALE
    SCALE = number


def by_part(model: Net, number: float) -> None:
    model.net.layers[0].neurons[1].activation = "tanh" if number > 0.3 else "relu"


class Scaled(Net):
    def forward(self, inputs: Any) -> Any:
        return self.net(inputs) * self.settings["factor"] * self.factor * SCALE


@pytest.mark.parametrize("change", [by_attribute, by_class, by_name, by_part])
def test_what_a_callback_changes_is_noticed(change: Callable[[Net, float], None]) -> None:
    """Seen to fail with a model that stays as it was recorded."""
    found = []
    for way in ("auto", False):
        change(model := Scaled(), 1.0)
        found.append(
            learned(
                lambda model=model: model,
                squared_error,
                compile=way,
                callback=lambda epoch, loss, model=model: change(model, 1.0 / (epoch + 1)),
            )
        )
    change(Scaled(), 1.0)

    assert found[0][0].compiled
    check_alike(*found)


def test_a_loss_that_looks_at_the_training_is_noticed() -> None:
    """At the optimiser and at the history. Seen to fail with what they were when it was recorded."""
    found = []
    for way in ("auto", False):
        model, history = Net(), History()
        optimizer = SGD(model.parameters(), lr=0.1)
        optimizer.rate = 1.0  # type: ignore[attr-defined]

        class Decaying(SGD):
            def step(self, optimizer: Any = optimizer) -> None:
                super().step()
                optimizer.rate *= 0.99

        def loss(output: Value, target: float, optimizer: Any = optimizer, history: History = history) -> Value:
            return squared_error(output, target) * optimizer.rate / (1 + len(history.losses))

        fit(
            model,
            moons(40, 0.1, 0),
            loss,
            Decaying(model.parameters(), 0.1),
            6,
            9,
            history=history,
            compile=way,
            progress=False,
            seed=1,
        )
        found.append((history, model.state_dict()))

    check_alike(*found)


def test_data_that_a_callback_changes_are_seen() -> None:
    """Seen to fail with columns that are kept."""
    found = []
    for way in ("auto", False):
        data = moons(40, 0.1, seed=0)
        data = [(list(point), target) for point, target in data]

        def callback(epoch: int, loss: float, data: Any = data) -> None:
            for point, _ in data:
                point[0] += 0.1

        found.append(learned(Net, squared_error, data=data, callback=callback, compile=way))

    assert found[0][0].compiled
    check_alike(*found)


class Thing:
    """Data of a kind that only the model knows."""

    def __init__(self, x: float) -> None:
        self.x = x


TEXTS: list[Any] = [(text, float(len(text))) for text in ("a", "bb", "ccc") * 40]


@pytest.mark.parametrize(
    ("data", "forward", "reason"),
    [
        (TEXTS, lambda factor, text: factor * len(text), ""),
        ([([1.0] * (1 + n % 3), 1.0) for n in range(120)], lambda factor, xs: factor * sum(xs), ""),
        ([({"x": n / 120, "way": "up"}, 1.0) for n in range(120)], lambda factor, x: factor * x["x"], ""),
        ([(Value(n / 120), 1.0) for n in range(120)], lambda factor, x: factor * x, ""),
        ([(numpy.array([n / 120]), 1.0) for n in range(120)], lambda factor, x: factor * x[0], ""),
        ([(array("d", [n / 120]), n % 2 == 0) for n in range(120)], lambda factor, x: factor * x[0], ""),
        ([(str(n), 1.0) for n in range(120)], lambda factor, text: factor * len(text), "have 120 different forms"),
        ([([1.0] * n, 1.0) for n in range(1, 121)], lambda factor, xs: factor * (sum(xs) / len(xs)), "120 different"),
        ([(Thing(n / 120), 1.0) for n in range(120)], lambda factor, thing: factor * thing.x, "the data hold <.*Thing"),
        (
            [(n / 120, 1.0) for n in range(120)],
            lambda factor, x: factor * max(n for n in range(99) if x * 120 >= n),
            "in more than 32 ways",
        ),
    ],
)
def test_data_of_all_forms(data: list[Any], forward: Callable[[Value, Any], Any], reason: str) -> None:
    """What has few forms is recorded once for each, other data are trained with as before."""

    class Model(Proportional):
        def forward(self, x: Any) -> Any:
            return forward(self.factor, x)

    found = learned(lambda: Model(0.5), squared_error, 5, data=data)

    assert re.search(reason, found[0].why_not_compiled) if reason else found[0].compiled
    assert found[0].compiled == (not reason)
    check_alike(found, learned(lambda: Model(0.5), squared_error, 5, data=data, compile=False))


def test_gradients_reach_values_among_the_data() -> None:
    """As the vectors of an embedding. Seen to fail with numbers in their place."""
    found = []
    for way in (True, False):
        rows = [Value(0.5), Value(-0.25)]
        data = [(rows[place % 2], 1.0) for place in range(10)]
        history = fit(
            lambda x: 2.0 * x, data, squared_error, SGD(rows, 0.05), 6, 3, seed=1, progress=False, compile=way
        )
        found.append((history, {str(place): row.data for place, row in enumerate(rows)}))

    assert found[0][0].compiled
    check_alike(*found)


class Embedding(Module):
    """A row for each token, and a neuron that reads it."""

    def __init__(self) -> None:
        self.rows = [[Value(0.5 - row), Value(0.25 * row)] for row in range(4)]
        self.neuron = Neuron(2, "tanh", seed=0)

    def forward(self, token: Any) -> Any:
        return self.neuron(take(self.rows, token))


def test_rows_that_no_example_takes_are_left_alone() -> None:
    """Adam would go on moving them. Seen to fail with the gradient 0 for them."""
    data = [(n % 4, float(n % 3)) for n in range(60)]
    found = [learned(Embedding, squared_error, 5, data=data, compile=way) for way in ("auto", False)]

    check_alike(*found)
    assert "take" in found[0][0].why_not_compiled
    assert learned(Embedding, squared_error, 1, data=data, compile=True)[0].compiled


class Limited(Net):
    """A network with a limit that is a parameter, but only compared."""

    def __init__(self) -> None:
        self.net, self.limit = MLP(2, [4, 1], "tanh", seed=0), Value(0.1)

    def forward(self, inputs: Any) -> Any:
        output = self.net(inputs)
        return output * 2.0 if output > self.limit else output


def test_parameters_that_are_only_compared_are_left_alone() -> None:
    """A decay of weights would shrink them. Seen to fail with the gradient 0 for them."""
    found = []
    for way in ("auto", False):
        model = Limited()
        optimizer = AdamW(model.parameters(), 0.02, weight_decay=0.1)
        history = fit(model, moons(40, 0.1, 0), squared_error, optimizer, 6, progress=False, compile=way)
        found.append((history, model.state_dict()))

    check_alike(*found)
    assert found[0][1]["limit"] == 0.1


@pytest.mark.parametrize(
    ("place", "pair", "loss", "error", "message"),
    [
        (
            7,
            ([1.0, 2.0, 3.0], 1.0),
            squared_error,
            ValueError,
            r"data\[7\]: this Net|data\[7\]: this MLP takes 2 inputs",
        ),
        (7, ([1.0, 2.0], 1.5), binary_cross_entropy_with_logits, ValueError, r"data\[7\]: the target must be a probab"),
        (7, ([1.0, 2.0], "1"), squared_error, TypeError, r"data\[7\]: the target must be a number or a Value, not '1'"),
        (7, ([1e308, 1e308], 1.0), squared_error, FloatingPointError, r"; at data\[7\]"),
        (7, ([NAN, 1.0], 1.0), squared_error, FloatingPointError, r"dot\(.*\) is nan.*; at data\[7\]"),
    ],
)
@pytest.mark.parametrize("way", ["auto", True])
def test_errors_of_a_compiled_training_say_which_of_the_data(
    place: int, pair: Any, loss: Callable[..., Any], error: type[Exception], message: str, way: Any
) -> None:
    """Seen to fail with the errors of the replay."""
    data = moons(300, 0.1, seed=0)
    data[place] = pair
    model = MLP(2, [4, 1], "identity", seed=0)
    before = model.state_dict()
    with pytest.raises(error, match=message) as caught:
        fit(model, data, loss, SGD(model.parameters(), 0.0), 9, compile=way, progress=False)

    assert model.state_dict() == before
    assert error is FloatingPointError or any(f"at data[{place}]" in note for note in caught.value.__notes__)


def test_nan_late_in_a_compiled_training_is_told_with_its_node() -> None:
    """Seen to fail with a gradient of nan that is made a step."""
    model = Proportional(2.0)
    with pytest.raises(FloatingPointError) as caught:
        # One less by each step, until the logarithm is one of a negative number.
        fit(model, [(1.0, 1.0)] * 50, lambda p, t: p + 0.0 * log(p), SGD(model, 0.125), 99, progress=False)
    history: History = caught.value.history  # type: ignore[attr-defined]

    assert history.compiled
    assert "log(factor × 1) is" in str(caught.value)
    assert str(caught.value).endswith("; at data[0]")
    assert math.isfinite(model.factor.data)


def test_ways_of_computing_are_those_of_a_training() -> None:
    """Under `no_grad` nothing is learned; under `detect_anomaly` each node is watched."""
    data = moons(40, 0.1, seed=0)
    model = Net()
    with no_grad(), pytest.raises(ValueError, match="inside no_grad"):
        fit(model, data, squared_error, SGD(model.parameters()), 9, compile=True, progress=False)
    with detect_anomaly():
        history = fit(model, data, squared_error, SGD(model.parameters()), 9, progress=False)

    assert not history.compiled


def test_history_and_bar_say_that_it_was_compiled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, path = Net(), tmp_path / "history.json"
    history = fit(model, moons(40, 0.1, 0), squared_error, SGD(model.parameters()), 9)
    history.save(path)
    again = History()
    again.load(path)

    assert repr(history).endswith(", all epochs done, compiled)")
    assert "compiled" in capsys.readouterr().err
    assert again == history
    assert again.compiled


def test_a_history_of_before_is_loaded(tmp_path: Path) -> None:
    """Files that say nothing of it, and files that say nonsense."""
    path = tmp_path / "history.json"
    History([0.5], seed=7).save(path)
    text = path.read_text()
    kept = [line for line in text.splitlines() if "compiled" not in line]
    path.write_text("\n".join(kept).replace('"seed": 7,', '"seed": 7'))
    history = History([1.0], compiled=True)
    history.load(path)

    assert len(kept) == len(text.splitlines()) - 2
    assert history == History([0.5], seed=7)
    for nonsense, message in (
        (text.replace("false", '"no"'), "compiled must be True or False, not 'no'"),
        (text.replace('"why_not_compiled": ""', '"why_not_compiled": 3'), "why_not_compiled must be a text, not 3"),
    ):
        path.write_text(nonsense)
        with pytest.raises(ValueError, match=message):
            history.load(path)


@pytest.mark.parametrize("way", ["yes", 1, None])
def test_other_ways_to_compile_are_refused(way: Any) -> None:
    with pytest.raises(ValueError, match="compile must be 'auto' or True or False, not"):
        fit(Net(), [([1.0, 2.0], 1.0)], squared_error, SGD([Value(1.0)]), 1, compile=way)


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"data": []}, "so there is nothing to learn from"),
        ({"data": iter(())}, "so there is nothing to learn from"),
        ({"data": [1.0, 2.0]}, r"data\[0\] is not a pair \(inputs, target\) but 1\.0"),
        ({"data": [(1.0, 1.0), (1.0, 2.0, 3.0)]}, r"data\[1\] is not a pair .* but \(1\.0, 2\.0, 3\.0\)"),
        ({"data": [(1.0, 1.0), ()]}, r"data\[1\] is not a pair"),
        ({"data": ["ab"]}, r"data\[0\] is not a pair .* but 'ab'"),
        (
            {"data": ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])},
            r"data\[0\] is not a pair .*: pass list\(zip\(inputs, targets\)\)",
        ),
        ({"validation": []}, "validation is empty"),
        ({"validation": [1.0]}, r"validation\[0\] is not a pair"),
        ({"stop_below": NAN}, "stop_below is nan"),
        ({"epochs": -1}, "epochs must be 0 or more, not -1"),
        ({"batch_size": 0}, "batch_size must be 1 or more, not 0"),
        ({"batch_size": -3}, "batch_size must be 1 or more, not -3"),
        ({"patience": 0}, "patience must be 1 or more, not 0"),
    ],
)
def test_training_that_makes_no_sense_is_refused(how: dict[str, Any], message: str) -> None:
    """Seen to fail without the checks."""
    model = Proportional(2.0)
    usual = {"data": [(1.0, 1.0)], "epochs": 3, "progress": False}
    with pytest.raises(ValueError, match=message):
        fit(model, loss=squared_error, optimizer=SGD(model.parameters()), **(usual | how))

    assert model.state_dict() == {"factor": 2.0}


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"data": None}, r"data must be a list of pairs \(inputs, target\), not None"),
        ({"data": "abcd"}, "data must be a list of pairs .*, not 'abcd'"),
        ({"data": {"ab": 1.0}}, r"data must be a list of pairs .*, not \{'ab': 1.0\}: pass list\(data.items\(\)\)"),
        ({"data": squared_error}, "data must be a list of pairs .*, not <function squared_error"),
        ({"model": None}, "model must be a module, or a function of the inputs, not None"),
        ({"model": [Proportional()]}, r"model must be a module, or a function of the inputs, not \[Proportional"),
        ({"model": MLP}, r"model is a class: create a model, as in MLP\(...\)"),
        ({"loss": "mse"}, "loss must be a function of a prediction and a target, such as nn.squared_error, not 'mse'"),
        ({"loss": None}, "loss must be a function of a prediction and a target"),
        (
            {"optimizer": "adam"},
            r"optimizer must be one of autograd.optim, such as optim.SGD\(model.parameters\(\), lr=0.1\)",
        ),
        ({"optimizer": SGD}, "optimizer must be one of autograd.optim, .* not <class 'autograd.optim.algorithms.SGD'>"),
        ({"optimizer": None}, "optimizer must be one of autograd.optim, .* not None"),
        ({"optimizer": Proportional()}, "optimizer must be one of autograd.optim, .* not Proportional"),
        ({"epochs": True}, "epochs must be a whole number, not True"),
        ({"epochs": 2.5}, "epochs must be a whole number, not 2.5"),
        ({"epochs": "3"}, "epochs must be a whole number, not '3'"),
        ({"batch_size": 2.0}, "batch_size must be a whole number, not 2.0"),
        ({"batch_size": True}, "batch_size must be a whole number, not True"),
        ({"patience": 1.5}, "patience must be a whole number, not 1.5"),
        ({"stop_below": "0.1"}, "stop_below must be a number, not '0.1'"),
        ({"seed": "abc"}, "seed must be a whole number, not 'abc'"),
        ({"seed": 1.5}, "seed must be a whole number, not 1.5"),
        ({"callback": 3}, "callback must be a function of an epoch and its loss, not 3"),
        ({"validation": 3}, "validation must be a list of pairs"),
        ({"history": [1.0]}, r"history must be what fit returned, not \[1.0\]"),
    ],
)
def test_arguments_of_another_kind_are_refused(how: dict[str, Any], message: str) -> None:
    """Seen to fail without the checks."""
    model = Proportional(2.0)
    usual = {
        "model": model,
        "data": [(1.0, 1.0)],
        "loss": squared_error,
        "optimizer": SGD(model.parameters()),
        "epochs": 3,
        "progress": False,
    }
    with pytest.raises(TypeError, match=message):
        fit(**(usual | how))

    assert model.state_dict() == {"factor": 2.0}


def test_whole_numbers_of_numpy_are_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    history = trained_with(batch_size=numpy.int64(1), patience=numpy.int32(3), seed=numpy.int64(5), progress=False)

    assert (len(history.losses), history.seed, type(history.seed)) == (5, 5, int)


@pytest.mark.parametrize(
    ("loss", "remedy"),
    [
        (lambda prediction, target: prediction.data - target, "compute it from the prediction itself"),
        (lambda prediction, target: [prediction], "return one number for all of them, such as their autograd.mean"),
        (lambda prediction, target: None, r"does the function return it\?"),
        (lambda prediction, target: "low", "not 'low'"),
    ],
)
def test_loss_that_is_no_value_is_refused(loss: Callable[[Any, Any], Any], remedy: str) -> None:
    """Seen to fail with a loss that has no gradient and is trained nevertheless."""
    model = Proportional(2.0)
    with pytest.raises(
        TypeError, match=rf"data\[0\]: the loss must be a Value, because its gradient is needed, .*{remedy}"
    ):
        fit(model, [(1.0, 1.0)], loss, SGD(model.parameters()), 3, progress=False)


def test_nothing_is_learned_without_a_past() -> None:
    """Seen to fail with an optimiser that is said to be another model's."""
    with no_grad(), pytest.raises(ValueError, match=r"nothing can be learned: is this inside no_grad\(\)\?"):
        trained_with(progress=False)


# Which item of the data ---------------------------------------------------------------------------


def told_by(model: Any, loss: Any, data: list[Any], **how: Any) -> tuple[BaseException, str]:
    """The error of a training, and its notes."""
    optimizer = SGD(MLP(2, [1], seed=0).parameters() if not isinstance(model, Module) else model.parameters())
    with pytest.raises(Exception) as caught:  # noqa: PT011  # what it says is asserted by those who call
        fit(model, data, loss, optimizer, 1, progress=False, **how)
    return caught.value, "\n".join(caught.value.__notes__)


GOOD = ([1.0, 2.0], 1.0)


@pytest.mark.parametrize(
    ("widths", "loss", "bad", "message", "note"),
    [
        (
            [3, 1],
            squared_error,
            ([1.0, 2.0, 3.0], 1.0),
            "this MLP takes 2 inputs, but got 3",
            r"inputs \[1.0, 2.0, 3.0\]",
        ),
        (
            [3, 1],
            squared_error,
            (None, 1.0),
            "this MLP takes a list of 2 numbers, not NoneType",
            "inputs None, in the model",
        ),
        ([3, 1], squared_error, ([1.0, 2.0], "b"), "", r"prediction Value\(.* and the target 'b', in the loss"),
        ([3, 1], squared_error, ([1.0, 2.0], [1.0]), "", r"prediction Value\(.* and the target \[1.0\], in the loss"),
    ],
)
def test_an_error_of_this_package_is_told_with_its_place(
    widths: list[int], loss: Any, bad: Any, message: str, note: str
) -> None:
    """Seen to fail without the place."""
    data = [GOOD] * 17 + [bad]
    for batch_size in (None, 4):
        error, notes = told_by(MLP(2, widths, seed=0), loss, data, batch_size=batch_size)

        assert re.match(rf"data\[17\]: {message}", str(error))
        assert re.search(rf"at data\[17\], for the {note}", notes)


def test_a_wrong_loss_is_told_with_its_place() -> None:
    """Seen to fail without the place."""
    for widths, loss in (([1], mean_squared_error), ([1], cross_entropy), ([2], squared_error)):
        error, notes = told_by(MLP(2, widths, seed=0), loss, [GOOD])

        assert str(error).startswith("data[0]: ")
        assert notes.startswith("at data[0], for the prediction ")


def test_an_error_of_validation_data_is_told_with_its_place() -> None:
    error, _ = told_by(MLP(2, [1], seed=0), squared_error, [GOOD], validation=[GOOD, ([1.0], 1.0)])

    assert str(error) == "validation[1]: this MLP takes 2 inputs, but got 1"


def test_an_error_of_the_program_itself_is_as_it_was_but_for_a_note() -> None:
    """Seen to fail with the place in the text of every error."""

    class OddError(Exception):
        def __init__(self, code: int, more: str) -> None:
            super().__init__(code, more)

    def model(inputs: Any) -> Any:
        raise OddError(3, "no")

    def loss(prediction: Any, target: Any) -> Any:
        return prediction["logit"]

    error, notes = told_by(model, squared_error, [GOOD])
    assert (type(error), error.args) == (OddError, (3, "no"))
    assert notes == "at data[0], for the inputs [1.0, 2.0], in the model"

    error, notes = told_by(MLP(2, [3], seed=0), loss, [GOOD])
    assert str(error) == "list indices must be integers or slices, not str"
    assert notes == "at data[0], for the prediction [3 Values] and the target 1.0, in the loss"


# What networks are known to learn -----------------------------------------------------------------


def test_neuron_of_the_question_and_answer_thread() -> None:
    """Seen to fail with the sum for the mean, and with gradients that are kept from step to step."""
    data = [([0.0, 0.0, 1.0], 0.0), ([0.0, 1.0, 1.0], 0.0), ([1.0, 0.0, 1.0], 1.0), ([1.0, 1.0, 1.0], 1.0)]
    neuron = Neuron(3, "sigmoid", bias=False)
    starts = (-0.16595599059485195, 0.4406489868843162, -0.9997712503653102)
    neuron.load_state_dict({f"weights.{place}": start for place, start in enumerate(starts)})
    optimizer = SGD(neuron.parameters(), lr=1)

    def train(steps: int) -> None:
        # The mean of four times 2·(p − y)² is ½·Σ(y − p)².
        fit(neuron, data, lambda p, y: 2 * squared_error(p, y), optimizer, steps, progress=False)

    train(9_999)
    outputs = [neuron(inputs).data for inputs, _ in data]
    train(1)

    # The outputs before the last step, and the weights after it.
    assert outputs == pytest.approx([0.00966449, 0.00786506, 0.99358898, 0.99211957], abs=1e-8)
    assert [w.data for w in neuron.weights] == pytest.approx([9.67299303, -0.2078435, -4.62963669], abs=1e-8)


XOR = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]


@pytest.mark.parametrize("seed", range(20))
def test_network_learns_xor(seed: int) -> None:
    """Seen to fail with `output` given to all layers, for a line separates nothing here."""
    model = MLP(2, [8, 1], activation="tanh", seed=seed)
    history = fit(model, XOR, squared_error, Adam(model.parameters(), 0.05), 2_000, stop_below=1e-3, progress=False)

    assert history.losses[-1] < 1e-3
    assert all(abs(model(inputs).data - target) < 0.1 for inputs, target in XOR)


def test_network_tells_the_moons_apart() -> None:
    """Seen to fail with `output` given to all layers, for a line does not separate them."""
    data = moons(100, noise=0.1, seed=1)
    model = MLP(2, [16, 16, 1], seed=1)
    fit(
        *(model, data, binary_cross_entropy_with_logits, Adam(model.parameters(), 0.05)),
        epochs=60,
        batch_size=10,
        seed=1,
        stop_below=0.005,
        progress=False,
    )
    with no_grad():
        right = [(model(inputs).data > 0) == (kind == 1) for inputs, kind in data]

    assert right == [True] * 100


def test_network_of_several_outputs_learns_classes_and_numbers() -> None:
    """Seen to fail with the Value itself for the list of outputs."""
    classes = [([1.0, 0.0], 0), ([0.0, 1.0], 1), ([-1.0, -1.0], 2)]
    targets = [([1.0, 0.0], [1.0, 2.0]), ([0.0, 1.0], [-1.0, 0.5])]
    for data, loss, width in ((classes, cross_entropy, 3), (targets, mean_squared_error, 2)):
        model = MLP(2, [4, width], "tanh", seed=0)
        history = fit(model, data, loss, Adam(model.parameters(), 0.05), 500, stop_below=0.01, progress=False)

        assert history.losses[-1] < 0.01
        assert history.losses[0] > 0.1
