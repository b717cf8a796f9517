"""What a folded group computes, if that is a neuron or a layer of neurons: ReLU(w·x + b), or 3 → 4, ReLU.

>>> from autograd import nn
>>> from autograd.draw.diagram.view import view_of
>>> layer = nn.Layer(2, 3, "tanh", seed=0)
>>> formula_of(view_of(sum(layer([0.5, 1.5])), depth=1).parts[0]).text
'2 → 3, tanh'

That is asked of the graph, not of the modules of `nn`: a group is one of neurons if each of its outputs is the same
function of a weighted sum of what comes in, and the weights are its parameters. The sum may be a `dot`, or be made of
single products and sums. Where a program has no modules, nothing tells weights from inputs; there a formula in labels
is shown, as ReLU(w0 × x0 + w1 × x1 + b).
"""

from collections.abc import Sequence, Set
from itertools import chain
from typing import Any, NamedTuple

from ... import notation
from ...cells import LABEL_CELLS, cells
from ...engines import Value
from ...operations import add, multiply, sum
from ...text import Infix, Name, Term
from ..look import LOOK, Look
from .symbols import DOT, is_dot, terms_of
from .view import Fold

LONGEST = 3  # operations of an activation


class _Neuron(NamedTuple):
    """An output taken apart: the nodes from the output down to the weighted sum, the parameters, the nodes of both."""

    activation: list[Value]
    weights: list[Value]
    bias: Value | None
    nodes: int


class Formula(NamedTuple):
    """How a group of neurons is written, how many they are, and what they have computed."""

    text: str
    neurons: int
    outputs: list[Value]


def formula_of(fold: Fold, look: Look = LOOK) -> Formula | None:
    """The formula of a neuron, or the shape of a layer; None for any other group."""
    outputs = [output for output in fold.outputs if output.operation]  # a penalty makes outputs of weights
    neurons = _neurons(fold, outputs)
    if not neurons:
        return _in_labels(fold, outputs, look)
    forms = {(len(neuron.weights), neuron.bias is None, _form(neuron.activation)) for neuron in neurons}
    if len(forms) > 1:
        return None
    first = neurons[0]
    count = len({tuple(map(id, neuron.weights)) for neuron in neurons})
    if count > 1:
        shape = f"{len(first.weights)} → {count}"
        return Formula(f"{shape}, {_name(first.activation, look)}" if first.activation else shape, count, outputs)
    total: Term = Infix("·", Name("w"), Name("x"))
    if first.bias is not None:
        total = Infix(" + ", total, Name("b"))
    return Formula(_filled(first.activation, total, look).text, 1, outputs)


def _in_labels(fold: Fold, outputs: list[Value], look: Look) -> Formula | None:
    """The formula of a neuron whose weights are not known from its inputs, if it is short and all have labels."""
    if len(outputs) != 1:
        return None
    (node,) = outputs
    inputs = {*map(id, fold.inputs)}
    for _ in range(LONGEST + 1):
        products, others, _ = _terms(node, inputs, fold.nodes) or ([], [], 0)
        if products:
            break
        operands = [operand for operand in node.operands if isinstance(operand, Value)]
        if len(operands) != 1 or id(operands[0]) in inputs:
            return None
        (node,) = operands
    named = [thing for thing in (*others, *chain(*products)) if isinstance(thing, Value)]
    if len(products) + len(others) < 2 or not all(thing.label for thing in named):
        return None
    text = look.formula(outputs[0])
    return Formula(text, 1, outputs) if cells(text) <= LABEL_CELLS else None


def _neurons(fold: Fold, outputs: list[Value]) -> list[_Neuron]:
    """The neuron behind each output; [] unless they are all that the group holds, and share nothing but parameters."""
    parameters, inputs = {*map(id, fold.parameters)}, {*map(id, fold.inputs)}
    left = fold.nodes - len(fold.parameters)
    neurons: list[_Neuron] = []
    for output in outputs:
        neuron = _neuron(output, parameters, inputs, left)
        if neuron is None:
            return []
        left -= neuron.nodes
        neurons.append(neuron)
    used = {*chain.from_iterable([map(id, neuron.weights) for neuron in neurons])}
    used |= {id(neuron.bias) for neuron in neurons if neuron.bias is not None}
    return neurons if not left and used == parameters else []


