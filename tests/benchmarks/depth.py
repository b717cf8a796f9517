"""A very deep graph in a thread with a very small stack; prints the seconds and the most bytes ever in use, as JSON.

python depth.py backward    10,000,000 nodes: built, walked back through and freed
python depth.py gradient     1,000,000 nodes: the derivative as a Value, which is a graph again
"""

import json
import sys
import threading
import time
from pathlib import Path

STACK = 256 << 10


def backward(length=10_000_000):
    """Build a chain, go back through it and free it."""
    from autograd import Value

    leaf = node = Value(0.5)
    for _ in range(length):
        node = node + 1.0
    node.backward()
    if leaf.grad != 1.0:
        raise ArithmeticError(f"the derivative is {leaf.grad}, not 1")
    del node


def gradient(length=1_000_000):
    """Build a chain and differentiate it by `gradient`."""
    import autograd

    leaf = node = autograd.Value(0.5)
    for _ in range(length):
        node = -node
    slope = autograd.gradient(node, leaf)
    if slope.data != 1.0:
        raise ArithmeticError(f"the derivative is {slope.data}, not 1")
    del node, slope


def most_memory():
    """The most bytes that this process has had in use; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux, where getrusage counts what the process was before it became this program
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return 1024 * int(line.split()[1])
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    task = {"backward": backward, "gradient": gradient}[sys.argv[1]]
    seconds = []

    def timed():
        import autograd  # noqa: F401  # its time is not that of the task

        start = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - start)

    threading.stack_size(STACK)
    thread = threading.Thread(target=timed)
    thread.start()
    thread.join()
    print(json.dumps([*seconds, most_memory()]))


if __name__ == "__main__":
    main()
