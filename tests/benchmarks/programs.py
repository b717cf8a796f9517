"""Programs in a process of their own; prints what was measured, as JSON.

python programs.py long       1,000,000 instructions: the memory of each, pickled, loaded, printed
python programs.py replays    1,000,000 replays of one example, and of a batch: the memory that they leave
"""

import gc
import json
import pickle
import sys
from pathlib import Path
from time import perf_counter

LENGTH = REPLAYS = 1_000_000


def long():
    """The bytes of an instruction, and the seconds to pickle, to load and to print the beginning and the end."""
    from mixed import inputs, mixed

    import autograd

    numbers = inputs(0)
    autograd.compile(lambda xs: mixed(autograd, xs, 200))(numbers)  # what is loaded for the first one is not counted
    before = memory()
    function = autograd.compile(lambda xs: mixed(autograd, xs, LENGTH))
    function([autograd.Value(x) for x in numbers])
    each = (memory() - before) / len(function.program.codes)

    start = perf_counter()
    pickled = pickle.dumps(function.program)
    then = perf_counter()
    loaded = pickle.loads(pickled)
    loaded_at = perf_counter()
    lines = str(loaded).splitlines()
    printed_at = perf_counter()
    if str(function.program).splitlines() != lines:
        raise ArithmeticError("what was loaded is another program")
    print(*lines[:3], "…", *lines[-3:], sep="\n", file=sys.stderr)
    return [each, then - start, loaded_at - then, printed_at - loaded_at]


def replays():
    """The bytes by which a process has grown after a million replays."""
    import autograd

    w = autograd.Value(3.0)

    @autograd.compile
    def loss(x, y):
        return (w * x - y).tanh()

    def one(turn):
        loss(turn, 2.0).backward()

    def batch(turn):
        loss.mean([turn, 1.0], [2.0, 3.0]).backward()

    return [growth(one), growth(batch)]


def growth(replay):
    """The bytes that a million calls leave, those after the first thousand."""
    for turn in range(1000):
        replay(turn / REPLAYS)
    before = memory()
    for turn in range(REPLAYS):
        replay(turn / REPLAYS)
    return memory() - before


def memory():
    """The bytes that this process has in use at present; on Linux, as others do not tell."""
    gc.collect()
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS")]
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    print(json.dumps({"long": long, "replays": replays}[sys.argv[1]]()))
