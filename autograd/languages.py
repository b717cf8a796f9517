"""The languages that pictures, pages and explanations speak, from tables with a column for each.

>>> in_language({"value": ("value", "valor", "valor")}, "pt")
{'value': 'valor'}
"""

from collections.abc import Mapping

from .checks import choice

LANGUAGES = ("en", "pt", "es")


def in_language(table: Mapping[str, tuple[str, ...]], language: str) -> dict[str, str]:
    """The column of a table that is in this language.

    Raises ValueError for one that there is no column for.
    """
    column = LANGUAGES.index(choice("language", language, LANGUAGES))
    return {name: texts[column] for name, texts in table.items()}
