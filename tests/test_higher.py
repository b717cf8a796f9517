"""Derivatives that can be differentiated again, on nodes of either engine, and derivatives of functions."""

import functools
import gc
import math
import subprocess
import sys
import weakref
from collections import namedtuple
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy
import pytest
from helpers import bits, declared, grads
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    Value,
    detect_anomaly,
    engines,
    exp,
    grad,
    gradcheck,
    gradient,
    hessian,
    hessian_vector,
    jacobian,
    log,
    nn,
    no_grad,
    sin,
    topological_order,
    value,
    value_and_grad,
)
from autograd.testing import Program, programs

ENGINES = [value] if engines.native is None else [value, engines.native]

either_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)

# What each of the functions answers for an output and a list of inputs, as one list of Values.
FORMS: dict[str, Callable[[Any, list[Any]], list[Any]]] = {
    "gradient": gradient,
    "jacobian": lambda output, inputs: jacobian([output], inputs)[0],
    "hessian": lambda output, inputs: [entry for row in hessian(output, inputs) for entry in row],
    "hessian_vector": lambda output, inputs: hessian_vector(output, inputs, [2.0] * len(inputs)),
}

each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


def numbers_of(values: list[Any]) -> list[float]:
    return [value.data for value in values]


def table_of(rows: list[list[Any]]) -> list[list[float]]:
    return [numbers_of(row) for row in rows]


# Polynomials, whose derivatives can be written down --------------------------------------------------

# Terms, each by its exponents, with their coefficients: {(2, 1): 3} is 3·x²·y.
Polynomial = dict[tuple[int, ...], Fraction]

# At these numbers floats compute without rounding, so that no tolerance is needed.
EXACT = [Fraction(n, 2) for n in range(-6, 7)]
COUNT = 3

exact_numbers = st.lists(st.sampled_from(EXACT), min_size=COUNT, max_size=COUNT)
polynomials = st.dictionaries(
    st.tuples(*[st.integers(0, 3)] * COUNT), st.integers(-5, 5).map(Fraction), min_size=1, max_size=5
)


def derived(polynomial: Polynomial, place: int) -> Polynomial:
    found: Polynomial = {}
    for exponents, factor in polynomial.items():
        if exponents[place]:
            lower = (*exponents[:place], exponents[place] - 1, *exponents[place + 1 :])
            found[lower] = found.get(lower, Fraction(0)) + factor * exponents[place]
    return found


def exactly(polynomial: Polynomial, point: list[Fraction]) -> Fraction:
    terms = [
        factor * math.prod(x**n for x, n in zip(point, exponents, strict=True))
        for exponents, factor in polynomial.items()
    ]
    return sum(terms, Fraction(0))


def computed(polynomial: Polynomial, xs: Any, powers: bool = True) -> Any:
    """The polynomial of Values, by powers or by products."""
    root = xs[0] * 0.0
    for exponents, factor in polynomial.items():
        term = float(factor)
        for x, exponent in zip(xs, exponents, strict=True):
            for one in [exponent] * (exponent > 0) if powers else [1] * exponent:
                term = term * x**one
        root = root + term
    return root


@either_engine
@given(polynomials, exact_numbers, st.booleans())
def test_derivatives_of_polynomials_are_exact(
    engine: Any, polynomial: Polynomial, point: list[Fraction], powers: bool
) -> None:
    """Seen to fail with a Hessian that is computed above the diagonal and read below it."""
    xs = [engine.Value(float(x)) for x in point]
    y = computed(polynomial, xs, powers)
    slopes = [derived(polynomial, i) for i in range(COUNT)]
    curvatures = [[derived(slope, j) for j in range(COUNT)] for slope in slopes]
    found = hessian(y, xs)

    assert numbers_of(gradient(y, xs)) == [exactly(slope, point) for slope in slopes]
    assert table_of(found) == [[exactly(entry, point) for entry in row] for row in curvatures]
    assert [[numbers_of(gradient(entry, xs)) for entry in row] for row in found] == [
        [[exactly(derived(entry, k), point) for k in range(COUNT)] for entry in row] for row in curvatures
    ]


