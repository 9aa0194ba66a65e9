"""What all parts of the document need: the day, the language, and how values are written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.day.reading import COLUMNS, find_column_worst
from jipyo.catalogue import Direction
from jipyo.model.calendar import local_day

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.day.now import SeriesNow
    from jipyo.analysis.day.reading import CatalogueDay, SeriesDay
    from jipyo.catalogue import Catalogue, Metric
    from jipyo.i18n import Texts
    from jipyo.model.labels import Labels

StateWord = Literal["ok", "pending", "warning", "critical", "unknown", "neutral", "noData"]
"""`neutral`: no thresholds are applied; `noData`: it never had a value."""
Numbers = tuple[float | None, ...]
SMALL_COLUMNS = 96
"""Values of a line in a table: one for each quarter of an hour."""
GRAVITY: tuple[StateWord, ...] = (
    "critical",
    "warning",
    "unknown",
    "pending",
    "ok",
    "neutral",
    "noData",
)
"""The gravest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayContext:
    """What the parts are worded from."""

    t: Texts
    zone: ZoneInfo
    now_ms: int
    instance: str
    """Of this server, which is not named beside its own series."""
    catalogue: Catalogue
    day: CatalogueDay | None
    """None until it has been read."""
    series: Mapping[str, Sequence[SeriesNow]]
    """Of the metrics that tables show, now."""

    def find_course(self, metric_id: str, labels: Labels) -> SeriesDay | None:
        """The day of a series; None where it is not known."""
        found = None if self.day is None else self.day.metrics.get(metric_id)
        if found is None:
            return None
        return next((one for one in found.series if one.labels == labels), None)

    def name_day(self, t_ms: int) -> str:
        """`12월 1일`, `1 December`."""
        day = local_day(t_ms, self.zone)
        month = self.t(f"i18n.month.{day.month}")
        return self.t("i18n.day_of_year", month=month, day=day.day)

    def name_moment(self, t_ms: int) -> str:
        """`14:05` today, `11월 20일 14:05` on another day."""
        return self.t.recent_moment(t_ms, self.zone, self.now_ms)


def list_numbers(course: SeriesDay | None) -> Numbers:
    """The values of a course to four digits; None where there is none."""
    return () if course is None else tuple(map(_round, course.values.tolist()))


def list_few_numbers(course: SeriesDay | None, metric: Metric) -> Numbers:
    """The worst of each quarter of an hour."""
    if course is None:
        return ()
    is_low = metric.direction is Direction.LOWER_IS_WORSE
    steps = COLUMNS // SMALL_COLUMNS
    worst = find_column_worst(course.values[None], steps, is_low=is_low)
    return tuple(map(_round, worst[0].tolist()))


def _round(value: float) -> float | None:
    return float(f"{value:.4g}") if math.isfinite(value) else None


def name_series_state(one: SeriesNow | None) -> StateWord:
    """The state of a series as the dashboard shows it."""
    if one is None:
        return "noData"
    if one.state is None:
        return "neutral" if one.value is not None else "unknown"
    return one.state.value


def find_gravest(states: Sequence[StateWord]) -> StateWord:
    """The gravest of some states; `noData` without any."""
    return min(states, key=GRAVITY.index, default="noData")
