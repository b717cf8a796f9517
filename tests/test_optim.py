"""Optimisers, schedules and clipping: PyTorch's figures to 1e-12, and every promise of `autograd.optim`.

The figures are recorded: see tests/recorded/optim.py.
"""

import collections
import copy
import json
import math
import pickle
import random
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded.optim import FIGURES, START, gradients

import autograd
from autograd import Value, detect_anomaly, optim, tanh
from autograd.nn import MLP, Layer, Module
from autograd.optim import (
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    clip_grad_norm,
    clip_grad_value,
    constant,
    cosine,
    exponential_decay,
    linear,
    step_decay,
    warmup,
)

INF, NAN = math.inf, math.nan

RECORDED = json.loads(FIGURES.read_text())
OPTIMIZERS: dict[str, type[Optimizer]] = {"SGD": SGD, "Adam": Adam, "AdamW": AdamW, "RMSprop": RMSprop}
SCHEDULES: dict[str, Callable[..., Callable[[int], float]]] = {
    "step_decay": step_decay,
    "exponential_decay": exponential_decay,
    "linear": linear,
    "cosine": cosine,
    "warmup": warmup,
}

# One of each formula.
MAKERS: list[Callable[..., Optimizer]] = [
    lambda params, **arguments: SGD(params, 1e-3, **arguments),
    lambda params, **arguments: SGD(params, 1e-3, momentum=0.9, weight_decay=0.1, nesterov=True, **arguments),
    lambda params, **arguments: Adam(params, 0.02, weight_decay=0.1, **arguments),
    lambda params, **arguments: AdamW(params, 0.02, **arguments),
    lambda params, **arguments: RMSprop(params, 0.02, centered=True, momentum=0.5, weight_decay=0.1, **arguments),
    lambda params, **arguments: SGD(in_groups(params, lr=5e-4), 1e-3, momentum=0.9, **arguments),
    lambda params, **arguments: Adam(in_groups(params, betas=(0.5, 0.9)), 0.02, **arguments),
]


def in_groups(params: list[Value], **options: Any) -> list[dict[str, Any]]:
    """The first of the parameters as a group with options of its own, the others as another."""
    groups: list[dict[str, Any]] = [{"params": params[:1], **options}, {"params": params[1:]}]
    return groups[: len(params)]


def close(number: float, recorded: float) -> bool:
    return abs(number - recorded) <= 1e-12 * max(1.0, abs(recorded))


def leaves() -> list[Value]:
    return [Value(number, f"x{place}") for place, number in enumerate(START)]


def train(optimizer: Optimizer, first: int, last: int) -> list[list[float]]:
    """The numbers after each of the steps of the recorded problem."""
    trajectory = []
    for step in range(first, last):
        numbers = [parameter.data for parameter in optimizer.params]
        for parameter, gradient in zip(optimizer.params, gradients(numbers, step), strict=True):
            parameter.grad = gradient
        optimizer.step()
        trajectory.append([parameter.data for parameter in optimizer.params])
    return trajectory


def parameters_of(state: dict[str, Any]) -> list[dict[str, float]]:
    """What a state tells of each parameter."""
    groups = state.get("groups", [state])
    return [numbers for group in groups for numbers in group["parameters"].values()]


def everything(optimizer: Optimizer) -> tuple[Any, ...]:
    """All that a step changes, and all that it leaves."""
    numbers = [(parameter.data, parameter.grad, parameter.has_grad) for parameter in optimizer.params]
    return numbers, optimizer.state_dict(), [group["lr"] for group in optimizer.param_groups]


# The formulas -------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", RECORDED["optimizers"], ids=lambda figure: f"{figure['kind']} {figure['arguments']}")
def test_a_hundred_steps_are_those_of_pytorch(figure: dict[str, Any]) -> None:
    """Seen to fail with each of the formulas changed in one place, and with one count of steps for all parameters."""
    trajectory = train(OPTIMIZERS[figure["kind"]](leaves(), **figure["arguments"]), 0, 100)

    assert len(figure["trajectory"]) == 14
    for step, recorded in figure["trajectory"].items():
        assert all(map(close, trajectory[int(step) - 1], recorded)), (step, trajectory[int(step) - 1], recorded)


@pytest.mark.parametrize("figure", RECORDED["groups"], ids=lambda figure: f"{figure['kind']} {figure['groups']}")
def test_groups_of_parameters_are_those_of_pytorch(figure: dict[str, Any]) -> None:
    """Seen to fail with the first group's hyperparameters for all."""
    values = leaves()
    params = [{"params": [values[place] for place in places], **options} for places, options in figure["groups"]]
    optimizer = OPTIMIZERS[figure["kind"]](params, **figure["arguments"])
    for step in range(100):
        for value, gradient in zip(values, gradients([value.data for value in values], step), strict=True):
            value.grad = gradient
        optimizer.step()
        if recorded := figure["trajectory"].get(str(step + 1)):
            assert all(map(close, [value.data for value in values], recorded)), (step, recorded)


def test_a_spread_that_rounding_makes_negative_is_0() -> None:
    """Seen to fail with the root of a negative number: after a few equal gradients the mean square is its mean's."""
    x = Value(1.0)
    optimizer = RMSprop([x], lr=0.0, alpha=0.1, eps=1.0, centered=True)
    for _ in range(100):
        x.grad = 0.1
        optimizer.step()
        assert x.data == 1.0


@pytest.mark.parametrize("make", MAKERS)
def test_a_parameter_without_gradient_is_skipped(make: Callable[..., Optimizer]) -> None:
    """Seen to fail with a missing gradient taken for 0."""
    x, y = Value(1.0), Value(1.0)
    optimizer = make([x, y])
    for step in range(3):
        x.grad = 1.0
        y.grad = None if step == 1 else 1.0
        before = y.data
        optimizer.step()
        assert (y.data == before) == (step == 1)

    assert optimizer.steps == 3
    assert [numbers["steps"] for numbers in parameters_of(optimizer.state_dict())] == [3, 2]


def test_a_gradient_of_zero_is_a_gradient() -> None:
    """Seen to fail with parameters skipped whose gradient is 0."""
    x = Value(1.0)
    x.grad = 0.0
    optimizer = SGD([x], lr=0.5, weight_decay=1.0)
    optimizer.step()

    assert (x.data, optimizer.counts) == (0.5, [1])


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("gradient", [INF, -INF, NAN, 1e308, -1e308, 1e-320, 0.0])
def test_no_gradient_raises(make: Callable[..., Optimizer], gradient: float) -> None:
    """Seen to fail with Python's own power for the square of a gradient."""
    x = Value(1e308)
    optimizer = make([x])
    for _ in range(3):
        x.grad = gradient
        optimizer.step()

    assert optimizer.steps == 3


