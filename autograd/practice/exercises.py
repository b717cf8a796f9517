"""An exercise and a sheet of several: what is asked, what is right, and the forms that they are written in."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..checks import choice
from ..engines import Value
from ..languages import chosen, words
from . import forms
from .circuit import DECIMALS, TOLERANCE, Circuit
from .making import level
from .marking import Marking, marking
from .printing import mathematics, plain
from .teller import Teller

# The fields of the JSON that are told before the solution.
ASKED = (
    *("seed", "operations", "language", "call", "difficulty", "gates", "branches"),
    *("expression", "source", "formula", "latex", "steps", "leaves", "to_find", "task", "decimals", "tolerance"),
)


@dataclass(frozen=True, repr=False)
class Exercise:
    """A computation whose gradients are to be found; made by `practice.exercise` and `practice.sheet`.

    Its numbers are given as floats; `circuit` has them exactly.
    """

    seed: int
    operations: tuple[str, ...]
    language: str
    circuit: Circuit

    @property
    def gates(self) -> int:
        """How many operations are computed."""
        return len(self.circuit.steps)

    @property
    def branches(self) -> int:
        """How many nodes go to several places, so that their gradient is a sum."""
        return len(self.circuit.branches)

    @property
    def difficulty(self) -> str:
        """What gates and branches come to: "easy", "medium" or "hard"."""
        return level(self.gates, self.branches)

    @property
    def expression(self) -> str:
        """One expression in Python; a part that goes to several places stands there several times."""
        return self.circuit.expression

    @property
    def source(self) -> str:
        """Lines of Python, one for each gate; the last one computes f."""
        return self.circuit.source

    @property
    def formula(self) -> str:
        """The expression in the signs of mathematics."""
        return plain(self.circuit.term, self.language)

    @property
    def latex(self) -> str:
        """The expression in LaTeX, for a place within mathematics."""
        return mathematics(self.circuit.term, self.language)

    @property
    def steps(self) -> list[dict[str, Any]]:
        """For each gate its name, its operation, the names of its operands and its formula."""
        return [
            {
                "name": step.name,
                "operation": step.gate.operation.name,
                "operands": [*step.operands],
                "formula": plain(step.term, self.language),
            }
            for step in self.circuit.steps
        ]

    @cached_property
    def leaves(self) -> dict[str, float]:
        """The numbers that are given."""
        return {name: float(number) for name, number in self.circuit.leaves.items()}

    @cached_property
    def values(self) -> dict[str, float]:
        """The number at each node: leaves, gates, and f at the end."""
        return {name: float(number) for name, number in self.circuit.values.items()}

    @cached_property
    def gradients(self) -> dict[str, float]:
        """The gradient of f with respect to each node."""
        return {name: float(number) for name, number in self.circuit.gradients.items()}

    @property
    def to_find(self) -> tuple[str, ...]:
        """The names whose gradients are asked for: the leaves."""
        return tuple(self.circuit.leaves)

    @property
    def decimals(self) -> int:
        """How many decimals are shown of a number that has more."""
        return DECIMALS

    @property
    def tolerance(self) -> float:
        """How far from the exact number an answer may be."""
        return float(TOLERANCE)

    @property
    def task(self) -> str:
        """What is to be done, and how precisely."""
        return " ".join([plain(sentence, self.language) for sentence in self._tell.task()])

    @property
    def call(self) -> str:
        """The line of Python that makes this exercise again."""
        return (
            f"practice.exercise({self.seed}, operations={' '.join(self.operations)!r}, "
            f"difficulty=({self.gates}, {self.branches}), language={self.language!r})"
        )

    def graph(self) -> dict[str, Value]:
        """The computation in Values, by their names, which are their labels; f is the root.

        >>> from autograd.practice import exercise
        >>> task = exercise(seed=7)
        >>> nodes = task.graph()
        >>> nodes["f"].backward()
        >>> nodes["x"].grad == task.gradients["x"]
        True
        """
        nodes = {name: Value(number, name) for name, number in self.leaves.items()}
        for step in self.circuit.steps:
            nodes[step.name] = step.gate.applied([nodes[operand] for operand in step.operands])
            nodes[step.name].label = step.name
        return nodes

    def check(self, answers: Mapping[str, object], language: str | None = None) -> Marking:
        """Mark answers, which are numbers or texts, by the names of their nodes.

        Answers for the leaves are asked for. Those for other nodes are marked too, and a wrong answer that merely
        follows from one of these is told as such. Raises ValueError for a name that no node has, and TypeError where
        the answers have no names.
        """
        return marking(self.circuit, answers, self.language if language is None else chosen(language))

    # Forms ----------------------------------------------------------------------------------------

    def to_markdown(self, solution: str = "folded") -> str:
        """Markdown, with mathematics between dollar signs, as GitHub and Jupyter show it.

        The solution unfolds; it can also be left out ("none"), stand in the open ("open") or alone ("only").
        """
        return forms.markdown(self._tell, known(solution))

    def to_latex(self, solution: str = "none") -> str:
        """LaTeX, for a document that uses amsmath, and longtable for an exercise of many gates."""
        return forms.latex(self._tell, known(solution))

    def cells(self, solution: str = "folded", place: int = 1) -> list[dict[str, Any]]:
        """Cells of a notebook in which `practice` is imported; the one of code marks the answers filled in."""
        return forms.cells(self._tell, self.call, place, known(solution))

    def to_dict(self, solution: bool = True) -> dict[str, Any]:
        """All of it, as JSON takes it.

        | field | |
        | --- | --- |
        | seed, operations, language, call | what it was made from, and the line of Python that makes it again |
        | difficulty, gates, branches | how hard it is |
        | expression, source | Python: one expression, and a line for each gate |
        | formula, latex | the expression in mathematics |
        | steps | for each gate its name, operation, operands and formula |
        | leaves | the numbers that are given, by name |
        | to_find, task, decimals, tolerance | whose gradients are asked for, in words, and how precisely |
        | values, gradients | only with the solution: the numbers at all nodes, by name |
        | explanation | only with the solution: for each node but f the lines of its chain rule |
        """
        asked = {name: getattr(self, name) for name in ASKED}
        if solution:
            asked |= {"values": self.values, "gradients": self.gradients, "explanation": self._explanation()}
        return {name: [*field] if isinstance(field, tuple) else field for name, field in asked.items()}

    def _explanation(self) -> dict[str, list[str]]:
        return {
            name: [plain(step, self.language) for step in self._tell.steps(name)]
            for name in forms.backwards(self._tell)
        }

    def to_json(self, solution: bool = True) -> str:
        """The same as a text."""
        return as_json(self.to_dict(solution))

    @cached_property
    def _tell(self) -> Teller:
        return Teller(self.circuit, self.language)

    def __repr__(self) -> str:
        leaves = ", ".join([f"{name}={number:g}" for name, number in self.leaves.items()])
        return f"<{self.difficulty} exercise {self.seed}: {self.expression}, {leaves}>"

    def _repr_markdown_(self) -> str:
        return self.to_markdown("none")


@dataclass(frozen=True, repr=False)
class Sheet(Sequence[Exercise]):
    """Exercises, numbered from 1, in the same forms as one; made by `practice.sheet`."""

    seed: int
    language: str
    exercises: tuple[Exercise, ...]

    def __getitem__(self, place: Any) -> Any:
        return self.exercises[place]

    def __len__(self) -> int:
        return len(self.exercises)

    def __iter__(self) -> Iterator[Exercise]:
        return iter(self.exercises)

    def __repr__(self) -> str:
        return "\n".join([f"{place}. {each!r}" for place, each in enumerate(self, 1)])

    def to_markdown(self, solution: str = "folded") -> str:
        """A page of Markdown; solutions in the open stand apart, at its end."""
        if known(solution) == "open":
            return f"{self._page('title', 'none')}\n{self._page('solutions', 'only')}"
        return self._page("solutions" if solution == "only" else "title", solution)

    def _page(self, title: str, solution: str) -> str:
        parts = [f"## {each.title(place)}\n\n{forms.markdown(each, solution)}" for place, each in self._numbered()]
        made = f"<!-- autograd practice, seed {self.seed} -->"
        return "\n\n".join([f"# {self._words[title]}", *parts, made]) + "\n"

    def to_latex(self, solution: str = "none") -> str:
        """A document for LaTeX's class article: the sheet, and if asked for, on pages of their own, the solutions."""
        say, pages = self._words, []
        if known(solution) != "only":
            begin = [forms.heading(say["title"]), f"{say['name']} \\hrulefill", "\\bigskip"]
            pages.append([*begin, *self._latex_parts("none")])
        if solution != "none":
            pages.append([forms.heading(say["solutions"]), *self._latex_parts("only")])
        return forms.document(pages, self.seed)

    def _latex_parts(self, solution: str) -> list[str]:
        return [forms.latex(each, solution, each.title(place)) for place, each in self._numbered()]

    def to_notebook(self, solution: str = "folded") -> dict[str, Any]:
        """A notebook, by nbformat 4.5, in which each exercise is asked, marked and solved."""
        begin = [forms.text_cell("title", f"# {self._words['title']}")]
        if known(solution) != "only":
            begin.append(forms.code_cell("import", "from autograd import practice"))
        cells = [cell for place, each in enumerate(self, 1) for cell in each.cells(solution, place)]
        return forms.notebook([*begin, *cells])

    def to_ipynb(self, solution: str = "folded") -> str:
        """The notebook as the text of a file."""
        return as_json(self.to_notebook(solution))

    def to_dict(self, solution: bool = True) -> dict[str, Any]:
        """All of it, as JSON takes it: seed, language, and in exercises what `Exercise.to_dict` has of each."""
        return {
            "seed": self.seed,
            "language": self.language,
            "exercises": [each.to_dict(solution) for each in self],
        }

    def to_json(self, solution: bool = True) -> str:
        """The same as a text."""
        return as_json(self.to_dict(solution))

    def _numbered(self) -> Iterator[tuple[int, Teller]]:
        return enumerate([Teller(each.circuit, self.language) for each in self], 1)

    @property
    def _words(self) -> Mapping[str, str]:
        return words("practice", self.language)

    def _repr_markdown_(self) -> str:
        return self.to_markdown("none")


def known(solution: str) -> str:
    """What is to be written of the solution, if there is such a form."""
    return str(choice("solution", solution, forms.SOLUTIONS))


def as_json(thing: Any) -> str:
    """A file of JSON."""
    return json.dumps(thing, ensure_ascii=False, indent=1) + "\n"