def _neuron(output: Value, parameters: Set[int], inputs: Set[int], most: int) -> _Neuron | None:
    """An output of at most so many nodes as a neuron; parameters and inputs by their ids."""
    activation: list[Value] = []
    node = output
    while (total := _weighted_sum(node, parameters, inputs, most)) is None:
        operands = [operand for operand in node.operands if isinstance(operand, Value)]
        if len(operands) != 1 or len(activation) == LONGEST:
            return None
        activation.append(node)
        (node,) = operands
    return total._replace(activation=activation, nodes=total.nodes + len(activation))


def _weighted_sum(node: Value, parameters: Set[int], inputs: Set[int], most: int) -> _Neuron | None:
    if node.operation and is_dot(node.operation):
        return _weighted_dot(node, parameters, inputs)
    terms = _terms(node, inputs, most) if node.operation in (add, multiply, sum) else None
    if terms is None:
        return None
    products, others, nodes = terms
    weights = []
    for x, y in products:
        weight, partner = (x, y) if id(x) in parameters else (y, x)
        if id(weight) not in parameters or not (id(partner) in inputs or isinstance(partner, float)):
            return None
        weights.append(weight)
    if not weights or len(others) > 1 or not all(id(other) in parameters for other in others):
        return None
    return _Neuron([], weights, next(iter(others), None), nodes)


def _weighted_dot(node: Value, parameters: Set[int], inputs: Set[int]) -> _Neuron | None:
    assert node.operation
    weights, partners = node.operation.arguments(node.operands)
    if not parameters >= {*map(id, weights)}:
        weights, partners = partners, weights
    if not inputs >= {id(x) for x in partners if type(x) is not float}:
        return None
    if len(weights) > 1 and type(partners[-1]) is float and partners[-1] == 1.0:
        return _Neuron([], weights[:-1], weights[-1], 1)
    return _Neuron([], weights, None, 1)


def _terms(node: Value, inputs: Set[int], most: int) -> tuple[Sequence[Sequence[Any]], list[Any], int] | None:
    """The products and the other terms of a sum, and how many nodes it takes; None where these are too many."""
    if node.operation and is_dot(node.operation):
        products, bias, constant = terms_of(node)
        return products, [*([] if bias is None else [bias]), *([constant] if constant else [])], 1
    found: list[Sequence[Any]] = []
    others: list[Any] = []
    pending: list[Any] = [node]
    nodes = 0
    while pending:
        term = pending.pop()
        operation = term.operation if isinstance(term, Value) and id(term) not in inputs else None
        nodes += operation in (add, multiply, sum)
        if nodes > most:
            return None
        if operation is multiply:
            found.append(term.operands)
        elif operation in (add, sum):
            pending += reversed(term.operands)
        else:
            others.append(term)
    return found, others, nodes


# The function of the sum ----------------------------------------------------------------------------


def _form(activation: list[Value]) -> tuple[Any, ...]:
    """What is the same for two functions if they are."""
    return tuple([(node.operation, *_constants(node)) for node in activation])


def _constants(node: Value) -> list[float | None]:
    return [None if isinstance(operand, Value) else operand for operand in node.operands]


def _name(activation: list[Value], look: Look) -> str:
    """What a function is called: one operation by its symbol, if its constants are the usual ones."""
    operation: Any = activation[0].operation
    usual = [operation.defaults.get(name) for name in operation.operand_names(len(activation[0].operands))]
    if len(activation) == 1 and usual == _constants(activation[0]):
        return operation.symbol  # type: ignore[no-any-return]
    return _filled(activation, DOT, look).text


def _filled(activation: list[Value], term: Term, look: Look) -> Term:
    """The function of a term."""
    for node in reversed(activation):
        operation: Any = node.operation
        places = [
            term if constant is None else look.constant(operation, place, constant)
            for place, constant in enumerate(_constants(node))
        ]
        term = notation.fill(operation, operation.arguments(places))
    return term
