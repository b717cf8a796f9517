"""What is graded: a class that is given, or one that is named with its file, its notebook or its module.

>>> parsed("engine.py:Value")
InFile(path='engine.py', name='Value')
>>> parsed("micrograd.engine:Value")
InModule(module='micrograd.engine', name='Value')

What is read of a name is read here; all that imports or runs someone's program runs in the other process.
"""

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

from ..terminal import printable
from .notebooks import cells
from .texts import RefusedError, near, offering, one_line

NOTEBOOK = ".ipynb"
ENDINGS = (".py", NOTEBOOK)

# What stands between the name of a notebook and the number of one of its code cells.
CELL = ", In "


@dataclass(frozen=True)
class Given:
    """A class that exists already, with the module that may contain functions for it."""

    value_class: Any
    module: str = ""


@dataclass(frozen=True)
class InModule:
    """A class for the other process to import, named as MODULE:CLASS."""

    module: str
    name: str

    @property
    def place(self) -> str:
        """Where it is."""
        return self.module


@dataclass(frozen=True)
class InFile:
    """A class in a file that the other process runs, named as FILE.py:CLASS or NOTEBOOK.ipynb:CLASS."""

    path: str
    name: str

    @property
    def place(self) -> str:
        """Where it is."""
        return self.path


def target(text: str) -> InModule | InFile:
    """The class that a text names. Raises RefusedError for a text of another form, and where there is no such file."""
    found = parsed(text)
    if isinstance(found, InFile):
        _require_file(found.path)
    return found


def parsed(text: str) -> InModule | InFile:
    r"""A class by its name; what is before the last colon is a file if it ends like one, else a module.

    >>> parsed(r"C:\work\engine.py:Value")
    InFile(path='C:\\work\\engine.py', name='Value')
    """
    text = text.strip()
    place, _, name = text.rpartition(":")
    if text.lower().endswith(ENDINGS):
        raise RefusedError("file without class", printable(text))
    if not place or not all(part.isidentifier() for part in name.split(".")):
        raise RefusedError("not a target", printable(text))
    if not place.lower().endswith(ENDINGS):
        if "/" in place or "\\" in place:
            raise RefusedError("file without ending", printable(place), name)
        return InModule(place, name)
    return InFile(place, name)


def _require_file(path: str) -> None:
    if os.path.isdir(path):
        raise RefusedError("folder", printable(path))
    if not os.path.exists(path):
        folder, file = os.path.split(path)
        beside = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
        # All names end alike, which says nothing about them.
        by_stem = {os.path.splitext(name)[0]: name for name in beside if name.lower().endswith(ENDINGS)}
        similar = near(os.path.splitext(file)[0], list(by_stem))
        offered = [printable(os.path.join(folder, by_stem[stem])) for stem in similar]
        raise RefusedError(*offering("no file", offered, printable(path)))


def importable_from(target: Given | InModule | InFile, place: str) -> str:
    """The module that a program imports the class from; a notebook cannot be imported from.

    >>> importable_from(InFile("week1/engine.py", "Value"), "week1/engine.py")
    'engine'
    """
    if not isinstance(target, InFile):
        return place
    stem, ending = os.path.splitext(os.path.basename(target.path))
    return stem if ending.lower() != NOTEBOOK and stem.isidentifier() else ""


# In the other process -----------------------------------------------------------------------------


def found(target: Given | InModule | InFile, about_to: Callable[..., None]) -> tuple[Any, str]:
    """The class, and the name of the module that may contain functions for it.

    `about_to` is told the step that follows. Raises RefusedError where the module or the class cannot be found.
    """
    if isinstance(target, Given):
        return target.value_class, target.module or str(getattr(target.value_class, "__module__", ""))
    if isinstance(target, InFile):
        about_to("cannot run", printable(target.path))
        module, place = _run(target.path), target.path
    else:
        about_to("cannot import", target.module)
        module, place = _imported(target.module, target.name), target.module
    try:
        return functools.reduce(getattr, target.name.split("."), module), module.__name__
    except BaseException as error:
        raise RefusedError(*_absent(target.name, place, module)) from error


