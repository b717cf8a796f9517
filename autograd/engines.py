"""The engine that runs: the compiled one if it was built, else the reference in `value`; both do the same.

>>> engine in ("native", "python")
True

The environment variable AUTOGRAD_ENGINE, "native" or "python", chooses one. All that builds on Values imports them from
here.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .modes import Scope, detect_anomaly, no_grad, scope
from .terminal import complain, is_command
from .value import RUNNING, Number, ancestors, is_computed, topological_order

__all__ = [
    "Number",
    "Scope",
    "Value",
    "ancestors",
    "detect_anomaly",
    "engine",
    "is_computed",
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
        return import_module(".native.core", __package__)
    except ImportError as error:
        if asked == "native":
            raise ImportError(
                f"AUTOGRAD_ENGINE is 'native', but the compiled engine cannot be imported ({error}). Install again "
                "where there is a C compiler, and not what pip has kept from an install without one: "
                "pip install --no-cache-dir --force-reinstall scalar-autograd (in a clone, -e . for the name); "
                "or choose AUTOGRAD_ENGINE=python"
            ) from None
        return None


try:
    native: Any = _built()
except ImportError as error:
    if not is_command():
        raise
    complain(str(error))
    raise SystemExit(2) from None  # for the command has not begun to run, and nobody else would catch it
engine = "python" if native is None else "native"

if TYPE_CHECKING or native is None:
    from .operations import softmax
    from .value import Value
else:
    from .native.core import Value, softmax

    RUNNING.append(Value)
