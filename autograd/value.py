"""Numbers that remember how they were computed, and the chain rule over them.

>>> x = Value(3.0)
>>> y = x * x + 1.0
>>> y.backward()
>>> x.grad
6.0

A Value knows three things about its past: its **operation**, its **operands**, and the numbers that these were. From
the numbers, the rule of the operation makes a **local-gradient closure**, which returns the partial derivative of the
node with respect to each operand. Operands that are Values are its **parents**. That is the whole graph; `backward`
walks it once, from the root to the leaves. This file does not know what a derivative is: `operations` does.
"""

import functools
import itertools
import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from types import FrameType, MemberDescriptorType, WrapperDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn, SupportsFloat, Union

from . import operations
from .anomaly import check_leaf, check_made, check_pass, users_line
from .arrays import universal_function
from .book import BLOCKED, LISTENERS, OPERATIONS, RECORDERS, Operation
from .foreign import OF_BACKWARD, OF_VALUES, Missing, unknown
from .ieee import data_of, is_real, real
from .locks import new_lock
from .modes import MODE, Scope, mode, settled
from .taking import DETACH
from .terminal import printable

if TYPE_CHECKING:
    from .operations import Methods  # v.exp() and the like: what runs makes them at the end of this file
else:
    Methods = object

# What an expression may contain: a Value or any real number.
Number = Union["Value", SupportsFloat]


