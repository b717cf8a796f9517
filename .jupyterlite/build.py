"""The notebooks as a site that runs Python in the browser: JupyterLite, with Pyodide and this package in it.

    npm install --prefix ~/pyodide pyodide@314.0.7
    python -m pip install -r .jupyterlite/requirements.txt
    PYODIDE_FOLDER=~/pyodide/node_modules/pyodide python .jupyterlite/build.py SITE
    python -m http.server --directory SITE

Of the packages that Pyodide knows by its list (pyodide-lock.json), those that the notebooks need are in the site: as they
are in Pyodide's folder, or, where its folder has none, as pip fetches them, in the same version. What has to be compiled
for Pyodide, as matplotlib, pip cannot fetch; the whole distribution of Pyodide has it. A notebook that needs what the site
does not have says so at its top.
"""

import argparse
import ast
import hashlib
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

# What can be imported in a browser, but does nothing there: it has neither processes nor threads.
IN_VAIN = {"subprocess": "processes", "threading": "threads"}

MISSING = {
    "en": "> **In this browser** some cells of this notebook end with an error, because they need {}. Run it on a machine of "
    "your own, or read its stored results in the repository.",
    "pt": "> **Neste navegador** algumas células deste caderno terminam com um erro, porque precisam de {}. Execute-o no seu "
    "próprio computador, ou leia no repositório os resultados que ele guarda.",
    "es": "> **En este navegador** algunas celdas de este cuaderno terminan con un error, porque necesitan {}. Ejecútelo en su "
    "propia computadora, o lea en el repositorio los resultados que guarda.",
}

Package = dict[str, Any]  # an entry of pyodide-lock.json


class MissingError(Exception):
    """What the site cannot be built without, in one line."""


def main() -> None:
    """Build the site into the folder that is named on the command line."""
    parser = argparse.ArgumentParser(description="Build the notebooks as a site that runs in the browser.")
    parser.add_argument("site", type=Path, help="the folder for the site, which is replaced")
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
    for path in [own_wheel(target), *kernel_wheels(target)]:
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
    there = {name for package in packages.values() for name in package["imports"]} | sys.stdlib_module_names
    for path in sorted(target.glob("*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if lacking := missing(notebook, there - IN_VAIN.keys()):
            language = path.name.split(".")[-2] if path.name.count(".") == 2 else "en"
            note = MISSING[language].format(", ".join(f"`{name}`" for name in lacking))
            notebook["cells"].insert(0, {"cell_type": "markdown", "id": "site", "metadata": {}, "source": [note]})
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")


def missing(notebook: dict[str, Any], there: set[str]) -> list[str]:
    """What a notebook imports that the site does not have; a cell that lacks something does not end the run."""
    lacking: set[str] = set()
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (names := imported("".join(cell["source"])) - there):
            cell["metadata"]["tags"] = [*cell["metadata"].get("tags", []), "raises-exception"]
            lacking |= names
    return sorted(lacking)


def imported(code: str) -> set[str]:
    """The packages that a cell imports, without IPython's own lines."""
    tree = ast.parse(re.sub(r"^(\s*)[!%].*", r"\1pass", code, flags=re.MULTILINE))
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


if __name__ == "__main__":
    main()
