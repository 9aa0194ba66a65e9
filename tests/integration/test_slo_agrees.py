"""The same objectives over the same samples, asked of our engine and of real servers."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.slo.derive import list_specified
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.objective import ServiceLevelObjective, TimeIndicator
from jipyo.analysis.slo.read import COARSE_MS, CountReader
from jipyo.catalogue import load
from jipyo.catalogue.metric import Compare
from jipyo.model.bilingual import Bilingual
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.tsdb import Store
from support.levels import MINUTE_MS, NOW_MS, list_scrapes
from support.metric_servers import built, packaged, prometheus, victoria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.analysis.slo.result import SloResult
    from jipyo.source import Source

pytestmark = pytest.mark.integration

SEOUL = ZoneInfo("Asia/Seoul")
SITE = ServiceLevelObjective(
    id="site",
    name=Bilingual("사이트", "Site"),
    target=Fraction("0.999"),
    indicators=(TimeIndicator("probe_success", Compare.AT_LEAST, 1.0),),
)
SERVERS = {
    "prometheus_3_16": (prometheus, built, "prometheus"),
    "prometheus_2_42": (prometheus, packaged, "prometheus"),
    "victoria_2025": (victoria, built, "victoria-metrics"),
    "victoria_2022": (victoria, packaged, "victoria-metrics"),
}
AT_MS = NOW_MS + 3_600_000 + 7 * MINUTE_MS


def evaluate(source: Source) -> tuple[SloResult, ...]:
    return evaluate_levels(CountReader(source), (*list_specified(load()), SITE), AT_MS, SEOUL)


@pytest.fixture(scope="module")
def exact(tmp_path_factory: pytest.TempPathFactory) -> tuple[SloResult, ...]:
    with Store.open(tmp_path_factory.mktemp("levels"), now_ms=lambda: AT_MS + 21_600_000) as store:
        store.append(list(list_scrapes()))
        return evaluate(Embedded(store, Engine()))


@contextlib.contextmanager
def asking(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrometheusSource]:
    maker, find, program = SERVERS[name]
    with maker(tmp_path_factory.mktemp(name) / "server", find(program)) as server:
        server.load(list_scrapes())
        source = PrometheusSource(PrometheusOptions(name="main", url=server.url))
        with contextlib.closing(source):
            yield source


@pytest.mark.parametrize("name", SERVERS)
def test_objectives_come_to_the_same_at_every_server(
    exact: tuple[SloResult, ...], name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with asking(name, tmp_path_factory) as source:
        found = evaluate(source)
    assert [one.labels for one in found] == [one.labels for one in exact]
    for one, other in zip(found, exact, strict=True):
        assert one.refusal == other.refusal
        assert one.missing == ()
        if one.refusal is not None:
            continue
        if name == "prometheus_2_42" and one.objective is not SITE:
            assert one.estimated
            assert one.cut_ms == AT_MS // COARSE_MS * COARSE_MS
            assert one.compliance == pytest.approx(other.compliance, abs=1e-4)
            assert one.tally.total == pytest.approx(other.tally.total, rel=0.01)
        else:
            assert (one.tally, one.burn_rates) == (other.tally, other.burn_rates)
            assert (one.cut_ms, one.estimated) == (AT_MS, False)
