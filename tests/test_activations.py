"""What is composed for neurons: against 50 digits, their gradients too, at kinks, near 0 and in saturation."""

import math
import random
from collections.abc import Callable
from typing import Any

import mpmath
import pytest
from helpers import bits, gradient_of

import autograd
from autograd import OPERATIONS, Value, audit, gradcheck, gradient, sin, tanh, topological_order
from autograd.nn import ACTIVATIONS, MLP, Layer, Neuron, elu, gelu, leaky_relu, silu

EPSILON = 2.0**-52


def distribution(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def density(x: mpmath.mpf) -> mpmath.mpf:
    return mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi)


def logistic(x: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-x))


# Each function, its derivative, and the size of what the derivative is a sum of.
EXACT: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "leaky_relu": (
        lambda x: x if x > 0 else mpmath.mpf(0.01) * x,
        lambda x: mpmath.mpf(1 if x > 0 else 0.01),
        lambda x: 0,
    ),
    "elu": (
        lambda x: x if x > 0 else mpmath.expm1(x),
        lambda x: mpmath.mpf(1) if x > 0 else mpmath.exp(x),
        lambda x: 0,
    ),
    "silu": (
        lambda x: x * logistic(x),
        lambda x: logistic(x) + x * logistic(x) * logistic(-x),
        lambda x: abs(x) * logistic(x) * logistic(-x),
    ),
    "gelu": (
        lambda x: x * distribution(x),
        lambda x: distribution(x) + x * density(x),
        lambda x: abs(x) * density(x),
    ),
}
COMPOSED: dict[str, Callable[[Any], Any]] = {"leaky_relu": leaky_relu, "elu": elu, "silu": silu, "gelu": gelu}

_draw = random.Random(7).uniform
POINTS = [sign * 10 ** _draw(-300, 2.8) for sign in (1, -1) for _ in range(400)]
POINTS += [0.0, 1e-8, -1e-8, 36.7, -36.7, 709.0, -709.0, -1.25, -0.75, 5.0, -5.0]


@pytest.mark.parametrize("name", COMPOSED)
def test_values_and_slopes_have_their_digits(name: str) -> None:
    """Seen to fail with exp(x) − 1 for the ELU, with 1 + erf for the GELU, and with a slope of 1 % too much."""
    function, (value, slope, terms) = COMPOSED[name], EXACT[name]
    for number in POINTS:
        leaf = Value(number)
        answer = function(leaf)
        answer.backward()
        with mpmath.workdps(50):
            x = mpmath.mpf(number)
            # In the tail of the normal distribution an error of x comes back multiplied by x².
            allowed = (8 + (2 * min(number * number, 1500.0) if name == "gelu" else 0)) * EPSILON

            assert abs(answer.data - value(x)) <= allowed * abs(value(x)) + 1e-305, number
            assert abs(leaf.grad - slope(x)) <= allowed * (abs(slope(x)) + terms(x)) + 1e-305, number
        assert bits(function(number)) == bits(answer.data)


@pytest.mark.parametrize(
    ("name", "slope"), [("leaky_relu", 0.01), ("elu", 1.0), ("silu", 0.5), ("gelu", 0.5)], ids=lambda x: str(x)
)
def test_slopes_at_zero_are_those_of_pytorch(name: str, slope: float) -> None:
    """Seen to fail with max(x, 0.01·x) for the leaky ReLU, which shares at a tie: 0.505."""
    for zero in (0.0, -0.0):
        assert gradient_of(COMPOSED[name], zero) == [slope]


@pytest.mark.parametrize(
    ("name", "curvature"),
    [("elu", math.exp(-0.5)), ("silu", None), ("gelu", 1.75 * math.exp(-0.125) / math.sqrt(2 * math.pi))],
)
def test_second_derivatives(name: str, curvature: float | None) -> None:
    """φ(x)·(2 − x²) for the GELU. Seen to fail with a slope that is a plain number."""
    x = Value(-0.5)
    second = gradient(gradient(COMPOSED[name](x), x), x)

    assert curvature is None or second.data == pytest.approx(curvature, rel=1e-14)
    for point in (-2.5, -0.5, 0.75, 3.0):
        assert {found.verdict for found in gradcheck(COMPOSED[name], point, second=True)} == {"agrees"}


