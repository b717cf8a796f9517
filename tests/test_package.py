"""The package as it is imported: its names, and its neighbours."""

import json
import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import autograd
from autograd import engines
from autograd.neighbours import REMEDY


def run(program: str, folder: Path, *flags: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """A program that is run in a folder, from where it imports; PYTHONPATH may lead past it."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [sys.executable, *flags, "-c", program], cwd=folder, capture_output=True, text=True, check=check, env=variables
    )


def test_every_public_name_is_there_and_documented() -> None:
    for name in autograd.__all__:
        assert hasattr(autograd, name), name

    assert len(set(autograd.__all__)) == len(autograd.__all__)
    ours = {name for name, known in autograd.OPERATIONS.items() if known.rule.__module__ == "autograd.operations"}
    assert ours <= set(dir(autograd))


def test_what_the_engine_has_is_not_hidden_by_the_rule_book() -> None:
    """Seen to fail with a star import of the rule book that brought its softmax, which is not the compiled one."""
    shared = set(autograd.__all__) & set(engines.__all__)

    assert "softmax" in shared
    assert [name for name in shared if getattr(autograd, name) is not getattr(engines, name)] == []


def test_the_version_is_that_of_the_installed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail with AttributeError. Of a clone that was not installed there is none to know."""
    assert autograd.__version__ == metadata.version("scalar-autograd")

    def unknown(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", unknown)
    assert autograd.__version__ == "0+unknown"


def test_the_version_is_not_looked_up_before_it_is_asked_for(tmp_path: Path) -> None:
    told = run("import sys, autograd; print('importlib.metadata' in sys.modules)", tmp_path)

    assert told.stdout == "False\n"


def test_a_star_import_leaves_pythons_own_functions() -> None:
    names: dict[str, object] = {}
    exec("from autograd import *", names)

    assert "exp" in names
    assert not {"abs", "sum", "max", "min", "pow"} & set(names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the package, to be damaged."""
    shutil.copytree(Path(autograd.__file__).parent, tmp_path / "autograd")
    return tmp_path


def test_files_of_hips_autograd_in_the_same_folder_are_told_in_one_line(folder: Path) -> None:
    """Seen to fail with no warning, and seen silent without the file."""
    silent = run("import autograd", folder)
    (folder / "autograd" / "tracer.py").touch()
    warned = run("import autograd", folder)

    assert silent.stderr == ""
    assert "files of HIPS autograd are in the folder of scalar-autograd" in warned.stderr.splitlines()[0]
    assert warned.stderr.splitlines()[0].endswith(REMEDY)


@pytest.mark.parametrize(
    "program",
    [
        "import autograd.optim",
        "from autograd import nn",
        "from autograd import optim",
        "import autograd.draw",
        "from autograd.value import Value",
        "from autograd.operations import exp",
        "import runpy; runpy.run_module('autograd')",
    ],
)
@pytest.mark.parametrize("theirs", [None, "from .differential_operators import elementwise_grad"])
def test_an_init_file_that_went_with_hips_autograd_is_told(program: str, theirs: str | None, folder: Path) -> None:
    """Seen to fail with an import of what is not there."""
    init = folder / "autograd" / "__init__.py"
    init.unlink()
    if theirs:
        init.write_text(theirs)
        (folder / "autograd" / "differential_operators.py").write_text("elementwise_grad = None")
    done = run(program, folder, "-S", check=False)  # what is installed has an __init__.py, which would be found

    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("ImportError: the file autograd/__init__.py")
    assert done.stderr.splitlines()[-1].endswith(REMEDY)


def test_the_first_cell_of_each_notebook_holds_the_remedy() -> None:
    """Seen to fail with notebooks that begin otherwise."""
    for path in (Path(__file__).parent.parent / "notebooks").glob("*.ipynb"):
        first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]
        assert first["cell_type"] == "code"
        # A notebook that needs more asks for an extra: "scalar-autograd[jax]".
        assert f"!{REMEDY.removesuffix('scalar-autograd')}" in "".join(first["source"]), path.name