@either_engine
@given(polynomials, exact_numbers, exact_numbers)
def test_hessian_vector_is_the_hessian_times_the_vector(
    engine: Any, polynomial: Polynomial, point: list[Fraction], vector: list[Fraction]
) -> None:
    """Seen to fail with a seed of 1 for each slope."""
    xs, vs = ([engine.Value(float(x)) for x in numbers] for numbers in (point, vector))
    y = computed(polynomial, xs)
    curvatures = [[derived(derived(polynomial, i), j) for j in range(COUNT)] for i in range(COUNT)]
    expected = [
        sum((exactly(entry, point) * v for entry, v in zip(row, vector, strict=True)), Fraction(0))
        for row in curvatures
    ]
    products = hessian_vector(y, xs, vs)

    assert numbers_of(hessian_vector(y, xs, list(map(float, vector)))) == expected
    assert numbers_of(hessian_vector(y, xs, vector)) == expected
    assert numbers_of(products) == expected
    # The product is linear in the vector: its Jacobian is the Hessian.
    assert table_of(jacobian(products, vs)) == [[exactly(entry, point) for entry in row] for row in curvatures]


@either_engine
@given(
    st.lists(exact_numbers, min_size=1, max_size=4),
    exact_numbers,
)
def test_jacobian_of_a_linear_map_is_its_matrix(
    engine: Any, matrix: list[list[Fraction]], point: list[Fraction]
) -> None:
    """Seen to fail with rows and columns exchanged."""
    xs = [engine.Value(float(x)) for x in point]
    outputs = [autograd.dot(list(map(float, row)), xs) for row in matrix]
    found = jacobian(outputs, xs)

    assert table_of(found) == matrix
    assert all(numbers_of(gradient(entry, xs)) == [0.0] * COUNT for row in found for entry in row)


@given(polynomials, exact_numbers)
def test_grad_of_polynomials_is_exact(polynomial: Polynomial, point: list[Fraction]) -> None:
    """Seen to fail with the derivatives in the order of the first argument alone."""

    def f(x: Any, rest: Any) -> Any:
        return computed(polynomial, [x, *rest["rest"]])

    first, *others = map(float, point)
    slopes = [exactly(derived(polynomial, i), point) for i in range(COUNT)]
    answer, found = value_and_grad(f, (1, 0))(first, {"rest": tuple(others)})

    assert answer == exactly(polynomial, point)
    assert found == ({"rest": tuple(slopes[1:])}, slopes[0])
    assert grad(f)(first, {"rest": others}) == slopes[0]
    assert grad(grad(f))(first, {"rest": others}) == exactly(derived(derived(polynomial, 0), 0), point)


# Any function --------------------------------------------------------------------------------------


@given(programs(max_steps=6))
def test_every_hessian_is_symmetric_and_a_gradient_of_the_gradient(program: Program) -> None:
    """Seen to fail with both sides of the diagonal computed, which differ in the last bits."""
    leaves, root = program.build()
    found = hessian(root, leaves)

    assert [[bits(x.data) for x in row] for row in found] == [
        [bits(x.data) for x in row] for row in zip(*found, strict=True)
    ]
    for i, slope in enumerate(gradient(root, leaves)):
        assert [bits(x.data) for x in gradient(slope, leaves)[: i + 1]] == [bits(x.data) for x in found[i][: i + 1]]


def test_second_derivatives_against_closed_forms() -> None:
    """Seen to fail with slopes that have no past."""
    x, y = Value(0.5), Value(-1.25)
    z = exp(x * y) * sin(x)
    e, s, c = math.exp(0.5 * -1.25), math.sin(0.5), math.cos(0.5)
    a, b = 0.5, -1.25
    # By hand: f = e^(xy)·sin x.
    expected = [
        [e * (b * b * s + 2 * b * c - s), e * (s + a * b * s + a * c)],
        [e * (s + a * b * s + a * c), e * a * a * s],
    ]

    assert table_of(hessian(z, [x, y])) == [pytest.approx(row, rel=1e-14) for row in expected]
    assert numbers_of(hessian_vector(z, [x, y], [2.0, -3.0])) == pytest.approx(
        [2 * row[0] - 3 * row[1] for row in expected], rel=1e-13
    )


