"""Formulas and sentences of explanations and of programs, as terms: printed, text or LaTeX.

>>> from autograd.operations import OPERATIONS
>>> derivative(OPERATIONS["reciprocal"], 0, [Name("v7")]).latex
'-\\\\frac{1}{v_{7}^2}'

The formulas are those of the rule book, with the operands' names or numbers put in place of its parameters.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from string import Formatter
from typing import Any

from . import notation
from .book import OPERATIONS, Operation
from .text import DOTS, NOTHING, Call, Index, Name, Number, Prose, Row, Term, changed, parse, substitute


def prose(template: str, *terms: Term | str, **named: Term | str) -> Term:
    """A sentence with terms, or words, in the places of its {} and {name}.

    >>> prose("{} arrives.", Name("x1")).latex
    'x_{1}\\\\text{ arrives.}'
    >>> prose("{x} or {sign}{x}", x=Name("x"), sign="−").text
    'x or −x'
    """
    following = iter(terms)
    pieces: list[Term | str] = []
    for words, name, *_ in Formatter().parse(template):
        pieces.append(words)
        if name is not None:
            pieces.append(named[name] if name else next(following))
    if next(following, None) is not None:
        raise ValueError(f"{template!r} has fewer places than terms")
    return Prose(tuple(_together(pieces)))


def _together(pieces: Iterable[Term | str]) -> Iterator[Term | str]:
    """The pieces of a sentence, words beside words in one piece, and none that is empty."""
    for are_words, beside in groupby(pieces, key=lambda piece: isinstance(piece, str)):
        if not are_words:
            yield from beside
        elif words := "".join(map(str, beside)):
            yield words


def joined(terms: Iterable[Term], between: str) -> Term:
    """Terms with a sign between, such as " = "; one alone by itself, and NOTHING where there is none."""
    terms = tuple(terms)
    return Row(between, terms) if len(terms) > 1 else terms[0] if terms else NOTHING


def product(factors: Iterable[Term]) -> Term:
    """Terms with × between, sums and all but the first sign in parentheses.

    >>> product([Number("-1"), Number("-2"), parse("1−x")]).text
    '−1 × (−2) × (1−x)'
    """
    return joined(factors, " × ")


def same(term: Term, other: Term) -> bool:
    """Whether two sides of an equation read alike, or are one number with more and with fewer digits."""
    return term.text == other.text or (isinstance(term, Number) and isinstance(other, Number))


# Formulas of the rule book --------------------------------------------------------------------------


def applied(operation: Operation, operands: Sequence[Term]) -> Term:
    """The operation's notation, applied to operands.

    >>> from autograd.operations import OPERATIONS
    >>> applied(OPERATIONS["multiply"], [Number("-3"), Number("-2")]).text
    '−3 × (−2)'
    """
    return notation.fill(operation, _arguments(operation, operands))


def derivative(operation: Operation, place: int, operands: Sequence[Term]) -> Term:
    """The derivative of the operation towards the operand at that place; empty where the rule book has none.

    >>> from autograd.operations import OPERATIONS
    >>> names = [Name(name) for name in ("a", "b", "c", "d")]
    >>> derivative(OPERATIONS["dot"], 1, names).text
    'd'
    >>> derivative(OPERATIONS["logsumexp"], 1, names).text
    'softmax([a, b, c, d])[1]'
    """
    spans = _spans(operation, len(operands))
    which = next(which for which, span in enumerate(spans) if place in span)
    if which >= len(operation.derivatives):
        return NOTHING
    term = parse(operation.derivatives[which])
    places = notation.places(operation, _arguments(operation, operands))
    if isinstance(operation.domain[which], list):
        item = place - spans[which].start
        items = {
            name: operands[span[item]]
            for name, domain, span in zip(operation.parameters, operation.domain, spans, strict=True)
            if isinstance(domain, list)
        }
        term = _of_item(term, item, items, operation)
        places |= {f"{name}_i": x for name, x in items.items()}
        places |= {f"{name.removesuffix('s')}_i": x for name, x in items.items()}
    return substitute(term, places)


def _of_item(term: Term, item: int, lists: Collection[str], operation: Operation) -> Term:
    """A derivative towards one item of lists, in which xs stands for that item, xs_i.

    The list itself is what a function is applied to. One that is no operation, as softmax, answers a list again, and
    the derivative is the item of that.
    """
    match term:
        case Name(name) if name in lists:
            return Name(f"{name}_i")
        case Call(function, arguments) if any(isinstance(x, Name) and x.name in lists for x in arguments):
            return term if _answers_number(function, operation) else Index(term, Number(str(item)))
    return changed(term, lambda part: _of_item(part, item, lists, operation))


def _answers_number(function: str, operation: Operation) -> bool:
    """Whether a function is an operation, as formulas call it."""
    return any(notation.called(declared) == function for declared in (operation, *OPERATIONS.values()))


def _arguments(operation: Operation, operands: Sequence[Term]) -> list[Term | list[Term]]:
    """The operands as the parameters take them, of long lists the first and the last."""
    return [
        [DOTS if i is DOTS else operands[i] for i in notation.few(span, DOTS)]
        if isinstance(domain, list)
        else operands[span[0]]
        for domain, span in zip(operation.domain, _spans(operation, len(operands)), strict=True)
    ]


def _spans(operation: Operation, count: int) -> list[range]:
    """The places of the operands of each parameter, of which a list has many."""
    length = (count - len(operation.domain)) // max(1, operation.list_count) + 1
    spans, start = [], 0
    for domain in operation.domain:
        spans.append(range(start, start + (length if isinstance(domain, list) else 1)))
        start = spans[-1].stop
    return spans


class Lazy(Sequence[Term]):
    """Formulas that are written when they are asked for: of a million operands, a formula shows eight."""

    def __init__(self, count: int, write: Callable[[int], Term]) -> None:
        self._count, self._write = count, write

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        return self._write(place)


# Names ------------------------------------------------------------------------------------------------


def named(labels: Sequence[str], letters: str = "vunst") -> list[str]:
    """The labels; where there is none, a letter and a number; of equal ones, the second as x₂.

    >>> named(["x", "", "x", ""])
    ['x', 'v1', 'x₂', 'v2']
    """
    letter = free_letter(labels, letters)
    unlabelled = itertools.count(1)
    names, taken = [], set(labels)
    found: dict[str, int] = defaultdict(int)
    for label in labels:
        found[label] += 1
        name = label
        if not label:
            name = f"{letter}{next(unlabelled)}"
        elif found[label] > 1:
            while (name := label + str(found[label]).translate(LOW)) in taken:
                found[label] += 1
            taken.add(name)
        names.append(name)
    return names


def free_letter(labels: Iterable[str], letters: str = "vunst") -> str:
    """The first letter that no label has before a number.

    >>> free_letter(["v1", "x"])
    'u'
    """
    known = set(labels)
    more = map(letters[0].__mul__, itertools.count(2))
    return next(x for x in itertools.chain(letters, more) if not any(re.fullmatch(rf"{x}\d+", y) for y in known))


LOW = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def shorter(parts: Collection[str]) -> tuple[dict[str, str], dict[str, str]]:
    """A short name for each part of a path that has a number, and the words that the initials stand for.

    >>> shorter(["layers.0", "head", "neurons.2"])
    ({'layers.0': 'L0', 'neurons.2': 'N2'}, {'L': 'layers', 'N': 'neurons'})

    There is none where two words have one initial.
    """
    indexed = {part: found for part in parts if (found := _INDEXED.fullmatch(part))}
    initials = {found[1][0].upper(): found[1] for found in sorted(indexed.values(), key=itemgetter(1))}
    if len(initials) < len({found[1] for found in indexed.values()}):
        return {}, {}
    return {part: found[1][0].upper() + found[2] for part, found in indexed.items()}, initials


# The name of a scope such as layers.0.
_INDEXED = re.compile(r"([A-Za-z]\w*)\.(\d+)")
