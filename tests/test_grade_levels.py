"""Levels of the grader: what each asks, what it only notes, and that a mistake within it is found and named."""

# ruff: noqa: E501  # a mistake stands on one line, so that the eye compares

import os
import subprocess
import sys
import textwrap

import pytest

from autograd.grade import FAILED, MISSING, NOTED, PASSED, GradeError, assignment, conformance, grade
from autograd.grade.checks import CHECKS
from autograd.grade.levels import LEVELS, asked

# Does what micrograd 0.1.0 does, with its faults: a pass starts from the gradients of the last one and sets the root
# to 1, rules read `.data` when they are called, the walk recurses, and each node is held by its own closure.
MICROGRAD = """
class Value:
    def __init__(self, data, operands=(), sign=""):
        self.data = data
        self.grad = 0
        self._prev = set(operands)
        self._op = sign
        self._backward = lambda: None

    @staticmethod
    def of(number):
        return number if isinstance(number, Value) else Value(number)

    def __add__(self, other):
        other = Value.of(other)
        result = Value(self.data + other.data, (self, other), "+")

        def pass_back():
            self.grad += result.grad
            other.grad += result.grad

        result._backward = pass_back
        return result

    def __mul__(self, other):
        other = Value.of(other)
        result = Value(self.data * other.data, (self, other), "*")

        def pass_back():
            self.grad += other.data * result.grad
            other.grad += self.data * result.grad

        result._backward = pass_back
        return result

    def __pow__(self, n):
        assert isinstance(n, (int, float)), "an exponent is a number"
        result = Value(self.data**n, (self,), "**")

        def pass_back():
            self.grad += n * self.data ** (n - 1) * result.grad

        result._backward = pass_back
        return result

    def relu(self):
        result = Value(self.data if self.data >= 0 else 0, (self,), "relu")

        def pass_back():
            self.grad += (result.data > 0) * result.grad

        result._backward = pass_back
        return result

    def backward(self):
        order, met = [], set()

        def visit(node):
            if node not in met:
                met.add(node)
                for operand in node._prev:
                    visit(operand)
                order.append(node)

        visit(self)
        self.grad = 1
        for node in reversed(order):
            node._backward()

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        return self + (-other)

    def __truediv__(self, other):
        return self * other**-1

    def __radd__(self, number):
        return self + number

    def __rsub__(self, number):
        return number + (-self)

    def __rmul__(self, number):
        return self * number

    def __rtruediv__(self, number):
        return number * self**-1
"""

# What the lecture's engine has besides.
LECTURE = """
    def exp(self):
        result = Value(math.exp(self.data), (self,), "exp")

        def pass_back():
            self.grad += result.data * result.grad

        result._backward = pass_back
        return result

    def tanh(self):
        result = Value(math.tanh(self.data), (self,), "tanh")

        def pass_back():
            self.grad += (1 - result.data**2) * result.grad

        result._backward = pass_back
        return result

    def log(self):
        result = Value(math.log(self.data), (self,), "log")

        def pass_back():
            self.grad += result.grad / self.data

        result._backward = pass_back
        return result

    def sigmoid(self):
        result = Value(1 / (1 + math.exp(-self.data)), (self,), "sigmoid")

        def pass_back():
            self.grad += result.data * (1 - result.data) * result.grad

        result._backward = pass_back
        return result

    def max(self, other):
        result = Value(max(self.data, other.data), (self, other), "max")

        def pass_back():
            larger = self if self.data > other.data else other
            larger.grad += result.grad

        result._backward = pass_back
        return result
"""

# How the notes on micrograd's faults begin.
FAULTS = [
    "gradients of interior nodes left over from the previous pass",
    "a root whose gradient is overwritten with 1",
    "local gradients that read `.data` during backward",
    "a backward that calls itself",
    "nodes that refer to themselves",
]

