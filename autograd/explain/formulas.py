"""Formulas in two scripts: as text for the terminal, and in LaTeX.

>>> from autograd.operations import OPERATIONS
>>> derivative(OPERATIONS["reciprocal"], 0, [named("v7")])
Formula(text='−1/v7²', latex='-\\\\frac{1}{v_{7}^2}')

The formulas are those of the rule book, with the operands' names or numbers put in place of its parameters.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from .. import notation
from ..book import Operation


class Formula(NamedTuple):
    """One formula, or one line of prose with formulas in it."""

    text: str
    latex: str


NOTHING = Formula("", "")
DOTS = Formula("…", r"\dots")


def prose(template: str, *formulas: Formula) -> Formula:
    """A sentence with formulas in the places of its {}.

    >>> prose("{} arrives.", named("x1"))
    Formula(text='x1 arrives.', latex='x_{1}\\\\text{ arrives.}')
    """
    pieces = template.split("{}")
    latex = verbatim(pieces[0])
    for formula, piece in zip(formulas, pieces[1:], strict=True):
        # In braces, a minus sign is that of a number and no operator between two words.
        latex += (f"{{{formula.latex}}}" if formula.latex.startswith("-") else formula.latex) + verbatim(piece)
    return Formula(template.format(*[formula.text for formula in formulas]), latex)


def joined(formulas: Iterable[Formula], between: str) -> Formula:
    """Formulas with a sign between, such as = or ×."""
    formulas = list(formulas)
    sign = between.translate(_SIGNS)
    return Formula(between.join([x.text for x in formulas]), sign.join([x.latex for x in formulas]))


_SIGNS = str.maketrans({"×": r"\times", "→": r"\to", ",": r",\;"})


def number(number: float, digits: int) -> Formula:
    """A number to so many significant digits."""
    text = notation.decimal(number, digits)
    mantissa, e, exponent = text.partition("e")
    if e:
        return Formula(text, rf"{mantissa} \cdot 10^{{{int(exponent)}}}")
    return Formula(text, {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}.get(text, text))


def product(factors: Iterable[Formula]) -> Formula:
    """Formulas with × between, sums and all but the first sign in parentheses.

    >>> product([number(-1.0, 4), number(-2.0, 4), Formula("1−x", "1-x")]).text
    '-1 × (-2) × (1−x)'
    """
    first, *others = [_enclosed(x) if _is_sum(x.text) else x for x in factors]
    return joined([first, *map(signless, others)], " × ")


def signless(formula: Formula) -> Formula:
    """A formula to stand behind a sign, in parentheses where it begins with one itself."""
    return _enclosed(formula) if formula.text.startswith(("-", "−")) else formula


def _is_sum(text: str) -> bool:
    """Whether there is + or − between terms, outside of all parentheses."""
    depth = 0
    for character in text[1:]:
        depth += (character in "([") - (character in ")]")
        if character in "+−" and depth == 0:
            return True
    return False


def _enclosed(formula: Formula) -> Formula:
    return Formula(f"({formula.text})", f"({formula.latex})")


# Names ----------------------------------------------------------------------------------------------

_GREEK = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_ACCENTS = {"\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar"}
_LOW_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_MATHEMATICAL = re.compile(rf"([A-Za-z{_GREEK}])([{''.join(_ACCENTS)}]?)_?(\d*|[₀-₉]*)", re.ASCII)


def named(name: str) -> Formula:
    """The name of a node. In LaTeX, w0 and w_0 get an index and ŷ its hat; what is no letter of mathematics is text.

    >>> named("w0").latex, named("σ").latex, named("ŷ").latex, named("my_loss").latex
    ('w_{0}', '\\\\sigma', '\\\\hat{y}', '\\\\text{my}\\\\_\\\\text{loss}')
    """
    match = _MATHEMATICAL.fullmatch(unicodedata.normalize("NFD", name))
    if not match:
        return Formula(name, verbatim(name))
    letter, accent, index = match.groups()
    latex = _greek(letter) if letter in _GREEK else letter
    if accent:
        latex = f"{_ACCENTS[accent]}{{{latex}}}"
    return Formula(name, f"{latex}_{{{index.translate(_LOW_DIGITS)}}}" if index else latex)


def _greek(letter: str) -> str:
    """The command for a letter: from its name, such as GREEK CAPITAL LETTER LAMDA, which Unicode writes without b."""
    *_, size, _, name = unicodedata.name(letter).replace("LAMDA", "LAMBDA").split()
    return f"\\{name.capitalize() if size == 'CAPITAL' else name.lower()}"


# What acts in LaTeX instead of being shown, or is missing in fonts of text, or turns into something else there, as
# << and -- do. It is set in mathematics, between pieces of text: MathJax does not know all of it inside \text.
_ACTING = {
    "\\": r"\backslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\text{\textasciicircum}",
    "~": r"\text{\textasciitilde}",
    "<": "{<}",
    ">": "{>}",
    "|": r"\vert{}",
    "-": r"\text{-}",
    "`": r"\text{`}",
    "'": r"\text{'}",
    "…": r"\dots{}",
    "×": r"\times{}",
    "·": r"\cdot{}",
    "−": "{-}",
    **{digit: rf"{{}}^{{{value}}}" for value, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{digit: rf"{{}}_{{{value}}}" for value, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}


def verbatim(text: str) -> str:
    """LaTeX, for a place within a formula, that shows a text as it is."""
    # An ordinary blank would be lost beside another one.
    text = text.replace("  ", "\u00a0\u00a0")
    pieces = re.split(f"([{re.escape(''.join(_ACTING))}])", text)
    return "".join([_ACTING.get(piece) or f"\\text{{{piece}}}" for piece in pieces if piece])


# Formulas of the rule book --------------------------------------------------------------------------


def applied(operation: Operation, operands: Sequence[Formula]) -> Formula:
    """The operation's notation, applied to operands.

    >>> from autograd.operations import OPERATIONS
    >>> applied(OPERATIONS["multiply"], [number(-3.0, 4), number(-2.0, 4)])
    Formula(text='-3 × (-2)', latex='-3 \\\\cdot (-2)')
    """
    places = _places(operation, operands)
    text = _filled(operation.notation, places)
    if operation.list_count:
        # In the rule book's LaTeX an index runs over x_i; here the operands themselves are to stand.
        name = operation.name.replace("_", r"\_")
        return Formula(text, rf"\operatorname{{{name}}}({', '.join([place.latex for place in places.values()])})")
    return Formula(text, _filled_latex(operation, 0, places) or verbatim(text))


def derivative(operation: Operation, place: int, operands: Sequence[Formula]) -> Formula:
    """The derivative of the operation towards the operand at that place; empty where the rule book has none.

    >>> from autograd.operations import OPERATIONS
    >>> names = [named(name) for name in ("a", "b", "c", "d")]
    >>> derivative(OPERATIONS["dot"], 1, names)
    Formula(text='d', latex='d')
    >>> derivative(OPERATIONS["logsumexp"], 1, names).text
    'softmax([a, b, c, d])[1]'
    """
    spans = _spans(operation, len(operands))
    which = next(which for which, span in enumerate(spans) if place in span)
    if which >= len(operation.derivatives):
        return NOTHING
    formula = operation.derivatives[which]
    places = _places(operation, operands)
    index = ""
    if isinstance(operation.domain[which], list):
        # Towards an item of a list, lists stand for their items at the same place, as x_i and y_i do in LaTeX; but
        # one that is the argument of a function, as in softmax(xs), stands for itself.
        item = place - spans[which].start
        for name, domain, span in zip(operation.parameters, operation.domain, spans, strict=True):
            if isinstance(domain, list):
                if re.search(rf"\w\({re.escape(name)}\)", formula):
                    index = f"[{item}]"
                else:
                    places[name] = operands[span[item]]
                places[f"{name.removesuffix('s')}_i"] = operands[span[item]]
    text = _filled(formula, places) + index
    return Formula(text, _filled_latex(operation, 1 + which, places) or verbatim(text))


def _spans(operation: Operation, count: int) -> list[range]:
    """The places of the operands of each parameter, of which a list has many."""
    length = (count - len(operation.domain)) // max(1, operation.list_count) + 1
    spans, start = [], 0
    for domain in operation.domain:
        spans.append(range(start, start + (length if isinstance(domain, list) else 1)))
        start = spans[-1].stop
    return spans


def _places(operation: Operation, operands: Sequence[Formula]) -> dict[str, Formula]:
    """What stands for each parameter."""
    spans = zip(operation.parameters, operation.domain, _spans(operation, len(operands)), strict=True)
    return {
        name: _listed([DOTS if i is DOTS else operands[i] for i in notation.few(span, ellipsis=DOTS)])
        if isinstance(domain, list)
        else operands[span[0]]
        for name, domain, span in spans
    }


def _listed(formulas: Sequence[Formula]) -> Formula:
    return Formula(notation.listed([x.text for x in formulas]), notation.listed([x.latex for x in formulas]))


def _filled(formula: str, places: Mapping[str, Formula]) -> str:
    def write(found: re.Match[str]) -> str:
        place = places[found[0]]
        return (place if _stands_alone(found, "([|<>,") else signless(place)).text

    return notation.occurrences(places).sub(write, formula)


# What a program declares without LaTeX may be anything; this is what reads the same there.
_PLAIN = re.compile(r"(?!.*[A-Za-z]{2})[A-Za-z0-9 ()\[\]<>=,.+*/|-]*")


def _filled_latex(operation: Operation, which: int, places: Mapping[str, Formula]) -> str:
    """The notation or a derivative in LaTeX; empty if the rule book has none."""
    if which >= len(operation.latex):
        return ""
    formula = operation.latex[which]
    if formula in operation.derivatives and not _PLAIN.fullmatch(formula):
        return ""

    def write(found: re.Match[str]) -> str:
        place = places[found[0]]
        if not _stands_alone(found, "([{|<>,^"):
            # (10^{-9})^2 needs parentheses too.
            place = _enclosed(place) if "^" in place.latex else signless(place)
        return f"{{{place.latex}}}" if formula[: found.start()].endswith("^") else place.latex

    names = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    return re.sub(rf"(?<![\\A-Za-z])({names})(?![A-Za-z])", write, formula)


def same(formula: Formula, other: Formula) -> bool:
    """Whether two formulas differ at most in the minus sign, which the rule book writes longer than numbers do."""
    return formula.text.replace("−", "-") == other.text.replace("−", "-")


def _stands_alone(found: re.Match[str], opening: str) -> bool:
    """Whether a number with a sign needs no parentheses in this place of a formula."""
    before, after = found.string[: found.start()].rstrip()[-1:], found.string[found.end() :].lstrip()[:1]
    return before in opening and (not after or after not in "^²³")
