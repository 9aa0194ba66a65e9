"""From judgements to the documents that the page reads: pure functions, one language each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis import wording as words
from jipyo.analysis.proportion import estimate_proportion
from jipyo.analysis.remedies import describe_remedy
from jipyo.analysis.series_names import name_series, name_series_apart
from jipyo.analysis.thresholds import Severity, State, find_metric_breaches
from jipyo.web.api import schemas as doc

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from jipyo.analysis.coverage import MetricCoverage
    from jipyo.analysis.health import Health, MetricHealth
    from jipyo.analysis.thresholds import Breach, Pending
    from jipyo.catalogue import Catalogue, Thresholds
    from jipyo.collect.target import TargetStatus
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError
    from jipyo.source.metric_data import MetricData


def seconds(t_ms: int | None) -> float | None:
    """Milliseconds as the API's seconds."""
    return None if t_ms is None else t_ms / 1000


def verdict(health: Health, t: Texts) -> doc.Verdict:
    """The one line, and the counts behind it."""
    counts = {
        state.value: sum(one.judged or state is State.UNKNOWN for one in health.in_state(state))
        for state in State
    }
    return doc.Verdict(
        health.state.value,
        words.describe_verdict(health, t),
        doc.Counts(**counts, absent=len(health.absent)),
    )


def storage(error: JipyoError | None, t: Texts) -> doc.Storage:
    """Whether samples can be kept."""
    return doc.Storage(error is None, "" if error is None else t.error(error))


def topics(catalogue: Catalogue, t: Texts) -> tuple[doc.FamilyOf, ...]:
    """The topics in the catalogue's order, with their metrics."""
    members: dict[str, list[str]] = {}
    for metric in catalogue.metrics:
        members.setdefault(metric.topic, []).append(metric.id)
    return tuple(
        doc.FamilyOf(topic, catalogue.topic_name(topic, t.lang), tuple(ids))
        for topic, ids in members.items()
    )


def limits(thresholds: Thresholds | None) -> doc.Limits | None:
    """A metric's thresholds."""
    if thresholds is None:
        return None
    return doc.Limits(
        thresholds.warning,
        thresholds.critical,
        thresholds.for_ms / 1000,
        thresholds.origin.value,
    )


def metric_now(one: MetricHealth, t: Texts, zone: ZoneInfo, now_ms: int) -> doc.MetricNow:
    """One tile."""
    metric = one.metric
    return doc.MetricNow(
        id=metric.id,
        topic=metric.topic,
        group=metric.group.value,
        name=metric.name(t.lang),
        description=metric.description(t.lang),
        unit=metric.unit.value,
        unit_label=t.unit(metric.unit.value),
        direction=metric.direction.value,
        judged=one.judged,
        state=one.state.value,
        since=seconds(one.since_ms),
        since_text=words.describe_duration(one, t, now_ms),
        value=_finite(one.value),
        text=t.number(one.value, metric.unit.value),
        worst=None if one.worst is None else dict(one.worst.pairs),
        worst_text="" if one.worst is None else name_series(one.worst),
        reason=words.describe_reason(one, t, zone, now_ms),
        exporter=one.exporter,
        required=metric.required,
        thresholds=limits(metric.thresholds),
        absent=one.is_absent,
        certainty=_certainty_now(one, t),
        pending=_pending(one.pending),
    )


def _level(severity: Severity) -> doc.LevelName:
    return "critical" if severity is Severity.CRITICAL else "warning"


def _pending(one: Pending | None) -> doc.PendingBreach | None:
    if one is None:
        return None
    return doc.PendingBreach(
        _level(one.severity), one.threshold, one.elapsed_ms / 1000, one.for_ms / 1000
    )


def _certainty_now(one: MetricHealth, t: Texts) -> doc.CertaintyNow | None:
    sure = one.proportion
    if sure is None:
        return None
    said = words.describe_cases(sure, one.metric.unit.value, t)
    return doc.CertaintyNow(sure.n, sure.low, sure.high, said, one.is_inconclusive)


def metric_range(measured: MetricData, t: Texts) -> doc.MetricRange:
    """One chart."""
    metric, matrix = measured.metric, measured.matrix
    present = matrix.present & np.isfinite(matrix.values)
    step_ms = int(matrix.t_ms[1] - matrix.t_ms[0]) if matrix.t_ms.size > 1 else 0
    breaches = find_metric_breaches(measured, step_ms)
    return doc.MetricRange(
        id=metric.id,
        name=metric.name(t.lang),
        unit=metric.unit.value,
        unit_label=t.unit(metric.unit.value),
        direction=metric.direction.value,
        t=tuple((matrix.t_ms / 1000).tolist()),
        series=tuple(
            doc.SeriesOf(
                name,
                dict(labels.pairs),
                exporter,
                tuple(v if seen else None for v, seen in zip(values.tolist(), there, strict=True)),
                _certainty_of(measured, row),
                tuple(map(_breach, breaches[row] or ())),
            )
            for row, (name, labels, exporter, values, there) in enumerate(
                zip(
                    name_series_apart(matrix.series),
                    matrix.series,
                    measured.exporters,
                    matrix.values,
                    present,
                    strict=True,
                )
            )
        ),
        thresholds=limits(metric.thresholds),
        warnings=measured.warnings,
        coverage=float(matrix.present.mean()) if matrix.present.size else None,
        expressions=dict(measured.expressions),
    )


def _breach(one: Breach) -> doc.SeriesBreach:
    return doc.SeriesBreach(
        start=one.start_ms / 1000,
        end=one.end_ms / 1000,
        severity="pending" if one.is_pending else _level(one.severity),
        open=one.open,
        peak=_finite(one.peak),
        peak_t=one.peak_ms / 1000,
    )


def _certainty_of(measured: MetricData, row: int) -> doc.CertaintyOf | None:
    if measured.n is None:
        return None
    unit, matrix = measured.metric.unit, measured.matrix
    values = np.where(matrix.present[row], matrix.values[row], np.nan)
    pairs = zip(values.tolist(), measured.n[row].tolist(), strict=True)
    sure = [estimate_proportion(value, n, unit) for value, n in pairs]
    return doc.CertaintyOf(
        n=tuple(one.n for one in sure),
        low=tuple(one.low for one in sure),
        high=tuple(one.high for one in sure),
    )


def found(one: MetricCoverage, catalogue: Catalogue, t: Texts) -> doc.Found:
    """Whether a metric has data and who gives it, or what to do."""
    return doc.Found(
        id=one.metric.id,
        name=one.metric.name(t.lang),
        state="found" if one.has_data else "missing",
        exporter=", ".join(dict.fromkeys(provider.exporter for provider in one.providers)) or None,
        series=one.series,
        remedy=None if one.has_data else one.problem or describe_remedy(one.metric, catalogue, t),
    )


def targets(status: Iterable[TargetStatus], t: Texts) -> tuple[doc.TargetOf, ...]:
    """The targets with their last readings."""
    return tuple(
        doc.TargetOf(
            job=one.labels.get("job", ""),
            instance=one.labels.get("instance", ""),
            url=one.url,
            state=one.state.value,
            error="" if one.error is None else t.error(one.error),
            notes=_notes(one, t),
            last=seconds(one.last_ms),
            duration_s=one.duration_s,
            samples=one.samples,
            rejected=one.rejected,
            interval_s=one.interval_ms / 1000,
        )
        for one in status
    )


def _notes(one: TargetStatus, t: Texts) -> tuple[str, ...]:
    return tuple(t(note.key, **dict(note.values)) for note in one.notes)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
