"""What stands in for matplotlib.pyplot."""

from . import Axes, Nothing, axes_of, rcParams

__all__ = ["rcParams", "show", "subplots"]


def subplots(nrows: int = 1, ncols: int = 1, **_: object) -> tuple[Nothing, Axes | Nothing]:
    """A figure and its axes."""
    return Nothing(), axes_of(nrows, ncols)


def show(*_: object, **__: object) -> None:
    """Tell why no picture is seen."""
    print(Nothing())


def __getattr__(name: str) -> Nothing:
    return getattr(Nothing(), name)
