"""What people type into the playground: a formula with numbers for its names, or a whole Python program.

>>> made = made_of("w*x + b, w=2 x=-1 b=3")
>>> made.root.data, [leaf.label for leaf in made.root.parents[0].parents]
(1.0, ['w', 'x'])

A formula is read by `Expression`, so nothing of it is executed. Its lines are formulas or numbers with a name, in any
order; the last formula is what is drawn:

    z = w*x + b
    sigmoid(z)
    w = 2, x = -1, b = 3

Those that share a line have commas, semicolons or only blanks between.

Anything else is a Python program and is run as one. What it ends with is drawn: the Value, model or drawing in its
last line, else the Value whose `backward()` was called last, else the Value that was computed last.
"""

import ast
import builtins
import contextlib
import io
import os
import re
import sys
import traceback
import types
import unicodedata
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..book import OPERATIONS
from ..draw import Drawing
from ..engines import Value
from ..expression import CONSTANTS, REFUSAL, Expression, ExpressionError, translated
from ..languages import chosen, words

FILE = "<program>"  # what tracebacks call the program
MODULE = "program"  # the module that a program is, while it is the one that was run

# How much of what a program prints is kept, in characters.
PRINTED = 20_000

# What no formula has: the words and signs of Python, and a name that is assigned two numbers at once.
PYTHON = re.compile(
    r"""["'{}:\\]|^\s*@|(?<![\d.])\.(?!\d)|[+*/%-]=|(?:^|;)\s*\w+\s*(?:,\s*\w+\s*)+=|"""
    r"\b(?:and|as|assert|async|await|break|class|continue|def|del|elif|else|except|finally|for|from|global|if|import|in"
    r"|is|lambda|match|nonlocal|not|or|pass|print|raise|return|try|while|with|yield|Value|draw|explain)\b",
    re.MULTILINE,
)
COMMENT = re.compile(r"#.*")
DECIMAL_COMMA = re.compile(r"[-+−]?\d+,\d+")
ASSIGNMENT = re.compile(r"(?<!\S)([^\W\d]\w*)\s*=(?!=)|(?<=,)([^\W\d]\w*)\s*=(?!=)")


# How deep calls of a program may be in a browser.
DEPTH = 200


class Place(NamedTuple):
    """A line and a column of the text, both from 1."""

    line: int
    column: int


class MistakeError(Exception):
    """What is wrong with what was typed, in one line, what to do about it, and its place if it has one.

    `said` is what Python itself says, in English, before the hint.
    """

    def __init__(
        self, message: str, place: Place | None = None, *, hint: str = "", said: str = "", printed: str = ""
    ) -> None:
        super().__init__(message or said)
        self.message, self.hint, self.said, self.place, self.printed = message, hint, said, place, printed

    def told(self, language: str) -> str:
        """All of it in a language, as far as it is ours; a part that has no translation leaves the others in English.

        >>> MistakeError("x has no value", hint="add x=NUMBER").told("pt")
        'x não tem valor; acrescente x=NÚMERO'
        """
        parts = [part for part in (self.message, self.hint) if part]
        told = [translated(part, language) for part in parts]
        return "; ".join([*([self.said] if self.said else []), *(parts if None in told else filter(None, told))])


@dataclass(frozen=True, eq=False)
class Made:
    """What came of a text: what is to be drawn, the root of its graph if it is one, what was printed, and classes.

    `classes` are those of a program that look like a Value of the learner's own: they have a `backward`.
    """

    subject: Any = None
    root: Value | None = None
    printed: str = ""
    classes: Mapping[str, type] = field(default_factory=dict)


def made_of(text: str, language: str | None = None) -> Made:
    """What comes of a text; raises MistakeError, with the place, for one that cannot be read or fails.

    In a program, what this package says where no language is asked for is said in that language.
    """
    if is_formula(text):
        return _of_formulas(text)
    with _speaking(chosen(language)):
        return _of_program(text)


