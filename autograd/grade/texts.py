"""What the kit says, in the language that was chosen: texts of the catalogue, by name, with what is filled in.

>>> text("en", "right"), text("pt", "right")
('right', 'correto')
"""

import difflib
from collections.abc import Sequence
from typing import Any

from ..languages import words

# How many characters of what a class says are passed on.
LONGEST = 200

# How many names are offered in place of one that is not there.
OFFERED = 3


def text(language: str, name: str, *arguments: object) -> str:
    """A text of the section [grade]."""
    return words("grade", language)[name].format(*arguments)


def told(language: str, said: Sequence[Any]) -> str:
    """A text that comes as its name and what is filled in, which may be a text itself; nothing is the empty text."""
    if not said:
        return ""
    name, *arguments = said
    return text(language, name, *[told(language, a) if isinstance(a, list | tuple) else a for a in arguments])


def near(name: str, names: Sequence[str]) -> list[str]:
    """The names that someone may have meant, the nearest first; capitals make no difference.

    >>> near("value", ["Node", "Value"])
    ['Value']
    """
    by_lower = {known.lower(): known for known in names}
    return [by_lower[found] for found in difflib.get_close_matches(name.lower(), by_lower, OFFERED)]


def offering(name: str, offered: Sequence[str], *arguments: str) -> tuple[str, ...]:
    """A text that says that something is not there, with what there is in its place, if there is anything.

    >>> told("en", offering("no file", ["engine.py"], "engin.py"))
    "there is no file engin.py: did you mean 'engine.py'?"
    """
    return (f"{name}, but near", *arguments, ", ".join(map(repr, offered))) if offered else (name, *arguments)


class RefusedError(Exception):
    """Why there is nothing to run: the name of a text, and what is filled in."""

    def __init__(self, *said: Any) -> None:
        super().__init__(*said)
        self.said = said


def one_line(error: BaseException) -> str:
    """An exception in one line: its name and the first line of its text, without the place of what cannot be read."""
    try:
        text = error.msg if isinstance(error, SyntaxError) else error
        said = str(text)[:LONGEST].partition("\n")[0]
        return f"{type(error).__name__:.60}: {said}" if said else f"{type(error).__name__:.60}"
    except BaseException:  # its text is computed by someone's program, too
        return "an error that cannot be shown"
