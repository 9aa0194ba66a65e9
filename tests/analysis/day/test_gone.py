"""Values of dead targets and lost devices are not shown as values of now."""

from __future__ import annotations

import pytest

from jipyo.analysis.day.gone import mark_gone
from jipyo.analysis.day.now import SeriesNow
from jipyo.analysis.health import Health, MetricHealth, Reason, combine
from jipyo.analysis.outages import Outage
from jipyo.analysis.thresholds import State
from jipyo.catalogue import load
from jipyo.model.labels import Labels

NOW_MS, SINCE_MS = 1_000_000, 980_000
KNOWN = load()


def breach(metric_id: str, labels: dict[str, str], *outages: Outage) -> MetricHealth:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    return MetricHealth(
        metric=metric,
        state=State.CRITICAL,
        judged=True,
        reason=Reason.BREACH,
        since_ms=SINCE_MS,
        gravest=(Labels.of(labels),),
        outages=outages,
    )


LOST = combine(
    NOW_MS,
    [breach("system.gpu.lost", {"job": "gpu", "instance": "h", "gpu": "2", "UUID": "GPU-2"})],
)
DEAD = combine(
    NOW_MS, [breach("system.collection.failed", {"instance": "h"}, Outage("redis", "h", None))]
)


@pytest.mark.parametrize(
    ("health", "labels", "seen_ms", "is_gone"),
    [
        (LOST, {"instance": "h", "gpu": "2", "modelName": "H100"}, SINCE_MS - 1, True),
        (LOST, {"instance": "h", "gpu": "1", "modelName": "H100"}, SINCE_MS - 1, False),
        (LOST, {"instance": "other", "gpu": "2"}, SINCE_MS - 1, False),
        (LOST, {"instance": "h", "gpu": "2"}, NOW_MS, False),  # it is back
        (DEAD, {"instance": "h"}, SINCE_MS, True),
        (DEAD, {"instance": "h"}, NOW_MS, False),  # of another target with this instance
        (DEAD, {"instance": "other"}, SINCE_MS, False),
        (combine(NOW_MS, []), {"instance": "h"}, SINCE_MS, False),
    ],
)
def test_what_is_gone_has_no_value(
    health: Health, labels: dict[str, str], seen_ms: int, is_gone: bool
) -> None:
    one = SeriesNow(Labels.of(labels), "e", 48.4, State.OK, 5, seen_ms)
    ((marked,),) = mark_gone({"m": (one,)}, health).values()
    if is_gone:
        assert (marked.value, marked.state, marked.since_ms) == (None, State.UNKNOWN, seen_ms)
    else:
        assert marked is one
