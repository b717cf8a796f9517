"""What `draw` makes: a picture that can be saved, opened in a viewer, and shown by notebooks.

>>> from autograd import Value, draw
>>> drawing = draw(Value(2.0, "a") * 3)
>>> drawing, drawing.title
(<drawing of a × 3: 2 nodes>, 'a × 3: 2 nodes')
"""

from typing import TYPE_CHECKING, Any

from .picture import GraphPicture, Picture

if TYPE_CHECKING:
    from ..files import AnyPath


class Drawing(Picture):
    """A picture of something as it was when it was drawn; made by `draw`, shown by Jupyter.

    >>> from autograd import Value, draw
    >>> draw(Value(2.0, "a") * 3).svg[:4]
    '<svg'
    """

    def save(self, path: "AnyPath", *, dpi: float | None = None) -> None:
        """Write the picture to a file, whole or not at all; its name ends in .svg, .html, .png, .pdf or .dot.

        The .html of a graph is a page to step through the forward and the backward pass, as `explain` tells them.

        A .png has 192 dots to an inch, which is two for each pixel of the picture, or as many as `dpi` says.

        Raises ValueError for another ending, for what this kind of drawing does not have, for `dpi` with anything but
        a .png and for a .png that viewers would not open, FileNotFoundError for a folder that is not there, and
        RuntimeError for .png and .pdf where the extra that makes them is not installed.
        """
        from .files import write

        write(self, path, dpi)

    def show(self, format: str = "svg") -> None:
        """Show the picture: inline in a notebook, else in the viewer or the browser of the system.

        >>> draw(Value(2.0, "a") * 3).show()  # doctest: +SKIP
        opened /tmp/autograd-drawing-k3x9_b2a/drawing.svg

        What is opened is a temporary file, which stays for a day: an "svg", a "png", a "pdf", or with "html" a page
        (inline there is always the picture).
        Without a screen, as over SSH, nothing is opened, and what is printed tells where the file is. Raises what
        `save` raises, and ValueError for another format.
        """
        from .viewer import show

        show(self, format)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        from .notebook import bundle

        return bundle(repr(self), lambda: self)

    def _repr_html_(self) -> str | None:
        from .notebook import part

        return part("html", self._repr_mimebundle_())

    def _repr_svg_(self) -> str | None:
        from .notebook import part

        return part("svg", self._repr_mimebundle_())


class GraphDrawing(GraphPicture, Drawing):
    """The drawing of a graph; its page steps through the forward and the backward pass."""

    def to_html(self) -> str:
        """The picture as a page to step through the forward and the backward pass, as `explain` tells them."""
        from .page import page_of

        return page_of(self)
