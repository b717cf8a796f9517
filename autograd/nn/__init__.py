"""Neurons that learn: modules, losses and a training loop, built only from Values.

>>> from autograd import nn, optim
>>> points = [([0.0, 0.0], 0.0), ([0.0, 1.0], 1.0), ([1.0, 0.0], 1.0), ([1.0, 1.0], 0.0)]
>>> model = nn.MLP(2, [8, 1], activation="tanh", seed=0)
>>> history = nn.fit(model, points, nn.squared_error, optim.Adam(model.parameters(), 0.05), epochs=100, progress=False)
>>> history.losses[-1] < 0.01
True

`module` says what a model is, `layers` builds neurons, `losses` measures them, `training` is the loop.
"""

from .layers import ACTIVATIONS, MLP, Layer, Neuron, Sequential, expanded
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
    "expanded",
    "fit",
    "hinge",
    "mean_squared_error",
    "squared_error",
]
