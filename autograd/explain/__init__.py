"""A computation in words and numbers, as one would write it on the board: the forward pass, then the backward pass.

>>> from autograd import Value
>>> a, b = Value(2.0, "a"), Value(-3.0, "b")
>>> explain(a * b + a)
Given
  a = 2, b = −3
<BLANKLINE>
Forward
  node  formula   in numbers  value
  v1    = a × b   = 2 × (−3)  = −6
  v2    = v1 + a  = −6 + 2    = −4
<BLANKLINE>
Backward: what arrives × the local derivative = what leaves
  node         arrives  to  local derivative  leaves
  v2 = v1 + a        1  v1  1                      1  add distributes
                        a   1                      1
  v1 = a × b         1  a   b = −3                −3  multiply switches
                        b   a = 2                  2
<BLANKLINE>
Gradients
  node       gradient  to lower v2
  a     1 + (−3) = −2  raise it     a branch sums
  b                 2  lower it
  a and b move v2 most.

Formulas and patterns are those of the rule book. The files beside this one are imported when something is explained.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..checks import choice, whole
from ..engines import Value
from ..languages import chosen
from ..terminal import printable

if TYPE_CHECKING:
    from .board import Section
    from .paths import PathSum
    from .steps import Backward, Forward

FORMATS = ("text", "markdown", "latex")


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Both passes over a graph, step by step; made by `explain`, printed in its format, shown by Jupyter.

    `forward` and `backward` hold the steps in the order of the passes, `steps` both: printed, each is one line; `index`
    is the place of its node in topological order. `gradients` are the steps of the leaves, the largest first, or of the
    nodes asked for by `wrt`, and `paths` for each of these the sum over its paths.
    """

    root: Value
    format: str
    forward: "tuple[Forward, ...]"
    backward: "tuple[Backward, ...]"
    gradients: "tuple[Backward, ...]"
    paths: "tuple[PathSum, ...]"
    language: str
    _sections: "tuple[Section, ...]"

    @property
    def steps(self) -> "tuple[Forward | Backward, ...]":
        """The steps of both passes, in the order in which they are taken."""
        return (*self.forward, *self.backward)

    def to_text(self) -> str:
        """Plain text for the terminal, in signs that it has."""
        return self._in("text")

    def to_markdown(self) -> str:
        """Markdown with tables."""
        return self._in("markdown")

    def to_html(self) -> str:
        """HTML with tables, for pages that Markdown is not made into tables on; it needs no script."""
        from .formats import html

        return html(self._sections, self.language)

    def to_latex(self) -> str:
        r"""LaTeX between \[ and \]; it needs the package amsmath."""
        return self._in("latex")

    def __repr__(self) -> str:
        return printable(self._in(self.format))

    def _in(self, format: str) -> str:
        from . import formats

        return str(getattr(formats, format)(self._sections))

    def _repr_markdown_(self) -> str | None:
        return None if self.format == "latex" else self.to_markdown()

    def _repr_html_(self) -> str | None:
        return None if self.format == "latex" else self.to_html()

    def _repr_latex_(self) -> str | None:
        return self.to_latex() if self.format == "latex" else None


def explain(
    root: Value,
    *,
    wrt: Value | Iterable[Value] | None = None,
    format: str = "text",
    digits: int = 4,
    decimals: int | None = None,
    most: int = 100,
    language: str | None = None,
) -> Explanation:
    """Explain how `root` was computed, and how its gradients come about.

    >>> x = Value(3.0, "x")
    >>> for step in explain(x * x).backward:
    ...     print(step)
    v1 = x × x: 1 arrives, as at every root; ∂v1/∂x = x = 3, so 1 × 3 = 3 leaves to x; ...
    x: 3 + 3 = 6 arrives from v1; a branch sums

    With `wrt`, one Value or several, the gradient of each is written as a sum over the paths to it, in place of the
    backward pass. The format is "text", "markdown" or "latex"; numbers have so many significant digits, or, if they
    were computed and `decimals` is given, so many decimal places; no table has more than about `most` rows,
    and a line says what is left out. No gradient is changed: the root gets the seed 1.

    The language is "en", "pt" or "es"; if nothing is said, that of AUTOGRAD_LANGUAGE, or else that of the system. In
    Portuguese and Spanish numbers have a decimal comma, and lists of them semicolons:

    >>> explain(x * 0.5, language="pt").forward[-1]
    v1 = x × 0,5 = 3 × 0,5 = 1,5

    Raises TypeError for what is not a Value or not a whole number, and ValueError for an unknown format or language,
    for digits that are not from 1 to 17, decimals that are not from 0 to 17, and for `most` below 1.
    """
    wanted = None if wrt is None else [wrt] if isinstance(wrt, Value) else list(wrt)
    for value in (root, *(wanted or ())):
        if not isinstance(value, Value):
            raise TypeError(printable(f"explain(root, wrt=…) takes Values, not {type(value).__name__}"))
    choice("format", format, FORMATS)
    digits, most = whole("digits", digits, least=1, most=17), whole("most", most, least=1)
    if decimals is not None:
        decimals = whole("decimals", decimals, least=0, most=17)

    from ..nodes import distinct
    from . import board
    from .paths import paths_to
    from .steps import Passes

    passes = Passes(root, digits, wanted or (), decimals, chosen(language))
    forward, backward = passes.forward(most), passes.backward(most)
    gradients = passes.gradients(most, wanted)
    sums = tuple([paths_to(value, passes, most) for value in distinct(wanted or ())])
    sections = [
        board.given([step for step in forward if not step.node.operation], passes, most),
        board.forward([step for step in forward if step.node.operation], passes, most),
    ]
    if wanted is None:
        sections.append(board.backward([step for step in backward if step.node.operation], passes, most))
    sections += [board.paths(found, passes, most) for found in sums]
    sections.append(board.gradients(gradients, passes, len(passes.leaves) if wanted is None else 0, most))
    shown = tuple([section for section in sections if section.rows or section.sentences])
    return Explanation(root, format, forward, backward, gradients, sums, passes.language, shown)
