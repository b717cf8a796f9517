# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The compiled twin of `value`: the same Values, the same numbers bit for bit, many times faster.

The text to read is `value`; this one says the same in C. A node is one C struct: its number, its gradient, up to two
parents and the numbers they had, in line; lists of operands stand in an array beside it. There is no closure and no
tuple: from its operation and the numbers, `partial` knows the local gradient. What only errors, drawings and second
derivatives need is asked of `value` itself.

What makes it safe: parents are owned references that the collector never sees, for a graph has no cycles (who builds
one, as by a local-gradient closure that holds its own node, has to break it); a node that
dies hands its parents to one loop, so that no depth overflows the stack; a pass keeps its flows in arrays of its own,
and writes gradients at its very end, without a Python instruction in between.
"""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.list cimport PyList_CheckExact, PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_CheckExact
from cpython.mem cimport PyMem_RawFree, PyMem_RawMalloc, PyMem_RawRealloc
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.math cimport (
    copysign, cos as c_cos, exp as c_exp, fabs as c_fabs, isfinite, isnan, log as c_log, log1p as c_log1p, pow as c_pow,
    sin as c_sin, sqrt as c_sqrt, tanh as c_tanh, INFINITY, NAN,
)
from libc.stdlib cimport qsort
from libc.string cimport memset

from functools import update_wrapper

from . import operations, value as reference
from .ieee import real
from .operations import BLOCKED, LISTENERS, OPERATIONS
from .value import _mode

cdef extern from "Python.h":
    int PyContextVar_Get(object variable, PyObject* default, PyObject** value) except -1
    double PyLong_AsDouble(object number) except? -1.0
    Py_ssize_t Py_REFCNT(PyObject* thing) nogil
    void Py_DecRef "Py_DECREF"(PyObject* thing)
    void Py_IncRef "Py_INCREF"(PyObject* thing)
    ctypedef struct PyTypeObject:
        PyObject* tp_dict
    void PyType_Modified(PyTypeObject* kind)
    PyObject* PyDict_GetItem(object dictionary, object key)

cdef object Reference = reference.Value

# The operations by number. OTHER is one that is known by its closure only, such as a user's.
cdef enum:
    LEAF, OTHER
    IDENTITY, NEGATE, RECIPROCAL, EXP, LOG, LOG1P, SQRT, SIN, COS, TANH, SIGMOID, SOFTPLUS, RELU, ABS
    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, MAXIMUM, MINIMUM
    WHERE, SUM, MEAN, DOT, LOGSUMEXP
    COUNT

NAMES = (
    None, None,
    "identity", "negate", "reciprocal", "exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus",
    "relu", "abs",
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum",
    "where", "sum", "mean", "dot", "logsumexp",
)
cdef list OPERATION_OF = [OPERATIONS.get(name) for name in NAMES]
cdef list RULE_OF = [operation and operation.rule for operation in OPERATION_OF]
cdef list DICT_OF = [operation and vars(operation) for operation in OPERATION_OF]
cdef dict CODE_OF = {operation: code for code, operation in enumerate(OPERATION_OF) if operation}


cdef inline bint is_known(int code):
    """Whether an operation still has the rule that this file knows: a program may replace it."""
    return PyDict_GetItem(DICT_OF[code], "rule") == <PyObject*>RULE_OF[code]


# Which formula computes the value of an operation, and which its partials: its own. The tests exchange two, to show
# that they notice.
cdef int VALUE_BY[COUNT]
cdef int PARTIAL_BY[COUNT]
cdef int _i
for _i in range(COUNT):
    VALUE_BY[_i] = PARTIAL_BY[_i] = _i


def exchange(str first, str second, *, bint partials):
    """Exchange the formulas of two operations of equally many operands: a fault, which a test puts in and takes out."""
    cdef int a = NAMES.index(first), b = NAMES.index(second)
    if partials:
        PARTIAL_BY[a], PARTIAL_BY[b] = PARTIAL_BY[b], PARTIAL_BY[a]
    else:
        VALUE_BY[a], VALUE_BY[b] = VALUE_BY[b], VALUE_BY[a]


# The formulas: values ------------------------------------------------------------------------------
# As in `operations`, line for line. Where C answers nan, Python's own functions may answer one of another sign; a nan
# that did not come in is always the NAN of `ieee`.

cdef inline double divided(double x, double y) noexcept nogil:
    if y == 0.0:
        if x == 0.0 or isnan(x):
            return NAN
        return copysign(INFINITY, x) * copysign(1.0, y)
    return x / y


cdef inline double raised(double x, double y) noexcept nogil:
    cdef double value = c_pow(x, y)
    return NAN if isnan(value) and not isnan(x) and not isnan(y) else value


cdef inline double logarithm(double x) noexcept nogil:
    return c_log(x) if x > 0.0 else -INFINITY if x == 0.0 else NAN


cdef double value1(int formula, double x) noexcept nogil:
    cdef double e
    if formula == IDENTITY:
        return x
    if formula == NEGATE:
        return -x
    if formula == RECIPROCAL:
        return divided(1.0, x)
    if formula == EXP:
        return c_exp(x)
    if formula == LOG:
        return logarithm(x)
    if formula == LOG1P:
        return c_log1p(x) if x > -1.0 else -INFINITY if x == -1.0 else NAN
    if formula == SQRT:
        return c_sqrt(x) if x >= 0.0 else NAN
    if formula == SIN:
        return c_sin(x) if isfinite(x) else NAN
    if formula == COS:
        return c_cos(x) if isfinite(x) else NAN
    if formula == TANH:
        return c_tanh(x)
    if formula == SIGMOID:
        e = c_exp(-x if x > 0.0 else x)
        return (1.0 if x > 0.0 else e) / (1.0 + e)
    if formula == SOFTPLUS:
        e = c_log1p(c_exp(-x if x > 0.0 else x))
        return x + e if x > 0.0 else e
    if formula == RELU:
        return x if x > 0.0 else 0.0 if x <= 0.0 else x
    return c_fabs(x)


cdef inline double value2(int formula, double x, double y) noexcept nogil:
    if formula == ADD:
        return x + y
    if formula == SUBTRACT:
        return x - y
    if formula == MULTIPLY:
        return x * y
    if formula == DIVIDE:
        return divided(x, y)
    if formula == POWER:
        return raised(x, y)
    if formula == MAXIMUM:
        return x if x >= y else y if x < y else x + y
    return x if x <= y else y if x > y else x + y


cdef inline double shift_of(const double* xs, Py_ssize_t count) noexcept nogil:
    cdef double largest = xs[0]
    cdef Py_ssize_t i
    for i in range(1, count):
        if xs[i] > largest:
            largest = xs[i]
    return largest if isfinite(largest) else 0.0


cdef double value_n(int formula, const double* xs, Py_ssize_t count) noexcept nogil:
    cdef double total = 0.0, shift
    cdef Py_ssize_t i, half
    if formula == WHERE:
        return xs[1] if xs[0] != 0.0 else xs[2]
    if formula == DOT:
        half = count // 2
        for i in range(half):
            total += xs[i] * xs[half + i]
        return total
    if formula == LOGSUMEXP:
        shift = shift_of(xs, count)
        for i in range(count):
            total += c_exp(xs[i] - shift)
        return shift + logarithm(total)
    for i in range(count):
        total += xs[i]
    return total / <double>count if formula == MEAN else total


# The formulas: partial derivatives -----------------------------------------------------------------
# Each answers whether the operand was chosen at all; see BLOCKED in `operations`.

cdef bint partial1(int formula, double x, double value, double* answer) noexcept nogil:
    cdef double e
    if formula == IDENTITY:
        answer[0] = 1.0
    elif formula == NEGATE:
        answer[0] = -1.0
    elif formula == RECIPROCAL:
        answer[0] = -divided(value, x)
    elif formula == EXP:
        answer[0] = value
    elif formula == LOG:
        answer[0] = divided(1.0, x) if x >= 0.0 else value
    elif formula == LOG1P:
        answer[0] = divided(1.0, 1.0 + x) if x >= -1.0 else value
    elif formula == SQRT:
        answer[0] = divided(0.5, value + 0.0)
    elif formula == SIN:
        answer[0] = c_cos(x) if isfinite(x) else NAN
    elif formula == COS:
        answer[0] = -(c_sin(x) if isfinite(x) else NAN)
    elif formula == TANH:
        e = c_exp(-2.0 * x if x > 0.0 else 2.0 * x)
        answer[0] = 4.0 * e / ((1.0 + e) * (1.0 + e))
    elif formula == SIGMOID:
        e = c_exp(-x if x > 0.0 else x)
        answer[0] = e / ((1.0 + e) * (1.0 + e))
    elif formula == SOFTPLUS:
        e = c_exp(-x if x > 0.0 else x)
        answer[0] = (1.0 if x > 0.0 else e) / (1.0 + e)
    elif formula == RELU:
        answer[0] = 1.0 if x > 0.0 else c_exp(x)
        return not x <= 0.0
    else:
        answer[0] = 1.0 if x > 0.0 else -1.0 if x < 0.0 else 0.0 if x >= 0.0 else c_exp(x)
    return True


cdef inline bint share(double x, double y, double* answer) noexcept nogil:
    """What the maximum of x and y passes to x."""
    answer[0] = 1.0 if x > y else 0.5 if x >= y else c_exp(x + y)
    return not x < y


cdef inline bint is_normal(double x) noexcept nogil:
    return 2.2250738585072014e-308 <= c_fabs(x) < INFINITY


cdef double divide_by_divisor(double x, double y) noexcept nogil:
    cdef double quotient = divided(x, y), scaled
    if 0.0 < c_fabs(quotient) < 2.2250738585072014e-308 and c_fabs(y) < 1.0:
        scaled = divided(divided(x * 1.6069380442589903e60, y), y)  # 2 to the power 200
        return -(scaled * 6.223015277861142e-61)
    return -divided(quotient, y)


cdef double power_by_base(double base, double exponent) noexcept nogil:
    cdef double reduced = raised(base, exponent - 1.0), full = raised(base, exponent), root
    cdef bint exact
    if base == 0.0:
        return 0.0 if exponent == 0.0 else exponent * reduced
    exact = (exponent - 1.0) + 1.0 == exponent and 0.5 <= c_fabs(exponent) <= 9007199254740992.0
    if exact and is_normal(reduced):
        return exponent * reduced
    if not exact and is_normal(full):
        return divided(exponent * full, base)
    root = raised(c_fabs(base), (exponent - 1.0 if exact else exponent) * 0.5)
    if isnan(reduced) or not is_normal(root):
        return exponent * reduced
    if exact:
        return exponent * root * (root if copysign(1.0, reduced) > 0.0 else -root)
    return divided(exponent * root, base) * root


cdef double power_by_exponent(double base, double exponent) noexcept nogil:
    cdef double full = raised(base, exponent), root
    if base < 0.0:
        return full * logarithm(base)
    if base == 0.0:
        return 0.0 if exponent >= 0.0 else full * logarithm(base)
    if is_normal(full):
        return full * logarithm(base)
    root = raised(base, exponent * 0.5)
    return 0.0 if root == 0.0 else root * logarithm(base) * root


cdef bint partial2(int formula, int place, double x, double y, double* answer) noexcept nogil:
    """The partial towards the operand at the place: 0 for x, 1 for y."""
    if formula == ADD:
        answer[0] = 1.0
    elif formula == SUBTRACT:
        answer[0] = -1.0 if place else 1.0
    elif formula == MULTIPLY:
        answer[0] = x if place else y
    elif formula == DIVIDE:
        answer[0] = divide_by_divisor(x, y) if place else divided(1.0, y)
    elif formula == POWER:
        answer[0] = power_by_exponent(x, y) if place else power_by_base(x, y)
    elif (formula == MAXIMUM) == (place == 0):
        return share(x, y, answer)
    else:
        return share(y, x, answer)
    return True


cdef void partials_n(int formula, const double* xs, Py_ssize_t count, double* answers, char* chosen) noexcept nogil:
    cdef Py_ssize_t i, half = count // 2
    cdef double shift, total = 0.0
    memset(chosen, 1, count)
    if formula == WHERE:
        memset(chosen, 0, count)
        i = 1 if xs[0] != 0.0 else 2
        chosen[i] = 1
        answers[i] = 1.0
    elif formula == DOT:
        for i in range(half):
            answers[i] = xs[half + i]
            answers[half + i] = xs[i]
    elif formula == LOGSUMEXP:
        shift = shift_of(xs, count)
        for i in range(count):
            answers[i] = c_exp(xs[i] - shift)
            total += answers[i]
        for i in range(count):
            answers[i] = divided(answers[i], total)
    else:
        for i in range(count):
            answers[i] = 1.0 / <double>count if formula == MEAN else 1.0


# Nodes ----------------------------------------------------------------------------------------------

cdef struct Many:
    # The operands of a node that has lists of them, or more than two: NULL for a plain number.
    Py_ssize_t count
    PyObject** parents
    double* numbers


cdef class Beside:
    """What few nodes have: the closure of an OTHER operation, and the line that `detect_anomaly` noted."""

    cdef object operation, local_gradient, line


cdef object EMPTY = ""
cdef long long births = 0
cdef unsigned long long passes = 0


@cython.no_gc
@cython.freelist(65536)  # 8 MB at most
cdef class Value:
    """A number in a computation graph: a leaf, or the node that an operation made.

    >>> a, b = Value(2.0, "a"), Value(-3.0, "b")
    >>> c = a * b
    >>> c, c.operation, c.parents == (a, b)
    (Value(data=-6.0, grad=0.0, operation=multiply), <operation multiply>, True)

    `data` is any real number (int, float, Fraction, NumPy real scalar), kept as a float; everything else
    raises TypeError. Operators follow IEEE 754: no number raises, a division by zero is inf or nan. Values
    are equal only to themselves; `<` and `>` compare data.
    """

    cdef double number, gradient_
    cdef double x, y  # the operands as they were when the node was computed
    cdef PyObject* first  # the parents, or NULL for plain numbers
    cdef PyObject* second
    cdef long long birth
    cdef object label_, scope_  # None for none
    cdef Beside beside
    cdef object __weakref__
    cdef unsigned long long seen  # the last pass that came by, and the place of this node in it
    cdef int place
    cdef unsigned char code
    cdef unsigned char has_grad_

    def __init__(self, data, label=""):
        global births
        births += 1
        self.birth = births
        self.number = PyFloat_AS_DOUBLE(data) if PyFloat_CheckExact(data) else real(data)
        if label is not EMPTY:
            self.label = label
        read_mode()
        self.scope_ = mode_scope
        if mode_anomaly:
            self.note_line()
            reference._check_data(self, self.number)

    def __dealloc__(self):
        cdef Many* many
        cdef Py_ssize_t i
        if self.code <= LEAF:
            return
        if has_many(self):
            many = <Many*>self.first
            if many != NULL:
                for i in range(many.count):
                    if many.parents[i] != NULL:
                        let_go(many.parents[i])
                PyMem_RawFree(many)
        else:
            if self.first != NULL:
                let_go(self.first)
            if self.second != NULL:
                let_go(self.second)

    # What a Value knows ---------------------------------------------------------------------------

    @property
    def data(self):
        """The number. Setting it is for leaves, which is how training works; an interior node raises AttributeError."""
        return self.number

    @data.setter
    def data(self, data):
        if self.code == LEAF and PyFloat_CheckExact(data):
            read_mode()
            if not mode_anomaly:
                self.number = PyFloat_AS_DOUBLE(data)
                return
        Reference.data.fset(self, data)

    @property
    def label(self):
        """What drawings and messages call this Value; "" for none. Anything but a string raises TypeError."""
        return EMPTY if self.label_ is None else self.label_

    @label.setter
    def label(self, label):
        Reference.label.fset(self, label)

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

    @property
    def has_grad(self):
        """Whether a pass has come by since the gradient was last forgotten."""
        return <bint>self.has_grad_

    @property
    def operation(self):
        """The operation that made this node, None for a leaf."""
        return self.beside.operation if self.code == OTHER else OPERATION_OF[self.code]

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
        return self.scope_

    @property
    def line(self):
        """Where the program made this node, known under detect_anomaly only."""
        return None if self.beside is None else self.beside.line

    def item(self):
        """The plain number, as `data`: PyTorch's name for it."""
        return self.number

    def zero_grad(self):
        """Forget the gradient, as before any pass."""
        self.has_grad_ = False

    def detach(self):
        """A new leaf with the same number and label."""
        return Value(self.number, self.label)

    # Under the names that `value` has for them.

    @property
    def _birth(self):
        return self.birth

    @property
    def _data(self):
        return self.number

    @_data.setter
    def _data(self, double data):
        self.number = data

    @property
    def _label(self):
        return self.label

    @_label.setter
    def _label(self, label):
        self.label_ = label

    @property
    def _grad(self):
        return self.gradient_ if self.has_grad_ else None

    @_grad.setter
    def _grad(self, grad):
        self.has_grad_ = grad is not None
        self.gradient_ = 0.0 if grad is None else grad

    cdef note_line(self):
        if self.beside is None:
            self.beside = Beside.__new__(Beside)
        self.beside.line = reference._users_line()

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

    def backward(self, seed=1.0):
        """Add to every leaf's `grad` the derivative of this node with respect to it, times `seed`.

        >>> x = Value(3.0)
        >>> y = x * x * x
        >>> y.backward()
        >>> y.backward()
        >>> x.grad
        54.0

        A pass changes gradients only at its very end: one that an exception or Ctrl-C breaks off has changed
        nothing. A seed of 0 changes nothing at all. Raises FloatingPointError under `detect_anomaly` where a
        gradient is inf or nan.
        """
        global spare
        cdef double start = real(seed)
        cdef Pass walk
        if start == 0.0:
            return
        walk = Pass.__new__(Pass) if spare is None else spare
        spare = None  # a pass inside this one shall not take it too
        try:
            walk.run(self, start)
        finally:
            walk.count = 0
            if walk.room <= 1 << 17:
                spare = walk

    # Operators ------------------------------------------------------------------------------------

    def __add__(self, other):
        return binary(ADD, self, other)

    def __radd__(self, other):
        # sum(values) starts with the integer 0, which shall leave no node.
        if PyLong_CheckExact(other) and other == 0:
            return self
        return binary_from(ADD, other, self)

    def __sub__(self, other):
        return binary(SUBTRACT, self, other)

    def __rsub__(self, other):
        return binary_from(SUBTRACT, other, self)

    def __mul__(self, other):
        return binary(MULTIPLY, self, other)

    def __rmul__(self, other):
        return binary_from(MULTIPLY, other, self)

    def __truediv__(self, other):
        return binary(DIVIDE, self, other)

    def __rtruediv__(self, other):
        # 1 / v is the reciprocal node that lectures draw.
        if not isinstance(other, Value) and plain(other) == 1.0:
            return unary(RECIPROCAL, self)
        return binary_from(DIVIDE, other, self)

    def __pow__(self, other, modulo):
        return NotImplemented if modulo is not None else binary(POWER, self, other)

    def __rpow__(self, other, modulo):
        return NotImplemented if modulo is not None else binary_from(POWER, other, self)

    def __neg__(self):
        return unary(NEGATE, self)

    def __pos__(self):
        return self

    def __abs__(self):
        return unary(ABS, self)

    def __lt__(self, other):
        return self.number < data_of(other)

    def __le__(self, other):
        return self.number <= data_of(other)

    def __gt__(self, other):
        return self.number > data_of(other)

    def __ge__(self, other):
        return self.number >= data_of(other)

    def __eq__(self, other):
        return True if self is other else NotImplemented

    def __ne__(self, other):
        return False if self is other else NotImplemented

    def __hash__(self):
        return <Py_hash_t>(<size_t><void*>self >> 4)

    # NumPy then leaves `array * value` and `numpy.float64(2) * value` to the operators above.
    __array_ufunc__ = None

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
        return Reference.__reduce__(self)

    def __repr__(self):
        return Reference.__repr__(self)

    def __format__(self, specification):
        return Reference.__format__(self, specification)

    @staticmethod
    def __apply_operation__(operation, operands):
        return applied(operation, operands)