def is_formula(text: str) -> bool:
    """Whether a text is a formula with its numbers, and not a program.

    >>> is_formula("x*y + 1  x=2 y=3"), is_formula("x = 2\\ny = x*x"), is_formula("x = Value(2)")
    (True, True, False)
    """
    return not PYTHON.search(COMMENT.sub("", text))


# A formula -------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """A formula or a number in the text: its name, or "" for what is to be drawn, and where it begins."""

    name: str
    text: str
    start: int
    at: int = 0  # where the name is


def _of_formulas(text: str) -> Made:
    parts = [(part, _expression(part, text)) for part in _parts(text)]
    if not parts:
        said = words("formula mistakes", "en")
        raise MistakeError(said["nothing"], hint=said["write a formula"])
    nodes: dict[str, Value] = {}
    for part, expression in parts:
        if part.name and not _needs(expression):
            _require_new(part, nodes, text)
            nodes[part.name] = Value(expression(), part.name)
    root = nodes.get(parts[-1][0].name)
    for part, expression in parts:
        if not part.name or _needs(expression):
            _require_new(part, nodes, text)
            with _placed(part, text):
                result = expression(**{name: nodes[name] for name in expression.names if name in nodes})
            root = result if isinstance(result, Value) else Value(result, part.text.strip())
            root.label = root.label or part.name
            nodes[part.name] = root
    return Made(root, root)


def _needs(expression: Expression) -> set[str]:
    """The names that have to have values."""
    return set(expression.names) - set(CONSTANTS)


def _parts(text: str) -> list[_Part]:
    """The formulas and numbers of a text: what has no name comes together, whatever stands between."""
    plain = _in_lines(COMMENT.sub(lambda found: " " * len(found[0]), text))
    parts, unnamed = [], []
    for line in re.finditer(r"[^\n]+", plain):
        starts = [found for found in ASSIGNMENT.finditer(line[0]) if _is_outside(line[0][: found.start()])]
        ends = [found.start() for found in starts[1:]] + [len(line[0])]
        head = line[0][: starts[0].start()].rstrip(" \t,") if starts else line[0].rstrip()
        if head.strip():
            unnamed.append(_Part("", head, line.start()))
        for found, end in zip(starts, ends, strict=False):  # where nothing starts, nothing ends
            number = line[0][found.end() : end].rstrip(" \t,")
            name = unicodedata.normalize("NFKC", found[1] or found[2])  # as Python reads names
            parts.append(_Part(name, number, line.start() + found.end(), line.start() + found.start()))
    if unnamed:
        start, last = unnamed[0].start, unnamed[-1]
        whole = plain[start : last.start + len(last.text)]
        if len(unnamed) > 1:  # numbers may stand between the lines of a formula
            kept = [" "] * len(whole)
            for part in unnamed:
                kept[part.start - start : part.start - start + len(part.text)] = part.text
            whole = "".join(kept)
        parts.append(_Part("", whole, start))
    return parts


def _in_lines(text: str) -> str:
    """The text with a new line for each semicolon, as in Python; in brackets these are a mistake, which is told."""
    return re.sub(";", lambda found: "\n" if _is_outside(text[: found.start()]) else ";", text)


def _is_outside(before: str) -> bool:
    return before.count("(") + before.count("[") <= before.count(")") + before.count("]")


def _expression(part: _Part, text: str) -> Expression:
    if part.name and DECIMAL_COMMA.fullmatch(part.text.strip()):
        said, number = words("formula mistakes", "en"), part.text.strip()
        at = part.start + part.text.index(number)
        message, hint = said["no number"].format(number), said["point"].format(number.replace(",", "."))
        raise MistakeError(message, place_of(text, at), hint=hint)
    with _placed(part, text):
        return Expression(part.text)


def _require_new(part: _Part, nodes: Mapping[str, Any], text: str) -> None:
    if part.name in nodes:
        raise MistakeError(f"{part.name:.40} has two values", place_of(text, part.at))


