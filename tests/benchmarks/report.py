"""The measurements as text: a list with the spread for the terminal, a table in Markdown for RESULTS.md.

>>> amount(0.01234, "s"), amount(5.2e-08, "s"), amount(128.0, "B"), amount(2.5e9, "B")
('12.3 ms', '52.0 ns', '128 B', '2.50 GB')
"""

import math
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

NOTES = """
Each engine runs in a process of its own. In each round all of them are measured in turn, each for a fifth of a second,
or once if that takes longer. A number is the median over the rounds; in brackets is how many times the first engine's
number of the same round it was, again the median.

- The tuple engine is one page of Python, `tests/benchmarks/tuple_engine.py`: slots, a tuple of parents, a tuple of
  local gradients, an iterative `backward`. The one beside it, `recursive_engine.py`, is built like that of microgpt:
  fewer operations, `backward` by recursion.
- GPT: one layer, 4,192 parameters, one name of seven letters, 67,891 nodes in the tuple engine. In the training step
  scalar-autograd uses its `dot`, `softmax` and Adam; the others use their operators, and Adam in Python.
- moons: a network of 2-16-16-1 neurons with ReLU, 100 points, the hinge loss, gradient descent.
- micrograd was given `exp` and `log`, and a recursion limit of a million.
- PyTorch computes with zero-dimensional float64 tensors on one thread, which is not what it is made for. HIPS autograd
  and JAX (without `jit`) differentiate functions rather than numbers with operators; they take part in the one product
  only.
- A chain and a fan-out have the leaves 0.999999 and 0.8, a ladder 0.6 and 0.8, so that no number vanishes.
- Python's garbage collector is on. It has to free micrograd's graphs, which are cycles, and does so some steps later;
  where freeing is measured, it is run explicitly.
- Deep graphs are measured once, in a thread with a stack of 256 KiB; the memory is that of the whole process.
- The memory of a product of two leaves is what Python accounts for (`tracemalloc`); in scalar-autograd it includes a
  label and a scope. PyTorch's memory is invisible to it.

Of compiled code:

- Where a package compiles, it has compiled before it is measured. scalar-autograd records and replays in
  float64, on one thread but where two are told; so do PyTorch, JAX (`jit`), CasADi and NumPy.
- A step of moons is the loss and all 337 gradients of the network above, by `f.mean`, columns being NumPy's arrays or
  lists. PyTorch and JAX multiply matrices, and so does CasADi (`MX`). micrograd builds a graph in each step, and so
  does XAD, on a tape in C++. AADC's are the calls of its engine alone, without those that set inputs and read
  derivatives, which take many times as long from Python.
- A training step has `zero_grad`, `backward` and the package's own Adam; JAX compiles a step with Adam as one
  function.
- The ten inputs are plain numbers each time: lists for scalar-autograd, which makes ten Values of them, and CasADi, a
  NumPy array for JAX. CasADi interprets its expression graph (`SX`) in C++.
- The GPT is compiled as it is written, of operators: the one change is that a token chooses its row by
  `autograd.take`. By hand is `tests/benchmarks/numpy_gpt.py`: forwards, backwards and Adam, written for this model,
  all positions and heads at once. The 1,000 steps train on names of 2 to 11 letters, and record each length.
- Digits: the first 1,500 of scikit-learn's handwritten digits, 64-32-10 with ReLU, batches of 32.
- What an instruction takes is there and back: value and gradients, over the instructions that are left after
  simplification, by one example (`f(…)`) and by the mean of 64. The same functions, of 200 mixed operations each time
  from the same ten inputs, are recorded: the time of the first call, which records, simplifies and replays, over that
  of calling the function itself.
- The memory of an instruction is that by which the process has grown after the first call, all told.
"""


@dataclass
class Row:
    """One row of the table: what each engine took, round by round, and what is to be said of an engine here."""

    title: str
    unit: str
    amounts: dict[str, list[float]] = field(default_factory=dict)
    remarks: dict[str, str] = field(default_factory=dict)

    def has(self, engine: str) -> bool:
        """Whether there is anything to be said of an engine."""
        return engine in self.amounts or engine in self.remarks

    def median(self, engine: str) -> str:
        """The median of an engine's rounds, "" where there are none."""
        rounds = self.amounts.get(engine)
        return amount(statistics.median(rounds), self.unit) if rounds else ""

    def ratio(self, engine: str) -> str:
        """How many times the first engine's it is, round by round, in the median; "" where that says nothing."""
        first = next(iter(self.amounts), engine)
        if engine == first or engine not in self.amounts or not self.unit:
            return ""
        # Within a round, for a machine may be slow for minutes. An engine that fails ends its rounds early.
        pairs = zip(self.amounts[first], self.amounts[engine], strict=False)
        ratios = [amount / base for base, amount in pairs if base > 0.0]
        return times(statistics.median(ratios)) if ratios else ""

    def spread(self, engine: str) -> str:
        """The least and the most of an engine's rounds."""
        rounds = self.amounts.get(engine, [])
        return f"{amount(min(rounds), self.unit)} … {amount(max(rounds), self.unit)}" if len(rounds) > 1 else ""


