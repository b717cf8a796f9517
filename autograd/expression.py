"""Expressions as people type them: numbers, names, + - * / // % ** and the functions of the rule book.

>>> neuron = Expression("sigmoid(w*x + b)")
>>> neuron.names
('w', 'x', 'b')
>>> neuron(w=2.0, x=1.0, b=-2.0)
0.5

Nothing that is typed is ever executed. Python's own parser reads the text into a tree; a walk over the tree refuses
everything not named above and writes the rest down as steps in postfix order, as a pocket calculator takes them:
`w x * b + sigmoid`. So neither reading nor evaluating recurses deeper for deeper expressions.
"""

import ast
import difflib
import math
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, SupportsFloat

from . import ieee, notation, operations
from .book import OPERATIONS, Operation
from .engines import Value
from .foreign import ELSEWHERE
from .languages import words
from .terminal import printable

# On Values these are the operators, so that 1/x becomes the reciprocal gate; on two numbers none of them
# raises: 1/0 is inf, and 9**9**9 is not an integer of 370 million digits.
ARITHMETIC: Final[dict[type[ast.AST], Callable[..., Any]]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: ieee.divide,
    ast.FloorDiv: operations.floor_divide,
    ast.Mod: operations.remainder,
    ast.Pow: ieee.power,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}

# What formulas have in place of Python's signs. Besides these, √ and | are read, and indices and powers.
SIGNS = {"×": "*", "·": "*", "⋅": "*", "÷": "/", "−": "-", "^": "**", "≤": "<=", "≥": ">="}

# The beginning of a text that holds only the characters of an expression; \u0300 to \u036f are the hats and
# bars over letters.
READABLE = re.compile(rf"(?:[\w\u0300-\u036f ,.+*/%()\[\]<>|√⁻{''.join(map(re.escape, SIGNS))}-]|(?<=[<>])=)*")

# An equals sign inside parentheses names an argument, as in clamp(x, min=0).
NAMED_ARGUMENT = re.compile(r"\w+\s*[(].*[(,]\s*\w+\s*$")

# What may have been meant by other characters.
ADVICE = {
    "…": "the formula was shortened, so what it left out is not known",
    "=": "the expression comes first, on its own, and then the values, such as x=2",
    "==": "only < > <= >= compare, for no derivative is meant by == and !=",
    ";": "arguments have commas between, and numbers a point, as in max(x, 0.5)",
    "f(x=": "arguments go by their position and without a name, as in clamp(x, 0, 1)",
}

# Names that need no value; one that is given counts all the same.
CONSTANTS: Final[dict[str, Value | float]] = {"pi": math.pi, "π": math.pi}

REFUSALS: Final[dict[type[ast.AST], str]] = {
    ast.Call: "only a function can be called; to multiply, write *",
    ast.Compare: "a comparison is allowed only as the condition of where, as in where(a < b, x, y)",
    ast.List: "a list is allowed only in a function that takes one, as in sum([x, y])",
}
REFUSAL = "only numbers, names, + - * / // % **, parentheses and functions are allowed in an expression"


class ExpressionError(ValueError):
    """What is wrong with an expression, and where: one line, and two more that point to the place.

    >>> print(ExpressionError("unknown function 'sinn'", "1/sinn(x)", 2, "did you mean 'sin'?"))
    unknown function 'sinn' (at column 3); did you mean 'sin'?
      1/sinn(x)
        ^

    `column` counts from 0; None means that the error is not in the text itself.
    """

    def __init__(self, message: str, text: str = "", column: int | None = None, hint: str = "") -> None:
        super().__init__(message, text, column, hint)
        self.message, self.text, self.column, self.hint = message, text, column, hint

    def __str__(self) -> str:
        return self._shown(self.message, self.hint, "{} (at column {})")

    def told(self, language: str) -> str:
        """The same in a language, or all of it in English where the catalogue has no text for a part of it.

        >>> print(ExpressionError("x has no value", "2*x", 2, "add x=NUMBER").told("pt"))
        x não tem valor (na coluna 3); acrescente x=NÚMERO
          2*x
            ^
        """
        message, hint = translated(self.message, language), translated(self.hint, language) if self.hint else ""
        if message is None or hint is None:
            return str(self)
        return self._shown(message, hint, words("formula mistakes", language)["at column"])

    def _shown(self, message: str, hint: str, placed: str) -> str:
        hint = f"; {hint}" if hint else ""
        if self.column is None:
            return printable(message + hint)
        # For a long text, the surroundings of the place: one line of a terminal.
        start = max(0, self.column - 40)
        before, after = "..." * (start > 0), "..." * (start + 70 < len(self.text))
        shown = "".join([character if character.isprintable() else "?" for character in self.text[start : start + 70]])
        caret = " " * len(printable(before + shown[: self.column - start])) + "^"
        return printable(f"{placed.format(message, self.column + 1)}{hint}\n  {before}{shown}{after}\n  {caret}")


