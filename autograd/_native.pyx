# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: freethreading_compatible=True, auto_pickle=False
"""The compiled twin of `value`: the same Values, the same numbers bit for bit, many times faster.

The text to read is `value`; this one says the same in C. A node is one C struct of 96 bytes: its number, its gradient,
up to two parents and the numbers they had, in line; lists of operands stand in an array beside it. There is no closure
and no tuple: from its operation and the numbers, `_formulas` knows the local gradient. What only errors and drawings
need is asked of `value` itself; second derivatives come from the closures of the rule book, as they do there.

What makes it safe: parents are owned references that the collector never sees, for a graph has no cycles (who builds
one, as with a module that keeps its output, or a local-gradient closure that holds its own node, has to break it); a
node that dies hands its parents to one loop, so that no depth overflows the stack; a pass keeps its flows in tables of
its own, and writes gradients at its very end, without a Python instruction in between. Wherever Python code may run
(rules, properties of a subclass, signal handlers), nothing is taken to be as it was before.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_CheckExact
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc
from cpython.ref cimport PyObject
from libc.math cimport copysign, isfinite, isnan, pow as c_pow, sqrt as c_sqrt, NAN
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy, memset

from autograd._formulas cimport (
    ABS, ADD, COUNT, DIVIDE, DOT, EXP, IDENTITY, LEAF, MULTIPLY, NEGATE, OTHER, POWER, RECIPROCAL, SUBTRACT, SUM, WHERE,
    divided, partial1, partial2, partials_n, value1, value2, value_n,
)

from functools import update_wrapper
from heapq import heappop, heappush
from types import MemberDescriptorType

from . import anomaly, modes, operations, value as reference
from .arrays import universal_function
from .foreign import OF_BACKWARD, OF_VALUES, Missing, unknown
from .ieee import real
from .book import BLOCKED, LISTENERS, OPERATIONS

cdef extern from "Python.h":
    int PyContextVar_Get(object variable, PyObject* default, PyObject** value) except -1
    PyObject* PyTuple_GET_ITEM(PyObject* items, Py_ssize_t place)
    PyObject* Py_True
    PyObject* Py_None
    void Py_DecRef "Py_DECREF"(PyObject* thing)
    void Py_IncRef "Py_INCREF"(PyObject* thing)
    void Py_XDecRef "Py_XDECREF"(PyObject* thing)
    bint Py_IS_TYPE(PyObject* thing, PyTypeObject* kind)
    PyTypeObject* Py_TYPE(PyObject* thing)
    ctypedef void (*destructor)(PyObject*) noexcept
    ctypedef void (*freefunc)(void*) noexcept
    ctypedef struct PyTypeObject:
        const char* tp_name
        const char* tp_doc
        unsigned long tp_flags
        Py_ssize_t tp_basicsize
        PyObject* (*tp_alloc)(PyTypeObject* kind, Py_ssize_t items) noexcept
        destructor tp_dealloc
        freefunc tp_free
        void* tp_descr_set
        void* tp_as_sequence
        void* tp_as_mapping
        void* tp_as_async
    PyObject* PyObject_Init(PyObject* block, PyTypeObject* kind)
    void PyErr_NoMemory()
    ctypedef struct PyFrameObject:
        pass
    PyFrameObject* PyFrame_GetBack(PyFrameObject* frame)
    void PyObject_ClearWeakRefs(PyObject* thing)
    int PyObject_GenericSetAttr(object thing, object name, PyObject* value) except -1
    PyObject* _PyType_Lookup(PyTypeObject* kind, object name)
    const unsigned long Py_TPFLAGS_IMMUTABLETYPE
    int PySys_AddAuditHook(int (*hook)(const char*, PyObject*, void*) noexcept, void* data) except -1

cdef extern from "_native.h":
    void FETCH(const void* address) noexcept nogil
    PyObject* take_block(size_t size)
    void give_block(PyObject* block)
    void* new_table(size_t size)
    void free_table(void* table, size_t size)
    void BEGIN_LIFE(PyObject* block, PyTypeObject* kind)
    void COUNT_ONCE(PyObject* block)
    bint MAY_BE_LAST(PyObject* thing)
    bint IS_LAST(PyObject* thing)
    PyObject* WEAK_REFERENCES(PyObject* thing)
    const Py_ssize_t FEW
    struct Dropping:
        Dropping* next
        void* frame
        PyObject** things
        Py_ssize_t count
        Py_ssize_t room
        PyObject* few[1]
    Dropping* droppings
    Dropping* kept_dropping
    Dropping* direct
    void* frame_here()
    int keep_name(const char* event, PyObject* arguments, void* kind) noexcept
    int as_sequence
    int as_mapping
    int as_async
    const bint FREES_NESTED
    long long next_birth()
    void BEGIN_PASS()
    void END_PASS()
    const bint HAS_GIL
    const bint NO_PASS_RUNS
    void BEGIN_COMMIT()
    void END_COMMIT()
    const bint KEEPS_PASS

cdef extern from "structmember.h":
    ctypedef struct PyMemberDef:
        Py_ssize_t offset
    ctypedef struct PyMemberDescrObject:
        PyMemberDef* d_member

cdef object Reference = reference.Value
cdef object MODE = modes.MODE
cdef object OUTSIDE = modes.OUTSIDE


cdef Py_ssize_t place_of(kind, str name) except -1:
    """Where objects of a class in `modes` keep what is called so."""
    slot = kind.__dict__.get(name)
    if not isinstance(slot, MemberDescriptorType):
        raise ImportError(f"autograd.modes.{kind.__name__} has no slot {name!r}, which this engine reads: build it again")
    return (<PyMemberDescrObject*><PyObject*>slot).d_member.offset


cdef Py_ssize_t RECORDING = place_of(modes.Mode, "recording"), ANOMALY = place_of(modes.Mode, "anomaly")
cdef Py_ssize_t SCOPE = place_of(modes.Mode, "scope"), UNSURE = place_of(modes.Mode, "unsure")
cdef Py_ssize_t SETTLED = place_of(modes.Mode, "settled"), OUTER = place_of(modes.Mode, "outer")
cdef Py_ssize_t BLOCK = place_of(modes.Mode, "block"), CLOSED = place_of(modes.Block, "closed")
cdef Py_ssize_t GENERATOR = place_of(modes.Block, "generator")

NAMES = (
    None,
    "identity", "negate", "reciprocal", "exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus",
    "relu", "abs",
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum",
    "where", "sum", "mean", "dot", "logsumexp",
    None,
)
cdef list OPERATION_OF = [OPERATIONS.get(name) for name in NAMES]
cdef list RULE_OF = [operation and operation.rule for operation in OPERATION_OF]
cdef dict CODE_OF = {operation: code for code, operation in enumerate(OPERATION_OF) if operation}

# Whether an operation still has the rule that `_formulas` knows: a program may replace it.
cdef bint KNOWN[COUNT]

# Which formula computes the value of an operation, and which its partials: its own. The tests exchange two, to show
# that they notice.
cdef int VALUE_BY[COUNT]
cdef int PARTIAL_BY[COUNT]
cdef int _i
for _i in range(COUNT):
    VALUE_BY[_i] = PARTIAL_BY[_i] = _i
    KNOWN[_i] = OPERATION_OF[_i] is not None


def exchange(str first, str second, *, bint partials):
    """Exchange the formulas of two operations of equally many operands: a fault, which a test puts in and takes out."""
    cdef int a = NAMES.index(first), b = NAMES.index(second)
    if partials:
        PARTIAL_BY[a], PARTIAL_BY[b] = PARTIAL_BY[b], PARTIAL_BY[a]
    else:
        VALUE_BY[a], VALUE_BY[b] = VALUE_BY[b], VALUE_BY[a]


# Nodes ----------------------------------------------------------------------------------------------

cdef struct Many:
    # The operands of a node that has lists of them, or more than two: NULL for a plain number.
    Py_ssize_t count
    PyObject** parents
    double* numbers


cdef class Beside:
    """What few nodes have: an OTHER operation and its closure, the line that `detect_anomaly` noted, own attributes."""

    cdef object label, operation, local_gradient, line
    cdef dict attributes  # that a program gave the node, as p.momentum = 0.0


cdef object EMPTY = ""

# Stands in a leaf that was computed under `no_grad` where others have NULL; never counted.
cdef PyObject* FORGOTTEN = Py_None


@cython.binding(False)  # for then Python itself sees to it that a method is called with a Value
@cython.embedsignature(True)
@cython.embedsignature.format("clinic")
@cython.no_gc
@cython.c_api_binop_methods(True)
cdef class Value:
    # What it is says the docstring in `value`, which is this one's too.

    # In the order in which passes need them: the first 64 bytes are all that a walk reads.
    cdef double number
    cdef double x, y  # the operands as they were when the node was computed
    cdef PyObject* first  # the parents, owned, NULL for plain numbers; or a Many, where there are more than two
    cdef PyObject* second
    cdef unsigned int birth_low  # its place among all Values that were made, from 1, in 48 bits; 0 before __init__
    cdef unsigned short birth_high
    cdef unsigned char code
    cdef unsigned char has_grad_
    cdef double gradient_
    cdef object __weakref__
    cdef PyObject* scope_  # NULL for none
    cdef PyObject* aside  # NULL, the label, or a Beside

    def __init__(self, data, label=""):
        cdef Mode mode
        cdef double number = plain(data)
        if birth_of(<PyObject*>self):  # made again, which is rare: it is a leaf again
            become_blank(self)
        set_birth(self)
        self.number = number
        if label is not EMPTY:
            self.label = label
        read_mode(&mode)
        set_scope(self, mode.scope)
        if mode.anomaly:
            note_line(self)
            anomaly.check_leaf(self, self.number)

    # What a Value knows ---------------------------------------------------------------------------

    @property
    def data(self):
        """The number. Setting it is for leaves, which is how training works; an interior node raises AttributeError."""
        return number_of(self)

    @data.setter
    def data(self, data):
        cdef Mode mode
        if self.code == LEAF and PyFloat_CheckExact(data):
            read_mode(&mode)
            if not mode.anomaly:
                self.number = PyFloat_AS_DOUBLE(data)
                return
        Reference.data.fset(self, data)

    @data.deleter
    def data(self):
        Reference.data.__delete__(self)  # raises

    @property
    def label(self):
        """What drawings and messages call this Value; "" for none. Anything but a string raises TypeError."""
        with cython.critical_section(self):
            if self.aside == NULL:
                return EMPTY
            return (<Beside>self.aside).label if is_beside(self) else <object>self.aside

    @label.setter
    def label(self, label):
        Reference.label.fset(self, label)

    @label.deleter
    def label(self):
        Reference.label.__delete__(self)  # raises

    @property
    def grad(self):
        """The derivative of the root with respect to this node; 0.0 before any pass.

        Leaves accumulate over passes until `zero_grad`; an interior node shows the last pass.
        """
        return self.gradient_ if self.has_grad_ else 0.0

    @grad.setter
    def grad(self, grad):
        if PyFloat_CheckExact(grad):
            self.gradient_ = PyFloat_AS_DOUBLE(grad)
            self.has_grad_ = True
        else:
            self._grad = None if grad is None else real(grad)

    @grad.deleter
    def grad(self):
        Reference.grad.__delete__(self)  # raises

    @property
    def has_grad(self):
        """Whether a pass has come by since the gradient was last forgotten."""
        return <bint>self.has_grad_

    @property
    def operation(self):
        """The operation that made this node, None for a leaf."""
        return beside(self).operation if self.code == OTHER else OPERATION_OF[self.code]

    @property
    def operands(self):
        """What the operation was applied to: Values and plain floats, in their order; () for a leaf."""
        cdef Py_ssize_t i
        return tuple([operand_at(self, i) for i in range(count_of(self))])

    @property
    def numbers(self):
        """The operands as they were when the node was computed."""
        cdef Py_ssize_t i
        return tuple([number_at(self, i) for i in range(count_of(self))])

    @property
    def parents(self):
        """The operands that are Values, in their order; x * x has the parents (x, x)."""
        cdef Py_ssize_t i
        return tuple([<object>parent_at(self, i) for i in range(count_of(self)) if parent_at(self, i) != NULL])

    @property
    def scope(self):
        """The innermost scope it was made in, or None."""
        return None if self.scope_ == NULL else <object>self.scope_

    @property
    def line(self):
        """Where the program made this node, known under detect_anomaly only."""
        with cython.critical_section(self):
            return (<Beside>self.aside).line if is_beside(self) else None

    def item(self):
        """The plain number, as `data`: PyTorch's name for it."""
        return number_of(self)

    def zero_grad(self):
        """Forget the gradient, as before any pass."""
        self.has_grad_ = False

    def detach(self):
        """A new leaf with the same number and label."""
        return Value(number_of(self), self.label)

    # Under the names that `value` has for them.

    @property
    def _birth(self):
        number_of(self)  # raises where there is none
        return birth_of(<PyObject*>self)

    @property
    def _data(self):
        return number_of(self)

    @_data.setter
    def _data(self, double data):
        self.number = data

    @property
    def _label(self):
        return self.label

    @_label.setter
    def _label(self, label):
        with cython.critical_section(self):
            if is_beside(self):
                (<Beside>self.aside).label = label
            else:
                put_aside(self, label)

    @property
    def _grad(self):
        return self.gradient_ if self.has_grad_ else None

    @_grad.setter
    def _grad(self, grad):
        self.has_grad_ = grad is not None
        self.gradient_ = 0.0 if grad is None else grad

    @property
    def _local_gradient(self):
        return reference._forgotten if is_forgotten(self) else None

    # The chain rule -------------------------------------------------------------------------------

    def local_gradients(self):
        """Each parent with the partial derivative of this node with respect to it.

        >>> x, y = Value(2.0, "x"), Value(5.0, "y")
        >>> [(parent.label, partial) for parent, partial in (x * y).local_gradients()]
        [('x', 5.0), ('y', 2.0)]

        For a parent that the operation did not choose, as the smaller one of a maximum, the partial is
        `BLOCKED`.
        """
        cdef Py_ssize_t i, count = count_of(self)
        cdef Partials partials = partials_of(self)
        return [
            (<object>parent_at(self, i), partials.numbers[i] if partials.chosen[i] else BLOCKED)
            for i in range(count)
            if parent_at(self, i) != NULL
        ]

    def backward(self, seed=1.0, **others):
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
        global spare
        if others:
            raise unknown("backward", others, OF_BACKWARD)
        cdef double start = real(seed)
        cdef Pass walk = None
        number_of(self)
        if is_forgotten(self):
            reference._forgotten()  # raises
        if start == 0.0:
            return
        if KEEPS_PASS:
            walk, spare = spare, None  # so that a pass inside this one does not take it too
        if walk is None:
            walk = Pass.__new__(Pass)
        walk.run(<PyObject*>self, start)
        if KEEPS_PASS and walk.is_small():
            spare = walk

    # Operators ------------------------------------------------------------------------------------

    def __add__(left, right):
        # sum(values) starts with the integer 0, which is not to leave a node.
        if PyLong_CheckExact(left) and left == 0:
            return right
        return binary(ADD, left, right, "__radd__")

    def __sub__(left, right):
        return binary(SUBTRACT, left, right, "__rsub__")

    def __mul__(left, right):
        return binary(MULTIPLY, left, right, "__rmul__")

    def __truediv__(left, right):
        # 1 / v is the reciprocal node that lectures draw.
        if not isinstance(left, Value):
            left = plain(left)
            if left == 1.0:
                return unary(RECIPROCAL, right)
        return binary(DIVIDE, left, right, "__rtruediv__")

    def __pow__(left, right, modulo):
        return NotImplemented if modulo is not None else binary(POWER, left, right, "__rpow__")

    def __neg__(self):
        return unary(NEGATE, self)

    def __pos__(self):
        return self

    def __abs__(self):
        return unary(ABS, self)

    def __lt__(self, other):
        if is_stranger(other):
            return reference._strangers_answer(self, other, "__gt__")
        return number_of(self) < data_of(other)

    def __le__(self, other):
        if is_stranger(other):
            return reference._strangers_answer(self, other, "__ge__")
        return number_of(self) <= data_of(other)

    def __gt__(self, other):
        if is_stranger(other):
            return reference._strangers_answer(self, other, "__lt__")
        return number_of(self) > data_of(other)

    def __ge__(self, other):
        if is_stranger(other):
            return reference._strangers_answer(self, other, "__le__")
        return number_of(self) >= data_of(other)

    def __eq__(self, other):
        return True if self is other else NotImplemented

    def __ne__(self, other):
        return False if self is other else NotImplemented

    def __hash__(self):
        return <Py_hash_t>(<size_t><void*>self >> 4)

    def __array_ufunc__(self, function, method, *inputs, **options):
        return universal_function(function, method, inputs, options)

    # What a Value is not, and how it is shown -----------------------------------------------------

    def __bool__(self):
        return Reference.__bool__(self)

    def __float__(self):
        return Reference.__float__(self)

    def __int__(self):
        return Reference.__int__(self)

    def __xor__(self, other):
        return Reference.__xor__(self, other)

    def __reduce__(self):
        return reference._reduced(self, Value)

    def __setstate__(self, state):
        for attributes in state if type(state) is tuple else (state,):
            for name, thing in (attributes or {}).items():
                setattr(self, name, thing)

    def __repr__(self):
        return Reference.__repr__(self)

    def __format__(self, specification):
        return Reference.__format__(self, specification)

    # Attributes of one's own, for which a subclass has room and this class has not.

    def __setattr__(self, name, value):
        try:
            PyObject_GenericSetAttr(self, name, <PyObject*>value)
        except AttributeError:
            if not can_be_own(self, name):
                raise
            setattr(Value, name, Own(name, vars(Value).get(name, Own)))
            own_attributes(self)[name] = value

    def __delattr__(self, name):
        PyObject_GenericSetAttr(self, name, NULL)

    def __dir__(self):
        return Reference.__dir__(self)

    @property
    def __dict__(self):
        return own_attributes(self)

    @__dict__.setter
    def __dict__(self, dict attributes not None):
        beside(self).attributes = None
        for name, thing in attributes.items():
            setattr(self, name, thing)

    @__dict__.deleter
    def __dict__(self):
        beside(self).attributes = None

    def __del__(self):
        let_go_attributes(<PyObject*>self)  # asked for of subclasses only

    # micrograd's names.

    @property
    def _prev(self):
        """The parents."""
        return set(self.parents)

    @property
    def _op(self):
        """The operation as text: "+", "*", "**2", "ReLU", "tanh"; "" for a leaf."""
        return Reference._op.fget(self)

    @property
    def _backward(self):
        """Adds to the gradients of the parents what the gradient of this node, as it is now, sends to them."""
        return Reference._backward.fget(self)

    @staticmethod
    def __apply_operation__(operation, operands):
        return applied(operation, operands)


