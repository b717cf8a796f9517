"""Answers marked: which are right, what mistake a wrong one comes from, and the step that explains it.

>>> read("-1,5"), read("1/4"), read(2), read(""), read("a lot")
(Decimal('-1.5'), Decimal('0.25'), Decimal('2.0'), None, None)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..engines import Value
from ..expression import answered
from ..ieee import is_real, real
from ..notation import decimal, shortened
from ..terminal import printable
from ..text import Name, Number, Term
from .circuit import TOLERANCE, Circuit
from .gates import CONTEXT
from .mistakes import Mistake, carried, mistakes, rounded
from .printing import plain, sentence
from .teller import Teller, derivative_of

RIGHT, WRONG, MISSING, UNREADABLE = "right", "wrong", "missing", "unreadable"

SIGNS = {RIGHT: "✓", WRONG: "✗"}

# What a wrong answer may come from as well where nothing more particular fits.
GENERAL = ("upstream", "local")


@dataclass(frozen=True, repr=False)
class Mark:
    """One answer, marked.

    `verdict` is "right", "wrong", "missing" or "unreadable"; `mistakes` are the kinds of mistake that this answer comes
    from, if it comes from typical ones; `text` says both in words; `steps` is the chain rule at this node, which gives
    the gradient away.
    """

    name: str
    answer: float | None
    gradient: float
    verdict: str
    mistakes: tuple[str, ...]
    text: str
    steps: tuple[str, ...]

    def __repr__(self) -> str:
        return printable(self.text)

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON takes it."""
        return {**vars(self), "mistakes": [*self.mistakes], "steps": [*self.steps]}


