"""Derivatives as numbers that can be differentiated again: of Values that were computed, and of functions.

>>> x, w = Value(2.0), Value(3.0)
>>> [[entry.data for entry in row] for row in hessian(x**2 * w, [x, w])]
[[6.0, 4.0], [4.0, 0.0]]
>>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
(12.0, 12.0)

`backward` computes with floats and writes what it finds into `grad`. Here the rules run on Values: the results are
Values with a past of their own, and no `grad` is touched. This file is above the engines and uses only what all nodes
have, so it works for either of them.
"""

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn, overload

from . import nested
from .advice import on_values
from .anomaly import check_derivatives
from .book import BLOCKED
from .checks import whole
from .engines import Number, Value
from .foreign import OF_DERIVATIVES, unknown
from .ieee import is_real, real, unwrapped
from .modes import Way, mode
from .operations import identity
from .value import by_birth, check_past, checked

# Of Values ----------------------------------------------------------------------------------------


@overload
def gradient(output: Value, inputs: Value) -> Value: ...
@overload
def gradient(output: Value, inputs: Iterable[Value]) -> list[Value]: ...
def gradient(output: Value, inputs: Value | Iterable[Value] | None = None, **others: NoReturn) -> Value | list[Value]:
    """The derivatives of `output` with respect to `inputs`, as Values that can be differentiated again.

    >>> x = Value(5.0)
    >>> slope = gradient(x**3, x)
    >>> slope.data, gradient(slope, x).data
    (75.0, 30.0)

    One input gives one Value, a list gives a list; an input that the output does not depend on gives 0. No `grad`
    is touched. The derivatives belong to the numbers that the output was computed from, even if a leaf has been
    changed since. Raises TypeError for inputs that are not Values, and RuntimeError for an output that was
    computed under `no_grad`.
    """
    call = "gradient(output, inputs)"
    wanted = _inputs(call, output, inputs, others)
    _check_output(call, output, wanted)
    answers = _derivatives([output], [1.0], wanted)
    return answers[0] if _is_value(inputs) else answers


@overload
def jacobian(outputs: Value, inputs: Value) -> Value: ...
@overload
def jacobian(outputs: Value, inputs: Iterable[Value]) -> list[Value]: ...
@overload
def jacobian(outputs: Iterable[Value], inputs: Value) -> list[Value]: ...
@overload
def jacobian(outputs: Iterable[Value], inputs: Iterable[Value]) -> list[list[Value]]: ...
def jacobian(
    outputs: Value | Iterable[Value], inputs: Value | Iterable[Value] | None = None, **others: NoReturn
) -> Value | list[Value] | list[Any]:
    """The derivatives of each of the `outputs`, a row, with respect to each of the `inputs`, a column.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in jacobian([x * y, x + y], [x, y])]
    [[3.0, 2.0], [1.0, 1.0]]

    A single Value instead of a list removes that side of the table: one output gives a row, as `gradient` does; one
    input gives a column, which is a list too; one of each gives one Value. Raises what `gradient` raises.
    """
    call = "jacobian(outputs, inputs)"
    wanted = _inputs(call, outputs, inputs, others)
    rows = []
    for output in _values(call, outputs):
        _check_output(call, output, wanted)
        row = _derivatives([output], [1.0], wanted)
        rows.append(row[0] if _is_value(inputs) else row)
    return rows[0] if _is_value(outputs) else rows


@overload
def hessian(output: Value, inputs: Value) -> Value: ...
@overload
def hessian(output: Value, inputs: Iterable[Value]) -> list[list[Value]]: ...
def hessian(
    output: Value, inputs: Value | Iterable[Value] | None = None, **others: NoReturn
) -> Value | list[list[Value]]:
    """The second derivatives of `output` with respect to each pair of `inputs`, as Values.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [[entry.data for entry in row] for row in hessian(x**3 + x * y**2, [x, y])]
    [[12.0, 6.0], [6.0, 4.0]]
    >>> hessian(x**3, x).data
    12.0

    A list of rows, which is symmetric: what is on both sides of the diagonal is computed once. One input gives one
    Value. For many inputs, `hessian_vector` computes what most programs need of it, in two passes. Raises what
    `gradient` raises.
    """
    call = "hessian(output, inputs)"
    wanted = _inputs(call, output, inputs, others)
    _check_output(call, output, wanted)
    slopes = _slopes(output, wanted)
    lower = [_derivatives([slope], [1.0], wanted[: row + 1]) for row, slope in enumerate(slopes)]
    places = range(len(wanted))
    return lower[0][0] if _is_value(inputs) else [[lower[max(i, j)][min(i, j)] for j in places] for i in places]


