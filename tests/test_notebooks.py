"""The notebooks run from top to bottom, are stored with their pictures, and say the same in both languages."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="the notebooks are run with the extra 'notebooks'")
nbclient = pytest.importorskip("nbclient", reason="the notebooks are run with the extra 'notebooks'")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TRANSLATED = [path for path in NOTEBOOKS if path.name.endswith(".pt.ipynb")]

# What a notebook needs that others do not.
NEEDED = {"9-digits": ["sklearn"], "10-beyond": ["sklearn", "jax"]}


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_all_notebooks_are_there() -> None:
    names = {path.name for path in NOTEBOOKS}
    lessons = [
        "1-a-value",
        "2-backpropagation",
        "3-why-the-slope",
        "4-moons",
        "5-names",
        "6-curvature",
        "8-inside",
        "9-digits",
        "10-beyond",
    ]

    assert names >= {f"{lesson}.ipynb" for lesson in lessons}
    assert names >= {f"{lesson}.pt.ipynb" for lesson in lessons[:3]}


# The Portuguese ones have the same code, which is run once.
@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p not in TRANSLATED], ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for needed in NEEDED.get(path.stem, ()):
        pytest.importorskip(needed, reason=f"this notebook needs {needed}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # no profile of the user's
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}})

    client.execute()  # an error in a cell is one here


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_as_it_ran(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/svg+xml" in output.get("data", {}) or "image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.stem)
def test_a_translation_has_the_same_code(path: Path) -> None:
    original = path.with_name(path.name.replace(".pt.", "."))

    assert code_of(path) == code_of(original)


@pytest.mark.parametrize("path", TRANSLATED, ids=lambda path: path.stem)
def test_a_translation_has_a_text_for_each_text(path: Path) -> None:
    """A text in the place of each text: none was added in one language only."""
    original = path.with_name(path.name.replace(".pt.", "."))
    kinds = [[cell.cell_type for cell in nbformat.read(p, as_version=4).cells] for p in (path, original)]

    assert kinds[0] == kinds[1]
