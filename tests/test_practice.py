"""Exercises: the same everywhere, never ambiguous, and marked so that a learner knows what went wrong."""

import ast
import decimal
import hashlib
import inspect
import json
import math
import os
import re
import runpy
import shutil
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import nbformat
import pytest

import autograd
from autograd import practice
from autograd.commands import main
from autograd.languages import LANGUAGES, words
from autograd.practice import circuit as circuits
from autograd.practice import gates, making, mistakes

LEVELS = ["easy", "medium", "hard"]
EXACT = "+ - * neg square cube max min relu abs"
CURVED = "+ * / 1/x exp log sqrt sigmoid tanh softplus sin cos"
KINDS = [(operations, level) for operations in ("+ *", EXACT, CURVED, " ".join(gates.GATES)) for level in LEVELS]


def samples(count=6):
    """Some exercises of each kind."""
    return [
        practice.exercise(seed, operations=operations, difficulty=level)
        for operations, level in KINDS
        for seed in range(count)
    ]


SAMPLES = samples()

# A script checks ten thousand exercises by these; here, some.
SCRIPT = runpy.run_path(str(Path(__file__).parent / "benchmarks" / "exercises.py"))


# What is asked ------------------------------------------------------------------------------------


def test_an_exercise_of_a_seed_is_the_same_for_ever():
    # Recorded; the numbers were computed by hand. w + x·y·z + x·y at x = 6, y = −1, z = −6, w = 3: 3 + 36 − 6 = 33, and
    # y·z + y, x·z + x, x·y and 1 are its derivatives.
    task = practice.exercise(7, operations="+ *")

    assert task.source == "a = x * y\nb = a * z\nc = w + b\nf = c + a"
    assert task.expression == "w + x * y * z + x * y"
    assert task.leaves == {"x": 6.0, "y": -1.0, "z": -6.0, "w": 3.0}
    assert task.values["f"] == 33.0
    assert {name: task.gradients[name] for name in task.to_find} == {"x": 5.0, "y": -30.0, "z": -6.0, "w": 1.0}


def test_only_one_method_of_pythons_random_numbers_is_used():
    # The one that is promised to stay.
    tree = ast.parse(inspect.getsource(making))
    used = {
        node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "random"
    }

    assert used == {"Random"}
    assert "self._random = random.Random(seed).random" in ast.unparse(tree)


def test_many_exercises_are_the_same_for_ever():
    # Recorded with Python 3.11; the same with 3.12, 3.13 and, in Pyodide, 3.14.
    told = hashlib.sha256()
    for task in SCRIPT["exercises"](300):
        told.update(f"{task.source} {task.leaves} {[*map(circuits.digits, task.circuit.gradients.values())]}".encode())

    assert told.hexdigest() == "880970f06c28ac953ec292ff1393df0e59d7867e198e7f00bd5aeaa130d3bd3a"


def test_the_digits_of_this_machines_exp_do_not_matter(monkeypatch):
    before = practice.exercise(3, operations="+ * exp", difficulty="hard").to_dict()
    for name in ("exp", "log", "tanh", "sqrt"):
        monkeypatch.setattr(math, name, lambda x: pytest.fail("a float was asked"))

    assert practice.exercise(3, operations="+ * exp", difficulty="hard").to_dict() == before


def test_the_decimal_context_of_a_program_does_not_matter():
    before = SAMPLES[-1].check(dict.fromkeys(SAMPLES[-1].gradients, "0,5")).to_dict()
    with decimal.localcontext(decimal.Context(prec=2, rounding=decimal.ROUND_UP, traps=[decimal.Inexact])):
        again = eval(SAMPLES[-1].call)

        assert again == SAMPLES[-1]
        assert again.to_dict() == SAMPLES[-1].to_dict()
        assert again.check(dict.fromkeys(again.gradients, "0,5")).to_dict() == before


@pytest.mark.parametrize("task", SAMPLES, ids=repr)
def test_the_same_exercise_is_made_again(task):
    assert eval(task.call) == task


