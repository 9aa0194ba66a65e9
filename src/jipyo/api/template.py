"""`ReportTemplate`: an analysed period as a report (section 4 of the specification)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jipyo.api.days import parse_moment
from jipyo.api.json_object import JsonObject
from jipyo.model.calendar import PeriodKind, name_period
from jipyo.model.errors import ApiError
from jipyo.reports.options import KINDS
from jipyo.reports.render import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date as Date  # noqa: N812 - the specification has an argument `date`
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from jipyo.analysis.thresholds import State
    from jipyo.api.values import CurrentValues
    from jipyo.i18n import Lang
    from jipyo.reports.document import Report

_KINDS = {name: kind for kind, name in KINDS.items() if kind is not PeriodKind.RANGE}


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class ReportAnalysis(JsonObject):
    """A period's figures, findings and state, of the metrics that were given."""

    report: Report
    """All of it as data: see `docs/reports.md`."""
    lang: Lang
    zone: ZoneInfo

    @property
    def day(self) -> Date:
        """The first local day."""
        return self.report.period.first_day

    @property
    def period(self) -> str:
        """`2026-11-21`, `2026-W47`, `2026-11`, `2026-Q4` or `2026`."""
        return name_period(self.report.period)

    @property
    def state(self) -> State:
        """The state of the period: the gravest of its metrics and objectives."""
        return self.report.state

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        return {
            "number": self.report.number,
            "period": self.period,
            "day": self.day.isoformat(),
            "state": self.state,
            "start_ms": self.report.period.start_ms,
            "end_ms": self.report.cut_ms,
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.period} {self.state.value}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class RenderedReport(JsonObject):
    """A rendered report: `content` is the file, `path` where it was saved."""

    analysis: ReportAnalysis
    metrics: Mapping[str, CurrentValues]
    """The values at the moment when it was made."""
    made_ms: int
    content: bytes
    format_name: str
    path: Path | None = None
    """None until it is saved."""

    @property
    def day(self) -> Date:
        """The first local day that it is of."""
        return self.analysis.day

    @property
    def state(self) -> State:
        """The state of that period."""
        return self.analysis.state

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        return {
            **self.analysis.list_items(),
            "made_ms": self.made_ms,
            "lang": self.analysis.lang,
            "format": self.format_name,
            "path": self.path and str(self.path),
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.analysis.period} {self.state.value}, {self.path or 'not saved'}"


class ReportTemplate:
    """Section 4 of the specification: the form of a report."""

    def __init__(self, kind: str = "daily", format_name: str = "html") -> None:
        """A kind of report (`daily`, `monthly` …) and the format of its file.

        Raises:
            ApiError: there is no such kind, or no such format.
        """
        if kind not in _KINDS:
            raise ApiError("api.unknown_template", kind=kind, known=", ".join(_KINDS))
        if format_name not in FORMATS:
            known = ", ".join(FORMATS)
            raise ApiError("reports.unknown_format", format=format_name, known=known)
        self.kind = kind
        self.period = _KINDS[kind]
        self.format_name = format_name

    def __repr__(self) -> str:
        return f"<ReportTemplate {self.kind} {self.format_name}>"

    def render(
        self,
        *,
        metrics: Mapping[str, CurrentValues],
        analysis: ReportAnalysis,
        date: Date | str,
    ) -> RenderedReport:
        """The report of the analysed period, with `date` as the moment when it was made.

        Which period it is of is decided by `analyze_data`. `date` is a `datetime`, a `date` or
        ISO text. It waits for nothing.

        Raises:
            ApiError: the analysis is for another kind of report.
            ConfigError: the text is neither a date nor a time.
        """
        if analysis.report.kind != self.kind:
            kind = analysis.report.kind
            raise ApiError("api.other_template", template=self.kind, kind=kind)
        made_ms = parse_moment(date, analysis.zone)
        report = replace(analysis.report, made_ms=made_ms)
        return RenderedReport(
            analysis=replace(analysis, report=report),
            metrics=metrics,
            made_ms=made_ms,
            content=FORMATS[self.format_name].render(report, analysis.lang),
            format_name=self.format_name,
        )
