"""A function of ten numbers in 200 operations of many kinds, or in a multiple of that; for any class of numbers.

>>> import math
>>> round(mixed(math, inputs(0)), 6)
2.316342
"""

from itertools import cycle
from random import Random

INPUTS = 10
OPERATIONS = 200

# Each with the operations that it takes. None makes numbers large, and none has a kink.
KINDS = [
    (lambda f, x, y: x * y, 1),
    (lambda f, x, y: f.sin(x), 1),
    (lambda f, x, y: x + y, 1),
    (lambda f, x, y: 1.0 / (1.0 + f.exp(x)), 3),
    (lambda f, x, y: x - y, 1),
    (lambda f, x, y: f.tanh(x), 1),
    (lambda f, x, y: x / f.sqrt(1.0 + y * y), 4),
    (lambda f, x, y: f.log(1.0 + x * x), 3),
    (lambda f, x, y: f.cos(x), 1),
]


def inputs(turn):
    """The numbers of a call, others in each turn."""
    uniform = Random(turn).uniform
    return [uniform(-1.0, 1.0) for _ in range(INPUTS)]


def mixed(functions, inputs, count=OPERATIONS):
    """So many operations, in rounds of 200 that each begin from the inputs: else what they send back would vanish."""
    chance = Random(2)
    total = mixed_once(functions, inputs, chance)
    for _ in range(count // OPERATIONS - 1):
        total = total + mixed_once(functions, inputs, chance)
    return total


def mixed_once(functions, inputs, chance):
    """Ten numbers that take the places of the inputs, one after the other, and are added up at last."""
    xs, kinds = list(inputs), cycle(KINDS)
    done = turn = 0
    while done < OPERATIONS - INPUTS + 1:
        kind, operations = next(kinds)
        place = turn % INPUTS
        xs[place] = kind(functions, xs[place], chance.choice(xs))
        done, turn = done + operations, turn + 1
    return sum(xs[1:], xs[0])
