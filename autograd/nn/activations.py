"""What a neuron makes of its weighted sum: the functions known by name, and the initial weights for each.

>>> silu(0.0), elu(-1.0) == math.expm1(-1.0)
(0.0, True)

All of them are operations of the rule book and take Values and plain numbers alike.
"""

import math
from collections.abc import Callable
from typing import Any

from ..book import OPERATIONS, Operation
from ..checks import shown
from ..operations import elu as elu
from ..operations import gelu as gelu
from ..operations import leaky_relu as leaky_relu
from ..operations import relu, sigmoid, softplus, tanh
from ..operations import silu as silu

# An activation by its name, or any function of a Value.
Activation = str | Callable[[Any], Any]

# Initial weights ----------------------------------------------------------------------------------


def he(fan_in: int, fan_out: int) -> float:
    """The limit ±√(6/fan_in): a variance of 2/fan_in, because a ReLU drops half of the signal.

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


# By name ------------------------------------------------------------------------------------------


def _itself(x: Any) -> Any:
    return x  # rather than an identity node, which would only be in the way


# Each activation with the limit of its initial weights, which are uniform: those that resemble a ReLU have a ReLU's.
# leaky_relu is that of Maas, Hannun & Ng 2013, "Rectifier nonlinearities improve neural network acoustic models",
# equation 2; elu that of Clevert, Unterthiner & Hochreiter 2016, "Fast and accurate deep network learning by
# exponential linear units (ELUs)", equation 16.
ACTIVATIONS: dict[str, tuple[Callable[[Any], Any], Callable[[int, int], float]]] = {
    "identity": (_itself, glorot),
    "relu": (relu, he),
    "sigmoid": (sigmoid, glorot),
    "tanh": (tanh, glorot),
    "softplus": (softplus, he),
    "leaky_relu": (leaky_relu, he),
    "elu": (elu, he),
    "silu": (silu, he),
    "gelu": (gelu, he),
}


def known(activation: Activation) -> Activation:
    """An activation by its name if it has one; ValueError for an unknown name, TypeError for anything else."""
    if isinstance(activation, str):
        if activation not in ACTIVATIONS:
            raise ValueError(
                f"unknown activation {activation!r:.40}: choose one of {', '.join(ACTIVATIONS)}, or pass a function"
            )
        return activation
    if not callable(activation) or isinstance(activation, type):
        raise TypeError(
            f"an activation must be a name ('identity' for none) or a function, not {shown(activation)}: such as 'tanh'"
        )
    name = name_of(activation)
    function = ACTIVATIONS[name][0] if name in ACTIVATIONS else None
    return name if activation in (function, OPERATIONS.get(name)) and function else activation


def function_of(activation: Activation) -> Callable[[Any], Any]:
    """What an activation does."""
    return ACTIVATIONS[activation][0] if isinstance(activation, str) else activation


def limit_of(activation: Activation) -> Callable[[int, int], float]:
    """The limit of its initial weights; a function that is not known has that of tanh."""
    return ACTIVATIONS[activation][1] if isinstance(activation, str) else glorot


def name_of(activation: Activation) -> str:
    """What an activation is called when a model is shown, and in files."""
    if isinstance(activation, str):
        return activation
    return str(getattr(activation, "__name__", None) or type(activation).__name__)


def told_name(thing: Any) -> str:
    """The name of an operation or an activation, even if it is a name already; "" for anything else.

    >>> told_name(tanh), told_name("gelu"), told_name([relu, silu]), told_name("my model"), told_name(len)
    ('tanh', 'gelu', '[relu, silu]', '', '')
    """
    if isinstance(thing, list | tuple):
        names = [told_name(part) for part in thing]
        return f"[{', '.join(names)}]" if names and all(names) else ""
    name = thing if isinstance(thing, str) else str(getattr(thing, "__name__", ""))
    is_known = name in ACTIVATIONS or name in OPERATIONS
    is_it = isinstance(thing, str | Operation) or (name in ACTIVATIONS and thing is ACTIVATIONS[name][0])
    return name if is_known and is_it else ""
