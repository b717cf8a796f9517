"""The playground: what is typed is read, drawn, practised and graded, here and in a browser with nothing installed."""

import gzip
import http.client
import http.server
import importlib.resources
import io
import json
import math
import os
import random
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from autograd import Value, sigmoid
from autograd.commands import main
from autograd.expression import answered
from autograd.languages import LANGUAGES, words
from autograd.play import pyodide as pyodide_module
from autograd.play.answers import answer
from autograd.play.examples import EXAMPLES
from autograd.play.marking import Exercise, is_near
from autograd.play.programs import PRINTED, MistakeError, Place, is_formula, made_of
from autograd.play.pyodide import FILES, PyodideError, folder_of
from autograd.play.server import server
from autograd.play.site import LIST, PACKAGE, build, package, page_files, site

E3 = EXAMPLES["E3"]


def asked(do: str, text: str = "", language: str = "en", **more: Any) -> dict[str, Any]:
    """What Python answers the page."""
    reply: dict[str, Any] = json.loads(answer(json.dumps({"do": do, "text": text, "language": language, **more})))
    return reply


def mistake(text: str) -> tuple[str, Place | None]:
    with pytest.raises(MistakeError) as found:
        made_of(text)
    return found.value.told("en"), found.value.place


# Formulas ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("x*y x=2 y=3", 6.0),
        ("x*y\nx = 2, y = 3", 6.0),
        ("x*y, x = 2, y = 3", 6.0),
        ("x = 2; y = 3\nx*y".replace(";", ","), 6.0),
        ("x=2\nx*y\ny=3", 6.0),
        ("x*\ny\nx=2 # two\ny=3 # three", 6.0),
        ("sum([x,\n y])\nx=2, y=3", 5.0),
        ("x=1/4", 0.25),
        ("2 + 3", 5.0),
        ("z = x*y\nz + 1\nx=2 y=3", 7.0),
        ("x=2 y=3\nz = x*y", 6.0),
        ("x₁² · x₂  x₁=3 x₂=2", 18.0),
        ("clamp(x, 0, 1) x=7", 1.0),
        ("where(a < b, a, b)\r\na=1 b=2", 1.0),
        ("2*pi", 2 * math.pi),
        ("x = 2; y = 3; x*y", 6.0),
        ("x*y;x=2;y=3;", 6.0),
        ("z = x*y; z + 1\nx=2; y=3  # a; b", 7.0),
    ],
)
def test_a_formula_has_its_numbers_in_any_order(text, number):
    made = made_of(text)

    assert made.root.data == number
    assert made.printed == ""


def test_the_numbers_of_a_formula_are_leaves_and_its_lines_are_named():
    root = made_of("z = w*x + b\nsigmoid(z)\nw=2 x=-1 b=3").root
    (z,) = root.parents

    assert root.data == sigmoid(1.0)
    assert z.label == "z"
    assert [leaf.label for leaf in (*z.parents[0].parents, z.parents[1])] == ["w", "x", "b"]


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("x * sinn(y)\nx=1 y=2", "unknown function 'sinn'; did you mean 'sin'?", (1, 5)),
        ("x +\n  sinn(y)\nx=1 y=2", "unknown function 'sinn'; did you mean 'sin'?", (2, 3)),
        ("# one\n\n  x   *   y\nx=1", "y has no value; add y=NUMBER", (3, 11)),
        ("x=1\nx=2", "x has two values", (2, 1)),
        ("x*(y\n\nx=2 y=3", "'(' was never closed", (1, 3)),
        ("x*x\nx = 2$", "'$' has no meaning in an expression", (2, 6)),
        ("x*x\nx = sin(", "'(' was never closed", (2, 8)),
        ("x = 1; x*sinn(x)", "unknown function 'sinn'; did you mean 'sin'?", (1, 10)),
    ],
)
def test_a_mistake_in_a_formula_is_told_at_its_place(text, message, place):
    assert mistake(text) == (message, Place(*place))


@pytest.mark.parametrize(
    ("text", "remedy", "place"),
    [
        ("x*x\nx = 0,5", "; escreva 0.5, com ponto", (2, 5)),
        ("x*0,5\nx = 2", "; escreva 0.5 em vez de 0,5, com ponto", (1, 1)),
    ],
)
def test_a_decimal_comma_is_told_with_the_point(text, remedy, place):
    with pytest.raises(MistakeError) as found:
        made_of(text)

    assert found.value.told("pt").endswith(remedy)
    assert found.value.place == Place(*place)


def test_nothing_typed_is_told_with_what_to_type():
    message, place = mistake("  \n# only a note\n")

    assert "write a formula such as w*x + b" in message
    assert place is None


@pytest.mark.parametrize(
    "text", ["2x", "x +", "(x]", "x)", "x(2)", "sinn(x)", "ln(x)", "x y", "|x", "[x]", "x < 1", "x@y", "sin()", ""]
)
@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_mistake_in_a_formula_is_told_in_every_language(text, language):
    """Seen to fail where a hint of two sentences had a translation of one."""
    with pytest.raises(MistakeError) as found:
        made_of(text)

    said = found.value.told(language)
    assert said != found.value.told("en")
    assert not re.search(r"\b(the|is|write|not|was|to)\b", said)


# Programs ---------------------------------------------------------------------------------------------

