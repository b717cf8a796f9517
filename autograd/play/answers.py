"""What the page of the playground asks of Python, and what it is answered: JSON both ways.

>>> import json
>>> reply = json.loads(answer('{"do": "explain", "text": "x*x  x=3", "language": "en"}'))
>>> reply["kind"], reply["title"]
('made', 'x × x: 2 nodes')

Requests are "draw", "explain", "practise", "mark", "grade" and "exercise". Each brings the whole text, so that Python
can be stopped and started again between any two; for a text that is the same as before, what came of it is kept.
"""

import json
import warnings
from dataclasses import replace
from typing import Any

from ..draw import Drawing, draw
from ..draw.drawing import GraphDrawing
from ..engines import Value
from ..explain import explain
from ..languages import words
from .examples import EXAMPLES
from .marking import Exercise
from .programs import Made, MistakeError, made_of

Reply = dict[str, Any]

Asked = dict[str, Any]

# What was asked last, by its text and language, and what came of it.
_last: tuple[tuple[str, str], Made] = (("", ""), Made())


def answer(request: str) -> str:
    """The reply to a request of the page."""
    asked = json.loads(request)
    try:
        reply = _ANSWERS[asked["do"]](asked)
    except MistakeError as mistake:
        line, column = mistake.place or (None, None)
        reply = _mistake(mistake.told(asked["language"]), mistake.printed) | {"line": line, "column": column}
    except Exception as error:  # such as a graph that is too large to be drawn
        reply = _mistake(str(error).partition("\n")[0] or type(error).__name__, _last[1].printed)
    return json.dumps(reply)


def warm_up() -> None:
    """Import all that the first picture needs, by drawing one."""
    answer(json.dumps({"do": "draw", "text": EXAMPLES["E3"], "language": "en"}))


def _made(asked: Asked) -> Made:
    """What comes of the text, which is run only if it is another one than before."""
    global _last
    key = asked["text"], asked["language"]
    if key != _last[0] or not asked["text"]:
        _last = (("", ""), Made())  # frees the graphs that were there before
        _last = (key, made_of(*key))
    return _last[1]


def _mistake(message: str, printed: str) -> Reply:
    return {"kind": "mistake", "message": message, "line": None, "column": None, "printed": printed}


def _nothing(made: Made) -> Reply:
    """There is no graph: a class to be graded, or nothing at all."""
    return {"kind": "class" if made.classes else "nothing", "printed": made.printed}


def _draw(asked: Asked) -> Reply:
    """The picture, as a page that steps through both passes."""
    made = _made(asked)
    if made.subject is None:
        return _nothing(made)
    drawing = _drawing(made, asked["language"])
    return {"kind": "made", "title": drawing.title, "html": drawing.to_html(), "printed": made.printed}


def _drawing(made: Made, language: str) -> Drawing:
    """The picture of what a program is about, which may have drawn it itself, with options of its own."""
    if isinstance(made.subject, Drawing):
        return made.subject
    if isinstance(made.subject, Value):
        return _graph(made, made.subject, language)
    drawing: Drawing = draw(made.subject, language=language)
    return drawing


def _graph(made: Made, root: Value, language: str) -> GraphDrawing:
    """The picture of a graph; of one that is too large, what can be done about it here."""
    try:
        return draw(root, language=language)
    except ValueError:
        said = words("formula mistakes", "en")
        raise MistakeError(said["too large"], hint=said["smaller"], printed=made.printed) from None


def _explain(asked: Asked) -> Reply:
    """Both passes in tables."""
    made = _made(asked)
    if made.root is None:
        return _nothing(made)
    title = _graph(made, made.root, asked["language"]).title
    told = explain(made.root, language=asked["language"])
    return {"kind": "made", "title": title, "html": told.to_html(), "printed": made.printed}


def _practise(asked: Asked) -> Reply:
    """The picture, and the gradients that are asked for, each with its card in the picture."""
    made = _made(asked)
    if made.root is None:
        return _nothing(made)
    drawing = _without_answers(_graph(made, made.root, asked["language"]))
    cards = drawing.diagram.node_ids  # without what the ids in the page begin with
    questions = [
        {"place": place, "asked": name, "card": cards[place]}
        for place, name in Exercise(made.root, asked["language"]).questions
    ]
    picture = {"title": drawing.title, "html": drawing.to_html()}
    return {"kind": "made", "questions": questions, "printed": made.printed} | picture


def _without_answers(drawing: GraphDrawing) -> GraphDrawing:
    """The picture with all edges alike: a dashed one, and the legend of it, would tell which gradients are 0."""
    edges = [replace(edge, is_blocked=False) for edge in drawing.diagram.edges]
    return replace(drawing, diagram=replace(drawing.diagram, edges=edges))


def _mark(asked: Asked) -> Reply:
    """An answer, marked."""
    made = _made(asked)
    if made.root is None:
        return _nothing(made)
    answers = {int(place): answer for place, answer in asked["answers"].items()}
    mark = Exercise(made.root, asked["language"]).mark(asked["place"], answers)
    return {"kind": "marked", **vars(mark)}


def _exercise(asked: Asked) -> Reply:
    """A new exercise of a level, as a text for the editor: its gates, a line each, and its numbers."""
    from ..practice import exercise

    made = exercise(difficulty=asked["level"])
    numbers = [f"{name} = {number!r}".removesuffix(".0") for name, number in made.leaves.items()]
    return {"kind": "exercise", "text": f"{made.source}\n{', '.join(numbers)}\n"}


def _grade(asked: Asked) -> Reply:
    """The verdict on the class of the program that is called Value, or else on its last one."""
    from ..grade import GradeError, grade

    made = _made(asked)
    if not made.classes:
        return {"kind": "nothing to grade", "printed": made.printed}
    name = "Value" if "Value" in made.classes else [*made.classes][-1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that nothing can stop it here, for the page can
            report = grade(made.classes[name], level=asked["level"], language=asked["language"])
    except GradeError as error:
        return _mistake(str(error), made.printed)
    verdict = {"ok": report.ok, "mistakes": report.mistakes}
    return {"kind": "made", "title": name, "html": report._repr_html_(), "printed": made.printed} | verdict


_ANSWERS = {
    "draw": _draw,
    "explain": _explain,
    "practise": _practise,
    "mark": _mark,
    "exercise": _exercise,
    "grade": _grade,
}
