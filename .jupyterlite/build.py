"""The notebooks as a site that runs Python in the browser: JupyterLite, with Pyodide and this package in it.

    npm install --prefix ~/pyodide pyodide@314.0.7
    python -m pip install -r .jupyterlite/requirements.txt
    PYODIDE_FOLDER=~/pyodide/node_modules/pyodide python .jupyterlite/build.py SITE
    python -m http.server --directory SITE

Packages in Python alone, which Pyodide only lists (in pyodide-lock.json), come from pip, in the version that is listed;
they are kept, so that the next site is built without a network. matplotlib and scikit-learn have to be compiled for
Pyodide, and are in the site if they are in Pyodide's folder: in its whole distribution they are, in npm's they are not.
Without matplotlib a stand-in takes its place, and without anything else a notebook says at its top what it lacks.
"""

import argparse
import ast
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
FETCHED = HERE.parent / "build" / "jupyterlite"

# What the kernel is made of, what this package depends on, and what notebooks draw with and learn from.
KERNEL = ["micropip", "ipython", "jedi", "comm"]
DEPENDENCIES = ["tqdm", "graphviz"]
NEEDED = [*KERNEL, *DEPENDENCIES]
WELCOME = ["matplotlib", "scikit-learn"]

STAND_IN = "matplotlib-stand-in"

# What stands at the top of a notebook that lacks something, in its language.
NOTES = {
    "en": {
        "curves": "> **In this browser** the curves of this notebook are not drawn, because the site was built without "
        "matplotlib. All else runs. What is seen before you run it was drawn elsewhere.",
        "ends": "> **In this browser** this notebook does not run to its end, because it needs {}. What is seen before "
        "you run it was computed elsewhere.",
    },
    "pt": {
        "curves": "> **Neste navegador** as curvas deste caderno não são desenhadas, porque o site foi feito sem "
        "matplotlib. Todo o resto funciona. O que se vê antes de executá-lo foi desenhado em outro lugar.",
        "ends": "> **Neste navegador** este caderno não vai até o fim, porque precisa de {}. O que se vê "
        "antes de executá-lo foi calculado em outro lugar.",
    },
    "es": {
        "curves": "> **En este navegador** las curvas de este cuaderno no se dibujan, porque el sitio se hizo sin "
        "matplotlib. Todo lo demás funciona. Lo que se ve antes de ejecutarlo se dibujó en otro lugar.",
        "ends": "> **En este navegador** este cuaderno no llega hasta el final, porque necesita {}. Lo que se "
        "ve antes de ejecutarlo se calculó en otro lugar.",
    },
}

Package = dict[str, Any]  # an entry of pyodide-lock.json


class MissingError(Exception):
    """What the site cannot be built without, in one line."""


def main() -> None:
    """Build the site into the folder that is named on the command line."""
    parser = argparse.ArgumentParser(description="Build the notebooks as a site that runs in the browser.")
    parser.add_argument("site", type=Path, help="the folder for the site; a site that is there is replaced")
    parser.add_argument(
        "--pyodide",
        type=Path,
        default=os.environ.get("PYODIDE_FOLDER"),
        help="the folder of Pyodide, as npm installs it or whole; default: PYODIDE_FOLDER",
    )
    parser.add_argument(
        "--wheels", type=Path, default=FETCHED, help=f"where pip fetches packages to, once; default: {FETCHED}"
    )
    arguments = parser.parse_args()
    try:
        build(arguments.site, arguments.pyodide, arguments.wheels)
    except MissingError as error:
        raise SystemExit(f"build.py: {error}") from None


def build(site: Path, pyodide: Path | None, wheels: Path) -> None:
    """Build the site; raises MissingError."""
    if pyodide is None or not (pyodide / "pyodide-lock.json").is_file():
        raise MissingError(
            "no Pyodide: npm install --prefix ~/pyodide pyodide, and --pyodide ~/pyodide/node_modules/pyodide"
        )
    if not importlib.util.find_spec("jupyterlite_pyodide_kernel"):
        raise MissingError("no JupyterLite: python -m pip install -r .jupyterlite/requirements.txt")
    if site.exists() and not (site / "jupyter-lite.json").is_file() and (site.is_file() or any(site.iterdir())):
        raise MissingError(f"{site} is something else than a site: name a new folder")
    with tempfile.TemporaryDirectory() as folder:
        lite = Path(folder)
        for path in HERE.glob("*.json"):
            shutil.copy(path, lite)
        known = distribution(pyodide, wheels, lite / "static" / "pyodide")
        contents(known, lite / "notebooks")
        load_at_start(
            lite / "jupyter-lite.json", [*KERNEL, "ipykernel", "piplite", "pyodide-kernel", "scalar-autograd"]
        )
        shutil.rmtree(site, ignore_errors=True)
        options = ["--lite-dir", lite, "--contents", lite / "notebooks", "--output-dir", site.resolve()]
        run("-m", "jupyterlite_core", "build", *options, folder=lite)


def run(*arguments: object, folder: Path = HERE.parent) -> None:
    """Run Python with these arguments; raises MissingError with the end of what it said where it fails."""
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise MissingError(f"python {' '.join(map(str, arguments))} failed:\n{(done.stdout + done.stderr)[-2000:]}")


# The distribution of Pyodide ------------------------------------------------------------------------


