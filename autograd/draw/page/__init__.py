"""A drawing of a graph as a page that steps through both passes, a card at a time.

>>> from autograd import Value, draw
>>> page = page_of(draw(Value(2.0, "a") * 3))
>>> page[:15], page.count("<li ")
('<!doctype html>', 4)

The steps are those of `explain`, and so are the numbers on the cards: those of the computation, with 1 as the seed of
the backward pass, whatever has been changed or accumulated since.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from ...languages import count, words
from ..picture import GraphPicture
from .template import Step, page
from .tour import Tour


def page_of(drawing: GraphPicture) -> str:
    """The drawing and its steps as HTML, with everything that it needs; the same for the same graph in every run."""
    look, language = drawing.look, drawing.look.language
    tour = Tour(drawing.diagram, look, drawing.root)
    look = replace(look, legend=look.legend is not False)
    picture = replace(drawing, diagram=tour.told(), look=look)
    note = ""
    if left_out := len(tour.nodes) - len(drawing.diagram.node_ids):
        note = words("page", language)["left_out"].format(
            shown=count(len(tour.nodes) - left_out, language), all=count(len(tour.nodes), language)
        )
    return page(
        picture.svg,
        picture.title,
        picture.prefix,
        _placed(tour.forward, picture),
        _placed(tour.backward, picture),
        theme=look.theme,
        language=language,
        note=note,
    )


def _placed(steps: Sequence[Step], picture: GraphPicture) -> list[Step]:
    """The steps with the ids in the SVG. Where a flow has an arrow of its own, that lights up and its edge does not."""
    drawn = {name: tag for tag, name in re.findall('<(g|text) [^>]*?id="([^"]+-flow)"', picture.svg)}

    def placed(name: str) -> str:
        return f"{picture.prefix}-{name}"

    def light(name: str) -> str:
        flow = placed(f"{name}-flow")
        return flow if drawn.get(flow) == "g" else placed(name)

    return [
        replace(
            step,
            lights=[light(name) if step.shows else placed(name) for name in step.lights],
            shows=[placed(name) for name in step.shows if placed(name) in drawn],
            numbers={placed(card): number for card, number in step.numbers.items()},
        )
        for step in steps
    ]
