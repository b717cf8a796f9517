"""The command line as people use it, and expressions as they mistype them."""

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import autograd
from autograd import OPERATIONS, Value, operation
from autograd.__main__ import main
from autograd.commands.arguments import numbers
from autograd.draw import viewer
from autograd.expression import ADVICE, REFUSAL, Expression, ExpressionError

NEURON = ["1/(1+exp(-(w0*x0+w1*x1+w2)))", "w0=2", "x0=-1", "w1=-3", "x1=-2", "w2=-3"]


def run(*arguments, **environment):
    """What `python -m autograd` does, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "autograd", *arguments], capture_output=True, env={**os.environ, **environment}
    )


def run_python(program, **environment):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, env={**os.environ, **environment})


def rows_of(printed):
    """The rows of a printed table: the text of the first column and the others."""
    return {cells[0]: cells[1:] for cells in (re.split(r"  +", line) for line in printed.splitlines()[1:])}


def error_of(text, **values):
    with pytest.raises(ExpressionError) as caught:
        Expression(text)(**values)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


# draw ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value", "gradient"),
    [
        ("w0", "2", "-0.19661193"),
        ("x0", "-1", "0.39322387"),
        ("w1", "-3", "-0.39322387"),
        ("x1", "-2", "-0.58983580"),
        ("w2", "-3", "0.19661193"),
        ("w0 × x0", "-2", "0.19661193"),
        ("w1 × x1", "6", "0.19661193"),
        ("w0 × x0 + w1 × x1", "4", "0.19661193"),
        ("w0 × x0 + w1 × x1 + w2", "1", "0.19661193"),
        ("−(w0 × x0 + w1 × x1 + w2)", "-1", "-0.19661193"),
        ("exp(−(w0 × x0 + w1 × x1 + w2))", "0.36787944", "-0.53444665"),
        ("1 + exp(−(w0 × x0 + w1 × x1 + w2))", "1.36787944", "-0.53444665"),
        ("1/(1 + exp(−(w0 × x0 + w1 × x1 + w2)))", "0.73105858", "1"),
    ],
)
def test_the_table_of_the_neuron_shows_all_digits_of_the_lecture(expression, value, gradient, capsys):
    """Seen to fail with 8 digits (1.36787944 needs 9) and without the call of backward."""
    assert main(["draw", *NEURON]) == 0

    rows = rows_of(capsys.readouterr().out)
    shown = rows[expression]

    assert len(rows) == 13 + 1  # and the line that says where the picture is
    for expected, actual in zip((value, gradient), shown, strict=True):
        assert expected == f"{float(actual):.{len(expected.partition('.')[2])}f}"


def test_the_table_is_aligned_and_in_topological_order(capsys):
    main(["draw", "x*y + x", "y=0.25", "x=-3"])

    assert capsys.readouterr().out == (
        "expression  value  gradient\n"
        "y            0.25        -3\n"
        "x              -3      1.25\n"
        "x × y       -0.75         1\n"
        "x × y + x   -3.75         1\n"
        "written to graph.svg\n"
    )


def test_the_picture_is_well_formed_and_shows_the_result(tmp_path):
    assert main(["draw", *NEURON, "-o", "neuron.svg"]) == 0

    texts = [element.text for element in ElementTree.parse(tmp_path / "neuron.svg").iter() if element.text]

    assert any("0.7311" in text for text in texts)
    assert any("0.1966" in text for text in texts)


def test_digits_count_in_the_table_and_in_the_picture(tmp_path, capsys):
    main(["draw", "exp(x)", "x=1", "--digits", "6"])

    assert rows_of(capsys.readouterr().out)["exp(x)"] == ["2.71828", "1"]
    assert "2.71828" in (tmp_path / "graph.svg").read_text(encoding="utf-8")


def test_the_direction_turns_the_picture(tmp_path):
    pictures = []
    for direction in ("LR", "TB"):
        main(["draw", "x*y", "x=1", "y=2", "--direction", direction, "-o", f"{direction}.svg"])
        pictures.append((tmp_path / f"{direction}.svg").read_bytes())

    assert pictures[0] != pictures[1]


def drawn(capsys, *words):
    """The picture that the command draws, and what it prints as complaints."""
    assert main(["draw", *words]) == 0

    return Path("graph.svg").read_text(encoding="utf-8"), capsys.readouterr().err


def picture(root, **options):
    """What the function makes of a graph that no pass has been over."""
    root.backward()
    return autograd.draw(root, **options).svg


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["--decimals", "2", "--flows"], {"decimals": 2, "flows": True}),
        (["--theme", "dark", "--background", "transparent"], {"theme": "dark", "background": "transparent"}),
        (["--size", "1280x720"], {"size": (1280, 720)}),
        (["--size", "1280×720.5", "--legend"], {"size": (1280, 720.5), "legend": True}),
        (["--legend", "--language", "pt"], {"legend": True, "language": "pt"}),
        (["--no-legend"], {"legend": False}),
        (["--scale", "1.5", "--fontsize", "20"], {"scale": 1.5, "fontsize": 20}),
        (["--wrap", "2", "--direction", "TB"], {"wrap": 2, "direction": "TB"}),
    ],
)
def test_options_are_those_of_draw(words, options, capsys):
    """Seen to fail with --background left out of the call."""
    w, x, b = Value(2.0, "w"), Value(-1.0, "x"), Value(3.0, "b")
    shown, complaint = drawn(capsys, "(w*x+b)**2", "w=2", "x=-1", "b=3", *words)

    assert shown == picture((w * x + b) ** 2, **options)
    assert complaint == ""


@pytest.mark.parametrize("typed", ["w*x", "w * x", "w × x", " w·x "])
def test_nodes_are_named_by_labels_and_by_parts_as_typed(typed, capsys):
    """Seen to fail with parts compared as they are typed."""
    w, x, b = Value(2.0, "w"), Value(-1.0, "x"), Value(3.0, "b")
    product = w * x
    root = (product + b) ** 2
    values = ["w=2", "x=-1", "b=3"]
    near, _ = drawn(capsys, "(w*x+b)**2", *values, "--around", typed, "--radius", "1")
    lit, _ = drawn(capsys, "(w*x+b)**2", *values, "--highlight", f"w,{typed}", "--highlight", "w*x+b")

    assert lit == picture(root, highlight=[w, product, root.parents[0]])
    assert near == autograd.draw(root, around=product, radius=1).svg


def test_parts_with_commas_are_names_too(capsys):
    x, y = Value(1.0, "x"), Value(2.0, "y")
    greater = autograd.maximum(x, y)
    shown, _ = drawn(capsys, "max(x, y)*x", "x=1", "y=2", "--highlight", "x, max(x,y)")

    assert shown == picture(greater * x, highlight=[x, greater])


def test_decimals_are_those_of_the_table_too(capsys):
    assert main(["draw", *NEURON, "--decimals", "2"]) == 0

    assert rows_of(capsys.readouterr().out)["1/(1 + exp(−(w0 × x0 + w1 × x1 + w2)))"] == ["0.73", "1.00"]


def test_depth_tells_where_there_is_nothing_to_fold_up(capsys):
    _, told = drawn(capsys, "x*x", "x=2", "--depth", "1")

    assert told == "autograd: --depth folds nothing up here, because no part of the expression is in a scope\n"


def test_what_draw_complains_of_is_told_in_the_words_of_the_command_line(capsys):
    """Seen to fail with size= and scale=, and with a warning that names a file of this package."""
    assert main(["draw", "x*x", "x=2", "--size", "9x9", "--scale", "2"]) == 2
    wrong = capsys.readouterr().err
    _, warned = drawn(capsys, "x*x", "x=2", "--scale", "900")

    assert wrong.endswith("leave out --scale and --fontsize, or leave out --size\n")
    assert re.fullmatch(r"autograd: the picture is .+: draw less of a graph with --depth or --around, .+\n", warned)


def test_open_opens_what_was_written(capsys, monkeypatch):
    addresses = []
    monkeypatch.setenv("BROWSER", "firefox")
    monkeypatch.setattr("webbrowser.open", lambda address: addresses.append(address) or True)
    drawn(capsys, "x*x", "x=2", "--open", "-o", "graph.svg")
    drawn(capsys, "x*x", "x=2")

    assert addresses == [Path("graph.svg").resolve().as_uri()]


def test_a_picture_that_cannot_be_opened_is_written_all_the_same(capsys, monkeypatch):
    monkeypatch.setattr(viewer, "_has_screen", lambda: False)
    _, told = drawn(capsys, "x*x", "x=2", "--open")

    assert told == "autograd: graph.svg is not opened, because there is no screen here\n"


def test_a_picture_can_be_dot(tmp_path, capsys):
    assert main(["draw", "x*x", "x=3", "-o", "square.dot"]) == 0

    assert (tmp_path / "square.dot").read_text(encoding="utf-8").startswith("digraph")
    assert capsys.readouterr().out.endswith("written to square.dot\n")


def test_one_over_x_is_the_reciprocal_gate():
    assert Expression("1/x")(x=Value(2.0)).operation is OPERATIONS["reciprocal"]


def test_a_name_used_twice_is_one_leaf(capsys):
    main(["draw", "x*x + x", "x=3"])

    assert rows_of(capsys.readouterr().out)["x"] == ["3", "7"]


def test_an_expression_of_numbers_alone_is_one_leaf(capsys):
    assert main(["draw", "2 + 3*4"]) == 0

    assert rows_of(capsys.readouterr().out)["2 + 3*4"] == ["14", "1"]


def test_names_of_a_condition_are_in_the_table(capsys):
    main(["draw", "where(a < b, x, y)", "a=1", "b=2", "x=10", "y=20"])

    rows = rows_of(capsys.readouterr().out)
    assert rows["a"] == ["1", "0"]
    assert rows["x"] == ["10", "1"]
    assert rows["y"] == ["20", "0"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_long_expressions_are_shortened_and_numbers_never(width, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))

    main(
        [
            "draw",
            " + ".join(f"exp({name})" for name in "abcdefghijklmnop"),
            *(f"{name}=1" for name in "abcdefghijklmnop"),
        ]
    )

    table = capsys.readouterr().out.splitlines()[:-1]
    assert {len(line) for line in table} == {len(table[0])}
    assert len(table[0]) <= width
    assert table[-1].endswith("  43.4925093           1")
    assert ("…" in table[-1]) == (width < 200)


# check --------------------------------------------------------------------------------------------


def test_check_shows_each_gradient_beside_a_numeric_one(capsys):
    assert main(["check", *NEURON]) == 0

    rows = rows_of(capsys.readouterr().out)
    assert list(rows) == ["w0", "x0", "w1", "x1", "w2", "agrees: 5"]
    for name, gradient in {"w0": -0.19661193, "x0": 0.39322387, "x1": -0.58983580}.items():
        analytic, numeric, digits, verdict = rows[name]
        assert (round(float(analytic), 8), round(float(numeric), 8), verdict) == (gradient, gradient, "agrees")
        assert int(digits) >= 8


def test_check_finds_a_wrong_gradient(capsys):
    """Seen to fail with an exit status of 0 throughout."""

    @operation("wrong(x)", "3·x²")
    def wrong(x):
        return x * x * x, lambda: (3.000001 * x * x,)

    try:
        assert main(["check", "wrong(x) + y", "x=2", "y=1"]) == 1
    finally:
        del OPERATIONS["wrong"]

    printed = capsys.readouterr().out
    assert rows_of(printed)["x"][-1] == "differs"
    assert rows_of(printed)["y"][-1] == "agrees"
    assert printed.endswith("differs: 1, agrees: 1\n")


def test_check_says_why_a_gradient_is_undecided(capsys):
    assert main(["check", "abs(x) + y", "x=0", "y=1"]) == 0

    printed = capsys.readouterr().out
    assert "\nx: undecided, a kink" in printed
    assert printed.endswith("undecided: 1, agrees: 1\n")


@pytest.mark.parametrize("words", [["abs(x)", "x=0"], ["log(x)", "x=-1"], ["maximum(x, y)", "x=1", "y=1"]])
def test_check_that_decides_nothing_has_a_status_of_its_own(capsys, words):
    """Seen to fail with the status of success, which would let a script pass."""
    assert main(["check", *words]) == 3

    assert capsys.readouterr().out.endswith("nothing was decided: try other points\n")


def test_check_tells_its_statuses(capsys):
    with pytest.raises(SystemExit):
        main(["check", "--help"])

    told = " ".join(capsys.readouterr().out.split())
    assert "exit 1 if any differs, 3 if nothing was decided" in told


def test_check_takes_a_result_that_does_not_depend_on_the_names(capsys):
    assert main(["check", "where(a < b, 1, 2)", "a=1", "b=2"]) == 0

    assert rows_of(capsys.readouterr().out)["a"] == ["0", "0", "16", "agrees"]


def test_check_needs_a_name(capsys):
    assert main(["check", "2 + 3"]) == 2

    assert capsys.readouterr().err == "autograd: there is no gradient to check: the expression has no names\n"


# How words become options, expressions and values -------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["-x*y", "x=-2", "y=-3", "-o", "a.svg"],
        ["-o", "a.svg", "-x*y", "x=-2", "y=-3"],
        ["--output=a.svg", "-x*y", "x=-2", "--digits", "3", "y=-3"],
        ["-x*y", "-o", "a.svg", "x=-2", "--direction", "TB", "y=-3"],
        ["-o", "a.svg", "--", "-x*y", "x=-2", "y=-3"],
        ["--digits=4", "--x*-y", "x=2", "-o", "a.svg", "y=3"],
    ],
)
def test_a_minus_sign_is_no_option_and_options_stand_anywhere(words, capsys):
    """Seen to fail without the space before words that are no options, and without the values left over."""
    assert main(["draw", *words]) == 0

    assert capsys.readouterr().out.splitlines()[-2].split()[-2:] == ["-6", "1"]


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e3", 1000.0), ("-0.5", -0.5), ("inf", float("inf")), ("1/3", 1 / 3), ("-2*exp(0)", -2.0), (" 4 ", 4.0)],
)
def test_a_value_is_any_number(text, number):
    assert numbers([f"x={text}"]) == {"x": number}


def test_nan_and_inf_go_through(capsys):
    assert main(["draw", "x*y", "x=nan", "y=inf"]) == 0

    assert rows_of(capsys.readouterr().out)["x"] == ["nan", "inf"]


@pytest.mark.parametrize(("typed", "given"), [("ﬁ*2", "fi"), ("fi*2", "ﬁ"), ("ｘ*2", "x"), ("x̂*2", "x̂")])
def test_names_are_the_same_for_python_and_for_values(typed, given):
    """Seen to fail without the normalisation of names: Python's parser turns the ligature ﬁ into f and i."""
    assert main(["draw", typed, f"{given}=3"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x*y*y", "x=1"], "y has no value (at column 3); add y=NUMBER"),
        (
            ["exp*2"],
            "exp has no value (at column 1); exp is also a function, called exp(…); for the name add exp=NUMBER",
        ),
        (["x*y", "x=1", "y=2", "z=3"], "z has a value but is not in the expression; its names are x, y"),
        (["2*3", "z=3"], "z has a value but is not in the expression; it has no names"),
        (["x", "x=1", "x=2"], "x has two values, the second in 'x=2'"),
        (["x", "x=one"], "'one' is not a number, in 'x=one'"),
        (["x", "x="], "'' is not a number, in 'x='"),
        (["x", "2x=1"], "'2x' cannot be a name, in '2x=1'"),
        (["x", "=1"], "'' cannot be a name, in '=1'"),
        (["2*lambda", "lambda=1"], "'lambda' cannot be a name, in 'lambda=1'"),
        (["x", "*", "y"], "'*' is not name=value (an expression with spaces needs quotes around it)"),
        (["х", "x=1"], "х has no value (at column 1); add х=NUMBER"),  # a Cyrillic х is another name
        (["x", "x=1", "-o", "missing/x.svg"], "there is no folder 'missing' for x.svg"),
        (["x", "x=1", "-o", "x.gif"], "the picture is saved as .svg, .html, .png, .pdf or .dot, not as 'x.gif'"),
        (["x", "x=1", "--open", "-o", "x.dot"], "no viewer opens x.dot: leave out --open, or write an .svg"),
        (["w*x", "w=1", "x=2", "--around", "v"], "there is no node 'v': name one of w, x, or a part as typed"),
        (["w*x", "w=1", "x=2", "--around", "w+x"], "there is no node 'w+x': name one of w, x, or a part as typed"),
        (["w*x", "w=1", "x=2", "--highlight", "w,"], "there is no node '': name one of w, x, or a part as typed"),
        (["x", "x=1", "-o", "x"], "the picture is saved as .svg, .html, .png, .pdf or .dot, not as 'x'"),
    ],
)
def test_a_mistake_is_told_in_one_line(words, message, capsys):
    assert main(["draw", *words]) == 2

    told = capsys.readouterr()
    assert told.err.splitlines()[0] == f"autograd: {message}"
    assert told.out == ""