@overload
def hessian_vector(output: Value, inputs: Value, vector: Number) -> Value: ...
@overload
def hessian_vector(output: Value, inputs: Iterable[Value], vector: Iterable[Number]) -> list[Value]: ...
def hessian_vector(
    output: Value, inputs: Value | Iterable[Value], vector: Number | Iterable[Number]
) -> Value | list[Value]:
    """The product of the Hessian of `output` with a vector: how the gradient changes in that direction.

    >>> x, y = Value(2.0), Value(3.0)
    >>> [entry.data for entry in hessian_vector(x**3 + x * y**2, [x, y], [1.0, 10.0])]
    [72.0, 46.0]

    The vector has a number or Value for each input; for a single input it is one. The Hessian is never built: the
    gradient of the gradient takes two passes, however many inputs there are (Pearlmutter 1994, "Fast exact
    multiplication by the Hessian"). Raises ValueError for a vector of another length, and what `gradient` raises.
    """
    call = "hessian_vector(output, inputs, vector)"
    wanted = _values(call, inputs)
    _check_output(call, output, wanted)
    # The vector is what flows in, and not a factor of something that is differentiated: so it counts as constant
    # even if it depends on the inputs, and the results depend on it all the same.
    answers = _derivatives(_slopes(output, wanted), _vector(vector, inputs, len(wanted)), wanted)
    return answers[0] if _is_value(inputs) else answers


def _slopes(output: Value, wanted: list[Value]) -> list[Value]:
    """The gradient with its past, even inside `no_grad`, because it will be differentiated here."""
    with _Recording():
        return _derivatives([output], [1.0], wanted)


def _vector(vector: Any, inputs: Any, count: int) -> list[Number]:
    if _is_value(inputs):
        vector = [vector]
    elif not isinstance(vector, Iterable):
        raise TypeError(
            f"the vector of hessian_vector is a list, with a number for each input, not one {type(vector).__name__}"
        )
    numbers = [number if _is_value(number) else real(number) for number in vector]
    if len(numbers) != count:
        raise ValueError(f"hessian_vector takes a number for each input: {count} inputs, but {len(numbers)} numbers")
    return numbers


# What Values are written in place of.
_EXAMPLES = {
    "gradient(output, inputs)": "gradient(y, x) or gradient(y, [x, w])",
    "jacobian(outputs, inputs)": "jacobian([y, z], [x, w])",
    "hessian(output, inputs)": "hessian(y, x) or hessian(y, [x, w])",
    "hessian_vector(output, inputs, vector)": "hessian_vector(y, [x, w], [1.0, 2.0])",
}


def _inputs(call: str, outputs: Any, inputs: Any, others: Mapping[str, Any]) -> list[Any]:
    """The inputs as a list; TypeError, with the remedy, also for a call as in JAX or PyTorch."""
    if inputs is None or others:
        _values(call, outputs)  # first, because hessian(f) is called with a function and nothing else
    if others:
        raise unknown(call.partition("(")[0], others, OF_DERIVATIVES)
    return _values(call, inputs)


def _values(call: str, given: Any) -> list[Any]:
    """One Value or several, as a list; TypeError for anything else."""
    several = isinstance(given, Iterable) and not _is_value(given) and not isinstance(given, str)
    values = list(given) if several else [given]
    for value in values:
        if not _is_value(value):
            name = call.partition("(")[0]
            remedy = _EXAMPLES[call]
            if hasattr(value, "parameters"):
                remedy = f"{name}(y, model.parameters())"
            elif callable(value):
                remedy = f"call the function first, as in {name}(f(x), x)"
            raise TypeError(f"{call} takes Values, not {type(value).__name__}: {remedy}")
    return values


