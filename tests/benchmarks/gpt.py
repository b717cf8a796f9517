"""One training step of a GPT that spells names, of single numbers; for any class with + - * / ** exp log relu.

>>> from tuple_engine import Value
>>> loss = GPT(Value).loss("matthew")
>>> round(loss.data, 6)
3.406626

The model is that of microgpt (Karpathy, 2026): 27 characters, one layer, an embedding of 16, 4 heads of attention,
RMSNorm, ReLU and no biases, 4,192 parameters in all. One name of seven letters makes about 68,000 nodes.
"""

import math
from itertools import pairwise
from operator import getitem
from random import Random

LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOUNDARY = len(LETTERS)  # the token before a name and after it
VOCABULARY = len(LETTERS) + 1
EMBEDDING, HEADS, LONGEST = 16, 4, 16
HEAD_SIZE = EMBEDDING // HEADS


def tokens(name):
    """The numbers of a name's letters, between boundaries."""
    return [BOUNDARY, *map(LETTERS.index, name), BOUNDARY]


def plain_dot(xs, ys):
    """Σ x·y, of single products and sums."""
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def plain_softmax(xs):
    """exp(x) / Σ exp(x) for each x, shifted by the largest number so that nothing overflows."""
    shift = max(x.data for x in xs)
    powers = [(x - shift).exp() for x in xs]
    total = sum(powers)
    return [power / total for power in powers]


class GPT:
    """The parameters, made by `leaf`, and the loss of a name; an engine may bring a dot and a softmax of its own.

    `take` chooses from a list by a token, which is a number that varies where the loss is recorded and replayed.
    """

    def __init__(self, leaf, dot=plain_dot, softmax=plain_softmax, take=getitem):
        self.dot, self.softmax, self.take = dot, softmax, take
        gauss = Random(42).gauss

        def matrix(rows, columns):
            return [[leaf(gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]

        self.of_token = matrix(VOCABULARY, EMBEDDING)
        self.of_place = matrix(LONGEST, EMBEDDING)
        self.to_query, self.to_key, self.to_value, self.from_heads = [matrix(EMBEDDING, EMBEDDING) for _ in range(4)]
        self.widen, self.narrow = matrix(4 * EMBEDDING, EMBEDDING), matrix(EMBEDDING, 4 * EMBEDDING)
        self.to_token = matrix(VOCABULARY, EMBEDDING)

    def parameters(self):
        """All parameters in a row."""
        matrices = [self.of_token, self.of_place, self.to_query, self.to_key, self.to_value, self.from_heads]
        matrices += [self.widen, self.narrow, self.to_token]
        return [parameter for matrix in matrices for row in matrix for parameter in row]

    def loss(self, name):
        """The mean of −log(probability) over the letters of the name and the boundary behind it."""
        return self.loss_of(tokens(name))

    def loss_of(self, tokens):
        """The same of the name as numbers."""
        keys, values = [], []
        losses = [
            -self.take(self.softmax(self.logits(token, place, keys, values)), following).log()
            for place, (token, following) in enumerate(pairwise(tokens))
        ]
        return sum(losses) / len(losses)

    def logits(self, token, place, keys, values):
        """What is believed of the next token; the key and the value of this one join those of the ones before."""
        x = self.normed(added(self.take(self.of_token, token), self.of_place[place]))
        x = added(x, self.attention(self.normed(x), keys, values))
        x = added(x, self.linear(self.narrow, [y.relu() for y in self.linear(self.widen, self.normed(x))]))
        return self.linear(self.to_token, x)

    def attention(self, x, keys, values):
        """What the tokens so far have to say, each head listening for itself."""
        query = self.linear(self.to_query, x)
        keys.append(self.linear(self.to_key, x))
        values.append(self.linear(self.to_value, x))
        heard = []
        for first in range(0, EMBEDDING, HEAD_SIZE):
            head = slice(first, first + HEAD_SIZE)
            weights = self.softmax([self.dot(query[head], key[head]) / math.sqrt(HEAD_SIZE) for key in keys])
            heard += [self.dot(weights, [value[i] for value in values]) for i in range(first, first + HEAD_SIZE)]
        return self.linear(self.from_heads, heard)

    def linear(self, matrix, x):
        """The matrix times x."""
        return [self.dot(row, x) for row in matrix]

    def normed(self, x):
        """x over the root of its mean square: Zhang & Sennrich 2019, "Root mean square layer normalization"."""
        scale = (self.dot(x, x) / len(x) + 1e-5) ** -0.5
        return [y * scale for y in x]


def added(xs, ys):
    """x + y for each pair."""
    return [x + y for x, y in zip(xs, ys, strict=True)]


class PlainAdam:
    """Adam in Python, for engines that bring none: Kingma & Ba 2015, "Adam: a method for stochastic optimization"."""

    def __init__(self, parameters, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.parameters, self.lr, self.betas, self.eps = parameters, lr, betas, eps
        self.steps = 0
        self.firsts, self.seconds = [0.0] * len(parameters), [0.0] * len(parameters)

    def zero_grad(self):
        """Forget all gradients."""
        for parameter in self.parameters:
            parameter.grad = 0.0

    def step(self):
        """Update all parameters, once."""
        self.steps += 1
        beta1, beta2 = self.betas
        step_size = self.lr / (1.0 - beta1**self.steps)
        root = math.sqrt(1.0 - beta2**self.steps)
        for i, parameter in enumerate(self.parameters):
            g = parameter.grad
            self.firsts[i] = first = beta1 * self.firsts[i] + (1.0 - beta1) * g
            self.seconds[i] = second = beta2 * self.seconds[i] + (1.0 - beta2) * g * g
            parameter.data -= step_size * first / (math.sqrt(second) / root + self.eps)
