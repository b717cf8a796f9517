"""The kit speaks one language at a time: nothing of its verdicts stays English in another one."""

import base64
import contextlib
import html
import json
import re
import textwrap

import pytest

from autograd.grade.checks import CHECKS
from autograd.grade.formats import FORMATS
from autograd.grade.report import Report, Result
from autograd.grade.trial import Outcome
from autograd.languages import LANGUAGES, words

SECTIONS = ("grade", "grade checks", "grade mistakes")
OTHERS = LANGUAGES[1:]


def said(text):
    """The words of a text, without what is code."""
    text = re.sub(r"`[^`]*`|'[^']*'|\{[^}]*\}|\w+\([^)]*\)|\S*[.:=_]\S+", " ", text)
    return set(re.findall(r"[^\W\d_]{2,}", text.lower()))


# What is the same in all of them: what Python calls things, and what one types.
CODE = said("garbage grad data set dict float floats fork name list out in where for max node value import class")


def texts(language):
    return [text for section in SECTIONS for text in words(section, language).values()]


def english(language):
    """The words that the kit says in English and not in this language."""
    return set().union(*map(said, texts("en"))) - set().union(*map(said, texts(language))) - CODE


def results(language):
    """Each mistake that a check can name, an error, and what was not run or is missing."""
    for check in CHECKS:
        for wrong, (mistake, *_) in check.wrong.items():
            outcome = Outcome(stopped=("no end", 5)) if isinstance(wrong, str) else Outcome(answers=wrong)
            yield Result(check, outcome, mistake, language=language)
    yield Result(CHECKS[1], Outcome(missing="x.relu()"), language=language)
    yield Result(CHECKS[2], Outcome(unreached=("time used up", 60)), language=language)
    yield Result(CHECKS[3], Outcome(error="ValueError: 3"), follows=True, language=language)


@pytest.mark.parametrize("language", OTHERS)
def test_no_word_of_a_translation_is_english(language):
    common = said("the of is are its this that which with where and or not from by for to at in on")

    assert [text for text in texts(language) if said(text) & common] == []


@pytest.mark.parametrize("language", OTHERS)
def test_each_result_is_told_in_its_language(language):
    for result in results(language):
        told = str(result).replace(textwrap.indent(result.check.program, " " * 8), "")

        assert said(told) & english(language) == set(), told


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("form", ["text", "html", *FORMATS])
def test_each_form_of_the_verdict_is_told_in_its_language(language, form):
    report = Report("engine:Value", "", tuple(results(language)), language=language)
    write = {"text": str, "html": Report._repr_html_}.get(form, lambda report: readable(FORMATS[form](report)))
    told = " ".join(html.unescape(write(report)).split())
    stay = [*texts("en")] if form != "json" else [*words("grade mistakes", "en").values()]  # it has names as keys

    assert [text for text in stay if "{" not in text and len(text.split()) > 2 and text in told] == []
    assert words("grade mistakes", language)["no order"] in told


def readable(written):
    """What people read of a file for another grader."""
    with contextlib.suppress(ValueError):
        written = base64.b64decode(written, validate=True)
    text = written.decode()
    return json.dumps(json.loads(text), ensure_ascii=False).replace("\\n", " ") if text.startswith("{") else text
