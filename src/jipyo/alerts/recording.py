"""Recording rules: the answer to an expression as samples under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.rule_files.answers import list_samples
from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels

if TYPE_CHECKING:
    from jipyo.alerts.rule import RecordingRule
    from jipyo.source.base import Source


def record_samples(rule: RecordingRule, source: Source, t_ms: int) -> dict[Labels, float]:
    """What a rule records at `t_ms`; its samples are of `t_ms` less its offset.

    Prometheus: rules/recording.go, `RecordingRule.Eval`.

    Raises:
        QueryError: the expression was rejected, or the answer cannot be recorded.
        SourceError: the source failed, or did so in part.
    """
    result = source.instant(rule.expression, t_ms - rule.offset_ms)
    for missing in result.missing:
        raise missing
    samples: dict[Labels, float] = {}
    for labels, value in list_samples(result.value):
        recorded = labels.put({**dict(rule.labels), METRIC_NAME: rule.record})
        if recorded in samples:
            raise QueryError.execution(
                "vector contains metrics with the same labelset after applying rule labels"
            )
        samples[recorded] = value
    if 0 < rule.limit < len(samples):
        raise QueryError.execution(f"exceeded limit of {rule.limit} with {len(samples)} series")
    return samples
