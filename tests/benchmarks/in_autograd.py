"""The tasks by this project: scalar code, compiled. Columns are NumPy's arrays, as others are given arrays too."""

from itertools import cycle
from time import perf_counter

import gpt
import moons
import numpy as np
import tasks
from mixed import INPUTS, inputs, mixed

import autograd
from autograd import Value, nn, optim


class Moons(tasks.Task):
    def __init__(self, activation="relu", count=100, threads=1):
        self.network = network = moons.Network(Value, getattr(autograd, activation))
        self.optimizer = optim.Adam(self.network.parameters(), lr=tasks.RATE)
        points = moons.points(count)
        self.columns = np.array([xs for xs, _ in points]), np.array([side for _, side in points])

        @autograd.compile(threads=threads)
        def loss(xs, side):
            return (1.0 - network.score(xs) * side).relu()

        self.loss = loss

    def step(self):
        self.optimizer.zero_grad()
        loss = self.loss.mean(*self.columns)
        loss.backward()
        self.value = loss.data

    def numbers(self):
        return [parameter.grad for parameter in self.network.parameters()]


class MoonsOfLists(Moons):
    """The same with columns as lists of plain numbers."""

    def __init__(self, *given):
        super().__init__(*given)
        self.columns = [column.tolist() for column in self.columns]


class MoonsTraining(Moons):
    def begin(self):
        begin(self.network.parameters(), moons.Network(float).parameters())
        self.optimizer = optim.Adam(self.network.parameters(), lr=tasks.RATE)

    def step(self):
        self.optimizer.zero_grad()
        loss = self.loss.mean(*self.columns)
        loss.backward()
        self.optimizer.step()
        self.value = loss.data

    def numbers(self):
        return [parameter.data for parameter in self.network.parameters()]


class Mixed(tasks.Task):
    def __init__(self):
        self.turns = [inputs(turn) for turn in range(10)]
        self.function = autograd.compile(lambda xs: mixed(autograd, xs))
        self.begin()

    def begin(self):
        self.turn = 0

    def step(self):
        self.turn += 1
        xs = [Value(x) for x in self.turns[self.turn % 10]]
        y = self.function(xs)
        y.backward()
        self.slopes = [x.grad for x in xs]
        self.value = y.data

    def numbers(self):
        return self.slopes


class GPTTraining(tasks.Task):
    """The operators of microgpt; tokens are numbers that vary, so that one recording serves all names of a length."""

    def __init__(self, name="matthew"):
        self.tokens = gpt.tokens(name)
        self.model = gpt.GPT(Value, softmax=softmax, take=autograd.take)
        self.loss = autograd.compile(self.model.loss_of)
        self.begin()

    def begin(self):
        begin(self.model.parameters(), gpt.GPT(float).parameters())
        self.optimizer = optim.Adam(self.model.parameters(), lr=tasks.RATE)

    def step(self):
        self.optimizer.zero_grad()
        loss = self.loss(self.tokens)
        loss.backward()
        self.optimizer.step()
        self.value = loss.data

    def numbers(self):
        return [parameter.data for parameter in self.model.parameters()]

    def eager(self):
        return self.model.loss_of(self.tokens).data

    def recorded_again(self):
        return autograd.compile(self.model.loss_of)(self.tokens).data


class Digits(tasks.Task):
    def __init__(self):
        self.model = model = nn.MLP(tasks.PIXELS, [tasks.HIDDEN, tasks.CLASSES], activation="relu")
        self.loss = autograd.compile(lambda image, digit: nn.cross_entropy(model(image), digit))
        images, digits = tasks.digits()
        self.images, self.digits = images, digits.astype(float)
        self.begin()

    def begin(self):
        begin(self.model.parameters(), tasks.flat(tasks.digit_layers()))
        self.optimizer = optim.Adam(self.model.parameters(), lr=tasks.RATE)

    def step(self):
        for first in range(0, tasks.IMAGES, tasks.BATCH):
            batch = slice(first, first + tasks.BATCH)
            self.optimizer.zero_grad()
            loss = self.loss.mean(self.images[batch], self.digits[batch])
            loss.backward()
            self.optimizer.step()
        self.value = loss.data

    def numbers(self):
        return [parameter.data for parameter in self.model.parameters()]


