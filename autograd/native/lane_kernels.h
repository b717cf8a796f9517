/* The loops over lanes, for one kind of processor: included by lanes.h once for each, with

   TIER(name)  the name of a function for it
   WIDTH       how many doubles a vector has
   FUSED       a product plus a number, rounded once where the processor can do that: for flows only, whose bits are not
               promised

   A row is the numbers of all lanes, `lanes` of them, a multiple of 2·WIDTH. */

#if WIDTH > 1
typedef double TIER(Vector) __attribute__((vector_size(WIDTH * sizeof(double)), may_alias));
#else
typedef double TIER(Vector);
#endif
#define VECTOR TIER(Vector)
#define AT(address) (*(VECTOR *)(address))
#define READ(address) (*(const VECTOR *)(address))

/* Values: the sums of four members, or of one, which have their x in common, for two vectors of lanes at a time. */
static void TIER(four_sums)(int terms, const int *shared, const double *weights, const double *values, Py_ssize_t lanes,
                            double *out) {
    for (Py_ssize_t l = 0; l < lanes; l += 2 * WIDTH) {
        VECTOR zero = -(VECTOR){0};
        VECTOR a0 = zero, a1 = zero, b0 = zero, b1 = zero, c0 = zero, c1 = zero, d0 = zero, d1 = zero;
        const double *w = weights;
        for (int k = 0; k < terms; ++k, w += 4) {
            const double *x = values + shared[k] * lanes + l;
            VECTOR x0 = READ(x), x1 = READ(x + WIDTH);
            a0 += x0 * w[0];
            a1 += x1 * w[0];
            b0 += x0 * w[1];
            b1 += x1 * w[1];
            c0 += x0 * w[2];
            c1 += x1 * w[2];
            d0 += x0 * w[3];
            d1 += x1 * w[3];
        }
        AT(out + l) = a0;
        AT(out + l + WIDTH) = a1;
        AT(out + lanes + l) = b0;
        AT(out + lanes + l + WIDTH) = b1;
        AT(out + 2 * lanes + l) = c0;
        AT(out + 2 * lanes + l + WIDTH) = c1;
        AT(out + 3 * lanes + l) = d0;
        AT(out + 3 * lanes + l + WIDTH) = d1;
    }
}

static void TIER(one_sum)(int terms, const int *shared, const double *weights, const double *values, Py_ssize_t lanes,
                          double *out) {
    for (Py_ssize_t l = 0; l < lanes; l += 2 * WIDTH) {
        VECTOR a0 = -(VECTOR){0}, a1 = a0;
        for (int k = 0; k < terms; ++k) {
            const double *x = values + shared[k] * lanes + l;
            a0 += READ(x) * weights[k];
            a1 += READ(x + WIDTH) * weights[k];
        }
        AT(out + l) = a0;
        AT(out + l + WIDTH) = a1;
    }
}

/* Flows of the same: towards the weights, a vector for each, and towards the x. */
static void TIER(four_flows)(int terms, const int *shared, const double *weights, const double *values, Py_ssize_t lanes,
                             const double *sent, double *to_weights, double *flows, int to_shared) {
    for (Py_ssize_t l = 0; l < lanes; l += 2 * WIDTH) {
        VECTOR a0 = READ(sent + l), a1 = READ(sent + l + WIDTH);
        VECTOR b0 = READ(sent + lanes + l), b1 = READ(sent + lanes + l + WIDTH);
        VECTOR c0 = READ(sent + 2 * lanes + l), c1 = READ(sent + 2 * lanes + l + WIDTH);
        VECTOR d0 = READ(sent + 3 * lanes + l), d1 = READ(sent + 3 * lanes + l + WIDTH);
        const double *w = weights;
        double *t = to_weights;
        for (int k = 0; k < terms; ++k, w += 4, t += 4 * WIDTH) {
            const double *x = values + shared[k] * lanes + l;
            double *f = flows + shared[k] * lanes + l;
            VECTOR x0 = READ(x), x1 = READ(x + WIDTH);
            AT(t) = FUSED(a1, x1, FUSED(a0, x0, AT(t)));
            AT(t + WIDTH) = FUSED(b1, x1, FUSED(b0, x0, AT(t + WIDTH)));
            AT(t + 2 * WIDTH) = FUSED(c1, x1, FUSED(c0, x0, AT(t + 2 * WIDTH)));
            AT(t + 3 * WIDTH) = FUSED(d1, x1, FUSED(d0, x0, AT(t + 3 * WIDTH)));
            if (to_shared) {
                VECTOR w0 = SPREAD(w[0]), w1 = SPREAD(w[1]), w2 = SPREAD(w[2]), w3 = SPREAD(w[3]);
                AT(f) = FUSED(b0, w1, FUSED(a0, w0, AT(f))) + FUSED(d0, w3, c0 * w2);
                AT(f + WIDTH) = FUSED(b1, w1, FUSED(a1, w0, AT(f + WIDTH))) + FUSED(d1, w3, c1 * w2);
            }
        }
    }
}

