/* Elementary functions that a C compiler can vectorise: the same arithmetic for one number and for many at once.

   Each is the function of `ieee` of its name. None has a branch, a table or a call: between results one is chosen, so
   that a loop over numbers becomes a loop over vectors of them, and each number gets the bits that it would get alone.
   No product is fused with a sum (-ffp-contract=off), so that the bits are the same on every processor.

   Methods: arguments are reduced as W. J. Cody and W. Waite do it (Software Manual for the Elementary Functions, 1980);
   logarithms go by s = f/(2 + f), and what is lost in 1 + x is put back, as in K. C. Ng's fdlibm (Sun Microsystems,
   1993). The polynomials are minimax ones of their own, by Remez' algorithm with 40 digits, rounded to doubles.

   The largest errors at some 100,000 numbers each, as tests/test_lane_math.py draws them, in units in the last place of
   the exact value; and nanoseconds a number, by vectors of 8, 4 and 2 doubles:

       exp    0.94    1.0   1.6   3.5        log    0.76    1.0   1.7   4.1        sin    0.78    1.3   2.3   4.9
       exp2   1.01    0.9   1.4   3.2        log1p  0.82    1.1   2.0   5.0        cos    0.78    1.3   2.3   4.7
       expm1  0.95    1.1   1.9   4.3        tanh   1.49    1.4   2.4   5.5        sqrt   0.50    0.4   0.6   1.1

   The other functions of `ieee` go one by one through C's own library. */

#ifndef AUTOGRAD_LANE_MATH_H
#define AUTOGRAD_LANE_MATH_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "ieee.h"

/* A function that is part of each loop that calls it, and a function with such loops, which is compiled for several
   kinds of processors, of which the right one is chosen when it is loaded: by gcc, where the loader can do that. */
#if defined(__GNUC__)
#define LANE static inline __attribute__((always_inline))
#else
#define LANE static inline
#endif
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define LANES __attribute__((target_clones("avx512f", "avx2", "default"))) static
#else
#define LANES static
#endif

/* An array that no other pointer writes to. Microsoft's compiler knows the word by another name. */
#if defined(_MSC_VER)
#define RESTRICT __restrict
#else
#define RESTRICT restrict
#endif

/* What keeps a compiler from vectorising: that a comparison may trap, and that sqrt sets errno, which nobody here asks
   for; and in gcc a search for what comes of each constant in a choice (tree-pre), which makes a branch of it. */
#if defined(__GNUC__)
extern double sqrt(double) __attribute__((const));
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define LANES_BEGIN                                                                                                    \
    _Pragma("GCC push_options")                                                                                        \
    _Pragma("GCC optimize(\"O3\", \"no-trapping-math\", \"no-tree-pre\", \"fp-contract=off\")")
#define LANES_END _Pragma("GCC pop_options")
#else
#define LANES_BEGIN
#define LANES_END
#endif

LANES_BEGIN

LANE uint64_t lane_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

LANE double lane_of_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Adding it rounds to a whole number, which is in the last bits of the sum then: 1.5 times 2 to the power of 52. */
#define LANE_ROUNDER 6755399441055744.0

/* 2 to the power of a whole number from -1022 to 1023, to which LANE_ROUNDER was added. */
LANE double lane_power_of_two(double rounded) { return lane_of_bits((lane_bits(rounded) + 1023) << 52); }

/* Exact operations, and those of the standard ------------------------------------------------------- */

#define lane_fabs(x) fabs(x)
#define lane_copysign(x, y) copysign(x, y)
#define lane_floor(x) floor(x)
#define lane_ceil(x) ceil(x)
#define lane_rint(x) rint(x)
#define lane_isnan(x) ((x) != (x))
#define lane_isinf(x) (fabs(x) == INFINITY)
#define lane_isfinite(x) (fabs(x) < INFINITY)

LANE double lane_divide(double x, double y) { return ((y == 0.0) & !(fabs(x) > 0.0)) ? NAN : x / y; }
LANE double lane_sqrt(double x) { return sqrt(x >= 0.0 ? x : NAN); }

/* Powers go one by one. Most of them are squares, or of the slope of a square. */
static inline double lane_power(double x, double y) { return y == 2.0 ? x * x : y == 1.0 ? x : ieee_power(x, y); }

/* Exponentials -------------------------------------------------------------------------------------- */

/* ln 2 as the sum of two: the first has 32 bits, so that its product with the exponent of a double is exact. */
#define LANE_LN2 0.6931471803691238
#define LANE_LN2_REST 1.9082149292705877e-10

