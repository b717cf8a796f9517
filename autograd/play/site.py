"""The playground as files, for any host that serves files: the page, Python, and this package.

>>> sorted(name for name in page_files() if name.endswith("html"))
['index.html']
"""

import gzip
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from .. import files as writer
from ..draw.figure import COLOURS
from ..languages import LANGUAGES, words
from .examples import EXAMPLES
from .pyodide import FILES

PACKAGE = "autograd.zip"
LIST = "files.txt"

# What of this package runs in a browser: no C, no tests of types, and nothing that is only for command lines.
SUFFIXES = (".py", ".toml", ".html", ".css", ".js")
LEFT_OUT = ("native", "generate", "play/page", "play/site.py", "play/server.py", "play/pyodide.py", "commands/play.py")

# What is said of the files in the list; `page` is one of three groups.
SAID = {
    "index.html": "the page",
    "play.css": "how it looks",
    "play.js": "what it does",
    "editor.js": "the editor",
    "steps.js": "the picture and its steps",
    "exercise.js": "the practice",
    "python.js": "the page's side of Python",
    "links.js": "programs in links",
    "texts.js": "its texts in three languages, and the examples",
    "stepper.js": 'the script of pages made by draw(y).save("y.html")',
    "worker.js": "where Python runs, beside the page",
    "offline.js": "keeps all files for when there is no network",
    PACKAGE: "this package",
}


def site(pyodide: Path) -> dict[str, bytes]:
    """All files of the playground by their names, with the files of Pyodide from that folder."""
    found = page_files()
    found[PACKAGE] = package()
    for name in FILES:
        found[f"pyodide/{name}"] = (pyodide / name).read_bytes()
    digest = hashlib.sha256(b"".join([name.encode() + content for name, content in sorted(found.items())]))
    listed = json.dumps(["./", *sorted(found)])
    offline = Template(_page("offline.js")).substitute(version=digest.hexdigest()[:16], files=listed)
    return found | {"offline.js": offline.encode()}


def page_files() -> dict[str, bytes]:
    """The files of the page itself, but for the one that keeps all files."""
    made = ("play.css", "offline.js")
    names = sorted(item.name for item in files(__package__).joinpath("page").iterdir())
    found = {name: _page(name) for name in names if name not in made}
    found["play.css"] = f"{_palette()}\n{_page('play.css')}"
    found["texts.js"] = _texts()
    found["stepper.js"] = _stepper()
    return {name: text.encode() for name, text in found.items()}


def build(folder: Path, pyodide: Path) -> str:
    """Write all files into a folder, and the list of them, which is returned.

    Raises OSError, which names the file.
    """
    found = site(pyodide)
    listed = listing(found)
    for name, content in {**found, LIST: listed.encode()}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        writer.write(place, content)
    return listed


def listing(found: Mapping[str, bytes]) -> str:
    """A table of the files with their sizes in bytes, as they are and as servers compress them.

    >>> print(listing({"index.html": b"x" * 1000, "autograd.zip": b"z"}))
    file          bytes  gzipped  what it is
    index.html    1,000       29  the page
    autograd.zip      1       21  this package
    the page      1,000       29
    all of it     1,001       50
    """
    said = SAID | {f"pyodide/{name}": text for name, text in FILES.items()}
    sizes = {name: (len(content), len(gzip.compress(content, 9, mtime=0))) for name, content in found.items()}
    own = [size for name, size in sizes.items() if name != PACKAGE and "/" not in name]
    rows = [(name, *size, said.get(name, "")) for name, size in sizes.items()]
    rows += [(title, *_sum(some), "") for title, some in (("the page", own), ("all of it", list(sizes.values())))]
    table = [("file", "bytes", "gzipped", "what it is")]
    table += [(name, f"{raw:,}", f"{small:,}", what) for name, raw, small, what in rows]
    wide = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [f"{row[0]:<{wide[0]}}  {row[1]:>{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]}".rstrip() for row in table]
    return "\n".join(lines)


def _sum(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(raw for raw, _ in sizes), sum(small for _, small in sizes)


# The page ---------------------------------------------------------------------------------------------


def _page(name: str) -> str:
    return files(__package__).joinpath("page", name).read_text("utf-8")


def _texts() -> str:
    """The texts of the page in all languages and the examples, as a module."""
    texts = {language: dict(words("play", language)) for language in LANGUAGES}
    return f"export const TEXTS = {_json(texts)};\nexport const EXAMPLES = {_json(EXAMPLES)};\n"


def _json(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)


def _stepper() -> str:
    """The script and the style of the pages that `draw` makes, as a module that can step through many pictures."""
    room = files(__package__).joinpath("..", "draw", "page")
    script = room.joinpath("page.js").read_text("utf-8")
    style = room.joinpath("page.css").read_text("utf-8")
    return (
        f"export const STYLE = {_json(style)};\n"
        f"export function step(document, addEventListener) {{\n{script}\n"
        "return { go, show, svg, steps, now: () => now, end };\n}\n"
    )


def _palette() -> str:
    """The colours of pictures, for the page around them."""
    light, dark = ["".join(f"--{name}:{colours[side]};" for name, (_, *colours) in COLOURS.items()) for side in (0, 1)]
    return f":root{{color-scheme:light dark;{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}"


# The package ------------------------------------------------------------------------------------------


def package() -> bytes:
    """This package as Python in the browser imports it: the same bytes whenever it is made."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in [*_sources(files("autograd")), _metadata()]:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def _sources(folder: Traversable, inside: str = "") -> Iterator[tuple[str, bytes]]:
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        name = f"{inside}{item.name}"
        if item.name == "__pycache__" or name in LEFT_OUT:
            continue
        if item.is_dir():
            yield from _sources(item, f"{name}/")
        elif item.name.endswith(SUFFIXES):
            yield f"autograd/{name}", item.read_bytes()


def _metadata() -> tuple[str, bytes]:
    """What `importlib.metadata` reads the version from."""
    from .. import __version__

    version = __version__.replace("+unknown", "")
    text = f"Metadata-Version: 2.1\nName: scalar-autograd\nVersion: {version}\n"
    return f"scalar_autograd-{version}.dist-info/METADATA", text.encode()