cdef inline bint has_many(Value node) noexcept:
    return node.code >= WHERE or node.code == OTHER


cdef inline Py_ssize_t count_of(Value node) noexcept:
    if has_many(node):
        return (<Many*>node.first).count
    return 0 if node.code == LEAF else 1 if node.code < ADD else 2


cdef inline PyObject* parent_at(Value node, Py_ssize_t place) noexcept:
    return (<Many*>node.first).parents[place] if has_many(node) else node.second if place else node.first


cdef inline double number_at(Value node, Py_ssize_t place) noexcept:
    return (<Many*>node.first).numbers[place] if has_many(node) else node.y if place else node.x


cdef inline object operand_at(Value node, Py_ssize_t place):
    cdef PyObject* parent = parent_at(node, place)
    return number_at(node, place) if parent == NULL else <object>parent


# How nodes die --------------------------------------------------------------------------------------
# Parents whose last reference this was are freed in one loop: nested calls would overflow the stack.

cdef PyObject** dying = NULL
cdef Py_ssize_t dying_count = 0, dying_room = 0
cdef bint burying = False


cdef void let_go(PyObject* parent) noexcept:
    global dying, dying_count, dying_room, burying
    cdef PyObject** more
    if Py_REFCNT(parent) > 1:
        Py_DecRef(parent)
        return
    if dying_count == dying_room:
        more = <PyObject**>PyMem_RawRealloc(dying, (2 * dying_room + 1024) * sizeof(PyObject*))
        if more == NULL:  # no memory even to give memory back: let it nest
            Py_DecRef(parent)
            return
        dying = more
        dying_room = 2 * dying_room + 1024
    dying[dying_count] = parent
    dying_count += 1
    if burying:
        return
    burying = True
    while dying_count:
        dying_count -= 1
        Py_DecRef(dying[dying_count])
    burying = False
    if dying_room > 65536:  # what one deep graph needed
        PyMem_RawFree(dying)
        dying = NULL
        dying_room = 0


