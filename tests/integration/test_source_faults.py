"""A real Prometheus behind a path that fails: the right error or part, within bounded time."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.i18n import texts
from jipyo.model.errors import QueryError, QueryErrorKind, SourceError
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.net.tls import TlsOptions
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from support.answers import matrix_of, vector_of
from support.certificates import expired
from support.fault_proxy import Fault, FaultProxy, proxy_with_faults
from support.metric_servers import built, prometheus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

T0 = 1_793_500_000_000
MINUTE = 60_000
HOUR = 60 * MINUTE
END = T0 + 3 * HOUR
TIMEOUT_S = 1.5
PATIENT_S = 20.0
"""`Retry-After: 1` is within it, on a loaded machine, too."""
LOAD = Labels.of({"__name__": "load", "job": "app"})


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with prometheus(tmp_path_factory.mktemp("server"), built("prometheus")) as server:
        server.load(
            Scrape(t_ms, (LOAD,), np.array([float(t_ms - T0)]))
            for t_ms in range(T0, END + 1, MINUTE)
        )
        yield server.url


@pytest.fixture
def proxy(upstream: str) -> Iterator[FaultProxy]:
    with proxy_with_faults(upstream) as made:
        yield made


def connect(url: str, **options: object) -> PrometheusSource:
    settings = {"name": "main", "timeout_s": TIMEOUT_S, **options}
    return PrometheusSource(PrometheusOptions(url=url, **settings))  # type: ignore[arg-type]


@pytest.fixture
def source(proxy: FaultProxy) -> Iterator[PrometheusSource]:
    """A source that has already found out what its server is."""
    made = connect(proxy.url, max_points=60)
    made.instant("load", END)
    yield made
    made.close()


def count(source: PrometheusSource, metric: str, outcome: str = "") -> float:
    return sum(
        sample.value
        for family in source.families()
        if family.name == metric
        for sample in family.samples
        if sample.labels.get("outcome", "") == outcome
    )


PASSING = [Fault.CUT, Fault.TOO_MANY, Fault.UNAVAILABLE, Fault.HALF]


@pytest.mark.parametrize("fault", PASSING)
def test_a_failure_that_passes_is_not_noticed(proxy: FaultProxy, fault: Fault) -> None:
    source = connect(proxy.url, timeout_s=PATIENT_S)
    source.instant("load", END)
    before = count(source, "jipyo_source_retries_total")
    proxy.fail(fault, times=1)
    result = source.instant("load", END)
    assert vector_of(result).series == (LOAD,)
    assert result.missing == ()
    assert len(proxy.requests) == 2
    # A cut of a kept connection may be repeated by the client itself.
    if fault is not Fault.CUT:
        assert count(source, "jipyo_source_retries_total") == before + 1
    source.close()


LASTING = {
    Fault.CUT: "closed in the middle",
    Fault.TOO_MANY: "429",
    Fault.ERROR: "500",
    Fault.UNAVAILABLE: "503",
    Fault.HALF: "closed in the middle",
    Fault.WRONG_JSON: "no JSON",
    Fault.DRIP: "did not complete within",
    Fault.STALE: "instead of",
}


@pytest.mark.parametrize(("fault", "words"), LASTING.items())
def test_a_failure_that_lasts_is_named_within_bounded_time(
    proxy: FaultProxy, source: PrometheusSource, fault: Fault, words: str
) -> None:
    proxy.fail(fault)
    for ask in (
        lambda: source.instant("load", END),
        lambda: source.range("load", T0 + HOUR, END, MINUTE),
    ):
        start = time.monotonic()
        with pytest.raises(SourceError) as error:
            ask()
        assert time.monotonic() - start < TIMEOUT_S + 1
        text = texts("en").error(error.value)
        assert words in text or fault is Fault.STALE
        assert "main" in text
        assert texts("ko").error(error.value)
    failed = count(source, "jipyo_source_requests_total", "failed")
    assert failed == (0 if fault in {Fault.WRONG_JSON, Fault.STALE, Fault.ERROR} else 2)


def test_latency_within_the_timeout_is_waited_for(
    proxy: FaultProxy, source: PrometheusSource
) -> None:
    proxy.fail(Fault.LATENCY)
    assert vector_of(source.instant("load", END)).series == (LOAD,)
    proxy.latency_s = 60
    with pytest.raises(SourceError, match=r"net\.timeout"):
        source.instant("load", END)
    assert len(proxy.requests) == 2  # what took too long is not asked again


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.HALF, Fault.WRONG_JSON, Fault.CUT])
def test_a_piece_that_fails_is_missing_and_the_rest_is_there(
    proxy: FaultProxy, source: PrometheusSource, fault: Fault
) -> None:
    whole = matrix_of(source.range("load", T0, END, MINUTE))
    before = count(source, "jipyo_source_partial_total")
    second = f"start={T0 // 1000 + 3600}.000"
    proxy.fail(fault, affects=lambda path: second in path)
    result = source.range("load", T0, END, MINUTE)
    matrix = matrix_of(result)
    assert matrix.t_ms.tolist() == whole.t_ms.tolist()
    assert matrix.present[0, :60].all()
    assert not matrix.present[0, 60:].any()
    assert matrix.values[0, :60].tolist() == whole.values[0, :60].tolist()
    gaps = [texts("en").error(error) for error in result.missing]
    assert len(gaps) == 3  # the piece that failed, and the two that were not asked for
    assert "from 2026-11-01 03:26:40Z to 2026-11-01 04:25:40Z" in gaps[0]
    assert count(source, "jipyo_source_partial_total") == before + 1


def test_ranges_in_pieces_are_what_they_are_in_one(proxy: FaultProxy) -> None:
    split, whole = connect(proxy.url, max_points=7), connect(proxy.url)
    for expr in ("load", "load @ end() - load @ start()", "sum(rate(load[step() * 4]))", "time()"):
        pieces = split.range(expr, T0, END, MINUTE)
        assert pieces.missing == ()
        joined, single = matrix_of(pieces), matrix_of(whole.range(expr, T0, END, MINUTE))
        assert joined.series == single.series
        assert np.array_equal(joined.values, single.values)
        assert np.array_equal(joined.present, single.present)
    split.close()
    whole.close()


def test_an_answer_that_is_too_large_is_read_in_halves(proxy: FaultProxy) -> None:
    source, whole = connect(proxy.url, body_limit=50_000), connect(proxy.url)
    result = source.range("load", T0, END, 1000)
    assert result.missing == ()
    assert np.array_equal(
        matrix_of(result).values, matrix_of(whole.range("load", T0, END, 1000)).values
    )
    assert sum("query_range" in path for path in proxy.requests) > 8
    source.close()
    whole.close()


def test_a_query_beyond_the_samples_of_the_server_is_read_in_halves(tmp_path: Path) -> None:
    with prometheus(tmp_path, built("prometheus"), "{}", "--query.max-samples=100") as server:
        scrapes = [Scrape(t_ms, (LOAD,), np.array([1.0])) for t_ms in range(T0, END + 1, MINUTE)]
        server.load(scrapes)
        source = connect(server.url)
        result = source.range("load", T0, END, MINUTE)
        assert result.missing == ()
        assert matrix_of(result).present.all()
        with pytest.raises(QueryError, match="too many samples"):
            source.range("count_over_time(load[3h])", END, END, MINUTE)
        source.close()


def test_a_query_is_abandoned_at_once_and_its_connection_closed(
    proxy: FaultProxy, source: PrometheusSource
) -> None:
    proxy.fail(Fault.LATENCY)
    proxy.latency_s = 60
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()
    start = time.monotonic()
    with pytest.raises(QueryError) as error:
        source.bind(cancelled).instant("load", END)
    assert error.value.kind is QueryErrorKind.CANCELED
    assert time.monotonic() - start < 1
    proxy.fail(Fault.NONE)
    assert vector_of(source.instant("load", END)).series == (LOAD,)


def test_an_expired_certificate_is_named(upstream: str, tmp_path: Path) -> None:
    certificate = expired(tmp_path)
    with proxy_with_faults(upstream, certificate.wrap) as proxy:
        source = connect(proxy.url, tls=TlsOptions(ca_file=certificate.file))
        with pytest.raises(SourceError) as error:
            source.instant("load", END)
        text = texts("en").error(error.value)
        assert "certificate has expired" in text
        assert "tls_config" in text


def test_a_server_that_is_away_is_named(upstream: str) -> None:
    del upstream
    source = connect("http://user:hush@127.0.0.1:1/prometheus")
    with pytest.raises(SourceError) as error:
        source.instant("load", END)
    for lang in ("en", "ko"):
        text = texts(lang).error(error.value)
        assert "main" in text
        assert "127.0.0.1:1/prometheus" in text
        assert "hush" not in text
