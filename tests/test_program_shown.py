"""How programs are printed, pickled and drawn."""

import copy
import io
import math
import os
import pickle
import re
import subprocess
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from helpers import bits
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import OPERATIONS, Value, draw, exp, explain, gradient, hypot, log, nn, no_grad, operation, relu, tanh
from autograd.book import FAMILIES, UNLISTED
from autograd.compiler.program import DETACH, LINEAR, TAKE, VERSION, Program, checked
from autograd.engines import native
from autograd.taking import take
from autograd.terminal import printable

Replay = getattr(native, "Replay", autograd.compiler.replay.Replay)


@pytest.fixture(autouse=True)
def _the_book_as_it_was() -> Iterator[None]:
    before = set(OPERATIONS)
    yield
    for name in set(OPERATIONS) - before:
        del OPERATIONS[name]


def lines(program: Program, title: str) -> list[str]:
    """The lines below the title that begins so."""
    _, _, rest = str(program).partition(f"\n{title}")
    return [line.removeprefix("  ") for line in rest.partition("\n\n")[0].split("\n")[1:]]


def program_of(function: Callable[..., Any], *arguments: Any, **options: Any) -> Program:
    compiled = autograd.compile(function, **options)
    compiled(*arguments)
    return compiled.program


# The worked examples --------------------------------------------------------------------------------


def circuit(w0: Any, x0: Any, w1: Any, x1: Any, w2: Any) -> Any:
    return 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))


def loss_of_a_line(h: Any, k: Any, w1: Any, w2: Any, b: Any) -> Any:
    return (10 - (h * w1 + k * w2 + b)) ** 2


def confident(x0: Any, x1: Any, x2: Any, w0: Any, w1: Any, w2: Any) -> Any:
    p = autograd.sigmoid(w0 * x0 + w1 * x1 + w2 * x2)
    return 0.5 * (1.0 - p) ** 2


def network(x: Any, w: Any, v: Any) -> Any:
    hidden = [relu(x * weight) for weight in (w, -w, 2 * w)]
    return -log(autograd.sigmoid(sum(h * v for h in hidden)))


EXAMPLES = [
    (circuit, (2.0, -1.0, -3.0, -2.0, -3.0)),
    (loss_of_a_line, (1.0, -3.0, 5.0, -1.0, 3.0)),
    (confident, (1.0, 0.0, 1.0, -0.16595599, 0.44064899, -0.99977125)),
    (network, (0.3, 1.7, -0.4)),
    (lambda x, y: x * x * y - y / x + tanh(x * y) * x, (0.7, -1.3)),
]


def evaluated(program: Program, given: Sequence[float]) -> dict[str, float]:
    """The numbers that the printed lines come to, each as Python's own arithmetic has it."""
    known: dict[str, Any] = {name: getattr(math, name) for name in ("exp", "tanh", "log")}
    known["σ"] = lambda x: 1 / (1 + math.exp(-x))
    known["ReLU"] = lambda x: max(x, 0.0)
    numbers = dict(zip(program.input_names, given, strict=True))
    for line in [*lines(program, "Forward"), *lines(program, "Backward")]:
        name, formula = line.partition("  #")[0].split(" = ", 1)
        python = re.sub(r"\[([^\]]*)\]", r"float(\1)", formula)
        for sign, written in {"×": "*", "·": "*", "−": "-", "^": "**", "²": "**2"}.items():
            python = python.replace(sign, written)
        numbers[name] = eval(python, known, numbers)
    return numbers


@pytest.mark.parametrize(("function", "numbers"), EXAMPLES)
def test_what_is_printed_computes_the_value_and_the_gradient(
    function: Callable[..., Any], numbers: Sequence[float]
) -> None:
    """Seen to fail with a difference the other way round, a flow left out, and the wrong one of two derivatives."""
    leaves = [Value(number) for number in numbers]
    eager = function(*leaves)
    eager.backward()

    program = program_of(function, *leaves)
    found = evaluated(program, numbers)

    assert found[program.name] == pytest.approx(eager.data, rel=1e-14)
    assert [found[f"d_{name}"] for name in program.input_names] == pytest.approx([x.grad for x in leaves], rel=1e-12)


