# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""The rule book in C: the value of each operation and its partial derivatives, for the compiled engine.

As in `operations` and `precise`, line for line. Where C answers nan, Python's own functions may answer one of another
sign; a nan that did not come in is always the NAN of `ieee`.
"""

from libc.math cimport (
    copysign, cos as c_cos, exp as c_exp, fabs as c_fabs, isfinite, isinf, isnan, log as c_log, log1p as c_log1p,
    pow as c_pow, sin as c_sin, sqrt as c_sqrt, tanh as c_tanh, INFINITY, NAN,
)
from libc.string cimport memset

# The operations by number: those of one operand, of two, and of more; OTHER is one that is known by its closure only,
# such as a user's.
cdef enum:
    LEAF
    IDENTITY, NEGATE, RECIPROCAL, EXP, LOG, LOG1P, SQRT, SIN, COS, TANH, SIGMOID, SOFTPLUS, RELU, ABS
    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, MAXIMUM, MINIMUM
    WHERE, SUM, MEAN, DOT, LOGSUMEXP, OTHER

# From here on they are those of two operands, and those of more or of lists.
cdef enum:
    BINARY = ADD
    MANY = WHERE

# Values ---------------------------------------------------------------------------------------------

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


cdef inline double value1(int formula, double x) noexcept nogil:
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


cdef inline double largest_of(const double* xs, Py_ssize_t count) noexcept nogil:
    cdef double largest = xs[0]
    cdef Py_ssize_t i
    for i in range(1, count):
        if xs[i] > largest:
            largest = xs[i]
    return largest


cdef inline bint has_nan(const double* xs, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        if isnan(xs[i]):
            return True
    return False


cdef inline double value_n(int formula, const double* xs, Py_ssize_t count) noexcept nogil:
    cdef double total = 0.0, largest
    cdef Py_ssize_t i, half
    if formula == WHERE:
        return xs[1] if xs[0] != 0.0 else xs[2]
    if formula == DOT:
        half = count // 2
        for i in range(half):
            total += xs[i] * xs[half + i]
        return total
    if formula == LOGSUMEXP:
        largest = largest_of(xs, count)
        if isinf(largest):
            return NAN if has_nan(xs, count) else largest
        for i in range(count):
            total += c_exp(xs[i] - largest)
        return largest + logarithm(total)
    for i in range(count):
        total += xs[i]
    return total / <double>count if formula == MEAN else total


# Partial derivatives ----------------------------------------------------------------------------------
# Each function answers whether the operand was chosen at all; see BLOCKED in `operations`.

cdef inline bint partial1(int formula, double x, double value, double* answer) noexcept nogil:
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


cdef inline double divide_by_divisor(double x, double y) noexcept nogil:
    cdef double quotient = divided(x, y), scaled
    if 0.0 < c_fabs(quotient) < 2.2250738585072014e-308 and c_fabs(y) < 1.0:
        scaled = divided(divided(x * 1.6069380442589903e60, y), y)  # 2 to the power 200
        return -(scaled * 6.223015277861142e-61)
    return -divided(quotient, y)


cdef inline double power_by_base(double base, double exponent) noexcept nogil:
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


cdef inline double power_by_exponent(double base, double exponent) noexcept nogil:
    cdef double full = raised(base, exponent), root
    if base < 0.0:
        return full * logarithm(base)
    if base == 0.0:
        return 0.0 if exponent >= 0.0 else full * logarithm(base)
    if is_normal(full):
        return full * logarithm(base)
    root = raised(base, exponent * 0.5)
    return 0.0 if root == 0.0 else root * logarithm(base) * root


cdef inline bint partial2(int formula, int place, double x, double y, double* answer) noexcept nogil:
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


cdef inline void shares_at_infinity(const double* xs, Py_ssize_t count, double largest, double* answers) noexcept nogil:
    cdef bint undefined = has_nan(xs, count)
    cdef Py_ssize_t i, tied = 0
    for i in range(count):
        tied += xs[i] >= largest
    for i in range(count):
        answers[i] = NAN if undefined else 0.0 if xs[i] < largest else 1.0 if tied == 1 else NAN


cdef inline void partials_n(
    int formula, const double* xs, Py_ssize_t count, double* answers, char* chosen
) noexcept nogil:
    cdef Py_ssize_t i, half = count // 2
    cdef double largest, total = 0.0
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
        largest = largest_of(xs, count)
        if isinf(largest):
            shares_at_infinity(xs, count, largest, answers)
            return
        for i in range(count):
            answers[i] = c_exp(xs[i] - largest)
            total += answers[i]
        for i in range(count):
            answers[i] = answers[i] / total
    else:
        for i in range(count):
            answers[i] = 1.0 / <double>count if formula == MEAN else 1.0
