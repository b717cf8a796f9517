from libc.stdlib cimport calloc, free, qsort, realloc

cdef extern from "simplify.h":
    enum:
        KIND_OTHER, KIND_ADD, KIND_SUBTRACT, KIND_MULTIPLY, KIND_NEGATE, KIND_SUM, KIND_DOT, KIND_TAKE, KIND_DETACH
        IS_OF_BOOK, IS_CHEAP
        DEAD, CONSTANT, REPEATED, COPIED, JOINED
    ctypedef struct Work:
        int inputs, given, first, count, zero, minus_one, output_count, guard_count
        const double* constants
        const double* numbers
        const unsigned short* codes
        const unsigned char* kinds
        const int* starts
        int* operands
        int* outputs
        int* guards
        int counts[5]
        int left, left_operands, left_constants
    int begin_work(Work* work)
    void free_work(Work* work)
    void mark_dead(Work* work) nogil
    void find_repeated(Work* work, const char* differentiable) nogil
    void find_guards(Work* work) nogil
    void find_consumers(Work* work) nogil
    void find_chains(Work* work) nogil
    void measure(Work* work) nogil
    int number_codes(const Work* work, int* code_of, int codes)
    void write_work(const Work* work, const int* code_of, int linear, double* constants, unsigned short* codes,
                    int* starts, int* operands, int* copies, int* outputs, int* guards) nogil


# Simplifying ------------------------------------------------------------------------------------------

cdef dict KIND_OF = {
    operations.add: KIND_ADD,
    operations.subtract: KIND_SUBTRACT,
    operations.multiply: KIND_MULTIPLY,
    operations.negate: KIND_NEGATE,
    operations.sum: KIND_SUM,
    operations.dot: KIND_DOT,
    TAKE: KIND_TAKE,
    DETACH: KIND_DETACH,
}


cdef inline void* items_of(items):
    """Where an array has its items, as long as it lives and does not grow."""
    address, _ = items.buffer_info()
    return <void*><uintptr_t>address


cdef inline object new_array(str kind, Py_ssize_t count):
    return array(kind, [0]) * count


def simplified(program, numbers):
    # What it does says `compiler.simplify`, which does the same.
    from ..compiler.program import LINEAR
    from ..compiler.simplify import CHEAP

    cdef Work work
    cdef object kinds, code_of = new_array("i", len(program.operations) + 1)
    cdef bytes differentiable = program.differentiable
    kinds = array("B", [
        KIND_OF.get(each, KIND_OTHER) | (IS_OF_BOOK if each.is_of_book else 0) | (IS_CHEAP if each in CHEAP else 0)
        for each in program.operations
    ])
    memset(&work, 0, sizeof(work))
    work.inputs = len(program.input_names)
    work.given = work.inputs + len(program.parameter_names)
    work.first, work.count = program.first, len(program.codes)
    work.zero, work.minus_one = program.slots, program.slots + 1
    work.constants, work.numbers = <double*>items_of(program.constants), <double*>items_of(numbers)
    work.codes, work.kinds = <unsigned short*>items_of(program.codes), <unsigned char*>items_of(kinds)
    work.starts, work.operands = <int*>items_of(program.starts), <int*>items_of(program.operands)
    work.outputs, work.output_count = <int*>items_of(program.outputs), len(program.outputs)
    work.guards, work.guard_count = <int*>items_of(program.guards), len(program.guards) // 4
    try:
        if not begin_work(&work):
            raise MemoryError
        mark_dead(&work)
        find_repeated(&work, differentiable)
        find_guards(&work)
        find_consumers(&work)
        find_chains(&work)
        measure(&work)
        number_codes(&work, <int*>items_of(code_of), len(program.operations))
        constants, codes = new_array("d", work.left_constants), new_array("H", work.left)
        starts, operands = new_array("i", work.left + 1), new_array("i", work.left_operands)
        copies, outputs = new_array("i", work.left), new_array("i", work.output_count)
        guards = new_array("i", 4 * work.guard_count)
        write_work(
            &work, <int*>items_of(code_of), len(program.operations), <double*>items_of(constants),
            <unsigned short*>items_of(codes), <int*>items_of(starts), <int*>items_of(operands),
            <int*>items_of(copies), <int*>items_of(outputs), <int*>items_of(guards),
        )
    finally:
        free_work(&work)
    return type(program)(
        program.name,
        tuple([each for each, code in zip((*program.operations, LINEAR), code_of) if code >= 0]),
        program.input_names, program.differentiable, program.parameter_names,
        constants, codes, starts, operands, copies, outputs, guards,
        {
            "recorded": work.count, "dead": work.counts[DEAD], "constant": work.counts[CONSTANT],
            "repeated": work.counts[REPEATED], "copied": work.counts[COPIED], "linear": work.counts[JOINED],
            "left": work.left,
        },
    )
