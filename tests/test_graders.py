"""Assignments with this package in the graders that teachers use: nbgrader and Otter give the points that were earned.

They have an exercise by hand, a point for each gradient, and an engine of the learner's own, whose mistake is named.
"""

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason='no graders: pip install "scalar-autograd[graders]"')

from autograd import practice  # noqa: E402 - which nothing here needs without a grader

EXERCISE = practice.exercise(7, difficulty="easy", language="en")
GRADIENTS = {name: EXERCISE.gradients[name] for name in EXERCISE.to_find}
POINTS = len(GRADIENTS)
# What the engine is asked for, a point each, by the names of the checks.
ASKED = [f"value and gradients of {name}" for name in ("x + y", "x * 2", "x - y", "2 - x")]

IMPORTS = "from autograd import practice\nfrom autograd.grade import grade"
RIGHT_ENGINE = """
class Value:
    def __init__(self, data, children=(), flow=lambda: None):
        self.data, self.grad, self.children, self.flow = data, 0.0, children, flow

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))

        def flow():
            self.grad += out.grad
            other.grad += out.grad

        out.flow = flow
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))

        def flow():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.flow = flow
        return out

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + -other

    def __rsub__(self, other):
        return other + -self

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for child in node.children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node.flow()
""".strip()
# The operands of 2 - x are swapped.
WRONG_ENGINE = RIGHT_ENGINE.replace("return other + -self", "return self + -other")
MISTAKE = "the operands swapped"

RIGHT = (f"answers = {GRADIENTS!r}", RIGHT_ENGINE)
# One sign is wrong, and one gradient was not found.
first, second, *_ = GRADIENTS
WRONG = (f"answers = {GRADIENTS | {first: -GRADIENTS[first], second: None}!r}", WRONG_ENGINE)
NOTHING = ("raise NotImplementedError", "raise NotImplementedError")

# What each hands in, and the points that this earns.
SUBMISSIONS = {
    "right": (RIGHT, POINTS + len(ASKED)),
    "wrong": (WRONG, POINTS - 2 + len(ASKED) - 1),
    "empty": (NOTHING, 0),
}
POINTS_EARNED = {student: points for student, (_, points) in SUBMISSIONS.items()}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's Jupyter is read or written, and kernels import this package."""
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHONPATH", str(Path(practice.__file__).parents[2]))
    monkeypatch.setenv("HOME", str(tmp_path))
    # nbgrader starts a program of this Python, which is on the path only where its environment is active.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)