@cython.final
cdef class Own:
    """An attribute that a program gave some node. It stands in the class: nodes without it pay nothing for it."""

    cdef object name
    cdef object default  # what others have of that name: a method or number that the class had; Own itself for nothing

    def __init__(self, name, default):
        self.name, self.default = name, default

    def __get__(self, Value node, kind):
        held = {}
        if node is not None and (type(node) is not Value or is_beside(node)):
            held = vars(node)
        if self.name in held:
            return held[self.name]
        if self.default is Own:
            raise AttributeError(f"{kind.__name__!r} object has no attribute {self.name!r}", name=self.name, obj=node)
        return self.default.__get__(node, kind) if hasattr(self.default, "__get__") else self.default

    def __set__(self, Value node not None, thing):
        vars(node)[self.name] = thing

    def __delete__(self, Value node not None):
        if vars(node).pop(self.name, self) is self:
            raise AttributeError(f"{type(node).__name__!r} object has no attribute {self.name!r}")


# What a node holds ----------------------------------------------------------------------------------

cdef inline Py_ssize_t count_of(Value node) noexcept:
    if node.code >= WHERE:
        return (<Many*>node.first).count
    return 0 if node.code == LEAF else 1 if node.code < ADD else 2


cdef inline PyObject* parent_at(Value node, Py_ssize_t place) noexcept:
    return (<Many*>node.first).parents[place] if node.code >= WHERE else node.second if place else node.first


