"""The rule book in C, as `generate` has traced it: what the parts of this engine use of formulas.h."""

cdef extern from "formulas.h" nogil:
    # The numbers of operations: those of one operand come first, then those of two, then the others. OTHER is one that
    # is known by its closure only.
    enum:
        BINARY "FIRST_BINARY"
        MANY "FIRST_MANY"
        LEAF "CODE_LEAF"
        OTHER "CODE_OTHER"
        # Those that this engine knows by name.
        ABS "CODE_ABS"
        ADD "CODE_ADD"
        DIVIDE "CODE_DIVIDE"
        DOT "CODE_DOT"
        EXP "CODE_EXP"
        FLOOR_DIVIDE "CODE_FLOOR_DIVIDE"
        MULTIPLY "CODE_MULTIPLY"
        NEGATE "CODE_NEGATE"
        POWER "CODE_POWER"
        RECIPROCAL "CODE_RECIPROCAL"
        REMAINDER "CODE_REMAINDER"
        SUBTRACT "CODE_SUBTRACT"
        SUM "CODE_SUM"

    const char* OPERATION_NAMES[256]  # by number, NULL for those that are none

    double value1(int code, double x)
    double value2(int code, double x, double y)
    double value_n(int code, const double* xs, Py_ssize_t count)

    # Whether an operand was chosen at all, see BLOCKED in `book`, and the partial towards it.
    bint partial1(int code, double x, double value, double* answer)
    bint partial2_0(int code, double x, double y, double value, double* answer)
    bint partial2_1(int code, double x, double y, double value, double* answer)
    int partials_n(int code, const double* xs, Py_ssize_t count, double value, double* answers, char* chosen)

cdef extern from "ieee.h" nogil:
    double ieee_divide(double x, double y)