def test_without_eps_a_zero_gradient_gives_nan_as_ieee_says() -> None:
    """Seen to fail with Python's own division in Adam."""
    x = Value(1.0)
    x.grad = 0.0
    Adam([x], eps=0).step()

    assert math.isnan(x.data)


def test_no_decay_leaves_an_infinite_parameter_alone() -> None:
    """Seen to fail with a weight decay of 0 multiplied out."""
    x = Value(INF)
    x.grad = 1.0
    SGD([x]).step()

    assert x.data == INF


def test_a_small_regression_is_learned_from_values() -> None:
    """Seen to fail with a gradient that is followed uphill."""
    random_numbers = random.Random(1)
    for make in (lambda params: SGD(params, 0.1, momentum=0.9), lambda params: Adam(params, 0.05), AdamW):
        inner, outer = ([Value(random_numbers.uniform(-1, 1)) for _ in range(4)] for _ in range(2))
        optimizer = make([*inner, *outer])
        optimizer.lr = 0.05
        losses = []
        for _ in range(200):
            optimizer.zero_grad()
            loss = sum(
                (sum(b * tanh(a * x) for a, b in zip(inner, outer, strict=True)) - math.sin(x)) ** 2
                for x in (-1.5, -1.0, -0.5, 0.5, 1.0, 1.5)
            )
            loss.backward()
            optimizer.step()
            losses.append(loss.data)

        assert losses[-1] < 0.01 < losses[0]


def test_zero_grad_forgets_all_gradients() -> None:
    """Seen to fail with gradients set to 0.0, which are gradients."""
    optimizer = SGD(leaves())
    train(optimizer, 0, 1)
    optimizer.zero_grad()

    assert not any(parameter.has_grad for parameter in optimizer.params)


def test_an_optimiser_of_ones_own_is_its_formula() -> None:
    class Largest(Optimizer):
        """Moves by the largest gradient so far."""

        def __init__(self, params: Any, lr: Any = 1.0) -> None:
            super().__init__(params, lr, moments=["largest"])

        def update(self, x, gradient, moments, t, lr):  # type: ignore[no-untyped-def]
            largest = max(moments[0], abs(gradient))
            return x - lr * math.copysign(largest, gradient), (largest,)

    x = Value(0.0, "x")
    optimizer = Largest([x])
    for gradient in (2.0, -1.0):
        x.grad = gradient
        optimizer.step()
    again = Largest([x])
    again.load_state_dict(optimizer.state_dict())

    assert x.data == -2.0 + 2.0
    assert again.moments == {"largest": [2.0]}


def test_an_optimiser_without_formula_says_so() -> None:
    x = Value(0.0)
    x.grad = 1.0

    with pytest.raises(NotImplementedError, match="Optimizer defines no update"):
        Optimizer([x]).step()


# All or nothing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("exception", [KeyboardInterrupt, ValueError, MemoryError])
def test_a_step_that_breaks_off_has_changed_nothing(
    exception: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen to fail with each number written as soon as it is computed."""
    for make in MAKERS:
        optimizer = make(leaves())
        train(optimizer, 0, 3)
        update, before = type(optimizer).update, everything(optimizer)

        def broken(
            self: Optimizer, x: float, *rest: Any, update: Any = update, last: float = optimizer.params[-1].data
        ) -> Any:
            if x == last:
                raise exception
            return update(self, x, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(type(optimizer), "update", broken)
            patched.setattr(type(optimizer), "_step_natively", Optimizer._step_natively)
            with pytest.raises(exception):
                optimizer.step()

        assert everything(optimizer) == before


def test_a_step_under_detect_anomaly_names_the_parameter_and_changes_nothing() -> None:
    """Seen to fail with the numbers written without a look at them."""
    x, y = Value(1.0, "x"), Value(1.0, "y")
    optimizer = SGD([x, y], lr=1e10)
    x.grad, y.grad = 1.0, 1e300
    before = everything(optimizer)

    with detect_anomaly(), pytest.raises(FloatingPointError, match=r"y is -inf"):
        optimizer.step()

    assert everything(optimizer) == before
    optimizer.step()
    assert (x.data, y.data) == (1.0 - 1e10, -INF)


# The learning rate --------------------------------------------------------------------------------


def test_lr_may_be_a_function_of_the_step() -> None:
    """Seen to fail with steps counted from 1."""
    asked = []

    def rate(step: int) -> float:
        asked.append(step)
        return 2.0**-step

    x = Value(0.0)
    optimizer = SGD([x], lr=rate)
    for _ in range(3):
        x.grad = -1.0
        optimizer.step()

    assert asked == [0, 1, 2]
    assert x.data == 1.0 + 0.5 + 0.25


def test_lr_may_be_set_between_steps() -> None:
    x = Value(0.0)
    x.grad = -1.0
    optimizer = SGD([x], lr=1.0)
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    optimizer.lr = lambda step: float(step)
    optimizer.step()

    assert x.data == 1.0 + 0.25 + 2.0
    with pytest.raises(ValueError, match=r"lr must be .* not -1"):
        optimizer.lr = -1


@pytest.mark.parametrize(
    ("rate", "error", "message"),
    [
        (NAN, ValueError, "lr at step 0 is nan"),
        (-1.0, ValueError, "lr at step 0 must be .* not -1"),
        ("a", TypeError, "lr at"),
    ],
)
def test_a_function_has_to_give_a_rate(rate: Any, error: type[Exception], message: str) -> None:
    """Seen to fail with the function's answer unchecked."""
    x = Value(0.0)
    x.grad = 1.0
    optimizer = SGD([x], lr=lambda step: rate)

    with pytest.raises(error, match=message):
        optimizer.step()
    assert (x.data, optimizer.steps) == (0.0, 0)


# Errors -------------------------------------------------------------------------------------------

W, V = Value(1.0, "w"), Value(2.0, "v")


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([], ValueError, "there are no parameters"),
        (iter(()), ValueError, "an iterator can be read only once"),
        ([W, W * 2.0], ValueError, r"parameter 1 is computed \(multiply\): only leaves can be trained"),
        ([("a", W), ("b", W + V)], ValueError, r"b is computed \(add\)"),
        ([W, 3.0], TypeError, "parameter 1 is not a Value but 3.0"),
        ([("a", W), ("b", "c")], TypeError, "b is not a Value but 'c'"),
        ({"a": 1.0}, TypeError, "a is not a Value but 1.0"),
        ([(W, V)], TypeError, "the name of parameter 0 is not a string"),
        ([W, V, W], ValueError, r"parameter 2 is the same Value as w \(parameter 0\)"),
        ([("a", W), ("b", W)], ValueError, "parameter 1 is the same Value as a"),
        ([("a", W), ("a", V)], ValueError, "2 parameters are called a"),
        ([Value(0.0, "parameter 1"), Value(0.0)], ValueError, "2 parameters are called parameter 1"),
        (W, TypeError, r"params are a list of Values, not a Value: pass \[value\]"),
        (type("Model", (), {"parameters": None})(), TypeError, r"not a Model: pass its .parameters\(\)"),
    ],
)
def test_parameters_that_cannot_be_trained(params: Any, error: type[Exception], message: str) -> None:
    """Seen to fail with each of the checks left out."""
    for use in (SGD, Adam, AdamW, Optimizer, lambda params: clip_grad_norm(params, 1.0)):
        with pytest.raises(error, match=message):
            use(params)
        if not isinstance(params, list):
            break  # an iterator is at its end


