"""The tasks of scalar code by engines that build a graph in each step: any class of numbers of `engines`."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import gpt
import moons
import tasks


def tasks_of(leaf: Callable[[float], Any]) -> SimpleNamespace:
    """The tasks by a class of numbers."""
    return SimpleNamespace(Moons=partial(Moons, leaf), GPTTraining=partial(GPTTraining, leaf))


class Moons(tasks.Task):
    def __init__(self, leaf, activation="relu", count=100):
        self.network = moons.Network(leaf, lambda x: getattr(x, activation)())
        self.points = moons.points(count)

    def step(self):
        for parameter in self.network.parameters():
            parameter.grad = 0.0
        loss = self.network.loss(self.points)
        loss.backward()
        self.value = loss.data

    def numbers(self):
        return [parameter.grad for parameter in self.network.parameters()]


class GPTTraining(tasks.Task):
    def __init__(self, leaf, name="matthew"):
        self.model, self.name = gpt.GPT(leaf), name

    def begin(self):
        parameters = self.model.parameters()
        for parameter, number in zip(parameters, gpt.GPT(float).parameters(), strict=True):
            parameter.data = number
        self.optimizer = gpt.PlainAdam(parameters, lr=tasks.RATE)

    def step(self):
        self.optimizer.zero_grad()
        loss = self.model.loss(self.name)
        loss.backward()
        self.optimizer.step()
        self.value = loss.data

    def numbers(self):
        return [parameter.data for parameter in self.model.parameters()]