def _check_output(call: str, output: Any, wanted: list[Value]) -> None:
    if not _is_value(output):
        _values(call, [output])  # raises
    if all(value is not output for value in wanted):
        check_past(output)


# The chain rule on Values -------------------------------------------------------------------------


def _derivatives(outputs: Sequence[Value], seeds: Sequence[Number], inputs: Sequence[Value]) -> list[Value]:
    """The derivatives of Σ seed·output with respect to the inputs, where the seeds count as constants."""
    births = [value._birth for value in inputs]
    path, between = _path(outputs, births)
    # As in `backward`, only that flows and partials are Values now: the rules compute on Values as on floats.
    flows: dict[int, Any] = {}
    for output, seed in zip(outputs, seeds, strict=True):
        birth = output._birth
        flows[birth] = flows[birth] + seed if birth in flows else seed
    asked = set(births)
    while path:
        node = path.pop()  # and forgotten, like its flow, because a graph may be large
        birth = node._birth
        arrived = flows.get(birth) if birth in asked else flows.pop(birth, None)
        if arrived is None:
            continue
        operands = node.operands
        for parent, partial in zip(operands, _partials(node.operation, _as_they_were(node, operands)), strict=True):
            if type(parent) is not float and (birth := parent._birth) in between:
                if callable(partial):
                    partial = _called(node.operation, partial)
                if partial is not BLOCKED:
                    flow = _product(arrived, partial)
                    flows[birth] = flows[birth] + flow if birth in flows else flow
    found = [flows.get(birth, 0.0) for birth in births]
    answers = [_as_value(answer, value) for answer, value in zip(found, inputs, strict=True)]
    check_derivatives(answers)
    return answers


def _path(outputs: Iterable[Any], births: list[int]) -> tuple[list[Any], set[int]]:
    """The nodes that have operands which are inputs or depend on some, in the order of birth; and all such births."""
    # What is older than all inputs depends on none.
    oldest = min(births, default=math.inf)
    found, seen = [], set()
    for output in outputs:
        if output._birth not in seen:
            seen.add(output._birth)
            found.append(output)
    for node in found:  # grows as it goes
        for operand in node.operands:
            if type(operand) is not float:
                birth = operand._birth
                if birth >= oldest and birth not in seen:
                    seen.add(birth)
                    found.append(operand)
    found.sort(key=by_birth)
    path, between = [], set(births)
    for node in found:
        for operand in node.operands:
            if type(operand) is not float and operand._birth in between:
                path.append(node)
                between.add(node._birth)
                break
    return path, between


def _partials(operation: Any, operands: Sequence[Any]) -> Sequence[Any]:
    """The local gradients of a node with these operands, as Values."""
    arguments = operation.arguments(operands) if operation.list_count else operands
    _, local_gradient = _called(operation, operation.rule, *arguments)
    partials = _called(operation, local_gradient)
    return partials if operation.is_of_book else checked(operation, partials, len(operands))


def _called(operation: Any, part: Callable[..., Any], *operands: Any) -> Any:
    """What a part of the rule of an operation returns for Values."""
    try:
        return part(*operands)
    except TypeError:
        with on_values(operation):  # not around the call: to enter it takes as long as a rule does
            raise


