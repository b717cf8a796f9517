"""What the grader can be given: files, notebooks and modules, and what is told where there is nothing to grade."""

import json
import multiprocessing
import subprocess
import sys
import textwrap

import pytest

from autograd.__main__ import main
from autograd.grade import GradeError, grade
from autograd.grade.notebooks import cells
from autograd.grade.targets import InFile, InModule, parsed

ENGINE = """
    from autograd import Value as Right

    class Value(Right):
        __rsub__ = Right.__sub__
"""
SWAPPED = ["the operands swapped: `__rsub__` computes x - 2"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text), "utf-8")


def write_notebook(path, *sources):
    found = [{"cell_type": "markdown", "source": ["# %matplotlib is told of"]}]
    found += [{"cell_type": "code", "source": textwrap.dedent(source).splitlines(keepends=True)} for source in sources]
    path.write_text(json.dumps({"nbformat": 4, "cells": found}))


# How a class is named -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("engine.py:Value", InFile("engine.py", "Value")),
        (" week 1/engine.py:Value ", InFile("week 1/engine.py", "Value")),
        (r"C:\work\engine.py:Value", InFile(r"C:\work\engine.py", "Value")),
        ("C:/work/engine.PY:Outer.Value", InFile("C:/work/engine.PY", "Outer.Value")),
        (r"\\server\share\week1.ipynb:Value", InFile(r"\\server\share\week1.ipynb", "Value")),
        ("a:b/engine.py:Value", InFile("a:b/engine.py", "Value")),
        ("micrograd.engine:Value", InModule("micrograd.engine", "Value")),
        ("package:Outer.Value", InModule("package", "Outer.Value")),
    ],
)
def test_what_is_before_the_last_colon_is_a_file_or_a_module(text, found):
    assert parsed(text) == found


# Files and notebooks ------------------------------------------------------------------------------


def test_a_class_in_a_file_is_graded_wherever_the_file_is(here):
    write(here / "week 1" / "my-engine.py", ENGINE)

    assert grade("week 1/my-engine.py:Value").mistakes == SWAPPED
    assert grade(f"{here / 'week 1' / 'my-engine.py'}:Value").mistakes == SWAPPED


def test_a_file_imports_what_stands_beside_it_and_its_functions_count(here):
    write(here / "week1" / "functions.py", "def exp(x):\n    return type(x)(x.right.exp())\n")
    write(
        here / "week1" / "engine.py",
        """
        from autograd import Value as Right
        from functions import exp

        class Value:
            def __init__(self, data):
                self.right = data if isinstance(data, Right) else Right(data)

            data = property(lambda self: self.right.data)
            grad = property(lambda self: self.right.grad)

            def __mul__(self, other):
                return Value(self.right * other.right)

            def backward(self):
                self.right.backward()
        """,
    )
    report = grade("week1/engine.py:Value", only="value and gradients of exp(x)")

    assert report.summary == "1 of 1 points (100%): 1 passed, 0 failed, 0 missing"


@pytest.mark.parametrize("sibling", [".tools", "..tools", "course.tools", "course.week1.tools", "tools"])
def test_a_file_of_a_package_imports_from_its_package(here, sibling):
    """Seen to fail with "attempted relative import with no known parent package"."""
    (here / "at" / "course" / "week1").mkdir(parents=True)
    for folder in ("course", "course/week1"):
        write(here / "at" / folder / "tools.py", "from autograd import Value as Right\n")
        write(here / "at" / folder / "__init__.py", "")
    write(here / "at" / "course" / "week1" / "__init__.py", "from .engine import Value\n")
    write(
        here / "at" / "course" / "week1" / "engine.py",
        ENGINE.replace("from autograd", f"from {sibling}").replace("Value as Right", "Right"),
    )

    assert grade("at/course/week1/engine.py:Value", only="x - 2, 2 - x").mistakes == SWAPPED


def test_a_notebook_may_display_things(here):
    write_notebook(here / "week1.ipynb", ENGINE, "display(Value(2.0))")

    assert grade("week1.ipynb:Value", only="x - 2, 2 - x").mistakes == SWAPPED


def test_a_file_may_be_called_like_a_module_that_it_imports(here):
    """Seen to fail with the file in the place of that module: it imports itself."""
    write(here / "math.py", f"import math\nassert math.pi > 3\n{textwrap.dedent(ENGINE)}")
    write(here / "autograd.py", "class Value:\n    def __init__(self, data): self.data, self.grad = data, 0\n")

    with pytest.raises(GradeError, match=r"Value\(3.0\) has no backward"):
        grade("autograd.py:Value")
    assert grade("math.py:Value").mistakes == SWAPPED


def test_a_file_is_read_by_its_own_encoding_and_its_main_part_is_not_run(here):
    (here / "engine.py").write_bytes(
        "# -*- coding: latin-1 -*-\nfrom autograd import Value\nassert 'é' == '\\xe9'\n"
        "if __name__ == '__main__':\n    raise SystemExit(3)\n".encode("latin-1")
    )

    assert grade("engine.py:Value").ok