def test_finite_differences_agree() -> None:
    """Seen to fail with what was computed from Values cut off from them: gradcheck found 0 for all derivatives."""

    def f(x: Any, w: Any) -> Any:
        return sin(x * w["a"]) * exp(w["b"] * x)

    def product(x: Any, y: Any) -> Any:
        return sum(hessian_vector(sin(x * y) * exp(x), [x, y], [x, 3.0]))

    assert {c.verdict for c in gradcheck(grad(f), 0.7, {"a": 1.5, "b": -0.5}, second=True)} == {"agrees"}
    assert {c.verdict for c in gradcheck(grad(f, argnums=1), 0.7, {"a": 1.5, "b": -0.5})} == {"agrees"}
    assert {c.verdict for c in gradcheck(lambda x, y: hessian(x**2 * exp(y), [x, y]), 0.7, 1.1)} == {"agrees"}
    assert {c.verdict for c in gradcheck(product, 0.7, 1.1)} == {"agrees"}


@either_engine
def test_the_vector_counts_as_a_constant(engine: Any) -> None:
    """Seen to fail with the gradient of Σ slope·v, which differentiates v too where it depends on the inputs."""
    x = engine.Value(2.0)
    v = x * x  # 4
    product = hessian_vector(x**3, x, v)

    assert product.data == 6 * 2 * 4
    # But the answer depends on it: 6x·x² has the derivative 18x².
    assert gradient(product, x).data == 18 * 4


@either_engine
@each_form
def test_answers_are_of_the_engine_that_the_nodes_are_of(engine: Any, form: Callable[..., Any]) -> None:
    """Seen to fail with leaves of the engine that runs, for what is constant."""
    x, unrelated = engine.Value(3.0), engine.Value(1.0)

    for output in (x**3, x * 2, x):
        assert {type(answer) for answer in form(output, [x, unrelated])} == {engine.Value}


@either_engine
def test_answers_are_leaves_of_the_plain_class_also_for_a_subclass(engine: Any) -> None:
    """Seen to fail with `type(node)(number)`, for the class may want other arguments."""

    class Parameter(engine.Value):  # type: ignore[misc, name-defined]
        def __init__(self, name: str, data: float) -> None:
            super().__init__(data, name)

    w = Parameter("w", 2.0)

    assert type(gradient(w + 1, w)) is engine.Value
    assert hessian(w**3, w).data == 12.0


@either_engine
def test_the_shape_is_that_of_outputs_and_inputs(engine: Any) -> None:
    """Seen to fail with a list for one input."""
    x, y = engine.Value(2.0), engine.Value(5.0)
    outputs = [x * y, x + y, y]

    assert jacobian(x * y, x).data == 5.0
    assert numbers_of(jacobian(x * y, [x, y])) == [5.0, 2.0]
    assert numbers_of(jacobian(outputs, x)) == [5.0, 1.0, 0.0]
    assert table_of(jacobian(iter(outputs), (x, y))) == [[5.0, 2.0], [1.0, 1.0], [0.0, 1.0]]
    assert jacobian([], [x]) == []
    assert jacobian(outputs, []) == [[], [], []]
    assert hessian(x**3, x).data == 12.0
    assert table_of(hessian(x**3, iter([x]))) == [[12.0]]
    assert hessian(x, []) == []
    assert hessian_vector(x**3, x, 2).data == 24.0
    assert numbers_of(hessian_vector(x**3, (x,), numpy.array([2.0]))) == [24.0]
    assert hessian_vector(x, [], []) == []


@either_engine
def test_inputs_may_be_interior_nodes_and_may_come_twice(engine: Any) -> None:
    """Seen to fail with inputs that must be leaves."""
    x = engine.Value(3.0)
    square = x * x
    y = square * square * x

    # By hand: y = s²·x with s = x². dy/ds = 2sx; d²y/ds² = 2x; and through s, y = x⁵.
    assert table_of(hessian(y, [square, x, x])) == [[6.0, 54.0, 54.0], [54.0, 540.0, 540.0], [54.0, 540.0, 540.0]]

    double = x * 2.0
    triple = x * 3.0  # an input that is younger than a way from another one
    assert numbers_of(gradient(double * triple, [triple, x])) == [6.0, 36.0]


@either_engine
@each_form
def test_no_grad_attribute_changes(engine: Any, form: Callable[..., Any]) -> None:
    """Seen to fail with `backward` inside."""
    x, w = engine.Value(3.0), engine.Value(2.0)
    square = x * x
    y = square * square * w
    y.backward()
    before = grads([x, square, w, y])
    form(y, [x, w])

    assert grads([x, square, w, y]) == before == [216.0, 36.0, 81.0, 1.0]


