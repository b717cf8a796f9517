"""What a module is, what neurons, layers and networks compute, and where their weights start.

Every expected number is worked by hand or follows from a formula of the literature.
"""

import copy
import functools
import inspect
import itertools
import math
import os
import pickle
import random
import re
import subprocess
import sys
import weakref
from abc import ABC, abstractmethod
from collections import Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import numpy
import pytest
from helpers import bits, grads
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Value, add, gradcheck, log, multiply, nn, no_grad, relu, topological_order
from autograd import sum as total
from autograd.nn import ACTIVATIONS, MLP, Layer, Module, Neuron, Sequential, expanded, squared_error
from autograd.optim import SGD

INF, NAN = math.inf, math.nan


def numbers(values: list[Value]) -> list[float]:
    return [value.data for value in values]


def state_bits(module: Module) -> dict[str, str]:
    return {name: bits(number) for name, number in module.state_dict().items()}


# What a parameter is ------------------------------------------------------------------------------


class Line(Module):
    """slope·x + offset, as a PyTorch user writes it."""

    def __init__(self, slope: float, offset: float) -> None:
        super().__init__()
        self.slope = Value(slope, "slope")
        self.offset = Value(offset, "offset")

    def forward(self, x: Any) -> Any:
        return self.slope * x + self.offset


class Doubled(Module):
    """2·factor·x, as a micrograd user writes it."""

    def __init__(self) -> None:
        self.factor = Value(3.0)

    def __call__(self, x: Any) -> Any:
        return self.factor * x * 2


class Collection(Module):
    """Whatever is given, each thing as an attribute."""

    def __init__(self, **things: Any) -> None:
        for name, thing in things.items():
            setattr(self, name, thing)


def test_names_are_the_ways_to_the_parameters() -> None:
    """Seen to fail with names that lack the attribute."""
    model = MLP(2, [2, 1])
    ways = [
        *("layers.0.neurons.0.weights.0", "layers.0.neurons.0.weights.1", "layers.0.neurons.0.bias"),
        *("layers.0.neurons.1.weights.0", "layers.0.neurons.1.weights.1", "layers.0.neurons.1.bias"),
        *("layers.1.neurons.0.weights.0", "layers.1.neurons.0.weights.1", "layers.1.neurons.0.bias"),
    ]

    assert [name for name, _ in model.named_parameters()] == ways
    assert dict(model.named_parameters())[ways[4]] is model.layers[0].neurons[1].weights[1]
    assert model.parameters() == [parameter for _, parameter in model.named_parameters()]


def test_subclass_with_forward() -> None:
    """Seen to fail with a call that does not go to `forward`."""
    line = Line(2.0, 1.0)

    assert line(3.0).data == 7.0
    assert line.parameters() == [line.slope, line.offset]


def test_subclass_with_its_own_call_and_no_init_of_the_base_class() -> None:
    """Seen to fail with parameters that only modules of the package have."""
    doubled = Doubled()

    assert doubled(5.0).data == 30.0
    assert doubled.named_parameters() == [("factor", doubled.factor)]


def test_module_without_forward_says_so() -> None:
    """Seen to fail with None for the answer of a module without `forward`."""
    with pytest.raises(NotImplementedError, match="Collection does not define forward"):
        Collection()([1.0])


def test_forward_may_take_several_inputs_and_names() -> None:
    """Seen to fail with a call of one input, and with one that takes no names."""

    class Weighted(Module):
        def forward(self, x: float, y: float, factor: float = 1.0) -> float:
            return factor * (x - y)

    assert Weighted()(5.0, 3.0) == 2.0
    assert Weighted()(5.0, y=3.0, factor=2.0) == 4.0


def test_parameters_in_lists_tuples_and_dicts_of_modules_and_values() -> None:
    """Seen to fail with dicts, or tuples, that are not looked into."""
    a, b, c, d = (Value(number) for number in (1.0, 2.0, 3.0, 4.0))
    model = Collection(
        weights=[a, (b, [c])], parts={"line": Line(5.0, 6.0), "offsets": {"first": d}}, lines=(Line(7.0, 8.0),)
    )

    assert model.state_dict() == {
        "weights.0": 1.0,
        "weights.1.0": 2.0,
        "weights.1.1.0": 3.0,
        "parts.line.slope": 5.0,
        "parts.line.offset": 6.0,
        "parts.offsets.first": 4.0,
        "lines.0.slope": 7.0,
        "lines.0.offset": 8.0,
    }


def test_numbers_texts_and_functions_are_no_parameters() -> None:
    """Seen to fail with every attribute that is a real number taken for a parameter."""
    model = Collection(rate=0.1, name="a", activation=relu, nothing=None, flags={True}, text=["w", "b"])

    assert model.parameters() == []
    assert model.state_dict() == {}


def test_interior_node_that_is_kept_as_an_attribute_is_no_parameter() -> None:
    """Seen to fail with every Value taken for a parameter."""
    line = Line(2.0, 1.0)
    line.last = line(3.0)
    line.history = [line.last, line.slope * 2]

    assert line.parameters() == [line.slope, line.offset]
    assert line.state_dict() == {"slope": 2.0, "offset": 1.0}


def test_tied_parameter_is_listed_once_at_its_first_place() -> None:
    """Seen to fail with a parameter for each place."""
    first, second = Line(2.0, 1.0), Line(3.0, 4.0)
    second.slope = first.slope
    model = Collection(first=first, second=second)

    assert model.state_dict() == {"first.slope": 2.0, "first.offset": 1.0, "second.offset": 4.0}


def test_tied_parameter_moves_once_by_the_sum_of_its_gradients() -> None:
    """Seen to fail with a parameter for each place."""
    first, second = Line(2.0, 1.0), Line(3.0, 4.0)
    second.slope = first.slope
    model = Sequential(first, second)
    model(5.0).backward()
    slope, optimizer = first.slope, SGD(model.parameters(), lr=0.5)

    # s·(s·5 + 1) + 4 has the derivative 10·s + 1 = 21.
    assert slope.grad == 21.0
    optimizer.step()
    assert slope.data == 2.0 - 0.5 * 21.0


def test_shared_module_is_listed_once() -> None:
    """Seen to fail with a parameter for each place."""
    line = Line(2.0, 1.0)

    assert Sequential(line, line).state_dict() == {"parts.0.slope": 2.0, "parts.0.offset": 1.0}


def test_module_may_know_the_one_that_it_is_part_of() -> None:
    """Seen to fail with modules that are walked each time they are met: RecursionError."""
    parent, child = Collection(weight=Value(1.0)), Line(2.0, 3.0)
    parent.child, child.parent, child.itself = child, parent, child

    assert parent.state_dict() == {"weight": 1.0, "child.slope": 2.0, "child.offset": 3.0}
    assert len(child.parameters()) == 3


def test_whatever_has_an_order_is_looked_into() -> None:
    """Seen to fail with lists, tuples and dicts only."""
    array = numpy.empty((2, 1), dtype=object)
    array[0, 0], array[1, 0] = Value(1.0), Value(2.0)
    model = Collection(
        array=array,
        deque=deque([Value(3.0)]),
        ordered=OrderedDict(a=Value(4.0)),
        default=defaultdict(list, b=[Value(5.0)]),
        users=UserList([UserDict(c=Value(6.0))]),
        read_only=MappingProxyType({"d": Value(7.0)}),
        record=Point(Value(8.0), [Value(9.0)]),
        space=SimpleNamespace(e=Value(10.0)),
        pair=Pair(Value(11.0), Value(12.0)),
    )

    assert model.state_dict() == {
        "array.0.0": 1.0,
        "array.1.0": 2.0,
        "deque.0": 3.0,
        "ordered.a": 4.0,
        "default.b.0": 5.0,
        "users.0.c": 6.0,
        "read_only.d": 7.0,
        "record.x": 8.0,
        "record.y.0": 9.0,
        "space.e": 10.0,
        "pair.0": 11.0,
        "pair.1": 12.0,
    }


