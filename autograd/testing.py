"""Hypothesis strategies for Values and graphs, for your own property tests (extra `test`).

>>> from autograd import gradient
>>> from hypothesis import given
>>> @given(programs())
... def test_gradient_agrees_with_backward(program):
...     leaves, root = program.build()
...     root.backward()
...     slopes = [slope.data for slope in gradient(root, leaves)]
...     assert str([leaf.grad for leaf in leaves]) == str(slopes)  # nan is not equal to itself
>>> test_gradient_agrees_with_backward()

`values()` gives leaves, `inputs_for(operation)` gives arguments from an operation's declared domain, and
`programs()` gives whole random graphs. Boundary values are mixed in everywhere: uniform floats never hit a kink.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from .book import OPERATIONS, REALS, Domain, Operation
from .engines import Value
from .terminal import printable

BOUNDARY = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 3.0)


def numbers(domain: Domain = REALS, *, magnitude: float = 10.0) -> st.SearchStrategy[float]:
    """Floats from a domain, up to a magnitude, with boundary values among them.

    >>> from autograd import POSITIVE
    >>> from hypothesis import find
    >>> find(numbers(POSITIVE), lambda x: True)
    1.0
    """
    boundary = [x for x in BOUNDARY if x in domain and abs(x) <= magnitude]
    low, high = max(domain.low, -magnitude), min(domain.high, magnitude)
    anywhere = st.floats(low, high, allow_subnormal=False).filter(domain.__contains__)
    return st.sampled_from(boundary) | anywhere if boundary else anywhere


def values(domain: Domain = REALS, *, magnitude: float = 10.0) -> st.SearchStrategy[Value]:
    """Leaves with numbers from a domain, up to a magnitude.

    >>> from hypothesis import find
    >>> find(values(), lambda value: value > 2)
    Value(data=3.0, grad=0.0)
    """
    return numbers(domain, magnitude=magnitude).map(Value)


def inputs_for(operation: Operation, *, magnitude: float = 10.0, length: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    """Arguments for an operation from its declared domain: floats, and lists of `length` floats if it takes lists.

    >>> from autograd import log
    >>> from hypothesis import find
    >>> find(inputs_for(log), lambda arguments: True)
    (1.0,)
    """
    return st.tuples(
        *(
            st.lists(numbers(domain[0], magnitude=magnitude), min_size=length, max_size=length)
            if isinstance(domain, list)
            else numbers(domain, magnitude=magnitude)
            for domain in operation.domain
        )
    )


@dataclass(frozen=True)
class Step:
    """One line of a program: an operation and the places of its operands among the numbers so far."""

    operation: Operation
    places: tuple[int, ...]


@dataclass(frozen=True)
class Program:
    """A random computation: leaves, steps, and as its root a weighted sum of all nodes.

    Because all nodes are in the root, each of them counts: an error anywhere reaches some gradient.
    """

    leaves: tuple[float, ...]
    steps: tuple[Step, ...]
    weights: tuple[float, ...]

    def build(self) -> tuple[list[Value], Value]:
        """Fresh leaves and the root computed from them."""
        leaves = [Value(number, f"x{place}") for place, number in enumerate(self.leaves)]
        return leaves, self.run(leaves)

    def run(self, leaves: Sequence[Any], apply: Callable[[Operation, Sequence[Any]], Any] | None = None) -> Any:
        """The root computed from any kind of number, to which `apply(operation, arguments)` applies an operation."""
        nodes = list(leaves)
        for step in self.steps:
            arguments = step.operation.arguments([nodes[place] for place in step.places])
            nodes.append(apply(step.operation, arguments) if apply else step.operation(*arguments))
        root = nodes[0] * self.weights[0]
        for node, weight in zip(nodes[1:], self.weights[1:], strict=True):
            root = root + node * weight
        return root

    def __repr__(self) -> str:
        lines = [f"x{place} = Value({number!r})" for place, number in enumerate(self.leaves)]
        for place, step in enumerate(self.steps, len(self.leaves)):
            written = ", ".join(
                f"[{', '.join(part)}]" if isinstance(part, list) else part
                for part in step.operation.arguments([f"x{p}" for p in step.places])
            )
            lines.append(f"x{place} = {step.operation.name}({written})")
        terms = [f"x{place} * {weight!r}" for place, weight in enumerate(self.weights)]
        return printable("\n".join(["", *lines, "root = " + " + ".join(terms)]))


@st.composite
def programs(
    draw: st.DrawFn,
    operations: Sequence[Operation] | None = None,
    *,
    max_leaves: int = 4,
    max_steps: int = 12,
    magnitude: float = 3.0,
    largest: float = 1e3,
) -> Program:
    """Random programs over the given operations, by default the whole rule book; all numbers stay within `largest`.

    >>> from autograd import exp, sin
    >>> from hypothesis import find
    >>> find(programs([sin, exp]), lambda program: any(step.operation is exp for step in program.steps))
    <BLANKLINE>
    x0 = Value(0.0)
    x1 = exp(x0)
    root = x0 * 1.0 + x1 * 1.0
    """
    choices = list(operations if operations is not None else OPERATIONS.values())
    leaves = draw(st.lists(numbers(magnitude=magnitude), min_size=1, max_size=max_leaves))
    nodes, steps = list(leaves), []
    # A list rather than a loop over a number of steps: shrinking can leave out any element of a list.
    for operation, drawn in draw(st.lists(st.sampled_from(choices).flatmap(_places), max_size=max_steps)):
        places = tuple(len(nodes) - 1 - place % len(nodes) for place in drawn)
        number = _value(operation, [nodes[place] for place in places])
        if number is not None and abs(number) <= largest:
            nodes.append(number)
            steps.append(Step(operation, places))
    weight = st.sampled_from((1.0, -1.0, 0.5, 2.0))
    return Program(tuple(leaves), tuple(steps), tuple(draw(weight) for _ in nodes))


def graphs(**limits: Any) -> st.SearchStrategy[tuple[list[Value], Value]]:
    """Random graphs: the leaves and the root of a program of `programs(**limits)`.

    >>> from hypothesis import find
    >>> leaves, root = find(graphs(), lambda graph: True)
    >>> leaves, root
    ([Value(data=0.0, grad=0.0, label='x0')], Value(data=0.0, grad=0.0, operation=multiply))
    """
    return programs(**limits).map(Program.build)


def _places(operation: Operation) -> st.SearchStrategy[tuple[Operation, tuple[int, ...]]]:
    """An operation with the places of its operands, counted back from the newest node."""
    lengths = st.integers(1, 3) if operation.list_count else st.just(1)
    counts = lengths.map(lambda length: len(operation.parameters) + operation.list_count * (length - 1))
    place = st.integers(0, 15)
    return counts.flatmap(lambda count: st.tuples(st.just(operation), st.tuples(*[place] * count)))


def _value(operation: Operation, operands: Sequence[float]) -> float | None:
    """The value of an operation; None outside its domain, and where it refuses a list, as var does one number."""
    if not _in_domain(operation, operands):
        return None
    try:
        return float(operation(*operation.arguments(operands)))
    except ValueError:
        return None


def _in_domain(operation: Operation, operands: Sequence[float]) -> bool:
    for domain, argument in zip(operation.domain, operation.arguments(operands), strict=True):
        if isinstance(domain, list):
            if not all(x in domain[0] for x in argument):
                return False
        elif argument not in domain:
            return False
    return True
