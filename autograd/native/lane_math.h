/* Elementary functions that a C compiler can vectorise: the same arithmetic for one number and for many at once. */

#ifndef AUTOGRAD_LANE_MATH_H
#define AUTOGRAD_LANE_MATH_H

#include "ieee.h"

#endif