cdef inline double number_at(Value node, Py_ssize_t place) noexcept:
    return (<Many*>node.first).numbers[place] if node.code >= WHERE else node.y if place else node.x


cdef inline bint is_made(PyObject* node) noexcept:
    """Whether it has a number: the __init__ of a subclass may not have called that of its base."""
    return (<Value>node).birth_low != 0 or (<Value>node).birth_high != 0


cdef inline double number_of(Value node) except? -1.0:
    if not is_made(<PyObject*>node):
        raise reference._not_made(type(node))
    return node.number


cdef inline object operand_at(Value node, Py_ssize_t place):
    cdef PyObject* parent = parent_at(node, place)
    return number_at(node, place) if parent == NULL else <object>parent


cdef inline long long birth_of(PyObject* node) noexcept:
    return <long long>(<Value>node).birth_high << 32 | (<Value>node).birth_low


cdef inline void set_birth(Value node) noexcept:
    cdef long long birth = next_birth()
    node.birth_low = <unsigned int>birth
    node.birth_high = <unsigned short>(birth >> 32)


cdef inline void set_scope(Value node, PyObject* scope) noexcept:
    cdef PyObject* before = node.scope_
    node.scope_ = owned(scope)
    Py_XDecRef(before)


cdef inline bint is_beside(Value node) noexcept:
    return node.aside != NULL and Py_IS_TYPE(node.aside, <PyTypeObject*>Beside)


cdef void put_aside(Value node, thing) noexcept:
    cdef PyObject* before = node.aside
    Py_IncRef(<PyObject*>thing)
    node.aside = <PyObject*>thing
    Py_XDecRef(before)


cdef Beside beside(Value node):
    """What is known beside the numbers, made if there was only a label."""
    cdef Beside made
    if not is_beside(node):
        made = Beside.__new__(Beside)
        made.label = node.label
        put_aside(node, made)
    return <Beside>node.aside


cdef dict own_attributes(Value node):
    """The attributes that a program gave a node, made if there were none."""
    cdef Beside those = beside(node)
    if those.attributes is None:
        those.attributes = {}
    return those.attributes


cdef bint can_be_own(Value node, str name):
    """Whether a node may have an attribute of that name, of which the class has nothing, or a method or a default."""
    cdef PyObject* found = _PyType_Lookup(Py_TYPE(<PyObject*>node), name)
    if name.startswith("__") and name.endswith("__"):
        return False  # in the class it would say what all Values can do
    if found == NULL:
        return True
    return Py_TYPE(found).tp_descr_set == NULL and <object>found is vars(Value).get(name)


cdef note_line(Value node):
    beside(node).line = anomaly.users_line()


cdef inline bint is_forgotten(Value node) noexcept:
    """Whether it was computed under `no_grad`: a leaf, but not one that was made."""
    return node.code == LEAF and node.first == FORGOTTEN


cdef forget(Value node):
    """Make a leaf of what was computed, as under `no_grad`; its line stays."""
    cdef int code = node.code
    cdef PyObject* first = node.first
    cdef PyObject* second = node.second
    node.code, node.first = LEAF, FORGOTTEN
    beside(node).operation = beside(node).local_gradient = None
    let_all_go(code, first, second, NULL, NULL, NULL)


cdef PyObject* allocated(PyTypeObject* kind, Py_ssize_t items) noexcept:
    """A Value without a number. Subclasses have their memory from Python: a class statement sets their tp_alloc."""
    cdef PyObject* block = take_block(kind.tp_basicsize)
    if block != NULL:
        memset(block, 0, kind.tp_basicsize)
        PyObject_Init(block, kind)
    else:
        PyErr_NoMemory()
    return block


# How nodes die --------------------------------------------------------------------------------------

cdef void die(PyObject* self) noexcept:
    """Free a Value. What it holds is let go after its memory, so that its parents' may be used again in their order."""
    global direct
    cdef Dropping* loop = direct
    cdef int code = (<Value>self).code
    cdef PyObject* first = (<Value>self).first
    cdef PyObject* second = (<Value>self).second
    cdef PyObject* scope = (<Value>self).scope_
    cdef PyObject* aside = (<Value>self).aside
    direct = NULL
    if WEAK_REFERENCES(self) != NULL:
        PyObject_ClearWeakRefs(self)
    if Py_IS_TYPE(self, <PyTypeObject*>Value):
        give_block(self)
    else:
        Py_TYPE(self).tp_free(self)
    let_all_go(code, first, second, scope, aside, loop)


