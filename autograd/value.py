"""Numbers that remember how they were computed, and the chain rule over them.

>>> x = Value(3.0)
>>> y = x * x + 1.0
>>> y.backward()
>>> x.grad
6.0

A Value knows four things of its past: its **operation**, its **operands**, the numbers these were, and a
**local-gradient closure** that answers the partial derivative of the node with respect to each operand.
Operands that are Values are its **parents**. That is the whole graph; `backward` walks it once, from the root
to the leaves. What a derivative is, this file does not know: `operations` does.
"""

import itertools
import math
import sys
import threading
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import update_wrapper
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, SupportsFloat, Union, overload

from . import operations
from .anomaly import check_derivatives, check_leaf, check_made, check_pass, users_line
from .ieee import real
from .modes import MODE, Scope, mode, settled
from .operations import BLOCKED, LISTENERS, OPERATIONS, Operation

# What may stand in an expression: a Value or any real number.
Number = Union["Value", SupportsFloat]

# In each thread, the operands of nodes that are being freed; see `Value.__del__`.
_freeing = threading.local()


class Value:
    """A number in a computation graph: a leaf, or the node that an operation made.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b
    >>> c, c.operation, c.parents == (a, b)
    (Value(data=-6.0, grad=0.0, operation=multiply), <operation multiply>, True)

    `data` is any real number (int, float, Fraction, NumPy real scalar), kept as a float; everything else
    raises TypeError. Operators follow IEEE 754: no number raises, a division by zero is inf or nan. Values
    are equal only to themselves; `<` and `>` compare data.
    """

    __slots__ = (
        "__weakref__",
        "_birth",  # counts the Values of this process: a node is always younger than its operands
        "_data",
        "_grad",  # None until a pass has come by
        "_label",
        "_local_gradient",
        "line",  # where the program made this node, known under detect_anomaly only
        "numbers",  # the operands as they were when the node was computed
        "operands",
        "operation",
        "scope",  # the innermost scope it was made in, or None
    )

    def __init__(self, data: SupportsFloat, label: str = "") -> None:
        self._birth = next(_births)
        self._data = real(data)
        self._grad: float | None = None
        self._local_gradient: Callable[[], Sequence[Any]] | None = None
        self.label = label
        self.line: str | None = None
        self.numbers: tuple[float, ...] = ()
        self.operands: tuple[Value | float, ...] = ()
        self.operation: Operation | None = None
        way = mode()
        self.scope: Scope | None = way.scope
        if way.anomaly:
            self.line = users_line()
            check_leaf(self, self._data)

    # What a Value knows ---------------------------------------------------------------------------

    @property
    def data(self) -> float:
        """The number. Setting it is for leaves, which is how training works; an interior node raises AttributeError."""
        return self._data

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        if self.operation is not None:
            raise AttributeError(
                f"the data of an interior node ({self.operation.name}) follows from its operands: "
                "change a leaf and compute again, or make a leaf of it with detach()"
            )
        number = real(data)
        if mode().anomaly:
            check_leaf(self, number)
        self._data = number

    @property
    def label(self) -> str:
        """What drawings and messages call this Value; "" for none. Anything but a string raises TypeError."""
        return self._label

    @label.setter
    def label(self, label: str) -> None:
        if not isinstance(label, str):
            raise TypeError(f"a label is a string, not {type(label).__name__}: Value(data, label='x')")
        self._label = label

    @property
    def grad(self) -> float:
        """The derivative of the root with respect to this node; 0.0 before any pass.

        Leaves accumulate over passes until `zero_grad`; an interior node shows the last pass.
        """
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat | None) -> None:
        self._grad = None if grad is None else real(grad)

    @property
    def parents(self) -> tuple["Value", ...]:
        """The operands that are Values, in their order; x * x has the parents (x, x)."""
        return tuple([operand for operand in self.operands if isinstance(operand, Value)])

    @property
    def has_grad(self) -> bool:
        """Whether a pass has come by since the gradient was last forgotten."""
        return self._grad is not None

    def item(self) -> float:
        """The plain number, as `data`: PyTorch's name for it."""
        return self._data

    def zero_grad(self) -> None:
        """Forget the gradient, as before any pass."""
        self._grad = None

    def detach(self) -> "Value":
        """A new leaf with the same number and label."""
        return Value(self._data, self.label)

    # The chain rule -------------------------------------------------------------------------------

    def local_gradients(self) -> list[tuple["Value", float | None]]:
        """Each parent with the partial derivative of this node with respect to it.

        >>> x, y = Value(2.0, "x"), Value(5.0, "y")
        >>> [(parent.label, partial) for parent, partial in (x * y).local_gradients()]
        [('x', 5.0), ('y', 2.0)]

        For a parent that the operation did not choose, as the smaller one of a maximum, the partial is
        `BLOCKED`.
        """
        if self.operation is None or self._local_gradient is None:
            return []
        pairs = zip(self.operands, _partials(self, self._local_gradient), strict=True)
        return [
            (operand, partial if type(partial) is float else _plain(partial))
            for operand, partial in pairs
            if isinstance(operand, Value)
        ]

    def backward(self, seed: SupportsFloat = 1.0) -> None:
        """Add to every leaf's `grad` the derivative of this node with respect to it, times `seed`.

        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward()
        >>> y.backward()
        >>> x.grad
        54.0

        A pass changes gradients only at its very end: one that an exception or Ctrl-C breaks off has changed
        nothing. A seed of 0 changes nothing at all. Raises RuntimeError for what was computed under `no_grad`, and
        FloatingPointError under `detect_anomaly` where a gradient is inf or nan.
        """
        start = real(seed)
        _check_past(self)
        if start == 0.0:
            return
        order = topological_order(self)
        # The flow that has arrived at each node so far. When the walk comes to a node, all nodes computed
        # from it have sent theirs, so the flows of its branches are summed before the local gradients are
        # applied, once.
        flows = {self: start}
        for node in reversed(order):
            if node in flows and node.operation is not None:
                for parent, partial in node.local_gradients():
                    if partial is not BLOCKED:
                        flow = flows[node] * partial
                        flows[parent] = flows[parent] + flow if parent in flows else flow
        if mode().anomaly:
            check_pass(order, flows)
        _commit(order, flows)

    # Operators ------------------------------------------------------------------------------------

    def __add__(self, other: Number) -> "Value":
        return _apply(operations.add, (self, _operand(other)))

    def __radd__(self, other: Number) -> "Value":
        # sum(values) starts with the integer 0, which shall leave no node.
        return self if type(other) is int and other == 0 else _apply(operations.add, (_operand(other), self))

    def __sub__(self, other: Number) -> "Value":
        return _apply(operations.subtract, (self, _operand(other)))

    def __rsub__(self, other: Number) -> "Value":
        return _apply(operations.subtract, (_operand(other), self))

    def __mul__(self, other: Number) -> "Value":
        return _apply(operations.multiply, (self, _operand(other)))

    def __rmul__(self, other: Number) -> "Value":
        return _apply(operations.multiply, (_operand(other), self))

    def __truediv__(self, other: Number) -> "Value":
        return _apply(operations.divide, (self, _operand(other)))

    def __rtruediv__(self, other: Number) -> "Value":
        # 1 / v is the reciprocal node that lectures draw.
        number = _operand(other)
        return _apply(operations.reciprocal, (self,)) if number == 1.0 else _apply(operations.divide, (number, self))

    def __pow__(self, other: Number) -> "Value":
        return _apply(operations.power, (self, _operand(other)))

    def __rpow__(self, other: Number) -> "Value":
        return _apply(operations.power, (_operand(other), self))

    def __neg__(self) -> "Value":
        return _apply(operations.negate, (self,))

    def __pos__(self) -> "Value":
        return self

    def __abs__(self) -> "Value":
        return _apply(operations.abs, (self,))

    def __lt__(self, other: Number) -> bool:
        return self._data < _number(other)

    def __le__(self, other: Number) -> bool:
        return self._data <= _number(other)

    def __gt__(self, other: Number) -> bool:
        return self._data > _number(other)

    def __ge__(self, other: Number) -> bool:
        return self._data >= _number(other)

    # NumPy then leaves `array * value` and `numpy.float64(2) * value` to the operators above.
    __array_ufunc__ = None

    # What a Value is not --------------------------------------------------------------------------

    def __bool__(self) -> NoReturn:
        raise TypeError("a Value is neither true nor false: compare it, as in v > 0, or v.data != 0")

    def __float__(self) -> NoReturn:
        raise TypeError(
            "a Value is no float, for its gradient would be lost: use autograd.exp(v) for math.exp(v), or v.data"
        )

    def __int__(self) -> NoReturn:
        raise TypeError("a Value is no int, for its gradient would be lost: use int(v.data)")

    def __xor__(self, other: Any) -> NoReturn:
        raise TypeError("^ is no power in Python: write x ** y")

    __rxor__ = __xor__

    def __reduce__(self) -> tuple[Any, ...]:
        if self.operation is not None:
            raise TypeError(
                f"cannot copy or pickle a computed Value ({self.operation.name}), only leaves: "
                "copy the leaves and compute again, or take the number with detach()"
            )
        return _leaf, (self._data, self.label, self._grad)

    # How a Value is shown -------------------------------------------------------------------------

    def __repr__(self) -> str:
        label = self.label if len(self.label) <= 40 else self.label[:39] + "…"
        shown = f"data={self._data}, grad={self.grad}" + (f", label={label!a}" if label else "")
        return f"Value({shown}" + (f", operation={self.operation.name:.40})" if self.operation else ")")

    def __format__(self, specification: str) -> str:
        return format(self._data, specification) if specification else repr(self)

    # Behind the scenes ----------------------------------------------------------------------------

    @staticmethod
    def __apply_operation__(operation: Operation, operands: tuple["Value | float", ...]) -> "Value":
        return _apply(operation, operands)

    if sys.version_info[:2] == (3, 13):
        # This Python frees the operands of operands in nested calls, up to 10,000 deep: too deep for the small
        # stack of a thread. (Earlier ones nest 50 deep, later ones watch the stack.) So a node that dies hands
        # its operands to the one loop that works them off.
        def __del__(self, freeing: threading.local = _freeing) -> None:
            operands = getattr(self, "operands", ())  # which a Value that could not be made does not have
            pending = getattr(freeing, "pending", None)
            if not operands:
                return
            if pending is not None:
                pending.append(operands)
                return
            freeing.pending = pending = [operands]
            del operands, self.operands
            try:
                while pending:
                    pending.pop()
            finally:
                freeing.pending = None

    if TYPE_CHECKING:  # The operations of the rule book are methods too, v.exp() as exp(v): see the end of this file.

        def __getattr__(self, name: str) -> Callable[..., "Value"]: ...


