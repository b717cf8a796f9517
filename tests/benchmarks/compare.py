"""How long scalar-autograd takes for what others do too, and how much memory; prints medians, ratios and the spread.

python tests/benchmarks/compare.py                     everything: some twenty minutes, half of them for installing
python tests/benchmarks/compare.py --markdown          the same as the tables in RESULTS.md
python tests/benchmarks/compare.py --only gpt moons    only these works
python tests/benchmarks/compare.py --keep FOLDER       the environments stay there, for the next time

It needs Python 3.11 and nothing else. Each package gets an environment of its own in a folder that is deleted at the
end: this project, as it stands, micrograd, PyTorch, HIPS autograd (which has the same import name), JAX, AADC, XAD,
CasADi and NumPy. What cannot be installed is told and left out. pip is asked as it is configured; on Linux, where
PyTorch brings some gigabytes for graphics cards by default, let it find PyTorch's builds for processors first.

`works` says what is measured of graphs that are built, `compiled` what is measured of code that is compiled once and
used many times; each is a table. `engines` says with what, and `worker` is the process that each engine lives in. The
engines are asked in turn within each round, so that what disturbs the machine disturbs them all, and the first round
does not count. Engines whose losses or gradients differ from those of the first by more than 10⁻⁹ are told apart in
the table.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from compiled import COMPILED
from engines import ENVIRONMENTS, PEERS
from environments import MissingError, environment
from report import NOTES, Row, circumstances, crossing, listing, markdown
from works import WORKS

EVERY = WORKS | COMPILED
TOLERANCE = 1e-9


class Worker:
    """An engine in its process, to be asked for one round of a work at a time; MissingError where it does not load."""

    def __init__(self, engine: str, python: Path) -> None:
        self.engine = engine
        # Where PYTHONPATH leads is not what was installed.
        variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.process = subprocess.Popen(
            [python, "-W", "ignore", Path(__file__).with_name("worker.py"), engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=variables | PEERS[engine].variables,
        )
        hello = self.answer()
        if "error" in hello:
            raise MissingError(hello["error"])
        self.version: str = hello["version"]

    def round(self, work: str) -> dict[str, Any]:
        """What one round took: "amounts" and "check", or an "error"."""
        if self.process.poll() is not None:
            return {"error": "its process has ended"}
        assert self.process.stdin is not None
        self.process.stdin.write(work + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, Any]:
        """The next line that the process says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line:
            answer: dict[str, Any] = json.loads(line)
            return answer
        return {"error": f"its process has ended, with exit code {self.process.wait()}"}

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def workers(engines: Iterable[str], folder: Path) -> list[Worker]:
    """The engines that can be had, each in its process."""
    ready = []
    pythons: dict[str, Path | MissingError] = {}
    for engine in engines:
        place = PEERS[engine].environment
        if place not in pythons:
            say(f"installing {place}")
            try:
                pythons[place] = environment(
                    folder / place, ENVIRONMENTS[place], anew=place.startswith("scalar-autograd")
                )
            except MissingError as reason:
                pythons[place] = reason
        python = pythons[place]
        try:
            if isinstance(python, MissingError):
                raise python
            ready.append(Worker(engine, python))
        except MissingError as reason:
            say(f"{PEERS[engine].title} is left out: {reason}")
    return ready


def measured(work: str, crew: list[Worker], rounds: int) -> list[Row]:
    """The rows of a work, all engines having been asked in turn, round by round."""
    plan = EVERY[work]
    rows = [Row(title, unit) for title, unit in plan.rows.items()]
    crew = [worker for worker in crew if worker.engine in plan.engines]
    for number in range(1 if plan.once else rounds + 1):
        checks = {}
        for worker in list(crew):
            say(f"{work}, round {number}, {PEERS[worker.engine].title}")
            answer = worker.round(work)
            if "error" in answer:
                remark(rows, worker.engine, answer["error"])
                crew.remove(worker)
                continue
            checks[worker.engine] = answer["check"]
            if plan.once or number > 0:
                note(rows, worker.engine, answer["amounts"])
        for engine in disagreeing(checks):
            remark(rows, engine, "≠ other numbers")
    return rows


def note(rows: list[Row], engine: str, amounts: list[float | None]) -> None:
    """Add what a round took to the rows of its work."""
    for row, amount in zip(rows, amounts, strict=True):
        if amount is not None:
            row.amounts.setdefault(engine, []).append(amount)


def remark(rows: list[Row], engine: str, text: str) -> None:
    """Say something of an engine in all rows of a work."""
    for row in rows:
        row.remarks[engine] = text


def disagreeing(checks: dict[str, list[float]]) -> list[str]:
    """The engines whose numbers are not those of the first."""
    if not checks:
        return []
    first = next(iter(checks.values()))
    return [engine for engine, numbers in checks.items() if not all(map(same, numbers, first))]


def same(one: float, other: float) -> bool:
    """Whether two numbers are equal but for rounding."""
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def say(text: str) -> None:
    """Tell what is going on, away from the table."""
    print(text, file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="how often each engine is asked (7)")
    parser.add_argument("--only", nargs="+", choices=EVERY, metavar="WORK", default=list(EVERY), help=", ".join(EVERY))
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the environments are, or are to be, kept")
    parser.add_argument("--markdown", action="store_true", help="print the table as in RESULTS.md")
    asked = parser.parse_args()
    if asked.rounds < 1:
        parser.error("--rounds has to be 1 or more")
    return asked


def main() -> None:
    asked = arguments()
    sys.stdout.reconfigure(encoding="utf-8")  # also where a system would write µ and × in another way
    where_and_when = circumstances()
    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        needed = [engine for engine in PEERS if any(engine in EVERY[work].engines for work in asked.only)]
        crew = workers(needed, folder.resolve())
        if not crew:
            sys.exit("there is nothing to compare")
        for worker in crew:
            stack.callback(worker.close)
        rows = {work: measured(work, crew, asked.rounds) for work in EVERY if work in asked.only}
    titles = {worker.engine: PEERS[worker.engine].title for worker in crew}
    # One for each environment: its first engine is the one that it is named after.
    versions = {PEERS[worker.engine].environment: worker.version for worker in reversed(crew)}
    told = ", ".join(f"{name} {version}" for name, version in reversed(versions.items()))
    tables = [[row for work in part if work in rows for row in rows[work]] for part in (WORKS, COMPILED)]
    crossings = [crossing(rows[work], EVERY[work].sizes, titles) for work in rows if EVERY[work].sizes]
    if asked.markdown:
        print(*[markdown(table, titles) + "\n" for table in tables if table], *crossings, NOTES, sep="\n")
        print(f"{asked.rounds} rounds; {where_and_when}; {told}.")
    else:
        print(f"{where_and_when}\n{told}\nmedians of {asked.rounds} rounds\n")
        print(*[listing(table, titles) for table in tables], *crossings, sep="\n")


if __name__ == "__main__":
    main()
