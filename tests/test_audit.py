"""The audit: of all operations in a graph it names the wrong one, and no other."""

import inspect
import itertools
import math
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from helpers import with_rule
from hypothesis import given
from test_accuracy import BUILT_IN

import autograd
from autograd import BLOCKED, OPERATIONS, Operation, Value, audit, detect_anomaly, operation, topological_order
from autograd.testing import graphs


@pytest.fixture
def declared() -> Iterator[Callable[..., Operation]]:
    """A decorator as `operation`, whose declarations end with the test."""
    names: list[str] = []

    def declare(rule: Callable[..., Any]) -> Operation:
        parameters = inspect.signature(rule).parameters
        made = operation(f"{rule.__name__}({', '.join(parameters)})", *["?"] * len(parameters))(rule)
        names.append(made.name)
        return made

    yield declare
    for name in names:
        del OPERATIONS[name]


@pytest.fixture
def gauss(declared: Any) -> Operation:
    @declared
    def gauss(x):
        return autograd.exp(-x * x), lambda: (-x * autograd.exp(-x * x),)  # the 2 is missing

    return gauss


def large_graph(wrong: Callable[[Value], Value]) -> tuple[Value, Value]:
    """A root over exactly 1,000 nodes of many operations, one of which is wrong, and that one."""
    draw = random.Random(7)
    nodes = [Value(draw.uniform(-2, 2), f"x{place}") for place in range(5)]
    unary = [autograd.tanh, autograd.sin, autograd.sigmoid, autograd.softplus, autograd.negate, autograd.cos]
    while len(nodes) < 500:
        x, y = draw.choice(nodes), draw.choice(nodes)
        nodes.append(draw.choice([lambda x, y: autograd.tanh(x - y), lambda x, y: draw.choice(unary)(x)])(x, y))
    suspect = wrong(nodes[250])
    return _padded(autograd.sum([*nodes, suspect]), 1000), suspect


def _padded(root: Value, count: int) -> Value:
    while len(topological_order(root)) < count:
        root = root * 1.0
    return root


# One wrong operation ------------------------------------------------------------------------------


def test_of_1000_nodes_only_the_wrong_operation_is_named(gauss: Operation) -> None:
    """Seen to fail with an audit of the last nodes only."""
    root, suspect = large_graph(gauss)
    found = audit(root)

    assert found.nodes == len(topological_order(root)) == 1000
    assert [finding.node for finding in found.wrong] == [suspect]
    assert found.operations == [gauss]
    assert found.undecided == []


def test_a_finding_knows_node_operation_and_both_numbers(gauss: Operation) -> None:
    """Seen to fail with analytic and numeric exchanged."""
    node = gauss(Value(0.5, "t"))
    (finding,) = audit(node * 3).wrong
    right = -2 * 0.5 * math.exp(-0.25)

    assert (finding.node, finding.operation) == (node, gauss)
    assert (finding.comparison.input, finding.comparison.point) == ("x", 0.5)
    assert finding.comparison.analytic == right / 2
    assert finding.comparison.numeric == pytest.approx(right, rel=1e-9)
    assert (finding.comparison.verdict, finding.comparison.digits) == ("differs", 0)


def test_a_wrong_operation_is_named_once_and_found_everywhere(gauss: Operation) -> None:
    nodes = [gauss(Value(number)) for number in (0.5, 1.0, 1.5)]
    found = audit(autograd.sum(nodes))

    assert [finding.node for finding in found.wrong] == nodes
    assert found.operations == [gauss]
    assert str(found).count("gauss is wrong") == 1
    assert str(found).endswith("\n7 nodes: 3 wrong, 0 undecided")


def test_a_wrong_operation_below_a_dead_end_is_found(gauss: Operation) -> None:
    """No gradient arrives there, so gradcheck cannot see it."""
    x = Value(-0.5)
    root = (gauss(x) - 2).relu() + x

    assert autograd.gradcheck(lambda x: (gauss(x) - 2).relu() + x, -0.5)[0].verdict == "agrees"
    assert audit(root).operations == [gauss]


