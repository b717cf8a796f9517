"""Losses against figures worked by hand and against 50 digits, their gradients too."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy
import pytest
from helpers import bits, gradient_of, grads
from hypothesis import given
from hypothesis import strategies as st

from autograd import Value, compile, gradcheck, gradient, mean, sigmoid
from autograd.nn import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    mean_squared_error,
    squared_error,
)

INF, NAN = math.inf, math.nan
EPSILON = 2.0**-52

# By hand ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "expected", "slope"),
    [
        (squared_error, 11.0, 10.0, 1.0, 2.0),
        (squared_error, 0.5, 2.0, 2.25, -3.0),
        (squared_error, 3, 3, 0.0, 0.0),
        (binary_cross_entropy, 0.5, 1, math.log(2.0), -2.0),
        (binary_cross_entropy, 0.5, 0, math.log(2.0), 2.0),
        (binary_cross_entropy, 0.25, 0, math.log(4 / 3), 4 / 3),
        (binary_cross_entropy, 0.25, 1, math.log(4), -4.0),
        (binary_cross_entropy, 0.25, 0.5, (math.log(4) + math.log(4 / 3)) / 2, (-4 + 4 / 3) / 2),
        (binary_cross_entropy_with_logits, 0.0, 1, math.log(2.0), -0.5),
        (binary_cross_entropy_with_logits, 0.0, 0, math.log(2.0), 0.5),
        (binary_cross_entropy_with_logits, 0.0, 0.25, math.log(2.0), 0.25),
        (binary_cross_entropy_with_logits, math.log(3), 0, math.log(4), 0.75),
        (binary_cross_entropy_with_logits, math.log(3), 1, math.log(4 / 3), -0.25),
        (hinge, 0.25, 1, 0.75, -1.0),
        (hinge, 0.25, -1, 1.25, 1.0),
        (hinge, 3.0, 1, 0.0, 0.0),
        (hinge, 3.0, -1, 4.0, 1.0),
        (hinge, -2.0, -1.0, 0.0, 0.0),
    ],
)
def test_loss_and_its_slope(
    loss: Callable[[Any, Any], Any], prediction: float, target: float, expected: float, slope: float
) -> None:
    """Seen to fail with the target subtracted twice, with the classes 0 and 1 switched, and with a margin of 2."""
    leaf = Value(prediction)
    value = loss(leaf, target)
    value.backward()

    assert value.data == pytest.approx(expected, rel=1e-15)
    assert leaf.grad == pytest.approx(slope, rel=1e-15)
    assert loss(float(prediction), target) == value.data
    assert type(loss(float(prediction), float(target))) is float


def test_mean_squared_error_is_the_mean_of_the_squares() -> None:
    """Seen to fail with the sum for the mean."""
    predictions = [Value(number) for number in (1.0, 2.0, 4.0, 0.0)]
    loss = mean_squared_error(predictions, [0.0, 4.0, 4.0, 1.0])
    loss.backward()

    # (1 + 4 + 0 + 1)/4, and 2·error/4
    assert loss.data == 1.5
    assert grads(predictions) == [0.5, -1.0, 0.0, -0.5]
    assert mean_squared_error([1, 2, 4, 0], (0, 4, 4, 1)) == 1.5


def test_cross_entropy_is_the_logarithm_of_the_softmax() -> None:
    """Seen to fail with the logit of the first class for the target's."""
    logits = [Value(math.log(number)) for number in (1.0, 2.0, 5.0)]
    loss = cross_entropy(logits, 1)
    loss.backward()

    # softmax is 1/8, 2/8, 5/8
    assert loss.data == pytest.approx(math.log(4), rel=1e-15)
    assert grads(logits) == pytest.approx([0.125, 0.25 - 1, 0.625], rel=1e-15)
    assert cross_entropy([logit.data for logit in logits], 1) == loss.data
    assert cross_entropy(numpy.array([logit.data for logit in logits]), numpy.int64(1)) == loss.data


def test_arguments_may_be_named() -> None:
    """Seen to fail with losses that take places only."""
    assert squared_error(target=1.0, prediction=3.0) == 4.0
    assert mean_squared_error([3.0], targets=[1.0]) == 4.0
    assert cross_entropy(target=0, logits=[1.0]) == 0.0


