"""The compiled engine does what the reference does: the same numbers bit for bit, and the same words."""

import ctypes
import gc
import inspect
import json
import math
import os
import pathlib
import pydoc
import random
import re
import signal
import struct
import subprocess
import sys
import sysconfig
import threading
import tomllib
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import OPERATIONS, Operation, gradient, operations, value
from autograd.foreign import Missing
from autograd.testing import Program, programs

native = pytest.importorskip("autograd.native.core", reason="the compiled engine was not built")

ENGINES = [value, native]
BUILT_IN = [operation for operation in OPERATIONS.values() if operation.rule.__module__ == "autograd.operations"]
IN_C = [operation for operation in BUILT_IN if operation.twin is not None]

# Where formulas change their branch, and where numbers end.
EDGES = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    2.0,
    -2.0,
    3.0,
    math.inf,
    -math.inf,
    math.nan,
    1e308,
    -1e308,
    5e-324,
    2e-308,
    1e-160,
)
EDGES += (710.0, -745.0, 37.0, 1e16, 1 / 3)


def bits(number: float | None) -> str:
    """Of a nan it does not matter which: its bits are the processor's choice, from one build of Python to the next."""
    return "none" if number is None else "nan" if math.isnan(number) else struct.pack(">d", number).hex()


def told(nodes: list[Any]) -> list[Any]:
    """All that a node knows."""
    return [
        (
            bits(node.data),
            bits(node.grad),
            node.has_grad,
            node.operation,
            [bits(number) for number in node.numbers],
            [nodes.index(x) if x in nodes else bits(x.data if hasattr(x, "data") else x) for x in node.operands],
            [bits(partial) for _, partial in node.local_gradients()],
            repr(node),
        )
        for node in nodes
    ]


def outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except Exception as error:
        return type(error), str(error)


# One operation at a time ----------------------------------------------------------------------------


def arguments_of(operation: Operation, draw: Callable[[], Any]) -> list[Any]:
    length = 3
    return [[draw() for _ in range(length)] if isinstance(domain, list) else draw() for domain in operation.domain]


def one_by_one(operation: Operation, engine: Any) -> list[Any]:
    """Value, gradients and second derivatives at edges and elsewhere, with constants among the operands."""
    source = random.Random(operation.name)
    answers: list[Any] = []
    for _ in range(400):
        leaves: list[Any] = []

        def operand(leaves: list[Any] = leaves) -> Any:
            number = (
                source.choice(EDGES) if source.random() < 0.6 else source.uniform(-3, 3) * 10 ** source.randint(-9, 9)
            )
            if source.random() < 0.2:
                return number
            leaves.append(engine.Value(number))
            return leaves[-1]

        node = operation(*arguments_of(operation, operand))
        if isinstance(node, float):
            continue
        node.backward(source.choice([1.0, -0.5, 3.0]))
        slopes = gradient(node * node, leaves)
        answers.append((told([node, *leaves]), [bits(slope.data) for slope in slopes]))
        answers.append([[bits(x.data) for x in gradient(slope, leaves)] for slope in slopes])
        for slope in slopes:
            slope.backward()
        answers.append([bits(leaf.grad) for leaf in leaves])
    return answers


@pytest.mark.parametrize("operation", BUILT_IN, ids=lambda operation: operation.name)
def test_an_operation_gives_the_same_bits(operation: Operation) -> None:
    assert one_by_one(operation, native) == one_by_one(operation, value)


@given(st.lists(st.sampled_from(EDGES) | st.floats(-30, 30), min_size=1, max_size=6), st.booleans())
def test_softmax_makes_the_same_nodes(numbers: list[float], constant: bool) -> None:
    stories = []
    for engine, softmax in ((value, operations.softmax), (native, native.softmax)):
        leaves = [engine.Value(number) for number in numbers]
        shares = softmax([*leaves, 1.0] if constant else leaves)
        root = autograd.dot(shares, [float(place + 1) for place in range(len(shares))])
        root.backward()
        stories.append(told(value.topological_order(root)))

    assert stories[0] == stories[1]


def test_help_of_the_class_is_the_same() -> None:
    named, other = (inspect.signature(engine.Value).parameters.items() for engine in ENGINES)

    assert native.Value.__doc__ == value.Value.__doc__ == native.Value(1.0).__doc__
    assert [(name, p.default) for name, p in named] == [(name, p.default) for name, p in other]


def help_of(method: Any) -> list[str]:
    """What `help` prints, without the lines that say what kind of thing it is and what it takes, there with types."""
    heading, _, _, *text = pydoc.render_doc(method, renderer=pydoc.plaintext).split("\n")
    assert heading.startswith("Python Library Documentation")
    return text


def is_own(name: str) -> bool:
    """Whether it belongs to Value itself: no operation, and nothing that Python calls."""
    return (
        OPERATIONS.called(name) is None
        and not name.startswith("__")
        and not isinstance(vars(value.Value)[name], Missing)
    )


OWN_NAMES = sorted(filter(is_own, set(vars(native.Value)) & set(vars(value.Value))))


@pytest.mark.parametrize("name", OWN_NAMES)
def test_help_of_a_method_or_property_is_the_same(name: str) -> None:
    """The text stands in the reference alone. Seen to fail where it is not taken from there."""
    actual, expected = (getattr(engine.Value, name) for engine in ENGINES)

    assert pydoc.getdoc(actual) == pydoc.getdoc(expected) != ""
    if callable(actual):
        assert help_of(actual) == help_of(expected)
        named, other = (inspect.signature(method).parameters.items() for method in (actual, expected))
        assert [(name, p.default) for name, p in named] == [(name, p.default) for name, p in other]