# How a node is made ---------------------------------------------------------------------------------

cdef object last_mode = None
cdef bint mode_recording = True, mode_anomaly = False
cdef object mode_scope = None


cdef inline int read_mode() except -1:
    """Set the three variables above as the context says."""
    global last_mode, mode_recording, mode_anomaly, mode_scope
    cdef PyObject* mode = NULL
    PyContextVar_Get(_mode, NULL, &mode)
    if mode != <PyObject*>last_mode:
        last_mode = <object>mode
        mode_recording, mode_anomaly, mode_scope = last_mode
    Py_DecRef(mode)
    return 0


cdef inline double plain(object thing) except? -1.0:
    return PyFloat_AS_DOUBLE(thing) if PyFloat_CheckExact(thing) else real(thing)


cdef inline double data_of(object thing) except? -1.0:
    return (<Value>thing).number if isinstance(thing, Value) else plain(thing)


cdef inline Value new_node(int code, double number):
    global births
    cdef Value node = Value.__new__(Value)
    births += 1
    node.birth = births
    node.number = number
    if mode_scope is not None:
        node.scope_ = mode_scope
    if mode_recording:
        node.code = code
    return node


cdef inline Value finished(Value node):
    if mode_anomaly:
        node.note_line()
        reference._check_data(node, node.number)
    return node