@pytest.mark.parametrize(
    "words",
    [
        ["--unknown"],
        ["paint", "x"],
        ["draw"],
        ["draw", "x", "x=1", "--digits", "0"],
        ["draw", "x", "x=1", "--digits", "-3"],
        ["draw", "x", "x=1", "--digit", "3"],
        ["draw", "x", "x=1", "--direction", "UP"],
        ["draw", "x", "x=1", "--size", "1280"],
        ["draw", "x", "x=1", "--size", "1280x0"],
        ["draw", "x", "x=1", "--size", "1x2x3"],
        ["draw", "x", "x=1", "--scale", "nan"],
        ["draw", "x", "x=1", "--depth", "0"],
        ["draw", "x", "x=1", "--decimals", "18"],
        ["draw", "x", "x=1", "--theme", "blue"],
        ["check", "x", "x=1", "--unknown"],
    ],
)
def test_a_wrong_option_is_a_usage_error(words, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)

    assert stopped.value.code == 2
    assert "error:" in capsys.readouterr().err.splitlines()[-1]


def test_a_picture_that_cannot_be_written_is_told_after_the_table(tmp_path, capsys):
    (tmp_path / "folder.svg").mkdir()

    assert main(["draw", "x", "x=1", "-o", "folder.svg"]) == 2

    told = capsys.readouterr()
    assert told.out.startswith("expression")
    assert re.fullmatch(r"autograd: cannot draw folder\.svg: .+\n", told.err)


