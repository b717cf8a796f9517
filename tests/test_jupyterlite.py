"""The notebooks as a site: what is in it, and what a browser does with it, where Python runs without a server."""

import functools
import hashlib
import http.server
import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
BUILD = ROOT / ".jupyterlite" / "build.py"
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"

# The lectures, which have to run from their first cell to their last.
LECTURES = ["1-a-value", "2-backpropagation", "3-why-the-slope"]


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built by the documented command without a network."""
    for package in ("jupyterlite_core", "jupyterlite_pyodide_kernel", "build"):
        pytest.importorskip(package, reason="no JupyterLite: pip install -r .jupyterlite/requirements.txt")
    if "PYODIDE_FOLDER" not in os.environ:
        pytest.skip("PYODIDE_FOLDER does not tell where Pyodide is: see .jupyterlite/build.py")
    folder = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, str(BUILD), str(folder)]
    offline = {"PIP_NO_INDEX": "1", "PYTHONWARNINGS": "default"}
    built = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True, timeout=500)
    if "pip download" in built.stderr:
        pytest.skip("the packages of the kernel have not been fetched yet: run .jupyterlite/build.py once")

    assert built.returncode == 0, built.stderr
    return folder


@pytest.fixture(scope="module")
def packages(site: Path) -> dict[str, Any]:
    """What the site's Pyodide can load."""
    return read(site / "static" / "pyodide" / "pyodide-lock.json")["packages"]


# What is in it --------------------------------------------------------------------------------------


def test_all_notebooks_and_what_they_read_are_in_the_site(site: Path) -> None:
    there = {str(path.relative_to(site / "files")) for path in (site / "files").rglob("*") if path.is_file()}
    here = {str(path.relative_to(NOTEBOOKS)) for path in NOTEBOOKS.rglob("*") if ".ipynb_checkpoints" not in str(path)}

    assert {name for name in here if (NOTEBOOKS / name).is_file()} <= there