def test_attributes_in_slots_are_looked_into() -> None:
    """Seen to fail with `vars` alone."""

    class Slotted(Module):
        __slots__ = ("weight",)

        def __init__(self) -> None:
            self.weight = Value(2.0)

    assert Slotted().state_dict() == {"weight": 2.0}


def test_a_list_that_holds_itself_ends() -> None:
    """Seen to fail with lists that are walked each time they are met: RecursionError."""
    things: list[Any] = [Value(1.0)]
    things.append(things)
    ladder: list[Any] = [Value(2.0)]
    for _ in range(60):
        ladder = [ladder, ladder]

    assert len(Collection(things=things, ladder=ladder).parameters()) == 2


def test_parameters_that_are_equal_are_two() -> None:
    """Seen to fail with a dict of parameters, which goes by == and hash."""

    class Number(Value):
        def __eq__(self, other: object) -> bool:
            return isinstance(other, Value) and self.data == other.data

        def __hash__(self) -> int:
            return hash(self.data)

    class Unhashable(Number):
        __hash__ = None  # type: ignore[assignment]

    assert len(Collection(a=Number(1.0), b=Number(1.0)).named_parameters()) == 2
    assert len(Collection(a=Unhashable(1.0), b=Unhashable(1.0)).named_parameters()) == 2


def test_parameters_that_are_made_on_first_use_are_found() -> None:
    """Seen to fail with names that are kept from the beginning."""

    class Lazy(Module):
        def forward(self, inputs: list[float]) -> Value:
            if not hasattr(self, "weights"):
                self.weights = [Value(0.5) for _ in inputs]
            self.last = total(weight * x for weight, x in zip(self.weights, inputs, strict=True))
            return self.last

    lazy = Lazy()
    assert lazy.parameters() == []
    lazy([1.0, 2.0])

    assert lazy.state_dict() == {"weights.0": 0.5, "weights.1": 0.5}


# What would be left out ---------------------------------------------------------------------------


@dataclass
class Point:
    x: Any
    y: Any


class Pair(NamedTuple):
    first: Value
    second: Value


class Plain:
    """What holds Values and is not a module."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing


class Slots:
    __slots__ = ("thing",)

    def __init__(self, thing: Any) -> None:
        self.thing = thing


class Bag(list[Any]):
    """A list with attributes of its own."""


def bag_of(value: Value) -> Bag:
    bag = Bag()
    bag.extra = value  # type: ignore[attr-defined]
    return bag


def closure_over(value: Any) -> Callable[[float], Any]:
    return lambda x: value * x


def with_default(value: Value) -> Callable[[float], Value]:
    def scaled(x: float, factor: Value = value) -> Value:
        return factor * x

    return scaled


HIDING: dict[str, tuple[Callable[[Value], Any], str]] = {
    "set": (lambda v: {v}, "in a set, .*no order.*write a list"),
    "frozenset": (lambda v: frozenset([v]), "in a frozenset, .*no order"),
    "set in a list": (lambda v: [1.0, {v}], r"thing\.1 holds a Value in a set"),
    "set of modules": (lambda v: {Collection(weight=v)}, "holds a Collection in a set"),
    "generator": (lambda v: (v for _ in range(2)), "is a generator, which can be read only once.*write a list"),
    "map": (lambda v: map(Value, [1.0]), "is a map, which can be read only once"),
    "filter": (lambda v: filter(None, [v]), "is a filter, which can be read only once"),
    "iterator": (lambda v: iter([v]), "in a list_iterator, .*write a list or a dict"),
    "zip": (lambda v: zip([v], [1], strict=True), "in a zip"),
    "cycle": (lambda v: itertools.cycle([v]), "in a cycle"),
    "values of a dict": (lambda v: {"a": v}.values(), "in a dict_values"),
    "keys of a dict": (lambda v: {v: 1.0}, "in a dict"),
    "object": (lambda v: Plain([v]), r"in a Plain, .*class Plain\(nn\.Module\)"),
    "object with slots": (lambda v: Slots(v), "in a Slots"),
    "object in a dict in a list": (lambda v: [{"a": Plain(v)}], r"thing\.0\.a holds a Value in a Plain"),
    "module in an object": (lambda v: Plain(Collection(weight=v)), "holds a Collection in a Plain"),
    "attribute of a list": (bag_of, "in a Bag"),
    "closure": (closure_over, "in a function, .*make it an attribute"),
    "default of a function": (with_default, "in a function"),
    "closure over a module": (lambda v: closure_over(Collection(weight=v)), "holds a Collection in a function"),
    "method of a module": (lambda v: Collection(weight=v).forward, "holds a Collection in a method"),
    "partial": (lambda v: functools.partial(multiply, v), "in a partial"),
}


@pytest.mark.parametrize("hiding", HIDING)
def test_a_parameter_where_it_cannot_be_found_is_told(hiding: str) -> None:
    """Seen to fail with parameters that are left out without a word."""
    hide, message = HIDING[hiding]
    with pytest.raises(TypeError, match=message):
        Keeper(hide(Value(1.0)))

    model = Collection()
    model.thing = hide(Value(1.0))
    with pytest.raises(TypeError, match=message):
        model.parameters()


class Keeper(Module):
    def __init__(self, thing: Any) -> None:
        self.thing = thing


def test_what_is_found_elsewhere_may_be_anywhere_too() -> None:
    """Seen to fail with an error for each Value in a set or an object."""

    class Trained(Module):
        def __init__(self) -> None:
            self.weight = Value(2.0)
            self.line = Line(3.0, 4.0)
            self.optimizer = SGD(self.parameters(), lr=0.1)
            self.tied = {self.weight, self.line.slope}
            self.momenta = {self.weight: 0.0}
            self.call = self.forward
            self.twice = lambda x: 2 * self.forward(x)

        def forward(self, x: float) -> Value:
            return self.weight * x

    assert list(Trained().state_dict()) == ["weight", "line.slope", "line.offset"]


def test_a_part_may_hold_a_function_of_the_module_around_it() -> None:
    """Seen to fail with an error for each module that a function refers to."""

    class Part(Module):
        def __init__(self, ask: Callable[[], Any], plain: Any) -> None:
            self.weight, self.ask, self.plain = Value(1.0), ask, plain

    class Whole(Module):
        def __init__(self) -> None:
            self.part = Part(lambda: self.extra_repr(), Plain(self.forward))

    whole = Whole()

    assert whole.parameters() == whole.part.parameters() == [whole.part.weight]


def caught() -> BaseException:
    """An exception, which knows the frame that it was raised in and the Value there."""
    try:
        value = Value(1.0)
        float(value)
    except TypeError as error:
        return error
    raise AssertionError


def test_things_without_values_are_left_alone() -> None:
    """Seen to fail with an error for each set, iterator or object."""
    model = Keeper(
        [
            {"a", 1},
            itertools.count(),
            iter([1.0]),
            random.Random(1),
            Plain({"a": [1.0]}),
            relu,
            math.sin,
            lambda x: x,
            numpy.zeros(3),
            functools.partial(max, 1.0),
            caught(),
            weakref.ref(Line(1.0, 2.0)),
        ]
    )

    assert model.parameters() == []


def test_values_on_a_class_are_told() -> None:
    """Seen to fail with parameters that are left out without a word."""

    class Shared(Module):
        slope = Value(2.0)

    class Inherits(Shared):
        pass

    class Listed(Module):
        weights = [Value(1.0)]  # noqa: RUF012  # which is what is tried

    class Part(Module):
        line = Line(1.0, 2.0)

    for kind, message in (
        (Shared, r"slope is on the class Shared.*self\.slope = "),
        (Inherits, "slope is on the class Shared"),
        (Listed, "weights is on the class Listed"),
        (Part, "line is on the class Part"),
    ):
        with pytest.raises(TypeError, match=message):
            kind()

    class Own(Shared):
        def __init__(self) -> None:
            self.slope = Value(5.0)

    assert Own().state_dict() == {"slope": 5.0}


@pytest.mark.parametrize(
    "thing",
    [
        lambda: Value(2.0) * 0.1,
        lambda: [Value(2.0) * 0.1],
        lambda: {"a": (1.0, Value(2.0) * 0.1)},
        lambda: {Value(2.0) * 0.1},
        lambda: Plain(Value(2.0) * 0.1),
    ],
)
def test_a_computed_value_is_no_parameter_to_begin_with(thing: Callable[[], Any]) -> None:
    """Seen to fail with a model that is trained without it."""
    with pytest.raises(
        ValueError, match=r"computed Value \(multiply\) and would not be trained.*Value\(2\.0 \* 0\.1\)"
    ):
        Keeper(thing())


def test_a_computed_value_that_is_appended_in_init_is_told() -> None:
    """Seen to fail with a look at attributes only when they are set."""

    class Appending(Module):
        def __init__(self) -> None:
            self.weights: list[Value] = []
            for number in (1.0, 2.0):
                self.weights.append(Value(number) * 0.1)

    with pytest.raises(ValueError, match=r"weights\.0 is a computed Value"):
        Appending()


def test_a_computed_value_that_is_made_on_first_use_is_told() -> None:
    """Seen to fail with all that `forward` makes taken for its results."""

    class Lazy(Module):
        def forward(self, x: float) -> Value:
            if not hasattr(self, "weight"):
                self.weight = Value(2.0) * 0.1
            return self.weight * x

    with pytest.raises(ValueError, match=r"weight is a computed Value \(multiply\)"):
        Lazy()(3.0)


def test_what_forward_keeps_is_no_parameter_and_no_fault() -> None:
    """Seen to fail with an error for each computed Value."""

    class Square(Module):
        def forward(self, x: Any) -> Any:
            self.inputs, self.last = x, x * x
            self.all = [*getattr(self, "all", []), self.last]
            self.seen = {self.last}
            return self.last

    square, line = Square(), Line(2.0, 1.0)
    for x in (Value(3.0), Value(3.0) * 2, line(3.0)):
        square(x)

        assert set(square.state_dict()) <= {"inputs"}
    others = Value(3.0)

    class Penalty(Module):
        def forward(self) -> Value:
            self.last = others * others
            return self.last

    assert Penalty()().data == 9.0
    assert Sequential(line, square)(3.0).data == 49.0
    assert Sequential(line, square).parameters() == [line.slope, line.offset]


def test_who_lists_the_parameters_by_hand_knows_where_they_are() -> None:
    """As modules of micrograd do. Seen to fail with an error for each object that is not a module."""

    class Handmade(Module):
        def __init__(self) -> None:
            self.neuron = Plain(Value(2.0))

        def parameters(self) -> list[Value]:
            return [self.neuron.thing]

        def forward(self, x: float) -> Value:
            self.last: Value = self.neuron.thing * x
            return self.last

    handmade = Handmade()
    handmade(3.0)
    handmade.parameters()[0].grad = 1.0
    handmade.zero_grad()

    assert not handmade.parameters()[0].has_grad


def test_abstract_modules_are_modules() -> None:
    """Seen to fail with a metaclass that is not ABCMeta's: a conflict."""

    class Shape(Module, ABC):
        @abstractmethod
        def forward(self, x: float) -> Value: ...

    class Straight(Shape):
        def __init__(self) -> None:
            self.slope = Value(2.0)

        def forward(self, x: float) -> Value:
            return self.slope * x

    assert Straight()(3.0).data == 6.0
    with pytest.raises(TypeError, match="abstract"):
        Shape()  # type: ignore[abstract]


