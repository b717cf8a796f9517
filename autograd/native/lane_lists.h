/* The operations on lists over lanes: operand k of example i is xs[k][i].

   The flows towards all operands are answered at once, outs[k][i] towards operand k. `room` is for 3·count doubles. */

#ifndef AUTOGRAD_LANE_LISTS_H
#define AUTOGRAD_LANE_LISTS_H

#include "lists.h"

/* One example after the other, by the functions of lists.h. */
#define EACH_LANE_ALONE(name)                                                                                            \
    static void lanes_value_##name(Py_ssize_t count, Py_ssize_t n, const double *const *xs, double *out, double *room) { \
        for (Py_ssize_t i = 0; i < n; ++i) {                                                                             \
            for (Py_ssize_t k = 0; k < count; ++k) {                                                                     \
                room[k] = xs[k][i];                                                                                      \
            }                                                                                                            \
            out[i] = value_##name(room, count);                                                                          \
        }                                                                                                                \
    }                                                                                                                    \
                                                                                                                         \
    static void lanes_flows_##name(Py_ssize_t count, Py_ssize_t n, const double *const *xs, const double *value,         \
                                   const double *flow, double *const *outs, double *room) {                              \
        double *answers = room + count;                                                                                  \
        char *chosen = (char *)(room + 2 * count);                                                                       \
        for (Py_ssize_t i = 0; i < n; ++i) {                                                                             \
            for (Py_ssize_t k = 0; k < count; ++k) {                                                                     \
                room[k] = xs[k][i];                                                                                      \
            }                                                                                                            \
            memset(chosen, 1, (size_t)count);                                                                            \
            partials_##name(room, count, value[i], answers, chosen);                                                     \
            for (Py_ssize_t k = 0; k < count; ++k) {                                                                     \
                outs[k][i] = chosen[k] ? flow[i] * answers[k] : -0.0;                                                    \
            }                                                                                                            \
        }                                                                                                                \
    }

EACH_LANE_ALONE(sum)
EACH_LANE_ALONE(mean)
EACH_LANE_ALONE(var)
EACH_LANE_ALONE(std)
EACH_LANE_ALONE(prod)
EACH_LANE_ALONE(max)
EACH_LANE_ALONE(min)
EACH_LANE_ALONE(norm)
EACH_LANE_ALONE(dot)
EACH_LANE_ALONE(logsumexp)

#endif
