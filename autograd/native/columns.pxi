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