def translated(text: str, language: str) -> str | None:
    """A text of the catalogue's formula mistakes in another language; None for one that is not there."""
    for name, english in words("formula mistakes", "en").items():
        pattern = re.escape(english).replace(r"\{\}", "(.+?)")
        if found := re.fullmatch(pattern, text):
            return words("formula mistakes", language)[name].format(*found.groups())
    return None


def answered(text: str) -> Any:
    """The number that someone has answered, with a decimal point or comma, or as 1/3; None where it is not one.

    >>> answered("-1,5"), answered("−0.20"), answered("1/4"), answered("x")
    (-1.5, -0.2, 0.25, None)
    """
    try:
        return Expression(re.sub(r"(?<=\d),(?=\d)", ".", text))()
    except ExpressionError:
        return None


class Step(NamedTuple):
    """A function, applied to the last `operands` results."""

    function: Callable[..., Any]
    operands: int
    offset: int  # its place, counted in bytes, as the parser counts


class Expression:
    """A function of its names, read from a text.

    >>> f = Expression("1/x + 2*x")
    >>> f(x=4.0), f(x=Value(4.0, "x"))
    (8.25, Value(data=8.25, grad=0.0, operation=add))

    It returns a float for plain numbers, and a Value if a Value is among them. Numbers in the text are constants, in
    IEEE 754 arithmetic. Formulas can also be written as they are printed: × · ÷ − x ^ y √x |x| x² w₀ σ(x) max(x, y).
    The names pi and π stand for 3.14159… unless a value is given for them.
    Raises ExpressionError for a text that is not such an expression, and, when called, for a name without a value or a
    value without a name.
    """

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.split())
        self._typed, self._columns = "", list[int]()
        self._offsets: dict[str, int] = {}  # each name, and where it is first
        self._conditions: set[ast.expr] = set()  # where a comparison is allowed
        self._steps: list[Step | str | float] = []
        pending: list[ast.expr | Step | str | float] = [self._tree()]
        while pending:
            item = pending.pop()
            if isinstance(item, ast.expr):
                step, operands = self._step(item)
                pending += [step, *reversed(operands)]
            else:
                self._steps.append(item)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the expression, each once, as they appear."""
        return tuple(self._offsets)

    def __call__(self, /, **values: Value | SupportsFloat) -> Any:
        """The result for these values of the names."""
        for name, offset in self._offsets.items():
            if name not in values and name not in CONSTANTS:
                call = f"{name} is also a function, called {name}(…); for the name " if OPERATIONS.called(name) else ""
                raise self._error(f"{name:.40} has no value", offset, f"{call}add {name:.40}=NUMBER")
        for name in values:
            if name not in self._offsets:
                names = f"its names are {', '.join(self.names)}" if self.names else "it has no names"
                raise ExpressionError(f"{name:.40} has a value but is not in the expression", hint=f"{names:.200}")
        numbers = CONSTANTS | {name: x if isinstance(x, Value) else ieee.real(x) for name, x in values.items()}
        results: list[Any] = []
        for step in self._steps:
            if isinstance(step, Step):
                start = len(results) - step.operands
                try:
                    results[start:] = [step.function(*results[start:])]
                except ValueError as error:  # such as the mean of an empty list
                    raise self._error(str(error), step.offset) from None
            else:
                results.append(numbers[step] if isinstance(step, str) else step)
        return results.pop()

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def _tree(self) -> ast.expr:
        readable = READABLE.match(self.text)
        end = readable.end() if readable else 0
        if end < len(self.text):
            character = self.text[end]
            if self.text[end : end + 2] in ("==", "!="):
                character = self.text[end : end + 2]
            message = f"{character!r} has no meaning in an expression"
            raise ExpressionError(message, self.text, end, _advice(self.text[:end], character))
        if not self.text:
            raise ExpressionError("the expression is empty", hint="write one such as x*y + 1")
        self._typed, self._columns = _typed(self.text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the parser warns about 1if, which the walk refuses
                return ast.parse(self._typed, mode="eval").body
        except (SyntaxError, ValueError) as error:
            # What follows the first sentence is advice on Python, such as "Maybe you meant '=='?".
            message = re.split(r"[.:;] ", getattr(error, "msg", str(error)))[0]
            # The parser counts from 1; 0 is its way of saying "at the end".
            offset = getattr(error, "offset", None) or len(self._typed) + 1
            hint = "to multiply, write *" if "literal" in message else ""
            raise ExpressionError(
                message[:1].lower() + message[1:], self.text, self._columns[offset - 1], hint
            ) from None
        except (RecursionError, MemoryError):
            hint = "a long sum can be written as sum([x, y, z])"
            raise ExpressionError("the expression is too long or too deeply nested", hint=hint) from None

    def _step(self, node: ast.expr) -> tuple[Step | str | float, Sequence[ast.expr]]:
        """What a node of the tree does, and what must be computed before it."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return ieee.real(number), []
            case ast.Constant(value=bool() as truth) if node in self._conditions:
                return float(truth), []
            case ast.Name(id="inf" | "nan" as name):
                return float(name), []
            case ast.Name(id=name):
                self._offsets.setdefault(name, node.col_offset)
                return name, []
            case ast.UnaryOp(op=sign, operand=operand) if type(sign) in ARITHMETIC:
                return Step(ARITHMETIC[type(sign)], 1, node.col_offset), [operand]
            case ast.BinOp(left=left, op=sign, right=right) if type(sign) in ARITHMETIC:
                return Step(ARITHMETIC[type(sign)], 2, node.col_offset), [left, right]
            case ast.Compare(left=left, ops=[sign], comparators=[right]) if node in self._conditions:
                if type(sign) in ARITHMETIC:
                    return Step(ARITHMETIC[type(sign)], 2, node.col_offset), [left, right]
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                operation = _function(name, arguments)
                if operation is None:
                    raise self._error(f"unknown function '{name:.40}'", node.col_offset, _suggestion(name))
                if operation is operations.where:
                    self._conditions.update(arguments[:1])
                operands = self._operands(operation, node, arguments)
                apply: Callable[..., Any] = operation
                if operands[:1] and operands[0] in self._conditions and isinstance(operands[0], ast.Compare):
                    apply = _where(self._source(operands[0]))
                return Step(lambda *flat: apply(*operation.arguments(flat)), len(operands), node.col_offset), operands
            case ast.Call(func=ast.Attribute(attr=name)) if OPERATIONS.called(name):
                raise self._error(
                    "a function is called by its name alone", node.col_offset, f"write {self._as_function(node):.60}"
                )
        raise self._error(REFUSALS.get(type(node), REFUSAL), node.col_offset)

    def _operands(self, operation: Operation, call: ast.expr, arguments: list[ast.expr]) -> list[ast.expr]:
        """The operands of a call, with lists flattened; the rule book says, given stand-ins, whether they are right."""
        laid_out = [[argument] for argument in arguments]
        stand_ins: list[Any] = [0.0] * len(arguments)
        for place, (argument, domain) in enumerate(zip(arguments, operation.domain, strict=False)):
            if isinstance(domain, list) and isinstance(argument, ast.List):
                laid_out[place] = argument.elts
                stand_ins[place] = [0.0] * len(argument.elts)
        try:
            operation.operands(stand_ins)
        except (TypeError, ValueError) as error:
            hint = "write a list in brackets, as in sum([x, y])" if operation.list_count else ""
            raise self._error(str(error), call.col_offset, hint) from None
        return [operand for operands in laid_out for operand in operands]

    def _as_function(self, call: ast.Call) -> str:
        """The text of x.clamp(0, 1) or math.sin(x) as it is written here: clamp(x, 0, 1), sin(x)."""
        method: Any = call.func
        owner = self._source(method.value)
        arguments = self.text[self._column(method.end_col_offset) : self._column(call.end_col_offset or 0)].strip()
        if owner in MODULES:
            return f"{method.attr}{arguments}"
        return f"{method.attr}({owner}{', ' if call.args else ''}{arguments[1:]}"

    def _source(self, node: ast.expr) -> str:
        """The text of a part of the expression, as it was typed."""
        start, end = self._column(node.col_offset), self._column(node.end_col_offset or 0)
        return self.text[start:end].strip()

    def _column(self, offset: int) -> int:
        """The column in the text for an offset of the parser, which counts bytes."""
        return self._columns[len(self._typed.encode()[:offset].decode())]

    def _error(self, message: str, offset: int, hint: str = "") -> ExpressionError:
        return ExpressionError(message, self.text, self._column(offset), hint)


