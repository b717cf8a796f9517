"""Programs run on someone's class, in a process that may crash, hang, print or eat memory without harm.

>>> from autograd import Value
>>> from autograd.grade.checks import CHECKS
>>> outcomes(CHECKS[:1], Given(Value)).outcomes
(Outcome(answers=(3.0, 0.0), error='', stopped=(), missing='', unreached=()),)

No part of the class runs in this process, not even its import. The other one has limited time and memory and no
terminal, and reports the outcome of each program in a line of JSON; once it hangs or dies, the next one takes over.
"""

import contextlib
import faulthandler
import gc
import io
import json
import math
import multiprocessing
import os
import re
import signal
import sys
import time
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pickle import PicklingError
from types import FrameType, ModuleType, TracebackType
from typing import Any

from ..languages import chosen
from .checks import CRASH, FUNCTIONS, NO_END, Answers, Check
from .targets import Given, InFile, InModule, found
from .texts import LONGEST, RefusedError, one_line, text

# What a verdict may take at most: seconds of wall-clock or processor time, and bytes in addition to those in use.
SECONDS, MEMORY = 45.0, 320 * 2**20

# Seconds between two looks at the memory in use, and the status of a process that has none left.
LOOK, EXHAUSTED = 0.02, 77

# Seconds for the import, which may load large libraries, and for the first Value.
IMPORT_SECONDS, MAKE_SECONDS = 20.0, 3.0

# Whether processes can be started: not in a browser, where Python is WebAssembly.
PROCESSES = sys.platform not in ("emscripten", "wasi")

# How many calls deep a class may go in this process: a few more than the checks need. In WebAssembly, a class whose
# operators call themselves for ever overflows the stack, which ends Python, long before Python's own limit.
DEEPEST = 120

# After so many programs in a row that do not end, the rest are not run.
PATIENCE = 5

# How many bytes of what the process says are read.
LONGEST_MESSAGE = 65_536