cdef inline PyObject* owned(PyObject* parent) noexcept:
    if parent != NULL:
        Py_IncRef(parent)
    return parent


cdef Value unary(int code, Value operand):
    if not is_known(code):
        return through_closure(OPERATION_OF[code], (operand,))
    return unary_of(code, <PyObject*>operand, operand.number)


cdef inline Value unary_of(int code, PyObject* parent, double x):
    read_mode()
    cdef Value node = new_node(code, value1(VALUE_BY[code], x))
    if mode_recording:
        node.x = x
        node.first = owned(parent)
    return finished(node)


cdef inline Value binary_of(int code, PyObject* first, double x, PyObject* second, double y):
    read_mode()
    cdef Value node = new_node(code, value2(VALUE_BY[code], x, y))
    if mode_recording:
        node.x = x
        node.y = y
        node.first = owned(first)
        node.second = owned(second)
    return finished(node)


cdef inline Value binary(int code, Value one, object other):
    if not is_known(code):
        return through_closure(OPERATION_OF[code], (one, other if isinstance(other, Value) else plain(other)))
    if isinstance(other, Value):
        return binary_of(code, <PyObject*>one, one.number, <PyObject*>other, (<Value>other).number)
    return binary_of(code, <PyObject*>one, one.number, NULL, plain(other))