def test_two_errors_that_cancel_are_found(declared: Any) -> None:
    @declared
    def double(x):
        return x * 2, lambda: (4.0,)

    @declared
    def halve(x):
        return x / 2, lambda: (0.25,)

    assert autograd.gradcheck(lambda x: halve(double(x)), 1.0)[0].verdict == "agrees"
    assert audit(halve(double(Value(1.0)))).operations == [double, halve]


def test_one_wrong_operand_of_several_is_named(declared: Any) -> None:
    @declared
    def blend(x, y, z):
        return x * y + z, lambda: (y, x * 1.00001, 1.0)

    found = audit(blend(Value(2.0), Value(3.0), Value(5.0))).wrong

    assert [(finding.comparison.input, finding.comparison.point) for finding in found] == [("y", 3.0)]


def test_a_wrong_partial_towards_a_number_is_never_asked_for(declared: Any) -> None:
    @declared
    def scaled(x, y):
        return x * y, lambda: (y, 0.0)

    assert audit(scaled(Value(2.0), 3.0)).wrong == []
    assert len(audit(scaled(2.0, Value(3.0))).wrong) == 1


def test_the_same_value_twice_is_looked_at_in_each_place(declared: Any) -> None:
    @declared
    def product(x, y):
        return x * y, lambda: (y, -x)

    x = Value(2.0)
    found = audit(product(x, x)).wrong

    assert [(finding.comparison.input, finding.comparison.analytic) for finding in found] == [("y", -2.0)]
    assert audit(x * x).wrong == []


def test_one_wrong_place_of_a_list_is_named() -> None:
    @operation("weighted(xs, ys)", "?", "?", domain=([autograd.REALS], [autograd.REALS]))
    def weighted(xs, ys):
        partials = [*ys, *xs]
        partials[3] = 0.0
        return autograd.dot(xs, ys), lambda: partials

    del OPERATIONS["weighted"]
    xs, ys = [Value(1.0), Value(2.0), 3.0], [Value(4.0), Value(5.0), Value(6.0)]
    (finding,) = audit(weighted(xs, ys)).wrong

    assert (finding.comparison.input, finding.comparison.analytic, finding.comparison.point) == ("ys[0]", 0.0, 4.0)
    assert finding.comparison.numeric == pytest.approx(1.0)
    assert "xs[0] = 1.0, xs[1] = 2.0, xs[2] = 3.0, ys[0] = 4.0, ys[1] = 5.0, ys[2] = 6.0" in str(finding)


def test_a_partial_that_is_blocked_by_mistake_is_wrong(declared: Any) -> None:
    @declared
    def forgetful(x, y):
        return x + y, lambda: (1.0, BLOCKED)

    (finding,) = audit(forgetful(Value(1.0), Value(2.0))).wrong

    assert (finding.comparison.input, finding.comparison.analytic) == ("y", 0.0)
    assert finding.comparison.numeric == pytest.approx(1.0)


def test_a_blocked_partial_that_is_right_is_not_wrong() -> None:
    root = autograd.maximum(Value(1.0), Value(2.0)) + autograd.where(1, Value(3.0), Value(4.0)) + Value(-1.0).relu()

    assert str(audit(root)) == "10 nodes: 0 wrong, 0 undecided"


@pytest.mark.parametrize("partial", [math.nan, math.inf, -math.inf])
def test_a_partial_that_is_not_finite_is_wrong(declared: Any, partial: float) -> None:
    @declared
    def explodes(x):
        return x * 2, lambda: (partial,)

    assert audit(explodes(Value(1.0))).operations == [explodes]


def test_a_costly_partial_is_audited_too(declared: Any) -> None:
    @declared
    def lazy(x, y):
        return x * y, lambda: (lambda: y, lambda: x + 1)

    assert [finding.comparison.input for finding in audit(lazy(Value(2.0), Value(3.0))).wrong] == ["y"]


