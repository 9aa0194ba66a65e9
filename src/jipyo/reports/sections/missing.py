"""What could not be read of the period, and hosts that several sources see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.analysis.series_names import name_host
from jipyo.analysis.thresholds import State
from jipyo.i18n import find_short_key
from jipyo.model.errors import JipyoError
from jipyo.reports.document import Finding, Inline, Note, Phrase, phrase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.reports.data import ReportData


def describe_error(error: JipyoError) -> Phrase:
    """An error as a sentence of the report, without its remedy."""
    return phrase(error.key, **_describe_values(error))


def name_error(error: JipyoError) -> Phrase:
    """An error in a few words, without its cause."""
    return phrase(find_short_key(error), **_describe_values(error))


def _describe_values(error: JipyoError) -> dict[str, Inline]:
    return {
        name: describe_error(value) if isinstance(value, JipyoError) else str(value)
        for name, value in error.values.items()
    }


def find_missing(data: ReportData) -> Iterator[Finding]:
    """A finding for each reason why data of the period could not be read."""
    for error, n in data.incomplete.items():
        remedy = (phrase(error.hint),) if error.hint else ()
        key = f"reports.finding.missing{'' if n else '_targets'}"
        text = phrase(key, n=n, text=name_error(error))
        basis = phrase("reports.basis.metrics", n=len(data.summaries))
        yield Finding(State.UNKNOWN, text, (describe_error(error), *remedy), basis)


def list_incomplete(data: ReportData) -> tuple[Phrase, ...]:
    """A sentence for each of these reasons."""
    return tuple(
        phrase(f"reports.incomplete{'' if n else '_targets'}", text=describe_error(error), n=n)
        for error, n in data.incomplete.items()
    )


def build_missing_notes(data: ReportData) -> Iterator[Note]:
    """A note for each of these reasons, and for each host that is seen twice."""
    for text in list_incomplete(data):
        yield Note(text, State.UNKNOWN)
    for other, host in data.hosts.items():
        names = {"instance": name_host(*other), "host": name_host(*host)}
        yield Note(phrase("reports.same_host", **names))
