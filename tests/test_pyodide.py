"""The package under Pyodide, Python in WebAssembly, as a browser runs it; here Node does.

PYODIDE_FOLDER is where npm has put its package pyodide:

    npm install --prefix ~/pyodide pyodide
    PYODIDE_FOLDER=~/pyodide/node_modules/pyodide python -m pytest -rs tests/test_pyodide.py
"""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from drawings import corpus
from test_faults import DEEP_PROGRAM, IN_THE_MAIN_THREAD
from test_lives import CHAIN

from autograd.grade import grade, trial

HERE = Path(__file__).parent
CLONE = HERE.parent

# The wheel ------------------------------------------------------------------------------------------

BUILD = """
import sys
from setuptools import build_meta
print(build_meta.build_wheel(sys.argv[1], {"--build-option": "--pure"}))
"""


def has_setuptools() -> bool:
    """Whether there is a setuptools that builds this project; an environment is made with an old one, or with none."""
    try:
        return int(metadata.version("setuptools").partition(".")[0]) >= 77
    except metadata.PackageNotFoundError:
        return False


def copy_of_the_sources(folder: Path) -> Path:
    """What a wheel is built from, without what an earlier build has left."""
    if not (CLONE / "autograd").is_dir() or not has_setuptools():
        pytest.skip('a wheel is built from a clone, by a setuptools of today: pip install "setuptools>=77"')
    leftovers = shutil.ignore_patterns("__pycache__", "*.so", "*.pyd", "core.c")
    shutil.copytree(CLONE / "autograd", folder / "autograd", ignore=leftovers)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CLONE / name, folder)
    return folder


def built(sources: Path, into: Path, umask: int = 0o022) -> Path:
    """The wheel without the compiled engine."""
    into.mkdir()
    command = [sys.executable, "-c", BUILD, str(into)]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, umask=umask)
    assert done.returncode == 0, done.stderr[-2000:]
    return into / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(copy_of_the_sources(tmp_path_factory.mktemp("sources")), tmp_path_factory.mktemp("wheel") / "made")


def test_the_wheel_without_the_compiled_engine_is_for_any_python(wheel: Path) -> None:
    """And holds all of the package but what is compiled. Seen to fail with the sources of the compiled engine in it."""
    assert wheel.name == f"scalar_autograd-{metadata.version('scalar-autograd')}-py3-none-any.whl"

    compiled = {".pyx", ".pxi", ".pxd", ".h", ".c", ".so", ".pyd", ".pyc"}
    package = [path for path in (CLONE / "autograd").rglob("*") if path.is_file()]
    expected = {path.relative_to(CLONE).as_posix() for path in package if path.suffix not in compiled}
    with ZipFile(wheel) as file:
        actual = {name for name in file.namelist() if ".dist-info/" not in name}
    assert actual == expected


def test_the_same_sources_make_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    """Of other dates, with other permissions, after another build. Seen to fail without each of the three."""
    sources = copy_of_the_sources(tmp_path)
    for path in sources.rglob("*.py"):
        os.utime(path, (1e9, 1e9))
    left = sources / "build" / "lib" / "autograd" / "of_an_earlier_build.py"
    left.parent.mkdir(parents=True)
    left.touch()

    assert built(sources, tmp_path / "made", umask=0o077).read_bytes() == wheel.read_bytes()


# What runs it ---------------------------------------------------------------------------------------

# What the tests and the bar of `fit` need there, of which all are written in Python.
PACKAGES = ("pytest", "pluggy", "iniconfig", "packaging", "pygments", "tqdm")

InPyodide = Callable[..., str]


@pytest.fixture(scope="module")
def pyodide() -> Path:
    """The folder of Pyodide."""
    folder = Path(os.environ.get("PYODIDE_FOLDER", ""))
    if not (folder / "pyodide.mjs").is_file():
        pytest.skip("PYODIDE_FOLDER is not the folder of npm's package pyodide: npm install pyodide")
    return folder


