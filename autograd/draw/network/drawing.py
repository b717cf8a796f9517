"""The drawing of a model as a network.

>>> from autograd import draw, nn
>>> draw(nn.MLP(3, [4, 1], seed=0))
<drawing of MLP: 3 → 4 → 1>
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

from ...checks import whole
from ...locks import CachedProperty
from ...nn.module import Module
from ...terminal import printable
from ..drawing import Drawing
from ..limits import left, within
from ..look import Look, parts_of
from ..picture import LaidOutPicture
from .layout import NetworkLayout, layout_of
from .model import Network, network_of, without_gradients
from .svg import description_of, prefix_of, svg_of, title_of

PARTS = ("value", "weight", "gradient", "bias", "label")


@dataclass(frozen=True)
class NetworkDrawing(LaidOutPicture, Drawing):
    """A picture of a network: the columns with their numbers, how they look, and what of them is shown."""

    network: Network
    look: Look
    shown: frozenset[str]
    seconds: float = field(compare=False)  # what is left of the timeout

    @property
    def title(self) -> str:
        """What is drawn: the class of the model and its widths."""
        return title_of(self.network, self.look)

    @CachedProperty
    def description(self) -> str:
        """What is seen: the layers, and the numbers in them and between them."""
        return description_of(self.network, self.layout, self.shown, self.look)

    @CachedProperty
    def layout(self) -> NetworkLayout:
        """Where everything stands."""
        return layout_of(self.network, self.shown, self.look)

    @CachedProperty
    def prefix(self) -> str:
        """What all ids and classes in the SVG begin with, so that two drawings on one page do not mix."""
        return prefix_of(self.network, sorted(self.shown), self.look)

    def to_html(self) -> str:
        """The picture as a page to step through the network, a circle at a time."""
        from .page import page_of

        look = replace(self.look, legend=self.look.legend is not False)
        picture = replace(self, look=look)
        with self._in_time():
            description = look.said("page")["description"]
            svg = svg_of(picture.layout, self.shown, look, picture.prefix, self.title, description, is_for_page=True)
            return page_of(self.network, picture.layout, self.shown, look, (svg, picture.title, picture.prefix))

    def _drawn(self, look: Look) -> str:
        with self._in_time():
            return svg_of(self.layout, self.shown, look, self.prefix, self.title, self.description)

    def _in_time(self) -> AbstractContextManager[None]:
        return within(self.seconds, f"drawing this {self.network.kind}", self.look.timeout)

    def __repr__(self) -> str:
        widths = self.network.widths_in(self.look.language)
        return printable(self.look.said("network description")["name"].format(kind=self.network.kind, widths=widths))


def network_drawing(model: Module, inputs: Any, look: Look, show: str | None, max_nodes: int) -> NetworkDrawing:
    """The drawing of a model; raises NotLayeredError if it is not layers in a row.

    Without `show` there is all that there is, but gradients only if they belong to the values: if the pass that is
    shown went back, too, or if there are no values.
    """
    most = whole("max_nodes", max_nodes, least=0)
    with within(look.timeout, f"drawing this {type(model).__name__}"):
        network = network_of(model, inputs)
        shown = _all(network) if show is None else parts_of("show of a network", show, PARTS)
        _check_size(network, most)
        return NetworkDrawing(network if "gradient" in shown else without_gradients(network), look, shown, left())


def _all(network: Network) -> frozenset[str]:
    has_gradients = network.has_gradients and (network.has_flows or not network.has_values)
    return frozenset(PARTS if has_gradients else set(PARTS) - {"gradient"})


def _check_size(network: Network, most: int) -> None:
    units = [unit for column in network.columns for unit in column.units]
    size = len(units) + sum(len(unit.wires) for unit in units) // 10
    if size > most:
        raise ValueError(
            f"this network of {len(network.columns) - 1:,} layers has more than {most:,} circles and lines to draw, of "
            f"which every ten lines count as one: draw some of its layers, or set max_nodes={size}"
        )
