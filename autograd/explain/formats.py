"""The formats of an explanation: text for a terminal, Markdown, LaTeX, HTML."""

import re
from collections.abc import Iterator, Sequence

from .. import markup
from ..cells import cells
from ..terminal import printable
from ..text import Term
from .board import Section


def text(sections: Sequence[Section]) -> str:
    """Plain text, tables in columns, in signs that the terminal has."""
    blocks = [
        [section.title.text, *_columns(section), *[f"  {sentence.text}" for sentence in section.sentences]]
        for section in sections
    ]
    return printable("\n\n".join(map("\n".join, blocks)))


def _columns(section: Section) -> Iterator[str]:
    if section.rows:
        table = [[printable(cell.text) for cell in row] for row in (section.heads, *section.rows)]
        widths = [max(map(cells, column)) for column in zip(*table, strict=True)]
        for row in table:
            columns = zip(row, widths, section.align, strict=True)
            yield f"  {'  '.join(_padded(*column) for column in columns)}".rstrip()


def _padded(cell: str, width: int, side: str) -> str:
    blanks = " " * (width - cells(cell))
    return blanks + cell if side == "r" else cell + blanks


def markdown(sections: Sequence[Section]) -> str:
    """Markdown with tables, as GitHub and Jupyter read it."""
    paragraphs = []
    for section in sections:
        paragraphs.append(f"**{_escaped(section.title)}**")
        if section.rows:
            rule = [" --: " if side == "r" else " :-- " for side in section.align]
            rows = [[f" {_escaped(cell, _ACTING_IN_CELLS)} " for cell in row] for row in section.rows]
            heads = [f" {_escaped(head, _ACTING_IN_CELLS)} " for head in section.heads]
            paragraphs.append("\n".join([f"|{'|'.join(row)}|" for row in (heads, rule, *rows)]))
        paragraphs += [_escaped(sentence) for sentence in section.sentences]
    return "\n\n".join(paragraphs)


# What acts in Markdown is written by its number: of backslashes, readers of mathematics think otherwise.
_ACTING = r"[\\`*_~|<$#@&]|\](?=[(\[:])|:(?=//)|(?<=www)\.|^\s|\s$|(?<=\s)\s"
_ACTING_IN_CELLS = re.compile(_ACTING)
_ACTING_IN_LINES = re.compile(rf"{_ACTING}|^[>+=-]|^\d+(?=[.)])")


def _escaped(formula: Term, acting: re.Pattern[str] = _ACTING_IN_LINES) -> str:
    return acting.sub(lambda found: f"&#{160 if found[0].isspace() else ord(found[0])};", formula.text)


def html(sections: Sequence[Section], language: str) -> str:
    """HTML with tables, in the signs of mathematics, for where Markdown has no tables."""
    return markup.document([part for section in sections for part in _blocks(section)], language)


def _blocks(section: Section) -> Iterator[str]:
    if section.rows:
        # The patterns in the last column may take several lines.
        align = section.align[:-1] + section.align[-1].replace("l", "w")
        rows = [[cell.text for cell in row] for row in section.rows]
        yield markup.table(section.title.text, [head.text for head in section.heads], rows, align)
    else:
        yield markup.heading(section.title.text)
    yield from [markup.paragraph(sentence.text) for sentence in section.sentences]


def latex(sections: Sequence[Section]) -> str:
    r"""LaTeX, one \[ … \] of nested arrays, which MathJax and KaTeX know too; \text needs the package amsmath."""
    lines: list[str] = []
    for section in sections:
        lines += [""] * bool(lines) + [rf"\underline{{{section.title.latex}}}"]
        if section.rows:
            rows = [" & ".join([cell.latex for cell in row]) for row in (section.heads, *section.rows)]
            lines.append(rf"\quad {_array(section.align, rows)}")
        lines += [rf"\quad {sentence.latex}" for sentence in section.sentences]
    return f"\\[\n{_array('l', lines)}\n\\]"


def _array(columns: str, rows: Sequence[str]) -> str:
    # With [3pt], the \\ takes no bracket for its own that the next row begins with.
    between = " \\\\[3pt]\n"
    return rf"\begin{{array}}{{{columns}}}" + f"\n{between.join(rows)}\n" + r"\end{array}"