def test_the_code_cells_of_a_notebook_are_run_without_their_commands(here):
    write_notebook(
        here / "lesson.ipynb",
        "%matplotlib inline\n!pip install anything\nfiles = !ls\nRight?\nfrom autograd import Value as Right",
        "%%bash\nexit 1",
        "%%time\nclass Value(Right):\n    __rsub__ = Right.__sub__",
        "remainder = (7\n% 4)\nassert remainder == 3",
    )
    report = grade("lesson.ipynb:Value")

    assert report.subject == "lesson.ipynb:Value"
    assert report.mistakes == SWAPPED
    assert "from lesson import" not in str(report)


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("x = 1\n%time y = x", "x = 1\npass"),
        ("for i in range(3):\n    !echo {i}", "for i in range(3):\n    pass"),
        ("names = %who_ls\nhelp?", "pass\npass"),
        ("%%writefile engine.py\nx = 1", ""),
        ("%%capture out\nx = 1\n%time x", "\nx = 1\npass"),
        ("x = '''\n%time\n'''", "x = '''\n%time\n'''"),
        ("y = (7 %\n3)", "y = (7 %\n3)"),
    ],
)
def test_commands_are_left_out_and_lines_keep_their_numbers(source, python):
    notebook = {"cells": [{"cell_type": "code", "source": source}]}

    assert cells(json.dumps(notebook).encode()) == [python]


def test_a_script_without_a_main_part_can_grade(here):
    """Seen to fail with the main program in the process that is spawned: it grades, too, and does not end well."""
    write(here / "engine.py", ENGINE)
    write(here / "script.py", "from autograd.grade import grade\nprint(grade('engine.py:Value').mistakes)")
    finished = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True)

    assert (finished.returncode, finished.stdout, finished.stderr) == (0, f"{SWAPPED}\n", "")


def test_a_file_is_graded_where_processes_cannot_be_forked(here, monkeypatch):
    monkeypatch.setattr(multiprocessing, "get_all_start_methods", lambda: ["spawn"])
    write(here / "engine.py", ENGINE)

    assert grade("engine.py:Value").mistakes == SWAPPED


# What cannot be graded ----------------------------------------------------------------------------

BROKEN = {
    "engine.py": ENGINE,
    "raising.py": "x = 1\n\ndef f():\n    return 1 / 0\n\nf()\n",
    "unfinished.py": "x = 1\nclass Value\n",
    "imports.py": "import math\nimport nowhere\n",
    "beside.py": "\nimport unfinished\n",
    "exits.py": "\n\nraise SystemExit(3)\n",
    "empty.py": "",
    "function.py": "def Value(x):\n    return x\n",
    "poor.py": "class Value:\n    def __init__(self, data):\n        self.data = self.grad = 0.0\n",
    "needy.py": "class Value:\n    def __init__(self):\n        pass\n",
    "week/engine.py": ENGINE,
}


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("engin.py:Value", "there is no file engin.py: did you mean 'engine.py'?"),
        ("week/engin.py:Value", "there is no file week/engin.py: did you mean 'week/engine.py'?"),
        ("zzz.py:Value", "there is no file zzz.py"),
        ("nowhere/engine.py:Value", "there is no file nowhere/engine.py"),
        ("engine.py:Valeu", "engine.py has no class 'Valeu': did you mean 'Value'?"),
        ("engine.py:value", "engine.py has no class 'value': did you mean 'Value'?"),
        ("engine.py:Tensor", "engine.py has no class 'Tensor': there is Value"),
        ("empty.py:Value", "empty.py has no class 'Value'"),
        ("raising.py:Value", "raising.py, line 4: ZeroDivisionError: division by zero"),
        ("unfinished.py:Value", "unfinished.py, line 2: SyntaxError: expected ':'"),
        ("imports.py:Value", "imports.py, line 2: ModuleNotFoundError: No module named 'nowhere'"),
        ("beside.py:Value", "unfinished.py, line 2: SyntaxError: expected ':'"),
        ("exits.py:Value", "exits.py, line 3: SystemExit: 3"),
        ("function.py:Value", "Value is not a class but of type function"),
        ("poor.py:Value", "Value(3.0) has no backward, which every check needs"),
        ("needy.py:Value", "Value(3.0) fails: TypeError: "),
        ("engine.py", "'engine.py' names no class: write engine.py:CLASS, such as engine.py:Value"),
        (
            "week/engine:Value",
            "'week/engine' is neither a module nor a file that ends in .py or .ipynb: write week/eng",
        ),
        ("week:Value", "week has no class 'Value'"),
        ("folder.py:Value", "folder.py is a folder, not a file"),
        ("broken.ipynb:Value", "cannot run broken.ipynb: ValueError: not a notebook of nbformat 4"),
        ("raising.ipynb:Value", "raising.ipynb, In 2, line 2: ZeroDivisionError: division by zero"),
        ("unfinished.ipynb:Value", "unfinished.ipynb, In 1, line 1: SyntaxError: "),
        ("", "'' is not MODULE:CLASS, such as micrograd.engine:Value, or FILE.py:CLASS, such as engine.py:Value"),
    ],
)
def test_what_cannot_be_graded_is_told_with_its_place(target, told, here, capsys):
    for name, text in BROKEN.items():
        write(here / name, text)
    (here / "folder.py").mkdir()
    (here / "broken.ipynb").write_text("{")
    write_notebook(here / "raising.ipynb", "x = 1", "x = 2\n1 / 0")
    write_notebook(here / "unfinished.ipynb", "class Value")
    status = main(["grade", target])
    found = capsys.readouterr()

    assert status == 2
    assert told in found.err
    assert (found.out, found.err.count("\n")) == ("", 1)


def test_what_is_told_is_told_in_the_language(here, capsys):
    write(here / "raising.py", "1 / 0")

    assert main(["grade", "raising.py:Value", "--language", "pt"]) == 2
    assert "raising.py, linha 1: ZeroDivisionError: division by zero" in capsys.readouterr().err
    with pytest.raises(GradeError, match="no hay ningún archivo nada"):
        grade("nada.py:Value", language="es")
