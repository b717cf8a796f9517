"""What a backward pass can carry along each link of a view: found from the structure, before any pass.

>>> from autograd import Value, relu
>>> from autograd.draw.diagram.view import view_of
>>> x = Value(2.0)
>>> [current.carried for current in currents(view_of(relu(-x) + x))]
[None, None, 1.0, 1.0]
"""

import math
from typing import NamedTuple

from ...book import BLOCKED
from ...engines import Value
from ..limits import each
from .view import View


class Current(NamedTuple):
    """What a pass carries along a link, as BLOCKED, 0.0 or 1.0, and the partial derivative of the edge that it is."""

    carried: float | None
    partial: float | None


def currents(view: View) -> list[Current]:
    """The current of each link; one that stands for several edges carries something if one of these does.

    It is that of a pass with 1 in place of every number that is not 0. So an edge carries nothing where each way from
    it to the root is blocked, or has a derivative of exactly 0 on it; but flows that cancel where branches meet, as
    those of x − x do, are something.
    """
    found = [Current(BLOCKED, BLOCKED)] * len(view.links)
    silent = len(found)
    link_of = view.link_of()
    place_of = {id(node): place for place, node in enumerate(view.order)}
    arriving: list[float | None] = [BLOCKED] * len(view.order)
    arriving[-1] = 1.0
    for head in each(reversed(range(len(view.order)))):
        if not silent:  # what comes now cannot change anything
            break
        if arriving[head] is BLOCKED:
            continue
        partials = iter(_partials(view.order[head]))
        for position, operand in enumerate(view.order[head].operands):
            if not isinstance(operand, Value):
                continue
            partial, tail = next(partials), place_of[id(operand)]
            carried = _carried(arriving[head], partial)
            arriving[tail] = _more(arriving[tail], carried)
            parts = view.part_of[tail], view.part_of[head]
            if parts[0] == parts[1]:  # inside a folded group, or not drawn
                continue
            link = link_of[*parts, None] if (*parts, None) in link_of else link_of[*parts, (head, position)]
            silent -= bool(carried) and not found[link].carried
            found[link] = Current(_more(found[link].carried, carried), partial)
    return found


def _carried(arrives: float | None, partial: float | None) -> float | None:
    """What leaves towards an operand. It is something also where 0 meets an infinite derivative, for that is nan."""
    if arrives is None or partial is None:
        return BLOCKED
    return 0.0 if arrives * partial == 0.0 else 1.0


def _more(one: float | None, other: float | None) -> float | None:
    return other if one is None or (other is not None and other > one) else one


def _partials(node: Value) -> list[float | None]:
    try:
        return [partial for _, partial in node.local_gradients()]
    except Exception:  # a rule under construction: a picture of it shall help, and `backward` tells what is wrong
        return [math.nan] * len(node.parents)