def test_a_graph_too_large_to_draw_is_told_in_one_line(capsys):
    names = [f"x{i}" for i in range(2000)]

    assert main(["draw", f"sum([{', '.join(names)}])", *(f"{name}=1" for name in names)]) == 2

    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1 + 2001
    assert re.fullmatch(r"autograd: cannot draw graph\.svg: .*2001 nodes.*\n", told.err)


# Expressions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1/(1+sinn(x))", "unknown function 'sinn' (at column 6); did you mean 'sin'?\n  1/(1+sinn(x))\n       ^"),
        ("é*ü + sinn(x)", "unknown function 'sinn' (at column 7); did you mean 'sin'?\n  é*ü + sinn(x)\n        ^"),
        ("x + ", "invalid syntax (at column 4)\n  x +\n     ^"),
        ("2*(x", "'(' was never closed (at column 3)\n  2*(x\n    ^"),
        ("x!2", "'!' has no meaning in an expression (at column 2)\n  x!2\n   ^"),
        ("2x", "invalid decimal literal (at column 1); to multiply, write *\n  2x\n  ^"),
        ("x(2)(3)", "only a function can be called; to multiply, write * (at column 1)\n  x(2)(3)\n  ^"),
        ("maximum(x)", "maximum(x, y): 2 needed, 1 given (at column 1)\n  maximum(x)\n  ^"),
        ("mean([])", "mean of an empty list is undefined: pass at least one number (at column 1)\n  mean([])\n  ^"),
        ("1if x else 2", f"{REFUSAL} (at column 1)\n  1if x else 2\n  ^"),
        ("x\x1by", "'\\x1b' has no meaning in an expression (at column 2)\n  x?y\n   ^"),
        (
            "clamp(x,min=0)",
            "'=' has no meaning in an expression (at column 12); arguments go by their position and without a name, "
            "as in clamp(x, 0, 1)\n  clamp(x,min=0)\n             ^",
        ),
        ("y=x", f"'=' has no meaning in an expression (at column 2); {ADVICE['=']}\n  y=x\n   ^"),
        ("x==3", f"'==' has no meaning in an expression (at column 2); {ADVICE['==']}\n  x==3\n   ^"),
        ("x!=3", f"'!=' has no meaning in an expression (at column 2); {ADVICE['==']}\n  x!=3\n   ^"),
        ("1+x.exp()", "a function is called by its name alone (at column 3); write exp(x)\n  1+x.exp()\n    ^"),
        ("x.clamp(0)", "a function is called by its name alone (at column 1); write clamp(x, 0)\n  x.clamp(0)\n  ^"),
        ("math.sin(x)", "a function is called by its name alone (at column 1); write sin(x)\n  math.sin(x)\n  ^"),
        ("x\n+\tsinn(x)", "unknown function 'sinn' (at column 5); did you mean 'sin'?\n  x + sinn(x)\n      ^"),
    ],
)
def test_an_error_points_at_its_place(text, told):
    """Seen to fail with the parser's offsets, which are bytes, taken for columns."""
    assert told == error_of(text)


