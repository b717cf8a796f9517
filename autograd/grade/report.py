"""The verdict: the outcome of each check, the mistake that explains it, and how that reads in 80 columns.

>>> from .checks import CHECKS
>>> (result,) = diagnosed([Result(CHECKS[0], Outcome(answers=(3.0, 1.0)))])
>>> result.status, result.mistake.partition(":")[0]
('failed', 'a gradient that starts at 1 in each new node')
"""

import textwrap
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .. import markup
from ..languages import number
from ..terminal import printable
from .checks import ANYTHING, MAY_PASS, Answers, Check, Mistake, foundations
from .texts import text, told
from .trial import Outcome

PASSED, FAILED, NOTED, MISSING, NOT_RUN = "passed", "failed", "noted", "missing", "not run"

# What a report is right with; with MISSING it is a question of who asks.
RIGHT = (PASSED, NOTED)

# The level that asks everything, which goes without saying.
EVERYTHING = "full"

WIDTH = 80

# How many failures without a known mistake are shown in full, and how many are only named, in one place.
SHOWN, MENTIONED = 3, 6


@dataclass(frozen=True)
class Result:
    """A check and its outcome; as text, what was run, what came out, what is right, and which mistake it was."""

    check: Check
    outcome: Outcome
    cause: Mistake | None = None
    follows: bool = False  # whether something that it rests on fails
    noted: bool = False  # whether its mistake is one that the level only notes
    points: float = 1.0
    language: str = "en"

    @property
    def status(self) -> str:
        """One of "passed", "failed", "noted", "missing", "not run"."""
        if self.outcome.unreached:
            return NOT_RUN
        if self.outcome.missing:
            return MISSING
        if _same(tuple(self.check.right.values()), self.outcome, self.check):
            return PASSED
        return NOTED if self.noted else FAILED

    @property
    def score(self) -> float:
        """The points that it earned."""
        return self.points if self.status in RIGHT else 0.0

    @property
    def mistake(self) -> str:
        """What the mistake is that explains it; nothing where that is not known."""
        return self.cause.told(self.language) if self.cause else ""

    @property
    def name(self) -> str:
        """What the check is called in the language of the report."""
        return self.check.told(self.language)

    @property
    def error(self) -> str:
        """Python's error, or how the program was stopped."""
        return self.outcome.error or told(self.language, self.outcome.stopped)

    def __str__(self) -> str:
        if self.status == FAILED:
            return self.failure
        reason = self.mistake or told(self.language, self.outcome.unreached) or self.outcome.missing or self.name
        return self._text(f"is {self.status}", reason)

    @property
    def failure(self) -> str:
        """What was run, what came out, what is right, and which mistake it was."""
        paragraphs = [_filled(self._text("failed", self.name)), textwrap.indent(self.check.program, " " * 8)]
        came_out, right = self.difference()
        heads = [self._text("came out"), self._text("right")]
        width = max(map(len, heads)) + 2
        entries = zip(heads, (came_out, right), strict=True)
        paragraphs.append("\n".join(_entry(head.ljust(width), entry) for head, entry in entries))
        if self.cause:
            paragraphs.append(_filled(self._text("mistake", self.mistake), indent=4))
        elif self.follows:
            paragraphs.append(_filled(self._text("depends"), indent=4))
        return printable("\n\n".join(paragraphs))

    def _text(self, name: str, *arguments: object) -> str:
        return text(self.language, name, *arguments)

    def difference(self) -> tuple[str, str]:
        """What came out and what is right, of the answers that differ."""
        right = self.check.right
        if self.error:
            return self.error, _equations(right)
        differ = {
            question: (answer, right[question])
            for question, answer in zip(right, self.outcome.answers, strict=True)
            if not _close(answer, right[question], self.check)
        }
        return (
            _equations({question: came_out for question, (came_out, _) in differ.items()}),
            _equations({question: right for question, (_, right) in differ.items()}),
        )


