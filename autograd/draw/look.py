"""How a drawing looks, and which options there are.

>>> Look(theme="blue")
Traceback (most recent call last):
ValueError: theme must be 'light' or 'dark' or 'auto', not 'blue'
"""

from dataclasses import dataclass, field

from .. import notation
from ..checks import choice, number, whole

PARTS = ("value", "gradient", "operation", "label")


@dataclass(frozen=True, kw_only=True)
class Look:
    """The options of `draw` that choose no nodes; a wrong one raises ValueError, which names the choices."""

    digits: int = 4
    decimals: int | None = None
    direction: str = "LR"
    theme: str = "auto"
    show: str = " ".join(PARTS)
    flows: bool = False
    engine: str = field(default="auto", repr=False)  # these two make no other picture
    timeout: float = field(default=30.0, repr=False)

    def __post_init__(self) -> None:
        choice("direction", self.direction, ("LR", "TB"))
        choice("theme", self.theme, ("light", "dark", "auto"))
        choice("engine", self.engine, ("auto", "wasm", "dot"))
        object.__setattr__(self, "digits", whole("digits", self.digits, least=1, most=17))
        if self.decimals is not None:
            object.__setattr__(self, "decimals", whole("decimals", self.decimals, least=0, most=17))
        object.__setattr__(self, "timeout", number("timeout", self.timeout))
        if self.timeout <= 0:
            raise ValueError(f"timeout must be a number of seconds above 0, not {self.timeout:g}")
        choices = f"one or more of the words {' '.join(PARTS)}"
        if not isinstance(self.show, str):
            raise TypeError(f"show is a string with {choices}, not {self.show!r}")
        if not self.shown or not self.shown <= set(PARTS):
            raise ValueError(f"show must be {choices}, not {self.show!r}")

    def decimal(self, number: float) -> str:
        """A number that was computed, as pictures show it: rounded, and with the minus of mathematics.

        >>> Look().decimal(-0.5898357997), Look(decimals=2).decimal(-0.5898357997), Look().decimal(-0.0)
        ('−0.5898', '−0.59', '0')
        """
        from ..text import typeset

        # The sign of a zero would be asked about in every lecture; the tooltip has it.
        return typeset(notation.decimal(number or 0.0, self.digits, self.decimals))

    @property
    def shown(self) -> frozenset[str]:
        """What cards show."""
        return frozenset(self.show.split())