@pytest.mark.parametrize("bad", [-1e-9, -1, NAN, INF, -INF, 10**400])
@pytest.mark.parametrize(
    ("kind", "argument"),
    [(SGD, name) for name in ("lr", "momentum", "weight_decay")]
    + [(kind, name) for kind in (Adam, AdamW) for name in ("lr", "eps", "weight_decay")],
)
def test_arguments_out_of_range(kind: type[Optimizer], argument: str, bad: float) -> None:
    """Seen to fail with `number < 0` for a check, which lets nan pass."""
    with pytest.raises(ValueError, match=f"{argument} (is nan|must be )"):
        kind([W], **{argument: bad})


@pytest.mark.parametrize("kind", [Adam, AdamW])
@pytest.mark.parametrize(
    ("betas", "error", "message"),
    [
        ((1.0, 0.9), ValueError, r"betas\[0\] must be less than 1, not 1.0"),
        ((0.9, 1), ValueError, r"betas\[1\] must be less than 1, not 1.0"),
        ((-0.1, 0.9), ValueError, r"betas\[0\]"),
        ((0.9, NAN), ValueError, r"betas\[1\] is nan"),
        ((0.9, "b"), TypeError, r"betas\[1\] must be a number, not 'b'"),
        ((0.9,), TypeError, "betas are two numbers"),
        (0.9, TypeError, "betas are two numbers, not 0.9"),
    ],
)
def test_betas_out_of_range(kind: type[Optimizer], betas: Any, error: type[Exception], message: str) -> None:
    """Seen to fail with 1 allowed."""
    with pytest.raises(error, match=message):
        kind([W], betas=betas)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: SGD([W], nesterov=True), ValueError, "nesterov needs a momentum"),
        (lambda: SGD([W], momentum=0.9, nesterov=1), TypeError, "nesterov must be True or False"),
        (lambda: SGD([W], lr="0.1"), TypeError, "lr must be a number, not '0.1'"),
        (lambda: SGD([W], lr=True), TypeError, "lr must be a number, not True"),
        (lambda: SGD([W]).table(-1), ValueError, "limit must be 0 or more, not -1"),
        (lambda: clip_grad_norm([W], -1.0), ValueError, "max_norm must be 0 or more, not -1.0"),
        (lambda: clip_grad_norm([W], NAN), ValueError, "max_norm is nan"),
        (lambda: clip_grad_norm([W], None), TypeError, "max_norm must be a number, not None"),
        (lambda: clip_grad_norm([W], 1.0, 0), ValueError, "norm_type must be more than 0"),
        (lambda: clip_grad_norm([W], 1.0, -1), ValueError, "norm_type must be 0 or more, not -1.0"),
        (lambda: clip_grad_norm([W], 1.0, "l2"), TypeError, "norm_type must be a number, not 'l2'"),
        (lambda: clip_grad_norm([W], 1.0, 2, "yes"), TypeError, "error_if_nonfinite must be True or False, not 'yes'"),
        (lambda: clip_grad_value([W], -1), ValueError, "clip_value must be 0 or more, not -1.0"),
        (lambda: clip_grad_value([W], NAN), ValueError, "clip_value is nan"),
        (lambda: clip_grad_value({W}, 1.0), TypeError, "params are a list of Values, not a set"),
        (lambda: RMSprop([W], alpha=1.0), ValueError, "alpha must be less than 1, not 1.0"),
        (lambda: RMSprop([W], momentum=-1), ValueError, "momentum must be 0 or more, not -1.0"),
        (lambda: RMSprop([W], centered=1), TypeError, "centered must be True or False, not 1"),
        (lambda: constant(-0.1), ValueError, "lr must be 0 or more, not -0.1"),
        (lambda: step_decay(0.1, 0), ValueError, "every must be 1 or more, not 0"),
        (lambda: step_decay(0.1, 2.5), TypeError, "every must be a whole number, not 2.5"),
        (lambda: exponential_decay(0.1, NAN), ValueError, "factor is nan"),
        (lambda: linear(0.1, 0), ValueError, "steps must be 1 or more, not 0"),
        (lambda: linear(INF, 10), ValueError, "lr must be finite, not inf"),
        (lambda: cosine(0.1, 10, -1.0), ValueError, "final must be 0 or more, not -1.0"),
        (lambda: cosine(0.1, True), TypeError, "steps must be a whole number, not True"),
        (lambda: cosine(0.1, 10**20), ValueError, "steps must be .* or less, not 100000000000000000000"),
        (lambda: warmup(cosine(0.1, 10), 0), ValueError, "steps must be 1 or more, not 0"),
        (lambda: warmup(-1.0, 10), ValueError, "lr must be 0 or more, not -1"),
    ],
)
def test_arguments_that_make_no_sense(make: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_names_are_given_or_labels_or_places() -> None:
    """Seen to fail with labels that are not told apart."""
    labelled, plain = Value(0.0, "a"), Value(0.0)
    assert SGD([labelled, plain, ("layer.bias", Value(0.0, "b"))]).names == ["a", "parameter 1", "layer.bias"]

    assert SGD([Value(0.0, "w0"), Value(0.0, "b"), Value(0.0, "w0")]).names == [
        "w0 (parameter 0)",
        "b",
        "w0 (parameter 2)",
    ]


# Names, by which a state is taken over -------------------------------------------------------------


class Line(Module):
    """Two parameters without labels, declared in this order or in the other one."""

    def __init__(self, *names: str) -> None:
        for name in names:
            setattr(self, name, Value(0.0))


class Stacked(Module):
    """Two layers whose parameters have the same labels."""

    def __init__(self, *names: str) -> None:
        for name in names:
            setattr(self, name, Layer(1, 1, "identity", seed=0))


def with_momenta(optimizer: Optimizer) -> Optimizer:
    """The optimiser after a step in which the n-th of its parameters had the gradient n."""
    for place, parameter in enumerate(optimizer.params):
        parameter.grad = float(place)
    optimizer.step()
    return optimizer


@pytest.mark.parametrize("make", [lambda model: model, Module.parameters, Module.named_parameters])
@pytest.mark.parametrize(
    ("there", "here", "momenta"),
    [
        (Line("a", "b"), Line("b", "a"), [1.0, 0.0]),
        (Stacked("first", "second"), Stacked("second", "first"), [2.0, 3.0, 0.0, 1.0]),
    ],
)
def test_a_state_goes_by_the_names_of_the_model(
    make: Callable[[Module], Any], there: Module, here: Module, momenta: list[float]
) -> None:
    """Seen to fail with parameters called by their labels and places: the momenta were exchanged."""
    state = with_momenta(SGD(make(there), lr=0.0, momentum=0.9)).state_dict()
    optimizer = SGD(make(here), lr=0.0, momentum=0.9)
    optimizer.load_state_dict(json.loads(json.dumps(state)))

    assert optimizer.moments == {"momentum": momenta}


@pytest.mark.parametrize(
    "params",
    [
        lambda: [Value(0.0), Value(0.0)],
        lambda: (Value(0.0, "w") for _ in range(2)),
        lambda: list(Stacked("first", "second").parameters()),
        lambda: {0: Value(0.0), 1: Value(0.0)}.values(),
        lambda: Line("a", "b").parameters() + Line("a", "b").parameters(),
        lambda: [{"params": Layer(1, 1, seed=seed).parameters()} for seed in (0, 1)],
    ],
)
def test_a_state_is_refused_where_parameters_cannot_be_told_apart(params: Callable[[], Any], tmp_path: Path) -> None:
    """Seen to fail with places for names."""
    optimizer, other = with_momenta(SGD(params(), momentum=0.9)), SGD(params(), momentum=0.9)
    optimizer.save(tmp_path / "optimizer.json")
    before = everything(other)

    for load, state in (
        (Optimizer.load_state_dict, optimizer.state_dict()),
        (Optimizer.load, tmp_path / "optimizer.json"),
    ):
        with pytest.raises(
            ValueError, match=r"no names that tell them apart.*model\.named_parameters\(\).*by_place=True"
        ):
            load(other, state)
        assert everything(other) == before
        load(other, state, by_place=True)
        assert other.state_dict() == optimizer.state_dict()
        other = SGD(params(), momentum=0.9)


def test_one_parameter_without_a_name_is_told_from_the_others() -> None:
    """Seen to fail with each parameter without a name refused."""
    for params in (lambda: [Value(0.0)], lambda: [Value(0.0, "a"), Value(0.0)]):
        state = with_momenta(SGD(params(), momentum=0.9)).state_dict()
        optimizer = SGD(params(), momentum=0.9)
        optimizer.load_state_dict(state)

        assert optimizer.state_dict() == state


def test_a_state_with_labels_is_loaded_into_a_model_whose_labels_differ() -> None:
    """As files of optimisers that did not know the names of a model. Seen to fail with names only."""

    class Labelled(Module):
        def __init__(self) -> None:
            self.slope, self.offset = Value(0.0, "a"), Value(0.0, "b")

    old = Labelled()
    state = with_momenta(SGD([old.offset, old.slope], lr=0.0, momentum=0.9)).state_dict()
    optimizer = SGD(Labelled(), lr=0.0, momentum=0.9)
    optimizer.load_state_dict(state)

    assert list(state["parameters"]) == ["b", "a"]
    assert optimizer.moments == {"momentum": [1.0, 0.0]}
    assert optimizer.names == ["slope", "offset"]


def test_a_state_that_knows_places_only_is_loaded_where_the_order_is_that_of_lists() -> None:
    """As files of optimisers that did not know the names of an MLP. Seen to fail with its own names only."""
    model = MLP(2, [3, 1], seed=0)
    state = with_momenta(SGD(list(model.parameters()), momentum=0.9)).state_dict()
    optimizer = SGD(model.parameters(), momentum=0.9)
    optimizer.load_state_dict(state)

    assert list(state["parameters"])[:3] == ["w0 (parameter 0)", "w1 (parameter 1)", "b (parameter 2)"]
    assert optimizer.moments == {"momentum": [float(place) for place in range(13)]}
    with pytest.raises(ValueError, match=r"missing layers.0.neurons.0.weights.0"):
        SGD(MLP(3, [2, 1, 1], bias=False).parameters(), momentum=0.9).load_state_dict(state)


def test_a_state_that_knows_places_only_is_loaded_by_place_on_demand() -> None:
    """As files of optimisers of several neurons that did not know their names."""
    old = with_momenta(Adam([Value(0.0, "w0"), Value(0.0, "b"), Value(0.0, "w0"), Value(0.0, "b")]))
    optimizer = Adam(Stacked("first", "second"))
    with pytest.raises(ValueError, match=r"missing first.neurons.0.weights.0.* with by_place=True"):
        optimizer.load_state_dict(old.state_dict())
    with pytest.raises(ValueError, match="missing"):
        Adam(Line("a")).load_state_dict(old.state_dict(), by_place=True)
    optimizer.load_state_dict(old.state_dict(), by_place=True)

    assert optimizer.moments == old.moments
    assert optimizer.names[0] == "first.neurons.0.weights.0"


def test_after_a_state_was_loaded_by_place_names_are_asked_for_again() -> None:
    """Seen to fail with the place taken for a name."""
    optimizer = SGD([Value(0.0), Value(0.0)])
    optimizer.load_state_dict(optimizer.state_dict(), by_place=True)

    with pytest.raises(ValueError, match="no names that tell them apart"):
        optimizer.load_state_dict(optimizer.state_dict())


def test_parameters_of_a_model_know_their_names_when_the_list_has_changed() -> None:
    """Seen to fail with names by place in the list."""
    model = Line("a", "b", "c")
    params = model.parameters()
    params.reverse()
    params.remove(model.b)
    params.append(Value(0.0, "other"))

    assert isinstance(params, list)
    assert SGD(params).names == ["c", "a", "other"]
    assert model.parameters() == [model.a, model.b, model.c]
    assert SGD(copy.deepcopy(model.parameters())).names == ["a", "b", "c"]
    assert SGD(pickle.loads(pickle.dumps(model.parameters()))).names == ["a", "b", "c"]


@pytest.mark.parametrize(
    "params",
    [
        {W, V},
        frozenset([("w", W), ("v", V)]),
        weakref.WeakSet([W, V]),
        {"w": W}.keys() | {"v": V}.keys(),
        [{"params": {W, V}}],
    ],
)
def test_a_set_has_no_order(params: Any) -> None:
    """Seen to fail with sets taken for lists."""
    with pytest.raises(TypeError, match=r"params are a list of Values, not a .*[Ss]et, whose order"):
        SGD(params)


def test_what_has_an_order_is_taken() -> None:
    for params in (
        {"w": W, "v": V},
        {"w": W, "v": V}.items(),
        {"w": W, "v": V}.values(),
        {W: 1, V: 2}.keys(),
        (W, V),
        iter([W, V]),
        collections.deque([W, V]),
        zip("wv", [W, V], strict=True),
    ):
        optimizer = SGD(params)

        assert (optimizer.names, optimizer.params) == (["w", "v"], [W, V])


def test_parameters_are_told_apart_by_identity() -> None:
    """Seen to fail with a dict of Values."""

    class ByNumber(Value):
        def __eq__(self, other: Any) -> bool:
            return self.data == getattr(other, "data", other)

        __hash__ = None  # type: ignore[assignment]

    x, y = ByNumber(3.0), ByNumber(3.0)
    x.grad, y.grad = 1.0, 2.0
    SGD([x, y], lr=1.0).step()

    assert (x.data, y.data) == (2.0, 1.0)


# Groups -------------------------------------------------------------------------------------------


def test_groups_have_hyperparameters_and_schedules_of_their_own() -> None:
    """Seen to fail with one rate for all."""
    x, y, z = Value(0.0, "x"), Value(0.0, "y"), Value(0.0, "z")
    optimizer = SGD([{"params": [x], "lr": lambda step: [1.0, 0.5][step]}, {"params": y}, {"params": [z]}], lr=0.25)
    optimizer.param_groups[2]["lr"] = 4
    for _ in range(2):
        x.grad = y.grad = z.grad = -1.0
        optimizer.step()

    assert [x.data, y.data, z.data] == [1.5, 0.5, 8.0]
    assert optimizer.names == ["x", "y", "z"]
    optimizer.zero_grad()
    assert not any(value.has_grad for value in (x, y, z))


def test_param_groups_are_dicts_as_in_pytorch() -> None:
    for optimizer in (SGD([W, V], 0.5, 0.9), SGD([{"params": [W, V], "lr": 0.5}], momentum=0.9)):
        (group,) = optimizer.param_groups
        for each in optimizer.param_groups:
            each["lr"] *= 0.5

        assert dict(group) == {
            "params": [W, V],
            "lr": 0.25,
            "momentum": 0.9,
            "weight_decay": 0.0,
            "nesterov": False,
        }
        assert optimizer.lr == 0.25
        assert len(group) == 5
        assert repr(group) == repr(optimizer)
        with pytest.raises(ValueError, match=r"momentum must be 0 or more, not -1.0"):
            group["momentum"] = -1
        with pytest.raises(KeyError, match="a group of SGD has no 'betas'; it has params, lr, momentum"):
            group["betas"] = (0.9, 0.99)
        with pytest.raises(TypeError, match="the parameters of a group cannot be replaced"):
            group["params"] = []
        with pytest.raises(TypeError, match="can be set, but not deleted"):
            del group["lr"]
        assert group["momentum"] == 0.9


def test_a_momentum_that_is_set_later_starts_at_0() -> None:
    """Seen to fail with the moments left as they were: the momentum was never used."""
    x = Value(0.0, "x")
    optimizer = SGD([x], lr=1.0)
    optimizer.param_groups[0]["momentum"] = 0.5
    for _ in range(2):
        x.grad = -1.0
        optimizer.step()

    assert x.data == 1.0 + 1.5

    plain = SGD([x], lr=1.0)
    plain.momentum = 0.5
    with pytest.raises(RuntimeError, match=r'set later is set in optimizer.param_groups\[0\]\["momentum"\]'):
        plain.step()


def test_the_learning_rate_of_all_groups_can_be_set() -> None:
    optimizer = SGD([{"params": [W], "lr": 0.5}, {"params": [V]}], lr=0.25)
    with pytest.raises(AttributeError, match=r"the groups have learning rates of their own: see"):
        _ = optimizer.lr
    optimizer.lr = 0.125

    assert optimizer.lr == 0.125
    assert [group["lr"] for group in optimizer.param_groups] == [0.125, 0.125]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ([{"params": [W]}, V], TypeError, r"params\[1\] is not a group but Value\(.*: give groups only, or none"),
        ([{"parameters": [W]}], ValueError, 'group 0 has no "params": write'),
        ([{"params": [W]}, {"params": []}], ValueError, "group 1 has no parameters"),
        ([{"params": [W]}, {"params": [V], "lr": -1}], ValueError, "group 1: lr must be 0 or more, not -1.0"),
        ([{"params": [W], "momentun": 0.9}], ValueError, "group 0 has an unknown 'momentun': there are params, lr,"),
        ([{"params": [W]}, {"params": [W]}], ValueError, "parameter 1 is the same Value as w"),
        ({"params": [W]}, TypeError, r"not one of them: pass \[group\]"),
        (MLP, TypeError, r"not a class: make a model, as in MLP\(...\)"),
        (MLP(1, [1]).parameters, TypeError, "not a method: call it"),
        ([Layer(1, 1), Layer(1, 1)], TypeError, r"parameter 0 is not a Value but Layer.*: pass its .parameters\(\)"),
        (3.0, TypeError, "params are a list of Values, not a float"),
        ("w", TypeError, "params are a list of Values, not a str"),
    ],
)
def test_groups_that_make_no_sense(params: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        SGD(params)


def test_groups_that_are_parts_of_a_model_have_its_names() -> None:
    """Seen to fail with the names that each part has for its own."""
    model = MLP(2, [3, 1], seed=0)
    grouped = SGD([{"params": model.layers[0]}, {"params": model.layers[1].parameters(), "lr": 0.5}], momentum=0.9)
    state = with_momenta(grouped).state_dict()
    again = SGD([{"params": layer.parameters()} for layer in model.layers], momentum=0.9)
    again.load_state_dict(state)
    other_way_round = SGD([{"params": layer} for layer in reversed(model.layers)], momentum=0.9)

    assert grouped.names == [name for name, _ in model.named_parameters()]
    assert again.state_dict() == state
    with pytest.raises(ValueError, match=r"the state of group 0's parameters: missing layers\.1\."):
        other_way_round.load_state_dict(state)


def test_a_state_of_groups_is_one_of_as_many() -> None:
    grouped, plain = SGD([{"params": [W], "lr": 0.5}, {"params": [V]}]), SGD([W, V])
    for one, other in ((grouped, plain), (plain, grouped)):
        before = everything(one)
        with pytest.raises(ValueError, match=r"the state is one of . groups?, but here are"):
            one.load_state_dict(other.state_dict())
        assert everything(one) == before
    state = grouped.state_dict()
    state["groups"][1]["parameters"]["v"]["steps"] = -1
    with pytest.raises(ValueError, match="the state of v does not fit"):
        grouped.load_state_dict(state)
    with pytest.raises(ValueError, match="the state of group 1: a dict is needed"):
        grouped.load_state_dict({**state, "groups": [state["groups"][0], 3]})


def test_a_step_of_groups_is_made_as_a_whole_or_not_at_all() -> None:
    """Seen to fail with the first group stepped where the second could not."""
    for kind in (SGD, Adam):
        x, y = Value(1.0, "x"), Value(1.0, "y")
        optimizer = kind([{"params": [x], "lr": 0.5}, {"params": [y], "lr": 1e308}])
        x.grad, y.grad = 1.0, 1.0
        y.data = -1.7e308
        before = everything(optimizer)
        with detect_anomaly(), pytest.raises(FloatingPointError, match=r"y is -inf"):
            optimizer.step()

        assert everything(optimizer) == before
        assert optimizer.steps == 0


def test_groups_are_shown() -> None:
    optimizer = SGD([{"params": [Value(2.0, "w"), Value(0.5)], "momentum": 0.9}, {"params": Value(3.0, "b")}], lr=0.5)
    optimizer.params[0].grad = optimizer.params[2].grad = 1.0

    assert repr(optimizer).split("\n") == [
        "SGD(3 parameters in 2 groups)",
        "  0: SGD(2 parameters, lr=0.5, momentum=0.9, weight_decay=0, nesterov=False)",
        "  1: SGD(1 parameter, lr=0.5, momentum=0, weight_decay=0, nesterov=False)",
    ]
    assert optimizer.table().split("\n") == [
        "parameter    value  gradient  momentum  next update  group",
        "w                2         1         0         -0.5      0",
        "parameter 1    0.5         —         0            —      0",
        "b                3         1         —         -0.5      1",
    ]
    assert optimizer.table(limit=1).split("\n")[1:] == [
        "w              2         1         0         -0.5      0",
        "… and 2 more",
    ]


# State --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS)
def test_a_run_goes_on_from_its_state_bit_for_bit(make: Callable[..., Optimizer]) -> None:
    """Seen to fail with a state without moments, and with counts that are not loaded."""
    whole = train(make(leaves()), 0, 40)
    first = make(leaves())
    train(first, 0, 17)
    state = json.loads(json.dumps(first.state_dict()))
    second = make([parameter.detach() for parameter in first.params])
    second.load_state_dict(state)

    assert second.state_dict() == first.state_dict()
    assert repr(second) == repr(first)
    assert train(second, 17, 40) == whole[17:]


def test_a_state_is_made_of_dicts_lists_and_numbers() -> None:
    x = Value(1.0, "x")
    x.grad = 2.0
    optimizer = Adam([x], lr=0.5)
    optimizer.step()

    assert optimizer.state_dict() == {
        "optimizer": "Adam",
        "hyperparameters": {"lr": 0.5, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0},
        "steps": 1,
        "parameters": {"x": {"steps": 1, "first moment": (1 - 0.9) * 2.0, "second moment": (1 - 0.999) * 4.0}},
    }


def test_a_state_does_not_change_with_the_optimiser() -> None:
    optimizer = Adam(leaves())
    train(optimizer, 0, 2)
    state = optimizer.state_dict()
    copy = json.loads(json.dumps(state))
    train(optimizer, 2, 4)

    assert state == copy


def test_a_schedule_goes_on_where_it_was() -> None:
    """Seen to fail with `steps` left out of what is loaded."""
    whole = train(SGD(leaves(), lr=cosine(1e-3, steps=20)), 0, 20)
    first = SGD(leaves(), lr=cosine(1e-3, steps=20))
    train(first, 0, 8)
    second = SGD([parameter.detach() for parameter in first.params], lr=cosine(1e-3, steps=20))
    second.load_state_dict(first.state_dict())

    assert "lr" not in first.state_dict()["hyperparameters"]
    assert train(second, 8, 20) == whole[8:]


def test_a_function_is_never_replaced_and_never_replaces() -> None:
    """Seen to fail with the number in the state put in place of a schedule."""
    schedule = constant(0.5)
    scheduled, plain = SGD([W], lr=schedule), SGD([W], lr=0.25)
    scheduled.load_state_dict(plain.state_dict())
    assert scheduled.lr is schedule

    plain.load_state_dict(scheduled.state_dict())
    assert plain.lr == 0.25

    plain.load_state_dict(SGD([W], lr=0.125).state_dict())
    assert plain.lr == 0.125


def test_inf_and_nan_are_loaded_as_they_are() -> None:
    x = Value(1.0, "x")
    x.grad = INF
    optimizer = Adam([x])
    optimizer.step()
    optimizer.step()
    again = Adam([x])
    again.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))

    assert again.moments == {"first moment": [INF], "second moment": [INF]}