@pytest.mark.parametrize("name", ["pi", "π"])
def test_pi_needs_no_value_but_may_have_one(name):
    """Seen to fail with "pi has no value"."""
    area = Expression(f"{name}*r²")

    assert (area(r=2.0), area(**{"r": 2.0, name: 3.0})) == (4 * math.pi, 12.0)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("sinn", "sin"),
        ("sigmiod", "sigmoid"),
        ("maxx", "max"),
        ("RELU", "relu"),
        ("arctan", "atan"),
        ("arctan2", "atan2"),
        ("clip", "clamp"),
        ("lg", "log10"),
    ],
)
def test_an_unknown_function_is_answered_with_one_that_exists(name, meant):
    assert f"did you mean '{meant}'?" in error_of(f"{name}(x)")


def test_a_function_that_resembles_none_is_answered_with_all():
    assert "the functions are add, " in error_of("zeta(x)")


@pytest.mark.parametrize(
    ("name", "meant"), [("ln", "log(x)"), ("square", "x**2"), ("softmax", "exp(x - logsumexp([x, y]))")]
)
def test_a_function_that_goes_by_another_name_is_answered_with_it(name, meant):
    assert f"unknown function '{name}' (at column 1); write {meant}" in error_of(f"{name}(x)")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "__import__('os')",
        "__import__(os)",
        "().__class__",
        "x.real",
        "exp.__call__(x)",
        "lambda: 1",
        "lambda x: x",
        "[x for x in y]",
        "(x for x in y)",
        "{x}",
        "f'{x}'",
        "'x'",
        "b'x'",
        "x[0]",
        "(x, y)",
        "x, y",
        "[x, y]",
        "[x] * 3",
        "exp([x])",
        "sum(x)",
        "sum(x, y)",
        "sum(*x)",
        "sum([*x])",
        "sum([[x]])",
        "sum([sum])([x])",
        "dot([x], [x, y])",
        "exp(x=1)",
        "exp(**x)",
        "x if y else z",
        "x and y",
        "not x",
        "~x",
        "x %% 2",
        "x /// 2",
        "x @ y",
        "x << 2",
        "x | y",
        "x < y",
        "x == y",
        "where(x < y < z, x, y)",
        "where(x in y, x, y)",
        "where(x is y, x, y)",
        "where(x, y < z, x)",
        "x := 3",
        "x = 3",
        "x; y",
        "x # y",
        "await x",
        "yield",
        "True",
        "None",
        "...",
        "2j",
        "1if x else 2",
        "x\0y",
        "\ufeffx",
        "\udcff",
        "softmax([x, y])",
        "*",
        ")(",
        "(" * 150,
        "(" * 1000 + "x" + ")" * 1000,
        "-" * 100_000 + "x",
        "x**" * 10_000 + "x",
        "exp(" * 199,
        "+".join(["x"] * 100_000),
        "a" * 100_000 + "(",
        "a." * 100_000 + "b",
        "1" * 5000,
    ],
)
def test_nothing_but_an_expression_is_accepted(text, capsys):
    """Seen to fail without the handler of RecursionError and MemoryError, without the refusal of booleans and
    with comparisons allowed everywhere.
    """
    with pytest.raises(ExpressionError):
        Expression(text)
    assert main(["draw", text]) == 2

    told = capsys.readouterr()
    assert told.out == ""
    assert re.match(r"autograd: .", told.err)
    assert len(told.err.splitlines()) <= 3
    assert all(len(line) <= 80 for line in told.err.splitlines()[1:])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9**9**9", float("inf")),
        ("9**9**9 * 0", float("nan")),
        ("1/0", float("inf")),
        ("-1/0", float("-inf")),
        ("0**-1", float("inf")),
        ("(-8)**(1/3)", float("nan")),
        ("1e999", float("inf")),
        ("log(0-1)", float("nan")),
        ("exp(1000)", float("inf")),
        ("0x10 + 1_000", 1016.0),
        ("-2**2", -4.0),
        ("2**-1", 0.5),
        ("7 - 4 - 2", 1.0),
        ("2**3**2", 512.0),
        ("+-+3", -3.0),
        ("sum([1, 2, 3]) * dot([1, 2], [3, 4])", 66.0),
        ("maximum(1, mean([2, 4]))", 3.0),
        ("where(1 < 2, 10, 20) + where(1 >= 2, 10, 20)", 30.0),
        ("((((1))))", 1.0),
    ],
)
def test_constants_follow_ieee_754(text, value):
    """Seen to fail with Python's own / and **."""
    answer = Expression(text)()

    assert type(answer) is float
    assert answer == pytest.approx(value, rel=0, abs=0, nan_ok=True)


