"""Formulas and sentences of an explanation, as terms: printed, text or LaTeX.

>>> from autograd.operations import OPERATIONS
>>> derivative(OPERATIONS["reciprocal"], 0, [Name("v7")]).latex
'-\\\\frac{1}{v_{7}^2}'

The formulas are those of the rule book, with the operands' names or numbers put in place of its parameters.
"""

from collections.abc import Collection, Iterable, Sequence
from itertools import zip_longest

from .. import notation
from ..book import OPERATIONS, Operation
from ..text import DOTS, NOTHING, Call, Index, Name, Number, Prose, Row, Term, changed, parse, substitute


def prose(template: str, *terms: Term) -> Term:
    """A sentence with terms in the places of its {}.

    >>> prose("{} arrives.", Name("x1")).latex
    'x_{1}\\\\text{ arrives.}'
    """
    words = template.split("{}")
    if len(words) != len(terms) + 1:
        raise ValueError(f"{template!r} has {len(words) - 1} places for {len(terms)} terms")
    pieces = [piece for pair in zip_longest(words, terms) for piece in pair]
    return Prose(tuple([piece for piece in pieces if piece]))


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