cdef inline Value binary_from(int code, object other, Value one):
    if not is_known(code):
        return through_closure(OPERATION_OF[code], (other if isinstance(other, Value) else plain(other), one))
    if isinstance(other, Value):  # a subclass on the right is asked before its base class on the left
        return binary_of(code, <PyObject*>other, (<Value>other).number, <PyObject*>one, one.number)
    return binary_of(code, NULL, plain(other), <PyObject*>one, one.number)


cdef Many* many_of(Py_ssize_t count) except NULL:
    cdef Many* many = <Many*>PyMem_RawMalloc(sizeof(Many) + count * (sizeof(PyObject*) + sizeof(double)))
    if many == NULL:
        raise MemoryError
    many.count = count
    many.numbers = <double*>(<char*>many + sizeof(Many))
    many.parents = <PyObject**>(many.numbers + count)
    return many


cdef Many* filled(tuple operands) except NULL:
    """The operands, which are Values and floats, and the numbers they have; parents are not owned yet."""
    cdef Py_ssize_t i = 0
    cdef Many* many = many_of(len(operands))
    for operand in operands:
        if isinstance(operand, Value):
            many.parents[i] = <PyObject*>operand
            many.numbers[i] = (<Value>operand).number
        elif PyFloat_CheckExact(operand):
            many.parents[i] = NULL
            many.numbers[i] = PyFloat_AS_DOUBLE(operand)
        else:
            PyMem_RawFree(many)
            raise TypeError(f"an operand of type {type(operand).__qualname__} is of another engine")
        i += 1
    return many


cdef Value of_many(int code, Many* many, double number):
    """The node that has these operands and this number; the array is the node's now."""
    cdef Py_ssize_t i
    cdef Value node
    try:
        node = new_node(code, number)
    except:
        PyMem_RawFree(many)
        raise
    if mode_recording:
        for i in range(many.count):
            owned(many.parents[i])
        node.first = <PyObject*>many
    else:
        PyMem_RawFree(many)
    return node


cdef Value applied(object operation, tuple operands):
    """The node that an operation makes of its operands, Values and floats."""
    cdef int code = CODE_OF.get(operation, OTHER)
    cdef Many* many
    if code == OTHER or not is_known(code) or not operands or (code < WHERE and len(operands) != 1 + (code >= ADD)):
        return through_closure(operation, operands)
    if code < WHERE:
        one = operands[0]
        if code < ADD:
            return unary_of(code, parent_of(one), data_of(one))
        two = operands[1]
        return binary_of(code, parent_of(one), data_of(one), parent_of(two), data_of(two))
    read_mode()
    many = filled(operands)
    return finished(of_many(code, many, value_n(VALUE_BY[code], many.numbers, many.count)))