def changed(*path: str, to: Any) -> Callable[[dict[str, Any]], Any]:
    def change(state: dict[str, Any]) -> Any:
        inner = state
        for name in path[:-1]:
            inner = inner[name]
        inner[path[-1]] = to
        return state

    return change


def without(*path: str) -> Callable[[dict[str, Any]], Any]:
    def change(state: dict[str, Any]) -> Any:
        inner = state
        for name in path[:-1]:
            inner = inner[name]
        del inner[path[-1]]
        return state

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: None, "the state: a dict is needed, not None"),
        (lambda state: [state], "the state: a dict is needed"),
        (without("optimizer"), "the state: missing optimizer"),
        (without("steps"), "the state: missing steps"),
        (changed("epoch", to=3), "the state: unknown epoch"),
        (changed("optimizer", to="AdamW"), "the state is one of 'AdamW', not of Adam"),
        (changed("hyperparameters", to=3), "the state's hyperparameters: a dict is needed, not 3"),
        (without("hyperparameters", "eps"), "the state's hyperparameters: missing eps"),
        (changed("hyperparameters", "momentum", to=0.9), "the state's hyperparameters: unknown momentum"),
        (changed("hyperparameters", "lr", to=-1), "lr must be 0 or more, not -1"),
        (changed("hyperparameters", "lr", to=None), "lr must be a number, not None"),
        (changed("hyperparameters", "lr", to="0.1"), "lr must be a number, not '0.1'"),
        (changed("hyperparameters", "betas", to=[0.9]), "betas are two numbers"),
        (changed("hyperparameters", "betas", to=[0.9, 1.0]), r"betas\[1\]"),
        (changed("hyperparameters", "eps", to=NAN), "eps is nan"),
        (changed("steps", to=-1), "steps must be 0 or more, not -1"),
        (changed("steps", to=2.0), "steps must be a whole number, not 2.0"),
        (changed("steps", to=10**400), "steps"),
        (changed("parameters", to=[]), r"the state's parameters: a dict is needed, not \[\]"),
        (without("parameters", "x4"), "the state's parameters: missing x4"),
        (changed("parameters", "x9", to={}), "the state's parameters: unknown x9"),
        (changed("parameters", "x4", to=1.0), "the state of x4: a dict is needed, not 1.0"),
        (without("parameters", "x4", "second moment"), "the state of x4: missing second moment"),
        (changed("parameters", "x4", "momentum", to=1.0), "the state of x4: unknown momentum"),
        (
            changed("parameters", "x4", "second moment", to="1"),
            "x4 does not fit: second moment must be a number, not '1'",
        ),
        (changed("parameters", "x4", "second moment", to=True), "second moment must be a number, not True"),
        (changed("parameters", "x4", "steps", to=True), "x4 does not fit: steps must be a whole number, not True"),
        (changed("parameters", "x4", "steps", to=4), "x4 does not fit: steps must be 3 or less, not 4"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change: Callable[[Any], Any], message: str) -> None:
    """Seen to fail with numbers taken over as they are checked."""
    optimizer = Adam(leaves(), lr=0.5)
    train(optimizer, 0, 3)
    state = Adam(leaves(), lr=0.25).state_dict()
    state["steps"] = 3
    before = everything(optimizer)

    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(change(state))
    assert everything(optimizer) == before


