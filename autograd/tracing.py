"""What a rule computes, as a formula: the rule is run on symbols, and what it does with them is kept.

>>> from autograd import OPERATIONS
>>> value, partials = formulas(OPERATIONS["softplus"])
>>> value.condition
Apply(function='gt', arguments=(Input(name='x'), 0.0))

A formula is an expression, or a branch between two formulas: where a rule decides by a comparison, it is run again for
each answer. From formulas come the compiled engine's C, see `generate`, and the programs by which it runs what users
declare.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import ieee
from .book import BLOCKED, OPERATIONS, Operation

# Formulas ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Input:
    """A parameter of the rule, or "value" for what the operation has answered."""

    name: str


@dataclass(frozen=True, eq=False)
class Apply:
    """A function of `ieee` or an operator, by its name, and what it is applied to; or a comparison.

    What is applied twice to the same is one object, so that formulas share their parts.
    """

    function: str
    arguments: tuple["Expression", ...]


Expression = Input | Apply | float


@dataclass(frozen=True)
class Branch:
    """One formula where a comparison holds, and one where it does not."""

    condition: Apply
    yes: "Formula"
    no: "Formula"


# A partial towards an operand that was not chosen is BLOCKED, which is None.
Formula = Input | Apply | float | Branch | None

OPERATORS = {
    "add": "__add__",
    "subtract": "__sub__",
    "multiply": "__mul__",
    "divide": "__truediv__",
    "power": "__pow__",
}
# Which outcomes of comparing two numbers each comparison answers with True; beside a nan there is none of <, = and >.
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "=", "ne": "<>?"}
OUTCOMES = frozenset("<=>?")
MIRRORED = str.maketrans("<>", "><")

# Where Python may raise, as at 1/0: a program of a rule may not leave that out, even if nothing comes of it.
RISKY = ("divide", "power")

# Conditions may be made of others.
CONNECTIVES = ("and", "or", "not")

# The elementary functions are those of `ieee` of one number or two, called x and y there; of these some only decide.
ELEMENTARY = {
    name: len(parameters)
    for name, function in vars(ieee).items()
    if inspect.isfunction(function)
    and (parameters := tuple(inspect.signature(function).parameters)) in (("x",), ("x", "y"))
}
PREDICATES = ("isfinite", "isinf", "isnan")

MOST_PATHS, MOST_DECISIONS = 200, 50
MOST_NODES = 2000


class UntraceableError(Exception):
    """A rule that does with symbols what cannot be kept."""


class _Undecided(BaseException):  # which no rule may catch
    def __init__(self, condition: Apply) -> None:
        self.condition = condition


# Symbols -------------------------------------------------------------------------------------------


# The functions that formulas call, by name, as they are met; None where none shall be called.
Functions = dict[str, Callable[..., Any]] | None


class Trace:
    """One run of a rule: which comparisons are taken to hold and which not."""

    def __init__(self, known: dict[Any, Apply], decisions: Mapping[Apply, bool], functions: Functions) -> None:
        self.known, self.decisions, self.functions = known, decisions, functions
        self.risks: set[Apply] = set()  # what Python may raise at, if numbers are plain
        self.kept: list[Expression] = []  # what is computed beside the answer

    def apply(self, function: str, *operands: Any) -> "Symbol":
        """The symbol of what a function answers."""
        if function == "multiply" and type(operands[0]) is float and operands[0] == 1.0:
            return operands[1]  # type: ignore[no-any-return]
        return Symbol(self, self.applied(function, *operands))

    def called(self, function: Callable[..., Any], operands: Sequence[Any]) -> Any:
        """What a function answers that is marked in `precise` as one that formulas call."""
        if self.functions is None:
            return function(*operands)
        name = function.__name__.lstrip("_")
        self.functions[name] = function
        return self.apply(name, *operands)

    def applied(self, function: str, *operands: Any) -> Apply:
        """The function applied to these, always the same object."""
        arguments = tuple(map(expression_of, operands))
        # 0.0 and -0.0 are equal, but not the same.
        key = (function, *[repr(x) if isinstance(x, float) else x for x in arguments])
        if len(self.known) > MOST_NODES:
            raise UntraceableError("the rule takes too many steps")
        applied = self.known.setdefault(key, Apply(function, arguments))
        if function in RISKY:
            self.risks.add(applied)
        return applied

    def decide(self, condition: Apply) -> bool:
        """Whether a comparison holds, by what was decided before if that says it."""
        if condition in self.decisions:
            return self.decisions[condition]
        outcomes = frozenset(COMPARISONS.get(condition.function, ""))
        possible = possible_outcomes(self.decisions, condition.arguments)
        if outcomes and possible <= outcomes:
            return True
        if outcomes and not possible & outcomes:
            return False
        raise _Undecided(condition)


def possible_outcomes(decisions: Mapping[Apply, bool], arguments: tuple[Expression, ...]) -> frozenset[str]:
    """The outcomes of comparing two numbers that what was decided leaves possible."""
    return OUTCOMES.intersection(*[_outcomes(decided, holds, arguments) for decided, holds in decisions.items()])


def _outcomes(decided: Apply, holds: bool, arguments: tuple[Expression, ...]) -> frozenset[str]:
    """The outcomes of comparing these two numbers that a decided comparison leaves possible."""
    signs = COMPARISONS.get(decided.function, "")
    if decided.arguments == arguments[::-1]:
        signs = signs.translate(MIRRORED)
    elif decided.arguments != arguments:
        return OUTCOMES
    return frozenset(signs) if holds else OUTCOMES - frozenset(signs)


class Symbol:
    """A number that is not known yet. It knows what Values know that rules do with them, and nothing else."""

    __slots__ = ("expression", "trace")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, trace: Trace, expression: Expression) -> None:
        self.trace, self.expression = trace, expression

    @property
    def data(self) -> "Symbol":
        """The number, which is not known either."""
        return self

    _data = data

    def __neg__(self) -> "Symbol":
        return self.trace.apply("negate", self)

    def __pos__(self) -> "Symbol":
        return self

    def __abs__(self) -> "Symbol":
        return self.trace.apply("fabs", self)

    abs = __abs__

    def __bool__(self) -> bool:
        return self.trace.decide(self.trace.applied("ne", self, 0.0))

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The method of an elementary function, else of an operation."""
        if name in PREDICATES:
            return lambda: Condition(self.trace, self.trace.applied(name, self))
        if name in ELEMENTARY:
            return functools.partial(self.trace.apply, name, self)
        operation = None if name.startswith("_") else OPERATIONS.called(name)
        if operation is None:
            raise AttributeError(f"a symbol has no attribute {name!r}", name=name, obj=self)
        return functools.partial(operation, self)

    @staticmethod
    def __apply_operation__(operation: Operation, operands: Sequence[Any]) -> Any:
        return operation.rule(*operation.arguments(operands))[0]


