"""What could not be read of the period, and hosts that several sources see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.series_names import name_host
from jipyo.analysis.thresholds import State
from jipyo.model.errors import JipyoError
from jipyo.reports.document import Finding, Note, Phrase, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.data import ReportData


def describe_error(error: JipyoError) -> Phrase:
    """An error as a sentence of the report, without its remedy."""
    values = {
        name: describe_error(value) if isinstance(value, JipyoError) else str(value)
        for name, value in error.values.items()
    }
    return phrase(error.key, **values)


def find_missing(data: ReportData) -> Iterator[Finding]:
    """A finding for each reason why data of the period could not be read."""
    for error, n in data.incomplete.items():
        remedy = (phrase(error.hint),) if error.hint else ()
        affected = phrase("reports.finding.missing", n=n)
        basis = phrase("reports.basis.metrics", n=len(data.entries) + len(data.missing))
        yield Finding(State.UNKNOWN, describe_error(error), (affected, *remedy), basis)


def build_missing_notes(data: ReportData) -> Iterator[Note]:
    """A note for each of these reasons, and for each host that is seen twice."""
    for error, n in data.incomplete.items():
        yield Note(phrase("reports.incomplete", text=describe_error(error), n=n), State.UNKNOWN)
    for other, host in data.hosts.items():
        names = {"instance": name_host(*other), "host": name_host(*host)}
        yield Note(phrase("reports.same_host", **names))
