"""How a drawing looks, and which options there are.

>>> Look(theme="blue")
Traceback (most recent call last):
ValueError: theme must be 'light' or 'dark' or 'auto', not 'blue'
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .. import languages, notation
from ..checks import choice, number, shown, truth, whole
from ..engines import Value

# What writes formulas is imported where that is done: most programs only train.
if TYPE_CHECKING:
    from ..text import Term

CARD_PARTS = ("value", "gradient", "operation", "label")
BACKGROUNDS = ("page", "transparent")


@dataclass(frozen=True, kw_only=True)
class Look:
    """The options of `draw` that choose no nodes; a wrong one raises TypeError or ValueError, which names the choices.

    They are explained there.
    """

    digits: int = 4
    decimals: int | None = None
    direction: str = "LR"
    wrap: int | None = None
    theme: str = "auto"
    background: str | None = field(default=None, repr=False)  # the same picture, on another ground
    show: str = " ".join(CARD_PARTS)
    flows: bool = False
    legend: bool | None = None  # in pages alone
    language: str = "en"
    scale: float = 1.0
    fontsize: float | None = None
    size: tuple[float, float] | None = None
    timeout: float = field(default=30.0, repr=False)  # makes no other picture

    def __post_init__(self) -> None:
        checked = {
            "digits": whole("digits", self.digits, least=1, most=17),
            "decimals": None if self.decimals is None else whole("decimals", self.decimals, least=0, most=17),
            "direction": choice("direction", self.direction, ("LR", "TB")),
            "wrap": None if self.wrap is None else whole("wrap", self.wrap, least=1),
            "theme": choice("theme", self.theme, ("light", "dark", "auto")),
            "background": None if self.background is None else choice("background", self.background, BACKGROUNDS),
            "flows": truth("flows", self.flows),
            "legend": None if self.legend is None else truth("legend", self.legend),
            "language": choice("language", self.language, languages.LANGUAGES),
            "scale": _length("scale", self.scale),
            "fontsize": None if self.fontsize is None else _length("fontsize", self.fontsize),
            "size": None if self.size is None else _size(self.size),
            "timeout": number("timeout", self.timeout),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.size and (self.scale != 1.0 or self.fontsize is not None):
            raise ValueError("size= says how large the picture is: leave out scale= and fontsize=, or leave out size=")
        if self.timeout <= 0:
            raise ValueError(f"timeout must be a number of seconds above 0, not {self.timeout:g}")
        parts_of("show", self.show, CARD_PARTS)

    def on_a_page(self) -> "Look":
        """The same on a page that has a ground of its own, which is seen unless one was asked for, or a theme."""
        return replace(self, background=self.background or ("transparent" if self.theme == "auto" else "page"))

    def decimal(self, number: float) -> str:
        """A number that was computed, as pictures show it: rounded, and with the minus of mathematics.

        >>> Look().decimal(-0.5898357997), Look(decimals=2).decimal(-0.5898357997), Look().decimal(-0.0)
        ('−0.5898', '−0.59', '0')
        >>> Look(language="pt").decimal(-0.5898357997)
        '−0,5898'
        """
        # The sign of a zero would be asked about in every lecture; the tooltip has it.
        return self._typeset(notation.decimal(number or 0.0, self.digits, self.decimals))

    def exact(self, number: float) -> str:
        """A number in full precision, as tooltips show it."""
        return self._typeset(repr(number))

    def _typeset(self, digits: str) -> str:
        from ..text import typeset

        return typeset(languages.number(digits, self.language))

    def constant(self, operation: Any, place: int, number: float) -> "Term":
        """A plain number among the operands of an operation, as a part of a formula."""
        from ..text import pointed

        return pointed(notation.constant(operation, place, number, digits=self.digits), self.point)

    def formula(self, node: Value, most: int = 40) -> str:
        """The formula that made a node, of so many operations."""
        return notation.expression(node, digits=self.digits, most=most, point=self.point)

    @property
    def point(self) -> str:
        """What stands before decimals."""
        return languages.point(self.language)

    def counted(self, number: int, thing: str) -> str:
        """A number of things."""
        return languages.counted(number, thing, self.language)

    def said(self, section: str) -> Mapping[str, str]:
        """The texts of a section of the catalogue."""
        return languages.words(section, self.language)

    @property
    def shown(self) -> frozenset[str]:
        """What cards show."""
        return frozenset(self.show.split())


def parts_of(name: str, given: Any, parts: Sequence[str]) -> frozenset[str]:
    """The words in the option of that name, each of them one of the parts that a picture has.

    >>> sorted(parts_of("show", "value label", CARD_PARTS))
    ['label', 'value']
    """
    choices = f"one or more of the words {' '.join(parts)}"
    if not isinstance(given, str):
        raise TypeError(f"{name} is a string with {choices}, not {given!r}")
    words = frozenset(given.split())
    if not words or not words <= set(parts):
        raise ValueError(f"{name} must be {choices}, not {given!r}")
    return words


def _length(name: str, given: Any) -> float:
    """A number above 0."""
    found = number(name, given, finite=True)
    if found <= 0:
        raise ValueError(f"{name} must be more than 0, not {found:g}")
    return found


def _size(given: Any) -> tuple[float, float]:
    """Width and height."""
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise TypeError(f"size must be a pair (width, height) in pixels, such as (1280, 720), not {shown(given)}")
    width, height = _length("the width in size", given[0]), _length("the height in size", given[1])
    if min(width, height) < 1:
        raise ValueError(f"size must be at least one pixel by one, not {width:g} by {height:g}")
    return width, height


# What is drawn where nothing is said.
LOOK = Look()
