"""The house: what stands above imports what stands below, never the other way, and private names stay in their file.

Every import is read: those within functions, those for type checkers alone, and those of the compiled engine.
Only stubs are left out: they are generated, run nowhere, and tell of operations what Values they take.
"""

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import autograd

PACKAGE = "autograd"
ROOT = Path(autograd.__file__).parent

# The rooms, each a file or a folder, from the roof down; those on one floor do not know each other. "autograd" is the
# package's own file, which says what users find in it.
HOUSE = """
    __main__
    commands
    play
    autograd    generate
    plot        grade       practice
    draw
    explain     audit
    groups
    nn          optim       nodes       gradcheck   expression  testing
    compiler
    higher
    saving      datasets    differences
    engines
    native
    value
    anomaly     arrays      advice      formulas
    modes       notation    tracing
    operations  taking
    derivatives
    text        book        languages
    checks      precise     markup
    terminal    ieee        files       foreign     locks       neighbours  cells       nested
"""
FLOORS = {room: height for height, floor in enumerate(reversed(HOUSE.split("\n"))) for room in floor.split()}


@dataclass(frozen=True)
class Import:
    """What a file takes of another one: a name of it, or "" for the file itself."""

    file: str
    other: str
    name: str

    def __str__(self) -> str:
        return f"{self.file} imports {self.other}" + (f".{self.name}" if self.name else "")


# What is read -------------------------------------------------------------------------------------


def dotted(path: Path, root: Path = ROOT) -> str:
    """The name by which a file is imported, as autograd.draw.page."""
    return ".".join((PACKAGE, *path.relative_to(root).with_suffix("").parts)).removesuffix(".__init__")


def sources(root: Path = ROOT) -> dict[str, str]:
    """The text of each file by its name; what Cython includes is a part of the file that includes it."""
    found = {dotted(path, root): path.read_text(encoding="utf-8") for path in root.rglob("*.py")}
    for path in root.rglob("*.pyx"):
        parts = sorted(path.parent.glob("*.pxi"))
        found[dotted(path, root)] = "\n".join(part.read_text(encoding="utf-8") for part in (path, *parts))
    return found


def room(file: str) -> str:
    """The room that a file stands in."""
    return file.split(".")[1] if "." in file else file


def packages(files: Iterable[str]) -> set[str]:
    """The files that are the own ones of folders."""
    return {file.rpartition(".")[0] for file in files if "." in file} | {PACKAGE}


