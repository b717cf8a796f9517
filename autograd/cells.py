"""How wide texts are shown, and what of them can be shown: in cells of a monospace font.

>>> cells("漢字"), shortened("logits of the last layer", 10), readable("two\\nlines")
(4, 'logits of…', 'two␊lines')
"""

import re
import unicodedata

LABEL_CELLS = 28

# Control characters, line separators and marks that turn the direction of writing would all act on the text
# around them; XML forbids some of them, surrogates and two non-characters.
_ACTING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def readable(text: str) -> str:
    """The text with a picture (␊ for a newline) or � for each character that acts instead of being shown.

    >>> readable("two\\nlines")
    'two␊lines'
    """
    return _ACTING.sub(lambda found: _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    return chr(0x2400 + code) if code < 0x20 else "␡" if code == 0x7F else "�"


def cells(text: str) -> int:
    """The width of a text in a monospace font: wide East Asian characters take two cells, combining ones none.

    >>> cells("e"), cells("漢"), cells("e\u0301")
    (1, 2, 1)
    """
    return sum(map(_cells_of_one, text))


def _cells_of_one(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def shortened(text: str, most: int = LABEL_CELLS) -> str:
    """The text in at most so many cells, with "…" where it was cut.

    >>> shortened("logits of the last layer", 10)
    'logits of…'
    """
    used = end = 0
    for i, character in enumerate(text):
        used += _cells_of_one(character)
        if used < most:
            end = i + 1
        if used > most:
            return text[:end].rstrip() + "…"
    return text


def counted(number: int, thing: str) -> str:
    """A number of things.

    >>> counted(1, "node"), counted(30_000, "node")
    ('1 node', '30,000 nodes')
    """
    return f"{number:,} {thing}{'s'[: number != 1]}"
