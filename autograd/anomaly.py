"""What `detect_anomaly` looks at and what it says: where inf and nan originate, in both passes.

>>> from autograd import Value, detect_anomaly
>>> x = Value(0.0, "x")
>>> with detect_anomaly():
...     (x * 2).log()
Traceback (most recent call last):
FloatingPointError: log(x × 2) is -inf, with x × 2 = 0.0; made at ...

An inf originates where an operation makes it from finite numbers. One that was put in, such as the −inf of a mask, is
intended, and so is what follows from it. A nan never is.
"""

import linecache
import math
import sys
from collections.abc import Iterator
from typing import Any

from . import notation
from .book import BLOCKED
from .modes import mode
from .terminal import printable

MOST_OPERANDS = 6


def check_leaf(leaf: Any, number: float) -> None:
    """Raise FloatingPointError for a leaf that would be nan, because that is never intended."""
    if math.isnan(number) and mode().forward:
        raise FloatingPointError(f"{_story(leaf)} is nan" + _circumstances(leaf))


def check_made(node: Any) -> None:
    """Raise FloatingPointError if an operation has just made a nan, or an inf from finite numbers."""
    if math.isfinite(node._data) or not mode().forward:
        return
    if math.isnan(node._data) or not _origins(node):
        raise FloatingPointError(f"{_story(node)} is {node._data}" + _circumstances(node))


def check_pass(order: list[Any], flows: dict[int, float]) -> None:
    """Raise FloatingPointError if a backward pass makes inf or nan.

    The flows are those that arrive at the nodes, by their births; the root is the last in order. If operations are not
    watched, only the root and what arrives at leaves count.
    """
    root = order[-1]
    if not math.isfinite(flows[root._birth]):
        raise FloatingPointError(f"the seed of the backward pass is {flows[root._birth]}")
    asked = {node._birth for node in order}
    if not mode().forward:
        check_result(root)
        asked = _on_the_way_to_leaves(order, flows)
    if found := _bad_flow(order, flows, asked):
        raise FloatingPointError(_told(*found))


def check_result(root: Any) -> None:
    """Raise FloatingPointError if a result is inf or nan, naming the node where that began."""
    if not math.isfinite(root._data):
        node = _birth(root)
        began = "" if node is root else f", because {_brief(node)} is {node._data}"
        raise FloatingPointError(f"{_story(root)} is {root._data}{began}" + _circumstances(node))


def began(order: list[Any]) -> tuple[Any, str]:
    """The node where the inf or nan of a result, or of its last backward pass, began; and the story.

    `order` is a topological order, so the result is the last. One of its numbers or gradients must be inf or nan.
    """
    root = order[-1]
    if not math.isfinite(root._data):
        node = _birth(root)
        return node, f"{_story(node)} is {node._data}" + _circumstances(node)
    flows = {node._birth: node.grad for node in order if node.has_grad}
    found = _bad_flow(order, flows, set(flows))
    if found is None:
        raise ValueError("all numbers and all gradients are finite")
    return found[0], _told(*found)


def check_derivatives(derivatives: list[Any]) -> None:
    """If operations are not watched, raise FloatingPointError for derivatives that are inf or nan."""
    way = mode()
    if way.anomaly and not way.forward:
        for derivative in derivatives:
            check_result(derivative)


def users_line() -> str | None:
    """The innermost line of the program that is outside this package, as "file:12: source"."""
    package = __name__.rpartition(".")[0]
    frame = sys._getframe()
    while frame.f_globals.get("__name__", "").partition(".")[0] == package:
        if frame.f_back is None:
            return None
        frame = frame.f_back
    file, line = frame.f_code.co_filename, frame.f_lineno
    return f"{file}:{line}: {linecache.getline(file, line, frame.f_globals).strip()}"


# Where inf and nan come from ----------------------------------------------------------------------


def _birth(root: Any) -> Any:
    """The computed node where the inf or nan of a node began."""
    node = root
    while computed := [x for x in _origins(node) if type(x) is not float and x.operation is not None]:
        node = computed[0]
    return node