# Numbers ------------------------------------------------------------------------------------------

SCALES = {
    "s": [(1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")],
    "B": [(1e9, "GB"), (1e6, "MB"), (1.0, "B")],
    "": [(1.0, "")],
}


def amount(number: float, unit: str) -> str:
    """A number in three digits, with its unit."""
    if unit == "×":
        return times(number)
    scales = SCALES[unit]
    scale, name = next((pair for pair in scales if abs(number) >= 0.9995 * pair[0]), scales[-1])
    number /= scale
    exponent = int(f"{number:.2e}".partition("e")[2])
    digits = 0 if scale == 1.0 and unit != "s" else max(0, 2 - exponent)
    return f"{number:,.{digits}f} {name}".strip()


def times(ratio: float) -> str:
    """A ratio: 0.87×, 4.2×, 38×, 1,234×."""
    if ratio < 0.995:
        return f"{ratio:.2g}×"
    return f"{ratio:.1f}×" if ratio < 9.95 else f"{ratio:,.0f}×"


# Tables -------------------------------------------------------------------------------------------


def listing(rows: Iterable[Row], headings: dict[str, str]) -> str:
    """All rows one below the other: the median of each engine, its ratio, the spread of its rounds, and remarks."""
    width = max(map(len, headings.values()))
    lines = []
    for row in rows:
        lines.append(row.title)
        for engine, heading in headings.items():
            cells = [row.median(engine), row.ratio(engine), row.spread(engine)]
            if any(cells) or engine in row.remarks:
                median, ratio, spread = cells
                line = f"  {heading:<{width}}{median:>10}{ratio:>9}   {spread:<22}  {row.remarks.get(engine, '')}"
                lines.append(line.rstrip())
        lines.append("")
    return "\n".join(lines)


def markdown(rows: Sequence[Row], headings: dict[str, str]) -> str:
    """All rows as one table of the engines that have a part in any, with an empty cell where they have none."""
    headings = {name: heading for name, heading in headings.items() if any(row.has(name) for row in rows)}
    lines = [table_row(["", *headings.values()]), table_row(["---", *["---:" for _ in headings]])]
    for row in rows:
        cells = []
        for engine in headings:
            median, ratio = row.median(engine), row.ratio(engine)
            cell = f"{median} ({ratio})" if ratio else median
            cells.append(" ".join(part for part in (cell, row.remarks.get(engine, "")) if part))
        lines.append(table_row([row.title, *cells]))
    return "\n".join(lines)


def table_row(cells: Iterable[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def crossing(rows: Sequence[Row], sizes: Sequence[int], headings: dict[str, str]) -> str:
    """From which size on each engine takes less time than the first, by the medians; between sizes, on a log scale.

    >>> rows = [Row("", "s", {"a": [1.0], "b": [4.0]}), Row("", "s", {"a": [4.0], "b": [1.0]})]
    >>> crossing(rows, [10, 1000], {"a": "A", "b": "B"})
    'B is ahead of A from about 100 on.'
    """
    first, *others = [engine for engine in headings if any(row.amounts.get(engine) for row in rows)]
    told = []
    for engine in others:
        ratios = [statistics.median(row.amounts[first]) / statistics.median(row.amounts[engine]) for row in rows]
        behind = [place for place, ratio in enumerate(ratios) if ratio <= 1.0]
        last = behind[-1] if behind else -1
        if last == len(sizes) - 1:
            where = "at no size" if len(behind) == len(sizes) else f"at {sizes[last]:,} no more"
        elif last < 0:
            where = "at every size"
        else:
            part = math.log(ratios[last]) / (math.log(ratios[last]) - math.log(ratios[last + 1]))
            where = f"from about {sizes[last] * (sizes[last + 1] / sizes[last]) ** part:,.0f} on"
        told.append(f"{headings[engine]} is ahead of {headings[first]} {where}.")
    return "\n".join(told)


# Where and when -----------------------------------------------------------------------------------


def circumstances() -> str:
    """The machine, the system, the Python, the day, and whether the machine had other work."""
    cores = os.cpu_count() or 1
    parts = [
        f"{processor()}, {cores} core{'s' * (cores != 1)}",
        f"{platform.system()} {platform.machine()}",
        f"{platform.python_implementation()} {platform.python_version()}",
        f"{date.today():%Y-%m-%d}",
    ]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > 0.5:
        parts.append(f"with other work on it (a load of {load:.1f} before the first round)")
    return ", ".join(parts)


def processor() -> str:
    """What the processor calls itself."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if platform.system() == "Darwin":
        asked = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        if asked.returncode == 0:
            return asked.stdout.strip()
    return platform.processor() or platform.machine()