def _as_they_were(node: Any, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """The operands with the numbers that they had when the node was computed, still depending on them."""
    for operand, number in zip(operands, node.numbers, strict=True):
        # Nearly always the same, and not 0, whose sign would have to be looked at.
        if type(operand) is not float and (operand._data != number or number == 0.0):
            return tuple(map(_as_it_was, operands, node.numbers))
    return operands


def _as_it_was(operand: Any, number: float) -> Any:
    if type(operand) is float or _is_same(operand._data, number):
        return operand
    return operand.__apply_operation__(identity, (operand,), (number,))


def _is_same(number: float, other: float) -> bool:
    """Whether computing with either gives the same: 0.0 and −0.0 do not."""
    if number == other:
        return math.copysign(1.0, number) == math.copysign(1.0, other)
    return math.isnan(number) and math.isnan(other)


def _product(flow: Any, partial: Any) -> Any:
    """flow × partial, without a node for a multiplication by 1."""
    if type(partial) is float and partial == 1.0:
        return flow
    return partial if type(flow) is float and flow == 1.0 else flow * partial


def _is_value(thing: Any) -> bool:
    return hasattr(type(thing), "__apply_operation__")


def _as_value(answer: Any, node: Any) -> Any:
    """The answer itself, or a leaf of it, of the engine that the node belongs to."""
    if _is_value(answer):
        return answer
    engines_own = [kind for kind in type(node).__mro__ if "__apply_operation__" in vars(kind)][-1]
    return engines_own(answer)


class _Recording(Way):
    """Inside the block, operations leave nodes, even within `no_grad`."""

    def _settings(self) -> dict[str, Any]:
        return {"recording": True}


# Of functions -------------------------------------------------------------------------------------


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0, **others: NoReturn) -> Callable[..., Any]:
    """The derivative of a function, as a function: JAX's and HIPS autograd's name for it.

    >>> def f(x, w):
    ...     return w["a"] * x**2 + w["b"]
    >>> grad(f)(3.0, {"a": 2.0, "b": 1.0})
    12.0
    >>> grad(f, argnums=1)(3.0, {"a": 2.0, "b": 1.0})
    {'a': 9.0, 'b': 1.0}
    >>> grad(grad(f), argnums=(0, 1))(3.0, {"a": 2.0, "b": 1.0})
    (4.0, {'a': 6.0, 'b': 0.0})

    It takes what `f` takes. The derivatives are with respect to the positional arguments at the places `argnums`:
    each is a number, or numbers in lists, tuples, dicts and NumPy arrays, and its derivative has the same form;
    several `argnums` give a tuple. `f` is run once, with Values in place of these numbers and everything else as it
    was given, and must return one number.

    Numbers give floats. If there are Values among the arguments, the results are Values that depend on them. A Value
    that `f` has from elsewhere counts as a number, and no `grad` is touched: pass it as an argument if the derivative
    should depend on it too. `no_grad` around the call is not in force inside `f`, which may have its own.

    Raises TypeError if `f` is not a function, if an argument is missing or does not consist of numbers, and if `f`
    returns anything but one number.
    """
    derivative = _derivative("grad", f, argnums, others)

    @functools.wraps(f)
    def slope(*arguments: Any, **options: Any) -> Any:
        return derivative(*arguments, **options)[1]

    return slope


def value_and_grad(
    f: Callable[..., Any], argnums: int | Sequence[int] = 0, **others: NoReturn
) -> Callable[..., tuple[Any, Any]]:
    """Like `grad`, with the value of the function before its derivative, both from one run.

    >>> value_and_grad(lambda xs: xs[0] * xs[1])([3.0, 4.0])
    (12.0, [4.0, 3.0])
    """
    return _derivative("value_and_grad", f, argnums, others)