cdef inline PyObject* parent_of(object operand):
    return <PyObject*>operand if isinstance(operand, Value) else NULL


cdef Value through_closure(object operation, tuple operands):
    """The node of an operation that this file does not know, with its closure, as in `value`."""
    cdef Value node
    number, local_gradient = reference._answer(operation, tuple([data_of(operand) for operand in operands]))
    cdef double data = plain(number)  # may run Python code: so before the mode is read and memory is taken
    read_mode()
    node = of_many(OTHER, filled(operands), data)
    if mode_recording:
        node.beside = Beside.__new__(Beside)
        node.beside.operation = operation
        node.beside.local_gradient = local_gradient
    return finished(node)


cdef Value of_lists(int code, object first, object second):
    """The node of an operation on one list or on two of equal length; None if that is not what was given."""
    cdef Py_ssize_t i, each, count
    cdef bint has_value = False
    cdef Many* many
    cdef list numbers
    if not PyList_CheckExact(first) or (second is not None and not PyList_CheckExact(second)):
        return None
    each = PyList_GET_SIZE(first)
    count = each if second is None else 2 * each
    if each == 0 or not is_known(code) or (second is not None and PyList_GET_SIZE(second) != each):
        return None
    read_mode()
    many = many_of(count)
    for i in range(count):
        thing = <object>(PyList_GET_ITEM(first, i) if i < each else PyList_GET_ITEM(second, i - each))
        if isinstance(thing, Value):
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
    return finished(of_many(code, many, value_n(VALUE_BY[code], many.numbers, count)))


cdef class Twin:
    """What `Operation.__call__` tries first; None sends it the long way, which also finds what is wrong."""

    cdef int code

    def __call__(self, *arguments):
        cdef Py_ssize_t count = len(arguments)
        if self.code < ADD:
            if count == 1 and isinstance(arguments[0], Value):
                return unary(self.code, arguments[0])
        elif self.code < WHERE:
            if count == 2:
                if isinstance(arguments[0], Value):
                    return binary(self.code, arguments[0], arguments[1])
                if isinstance(arguments[1], Value):
                    return binary_from(self.code, arguments[0], arguments[1])
        elif self.code == DOT:
            if count == 2 and PyList_CheckExact(arguments[1]):
                return of_lists(DOT, arguments[0], arguments[1])
        elif self.code != WHERE and count == 1:
            return of_lists(self.code, arguments[0], None)
        return None


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
    partials.make_room(count)
    if node.code == OTHER:
        answers = reference._partials(node, node.beside.local_gradient)
        for i in range(count):
            # Towards a plain number nothing is computed.
            partial = reference._plain(answers[i]) if parent_at(node, i) != NULL else BLOCKED
            partials.chosen[i] = partial is not BLOCKED
            partials.numbers[i] = 0.0 if partial is BLOCKED else partial
    elif node.code >= WHERE:
        partials_n(PARTIAL_BY[node.code], (<Many*>node.first).numbers, count, partials.numbers, partials.chosen)
    else:
        for i in range(count):
            partials.chosen[i] = partial_at(node, i, &partials.numbers[i])
    return partials


cdef inline bint partial_at(Value node, int place, double* answer) noexcept:
    if node.code < ADD:
        return partial1(PARTIAL_BY[node.code], node.x, node.number, answer)
    return partial2(PARTIAL_BY[node.code], place, node.x, node.y, answer)