@contextlib.contextmanager
def _placed(part: _Part, text: str) -> Iterator[None]:
    """A block in which what is wrong with a part is told at its place in the whole text."""
    try:
        yield
    except ExpressionError as error:
        column = part.start if error.column is None else part.start + _offsets(part.text)[error.column]
        hint = error.hint or _with_point(part.text, error)
        raise MistakeError(error.message, place_of(text, column), hint=hint) from None


def _with_point(text: str, error: ExpressionError) -> str:
    """What to write for 0,5, which is two numbers to Python; "" where there is none."""
    comma = re.search(r"(?<![\w.])\d+,\d+(?![\w.])", text)
    if error.message != REFUSAL or comma is None:
        return ""
    return words("formula mistakes", "en")["decimal comma"].format(comma[0].replace(",", "."), comma[0])


def _offsets(text: str) -> list[int]:
    """For each column of a text without superfluous blanks, that in the text itself; and one for its end."""
    offsets: list[int] = []
    for word in re.finditer(r"\S+", text):
        offsets += [offsets[-1] + 1] if offsets else []
        offsets += range(*word.span())
    return [*offsets, len(text.rstrip())]


def place_of(text: str, offset: int) -> Place:
    """The line and the column of a character.

    >>> place_of("a + b\\nc", 6)
    Place(line=2, column=1)
    """
    before = text[:offset]
    return Place(before.count("\n") + 1, offset - before.rfind("\n"))


# A program -------------------------------------------------------------------------------------------


