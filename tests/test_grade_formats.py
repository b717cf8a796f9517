"""The verdict for other graders, the command that writes it, and the languages in which it is told."""

import base64
import importlib.resources
import json
import os
import string
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from autograd.__main__ import main
from autograd.grade import CHECKS, FAILED, LEVELS, MISSING, NOT_RUN, NOTED, PASSED, assignment, checks, grade
from autograd.grade.formats import FORMATS
from autograd.languages import LANGUAGES, words


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def micrograd():
    """micrograd with one mistake: some of all statuses at the level `lecture`."""
    from test_grade_levels import MICROGRAD, made

    return made(MICROGRAD.replace("number + (-self)", "self - number"))


@pytest.fixture(scope="module")
def report(micrograd):
    return assignment("lecture", points={"*2 - x*": 4}).graded(micrograd)


def results(report):
    return {result.check.name: result for result in report.results}


def with_status(report, status):
    return {result.check.name for result in report.results if result.status == status}


def test_the_report_has_some_of_each_status(report):
    assert {result.status for result in report.results} == {PASSED, FAILED, NOTED, MISSING}


# The formats --------------------------------------------------------------------------------------


def test_json_has_all_of_the_report(report):
    found = json.loads(FORMATS["json"](report))
    by_name = {check["name"]: check for check in found["checks"]}
    failed = by_name["value and gradients of 2 - x"]

    assert (found["subject"], found["level"], found["language"], found["ok"]) == (
        "engine:Value",
        "lecture",
        "en",
        False,
    )
    assert (found["score"], found["points"], found["error"]) == (report.score, report.points, None)
    assert (found["mistakes"], found["notes"]) == (report.mistakes, report.notes)
    assert list(by_name) == [result.check.name for result in report.results]
    assert (failed["status"], failed["score"], failed["points"]) == ("failed", 0, 4)
    assert failed["mistake"] == "the operands swapped: `__rsub__` computes x - 2"
    assert (failed["came_out"], failed["right"]) == ("z.data = 30, x.grad = 10", "z.data = -30, x.grad = -10")
    assert by_name["value and gradients of exp(x)"]["missing"] == "exp(x)"


def test_junit_has_a_case_for_each_check(report):
    suites = ElementTree.fromstring(FORMATS["junit"](report))
    (suite,) = suites
    cases = {case.get("name"): case for case in suite}
    tags = {name: [child.tag for child in case] for name, case in cases.items()}

    assert (suites.tag, suite.tag, {case.tag for case in suite}) == ("testsuites", "testsuite", {"testcase"})
    assert {name for name, tag in tags.items() if tag == ["failure"]} == with_status(report, FAILED)
    assert {name for name, tag in tags.items() if tag == ["skipped"]} == with_status(report, MISSING)
    assert {name for name, tag in tags.items() if tag == ["system-out"]} == with_status(report, NOTED)
    assert {name for name, tag in tags.items() if tag == []} == with_status(report, PASSED)
    assert suite.get("tests") == str(len(cases)) == str(len(report.results))
    assert (suite.get("failures"), suite.get("errors")) == (str(len(report.failures)), "0")
    assert suite.get("skipped") == str(len(with_status(report, MISSING)))
    failure = cases["value and gradients of 2 - x"][0]
    assert failure.get("message") == "the operands swapped: `__rsub__` computes x - 2"
    assert "came out  z.data = 30, x.grad = 10" in failure.text


def test_gradescope_gets_the_points_of_each_test_and_their_sum(report):
    found = json.loads(FORMATS["gradescope"](report))
    tests = {test["name"]: test for test in found["tests"]}

    assert found["score"] == sum(test["score"] for test in found["tests"]) == report.score
    assert sum(test["max_score"] for test in found["tests"]) == report.points
    assert {test["status"] for test in found["tests"]} == {"passed", "failed"}
    assert {test["visibility"] for test in found["tests"]} == {found["visibility"]} == {"visible"}
    assert found["output"] == str(report)
    assert {name for name, test in tests.items() if test["status"] == "passed"} == (
        with_status(report, PASSED) | with_status(report, NOTED)
    )
    assert "computes x - 2" in tests["value and gradients of 2 - x"]["output"]
    assert tests["value and gradients of exp(x)"]["output"] == "missing: exp(x)"
    assert tests["a new node has the gradient 0"]["output"] == ""


