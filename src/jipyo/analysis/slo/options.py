"""What a site writes about its objectives, and the objectives that this makes with a catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jipyo.analysis.service_load import list_latency_buckets
from jipyo.analysis.slo.derive import (
    count_series,
    list_latency,
    list_minutes,
    list_shares,
    list_specified,
    list_target_labels,
)
from jipyo.analysis.slo.objective import (
    MONTH,
    LatencyIndicator,
    MissingData,
    RatioIndicator,
    ServiceLevelObjective,
    SloPeriod,
    TimeIndicator,
    WithoutCounts,
)
from jipyo.catalogue.metric import Compare
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import ConfigError
from jipyo.schema import gather

if TYPE_CHECKING:
    from fractions import Fraction

    from jipyo.analysis.slo.objective import Indicator
    from jipyo.catalogue import Catalogue, Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveOptions:
    """One objective of a site, by exactly one of `metric`, `total`, `histogram` and `expr`."""

    name: str
    """The label `slo` of its series."""
    target: Fraction
    title: Bilingual | None = None
    """What people read; the name where there is none."""
    metric: str = ""
    """Of the catalogue."""
    total: str = ""
    """A selector of counters; with `good` or `bad`."""
    good: str = ""
    bad: str = ""
    histogram: str = ""
    """A selector of `_bucket` series."""
    within_s: float | None = None
    """Of a histogram, or of a latency metric."""
    by: tuple[str, ...] = ()
    expr: str = ""
    """PromQL whose value makes each minute good or bad."""
    at_most: float | None = None
    at_least: float | None = None
    period: SloPeriod = MONTH
    missing: MissingData = MissingData.IGNORE
    where: str = ""
    """The file and line it was read from."""

    @property
    def counts_minutes(self) -> bool:
        """Whether it is about a value, and not about requests."""
        return self.at_most is not None or self.at_least is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SloOptions:
    """The site's objectives, beside those of the specification."""

    specification: bool = True
    """Whether the objectives of the catalogue's metrics are evaluated."""
    objectives: tuple[ObjectiveOptions, ...] = ()


def build_objectives(
    options: SloOptions | None, catalogue: Catalogue
) -> tuple[ServiceLevelObjective, ...]:
    """All objectives, those of the specification first.

    Raises:
        ConfigError: a metric is not in the catalogue, or gives no such objective.
    """
    if options is None:
        return ()
    specified = tuple(list_specified(catalogue)) if options.specification else ()
    own = gather(partial(_build, one, catalogue) for one in options.objectives)
    names = {one.id for one in own}
    return (*(one for one in specified if one.id not in names), *own)


def _build(options: ObjectiveOptions, catalogue: Catalogue) -> ServiceLevelObjective:
    metric = catalogue.get(options.metric)
    if options.metric and metric is None:
        raise ConfigError("slo.no_metric", where=options.where, metric=options.metric)
    name = Bilingual(options.name, options.name) if metric is None else metric.name
    return ServiceLevelObjective(
        id=options.name,
        name=options.title or name,
        target=options.target,
        indicators=_list_own(options) if metric is None else _list_of_metric(options, metric),
        period=options.period,
        missing=options.missing,
        target_labels=() if metric is None else list_target_labels(metric),
        metric_id=options.metric,
    )


def _list_own(options: ObjectiveOptions) -> tuple[Indicator, ...]:
    if options.histogram:
        assert options.within_s is not None, "BUG: a histogram without a limit"
        return (LatencyIndicator(options.histogram, options.within_s, options.by),)
    if options.expr:
        return (TimeIndicator(options.expr, *_find_comparison(options)),)
    total, good, bad = (
        count_series(text, options.by) if text else ""
        for text in (options.total, options.good, options.bad)
    )
    return (RatioIndicator(total, good, bad),)


def _find_comparison(options: ObjectiveOptions) -> tuple[Compare, float]:
    if options.at_most is not None:
        return Compare.AT_MOST, options.at_most
    assert options.at_least is not None, "BUG: a value without a limit"
    return Compare.AT_LEAST, options.at_least


def _list_of_metric(options: ObjectiveOptions, metric: Metric) -> tuple[Indicator, ...]:
    if options.counts_minutes:
        return tuple(list_minutes(metric, *_find_comparison(options)))
    is_latency = next(list_latency_buckets(metric), None) is not None
    if is_latency is not (options.within_s is not None):
        key = "slo.within_missing" if is_latency else "slo.within_of_share"
        raise ConfigError(key, where=options.where, metric=metric.id)
    within_s = options.within_s
    indicators = tuple(list_shares(metric) if within_s is None else list_latency(metric, within_s))
    if all(isinstance(one, WithoutCounts) for one in indicators):
        raise ConfigError("slo.no_counts", where=options.where, metric=metric.id)
    return indicators
