cdef extern from "formulas.h" nogil:
    enum:
        STEP_COUNT
        STEP_DIVIDE
        STEP_POWER
    const char* STEP_NAMES[STEP_COUNT]
    double step(int code, double x, double y)


cdef extern from "Python.h":
    PyObject* PyFunction_GetCode(object function)
    PyObject* PyFunction_GetDefaults(object function)


cdef enum:
    # After the functions: what else a step may do, see `programs`.
    ANSWER = STEP_COUNT
    NOT_CHOSEN = STEP_COUNT + 1
    UNLESS = STEP_COUNT + 2
    MOST_REGISTERS = 250

cdef enum:
    BLOCKED_, ANSWERED, FAILED  # what comes of a program


cdef struct Step:
    unsigned short what, first, second, to


cdef class Program:
    """The program of an operation that a user declared, as `programs` has written it."""

    cdef Step* steps
    cdef list starts
    cdef double* constants
    cdef Py_ssize_t inputs, constant_count
    cdef list guards, late_guards

    def __init__(self, written, Py_ssize_t inputs):
        cdef Py_ssize_t i
        self.steps = <Step*>PyMem_RawMalloc(len(written.steps) * sizeof(Step))
        self.constants = <double*>PyMem_RawMalloc(len(written.constants) * sizeof(double) + 1)
        if self.steps == NULL or self.constants == NULL:
            raise MemoryError
        for i, (what, first, second, to) in enumerate(written.steps):
            self.steps[i] = Step(what, first, second, to)
        for i, constant in enumerate(written.constants):
            self.constants[i] = constant
        self.inputs, self.constant_count = inputs, len(written.constants)
        self.starts, self.guards = written.starts, written.guards
        self.late_guards = [guard for guard in written.guards if guard.is_late]

    def __dealloc__(self):
        PyMem_RawFree(self.steps)
        PyMem_RawFree(self.constants)

    cdef bint holds(self, list guards) except -1:
        """Whether these names mean what they meant when the program was written."""
        cdef PyObject* found
        for guard in guards:
            place, name, thing, _ = guard
            if HAS_GIL and type(place) is dict:
                found = PyDict_GetItem(place, name)
            elif HAS_GIL and type(place) is FunctionType:  # not by its attributes, which are audited
                found = PyFunction_GetCode(place) if name == "__code__" else PyFunction_GetDefaults(place)
            elif guard.holds():
                continue
            else:
                return False
            if found != <PyObject*>thing and (found != NULL or thing is not None):
                return False
        return True

    cdef int run(self, Py_ssize_t which, const double* operands, double value, double* answer) except -1:
        """The value for 0, the partial towards the operand before `which` for others; FAILED where Python may raise.

        It has to hold.
        """
        cdef double registers[MOST_REGISTERS]
        cdef Step* now = &self.steps[<Py_ssize_t>self.starts[which]]
        cdef double x, y, made
        memcpy(registers, operands, self.inputs * sizeof(double))
        registers[self.inputs] = value
        memcpy(registers + self.inputs + 1, self.constants, self.constant_count * sizeof(double))
        while True:
            if now.what < STEP_COUNT:
                x, y = registers[now.first], registers[now.second]
                made = step(now.what, x, y)
                # Python raises at a division by zero, and at a power that is not a real number or too large for one.
                if now.what == STEP_DIVIDE and y == 0.0:
                    return FAILED
                if now.what == STEP_POWER and not isfinite(made) and isfinite(x) and isfinite(y):
                    return FAILED
                registers[now.to] = made
                now += 1
            elif now.what == UNLESS:
                now = now + 1 if registers[now.first] == 1.0 else &self.steps[now.to]
            elif now.what == ANSWER:
                answer[0] = registers[now.first]
                return ANSWERED
            else:
                return BLOCKED_


cdef list PROGRAM_OF = [None] * (OTHER + 1)
cdef bint HAS_PROGRAM[OTHER + 1]
memset(HAS_PROGRAM, 0, sizeof(HAS_PROGRAM))
cdef object LEARNING = new_lock()  # one thread at a time