# What changes in it, what it becomes, and how the name of the mistake begins; `|` stands between several pieces.
MISTAKES = {
    "sum assigns": ("self.grad += result.grad\n            other.grad += result.grad", "self.grad = other.grad = result.grad", "`grad = ...` in the rule of x + y"),
    "sum assigns to the first": ("self.grad += result.grad\n            other", "self.grad = result.grad\n            other", "`grad = ...` in the rule of x + y"),
    "product assigns": ("self.grad += other.data *", "self.grad = other.data *", "`grad = ...` in the rule of x * y"),
    "power assigns": ("self.grad += n", "self.grad = n", "`grad = ...` in the rule of x ** 2"),
    "relu assigns": ("self.grad += (result", "self.grad = (result", "`grad = ...` in the rule of relu(x)"),
    "all assign": ("grad +=", "grad =", "`grad = ...` where `grad += ...` belongs"),
    "wrong sign of a sum": ("other.grad += result.grad", "other.grad -= result.grad", "-1 where +1 belongs: d(x + y)/dy is 1"),
    "wrong sign of a power": ("self.grad += n", "self.grad -= n", "the wrong sign in the rule of x ** 2"),
    "wrong sign of relu": ("self.grad += (result", "self.grad -= (result", "the wrong sign in the rule of relu(x)"),
    "lost minus of -x": ("self * -1", "self * 1", "x where -x belongs"),
    "minus is plus": ("self + (-other)", "self + other", "a sum in place of x - y"),
    "minus turned": ("self + (-other)", "(-self) + other", "the operands of x - y swapped"),
    "own factor": ("other.data * result.grad\n            other.grad += self.data", "self.data * result.grad\n            other.grad += other.data", "each factor given its own value"),
    "gradient of the factor": ("other.data * result.grad\n            other.grad += self.data", "other.grad * result.grad\n            other.grad += self.grad", "the gradient of the other factor"),
    "product as factor": ("+= other.data * result.grad\n            other.grad += self.data", "+= result.data * result.grad\n            other.grad += result.data", "the result of x * y as a factor"),
    "product like a sum": ("other.data * result.grad\n            other.grad += self.data *", "result.grad\n            other.grad +=", "the local gradients of x + y in the rule of x * y"),
    "product without what arrives": ("other.data * result.grad\n            other.grad += self.data * result.grad", "other.data\n            other.grad += self.data", "a local gradient passed on alone"),
    "sum without what arrives": ("self.grad += result.grad\n            other.grad += result.grad", "self.grad += 1\n            other.grad += 1", "a local gradient passed on alone in the rule of x + y"),
    "power without n": ("n * self.data", "self.data", "a lost factor n"),
    "power not lowered": ("(n - 1)", "n", "an exponent that is not lowered"),
    "power as for squares": ("n * self.data ** (n - 1)", "n * self.data", "n * x, which is right for x ** 2 only"),
    "relu everywhere": ("(result.data > 0) * ", "", "a gradient that passes where relu is flat"),
    "relu at 0": ("(result.data > 0)", "(self.data >= 0)", "relu'(0) = 1"),
    "relu times itself": ("(result.data > 0)", "result.data", "a gradient multiplied by relu(x) itself"),
    "division turned": ("self * other**-1", "other * self**-1", "the operands of x / y swapped"),
    "zero seed": ("        self.grad = 1\n", "        self.grad = 0\n", "a root that never gets its 1"),
    "no seed": ("        self.grad = 1\n", "", "a root that never gets its 1"),
    "seed of its number": ("        self.grad = 1\n", "        self.grad = self.data\n", "a root that starts with its own number"),
    "starts at 1": ("self.grad = 0\n", "self.grad = 1\n", "a gradient that starts at 1"),
    "from the leaves": ("reversed(order)", "order", "a walk in the wrong direction"),
    "one step": ("reversed(order)", "[self]", "a walk in the wrong direction"),
    "no walk": ("node._backward()", "pass", "a backward that passes nothing on"),
    "never met": ("                met.add(node)\n", "", "nodes that pass their gradient on more than once"),
    "as met": ("set(operands)|met.add(node)\n|                order.append(node)\n\n|reversed(order)", "operands|met.add(node)\n                order.append(node)\n|\n|order", "no topological order"),
    "sum without operands": ("+ other.data, (self, other)", "+ other.data, ()", "an operand of x + y that the walk does not find"),
    "sum in place": ("        other = Value.of(other)\n        result = Value(self.data +", "        self.data += 0 * Value.of(other).data + Value.of(other).data\n        other = Value.of(other)\n        result = Value(self.data +", "an operand that x + y changes"),
    "radd recurses": ("return self + number", "return number + self", "`__radd__` that calls itself"),
    "radd drops the past": ("return self + number", "return Value(self.data + number)", "a result of 2 + x that passes nothing back"),
    "rsub turned": ("number + (-self)", "self - number", "the operands swapped: `__rsub__`"),
    "rtruediv turned": ("number * self**-1", "self / number", "the operands swapped: `__rtruediv__`"),
    "first factor without what arrives": ("other.data * result.grad\n", "other.data\n", "a local gradient passed on alone in the rule of x * y"),
    "second factor without what arrives": ("self.data * result.grad\n", "self.data\n", "a local gradient passed on alone in the rule of x * y"),
    "first term without what arrives": ("self.grad += result.grad\n", "self.grad += 1\n", "a local gradient passed on alone in the rule of x + y"),
    "second term without what arrives": ("other.grad += result.grad\n", "other.grad += 1\n", "a local gradient passed on alone in the rule of x + y"),
    "wrong sign of the first term": ("self.grad += result.grad\n", "self.grad -= result.grad\n", "-1 where +1 belongs: d(x + y)/dx is 1"),
    "wrong sign of both terms": ("self.grad += result.grad\n            other.grad +=", "self.grad -= result.grad\n            other.grad -=", "the wrong sign in the rule of x + y"),
    "wrong sign of the second factor": ("other.grad += self.data", "other.grad -= self.data", "the wrong sign in the rule of x * y"),
    "absolute value": ("self.data if self.data >= 0 else 0", "abs(self.data)", "abs(x) where relu(x) belongs"),
    "leaves forgotten": ("        self.grad = 1\n", "        for node in order:\n            node.grad = 0\n        self.grad = 1\n", "leaves set to 0 when a pass starts"),
}  # fmt: skip


