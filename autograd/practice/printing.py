"""How the terms of an exercise are printed in each form, and numbers as the language writes them.

>>> from autograd.formulas import prose
>>> from autograd.text import Number, parse
>>> told = prose("{} is {}.", parse("∂f/∂x_1"), Number("-0.5"))
>>> plain(told, "pt")
'∂f/∂x_1 is −0,5.'
>>> print(sentence(told, "pt"))
$\\frac{\\partial f}{\\partial x_{1}}$ is $-0{,}5$.
"""

import re

from ..text import Prose, Term

# The languages that write a decimal comma.
COMMA = ("pt", "es")


def plain(term: Term, language: str) -> str:
    """Text."""
    return localised(term.text, language, ",")


def mathematics(term: Term, language: str) -> str:
    """LaTeX for a place within mathematics."""
    # In braces, the comma has no blank behind it.
    return localised(term.latex, language, "{,}")


def sentence(term: Term, language: str) -> str:
    """Words, with mathematics between dollar signs, as Markdown and LaTeX have it."""
    pieces = term.pieces if isinstance(term, Prose) else (term,)
    return "".join([piece if isinstance(piece, str) else _between(piece, language) for piece in pieces])


def cell(term: Term, language: str) -> str:
    """Text for a cell of a table in Markdown."""
    return plain(term, language).replace("|", "\\|")


def _between(term: Term, language: str) -> str:
    if isinstance(term, Prose):
        return sentence(term, language)
    return f"${mathematics(term, language)}$"


def localised(text: str, language: str, comma: str) -> str:
    """The numbers in a formula with this decimal comma, where the language has one."""
    return re.sub(r"(?<=\d)\.(?=\d)", comma, text) if language in COMMA else text