@either_engine
@each_form
def test_derivatives_belong_to_the_numbers_as_they_were(engine: Any, form: Callable[..., Any]) -> None:
    """Seen to fail with the present numbers."""
    x, w = engine.Value(2.0), engine.Value(0.0)
    y = x**3 * exp(w) + log(w)
    expected = numbers_of(form(y, [x, w]))
    x.data, w.data = 10.0, -0.0

    assert list(map(bits, numbers_of(form(y, [x, w])))) == list(map(bits, expected))


@either_engine
def test_an_operand_as_it_was_is_an_identity_of_that_number(engine: Any) -> None:
    """Seen to fail with an identity of the present number."""
    x = engine.Value(2.0, "x")
    y = x**3
    x.data = 10.0
    slope = gradient(y, x)
    (earlier,) = [node for node in topological_order(slope) if node.operation is autograd.identity]

    assert (earlier.data, earlier.numbers, earlier.parents) == (2.0, (2.0,), (x,))


@either_engine
@each_form
def test_an_output_of_no_grad_is_refused(engine: Any, form: Callable[..., Any]) -> None:
    """Seen to fail with derivatives of 0 for it."""
    x = engine.Value(2.0)
    with no_grad():
        y = x**3

    with pytest.raises(RuntimeError, match="computed under no_grad"):
        form(y, [x])


@either_engine
@each_form
def test_under_no_grad_the_answers_are_leaves(engine: Any, form: Callable[..., Any]) -> None:
    """Seen to fail with RuntimeError, for the slopes had no past; and with answers that had one."""
    x, w = engine.Value(2.0), engine.Value(3.0)
    y = x**3 * w**2
    expected = numbers_of(form(y, [x, w]))
    with no_grad():
        answers = form(y, [x, w])

    assert numbers_of(answers) == expected
    assert {answer.operation for answer in answers} == {None}


@either_engine
@each_form
def test_a_part_that_was_computed_under_no_grad_is_a_constant(engine: Any, form: Callable[..., Any]) -> None:
    """Seen to fail with RuntimeError: the slope of c·x is c itself."""
    x = engine.Value(2.0)
    with no_grad():
        c = x * 3

    expected = [6.0] if form in (FORMS["gradient"], FORMS["jacobian"]) else [0.0]
    assert numbers_of(form(c * x, [x])) == expected


@each_form
def test_a_derivative_that_is_inf_is_an_anomaly(form: Callable[..., Any]) -> None:
    """Seen to fail without the check of the answers: with forward=False nothing else looks."""
    x = Value(0.0, "x")
    y = x.sqrt()
    with detect_anomaly(forward=False), pytest.raises(FloatingPointError):
        form(y, [x])