CIRCUIT = """\
neuron: 5 instructions, 2 inputs, 3 parameters
  inputs: x0, x1
  parameters: w0, w1, w2
  8 recorded = 5 left + 3 within sums of products

Forward
  v1 = w0 × x0 + w1 × x1 + w2
  v2 = −v1
  v3 = exp(v2)
  v4 = 1 + v3
  v5 = 1/v4
  neuron = v5

Backward, where d_v1 stands for ∂neuron/∂v1
  d_v5 = 1
  d_v4 = d_v5 × (−1/v4²)
  d_v3 = d_v4
  d_v2 = d_v3 × exp(v2)
  d_v1 = −d_v2
  d_w0 = d_v1 × x0
  d_w1 = d_v1 × x1
  d_w2 = d_v1"""


def test_the_circuit_of_the_lecture_is_printed_as_one_writes_it() -> None:
    w0, w1, w2 = Value(2.0, "w0"), Value(-3.0, "w1"), Value(-3.0, "w2")

    @autograd.compile
    def neuron(x0: Any, x1: Any) -> Any:
        return circuit(w0, x0, w1, x1, w2)

    neuron(-1.0, -2.0)

    assert str(neuron.program) == CIRCUIT
    assert repr(neuron.program) == "<program neuron: 5 instructions, 2 inputs, 3 parameters>"


@pytest.mark.parametrize(
    ("exponent", "told"), [(2, "2·x"), (3, "3·x^2"), (-1.5, "−1.5·x^(−2.5)"), (0.5, "0.5·x^(−0.5)")]
)
def test_the_derivative_of_a_power_is_written_as_one_writes_it(exponent: float, told: str) -> None:
    program = program_of(lambda x: x**exponent, Value(2.0))

    assert lines(program, "Backward")[-1] in (f"d_x = d_v1 × ({told})", f"d_x = d_v1 × {told}")


def test_what_is_subtracted_is_subtracted_on_paper() -> None:
    program = program_of(loss_of_a_line, *[Value(x) for x in (1.0, -3.0, 5.0, -1.0, 3.0)])

    assert lines(program, "Forward")[-3:] == ["v2 = 10 − v1", "v3 = v2 ^ 2", "loss_of_a_line = v3"]
    assert "d_v1 = −d_v2" in lines(program, "Backward")


# What is told ---------------------------------------------------------------------------------------


def test_parameters_of_a_model_are_called_by_their_places() -> None:
    model = nn.MLP(2, [3, 1], seed=0)
    program = program_of(lambda x: model(x), [1.0, 2.0])

    assert program.parameter_names[:4] == (
        "layers.0.neurons.0.w0",
        "layers.0.neurons.0.w1",
        "layers.0.neurons.0.b",
        "layers.0.neurons.1.w0",
    )
    assert "in names, L stands for layers, N for neurons" in str(program)
    assert "d_L1.N0.b = d_v7" in lines(program, "Backward")


def test_a_parameter_has_its_label_where_no_other_has_it() -> None:
    model = nn.Neuron(2, seed=0)
    program = program_of(lambda x: model(x), [1.0, 2.0])

    assert program.parameter_names == ("w0", "w1", "b")


def test_no_two_things_have_one_name() -> None:
    first, second, third = Value(1.0, "w"), Value(2.0, "w"), Value(3.0)
    program = program_of(lambda x: tanh(first * x) * second + third, 1.0)

    assert lines(program, "Forward")[:2] == ["v1 = w × x", "v2 = tanh(v1)"]
    assert "d_w₂ = d_v3 × v2" in lines(program, "Backward")
    assert "d_p1 = d_v3" in lines(program, "Backward")


def test_labels_that_look_like_names_of_the_engine_are_told_apart() -> None:
    v1, flow = Value(1.0, "v1"), Value(2.0, "d_u1")
    program = program_of(lambda x: tanh(v1 * x + flow), 1.0)

    assert lines(program, "Forward")[0] == "u1 = v1 × x + d_u1"
    assert lines(program, "Backward")[-1] == "∂_d_u1 = ∂_u1"


def test_a_branch_sums_what_arrives_in_its_order() -> None:
    program = program_of(lambda x: tanh(x) * x + exp(x), Value(1.0))

    # v1 = tanh(x), v2 = v1 × x and v3 = exp(x), and backwards from the last to the first.
    assert lines(program, "Backward")[-1] == "d_x = d_v3 × exp(x) + d_v2 × v1 + d_v1 × (1−tanh(x)²)"