def test_an_optimiser_can_be_pickled() -> None:
    optimizer = Adam(leaves())
    train(optimizer, 0, 3)
    again = pickle.loads(pickle.dumps(optimizer))

    assert everything(again) == everything(optimizer)
    assert train(again, 3, 9) == train(optimizer, 3, 9)


# How it is shown ----------------------------------------------------------------------------------


def test_an_optimiser_is_shown_in_one_line() -> None:
    assert repr(Adam(leaves())) == "Adam(5 parameters, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0)"
    assert repr(AdamW([W])) == "AdamW(1 parameter, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"
    assert repr(SGD([W], cosine(0.1, steps=9), 0.9, nesterov=True)) == (
        "SGD(1 parameter, lr=cosine(0.1, steps=9), momentum=0.9, weight_decay=0, nesterov=True)"
    )
    assert repr(Optimizer([W], warmup(constant(1), 5))) == "Optimizer(1 parameter, lr=warmup(constant(1), 5))"


def test_the_table_shows_each_number() -> None:
    """Seen to fail with the next update computed from the step before."""
    x, y = Value(3.0, "x"), Value(-0.5)
    optimizer = Adam([x, y], lr=lambda step: [0.5, 0.25][step])
    x.grad = 2.0
    optimizer.step()

    assert optimizer.table().split("\n") == [
        "parameter    value  gradient  first moment  second moment  next update",
        "x              2.5         2           0.2          0.004        -0.25",
        "parameter 1   -0.5         —             0              0            —",
    ]


