"""The tasks by JAX: jit, float64, on one thread."""

import jax
import jax.numpy as jnp
import moons
import numpy as np
import tasks
from mixed import inputs, mixed

jax.config.update("jax_enable_x64", True)


class Moons(tasks.Task):
    def __init__(self, activation="relu", count=100):
        points = moons.points(count)
        self.points, self.sides = jnp.array([xs for xs, _ in points]), jnp.array([side for _, side in points])
        function = getattr(jax.nn, activation)

        def loss(layers, points, sides):
            x = points
            for weights, biases in layers[:-1]:
                x = function(x @ weights.T + biases)
            weights, biases = layers[-1]
            scores = (x @ weights.T + biases)[:, 0]
            return jax.nn.relu(1.0 - scores * sides).mean()

        self.value_and_slopes = jax.value_and_grad(loss)
        self.compiled = jax.jit(self.value_and_slopes)
        self.begin()

    def begin(self):
        self.layers = arrays(tasks.matrices(moons.Network(float)))

    def step(self):
        self.value, self.slopes = jax.block_until_ready(self.compiled(self.layers, self.points, self.sides))

    def numbers(self):
        return listed(self.slopes)


class MoonsTraining(Moons):
    """With Adam inside of what is compiled."""

    def __init__(self):
        super().__init__()

        @jax.jit
        def trained(layers, state, points, sides):
            loss, slopes = self.value_and_slopes(layers, points, sides)
            return loss, *adam(layers, slopes, state)

        self.trained = trained

    def begin(self):
        super().begin()
        zeros = jax.tree.map(jnp.zeros_like, self.layers)
        self.state = (jnp.array(0.0), zeros, zeros)

    def step(self):
        answer = self.trained(self.layers, self.state, self.points, self.sides)
        self.value, self.layers, self.state = jax.block_until_ready(answer)

    def numbers(self):
        return listed(self.layers)


class Mixed(tasks.Task):
    def __init__(self):
        self.turns = [np.array(inputs(turn)) for turn in range(10)]
        self.compiled = jax.jit(jax.value_and_grad(lambda xs: mixed(jnp, list(xs))))
        self.begin()

    def begin(self):
        self.turn = 0

    def step(self):
        self.turn += 1
        self.value, self.slopes = jax.block_until_ready(self.compiled(self.turns[self.turn % 10]))

    def numbers(self):
        return self.slopes.tolist()


def adam(parameters, slopes, state, betas=(0.9, 0.999), eps=1e-8):
    """The parameters after a step of Adam, and its state: the count of steps and both moments."""
    count, firsts, seconds = state
    count += 1.0
    beta1, beta2 = betas
    firsts = jax.tree.map(lambda m, g: beta1 * m + (1.0 - beta1) * g, firsts, slopes)
    seconds = jax.tree.map(lambda v, g: beta2 * v + (1.0 - beta2) * g * g, seconds, slopes)
    size, root = tasks.RATE / (1.0 - beta1**count), jnp.sqrt(1.0 - beta2**count)
    parameters = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) / root + eps), parameters, firsts, seconds)
    return parameters, (count, firsts, seconds)


def arrays(layers):
    """The weights and biases as arrays."""
    return [tuple(map(jnp.array, layer)) for layer in layers]


def listed(layers):
    """All numbers in a row."""
    return tasks.flat([[part.tolist() for part in layer] for layer in layers])
