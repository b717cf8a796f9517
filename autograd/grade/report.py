"""The verdict: the outcome of each check, the mistake that explains it, and how that reads in 80 columns.

>>> from .checks import CHECKS
>>> (result,) = diagnosed([Result(CHECKS[0], Outcome(answers=(3.0, 1.0)))])
>>> result.status, result.mistake.partition(":")[0]
('failed', 'a gradient that starts at 1 in each new node')
"""

import functools
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .. import markup
from ..terminal import printable
from .checks import ANYTHING, MAY_PASS, RESTS_ON, Answers, Check
from .trial import Outcome

PASSED, FAILED, MISSING, NOT_RUN = "passed", "failed", "missing", "not run"

WIDTH = 80

# How many failures without a known mistake are shown in full, and how many are only named, in one place.
SHOWN, MENTIONED = 3, 6


@dataclass(frozen=True)
class Result:
    """A check and its outcome; as text, what was run, what came out, what is right, and which mistake it was."""

    check: Check
    outcome: Outcome
    mistake: str = ""
    follows: bool = False  # whether something that it rests on fails

    @property
    def status(self) -> str:
        """One of "passed", "failed", "missing", "not run"."""
        if self.outcome.unreached:
            return NOT_RUN
        if self.outcome.missing:
            return MISSING
        return PASSED if _same(tuple(self.check.right.values()), self.outcome, self.check) else FAILED

    def __str__(self) -> str:
        if self.status != FAILED:
            return f"{self.status}: {self.outcome.unreached or self.outcome.missing or self.check.name}"
        paragraphs = [_filled(f"FAILED: {self.check.name}."), textwrap.indent(self.check.program, " " * 8)]
        came_out, right = self.difference()
        paragraphs.append(f"{_entry('came out', came_out)}\n{_entry('right', right)}")
        if self.mistake:
            paragraphs.append(_filled(f"This is what you get with {self.mistake}.", indent=4))
        elif self.follows:
            paragraphs.append(_filled("It depends on what fails in other checks, which may be the reason.", indent=4))
        return printable("\n\n".join(paragraphs))

    def difference(self) -> tuple[str, str]:
        """What came out and what is right, of the answers that differ."""
        right = self.check.right
        if self.outcome.error:
            return self.outcome.error, _equations(right)
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

    @property
    def failures(self) -> list[Result]:
        """The results that are failures."""
        return [result for result in self.results if result.status == FAILED]

    @property
    def ok(self) -> bool:
        """Whether all checks were run, and none failed."""
        return all(result.status in (PASSED, MISSING) for result in self.results)

    @property
    def mistakes(self) -> list[str]:
        """The mistakes that explain failures, each once."""
        return list(dict.fromkeys(result.mistake for result in self.failures if result.mistake))

    def __str__(self) -> str:
        paragraphs = [self.subject]
        if self.failures:
            paragraphs.append(f"Before each program:\n\n{textwrap.indent(self.preamble, ' ' * 8)}")
        named, unnamed, later = self._groups()
        # One mistake often makes many checks fail: the first is shown, the others are mentioned.
        for first, *others in named + unnamed[:SHOWN]:
            paragraphs.append(str(first))
            if others:
                paragraphs.append(f"    It also shows in\n{_mentioned(others)}")
        if rest := [result for group in unnamed[SHOWN:] for result in group]:
            paragraphs.append(f"Also FAILED:\n{_mentioned(rest)}")
        if later:
            head = _filled("Also FAILED, perhaps for the same reason; fix that first, and grade again:")
            paragraphs.append(f"{head}\n{_mentioned(later)}")
        if missing := self._missing():
            # A line may end between two expressions, not within one.
            whole = ", ".join(missing).replace(" ", "\N{NO-BREAK SPACE}").replace(",\N{NO-BREAK SPACE}", ", ")
            paragraphs.append(_filled(f"Missing, which is not a failure: {whole}.").replace("\N{NO-BREAK SPACE}", " "))
        if not_run := self._not_run():
            paragraphs.append(_filled(not_run))
        paragraphs.append(self._counts())
        return printable("\n\n".join(paragraphs))

    def _groups(self) -> tuple[list[list[Result]], list[list[Result]], list[Result]]:
        """The failures that are alike: those with a known mistake, those without, and those that may follow."""
        alike: dict[str, list[Result]] = {}
        for result in self.failures:
            if result.follows and not result.mistake:
                continue
            alike.setdefault(result.mistake or result.outcome.error or result.check.name, []).append(result)
        return (
            [group for group in alike.values() if group[0].mistake],
            [group for group in alike.values() if not group[0].mistake],
            [result for result in self.failures if result.follows and not result.mistake],
        )

    def _missing(self) -> list[str]:
        return list(dict.fromkeys(result.outcome.missing for result in self.results if result.status == MISSING))

    def _not_run(self) -> str:
        found = dict.fromkeys(result.outcome.unreached for result in self.results if result.status == NOT_RUN)
        count = sum(result.status == NOT_RUN for result in self.results)
        return f"Not run: {count} checks, because {'; '.join(found)}." if found else ""

    def _counts(self) -> str:
        counts = Counter(result.status for result in self.results)
        shown = (PASSED, FAILED, MISSING, NOT_RUN) if counts[NOT_RUN] else (PASSED, FAILED, MISSING)
        return ", ".join(f"{counts[status]} {status}" for status in shown)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return markup.document(self._blocks())

    def _blocks(self) -> Iterator[str]:
        title = f"{self.subject}: {self._counts()}"
        if rows := list(self._rows()):
            yield markup.table(title, ["check", "result", "what is wrong", "came out", "right"], rows, "wlwww")
        else:
            yield markup.heading(title)
        if self._groups()[2]:
            yield markup.paragraph("Fix what is at the top first, and grade again: the rest may follow from it.")
        if missing := self._missing():
            yield markup.paragraph(f"Missing, which is not a failure: {', '.join(missing)}.")
        if not_run := self._not_run():
            yield markup.paragraph(not_run)
        if passed := [result.check.name for result in self.results if result.status == PASSED]:
            yield markup.unfolding(f"{len(passed)} {PASSED}", [markup.bulleted(passed)])

    def _rows(self) -> Iterator[Sequence[str]]:
        """A row for each failure, those that are alike below each other."""
        named, unnamed, later = self._groups()
        for group in named + unnamed:
            for place, result in enumerate(group):
                yield self._row(
                    result, "the same mistake" if place else result.mistake or "a mistake that is not known"
                )
        for result in later:
            yield self._row(result, "perhaps one of those above")

    def _row(self, result: Result, mistake: str) -> Sequence[str]:
        program = markup.program(f"{self.preamble}\n\n{result.check.program}")
        check = markup.joined([result.check.name, markup.unfolding("program", [program])])
        return (check, FAILED, mistake, *result.difference())