cdef class Pass:
    """One walk from a root back to the leaves: the nodes it meets, and the flow that has arrived at each."""

    cdef unsigned long long number
    cdef Py_ssize_t count, room, flows_room
    cdef PyObject** nodes  # as they were found; the root keeps them all alive
    cdef PyObject** order  # those that are no leaves, the youngest first
    cdef double* flows
    cdef char* arrived

    def __dealloc__(self):
        PyMem_RawFree(self.nodes)
        self.forget_flows()

    cdef void forget_flows(self) noexcept:
        PyMem_RawFree(self.order)
        PyMem_RawFree(self.flows)
        PyMem_RawFree(self.arrived)
        self.order, self.flows, self.arrived, self.flows_room = NULL, NULL, NULL, 0

    cdef int make_room(self) except -1:
        if self.flows_room < self.count:
            self.forget_flows()
            self.order = <PyObject**>PyMem_RawMalloc(self.room * sizeof(PyObject*))
            self.flows = <double*>PyMem_RawMalloc(self.room * sizeof(double))
            self.arrived = <char*>PyMem_RawMalloc(self.room)
            if self.order == NULL or self.flows == NULL or self.arrived == NULL:
                raise MemoryError
            self.flows_room = self.room
        return 0

    cdef int run(self, Value root, double start) except -1:
        cdef Py_ssize_t inner = 0, i
        cdef Value node
        self.find(root)
        self.make_room()
        memset(self.arrived, 0, self.count)
        for i in range(self.count):
            if (<Value>self.nodes[i]).code != LEAF:
                self.order[inner] = self.nodes[i]
                inner += 1
        youngest_first(self.order, inner)
        self.arrived[root.place] = True
        self.flows[root.place] = start
        for i in range(inner):
            node = <Value>self.order[i]
            if self.arrived[node.place]:
                self.send(node)
            if i & 0xFFFF == 0xFFFF:
                self.heed_signals()
        read_mode()
        if mode_anomaly:
            found = sorted([<object>self.nodes[i] for i in range(self.count)], key=reference._by_birth)
            reference._check_flows(
                found, {<object>self.nodes[i]: self.flows[i] for i in range(self.count) if self.arrived[i]}
            )
        self.commit()
        return 0

    cdef int find(self, Value root) except -1:
        """All that the root was computed from, each once."""
        global passes
        cdef Py_ssize_t i, done = 0
        cdef PyObject* parent
        cdef Value node
        passes += 1
        self.number = passes
        self.meet(<PyObject*>root)
        while done < self.count:  # grows as it goes
            node = <Value>self.nodes[done]
            done += 1
            if node.code == LEAF:
                continue
            if has_many(node):
                for i in range((<Many*>node.first).count):
                    parent = (<Many*>node.first).parents[i]
                    if parent != NULL and (<Value>parent).seen != self.number:
                        self.meet(parent)
            else:
                if node.first != NULL and (<Value>node.first).seen != self.number:
                    self.meet(node.first)
                if node.second != NULL and (<Value>node.second).seen != self.number:
                    self.meet(node.second)
            if done & 0xFFFF == 0:
                self.heed_signals()
        return 0

    cdef int meet(self, PyObject* thing) except -1:
        cdef PyObject** more
        if self.count == self.room:
            more = <PyObject**>PyMem_RawRealloc(self.nodes, (2 * self.room + 64) * sizeof(PyObject*))
            if more == NULL:
                raise MemoryError
            self.nodes = more
            self.room = 2 * self.room + 64
        (<Value>thing).seen = self.number
        (<Value>thing).place = self.count
        self.nodes[self.count] = thing
        self.count += 1
        return 0

    cdef void mark(self) noexcept:
        """Claim the nodes back after Python code, which may have run another pass over them."""
        cdef Py_ssize_t i
        if self.number != passes:
            for i in range(self.count):
                (<Value>self.nodes[i]).seen = self.number
                (<Value>self.nodes[i]).place = i

    cdef int heed_signals(self) except -1:
        PyErr_CheckSignals()
        self.mark()
        return 0

    cdef int send(self, Value node) except -1:
        """From a node at which all flows have arrived to its parents."""
        cdef double flow = self.flows[node.place], partial
        cdef Py_ssize_t i
        cdef Partials partials
        cdef Many* many
        if has_many(node):
            many = <Many*>node.first
            if node.code != OTHER and PARTIAL_BY[node.code] == DOT:
                self.send_dot(many, flow)
                return 0
            partials = partials_of(node)
            if node.code == OTHER:
                self.mark()
            for i in range(many.count):
                if many.parents[i] != NULL and partials.chosen[i]:
                    self.add(many.parents[i], flow * partials.numbers[i])
            return 0
        if node.first != NULL and partial_at(node, 0, &partial):
            self.add(node.first, flow * partial)
        if node.second != NULL and partial_at(node, 1, &partial):
            self.add(node.second, flow * partial)
        return 0

    cdef void send_dot(self, Many* many, double flow) noexcept:
        """As by `partials_n`, without a table of partials."""
        cdef Py_ssize_t i, half = many.count // 2
        for i in range(half):
            if many.parents[i] != NULL:
                self.add(many.parents[i], flow * many.numbers[half + i])
        for i in range(half):
            if many.parents[half + i] != NULL:
                self.add(many.parents[half + i], flow * many.numbers[i])

    cdef inline void add(self, PyObject* parent, double flow) noexcept:
        cdef int place = (<Value>parent).place
        if self.arrived[place]:
            self.flows[place] += flow
        else:
            self.flows[place] = flow
            self.arrived[place] = True

    cdef void commit(self) noexcept:
        """Write all gradients: a leaf adds up, an interior node shows the last pass."""
        cdef Py_ssize_t i
        cdef double flow
        cdef Value node
        for i in range(self.count):
            node = <Value>self.nodes[i]
            flow = self.flows[i] if self.arrived[i] else 0.0
            node.gradient_ = flow if node.code != LEAF or not node.has_grad_ else node.gradient_ + flow
            node.has_grad_ = True


cdef Pass spare = None  # the last one that was done: its arrays serve again


cdef int by_birth(const void* one, const void* other) noexcept nogil:
    cdef long long a = (<Value>(<PyObject**>one)[0]).birth, b = (<Value>(<PyObject**>other)[0]).birth
    return 1 if a < b else -1 if a > b else 0


cdef int youngest_first(PyObject** nodes, Py_ssize_t count) except -1:
    """Sort by birth. Nodes of one computation were born in a row, nearly: then each has its place at once."""
    cdef long long oldest, youngest, birth
    cdef Py_ssize_t i, span, filled
    cdef PyObject** places
    if count < 2:
        return 0
    oldest = youngest = (<Value>nodes[0]).birth
    for i in range(1, count):
        birth = (<Value>nodes[i]).birth
        if birth < oldest:
            oldest = birth
        if birth > youngest:
            youngest = birth
    span = youngest - oldest + 1
    if span > 8 * count + 1024:
        qsort(nodes, count, sizeof(PyObject*), by_birth)
        return 0
    places = <PyObject**>PyMem_RawMalloc(span * sizeof(PyObject*))
    if places == NULL:
        raise MemoryError
    memset(places, 0, span * sizeof(PyObject*))
    for i in range(count):
        places[youngest - (<Value>nodes[i]).birth] = nodes[i]
    filled = 0
    for i in range(span):
        if places[i] != NULL:
            nodes[filled] = places[i]
            filled += 1
    PyMem_RawFree(places)
    return 0


# Derivatives as Values ------------------------------------------------------------------------------

