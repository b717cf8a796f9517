"""Clipping: shortens gradients that are too long, between `backward` and `step`."""

import math

from .. import checks
from ..engines import Value
from ..ieee import power
from .params import Params, grouped, with_names


def clip_grad_norm(
    params: Params, max_norm: float, norm_type: float | str = 2.0, error_if_nonfinite: bool = False
) -> float:
    """Scale all gradients so that their norm is at most `max_norm`; return what the norm was.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, 4.0
    >>> clip_grad_norm([x, y], max_norm=1.0)
    5.0
    >>> round(x.grad, 6), round(y.grad, 6)
    (0.6, 0.8)

    The norm is (Σ |g|ᵖ)^(1/p) over all parameters together for the `norm_type` p, or max |g| for inf, and the scale
    min(1, max_norm/(norm + 10⁻⁶)), as in PyTorch's `clip_grad_norm_`. An infinite norm makes finite gradients 0 and
    infinite ones nan; with `error_if_nonfinite` it raises RuntimeError instead, as does a norm of nan, and changes
    nothing. Parameters without a gradient are left alone. Pascanu, Mikolov & Bengio 2013, "On the difficulty of
    training recurrent neural networks", algorithm 1.

    Raises ValueError for a negative or nan `max_norm`, for a `norm_type` that is not above 0, and as an optimiser does
    for `params`.
    """
    largest = checks.number("max_norm", max_norm, least=0)
    p = math.inf if norm_type == "inf" else checks.number("norm_type", norm_type, least=0)
    if p == 0.0:
        raise ValueError("norm_type must be more than 0: 2 is the usual length, 1 the sum, inf the largest")
    parameters = _with_gradients(params)
    norm = _norm([parameter.grad for parameter in parameters], p)
    if checks.truth("error_if_nonfinite", error_if_nonfinite) and not math.isfinite(norm):
        raise RuntimeError(f"the norm of the gradients is {norm}, so they cannot be clipped; nothing has changed")
    scale = largest / (norm + 1e-6)
    if not scale >= 1:  # a nan has to reach the gradients too
        _set_gradients(parameters, [parameter.grad * scale for parameter in parameters])
    return norm


def clip_grad_value(params: Params, clip_value: float) -> None:
    """Move each gradient on its own into the range from −clip_value to clip_value; nan stays nan.

    >>> x, y = Value(0.0), Value(0.0)
    >>> x.grad, y.grad = 3.0, -0.5
    >>> clip_grad_value([x, y], 1.0)
    >>> x.grad, y.grad
    (1.0, -0.5)

    PyTorch's `clip_grad_value_`. Raises ValueError for a negative or nan `clip_value`, and as an optimiser does for
    `params`.
    """
    limit = checks.number("clip_value", clip_value, least=0)
    parameters = _with_gradients(params)
    gradients = [parameter.grad for parameter in parameters]
    _set_gradients(parameters, [g if not abs(g) > limit else math.copysign(limit, g) for g in gradients])


def _with_gradients(params: Params) -> list[Value]:
    named, _ = with_names([things for things, _ in grouped(params)])
    return [parameter for pairs in named for _, parameter in pairs if parameter.has_grad]


def _norm(gradients: list[float], p: float) -> float:
    if any(map(math.isnan, gradients)):
        return math.nan  # hypot and max might ignore it
    if p == 2.0:
        return math.hypot(*gradients)
    largest = max(map(abs, gradients), default=0.0)
    if p == math.inf or largest in (0.0, math.inf):
        return largest
    # Divided by the largest, no power overflows.
    return largest * power(sum(power(abs(g) / largest, p) for g in gradients), 1 / p)  # type: ignore[no-any-return]


def _set_gradients(parameters: list[Value], gradients: list[float]) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
