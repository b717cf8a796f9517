"""The drawing of a model that is no network, as a graph of a mere trial: without the numbers that nobody gave.

>>> from autograd import draw, nn
>>> class Around(nn.Module):
...     def __init__(self):
...         self.weight = Value(2.0)
...
...     def forward(self, x):
...         return self.weight * x + x
>>> drawing = draw(Around())
>>> drawing.description
'There are no numbers: draw(model, inputs) shows those of a pass.'
"""

from dataclasses import replace

from ...engines import Value
from ..diagram import Diagram
from ..drawing import GraphDrawing
from ..look import Look
from ..page.template import page

# What cards can show of a trial, and what they cannot.
SHOWN, HIDDEN = "operation label", "value gradient"


class TrialDrawing(GraphDrawing):
    """The drawing of a graph that was computed from inputs that nobody gave; its page has no steps."""

    @property
    def note(self) -> str:
        """Why there are no numbers, in the language of the page."""
        return self.look.said("network page")["no values"]

    def to_html(self) -> str:
        """The picture as a page, which tells how to get one with steps: they are those of a pass."""
        note = self.note
        look = replace(self.look, legend=self.look.legend is not False)
        picture = replace(self, look=look, diagram=replace(self.diagram, description=note))
        return page(
            picture.svg, self.title, picture.prefix, [], [], theme=look.theme, language=look.language, note=note
        )


def trial_drawing(diagram: Diagram, look: Look, root: Value, seconds: float) -> TrialDrawing:
    """The drawing without numbers, which are in tooltips and in the description, too, and decide where flows end."""
    description = look.said("drawing")["no numbers"]
    return TrialDrawing(replace(without_numbers(diagram), description=description), look, root, seconds)


def without_numbers(diagram: Diagram) -> Diagram:
    """The diagram without what numbers say."""
    cards = [card if card.kind in ("group", "stub") else replace(card, title=card.made) for card in diagram.cards]
    edges = [replace(edge, is_blocked=False) for edge in diagram.edges]
    return replace(diagram, cards=cards, edges=edges)


def look_of_trial(look: Look, why: str = "there are none without inputs: give them, as in draw(model, inputs)") -> Look:
    """The look without numbers; raises ValueError, which says why, if nothing else was to be shown."""
    words = [word for word in look.show.split() if word not in HIDDEN.split()]
    if not words:
        raise ValueError(f"show={look.show!r} is about numbers, and {why}, or show one or more of the words {SHOWN}")
    return replace(look, show=" ".join(words))