@each_form
def test_the_rule_is_not_asked_where_nothing_depends_on_it(form: Callable[..., Any]) -> None:
    """Seen to fail with all that the output was computed from."""
    asked = []

    def counted(x: Any) -> Any:
        asked.append(type(x))
        return x * 1.0, lambda: (1.0,)

    with declared(counted) as count:
        older, x = Value(3.0), Value(2.0)
        constant = count(older)
        y = count(x) * constant
        del asked[:]
        form(y, [x])

    # On Values once for gradient and jacobian, once for each pass for the others; never for the constant.
    assert asked == [type(x)]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (lambda x: gradient(x, 3.0), r"gradient\(output, inputs\) takes Values, not float: gradient\(y, x\) or "),
        (lambda x: gradient([x], x), r"gradient\(output, inputs\) takes Values, not list"),
        (lambda x: jacobian([x, 1.0], x), r"jacobian\(outputs, inputs\) takes Values, not float: jacobian\(\[y, z\]"),
        (lambda x: jacobian(x, [[x]]), r"jacobian\(outputs, inputs\) takes Values, not list"),
        (
            lambda x: jacobian(math.sin, x),
            r"not builtin_.*: call .* first, as in jacobian\(f\(x\), x\)",
        ),
        (lambda x: hessian(lambda x: x, x), r"call the function first, as in hessian\(f\(x\), x\)"),
        (lambda x: hessian(lambda x: x)(x), r"call the function first, as in hessian\(f\(x\), x\)"),
        (lambda x: jacobian(lambda x: x, argnums=0)(x), r"call the function first, as in jacobian\(f\(x\), x\)"),
        (lambda x: gradient(x * x, x, create_graph=True), r"create_graph=: .* can be differentiated again without it"),
        (lambda x: grad(x * x, x, create_graph=True), r"write gradient\(y, x\), .* can be differentiated again"),
        (lambda x: grad(lambda x: x, has_aux=True), r"grad\(\) has no argument has_aux=: leave it out"),
        (lambda x: hessian(x * x), r"not NoneType: hessian\(y, x\)"),
        (lambda x: hessian(x, nn.Neuron(1)), r"not Neuron: hessian\(y, model.parameters\(\)\)"),
        (lambda x: hessian(x, "x"), r"hessian\(output, inputs\) takes Values, not str"),
        (lambda x: hessian(x, None), r"hessian\(output, inputs\) takes Values, not NoneType"),
        (
            lambda x: hessian_vector(x, [1.0], [1.0]),
            r"hessian_vector\(.*, vector\) takes Values, not float",
        ),
        (lambda x: hessian_vector(x, [x], 1.0), "a list, with a number for each input, not one float"),
        (lambda x: hessian_vector(x, [x], ["1"]), r"not str: convert text first"),
        (lambda x: hessian_vector(x, x, [1.0]), r"not list: a Value holds one number"),
        (lambda x: grad(x), r"grad\(f\) takes a function, not a Value: .* write gradient\(y, x\)"),
        (lambda x: value_and_grad(x, x), r"value_and_grad\(f\) takes a function, not a Value"),
        (lambda x: grad(3.0), r"grad\(f\) takes a function, not float"),
        (lambda x: grad(sin, "x"), "argnums must be a whole number, not 'x': write the place"),
        (lambda x: grad(sin, (0, 1.5)), "argnums must be a whole number, not 1.5"),
        (lambda x: grad(sin, 1)(1.0), r"grad\(sin\) differentiates by the positional argument 1, but was given 1"),
        (lambda x: grad(sin, -2)(1.0), r"the positional argument -2, but was given 1"),
        (lambda x: grad(sin)(x=1.0), "but was given 0 of them: pass it by its place"),
        (lambda x: grad(sin)("1"), r"grad\(sin\) .* of numbers: expected a real number, not str: convert text first"),
        (lambda x: grad(sin)({"w": [1.0, None]}), r"but at \['w'\]\[1\]: expected a real number, not None"),
        (lambda x: grad(sin)(1j), r"not complex: take its .real"),
        (lambda x: grad(named)(1.0), r"grad\(named\) .* one number, but it returned None: end it with return"),
        (lambda x: value_and_grad(lambda x: [x])(1.0), r"value_and_grad\(<lambda>\) .* returned list: .* as their sum"),
        (lambda x: grad(lambda x: numpy.array([x, x]))(1.0), r"returned ndarray: return one number"),
        (lambda x: grad(lambda x: x > 0)(1.0), r"it returned bool: compute it with operators"),
        (lambda x: grad(lambda x: "x")(1.0), r"it returned str"),
        (lambda x: grad(lambda x: (y for y in [x]))(1.0), r"it returned generator"),
    ],
)
def test_mistakes_are_told_with_the_remedy(action: Callable[[Value], Any], told: str) -> None:
    """Seen to fail with what Python says by itself, of attributes and of unpacking."""
    x = Value(2.0)
    with pytest.raises(TypeError, match=told):
        action(x)

    assert x.grad == 0.0


def named(x: Any) -> None:
    pass


def test_a_vector_of_another_length_is_told() -> None:
    """Seen to fail with a product of the shorter length."""
    x = Value(2.0)
    for vector in ([], [1.0, 2.0]):
        with pytest.raises(ValueError, match=f"a number for each input: 1 inputs, but {len(vector)} numbers"):
            hessian_vector(x * x, [x], vector)


# Depth and memory ----------------------------------------------------------------------------------

DEEP_PROGRAM = """
import gc, threading
from autograd import Value, grad, hessian_vector

gc.disable()
done = []

def chain(x):
    y = x * x
    for _ in range({length}):
        y = -y
    return y

def program():
    assert grad(chain)(3.0) == 6.0
    assert grad(grad(chain))(3.0) == 2.0
    x = Value(3.0)
    product = hessian_vector(chain(x), x, 5.0)
    assert product.data == 10.0
    assert grad(lambda w: grad(lambda x: w * chain(x))(3.0))(2.0) == 6.0
    del product
    done.append(True)

threading.stack_size(256 * 1024)
thread = threading.Thread(target=program)
thread.start()
thread.join()
assert done
"""


