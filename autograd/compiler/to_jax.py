"""A program as a pure function of arrays, for JAX: to compile, to differentiate, and to spread over machines.

The function takes the parameters as one vector and the inputs as they are nested in the arguments of what was
recorded. It is for `jax.jit`, `jax.vmap`, `jax.grad` and `jax.sharding` as it is. JAX comes with
`pip install "scalar-autograd[jax]"`.

What JAX sees are array operations, one for each group of equal instructions (see `levels`), and two walks over them:
forwards, where each group puts its numbers into its rows, and backwards, where each group finds the flows that have
been sent to it, adds them up and sends on what leaves. Both are the rule book's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .array_operations import Array, Take, is_place
from .levels import Group, Indices, Operand, Plan, Sums, planned
from .program import Program

X64_IS_OFF = (
    "Values compute in float64, which is off in JAX: call jax.config.update('jax_enable_x64', True) first, "
    "or pass the parameters as an array of float32"
)


# Those of `RELATIONS`, in their order.
COMPARISONS = (jnp.less, jnp.less_equal, jnp.greater, jnp.greater_equal, jnp.equal, jnp.not_equal)


class JaxFunction:
    """A program as a pure function of (parameters, inputs); made by `to_jax`.

    `mean`, `sum` and `map` are those of compiled functions: they take columns, arrays with one axis more, the first
    one, for the examples. `jax.vmap` of the function itself does the same, but has a gradient for each example before
    it adds them up.

    Computes in the type of the parameters, float64 or float32. An example that would take another path through the
    recorded function gives nan, and so are its gradients. `jax.grad` and `jax.vjp` differentiate it, and what they give
    may be differentiated in either direction; `jax.jvp` alone cannot. Numbers too small for all their digits
    (subnormal ones) are 0 in XLA.
    """

    def __init__(
        self,
        program: Program,
        arguments: Mapping[str, Any],
        values: Sequence[Any],
        assembled: Callable[[list[Any]], Any],
    ) -> None:
        self.program, self.values, self.assembled = program, tuple(values), assembled
        self.names, self.arguments = tuple(arguments), tuple(arguments.values())
        self.plan = planned(program)
        self.__name__ = program.name
        self._outputs = differentiable(self.plan)

    def __call__(self, parameters: Any, *inputs: Any) -> Any:
        """What the function answers for one example.

        The inputs are its arguments, one after the other or in one tuple, and nested as when it was recorded; an array
        may stand for a list of numbers.
        """
        return self.assembled([output[0] for output in self._of_columns(parameters, inputs, is_batch=False)])

    def map(self, parameters: Any, *columns: Any) -> Any:
        """What it answers for many examples, with arrays in the place of numbers."""
        return self.assembled(list(self._of_columns(parameters, columns, is_batch=True)))

    def sum(self, parameters: Any, *columns: Any) -> Any:
        """The sum of what it answers for many examples."""
        return self.assembled([jnp.sum(output) for output in self._of_columns(parameters, columns, is_batch=True)])

    def mean(self, parameters: Any, *columns: Any) -> Any:
        """The mean of what it answers for many examples."""
        return self.assembled([jnp.mean(output) for output in self._of_columns(parameters, columns, is_batch=True)])

    def parameters(self, dtype: Any = "float64") -> Array:
        """The present numbers of the parameters, in the order of `program.parameter_names`."""
        _check_precision(np.dtype(dtype))
        return jnp.array([value.data for value in self.values], dtype)

    def load(self, parameters: Any) -> None:
        """Give the parameters these numbers, as after training. Raises ValueError for too many or too few."""
        numbers = np.asarray(parameters, "float64").tolist()
        if len(numbers) != len(self.values):
            raise ValueError(f"there are {len(self.values)} parameters, and {len(numbers)} numbers for them")
        for value, number in zip(self.values, numbers, strict=True):
            value.data = number

    def __repr__(self) -> str:
        plan = self.plan
        return f"<{self.__name__} for JAX: {len(self.program.codes)} instructions in {len(plan.groups)} groups>"

    def _of_columns(self, parameters: Any, inputs: tuple[Any, ...], is_batch: bool) -> Array:
        if not hasattr(parameters, "dtype"):
            parameters = np.asarray(parameters, "float64")
        _check_precision(parameters.dtype)
        parameters = jnp.asarray(parameters)
        if parameters.shape != (len(self.program.parameter_names),):
            raise ValueError(
                f"{self.__name__} has {len(self.program.parameter_names)} parameters, which are one vector; "
                f"this is an array of the shape {parameters.shape}"
            )
        laid = LaidOut(self.__name__, is_batch)
        given = _as_arguments(self.arguments, inputs)
        if len(given) != len(self.arguments):
            raise TypeError(f"{self.__name__} was recorded with {len(self.arguments)} arguments, not {len(given)}")
        for name, template, argument in zip(self.names, self.arguments, given, strict=True):
            laid.add(name, template, argument)
        return spread(self._outputs, parameters, laid.columns(parameters.dtype))


def to_jax(
    program: Program,
    arguments: Mapping[str, Any] | None = None,
    values: Sequence[Any] = (),
    assembled: Callable[[list[Any]], Any] | None = None,
) -> JaxFunction:
    """A program as a pure function of (parameters, inputs) for JAX.

    `arguments` are those of the recorded function by their names, with the place of an input for each number; without
    them, each input is an argument. `values` are the parameters, for `JaxFunction.parameters` and `JaxFunction.load`.
    `assembled` makes the answer of a list of outputs; without it, it is that list, or its only item. Raises TypeError
    for a user's operation whose rule cannot be told to JAX.
    """
    if arguments is None:
        arguments = {name: place for place, name in enumerate(program.input_names)}
    templates = {name: _with_lists(x) for name, x in arguments.items()}
    return JaxFunction(
        program, {name: x for name, x in templates.items() if _places(x)}, values, assembled or _alone_or_all
    )


def _alone_or_all(outputs: list[Any]) -> Any:
    return outputs[0] if len(outputs) == 1 else outputs


# Arguments ----------------------------------------------------------------------------------------


class LaidOut:
    """The numbers of arguments, in the order of a program's inputs."""

    def __init__(self, name: str, is_batch: bool) -> None:
        self.name, self.is_batch = name, is_batch
        self.places: list[int] = []
        self.pieces: list[Array] = []  # each of the shape (numbers, examples)

    def add(self, name: str, template: Any, given: Any) -> None:
        """Add what stands in an argument where the template has places of inputs."""
        if isinstance(template, dict):
            if not isinstance(given, dict) or given.keys() != template.keys():
                raise ValueError(f"{name} should be a dict of {', '.join(map(repr, template))}")
            for key, part in template.items():
                self.add(f"{name}[{key!r}]", part, given[key])
        elif type(template) is int or (_is_list(template) and hasattr(given, "shape")):
            self.add_array(name, template, jnp.asarray(given))
        elif _is_list(template):
            if not _is_list(given) or len(given) != len(template):
                found = len(given) if _is_list(given) else type(given).__name__
                raise ValueError(f"{name} should have {len(template)} items, as when it was recorded, not {found}")
            for i, (part, item) in enumerate(zip(template, given, strict=True)):
                self.add(f"{name}[{i}]", part, item)

    def add_array(self, name: str, template: Any, array: Array) -> None:
        """Add an array that stands for a number, or for lists of them."""
        shape, before = _shape_of(name, template), array.ndim - self.is_batch
        if before < 0 or array.shape[self.is_batch :] != shape:
            wanted = ("examples", *shape) if self.is_batch else shape
            told = ", ".join(map(str, wanted)) + ("," if len(wanted) == 1 else "")
            raise ValueError(f"{name} should have the shape ({told}), and has {array.shape}")
        self.places += _places(template)
        numbers = array.reshape((*array.shape[: self.is_batch], -1))
        self.pieces.append(numbers.T if self.is_batch else numbers[:, None])

    def columns(self, dtype: Any) -> Array:
        """A row for each input."""
        lengths = sorted({piece.shape[1] for piece in self.pieces})
        if len(lengths) > 1:
            raise ValueError(f"the columns of {self.name} have different lengths: {', '.join(map(str, lengths))}")
        if not self.pieces:
            return jnp.zeros((0, 1), dtype)
        numbers = jnp.concatenate([piece.astype(dtype) for piece in self.pieces])
        if self.places == list(range(len(self.places))):
            return numbers
        # A Value that was given twice is one input.
        return _gathered(numbers, np.array([self.places.index(place) for place in range(max(self.places) + 1)]))