@pytest.mark.parametrize("make", MAKERS)
def test_the_next_update_is_what_step_adds(make: Callable[..., Optimizer]) -> None:
    """Seen to fail with the next update computed from the step before."""
    optimizer = make(leaves())
    train(optimizer, 0, 3)
    for parameter in optimizer.params:
        parameter.grad = 1.0
    before = everything(optimizer)
    numbers = [parameter.data for parameter in optimizer.params]
    table = optimizer.table()
    assert everything(optimizer) == before

    optimizer.step()
    for row, parameter, number in zip(table.split("\n")[1:], optimizer.params, numbers, strict=True):
        assert row.split()[-2 if len(optimizer.param_groups) > 1 else -1] == f"{parameter.data - number:.4g}"


def test_a_long_table_is_cut() -> None:
    optimizer = SGD([Value(0.0) for _ in range(100)])

    assert len(optimizer.table().split("\n")) == 1 + 40 + 1
    assert optimizer.table().endswith("\n… and 60 more")
    assert optimizer.table(limit=0).split("\n")[1:] == ["… and 100 more"]
    assert len(optimizer.table(limit=100).split("\n")) == 1 + 100


def test_a_name_cannot_break_the_table() -> None:
    """Seen to fail with names as they are."""
    lines = SGD([Value(0.0, "two\nlines"), Value(0.0, "n" * 1000)]).table().split("\n")

    assert [line.split("  ")[0] for line in lines[1:]] == ["two lines", "n" * 39 + "…"]