@pytest.mark.parametrize("level", LEVELS)
def test_difficulty_is_told_as_it_was_chosen(level):
    found = [practice.exercise(seed, difficulty=level) for seed in range(50)]

    assert {task.difficulty for task in found} == {level}
    (fewest, most), (least, highest) = practice.LEVELS[level]
    assert {task.gates for task in found} == {*range(fewest, most + 1)}
    assert {task.branches for task in found} == {*range(least, highest + 1)}


@pytest.mark.parametrize(("gates", "branches"), [(1, 0), (2, 1), (6, 0), (6, 4), (12, 3), (20, 5)])
def test_gates_and_branches_are_counted_in_the_graph(gates, branches):
    task = practice.exercise(1, difficulty=(gates, branches))
    order = autograd.topological_order(task.graph()["f"])
    uses = [sum(parent is node for other in order for parent in other.parents) for node in order]

    assert (task.gates, task.branches) == (gates, branches)
    assert sum(node.operation is not None for node in order) == gates
    assert sum(count > 1 for count in uses) == branches


@pytest.mark.parametrize("sign", gates.GATES)
def test_each_operation_occurs_where_it_is_asked_for(sign):
    task = practice.exercise(5, operations=["+", sign], size=3, difficulty="easy")

    assert sign in {step.gate.sign for step in task.circuit.steps}
    assert task.operations == (("+",) if sign == "+" else ("+", sign))


@pytest.mark.parametrize(
    ("typed", "signs"),
    [
        ("+ * max", ("+", "*", "max")),
        ("+,*,max", ("+", "*", "max")),
        (["add", "multiply", "maximum"], ("+", "*", "max")),
        (("ReLU", "σ", "x²", "ln", "+", "+"), ("+", "square", "relu", "log", "sigmoid")),
        ({"max", "*", "+"}, ("+", "*", "max")),
        ([autograd.exp, autograd.tanh], ("exp", "tanh")),
        (None, ("+", "-", "*", "max")),
    ],
)
def test_operations_are_named_as_people_name_them(typed, signs):
    assert practice.exercise(1, operations=typed, size=2).operations == signs


def test_a_sheet_has_exercises_that_differ_and_can_be_made_alone():
    sheet = practice.sheet(40, seed=3, operations="+ *", difficulty="easy")
    again = practice.sheet(40, seed=3, operations="+ *", difficulty="easy")

    assert list(sheet) == list(again)
    assert len({(task.source, *task.leaves.values()) for task in sheet}) == 40
    assert practice.exercise(sheet[5].seed, operations="+ *", difficulty="easy") == sheet[5]
    assert not {task.seed for task in sheet} & {task.seed for task in practice.sheet(40, seed=4)}


def test_without_a_seed_there_is_a_new_one_that_is_told():
    first, second = practice.exercise(), practice.exercise()

    assert first.seed != second.seed
    assert practice.exercise(first.seed) == first


@pytest.mark.parametrize(
    ("given", "error", "told"),
    [
        ({"operations": "+ foo"}, ValueError, r"'foo' is not an operation of exercises: these are \+ - "),
        ({"operations": []}, ValueError, "at least one operation"),
        ({"operations": [3]}, TypeError, r"by its name, such as '\+' or 'relu', not by int"),
        ({"operations": 3}, TypeError, "operations must be a text such as"),
        ({"size": 0}, ValueError, "size must be from 1 to 20, not 0"),
        ({"size": 2.5}, TypeError, "size must be a whole number"),
        ({"seed": -1}, ValueError, "seed must be 0 or more"),
        ({"seed": "seven"}, TypeError, "seed must be a whole number"),
        ({"difficulty": "hardest"}, ValueError, "'easy' or 'medium' or 'hard', not 'hardest'"),
        ({"difficulty": 3}, TypeError, "two numbers, of gates and branches"),
        ({"difficulty": (3, 3)}, ValueError, r"3 gates of \+ - \* max can have 2 branches at most, not 3"),
        ({"difficulty": (5, 1), "size": 4}, ValueError, "give one of the two"),
        ({"difficulty": (3, 1), "operations": "exp"}, ValueError, "can have 0 branches at most"),
        ({"operations": "exp", "size": 9, "seed": 1}, ValueError, "ask for fewer gates or for other operations"),
        ({"language": "fr"}, ValueError, "language must be"),
    ],
)
def test_what_cannot_be_made_is_told(given, error, told):
    with pytest.raises(error, match=told):
        practice.exercise(**given)


