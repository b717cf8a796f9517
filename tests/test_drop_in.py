"""What programs bring along: subclasses, strangers, attributes and methods of their own, the names of micrograd."""

import contextlib
import copy
import math
import operator
import pickle
import random
from collections.abc import Awaitable, Callable
from typing import Any

import numpy
import pytest

import autograd
from autograd import Value, audit, draw, explain, gradient, nn, topological_order

# Subclasses --------------------------------------------------------------------------------------------


class ByNumber(Value):
    """Equal by number, as some like it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)


class Unhashable(Value):
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.data == other.data

    __hash__ = None  # type: ignore[assignment]


class NeverEqual(Value):
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("asked whether Values are equal")

    def __hash__(self) -> int:
        raise RuntimeError("asked for a hash")


LIKE_NUMBERS = [ByNumber, Unhashable, NeverEqual]


@pytest.mark.parametrize("kind", LIKE_NUMBERS)
def test_a_node_is_known_by_itself_whatever_a_subclass_makes_of_equality(kind: type[Value]) -> None:
    """Seen to fail with [27, 27], where nodes are keys of a dict."""
    a, b = kind(3.0, "a"), kind(3.0, "b")
    y = a * a * b
    y.backward()

    assert [a.grad, b.grad] == [18.0, 9.0]
    assert [found.data for found in gradient(y, [a, b])] == [18.0, 9.0]
    assert gradient(gradient(y, a), b).data == 6.0
    assert [node is leaf for node, leaf in zip(topological_order(y), (a, b), strict=False)] == [True, True]
    assert len(topological_order(y)) == 4


@pytest.mark.parametrize("kind", LIKE_NUMBERS)
def test_words_and_pictures_know_nodes_by_themselves_too(kind: type[Value]) -> None:
    """Seen to fail with dicts of Values in `explain` and `draw`."""
    a, b = kind(3.0, "a"), kind(3.0, "b")
    with autograd.scope("product"):
        y = a * a * b
    y.backward()

    assert len(draw(y).node_ids) == 4
    assert draw(y, depth=1, around=None).svg
    assert draw(y, around=a, highlight=[a, b]).svg
    assert [(step.node is leaf, step.flow) for step, leaf in zip(explain(y).gradients, (a, b), strict=True)] == [
        (True, 18.0),
        (True, 9.0),
    ]
    assert [path.gradient for path in explain(y, wrt=[a, b]).paths] == [18.0, 9.0]
    assert audit(y).nodes == 4


@pytest.mark.parametrize("kind", LIKE_NUMBERS)
def test_models_and_optimizers_know_parameters_by_themselves_too(kind: type[Value]) -> None:
    """Seen to fail with dicts of Values in `nn` and `optim`."""

    class Line(nn.Module):
        def __init__(self) -> None:
            self.slope, self.shift = kind(1.0), kind(1.0)

        def forward(self, x: float) -> Value:
            return self.slope * x + self.shift

    model = Line()
    optimizer = autograd.optim.SGD(model.parameters(), lr=0.5)
    model(3.0).backward()
    optimizer.step()

    assert [name for name, _ in model.named_parameters()] == ["slope", "shift"]
    assert [parameter.data for parameter in model.parameters()] == [-0.5, 0.5]


class Forgetful(Value):
    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(
    "use",
    [
        lambda v: v + 1.0,
        lambda v: 2.0 * v,
        lambda v: Value(1.0) / v,
        lambda v: v**2,
        lambda v: -v,
        lambda v: v < 1.0,
        lambda v: Value(1.0) >= v,
        lambda v: v.exp(),
        autograd.exp,
        lambda v: autograd.maximum(1.0, v),
        lambda v: autograd.sum([Value(1.0), v]),
        lambda v: autograd.where(v, 1.0, Value(2.0)),
        lambda v: autograd.softmax([v, Value(2.0)]),
        lambda v: gradient(v, Value(1.0)),
        lambda v: gradient(Value(1.0), v),
        lambda v: v.data,
        lambda v: v.item(),
        lambda v: v.detach(),
        lambda v: v.backward(),
        repr,
        copy.copy,
        draw,
    ],
)
def test_a_subclass_that_does_not_call_its_base_is_told(use: Callable[[Value], Any]) -> None:
    """Seen to fail in the compiled engine: such a Value was 0.0."""
    with pytest.raises(AttributeError, match=r"Forgetful\.__init__ must call super\(\)\.__init__\(data\)"):
        use(Forgetful())


class Parameter(Value):
    __slots__ = ("momentum",)

    def __init__(self, data: float, group: str) -> None:
        super().__init__(data, f"{group}.w")
        self.group = group
        self.momentum = 0.5


class Discreet(Value):
    def __getstate__(self) -> Any:
        return {"told": "something else"}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, *(lambda v, p=p: pickle.loads(pickle.dumps(v, p)) for p in range(6))]
)
def test_copies_keep_class_and_attributes(copied: Callable[[Any], Any]) -> None:
    """Seen to fail with copies that are plain Values."""
    parameter = Parameter(3.0, "first")
    parameter.grad = 2.0
    parameter.history = [1.0, 2.0]
    found = copied(parameter)

    assert type(found) is Parameter
    assert (found.data, found.label, found.grad) == (3.0, "first.w", 2.0)
    assert (found.group, found.momentum, found.history) == ("first", 0.5, [1.0, 2.0])
    plain = Value(1.0)
    plain.colour = "red"
    assert (type(copied(plain)), copied(plain).colour) == (Value, "red")
    assert copied(Discreet(2.0)).told == "something else"


class Obliging(Value):
    """A subclass that has an answer to any name, and room for an attribute that nobody has set."""

    __slots__ = ("absent", "present")

    def __getattr__(self, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return "made up"


def test_a_copy_has_what_was_there_and_not_what_is_answered() -> None:
    """Seen to fail where slots are asked for by `getattr`."""
    x = Obliging(1.0)
    x.present = 2
    y = copy.copy(x)

    assert (y.present, y.absent) == (2, "made up")
    with pytest.raises(AttributeError):
        Obliging.absent.__get__(y)


# Attributes and methods of one's own -----------------------------------------------------------------


def test_any_value_takes_attributes() -> None:
    """Seen to fail with a class that has slots and nothing beside them."""
    x = Value(2.0, "x")
    for v in (x, x * x, x.exp(), autograd.sum([x, x, x])):
        v.colour = "red"
        v.m = 0.0
        v.m += 1.5
        assert (v.colour, v.m, vars(v)) == ("red", 1.5, {"colour": "red", "m": 1.5})
        del v.colour
        assert not hasattr(v, "colour")
        assert getattr(v, "colour", None) is None
        with pytest.raises(AttributeError, match="colour"):
            del v.colour
        setattr(v, "with space", 1)
        assert getattr(v, "with space") == 1
    assert not vars(Value(1.0))


@pytest.mark.parametrize("name", ["operation", "operands", "parents", "has_grad", "_prev", "_op", "_backward"])
def test_what_follows_from_the_graph_is_not_to_be_set(name: str) -> None:
    """Seen to fail where what cannot be set becomes an attribute of one's own; the engine in Python has slots there."""
    if autograd.engine == "python" and name in Value.__slots__:
        pytest.skip("a slot, which nothing guards")
    x = Value(2.0)
    with pytest.raises(AttributeError):
        setattr(x * x, name, None)


