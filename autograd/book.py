"""What an operation is: its value, its local gradient and all else that is known of it, declared in one place.

>>> @operation("x³", "3·x²")
... def cubed(x):
...     return x * x * x, lambda: (3 * x * x,)
>>> cubed(2.0), cubed.derivatives
(8.0, ('3·x²',))

The operations of this package are declared in `operations`; those of a program anywhere. All of them stand in one book,
OPERATIONS, which tells the engines of each, so that v.cubed() is a method as soon as cubed is declared.

This file knows no graphs: an operand that is not a plain number is asked, by its method
`__apply_operation__(operation, operands)`, to apply the operation itself.
"""

import contextlib
import functools
import importlib
import inspect
import math
from collections import UserDict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from . import ieee, neighbours
from .ieee import data_of
from .locks import new_lock
from .terminal import printable

neighbours.check()  # here, for all that builds on Values comes by

# The partial derivative towards an operand that the operation did not choose, as the smaller one of a
# maximum. Its gradient is exactly 0, whatever arrives: with the number 0 in its place, an arriving inf would
# make it inf · 0 = nan.
BLOCKED: Final = None

# Where the operations of this package are declared. Their rules answer the same to the same numbers at any time; those
# of a program may not.
RULE_BOOK = f"{__package__}.operations"


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
ABOVE_ONE = Domain("> 1", low=1.0, excluded=(1.0,))
BETWEEN_MINUS_ONE_AND_ONE = Domain("between −1 and 1", low=-1.0, high=1.0, excluded=(-1.0, 1.0))


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """All that is known of one operation; made by `operation`, called like a function.

    >>> from autograd import maximum
    >>> maximum(2.0, 5.0), maximum(2.0, y=5.0), maximum.notation, maximum.derivatives
    (5.0, 5.0, 'max(x, y)', ('[x > y]', '[y > x]'))

    A parameter whose domain stands in a list, as in `domain=([REALS],)`, takes a list of operands. Lists of
    one operation have equal lengths: a call with others raises ValueError, one with the wrong arguments TypeError.
    """

    rule: Callable[..., tuple[Any, Callable[[], Sequence[Any]]]]
    name: str
    parameters: tuple[str, ...]
    notation: str
    derivatives: tuple[str, ...]
    symbol: str
    domain: tuple[Domain | list[Domain], ...]
    pattern: str
    symmetric: bool
    aliases: tuple[str, ...]
    defaults: Mapping[str, float]  # of the last parameters, which may be left out
    is_of_book: bool
    list_count: int = field(init=False)
    # The compiled engine's shorter way to a node, which answers None where it is not sure.
    twin: Callable[..., Any] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        facts: dict[str, Any] = {name: getattr(self.rule, name, None) for name in functools.WRAPPER_ASSIGNMENTS}
        facts |= {"__wrapped__": self.rule, "list_count": [isinstance(x, list) for x in self.domain].count(True)}
        for name, fact in facts.items():
            object.__setattr__(self, name, fact)  # as a frozen dataclass itself does

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """The operation on plain numbers gives a float, with a Value among them a Value."""
        if named:
            arguments = self._in_order(arguments, named)
        if self.twin is not None and (node := self.twin(*arguments)) is not None:
            return node
        operands = tuple(map(operand, self.operands(arguments)))
        for each in operands:
            if type(each) is not float:
                return each.__apply_operation__(self, operands)
        return self.rule(*self.arguments(operands))[0]

    def operands(self, arguments: Sequence[Any], named: Mapping[str, Any] = {}) -> tuple[Any, ...]:
        """The arguments of one call in a row, lists laid out flat, and defaults where arguments are left out."""
        if named or self.defaults or len(arguments) != len(self.parameters):
            arguments = self._in_order(arguments, named)
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

    def _in_order(self, arguments: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arguments in the order of the parameters: first those without a name, then by name, then the defaults."""
        given = dict(zip(self.parameters, arguments, strict=False))
        call = f"{self.name}({', '.join(self.parameters)})"
        for name in named:
            if name not in self.parameters:
                raise TypeError(f"{call} has no parameter {name!r}")
            if name in given:
                raise TypeError(f"{call}: {name} is given twice")
        placed = {**self.defaults, **given, **named}
        placed |= {name: default for name, default in self.defaults.items() if placed[name] is None}  # as in PyTorch
        missing = [name for name in self.parameters if name not in placed]
        if missing or len(arguments) > len(self.parameters):
            needed, least = len(self.parameters), len(self.parameters) - len(self.defaults)
            wanted = f"{needed}" if least == needed else f"{least} to {needed}"
            raise TypeError(f"{call}: {wanted} needed, {len(arguments) + len(named)} given")
        return tuple([placed[name] for name in self.parameters])

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

        >>> from autograd import dot, maximum
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
        if UNLISTED.get(self.name) is self:
            return _unlisted, (self.name, *ORIGINS.get(self.name, ()))
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


def _unlisted(name: str, family: str = "", members: tuple[Any, ...] = ()) -> Operation:
    """The operation of that name that is in no book, which may still have to be made."""
    if name not in UNLISTED and family in FAMILIES:
        FAMILIES[family](*members)
    if name not in UNLISTED:
        raise ValueError(f"there is no operation {name} in this version of autograd")
    return UNLISTED[name]


def operand(thing: Any) -> Any:
    """A Value as it is, any other number as a float."""
    return thing if hasattr(type(thing), "__apply_operation__") else ieee.real(thing)


# The book ------------------------------------------------------------------------------------------


class Book(UserDict[str, Operation]):
    """A dict of operations that tells its listeners of each that comes or goes."""

    def __setitem__(self, name: str, operation: Operation) -> None:
        before = self.data.get(name)
        self.data[name] = operation
        try:
            _tell([alias for alias in (before.aliases if before else ()) if self.called(alias) is None], None)
            _tell(operation.aliases, operation)
            _tell([name], operation)
        except BaseException:  # a listener has refused it
            if before is None:
                del self.data[name]
            else:
                self.data[name] = before
            raise

    def __delitem__(self, name: str) -> None:
        aliases = self.data.pop(name).aliases
        _tell([name, *aliases], None)

    def called(self, name: str) -> Operation | None:
        """The operation of this name or alias; None where there is none.

        >>> OPERATIONS.called("pow")
        <operation power>
        """
        return self.data.get(name) or next((each for each in self.data.values() if name in each.aliases), None)


# By name, in the order of declaration.
OPERATIONS = Book()

# Who wants to know of each new operation, as Value does to have a method of that name; of None where it is gone.
LISTENERS: list[Callable[[str, Operation | None], None]] = []


def _tell(names: Iterable[str], operation: Operation | None) -> None:
    for name in names:
        for listener in LISTENERS:
            listener(name, operation)


# Those that record a function at present, in any thread; see `modes.recorded`.
RECORDERS: list[Any] = []


def deciding(number: Any) -> float:
    """The number by which a rule decides: where a function is recorded that differentiates, it may be another one."""
    found = data_of(number)
    if RECORDERS and hasattr(number, "_birth"):
        _ = number >= found, number <= found  # which are noticed
    return found


# Declaring -----------------------------------------------------------------------------------------


def operation(
    notation: str,
    *derivatives: str,
    symbol: str = "",
    domain: tuple[Domain | list[Domain], ...] = (),
    pattern: str = "",
    symmetric: bool = False,
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Operation]:
    """Declare an operation: its notation, its derivatives as a table prints them, and then its rule.

    >>> @operation("x³", "3·x²")
    ... def cubed(x):
    ...     return x * x * x, lambda: (3 * x * x,)
    >>> cubed(2.0)
    8.0

    The notation and the derivatives speak of the rule's parameters by their names, in the signs of mathematics: they
    are read as formulas, to set parentheses and to write LaTeX (`text.parse`); other text is shown unchanged. The
    symbol is what a drawing shows, the name if none is given; the domain says, for each parameter, where the operation
    and its derivatives exist: it is where tests look; the pattern is the word of the lectures for what the gradient
    does there: it "distributes", "switches" or "routes"; it is symmetric where its operands can change places; aliases
    are other names that people type.

    The rule is run on floats and on Values. So it computes with operators and the functions of this package,
    not with `math`, and decides by < and > only: `==` and `if x:` would not see a Value's number. A partial
    derivative that costs work may be a closure of its own, called only if its operand is a Value; `BLOCKED`
    stands for an operand that was not chosen. The last parameters may have numbers as defaults.

    A declaration replaces an earlier one of the same name, except those of this package. Raises ValueError for
    one of those, for a rule without a name, without parameters or with other than plain ones, and if there is not
    one derivative, or not one domain, for each parameter; TypeError where the notation is forgotten.
    """
    if not isinstance(notation, str):
        raise TypeError(printable('an operation is declared with its notation: @operation("x³", "3·x²")'))

    def declare(rule: Callable[..., Any]) -> Operation:
        # A lambda is called <lambda>; an object that can be called, or a functools.partial, has no name.
        name, parameters = getattr(rule, "__name__", ""), inspect.signature(rule).parameters
        _check_declaration(name, parameters.values(), derivatives, domain, aliases)
        declared = Operation(
            rule,
            name,
            tuple(parameters),
            notation,
            derivatives,
            symbol or name,
            domain or (REALS,) * len(parameters),
            pattern,
            symmetric,
            aliases,
            {p.name: ieee.real(p.default) for p in parameters.values() if p.default is not p.empty},
            is_of_book=rule.__module__ == RULE_BOOK,
        )
        OPERATIONS[name] = declared
        return declared

    return declare


def _check_declaration(
    name: str,
    parameters: Collection[inspect.Parameter],
    derivatives: Sequence[Any],
    domain: Sequence[Any],
    aliases: Sequence[str],
) -> None:
    if not name.isidentifier():
        raise ValueError("an operation is called by the name of its rule: write def, not lambda")
    for called in (name, *aliases):
        if called.startswith("_"):
            raise ValueError(
                f"an operation cannot be called {called!r}: such names are Python's own, choose one without _"
            )
        there = OPERATIONS.called(called)
        if there is not None and there.is_of_book:
            raise ValueError(f"{called} is an operation of the rule book already: choose another name")
    if any(p.kind is not p.POSITIONAL_OR_KEYWORD or not _is_default(p.default, p.empty) for p in parameters):
        raise ValueError(
            f"{name}: the parameters of a rule are its operands, without * or **, and their defaults are numbers"
        )
    if not parameters:
        raise ValueError(f"{name}: an operation needs an operand: def {name}(x)")
    for what, given in (("derivatives", derivatives), ("domains", domain)):
        if given and len(given) != len(parameters):
            raise ValueError(f"{name}: {len(given)} {what} for {len(parameters)} parameters")


def _is_default(default: Any, empty: Any) -> bool:
    return default is empty or ieee.is_real(default)


# Operations that are in no book ---------------------------------------------------------------------

# By name, those of them that programs may hold, which are pickled with these names.
UNLISTED: dict[str, Operation] = {}

# What makes derivatives of all orders, by name; and of each that has been made, by which family and from what.
FAMILIES: dict[str, Callable[..., Any]] = {}
ORIGINS: dict[str, tuple[str, tuple[Any, ...]]] = {}
_making = new_lock()


def listed_by_name(operation: Operation) -> Operation:
    """Let an operation that is in no book be found by its name."""
    if operation.name in UNLISTED:
        raise ValueError(f"there are two operations called {operation.name} that are in no book")
    UNLISTED[operation.name] = operation
    return operation


def family(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare derivatives without end, each made when it is first asked for and then kept."""

    def declare(make: Callable[..., Any]) -> Callable[..., Any]:
        known: dict[tuple[Any, ...], Any] = {}

        def made(*members: Any) -> Any:
            if members not in known:
                with _making:
                    if members not in known:
                        known[members] = function = make(*members)
                        ORIGINS[function.operation.name] = name, members
            return known[members]

        FAMILIES[name] = made
        return made

    return declare


def unlisted(
    rule: Callable[..., Any],
    notation: str,
    domain: tuple[Domain | list[Domain], ...] = (),
    parameters: tuple[str, ...] = (),
) -> Operation:
    """An operation of this package that users do not call by name: derivatives, and what programs are made of."""
    parameters = parameters or tuple(inspect.signature(rule).parameters)
    return Operation(
        rule,
        rule.__name__,
        parameters,
        notation,
        (),
        notation,
        domain or (REALS,) * len(parameters),
        pattern="",
        symmetric=False,
        aliases=(),
        defaults={},
        is_of_book=True,
    )


def derived(
    name: str,
    notation: str,
    value: Callable[..., float],
    partials: Callable[..., Any],
    *,
    domain: tuple[Domain | list[Domain], ...] = (),
) -> Callable[..., Any]:
    """A function of floats and Values, given by its value on floats and by its partials on both.

    Only derivatives are made of such: it is an operation that is in no book. As with `operation`, a domain in a list
    stands for a list of operands.
    """
    parameters = tuple(inspect.signature(value).parameters)

    def rule(*arguments: Any) -> Any:
        numbers = [list(map(data_of, x)) if isinstance(x, list) else data_of(x) for x in arguments]
        return value(*numbers), lambda: partials(*arguments)

    rule.__name__, rule.__doc__ = name, value.__doc__
    declared = listed_by_name(unlisted(rule, notation, domain, parameters))

    def of_one(x: Any) -> Any:
        return value(x) if type(x) is float else x.__apply_operation__(declared, (x,))

    def of_many(*operands: Any) -> Any:
        for each in operands:
            if type(each) is not float:
                return each.__apply_operation__(declared, operands)
        return value(*operands)

    def with_lists(*arguments: Any) -> Any:
        operands = declared.operands(arguments)
        for each in operands:
            if type(each) is not float:
                return each.__apply_operation__(declared, operands)
        return value(*arguments)

    function: Any = with_lists if declared.list_count else of_one if len(parameters) == 1 else of_many
    function.operation = declared
    return function  # type: ignore[no-any-return]
