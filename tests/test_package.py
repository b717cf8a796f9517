"""The package as it is imported: its names, and its neighbours."""

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import autograd


def run(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)


def test_every_public_name_is_there_and_documented() -> None:
    for name in autograd.__all__:
        assert hasattr(autograd, name), name

    assert len(set(autograd.__all__)) == len(autograd.__all__)
    ours = {name for name, known in autograd.OPERATIONS.items() if known.rule.__module__ == "autograd.operations"}
    assert ours <= set(dir(autograd))


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


def test_files_of_hips_autograd_in_the_same_folder_are_told_in_one_line(tmp_path: Path) -> None:
    """Seen to fail with no warning, and seen silent without the file."""
    shutil.copytree(Path(autograd.__file__).parent, tmp_path / "autograd")
    silent = run("import autograd", tmp_path)
    (tmp_path / "autograd" / "tracer.py").touch()
    warned = run("import autograd", tmp_path)

    assert silent.stderr == ""
    assert "files of HIPS autograd lie in the folder of scalar-autograd" in warned.stderr.splitlines()[0]


def test_drawing_is_imported_only_when_it_is_used(tmp_path: Path) -> None:
    told = run("import sys, autograd; print('wasmtime' in sys.modules)", tmp_path)

    assert told.stdout == "False\n"
