"""A page that steps through a picture: one file that needs no server and no network.

>>> svg = '<svg viewBox="0 0 9 9"><g id="g-x"><text class="g-value g-number">3</text></g></svg>'
>>> html = page(svg, "x", "g", [Step("x = 3", "x", ["g-x"], numbers={"g-x": "3"})], [])
>>> html[:15], html.count("<li ")
('<!doctype html>', 1)

What is drawn and what its steps are is decided elsewhere: here they are only written down, for a script that knows
nothing but the ids in the picture. Without the script the page is the whole picture, with the list of steps below.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template

from ...languages import words
from ..figure import COLOURS


@dataclass(frozen=True)
class Step:
    """What happens at one card of the picture: in words, and by the ids in the SVG of what changes.

    `lights` is what lights up: first the card itself, then edges, or the flows along them. `shows` is what is not seen
    before this step, such as a flow. `numbers` are what the number of this pass reads from now on, by the card that it
    stands on; on other cards than the step's own it is what has arrived there so far, and marked as that.
    """

    text: str
    formula: str  # what can be told of the card before its step: nothing with a number of the pass
    lights: Sequence[str]
    shows: Sequence[str] = ()
    numbers: Mapping[str, str] = field(default_factory=dict)


def page(
    svg: str,
    title: str,
    prefix: str,
    forward: Sequence[Step],
    backward: Sequence[Step],
    *,
    theme: str = "auto",
    language: str = "en",
    note: str = "",
) -> str:
    """The picture and its steps as HTML, with everything that it needs; the same in every run.

    The SVG shows all as it is after the last step. Its ids and classes begin with the prefix: numbers have the classes
    PREFIX-number and PREFIX-value or PREFIX-gradient, an edge is a path with its arrow head, a polygon, right behind
    it. The note stands before the first step, alone if there is none.
    """
    said = {name: escape(text) for name, text in words("page", language).items()}
    style, script = _palette(theme) + _part("page.css"), _part("page.js")
    styles = [style, *re.findall("<style>(.*?)</style>", svg)]  # no label has a "<" there
    return Template(_part("page.html")).substitute(
        said,
        policy=f"default-src 'none'; script-src {_hashes([script])}; style-src {_hashes(styles)}; "
        "base-uri 'none'; form-action 'none'",
        language=language,
        title=escape(title),
        style=style,
        svg=svg,
        prefix=prefix,
        count=len(forward) + len(backward),
        before=f"{said['before'] if forward else ''} {escape(note)}".strip(),
        forward_items="\n".join(map(_item, forward)),
        backward_items="\n".join(map(_item, backward)),
        turn=len(forward) + 1,
        script=script,
    )


def _item(step: Step) -> str:
    numbers = escape(json.dumps(step.numbers, ensure_ascii=False))
    return (
        f'<li data-lights="{" ".join(step.lights)}" data-shows="{" ".join(step.shows)}" data-numbers="{numbers}" '
        f'data-formula="{escape(step.formula)}">{escape(step.text)}</li>'
    )


def _part(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hashes(inlined: Iterable[str]) -> str:
    """What a Content-Security-Policy lets through: these texts, and nothing that a label could bring in."""
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in inlined]
    return " ".join([f"'sha256-{digest}'" for digest in digests])


def _palette(theme: str) -> str:
    """The colours of the picture, for the page around it."""
    light, dark = [
        "".join([f"--{name}:{colours[side]};" for name, (_, *colours) in COLOURS.items()]) for side in (0, 1)
    ]
    if theme != "auto":
        return f":root{{color-scheme:{theme};{light if theme == 'light' else dark}}}\n"
    return f":root{{color-scheme:light dark;{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