def made(source, name="engine"):
    namespace = {"__name__": name}
    exec(f"import math\n{source}", namespace)
    return namespace["Value"]


def names(report, status):
    return [result.check.name for result in report.results if result.status == status]


# What the levels ask and note ---------------------------------------------------------------------


def test_micrograd_passes_its_level_but_for_its_faults_which_are_notes():
    report = grade(made(MICROGRAD), level="micrograd")

    assert report.ok
    assert names(report, FAILED) == names(report, MISSING) == report.mistakes == []
    assert [note[: len(fault)] for note, fault in zip(report.notes, FAULTS, strict=True)] == FAULTS
    assert report.score == report.points == len(report.results)
    assert str(report).startswith("engine:Value (micrograd)\n\nNotes, which are not failures at the level micrograd:")


def test_the_imitation_does_what_micrograd_does():
    micrograd = pytest.importorskip("micrograd.engine")

    for level in LEVELS:
        theirs, ours = grade(micrograd.Value, level=level), grade(made(MICROGRAD), level=level)
        # How many nodes an engine leaves for the collector is how many objects it is made of.
        assert [(r.check.name, r.status, r.cause) for r in ours.results] == [
            (r.check.name, r.status, r.cause) for r in theirs.results
        ]


def test_a_mistake_takes_no_points_from_what_micrograd_does_not_do_either():
    """Seen to fail with recursion counted as a failure, because it may follow from the gradients that overwrite."""
    report = grade(made(MICROGRAD.replace("grad +=", "grad =")), level="micrograd")

    assert {"1,000 additions in a row", "a root that is a leaf adds up as other leaves do"} < set(names(report, NOTED))
    assert report.mistakes == ["`grad = ...` where `grad += ...` belongs: the last branch overwrites the others"]


def test_the_faults_of_micrograd_are_failures_where_everything_is_asked():
    report = grade(made(MICROGRAD))

    assert not report.ok
    assert [mistake[: len(fault)] for mistake, fault in zip(report.mistakes, FAULTS, strict=True)] == FAULTS
    assert report.notes == []


def test_a_copy_of_the_lectures_engine_passes_its_level():
    report = grade(made(MICROGRAD + LECTURE), level="lecture")

    assert report.ok
    assert names(report, FAILED) == names(report, MISSING) == []
    assert report.score == report.points