def _is_list(thing: Any) -> bool:
    return isinstance(thing, tuple | list)


def _with_lists(template: Any) -> Any:
    """The template with lists in the place of arrays."""
    if hasattr(template, "tolist"):
        return template.tolist()
    if isinstance(template, dict):
        return {key: _with_lists(part) for key, part in template.items()}
    return type(template)(map(_with_lists, template)) if type(template) in (tuple, list) else template


def _places(template: Any) -> list[int]:
    """The places of inputs in a template, in their order."""
    if type(template) is int:
        return [template]
    parts = template.values() if isinstance(template, dict) else template if _is_list(template) else ()
    return [place for part in parts for place in _places(part)]


def _shape_of(name: str, template: Any) -> tuple[int, ...]:
    """The shape of an array that may stand for nested lists."""
    if type(template) is int:
        return ()
    shapes = {_shape_of(name, part) if type(part) is int or _is_list(part) else None for part in template}
    if len(shapes) > 1 or None in shapes:
        raise ValueError(f"{name} cannot be one array, for its parts differ: pass them in a {type(template).__name__}")
    return (len(template), *(next(iter(shapes), None) or ()))


def _as_arguments(templates: tuple[Any, ...], inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs, one for each argument, also if they came in one tuple."""
    if len(inputs) != 1 or not isinstance(inputs[0], tuple) or len(inputs[0]) != len(templates):
        return inputs
    is_lone = len(templates) == 1 and _is_list(templates[0]) and _fits(templates[0], inputs[0])
    return inputs if is_lone else inputs[0]


def _fits(template: Any, given: Any) -> bool:
    """Whether something is nested as a template is."""
    if _is_list(template):
        if not _is_list(given):
            return bool(np.ndim(given))
        return len(template) == len(given) and all(map(_fits, template, given))
    return isinstance(template, dict) == isinstance(given, dict) and not _is_list(given)


def _check_precision(dtype: Any) -> None:
    if dtype == np.float64 and not jax.config.jax_enable_x64:
        raise RuntimeError(X64_IS_OFF)


# Meshes -------------------------------------------------------------------------------------------


def spread(outputs: Any, parameters: Array, columns: Array) -> Array:
    """The outputs, where examples may be spread over devices, in each of the ways that JAX has for that."""

    def of_both(parameters: Array, columns: Array) -> Array:
        # In a shard_map what is the same everywhere is made to differ, so that its gradients are summed.
        same, also = (
            lax.full_like(x, -0.0, shape=(1,) * y.ndim) for x, y in ((columns, parameters), (parameters, columns))
        )
        return outputs(parameters + same, columns + also)

    kind = jax.typeof(columns)
    mesh = kind.sharding.mesh
    if mesh.empty or not mesh.explicit_axes:
        return of_both(parameters, columns)
    # With explicit axes each operation would have to say where its answer is; XLA knows.
    by_example = jax.NamedSharding(mesh, jax.P(None, kind.sharding.spec[1]))
    return jax.sharding.auto_axes(of_both, axes=mesh.explicit_axes, out_sharding=by_example)(parameters, columns)


# Rows in pieces -----------------------------------------------------------------------------------


class Rows:
    """Rows of numbers, one number for each example, in pieces of which each begins at a place.

    What has no piece is a row that all such places share. One array for all would be copied at each new piece.
    """

    def __init__(self, shared: Array) -> None:
        self.shared = shared
        self.starts: list[int] = []
        self.pieces: list[Array] = []

    def put(self, start: int, piece: Array) -> None:
        """Add a piece, behind those that are there."""
        self.starts.append(start)
        self.pieces.append(piece)

    def picked(self, index: Indices) -> Array:
        """The rows at these places, in an array of one axis more than the places."""
        places = index.ravel()
        if not places.size:
            return jnp.zeros((*index.shape, self.shared.shape[1]), self.shared.dtype)
        piece_of = np.searchsorted(self.starts, places, "right") - 1
        ends = np.array([start + len(piece) for start, piece in zip(self.starts, self.pieces, strict=True)], np.int64)
        piece_of[places >= ends[piece_of]] = -1
        found, local, count = [], np.empty_like(places), 0
        for i in np.unique(piece_of).tolist():
            is_here = piece_of == i
            here = places[is_here] - self.starts[i] if i >= 0 else np.zeros(is_here.sum(), np.int64)
            first, end = int(here.min()), int(here.max()) + 1
            local[is_here] = here - first + count
            found.append(_slice(self.pieces[i] if i >= 0 else self.shared, first, end))
            count += end - first
        rows = found[0] if len(found) == 1 else jnp.concatenate(found)
        if local.size != count or (local != np.arange(count)).any():
            rows = _gathered(rows, local)
        return rows.reshape((*index.shape, rows.shape[-1]))


def _slice(rows: Array, first: int, end: int) -> Array:
    return rows if (first, end) == (0, len(rows)) else lax.slice_in_dim(rows, first, end)


def _gathered(rows: Array, places: Indices) -> Array:
    axes = lax.GatherDimensionNumbers(offset_dims=(1,), collapsed_slice_dims=(0,), start_index_map=(0,))
    mode = lax.GatherScatterMode.PROMISE_IN_BOUNDS  # else it asks each
    return lax.gather(rows, places.astype(np.int32)[:, None], axes, (1, rows.shape[1]), mode=mode)


# The two walks ------------------------------------------------------------------------------------


def differentiable(plan: Plan) -> Any:
    """The outputs by parameters and columns, one row for each; columns have a row for each input."""

    def plain(parameters: Array, columns: Array) -> Array:
        return forward(parameters, columns)[0]

    def forward(parameters: Array, columns: Array) -> tuple[Array, Any]:
        base = base_of(plan, parameters)
        rows = computed(plan, base, columns)
        answer, path = rows.picked(plan.outputs), took_the_path(plan, rows)
        return answer if path is None else jnp.where(path, answer, jnp.nan), (base, rows.pieces)

    def backward(known: Any, arriving: Array) -> tuple[Array, Array]:
        base, pieces = known
        rows = Rows(pieces[0][:1])
        for start, piece in zip(plan.starts, pieces, strict=True):
            rows.put(start, piece)
        path = took_the_path(plan, rows)
        return gradients(plan, base, rows, arriving if path is None else jnp.where(path, arriving, jnp.nan))

    outputs: Any = jax.custom_vjp(plain)
    outputs.defvjp(forward, backward)
    return outputs


def base_of(plan: Plan, parameters: Array) -> Array:
    """What all examples share, in rows of one number."""
    return jnp.concatenate([parameters, jnp.asarray(np.array(plan.constants), parameters.dtype)])[:, None]


def computed(plan: Plan, base: Array, columns: Array) -> Rows:
    """All rows: what each slot holds, for every example."""
    examples = columns.shape[1]
    rows = Rows(columns[:0])
    borrowed = whole(base)
    rows.put(0, jnp.broadcast_to(borrowed.picked(plan.borrowed), (len(plan.borrowed), examples)))
    rows.put(plan.inputs, columns)
    for group in plan.groups:
        value = group.operation.value(*read(group, base, rows))
        value = value.reshape((len(group.slots), value.shape[-1]))
        rows.put(group.first, jnp.broadcast_to(value, (len(group.slots), examples)))
    return rows


def gradients(plan: Plan, base: Array, rows: Rows, arriving: Array) -> tuple[Array, Array]:
    """What arrives at the parameters, from all examples, and at the columns."""
    examples = arriving.shape[1]
    nothing = jnp.zeros((1, examples), arriving.dtype)
    to_base, to_rows, arrivals = Rows(nothing[:, :1]), Rows(nothing), Rows(jnp.ones((1, examples), bool))
    to_rows.put(1, arriving)
    arrivals.put(0, jnp.zeros((1, examples), bool))
    if len(plan.outputs) > 1:
        arrivals.put(1, arriving != 0)  # of several outputs, one to which 0 has come has not been asked for
    for group in reversed(plan.groups):
        sums = plan.flows[group.first]
        if sums is None:
            continue
        reached = None if group.is_certain else in_blocks(group, collected(sums, arrivals, jnp.any))
        flow = in_blocks(group, collected(sums, to_rows, jnp.sum))
        value = in_blocks(group, rows.picked(group.rows))
        leaving = group.operation.sent(flow, reached, value, read(group, base, rows))
        for operand, sent in zip(group.operands, leaving, strict=True):
            if operand.put_at < 0 or sent is None:
                continue
            if operand.from_base:
                to_base.put(operand.put_at, in_rows(operand, jnp.sum(sent.flow, -1, keepdims=True), 1))
                continue
            to_rows.put(operand.put_at, in_rows(operand, sent.flow, examples))
            if operand.tells and sent.arrived is not None:
                arrivals.put(operand.put_at, in_rows(operand, sent.arrived, examples))
    total = jnp.zeros(len(plan.program.parameter_names), arriving.dtype)
    if plan.base_flows is not None:
        total = total + collected(plan.base_flows, to_base, jnp.sum)[:, 0]
    if plan.borrowed_flows is not None:
        total = total + jnp.sum(collected(plan.borrowed_flows, to_rows, jnp.sum), 1)
    if plan.input_flows is None:
        return total, jnp.zeros((len(plan.program.input_names), examples), arriving.dtype)
    return total, collected(plan.input_flows, to_rows, jnp.sum)


def whole(rows: Array) -> Rows:
    """Rows that are one piece."""
    made = Rows(rows[:1])
    made.put(0, rows)
    return made


def read(group: Group, base: Array, rows: Rows) -> list[Array]:
    """The operands of a group; their last axis is that of the examples, of length 1 for what all share."""
    return [
        (whole(base) if operand.from_base else rows).picked(operand.index)
        if operand.constants is None
        else jnp.asarray(operand.constants[..., None], base.dtype)
        for operand in group.operands
    ]


def in_rows(operand: Operand, x: Array, examples: int) -> Array:
    """What is sent to an operand, in rows."""
    return jnp.broadcast_to(x, (*operand.index.shape, examples)).reshape((operand.index.size, examples))


def in_blocks(group: Group, x: Array) -> Array:
    """The rows of a group in the shape that its operation works in: chains stand in blocks."""
    index = group.operands[0].index
    return x.reshape((*index.shape[:2], x.shape[-1])) if index.ndim == 3 else x


def collected(sums: Sums, sent: Rows, total: Callable[..., Array]) -> Array:
    """The flows of some slots, found among what was sent."""
    flows = [sent.picked(terms[:, 0]) if terms.shape[1] == 1 else total(sent.picked(terms), 1) for terms in sums.terms]
    together = flows[0] if len(flows) == 1 else jnp.concatenate(flows)
    return together if sums.order is None else _gathered(together, sums.order)


def took_the_path(plan: Plan, rows: Rows) -> Array | None:
    """Whether each example takes the recorded path, and its indices are places of lists; None if there is only one."""
    answers = []
    for compare, guards in zip(COMPARISONS, plan.guards, strict=True):
        if len(guards):
            outcome = compare(rows.picked(guards[:, 0]), rows.picked(guards[:, 1]))
            answers.append(jnp.all(outcome == (guards[:, 2] == 1)[:, None], 0))
    for group in plan.groups:
        if isinstance(group.operation, Take):
            index, xs = group.operands
            answers.append(jnp.all(is_place(rows.picked(index.index), xs.index.shape[1]), 0))
    return None if not answers else jnp.all(jnp.stack(answers), 0)