class Value(Methods):
    """A number in a computation graph: a leaf, or the node that an operation made.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b
    >>> c, c.operation, c.parents == (a, b)
    (Value(data=-6.0, grad=0.0, operation=multiply), <operation multiply>, True)

    `data` is any real number (int, float, Fraction, NumPy real scalar), kept as a float; anything else raises
    TypeError. Operators follow IEEE 754: no number raises an exception, and a division by zero is inf or nan.
    Values are equal only to themselves; `<` and `>` compare data.
    """

    __slots__ = {  # with their docstrings, which `help` prints
        "__dict__": "A program's own attributes, such as p.momentum = 0.0; created with the first of them.",
        "__weakref__": "",
        "_birth": "Counts the Values of this process: a node is always younger than its operands.",
        "_data": "The number.",
        "_grad": "The gradient; None until a pass has reached the node.",
        "_label": "The label.",
        "_local_gradient": "The closure; None if the rule can be called again, see `_node`.",
        "line": "Where the program made this node, known under detect_anomaly only.",
        "numbers": "The operands as they were when the node was computed.",
        "operands": "What the operation was applied to: Values and plain floats, in their order; () for a leaf.",
        "operation": "The operation that made this node, None for a leaf.",
        "scope": "The innermost scope it was made in, or None.",
    }

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
        """The number. It can be set on leaves, which is how training works; an interior node raises AttributeError."""
        if RECORDERS:
            note_read(self, "data")
        return self._data

    @data.setter
    def data(self, data: SupportsFloat) -> None:
        if self.operation is not None:
            raise AttributeError(
                f"the data of an interior node ({self.operation.name}) follows from its operands: "
                "change a leaf and compute again, or make it a leaf with detach()"
            )
        number = real(data)
        if RECORDERS:
            note_change(self, "sets the data of")
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
            raise TypeError(f"a label must be a string, not {type(label).__name__}: Value(data, label='x')")
        self._label = label

    @property
    def grad(self) -> float:
        """The derivative of the root with respect to this node; 0.0 before any pass.

        Leaves accumulate over passes until `zero_grad`; an interior node shows the last pass.
        """
        if RECORDERS:
            note_read(self, "grad")
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, grad: SupportsFloat | None) -> None:
        if RECORDERS:
            note_change(self, "sets the gradient of")
        self._grad = None if grad is None else real(grad)

    @property
    def parents(self) -> tuple["Value", ...]:
        """The operands that are Values, in their order; x * x has the parents (x, x)."""
        return tuple([operand for operand in self.operands if isinstance(operand, Value)])

    @property
    def has_grad(self) -> bool:
        """Whether a pass has reached this node since its gradient was last reset."""
        return self._grad is not None

    def item(self) -> float:
        """The plain number, like `data`: PyTorch's name for it."""
        if RECORDERS:
            note_read(self, "item()")
        return self._data

    def zero_grad(self) -> None:
        """Reset the gradient to what it was before any pass."""
        if RECORDERS:
            note_change(self, "resets the gradient of")
        self._grad = None

    def detach(self) -> "Value":
        """A new leaf with the same number and label."""
        if RECORDERS and mode().recorder is not None:  # it has to be found again at each call
            return _apply(DETACH, (self,))
        return Value(self._data, self.label)

    # The chain rule -------------------------------------------------------------------------------

    def local_gradients(self) -> list[tuple["Value", float | None]]:
        """Each parent with the partial derivative of this node with respect to it.

        >>> x, y = Value(2.0, "x"), Value(5.0, "y")
        >>> [(parent.label, partial) for parent, partial in (x * y).local_gradients()]
        [('x', 5.0), ('y', 2.0)]

        For a parent that the operation did not choose, such as the smaller one of a maximum, the partial is
        `BLOCKED`.
        """
        if self.operation is None:
            return []
        pairs = zip(self.operands, _partials(self), strict=True)
        return [
            (operand, partial if type(partial) is float else plain_number(partial))
            for operand, partial in pairs
            if not isinstance(operand, float)
        ]

    def backward(self, seed: SupportsFloat = 1.0, **others: NoReturn) -> None:
        """Add to every leaf's `grad` the derivative of this node with respect to it, times `seed`.

        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward()
        >>> y.backward()
        >>> x.grad
        54.0

        A pass changes gradients only at its very end: if an exception or Ctrl-C interrupts it, nothing has
        changed. A seed of 0 changes nothing at all. Raises RuntimeError for what was computed under `no_grad`, and
        FloatingPointError under `detect_anomaly` if a gradient is inf or nan.
        """
        if others:
            raise unknown("backward", others, OF_BACKWARD)
        start = real(seed)
        if RECORDERS:
            note_change(self, "calls backward() of")
        check_past(self)
        if start == 0.0:
            return
        order = topological_order(self)
        # The flow that has arrived at each node so far, by the node's birth. When the walk reaches a node, all
        # nodes computed from it have sent theirs, so the flows of its branches are summed before the local
        # gradients are applied, once.
        flows = {self._birth: start}
        spared: set[int] = set()  # what programs have not chosen: unless something arrives, it is not touched
        for node in reversed(order):
            arrived = flows.get(node._birth)
            if arrived is None or node.operation is None:
                continue
            if isinstance(node._local_gradient, Sweep):
                spared |= _send_through(node._local_gradient, node.operands, arrived, flows)
                continue
            for operand, partial in zip(node.operands, _partials(node), strict=True):
                if type(partial) is not float and not isinstance(operand, float):
                    partial = plain_number(partial)
                if partial is not BLOCKED and not isinstance(operand, float):
                    birth, flow = operand._birth, arrived * partial
                    flows[birth] = flows[birth] + flow if birth in flows else flow
        if mode().anomaly:
            check_pass(order, flows)
        _commit([node for node in order if node._birth in flows or node._birth not in spared], flows)

    # Operators ------------------------------------------------------------------------------------

    def __add__(self, other: Number) -> "Value":
        return _operator(operations.add, self, other, "__radd__")

    def __radd__(self, other: Number) -> "Value":
        # sum(values) starts with the integer 0, which must not leave a node.
        return self if type(other) is int and other == 0 else _operator(operations.add, other, self)

    def __sub__(self, other: Number) -> "Value":
        return _operator(operations.subtract, self, other, "__rsub__")

    def __rsub__(self, other: Number) -> "Value":
        return _operator(operations.subtract, other, self)

    def __mul__(self, other: Number) -> "Value":
        return _operator(operations.multiply, self, other, "__rmul__")

    def __rmul__(self, other: Number) -> "Value":
        return _operator(operations.multiply, other, self)

    def __truediv__(self, other: Number) -> "Value":
        return _operator(operations.divide, self, other, "__rtruediv__")

    def __rtruediv__(self, other: Number) -> "Value":
        # 1 / v is the reciprocal node that lectures draw.
        number = _operand(other)
        if type(number) is float and number == 1.0:
            return _apply(operations.reciprocal, (self,))
        return _operator(operations.divide, number, self)

    def __mod__(self, other: Number) -> "Value":
        return _operator(operations.remainder, self, other, "__rmod__")

    def __rmod__(self, other: Number) -> "Value":
        return _operator(operations.remainder, other, self)

    def __floordiv__(self, other: Number) -> "Value":
        return _operator(operations.floor_divide, self, other, "__rfloordiv__")

    def __rfloordiv__(self, other: Number) -> "Value":
        return _operator(operations.floor_divide, other, self)

    def __pow__(self, other: Number) -> "Value":
        return _operator(operations.power, self, other, "__rpow__")

    def __rpow__(self, other: Number) -> "Value":
        return _operator(operations.power, other, self)

    def __neg__(self) -> "Value":
        return _apply(operations.negate, (self,))

    def __pos__(self) -> "Value":
        return self

    def __abs__(self) -> "Value":
        return _apply(operations.abs, (self,))

    def __lt__(self, other: Number) -> bool:
        return _compared(operator.lt, self, other, "__gt__")

    def __le__(self, other: Number) -> bool:
        return _compared(operator.le, self, other, "__ge__")

    def __gt__(self, other: Number) -> bool:
        return _compared(operator.gt, self, other, "__lt__")

    def __ge__(self, other: Number) -> bool:
        return _compared(operator.ge, self, other, "__le__")

    if not TYPE_CHECKING:  # because then v == 1.0, which is never true, would pass

        def __eq__(self, other: object) -> bool:
            if RECORDERS and self is not other:
                return equals(self, other)
            return True if self is other else NotImplemented

        def __hash__(self) -> int:
            if RECORDERS:
                note_conversion(self, "a key of a dict or set")
            return object.__hash__(self)

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return universal_function(function, method, inputs, options)

    # What a Value is not --------------------------------------------------------------------------

    if TYPE_CHECKING:

        def __bool__(self) -> NoReturn: ...

    else:

        def __bool__(self) -> bool:
            if RECORDERS and (recorder := mode().recorder) is not None and recorder.is_plain(self):
                return not equals(self, 0.0)
            raise TypeError("a Value is neither true nor false: compare it, as in v > 0, or v.data != 0")

    if not TYPE_CHECKING:  # because then float(v) and v ^ 2 would pass

        def __float__(self) -> NoReturn:
            if RECORDERS:
                note_conversion(self, "a float")
            raise TypeError(
                "a Value is not a float, because its gradient would be lost: "
                "use autograd.exp(v) for math.exp(v), as autograd.floor(v) for math.floor(v), or v.data"
            )

        def __int__(self) -> NoReturn:
            if RECORDERS:
                note_conversion(self, "an int")
            raise TypeError("a Value is not an int, because its gradient would be lost: use int(v.data)")

        def __index__(self) -> NoReturn:
            if RECORDERS:
                note_conversion(self, "an index")
            raise TypeError("a Value is not an index: use autograd.take(rows, v), or int(v.data)")

        def __round__(self, digits: int | None = None) -> NoReturn:
            raise TypeError("Python's round gives an int: use autograd.round(v), or round(v.data, digits) for a number")

        def __trunc__(self) -> NoReturn:
            raise TypeError("math.trunc gives an int: use autograd.round(v), autograd.floor(v) or math.trunc(v.data)")

        def __xor__(self, other: Any) -> NoReturn:
            raise TypeError("^ is not a power in Python: write x ** y")

        __rxor__ = __xor__

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, Value)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "__getattr__"):
            setattr(cls, "__getattr__", _missing_in_subclass)  # noqa: B010  # as an assignment, pyright takes it for Value's

    def __dir__(self) -> list[str]:
        return [name for name in object.__dir__(self) if hasattr(self, name)]  # without those that only name a remedy

    # How a Value is shown -------------------------------------------------------------------------

    def __repr__(self) -> str:
        label = self.label if len(self.label) <= 40 else self.label[:39] + "…"
        shown = f"data={self._data}, grad={self._grad or 0.0}" + (f", label={label!a}" if label else "")
        return printable(f"Value({shown}" + (f", operation={self.operation.name:.40})" if self.operation else ")"))

    def __format__(self, specification: str) -> str:
        return format(self._data, specification) if specification else repr(self)

    # micrograd's names, for programs that draw with them or step by hand --------------------------

    @property
    def _prev(self) -> set["Value"]:
        """The parents."""
        return set(self.parents)

    @property
    def _op(self) -> str:
        """The operation as text: "+", "*", "**2", "ReLU", "tanh"; "" for a leaf."""
        if self.operation is operations.power and type(self.operands[1]) is float:
            return f"**{self.operands[1]:g}"
        return "" if self.operation is None else _MICROGRADS_TEXTS.get(self.operation.name, self.operation.name)

    @property
    def _backward(self) -> Callable[[], None]:
        """Adds to the gradients of the parents what the present gradient of this node sends to them."""
        return functools.partial(_send_to_parents, self)

    # Behind the scenes ----------------------------------------------------------------------------

    @staticmethod
    def __apply_operation__(
        operation: Operation,
        operands: tuple["Value | float", ...],
        numbers: tuple[float, ...] | None = None,
        answer: Any = None,
    ) -> "Value":
        # With numbers, those are what the operands were, which may be something else by now; with an answer, that is
        # what the rule has answered for them.
        return _apply(operation, operands) if numbers is None else _node(operation, operands, numbers, answer)

    if sys.version_info[:2] == (3, 13) or sys.platform in ("emscripten", "wasi"):
        # Here Python frees what a node holds in nested calls, so deep that the small stack of a thread overflows:
        # 3.13 nests 10,000 calls. (Earlier versions nest 50, later ones watch the stack; but in WebAssembly, which
        # has two of them, they watch the other one.) So a node that dies hands everything that it holds to a single
        # loop, which frees it.
        def __del__(self) -> None:
            _let_go(self)