SETUP = "from autograd import Value, draw, explain, nn\nx = Value(2.0)\n"


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ("y = x*x", 4.0),
        ("y = x*x\nz = y + 1\ny", 4.0),
        ("y = x*x\nz = y + 1\ny.backward()", 4.0),
        ("y = x*x\nz = y + 1\ny.backward()\nx.data -= x.grad", 4.0),
        ("y = x\nfor i in range(3):\n    y = y*x\nprint(y.data)", 16.0),
        ("def f(a):\n    return a*x\nf(x)", 4.0),
        ("draw(x*x, digits=2)", 4.0),
        ("explain(x + 1)", 3.0),
        ("pass", 2.0),
        ("a = 2; b, c = 3, 4; d = Value(a*c)", 8.0),
    ],
)
def test_what_a_program_ends_with_is_drawn(lines, number):
    assert made_of(SETUP + lines).root.data == number


def test_names_of_the_program_label_what_has_no_label():
    root = made_of(SETUP + 'w = Value(3.0, "weight")\nproduct = w*x\n').root

    assert root.label == "product"
    assert [leaf.label for leaf in root.parents] == ["weight", "x"]


def test_a_program_draws_and_explains_in_the_language_of_the_page():
    """Seen to fail where a program that draws with options of its own drew in English."""
    text = SETUP + "y = x*x\nprint(explain(y))\ndraw(y, flows=True)"
    reply = asked("draw", text, "pt")

    assert "Passagem para a frente" in reply["printed"]
    assert '<html lang="pt">' in reply["html"]
    assert os.environ["AUTOGRAD_LANGUAGE"] == "en"


def test_a_model_is_drawn_as_a_network():
    reply = asked("draw", SETUP + "model = nn.MLP(2, [2, 1], seed=0)\nmodel")

    assert (reply["kind"], reply["title"]) == ("made", "Network MLP: 2 → 2 → 1")


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        (
            "x = Value(2)",
            "NameError: name 'Value' is not defined; add a first line: from autograd import Value",
            (1, 5),
        ),
        ("def f(:\n    pass", "invalid syntax", (1, 7)),
        ("import math\nfor i in range(3):\n    y = math.sqrt(-i - 1)", "ValueError: ", (3, 9)),
        ("def f():\n    return 1/0\n\nf()", "ZeroDivisionError: ", (2, 12)),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", (1, 1)),
        (
            "import nothing_like_this",
            "ModuleNotFoundError: No module named 'nothing_like_this'; here there are only this package",
            (1, 1),
        ),
        ("raise EOFError", "EOFError; a program cannot ask for anything here: write what it needs into it", (1, 1)),
        ("eval('1 +')", "SyntaxError: ", (1, 1)),
    ],
)
def test_an_error_of_a_program_is_told_at_its_place(text, message, place):
    said, where = mistake(text)

    assert said.startswith(message)
    assert where == Place(*place)