def test_help_shows_the_arguments_of_init() -> None:
    """Seen to fail with (*arguments, **options)."""
    assert list(inspect.signature(Neuron).parameters) == ["nin", "activation", "bias", "nout", "seed"]
    assert list(inspect.signature(Line).parameters) == ["slope", "offset"]
    assert not inspect.signature(Module).parameters


# State that is not trained ------------------------------------------------------------------------


class Centred(Module):
    """w·(x − a running mean of x)."""

    def __init__(self) -> None:
        self.weight = Value(2.0)
        self.register_buffer("mean", 0.0)
        self.register_buffer("count", 0)
        self.register_buffer("last", [0.0, 0.0])

    def forward(self, x: Any) -> Any:
        self.mean = 0.75 * self.mean + 0.25 * x
        self.count += 1
        self.last = (self.last[1], x)
        return self.weight * (x - self.mean)


def test_buffers_keep_numbers_and_are_no_parameters() -> None:
    """Seen to fail with buffers that keep the Values that are set."""
    model = Centred()
    model(Value(8.0))
    model(4.0).backward()

    # 0.25·8 = 2, 0.75·2 + 0.25·4 = 2.5
    assert (model.mean, model.count, model.last) == (2.5, 2, [8.0, 4.0])
    assert [type(number) for number in (model.mean, model.count, *model.last)] == [float, int, float, float]
    assert model.named_parameters() == [("weight", model.weight)]
    assert model.weight.grad == 1.5


def test_buffers_go_with_the_state_of_the_whole_model() -> None:
    """Seen to fail with buffers of the outermost module only."""
    model, twin = Collection(part=Centred()), Collection(part=Centred())
    model.part(8.0)
    twin.load_state_dict(model.state_dict())

    assert model.state_dict() == {"part.weight": 2.0, "part.mean": 2.0, "part.count": 1, "part.last": [0.0, 8.0]}
    assert model.named_buffers() == [("part.mean", 2.0), ("part.count", 1), ("part.last", [0.0, 8.0])]
    for copied in (twin, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied.state_dict() == model.state_dict()
        assert type(copied.part.count) is int
    twin.part(4.0)
    assert model.part.last == [0.0, 8.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": "1"}, "mean is not a number but '1'"),
        ({"mean": [1.0]}, r"mean is not a number but \[1\.0\]"),
        ({"last": 1.0}, r"last must be a list of 2, not 1\.0"),
        ({"last": [1.0]}, r"last must be a list of 2, not \[1\.0\]"),
        ({"last": [1.0, None]}, r"last\.1 is not a number but None"),
    ],
)
def test_buffers_that_do_not_fit_are_refused_and_nothing_changes(change: dict[str, Any], message: str) -> None:
    """Seen to fail with buffers that are taken over unseen."""
    model = Centred()
    before = model.state_dict()
    with pytest.raises(ValueError, match=message):
        model.load_state_dict({**before, "weight": 5.0, **change})

    assert model.state_dict() == before


def test_what_can_be_a_buffer() -> None:
    """Seen to fail without the checks."""
    model = Centred()
    model.register_buffer("table", numpy.array([[1.0, 2.0]]))
    model.register_buffer("mean", numpy.float32(0.5))

    assert (model.table, model.mean) == ([[1.0, 2.0]], 0.5)
    for name, error, message in (
        ("weight", KeyError, "has an attribute 'weight': choose another name"),
        ("forward", KeyError, "has an attribute 'forward': choose another name"),
        ("a.b", KeyError, r"named like an attribute, not 'a\.b'"),
    ):
        with pytest.raises(error, match=message):
            model.register_buffer(name, 0.0)
    with pytest.raises(TypeError, match="the buffer text must be a number or a list of numbers, not 'a'"):
        model.register_buffer("text", "a")
    with pytest.raises(TypeError, match="the buffer mean must be a number or a list of numbers, not None"):
        model.mean = None


def test_a_parameter_does_not_become_a_computed_value() -> None:
    """Seen to fail with a parameter that is not trained any more without a word."""
    model = Collection(weight=Value(1.0), weights=[Value(0.0), Value(0.0)])
    with pytest.raises(ValueError, match=r"weight of this Collection is a parameter.*register_buffer"):
        model.weight = model.weight * 0.5
    with no_grad(), pytest.raises(ValueError, match=r"weights\.1 of this Collection is a parameter"):
        model.weights = [Value(0.0), model.weight * 2]
    model.weights[0] = model.weight * 2
    with pytest.raises(ValueError, match=r"weights\.0 of this Collection is a parameter"):
        model.parameters()
    model.weights = [model.weight.detach(), Value(1.0)]

    assert len(model.parameters()) == 3