cdef inline void let_all_go(
    int code, PyObject* first, PyObject* second, PyObject* scope, PyObject* aside, Dropping* loop
) noexcept:
    """Let go what a node held, which is not there any more or has become a leaf; the loop is that which dropped it."""
    cdef Dropping* own = NULL
    cdef Many* many
    cdef Py_ssize_t i
    let_go(aside, &loop, &own)
    let_go(scope, &loop, &own)
    if code >= WHERE:
        many = <Many*>first
        for i in range(many.count):
            let_go(many.parents[i], &loop, &own)
        PyMem_RawFree(many)
    elif code != LEAF:
        let_go(first, &loop, &own)
        let_go(second, &loop, &own)
    if own != NULL:
        drop_all(own)


cdef inline void let_go(PyObject* thing, Dropping** loop, Dropping** own) noexcept:
    if thing == NULL:
        return
    if MAY_BE_LAST(thing):
        if loop[0] == NULL:
            loop[0] = loop_here(own)
        if loop[0] != NULL and has_room(loop[0]):
            loop[0].things[loop[0].count] = thing
            loop[0].count += 1
            return
    Py_DecRef(thing)


cdef Dropping* loop_here(Dropping** own) noexcept:
    """The loop that is under way in this frame, else a new one, which is the caller's own; NULL without memory."""
    global droppings, kept_dropping
    cdef void* frame = frame_here()
    cdef Dropping* loop = droppings
    while loop != NULL:
        if loop.frame == frame:
            return loop
        loop = loop.next
    loop, kept_dropping = kept_dropping, NULL
    if loop == NULL:
        loop = <Dropping*>PyMem_RawMalloc(sizeof(Dropping))
        if loop == NULL:
            return NULL
    loop.frame, loop.things, loop.count, loop.room = frame, loop.few, 0, FEW
    loop.next, droppings = droppings, loop
    own[0] = loop
    return loop


cdef void drop_all(Dropping* loop) noexcept:
    """Drop what is let go, one after the other, and what is let go by that, until nothing is left."""
    global droppings, kept_dropping, direct
    cdef Dropping** place = &droppings
    cdef PyObject* thing
    while loop.count > 0:
        loop.count -= 1
        thing = loop.things[loop.count]
        if Py_IS_TYPE(thing, <PyTypeObject*>Value) and IS_LAST(thing):
            direct = loop
        Py_DecRef(thing)
    while place[0] != loop:  # others may have begun since and not be done
        place = &place[0].next
    place[0] = loop.next
    if loop.things != loop.few:
        PyMem_RawFree(loop.things)
    if kept_dropping == NULL:
        kept_dropping = loop
    else:
        PyMem_RawFree(loop)


cdef inline bint has_room(Dropping* loop) noexcept:
    """Whether there is room for one more, or can be made."""
    cdef PyObject** more
    if loop.count < loop.room:
        return True
    more = <PyObject**>PyMem_RawMalloc(4 * loop.room * sizeof(PyObject*))
    if more == NULL:
        return False
    memcpy(more, loop.things, loop.count * sizeof(PyObject*))
    if loop.things != loop.few:
        PyMem_RawFree(loop.things)
    loop.things, loop.room = more, 4 * loop.room
    return True


cdef void let_go_attributes(PyObject* self) noexcept:
    """Let go in turn what the attributes of a subclass hold, where Python itself would nest drops too deep."""
    cdef Dropping* loop = NULL
    cdef Dropping* own = NULL
    cdef PyObject* held
    try:
        attributes = reference._emptied(<object>self)
    except Exception:
        return  # Python drops them then
    held = <PyObject*>attributes
    Py_IncRef(held)
    attributes = None
    let_go(held, &loop, &own)
    if own != NULL:
        drop_all(own)


cdef void become_blank(Value node) noexcept:
    cdef int code = node.code
    cdef PyObject* first = node.first
    cdef PyObject* second = node.second
    cdef PyObject* aside = node.aside
    node.code, node.first, node.second, node.has_grad_, node.aside = LEAF, NULL, NULL, False, NULL
    if NO_PASS_RUNS:  # else one may hold the addresses of the parents: these references are rather never dropped
        let_all_go(code, first, second, NULL, aside, NULL)
    else:
        Py_XDecRef(aside)


# What users are told: the name that they know, and how a Value is made and what it is.
cdef bytes DOC = ("Value(data, label='')\n--\n\n" + (Reference.__doc__ or "")).encode()  # python -OO leaves none
(<PyTypeObject*>Value).tp_name = "autograd.Value"
(<PyTypeObject*>Value).tp_doc = DOC

(<PyTypeObject*>Value).tp_alloc = allocated
(<PyTypeObject*>Value).tp_dealloc = die


# How a node is made ---------------------------------------------------------------------------------

cdef struct Mode:
    bint recording
    bint anomaly
    bint forgetting  # what is made, once it was looked at
    PyObject* scope  # NULL for none; the context holds it, with the block


cdef inline PyObject* kept(PyObject* mode, Py_ssize_t place) noexcept:
    return (<PyObject**>(<char*>mode + place))[0]


cdef bint is_settled(PyObject* mode) noexcept:
    """Whether the blocks of a mode that last were in force are so now, and no others; see `modes.settled`."""
    cdef PyObject* block
    cdef PyObject* blocks
    cdef Py_ssize_t met = 0
    if kept(mode, SETTLED) == Py_None:
        return False
    blocks = PyTuple_GET_ITEM(kept(mode, SETTLED), 0)
    while kept(mode, BLOCK) != Py_None:
        block = kept(mode, BLOCK)
        if is_in_force(block):
            if met == PyList_GET_SIZE(<object>blocks) or PyList_GET_ITEM(<object>blocks, met) != block:
                return False
            met += 1
        mode = kept(mode, OUTER)
    return met == PyList_GET_SIZE(<object>blocks)


cdef inline bint is_in_force(PyObject* block) noexcept:
    """As `Block.is_in_force`."""
    cdef PyObject* generator = kept(block, GENERATOR)
    cdef PyObject* behind
    if kept(block, CLOSED) == Py_True:
        return False
    if generator == Py_None:
        return True
    behind = <PyObject*>PyFrame_GetBack(<PyFrameObject*>generator)
    Py_XDecRef(behind)
    return behind != NULL


cdef inline int read_mode(Mode* mode) except -1:
    """Which way of computing the context asks for, see `modes`."""
    cdef PyObject* found = NULL
    PyContextVar_Get(MODE, NULL, &found)
    Py_DecRef(found)  # the context holds it
    if found == <PyObject*>OUTSIDE:
        mode.recording, mode.anomaly, mode.forgetting, mode.scope = True, False, False, NULL
        return 0
    if PyList_GET_SIZE(<object>kept(found, UNSURE)):
        if HAS_GIL and is_settled(found):
            found = PyTuple_GET_ITEM(kept(found, SETTLED), 1)
        else:
            settled = modes.settled(<object>found)
            found = <PyObject*>settled
    mode.anomaly = kept(found, ANOMALY) == Py_True
    mode.recording = mode.anomaly or kept(found, RECORDING) == Py_True
    mode.forgetting = mode.anomaly and kept(found, RECORDING) != Py_True
    mode.scope = kept(found, SCOPE)
    if mode.scope == Py_None:
        mode.scope = NULL
    return 0


cdef inline double plain(object thing) except? -1.0:
    """The float behind any real number, see `ieee.real`."""
    cdef int overflow = 0
    cdef long long whole
    if PyFloat_CheckExact(thing):
        return PyFloat_AS_DOUBLE(thing)
    if PyLong_CheckExact(thing):
        whole = PyLong_AsLongLongAndOverflow(thing, &overflow)
        if not overflow:
            return <double>whole
    return real(thing)


cdef inline double data_of(object thing) except? -1.0:
    return number_of(<Value>thing) if isinstance(thing, Value) else plain(thing)


cdef inline bint is_stranger(object thing) except -1:
    """Whether a thing is neither a Value nor a number."""
    if PyFloat_CheckExact(thing) or PyLong_CheckExact(thing) or isinstance(thing, Value):
        return False
    return not reference._is_operand(thing)