cdef int learn(operation) except -1:
    """Give an operation that a user declared a number of its own, if its rule can be run as a program."""
    cdef int code, first, end, count
    cdef Twin twin
    with LEARNING:
        if operation in CODE_OF:
            return 0
        CODE_OF[operation] = OTHER
        count = len(operation.parameters)
        first = 1 if count == 1 else BINARY if count == 2 else MANY
        end = BINARY if count == 1 else MANY if count == 2 else OTHER
        free = [code for code in range(first, end) if OPERATION_OF[code] is None]
        if operation.is_of_book or not free:
            return 0  # what derivatives are made of; or the two hundredth operation
        from .programs import program  # which needs `dis`, as few programs do

        written = program(operation, [STEP_NAMES[code].decode() for code in range(STEP_COUNT)])
        if written is None:
            return 0
        code = free[0]
        PROGRAM_OF[code], HAS_PROGRAM[code] = Program(written, count), True
        OPERATION_OF[code], LISTS_OF[code], SINGLE_OF[code] = operation, 0, count
        CODE_OF[operation] = code
        if code < MANY:
            twin = Twin.__new__(Twin)
            twin.code = code
            object.__setattr__(operation, "twin", twin)
            renew_methods(operation)
    return 0


cdef int unlearn(operation) except -1:
    """Run an operation in Python from now on: a name that its rule uses means something else than before."""
    CODE_OF[operation] = OTHER
    object.__setattr__(operation, "twin", None)
    renew_methods(operation)
    return 0


cdef int renew_methods(operation) except -1:
    """Let its methods know how it is run now; but not what the program itself has put in their place."""
    for name in (operation.name, *operation.aliases):
        longer = getattr(vars(Value).get(name), "__wrapped__", None)  # of a `Method`; else the rule
        if operation.rule in (longer, getattr(longer, "__wrapped__", None)):
            become_method(name, operation)
    return 0


cdef Value by_program(int code, PyObject** parents, double* numbers, Py_ssize_t count):
    """The node of an operation that has a program; through its closure where the program has no answer."""
    cdef Mode mode
    cdef Many* many
    cdef Value node
    cdef double answer = 0.0
    cdef Py_ssize_t i
    cdef Program program = PROGRAM_OF[code]
    cdef bint holds = program.holds(program.guards)
    if not holds or program.run(0, numbers, 0.0, &answer) != ANSWERED:
        operands = tuple([numbers[i] if parents[i] == NULL else <object>parents[i] for i in range(count)])
        if not holds:
            unlearn(OPERATION_OF[code])
        return through_closure(OPERATION_OF[code], operands, tuple([numbers[i] for i in range(count)]))
    read_mode(&mode)
    if code >= MANY:
        many = many_of(count)
        memcpy(many.numbers, numbers, count * sizeof(double))
        memcpy(many.parents, parents, count * sizeof(PyObject*))
        return finished(of_many(code, many, answer, &mode), &mode)
    node = new_node(code, answer, &mode)
    if mode.recording:
        node.x, node.first, node.second = numbers[0], owned(parents[0]), NULL
        if count == 2:
            node.y, node.second = numbers[1], owned(parents[1])
    return finished(node, &mode)


cdef bint partial_by_program(Value node, Py_ssize_t place, double* answer) except -1:
    """The partial towards an operand; asked of the rule again where the program has no answer.

    Towards a plain number nothing comes of it, but that the rule may raise.
    """
    cdef double numbers[2]
    cdef double* operands = numbers
    cdef int code = node.code, found = FAILED
    cdef Py_ssize_t count = count_of(node)
    cdef Program program = PROGRAM_OF[code]
    # Guards and rules may run Python code, which may make a leaf of the node: then it has no operands any more.
    cdef bint holds = program is not None and program.holds(program.late_guards)
    if program is None or node.code != code:
        return False
    if holds:
        numbers[0], numbers[1] = node.x, node.y
        if code >= MANY:
            operands = (<Many*>node.first).numbers
        found = program.run(1 + place, operands, node.number, answer)
    if found == FAILED:
        operation = OPERATION_OF[code]
        _, local_gradient = reference.answered(operation, node.numbers)
        partials = reference.checked(operation, local_gradient(), count)
        partial = reference.plain_number(partials[place]) if parent_at(node, place) != NULL else BLOCKED
        found = BLOCKED_ if partial is BLOCKED else ANSWERED
        answer[0] = 0.0 if partial is BLOCKED else partial
    return found == ANSWERED
