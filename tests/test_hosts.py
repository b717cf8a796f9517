"""What hosts of notebooks take of this package's outputs: "Hosts" in .github/CONTRIBUTING.md, as far as it can be run.

A host that is not installed is skipped: pip install "scalar-autograd[hosts]".
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograd import Value, compile, draw, nn
from autograd.grade import grade

SOURCE = """from autograd import Value, draw, nn
from autograd.explain import explain

x, y = Value(3.0, "x"), Value(2.0, "y")
f = (x * y + x) ** 2
f.backward()"""

# Four outputs: two drawings of a graph, one explanation and one model as a tree.
SHOWN = ["f", "draw(f)", "explain(f)", "nn.MLP(2, [3, 1])"]

# In the order in which IPython's formatters ask an object.
WAYS = {"text/html": "_repr_html_", "text/markdown": "_repr_markdown_", "text/latex": "_repr_latex_"}


def things() -> list[Any]:
    """What the four expressions give."""
    names: dict[str, Any] = {}
    exec(SOURCE, names)
    return [eval(source, names) for source in SHOWN]


def bundle(thing: Any) -> dict[str, str]:
    """All formats in which a thing offers itself."""
    shown = thing._repr_mimebundle_() if hasattr(thing, "_repr_mimebundle_") else {}
    offered = {kind: getattr(thing, way)() for kind, way in WAYS.items() if hasattr(thing, way)}
    return {"text/plain": repr(thing)} | {kind: text for kind, text in offered.items() if text} | shown


def drawings(page: str) -> int:
    """How many drawings a page has as images."""
    return len(re.findall(r'<img\b[^>]*class="autograd-drawing"[^>]*src="data:image/svg\+xml;base64,', page))


def tables(page: str) -> list[str]:
    """The first word of each caption, as tables of `explain` have."""
    return re.findall(r"<caption>(\w+)", page)


EXPLAINED = ["Forward", "Backward", "Gradients"]


# Whatever the host ----------------------------------------------------------------------------------


def everything() -> list[Any]:
    """One of each kind of thing that notebooks show."""
    program = compile(lambda x: x * x)
    program(Value(3.0))
    return [*things(), draw(nn.MLP(2, [3, 1])), program.program, grade(Value, level="micrograd", only="relu")]


def test_no_output_needs_a_script_or_another_server() -> None:
    """GitHub and notebooks that are not trusted run no script, and sites may forbid what comes from elsewhere."""
    for thing in everything():
        for kind, text in bundle(thing).items():
            namespaces = text.replace("http://www.w3.org/2000/svg", "")

            assert re.findall(r"<script|\bon[a-z]+=|javascript:|https?://|@import|<iframe|<object", namespaces) == [], (
                kind
            )


def test_an_output_says_the_same_without_its_styles() -> None:
    """GitHub strips <style>, classes and styles of elements: images, their texts and tables stay."""
    graph, drawing, explained, model = (
        re.sub("<style>.*?</style>", "", bundle(thing)["text/html"]) for thing in things()
    )
    words = re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", explained))

    assert drawings(graph) == drawings(drawing) == 1
    assert "x has value 3 and gradient 54" in graph
    assert explained.count("<table") == explained.count("</table>") == 3
    assert "18 + 36 = 54" in words
    assert "<details" in model


# Hosts that can be had ------------------------------------------------------------------------------


def run(folder: Path, module: str, *arguments: object) -> None:
    """Run a program of this Python, which has to succeed."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "HOME": str(folder)}
    command = [sys.executable, "-W", "ignore", "-m", module, *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment)

    assert done.returncode == 0, done.stdout + done.stderr


def needs(package: str) -> Any:
    return pytest.importorskip(package, reason=f'no {package}: pip install "scalar-autograd[hosts]"')


def notebook(path: Path) -> None:
    """A notebook with the four outputs, as Jupyter stores it."""
    v4 = needs("nbformat").v4
    cells = [v4.new_markdown_cell("# Shown"), v4.new_code_cell(SOURCE, execution_count=1)]
    for source, thing in zip(SHOWN, things(), strict=True):
        output = v4.new_output("execute_result", data=bundle(thing), execution_count=1)
        cells.append(v4.new_code_cell(source, outputs=[output], execution_count=1))
    kernel = {"name": "python3", "display_name": "Python 3"}
    needs("nbformat").write(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), path)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["slides", "html"])
def test_nbconvert_shows_images_and_tables(kind: str, tmp_path: Path) -> None:
    """Slides are those of reveal.js."""
    needs("nbconvert")
    notebook(tmp_path / "shown.ipynb")
    run(tmp_path, "nbconvert", "--to", kind, "--output", "page", "shown.ipynb")
    page = read(tmp_path / ("page.slides.html" if kind == "slides" else "page.html"))

    assert (drawings(page), tables(page)) == (2, EXPLAINED)


def test_myst_nb_shows_images_and_tables(tmp_path: Path) -> None:
    needs("myst_nb")
    notebook(tmp_path / "index.ipynb")
    (tmp_path / "conf.py").write_text('extensions = ["myst_nb"]\nnb_execution_mode = "off"\n')
    run(tmp_path, "sphinx", "-q", "-b", "html", ".", "out")
    page = read(tmp_path / "out" / "index.html")

    assert (drawings(page), tables(page)) == (2, EXPLAINED)


def test_sphinx_gallery_shows_images_and_tables(tmp_path: Path) -> None:
    needs("sphinx_gallery")
    settings = {"examples_dirs": "examples", "gallery_dirs": "gallery", "image_scrapers": ()}
    (tmp_path / "conf.py").write_text(
        f'extensions = ["sphinx_gallery.gen_gallery"]\nsphinx_gallery_conf = {settings!r}\n', encoding="utf-8"
    )
    (tmp_path / "index.rst").write_text("Site\n====\n\n.. toctree::\n\n   gallery/index\n")
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "GALLERY_HEADER.rst").write_text("Gallery\n=======\n")
    blocks = [f'"""\nShown\n=====\n"""\n{SOURCE}', *[f"# %%\n# Shown:\n{source}" for source in SHOWN]]
    (tmp_path / "examples" / "plot_shown.py").write_text("\n\n".join(blocks), encoding="utf-8")
    run(tmp_path, "sphinx", "-q", "-b", "html", ".", "out")
    page = read(tmp_path / "out" / "gallery" / "plot_shown.html")

    assert (drawings(page), tables(page)) == (2, EXPLAINED)


def test_marimo_shows_images_and_tables(tmp_path: Path) -> None:
    needs("marimo")
    cells = [SOURCE, *SHOWN]
    parts = ["import marimo", "app = marimo.App()"]
    for i, cell in enumerate(cells):
        body = "\n".join(f"    {line}" for line in cell.splitlines())
        taken, given = ("", "Value, draw, explain, f, nn") if i == 0 else ("draw, explain, f, nn", "")
        parts.append(f"@app.cell\ndef _({taken}):\n{body}\n    return {given}")
    (tmp_path / "app.py").write_text("\n\n".join(parts), encoding="utf-8")
    run(tmp_path, "marimo", "--yes", "export", "html", "app.py", "--output", "app.html")
    # It stores outputs as JSON in a script, where "<" is written as an escape.
    page = read(tmp_path / "app.html").replace("\\u003C", "<").replace("\\u003E", ">").replace('\\"', '"')
    outputs = page[page.index('"session"') :] if '"session"' in page else page

    assert (drawings(outputs), tables(outputs)) == (2, EXPLAINED)
