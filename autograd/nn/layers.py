"""Neurons, layers of them, and layers in a row.

>>> model = MLP(2, [3, 1], activation="tanh", seed=0)
>>> model
MLP(2 → 3 → 1), 13 parameters
├─ layers.0: Layer(2 → 3, tanh), 9 parameters
│  └─ neurons.0 … neurons.2: 3 × Neuron(2, tanh), 3 parameters
└─ layers.1: Layer(3 → 1, identity), 4 parameters
   └─ neurons.0: Neuron(3, identity), 4 parameters
>>> model([1.0, -1.0])
Value(data=..., grad=0.0, operation=dot)
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from random import Random
from typing import Any

from ..engines import Number, Value
from ..modes import Way, mode
from ..operations import dot, relu, sigmoid, tanh
from .module import Module

Seed = int | Random | None

# Activations and where their weights start ---------------------------------------------------------


def he(fan_in: int, fan_out: int) -> float:
    """The limit ±√(6/fan_in): a variance of 2/fan_in, for a ReLU drops half of the signal.

    >>> he(6, 100)
    1.0

    He, Zhang, Ren & Sun 2015, "Delving deep into rectifiers", equation 10.
    """
    return math.sqrt(6.0 / fan_in)


def glorot(fan_in: int, fan_out: int) -> float:
    """The limit ±√(6/(fan_in + fan_out)), a compromise between the signals forward and backward.

    >>> glorot(2, 4)
    1.0

    Glorot & Bengio 2010, "Understanding the difficulty of training deep feedforward neural networks", equation 16.
    """
    return math.sqrt(6.0 / (fan_in + fan_out))


def _identity(x: Value) -> Value:
    return x  # itself rather than an identity node, which would only be in the way


# Each activation with the limit between which its weights start, uniformly.
ACTIVATIONS: dict[str, tuple[Callable[[Value], Value], Callable[[int, int], float]]] = {
    "identity": (_identity, glorot),
    "relu": (relu, he),
    "sigmoid": (sigmoid, glorot),
    "tanh": (tanh, glorot),
}

# Modules ------------------------------------------------------------------------------------------


class Neuron(Module):
    """activation(w₀·x₀ + w₁·x₁ + … + b): one `dot` node and the activation.

    >>> neuron = Neuron(2, "relu", seed=0)
    >>> neuron.weights[0].data, neuron.weights[1].data, neuron.bias.data = 1.0, -2.0, 0.5
    >>> neuron([3.0, 1.0]).data
    1.5

    It takes `nin` inputs, which are numbers or Values. Weights start at random by the rule of their activation, for
    which `nout` is the number of neurons side by side; the bias starts at 0, and `bias=False` leaves it out. The
    same seed gives the same neuron everywhere; a `random.Random` is drawn from.
    """

    def __init__(
        self, nin: int, activation: str = "relu", *, bias: bool = True, nout: int = 1, seed: Seed = None
    ) -> None:
        _check_width("nin", nin)
        _check_width("nout", nout)
        _check_activation(activation)
        random = _random(seed)
        limit = ACTIVATIONS[activation][1](nin, nout)
        # random() alone, for of Random's methods only this one promises the same numbers in later versions of Python
        self.weights = [Value(limit * (2.0 * random.random() - 1.0), f"w{i}") for i in range(nin)]
        self.bias = Value(0.0, "b") if bias else None
        self.activation = activation

    def forward(self, inputs: Iterable[Number]) -> Value:
        """The neuron's answer; a wrong number of inputs raises ValueError."""
        inputs = _inputs(self, inputs, len(self.weights))
        if mode().expanded:
            total = self.weights[0] * inputs[0]
            for weight, x in zip(self.weights[1:], inputs[1:], strict=True):
                total = total + weight * x
            total = total if self.bias is None else total + self.bias
        elif self.bias is None:
            total = dot(self.weights, inputs)
        else:
            total = dot([*self.weights, self.bias], [*inputs, 1.0])
        return ACTIVATIONS[self.activation][0](total)

    def extra_repr(self) -> str:
        """Its number of inputs and its activation."""
        return f"{len(self.weights)}, {self.activation}"


class Layer(Module):
    """`nout` neurons that all see the same `nin` inputs; their answers are a list, also where it is one.

    >>> [output.data for output in Layer(2, 1, "sigmoid", seed=0)([0.0, 0.0])]
    [0.5]
    """

    def __init__(self, nin: int, nout: int, activation: str = "relu", *, bias: bool = True, seed: Seed = None) -> None:
        _check_width("nout", nout)
        random = _random(seed)
        self.neurons = [Neuron(nin, activation, bias=bias, nout=nout, seed=random) for _ in range(nout)]

    def forward(self, inputs: Iterable[Number]) -> list[Value]:
        """The answers of all neurons; a wrong number of inputs raises ValueError."""
        inputs = _inputs(self, inputs, len(self.neurons[0].weights))
        return [neuron(inputs) for neuron in self.neurons]

    def extra_repr(self) -> str:
        """Its numbers of inputs and outputs and its activation."""
        neuron = self.neurons[0]
        return f"{len(neuron.weights)} → {len(self.neurons)}, {neuron.activation}"


