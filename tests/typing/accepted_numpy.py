"""NumPy's scalars are numbers, wherever a plain number may stand."""

from typing import assert_type

import numpy as np

from autograd import Value, exp, maximum, sum

v = Value(np.float64(1.0))
v.data = np.int64(2)
v.backward(np.float32(1.0))
assert_type(exp(np.float32(1.0)), float)
assert_type(maximum(np.float64(1.0), v), Value)
assert_type(v * np.float64(2.0) + np.int64(1), Value)
assert_type(np.float64(2.0) * v, Value)
assert_type(v > np.float32(1.0), bool)
assert_type(sum([np.float64(1.0), np.float64(2.0)]), float)
assert_type(sum([v, np.float64(2.0)]), Value)
