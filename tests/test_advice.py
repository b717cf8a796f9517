"""Rules that cannot be run on Values: the error names the operation, the function and what to write instead."""

import math
import textwrap
from collections.abc import Callable
from math import degrees
from typing import Any

import numpy as np
import pytest
from helpers import declared

import autograd
from autograd import OPERATIONS, Value, gradcheck, gradient

DEGREES = 180 / math.pi


def with_exp(x):
    return autograd.exp(-x * x), lambda: (-2.0 * x * math.exp(-x * x),)


def with_exp_in_its_value(x):
    return math.exp(-x * x), lambda: (-2.0 * x * autograd.exp(-x * x),)


def with_a_costly_partial(x):
    return autograd.exp(-x * x), lambda: (lambda: -2.0 * x * np.exp(-x * x),)


def with_a_helper(x):
    return autograd.exp(-x * x), lambda: (_slope(x),)


def _slope(x):
    return -2.0 * x * math.exp(-x * x)


def with_degrees(x):
    return math.degrees(x) ** 2, lambda: (2 * math.degrees(x) * DEGREES,)


def with_imported_degrees(x):
    return degrees(x) ** 2, lambda: (2 * degrees(x) * DEGREES,)


def with_truth(x):
    return x * x, lambda: (2 * x if x else 0.0,)


def with_float(x):
    return x * x, lambda: (2 * float(x),)


def told(rule: Callable[..., Any], number: float = 0.5) -> str:
    """The error of `gradient`, while the first derivative is there."""
    with declared(rule) as operation:
        x = Value(number)
        root = operation(x)
        root.backward()
        with pytest.raises(TypeError) as error:
            gradient(root, x)

        assert x.grad != 0
        assert gradcheck(operation, number)[0].verdict == "agrees"
        with pytest.raises(TypeError) as again:
            gradcheck(operation, number, second=True)
        assert str(again.value) == str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("rule", "function"),
    [
        (with_exp, "math.exp"),
        (with_exp_in_its_value, "math.exp"),
        (with_a_costly_partial, "np.exp"),
        (with_a_helper, "math.exp"),
    ],
)
def test_a_function_that_the_rule_book_has_is_named(rule: Callable[..., Any], function: str) -> None:
    """Seen to fail with the error of float(v) alone."""
    assert f"the rule of {rule.__name__} was run on Values" in told(rule)
    assert f"use autograd.exp for {function}. For first derivatives backward() is enough" in told(rule)
    assert "test_advice.py:" in told(rule)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (math.log1p, "log1p"),
        (math.pow, "power"),
        (math.fabs, "abs"),
        (math.tanh, "tanh"),
    ],
)
def test_names_that_differ_from_pythons_are_known(call: Callable[..., float], name: str) -> None:
    def rule(x):
        return x * x, lambda: (call(x, 1.0) * 2.0 if call is math.pow else call(x) * 2.0 * x / call(x),)

    assert f"use autograd.{name} for math.{call.__name__}." in told(rule)


@pytest.mark.parametrize("rule", [with_degrees, with_imported_degrees])
def test_a_function_that_the_rule_book_lacks_can_be_declared_as_told(rule: Callable[..., Any]) -> None:
    """The lines of the message are run, with the derivative filled in, and all derivatives are there."""
    message = told(rule)
    _, code, rest = message.split("\n\n")
    names: dict[str, Any] = {"math": math, "operation": autograd.operation}
    try:
        exec(textwrap.dedent(code).replace("...", "180 / math.pi"), names)

        def squared(x):
            return names["degrees"](x) ** 2, lambda: (2 * names["degrees"](x) * DEGREES,)

        with declared(squared) as operation:
            verdicts = {c.verdict for c in gradcheck(operation, 0.5, second=True)}
        verdicts |= {c.verdict for c in gradcheck(names["degrees"], 0.5, second=True)}
    finally:
        del OPERATIONS["degrees"]

    assert "math.degrees takes only floats" in message
    assert f"and write degrees in the rule of {rule.__name__}. For first derivatives backward() is enough" in rest
    assert verdicts == {"agrees"}


def test_a_function_declared_under_its_own_name_is_told_to_call_itself() -> None:
    def degrees(x):
        return math.degrees(x), lambda: (DEGREES,)

    assert "write math.degrees(x) if type(x) is float else degrees(x) for math.degrees(x)" in told(degrees)


@pytest.mark.parametrize(("rule", "reason"), [(with_truth, "neither true nor false"), (with_float, "is not a float")])
def test_what_is_no_function_of_floats_keeps_its_own_reason(rule: Callable[..., Any], reason: str) -> None:
    assert reason in told(rule)
    assert "Rules may use operators and functions of autograd, and may compare only with < and >" in told(rule)


def test_an_error_of_the_engine_itself_stays_as_it_is() -> None:
    """As of a closure that forgets its comma: there is nothing wrong with Values."""

    def lone(x):
        return (x * 2, lambda: (2.0,)) if type(x) is float else (x * 2, lambda: 2.0)

    with declared(lone) as operation:
        x = Value(1.0)
        root = operation(x)
        with pytest.raises(TypeError, match=r"^the rule of <operation lone> returned one float"):
            gradient(root, x)
