"""Python for browsers: the files of Pyodide that the playground needs, from a folder or fetched by npm.

>>> sorted(FILES)[:2]
['pyodide-lock.json', 'pyodide.asm.mjs']
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

# The version that npm is asked for: the one that the playground is tested with.
VERSION = "314.0.7"

# What Python in a browser consists of; the rest of the package is for other uses.
FILES = {
    "pyodide.mjs": "the loader of Python",
    "pyodide.asm.mjs": "the system that Python runs on",
    "pyodide.asm.wasm": "Python itself, in WebAssembly",
    "python_stdlib.zip": "Python's standard library",
    "pyodide-lock.json": "the packages that there are for it, none of which is loaded",
}

# How long npm may take, in seconds.
PATIENCE = 300


class PyodideError(Exception):
    """Why there is no Pyodide, in one line."""


def folder_of(given: Path | None = None, tell: Callable[[str], object] = lambda line: None) -> Path:
    """The folder with the files of Pyodide: the one that was given, or that in the user's cache, which npm fills.

    A folder that was given may be the package itself, or hold it as npm unpacks and installs it. What takes long is
    told. Raises PyodideError.
    """
    if given is not None:
        return _checked(given)
    cached = cache() / f"pyodide-{VERSION}"
    if not _missing(cached):
        return cached
    _fetch(cached, tell)
    return cached


def cache() -> Path:
    """The user's folder for what can be fetched again."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Caches"
    else:
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home, "scalar-autograd")


def _checked(given: Path) -> Path:
    places = [given, given / "package", given / "node_modules" / "pyodide"]
    for place in places:
        if not _missing(place):
            return place
    nearest = min(places, key=lambda place: len(_missing(place)))
    raise PyodideError(
        f"{given} has no {', '.join(_missing(nearest))}: --pyodide takes the folder that `npm pack pyodide` unpacks to"
    )


def _missing(folder: Path) -> list[str]:
    return [name for name in FILES if not (folder / name).is_file()]


def _fetch(place: Path, tell: Callable[[str], object]) -> None:
    """Have npm fetch the package, and put its files there: all of them, or none."""
    npm = shutil.which("npm")
    if npm is None:
        raise PyodideError(
            "the playground needs Pyodide, and there is no npm to fetch it: install Node.js, or unpack npm's package "
            f"pyodide@{VERSION} elsewhere and name its folder with --pyodide FOLDER"
        )
    tell(f"npm fetches pyodide@{VERSION}, 14 MB, once, into {place}")
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        command = [npm, "pack", f"pyodide@{VERSION}", "--pack-destination", folder, "--silent"]
        try:
            subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=PATIENCE)
            (packed,) = Path(folder).glob("*.tgz")
            with tarfile.open(packed) as archive:
                archive.extractall(folder, filter="data")
        except (OSError, ValueError, subprocess.SubprocessError, tarfile.TarError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines() or [type(error).__name__]
            raise PyodideError(
                f"npm could not fetch pyodide@{VERSION} ({said[-1]:.200}): go online and try again, or name the folder "
                "of an unpacked one with --pyodide FOLDER"
            ) from None
        package = Path(folder, "package")
        if lacking := _missing(package):
            raise PyodideError(f"npm's package pyodide@{VERSION} has no {', '.join(lacking)}")
        for other in package.iterdir():
            if other.name not in FILES and other.name != "package.json":
                shutil.rmtree(other) if other.is_dir() else other.unlink()
        shutil.rmtree(place, ignore_errors=True)
        package.replace(place)