def test_loss_of_the_article() -> None:
    """Seen to fail with the classes 0 and 1 switched."""
    leaf = Value(0.567)
    p = sigmoid(leaf)
    loss = binary_cross_entropy(p, 1)
    loss.backward()

    assert [loss.data, p.grad] == pytest.approx([0.44930626, -1.56722456], abs=5e-9)


def test_certain_and_right_costs_nothing() -> None:
    """Seen to fail with 0·ln 0 computed: nan."""
    assert [binary_cross_entropy(0.0, 0), binary_cross_entropy(1.0, 1)] == [0.0, 0.0]
    assert gradient_of(lambda p: binary_cross_entropy(p, 0), 0.0) == [1.0]
    assert gradient_of(lambda p: binary_cross_entropy(p, 1), 1.0) == [-1.0]
    assert cross_entropy([5.0], 0) == 0.0


def test_certain_and_wrong_costs_infinitely_much() -> None:
    """Seen to fail with probabilities that are kept away from 0 and 1."""
    assert [binary_cross_entropy(0.0, 1), binary_cross_entropy(1.0, 0)] == [INF, INF]
    assert binary_cross_entropy(1.0, 0.5) == INF


def test_hinge_has_the_slope_0_at_its_kink() -> None:
    """Seen to fail with `x >= 0` in the ReLU."""
    assert gradient_of(lambda score: hinge(score, 1), 1.0) == [0.0]
    assert gradient_of(lambda score: hinge(score, -1), -1.0) == [0.0]


@pytest.mark.parametrize("target", [0, 1, 0.25])
def test_nan_stays_nan(target: float) -> None:
    """Seen to fail with a loss of 0 for nan."""
    for loss in (squared_error, binary_cross_entropy, binary_cross_entropy_with_logits):
        assert math.isnan(loss(NAN, target))
    assert math.isnan(hinge(NAN, 1))
    assert math.isnan(cross_entropy([NAN, 1.0], 1))
    assert math.isnan(mean_squared_error([NAN, 1.0], [0.0, 0.0]))


def test_target_may_be_a_value() -> None:
    """Seen to fail with targets taken for numbers."""
    for loss, slope in ((squared_error, -6.0), (binary_cross_entropy_with_logits, -5.0), (hinge, 0.0)):
        target = Value(0.5 if loss is binary_cross_entropy_with_logits else 1.0)
        loss(Value(4.0 if loss is squared_error else 5.0), target).backward()

        assert target.grad == pytest.approx(slope)


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_slope_of_binary_cross_entropy_towards_a_certain_target(target: float) -> None:
    """ln((1 − p)/p), at the ends too. Seen to fail with the term left out that counts 0 times: 0."""
    for p, z in ((0.3, math.log(3 / 7)), (0.5, 0.0), (1 - 2.0**-53, 53 * math.log(2)), (1e-300, -300 * math.log(10))):
        leaf = Value(target)
        loss = binary_cross_entropy(p, leaf)
        loss.backward()

        assert isinstance(loss, Value)
        assert loss.data == binary_cross_entropy(p, target)
        assert leaf.grad == pytest.approx(-z, rel=1e-15, abs=1e-300)

        leaf = Value(target)
        loss = binary_cross_entropy_with_logits(z, leaf)
        loss.backward()

        assert isinstance(loss, Value)
        assert loss.data == binary_cross_entropy_with_logits(z, target)
        assert leaf.grad == -z


@pytest.mark.parametrize("target", [0.0, 1.0])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_target_that_is_a_value_changes_nothing_else(target: float, p: float) -> None:
    """Seen to fail with 0·ln 0 computed: nan, in the loss and in the slope of p = 1 towards the target 1."""
    for loss, number in (
        (binary_cross_entropy, p),
        (binary_cross_entropy_with_logits, {0.0: -INF, 0.3: -0.5, 1.0: INF}[p]),
    ):
        prediction, twin, leaf = Value(number), Value(number), Value(target)
        value, expected = loss(prediction, leaf), loss(twin, target)
        value.backward()
        expected.backward()

        assert value.data == expected.data
        assert prediction.grad == twin.grad
        # A prediction that is certain makes the target infinitely steep.
        assert leaf.grad == {0.0: INF, 1.0: -INF}.get(p, leaf.grad)
        assert not math.isnan(leaf.grad)


