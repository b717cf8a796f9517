"""The rule book: every operation once, with its value and its local gradient.

>>> multiply(3.0, 4.0)
12.0
>>> value, local_gradient = multiply.rule(3.0, 4.0)
>>> local_gradient()
(4.0, 3.0)

A **rule** takes its operands and answers two things: the value, and a closure that answers the partial
derivative with respect to each operand. The closure has captured the operands as they were, so nothing that
changes later can spoil it.

Rules are written once and used twice. On floats they compute; on Values they build a graph, which is how a
gradient can itself be differentiated. For that, a rule compares its operands only with < and >, and computes
with operators and with `ieee`.

This file knows calculus and no graphs: an operand that is not a plain number is asked, by its method
`__apply_operation__(operation, operands)`, to apply the operation itself.
"""

import contextlib
import functools
import importlib
import inspect
import itertools
import math
from collections import UserDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from . import ieee, neighbours, precise
from .ieee import data_of
from .terminal import printable

neighbours.check()  # here, for all that builds on Values comes by

# The partial derivative towards an operand that the operation did not choose, as the smaller one of a
# maximum. Its gradient is exactly 0, whatever arrives: with the number 0 in its place, an arriving inf would
# make it inf · 0 = nan.
BLOCKED: Final = None


@dataclass(frozen=True, repr=False)
class Domain:
    """The numbers from `low` to `high` where an operation and its derivatives exist, without the `excluded` ones.

    >>> 0.0 in NONZERO, 1.0 in NONZERO
    (False, True)
    """

    text: str
    low: float = -math.inf
    high: float = math.inf
    excluded: tuple[float, ...] = ()

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high and number not in self.excluded

    def __repr__(self) -> str:
        return printable(f"<domain {self.text}>")


REALS = Domain("any real")
POSITIVE = Domain("> 0", low=0.0, excluded=(0.0,))
NONZERO = Domain("≠ 0", excluded=(0.0,))
ABOVE_MINUS_ONE = Domain("> −1", low=-1.0, excluded=(-1.0,))

# How tightly a notation binds, for parentheses: a + b inside a × b needs them, f(a) never does.
SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4


@dataclass(eq=False)
class Operation:
    """All that is known of one operation; made by `operation`, called like a function.

    >>> maximum(2.0, 5.0), maximum.notation, maximum.derivatives
    (5.0, 'max(x, y)', ('[x > y]', '[y > x]'))

    A parameter whose domain stands in a list, as in `domain=([REALS],)`, takes a list of operands. Lists of
    one operation have equal lengths: a call with others raises ValueError, one with the wrong number of
    arguments TypeError.
    """

    rule: Callable[..., tuple[Any, Callable[[], Sequence[Any]]]]
    name: str
    parameters: tuple[str, ...]
    notation: str
    derivatives: tuple[str, ...]
    symbol: str
    latex: tuple[str, ...]
    domain: tuple[Domain | list[Domain], ...]
    precedence: int
    pattern: str

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.rule)
        self.list_count = [isinstance(domain, list) for domain in self.domain].count(True)
        # The compiled engine's shorter way to a node, which answers None where it is not sure.
        self.twin: Callable[..., Any] | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        """Replacing the rule of a declared operation is told as a declaration is."""
        super().__setattr__(name, value)
        if name == "rule":
            # A rule of this file answers the same to the same numbers at any time; one of a program may not.
            self.is_of_book = getattr(value, "__module__", "") == __name__
            if OPERATIONS.get(self.__dict__.get("name", "")) is self:
                _tell(self.name, self)

    def __call__(self, *arguments: Any) -> Any:
        """The operation on plain numbers gives a float, with a Value among them a Value."""
        if self.twin is not None and (node := self.twin(*arguments)) is not None:
            return node
        operands = tuple(map(_operand, self.operands(arguments)))
        for operand in operands:
            if type(operand) is not float:
                return operand.__apply_operation__(self, operands)
        return self.rule(*self.arguments(operands))[0]

    def operands(self, arguments: Sequence[Any]) -> tuple[Any, ...]:
        """The arguments of one call in a row, lists laid out flat."""
        if len(arguments) != len(self.parameters):
            call, needed = f"{self.name}({', '.join(self.parameters)})", len(self.parameters)
            raise TypeError(f"{call}: {needed} needed, {len(arguments)} given")
        if not self.list_count:
            return tuple(arguments)
        operands: list[Any] = []
        lengths = {}
        for parameter, domain, argument in zip(self.parameters, self.domain, arguments, strict=True):
            if not isinstance(domain, list):
                operands.append(argument)
            elif not isinstance(argument, Iterable):
                raise TypeError(
                    f"{self.name}: {parameter} must be a list of numbers or Values, not one {type(argument).__name__}"
                )
            else:
                before = len(operands)
                operands.extend(argument)
                lengths[parameter] = len(operands) - before
        if len(set(lengths.values())) > 1:
            counted = " and ".join(f"{parameter} has {length}" for parameter, length in lengths.items())
            raise ValueError(f"{self.name} needs lists of equal length: {counted}")
        return tuple(operands)

    def arguments(self, operands: Sequence[Any]) -> Sequence[Any]:
        """The operands as the rule takes them: the inverse of `operands`."""
        if not self.list_count:
            return operands
        length = (len(operands) - (len(self.domain) - self.list_count)) // self.list_count
        arguments, start = [], 0
        for domain in self.domain:
            if isinstance(domain, list):
                arguments.append(list(operands[start : start + length]))
                start += length
            else:
                arguments.append(operands[start])
                start += 1
        return arguments

    def operand_names(self, count: int) -> list[str]:
        """The parameter that each of so many operands belongs to, with its place in a list.

        >>> maximum.operand_names(2), dot.operand_names(4)
        (['x', 'y'], ['xs[0]', 'xs[1]', 'ys[0]', 'ys[1]'])
        """
        names: list[str] = []
        for parameter, argument in zip(self.parameters, self.arguments(range(count)), strict=True):
            names += [f"{parameter}[{i}]" for i in range(len(argument))] if isinstance(argument, list) else [parameter]
        return names

    def __repr__(self) -> str:
        return printable(f"<operation {self.name}>")

    def __copy__(self) -> "Operation":
        return self

    def __deepcopy__(self, memo: Any) -> "Operation":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """By its name, for a rule is a part of the program."""
        return _declared, (self.name, self.__module__)


