/* The operations on lists in C, as in `operations` and `precise`, line for line: the value of each, and its partials.

   It is included by formulas.h, after the functions of `precise` that formulas call: some are called here too. All
   operands count as chosen before; an operation that chooses says of the others that they were not. */

#ifndef AUTOGRAD_LISTS_H
#define AUTOGRAD_LISTS_H

#include <Python.h>
#include <math.h>
#include <string.h>

#include "ieee.h"

/* sum, mean ----------------------------------------------------------------------------------------- */

static inline double value_sum(const double *xs, Py_ssize_t count) {
    double total = 0.0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        total += xs[i];
    }
    return total;
}

static inline void same_partials(double partial, Py_ssize_t count, double *answers, char *chosen) {
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
    memcpy(answers, xs + half, (size_t)half * sizeof(double));
    memcpy(answers + half, xs, (size_t)half * sizeof(double));
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

/* max, min ------------------------------------------------------------------------------------------- */

static inline double value_max(const double *xs, Py_ssize_t count) {
    double found = xs[0];
    for (Py_ssize_t i = 1; i < count; ++i) {
        found = xs[i] > found ? xs[i] : xs[i] <= found ? found : found + xs[i];
    }
    return found;
}

static inline double value_min(const double *xs, Py_ssize_t count) {
    double found = xs[0];
    for (Py_ssize_t i = 1; i < count; ++i) {
        found = xs[i] < found ? xs[i] : xs[i] >= found ? found : found + xs[i];
    }
    return found;
}

/* Those that are as large, or as small, as the value share equally; where there are none, one is nan. */
static inline void partials_of_ties(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    Py_ssize_t ties = 0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        ties += xs[i] == value;
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        chosen[i] = ties == 0 || xs[i] == value;
        answers[i] = ties == 0 ? NAN : 1.0 / (double)ties;
    }
}

#define partials_max partials_of_ties
#define partials_min partials_of_ties

/* norm ----------------------------------------------------------------------------------------------- */

static inline double largest_magnitude(const double *xs, Py_ssize_t count) {
    double largest = 0.0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        if (!(fabs(xs[i]) <= largest)) { /* nan is not, and stays */
            largest = largest <= INFINITY ? fabs(xs[i]) : largest;
        }
    }
    return largest;
}

/* The norm of the numbers multiplied by a power of two, which has all its digits. */
static inline double scaled_norm(const double *xs, Py_ssize_t count, double *scale) {
    double largest = largest_magnitude(xs, count), total = 0.0;
    *scale = 1.0;
    if (!(largest < INFINITY)) {
        return largest;
    }
    *scale = precise_scale(largest);
    for (Py_ssize_t i = 0; i < count; ++i) {
        total += (xs[i] * *scale) * (xs[i] * *scale);
    }
    return ieee_sqrt(total);
}

static inline double value_norm(const double *xs, Py_ssize_t count) {
    double scale, length = scaled_norm(xs, count, &scale);
    return length / scale;
}

static inline void partials_norm(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    double scale, length = scaled_norm(xs, count, &scale);
    Py_ssize_t infinite = 0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        infinite += isinf(xs[i]) != 0;
    }
    for (Py_ssize_t i = 0; i < count; ++i) {
        if (length == 0.0) {
            answers[i] = 0.0;
        } else if (isinf(length)) {
            answers[i] = isinf(xs[i]) ? (infinite == 1 ? copysign(1.0, xs[i]) : NAN) : 0.0;
        } else {
            answers[i] = scale < 1.0 ? xs[i] / length * scale : xs[i] * scale / length;
        }
    }
}

/* prod ----------------------------------------------------------------------------------------------- */

/* A number from a half to 1, and a power of two: so nothing but the whole can overflow or underflow. */
typedef struct {
    double mantissa;
    long long exponent;
} Scaled;

static inline double unscaled(double mantissa, long long exponent) {
    return ldexp(mantissa, exponent > 10000 ? 10000 : exponent < -10000 ? -10000 : (int)exponent);
}

