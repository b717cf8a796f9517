"""The examples that teachers work by hand, to every digit they print.

A row of figures is written as it is printed; `as_printed` writes computed numbers with as many decimals.
"""

import math
import operator
from collections.abc import Callable, Iterable

import pytest

from autograd import Value, dot, exp, gradient, log, maximum, relu, sigmoid
from autograd import sum as total


def as_printed(row: str, numbers: Iterable[float | Value]) -> str:
    """The numbers, each rounded to as many decimals as its figure in the row."""
    decimals = [len(figure.partition(".")[2]) for figure in row.split()]
    plain = [x.data if isinstance(x, Value) else x for x in numbers]
    return " ".join(f"{number:.{places}f}" for number, places in zip(plain, decimals, strict=True))


def grads(values: Iterable[Value]) -> list[float]:
    return [value.grad for value in values]


def test_figures_that_differ_in_the_last_place_are_told_apart() -> None:
    assert as_printed("0.567 -1.25", [0.5674, -1.2549]) == "0.567 -1.25"
    assert as_printed("0.567 -1.25", [0.5676, -1.2551]) == "0.568 -1.26"


# One backward pass through a network of 3 inputs, 4 ReLU neurons and 1 sigmoid neuron --------------


class SmallNetwork:
    def __init__(self) -> None:
        self.hidden_weights = [
            [Value(w) for w in row] for row in ([0.1, 0.2, 0.4, 0.3], [0.5, 0.4, 0.7, 0.9], [0.2, 0.6, 0.3, 0.8])
        ]
        self.output_weights = [Value(w) for w in (0.2, 0.3, 0.6, 0.1)]
        self.forward()

    def forward(self) -> None:
        inputs = [0.1, 0.4, 0.5]
        self.hidden = [relu(dot(inputs, column)) for column in zip(*self.hidden_weights, strict=True)]
        self.pre_activation = dot(self.hidden, self.output_weights)
        self.p = sigmoid(self.pre_activation)
        self.loss = -log(self.p)

    def step(self, learning_rate: float) -> None:
        for row in [*self.hidden_weights, self.output_weights]:
            for weight in row:
                weight.data -= learning_rate * weight.grad
                weight.zero_grad()


def test_network_forward() -> None:
    """Seen to fail with a `dot` that is wrong by 1e-8."""
    network = SmallNetwork()

    assert as_printed(row := "0.31000000 0.48000000 0.47000000 0.79000000", network.hidden) == row
    assert as_printed(row := "0.56700000", [network.pre_activation]) == row
    assert as_printed(row := "0.63807065 0.44930626", [network.p, network.loss]) == row


def test_network_backward() -> None:
    """Seen to fail with e/(1+e) for the slope of the sigmoid."""
    network = SmallNetwork()
    network.loss.backward()
    p = network.p
    first, second, third = network.hidden_weights

    assert as_printed(row := "-1.56722456", [p.grad]) == row
    assert as_printed(row := "0.23093649", [p.local_gradients()[0][1]]) == row
    assert as_printed(row := "0.23093649", [p.data * (1 - p.data)]) == row
    assert as_printed(row := "-0.11219810 -0.17372609 -0.17010679 -0.28592418", grads(network.output_weights)) == row
    assert as_printed(row := "-0.07238587 -0.10857880 -0.21715761 -0.03619293", grads(network.hidden)) == row
    assert as_printed(row := "-0.00723859 -0.01085788 -0.02171576 -0.00361929", grads(first)) == row
    assert as_printed(row := "-0.02895435 -0.04343152 -0.08686304 -0.01447717", grads(second)) == row
    assert as_printed(row := "-0.03619293 -0.05428940 -0.10857880 -0.01809647", grads(third)) == row


