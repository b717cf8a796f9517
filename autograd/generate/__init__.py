"""Files that are made from the rule book: `python -m autograd.generate` renews them, `--check` says which are stale.

>>> sorted(FILES)[0]
'.github/OPERATIONS.md'

Each is committed, says in its first lines what made it, and is read like any other file. Nothing in them is written by
hand, so an operation that is added, changed or renamed in `operations` needs no second edit.
"""

from collections.abc import Callable
from pathlib import Path

from . import formulas, lanes, package, stubs, table

# The folder of the clone, in which all paths stand.
ROOT = Path(__file__).parents[2]

# What each file should be, by its path.
FILES: dict[str, Callable[[], str]] = {
    "autograd/native/formulas.h": formulas.text,
    "autograd/native/lane_formulas.h": lanes.text,
    "autograd/operations.pyi": stubs.text,
    "autograd/__init__.py": lambda: package.text(_present("autograd/__init__.py")),
    "README.md": lambda: table.short(_present("README.md")),
    ".github/OPERATIONS.md": table.long,
}


def stale() -> list[str]:
    """The paths of the files that are not what they should be."""
    return [path for path, text in FILES.items() if _present(path) != text()]


def renew() -> list[str]:
    """Write what is stale, and answer the paths."""
    paths = stale()
    for path in paths:
        text = FILES[path]()
        (ROOT / path).parent.mkdir(exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8", newline="\n")
    return paths


def _present(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else ""
