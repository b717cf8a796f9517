"""What a model is as a network: columns of neurons, found in what its `forward` computes.

>>> from autograd import nn
>>> network = network_of(nn.MLP(3, [4, 1], "relu", "sigmoid", seed=0))
>>> [(len(column.units), column.units[0].symbol) for column in network.columns]
[(3, ''), (4, 'ReLU'), (1, 'σ')]

A neuron is a weighted sum, of inputs times parameters, and what is made of it by functions without parameters. A model
is layers in a row if the sums of each layer are made of the outputs of the layer before. Who wrote the classes does
not matter, nor whether a neuron is one `dot` or many products and sums: the graph of a pass tells.
"""

import copy
import inspect
import random
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...engines import Value
from ...languages import count
from ...modes import Way
from ...nn import MLP, Layer, Module, Neuron, Sequential
from ...nn.activations import name_of
from ...nn.module import last_outputs, named_modules, remember_outputs
from ...nodes import NodeDict, distinct
from ..limits import each

# A layer of more neurons is shortened to its first ones and its last ones.
MOST, FIRST, LAST = 10, 4, 2

# What circles show for operations whose own symbol is wide; the sum alone, and a function of several operations.
SYMBOLS = {"leaky_relu": "LReLU", "elu": "ELU", "silu": "SiLU", "gelu": "GELU", "gelu_tanh": "GELU"}
SUM, FUNCTION = "Σ", "f"

# The last part of the name of a parameter that is a bias, if it stands in a product with a plain 1.
BIASES = ("bias", "b")


@dataclass(frozen=True)
class Wire:
    """The connection from the unit at one place of the column before, by a weight."""

    source: int
    weight: float
    gradient: float | None  # None before any pass


@dataclass(frozen=True)
class Unit:
    """An input, or a neuron; the value and the gradient are those of its output, None before any pass."""

    place: int  # in its layer, from 0
    name: str
    symbol: str = ""
    label: str = ""
    value: float | None = None
    gradient: float | None = None
    bias: Wire | None = None
    wires: tuple[Wire, ...] = ()
    is_joint: bool = False  # whether its output is made of the sums of all units in its column, as by softmax


@dataclass(frozen=True)
class Column:
    """The inputs, or a layer: the units that are drawn, and how many there are."""

    name: str
    width: int
    units: tuple[Unit, ...]

    @property
    def left_out(self) -> int:
        """How many units are not drawn."""
        return self.width - len(self.units)


@dataclass(frozen=True)
class Network:
    """Columns from the inputs to the outputs, with the numbers that they had when they were drawn."""

    kind: str  # the class of the model
    columns: tuple[Column, ...]
    has_gradients: bool  # whether a pass has left some at the parameters

    @property
    def has_values(self) -> bool:
        """Whether these are the numbers of a pass."""
        return any(unit.value is not None for column in self.columns for unit in column.units)

    @property
    def has_flows(self) -> bool:
        """Whether the pass went back, too."""
        return any(unit.gradient is not None for column in self.columns for unit in column.units)

    def widths_in(self, language: str) -> str:
        """The widths of all columns, as in 3 → 4 → 1."""
        return " → ".join(count(column.width, language) for column in self.columns)


def without_gradients(network: Network) -> Network:
    """The network as it is before any backward pass, for pictures in which gradients have no place."""

    def unit(unit: Unit) -> Unit:
        wires = tuple([replace(wire, gradient=None) for wire in unit.wires])
        bias = unit.bias and replace(unit.bias, gradient=None)
        return replace(unit, gradient=None, bias=bias, wires=wires)

    columns = [replace(column, units=tuple(map(unit, column.units))) for column in network.columns]
    return replace(network, columns=tuple(columns), has_gradients=False)


class NotLayeredError(ValueError):
    """Why a model has no picture as a network.

    `outputs` are those of the pass that was looked at, which was one over inputs that nobody gave if `is_trial`.
    """

    def __init__(self, problem: str, outputs: list[Value], is_trial: bool) -> None:
        super().__init__(problem)
        self.outputs, self.is_trial = outputs, is_trial