def test_ones_own_attributes_go_before_methods_and_defaults_of_the_class() -> None:
    """Seen to fail in the compiled engine: what the class had could not be set, nor what its metaclass had."""
    Value.momentum = 0.0
    try:
        v, w = Value(1.0), Value(1.0)
        v.momentum += 0.5
        assert (v.momentum, w.momentum) == (0.5, 0.0)
        del v.momentum
        assert v.momentum == 0.0
    finally:
        del Value.momentum
    v.exp = v.mro = "mine"

    assert (v.exp, v.mro, Value(0.0).exp().data) == ("mine", "mine", 1.0)
    del v.exp
    assert v.exp().data == math.e


def test_what_one_value_is_given_says_nothing_of_what_others_can_do() -> None:
    """Seen to fail in the compiled engine, where what is set to one stands in the class of all."""
    v = Value(1.0)
    names = ["__call__", "__iter__", "__len__", "__getattr__", "__get__", "__reversed__"]
    for name in names:
        with contextlib.suppress(AttributeError):
            setattr(v, name, None)

    assert not set(names) & set(vars(Value))
    assert not callable(Value(1.0))


def test_properties_of_the_class_go_before_ones_own_attributes() -> None:
    """Seen to fail where own attributes are looked at first."""
    v = Value(1.0)
    vars(v)["data"] = 2.0
    vars(v)["label"] = "mine"

    assert (v.data, v.label) == (1.0, "")


