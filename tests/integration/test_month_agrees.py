"""A month over real servers and over the embedded store, from the same samples."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import urllib3

from jipyo.analysis.summary import summarise_metric
from jipyo.catalogue import Summary
from jipyo.model.sample import SeriesBlock
from jipyo.promql import Engine
from jipyo.reports.data import find_window
from jipyo.source import Embedded
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.wire.exposition.write import format_series
from reports.test_months import COUNTED, GAUGE, MONTH, Samples, metric
from support.history import load_history
from support.metric_servers import built, packaged, prometheus, victoria

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.analysis.summary import MetricSummary
    from jipyo.source import Source

pytestmark = pytest.mark.integration

SAMPLES = Samples()


def list_blocks() -> Iterator[SeriesBlock]:
    for labels, t_ms, values in SAMPLES.series:
        yield SeriesBlock((labels,), t_ms, values[None])


@contextlib.contextmanager
def serve(name: str, folder: Path) -> Iterator[str]:
    """The URL of a server that has the samples."""
    if name != "VictoriaMetrics":
        load_history(folder, list_blocks())
        find = built if "3." in name else packaged
        with prometheus(folder, find("prometheus")) as server:
            yield server.url
        return
    with victoria(folder, built("victoria-metrics")) as server:
        for labels, t_ms, values in SAMPLES.series:
            series = format_series(labels)
            pairs = zip(t_ms.tolist(), values.tolist(), strict=True)
            body = "\n".join(f"{series} {value!r} {at_ms}" for at_ms, value in pairs)
            urllib3.request("POST", f"{server.url}/api/v1/import/prometheus", body=body.encode())
        urllib3.request("GET", f"{server.url}/internal/force_flush")
        yield server.url


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with SAMPLES.store(tmp_path_factory.mktemp("embedded")) as store:
        yield Embedded(store, Engine())


@pytest.fixture(scope="module", params=["Prometheus 3.16", "Prometheus 2.42", "VictoriaMetrics"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Source]:
    with (
        serve(request.param, tmp_path_factory.mktemp("server")) as url,
        contextlib.closing(PrometheusSource(PrometheusOptions(name="test", url=url))) as source,
    ):
        yield source


def summarise(source: Source, name: str) -> MetricSummary:
    return summarise_metric(source, metric(name), find_window(MONTH, MONTH.end_ms))


@pytest.mark.parametrize("name", [GAUGE, "app.probe.down"])
def test_the_same_minutes_states_and_days(embedded: Embedded, server: Source, name: str) -> None:
    (near,), (far,) = summarise(embedded, name).series, summarise(server, name).series
    assert near.labels.drop(("source",)) == far.labels.drop(("source",))
    assert (near.state, near.breaches) == (far.state, far.breaches)
    assert near.stats == far.stats
    assert near.days is not None
    assert far.days is not None
    assert near.days.beyond.critical_ms.tolist() == far.days.beyond.critical_ms.tolist()
    assert np.array_equal(near.days.worst, far.days.worst, equal_nan=True)
    assert near.values is not None
    assert far.values is not None
    assert np.array_equal(near.values, far.values, equal_nan=True)


@pytest.mark.parametrize("name", COUNTED)
def test_counts_of_days_add_up_and_are_exact_or_called_estimated(
    embedded: Embedded, server: Source, name: str
) -> None:
    near, far = summarise(embedded, name).headline, summarise(server, name).headline
    kind = Summary.SUM if Summary.SUM in metric(name).report.summaries else Summary.TOTAL
    exact, found = near.figures[kind], far.figures[kind]
    assert not exact.estimated
    assert exact.value is not None
    assert found.value is not None
    if found.estimated:
        assert found.value == pytest.approx(exact.value, rel=0.02)
    else:
        assert found.value == exact.value
    assert far.days is not None
    days = far.days.figures[kind]
    assert float(np.nansum(days)) == found.value == round(found.value)
    assert np.array_equal(days[~np.isnan(days)], np.round(days[~np.isnan(days)]))