class Recurrent(Module):
    """A cell that carries on a state, a mean, and two states in a list."""

    def __init__(self) -> None:
        self.cell = Neuron(2, "tanh", seed=0)
        self.state, self.mean = Value(0.0), Value(0.0)
        self.others = [Value(1.0), {"last": Value(2.0)}]

    def forward(self, x: float) -> Value:
        self.state = self.cell([x, self.state])
        self.mean = 0.9 * self.mean + 0.1 * x
        self.others = [self.others[0] * 2.0, {"last": self.state}]
        return self.state


@pytest.mark.parametrize("grad", [True, False])
def test_what_forward_carries_on_is_a_state_that_is_saved_and_loaded(grad: bool, tmp_path: Path) -> None:
    """Seen to fail with a name that is gone when the model is saved, so that the file does not load into a new one."""
    model = Recurrent()
    with nullcontext() if grad else no_grad():
        for x in (1.0, -0.5, 2.0):
            model(x)
    model.save(tmp_path / "model.json")
    fresh, used = Recurrent(), Recurrent()
    used(7.0)
    for other in (fresh, used):
        other.load(tmp_path / "model.json")
        assert other(0.25).data == model.cell([0.25, model.state.data]).data
        assert other.mean.data == 0.9 * model.mean.data + 0.1 * 0.25
        assert other.others[0].data == 16.0

    assert [name for name, _ in model.named_parameters()] == ["cell.weights.0", "cell.weights.1", "cell.bias"]
    assert sorted(model.state_dict())[-4:] == ["mean", "others.0", "others.1.last", "state"]


def test_gradients_flow_through_a_state() -> None:
    """Seen to fail with states that are kept as plain numbers."""
    model = Recurrent()
    first = model.cell.weights[0]
    (model(1.0) + model(0.5)).backward()
    w, u, b = (parameter.data for parameter in model.parameters())
    h = math.tanh(w + b)
    g = math.tanh(0.5 * w + u * h + b)

    assert first.grad == pytest.approx((1 - h * h) + (1 - g * g) * (0.5 + u * (1 - h * h)), rel=1e-12)


def test_two_parameters_of_one_name_are_refused() -> None:
    """Seen to fail with names that are not compared: one of the two was lost on saving."""
    for thing in ({1: Value(1.0), "1": Value(2.0)}, {"a.0": Value(1.0), "a": [Value(2.0)]}):
        model = Collection(table=thing)
        for list_them in (model.named_parameters, model.parameters, model.state_dict):
            with pytest.raises(ValueError, match=r"2 parameters of this Collection have the name table\.(1|a\.0)"):
                list_them()


def test_zero_grad_forgets_all_gradients() -> None:
    """Seen to fail with a `zero_grad` that leaves the last one out."""
    model = MLP(2, [3, 1], seed=0)
    model([1.0, 2.0]).backward()
    assert any(grads(model.parameters()))

    model.zero_grad()

    assert not any(parameter.has_grad for parameter in model.parameters())


@st.composite
def module_trees(draw: st.DrawFn) -> tuple[Module, list[Value]]:
    """A module with attributes of all kinds, and its leaves, of which some stand in several places."""
    leaves = [Value(number) for number in draw(st.lists(st.floats(), min_size=1, max_size=6))]
    name = st.sampled_from("abcd")
    anything = st.recursive(
        st.sampled_from([*leaves, 1.5, None, "text"]),
        lambda part: (
            st.lists(part, max_size=3)
            | st.tuples(part, part)
            | st.dictionaries(name, part, max_size=3)
            | st.dictionaries(name, part, max_size=3).map(lambda things: Collection(**things))
        ),
        max_leaves=12,
    )
    return Collection(**draw(st.dictionaries(name, anything, max_size=4))), leaves


def thing_at(module: Any, way: str) -> Any:
    """What a name leads to."""
    for step in way.split("."):
        if isinstance(module, Module):
            module = getattr(module, step)
        else:
            module = module[int(step) if isinstance(module, list | tuple) else step]
    return module


def leaves_within(thing: Any) -> set[Value]:
    if isinstance(thing, Value):
        return {thing}
    parts = vars(thing).values() if isinstance(thing, Module) else thing.values() if isinstance(thing, dict) else thing
    return set().union(*map(leaves_within, parts)) if isinstance(parts, list | tuple | type({}.values())) else set()


@given(module_trees())
def test_in_any_tree_each_leaf_has_one_name_that_leads_to_it(tree: tuple[Module, list[Value]]) -> None:
    """Seen to fail with dicts that are not looked into, and with a parameter for each place."""
    module, _ = tree
    named = module.named_parameters()

    assert all(thing_at(module, name) is parameter for name, parameter in named)
    assert len({name for name, _ in named}) == len(named)
    assert Counter(module.parameters()) == Counter(leaves_within(module))


@given(module_trees())
def test_state_of_any_tree_goes_round(tree: tuple[Module, list[Value]]) -> None:
    """Seen to fail with numbers of which the state keeps 15 digits."""
    module, leaves = tree
    before, state = [bits(leaf.data) for leaf in leaves], module.state_dict()
    mine = set(module.parameters())
    for leaf in leaves:
        leaf.data = 0.5
    module.load_state_dict(state)

    expected = [number if leaf in mine else bits(0.5) for leaf, number in zip(leaves, before, strict=True)]
    assert [bits(leaf.data) for leaf in leaves] == expected


# States -------------------------------------------------------------------------------------------


def test_loading_a_state_changes_the_numbers_and_nothing_else() -> None:
    """Seen to fail with states that are taken over for the first parameter only."""
    line = Line(2.0, 1.0)
    line(3.0).backward()
    slope = line.slope
    line.load_state_dict({"offset": -0.0, "slope": 5})

    assert line.slope is slope
    assert (slope.data, type(slope.data), slope.label, slope.grad) == (5.0, float, "slope", 3.0)
    assert bits(line.offset.data) == bits(-0.0)


def test_a_state_is_a_copy() -> None:
    """Seen to fail with a state of the parameters themselves."""
    line = Line(2.0, 1.0)
    state = line.state_dict()
    line.slope.data = 7.0

    assert state == {"slope": 2.0, "offset": 1.0}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"slope": 5.0}, "does not fit this Line: it lacks offset$"),
        ({}, "it lacks slope, offset$"),
        ({"slope": 5.0, "offset": 6.0, "bias": 7.0}, "it has, but the model does not, bias$"),
        ({"slope": 5.0, "offset": 6.0, 3: 7.0}, "it has, but the model does not, 3$"),
        ({"slope": 5.0, "offset": "6.0"}, "offset is not a number but '6.0'$"),
        ({"slope": 5.0, "offset": None}, "offset is not a number but None$"),
        ({"slope": 5.0, "offset": True}, "offset is not a number but True$"),
        ({"slope": 5.0, "offset": [6.0]}, r"offset is not a number but \[6\.0\]$"),
        ({"slope": 5.0, "offset": 1j}, "offset is not a number but 1j$"),
        ({"slope": 5.0, "offset": "9" * 1000}, "offset is not a number but '9{39}$"),
        ([5.0, 6.0], "a state must be a dict of numbers by name, not list$"),
        (None, "a state must be a dict of numbers by name, not NoneType$"),
    ],
)
def test_state_that_does_not_fit_is_refused_and_nothing_changes(state: Any, message: str) -> None:
    """Seen to fail with numbers that are written while others are still to be checked."""
    line = Line(2.0, 1.0)
    with pytest.raises(ValueError, match=message):
        line.load_state_dict(state)

    assert line.state_dict() == {"slope": 2.0, "offset": 1.0}


def test_of_many_names_five_are_told() -> None:
    """Seen to fail with all names in the message."""
    with pytest.raises(ValueError, match=r"it lacks (\S+, ){4}\S+ and 16 more$"):
        MLP(3, [4, 1]).load_state_dict({})