@pytest.mark.parametrize("do", ["draw", "explain", "practise"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_graph_that_is_too_large_is_told_with_what_can_be_done_here(do, language):
    """Seen to fail with the error of `draw`, which is English and about options that the page does not have."""
    reply = asked(do, SETUP + "print('before')\nfor i in range(2000):\n    x = x + 1\nx", language)

    said = words("formula mistakes", language)
    assert reply["message"] == f"{said['too large']}; {said['smaller']}"
    assert reply["printed"] == "before\n"


def test_what_was_printed_before_an_error_is_shown():
    assert asked("draw", "print('before')\n1/0")["printed"] == "before\n"


def test_a_program_that_prints_without_end_fills_no_memory():
    made = made_of("for i in range(100_000):\n    print('a line')")

    assert len(made.printed) == PRINTED + 1
    assert made.printed.endswith("…")


@pytest.mark.parametrize("text", ["x*y x=2,5 y=3", "x*y\nx = 2,5, y = 3", "x*y, y=3, x=2,5"])
def test_a_decimal_comma_is_told_with_its_remedy(text: str) -> None:
    reply = asked("draw", text, "pt")

    assert reply["message"] == "2,5 não é um número; escreva 2.5, com ponto"
    assert (reply["line"], reply["column"]) == (text.count("\n") + 1, text[text.rfind("\n") + 1 :].index("2") + 1)


def test_a_program_that_ends_with_an_explanation_is_drawn() -> None:
    """Seen to fail with the explanation itself given to `draw`."""
    reply = asked("draw", SETUP + "explain(x*x)")

    assert reply["kind"] == "made"


def test_a_program_may_change_its_environment() -> None:
    reply = asked("draw", "import os\nos.environ.pop('AUTOGRAD_LANGUAGE')\nprint(1)")

    assert (reply["kind"], reply["printed"]) == ("nothing", "1\n")


def test_a_program_that_ends_itself_is_no_mistake():
    assert asked("draw", "import sys\nprint('done')\nsys.exit()") == {"kind": "nothing", "printed": "done\n"}


def test_a_program_may_declare_an_operation_each_time_it_runs():
    text = (
        "from autograd import Value, operation\n\n@operation('twice(x)', '2')\ndef twice(x):\n"
        "    '''Doubles.'''\n    return 2*x, lambda: (2.0,)\n\ntwice(Value(3.0))"
    )

    assert [made_of(f"{text}  # {i}").root.data for i in range(2)] == [6.0, 6.0]


def test_a_text_is_run_once_whatever_is_asked_of_it():
    """Seen to fail where each view ran the program again: what it printed then differed from what was drawn."""
    text = "import random\nfrom autograd import Value\nx = Value(random.random())\nprint(x.data)\nx*x"

    assert asked("draw", text)["printed"] == asked("explain", text)["printed"] == asked("practise", text)["printed"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_drawn_or_graded(name):
    reply = asked("draw", EXAMPLES[name])

    assert reply["kind"] == ("class" if name == "own" else "made"), reply


def test_the_examples_of_the_lectures_have_their_numbers():
    """The figures of the teaching documents, as tests/test_worked_examples.py has them."""
    e4 = made_of(EXAMPLES["E4"]).root
    e4.backward()

    assert made_of(E3).root.data == pytest.approx(0.73105858, abs=5e-9)
    assert e4.data == 1.0
    steps = dict(line.split() for line in asked("draw", EXAMPLES["E1"])["printed"].splitlines())
    assert [steps[name] for name in ("W11", "W24", "W33", "w1")] == [
        "0.10723859",
        "0.91447717",
        "0.40857880",
        "0.31219810",
    ]


# Marks ------------------------------------------------------------------------------------------------


def test_every_right_gradient_is_right_in_every_language():
    root = made_of(E3).root
    root.backward()
    for language in LANGUAGES:
        exercise = Exercise(root, language)
        for place, _ in exercise.questions:
            gradient = exercise.passes.order[place].grad
            for typed in (f"{gradient:.2g}", f"{gradient:.8f}".replace(".", ","), repr(gradient)):
                assert exercise.mark(place, {place: typed}).verdict == "right"


@pytest.mark.parametrize(
    ("formula", "name", "typed", "mistake"),
    [
        ("x*y x=3 y=-4", "x", "4", "sign"),
        ("x*y x=3 y=-4", "x", "3", "switched"),
        ("x*y + x x=3 y=-4", "x", "-4", "branch"),
        ("x*y + x x=3 y=-4", "x", "1", "branch"),
        ("exp(x)*y x=0.5 y=7", "x", "1.6487", "local"),
        ("exp(x)*y x=0.5 y=7", "x", "7", "arriving"),
        ("x*y x=3 y=-4", "x", "17", ""),
    ],
)
def test_a_typical_mistake_is_named(formula, name, typed, mistake):
    root = made_of(formula).root
    exercise = Exercise(root, "en")
    (place,) = [place for place, node in enumerate(exercise.passes.order) if node.label == name]
    mark = exercise.mark(place, {place: typed})

    assert mark.verdict == "wrong"
    assert mark.mistake == (words("play", "en")[f"mistake {mistake}"] if mistake else "")


def test_an_answer_that_follows_from_a_wrong_one_is_told_so():
    """z·y at z = x + 2: whoever takes ∂f/∂z to be 5 and goes on rightly has 5 at x, too."""
    exercise = Exercise(made_of("z = x + 2\nz*y\nx=1 y=-4").root, "en")
    place_of = {node.label: place for place, node in enumerate(exercise.passes.order)}
    mark = exercise.mark(place_of["x"], {place_of["z"]: "5", place_of["x"]: "5"})

    assert mark.mistake == "The step is right, but it starts from the gradient of z, which is not."


@pytest.mark.parametrize("typed", ["", "x", "1,2,3", "--", "import os", "1e", "∞ 2"])
def test_what_is_no_number_is_told_so(typed):
    exercise = Exercise(Value(2.0) * Value(3.0), "en")

    assert exercise.mark(0, {0: typed}).verdict == "unreadable"


def test_rounding_is_allowed_down_to_two_digits_and_no_further():
    assert is_near(0.2, 0.19661193)
    assert is_near(0.1966, 0.19661193)
    assert not is_near(0.19, 0.19661193)
    assert not is_near(0.0, 1e-9)
    assert is_near(0.0, -0.0)
    assert is_near(math.nan, math.nan)
    assert answered("-1,5") == -1.5


def test_no_mistake_is_named_where_the_answer_is_right():
    """Random graphs: an answer that is right is right, whatever mistakes would give the same."""
    numbers = random.Random(0)
    for _ in range(100):
        leaves = [Value(numbers.choice([-2.0, -1.0, 1.0, 2.0])) for _ in range(3)]
        for _ in range(5):
            x, y = numbers.choices(leaves, k=2)
            leaves.append(numbers.choice([x + y, x * y, x.maximum(y)]))
        root = leaves[-1]
        root.backward()
        exercise = Exercise(root, "en")
        for place, _ in exercise.questions:
            mark = exercise.mark(place, {place: repr(exercise.passes.order[place].grad)})
            assert (mark.verdict, mark.mistake) == ("right", "")


def test_the_steps_of_an_answer_tell_nothing_of_other_answers():
    exercise = Exercise(made_of("x*y x=3 y=-4").root, "en")

    assert exercise.steps(0) == ("v1 = x × y: ∂v1/∂x = y = −4, so 1 × (−4) = −4 leaves to x",)


def test_a_random_exercise_is_a_text_that_can_be_practised():
    for level in ("easy", "medium", "hard"):
        text = asked("exercise", level=level)["text"]
        reply = asked("practise", text)

        assert is_formula(text)
        assert len(reply["questions"]) == len(made_of(text).root.backward() or reply["questions"]) > 2


@pytest.mark.parametrize("text", ["max(x*y, x) * x\nx=2, y=-3", "relu(x) + y\nx=-2, y=1"])
def test_the_picture_of_an_exercise_does_not_tell_which_gradients_are_0(text):
    """Seen to fail where edges that nothing flows back through were dashed, and the legend said so."""
    drawn, asks = ((asked(do, text)["html"]).partition("</svg>")[0] for do in ("draw", "practise"))

    told = words("legend", "en")["blocked"]
    assert "stroke-dasharray" in drawn
    assert told in drawn
    assert "stroke-dasharray" not in asks
    assert told not in asks


# Grades -----------------------------------------------------------------------------------------------


def test_the_mistake_of_a_class_is_named():
    reply = asked("grade", EXAMPLES["own"], level="micrograd")

    assert not reply["ok"]
    assert "overwrites the others" in reply["mistakes"][0]


def test_a_program_without_a_class_has_nothing_to_grade():
    assert asked("grade", "import math", level="full")["kind"] == "nothing to grade"


def test_a_class_that_cannot_be_graded_is_told_why():
    reply = asked("grade", "class Value:\n    def backward(self):\n        pass", level="full")

    assert reply["kind"] == "mistake"
    assert "Value(3.0) fails" in reply["message"]


# The files --------------------------------------------------------------------------------------------


@pytest.fixture
def pretended(tmp_path: Path) -> Path:
    """A folder with files that are called like those of Pyodide."""
    folder = tmp_path / "package"
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(name.encode())
    return folder


def test_the_page_says_every_text_of_the_catalogue_and_no_other():
    """Seen to fail with a text that nobody said."""
    page = importlib.resources.files("autograd.play").joinpath("page")
    source = "".join(item.read_text("utf-8") for item in page.iterdir())
    said = set(re.findall(r'data-(?:text|label)="([^"]+)"', source)) | set(re.findall(r'said\("([^"]+)"', source))
    known = set(words("play", "en"))
    indirectly = {name for name in known if name.startswith(("example ", "mistake ")) or f'"{name}"' in source}
    indirectly |= {name for name in known if re.search(rf"\b{re.escape(name)}:", source)}
    indirectly |= {"loading", "failed", "right", "wrong", "unreadable"}

    assert said <= known
    assert known - said - indirectly == set()
    assert {f"example {name}" for name in EXAMPLES} == {name for name in known if name.startswith("example ")}


def test_the_page_asks_for_nothing_from_elsewhere():
    for name, content in page_files().items():
        assert re.findall(r"https?://(?!www\.w3\.org/)", content.decode()) == [], name


def test_the_page_itself_is_small():
    assert sum(map(len, page_files().values())) <= 80_000
    assert sum(len(gzip.compress(content)) for content in page_files().values()) <= 30_000


def test_the_same_files_are_built_each_time(pretended):
    assert site(pretended) == site(pretended)


def test_all_files_are_kept_for_when_there_is_no_network(pretended):
    found = site(pretended)
    (listed,) = re.findall(r"const FILES = (.*);", found["offline.js"].decode())

    assert set(json.loads(listed)) == {"./", *found} - {"offline.js"}


def test_another_version_has_another_name_in_the_browser(pretended):
    before = site(pretended)["offline.js"]
    (pretended / "pyodide.mjs").write_bytes(b"another")

    assert site(pretended)["offline.js"] != before


def test_what_is_built_is_what_the_list_says(pretended, tmp_path):
    folder = tmp_path / "site" / "play"
    listed = build(folder, pretended)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert files.pop(LIST).decode() == listed

    assert files == site(pretended)
    rows = {row[0]: row[1] for row in (re.split(r" {2,}", line) for line in listed.splitlines()[1:])}
    assert rows["index.html"] == f"{len(files['index.html']):,}"
    assert rows["all of it"] == f"{sum(map(len, files.values())):,}"
    assert all(re.match(rf"{re.escape(name)} +[\d,]+ +[\d,]+  \S", listed[listed.index(name) :]) for name in files)


def test_the_package_answers_from_its_archive(tmp_path):
    """Seen to fail where the catalogue of texts was left out."""
    path = tmp_path / PACKAGE
    path.write_bytes(package())
    program = (
        "from autograd.play import answers; import autograd; print(autograd.__file__); print(answers.answer(input()))"
    )
    request = {"do": "draw", "text": E3, "language": "pt"}
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(path)!r}); {program}"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
    )

    assert ran.returncode == 0, ran.stderr
    place, reply = ran.stdout.splitlines()
    assert place.startswith(str(path))
    assert json.loads(reply) == asked("draw", E3, "pt")


