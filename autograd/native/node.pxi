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
        if PyList_GET_SIZE(RECORDERS):
            reference.note_read(self, "data")
        return number_of(self)

    @data.setter
    def data(self, data):
        cdef Mode mode
        if self.code == LEAF and PyFloat_CheckExact(data) and not PyList_GET_SIZE(RECORDERS):
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
        if PyList_GET_SIZE(RECORDERS):
            reference.note_read(self, "grad")
        return self.gradient_ if self.has_grad_ else 0.0

    @grad.setter
    def grad(self, grad):
        if PyList_GET_SIZE(RECORDERS):
            reference.note_change(self, "sets the gradient of")
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
        return <bint>self.has_grad_

    @property
    def operation(self):
        return beside(self).operation if self.code == OTHER else OPERATION_OF[self.code]

    @property
    def operands(self):
        cdef Py_ssize_t i
        return tuple([operand_at(self, i) for i in range(count_of(self))])

    @property
    def numbers(self):
        cdef Py_ssize_t i
        return tuple([number_at(self, i) for i in range(count_of(self))])

    @property
    def parents(self):
        cdef Py_ssize_t i
        return tuple([<object>parent_at(self, i) for i in range(count_of(self)) if parent_at(self, i) != NULL])

    @property
    def scope(self):
        return None if self.scope_ == NULL else <object>self.scope_

    @property
    def line(self):
        with cython.critical_section(self):
            return (<Beside>self.aside).line if is_beside(self) else None

    def item(self):
        if PyList_GET_SIZE(RECORDERS):
            reference.note_read(self, "item()")
        return number_of(self)

    def zero_grad(self):
        if PyList_GET_SIZE(RECORDERS):
            reference.note_change(self, "resets the gradient of")
        self.has_grad_ = False

    def detach(self):
        if PyList_GET_SIZE(RECORDERS) and modes.mode().recorder is not None:
            return applied(DETACH, (self,))
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
        return reference.forgotten if is_forgotten(self) else None

    # The chain rule -------------------------------------------------------------------------------

    def local_gradients(self):
        cdef Py_ssize_t i, count = count_of(self)
        cdef Partials partials = partials_of(self)
        return [
            (<object>parent_at(self, i), partials.numbers[i] if partials.chosen[i] else BLOCKED)
            for i in range(count)
            if parent_at(self, i) != NULL
        ]

    def backward(self, seed=1.0, **others):
        global spare
        if others:
            raise unknown("backward", others, OF_BACKWARD)
        cdef double start = real(seed)
        cdef Pass walk = None
        number_of(self)
        if PyList_GET_SIZE(RECORDERS):
            reference.note_change(self, "calls backward() of")
        if is_forgotten(self):
            reference.forgotten()  # raises
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

    def __mod__(left, right):
        return binary(REMAINDER, left, right, "__rmod__")

    def __floordiv__(left, right):
        return binary(FLOOR_DIVIDE, left, right, "__rfloordiv__")

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
            return reference.strangers_answer(self, other, "__gt__")
        if PyList_GET_SIZE(RECORDERS):
            reference.note_comparison(operator.lt, self, other, number_of(self) < data_of(other))
        return number_of(self) < data_of(other)

    def __le__(self, other):
        if is_stranger(other):
            return reference.strangers_answer(self, other, "__ge__")
        if PyList_GET_SIZE(RECORDERS):
            reference.note_comparison(operator.le, self, other, number_of(self) <= data_of(other))
        return number_of(self) <= data_of(other)

    def __gt__(self, other):
        if is_stranger(other):
            return reference.strangers_answer(self, other, "__lt__")
        if PyList_GET_SIZE(RECORDERS):
            reference.note_comparison(operator.gt, self, other, number_of(self) > data_of(other))
        return number_of(self) > data_of(other)

    def __ge__(self, other):
        if is_stranger(other):
            return reference.strangers_answer(self, other, "__le__")
        if PyList_GET_SIZE(RECORDERS):
            reference.note_comparison(operator.ge, self, other, number_of(self) >= data_of(other))
        return number_of(self) >= data_of(other)

    def __eq__(self, other):
        if PyList_GET_SIZE(RECORDERS) and self is not other:
            return reference.equals(self, other)
        return True if self is other else NotImplemented

    def __ne__(self, other):
        if PyList_GET_SIZE(RECORDERS) and self is not other:
            outcome = reference.equals(self, other)
            return outcome if outcome is NotImplemented else not outcome
        return False if self is other else NotImplemented

    def __hash__(self):
        if PyList_GET_SIZE(RECORDERS):
            reference.note_conversion(self, "a key of a dict or set")
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

    def __index__(self):
        return Reference.__index__(self)

    def __round__(self, digits=None):
        return Reference.__round__(self, digits)

    def __trunc__(self):
        return Reference.__trunc__(self)

    def __xor__(self, other):
        return Reference.__xor__(self, other)

    def __reduce__(self):
        return reference.reduced(self, Value)

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
        return set(self.parents)

    @property
    def _op(self):
        return Reference._op.fget(self)

    @property
    def _backward(self):
        return Reference._backward.fget(self)

    @staticmethod
    def __apply_operation__(operation, operands, numbers=None, answer=None):
        if answer is not None:
            return through_answer(operation, operands, numbers, answer)
        return applied(operation, operands) if numbers is None else through_closure(operation, operands, numbers)


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
    if node.code >= MANY:
        return (<Many*>node.first).count
    return 0 if node.code == LEAF else 1 if node.code < BINARY else 2


cdef inline PyObject* parent_at(Value node, Py_ssize_t place) noexcept:
    return (<Many*>node.first).parents[place] if node.code >= MANY else node.second if place else node.first


cdef inline double number_at(Value node, Py_ssize_t place) noexcept:
    return (<Many*>node.first).numbers[place] if node.code >= MANY else node.y if place else node.x


cdef inline bint is_made(PyObject* node) noexcept:
    """Whether it has a number: the __init__ of a subclass may not have called that of its base."""
    return (<Value>node).birth_low != 0 or (<Value>node).birth_high != 0


cdef inline double number_of(Value node) except? -1.0:
    if not is_made(<PyObject*>node):
        raise reference.not_made(type(node))
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