def topological_order(root: Value) -> list[Value]:
    """All nodes that `root` was computed from, and itself: each after its operands, the root last.

    >>> x = Value(2.0)
    >>> y = x * x
    >>> z = y + x
    >>> topological_order(z) == [x, y, z]
    True

    A node is younger than its operands, always. So the order of birth is a topological order, and the same in
    every run.
    """
    return sorted(ancestors(root), key=_by_birth)


_by_birth = attrgetter("_birth")


def ancestors(root: Value) -> Iterator[Value]:
    """The root and all that it was computed from, each once, the nearest first.

    >>> x = Value(2.0, "x")
    >>> [node.label or node.operation.name for node in ancestors(x * x + 1)]
    ['add', 'multiply', 'x']
    """
    found, seen = [root], {root}
    for node in found:  # grows as it goes
        yield node
        for operand in node.operands:
            if not isinstance(operand, float) and operand not in seen:
                seen.add(operand)
                found.append(operand)


@overload
def gradient(output: Value, inputs: Value) -> Value: ...  # type: ignore[overload-overlap]  # no Value is iterable
@overload
def gradient(output: Value, inputs: Iterable[Value]) -> list[Value]: ...
def gradient(output: Value, inputs: Value | Iterable[Value]) -> Value | list[Value]:
    """The derivatives of `output` with respect to `inputs`, as Values that can be differentiated again.

    >>> x = Value(5.0)
    >>> slope = gradient(x**3, x)
    >>> slope.data, gradient(slope, x).data
    (75.0, 30.0)

    One input gives one Value, a list a list; an input that the output does not depend on gives 0. No `grad`
    is touched. The derivatives belong to the numbers that the output was computed from, also where a leaf has
    been changed since. Raises TypeError for inputs that are no Values, and RuntimeError for an output that was
    computed under `no_grad`.
    """
    wanted = [inputs] if isinstance(inputs, Value) else list(inputs)
    for value in (output, *wanted):
        if not isinstance(value, Value):
            raise TypeError(f"gradient(output, inputs) takes Values, not {type(value).__name__}")
    if all(value is not output for value in wanted):
        _check_past(output)
    order = topological_order(output)
    between = set(wanted)  # the inputs and all that depends on them: the flows elsewhere are not asked for
    for node in order:
        if not between.isdisjoint(node.parents):
            between.add(node)
    # As in `backward`, only that flows and partials are Values now: the rules compute on Values as on floats.
    flows: dict[Value, Value | float] = {output: 1.0}
    for node in reversed(order):
        if node in flows:
            for parent, partial in _local_gradients_as_values(node, between):
                flow = _product(flows[node], partial)
                flows[parent] = flows[parent] + flow if parent in flows else flow
    found = [flows.get(value, 0.0) for value in wanted]
    answers = [answer if isinstance(answer, Value) else Value(answer) for answer in found]
    check_derivatives(answers)
    return answers[0] if isinstance(inputs, Value) else answers