def topological_order(root: Value) -> list[Value]:
    """All nodes that `root` was computed from, and itself: each after its operands, the root last.

    >>> x = Value(2.0)
    >>> y = x * x
    >>> z = y + x
    >>> topological_order(z) == [x, y, z]
    True

    A node is always younger than its operands. So the order of birth is a topological order, and the same in
    every run.
    """
    return sorted(ancestors(root), key=by_birth)


by_birth = attrgetter("_birth")


def ancestors(root: Value) -> Iterator[Value]:
    """The root and all that it was computed from, each once, the nearest first.

    >>> x = Value(2.0, "x")
    >>> [node.label or node.operation.name for node in ancestors(x * x + 1)]
    ['add', 'multiply', 'x']
    """
    # Nodes are told apart by birth, however a subclass defines == and hash.
    found, seen = [root], {root._birth}
    for node in found:  # grows as it goes
        yield node
        for operand in node.operands:
            if not isinstance(operand, float) and operand._birth not in seen:
                seen.add(operand._birth)
                found.append(operand)


# How a node is made -------------------------------------------------------------------------------

_births = itertools.count()


def _operator(operation: Operation, x: Any, y: Any, reflected: str = "") -> Value:
    """The node of an operator on x and y, one of which is a Value."""
    numbers = x._data if type(x) is Value else x, y._data if type(y) is Value else y
    if type(numbers[0]) is float and type(numbers[1]) is float:  # nearly always
        return _node(operation, (x, y), numbers)
    if reflected and not is_operand(y):
        return strangers_answer(x, y, reflected)  # type: ignore[no-any-return]
    return _apply(operation, (_operand(x), _operand(y)))