@pytest.mark.parametrize("declaration", BUILT_IN, ids=lambda declaration: declaration.name)
def test_a_built_in_operation_made_wrong_is_named(declaration: Operation) -> None:
    """By a millionth, among all others made right; a staircase by a slope. Seen to fail with rtol 1e-5."""
    rule = declaration.rule

    def wrong(*arguments: Any) -> Any:
        value, local_gradient = rule(*arguments)
        partials = [partial() if callable(partial) else partial for partial in local_gradient()]
        if not any(partials):
            return value, lambda: [1.0] * len(partials)
        return value, lambda: [BLOCKED if x is BLOCKED else x * (1 + 1e-6) for x in partials]

    leaves = [Value(number) for number in (0.7, 0.3, 0.4)]
    nodes = [made(*arguments_of(made, leaves)) for made in BUILT_IN if made is not declaration]
    nodes.append(with_rule(declaration, wrong)(*arguments_of(declaration, leaves)))
    found = audit(_padded(autograd.sum(nodes), 40))

    assert [operation.name for operation in found.operations] == [declaration.name]


def arguments_of(operation: Operation, leaves: list[Value]) -> list[Any]:
    """Leaves in the domain of the operation: acosh needs more than 1."""
    return [
        leaves if isinstance(domain, list) else leaves[i] if leaves[i].data in domain else leaves[i] + 1.0
        for i, domain in enumerate(operation.domain)
    ]


# At the operands as they were ---------------------------------------------------------------------


def test_leaves_that_have_changed_since_do_not_matter(gauss: Operation) -> None:
    """Seen to fail with the data of the operands in place of their numbers."""
    x, y = Value(2.0), Value(0.5)
    right, wrong = x * x * y.exp(), gauss(y)
    x.data, y.data = -100.0, 0.0

    assert str(audit(right)) == "5 nodes: 0 wrong, 0 undecided"
    assert audit(wrong).wrong[0].comparison.point == 0.5


def test_an_audit_changes_nothing(gauss: Operation) -> None:
    x = Value(0.5)
    root = gauss(x) * x
    root.backward()
    before = [(node.data, node.grad, node.has_grad) for node in topological_order(root)]
    audit(root)

    assert [(node.data, node.grad, node.has_grad) for node in topological_order(root)] == before


def test_two_audits_find_the_same(gauss: Operation) -> None:
    root, _ = large_graph(gauss)

    assert str(audit(root)) == str(audit(root))


# Undecided ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("node", "names"),
    [
        (lambda: Value(0.0).relu(), ["x"]),
        (lambda: abs(Value(-0.0)), ["x"]),
        (lambda: autograd.maximum(Value(1.0), Value(1.0)), ["x", "y"]),
        (lambda: autograd.minimum(Value(1.0), Value(1.0 + 1e-12)), ["x", "y"]),
        (lambda: autograd.where(Value(0.0), Value(1.0), Value(2.0)), ["c"]),
        (lambda: Value(0.0).sqrt(), ["x"]),
        (lambda: 1 / Value(0.0), ["x"]),
        (lambda: Value(1.0) / Value(0.0), ["x", "y"]),
        (lambda: Value(math.inf) * Value(2.0), ["x", "y"]),
        (lambda: Value(-1.0).log(), ["x"]),
    ],
)
def test_what_differences_cannot_decide_is_undecided(node: Callable[[], Value], names: list[str]) -> None:
    found = audit(node())

    assert found.wrong == []
    assert [finding.comparison.input for finding in found.undecided] == names
    assert found.operations == []
    assert str(found).endswith(f"0 wrong, {len(names)} undecided")


def test_a_wrong_operation_at_its_kink_is_undecided_and_beside_it_wrong(declared: Any) -> None:
    @declared
    def clipped(x):
        return x if x > 0 else 0.0 * x, lambda: (1.0,)

    assert audit(clipped(Value(0.0))).wrong == []
    assert audit(clipped(Value(-0.1))).operations == [clipped]


# Right graphs -------------------------------------------------------------------------------------


@given(graphs())
def test_right_graphs_give_nothing_wrong(graph: tuple[list[Value], Value]) -> None:
    """All built-in operations at any numbers, boundary values and kinks among them."""
    found = audit(graph[1])
    # The steps of a remainder by 1e-45 are finer than any difference can see.
    wrong = [x for x in found.wrong if x.operation.symbol not in ("%", "//") or abs(x.node.numbers[1]) > 1e-6]

    assert wrong == []
    assert found.nodes == len(topological_order(graph[1]))


