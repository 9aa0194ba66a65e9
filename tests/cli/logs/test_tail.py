"""`jipyo logs tail`: each record once, late ones too, and through a failure of the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.cli.logs.tail import follow
from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.query import LogQuery
from jipyo.model.errors import JipyoError, LogSourceError
from support.log_batches import SECOND, START_NS, make_batch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.logs.answer import LogPage
    from jipyo.logs.record import LogBatch

QUERY = LogQuery(start_ns=START_NS, end_ns=START_NS + 10_000 * SECOND)


class GrowingSource(BatchLogSource):
    """Gets more batches while it is asked, and fails once."""

    def __init__(self, batches: list[LogBatch]) -> None:
        super().__init__(batches)
        self.fails = False

    def add(self, batch: LogBatch) -> None:
        super().__init__([*self._batches, batch])

    def search(
        self, query: LogQuery, limit: int, after: str | None = None, *, newest_first: bool = True
    ) -> LogPage:
        if self.fails:
            raise LogSourceError("net.refused")
        return super().search(query, limit, after, newest_first=newest_first)


def batch(*seconds: int) -> LogBatch:
    return make_batch("app", [{"t": t, "message": f"m{t}"} for t in seconds])


def run(source: GrowingSource, lines: int, turns: list[Callable[[], None]]) -> tuple[list, list]:
    errors: list[JipyoError | None] = []
    rest: Iterator[Callable[[], None]] = iter(turns)

    def pause() -> bool:
        turn = next(rest, None)
        if turn is not None:
            turn()
        return turn is not None

    found = [
        [record.message for record in records]
        for records in follow(source, QUERY, lines, errors.append, pause)
    ]
    return found, errors


def test_the_last_records_come_first_and_then_each_new_one_once() -> None:
    source = GrowingSource([batch(1, 2, 3, 4)])
    turns = [lambda: source.add(batch(5)), lambda: None, lambda: source.add(batch(6, 7))]
    assert run(source, 2, turns)[0] == [["m3", "m4"], ["m5"], ["m6", "m7"]]


def test_a_record_that_comes_late_is_shown() -> None:
    source = GrowingSource([batch(100)])
    turns = [lambda: source.add(batch(130)), lambda: source.add(batch(90, 40))]
    assert run(source, 0, turns)[0] == [["m130"], ["m90"]]  # the other is later than a minute


def test_more_than_a_page_at_once_is_shown_whole() -> None:
    source = GrowingSource([])
    turns = [lambda: source.add(batch(*range(2500)))]
    assert len(run(source, 10, turns)[0][0]) == 2500


def test_a_failing_source_is_asked_again() -> None:
    source = GrowingSource([batch(1)])

    def fail() -> None:
        source.fails = True

    def recover() -> None:
        source.fails = False
        source.add(batch(2))

    found, errors = run(source, 1, [fail, recover])
    assert found == [["m1"], ["m2"]]
    assert [None if each is None else each.key for each in errors] == ["net.refused", None]