@pytest.fixture(scope="module")
def in_pyodide(pyodide: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> InPyodide:
    """What a program prints under Pyodide, where the wheel and the tests are."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node to run Pyodide: install nodejs")
    site = tmp_path_factory.mktemp("site")
    with ZipFile(wheel) as packed:
        packed.extractall(site)
    for name in PACKAGES:
        for path in metadata.files(name) or ():
            if ".." not in path.parts and "__pycache__" not in path.parts:  # but no commands
                (site / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path.locate(), site / path)
    tests = tmp_path_factory.mktemp("clone")
    shutil.copytree(HERE, tests / "tests", ignore=shutil.ignore_patterns("__pycache__", "benchmarks"))
    shutil.copy(CLONE / "pyproject.toml", tests)

    file = tmp_path_factory.mktemp("program") / "program.py"

    def run(program: str) -> str:
        file.write_text(textwrap.dedent(program), encoding="utf-8")
        command = [node, HERE / "pyodide.mjs", pyodide, file, site, tests, tests / "tests"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=500)
        assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        assert done.stderr == ""
        return done.stdout

    return run


def in_python(program: str, folder: Path) -> str:
    """What it prints under the Python of the tests."""
    path = os.pathsep.join([str(CLONE), str(HERE)])
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"AUTOGRAD_ENGINE": "python", "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


# The same as everywhere -----------------------------------------------------------------------------


def test_what_does_not_fit_into_a_browser_is_told(in_pyodide: InPyodide) -> None:
    """So that the other tests can be believed. Seen to fail with a runner that forgets the exit status."""
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        in_pyodide("1 / 0")


def test_the_wheel_is_what_runs(in_pyodide: InPyodide) -> None:
    program = """
        import sys, autograd
        print(sys.platform, autograd.engine, autograd.__version__, autograd.__file__)
    """

    assert in_pyodide(program).split() == [
        *("emscripten", "python", metadata.version("scalar-autograd")),
        "/0/autograd/__init__.py",
    ]


DRAWINGS = """
    import hashlib, json, math

    # Libraries of mathematics differ in the last digits, which tooltips show, so all give fewer of them here.
    def rounded(function):
        return lambda *numbers: float(f"{function(*numbers):.12g}")

    for name in "exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan atan2".split():
        setattr(math, name, rounded(getattr(math, name)))
    for name in "hypot cbrt sinh cosh tanh asinh acosh atanh erf erfc pow".split():
        setattr(math, name, rounded(getattr(math, name)))

    from autograd import draw, nn
    from drawings import corpus

    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()

    found = {example.name: digest(example.drawing().svg) for example in corpus()}
    for sizes in ([1], [4, 1], [16, 16, 1]):
        model = nn.MLP(2, sizes, seed=0)
        found[f"network {sizes}"] = digest(draw(model, [1.0, -2.0]).svg)
        found[f"page of {sizes}"] = digest(draw(model([1.0, -2.0])).to_html())
    print(json.dumps(found))
"""


def test_drawings_are_those_of_cpython_byte_for_byte(in_pyodide: InPyodide, tmp_path: Path) -> None:
    """Of all that the tests draw. Seen to fail with the libraries of mathematics as they are."""
    actual, expected = json.loads(in_pyodide(DRAWINGS)), json.loads(in_python(DRAWINGS, tmp_path))

    assert len(expected) == len(corpus()) + 6
    assert [name for name in expected if actual[name] != expected[name]] == []


# What a course does in a week. Numbers are printed with the digits in which libraries of mathematics agree.
COURSE = """
    import warnings
    warnings.simplefilter("error")

    import contextlib, io, math, os, random
    import autograd
    from autograd import Value, compile, draw, explain, exp, gradcheck, nn, optim, tanh
    from autograd.datasets import moons

    def shown(numbers):
        print(*[f"{number:.9g}" for number in numbers])

    x, y = Value(2.0, "x"), Value(-3.0, "y")
    root = tanh(x * y + exp(x) / 10)
    root.backward()
    shown([root.data, x.grad, y.grad])
    print(explain(root))
    print(gradcheck(lambda inputs: tanh(inputs[0] * inputs[1]), [0.5, 0.25]))
    draw(root, flows=True).save("course.html")
    print(os.path.getsize("course.html"))

    f = compile(lambda a, b: exp(a * b) + a)
    shown([f(1.0, 2.0).data, f(0.5, 1.0).data])
    print(f)

    model = nn.MLP(2, [8, 1], seed=0)
    adam = optim.Adam(model.parameters(), lr=0.05)
    with contextlib.redirect_stderr(io.StringIO()) as bar:
        history = nn.fit(model, moons(30), nn.binary_cross_entropy_with_logits, adam, epochs=20, seed=0)
    shown([history.losses[0], history.losses[-1]])
    print("20/20" in bar.getvalue())
    model.save("course.json")
    again = nn.MLP(2, [8, 1], seed=1)
    again.load("course.json")
    print([p.data for p in again.parameters()] == [p.data for p in model.parameters()])
"""


def test_a_course_runs_as_everywhere_and_warns_of_nothing(in_pyodide: InPyodide, tmp_path: Path) -> None:
    """Seen to fail with tqdm's thread, which cannot be started here."""
    actual = in_pyodide(COURSE)

    assert actual == in_python(COURSE, tmp_path)
    assert "True" in actual


# Depth ----------------------------------------------------------------------------------------------


def test_a_million_nodes_deep_are_built_differentiated_and_freed(in_pyodide: InPyodide) -> None:
    """Seen to fail, with the end of Pyodide, without `Value.__del__`."""
    in_pyodide(DEEP_PROGRAM.format(run=IN_THE_MAIN_THREAD))


def test_a_chain_is_freed_at_any_depth_whatever_holds_its_nodes(in_pyodide: InPyodide) -> None:
    """Seen to fail in each way without `Value.__del__`."""
    ways = [line.split()[1].partition("(")[0] for line in CHAIN.splitlines() if line.startswith("    def through_")]
    program, _, _ = textwrap.dedent(CHAIN).partition("link = ")
    program += f"for link in [{', '.join(ways)}]:\n    chain()\n"

    assert len(ways) == 7
    assert in_pyodide(program) == "freed\n" * 7


# The tests ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "files",
    [
        ("test_semantics.py", "test_worked_examples.py", "test_modes.py"),
        ("test_faults.py", "test_compile_semantics.py", "test_copies.py"),
        ("test_optim.py",),
    ],
    ids=lambda files: files[0],
)
def test_tests_pass_there_too(in_pyodide: InPyodide, files: tuple[str, ...]) -> None:
    """Seen to fail with a test that does."""
    names = [f"/1/tests/{name}" for name in files]
    told = in_pyodide(f"import in_pyodide, os\nos.chdir('/1')\nstatus = in_pyodide.run({names!r})")

    assert " passed" in told


