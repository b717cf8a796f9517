"""How nodes and numbers are written: formulas from the rule book's notations, numbers to so many digits.

>>> from autograd import Value
>>> expression((Value(2.0, "a") + Value(3.0, "b")) * 4)
'(a + b) × 4'
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from .operations import ATOM, POWER, SUM


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


def expression(node: Any, *, digits: int = 4, most: int = 40) -> str:
    """The formula that made a node, in the labels and numbers of its leaves.

    A labelled node inside is called by its label; after `most` operations "…" stands for the rest.
    """
    remaining = most

    def write(node: Any, needed: int, is_root: bool = False) -> str:
        nonlocal remaining
        if isinstance(node, float) or not node.operation or (node.label and not is_root):
            text = name(node, digits=digits)
            return f"({text})" if text.startswith("-") and needed > SUM else text
        if remaining == 0:
            return "…"
        remaining -= 1
        operation = node.operation
        filled = fill(
            operation,
            [write(x, need) for x, need in zip(node.operands, _needed(operation, len(node.operands)), strict=True)],
        )
        return f"({filled})" if operation.precedence < needed else filled

    return write(node, 0, is_root=True)


def fill(operation: Any, texts: list[str]) -> str:
    """An operation's notation with a text in place of each operand."""
    written = [listed(part) if isinstance(part, list) else part for part in operation.arguments(texts)]
    places = dict(zip(operation.parameters, written, strict=True))
    return occurrences(places).sub(lambda found: places[found[0]], operation.notation)


def occurrences(names: Iterable[str]) -> re.Pattern[str]:
    """Finds names in a formula.

    >>> occurrences(["x", "y"]).findall("y·x³ + max(x)")
    ['y', 'x', 'x']
    """
    return re.compile(f"{_NO_NAME_BEFORE}({'|'.join(map(re.escape, names))}){_NO_NAME_AFTER}")


def listed(texts: Sequence[str], *, ellipsis: str = "…") -> str:
    """Texts with commas between; of more than eight, the first and the last."""
    return ", ".join(texts if len(texts) <= 8 else [*texts[:6], ellipsis, texts[-1]])


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


def _needed(operation: Any, count: int) -> list[int]:
    """How tightly each operand must bind to stand without parentheses."""
    if operation.precedence == ATOM:
        encloses = operation.notation.endswith((")", "]", "|"))
        return [0 if encloses else ATOM] * count
    if operation.precedence == POWER or count == 1:
        return [operation.precedence + 1] * count
    # As computed from left to right: (a − b) − c needs no parentheses, a − (b − c) does, and a + (b + c) too.
    return [operation.precedence] + [operation.precedence + 1] * (count - 1)