def test_state_of_another_shape_is_refused() -> None:
    """Seen to fail with states of which unknown names are left out."""
    large, small = MLP(2, [3, 1], seed=0), MLP(2, [2, 1], seed=1)
    before = state_bits(small)
    with pytest.raises(ValueError, match=r"has, but the model does not, layers\.0\.neurons\.2\.weights\.0"):
        small.load_state_dict(large.state_dict())
    with pytest.raises(ValueError, match=r"lacks layers\.0\.neurons\.2\.weights\.0"):
        large.load_state_dict(small.state_dict())

    assert state_bits(small) == before


# The examples that teachers work by hand ----------------------------------------------------------


def test_neuron_of_the_lecture() -> None:
    """Seen to fail with a neuron that leaves its bias out."""
    neuron = Neuron(2, "identity")
    neuron.load_state_dict({"weights.0": 5.0, "weights.1": -1.0, "bias": 3.0})
    inputs = [Value(1.0), Value(-3.0)]
    prediction = neuron(inputs)
    loss = squared_error(prediction, 10.0)
    loss.backward()

    assert (prediction.data, loss.data, prediction.grad) == (11.0, 1.0, 2.0)
    assert grads(neuron.weights) == [2.0, -6.0]
    assert neuron.bias is not None
    assert neuron.bias.grad == 2.0
    assert grads(inputs) == [10.0, -2.0]


def test_network_of_the_article() -> None:
    """Seen to fail with `output` given to all layers."""
    model = MLP(3, [4, 1], bias=False, output="sigmoid")
    columns = zip([0.1, 0.2, 0.4, 0.3], [0.5, 0.4, 0.7, 0.9], [0.2, 0.6, 0.3, 0.8], strict=True)
    model.load_state_dict(
        {f"layers.0.neurons.{j}.weights.{i}": w for j, column in enumerate(columns) for i, w in enumerate(column)}
        | {f"layers.1.neurons.0.weights.{j}": w for j, w in enumerate([0.2, 0.3, 0.6, 0.1])}
    )
    inputs = [0.1, 0.4, 0.5]
    p = model(inputs)
    loss = -log(p)
    loss.backward()
    hidden = [neuron.weights for neuron in model.layers[0].neurons]
    output = model.layers[1].neurons[0].weights
    gradients = [grads(row) for row in [*zip(*hidden, strict=True), output]]
    SGD(model.parameters(), lr=1.0).step()

    assert [p.data, loss.data] == pytest.approx([0.63807065, 0.44930626], abs=5e-9)
    assert numbers(model.layers[0](inputs)) == pytest.approx([0.34040207, 0.52560310, 0.56120620, 0.80520103], abs=5e-9)
    assert model(inputs).data == pytest.approx(0.74992269, abs=5e-9)
    for row, expected in zip(
        gradients,
        [
            [-0.00723859, -0.01085788, -0.02171576, -0.00361929],
            [-0.02895435, -0.04343152, -0.08686304, -0.01447717],
            [-0.03619293, -0.05428940, -0.10857880, -0.01809647],
            [-0.11219810, -0.17372609, -0.17010679, -0.28592418],
        ],
        strict=True,
    ):
        assert row == pytest.approx(expected, abs=5e-9)
    assert numbers(output) == pytest.approx([0.31219810, 0.47372609, 0.77010679, 0.38592418], abs=5e-9)


# What neurons, layers and networks compute --------------------------------------------------------

# Each activation, written once more.
FORMULAS: dict[str, Callable[[float], float]] = {
    "identity": lambda z: z,
    "relu": lambda z: max(0.0, z),
    "sigmoid": lambda z: 1.0 / (1.0 + math.exp(-z)),
    "tanh": math.tanh,
    "softplus": lambda z: math.log(1.0 + math.exp(z)),
    "leaky_relu": lambda z: max(0.0, z) + 0.01 * min(0.0, z),
    "elu": lambda z: z if z > 0 else math.expm1(z),
    "silu": lambda z: z / (1.0 + math.exp(-z)),
    "gelu": lambda z: z * (1.0 + math.erf(z / math.sqrt(2.0))) / 2.0,
}


def test_there_are_so_many_activations() -> None:
    """Seen to fail without `tanh`."""
    assert set(ACTIVATIONS) == set(FORMULAS)


@pytest.mark.parametrize("activation", FORMULAS)
def test_neuron_is_the_activation_of_the_weighted_sum(activation: str) -> None:
    """Seen to fail with a neuron that leaves its bias out."""
    neuron = Neuron(2, activation)
    neuron.load_state_dict({"weights.0": 0.5, "weights.1": -2.0, "bias": 0.25})

    for inputs, z in (([3.0, 0.5], 0.75), ([1.0, 1.0], -1.25)):
        assert neuron(inputs).data == pytest.approx(FORMULAS[activation](z), rel=1e-15)


