"""The section on logs: what it says of a day, of one that cannot be read, and of none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang
from jipyo.logs.evaluate import BatchLogSource
from jipyo.model.errors import JipyoError, LogSourceError, StoreError
from jipyo.reports.document import Block, Code, Heading, Moment, Note, Quantity, Table
from jipyo.reports.log_data import gather_logs
from jipyo.reports.sections.logs import build_logs, list_missing
from jipyo.reports.wording import Localizer
from reports.documents import PERIOD
from support.log_batches import SECOND, START_NS, make_batch

if TYPE_CHECKING:
    from jipyo.logs.answer import LogCount, LogHistogram
    from jipyo.logs.query import LogQuery

SEOUL = ZoneInfo("Asia/Seoul")
OFFSET = PERIOD.start_ms // 1000 - START_NS // SECOND
"""Of the period's beginning, in the seconds that batches are written in."""


def build_source() -> BatchLogSource:
    day = 86_400
    before: list[dict[str, object]] = [
        {"t": OFFSET - 7 * day + n * 600, "message": "done"} for n in range(1000)
    ]
    rows: list[dict[str, object]] = [
        {"t": OFFSET + n * 600, "message": "done", "client.ip": f"10.0.0.{n // 10}",
         "user_agent.original": "Mozilla", "url.route": "/"}
        for n in range(40)
    ]  # fmt: skip
    rows += [
        {"t": OFFSET + 30_000 + n, "message": "<b>\x1b[31mout of memory", "level": "ERROR"}
        for n in range(10)
    ]
    return BatchLogSource([make_batch("api", before), make_batch("api", rows)])


def build(source: BatchLogSource) -> list[Block]:
    return list(build_logs(gather_logs(source, PERIOD, PERIOD.end_ms, SEOUL)))


def get_table(blocks: list[Block], name: str) -> Table:
    (table,) = (block for block in blocks if isinstance(block, Table) and block.id == name)
    return table


def test_errors_changes_and_sessions_of_the_day_are_listed() -> None:
    blocks = build(build_source())
    assert get_table(blocks, "log-services").rows == (("api", 50, 10, Quantity(20.0, "percent")),)
    (error,) = get_table(blocks, "log-errors").rows
    assert error[0] == Code("<b>\\x1b[31mout of memory")
    assert error[2:] == (
        10,
        Moment(PERIOD.start_ms + 30_000_000, to_the_second=True),
        Moment(PERIOD.start_ms + 30_009_000, to_the_second=True),
    )
    (change,) = get_table(blocks, "log-changes").rows
    assert change[3:5] == (10, Quantity(0.0, "count"))
    (sessions,) = get_table(blocks, "log-sessions").rows
    assert sessions[:4] == ("api", 4, 4, 4)


@pytest.mark.parametrize("lang", LANGS)
def test_every_sentence_reads_in_both_languages(lang: Lang) -> None:
    localizer = Localizer.for_period(PERIOD, lang)
    for block in build(build_source()):
        if isinstance(block, Note):
            assert localizer.format(block.text)
        if isinstance(block, Table):
            assert all(localizer.format(head.title) for head in block.columns)
            assert all(localizer.format(cell) for row in block.rows for cell in row)


def test_without_any_logs_there_is_no_section() -> None:
    assert build(BatchLogSource([])) == []


def test_a_store_of_which_nothing_can_be_read_is_not_taken_for_none() -> None:
    class DamagedSource(BatchLogSource):
        def find_missing(self) -> tuple[JipyoError, ...]:
            return (StoreError("logs_store.unreadable", path="x", reason="y"),)

    heading, note = build(DamagedSource([]))
    assert isinstance(heading, Heading)
    assert isinstance(note, Note)
    assert note.state is State.UNKNOWN


def test_a_day_without_records_is_unknown_and_not_without_errors() -> None:
    old = make_batch("api", [{"t": OFFSET - 86_400}])
    heading, note = build(BatchLogSource([old]))
    assert isinstance(heading, Heading)
    assert isinstance(note, Note)
    assert note.state is State.UNKNOWN


class FailingSource(BatchLogSource):
    """Cannot be read, or lost a part."""

    error: JipyoError = LogSourceError("logs_elasticsearch.timed_out", source="main")
    is_down = True

    def histogram(
        self, query: LogQuery, interval_ns: int | None, zone: ZoneInfo, by: str | None = None
    ) -> LogHistogram:
        if self.is_down:
            raise self.error
        return replace(super().histogram(query, interval_ns, zone, by), missing=(self.error,))

    def count(self, query: LogQuery) -> LogCount:
        raise self.error


def test_logs_that_cannot_be_read_are_named_and_the_report_goes_on() -> None:
    found = gather_logs(
        FailingSource([make_batch("api", [{"t": OFFSET}])]), PERIOD, PERIOD.end_ms, SEOUL
    )
    _, note = build_logs(found)
    assert isinstance(note, Note)
    assert note.state is State.UNKNOWN
    assert "main" in Localizer.for_period(PERIOD, "en").format(note.text)
    assert len(list_missing(found)) == 1


def test_a_part_that_is_missing_is_named_before_the_figures() -> None:
    source = FailingSource([make_batch("api", [{"t": OFFSET}])])
    source.is_down = False
    found = gather_logs(source, PERIOD, PERIOD.end_ms, SEOUL)
    _, note, *rest = build_logs(found)
    assert isinstance(note, Note)
    assert note.state is State.UNKNOWN
    assert rest
