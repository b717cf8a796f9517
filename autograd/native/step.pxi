# The loops of `optim`, formula for formula. They answer False, with nothing changed, where they are not sure.

cdef bint can_step(list params, list counts, list moments, list more):
    """Whether these are leaves, whole numbers and floats, one for each leaf; lists of moments may be None."""
    cdef Py_ssize_t i, count = len(params)
    cdef int overflow = 0
    for numbers in (counts, moments, more):
        if numbers is not None and len(<list>numbers) != count:
            return False
    for i in range(count):
        if type(params[i]) is not Value or (<Value>params[i]).code != LEAF or not PyLong_CheckExact(counts[i]):
            return False
        PyLong_AsLongLongAndOverflow(counts[i], &overflow)
        if overflow or not is_float_at(moments, i) or not is_float_at(more, i):
            return False
    return True


cdef inline bint is_float_at(list numbers, Py_ssize_t i):
    return numbers is None or PyFloat_CheckExact(numbers[i])


def zero_grad(list params not None):
    """Forget the gradients of Values."""
    for parameter in params:
        if type(parameter) is Value:  # a subclass may have a zero_grad of its own
            (<Value>parameter).has_grad_ = False
        else:
            parameter.zero_grad()


def sgd_step(list params not None, list counts not None, list momenta, double lr, double momentum, double weight_decay, bint nesterov):
    """One step of `optim.SGD`; without momentum the list of momenta is None."""
    cdef Py_ssize_t i
    cdef double g, b
    cdef bint writing
    cdef Value parameter
    cdef Mode mode
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, momenta, None):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):  # under detect_anomaly first to see, then to write
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
    list params not None, list counts not None, list firsts not None, list seconds not None, double lr, double beta1, double beta2, double eps,
    double weight_decay, bint decoupled,
):
    """One step of `optim.Adam`, or of `optim.AdamW` where the weight decay is decoupled."""
    cdef Py_ssize_t i
    cdef long long t, last = 0
    cdef double g, x, m, v, step_size = 0.0, root = 1.0
    cdef bint writing
    cdef Value parameter
    cdef Mode mode
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, firsts, seconds):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):  # under detect_anomaly first to see, then to write
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
            x = x - step_size * ieee_divide(m, (c_sqrt(v) if v >= 0.0 else NAN) / root + eps)
            if writing:
                firsts[i], seconds[i] = m, v
                parameter.number = x
                counts[i] = t
            elif not isfinite(x):
                return False
    return True