_births = itertools.count()


# How a node is made -------------------------------------------------------------------------------


def _operand(thing: Number) -> Value | float:
    if isinstance(thing, Value) or hasattr(type(thing), "__apply_operation__"):
        return thing  # type: ignore[return-value]
    return real(thing)


def _number(thing: Number) -> float:
    return thing._data if isinstance(thing, Value) else real(thing)


def _apply(operation: Operation, operands: tuple[Value | float, ...]) -> Value:
    """The node that an operation makes of its operands."""
    return _node(operation, operands, tuple([x._data if isinstance(x, Value) else x for x in operands]))


def _answer(operation: Operation, numbers: tuple[float, ...]) -> tuple[Any, Callable[[], Any]]:
    """What the rule says of these numbers: the value and the local-gradient closure."""
    answer = operation.rule(*(operation.arguments(numbers) if operation.list_count else numbers))
    if type(answer) is not tuple or len(answer) != 2 or not callable(answer[1]):
        raise TypeError(
            f"the rule of {operation.name} must answer a value and a closure, as in: "
            f"return value, lambda: ({', '.join(f'partial_{name}' for name in operation.parameters)},)"
        )
    return answer


def _node(operation: Operation, operands: tuple[Value | float, ...], numbers: tuple[float, ...]) -> Value:
    data, local_gradient = _answer(operation, numbers)
    way = MODE.get()
    if way.unsure:
        way = settled(way)
    node: Value = object.__new__(Value)
    node._birth = next(_births)
    node._data = data if type(data) is float else real(data)
    node._grad = None
    node.line = None
    node._label = ""
    node.scope = way.scope
    if way.recording or way.anomaly:
        node._local_gradient = local_gradient
        node.numbers = numbers
        node.operands = operands
        node.operation = operation
        if way.anomaly:
            node.line = users_line()
            check_made(node)
    if not way.recording:
        node._local_gradient = _forgotten
        node.numbers = node.operands = ()
        node.operation = None
    return node


