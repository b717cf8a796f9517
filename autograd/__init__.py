"""A scalar autograd engine to learn from, to draw with and to test against.

>>> from autograd import Value
>>> x = Value(2.0, "x")
>>> y = x * x + 1
>>> y.backward()
>>> y.data, x.grad
(5.0, 4.0)
"""

import os
import warnings
from typing import TYPE_CHECKING

from . import nn, optim
from .audit import Audit, Finding, audit
from .draw import Drawing, draw
from .engines import Scope, Value, detect_anomaly, engine, gradient, no_grad, scope, softmax, topological_order
from .explain import Explanation, explain
from .gradcheck import Comparison, GradientError, gradcheck
from .operations import (
    BLOCKED,
    NONZERO,
    OPERATIONS,
    POSITIVE,
    REALS,
    Domain,
    Operation,
    add,
    atan,
    cos,
    divide,
    dot,
    elu,
    erf,
    exp,
    expm1,
    gelu,
    identity,
    leaky_relu,
    log,
    log1p,
    log_softmax,
    logsumexp,
    maximum,
    mean,
    minimum,
    multiply,
    negate,
    operation,
    power,
    reciprocal,
    relu,
    sigmoid,
    silu,
    sin,
    softplus,
    sqrt,
    subtract,
    tanh,
    where,
)
from .operations import abs as abs  # not in __all__, for a star import shall leave Python's own
from .operations import sum as sum

# HIPS autograd has the same import name; where both were installed, their files lie in one folder and neither works.
if os.path.exists(os.path.join(os.path.dirname(__file__), "tracer.py")):
    warnings.warn(
        "files of HIPS autograd lie in the folder of scalar-autograd: uninstall both, then install the one you want",
        stacklevel=2,
    )

__all__ = [
    "BLOCKED",
    "NONZERO",
    "OPERATIONS",
    "POSITIVE",
    "REALS",
    "Audit",
    "Comparison",
    "Domain",
    "Drawing",
    "Explanation",
    "Finding",
    "GradientError",
    "Operation",
    "Scope",
    "Value",
    "add",
    "atan",
    "audit",
    "cos",
    "detect_anomaly",
    "divide",
    "dot",
    "draw",
    "elu",
    "engine",
    "erf",
    "exp",
    "explain",
    "expm1",
    "gelu",
    "gradcheck",
    "gradient",
    "identity",
    "leaky_relu",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "maximum",
    "mean",
    "minimum",
    "multiply",
    "negate",
    "nn",
    "no_grad",
    "operation",
    "optim",
    "power",
    "reciprocal",
    "relu",
    "scope",
    "sigmoid",
    "silu",
    "sin",
    "softmax",
    "softplus",
    "sqrt",
    "subtract",
    "tanh",
    "topological_order",
    "where",
]

if not TYPE_CHECKING:  # for then a name that does not exist would pass

    def __getattr__(name: str) -> Operation:
        """The operations that are not imported above, a user's own among them: autograd.gauss(x)."""
        if name in OPERATIONS:
            return OPERATIONS[name]
        raise AttributeError(f"module 'autograd' has no attribute {name!r}")