# Clipping -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("figure", RECORDED["clip_grad_value"], ids=str)
def test_clipping_by_value_is_that_of_pytorch(figure: dict[str, Any]) -> None:
    """Seen to fail with nan taken for a large number."""
    values = [Value(0.0) for _ in figure["gradients"]]
    for value, gradient in zip(values, figure["gradients"], strict=True):
        value.grad = gradient
    clip_grad_value(values, figure["clip_value"])

    for value, recorded in zip(values, figure["clipped"], strict=True):
        assert value.has_grad == (recorded is not None)
        assert value.grad == pytest.approx(recorded or 0.0, rel=0, abs=0, nan_ok=True)


@pytest.mark.parametrize("gradient", [INF, -INF, NAN])
@pytest.mark.parametrize("norm_type", [1, 2, INF, "inf"])
def test_clipping_can_refuse_what_is_not_finite(gradient: float, norm_type: Any) -> None:
    """Seen to fail with the error raised after the clipping."""
    x, y = Value(0.0), Value(0.0)
    x.grad, y.grad = 3.0, gradient
    with pytest.raises(RuntimeError, match=r"the norm of the gradients is (inf|nan), so they cannot be clipped"):
        clip_grad_norm([x, y], 1.0, norm_type, error_if_nonfinite=True)

    assert x.grad == 3.0
    x.grad, y.grad = 3.0, 4.0
    assert clip_grad_norm([x, y], 10.0, norm_type, error_if_nonfinite=True) == {1: 7.0, 2: 5.0}.get(norm_type, 4.0)


