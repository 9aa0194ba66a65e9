"""What a search of logs and its analysis return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.api.json_object import JsonObject

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.logs.activity.errors import ErrorSummary
    from jipyo.logs.activity.routes import RouteSummary
    from jipyo.logs.activity.visits import Visits
    from jipyo.logs.base import LogSource
    from jipyo.logs.query import LogQuery
    from jipyo.logs.record import LogRecord
    from jipyo.logs.templates.comparison import TemplateComparison
    from jipyo.model.errors import JipyoError

_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class LogSearch(JsonObject):
    """The records of a search: how many there are, and the newest of them."""

    index: str
    total: int
    records: tuple[LogRecord, ...]
    """The newest first; at most as many as were wanted."""
    source: LogSource
    query: LogQuery
    missing: tuple[JipyoError, ...] = ()
    """What could not be read, so that there may be more."""
    zone: ZoneInfo
    """In which days begin."""

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        return {
            "index": self.index,
            "start_ms": self.query.start_ns // _NS_PER_MS,
            "end_ms": self.query.end_ns // _NS_PER_MS,
            "total": self.total,
            "records": [describe_record(record) for record in self.records],
            "missing": self.missing,
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.index}: {len(self.records)} of {self.total} records"


def describe_record(record: LogRecord) -> dict[str, object]:
    """A record in plain form."""
    return {
        "t_ms": record.t_ns // _NS_PER_MS,
        "service": record.service,
        "level": record.level.name.lower(),
        "message": record.message,
        "fields": dict(record.fields),
        "id": record.id,
    }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class LogAnalysis(JsonObject):
    """What the records of a range say: errors, templates, routes, sessions."""

    query: LogQuery
    errors: ErrorSummary
    changes: TemplateComparison | None
    """Templates against the time before, seven times as long; None without a source of it."""
    routes: RouteSummary
    visits: Visits
    missing: tuple[JipyoError, ...]
    """What could not be read, so that there may be more of everything."""

    @property
    def total(self) -> int:
        """How many records there are."""
        return self.errors.records

    @property
    def error_rate(self) -> float:
        """The share of errors; NaN without records."""
        return self.errors.share

    def list_items(self) -> dict[str, object]:
        """See `JsonObject`."""
        return {
            "start_ms": self.query.start_ns // _NS_PER_MS,
            "end_ms": self.query.end_ns // _NS_PER_MS,
            "total": self.total,
            "error_rate": self.error_rate,
            "errors": self.errors,
            "changes": self.changes,
            "routes": self.routes,
            "sessions": self.visits.services,
            "missing": self.missing,
        }

    def summary(self) -> str:
        """See `JsonObject`."""
        return f"{self.total} records, {self.errors.errors} errors"
