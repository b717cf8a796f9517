"""The tests under Pyodide: python in_pyodide.py FILE ...; what needs more than there is here is skipped.

Node's Pyodide has no threads, no processes, no event loop that can be waited for and no NumPy; nor is there Hypothesis,
which is compiled. All tests that do not need these have to pass.
"""

import inspect
import sys
from types import ModuleType
from typing import Any

import pytest

# Tests of these words are not begun: one that is broken off may leave something behind, which others would find.
ABSENT = ("thread", "subprocess", "multiprocessing", "asyncio", "numpy")


class StandIn(ModuleType):
    """A module of which files of tests can be imported; it is gone before the first test runs."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if inspect.isfunction(next(iter(arguments), None)):  # it decorates a test
            return lambda: pytest.skip(f"needs {self.__name__}")
        return self

    def __or__(self, other: Any) -> Any:
        return self


STAND_INS = ("numpy", "hypothesis")


class Skipping:
    """What pytest is told of this place."""

    def pytest_collection_finish(self) -> None:
        """Take away the modules that are not."""
        for name in STAND_INS:
            del sys.modules[name]

    def pytest_runtest_setup(self, item: Any) -> None:
        """Skip what needs something that is not here."""
        text = inspect.getsource(item.function) + repr(getattr(item, "callspec", None))
        for name in ABSENT:
            if name in text or f"<module '{name}" in text:
                pytest.skip(f"needs {name}")

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self) -> Any:
        """Skip what starts a process in a function that a test calls."""
        try:
            return (yield)
        except OSError as error:
            if "does not support processes" in str(error):
                pytest.skip("needs a process")
            raise


def run(files: list[str]) -> int:
    """Run the files; the status is pytest's."""
    sys.modules.update({name: StandIn(name) for name in STAND_INS})
    return int(pytest.main(["-q", "-rf", "--tb=short", "-p", "no:cacheprovider", *files], plugins=[Skipping()]))
