"""A star import brings the operations and leaves Python's own functions."""

from typing import assert_type

from autograd import *

assert_type(exp(Value(1.0)), Value)
assert_type(dot([1.0], [2.0]), float)
assert_type(gradient(exp(Value(1.0)), Value(1.0)), Value)
assert_type(sum([1, 2]), int)
assert_type(abs(-1), int)