def test_second_derivatives_towards_a_certain_target() -> None:
    """Seen to fail with a slope that is a plain number."""
    for target in (0.0, 1.0):
        p, y = Value(0.25), Value(target)
        slope = gradient(binary_cross_entropy(p, y), y)

        # ∂²/∂p∂y is −1/p − 1/(1 − p)
        assert gradient(slope, p).data == pytest.approx(-16 / 3, rel=1e-15)

        z, y = Value(0.25), Value(target)
        slope = gradient(binary_cross_entropy_with_logits(z, y), y)

        assert gradient(slope, z).data == -1.0


# Against 50 digits --------------------------------------------------------------------------------


def exact_softplus(z: mpmath.mpf) -> mpmath.mpf:
    return mpmath.log1p(mpmath.exp(z))


def exact_sigmoid(z: mpmath.mpf) -> mpmath.mpf:
    return 1 / (1 + mpmath.exp(-z))


def error(number: float, exact: mpmath.mpf, scale: float = 0.0) -> float:
    """The relative error, in units of 2⁻⁵²; relative to `scale` where that is larger."""
    return float(abs(mpmath.mpf(number) - exact) / max(abs(exact), mpmath.mpf(scale), mpmath.mpf(2) ** -1022) / EPSILON)


SATURATED = [0.0, -0.0, 1e-300, 36.7, -36.7, 37.5, -37.5, 709.0, -709.0, 745.2, -745.2, 1000.0, -1000.0]
LOGITS = st.floats(-1000.0, 1000.0) | st.sampled_from(SATURATED)


@given(LOGITS, st.sampled_from([0.0, 1.0]))
def test_binary_cross_entropy_with_logits_to_the_last_digits(logit: float, target: float) -> None:
    """Seen to fail with −ln σ(z) as it is written, and with ln(1 + eᶻ) for the softplus."""
    leaf = Value(logit)
    loss = binary_cross_entropy_with_logits(leaf, target)
    loss.backward()
    with mpmath.workdps(50):
        sign = 1 - 2 * int(target)
        z = sign * mpmath.mpf(logit)

        # No digit is lost, however small the loss: −ln(1 − σ(−700)) is e⁻⁷⁰⁰.
        assert error(loss.data, exact_softplus(z)) < 4
        assert error(leaf.grad, sign * exact_sigmoid(z)) < 8


@given(LOGITS, st.floats(0.0, 1.0))
def test_binary_cross_entropy_with_logits_for_targets_between_the_classes(logit: float, target: float) -> None:
    """Seen to fail with the classes 0 and 1 switched."""
    leaf = Value(logit)
    loss = binary_cross_entropy_with_logits(leaf, target)
    loss.backward()
    with mpmath.workdps(50):
        z, y = mpmath.mpf(logit), mpmath.mpf(target)
        expected = y * exact_softplus(-z) + (1 - y) * exact_softplus(z)

        # The slope σ(z) − y is a difference, so its error is that of its larger term.
        assert error(loss.data, expected) < 8
        assert error(leaf.grad, exact_sigmoid(z) - y, max(target, 1 - target, 0.5)) < 8


PROBABILITIES = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True) | st.sampled_from(
    [5e-324, 1e-300, 1e-17, 0.5, 1 - 2.0**-53]
)


@given(PROBABILITIES, st.sampled_from([0.0, 1.0]) | st.floats(0.0, 1.0))
def test_binary_cross_entropy_to_the_last_digits(probability: float, target: float) -> None:
    """Seen to fail with ln(1 − p) as it is written: for p = 1e-17 that is 0."""
    value = binary_cross_entropy(probability, target)
    with mpmath.workdps(50):
        p, y = mpmath.mpf(probability), mpmath.mpf(target)

        assert error(value, -y * mpmath.log(p) - (1 - y) * mpmath.log1p(-p)) < 8