def test_right_graphs_of_all_operations_are_decided_away_from_kinks() -> None:
    leaves = [Value(number) for number in (0.7, 0.3, 0.4)]
    root = autograd.sum([made(*arguments_of(made, leaves)) for made in BUILT_IN])

    assert re.fullmatch(r"\d+ nodes: 0 wrong, 0 undecided", str(audit(root)))


# In words -----------------------------------------------------------------------------------------


def test_the_printed_audit_says_what_where_and_how_much(gauss: Operation) -> None:
    y = gauss(Value(0.5, "t") * 2)
    y.label = "bell"
    first, second, last = str(audit(y + 1)).splitlines()

    assert first == "gauss is wrong: the derivative of bell = gauss(t × 2) with respect to x"
    assert second.startswith("  at x = 1.0: recorded -0.36787944117144233, numeric -0.7357588823")
    assert second.endswith(", 0 digits agree")
    assert last == "4 nodes: 1 wrong, 0 undecided"


def test_an_undecided_finding_prints_with_its_reason() -> None:
    (finding,) = audit(Value(0.0, "x").relu()).undecided

    assert str(finding) == (
        "relu is undecided: the derivative of ReLU(x) with respect to x\n"
        "  at x = 0.0: recorded 0.0, numeric nan, a kink or a jump"
    )


def test_under_detect_anomaly_the_line_of_the_program_is_told(gauss: Operation) -> None:
    with detect_anomaly():
        root = gauss(Value(0.5)) + 1  # this very line
    without = gauss(Value(0.5))

    assert f"\n  made at {__file__}:" in str(audit(root))
    assert str(audit(root)).splitlines()[2].endswith("root = gauss(Value(0.5)) + 1  # this very line")
    assert "made at" not in str(audit(without))


def test_a_wrong_node_of_a_huge_graph_prints_in_a_few_characters(gauss: Operation) -> None:
    x = Value(0.01)
    for _ in range(60):
        x = autograd.tanh(x + x)

    assert len(str(audit(gauss(x)))) < 1500


def test_several_wrong_operations_are_told_in_the_order_of_the_program(gauss: Operation, declared: Any) -> None:
    @declared
    def twice(x):
        return 2 * x, lambda: (1.0,)

    found = audit(gauss(twice(Value(0.3))) + twice(Value(0.1)))

    assert found.operations == [twice, gauss]
    assert [line.split()[0] for line in str(found).splitlines() if "wrong:" in line] == ["twice", "gauss"]


# What can be audited ------------------------------------------------------------------------------


def test_a_leaf_has_nothing_to_audit() -> None:
    found = audit(Value(3.0))

    assert (found.nodes, found.wrong, found.undecided, found.operations) == (1, [], [], [])
    assert str(found) == "1 nodes: 0 wrong, 0 undecided"


@pytest.mark.parametrize("thing", [1.0, None, "x", [Value(1.0)]])
def test_only_a_value_can_be_audited(thing: Any) -> None:
    with pytest.raises(
        TypeError, match=rf"audit\(root\) takes the Value whose graph is to be checked, not {type(thing).__name__}"
    ):
        audit(thing)


def test_tolerances_can_be_chosen(declared: Any) -> None:
    @declared
    def nearly(x):
        return x * x, lambda: (2.00001 * x,)

    node = nearly(Value(1.0))

    assert len(audit(node).wrong) == 1
    assert audit(node, rtol=1e-4).wrong == audit(node, atol=1e-4).wrong == []


def test_derivatives_made_by_gradient_can_be_audited() -> None:
    x = Value(0.4)
    second = autograd.gradient(autograd.gradient(autograd.tanh(x) * x.exp() / (x + 2), x), x)

    assert audit(second).wrong == audit(second).undecided == []


def test_depth_is_no_limit() -> None:
    x = Value(1.0)
    root = x
    for sign in itertools.islice(itertools.cycle((1.0, -1.0)), 5000):
        root = root + sign

    assert str(audit(root)) == "5001 nodes: 0 wrong, 0 undecided"
