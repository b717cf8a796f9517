"""What the tasks of compiled code have in common; each engine writes them as its users would, in a file `in_…`.

A task is a class of one of these files. Its `step` does the thing once. What has to be the same for all engines after
that are its `value`, mostly the loss, and its `numbers`, gradients or parameters. `begin` puts the parameters back to
what they were at first, where a step changes them. What is compiled is compiled when it is needed first and kept, for
a task is made once and asked in all rounds.

| task | a step |
| --- | --- |
| `Moons(activation, count)` | loss and all gradients of `moons`' network on so many points |
| `MoonsTraining()` | a whole training step on 100 points, with Adam |
| `Mixed()` | the value and the ten derivatives of `mixed`'s function, at other numbers each time |
| `GPTTraining()` | a training step of `gpt` on one name, with Adam |
| `Digits()` | an epoch of 1,500 images of handwritten digits in batches of 32, with Adam |
"""

from random import Random

RATE = 0.01  # of all training
PIXELS, HIDDEN, CLASSES = 64, 32, 10
IMAGES, BATCH = 1500, 32


class Task:
    """A task whose steps change nothing."""

    value = 0.0

    def begin(self):
        """Put the parameters back to what they were at first."""


def flat(layers):
    """The numbers of (weights, biases) of each layer in a row, as `moons.Network.parameters` has them."""
    return [
        number
        for weights, biases in layers
        for row, bias in zip(weights, biases, strict=True)
        for number in (*row, bias)
    ]


def matrices(network):
    """The weights and the biases of each layer of a `moons.Network` of plain numbers."""
    return [([weights for weights, _ in layer], [bias for _, bias in layer]) for layer in network.layers]


# Digits -------------------------------------------------------------------------------------------


def digits():
    """The images, each of 64 numbers from 0 to 1, and what they show."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.data[:IMAGES] / 16.0, data.target[:IMAGES]


def digit_layers():
    """The weights and the biases with which all begin."""
    uniform = Random(3).uniform

    def layer(inputs, outputs):
        bound = inputs**-0.5
        return [[uniform(-bound, bound) for _ in range(inputs)] for _ in range(outputs)], [0.0] * outputs

    return [layer(PIXELS, HIDDEN), layer(HIDDEN, CLASSES)]
