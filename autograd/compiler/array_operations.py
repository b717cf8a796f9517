"""The operations of the rule book on JAX's arrays: the same formulas, traced from the same rules.

An operation here is a row of equal ones, each of one or many examples: its operands are arrays whose last axis is that
of the examples. It has a `value`, and answers by `sent` what it sends back to its operands when a flow arrives. Which
operands are chosen is the rule's decision, and so are the derivatives at kinks and ties; JAX is not asked.

Second derivatives are those that JAX finds of these formulas. It finds them forwards, for backwards it would multiply
an infinite derivative on the side of a branch that was not taken by 0, and answer nan.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from ..book import BLOCKED, REALS, Operation, unlisted
from ..tracing import Apply, Branch, Expression, Formula, Input, UntraceableError, formula_of, formulas, parts
from .program import DETACH, TAKE

# An array of JAX, of numbers or of truth values.
Array = Any

# What a flow does at an operand: it goes there at any time, at times, or never.
ALWAYS, AT_TIMES, NEVER = "always", "at times", "never"

# The functions of formulas. Those that are not here have the same name in jax.numpy.
FUNCTIONS: dict[str, Callable[..., Array]] = {
    "add": lambda x, y: _added(x, y),
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "negate": lambda x: -x,
    "asin": jnp.arcsin,
    "acos": jnp.arccos,
    "atan": jnp.arctan,
    "atan2": jnp.arctan2,
    "asinh": jnp.arcsinh,
    "acosh": jnp.arccosh,
    "atanh": jnp.arctanh,
    "exp2": lambda x: jnp.power(2.0, x),  # jnp.exp2 loses as many ulp as x is large
    "erf": jax.scipy.special.erf,
    "erfc": jax.scipy.special.erfc,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
    "eq": lambda x, y: x == y,
    "ne": lambda x, y: x != y,
    "and": lambda *conditions: functools.reduce(jnp.logical_and, conditions),
    "or": lambda *conditions: functools.reduce(jnp.logical_or, conditions),
    "not": jnp.logical_not,
}


def _added(x: Array, y: Array) -> Array:
    # XLA leaves out + 0.0, which makes 0.0 of −0.0.
    return jnp.where(x == 0, 0.0, x) if isinstance(y, float) and y == 0 else x + y


# What JAX differentiates as the rule book does.
PLAIN = ("add", "subtract", "multiply", "negate")


@dataclass(frozen=True)
class Sent:
    """What goes back to an operand, and where it has arrived; None for everywhere."""

    flow: Array
    arrived: Array | None


def masked(mask: Array | None, x: Array) -> Array:
    """An array with zeros where a mask does not hold; None holds everywhere."""
    return x if mask is None else jnp.where(mask, x, 0.0)


def both(mask: Array | None, other: Array | None) -> Array | None:
    """Where two masks hold."""
    return other if mask is None else mask if other is None else mask & other


def sent(flow: Array, partial: Array, mask: Array | None) -> Sent:
    """Flow times partial, where both are; elsewhere 0, even if they are infinite."""
    product = flow if isinstance(partial, float) and partial == 1.0 else masked(mask, flow) * masked(mask, partial)
    return Sent(masked(mask, product) if product is flow else product, mask)


# Operations on single numbers ---------------------------------------------------------------------


class OnNumbers:
    """An operation whose operands are single numbers, by the formulas of its rule."""

    def __init__(self, operation: Operation) -> None:
        self.parameters = operation.parameters
        self.functions: dict[str, Callable[..., Any]] = {}
        self.of_value, self.of_partials = formulas(operation, self.functions)
        self.chosen = [chosen(formula) for formula in self.of_partials]
        self._value = self.value_with_slopes() if has_kinks(self.of_value) else self.plain_value

    @staticmethod
    def split(operands: Array) -> list[Array]:
        """The operands of many such operations, a row for each, as arrays that `value` takes."""
        return list(operands.T)

    def value(self, *operands: Array) -> Array:
        """What the operation answers."""
        return self._value(*operands)

    def plain_value(self, *operands: Array) -> Array:
        """The same, of which JAX would guess the derivatives."""
        return self.evaluated(self.of_value, dict(zip(self.parameters, operands, strict=True)))

    def sent(self, flow: Array, reached: Array | None, value: Array, operands: Sequence[Array]) -> list[Sent | None]:
        """What goes back to each operand; None for one that is never chosen."""
        names = dict(zip(self.parameters, operands, strict=True)) | {"value": value}
        return [
            None if self.chosen[place] is NEVER else sent(flow, self.slope(place, names), both(reached, mask))
            for place, mask in enumerate(self.masks(names))
        ]

    def masks(self, names: dict[str, Array]) -> list[Array | None]:
        """Where each operand is chosen."""
        return [
            self.evaluated(truth_of(formula), names) if choice is AT_TIMES else None
            for formula, choice in zip(self.of_partials, self.chosen, strict=True)
        ]

    def slope(self, place: int, names: dict[str, Array]) -> Array:
        """The partial towards an operand, 0 where it is not chosen."""
        formula = self.of_partials[place]
        if not isinstance(formula, Apply | Branch):
            return self.evaluated(formula, names)
        if not has_kinks(formula):
            return self.evaluated(formula, names)
        keys = list(names)
        function = forwards(lambda *numbers: self.evaluated(formula, dict(zip(keys, numbers, strict=True))))
        return function(*names.values())

    def value_with_slopes(self) -> Any:
        """The value as a function of which JAX knows the slopes that the rule has."""
        function: Any = jax.custom_jvp(self.plain_value)

        def with_slopes(operands: Sequence[Array], tangents: Sequence[Array]) -> tuple[Array, Array]:
            value = function(*operands)
            names = dict(zip(self.parameters, operands, strict=True)) | {"value": value}
            total = jnp.zeros_like(value)
            for place, mask in enumerate(self.masks(names)):
                if self.chosen[place] is not NEVER and not is_constant(tangents[place]):
                    total = total + masked(mask, tangents[place]) * masked(mask, self.slope(place, names))
            return value, total

        function.defjvp(with_slopes, symbolic_zeros=True)
        return function

    def evaluated(self, formula: Formula | bool, names: dict[str, Array]) -> Array:
        """What a formula gives, where operands have these numbers; BLOCKED is 0."""
        known: dict[Any, Array] = {}

        def found(thing: Any) -> Array:
            if thing is BLOCKED:
                return 0.0
            if isinstance(thing, (float, bool)):
                return thing
            if isinstance(thing, Branch):
                return jnp.where(found(thing.condition), found(thing.yes), found(thing.no))
            if not isinstance(thing, Apply):
                return names[thing.name]
            for part in parts(thing):  # what is applied first comes first, so that no formula is too deep
                if part not in known:
                    arguments = [known[x] if isinstance(x, Apply) else found(x) for x in part.arguments]
                    if part.function == "divide" and is_quotient(part.arguments[0]):
                        # XLA makes x / (y · y) of x / y / y, where the square may overflow.
                        arguments[0] = lax.optimization_barrier(arguments[0])
                    known[part] = self.applied(part.function, arguments)
            return known[thing]

        return found(formula)

    def applied(self, function: str, arguments: Sequence[Array]) -> Array:
        """A function of a formula, by its name; those of `precise` have formulas of their own."""
        if function not in self.functions:
            return (FUNCTIONS.get(function) or getattr(jnp, function))(*arguments)
        called = self.functions[function]
        names = inspect.signature(called).parameters
        return self.evaluated(formula_of(called, self.functions), dict(zip(names, arguments, strict=True)))


def has_kinks(formula: Formula) -> bool:
    """Whether JAX might see the derivatives of a formula in another way than the rule book."""
    return isinstance(formula, Branch) or any(part.function not in PLAIN for part in parts(formula))


def is_quotient(expression: Expression) -> bool:
    """Whether something may be a quotient."""
    return expression.function == "divide" if isinstance(expression, Apply) else expression == Input("value")


def chosen(partial: Formula) -> str:
    """Whether an operand with this partial is chosen always, at times or never."""
    if isinstance(partial, Branch):
        either = {chosen(partial.yes), chosen(partial.no)}
        return either.pop() if len(either) == 1 else AT_TIMES
    return NEVER if partial is BLOCKED else ALWAYS


def truth_of(partial: Formula) -> Any:
    """The formula that says where an operand with this partial is chosen."""
    if isinstance(partial, Branch):
        return Branch(partial.condition, truth_of(partial.yes), truth_of(partial.no))
    return partial is not BLOCKED


def is_constant(tangent: Array) -> bool:
    """Whether an operand does not vary: so a slope that is nan, as that of (−2)^y by y, is multiplied by no 0."""
    return isinstance(tangent, jax.custom_derivatives.SymbolicZero)


def forwards(function: Callable[..., Array]) -> Any:
    """A function of arrays, number by number, whose derivatives JAX finds forwards, at any order."""

    def along(place: int) -> Any:
        def slope(*xs: Array) -> Array:
            def of_one(x: Array) -> Array:
                return function(*xs[:place], x, *xs[place + 1 :])

            return jax.jvp(of_one, (xs[place],), (jnp.ones_like(xs[place]),))[1]

        return forwards(slope)

    wrapped: Any = jax.custom_jvp(function)

    def with_slopes(xs: Sequence[Array], tangents: Sequence[Array]) -> tuple[Array, Array]:
        value = wrapped(*xs)
        total = jnp.zeros_like(value)
        for place, tangent in enumerate(tangents):
            if not is_constant(tangent):
                total = total + along(place)(*xs) * tangent
        return value, total

    wrapped.defjvp(with_slopes, symbolic_zeros=True)
    return wrapped


# Operations on lists ------------------------------------------------------------------------------


class OnLists:
    """An operation on lists: its one operand is an array of all numbers, whose second axis is the list."""

    def __init__(
        self, value: Callable[[Array], Array], slopes: Callable[[Array, Array], tuple[Array, Array | None]], choice: str
    ) -> None:
        self.value, self.slopes, self.chosen = value, slopes, [choice]

    @staticmethod
    def split(operands: Array) -> list[Array]:
        """All in one array."""
        return [operands]

    def sent(self, flow: Array, reached: Array | None, value: Array, operands: Sequence[Array]) -> list[Sent | None]:
        """What goes back to the numbers of the list."""
        slopes, mask = self.slopes(operands[0], value)
        if reached is not None:
            reached = jnp.broadcast_to(reached[:, None], jnp.broadcast_shapes(reached[:, None].shape, slopes.shape))
        return [sent(flow[:, None], slopes, both(reached, mask))]


def _halves(xs: Array) -> tuple[Array, Array]:
    middle = xs.shape[1] // 2
    return xs[:, :middle], xs[:, middle:]


def _dot(xs: Array) -> Array:
    first, second = _halves(xs)
    return jnp.sum(first * second, 1)


def _swapped(xs: Array, value: Array) -> tuple[Array, None]:
    first, second = _halves(xs)
    return jnp.concatenate([second, first], 1), None


def _extreme(largest: Callable[..., Array], chooses: Callable[..., Array]) -> OnLists:
    """The largest or the smallest: those that tie share."""

    def slopes(xs: Array, value: Array) -> tuple[Array, Array]:
        is_chosen = chooses(xs, value[:, None])
        count = jnp.sum(is_chosen, 1, keepdims=True)
        share = jnp.where(is_chosen, 1.0 / jnp.maximum(count, 1).astype(xs.dtype), 0.0)
        # Where one is not a number, none is chosen, and nobody knows anything.
        return jnp.where(count == 0, jnp.nan, share), is_chosen | (count == 0)

    return OnLists(lambda xs: largest(xs, 1), slopes, AT_TIMES)


def _times(one: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
    """The product of two numbers that are mantissas with exponents."""
    mantissa, exponent = jnp.frexp(one[0] * other[0])
    return mantissa, one[1] + other[1] + exponent


def _scaled(mantissa: Array, exponent: Array) -> Array:
    """mantissa·2^exponent, in steps none of which overflows before the whole does."""
    for _ in range(3):
        step = jnp.clip(exponent, -1000, 1000)
        mantissa, exponent = mantissa * _power_of_two(step, mantissa.dtype), exponent - step
    return mantissa


def _power_of_two(exponent: Array, dtype: Any) -> Array:
    half = exponent // 2
    return jnp.ldexp(jnp.ones((), dtype), half) * jnp.ldexp(jnp.ones((), dtype), exponent - half)


def _product_of_others(xs: Array) -> Array:
    """For each number the product of those before it, times that of those after it."""
    mantissas, exponents = jnp.frexp(xs)
    one = jnp.ones_like(mantissas[:, :1]), jnp.zeros_like(exponents[:, :1])
    before = lax.associative_scan(_times, (mantissas, exponents), axis=1)
    after = lax.associative_scan(_times, (mantissas, exponents), axis=1, reverse=True)
    before = [jnp.concatenate([first, rest[:, :-1]], 1) for first, rest in zip(one, before, strict=True)]
    after = [jnp.concatenate([rest[:, 1:], last], 1) for last, rest in zip(one, after, strict=True)]
    return _scaled(*_times((before[0], before[1]), (after[0], after[1])))


def _product_of_all(xs: Array) -> Array:
    mantissas, exponents = jnp.frexp(xs)
    mantissa, exponent = lax.associative_scan(_times, (mantissas, exponents), axis=1)
    return _scaled(mantissa[:, -1], exponent[:, -1])


_product, _others = jax.custom_jvp(_product_of_all), jax.custom_jvp(_product_of_others)


def _product_with_slopes(operands: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return _product(*operands), jnp.sum(_others(*operands) * tangents[0], 1)


def _others_with_slopes(operands: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (xs,), (tangent,) = operands, tangents
    places = range(xs.shape[1] if xs.shape[1] > 1 else 0)  # the product of no others does not change
    changes = [jnp.sum(_others(_without(xs, i)) * _without(tangent, i), 1) for i in places]
    return _others(xs), jnp.stack(changes, 1) if changes else jnp.zeros_like(xs)


def _without(xs: Array, place: int) -> Array:
    return jnp.concatenate([xs[:, :place], xs[:, place + 1 :]], 1)


_product.defjvp(_product_with_slopes)
_others.defjvp(_others_with_slopes)


def _scale(xs: Array) -> Array:
    """A power of two by which the squares of all numbers can be added."""
    range_of_exponents = -int(jnp.finfo(xs.dtype).minexp)
    step, limit = 2.0 ** (range_of_exponents * 3 // 5), 2.0 ** (range_of_exponents * 47 // 100)
    largest = jnp.max(jnp.abs(xs), 1, keepdims=True)
    scale = jnp.where(largest > limit, 1.0 / step, jnp.where(largest < 1.0 / limit, step, 1.0))
    return lax.stop_gradient(scale.astype(xs.dtype))


def _root(x: Array) -> Array:
    """A square root whose derivative is taken to be 0 at 0, where it is multiplied by 0."""
    is_zero = x == 0
    return jnp.where(is_zero, 0.0, jnp.sqrt(jnp.where(is_zero, 1.0, x)))


def _norm(xs: Array) -> Array:
    largest = jnp.max(jnp.abs(xs), 1)
    scale = _scale(xs)
    length = _root(jnp.sum((xs * scale) ** 2, 1)) / scale[:, 0]
    return jnp.where(jnp.isinf(largest), largest, length)


def _norm_slopes(xs: Array, value: Array) -> tuple[Array, None]:
    length = _norm(xs)[:, None]
    is_infinite = jnp.isinf(xs)
    share = jnp.where(jnp.sum(is_infinite, 1, keepdims=True) == 1, 1.0, jnp.nan)
    at_infinity = jnp.where(is_infinite, jnp.copysign(share, xs), 0.0)
    usual = (length > 0) & (length < jnp.inf) | jnp.isnan(length)
    scale = _scale(xs)
    slopes = (xs * scale) / jnp.where(usual, length * scale, 1.0)
    return jnp.where(usual, slopes, jnp.where(length == 0, 0.0, at_infinity)), None


def _distances(xs: Array) -> Array:
    """How far each is from their mean: exactly 0 where all are equal, for distances from one of them are."""
    distances = xs - xs[:, :1]
    distances = (xs.shape[1] * distances - jnp.sum(distances, 1, keepdims=True)) / xs.shape[1]
    return jnp.where(jnp.all(jnp.isfinite(xs), 1, keepdims=True), distances, jnp.nan)


def _var(xs: Array) -> Array:
    return jnp.sum(_distances(xs) ** 2, 1) / (xs.shape[1] - 1)


def _var_slopes(xs: Array, value: Array) -> tuple[Array, None]:
    return 2.0 * _distances(xs) / (xs.shape[1] - 1), None


def _std(xs: Array) -> Array:
    scale = _scale(xs)
    return _root(_var(xs * scale)) / scale[:, 0]


def _std_slopes(xs: Array, value: Array) -> tuple[Array, None]:
    scale = _scale(xs)
    distances, spread = _distances(xs * scale), _root(_var(xs * scale))[:, None]
    is_zero = spread == 0
    slopes = distances / jnp.where(is_zero, 1.0, spread) / (xs.shape[1] - 1)
    return jnp.where(is_zero, 0.0, slopes), None


def _logsumexp(xs: Array) -> Array:
    largest = lax.stop_gradient(jnp.max(xs, 1))
    shift = jnp.where(jnp.isinf(largest), 0.0, largest)
    total = jnp.sum(jnp.exp(jnp.where(jnp.isinf(largest), 0.0, 1.0)[:, None] * (xs - shift[:, None])), 1)
    return jnp.where(jnp.isinf(largest), largest, shift + jnp.log(total))


def _logsumexp_slopes(xs: Array, value: Array) -> tuple[Array, None]:
    largest = lax.stop_gradient(jnp.max(xs, 1, keepdims=True))
    is_infinite = jnp.isinf(largest)
    powers = jnp.exp(jnp.where(is_infinite, 0.0, xs - jnp.where(is_infinite, 0.0, largest)))
    shares = powers / jnp.sum(powers, 1, keepdims=True)
    tied = xs >= largest
    # A number that is infinitely larger takes all; if several are, nobody knows their shares.
    limit = jnp.where(tied, jnp.where(jnp.sum(tied, 1, keepdims=True) == 1, 1.0, jnp.nan), 0.0)
    return jnp.where(is_infinite, limit, shares), None


ON_LISTS = {
    "sum": OnLists(lambda xs: jnp.sum(xs, 1), lambda xs, value: (jnp.ones_like(xs), None), ALWAYS),
    "mean": OnLists(
        lambda xs: jnp.sum(xs, 1) / xs.shape[1], lambda xs, value: (jnp.full_like(xs, 1.0 / xs.shape[1]), None), ALWAYS
    ),
    "var": OnLists(_var, _var_slopes, ALWAYS),
    "std": OnLists(_std, _std_slopes, ALWAYS),
    "prod": OnLists(_product, lambda xs, value: (_others(xs), None), ALWAYS),
    "max": _extreme(jnp.max, lambda xs, value: xs >= value),
    "min": _extreme(jnp.min, lambda xs, value: xs <= value),
    "norm": OnLists(_norm, _norm_slopes, ALWAYS),
    "dot": OnLists(_dot, _swapped, ALWAYS),
    "logsumexp": OnLists(_logsumexp, _logsumexp_slopes, ALWAYS),
}

# What programs are made of beside operations of the book -------------------------------------------


class Linear:
    """Chains of sums and products: `left` has the axes block, chain, term, example; `right` block, term, example.

    The chains of a block share their right factors, as the neurons of a layer share their inputs. So a block is a
    matrix times a vector, and with many examples times a matrix.
    """

    chosen = (ALWAYS, ALWAYS)

    def value(self, left: Array, right: Array) -> Array:
        """The sums."""
        if left.shape[-1] == 1:
            return _einsum("brk,bke->bre", left[..., 0], right)
        return _einsum("brke,bke->bre", left, right)

    def sent(self, flow: Array, reached: Array | None, value: Array, operands: Sequence[Array]) -> list[Sent | None]:
        """To each factor the flow times the other one; to what a block shares the sum of it over the block."""
        left, right = operands
        right = jnp.broadcast_to(right, (*right.shape[:-1], flow.shape[-1]))
        if reached is None:
            to_left, to_right = _products(flow, left, right)
            return [Sent(to_left, None), Sent(to_right, None)]
        # Chains that nothing has reached send nothing, though a factor be infinite: that is rare, and costs more.
        is_easy = jnp.all(jnp.isfinite(left)) & jnp.all(jnp.isfinite(right))
        to_left, to_right = lax.cond(
            is_easy, _products, functools.partial(_careful_products, reached), *(masked(reached, flow), left, right)
        )
        return [
            Sent(to_left, jnp.broadcast_to(reached[:, :, None], (*left.shape[:-1], flow.shape[-1]))),
            Sent(to_right, jnp.broadcast_to(jnp.any(reached, 1)[:, None], right.shape)),
        ]


def _products(flow: Array, left: Array, right: Array) -> tuple[Array, Array]:
    """What goes to the factors of chains; to left ones that all examples share, the sum over these."""
    if left.shape[-1] == 1:
        return _einsum("bre,bke->brk", flow, right)[..., None], _einsum("bre,brk->bke", flow, left[..., 0])
    return flow[:, :, None] * right[:, None], _einsum("bre,brke->bke", flow, left)


def _careful_products(reached: Array, flow: Array, left: Array, right: Array) -> tuple[Array, Array]:
    """The same, factor by factor."""
    to_left = flow[:, :, None] * masked(reached[:, :, None], right[:, None])
    to_right = jnp.sum(flow[:, :, None] * masked(reached[:, :, None], left), 1)
    return jnp.sum(to_left, -1, keepdims=True) if left.shape[-1] == 1 else to_left, to_right


def _einsum(axes: str, *operands: Array) -> Array:
    return jnp.einsum(axes, *operands, precision=lax.Precision.HIGHEST)


class Take:
    """A choice by an index: its operands are the indices, and an array whose second axis is the list."""

    chosen = (NEVER, AT_TIMES)

    @staticmethod
    def split(operands: Array) -> list[Array]:
        """The index, and the list."""
        return [operands[:, 0], operands[:, 1:]]

    def value(self, index: Array, xs: Array) -> Array:
        """The chosen ones; the first ones where an index is none."""
        place = lax.stop_gradient(jnp.where(is_place(index, xs.shape[1]), index, 0.0)).astype(int)
        return jnp.take_along_axis(xs, place[:, None], 1, mode="clip")[:, 0]

    def is_chosen(self, index: Array, xs: Array) -> Array:
        """Which ones are."""
        return jnp.arange(xs.shape[1], dtype=xs.dtype)[None, :, None] == lax.stop_gradient(index)[:, None]

    def sent(self, flow: Array, reached: Array | None, value: Array, operands: Sequence[Array]) -> list[Sent | None]:
        """To the chosen ones all of it."""
        is_chosen = self.is_chosen(*operands)
        return [None, sent(flow[:, None], 1.0, both(None if reached is None else reached[:, None], is_chosen))]


def is_place(index: Array, length: int) -> Array:
    """Whether numbers are indices of a list of a length."""
    return (index >= 0) & (index < length) & (index == jnp.floor(index))


class Detach:
    """The number, to which nothing flows back."""

    chosen = (NEVER,)

    @staticmethod
    def split(operands: Array) -> list[Array]:
        """The number."""
        return [operands[:, 0]]

    def value(self, x: Array) -> Array:
        """The number."""
        return lax.stop_gradient(x)

    def sent(self, flow: Array, reached: Array | None, value: Array, operands: Sequence[Array]) -> list[Sent | None]:
        """Nothing."""
        return [None]


OfBook = OnNumbers | OnLists | Take | Detach
ArrayOperation = OfBook | Linear


@functools.cache
def on_arrays(operation: Operation, length: int) -> OfBook:
    """An operation of so many operands on arrays. Raises TypeError for one whose rule cannot be traced."""
    if operation is TAKE:
        return Take()
    if operation is DETACH:
        return Detach()
    if operation.is_of_book and operation.list_count:
        return ON_LISTS[operation.name]
    try:
        return OnNumbers(laid_out(operation, length) if operation.list_count else operation)
    except UntraceableError as error:
        raise TypeError(
            f"{operation.name} cannot go to JAX: {error}. Write its rule with operators and functions of autograd, "
            "and let it decide by < and > only"
        ) from error


def laid_out(operation: Operation, length: int) -> Operation:
    """A user's operation on lists as one on so many single numbers."""

    def rule(*numbers: Any) -> Any:
        return operation.rule(*operation.arguments(numbers))

    rule.__name__ = operation.name
    return unlisted(rule, operation.notation, (REALS,) * length, tuple([f"x{i}" for i in range(length)]))
