"""Locks that a forked child finds open, whatever other threads were doing in its parent.

>>> with new_lock():
...     pass
"""

import os
import threading
from typing import Any


def new_lock() -> Any:
    """A lock that the thread which holds it may take again, as a signal handler does that runs in its midst.

    A fork copies only the thread that forks. A lock that another one held would stay closed in the child for ever.
    """
    lock: Any = threading.RLock()

    def reopen() -> None:
        if not lock._is_owned():
            lock._at_fork_reinit()  # private, but what `logging` and `concurrent.futures` do with theirs

    if hasattr(os, "register_at_fork"):  # Windows has no fork
        os.register_at_fork(after_in_child=reopen)
    return lock
