"""Compare the compiled engine's formulas with the rules that they were generated from, bit for bit, at many points.

python tests/benchmarks/bits.py [--points 1000000] [operation ...]
"""

import argparse
import itertools
import math
import random
import struct
import sys
from collections.abc import Iterator

from autograd import OPERATIONS, Operation

EDGES = [0.0, 5e-324, 2.0**-1022, 1e-300, 1e-8, 0.5, 1.0, 1.0 + 2**-52, 2.0, 3.0, 28.0, 64.0, 700.0, 745.0, 1e3, 1e8]
EDGES += [2.0**53, 1e154, 1e300, sys.float_info.max, math.inf]
EDGES = [sign * edge for edge in EDGES for sign in (1.0, -1.0)] + [math.nan]


def points(count: int, operands: int) -> Iterator[tuple[float, ...]]:
    """All combinations of edges, as far as they are few, then random numbers of all sizes."""
    chance = random.Random(0)
    edges = list(itertools.product(EDGES, repeat=operands)) if operands <= 2 else []
    yield from edges
    for _ in range(count - len(edges)):
        yield tuple([_number(chance) for _ in range(operands)])


def _number(chance: random.Random) -> float:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.gauss(0.0, 3.0)
    if kind == 1:
        return float(struct.unpack("<d", chance.randbytes(8))[0])
    if kind == 2:
        return chance.choice(EDGES) + chance.choice((0.0, chance.gauss(0.0, 1.0)))
    return math.copysign(math.exp(chance.uniform(-40.0, 40.0)), chance.gauss(0.0, 1.0))


def bits(number: float | None) -> bytes:
    if number is None:
        return b"blocked"
    return b"nan" if math.isnan(number) else struct.pack("<d", number)


def differences(operation: Operation, count: int) -> int:
    """At how many points the value or a partial differs."""
    from autograd.native import core  # here, for not all installations have it

    found = 0
    operands = len(operation.parameters) if not operation.list_count else 4
    for numbers in points(count, operands):
        value, local_gradient = operation.rule(*operation.arguments(numbers))
        partials = [partial() if callable(partial) else partial for partial in local_gradient()]
        node = core.Value.__apply_operation__(operation, tuple(map(core.Value, numbers)))
        compiled = [partial for _, partial in node.local_gradients()]
        same = bits(value) == bits(node.data) and list(map(bits, partials)) == list(map(bits, compiled))
        if not same:
            found += 1
            if found <= 3:
                print(f"  {operation.name}{numbers}: {value} {partials} and {node.data} {compiled}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("operation", nargs="*")
    asked = parser.parse_args()
    total = 0
    for operation in [x for x in OPERATIONS.values() if x.is_of_book]:
        if not asked.operation or operation.name in asked.operation:
            found = differences(operation, asked.points)
            total += found
            print(f"{operation.name}: {asked.points} points, {found} differ", flush=True)
    print(f"{total} differ")


if __name__ == "__main__":
    main()