def test_integers_given_as_values_are_numbers_too():
    assert Expression("x**x**x")(x=9) == float("inf")


def test_depth_within_the_parsers_limit_is_evaluated_without_recursion():
    """Seen to fail with an evaluation that calls itself."""
    x = Value(1.0, "x")

    total = Expression("+".join(["x"] * 1500))(x=x)
    total.backward()

    assert (total.data, x.grad) == (1500.0, 1500.0)


def test_a_sum_of_10_000_terms_is_one_node_in_brackets():
    x = Value(1.0, "x")

    total = Expression(f"sum([{', '.join(['x'] * 10_000)}])")(x=x)
    total.backward()

    assert x.grad == 10_000.0
    assert len(total.operands) == 10_000


def test_every_operation_of_the_rule_book_can_be_called_by_name():
    for name, declared in OPERATIONS.items():
        arguments = ", ".join("[x, x]" if isinstance(domain, list) else "x" for domain in declared.domain)

        assert Expression(f"{name}({arguments})")(x=Value(0.5)).operation is declared


def test_a_wrong_call_is_a_mistake_of_the_caller():
    assert "y has no value" in error_of("x*y", x=1.0)
    assert "z has a value" in error_of("x", x=1.0, z=1.0)
    assert Expression("self + text")(self=1.0, text=2.0) == 3.0


