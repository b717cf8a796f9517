"""A scalar autograd engine to learn from, to draw with and to test against.

>>> from autograd import Value
>>> x = Value(2.0, "x")
>>> y = x * x + 1
>>> y.backward()
>>> y.data, x.grad
(5.0, 4.0)
"""

import importlib
from typing import TYPE_CHECKING, Any

from .audit import Audit, Finding, audit
from .book import BLOCKED, NONZERO, OPERATIONS, POSITIVE, REALS, Domain, Operation, operation
from .draw import Drawing, draw
from .engines import Scope, Value, detect_anomaly, engine, no_grad, scope, softmax, topological_order
from .explain import Explanation, explain
from .foreign import OF_THE_PACKAGE, missing
from .gradcheck import Comparison, GradientError, gradcheck
from .higher import grad, gradient, hessian, hessian_vector, jacobian, value_and_grad
from .operations import abs as abs  # not in __all__, for a star import shall leave Python's own
from .operations import (
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
from .operations import sum as sum

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
    "grad",
    "gradcheck",
    "gradient",
    "hessian",
    "hessian_vector",
    "identity",
    "jacobian",
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
    "value_and_grad",
    "where",
]

if TYPE_CHECKING:
    from . import nn, optim

__version__: str  # looked up when it is asked for, which takes a while

if not TYPE_CHECKING:  # for then a name that does not exist would pass

    def __getattr__(name: str) -> Any:
        """The version; and the operations that are not imported above, a user's own among them: autograd.gauss(x)."""
        if name == "__version__":
            return _version()
        if name in ("nn", "optim"):  # imported when they are used, for they take as long as all the rest
            return importlib.import_module(f".{name}", __name__)
        if called := OPERATIONS.called(name):
            return called
        raise missing("module 'autograd'", name, OF_THE_PACKAGE)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("scalar-autograd")
    except PackageNotFoundError:  # a clone that is run as it is
        return "0+unknown"