class MLP(Module):
    """A multilayer perceptron: layers of the widths `nouts`, each fed by the one before, the first by `nin` inputs.

    >>> model = MLP(3, [4, 4, 2], activation="relu", output="sigmoid", seed=0)
    >>> [output.data for output in model([0.0, 0.0, 0.0])]
    [0.5, 0.5]

    The last layer has the activation `output`, all others `activation`. The answer is a list of Values, or the Value
    itself where the last layer is one neuron. Unknown activations and widths below 1 raise ValueError.
    """

    def __init__(
        self,
        nin: int,
        nouts: Sequence[int],
        activation: str = "relu",
        output: str = "identity",
        *,
        bias: bool = True,
        seed: Seed = None,
    ) -> None:
        if not isinstance(nouts, Sequence) or isinstance(nouts, str):
            raise TypeError(f"nouts is a list of widths, one for each layer, not {nouts!r}: as in MLP(2, [16, 16, 1])")
        if not nouts:
            raise ValueError("nouts is empty: an MLP needs the width of at least one layer, as in MLP(2, [16, 16, 1])")
        _check_activation(activation)
        _check_activation(output)
        random = _random(seed)
        activations = [*[activation] * (len(nouts) - 1), output]
        nins = [nin, *nouts[:-1]]
        self.layers = [
            Layer(nin, nout, kind, bias=bias, seed=random)
            for nin, nout, kind in zip(nins, nouts, activations, strict=True)
        ]

    def forward(self, inputs: Iterable[Number]) -> Value | list[Value]:
        """The answers of the last layer; a wrong number of inputs raises ValueError."""
        first, *others = self.layers
        values: list[Value] = first(_inputs(self, inputs, len(first.neurons[0].weights)))
        for layer in others:
            values = layer(values)
        return values[0] if len(values) == 1 else values

    def extra_repr(self) -> str:
        """Its widths."""
        widths = [len(self.layers[0].neurons[0].weights), *(len(layer.neurons) for layer in self.layers)]
        return " → ".join(map(str, widths))


class Sequential(Module):
    """Modules, or other functions, one after the other.

    >>> model = Sequential(Layer(2, 3, "tanh", seed=0), Layer(3, 1, "identity", seed=1), lambda outputs: outputs[0])
    >>> model([0.0, 0.0]).data
    0.0
    """

    def __init__(self, *parts: Callable[[Any], Any]) -> None:
        if not parts:
            raise ValueError("a Sequential needs at least one part")
        for part in parts:
            if not callable(part):
                raise TypeError(f"the parts of a Sequential are modules or functions, not {part!r:.40}")
        self.parts = list(parts)

    def forward(self, inputs: Any) -> Any:
        """What the last part makes of what the ones before it made."""
        for part in self.parts:
            inputs = part(inputs)
        return inputs

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, place: int) -> Callable[[Any], Any]:
        return self.parts[place]

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return iter(self.parts)


# For drawing --------------------------------------------------------------------------------------


class expanded(Way):  # noqa: N801  # written as a function, as the other ways of computing
    """Within it, neurons are built of single products and sums instead of one `dot`, as lectures draw them.

    >>> neuron = Neuron(1, "identity", seed=0)
    >>> with expanded():
    ...     neuron([1.0]).operation
    <operation add>
    """

    def _settings(self) -> dict[str, Any]:
        return {"expanded": True}


# What is checked ----------------------------------------------------------------------------------


def _random(seed: Seed) -> Random:
    return seed if isinstance(seed, Random) else Random(seed)


def _check_width(name: str, width: Any) -> None:
    if not isinstance(width, int) or isinstance(width, bool):
        raise TypeError(f"{name} is a whole number, not {width!r}")
    if width < 1:
        raise ValueError(f"{name} is {width}, but has to be 1 or more")


def _check_activation(name: str) -> None:
    if name not in ACTIVATIONS:
        raise ValueError(f"there is no activation {name!r}: choose one of {', '.join(ACTIVATIONS)}")


def _inputs(module: Module, inputs: Iterable[Number], width: int) -> Sequence[Number]:
    kind = type(module).__name__
    if not isinstance(inputs, Iterable) or isinstance(inputs, str):
        raise TypeError(f"this {kind} takes a list of {width} number{'s' * (width != 1)}, not {type(inputs).__name__}")
    inputs = inputs if isinstance(inputs, list) else list(inputs)
    if len(inputs) != width:
        raise ValueError(f"this {kind} takes {width} input{'s' * (width != 1)}, but got {len(inputs)}")
    return inputs
