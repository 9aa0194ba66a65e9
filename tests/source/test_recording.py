"""What is recorded of queries: all that were sent, what for, and what they cost."""

from __future__ import annotations

import threading
from itertools import count

import pytest

from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.recording import QueryKind, RecordingSource, ask_for, unwrap
from support.memory import MemoryStore

NOW_MS = 1_795_186_800_000


@pytest.fixture
def embedded() -> Embedded:
    store = MemoryStore()
    times = range(NOW_MS - 600_000, NOW_MS + 1, 15_000)
    for instance in ("a", "b"):
        labels = Labels.of({"__name__": "up", "job": "node", "instance": instance})
        store.put(labels, times, [1.0] * len(times))
    return Embedded(store, Engine())


@pytest.fixture
def source(embedded: Embedded) -> RecordingSource:
    """By a clock that each look at moves on by a second."""
    ticks = count()
    return RecordingSource(embedded, now_s=lambda: float(next(ticks)))


def test_answers_are_those_of_the_source(source: RecordingSource, embedded: Embedded) -> None:
    assert source.label_values("job", (), 0, NOW_MS) == ["node"]
    assert source.label_names(("up",), 0, NOW_MS) == ["__name__", "instance", "job"]
    assert list(source.series(("up",), 0, NOW_MS)) == list(embedded.series(("up",), 0, NOW_MS))
    assert source.newest(("up",), NOW_MS).values.tolist() == [1.0, 1.0]
    assert source.cardinality(NOW_MS, 1).series == 2
    assert source.metadata() == source.metadata("up") == []
    assert source.metric_names(NOW_MS) == {"up"}
    assert source.find_missing() == ()
    assert [query.kind for query in source.queries] == [QueryKind.LABELS] * 8


def test_series_and_values_of_each_answer_are_counted(source: RecordingSource) -> None:
    source.instant("up", NOW_MS)
    source.instant("up[60s]", NOW_MS)
    source.range("up", NOW_MS - 600_000, NOW_MS + 600_000, 60_000)
    source.instant("1", NOW_MS)
    assert [(query.kind, query.series, query.points) for query in source.queries] == [
        (QueryKind.INSTANT, 2, 2),
        (QueryKind.INSTANT, 2, 8),
        (QueryKind.RANGE, 2, 2 * 15),  # up to five minutes after the last sample
        (QueryKind.INSTANT, 1, 1),
    ]
    assert [query.seconds for query in source.queries] == [1.0] * 4
    assert source.queries[2].stats.samples > 0


def test_a_query_that_is_rejected_is_recorded_with_the_reason(source: RecordingSource) -> None:
    with pytest.raises(QueryError):
        source.instant("up +", NOW_MS)
    (query,) = source.queries
    assert isinstance(query.problem, QueryError)
    assert (query.expr, query.points) == ("up +", 0)


def test_queries_are_recorded_for_what_they_are_sent(
    source: RecordingSource, embedded: Embedded
) -> None:
    of_metric = ask_for(source, "system.cpu.utilization")
    ask_for(of_metric, exporter="node_exporter").instant("up", NOW_MS)
    of_metric.instant("up", NOW_MS)
    source.instant("up", NOW_MS)
    assert [(query.purpose, query.exporter) for query in source.queries] == [
        ("system.cpu.utilization", "node_exporter"),
        ("system.cpu.utilization", ""),
        ("", ""),
    ]
    assert ask_for(embedded, "system.cpu.utilization") is embedded
    assert unwrap(of_metric) is embedded
    assert unwrap(embedded) is embedded


def test_a_bound_source_records_in_the_same_list(source: RecordingSource) -> None:
    cancelled = threading.Event()
    bound = source.bind(cancelled)
    bound.instant("up", NOW_MS)
    cancelled.set()
    with pytest.raises(QueryError) as error:
        bound.instant("up", NOW_MS)
    assert error.value.kind is QueryErrorKind.CANCELED
    assert len(source.queries) == 2
