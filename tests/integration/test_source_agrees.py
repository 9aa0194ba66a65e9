"""The same expressions over the same samples, asked of our engine and of real servers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.catalogue import load
from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS, STALE_NAN, Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.dialect import expand_to_whole_window
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from support.answers import matrix_of
from support.memory import MemoryStore
from support.metric_servers import built, packaged, prometheus, victoria

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.result import Matrix, QueryResult
    from jipyo.source import Source

pytestmark = pytest.mark.integration

T0 = 1_793_500_000_123
SCRAPE_MS = 15_000
SCRAPES = 720  # three hours
HOUR = 3_600_000
FIRST = 1_793_500_000_000 // 60_000 * 60_000 + 60_000
STEP = 60_000
LAST = FIRST + 170 * STEP
SERVERS = ("prometheus_3_16", "prometheus_2_42", "victoria_2025", "victoria_2022")


def series(name: str, **labels: str) -> Labels:
    return Labels.of({"__name__": name, "job": "api", **labels})


def scrapes() -> list[Scrape]:
    """Counters with resets, gauges, a histogram; targets that come, go away and end."""
    random = np.random.default_rng(5)
    n = np.arange(SCRAPES)
    a = np.cumsum(random.integers(0, 20, SCRAPES)).astype(float) + 1000
    b = np.where(n < 300, a, a - a[300])  # restarts with 0
    late = np.where(n >= 200, np.cumsum(random.integers(0, 5, SCRAPES)), np.nan).astype(float)
    new = np.where(n >= 200, 8 + late - late[200], np.nan)
    old = np.where(n >= 200, 1e6 + late, np.nan)
    gone = np.where((n < 240) | (n >= 480), a * 2, np.nan)  # an hour without samples
    ends = np.where(n < 360, 50 + random.random(SCRAPES), np.nan)
    ends[360] = STALE_NAN
    fast = np.cumsum(random.integers(0, 9, SCRAPES)).astype(float)
    rows = {
        series("requests_total", host="a", code="200"): a,
        series("requests_total", host="b", code="200"): b,
        series("requests_total", host="b", code="500"): np.floor(b / 50),
        series("requests_total", host="late", code="200"): late,
        series("requests_total", host="gone", code="200"): gone,
        series("started_total", host="new"): new,
        series("started_total", host="old"): old,
        series("temperature", host="a"): 60 + 20 * np.sin(n / 40),
        series("temperature", host="b"): 55 + random.random(SCRAPES) * 30,
        series("temperature", host="ends"): ends,
        series("up", host="a"): np.ones(SCRAPES),
        series("up", host="b"): np.where((n > 300) & (n < 320), 0.0, 1.0),
        series("limit", host="a"): np.full(SCRAPES, 100.0),
        series("limit", host="b"): np.full(SCRAPES, 50.0),
        series("latency_bucket", le="0.1"): fast,
        series("latency_bucket", le="0.5"): fast * 1.5,
        series("latency_bucket", le="1.0"): fast * 1.7,
        series("latency_bucket", le="+Inf"): fast * 2,
        series("latency_count"): fast * 2,
        series("latency_sum"): fast * 0.3,
    }
    labels, values = tuple(rows), np.array(list(rows.values()))
    jitter = random.integers(0, 40, SCRAPES)
    made = []
    for i in range(SCRAPES):
        column = values[:, i]
        kept = ~np.isnan(column) | (np.ascontiguousarray(column).view(np.uint64) == STALE_BITS)
        chosen = tuple(one for one, is_kept in zip(labels, kept, strict=True) if is_kept)
        made.append(Scrape(T0 + i * SCRAPE_MS + int(jitter[i]), chosen, column[kept]))
    return made


EXPRESSIONS = (
    "temperature",
    "requests_total",
    "sum(requests_total)",
    "count by (host) (requests_total)",
    'temperature{host=~"a|b"} > 60',
    "temperature > bool 60",
    "temperature + 1",
    "temperature / on (job, host) limit",
    "temperature * on (job) group_left () count by (job) (up)",
    "sum by (job) (temperature)",
    "sum(temperature)",
    "avg without (host) (temperature)",
    "count(temperature > 70)",
    "max(temperature) or vector(0)",
    'up unless temperature{host="a"}',
    "topk(1, temperature)",
    "bottomk(1, temperature)",
    "quantile(0.9, temperature)",
    "stddev(temperature)",
    'count_values("v", up)',
    "absent(nothing)",
    'absent(nothing{host="a"})',
    "absent(temperature)",
    "time()",
    "vector(1)",
    "timestamp(temperature)",
    "clamp_max(temperature, 70)",
    "round(temperature)",
    'label_replace(temperature, "node", "$1", "host", "(.*)")',
    "avg_over_time(temperature[5m])",
    "max_over_time(temperature[1h])",
    "min_over_time(temperature[1h])",
    "sum_over_time(up[10m])",
    "count_over_time(temperature[10m])",
    "last_over_time(temperature[10m])",
    "quantile_over_time(0.95, temperature[30m])",
    "stddev_over_time(temperature[30m])",
    "present_over_time(temperature[30m])",
    'absent_over_time(temperature{host="ends"}[5m])',
    "delta(temperature[10m])",
    "deriv(temperature[10m])",
    "predict_linear(temperature[30m], 3600)",
    "changes(up[1h])",
    "rate(requests_total[5m])",
    "sum(rate(requests_total[5m]))",
    "irate(requests_total[5m])",
    "increase(requests_total[5m])",
    "increase(requests_total[1h])",
    "resets(requests_total[1h])",
    "increase(requests_total[1h] anchored)",
    "rate(requests_total[1h] anchored)",
    'increase(started_total{host="new"}[1h] anchored)',
    'increase(started_total{host="old"}[1h] anchored)',
    'increase(requests_total{host="gone"}[2h] anchored @ end())',
    "changes(up[1h] anchored)",
    "delta(temperature[1h] anchored)",
    "resets(requests_total[1h] anchored)",
    'sum(rate(requests_total{code=~"5.."}[5m])) / sum(rate(requests_total[5m]))',
    "histogram_quantile(0.95, sum by (le) (rate(latency_bucket[5m])))",
    "histogram_fraction(0, 0.3, sum by (le) (rate(latency_bucket[5m])))",
    "rate(latency_sum[5m]) / rate(latency_count[5m])",
    "max_over_time(sum(rate(requests_total[5m]))[1h:1m])",
    "avg_over_time((temperature > 70)[1h:1m])",
    "count_over_time(temperature[1h:1m])",
    "sum_over_time((up == bool 0)[1h:])",
    "temperature offset 10m",
    "temperature @ end()",
    "max_over_time(temperature[1h] @ end())",
    "min by (job) (up) * 100",
    "-temperature",
    "temperature and on (host) up",
    "hour()",
    "day_of_week(vector(1793500000))",
)
_VICTORIA = ("victoria_2025", "victoria_2022")
_NOT_EXTRAPOLATED = dict.fromkeys(
    _VICTORIA, "counts begin with the last sample before the window, and are not extrapolated"
)
_ACROSS_GAPS = dict.fromkeys(
    _VICTORIA, "what was counted in a gap belongs to the window in which the series is back"
)
_FROM_ZERO = dict.fromkeys(
    _VICTORIA, "a new counter is taken to have begun with 0 where its first value is small"
)
_ESTIMATED = {"prometheus_2_42": "no anchored windows: counts are extrapolated"}
DIFFERENT: dict[str, dict[str, str]] = {
    "delta(temperature[10m])": dict.fromkeys(_VICTORIA, "differences are not extrapolated"),
    "rate(requests_total[5m])": _NOT_EXTRAPOLATED,
    "sum(rate(requests_total[5m]))": _NOT_EXTRAPOLATED,
    "increase(requests_total[5m])": _NOT_EXTRAPOLATED,
    "increase(requests_total[1h])": _NOT_EXTRAPOLATED,
    'sum(rate(requests_total{code=~"5.."}[5m])) / sum(rate(requests_total[5m]))': _NOT_EXTRAPOLATED,
    "max_over_time(sum(rate(requests_total[5m]))[1h:1m])": _NOT_EXTRAPOLATED,
    "increase(requests_total[1h] anchored)": _ACROSS_GAPS | _ESTIMATED,
    "rate(requests_total[1h] anchored)": _ACROSS_GAPS | _ESTIMATED,
    'increase(started_total{host="new"}[1h] anchored)': _FROM_ZERO | _ESTIMATED,
    'increase(started_total{host="old"}[1h] anchored)': _ESTIMATED,
    'increase(requests_total{host="gone"}[2h] anchored @ end())': _ESTIMATED,
    "delta(temperature[1h] anchored)": dict.fromkeys(_VICTORIA, "no anchored windows") | _ESTIMATED,
    "bottomk(1, temperature)": {"victoria_2022": "of series that end, others are chosen"},
}
"""What servers answer otherwise, see docs/sources.md; a difference that is gone fails."""
ESTIMATED = {
    *((expr, "prometheus_2_42") for expr in EXPRESSIONS if "anchored" in expr),
    *(
        (f"{function}[1h] anchored)", server)
        for function in ("delta(temperature", "changes(up")
        for server in _VICTORIA
    ),
}
"""Which counts are marked as extrapolated, or as without the edges of their windows."""


@contextlib.contextmanager
def _connected(maker, folder, program) -> Iterator[PrometheusSource]:
    with maker(folder, program) as server:
        server.load(scrapes())
        source = PrometheusSource(PrometheusOptions(name="main", url=server.url))
        yield source
        source.close()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Source]]:
    store = MemoryStore()
    store.append(scrapes())
    folder = tmp_path_factory.mktemp("servers")
    with contextlib.ExitStack() as keep:
        made: dict[str, Source] = {"embedded": Embedded(store, Engine())}
        for name, maker, find, program in (
            ("prometheus_3_16", prometheus, built, "prometheus"),
            ("prometheus_2_42", prometheus, packaged, "prometheus"),
            ("victoria_2025", victoria, built, "victoria-metrics"),
            ("victoria_2022", victoria, packaged, "victoria-metrics"),
        ):
            made[name] = keep.enter_context(_connected(maker, folder / name, find(program)))
        yield made


def differ(one: Matrix, other: Matrix) -> str:
    """What is different, in words; empty where every point is the same within 1e-9."""
    if set(one.series) != set(other.series):
        return f"series {set(map(str, one.series)) ^ set(map(str, other.series))}"
    order = [other.series.index(labels) for labels in one.series]
    present, values = other.present[order], other.values[order]
    if not np.array_equal(one.present, present):
        row, step = np.argwhere(one.present != present)[0]
        count = int((one.present != present).sum())
        return f"{count} points are there or not: first {one.series[row]} at step {step}"
    both = one.present
    close = np.isclose(one.values, values, rtol=1e-9, atol=1e-9, equal_nan=True) | ~both
    if close.all():
        return ""
    row, step = np.argwhere(~close)[0]
    count, one_value, value = int((~close).sum()), one.values[row, step], values[row, step]
    return f"{count} of {both.sum()} values: {one.series[row]} at {step}: {one_value} != {value}"


REJECTED = {"histogram_fraction": {"prometheus_2_42": "classic buckets"}}
"""Functions that a server does not have, and words of the error."""


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("expr", EXPRESSIONS)
def test_an_expression_means_the_same_everywhere(
    sources: dict[str, Source], expr: str, name: str
) -> None:
    def ask(source: Source) -> QueryResult:
        return source.range(expr, FIRST, LAST, STEP)

    for function, servers in REJECTED.items():
        if function in expr and name in servers:
            with pytest.raises(QueryError, match=servers[name]):
                ask(sources[name])
            return
    exact, answer = ask(sources["embedded"]), ask(sources[name])
    assert answer.missing == ()
    difference = differ(matrix_of(exact), matrix_of(answer))
    assert answer.estimated is ((expr, name) in ESTIMATED)
    reason = DIFFERENT.get(expr, {}).get(name, "")
    assert bool(difference) is bool(reason), difference or f"no longer: {reason}"


@pytest.mark.parametrize("name", SERVERS)
def test_every_expression_of_the_catalogue_is_taken(sources: dict[str, Source], name: str) -> None:
    """Over the last five minutes and over a whole day."""
    expressions = {
        promql
        for metric in load().metrics
        for query in metric.queries
        for promql in (query.promql, query.total_promql)
        if promql is not None
    }
    rejected = set()
    for promql in sorted(expressions):
        for text in (promql.replace("$w", "5m"), expand_to_whole_window(promql, 86_400_000)):
            try:
                sources[name].instant(text, LAST)
            except QueryError:
                rejected.add(promql)
    assert {promql for promql in rejected if "histogram_fraction" not in promql} == set()
    assert bool(rejected) is (name == "prometheus_2_42")