# A text, as its name in the catalogue and what is filled in.
Said = tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a program: the answers, or one of the others.

    That is Python's error in one line, how the process was stopped, what the class lacks, or why it was not run.
    """

    answers: Answers = ()
    error: str = ""
    stopped: Said = ()
    missing: str = ""
    unreached: Said = ()

    @property
    def kind(self) -> str:
        """The name of the exception, NO_END or CRASH; nothing where the program ended."""
        if self.stopped:
            return NO_END if self.stopped[0] == NO_END else CRASH
        return self.error.partition(":")[0]


@dataclass(frozen=True)
class Subject:
    """What the process found out about the class: its name, and how functions are written for it."""

    name: str
    importable: bool  # whether its module has it by its name
    methods: frozenset[str]  # the functions that are methods
    functions: tuple[str, ...]  # those in its module


@dataclass(frozen=True)
class Trial:
    """A class and the outcome of each program."""

    subject: Subject
    outcomes: tuple[Outcome, ...]


def outcomes(checks: Sequence[Check], target: Given | InModule | InFile) -> Trial:
    """The outcome of each program. A process runs them in turn; if one kills it, a new process takes over.

    Where no process can be started they run in this one, and a RuntimeWarning tells, once, what that cannot do. Raises
    RefusedError if there is nothing to run: the class cannot be found, or no Value can be made.
    """
    if not PROCESSES:
        warnings.warn(text(chosen(), "no processes"), RuntimeWarning, stacklevel=2)
    budget = _Budget()
    found: list[Outcome] = []
    subject = None
    while len(found) < len(checks):
        if subject and (reason := _no_further(found, budget)):
            found += [Outcome(unreached=reason)] * (len(checks) - len(found))
            break
        try:
            with _Process(checks[len(found) :], target, budget) if PROCESSES else _Here(target, budget) as process:
                subject = process.subject
                for check in checks[len(found) :]:
                    found.append(process.outcome(check))
                    if found[-1].kind in (NO_END, CRASH, "MemoryError"):
                        break
        except RefusedError as refusal:
            if subject is None:
                raise
            found += [Outcome(unreached=refusal.said)] * (len(checks) - len(found))
    assert subject is not None
    return Trial(subject, tuple(found))


def possible(checks: Sequence[Check]) -> tuple[Check, ...]:
    """The checks that can be run here: in WebAssembly, large graphs would overflow the stack as they die."""
    return tuple([check for check in checks if PROCESSES or check.seconds <= Check.seconds])


def _no_further(found: Sequence[Outcome], budget: "_Budget") -> Said:
    """Why the rest are not run, if they are not."""
    if budget.left() <= 0.0:
        return ("time used up", f"{SECONDS:.0f}")
    last = found[-PATIENCE:]
    if len(last) == PATIENCE and all(outcome.kind == NO_END for outcome in last):
        return ("patience used up", str(PATIENCE))
    return ()


class _Budget:
    """The time that is left for all processes together."""

    def __init__(self) -> None:
        self._began = self._now()

    def left(self) -> float:
        return SECONDS - max(now - then for now, then in zip(self._now(), self._began, strict=True))

    @staticmethod
    def _now() -> tuple[float, float]:
        times = os.times()
        return time.monotonic(), times.children_user + times.children_system


class _Process:
    """A process in which the class is found, and which then runs programs on it."""

    def __init__(self, checks: Sequence[Check], target: Given | InModule | InFile, budget: _Budget) -> None:
        self._budget = budget
        self._results, sender = multiprocessing.Pipe(duplex=False)
        # A forked process has the given class already, wherever it was defined; a spawned one must be able to import
        # it, and has nothing from this process.
        fork = isinstance(target, Given) and "fork" in multiprocessing.get_all_start_methods()
        context: Any = multiprocessing.get_context("fork" if fork else "spawn")
        arguments = (checks, target, sender, budget.left())
        self._process: Any = context.Process(target=_run, args=arguments, daemon=True)
        with warnings.catch_warnings():
            # Python warns if a process with threads, like a notebook's, is forked: the child might wait for a
            # thread that it does not have. Here it only runs our programs, and waits for no one.
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                with contextlib.nullcontext() if isinstance(target, Given) else _apart():
                    self._process.start()
            except (AttributeError, TypeError, PicklingError) as error:
                raise RefusedError("without fork", one_line(error)) from error
        sender.close()
        self._resident = _resident(self._process.pid)

    def __enter__(self) -> "_Process":
        try:
            self.subject = self._introduced()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._end()

    def outcome(self, check: Check) -> Outcome:
        """The outcome of the next program, which is that of this check."""
        try:
            answers, error, missing = self._message(check.seconds)
            return Outcome(tuple([float(answer) for answer in answers]), printable(error), missing=missing)
        except _StoppedError as stopped:
            return Outcome(stopped=stopped.args)

    def _introduced(self) -> Subject:
        """The class as the process describes it, after the steps that might stop it."""
        step: Said = ("cannot start a process",)
        seconds = SECONDS
        while True:
            try:
                message = self._message(seconds)
            except _StoppedError as stopped:
                raise RefusedError(*step, stopped.args) from stopped
            if "refused" in message:
                raise RefusedError(*_printable(message["refused"]))
            if "name" in message:
                methods, functions = message["methods"], message["functions"]
                return Subject(printable(message["name"]), message["importable"], frozenset(methods), tuple(functions))
            step = _printable(message["step"])
            seconds = MAKE_SECONDS if step[0] == "cannot make" else IMPORT_SECONDS

    def _message(self, seconds: float) -> Any:
        """What the process says next. Raises _StoppedError if it says nothing in time, or nothing more at all."""
        allowed = max(0.0, min(seconds, self._budget.left()))
        end = time.monotonic() + allowed
        try:
            while not self._results.poll(max(0.0, min(LOOK, end - time.monotonic()))):
                # The limit that the process sets itself does not count shared memory, such as that of mmap.
                if _resident(self._process.pid) > self._resident + MEMORY:
                    raise _StoppedError("stopped by memory", _MEGABYTES)
                if time.monotonic() >= end:
                    raise _StoppedError(NO_END, f"{allowed:.0f}")
            return json.loads(self._results.recv_bytes(LONGEST_MESSAGE))
        except (EOFError, OSError, ValueError):
            self._process.join(1.0)
            raise _StoppedError(*_end_of(self._process.exitcode)) from None

    def _end(self) -> None:
        """Kill it, together with everything that it has started."""
        # Windows has no process groups, and a process that is killed at once has none yet.
        with contextlib.suppress(AttributeError, OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self._results.close()


class _Here:
    """This process, where no other can be started: programs run in it, in limited time and depth, and print nothing."""

    def __init__(self, target: Given | InModule | InFile, budget: _Budget) -> None:
        self._target, self._budget = target, budget
        self._modules, self._path = set(sys.modules), list(sys.path)
        self._step: Said = ()

    def __enter__(self) -> "_Here":
        try:
            self.subject, self._names = self._limited(IMPORT_SECONDS, self._introduced)
        except _StoppedError as stopped:
            raise RefusedError(*self._step, stopped.args) from stopped
        finally:
            self._forget()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Nothing is left to end."""

    def outcome(self, check: Check) -> Outcome:
        """The outcome of the program of this check."""
        program = spelled(check, self.subject.methods, self.subject.functions)
        try:
            outcome: Outcome = self._limited(check.seconds, lambda: _outcome(program, self._names))
        except _StoppedError as stopped:
            return Outcome(stopped=stopped.args)
        if outcome.error.startswith(KeyboardInterrupt.__name__):  # here it is whoever grades that interrupts
            raise KeyboardInterrupt
        return replace(outcome, error=printable(outcome.error))

    def _introduced(self) -> tuple[Subject, dict[str, Any]]:
        value_class, module = found(self._target, self._go_on)
        self._go_on("cannot make", _name(value_class))
        return _introduction(value_class, module)

    def _go_on(self, *step: str) -> None:
        self._step = step

    def _forget(self) -> None:
        """Let files of the learner's folder be read again next time, for they may have changed."""
        folders = {os.path.abspath(folder) for folder in ("", *sys.path) if folder not in self._path[1:]}
        sys.path[:] = self._path
        for name in set(sys.modules) - self._modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and os.path.dirname(os.path.abspath(file)) in folders:
                del sys.modules[name]

    def _limited(self, seconds: float, run: Callable[[], Any]) -> Any:
        """What a function returns, or _StoppedError if it takes longer; one line that never ends is not stopped."""
        allowed = max(0.0, min(seconds, self._budget.left()))
        end = time.monotonic() + allowed

        def watch(frame: FrameType, event: str, argument: Any) -> Any:
            if time.monotonic() >= end:
                raise _LateError
            return watch

        before = sys.gettrace(), sys.getrecursionlimit(), gc.isenabled()
        silence = io.StringIO()
        try:
            with contextlib.redirect_stdout(silence), contextlib.redirect_stderr(silence):
                sys.setrecursionlimit(_depth() + DEEPEST)
                sys.settrace(watch)
                answer = run()
        except _LateError:
            answer = None
        finally:
            sys.settrace(before[0])
            sys.setrecursionlimit(before[1])
            (gc.enable if before[2] else gc.disable)()
        if time.monotonic() >= end:
            raise _StoppedError(NO_END, f"{allowed:.0f}")
        return answer


