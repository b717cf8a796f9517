/* The operations on lists over lanes, as in lists.h: operand k of example i is xs[k][i].

   The flows towards all operands are answered at once, the one towards operand k in outs[k][i]. Where a sum or a
   largest number is needed beside the answers, examples are taken a few at a time. `room` is for 2*count numbers, for
   those operations that take one example after the other. */

#ifndef AUTOGRAD_LANE_LISTS_H
#define AUTOGRAD_LANE_LISTS_H

#include "lane_math.h"
#include "lists.h"

#define LANES_AT_ONCE 64

LANES_BEGIN

/* sum, mean, dot ------------------------------------------------------------------------------------ */

LANES void lanes_value_sum(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *RESTRICT out,
                           double *room) {
    for (Py_ssize_t i = 0; i < n; ++i) {
        out[i] = 0.0;
    }
    for (Py_ssize_t k = 0; k < count; ++k) {
        const double *RESTRICT x = xs[k];
        for (Py_ssize_t i = 0; i < n; ++i) {
            out[i] += x[i];
        }
    }
}

LANES void lanes_scaled(Py_ssize_t count, Py_ssize_t n, const double *RESTRICT flow, double partial,
                        double *const *outs) {
    for (Py_ssize_t k = 0; k < count; ++k) {
        double *RESTRICT out = outs[k];
        for (Py_ssize_t i = 0; i < n; ++i) {
            out[i] = flow[i] * partial;
        }
    }
}

static void lanes_flows_sum(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *value,
                            const double *flow, double *const *outs, double *room) {
    lanes_scaled(count, n, flow, 1.0, outs);
}

LANES void lanes_value_mean(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *RESTRICT out,
                            double *room) {
    lanes_value_sum(count, n, xs, out, room);
    for (Py_ssize_t i = 0; i < n; ++i) {
        out[i] = out[i] / (double)count;
    }
}

static void lanes_flows_mean(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *value,
                             const double *flow, double *const *outs, double *room) {
    lanes_scaled(count, n, flow, 1.0 / (double)count, outs);
}

LANES void lanes_value_dot(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *RESTRICT out,
                           double *room) {
    for (Py_ssize_t i = 0; i < n; ++i) {
        out[i] = 0.0;
    }
    for (Py_ssize_t k = 0, half = count / 2; k < half; ++k) {
        const double *RESTRICT x = xs[k], *RESTRICT y = xs[half + k];
        for (Py_ssize_t i = 0; i < n; ++i) {
            out[i] += x[i] * y[i];
        }
    }
}

LANES void lanes_flows_dot(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *value,
                           const double *RESTRICT flow, double *const *outs, double *room) {
    for (Py_ssize_t k = 0, half = count / 2; k < count; ++k) {
        const double *RESTRICT other = xs[k < half ? half + k : k - half];
        double *RESTRICT out = outs[k];
        for (Py_ssize_t i = 0; i < n; ++i) {
            out[i] = flow[i] * other[i];
        }
    }
}

/* logsumexp ----------------------------------------------------------------------------------------- */

/* Of a few examples, the largest operand of each, and whether one is nan. */
LANE void lanes_largest(Py_ssize_t count, Py_ssize_t from, Py_ssize_t few, const double *const *xs,
                        double *RESTRICT largest, double *RESTRICT undefined) {
    for (Py_ssize_t k = 0; k < count; ++k) {
        const double *RESTRICT x = xs[k] + from;
        for (Py_ssize_t i = 0; i < few; ++i) {
            largest[i] = k == 0 || x[i] > largest[i] ? x[i] : largest[i];
            undefined[i] = k == 0 ? lane_isnan(x[i]) : undefined[i] + lane_isnan(x[i]);
        }
    }
}

LANES void lanes_value_logsumexp(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *RESTRICT out,
                                 double *room) {
    double largest[LANES_AT_ONCE], undefined[LANES_AT_ONCE], total[LANES_AT_ONCE];
    for (Py_ssize_t from = 0; from < n; from += LANES_AT_ONCE) {
        Py_ssize_t few = n - from < LANES_AT_ONCE ? n - from : LANES_AT_ONCE;
        lanes_largest(count, from, few, xs, largest, undefined);
        for (Py_ssize_t i = 0; i < few; ++i) {
            total[i] = 0.0;
        }
        for (Py_ssize_t k = 0; k < count; ++k) {
            const double *RESTRICT x = xs[k] + from;
            for (Py_ssize_t i = 0; i < few; ++i) {
                total[i] += lane_exp(x[i] - largest[i]);
            }
        }
        for (Py_ssize_t i = 0; i < few; ++i) {
            double finite = largest[i] + lane_log(total[i]), infinite = undefined[i] > 0.0 ? NAN : largest[i];
            out[from + i] = lane_isinf(largest[i]) ? infinite : finite;
        }
    }
}

