# Numbers on their way into a compiled function and out of it, in arrays of doubles.


def gathered(tuple values not None):
    """The numbers of Values and floats."""
    cdef Py_ssize_t i
    found = new_array("d", len(values))
    cdef double* numbers = <double*>items_of(found)
    for i in range(len(values)):
        numbers[i] = data_of(values[i])
    return found


def total_of(numbers):
    """The sum of an array of doubles, added from left to right."""
    cdef Py_ssize_t i, count = len(numbers)
    cdef double total = 0.0
    cdef double* items = <double*>items_of(numbers)
    for i in range(count):
        total += items[i]
    return total


def divided(numbers, double divisor):
    """Each of an array of doubles divided by the same number."""
    cdef Py_ssize_t i, count = len(numbers)
    found = new_array("d", count)
    cdef double* items = <double*>items_of(numbers)
    cdef double* quotients = <double*>items_of(found)
    for i in range(count):
        quotients[i] = items[i] / divisor
    return found


def column_of(items):
    """A list of numbers as an array of doubles, and 1; of lists or tuples of numbers, one after the other, their length.

    None for anything else, and for what has to be looked at more closely, such as Values or lists of several lengths.
    """
    cdef Py_ssize_t i, j, count, width
    cdef double* numbers
    if type(items) is not list or not items:
        return None
    count = len(<list>items)
    if is_plain_number((<list>items)[0]):
        found = new_array("d", count)
        numbers = <double*>items_of(found)
        for i in range(min(count, len(<list>items))):
            item = (<list>items)[i]
            if not put_number(item, &numbers[i]):
                return None
        return found, 1
    if type((<list>items)[0]) not in (list, tuple):
        return None
    width = len((<list>items)[0])
    found = new_array("d", count * width)
    numbers = <double*>items_of(found)
    for i in range(count):
        row = (<list>items)[i]
        if type(row) is not type((<list>items)[0]) or len(row) != width:
            return None
        for j in range(width):
            item = (<tuple>row)[j] if type(row) is tuple else (<list>row)[j]
            if not put_number(item, &numbers[i * width + j]):
                return None
    return found, width


cdef inline bint is_plain_number(thing):
    return PyFloat_CheckExact(thing) or PyLong_CheckExact(thing)


cdef inline bint put_number(thing, double* place) except -1:
    """Put down a float or an int, which no code of Python has to look at; whether it was one."""
    cdef int overflow = 0
    cdef long long whole
    if PyFloat_CheckExact(thing):
        place[0] = PyFloat_AS_DOUBLE(thing)
        return True
    if not PyLong_CheckExact(thing):
        return False
    whole = PyLong_AsLongLongAndOverflow(thing, &overflow)
    place[0] = <double>whole
    return not overflow


# A call like the last one ------------------------------------------------------------------------------

def inputs_like_the_last(tuple arguments not None, tuple forms not None, tuple watched not None):
    """The numbers and Values of a call of the same form as the last one, where nothing that was watched has changed.

    None for a call that has to be looked at, see `compiler.arguments` and `compiler.surroundings`.
    """
    cdef Py_ssize_t i, values = 0
    cdef Mode mode
    cdef list inputs = []
    if PyList_GET_SIZE(RECORDERS) or len(arguments) != len(forms):
        return None
    read_mode(&mode)
    if mode.anomaly or not are_as_before(watched):
        return None
    for i in range(len(arguments)):
        if not has_form(arguments[i], forms[i], inputs, &values):
            return None
    if values > FEW_VALUES and len(set([id(x) for x in inputs if isinstance(x, Value)])) < values:
        return None  # some Value is given twice
    return inputs


cdef enum:
    FEW_VALUES = 16  # among which each is looked for faster than a set is made


cdef bint has_form(thing, form, list inputs, Py_ssize_t* values) except -1:
    """Whether an argument has a form; its numbers and Values join the inputs."""
    cdef Py_ssize_t i
    cdef double number
    if form is 0:
        if PyFloat_CheckExact(thing):
            inputs.append(thing)
            return True
        if not PyLong_CheckExact(thing) or not put_number(thing, &number):
            return False
        inputs.append(number)
        return True
    if form is 1:
        if not isinstance(thing, Value):
            return False
        values[0] += 1
        if values[0] <= FEW_VALUES:
            for i in range(PyList_GET_SIZE(inputs)):
                if PyList_GET_ITEM(inputs, i) == <PyObject*>thing:
                    return False  # it is given twice
        inputs.append(thing)
        return True
    if type(form) is not tuple or (<tuple>form)[0] is not type(thing):
        return False
    if type(thing) is list:
        for i in range(1, len(<tuple>form)):
            if i > len(<list>thing) or not has_form((<list>thing)[i - 1], (<tuple>form)[i], inputs, values):
                return False
        return len(<list>thing) == len(<tuple>form) - 1
    if type(thing) is tuple:
        if len(<tuple>thing) != len(<tuple>form) - 1:
            return False
        for i in range(len(<tuple>thing)):
            if not has_form((<tuple>thing)[i], (<tuple>form)[i + 1], inputs, values):
                return False
        return True
    return type(thing) in (str, bool) and thing == (<tuple>form)[1]


cdef bint holds_the_same(list things, tuple others) noexcept:
    cdef Py_ssize_t i
    if len(things) != len(others):
        return False
    for i in range(len(others)):
        if PyList_GET_ITEM(things, i) != PyTuple_GET_ITEM(<PyObject*>others, i):
            return False
    return True


cdef bint are_as_before(tuple watched) except -1:
    cdef Py_ssize_t i
    for i in range(0, len(watched), 3):
        place, name, thing = watched[i], watched[i + 1], watched[i + 2]
        if isinstance(place, dict):
            if (<dict>place).get(name, ABSENT) is not thing:
                return False
        elif isinstance(place, list) and name is None:
            if not holds_the_same(<list>place, <tuple>thing):
                return False
        elif isinstance(place, list):
            if len(<list>place) != <Py_ssize_t>name[1] or (<list>place)[<Py_ssize_t>name[0]] is not thing:
                return False
        elif place.cell_contents is not thing:
            return False
    return True


cdef object ABSENT = object()