cdef inline Value new_node(int code, double number, Mode* mode):
    cdef PyObject* block = take_block((<PyTypeObject*>Value).tp_basicsize)
    cdef Value node
    if block == NULL:
        raise MemoryError
    BEGIN_LIFE(block, <PyTypeObject*>Value)
    node = <Value>block
    COUNT_ONCE(block)
    memset(&node.gradient_, 0, <char*>(&node.aside + 1) - <char*>&node.gradient_)
    node.has_grad_ = False
    if mode.recording:
        node.code = code
    else:
        node.code, node.first = LEAF, FORGOTTEN
    set_birth(node)
    node.number = number
    if mode.scope != NULL:
        Py_IncRef(mode.scope)
        node.scope_ = mode.scope
    return node


cdef inline Value finished(Value node, Mode* mode):
    if mode.anomaly:
        note_line(node)
        anomaly.check_made(node)
        if mode.forgetting:
            forget(node)
    return node


cdef inline PyObject* owned(PyObject* parent) noexcept:
    if parent != NULL:
        Py_IncRef(parent)
    return parent


cdef inline PyObject* parent_of(object operand) noexcept:
    """The operand itself if it is a Value, NULL for a number."""
    return <PyObject*>operand if not PyFloat_CheckExact(operand) and isinstance(operand, Value) else NULL


cdef inline object operand_of(object thing):
    return thing if isinstance(thing, Value) else plain(thing)


cdef inline Value unary_of(int code, PyObject* parent, double x):
    cdef Mode mode
    read_mode(&mode)
    cdef Value node = new_node(code, value1(VALUE_BY[code], x), &mode)
    if mode.recording:
        node.x = x
        node.first, node.second = owned(parent), NULL
    return finished(node, &mode)


cdef inline Value binary_of(int code, PyObject* first, double x, PyObject* second, double y):
    cdef Mode mode
    read_mode(&mode)
    cdef Value node = new_node(code, value2(VALUE_BY[code], x, y), &mode)
    if mode.recording:
        node.x, node.y = x, y
        node.first, node.second = owned(first), owned(second)
    return finished(node, &mode)


cdef inline Value unary(int code, Value operand):
    cdef double x = number_of(operand)
    if not KNOWN[code]:
        return through_closure(OPERATION_OF[code], (operand,), (x,))
    return unary_of(code, <PyObject*>operand, x)


cdef inline object binary(int code, object left, object right, str reflected):
    """The node of two operands; what a stranger at the right makes of it, if it has the reflected operator."""
    cdef PyObject* first = parent_of(left)
    cdef PyObject* second = parent_of(right)
    cdef double x = 0.0, y = 0.0
    if second == NULL and reflected is not None and is_stranger(right):
        return reference._strangers_answer(left, right, reflected)
    if not KNOWN[code]:
        operands = (operand_of(left), operand_of(right))
        return through_closure(OPERATION_OF[code], operands, numbers_of(operands))
    # What is not a Value first: its conversion may run Python code, which may change a Value.
    if first == NULL:
        x = plain(left)
    if second == NULL:
        y = plain(right)
    if first != NULL:
        if not is_made(first):
            raise reference._not_made(type(left))
        x = (<Value>first).number
    if second != NULL:
        if not is_made(second):
            raise reference._not_made(type(right))
        y = (<Value>second).number
    return binary_of(code, first, x, second, y)


cdef Many* many_of(Py_ssize_t count) except NULL:
    cdef Many* many = <Many*>PyMem_RawMalloc(sizeof(Many) + count * (sizeof(PyObject*) + sizeof(double)))
    if many == NULL:
        raise MemoryError
    many.count = count
    many.numbers = <double*>(<char*>many + sizeof(Many))
    many.parents = <PyObject**>(many.numbers + count)
    return many


cdef Many* filled(tuple operands, tuple numbers) except NULL:
    """The operands and their numbers; parents are not owned yet."""
    cdef Py_ssize_t i
    cdef Many* many = many_of(len(operands))
    for i in range(many.count):
        many.parents[i] = parent_of(operands[i])
        many.numbers[i] = <double>numbers[i]
    return many


cdef tuple numbers_of(tuple operands):
    """The numbers of operands, which are Values and floats."""
    for operand in operands:
        if not isinstance(operand, Value) and not PyFloat_CheckExact(operand):
            raise TypeError(f"an operand of type {type(operand).__qualname__} is of another engine")
    return tuple([data_of(operand) for operand in operands])


cdef Value of_many(int code, Many* many, double number, Mode* mode):
    """The node that has these operands and this number; the array is the node's now."""
    cdef Py_ssize_t i
    cdef Value node
    try:
        node = new_node(code, number, mode)
    except:
        PyMem_RawFree(many)
        raise
    if mode.recording:
        for i in range(many.count):
            owned(many.parents[i])
        node.first = <PyObject*>many
    else:
        PyMem_RawFree(many)
    return node


cdef bint fits(int code, Py_ssize_t count) noexcept:
    """Whether an operation may have so many operands, those in lists counted singly."""
    if code < WHERE:
        return count == (1 if code < ADD else 2)
    return count == 3 if code == WHERE else count > 0 and (code != DOT or count % 2 == 0)


cdef Value applied(object operation, tuple operands):
    """The node that an operation makes of its operands, Values and floats."""
    cdef int code = CODE_OF.get(operation, OTHER)
    cdef Many* many
    cdef Mode mode
    if not KNOWN[code] or not fits(code, len(operands)):
        return through_closure(operation, operands, numbers_of(operands))
    if code < ADD:
        one = operands[0]
        return unary_of(code, parent_of(one), data_of(one))
    if code < WHERE:
        return binary(code, operands[0], operands[1], None)
    many = filled(operands, numbers_of(operands))
    read_mode(&mode)
    return finished(of_many(code, many, value_n(VALUE_BY[code], many.numbers, many.count), &mode), &mode)


cdef Value through_closure(object operation, tuple operands, tuple numbers):
    """The node of an operation that this file does not know, with its closure, as in `value`."""
    cdef Value node
    cdef Mode mode
    number, local_gradient = reference._answer(operation, numbers)
    cdef double data = plain(number)  # may run Python code: so before the mode is read and memory is taken
    cdef Many* many = filled(operands, numbers)
    read_mode(&mode)
    node = of_many(OTHER, many, data, &mode)
    if mode.recording:
        beside(node).operation = operation
        beside(node).local_gradient = local_gradient
    return finished(node, &mode)


cdef Value of_lists(int code, object first, object second):
    """The node of an operation on one list or on two of equal length; None if that is not what was given."""
    with cython.critical_section(first, first if second is None else second):
        return of_held_lists(code, first, second)


cdef Value of_held_lists(int code, object first, object second):
    """The same, of lists that no other thread changes meanwhile."""
    cdef Py_ssize_t i, each, count
    cdef bint has_value = False
    cdef Many* many
    cdef Mode mode
    if not PyList_CheckExact(first) or (second is not None and not PyList_CheckExact(second)):
        return None
    each = PyList_GET_SIZE(first)
    count = each if second is None else 2 * each
    if each == 0 or not KNOWN[code] or (second is not None and PyList_GET_SIZE(second) != each):
        return None
    many = many_of(count)
    for i in range(count):
        thing = <object>(PyList_GET_ITEM(first, i) if i < each else PyList_GET_ITEM(second, i - each))
        if isinstance(thing, Value) and is_made(<PyObject*>thing):
            many.parents[i] = <PyObject*>thing
            many.numbers[i] = (<Value>thing).number
            has_value = True
        elif PyFloat_CheckExact(thing):
            many.parents[i] = NULL
            many.numbers[i] = PyFloat_AS_DOUBLE(thing)
        else:
            PyMem_RawFree(many)
            return None
    if not has_value:
        PyMem_RawFree(many)
        return None
    read_mode(&mode)
    return finished(of_many(code, many, value_n(VALUE_BY[code], many.numbers, count), &mode), &mode)


cdef class Twin:
    """What `Operation.__call__` tries first; None sends it the long way, which also finds what is wrong."""

    cdef int code

    def __call__(self, *arguments):
        cdef Py_ssize_t count = len(arguments)
        if self.code < ADD:
            if count == 1 and isinstance(arguments[0], Value):
                return unary(self.code, arguments[0])
        elif self.code < WHERE:
            if count == 2 and (isinstance(arguments[0], Value) or isinstance(arguments[1], Value)):
                return binary(self.code, arguments[0], arguments[1], None)
        elif self.code == DOT:
            if count == 2 and PyList_CheckExact(arguments[1]):
                return of_lists(DOT, arguments[0], arguments[1])
        elif self.code != WHERE and count == 1:
            return of_lists(self.code, arguments[0], None)
        return None


