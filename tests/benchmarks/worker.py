"""One engine in a process of its own, which measures what it is asked for: a line of JSON in, a line of JSON out.

python worker.py ENGINE

Started by `compare`, with the Python of the environment in which the engine is installed.
"""

import json
import os
import sys
import threading
from dataclasses import asdict
from typing import TextIO

from compiled import COMPILED
from engines import PEERS
from works import WORKS, one_round


def answer_all(engine_name: str, answers: TextIO) -> None:
    """Load the engine and tell its version, then do one round of each work that is asked for."""

    def answer(**parts: object) -> None:
        print(json.dumps(parts), file=answers, flush=True)

    try:
        engine = PEERS[engine_name].load()
    except Exception as error:
        return answer(error=told(error))
    answer(version=engine.version)
    for line in sys.stdin:
        try:
            answer(**asdict(one_round((WORKS | COMPILED)[line.strip()], engine)))
        except Exception as error:
            answer(error=told(error))
    return None


def told(error: Exception) -> str:
    """The error in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0]


def main() -> None:
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # so that what an engine prints, in C too, is no answer
    # micrograd's backward calls itself: give it the room.
    sys.setrecursionlimit(1_000_000)
    threading.stack_size(512 << 20)
    thread = threading.Thread(target=answer_all, args=(sys.argv[1], answers))
    thread.start()
    thread.join()


if __name__ == "__main__":
    main()