def begin(parameters, numbers):
    """Give parameters the numbers that they have at first."""
    for parameter, number in zip(parameters, numbers, strict=True):
        parameter.data = number


def softmax(xs):
    """`gpt.plain_softmax`, the shift being told to have no gradient instead of being read off."""
    shift = autograd.max(xs).detach()
    powers = [(x - shift).exp() for x in xs]
    total = sum(powers)
    return [power / total for power in powers]


class Long(tasks.Task):
    """`mixed`'s function in more operations, its inputs weighted by parameters."""

    def __init__(self, count):
        self.count = count
        self.weights = [Value(1.0) for _ in range(INPUTS)]
        self.compiled = autograd.compile(self.function)
        self.given = inputs(0)

    def function(self, xs):
        return mixed(autograd, [w * x for w, x in zip(self.weights, xs, strict=True)], self.count)

    def step(self):
        y = self.compiled(self.given)
        y.backward()
        self.value = y.data

    def numbers(self):
        return [weight.grad for weight in self.weights]

    def instructions(self):
        return len(self.compiled.program.codes)

    def eager(self):
        return self.function(self.given).data

    def recorded_again(self):
        return autograd.compile(self.function)(self.given).data


class LongByLanes(Long):
    """The mean of 64 examples."""

    def __init__(self, count):
        super().__init__(count)
        self.given = np.array([inputs(turn) for turn in range(64)])

    def step(self):
        y = self.compiled.mean(self.given)
        y.backward()
        self.value = y.data


NAMES = (
    "ada al bo christopher daniel elisabeth emma jo josephine liam lily margaret mia noah olivia oscar paul theo zoe"
)


def trained_on_names(steps=1000):
    """Train on names of two to eleven letters, one after the other, and record what each length needs."""
    model = gpt.GPT(Value, softmax=softmax, take=autograd.take)
    optimizer = optim.Adam(model.parameters(), lr=tasks.RATE)
    loss_of = autograd.compile(model.loss_of)
    for _, name in zip(range(steps), cycle(NAMES.split()), strict=False):
        optimizer.zero_grad()
        loss_of(gpt.tokens(name)).backward()
        optimizer.step()
    return steps


def gpt_in_jax():
    """The seconds that JAX takes to compile the loss of the GPT and its gradients, its equations, and a step of it."""
    import jax

    jax.config.update("jax_enable_x64", True)
    task = GPTTraining()
    task.optimizer.zero_grad()
    loss = task.loss(task.tokens)
    loss.backward()
    function = task.loss.to_jax()
    given = function.parameters(), [float(token) for token in task.tokens]
    both = jax.value_and_grad(function)

    start = perf_counter()
    compiled = jax.jit(both).lower(*given).compile()
    seconds = perf_counter() - start
    value, slopes = jax.block_until_ready(compiled(*given))
    np.testing.assert_allclose([value, *slopes], [loss.data, *[value.grad for value in function.values]], atol=1e-9)
    start = perf_counter()
    for _ in range(100):
        jax.block_until_ready(compiled(*given))
    step = (perf_counter() - start) / 100
    return [seconds, equations(jax.make_jaxpr(both)(*given).jaxpr), step], [float(value)]


def equations(jaxpr):
    """How many equations there are, those inside of others too."""
    inner = [part for equation in jaxpr.eqns for part in equation.params.values()]
    parts = [part for each in inner for part in (each if isinstance(each, list | tuple) else [each])]
    jaxprs = [getattr(part, "jaxpr", part) for part in parts]
    return len(jaxpr.eqns) + sum(equations(each) for each in jaxprs if hasattr(each, "eqns"))