# The process --------------------------------------------------------------------------------------


def test_python_dash_m_autograd_draws(tmp_path):
    done = run("draw", *NEURON, "-o", "neuron.svg", PYTHONUTF8="1")

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().splitlines()[-2].split()[-2:] == ["0.731058579", "1"]
    assert (tmp_path / "neuron.svg").is_file()


def test_the_version_is_told():
    assert re.fullmatch(rb"autograd \d+\.\d+\.\d+\s*", run("--version").stdout)


def test_exit_status_2_and_standard_error_are_for_mistakes():
    done = run("draw", "x*y", "x=1")

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"autograd: y has no value (at column 3); add y=NUMBER")


@pytest.mark.parametrize(
    ("encoding", "row"),
    [
        ("ascii", "sqrt x - sigma * theta"),
        ("cp437", "√x - σ * theta"),
        ("cp1252", "sqrt x - sigma × theta"),
        ("latin-1", "sqrt x - sigma × theta"),
        ("utf-8", "√x − σ × θ"),
    ],
)
def test_every_terminal_can_show_the_table(encoding, row):
    """Seen to fail with texts printed as they are: UnicodeEncodeError. It has its own signs as far as it has any."""
    done = run("draw", "sqrt(x) - σ*θ", "x=4", "σ=1", "θ=2", "-o", "é.svg", PYTHONIOENCODING=encoding)

    assert (done.returncode, done.stderr) == (0, b"")
    assert row in rows_of(done.stdout.decode(encoding))