@pytest.mark.parametrize("norm_type", [1.0, 2.0, 3.0, 7.5])
def test_no_norm_overflows_or_underflows(norm_type: float) -> None:
    """Seen to fail with the powers of the gradients themselves."""
    for scale in (1e300, 1.0, 1e-300):
        values = [Value(0.0) for _ in range(3)]
        for value in values:
            value.grad = -scale
        norm = clip_grad_norm(values, INF, norm_type)

        assert norm == pytest.approx(scale * 3 ** (1 / norm_type), rel=1e-14)


@pytest.mark.parametrize("figure", RECORDED["clip_grad_norm"], ids=str)
def test_clipping_is_that_of_pytorch(figure: dict[str, Any]) -> None:
    """Seen to fail with gradients scaled up, and with 10⁻⁶ left out."""
    values = [Value(0.0) for _ in figure["gradients"]]
    for value, gradient in zip(values, figure["gradients"], strict=True):
        value.grad = gradient
    norm = clip_grad_norm(values, figure["max_norm"], figure.get("norm_type", 2))

    assert norm == pytest.approx(figure["norm"], rel=1e-12, abs=0, nan_ok=True)
    for value, recorded in zip(values, figure["clipped"], strict=True):
        assert value.has_grad == (recorded is not None)
        assert value.grad == pytest.approx(recorded or 0.0, rel=1e-12, abs=0, nan_ok=True)


def test_clipping_does_not_overflow() -> None:
    """Seen to fail with a square root of squares."""
    x, y, z = Value(0.0), Value(0.0), Value(0.0)
    x.grad, y.grad = 3e300, -4e300

    assert clip_grad_norm([("x", x), ("y", y), ("z", z)], 1.0) == 5e300
    assert (x.grad, y.grad) == pytest.approx((0.6, -0.8), rel=1e-12)
    assert not z.has_grad


def test_clipping_small_gradients_does_not_underflow() -> None:
    """Seen to fail with a square root of squares."""
    x = Value(0.0)
    x.grad = 1e-200

    assert clip_grad_norm([x], 1.0) == 1e-200
    assert x.grad == 1e-200


def test_without_gradients_there_is_nothing_to_clip() -> None:
    x = Value(0.0)

    assert clip_grad_norm([x], 1.0) == 0.0
    assert not x.has_grad


# Schedules ----------------------------------------------------------------------------------------


def schedule(name: str, arguments: dict[str, Any]) -> Callable[[int], float]:
    inner = {"schedule": schedule(*arguments["schedule"])} if "schedule" in arguments else {}
    return SCHEDULES[name](**arguments | inner)


@pytest.mark.parametrize("figure", RECORDED["schedules"], ids=lambda figure: f"{figure['name']} {figure['arguments']}")
def test_schedules_are_those_of_pytorch(figure: dict[str, Any]) -> None:
    """Seen to fail with a decay that comes a step late, and with a warm-up that begins at 0."""
    rates = list(map(schedule(figure["name"], figure["arguments"]), range(31)))

    assert rates == pytest.approx(figure["rates"], rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("make", [linear, cosine])
def test_both_ends_are_exact_and_the_last_one_stays(make: Callable[..., Callable[[int], float]]) -> None:
    """Seen to fail with the step unlimited, and with lr + (final − lr)·progress."""
    for lr, final in ((0.1, 0.0), (0.1, 0.03), (1e-3, 0.7), (1e16, 1.0)):
        rate = make(lr, 7, final)

        assert rate(0) == lr
        assert rate(7) == rate(8) == rate(14) == rate(10**400) == final


def test_schedules_never_raise() -> None:
    """Seen to fail with Python's own power."""
    assert exponential_decay(0.1, 2.0)(10**6) == INF
    assert exponential_decay(0.1, 0.5)(10**6) == 0.0


def test_a_warmed_up_number_is_constant() -> None:
    assert list(map(warmup(8.0, steps=3), range(5))) == [2.0, 4.0, 6.0, 8.0, 8.0]


def test_a_schedule_is_named_as_it_was_written() -> None:
    assert step_decay(0.1, every=5).__name__ == "step_decay(0.1, every=5)"


def test_a_nan_reaches_all_gradients_that_are_clipped() -> None:
    """Also beside an inf, with which Python's hypot would answer inf."""
    x, y, z = Value(0.0), Value(0.0), Value(0.0)
    x.grad, y.grad, z.grad = INF, NAN, 1.0

    assert math.isnan(clip_grad_norm([x, y, z], max_norm=1.0))
    assert all(math.isnan(value.grad) for value in (x, y, z))


# What PyTorch has and we have not -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("lr_scheduler", r"lr may be a function of the step, as in optim.Adam\(params, lr=optim.cosine"),
        ("clip_grad_norm_", r"write optim.clip_grad_norm\(params, max_norm\)"),
        ("clip_grad_value_", r"write optim.clip_grad_value\(params, clip_value\)"),
        ("Adagrad", "there are SGD, Adam, AdamW and RMSprop"),
        ("LBFGS", "there are SGD, Adam, AdamW and RMSprop"),
        ("Sgd", "module 'autograd.optim' has no attribute 'Sgd'"),
    ],
)
def test_a_name_that_is_missing_is_told_with_what_to_write_instead(name: str, remedy: str) -> None:
    with pytest.raises(AttributeError, match=remedy):
        getattr(autograd.optim, name)
    assert not hasattr(optim, name)