@dataclass(frozen=True, repr=False)
class Marking:
    """The marks of one exercise, printed with the steps that explain what is wrong."""

    marks: tuple[Mark, ...]
    score: str
    _markdown: str

    @property
    def correct(self) -> int:
        """How many answers are right."""
        return [mark.verdict for mark in self.marks].count(RIGHT)

    @property
    def total(self) -> int:
        """How many gradients are marked."""
        return len(self.marks)

    @property
    def right(self) -> bool:
        """Whether all are right."""
        return self.correct == self.total

    def __getitem__(self, name: str) -> Mark:
        return {mark.name: mark for mark in self.marks}[name]

    def __iter__(self) -> Iterator[Mark]:
        return iter(self.marks)

    def __len__(self) -> int:
        return len(self.marks)

    def __repr__(self) -> str:
        lines = []
        for mark in self.marks:
            lines.append(f"{SIGNS.get(mark.verdict, '·')} {mark.text}")
            lines += [f"    {step}" for step in mark.steps if mark.verdict == WRONG]
        return printable("\n".join([*lines, self.score]))

    def to_markdown(self) -> str:
        """The same for Jupyter, where what explains a mistake folds."""
        return self._markdown

    def _repr_markdown_(self) -> str:
        return self._markdown

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON takes it."""
        marks = [mark.to_dict() for mark in self.marks]
        return {"right": self.right, "correct": self.correct, "total": self.total, "score": self.score, "marks": marks}


def marking(circuit: Circuit, answers: Mapping[str, object], language: str) -> Marking:
    """Mark the answers: those for the leaves, and those for other nodes where there are some.

    Raises ValueError for an answer to what is not a node of the exercise, TypeError where answers have no names.
    """
    if not isinstance(answers, Mapping):
        raise TypeError(f"answers have names, as in check({{{next(iter(circuit.leaves))!r}: 2}})")
    for name in answers:
        if name not in circuit.gradients:
            raise ValueError(f"{name!r} is not a node of this exercise: its nodes are {', '.join(circuit.gradients)}")
    tell = Teller(circuit, language)
    numbers = {name: number for name, answer in answers.items() if (number := read(answer)) is not None}
    names = [name for name in circuit.gradients if name in circuit.leaves or not is_missing(answers.get(name))]
    told = [_marked(tell, name, answers.get(name), numbers) for name in names]
    correct = [mark.verdict for mark, _ in told].count(RIGHT)
    score = plain(tell.say("score", Number(str(correct)), Number(str(len(told)))), language)
    return Marking(
        tuple([mark for mark, _ in told]), score, "\n".join([*[block for _, block in told], "", f"**{score}**"])
    )


def _marked(tell: Teller, name: str, given: object, answers: Mapping[str, Decimal]) -> tuple[Mark, str]:
    """The mark of one answer, and how Markdown has it."""
    gradient, answer = tell.circuit.gradients[name], answers.get(name)
    verdict = _verdict(given, answer, gradient)
    wrong = _mistakes(tell.circuit, name, answers) if verdict == WRONG else []
    sentences = [_sentence(tell, name, verdict, given, answer)]
    sentences += [tell.say(f"mistake {mistake.kind}", *mistake.about) for mistake in wrong]
    steps = tell.steps(name)
    mark = Mark(
        name,
        None if answer is None else float(answer),
        float(gradient),
        verdict,
        tuple([mistake.kind for mistake in wrong]),
        " ".join([plain(each, tell.language) for each in sentences]),
        tuple([plain(each, tell.language) for each in steps]),
    )
    lines = [" ".join([sentence(each, tell.language) for each in sentences])]
    lines += [sentence(each, tell.language) for each in steps] if verdict == WRONG else []
    # Two blanks at the end of a line make the next one begin below it.
    return mark, f"- {SIGNS.get(verdict, '·')} " + "  \n  ".join(lines)


def read(answer: object) -> Decimal | None:
    """The number that someone has answered, also as a text, with a decimal point or comma; None where it is none."""
    if isinstance(answer, Value):
        answer = answer.data
    if isinstance(answer, str):
        answer = answered(answer)
    if isinstance(answer, Decimal):
        number = answer
    elif is_real(answer) and not isinstance(answer, bool):
        # By its shortest digits: 0.1 is meant to be a tenth.
        number = Decimal(repr(real(answer)))
    else:
        return None
    return number if number.is_finite() else None


def is_missing(answer: object) -> bool:
    """Whether nothing has been answered."""
    return answer is None or (isinstance(answer, str) and not answer.strip())


def _verdict(given: object, answer: Decimal | None, gradient: Decimal) -> str:
    if is_missing(given):
        return MISSING
    if answer is None:
        return UNREADABLE
    return RIGHT if is_near(answer, gradient) else WRONG


def is_near(answer: Decimal, number: Decimal) -> bool:
    """Whether an answer counts as this number."""
    return CONTEXT.subtract(answer, number).copy_abs() <= TOLERANCE


def _mistakes(circuit: Circuit, name: str, answers: Mapping[str, Decimal]) -> list[Mistake]:
    """The mistakes that this wrong answer comes from."""
    answer = answers[name]
    follows = carried(circuit, name, answers)
    if follows is not None and is_near(answer, follows):
        sources = [flow.step.name for flow in circuit.arriving[name]]
        first = next(
            each for each in sources if each in answers and not is_near(answers[each], circuit.gradients[each])
        )
        return [Mistake("carried", follows, (derivative_of(circuit.root, first),))]
    fitting = {mistake.kind: mistake for mistake in mistakes(circuit, name) if is_near(answer, mistake.answer)}
    particular = [mistake for kind, mistake in fitting.items() if kind not in GENERAL]
    coarse = rounded(circuit, name, answer)
    return particular or list(fitting.values()) or ([coarse] if coarse else [])


def _sentence(tell: Teller, name: str, verdict: str, given: object, answer: Decimal | None) -> Term:
    symbol = tell.partial(name)
    if verdict == MISSING:
        return tell.say(verdict, symbol)
    # What was typed is told as it was typed.
    if isinstance(given, str) or answer is None:
        return tell.say(verdict, symbol, Name(shortened(str(given).strip(), 40)))
    return tell.say(verdict, symbol, Number(decimal(float(answer), digits=6)))