def test_a_sheet_that_is_too_large_for_its_kind_is_told():
    with pytest.raises(ValueError, match="no 200 different exercises of this kind"):
        practice.sheet(200, seed=1, operations="neg", size=1)


# What is right ------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", SCRIPT["CHECKS"], ids=lambda check: check.__name__)
@pytest.mark.parametrize("task", SAMPLES, ids=repr)
def test_each_answer_is_right_and_unambiguous(task, check):
    assert check(task) == []


def test_each_check_finds_what_is_wrong():
    # A gradient that is off, numbers at the edge of a rounding, a tie, and an error of rounding that grows.
    wrong = made("a = /(x, y)\nf = *(a, a)", x=1, y=3)
    wrong.gradients["x"] += 0.01
    told = {check.__name__ for check in SCRIPT["CHECKS"] if check(wrong)}

    assert told == {"by_the_engine", "by_differences", "by_fractions"}
    assert SCRIPT["by_rounding"](made("f = *(x, y)", x=0.12345, y=0.1)) != []
    assert SCRIPT["by_differences"](made("f = max(x, y)", x=1, y=1)) != []
    assert SCRIPT["by_hand"](made("a = /(x, y)\nb = *(a, z)\nf = *(b, z)", x=1, y=3, z=50)) != []


@pytest.mark.parametrize("task", SAMPLES, ids=repr)
def test_python_computes_what_the_lines_say(task):
    names = {name: getattr(autograd, name) for name in ("relu", *gates.CURVED) if name.isidentifier()}
    leaves = {name: autograd.Value(x, name) for name, x in task.leaves.items()}
    exec(task.source, names | {"max": autograd.maximum, "min": autograd.minimum, "abs": abs}, leaves)
    leaves["f"].backward()

    assert {name: leaves[name].grad for name in task.gradients} == pytest.approx(task.gradients)


# What is unambiguous ------------------------------------------------------------------------------


def test_a_number_at_the_edge_of_a_rounding_is_refused():
    assert [making.is_clear(Decimal(text)) for text in ("0.12345", "0.123450001", "0.1234500", "0.12349999999")] == [
        False
    ] * 4
    assert [making.is_clear(Decimal(text)) for text in ("0.1234", "-3", "0.12347", "0.1234321")] == [True] * 4


@pytest.mark.parametrize("task", SAMPLES, ids=repr)
def test_there_are_no_ties_and_no_kinks(task):
    for step in task.circuit.steps:
        operands = [task.circuit.values[name] for name in step.operands]
        if step.gate.routes or step.gate.sign == "abs":
            assert abs(operands[0] - (operands[1] if len(operands) > 1 else 0)) >= Decimal("0.1")


@pytest.mark.parametrize(
    ("sign", "operands"),
    [
        ("max", "2 2"),
        ("min", "2 2.05"),
        ("relu", "0"),
        ("relu", "-0.05"),
        ("abs", "0.01"),
        ("/", "1 0"),
        ("1/x", "0.05"),
        ("log", "0"),
        ("log", "-1"),
        ("sqrt", "0.01"),
        ("exp", "4"),
        ("tanh", "-5"),
    ],
)
def test_no_gate_takes_operands_near_its_kink_or_its_end(sign, operands):
    assert not gates.GATES[sign].fits(*map(Decimal, operands.split()))
    assert gates.GATES[sign].fits(*map(Decimal, ["0.5", "2"][: gates.GATES[sign].operands]))


@pytest.mark.parametrize("task", SAMPLES, ids=repr)
def test_the_shown_answer_is_right_and_no_mistake_is(task):
    for name in task.to_find:
        assert task.check({name: circuits.digits(task.circuit.gradients[name])})[name].verdict == "right"
        for mistake in mistakes.mistakes(task.circuit, name):
            mark = task.check({name: circuits.digits(mistake.answer)})[name]

            assert mark.verdict == "wrong"
            assert mark.mistakes


