"""Programs that compute, differentiate, change leaves and forget gradients in any order, beside a naive twin.

The twin is a list of records, one for each node ever made: its number, its gradient, and what its local derivatives
were when it was made. In the first machine all numbers are small dyadic fractions, for which float64 does not round: so
the engine must equal the twin's fractions. In the second, which computes with floats, functions of calculus join in.
"""

import math
import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

import autograd
from autograd import OPERATIONS, Value, gradient, no_grad, operation


class Twin:
    """The engine without a graph: for each node the number, the gradient, and the operands with the derivatives."""

    def __init__(self) -> None:
        self.numbers: list[Any] = []
        self.grads: list[Any] = []  # None before any pass
        self.pasts: list[list[tuple[int, Any]]] = []

    def make(self, number: Any, past: Sequence[tuple[int, Any]] = ()) -> int:
        self.numbers.append(number)
        self.grads.append(None)
        self.pasts.append(list(past))
        return len(self.numbers) - 1

    def flows(self, root: int, seed: Any) -> dict[int, Any]:
        """What arrives at each node that the root was computed from, the youngest first."""
        flows = {root: seed}
        for node in range(root, -1, -1):
            for operand, derivative in self.pasts[node] if node in flows else ():
                flows[operand] = flows.get(operand, 0) + flows[node] * derivative
        return flows

    def backward(self, root: int, seed: Any) -> None:
        for node, flow in self.flows(root, seed).items() if seed else ():
            before = 0 if self.pasts[node] else self.grads[node] or 0
            self.grads[node] = before + flow


def total(numbers: Any) -> Any:
    """A sum from left to right; Python's own corrects for rounding, since 3.12."""
    return reduce(operator.add, numbers, 0)


def share(x: Any, y: Any) -> Any:
    return 1 if x > y else 0 if x < y else Fraction(1, 2)


# Each operation on Values, on numbers, and its derivatives by the textbook, with the conventions at kinks.
Entry = tuple[Callable[..., Any], Callable[..., Any], Callable[..., tuple[Any, ...]]]

OF_ONE: dict[str, Entry] = {
    "-x": (operator.neg, operator.neg, lambda x: (-1,)),
    "|x|": (abs, abs, lambda x: ((x > 0) - (x < 0),)),
    "relu": (Value.relu, lambda x: max(x, 0), lambda x: (int(x > 0),)),
    "x²": (lambda x: x**2, lambda x: x**2, lambda x: (2 * x,)),
    "x/2": (lambda x: x / 2, lambda x: x / 2, lambda x: (Fraction(1, 2),)),
    "3x": (lambda x: sum([x, x, x]), lambda x: x + x + x, lambda x: (3,)),
}

OF_TWO: dict[str, Entry] = {
    "+": (operator.add, operator.add, lambda x, y: (1, 1)),
    "-": (operator.sub, operator.sub, lambda x, y: (1, -1)),
    "*": (operator.mul, operator.mul, lambda x, y: (y, x)),
    "maximum": (autograd.maximum, max, lambda x, y: (share(x, y), share(y, x))),
    "minimum": (autograd.minimum, min, lambda x, y: (share(y, x), share(x, y))),
    "where": (
        lambda x, y: autograd.where(x, y, x),
        lambda x, y: y if x else x,
        lambda x, y: (int(x == 0), int(x != 0)),
    ),
}

OF_FOUR: dict[str, Entry] = {
    "sum": (lambda *xs: autograd.sum(xs), lambda *xs: total(xs), lambda *xs: (1, 1, 1, 1)),
    "mean": (lambda *xs: autograd.mean(xs), lambda *xs: total(xs) / 4, lambda *xs: (Fraction(1, 4),) * 4),
    "dot": (
        lambda a, b, c, d: autograd.dot([a, b], [c, d]),
        lambda a, b, c, d: a * c + b * d,
        lambda a, b, c, d: (c, d, a, b),
    ),
}

OF_CALCULUS: dict[str, Entry] = {
    "exp": (Value.exp, math.exp, lambda x: (math.exp(x),)),
    "log": (lambda x: (x * x + 1).log(), lambda x: math.log(x * x + 1), lambda x: (2 * x / (x * x + 1),)),
    "sqrt": (lambda x: (x * x + 1).sqrt(), lambda x: math.sqrt(x * x + 1), lambda x: (x / math.sqrt(x * x + 1),)),
    "sin": (Value.sin, math.sin, lambda x: (math.cos(x),)),
    "cos": (Value.cos, math.cos, lambda x: (-math.sin(x),)),
    "tanh": (Value.tanh, math.tanh, lambda x: (1 / math.cosh(x) ** 2,)),
    "1/x": (lambda x: 1 / (x * x + 1), lambda x: 1 / (x * x + 1), lambda x: (-2 * x / (x * x + 1) ** 2,)),
    "2^x": (lambda x: 2**x, lambda x: 2.0**x, lambda x: (2.0**x * math.log(2),)),
}


