"""The languages in which pictures, pages, explanations and verdicts are told, from one catalogue: a file a language.

>>> words("legend", "pt")["value"], words("legend", "es")["value"]
('valor', 'valor')

A language is chosen by an argument; where there is none by AUTOGRAD_LANGUAGE; else by the system's locale; else it is
English. The names of operations and what is code are the same in all of them.
"""

import functools
import locale
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from ..checks import choice

LANGUAGES = ("en", "pt", "es")


def chosen(language: str | None = None) -> str:
    """The language that was asked for, by an argument or in the surroundings.

    >>> chosen("pt"), chosen("pt-BR"), chosen("es_AR.UTF-8")
    ('pt', 'pt', 'es')

    Raises ValueError for one that the catalogue has no file for, also where AUTOGRAD_LANGUAGE asks for it. A locale
    in another language is not an error: it means English.
    """
    if language is not None:
        return _asked("language", language)
    if asked := os.environ.get("AUTOGRAD_LANGUAGE", "").strip():  # `set` of Windows may leave a blank
        return _asked("AUTOGRAD_LANGUAGE", asked)
    # Windows calls its locales by words, as Portuguese_Brazil and Spanish_Argentina.
    spoken = _alone(locale.normalize(_alone(_locale() or "")))
    return spoken if spoken in LANGUAGES else LANGUAGES[0]


def _asked(name: str, given: object) -> str:
    alone = _alone(given) if isinstance(given, str) else given
    return str(choice(name, alone if alone in LANGUAGES else given, LANGUAGES))


def _alone(name: str) -> str:
    """The language in the name of a locale, without country, encoding and variant."""
    return re.split("[-_.@]", name, maxsplit=1)[0].lower()


def _locale() -> str | None:
    """The locale of messages, as the environment names it, or as the system does where that has no such names."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return os.environ[name]
    return locale.getlocale()[0]


def words(section: str, language: str) -> Mapping[str, str]:
    """All texts of a section of the catalogue, by their names.

    Raises ValueError for a language that the catalogue has no file for.
    """
    return _catalogue(choice("language", language, LANGUAGES))[section]  # type: ignore[no-any-return]


# How numbers are written in prose and tables; code, and files that programs read, have a point in all languages -----


def point(language: str) -> str:
    """The sign before the decimals of a number.

    >>> point("en"), point("pt")
    ('.', ',')
    """
    return words("numbers", language)["half"][1]


def number(digits: str, language: str) -> str:
    """One number, which has come as Python writes it, with the decimal sign of the language.

    >>> number("-0.25", "en"), number("-0.25", "pt"), number("1.5e-09", "es")
    ('-0.25', '-0,25', '1,5e-09')
    """
    return digits.replace(".", point(language))


def count(number: int, language: str) -> str:
    """A whole number, with a sign between its thousands; Spanish has none in four digits.

    >>> count(30_000, "en"), count(30_000, "pt"), count(3000, "es")
    ('30,000', '30.000', '3000')
    """
    said = words("numbers", language)
    sign = said["thousand"][1:-3] if abs(number) < 10_000 else said["ten thousand"][2:-3]
    return f"{number:,}".replace(",", sign)


def counted(number: int, thing: str, language: str) -> str:
    """A number of things, for which the catalogue has a text for one and a text for several.

    >>> counted(1, "node", "pt"), counted(3, "node", "pt"), counted(30_000, "node", "en")
    ('1 nó', '3 nós', '30,000 nodes')
    """
    return words("counts", language)[thing if number == 1 else f"{thing}s"].format(count(number, language))


def between(language: str) -> str:
    """What stands between the numbers of a list, and is not taken for a decimal sign.

    >>> between("en").join(["0.5", "2"]), between("pt").join(["0,5", "2"])
    ('0.5, 2', '0,5; 2')
    """
    return words("numbers", language)["pair"][1:-1]


def enumeration(names: Sequence[str], language: str) -> str:
    """A text with a place for each of these names, as a sentence names them.

    >>> enumeration(["a", "b", "c"], "en"), enumeration(["a", "b", "c"], "pt"), enumeration(["x", "y"], "es")
    ('{} and {} and {}', '{}, {} e {}', '{} e {}')
    """
    said, firsts = words("explain", language), ["{}"] * (len(names) - 1)
    if not firsts:
        return "{}"
    both = said["and before i" if _sounds_like_i(names[-1]) else "and"]
    return both.format(reduce(said["comma"].format, firsts), "{}")


def _sounds_like_i(name: str) -> bool:
    """Whether a name begins with the sound i, before which Spanish says e for y."""
    letters = unicodedata.normalize("NFD", name).casefold()
    return letters.startswith(("i", "hi")) or bool(re.match("y(?![aeiou])", letters))


@functools.cache
def _catalogue(language: str) -> Mapping[str, Any]:
    import tomllib  # here, as most programs say nothing
    from importlib.resources import files

    return tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text("utf-8"))