@given(st.floats(1e-300, 1.0, exclude_max=True), st.sampled_from([0.0, 1.0]))
def test_gradient_of_binary_cross_entropy_to_the_last_digits(probability: float, target: float) -> None:
    """Seen to fail with the classes 0 and 1 switched."""
    [slope] = gradient_of(lambda p: binary_cross_entropy(p, target), probability)
    with mpmath.workdps(50):
        p = mpmath.mpf(probability)

        assert error(slope, -1 / p if target else 1 / (1 - p)) < 4


@given(st.lists(LOGITS, min_size=1, max_size=6), st.data())
def test_cross_entropy_to_the_digits_that_the_logits_have(logits: list[float], data: st.DataObject) -> None:
    """Seen to fail with an unshifted sum of powers, and with the logit of the first class for the target's."""
    target = data.draw(st.integers(0, len(logits) - 1))
    leaves = [Value(logit) for logit in logits]
    loss = cross_entropy(leaves, target)
    loss.backward()
    with mpmath.workdps(50):
        powers = [mpmath.exp(mpmath.mpf(logit) - max(logits)) for logit in logits]
        whole = mpmath.fsum(powers)
        expected = max(logits) + mpmath.log(whole) - mpmath.mpf(logits[target])

        # A loss is a difference of numbers as large as the logits, a slope one of numbers up to 1.
        assert error(loss.data, expected, max(map(abs, logits))) < 8
        for place, leaf in enumerate(leaves):
            assert error(leaf.grad, powers[place] / whole - (place == target), 1.0) < 8


@given(st.floats(-30.0, 30.0), st.sampled_from([0, 1, 0.25]))
def test_binary_losses_agree(logit: float, target: float) -> None:
    """Seen to fail with the classes 0 and 1 switched in one of them."""
    stable = binary_cross_entropy_with_logits(logit, target)

    # 1 − p has lost as many digits as p is near to 1: the error of p, times the slope.
    error = 4 * EPSILON * math.exp(abs(logit))
    assert binary_cross_entropy(sigmoid(logit), target) == pytest.approx(stable, rel=1e-14, abs=error)


@given(LOGITS)
def test_binary_cross_entropy_is_the_cross_entropy_of_two_classes(logit: float) -> None:
    """Seen to fail with the classes 0 and 1 switched in one of them."""
    for target in (0, 1):
        assert cross_entropy([0.0, logit], target) == pytest.approx(
            binary_cross_entropy_with_logits(logit, target), rel=1e-14, abs=1e-15 * max(1.0, abs(logit))
        )


# Against finite differences -----------------------------------------------------------------------

CHECKED: list[tuple[str, Callable[..., Any], list[Any]]] = [
    ("squared error", squared_error, [1.5, -0.5]),
    ("mean squared error", mean_squared_error, [[1.5, -0.5, 2.0], [0.25, 1.0, 2.0]]),
    ("binary cross-entropy, 0", lambda p: binary_cross_entropy(p, 0), [0.3]),
    ("binary cross-entropy, 1", lambda p: binary_cross_entropy(p, 1), [0.3]),
    ("binary cross-entropy, between", binary_cross_entropy, [0.3, 0.7]),
    ("with logits, 0", lambda z: binary_cross_entropy_with_logits(z, 0), [1.3]),
    ("with logits, 1", lambda z: binary_cross_entropy_with_logits(z, 1), [-1.3]),
    ("with logits, between", binary_cross_entropy_with_logits, [1.3, 0.7]),
    ("cross-entropy", lambda logits: cross_entropy(logits, 2), [[0.5, -1.0, 2.0, 0.0]]),
    ("hinge", lambda score: hinge(score, 1), [0.3]),
    ("hinge, beyond the margin", lambda score: hinge(score, -1), [-1.7]),
]


@pytest.mark.parametrize(("name", "loss", "inputs"), CHECKED, ids=lambda x: x if isinstance(x, str) else "")
def test_derivatives_of_losses(name: str, loss: Callable[..., Any], inputs: list[Any]) -> None:
    """Seen to fail with gradients that are wrong by 1 %."""
    comparisons = gradcheck(loss, *inputs, second=True)

    assert {comparison.verdict for comparison in comparisons} == {"agrees"}, name


