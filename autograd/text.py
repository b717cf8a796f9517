r"""Formulas as terms: read once from how they are written, filled in, and printed as text or as LaTeX.

>>> term = parse("−x/y²")
>>> term.text, term.latex
('−x/y²', '-\\frac{x}{y^2}')
>>> str(substitute(term, {"x": Number("-2"), "y": parse("a + b")}))
'−(−2)/(a + b)²'

The rule book and the declarations of users hold formulas as texts. All that is to be known of one, such as where an
operand needs parentheses, is asked of its structure. A text that is no formula is `Prose`, and is shown as it is.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

# How tightly a term binds, for parentheses: a + b inside a × b needs them, f(a) never does. A sign binds as in
# Python's grammar, looser than a power and tighter than a sum.
COMPARISON, SUM, NEGATION, PRODUCT, COEFFICIENT, POWER, ATOM = range(7)


@dataclass(frozen=True)
class Term:
    """A formula, or a part of one; its kinds stand below."""

    @property
    def text(self) -> str:
        """The formula in the signs of mathematics, as a terminal shows them."""
        return _Text().whole(self)

    @property
    def latex(self) -> str:
        """The formula for a place within mathematics in LaTeX."""
        return _Latex().whole(self)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Name(Term):
    """A parameter, a constant such as π, or the label of a node, which may be any text."""

    name: str


@dataclass(frozen=True)
class Number(Term):
    """A number by its digits, such as 0.5, -3, 1e-09 or inf, and what it is printed with in place of the point."""

    digits: str
    point: str = field(default=".", repr=False)


@dataclass(frozen=True)
class Prefix(Term):
    """A sign before its operand: −x, √x, ∂x, not x, = x."""

    sign: str
    operand: Term


@dataclass(frozen=True)
class Infix(Term):
    """A sign between two operands, with its blanks: " + ", "·", and "" in 2x. HIGH is that of x²."""

    sign: str
    left: Term
    right: Term


@dataclass(frozen=True)
class Call(Term):
    """A function of its arguments; the name may bear primes or a power, as silu′ and sin² do. `bare` is ln x."""

    function: str
    arguments: tuple[Term, ...]
    bare: bool = False


@dataclass(frozen=True)
class Brackets(Term):
    """A list [a, b], a condition [x > 0], |x|, ‖xs‖, ⌊x⌋, ⌈x⌉, or what is in parentheses whatever it is."""

    opening: str
    items: tuple[Term, ...]


@dataclass(frozen=True)
class Index(Term):
    """An item of a list: xs[1]."""

    of: Term
    place: Term


@dataclass(frozen=True)
class Row(Term):
    """Terms with a sign between, such as " = " or ", "."""

    between: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Prose(Term):
    """Words, and terms among them."""

    pieces: tuple[str | Term, ...]


DOTS = Name("…")
NOTHING = Prose(())
HIGH = "ⁿ"

# How tightly each sign binds, and its command in LaTeX, where it has one of its own.
_SIGNS: dict[str, tuple[int, str]] = {
    **dict.fromkeys("><=", (COMPARISON, "")),
    **dict.fromkeys(("≤", "<="), (COMPARISON, r"\le")),
    **dict.fromkeys(("≥", ">="), (COMPARISON, r"\ge")),
    **dict.fromkeys(("≠", "!="), (COMPARISON, r"\ne")),
    "==": (COMPARISON, "="),
    "+": (SUM, "+"),
    **dict.fromkeys("−-", (SUM, "-")),
    "×": (PRODUCT, r"\cdot"),
    **dict.fromkeys("·⋅*", (PRODUCT, "")),
    **dict.fromkeys("/÷", (PRODUCT, "")),
    "//": (PRODUCT, ""),
    "%": (PRODUCT, r"\bmod"),
    "": (COEFFICIENT, ""),
    **dict.fromkeys(("^", "**", HIGH), (POWER, "")),
}
_MINUS, _TIMES, _OVER, _POWERS = ("−", "-"), ("·", "⋅", "*", ""), ("/", "÷"), ("^", "**", HIGH)
# How tightly each sign before its operand binds, how tightly the operand must, and the command.
_PREFIXES: dict[str, tuple[int, int, str]] = {
    **dict.fromkeys(_MINUS, (NEGATION, COEFFICIENT, "-")),
    "√": (POWER, ATOM, r"\sqrt"),
    "∛": (POWER, ATOM, r"\sqrt[3]"),
    "∂": (POWER, COMPARISON, r"\partial "),
    **dict.fromkeys(("not ", "¬"), (COMPARISON, SUM, r"\neg ")),
    "= ": (COMPARISON, COMPARISON, "= "),
}
_ROOTS = ("√", "∛")
_CLOSING = {"(": ")", "[": "]", "|": "|", "‖": "‖", "⌊": "⌋", "⌈": "⌉"}

# Functions that may be written without parentheses, and those of which a power stands behind the name.
_ANGULAR = frozenset(
    f"{inverse}{name}{h}" for inverse in ("", "a") for name in ("sin", "cos", "tan") for h in ("", "h")
)
_BARE = _ANGULAR | {"ln", "log", "log2", "log10"}


def substitute(term: Term, places: Mapping[str, Term]) -> Term:
    """The term with others in place of names.

    >>> str(substitute(parse("x·(1 + x)"), {"x": parse("a − b")}))
    '(a − b)·(1 + (a − b))'
    """
    match term:
        case Name(name):
            return places.get(name, term)
        case Prose(pieces):
            return Prose(tuple([part for piece in pieces for part in _substituted_words(piece, places)]))
    return changed(term, lambda part: substitute(part, places))


def changed(term: Term, change: Callable[[Term], Term]) -> Term:
    """The term with each of its parts changed, which it has been made of directly.

    >>> str(changed(parse("2·x"), lambda part: Call("f", (part,))))
    'f(2)·f(x)'
    """
    match term:
        case Prefix(sign, operand):
            return Prefix(sign, change(operand))
        case Infix(sign, left, right):
            return Infix(sign, change(left), change(right))
        case Call(function, arguments, bare):
            return Call(function, tuple(map(change, arguments)), bare)
        case Brackets(opening, items):
            return Brackets(opening, tuple(map(change, items)))
        case Index(of, place):
            return Index(change(of), change(place))
        case Row(between, terms):
            return Row(between, tuple(map(change, terms)))
        case Prose(pieces):
            return Prose(tuple([piece if isinstance(piece, str) else change(piece) for piece in pieces]))
    return term


def pointed(term: Term, point: str) -> Term:
    """The term with another sign in place of the decimal point of its numbers, such as the comma of many languages.

    Those do not say "not" either, so it gets the sign of logic.

    >>> term = pointed(parse("max(0.5, x)"), ",")
    >>> term.text, term.latex
    ('max(0,5; x)', '\\\\max(0{,}5; x)')
    """
    match term:
        case Number():
            return replace(term, point=point)
        case Prefix("not ", operand) if point != ".":
            return Prefix("¬", pointed(operand, point))
    return term if point == "." else changed(term, lambda part: pointed(part, point))


def _lists_numbers(term: Term) -> bool:
    """Whether a list in it has a number with a decimal comma, so that a comma beside it would be taken for one."""
    match term:
        case Prefix(_, operand):
            return _lists_numbers(operand)
        case Infix(_, left, right) | Index(left, right):
            return _lists_numbers(left) or _lists_numbers(right)
        case Call(_, items) | Brackets(_, items):
            return any(map(_has_comma if len(items) > 1 else _lists_numbers, items))
    return False


def _has_comma(term: Term) -> bool:
    match term:
        case Number(_, point):
            return point == ","
        case Prefix(_, operand):
            return _has_comma(operand)
        case Infix(_, left, right) | Index(left, right):
            return _has_comma(left) or _has_comma(right)
        case Call(_, items) | Brackets(_, items):
            return any(map(_has_comma, items))
    return False


def _substituted_words(piece: str | Term, places: Mapping[str, Term]) -> Sequence[str | Term]:
    if isinstance(piece, Term):
        return [substitute(piece, places)]
    parts: list[str | Term] = []
    end = 0
    for token in _tokens(piece):
        if token.kind == "word" and token.text in places:
            place = places[token.text]
            start = token.end - len(token.text)
            parts += [piece[end:start], place if level(place) == ATOM else Brackets("(", (place,))]
            end = token.end
    return [part for part in (*parts, piece[end:]) if part]


def printer() -> Callable[[Term], str]:
    """What prints terms as text, and each part once: for formulas that grow around others.

    >>> write = printer()
    >>> write(parse("a + b"))
    'a + b'
    """
    return _Text().write


# Structure --------------------------------------------------------------------------------------------


def level(term: Term) -> int:
    """How tightly a term binds; a label binds as what it says, so that w·x + b is taken as a whole."""
    match term:
        case Name(name):
            said = _said(name)
            return ATOM if isinstance(said, Name) else level(said)
        case Number(digits):
            return PRODUCT if digits.startswith("-") else ATOM
        case Prefix(sign, _):
            return _PREFIXES[sign][0]
        case Infix(sign, _, _):
            return _SIGNS[sign.strip()][0]
        case Row(_, _):
            return COMPARISON
        case Prose(pieces):
            return SUM if any(isinstance(piece, str) and _has_sum(piece) for piece in pieces) else ATOM
    return ATOM


def leads_with_sign(term: Term) -> bool:
    """Whether a term, as it is printed, begins with the sign of a negative number or of a negation."""
    match term:
        case Name(name):
            said = _said(name)
            return not isinstance(said, Name) and leads_with_sign(said)
        case Number(digits):
            return digits.startswith("-")
        case Prefix(sign, _):
            return sign in _MINUS
        case Infix(sign, left, _):
            return level(left) >= _needed_left(sign) and leads_with_sign(left)
    return False


def _said(name: str) -> Term:
    """What a name says, which is itself unless it is the label of a node."""
    return Name(name) if name.isidentifier() else parse(name)


def _has_sum(words: str) -> bool:
    return any(token.text in ("+", *_MINUS) and token.is_wide for token in _tokens(words))


def _needed_left(sign: str) -> int:
    """How tightly the left operand of a sign must bind to stand there without parentheses."""
    binding = _SIGNS[sign.strip()][0]
    if binding == PRODUCT and sign == sign.strip():
        return NEGATION  # −x·y, but (−x) × y
    return ATOM if binding >= COEFFICIENT else binding


def _needed_right(sign: str) -> int:
    """As computed from left to right: (a − b) − c needs no parentheses, a − (b − c) does, and a + (b + c) too."""
    return min(ATOM, _SIGNS[sign.strip()][0] + (2 if sign.strip() in _POWERS else 1))


# Printers ---------------------------------------------------------------------------------------------


class _Printer:
    """Writes terms, each once: what differs between text and LaTeX is in `body`; `form` is what is shown for a term."""

    def __init__(self) -> None:
        self._written: dict[tuple[int, bool, bool, str], tuple[Term, str]] = {}
        self._between = ", "

    def form(self, term: Term) -> Term:
        return term

    def level(self, term: Term) -> int:
        return level(term)

    def leads_with_sign(self, term: Term) -> bool:
        return leads_with_sign(term)

    def whole(self, term: Term, needed: int = COMPARISON, first: bool = True) -> str:
        """A whole formula: all of its lists have the same sign between."""
        self._between = "; " if _lists_numbers(term) else ", "
        return self.write(term, needed, first)

    def write(self, term: Term, needed: int = COMPARISON, first: bool = True, last: bool = True) -> str:
        """The term for a place where it must bind so tightly to stand without parentheses.

        At the first place of a formula a sign needs none, at the last place ln x needs none.
        """
        term = self.form(term)
        if self.level(term) < needed or (not first and self.leads_with_sign(term)):
            return f"({self._once(term, True, True)})"
        return self._once(term, first, last)

    def _once(self, term: Term, first: bool, last: bool) -> str:
        # The term is kept as well, so that no other one gets its id. A hash of its own would walk all of it.
        key = id(term), first, last, self._between
        if key not in self._written:
            self._written[key] = term, self.body(term, first, last)
        return self._written[key][1]

    def body(self, term: Term, first: bool, last: bool) -> str:
        raise NotImplementedError

    def items(self, terms: Sequence[Term]) -> str:
        return self._between.join(map(self.write, terms))

    def operand(self, sign: str, term: Term, last: bool) -> str:
        return self.write(term, _PREFIXES[sign][1], first=sign not in _MINUS, last=last)

    def left(self, sign: str, term: Term, first: bool) -> str:
        ends = _SIGNS[sign.strip()][0] <= SUM  # ln x + y, but ln(x)·y
        return self.write(term, _needed_left(sign), first, last=ends)

    def right(self, sign: str, term: Term, last: bool) -> str:
        compares = _SIGNS[sign.strip()][0] == COMPARISON
        return self.write(term, _needed_right(sign), first=compares, last=last)

    def row(self, between: str, terms: Sequence[Term]) -> list[str]:
        """What stands between equal signs or commas needs no parentheses, what is added or multiplied may."""
        needed = {"+": SUM, "×": NEGATION}.get(between.strip(), COMPARISON)
        return [self.whole(term, needed, first=not (place and needed)) for place, term in enumerate(terms)]

    def is_bare(self, arguments: Sequence[Term], last: bool) -> bool:
        """Whether the argument of ln, sin, ... is to stand without parentheses."""
        return (
            last
            and len(arguments) == 1
            and isinstance(arguments[0], Name | Number)
            and self.level(arguments[0]) == ATOM
        )


def typeset(digits: str) -> str:
    """A number or a sign with the minus of mathematics, U+2212, which is as wide and as high as the plus.

    >>> typeset("-1.5e-09")
    '−1.5e−09'
    """
    return digits.replace("-", "−")


class _Text(_Printer):
    def body(self, term: Term, first: bool, last: bool) -> str:
        match term:
            case Name(text):
                return text
            case Number(digits, point):
                return typeset(digits).replace(".", point)
            case Prefix(sign, operand):
                return typeset(sign) + self.operand(sign, operand, last)
            case Infix("ⁿ", base, Number(digits)):
                return self.left(HIGH, base, first) + digits.translate(_RAISED)
            case Infix("", number, factor) if not _can_follow_number(factor):
                return f"{self.left('', number, first)}({self.write(factor)})"
            case Infix(sign, left, right):
                return self.left(sign, left, first) + typeset(sign) + self.right(sign, right, last)
            case Call(function, arguments, True) if self.is_bare(arguments, last):
                return f"{function} {self.items(arguments)}"
            case Call(function, arguments):
                return f"{function}({self.items(arguments)})"
            case Brackets(opening, items):
                return opening + self.items(items) + _CLOSING[opening]
            case Index(of, place):
                return f"{self.write(of, ATOM, first)}[{self.write(place)}]"
            case Row(between, terms):
                return between.join(self.row(between, terms))
            case Prose(pieces):
                return "".join([piece if isinstance(piece, str) else self.whole(piece) for piece in pieces])
        raise TypeError(f"{term!r} is not a term that can be printed")


def _first(term: Term) -> Term:
    """The term that a product or a power begins with."""
    while isinstance(term, Infix):
        term = term.left
    return term


def _can_follow_number(term: Term) -> bool:
    """Whether 2 and then the term read as a product, as 2x and 2√x do, but neither 2 and 5 nor 2 and e5."""
    match _first(term):
        case Name(name):
            return name[:1].isalpha() and not (name[:1] in "eE" and name[1:2].isdigit())
        case Prefix(sign, _):
            return sign in _ROOTS
        case Brackets(opening, _):
            return opening == "["
        case first:
            return isinstance(first, Call)


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Latex(_Printer):
    def form(self, term: Term) -> Term:
        match term:
            case Call(function, arguments) if definition := _DEFINITIONS.get((function, len(arguments))):
                return substitute(parse(definition), dict(zip("xy", arguments, strict=False)))
            case Infix(sign, left, right) if sign.strip() in _OVER and (positive := _without_sign(left)):
                return Prefix("−", Infix(sign, positive, right))  # the sign stands before the line of the fraction
            case Index(Call("softmax", (Brackets("[", items),)), Number(place)) if DOTS not in items:
                powers: list[Term] = [Call("exp", (item,)) for item in items]
                return Infix("/", powers[int(place)], functools.reduce(_plus, powers))
        return term

    def level(self, term: Term) -> int:
        match term:
            case Infix(sign, _, _) if sign.strip() in _OVER:
                return COEFFICIENT
            case Infix(sign, _, _) if sign.strip() == "//":
                return ATOM
            case Number(digits) if "e" in digits:
                return PRODUCT
            case Call("exp", (_,)):
                return POWER
        return level(term)

    def leads_with_sign(self, term: Term) -> bool:
        return not self.is_fraction(term) and leads_with_sign(term)

    def is_fraction(self, term: Term) -> bool:
        return isinstance(term, Infix) and term.sign.strip() in (*_OVER, "//")

    def body(self, term: Term, first: bool, last: bool) -> str:
        match term:
            case Name(name):
                return _name(name)
            case Number(digits, point):
                return _number(digits, "{,}" if point == "," else point)
            case Prefix(sign, operand) if sign in _ROOTS:
                return f"{_PREFIXES[sign][2]}{{{self.write(operand)}}}"
            case Prefix(sign, operand):
                return _PREFIXES[sign][2] + self.operand(sign, operand, last)
            case Infix(sign, left, right):
                return self.infix(sign, left, right, first, last)
            case Call("exp", (power,)):
                return f"e^{{{self.write(power)}}}"
            case Call(function, arguments):
                return self.call(_function(function), function, arguments, last)
            case Brackets(opening, items):
                before, behind = _BRACKETS.get(opening, (opening, _CLOSING[opening]))
                return before + self.items(items) + behind
            case Index(of, place):
                return f"{self.write(of, ATOM, first)}[{self.write(place)}]"
            case Row(between, terms):
                return between.translate(_BETWEEN).join(self.row(between, terms))
            case Prose(pieces):
                return "".join(map(self.piece, pieces))
        raise TypeError(f"{term!r} is not a term that can be printed")

    def infix(self, sign: str, left: Term, right: Term, first: bool, last: bool) -> str:
        symbol = sign.strip()
        if symbol in (*_OVER, "//"):
            fraction = rf"\frac{{{self.write(left)}}}{{{self.write(right)}}}"
            return rf"\left\lfloor {fraction} \right\rfloor" if symbol == "//" else fraction
        if symbol in _POWERS:
            exponent = self.write(right)
            match left:
                case Call(function, arguments) if function in _ANGULAR and exponent.isdigit():
                    return self.call(_function(function) + _raised(exponent), function, arguments, last)
            return self.left(sign, left, first) + _raised(exponent)
        if symbol in _TIMES:
            is_enclosed = level(right) < _needed_right(sign)
            dotted = not is_enclosed and isinstance(_first(right), Number | Brackets)
            between = r" \cdot " if dotted else " " if isinstance(left, Number) and left.digits[-1].isdigit() else r"\,"
        else:
            command = _SIGNS[symbol][1] or symbol
            between = command if sign == symbol and not command.startswith("\\") else f" {command} "
        return self.left(sign, left, first) + between + self.right(sign, right, last)

    def call(self, command: str, function: str, arguments: Sequence[Term], last: bool) -> str:
        if function in _BARE and self.is_bare(arguments, last):
            return f"{command} {self.items(arguments)}"
        return f"{command}({self.items(arguments)})"

    def piece(self, piece: str | Term) -> str:
        if isinstance(piece, str):
            return verbatim(piece)
        # In braces, a minus sign is that of a number and no operator between two words.
        return f"{{{self.whole(piece)}}}" if leads_with_sign(piece) else self.whole(piece)


_BRACKETS = {
    "‖": (r"\lVert ", r" \rVert"),
    "⌊": (r"\lfloor ", r" \rfloor"),
    "⌈": (r"\lceil ", r" \rceil"),
}
_BETWEEN = str.maketrans({"×": r"\times", "→": r"\to", ",": r",\;"})

# What functions mean, of so many arguments, that mathematics has no name for.
_DEFINITIONS = {
    ("exp2", 1): "2^x",
    ("expm1", 1): "exp(x) − 1",
    ("log1p", 1): "ln(1 + x)",
    ("cbrt", 1): "∛x",
    ("hypot", 2): "√(x² + y²)",
    ("norm", 1): "‖x‖",
    ("floor", 1): "⌊x⌋",
    ("ceil", 1): "⌈x⌉",
    ("softplus", 1): "ln(1 + exp(x))",
    ("silu", 1): "x·σ(x)",
    ("gelu", 1): "x·Φ(x)",
    ("ReLU", 1): "max(0, x)",
    ("leaky_relu", 2): "max(0, x) + y·min(0, x)",
    ("elu", 2): "max(0, x) + y·min(0, exp(x) − 1)",
}

_COMMANDS = {
    **{function: f"\\{function}" for function in ("max", "min", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "log": r"\ln",
    "log2": r"\log_2",
    "log10": r"\log_{10}",
    "asin": r"\arcsin",
    "acos": r"\arccos",
    "atan": r"\arctan",
    "asinh": r"\operatorname{arsinh}",
    "acosh": r"\operatorname{arcosh}",
    "atanh": r"\operatorname{artanh}",
    "φ": r"\varphi",
}


def _plus(left: Term, right: Term) -> Term:
    return Infix(" + ", left, right)


def _without_sign(term: Term) -> Term | None:
    """A negative product without its sign; None for one that has none."""
    match term:
        case Prefix(sign, operand) if sign in _MINUS:
            return operand
        case Number(digits) if digits.startswith("-"):
            return replace(term, digits=digits[1:])
        case Infix(sign, left, right) if _SIGNS[sign.strip()][0] == PRODUCT and (positive := _without_sign(left)):
            return Infix(sign, positive, right)
    return None


def _number(digits: str, point: str) -> str:
    mantissa, e, exponent = digits.partition("e")
    mantissa = mantissa.replace(".", point)
    if e:
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    return {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\text{nan}"}.get(digits, mantissa)


def _function(name: str) -> str:
    """The command for a function, with its primes and its power."""
    word = name.rstrip(_PRIMES + _HIGH_DIGITS)
    power = "".join([mark for mark in name[len(word) :] if mark in _HIGH_DIGITS]).translate(_LOWERED)
    command = _COMMANDS.get(word)
    if command is None:
        shown = word.replace("_", r"\_")
        command = _name(word) if len(word) == 1 else rf"\operatorname{{{shown}}}"
    return command + _primes(name) + (_raised(power) if power else "")


def _primes(name: str) -> str:
    return "'" * sum(_PRIMES.index(mark) + 1 for mark in name if mark in _PRIMES)


def _raised(exponent: str) -> str:
    return f"^{exponent}" if len(exponent) == 1 and exponent.isdigit() else f"^{{{exponent}}}"


_PRIMES = "′″‴"
_HIGH_DIGITS = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
_LOWERED = str.maketrans(_HIGH_DIGITS, "-0123456789")

# Names and words in LaTeX -----------------------------------------------------------------------------

_GREEK = "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ"
_ACCENTS = {"\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar"}
_LOW_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_MATHEMATICAL = re.compile(rf"([A-Za-z{_GREEK}])([{''.join(_ACCENTS)}]?)_?(\d*|[₀-₉]*)", re.ASCII)


def _name(name: str) -> str:
    r"""A name in LaTeX: w0 and w_0 get an index and ŷ its hat; what is no letter of mathematics is text.

    >>> Name("w0").latex, Name("σ").latex, Name("ŷ").latex, Name("my_loss").latex
    ('w_{0}', '\\sigma', '\\hat{y}', '\\text{my}\\_\\text{loss}')
    """
    word = name.rstrip(_PRIMES)
    match = _MATHEMATICAL.fullmatch(unicodedata.normalize("NFD", word))
    if not match:
        return verbatim(name)
    letter, accent, index = match.groups()
    latex = _greek(letter) if letter in _GREEK else letter
    if accent:
        latex = f"{_ACCENTS[accent]}{{{latex}}}"
    return (f"{latex}_{{{index.translate(_LOW_DIGITS)}}}" if index else latex) + _primes(name)


def _greek(letter: str) -> str:
    """The command for a letter: from its name, such as GREEK CAPITAL LETTER LAMDA, which Unicode writes without b."""
    *_, size, _, name = unicodedata.name(letter).replace("LAMDA", "LAMBDA").split()
    return f"\\{name.capitalize() if size == 'CAPITAL' else name.lower()}"


# What acts in LaTeX instead of being shown, or is missing in fonts of text, or turns into something else there, as
# << and -- do. It is set in mathematics, between pieces of text: MathJax does not know all of it inside \text.
_ACTING = {
    "\\": r"\backslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\text{\textasciicircum}",
    "~": r"\text{\textasciitilde}",
    "<": "{<}",
    ">": "{>}",
    "|": r"\vert{}",
    "-": r"\text{-}",
    "`": r"\text{`}",
    "'": r"\text{'}",
    "…": r"\dots{}",
    "×": r"\times{}",
    "·": r"\cdot{}",
    "−": "{-}",
    "½": r"\frac{1}{2}",
    **{digit: rf"{{}}^{{{value}}}" for value, digit in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{digit: rf"{{}}_{{{value}}}" for value, digit in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}


def verbatim(text: str) -> str:
    """LaTeX, for a place within a formula, that shows a text as it is."""
    # An ordinary blank would be lost beside another one.
    text = text.replace("  ", "\u00a0\u00a0")
    pieces = re.split(f"([{re.escape(''.join(_ACTING))}])", text)
    return "".join([_ACTING.get(piece) or f"\\text{{{piece}}}" for piece in pieces if piece])


# Reading ----------------------------------------------------------------------------------------------

# A formula that is longer or deeper than this is no notation: it is a label that someone wants to be shown.
_LONGEST, _DEEPEST = 400, 30


def parse(text: str) -> Term:
    """The term for a formula; a text that is none becomes prose.

    >>> parse("y·x^2")
    Infix(sign='·', left=Name(name='y'), right=Infix(sign='^', left=Name(name='x'), right=Number(digits='2')))
    >>> parse("the usual one")
    Prose(pieces=('the usual one',))
    """
    return _parsed(text) if len(text) <= _LONGEST else Prose((text,))


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> Term:
    try:
        return _Reader(text).formula()
    except _NotAFormulaError:
        return Prose((text,))


class _NotAFormulaError(Exception):
    """Raised where a text cannot go on as formulas do."""


class _Token(NamedTuple):
    kind: str  # "number", "word", "high" or "sign"
    text: str
    end: int
    blank_before: bool
    blank_after: bool

    @property
    def is_wide(self) -> bool:
        return self.blank_before or self.blank_after


_WORD = rf"[^\W\d{_HIGH_DIGITS}₀-₉](?:[^\W{_HIGH_DIGITS}]|[\u0300-\u036f])*"  # digits set high are letters to `re`
_TOKEN = re.compile(
    rf"(?P<number>(?:\d+\.?\d*|\.\d+)(?:e[+\-−]?\d+)?)|(?P<word>{_WORD}(?:[{_PRIMES}{_HIGH_DIGITS}]*(?=\()|[{_PRIMES}]*))"
    rf"|(?P<high>[{_HIGH_DIGITS}]+)|(?P<sign>//|\*\*|<=|>=|!=|==|\S)"
)


def _tokens(text: str) -> list[_Token]:
    return [
        _Token(
            str(found.lastgroup),
            found[0],
            found.end(),
            text[: found.start()][-1:].isspace(),
            text[found.end() : found.end() + 1].isspace(),
        )
        for found in _TOKEN.finditer(text)
    ]


_END = _Token("end", "", 0, False, False)


class _Reader:
    """Reads a formula from left to right, a method for each level of the grammar, the loosest first."""

    def __init__(self, text: str) -> None:
        self.tokens = [*_tokens(text), _END]
        self.place = self.depth = 0

    @property
    def next(self) -> _Token:
        return self.tokens[self.place]

    def take(self) -> _Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def need(self, text: str) -> None:
        if self.take().text != text:
            raise _NotAFormulaError

    def formula(self) -> Term:
        term = self.comparison()
        if self.next is not _END:
            raise _NotAFormulaError
        return term

    def comparison(self) -> Term:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NotAFormulaError
        if self.next.text == "not" and self.next.blank_after:
            self.take()
            term: Term = Prefix("not ", self.sum())
        else:
            term = self.chain(COMPARISON, self.sum)
        self.depth -= 1
        return term

    def sum(self) -> Term:
        return self.chain(SUM, self.product)

    def product(self) -> Term:
        return self.chain(PRODUCT, self.signed)

    def chain(self, binding: int, operand: Callable[[], Term]) -> Term:
        """Operands with signs of one level between, grouped as they are computed: from left to right."""
        term = operand()
        while self.next.kind == "sign" and _SIGNS.get(self.next.text, (None,))[0] == binding:
            token = self.take()
            term = Infix(f" {token.text} " if token.is_wide else token.text, term, operand())
        return term

    def signed(self) -> Term:
        if self.next.text not in _MINUS:
            return self.coefficient()
        sign = self.take().text
        operand = self.nested(self.signed)
        if isinstance(operand, Number) and not operand.digits.startswith("-"):
            return Number("-" + operand.digits)
        return Prefix(sign, operand)

    def nested(self, read: Callable[[], Term]) -> Term:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _NotAFormulaError
        term = read()
        self.depth -= 1
        return term

    def coefficient(self) -> Term:
        """A power, or a number directly before one, as in 2x."""
        is_number = self.next.kind == "number"
        term = self.power()
        follows = self.next.kind == "word" or self.next.text in ("(", "[", *_ROOTS)
        if is_number and isinstance(term, Number) and follows and not self.next.blank_before:
            return Infix("", term, self.power())
        return term

    def power(self) -> Term:
        term = self.primary()
        while self.next.kind == "high":
            digits = self.take().text.translate(_LOWERED)
            if not digits.removeprefix("-").isdigit():
                raise _NotAFormulaError
            term = Infix(HIGH, term, Number(digits))
        if self.next.text in ("^", "**"):
            token = self.take()
            term = Infix(f" {token.text} " if token.is_wide else token.text, term, self.nested(self.exponent))
        return term

    def exponent(self) -> Term:
        if self.next.text in _MINUS:
            return self.signed()
        return self.power()

    def primary(self) -> Term:
        token = self.take()
        if token.kind == "number" or token.text in ("inf", "nan"):
            return Number(token.text.replace("−", "-"))
        if token.kind == "word":
            return self.named(token)
        if token.text in _ROOTS:
            return Prefix(token.text, self.nested(self.primary))
        if token.text not in _CLOSING:
            raise _NotAFormulaError
        items = self.items(_CLOSING[token.text])
        if token.text != "[" and len(items) != 1:
            raise _NotAFormulaError
        return items[0] if token.text == "(" else Brackets(token.text, items)

    def named(self, token: _Token) -> Term:
        """A name, a function with its arguments, or an item of a list."""
        term: Term = Name(token.text)
        if self.next.text == "(" and not token.blank_after:
            self.take()
            term = Call(token.text, self.items(")"))
        elif token.text in _BARE and self.next.kind in ("word", "number"):
            return Call(token.text, (self.nested(self.primary),), bare=True)
        while self.next.text == "[" and not self.next.blank_before:
            self.take()
            term = Index(term, self.comparison())
            self.need("]")
        return term

    def items(self, closing: str) -> tuple[Term, ...]:
        items: list[Term] = []
        if self.next.text == closing and closing in ")]":  # of bars, the next one opens: ||a| − b|
            self.take()
            return ()
        while True:
            items.append(self.comparison())
            token = self.take()
            if token.text == closing:
                return tuple(items)
            if token.text != ",":
                raise _NotAFormulaError