def network_of(model: Module, inputs: Any = None) -> Network:
    """The model as a network: with the numbers of a pass over the inputs, or of its last pass if that still exists.

    Without either, the model is tried with inputs of its own making, which nobody gets to see. A last pass is without
    values if a parameter or an input has been changed since: they would not follow from the weights that are drawn.

    Raises NotLayeredError if the model is not layers in a row, what the model raises for wrong inputs, and TypeError if
    there are none and it takes something else than a list of numbers or a number.
    """
    facts = _Facts(type(model).__name__, dict(model.named_parameters()), dict(named_modules(model)))
    if inputs is not None:
        given, outputs = _run(model, inputs)
        return _Trace(facts, facts.parameters, given).network(outputs, has_values=True, has_flows=False)
    outputs = last_outputs(model)
    if outputs:
        has_flows = any(output.has_grad for output in outputs)
        return _Trace(facts, facts.parameters, []).network(outputs, has_values=True, has_flows=has_flows)
    return _tried(model, facts)


def outputs_of(model: Module, inputs: Any = None) -> list[Value]:
    """What the model computes from the inputs, or what it has computed in its last pass, if that still exists."""
    return last_outputs(model) if inputs is None else _run(model, inputs)[1]


class _Facts(NamedTuple):
    """What a model is called, and what is in it, by name."""

    kind: str
    parameters: dict[str, Value]
    modules: dict[str, Module]


# Passes ---------------------------------------------------------------------------------------------


class _recorded(Way):  # noqa: N801  # written like a function, as the other ways of computing are
    """Inside the block a graph is recorded, whatever the blocks around say."""

    def _settings(self) -> dict[str, Any]:
        return {"recording": True, "anomaly": False, "scope": None}


def _run(model: Module, inputs: Any) -> tuple[list[Value], list[Value]]:
    """The inputs as Values, and the outputs for them, which do not count as those of the last pass."""
    before = last_outputs(model)
    values = _values(inputs)
    with _recorded():
        outputs = model(*values) if isinstance(values, list) and _arguments(model) > 1 else model(values)
    remember_outputs(model, before)
    given = values if isinstance(values, list) else [values]
    return [x for x in given if isinstance(x, Value)], _listed(model, outputs)


def _values(inputs: Any) -> Any:
    """A list of numbers as one of Values; anything else as it is, for the model to say what it takes."""
    if isinstance(inputs, Value | str | bytes | Mapping | Set) or not isinstance(inputs, Iterable):
        return inputs
    inputs = list(inputs)
    with suppress(TypeError):
        return [x if isinstance(x, Value) else Value(x, f"x{place}") for place, x in enumerate(inputs, 1)]
    return inputs


def _arguments(model: Module) -> int:
    """How many arguments `forward` needs; with several, each is an input."""
    try:
        parameters = inspect.signature(model.forward).parameters.values()
    except (TypeError, ValueError):  # of a forward that is not written in Python
        return 1
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds and parameter.default is parameter.empty for parameter in parameters)


def _listed(model: Module, outputs: Any) -> list[Value]:
    listed = list(outputs) if isinstance(outputs, list | tuple) else [outputs]
    if not listed or not all(isinstance(output, Value) for output in listed):
        is_plain = all(isinstance(output, int | float | str | None) for output in listed)
        remedy = "return what is computed from its parameters" if is_plain else "draw one of its Values, with depth=1"
        raise TypeError(
            f"draw(model) needs a model whose outputs are a Value or a list of Values, but this "
            f"{type(model).__name__} returns {type(outputs).__name__}: {remedy}"
        )
    return listed


