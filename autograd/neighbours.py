"""HIPS autograd, another package that is imported as `autograd`: if both are installed, neither is complete.

They share a folder then, in which there is room for only one `__init__.py`. The package installed last owns it, and
the one that is uninstalled takes it along, while pip believes that the other is still there.
"""

import os
import sys
import warnings

# What repairs it, in a shell and in the first cell of our notebooks.
REMEDY = "pip uninstall -y autograd scalar-autograd && pip install scalar-autograd"


def check() -> None:
    """Raise ImportError if our `__init__.py` is gone or is theirs; warn if their files are beside ours."""
    package = sys.modules[__package__]
    if getattr(package, "__file__", None) is None:
        raise ImportError(f"the file autograd/__init__.py of scalar-autograd is missing: repair it with {REMEDY}")
    if hasattr(package, "elementwise_grad"):
        raise ImportError(f"the file autograd/__init__.py is that of HIPS autograd: repair it with {REMEDY}")
    if os.path.exists(os.path.join(os.path.dirname(__file__), "tracer.py")):
        told = f"files of HIPS autograd are in the folder of scalar-autograd: repair it with {REMEDY}"
        warnings.warn(told, stacklevel=2)