static void TIER(one_flow)(int terms, const int *shared, const double *weights, const double *values, Py_ssize_t lanes,
                           const double *sent, double *to_weights, double *flows, int to_shared) {
    for (Py_ssize_t l = 0; l < lanes; l += 2 * WIDTH) {
        VECTOR a0 = READ(sent + l), a1 = READ(sent + l + WIDTH);
        for (int k = 0; k < terms; ++k) {
            const double *x = values + shared[k] * lanes + l;
            double *f = flows + shared[k] * lanes + l, *t = to_weights + (Py_ssize_t)k * WIDTH;
            AT(t) = FUSED(a1, READ(x + WIDTH), FUSED(a0, READ(x), AT(t)));
            if (to_shared) {
                VECTOR w = SPREAD(weights[k]);
                AT(f) = FUSED(a0, w, AT(f));
                AT(f + WIDTH) = FUSED(a1, w, AT(f + WIDTH));
            }
        }
    }
}

static void TIER(matrix_values)(const Step *step, const Plan *plan, Bench *bench) {
    const int *shared = plan->rows + step->operands;
    const double *weights = bench->weights + step->weights;
    double *out = bench->values + step->row * bench->lanes;
    int m = 0;
    for (; m + 4 <= step->count; m += 4) {
        TIER(four_sums)(step->arity, shared, weights + (Py_ssize_t)m * step->arity, bench->values, bench->lanes,
                        out + m * bench->lanes);
    }
    for (; m < step->count; ++m) {
        TIER(one_sum)(step->arity, shared, weights + (Py_ssize_t)m * step->arity, bench->values, bench->lanes,
                      out + m * bench->lanes);
    }
}

static void TIER(matrix_flows)(const Step *step, const Plan *plan, Bench *bench) {
    const int *shared = plan->rows + step->operands;
    const double *weights = bench->weights + step->weights, *sent = bench->flows + step->row * bench->lanes;
    double *to_weights = bench->to_weights + (Py_ssize_t)step->weights * WIDTH;
    int m = 0;
    for (; m + 4 <= step->count; m += 4) {
        Py_ssize_t place = (Py_ssize_t)m * step->arity;
        TIER(four_flows)(step->arity, shared, weights + place, bench->values, bench->lanes, sent + m * bench->lanes,
                         to_weights + place * WIDTH, bench->flows, step->sends_on);
    }
    for (; m < step->count; ++m) {
        Py_ssize_t place = (Py_ssize_t)m * step->arity;
        TIER(one_flow)(step->arity, shared, weights + place, bench->values, bench->lanes, sent + m * bench->lanes,
                       to_weights + place * WIDTH, bench->flows, step->sends_on);
    }
}

/* A chain whose factors all vary: pairs of rows. */
static void TIER(chain_values)(const Step *step, const Plan *plan, Bench *bench) {
    const int *pairs = plan->rows + step->operands;
    double *out = bench->values + step->row * bench->lanes;
    for (Py_ssize_t l = 0; l < bench->lanes; l += 2 * WIDTH) {
        VECTOR a0 = -(VECTOR){0}, a1 = a0;
        for (int k = 0; k < step->arity; ++k) {
            const double *x = bench->values + pairs[2 * k] * bench->lanes + l;
            const double *y = bench->values + pairs[2 * k + 1] * bench->lanes + l;
            a0 += READ(x) * READ(y);
            a1 += READ(x + WIDTH) * READ(y + WIDTH);
        }
        AT(out + l) = a0;
        AT(out + l + WIDTH) = a1;
    }
}

static void TIER(chain_flows)(const Step *step, const Plan *plan, Bench *bench) {
    const int *pairs = plan->rows + step->operands;
    const double *sent = bench->flows + step->row * bench->lanes;
    for (Py_ssize_t l = 0; l < bench->lanes; l += WIDTH) {
        VECTOR flow = READ(sent + l);
        for (int k = 0; k < step->arity; ++k) {
            Py_ssize_t x = pairs[2 * k] * bench->lanes + l, y = pairs[2 * k + 1] * bench->lanes + l;
            AT(bench->flows + x) = FUSED(flow, READ(bench->values + y), AT(bench->flows + x));
            AT(bench->flows + y) = FUSED(flow, READ(bench->values + x), AT(bench->flows + y));
        }
    }
}

/* Flows that need no partials from the book: out += flow·x. */
static void TIER(add_products)(Py_ssize_t n, const double *flow, const double *x, double *out) {
    for (Py_ssize_t i = 0; i < n; i += WIDTH) {
        AT(out + i) = FUSED(READ(flow + i), READ(x + i), AT(out + i));
    }
}

static void TIER(add_rows_to)(Py_ssize_t n, const double *flow, double *out) {
    for (Py_ssize_t i = 0; i < n; i += WIDTH) {
        AT(out + i) += READ(flow + i);
    }
}

static const Kernels TIER(kernels) = {
    WIDTH,
    TIER(matrix_values),
    TIER(matrix_flows),
    TIER(chain_values),
    TIER(chain_flows),
    TIER(add_products),
    TIER(add_rows_to),
};

#undef VECTOR
#undef AT
#undef READ
