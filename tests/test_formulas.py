"""Formulas as they are printed: as written in Python, and such that they can be typed back."""

import pytest
from helpers import bits
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import (
    OPERATIONS,
    Value,
    dot,
    explain,
    logsumexp,
    maximum,
    mean,
    operation,
    sqrt,
    topological_order,
    where,
)
from autograd.expression import Expression, ExpressionError
from autograd.notation import expression
from autograd.testing import programs

A, B, C, X, Y = [Value(number, label) for number, label in zip((2.0, -3.0, 0.5, 1.0, 4.0), "abcxy", strict=True)]


@pytest.mark.parametrize(
    ("node", "written"),
    [
        (dot([A, B], [X, 1]), "dot([a, b], [x, 1])"),
        (autograd.sum([X, Y]), "sum([x, y])"),
        (autograd.sum([X]), "sum([x])"),
        (mean([X, -Y, 2]), "mean([x, −y, 2])"),
        (logsumexp([A, B + 1]), "logsumexp([a, b + 1])"),
        (where(X > 0, X, -X), "where(True, x, −x)"),
        (where(X < 0, X, -X), "where(False, x, −x)"),
        (where(C, X, Y), "where(c, x, y)"),
        ((-X) * Y, "(−x) × y"),
        (-(X * Y), "−(x × y)"),
        (X - -Y, "x − (−y)"),
        (X + -Y * C, "x + (−y) × c"),
        (-X + Y, "−x + y"),
        (-3 * X, "(−3) × x"),
        (X - -3, "x − (−3)"),
        ((-X) ** 2, "(−x) ^ 2"),
        (-(X**2), "−x ^ 2"),
        (2**-X, "2 ^ (−x)"),
        ((X**Y) ** C, "(x ^ y) ^ c"),
        (X ** (Y**C), "x ^ (y ^ c)"),
        (X / (Y / C), "x / (y / c)"),
        (sqrt(X) ** 2, "(√x) ^ 2"),
        (autograd.abs(X - Y) * 2, "|x − y| × 2"),
        (Value(1.0, "w·x + b") * 2, "(w·x + b) × 2"),
    ],
)
def test_a_formula_is_as_written(node, written):
    """Seen to fail with the items of lists laid out flat, with conditions as 1 and 0, and with x − −y."""
    assert expression(node) == written


def tree(node, leaves):
    """The same computation with a node of its own for each use of one, as a formula tells it."""
    if not isinstance(node, Value):
        return node
    if not node.operation:
        return leaves[node]
    return node.operation(*node.operation.arguments([tree(operand, leaves) for operand in node.operands]))


ARITHMETIC = [
    operation for operation in OPERATIONS.values() if operation.symbol in ("+", "−", "−x", "×", "÷", "1/x", "^", "√x")
]


@given(st.one_of(programs(max_steps=5), programs(ARITHMETIC, max_steps=5)))
def test_a_formula_typed_back_is_the_same_computation(program):
    """Seen to fail with operands of lists laid out flat, and with −(a × b) without parentheses."""
    leaves, root = program.build()
    formula = expression(root, digits=17, most=1000)
    assume("…" not in formula)
    alike = {leaf: Value(leaf.data, leaf.label) for leaf in leaves}
    expected = tree(root, alike)
    again = {leaf.label: Value(leaf.data) for leaf in leaves}
    read = Expression(formula)
    result = read(**{name: again[name] for name in read.names})
    expected.backward()
    result.backward()

    assert bits(result.data) == bits(root.data)
    assert {name: bits(leaf.grad) for name, leaf in again.items()} == {
        leaf.label: bits(leaf.grad) for leaf in alike.values()
    }


@pytest.mark.parametrize("number", [-2.5, 1e-9, 1e300, float("inf"), -float("inf"), float("nan"), -1e-7])
@pytest.mark.parametrize(
    "build", [lambda x, c: c * x, lambda x, c: x**c, lambda x, c: x - c, lambda x, c: maximum(c, x)]
)
def test_a_constant_typed_back_is_the_same_number(build, number):
    """Seen to fail with inf and nan taken for names."""
    node = build(X, number)

    assert bits(Expression(expression(node, digits=17))(x=1.0)) == bits(node.data)