def gradient(output, inputs):
    """The derivatives of `output` with respect to `inputs`, as Values that can be differentiated again.

    >>> x = Value(5.0)
    >>> slope = gradient(x**3, x)
    >>> slope.data, gradient(slope, x).data
    (75.0, 30.0)

    One input gives one Value, a list a list; an input that the output does not depend on gives 0. No `grad`
    is touched. The derivatives belong to the numbers that the output was computed from, also where a leaf has
    been changed since. Raises TypeError for inputs that are no Values.
    """
    cdef bint single = isinstance(inputs, Value)
    wanted = [inputs] if single else list(inputs)
    for value in (output, *wanted):
        if not isinstance(value, Value):
            raise TypeError(f"gradient(output, inputs) takes Values, not {type(value).__name__}")
    order = reference.topological_order(output)
    between = set(wanted)  # the inputs and all that depends on them: the flows elsewhere are not asked for
    for node in order:
        if not between.isdisjoint(node.parents):
            between.add(node)
    flows = {output: 1.0}
    for node in reversed(order):
        if node in flows:
            for parent, partial in local_gradients_as_values(node, between):
                flow = product(flows[node], partial)
                flows[parent] = flows[parent] + flow if parent in flows else flow
    answers = [flows.get(value, 0.0) for value in wanted]
    answers = [answer if isinstance(answer, Value) else Value(answer) for answer in answers]
    return answers[0] if single else answers


cdef object product(flow, partial):
    if type(partial) is float and partial == 1.0:
        return flow
    return partial if type(flow) is float and flow == 1.0 else flow * partial


def local_gradients_as_values(Value node, set wanted):
    """The local gradients towards the wanted parents, without blocked ones, as Values to be differentiated again."""
    cdef Py_ssize_t i
    if node.code == LEAF:
        return
    operation = node.operation
    operands = [as_it_was(node, i) for i in range(count_of(node))]
    _, local_gradient = operation.rule(*operation.arguments(operands))
    partials = reference._partials(node, local_gradient)
    for i in range(count_of(node)):
        if parent_at(node, i) != NULL and <object>parent_at(node, i) in wanted:
            partial = partials[i]
            partial = partial() if callable(partial) else partial
            if partial is not BLOCKED:
                yield <object>parent_at(node, i), partial


cdef object as_it_was(Value node, Py_ssize_t place):
    """The operand with the number that it had when the node was computed, still depending on it."""
    cdef PyObject* parent = parent_at(node, place)
    cdef double then = number_at(node, place), now
    if parent == NULL:
        return then
    now = (<Value>parent).number
    if (now == then and copysign(1.0, now) == copysign(1.0, then)) or (isnan(now) and isnan(then)):
        return <object>parent
    return unary_of(IDENTITY, parent, then)


# Optimisers -----------------------------------------------------------------------------------------
# The loops of `optim`, formula for formula. They answer False, with nothing changed, where they are not sure.

cdef int can_step(list params, list one, list two, list three=None) except -1:
    cdef Py_ssize_t count = len(params)
    if len(one) != count or len(two) != count or (three is not None and len(three) != count):
        return False
    read_mode()
    for parameter in params:
        if type(parameter) is not Value or (<Value>parameter).code != LEAF:
            return False
    return True


def zero_grad(list params):
    """Forget the gradients of Values."""
    for parameter in params:
        if isinstance(parameter, Value):
            (<Value>parameter).has_grad_ = False
        else:
            parameter.zero_grad()


def sgd_step(list params, list counts, list momenta, double lr, double momentum, double weight_decay, bint nesterov):
    """One step of `optim.SGD`; without momentum the list of momenta is None."""
    cdef Py_ssize_t i
    cdef double g, b
    cdef bint writing
    cdef Value parameter
    if not can_step(params, counts, counts if momenta is None else momenta):
        return False
    for writing in range(0 if mode_anomaly else 1, 2):  # under detect_anomaly first to see, then to write
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
    list params, list counts, list firsts, list seconds, double lr, double beta1, double beta2, double eps,
    double weight_decay, bint decoupled,
):
    """One step of `optim.Adam`, or of `optim.AdamW` where the weight decay is decoupled."""
    cdef Py_ssize_t i
    cdef long long t, last = 0
    cdef double g, x, m, v, step_size = 0.0, root = 1.0
    cdef bint writing
    cdef Value parameter
    if not can_step(params, counts, firsts, seconds):
        return False
    for writing in range(0 if mode_anomaly else 1, 2):  # under detect_anomaly first to see, then to write
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

def set_method(str name, method):
    """Give Values a method: the dict of a type that is written in C is closed to Python, but not to C."""
    (<dict>(<PyTypeObject*>Value).tp_dict)[name] = method
    PyType_Modified(<PyTypeObject*>Value)


def become_method(operation):
    """Make v.gauss() of gauss(v), for a user's operations too; see `value`."""
    method = reference._method(operation)
    if method is not None:
        set_method(operation.name, method)


def method_of(int code):
    """The shorter way for an operation on one number or on two."""
    cdef int others_wanted = 0 if code < ADD else 1

    def method(Value self, *others):
        if len(others) != others_wanted:
            OPERATION_OF[code].operands((self, *others))  # raises
        return binary(code, self, others[0]) if others_wanted else unary(code, self)

    return update_wrapper(method, RULE_OF[code])


for _operation in OPERATIONS.values():
    become_method(_operation)
for _i in range(IDENTITY, WHERE):
    set_method(NAMES[_i], method_of(_i))
LISTENERS.append(become_method)

cdef Twin _twin
for _i in range(IDENTITY, COUNT):
    _twin = Twin.__new__(Twin)
    _twin.code = _i
    OPERATION_OF[_i].twin = _twin