@pytest.mark.parametrize(("activation", "count"), [("identity", 1), ("relu", 2), ("sigmoid", 2), ("tanh", 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_neuron_is_one_dot_node_and_its_activation(activation: str, count: int, bias: bool) -> None:
    """Seen to fail with a sum of products."""
    neuron = Neuron(3, activation, bias=bias, seed=0)
    nodes = [node for node in topological_order(neuron([1.0, 2.0, 3.0])) if node.operation is not None]
    names = [node.operation.name for node in nodes if node.operation is not None]

    assert names == ["dot", activation][:count]
    assert set(nodes[0].parents) == set(neuron.parameters())


def test_layer_answers_a_list_also_of_one() -> None:
    """Seen to fail with the Value itself for a layer of one neuron."""
    one, three = Layer(2, 1, seed=0)([1.0, 2.0]), Layer(2, 3, seed=0)([1.0, 2.0])

    assert [type(one), len(one), type(three), len(three)] == [list, 1, list, 3]
    assert all(isinstance(output, Value) for output in [*one, *three])


def test_layer_gives_its_inputs_to_each_neuron() -> None:
    """Seen to fail with a layer of one neuron, repeated."""
    layer = Layer(2, 3, "identity", bias=False)
    state = {f"neurons.{j}.weights.{i}": 10.0 * j + i for j in range(3) for i in range(2)}
    layer.load_state_dict(state)

    # (0, 1), (10, 11) and (20, 21) times (1, 2)
    assert numbers(layer([1.0, 2.0])) == [2.0, 32.0, 62.0]
    assert numbers(layer(x for x in (1.0, 2.0))) == [2.0, 32.0, 62.0]


@pytest.mark.parametrize("activation", FORMULAS)
@pytest.mark.parametrize("output", FORMULAS)
def test_last_layer_has_the_activation_output_and_all_others_activation(activation: str, output: str) -> None:
    """Seen to fail with `output` given to all layers."""
    model = MLP(1, [1, 1, 1], activation, output)
    weights = [0.5, 1.5, -0.75]
    model.load_state_dict(
        {f"layers.{k}.neurons.0.weights.0": w for k, w in enumerate(weights)}
        | {f"layers.{k}.neurons.0.bias": 0.125 for k in range(3)}
    )
    for x in (2.0, -3.0):
        z = x
        for w, kind in zip(weights, (activation, activation, output), strict=True):
            z = FORMULAS[kind](w * z + 0.125)

        assert model([x]).data == pytest.approx(z, rel=1e-14)


def test_network_without_biases_has_none() -> None:
    """Seen to fail with biases in the first layer."""
    names = [name for name, _ in MLP(2, [3, 1], bias=False).named_parameters()]

    assert len(names) == 2 * 3 + 3
    assert not [name for name in names if "bias" in name]


SHAPES = [
    (nin, list(nouts))
    for nin in (1, 2, 3)
    for depth in (1, 2, 3)
    for nouts in itertools.product((1, 2, 4), repeat=depth)
] + [(3, [1, 1, 4, 1]), (1, [1, 1, 1, 1]), (2, [16, 1, 1])]


@pytest.mark.parametrize("activation", FORMULAS)
def test_every_shape_answers_and_trains_one_step(activation: str) -> None:
    """Seen to fail with the Value itself for a layer of one neuron."""
    for nin, nouts in SHAPES:
        model = MLP(nin, nouts, activation, seed=3)
        inputs = [0.5, -1.0, 2.0][:nin]

        def loss(model: MLP = model, inputs: list[float] = inputs) -> Any:
            answer = model(inputs)
            return total(squared_error(output, 10.0) for output in (answer if isinstance(answer, list) else [answer]))

        first, before = loss(), state_bits(model)
        first.backward()
        SGD(model.parameters(), lr=1e-4).step()
        answer = model(inputs)

        assert isinstance(answer, Value) if nouts[-1] == 1 else len(answer) == nouts[-1]
        assert len(before) == sum((n + 1) * m for n, m in zip([nin, *nouts], nouts, strict=False))
        assert state_bits(model) != before
        assert loss().data < first.data


def test_answer_and_gradients_are_those_of_the_formula() -> None:
    """Seen to fail with a weight that is detached."""
    model = MLP(2, [3, 2, 1], "tanh", "sigmoid", seed=5)
    names = [name for name, _ in model.named_parameters()]

    def answer(inputs: list[Value], parameters: list[Value]) -> Value:
        twin = copy.deepcopy(model)
        for name, parameter in zip(names, parameters, strict=True):
            *way, last = name.split(".")
            owner = thing_at(twin, ".".join(way))
            if isinstance(owner, list):
                owner[int(last)] = parameter
            else:
                setattr(owner, last, parameter)
        result = twin(inputs)
        assert isinstance(result, Value)
        return result

    comparisons = gradcheck(answer, [0.5, -1.5], model.parameters())

    assert [comparison.verdict for comparison in comparisons] == ["agrees"] * (2 + len(names))


def test_inputs_may_be_values_numbers_arrays_and_what_a_loop_gives() -> None:
    """Seen to fail with inputs of which only lists are taken."""
    model = MLP(2, [2, 1], seed=0)
    expected = model([1.0, 2.0]).data
    leaves = [Value(1.0), Value(2.0)]
    model(leaves).backward()

    assert all(leaf.has_grad for leaf in leaves)
    for inputs in (leaves, (1, 2), numpy.array([1.0, 2.0]), range(1, 3), (x for x in (1.0, 2.0))):
        assert model(inputs).data == expected


def test_sequential_is_one_part_after_the_other() -> None:
    """Seen to fail with the parts in reverse."""
    model = Sequential(Line(2.0, 1.0), lambda x: x * x, Line(-1.0, 0.5))

    # −(2·3 + 1)² + 0.5
    assert model(3.0).data == -48.5
    assert list(model.state_dict()) == ["parts.0.slope", "parts.0.offset", "parts.2.slope", "parts.2.offset"]
    assert (len(model), model[0], list(model)) == (3, model.parts[0], model.parts)


def test_sequential_of_layers_is_an_mlp() -> None:
    """Seen to fail with the parts in reverse."""
    model = MLP(2, [3, 1], "tanh", seed=0)
    layers = Sequential(*model.layers)

    assert numbers(layers([0.5, -1.0])) == [model([0.5, -1.0]).data]


# Wrong widths and unknown activations -------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(3, [4, 1])([1, 2]), "this MLP takes 3 inputs, but got 2$"),
        (lambda: MLP(3, [4, 1])([1, 2, 3, 4]), "this MLP takes 3 inputs, but got 4$"),
        (lambda: MLP(3, [4, 1])([]), "this MLP takes 3 inputs, but got 0$"),
        (lambda: MLP(1, [1])(x for x in (1, 2)), "this MLP takes 1 input, but got 2$"),
        (lambda: Layer(2, 3)([1.0]), "this Layer takes 2 inputs, but got 1$"),
        (lambda: Neuron(2)([1.0]), "this Neuron takes 2 inputs, but got 1$"),
        (lambda: Sequential(Layer(2, 3), Layer(2, 1))([1, 2]), "this Layer takes 2 inputs, but got 3$"),
        (lambda: MLP(0, [1]), "nin must be 1 or more, not 0$"),
        (lambda: MLP(2, [3, 0, 1]), "nout must be 1 or more, not 0$"),
        (lambda: MLP(2, [-3]), "nout must be 1 or more, not -3$"),
        (lambda: Neuron(-1), "nin must be 1 or more, not -1$"),
        (lambda: Layer(2, 0), "nout must be 1 or more, not 0$"),
        (lambda: MLP(2, []), "nouts is empty"),
        (lambda: Sequential(), "a Sequential needs at least one part$"),
        (
            lambda: MLP(2, [1], "mish"),
            "unknown activation 'mish': choose one of identity, relu, .* gelu, or pass a function$",
        ),
        (
            lambda: MLP(2, [1], output="softmax"),
            "unknown activation 'softmax': choose one of identity, relu, sigmoid, tanh",
        ),
        (lambda: MLP(2, [1], activation="Relu"), "unknown activation 'Relu'"),
        (lambda: Layer(2, 1, ""), "unknown activation ''"),
    ],
)
def test_wrong_number_or_name_is_told_with_the_right_ones(make: Callable[[], object], message: str) -> None:
    """Seen to fail with zip that truncates in place of the check of widths."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("inner", [False, True])
def test_wrong_width_is_told_when_expanded_too(inner: bool) -> None:
    """Seen to fail with zip that truncates in place of the check of widths."""
    with expanded(), pytest.raises(ValueError, match="takes 3 inputs, but got 2"):
        (Layer(3, 2) if inner else MLP(3, [1]))([1.0, 2.0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MLP(2, 1), "nouts must be a list of widths.*not 1"),
        (lambda: MLP(2, "11"), "nouts must be a list of widths.*not '11'"),
        (lambda: MLP(2.0, [1]), "nin must be a whole number, not 2.0"),
        (lambda: MLP(2, [1.5]), "nout must be a whole number, not 1.5"),
        (lambda: MLP(True, [1]), "nin must be a whole number, not True"),
        (lambda: MLP(2, [1])(3.0), "takes a list of 2 numbers, not float"),
        (lambda: MLP(1, [1])(Value(3.0)), "takes a list of 1 number, not Value"),
        (lambda: MLP(2, [1])("ab"), "takes a list of 2 numbers, not str"),
        (lambda: MLP(2, [1])([1.0, "2"]), r"float\(text\)"),
        (lambda: MLP(2, [1])([[1.0, 2.0], [3.0, 4.0]]), r"2 numbers of one example.*write \[model\(example\) for"),
        (lambda: MLP(2, [1])(numpy.zeros((3, 2))), "2 numbers of one example"),
        (lambda: MLP(2, [1])({0: 1.0, 1: 2.0}), r"not dict: write list\(d\.values\(\)\)"),
        (lambda: MLP(2, [1])({1.0, 2.0}), "not set: a set has no order, so write a list"),
        (lambda: MLP(2, [1])(b"ab"), "not bytes: convert text first"),
        (lambda: MLP(2, [1])(numpy.array(2.0)), "takes a list of 2 numbers, not ndarray"),
        (lambda: MLP(2, [1])(None), r"not NoneType: as in model\(\[x0, x1\]\)"),
        (lambda: MLP(2, [1])([1.0, None]), "not None"),
        (lambda: MLP(2, {3, 1}), "nouts must be a list of widths"),
        (lambda: MLP(2, [1], seed="moons"), "seed must be a whole number, not 'moons'"),
        (lambda: Neuron(2, None), "an activation must be a name.*not None"),
        (lambda: Neuron(2, False), "'identity' for none.*not False"),
        (lambda: Neuron(2, Value), "an activation must be a name.*not <class"),
        (lambda: Sequential(Layer(2, 1), 3), "modules or functions, not 3"),
        (lambda: Sequential([Layer(2, 1)]), r"modules or functions, not \[Layer"),
    ],
)
def test_wrong_type_is_told(make: Callable[[], object], message: str) -> None:
    """Seen to fail without the checks of types."""
    with pytest.raises(TypeError, match=message):
        make()


# For drawing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
def test_expanded_neurons_are_single_products_and_sums_of_the_same_bits(bias: bool) -> None:
    """Seen to fail with the bias as the first term."""
    model = MLP(3, [4, 2, 1], "tanh", "sigmoid", bias=bias, seed=1)
    for parameter in model.parameters():
        parameter.data += 0.1  # biases are 0 at first
    inputs = [0.1, -0.7, 1.3]
    answer = model(inputs)
    answer.backward()
    gradients = [bits(gradient) for gradient in grads(model.parameters())]
    model.zero_grad()
    with expanded():
        drawn = model(inputs)
    drawn.backward()
    operations = Counter(node.operation.name for node in topological_order(drawn) if node.operation is not None)
    widths = [(3, 4), (4, 2), (2, 1)]

    assert bits(drawn.data) == bits(answer.data)
    assert [bits(gradient) for gradient in grads(model.parameters())] == gradients
    assert operations == {
        "multiply": sum(n * m for n, m in widths),
        "add": sum((n - 1 + bias) * m for n, m in widths),
        "tanh": 6,
        "sigmoid": 1,
    }


def test_expanded_ends_with_its_context_also_by_an_exception() -> None:
    """Seen to fail with a context that does not end."""
    neuron = Neuron(1, "identity", bias=False, seed=0)
    with pytest.raises(ZeroDivisionError), expanded(), expanded():
        raise ZeroDivisionError

    assert neuron([1.0]).operation is not multiply
    with expanded():
        with expanded():
            pass
        assert neuron([1.0]).operation is multiply


def test_expanded_neuron_with_a_bias_is_a_sum() -> None:
    """Seen to fail with `expanded` that does nothing."""
    neuron = Neuron(1, "identity", seed=0)
    with expanded():
        node = neuron([2.0])
    product = node.parents[0]

    assert (node.operation, product.operation) == (add, multiply)
    assert node.parents == (product, neuron.bias)


# Where weights start ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("activation", "variance"),
    [  # He et al. 2015: 2/fan_in. Glorot & Bengio 2010: 2/(fan_in + fan_out).
        ("relu", 2 / 40),
        ("identity", 2 / (40 + 300)),
        ("sigmoid", 2 / (40 + 300)),
        ("tanh", 2 / (40 + 300)),
    ],
)
def test_weights_start_uniformly_with_the_variance_of_the_literature(activation: str, variance: float) -> None:
    """Seen to fail with He's start for `tanh`, with fan_out for fan_in, and with weights from 0 on."""
    layer = Layer(40, 300, activation, seed=2024)
    weights = [weight.data for neuron in layer.neurons for weight in neuron.weights]
    limit = math.sqrt(3 * variance)  # ±limit has the variance limit²/3
    mean_square = sum(weight * weight for weight in weights) / len(weights)
    tenths = Counter(math.floor((weight / limit + 1) * 5) for weight in weights)

    # Of 12,000 uniform numbers the mean has a standard error of limit·0.0053, the mean square one of 0.8 %, and the
    # count in a tenth of the range is 1200 ± 33.
    assert -limit <= min(weights) < -0.999 * limit
    assert 0.999 * limit < max(weights) <= limit
    assert sum(weights) / len(weights) == pytest.approx(0.0, abs=0.02 * limit)
    assert mean_square == pytest.approx(variance, rel=0.03)
    assert all(abs(tenths[tenth] - 1200) < 130 for tenth in range(10))


def test_each_layer_starts_by_its_own_activation_and_widths() -> None:
    """Seen to fail with He's start for `identity`."""
    model = MLP(30, [40, 50, 100], seed=0)
    limits = [math.sqrt(6 / 30), math.sqrt(6 / 40), math.sqrt(6 / (50 + 100))]

    for layer, limit in zip(model.layers, limits, strict=True):
        largest = max(abs(weight.data) for neuron in layer.neurons for weight in neuron.weights)
        assert 0.95 * limit < largest <= limit


def test_biases_start_at_zero() -> None:
    """Seen to fail with random biases."""
    state = MLP(3, [4, 4, 2], seed=0).state_dict()

    assert [bits(number) for name, number in state.items() if name.endswith("bias")] == [bits(0.0)] * 10


def test_weights_are_drawn_one_after_the_other() -> None:
    """Seen to fail with 1 − 2·random() for 2·random() − 1."""
    model, draw = MLP(2, [3, 1], "tanh", seed=7), random.Random(7).random
    limits = [math.sqrt(6 / 5)] * 6 + [math.sqrt(6 / 4)] * 3
    expected = [bits(limit * (2 * draw() - 1)) for limit in limits]
    weights = [bits(number) for name, number in model.state_dict().items() if "weights" in name]

    assert weights == expected


PRINTED_BITS = """
import struct
from autograd.nn import MLP
print([struct.pack(">d", number).hex() for number in MLP(3, [5, 2], "tanh", seed=42).state_dict().values()])
"""


def test_same_seed_gives_the_same_bits_in_another_process() -> None:
    """Seen to fail with a seed that is hashed with a text."""
    here = str([bits(number) for number in MLP(3, [5, 2], "tanh", seed=42).state_dict().values()])
    for hash_seed in ("1", "2"):
        finished = subprocess.run(
            [sys.executable, "-c", PRINTED_BITS],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
        )

        assert finished.stdout.strip() == here, finished.stderr


def test_other_seeds_and_other_neurons_start_elsewhere() -> None:
    """Seen to fail with all neurons of a layer alike, and with a seed that is not used."""
    states = [state_bits(MLP(3, [4, 1], seed=seed)) for seed in (0, 1, 2, None, None)]
    weights = [number for name, number in states[0].items() if "weights" in name]

    assert len({tuple(state.values()) for state in states}) == 5
    assert len(set(weights)) == len(weights)


def test_seed_may_be_a_generator_that_is_drawn_from() -> None:
    """Seen to fail with a generator that is taken for a seed."""
    shared = random.Random(5)
    first, second = MLP(2, [2], seed=shared), MLP(2, [2], seed=shared)

    assert state_bits(first) == state_bits(MLP(2, [2], seed=random.Random(5)))
    assert state_bits(first) != state_bits(second)


def test_without_a_seed_python_s_own_random_decides() -> None:
    """As in micrograd. Seen to fail with a generator that is seeded by the time."""
    random.seed(1337)
    first, second = MLP(2, [3, 1]), MLP(2, [3, 1])
    random.seed(1337)
    again = MLP(2, [3, 1])

    assert state_bits(again) == state_bits(first) == state_bits(MLP(2, [3, 1], seed=1337))
    assert state_bits(second) != state_bits(first)


def test_with_a_seed_python_s_own_random_is_left_alone() -> None:
    """Seen to fail with the global generator."""
    before = random.getstate()
    MLP(3, [4, 1], seed=0)
    MLP(3, [4, 1], seed=random.Random(1))

    assert random.getstate() == before


def test_widths_and_seeds_may_be_numpy_s_whole_numbers() -> None:
    """Seen to fail with `isinstance(width, int)`."""
    model = MLP(numpy.int64(2), numpy.array([3, 1]), seed=numpy.int64(3))

    assert state_bits(model) == state_bits(MLP(2, [3, 1], seed=3))


# What users of micrograd and PyTorch arrive with --------------------------------------------------


def test_the_lecture_s_training_loop() -> None:
    """Seen to fail with weights that `random.seed` does not decide."""
    losses = []
    for _ in range(2):
        random.seed(1337)
        n = MLP(3, [4, 4, 1], "tanh", "tanh")
        xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
        ys = [1.0, -1.0, -1.0, 1.0]
        for _ in range(20):
            ypred = [n(x) for x in xs]
            loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
            for p in n.parameters():
                p.grad = 0.0
            loss.backward()
            for p in n.parameters():
                p.data += -0.1 * p.grad
        losses.append(loss.data)

    assert losses[0] == losses[1] < 0.2


def test_micrograd_s_own_example() -> None:
    """Seen to fail with answers that are lists."""
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    inputs = [list(map(Value, row)) for row in numpy.array([[0.5, -1.0], [1.5, 0.25]])]
    scores = list(map(model, inputs))
    losses = [(1 + -y * score).relu() for y, score in zip(numpy.array([1, -1]), scores, strict=True)]
    loss = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
    model.zero_grad()
    loss.backward()

    assert len(model.parameters()) == 337
    assert sum(p.grad != 0 for p in model.parameters()) > 30


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("w", "'Neuron' object has no attribute 'w': here it is called weights$"),
        ("weight", "here it is called weights$"),
        ("b", "here it is called bias$"),
        ("nonlin", "here it is activation"),
        ("in_features", r"len\(neuron\.weights\)"),
        ("train", "no modes here"),
        ("eval", "no modes here"),
        ("to", "no device"),
        ("cuda", "'Neuron' object has no attribute 'cuda'$"),
    ],
)
def test_names_of_micrograd_and_pytorch_name_the_remedy(name: str, message: str) -> None:
    """Seen to fail with a bare AttributeError."""
    with pytest.raises(AttributeError, match=message):
        getattr(Neuron(2), name)
    assert not hasattr(Neuron(2), name)