def _declared(name: str, module: str) -> Operation:
    """The operation of that name, also where the module that declares it is still to be imported."""
    if name not in OPERATIONS:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    if name not in OPERATIONS:
        raise ValueError(
            f"there is no operation {name} here: import or write its declaration first, which was in {module}"
        )
    return OPERATIONS[name]


def _operand(thing: Any) -> Any:
    return thing if hasattr(type(thing), "__apply_operation__") else ieee.real(thing)


class Book(UserDict[str, Operation]):
    """A dict of operations that tells its listeners of each that comes or goes."""

    def __setitem__(self, name: str, operation: Operation) -> None:
        before = self.data.get(name)
        self.data[name] = operation
        try:
            _tell(name, operation)
        except BaseException:  # a listener has refused it
            if before is None:
                del self.data[name]
            else:
                self.data[name] = before
            raise

    def __delitem__(self, name: str) -> None:
        del self.data[name]
        _tell(name, None)


# The rule book, by name, in the order of declaration.
OPERATIONS = Book()

# Who wants to know of each new operation, as Value does to have a method of that name; of None where it is gone.
LISTENERS: list[Callable[[str, Operation | None], None]] = []


def _tell(name: str, operation: Operation | None) -> None:
    for listener in LISTENERS:
        listener(name, operation)


