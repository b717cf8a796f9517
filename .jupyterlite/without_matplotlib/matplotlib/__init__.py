"""What stands in for matplotlib in a site that has none: it takes all that is drawn, and tells that nothing is seen.

So a notebook runs to its end, with all its numbers, where only its curves are missing.
"""

from collections.abc import Iterator


class Nothing:
    """A figure, a curve, a colour: whatever is asked of it, it answers with itself."""

    def __getattr__(self, name: str) -> "Nothing":
        if name.startswith("_"):  # what Python and IPython ask of all objects, as how they are shown
            raise AttributeError(name)
        return self

    def __call__(self, *_: object, **__: object) -> "Nothing":
        """Nothing, whatever it is called with."""
        return self

    def __getitem__(self, _: object) -> "Nothing":
        return self

    def __repr__(self) -> str:
        return "(no picture: this site was built without matplotlib)"

    def __setitem__(self, *_: object) -> None: ...

    def __enter__(self) -> "Nothing":
        return self

    def __exit__(self, *_: object) -> None: ...


class Axes(list):
    """Axes in rows and columns; of one row or one column they are not nested."""

    @property
    def flat(self) -> Iterator[Nothing]:
        """All axes, row by row."""
        for axes in self:
            yield from axes.flat if isinstance(axes, Axes) else [axes]


def axes_of(rows: int, columns: int) -> Axes | Nothing:
    """The axes that `subplots` answers with."""
    if rows == columns == 1:
        return Nothing()
    if rows == 1 or columns == 1:
        return Axes(Nothing() for _ in range(rows * columns))
    return Axes(Axes(Nothing() for _ in range(columns)) for _ in range(rows))


rcParams = Nothing()  # noqa: N816 - matplotlib's name


def __getattr__(name: str) -> Nothing:
    return getattr(Nothing(), name)