def _origins(node: Any) -> list[Any]:
    """The operands from which a node got its inf or nan; none if it originates there."""
    # A nan comes from a nan, and an inf from an inf, unless that is in a branch that was not chosen.
    is_alike = math.isnan if math.isnan(node._data) else math.isinf
    if not any(map(is_alike, node.numbers)):
        return []
    partials = iter(node.local_gradients())
    return [
        operand
        for operand, number in zip(node.operands, node.numbers, strict=True)
        if (type(operand) is float or next(partials)[1] is not BLOCKED) and is_alike(number)
    ]


def _bad_flow(order: list[Any], flows: dict[int, float], asked: set[int]) -> tuple[Any, str] | None:
    """The first node of a pass at which, or from which, a flow is inf or nan; and what to say of it."""
    for node in reversed(order):
        if node._birth in flows and node._birth in asked:
            arrived = flows[node._birth]
            if not math.isfinite(arrived):  # while all that arrived was finite, or this was told before
                return node, f"the flows that arrive at {_brief(node)} add up to {arrived}"
            for parent, partial, flow in _sent(node, flows):
                if not math.isfinite(flow) and parent._birth in asked:
                    return node, (
                        f"the gradient that {_brief(node)} passes to "
                        f"{printable(notation.shortened(notation.name(parent), 40))} is {flow}: "
                        f"{arrived} arrived, the local gradient is {partial}" + _circumstances(node)
                    )
    return None


def _sent(node: Any, flows: dict[int, float]) -> Iterator[tuple[Any, float, float]]:
    """What a node passes to its parents: each with its partial and the flow."""
    for parent, partial in node.local_gradients():
        if partial is not BLOCKED:
            yield parent, partial, flows[node._birth] * partial


def _on_the_way_to_leaves(order: list[Any], flows: dict[int, float]) -> set[int]:
    """The nodes, by their births, from which or at which an inf or nan reaches a leaf."""
    found: set[int] = set()
    for node in order:
        if node._birth in flows:
            if node.operation is None:
                comes = not math.isfinite(flows[node._birth])
            else:
                comes = any(parent._birth in found for parent, _, _ in _sent(node, flows))
            if comes:
                found.add(node._birth)
    return found


# Words --------------------------------------------------------------------------------------------


def _story(node: Any) -> str:
    """Where a node was computed, layer and neuron first, and how."""
    return _told(node, _brief(node))


def _told(node: Any, story: str) -> str:
    """A story with where its node was computed before it."""
    return printable(notation.whereabouts(node)) + story


def _brief(node: Any) -> str:
    return printable(notation.brief(node))


def _circumstances(node: Any) -> str:
    """What the operands were, inf and nan first, and the line that made the node where it is known."""
    pairs = zip(node.operands, node.numbers, strict=True)
    operands = {(id(x), number): (x, number) for x, number in pairs if type(x) is not float}
    first = sorted(operands.values(), key=lambda pair: math.isfinite(pair[1]))
    texts = [text for x, number in first if (text := _operand(x, number))]
    # Of a neuron with many inputs those matter that are inf or nan, and what one of them was combined with.
    bad = sum(not math.isfinite(number) for _, number in first)
    most = min(MOST_OPERANDS, max(2, bad)) if bad else MOST_OPERANDS
    where = ", with " + ", ".join(texts[:most] + ["…"] * (len(texts) > most)) if texts else ""
    return printable(where + (f"; made at {node.line}" if node.line else ""))


def _operand(operand: Any, number: float) -> str:
    """What an operand was when it was used; "" if its name in the formula is already that number."""
    name = notation.shortened(notation.name(operand), 20)
    if operand.label or operand.operation is not None:
        return f"{name} = {number}"
    if operand._data != number and not math.isnan(number):
        return f"{number} in place of {name}"  # the formula shows what the leaf is now
    return "" if float(name) == number or math.isnan(number) else f"{name} = {number}"
