"""How wrong a prediction is, as a single number that training makes small.

>>> squared_error(3.0, 1.0)
4.0

All of these take Values and plain numbers alike. What they decide, they decide by comparing Values with < and >, so
that they can be compiled: a compiled function keeps its comparisons, and checks them at every call.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, SupportsFloat, overload

from ..checks import scalar, scalars, whole
from ..engines import Number, Value, scope
from ..ieee import INFINITY, data_of, real
from ..modes import mode
from ..operations import log, log1p, logsumexp, mean, relu, softplus, sqrt
from ..taking import take

_Arguments = ParamSpec("_Arguments")


def _in_scope(loss: Callable[_Arguments, Any]) -> Callable[_Arguments, Any]:
    """The loss, with its nodes in a scope of its name."""

    @wraps(loss)
    def scoped(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Any:
        with scope(loss.__name__):
            return loss(*args, **kwargs)

    return scoped


@overload
def squared_error(prediction: Value, target: Number) -> Value: ...
@overload
def squared_error(prediction: Number, target: Value) -> Value: ...
@overload
def squared_error(prediction: SupportsFloat, target: SupportsFloat) -> float: ...
@_in_scope
def squared_error(prediction: Any, target: Any) -> Any:
    """(prediction − target)².

    >>> squared_error(11.0, 10.0)
    1.0
    """
    remedy = "for lists of numbers, use mean_squared_error"
    error = scalar("the prediction", prediction, remedy) - scalar("the target", target, remedy)
    return error * error


@overload
def mean_squared_error(predictions: Sequence[SupportsFloat], targets: Sequence[SupportsFloat]) -> float: ...  # type: ignore[overload-overlap]  # the first that fits decides
@overload
def mean_squared_error(predictions: Sequence[Number], targets: Sequence[Number]) -> Value: ...
@_in_scope
def mean_squared_error(predictions: Sequence[Any], targets: Sequence[Any]) -> Any:
    """1/n · Σ (predictionᵢ − targetᵢ)²; lists of different lengths, or empty ones, raise ValueError.

    >>> mean_squared_error([1.0, 2.0], [0.0, 4.0])
    2.5
    """
    remedy = "for a single number, as a model with one output returns it, use squared_error"
    predictions, targets = scalars("predictions", predictions, remedy), scalars("targets", targets, remedy)
    if len(predictions) != len(targets):
        raise ValueError(f"there are {len(predictions)} predictions but {len(targets)} targets")
    return mean([squared_error(p, t) for p, t in zip(predictions, targets, strict=True)])


@overload
def binary_cross_entropy(probability: Value, target: Number) -> Value: ...
@overload
def binary_cross_entropy(probability: Number, target: Value) -> Value: ...
@overload
def binary_cross_entropy(probability: SupportsFloat, target: SupportsFloat) -> float: ...
@_in_scope
def binary_cross_entropy(probability: Any, target: Any) -> Any:
    """−y·ln p − (1 − y)·ln(1 − p) for the probability p of class 1 and the target y, from 0 to 1.

    >>> binary_cross_entropy(0.25, 0) == -log(0.75)
    True

    A term with the factor 0 is left out: 0·ln 0 is 0 here, not nan. `binary_cross_entropy_with_logits`, which takes the
    output of a neuron without a sigmoid, loses no digits. A probability or a target outside [0, 1] raises ValueError.
    """
    remedy = "for the outputs of several classes, use cross_entropy"
    p, y = _number("the probability", probability, remedy), _probability(target)
    if p < 0.0 or p > 1.0:  # nan goes through, and shows
        told = f"{data_of(p)} is not a probability"
        raise ValueError(f"{told}: end in a sigmoid, or use binary_cross_entropy_with_logits")
    if y >= 1.0:
        return _doubted(-log(probability), 1.0 - target, lambda: log(probability) - log1p(-probability))
    if y <= 0.0:
        return _doubted(-log1p(-probability), target, lambda: log1p(-probability) - log(probability))
    return -(target * log(probability) + (1.0 - target) * log1p(-probability))


@overload
def binary_cross_entropy_with_logits(logit: Value, target: Number) -> Value: ...
@overload
def binary_cross_entropy_with_logits(logit: Number, target: Value) -> Value: ...
@overload
def binary_cross_entropy_with_logits(logit: SupportsFloat, target: SupportsFloat) -> float: ...
@_in_scope
def binary_cross_entropy_with_logits(logit: Any, target: Any) -> Any:
    """−y·ln σ(z) − (1 − y)·ln(1 − σ(z)) for the logit z and the target y, from 0 to 1.

    >>> binary_cross_entropy_with_logits(-1000.0, 1)
    1000.0

    Computed as y·softplus(−z) + (1 − y)·softplus(z), which is the same because −ln σ(z) = ln(1 + e⁻ᶻ), and neither
    overflows nor loses digits. A target outside [0, 1] raises ValueError.
    """
    scalar("the logit", logit, "for the outputs of several classes, use cross_entropy")
    y = _probability(target)
    if y >= 1.0:
        return _doubted(softplus(-logit), 1.0 - target, lambda: logit)
    if y <= 0.0:
        return _doubted(softplus(logit), target, lambda: -logit)
    return target * softplus(-logit) + (1.0 - target) * softplus(logit)


def _doubted(loss: Any, doubt: Any, slope: Callable[[], Any]) -> Any:
    """The loss for a target of 0 or 1, plus the doubt, which is 0 now, times the slope that the loss has towards it."""
    if not isinstance(doubt, Value) or _is_plain(doubt):
        return loss
    steepness = slope()
    # 0·inf is nan, but the square root is 0 at 0 with an infinite slope, as intended.
    if steepness >= INFINITY:
        return loss + sqrt(doubt)
    if steepness <= -INFINITY:
        return loss - sqrt(doubt)
    return loss + doubt * steepness


@overload
def cross_entropy(logits: Sequence[SupportsFloat], target: int) -> float: ...  # type: ignore[overload-overlap]  # the first that fits decides
@overload
def cross_entropy(logits: Sequence[Number], target: int) -> Value: ...
@_in_scope
def cross_entropy(logits: Sequence[Any], target: int) -> Any:
    """−ln softmax(z)ₜ = ln Σ exp(zᵢ) − zₜ for the logits z of all classes and the right class t, counted from 0.

    >>> cross_entropy([0.0, 0.0], 1) == log(2.0)
    True

    A target that is not a class raises ValueError.
    """
    logits = scalars("logits", logits, "for two classes with one output, use binary_cross_entropy_with_logits")
    if isinstance(target, Value) and mode().recorder is not None:  # a number of a compiled function, which may be any
        return logsumexp(logits) - take(logits, target)
    right = whole("the target", target, instead="it is the index of the right class, counted from 0")
    if right not in range(len(logits)):
        raise ValueError(f"the target is class {right}, but there are {len(logits)} logits: classes are counted from 0")
    return logsumexp(logits) - logits[right]


@overload
def hinge(score: Value, target: Number) -> Value: ...
@overload
def hinge(score: Number, target: Value) -> Value: ...
@overload
def hinge(score: SupportsFloat, target: SupportsFloat) -> float: ...
@_in_scope
def hinge(score: Any, target: Any) -> Any:
    """max(0, 1 − y·s) for the score s and the target y, which is −1 or 1; others raise ValueError.

    >>> hinge(0.25, 1), hinge(3.0, 1), hinge(3.0, -1)
    (0.75, 0.0, 4.0)
    """
    scalar("the score", score, "for the outputs of several classes, use cross_entropy")
    y = _number("the target", target)
    if not (-1.0 <= y <= -1.0 or 1.0 <= y <= 1.0):  # == of Values asks whether they are the same one
        raise ValueError(
            f"the target of a hinge loss must be -1 or 1, not {data_of(y)!r}: for classes 0 and 1 write 2 * target - 1"
        )
    return relu(1.0 - target * score)


def _number(name: str, thing: Any, instead: str = "") -> Any:
    """A Value as it is, another number as a float."""
    scalar(name, thing, instead)
    return thing if isinstance(thing, Value) else real(thing)


def _probability(target: Any) -> Any:
    y = _number("the target", target)
    if not 0.0 <= y <= 1.0:
        raise ValueError(f"the target must be a probability from 0 to 1, not {data_of(y)!r}")
    return y


def _is_plain(value: Any) -> bool:
    """Whether a Value stands for a plain number, of whose gradient nobody asks, in a function that is recorded."""
    recorder = mode().recorder
    return recorder is not None and bool(recorder.is_plain(value))