def _forgotten() -> NoReturn:
    """In place of a local-gradient closure: what was computed under `no_grad` is a leaf, but not one that was made."""
    raise RuntimeError(
        "this Value was computed under no_grad(), so nothing is known of what it was computed from: "
        "compute it again outside of no_grad(), or make a leaf of it with detach() for a gradient of its own"
    )


def _check_past(value: Value) -> None:
    if value._local_gradient is _forgotten:
        _forgotten()


def _leaf(data: float, label: str, grad: float | None) -> Value:
    from .engines import Value  # of the engine that runs here, whichever wrote this: so not at the top

    leaf = Value(data, label)
    leaf._grad = grad
    return leaf


def _as_it_was(operand: Value | float, number: float) -> Value | float:
    """The operand with the number that it had when the node was computed, still depending on it."""
    if not isinstance(operand, Value) or _is_same(operand._data, number):
        return operand
    return _node(operations.identity, (operand,), (number,))


def _is_same(number: float, other: float) -> bool:
    """Whether to compute with the one gives what the other gives: 0.0 and −0.0 do not."""
    if number == other:
        return math.copysign(1.0, number) == math.copysign(1.0, other)
    return math.isnan(number) and math.isnan(other)


# How a pass is made -------------------------------------------------------------------------------


def _partials(node: Value, local_gradient: Callable[[], Any]) -> Sequence[Any]:
    """What a local-gradient closure answers: one partial for each operand."""
    partials = local_gradient()
    if not isinstance(partials, (tuple, list)):  # a union, tuple | list, would be made anew in each call
        raise TypeError(
            f"the rule of {node.operation!r} answered one {type(partials).__name__}: write lambda: (partial,)"
        )
    if len(partials) != len(node.operands):
        raise TypeError(
            f"the rule of {node.operation!r} answered {len(partials)} partial derivatives for {len(node.operands)} "
            "operands: its closure must return a tuple with one of them for each operand"
        )
    return partials


