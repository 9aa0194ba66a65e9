"""What all tests share: hypothesis' pace."""

import os

from hypothesis import HealthCheck, settings

# Before a change lands the same examples are tried every time, so that what fails is the
# change; new ones are looked for with JIPYO_HYPOTHESIS=long.
settings.register_profile(
    "check",
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("long", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("JIPYO_HYPOTHESIS", "check"))