@pytest.mark.parametrize(
    ("formula", "python"),
    [
        ("a × x − b · c ÷ 2", "a*x - b*c/2"),
        ("−x²", "-x**2"),
        ("x⁻¹² + w₁₀", "x**-12 + w10"),
        ("2^x^c", "2**x**c"),
        ("√x + √(x + 3) + √√2", "sqrt(x) + sqrt(x + 3) + sqrt(sqrt(2))"),
        ("√x^2 / √1e-09", "sqrt(x)**2 / sqrt(1e-09)"),
        ("√σ(a)·√|b|", "sqrt(sigmoid(a))*sqrt(abs(b))"),
        ("|a − |b − x|| × |c|", "abs(a - abs(b - x))*abs(c)"),
        ("||a| − b|", "abs(abs(a) - b)"),
        ("|√a − 3|", "abs(sqrt(a) - 3)"),
        ("max(a, ReLU(b)) + min(a, b)", "maximum(a, relu(b)) + minimum(a, b)"),
        ("where(a ≤ b, x, y) + where(b ≥ a, x, y)", "where(a <= b, x, y) + where(b >= a, x, y)"),
        ("where(True, x, y) − where(False, x, y)", "where(1, x, y) - where(0, x, y)"),
        ("inf × x", "1e999 * x"),
    ],
)
def test_signs_of_formulas_are_read(formula, python):
    values = {"a": 2.0, "b": -3.0, "c": 0.5, "x": 1.5, "y": 4.0, "w10": 7.0}
    read, typed = Expression(formula), Expression(python)

    assert read(**{name: values[name] for name in read.names}) == typed(**{name: values[name] for name in typed.names})


@pytest.mark.parametrize(
    ("formula", "message", "column"),
    [
        ("|x", "this | is not closed", 0),
        ("2 × (|x)", "this | is not closed", 5),
        ("x|y|", "invalid syntax", 1),
        ("2√x", "invalid syntax", 1),
        ("1 + √", "sqrt(x): 1 needed, 0 given", 4),
        ("max(√, x)", "sqrt(x): 1 needed, 0 given", 4),
        ("|a| + √w₀ + sinn(x)", "unknown function 'sinn'", 12),
        ("√x x", "invalid syntax", 3),
        ("True × x", None, 0),
        ("sum([x, …, y])", "'…' has no meaning in an expression", 8),
    ],
)
def test_a_mistake_in_a_formula_is_shown_at_its_place_there(formula, message, column):
    """Seen to fail with the columns of the formula in Python's signs."""
    with pytest.raises(ExpressionError) as raised:
        Expression(formula)

    assert raised.value.column == column
    assert message in (None, raised.value.message)


@pytest.mark.parametrize("formula", ["√" * 50_000 + "x", "|" * 50_001, "|" * 50_000 + "x" + "|" * 50_000])
def test_no_nesting_of_signs_is_too_deep_for_an_error(formula):
    with pytest.raises(ExpressionError):
        Expression(formula)


def test_a_condition_that_was_typed_is_told_as_typed():
    """Seen to fail with the truth of the comparison alone handed to where."""
    x = Value(-2.0, "x")
    root = Expression("where(x > 0, x, −x)·where(1 < 2, 3, x)")(x=x)
    root.backward()

    assert expression(root) == "where(x > 0, x, −x) × where(1 < 2, 3, x)"
    assert x.grad == -3.0
    assert "where(x > 0, x, v1)" in str(explain(root))
    assert type(Expression("where(1 < 2, 3, 4)")()) is float


def test_a_formula_of_a_wide_node_is_short():
    """Seen to fail with a text for each operand."""
    node = autograd.sum([X * 2] * 1000)

    assert expression(node) == f"sum([{'x × 2, ' * 6}…, x × 2])"
    assert expression(dot([X] * 9, [3.0] * 9)) == f"dot([{'x, ' * 6}…, x], [{'3, ' * 6}…, 3])"


def test_a_notation_that_has_an_operand_twice_cannot_double_a_formula_without_end():
    """Seen to fail without a limit: 2⁴⁰ characters."""

    @operation("x·(1 + x)")
    def twice(x):
        return x * 2.0, lambda: (2.0,)

    del OPERATIONS["twice"]
    node = X
    for _ in range(40):
        node = twice(node)

    assert len(expression(node)) < 100_000


def test_every_notation_of_the_rule_book_is_read():
    for declared in OPERATIONS.values():
        arguments = [[X, Y] if isinstance(domain, list) else X for domain in declared.domain]
        node = declared(*arguments)
        read = Expression(expression(node))
        result = read(**{name: {"x": X, "y": Y}[name] for name in read.names})

        assert [x.operation for x in topological_order(result)] == [
            x.operation for x in topological_order(node) if x.operation is not OPERATIONS["identity"]
        ]
