"""How nodes and numbers are written: formulas from the rule book's notations, numbers to so many digits.

>>> from autograd import Value
>>> expression((Value(2.0, "a") + Value(3.0, "b")) * 4)
'(a + b) × 4'
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .operations import where

# What writes formulas is imported where that is done: most programs only train.
if TYPE_CHECKING:
    from .text import Term

# The longest text in place of an operand: one that a notation has twice, as in x·σ(x), doubles with each operation.
LONGEST = 4000


# From here on, decimal places say nothing any more, and whole numbers are hard to read.
LARGE = 1e6


def decimal(number: float, digits: int = 4, decimals: int | None = None) -> str:
    """A number to so many significant digits, without trailing zeros; or to so many decimals, with them.

    >>> decimal(0.7310585786), decimal(-3.0), decimal(1e-9)
    ('0.7311', '-3', '1e-09')
    >>> decimal(12345.0), decimal(12345.6), decimal(1e6)
    ('12345', '1.235e+04', '1e+06')
    >>> decimal(1.3678794412, decimals=2), decimal(-3.0, decimals=2), decimal(-1e-9, decimals=2)
    ('1.37', '-3.00', '0.00')

    A whole number is written whole, as it was typed, unless it is large. With decimals, a zero has no sign, and a large
    number has a power of ten: 1e300 is 1.00e+300.
    """
    if decimals is None:
        if abs(number) < LARGE and number == round(number):
            return f"{number:.0f}"
        return f"{number:.{digits}g}"
    return f"{number:z.{decimals}{'f' if not LARGE <= abs(number) < math.inf else 'e'}}"


def name(node: Any, *, digits: int = 4) -> str:
    """A node's label; without one its number if it is a leaf, else its expression."""
    if isinstance(node, float):
        return decimal(node, digits)
    return node.label or (expression(node, digits=digits) if node.operation else decimal(node.data, digits))


def number(x: float, *, digits: int = 4, decimals: int | None = None) -> "Term":
    """A number to so many significant digits or decimals, as a part of a formula."""
    from .text import Number

    return Number(decimal(x, digits, decimals))


def constant(operation: Any, place: int, x: float, *, digits: int = 4) -> "Term":
    """A plain number among the operands of an operation, a condition as True or False.

    >>> from autograd.operations import multiply
    >>> constant(multiply, 0, 1.0).text, constant(where, 0, 1.0).text
    ('1', 'True')
    """
    from .text import Name

    # What was compared, a condition does not know: it has come as a mere True or False.
    return Name(str(bool(x))) if operation is where and place == 0 else number(x, digits=digits)


def expression(node: Any, *, digits: int = 4, most: int = 40, point: str = ".") -> str:
    """The formula that made a node, in the labels and numbers of its leaves.

    >>> from autograd import Value, dot
    >>> x = Value(2.0, "x")
    >>> expression(dot([x, -x], [x, 3]) ** -1)
    'dot([x, −x], [x, 3]) ^ (−1)'

    A labelled node inside is called by its label; after `most` operations "…" stands for the rest. A formula that is
    all there, with names as labels, is one that `autograd.expression.Expression` reads; 17 digits give each number.
    `point` stands before the decimals: for readers, it may be a comma.
    """
    from .text import DOTS, Name, Term, pointed, printer

    remaining, write = most, printer()

    def written(node: Any, is_root: bool = False) -> Term:
        nonlocal remaining
        if not node.operation:
            return Name(node.label) if node.label else _signed(number(node.data, digits=digits))
        if node.label and not is_root:
            return Name(node.label)
        if remaining == 0:
            return DOTS
        remaining -= 1
        operation = node.operation

        def operand(place: int, x: Any) -> Term:
            if isinstance(x, Term):
                return x
            return _signed(constant(operation, place, x, digits=digits)) if isinstance(x, float) else written(x)

        arguments = [
            [operand(place, item) for item in few(argument, DOTS)]
            if isinstance(argument, list)
            else operand(place, argument)
            for place, argument in enumerate(operation.arguments(node.operands))
        ]
        filled = fill(operation, arguments)
        return DOTS if not is_root and len(write(filled)) > LONGEST else filled

    formula = written(node, is_root=True)
    return write(formula) if point == "." else pointed(formula, point).text


def _signed(number: "Term") -> "Term":
    """A negative number as one with a sign before it: (−3) × x, as (−y) × x."""
    from .text import Number, Prefix

    if isinstance(number, Number) and number.digits.startswith("-"):
        return Prefix("−", Number(number.digits[1:]))
    return number


def fill(operation: Any, arguments: Sequence[Any]) -> "Term":
    """An operation's notation with a term in place of each parameter, for a list its terms in brackets.

    >>> from autograd.operations import dot
    >>> from autograd.text import Name
    >>> fill(dot, [[Name("a"), Name("b")], [Name("c"), Name("d")]]).text
    'dot([a, b], [c, d])'
    """
    from .text import parse, substitute

    return substitute(parse(operation.notation), places(operation, arguments))


def called(operation: Any) -> str:
    """The name by which formulas call an operation; empty for one that they write with signs.

    >>> from autograd.operations import maximum, multiply
    >>> called(maximum), called(multiply)
    ('max', '')
    """
    from .text import Call, parse

    term = parse(operation.notation)
    return term.function if isinstance(term, Call) else ""


def places(operation: Any, arguments: Sequence[Any]) -> "dict[str, Term]":
    """The term for each parameter."""
    from .text import Brackets

    terms = [Brackets("[", tuple(argument)) if isinstance(argument, list) else argument for argument in arguments]
    return dict(zip(operation.parameters, terms, strict=True))


def few(items: Sequence[Any], dots: Any = "…") -> Sequence[Any]:
    """The items; of more than eight, the first and the last.

    >>> "".join(few("abcdefghij"))
    'abcdef…j'
    """
    return items if len(items) <= 8 else [*items[:6], dots, items[-1]]


def brief(node: Any, most: int = 60) -> str:
    """A node for a message: its label or its formula, cut short.

    >>> from autograd import Value
    >>> brief(Value(2.0, "x") * 3.0), brief(Value(2.0, "x") * 3.0, most=3)
    ('x × 3', 'x …')
    """
    if node.operation is None:
        text = node.label or "a leaf"
    else:
        text = f"{node.label} = " * bool(node.label) + expression(node, most=3)
    return shortened(text, most)


def shortened(text: str, most: int) -> str:
    """A text of so many characters at most."""
    return text if len(text) <= most else text[: most - 1] + "…"


def whereabouts(node: Any) -> str:
    """The scopes that a node was computed in, for the beginning of a message, as "MLP.layers.0.neurons.2: "."""
    return f"{shortened('.'.join(node.scope.path), 60)}: " if node.scope else ""