def test_all_attributes_are_exchanged_at_once() -> None:
    """Seen to fail in the compiled engine: its `__dict__` could not be set."""
    v = Value(1.0)
    v.m = 0.0
    v.__dict__ = {"n": 1}
    assert (v.n, vars(v), hasattr(v, "m")) == (1, {"n": 1}, False)
    del v.__dict__
    assert vars(v) == {}
    with pytest.raises(TypeError):
        v.__dict__ = None


@pytest.mark.parametrize("use", [getattr, delattr, hasattr])
def test_the_name_of_an_attribute_may_be_a_string_that_runs_code(use: Callable[..., Any]) -> None:
    """Seen to fail with a segfault: the name makes the Value anew while its attributes are searched."""

    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            v.__init__(2.0)
            return str(self) == other

    v = Value(1.0)
    v.m = 0.0
    with contextlib.suppress(AttributeError):
        use(v, Name("m"))

    assert v.data == 2.0


def test_a_program_may_give_values_methods() -> None:
    """Seen to fail in the compiled engine: its class was closed."""
    v = Value(3.0)
    Value.cube = lambda self: self**3
    Value.double = property(lambda self: self + self)
    try:
        assert (v.cube().data, (v * 1.0).cube().data, v.double.data) == (27.0, 27.0, 6.0)
        Value.cube = lambda self: self * self * self
        assert v.cube().operation is autograd.multiply
    finally:
        del Value.cube, Value.double

    assert not hasattr(v, "cube")


def test_a_program_may_give_values_operators() -> None:
    """Seen to fail in the compiled engine: its class was closed."""
    methods = {
        "__matmul__": lambda self, other: ("matmul", other),
        "__len__": lambda self: 7,
        "__getitem__": lambda self, place: place,
        "__contains__": lambda self, thing: thing == 5,
        "__await__": lambda self: iter([]),
        "__call__": lambda self: "called",
    }
    for name, method in methods.items():
        setattr(Value, name, method)
    try:
        v = Value(3.0)

        assert (v @ 2, len(v), v[3], 5 in v, 4 in v, v()) == (("matmul", 2), 7, 3, True, False, "called")
        assert isinstance(v, Awaitable)
    finally:
        for name in methods:
            delattr(Value, name)

    with pytest.raises(TypeError):
        Value(3.0) @ 2
    with pytest.raises(TypeError):
        len(Value(3.0))


def test_a_property_that_fails_tells_why() -> None:
    """Seen to fail where every AttributeError becomes "has no attribute"."""

    class Broken(Value):
        @property
        def norm(self) -> float:
            return self.data.absent

    with pytest.raises(AttributeError, match="'float' object has no attribute 'absent'"):
        Broken(1.0).norm  # noqa: B018


# Strangers --------------------------------------------------------------------------------------------


class Vec:
    """A class with operators of its own, which know Values."""

    def __init__(self, *numbers: Any) -> None:
        self.numbers = numbers

    def __radd__(self, other: Any) -> "Vec":
        return Vec(*[other + x for x in self.numbers])

    def __rsub__(self, other: Any) -> "Vec":
        return Vec(*[other - x for x in self.numbers])

    def __rmul__(self, other: Any) -> "Vec":
        return Vec(*[other * x for x in self.numbers])

    def __rtruediv__(self, other: Any) -> "Vec":
        return Vec(*[other / x for x in self.numbers])

    def __rpow__(self, other: Any) -> "Vec":
        return Vec(*[other**x for x in self.numbers])

    def __lt__(self, other: Any) -> list[bool]:
        return [x < other for x in self.numbers]

    def __le__(self, other: Any) -> list[bool]:
        return [x <= other for x in self.numbers]

    def __gt__(self, other: Any) -> list[bool]:
        return [x > other for x in self.numbers]

    def __ge__(self, other: Any) -> list[bool]:
        return [x >= other for x in self.numbers]


ARITHMETIC = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
ORDER = [operator.lt, operator.le, operator.gt, operator.ge]


@pytest.mark.parametrize("operate", ARITHMETIC)
@pytest.mark.parametrize("node", [Value(2.0), Value(1.0) + 1.0], ids=["leaf", "node"])
def test_a_stranger_is_asked_by_its_own_operator(operate: Callable[[Any, Any], Any], node: Value) -> None:
    """Seen to fail with a TypeError at whatever is no number."""
    answer = operate(node, Vec(1.0, 3.0))

    assert [x.data for x in answer.numbers] == [operate(2.0, 1.0), operate(2.0, 3.0)]
    assert all(x.parents == (node,) for x in answer.numbers)