def test_depth_is_no_limit() -> None:
    """Seen to fail with a recursive walk."""
    finished = subprocess.run(
        [sys.executable, "-c", DEEP_PROGRAM.format(length=100_000)], capture_output=True, text=True, timeout=300
    )

    assert finished.stderr == ""


def test_nothing_is_kept() -> None:
    """Seen to fail with a table of the calls' own nodes."""
    kept = []

    def f(x: Any) -> Any:
        kept.append(weakref.ref(x))
        y = x * w
        kept.append(weakref.ref(y))
        return y * y

    w = Value(2.0)
    was_on = gc.isenabled()
    gc.disable()
    try:
        grad(f)(3.0)
        grad(grad(f))(3.0)
        answer = value_and_grad(f)(Value(3.0))

        assert len(kept) == 6
        assert {kept[i]() for i in range(4)} == {None}
        del answer
        assert {reference() for reference in kept} == {None}
    finally:
        if was_on:
            gc.enable()


# Functions of numbers ------------------------------------------------------------------------------


def cube(x: Any) -> Any:
    """A documented function."""
    return x**3


def test_numbers_give_floats_and_values_give_values() -> None:
    """Seen to fail with Values for numbers."""
    for number in (2, 2.0, Fraction(2), numpy.float32(2), numpy.array(2)):
        answer, slope = value_and_grad(cube)(number)

        assert (type(answer), type(slope)) == (float, float)
        assert (answer, slope, grad(cube)(number)) == (8.0, 12.0, 12.0)

    x = Value(2.0)
    answer, slope = value_and_grad(cube)(x)
    assert (answer.data, slope.data) == (8.0, 12.0)
    assert (gradient(answer, x).data, gradient(slope, x).data) == (12.0, 12.0)


@either_engine
def test_values_of_either_engine_may_be_given(engine: Any) -> None:
    """Seen to fail with leaves of the engine that runs."""
    x = engine.Value(2.0)
    slope = grad(grad(cube))(x)

    assert type(slope) is engine.Value
    assert (slope.data, gradient(slope, x).data) == (12.0, 6.0)


def test_derivatives_of_any_order() -> None:
    """Seen to fail with slopes that have no past."""
    f, found = cube, []
    for _ in range(4):
        f = grad(f)
        found.append(f(2.0))

    assert found == [12.0, 12.0, 6.0, 0.0]


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ([1.0, 2], [2.0, 4.0]),
        ((1.0, [2.0, {"w": 3.0}]), (2.0, [4.0, {"w": 6.0}])),
        ({"a": 1.0, "b": (2.0,), "c": []}, {"a": 2.0, "b": (4.0,), "c": []}),
        (Point(1.0, [2.0]), Point(2.0, [4.0])),
        ([], []),
    ],
)
def test_the_derivative_has_the_form_of_the_argument(argument: Any, expected: Any) -> None:
    """Seen to fail with lists for tuples."""

    def f(xs: Any) -> Any:
        return autograd.sum([x**2 for x in flat(xs)] + [0.0])

    found = grad(f)(argument)

    assert (type(found), found) == (type(expected), expected)
    assert all(type(slope) is float for slope in flat(found))


def flat(xs: Any) -> Iterator[Any]:
    for x in xs.values() if isinstance(xs, dict) else xs if isinstance(xs, list | tuple) else [xs]:
        yield from flat(x) if isinstance(x, list | tuple | dict) else [x]


@pytest.mark.parametrize("numbers", [[1.0, 2.0], [1, 2], [[1.0, 2.0], [3.0, 4.0]], []])
def test_arrays_are_arguments(numbers: list[Any]) -> None:
    """Seen to fail with an array of objects, and with TypeError."""
    array = numpy.array(numbers)
    found = grad(lambda xs: (numpy.exp(xs) * xs).sum() + 0.0)(array)

    assert (found.dtype, found.shape) == (numpy.dtype(float), array.shape)
    assert found == pytest.approx(numpy.exp(array) * (array + 1.0))


def test_argnums_chooses_arguments() -> None:
    """Seen to fail with the first argument always."""

    def f(x: Any, y: Any, *, factor: float) -> Any:
        return x * y**2 * factor

    assert grad(f)(2.0, 3.0, factor=10.0) == 90.0
    assert grad(f, 1)(2.0, 3.0, factor=10.0) == 120.0
    assert grad(f, argnums=-1)(2.0, 3.0, factor=10.0) == 120.0
    assert grad(f, argnums=(1, 0))(2.0, 3.0, factor=10.0) == (120.0, 90.0)
    assert grad(f, argnums=[0])(2.0, 3.0, factor=10.0) == (90.0,)
    assert grad(f, argnums=(0, 0, -2))(2.0, 3.0, factor=10.0) == (90.0, 90.0, 90.0)
    assert value_and_grad(f, argnums=())(2.0, 3.0, factor=10.0) == (180.0, ())


