"""A drawing as a page that steps through both passes: one file that needs no server and no network.

>>> from autograd import Value, draw
>>> page = page_of(draw(Value(2.0, "a") * 3))
>>> page[:15], page.count("<li ")
('<!doctype html>', 4)

The steps are those of `explain`, and so are the numbers on the cards: those of the computation, with 1 as the seed of
the backward pass, whatever has been changed or accumulated since. The page has them as a list, which is all that its
script reads.
"""

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from importlib.resources import files
from string import Template

from ..engines import Value
from ..explain.steps import Backward, Departure, Forward, Passes
from .diagram import Card, Diagram, Edge
from .picture import GraphPicture
from .svg import COLOURS

# With more nodes to step through, a folded group gets a single step.
MOST = 1000

BEFORE = "Nothing is computed yet. The right arrow key takes a step, the left one takes it back, space plays."


def page_of(drawing: GraphPicture) -> str:
    """The drawing and its steps as HTML, with everything that it needs; the same for the same graph in every run."""
    forward, backward, left_out = _steps(drawing)
    picture = replace(drawing, diagram=_told(drawing, forward, backward))
    items = _items(picture, [*forward, *backward])
    before = BEFORE
    if left_out:
        before += f" There are steps at {len(forward):,} of {len(forward) + left_out:,} nodes."
    style, script = _palette(drawing.look.theme) + _part("page.css"), _part("page.js")
    styles = [style, *re.findall("<style>(.*?)</style>", picture.svg)]  # no label has a "<" there
    return Template(_part("page.html")).substitute(
        policy=f"default-src 'none'; script-src {_hashes([script])}; style-src {_hashes(styles)}; "
        "base-uri 'none'; form-action 'none'",
        title=escape(picture.diagram.title),
        style=style,
        svg=picture.svg,
        prefix=picture.prefix,
        count=len(items),
        before=before,
        forward="\n".join(items[: len(forward)]),
        backward="\n".join(items[len(forward) :]),
        turn=len(forward) + 1,
        script=script,
    )


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hashes(inlined: Iterable[str]) -> str:
    """What a Content-Security-Policy lets through: these texts, and nothing that a label could bring in."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inlined]
    return " ".join([f"'sha256-{digest}'" for digest in digests])


def _palette(theme: str) -> str:
    """The colours of the picture, for the page around it."""
    light, dark = [
        "".join([f"--{name}:{colours[side]};" for name, (_, *colours) in COLOURS.items()]) for side in (0, 1)
    ]
    if theme != "auto":
        return f":root{{color-scheme:{theme};{light if theme == 'light' else dark}}}\n"
    return f":root{{color-scheme:light dark;{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


# Steps ----------------------------------------------------------------------------------------------


def _steps(drawing: GraphPicture) -> tuple[Sequence[Forward], Sequence[Backward], int]:
    """The steps at all nodes that are drawn or in a folded group, and how many other nodes there are."""
    passes = Passes(drawing.root, drawing.look.digits, decimals=drawing.look.decimals)
    card_of = drawing.diagram.node_ids
    places = card_of.keys() if len(card_of) <= MOST else set(_last(drawing.diagram).values())
    return *passes.steps(places), len(passes.order) - len(places)


def _last(diagram: Diagram) -> dict[str, int]:
    """The place of the last node on each card.

    The numbers on the card of a group with one output are those of its last node: what comes last in a group is used
    by nothing in it, and so is an output.
    """
    return {card: place for place, card in diagram.node_ids.items()}


def _leaving(step: Backward) -> dict[int, Departure]:
    """What leaves in a step, by the position among the operands."""
    positions = [position for position, operand in enumerate(step.node.operands) if isinstance(operand, Value)]
    return dict(zip(positions, step.leaving, strict=False))  # where nothing arrives, nothing leaves


def _told(drawing: GraphPicture, forward: Sequence[Forward], backward: Sequence[Backward]) -> Diagram:
    """The diagram with the names and numbers of the steps, and without those that would be seen before their step."""
    diagram, look, last = drawing.diagram, drawing.look, _last(drawing.diagram)
    names = {step.index: step.name.text for step in forward}
    values = {("value", step.index): step.value for step in forward}
    numbers = values | {("gradient", step.index): step.flow for step in backward}
    flows = {(step.index, position): sent.flow for step in backward for position, sent in _leaving(step).items()}
    operand_of = {edge: operand for operand, edge in diagram.edge_ids.items()}

    def told_card(card: Card) -> Card:
        if card.id not in last:  # it stands for what is not drawn
            return card
        place = last[card.id]
        rows = [
            row if row.kind == "count" else replace(row, text=look.decimal(numbers[row.kind, place]))
            for row in card.rows
        ]
        card = replace(card, rows=tuple(rows))
        if card.kind == "group":
            return card
        label = names[place] if "label" in look.shown else card.label
        return replace(card, label=label, title=card.title.partition("\n")[0])

    def told_edge(edge: Edge) -> Edge:
        return replace(edge, flow=f"◂ {look.decimal(flows.get(operand_of[edge.id], 0.0))}") if edge.flow else edge

    cards, edges = [*map(told_card, diagram.cards)], [*map(told_edge, diagram.edges)]
    return replace(diagram, cards=cards, edges=edges, description="The steps below tell what is computed.")


def _items(picture: GraphPicture, steps: Sequence[Forward | Backward]) -> list[str]:
    """The steps as items of a list, each with the ids of what it lights up, and of what it shows from then on."""
    card_of = picture.node_ids
    last_on = {card: place for place, card in card_of.items()}
    edges_of: dict[int, dict[int, str]] = {step.index: {} for step in steps}
    for (place, position), edge in picture.edge_ids.items():
        edges_of[place][position] = edge
    items = []
    for step in steps:
        card, edges = card_of[step.index], edges_of[step.index]
        lights = [card, *edges.values()]
        shows = [card] if last_on[card] == step.index else []
        if isinstance(step, Backward):
            leaving = _leaving(step)
            lights = [card, *[edge for i, edge in edges.items() if i in leaving and not leaving[i].blocked]]
            shows += [f"{edge}-flow" for edge in edges.values() if picture.look.flows]
        items.append(f'<li data-lights="{" ".join(lights)}" data-shows="{" ".join(shows)}">{escape(step.line)}</li>')
    return items