def test_classroom_gets_the_result_of_a_grader(report):
    """The keys are those that the reporter reads: max_score, status, and of each test name, status and score."""
    found = json.loads(base64.b64decode(base64.b64encode(FORMATS["classroom"](report))))

    assert (found["version"], found["status"], found["max_score"]) == (1, "fail", report.points)
    assert sum(test["score"] for test in found["tests"]) == report.score
    assert {test["status"] for test in found["tests"]} == {"pass", "fail"}
    assert {tuple(test) for test in found["tests"]} == {
        ("name", "status", "score", "message", "test_code", "filename", "line_no", "duration")
    }


@pytest.mark.parametrize("name", FORMATS)
def test_a_class_that_cannot_be_graded_has_a_verdict_too(name):
    refused = assignment("micrograd", only="relu").refused("engine.py:Value", "engine.py, line 3: \x1b SyntaxError")
    text = FORMATS[name](refused).decode()

    assert "engine.py, line 3" in text
    if name == "junit":
        (suite,) = ElementTree.fromstring(text)
        assert (suite.get("tests"), suite.get("errors"), suite.get("failures")) == ("4", "4", "0")
        return
    found = json.loads(text)
    statuses = {"json": "not run", "gradescope": "failed", "classroom": "error"}
    assert {test["status"] for test in found.get("tests", found.get("checks"))} == {statuses[name]}
    assert found.get("score", 0) == 0


def test_what_is_missing_fails_everywhere_if_an_engine_must_be_complete(micrograd):
    complete = assignment("lecture", only="exp", complete=True).graded(micrograd)

    (suite,) = ElementTree.fromstring(FORMATS["junit"](complete))
    assert (suite.get("failures"), suite.get("skipped")) == (str(len(complete.results)), "0")
    assert json.loads(FORMATS["classroom"](complete))["status"] == "fail"
    assert json.loads(FORMATS["json"](complete))["ok"] is False


# The command --------------------------------------------------------------------------------------


def write_engine(here):
    text = "from autograd import Value as Right\n\nclass Value(Right):\n    __rsub__ = Right.__sub__\n"
    (here / "engine.py").write_text(text)


def test_the_command_writes_what_is_asked_for_beside_the_verdict(here, capsys):
    write_engine(here)
    status = main(
        [
            "grade",
            "engine.py:Value",
            "--level=micrograd",
            "--junit=j.xml",
            "--gradescope=results.json",
            "--classroom=c.json",
        ]
    )
    out = capsys.readouterr().out

    assert status == 1
    assert "`__rsub__` computes x - 2" in out
    assert json.loads((here / "results.json").read_bytes())["output"] == out.rstrip()
    assert ElementTree.parse(here / "j.xml").getroot().get("failures") == "1"
    assert json.loads((here / "c.json").read_bytes())["status"] == "fail"


