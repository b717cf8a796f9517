"""HIPS autograd, another package that is imported as `autograd`: where both were installed, neither is whole.

Both lie in one folder then, each with an `__init__.py` where there is room for one. Whoever comes last has it; and
whoever goes takes it along, while pip believes that the other one is still there.
"""

import os
import sys
import warnings

# What puts it right, in a shell as in the first cell of our notebooks.
REMEDY = "pip uninstall -y autograd scalar-autograd && pip install scalar-autograd"


def check() -> None:
    """Raise ImportError where our `__init__.py` is gone or is theirs; warn where their files lie beside ours."""
    package = sys.modules[__package__]
    if getattr(package, "__file__", None) is None:
        raise ImportError(f"the file autograd/__init__.py of scalar-autograd is gone, mend it with: {REMEDY}")
    if hasattr(package, "elementwise_grad"):
        raise ImportError(f"the file autograd/__init__.py is that of HIPS autograd, mend it with: {REMEDY}")
    if os.path.exists(os.path.join(os.path.dirname(__file__), "tracer.py")):
        told = f"files of HIPS autograd lie in the folder of scalar-autograd, mend it with: {REMEDY}"
        warnings.warn(told, stacklevel=2)
