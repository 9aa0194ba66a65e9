"""Recording rules: what they record, in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.evaluation import Evaluation, RuleMemory
from jipyo.alerts.recording import record_samples
from jipyo.app.insight.series import SeriesWriter

if TYPE_CHECKING:
    from collections.abc import Collection

    from jipyo.alerts.rule import RecordingRule
    from jipyo.model.store import Appender
    from jipyo.source.base import Source


class Recorder:
    """Appends what recording rules record, and ends the series that they record no more."""

    def __init__(self, appender: Appender) -> None:
        """`appender` gets the recorded series."""
        self._appender = appender
        self._writers: dict[str, SeriesWriter] = {}

    def record(self, rule: RecordingRule, source: Source, t_ms: int) -> Evaluation:
        """Store what a rule records, at once: the rules after it may read it.

        Raises:
            QueryError: the expression was rejected, or gives a series twice.
            SourceError: the source failed.
            StoreError: nothing can be stored.
        """
        samples = record_samples(rule, source, t_ms)
        writer = self._writers.setdefault(rule.id, SeriesWriter())
        scrapes = writer.build(t_ms - rule.offset_ms, samples)
        if scrapes:
            self._appender.append(scrapes)
        return Evaluation(RuleMemory(t_ms, {}, True), ())

    def end_others(self, rules: Collection[str], t_ms: int) -> None:
        """End the series of recording rules that are not among these ids."""
        for rule in self._writers.keys() - rules:
            scrapes = self._writers.pop(rule).build(t_ms, {})
            if scrapes:
                self._appender.append(scrapes)