/* (exp(r) - 1 - r)/r^2 for |r| <= ln(2)/2: even powers and odd ones, so that neither waits for the other. */
LANE double lane_exp_tail(double r) {
    double z = r * r, even = 2.0875329765412445e-09, odd = 2.5108968023734707e-08;
    even = even * z + 2.7557402606468e-07;
    odd = odd * z + 2.755724440267289e-06;
    even = even * z + 2.4801587172629893e-05;
    odd = odd * z + 0.0001984126988594052;
    even = even * z + 0.0013888888888962294;
    odd = odd * z + 0.0083333333333217;
    even = even * z + 0.04166666666666651;
    odd = odd * z + 0.16666666666666677;
    return (even * z + 0.5) + odd * r;
}

/* exp(r) times 2 to the power of a whole number from -2044 to 2046, to which LANE_ROUNDER was added: in two steps, for
   a power of two may be too large or small where the product is not. */
LANE double lane_scaled_exp_of(double r, double rounded) {
    uint64_t raised = lane_bits(rounded) - lane_bits(LANE_ROUNDER) + 2046, half = raised >> 1;
    double answer = 1.0 + (r + r * r * lane_exp_tail(r));
    return answer * lane_of_bits(half << 52) * lane_of_bits((raised - half) << 52);
}

LANE double lane_exp(double x) {
    double near = x > 800.0 ? 800.0 : x < -800.0 ? -800.0 : x;
    double rounded = near * 1.4426950408889634 + LANE_ROUNDER, n = rounded - LANE_ROUNDER;
    return lane_scaled_exp_of((near - n * LANE_LN2) - n * LANE_LN2_REST, rounded);
}

LANE double lane_exp2(double x) {
    double near = x > 1100.0 ? 1100.0 : x < -1100.0 ? -1100.0 : x;
    double rounded = near + LANE_ROUNDER;
    return lane_scaled_exp_of((near - (rounded - LANE_ROUNDER)) * 0.6931471805599453, rounded);
}

/* With x = n*ln 2 + r + rest it is (factor - 1) + factor*(r + tail), of which the first sum is not rounded; all in
   halves, for the largest factor is no double. */
LANE double lane_expm1(double x) {
    double near = x > 710.0 ? 710.0 : x < -60.0 ? -60.0 : x;
    double rounded = near * 1.4426950408889634 + LANE_ROUNDER, n = rounded - LANE_ROUNDER;
    double first = near - n * LANE_LN2, second = n * LANE_LN2_REST, r = first - second, rest = (first - r) - second;
    double tail = r * r * lane_exp_tail(r) + (rest + rest * r), half = lane_power_of_two(rounded - 1.0);
    double base = half - 0.5, sum = base + half * r;
    double answer = 2.0 * (sum + ((base - sum + half * r) + half * tail));
    return fabs(x) < 0x1p-54 ? x : answer;
}

/* Of |x|: for small ones |x| + |x|*quotient, a rational approximation; for large ones, with e = exp(-2|x|), it is
   1 - 2e/(1 + e). */
LANE double lane_tanh(double x) {
    double size = fabs(x), z = x * x, e = lane_exp(-2.0 * size);
    double p = z * (-0.3333333333333333 + z * (-0.02049996359079508 + z * -0.00019922964825109916));
    double q = 1.0 + z * (0.4614998907723803 + z * (0.02329288334904985 + z * 0.0002065890124553405));
    double quotient = (size < 0.55 ? p : 2.0 * e) / (size < 0.55 ? q : 1.0 + e);
    return copysign(size < 0.55 ? size + size * quotient : 1.0 - quotient, x);
}

/* Logarithms ---------------------------------------------------------------------------------------- */

/* x = 2^k * (1 + f) for f from sqrt(1/2) - 1 to sqrt(2) - 1, for a normal x: k, and f by a pointer. */
LANE double lane_exponent(double x, double *f) {
    uint64_t shifted = lane_bits(x) + (0x3ff0000000000000 - 0x3fe6a09e00000000);
    *f = lane_of_bits((shifted & 0x000fffffffffffff) + 0x3fe6a09e00000000) - 1.0;
    return lane_of_bits((shifted >> 52) | 0x4330000000000000) - (4503599627370496.0 + 1023.0);
}

