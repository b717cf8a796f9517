"""A model as a tree that unfolds, in HTML: its modules, and in these the parameters with value and gradient.

>>> from autograd import Value
>>> line = Branch("Line", 2, [("slope", Value(2.0)), ("offset", Value(1.0))], [])
>>> outline(line).count("<details"), outline(line).count("<tr>")
(1, 3)

It needs no script. What is long is shortened, so that a model of a million parameters takes no more than a few screens:
of what is alike in a row, the first ones are shown and the last, and after so many lines the rest is left out.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from .. import markup, notation
from ..engines import Value
from ..languages import chosen, count, counted, number, words
from ..text import typeset

# Of parameters in a list, and of modules in a row that are alike, so many are shown: the first ones and the last.
SHOWN = 7

# So many modules and parameters are shown in all.
LINES = 300

# Numbers have so many significant digits.
DIGITS = 4


class Branch(NamedTuple):
    """A module: what it is, its own parameters by name, and its parts, each with the attribute and the name."""

    title: str
    size: int | None  # of all parameters in it; None if it is shown above
    parameters: "Sequence[tuple[str, Value]]"
    parts: "Sequence[tuple[str, str, Branch]]"

    def line(self, language: str) -> str:
        """The module in one line."""
        same = words("model", language)["same"]
        return f"{self.title}, {same if self.size is None else counted(self.size, 'parameter', language)}"

    def kind(self) -> object:
        """What is equal for modules that look alike, whatever their numbers are."""
        return self.title, self.size, [(attribute, name, part.kind()) for attribute, name, part in self.parts]


def outline(model: Branch, language: str | None = None) -> str:
    """The model, of which the outermost parts are seen at first."""
    language = chosen(language)
    return markup.document([_Outline(language).unfolding(model.line(language), model, is_open=True)], language)


class _Outline:
    """Writes modules, as long as there are lines left for them."""

    def __init__(self, language: str) -> None:
        self.left, self.language, self.said = LINES, language, words("model", language)

    def unfolding(self, line: str, branch: Branch, is_open: bool = False) -> markup.Markup:
        self.left -= 1
        return markup.unfolding(line, [*self.parameters(branch), *self.parts(branch)], is_open)

    def parameters(self, branch: Branch) -> Iterator[str]:
        rows = [row for _, named in groupby(branch.parameters, _attribute) for row in self.rows(list(named))]
        if rows and self.left > 0:
            self.left -= len(rows)
            yield markup.table("", [self.said[head] for head in ("parameter", "value", "gradient")], rows, "lrr")

    def parts(self, branch: Branch) -> Iterator[str]:
        runs = [list(run) for _, run in groupby(branch.parts, lambda part: (part[0], part[2].kind()))]
        for place, run in enumerate(runs):
            if self.left <= 0:
                left = sum(map(len, runs[place:]))
                told = self.said["module left" if left == 1 else "modules left"]
                yield markup.paragraph(told.format(count(left, self.language)))
                return
            yield from self.run(run)

    def run(self, run: "Sequence[tuple[str, str, Branch]]") -> Iterator[str]:
        """Modules in a row that are alike: one by one, or together where they are many."""
        if len(run) <= SHOWN:
            yield from [self.unfolding(f"{name}: {branch.line(self.language)}", branch) for _, name, branch in run]
            return
        inside = [
            self.unfolding(f"{name}: {branch.line(self.language)}", branch) for _, name, branch in run[: SHOWN - 1]
        ]
        _, name, branch = run[-1]
        inside += [
            markup.paragraph(self.more(len(run))),
            self.unfolding(f"{name}: {branch.line(self.language)}", branch),
        ]
        yield markup.unfolding(
            f"{run[0][1]} … {name}: {count(len(run), self.language)} × {branch.line(self.language)}", inside
        )

    def rows(self, named: Sequence[tuple[str, Value]]) -> list[tuple[str, str, str]]:
        """The parameters of one attribute; of many, the first ones and the last."""
        shown = named if len(named) <= SHOWN else [*named[: SHOWN - 1], named[-1]]
        rows = [(name, self.decimal(value.data), self.decimal(value.grad)) for name, value in shown]
        if len(shown) < len(named):
            rows.insert(-1, (self.more(len(named)), "", ""))
        return rows

    def more(self, many: int) -> str:
        """How many of those that are alike are not shown."""
        return self.said["more"].format(count(many - SHOWN, self.language))

    def decimal(self, x: float) -> str:
        return typeset(number(notation.decimal(x, DIGITS), self.language))


def _attribute(parameter: tuple[str, Value]) -> str:
    return parameter[0].partition(".")[0]