def _where(condition: str) -> Callable[..., Any]:
    """The operation where; on Values, its condition becomes a leaf that is called by its text."""

    def where(c: Any, x: Any, y: Any) -> Any:
        return operations.where(Value(c, condition) if isinstance(x, Value) or isinstance(y, Value) else c, x, y)

    return where


# How formulas are read ----------------------------------------------------------------------------

_WORD = r"[^\W⁰¹²³⁴-⁹]"  # digits set high are letters to `re`
_TOKEN = re.compile(
    rf"(?P<operand> (?:\d|\.\d)[\d_.]*(?:[eE][+\-−]?\d+)?{_WORD}* | {_WORD}(?:{_WORD}|[\u0300-\u036f])* )"
    r"(?P<call> \s*(?=\() )? | (?P<power> [⁻⁰¹²³⁴-⁹]+ ) | (?P<space> \s+ ) | .",
    re.VERBOSE,
)
_DIGITS = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "--01234567890123456789")
_CLOSING = {"(": ")", "[": "]", "|": "|"}


def _typed(text: str) -> tuple[str, list[int]]:
    """A formula in Python's own signs; and for each of its characters, and its end, the column in the formula.

    >>> _typed("√x² − |a × w₀|")[0]
    'sqrt(x)**2 - abs(a * w0)'
    """
    written: list[str] = []
    columns: list[int] = []
    opened = [("", 0, 0)]  # what closes each open bracket, its column, and the roots around it that wait for its end
    roots = 0  # those that wait for the operand that comes next
    after_operand = False

    def write(python: str, column: int) -> None:
        written.append(python)
        columns.extend([column] * len(python))

    for token in _TOKEN.finditer(text):
        sign, column = token[0], token.start()
        closes = sign == opened[-1][0] and (sign != "|" or after_operand)
        if token["space"]:
            write(" ", column)
        elif token["power"]:
            write(f"**{sign.translate(_DIGITS)}", column)
        elif token["call"] is not None:
            write(sign, column)
            after_operand = False
        elif token["operand"]:
            write(sign.translate(_DIGITS) + ")" * roots, column)
            roots, after_operand = 0, True
        elif closes:
            write(")" * roots + (")" if sign == "|" else sign) + ")" * opened[-1][2], column)
            opened.pop()
            roots, after_operand = 0, True
        elif sign == "√":
            # With a blank before it, 2√x is the same mistake as 2x.
            write(" " * after_operand + "sqrt(", column)
            roots, after_operand = roots + 1, False
        elif sign in _CLOSING:
            write(" " * after_operand + "abs(" if sign == "|" else sign, column)
            opened.append((_CLOSING[sign], column, roots))
            roots, after_operand = 0, False
        elif sign in ")]" and opened[-1][0] == "|":
            break
        else:
            write(")" * roots * (sign in ",)]") + SIGNS.get(sign, sign), column)
            roots, after_operand = roots * (sign not in ",)]"), False
    if opened[-1][0] == "|":
        raise ExpressionError("this | is not closed", text, opened[-1][1])
    write(")" * roots, len(text))
    return "".join(written), [*columns, len(text)]


