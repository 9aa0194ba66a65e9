"""The whole catalogue read from a source and judged at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.health import Health, MetricHealth, assess, overall, refused
from jipyo.model.errors import QueryError
from jipyo.source.metric_data import read_metric
from jipyo.source.prune import metric_names

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.source.base import Source
    from jipyo.source.prune import Names

STEP_MS = 60_000
_HOUR_MS = 3_600_000


def window_ms(metric: Metric) -> int:
    """How far back to look, so that a threshold's `for` and a while before it are seen."""
    return _HOUR_MS + (metric.thresholds.for_ms if metric.thresholds else 0)


def survey(source: Source, catalogue: Catalogue, t_ms: int, *, step_ms: int = STEP_MS) -> Health:
    """How every metric of the catalogue is at `t_ms`.

    A question that is refused makes its own metric unknown and no other.

    Raises:
        SourceError: whoever answers failed.
    """
    names = metric_names(source, t_ms)
    return overall(
        t_ms, [_one(source, metric, t_ms, step_ms, names) for metric in catalogue.metrics]
    )


def _one(source: Source, metric: Metric, t_ms: int, step_ms: int, names: Names) -> MetricHealth:
    # The steps end at t itself, so that what is shown is the newest there is.
    start_ms = t_ms - window_ms(metric) // step_ms * step_ms
    try:
        return assess(read_metric(source, metric, start_ms, t_ms, step_ms, names), t_ms)
    except QueryError as error:
        return refused(metric, error.message)
