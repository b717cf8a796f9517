"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: dev (default), ci, thorough."""

import os

from hypothesis import HealthCheck, settings

# Named profiles also keep Hypothesis from loading its own derandomised one where CI is set.
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("ci", max_examples=300, deadline=None, print_blob=True)
settings.register_profile(
    "thorough", max_examples=20_000, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))
