"""Exercises as Markdown, LaTeX and cells of notebooks: what is asked, and the solution.

>>> from autograd.practice.gates import gates_named
>>> from autograd.practice.making import Dice, circuit
>>> tell = Teller(circuit(Dice(7), 2, 0, gates_named("+ *")), "en")
>>> print(asked(tell))
*easy: 2 gates, 0 branches*
<BLANKLINE>
$$f = ...$$
...
"""

from collections.abc import Sequence
from typing import Any

from ..text import NOTHING, Name, Term
from .printing import cell, mathematics, sentence
from .teller import Teller, number

# What is written of the solution: nothing; in a part that unfolds; in the open; nothing but it.
SOLUTIONS = ("none", "folded", "open", "only")


def rows(tell: Teller, solved: bool) -> list[list[Term]]:
    """A row for each node: its name, what it is computed as, its value and its gradient, as far as they are told."""
    circuit = tell.circuit
    formulas = {step.name: step.term for step in circuit.steps}
    return [
        [
            Name(name),
            formulas.get(name, NOTHING),
            number(circuit.values[name]) if solved or name in circuit.leaves else NOTHING,
            number(circuit.gradients[name]) if solved or name == circuit.root else NOTHING,
        ]
        for name in circuit.values
    ]


def heads(tell: Teller) -> list[str]:
    """The heads of that table."""
    return [tell.words[name] for name in ("node", "formula", "value", "gradient")]


def backwards(tell: Teller) -> list[str]:
    """The nodes but the root, as the backward pass comes by: the gates, then the leaves."""
    circuit = tell.circuit
    return [*[step.name for step in reversed(circuit.steps[:-1])], *circuit.leaves]


# Markdown -----------------------------------------------------------------------------------------


def markdown(tell: Teller, solution: str) -> str:
    """One exercise, with as much of the solution as is asked for."""
    title = tell.words["solution"]
    if solution == "only":
        return solved(tell)
    parts = {"none": [], "folded": [folded(title, solved(tell))], "open": [f"**{title}**", solved(tell)]}
    return "\n\n".join([asked(tell), *parts[solution]])


def asked(tell: Teller) -> str:
    """What is given, what is to be done, and a table to be filled in."""
    task = " ".join([sentence(each, tell.language) for each in tell.task()])
    function = f"$${mathematics(tell.function(), tell.language)}$$"
    return "\n\n".join(
        [f"*{tell.counts()}*", function, sentence(tell.given(), tell.language), task, _table(tell, False)]
    )


def solved(tell: Teller) -> str:
    """The table filled in, and the chain rule from the root back to the leaves."""
    return "\n\n".join(
        [_table(tell, True), *[sentence(tell.equation(name), tell.language) for name in backwards(tell)]]
    )


def folded(summary: str, text: str) -> str:
    """A part of a page that unfolds."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def _table(tell: Teller, is_solved: bool) -> str:
    cells = [[cell(term, tell.language) for term in row] for row in rows(tell, is_solved)]
    lines = [heads(tell), [":--", ":--", "--:", "--:"], *cells]
    return "\n".join([f"| {' | '.join(line)} |" for line in lines])


# LaTeX --------------------------------------------------------------------------------------------

PREAMBLE = r"""\documentclass[11pt]{article}
\usepackage[utf8]{inputenc}
\usepackage{amsmath, longtable}
\usepackage[a4paper, margin=2cm]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\setlength{\LTleft}{0pt}
\renewcommand{\arraystretch}{1.3}
"""


def document(pages: Sequence[Sequence[str]], seed: int) -> str:
    """A document for the class article, in which each of these begins a page of its own."""
    text = "\n\n\\newpage\n\n".join(["\n\n".join(page) for page in pages])
    return f"% autograd practice, seed {seed}\n{PREAMBLE}\n\\begin{{document}}\n\n{text}\n\n\\end{{document}}\n"


def heading(title: str) -> str:
    """The heading of a page."""
    return f"\\section*{{{title}}}"


def latex(tell: Teller, solution: str, title: str = "") -> str:
    """One exercise, with as much of the solution as is asked for; on paper, nothing folds."""
    heads = [f"\\subsection*{{{title}}}"] if title else []
    parts = []
    if solution != "only":
        parts.append(_together(tell, [*heads, *_latex_asked(tell), _tabular(tell, False)]))
        heads = [f"\\textbf{{{tell.words['solution']}}}"]
    if solution != "none":
        parts.append(_together(tell, [*heads, _tabular(tell, True)]))
        # Within text, a line breaks where it is too long.
        parts += [f"${mathematics(tell.equation(name), tell.language)}$" for name in backwards(tell)]
    return "\n\n".join([*parts, "\\bigskip"])


def _latex_asked(tell: Teller) -> list[str]:
    task = " ".join([sentence(each, tell.language) for each in tell.task()])
    # Unlike a display, a centred paragraph breaks where it is too long.
    function = f"\\begin{{center}}\n$\\displaystyle {mathematics(tell.function(), tell.language)}$\n\\end{{center}}"
    return [f"\\textit{{{tell.counts()}}}", function, sentence(tell.given(), tell.language), task]


# A table of more rows begins where there is room and goes on on the next page.
MOST_ROWS = 20


def _together(tell: Teller, blocks: Sequence[str]) -> str:
    """Paragraphs that stay on one page, if the table among them is short."""
    text = "\n\n".join(blocks)
    if len(tell.circuit.values) > MOST_ROWS:
        return text
    return f"\\begin{{minipage}}{{\\textwidth}}\n\\setlength{{\\parskip}}{{6pt}}\n{text}\n\\end{{minipage}}"


def _tabular(tell: Teller, is_solved: bool) -> str:
    cells = [
        [f"${mathematics(term, tell.language)}$" if term != NOTHING else "" for term in row]
        for row in rows(tell, is_solved)
    ]
    body = "\n".join([f"{' & '.join(line)} \\\\ \\hline" for line in [heads(tell), *cells]])
    kind = "longtable" if len(cells) > MOST_ROWS else "tabular"
    return f"\\begin{{{kind}}}{{|l|l|p{{3cm}}|p{{3cm}}|}}\n\\hline\n{body}\n\\end{{{kind}}}"


# Notebooks ----------------------------------------------------------------------------------------


def notebook(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A notebook of these cells, by nbformat 4.5."""
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": [*cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def text_cell(name: str, text: str) -> dict[str, Any]:
    """A cell of Markdown."""
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def code_cell(name: str, code: str) -> dict[str, Any]:
    """A cell of code that has not run."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": code,
    }


def cells(tell: Teller, call: str, place: int, solution: str) -> list[dict[str, Any]]:
    """One exercise in cells: what is asked, what marks the answers that are filled in, and the solution."""
    name, title = f"exercise-{place}", f"## {tell.title(place)}"
    if solution == "only":
        return [text_cell(f"{name}-solution", f"{title}\n\n{solved(tell)}")]
    answers = ", ".join([f'"{leaf}": None' for leaf in tell.circuit.leaves])
    found = [
        text_cell(name, f"{title}\n\n{asked(tell)}\n\n{tell.words['fill']}"),
        code_cell(f"{name}-answers", f"exercise = {call}\nexercise.check({{{answers}}})"),
    ]
    if solution == "none":
        return found
    title = tell.words["solution"]
    told = folded(title, solved(tell)) if solution == "folded" else f"**{title}**\n\n{solved(tell)}"
    return [*found, text_cell(f"{name}-solution", told)]