def run(folder: Path, module: str, *arguments: object) -> str:
    """What a program of this Python says, which has to succeed."""
    command = [sys.executable, "-W", "ignore", "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=dict(os.environ))

    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def statement() -> Any:
    """The text of the exercise, as `practice` writes it."""
    return nbformat.from_dict(EXERCISE.cells("none")[0])


def graded(names: list[str]) -> str:
    """The expression that runs these checks on the learner's engine."""
    return f"grade(Value, level='micrograd', only={names})"


def replaced(notebook: Any, is_answer: Callable[[Any], bool], answers: tuple[str, str]) -> Any:
    """A notebook with other sources in the cells that learners fill in, from the first to the last."""
    cells = [cell for cell in notebook.cells if is_answer(cell)]

    assert len(cells) == len(answers)
    for cell, source in zip(cells, answers, strict=True):
        cell.source = source
    return notebook


# nbgrader -------------------------------------------------------------------------------------------


def nbgrader_cell(source: str, name: str, points: int | None = None) -> Any:
    """A cell that is filled in, or one that gives points."""
    marks = {
        "grade_id": name,
        "schema_version": 3,
        "locked": bool(points),
        "solution": not points,
        "grade": bool(points),
    }
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": marks | ({"points": points} if points else {})})


def between(solution: str) -> str:
    """A solution that learners do not get."""
    return f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"


def nbgrader_source() -> Any:
    """The teacher's notebook; a number at the end of a cell that gives points is how many it gives."""
    answers, engine = RIGHT
    cells = [
        nbformat.v4.new_code_cell(IMPORTS),
        statement(),
        nbgrader_cell(between(answers), "exercise"),
        nbgrader_cell(f"marking = {EXERCISE.call}.check(answers)\nprint(marking)\nmarking.correct", "marking", POINTS),
        nbgrader_cell(between(engine), "engine"),
        nbgrader_cell(f"report = {graded(ASKED)}\nprint(report)\nreport.score", "grade", len(ASKED)),
    ]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with one assignment, as learners get it."""
    pytest.importorskip("nbgrader", reason='no nbgrader: pip install "scalar-autograd[graders]"')
    folder = tmp_path_factory.mktemp("course")
    (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "autograd"\n')
    source = folder / "source" / "backward" / "backward.ipynb"
    source.parent.mkdir(parents=True)
    nbformat.write(nbgrader_source(), source)
    return folder


def is_solution(cell: Any) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def test_nbgrader_gives_the_points_that_were_earned(course: Path) -> None:
    run(course, "nbgrader", "generate_assignment", "backward")
    released = course / "release" / "backward" / "backward.ipynb"
    for student, (answers, _) in SUBMISSIONS.items():
        path = course / "submitted" / student / "backward" / "backward.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(replaced(nbformat.read(released, as_version=4), is_solution, answers), path)
    run(course, "nbgrader", "autograde", "backward")
    run(course, "nbgrader", "generate_feedback", "backward")
    run(course, "nbgrader", "export", "--to", "grades.csv")

    assert str(GRADIENTS[first]) not in "".join(cell.source for cell in nbformat.read(released, as_version=4).cells[2:])
    grades = dict(
        re.findall(r"^backward,.*,(right|wrong|empty),.*,([\d.]+),[\d.]+$", read(course / "grades.csv"), re.M)
    )
    assert {name: float(grade) for name, grade in grades.items()} == POINTS_EARNED
    assert MISTAKE in read(course / "feedback" / "wrong" / "backward" / "backward.html")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# Otter ----------------------------------------------------------------------------------------------


def raw(*lines: str) -> Any:
    return nbformat.v4.new_raw_cell("\n".join(lines))


def otter_question(name: str, solution: str, tests: list[str]) -> list[Any]:
    """A question in Otter Assign's format: a solution that learners do not get, and tests with their points."""
    code = nbformat.v4.new_code_cell
    checks = [code(f'""" # BEGIN TEST CONFIG\npoints: 1\n""" # END TEST CONFIG\n{test}') for test in tests]
    return [
        raw("# BEGIN QUESTION", f"name: {name}"),
        raw("# BEGIN SOLUTION"),
        code(f"# BEGIN SOLUTION\n{solution}\n# END SOLUTION"),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        *checks,
        raw("# END TESTS"),
        raw("# END QUESTION"),
    ]


def otter_source() -> Any:
    """The teacher's notebook: a test compares what it prints with what is stored in the notebook."""
    answers, engine = RIGHT
    marks = [f"assert {EXERCISE.call}.check(answers)[{name!r}].verdict == 'right'" for name in GRADIENTS]
    cells = [
        raw("# ASSIGNMENT CONFIG", "init_cell: false", "check_all_cell: false", "export_cell: false"),
        nbformat.v4.new_code_cell(IMPORTS),
        statement(),
        *otter_question("exercise", answers, marks),
        *otter_question("engine", engine, [f"report = {graded([name])}\nassert report.ok, report" for name in ASKED]),
    ]
    return nbformat.v4.new_notebook(
        cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )


def test_otter_gives_the_points_that_were_earned(tmp_path: Path) -> None:
    pytest.importorskip("otter", reason='no Otter: pip install "scalar-autograd[graders]"')
    nbformat.write(otter_source(), tmp_path / "backward.ipynb")
    run(tmp_path, "otter", "assign", "--no-pdfs", "--no-run-tests", "backward.ipynb", "dist")
    (autograder,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    given = nbformat.read(tmp_path / "dist" / "student" / "backward.ipynb", as_version=4)
    earned = {}
    for student, (answers, _) in SUBMISSIONS.items():
        nbformat.write(replaced(copy.deepcopy(given), is_blank, answers), tmp_path / f"{student}.ipynb")
        (tmp_path / student).mkdir()
        run(tmp_path, "otter", "run", "--no-logo", "-a", autograder, "-o", student, f"{student}.ipynb")
        tests = json.loads(read(tmp_path / student / "results.json"))["tests"]
        earned[student] = sum(test.get("score", 0) for test in tests)

    assert earned == POINTS_EARNED


def is_blank(cell: Any) -> bool:
    """Whether Otter has taken a solution out of a cell: three dots are left."""
    return cell.cell_type == "code" and cell.source.strip() == "..."