def test_each_package_that_is_listed_is_there_with_all_that_it_needs(site: Path, packages: dict[str, Any]) -> None:
    """Seen to fail with the list of packages as Pyodide has it, of which npm brings none."""
    folder = site / "static" / "pyodide"

    for package in packages.values():
        content = (folder / package["file_name"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == package["sha256"]
        assert {name.lower().replace("_", "-") for name in package["depends"]} <= packages.keys()
    assert {"scalar-autograd", "tqdm", "graphviz", "ipython", "pyodide-kernel"} <= packages.keys()


def test_this_package_is_there_without_the_compiled_engine(site: Path, packages: dict[str, Any]) -> None:
    wheel = site / "static" / "pyodide" / packages["scalar-autograd"]["file_name"]
    names = zipfile.ZipFile(wheel).namelist()

    assert wheel.name.endswith("-py3-none-any.whl")
    assert packages["scalar-autograd"]["imports"] == ["autograd"]
    assert {"autograd/value.py", "autograd/languages/pt.toml"} <= set(names)
    assert not [name for name in names if name.endswith((".so", ".pyd", ".pyx", ".c"))]


def test_nothing_is_asked_of_another_server(site: Path) -> None:
    settings = read(site / "jupyter-lite.json")["jupyter-config-data"]["litePluginSettings"][KERNEL]
    addresses = [settings["pyodideUrl"], *settings["pipliteUrls"]]

    assert settings["disablePyPIFallback"]
    assert all(address.startswith("./") for address in addresses)
    assert "scalar-autograd" in settings["loadPyodideOptions"]["packages"]


def first_cell(site: Path, name: str) -> str:
    return "".join(read(site / "files" / f"{name}.ipynb")["cells"][0]["source"])


def test_a_notebook_says_at_its_top_what_it_lacks(site: Path, packages: dict[str, Any]) -> None:
    if "matplotlib" in packages:
        pytest.skip("this Pyodide has matplotlib")

    assert "without matplotlib" in first_cell(site, "2-backpropagation")
    assert "sem matplotlib" in first_cell(site, "2-backpropagation.pt")
    assert "because it needs `sklearn`" in first_cell(site, "9-digits")
    assert "In this browser" not in first_cell(site, "1-a-value")
    assert "In this browser" not in first_cell(site, "8-inside")


def builder() -> Any:
    """The file that builds the site, which is not in a package."""
    spec = importlib.util.spec_from_file_location("build_site", BUILD)
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build


def test_the_notes_are_there_in_all_languages_of_the_notebooks() -> None:
    build = builder()

    for path in NOTEBOOKS.glob("*.ipynb"):
        assert build.note_in(path, "curves")
        assert "{}" in build.note_in(path, "ends")


def test_a_folder_of_something_else_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen to fail without the check: a folder was removed whatever was in it."""
    build = builder()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    (tmp_path / "pyodide-lock.json").write_text("{}")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("a year of work")

    with pytest.raises(build.MissingError, match=r"thesis is something else than a site: name a new folder$"):
        build.build(tmp_path / "thesis", tmp_path, tmp_path / "wheels")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "a year of work"


def test_what_is_missing_is_told_with_what_brings_it(tmp_path: Path) -> None:
    build = builder()

    with pytest.raises(build.MissingError, match=r"^no Pyodide: npm install --prefix ~/pyodide pyodide, "):
        build.build(tmp_path / "site", tmp_path, tmp_path / "wheels")


def test_a_whole_distribution_of_pyodide_brings_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then there is no stand-in, and no notebook says that its curves are missing."""
    build = builder()
    names = [*build.NEEDED, "matplotlib", "numpy"]
    known = {name: {"name": name, "depends": [], "imports": [name], "file_name": f"{name}-1-any.whl"} for name in names}
    known["matplotlib"]["depends"] = ["numpy"]
    known["scikit-learn"] = {"name": "scikit-learn", "depends": ["numpy"], "file_name": "not-there.whl"}
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        (tmp_path / name).touch()
    for package in names:
        with zipfile.ZipFile(tmp_path / f"{package}-1-any.whl", "w") as wheel:
            wheel.writestr(f"{package}/__init__.py", "")
    lock = {"info": {"python": "3.14"}, "packages": known}
    (tmp_path / "pyodide-lock.json").write_text(json.dumps(lock))

    def own_wheel(target: Path) -> Path:
        with zipfile.ZipFile(target / "scalar_autograd-0-py3-none-any.whl", "w") as wheel:
            wheel.writestr("autograd/__init__.py", "")
        return target / "scalar_autograd-0-py3-none-any.whl"

    monkeypatch.setattr(build, "own_wheel", own_wheel)
    packages = build.distribution(tmp_path, tmp_path / "wheels", tmp_path / "site")
    build.contents(packages, tmp_path / "notebooks")

    assert {"matplotlib", "numpy", "scalar-autograd"} <= packages.keys()
    assert not {"scikit-learn", build.STAND_IN} & packages.keys()
    for name, begins in (("2-backpropagation", False), ("9-digits", True)):
        first = read(tmp_path / "notebooks" / f"{name}.ipynb")["cells"][0]
        assert (first["id"] == "site") == begins


# In a browser ---------------------------------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A static server, as any other."""

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


IDLE = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status == 'idle'"
RUN = """async () => {
    await window.jupyterapp.commands.execute("notebook:clear-all-cell-outputs");
    await window.jupyterapp.commands.execute("notebook:run-all-cells");
    return JSON.stringify(window.jupyterapp.shell.currentWidget.content.model.toJSON());
}"""


def run(browser: Any, site: Path, address: str, name: str) -> tuple[list[Any], list[str]]:
    """The code cells of a notebook as they ran in a browser, and the addresses elsewhere that were asked."""
    page = browser.new_page()
    page.set_default_timeout(240_000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    def exposed(route: Any) -> None:
        """The same configuration, with the application where a script of the page can reach it."""
        config = read(site / "jupyter-lite.json")
        config["jupyter-config-data"]["exposeAppInBrowser"] = True
        route.fulfill(json=config)

    page.route(re.compile(re.escape(f"{address}/jupyter-lite.json") + r"(\?.*)?$"), exposed)
    page.goto(f"{address}/lab/index.html?path={name}.ipynb")
    page.wait_for_function(IDLE)
    cells = json.loads(page.evaluate(RUN))["cells"]
    page.close()
    outside = [url for url in asked if not url.startswith((address, "data:", "blob:"))]
    return [cell for cell in cells if cell["cell_type"] == "code"], outside


def pictures(cells: list[Any]) -> list[str]:
    """The drawings of this package among the outputs, as text."""
    data = [output.get("data", {}) for cell in cells for output in cell["outputs"]]
    return ["".join(shown["image/svg+xml"]) for shown in data if "image/svg+xml" in shown]


@pytest.mark.parametrize("name", LECTURES)
def test_a_lecture_runs_to_its_end_with_the_same_drawings(browser: Any, site: Path, address: str, name: str) -> None:
    """The same bytes as are stored in the notebook, which has to be run again if drawings have changed since."""
    cells, outside = run(browser, site, address, name)
    stored = [cell for cell in read(NOTEBOOKS / f"{name}.ipynb")["cells"] if cell["cell_type"] == "code"]

    assert [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"] == []
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(stored) + 1))
    assert pictures(cells) == pictures(stored)
    assert outside == []