class _LateError(BaseException):
    """Ends a program in the middle of a line, unless the class catches all exceptions."""


def _depth() -> int:
    """How many calls deep Python is."""
    frame, depth = sys._getframe(1), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """A block in which a process starts that has nothing from the program that runs here, nor from its folder.

    It would run the main program first, which would grade again; and where a learner's folder has a math.py, it would
    import that one.
    """
    main, safe = sys.modules["__main__"], os.environ.get("PYTHONSAFEPATH")
    sys.modules["__main__"] = ModuleType("__main__")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if safe is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = safe


class _StoppedError(Exception):
    """Why the process says nothing more: the name of a text, and what is filled in."""


_MEGABYTES = str(MEMORY // 2**20)


def _resident(process: int) -> int:
    """The bytes that a process has in memory; 0 if the system does not say."""
    try:
        with open(f"/proc/{process}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _end_of(code: int | None) -> Said:
    if code is None:
        return ("closed",)
    if code == EXHAUSTED:
        return ("ended by memory", _MEGABYTES)
    return ("ended by signal", signal.Signals(-code).name) if code < 0 else ("ended", str(code))


def _printable(said: Sequence[str]) -> Said:
    return tuple(map(printable, said))


def printable(text: str, longest: int = LONGEST) -> str:
    """The text with control characters escaped, so that none reaches a terminal, and cut if it is too long.

    >>> printable("red: \\x1b[31m"), printable("a" * 10, longest=4)
    ('red: \\\\x1b[31m', 'aaa…')
    """
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    return "".join([c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text])


# How programs are spelled for a class -------------------------------------------------------------


def spelled(check: Check, methods: Collection[str], functions: Collection[str]) -> Check:
    """The check with f(x) written as x.f() where f is a method, and f(x, y) as x.f(y); maximum may be called max."""
    short = "max" in {*methods, *functions} and "maximum" not in {*methods, *functions}

    def spell(text: str) -> str:
        text = text.replace("maximum(", "max(") if short else text
        for name in sorted(methods):
            text = re.sub(rf"\b{name}\((\w+)\)", rf"\1.{name}()", text)
            text = re.sub(rf"\b{name}\((\w+), (\w+)\)", rf"\1.{name}(\2)", text)
        return text

    return replace(check, program=spell(check.program), needs=tuple(map(spell, check.needs)))


def preamble(subject: Subject, module: str) -> str:
    """What must precede a program that is pasted."""
    if not subject.importable or not module:
        return f"Value = {subject.name}" if subject.name != "Value" else ""
    names = [subject.name if subject.name == "Value" else f"{subject.name} as Value"]
    names += [function for function in subject.functions if function not in subject.methods]
    return f"from {module} import {', '.join(names)}"


# In the process -----------------------------------------------------------------------------------


def _run(checks: Sequence[Check], target: Given | InModule | InFile, sender: Any, seconds: float) -> None:
    try:
        _confine(seconds)
        _answer(checks, target, sender)
    except MemoryError:  # if the class keeps the memory, there is none left to report it with
        os._exit(EXHAUSTED)
    os._exit(0)  # without waiting for threads that never end or for functions registered to run at exit


def _answer(checks: Sequence[Check], target: Given | InModule | InFile, sender: Any) -> None:
    process = os.getpid()

    def tell(message: Any) -> None:
        if os.getpid() != process:  # a copy that got past all guards must not speak
            os._exit(1)
        sender.send_bytes(json.dumps(message).encode())

    try:
        value_class, module = found(target, lambda *step: tell({"step": step}))
        _refuse("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec")  # which an import may need
        tell({"step": ("cannot make", _name(value_class))})
        subject, names = _introduction(value_class, module)
        gc.freeze()  # the collector may ignore what was there before, which makes it quick
        tell(asdict(subject) | {"methods": [*subject.methods]})
    except RefusedError as refusal:
        tell({"refused": [str(part)[:LONGEST] for part in refusal.said]})
        return
    for check in checks:
        outcome = _outcome(spelled(check, subject.methods, subject.functions), names)
        tell([outcome.answers, outcome.error, outcome.missing])
        gc.enable()  # some programs switch it off


def _introduction(value_class: Any, module: str) -> tuple[Subject, dict[str, Any]]:
    """What there is to know about the class, and the names that its programs have."""
    _require_values(value_class)
    methods = frozenset([name for name in FUNCTIONS if hasattr(value_class, name)])
    functions = _functions(module)
    name = str(value_class.__qualname__)
    importable = getattr(sys.modules.get(module), name, None) is value_class
    return Subject(printable(name), importable, methods, tuple(functions)), {"Value": value_class, **functions}


def _confine(seconds: float) -> None:
    """Give this process no terminal, no copies of itself, and limited time and memory, if the system can."""
    if hasattr(os, "setsid"):
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    faulthandler.disable()  # the parent reports a crash
    with open(os.devnull, "r+b", buffering=0) as nothing:
        for stream in range(3):
            os.dup2(nothing.fileno(), stream)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")  # noqa: SIM115  # as long as the process
    _refuse("os.fork", "os.forkpty")
    try:
        import resource
    except ImportError:  # on Windows
        return
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_CPU, math.ceil(seconds))
    # If the system does not say what is in use, a limit might be below it.
    with contextlib.suppress(OSError), open("/proc/self/statm") as statm:
        in_use = int(statm.read().split()[5]) * resource.getpagesize()
        _limit(resource.RLIMIT_DATA, in_use + MEMORY)


def _limit(what: int, amount: int) -> None:
    import resource

    _, hard = resource.getrlimit(what)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))