def test_network_after_one_step_of_gradient_descent() -> None:
    """Seen to fail with the partials of `dot` switched."""
    network = SmallNetwork()
    network.loss.backward()
    network.step(learning_rate=1)
    first, second, third = network.hidden_weights

    assert as_printed(row := "0.10723859 0.21085788 0.42171576 0.30361929", first) == row
    assert as_printed(row := "0.52895435 0.44343152 0.78686304 0.91447717", second) == row
    assert as_printed(row := "0.23619293 0.65428940 0.40857880 0.81809647", third) == row
    assert as_printed(row := "0.31219810 0.47372609 0.77010679 0.38592418", network.output_weights) == row


def test_network_second_forward() -> None:
    """Seen to fail with a `dot` that is wrong by 1e-8."""
    network = SmallNetwork()
    network.loss.backward()
    network.step(learning_rate=1)
    network.forward()

    assert as_printed(row := "0.34040207 0.52560310 0.56120620 0.80520103", network.hidden) == row
    assert as_printed(row := "1.09820003 0.74992269", [network.pre_activation, network.p]) == row


@pytest.mark.parametrize("x", [-6.0, -1.5, 0.0, 0.5, 4.0])
def test_slope_of_the_sigmoid_is_itself_times_one_minus_itself(x: float) -> None:
    """Seen to fail with e/(1+e) for the slope."""
    output = sigmoid(leaf := Value(x))
    output.backward()

    assert leaf.grad == pytest.approx(output.data * (1 - output.data), rel=1e-14)


def test_slope_of_the_relu_is_a_step() -> None:
    """Seen to fail with `x >= 0` in the ReLU."""
    leaves = [Value(x) for x in (-2.0, -0.1, 0.0, 0.1, 2.0)]
    for leaf in leaves:
        leaf.relu().backward()

    assert grads(leaves) == [0.0, 0.0, 0.0, 1.0, 1.0]


# One sigmoid neuron that learns to copy its first input -------------------------------------------


def test_neuron_trained_for_10000_steps() -> None:
    """Seen to fail with e/(1+e) for the slope of the sigmoid."""
    inputs = [[0.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 1.0]]
    targets = [0.0, 0.0, 1.0, 1.0]
    weights = [Value(-0.16595599059485195), Value(0.4406489868843162), Value(-0.9997712503653102)]
    for _ in range(10_000):
        outputs = [sigmoid(dot(row, weights)) for row in inputs]
        errors = [target - output for target, output in zip(targets, outputs, strict=True)]
        loss = 0.5 * dot(errors, errors)
        loss.backward()
        for weight in weights:
            weight.data -= weight.grad
            weight.zero_grad()

    # The outputs of the last forward pass, and the weights after the step that follows it.
    assert as_printed(row := "0.00966449 0.00786506 0.99358898 0.99211957", outputs) == row
    assert as_printed(row := "9.67299303 -0.20784350 -4.62963669", weights) == row


@pytest.mark.parametrize(("output", "slope"), [(0.001, "0.000999"), (0.499, "0.249999")])
def test_confident_sigmoid_passes_a_small_gradient(output: float, slope: str) -> None:
    """Seen to fail with e/(1+e) for the slope."""
    neuron = sigmoid(leaf := Value(math.log(output / (1 - output))))
    neuron.backward()

    assert neuron.data == pytest.approx(output, rel=1e-14)
    assert as_printed(slope, [leaf.grad]) == slope


def test_gradient_vanishes_in_a_stack_of_sigmoids_but_not_of_relus() -> None:
    """Seen to fail with e/(1+e) for the slope of the sigmoid."""
    sigmoids = relus = Value(1.0)
    start = sigmoids
    for _ in range(20):
        sigmoids, relus = sigmoid(sigmoids), relu(relus)

    assert abs(gradient(sigmoids, start).data) < 0.25**19
    assert gradient(relus, start).data == 1.0


# The circuit 1 / (1 + exp(−(w0·x0 + w1·x1 + w2))) -------------------------------------------------


