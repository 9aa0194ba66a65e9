"""The current values that a query returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jipyo.analysis import wording
from jipyo.api.json_object import JsonObject
from jipyo.api.names import find_id
from jipyo.i18n import texts

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.analysis.health import MetricHealth
    from jipyo.catalogue import Metric
    from jipyo.i18n import Lang
    from jipyo.model.errors import JipyoError
    from jipyo.model.figure import ProportionEstimate
    from jipyo.model.labels import Labels
    from jipyo.source.metric_data import MetricData

_MOST_IN_SUMMARY = 3


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SeriesValue(JsonObject):
    """One series' value at a moment."""

    labels: Labels
    value: float
    exporter: str
    """Whose metrics it was computed from; empty for PromQL of one's own."""
    proportion: ProportionEstimate | None = None
    """Of how many cases it is a share; None where it is no share of counted cases."""

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        share = self.proportion
        return {
            "labels": self.labels,
            "value": self.value,
            "exporter": self.exporter,
            "proportion": share and {"n": share.n, "low": share.low, "high": share.high},
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.labels} {self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """What is known of a metric's last hour, from which its health is judged."""

    data: MetricData | None
    """The values of the last hour, and of the alert duration before; None where rejected."""
    health: MetricHealth
    """By the catalogue's thresholds."""
    missing: tuple[JipyoError, ...]
    """What could not be read of any metric at that moment."""
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class CurrentValue(JsonObject):
    """A metric at a moment; without data it has no series and `has_data` is False."""

    name: str
    """As it was queried."""
    metric: Metric | None
    """None for PromQL of one's own."""
    t_ms: int
    series: tuple[SeriesValue, ...]
    expressions: tuple[tuple[str, str], ...]
    """Exporter and PromQL of each query that returned a series."""
    warnings: tuple[str, ...] = ()
    missing: tuple[JipyoError, ...] = ()
    """Why there may be more series than these, one reason each."""
    estimated: bool = False
    """Whether counts are extrapolated, because the source has no anchored windows."""
    problem: str = ""
    """The source's message where it rejected the catalogue's query."""
    recent: Recent | None = field(default=None)

    @property
    def has_data(self) -> bool:
        """Whether there is any value."""
        return bool(self.series)

    @property
    def numbers(self) -> tuple[float, ...]:
        """The values alone, in the order of `series`."""
        return tuple(series.value for series in self.series)

    def text(self, lang: Lang) -> str:
        """The values with their unit, for people; a share with its n and its interval."""
        t, unit = texts(lang), self._unit
        values = [
            wording.describe_value(item.value, item.proportion, unit, t) for item in self.series
        ]
        return ", ".join(values) or t.number(None)

    @property
    def _unit(self) -> str:
        return "count" if self.metric is None else self.metric.unit.value

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        return {
            "name": self.name,
            "metric": self.metric and self.metric.id,
            "unit": self.metric and self.metric.unit,
            "t_ms": self.t_ms,
            "series": self.series,
            "expressions": [
                {"exporter": exporter, "promql": promql} for exporter, promql in self.expressions
            ],
            "warnings": self.warnings,
            "missing": [texts("en").error(error) for error in self.missing],
            "estimated": self.estimated,
            "problem": self.problem,
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        t, more = texts("en"), len(self.series) - _MOST_IN_SUMMARY
        values = [t.number(one.value, self._unit) for one in self.series[:_MOST_IN_SUMMARY]]
        shown = ", ".join(values) or t.number(None)
        return f"{self.name} {shown}{f', {more} more' if more > 0 else ''}"


class CurrentValues(dict[str, CurrentValue]):
    """Values by the name that was queried; a metric is found by its id and its other names too."""

    def __missing__(self, name: str) -> CurrentValue:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def __contains__(self, name: object) -> bool:
        return self._find(name) is not None

    def get(self, name: str, default: Any = None) -> Any:
        """The value of this name, else the default."""
        return default if self._find(name) is None else self[name]

    def _find(self, name: object) -> CurrentValue | None:
        if super().__contains__(name):
            return super().__getitem__(str(name))
        metric_id = find_id(str(name))
        same = (one for one in self.values() if one.metric and one.metric.id == metric_id)
        return next(same, None)

    def __repr__(self) -> str:
        shown = [value.summary() for value in self.values() if value.has_data][:_MOST_IN_SUMMARY]
        return f"<{len(self)} values: {'; '.join(shown) or texts('en').number(None)}…>"
