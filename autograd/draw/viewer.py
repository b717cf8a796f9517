"""Drawings on the screen: inline in a notebook, else in the viewer or the browser of the system.

>>> from autograd import Value, draw
>>> show(draw(Value(2.0) * 3))  # doctest: +SKIP
opened /tmp/autograd-drawing-k3x9_b2a/drawing.svg

A viewer reads the file some time after the program has gone on, or has ended, so the file stays for a day. After that,
the next drawing that is shown removes it, if the system has not.
"""

import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from ..checks import choice
from ..languages import words
from ..terminal import printable
from .files import write
from .picture import Picture

# What viewers open: a picture, or a page to step through.
FORMATS = ("svg", "html", "png", "pdf")

# What the names of the folders begin with that hold a temporary file each, and for how many seconds these are kept.
PREFIX, DAY = "autograd-drawing-", 24 * 60 * 60


def show(drawing: Picture, format: str = "svg") -> None:
    """Show a drawing, and print where its file is unless it is inline; raises ValueError for an unknown format.

    A notebook shows what notebooks show of it, whatever the format.
    """
    choice("format", format, FORMATS)
    if _is_in_notebook():
        importlib.import_module("IPython.display").display(drawing)
        return
    path = _temporary(drawing, format)
    said = drawing.look.said("drawing")
    problem = open_file(path, drawing.look.language)
    told = said["not opened"].format(problem=problem, path=path) if problem else said["opened"].format(path)
    print(printable(told))


def open_file(path: Path, language: str) -> str:
    """Open a file in what the system has for its kind; the answer is why that cannot be, or "" if it is done."""
    return open_address(path.resolve().as_uri(), language)


def open_address(address: str, language: str) -> str:
    """Open an address in the viewer or browser of the system; the answer is as that of `open_file`."""
    said = words("drawing", language)
    if not _has_screen():
        return said["no screen"]
    import webbrowser  # slow to import

    try:
        return "" if webbrowser.open(address) else said["no viewer"]
    except (OSError, webbrowser.Error) as error:
        return str(error)


def _has_screen() -> bool:
    """Whether a window would be seen by whoever runs the program, who may sit elsewhere, at the other end of SSH."""
    if os.environ.get("BROWSER"):  # someone has said what is to be opened
        return True
    if sys.platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in os.environ
    # Without these, webbrowser would find browsers that take over the terminal.
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def _is_in_notebook() -> bool:
    """Whether what IPython displays is seen: in Jupyter, VS Code, Colab or Spyder, but not in its terminal."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "TerminalInteractiveShell" not in [kind.__name__ for kind in type(shell).__mro__]


# The temporary file -------------------------------------------------------------------------------


def _temporary(drawing: Picture, format: str) -> Path:
    """The drawing as a file in a folder of its own, which nobody else can read."""
    _remove_old()
    folder = tempfile.mkdtemp(prefix=PREFIX)
    path = Path(folder, f"drawing.{format}")
    try:
        write(drawing, path)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return path


def _remove_old() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            old = time.time() - folder.lstat().st_mtime > DAY
        except OSError:  # another program has just removed it
            continue
        if old:
            shutil.rmtree(folder, ignore_errors=True)  # what someone else has shown cannot be removed