def test_the_archive_has_no_compiled_code():
    names = zipfile.ZipFile(io.BytesIO(package())).namelist()

    assert {name.rpartition(".")[2] for name in names} <= {"py", "toml", "html", "css", "js", "dist-info/METADATA"}
    assert not [name for name in names if "native" in name or "__pycache__" in name]


# Where Pyodide comes from -----------------------------------------------------------------------------


@pytest.mark.parametrize("inside", ["", "package", "node_modules/pyodide"])
def test_a_folder_of_pyodide_may_hold_it_as_npm_unpacks_or_installs_it(tmp_path, inside):
    folder = tmp_path / inside
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).touch()

    assert folder_of(tmp_path) == folder


def test_a_folder_without_pyodide_is_told_with_what_it_lacks(tmp_path):
    (tmp_path / "pyodide.mjs").touch()

    with pytest.raises(PyodideError, match=r"has no pyodide\.asm\.mjs, .*: --pyodide takes the folder"):
        folder_of(tmp_path)


def test_where_there_is_neither_npm_nor_a_folder_the_error_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pyodide_module, "cache", lambda: tmp_path / "none")
    monkeypatch.setenv("PATH", "")
    status = main(["play", "--build", str(tmp_path / "site")])

    assert status == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no npm to fetch it: install Node.js" in line
    assert "--pyodide FOLDER" in line
    assert not (tmp_path / "site").exists()


def test_npm_that_fails_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide_module, "cache", lambda: tmp_path / "cache")

    def fails(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "npm", stderr="npm error network\n")

    monkeypatch.setattr(pyodide_module.shutil, "which", lambda _: "npm")
    monkeypatch.setattr(pyodide_module.subprocess, "run", fails)

    with pytest.raises(PyodideError, match=r"npm could not fetch pyodide@.* \(npm error network\): go online"):
        folder_of()
    assert list((tmp_path / "cache").iterdir()) == []


