"""A generated part of a file that is otherwise written by hand, between a line that opens it and one that closes it."""

import textwrap
from collections.abc import Iterable


def replaced(text: str, opening: str, closing: str, part: str) -> str:
    """The text with another part between the two lines; ValueError where they are not there, once each.

    >>> replaced("a\\n# begin\\nb\\n# end\\nc\\n", "# begin", "# end", "B")
    'a\\n# begin\\nB\\n# end\\nc\\n'
    """
    for line in (opening, closing):
        if text.splitlines().count(line) != 1:
            raise ValueError(f"this line should stand once in the file, and mark a generated part: {line}")
    before, _, rest = text.partition(f"{opening}\n")
    _, _, after = rest.partition(f"{closing}\n")
    return f"{before}{opening}\n{part}\n{closing}\n{after}"


def listed(start: str, names: Iterable[str]) -> str:
    """The names as a list in several full lines, which a formatter would set one below the other."""
    lines = textwrap.wrap(", ".join(f'"{name}"' for name in names) + ",", 115)
    return "\n".join(["# fmt: off", f"{start} [", *(f"    {line}" for line in lines), "]", "# fmt: on"])
