"""Ctrl-C and declarations in tests, and Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: dev, ci, thorough."""

import os
import shutil
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from autograd import OPERATIONS

# The language of the tests, and of all programs that they start.
os.environ["AUTOGRAD_LANGUAGE"] = "en"

# What a shell starts in the background ignores Ctrl-C, and so do all programs that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in each run of ci, so that a change is to blame for what fails there; new ones elsewhere.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, print_blob=True, derandomize=True)
settings.register_profile(
    "thorough", max_examples=20_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))

# Files for type checkers, see test_typing.py: half of them are wrong on purpose.
collect_ignore = ["typing"]
# Those of the benchmarks import packages of which each is in an environment of its own.
collect_ignore_glob = ["benchmarks/in_*.py"]


DECLARED = pytest.StashKey[set[str]]()


def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[DECLARED] = set(OPERATIONS)


@pytest.hookimpl(trylast=True)  # after the fixtures, which take away what they have declared
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """What a test or an example declares ends with it: tests of the rule book take all that is there."""
    for name in set(OPERATIONS) - item.stash.get(DECLARED, set(OPERATIONS)):
        del OPERATIONS[name]


# The browsers that tests of pages may drive, by the names of their programs.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser without a window; tests that ask for it are skipped where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason='no playwright to drive a browser: pip install "scalar-autograd[browser]"'
    )
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser was found, none of {', '.join(BROWSERS)}")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found)
        yield running
        running.close()