# The server and the command ---------------------------------------------------------------------------


@pytest.fixture
def serving(pretended) -> Iterator[http.client.HTTPConnection]:
    with server(site(pretended), 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        connection = http.client.HTTPConnection("127.0.0.1", running.server_port)
        yield connection
        connection.close()
        running.shutdown()


def got(connection: http.client.HTTPConnection, path: str, method: str = "GET", **headers: str) -> Any:
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    return response, response.read()


def test_files_are_served_as_what_they_are(serving):
    kinds = {
        "/": "text/html; charset=utf-8",
        "/play.js?x=1": "text/javascript; charset=utf-8",
        "/pyodide/pyodide.mjs": "text/javascript",
        "/pyodide/pyodide.asm.wasm": "application/wasm",
        "/autograd.zip": "application/zip",
    }

    for path, kind in kinds.items():
        response, content = got(serving, path)
        assert (response.status, response.headers["Content-Type"]) == (200, kind)
        assert content


def test_nothing_else_is_served(serving):
    for path in ("/nothing", "/../pyproject.toml", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd"):
        assert got(serving, path)[0].status == 404


def test_what_the_browser_has_is_not_sent_again(serving):
    response, content = got(serving, "/", "HEAD")
    again, nothing = got(serving, "/", **{"If-None-Match": response.headers["ETag"]})

    assert (response.status, content) == (200, b"")
    assert (again.status, nothing) == (304, b"")


def test_the_command_writes_all_files_and_says_how_to_serve_them(pretended, tmp_path, capsys):
    status = main(["play", "--build", str(tmp_path / "site"), "--pyodide", str(pretended)])
    out = capsys.readouterr().out

    assert status == 0
    assert (tmp_path / "site" / "index.html").is_file()
    assert out.splitlines()[0].split() == ["file", "bytes", "gzipped", "what", "it", "is"]
    assert out.splitlines()[-1].endswith(f"python -m http.server --directory {tmp_path / 'site'}")


def test_the_command_tells_what_cannot_be_written(pretended, tmp_path, capsys):
    (tmp_path / "site").write_text("a file")
    status = main(["play", "--build", str(tmp_path / "site"), "--pyodide", str(pretended)])

    assert status == 2
    assert "cannot write" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told_with_another(pretended, serving, capsys):
    status = main(["play", "--port", str(serving.port), "--pyodide", str(pretended), "--no-browser"])

    assert status == 2
    assert f"--port {serving.port + 1}" in capsys.readouterr().err


# In a browser -----------------------------------------------------------------------------------------


def given_folder() -> Path:
    """The folder of npm's package pyodide, which tests do not fetch."""
    if "PYODIDE_FOLDER" not in os.environ:
        pytest.skip("PYODIDE_FOLDER is not the folder of npm's package pyodide: npm install pyodide")
    return folder_of(Path(os.environ["PYODIDE_FOLDER"]))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The playground with the real Pyodide, from the plainest server that there is."""
    with server(site(given_folder()), 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


class Play:
    """The playground in a browser."""

    def __init__(self, page: Any, address: str) -> None:
        self.page, self.address = page, address
        self.errors: list[str] = []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    def open(self, fragment: str = "") -> "Play":
        self.page.goto("about:blank")
        self.page.goto(self.address + fragment)
        self.page.wait_for_selector("html[data-answer]")
        return self

    def after(self, act: Any) -> str:
        """What kind of answer Python gives to what this does."""
        before = self.page.get_attribute("html", "data-answer")
        act()
        self.page.wait_for_selector(f'html[data-answer]:not([data-answer="{before}"])')
        return str(self.page.get_attribute("html", "data-answer")).split(" ", 1)[1]

    def type(self, text: str) -> str:
        return self.after(lambda: self.page.fill("#text", text))

    def view(self, name: str) -> str:
        return self.after(lambda: self.page.click(f"#tab-{name}"))

    def svg(self) -> str:
        """The title of the picture."""
        return str(self.page.locator("#picture svg > title").text_content())


@pytest.fixture(scope="module")
def shared(browser, address) -> Iterator[Play]:
    """One playground for all tests that need none of their own: Python is loaded once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    play = Play(context.new_page(), address).open()
    yield play
    context.close()


@pytest.fixture
def play(shared) -> Iterator[Play]:
    if shared.page.get_attribute("#tab-draw", "aria-selected") != "true":
        shared.view("draw")
    shared.type(E3 + f"# {random.random()}")
    shared.errors.clear()
    yield shared
    assert shared.errors == []


def test_what_is_drawn_in_the_browser_is_what_is_drawn_here(play):
    play.type("x*y + sin(x)\nx=2 y=-3")
    there = play.page.locator("#picture svg > desc").text_content()

    assert play.svg() == "x × y + sin(x): 5 nodes"
    assert there == re.search("<desc>(.*?)</desc>", asked("draw", "x*y + sin(x)\nx=2 y=-3")["html"])[1]


def test_a_mistake_is_shown_at_its_place_and_the_picture_stays(play):
    kind = play.type("x*sinn(y)\nx=2 y=-3")

    assert kind == "mistake"
    assert play.page.inner_text("#place >> nth=0") == "line 1, column 3"
    assert play.page.inner_text("#message") == "unknown function 'sinn'; did you mean 'sin'?"
    assert play.page.inner_text("#numbers .wrong") == "1"
    assert play.page.locator("#marks mark").text_content() == "sinn"
    assert play.svg().startswith("1/(1 + exp(")
    play.page.click("#place")
    assert play.page.evaluate("document.getElementById('text').selectionStart") == 2
    assert play.type("x*sin(y)\nx=2 y=-3") == "made"
    assert play.page.is_hidden("#mistake")


def test_a_program_runs_and_what_it_prints_is_shown(play):
    assert (
        play.type("from autograd import Value\nx = Value(3.0)\nprint('hello', x.data)\ny = x*x\ny.backward()") == "made"
    )
    assert play.page.inner_text("#printed") == "hello 3.0\n"
    assert play.svg() == "y = x × x: 2 nodes"


def test_a_program_that_asks_is_told_that_it_cannot(play):
    assert play.type("x = float(input('x? '))") == "mistake"
    assert play.page.inner_text("#message").endswith("write what it needs into it")
    assert play.page.inner_text("#printed").startswith("x? ")


def test_a_loop_without_end_is_stopped_and_nothing_is_lost(play):
    text = "while True:\n    pass\n"
    play.page.fill("#text", text)
    kind = play.after(lambda: play.page.click("#stop"))  # which appears after a while

    assert kind == "stopped"
    assert play.page.input_value("#text") == text
    assert play.svg().startswith("1/(1 + exp(")
    assert play.type("x*x\nx=3") == "made"


def test_a_loop_without_end_that_is_mended_needs_no_stop(play):
    play.page.fill("#text", "while True:\n    pass\n")
    play.page.wait_for_timeout(3000)

    assert play.type("x*x*x\nx=3") in ("stopped", "made")
    play.page.wait_for_selector("#picture svg > title:text('x × x × x: 3 nodes')", state="attached")


def test_recursion_without_end_is_told_at_its_place(play):
    """Seen to fail with the usual limit of depth, before which Python breaks in a browser."""
    text = "class A:\n    def __radd__(self, other):\n        return sum([other, self])\n\n1 + A()\n"

    assert play.type(text) == "mistake"
    assert "RecursionError" in play.page.inner_text("#message")
    assert play.type("x*x\nx=3") == "made"


def test_gradients_are_filled_in_and_marked_at_once(play):
    play.type("x*y + x\nx=3 y=-4")
    play.view("practise")
    rows = play.page.locator("#questions li")
    asks = [text.strip() for text in play.page.locator("#questions label").all_inner_texts()]
    gradients = play.page.locator("#picture [class$='-gradient'] , #picture .unseen")

    assert asks == ["∂v2/∂v2 =", "∂v2/∂v1 =", "∂v2/∂y =", "∂v2/∂x ="]
    assert gradients.count() >= 4
    field = rows.nth(3).locator("input")
    field.fill("-4")
    field.press("Tab")
    rows.nth(3).locator("strong").wait_for()
    assert rows.nth(3).locator("strong").inner_text() == "✗ not right"
    assert "a branch sums" in rows.nth(3).inner_text()
    field.fill("-3")
    play.page.wait_for_selector("#questions li.right")
    assert "1 + (−4) = −3 arrives at x; a branch sums" in rows.nth(3).inner_text()
    assert play.page.inner_text(".score") == "1 of 4 right"


def test_a_new_exercise_comes_into_the_editor(play):
    play.view("practise")
    before = play.page.input_value("#text")
    play.after(lambda: play.page.click("#new"))

    assert play.page.input_value("#text") != before
    assert play.page.locator("#questions li").count() >= 4


def test_another_level_makes_another_exercise_unless_answers_would_be_lost(play):
    """Seen to fail where nothing happened until the button was pressed."""
    play.view("practise")
    before = play.page.input_value("#text")
    play.after(lambda: play.page.select_option("#level", "easy"))
    easy = play.page.input_value("#text")
    assert easy != before
    play.page.fill("#questions li:nth-child(2) input", "0.123")
    play.page.select_option("#level", "hard")
    play.page.wait_for_timeout(500)

    assert play.page.input_value("#text") == easy
    fields = play.page.locator("#questions input")
    exercise = Exercise(made_of(easy).root, "en")
    for i, (place, _) in enumerate(exercise.questions):
        fields.nth(i).fill(repr(exercise.passes.flows.get(exercise.passes.order[place], 0.0)))
    play.page.wait_for_selector(".score:text('All right')")
    play.after(lambda: play.page.select_option("#level", "medium"))
    assert play.page.input_value("#text") != easy


def test_a_class_that_is_pasted_in_is_graded_and_its_mistake_named(play):
    said = asked("grade", EXAMPLES["own"], level="micrograd")["mistakes"]
    play.type(EXAMPLES["own"])
    play.page.wait_for_selector("#mistakes li")

    assert play.page.get_attribute("#tab-grade", "aria-selected") == "true"
    assert play.page.locator("#mistakes li").all_inner_texts() == said
    mended = EXAMPLES["own"].replace("self.grad = out.grad", "self.grad += out.grad")
    assert play.type(mended.replace("other.grad = out.grad", "other.grad += out.grad")) == "made"
    assert said[0] not in play.page.inner_text("#told")


def test_a_class_that_never_ends_is_stopped_and_nothing_is_lost(play):
    text = EXAMPLES["own"].replace("visit(self)", "while True: pass")
    play.page.fill("#text", text)
    play.page.wait_for_selector("#stop:visible")
    play.after(lambda: play.page.click("#stop"))

    assert play.page.input_value("#text") == text


MENDED = EXAMPLES["own"].replace("grad = out.grad", "grad += out.grad")


def opacities(play: Play, *names: str) -> list[str]:
    return [play.page.evaluate(f"getComputedStyle(document.getElementById('{name}')).opacity") for name in names]


def test_no_verdict_on_another_class_stays(play):
    """Seen to fail with "No mistake was found" beside a class that never ends."""
    play.type(MENDED)
    play.page.wait_for_selector("#told:visible")
    play.page.fill("#text", MENDED.replace("visit(self)", "while True: pass"))
    play.page.wait_for_selector("#stop:visible")
    assert opacities(play, "told", "view") == ["0.6", "0.6"]
    assert play.after(lambda: play.page.click("#stop")) == "stopped"

    assert play.page.is_hidden("#told")
    assert play.page.locator("#view .autograd-html").count() == 0


def test_what_another_program_printed_is_dimmed_while_one_runs(play):
    """Seen to fail with the mistake of the program before in full colour."""
    play.type("print('before')\n1/0")
    assert opacities(play, "mistake", "output") == ["1", "1"]
    play.page.fill("#text", "while True: pass")
    play.page.wait_for_selector("#stop:visible")
    assert opacities(play, "mistake", "output") == ["0.6", "0.6"]
    play.after(lambda: play.page.click("#stop"))

    assert play.page.is_hidden("#mistake")
    assert play.page.is_hidden("#output")


def test_an_example_that_is_a_formula_is_drawn_from_where_classes_are_graded(play):
    """Seen to fail with an empty page that asked for a class."""
    play.type(EXAMPLES["own"])
    play.page.wait_for_selector("#mistakes li")
    play.page.select_option("#example", "tanh")
    play.page.wait_for_selector("#picture svg > title:text('tanh(x)')", state="attached")
    assert play.page.get_attribute("#tab-draw", "aria-selected") == "true"
    play.page.select_option("#example", "own")
    play.page.wait_for_selector("#tab-grade[aria-selected=true]")
    play.page.wait_for_selector("#mistakes li")


def test_who_chooses_the_graph_of_a_class_is_told_that_there_is_none(play):
    """Seen to fail where the page went back to the grade."""
    play.type(EXAMPLES["own"])
    play.page.wait_for_selector("#mistakes li")

    assert play.view("draw") == "class"
    assert play.page.get_attribute("#tab-draw", "aria-selected") == "true"
    assert play.page.inner_text("#note") == words("play", "en")["is a class"]


def test_a_table_of_grades_is_no_wider_than_its_panel(play):
    """Seen to fail with columns of 14 em each."""
    play.page.set_viewport_size({"width": 1000, "height": 900})
    play.type(EXAMPLES["own"])
    play.page.wait_for_selector("#mistakes li")
    widths = [play.page.evaluate(f"document.getElementById('view'){it}") for it in (TABLE, ".clientWidth")]
    play.page.set_viewport_size({"width": 1280, "height": 900})

    assert widths[0] <= widths[1]


TABLE = ".shadowRoot.querySelector('table').offsetWidth"
CAPTIONS = "[...document.getElementById('view').shadowRoot.querySelectorAll('caption')].map((it) => it.offsetWidth)"


def test_captions_are_no_wider_than_a_phone(play):
    """Seen to fail with captions as wide as their tables."""
    play.page.set_viewport_size({"width": 360, "height": 740})
    play.view("explain")
    widths = play.page.evaluate(CAPTIONS)
    play.page.set_viewport_size({"width": 1280, "height": 900})

    assert len(widths) == 3
    assert max(widths) <= 360


@pytest.mark.parametrize("text", ["x*y + 'ŷ−λ 🙂'", "a & b = c # %41 + =", "# " + "long " * 2000, "x\n\n\ny\n", "%"])
def test_a_link_holds_the_program(play, text):
    script = "async (text) => { const it = await import('./links.js'); return it.fragmentOf(text, {view: 'explain'}); }"
    fragment = play.page.evaluate(script, text)
    settings = play.page.evaluate("async (it) => (await import('./links.js')).settingsOf(it)", fragment)

    assert settings["program"] == text
    assert settings["view"] == "explain"
    assert re.fullmatch(r"#[\w.~!*'()&=%-]*", fragment)
    assert len(fragment) < 2000


@pytest.mark.parametrize(
    "fragment", ["#program=%E0%A4%A", "#packed=!!!", "#packed=AAAA", "#packed=", "#program=" + "x" * 200_001]
)
def test_a_link_that_is_damaged_is_told_and_nothing_is_lost(browser, address, shared, fragment):
    refused = shared.page.evaluate(
        "async (it) => (await import('./links.js')).settingsOf(it).then(() => false, () => true)", fragment
    )

    assert refused


def test_the_copied_link_opens_the_same_program(play, browser):
    play.type("x*y*x\nx=3 y=5")
    play.page.click("#copy")
    play.page.wait_for_selector("#copy:text('Link copied')")
    link = play.page.evaluate("navigator.clipboard.readText()")
    play.open(link.removeprefix(play.address))

    assert play.page.input_value("#text") == "x*y*x\nx=3 y=5"
    assert play.svg() == "x × y × x: 4 nodes"


def test_a_damaged_link_is_told_on_the_page(play):
    play.open("#packed=AAAA")

    assert play.page.inner_text("#note").startswith("The link is damaged")


@pytest.fixture
def bare(browser, pretended) -> Iterator[Any]:
    """The page where Python does not come."""
    context = browser.new_context(locale="en-US")
    with server(site(pretended), 0) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{running.server_port}/#packed=AAAA")
        yield page
        context.close()
        running.shutdown()


def test_a_damaged_link_is_told_before_python_is_there(bare):
    """Seen to fail where an example stood there without a word until Python answered."""
    bare.wait_for_selector("#note:visible")

    assert bare.inner_text("#note") == words("play", "en")["bad link"]
    assert bare.get_attribute("html", "data-answer") is None


def test_what_is_told_without_python_is_told_again_in_another_language(bare):
    """Seen to fail where the language before stayed until the next answer of Python."""
    bare.wait_for_selector("[data-state=failed]")
    bare.wait_for_selector("#note:visible")
    bare.select_option("#language", "pt")

    assert bare.inner_text("#note") == words("play", "pt")["bad link"]
    assert bare.inner_text("#state").startswith(words("play", "pt")["failed"].removesuffix(" {why}"))


def test_a_link_may_ask_for_a_view_and_a_language(play):
    play.open("#language=es&view=explain&program=x*x%20x=3")

    assert play.page.get_attribute("html", "lang") == "es"
    assert play.page.inner_text("#tab-explain[aria-selected=true]") == words("play", "es")["explanation"]
    play.open("#language=en")


def test_all_of_it_goes_by_keyboard(play):
    page = play.page
    page.focus("#text")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "text"
    page.focus("#tab-draw")
    assert play.after(lambda: page.keyboard.press("ArrowRight")) == "made"
    assert page.evaluate("document.activeElement.id") == "tab-explain"
    assert play.after(lambda: page.keyboard.press("ArrowLeft")) == "made"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    assert page.inner_text("#place >> nth=1").startswith("step 0 of")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#place >> nth=1").startswith("step 1 of")
    page.focus("#text")
    assert play.after(lambda: page.keyboard.press("Control+Enter")) == "made"


def test_a_new_line_is_indented(play):
    page = play.page
    page.fill("#text", "")
    page.focus("#text")
    page.keyboard.type("for i in range(3):\nprint(i)\nprint(i)")

    assert page.input_value("#text") == "for i in range(3):\n    print(i)\n    print(i)"


def test_an_example_can_be_undone(play):
    play.type("x*x\nx=3")
    play.after(lambda: play.page.select_option("#example", "relu"))
    assert play.page.input_value("#text") == EXAMPLES["relu"]
    play.page.focus("#text")
    play.after(lambda: play.page.keyboard.press("Control+z"))

    assert play.page.input_value("#text") == "x*x\nx=3"


def test_who_is_on_the_way_stays_at_the_same_step(play):
    page = play.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    play.type("x*y\nx=2 y=3")
    assert page.inner_text("#place >> nth=1").startswith("step 2 of 6")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("End")
    play.type("x*y*x\nx=2 y=3")

    assert page.inner_text("#place >> nth=1").startswith("step 8 of 8")


@pytest.mark.parametrize(
    "reach", ["fetch", "caches", "indexedDB", "Worker", "XMLHttpRequest", "WebSocket", "navigator", "postMessage"]
)
def test_a_program_reaches_nothing_outside(play, reach):
    """Seen to fail where the worker kept what it had when it loaded Python."""
    play.type(f"from pyodide.code import run_js\nprint(run_js('typeof {reach}'), run_js('typeof self.{reach}'))")

    assert play.page.inner_text("#printed") == "undefined undefined\n"


def test_hostile_labels_do_not_act(play):
    label = "<img src=x onerror='document.title=1'><script>document.title=2</script>"
    play.type(f"from autograd import Value\nx = Value(1.0, {label!r})\nx*x")
    for view in ("explain", "practise", "draw"):
        play.view(view)

    assert play.page.locator("#view img, #view script, #questions img").count() == 0


@pytest.mark.parametrize(("locale", "language"), [("pt-BR", "pt"), ("es-MX", "es"), ("de-DE", "en")])
def test_the_page_speaks_the_language_of_the_browser(browser, address, locale, language):
    context = browser.new_context(locale=locale)
    play = Play(context.new_page(), address).open()
    said = words("play", language)

    assert play.page.get_attribute("html", "lang") == language
    assert play.page.inner_text("h1 >> nth=0") == said["title"]
    assert play.page.inner_text("#tab-explain") == said["explanation"]
    play.page.wait_for_selector("#kept:not(:empty)")
    other = "es" if language == "pt" else "pt"
    play.after(lambda: play.page.select_option("#language", other))
    assert play.page.inner_text("#tab-explain") == words("play", other)["explanation"]
    assert play.page.inner_text("#kept") == words("play", other)["kept"]
    assert play.errors == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(browser, address, scheme):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, color_scheme=scheme)
    play = Play(context.new_page(), address).open()

    for example in ("E1", "own"):
        play.after(lambda example=example: play.page.select_option("#example", example))
        for view in ("draw", "explain", "practise", "grade"):
            if play.page.get_attribute(f"#tab-{view}", "aria-selected") != "true":
                play.view(view)
            assert play.page.evaluate("document.documentElement.scrollWidth") <= 360, (example, view)
    context.close()


def test_the_page_works_without_a_network_once_it_was_loaded(browser, address):
    context = browser.new_context(locale="en-US")
    play = Play(context.new_page(), address).open()
    play.page.wait_for_selector("#kept:not(:empty)")
    play.page.reload()  # the first visit is not the one that is kept
    play.page.wait_for_selector("html[data-answer]")
    context.set_offline(True)
    play.page.reload()
    play.page.wait_for_selector("html[data-answer]")

    assert play.type("x*y\nx=2 y=3") == "made"
    assert play.svg() == "x × y: 3 nodes"
    context.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    """The server of python -m http.server, which says nothing."""

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_any_server_for_files_will_do(browser, address, tmp_path):
    build(tmp_path, given_folder())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        context = browser.new_context(locale="en-US")
        play = Play(context.new_page(), f"http://127.0.0.1:{running.server_port}/").open()

        assert play.svg().startswith("1/(1 + exp(")
        context.close()
        running.shutdown()