def test_advice_is_given_only_where_it_fits() -> None:
    """Seen to fail with `weights` for a module that has none."""
    with pytest.raises(AttributeError, match=r"'Line' object has no attribute 'w'$"):
        Line(1.0, 2.0).w  # noqa: B018


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Neuron(2, nonlin=False),
            r"Neuron\(\) has no argument nonlin=: write activation='relu' for nonlin=True",
        ),
        (lambda: Layer(2, 3, nonlin=True), r"Layer\(\) has no argument nonlin=: write"),
        (
            lambda: Layer(in_features=2, out_features=3),
            r"Layer\(\) has no argument (in|out)_features=: write (nin|nout)=",
        ),
        (lambda: Neuron(2, colour="red"), "unexpected keyword argument 'colour'"),
    ],
)
def test_options_of_micrograd_and_pytorch_name_the_remedy(make: Callable[[], object], message: str) -> None:
    """Seen to fail with "unexpected keyword argument"."""
    with pytest.raises(TypeError, match=message):
        make()


def test_a_users_module_may_have_these_options_and_attributes() -> None:
    """Seen to fail with names that nobody may have."""

    class Mine(Module):
        def __init__(self, nonlin: bool = True, **options: Any) -> None:
            self.w, self.nonlin, self.train = Value(1.0), nonlin, options

    mine = Mine(nonlin=False, in_features=3)

    assert (mine.nonlin, mine.w.data, mine.train) == (False, 1.0, {"in_features": 3})


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Linear", r"nn\.Layer\(2, 3, 'identity'\)"),
        ("ReLU", r"activation='relu', or write autograd\.relu\(x\)"),
        ("GELU", r"activation='gelu', or write nn\.gelu\(x\)"),
        ("MSELoss", r"nn\.squared_error\(prediction, target\)"),
        ("BCEWithLogitsLoss", r"nn\.binary_cross_entropy_with_logits\(logit, target\)"),
        ("CrossEntropyLoss", r"nn\.cross_entropy\(logits, target\)"),
        ("Parameter", r"self\.w = Value\(0\.5\)"),
        ("ModuleList", "write a list"),
        ("Conv2d", r"module 'autograd\.nn' has no attribute 'Conv2d'$"),
    ],
)
def test_names_of_torch_nn_name_the_remedy(name: str, message: str) -> None:
    """Seen to fail with a bare AttributeError."""
    with pytest.raises(AttributeError, match=message):
        getattr(nn, name)