/* k*ln 2 + log(1 + f) + rest: log((1 + s)/(1 - s)) is 2s and a tail, and 2s = f - s*f. */
LANE double lane_log_of(double k, double f, double rest) {
    double s = f / (2.0 + f), z = s * s, half_square = 0.5 * f * f;
    double p = 0.14791947114334136;
    p = p * z + 0.15314478965358477;
    p = p * z + 0.1818354618169097;
    p = p * z + 0.22222198957653422;
    p = p * z + 0.28571428738163257;
    p = p * z + 0.3999999999943691;
    p = p * z + 0.6666666666666731;
    return k * LANE_LN2 - ((half_square - (s * (half_square + z * p) + (k * LANE_LN2_REST + rest))) - f);
}

LANE double lane_log(double x) {
    double f, k = lane_exponent(x < DBL_MIN ? x * 0x1p54 : x, &f);
    double answer = lane_log_of(x < DBL_MIN ? k - 54.0 : k, f, 0.0);
    answer = x < INFINITY ? answer : INFINITY;
    return x > 0.0 ? answer : x == 0.0 ? -INFINITY : NAN;
}

LANE double lane_log1p(double x) {
    double u = 1.0 + x, f, k = lane_exponent(u, &f);
    double lost = x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0);
    double answer = lane_log_of(k, k == 0.0 ? x : f, k == 0.0 ? 0.0 : lost / u);
    answer = x < INFINITY ? answer : INFINITY;
    answer = x > -1.0 ? answer : x == -1.0 ? -INFINITY : NAN;
    return x == 0.0 ? x : answer;
}

/* Trigonometric functions --------------------------------------------------------------------------- */

/* Of larger numbers, inf and nan, which are rare, the caller asks `ieee`. */
#define LANE_IS_FAR(x) (!(fabs(x) <= 1000000.0))

/* x = n*pi/2 + r + rest for |r| <= pi/4; n, to which LANE_ROUNDER was added, by its bits. Pi/2 is the sum of four, of
   which three have 33 bits, so that their products with n are exact. */
LANE uint64_t lane_quadrant(double x, double *r, double *rest) {
    double rounded = x * 0.6366197723675814 + LANE_ROUNDER, n = rounded - LANE_ROUNDER;
    double first = x - n * 1.5707963267341256;
    double product = n * 6.077100506303966e-11, second = first - product;
    double back = first - second, error = (first - (second + back)) + (back - product);
    double further = n * 2.0222662487111665e-21, third = second - further;
    back = second - third;
    error += (second - (third + back)) + (back - further);
    error -= n * 8.4784276603689e-32;
    *r = third + error;
    *rest = (third - *r) + error;
    return lane_bits(rounded);
}

LANE double lane_sin_near_zero(double r, double rest) {
    double z = r * r;
    double p = 1.5896244196595016e-10;
    p = p * z - 2.5050748048439537e-08;
    p = p * z + 2.755731362357842e-06;
    p = p * z - 0.00019841269829597356;
    p = p * z + 0.00833333333332213;
    p = p * z - 0.1666666666666663;
    return r + (r * z * p + (rest - 0.5 * z * rest));
}

LANE double lane_cos_near_zero(double r, double rest) {
    double z = r * r, half = 0.5 * z, near = 1.0 - half;
    double p = -1.1358620365477682e-11;
    p = p * z + 2.0875702636917633e-09;
    p = p * z - 2.755731419415239e-07;
    p = p * z + 2.4801587288910705e-05;
    p = p * z - 0.0013888888888873168;
    p = p * z + 0.041666666666666595;
    return near + (((1.0 - near) - half) + (z * z * p - r * rest));
}

/* The one for an even number of quarter turns or the one for an odd number, with the sign of the half turns. */
LANE double lane_turned(double even, double odd, uint64_t quadrant) {
    uint64_t is_odd = 0 - (quadrant & 1);
    return lane_of_bits(((lane_bits(odd) & is_odd) | (lane_bits(even) & ~is_odd)) ^ ((quadrant & 2) << 62));
}

LANE double lane_sin(double x) {
    double r, rest;
    uint64_t quadrant = lane_quadrant(x, &r, &rest);
    double answer = lane_turned(lane_sin_near_zero(r, rest), lane_cos_near_zero(r, rest), quadrant);
    return x == 0.0 ? x : answer;
}

LANE double lane_cos(double x) {
    double r, rest;
    uint64_t quadrant = lane_quadrant(x, &r, &rest);
    return lane_turned(lane_cos_near_zero(r, rest), lane_sin_near_zero(r, rest), quadrant + (quadrant & 1) * 2);
}

LANES_END

#endif