def _tried(model: Module, facts: _Facts) -> Network:
    """The model as a network without values, found with inputs of every number that its parameters suggest."""
    is_ours = all(type(module) in (Neuron, Layer, MLP, Sequential) for module in facts.modules.values())
    subject = model if is_ours else _copy(model)
    parameters = facts.parameters if subject is model else dict(subject.named_parameters())
    chance = random.getstate()
    found: list[tuple[bool, Network]] = []
    others: list[NotLayeredError] = []
    problems: list[Exception] = []
    arguments = _arguments(subject)
    for width in [arguments] if arguments > 1 else _possible_widths(facts.parameters):
        try:
            given, outputs = _run(subject, Value(0.5, "x1") if width is None else [0.5] * width)
        except Exception as problem:  # whatever a forward does with inputs that it is not made for
            problems.append(problem)
            continue
        finally:
            random.setstate(chance)  # what is drawn must not change what is trained
        trace = _Trace(facts, parameters, given)
        try:
            network = trace.network(outputs, has_values=False, has_flows=False)
        except NotLayeredError as other:
            others.append(other)
            continue
        found.append((trace.leaves_out, network))
        if not trace.leaves_out:
            break
    if found:
        return min(found, key=lambda pair: pair[0])[1]
    if others:
        raise others[0]
    raise TypeError(
        f"draw(model) cannot tell which inputs this {facts.kind} takes: give them, as in draw(model, inputs), or draw "
        "what it computes from them, draw(model(x), depth=1); the first that were tried were answered with "
        f"{type(problems[0]).__name__}: {problems[0]}"
    ) from problems[0]


def _copy(model: Module) -> Module:
    """One that may be called without a change of the model, if there can be one."""
    try:
        return copy.deepcopy(model)
    except Exception:  # of what it holds besides its parameters
        return model


def _possible_widths(parameters: Iterable[str]) -> list[int | None]:
    """The lengths of all lists of parameters, in their order, and None for a single number."""
    lengths: dict[str, int] = {}
    for name in parameters:
        around, _, place = name.rpartition(".")
        if place.isdecimal():
            lengths[around] = int(place) + 1
    return [*dict.fromkeys(lengths.values()), None]


# Traces ---------------------------------------------------------------------------------------------


class _Term(NamedTuple):
    """A parameter, and the input that it is a factor of; None for a bias."""

    parameter: Value
    source: Value | float | None


class _Neuron(NamedTuple):
    """A node that is made of weighted sums, and the operations from it down to them."""

    output: Value
    sums: list[Value]
    operations: list[str]