def test_second_derivative_of_the_logistic_loss() -> None:
    """Seen to fail with gradients that are wrong by 1 %."""
    z = Value(0.0)
    slope = gradient(binary_cross_entropy_with_logits(z, 1), z)

    # σ(z)·(1 − σ(z))
    assert (slope.data, gradient(slope, z).data) == (-0.5, 0.25)


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "message"),
    [
        (mean_squared_error, [1.0, 2.0], [1.0], "2 predictions but 1 targets"),
        (mean_squared_error, [], [], "empty"),
        (binary_cross_entropy, 0.5, 1.5, "probability from 0 to 1, not 1.5"),
        (binary_cross_entropy, 0.5, -1, "probability from 0 to 1, not -1.0"),
        (binary_cross_entropy, 0.5, NAN, "probability from 0 to 1, not nan"),
        (binary_cross_entropy_with_logits, 0.5, 2, "probability from 0 to 1, not 2.0"),
        (binary_cross_entropy_with_logits, 0.5, Value(-1.0), "probability from 0 to 1, not -1.0"),
        (cross_entropy, [0.1, 0.2], 2, "class 2, but there are 2 logits"),
        (cross_entropy, [0.1, 0.2], -1, "class -1, but there are 2 logits"),
        (cross_entropy, [], 0, "class 0, but there are 0 logits"),
        (hinge, 0.5, 0, "-1 or 1, not 0.0"),
        (hinge, 0.5, 0.5, "-1 or 1, not 0.5"),
        (hinge, 0.5, NAN, "-1 or 1, not nan"),
    ],
)
def test_targets_that_make_no_sense_are_refused(
    loss: Callable[[Any, Any], Any], prediction: float | Sequence[float], target: Any, message: str
) -> None:
    """Seen to fail without the checks."""
    leaves = [Value(p) for p in prediction] if isinstance(prediction, list) else Value(prediction)
    for guess in (prediction, leaves):
        with pytest.raises(ValueError, match=message):
            loss(guess, target)


LIST, WORD = [Value(0.5), Value(0.25)], r"convert text first, with float\(text\)$"


@pytest.mark.parametrize(
    ("loss", "prediction", "target", "message"),
    [
        (mean_squared_error, Value(1.0), 1.0, r"predictions must be a list .*not Value\(data=1\.0.*use squared_error$"),
        (
            mean_squared_error,
            [Value(1.0)],
            1.0,
            r"targets must be a list of numbers or Values, not 1\.0: .*use squared_error",
        ),
        (
            mean_squared_error,
            [[1.0]],
            [[1.0]],
            r"predictions\[0\] must be a number or a Value, not \[1\.0\]: make it one flat list",
        ),
        (mean_squared_error, {0: 1.0}, [1.0], "predictions must be a list"),
        (mean_squared_error, [1.0], ["a"], r"targets\[0\] must be a number or a Value, not 'a': " + WORD),
        (squared_error, LIST, 1.0, r"the prediction must be a number or a Value, not \[Value.*use mean_squared_error$"),
        (
            squared_error,
            Value(1.0),
            [1.0],
            r"the target must be .*not \[1\.0\]: for lists of numbers, use mean_squared_error$",
        ),
        (squared_error, numpy.array([1.0]), 1.0, "the prediction must be .*use mean_squared_error$"),
        (squared_error, Value(1.0), "1", "the target must be a number or a Value, not '1': " + WORD),
        (squared_error, Value(1.0), None, "the target must be a number or a Value, not None$"),
        (binary_cross_entropy, LIST, 1, "the probability must be a number or a Value, not .*use cross_entropy$"),
        (binary_cross_entropy, 0.5, [1], r"the target must be a number or a Value, not \[1\]$"),
        (binary_cross_entropy_with_logits, LIST, 1, "the logit must be a number or a Value, not .*use cross_entropy$"),
        (binary_cross_entropy_with_logits, 0.5, "1", "the target must be a number or a Value, not '1': " + WORD),
        (cross_entropy, Value(1.0), 0, "logits must be a list .*use binary_cross_entropy_with_logits$"),
        (cross_entropy, [[1.0, 2.0]], 0, r"logits\[0\] must be a number or a Value, not \[1\.0, 2\.0\]"),
        (cross_entropy, "ab", 0, "logits must be a list of numbers or Values, not 'ab'"),
        (cross_entropy, LIST, 1.0, r"the target must be a whole number, not 1\.0: it is the index of the right class"),
        (cross_entropy, LIST, Value(1.0), r"the target must be a whole number, not Value\(data=1\.0"),
        (cross_entropy, LIST, [0, 1], r"the target must be a whole number, not \[0, 1\]"),
        (cross_entropy, LIST, numpy.array([1]), r"the target must be a whole number, not array\(\[1\]\)"),
        (cross_entropy, LIST, True, "the target must be a whole number, not True"),
        (hinge, LIST, 1, "the score must be a number or a Value, not .*use cross_entropy$"),
        (hinge, Value(1.0), "1", "the target must be a number or a Value, not '1': " + WORD),
    ],
)
def test_what_is_no_prediction_or_no_target_is_told_with_a_remedy(
    loss: Callable[[Any, Any], Any], prediction: Any, target: Any, message: str
) -> None:
    """Seen to fail without the checks: "object of type Value has no len()"."""
    with pytest.raises(TypeError, match=message):
        loss(prediction, target)


