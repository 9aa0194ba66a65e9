"""Several sources as one: all answer, and one that fails does not fail the others."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import QueryError, QueryErrorKind, SourceError
from jipyo.model.labels import Labels
from jipyo.model.result import Matrix, RawMatrix, Scalar
from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.promql import Engine
from jipyo.source import Embedded, Source
from jipyo.source.combined import CombinedSource
from jipyo.source.remote import Remote, RemoteOptions
from jipyo.source.routing import label_remote, route_expression
from support.answers import matrix_of, vector_of
from support.memory import MemoryStore
from support.sources import FAILURE, FailingServer, SteadyClock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOW_MS, STEP_MS, HOUR_MS = 1_795_186_800_000, 15_000, 3_600_000
QUICK = RemoteOptions(slow_ms=100, probe_ms=200, retry_ms=200, grace_ms=300)
PROD = {"source": "prod"}


def store_series(
    *series: str | Mapping[str, str], value: float = 1.0, end_ms: int = NOW_MS
) -> MemoryStore:
    """Ten minutes of gauges up to `end_ms`; a name is short for labels."""
    store = MemoryStore()
    times = list(range(end_ms - 10 * 60_000, end_ms + 1, STEP_MS))
    for one in series:
        labels = {"__name__": one} if isinstance(one, str) else one
        store.put(Labels.of(labels), times, [value] * len(times))
    return store


def serve(store: MemoryStore) -> FailingServer:
    return FailingServer(Embedded(store, Engine()))


def combine(
    local: MemoryStore | None, options: RemoteOptions = QUICK, **servers: FailingServer
) -> CombinedSource:
    clock = SteadyClock(NOW_MS)
    remotes = (
        Remote(name, cast("Source", server), clock, options) for name, server in servers.items()
    )
    return CombinedSource(Embedded(local, Engine()) if local else None, tuple(remotes))


def test_series_of_all_stand_side_by_side_and_remote_ones_bear_their_name() -> None:
    source = combine(
        store_series("up"), prod=serve(store_series("up", value=2)), dev=serve(store_series("up"))
    )
    vector = vector_of(source.instant("up", NOW_MS))
    assert [labels.get("source") for labels in vector.series] == [None, "prod", "dev"]
    assert vector.values.tolist() == [1.0, 2.0, 1.0]
    matrix = matrix_of(source.range("up", NOW_MS - 60_000, NOW_MS, STEP_MS))
    assert matrix.values.shape == (3, 5)
    assert matrix.present.all()
    raw = source.instant("up[30s]", NOW_MS).value
    assert isinstance(raw, RawMatrix)
    assert [labels.get("source") for block in raw.blocks for labels in block.series] == [
        *(None, "prod", "dev"),
    ]
    assert source.newest(["up"], NOW_MS).series == tuple(sorted(vector.series))


def test_a_member_answers_the_whole_expression() -> None:
    source = combine(
        store_series("up"), prod=serve(store_series("up", {"__name__": "up", "a": "1"}))
    )
    assert vector_of(source.instant("count(up)", NOW_MS)).values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"job": "a"}, {"job": "a", **PROD}),
        ({"source": "x"}, {"exported_source": "x", **PROD}),
        (
            {"source": "x", "exported_source": "y"},
            {"exported_source": "y", "exported_exported_source": "x", **PROD},
        ),
        ({}, PROD),
    ],
)
def test_a_label_source_of_the_server_moves(
    labels: Mapping[str, str], expected: Mapping[str, str]
) -> None:
    assert label_remote(Labels.of(labels), "prod") == Labels.of(expected)


@pytest.mark.parametrize(
    ("expr", "routed"),
    [
        ("up", "up"),
        ('up{source="prod"}', "up"),
        ('up{source=~"prod|dev", job="a"}', 'up{job="a"}'),
        ('{source="prod"}', '{__name__!=""}'),
        ('sum by (source) (up{source!="dev"})', "sum by (source) (up)"),
        ('up{source="dev"}', 'up{source!="prod",source="prod"}'),
        ('rate(x{source=""}[5m])', 'rate(x{source!="prod",source="prod"}[5m])'),
        ('up{source="prod"', 'up{source="prod"'),
    ],
)
def test_a_matcher_for_source_selects_the_member(expr: str, routed: str) -> None:
    assert route_expression(expr, "prod") == routed


def test_only_the_member_that_is_meant_is_asked() -> None:
    prod, dev = serve(store_series("up")), serve(store_series("up"))
    source = combine(store_series("up"), prod=prod, dev=dev)
    assert vector_of(source.instant('up{source="prod"}', NOW_MS)).series == (
        Labels.of({"__name__": "up", **PROD}),
    )
    assert ("instant", 'up{source="prod"}', NOW_MS) not in dev.asked
    assert not [question for question in dev.asked if "up" in question]
    assert vector_of(source.instant('up{source=""}', NOW_MS)).series == (
        Labels.of({"__name__": "up"}),
    )


def test_a_member_without_the_metric_is_not_asked() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up", "mine"), prod=prod)
    assert len(vector_of(source.instant("mine", NOW_MS)).series) == 1
    lookups = len(prod.asked)
    assert ("instant", "mine", NOW_MS) not in prod.asked
    assert len(vector_of(source.instant("mine + 1", NOW_MS)).series) == 1
    assert len(prod.asked) == lookups


def test_what_reads_no_series_is_answered_once() -> None:
    prod = serve(store_series("up"))
    assert combine(store_series("up"), prod=prod).instant("1 + 1", NOW_MS).value == Scalar(
        NOW_MS, 2
    )
    assert not prod.asked
    alone = combine(None, prod=prod)
    assert vector_of(alone.instant("vector(3)", NOW_MS)).series == (Labels.of({}),)


def test_nothing_found_has_the_type_of_the_question() -> None:
    source = combine(None, prod=serve(store_series("up")))
    assert vector_of(source.instant("none", NOW_MS)).series == ()
    assert source.instant("none[5m]", NOW_MS).value == RawMatrix(())
    matrix = source.range("none", NOW_MS - 60_000, NOW_MS, STEP_MS).value
    assert isinstance(matrix, Matrix)
    assert matrix.values.shape == matrix.present.shape == (0, 5)


def test_lists_are_merged_and_keep_their_limits() -> None:
    local = store_series({"__name__": "up", "job": "a"})
    local.describe([MetricMetadata("up", MetricType.GAUGE, "Up.")])
    remote = store_series({"__name__": "up", "job": "b", "source": "x"}, "load")
    remote.describe([MetricMetadata("up", MetricType.GAUGE, "Up.")])
    source = combine(local, prod=serve(remote))
    span = (NOW_MS - HOUR_MS, NOW_MS)
    assert list(source.series(["up"], *span)) == [
        Labels.of({"__name__": "up", "job": "a"}),
        Labels.of({"__name__": "up", "job": "b", "exported_source": "x", **PROD}),
    ]
    assert len(list(source.series(["up"], *span, 1))) == 1
    assert source.label_names([], *span) == ["__name__", "exported_source", "job", "source"]
    assert source.label_values("job", [], *span) == ["a", "b"]
    assert source.label_values("job", [], *span, 1) == ["a"]
    assert source.label_values("__name__", [], *span) == ["load", "up"]
    assert source.label_values("source", [], *span) == ["prod"]
    assert source.label_values("source", ['up{job="a"}'], *span) == []
    assert source.label_values("exported_source", [], *span) == ["x"]
    assert source.label_values("job", ['up{source="prod"}'], *span) == ["b"]
    assert source.metadata("up") == [MetricMetadata("up", MetricType.GAUGE, "Up.")]
    counted = source.cardinality(NOW_MS, 1)
    assert (counted.series, counted.series_by_metric) == (3, (("up", 2),))


def test_the_names_of_a_servers_metrics_are_looked_up_once_for_all() -> None:
    prod = serve(store_series("up", "theirs"))
    source = combine(store_series("up", "mine"), prod=prod)
    for _ in range(3):
        assert source.metric_names(NOW_MS) == {"mine", "theirs", "up"}
        assert not source.instant("up", NOW_MS).missing
    assert prod.asked.count(("metric_names", NOW_MS)) == 1
    prod.error = FAILURE
    assert source.instant("up", NOW_MS).missing
    assert source.metric_names(NOW_MS) == {"mine", "up"}
    assert [error.values["source"] for error in source.find_missing()] == ["prod"]


def test_a_member_that_fails_is_missing_and_named_with_its_reason() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up"), prod=prod)
    prod.error = FAILURE
    result = source.instant("up", NOW_MS)
    assert len(vector_of(result).series) == 1
    (error,) = result.missing
    assert error.values["source"] == "prod"
    assert error.values["since_ms"] == NOW_MS
    for lang in LANGS:
        text = texts(lang).error(error)
        assert "prod" in text
        assert "10" in text
    assert source.find_missing() == (error,)


def test_a_server_that_fails_is_not_asked_again_at_once_and_returns_by_itself() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up"), prod=prod)
    prod.error = FAILURE
    for _ in range(20):
        assert source.instant("up", NOW_MS).missing
    assert len(prod.asked) <= 3  # the first query, and a probe or two
    prod.error = None
    assert wait_until(lambda: not source.instant("up", NOW_MS).missing)
    assert len(vector_of(source.instant("up", NOW_MS)).series) == 2
    assert source.find_missing() == ()


def test_one_query_that_fails_leaves_a_server_that_answers_in_use() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up"), prod=prod)
    assert not source.instant("up", NOW_MS).missing
    prod.error = FAILURE
    (remote,) = source.remotes
    with pytest.raises(SourceError):
        remote.submit(lambda: prod.instant("up", NOW_MS)).result()
    prod.error = None
    assert wait_until(lambda: remote.find_failure(wait=True) is None)


def test_a_server_that_hangs_costs_one_query_a_moment_and_the_others_nothing() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up"), prod=prod)
    assert not source.instant("up", NOW_MS).missing
    prod.running.clear()
    began = time.monotonic()
    assert source.instant("up", NOW_MS).missing
    assert time.monotonic() - began < 20
    began = time.monotonic()
    for _ in range(65):
        result = source.instant("up", NOW_MS)
        assert len(vector_of(result).series) == 1
        assert [error.values["source"] for error in result.missing] == ["prod"]
    assert time.monotonic() - began < 20
    prod.running.set()
    assert wait_until(lambda: not source.instant("up", NOW_MS).missing)


@pytest.mark.parametrize("is_known", [True, False])
def test_a_server_that_hangs_keeps_no_thread(is_known: bool) -> None:
    """A command would wait for it at its end, and later queries would find no thread free."""
    prod = serve(store_series("up"))
    source = combine(store_series("up"), prod=prod)
    if is_known:
        assert not source.instant("up", NOW_MS).missing
    prod.running.clear()
    assert source.instant("up", NOW_MS).missing
    probe = ("instant", "1", NOW_MS)
    assert wait_until(lambda: set(prod.unanswered) <= {probe})


def test_what_a_failing_server_cannot_have_is_not_missing() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up", "mine"), prod=prod)
    assert not source.instant("up", NOW_MS).missing
    prod.error = FAILURE
    assert source.instant("up", NOW_MS).missing
    assert not source.instant("mine", NOW_MS).missing


def test_of_a_server_never_read_anything_may_be_missing() -> None:
    prod = serve(store_series("up"))
    prod.error = FAILURE
    assert combine(store_series("mine"), prod=prod).instant("mine", NOW_MS).missing


def test_where_none_answers_the_query_fails() -> None:
    prod = serve(store_series("up"))
    prod.error = FAILURE
    with pytest.raises(SourceError) as error:
        combine(None, prod=prod).instant("up", NOW_MS)
    assert error.value.values["source"] == "prod"


def test_where_none_of_several_answers_all_are_named() -> None:
    prod, dev = serve(store_series("up")), serve(store_series("up"))
    prod.error = dev.error = FAILURE
    with pytest.raises(SourceError) as error:
        combine(None, prod=prod, dev=dev).instant("up", NOW_MS)
    for lang in LANGS:
        text = texts(lang).error(error.value)
        assert "prod, dev" in text
        assert texts(lang)(FAILURE.key, **FAILURE.values) in text


def test_what_only_a_failing_server_has_is_missing_and_no_error() -> None:
    prod, dev = serve(store_series("up", "mine")), serve(store_series("up"))
    source = combine(None, prod=prod, dev=dev)
    assert not source.instant("up", NOW_MS).missing
    prod.error = FAILURE
    for result in (
        source.instant("mine", NOW_MS),
        source.range("mine", NOW_MS - 60_000, NOW_MS, STEP_MS),
    ):
        assert [error.values["source"] for error in result.missing] == ["prod"]


def test_an_expression_that_all_reject_is_rejected_and_one_that_some_reject_is_incomplete() -> None:
    twice = store_series({"__name__": "up", "a": "1"}, {"__name__": "up", "a": "2"})
    source = combine(store_series("up"), prod=serve(twice))
    with pytest.raises(QueryError) as error:
        source.instant("sum(", NOW_MS)
    assert error.value.kind is QueryErrorKind.BAD_DATA
    result = source.instant("up * on () up", NOW_MS)
    assert vector_of(result).values.tolist() == [1.0]
    (rejected,) = result.missing
    for lang in LANGS:
        assert "prod" in texts(lang).error(rejected)
    assert source.find_missing() == ()  # the server answers


def test_a_list_names_the_members_that_reject_it_until_they_do_no_more() -> None:
    prod = serve(store_series("theirs"))
    source = combine(store_series("mine"), prod=prod)
    span = (NOW_MS - HOUR_MS, NOW_MS)
    assert source.label_values("__name__", [], *span) == ["mine", "theirs"]
    prod.error = QueryError(QueryErrorKind.EXECUTION, "too many series")
    assert source.label_values("__name__", [], *span) == ["mine"]
    other = source.bind(threading.Event())
    assert other.find_missing() == ()
    (rejected,) = source.find_missing()
    for lang in LANGS:
        assert "too many series" in texts(lang).error(rejected)
    prod.error = None
    assert source.label_values("__name__", [], *span) == ["mine", "theirs"]
    assert source.find_missing() == ()


@pytest.mark.parametrize("age_ms", [HOUR_MS, 25 * HOUR_MS])
def test_a_server_that_receives_nothing_any_more_is_stale(age_ms: int) -> None:
    prod = serve(store_series("up", end_ms=NOW_MS - age_ms))
    source = combine(store_series("up"), prod=prod)
    (error,) = source.instant("up", NOW_MS).missing
    assert error.values["source"] == "prod"
    assert error.values.get("since_ms") == (NOW_MS - age_ms if age_ms == HOUR_MS else None)
    assert source.find_missing() == (error,)
    if age_ms == HOUR_MS:
        assert not source.instant("up", NOW_MS - age_ms).missing  # what is from then is whole


def test_a_server_without_any_metric_is_missing() -> None:
    source = combine(store_series("up"), prod=serve(MemoryStore()))
    assert not source.instant("up", NOW_MS).missing
    assert [error.key for error in source.find_missing()] == ["source.empty"]


def test_a_query_whose_caller_left_ends() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up"), RemoteOptions(), prod=prod)
    assert not source.instant("up", NOW_MS).missing
    prod.running.clear()
    cancelled = threading.Event()
    threading.Timer(0.1, cancelled.set).start()
    with pytest.raises(QueryError) as error:
        source.bind(cancelled).instant("up", NOW_MS)
    assert error.value.kind is QueryErrorKind.CANCELED
    prod.running.set()


def test_a_bound_source_has_the_lookback_everywhere() -> None:
    old = store_series("up", end_ms=NOW_MS - 60_000)
    source = combine(old, prod=serve(store_series("up", end_ms=NOW_MS - 60_000)))
    short = source.bind(threading.Event(), 30_000)
    assert len(vector_of(source.instant("up", NOW_MS)).series) == 2
    assert len(vector_of(short.instant("up", NOW_MS)).series) == 0


def test_members_are_asked_at_the_same_time() -> None:
    servers = {f"s{n}": serve(store_series("up")) for n in range(4)}
    source = combine(store_series("up"), RemoteOptions(), **servers)
    assert len(vector_of(source.instant("up", NOW_MS)).series) == 5
    gate = threading.Barrier(4, timeout=5)
    for server in servers.values():
        engine = server.source

        class Meeting:
            def bind(self, *_: object) -> Meeting:
                return self

            def __getattr__(self, name: str, engine: Source = engine) -> object:
                gate.wait()
                return getattr(engine, name)

        server.source = cast("Source", Meeting())
    assert len(vector_of(source.instant("up", NOW_MS)).series) == 5


def test_the_metrics_of_a_source_show_whether_it_answers() -> None:
    prod = serve(store_series("up"))
    source = combine(store_series("up"), prod=prod)
    source.instant("up", NOW_MS)
    (remote,) = source.remotes
    families = {family.name: family.samples[0].value for family in remote.families()}
    assert families["jipyo_source_up"] == 1.0
    assert families["jipyo_source_newest_sample_age_seconds"] == 0.0
    prod.error = FAILURE
    source.instant("up", NOW_MS)
    families = {family.name: family.samples[0].value for family in remote.families()}
    assert families["jipyo_source_up"] == 0.0


def wait_until(holds: Callable[[], bool], patience_s: float = 5.0) -> bool:
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_values_stay_with_their_series() -> None:
    local, remote = store_series("up", value=np.pi), store_series("up", value=np.nan)
    vector = vector_of(combine(local, prod=serve(remote)).instant("up", NOW_MS))
    assert vector.values[0] == np.pi
    assert np.isnan(vector.values[1])