/* At infinity, see shares_at_infinity in lists.h. */
LANES void lanes_flows_logsumexp(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *value,
                                 const double *RESTRICT flow, double *const *outs, double *room) {
    double largest[LANES_AT_ONCE], undefined[LANES_AT_ONCE], total[LANES_AT_ONCE], tied[LANES_AT_ONCE];
    for (Py_ssize_t from = 0; from < n; from += LANES_AT_ONCE) {
        Py_ssize_t few = n - from < LANES_AT_ONCE ? n - from : LANES_AT_ONCE;
        lanes_largest(count, from, few, xs, largest, undefined);
        for (Py_ssize_t i = 0; i < few; ++i) {
            total[i] = tied[i] = 0.0;
        }
        for (Py_ssize_t k = 0; k < count; ++k) {
            const double *RESTRICT x = xs[k] + from;
            double *RESTRICT out = outs[k] + from;
            for (Py_ssize_t i = 0; i < few; ++i) {
                out[i] = lane_exp(x[i] - largest[i]);
                total[i] += out[i];
                tied[i] += x[i] >= largest[i];
            }
        }
        for (Py_ssize_t k = 0; k < count; ++k) {
            const double *RESTRICT x = xs[k] + from;
            double *RESTRICT out = outs[k] + from;
            for (Py_ssize_t i = 0; i < few; ++i) {
                double of_tied = tied[i] == 1.0 ? 1.0 : NAN, infinite = x[i] < largest[i] ? 0.0 : of_tied;
                double share = out[i] / total[i];
                infinite = undefined[i] > 0.0 ? NAN : infinite;
                out[i] = flow[from + i] * (lane_isinf(largest[i]) ? infinite : share);
            }
        }
    }
}

/* max, min ------------------------------------------------------------------------------------------ */

LANES void lanes_value_max(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *RESTRICT out,
                           double *room) {
    memcpy(out, xs[0], (size_t)n * sizeof(double));
    for (Py_ssize_t k = 1; k < count; ++k) {
        const double *RESTRICT x = xs[k];
        for (Py_ssize_t i = 0; i < n; ++i) {
            double sum = out[i] + x[i], other = x[i] <= out[i] ? out[i] : sum;
            out[i] = x[i] > out[i] ? x[i] : other;
        }
    }
}

LANES void lanes_value_min(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *RESTRICT out,
                           double *room) {
    memcpy(out, xs[0], (size_t)n * sizeof(double));
    for (Py_ssize_t k = 1; k < count; ++k) {
        const double *RESTRICT x = xs[k];
        for (Py_ssize_t i = 0; i < n; ++i) {
            double sum = out[i] + x[i], other = x[i] >= out[i] ? out[i] : sum;
            out[i] = x[i] < out[i] ? x[i] : other;
        }
    }
}

LANES void lanes_flows_of_ties(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *RESTRICT value,
                               const double *RESTRICT flow, double *const *outs, double *room) {
    double ties[LANES_AT_ONCE];
    for (Py_ssize_t from = 0; from < n; from += LANES_AT_ONCE) {
        Py_ssize_t few = n - from < LANES_AT_ONCE ? n - from : LANES_AT_ONCE;
        for (Py_ssize_t i = 0; i < few; ++i) {
            ties[i] = 0.0;
        }
        for (Py_ssize_t k = 0; k < count; ++k) {
            const double *RESTRICT x = xs[k] + from;
            for (Py_ssize_t i = 0; i < few; ++i) {
                ties[i] += x[i] == value[from + i];
            }
        }
        for (Py_ssize_t k = 0; k < count; ++k) {
            const double *RESTRICT x = xs[k] + from;
            double *RESTRICT out = outs[k] + from;
            for (Py_ssize_t i = 0; i < few; ++i) {
                double share = flow[from + i] * (ties[i] == 0.0 ? NAN : 1.0 / ties[i]);
                out[i] = ((ties[i] == 0.0) | (x[i] == value[from + i])) ? share : -0.0;
            }
        }
    }
}

#define lanes_flows_max lanes_flows_of_ties
#define lanes_flows_min lanes_flows_of_ties

LANES_END

/* One example after the other ----------------------------------------------------------------------- */

#define EACH_LANE_ALONE(name)                                                                                          \
    static void lanes_value_##name(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *out,               \
                                   double *room) {                                                                     \
        for (Py_ssize_t i = 0; i < n; ++i) {                                                                           \
            for (Py_ssize_t k = 0; k < count; ++k) {                                                                   \
                room[k] = xs[k][i];                                                                                    \
            }                                                                                                          \
            out[i] = value_##name(room, count);                                                                        \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static void lanes_flows_##name(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *value,       \
                                   const double *flow, double *const *outs, double *room) {                            \
        double *answers = room + count;                                                                                \
        for (Py_ssize_t i = 0; i < n; ++i) {                                                                           \
            for (Py_ssize_t k = 0; k < count; ++k) {                                                                   \
                room[k] = xs[k][i];                                                                                    \
            }                                                                                                          \
            partials_##name(room, count, value[i], answers, NULL);                                                     \
            for (Py_ssize_t k = 0; k < count; ++k) {                                                                   \
                outs[k][i] = flow[i] * answers[k];                                                                     \
            }                                                                                                          \
        }                                                                                                              \
    }

EACH_LANE_ALONE(var)
EACH_LANE_ALONE(std)
EACH_LANE_ALONE(prod)
EACH_LANE_ALONE(norm)

#endif