def test_of_a_sum_of_many_terms_the_first_and_the_last_are_printed() -> None:
    weights = [Value(1.0, f"w{i}") for i in range(40)]
    program = program_of(lambda x: tanh(autograd.dot(weights, x)), [1.0] * 40)
    terms = " + ".join([f"w{i} × x[{i}]" for i in range(6)])

    assert lines(program, "Forward")[0] == f"v1 = {terms} + … + w39 × x[39]  # 40 terms"


def test_of_a_list_of_many_operands_the_first_and_the_last_are_printed() -> None:
    weights = [Value(1.0, f"w{i}") for i in range(40)]
    program = program_of(lambda x: tanh(autograd.logsumexp([x, *weights, x])), Value(1.0))
    listed = "[x, w0, w1, w2, w3, w4, …, x]"

    assert lines(program, "Forward")[0] == f"v1 = logsumexp({listed})"
    assert f"d_x = d_v1 × softmax({listed})[0] + d_v1 × softmax({listed})[41]" in lines(program, "Backward")


def test_flows_of_many_instructions_come_from_the_last_to_the_first() -> None:
    def deep(x: Any) -> Any:
        y = x
        for _ in range(30):
            y = tanh(y * x)
        return y

    flows = lines(program_of(deep, Value(0.5)), "Backward")[-1]

    assert flows.startswith("d_x = d_v59 × v58 + d_v57 × v56 + ")
    assert flows.endswith(" + … + d_v1 × x  # 31 terms")


def test_what_depends_on_parameters_alone_is_told() -> None:
    w = Value(2.0, "w")
    program = program_of(lambda x: exp(w) * tanh(x) + 1.0, 1.0)

    assert "  1 instruction of parameters alone: computed once a sweep" in str(program).split("\n")
    assert lines(program, "Forward")[0] == "v1 = exp(w)  # once a sweep"


def test_a_users_rule_is_asked_for_each_example() -> None:
    @operation("drifting(x)", "2")
    def drifting(x: Any) -> Any:
        return x * 2.0, lambda: (2.0,)

    w = Value(2.0, "w")
    program = program_of(lambda x: drifting(w) * tanh(x) + 1.0, 1.0)

    assert lines(program, "Forward")[0] == "v1 = drifting(w)  # by its traced rule"


def test_guards_are_told_as_they_came_out() -> None:
    def way(x: Any) -> Any:
        return x * 2.0 if x > 1.0 else -x if not x < -1.0 else x

    assert lines(program_of(way, 3.0), "As long as") == ["x > 1"]
    assert lines(program_of(way, 0.5), "As long as") == ["not x > 1", "not x < −1"]


def test_what_was_left_out_and_what_became_of_it_is_counted() -> None:
    @autograd.compile
    def f(x: Any) -> Any:
        _ = exp(x)  # never used
        half = Value(0.25) * 2.0  # a constant
        return tanh(half * x) * tanh(half * x)

    f(Value(1.0))

    assert "left" in f.program.counts
    told = next(line for line in str(f.program).split("\n") if "recorded" in line)
    assert sum(int(number) for number in re.findall(r"[=+] (\d+)", told)) == f.program.counts["recorded"]
    assert "1 constant" in told


def test_what_is_taken_goes_to_the_chosen_one() -> None:
    rows = [Value(float(i), f"e{i}") for i in range(3)]
    program = program_of(lambda token: tanh(take(rows, token)), 1)

    assert lines(program, "Forward")[0] == "v1 = [e0, e1, e2][token]"
    assert lines(program, "Backward")[-3:] == [f"d_e{i} = d_v1 × [token = {i}]" for i in range(3)]


def test_what_is_detached_passes_nothing() -> None:
    program = program_of(lambda x: exp(x) * tanh(x).detach(), Value(1.0))

    assert "v3 = detach(v2)" in lines(program, "Forward")
    assert lines(program, "Backward")[-1] == "d_x = d_v1 × exp(x)"


def test_what_receives_nothing_has_the_derivative_0() -> None:
    program = program_of(lambda x, y: autograd.floor(exp(x)) * y, Value(1.0), Value(2.0))

    assert lines(program, "Backward") == ["d_v3 = 1", "d_v2 = d_v3 × y", "d_x = 0", "d_y = d_v3 × v2"]


def test_a_condition_that_is_constant_chooses_once_and_for_all() -> None:
    program = program_of(lambda x: autograd.where(x > 0.0, exp(x), tanh(x)), Value(1.0))

    assert "v3 = where(True, v1, v2)" in lines(program, "Forward")
    assert lines(program, "Backward")[1:] == ["d_v1 = d_v3", "d_x = d_v1 × exp(x)"]