def softmax(xs):
    """The positive numbers that sum to 1 and grow as exp(x), see `operations`: the same nodes, made without a detour.

    >>> softmax([Value(1000.0), Value(1000.0)])[0].data
    0.5
    """
    cdef bint known = KNOWN[SUBTRACT] and KNOWN[EXP] and KNOWN[SUM] and KNOWN[DIVIDE]
    cdef double shift
    if type(xs) is not list or not xs or not known:
        return operations.softmax(xs)
    xs = list(xs)  # which nobody else can change
    if not all([isinstance(x, Value) for x in xs]):
        return operations.softmax(xs)
    shift = operations._largest(xs)
    if not isfinite(shift):
        return operations.softmax(xs)
    powers = [unary(EXP, binary_of(SUBTRACT, <PyObject*>x, (<Value>x).number, NULL, shift)) for x in xs]
    total = of_lists(SUM, powers, None)
    return [binary(DIVIDE, power, total, None) for power in powers]


# How a pass is made ---------------------------------------------------------------------------------

cdef class Partials:
    """The partials of a node towards all its operands, and which of these were chosen."""

    cdef double* numbers
    cdef char* chosen

    def __dealloc__(self):
        PyMem_RawFree(self.numbers)

    cdef int make_room(self, Py_ssize_t count) except -1:
        self.numbers = <double*>PyMem_RawMalloc(count * (sizeof(double) + 1) + 1)
        if self.numbers == NULL:
            raise MemoryError
        self.chosen = <char*>(self.numbers + count)
        return 0


cdef Partials partials_of(Value node):
    cdef Partials partials = Partials.__new__(Partials)
    cdef Py_ssize_t i, count = count_of(node)
    cdef tuple answers
    partials.make_room(count)
    if node.code == OTHER:
        answers = reference._checked(beside(node).operation, beside(node).local_gradient(), count)
        for i in range(count):
            # Towards a plain number nothing is computed; and a node that its rule made anew has no operands any more.
            partial = reference._plain(answers[i]) if parent_at(node, i) != NULL else BLOCKED
            partials.chosen[i] = partial is not BLOCKED
            partials.numbers[i] = 0.0 if partial is BLOCKED else partial
    elif node.code >= WHERE:
        partials_n(PARTIAL_BY[node.code], (<Many*>node.first).numbers, count, partials.numbers, partials.chosen)
    else:
        for i in range(count):
            partials.chosen[i] = partial_at(<PyObject*>node, i, &partials.numbers[i])
    return partials


cdef inline bint partial_at(PyObject* node, int place, double* answer) noexcept:
    if (<Value>node).code < ADD:
        return partial1(PARTIAL_BY[(<Value>node).code], (<Value>node).x, (<Value>node).number, answer)
    return partial2(PARTIAL_BY[(<Value>node).code], place, (<Value>node).x, (<Value>node).y, answer)


cdef struct Stop:
    # A node that a pass has met, and the sum of the flows that have arrived at it. NULL: none stands here. While only
    # blocked edges have led to it, so that no flow has arrived, the lowest bit of its address is set.
    PyObject* node
    double flow


cdef inline PyObject* blocked(PyObject* node) noexcept:
    return <PyObject*>(<uintptr_t>node | 1)


cdef inline bint is_blocked(Stop* stop) noexcept:
    return <uintptr_t>stop.node & 1


cdef inline PyObject* node_at(Stop* stop) noexcept:
    return <PyObject*>(<uintptr_t>stop.node & ~<uintptr_t>1)


cdef inline void arrive(Stop* stop, PyObject* node, double flow) noexcept:
    if stop.node == node:
        stop.flow += flow
    else:  # nothing stands here yet, or the node without a flow
        stop.node = node
        stop.flow = flow


cdef struct Stops:
    # A table of them. Of what is counted the caller keeps the books.
    Stop* at
    Py_ssize_t room
    Py_ssize_t count


# So many stops ahead, nodes are brought into the cache; so many more are at the end of each table, empty.
cdef enum:
    AHEAD = 6


cdef Stop* new_stops(Py_ssize_t room) except NULL:
    cdef Stop* stops = <Stop*>new_table((room + AHEAD) * sizeof(Stop))
    if stops == NULL:
        raise MemoryError
    return stops


cdef void free_stops(Stops* stops) noexcept:
    if stops.at != NULL:
        free_table(stops.at, (stops.room + AHEAD) * sizeof(Stop))


cdef int grow(Stops* stops, Py_ssize_t room) except -1:
    """Room for more, after what is counted."""
    cdef Stop* larger = new_stops(room)
    if stops.count:
        memcpy(larger, stops.at, stops.count * sizeof(Stop))
    free_stops(stops)
    stops.at, stops.room = larger, room
    return 0


cdef void commit(Stops* stops, Py_ssize_t count) noexcept:
    """Write gradients: a leaf adds up, an interior node shows the last pass. The stops are empty then."""
    cdef Py_ssize_t i
    cdef PyObject* node
    cdef double flow
    for i in range(count):
        FETCH(&(<Value>stops.at[i + AHEAD].node).gradient_)
        node = node_at(&stops.at[i])
        if node == NULL:
            continue
        flow = 0.0 if is_blocked(&stops.at[i]) else stops.at[i].flow
        if (<Value>node).code == LEAF and (<Value>node).has_grad_:
            flow = (<Value>node).gradient_ + flow
        (<Value>node).gradient_ = flow
        (<Value>node).has_grad_ = True
        stops.at[i].node = NULL
    stops.count = 0


cdef collect(Stops* stops, Py_ssize_t count, list nodes, dict flows):
    cdef Py_ssize_t i
    for i in range(count):
        if stops.at[i].node != NULL and not is_blocked(&stops.at[i]):
            nodes.append(<object>stops.at[i].node)
            flows[birth_of(stops.at[i].node)] = stops.at[i].flow


# How far a window may reach: so many places, and so many more for each node that was met.
cdef Py_ssize_t window_for_all = 1 << 20, window_for_each = 8


def set_window(Py_ssize_t for_all, Py_ssize_t for_each):
    """Set how far windows may reach, and answer how far they might before: in small graphs, tests need small ones."""
    global window_for_all, window_for_each, spare
    before = window_for_all, window_for_each
    window_for_all, window_for_each = max(for_all, 1), for_each
    spare = None
    return before