def test_a_branch_cannot_be_forgotten_without_being_told():
    for task in samples(3):
        for name in task.circuit.branches:
            told = {mistake.kind for mistake in mistakes.mistakes(task.circuit, name)}

            assert "branch" in told


# How answers are marked ---------------------------------------------------------------------------


def made(source, **leaves):
    """An exercise of these lines, each of one gate."""
    steps = []
    for line in source.splitlines():
        name, _, sign, operands = re.fullmatch(r"(\w+) = ((\S+)\((.*)\))", line).groups()
        steps.append(circuits.Step(name, gates.GATES[sign], tuple(operands.split(", "))))
    numbers = {name: Decimal(str(number)) for name, number in leaves.items()}
    return practice.Exercise(0, ("+",), "en", circuits.Circuit(numbers, tuple(steps)))


# f = (x + y)·max(x, z) at 2, −3, 1: a = −1, b = 2; ∂f/∂a = 2, ∂f/∂b = −1, so 2 − 1, 2 and 0.
TASK = made("a = +(x, y)\nb = max(x, z)\nf = *(a, b)", x=2, y=-3, z=1)


@pytest.mark.parametrize(
    ("answers", "name", "kinds"),
    [
        ({"x": -1}, "x", ("branch",)),  # that of b alone; the sign of 1 reversed is the same number
        ({"x": 2}, "x", ("branch",)),
        ({"y": -2}, "y", ("sign",)),
        ({"y": 1}, "y", ("upstream",)),
        ({"z": -1}, "z", ("wrong way",)),
        ({"a": -1}, "a", ("not switched",)),
        ({"a": -2, "y": -2}, "y", ("carried",)),
        ({"y": 17}, "y", ()),
    ],
)
def test_a_typical_mistake_is_named(answers, name, kinds):
    mark = TASK.check(answers)[name]

    assert mark.verdict == "wrong"
    assert set(kinds) <= set(mark.mistakes)
    assert bool(kinds) == bool(mark.mistakes)
    assert mark.steps[-1].startswith(f"∂f/∂{name} = ")


# f = σ(x)·y at 0.5, 3: ∂f/∂x = 3·σ(0.5)·(1 − σ(0.5)) = 0.70501…, ∂f/∂y = σ(0.5) = 0.62245….
SIGMOID = made("a = sigmoid(x)\nf = *(a, y)", x=0.5, y=3)


@pytest.mark.parametrize(("name", "answer"), [("x", 0.7), ("x", "0,7"), ("y", 0.62), ("y", "0.6"), ("y", 0.622)])
def test_an_answer_that_is_rounded_too_far_is_told_how_many_decimals_to_give(name, answer):
    """Seen to fail without the name of it."""
    mark = SIGMOID.check({name: answer})[name]

    if answer == 0.622:
        assert mark.verdict == "right"  # within a thousandth
    else:
        assert (mark.verdict, mark.mistakes) == ("wrong", ("rounded",))
        assert mark.text.endswith("As far as it goes that is right: give 4 decimals.")


def test_the_marks_tell_right_wrong_missing_and_unreadable():
    marking = TASK.check({"x": "1,0", "y": "two", "z": " "})

    assert [mark.verdict for mark in marking] == ["right", "unreadable", "missing"]
    assert (marking.correct, marking.total, marking.right) == (1, 3, False)
    assert str(marking) == (
        "✓ ∂f/∂x = 1,0 is right.\n· ∂f/∂y: “two” is not a number.\n· ∂f/∂z is still to be found.\n1 of 3 right"
    )
    assert json.loads(json.dumps(marking.to_dict()))["marks"][0]["answer"] == 1.0


@pytest.mark.parametrize(
    "answer",
    ["1", "1.0", "1,0", " +1 ", "−1 + 2", "2/2", 1, 1.0, 1.0009, Fraction(1), Decimal(1), autograd.Value(1.0)],
)
def test_an_answer_may_be_written_in_many_ways(answer):
    assert TASK.check({"x": answer})["x"].verdict == "right"


