"""What notebooks show of a drawing, and of a Value: a picture, or a line of text where there can be none.

>>> from autograd import Value
>>> list(value_bundle(Value(2.0)))
['text/plain', 'text/html', 'image/svg+xml']
"""

import base64
import html
from collections.abc import Callable

from ..engines import Value
from .limits import EDGES, is_larger_than
from .picture import Drawing

# A notebook draws a Value by itself as long as the picture fits a page.
NOTEBOOK_NODES = 150

# A picture asks whether it stands on a dark page, and browsers answer it by the color-scheme of its element, or else by
# that of the system. So this tells it: the attributes and classes are those of pages in JupyterLab, Visual Studio Code,
# Colab and Sphinx.
DARK_PAGES = (
    "[data-jp-theme-light=false]",
    ".vscode-dark",
    ".vscode-high-contrast:not(.vscode-high-contrast-light)",
    "html[theme=dark]",
    "[data-theme=dark]",
)
AS_THE_PAGE = (
    ".autograd-drawing{color-scheme:light}[data-theme=auto] .autograd-drawing{color-scheme:light dark}"
    f":is({','.join(DARK_PAGES)}) .autograd-drawing{{color-scheme:dark}}"
)


def bundle(text: str, drawn: Callable[[], Drawing]) -> dict[str, str]:
    """The drawing in the formats of notebooks; where it cannot be made, the text, which tells why."""
    try:
        drawing = drawn()
        return {"text/plain": text, "text/html": image(drawing), "image/svg+xml": drawing.notebook_svg}
    except Exception as error:  # nothing must ever fail to be shown
        return {"text/plain": f"{text}, not drawn: {error}"}


def image(drawing: Drawing) -> str:
    """The picture as an <img>, which Jupyter shows also where it does not trust a notebook."""
    alt = html.escape(f"{drawing.title}. {drawing.description}")
    data = base64.b64encode(drawing.notebook_svg.encode()).decode()
    shown = f'<img class="autograd-drawing" alt="{alt}" src="data:image/svg+xml;base64,{data}">'
    return f"{shown}<style>{AS_THE_PAGE}</style>"


def value_bundle(value: Value) -> dict[str, str]:
    """The graph of a Value, if it is not too large; else a line that tells how to draw it."""
    return bundle(repr(value), lambda: _drawn(value))


def _drawn(value: Value) -> Drawing:
    from . import draw

    if is_larger_than(NOTEBOOK_NODES, value):
        remedy = "draw(value) shows them, draw(value, depth=1) shows one card for each scope"
        than = f"{NOTEBOOK_NODES} nodes, or {NOTEBOOK_NODES * EDGES:,} edges"
        raise ValueError(f"computed from more than {than}: {remedy}")
    return draw(value)
