"""Strategies for Hypothesis, and the checks of one's own engine, as tests use them."""

from hypothesis import given

from autograd import OPERATIONS, POSITIVE, Value, gradcheck, log
from autograd.grade import conformance
from autograd.testing import Program, graphs, inputs_for, numbers, programs, values


@given(values(POSITIVE), numbers(POSITIVE, magnitude=2.0))
def test_log(x: Value, number: float) -> None:
    """Numbers and Values."""
    assert log(x).data == log(x.data)
    assert gradcheck(log, number)[0].verdict == "agrees"


@given(graphs(), programs())
def test_graphs(graph: tuple[list[Value], Value], program: Program) -> None:
    """Whole graphs."""
    leaves, root = graph
    root.backward()
    assert all(leaf.has_grad for leaf in leaves) or program.build()[0]


strategies = [inputs_for(operation) for operation in OPERATIONS.values()]
test_engine = conformance(Value)
test_file = conformance("engine.py:Value", level="micrograd", only=["relu", "x * y"], complete=True, language="pt")