class Condition:
    """A comparison between symbols, which asks the trace for its answer. It may stand for the number 1 or 0."""

    __slots__ = ("apply", "trace")
    __apply_operation__ = staticmethod(Symbol.__apply_operation__)

    def __init__(self, trace: Trace, apply: Apply) -> None:
        self.trace, self.apply = trace, apply

    @property
    def data(self) -> "Condition":
        """What decides, as the first operand of `where`."""
        return self

    _data = data

    def __bool__(self) -> bool:
        return self.trace.decide(self.apply)


def _give_operators() -> None:
    def operator(name: str, reflected: bool) -> Callable[[Symbol, Any], Symbol]:
        def method(x: Symbol, y: Any) -> Symbol:
            return x.trace.apply(name, *((y, x) if reflected else (x, y)))

        return method

    def comparison(name: str) -> Callable[[Symbol, Any], Condition]:
        return lambda x, y: Condition(x.trace, x.trace.applied(name, x, y))

    for name, method in OPERATORS.items():
        setattr(Symbol, method, operator(name, reflected=False))
        setattr(Symbol, f"__r{method[2:]}", operator(name, reflected=True))
    for name in COMPARISONS:
        setattr(Symbol, f"__{name}__", comparison(name))


_give_operators()


def expression_of(thing: Any) -> Expression:
    """The expression behind a symbol or a number."""
    if isinstance(thing, Symbol):
        return thing.expression
    if isinstance(thing, Condition):
        return float(bool(thing))
    if not ieee.is_real(thing):
        raise UntraceableError(f"there is no formula for {type(thing).__name__}")
    number = ieee.real(thing)
    if number != thing and number == number:
        raise UntraceableError(f"{thing} is not a float")
    return number


# Tracing -------------------------------------------------------------------------------------------


def formulas(
    operation: Operation, functions: Functions = None, *, keeps_risks: bool = False
) -> tuple[Formula, tuple[Formula, ...]]:
    """The value of an operation, and its partial towards each parameter, of its parameters and the value.

    Where a dict of functions is given, the formulas call what is marked for that in `precise`, and it is put there. A
    rule may divide for nothing, which is left out, unless the risks have to be kept: then it is refused.
    Raises UntraceableError for a rule that cannot be traced: one of lists, or one that wants to know its numbers.
    """
    if operation.list_count:
        raise UntraceableError(f"{operation.name} takes a list")
    known: dict[Any, Apply] = {}

    def value_and_closure(trace: Trace) -> tuple[Any, Callable[[], Any]]:
        return operation.rule(*[Symbol(trace, Input(name)) for name in operation.parameters])

    def value(trace: Trace) -> Formula:
        return expression_of(value_and_closure(trace)[0])

    def partial(place: int, trace: Trace) -> Formula:
        value, local_gradient = value_and_closure(trace)
        partials = local_gradient()
        if not isinstance(partials, (tuple, list)) or len(partials) != len(operation.parameters):
            raise UntraceableError(f"{operation.name} does not answer one partial for each operand")
        computed = [x for x in partials if not callable(x) and x is not BLOCKED]
        trace.kept = [expression_of(x) for x in (value, *computed)]
        answer = partials[place]() if callable(partials[place]) else partials[place]
        return BLOCKED if answer is BLOCKED else expression_of(answer)

    try:
        tree = functools.partial(_tree, known=known, functions=functions, keeps_risks=keeps_risks)
        formula = tree(value)
        partials = [tree(functools.partial(partial, place)) for place in range(len(operation.parameters))]
        return formula, tuple([_with_value(each, formula) for each in partials])
    except UntraceableError:
        raise
    except Exception as error:
        raise UntraceableError(f"the rule of {operation.name} cannot do with symbols what it does: {error}") from error