def test_the_error_for_classes_0_and_1_says_what_to_write() -> None:
    """Seen to fail without the remedy."""
    with pytest.raises(ValueError, match=r"-1 or 1, not 0\.0: for classes 0 and 1 write 2 \* target - 1$"):
        hinge(Value(0.5), 0)


@pytest.mark.parametrize("target", ["1", None, [1]])
def test_targets_that_are_no_numbers_are_refused(target: Any) -> None:
    """Seen to fail with 1 for a target that is no number."""
    for loss in (squared_error, binary_cross_entropy, binary_cross_entropy_with_logits, hinge):
        with pytest.raises(TypeError):
            loss(Value(0.5), target)
    with pytest.raises(TypeError):
        cross_entropy([Value(0.5)], target)


def test_class_between_two_classes_is_refused() -> None:
    """Seen to fail with targets that are rounded."""
    with pytest.raises(TypeError, match=r"whole number, not 0[.]5: it is the index"):
        cross_entropy([1.0, 2.0], 0.5)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_squared_error_of_any_two_numbers(prediction: float, target: float) -> None:
    """Seen to fail with the power of a difference for the product."""
    difference = float(numpy.float64(prediction) - numpy.float64(target)) if prediction != target else 0.0
    expected = difference * difference if not (math.isinf(prediction) and prediction == target) else NAN

    assert bits(squared_error(prediction, target)) == bits(expected)


@pytest.mark.parametrize("probability", [1.5, -0.1, Value(1.0 + 1e-9), float("inf")])
def test_what_is_no_probability_is_refused(probability: Any) -> None:
    """As the output of a model without a sigmoid: its loss could be negative."""
    with pytest.raises(ValueError, match="is not a probability: end in a sigmoid"):
        binary_cross_entropy(probability, 1)


# Compiled -----------------------------------------------------------------------------------------

# Each loss of one output for the input x, with targets of each kind, and how many ways these take.
COMPILED: list[tuple[Callable[[Value, Any, Any], Value], list[Any], int]] = [
    (lambda w, x, target: squared_error(w * x, target), [0, 1, 0.25], 1),
    (lambda w, x, target: mean_squared_error([w * x, w - x], [target, 1.0]), [0, 1, 0.25], 1),
    (lambda w, x, target: binary_cross_entropy(sigmoid(w * x), target), [0, 1], 2),
    (lambda w, x, target: binary_cross_entropy(sigmoid(w * x), target), [0, 1, 0.25, 0.75], 3),
    (lambda w, x, target: binary_cross_entropy_with_logits(w * x, target), [0, 1], 2),
    (lambda w, x, target: binary_cross_entropy_with_logits(w * x, target), [0.0, 1.0, 0.25, 0.75], 3),
    (lambda w, x, target: hinge(w * x, target), [-1, 1], 2),
    (lambda w, x, target: cross_entropy([w * x, w - x, w * w], target), [0, 1, 2], 1),
]