# From outcomes to mistakes ------------------------------------------------------------------------


def diagnosed(results: Sequence[Result]) -> tuple[Result, ...]:
    """The results with the mistakes that explain them.

    A failure is attributed to a mistake only if everything it rests on is right: it is one of the first failures. Of
    the mistakes that give exactly its outcome, the one that explains most others is named. All other failures follow
    from the first ones, as far as one can know before those are fixed.
    """
    failed = {result.check.shows for result in results if result.status == FAILED}
    firm = [result for result in results if not failed & _foundations(result.check.shows)]
    first = [result for result in firm if result.status == FAILED]

    def denies(result: Result, suspect: str) -> bool:
        """Whether its outcome differs from that of this mistake."""
        if result.status == PASSED and suspect in MAY_PASS:
            return False
        return suspect in _all_suspects(result) and suspect not in _suspects(result)

    def excluded(suspect: str) -> bool:
        return any(result.status == PASSED and denies(result, suspect) for result in firm)

    def agreement(suspect: str) -> int:
        # What failed later may have two reasons, so it is no evidence against a mistake.
        telling = first + [result for result in results if result.status == PASSED]
        return sum(suspect in _suspects(r) for r in results) - sum(denies(r, suspect) for r in telling)

    def possible(result: Result) -> list[str]:
        return [suspect for suspect in _suspects(result) if not excluded(suspect) and agreement(suspect) > 0]

    def named(result: Result, suspects: Sequence[str]) -> Result:
        return replace(result, mistake=max(suspects, key=agreement, default=""))

    found = {result.check.name: named(result, possible(result)) for result in first}
    mistakes = {result.mistake for result in found.values()}
    for result in results:
        if result.status == FAILED and result.check.name not in found:
            later = replace(result, follows=True)
            found[result.check.name] = named(later, [s for s in _suspects(result) if s in mistakes])
    return tuple([found.get(result.check.name, result) for result in results])


@functools.cache
def _foundations(question: str) -> frozenset[str]:
    """Everything that a question rests on, down to the bottom."""
    direct = RESTS_ON.get(question, ())
    return frozenset(direct).union(*map(_foundations, direct))


def _all_suspects(result: Result) -> frozenset[str]:
    """The mistakes that give some wrong answer."""
    return frozenset[str]().union(*result.check.wrong.values())


def _suspects(result: Result) -> tuple[str, ...]:
    """The mistakes that give exactly this outcome."""
    if result.status != FAILED:
        return ()
    for answer, mistakes in result.check.wrong.items():
        if _same(answer, result.outcome, result.check):
            return mistakes
    return ()


def _same(answer: Answers | str, outcome: Outcome, check: Check) -> bool:
    if isinstance(answer, str):
        return answer == (outcome.error.partition(":")[0] or ANYTHING)
    return len(answer) == len(outcome.answers) and all(
        _close(came_out, right, check) for came_out, right in zip(outcome.answers, answer, strict=True)
    )


def _close(number: float, right: float, check: Check) -> bool:
    return abs(number - right) <= check.tolerance * abs(right) or number == right


# How things are written ---------------------------------------------------------------------------


def _mentioned(results: Sequence[Result]) -> str:
    ends = [result.outcome.error.partition(":")[0] for result in results]
    names = [f"{result.check.name}{f' ({end})' * bool(end)}" for result, end in zip(results, ends, strict=True)]
    del names[MENTIONED:]
    names += [f"and {more} more"] if (more := len(results) - MENTIONED) > 0 else []
    return "\n".join(_filled(f"- {name}", indent=4, hanging=2) for name in names)


def _equations(numbers: Mapping[str, float]) -> str:
    return ", ".join(f"{question} = {repr(number).removesuffix('.0')}" for question, number in numbers.items())


def _entry(head: str, text: str) -> str:
    return _filled(f"{head:<10}{text}", indent=4, hanging=10)


def _filled(text: str, indent: int = 0, hanging: int = 0) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )
