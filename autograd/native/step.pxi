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


# Under detect_anomaly a step is made twice: first to see whether all of it is finite, then to write.

def sgd_step(
    list params not None, list counts not None, list momenta, double lr, double momentum, double weight_decay,
    bint nesterov,
):
    """One step of `optim.SGD`; without momentum the list of momenta is None."""
    cdef Py_ssize_t i
    cdef double x, b = 0.0
    cdef bint writing
    cdef Value parameter
    cdef Mode mode
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, momenta, None):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):
        for i in range(len(params)):
            parameter = params[i]
            if not parameter.has_grad_:
                continue
            if momenta is not None:
                b = <double>momenta[i]
            x = moved_by_sgd(parameter, NULL if momenta is None else &b, lr, momentum, weight_decay, nesterov)
            if writing:
                parameter.number = x
                if momenta is not None:
                    momenta[i] = b
                counts[i] = counts[i] + 1
            elif not isfinite(x):
                return False
    return True


cdef inline double moved_by_sgd(
    Value parameter, double* b, double lr, double momentum, double weight_decay, bint nesterov
) noexcept:
    """The new number of a parameter; its momentum, if there are such, is renewed."""
    cdef double g = parameter.gradient_
    if weight_decay != 0.0:
        g = g + weight_decay * parameter.number
    if b != NULL:
        b[0] = momentum * b[0] + g
        g = g + momentum * b[0] if nesterov else b[0]
    return parameter.number - lr * g


cdef struct AdamStep:
    double lr, beta1, beta2, eps, weight_decay
    bint decoupled
    # What follows from the number of steps of a parameter, which is the same for most.
    long long t
    double step_size, root


def adam_step(
    list params not None, list counts not None, list firsts not None, list seconds not None, double lr, double beta1,
    double beta2, double eps, double weight_decay, bint decoupled,
):
    """One step of `optim.Adam`, or of `optim.AdamW` where the weight decay is decoupled."""
    cdef Py_ssize_t i
    cdef double x, m, v
    cdef bint writing
    cdef Value parameter
    cdef Mode mode
    cdef AdamStep step = AdamStep(lr, beta1, beta2, eps, weight_decay, decoupled, 0, 0.0, 1.0)
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, firsts, seconds):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):
        for i in range(len(params)):
            parameter = params[i]
            if not parameter.has_grad_:
                continue
            count_step(&step, <long long>counts[i] + 1)
            m, v = <double>firsts[i], <double>seconds[i]
            x = moved_by_adam(parameter, &m, &v, &step)
            if writing:
                parameter.number = x
                firsts[i], seconds[i] = m, v
                counts[i] = step.t
            elif not isfinite(x):
                return False
    return True


cdef inline void count_step(AdamStep* step, long long t) noexcept:
    if t != step.t:
        step.t = t
        step.step_size = step.lr / (1.0 - c_pow(step.beta1, <double>t))
        step.root = c_sqrt(1.0 - c_pow(step.beta2, <double>t))


cdef inline double moved_by_adam(Value parameter, double* m, double* v, AdamStep* step) noexcept:
    """The new number of a parameter; its moments are renewed."""
    cdef double g = parameter.gradient_, x = parameter.number
    if step.decoupled:
        x = x * (1.0 - step.lr * step.weight_decay)
    elif step.weight_decay != 0.0:
        g = g + step.weight_decay * x
    m[0] = step.beta1 * m[0] + (1.0 - step.beta1) * g
    v[0] = step.beta2 * v[0] + (1.0 - step.beta2) * g * g
    return x - step.step_size * ieee_divide(m[0], (c_sqrt(v[0]) if v[0] >= 0.0 else NAN) / step.root + step.eps)