def test_an_operation_of_a_user_is_told_with_its_derivative_or_without() -> None:
    @operation("cubed(x)", "3·x²")
    def cubed(x: Any) -> Any:
        return x * x * x, lambda: (3 * x * x,)

    @operation("mixed(x, y)")
    def mixed(x: Any, y: Any) -> Any:
        return x * y, lambda: (y, x)

    program = program_of(lambda x, y: mixed(cubed(x), y), Value(1.0), Value(2.0))

    assert lines(program, "Forward")[:2] == [
        "v1 = cubed(x)  # by its traced rule",
        "v2 = mixed(v1, y)  # by its traced rule",
    ]
    assert lines(program, "Backward")[1:] == ["d_v1 = d_v2 × (∂v2/∂v1)", "d_x = d_v1 × (3·x²)", "d_y = d_v2 × (∂v2/∂y)"]


def test_several_outputs_have_their_places() -> None:
    program = program_of(lambda x: [exp(x), {"twice": exp(x) * 2.0}], Value(1.0))

    assert lines(program, "Forward")[-2:] == ["function[0] = v1", "function[1] = v3"]
    assert "Backward, where d_v1 stands for what arrives at v1" in str(program)
    assert lines(program, "Backward")[0] == "d_v3 = d_function[1]"


def test_an_output_may_be_what_was_given() -> None:
    w = Value(2.0, "w")
    program = program_of(lambda x: [w, x], Value(1.0))

    assert lines(program, "Forward") == ["function[0] = w", "function[1] = x"]
    assert lines(program, "Backward") == ["d_x = d_function[1]", "d_w = d_function[0]"]


def test_a_notebook_gets_tables_and_a_terminal_signs_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    program = program_of(lambda x: tanh(x) - exp(x) * x, Value(1.0))
    html = program._repr_html_()

    assert html.count("<table") == 2
    assert '<th scope="row">v1</th><td>tanh(x)</td>' in html
    ascii_only = io.TextIOWrapper(io.BytesIO(), "ascii")
    assert printable(program.to_text(), ascii_only).isascii()
    monkeypatch.setattr(sys, "stdout", ascii_only)
    assert str(program).isascii()


# Long programs --------------------------------------------------------------------------------------


def long(count: int) -> Program:
    """A program of many instructions, all in a row."""
    operations = (OPERATIONS["tanh"], OPERATIONS["multiply"], LINEAR)
    first = 3  # after an input, a parameter and a constant
    operands: list[int] = []
    starts = array("i", [0])
    for k in range(count):
        before = first + k - 1 if k else 0
        operands += [(before,), (before, 1), (before, 1, 2, -1)][k % 3]
        starts.append(len(operands))
    codes = array("H", [k % 3 for k in range(count)])
    nowhere, last = array("i", [-1]) * count, array("i", [first + count - 1])
    constants, slots = array("d", [0.5]), array("i", operands)
    return Program(
        "long", operations, ("x",), b"\1", ("w",), constants, codes, starts, slots, nowhere, last, array("i"), {}
    )


def test_of_a_long_program_both_ends_are_printed() -> None:
    program = pickle.loads(pickle.dumps(long(1_000_000)))
    forward, backward = lines(program, "Forward"), lines(program, "Backward")

    assert forward[:3] == ["v1 = tanh(x)", "v2 = v1 × w", "v3 = v2 × w + 0.5"]
    assert "… 999,941 more" in forward
    assert forward[-2:] == ["v1000000 = tanh(v999999)", "long = v1000000"]
    assert backward[:2] == ["d_v1000000 = 1", "d_v999999 = d_v1000000 × (1−tanh(v999999)²)"]
    assert backward[-1].endswith("+ … + d_v2 × v1  # 666,666 terms")
    assert len(forward) == len(backward) == 61
    assert len(pickle.dumps(program)) < 64 * 1_000_000


def test_as_many_lines_are_printed_as_are_asked_for() -> None:
    program = long(100)

    assert "more" not in program.to_text(most=200)
    assert len(program.to_text(most=4).split("\n")) == 3 + 2 * 7
    with pytest.raises(ValueError, match="most"):
        program.to_text(most=1)


# Pickles --------------------------------------------------------------------------------------------