def _compared(compare: Callable[[float, float], bool], value: Value, other: Any, reflected: str) -> bool:
    if not is_operand(other):
        return strangers_answer(value, other, reflected)  # type: ignore[no-any-return]
    outcome = compare(value._data, other._data if isinstance(other, Value) else data_of(_operand(other)))
    if RECORDERS:
        note_comparison(compare, value, other, outcome)
    return outcome


def note_comparison(compare: Callable[[float, float], bool], value: Any, other: Any, outcome: bool) -> None:
    """Tell what records this function, if anything does, of a comparison."""
    recorder = mode().recorder
    if recorder is not None:
        recorder.compares(compare, value, other, outcome)


def note_read(value: Any, how: str) -> None:
    """Tell what records this function, if anything does, that a number was read."""
    recorder = mode().recorder
    if recorder is not None:
        recorder.reads(value, how)


def note_conversion(value: Any, what: str) -> None:
    """Tell what records this function, if anything does, that a number is to become something else."""
    recorder = mode().recorder
    if recorder is not None:
        recorder.converts(value, what)


def equals(value: Any, other: object) -> Any:
    """What `==` answers while functions are recorded: what would be floats uncompiled is equal by its data."""
    recorder = mode().recorder
    if recorder is None or not recorder.is_plain(value) or not (is_real(other) or recorder.is_plain(other)):
        return NotImplemented
    outcome = value._data == (real(other) if is_real(other) else other._data)  # type: ignore[attr-defined]
    recorder.compares(operator.eq, value, other, outcome)
    return outcome


