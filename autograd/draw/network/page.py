"""A network as a page that steps through it, a circle at a time: inputs first, and back from the outputs.

>>> from autograd import draw, nn
>>> page = draw(nn.MLP(2, [2, 1], seed=0), [1.0, 2.0]).to_html()
>>> page[:15], page.count("<li ")
('<!doctype html>', 5)

Forward there is a step at each circle, in which its value appears; backward, where gradients are shown, one at each
neuron, in which the gradients of its output, its weights and its bias appear.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ... import languages
from ...cells import readable
from ..look import Look
from ..page.template import Step, page
from .layout import NetworkLayout, gradient_of
from .model import SUM, Column, Network, Unit


@dataclass(frozen=True)
class _Place:
    """A unit with its column, and its number among the circles."""

    column: int
    unit: Unit
    number: int


def page_of(
    network: Network, layout: NetworkLayout, shown: frozenset[str], look: Look, picture: tuple[str, ...]
) -> str:
    """The page of a network; `picture` is its SVG, its title and its prefix."""
    svg, title, prefix = picture
    tour = _Tour(network, layout, shown, look, prefix)
    notes = []
    if not network.has_values:
        notes.append(tour.words["no values"])
    if any(column.left_out for column in network.columns):
        notes.append(tour.words["left out"])
    forward, backward = [*tour.forward()], [*tour.backward()]
    return page(
        *(svg, title, prefix, forward, backward), theme=look.theme, language=look.language, note=" ".join(notes)
    )


class _Tour:
    """The steps, and what is said of them."""

    def __init__(self, network: Network, layout: NetworkLayout, shown: frozenset[str], look: Look, prefix: str) -> None:
        self.network, self.shown, self.prefix = network, shown, prefix
        self.decimal, self.words = look.decimal, look.said("network page")
        self.between = languages.between(look.language)
        self.places = [_Place(circle.column, circle.unit, number) for number, circle in enumerate(layout.circles)]
        self.lines: dict[tuple[int, int], list[str]] = {}
        self.with_bias_gradients = {
            number
            for number, circle in enumerate(layout.circles)
            if any(text.kind == "bias gradient" for text in circle.texts)
        }
        self.with_gradients = set()
        for number, line in enumerate(layout.lines):
            self.lines.setdefault((line.column, line.unit.place), []).append(f"{prefix}-edge-{number}")
            if any(text.kind == "gradient" for text in line.numbers):
                self.with_gradients.add(f"{prefix}-edge-{number}")

    def forward(self) -> Iterator[Step]:
        for place in self.places:
            unit = place.unit
            numbers = {}
            if unit.value is not None and "value" in self.shown:
                numbers[self.card(place)] = self.decimal(unit.value)
            yield Step(
                self.told(place, with_values=True), self.told(place, with_values=False), self.lights(place), (), numbers
            )

    def backward(self) -> Iterator[Step]:
        if "gradient" not in self.shown or not self.network.has_gradients:
            return
        for place in reversed(self.places):
            unit = place.unit
            if not unit.symbol:
                continue
            name, numbers = self.name(place), {}
            facts = [self.words["back"].format(name)]
            if unit.gradient is not None:
                facts = [self.words["arrives"].format(self.decimal(unit.gradient), name)]
                numbers[self.card(place)] = f"◂ {self.decimal(unit.gradient)}"
            gradients = [*[gradient_of(wire, self.decimal) for wire in unit.wires], *["…"] * self.is_cut(place)]
            facts.append(self.words["weights"].format(self.between.join(gradients)))
            shows = [f"{line}-gradient" for line in self.lines_to(place) if line in self.with_gradients]
            if unit.bias and "bias" in self.shown:
                facts.append(self.words["bias"].format(gradient_of(unit.bias, self.decimal)))
            if place.number in self.with_bias_gradients:
                shows.append(f"{self.card(place)}-bias-gradient")
            yield Step("; ".join(facts), self.told(place, with_values=False), self.lights(place), shows, numbers)

    # What is where ----------------------------------------------------------------------------------

    def card(self, place: _Place) -> str:
        return f"{self.prefix}-node-{place.number}"

    def lines_to(self, place: _Place) -> list[str]:
        return self.lines.get((place.column, place.unit.place), [])

    def lights(self, place: _Place) -> list[str]:
        return [self.card(place), *self.lines_to(place)]

    def before(self, place: _Place) -> Column:
        return self.network.columns[place.column - 1]

    def is_cut(self, place: _Place) -> bool:
        """Whether some of its inputs are not drawn."""
        return self.before(place).left_out > 0

    # Words ------------------------------------------------------------------------------------------

    def name(self, place: _Place) -> str:
        """What a unit is called."""
        column = self.network.columns[place.column]
        if not place.unit.symbol:
            return readable(place.unit.label)
        if column.name:
            return self.words["neuron of"].format(place.unit.place, readable(column.name))
        return self.words["neuron"].format(place.unit.place)

    def told(self, place: _Place, with_values: bool) -> str:
        """A unit as a formula, with its value and those that it is made of, or with names."""
        unit, name = place.unit, self.name(place)
        value = f" = {self.decimal(unit.value)}" if with_values and unit.value is not None else ""
        if not unit.symbol:
            return f"{name}{value}"
        sources = {source.place: source for source in self.before(place).units}
        terms = []
        for wire in unit.wires:
            source = sources[wire.source]
            known = with_values and source.value is not None
            factor = self.factor(source.value or 0.0) if known else self.source_name(place, source)
            terms.append(f"{self.factor(wire.weight)} × {factor}")
        terms += ["…"] * self.is_cut(place)
        terms += [self.factor(unit.bias.weight)] if unit.bias else []
        total = " + ".join(terms)
        if unit.is_joint:  # it takes more than this sum
            return f"{name}: {total}; {self.words['joint'].format(readable(unit.symbol))}{value}"
        return f"{name} = {total if unit.symbol == SUM else f'{readable(unit.symbol)}({total})'}{value}"

    def source_name(self, place: _Place, source: Unit) -> str:
        return readable(source.label) if place.column == 1 else self.words["neuron"].format(source.place)

    def factor(self, number: float) -> str:
        """A number behind a sign: in brackets if it has one of its own."""
        text = self.decimal(number)
        return f"({text})" if text.startswith("−") else text
