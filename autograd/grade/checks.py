"""The questions of the kit: small programs, the right numbers, and which mistake gives which wrong ones.

>>> check = next(check for check in CHECKS if check.name == "the gradients of two branches add up")
>>> print(check.program)
x, y, z = Value(3.0), Value(2.0), Value(7.0)
u = x * y + x * z
u.backward()
>>> check.right
{'x.grad': 9.0}

All numbers are worked out by hand. They are chosen so that different mistakes give different answers: with x = 3,
y = 2 and z = 7, the gradient 9 of the program above is y + z, while 7 or 2 is one branch that overwrote the other.
"""

import functools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import cleandoc
from typing import NamedTuple

from ..languages import words

# Keys of `wrong` for outcomes that are not lists of numbers, besides names of exceptions.
ANYTHING, NO_END, CRASH = "anything else", "no end", "crash"

Answers = tuple[float, ...]


class Mistake(NamedTuple):
    """A mistake: the name of its text in the catalogue, and the code that it is about."""

    name: str
    about: tuple[str, ...] = ()

    def of(self, *about: str) -> "Mistake":
        """The same mistake in a rule or an operator."""
        return Mistake(self.name, about)

    def told(self, language: str) -> str:
        """Its text, which continues the sentence "This is what you get with …"."""
        return words("grade mistakes", language)[self.name].format(*self.about)


def mistake(name: str, *about: str) -> Mistake:
    """A mistake about code.

    >>> mistake("lost factor", "n", "d(x ** n)/dx", "n * x**(n - 1)").told("en")
    'a lost factor n: d(x ** n)/dx is n * x**(n - 1)'
    """
    return Mistake(name, about)