def note_change(value: Any, what: str) -> None:
    """Tell what records this function, if anything does, that it changes something."""
    recorder = mode().recorder
    if recorder is not None:
        recorder.changes(value, what)


def strangers_answer(value: Value, stranger: Any, reflected: str) -> Any:
    """What a stranger's own operator makes of a Value; TypeError, with the remedy, if it does not support Values."""
    kind = type(stranger)
    method = next((vars(base)[reflected] for base in kind.__mro__ if reflected in vars(base)), None)
    # Operators of Python's own types do not know Values: the * of a list would raise a misleading error.
    is_pythons_own = isinstance(method, WrapperDescriptorType) and method.__objclass__.__module__ == "builtins"
    if method is None or is_pythons_own:
        return real(stranger)  # raises
    bound = method.__get__(stranger, kind) if hasattr(method, "__get__") else method
    answer = bound(value)
    return real(stranger) if answer is NotImplemented else answer


def is_operand(thing: Any) -> bool:
    """Whether operators of Values take it: a Value, what applies operations itself, or a real number."""
    return isinstance(thing, Value) or hasattr(type(thing), "__apply_operation__") or is_real(thing)


def not_made(kind: type[Any]) -> AttributeError:
    """The error of a Value whose class did not call the initializer of this one."""
    name = kind.__name__
    return AttributeError(f"this {name} has no number: {name}.__init__ must call super().__init__(data)")


def _missing_in_subclass(value: Value, name: str) -> Any:
    """The `__getattr__` of subclasses: Python asks it for slots that are empty, and when a property has failed."""
    if name == "_birth" or not hasattr(value, "_birth"):
        raise not_made(type(value))
    return object.__getattribute__(value, name)  # raises as before


def _operand(thing: Number) -> Value | float:
    if isinstance(thing, Value) or hasattr(type(thing), "__apply_operation__"):
        return thing  # type: ignore[return-value]
    return real(thing)


def _apply(operation: Operation, operands: tuple[Value | float, ...]) -> Value:
    """The node that an operation makes from its operands."""
    return _node(operation, operands, tuple([x._data if isinstance(x, Value) else x for x in operands]))


def _node(
    operation: Operation, operands: tuple[Value | float, ...], numbers: tuple[float, ...], answer: Any = None
) -> Value:
    """The same, for operands whose numbers are known, and maybe the answer of the rule."""
    data, local_gradient = answered(operation, numbers) if answer is None else answer
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
        # A closure is five objects that Python's garbage collector has to visit again and again. A rule of the book
        # returns the same one for the same numbers at any time, so it is called again during the pass.
        node._local_gradient = None if operation.is_of_book else local_gradient
        node.numbers = numbers
        node.operands = operands
        node.operation = operation
        if way.anomaly:
            node.line = users_line()
            check_made(node)
    if not way.recording:
        node._local_gradient = forgotten
        node.numbers = node.operands = ()
        node.operation = None
    return node


def answered(operation: Operation, numbers: Sequence[Any]) -> Any:
    """What the rule returns for these numbers: the value and the local-gradient closure."""
    answer = operation.rule(*(operation.arguments(numbers) if operation.list_count else numbers))
    if operation.is_of_book:
        return answer
    if type(answer) is not tuple or len(answer) != 2 or not callable(answer[1]):
        raise TypeError(
            f"the rule of {operation.name} must return a value and a closure, as in: "
            f"return value, lambda: ({', '.join(f'partial_{name}' for name in operation.parameters)},)"
        )
    return answer


def forgotten() -> NoReturn:
    """In place of a local-gradient closure: what was computed under `no_grad` is a leaf, but not one that was made."""
    raise RuntimeError(
        "this Value was computed under no_grad(), so it does not know what it was computed from: "
        "compute it again outside of no_grad(), or make it a leaf with detach() to give it a gradient of its own"
    )


def check_past(value: Value) -> None:
    """Raise RuntimeError for what was computed under `no_grad`, for it cannot be differentiated."""
    if value._local_gradient is forgotten:
        forgotten()


def is_computed(value: Value) -> bool:
    """Whether an operation made it, even if the Value does not remember that because of `no_grad`."""
    return value.operation is not None or value._local_gradient is forgotten


# How a leaf is copied -----------------------------------------------------------------------------

# The last one is the Value of the engine that runs. This file knows its own; `engines`, which chooses, adds the other.
RUNNING: list[type[Any]] = [Value]


