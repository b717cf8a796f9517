/* The elementary functions of `ieee` in C, function for function.

   They are those of C's own library, which Python's `math` calls too. Where C answers a nan that did not come in,
   Python's functions may answer one of another sign; here it is always NAN. */

#ifndef AUTOGRAD_IEEE_H
#define AUTOGRAD_IEEE_H

#include <math.h>

static inline double ieee_divide(double x, double y) {
    if (y == 0.0) {
        return x == 0.0 || isnan(x) ? NAN : copysign(INFINITY, x) * copysign(1.0, y);
    }
    return x / y;
}

static inline double ieee_power(double x, double y) {
    double value = y == 0.0 || x == 1.0 ? 1.0 : pow(x, y); /* of some nan, pow gives nan there */
    return isnan(value) && !isnan(x) && !isnan(y) ? NAN : value;
}

static inline double ieee_log(double x) { return x > 0.0 ? log(x) : x == 0.0 ? -INFINITY : NAN; }
static inline double ieee_log1p(double x) { return x > -1.0 ? log1p(x) : x == -1.0 ? -INFINITY : NAN; }
static inline double ieee_sqrt(double x) { return x >= 0.0 ? sqrt(x) : NAN; }
static inline double ieee_log2(double x) { return x > 0.0 ? log2(x) : x == 0.0 ? -INFINITY : NAN; }
static inline double ieee_log10(double x) { return x > 0.0 ? log10(x) : x == 0.0 ? -INFINITY : NAN; }
static inline double ieee_sin(double x) { return isfinite(x) ? sin(x) : NAN; }
static inline double ieee_cos(double x) { return isfinite(x) ? cos(x) : NAN; }
static inline double ieee_tan(double x) { return isfinite(x) ? tan(x) : NAN; }
static inline double ieee_asin(double x) { return x >= -1.0 && x <= 1.0 ? asin(x) : NAN; }
static inline double ieee_acos(double x) { return x >= -1.0 && x <= 1.0 ? acos(x) : NAN; }
static inline double ieee_acosh(double x) { return x >= 1.0 ? acosh(x) : NAN; }
static inline double ieee_fmod(double x, double y) { return isfinite(x) && y != 0.0 ? fmod(x, y) : NAN; }

static inline double ieee_atanh(double x) {
    return x > -1.0 && x < 1.0 ? atanh(x) : x == -1.0 || x == 1.0 ? copysign(INFINITY, x) : NAN;
}

#define ieee_exp(x) exp(x)
#define ieee_exp2(x) exp2(x)
#define ieee_expm1(x) expm1(x)
#define ieee_atan(x) atan(x)
#define ieee_atan2(x, y) atan2(x, y)
#define ieee_cbrt(x) cbrt(x)
#define ieee_sinh(x) sinh(x)
#define ieee_cosh(x) cosh(x)
#define ieee_tanh(x) tanh(x)
#define ieee_asinh(x) asinh(x)
#define ieee_erf(x) erf(x)
#define ieee_erfc(x) erfc(x)
#define ieee_fabs(x) fabs(x)
#define ieee_floor(x) floor(x)
#define ieee_ceil(x) ceil(x)
#define ieee_rint(x) rint(x)
#define ieee_copysign(x, y) copysign(x, y)
#define ieee_isnan(x) isnan(x)
#define ieee_isinf(x) isinf(x)
#define ieee_isfinite(x) isfinite(x)

#endif
