"""A view of a graph as a diagram: a card for each part, with its texts and its size, edges between, frames around.

>>> from autograd import Value
>>> x = Value(3.0, "x")
>>> diagram = diagram_of(x * x + 1)
>>> [card.label or card.symbol for card in diagram.cards]
['x', '×', '+ 1']
>>> [(edge.tail, edge.head) for edge in diagram.edges]
[(0, 1), (0, 1), (1, 2)]
"""

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from ... import languages
from ...cells import cells, readable, shortened
from ...engines import Value
from ..limits import each
from ..look import Look
from .cards import Card as Card
from .cards import card_of
from .edges import Edge as Edge
from .edges import edges_of
from .frames import TITLE_CELLS as TITLE_CELLS
from .frames import Frame as Frame
from .frames import frames_of
from .view import Fold, Stub, View, view_of

SUBJECT_CELLS = 60
SENTENCES = 60


@dataclass(frozen=True)
class Diagram:
    """The cards in creation order, which is the same in every run, and what a screen reader says of them."""

    cards: list[Card]
    edges: list[Edge]
    frames: list[Frame]
    title: str
    description: str
    node_ids: dict[int, str] = field(repr=False)
    edge_ids: dict[tuple[int, int], str] = field(repr=False)


def diagram_of(root: Value, look: Look | None = None, view: View | None = None, highlight: Any = ()) -> Diagram:
    """The diagram of everything that `root` was computed from, or of a view of it."""
    look, view = look or Look(), view or view_of(root)
    bright_parts, bright_links = view.highlighted(highlight)
    frames, frame_of = frames_of(view)
    cards = [
        card_of(part, i, look, root, frame_of.get(part.group), i in bright_parts)
        for i, part in enumerate(each(view.parts))
    ]
    edges = edges_of(view, look, bright_links)
    return Diagram(
        cards,
        edges,
        frames,
        _title(root, view, look),
        _description(cards, look),
        {place: cards[part].id for place, part in enumerate(view.part_of) if part is not None},
        {link.operand: edge.id for link, edge in zip(view.links, edges, strict=True) if link.operand},
    )


def _title(root: Value, view: View, look: Look) -> str:
    nodes, shown = len(view.order), sum(not isinstance(part, Stub) for part in view.parts)
    has_groups = any(isinstance(part, Fold) for part in view.parts)
    kind = "title of groups" if has_groups else "title" if shown == nodes else "title of some"
    return look.said("drawing")[kind].format(
        subject=_subject(root, look),
        nodes=look.counted(nodes, "node"),
        cards=look.counted(shown, "card"),
        shown=languages.count(shown, look.language),
    )


def _subject(root: Value, look: Look) -> str:
    """The root's label and as much of its formula as a title has room for, cut only where "…" stands for an operand."""
    label = shortened(readable(root.label), SUBJECT_CELLS)
    if label and not root.operation:
        return label
    formulas = (readable(look.formula(root, most)) for most in (12, 8, 5, 3, 2, 1))
    longest = next(formulas)
    for formula in itertools.chain([longest], formulas):
        subject = f"{label} = {formula}" if label else formula
        if cells(subject) <= SUBJECT_CELLS and re.search(r"\w", formula):
            return subject
    return label or shortened(longest, SUBJECT_CELLS)


def _description(cards: list[Card], look: Look) -> str:
    sentences = [card.sentence for card in cards[:SENTENCES]]
    if len(cards) > SENTENCES:
        sentences.append(look.said("drawing")["more"].format(len(cards) - SENTENCES))
    return " ".join(sentences)