def reduced(value: Value, plain: type[Any]) -> tuple[Any, ...]:
    """How to make a leaf again when it is copied or pickled; `plain` is the class itself, not a subclass."""
    if RECORDERS:
        note_read(value, "a copy")
    if value.operation is not None:
        raise TypeError(
            f"cannot copy or pickle a computed Value ({value.operation.name}), only leaves: "
            "copy the leaves and compute again, or take the number with detach()"
        )
    kind = None if type(value) is plain else type(value)
    return _leaf, (kind, value._data, value.label, value._grad), _own_state(value)


def _leaf(kind: type[Value] | None, data: float, label: str, grad: float | None) -> Value:
    """A leaf as it was copied or pickled; the class None stands for the Value of the engine that is running."""
    running: Any = RUNNING[-1]
    leaf: Value = running.__new__(kind or running)
    running.__init__(leaf, data, label)  # that of a subclass may have other parameters
    leaf._grad = grad
    return leaf


def _own_state(leaf: Value) -> Any:
    """What a program or a subclass has added to a leaf, in the form that pickle uses."""
    if type(leaf).__getstate__ is not object.__getstate__:
        return leaf.__getstate__()
    slots = {slot.__name__: slot.__get__(leaf) for slot in _own_slots(leaf)}
    return (leaf.__dict__, slots) if slots else leaf.__dict__ or None


def _own_slots(value: Value) -> list[MemberDescriptorType]:
    """The slots that a subclass has added and that are filled."""
    kinds = [kind for kind in type(value).__mro__ if kind is not Value]
    slots = [slot for kind in kinds for slot in vars(kind).values() if isinstance(slot, MemberDescriptorType)]
    return [slot for slot in slots if _is_filled(slot, value)]


def _is_filled(slot: MemberDescriptorType, value: Value) -> bool:
    try:
        slot.__get__(value)  # and not `hasattr`, because a subclass may have a __getattr__ that answers to any name
    except AttributeError:
        return False
    return True


# How a pass is made -------------------------------------------------------------------------------


def _partials(node: Value) -> Sequence[Any]:
    """What the local-gradient closure of a node returns: one partial for each operand."""
    operation: Any = node.operation
    if node._local_gradient is None:
        _, local_gradient = answered(operation, node.numbers)
        return local_gradient()  # type: ignore[no-any-return]
    return checked(operation, node._local_gradient(), len(node.operands))


def checked(operation: Operation, partials: Any, count: int) -> tuple[Any, ...]:
    """The partials as a tuple, which no one else can change; its length is checked afterwards, as others may lie."""
    if not isinstance(partials, (tuple, list)):  # a union, tuple | list, would be created in each call
        raise TypeError(f"the rule of {operation!r} returned one {type(partials).__name__}: write lambda: (partial,)")
    held: tuple[Any, ...] = tuple(partials)
    if len(held) != count:
        raise TypeError(
            f"the rule of {operation!r} returned {len(held)} partial derivatives for {count} "
            "operands: its closure must return a tuple with one of them for each operand"
        )
    return held


def plain_number(partial: Any) -> float | None:
    """A partial as a number; a costly one is a closure, called only now that its operand is known to be a Value."""
    partial = partial() if callable(partial) else partial
    return BLOCKED if partial is BLOCKED else real(partial)


