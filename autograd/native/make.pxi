cdef extern from "structmember.h":
    ctypedef struct PyMemberDef:
        Py_ssize_t offset
    ctypedef struct PyMemberDescrObject:
        PyMemberDef* d_member



cdef Py_ssize_t place_of(kind, str name) except -1:
    """Where objects of a class in `modes` keep what is called so."""
    slot = kind.__dict__.get(name)
    if not isinstance(slot, MemberDescriptorType):
        raise ImportError(f"autograd.modes.{kind.__name__} has no slot {name!r}, which this engine reads: build again")
    return (<PyMemberDescrObject*><PyObject*>slot).d_member.offset


cdef Py_ssize_t RECORDING = place_of(modes.Mode, "recording"), ANOMALY = place_of(modes.Mode, "anomaly")
cdef Py_ssize_t SCOPE = place_of(modes.Mode, "scope"), UNSURE = place_of(modes.Mode, "unsure")
cdef Py_ssize_t SETTLED = place_of(modes.Mode, "settled"), OUTER = place_of(modes.Mode, "outer")
cdef Py_ssize_t BLOCK = place_of(modes.Mode, "block"), CLOSED = place_of(modes.Block, "closed")
cdef Py_ssize_t GENERATOR = place_of(modes.Block, "generator")


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
    return not reference.is_operand(thing)


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


cdef inline Value unary_of(int code, PyObject* parent, double x):
    cdef Mode mode
    if HAS_PROGRAM[code]:
        return by_program(code, &parent, &x, 1)
    read_mode(&mode)
    cdef Value node = new_node(code, value1(code, x), &mode)
    if mode.recording:
        node.x = x
        node.first, node.second = owned(parent), NULL
    return finished(node, &mode)


cdef inline Value binary_of(int code, PyObject* first, double x, PyObject* second, double y):
    cdef Mode mode
    cdef PyObject* parents[2]
    cdef double numbers[2]
    if HAS_PROGRAM[code]:
        parents[0], parents[1], numbers[0], numbers[1] = first, second, x, y
        return by_program(code, parents, numbers, 2)
    read_mode(&mode)
    cdef Value node = new_node(code, value2(code, x, y), &mode)
    if mode.recording:
        node.x, node.y = x, y
        node.first, node.second = owned(first), owned(second)
    return finished(node, &mode)


cdef inline Value unary(int code, Value operand):
    cdef double x = number_of(operand)
    return unary_of(code, <PyObject*>operand, x)


cdef inline object binary(int code, object left, object right, str reflected):
    """The node of two operands; what a stranger at the right makes of it, if it has the reflected operator."""
    cdef PyObject* first = parent_of(left)
    cdef PyObject* second = parent_of(right)
    cdef double x = 0.0, y = 0.0
    if second == NULL and reflected is not None and is_stranger(right):
        return reference.strangers_answer(left, right, reflected)
    # What is not a Value first: its conversion may run Python code, which may change a Value.
    if first == NULL:
        x = plain(left)
    if second == NULL:
        y = plain(right)
    if first != NULL:
        if not is_made(first):
            raise reference.not_made(type(left))
        x = (<Value>first).number
    if second != NULL:
        if not is_made(second):
            raise reference.not_made(type(right))
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


cdef Many* filled_now(tuple operands) except NULL:
    """The operands with the numbers that they have now; parents are not owned yet."""
    cdef Py_ssize_t i
    cdef Many* many = many_of(len(operands))
    for i in range(many.count):
        thing = operands[i]
        if isinstance(thing, Value) and is_made(<PyObject*>thing):
            many.parents[i], many.numbers[i] = <PyObject*>thing, (<Value>thing).number
        elif PyFloat_CheckExact(thing):
            many.parents[i], many.numbers[i] = NULL, PyFloat_AS_DOUBLE(thing)
        else:
            PyMem_RawFree(many)
            raise TypeError(f"an operand is a Value or a float, not {type(thing).__qualname__}")
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
    cdef Py_ssize_t in_lists = count - SINGLE_OF[code]
    if LISTS_OF[code] == 0:
        return in_lists == 0
    return in_lists >= LEAST_OF[code] * LISTS_OF[code] and in_lists % LISTS_OF[code] == 0