@pytest.mark.parametrize(("loss", "targets", "ways"), COMPILED)
def test_a_compiled_loss_is_the_loss(loss: Callable[[Value, Any, Any], Value], targets: list[Any], ways: int) -> None:
    """Bit for bit, with one recording for each kind of target. Seen to fail with a target's .data read."""
    w = Value(0.75, "w")
    compiled = compile(lambda x, target: loss(w, x, target))
    for x in (-2.5, -1.0, -0.125, 0.0, 0.5, 1.0, 1.5, 3.0):
        for target in targets:
            numbers = []
            for function in (compiled, lambda x, target: loss(w, x, target)):
                w.zero_grad()
                value = function(x, target)
                value.backward()
                numbers.append((bits(value.data), bits(w.grad)))

            assert numbers[0] == numbers[1]
    assert repr(compiled).endswith(f"{ways} recording{'s' * (ways != 1)}>")


@pytest.mark.parametrize(("loss", "targets", "ways"), COMPILED)
def test_mean_of_a_compiled_loss(loss: Callable[[Value, Any, Any], Value], targets: list[Any], ways: int) -> None:
    """Targets of all kinds in one column. Seen to fail with limits that depend on the target, a way for each."""
    w = Value(0.75, "w")
    compiled = compile(lambda x, target: loss(w, x, target))
    xs = [(place * 7 % 23 - 11) / 4 for place in range(40)]
    column = [targets[place % len(targets)] for place in range(40)]
    expected = mean([loss(w, x, target) for x, target in zip(xs, column, strict=True)])
    expected.backward()
    slope, w.grad = w.grad, 0.0
    actual = compiled.mean(xs, column)
    actual.backward()

    assert actual.data == pytest.approx(expected.data, rel=1e-12)
    assert w.grad == pytest.approx(slope, rel=1e-12)
    assert repr(compiled).endswith(f"{ways} recording{'s' * (ways != 1)}>")


@pytest.mark.parametrize(
    ("loss", "good", "bad", "message"),
    [
        (lambda w, target: binary_cross_entropy(sigmoid(w), target), 1, 1.5, "probability from 0 to 1, not 1.5"),
        (lambda w, target: binary_cross_entropy_with_logits(w, target), 0.5, NAN, "from 0 to 1, not nan"),
        (lambda w, target: binary_cross_entropy(target * w, 1), 0.5, 4, "^2.0 is not a probability: end in a sigmoid"),
        (hinge, -1, 0, r"-1 or 1, not 0\.0: for classes 0 and 1 write 2 \* target - 1"),
    ],
)
def test_a_compiled_loss_refuses_what_the_loss_refuses(
    loss: Callable[[Any, Any], Any], good: float, bad: float, message: str
) -> None:
    """With its own numbers, also after another way was recorded, and in a column. Seen to fail with .data read."""
    w = Value(0.5)
    compiled = compile(lambda target: loss(w, target))
    compiled(good)
    with pytest.raises(ValueError, match=message):
        compiled(bad)
    with pytest.raises(ValueError, match=message):
        compiled.mean([good, bad])


@pytest.mark.parametrize("bad", [3, -1, 0.5])
def test_a_compiled_loss_refuses_what_is_not_a_class(bad: float) -> None:
    """Seen to fail with the target converted to an int."""
    w = Value(0.5)
    compiled = compile(lambda target: cross_entropy([w, w, w], target))
    compiled(2)
    with pytest.raises(IndexError, match=f"{bad} is not an index of a list of 3"):
        compiled(bad)


@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_slope_of_a_compiled_loss_towards_its_target(target: float) -> None:
    """A target that is a Value has a gradient there too. Seen to fail with every argument taken for a number."""
    for loss in (binary_cross_entropy, binary_cross_entropy_with_logits):
        compiled = compile(loss)
        eager, replayed = Value(target), Value(target)
        loss(Value(0.25), eager).backward()
        compiled(Value(0.25), replayed).backward()

        assert bits(replayed.grad) == bits(eager.grad)
