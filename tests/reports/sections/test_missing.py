"""What could not be read: the first finding, the verdict, and a note, in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.errors import NetError, SourceError
from jipyo.reports.document import Badge, Note, phrase
from jipyo.reports.sections.completeness import build_completeness
from jipyo.reports.sections.metrics import build_metric_badge
from jipyo.reports.sections.summary import build_verdict, find_state
from jipyo.reports.wording import Localizer
from reports.documents import PERIOD, SEOUL
from reports.summaries import (
    build_data,
    build_entry,
    build_metric,
    select_findings,
    shape_day,
)

if TYPE_CHECKING:
    from jipyo.reports.data import ReportData

ERROR = SourceError(
    "source.missing",
    hint="source.timeout.hint",
    source="prod",
    since_ms=PERIOD.start_ms,
    reason=NetError("net.timeout", url="http://prod:9090", seconds="30"),
)


def build_incomplete(*days: list[tuple[int, float]]) -> ReportData:
    entries = [
        build_entry(build_metric(f"m{n}"), {"": shape_day(*day)}) for n, day in enumerate(days)
    ]
    lacking = [replace(entry, now=replace(entry.now, missing=(ERROR,))) for entry in entries]
    return replace(build_data(*lacking), hosts={("prod", "web-1"): ("", "web-1")})


@pytest.mark.parametrize("lang", LANGS)
def test_it_is_the_first_finding_and_noted(lang: Lang) -> None:
    data = build_incomplete([], [])
    localizer = Localizer(texts(lang), SEOUL, PERIOD)
    assert find_state(data, []) is State.UNKNOWN
    first = select_findings(data, [])[0]
    assert first.state is State.UNKNOWN
    assert "prod" in localizer.format(first.text)
    assert "http" not in localizer.format(first.text)
    assert "http" in localizer.format(first.details[0])
    assert "timeout" in localizer.format(first.details[1])
    verdict = build_verdict(data, [], State.UNKNOWN)
    assert "prod" in localizer.format(verdict.details[0])
    assert "http" not in localizer.format(verdict.details[0])
    notes = [localizer.format(b.text) for b in build_completeness(data) if isinstance(b, Note)]
    assert any("prod" in note and "2" in note for note in notes)
    assert any("web-1 (prod)" in note for note in notes)


@pytest.mark.parametrize("lang", LANGS)
def test_targets_alone_that_could_not_be_read_make_the_day_unknown(lang: Lang) -> None:
    data = replace(build_data(build_entry(build_metric(), {"": shape_day()})), unread=(ERROR,))
    localizer = Localizer(texts(lang), SEOUL, PERIOD)
    assert find_state(data, []) is State.UNKNOWN
    assert dict(data.incomplete) == {ERROR: 0}
    first = localizer.format(select_findings(data, [])[0].text)
    assert "prod" in first
    assert "0" not in first
    notes = [localizer.format(b.text) for b in build_completeness(data) if isinstance(b, Note)]
    assert any("prod" in note for note in notes)


def test_a_metric_that_is_incomplete_is_not_ok_and_a_breach_stays() -> None:
    fine, hot = build_incomplete([], [(30, 90.0)]).entries
    assert (fine.now.state, hot.now.state) == (State.UNKNOWN, State.CRITICAL)
    assert find_state(build_incomplete([(30, 90.0)]), []) is State.CRITICAL


def test_the_table_of_metrics_calls_it_incomplete_and_a_breach_critical() -> None:
    fine, hot = build_incomplete([], [(30, 90.0)]).entries
    incomplete = Badge(State.UNKNOWN, phrase("reports.incomplete_data"))
    assert build_metric_badge(fine) == incomplete
    assert build_metric_badge(hot) == Badge(State.CRITICAL)


@pytest.mark.parametrize(("lang", "mark"), [("en", "(estimated)"), ("ko", "(추정)")])
def test_a_count_that_is_extrapolated_is_marked(lang: Lang, mark: str) -> None:
    figure = build_incomplete([]).entries[0].now.series[0].worst
    localizer = Localizer(texts(lang), SEOUL, PERIOD)
    assert localizer.format(replace(figure, estimated=True)).endswith(mark)
    assert mark not in localizer.format(figure)
