"""The gates that exercises are made of: how each is typed, what it computes, and its local derivatives.

>>> multiply = GATES["*"]
>>> multiply.value(Decimal(2), Decimal(-3)), multiply.partials(Decimal(2), Decimal(-3))
(Decimal('-6'), (Decimal('-3'), Decimal('2')))

The numbers are decimal ones of 50 digits. With these, two things are certain that are not with floats: an exercise is
the same on every machine, whatever its library makes of the last digit of exp; and a number is exactly what is shown,
or it is known on which side of the rounding it lies. The engine is not asked, so it can check the answers.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from .. import operations
from ..book import Operation
from ..formulas import applied, derivative
from ..text import Term, parse, substitute

CONTEXT = Context(prec=50)

ZERO, ONE, TWO, THREE = map(Decimal, range(4))

# No operand is nearer than this to a kink, a tie, a pole or the end of a domain, so that no answer depends on what
# holds there.
DISTANCE = Decimal("0.1")

# What tanh and exp make of larger numbers has no place on a sheet.
STEEP = Decimal(3)


@dataclass(frozen=True, eq=False, repr=False)
class Gate:
    """One operation of the rule book, as exercises use it."""

    sign: str  # as one types it
    operation: Operation
    source: str  # in Python, with {} for each operand
    value: Callable[..., Decimal]
    partials: Callable[..., tuple[Decimal, ...]]
    fits: Callable[..., bool] = lambda *_: True
    exponent: int = 0  # of a power

    @property
    def operands(self) -> int:
        """How many operands it takes."""
        return self.source.count("{}")

    @property
    def routes(self) -> bool:
        """Whether it chooses what it passes on."""
        return self.operation.pattern == "routes"

    def applied(self, operands: Sequence[Any]) -> Any:
        """The operation, applied to Values or floats."""
        return self.operation(*operands, *([float(self.exponent)] if self.exponent else []))

    def term(self, operands: Sequence[Term]) -> Term:
        """The gate applied to operands, in the signs of mathematics."""
        if self.exponent:
            return substitute(parse(POWERS[self.exponent][0]), {"x": operands[0]})
        return applied(self.operation, operands)

    def derivative(self, place: int, operands: Sequence[Term]) -> Term:
        """The formula of the local derivative towards the operand at that place."""
        if self.exponent:
            return substitute(parse(POWERS[self.exponent][1]), {"x": operands[0]})
        return derivative(self.operation, place, operands)


# How powers and their derivatives are written: the rule book has x^y and y·x^(y−1), for all exponents.
POWERS = {2: ("x²", "2·x"), 3: ("x³", "3·x²")}


def _sigmoid(x: Decimal) -> Decimal:
    return ONE / (ONE + (-x).exp())


def _slope(x: Decimal) -> Decimal:
    return _sigmoid(x) * _sigmoid(-x)


def _tanh(x: Decimal) -> Decimal:
    return TWO * _sigmoid(TWO * x) - ONE


def _softplus(x: Decimal) -> Decimal:
    return (ONE + x.exp()).ln()


def _sin(x: Decimal) -> Decimal:
    return _alternating(x, x, 2)


def _cos(x: Decimal) -> Decimal:
    return _alternating(ONE, x, 1)


def _alternating(term: Decimal, x: Decimal, below: int) -> Decimal:
    """The series of sin or cos from its first term on: what is below grows by two factors a term."""
    total = term
    for factor in range(below, 80, 2):
        term *= -x * x / (factor * (factor + 1))
        total += term
    return total


def _apart(x: Decimal, y: Decimal) -> bool:
    return abs(x - y) >= DISTANCE


def _not_zero(*operands: Decimal) -> bool:
    return abs(operands[-1]) >= DISTANCE


def _positive(x: Decimal) -> bool:
    return x >= DISTANCE


def _not_steep(x: Decimal) -> bool:
    return abs(x) <= STEEP


def _step(is_chosen: bool) -> Decimal:
    return ONE if is_chosen else ZERO


GATES = {
    gate.sign: gate
    for gate in (
        Gate("+", operations.add, "{} + {}", lambda x, y: x + y, lambda x, y: (ONE, ONE)),
        Gate("-", operations.subtract, "{} - {}", lambda x, y: x - y, lambda x, y: (ONE, -ONE)),
        Gate("*", operations.multiply, "{} * {}", lambda x, y: x * y, lambda x, y: (y, x)),
        Gate("/", operations.divide, "{} / {}", lambda x, y: x / y, lambda x, y: (ONE / y, -x / y / y), _not_zero),
        Gate("neg", operations.negate, "-{}", lambda x: -x, lambda x: (-ONE,)),
        Gate("1/x", operations.reciprocal, "1 / {}", lambda x: ONE / x, lambda x: (-ONE / x / x,), _not_zero),
        Gate("square", operations.power, "{} ** 2", lambda x: x * x, lambda x: (TWO * x,), exponent=2),
        Gate("cube", operations.power, "{} ** 3", lambda x: x * x * x, lambda x: (THREE * x * x,), exponent=3),
        Gate("max", operations.maximum, "max({}, {})", max, lambda x, y: (_step(x > y), _step(y > x)), _apart),
        Gate("min", operations.minimum, "min({}, {})", min, lambda x, y: (_step(x < y), _step(y < x)), _apart),
        Gate("relu", operations.relu, "relu({})", lambda x: max(x, ZERO), lambda x: (_step(x > 0),), _not_zero),
        Gate("abs", operations.abs, "abs({})", abs, lambda x: (_step(x > 0) - _step(x < 0),), _not_zero),
        Gate("exp", operations.exp, "exp({})", lambda x: x.exp(), lambda x: (x.exp(),), _not_steep),
        Gate("log", operations.log, "log({})", lambda x: x.ln(), lambda x: (ONE / x,), _positive),
        Gate("sqrt", operations.sqrt, "sqrt({})", lambda x: x.sqrt(), lambda x: (ONE / (TWO * x.sqrt()),), _positive),
        Gate("sigmoid", operations.sigmoid, "sigmoid({})", _sigmoid, lambda x: (_slope(x),), _not_steep),
        Gate("tanh", operations.tanh, "tanh({})", _tanh, lambda x: (TWO * TWO * _slope(TWO * x),), _not_steep),
        Gate("softplus", operations.softplus, "softplus({})", _softplus, lambda x: (_sigmoid(x),), _not_steep),
        Gate("sin", operations.sin, "sin({})", _sin, lambda x: (_cos(x),), _not_steep),
        Gate("cos", operations.cos, "cos({})", _cos, lambda x: (-_sin(x),), _not_steep),
    )
}  # fmt: skip

# What is shown of these is always rounded, so leaves are small for them.
CURVED = {"/", "1/x", "exp", "log", "sqrt", "sigmoid", "tanh", "softplus", "sin", "cos"}

DEFAULT = ("+", "-", "*", "max")

# Other ways to name the gates.
ALSO = {
    **{gate.operation.name: gate.sign for gate in GATES.values() if not gate.exponent},
    **dict.fromkeys(("×", "·", "mul"), "*"),
    **dict.fromkeys(("−", "sub"), "-"),
    **dict.fromkeys(("÷", "div"), "/"),
    **dict.fromkeys(("**", "^", "**2", "^2", "x**2", "x^2", "x²", "power", "pow"), "square"),
    **dict.fromkeys(("**3", "^3", "x**3", "x^3", "x³"), "cube"),
    **dict.fromkeys(("-x", "−x"), "neg"),
    "inverse": "1/x",
    "ReLU": "relu",
    "|x|": "abs",
    "ln": "log",
    "√": "sqrt",
    "σ": "sigmoid",
}


def gates_named(asked: str | Iterable[str | Operation] | None) -> tuple[Gate, ...]:
    """The gates of these names, each once, in the order of GATES: so a set of names is as good as a list.

    A text has blanks or commas between the names.

    >>> [gate.operation for gate in gates_named("+ * ReLU")]
    [<operation add>, <operation multiply>, <operation relu>]

    Raises ValueError where a name is not one of a gate or where there is none, TypeError where it is not a text.
    """
    if asked is None:
        asked = DEFAULT
    if not isinstance(asked, Iterable):
        raise TypeError(f"operations must be a text such as '+ * max' or a list, not {type(asked).__name__}")
    names = asked.replace(",", " ").split() if isinstance(asked, str) else list(asked)
    if not names:
        raise ValueError(f"an exercise needs at least one operation: some of {' '.join(GATES)}")
    asked_for = {_named(name) for name in names}
    return tuple([gate for gate in GATES.values() if gate in asked_for])


def _named(name: object) -> Gate:
    if isinstance(name, Operation):
        name = name.name
    if not isinstance(name, str):
        raise TypeError(f"an operation is asked for by its name, such as '+' or 'relu', not by {type(name).__name__}")
    sign = ALSO.get(name.strip(), name.strip())
    if sign not in GATES:
        raise ValueError(f"{name!r} is not an operation of exercises: these are {' '.join(GATES)}")
    return GATES[sign]
