"""The tasks by PyTorch: tensors of float64, on one thread."""

import moons
import tasks
import torch
from torch.nn.functional import cross_entropy

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


class Moons(tasks.Task):
    def __init__(self, activation="relu", count=100):
        self.activation = getattr(torch, activation)
        points = moons.points(count)
        self.points, self.sides = torch.tensor([xs for xs, _ in points]), torch.tensor([side for _, side in points])
        self.begin()

    def begin(self):
        self.layers = leaves(tasks.matrices(moons.Network(float)))
        self.optimizer = torch.optim.Adam([p for layer in self.layers for p in layer], lr=tasks.RATE)

    def loss(self):
        x = self.points
        for weights, biases in self.layers[:-1]:
            x = self.activation(x @ weights.T + biases)
        weights, biases = self.layers[-1]
        scores = (x @ weights.T + biases)[:, 0]
        return torch.relu(1.0 - scores * self.sides).mean()

    def step(self):
        self.optimizer.zero_grad()
        self.value = self.loss()
        self.value.backward()

    def numbers(self):
        return tasks.flat([[parameter.grad.tolist() for parameter in layer] for layer in self.layers])


class MoonsTraining(Moons):
    def step(self):
        super().step()
        self.optimizer.step()

    def numbers(self):
        return tasks.flat([[parameter.tolist() for parameter in layer] for layer in self.layers])


class Digits(tasks.Task):
    def __init__(self):
        images, digits = tasks.digits()
        self.images, self.digits = torch.tensor(images), torch.tensor(digits)
        self.begin()

    def begin(self):
        self.layers = leaves(tasks.digit_layers())
        self.optimizer = torch.optim.Adam([p for layer in self.layers for p in layer], lr=tasks.RATE)

    def step(self):
        (widen, biases), (narrow, last_biases) = self.layers
        for first in range(0, tasks.IMAGES, tasks.BATCH):
            batch = slice(first, first + tasks.BATCH)
            self.optimizer.zero_grad()
            hidden = torch.relu(self.images[batch] @ widen.T + biases)
            loss = cross_entropy(hidden @ narrow.T + last_biases, self.digits[batch])
            loss.backward()
            self.optimizer.step()
        self.value = loss

    def numbers(self):
        return tasks.flat([[parameter.tolist() for parameter in layer] for layer in self.layers])


def leaves(layers):
    """The weights and biases as tensors that want gradients."""
    return [[torch.tensor(numbers, requires_grad=True) for numbers in layer] for layer in layers]
