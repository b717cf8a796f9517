"""Points in the plane: where they lie without noise, and what noise does to them."""

import math
import statistics
from itertools import pairwise

import pytest

from autograd.datasets import moons, spiral, xor

ALL = pytest.mark.parametrize("dataset", [moons, xor, spiral])


def places(points, kind):
    """The coordinates of the points of one class."""
    return [tuple(inputs) for inputs, each in points if each == kind]


# Where they lie -----------------------------------------------------------------------------------


def test_moons_without_noise_lie_on_two_half_circles():
    """Seen to fail with the lower circle around (1, 0)."""
    points = moons(n=41, noise=0.0)

    for x, y in places(points, 0):
        assert math.hypot(x, y) == pytest.approx(1.0)
        assert y >= 0.0
    for x, y in places(points, 1):
        assert math.hypot(x - 1.0, y - 0.5) == pytest.approx(1.0)
        assert y <= 0.5


def test_moons_reach_from_end_to_end_of_their_half_circles_in_equal_steps():
    points = moons(n=6, noise=0.0)

    upper = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]
    lower = [(0.0, 0.5), (1.0, -0.5), (2.0, 0.5)]

    for expected, actual in zip(upper, places(points, 0), strict=True):
        assert expected == pytest.approx(actual)
    for expected, actual in zip(lower, places(points, 1), strict=True):
        assert expected == pytest.approx(actual)


def test_xor_without_noise_is_its_truth_table_again_and_again():
    table = [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]

    assert [*table, *table, table[0]] == xor(n=9, noise=0.0)


def test_a_spirals_arm_turns_by_540_degrees_for_each_unit_of_radius():
    """Seen to fail with 4πr."""
    arm = places(spiral(n=60, noise=0.0), 0)
    radii = [math.hypot(x, y) for x, y in arm]

    assert (radii[0], radii[-1]) == (pytest.approx(0.1), pytest.approx(1.0))
    assert statistics.pstdev(later - radius for radius, later in pairwise(radii)) < 1e-12
    for (x, y), radius in zip(arm, radii, strict=True):
        turned = math.degrees(math.atan2(x, y)) - 540.0 * radius
        assert math.remainder(turned, 360.0) == pytest.approx(0.0, abs=1e-9)


def test_the_arms_of_a_spiral_are_one_arm_turned_by_180_degrees():
    points = spiral(n=60, noise=0.0)

    assert places(points, 1) == [(-x, -y) for x, y in places(points, 0)]


def test_the_arms_of_a_spiral_keep_apart():
    """They come nearest at their inner ends, opposite each other on a circle of radius 0.1."""
    points = spiral(n=200, noise=0.0)

    nearest = min(math.dist(a, b) for a in places(points, 0) for b in places(points, 1))

    assert nearest == pytest.approx(0.2)


# What all have in common --------------------------------------------------------------------------


@ALL
@pytest.mark.parametrize("n", [2, 4, 100])
def test_classes_are_balanced(dataset, n):
    points = dataset(n=n)

    assert [len(places(points, kind)) for kind in (0, 1)] == [n // 2, n // 2]


@pytest.mark.parametrize("dataset", [moons, spiral])
def test_an_odd_point_goes_to_class_1(dataset):
    points = dataset(n=7)

    assert [len(places(points, kind)) for kind in (0, 1)] == [3, 4]


@ALL
def test_the_seed_decides_everything(dataset):
    assert dataset(seed=3) == dataset(seed=3)
    assert dataset(seed=3) != dataset(seed=4)


@ALL
def test_the_lists_of_a_data_set_are_its_own(dataset):
    points = dataset(n=8, noise=0.0)
    points[0][0][0] = 1000.0

    assert [inputs for inputs, _ in points].count(points[0][0]) == 1
    assert dataset(n=8, noise=0.0) != points


@ALL
def test_noise_scales_what_moves_the_points(dataset):
    still, shaken, twice = (dataset(n=50, noise=noise) for noise in (0.0, 0.5, 1.0))

    for (rest, _), (once, _), (more, _) in zip(still, shaken, twice, strict=True):
        for place in range(2):
            assert 2.0 * (once[place] - rest[place]) == pytest.approx(more[place] - rest[place], abs=1e-12)


def test_noise_is_normal_with_its_standard_deviation_in_each_coordinate():
    """Bounds are four standard errors of 20,000 numbers; seen to fail without the 2 of −2·ln u."""
    n, noise = 20_000, 0.25
    pairs = zip(xor(n=n, noise=noise), xor(n=n, noise=0.0), strict=True)
    moved = [(x - x0, y - y0) for ([x, y], _), ([x0, y0], _) in pairs]
    error = 4.0 / math.sqrt(n)

    for coordinate in zip(*moved, strict=True):
        assert statistics.fmean(coordinate) == pytest.approx(0.0, abs=error * noise)
        assert statistics.pstdev(coordinate) == pytest.approx(noise, rel=error / math.sqrt(2.0))
        for deviations in (1, 2):
            within = sum(abs(x) < deviations * noise for x in coordinate) / n
            assert within == pytest.approx(math.erf(deviations / math.sqrt(2.0)), abs=error / 2.0)
    assert statistics.correlation(*zip(*moved, strict=True)) == pytest.approx(0.0, abs=error)


@ALL
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"n": 1}, "n must be 2 or more, .* not 1"),
        ({"n": 0}, "n must be 2 or more, .* not 0"),
        ({"noise": -0.1}, "noise must be a number of 0 or more, not -0.1"),
        ({"noise": math.nan}, "noise must be a number of 0 or more, not nan"),
        ({"noise": math.inf}, "noise must be a number of 0 or more, not inf"),
    ],
)
def test_what_makes_no_sense_is_refused(dataset, wrong, told):
    with pytest.raises(ValueError, match=told):
        dataset(**wrong)