def _refuse(*events: str) -> None:
    """Forbid starting processes this way: a copy of ours would run our programs again, and others would linger."""

    def hook(event: str, _: Any) -> None:
        if event in events:
            raise PermissionError("a class must not start processes while it is graded")

    sys.addaudithook(hook)


def _require_values(value_class: Any) -> None:
    if not isinstance(value_class, type):
        raise RefusedError("not a class", _name(value_class), type(value_class).__name__)
    name = _name(value_class)
    try:
        value = value_class(3.0)
    except BaseException as error:
        raise RefusedError("cannot make", name, one_line(error)) from error
    for attribute in ("data", "grad", "backward"):
        try:
            getattr(value, attribute)
        except AttributeError as error:
            raise RefusedError("lacks", name, attribute) from error
        except BaseException as error:
            raise RefusedError("cannot read", name, attribute, one_line(error)) from error


def _name(value_class: Any) -> str:
    name = getattr(value_class, "__name__", None)
    return f"{name if isinstance(name, str) else repr(value_class):.60}"


def _functions(module: str) -> dict[str, Any]:
    """The functions of the module that may take Values; those that it imported from `math` do not."""
    found = {name: getattr(sys.modules.get(module), name, None) for name in FUNCTIONS}
    return {name: f for name, f in found.items() if callable(f) and f is not getattr(math, name, None)}