@pytest.mark.parametrize("answer", ["nan", "inf", float("nan"), float("inf"), "x", "1 2", [1], True, "1/0", "9**9**9"])
def test_what_is_not_a_number_is_told_and_not_raised(answer):
    assert TASK.check({"x": answer})["x"].verdict in ("unreadable", "wrong")


def test_each_mistake_has_its_words_and_each_word_its_mistake():
    told = {name.removeprefix("mistake ") for name in words("practice", "en") if name.startswith("mistake ")}

    assert told == {*re.findall(r'Mistake\("([\w ]+)"', inspect.getsource(mistakes)), "wrong way", "blocked", "carried"}


def test_an_answer_to_nothing_is_told():
    with pytest.raises(ValueError, match="'q' is not a node of this exercise: its nodes are x, y, z, a, b, f"):
        TASK.check({"q": 1})
    with pytest.raises(TypeError, match=r"answers have names, as in check\({'x': 2}\)"):
        TASK.check([1, 2, 3])


def test_what_a_mark_says_gives_the_answer_not_away():
    for task in SAMPLES[::7]:
        for name in task.to_find:
            shown = circuits.digits(task.circuit.gradients[name])
            text = task.check({name: "77"})[name].text

            assert shown not in re.findall(r"[−\d.]+", text)


# Forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("task", SAMPLES[::9], ids=repr)
def test_texts_are_whole_in_each_language(task, language):
    task = practice.exercise(
        task.seed, operations=list(task.operations), difficulty=(task.gates, task.branches), language=language
    )
    told = task.to_markdown() + str(task.check(dict.fromkeys(task.gradients, 0)))

    assert "{}" not in told
    numbers = re.findall(r"\d[.,]\d|\d\{,\}\d", told)
    assert all(("." in number) == (language == "en") for number in numbers)
    assert "." in "".join(re.findall(r"\d\.\d", task.to_json())) or not numbers  # data and code keep the point


def test_python_has_no_decimal_comma():
    sheet = practice.sheet(5, seed=1, operations="* exp", language="pt")
    for cell in sheet.to_notebook()["cells"]:
        if cell["cell_type"] == "code":
            ast.parse(cell["source"])


@pytest.mark.parametrize("solution", ["none", "folded", "open", "only"])
def test_a_solution_is_told_where_it_is_asked_for(solution):
    sheet = practice.sheet(3, seed=5)
    answer = re.compile(r"\| f \| .* \| \S+ \| 1 \|")

    assert bool(answer.search(sheet.to_markdown(solution))) == (solution != "none")
    assert ("<details>" in sheet.to_markdown(solution)) == (solution == "folded")
    assert ("Solutions" in sheet.to_latex(solution)) == (solution != "none")
    assert ("Name:" in sheet.to_latex(solution)) == (solution != "only")
    assert ("check(" in sheet.to_ipynb(solution)) == (solution != "only")
    with pytest.raises(ValueError, match="solution must be 'none' or 'folded' or 'open' or 'only', not 'yes'"):
        sheet.to_markdown("yes")


def test_a_notebook_is_valid_and_its_cells_mark_answers():
    sheet = practice.sheet(2, seed=5, operations="+ * max")
    notebook = nbformat.reads(sheet.to_ipynb(), as_version=4)
    nbformat.validate(notebook)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    names = {}
    for source in code[:-1]:
        exec(source, names)
    *_, last = code[1].splitlines()
    answers = ", ".join([f'"{name}": {number}' for name, number in sheet[0].gradients.items()])

    assert names["exercise"].circuit == sheet[0].circuit
    assert eval(last, names).marks[0].verdict == "missing"
    assert eval(re.sub(r"{.*}", f"{{{answers}}}", last), names).right