def test_json_is_all_that_is_printed(here, capsys):
    write_engine(here)

    assert main(["grade", "engine.py:Value", "--only", "2 - x", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["score"] == 0


def test_json_can_be_read_whatever_the_terminal_can_show(here):
    """Seen to fail with the signs of the language in it: in ASCII, they become escapes that JSON does not have."""
    write_engine(here)
    finished = subprocess.run(
        [sys.executable, "-m", "autograd", "grade", "engine.py:Value", "--only", "branches", "--json", "--language=pt"],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )

    assert json.loads(finished.stdout)["checks"][0]["title"] == "os gradientes de duas ramificações se somam"


def test_a_file_that_raises_earns_no_points_but_its_results_are_written(here, capsys):
    """Seen to fail without the files: Gradescope then tells that the autograder failed, not that the file did."""
    (here / "engine.py").write_text("x = 1\n1 / 0\n")
    status = main(["grade", "engine.py:Value", "--gradescope", "results.json", "--json"])
    told = capsys.readouterr()
    found = json.loads((here / "results.json").read_bytes())

    assert status == 2
    assert told.err == "autograd: engine.py, line 2: ZeroDivisionError: division by zero\n"
    assert json.loads(told.out)["error"] == "engine.py, line 2: ZeroDivisionError: division by zero"
    assert (found["score"], found["output"]) == (0, "engine.py, line 2: ZeroDivisionError: division by zero")


def test_a_file_that_cannot_be_written_is_told_before_anything_is_graded(here, capsys):
    assert main(["grade", "nowhere.py:Value", "--junit", "nowhere/j.xml"]) == 2
    assert "cannot write nowhere/j.xml: there is no folder" in capsys.readouterr().err.replace("\\", "/")


def test_the_checks_are_listed_with_their_points(here, capsys):
    (here / "points.toml").write_text("[points]\n'*where x is 0' = 2.5\n")

    assert main(["grade", "--list", "--level", "micrograd", "--only", "relu", "--points", "points.toml"]) == 0
    assert capsys.readouterr().out == (
        "    1  value and gradients of relu(x) where x is 3\n"
        "    1  value and gradients of relu(x) where x is -2\n"
        "  2.5  value and gradients of relu(x) where x is 0\n"
        "    1  the gradients of two results of relu(x) add up\n"
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--only", "tahn"], "'tanh'"),
        (["--level", "micrograd", "--only", "exp"], "no check of the level micrograd is called 'exp'"),
        (["--only", "relu", "tanh"], "grade takes one TARGET, not also 'tanh': write names of --only between commas"),
        (["--points", "nowhere.toml"], "cannot read the points of nowhere.toml: FileNotFoundError"),
        (["--only", "relu", "--language", "es", "--list", "--points", "nowhere.toml"], "no se pueden leer los puntos"),
    ],
)
def test_what_cannot_be_asked_is_told_in_one_line(arguments, told, here, capsys):
    write_engine(here)
    status = main(["grade", "engine.py:Value", *arguments])
    found = capsys.readouterr()

    assert (status, found.out, found.err.count("\n")) == (2, "", 1)
    assert told in found.err


def test_the_levels_of_the_command_are_those_of_the_kit():
    for level in LEVELS:
        assert main(["grade", "--list", "--only", "relu", "--level", level]) == 0
    with pytest.raises(SystemExit):
        main(["grade", "--list", "--level", "easy"])


def test_github_classroom_can_also_ask_for_the_status_alone(here):
    """As `.github/classroom/autograding.json` does: a command, and points if it ends with 0."""
    write_engine(here)
    test = {"name": "engine", "run": f'"{sys.executable}" -m autograd grade engine.py:Value --only tanh', "points": 10}
    wrong = {**test, "run": f'"{sys.executable}" -m autograd grade engine.py:Value'}
    file = here / ".github" / "classroom" / "autograding.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"tests": [test, wrong]}))
    read = json.loads(file.read_text())["tests"]
    statuses = [subprocess.run(one["run"], shell=True, capture_output=True, env=os.environ).returncode for one in read]

    assert statuses == [0, 1]


# Languages ----------------------------------------------------------------------------------------


def mistakes():
    """All mistakes that some check can name."""
    return {mistake for check in CHECKS for named in check.wrong.values() for mistake in named}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_check_and_each_mistake_has_its_text(language):
    told = [*[check.told(language) for check in CHECKS], *[mistake.told(language) for mistake in mistakes()]]

    assert all(text.strip() and "{" not in text for text in told)
    assert len(set(told)) == len(told)


def test_each_text_of_the_catalogue_is_used():
    assert set(words("grade checks", "en")) == {check.title[0] for check in CHECKS}
    assert set(words("grade mistakes", "en")) == {mistake.name for mistake in mistakes()}
    files = [file for file in importlib.resources.files("autograd.grade").iterdir() if file.name.endswith(".py")]
    files.append(importlib.resources.files("autograd.commands") / "grade.py")
    written = "".join(file.read_text("utf-8") for file in files).replace("'", '"')
    # These are put together: from the status of a check, or with the names that are near.
    made = [f"{word} {status}" for word in ("count", "is") for status in (PASSED, FAILED, NOTED, MISSING, NOT_RUN)]
    made += [f"{name}, but near" for name in ("no file", "no class", "no check")]
    assert [name for name in words("grade", "en") if f'"{name}"' not in written and name not in made] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_filled_in_completely(language):
    """Each place of a text has something to stand in it: no mistake is named with too much or too little."""
    texts = words("grade mistakes", language)
    for mistake in mistakes():
        places = [field for _, field, _, _ in string.Formatter().parse(texts[mistake.name]) if field is not None]
        assert len(places) == len(mistake.about)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("pt", "É o que se obtém com os operandos trocados: `__rsub__` calcula x - 2."),
        ("es", "Es lo que se obtiene con los operandos intercambiados: `__rsub__` calcula x - 2."),
    ],
)
def test_the_verdict_is_told_in_the_language(language, told, here, capsys):
    write_engine(here)

    assert main(["grade", "engine.py:Value", "--language", language]) == 1
    printed = " ".join(capsys.readouterr().out.split())
    assert told in printed
    assert "FAILED" not in printed
    assert "points" not in printed


def test_the_language_is_that_of_the_surroundings(here, monkeypatch):
    write_engine(here)
    monkeypatch.setenv("AUTOGRAD_LANGUAGE", "es")

    assert grade("engine.py:Value").mistakes == ["los operandos intercambiados: `__rsub__` calcula x - 2"]


def test_a_mistake_is_the_same_in_all_languages():
    assert checks.STALE.told("pt").startswith("gradientes de nós internos")
    assert checks.STALE.told("es").startswith("gradientes de nodos internos")
