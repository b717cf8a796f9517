"""Neurons, layers of neurons, and layers in a row.

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

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from random import Random
from typing import Any

from ..checks import shown, whole
from ..engines import Number, Value
from ..modes import Way, mode
from ..operations import dot
from .activations import Activation, function_of, known, limit_of, name_of, told_name
from .module import Module

Seed = int | Random | None

# Modules ------------------------------------------------------------------------------------------


class Neuron(Module):
    """activation(w₀·x₀ + w₁·x₁ + … + b): one `dot` node and the activation.

    >>> neuron = Neuron(2, "relu", seed=0)
    >>> neuron.weights[0].data, neuron.weights[1].data, neuron.bias.data = 1.0, -2.0, 0.5
    >>> neuron([3.0, 1.0]).data
    1.5

    It takes `nin` inputs, which are numbers or Values. Weights start at random, in a range that suits the activation
    and `nout`, the number of neurons side by side; the bias starts at 0, and `bias=False` leaves it out. The same seed
    gives the same neuron everywhere. It may be a `random.Random`; without a seed, Python's `random` is used.

    The activation is one of those in `ACTIVATIONS`, by name, or any function of a Value, such as `autograd.sin`.
    """

    def __init__(
        self, nin: int, activation: Activation = "relu", *, bias: bool = True, nout: int = 1, seed: Seed = None
    ) -> None:
        nin, nout = whole("nin", nin, least=1), whole("nout", nout, least=1)
        self.activation: Activation = known(activation)
        limit = limit_of(self.activation)(nin, nout)
        # only random(), because no other method of Random promises the same numbers in later versions of Python
        draw = _generator(seed).random
        self.weights: list[Value] = [Value(limit * (2.0 * draw() - 1.0), f"w{i}") for i in range(nin)]
        self.bias: Value | None = Value(0.0, "b") if bias else None

    def forward(self, inputs: Iterable[Number]) -> Value:
        """The output of the neuron; a wrong number of inputs raises ValueError."""
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
        return function_of(self.activation)(total)  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Its number of inputs and its activation."""
        return f"{len(self.weights)}, {name_of(self.activation)}"


class Layer(Module):
    """`nout` neurons that all see the same `nin` inputs; the output is a list, even of a single neuron.

    >>> [output.data for output in Layer(2, 1, "sigmoid", seed=0)([0.0, 0.0])]
    [0.5]
    """

    def __init__(
        self, nin: int, nout: int, activation: Activation = "relu", *, bias: bool = True, seed: Seed = None
    ) -> None:
        generator = _generator(seed)
        self.neurons: list[Neuron] = [
            Neuron(nin, activation, bias=bias, nout=nout, seed=generator) for _ in range(whole("nout", nout, least=1))
        ]

    def forward(self, inputs: Iterable[Number]) -> list[Value]:
        """The outputs of all neurons; a wrong number of inputs raises ValueError."""
        inputs = _inputs(self, inputs, len(self.neurons[0].weights))
        return [neuron(inputs) for neuron in self.neurons]

    def extra_repr(self) -> str:
        """Its numbers of inputs and outputs and its activation."""
        neuron = self.neurons[0]
        return f"{len(neuron.weights)} → {len(self.neurons)}, {name_of(neuron.activation)}"