def _function(name: str, arguments: Sequence[ast.expr]) -> Operation | None:
    """The operation that is called by a name: max(x, y), as formulas have it, is maximum, and max([x, y]) is max."""
    named, written = OPERATIONS.called(name), _written().get(name)
    of_two_numbers = len(arguments) == 2 and not any(isinstance(argument, ast.List) for argument in arguments)
    return written if named is None or (named.list_count and of_two_numbers) else named


def _written() -> dict[str, Operation]:
    """The functions by the names that formulas and drawings give them: max, min, ReLU, σ; those of numbers first."""
    return {
        word: operation
        for operation in sorted(OPERATIONS.values(), key=lambda operation: operation.list_count, reverse=True)
        for word in (operation.symbol, notation.called(operation))
        if word.isidentifier()
    }


def _advice(before: str, character: str) -> str:
    """What to write in place of a character that is not read."""
    if character == "=" and NAMED_ARGUMENT.search(before):
        return ADVICE["f(x="]
    return ADVICE.get("==" if character == "!=" else character, "")


# Modules whose functions people call.
MODULES = ("autograd", "cmath", "math", "mpmath", "np", "numpy", "torch")

# What physicists and calculators write in another way.
ALIASES = {
    "fmod": "x % y, whose sign is that of y",
    "ln": "log(x), the natural logarithm",
    "log_softmax": "x - logsumexp([x, y]), for log_softmax gives a list and an expression is one number",
    "softmax": "exp(x - logsumexp([x, y])), for softmax gives a list and an expression is one number",
    "square": "x**2",
    "trunc": "where(x < 0, ceil(x), floor(x))",
}


def _suggestion(name: str) -> str:
    """What someone may have meant who typed an unknown name of a function."""
    if name in ALIASES:
        return f"write {ALIASES[name]}"
    if name in ELSEWHERE:
        return f"did you mean '{ELSEWHERE[name]}'?"
    spelled = {word: operation.name for word, operation in {**_written(), **OPERATIONS}.items()}
    close = difflib.get_close_matches(name[:40], spelled, n=1, cutoff=0.65)
    return f"did you mean '{spelled[close[0]]}'?" if close else f"the functions are {', '.join(OPERATIONS)}"