def test_a_copy_of_the_lectures_engine_without_some_gates_passes_too():
    report = grade(made(MICROGRAD + LECTURE.partition("    def log")[0]), level="lecture")

    assert report.ok
    assert {result.outcome.missing for result in report.results} == {"", "log(x)", "sigmoid(x)", "maximum(x, y)"}
    assert report.score < report.points


def test_what_is_missing_fails_where_an_engine_must_be_complete():
    engine = made(MICROGRAD + LECTURE.partition("    def log")[0])
    report = grade(engine, level="lecture", complete=True)

    assert not report.ok
    assert "Missing, which is a failure here: log(x), sigmoid(x), maximum(x, y)." in str(report)
    assert grade(engine, level="micrograd", complete=True).ok


def test_what_is_beyond_a_level_is_not_tried():
    wrong = made(MICROGRAD + LECTURE.replace("result.data * result.grad", "0"))

    assert grade(wrong, level="micrograd").ok
    assert not grade(wrong, level="lecture").ok


def test_each_level_asks_what_the_one_before_asks():
    micrograd, lecture, full = ({check.name for check in asked(level)} for level in LEVELS)

    assert micrograd < lecture < full == {check.name for check in CHECKS}
    assert "value and gradients of exp(x)" in lecture - micrograd
    assert "value and gradients of sin(x)" in full - lecture


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_fails_the_level_of_micrograd_and_is_named(kind):
    old, new, name = MISTAKES[kind]
    source = MICROGRAD
    for before, after in zip(old.split("|"), new.split("|"), strict=True):
        assert before in source
        source = source.replace(before, after)
    report = grade(made(source), level="micrograd")

    assert not report.ok
    assert name in [mistake[: len(name)] for mistake in report.mistakes]
    assert report.score < report.points


def test_there_is_no_other_level():
    with pytest.raises(ValueError, match="level must be 'micrograd' or 'lecture' or 'full', not 'easy'"):
        grade(made(MICROGRAD), level="easy")


# Some of the checks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("only", "count"),
    [
        ("value and gradients of x - y", 1),
        ("relu", 4),
        ("RELU", 4),
        ("value*relu(x)*", 3),
        ("x ** 2 leaves its operands as they are", 1),
        ("the terms of a sum are asked in turn, the second one", 1),
        ("value and gradients of sum([x, y]), relu", 5),
        (["value and gradients of -x", "*exp(x)*"], 3),
        ("?,??? additions in a row", 1),
        ("*", len(CHECKS)),
    ],
)
def test_only_the_checks_that_are_named_are_asked(only, count):
    assert len(assignment(only=only).checks) == count


def test_a_name_may_be_that_of_the_language():
    (check,) = assignment(only="um nó novo tem o gradiente 0", language="pt").checks

    assert check.name == "a new node has the gradient 0"


@pytest.mark.parametrize(
    ("only", "told"),
    [
        ("tahn", "no check of the level full is called 'tahn': did you mean "),
        ("value and gradient of -x", "did you mean 'value and gradients of -x'"),
        ("relu, zzzzzzz", "no check of the level full is called 'zzzzzzz': --list shows their names"),
        ("", "no check of the level full is called ''"),
    ],
)
def test_a_name_that_no_check_has_is_told_with_those_near(only, told):
    with pytest.raises(GradeError) as error:
        assignment(only=only)
    assert told in str(error.value)


def test_no_names_at_all_are_told():
    with pytest.raises(GradeError, match="no check of the level full is called ''"):
        assignment(only=[])


def test_points_are_a_mapping_or_a_file():
    with pytest.raises(GradeError, match="the points of 'points' must be a number of 0 or more, not 3"):
        assignment(points=3)


def test_points_of_checks_that_are_not_asked_are_read_too():
    with pytest.raises(GradeError, match="the points of 'tanh' must be"):
        assignment("micrograd", points={"tanh": -1})


@pytest.mark.parametrize(("thing", "kind"), [(3, "int"), (None, "NoneType")])
def test_what_is_not_a_class_is_told_by_its_kind(thing, kind):
    """Seen to fail with "the process ended with status 1"."""
    with pytest.raises(GradeError, match=f"{thing} is not a class but of type {kind}"):
        grade(thing)


def test_a_check_beyond_the_level_cannot_be_named():
    with pytest.raises(GradeError, match="no check of the level micrograd is called 'exp'"):
        assignment("micrograd", only="exp")