class MLP(Module):
    """A multilayer perceptron: layers of the widths `nouts`, each fed by the previous one, the first by `nin` inputs.

    >>> model = MLP(3, [4, 4, 2], activation="relu", output="sigmoid", seed=0)
    >>> [output.data for output in model([0.0, 0.0, 0.0])]
    [0.5, 0.5]

    The last layer has the activation `output`, all others `activation`. The output is a list of Values, or a single
    Value if the last layer is one neuron. Unknown activations and widths below 1 raise ValueError.
    """

    def __init__(
        self,
        nin: int,
        nouts: Iterable[int],
        activation: Activation = "relu",
        output: Activation = "identity",
        *,
        bias: bool = True,
        seed: Seed = None,
    ) -> None:
        if not _is_list(nouts):
            raise TypeError(
                f"nouts must be a list of widths, one for each layer, not {shown(nouts)}: as in MLP(2, [16, 16, 1])"
            )
        nouts = list(nouts)
        if not nouts:
            raise ValueError("nouts is empty: an MLP needs the width of at least one layer, as in MLP(2, [16, 16, 1])")
        generator = _generator(seed)
        activations = [*[known(activation)] * (len(nouts) - 1), known(output)]
        nins = [nin, *nouts[:-1]]
        self.layers: list[Layer] = [
            Layer(nin, nout, kind, bias=bias, seed=generator)
            for nin, nout, kind in zip(nins, nouts, activations, strict=True)
        ]

    def forward(self, inputs: Iterable[Number]) -> Any:
        """The outputs of the last layer, one Value or a list; a wrong number of inputs raises ValueError."""
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
    """Modules or other functions, one after the other.

    >>> model = Sequential(Layer(2, 3, "tanh", seed=0), Layer(3, 1, "identity", seed=1), lambda outputs: outputs[0])
    >>> model([0.0, 0.0]).data
    0.0
    """

    def __init__(self, *parts: Callable[[Any], Any]) -> None:
        if not parts:
            raise ValueError("a Sequential needs at least one part")
        for part in parts:
            if not callable(part):
                raise TypeError(f"the parts of a Sequential must be modules or functions, not {shown(part)}")
        self.parts: list[Callable[[Any], Any]] = list(parts)

    def forward(self, inputs: Any) -> Any:
        """The output of the last part, each part being given the output of the previous one."""
        for part in self.parts:
            inputs = part(inputs)
        return inputs

    def extra_repr(self) -> str:
        """Its operations, by their places."""
        return ", ".join(f"{place}: {told_name(part)}" for place, part in enumerate(self.parts) if told_name(part))

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, place: int) -> Callable[[Any], Any]:
        return self.parts[place]

    def __iter__(self) -> Iterator[Callable[[Any], Any]]:
        return iter(self.parts)


# For drawing --------------------------------------------------------------------------------------


class expanded(Way):  # noqa: N801  # written like a function, as the other ways of computing are
    """Inside the block, neurons are built of single products and sums instead of one `dot`, as lectures draw them.

    >>> neuron = Neuron(1, "identity", seed=0)
    >>> with expanded():
    ...     neuron([1.0]).operation
    <operation add>
    """

    def _settings(self) -> dict[str, Any]:
        return {"expanded": True}


# What is checked ----------------------------------------------------------------------------------


def _generator(seed: Any) -> Any:
    """Something with a method `random`: without a seed Python's own, so that `random.seed` decides, as in micrograd."""
    if seed is None or seed is random:
        return random
    return seed if isinstance(seed, Random) else Random(whole("seed", seed))


def _inputs(module: Module, inputs: Iterable[Number], width: int) -> Sequence[Number]:
    """The inputs as a list, not looked through: the operation that meets something else than a number reports it."""
    if type(inputs) is list and len(inputs) == width and type(inputs[0]) in (Value, float):
        return inputs  # as all layers but the first get them
    kind, numbers = type(module).__name__, f"{width} number{'s' * (width != 1)}"
    if not _is_list(inputs):
        raise TypeError(
            f"this {kind} takes a list of {numbers}, not {type(inputs).__name__}: {_how_to_list(inputs, width)}"
        )
    inputs = list(inputs)
    if inputs and isinstance(inputs[0], Iterable) and not isinstance(inputs[0], str):
        raise TypeError(
            f"this {kind} takes the {numbers} of one example, but its first input is {shown(inputs[0])}: "
            "for several examples write [model(example) for example in examples]"
        )
    if len(inputs) != width:
        raise ValueError(f"this {kind} takes {width} input{'s' * (width != 1)}, but got {len(inputs)}")
    return inputs


def _is_list(inputs: Any) -> bool:
    return (
        isinstance(inputs, Iterable)
        and not isinstance(inputs, str | bytes | Mapping | Set)
        and getattr(inputs, "ndim", 1) > 0  # zero-dimensional NumPy arrays claim to be iterable
    )


def _how_to_list(inputs: Any, width: int) -> str:
    if isinstance(inputs, Mapping):
        return "write list(d.values()) for its values, in their order"
    if isinstance(inputs, Set):
        return "a set has no order, so write a list"
    if isinstance(inputs, str | bytes):
        return "convert text first, as in [float(word) for word in text.split()]"
    return f"as in model([{', '.join(f'x{place}' for place in range(width)) if width < 4 else 'x0, x1, …'}])"