class Reader:
    """What stands in the files of a package: who imports what, and which private names of others are used."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.folders = packages(texts)
        self.imports: list[Import] = []
        self.private: list[str] = []
        for file, text in texts.items():
            aliases: dict[str, str] = {}  # what other files are called in this one
            statements, used = _cython(text) if _is_cython(text) else _python(text)
            for module, name, alias in statements:
                other = self.resolved(file, module)
                if other is None:
                    continue
                if f"{other}.{name}" in texts or f"{other}.{name}" in self.folders:
                    aliases[alias] = other = f"{other}.{name}"
                    name = ""
                elif not name:
                    aliases[alias] = other
                self.imports.append(Import(file, other, name))
                self.private += [f"{file}: {other}.{name}"] if _is_private(name) else []
            self.private += [
                f"{file}: {aliases[of]}.{name}" for of, name in used if of in aliases and _is_private(name)
            ]

    def resolved(self, file: str, module: str) -> str | None:
        """The file that a module is, as it is written in another file; None for one of somebody else."""
        dots = len(module) - len(module.lstrip("."))
        if dots == 0:
            return module if module.split(".")[0] == PACKAGE else None
        parents = dots - 1 if file in self.folders else dots
        parts = file.split(".")
        return ".".join([*parts[: len(parts) - parents], *filter(None, [module.lstrip(".")])])

    def graph(self) -> dict[str, set[str]]:
        """Who imports whom; a file of a folder stands on its own, though Python runs that of the folder before."""
        graph: dict[str, set[str]] = {file: set() for file in self.texts}
        for found in self.imports:
            if found.other != found.file:
                graph[found.file].add(found.other)
        return graph


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__")


def _is_cython(text: str) -> bool:
    return bool(re.search(r"^cdef |^from .* cimport ", text, re.MULTILINE))


def _python(text: str) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """The imports of a text, each as module, name and alias; and the attributes that it takes of plain names."""
    imports, used = [], []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            imports += [(module, each.name, each.asname or each.name) for each in node.names]
        elif isinstance(node, ast.Import):
            imports += [(each.name, "", each.asname or each.name.split(".")[0]) for each in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            if isinstance(node.args[0], ast.Constant):
                imports.append((node.args[0].value, "", ""))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            used.append((node.value.id, node.attr))
    return imports, used


def _cython(text: str) -> tuple[list[tuple[str, str, str]], list[tuple[str, str]]]:
    """The same of a text that `ast` cannot read."""
    imports = []
    for module, names in re.findall(r"^from (\S+) import (\([^)]*\)|.*)$", text, re.MULTILINE):
        for each in names.strip("()").split(","):
            name, _, alias = each.strip().partition(" as ")
            imports += [(module, name, alias or name)] if name else []
    return imports, re.findall(r"(?<![\w.])(\w+)\.(\w+)", text)


# What is asked ------------------------------------------------------------------------------------


def unknown_rooms(house: Reader) -> list[str]:
    return sorted({room(file) for file in house.texts} - set(FLOORS))


def upwards(house: Reader) -> list[str]:
    """The imports of a room on the same floor or above."""
    return [
        str(found)
        for found in house.imports
        if room(found.file) != room(found.other) and FLOORS[room(found.file)] <= FLOORS[room(found.other)]
    ]


def circle(house: Reader) -> list[str]:
    """Files that import each other in a circle, if there are any."""
    try:
        TopologicalSorter(house.graph()).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


TODAY = Reader(sources())


def test_every_room_has_its_floor() -> None:
    assert unknown_rooms(TODAY) == []
    assert set(FLOORS) <= {room(file) for file in TODAY.texts}  # and no floor a room that is gone


def test_nothing_is_imported_upwards() -> None:
    assert upwards(TODAY) == []


def test_no_files_import_each_other() -> None:
    assert circle(TODAY) == []


def test_no_private_name_of_another_file_is_used() -> None:
    assert TODAY.private == []


# Whether it is found ------------------------------------------------------------------------------

FINE = {"autograd": "", "autograd.ieee": "", "autograd.value": "from . import ieee", "autograd.draw": ""}
FINE |= {"autograd.draw.page": "from ..value import Value", "autograd.draw.svg": "from .page import page_of"}


def house(**texts: str) -> Reader:
    """A house with other texts in some of its files, each by the end of its name."""
    return Reader(FINE | {f"{PACKAGE}.{name.replace('__', '.')}": text for name, text in texts.items()})


def test_a_house_without_faults_has_none() -> None:
    assert (unknown_rooms(house()), upwards(house()), circle(house()), house().private) == ([], [], [], [])


@pytest.mark.parametrize(
    "statement",
    [
        "from .value import Value",
        "from . import value",
        "import autograd.value",
        "from autograd.value import Value",
        "from autograd import value as reference",
        "def f():\n    from . import value",
        "if TYPE_CHECKING:\n    from .value import Value",
        "importlib.import_module('.value', __package__)",
    ],
)
def test_an_import_upwards_is_found_however_it_is_written(statement: str) -> None:
    assert [found.split(" imports ")[1].split(".")[1] for found in upwards(house(ieee=statement))] == ["value"]


@pytest.mark.parametrize("statement", ["from ..value import Value", "from .. import value as reference"])
def test_an_import_upwards_is_found_in_the_compiled_engine(statement: str) -> None:
    compiled = {f"{PACKAGE}.ieee.core": f"cdef int count\n{statement}"}

    assert len(upwards(Reader(FINE | compiled))) == 1


def test_rooms_on_one_floor_do_not_know_each_other() -> None:
    assert len(upwards(house(files="from .locks import new_lock", locks=""))) == 1


@pytest.mark.parametrize("statement", ["from .svg import svg_of", "def f():\n    from . import svg"])
def test_a_circle_is_found_within_a_room(statement: str) -> None:
    found = circle(house(draw__page=statement))

    assert set(found) == {"autograd.draw.page", "autograd.draw.svg"}


def test_a_circle_by_the_file_of_a_folder_is_found() -> None:
    files = {"draw": "def draw():\n    from .page import page_of", "draw__page": "from . import draw"}

    assert set(circle(house(**files))) == {"autograd.draw", "autograd.draw.page"}


@pytest.mark.parametrize(
    "text",
    [
        "from .value import _node",
        "from . import value\nvalue._node(1)",
        "from . import value as reference\ndef f():\n    return reference._node",
        "import autograd.value as reference\nreference._node",
    ],
)
def test_a_private_name_of_another_file_is_found(text: str) -> None:
    assert house(nodes=text).private == ["autograd.nodes: autograd.value._node"]


def test_a_private_name_is_found_in_the_compiled_engine() -> None:
    compiled = {f"{PACKAGE}.native.core": "cdef int count\nfrom .. import modes, value as reference\nreference._node()"}

    assert Reader(FINE | compiled).private == ["autograd.native.core: autograd.value._node"]


def test_a_private_name_of_its_own_and_what_python_calls_so_are_no_fault() -> None:
    assert house(nodes="from . import value\nvalue.__doc__, self._node, _node").private == []


def test_a_room_that_nobody_drew_is_told() -> None:
    assert unknown_rooms(house(attic="")) == ["attic"]
