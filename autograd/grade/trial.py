"""Programs run on somebody's class, in a process that may crash, hang or print without harm.

>>> from autograd import Value
>>> from autograd.grade.checks import CHECKS
>>> outcomes(CHECKS[:1], Value, "autograd")
[Outcome(answers=(3.0, 1.0), error='', missing='')]
"""

import faulthandler
import gc
import math
import multiprocessing
import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pickle import PicklingError
from typing import Any

from .checks import CRASH, FUNCTIONS, NO_END, Answers, Check

# A forked process has the class already, wherever it was defined; a spawned one must be able to import it.
PROCESSES: Any = multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn")


@dataclass(frozen=True)
class Outcome:
    """What came of a program: the answers, or one line about the error, or the expression that the class lacks."""

    answers: Answers = ()
    error: str = ""
    missing: str = ""


def outcomes(checks: Sequence[Check], value_class: type, module: str) -> list[Outcome]:
    """What comes of each program. A process runs them in turn; where one kills it, a new process takes over.

    Raises TypeError where the system cannot fork and the class cannot be imported.
    """
    found: list[Outcome] = []
    while len(found) < len(checks):
        rest = checks[len(found) :]
        with _process(rest, value_class, module) as (process, results):
            try:
                for check in rest:
                    if not results.poll(check.seconds):
                        found.append(Outcome(error=f"{NO_END}: stopped after {check.seconds:.0f} seconds"))
                        break
                    found.append(results.recv())
            except EOFError:
                process.join()
                found.append(Outcome(error=f"{CRASH}: the process ended with {_reason(process.exitcode)}"))
    return found


@contextmanager
def _process(checks: Sequence[Check], value_class: type, module: str) -> Iterator[tuple[Any, Connection]]:
    results, sender = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=_run, args=(checks, value_class, module, sender), daemon=True)
    with warnings.catch_warnings():
        # Python warns where a process with threads, as a notebook's, is forked: the child might wait for a thread
        # that it has not got. Here it runs our programs only, and waits for nobody.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            process.start()
        except (AttributeError, PicklingError) as error:
            raise TypeError(f"without fork, only a class that can be imported can be graded: {error}") from error
    sender.close()
    try:
        try:
            results.recv()  # it is ready: from now on, time counts
        except EOFError:
            raise TypeError("the class cannot be imported in a new process") from None
        yield process, results
    finally:
        process.kill()
        process.join()
        results.close()


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"status {code}"


# How a class is spoken to -------------------------------------------------------------------------


def spelled(check: Check, value_class: type) -> Check:
    """The check with f(x) written as x.f() where f is a method."""

    def spell(text: str) -> str:
        for name in FUNCTIONS:
            if hasattr(value_class, name):
                text = re.sub(rf"\b{name}\((\w+)\)", rf"\1.{name}()", text)
        return text

    return replace(check, program=spell(check.program), needs=tuple(map(spell, check.needs)))


def preamble(value_class: type, module: str) -> str:
    """What must stand before a program that is pasted."""
    name = value_class.__qualname__
    if getattr(sys.modules.get(module), name, None) is not value_class:
        return f"Value = {name}"
    names = [name if name == "Value" else f"{name} as Value"]
    names += [function for function in _functions(module) if not hasattr(value_class, function)]
    return f"from {module} import {', '.join(names)}"


def _functions(module: str) -> dict[str, Any]:
    """The functions of the module that may take Values; those that it imported from `math` do not."""
    found = {name: getattr(sys.modules.get(module), name, None) for name in FUNCTIONS}
    return {name: f for name, f in found.items() if callable(f) and f is not getattr(math, name, None)}


# In the process -----------------------------------------------------------------------------------


def _run(checks: Sequence[Check], value_class: type, module: str, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    faulthandler.disable()  # a crash is told by the parent
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # a class that prints its steps shall not spoil the verdict
    gc.freeze()  # what was there before is none of the collector's business, which makes it quick
    sender.send("ready")
    names = {"Value": value_class, **_functions(module)}
    for check in checks:
        sender.send(_outcome(check, names))
        gc.enable()  # some programs switch it off


def _outcome(check: Check, names: dict[str, Any]) -> Outcome:
    for expression in check.needs:
        if _is_missing(expression, names):
            return Outcome(missing=expression)
    # What is executed here is the text of our own checks, never anything that a user wrote.
    namespace = dict(names)
    try:
        exec(check.program, namespace)
        return Outcome(tuple([_number(eval(question, namespace), question) for question in check.right]))
    except Exception as error:
        return Outcome(error=one_line(error))


def _is_missing(expression: str, names: dict[str, Any]) -> bool:
    """Whether the class refuses an expression at once, which is no mistake; that it fails in another way is one."""
    try:
        x, y = names["Value"](3.0), names["Value"](2.0)
        eval(expression, {**names, "x": x, "y": y})
    except (AssertionError, NotImplementedError, TypeError):
        return True
    except NameError as error:
        return error.name in FUNCTIONS
    except AttributeError as error:
        # `other.data` where the other is a number says that numbers are not supported, and so does `n.is_integer()`
        # where n is a Value. But `self.dat` is a slip of the pen.
        return error.obj is y or not isinstance(error.obj, names["Value"])
    except Exception:
        return False
    return False


def _number(answer: Any, question: str) -> float:
    """The answer as a float: None, as of a gradient that no pass has touched, is 0; of a Value it is the data."""
    if answer is None:
        return 0.0
    try:
        return float(answer)
    except TypeError:
        if hasattr(answer, "data"):
            return float(answer.data)
        raise TypeError(f"{question} is {answer!r:.60}, which is no number") from None


def one_line(error: BaseException) -> str:
    """An exception as Python shows it last, its name and the first line of what it says."""
    said = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