@pytest.mark.parametrize("compare", ORDER)
def test_a_stranger_is_asked_to_compare(compare: Callable[[Any, Any], Any]) -> None:
    """Seen to fail with a TypeError at whatever is no number."""
    assert compare(Value(2.0), Vec(1.0, 2.0, 3.0)) == [compare(2.0, x) for x in (1.0, 2.0, 3.0)]


def test_a_strangers_operator_is_found_as_python_finds_it() -> None:
    """Seen to fail where it was called as a plain function, and where a module without a name passes for Python's."""

    class Bound:
        __rmul__ = classmethod(lambda cls, other: (cls, other))
        __radd__ = staticmethod(lambda other: other)
        __rsub__ = property(lambda self: lambda other: (self, other))
        __rpow__ = None

    v, stranger, nameless = Value(2.0), Bound(), {}
    exec("class Nameless:\n    def __rmul__(self, other): return other", nameless)

    assert v * stranger == (Bound, v)
    assert v + stranger is v
    assert v - stranger == (stranger, v)
    assert v * nameless["Nameless"]() is v
    with pytest.raises(TypeError, match=r"expected a real number, not .*Bound"):
        v**stranger


class Declining:
    """A class whose operators want nothing to do with Values."""

    def __radd__(self, other: Any) -> Any:
        return NotImplemented

    __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __lt__ = __le__ = __gt__ = __ge__ = __radd__


class Words(str):
    pass


@pytest.mark.parametrize("operate", [*ARITHMETIC, *ORDER])
@pytest.mark.parametrize("stranger", [Declining(), object(), "2", Words("2"), None, [1.0], (1.0,), {1: 2}, 2j])
def test_where_nobody_answers_the_error_names_a_remedy(operate: Callable[[Any, Any], Any], stranger: Any) -> None:
    """Seen to fail with a bare NotImplemented, and with lists that are asked to repeat themselves."""
    with pytest.raises(TypeError, match="expected a real number, not"):
        operate(Value(2.0), stranger)


def test_numpy_on_either_side_gives_arrays_of_values() -> None:
    """Seen to fail with `__array_ufunc__ = None`."""
    v = Value(3.0)
    for product in (numpy.array([1.0, 2.0]) * v, v * numpy.array([1.0, 2.0]), numpy.array([Value(1.0), 2.0]) * v):
        assert (product.dtype, [y.data for y in product]) == (object, [3.0, 6.0])
        sum(product).backward()
        assert v.grad == 3.0
        v.zero_grad()


def test_an_array_of_no_dimension_may_hold_a_value() -> None:
    """Seen to fail with a TypeError that took the Value for no number."""
    v, w = Value(3.0), Value(2.0)
    held = numpy.array(w)

    assert ((held * v).parents, (v - held).parents, held < v) == ((w, v), (v, w), True)


def test_an_array_of_values_is_changed_in_place() -> None:
    """Seen to fail with a TypeError; an array of floats has no room for Values."""
    v = Value(3.0)
    array = held = numpy.array([Value(1.0), 2.0])
    array += v
    array *= v
    assert (array is held, [y.data for y in array]) == (True, [12.0, 15.0])
    floats = numpy.array([1.0, 2.0])
    with pytest.raises(TypeError, match=r"an array of float64 cannot hold Values: .* array\.astype"):
        floats += v
    assert floats.tolist() == [1.0, 2.0]


# micrograd's names --------------------------------------------------------------------------------------