class Sweep:
    """The local-gradient closure of an operation that is a whole program: it goes through the program backwards.

    It adds what it sends to the flows that have arrived at the operands so far. So they are summed in the order in
    which they would be if all that the program does were nodes, and rounded in the same way.
    """

    __slots__ = ()

    def flows(self, arrived: float, before: list[float | None]) -> list[float | None]:
        """The flows of the operands after this node has sent its own; None where none has arrived."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        """How many operands there are."""
        raise NotImplementedError

    @property
    def met(self) -> bytes | None:
        """Of each operand, whether it is a part of the computation even if nothing arrives there; None for all."""
        return None

    def __call__(self) -> tuple[float | None, ...]:
        """The partial derivative towards each operand."""
        return tuple(self.flows(1.0, [None] * self.count))


def _send_through(sweep: Sweep, operands: Sequence[Any], arrived: float, flows: dict[int, float]) -> set[int]:
    """Send through a program backwards what has arrived at its node; answers which Values were no part of it."""
    births = [-1 if isinstance(operand, float) else operand._birth for operand in operands]
    first_places = {birth: place for place, birth in reversed(list(enumerate(births)))}
    is_first = [birth >= 0 and first_places[birth] == place for place, birth in enumerate(births)]
    before = [flows.get(birth) if is_one else None for birth, is_one in zip(births, is_first, strict=True)]
    for birth, is_one, flow in zip(births, is_first, sweep.flows(arrived, before), strict=True):
        if birth >= 0 and flow is not None:  # an operand that stands there twice adds up
            flows[birth] = flow if is_one or birth not in flows else flows[birth] + flow
    return set() if sweep.met is None else {x for x, is_met in zip(births, sweep.met, strict=True) if not is_met}


_committing = new_lock()
_set_grad = Value.__dict__["_grad"].__set__


def _commit(order: list[Value], flows: dict[int, float]) -> None:
    # Threads may share leaves: between reading a gradient and writing its sum, no other pass may come. Nor may
    # Ctrl-C: the writing is a single call into C, and Python handles signals only between its own instructions.
    with _committing:
        grads = []
        for node in order:
            flow = flows.get(node._birth, 0.0)
            # A leaf adds up, an interior node shows the last pass.
            grads.append(flow if node.operation is not None or node._grad is None else node._grad + flow)
        any(map(_set_grad, order, grads))  # all of them, because each call returns None


# micrograd's names --------------------------------------------------------------------------------

_MICROGRADS_TEXTS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "reciprocal": "**-1"}
_MICROGRADS_TEXTS |= {"negate": "neg", "relu": "ReLU"}


def _send_to_parents(node: Value) -> None:
    for parent, partial in node.local_gradients():
        if partial is not BLOCKED:
            parent.grad += node.grad * partial


# How a node dies, under Python 3.13 and in WebAssembly --------------------------------------------

# What the loops that are under way have still to let go, by the frame that each runs in.
_loops: dict[FrameType, list[Any]] = {}


def emptied(node: Any) -> list[Any]:
    """The attributes that a program or a subclass has given a node, which has them no more."""
    held = list(node.__dict__.values())
    node.__dict__.clear()
    if type(node) is not Value:
        for slot in _own_slots(node):
            held.append(slot.__get__(node))
            slot.__delete__(node)
    return held


def _let_go(node: Value) -> None:
    """Let go what a dying node holds: by the loop that let the node go, else by a loop that begins here."""
    # A Value that could not be made has none of these.
    held = [getattr(node, name, None) for name in ("operands", "_local_gradient", "scope")]
    held.append(emptied(node))
    if not any(held):
        return
    node.operands, node._local_gradient, node.scope = (), None, None
    # A loop is known by its frame. What dies in a callback of a weak reference has the frame of that between, and gets
    # a loop of its own: the callback may be waiting for another thread, and nothing else is to wait for it.
    above = sys._getframe(1).f_back
    if above in _loops:
        _loops[above].append(held)
        return
    pending = _loops[sys._getframe()] = [held]
    del held
    try:
        while pending:
            pending.pop()
    finally:
        del _loops[sys._getframe()]


# The methods --------------------------------------------------------------------------------------

# What no operation can be called: what a Value has, or any object.
RESERVED = frozenset(dir(Value))

for _name in OF_VALUES:
    setattr(Value, _name, Missing(_name))


def _become_method(name: str, operation: Operation | None) -> None:
    """Make v.exp() of exp(v). A name whose operation is gone, or takes a list first, is not a method any more."""
    method = method_of(operation)
    if method is not None:
        setattr(Value, name, method)
    elif name not in RESERVED and name in vars(Value):
        delattr(Value, name)
        if name in OF_VALUES:
            setattr(Value, name, Missing(name))


def method_of(operation: Operation | None) -> Callable[..., Any] | None:
    """The method that an operation becomes; None where its first argument is a list."""
    if operation is None or isinstance(operation.domain[0], list):
        return None
    for name in (operation.name, *operation.aliases):
        if name in RESERVED:
            raise ValueError(f"an operation cannot be called {name!r}: a Value has something else of that name")

    def method(self: Value, *others: Number, **named: Number) -> Value:
        operands = tuple(map(_operand, operation.operands((self, *others), named)))
        return self.__apply_operation__(operation, operands)

    return functools.update_wrapper(method, operation.rule)


for _operation in OPERATIONS.values():
    for _name in (_operation.name, *_operation.aliases):
        _become_method(_name, _operation)
LISTENERS.append(_become_method)