class Frame:
    """Almost an array, as pandas has them."""

    shape = (2,)
    astype = None


def test_other_arguments_are_passed_on_untouched() -> None:
    """Seen to fail with all arguments made Values, and with a frame of pandas taken for an array."""
    data, options = [1.0, "text", None, numpy.ones(2), Frame()], {"scale": 2}
    given: list[Any] = []

    def f(x: Any, data: Any, n: int, **options: Any) -> Any:
        given.extend([x, data, n, options["options"]])
        return x * n

    assert grad(f)(3.0, data, 7, options=options) == 7.0
    assert (type(given[0]), given[1] is data, given[2], given[3] is options) == (Value, True, 7, True)


def test_the_function_is_run_once_and_keeps_its_name() -> None:
    """Seen to fail with one run for the value and one for its derivative."""
    runs = []

    def f(x: Any) -> Any:
        """Squared."""
        runs.append(x.data)
        return x * x

    derivative = value_and_grad(f)
    derivative(3.0)

    assert runs == [3.0]
    assert (derivative.__name__, derivative.__doc__, derivative.__wrapped__) == ("f", "Squared.", f)
    assert (grad(f).__name__, grad(f).__doc__) == ("f", "Squared.")


def test_what_is_called_may_be_any_callable() -> None:
    """Seen to fail with functions that must have a name."""
    model = nn.MLP(2, [3, 1], seed=0)
    x = [Value(0.5), Value(-1.0)]

    assert grad(exp)(0.0) == 1.0
    assert grad(functools.partial(pow, 2.0))(3.0) == pytest.approx(8 * math.log(2.0))
    assert grad(model)([0.5, -1.0]) == numbers_of(gradient(model(x), x))
    assert [parameter.has_grad for parameter in model.parameters()] == [False] * 13


@pytest.mark.parametrize("constant", [3, 3.0, Fraction(3), numpy.float64(3), Value(3.0)])
def test_what_does_not_depend_on_its_argument_has_the_derivative_0(constant: Any) -> None:
    """Seen to fail with TypeError for a plain number."""
    assert value_and_grad(lambda x: constant)(1.0) == (3.0, 0.0)
    assert grad(lambda x: constant)([1.0, 2.0]) == [0.0, 0.0]

    answer, slope = value_and_grad(lambda x: constant)(Value(1.0))
    assert (type(answer), type(slope), answer.data, slope.data) == (Value, Value, 3.0, 0.0)


def test_the_argument_itself_has_the_derivative_1() -> None:
    """Seen to fail with 0, for no node had sent it anything."""
    assert value_and_grad(lambda x: x)(5.0) == (5.0, 1.0)
    assert value_and_grad(lambda xs: xs[1])([5.0, 6.0]) == (6.0, [0.0, 1.0])


# Siskind & Pearlmutter 2005, "Perturbation confusion and referential transparency": each derivative has to be with
# respect to its own variable alone, though both stand at the same number.
CONFUSING: list[tuple[Callable[[Any], Any], float, float]] = [
    (lambda x: x * grad(lambda y: x + y)(x), 2.0, 1.0),
    (lambda x: x * grad(lambda y: x + y)(1.0), 1.0, 1.0),
    (lambda x: grad(lambda y: x * y)(x), 3.0, 1.0),
    (lambda x: grad(lambda y: x * y * y)(x), 3.0, 12.0),  # 2·x·y at y = x is 2x²
    (lambda x: grad(lambda y: x * x)(x), 3.0, 0.0),
    (lambda x: grad(lambda y: x)(x) + x, 3.0, 1.0),
    (lambda x: grad(lambda y: x * y**2)(3.0), 2.0, 6.0),
    (lambda x: grad(lambda y: x**3 * y**2)(2.0), 3.0, 108.0),  # 2·x³·y at y = 2 is 4x³
    (lambda x: grad(lambda y: grad(lambda z: x * y * z)(y) * y)(x), 2.0, 8.0),  # x·y², then 2·x·y at x: 2x²
    (lambda x: grad(lambda y: grad(lambda z: x * y * z**2)(1.0))(1.0), 5.0, 2.0),
    (lambda x: grad(lambda y: y * grad(lambda z: x * z**2)(1.0))(1.0), 5.0, 2.0),
    (lambda x: grad(grad(lambda y: x * y**3))(2.0), 1.0, 12.0),
    (lambda x: x * value_and_grad(lambda y: x * y)(2.0)[0], 3.0, 12.0),  # x·2x
    (lambda x: grad(lambda ys: ys[0] * ys[1] * x)([x, 2.0])[1], 3.0, 6.0),  # x·x
    (lambda x: grad(lambda y, w: y * w)(1.0, x), 4.0, 1.0),
    (lambda x: grad(lambda y, w: y * w["w"])(1.0, w={"w": x}), 4.0, 1.0),
]


