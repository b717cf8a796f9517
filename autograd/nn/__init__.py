"""Neurons that learn: modules, losses and a training loop, built only from Values.

>>> from autograd import nn, optim
>>> points = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
>>> model = nn.MLP(2, [8, 1], activation="tanh", seed=0)
>>> history = nn.fit(model, points, nn.squared_error, optim.Adam(model.parameters(), 0.05), epochs=100, progress=False)
>>> history.losses[-1] < 0.01
True

`module` says what a model is, `layers` builds neurons, `activations` bend their outputs, `losses` measure them, and
`training` is the loop.
"""

from typing import TYPE_CHECKING, NoReturn

from ..foreign import missing
from .activations import ACTIVATIONS, elu, gelu, leaky_relu, silu
from .layers import MLP, Layer, Neuron, Sequential, expanded
from .losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    hinge,
    mean_squared_error,
    squared_error,
)
from .module import Module
from .training import History, fit

__all__ = [
    "ACTIVATIONS",
    "MLP",
    "History",
    "Layer",
    "Module",
    "Neuron",
    "Sequential",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "elu",
    "expanded",
    "fit",
    "gelu",
    "hinge",
    "leaky_relu",
    "mean_squared_error",
    "silu",
    "squared_error",
]

# What PyTorch has under `torch.nn`, and what to write here.
FOREIGN_NAMES = {
    "Linear": "nn.Layer(2, 3, 'identity') is a linear layer, nn.Layer(2, 3, 'relu') includes its activation",
    **{
        name: f"give a layer activation={ours!r}, or write {function}(x)"
        for name, ours, function in (
            ("Identity", "identity", "autograd.identity"),
            ("ReLU", "relu", "autograd.relu"),
            ("Sigmoid", "sigmoid", "autograd.sigmoid"),
            ("Tanh", "tanh", "autograd.tanh"),
            ("Softplus", "softplus", "autograd.softplus"),
            ("LeakyReLU", "leaky_relu", "nn.leaky_relu"),
            ("ELU", "elu", "nn.elu"),
            ("SiLU", "silu", "nn.silu"),
            ("GELU", "gelu", "nn.gelu"),
        )
    },
    "Softmax": "autograd.softmax(list) is a function; nn.cross_entropy takes the numbers that go into it",
    "MSELoss": "nn.squared_error(prediction, target) for one number, nn.mean_squared_error for lists",
    "BCELoss": "nn.binary_cross_entropy(probability, target) is a function",
    "BCEWithLogitsLoss": "nn.binary_cross_entropy_with_logits(logit, target) is a function",
    "CrossEntropyLoss": "nn.cross_entropy(logits, target) is a function",
    "HingeEmbeddingLoss": "nn.hinge(score, target) is a function",
    "Parameter": "an attribute of a module is a parameter: self.w = Value(0.5)",
    "ModuleList": "write a list: self.layers = [nn.Layer(2, 3), nn.Layer(3, 1)]",
    "ModuleDict": "write a dict: self.parts = {'first': nn.Layer(2, 3)}",
    "ParameterList": "write a list: self.weights = [Value(0.5), Value(-1.0)]",
    "ParameterDict": "write a dict: self.weights = {'a': Value(0.5)}",
    "functional": "losses are in nn, other functions in autograd: nn.cross_entropy, autograd.relu",
    "utils": "optim.clip_grad_norm is the one most people look for",
    "init": "weights are initialised to suit their activation; to start otherwise, set their .data",
}

if not TYPE_CHECKING:  # because then a name that does not exist would pass

    def __getattr__(name: str) -> NoReturn:
        """Names that users of PyTorch look for."""
        raise missing(f"module {__name__!r}", name, FOREIGN_NAMES)