class _Trace:
    """Follows a graph from the outputs down, layer by layer.

    The graph may be that of a copy of the model; its parameters are known by name.
    """

    def __init__(self, facts: _Facts, parameters: dict[str, Value], given: list[Value]) -> None:
        self.kind, self.parameters, self.modules = facts
        self.names = NodeDict[str]([(parameter, name) for name, parameter in parameters.items()])
        self.given = given
        self.terms = NodeDict[list[_Term] | None]()  # of all nodes that were asked about
        self.passed = NodeDict[None]()  # all nodes between two layers
        self.free = NodeDict[None]()  # those that no parameter has a part in
        self.used: set[str] = set()
        self.parts: list[Value] = []  # the operations in all sums
        self.leaves_out = False  # whether there are parameters that no wire stands for

    def network(self, outputs: list[Value], *, has_values: bool, has_flows: bool) -> Network:
        """The columns, from the inputs to these outputs."""
        is_trial = not has_values
        layers: list[list[_Neuron]] = []
        nodes: Sequence[Value | float] = outputs
        while True:
            neurons = [self.neuron(node) for node in each(nodes) if isinstance(node, Value)]
            if not any(neuron.sums for neuron in neurons):
                break
            if len(neurons) < len(nodes) or not self.is_layer(neurons, is_last=not layers):
                raise self.not_in_a_row(outputs, is_trial)
            layers.append(neurons)
            sources = self.sources([sum for neuron in neurons for sum in neuron.sums])
            if sources is None:
                raise self.not_in_a_row(outputs, is_trial)
            nodes = sources
        if {*map(id, nodes)} <= {*map(id, self.given)}:
            nodes = self.given  # also those that are not used
        if not layers or not nodes or any(isinstance(node, Value) and self.is_passed(node) for node in nodes):
            raise self.not_in_a_row(outputs, is_trial)
        if has_values and not all(map(_is_up_to_date, each(self.parts))):
            has_values = has_flows = False
        columns = [self.input_column(nodes, has_values)]
        for neurons in reversed(layers):
            columns.append(self.column(neurons, nodes, columns[-1], has_values, has_flows))
            nodes = [neuron.output for neuron in neurons]
        self.leaves_out = len(self.used) < len(self.parameters)
        return Network(self.kind, tuple(columns), any(p.has_grad for p in self.parameters.values()))

    def not_in_a_row(self, outputs: list[Value], is_trial: bool) -> NotLayeredError:
        problem = f"this {self.kind} is not layers in a row, each fed by the one before"
        return NotLayeredError(problem, outputs, is_trial)

    def is_passed(self, node: Value) -> bool:
        """Whether an input is used further on, too, as by a connection around a layer."""
        return node in self.passed

    def is_layer(self, neurons: list[_Neuron], is_last: bool) -> bool:
        """Whether each neuron has a sum of its own; the last layer may end in a function of all, such as softmax."""
        if not all(neuron.sums for neuron in neurons):
            return False
        first = neurons[0].sums
        if is_last and len(first) == len(neurons) > 1:
            own = [neuron.sums[0] for neuron in neurons]  # each output is asked about its own sum first
            same = all({*map(id, neuron.sums)} == {*map(id, first)} for neuron in neurons)
            return same and all(a is b for a, b in zip(own, first, strict=True))
        sums = [neuron.sums[0] for neuron in neurons if len(neuron.sums) == 1]
        return len(distinct(sums)) == len(neurons)

    def neuron(self, node: Value) -> _Neuron:
        """What a node is made of, down to the next weighted sums; without any if no parameter has a part in it."""
        sums, operations, seen = [], [], NodeDict[None]()
        pending = [node]
        while pending:
            part = pending.pop()
            if part in seen or part in self.free:
                continue
            seen[part] = None
            if part in self.names:  # a parameter outside of a sum: it shows in no wire, so this is no neuron
                return _Neuron(node, [part, part], [])
            if self.sum_of(part):
                sums.append(part)
            elif part.operation is not None:
                operations.append(part.operation.name)
                pending += reversed(part.parents)
        if sums:
            self.passed.update([(part, None) for part in seen if not any(part is sum for sum in sums)])
        else:
            self.free.update(seen)
        return _Neuron(node, sums, operations)

    def sources(self, sums: list[Value]) -> Sequence[Value | float] | None:
        """What the sums are made of, each once.

        Plain numbers go by their places, so where there are some, all sums must have the same: None if they have not.
        """
        rows = [[term.source for term in self.sum_of(sum) or [] if term.source is not None] for sum in sums]
        if any(isinstance(source, float) for row in rows for source in row):
            return rows[0] if all(_are_same(row, rows[0]) for row in rows) else None
        return distinct(source for row in rows for source in row if isinstance(source, Value))

    def sum_of(self, node: Value) -> list[_Term] | None:
        """The terms of a node that is a sum of inputs times parameters, and parameters; None for another node."""
        if node not in self.terms:
            self.terms[node] = self._terms(node)
        return self.terms[node]

    def _terms(self, node: Value) -> list[_Term] | None:
        terms: list[_Term] = []
        parts: list[Value] = []
        pending: list[Any] = [node]
        while pending:
            part = pending.pop()
            if not isinstance(part, Value):
                return None
            kind = part.operation.name if part.operation else ""
            parts += [part] if kind else []
            if part in self.names:
                terms.append(_Term(part, None))
            elif kind in ("add", "sum"):
                pending += reversed(part.operands)
            elif kind in ("dot", "multiply") and part.operation:
                pairs = zip(*part.operation.arguments(part.operands), strict=True) if kind == "dot" else [part.operands]
                found = [self._term(*pair) for pair in pairs]
                if None in found:
                    return None
                terms += [term for term in found if term is not None]
            else:
                return None
        sources = [id(term.source) for term in terms if isinstance(term.source, Value)]
        biases = [term for term in terms if term.source is None]
        is_sum = len(biases) < len(terms) and len(biases) <= 1 and len(set(sources)) == len(sources)
        self.parts += parts if is_sum else []
        return terms if is_sum else None

    def _term(self, a: Any, b: Any) -> _Term | None:
        if not (isinstance(a, Value) and a in self.names):
            a, b = b, a
        if not (isinstance(a, Value) and a in self.names) or (isinstance(b, Value) and b in self.names):
            return None
        if isinstance(b, Value):
            return _Term(a, b)
        is_bias = b == 1.0 and (self.given or self.names[a].rpartition(".")[2] in BIASES)
        return _Term(a, None) if is_bias else _Term(a, b)

    # Columns ----------------------------------------------------------------------------------------

    def input_column(self, nodes: Sequence[Value | float], has_values: bool) -> Column:
        units = []
        for place in _drawn(len(nodes)):
            node = nodes[place]
            number, label = (node.data, node.label) if isinstance(node, Value) else (node, "")
            units.append(Unit(place, f"x{place + 1}", "", label or f"x{place + 1}", number if has_values else None))
        return Column("inputs", len(nodes), tuple(units))

    def column(
        self, neurons: list[_Neuron], nodes: Sequence[Value | float], before: Column, has_values: bool, has_flows: bool
    ) -> Column:
        place_of = {id(node): place for place, node in enumerate(nodes)}
        wanted = {unit.place for unit in before.units}
        units = []
        joint = len(neurons) > 1 and len(neurons[0].sums) > 1
        names = []
        for place, neuron in enumerate(each(neurons)):
            terms = self.sum_of(neuron.sums[0]) or []
            self.used.update([self.names[term.parameter] for term in terms])
            names.append(self._place(terms))
            if place not in _drawn(len(neurons)):
                continue
            weights = [term for term in terms if term.source is not None]
            wires = []
            for position, term in enumerate(weights):
                source = place_of[id(term.source)] if isinstance(term.source, Value) else position
                if source in wanted:
                    wires.append(self._wire(term.parameter, source))
            output = neuron.output
            units.append(
                Unit(
                    place,
                    names[-1],
                    self._symbol(neuron, names[-1], joint),
                    output.label,
                    output.data if has_values else None,
                    output.grad if has_flows and output.has_grad else None,
                    next((self._wire(term.parameter, -1) for term in terms if term.source is None), None),
                    tuple(sorted(wires, key=lambda wire: wire.source)),
                    joint,
                )
            )
        return Column(_common(names), len(neurons), tuple(units))

    def _wire(self, parameter: Value, source: int) -> Wire:
        original = self.parameters[self.names[parameter]]
        return Wire(source, original.data, original.grad if original.has_grad else None)

    def _place(self, terms: list[_Term]) -> str:
        """The path of the neuron in the model, as the name of its first weight tells."""
        name = self.names[terms[0].parameter]
        return name.rpartition(".")[0].removesuffix(".weights").removesuffix("weights")

    def _symbol(self, neuron: _Neuron, name: str, is_joint: bool) -> str:
        if is_joint:
            return "softmax" if {"exp", "divide"} <= {*neuron.operations} else FUNCTION
        if not neuron.operations:
            return SUM
        if len(neuron.operations) == 1 and neuron.output.operation:
            return SYMBOLS.get(neuron.operations[0], neuron.output.operation.symbol)
        told = name_of(getattr(self.modules.get(name), "activation", FUNCTION))
        return told if told.isidentifier() else FUNCTION


def _is_up_to_date(node: Value) -> bool:
    """Whether the number of a node still follows from its operands, of which leaves may have been changed since."""
    assert node.operation
    numbers = tuple([operand.data if isinstance(operand, Value) else operand for operand in node.operands])
    return _is_same(node.operation.rule(*node.operation.arguments(numbers))[0], node.data)


def _are_same(sources: list[Value | float], others: list[Value | float]) -> bool:
    return len(sources) == len(others) and all(map(_is_same, sources, others))


def _is_same(one: Value | float, other: Value | float) -> bool:
    """Whether two are one Value, or numbers that are equal; nan is, too."""
    if isinstance(one, Value) or isinstance(other, Value):
        return one is other
    return one == other or (one != one and other != other)


def _drawn(width: int) -> list[int]:
    """The places that are drawn of a column so wide."""
    return [*range(width)] if width <= MOST else [*range(FIRST), *range(width - LAST, width)]


def _common(names: list[str]) -> str:
    """The name of a layer, from the paths of its neurons."""
    around = {name.rpartition(".")[0].removesuffix(".neurons").removesuffix("neurons") for name in names}
    return around.pop() if len(around) == 1 else ""
