"""The command line, as `python -m autograd` and as the script `autograd`: see `commands`."""

import sys

from .commands import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
