"""The notebooks run from top to bottom, are stored as they ran, say the same in all languages, and have exercises.

A translation has the name of its original with the language in it: `1-a-value.es.ipynb`. Its code is the same, and only
what people read is translated. What `draw` and `explain` say is in the language that `AUTOGRAD_LANGUAGE` had when the
notebook was run and stored:

    AUTOGRAD_LANGUAGE=es jupyter execute --inplace notebooks/*.es.ipynb
"""

import builtins
import re
import symtable
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

import autograd
from autograd import Value, explain

nbformat = pytest.importorskip("nbformat", reason="the notebooks are run with the extra 'notebooks'")
nbclient = pytest.importorskip("nbclient", reason="the notebooks are run with the extra 'notebooks'")

FOLDER = Path(__file__).parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
TRANSLATED = [path for path in NOTEBOOKS if path.name.count(".") == 2]
ORIGINALS = [path for path in NOTEBOOKS if path not in TRANSLATED]

LESSONS = [
    "1-a-value",
    "2-backpropagation",
    "3-why-the-slope",
    "4-moons",
    "5-names",
    "6-curvature",
    "7-gallery",
    "8-inside",
    "9-digits",
    "10-beyond",
]

# What a notebook needs that others do not.
NEEDED = {"9-digits": ["sklearn"], "10-beyond": ["sklearn", "jax"]}

# Whose solutions train for minutes in Python. The compiled engine gives the same numbers bit for bit.
LONG = {"4-moons", "5-names"}

# The heading of the exercises, and what is clicked to see a solution.
HEADING = {"en": "## Exercises", "pt": "## Exercícios", "es": "## Ejercicios"}
SOLUTION = {"en": "Solution", "pt": "Solução", "es": "Solución"}

