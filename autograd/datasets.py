"""Points in the plane, in two classes, made from a seed, to learn from.

>>> xor(n=4, noise=0.0)
[([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]

A data set is a list of pairs ([x, y], class), as `nn.fit` takes them; the class is 0 or 1. `noise` is the standard
deviation of what is added to each coordinate. The same arguments give the same points everywhere, up to the last
digits of the system's sine and logarithm. Fewer than 2 points, or a negative noise, raise ValueError.
"""

import math
from random import Random

Point = tuple[list[float], int]


def moons(n: int = 100, noise: float = 0.1, seed: int = 0) -> list[Point]:
    """Two half circles that reach into each other: (cos t, sin t) and (1 − cos t, ½ − sin t) for t from 0 to π.

    >>> moons(n=5, noise=0.0)[::2]
    [([1.0, 0.0], 0), ([0.0, 0.5], 1), ([2.0, 0.4999999999999999], 1)]

    Those of `sklearn.datasets.make_moons(n, shuffle=False)`: class 0 first, and an odd point goes to class 1.
    """
    _check(n, noise)
    outer = [([math.cos(t), math.sin(t)], 0) for t in _evenly(0.0, math.pi, n // 2)]
    inner = [([1.0 - math.cos(t), 0.5 - math.sin(t)], 1) for t in _evenly(0.0, math.pi, n - n // 2)]
    return _shaken([*outer, *inner], noise, seed)


def xor(n: int = 100, noise: float = 0.1, seed: int = 0) -> list[Point]:
    """The corners of the unit square, taken in turn; of class 1 where one coordinate is 1 and the other 0.

    >>> [kind for _, kind in xor(n=8)]
    [0, 1, 1, 0, 0, 1, 1, 0]

    The smallest classes that no line separates: Minsky & Papert 1969, "Perceptrons".
    """
    _check(n, noise)
    corners = [([float(x), float(y)], x ^ y) for x in (0, 1) for y in (0, 1)]
    return _shaken([corners[place % 4] for place in range(n)], noise, seed)


def spiral(n: int = 100, noise: float = 0.02, seed: int = 0) -> list[Point]:
    """Two arms, r·(sin 3πr, cos 3πr) for r from 0.1 to 1 and the same turned by 180°.

    >>> spiral(n=4, noise=0.0)[1::2]
    [([3.6...e-16, -1.0], 0), ([-3.6...e-16, 1.0], 1)]

    After Lang & Witbrock 1988, "Learning to tell two spirals apart", with one and a half turns instead of three.
    Class 0 first, and an odd point goes to class 1.
    """
    _check(n, noise)
    arm = [([r * math.sin(_TURN * r), r * math.cos(_TURN * r)], 0) for r in _evenly(0.1, 1.0, n // 2)]
    other = [([-r * math.sin(_TURN * r), -r * math.cos(_TURN * r)], 1) for r in _evenly(0.1, 1.0, n - n // 2)]
    return _shaken([*arm, *other], noise, seed)


_TURN = 3.0 * math.pi


def _evenly(first: float, last: float, count: int) -> list[float]:
    """`count` numbers from first to last, evenly spaced; a single one is the first."""
    return [first + (last - first) * (place / max(1, count - 1)) for place in range(count)]


def _shaken(points: list[Point], noise: float, seed: int) -> list[Point]:
    """The points, each moved by two normal numbers, which are made of two uniform ones.

    Box & Muller 1958, "A note on the generation of random normal deviates".
    """
    random, shaken = Random(seed), []
    for (x, y), kind in points:
        # only random(), because no other method of Random promises the same numbers in later versions of Python
        radius = noise * math.sqrt(-2.0 * math.log(1.0 - random.random()))  # it may be 0, but is never 1
        angle = math.tau * random.random()
        shaken.append(([x + radius * math.cos(angle), y + radius * math.sin(angle)], kind))
    return shaken


def _check(n: int, noise: float) -> None:
    if n < 2:
        raise ValueError(f"n must be 2 or more, a point of each class, not {n}")
    if not 0.0 <= noise < math.inf:
        raise ValueError(f"noise must be a number of 0 or more, not {noise}")