def formula_of(function: Callable[..., Any], functions: Functions) -> Formula:
    """The formula of a function that formulas call."""
    names = inspect.signature(function).parameters
    return _tree(lambda trace: expression_of(function(*[Symbol(trace, Input(x)) for x in names])), {}, functions)


def _tree(
    run: Callable[[Trace], Formula], known: dict[Any, Apply], functions: Functions, keeps_risks: bool = False
) -> Formula:
    """The formula of all ways that a run can take. Where both answers of a comparison lead to the same, it is none."""
    paths = 0

    def explored(decisions: dict[Apply, bool]) -> Formula:
        nonlocal paths
        trace = Trace(known, decisions, functions)
        try:
            answer = run(trace)
        except _Undecided as asked:
            condition = asked.condition
        else:
            if keeps_risks and not trace.risks <= _all_parts(answer, *trace.kept, *decisions):
                raise UntraceableError("the rule divides or takes a power for nothing")
            return answer
        paths += 1
        if paths > MOST_PATHS or len(decisions) > MOST_DECISIONS:
            raise UntraceableError("the rule has too many branches")
        yes, no = (explored({**decisions, condition: answer}) for answer in (True, False))
        is_needed = keeps_risks and any(part.function in RISKY for part in parts(condition))
        return yes if _same(yes, no) and not is_needed else Branch(condition, yes, no)

    return shortened(explored({}))


def _all_parts(*formulas: Formula) -> set[Apply]:
    return {part for formula in formulas for part in parts(formula)}


def shortened(formula: Formula) -> Formula:
    """The formula with conditions joined by and, or and not, where the same would stand in it more than once."""
    while isinstance(formula, Branch):
        condition, yes, no = formula.condition, formula.yes, formula.no
        if isinstance(yes, Branch) and _same(yes.no, no):
            formula = Branch(_joined("and", condition, yes.condition), yes.yes, no)
        elif isinstance(yes, Branch) and _same(yes.yes, no):
            formula = Branch(_joined("and", condition, Apply("not", (yes.condition,))), yes.no, no)
        elif isinstance(no, Branch) and _same(no.yes, yes):
            formula = Branch(_joined("or", condition, no.condition), yes, no.no)
        elif isinstance(no, Branch) and _same(no.no, yes):
            formula = Branch(_joined("or", condition, Apply("not", (no.condition,))), yes, no.yes)
        else:
            return Branch(condition, shortened(yes), shortened(no))
    return formula


def _joined(connective: str, condition: Apply, further: Apply) -> Apply:
    before = condition.arguments if condition.function == connective else (condition,)
    return Apply(connective, (*before, further))


def _same(formula: Any, other: Any) -> bool:
    if isinstance(formula, Branch) and isinstance(other, Branch):
        return all(map(_same, vars(formula).values(), vars(other).values()))
    if isinstance(formula, Apply) and isinstance(other, Apply) and formula.function == other.function in CONNECTIVES:
        return all(map(_same, formula.arguments, other.arguments))
    if isinstance(formula, float):
        return repr(formula) == repr(other)  # in which 0.0 and -0.0 differ, and nan is nan
    return bool(formula == other)


def _with_value(formula: Formula, value: Formula) -> Formula:
    """The formula with "value" in the places where the value, if it is one expression, is computed once more."""
    replaced: dict[Any, Any] = {value: Input("value")} if isinstance(value, Apply) else {}

    def rewritten(thing: Any) -> Any:
        if isinstance(thing, Branch):
            return Branch(rewritten(thing.condition), rewritten(thing.yes), rewritten(thing.no))
        for part in parts(thing):
            if part not in replaced:
                arguments = tuple([replaced.get(x, x) for x in part.arguments])
                replaced[part] = part if arguments == part.arguments else Apply(part.function, arguments)
        return replaced.get(thing, thing)

    return rewritten(formula)  # type: ignore[no-any-return]


def parts(formula: Formula) -> list[Apply]:
    """All that a formula applies, each once, and before what is made of it."""
    found: dict[Apply, None] = {}
    pending: list[Any] = [formula]
    while pending:
        thing = pending.pop()
        if isinstance(thing, Branch):
            pending += [thing.no, thing.yes, thing.condition]
        elif isinstance(thing, tuple):  # an expression whose arguments have been found
            found[thing[0]] = None
        elif isinstance(thing, Apply) and thing not in found:
            pending += [(thing,), *reversed(thing.arguments)]
    return list(found)