/* As `math.frexp`, of inf and nan themselves and 0. */
static inline double halved(double x, int *exponent) {
    *exponent = 0;
    return isfinite(x) ? frexp(x, exponent) : x;
}

static inline Scaled times(Scaled product, double x) {
    int shift, further;
    double factor = halved(x, &shift);
    Scaled answer = {halved(product.mantissa * factor, &further), product.exponent};
    answer.exponent += shift + further;
    return answer;
}

static inline double value_prod(const double *xs, Py_ssize_t count) {
    Scaled product = {1.0, 0};
    for (Py_ssize_t i = 0; i < count; ++i) {
        product = times(product, xs[i]);
    }
    return unscaled(product.mantissa, product.exponent);
}

/* Those before it times those after it. On the way to the end the mantissas of the products are kept, in the place of the
   answers; on the way back their exponents are found again. */
static inline void partials_prod(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    Scaled product = {1.0, 0}, after = {1.0, 0};
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = product.mantissa;
        product = times(product, xs[i]);
    }
    for (Py_ssize_t i = count - 1; i >= 0; --i) {
        Scaled before = {answers[i], 0};
        before.exponent = product.exponent - times(before, xs[i]).exponent;
        answers[i] = unscaled(before.mantissa * after.mantissa, before.exponent + after.exponent);
        product = before;
        after = times(after, xs[i]);
    }
}

/* var, std ------------------------------------------------------------------------------------------- */

/* The sum of the numbers in two floats, after a scaling to 1 at most, so that nothing overflows. */
typedef struct {
    double total, rest;
    int exponent;
    int defined;
} Total;

static inline Total total_of(const double *xs, Py_ssize_t count) {
    Total sum = {0.0, 0.0, 0, 0};
    double largest = largest_magnitude(xs, count);
    if (!(largest < INFINITY)) {
        return sum;
    }
    sum.defined = 1;
    halved(largest, &sum.exponent);
    for (Py_ssize_t i = 0; i < count; ++i) {
        double x = ldexp(xs[i], -sum.exponent), added = sum.total + x;
        sum.rest += precise_sum_error(sum.total, x, added);
        sum.total = added;
    }
    return sum;
}

/* How far a number is from the mean, scaled: (n·x − total)/n. */
static inline double deviation(double x, Py_ssize_t count, Total sum) {
    double n = (double)count, scaled, multiple, distance, distance_rest;
    if (!sum.defined) {
        return NAN;
    }
    scaled = ldexp(x, -sum.exponent);
    multiple = n * scaled;
    distance = multiple - sum.total;
    distance_rest = precise_sum_error(multiple, -sum.total, distance) + precise_product_error(n, scaled, multiple) - sum.rest;
    return (distance + distance_rest) / n;
}

static inline double squared_deviations(const double *xs, Py_ssize_t count, Total sum) {
    double total = 0.0;
    for (Py_ssize_t i = 0; i < count; ++i) {
        double distance = deviation(xs[i], count, sum);
        total += distance * distance;
    }
    return total;
}

static inline double value_var(const double *xs, Py_ssize_t count) {
    Total sum = total_of(xs, count);
    return ldexp(squared_deviations(xs, count, sum) / (double)(count - 1), 2 * sum.exponent);
}

static inline double value_std(const double *xs, Py_ssize_t count) {
    Total sum = total_of(xs, count);
    return ldexp(ieee_sqrt(squared_deviations(xs, count, sum) / (double)(count - 1)), sum.exponent);
}

static inline void partials_var(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    Total sum = total_of(xs, count);
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = ldexp(2.0 * deviation(xs[i], count, sum) / (double)(count - 1), sum.exponent);
    }
}

static inline void partials_std(const double *xs, Py_ssize_t count, double value, double *answers, char *chosen) {
    Total sum = total_of(xs, count);
    double squares = squared_deviations(xs, count, sum), divisor = ieee_sqrt(squares * (double)(count - 1));
    for (Py_ssize_t i = 0; i < count; ++i) {
        answers[i] = squares == 0.0 ? 0.0 : deviation(xs[i], count, sum) / divisor;
    }
}

#endif
