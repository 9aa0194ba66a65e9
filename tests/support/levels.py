"""A service whose objectives come to known figures: five days of November 2026 in Seoul."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape

if TYPE_CHECKING:
    from collections.abc import Iterator

NOV_1_MS = 1_793_458_800_000
"""2026-11-01T00:00 in Seoul."""
MINUTE_MS, DAY_MS = 60_000, 86_400_000
NOW_MS = NOV_1_MS + 4 * DAY_MS
"""2026-11-05T00:00."""
FIRST_MS = NOV_1_MS - DAY_MS
API = {"job": "api", "instance": "a"}
_BUCKETS = "http_request_duration_highr_seconds_bucket"
RATES: dict[Labels, float] = {
    **{
        Labels.of({"__name__": _BUCKETS, "le": le, **API}): rate
        for le, rate in (("1.0", 90), ("2.0", 98), ("+Inf", 100))
    },
    **{
        Labels.of({"__name__": _BUCKETS, "le": le, "job": "web", "instance": "w"}): rate
        for le, rate in (("1.0", 9), ("2.5", 10), ("+Inf", 10))
    },
    Labels.of({"__name__": "http_requests_total", "status": "200", **API}): 99.95,
    Labels.of({"__name__": "http_requests_total", "status": "500", **API}): 0.05,
}
"""How much each counter rises a minute."""
UP = Labels.of({"__name__": "probe_success", "job": "site", "instance": "s"})
DOWN_MINUTES = range(600, 610)
"""Of the first day."""


def list_scrapes(last_ms: int = NOW_MS + 6 * 3_600_000) -> Iterator[Scrape]:
    """A scrape a minute."""
    series = (*RATES, UP)
    rates = np.array(list(RATES.values()))
    for nth, t_ms in enumerate(range(FIRST_MS, last_ms + 1, MINUTE_MS)):
        is_up = (t_ms - NOV_1_MS) // MINUTE_MS not in DOWN_MINUTES
        yield Scrape(t_ms, series, np.append(np.floor(rates * nth + 1e-6), float(is_up)))
