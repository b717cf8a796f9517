/* A step of Adam over many numbers at a time, formula for formula as in `optim`. */

#ifndef AUTOGRAD_ADAM_H
#define AUTOGRAD_ADAM_H

#include <math.h>

#include "ieee.h"
#include "lane_math.h"

/* What is the same for all numbers of a block: the rates, and what follows from how many steps they have made. */
typedef struct {
    double lr, beta1, beta2, eps, weight_decay, step_size, root;
    int decoupled;
} AdamRates;

/* Move the numbers x by their gradients g, and renew their moments m and v. */
LANES void adam_block(const AdamRates *rates, int count, double *RESTRICT x, const double *RESTRICT g,
                      double *RESTRICT m, double *RESTRICT v) {
    const double beta1 = rates->beta1, beta2 = rates->beta2, eps = rates->eps, root = rates->root;
    const double rest1 = 1.0 - beta1, rest2 = 1.0 - beta2, step_size = rates->step_size;
    for (int i = 0; i < count; ++i) {
        m[i] = beta1 * m[i] + rest1 * g[i];
        v[i] = beta2 * v[i] + rest2 * g[i] * g[i];
        double divisor = (v[i] >= 0.0 ? sqrt(v[i]) : NAN) / root + eps;
        double quotient = m[i] / divisor;
        double at_zero = m[i] == 0.0 || isnan(m[i]) ? NAN : copysign(INFINITY, m[i]) * copysign(1.0, divisor);
        x[i] = x[i] - step_size * (divisor == 0.0 ? at_zero : quotient);
    }
}

#endif
