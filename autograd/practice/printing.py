"""How the terms of an exercise are printed in each form, with numbers as the language writes them.

>>> from autograd.formulas import prose
>>> from autograd.text import Name, Number, Prefix
>>> told = prose("{} is {}.", Prefix("√", Name("x1")), Number("-0.5"))
>>> plain(told, "pt")
'√x1 is −0,5.'
>>> print(sentence(told, "pt"))
$\\sqrt{x_{1}}$ is $-0{,}5$.
"""

from ..languages import point
from ..text import Prose, Term, pointed


def plain(term: Term, language: str) -> str:
    """Text."""
    return pointed(term, point(language)).text


def cell(term: Term, language: str) -> str:
    """Text for a cell of a table in Markdown."""
    return plain(term, language).replace("|", "\\|")


def mathematics(term: Term, language: str) -> str:
    """LaTeX for a place within mathematics."""
    return pointed(term, point(language)).latex


def sentence(term: Term, language: str) -> str:
    """Words, with mathematics between dollar signs, as Markdown and LaTeX have it."""
    if not isinstance(term, Prose):
        return f"${mathematics(term, language)}$"
    return "".join([piece if isinstance(piece, str) else sentence(piece, language) for piece in term.pieces])