@dataclass(frozen=True)
class Report:
    """The results of all checks on one class; as text, the verdict."""

    subject: str
    preamble: str  # what a program needs before it can be pasted
    results: tuple[Result, ...]
    level: str = EVERYTHING
    complete: bool = False  # whether what is missing is a failure
    language: str = "en"
    refusal: str = ""  # why no check could be run

    @property
    def failures(self) -> list[Result]:
        """The results that are failures."""
        return self._of(FAILED)

    @property
    def ok(self) -> bool:
        """Whether all checks were run, and none failed."""
        right = RIGHT if self.complete else (*RIGHT, MISSING)
        return all(result.status in right for result in self.results)

    @property
    def mistakes(self) -> list[str]:
        """The mistakes that explain failures, each once."""
        return list(dict.fromkeys(result.mistake for result in self.failures if result.cause))

    @property
    def notes(self) -> list[str]:
        """The mistakes that the level only notes, each once."""
        return list(dict.fromkeys(result.mistake for result in self._of(NOTED)))

    @property
    def score(self) -> float:
        """The points that were earned."""
        return sum(result.score for result in self.results)

    @property
    def points(self) -> float:
        """The points that can be earned."""
        return sum(result.points for result in self.results)

    @property
    def summary(self) -> str:
        """The score and the counts, in one line."""
        if not self.points:
            return self._text("no score", self._counts())
        points = [decimal(points, self.language) for points in (self.score, self.points)]
        return self._text("score", *points, percentage(self.score, self.points), self._counts())

    def __str__(self) -> str:
        paragraphs = [self._heading()]
        if self.failures and self.preamble:
            paragraphs.append(f"{self._text('before')}\n\n{textwrap.indent(self.preamble, ' ' * 8)}")
        named, unnamed, later = self._groups()
        # One mistake often makes many checks fail: the first is shown, the others are mentioned.
        for first, *others in named + unnamed[:SHOWN]:
            paragraphs.append(str(first))
            if others:
                paragraphs.append(f"    {self._text('also shows')}\n{self._mentioned(others)}")
        if rest := [result for group in unnamed[SHOWN:] for result in group]:
            paragraphs.append(f"{self._text('also failed')}\n{self._mentioned(rest)}")
        if later:
            paragraphs.append(f"{_filled(self._text('follows'))}\n{self._mentioned(later)}")
        if self.notes:
            notes = "\n".join(_filled(f"- {note}", indent=4, hanging=2) for note in self.notes)
            paragraphs.append(f"{self._text('notes', self.level)}\n{notes}")
        if missing := self._missing():
            # A line may end between two expressions, not within one.
            whole = [expression.replace(" ", "\N{NO-BREAK SPACE}") for expression in missing]
            paragraphs.append(_filled(self._told_missing(whole)).replace("\N{NO-BREAK SPACE}", " "))
        if not_run := self._not_run():
            paragraphs.append(_filled(not_run))
        paragraphs.append(_filled(self.summary))
        return printable("\n\n".join(paragraphs))

    def _heading(self) -> str:
        return self.subject if self.level == EVERYTHING else f"{self.subject} ({self.level})"

    def _text(self, name: str, *arguments: object) -> str:
        return text(self.language, name, *arguments)

    def _of(self, status: str) -> list[Result]:
        return [result for result in self.results if result.status == status]

    def _groups(self) -> tuple[list[list[Result]], list[list[Result]], list[Result]]:
        """The failures that are alike: those with a known mistake, those without, and those that may follow."""
        alike: dict[str, list[Result]] = {}
        for result in self.failures:
            if result.follows and not result.cause:
                continue
            alike.setdefault(result.mistake or result.error or result.name, []).append(result)
        return (
            [group for group in alike.values() if group[0].cause],
            [group for group in alike.values() if not group[0].cause],
            [result for result in self.failures if result.follows and not result.cause],
        )

    def _missing(self) -> list[str]:
        return list(dict.fromkeys(result.outcome.missing for result in self._of(MISSING)))

    def _told_missing(self, missing: Sequence[str]) -> str:
        return self._text("missing fails" if self.complete else "missing", ", ".join(missing))

    def _not_run(self) -> str:
        not_run = self._of(NOT_RUN)
        found = dict.fromkeys(told(self.language, result.outcome.unreached) for result in not_run)
        return self._text("not run", len(not_run), "; ".join(found)) if found else ""

    def _counts(self) -> str:
        counts = Counter(result.status for result in self.results)
        shown = [s for s in (PASSED, FAILED, NOTED, MISSING, NOT_RUN) if counts[s] or s not in (NOTED, NOT_RUN)]
        return ", ".join(self._text(f"count {status}", counts[status]) for status in shown)

    def _mentioned(self, results: Sequence[Result]) -> str:
        ends = [result.error.partition(":")[0] for result in results]
        names = [f"{result.name}{f' ({end})' * bool(end)}" for result, end in zip(results, ends, strict=True)]
        del names[MENTIONED:]
        names += [self._text("and more", more)] if (more := len(results) - MENTIONED) > 0 else []
        return "\n".join(_filled(f"- {name}", indent=4, hanging=2) for name in names)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return markup.document(self._blocks())

    def _blocks(self) -> Iterator[str]:
        title = f"{self._heading()}: {self.summary}"
        if rows := list(self._rows()):
            names = ("head check", "head result", "head wrong", "came out", "right")
            yield markup.table(title, [self._text(name) for name in names], rows, "wlwww")
        else:
            yield markup.heading(title)
        if self._groups()[2]:
            yield markup.paragraph(self._text("fix first"))
        if self.notes:
            yield markup.paragraph(self._text("notes", self.level))
            yield markup.bulleted(self.notes)
        if missing := self._missing():
            yield markup.paragraph(self._told_missing(missing))
        if not_run := self._not_run():
            yield markup.paragraph(not_run)
        if passed := [result.name for result in self._of(PASSED)]:
            yield markup.unfolding(self._text(f"count {PASSED}", len(passed)), [markup.bulleted(passed)])

    def _rows(self) -> Iterator[Sequence[str]]:
        """A row for each failure, those that are alike below each other."""
        named, unnamed, later = self._groups()
        for group in named + unnamed:
            for place, result in enumerate(group):
                first = result.mistake or self._text("mistake not known")
                yield self._row(result, self._text("same mistake") if place else first)
        for result in later:
            yield self._row(result, self._text("perhaps above"))

    def _row(self, result: Result, mistake: str) -> Sequence[str]:
        program = markup.program(f"{self.preamble}\n\n{result.check.program}".lstrip())
        check = markup.joined([result.name, markup.unfolding(self._text("program"), [program])])
        return (check, self._text("result failed"), mistake, *result.difference())