@operation("fails(x)", "?")
def fails(x: Any) -> Any:
    def local_gradient() -> Any:
        raise ArithmeticError("this derivative cannot be had")

    return x, local_gradient


del OPERATIONS["fails"]

Pair = tuple[Value, int]

dyadic = st.sampled_from([Fraction(n, 2) for n in (0, 1, 2, 3, 4, 6, -1, -2, -4, -6)])
seeds = st.sampled_from([1, -1, 2, 0.5, Fraction(-3, 2), 0, -0.0])


class ExactMachine(RuleBasedStateMachine):
    """Operations that stay among small dyadic fractions; compared with ==.

    Seen to fail with = for += in the sum of flows, with interior nodes that accumulate, leaves that do not, a seed of 0
    that writes, flows sent in the order of discovery, gradients written during the walk, `gradient` at the numbers of
    now, `no_grad` that records, `detach` that does not, and with a tie given to the first operand.
    """

    nodes = Bundle("nodes")
    operands = nodes | dyadic
    number: Callable[[Any], Any] = Fraction

    def __init__(self) -> None:
        super().__init__()
        self.twin = Twin()
        self.pairs: list[Pair] = []
        # For each node what no flow of a pass from it exceeds, and how many binary places these flows have.
        self.widths: list[tuple[Any, int]] = []
        self.scales: list[Any] = []  # what has been added up in each gradient, signs aside
        self.forgotten: set[Value] = set()  # what was computed without gradients

    # Rules that compute -------------------------------------------------------------------------------

    @initialize(target=nodes, number=dyadic)
    def begin(self, number: Fraction) -> Pair:
        return self.keep(Value(number), self.number(number))

    @rule(target=nodes, number=dyadic)
    def make_a_leaf(self, number: Fraction) -> Pair:
        return self.keep(Value(number), self.number(number))

    @rule(target=nodes, name=st.sampled_from(list(OF_ONE)), node=nodes)
    def compute_from_one(self, name: str, node: Pair) -> Any:
        return self.compute(OF_ONE[name], [node])

    @rule(target=nodes, name=st.sampled_from(list(OF_TWO)), node=nodes, other=operands, first=st.booleans())
    def compute_from_two(self, name: str, node: Pair, other: Any, first: bool) -> Any:
        return self.compute(OF_TWO[name], [node, other] if first else [other, node])

    @rule(
        target=nodes,
        name=st.sampled_from(list(OF_FOUR)),
        node=nodes,
        others=st.tuples(operands, operands, operands),
        place=st.integers(0, 3),
    )
    def compute_from_a_list(self, name: str, node: Pair, others: tuple[Any, ...], place: int) -> Any:
        return self.compute(OF_FOUR[name], [*others[:place], node, *others[place:]])

    @rule(target=nodes, name=st.sampled_from(list(OF_TWO)), node=nodes, other=operands)
    def compute_without_gradients(self, name: str, node: Pair, other: Any) -> Any:
        with no_grad():
            made = self.compute(OF_TWO[name], [node, other], recording=False)
        if isinstance(made, tuple):
            self.forgotten.add(made[0])
        return made

    @rule(target=nodes, node=nodes)
    def detach(self, node: Pair) -> Pair:
        value, place = node
        return self.keep(value.detach(), self.twin.numbers[place])

    # Rules that change --------------------------------------------------------------------------------

    @rule(node=nodes, number=dyadic, then=st.sampled_from(["nothing", "backward", "gradient"]))
    def change_the_leaves_of_a_graph(self, node: Pair, number: Fraction, then: str) -> None:
        below = self.twin.flows(node[1], 1)
        leaves = [(value, place) for value, place in self.pairs if place in below and not self.twin.pasts[place]]
        for value, place in leaves:
            value.data = number
            self.twin.numbers[place] = self.number(number)
        if then == "backward":
            self.run_backward(node, 1)
        elif then == "gradient":
            self.ask_for_derivatives(node, leaves)

    @rule(node=nodes, number=dyadic)
    def try_to_change_an_interior_node(self, node: Pair, number: Fraction) -> None:
        value, place = node
        if self.twin.pasts[place]:
            with pytest.raises(AttributeError):
                value.data = number

    @rule(node=nodes)
    def zero_a_gradient(self, node: Pair) -> None:
        value, place = node
        value.zero_grad()
        self.twin.grads[place] = None
        self.scales[place] = 0

    @rule(node=nodes, number=dyadic)
    def write_a_gradient(self, node: Pair, number: Fraction) -> None:
        value, place = node
        value.grad = number
        self.twin.grads[place] = number
        self.scales[place] = abs(number)

    @rule(node=consumes(nodes))
    def forget_a_node(self, node: Pair) -> None:
        self.pairs.remove(node)

    # Rules that differentiate -------------------------------------------------------------------------

    @rule(node=nodes, seed=seeds)
    def run_backward(self, node: Pair, seed: Any) -> None:
        value, place = node
        if value in self.forgotten:
            with pytest.raises(RuntimeError, match="no_grad"):
                value.backward(seed)
        else:
            value.backward(seed)
            self.backward(place, seed)

    @rule(node=nodes, seed=seeds)
    def run_backward_twice(self, node: Pair, seed: Any) -> None:
        self.run_backward(node, seed)
        self.run_backward(node, seed)

    @rule(target=nodes, node=nodes, number=dyadic)
    def run_backward_into_a_failure(self, node: Pair, number: Fraction) -> Pair:
        failing = fails(node[0])
        leaf = Value(number)  # younger than what fails, so the walk comes to it before
        with pytest.raises(ArithmeticError):
            (failing * leaf + node[0]).backward()
        return self.keep(leaf, self.number(number))

    @rule(node=nodes, inputs=st.lists(nodes, max_size=3))
    def ask_for_derivatives(self, node: Pair, inputs: list[Pair]) -> None:
        value, place = node
        if value in self.forgotten and node not in inputs:
            with pytest.raises(RuntimeError, match="no_grad"):
                gradient(value, [leaf for leaf, _ in inputs])
            return
        answers = gradient(value, [leaf for leaf, _ in inputs])
        flows = self.twin.flows(place, 1)

        for answer, (_, asked) in zip(answers, inputs, strict=True):
            assert self.close(answer.data, flows.get(asked, 0), self.widths[place][0])

    # The comparison -----------------------------------------------------------------------------------

    @invariant()
    def all_nodes_agree_with_the_twin(self) -> None:
        for value, place in self.pairs:
            grad = self.twin.grads[place]

            assert value.data == self.twin.numbers[place]
            assert value.has_grad == (grad is not None)
            assert self.close(value.grad, grad or 0, self.scales[place])
            assert type(value.data) is type(value.grad) is float

    def close(self, computed: float, right: Any, scale: Any) -> bool:
        return bool(computed == right)

    # How a step is made on both sides -----------------------------------------------------------------

    def compute(self, entry: Entry, operands: list[Any], recording: bool = True) -> Any:
        on_values, on_numbers, derivatives = entry
        numbers = [self.twin.numbers[x[1]] if isinstance(x, tuple) else self.number(x) for x in operands]
        number = on_numbers(*numbers)
        pairs = zip(operands, derivatives(*numbers), strict=True)
        past = [(x[1], derivative) for x, derivative in pairs if isinstance(x, tuple)] if recording else []
        if not self.fits(number, self.width(past)):
            return multiple()
        return self.keep(on_values(*(x[0] if isinstance(x, tuple) else x for x in operands)), number, past)

    def keep(self, value: Value, number: Any, past: Sequence[tuple[int, Any]] = ()) -> Pair:
        pair = value, self.twin.make(number, past)
        self.pairs.append(pair)
        self.widths.append(self.width(past))
        self.scales.append(0)
        return pair

    def width(self, past: Sequence[tuple[int, Any]]) -> tuple[Any, int]:
        size = total(abs(derivative) * self.widths[place][0] for place, derivative in past)
        places = [binary_places(derivative) + self.widths[place][1] for place, derivative in past]
        return max(1, size), max(places, default=0)

    def fits(self, number: Any, width: tuple[Any, int]) -> bool:
        """Whether a number and all passes from it are exact: 53 bits hold the flows and a hundred sums of them."""
        return abs(number) <= 64 and binary_places(number) <= 10 and width[0] * 2 ** width[1] <= 2**36

    def backward(self, place: int, seed: Any) -> None:
        seed = Fraction(seed)
        for node in self.twin.flows(place, seed) if seed else ():
            before = 0 if self.twin.pasts[node] else self.scales[node]
            self.scales[node] = before + abs(seed) * self.widths[place][0]
        self.twin.backward(place, seed)


