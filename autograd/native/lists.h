/* The operations on lists in C, as in `operations`, line for line: the value of each, and its partials. */

#ifndef AUTOGRAD_LISTS_H
#define AUTOGRAD_LISTS_H

#include <Python.h>
#include <math.h>
#include <string.h>

#include "ieee.h"

static inline void all_chosen(Py_ssize_t count, char *chosen) { memset(chosen, 1, count); }

/* sum, mean ----------------------------------------------------------------------------------------- */

static inline double value_sum(const double *xs, Py_ssize_t count) {
    double total = 0.0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        total += xs[i];
    }
    return total;
}

static inline void same_partials(double partial, Py_ssize_t count, double *answers, char *chosen) {
    all_chosen(count, chosen);
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = partial;
    }
}

static inline void partials_sum(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    same_partials(1.0, count, answers, chosen);
}

static inline double value_mean(const double *xs, Py_ssize_t count) { return value_sum(xs, count) / (double)count; }

static inline void partials_mean(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    same_partials(1.0 / (double)count, count, answers, chosen);
}

/* dot ------------------------------------------------------------------------------------------------ */

static inline double value_dot(const double *xs, Py_ssize_t count) {
    double total = 0.0;
    for (Py_ssize_t i = 0, half = count / 2; i < half; ++i) {
        total += xs[i] * xs[half + i];
    }
    return total;
}

static inline void partials_dot(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    Py_ssize_t half = count / 2;
    all_chosen(count, chosen);
    memcpy(answers, xs + half, half * sizeof(double));
    memcpy(answers + half, xs, half * sizeof(double));
}

/* logsumexp ------------------------------------------------------------------------------------------ */

static inline double largest_of(const double *xs, Py_ssize_t count) {
    double largest = xs[0];
    for (Py_ssize_t i = 1; i < count; ++i) {
        if (xs[i] > largest) {
            largest = xs[i];
        }
    }
    return largest;
}

static inline int has_nan(const double *xs, Py_ssize_t count) {
    for (Py_ssize_t i = 0; i < count; ++i) {
        if (isnan(xs[i])) {
            return 1;
        }
    }
    return 0;
}

static inline double value_logsumexp(const double *xs, Py_ssize_t count) {
    double largest = largest_of(xs, count), total = 0.0;
    if (isinf(largest)) {
        return has_nan(xs, count) ? NAN : largest;
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        total += exp(xs[i] - largest);
    }
    return largest + ieee_log(total);
}

/* The limit: a number that is infinitely larger takes all; where several are, nobody knows their shares. */
static inline void shares_at_infinity(const double *xs, Py_ssize_t count, double largest, double *answers) {
    int undefined = has_nan(xs, count);
    Py_ssize_t tied = 0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        tied += xs[i] >= largest;
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = undefined ? NAN : xs[i] < largest ? 0.0 : tied == 1 ? 1.0 : NAN;
    }
}

static inline void partials_logsumexp(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    double largest = largest_of(xs, count), total = 0.0;
    all_chosen(count, chosen);
    if (isinf(largest)) {
        shares_at_infinity(xs, count, largest, answers);
        return;
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = exp(xs[i] - largest);
        total += answers[i];
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = answers[i] / total;
    }
}

#endif