cdef class Pass:
    """One walk from a root back to the leaves, with the flow that arrives at each node on the way.

    A node is younger than its operands. So the nodes stand in a window by their age: the root at 0, one that was born
    n Values earlier at n. A walk along the window comes to each node when all that were computed from it have sent
    their flows. What was born too early for the window waits, in a heap, for the next one. Leaves, which send nothing,
    have a hash table.
    """

    cdef long long youngest  # the birth that stands at 0
    cdef Stops window  # counted up to the oldest that stands there
    cdef Stops past  # what stood in windows before this one
    cdef Stops leaves  # the room is a power of 2, at least half of it empty
    cdef list waiting  # (−birth, place in the order of coming, address, flow or None)
    cdef Py_ssize_t waited  # how many have had to
    cdef Py_ssize_t met  # nodes the walk has come to, and the operands in lists of theirs

    def __cinit__(self):
        self.waiting = []

    def __dealloc__(self):
        free_stops(&self.window)
        free_stops(&self.past)
        free_stops(&self.leaves)

    cdef int run(self, PyObject* root, double start) except -1:
        self.youngest = birth_of(root)
        self.met = 0
        BEGIN_PASS()
        try:
            self.send_to(root, start)
            self.walk()
            self.check()
        finally:
            END_PASS()
        # From here on to the end no Python code runs, and no other pass writes.
        BEGIN_COMMIT()
        commit(&self.window, self.window.count)
        commit(&self.past, self.past.count)
        commit(&self.leaves, self.leaves.room)
        END_COMMIT()
        return 0

    cdef int walk(self) except -1:
        cdef Py_ssize_t place = 0
        cdef Stop* stop
        while True:
            while place < self.window.count:
                stop = &self.window.at[place]
                FETCH((stop + AHEAD).node)
                if stop.node != NULL:
                    self.met += 1
                    if is_blocked(stop):
                        self.block_all(node_at(stop))
                    else:
                        self.send(stop.node, stop.flow)
                place += 1
                if place & 0xFFFF == 0:
                    PyErr_CheckSignals()
            if not self.waiting:
                return 0
            self.open_next_window()
            place = 0

    cdef inline int send(self, PyObject* node, double flow) except -1:
        """From a node at which all flows have arrived to its parents."""
        cdef int formula = PARTIAL_BY[(<Value>node).code]
        cdef PyObject* first = (<Value>node).first
        cdef PyObject* second = (<Value>node).second
        cdef double partial = 0.0
        if (<Value>node).code >= WHERE:
            self.send_to_many(node, flow)
        elif formula == MULTIPLY:
            if first != NULL:
                self.send_to(first, flow * (<Value>node).y)
            if second != NULL:
                self.send_to(second, flow * (<Value>node).x)
        elif formula == ADD:
            if first != NULL:
                self.send_to(first, flow)
            if second != NULL:
                self.send_to(second, flow)
        else:
            if first != NULL:
                if partial_at(node, 0, &partial):
                    self.send_to(first, flow * partial)
                else:
                    self.block(first)
            if second != NULL:
                if partial_at(node, 1, &partial):
                    self.send_to(second, flow * partial)
                else:
                    self.block(second)
        return 0

    cdef int send_to_many(self, PyObject* node, double flow) except -1:
        cdef Many* many = <Many*>(<Value>node).first
        cdef Py_ssize_t i, half = many.count // 2
        cdef Partials partials
        self.met += many.count
        if PARTIAL_BY[(<Value>node).code] == DOT:  # without a table of partials
            for i in range(half):
                if many.parents[i] != NULL:
                    self.send_to(many.parents[i], flow * many.numbers[half + i])
            for i in range(half):
                if many.parents[half + i] != NULL:
                    self.send_to(many.parents[half + i], flow * many.numbers[i])
            return 0
        partials = partials_of(<Value>node)
        for i in range(many.count):
            if many.parents[i] != NULL:
                if partials.chosen[i]:
                    self.send_to(many.parents[i], flow * partials.numbers[i])
                else:
                    self.block(many.parents[i])
        return 0

    cdef inline int send_to(self, PyObject* parent, double flow) except -1:
        cdef long long place
        if (<Value>parent).code == LEAF:
            arrive(self.leaf(parent), parent, flow)
            return 0
        place = self.youngest - birth_of(parent)
        if place >= self.window.count and not self.reaches(place):
            return self.wait(parent, flow)
        arrive(&self.window.at[place], parent, flow)
        return 0

    cdef int block_all(self, PyObject* node) except -1:
        cdef Py_ssize_t i
        cdef PyObject* parent
        for i in range(count_of(<Value>node)):
            parent = parent_at(<Value>node, i)
            if parent != NULL:
                self.block(parent)
        return 0

    cdef int block(self, PyObject* parent) except -1:
        """Meet a parent that no flow goes to."""
        cdef long long place
        cdef Stop* stop
        if (<Value>parent).code == LEAF:
            stop = self.leaf(parent)
        else:
            place = self.youngest - birth_of(parent)
            if place >= self.window.count and not self.reaches(place):
                return self.wait(parent, None)
            stop = &self.window.at[place]
        if stop.node == NULL:
            stop.node = blocked(parent)
        return 0

    cdef int reaches(self, long long place) except -1:
        """Whether the window reaches as far as this place, or can be made to."""
        cdef Py_ssize_t room = self.window.room
        # Nodes of one computation were born in a row, nearly; far more places than nodes would be a waste.
        cdef Py_ssize_t most = window_for_all + window_for_each * self.met
        if place >= room:
            if self.waiting:  # all that is older than the window waits, or a node would stand in two places
                return False
            while room <= place and room < most:
                room = max(2 * room, 4)
            if room > self.window.room:
                grow(&self.window, room)
            if place >= room:
                return False
        self.window.count = place + 1
        return True

    cdef int wait(self, PyObject* parent, flow) except -1:
        self.waited += 1
        heappush(self.waiting, (-birth_of(parent), self.waited, <uintptr_t>parent, flow))
        return 0

    cdef int open_next_window(self) except -1:
        """Put the window where the youngest node is that waits, and into it all for which there is room."""
        cdef Py_ssize_t i
        cdef PyObject* parent
        if self.past.count + self.window.count > self.past.room:
            grow(&self.past, 2 * (self.past.count + self.window.count))
        for i in range(self.window.count):
            if self.window.at[i].node != NULL:
                self.past.at[self.past.count] = self.window.at[i]
                self.past.count += 1
        memset(self.window.at, 0, self.window.count * sizeof(Stop))
        self.window.count = 0
        self.youngest = -self.waiting[0][0]
        while self.waiting and self.youngest + self.waiting[0][0] < self.window.room:
            _, _, address, flow = heappop(self.waiting)
            parent = <PyObject*><uintptr_t>address
            if flow is None:
                self.block(parent)
            else:
                self.send_to(parent, flow)
        return 0

    cdef inline Stop* leaf(self, PyObject* leaf) except NULL:
        """Where a leaf stands, or is to stand."""
        cdef Stop* stop = leaf_stop(&self.leaves, leaf)
        if stop == NULL or stop.node == NULL:
            self.leaves.count += 1
            if 2 * self.leaves.count > self.leaves.room:
                self.grow_leaves()
                stop = leaf_stop(&self.leaves, leaf)
        return stop

    cdef int grow_leaves(self) except -1:
        cdef Stops larger
        cdef Py_ssize_t i
        larger.room = max(2 * self.leaves.room, 16)
        larger.count = self.leaves.count
        larger.at = new_stops(larger.room)
        for i in range(self.leaves.room):
            if self.leaves.at[i].node != NULL:
                leaf_stop(&larger, node_at(&self.leaves.at[i]))[0] = self.leaves.at[i]
        free_stops(&self.leaves)
        self.leaves = larger
        return 0

    cdef int check(self) except -1:
        """Under `detect_anomaly`, look at all flows."""
        cdef Mode mode
        read_mode(&mode)
        if mode.anomaly:
            nodes, flows = [], {}
            collect(&self.window, self.window.count, nodes, flows)
            collect(&self.past, self.past.count, nodes, flows)
            collect(&self.leaves, self.leaves.room, nodes, flows)
            anomaly.check_pass(sorted(nodes, key=reference._by_birth), flows)
        return 0

    cdef bint is_small(self) noexcept:
        return self.window.room <= 1 << 17 and self.leaves.room <= 1 << 14 and self.past.room <= 1 << 14


cdef inline Stop* leaf_stop(Stops* leaves, PyObject* leaf) noexcept:
    """Where a leaf stands in a hash table with open addressing, or is to stand; NULL where there is no table."""
    cdef size_t others = leaves.room - 1
    cdef size_t place
    if leaves.room == 0:
        return NULL
    # Knuth 1998, "The art of computer programming", volume 3, section 6.4: multiplication by the golden ratio.
    place = <size_t>((<unsigned long long><uintptr_t>leaf * <unsigned long long>0x9E3779B97F4A7C15) >> 32) & others
    while leaves.at[place].node != NULL and node_at(&leaves.at[place]) != leaf:
        place = (place + 1) & others
    return &leaves.at[place]


cdef Pass spare = None  # the last one that was done: its arrays serve again


# Derivatives as Values ------------------------------------------------------------------------------