class _Printed(io.TextIOBase):
    """The beginning of what is printed; a program that prints without end fills no memory."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.room = PRINTED

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if kept := text[: max(0, self.room)]:
            self.parts.append(kept)
        self.room -= len(text)
        return len(text)

    def warn(self, message: Warning | str, kind: type[Warning], *_: Any) -> None:
        """Print a warning."""
        self.write(f"{kind.__name__}: {message}\n")

    @property
    def text(self) -> str:
        return "".join(self.parts) + "…" * (self.room < 0)


def _of_program(text: str) -> Made:
    printed = _Printed()
    try:
        tree = ast.parse(text, FILE)
        names, last = _run(tree, printed)
    except SyntaxError as error:
        if error.filename != FILE:
            raise _mistake(error, printed.text) from None
        place = Place(error.lineno or 1, max(1, error.offset or 1))
        raise MistakeError("", place, said=_sentence(error.msg), printed=printed.text) from None
    except SystemExit:
        return Made(printed=printed.text)
    except BaseException as error:  # a program may raise KeyboardInterrupt, too
        raise _mistake(error, printed.text) from None
    _label(names)
    classes = {name: it for name, it in names.items() if _is_own_value(it)}
    subject, root = _subject(tree, names, last)
    return Made(subject, root, printed.text, classes)


def _run(tree: ast.Module, printed: _Printed) -> tuple[dict[str, Any], Any]:
    """Run a program as its own module: the names that it has in the end, and the value of its last line."""
    last = tree.body[-1] if tree.body else None
    ending = None
    if isinstance(last, ast.Expr):
        ending = compile(ast.Expression(last.value), FILE, "eval")
        tree = ast.Module(tree.body[:-1], tree.type_ignores)
    module = types.ModuleType(MODULE)
    names = module.__dict__
    names.update(__name__=MODULE, __builtins__=builtins)
    sys.modules[MODULE] = module  # where dataclasses and `grade` look for it
    _forget()
    with (
        _shallow(),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("default")
        warnings.showwarning = printed.warn  # type: ignore[assignment]  # it takes what it needs
        exec(compile(tree, FILE, "exec"), names)
        return names, eval(ending, names) if ending else None


@contextlib.contextmanager
def _speaking(language: str) -> Iterator[None]:
    before = os.environ.get("AUTOGRAD_LANGUAGE")
    os.environ["AUTOGRAD_LANGUAGE"] = language
    try:
        yield
    finally:
        os.environ.pop("AUTOGRAD_LANGUAGE", None)  # which the program may have done itself
        if before is not None:
            os.environ["AUTOGRAD_LANGUAGE"] = before


@contextlib.contextmanager
def _shallow() -> Iterator[None]:
    """A block in which recursion without end is told: in a browser, Python would break before its usual limit."""
    usual = sys.getrecursionlimit()
    if sys.platform == "emscripten":
        sys.setrecursionlimit(len(traceback.extract_stack()) + DEPTH)
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


_DECLARED = frozenset(OPERATIONS)


def _forget() -> None:
    """Forget operations that the program before declared: this one may declare them again."""
    for name in set(OPERATIONS) - _DECLARED:
        del OPERATIONS[name]


def _mistake(error: BaseException, printed: str) -> MistakeError:
    """An exception of a program, at the last line of the program that it went through."""
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == FILE and frame.lineno:
            place = Place(frame.lineno, (frame.colno or 0) + 1)
    try:
        said = str(error).partition("\n")[0]
    except Exception:  # its text is computed by the program, too
        said = ""
    message = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return MistakeError("", place, hint=_remedy(error), said=message, printed=printed)


def _remedy(error: BaseException) -> str:
    """What to do where Python does not say it: names of this package, modules that are not there, and questions."""
    said = words("formula mistakes", "en")
    if isinstance(error, ModuleNotFoundError):
        return said["no module"]
    if isinstance(error, EOFError):
        return said["no input"]
    name = getattr(error, "name", None) if isinstance(error, NameError) else None
    is_ours = name in ("Value", "draw", "explain", "nn", "optim") or (name and OPERATIONS.called(name))
    return said["import"].format(name) if is_ours else ""


def _sentence(message: str) -> str:
    return message[:1].lower() + message[1:]


def _label(names: Mapping[str, Any]) -> None:
    """Give Values without a label the names that the program has for them."""
    for name, value in names.items():
        if type(value) is Value and not value.label and not name.startswith("_"):
            value.label = name


def _is_own_value(it: Any) -> bool:
    return isinstance(it, type) and it.__module__ == MODULE and callable(getattr(it, "backward", None))


def _subject(tree: ast.Module, names: Mapping[str, Any], last: Any) -> tuple[Any, Value | None]:
    """What a program is about, and the root of the graph if there is one."""
    root = getattr(last, "root", None)  # of a drawing or an explanation
    if isinstance(root, Value):
        return (last if isinstance(last, Drawing) else root), root
    if isinstance(last, Value):
        return last, last
    if _is_drawable(last):
        return last, None
    nodes = list(ast.walk(tree))
    known = [names.get(name) for name in (*_passed(nodes), *_assigned(nodes))]
    values = [value for value in known if isinstance(value, Value)]
    found = next((value for value in values if value.operation), values[0] if values else None)
    return found, found


def _is_drawable(it: Any) -> bool:
    """Whether `draw` draws it: drawings, models, programs, by the rooms that they come from."""
    rooms = [kind.__module__ for kind in type(it).__mro__]
    return any(room.startswith(("autograd.draw.", "autograd.nn.", "autograd.compiler.program")) for room in rooms)


def _passed(nodes: list[ast.AST]) -> list[str]:
    """The names whose `backward()` is called, the last one first."""
    calls = [
        node.func.value
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "backward"
    ]
    return _last_first([name for name in calls if isinstance(name, ast.Name)])


def _assigned(nodes: list[ast.AST]) -> list[str]:
    """The names that are assigned, the last one first."""
    stored = [node for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return _last_first(stored)


def _last_first(found: list[ast.Name]) -> list[str]:
    return [name.id for name in sorted(found, key=lambda name: (name.lineno, name.col_offset), reverse=True)]