def test_the_advice_is_about_names_that_are_there() -> None:
    """Seen to fail with a name in an advice that is not there."""
    for advice in nn.FOREIGN_NAMES.values():
        for package, name in re.findall(r"\b(nn|autograd|optim)\.(\w+)", advice):
            assert hasattr({"nn": nn, "autograd": autograd, "optim": autograd.optim}[package], name), advice


# repr ---------------------------------------------------------------------------------------------


def test_repr_is_a_tree_with_counts() -> None:
    """Seen to fail with counts of the own parameters only."""
    assert repr(MLP(2, [3, 3, 1], "relu", "sigmoid")).splitlines() == [
        "MLP(2 → 3 → 3 → 1), 25 parameters",
        "├─ layers.0: Layer(2 → 3, relu), 9 parameters",
        "│  └─ neurons.0 … neurons.2: 3 × Neuron(2, relu), 3 parameters",
        "├─ layers.1: Layer(3 → 3, relu), 12 parameters",
        "│  └─ neurons.0 … neurons.2: 3 × Neuron(3, relu), 4 parameters",
        "└─ layers.2: Layer(3 → 1, sigmoid), 4 parameters",
        "   └─ neurons.0: Neuron(3, sigmoid), 4 parameters",
    ]


def test_repr_of_a_users_modules() -> None:
    """Seen to fail with rows that join parts of several attributes."""
    model = Collection(
        scale=Value(2.0), line=Line(1.0, 2.0), other=Line(3.0, 4.0), parts={"a": Neuron(1, bias=False), "b": [Module()]}
    )

    assert repr(model).splitlines() == [
        "Collection, 6 parameters",
        "├─ line: Line, 2 parameters",
        "├─ other: Line, 2 parameters",
        "├─ parts.a: Neuron(1, relu), 1 parameter",
        "└─ parts.b.0: Module, 0 parameters",
    ]


def test_repr_tells_what_is_shared() -> None:
    """Seen to fail with a shared module that is shown in full each time."""
    line = Line(1.0, 2.0)
    model = Sequential(line, Neuron(1, seed=0), line, line)
    line.owner = model

    assert repr(model).splitlines() == [
        "Sequential, 4 parameters",
        "├─ parts.0: Line, 4 parameters",
        "│  └─ owner: Sequential, the same as above",
        "├─ parts.1: Neuron(1, relu), 2 parameters",
        "└─ parts.2 … parts.3: 2 × Line, the same as above",
    ]


def test_repr_of_a_ladder_of_shared_modules_is_short() -> None:
    """Seen to fail with a shared module that is walked each time: it does not end."""
    ladder: Module = Line(1.0, 2.0)
    for _ in range(60):
        ladder = Collection(left=ladder, right=ladder)

    assert len(repr(ladder).splitlines()) == 1 + 2 * 60
    assert len(ladder.parameters()) == 2


# Copies -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copy_of_a_model_is_exact_and_independent(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with leaves that are copied as themselves."""
    model = MLP(2, [3, 1], "tanh", seed=0)
    model.layers[1].neurons[0].weights[2] = model.layers[0].neurons[0].weights[0]  # a tie
    model([1.0, 2.0]).backward()
    before, gradients = state_bits(model), grads(model.parameters())
    twin = copied(model)
    assert state_bits(twin) == before
    assert grads(twin.parameters()) == gradients
    assert twin([0.5, -1.0]).data == model([0.5, -1.0]).data
    assert twin.layers[1].neurons[0].weights[2] is twin.layers[0].neurons[0].weights[0]
    assert repr(twin) == repr(model)

    twin([1.0, 2.0]).backward()
    SGD(twin.parameters(), lr=0.1).step()

    assert state_bits(model) == before
    assert grads(model.parameters()) == gradients
    assert state_bits(twin) != before
    assert not set(twin.parameters()) & set(model.parameters())


def test_model_that_keeps_an_interior_node_cannot_be_copied_and_is_told_why() -> None:
    """Seen to fail with computed Values that are copied as leaves."""
    line = Line(2.0, 1.0)
    line.last = line(3.0)
    with pytest.raises(TypeError, match=r"cannot copy or pickle a computed Value \(add\).*detach"):
        copy.deepcopy(line)

    line.last = None

    assert copy.deepcopy(line).state_dict() == line.state_dict()


def test_without_gradients_a_model_answers_numbers_without_a_past() -> None:
    """Seen to fail with `no_grad` that does nothing."""
    model = MLP(2, [3, 1], seed=0)
    with no_grad():
        answer = model([1.0, 2.0])

    assert answer.operation is None
    assert answer.data == model([1.0, 2.0]).data
