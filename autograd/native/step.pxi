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


cdef extern from "adam.h" nogil:
    ctypedef struct AdamRates:
        double lr, beta1, beta2, eps, weight_decay, step_size, root
        int decoupled
    void adam_block(const AdamRates* rates, int count, double* x, const double* g, double* m, double* v)

cdef extern from "Python.h":
    ctypedef struct PyFloatObject:
        double ob_fval

cdef enum:
    MOST_OF_A_BLOCK = 128


cdef class AdamBlock:
    """Parameters that have made as many steps, on their way through `adam_block`."""

    cdef AdamRates rates
    cdef long long steps  # that they will have made; 0 for none yet
    cdef object counted  # that number, one for all
    cdef int count
    cdef Py_ssize_t places[MOST_OF_A_BLOCK]
    cdef double x[MOST_OF_A_BLOCK]
    cdef double g[MOST_OF_A_BLOCK]
    cdef double m[MOST_OF_A_BLOCK]
    cdef double v[MOST_OF_A_BLOCK]

    cdef int begin(self, long long steps) except -1:
        self.steps, self.counted = steps, steps
        self.rates.step_size = self.rates.lr / (1.0 - c_pow(self.rates.beta1, <double>steps))
        self.rates.root = c_sqrt(1.0 - c_pow(self.rates.beta2, <double>steps))
        return 0

    cdef void join(self, Py_ssize_t place, Value parameter, double m, double v) noexcept:
        cdef double g = parameter.gradient_, x = parameter.number
        if self.rates.decoupled:
            x = x * (1.0 - self.rates.lr * self.rates.weight_decay)
        elif self.rates.weight_decay != 0.0:
            g = g + self.rates.weight_decay * x
        self.places[self.count] = place
        self.x[self.count], self.g[self.count], self.m[self.count], self.v[self.count] = x, g, m, v
        self.count += 1

    cdef bint finish(self, bint writing, list params, list counts, list firsts, list seconds) except -1:
        """Move the parameters, or look only whether all of them would be finite."""
        cdef int i
        cdef Py_ssize_t place
        adam_block(&self.rates, self.count, self.x, self.g, self.m, self.v)
        for i in range(self.count):
            if writing:
                place = self.places[i]
                (<Value>params[place]).number = self.x[i]
                put_float(firsts, place, self.m[i])
                put_float(seconds, place, self.v[i])
                counts[place] = self.counted
            elif not isfinite(self.x[i]):
                return False
        self.count = 0
        return True


cdef inline int put_float(list numbers, Py_ssize_t place, double number) except -1:
    """Put a float into a list: where the list alone holds the one that is there, that one is written over."""
    cdef PyObject* there = PyList_GET_ITEM(numbers, place)
    if HAS_GIL and Py_REFCNT(there) == 1:
        (<PyFloatObject*>there).ob_fval = number
    else:
        numbers[place] = number
    return 0


def adam_step(
    list params not None, list counts not None, list firsts not None, list seconds not None, double lr, double beta1,
    double beta2, double eps, double weight_decay, bint decoupled,
):
    """One step of `optim.Adam`, or of `optim.AdamW` where the weight decay is decoupled."""
    cdef Py_ssize_t i
    cdef long long steps
    cdef bint writing
    cdef Mode mode
    cdef AdamBlock block = AdamBlock.__new__(AdamBlock)
    block.rates = AdamRates(lr, beta1, beta2, eps, weight_decay, 0.0, 1.0, decoupled)
    read_mode(&mode)  # may run Python code: so before anything is looked at
    if not can_step(params, counts, firsts, seconds):
        return False
    for writing in range(0 if mode.anomaly else 1, 2):
        for i in range(len(params)):
            if not (<Value>params[i]).has_grad_:
                continue
            steps = <long long>counts[i] + 1
            if steps != block.steps or block.count == MOST_OF_A_BLOCK:
                if not block.finish(writing, params, counts, firsts, seconds):
                    return False
                if steps != block.steps:
                    block.begin(steps)
            block.join(i, <Value>params[i], <double>firsts[i], <double>seconds[i])
        if not block.finish(writing, params, counts, firsts, seconds):
            return False
    return True