def operation(
    notation: str,
    *derivatives: str,
    symbol: str = "",
    latex: tuple[str, ...] = (),
    domain: tuple[Domain | list[Domain], ...] = (),
    precedence: int = ATOM,
    pattern: str = "",
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare an operation: its notation, its derivatives as a table prints them, and then its rule.

    >>> @operation("x³", "3·x²", precedence=POWER)
    ... def cubed(x):
    ...     return x * x * x, lambda: (3 * x * x,)
    >>> cubed(2.0)
    8.0

    The notation and the derivatives speak of the rule's parameters by their names. The symbol is what a
    drawing shows, the name if none is given; `latex` holds the notation and the derivatives in LaTeX; the
    domain says, for each parameter, where the operation and its derivatives exist: it is where tests look;
    the precedence says how tightly a notation binds that does not enclose its operands; the pattern is the
    word of the lectures for what the gradient does there: it "distributes", "switches" or "routes".

    The rule is run on floats and on Values. So it computes with operators and the functions of this package,
    not with `math`, and decides by < and > only: `==` and `if x:` would not see a Value's number. A partial
    derivative that costs work may be a closure of its own, called only if its operand is a Value; `BLOCKED`
    stands for an operand that was not chosen.

    A declaration replaces an earlier one of the same name, but for those of this file. Raises ValueError for
    one of these, for a rule without a name or with other than plain parameters, and where derivatives or
    domains are not one for each parameter; TypeError where the notation is forgotten.
    """
    if not isinstance(notation, str):
        raise TypeError(printable('an operation is declared with its notation: @operation("x³", "3·x²")'))

    def declare(rule: Callable[..., Any]) -> Operation:
        name, parameters = rule.__name__, inspect.signature(rule).parameters
        _check_declaration(rule, derivatives, domain)
        declared = Operation(
            rule,
            name,
            tuple(parameters),
            notation,
            derivatives,
            symbol or name,
            latex or (_latex_call(name, parameters), *derivatives),
            domain or (REALS,) * len(parameters),
            precedence,
            pattern,
        )
        OPERATIONS[name] = declared
        return declared

    return declare


def _latex_call(name: str, parameters: Iterable[str]) -> str:
    shown = name.replace("_", r"\_")
    return rf"\operatorname{{{shown}}}({', '.join(parameters)})"


def _check_declaration(rule: Callable[..., Any], derivatives: Sequence[Any], domain: Sequence[Any]) -> None:
    name, parameters = rule.__name__, inspect.signature(rule).parameters.values()
    if not name.isidentifier():
        raise ValueError("an operation is called by the name of its rule: write def, not lambda")
    if name.startswith("_"):
        raise ValueError(f"an operation cannot be called {name!r}: such names are Python's own, choose one without _")
    if name in OPERATIONS and OPERATIONS[name].is_of_book:
        raise ValueError(f"{name} is an operation of the rule book already: choose another name")
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD or p.default is not p.empty for p in parameters):
        raise ValueError(f"{name}: the parameters of a rule are its operands, without defaults, * or **")
    for what, given in (("derivatives", derivatives), ("domains", domain)):
        if given and len(given) != len(parameters):
            raise ValueError(f"{name}: {len(given)} {what} for {len(parameters)} parameters")


# Arithmetic ---------------------------------------------------------------------------------------


@operation("x + y", "1", "1", symbol="+", latex=("x + y", "1", "1"), precedence=SUM, pattern="distributes")
def add(x, y):
    """Distributes the gradient: each term receives it unchanged."""
    return x + y, lambda: (1.0, 1.0)


@operation("x − y", "1", "−1", symbol="−", latex=("x - y", "1", "-1"), precedence=SUM, pattern="distributes")
def subtract(x, y):
    """Distributes the gradient, with its sign turned for the second term."""
    return x - y, lambda: (1.0, -1.0)


@operation("−x", "−1", symbol="−x", latex=("-x", "-1"), precedence=PRODUCT)
def negate(x):
    """Turns the sign of the gradient."""
    return -x, lambda: (-1.0,)


@operation("x × y", "y", "x", symbol="×", latex=(r"x \cdot y", "y", "x"), precedence=PRODUCT, pattern="switches")
def multiply(x, y):
    """Switches the gradient: each factor receives the other one's value."""
    return x * y, lambda: (y, x)


@operation(
    "x / y",
    "1/y",
    "−x/y²",
    symbol="÷",
    latex=(r"\frac{x}{y}", r"\frac{1}{y}", r"-\frac{x}{y^2}"),
    domain=(REALS, NONZERO),
    precedence=PRODUCT,
)
def divide(x, y):
    """Scales by 1/y; −x/y² is computed as −(x/y)/y, for y² overflows long before the quotient does."""
    return ieee.divide(x, y), lambda: (lambda: ieee.divide(1.0, y), lambda: _quotient_derivative(x, y, 1))


@operation(
    "1/x", "−1/x²", latex=(r"\frac{1}{x}", r"-\frac{1}{x^2}"), symbol="1/x", domain=(NONZERO,), precedence=PRODUCT
)
def reciprocal(x):
    """Turns a number over; −1/x² is computed as −(1/x)/x."""
    value = ieee.divide(1.0, x)
    return value, lambda: (-ieee.divide(value, x) if type(x) is float else _quotient_derivative(1.0, x, 1),)


@operation(
    "x ^ y",
    "y·x^(y−1)",
    "x^y·ln x",
    symbol="^",
    latex=("x^y", "y x^{y-1}", r"x^y \ln x"),
    domain=(POSITIVE, REALS),
    precedence=POWER,
)
def power(x, y):
    """Any base, any exponent; with respect to y only for x ≥ 0, with 0 at 0^y for y ≥ 0, as in PyTorch."""
    return ieee.power(x, y), lambda: (lambda: _power_derivative(x, y, 1, 0), lambda: _power_derivative(x, y, 0, 1))


@operation("x", "1", symbol="=")
def identity(x):
    """Passes a number on, and its gradient back, unchanged."""
    return x, lambda: (1.0,)


# Functions of one number --------------------------------------------------------------------------


@operation("exp(x)", "exp(x)", latex=("e^x", "e^x"))
def exp(x):
    """Its own derivative."""
    value = ieee.exp(x)
    return value, lambda: (value,)


@operation("expm1(x)", "exp(x)", latex=("e^x - 1", "e^x"))
def expm1(x):
    """exp(x) − 1, exact also for small x."""
    return ieee.expm1(x), lambda: (ieee.exp(x),)


@operation("log(x)", "1/x", latex=(r"\ln x", r"\frac{1}{x}"), domain=(POSITIVE,))
def log(x):
    """The natural logarithm; nan below 0, and so is its derivative."""
    value = ieee.log(x)
    return value, lambda: (ieee.divide(1.0, x) if x >= 0 else value,)


@operation("log1p(x)", "1/(1+x)", latex=(r"\ln(1 + x)", r"\frac{1}{1+x}"), domain=(ABOVE_MINUS_ONE,))
def log1p(x):
    """The natural logarithm of 1 + x, exact also for small x."""
    value = ieee.log1p(x)
    return value, lambda: (ieee.divide(1.0, 1.0 + x) if x >= -1 else value,)


@operation(
    "√x", "1/(2·√x)", symbol="√x", latex=(r"\sqrt{x}", r"\frac{1}{2\sqrt{x}}"), domain=(POSITIVE,), precedence=POWER
)
def sqrt(x):
    """The square root; its derivative is inf at 0, also at −0.0, which the sum turns into 0.0."""
    value = ieee.sqrt(x)
    return value, lambda: (ieee.divide(0.5, value + 0.0),)


@operation("sin(x)", "cos(x)", latex=(r"\sin x", r"\cos x"))
def sin(x):
    """The sine of an angle in radians."""
    return ieee.sin(x), lambda: (ieee.cos(x),)


@operation("cos(x)", "−sin(x)", latex=(r"\cos x", r"-\sin x"))
def cos(x):
    """The cosine of an angle in radians."""
    return ieee.cos(x), lambda: (-ieee.sin(x),)


@operation("atan(x)", "1/(1+x²)", latex=(r"\arctan x", r"\frac{1}{1+x^2}"))
def atan(x):
    """The angle, in radians, whose tangent is x."""
    return ieee.atan(x), lambda: (precise.atan_slope(x) if type(x) is float else _atan_slope(x),)


@operation("erf(x)", "2/√π·exp(−x²)", latex=(r"\operatorname{erf}(x)", r"\frac{2}{\sqrt{\pi}} e^{-x^2}"))
def erf(x):
    """The error function: how much of a bell curve exp(−t²) lies between −x and x, from −1 to 1."""
    return ieee.erf(x), lambda: (_erf_derivative(x, 1),)


@operation("tanh(x)", "1−tanh(x)²", latex=(r"\tanh x", r"1 - \tanh^2 x"))
def tanh(x):
    """Squashes to (−1, 1); with e = exp(−2·|x|) the derivative is 4e/(1+e)², for 1 − tanh² loses all digits by 20."""
    return ieee.tanh(x), lambda: (precise.sech_squared(x) if type(x) is float else _sech_squared(x),)


@operation("σ(x)", "σ(x)·(1−σ(x))", symbol="σ", latex=(r"\sigma(x)", r"\sigma(x)\,(1-\sigma(x))"))
def sigmoid(x):
    """Squashes to (0, 1): 1/(1 + exp(−x)); with e = exp(−|x|) the derivative is e/(1+e)², which loses no digits."""
    e = ieee.exp(-x if x > 0 else x)
    return (1.0 if x > 0 else e) / (1.0 + e), lambda: (
        e / ((1.0 + e) * (1.0 + e)) if type(x) is float else 0.25 * _sech_squared(0.5 * x),
    )


@operation("softplus(x)", "σ(x)", latex=(r"\ln(1 + e^x)", r"\sigma(x)"))
def softplus(x):
    """A smooth ReLU: log(1 + exp(x)), computed as max(x, 0) + log1p(exp(−|x|))."""
    e = ieee.exp(-x if x > 0 else x)
    tail = ieee.log1p(e)
    return x + tail if x > 0 else tail, lambda: ((1.0 if x > 0 else e) / (1.0 + e) if type(x) is float else sigmoid(x),)


@operation(
    "silu(x)",
    "σ(x)·(1+x·(1−σ(x)))",
    latex=(r"x\,\sigma(x)", r"\sigma(x)\,(1 + x\,(1-\sigma(x)))"),
)
def silu(x):
    """x·σ(x), also called swish: a smooth ReLU that dips below 0, deepest at −1.278."""
    return precise.silu(data_of(x)), lambda: (precise.silu_slope(x) if type(x) is float else _silu_slope(x),)


@operation("gelu(x)", "Φ(x)+x·φ(x)", latex=(r"x\,\Phi(x)", r"\Phi(x) + x\,\varphi(x)"))
def gelu(x):
    """x·Φ(x), a smooth ReLU of the normal distribution Φ(x) = (1 + erf(x/√2))/2 and its density φ."""
    return precise.gelu(data_of(x)), lambda: (_gelu_derivative(x, 1),)


# Operations that choose ---------------------------------------------------------------------------


@operation("ReLU(x)", "[x > 0]", symbol="ReLU", latex=(r"\max(0, x)", "[x > 0]"), pattern="routes")
def relu(x):
    """Passes what is positive and blocks the rest; its derivative at 0 is 0."""
    if x > 0:
        return x, lambda: (1.0,)
    if x <= 0:
        return 0.0, lambda: (BLOCKED,)
    return x, lambda: (_undefined(x),)


@operation(
    "leaky_relu(x, slope)",
    "[x > 0] + slope·[x ≤ 0]",
    "x·[x ≤ 0]",
    symbol="leaky ReLU",
    latex=(r"\max(0, x) + slope \cdot \min(0, x)", r"[x > 0] + slope \cdot [x \le 0]", r"x \cdot [x \le 0]"),
    pattern="routes",
)
def leaky_relu(x, slope):
    """Passes what is positive, and of the rest a share; its derivative at 0 is that slope, as in PyTorch."""
    if x > 0:
        return x, lambda: (1.0, BLOCKED)
    return slope * x, lambda: (slope if x <= 0 else slope * _undefined(x), x)


@operation(
    "elu(x, alpha)",
    "[x > 0] + alpha·exp(x)·[x ≤ 0]",
    "(exp(x)−1)·[x ≤ 0]",
    latex=(
        r"\max(0, x) + alpha \cdot \min(0, e^{x} - 1)",
        r"[x > 0] + alpha \cdot e^{x} \cdot [x \le 0]",
        r"(e^{x} - 1) \cdot [x \le 0]",
    ),
    pattern="routes",
)
def elu(x, alpha):
    """Passes what is positive and bends the rest towards −alpha; its derivative at 0 is alpha, as in PyTorch."""
    if x > 0:
        return x, lambda: (1.0, BLOCKED)
    return alpha * ieee.expm1(x), lambda: (lambda: _scaled_exp(x, alpha), lambda: ieee.expm1(x))


@operation("|x|", "sign(x)", symbol="|x|", latex=("|x|", r"\operatorname{sign}(x)"))
def abs(x):
    """The distance from 0; its derivative at 0 is 0."""
    return ieee.fabs(x), lambda: (1.0 if x > 0 else -1.0 if x < 0 else 0.0 if x >= 0 else _undefined(x),)


@operation(
    "max(x, y)", "[x > y]", "[y > x]", symbol="max", latex=(r"\max(x, y)", "[x > y]", "[y > x]"), pattern="routes"
)
def maximum(x, y):
    """Routes the gradient to the larger operand; a tie shares it equally."""
    return x if x >= y else y if x < y else x + y, lambda: (_share(x, y), _share(y, x))


@operation(
    "min(x, y)", "[x < y]", "[y < x]", symbol="min", latex=(r"\min(x, y)", "[x < y]", "[y < x]"), pattern="routes"
)
def minimum(x, y):
    """Routes the gradient to the smaller operand; a tie shares it equally."""
    return x if x <= y else y if x > y else x + y, lambda: (_share(y, x), _share(x, y))


def _share(x, y):
    """What the maximum of x and y passes to x."""
    return 1.0 if x > y else BLOCKED if x < y else 0.5 if x >= y else _undefined(x + y)


def _undefined(x):
    """The derivative at nan: nan, and so are all further ones, which those of a constant nan would not be."""
    return ieee.exp(x)


@operation("where(c, x, y)", "0", "[c]", "[not c]", latex=(r"c\,?\,x : y", "0", "[c]", r"[\neg c]"), pattern="routes")
def where(c, x, y):
    """x if the condition holds (is not 0), else y; the condition, such as a < b, passes no gradient."""
    return (x, lambda: (BLOCKED, 1.0, BLOCKED)) if data_of(c) else (y, lambda: (BLOCKED, BLOCKED, 1.0))


# Operations on lists, one node each ---------------------------------------------------------------


@operation("sum(xs)", "1", symbol="Σ", latex=(r"\sum_i x_i", "1"), domain=([REALS],), pattern="distributes")
def sum(xs):
    """Adds a list from left to right and distributes the gradient to all of it.

    >>> sum([1.0, 2.0, 3.0])
    6.0
    """
    return _left_to_right(xs), lambda: (1.0,) * len(xs)


@operation(
    "mean(xs)", "1/n", latex=(r"\frac{1}{n} \sum_i x_i", r"\frac{1}{n}"), domain=([REALS],), pattern="distributes"
)
def mean(xs):
    """The average of a list; an empty one raises ValueError.

    >>> mean([1.0, 2.0, 6.0])
    3.0
    """
    _need_numbers("mean", xs)
    return _left_to_right(xs) / len(xs), lambda: (1.0 / len(xs),) * len(xs)


@operation(
    "dot(xs, ys)",
    "ys",
    "xs",
    symbol="·",
    latex=(r"\sum_i x_i y_i", "y_i", "x_i"),
    domain=([REALS], [REALS]),
    pattern="switches",
)
def dot(xs, ys):
    """The sum of the products of two lists of equal length.

    >>> dot([1.0, 2.0], [3.0, 4.0])
    11.0
    """
    return _left_to_right(x * y for x, y in zip(xs, ys, strict=True)), lambda: (*ys, *xs)


@operation(
    "logsumexp(xs)", "softmax(xs)", latex=(r"\ln \sum_i e^{x_i}", r"\frac{e^{x_i}}{\sum_j e^{x_j}}"), domain=([REALS],)
)
def logsumexp(xs):
    """log(exp(x₁) + … + exp(xₙ)), shifted by the largest so that nothing overflows; an empty list raises ValueError.

    >>> logsumexp([1000.0, 1000.0]) == 1000.0 + log(2.0)
    True

    Infinite numbers give the limit: beside one inf all others have the gradient 0, and it has 1, as a number has that
    is alone, even −inf. What share each of several inf has, or of several −inf and nothing else, nobody knows: nan.
    """
    _need_numbers("logsumexp", xs)
    largest = _largest(xs)
    if math.isinf(largest):
        return _logsumexp_at_infinity(xs, largest)
    powers = [ieee.exp(x - largest) for x in xs]
    total = _left_to_right(powers)
    value = largest + ieee.log(total)
    if type(total) is not float:
        return value, lambda: _shares(xs, largest, total.data)
    return value, lambda: [power / total for power in powers]


def _logsumexp_at_infinity(xs, largest):
    """The limit: a number that is infinitely larger takes all; where several are, nobody knows their shares."""
    tied = [x for x in xs if x >= largest]
    if any(math.isnan(data_of(x)) for x in xs):
        return math.nan, lambda: [_unknown(xs)] * len(xs)
    return largest, lambda: [0.0 if x < largest else 1.0 if len(tied) == 1 else _unknown(tied) for x in xs]


def _unknown(xs):
    return _undefined(math.nan * _left_to_right(xs))


def softmax(xs: Iterable[Any]) -> list[Any]:
    """The positive numbers that sum to 1 and grow as exp(x): exp(x) / (exp(x₁) + … + exp(xₙ)) for each x.

    >>> softmax([1000.0, 1000.0])
    [0.5, 0.5]

    Composed from −, exp, sum and ÷, shifted as in `logsumexp` and with the same limits: [0, inf] gives [0, 1]. An
    empty list raises ValueError.
    """
    xs = [_operand(x) for x in xs]
    _need_numbers("softmax", xs)
    largest = _largest(xs)
    powers = [exp(x - largest) for x in xs]
    if not math.isinf(largest):
        total = sum(powers)
        return [divide(power, total) for power in powers]
    # Of infinite ones, inf − inf left nan, which is right where there are several; but in the sum each counts as 1.
    is_largest = [data_of(x) >= largest for x in xs]
    counted = [where(is_one, 1.0, power) for is_one, power in zip(is_largest, powers, strict=True)]
    total = sum(counted)
    tie = not data_of(total) <= 1.0
    return [
        divide(power if tie and is_one else count, total)
        for is_one, power, count in zip(is_largest, powers, counted, strict=True)
    ]


def log_softmax(xs: Iterable[Any]) -> list[Any]:
    """The logarithms of `softmax`, also of shares that are too small for a float: x − logsumexp(xs) for each x.

    >>> log_softmax([0.0, 1000.0])
    [-1000.0, 0.0]

    Composed from logsumexp and −, with the limits of logsumexp: [0, inf] gives [−inf, 0]. An empty list raises
    ValueError.
    """
    xs = [_operand(x) for x in xs]
    _need_numbers("log_softmax", xs)
    total = logsumexp(xs)
    logarithms = [x - total for x in xs]
    if not math.isinf(data_of(total)):
        return logarithms
    largest = [data_of(x) >= data_of(total) for x in xs]
    # inf − inf is nan, which is right where several are infinite; but one alone has all.
    alone = largest.count(True) == 1
    return [where(alone and is_one, 0.0, x) for is_one, x in zip(largest, logarithms, strict=True)]


def _largest(xs):
    """What to shift exponents by; a constant, for the answer does not depend on it."""
    return max(data_of(x) for x in xs)


def _left_to_right(xs):
    # Not Python's sum: since 3.12 that one corrects for rounding, and results must not depend on Python's
    # version.
    return functools.reduce(lambda total, x: total + x, xs, 0.0)


def _need_numbers(name, xs):
    if not xs:
        raise ValueError(f"{name} of an empty list is undefined: pass at least one number")


# Derivatives that are operations themselves ---------------------------------------------------------
# A formula that is exact need not have an exact derivative: that of 4e/(1+e)² is a difference of two terms, which are
# nearly equal near 0. So on Values some rules answer nodes of operations that only derivatives are made of, each with
# a rule for its own derivative. They are in no rule book.


def _derived(
    name: str,
    notation: str,
    value: Callable[..., float],
    partials: Callable[..., Any],
    *,
    latex: str = "",
    precedence: int = ATOM,
) -> Callable[..., Any]:
    """A function of floats and Values, given by its value on floats and by its partials on both."""
    parameters = tuple(inspect.signature(value).parameters)

    def rule(*operands: Any) -> Any:
        return value(*map(data_of, operands)), lambda: partials(*operands)

    rule.__name__, rule.__doc__ = name, value.__doc__
    latexes, domain = (latex or _latex_call(name, parameters),), (REALS,) * len(parameters)
    derived = Operation(rule, name, parameters, notation, (), notation, latexes, domain, precedence, "")

    def function(*operands: Any) -> Any:
        for operand in operands:
            if type(operand) is not float:
                return operand.__apply_operation__(derived, operands)
        return value(*operands)

    return function


_sech_squared: Callable[[Any], Any] = _derived(
    "sech_squared",
    "sech²(x)",
    precise.sech_squared,
    lambda x: (-2.0 * ieee.tanh(x) * _sech_squared(x),),
    latex=r"\operatorname{sech}^2(x)",
)

_atan_slope: Callable[[Any], Any] = _derived(
    "atan_slope",
    "1/(1 + x²)",
    precise.atan_slope,
    lambda x: (_atan_curvature(x),),
    latex=r"\frac{1}{1+x^2}",
    precedence=PRODUCT,
)


def _third_derivative_of_atan(x):
    slope = _atan_slope(x)
    return ((6.0 * x * x - 2.0) * slope if -1 <= x <= 1 else 6.0 - 8.0 * slope) * slope * slope


_atan_curvature: Callable[[Any], Any] = _derived(
    "atan_curvature",
    "−2x/(1 + x²)²",
    precise.atan_curvature,
    lambda x: (_third_derivative_of_atan(x),),
    latex=r"\frac{-2x}{(1+x^2)^2}",
    precedence=PRODUCT,
)

_scaled_exp: Callable[[Any, Any], Any] = _derived(
    "scaled_exp",
    "y·exp(x)",
    precise.scaled_exp,
    lambda x, y: (lambda: _scaled_exp(x, y), lambda: ieee.exp(x)),
    latex="y e^x",
    precedence=PRODUCT,
)

_silu_slope = _derived("silu_slope", "silu′(x)", precise.silu_slope, lambda x: (_silu_curvature(x),))


def _third_derivative_of_silu(x):
    # 3·σ″ + x·σ‴; with t = tanh(x/2) that is σ″ = −t·σ′ and σ‴ = (3·t² − 1)/2·σ′.
    t = ieee.tanh(0.5 * x)
    return 0.25 * _sech_squared(0.5 * x) * (x * (1.5 * t * t - 0.5) - 3.0 * t)


_silu_curvature: Callable[[Any], Any] = _derived(
    "silu_curvature", "silu″(x)", precise.silu_curvature, lambda x: (_third_derivative_of_silu(x),)
)


def _further(name: str, derivative: Callable[[float, int], float]) -> Callable[[Any, int], Any]:
    """The derivatives of all orders of a function of one number: each has the next one for its own."""

    @functools.cache
    def of_order(order: int) -> Callable[..., Any]:
        return _derived(
            f"{name}_derivative_{order}",
            name + "′" * order + "(x)",
            lambda x: derivative(x, order),
            lambda x: (of_order(order + 1)(x),),
        )

    return lambda x, order: of_order(order)(x)


_erf_derivative = _further("erf", precise.erf_derivative)
_gelu_derivative = _further("gelu", precise.gelu_derivative)


def _quotient_derivative(x, y, by_divisor):
    if type(x) is float and type(y) is float:
        return precise.quotient(x, y, by_divisor)
    return _quotient_operation(by_divisor)(x, y)


@functools.cache
def _quotient_operation(by_divisor):
    factor = (-1) ** by_divisor * math.factorial(by_divisor)
    return _derived(
        f"quotient_by_divisor_{by_divisor}",
        f"{factor}·x/y^{by_divisor + 1}".replace("-1·", "−").replace("-", "−"),
        lambda x, y: precise.quotient(x, y, by_divisor),
        lambda x, y: (
            lambda: _quotient_derivative(1.0, y, by_divisor),  # as it is linear in x
            lambda: _quotient_derivative(x, y, by_divisor + 1),
        ),
        latex=rf"\frac{{{factor} \cdot x}}{{y^{{{by_divisor + 1}}}}}",
        precedence=POWER,
    )


def _power_derivative(x, y, by_base, by_exponent):
    if type(x) is float and type(y) is float:
        return precise.power(x, y, by_base, by_exponent)
    if (by_base, by_exponent) == (1, 0) and type(y) is float and _is_plain_power(data_of(x), y):
        return y * ieee.power(x, y - 1.0)
    return _power_operation(by_base, by_exponent)(x, y)


def _is_plain_power(base, exponent):
    """Whether y·x^(y−1) loses nothing when differentiated again: then it may stand in a graph as one writes it."""
    return exponent.is_integer() and 2 <= math.fabs(exponent) <= 64 and 1e-4 <= math.fabs(base) <= 1e4


@functools.cache
def _power_operation(by_base, by_exponent):
    """One operation in whichever order it is differentiated: so mixed derivatives are the same from both sides."""
    name = "power" + "_by_base" * by_base + "_by_exponent" * by_exponent
    notation, latex = _POWER_NOTATIONS.get((by_base, by_exponent), (f"{name}(x, y)", ""))
    return _derived(
        name,
        notation,
        lambda x, y: precise.power(x, y, by_base, by_exponent),
        lambda x, y: (
            lambda: _power_derivative(x, y, by_base + 1, by_exponent),
            lambda: _power_derivative(x, y, by_base, by_exponent + 1),
        ),
        latex=latex,
        precedence=POWER,
    )


_POWER_NOTATIONS = {
    (1, 0): ("y·x^(y−1)", "y x^{y-1}"),
    (0, 1): ("x^y·ln x", r"x^y \ln x"),
    (2, 0): ("y·(y−1)·x^(y−2)", r"y\,(y-1)\,x^{y-2}"),
    (1, 1): ("x^(y−1)·(1 + y·ln x)", r"x^{y-1}\,(1 + y \ln x)"),
    (0, 2): ("x^y·(ln x)²", r"x^y\,(\ln x)^2"),
}


def _shares(xs, shift, total):
    """The softmax of xs, in which the others have more digits than 1 − share has.

    So the others are added up, those before it and those after it.
    """
    parts = [_part(x, shift, total) for x in xs]
    before = [0.0, *itertools.accumulate(parts[:-1])]
    after = [0.0, *itertools.accumulate(parts[:0:-1])]
    return [_share_of_whole(part, some + more) for part, some, more in zip(parts, before, reversed(after), strict=True)]


# Where y and z are constants, it is its own derivative.
_part: Callable[..., Any] = _derived(
    "part",
    "exp(x − y)/z",
    lambda x, y, z: ieee.exp(x - y) / z,
    lambda x, y, z: (_part(x, y, z), BLOCKED, BLOCKED),
    latex=r"\frac{e^{x-y}}{z}",
    precedence=PRODUCT,
)

# x/(x + y) and x + y for two parts of a whole: it is 1, but for a rounding that would make −xᵢ·xⱼ, the derivative of a
# share by the number of another one, differ from the same from the other side.
_share_of_whole = _derived(
    "share",
    "x/(x + y)",
    lambda x, y: x,
    lambda x, y: (lambda: y / _whole(x, y) / _whole(x, y), lambda: -x / _whole(x, y) / _whole(x, y)),
    latex=r"\frac{x}{x+y}",
    precedence=PRODUCT,
)
_whole: Callable[[Any, Any], Any] = _derived(
    "whole", "x + y", lambda x, y: 1.0, lambda x, y: (1.0, 1.0), latex="x + y", precedence=SUM
)
