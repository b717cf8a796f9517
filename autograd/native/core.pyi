from array import array
from collections.abc import Sequence
from typing import Any

from ..book import Operation
from ..compiler.program import Program
from ..compiler.recording import Recorder
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
def read(
    recorder: Recorder, inputs: Sequence[Value], outputs: Sequence[Value], differentiable: bytes
) -> tuple[Program, list[Value], array[float]]: ...
def simplified(program: Program, numbers: array[float]) -> Program: ...
def gathered(values: tuple[Value | float, ...]) -> array[float]: ...
def total_of(numbers: array[float]) -> float: ...
def divided(numbers: array[float], divisor: float) -> array[float]: ...
def column_of(items: Any) -> tuple[array[float], int] | None: ...

class State:
    def through(self, output: int) -> Any: ...
    def sweep(self, output: int, arrived: float, before: list[float | None]) -> list[float | None]: ...

class Replay:
    program: Program
    def __init__(self, program: Program) -> None: ...
    def exact(self, numbers: array[float]) -> tuple[list[float] | None, State | None]: ...
    def call(self, operation: Operation, operands: tuple[Value | float, ...]) -> Value | float | None: ...
    def lanes(
        self,
        columns: Sequence[Any],
        which: array[int] | None,
        count: int,
        parameters: array[float],
        want_gradient: bool,
        threads: int = 1,
    ) -> tuple[array[float], array[int], array[float] | None, array[float] | None]: ...

def stored_node(
    operation: Operation, operands: tuple[Value | float, ...], value: float, partials: array[float]
) -> Value: ...
def inputs_like_the_last(
    arguments: tuple[Any, ...], forms: tuple[Any, ...], watched: tuple[Any, ...]
) -> list[Any] | None: ...
def lane_values(operation: Operation, columns: list[array[float]]) -> array[float]: ...
def lane_flows(
    operation: Operation, columns: list[array[float]], values: array[float], flows: array[float]
) -> list[array[float]]: ...
