# The kernels of lane_formulas.h one at a time, to try them: the compiled replay calls them without Python.

cdef extern from "lane_formulas.h" nogil:
    void lanes_value(int code, Py_ssize_t n, const double* const* xs, double* out)
    void lanes_flow(
        int code, int place, Py_ssize_t n, const double* const* xs, const double* value, const double* flow, double* out
    )
    void lanes_value_of_list(
        int code, Py_ssize_t count, Py_ssize_t n, const double* const* xs, double* out, double* room
    )
    void lanes_flows_of_list(
        int code, Py_ssize_t count, Py_ssize_t n, const double* const* xs, const double* value, const double* flow,
        double* const* outs, double* room
    )


def lane_values(operation, list columns not None):
    """The values of an operation of the book for many examples, one column of doubles for each operand."""
    cdef Py_ssize_t count = len(columns), n = len(columns[0])
    cdef int code = CODE_OF[operation]
    xs = rows_of(columns)
    values, room = new_array("d", n), new_array("d", 2 * count)
    if LISTS_OF[code]:
        lanes_value_of_list(code, count, n, <const double**>items_of(xs), <double*>items_of(values), <double*>items_of(room))
    else:
        lanes_value(code, n, <const double**>items_of(xs), <double*>items_of(values))
    return values


def lane_flows(operation, list columns not None, values, flows):
    """What flows towards each operand of an operation of the book, a column for each."""
    cdef Py_ssize_t count = len(columns), n = len(columns[0])
    cdef int code = CODE_OF[operation], place
    xs = rows_of(columns)
    cdef double* value = <double*>items_of(values)
    cdef double* flow = <double*>items_of(flows)
    towards, room = [new_array("d", n) for _ in columns], new_array("d", 2 * count)
    outs = rows_of(towards)
    if LISTS_OF[code]:
        lanes_flows_of_list(
            code, count, n, <const double**>items_of(xs), value, flow, <double**>items_of(outs), <double*>items_of(room)
        )
    else:
        for place in range(count):
            lanes_flow(code, place, n, <const double**>items_of(xs), value, flow, <double*>items_of(towards[place]))
    return towards


cdef object rows_of(list columns):
    """Where columns of doubles of one length begin."""
    if any([column.typecode != "d" or len(column) != len(columns[0]) for column in columns]):
        raise ValueError("the columns should be arrays of doubles of one length")
    return array("Q", [column.buffer_info()[0] for column in columns])
