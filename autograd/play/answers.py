"""What the page of the playground asks of Python, and what it is answered: JSON both ways.

>>> import json
>>> reply = json.loads(answer('{"do": "explain", "text": "x*x  x=3", "language": "en"}'))
>>> reply["kind"], reply["title"]
('made', 'x × x: 2 nodes')

Requests are "draw", "explain", "practise", "mark" and "grade". Each brings the whole text, so that Python can be
stopped and started again between any two; for a text that is the same as before, what came of it is kept.
"""

import json
from typing import Any

from ..draw import draw
from ..explain import explain
from .marking import RIGHT, Exercise
from .programs import Made, MistakeError, made_of

_last: tuple[str, Made] = ("", Made())


def answer(request: str) -> str:
    """The reply to a request of the page."""
    asked, made = json.loads(request), Made()
    try:
        made = _made(asked["text"])
        reply = _ANSWERS[asked["do"]](made, asked)
    except MistakeError as mistake:
        line, column = mistake.place or (None, None)
        reply = _mistake(mistake.message) | {"line": line, "column": column, "printed": mistake.printed}
    except Exception as error:  # such as a graph that is too large to be drawn
        reply = _mistake(str(error).partition("\n")[0] or type(error).__name__) | {"printed": made.printed}
    return json.dumps(reply)


def warm_up() -> None:
    """Import all that the first picture needs, by drawing one."""
    answer('{"do": "draw", "text": "x*x + 1  x=3", "language": "en"}')
    answer('{"do": "explain", "text": "x*x + 1  x=3", "language": "en"}')


def _made(text: str) -> Made:
    global _last
    if text != _last[0]:
        _last = ("", Made())  # frees the graphs that were there before
        _last = (text, made_of(text))
    return _last[1]


def _mistake(message: str) -> dict[str, Any]:
    return {"kind": "mistake", "message": message, "line": None, "column": None}


def _nothing(made: Made) -> dict[str, Any]:
    """There is no graph: a class to be graded, or nothing at all."""
    return {"kind": "class" if made.classes else "nothing", "printed": made.printed}


def _draw(made: Made, asked: dict[str, Any]) -> dict[str, Any]:
    """The picture, as a page that steps through both passes where there is one."""
    if made.subject is None:
        return _nothing(made)
    drawing = _drawing(made, asked["language"])
    return {"kind": "made", "title": drawing.title, "html": drawing.to_html(), "printed": made.printed}


def _drawing(made: Made, language: str) -> Any:
    """What the program has drawn itself, else a drawing of what it computed."""
    subject = made.subject
    return subject if hasattr(subject, "to_html") and hasattr(subject, "svg") else draw(subject, language=language)


def _explain(made: Made, asked: dict[str, Any]) -> dict[str, Any]:
    if made.root is None:
        return _nothing(made)
    told = explain(made.root, language=asked["language"])
    return {"kind": "made", "title": draw(made.root).title, "html": told.to_html(), "printed": made.printed}


def _practise(made: Made, asked: dict[str, Any]) -> dict[str, Any]:
    """The picture, and the gradients that are asked for, each with the id of its card in the picture."""
    if made.root is None:
        return _nothing(made)
    drawing = draw(made.root, language=asked["language"])
    cards = drawing.diagram.node_ids  # without what the ids in the page begin with
    exercise = Exercise(made.root, asked["language"])
    questions = [
        {"place": place, "asked": name, "card": cards[place]} for place, name in exercise.questions if place in cards
    ]
    picture = {"title": drawing.title, "html": drawing.to_html()}
    return {"kind": "made", "questions": questions, "printed": made.printed} | picture


def _grade(made: Made, asked: dict[str, Any]) -> dict[str, Any]:
    """The verdict on the class of the program that is called Value, or else on its last one."""
    from ..grade import GradeError, grade

    if not made.classes:
        return {"kind": "nothing to grade", "printed": made.printed}
    name = "Value" if "Value" in made.classes else [*made.classes][-1]
    try:
        report = grade(made.classes[name])
    except GradeError as error:
        return _mistake(str(error)) | {"printed": made.printed}
    return {
        "kind": "made",
        "title": name,
        "html": report._repr_html_(),
        "mistakes": report.mistakes,
        "ok": report.ok,
        "printed": made.printed,
    }


def _mark(made: Made, asked: dict[str, Any]) -> dict[str, Any]:
    """An answer, marked."""
    if made.root is None:
        return _nothing(made)
    answers = {int(place): answer for place, answer in asked["answers"].items()}
    mark = Exercise(made.root, asked["language"]).mark(asked["place"], answers)
    return {"kind": "marked", **vars(mark), "right": mark.verdict == RIGHT}


_ANSWERS = {"draw": _draw, "explain": _explain, "practise": _practise, "mark": _mark, "grade": _grade}