cdef Value applied(object operation, tuple operands):
    """The node that an operation makes of its operands, Values and floats."""
    cdef int code = CODE_OF.get(operation, OTHER)
    cdef Many* many
    cdef Mode mode
    if code == OTHER or not fits(code, len(operands)):
        return through_closure(operation, operands, numbers_of(operands))
    if code < BINARY:
        one = operands[0]
        return unary_of(code, parent_of(one), data_of(one))
    if code < MANY:
        return binary(code, operands[0], operands[1], None)
    many = filled(operands, numbers_of(operands))
    if HAS_PROGRAM[code]:
        try:
            return by_program(code, many.parents, many.numbers, many.count)
        finally:
            PyMem_RawFree(many)
    read_mode(&mode)
    return finished(of_many(code, many, value_n(code, many.numbers, many.count), &mode), &mode)


cdef Value through_closure(object operation, tuple operands, tuple numbers):
    """The node of an operation that this file does not know, with its closure, as in `value`."""
    cdef Value node = through_answer(operation, operands, numbers, reference.answered(operation, numbers))
    if operation not in CODE_OF:  # here, where the rule has been seen to answer
        learn(operation)
    return node


cdef Value through_answer(object operation, tuple operands, tuple numbers, tuple answer):
    """The same, where it is known what the rule answers."""
    cdef Value node
    cdef Mode mode
    number, local_gradient = answer
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
    cdef Py_ssize_t each
    cdef Many* many
    cdef Mode mode
    if not PyList_CheckExact(first) or (second is not None and not PyList_CheckExact(second)):
        return None
    each = PyList_GET_SIZE(first)
    if each < LEAST_OF[code] or (second is not None and PyList_GET_SIZE(second) != each):
        return None
    many = many_of(each if second is None else 2 * each)
    if not fill_from_lists(many, first, second):
        PyMem_RawFree(many)
        return None
    read_mode(&mode)
    return finished(of_many(code, many, value_n(code, many.numbers, many.count), &mode), &mode)


cdef bint fill_from_lists(Many* many, object first, object second) noexcept:
    """Put what is in the lists into the array, not owned yet, if all are Values and floats, with a Value among them."""
    cdef Py_ssize_t i, each = PyList_GET_SIZE(first)
    cdef bint has_value = False
    for i in range(many.count):
        thing = <object>(PyList_GET_ITEM(first, i) if i < each else PyList_GET_ITEM(second, i - each))
        if isinstance(thing, Value) and is_made(<PyObject*>thing):
            many.parents[i] = <PyObject*>thing
            many.numbers[i] = (<Value>thing).number
            has_value = True
        elif PyFloat_CheckExact(thing):
            many.parents[i] = NULL
            many.numbers[i] = PyFloat_AS_DOUBLE(thing)
        else:
            return False
    return has_value


cdef class Twin:
    """What `Operation.__call__` tries first; None sends it the long way, which also finds what is wrong."""

    cdef int code

    def __call__(self, *arguments):
        cdef Py_ssize_t count = len(arguments)
        if self.code < BINARY:
            if count == 1 and isinstance(arguments[0], Value):
                return unary(self.code, arguments[0])
        elif self.code < MANY:
            if count == 2 and (isinstance(arguments[0], Value) or isinstance(arguments[1], Value)):
                return binary(self.code, arguments[0], arguments[1], None)
        elif count == LISTS_OF[self.code] == 1 and SINGLE_OF[self.code] == 0:
            return of_lists(self.code, arguments[0], None)
        elif count == LISTS_OF[self.code] == 2 and SINGLE_OF[self.code] == 0 and PyList_CheckExact(arguments[1]):
            return of_lists(self.code, arguments[0], arguments[1])
        return None


def softmax(xs):
    # The same nodes as in `operations`, made without a detour.
    cdef double shift
    if type(xs) is not list or not xs or PyList_GET_SIZE(RECORDERS):  # for a shift that has to be found at each call
        return operations.softmax(xs)
    xs = list(xs)  # which nobody else can change
    if not all([isinstance(x, Value) for x in xs]):
        return operations.softmax(xs)
    shift = number_of(xs[0])
    for x in xs:
        if number_of(x) > shift:
            shift = number_of(x)
    if not isfinite(shift):
        return operations.softmax(xs)
    powers = [unary(EXP, binary_of(SUBTRACT, <PyObject*>x, (<Value>x).number, NULL, shift)) for x in xs]
    total = of_lists(SUM, powers, None)
    return [binary(DIVIDE, power, total, None) for power in powers]
