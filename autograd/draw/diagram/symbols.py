"""How an operation is written: its symbol on the card, a mark at each operand, and what a list of terms adds up to.

>>> from autograd import Value, maximum
>>> x, y = Value(1.0), Value(2.0)
>>> marks_of(x - y), marks_of(x + y), symbol_of(maximum(x, 0.0))
(['', '(−)'], ['', ''], 'max(·, 0)')

All of it comes from the notations in the rule book, so that an operation of a user is drawn like one of the book.
"""

import math
from typing import Any, NamedTuple

from ... import notation
from ...book import Operation
from ...cells import readable, shortened
from ...engines import Value
from ...text import DOTS, HIGH, Call, Infix, Name, parse, pointed
from ..look import LOOK, Look

MARK_CELLS = 12
NAME_CELLS = 12  # of a bias beside the number of terms
FEW = 8  # operands that are counted at a glance

DOT = Name("·")  # for an operand that has a card


def symbol_of(node: Value, look: Look = LOOK) -> str:
    """The operation's symbol, and with it the operands that are plain numbers, because they have no card."""
    operation = node.operation
    if operation is None:
        return ""
    if is_dot(operation):  # whose numbers stand at the edges of what they are multiplied with, or among its terms
        return operation.name
    numbers = [
        None if isinstance(operand, Value) else look.constant(operation, place, operand)
        for place, operand in enumerate(node.operands)
    ]
    if not any(numbers):
        return operation.symbol
    if operation.parameters == _written(operation):  # "2 ^", "+ 1"
        return f" {operation.symbol} ".join([number.text if number else "" for number in numbers]).strip()
    if len(operation.parameters) == operation.list_count == 1:
        return Call(operation.symbol, tuple([number or DOT for number in notation.few(numbers, DOTS)])).text
    names = [Name(name) for name in operation.operand_names(len(numbers))]
    if notation.called(operation) and not _is_marked(node):  # "max(·, 0)", but "2·2/y^3": a dot is a sign there
        names = [DOT] * len(numbers)
    places = [number or name for number, name in zip(numbers, names, strict=True)]
    return notation.fill(operation, operation.arguments(places)).text


# Marks ----------------------------------------------------------------------------------------------


def marks_of(node: Value, look: Look = LOOK) -> list[str]:
    """What stands at the arrow head of each operand: how it is taken, where not all are taken in the same way.

    >>> from autograd import Value, atan2, dot
    >>> x, y = Value(1.0), Value(2.0)
    >>> marks_of(x / y), marks_of(atan2(y, x)), marks_of(dot([x, y], [0.5, 1.0]))
    (['', '(÷)'], ['y=', 'x='], ['×0.5', '', '', ''])

    What a sign stands before has that sign, as (−) at the b of a − b; an operand of a function has the name of its
    parameter, as in a call. Operands that can change places have none, and neither has one that is the only one.
    """
    operation: Any = node.operation
    if operation and is_dot(operation):
        return _factors(node, look)
    if not _is_marked(node):
        return [""] * len(node.operands)
    return _signs(operation) or [_parameter(name) for name in operation.operand_names(len(node.operands))]


def _parameter(name: str) -> str:
    """The name of a parameter, cut short if it is long, but never without its place in a list."""
    parameter, bracket, place = name.partition("[")
    end = f"{bracket}{place}="
    return shortened(readable(parameter), MARK_CELLS - len(end)) + end


def _is_marked(node: Value) -> bool:
    """Whether it matters which operand is which; a list by itself is in its order, from the top."""
    operation = node.operation
    return bool(operation and len(node.parents) > 1 and len(operation.parameters) > 1 and not operation.symmetric)


def _signs(operation: Operation) -> list[str]:
    """The sign before each parameter of x − y, none before the first one; [] for another notation.

    It stands in parentheses, or a minus would look like a piece of the edge.
    """
    written = _written(operation)
    if not written or {*written} != {*operation.parameters}:
        return []
    return ["" if name == written[0] else _sign(operation) for name in operation.parameters]


def _written(operation: Operation) -> tuple[str, ...]:
    """The parameters of x − y as they stand there; none for another notation."""
    match parse(operation.notation):
        case Infix(sign, Name(x), Name(y)) if sign not in ("", HIGH):
            return x, y
    return ()


def _sign(operation: Operation) -> str:
    match parse(operation.notation):
        case Infix(sign) if operation.symbol == operation.name:
            return f"({sign.strip()})"
    return f"({shortened(readable(operation.symbol), MARK_CELLS - 2)})"


# Terms ----------------------------------------------------------------------------------------------


def is_dot(operation: Operation) -> bool:
    """Whether it multiplies two lists pair by pair."""
    return operation.list_count == 2 and operation.pattern == "switches"


class Terms(NamedTuple):
    """The pairs that a dot multiplies: those with two factors, the last one if its factor is 1, and the numbers."""

    products: list[tuple[Any, Any]]
    bias: Value | None
    constant: float


def terms_of(node: Value) -> Terms:
    """What a dot adds up.

    >>> from autograd import dot
    >>> terms = terms_of(dot([Value(2.0, "w"), Value(3.0, "b"), 0.5], [Value(5.0, "x"), 1.0, 2.0]))
    >>> len(terms.products), terms.bias.label, terms.constant
    (1, 'b', 1.0)
    """
    assert node.operation
    products, constant = [], 0.0
    for x, y in zip(*node.operation.arguments(node.operands), strict=True):
        if isinstance(x, Value) or isinstance(y, Value):
            products.append((x, y))
        else:
            constant += x * y
    *others, (x, y) = products
    bias = x if isinstance(y, float) and y == 1.0 else y if isinstance(x, float) and x == 1.0 else None
    if bias is None or not others or not (bias.label or bias.operation is None):
        return Terms(products, None, constant)
    return Terms(others, bias, constant)


def count_of(node: Value, look: Look = LOOK) -> str:
    """How many terms a dot has, as "3 terms + b"; how many operands another list has, where they are many."""
    operation = node.operation
    if operation is None or not operation.list_count:
        return ""
    if not is_dot(operation):
        return look.counted(len(node.operands), "operand") if len(node.operands) > FEW else ""
    products, bias, constant = terms_of(node)
    count = look.counted(len(products), "term")
    if bias is not None:
        name = shortened(readable(bias.label), NAME_CELLS)
        count += f" + {name}" if name else _added(bias.data, look)
    return count + (_added(constant, look) if constant else "")


def _added(number: float, look: Look) -> str:
    sign = "−" if math.copysign(1.0, number) < 0 else "+"
    return f" {sign} {_number(abs(number), look)}"


def _number(number: float, look: Look) -> str:
    return pointed(notation.number(number, digits=look.digits), look.point).text


def _factors(node: Value, look: Look) -> list[str]:
    """The number that each operand of a dot is multiplied by; a factor of 1 says nothing."""
    assert node.operation
    xs, ys = node.operation.arguments(node.operands)

    def factor(own: Any, partner: Any) -> str:
        if isinstance(partner, Value) or not isinstance(own, Value) or partner == 1.0:
            return ""
        return shortened(f"×{_number(partner or 0.0, look)}", MARK_CELLS)

    return [*map(factor, xs, ys), *map(factor, ys, xs)]
