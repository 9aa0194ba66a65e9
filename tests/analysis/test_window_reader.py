"""What could not be read of targets is noted, and is no target that was down."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.analysis.completeness import measure_completeness
from jipyo.analysis.outage_history import find_past_outages
from jipyo.analysis.window import Window
from jipyo.analysis.window_reader import WindowReader
from jipyo.catalogue import load
from jipyo.model.errors import QueryError, SourceError
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

if TYPE_CHECKING:
    from jipyo.model.result import QueryResult
    from jipyo.source import Source

END_MS = 1_795_186_800_000
WINDOW = Window(END_MS - 3_600_000, END_MS)
LOST = SourceError("source.empty", source="prod")
LIMIT = QueryError.execution("query processing would load too many samples into memory")


class Partial:
    """A source whose queries with some word lack everything, or are rejected."""

    def __init__(self, source: Source, word: str, error: Exception) -> None:
        self.source, self.word, self.error = source, word, error

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        if self.word not in expr:
            return self.source.instant(expr, t_ms)
        if isinstance(self.error, QueryError):
            raise self.error
        answer = self.source.instant(expr.replace("up", "nothing"), t_ms)
        assert isinstance(self.error, SourceError)
        return replace(answer, missing=(self.error,))


def read(word: str, error: Exception, *, failing: bool = False) -> WindowReader:
    """An hour of a target, once a minute; from its middle on it fails."""
    store = MemoryStore()
    times = range(WINDOW.start_ms + 60_000, END_MS + 1, 60_000)
    values = [float(not failing or at < 30) for at in range(len(times))]
    store.put(Labels.of({"__name__": "up", "job": "node", "instance": "a"}), times, values)
    return WindowReader(Partial(Embedded(store, Engine()), word, error), WINDOW)  # type: ignore[arg-type]


def test_a_target_whose_successes_were_not_read_is_not_down() -> None:
    reader = read("sum_over_time", LOST)
    (target,) = measure_completeness(reader)
    assert (target.received, target.down) == (60, 0)
    assert list(reader.missing) == [LOST]


def test_what_a_server_rejects_is_noted_and_the_rest_is_measured() -> None:
    reader = read("count_over_time", LIMIT)
    assert measure_completeness(reader) == ()
    assert list(reader.missing) == [LIMIT]


def test_outages_that_could_not_be_read_are_noted() -> None:
    lost, rejected = read("min_over_time", LOST, failing=True), read("up|", LIMIT, failing=True)
    whole = read("no such word", LOST, failing=True)
    assert len(find_past_outages(whole, load())) == 1
    assert find_past_outages(lost, load()) == find_past_outages(rejected, load()) == ()
    assert (list(lost.missing), list(rejected.missing)) == ([LOST], [LIMIT])
    assert not whole.missing


def test_without_metrics_of_outages_nothing_is_asked() -> None:
    reader = read("", LIMIT)
    assert find_past_outages(reader, replace(load(), metrics=())) == ()
    assert not reader.missing