def test_json_has_the_documented_fields():
    sheet = practice.sheet(2, seed=5)
    fields = re.findall(r"^ *\| ([\w, ]+) \| ", practice.Exercise.to_dict.__doc__, re.MULTILINE)
    documented = [field for row in fields if row != "field" for field in row.split(", ")]
    whole, hidden = json.loads(sheet.to_json()), json.loads(sheet.to_json(solution=False))

    assert sorted(whole["exercises"][0]) == sorted(documented)
    assert set(documented) - set(hidden["exercises"][0]) == {"values", "gradients", "explanation"}
    assert whole["exercises"][1]["gradients"] == sheet[1].gradients


def test_latex_is_balanced_and_plain():
    for language in LANGUAGES:
        for kind in ("+ *", " ".join(gates.GATES)):
            text = practice.sheet(5, seed=2, operations=kind, difficulty="hard", language=language).to_latex("open")

            assert text.count("{") == text.count("}")
            assert re.findall(r"\\begin{(\w+)}", text).count("tabular") == text.count(r"\end{tabular}") == 10
            assert text.count("$") % 2 == 0
            assert [sign for sign in text if not sign.isascii() and not sign.isalpha()] == []


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("language", LANGUAGES)
def test_latex_compiles(tmp_path, language):
    sheet = practice.sheet(4, seed=2, operations=" ".join(gates.GATES), difficulty="hard", language=language)
    large = practice.exercise(2, size=20, difficulty="hard", language=language)
    sheet = practice.Sheet(2, language, (*sheet, large))
    (tmp_path / "sheet.tex").write_text(sheet.to_latex("open"), encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
    )

    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]
    assert "Overfull" not in (tmp_path / "sheet.log").read_text(errors="replace")


# The command --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "begins"), [(".md", "# Exercícios"), (".tex", "% autograd"), (".ipynb", "{\n"), (".json", "{\n")]
)
def test_the_command_writes_each_format(tmp_path, capsys, ending, begins):
    path = tmp_path / f"sheet{ending}"
    command = ["practice", "--seed", "7", "--number", "3", "--difficulty", "medium", "--operations", "+", "*", "max"]

    assert main([*command, "--solutions", "--output", str(path), "--language", "pt"]) == 0
    assert capsys.readouterr().out == f"gravado em {path}, semente 7\n"
    assert path.read_text(encoding="utf-8").startswith(begins)


def test_the_command_prints_what_the_function_makes(capsys):
    assert (
        main(["practice", "--seed", "7", "--number", "2", "--size", "3", "--difficulty", "easy", "--format", "json"])
        == 0
    )

    sheet = practice.sheet(2, seed=7, size=3, difficulty="easy")
    assert json.loads(capsys.readouterr().out) == sheet.to_dict(solution=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--operations", "foo"], "'foo' is not an operation"),
        (["--difficulty", "no"], "difficulty must be 'easy' or 'medium' or 'hard', not 'no'"),
        (["--difficulty", "3,3"], "can have 2 branches at most"),
        (["--size", "99"], "size must be from 1 to 20, not 99"),
        (["-o", "sheet.doc"], "add --format"),
        (["-o", "nowhere/sheet.md"], "there is no folder 'nowhere' for sheet.md"),
        (["extra"], "practice takes options alone, not 'extra'"),
    ],
)
def test_a_bad_command_gets_one_clear_error(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert main(["practice", *words]) == 2
    assert told in capsys.readouterr().err


def test_the_help_names_all_operations(capsys):
    with pytest.raises(SystemExit):
        main(["practice", "--help"])

    assert " ".join(gates.GATES) in " ".join(capsys.readouterr().out.split())


def test_a_star_that_the_shell_has_replaced_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").touch()

    assert main(["practice", "--operations", "+", "notes.txt"]) == 2
    assert "write it in quotes" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["markdown", "latex", "notebook", "json"])
def test_a_terminal_without_signs_gets_plain_ones(kind):
    command = [sys.executable, "-m", "autograd", "practice", "--seed", "7", "--number", "2", "--solutions"]
    command += ["--language", "pt", "--format", kind]
    run = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"}, timeout=60)

    assert (run.returncode, run.stderr) == (0, b"")
    if kind in ("notebook", "json"):
        json.loads(run.stdout)