# From outcomes to mistakes ------------------------------------------------------------------------


def diagnosed(results: Sequence[Result]) -> tuple[Result, ...]:
    """The results with the mistakes that explain them.

    A failure is attributed to a mistake only if everything it rests on is right: it is one of the first failures. Of
    the mistakes that give exactly its outcome, the one that explains most others is named. All other failures follow
    from the first ones, as far as one can know before those are fixed.
    """
    failed = {result.check.shows for result in results if result.status == FAILED}
    firm = [result for result in results if not failed & foundations(result.check.shows)]
    first = [result for result in firm if result.status == FAILED]

    def denies(result: Result, suspect: Mistake) -> bool:
        """Whether its outcome differs from that of this mistake."""
        if result.status == PASSED and suspect in MAY_PASS:
            return False
        return suspect in _all_suspects(result) and suspect not in _suspects(result)

    def excluded(suspect: Mistake) -> bool:
        return any(result.status == PASSED and denies(result, suspect) for result in firm)

    def agreement(suspect: Mistake) -> int:
        # What failed later may have two reasons, so it is no evidence against a mistake.
        telling = first + [result for result in results if result.status == PASSED]
        return sum(suspect in _suspects(r) for r in results) - sum(denies(r, suspect) for r in telling)

    def possible(result: Result) -> list[Mistake]:
        return [suspect for suspect in _suspects(result) if not excluded(suspect) and agreement(suspect) > 0]

    def named(result: Result, suspects: Sequence[Mistake]) -> Result:
        return replace(result, cause=max(suspects, key=agreement, default=None))

    found = {result.check.name: named(result, possible(result)) for result in first}
    mistakes = {result.cause for result in found.values()}
    for result in results:
        if result.status == FAILED and result.check.name not in found:
            later = replace(result, follows=True)
            found[result.check.name] = named(later, [s for s in _suspects(result) if s in mistakes])
    return tuple([found.get(result.check.name, result) for result in results])


def noted(results: Sequence[Result], mistakes: Collection[Mistake]) -> tuple[Result, ...]:
    """The results, of which those that fail by one of these mistakes are only notes.

    What may follow from something else is a note, too, if it looks like one of them: it would be one without that.
    """

    def cause(result: Result) -> Mistake | None:
        likely = [suspect for suspect in _suspects(result) if suspect in mistakes and result.follows]
        return result.cause or next(iter(likely), None)

    causes = [(result, cause(result)) for result in results]
    return tuple([replace(result, cause=found, noted=found in mistakes) for result, found in causes])


def _all_suspects(result: Result) -> frozenset[Mistake]:
    """The mistakes that give some wrong answer."""
    return frozenset[Mistake]().union(*result.check.wrong.values())


def _suspects(result: Result) -> tuple[Mistake, ...]:
    """The mistakes that give exactly this outcome."""
    if result.status != FAILED:
        return ()
    for answer, mistakes in result.check.wrong.items():
        if _same(answer, result.outcome, result.check):
            return mistakes
    return ()


def _same(answer: Answers | str, outcome: Outcome, check: Check) -> bool:
    if isinstance(answer, str):
        return answer == (outcome.kind or ANYTHING)
    return len(answer) == len(outcome.answers) and all(
        _close(came_out, right, check) for came_out, right in zip(outcome.answers, answer, strict=True)
    )


def _close(answer: float, right: float, check: Check) -> bool:
    return abs(answer - right) <= check.tolerance * abs(right) or answer == right


# How things are written ---------------------------------------------------------------------------


def decimal(points: float, language: str) -> str:
    """Points as one writes them: whole, or with the comma of the language.

    >>> decimal(42.0, "en"), decimal(2.5, "pt")
    ('42', '2,5')
    """
    return number(f"{points:.2f}".rstrip("0").rstrip("."), language)


def percentage(score: float, points: float) -> int:
    """The score of 100, rounded down: only all of the points are 100.

    >>> percentage(199, 200), percentage(0.29, 1.0)
    (99, 29)
    """
    return int(round(100 * score / points, 6))  # 100 * 0.29 is a little less than 29


def _equations(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{question} = {repr(number).removesuffix('.0')}" for question, number in numbers.items())


def _entry(head: str, entry: str) -> str:
    return _filled(f"{head}{entry}", indent=4, hanging=len(head))


def _filled(paragraph: str, indent: int = 0, hanging: int = 0) -> str:
    return textwrap.fill(
        paragraph,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