def _outcome(check: Check, names: dict[str, Any]) -> Outcome:
    try:
        for expression in check.needs:
            if _is_missing(expression, names):
                return Outcome(missing=expression)
        # What is executed here is the text of our own checks, never anything that a user wrote.
        namespace = dict(names)
        exec(check.program, namespace)
        return Outcome(tuple([_number(eval(question, namespace), question) for question in check.right]))
    except BaseException as error:  # a class may call sys.exit, or raise KeyboardInterrupt
        return Outcome(error=one_line(error))


def _is_missing(expression: str, names: dict[str, Any]) -> bool:
    """Whether the class refuses an expression at once, which is not a mistake; failing in any other way is one."""
    try:
        x, y = names["Value"](3.0), names["Value"](2.0)
        eval(expression, {**names, "x": x, "y": y})
    except (AssertionError, NotImplementedError, TypeError):
        return True
    except NameError as error:
        return error.name in FUNCTIONS
    except AttributeError as error:
        # `other.data` for a number means that numbers are not supported, and so does `n.is_integer()` for a Value n.
        # But `self.dat` is a typo.
        return error.obj is y or not isinstance(error.obj, names["Value"])
    except Exception:
        return False
    return False


def _number(answer: Any, question: str) -> float:
    """The answer as a float: None, as for a gradient that no pass has touched, is 0; for a Value it is the data."""
    if answer is None:
        return 0.0
    if not isinstance(answer, str | bytes | bytearray):  # some of which float() would read
        try:
            return float(answer)
        except TypeError:
            if hasattr(answer, "data"):
                return float(answer.data)
    raise TypeError(f"{question} is {answer!r:.60}, which is not a number")
