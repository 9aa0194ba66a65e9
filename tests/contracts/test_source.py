"""What every `Source` promises, whether an engine or a server answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest

from jipyo.model.errors import EmptySelectorError, QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.model.result import Cardinality, Matrix, RawMatrix, Scalar, String, Vector
from jipyo.model.sample import STALE_NAN, MetricMetadata, MetricType, Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded, Source
from jipyo.source.combined import CombinedSource
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.source.remote import Remote
from jipyo.tsdb import Options, Store
from jipyo.web.prometheus import query, series
from support.answers import matrix_of, vector_of
from support.memory import MemoryStore
from support.metric_servers import MetricServer, built, packaged, prometheus, victoria
from support.sources import SteadyClock
from support.web import serving

T0 = 1_793_500_000_000
MINUTE = 60_000
LAST = T0 + 10 * MINUTE
NODE, APP = (Labels.of({"__name__": "load", "job": job}) for job in ("node", "app"))
ENDED = Labels.of({"__name__": "ended", "job": "node", "지역": "서울"})
METADATA = [
    MetricMetadata("load", MetricType.GAUGE, "Load.", "ratio"),
    MetricMetadata("ended", MetricType.COUNTER, "Once."),
]


def _scrapes() -> list[Scrape]:
    """Ten minutes of two gauges, and a series that ends after the fifth."""
    both = [Scrape(T0 + i * MINUTE, (APP, NODE), np.array([float(i), 10.0 - i])) for i in range(11)]
    brief = [
        Scrape(T0 + i * MINUTE, (ENDED,), np.array([7.0 if i < 5 else STALE_NAN])) for i in range(6)
    ]
    return [*both, *brief]


@contextmanager
def in_memory(folder: Path) -> Iterator[Source]:
    """The engine over the simplest store."""
    del folder
    store = MemoryStore()
    store.append(_scrapes())
    store.describe(METADATA)
    yield Embedded(store, Engine())


@contextmanager
def on_disk(folder: Path) -> Iterator[Source]:
    """The engine over the real store."""
    options = Options(durable=False, out_of_order_ms=None)
    with Store.open(folder / "data", options, now_ms=lambda: LAST) as store:
        store.append(_scrapes())
        store.describe(METADATA)
        yield Embedded(store, Engine())


@contextmanager
def combined(folder: Path) -> Iterator[Source]:
    """The engine beside a server that has nothing."""
    remote = Remote("prod", Embedded(MemoryStore(), Engine()), SteadyClock(LAST))
    with in_memory(folder) as local:
        yield CombinedSource(local, (remote,))


@contextmanager
def jipyo_by_url(folder: Path) -> Iterator[Source]:
    """Another jipyo."""
    with in_memory(folder) as inner:
        assert isinstance(inner, Embedded)
        engine = inner.engine
        routes = query.routes(inner, lambda: LAST, engine.options.features, engine.lanes)
        with serving(*routes, *series.routes(inner)) as client:
            remote = PrometheusSource(PrometheusOptions(name="remote", url=client.base))
            yield remote
            remote.close()


@contextmanager
def _loaded(server: AbstractContextManager[MetricServer]) -> Iterator[Source]:
    with server as running:
        running.load(_scrapes())
        remote = PrometheusSource(PrometheusOptions(name="remote", url=running.url))
        try:
            yield remote
        finally:
            remote.close()


def prometheus_3_16(folder: Path) -> AbstractContextManager[Source]:
    return _loaded(prometheus(folder, built("prometheus")))


def prometheus_2_42(folder: Path) -> AbstractContextManager[Source]:
    return _loaded(prometheus(folder, packaged("prometheus")))


def victoria_2025(folder: Path) -> AbstractContextManager[Source]:
    return _loaded(victoria(folder, built("victoria-metrics")))


def victoria_2022(folder: Path) -> AbstractContextManager[Source]:
    return _loaded(victoria(folder, packaged("victoria-metrics")))


Maker = Callable[[Path], AbstractContextManager[Source]]
OURS: tuple[Maker, ...] = (in_memory, on_disk, combined, jipyo_by_url)
SERVERS: tuple[Maker, ...] = (prometheus_3_16, prometheus_2_42, victoria_2025, victoria_2022)
MAKERS = [
    *(pytest.param(make, id=make.__name__) for make in OURS),
    *(pytest.param(make, id=make.__name__, marks=pytest.mark.integration) for make in SERVERS),
]


_METADATA = "a server has metadata of what it scrapes only, not of what is pushed to it"
_ANNOTATIONS = "the server gives no infos: those came with Prometheus 3"
_BY_DAY = "VictoriaMetrics finds series by the day"
DIFFERENCES = {
    "test_metadata_is_of_one_metric_or_of_all": dict.fromkeys(
        ("prometheus_3_16", "prometheus_2_42", "victoria_2025", "victoria_2022"), _METADATA
    ),
    "test_annotations_come_with_the_answer": dict.fromkeys(
        ("prometheus_2_42", "victoria_2025", "victoria_2022"), _ANNOTATIONS
    ),
    "test_series_are_those_with_samples_in_the_range": dict.fromkeys(
        ("victoria_2025", "victoria_2022"), _BY_DAY
    ),
}
"""What servers do otherwise, see docs/sources.md; a difference that is gone fails."""


@pytest.fixture(params=MAKERS, scope="module")
def made(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Source]]:
    with request.param(tmp_path_factory.mktemp("source")) as source:
        yield request.param.__name__, source


@pytest.fixture
def source(request: pytest.FixtureRequest, made: tuple[str, Source]) -> Source:
    name, source = made
    reason = DIFFERENCES.get(request.node.originalname, {}).get(name)
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, raises=AssertionError, strict=True))
    return source


def test_a_number_is_a_scalar_and_a_text_a_string(source: Source) -> None:
    assert source.instant("1 + 1", T0).value == Scalar(T0, 2.0)
    assert source.instant('"가"', T0).value == String(T0, "가")


def test_a_selector_is_a_vector_ordered_by_labels(source: Source) -> None:
    vector = source.instant("load", LAST).value
    assert isinstance(vector, Vector)
    assert (vector.t_ms, vector.series) == (LAST, (APP, NODE))
    assert vector.values.tolist() == [10.0, 0.0]


def test_a_range_selector_gives_its_samples(source: Source) -> None:
    raw = source.instant("load[2m]", LAST).value
    assert isinstance(raw, RawMatrix)
    found = {
        labels: list(zip(block.t_ms.tolist(), values.tolist(), strict=True))
        for block in raw.blocks
        for labels, values in zip(block.series, block.values, strict=True)
    }
    assert found == {
        APP: [(LAST - MINUTE, 9.0), (LAST, 10.0)],
        NODE: [(LAST - MINUTE, 1.0), (LAST, 0.0)],
    }


def test_a_range_stands_at_every_step_up_to_its_end(source: Source) -> None:
    matrix = source.range("load", T0, LAST + 30_000, MINUTE).value
    assert isinstance(matrix, Matrix)
    assert matrix.t_ms.tolist() == list(range(T0, LAST + 1, MINUTE))
    assert matrix.values.shape == matrix.present.shape == (2, 11)
    assert set(matrix.series) == {APP, NODE}
    assert matrix.present.all()


def test_absence_is_a_mask(source: Source) -> None:
    matrix = source.range("ended", T0, LAST, MINUTE).value
    assert isinstance(matrix, Matrix)
    assert matrix.present.tolist() == [[True] * 5 + [False] * 6]
    assert np.isnan(matrix_of(source.range("0 / 0", T0, T0, 1)).values).all()
    assert matrix_of(source.range("0 / 0", T0, T0, 1)).present.all()


def test_nothing_found_is_an_empty_answer(source: Source) -> None:
    assert vector_of(source.instant("nothing", LAST)).series == ()
    assert matrix_of(source.range("nothing", T0, LAST, MINUTE)).series == ()


@pytest.mark.parametrize("expr", ["sum(", "", "load{", "sum(load[5m])"])
def test_a_wrong_question_is_refused_as_bad_data(source: Source, expr: str) -> None:
    asks: tuple[Callable[[], object], ...] = (
        lambda: source.instant(expr, T0),
        lambda: source.range(expr, T0, LAST, MINUTE),
    )
    for ask in asks:
        with pytest.raises(QueryError) as error:
            ask()
        assert error.value.kind is QueryErrorKind.BAD_DATA


def test_a_question_that_cannot_be_answered_is_an_execution_error(source: Source) -> None:
    with pytest.raises(QueryError) as error:
        source.instant("load * on() load", LAST)
    assert error.value.kind is QueryErrorKind.EXECUTION


def test_a_range_of_a_text_is_refused(source: Source) -> None:
    with pytest.raises(QueryError):
        source.range('"a"', T0, LAST, MINUTE)


def test_annotations_come_with_the_answer(source: Source) -> None:
    result = source.instant("rate(load[5m])", LAST)
    assert len(vector_of(result).series) == 2
    assert any("might not be a counter" in info for info in result.infos)


def test_series_are_those_with_samples_in_the_range(source: Source) -> None:
    assert sorted(source.series(["load"], T0, LAST)) == [APP, NODE]
    assert sorted(source.series(["load", '{job="node"}'], T0, LAST)) == [ENDED, APP, NODE]
    assert sorted(source.series(["ended"], LAST, LAST)) == []


def test_label_names_and_values_are_sorted(source: Source) -> None:
    assert source.label_names([], T0, LAST) == ["__name__", "job", "지역"]
    assert source.label_names(["load"], T0, LAST) == ["__name__", "job"]
    assert source.label_values("job", [], T0, LAST) == ["app", "node"]
    assert source.label_values("job", ["ended", 'load{job="node"}'], T0, LAST) == ["node"]
    assert source.label_values("지역", [], T0, LAST) == ["서울"]
    assert source.label_values("nothing", [], T0, LAST) == []


def test_the_names_of_all_metrics_are_those_with_samples_so_far(source: Source) -> None:
    assert source.metric_names(LAST) == {"ended", "load"}


@pytest.mark.parametrize("match", ["{}", "sum(load)", "load{"])
def test_a_wrong_selector_is_refused_as_bad_data(source: Source, match: str) -> None:
    for ask in (
        lambda: source.series([match], T0, LAST),
        lambda: source.label_names([match], T0, LAST),
        lambda: source.label_values("job", [match], T0, LAST),
        lambda: source.newest([match], LAST),
    ):
        with pytest.raises(QueryError) as error:
            ask()
        assert error.value.kind is QueryErrorKind.BAD_DATA
        assert isinstance(error.value, EmptySelectorError) is (match == "{}")


def test_metadata_is_of_one_metric_or_of_all(source: Source) -> None:
    assert source.metadata("load") == METADATA[:1]
    assert sorted(source.metadata(), key=lambda row: row.metric) == METADATA[::-1]
    assert source.metadata("nothing") == []


@pytest.mark.parametrize(
    ("match", "t_ms", "samples"),
    [
        (["load"], LAST, {APP: (LAST, 10.0), NODE: (LAST, 0.0)}),
        (["load"], LAST + 2 * MINUTE, {APP: (LAST, 10.0), NODE: (LAST, 0.0)}),
        (["load"], LAST - 30_000, {APP: (LAST - MINUTE, 9.0), NODE: (LAST - MINUTE, 1.0)}),
        (["load"], LAST + 6 * MINUTE, {}),  # beyond the lookback
        (['load{job="app"}', '{job="app"}'], LAST, {APP: (LAST, 10.0)}),
        (
            ['{job="node"}'],
            T0 + 4 * MINUTE,
            {ENDED: (T0 + 4 * MINUTE, 7.0), NODE: (T0 + 4 * MINUTE, 6.0)},
        ),
        (["ended"], T0 + 5 * MINUTE, {}),  # its last sample is a stale marker
        (["nothing"], LAST, {}),
        ([], LAST, {}),
    ],
)
def test_the_newest_samples_are_those_within_the_lookback(
    source: Source, match: list[str], t_ms: int, samples: dict[Labels, tuple[int, float]]
) -> None:
    newest = source.newest(match, t_ms)
    times = zip(newest.t_ms.tolist(), newest.values.tolist(), strict=True)
    assert dict(zip(newest.series, times, strict=True)) == samples
    assert list(newest.series) == sorted(newest.series)


def test_cardinality_counts_the_series_within_the_lookback(source: Source) -> None:
    assert source.cardinality(T0 + 4 * MINUTE, 2) == Cardinality(
        series=3,
        label_pairs=5,
        series_by_metric=(("load", 2), ("ended", 1)),
        values_by_label=(("__name__", 2), ("job", 2)),
        bytes_by_label=(("__name__", 9), ("job", 7)),
        series_by_pair=(("__name__=load", 2), ("job=node", 2)),
    )
    assert source.cardinality(LAST + MINUTE, 9).series_by_metric == (("load", 2),)
    assert source.cardinality(T0 - MINUTE, 9) == Cardinality(0, 0, (), (), (), ())


@pytest.mark.parametrize(
    ("expr", "t_ms", "values"),
    [
        ('sum by (job) ({"load"})', LAST, [10.0, 0.0]),
        ("last_over_time(load[1m * 2])", LAST, [10.0, 0.0]),
        ("load @ end() offset 1m", LAST, [9.0, 1.0]),
        ("load offset -1m", LAST - MINUTE, [10.0, 0.0]),
    ],
)
def test_a_source_takes_all_of_the_language(
    source: Source, expr: str, t_ms: int, values: list[float]
) -> None:
    assert vector_of(source.instant(expr, t_ms)).values.tolist() == values


def test_a_count_is_exact_or_marked_as_estimated(source: Source) -> None:
    result = source.instant('increase(load{job="app"}[5m] anchored)', LAST - 30_000)
    (count,) = vector_of(result).values.tolist()
    assert count == pytest.approx(5, rel=0.1)
    assert result.estimated or count == 5
    ranged = source.range('increase(load{job="app"}[5m] anchored)', LAST, LAST, MINUTE)
    assert ranged.estimated is result.estimated


def test_a_bound_source_abandons_its_queries_once_the_event_is_set(source: Source) -> None:
    cancelled = threading.Event()
    bound = source.bind(cancelled)
    assert bound.newest(["load"], LAST).series == (APP, NODE)
    cancelled.set()
    for ask in (
        lambda: bound.instant("sum(load)", LAST),
        lambda: bound.range("sum(load)", T0, LAST, MINUTE),
        lambda: bound.newest(["load"], LAST),
    ):
        with pytest.raises(QueryError) as error:
            ask()
        assert error.value.kind is QueryErrorKind.CANCELED
    assert source.newest(["load"], LAST).series == (APP, NODE)
    assert source.bind(threading.Event()).newest(["load"], LAST).series == (APP, NODE)
