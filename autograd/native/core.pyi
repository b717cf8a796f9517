from array import array
from typing import Any

from ..operations import softmax as softmax
from ..value import Value as Value

def zero_grad(params: list[Value]) -> None: ...
def sgd_step(
    params: list[Value],
    counts: list[int],
    momenta: list[float] | None,
    lr: float,
    momentum: float,
    weight_decay: float,
    nesterov: bool,
) -> bool: ...
def adam_step(
    params: list[Value],
    counts: list[int],
    firsts: list[float],
    seconds: list[float],
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
) -> bool: ...
def gathered(values: tuple[Value | float, ...]) -> array[float]: ...
def total_of(numbers: array[float]) -> float: ...
def divided(numbers: array[float], divisor: float) -> array[float]: ...
def column_of(items: Any) -> tuple[array[float], int] | None: ...