def trace(root: Value) -> tuple[set[Value], set[tuple[Value, Value]]]:
    """As micrograd's `draw_dot` walks a graph."""
    nodes, edges = set(), set()

    def build(v: Value) -> None:
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def test_a_graph_is_traced_by_prev_and_op() -> None:
    """Seen to fail with an AttributeError."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    c = a * b
    d = c + a
    nodes, edges = trace(d)

    assert nodes == {a, b, c, d}
    assert edges == {(a, c), (b, c), (c, d), (a, d)}
    assert a._prev == set()
    assert (c * c)._prev == {c}


def test_operations_have_the_texts_of_micrograd() -> None:
    """Seen to fail with an AttributeError."""
    from micrograd.engine import Value as Theirs

    ours, theirs = (
        [a, a + 2, 2 + a, a * 3, 3 * a, a**2, a**-1, a**0.5, a.relu(), 1 / a] for a in (Value(2.0), Theirs(2.0))
    )

    assert [v._op for v in ours[:-1]] == [v._op for v in theirs[:-1]]
    assert (1 / Value(2.0))._op == "**-1"
    assert Value(2.0).tanh()._op == "tanh"


def test_a_pass_is_made_by_hand() -> None:
    """The neuron of the lecture, node after node: Karpathy 2022, "The spelled-out intro to neural networks"."""
    x1, x2, w1, w2 = Value(2.0, label="x1"), Value(0.0, label="x2"), Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = n.tanh()
    o.grad = 1.0
    for node in (o, n, b, both, x2w2, x1w1):
        node._backward()

    assert [round(v.grad, 4) for v in (x1, w1, x2, w2)] == [-1.5, 1.0, 0.5, 0.0]


def test_a_pass_by_hand_is_that_of_backward() -> None:
    """Seen to fail where a gradient is set rather than added to."""
    leaves = [Value(0.5), Value(-2.0), Value(3.0)]
    a, b, c = leaves
    root = (a * b + autograd.maximum(a, c) * b).exp() + autograd.dot([a, b], [c, 1.0]) ** 2
    root.backward()
    expected = [leaf.grad for leaf in leaves]
    for node in topological_order(root):
        node.grad = 0.0
    root.grad = 1.0
    for node in reversed(topological_order(root)):
        node._backward()

    assert [leaf.grad for leaf in leaves] == expected


def test_the_training_loop_of_the_lecture_learns() -> None:
    """Its data and its network, with only the import changed."""
    random.seed(1337)
    n = nn.MLP(3, [4, 4, 1], activation="tanh", output="tanh")
    xs = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
    ys = [1.0, -1.0, -1.0, 1.0]
    for _ in range(100):
        ypred = [n(x) for x in xs]
        loss = sum((yout - ygt) ** 2 for ygt, yout in zip(ys, ypred, strict=True))
        for p in n.parameters():
            p.grad = 0.0
        loss.backward()
        for p in n.parameters():
            p.data += -0.1 * p.grad

    assert loss.data < 0.05
    assert [math.copysign(1.0, y.data) for y in ypred] == ys


def test_moments_may_be_kept_on_the_parameters() -> None:
    """Seen to fail with an AttributeError."""
    parameters = [Value(1.0), Value(-1.0)]
    for p in parameters:
        p.m = p.v = 0.0
    for _ in range(200):
        loss = sum(p * p for p in parameters)
        for p in parameters:
            p.grad = 0
        loss.backward()
        for p in parameters:
            p.m = 0.9 * p.m + 0.1 * p.grad
            p.v = 0.99 * p.v + 0.01 * p.grad**2
            p.data -= 0.05 * p.m / (p.v**0.5 + 1e-8)

    assert all(abs(p.data) < 0.05 for p in parameters)


@pytest.mark.parametrize(
    "name", ["grad_fn", "requires_grad", "clone", "numpy", "shape", "T", "is_leaf", "tolist", "trunc"]
)
def test_names_of_others_are_answered_with_a_remedy(name: str) -> None:
    """Seen to fail with a bare AttributeError."""
    for v in (Value(1.0), Value(1.0) + 1.0):
        with pytest.raises(AttributeError, match=f"a Value has no attribute '{name}': write "):
            getattr(v, name)
        assert not hasattr(v, name)


@pytest.mark.parametrize(
    "name", ["tensor", "Tensor", "elementwise_grad", "hvp", "matmul", "manual_seed", "trunc", "fmod"]
)
def test_names_of_other_packages_are_answered_with_a_remedy(name: str) -> None:
    """Seen to fail with a bare AttributeError."""
    with pytest.raises(AttributeError, match=f"module 'autograd' has no attribute '{name}': write "):
        getattr(autograd, name)


@pytest.mark.parametrize("name", ["retain_graph", "create_graph", "gradient", "inputs"])
def test_arguments_that_backward_has_elsewhere_are_answered_with_a_remedy(name: str) -> None:
    """Seen to fail with a bare TypeError."""
    x = Value(2.0)
    with pytest.raises(TypeError, match=rf"backward\(\) has no argument {name}=: write "):
        (x * x).backward(**{name: True})

    assert x.grad == 0.0