# Grade ----------------------------------------------------------------------------------------------

LEARNERS = """
    import gc, json, sys, warnings
    from autograd import Value
    from autograd.grade import grade

    class Faultless(Value):
        pass

    class Swapped(Value):
        def __rsub__(self, other):
            print("noise")
            return self - other

    class ForEver(Value):
        def __radd__(self, other):
            return other + self

    class Endless(Value):
        def __rsub__(self, other):
            while True:
                other = other + 1.0

    class Leaves(Value):
        def __neg__(self):
            sys.exit(3)

    before = gc.isenabled(), sys.getrecursionlimit(), sys.gettrace(), list(sys.path)
    with warnings.catch_warnings(record=True) as caught:
        for learners in (Faultless, Swapped, ForEver, Endless, Leaves):
            report = grade(learners)
            failed = {result.check.name: result.outcome.kind for result in report.results if result.status == "failed"}
            print(json.dumps([learners.__name__, report.ok, len(report.results), failed, report.mistakes]))
    print({warning.category.__name__: str(warning.message) for warning in caught})
    print(before == (gc.isenabled(), sys.getrecursionlimit(), sys.gettrace(), list(sys.path)))
"""


def test_grade_runs_where_no_process_can_be_started(in_pyodide: InPyodide) -> None:
    """Seen to fail with the end of Pyodide at the default limit of recursion, and to hang without a limit of time."""
    *told, warned, restored = in_pyodide(LEARNERS).splitlines()
    verdicts = {name: verdict for name, *verdict in map(json.loads, told)}

    assert list(verdicts) == ["Faultless", "Swapped", "ForEver", "Endless", "Leaves"]
    assert verdicts["Faultless"] == [True, verdicts["Swapped"][1], {}, []]
    assert verdicts["Swapped"][2:] == [
        {"value and gradients of 2 - x": ""},
        ["the operands swapped: `__rsub__` computes x - 2"],
    ]
    assert verdicts["ForEver"][2]["value and gradients of 2 + x"] == "RecursionError"
    assert verdicts["Endless"][2] == {"value and gradients of 2 - x": "no end"}
    assert verdicts["Leaves"][2]["value and gradients of -x"] == "SystemExit"
    assert "not every endless loop can be stopped" in warned
    assert restored == "True"