CALLS: dict[str, Callable[[Any], Any]] = {
    "one": lambda v: v.exp(),
    "two": lambda v: v.maximum(3),
    "named": lambda v: v.maximum(y=3.0),
    "by default": lambda v: v.leaky_relu(),
    "of the class": lambda v: type(v).maximum(v, 1.0),
    "of a subclass": lambda v: type("Heir", (type(v),), {})(2.0).exp(),
    "mapped": lambda v: list(map(type(v).exp, [v, v * 2.0])),
    "held": lambda v: [method() for method in [v.exp, v.relu]],
    "too many": lambda v: v.exp(1.0),
    "too few": lambda v: v.maximum(),
    "twice": lambda v: v.exp(x=1.0),
    "unknown": lambda v: v.maximum(y=1.0, z=3.0),
    "no number": lambda v: v.maximum("1"),
    "signatures": lambda v: [str(inspect.signature(f)) for f in (v.maximum, type(v).maximum, v.exp)],
    "help": lambda v: [help_of(f) for f in (type(v).maximum, type(v).exp)],
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_methods_of_operations_are_called_alike(call: Callable[[Any], Any]) -> None:
    actual, expected = [repr(outcome(lambda: call(engine.Value(2.0)))) for engine in (native, value)]  # noqa: B023

    assert actual == expected


def test_functions_have_the_docstrings_of_the_reference() -> None:
    assert native.softmax.__doc__ == operations.softmax.__doc__


# What Python itself gives only one of the two classes, for it is written in Python, or because it is not.
OF_ONE_KIND = {"__delattr__", "__eq__", "__hash__", "__init_subclass__", "__module__", "__ne__", "__new__"}
OF_ONE_KIND |= {"__setattr__", "__setstate__", "__slots__", "__weakref__", "__del__"}
OF_ONE_KIND |= {"_repr_mimebundle_", "_repr_html_"}  # which `draw` gives the one that runs
OF_ONE_KIND |= {"__firstlineno__", "__static_attributes__"}  # of a class written in Python, since 3.13


def test_both_engines_have_the_same_names() -> None:
    """Seen to fail with a property that only one of them has."""
    program = "import autograd.value, autograd.native.core as native\n"
    program += "print(*set(vars(native.Value)) ^ set(vars(autograd.value.Value)))"
    # In a process of its own, for other tests give names to the class.
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert set(found.split()) <= OF_ONE_KIND


NO_VALUES = ["abc" * 100, 2, None, [1.0], object(), value.Value(2.0), native.Value]


@pytest.mark.parametrize("thing", NO_VALUES, ids=lambda thing: type(thing).__name__)
def test_no_method_takes_what_is_no_value_for_one(thing: Any) -> None:
    """Seen to crash with methods of Cython, which do not look at what they are called with."""
    others = {"__apply_operation__", "__slots__", "__weakref__", *OPERATIONS} - {"exp", "maximum"}
    for name in set(dir(native.Value)) - set(dir(object)) - others:
        method = vars(native.Value)[name]
        if inspect.isfunction(method):  # in Python, which needs nothing of the kind
            continue
        if callable(method):
            for arguments in ((), (1.0,), (native.Value(1.0),), (None,), ("label", 1.0)):
                with pytest.raises((TypeError, AttributeError)):
                    method(thing, *arguments)
        elif thing is not None:  # which asks a property for itself
            with pytest.raises((TypeError, AttributeError)):
                method.__get__(thing)
            if hasattr(method, "__set__"):
                with pytest.raises((TypeError, AttributeError)):
                    method.__set__(thing, 1.0)
    with pytest.raises(TypeError):
        list(map(native.Value.item, [native.Value(1.5), thing]))


def test_no_compiled_class_has_methods_that_do_not_look_at_what_they_are_called_with() -> None:
    """Seen to crash with those that Cython adds for pickling, where they are called of the class."""
    ours = [kind for kind in vars(native).values() if isinstance(kind, type) and kind.__module__ == native.__name__]
    for kind in {*ours, type(OPERATIONS["exp"].twin)}:
        assert not [name for name in dir(kind) if name.endswith("_cython__")]


@pytest.mark.parametrize("base", [tuple, list])
@pytest.mark.parametrize("length", [0, 1, 3, 1_000_000])
@pytest.mark.parametrize("content", [0, 1, 3, 100_000])
def test_partials_are_measured_after_they_were_copied(base: Any, length: int, content: int) -> None:
    """Seen to crash where the length is asked of what came from the rule."""

    class Liar(base):  # type: ignore[misc]
        def __len__(self) -> int:
            return length

        def __iter__(self) -> Iterator[float]:
            return iter([1.0] * content)

        def __getitem__(self, place: Any) -> float:
            return 1.0

    @autograd.operation("lying(x, y, z)", "1", "1", "1")
    def lying(x: Any, y: Any, z: Any) -> Any:
        return x + y + z, lambda: Liar([1.0, 1.0])

    answers = []
    try:
        for engine in ENGINES:
            x = engine.Value(2.0)
            node = engine.Value.__apply_operation__(lying, (x, 1.0, 1.0))
            answers += [
                outcome(node.backward),
                outcome(node.local_gradients),
                outcome(partial(gradient, node, x)),
            ]
            answers.append(x.grad)
    finally:
        del OPERATIONS["lying"]

    assert [type(answer).__name__ for answer in answers[:4]] == [type(answer).__name__ for answer in answers[4:]]
    if content != 3:
        assert [answer[0] for answer in answers if type(answer) is tuple] == [TypeError] * 6
        assert answers[3] == answers[7] == 0.0


@pytest.mark.parametrize("engine", ["native", "python"])
def test_it_imports_and_computes_without_docstrings(engine: str) -> None:
    """Seen to fail where a docstring is taken for a string."""
    program = "import autograd; x = autograd.Value(3.0); y = x * x; y.backward(); print(x.grad, autograd.engine)"
    done = subprocess.run(
        [sys.executable, "-OO", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"AUTOGRAD_ENGINE": engine},
    )

    assert done.stdout == f"6.0 {engine}\n"


@pytest.mark.parametrize("name", ["__name__", "__qualname__", "__bases__"])
def test_the_class_keeps_its_name(name: str) -> None:
    """Seen to crash: Python writes a name to where a class that is compiled has no room for it."""
    before = getattr(native.Value, name)
    with pytest.raises(TypeError, match=f"cannot set {name} of the class Value"):
        setattr(native.Value, name, "V" if name != "__bases__" else (Fraction,))

    assert getattr(native.Value, name) == before
    assert native.Value.__name__ == "Value"


def test_a_node_that_is_made_anew_is_a_leaf() -> None:
    stories = []
    for engine in ENGINES:
        x = engine.Value(3.0, "x")
        node = x * x
        node.label = "square"
        node.backward()
        engine.Value.__init__(node, 5.0)
        node.backward()
        stories.append([repr(node), node.parents, bits(x.grad)])

    assert stories[0] == stories[1] == ["Value(data=5.0, grad=1.0)", (), bits(6.0)]


@pytest.mark.parametrize("whole", [3, True, 2**53 + 1, 2**62 + 2**8 + 1, 2**63 - 1, 2**63, -(2**63) - 1, -(10**400)])
def test_whole_numbers_become_the_same_floats(whole: int) -> None:
    operands = [[engine.Value(1.5) * whole, whole + engine.Value(0.0), engine.Value(whole)] for engine in ENGINES]

    assert [bits(node.data) for node in operands[0]] == [bits(node.data) for node in operands[1]]
    assert operands[1][0].numbers == operands[0][0].numbers


def off(partial: Any) -> Any:
    """A partial that is wrong by one unit in the last place; 0 for one that is blocked."""
    partial = partial() if callable(partial) else partial
    return 0.0 if partial is None else math.nextafter(partial, math.inf)


@pytest.mark.parametrize("of_partials", [False, True], ids=["value", "partials"])
@pytest.mark.parametrize("operation", IN_C, ids=lambda operation: operation.name)
def test_a_fault_of_one_unit_in_the_last_place_is_noticed(
    operation: Operation, of_partials: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the comparison is not blind: the reference is made to answer a little more than its rule says."""
    told = one_by_one(operation, native)
    answer = value.answered

    def faulty(asked: Operation, numbers: Any) -> Any:
        data, local_gradient = answer(asked, numbers)
        if asked is not operation:
            return data, local_gradient
        if of_partials:
            return data, lambda: tuple(map(off, local_gradient()))
        return off(data), local_gradient

    monkeypatch.setattr(value, "answered", faulty)

    assert one_by_one(operation, value) != told


# Whole programs -------------------------------------------------------------------------------------


def backward(node: Any, seed: float = 1.0) -> None:
    node.backward(seed)


def anomalies(node: Any, backward: Any = backward) -> list[Any]:
    with autograd.detect_anomaly():
        return [outcome(lambda: (node / 0).data), outcome(lambda: backward(node * 1e200 * 1e200))]


def mistakes(engine: Any, node: Any) -> list[Any]:
    """Each with the error that it raises."""
    return [
        outcome(lambda: node + "1"),
        outcome(lambda: node < None),
        outcome(lambda: [1] * node),
        outcome(lambda: float(node)),
        outcome(lambda: bool(node)),
        outcome(lambda: node ^ 2),
        outcome(lambda: 2 ^ node),
        outcome(lambda: node.maximum()),
        outcome(lambda: setattr(node, "data", "1")),
        outcome(lambda: setattr(node + 1, "data", 1.0)),
        outcome(lambda: setattr(node, "label", 5)),
        outcome(lambda: delattr(node, "grad")),
        outcome(lambda: engine.Value("2")),
        outcome(lambda: engine.Value(node)),
        outcome(lambda: engine.Value(2, 3)),
        outcome(lambda: gradient(node, [1.0])),
        outcome(lambda: autograd.dot([node, node], None)),
        outcome(lambda: engine.Value.__apply_operation__(autograd.add, (node,))),
    ]


def life(engine: Any, program: Program, seed: int, backward: Any = backward) -> list[Any]:
    """A program, several passes, changed leaves, no_grad, detach, anomalies and mistakes, all told."""
    source = random.Random(seed)
    leaves = [engine.Value(number, f"x{place}") for place, number in enumerate(program.leaves)]
    nodes: list[Any] = list(leaves)

    def apply(operation: Operation, arguments: Any) -> Any:
        nodes.append(operation(*arguments))
        return nodes[-1]

    root = program.run(leaves, apply)
    everything = value.topological_order(root)
    story: list[Any] = []
    for _ in range(source.randint(1, 6)):
        node, leaf = source.choice(nodes), source.choice(leaves)
        event = source.randrange(9)
        if event == 0:
            backward(root, source.choice([1.0, 0.0, -2.5, math.inf, math.nan]))
        elif event == 1:
            backward(node)
        elif event == 2:
            leaf.data = source.choice([0.0, 1.5, -2])
        elif event == 3:
            node.zero_grad()
        elif event == 4:
            slopes = gradient(root, leaves)
            story.append([bits(slope.data) for slope in slopes])
            backward(source.choice(slopes))
        elif event == 5:
            with autograd.no_grad():
                story.append(told([node * 2 + root]))
        elif event == 6:
            nodes.append(node.detach())
        elif event == 7:
            story.append(anomalies(node, backward))
        else:
            story.append(mistakes(engine, node))
    return [story, told(everything), told(nodes)]


@given(programs(max_steps=20), st.integers(0, 2**32))
def test_a_program_lives_the_same_life(program: Program, seed: int) -> None:
    stories = [life(engine, program, seed) for engine in ENGINES]

    assert without_lines(stories[0]) == without_lines(stories[1])


def without_lines(story: Any) -> str:
    return repr(story).replace("autograd.native.core", "autograd.value")


WORDS_AND_PICTURES = """
import math, random, sys, autograd
from autograd import OPERATIONS, Value, draw, explain, nn, no_grad

assert autograd.engine == sys.argv[1]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e308, 5e-324, math.inf, math.nan]


def told(action):
    try:
        return action()
    except Exception as error:
        return type(error).__name__, str(error)


for seed in range(60):
    source = random.Random(seed)
    leaves = [Value(source.choice(NUMBERS + [source.uniform(-2, 2)] * 20), f"x_{place}") for place in range(3)]
    nodes = list(leaves)

    def operand():
        return source.choice(NUMBERS) if source.random() < 0.1 else source.choice(nodes)

    for _ in range(source.randint(3, 15)):
        operation = source.choice(list(OPERATIONS.values()))
        arguments = [[operand() for _ in range(3)] if isinstance(d, list) else operand() for d in operation.domain]
        made = operation(*arguments)
        nodes += [] if isinstance(made, float) else [made]
    root = nn.MLP(2, [2, 1], seed=seed)([nodes[-1], 0.5]) if seed % 3 == 0 else nodes[-1]
    root.backward()
    source.choice(nodes).label = "a label"
    source.choice(leaves).data = 1.5
    source.choice(nodes).backward(-2.0)
    with no_grad():
        print(root + nodes[0], source.choice(nodes).detach())
    print(told(lambda: explain(root)), told(lambda: explain(root, wrt=leaves[0])))
    print(told(lambda: draw(root, flows=True).svg), told(lambda: draw(root, depth=1).svg))
    print(told(lambda: setattr(root, "data", 1.0)), told(lambda: root + "1"), told(lambda: explain(root, wrt=1)))
    print([x.grad.hex() for x in nodes])
"""


def test_words_and_pictures_are_the_same() -> None:
    """Of the same random programs, in two processes."""
    printed = [
        subprocess.run(
            [sys.executable, "-c", WORDS_AND_PICTURES, engine],
            env={**os.environ, "AUTOGRAD_ENGINE": engine, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for engine in ("python", "native")
    ]

    assert len(printed[0]) > 1_000_000
    assert printed[0] == printed[1]


# How a pass finds its way ---------------------------------------------------------------------------


# A window reaches 2**20 births back, or a little more. So the tests let the nodes of small graphs be born far apart:
# they write the births to where the page of design says that nodes keep them.

ALIKE = native.Value.__basicsize__ - 96  # what a head has more than on that page


def set_birth(node: Any, birth: int) -> None:
    ctypes.c_uint32.from_address(id(node) + ALIKE + 56).value = birth & 0xFFFFFFFF
    ctypes.c_uint16.from_address(id(node) + ALIKE + 60).value = birth >> 32


@contextmanager
def born_apart(root: Any, gap: Callable[[], int]) -> Iterator[None]:
    """As if so many other Values had been made between each node of a graph and the next."""
    nodes = value.topological_order(root)
    births = [node._birth for node in nodes]
    birth = 0
    for node in nodes:
        birth += gap()
        set_birth(node, birth)
    try:
        yield
    finally:
        for node, before in zip(nodes, births, strict=True):
            set_birth(node, before)


# Each node for itself, groups of some nodes, and gaps about the size of a window, of half of one and of two.
GAPS: dict[str, Callable[[random.Random], int]] = {
    "alone": lambda source: 1 << 23,
    "groups": lambda source: 1 << 23 if source.random() < 0.1 else 1,
    "edges": lambda source: (
        1 if source.random() < 0.7 else (1 << source.choice([19, 20, 21, 22])) + source.randint(-1, 1)
    ),
}


def test_births_are_written_where_they_are() -> None:
    x = native.Value(2.0)
    y = x * 3.0
    before = x._birth, y._birth
    with born_apart(y, lambda: 3 << 40):
        apart = x._birth, y._birth

    assert apart == (3 << 40, 6 << 40)
    assert (x._birth, y._birth) == before


LONG = [0.0] * 140_000  # for each operand in a list a window may be longer, so behind this one by half


def dense(engine: Any, source: random.Random) -> list[Any]:
    """A random graph in which each node may go back to any other, and every third edge is blocked."""
    nodes = [engine.Value(source.uniform(-1, 1)) for _ in range(5)]
    for place in range(150):
        x, y = source.choice(nodes), source.choice(nodes)
        made = source.randrange(6)
        if place % 50 == 49:
            nodes.append(autograd.sum([x, y, *LONG]))
        elif made < 2:
            nodes.append(x * y if made else x + y)
        elif made < 4:
            nodes.append(autograd.maximum(x, y) if made == 2 else autograd.where(x < y, x, y))
        else:
            nodes.append(autograd.dot([x, y, x], [y, 0.3, 1.0]) if made == 4 else x.relu())
    return nodes


def gradients_of_a_dense_graph(engine: Any, seed: int, backward: Any = backward) -> list[str]:
    nodes = dense(engine, random.Random(seed))
    for root in (nodes[-1], autograd.sum(nodes[5:]), nodes[100]):
        backward(root, 0.7)
    return [bits(node.grad) if node.has_grad else "none" for node in nodes]


@pytest.mark.parametrize("seed", range(20))
def test_a_pass_does_the_same_whatever_it_can_see(seed: int) -> None:
    """Seen to fail where what waits is not taken in the order in which it came, where a blocked edge to what has to
    wait is forgotten, and where the window grows while something waits, so that a node stands in two places.
    """
    expected = gradients_of_a_dense_graph(value, seed)
    for kind, gap in GAPS.items():
        actual = gradients_of_a_dense_graph(native, seed, backward_far(gap, random.Random(seed)))

        assert actual == expected, kind


def backward_far(gap: Callable[[random.Random], int], source: random.Random) -> Callable[..., None]:
    """A pass over nodes that were born far apart."""

    def backward(node: Any, seed: float = 1.0) -> None:
        with born_apart(node, lambda: gap(source)):
            node.backward(seed)

    return backward


@given(programs(max_steps=60), st.integers(0, 2**32), st.sampled_from(sorted(GAPS)))
def test_a_program_lives_the_same_life_whatever_a_pass_can_see(program: Program, seed: int, kind: str) -> None:
    expected = life(value, program, seed)
    actual = life(native, program, seed, backward_far(GAPS[kind], random.Random(seed)))

    assert without_lines(actual) == without_lines(expected)


def test_a_graph_with_gaps_of_millions_of_births() -> None:
    """As when a part of it was computed long ago: no table is as long as the gap."""
    x = native.Value(2.0)
    old = x * 3.0
    for _ in range(2):
        for _ in range(3 << 20):
            native.Value(0.0)
        old = (old * 1.0 + x.relu()) - (-x).relu()
    old.backward()

    assert x.grad == 5.0


def test_an_error_far_back_changes_nothing() -> None:
    """A local gradient raises while nodes wait for a later window."""
    broken = True

    @autograd.operation("fragile(x)", "1")
    def fragile(x: Any) -> Any:
        def slope() -> tuple[float]:
            if broken:
                raise ArithmeticError("not now")
            return (1.0,)

        return x + 0.0, slope

    x = native.Value(2.0)
    old = x * 3.0
    root = fragile(old * 1.0) * old + x.relu() + (-x).relu()
    with born_apart(root, lambda: 1 << 23):
        with pytest.raises(ArithmeticError):
            root.backward()
        untouched = [node.has_grad for node in value.topological_order(root)]
        broken = False
        root.backward()
    del OPERATIONS["fragile"]

    assert not any(untouched)
    assert x.grad == 2 * 6.0 * 3.0 + 1.0
    assert all(node.has_grad for node in value.topological_order(root))


def test_many_leaves_each_get_their_own() -> None:
    """More than the table of leaves begins with, some of them reached by blocked edges only."""
    leaves = [native.Value(float(place - 500)) for place in range(1000)]
    total = autograd.sum([leaf.relu() * 2.0 + leaf * 0.0 for leaf in leaves[:900]] + [leaf.relu() for leaf in leaves])
    total.backward()

    assert [leaf.grad for leaf in leaves] == [
        (0.0 if leaf.data <= 0.0 else 3.0 if place < 900 else 1.0) for place, leaf in enumerate(leaves)
    ]
    assert all(leaf.has_grad for leaf in leaves)


def test_threads_share_a_trunk_its_label_and_its_end() -> None:
    """No flow is lost, and nothing is freed twice; on a free-threaded Python they run at the same time."""
    leaf = native.Value(3.0)
    trunk = leaf * 2.0
    for _ in range(300):
        trunk = trunk + 1.0
    held = [trunk] * 8
    rounds = 200

    def work(seed: int) -> None:
        source = random.Random(seed)
        for _ in range(rounds):
            with autograd.scope(f"thread {seed}"):
                node = trunk * 1.0 + leaf
            node.backward()
            trunk.label = f"thread {seed}"
            names.add((trunk.label[:7], node.scope.name == f"thread {seed}"))
            held[source.randrange(len(held))] = node  # what was there dies in this thread

    names: set[Any] = set()
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert leaf.grad == 8 * rounds * 3.0
    assert names == {("thread ", True)}


# Where Python code runs in the midst of the engine ---------------------------------------------------
# Most of these were seen to crash the interpreter, or to read or write memory that is not the engine's.


def test_a_node_may_be_made_anew_in_the_midst_of_a_pass() -> None:
    """Its parents were met already: seen to fail, and to write to memory that was freed, where they are let go."""
    lives = []

    @autograd.operation("meddling(x)", "1")
    def meddling(x: Any) -> Any:
        def local_gradient() -> tuple[float]:
            if outer:
                engine.Value.__init__(outer[0], 7.0)
                lives.append(inner() is not None)
            return (1.0,)

        return x, local_gradient

    try:
        for engine in ENGINES:
            outer: list[Any] = []
            x = engine.Value(3.0)
            first = engine.Value.__apply_operation__(meddling, (x,))
            middle = x * 2.0
            inner = weakref.ref(middle)
            outer.append(middle * 5.0)
            root = outer[0] + first
            del middle
            root.backward()
            lives.append(x.grad)
    finally:
        del OPERATIONS["meddling"]

    assert lives == [True, 11.0] * 2


def test_a_node_may_be_made_anew_by_its_own_rule() -> None:
    answers = []

    @autograd.operation("fleeting(x)", "1")
    def fleeting(x: Any) -> Any:
        def partial() -> float:
            engine.Value.__init__(node, 0.0)
            return 1.0

        return x * 1.0, lambda: (partial,)

    try:
        for engine in ENGINES:
            x = engine.Value(2.0)
            node = engine.Value.__apply_operation__(fleeting, (x,))
            answers.append(gradient(node, x).data)
    finally:
        del OPERATIONS["fleeting"]

    assert answers == [1.0, 1.0]


slippery: Any = autograd.exp


def test_a_node_may_be_made_anew_by_what_a_name_of_its_rule_means_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rule was run without Python before: seen to crash where its program is asked for again."""

    @autograd.operation("slipping(x, y, z)", "1", "1", "1")
    def slipping(x: Any, y: Any, z: Any) -> Any:
        return x * y * z, lambda: (lambda: slippery(x), lambda: slippery(y), lambda: slippery(z))

    def meddling(x: float) -> float:
        native.Value.__init__(node, 0.0)
        return x

    x, y, z = native.Value(1.0), native.Value(2.0), native.Value(3.0)
    slipping(x, y, z)
    node = slipping(x, y, z)
    before = node.local_gradients()
    monkeypatch.setitem(globals(), "slippery", meddling)
    after = node.local_gradients()
    del OPERATIONS["slipping"]

    assert before == [(x, math.exp(1.0)), (y, math.exp(2.0)), (z, math.exp(3.0))]
    assert after == []


def test_a_rule_may_change_the_list_of_its_partials() -> None:
    x, y = native.Value(2.0), native.Value(3.0)

    @autograd.operation("shrinking(x, y)", "1", "1")
    def shrinking(x: Any, y: Any) -> Any:
        def first() -> float:
            partials.clear()
            return 5.0

        partials: list[Any] = [first, 7.0]
        return x + y, lambda: partials

    shrinking(x, y).backward()
    del OPERATIONS["shrinking"]

    assert (x.grad, y.grad) == (5.0, 7.0)


def test_a_scope_that_is_let_go_is_not_seen() -> None:
    seen = []

    class Members:
        def __call__(self) -> tuple[Any, ...]:
            return ()

        def __del__(self) -> None:
            seen.append(node.scope)

    for engine in ENGINES:
        with autograd.scope("old", Members()):
            node = engine.Value(1.0)
        engine.Value.__init__(node, 2.0)

    assert seen == [None, None]


def test_a_property_may_change_the_list_of_a_softmax() -> None:
    class Sly(native.Value):  # type: ignore[misc, valid-type]
        @property
        def data(self) -> float:
            xs[:] = [object()]
            return 1.0

    sly = Sly(1.0)
    xs: list[Any] = [sly]
    native.softmax(xs)[0].backward()

    assert sly.has_grad


def test_a_conversion_may_change_a_value() -> None:
    """Operands are converted once, and before any number is read."""
    converted = []

    class Sly(Fraction):
        def __float__(self) -> float:
            x.data = 10.0
            converted.append(self)
            return 1.0

    for engine in ENGINES:
        x = engine.Value(2.0)
        converted.append((x + Sly(1)).data)
        converted.append((Sly(1) / x).operation)

    assert converted == [1, 11.0, 1, autograd.reciprocal] * 2


def test_a_rule_may_change_a_value() -> None:
    """The node remembers the numbers that the rule was given."""
    stories = []

    @autograd.operation("squared(x)", "2·x")
    def squared(x: Any) -> Any:
        leaf.data = 10.0
        return x * x, lambda: (2.0 * x,)

    try:
        for engine in ENGINES:
            leaf = engine.Value(2.0)
            node = engine.Value.__apply_operation__(squared, (leaf,))
            stories.append((node.data, node.numbers, gradient(node, leaf).data))
    finally:
        del OPERATIONS["squared"]

    assert stories == [(4.0, (2.0,), 4.0)] * 2


def test_what_dies_in_another_thread_does_not_wait_for_a_callback() -> None:
    died = []

    def elsewhere() -> None:
        x = native.Value(1.0)
        y = x + 1.0
        below = weakref.ref(x)
        del x, y
        died.append(below() is None)

    def callback(_: Any) -> None:
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    inner = native.Value(1.0) + 1.0
    outer = inner * 2.0
    watched = weakref.ref(inner, callback)
    del inner, outer

    assert watched() is None
    assert died == [True]


@pytest.mark.parametrize(("operation", "count"), [(autograd.where, 1), (autograd.where, 4), (autograd.add, 1)])
def test_operands_are_counted(operation: Operation, count: int) -> None:
    with pytest.raises(TypeError):
        native.Value.__apply_operation__(operation, (native.Value(1.0),) * count)


def test_an_operand_of_the_other_engine_is_told_as_such() -> None:
    with pytest.raises(TypeError, match="an operand of type Value is of another engine"):
        native.Value.__apply_operation__(autograd.sum, (native.Value(1.0), value.Value(2.0)))


def test_a_step_with_moments_that_are_no_numbers_changes_nothing() -> None:
    parameters = [autograd.Value(1.0), autograd.Value(2.0)]
    (parameters[0] * parameters[1]).backward()
    for optimizer in (autograd.optim.SGD(parameters, lr=0.1, momentum=0.9), autograd.optim.Adam(parameters, lr=0.1)):
        for moments in optimizer.moments.values():
            moments[1] = None
        with pytest.raises(TypeError):
            optimizer.step()
        assert [p.data for p in parameters] == [1.0, 2.0]
        assert optimizer.counts == [0, 0]


# What the compiled engine is made of ----------------------------------------------------------------

THE_EXAMPLE = """
import ctypes
from autograd import Value

a = Value(2.0)
b = Value(-3.0)
c = a * b
d = c + 1.0
e = c * d
e.backward()
print([id(node) for node in (a, b, c, d, e)])
print(ctypes.string_at(id(c), c.__sizeof__()).hex())
"""


def the_example() -> tuple[dict[str, int], bytes]:
    """Of the page of design: the addresses of its five nodes in a process of its own, and the bytes of c."""
    done = subprocess.run(
        [sys.executable, "-c", THE_EXAMPLE],
        env={**os.environ, "AUTOGRAD_ENGINE": "native"},
        capture_output=True,
        text=True,
        check=True,
    )
    addresses, memory = done.stdout.splitlines()
    return dict(zip("abcde", json.loads(addresses), strict=True)), bytes.fromhex(memory)


FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
IS_DRAWN = sys.maxsize > 2**32 and not FREE_THREADED
PAGE = autograd.native.__doc__


@pytest.mark.skipif(not IS_DRAWN, reason="the page of design draws a node of a 64-bit Python with the GIL")
def test_the_page_of_design_draws_a_node_as_it_is() -> None:
    """Each field of the example's c: seen to fail with one offset and with one number of the page changed."""
    addresses, memory = the_example()
    kinds = {"number": "d", "x": "d", "y": "d", "gradient_": "d"} | {"birth_low": "I", "birth_high": "H"}
    fields = re.findall(r"^ +(\d+)  +(\d)  (\w+) +([-\w.]+)", PAGE, re.MULTILINE)
    end = 0
    for offset, size, name, shown in fields:
        stored = memory[int(offset) : int(offset) + int(size)]
        if name in kinds:
            assert struct.unpack("=" + kinds[name], stored) == (float(shown),), name
        elif name == "references":
            assert int.from_bytes(stored[:4], sys.byteorder) == int(shown)
        elif name not in ("type", "code"):
            expected = {"NULL": 0, **addresses}.get(shown, shown)
            assert int.from_bytes(stored, sys.byteorder) == int(expected), name
        assert int(offset) == end
        end += int(size)

    assert len(fields) == 15
    assert end == len(memory) == native.Value.__basicsize__
    assert f"one block of {end} bytes" in PAGE


@pytest.mark.skipif(not IS_DRAWN or sys.platform == "win32", reason="here nodes do not stand in chunks")
def test_the_page_of_design_draws_a_chunk_as_it_is() -> None:
    addresses, _ = the_example()
    places = {name: address % 2**21 for name, address in addresses.items()}
    size = native.Value.__basicsize__
    room = (2**21 - places["a"]) // size
    drawn = [int(number) for number in re.search(r"^    place +([\d ]+)$", PAGE, re.MULTILINE)[1].split()]

    assert drawn[1:-3] == sorted(places.values())
    assert drawn[-3:] == [places["e"] + size, places["a"] + room * size, 2**21]
    assert f"there is room for {room} nodes" in PAGE


def test_the_page_of_design_tells_what_a_pass_computes() -> None:
    leaves = a, b = native.Value(2.0), native.Value(-3.0)
    c = a * b
    d = c + 1.0
    e = c * d
    e.backward()
    row = re.search(r"^    c sends +(.+?)  +to a", PAGE, re.MULTILINE)[1]

    assert [float(number) for number in row.split()] == [node.grad for node in (e, d, c, *leaves)]


def test_the_page_of_design_names_all_parts() -> None:
    """And pyproject.toml all that a build depends on, or a change would not be compiled."""
    folder = pathlib.Path(autograd.native.__file__).parent
    parts = {path.name for path in folder.iterdir() if path.suffix in (".py", ".pxi", ".pxd", ".h")} - {"__init__.py"}
    sources = {name for name in parts if not name.endswith(".py")}
    included = re.findall(r'^include "(.+)"$', (folder / "core.pyx").read_text("utf-8"), re.MULTILINE)
    project = tomllib.loads((pathlib.Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    depends = project["tool"]["setuptools"]["ext-modules"][0]["depends"]

    assert set(re.findall(r"^    (\w+\.\w+)  ", PAGE, re.MULTILINE)) == parts
    assert sorted(included) == sorted(name for name in parts if name.endswith(".pxi"))
    assert sorted(depends) == sorted(f"autograd/native/{name}" for name in sources)


def test_a_node_is_small_and_unknown_to_the_collector() -> None:
    x = native.Value(2.0, "x")
    with autograd.scope("layer"):
        y = x * x

    assert native.Value.__basicsize__ <= 128
    assert sys.getsizeof(y) <= 128
    assert not gc.is_tracked(y)
    assert not gc.is_tracked(autograd.operations.exp(y))


def test_nodes_in_used_memory_die_too() -> None:
    """Seen to fail where a node takes over the count of references that stood in its memory."""
    for _ in range(3):
        y = native.Value(1.0)
        watched = []
        for place in range(50_000):
            y = y + 1.0
            if place % 1000 == 0:
                watched.append(weakref.ref(y))
        del y

        assert all(reference() is None for reference in watched)


def test_memory_of_a_deep_graph_is_given_back() -> None:
    statm = "/proc/self/statm"
    if not os.path.exists(statm):
        pytest.skip("only Linux tells how much memory a process has now")

    def pages() -> int:
        with open(statm) as file:
            return int(file.read().split()[1])

    def build() -> None:
        y = x = native.Value(1.0)
        for _ in range(500_000):
            y = y + 1.0
        y.backward()
        assert x.grad == 1.0

    build()
    before = pages()
    for _ in range(5):
        build()

    assert pages() - before < 2_500  # 10 MB; one graph has 60


def test_every_reference_is_given_back() -> None:
    """Of all that programs did, only the leaves stay, and nobody holds them but this test."""
    x = native.Value(2.0, "x")
    kept = [x, None, "a label", autograd.exp]
    labels = kept[2]

    def program(seed: int) -> None:
        source = random.Random(seed)
        for operation in BUILT_IN:
            node = operation(*arguments_of(operation, lambda: x if source.random() < 0.7 else 0.5))
            if isinstance(node, float):
                continue
            with autograd.scope("a scope"):
                node = node * x + 1
            node.label = labels
            node.backward()
            backward_far(GAPS["groups"], source)(node * node)
            gradient(node, [x])[0].backward()
            anomalies(node)
            mistakes(native, node)
            list(map(repr, [node.operands, node.numbers, node.parents, node.local_gradients(), node.scope]))

    def references() -> list[int]:
        gc.collect()
        return [*map(sys.getrefcount, kept), getattr(sys, "gettotalrefcount", int)()]

    program(0)
    before = references()
    for seed in range(20):
        program(seed)
    more = [now - then for now, then in zip(references(), before, strict=True)]

    assert max(more) < 100  # of some 10,000 nodes


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT that a process may send to itself")
def test_ctrl_c_during_a_long_pass_changes_no_gradient() -> None:
    x = native.Value(1.0)
    y = x
    for _ in range(2_000_000):
        y = y + x
    y.backward()
    before = x.grad
    timer = threading.Timer(0.02, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    interrupted = False
    try:
        for _ in range(1000):
            y.backward()
            before += 2_000_001
    except KeyboardInterrupt:
        interrupted = True
    timer.join()

    assert interrupted
    assert x.grad in (before, before + 2_000_001)  # before the pass was written, or just after it


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer signals")
def test_a_signal_handler_may_make_a_pass_inside_a_pass() -> None:
    """Over the same nodes."""
    x = native.Value(1.0)
    y = x
    for place in range(1_000_000):
        y = y + 1.0
        if place == 500_000:
            middle = y
    calls = 0

    def handler(*_: Any) -> None:
        nonlocal calls
        calls += 1
        middle.backward()

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for _ in range(10):
            signal.setitimer(signal.ITIMER_REAL, 0.004)
            y.backward()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert calls > 0
    assert x.grad == 10.0 + calls


def test_a_pass_inside_a_local_gradient_does_not_disturb() -> None:
    """It goes over the same nodes while the first one waits."""
    x = native.Value(3.0, "x")
    inner = x * x

    @autograd.operation("nested(x)", "x")
    def nested(x: Any) -> Any:
        def slope() -> tuple[float]:
            inner.backward()
            return (5.0,)

        return x + 1.0, slope

    y = nested(inner * 2.0 + inner)
    y.backward()
    del OPERATIONS["nested"]

    assert x.grad == 6.0 + 5.0 * 3 * 6.0


def test_a_callback_that_drops_nodes_while_a_graph_is_freed() -> None:
    dropped: list[Any] = []
    others = []
    y = native.Value(1.0)
    for _ in range(1000):
        y = y + 1.0
        others.append(y * 2.0)
        dropped.append(weakref.ref(y, lambda reference: others.pop() if others else None))
    del y
    others.clear()

    assert all(reference() is None for reference in dropped)


def test_an_engine_that_is_not_there_is_an_import_error() -> None:
    asked = subprocess.run(
        [sys.executable, "-c", "import autograd"],
        env={**os.environ, "AUTOGRAD_ENGINE": "fast"},
        capture_output=True,
        text=True,
    )

    assert asked.returncode == 1
    assert "AUTOGRAD_ENGINE is 'fast', but there are only 'native' and 'python'" in asked.stderr


def test_an_engine_that_was_not_built_is_told_in_one_error_if_it_was_asked_for() -> None:
    program = "import sys; sys.modules['autograd.native.core'] = None; import autograd; print(autograd.engine)"
    chosen, asked = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "AUTOGRAD_ENGINE": engine},
            capture_output=True,
            text=True,
        )
        for engine in ("", "native")
    ]

    assert chosen.stdout == "python\n"
    assert asked.returncode == 1
    assert "AUTOGRAD_ENGINE is 'native', but the compiled engine cannot be imported" in asked.stderr
    assert "pip install --no-cache-dir --force-reinstall" in asked.stderr
    assert asked.stderr.count("Traceback") == 1


@pytest.mark.parametrize(("engine", "module"), [("python", "value"), ("native", "native.core")])
def test_the_engine_can_be_chosen(engine: str, module: str) -> None:
    program = f"import autograd, autograd.{module} as chosen; print(autograd.engine, autograd.Value is chosen.Value)"
    asked = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "AUTOGRAD_ENGINE": engine},
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout.split() == [engine, "True"]


@pytest.mark.parametrize(("writer", "reader"), [("python", "native"), ("native", "python")])
def test_a_leaf_pickled_by_one_engine_is_a_leaf_of_the_other(writer: str, reader: str) -> None:
    write = "import autograd, pickle, sys; sys.stdout.buffer.write(pickle.dumps(autograd.Value(-0.0, 'x')))"
    read = "import autograd, pickle, sys; v = pickle.load(sys.stdin.buffer); print(v, type(v) is autograd.Value)"
    pickled = subprocess.run(
        [sys.executable, "-c", write], env={**os.environ, "AUTOGRAD_ENGINE": writer}, capture_output=True, check=True
    ).stdout
    printed = subprocess.run(
        [sys.executable, "-c", read],
        env={**os.environ, "AUTOGRAD_ENGINE": reader},
        input=pickled,
        capture_output=True,
        check=True,
    ).stdout

    assert printed.decode().split("\n")[0].strip() == "Value(data=-0.0, grad=0.0, label='x') True"
