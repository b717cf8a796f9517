"""Tables and texts in HTML, for notebooks and for pages that documentation is made of: without a script.

>>> table("Leaves", ["name", "value"], [["a", "2"]], "lr").partition("<tbody>")[2]
'<tr><th scope="row">a</th><td class="r">2</td></tr></tbody></table>'

They have no colours of their own but those of the page around them, which may be light or dark. Where styles are taken
away, as in a notebook that is not trusted, the tables are those of the page.
"""

import html
from collections.abc import Iterable, Sequence

from .cells import readable

# A table of Jupyter has all texts on the right; two classes in one selector, and it is overruled.
STYLE = (
    ".autograd-html{overflow-x:auto}"
    ".autograd-html table.autograd-table{border-collapse:collapse;margin:.6em 0;border:0;font-size:inherit}"
    ".autograd-html .autograd-table caption{text-align:left;font-weight:bold;padding:.2em 0;color:inherit}"
    ".autograd-html .autograd-table :is(th,td)"
    "{text-align:left;vertical-align:top;padding:.15em 1.2em .15em 0;border:0;white-space:nowrap}"
    ".autograd-html .autograd-table thead :is(th,td){border-bottom:1px solid}"
    ".autograd-html .autograd-table tbody th{font-weight:normal}"
    ".autograd-html .autograd-table .r{text-align:right;font-variant-numeric:tabular-nums}"
    ".autograd-html .autograd-table .w{white-space:normal;min-width:7em}"
    ".autograd-html details{margin:.1em 0}"
    ".autograd-html details details{margin-left:1.3em}"
    ".autograd-html summary{cursor:pointer}"
    ".autograd-html details>:is(table,p,ul){margin-left:1.3em}"
    ".autograd-html pre{margin:.2em 0;background:none;color:inherit}"
)


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """A text so that it is shown and does not act.

    >>> escaped("<b>&"), escaped(Markup("<b>&amp;</b>"))
    ('&lt;b&gt;&amp;', '<b>&amp;</b>')
    """
    return text if isinstance(text, Markup) else Markup(html.escape(readable(text)))


def document(parts: Iterable[str], language: str = "en") -> str:
    """What a notebook shows: the parts with their style; readers of mathematics leave their texts as they are.

    A language other than English is told, for screen readers.
    """
    said = f' lang="{language}"' * (language != "en")
    return f'<div class="autograd-html tex2jax_ignore mathjax_ignore"{said}><style>{STYLE}</style>{joined(parts)}</div>'


def joined(parts: Iterable[str]) -> Markup:
    """Texts and HTML, one after the other."""
    return Markup("".join(map(escaped, parts)))


def paragraph(text: str) -> Markup:
    """A text in a paragraph of its own."""
    return Markup(f"<p>{escaped(text)}</p>")


def heading(text: str) -> Markup:
    """What stands above texts, as a caption stands above a table."""
    return Markup(f"<p><strong>{escaped(text)}</strong></p>")


def program(text: str) -> Markup:
    """A program, in the lines that it has."""
    lines = "\n".join([escaped(line) for line in text.splitlines()])
    return Markup(f"<pre>{lines}</pre>")


def bulleted(texts: Iterable[str]) -> Markup:
    """Texts with a bullet before each."""
    return Markup(f"<ul>{''.join([f'<li>{escaped(text)}</li>' for text in texts])}</ul>")


def unfolding(summary: str, parts: Iterable[str], is_open: bool = False) -> Markup:
    """A line that unfolds into the parts; the line alone if there are none."""
    inside = joined(parts)
    if not inside:
        return paragraph(summary)
    state = ' open=""' * is_open
    return Markup(f"<details{state}><summary>{escaped(summary)}</summary>{inside}</details>")


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> Markup:
    """A table; `align` has for each column "l", "r" for numbers, or "w" for texts that may be wrapped.

    The first cell of a row is its head, unless it is empty: then the row goes on with the one above.
    """
    titles = zip(heads, align, strict=True)
    head = "".join([_cell("th", text, side, "col") if text else _cell("td", text, side) for text, side in titles])
    body = "".join([_row(row, align) for row in rows])
    named = f"<caption>{escaped(caption)}</caption>" if caption else ""
    return Markup(f'<table class="autograd-table">{named}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>')


def _row(row: Sequence[str], align: str) -> str:
    cells = [_cell("td", text, side) for text, side in zip(row, align, strict=True)]
    if row[0]:
        cells[0] = _cell("th", row[0], align[0], "row")
    return f"<tr>{''.join(cells)}</tr>"


def _cell(kind: str, text: str, side: str, scope: str = "") -> str:
    told = f' scope="{scope}"' * bool(scope) + f' class="{side}"' * (side != "l")
    return f"<{kind}{told}>{escaped(text)}</{kind}>"
