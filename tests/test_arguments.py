"""Options that take numbers: NumPy's are numbers too, all else is told with what to write instead."""

import numpy
import pytest

from autograd import Value, draw, explain
from autograd.checks import choice, number, whole

DRAW = ["max_nodes", "radius", "depth", "digits"]
EXPLAIN = ["digits", "most"]
CALLS = [*[(draw, name) for name in DRAW], *[(explain, name) for name in EXPLAIN]]


def root():
    x = Value(2.0, "x")
    return x * x + 1


@pytest.mark.parametrize(("call", "name"), CALLS)
@pytest.mark.parametrize("kind", [numpy.int64, numpy.uint8, lambda n: numpy.array(n), int])
def test_whole_numbers_of_numpy_are_whole_numbers(call, name, kind):
    """Seen to fail with type(number) is int."""
    y = root()

    assert str(call(y, **{name: kind(9)})) == str(call(y, **{name: 9}))


@pytest.mark.parametrize(("call", "name"), CALLS)
@pytest.mark.parametrize(
    ("given", "told"),
    [
        (True, "not True: write .* (to|or more)"),
        (numpy.bool_(True), r"not (np\.)?True"),
        (numpy.array(False), r"not (np\.)?False"),
        (4.0, r"not 4\.0: write 4$"),
        (numpy.array(4.0), r"not (np\.float64\()?4\.0\)?: write 4$"),
        (2.5, r"not 2\.5: write .* (to|or more)"),
        (float("nan"), "not nan: write "),
        ("4", "not '4': write 4$"),
        ("four", "not 'four': write .* (to|or more)"),
        ([4], r"not \[4\]: write .* (to|or more)"),
        (numpy.array([4]), r"not array\(\[4\]\): write .* (to|or more)"),
        (Value(4.0), "not Value.*: write .* (to|or more)"),
    ],
)
def test_what_is_no_whole_number_is_told_with_what_to_write(call, name, given, told):
    """Seen to fail with `digits not in range(1, 18)`, which takes True and 4.0 for digits."""
    with pytest.raises(TypeError, match=f"^{name} must be a whole number, {told}"):
        call(root(), **{name: given})


@pytest.mark.parametrize(("call", "name"), [call for call in CALLS if call[1] != "depth"])
def test_none_is_a_whole_number_of_nothing(call, name):
    with pytest.raises(TypeError, match=f"^{name} must be a whole number, not None: write .* (to|or more)"):
        call(root(), **{name: None})


@pytest.mark.parametrize("timeout", [30, numpy.float32(30), numpy.array(30.0), numpy.int8(30), float("inf")])
def test_seconds_are_any_real_number(timeout):
    assert draw(root(), timeout=timeout).svg == draw(root()).svg


@pytest.mark.parametrize(
    ("timeout", "told"), [(True, "not True$"), ("30", "not '30': write 30.0"), (None, "not None$"), (3j, "not 3j$")]
)
def test_what_is_no_number_of_seconds_is_told(timeout, told):
    with pytest.raises(TypeError, match=f"^timeout must be a number, {told}"):
        draw(root(), timeout=timeout)


def test_a_checked_argument_is_of_pythons_own_type():
    assert type(whole("n", numpy.int64(3))) is int
    assert type(number("x", numpy.float32(3))) is float
    assert type(choice("theme", numpy.str_("dark"), ("light", "dark"))) is str


class Tensor:
    """As PyTorch's: it has a backward, and float() takes it."""

    def __init__(self, shape, data):
        self.shape, self.data = shape, data

    def __float__(self):
        return self.data

    def __iter__(self):
        return iter([self.data])

    def backward(self):
        raise NotImplementedError

    def item(self):
        return self.data

    def tolist(self):
        return self.data


class OtherValue:
    """As micrograd's."""

    data, grad = 2.0, 0.0

    def backward(self):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("thing", "remedy", "follow"),
    [
        (Tensor((), 2.0), r"take its number, with \.item\(\)", lambda x: Value(x.item())),
        (
            Tensor((2,), [2.0, 3.0]),
            r"\[Value\(number\) for number in numbers\.tolist\(\)\]",
            lambda x: [Value(number) for number in x.tolist()],
        ),
        (
            Tensor((1, 2), [[2.0, 3.0]]),
            r"\[\[Value\(number\) for number in row\] for row in numbers\.tolist\(\)\]",
            lambda x: [[Value(number) for number in row] for row in x.tolist()],
        ),
        (OtherValue(), r"as in value\.data", lambda x: Value(x.data)),
        (numpy.array([2.0]), r"\[Value\(number\) for number in numbers\]", lambda x: [Value(number) for number in x]),
        (Value(2.0), r"v\.detach\(\)", lambda x: x.detach()),
    ],
)
def test_the_remedy_for_what_is_no_number_works(thing, remedy, follow):
    """Seen to fail with a tensor taken for a Value, for it has a backward."""
    with pytest.raises(TypeError, match=remedy):
        Value(thing)
    follow(thing)
