"""Ctrl-C in tests, and Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: dev (default), ci, thorough."""

import os
import signal

from hypothesis import HealthCheck, settings

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
