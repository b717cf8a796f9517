"""The engine that runs: the compiled one if it was built, else the reference in `value`; both do the same.

>>> engine in ("native", "python")
True

The environment variable AUTOGRAD_ENGINE, "native" or "python", chooses one. All that builds on Values imports them from
here.
"""

import os
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .terminal import complain, is_command
from .value import Number, Scope, ancestors, detect_anomaly, no_grad, scope, topological_order

__all__ = [
    "Number",
    "Scope",
    "Value",
    "add_method",
    "ancestors",
    "detect_anomaly",
    "engine",
    "gradient",
    "native",
    "no_grad",
    "scope",
    "softmax",
    "topological_order",
]


def _built() -> Any:
    """The module of the compiled engine if it is to run, else None."""
    asked = os.environ.get("AUTOGRAD_ENGINE") or "any"
    if asked not in ("any", "native", "python"):
        raise ImportError(f"AUTOGRAD_ENGINE is {asked!r}, but there are only 'native' and 'python'")
    if asked == "python":
        return None
    try:
        return import_module("._native", __package__)
    except ImportError as error:
        if asked == "native":
            raise ImportError(
                f"AUTOGRAD_ENGINE is 'native', but the compiled engine cannot be imported ({error}): install again "
                "where there is a C compiler (in a clone, with pip install -e .), or choose 'python'"
            ) from None
        return None


try:
    native = _built()
except ImportError as error:
    if not is_command():
        raise
    complain(str(error))
    raise SystemExit(2) from None  # for the command has not begun to run, and nobody else would catch it
engine = "python" if native is None else "native"

if TYPE_CHECKING or native is None:
    from .operations import softmax
    from .value import Value, gradient
else:
    from ._native import Value, gradient, softmax


def add_method(name: str, method: Callable[..., Any]) -> None:
    """Give Values a method, as Python's setattr does; the compiled class is closed to that."""
    if native is None:
        setattr(Value, name, method)
    else:
        native.set_method(name, method)
