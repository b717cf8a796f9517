"""Rules that are run on symbols: their formulas say what they compute."""

import math
import operator
from typing import Any

import pytest
from helpers import bits, declared
from hypothesis import given
from hypothesis import strategies as st

from autograd import BLOCKED, OPERATIONS, Operation, exp, ieee, maximum, where
from autograd.tracing import Apply, Branch, Input, UntraceableError, formulas, parts

TRACED = [each for each in OPERATIONS.values() if each.is_of_book and not each.list_count]

EDGES = [0.0, -0.0, 5e-324, -1.0, 1.0, 0.3, -2.5, 30.0, -800.0, 1e200, -1e300, math.inf, -math.inf, math.nan]

OPERATORS = {"add": operator.add, "subtract": operator.sub, "multiply": operator.mul}
RELATIONS = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "eq": "eq", "ne": "ne"}


def evaluated(formula: Any, names: dict[str, float]) -> Any:
    """What a formula gives, by the functions of `ieee`."""
    if isinstance(formula, Branch):
        return evaluated(formula.yes if evaluated(formula.condition, names) else formula.no, names)
    if isinstance(formula, Input):
        return names[formula.name]
    if not isinstance(formula, Apply):
        return formula
    if formula.function in ("and", "or"):
        return {"and": all, "or": any}[formula.function](evaluated(x, names) for x in formula.arguments)
    arguments = [evaluated(x, names) for x in formula.arguments]
    if formula.function == "not":
        return not arguments[0]
    if formula.function == "negate":
        return -arguments[0]
    if formula.function in RELATIONS:
        return getattr(operator, RELATIONS[formula.function])(*arguments)
    return (OPERATORS.get(formula.function) or getattr(ieee, formula.function))(*arguments)


@pytest.mark.parametrize("traced", TRACED, ids=lambda each: each.name)
@given(st.data())
def test_formulas_say_what_the_rule_says(traced: Operation, data: st.DataObject) -> None:
    """Seen to fail with a formula whose branches were exchanged."""
    numbers = [data.draw(st.sampled_from(EDGES) | st.floats()) for _ in traced.parameters]
    value, local_gradient = traced.rule(*numbers)
    partials = [partial() if callable(partial) else partial for partial in local_gradient()]
    of_value, of_partials = formulas(traced)
    names = dict(zip(traced.parameters, numbers, strict=True)) | {"value": value}
    found = [evaluated(formula, names) for formula in of_partials]

    assert bits(evaluated(of_value, names)) == bits(value)
    assert [x if x is BLOCKED else bits(x) for x in found] == [x if x is BLOCKED else bits(x) for x in partials]


def traced_rule(rule: Any) -> Any:
    """The formulas of a user's rule."""
    with declared(rule) as operation:
        return formulas(operation)


def test_what_is_computed_twice_is_one_part() -> None:
    """Else a rule of fifty squares would have a formula of 2 to the 50 parts."""

    def squared_often(x: Any) -> Any:
        for _ in range(50):
            x = x * x
        return x, lambda: (1.0,)

    assert len(parts(traced_rule(squared_often)[0])) == 50


def test_a_comparison_is_not_asked_again() -> None:
    """x ≥ y says that x < y does not hold; seen to fail with 8 ways through the rule."""

    def ordered(x: Any, y: Any) -> Any:
        if x >= y:
            return (x if x >= y else 1.0) if not x < y else 2.0, lambda: (1.0, 1.0)
        return (y if y > x else 3.0) if x < y else 4.0, lambda: (1.0, 1.0)

    formula = traced_rule(ordered)[0]

    assert formula.yes == Input("x")
    assert (formula.no.yes, formula.no.no) == (Input("y"), 4.0)


def test_a_branch_that_makes_no_difference_is_left_out() -> None:
    def the_same(x: Any) -> Any:
        return (x + 1.0, lambda: (1.0,)) if x > 0 else (x + 1.0, lambda: (2.0,))

    value, (partial,) = traced_rule(the_same)

    assert isinstance(value, Apply)
    assert isinstance(partial, Branch)


def test_zeros_of_both_signs_are_two_constants() -> None:
    def signed(x: Any) -> Any:
        return (0.0 if x > 0 else -0.0), lambda: (x * 0.0 + x * -0.0,)

    value, (partial,) = traced_rule(signed)

    assert isinstance(value, Branch)
    assert len(parts(partial)) == 3


def test_operations_in_rules_are_traced_through() -> None:
    def composed(x: Any, y: Any) -> Any:
        return where(x > 0, exp(x), maximum(x, y)), lambda: (y.exp(), BLOCKED)

    value, (first, second) = traced_rule(composed)

    assert evaluated(value, {"x": 1.0, "y": 0.0}) == math.e
    assert evaluated(value, {"x": -1.0, "y": 2.0}) == 2.0
    assert evaluated(first, {"x": 1.0, "y": 0.0, "value": 0.0}) == 1.0
    assert second is BLOCKED


@pytest.mark.parametrize(
    "rule",
    [
        lambda x: (math.sin(x), lambda: (1.0,)),
        lambda x: (float(x), lambda: (1.0,)),
        lambda x: (x, lambda: (1.0, 2.0)),
        lambda x: (x, lambda: 1.0),
        lambda x: ([x], lambda: (1.0,)),
        lambda x: (x + 10**400, lambda: (1.0,)),
        lambda x: (x.nothing(), lambda: (1.0,)),
        lambda x: x,
    ],
)
def test_a_rule_that_wants_to_know_its_numbers_is_refused(rule: Any) -> None:
    rule.__name__ = "refused"

    with pytest.raises(UntraceableError):
        traced_rule(rule)


def test_a_rule_without_an_end_is_refused() -> None:
    def endless(x: Any) -> Any:
        while x > 0:
            x = x - 1.0
        return x, lambda: (1.0,)

    def many(x: Any) -> Any:
        for i in range(20):
            x = x + 1.0 if x > float(i) else x * 2.0
        return x, lambda: (1.0,)

    for rule in (endless, many):
        with pytest.raises(UntraceableError, match="too many"):
            traced_rule(rule)