def everything(token: Any, x: Any) -> Any:
    """Sums of products, what is taken, what is detached, and derivatives that are operations of their own."""
    rows = [Value(0.5, "e0"), Value(1.5, "e1")]
    y = take(rows, token) * x + hypot(x, 2.0) * x
    slope = gradient(y, [x])[0]
    return tanh(slope * y + slope.detach())


def test_a_program_is_the_same_after_a_pickle() -> None:
    program = program_of(everything, 1, Value(0.7))
    numbers = [1.0, 0.7, *[0.5] * len(program.parameter_names)]

    for again in (pickle.loads(pickle.dumps(program)), copy.deepcopy(program), copy.copy(program)):
        assert str(again) == str(program)
        assert again.operations == program.operations
        outputs = [Replay(each).exact(array("d", numbers))[0] for each in (program, again)]
        assert bits(outputs[0][0]) == bits(outputs[1][0])


LOADED = "import pickle, sys; sys.stdout.buffer.write(pickle.load(sys.stdin.buffer).to_text().encode())"


def test_a_pickle_is_loaded_where_nothing_was_computed_before() -> None:
    """The derivatives of hypot are operations that are made when they are first asked for."""
    program = program_of(everything, 1, Value(0.7))
    names = {each.name for each in program.operations}

    loaded = subprocess.run(
        [sys.executable, "-c", LOADED],
        input=pickle.dumps(program),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    assert "take" in names
    assert any(name.startswith("hypot_by") for name in names)
    assert loaded.stdout.decode() == program.to_text()


def test_each_operation_that_is_in_no_book_is_found_by_its_name() -> None:
    x = Value(0.7)
    for name in FAMILIES:  # one of each family, made as its members are
        members = {"inverse_power": (2, True), "power": (1, 1), "hypot": (1, 1), "std_curvature": (0, 1)}
        FAMILIES[name](*members.get(name, (frozenset([1]),) if name == "product_without" else (2,)))
    assert {LINEAR, TAKE, DETACH} <= set(UNLISTED.values())
    for name, each in UNLISTED.items():
        assert each.name == name
        assert pickle.loads(pickle.dumps(each)) is each
    assert tanh(x).operation is OPERATIONS["tanh"]


def test_an_operation_that_is_missing_is_named() -> None:
    def vanishing(x: Any) -> Any:
        return x * 2.0, lambda: (2.0,)

    operation("vanishing(x)", "2")(vanishing)
    pickled = pickle.dumps(program_of(lambda x: OPERATIONS["vanishing"](x), 1.0))
    del OPERATIONS["vanishing"]

    with pytest.raises(ValueError, match="there is no operation vanishing here: import or write its declaration"):
        pickle.loads(pickled)


def test_a_rule_that_was_declared_again_is_not_pickled_by_its_old_name() -> None:
    def replaced(x: Any) -> Any:
        return x * 2.0, lambda: (2.0,)

    operation("replaced(x)", "2")(replaced)
    program = program_of(lambda x: OPERATIONS["replaced"](x), 1.0)
    operation("replaced(x)", "2")(replaced)

    with pytest.raises(ValueError, match="its operation replaced is not the one that is declared now"):
        pickle.dumps(program)


def test_a_pickle_of_another_version_is_refused_before_anything_else_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def later(x: Any) -> Any:
        return x * 2.0, lambda: (2.0,)

    operation("later(x)", "2")(later)
    program = program_of(lambda x: OPERATIONS["later"](x), 1.0)
    monkeypatch.setattr("autograd.compiler.program.VERSION", VERSION + 1)
    pickled = pickle.dumps(program)
    monkeypatch.undo()
    del OPERATIONS["later"]

    assert program.version == VERSION
    with pytest.raises(ValueError, match=f"of version {VERSION + 1}, and this autograd reads version {VERSION}"):
        pickle.loads(pickled)


# Whole programs ---------------------------------------------------------------------------------------


def small() -> Program:
    w = Value(2.0, "w")
    return program_of(lambda i, x: tanh(take([x, w], i)) * w + exp(x) if x > 0.0 else x, 1, Value(0.5))


def changes(program: Program) -> Iterator[tuple[str, Any]]:
    """A field each, with something in it that does not fit."""
    far = program.slots + 7
    yield "codes", array("H", [99, *program.codes[1:]])
    yield "codes", program.codes[:-1]
    yield "codes", array("B", program.codes)
    yield "starts", array("i", [1, *program.starts[1:]])
    yield "starts", array("i", [*program.starts[:-1], far])
    yield "starts", array("i", [0, 10**6, *program.starts[2:]])
    yield "starts", array("i", [0, -5, *program.starts[2:]])
    yield "starts", array("i", [*program.starts, program.starts[-1]])
    yield "operands", array("i", [far, *program.operands[1:]])
    yield "operands", array("i", [-1, *program.operands[1:]])
    yield "operands", array("i", [program.first, *program.operands[1:]])
    yield "operands", program.operands[:-1]
    yield "operands", array("q", program.operands)
    yield "copies", array("i", [far, *program.copies[1:]])
    yield "copies", array("i", [-2, *program.copies[1:]])
    yield "copies", program.copies[:-1]
    yield "outputs", array("i", [program.slots])
    yield "outputs", array("i", [-1])
    yield "outputs", array("i")
    yield "outputs", [0]
    yield "guards", array("i", [6, 0, 1, 1])
    yield "guards", array("i", [0, far, 1, 1])
    yield "guards", array("i", [0, 0, -1, 1])
    yield "guards", array("i", [0, 0, 1, 2])
    yield "guards", array("i", [0, 0, 1])
    yield "differentiable", b"\1"
    yield "differentiable", b"\2\1"
    yield "differentiable", [1, 1]
    yield "operations", program.operations[:-1]
    yield "operations", ("tanh",) * len(program.operations)
    yield "input_names", ("i",)
    yield "input_names", (1, 2)
    yield "parameter_names", ["w"]
    yield "constants", array("f", program.constants)
    yield "name", None
    yield "counts", None


@pytest.mark.parametrize("place", range(len(list(changes(small())))))
def test_a_program_that_is_not_whole_is_refused(place: int) -> None:
    program = small()
    name, thing = list(changes(program))[place]
    broken = replace(program, **{name: thing})

    with pytest.raises(ValueError, match="not a program that can be replayed"):
        checked(broken)
    with pytest.raises(ValueError, match="not a program that can be replayed"):
        pickle.loads(pickle.dumps(broken)) if name != "operations" else checked(broken)


def test_an_operation_has_as_many_operands_as_it_takes() -> None:
    program = small()
    for count, name in [(1, "multiply"), (2, "tanh"), (3, "dot"), (0, "take"), (2, "clamp")]:
        wanted = OPERATIONS.get(name, TAKE)
        starts, operands = array("i", [0, count]), array("i", [0] * count)
        broken = replace(
            *(program,),
            operations=(wanted,),
            codes=array("H", [0]),
            starts=starts,
            operands=operands,
            copies=array("i", [-1]),
            outputs=array("i", [0]),
            guards=array("i"),
        )
        with pytest.raises(ValueError, match="another number of operands"):
            checked(broken)


def test_operands_go_on_where_those_before_end() -> None:
    """A list may be empty, but not less than that."""
    broken = replace(
        small(),
        operations=(OPERATIONS["sum"],),
        codes=array("H", [0, 0]),
        starts=array("i", [0, 3, 2]),
        operands=array("i", [0, 1]),
        copies=array("i", [-1, -1]),
        outputs=array("i", [0]),
        guards=array("i"),
    )

    with pytest.raises(ValueError, match="starts does not grow"):
        checked(broken)


@pytest.mark.parametrize(
    ("operands", "problem"),
    [
        ([0, 1, 1], "not pairs"),
        ([], "not pairs"),
        ([-1, 1], "no first factor"),
        ([0, 1, 0, -1], "occurs twice"),
        ([0, -2], "not there"),
    ],
)
def test_a_sum_of_products_is_made_of_pairs(operands: list[int], problem: str) -> None:
    broken = replace(
        small(),
        operations=(LINEAR,),
        codes=array("H", [0]),
        starts=array("i", [0, len(operands)]),
        operands=array("i", operands),
        copies=array("i", [-1]),
        outputs=array("i", [0]),
        guards=array("i"),
    )

    with pytest.raises(ValueError, match=problem):
        checked(broken)


def test_a_program_without_all_of_its_parts_is_refused() -> None:
    _, arguments, state = small().__reduce__()
    del state["guards"]

    with pytest.raises(ValueError, match="it has no guards"):
        object.__new__(Program).__setstate__(state)
    assert arguments == (VERSION,)


@given(st.data())
def test_whatever_was_changed_a_program_is_refused_or_replayed(data: st.DataObject) -> None:
    program = small()
    name = data.draw(st.sampled_from(["codes", "starts", "operands", "copies", "outputs", "guards"]))
    numbers = getattr(program, name)[:]
    if not numbers:
        return
    place = data.draw(st.integers(0, len(numbers) - 1))
    least = 0 if name == "codes" else -3
    numbers[place] = data.draw(st.integers(least, 40))
    try:
        whole = checked(replace(program, **{name: numbers}))
    except ValueError:
        return
    try:
        outputs, state = Replay(whole).exact(array("d", [1.0, 0.5, 2.0]))
        if outputs is not None:
            state.sweep(0, 1.0, [None] * 3)
    except (IndexError, ValueError):
        pass  # of an index that is not there
    str(whole)


# Drawings ---------------------------------------------------------------------------------------------


def shown(drawing: Any) -> list[str]:
    return [" ".join(filter(None, [card.label, card.symbol])) for card in drawing.diagram.cards]


def test_a_program_is_drawn_as_its_instructions() -> None:
    w0, w1, w2 = Value(2.0, "w0"), Value(-3.0, "w1"), Value(-3.0, "w2")

    @autograd.compile
    def neuron(x0: Any, x1: Any) -> Any:
        return circuit(w0, x0, w1, x1, w2)

    neuron(-1.0, -2.0)
    with no_grad():
        drawing = draw(neuron.program)

    assert repr(drawing) == "<drawing of neuron: 5 instructions, 2 inputs, 3 parameters>"
    assert shown(drawing) == ["x0", "x1", "w0", "w1", "w2", "Σ a·b", "−x", "exp", "1 +", "neuron 1/x"]
    assert [row.text for card in drawing.diagram.cards for row in card.rows] == ["2 terms + w2"]
    assert len(drawing.diagram.edges) == 5 + 4


def test_a_program_has_no_numbers_to_be_drawn() -> None:
    program = program_of(lambda x: relu(-x) * 3.0, 2.0)
    drawing = draw(program)

    assert not any(edge.is_blocked for edge in drawing.diagram.edges)
    assert not any(word in card.title for card in drawing.diagram.cards for word in ("value", "gradient"))
    assert "▸" not in drawing.svg
    assert "A program has no numbers: they are those of each call." in drawing.to_html()
    with pytest.raises(ValueError, match="a program has none"):
        draw(program, show="value")


def test_several_outputs_are_drawn_together() -> None:
    drawing = draw(program_of(lambda x: [exp(x), tanh(x)], 2.0))

    assert shown(drawing) == ["x", "exp", "tanh", "function answer(xs)"]


def test_many_parameters_of_a_program_have_one_card() -> None:
    model = nn.MLP(2, [16, 1], seed=0)
    drawing = draw(program_of(lambda x: model(x), [1.0, 2.0]))

    assert shown(drawing)[:3] == ["x[0]", "x[1]", "parameters"]
    assert len(drawing.diagram.cards) == 3 + 16 + 16 + 1


def test_a_compiled_function_itself_is_not_drawn() -> None:
    with pytest.raises(TypeError, match=r"draw\(f.program\)"):
        draw(autograd.compile(exp))


def test_a_program_that_is_too_long_is_not_drawn() -> None:
    with pytest.raises(ValueError, match=r"has 2000 instructions, more than max_nodes=1500: print it"):
        draw(long(2000))


def test_what_a_compiled_function_answers_has_one_card_for_many_operands() -> None:
    model = nn.MLP(8, [8, 1], seed=0)

    @autograd.compile
    def loss(x: Any, target: Any) -> Any:
        return nn.squared_error(model(x), target)

    y = loss([0.1] * 8, 1.0) * 0.5
    y.backward()
    drawing = draw(y)

    assert shown(drawing) == ["operands", "loss(0.1, 0.1, 0.1, 0.1, 0.…", "× 0.5"]
    assert drawing.diagram.cards[0].rows[0].text == f"{len(list(model.parameters()))} nodes"
    assert len(explain(y).gradients) == len(list(model.parameters()))
    assert "v2 = v1 × 0.5" in str(explain(y).backward[0])


def test_a_leaf_that_others_take_too_keeps_its_card() -> None:
    w = [Value(float(i), f"w{i}") for i in range(50)]
    f = autograd.compile(lambda x: autograd.dot(w, [x] * 50))

    assert shown(draw(f(1.0) + w[3])) == ["operands", "w3", "function(1, ·, ·, ·, ·, ·,…", "+"]