def _absent(name: str, place: str, module: ModuleType) -> tuple[str, ...]:
    """That there is no such class, with those that may be meant: near ones, or else all that are defined there."""
    classes = {key: value for key, value in vars(module).items() if isinstance(value, type)}
    own = [key for key, value in classes.items() if value.__module__ == module.__name__]
    if similar := near(name, list(classes)):
        return offering("no class", similar, printable(place), name)
    return ("no class, but others", printable(place), name, ", ".join(own)) if own else ("no class", place, name)


def _imported(module: str, name: str) -> ModuleType:
    _find_modules_here()
    try:
        return importlib.import_module(module)
    except BaseException as error:
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        if not absent or not f"{module}.".startswith(f"{absent}."):  # but rather a module that it needs itself
            raise RefusedError("cannot import", module, one_line(error)) from error
        file = f"{module.replace('.', os.sep)}.py"
        if os.path.isfile(file):  # such as one in a folder whose name is not one of a package
            raise RefusedError("no module, but a file", absent, f"{file}:{name}") from error
        raise RefusedError("no module", absent) from error


def _find_modules_here() -> None:
    # `python -m autograd` finds modules in the current directory; the command `autograd` alone does not.
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.insert(0, os.getcwd())


def _package(folder: str) -> tuple[str, str]:
    """The folder in which a package is found, and the name of the package; "" where the folder is not one."""
    names: list[str] = []
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.basename(folder):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    return folder, ".".join(names)


def _run(path: str) -> ModuleType:
    """The file as a module, after it was run; it can import other files of its folder, and of its package."""
    stem = os.path.splitext(os.path.basename(path))[0]
    # A file may be called like a module that runs here, such as autograd.py: that one stays where it is.
    module = ModuleType(stem if stem not in sys.modules else f"graded {stem}")
    module.__file__ = path
    sys.modules[module.__name__] = module
    _find_modules_here()
    folder = os.path.dirname(os.path.abspath(path))
    # The module is not called by its package, which may import the file itself.
    root, module.__package__ = _package(folder)
    sys.path[:0] = list(dict.fromkeys([folder, root]))
    os.environ.setdefault("MPLBACKEND", "agg")  # pictures that no one would see open no window
    try:
        if path.lower().endswith(NOTEBOOK):
            module.__dict__["display"] = lambda *things, **options: None  # which IPython defines
        for code in _pieces(path):
            exec(code, module.__dict__)
    except BaseException as error:
        place, line = _spot(error, path)
        if line:
            raise RefusedError("file raises in line", printable(place), str(line), one_line(error)) from error
        raise RefusedError("cannot run", printable(path), one_line(error)) from error
    return module


def _pieces(path: str) -> Iterator[CodeType]:
    """What is run: the file, or each of the code cells of a notebook, which are called by their numbers."""
    with open(path, "rb") as file:
        content = file.read()
    if not path.lower().endswith(NOTEBOOK):
        yield compile(content, path, "exec", dont_inherit=True)
        return
    for number, cell in enumerate(cells(content), 1):
        yield compile(cell, f"{path}{CELL}{number}", "exec", dont_inherit=True)


def _spot(error: BaseException, path: str) -> tuple[str, int | None]:
    """The place and the line of a file that raised an exception; of several, the last one that was reached."""
    if isinstance(error, SyntaxError):
        return error.filename or path, error.lineno
    place, line, traceback = path, None, error.__traceback__
    while traceback:
        file = traceback.tb_frame.f_code.co_filename
        if file == path or file.startswith(f"{path}{CELL}"):
            place, line = file, traceback.tb_lineno
        traceback = traceback.tb_next
    return place, line