def test_a_mistake_below_the_checks_that_are_asked_is_not_called_theirs():
    """Seen to fail with the other checks left out: the rule of x - y is blamed for what x + y does."""
    broken = made(MICROGRAD.replace("other.grad += result.grad", "other.grad += 0"))
    (result,) = grade(broken, level="micrograd", only="value and gradients of x - y").results

    assert (result.status, result.cause, result.follows) == (FAILED, None, True)


# Points -------------------------------------------------------------------------------------------


def test_a_check_is_one_point_where_nothing_is_said():
    report = grade(made(MICROGRAD.replace("(result.data > 0)", "(self.data >= 0)")), level="micrograd")

    assert report.points == len(report.results)
    assert report.score == report.points - 1
    assert report.summary.startswith(f"{len(report.results) - 1} of {len(report.results)} points (98%): ")


def test_points_are_those_of_the_first_name_that_means_a_check(tmp_path):
    file = tmp_path / "points.toml"
    file.write_text('[points]\n"*relu(x) where x is 0" = 10\n"relu" = 2.5\n"*" = 0\n')
    broken = made(MICROGRAD.replace("(result.data > 0)", "(self.data >= 0)"))
    report = grade(broken, level="micrograd", points=file)

    assert (report.score, report.points) == (7.5, 17.5)
    assert report.summary.startswith("7.5 of 17.5 points (42%)")
    assert grade(broken, level="micrograd", points=file, language="pt").summary.startswith(
        "Pontos: 7,5 de 17,5 (42%); "
    )


def test_a_file_of_points_serves_all_levels(tmp_path):
    file = tmp_path / "points.toml"
    file.write_text('"exp" = 3\n')

    assert sum(assignment("micrograd", points=file).points.values()) == len(asked("micrograd"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("relu = ", "cannot read the points of"),
        ("tahn = 1", "'tanh'"),
        ("relu = -1", "the points of 'relu' must be a number of 0 or more, not -1"),
        ("relu = true", "the points of 'relu' must be a number of 0 or more, not True"),
        ("relu = nan", "the points of 'relu' must be a number of 0 or more, not nan"),
        ("relu = 'two'", "the points of 'relu' must be a number of 0 or more, not 'two'"),
        ("points = 3", "the points of 'points' must be a number of 0 or more, not 3"),
    ],
)
def test_points_that_cannot_be_read_are_told(tmp_path, text, told):
    file = tmp_path / "points.toml"
    file.write_text(text)

    with pytest.raises(GradeError) as error:
        assignment(points=file)
    assert told in str(error.value)


def test_no_points_at_all_are_no_division():
    assert (
        grade(made(MICROGRAD), only="relu", points={"*": 0}).summary == "0 of 0 points: 4 passed, 0 failed, 0 missing"
    )


# pytest -------------------------------------------------------------------------------------------


def test_conformance_takes_a_file_a_level_and_names(tmp_path):
    (tmp_path / "engine.py").write_text(MICROGRAD)
    (tmp_path / "test_engine.py").write_text(
        textwrap.dedent(
            """
            from autograd.grade import conformance

            test_all = conformance("engine.py:Value", level="micrograd")
            test_some = conformance("engine.py:Value", level="lecture", only="relu, tanh")
            test_complete = conformance("engine.py:Value", level="lecture", only="tanh", complete=True)
            """
        )
    )
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rfsx", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
    )
    count = len(asked("micrograd"))

    assert f"2 failed, {count - 11 + 4} passed, 2 skipped, 11 xfailed" in finished.stdout
    assert "XFAIL test_engine.py::test_all[two passes give twice the gradient]" in finished.stdout
    assert "noted: gradients of interior nodes left over" in finished.stdout
    assert "FAILED test_engine.py::test_complete[value and gradients of tanh(x)]" in finished.stdout
    assert "missing: tanh(x)" in finished.stdout


def test_conformance_has_the_names_and_statuses_of_grade():
    test = conformance(made(MICROGRAD), level="micrograd")
    report = grade(made(MICROGRAD), level="micrograd")

    for result in report.results:
        if result.status == PASSED:
            test(result.check.name)
        else:
            assert result.status == NOTED
            with pytest.raises(pytest.xfail.Exception):
                test(result.check.name)