# Words that hardly an English sentence can do without, and that are none in Portuguese or Spanish.
ENGLISH = re.compile(
    r"\b(and|are|because|before|but|by|does|each|every|from|gives|have|here|how|if|into|is|it|its|less|makes|more|must|"
    r"not|nothing|of|on|only|or|other|our|than|that|the|their|them|then|there|these|they|this|those|through|to|was|we|"
    r"were|what|when|where|which|while|who|why|will|with|would|you|your)\b",
    re.IGNORECASE,
)
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`[^`]*`")
POINT = re.compile(r"\b\d+\.\d+\b(?<!\d\.\d{3})|\b0\.\d+")  # of decimals; Portuguese groups thousands by it: 2.410
QUOTED = re.compile(r"(?<!\*)\*(?=[^*\s])[^*]+\*(?!\*)")  # in italics, as the words that a program prints
FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)


class Solution(NamedTuple):
    """The code of a solution, and what it prints if the notebook says so."""

    code: str
    printed: str | None


def named(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


def language_of(path: Path) -> str:
    return path.name.split(".")[1] if path in TRANSLATED else "en"


def original_of(path: Path) -> Path:
    return path.with_name(path.name.split(".")[0] + ".ipynb")


def cells_of(path: Path) -> list["nbformat.NotebookNode"]:
    return list(nbformat.read(path, as_version=4).cells)


def code_of(path: Path) -> list[str]:
    return [cell.source for cell in cells_of(path) if cell.cell_type == "code"]


def texts_of(path: Path) -> list[str]:
    return [cell.source for cell in cells_of(path) if cell.cell_type == "markdown"]


def pairs_of_texts(path: Path) -> Iterator[tuple[str, str]]:
    return zip(texts_of(path), texts_of(original_of(path)), strict=True)


def exercises_of(path: Path) -> list[str]:
    """The texts after the heading of the exercises, each of them an exercise with its solution."""
    texts = texts_of(path)
    [start] = [i for i, text in enumerate(texts) if text.startswith(HEADING[language_of(path)])]
    return texts[start + 1 :]


def solutions_of(path: Path) -> list[Solution]:
    found = []
    for exercise in exercises_of(path):
        [code] = re.findall(r"^```python\n(.*?)^```$", exercise, re.MULTILINE | re.DOTALL)
        printed = re.findall(r"^```text\n(.*?)^```$", exercise, re.MULTILINE | re.DOTALL)
        found.append(Solution(code, printed[0] if printed else None))
    return found


def prose(text: str) -> str:
    """A text without code."""
    return SPAN.sub("", BLOCK.sub("", text))


def test_all_notebooks_are_there() -> None:
    names = {path.name for path in NOTEBOOKS}

    assert names >= {f"{lesson}.ipynb" for lesson in LESSONS}
    assert names >= {f"{lesson}.pt.ipynb" for lesson in LESSONS}
    assert names >= {f"{lesson}.es.ipynb" for lesson in LESSONS[:3]}
    assert {language_of(path) for path in NOTEBOOKS} == set(HEADING)


# The translations have the same code, which is run once. -------------------------------------------


@named(ORIGINALS)
def test_a_notebook_runs_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And after it the solutions of its exercises, which print what they say that they print."""
    for needed in NEEDED.get(path.stem, ()):
        pytest.importorskip(needed, reason=f"this notebook needs {needed}")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))  # no profile of the user's
    notebook = nbformat.read(path, as_version=4)
    solutions = [] if path.stem in LONG and autograd.engine == "python" else solutions_of(path)
    cells = [nbformat.v4.new_code_cell(solution.code) for solution in solutions]
    notebook.cells += cells
    client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(FOLDER)}})

    client.execute()  # an error in a cell is one here

    for solution, cell in zip(solutions, cells, strict=True):
        if solution.printed is not None:
            printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
            assert [line.rstrip() for line in printed.splitlines()] == solution.printed.splitlines()


@named(ORIGINALS)
def test_each_solution_stands_alone(path: Path) -> None:
    """What a solution uses it makes itself, or the notebook does: it is not spoilt by those that were tried before.

    Seen to fail with a solution that used what another one had trained.
    """
    tables = [symtable.symtable(solution.code, "a solution", "exec") for solution in solutions_of(path)]
    made = [{s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()} for table in tables]
    used = [globals_of(table) for table in tables]
    spoilt = [
        (i, names & others)
        for i, names in enumerate(used)
        for j, others in enumerate(made)
        if i != j and names & others - made[i]
    ]

    assert spoilt == []


def globals_of(table: symtable.SymbolTable) -> set[str]:
    """The names of a program that its functions use, too, at whatever depth."""
    top = table.get_type() == "module"
    names = {s.get_name() for s in table.get_symbols() if s.is_global() or (top and s.is_referenced())}
    return names.union(*map(globals_of, table.get_children())) - set(dir(builtins))


@named(NOTEBOOKS)
def test_a_notebook_is_stored_as_it_ran(path: Path) -> None:
    cells = [cell for cell in cells_of(path) if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for output in outputs if output.output_type == "error"]
    assert any("image/svg+xml" in output.get("data", {}) or "image/png" in output.get("data", {}) for output in outputs)


@named(NOTEBOOKS)
def test_pictures_and_tables_are_stored_in_the_language_of_their_notebook(path: Path) -> None:
    """Seen to fail with a translation that had been run without `AUTOGRAD_LANGUAGE`."""
    texts = shown_by(path)
    english = [text for text in texts if ENGLISH.search(text) or re.search(r"\b(?:value|gradient|parameters?)\b", text)]
    points = [text for text in texts if POINT.search(text)]

    if path in TRANSLATED:
        assert english == points == []
    elif "<svg" in path.read_text(encoding="utf-8"):
        assert english  # so this test finds what it looks for


def shown_by(path: Path) -> list[str]:
    """What the pictures and the tables of a notebook say, as it is stored."""
    texts = []
    for cell in cells_of(path):
        for data in (output.get("data", {}) for output in cell.get("outputs", ())):
            for kind in ("image/svg+xml", "text/html"):
                markup = re.sub("<style>.*?</style>", "", data.get(kind, ""), flags=re.DOTALL)
                texts += [unescape(text) for text in re.findall(r">([^<>]+)<", markup)]
    return texts


@pytest.mark.parametrize("language", HEADING)
def test_the_stored_explanation_is_what_explain_says(language: str) -> None:
    """Seen to fail with texts that had changed: run the notebooks again, as above, and store them."""
    path = FOLDER / ("1-a-value.ipynb" if language == "en" else f"1-a-value.{language}.ipynb")
    [cell] = [cell for cell in cells_of(path) if cell.source == "explain(y)"]
    x = Value(3, "x")
    u = x**2
    u.label = "u"
    y = 3 * u + 5 * u
    y.label = "y"
    y.backward()

    assert cell.outputs[0].data["text/plain"] == str(explain(y, language=language))


# What is the same in all languages ----------------------------------------------------------------


@named(TRANSLATED)
def test_a_translation_has_the_same_code(path: Path) -> None:
    assert code_of(path) == code_of(original_of(path))


@named(TRANSLATED)
def test_a_translation_has_a_text_for_each_text(path: Path) -> None:
    """A text in the place of each text, with as many headings and lines of tables: none was added in one alone."""
    shapes = [
        [(cell.id, cell.cell_type, re.findall(r"^(?:#+|\||\* |- |\d\. |<.*?>)", cell.source, re.M)) for cell in cells]
        for cells in (cells_of(path), cells_of(original_of(path)))
    ]

    assert shapes[0] == shapes[1]


@named(TRANSLATED)
def test_a_translation_has_the_same_blocks_of_code(path: Path) -> None:
    """The solutions, what they print, and whatever else is set off. Seen to fail with a comma in such a block."""
    for text, original in pairs_of_texts(path):
        assert BLOCK.findall(text) == BLOCK.findall(original)


@named(TRANSLATED)
def test_a_translation_has_the_same_formulas(path: Path) -> None:
    """Seen to fail with a sign that had been lost."""

    def formulas(text: str) -> list[str]:
        text = re.sub(r"\\text\{[^{}]*\}", "", text.replace("{,}", "."))
        return ["".join(formula.split()) for formula in FORMULA.findall(text) if formula.startswith("$$")]

    for text, original in pairs_of_texts(path):
        assert formulas(text) == formulas(original)


@named(TRANSLATED)
def test_a_translation_says_the_same_numbers(path: Path) -> None:
    """Seen to fail with digits that had been swapped."""

    def decimals(text: str, comma: str) -> list[str]:
        found = re.findall(rf"\d+{re.escape(comma)}\d+", prose(text.replace("{,}", comma)))
        return sorted(number.replace(comma, ".") for number in found)

    for text, original in pairs_of_texts(path):
        # In English, and there alone, a comma between digits groups them: 10,000.
        assert decimals(text, ",") == decimals(original, ".")


@named(TRANSLATED)
def test_a_translation_says_how_to_choose_its_language(path: Path) -> None:
    """Its code cannot: it is the same in all languages."""
    assert f"`%env AUTOGRAD_LANGUAGE={language_of(path)}`" in texts_of(path)[0]


# What is different --------------------------------------------------------------------------------


@named(NOTEBOOKS)
def test_decimals_have_the_comma_or_the_point_of_their_language(path: Path) -> None:
    """Seen to fail with 0.01 in a Portuguese text, and with 0,01 between dollars, where TeX would set it as a list."""
    for text in map(prose, texts_of(path)):
        if language_of(path) == "en":
            assert re.findall(r"\b\d+,\d+\b(?<!\d,\d{3})|\{,\}", text) == []
        else:
            assert POINT.findall(text) == []
            assert [formula for formula in FORMULA.findall(text) if re.search(r"\d,\d", formula)] == []


@named(TRANSLATED)
def test_no_english_is_left_in_a_translation(path: Path) -> None:
    """Seen to fail with a sentence that had not been translated."""
    left = [text for text in map(prose, texts_of(path)) if ENGLISH.search(QUOTED.sub("", text))]

    assert left == []


# The exercises ------------------------------------------------------------------------------------


@named(NOTEBOOKS)
def test_a_notebook_ends_with_exercises_whose_solutions_unfold(path: Path) -> None:
    """A blank line inside each tag: without it, Markdown would show what follows as it is written."""
    exercises = exercises_of(path)
    summary = f"\n\n<details>\n<summary>{SOLUTION[language_of(path)]}</summary>\n\n"

    assert 2 <= len(exercises) <= 4
    for number, exercise in enumerate(exercises, 1):
        question, opening, solution = exercise.partition(summary)
        assert opening, exercise
        assert question.startswith(f"**{number}.** ")
        assert solution.endswith("\n\n</details>")
        assert len(prose(solution).split()) > 15  # a solution says why
        assert exercise.count("<details>") == exercise.count("</details>") == 1


@named(NOTEBOOKS)
def test_the_heading_of_the_exercises_stands_once_and_at_the_end(path: Path) -> None:
    texts = texts_of(path)
    headings = [i for i, text in enumerate(texts) if re.search(rf"^{HEADING[language_of(path)]}$", text, re.MULTILINE)]

    assert headings == [len(texts) - len(exercises_of(path)) - 1]
    assert cells_of(path)[-1].source == exercises_of(path)[-1]