@pytest.mark.parametrize("place", range(len(CONFUSING)))
def test_a_derivative_inside_a_derivative_is_with_respect_to_its_own_variable(place: int) -> None:
    """Seen to fail with inputs that are no nodes of their own, and with floats in answer to numbers inside as well."""
    f, x, expected = CONFUSING[place]

    assert grad(f)(x) == expected
    assert grad(f)(Value(x)).data == expected


def test_a_value_from_elsewhere_counts_as_a_number() -> None:
    """Seen to fail with Values in answer to numbers."""
    w = Value(2.0)

    assert value_and_grad(lambda x: w * x**2)(3.0) == (18.0, 12.0)
    assert w.has_grad is False
    slope = grad(lambda x, w: w * x**2)(3.0, w)
    assert (slope.data, gradient(slope, w).data) == (12.0, 6.0)
    slope = grad(lambda x: w * x**2)(Value(3.0))
    assert (slope.data, gradient(slope, w).data) == (12.0, 6.0)


def test_what_does_not_depend_on_an_outer_call_is_a_float_in_it_too() -> None:
    """Seen to fail with Values for all that is computed inside of a call."""
    kinds = []
    w = Value(3.0)

    def f(x: Any) -> Any:
        kinds.append(type(grad(lambda y: w * y)(1.0)))
        kinds.append(type(grad(lambda y: w)(1.0)))
        kinds.append(type(grad(lambda y: x * y)(1.0)))
        return x * grad(cube)(2.0)

    assert grad(f)(1.0) == 12.0
    assert kinds == [float, float, Value]
    assert grad(lambda y: w * y)(1.0) == 3.0  # the outer call is over


def test_a_call_that_fails_leaves_nothing_open() -> None:
    """Seen to fail without `finally`."""

    def fails(x: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        grad(fails)(1.0)
    w = Value(3.0)

    assert type(grad(lambda y: w * y)(1.0)) is float
    assert (w * 2).operation is not None


def test_no_grad_around_a_call_does_not_reach_into_it() -> None:
    """Seen to fail with RuntimeError, as what `f` computed had no past."""
    x = Value(2.0)
    with no_grad():
        numbers = grad(cube)(2.0), grad(grad(cube))(2.0)
        answer, slope = value_and_grad(cube)(x)
        after = x * x

    assert numbers == (12.0, 12.0)
    assert (answer.data, slope.data) == (8.0, 12.0)
    assert (answer.operation, slope.operation, after.operation) == (None, None, None)


def test_no_grad_inside_of_the_function_holds() -> None:
    """Seen to fail with recording for all that the function does."""

    def f(x: Any) -> Any:
        with no_grad():
            factor = x * x
        return factor * x

    def g(x: Any) -> Any:
        with no_grad():
            return x * x

    assert grad(f)(3.0) == 9.0
    with pytest.raises(RuntimeError, match="computed under no_grad"):
        grad(g)(3.0)


def test_anomalies_are_told_inside_of_the_function() -> None:
    """Seen to fail with a mode that forgets those around it."""
    with detect_anomaly():
        with pytest.raises(FloatingPointError, match="log"):
            grad(log)(0.0)
        assert grad(cube)(2.0) == 12.0


def test_generators_keep_their_blocks() -> None:
    """Seen to fail with a block that was left in another generator."""

    def slopes() -> Iterator[float]:
        with no_grad():
            for x in (1.0, 2.0):
                yield grad(cube)(x)

    x = Value(2.0)
    found = []
    for slope in slopes():
        found.append(slope)
        assert (x * x).operation is not None

    assert found == [3.0, 12.0]