class Circuit:
    def __init__(self) -> None:
        self.leaves = [Value(2, "w0"), Value(-1, "x0"), Value(-3, "w1"), Value(-2, "x1"), Value(-3, "w2")]
        w0, x0, w1, x1, w2 = self.leaves
        self.products = [w0 * x0, w1 * x1]
        self.sum_of_products = self.products[0] + self.products[1]
        self.pre_activation = self.sum_of_products + w2


def check_what_both_forms_share(circuit: Circuit) -> None:
    linear = [*circuit.products, circuit.sum_of_products, circuit.pre_activation]

    assert [node.data for node in linear] == [-2.0, 6.0, 4.0, 1.0]
    assert as_printed(row := "0.19661193 0.19661193 0.19661193 0.19661193", grads(linear)) == row
    assert as_printed(row := "-0.19661193 0.39322387 -0.39322387 -0.58983580 0.19661193", grads(circuit.leaves)) == row
    assert as_printed(row := "-0.20 0.39 -0.39 -0.59 0.20", grads(circuit.leaves)) == row


def test_circuit_of_four_gates_after_the_sum() -> None:
    """Seen to fail with the sign of the derivative of 1/x lost."""
    circuit = Circuit()
    negative = circuit.pre_activation * -1
    exponential = exp(negative)
    one_more = exponential + 1
    output = 1 / one_more
    gates = [negative, exponential, one_more, output]
    output.backward()

    check_what_both_forms_share(circuit)
    assert as_printed(row := "-1.00000000 0.36787944 1.36787944 0.73105858", gates) == row
    assert as_printed(row := "-0.19661193 -0.53444665 -0.53444665 1.00000000", grads(gates)) == row
    assert as_printed(row := "0.73", [output]) == row
    assert as_printed(row := "-0.20 -0.53 -0.53 1.00", grads(gates)) == row


def test_circuit_needs_four_local_derivatives() -> None:
    """Seen to fail with the sign of the derivative of 1/x lost."""
    x = Value(1.36787944)

    assert exp(x).local_gradients() == [(x, math.exp(1.36787944))]
    assert (x * -1).local_gradients() == [(x, -1.0)]
    assert (1 / x).local_gradients() == [(x, pytest.approx(-1 / 1.36787944**2, rel=1e-15))]
    assert (x + 1).local_gradients() == [(x, 1.0)]


def test_circuit_with_the_sigmoid_folded_into_one_gate() -> None:
    """Seen to fail with e/(1+e) for the slope of the sigmoid."""
    circuit = Circuit()
    output = sigmoid(circuit.pre_activation)
    output.backward()

    check_what_both_forms_share(circuit)
    assert as_printed(row := "0.73105858", [output]) == row
    assert as_printed(row := "0.19661193", [(1 - output.data) * output.data]) == row


# The patterns of the backward flow ----------------------------------------------------------------


def test_addition_distributes_the_gradient() -> None:
    """Seen to fail with a sum that passes the gradient to its first term only."""
    a, b = Value(3), Value(-4)
    (a + b).backward(2.0)

    assert grads([a, b]) == [2.0, 2.0]


def test_maximum_routes_the_gradient() -> None:
    """Seen to fail with a maximum that passes the gradient to both."""
    a, b = Value(3), Value(-4)
    maximum(a, b).backward(2.0)

    assert grads([a, b]) == [2.0, 0.0]


def test_multiplication_switches_the_operands() -> None:
    """Seen to fail with factors that are not switched."""
    a, b = Value(3), Value(-4)
    (a * b).backward(2.0)

    assert grads([a, b]) == [-8.0, 6.0]


def test_branches_are_summed_before_the_local_derivative_is_applied() -> None:
    """Seen to fail with `=` for the sum of flows."""
    x = Value(3)
    square = x * x
    branches = [square * 5, square * -2, square + 1]
    total(branches).backward()

    # 5 − 2 + 1 = 4 arrive at x², and 4 · 2x leave it.
    assert square.grad == 4.0
    assert x.grad == 24.0