def binary_places(number: Any) -> int:
    return Fraction(number).denominator.bit_length() - 1


class SmoothMachine(ExactMachine):
    """Floats instead of fractions, and functions of calculus; gradients to twelve digits of all that was added up.

    Seen to fail with a derivative of the sine off by a factor of 1 + 1e-10, and with the local gradients of a product
    at the numbers of now.
    """

    nodes = Bundle("nodes")
    number = float

    @rule(target=nodes, name=st.sampled_from(list(OF_CALCULUS)), node=nodes)
    def compute_by_calculus(self, name: str, node: Pair) -> Any:
        return self.compute(OF_CALCULUS[name], [node])

    @rule(target=nodes, node=nodes, other=nodes)
    def divide(self, node: Pair, other: Pair) -> Any:
        if abs(self.twin.numbers[other[1]]) < 0.25:
            return multiple()
        return self.compute(QUOTIENT, [node, other])

    def fits(self, number: Any, width: tuple[Any, int]) -> bool:
        return abs(number) <= 20 and width[0] <= 1e6

    def close(self, computed: float, right: Any, scale: Any) -> bool:
        return abs(computed - right) <= 1e-12 * scale


QUOTIENT: Entry = (operator.truediv, operator.truediv, lambda x, y: (1 / y, -x / y**2))


TestExactMachine = ExactMachine.TestCase
TestSmoothMachine = SmoothMachine.TestCase