def _plain(partial: Any) -> float | None:
    """A partial as a number; a costly one is a closure, called only now that its operand is known to be a Value."""
    partial = partial() if callable(partial) else partial
    return BLOCKED if partial is BLOCKED else real(partial)


def _product(flow: Value | float, partial: Value | float) -> Value | float:
    """flow × partial, without a node for a multiplication by 1."""
    if type(partial) is float and partial == 1.0:
        return flow
    return partial if type(flow) is float and flow == 1.0 else flow * partial


def _local_gradients_as_values(node: Value, wanted: Container[Value]) -> Iterator[tuple[Value, Value | float]]:
    """The local gradients towards the wanted parents, without blocked ones, as Values to be differentiated again."""
    if node.operation is None:
        return
    operands = [_as_it_was(operand, number) for operand, number in zip(node.operands, node.numbers, strict=True)]
    _, local_gradient = node.operation.rule(*node.operation.arguments(operands))
    for parent, partial in zip(node.operands, _partials(node, local_gradient), strict=True):
        if isinstance(parent, Value) and parent in wanted:
            partial = partial() if callable(partial) else partial
            if partial is not BLOCKED:
                yield parent, partial


_committing = threading.Lock()
_set_grad = Value.__dict__["_grad"].__set__


def _commit(order: list[Value], flows: dict[Value, float]) -> None:
    # Threads may share leaves: between reading a gradient and writing its sum, no other pass may come. Nor may
    # Ctrl-C: the writing is a single call into C, and Python handles signals only between its own instructions.
    with _committing:
        grads = []
        for node in order:
            flow = flows.get(node, 0.0)
            # A leaf adds up, an interior node shows the last pass.
            grads.append(flow if node.operation is not None or node._grad is None else node._grad + flow)
        any(map(_set_grad, order, grads))  # to the end, for what sets answers None


# The methods --------------------------------------------------------------------------------------


_RESERVED = frozenset(vars(Value))


def _method(operation: Operation) -> Callable[..., Any] | None:
    """v.exp() for exp(v); None if the first operand is no number but a list."""
    if isinstance(operation.domain[0], list):
        return None
    if operation.name in _RESERVED:
        raise ValueError(f"an operation cannot be called {operation.name!r}: a Value has something else of that name")

    def method(self: Value, *others: Number) -> Value:
        operands = tuple(map(_operand, operation.operands((self, *others))))
        return self.__apply_operation__(operation, operands)

    return update_wrapper(method, operation.rule)


def _become_method(operation: Operation) -> None:
    method = _method(operation)
    if method is not None:
        setattr(Value, operation.name, method)


for _operation in OPERATIONS.values():
    _become_method(_operation)
LISTENERS.append(_become_method)