def gradient(output, inputs):
    """The derivatives of `output` with respect to `inputs`, as Values that can be differentiated again.

    >>> x = Value(5.0)
    >>> slope = gradient(x**3, x)
    >>> slope.data, gradient(slope, x).data
    (75.0, 30.0)

    One input gives one Value, a list a list; an input that the output does not depend on gives 0. No `grad`
    is touched. The derivatives belong to the numbers that the output was computed from, also where a leaf has
    been changed since. Raises TypeError for inputs that are not Values, and RuntimeError for an output that was
    computed under `no_grad`.
    """
    wanted = [inputs] if isinstance(inputs, Value) else reference._inputs(inputs)
    for value in (output, *wanted):
        if not isinstance(value, Value):
            raise TypeError(f"gradient(output, inputs) takes Values, not {type(value).__name__}")
    if all([value is not output for value in wanted]):
        reference._check_past(output)
    order = reference.topological_order(output)
    # The births of the inputs and of all that depends on them: the flows elsewhere are not asked for.
    between = {value._birth for value in wanted}
    for node in order:
        if any([parent._birth in between for parent in node.parents]):
            between.add(node._birth)
    flows = {output._birth: 1.0}
    for node in reversed(order):
        arrived = flows.get(node._birth)
        if arrived is not None:
            for parent, partial in local_gradients_as_values(node, between):
                birth, flow = parent._birth, product(arrived, partial)
                flows[birth] = flows[birth] + flow if birth in flows else flow
    answers = [flows.get(value._birth, 0.0) for value in wanted]
    answers = [answer if isinstance(answer, Value) else Value(answer) for answer in answers]
    anomaly.check_derivatives(answers)
    return answers[0] if isinstance(inputs, Value) else answers


cdef object product(flow, partial):
    if type(partial) is float and partial == 1.0:
        return flow
    return partial if type(flow) is float and flow == 1.0 else flow * partial


cdef list local_gradients_as_values(Value node, set wanted):
    """The local gradients towards the parents of the wanted births, without blocked ones, as Values to be differentiated again."""
    cdef list found = []
    if node.code == LEAF:
        return found
    operation, parents = node.operation, node.operands
    operands = [as_it_was(parent, number) for parent, number in zip(parents, node.numbers)]
    with reference.on_values(operation):
        _, local_gradient = operation.rule(*operation.arguments(operands))
        partials = reference._checked(operation, local_gradient(), len(operands))
        for parent, partial in zip(parents, partials):
            if isinstance(parent, Value) and parent._birth in wanted:
                partial = partial() if callable(partial) else partial
                if partial is not BLOCKED:
                    found.append((parent, partial))
    return found


cdef object as_it_was(object operand, double then):
    """The operand with the number that it had when the node was computed, still depending on it."""
    cdef double now
    if not isinstance(operand, Value):
        return operand
    now = (<Value>operand).number
    if (now == then and copysign(1.0, now) == copysign(1.0, then)) or (isnan(now) and isnan(then)):
        return operand
    if not KNOWN[IDENTITY]:
        return through_closure(OPERATION_OF[IDENTITY], (operand,), (then,))
    return unary_of(IDENTITY, <PyObject*>operand, then)


# Optimisers -----------------------------------------------------------------------------------------
# The loops of `optim`, formula for formula. They answer False, with nothing changed, where they are not sure.

cdef bint can_step(list params, list counts, list moments, list more):
    """Whether these are leaves, whole numbers and floats, one for each leaf; lists of moments may be None."""
    cdef Py_ssize_t i, count = len(params)
    cdef int overflow = 0
    for numbers in (counts, moments, more):
        if numbers is not None and len(<list>numbers) != count:
            return False
    for i in range(count):
        if type(params[i]) is not Value or (<Value>params[i]).code != LEAF or not PyLong_CheckExact(counts[i]):
            return False
        PyLong_AsLongLongAndOverflow(counts[i], &overflow)
        if overflow or not is_float_at(moments, i) or not is_float_at(more, i):
            return False
    return True


cdef inline bint is_float_at(list numbers, Py_ssize_t i):
    return numbers is None or PyFloat_CheckExact(numbers[i])


def zero_grad(list params not None):
    """Forget the gradients of Values."""
    for parameter in params:
        if type(parameter) is Value:  # a subclass may have a zero_grad of its own
            (<Value>parameter).has_grad_ = False
        else:
            parameter.zero_grad()


def sgd_step(list params not None, list counts not None, list momenta, double lr, double momentum, double weight_decay, bint nesterov):
    """One step of `optim.SGD`; without momentum the list of momenta is None."""
    cdef Py_ssize_t i
    cdef double g, b
    cdef bint writing
    cdef Value parameter
    cdef Mode mode
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, momenta, None):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):  # under detect_anomaly first to see, then to write
        for i in range(len(params)):
            parameter = params[i]
            if not parameter.has_grad_:
                continue
            g = parameter.gradient_
            if weight_decay != 0.0:
                g = g + weight_decay * parameter.number
            if momenta is not None:
                b = momentum * <double>momenta[i] + g
                if writing:
                    momenta[i] = b
                g = g + momentum * b if nesterov else b
            g = parameter.number - lr * g
            if writing:
                parameter.number = g
                counts[i] = counts[i] + 1
            elif not isfinite(g):
                return False
    return True


def adam_step(
    list params not None, list counts not None, list firsts not None, list seconds not None, double lr, double beta1, double beta2, double eps,
    double weight_decay, bint decoupled,
):
    """One step of `optim.Adam`, or of `optim.AdamW` where the weight decay is decoupled."""
    cdef Py_ssize_t i
    cdef long long t, last = 0
    cdef double g, x, m, v, step_size = 0.0, root = 1.0
    cdef bint writing
    cdef Value parameter
    cdef Mode mode
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, firsts, seconds):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):  # under detect_anomaly first to see, then to write
        for i in range(len(params)):
            parameter = params[i]
            if not parameter.has_grad_:
                continue
            t = <long long>counts[i] + 1
            if t != last:
                last = t
                step_size = lr / (1.0 - c_pow(beta1, <double>t))
                root = c_sqrt(1.0 - c_pow(beta2, <double>t))
            g, x = parameter.gradient_, parameter.number
            if decoupled:
                x = x * (1.0 - lr * weight_decay)
            elif weight_decay != 0.0:
                g = g + weight_decay * x
            m = beta1 * <double>firsts[i] + (1.0 - beta1) * g
            v = beta2 * <double>seconds[i] + (1.0 - beta2) * g * g
            x = x - step_size * divided(m, (c_sqrt(v) if v >= 0.0 else NAN) / root + eps)
            if writing:
                firsts[i], seconds[i] = m, v
                parameter.number = x
                counts[i] = t
            elif not isfinite(x):
                return False
    return True


# The methods ----------------------------------------------------------------------------------------

# As with a class that is written in Python, a program may give it methods: Value.cube = lambda v: v**3.
(<PyTypeObject*>Value).tp_flags &= ~Py_TPFLAGS_IMMUTABLETYPE
PySys_AddAuditHook(keep_name, <void*>Value)
(<PyTypeObject*>Value).tp_as_sequence = &as_sequence
(<PyTypeObject*>Value).tp_as_mapping = &as_mapping
(<PyTypeObject*>Value).tp_as_async = &as_async
setattr(Value, "__doc__", Reference.__doc__)  # of an instance
if not FREES_NESTED:
    del Value.__del__


def become_method(name, operation):
    """Make v.gauss() of gauss(v), for a user's operations too; see `value`."""
    cdef int code = CODE_OF.get(operation, OTHER)
    if code != OTHER:
        KNOWN[code] = operation.rule is RULE_OF[code]
    method = reference._method(operation)
    if method is not None:
        setattr(Value, name, METHODS.get(operation, method))
    elif name not in reference._RESERVED and name in vars(Value):
        delattr(Value, name)
        if name in OF_VALUES:
            setattr(Value, name, Missing(name))


def method_of(int code):
    """The shorter way for an operation on one number or on two."""
    cdef int others_wanted = 0 if code < ADD else 1

    def method(Value self not None, *others, **named):
        if named or len(others) != others_wanted:
            self, *others = OPERATION_OF[code].operands((self, *others), named)
        return binary(code, self, others[0], None) if others_wanted else unary(code, self)

    return update_wrapper(method, RULE_OF[code])


cdef dict METHODS = {OPERATION_OF[code]: method_of(code) for code in range(IDENTITY, WHERE)}
for _name in OF_VALUES:
    setattr(Value, _name, Missing(_name))
for _operation in OPERATIONS.values():
    for _name in (_operation.name, *_operation.aliases):
        become_method(_name, _operation)
LISTENERS.append(become_method)

cdef Twin _twin
for _i in range(IDENTITY, OTHER):
    _twin = Twin.__new__(Twin)
    _twin.code = _i
    object.__setattr__(OPERATION_OF[_i], "twin", _twin)  # the one thing of an operation that is not its own