COMMANDS = [
    ["draw", "x*x", "x=3"],
    ["check", "x*x", "x=3"],
    ["explain", "x*x", "x=3"],
    ["grade", "micrograd.engine:Value"],
    ["train", "xor", "--points", "4", "--epochs", "1"],
    ["draw", "--help"],
    ["--version"],
    [],
]
with_all = pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "nothing")
POSIX = pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes files")


def shell(words, redirection, **environment):
    """The command as a shell runs it, with what it does about its files."""
    command = " ".join(map(shlex.quote, [sys.executable, "-m", "autograd", *words]))
    return subprocess.run(
        ["sh", "-c", f"{command} {redirection}"], capture_output=True, env={**os.environ, **environment}
    )


@with_all
def test_a_closed_pipe_is_quiet(words):
    """Seen to fail without the handler of BrokenPipeError."""
    process = subprocess.Popen(
        [sys.executable, "-m", "autograd", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, told = process.communicate()

    assert (process.returncode, told) == (141, b"")


@POSIX
@with_all
@pytest.mark.parametrize(
    ("redirection", "unbuffered", "reason"),
    [
        (">&-", "", b"it is closed"),
        (">/dev/full", "", b"No space left on device"),
        (">/dev/full", "1", b"No space left on device"),  # nothing waits in a buffer, so it is a print that fails
    ],
)
def test_output_that_nobody_gets_is_told_in_one_line(words, redirection, unbuffered, reason):
    """Seen to fail with tracebacks, with the exit status of a finding, and with 120, that of Python at its end."""
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no device that is full")
    done = shell(words, redirection, PYTHONUNBUFFERED=unbuffered)

    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr == b"autograd: cannot write the output: " + reason + b"\n"


@POSIX
@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["draw", "x*x", "x=3"], 0),
        (["check", "x*x", "x=3"], 0),
        (["draw", "x*y", "x=3"], 2),
        (["draw"], 2),
        (["draw", "x", "x=1", "-o", "missing/x.svg"], 2),
    ],
)
def test_complaints_that_nobody_gets_change_no_status(words, status, redirection):
    """Seen to fail with a complaint among the results, and with a status of 1 or 120."""
    if "full" in redirection and not os.path.exists("/dev/full"):
        pytest.skip("there is no device that is full")
    done = shell(words, redirection)

    assert done.returncode == status
    assert (b"x*x" in done.stdout or b"agrees: 1" in done.stdout or b"written" in done.stdout) == (status == 0)
    assert b"autograd" not in done.stdout


@POSIX
def test_a_missing_engine_that_nobody_is_told_of_changes_no_status():
    """Seen to fail with 120, as Python itself complains of what it cannot write at its end."""
    for redirection in ("2>&-", "2>/dev/full"):
        if os.path.exists(redirection[2:]) or "full" not in redirection:
            assert shell(["draw", "x", "x=1"], redirection, AUTOGRAD_ENGINE="foo").returncode == 2


@POSIX
def test_a_model_is_trained_where_nobody_sees_the_bar(tmp_path):
    """Seen to fail, by an AttributeError of tqdm's, where standard error is closed."""
    done = shell(["train", "xor", "--points", "4", "--epochs", "1"], "2>&-")

    assert (done.returncode, done.stderr) == (0, b"")
    assert (tmp_path / "xor.json").is_file()


