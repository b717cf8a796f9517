"""The questions of the kit: small programs, the right numbers, and which mistake gives which wrong ones.

>>> print(CHECKS[2].program)
x, y, z = Value(3.0), Value(2.0), Value(5.0)
u = x * y + x * z
u.backward()
>>> CHECKS[2].right
{'x.grad': 7.0}

All numbers are worked by hand. They are chosen so that different mistakes give different answers: where x is 3,
y is 2 and z is 5, the gradient 7 of the program above is y + z, while 5 or 2 is one branch that overwrote the other.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import cleandoc

# What stands in `wrong` for an outcome that is no list of numbers, beside names of exceptions.
ANYTHING, NO_END, CRASH = "anything else", "no end", "crash"

Answers = tuple[float, ...]


@dataclass(frozen=True)
class Check:
    """A program, the questions after it with their right answers, and the mistakes that give wrong ones."""

    name: str
    program: str
    right: Mapping[str, float]
    # Where several mistakes give the same answer, all other answers decide between them.
    wrong: Mapping[Answers | str, tuple[str, ...]] = field(default_factory=dict)
    needs: tuple[str, ...] = ()  # expressions that an engine may lack, over two Values x and y
    tolerance: float = 0.0  # relative
    seconds: float = 3.0  # after which it counts as endless


# Mistakes of the walk: each continues "This is what you get with …". -----------------------------------

ASSIGNED = "`grad = ...` where `grad += ...` belongs: the last branch overwrites the others"
ASSIGNED_IN_SUMS = (
    "`grad = ...` in the rule of x + y, where `grad += ...` belongs: the last branch overwrites the others"
)
OPERAND_SET = "operands kept in a set or a dict: of the two operands of x + x it keeps one"
NO_ORDER = "no topological order: a node passes its gradient on before all of it has arrived"
BRANCHES = (
    "branches that are not summed first: each time a gradient arrives, the node passes on all that it has; "
    "wait for the last one, then pass on the sum, once"
)
PATHS = "a walk over every path from the root, of which there are 2**40: visit each node once"
QUADRATIC = "a list searched for the nodes already visited: the time grows with the square of their number; use a set"
UNREACHED = "a walk in the wrong direction, from the leaves to the root, or one that stops after one step"
ARRIVING = "a local gradient passed on alone: multiply it by the gradient that arrived"
STALE = (
    "gradients of interior nodes left over from the pass before: set them to 0 when a pass starts, for only leaves "
    "accumulate"
)
FORGOTTEN = "leaves set to 0 when a pass starts: their gradients add up over passes, until the user resets them"
ROOT = "a root whose gradient is overwritten with 1: where the root is a leaf, add 1 to what it has"
LATE = (
    "local gradients that read `.data` during backward: capture the numbers when the node is made, for a leaf may "
    "have changed since"
)
RECURSION = (
    "a backward that calls itself: Python stops at about 1,000 calls inside each other; keep the nodes that are "
    "still to be visited in a list"
)
STACK = "recursion in C, in backward or when the graph is freed: keep the nodes that are still to be visited in a list"
NODE_CYCLE = (
    "nodes that refer to themselves, as through a closure that uses `out`: until the garbage collector comes, "
    "each graph stays in memory"
)
HELPER_CYCLE = (
    "a function inside backward that calls itself by its name: it refers to itself, and with it the list of all "
    "nodes waits for the garbage collector"
)
EQUALITY = "nodes compared by their numbers (`__eq__`, `__hash__`): two equal ones count as one"

# Mistakes of the rules, where more than one program shows them. ----------------------------------------

OWN_FACTOR = "each factor given its own value: d(x * y)/dx is y"
MINUS = "+1 where -1 belongs: d(x - y)/dy is -1"
QUOTIENT_MINUS = "a lost minus sign: d(x / y)/dy is -x / y**2"
QUOTIENT_SQUARE = "y where y**2 belongs: d(x / y)/dy is -x / y**2"
QUOTIENT_NUMERATOR = "a lost numerator: d(x / y)/dy is -x / y**2"
POWER_FACTOR = "a lost factor n: d(x ** n)/dx is n * x**(n - 1)"
POWER_EXPONENT = "an exponent that is not lowered: d(x ** n)/dx is n * x**(n - 1)"
POWER_LOGARITHM = "a lost logarithm: d(a ** x)/dx is a**x * log(a)"

# What each formula is multiplied by, so that a rule must multiply by the gradient that arrives.
FACTOR = 10.0

Wrong = Mapping[Answers | str, str | tuple[str, ...]]


def formula(
    text: str, right: Answers, wrong: Wrong | None = None, *, at: str = "", needs: str = "", **leaves: float
) -> Check:
    """The value of a formula and its derivative with respect to each leaf; numbers are written without the factor."""
    data, *slopes = right
    missed: dict[Answers | str, str | tuple[str, ...]] = {
        (data, *[slope / FACTOR for slope in slopes]): ARRIVING,
        (data, *[slope * data / FACTOR for slope in slopes]): OWN_FACTOR,  # the factor's partial is its own value
        (data, *[0.0 for _ in slopes]): UNREACHED,
    }
    return Check(
        name=f"value and gradients of {text}{at}",
        program=f"{', '.join(leaves)} = {', '.join(f'Value({number!r})' for number in leaves.values())}\n"
        f"z = {f'({text})' if ' ' in text and '(' not in text else text} * Value({FACTOR})\n"
        "z.backward()",
        right=dict(zip(["z.data", *[f"{leaf}.grad" for leaf in leaves]], _times_factor(right), strict=True)),
        wrong={
            answer if isinstance(answer, str) else _times_factor(answer): _candidates(mistake)
            for answer, mistake in {**missed, **(wrong or {})}.items()
        },
        needs=(needs or text, "x * y"),
        tolerance=1e-12,
    )


def program(
    name: str,
    text: str,
    right: Mapping[str, float],
    wrong: Wrong | None = None,
    *,
    needs: tuple[str, ...] = ("x + y", "x * y"),
    seconds: float = 3.0,
) -> Check:
    """A program of sums and products of small integers, which floats compute exactly."""
    return Check(
        name,
        cleandoc(text),
        right,
        {answer: _candidates(mistake) for answer, mistake in (wrong or {}).items()},
        needs,
        seconds=seconds,
    )


def _times_factor(answers: Answers) -> Answers:
    return tuple(FACTOR * answer for answer in answers)


def _candidates(mistake: str | tuple[str, ...]) -> tuple[str, ...]:
    return (mistake,) if isinstance(mistake, str) else mistake


# The numbers of functions at the points where they are asked. ------------------------------------------

E2, LN2, LN3, LN5, T, S = (
    math.exp(2.0),
    math.log(2.0),
    math.log(3.0),
    math.log(5.0),
    math.tanh(0.5),
    1 / (1 + math.exp(-0.5)),
)
SIN, COS = math.sin(1.0), math.cos(1.0)

# Functions are methods of the class or, where it has none, functions of its module.
FUNCTIONS = ("relu", "exp", "log", "tanh", "sigmoid", "sqrt", "sin", "cos")

CHECKS: tuple[Check, ...] = (
    # The walk: gradients that meet, wait and pass on ---------------------------------------------------
    program(
        "the gradient of a leaf with respect to itself is 1",
        """
        x = Value(3.0)
        x.backward()
        """,
        {"x.data": 3.0, "x.grad": 1.0},
        needs=(),
    ),
    program(
        "each factor of a product receives the other one",
        """
        x, y = Value(3.0), Value(2.0)
        z = x * y
        z.backward()
        """,
        {"z.data": 6.0, "x.grad": 2.0, "y.grad": 3.0},
        {(6.0, 3.0, 2.0): OWN_FACTOR},
        needs=("x * y",),
    ),
    program(
        "the gradients of two branches add up",
        """
        x, y, z = Value(3.0), Value(2.0), Value(5.0)
        u = x * y + x * z
        u.backward()
        """,
        {"x.grad": 7.0},
        {(2.0,): ASSIGNED, (5.0,): ASSIGNED, (0.0,): UNREACHED, (6.0,): OWN_FACTOR},
    ),
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
            (3.0, 1.0): (ASSIGNED, OPERAND_SET),
            (3.0, 2.0): (ASSIGNED, OPERAND_SET),
            (6.0, 1.0): (ASSIGNED_IN_SUMS, OPERAND_SET),
        },
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
            (1.0,): (ASSIGNED, ASSIGNED_IN_SUMS, OPERAND_SET),
            (0.0,): UNREACHED,
        },
        needs=("x + y",),
    ),
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
            (1.0,): (ASSIGNED, ASSIGNED_IN_SUMS, OPERAND_SET),
            (0.0,): UNREACHED,
        },
        needs=("x + y",),
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
        {(4.0, 4.0): (ASSIGNED, ASSIGNED_IN_SUMS, EQUALITY), (2.0, 2.0): ARRIVING, (0.0, 0.0): UNREACHED},
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
            (27.0,): FORGOTTEN,
            (9.0,): ASSIGNED,
            (18.0,): UNREACHED,
            (30.0,): ARRIVING,
            (36.0,): OPERAND_SET,
            (114.0,): OWN_FACTOR,
        },
        needs=("x * y",),
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
            (27.0,): (FORGOTTEN, UNREACHED),
            (9.0,): ASSIGNED,
            (45.0,): ARRIVING,
            (54.0,): OPERAND_SET,
            (171.0,): OWN_FACTOR,
        },
        needs=("x * y",),
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
            (12.0,): ARRIVING,
            (21.0,): OPERAND_SET,
            (108.0,): OWN_FACTOR,
        },
        needs=("x * y",),
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
            (6.0,): (ASSIGNED, UNREACHED),
            (9.0,): OPERAND_SET,
            (60.0,): OWN_FACTOR,
        },
        needs=("x * y",),
    ),
    program(
        "a root that is a leaf adds up as other leaves do",
        """
        x = Value(3.0)
        x.backward()
        x.backward()
        """,
        {"x.grad": 2.0},
        {(1.0,): (FORGOTTEN, ROOT)},
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
    # Size: depth, time and memory ----------------------------------------------------------------------
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
                (1.0,): (ASSIGNED, ASSIGNED_IN_SUMS, UNREACHED),
                (count,): OPERAND_SET,
            },
            needs=("x + y",),
            seconds=20.0,
        )
        for count in (1_000, 10_000, 100_000)
    ],
    program(
        "a graph is freed as soon as nobody uses it",
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
    # The rules: value, then the derivative with respect to each leaf -----------------------------------
    formula("x + y", (5.0, 1.0, 1.0), x=3.0, y=2.0),
    formula("x + x", (8.0, 2.0), {(8.0, 1.0): (ASSIGNED, ASSIGNED_IN_SUMS, OPERAND_SET)}, needs="x + y", x=4.0),
    formula(
        "x * y", (0.0, 0.0, 3.0), {(0.0, 0.0, 0.0): (OWN_FACTOR, UNREACHED, EQUALITY)}, at=" where y is 0", x=3.0, y=0.0
    ),
    formula(
        "x - y",
        (2.0, 1.0, -1.0),
        {(2.0, 1.0, 1.0): MINUS, (2.0, -1.0, 1.0): "the two signs swapped: d(x - y)/dx is 1, d(x - y)/dy is -1"},
        x=5.0,
        y=3.0,
    ),
    formula(
        "x - x",
        (0.0, 0.0),
        {(0.0, 2.0): MINUS, (0.0, 1.0): (ASSIGNED, OPERAND_SET), (0.0, -1.0): (ASSIGNED, OPERAND_SET)},
        needs="x - y",
        x=4.0,
    ),
    formula("-x", (-3.0, -1.0), {(-3.0, 1.0): "a lost minus sign: d(-x)/dx is -1"}, x=3.0),
    formula(
        "x / y",
        (0.75, 0.25, -0.1875),
        {
            (0.75, 0.25, 0.1875): (QUOTIENT_MINUS, POWER_FACTOR),
            (0.75, 0.25, -0.75): (QUOTIENT_SQUARE, POWER_EXPONENT),
            (0.75, 0.25, -0.0625): QUOTIENT_NUMERATOR,
            (0.75, -0.1875, 0.25): "the two derivatives swapped: d(x / y)/dx is 1 / y",
            (0.75, 4.0, 3.0): "the product rule: d(x / y)/dx is 1 / y, d(x / y)/dy is -x / y**2",
        },
        x=3.0,
        y=4.0,
    ),
    formula(
        "x / x",
        (1.0, 0.0),
        {
            (1.0, 0.5): (QUOTIENT_MINUS, POWER_FACTOR),
            (1.0, -0.75): (QUOTIENT_SQUARE, POWER_EXPONENT),
            (1.0, 0.1875): QUOTIENT_NUMERATOR,
            (1.0, 0.25): (ASSIGNED, OPERAND_SET),
            (1.0, -0.25): (ASSIGNED, OPERAND_SET),
        },
        needs="x / y",
        x=4.0,
    ),
    formula(
        "x ** 5",
        (32.0, 80.0),
        {
            (32.0, 16.0): POWER_FACTOR,
            (32.0, 160.0): POWER_EXPONENT,
            (32.0, 64.0): "n - 1 where n belongs: d(x ** n)/dx is n * x**(n - 1)",
            (32.0, 10.0): "n * x, which is right for x ** 2 only: d(x ** n)/dx is n * x**(n - 1)",
        },
        needs="x ** 2",
        x=2.0,
    ),
    formula(
        "x ** -1",
        (0.5, -0.25),
        {
            (0.5, 0.25): POWER_FACTOR,
            (0.5, -0.5): POWER_EXPONENT,
            (0.5, -1.0): "n + 1 where n - 1 belongs: d(x ** n)/dx is n * x**(n - 1)",
        },
        needs="x ** 2",
        x=2.0,
    ),
    formula("x ** 2", (0.0, 0.0), at=" where x is 0", x=0.0),
    formula(
        "x ** 3",
        (-8.0, 12.0),
        {(-8.0, 4.0): POWER_FACTOR, (-8.0, -24.0): POWER_EXPONENT},
        at=" where x is -2",
        needs="x ** 2",
        x=-2.0,
    ),
    formula(
        "x ** y",
        (8.0, 12.0, 8.0 * LN2),
        {
            (8.0, 12.0, 0.0): "an exponent taken for a constant: d(x ** y)/dy is x**y * log(x)",
            (8.0, 12.0, 8.0): POWER_LOGARITHM,
            (8.0, 12.0, 8.0 * LN3): "the logarithm of the exponent: d(x ** y)/dy is x**y * log(x)",
            (8.0, 4.0, 8.0 * LN2): POWER_FACTOR,
            (8.0, 24.0, 8.0 * LN2): POWER_EXPONENT,
        },
        x=2.0,
        y=3.0,
    ),
    # Plain numbers beside Values -----------------------------------------------------------------------
    formula("x + 2", (5.0, 1.0), x=3.0),
    formula("2 + x", (5.0, 1.0), x=3.0),
    formula("sum([x, y])", (5.0, 1.0, 1.0), needs="0 + x", x=3.0, y=2.0),
    formula("x - 2", (3.0, 1.0), {(-3.0, -1.0): "the operands swapped: this is 2 - x"}, x=5.0),
    formula(
        "2 - x",
        (-3.0, -1.0),
        {(3.0, 1.0): "the operands swapped: `__rsub__` computes x - 2", (-3.0, 1.0): MINUS},
        x=5.0,
    ),
    formula("x * 2", (6.0, 2.0), {(6.0, 1.8): OWN_FACTOR}, x=3.0),
    formula("2 * x", (6.0, 2.0), {(6.0, 1.8): OWN_FACTOR}, x=3.0),
    formula("x / 2", (1.5, 0.5), x=3.0),
    formula(
        "2 / x",
        (0.5, -0.125),
        {
            (2.0, 0.5): "the operands swapped: `__rtruediv__` computes x / 2",
            (0.5, 0.125): (QUOTIENT_MINUS, POWER_FACTOR),
            (0.5, -0.5): (QUOTIENT_SQUARE, POWER_EXPONENT),
            (0.5, -0.0625): QUOTIENT_NUMERATOR,
        },
        x=4.0,
    ),
    formula(
        "2 ** x",
        (8.0, 8.0 * LN2),
        {
            (9.0, 6.0): "the operands swapped: `__rpow__` computes x ** 2",
            (8.0, 8.0): POWER_LOGARITHM,
            (8.0, 12.0): "the rule of x ** n: here x is the exponent, and d(a ** x)/dx is a**x * log(a)",
        },
        x=3.0,
    ),
    # Functions -----------------------------------------------------------------------------------------
    formula("relu(x)", (3.0, 1.0), at=" where x is 3", x=3.0),
    formula(
        "relu(x)", (0.0, 0.0), {(0.0, 1.0): "a gradient that passes where relu is flat"}, at=" where x is -2", x=-2.0
    ),
    formula(
        "relu(x)",
        (0.0, 0.0),
        {
            (0.0, 1.0): "relu'(0) = 1, as from >= where > belongs: by convention relu'(0) is 0",
            (0.0, 0.5): "relu'(0) = 1/2, the mean of both sides: by convention relu'(0) is 0",
        },
        at=" where x is 0",
        x=0.0,
    ),
    formula(
        "exp(x)",
        (E2, E2),
        {
            (E2, 2.0): "x where exp(x) belongs: exp is its own derivative",
            (E2, 2.0 * math.e): "the rule of x ** n, x * exp(x - 1): exp is its own derivative",
            (E2, 2.0 * E2): "x * exp(x): exp is its own derivative",
            (E2, 1.0): "1 where exp(x) belongs: exp is its own derivative",
        },
        x=2.0,
    ),
    formula(
        "log(x)",
        (LN5, 0.2),
        {
            (LN5, 1.0 / LN5): "1 / log(x) where 1 / x belongs",
            (LN5, 5.0): "x where 1 / x belongs",
            (LN5, -0.2): "-1 / x where 1 / x belongs",
            (LN5, -0.04): "-1 / x**2, the derivative of 1 / x, where 1 / x belongs",
            (LN5, 0.2 / math.log(10.0)): "the derivative of the logarithm to base 10: that of log(x) is 1 / x",
        },
        x=5.0,
    ),
    formula(
        "tanh(x)",
        (T, 1.0 - T * T),
        {
            (T, 1.0 - T): "1 - tanh(x) where 1 - tanh(x)**2 belongs",
            (T, 1.0 + T * T): "1 + tanh(x)**2 where 1 - tanh(x)**2 belongs",
            (T, T * T - 1.0): "tanh(x)**2 - 1 where 1 - tanh(x)**2 belongs",
            (T, T * (1.0 - T)): "the derivative of sigmoid, t * (1 - t): that of tanh(x) is 1 - tanh(x)**2",
            (T, 0.75): "1 - x**2 where 1 - tanh(x)**2 belongs",
        },
        x=0.5,
    ),
    formula(
        "sigmoid(x)",
        (S, S * (1.0 - S)),
        {
            (S, S * (1.0 + S)): "s * (1 + s) where s * (1 - s) belongs, with s = sigmoid(x)",
            (S, S * (S - 1.0)): "s * (s - 1) where s * (1 - s) belongs, with s = sigmoid(x)",
            (S, 1.0 - S): "1 - s where s * (1 - s) belongs, with s = sigmoid(x)",
            (S, 1.0 - S * S): "the derivative of tanh, 1 - s**2: that of s = sigmoid(x) is s * (1 - s)",
            (S, 0.25): "x * (1 - x) where s * (1 - s) belongs, with s = sigmoid(x)",
        },
        x=0.5,
    ),
    formula(
        "sqrt(x)",
        (2.0, 0.25),
        {
            (2.0, 0.5): "1 / sqrt(x) where 1 / (2 * sqrt(x)) belongs",
            (2.0, 0.125): "1 / (2 * x) where 1 / (2 * sqrt(x)) belongs",
            (2.0, 1.0): "sqrt(x) / 2 where 1 / (2 * sqrt(x)) belongs",
        },
        x=4.0,
    ),
    formula(
        "sin(x)",
        (SIN, COS),
        {(SIN, -COS): "-cos(x) where cos(x) belongs", (SIN, SIN): "sin(x) where cos(x) belongs"},
        x=1.0,
    ),
    formula("cos(x)", (COS, -SIN), {(COS, SIN): "sin(x) where -sin(x) belongs"}, x=1.0),
)