@dataclass(frozen=True)
class Check:
    """A program, the questions after it with their right answers, and the mistakes that give wrong ones."""

    title: tuple[str, ...]  # the name of its text in the catalogue, which is English, and the code that it is about
    program: str
    right: Mapping[str, float]
    # If several mistakes give the same answer, all other answers decide between them.
    wrong: Mapping[Answers | str, tuple[Mistake, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # expressions that an engine may lack, over two Values x and y
    tolerance: float = 0.0  # relative
    seconds: float = 3.0  # after which it counts as endless
    shows: str = ""  # what is asked here, a key of RESTS_ON

    @property
    def name(self) -> str:
        """What it is called in programs and on the command line, in any language."""
        return self.title[0].format(*self.title[1:])

    def told(self, language: str) -> str:
        """What it is called in a verdict."""
        return words("grade checks", language)[self.title[0]].format(*self.title[1:])


# Mistakes at the bottom, which spoil everything built on them. ----------------------------------------

STARTS_AT_ONE = mistake("starts at 1")
NO_SEED = mistake("no seed")
SEED_DATA = mistake("seed is data")
NOTHING = mistake("passes nothing on")
SET_TO_ONE = mistake("all set to 1")
PRODUCT_AS_SUM = mistake("product as sum")
OPERAND_GRAD = mistake("gradient of the factor")

# Mistakes of the walk: -------------------------------------------------------------------------------

ASSIGNED = mistake("assigned")
OPERAND_SET = mistake("operands in a set")
NO_ORDER = mistake("no order")
BRANCHES = mistake("branches")
PATHS = mistake("paths")
QUADRATIC = mistake("quadratic")
UNREACHED = mistake("unreached")
ARRIVING = mistake("without what arrived")
STALE = mistake("stale")
MARKED = mistake("marked")
FORGOTTEN = mistake("forgotten")
ROOT = mistake("root overwritten")
LATE = mistake("late")
RECURSION = mistake("recursion")
STACK = mistake("recursion in C")
NODE_CYCLE = mistake("node cycle")
HELPER_CYCLE = mistake("helper cycle")
EQUALITY = mistake("equality")

# Mistakes of the rules, where more than one program shows them. ----------------------------------------

OWN_FACTOR = mistake("own factor")
MINUS = mistake("instead, by", "+1", "-1", "d(x - y)/dy", "-1")
QUOTIENT_MINUS = mistake("lost minus", "d(x / y)/dy", "-x / y**2")
QUOTIENT_SQUARE = mistake("instead, by", "y", "y**2", "d(x / y)/dy", "-x / y**2")
QUOTIENT_NUMERATOR = mistake("lost numerator", "d(x / y)/dy", "-x / y**2")
FLAT = mistake("relu not flat")
POWER_FACTOR = mistake("lost factor", "n", "d(x ** n)/dx", "n * x**(n - 1)")
POWER_EXPONENT = mistake("exponent not lowered", "d(x ** n)/dx", "n * x**(n - 1)")
POWER_MISTAKES: Mapping[Mistake, Callable[[float, float], float]] = {
    POWER_FACTOR: lambda x, n: x ** (n - 1),
    POWER_EXPONENT: lambda x, n: n * x**n,
    mistake("instead, by", "n - 1", "n", "d(x ** n)/dx", "n * x**(n - 1)"): lambda x, n: (n - 1) * x ** (n - 1),
    mistake("power as a square"): lambda x, n: n * x,
    mistake("instead, by", "n + 1", "n - 1", "d(x ** n)/dx", "n * x**(n - 1)"): lambda x, n: n * x ** (n + 1),
}

# Mistakes that any rule may have. ---------------------------------------------------------------------

ASSIGNED_IN = mistake("assigned in")
ARRIVING_IN = mistake("without what arrived in")
ADDED_IN = mistake("added in")
CUT_OFF_IN = mistake("cut off in")
UNFOUND_IN = mistake("not found in")
NEGATED_IN = mistake("negated in")
BOTH_TO_ONE_IN = mistake("both to one in")
ONE_SIDED_IN = mistake("one-sided in")
OUTPUT_IN = mistake("result as factor in")
SWAPPED_IN = mistake("operands swapped in")
CHANGED_BY = mistake("operand changed by")
ITSELF = mistake("calls itself")
KEPT_BY = mistake("node changed by")

# Mistakes that show only in some programs: what passes is no evidence against them. A wrong order may be right by
# chance, a rule may treat only one operand wrongly, and size matters only from some size on.
MAY_PASS = frozenset(
    {
        NO_ORDER,
        *map(ASSIGNED_IN.of, ("x + y", "x * y")),
        *map(UNFOUND_IN.of, ("x + y", "x * y")),
        BRANCHES,
        PATHS,
        QUADRATIC,
        RECURSION,
        STACK,
    }
)

# What each formula is multiplied by, so that a rule must multiply by the gradient that arrives.
FACTOR = 10.0

# The names of checks of a formula, by how much they tell of its leaves.
FORMULA = (
    "value and gradients of {}",
    "value and gradients of {} where {} is larger",
    "value and gradients of {} where {} is {}",
)

# An answer, or the kind of an error, and the mistake or mistakes that give it.
Wrong = Mapping[Answers | str, Mistake | tuple[Mistake, ...]]


def formula(
    text: str,
    right: Answers,
    wrong: Wrong | None = None,
    *,
    at: tuple[str, ...] = (),
    needs: str = "",
    shows: str = "",
    **leaves: float,
) -> Check:
    """The value of a formula and its derivative with respect to each leaf; numbers are written without the factor.

    `at` is what its name tells of the leaves: that a leaf is a number, or that it is the larger one.
    """
    data, *slopes = right
    rule = needs or text
    missed = [
        ((data, *[slope / FACTOR for slope in slopes]), (ARRIVING, ARRIVING_IN.of(rule))),
        ((data, *[slope / FACTOR + 1.0 for slope in slopes]), (ADDED_IN.of(rule),)),
        ((data, *[slope * data / FACTOR for slope in slopes]), (OWN_FACTOR,)),  # the factor's partial is its own value
        ((data, *[slope * data for slope in slopes]), (OUTPUT_IN.of(rule),)),
        ((data, *[0.0 for _ in slopes]), (CUT_OFF_IN.of(rule), NOTHING, UNREACHED)),
        ((data, *[-slope for slope in slopes]), (NEGATED_IN.of(rule),)),
        *[((data, *one), (ONE_SIDED_IN.of(rule),)) for one in _one_sided(slopes)],
        *[((data, *one), (ARRIVING_IN.of(rule),)) for one in _one_sided(slopes, 1 / FACTOR)],
    ]
    own = [(answer, _candidates(slip)) for answer, slip in (wrong or {}).items()]
    return Check(
        title=(FORMULA[len(at)], text, *at),
        program=f"{_leaves(leaves)}\n"
        f"z = {f'({text})' if ' ' in text and '(' not in text else text} * Value({FACTOR})\n"
        "z.backward()",
        right=dict(zip(["z.data", *[f"{leaf}.grad" for leaf in leaves]], _times_factor(right), strict=True)),
        wrong=_told(
            _times_factor(right),
            [(a if isinstance(a, str) else _times_factor(a), mistakes) for a, mistakes in [*own, *missed]],
        ),
        needs=(rule, "x * y"),
        tolerance=1e-12,
        shows=shows or rule,
    )


def shared(text: str, slopes: Answers, **leaves: float) -> Check:
    """Two results of one rule that share their operands; the only operand of a rule is a result itself."""
    twice = [2 * slope for slope in slopes]
    one_assigns = [tuple(slope * (1 + (i != j)) for i, slope in enumerate(slopes)) for j in range(len(slopes))]
    wrong: list[tuple[Answers | str, tuple[Mistake, ...]]] = [
        (slopes, (ASSIGNED, ASSIGNED_IN.of(text))),
        *[(answer, (ASSIGNED_IN.of(text),)) for answer in one_assigns],
    ]
    term = f"({text})" if " " in text else text
    first = f"{_leaves(leaves)}\n"
    if len(leaves) == 1:
        wrong.append(((0.0,), (UNFOUND_IN.of(text),)))
        first += "u = x * Value(1.0)\n"
        term = re.sub(r"\bx\b", "u", term)
    return Check(
        title=("the gradients of two results of {} add up", text),
        program=f"{first}z = {term} + {term}\nz.backward()",
        right={f"{leaf}.grad": slope for leaf, slope in zip(leaves, twice, strict=True)},
        wrong=_told(tuple(twice), wrong),
        needs=(text, "x + y", "x * y"),
        tolerance=1e-12,
        shows=f"{text} twice",
    )


def program(
    title: str | tuple[str, ...],
    text: str,
    right: Mapping[str, float],
    wrong: Wrong | None = None,
    *,
    needs: tuple[str, ...] = ("x + y", "x * y"),
    seconds: float = 3.0,
    shows: str = "",
) -> Check:
    """A program of sums and products of small integers, which floats compute exactly."""
    title = (title,) if isinstance(title, str) else title
    return Check(
        title,
        cleandoc(text),
        right,
        {answer: _candidates(slip) for answer, slip in (wrong or {}).items()},
        needs,
        seconds=seconds,
        shows=shows or title[0],
    )


def _leaves(leaves: Mapping[str, float]) -> str:
    return f"{', '.join(leaves)} = {', '.join(f'Value({number!r})' for number in leaves.values())}"


def _one_sided(slopes: Sequence[float], part: float = 0.0) -> list[Answers]:
    """The gradients where all but one of several leaves receive only a part of theirs, or nothing."""
    if len(slopes) == 1:
        return []
    return [tuple(slope if i == j else part * slope for i, slope in enumerate(slopes)) for j in range(len(slopes))]


def _told(
    right: Answers, pairs: Sequence[tuple[Answers | str, tuple[Mistake, ...]]]
) -> dict[Answers | str, tuple[Mistake, ...]]:
    """The mistakes by their answers; those that give the right one cannot be recognised."""
    told: dict[Answers | str, tuple[Mistake, ...]] = {}
    for answer, mistakes in pairs:
        if not _alike(answer, right):
            same = next((other for other in told if _alike(answer, other)), answer)
            told[same] = tuple(dict.fromkeys(told.get(same, ()) + mistakes))
    return told


def _alike(one: Answers | str, other: Answers | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    return len(one) == len(other) and all(math.isclose(x, y, rel_tol=1e-9) for x, y in zip(one, other, strict=True))


def _times_factor(answers: Answers) -> Answers:
    return tuple([FACTOR * answer for answer in answers])


def _candidates(mistakes: Mistake | tuple[Mistake, ...]) -> tuple[Mistake, ...]:
    return (mistakes,) if isinstance(mistakes, Mistake) else mistakes


def _power(x: float, n: float, at: tuple[str, ...] = ()) -> Check:
    wrong: dict[Answers | str, tuple[Mistake, ...]] = {}
    for slip, slope in POWER_MISTAKES.items():
        answer = (x**n, slope(x, n))
        wrong[answer] = (*wrong.get(answer, ()), slip)
    return formula(f"x ** {n:.0f}", (x**n, n * x ** (n - 1)), wrong, at=at, needs="x ** 2", x=x)


# The values of functions at the points where they are asked. -------------------------------------------

E2, LN2, LN3, LN5, T, S = (
    math.exp(2.0),
    math.log(2.0),
    math.log(3.0),
    math.log(5.0),
    math.tanh(0.5),
    1 / (1 + math.exp(-0.5)),
)
S1 = 1 / (1 + math.exp(-1.0))
CIRCUIT = {"w0": -1.0, "x0": 2.0, "w1": -2.0, "x1": -3.0, "w2": 1.0}  # how the sum of a neuron depends on its leaves
SIN, COS = math.sin(1.0), math.cos(1.0)

_BRANCHES_OF_PRODUCTS: Wrong = {
    (2.0,): (ASSIGNED, ASSIGNED_IN.of("x * y")),
    (7.0,): (ASSIGNED, ASSIGNED_IN.of("x * y")),
    (0.0,): UNREACHED,
    (6.0,): OWN_FACTOR,
}
_BRANCHES_OF_SUMS: Wrong = {
    (10.0,): (ASSIGNED, ASSIGNED_IN.of("x + y")),
    (5.0,): (ASSIGNED, ASSIGNED_IN.of("x + y")),
    (0.0,): UNREACHED,
}

# Functions are methods of the class or, where it has none, functions of its module.
UNARY = ("relu", "exp", "log", "tanh", "sigmoid", "sqrt", "sin", "cos")
FUNCTIONS = (*UNARY, "maximum", "max")

CHECKS: tuple[Check, ...] = (
    # The bottom, on which all others rest ---------------------------------------------------------------
    program(
        "a new node has the gradient 0",
        """
        x = Value(3.0)
        """,
        {"x.data": 3.0, "x.grad": 0.0},
        {(3.0, 1.0): STARTS_AT_ONE},
        needs=(),
        shows="new",
    ),
    program(
        "the gradient of a leaf with respect to itself is 1",
        """
        x = Value(3.0)
        x.backward()
        """,
        {"x.data": 3.0, "x.grad": 1.0},
        {(3.0, 0.0): NO_SEED, (3.0, 3.0): SEED_DATA},
        needs=(),
        shows="root",
    ),
    *[
        program(
            ("{} leaves its operands as they are", text),
            f"""
            x, y = Value(3.0), Value(2.0)
            z = {text}
            """,
            {"x.data": 3.0, "y.data": 2.0},
            {(result, 2.0): CHANGED_BY.of(text), (3.0, result): CHANGED_BY.of(text)},
            needs=(text,),
            shows=f"{text} alone",
        )
        for text, result in {"x + y": 5.0, "x * y": 6.0, "x - y": 1.0, "x / y": 1.5, "-x": -3.0, "x ** 2": 9.0}.items()
    ],
    program(
        "each term of a sum receives the gradient of the sum",
        """
        x, y = Value(3.0), Value(2.0)
        z = x + y
        z.backward()
        """,
        {"z.data": 5.0, "x.grad": 1.0, "y.grad": 1.0},
        {
            (5.0, 0.0, 0.0): (NOTHING, CUT_OFF_IN.of("x + y")),
            (5.0, 1.0, 0.0): ONE_SIDED_IN.of("x + y"),
            (5.0, 0.0, 1.0): ONE_SIDED_IN.of("x + y"),
            (5.0, 2.0, 0.0): BOTH_TO_ONE_IN.of("x + y"),
            (5.0, 0.0, 2.0): BOTH_TO_ONE_IN.of("x + y"),
            (5.0, 1.0, -1.0): mistake("instead, by", "-1", "+1", "d(x + y)/dy", "1"),
            (5.0, -1.0, 1.0): mistake("instead, by", "-1", "+1", "d(x + y)/dx", "1"),
            (5.0, -1.0, -1.0): NEGATED_IN.of("x + y"),
            (5.0, 2.0, 2.0): ADDED_IN.of("x + y"),
            (5.0, 5.0, 5.0): OUTPUT_IN.of("x + y"),
            (5.0, 3.0, 2.0): mistake("term as gradient"),
            (5.0, 2.0, 3.0): mistake("sum as product"),
        },
        needs=("x + y",),
        shows="x + y",
    ),
    program(
        "each factor of a product receives the other one",
        """
        x, y = Value(3.0), Value(2.0)
        z = x * y
        z.backward()
        """,
        {"z.data": 6.0, "x.grad": 2.0, "y.grad": 3.0},
        {
            (6.0, 3.0, 2.0): OWN_FACTOR,
            (6.0, 0.0, 0.0): (NOTHING, OPERAND_GRAD, CUT_OFF_IN.of("x * y")),
            (6.0, 2.0, 0.0): ONE_SIDED_IN.of("x * y"),
            (6.0, 0.0, 3.0): ONE_SIDED_IN.of("x * y"),
            (6.0, 5.0, 0.0): BOTH_TO_ONE_IN.of("x * y"),
            (6.0, 0.0, 5.0): BOTH_TO_ONE_IN.of("x * y"),
            (6.0, 3.0, 4.0): ADDED_IN.of("x * y"),
            (6.0, 6.0, 6.0): OUTPUT_IN.of("x * y"),
            (6.0, -2.0, 3.0): NEGATED_IN.of("x * y"),
            (6.0, 2.0, -3.0): NEGATED_IN.of("x * y"),
            (6.0, -2.0, -3.0): NEGATED_IN.of("x * y"),
            (6.0, 1.0, 1.0): (PRODUCT_AS_SUM, SET_TO_ONE),
        },
        needs=("x * y",),
        shows="x * y",
    ),
    program(
        "a product asks for the numbers of its factors, not for their gradients",
        """
        x, y = Value(3.0), Value(2.0)
        y.grad = 5.0
        z = x * y
        z.backward()
        """,
        {"x.grad": 2.0},
        {(5.0,): OPERAND_GRAD, (0.0,): CUT_OFF_IN.of("x * y")},
        needs=("x * y", "setattr(y, 'grad', 5.0)"),
        shows="numbers of x * y",
    ),
    *[
        program(
            f"a product passes on what has arrived{where}",
            f"""
            x, y, z = Value(3.0), Value(2.0), Value(5.0)
            u = x * y
            v = {text}
            v.backward()
            """,
            {"x.grad": 10.0, "y.grad": 15.0, "z.grad": 6.0},
            {
                (2.0, 3.0, 6.0): (ARRIVING, ARRIVING_IN.of("x * y")),
                (2.0, 15.0, 6.0): ARRIVING_IN.of("x * y"),
                (10.0, 3.0, 6.0): ARRIVING_IN.of("x * y"),
                (8.0, 9.0, 7.0): ADDED_IN.of("x * y"),
                (0.0, 0.0, 6.0): (UNREACHED, UNFOUND_IN.of("x * y")),
            },
            needs=("x * y",),
            shows="chain of x * y",
        )
        for where, text in (("", "u * z"), (" to the second factor", "z * u"))
    ],
    program(
        "a sum passes on what has arrived",
        """
        x, y, z = Value(3.0), Value(2.0), Value(7.0)
        u = x + y
        v = u * z
        v.backward()
        """,
        {"x.grad": 7.0, "y.grad": 7.0, "z.grad": 5.0},
        {
            (1.0, 1.0, 5.0): (ARRIVING, ARRIVING_IN.of("x + y")),
            (1.0, 7.0, 5.0): ARRIVING_IN.of("x + y"),
            (7.0, 1.0, 5.0): ARRIVING_IN.of("x + y"),
            (8.0, 8.0, 5.0): ADDED_IN.of("x + y"),
            (0.0, 0.0, 5.0): (UNREACHED, UNFOUND_IN.of("x * y")),
        },
        shows="chain of x + y",
    ),
    *[
        program(
            f"the terms of a sum are asked in turn{where}",
            f"""
            x, y, z = Value(3.0), Value(2.0), Value(5.0)
            u = x * y
            v = {text}
            v.backward()
            """,
            {"x.grad": 2.0, "y.grad": 3.0, "z.grad": 1.0},
            {(0.0, 0.0, 1.0): (UNREACHED, UNFOUND_IN.of("x + y"))},
            shows="terms",
        )
        for where, text in (("", "u + z"), (", the second one", "z + u"))
    ],
    # The walk: gradients that meet, wait and pass on ---------------------------------------------------
    *[
        program(
            f"the gradients of two {what} add up{side}",
            f"""
            x, y, z = Value(3.0), Value(2.0), Value(7.0)
            u = {text}
            u.backward()
            """,
            {"x.grad": right},
            wrong,
            shows="branches",
        )
        for what, side, text, right, wrong in (
            ("branches", "", "x * y + x * z", 9.0, _BRANCHES_OF_PRODUCTS),
            ("branches", ", where x is the second factor", "y * x + z * x", 9.0, _BRANCHES_OF_PRODUCTS),
            ("sums", "", "(x + y) * (x + z)", 15.0, _BRANCHES_OF_SUMS),
            ("sums", ", where x is the second term", "(y + x) * (z + x)", 15.0, _BRANCHES_OF_SUMS),
        )
    ],
    program(
        "a node that is both operands receives both gradients",
        """
        x, y = Value(3.0), Value(5.0)
        u = x * x
        u.backward()
        v = y + y
        v.backward()
        """,
        {"x.grad": 6.0, "y.grad": 2.0},
        {
            (2.0, 2.0): PRODUCT_AS_SUM,
            (1.0, 1.0): SET_TO_ONE,
            (3.0, 1.0): (ASSIGNED, OPERAND_SET),
            (3.0, 2.0): (ASSIGNED_IN.of("x * y"), OPERAND_SET),
            (6.0, 1.0): (ASSIGNED_IN.of("x + y"), OPERAND_SET),
        },
        shows="same",
    ),
    program(
        "a node waits until all of its gradient has arrived",
        """
        x, y, z = Value(2.0), Value(3.0), Value(5.0)
        u = x * y
        v = u + u * z
        v.backward()
        """,
        {"x.grad": 18.0, "y.grad": 12.0, "z.grad": 6.0},
        {
            (3.0, 2.0, 6.0): (NO_ORDER, ARRIVING),
            (15.0, 10.0, 6.0): (ASSIGNED, NO_ORDER),
            (21.0, 14.0, 6.0): BRANCHES,
            (33.0, 22.0, 6.0): BRANCHES,
            (36.0, 24.0, 6.0): BRANCHES,
            (14.0, 21.0, 5.0): OWN_FACTOR,
            (0.0, 0.0, 0.0): UNREACHED,
        },
        shows="order",
    ),
    program(
        "the order of the operands makes no difference",
        """
        x, y, z = Value(2.0), Value(3.0), Value(5.0)
        u = x * y
        v = z * u + u
        v.backward()
        """,
        {"x.grad": 18.0, "y.grad": 12.0, "z.grad": 6.0},
        {
            (3.0, 2.0, 6.0): (NO_ORDER, ASSIGNED, ARRIVING),
            (15.0, 10.0, 6.0): (ASSIGNED, NO_ORDER),
            (21.0, 14.0, 6.0): BRANCHES,
            (33.0, 22.0, 6.0): BRANCHES,
            (36.0, 24.0, 6.0): BRANCHES,
            (14.0, 21.0, 5.0): OWN_FACTOR,
            (0.0, 0.0, 0.0): UNREACHED,
        },
        shows="order",
    ),
    program(
        "branches are summed before the local gradients are applied",
        """
        x = Value(1.0)
        y = x + x
        z = y + y
        z.backward()
        """,
        {"x.grad": 4.0},
        {
            (6.0,): BRANCHES,
            (8.0,): BRANCHES,
            (2.0,): (NO_ORDER, ARRIVING),
            (1.0,): (ASSIGNED, ASSIGNED_IN.of("x + y"), OPERAND_SET),
            (0.0,): UNREACHED,
        },
        needs=("x + y",),
        shows="order",
    ),
    program(
        "an input that is not used has the gradient 0",
        """
        x, y, z = Value(3.0), Value(2.0), Value(5.0)
        u = x * y
        v = x * z
        u.backward()
        """,
        {"x.grad": 2.0, "y.grad": 3.0, "z.grad": 0.0},
        {(3.0, 2.0, 0.0): OWN_FACTOR},
        needs=("x * y",),
    ),
    program(
        "equal numbers are different nodes",
        """
        x, y = Value(2.0), Value(2.0)
        u = x + y
        v = x + y
        z = u * v
        z.backward()
        """,
        {"x.grad": 8.0, "y.grad": 8.0},
        {(4.0, 4.0): (ASSIGNED, ASSIGNED_IN.of("x + y"), EQUALITY), (2.0, 2.0): ARRIVING, (0.0, 0.0): UNREACHED},
    ),
    program(
        "integers are as good as floats",
        """
        x, y = Value(3), Value(2)
        z = x * y + x
        z.backward()
        """,
        {"z.data": 9.0, "x.grad": 3.0, "y.grad": 3.0},
        {(9.0, 1.0, 3.0): ASSIGNED, (9.0, 2.0, 3.0): ASSIGNED, (9.0, 1.0, 0.0): UNREACHED, (9.0, 4.0, 2.0): OWN_FACTOR},
    ),
    # Passes: what stays from one to the next -----------------------------------------------------------
    program(
        "two passes give twice the gradient",
        """
        x = Value(3.0)
        y = x * x * x
        y.backward()
        y.backward()
        """,
        {"x.grad": 54.0},
        {
            (72.0,): STALE,
            (99.0,): STALE,
            (27.0,): (FORGOTTEN, MARKED),
            (9.0,): ASSIGNED,
            (18.0,): UNREACHED,
            (30.0,): ARRIVING,
            (36.0,): OPERAND_SET,
            (114.0,): OWN_FACTOR,
        },
        needs=("x * y",),
        shows="passes",
    ),
    program(
        "three passes give three times the gradient",
        """
        x = Value(3.0)
        y = x * x * x
        for _ in range(3):
            y.backward()
        """,
        {"x.grad": 81.0},
        {
            (135.0,): STALE,
            (234.0,): STALE,
            (27.0,): (FORGOTTEN, MARKED, UNREACHED),
            (9.0,): ASSIGNED,
            (45.0,): ARRIVING,
            (54.0,): OPERAND_SET,
            (171.0,): OWN_FACTOR,
        },
        needs=("x * y",),
        shows="passes",
    ),
    program(
        "two losses that share a node give the sum of their gradients",
        """
        x, y, z = Value(3.0), Value(2.0), Value(5.0)
        u = x * x
        a, b = u * y, u * z
        a.backward()
        b.backward()
        """,
        {"x.grad": 42.0},
        {
            (54.0,): STALE,
            (30.0,): FORGOTTEN,
            (15.0,): ASSIGNED,
            (0.0,): UNREACHED,
            (12.0,): (ARRIVING, MARKED),
            (21.0,): OPERAND_SET,
            (108.0,): OWN_FACTOR,
        },
        needs=("x * y",),
        shows="passes",
    ),
    program(
        "the root of one pass can be a node inside the next",
        """
        x, y = Value(3.0), Value(2.0)
        u = x * x
        u.backward()
        v = u * y
        v.backward()
        """,
        {"x.grad": 18.0},
        {
            (24.0,): STALE,
            (12.0,): (FORGOTTEN, ARRIVING),
            (6.0,): (ASSIGNED, UNREACHED, MARKED),
            (9.0,): OPERAND_SET,
            (60.0,): OWN_FACTOR,
        },
        needs=("x * y",),
        shows="passes",
    ),
    program(
        "a root that is a leaf adds up as other leaves do",
        """
        x = Value(3.0)
        x.backward()
        x.backward()
        """,
        {"x.grad": 2.0},
        {(1.0,): (ROOT, FORGOTTEN)},
        needs=(),
    ),
    program(
        "a leaf changed after the forward pass leaves the gradient as it was",
        """
        x, y = Value(3.0), Value(2.0)
        z = x * y
        x.data = 100.0
        z.backward()
        """,
        {"x.grad": 2.0, "y.grad": 3.0},
        {(2.0, 100.0): LATE, (3.0, 2.0): OWN_FACTOR, (100.0, 2.0): OWN_FACTOR},
        needs=("x * y",),
        shows="late",
    ),
    program(
        "a changed leaf can be computed with again",
        """
        x, y = Value(3.0), Value(2.0)
        z = x * y
        x.data = 5.0
        z = x * y
        z.backward()
        """,
        {"z.data": 10.0, "x.grad": 2.0, "y.grad": 5.0},
        {(10.0, 5.0, 2.0): OWN_FACTOR},
        needs=("x * y",),
    ),
    # The rules: value, then the derivative with respect to each leaf -----------------------------------
    formula("x + y", (5.0, 1.0, 1.0), shows="chain of x + y", x=3.0, y=2.0),
    formula(
        "x + x",
        (8.0, 2.0),
        {(8.0, 1.0): (ASSIGNED, ASSIGNED_IN.of("x + y"), OPERAND_SET)},
        needs="x + y",
        shows="x + y twice",
        x=4.0,
    ),
    formula(
        "x * y",
        (0.0, 0.0, 3.0),
        {(0.0, 0.0, 0.0): (OWN_FACTOR, UNREACHED, EQUALITY)},
        at=("y", "0"),
        shows="x * 0",
        x=3.0,
        y=0.0,
    ),
    formula(
        "x - y",
        (2.0, 1.0, -1.0),
        {
            (8.0, 1.0, 1.0): mistake("sum for difference"),
            (-2.0, -1.0, 1.0): SWAPPED_IN.of("x - y"),
            (2.0, 1.0, 1.0): MINUS,
            (2.0, -1.0, 1.0): mistake("signs swapped"),
        },
        x=5.0,
        y=3.0,
    ),
    formula(
        "x - x",
        (0.0, 0.0),
        {(0.0, 2.0): MINUS, (0.0, 1.0): (ASSIGNED, OPERAND_SET), (0.0, -1.0): (ASSIGNED, OPERAND_SET)},
        needs="x - y",
        shows="x - y twice",
        x=4.0,
    ),
    formula(
        "-x",
        (-3.0, -1.0),
        {(-3.0, 1.0): mistake("lost minus", "d(-x)/dx", "-1"), (3.0, 1.0): mistake("instead", "x", "-x")},
        x=3.0,
    ),
    formula(
        "x / y",
        (0.75, 0.25, -0.1875),
        {
            (12.0, 4.0, 3.0): mistake("product for quotient"),
            (4.0 / 3.0, -4.0 / 9.0, 1.0 / 3.0): SWAPPED_IN.of("x / y"),
            (0.75, 0.25, 0.1875): QUOTIENT_MINUS,
            (0.75, 0.25, -0.75): QUOTIENT_SQUARE,
            (0.75, 0.25, -0.0625): QUOTIENT_NUMERATOR,
            (0.75, -0.1875, 0.25): mistake("quotient swapped"),
            (0.75, 4.0, 3.0): mistake("quotient as product"),
        },
        x=3.0,
        y=4.0,
    ),
    formula(
        "x / x",
        (1.0, 0.0),
        {
            (1.0, 0.5): QUOTIENT_MINUS,
            (1.0, -0.75): QUOTIENT_SQUARE,
            (1.0, 0.1875): QUOTIENT_NUMERATOR,
            (1.0, 0.25): (ASSIGNED, OPERAND_SET),
            (1.0, -0.25): (ASSIGNED, OPERAND_SET),
        },
        needs="x / y",
        shows="x / y twice",
        x=4.0,
    ),
    _power(2.0, 5.0),
    _power(2.0, -1.0),
    _power(0.0, 2.0, at=("x", "0")),
    _power(-2.0, 3.0, at=("x", "-2")),
    formula(
        "x ** y",
        (8.0, 12.0, 8.0 * LN2),
        {
            (8.0, 12.0, 0.0): mistake("exponent as constant"),
            (8.0, 12.0, 8.0): mistake("lost logarithm", "d(x ** y)/dy", "x**y * log(x)"),
            (8.0, 12.0, 8.0 * LN3): mistake("logarithm of the exponent"),
            (8.0, 4.0, 8.0 * LN2): mistake("lost factor", "y", "d(x ** y)/dx", "y * x**(y - 1)"),
            (8.0, 24.0, 8.0 * LN2): mistake("exponent not lowered", "d(x ** y)/dx", "y * x**(y - 1)"),
        },
        x=2.0,
        y=3.0,
    ),
    # Plain numbers beside Values -----------------------------------------------------------------------
    formula("x + 2", (5.0, 1.0), x=3.0),
    formula(
        "2 + x",
        (5.0, 1.0),
        {"RecursionError": ITSELF.of("__radd__", "2 + x"), (3.0, 1.0): mistake("instead", "x", "2 + x")},
        x=3.0,
    ),
    formula("sum([x, y])", (5.0, 1.0, 1.0), needs="0 + x", x=3.0, y=2.0),
    formula("x - 2", (3.0, 1.0), {(-3.0, -1.0): mistake("swapped")}, x=5.0),
    formula(
        "2 - x",
        (-3.0, -1.0),
        {
            "RecursionError": ITSELF.of("__rsub__", "2 - x"),
            (3.0, 1.0): mistake("swapped by", "__rsub__", "x - 2"),
            (-3.0, 1.0): (MINUS, mistake("instead, by", "+1", "-1", "d(2 - x)/dx", "-1")),
        },
        x=5.0,
    ),
    formula("x * 2", (6.0, 2.0), {(6.0, 1.8): OWN_FACTOR}, x=3.0),
    formula("2 * x", (6.0, 2.0), {"RecursionError": ITSELF.of("__rmul__", "2 * x"), (6.0, 1.8): OWN_FACTOR}, x=3.0),
    formula("x / 2", (1.5, 0.5), x=3.0),
    formula(
        "2 / x",
        (0.5, -0.125),
        {
            "RecursionError": ITSELF.of("__rtruediv__", "2 / x"),
            (2.0, 0.5): mistake("swapped by", "__rtruediv__", "x / 2"),
            (0.5, 0.125): (QUOTIENT_MINUS, mistake("lost minus", "d(2 / x)/dx", "-2 / x**2")),
            (0.5, -0.5): (QUOTIENT_SQUARE, mistake("instead, by", "x", "x**2", "d(2 / x)/dx", "-2 / x**2")),
            (0.5, -0.0625): (QUOTIENT_NUMERATOR, mistake("lost numerator", "d(2 / x)/dx", "-2 / x**2")),
        },
        x=4.0,
    ),
    formula(
        "2 ** x",
        (8.0, 8.0 * LN2),
        {
            (9.0, 6.0): mistake("swapped by", "__rpow__", "x ** 2"),
            (8.0, 8.0): mistake("lost logarithm", "d(a ** x)/dx", "a**x * log(a)"),
            (8.0, 12.0): mistake("exponential as power"),
        },
        x=3.0,
    ),
    *[
        program(
            ("{} makes a new node", text),
            f"""
            x = Value(6.0)
            y = x
            {text}
            """,
            {"x.data": 6.0, "y.data": result},
            {(result, result): KEPT_BY.of(text)},
            needs=(f"x {text[2]} 2",),
            shows=text,
        )
        for text, result in (("y += 2", 8.0), ("y -= 2", 4.0), ("y *= 2", 12.0), ("y /= 2", 3.0))
    ],
    # Functions -----------------------------------------------------------------------------------------
    formula(
        "relu(x)",
        (3.0, 1.0),
        {(3.0, 3.0): mistake("relu times itself")},
        at=("x", "3"),
        x=3.0,
    ),
    formula(
        "relu(x)",
        (0.0, 0.0),
        {
            (0.0, 1.0): FLAT,
            (0.0, -2.0): mistake("relu of x"),
            (2.0, 1.0): mistake("instead", "abs(x)", "relu(x)"),
            (2.0, -1.0): mistake("instead", "abs(x)", "relu(x)"),
        },
        at=("x", "-2"),
        x=-2.0,
    ),
    formula(
        "relu(x)",
        (0.0, 0.0),
        {
            (0.0, 1.0): (FLAT, mistake("relu at 0")),
            (0.0, 0.5): mistake("relu half at 0"),
        },
        at=("x", "0"),
        x=0.0,
    ),
    formula(
        "exp(x)",
        (E2, E2),
        {
            (E2, 2.0): mistake("exp instead", "x"),
            (E2, 2.0 * math.e): mistake("exp as power"),
            (E2, 2.0 * E2): mistake("exp instead", "x * exp(x)"),
            (E2, 1.0): mistake("exp instead", "1"),
        },
        x=2.0,
    ),
    formula(
        "log(x)",
        (LN5, 0.2),
        {
            (LN5, 1.0 / LN5): mistake("instead", "1 / log(x)", "1 / x"),
            (LN5, 5.0): mistake("instead", "x", "1 / x"),
            (LN5, -0.2): mistake("instead", "-1 / x", "1 / x"),
            (LN5, -0.04): mistake("log as reciprocal"),
            (LN5, 0.2 / math.log(10.0)): mistake("log to base 10"),
        },
        x=5.0,
    ),
    formula(
        "tanh(x)",
        (T, 1.0 - T * T),
        {
            (T, 1.0 - T): mistake("instead", "1 - tanh(x)", "1 - tanh(x)**2"),
            (T, 1.0 + T * T): mistake("instead", "1 + tanh(x)**2", "1 - tanh(x)**2"),
            (T, T * T - 1.0): mistake("instead", "tanh(x)**2 - 1", "1 - tanh(x)**2"),
            (T, T * (1.0 - T)): mistake("tanh as sigmoid"),
            (T, 0.75): mistake("instead", "1 - x**2", "1 - tanh(x)**2"),
        },
        x=0.5,
    ),
    formula(
        "sigmoid(x)",
        (S, S * (1.0 - S)),
        {
            (S, S * (1.0 + S)): mistake("instead, with s", "s * (1 + s)"),
            (S, S * (S - 1.0)): mistake("instead, with s", "s * (s - 1)"),
            (S, 1.0 - S): mistake("instead, with s", "1 - s"),
            (S, 1.0 - S * S): mistake("sigmoid as tanh"),
            (S, 0.25): mistake("instead, with s", "x * (1 - x)"),
        },
        x=0.5,
    ),
    formula(
        "sqrt(x)",
        (2.0, 0.25),
        {
            (2.0, 0.5): mistake("instead", "1 / sqrt(x)", "1 / (2 * sqrt(x))"),
            (2.0, 0.125): mistake("instead", "1 / (2 * x)", "1 / (2 * sqrt(x))"),
            (2.0, 1.0): mistake("instead", "sqrt(x) / 2", "1 / (2 * sqrt(x))"),
        },
        x=4.0,
    ),
    formula(
        "sin(x)",
        (SIN, COS),
        {(SIN, -COS): mistake("instead", "-cos(x)", "cos(x)"), (SIN, SIN): mistake("instead", "sin(x)", "cos(x)")},
        x=1.0,
    ),
    formula("cos(x)", (COS, -SIN), {(COS, SIN): mistake("instead", "sin(x)", "-sin(x)")}, x=1.0),
    *[
        formula(
            "maximum(x, y)",
            (5.0, *right),
            {
                (5.0, 1.0, 1.0): mistake("maximum to both"),
                (5.0, *reversed(right)): mistake("maximum to the smaller"),
                (5.0, 0.5, 0.5): mistake("maximum shares"),
            },
            at=(larger,),
            x=x,
            y=y,
        )
        for larger, x, y, right in (("x", 5.0, 3.0, (1.0, 0.0)), ("y", 3.0, 5.0, (0.0, 1.0)))
    ],
    Check(
        ("the circuit of a neuron with a sigmoid in four gates",),
        cleandoc(
            """
            w0, x0, w1, x1, w2 = Value(2.0), Value(-1.0), Value(-3.0), Value(-2.0), Value(-3.0)
            u = -(w0 * x0 + w1 * x1 + w2)
            e = exp(u)
            z = 1 / (1 + e)
            z.backward()
            """
        ),
        {
            "z.data": S1,
            **{f"{leaf}.grad": S1 * (1 - S1) * slope for leaf, slope in CIRCUIT.items()},
        },
        needs=("x + y", "x * y", "-x", "exp(x)", "2 + x", "2 / x"),
        tolerance=1e-12,
        shows="circuit",
    ),
    # The rules once more: whether each adds to the gradients of its operands -----------------------------
    shared("x - y", (1.0, -1.0), x=5.0, y=3.0),
    shared("-x", (-1.0,), x=3.0),
    shared("x / y", (0.25, -0.1875), x=3.0, y=4.0),
    shared("x ** 2", (6.0,), x=3.0),
    shared("relu(x)", (1.0,), x=3.0),
    shared("exp(x)", (E2,), x=2.0),
    shared("log(x)", (0.2,), x=5.0),
    shared("tanh(x)", (1.0 - T * T,), x=0.5),
    shared("sigmoid(x)", (S * (1.0 - S),), x=0.5),
    shared("sqrt(x)", (0.25,), x=4.0),
    shared("sin(x)", (COS,), x=1.0),
    shared("cos(x)", (-SIN,), x=1.0),
    shared("maximum(x, y)", (0.0, 1.0), x=3.0, y=5.0),
    # Size: depth, time and memory ----------------------------------------------------------------------
    program(
        "40 doublings take no longer than 40 additions",
        """
        x = Value(1.0)
        y = x
        for _ in range(40):
            y = y + y
        y.backward()
        """,
        {"x.grad": 2.0**40},
        {
            NO_END: PATHS,
            (2.0,): (NO_ORDER, ARRIVING),
            (1.0,): (ASSIGNED, ASSIGNED_IN.of("x + y"), OPERAND_SET),
            (0.0,): UNREACHED,
        },
        needs=("x + y",),
    ),
    *[
        program(
            f"{count:,} additions in a row",
            f"""
            x = Value(1.0)
            y = x
            for _ in range({count:_}):
                y = y + x
            y.backward()
            """,
            {"x.grad": count + 1.0},
            {
                "RecursionError": RECURSION,
                CRASH: STACK,
                NO_END: QUADRATIC,
                (1.0,): (ASSIGNED, ASSIGNED_IN.of("x + y"), UNREACHED),
                (count,): OPERAND_SET,
            },
            needs=("x + y",),
            seconds=seconds,
            shows="additions",
        )
        for count, seconds in ((1_000, 3.0), (10_000, 8.0), (100_000, 20.0))
    ],
    program(
        "a graph is freed as soon as it is no longer used",
        """
        import gc
        gc.collect()
        gc.disable()
        x, y = Value(3.0), Value(2.0)
        for _ in range(100):
            z = x * y + x
        del z
        garbage = gc.collect()
        """,
        {"garbage": 0.0},
        {ANYTHING: NODE_CYCLE},
    ),
    program(
        "a graph is freed after backward, too",
        """
        import gc
        gc.collect()
        gc.disable()
        x, y = Value(3.0), Value(2.0)
        for _ in range(100):
            z = x * y + x
            z.backward()
        del z
        garbage = gc.collect()
        """,
        {"garbage": 0.0},
        {ANYTHING: (NODE_CYCLE, HELPER_CYCLE)},
    ),
)

# The rules that are asked twice, as in x / y + x / y.
RULES = ("x + y", "x - y", "-x", "x / y", "x ** 2", *[f"{function}(x)" for function in UNARY], "maximum(x, y)")

# What each question rests on: if that fails, a wrong answer means nothing. Classes differ in what they make of
# what (x - y may be x + -y, and 2 / x may be 2 * x**-1), so each rests on all that it may be made of.
RESTS_ON: dict[str, tuple[str, ...]] = {
    "-x alone": ("x * y alone",),
    "x ** 2 alone": ("x * y alone",),
    "x - y alone": ("x + y alone", "-x alone"),
    "x / y alone": ("x * y alone", "x ** 2 alone"),
    "root": ("new",),
    "x + y": ("root", "x + y alone"),
    "x * y": ("root", "x * y alone"),
    "x * 0": ("chain of x * y",),
    "numbers of x * y": ("x * y",),
    "chain of x * y": ("x * y",),
    "terms": ("x + y", "x * y"),
    "chain of x + y": ("x + y", "chain of x * y", "terms"),
    "branches": ("chain of x + y",),
    "same": ("x + y", "x * y"),
    "order": ("branches", "same"),
    "40 doublings take no longer than 40 additions": ("order",),
    "an input that is not used has the gradient 0": ("x * y",),
    "equal numbers are different nodes": ("order",),
    "integers are as good as floats": ("order",),
    "passes": ("order",),
    "a root that is a leaf adds up as other leaves do": ("order",),
    "late": ("x * y",),
    "a changed leaf can be computed with again": ("late",),
    "additions": ("order",),
    "-x": ("-x alone", "chain of x * y"),
    "x - y": ("x - y alone", "chain of x + y", "-x"),
    "x ** 2": (
        "x ** 2 alone",
        "chain of x * y",
    ),
    "x / y": (
        "x / y alone",
        "x ** 2",
    ),
    "x ** y": ("x ** 2", "exp(x)", "log(x)"),
    "x + 2": ("chain of x + y",),
    "2 + x": ("x + 2",),
    "0 + x": ("2 + x",),
    "x - 2": ("x - y", "x + 2"),
    "2 - x": ("x - 2", "2 + x"),
    "x * 2": ("chain of x * y",),
    "2 * x": ("x * 2",),
    "x / 2": ("x / y", "x * 2"),
    "2 / x": ("x / 2", "2 * x"),
    "2 ** x": ("x ** y",),
    "y += 2": ("x + 2",),
    "y -= 2": ("x - 2",),
    "y *= 2": ("x * 2",),
    "y /= 2": ("x / 2",),
    "relu(x)": ("chain of x * y",),
    "exp(x)": ("chain of x * y",),
    "log(x)": ("chain of x * y",),
    "tanh(x)": ("exp(x)", "x / y", "x - y"),
    "sigmoid(x)": ("exp(x)", "x / y", "x - y", "tanh(x)"),
    "sqrt(x)": ("x ** 2",),
    "sin(x)": ("chain of x * y",),
    "cos(x)": ("chain of x * y",),
    "maximum(x, y)": ("chain of x * y",),
    "circuit": ("2 + x", "2 / x", "-x", "exp(x)", "equal numbers are different nodes"),
}
RESTS_ON |= {
    f"{rule} twice": (
        rule,
        "equal numbers are different nodes",
        *[f"{part} twice" for part in RESTS_ON[rule] if part in RULES],
    )
    for rule in RULES
}


@functools.cache
def foundations(question: str) -> frozenset[str]:
    """Everything that a question rests on, down to the bottom."""
    direct = RESTS_ON.get(question, ())
    return frozenset(direct).union(*map(foundations, direct))