def test_far_out_nothing_overflows() -> None:
    """Seen to fail with exp(x) computed for positive x."""
    for name, function in COMPOSED.items():
        assert math.isnan(function(math.nan))
        assert function(1e300) == 1e300
        assert gradient_of(function, 1e300) == [1.0]
        assert function(-1e300) == {"leaky_relu": 0.01 * -1e300, "elu": -1.0}.get(name, 0.0)
        assert gradient_of(function, -1e300) == [{"leaky_relu": 0.01}.get(name, 0.0)]


@pytest.mark.parametrize("name", sorted(COMPOSED.keys() - OPERATIONS.keys()))
def test_nodes_stand_in_a_scope_of_the_name(name: str) -> None:
    """Seen to fail with nodes that stand among those of the neuron."""
    node = COMPOSED[name](Value(-1.0))

    assert node.scope is not None
    assert node.scope.path == (name,)
    assert audit(node).wrong == []


def test_plain_numbers_give_floats() -> None:
    """Seen to fail with −2 for the answer."""
    assert [elu(3), leaky_relu(-200), silu(0), gelu(0)] == [3.0, -2.0, 0.0, 0.0]
    assert {type(function(2)) for function in COMPOSED.values()} == {float}


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softplus", "silu", "gelu", "leaky_relu", "elu"])
def test_an_activation_is_one_node_of_the_rule_book(name: str) -> None:
    """Seen to fail with activations that are composed of several nodes."""
    x = Value(0.5)
    y = ACTIVATIONS[name][0](x)

    assert y.operation is OPERATIONS[name]
    assert y.parents == (x,)


# In neurons ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_trains(name: str) -> None:
    """Seen to fail with an activation that is computed outside of the graph."""
    model = MLP(2, [3, 1], name, seed=1)
    answer = model([0.5, -1.0])
    answer.backward()

    assert sum(parameter.grad != 0 for parameter in model.parameters()) >= 4
    assert f"layers.0: Layer(2 → 3, {name})" in repr(model)


def test_an_activation_may_be_a_function() -> None:
    """Seen to fail with names alone."""

    def cube(x: Any) -> Any:
        return x * x * x

    for activation, expected, name in (
        (sin, math.sin(0.75), "sin"),
        (cube, 0.75**3, "cube"),
        (lambda x: x + 1, 1.75, "<lambda>"),
        (Neuron(1, "identity", seed=0), None, "Neuron"),
    ):
        neuron = Neuron(2, activation)
        neuron.load_state_dict({**neuron.state_dict(), "weights.0": 0.5, "weights.1": -2.0, "bias": 0.25})

        assert repr(neuron).startswith(f"Neuron(2, {name}), 3 parameters" if expected else "Neuron(2, Neuron), 5")
        assert expected is None or neuron([3.0, 0.5]).data == pytest.approx(expected, rel=1e-15)
        assert Layer(2, 3, activation).neurons[2].activation is activation


def test_an_activation_with_a_name_goes_by_it() -> None:
    """Seen to fail with functions that are kept as they are: with other weights for the same seed."""
    for function, name in ((tanh, "tanh"), (autograd.relu, "relu"), (gelu, "gelu"), (autograd.identity, "identity")):
        by_function, by_name = MLP(2, [2, 1], function, function, seed=3), MLP(2, [2, 1], name, name, seed=3)

        assert by_function.layers[1].neurons[0].activation == name
        assert by_function.state_dict() == by_name.state_dict()
        assert repr(by_function) == repr(by_name)
    assert len(topological_order(Neuron(1, autograd.identity)([1.0]))) == 3


@pytest.mark.parametrize("name", ["softplus", "leaky_relu", "elu", "silu", "gelu"])
def test_what_is_like_a_relu_starts_as_one(name: str) -> None:
    """He et al. 2015, equation 10: ±√(6/fan_in). Seen to fail with the limit of tanh."""
    assert MLP(3, [4, 1], name, seed=5).layers[0].state_dict() == MLP(3, [4, 1], "relu", seed=5).layers[0].state_dict()


def test_other_functions_start_as_tanh_does() -> None:
    """Seen to fail with the limit of a ReLU."""
    assert Layer(3, 4, sin, seed=5).state_dict() == Layer(3, 4, "tanh", seed=5).state_dict()


def test_the_rule_book_is_as_it_was() -> None:
    """Seen to fail with an operation for the normal distribution that users would see in every table."""
    assert "normal" not in OPERATIONS
