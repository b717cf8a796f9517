"""The code cells of a notebook, without what only IPython understands.

>>> cells(b'{"cells": [{"cell_type": "code", "source": ["%time x = 1"]}, {"cell_type": "markdown", "source": "x"}]}')
['pass']

The file is JSON as in nbformat's "The Notebook file format"; the commands are those of IPython's "Built-in magic
commands".
"""

import ast
import json
import re

# Commands of a whole cell that run its Python: of all others, the cell is something else, such as a shell script.
RUN_PYTHON = ("%%time", "%%timeit", "%%capture", "%%prun")

# A command in a line of its own, or where its result is assigned; a question about a name.
COMMAND = re.compile(r"^(\s*)(?:[\w, ]+=\s*)?[%!].*$|^(\s*)\?.*$|^(\s*)[\w.]+\?{1,2}\s*$", re.MULTILINE)


def cells(content: bytes) -> list[str]:
    """The source of each code cell, in which commands are `pass`, so that all other lines keep their numbers.

    Raises ValueError for a file that is not a notebook.
    """
    try:
        found = json.loads(content)["cells"]
        sources = [cell["source"] for cell in found if cell["cell_type"] == "code"]
        return [_python("".join(source)) for source in sources]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("not a notebook of nbformat 4") from error


def _python(source: str) -> str:
    # Only what Python cannot read has commands: a line of a long expression may also begin with a percent sign.
    if _is_python(source):
        return source
    first, _, rest = source.lstrip().partition("\n")
    if first.startswith("%%"):
        lines = source[: len(source) - len(rest)].count("\n")
        return "\n" * lines + _python(rest) if first.startswith(RUN_PYTHON) else ""
    return COMMAND.sub(lambda found: f"{found[1] or found[2] or found[3] or ''}pass", source)


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True
