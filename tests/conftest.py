"""Test configuration: how many examples hypothesis tries, and how it chooses them."""

import os

from hypothesis import HealthCheck, settings

# Derandomised: the same examples on every machine, so that a failure is a fact about the code. Time limits
# are off because the first call of a kernel compiles it, and because machines are shared.
_COMMON = {
    "derandomize": True,
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow],
    "print_blob": False,
}
settings.register_profile("default", max_examples=25, **_COMMON)
settings.register_profile("plain_python", max_examples=5, **_COMMON)
settings.register_profile("long", max_examples=1000, **_COMMON)

_JIT_IS_OFF = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
settings.load_profile(
    os.environ.get("CHANNELSIM_TEST_PROFILE") or ("plain_python" if _JIT_IS_OFF else "default")
)