def distribution(pyodide: Path, wheels: Path, target: Path) -> dict[str, Package]:
    """Write Pyodide and the packages of the site to `target`; return the list of those packages."""
    target.mkdir(parents=True)
    for name in ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"):
        shutil.copy(pyodide / name, target)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    packages: dict[str, Package] = {}
    for name in closure(NEEDED, lock["packages"]):
        package = lock["packages"].get(name, {"name": name})
        path = found(package, pyodide) or fetched(package, wheels, lock["info"]["python"])
        packages[name] = entry(path, package)
        shutil.copy(path, target)
    for welcome in WELCOME:
        needed = {name: lock["packages"][name] for name in closure([welcome], lock["packages"])}
        if all(found(package, pyodide) for package in needed.values()):
            packages |= needed
            for package in needed.values():
                shutil.copy(pyodide / package["file_name"], target)
    built = [own_wheel(target), *kernel_wheels(target)]
    if "matplotlib" not in packages:
        built.append(stand_in(target))
    for path in built:
        packages |= {(package := entry(path, {}))["name"]: package}
    packages["scalar-autograd"]["depends"] = DEPENDENCIES
    (target / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": packages}), encoding="utf-8")
    return packages


def closure(names: Iterable[str], known: dict[str, Package]) -> list[str]:
    """The packages and all that they depend on, dependencies last, each once."""
    found: dict[str, None] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop(0).lower().replace("_", "-")
        if name not in found:
            found[name] = None
            waiting += known.get(name, {}).get("depends", ())
    return list(found)


def found(package: Package, pyodide: Path) -> Path | None:
    """The file of a package in the folder of Pyodide, which as npm installs it has none."""
    path = pyodide / package.get("file_name", "")
    return path if path.is_file() else None


def fetched(package: Package, wheels: Path, python: str) -> Path:
    """The wheel of a package in the version that Pyodide lists, for its Python, fetched by pip unless it is there."""
    name, version = package["name"], package.get("version", "*")
    pattern = f"{re.sub('[-_.]+', '_', name).lower()}-{version}-*none-any.whl"
    wheels.mkdir(parents=True, exist_ok=True)
    if not list(wheels.glob(pattern)):
        wanted = name if version == "*" else f"{name}=={version}"
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--python-version", python, "--dest", wheels]
        run("-m", "pip", "download", *options, wanted)
    return max(wheels.glob(pattern))


def own_wheel(target: Path) -> Path:
    """This package, as a wheel without the compiled engine."""
    options = ["--wheel", "--no-isolation", "-C--build-option=--pure", "--outdir", target]
    run("-m", "build", *options, HERE.parent)
    return next(target.glob("scalar_autograd-*-none-any.whl"))


def stand_in(target: Path) -> Path:
    """A wheel with what takes the place of matplotlib."""
    name = STAND_IN.replace("-", "_")
    path = target / f"{name}-0-py3-none-any.whl"
    folder = HERE / "without_matplotlib"
    with zipfile.ZipFile(path, "w") as wheel:
        for file in sorted(folder.rglob("*.py")):
            wheel.write(file, file.relative_to(folder))
        wheel.writestr(f"{name}-0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {STAND_IN}\nVersion: 0\n")
        wheel.writestr(f"{name}-0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{name}-0.dist-info/RECORD", "")
    return path


def kernel_wheels(target: Path) -> Iterator[Path]:
    """What the kernel brings itself, copied to the others so that all are loaded in one go."""
    folder = Path("share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi")
    for name in ("ipykernel", "piplite", "pyodide_kernel"):
        for path in (Path(sys.prefix) / folder).glob(f"{name}-*.whl"):
            yield Path(shutil.copy(path, target))


def entry(path: Path, package: Package) -> Package:
    """What pyodide-lock.json says of a wheel; `package` is what it said before."""
    name, version = path.name.split("-")[:2]
    with zipfile.ZipFile(path) as wheel:
        tops = {file.split("/")[0] for file in wheel.namelist() if file.endswith(".py")}
    return {
        "name": name.replace("_", "-"),
        "version": version,
        "install_dir": "site",
        "package_type": "package",
        "depends": [],
        "imports": sorted(top.removesuffix(".py") for top in tops),
        "unvendored_tests": False,
        **package,
        "file_name": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def load_at_start(path: Path, packages: list[str]) -> None:
    """Tell JupyterLite which packages to load with Python."""
    config = json.loads(path.read_text(encoding="utf-8"))
    settings = config["jupyter-config-data"]["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    settings["loadPyodideOptions"] = {"packages": packages}
    path.write_text(json.dumps(config), encoding="utf-8")


# The notebooks --------------------------------------------------------------------------------------


def contents(packages: dict[str, Package], target: Path) -> None:
    """Copy the notebooks and what they read to `target`; those that lack something say so."""
    shutil.copytree(NOTEBOOKS, target, ignore=shutil.ignore_patterns(".*"))
    there = {name for package in packages.values() for name in package["imports"]}
    for path in sorted(target.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        names = set().union(*(imported("".join(cell["source"])) for cell in notebook["cells"] if is_code(cell)))
        lacking = sorted(names - there - sys.stdlib_module_names)
        note = ""
        if lacking:
            note = note_in(path, "ends").format(", ".join(f"`{name}`" for name in lacking))
        elif "matplotlib" in names and STAND_IN in packages:
            note = note_in(path, "curves")
        if note:
            notebook["cells"].insert(0, {"cell_type": "markdown", "id": "site", "metadata": {}, "source": [note]})
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def note_in(path: Path, name: str) -> str:
    """A note in the language of a notebook, which its file's name tells: 1-a-value.pt.ipynb."""
    return NOTES[path.stem.rpartition(".")[2] if "." in path.stem else "en"][name]


def is_code(cell: dict[str, Any]) -> bool:
    """Whether a cell is run."""
    return cell["cell_type"] == "code"


def imported(code: str) -> set[str]:
    """The packages that a cell imports, without IPython's own lines."""
    tree = ast.parse(re.sub(r"^(\s*)[!%].*", r"\1pass", code, flags=re.MULTILINE))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


if __name__ == "__main__":
    main()