FILE = """
from autograd import Value as Ours

class Value(Ours):
    def __rsub__(self, other):
        return {}
"""


def test_a_file_that_has_changed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without another process too. Seen to fail with modules that stay."""
    monkeypatch.setattr(trial, "PROCESSES", False)
    monkeypatch.chdir(tmp_path)
    path, verdicts = list(sys.path), []
    for returned in ("self - other", "super().__rsub__(other)"):
        Path("learners_engine.py").write_text(FILE.format(returned), encoding="utf-8")
        for target in ("learners_engine.py:Value", "learners_engine:Value"):
            with pytest.warns(RuntimeWarning, match="no other process can be started here"):
                verdicts.append(grade(target).ok)
        shutil.rmtree("__pycache__", ignore_errors=True)  # else a change within a second would not be seen

    assert verdicts == [False, False, True, True]
    assert ("learners_engine" in sys.modules, sys.path) == (False, path)


# A browser ------------------------------------------------------------------------------------------

PAGE = """<!doctype html>
<script type="module">
import { loadPyodide } from "./pyodide/pyodide.mjs";
const python = await loadPyodide();
python.unpackArchive(await (await fetch("package.whl")).arrayBuffer(), "wheel");
window.python = python;
</script>
"""

DRAWING = """
from autograd import Value, draw

x, y = Value(2.0, "x"), Value(-3.0, "y")
root = x * y + x
root.backward()
drawn = draw(root, flows=True).svg

node = x
for _ in range(100_000):
    node = node + 1.0
node.backward()
del node
"""


class Quiet(SimpleHTTPRequestHandler):
    """A static server that does not tell what it serves."""

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def site(pyodide: Path, wheel: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a page with Pyodide and the wheel, on the loopback."""
    shutil.copytree(pyodide, tmp_path / "pyodide", ignore=shutil.ignore_patterns("*.map", "*.ts", "*.html"))
    shutil.copy(wheel, tmp_path / "package.whl")
    (tmp_path / "index.html").write_text(PAGE, encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_browser_draws_the_same_bytes_and_frees_deep_graphs(browser: Any, site: str, tmp_path: Path) -> None:
    """Seen to fail, with the end of Pyodide, without `Value.__del__`."""
    page = browser.new_page()
    page.goto(site)
    page.wait_for_function("window.python", timeout=120_000)
    drawn = page.evaluate("program => { python.runPython(program); return python.globals.get('drawn'); }", DRAWING)
    page.close()

    assert drawn == in_python(DRAWING + "print(drawn, end='')", tmp_path)


def test_the_notebook_about_the_inside_runs_whole_without_processes_and_threads(in_pyodide: InPyodide) -> None:
    """Seen to fail without what the notebook does where neither can be started."""
    cells = json.loads((CLONE / "notebooks" / "8-inside.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    told = in_pyodide("\n".join(source for source in sources if "!pip" not in source))

    assert "not built" in told
    assert told.endswith("[(2.0, True)]\n")