def _derivative(
    name: str, f: Callable[..., Any], argnums: Any, others: Mapping[str, Any]
) -> Callable[..., tuple[Any, Any]]:
    """What `value_and_grad` returns, with errors that name the function of this file that was called."""
    if _is_value(f):
        raise TypeError(
            f"{name}(f) takes a function, not a Value: if y has already been computed, write gradient(y, x), whose "
            "answers can be differentiated again"
        )
    if not callable(f):
        raise TypeError(f"{name}(f) takes a function, not {type(f).__name__}: {name}(lambda x: x**2)(3.0)")
    if others:
        raise unknown(name, others, OF_DERIVATIVES)
    is_one = not isinstance(argnums, Iterable) or isinstance(argnums, str)
    remedy = "write the place of an argument, or several in a tuple"
    places = [whole("argnums", place, instead=remedy) for place in ([argnums] if is_one else argnums)]
    call = f"{name}({getattr(f, '__name__', type(f).__name__)})"

    @functools.wraps(f)
    def derivative(*arguments: Any, **options: Any) -> tuple[Any, Any]:
        chosen = [_place(call, place, len(arguments)) for place in places]
        given, own = list(arguments), {}
        with _Recording():
            start = Value(0.0)._birth  # what is made in this call is younger
            for place in dict.fromkeys(chosen):
                given[place], own[place] = _own_argument(call, place, arguments[place])
            with _under_way(start) as outermost:
                answer = _one_number(call, f(*given, **options))
        as_values = any(map(_is_value, nested.parts([arguments, options]))) or _is_from(answer, outermost, start)
        leaves = [leaf for place in own for leaf in own[place]]
        slopes: list[Any] = gradient(answer, leaves) if _is_value(answer) else [Value(0.0) for _ in leaves]
        if as_values:
            answer = answer if _is_value(answer) else Value(answer)
            if not mode().recording:
                answer = identity(answer)  # without the past, which it was given for the derivatives
        else:
            answer = answer.data if _is_value(answer) else answer
            slopes = [slope.data for slope in slopes]
        rest = iter(slopes)
        forms = {place: nested.mapped(arguments[place], lambda part, way: next(rest)) for place in own}
        return answer, forms[chosen[0]] if is_one else tuple([forms[place] for place in chosen])

    return derivative


def _place(call: str, place: int, count: int) -> int:
    if not -count <= place < count:
        raise TypeError(
            f"{call} differentiates by the positional argument {place}, but was given {count} of them: pass it by its "
            "place and not by its name, or choose others by argnums"
        )
    return place % count


def _own_argument(call: str, place: int, argument: Any) -> tuple[Any, list[Value]]:
    """The argument with nodes of this call's own in place of its numbers, and these nodes."""
    own: list[Value] = []

    def fresh(part: Any, way: str) -> Value:
        try:
            # Of a Value a node, which depends on it: others that depend on it too are none of this call's business.
            own.append(part.__apply_operation__(identity, (part,)) if _is_value(part) else Value(real(part)))
        except TypeError as error:
            raise TypeError(
                f"{call} differentiates by argument {place}, which has to be of numbers{way and f', but at {way}'}: "
                f"{error}; other arguments are chosen by argnums"
            ) from None
        return own[-1]

    return nested.mapped(argument, fresh), own


def _one_number(call: str, answer: Any) -> Any:
    """What a function returned, as a Value or a float."""
    answer = unwrapped(answer)
    if _is_value(answer):
        return answer
    if is_real(answer) and not isinstance(answer, bool):
        return real(answer)
    if answer is None:
        told = "None: end it with return"
    elif isinstance(answer, list | tuple | dict) or nested.is_array(answer):
        told = f"{type(answer).__name__}: return one number, as their sum, or write jacobian(outputs, inputs)"
    else:
        told = f"{type(answer).__name__}: compute it with operators and the functions of autograd"
    raise TypeError(f"{call} takes a function that returns one number, but it returned {told}")


# The birth with which the outermost call that is under way began.
_outermost: ContextVar[int | None] = ContextVar("autograd_outermost", default=None)


@contextmanager
def _under_way(start: int) -> Iterator[int | None]:
    """While the function runs; what is given is the birth with which an outer call began, or None."""
    outermost = _outermost.get()
    token = _outermost.set(start if outermost is None else outermost)
    try:
        yield outermost
    finally:
        _outermost.reset(token)


def _is_from(answer: Any, outermost: int | None, start: int) -> bool:
    """Whether an answer may depend on the arguments of an outer call: a Value was used that is as young as they are.

    >>> grad(lambda w: grad(lambda x: w * x**2)(3.0))(2.0)
    6.0

    The inner function takes w from the outer one; a float in place of its derivative, 2·w·x, would not depend on it.
    """
    if outermost is None or not _is_value(answer):
        return False
    found, seen = [answer] if answer._birth >= outermost else [], {answer._birth}
    for node in found:  # grows as it goes
        if node._birth < start:
            return True
        for operand in node.operands:
            if type(operand) is not float and operand._birth >= outermost and operand._birth not in seen:
                seen.add(operand._birth)
                found.append(operand)
    return False