def test_the_name_alone_shows_what_there_is(capsys):
    """Seen to fail with the complaint that a command is missing."""
    assert main([]) == 0

    told = capsys.readouterr()
    assert told.out.startswith("usage: autograd")
    assert all(f"\n    {command} " in told.out for command in ("draw", "check", "explain", "grade", "train"))
    assert told.err == ""


def test_a_new_command_is_a_new_file(tmp_path):
    """In a copy of the package. Seen to fail with a list of the commands."""
    shutil.copytree(Path(autograd.__file__).parent, tmp_path / "autograd", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "autograd" / "commands" / "halve.py").write_text(
        "from .arguments import expression_command, numbers\n"
        "from ..expression import Expression\n"
        "def add(commands):\n"
        "    return expression_command(commands, 'halve', 'halve it')\n"
        "def run(arguments):\n"
        "    print(Expression(arguments.expression)(**numbers(arguments.values)) / 2)\n"
        "    return 0\n"
    )
    told = run("halve", "x*x", "x=3", PYTHONPATH=str(tmp_path))
    listed = run("--help", PYTHONPATH=str(tmp_path))

    assert (told.returncode, told.stdout.split()) == (0, [b"4.5"])
    assert b"\n    halve     halve it" in listed.stdout


def test_a_command_waits_for_no_other_one():
    """Seen to fail with the modules of all commands imported to tell what there is."""
    heavy = "{'autograd.nn', 'autograd.optim', 'autograd.grade', 'autograd.draw.page'}"
    program = f"import sys; from autograd.__main__ import main; main([]); print({heavy} & set(sys.modules))"

    assert run_python(program).stdout.split()[-1] == b"set()"


@pytest.mark.parametrize("words", [["draw", "x*x", "x=3"], ["--help"], []])
@pytest.mark.parametrize(
    ("engine", "told"),
    [
        ("foo", "AUTOGRAD_ENGINE is 'foo', but there are only 'native' and 'python'"),
        ("native", "AUTOGRAD_ENGINE is 'native', but the compiled engine cannot be imported"),
    ],
)
def test_an_engine_that_is_not_there_is_told_in_one_line(tmp_path, words, engine, told):
    """Seen to fail with a traceback of the import, which comes before the command. In a copy without a compiled engine.

    A program that imports the package goes on getting an ImportError.
    """
    source = Path(autograd.__file__).parent
    shutil.copytree(source, tmp_path / "autograd", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    environment = {"AUTOGRAD_ENGINE": engine, "PYTHONPATH": str(tmp_path)}
    script = tmp_path / "bin" / "autograd"
    script.parent.mkdir()
    script.write_text("import sys\nfrom autograd.__main__ import main\nsys.exit(main())\n")
    as_script = subprocess.run(
        [sys.executable, script, *words], capture_output=True, text=True, env={**os.environ, **environment}
    )
    as_module, imported = run(*words, **environment), run_python("import autograd", **environment)

    assert (as_script.returncode, as_script.stdout) == (2, "")
    assert (as_module.returncode, as_module.stdout) == (2, b"")
    assert as_script.stderr == as_module.stderr.decode()
    assert re.fullmatch(rf"autograd: {re.escape(told)}.*\n", as_script.stderr)
    assert imported.returncode == 1
    assert f"ImportError: {told}" in imported.stderr.decode()


@pytest.mark.parametrize("name", ["-x.svg", "--x.svg", "-o.svg", " -x.svg", " x.svg", "- x.svg", "x*y.svg"])
def test_any_name_can_be_that_of_the_picture(tmp_path, name, capsys):
    """Seen to fail with a space before those that begin with a minus sign."""
    assert main(["draw", "-x", "x=3", "-o", name]) == 0

    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert capsys.readouterr().out.endswith(f"written to {name}\n")


def test_words_are_told_as_they_were_typed(capsys):
    """Seen to fail with a space before those that begin with a minus sign."""
    assert main(["draw", "x", "-x"]) == 2
    with pytest.raises(SystemExit):
        main(["draw", "x", "x=1", "--theme", "-dark"])

    told = capsys.readouterr().err
    assert told.startswith("autograd: '-x' is not name=value")
    assert "invalid choice: '-dark'" in told


def test_help_names_every_ending(capsys):
    """Seen to fail without .html."""
    with pytest.raises(SystemExit):
        main(["draw", "--help"])

    told = " ".join(capsys.readouterr().out.split())
    assert "where the picture goes, .svg, .html, .png, .pdf or .dot;" in told


def test_an_interrupt_is_quiet(capsys, monkeypatch):
    def interrupted(text):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograd.commands.draw.Expression", interrupted)

    assert main(["draw", "x", "x=1"]) == 130
    assert capsys.readouterr() == ("", "")
