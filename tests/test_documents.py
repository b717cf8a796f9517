"""README and what stands in .github: short enough, links that lead somewhere, and examples that run."""

import doctest
import re
import runpy
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob(".github/*.md")), ROOT / "tests" / "benchmarks" / "RESULTS.md"]

pytestmark = pytest.mark.skipif(not (ROOT / ".github").is_dir(), reason="these tests read a checkout")


def links_of(document: Path) -> list[tuple[str, str]]:
    """Where a document points to within the project: path and heading, each "" where there is none."""
    text = document.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?://)([^)#]*)#?([^)]*)\)", text)
    return [(path, heading) for path, heading in targets if path or heading]


def headings_of(document: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    titles = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_top_level_holds_what_it_should() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("this is not a clone")
    names = {line.partition("/")[0] for line in listed.stdout.splitlines()}
    shown = {name for name in names if not name.startswith(".")}

    assert shown == {"LICENSE", "README.md", "autograd", "notebooks", "pyproject.toml", "tests"}


def test_the_readme_is_what_a_user_needs_in_the_first_hour() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 220


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Seen to fail with a heading that was renamed, and with a notebook that was not there yet."""
    for path, heading in links_of(document):
        target = document.parent / path if path else document

        assert target.exists(), path
        assert not heading or heading in headings_of(target), f"{path}#{heading}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_examples_run(document: Path) -> None:
    failed, _ = doctest.testfile(str(document), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8")

    assert failed == 0


def test_every_notebook_is_listed() -> None:
    listed = {(ROOT / ".github" / path).resolve() for path, _ in links_of(ROOT / ".github" / "GUIDE.md")}

    assert listed >= {path.resolve() for path in ROOT.glob("notebooks/*.ipynb")}


def test_every_room_of_the_house_is_described() -> None:
    """Seen to fail with a file that was new, and with the name of one that was gone."""
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    _, house, _ = re.split(r"^\| rooms \|.*$|^Start with", contributing, flags=re.MULTILINE)
    described = re.findall(r"`(\w+(?:\.py|/))`", house)
    files = [path.name for path in ROOT.glob("autograd/*.py") if not path.name.startswith("__")]
    folders = [f"{path.parent.name}/" for path in ROOT.glob("autograd/*/__init__.py")]

    assert sorted(described) == sorted(files + folders)


def test_every_part_of_the_compiled_engine_is_described() -> None:
    """Seen to fail with a part that was gone, and with one that was new."""
    native = ROOT / "autograd" / "native"
    design = (native / "__init__.py").read_text(encoding="utf-8").partition("The example\n")[0]
    contributing = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = {path.name for path in native.iterdir() if path.suffix in (".pxi", ".h", ".pxd", ".py")} - {"__init__.py"}

    assert set(re.findall(r"^    (\w+\.\w+)", design, flags=re.MULTILINE)) == parts
    assert set(re.findall(r"`(\w+\.pxi)`", contributing)) == {part for part in parts if part.endswith(".pxi")}


def test_the_results_say_how_they_were_measured_as_the_benchmark_does() -> None:
    notes = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "report.py"))["NOTES"]

    assert notes.strip() in (ROOT / "tests" / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
