"""How nodes and numbers are written: formulas from the rule book's notations, numbers to so many digits.

>>> from autograd import Value
>>> expression((Value(2.0, "a") + Value(3.0, "b")) * 4)
'(a + b) × 4'
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .book import ATOM, POWER, SUM
from .operations import where

# The longest text in place of an operand: one that a notation has twice, as in x·σ(x), doubles with each operation.
LONGEST = 4000


def decimal(number: float, digits: int = 4) -> str:
    """A number to so many significant digits, without trailing zeros.

    >>> decimal(0.7310585786), decimal(-3.0), decimal(1e-9)
    ('0.7311', '-3', '1e-09')
    """
    return f"{number:.{digits}g}"


def name(node: Any, *, digits: int = 4) -> str:
    """A node's label; without one its number if it is a leaf, else its expression."""
    if isinstance(node, float):
        return decimal(node, digits)
    return node.label or (expression(node, digits=digits) if node.operation else decimal(node.data, digits))


def constant(operation: Any, place: int, number: float, *, digits: int = 4) -> str:
    """A plain number among the operands of an operation, a condition as True or False.

    >>> from autograd.operations import multiply
    >>> constant(multiply, 0, 1.0), constant(where, 0, 1.0)
    ('1', 'True')
    """
    # What was compared, a condition does not know: it has come as a mere True or False.
    return str(bool(number)) if operation is where and place == 0 else decimal(number, digits)


def expression(node: Any, *, digits: int = 4, most: int = 40) -> str:
    """The formula that made a node, in the labels and numbers of its leaves.

    >>> from autograd import Value, dot
    >>> x = Value(2.0, "x")
    >>> expression(dot([x, -x], [x, 3]) ** -1)
    'dot([x, −x], [x, 3]) ^ (-1)'

    A labelled node inside is called by its label; after `most` operations "…" stands for the rest. A formula that is
    all there, with names as labels, is one that `autograd.expression.Expression` reads; 17 digits give each number.
    """
    remaining = most

    def write(node: Any, needed: int, is_root: bool = False) -> str:
        nonlocal remaining
        if isinstance(node, str):  # written already
            return _signless(node, needed)
        if isinstance(node, float) or not node.operation or (node.label and not is_root):
            called = name(node, digits=digits)
            return f"({called})" if needed > SUM and _SUM.search(called) else _signless(called, needed)
        if remaining == 0:
            return "…"
        remaining -= 1
        operation = node.operation
        arguments = [
            [write(item, 0) for item in few(argument)] if isinstance(argument, list) else write(argument, need)
            for argument, need in zip(_arguments(node, digits), _needed(operation), strict=True)
        ]
        filled = fill(operation, arguments)
        if len(filled) > LONGEST and not is_root:
            return "…"
        return f"({filled})" if operation.precedence < needed else _signless(filled, needed)

    return write(node, 0, is_root=True)


def _arguments(node: Any, digits: int) -> list[Any]:
    """The operands as the operation's parameters take them, a number alone as its text."""
    arguments = node.operation.arguments(node.operands)
    return [
        constant(node.operation, place, x, digits=digits) if isinstance(x, float) else x
        for place, x in enumerate(arguments)
    ]


def _signless(text: str, needed: int) -> str:
    """The text to stand beside a sign or in a product, in parentheses if it begins with a sign itself."""
    return f"({text})" if needed > SUM and text.startswith(("-", "−")) else text


# A label such as "w·x + b" is to be taken as a whole.
_SUM = re.compile(r" [+−-] ")


def fill(operation: Any, arguments: Sequence[Any]) -> str:
    """An operation's notation with a text in place of each parameter, for a list its texts in brackets.

    >>> from autograd.operations import dot
    >>> fill(dot, [["a", "b"], ["c", "d"]])
    'dot([a, b], [c, d])'
    """
    written = [listed(argument) if isinstance(argument, list) else argument for argument in arguments]
    places = dict(zip(operation.parameters, written, strict=True))
    return occurrences(places).sub(lambda found: places[found[0]], operation.notation)


def occurrences(names: Iterable[str]) -> re.Pattern[str]:
    """Finds names in a formula.

    >>> occurrences(["x", "y"]).findall("y·x³ + max(x)")
    ['y', 'x', 'x']
    """
    return re.compile(f"{_NO_NAME_BEFORE}({'|'.join(map(re.escape, names))}){_NO_NAME_AFTER}")


def listed(texts: Sequence[str], *, ellipsis: str = "…") -> str:
    """Texts in brackets, with commas between; of many the first and the last.

    >>> listed("abc"), listed("abcdefghij")
    ('[a, b, c]', '[a, b, c, d, e, f, …, j]')
    """
    return f"[{', '.join(few(texts, ellipsis=ellipsis))}]"


def few(items: Sequence[Any], *, ellipsis: Any = "…") -> Sequence[Any]:
    """The items; of more than eight, the first and the last."""
    return items if len(items) <= 8 else [*items[:6], ellipsis, items[-1]]


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


# The ends of a name. Digits set high or low are letters to `re`, but in x³ the name is x.
_NO_NAME_BEFORE, _NO_NAME_AFTER = (rf"(?{look}[^\W⁰¹²³⁴-⁹₀-₉])" for look in ("<!", "!"))


def _needed(operation: Any) -> list[int]:
    """How tightly the operand of each parameter must bind to stand without parentheses."""
    count = len(operation.parameters)
    if operation.precedence == ATOM:
        encloses = operation.notation.endswith((")", "]", "|"))
        return [0 if encloses else ATOM] * count
    if operation.precedence == POWER or count == 1:
        return [operation.precedence + 1] * count
    # As computed from left to right: (a − b) − c needs no parentheses, a − (b − c) does, and a + (b + c) too.
    return [operation.precedence] + [operation.precedence + 1] * (count - 1)