# The neuron h·w1 + k·w2 + b, with the identity for its activation ---------------------------------


class Neuron:
    def __init__(self) -> None:
        self.h, self.k, self.w1, self.w2, self.b = Value(1), Value(-3), Value(5), Value(-1), Value(3)
        self.prediction = self.h * self.w1 + self.k * self.w2 + self.b
        self.loss = (10 - self.prediction) ** 2


def test_neuron_forward_and_backward() -> None:
    """Seen to fail with the sign of a difference lost."""
    neuron = Neuron()
    neuron.loss.backward()

    assert (neuron.prediction.data, neuron.loss.data) == (11.0, 1.0)
    assert neuron.prediction.grad == 2.0
    assert grads([neuron.w1, neuron.w2, neuron.b]) == [2.0, -6.0, 2.0]
    assert grads([neuron.h, neuron.k]) == [10.0, -2.0]


def test_the_whole_prediction_is_subtracted_from_the_target() -> None:
    """Seen to fail with the operands of a reflected difference switched."""
    neuron = Neuron()
    without_brackets = (10 - neuron.h * neuron.w1 + neuron.k * neuron.w2 + neuron.b) ** 2

    assert neuron.loss.data == 1.0
    assert without_brackets.data == 121.0


@pytest.mark.parametrize("name", ["w1", "w2", "b"])
def test_sign_of_the_gradient_says_where_the_loss_falls(name: str) -> None:
    """Seen to fail with the sign of a difference lost."""
    neuron, moved = Neuron(), Neuron()
    neuron.loss.backward()
    weight = getattr(neuron, name)
    against = -0.01 if weight.grad > 0 else 0.01
    getattr(moved, name).data += against
    prediction = moved.h.data * moved.w1.data + moved.k.data * moved.w2.data + moved.b.data

    assert (10 - prediction) ** 2 < neuron.loss.data


def test_larger_derivative_moves_the_loss_more() -> None:
    """Seen to fail with a sum that passes the gradient to its first term only."""
    neuron = Neuron()
    neuron.loss.backward()

    def change(name: str) -> float:
        moved = Neuron()
        getattr(moved, name).data += 1e-3
        prediction = moved.h.data * moved.w1.data + moved.k.data * moved.w2.data + moved.b.data
        return abs((10 - prediction) ** 2 - 1.0)

    assert abs(neuron.w2.grad) == 3 * abs(neuron.w1.grad)
    assert change("w2") / change("w1") == pytest.approx(3.0, rel=0.01)


# The four small graphs ----------------------------------------------------------------------------

SMALL_GRAPHS: list[tuple[str, Callable[..., Value], list[float], float, list[float]]] = [
    ("y = a + b", operator.add, [2.0, 3.0], 5.0, [1.0, 1.0]),
    ("y = a·x − b", lambda a, x, b: a * x - b, [2.0, 4.0, 3.0], 5.0, [4.0, 2.0, -1.0]),
    ("y = a²", lambda a: a**2, [3.0], 9.0, [6.0]),
    ("y = a·a", lambda a: a * a, [3.0], 9.0, [6.0]),
    ("y = exp(a)", exp, [0.0], 1.0, [1.0]),
    ("y = exp(a)", exp, [1.0], math.e, [math.e]),
]


@pytest.mark.parametrize(("name", "graph", "numbers", "value", "gradients"), SMALL_GRAPHS)
def test_small_graph(
    name: str, graph: Callable[..., Value], numbers: list[float], value: float, gradients: list[float]
) -> None:
    """Seen to fail with the sign of a difference lost."""
    leaves = [Value(number) for number in numbers]
    y = graph(*leaves)
    y.backward()

    assert y.data == value, name
    assert grads(leaves) == gradients, name
    assert y.grad == 1.0, name
