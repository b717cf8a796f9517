"""The catalogue holds every text in every language, and the language is the one that was asked for."""

import importlib.resources
import re
import tomllib

import pytest

from autograd.languages import LANGUAGES, chosen, words

FILES = importlib.resources.files("autograd.languages")
CATALOGUE = {
    language: {
        (section, name): text
        for section, texts in tomllib.loads((FILES / f"{language}.toml").read_text("utf-8")).items()
        for name, text in texts.items()
    }
    for language in LANGUAGES
}
ENGLISH = CATALOGUE["en"]


def places(text):
    """What is filled in."""
    return sorted(re.findall(r"{[^}]*}", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_there_in_every_language_and_in_the_same_order(language):
    assert list(CATALOGUE[language]) == list(ENGLISH)
    assert [key for key, text in CATALOGUE[language].items() if not text.strip()] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_the_same_in_every_language(language):
    assert [key for key, text in CATALOGUE[language].items() if places(text) != places(ENGLISH[key])] == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_a_text_of_several_words_is_not_the_english_one(language):
    same = [key for key, text in CATALOGUE[language].items() if text == ENGLISH[key]]
    assert [key for key in same if len(re.findall(r"[^\W\d_]{3,}", ENGLISH[key])) > 2] == []


@pytest.fixture
def environment(monkeypatch):
    for name in ("AUTOGRAD_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("given", "language"),
    [
        ({}, "en"),
        ({"LANG": "pt_BR.UTF-8"}, "pt"),
        ({"LANG": "es_AR.UTF-8", "LC_ALL": "pt_PT"}, "pt"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "pt_BR.UTF-8", "AUTOGRAD_LANGUAGE": "es"}, "es"),
        ({"LANG": "pt_BR.UTF-8", "AUTOGRAD_LANGUAGE": ""}, "pt"),
        ({"AUTOGRAD_LANGUAGE": "pt_BR.UTF-8"}, "pt"),
        ({"AUTOGRAD_LANGUAGE": "es-AR"}, "es"),
        ({"LANG": "PT"}, "pt"),
        ({"LANG": "es@euro"}, "es"),
        ({"LANG": "Portuguese_Brazil.1252"}, "pt"),
        ({"LANG": "Spanish_Argentina"}, "es"),
        ({"LANG": "est_EE"}, "en"),
    ],
)
def test_the_language_is_that_of_the_environment_then_of_the_locale(environment, given, language):
    for name, text in given.items():
        environment.setenv(name, text)
    assert chosen() == language
    assert chosen("en") == "en"


@pytest.mark.parametrize(("name", "language"), [("pt-BR", "pt"), ("es_MX", "es"), ("EN", "en"), ("pt_PT.UTF-8", "pt")])
def test_a_language_may_have_a_country_and_an_encoding(environment, name, language):
    assert chosen(name) == language


@pytest.mark.parametrize("name", ["fr", "portuguese", "", "est", 7, None])
def test_what_is_not_the_name_of_a_language_is_told(environment, name):
    if name is None:
        environment.setenv("AUTOGRAD_LANGUAGE", "?")

    with pytest.raises(ValueError, match="must be 'en' or 'pt' or 'es', not "):
        chosen(name)


def test_a_language_that_is_not_known_is_told(environment):
    with pytest.raises(ValueError, match="language must be 'en' or 'pt' or 'es', not 'fr'"):
        chosen("fr")
    environment.setenv("AUTOGRAD_LANGUAGE", "portuguese")
    with pytest.raises(ValueError, match="AUTOGRAD_LANGUAGE must be 'en' or 'pt' or 'es', not 'portuguese'"):
        chosen()


def test_a_text_is_that_of_its_language():
    assert words("explain", "pt")["nothing arrives"] == "nada chega"
