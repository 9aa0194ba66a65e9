"""One set of metrics over the AI servers of today, by the expositions that they declare."""

from __future__ import annotations

import pytest

from jipyo.analysis.health import assess, assess_catalogue
from jipyo.analysis.summary import summarise_metric
from jipyo.analysis.thresholds import State
from jipyo.analysis.window import Window
from jipyo.catalogue import Catalogue, MetricGroup, Role, Statistic, Summary, load
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import MetricData, read_metric
from support.ai_servers import (
    ACCEPTED,
    CACHED,
    DECLARATIONS,
    DRAFTED,
    KV_CACHE,
    OUTPUT,
    PROMPT,
    RUNNING,
    WAITING,
    Traffic,
    list_versions,
    read_server,
)
from support.ai_stores import END_MS, MINUTES, record_file, record_server, record_servers
from support.memory import MemoryStore

KNOWN = load()
AI = Catalogue(tuple(one for one in KNOWN.metrics if one.group is MetricGroup.AI))
FILES = sorted(file.stem for file in DECLARATIONS.glob("*.txt"))


def ask(source: Embedded, metric_id: str) -> MetricData:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    return read_metric(source, metric, END_MS, END_MS, 60_000)


def values_of(data: MetricData, label: str = "server") -> dict[str, float]:
    names = [labels[label] for labels in data.matrix.series]
    assert len(names) == len(set(names)), "a server twice"
    return dict(zip(names, data.matrix.values[:, -1].tolist(), strict=True))


# ------------------------------------------------------------------------- server x metric

ABSENT, MEAN, VALUE = "not exported", "mean only", "value"


def find_cell(source: Embedded, metric_id: str) -> str:
    data = ask(source, metric_id)
    if not data.matrix.present.any():
        return ABSENT
    full = any(query.statistic is Statistic.FULL for query in data.queries)
    return VALUE if full else MEAN


def expect_cell(exporter: str, metric_id: str) -> set[str]:
    """What the catalogue promises; of several queries of a server one is enough."""
    metric = KNOWN.get(metric_id)
    assert metric is not None
    statistics = {query.statistic for query in metric.queries if query.exporter == exporter}
    return {MEAN if one is Statistic.MEAN else VALUE for one in statistics} or {ABSENT}


def list_sources() -> list[tuple[str, str]]:
    declared = [(read_server(version).exporter, version) for version in list_versions()]
    return sorted([*declared, *((name, name) for name in FILES)], key=lambda one: one[1])


SERVERS = pytest.mark.parametrize(("exporter", "version"), list_sources(), ids=str)
# Efficiency needs an accelerator's exporter too, and accuracy an evaluation job.
NOT_OF_A_SERVER = ("ai.efficiency.", "ai.model.accuracy")
# A page of an older version, or with other options, has less than the catalogue knows.
LESS = {
    "vllm-0.9": {"ai.cache.prefix_hits", "ai.batch.draft_acceptance", "ai.queue.reason"},
}


@SERVERS
def test_every_cell_of_server_and_metric_is_what_the_catalogue_promises(
    exporter: str, version: str
) -> None:
    source = record_file(version) if version in FILES else record_servers(read_server(version))
    cells = {
        metric.id: find_cell(source, metric.id)
        for metric in AI.metrics
        if not metric.id.startswith(NOT_OF_A_SERVER)
    }
    less = LESS.get(version, set())
    for name, cell in cells.items():
        assert cell in ({ABSENT} if name in less else expect_cell(exporter, name)), name


def test_every_ai_server_of_the_catalogue_has_a_page() -> None:
    servers = {exporter.id for exporter in KNOWN.exporters if exporter.role is not None}
    assert servers == {exporter for exporter, _ in list_sources()}


# --------------------------------------------------------------------------------- figures

ENGINES = ("vllm-0.33.0", "sglang-0.5.23", "trtllm-050f80de", "ray_llm-2.60.0")
WANTED = {
    "ai.tokens": 600 * 0.99 * OUTPUT / 60,
    "ai.tokens.prompt": 600 * 0.99 * PROMPT / 60,
    "ai.gpu_memory": 100 * KV_CACHE,
    "ai.batch.running": RUNNING,
    "ai.queue.length": WAITING,
    "ai.cache.prefix_hits": 100 * CACHED / PROMPT,
    "ai.batch.draft_acceptance": 100 * ACCEPTED / DRAFTED,
    "ai.goodput.first_token": 97,
    "ai.goodput.response": 96,
    "ai.model.loaded": 1,
}


@pytest.mark.parametrize("version", ENGINES)
@pytest.mark.parametrize("metric_id", list(WANTED))
def test_engines_give_the_same_figures_for_the_same_traffic(version: str, metric_id: str) -> None:
    server = read_server(version)
    data = ask(record_servers(server), metric_id)
    assert values_of(data) == pytest.approx({server.exporter: WANTED[metric_id]}, rel=0.01)


@pytest.mark.parametrize("version", ENGINES)
@pytest.mark.parametrize(
    ("metric_id", "low", "high"),
    [
        ("ai.inference.time", 0.6, 1.0),
        ("ai.inference.first_token", 0.5, 1.0),
        ("ai.inference.inter_token", 0.01, 0.025),
        ("ai.queue.time", 0.0, 0.3),
    ],
)
def test_percentiles_lie_in_the_bucket_of_the_true_one(
    version: str, metric_id: str, low: float, high: float
) -> None:
    data = ask(record_servers(read_server(version)), metric_id)
    [value] = values_of(data).values()
    assert low <= value <= high


def test_a_percent_of_client_aborts_is_no_failure_and_a_metric_of_its_own() -> None:
    source = record_servers(read_server("vllm-0.33.0"))
    assert values_of(ask(source, "ai.failures")) == {"vllm": 0}
    assert values_of(ask(source, "ai.aborts")) == pytest.approx({"vllm": 1})
    health = {one.metric.id: one.state for one in assess_catalogue(source, AI, END_MS).metrics}
    assert health["ai.failures"] is State.OK
    assert health["ai.aborts"] is not State.CRITICAL


def test_requests_that_are_running_or_cancelled_are_no_failures_of_tei_and_tgi() -> None:
    assert values_of(ask(record_servers(read_server("tei-0d124dc")), "ai.failures")) == {"tei": 0}
    [value] = values_of(ask(record_file("tgi"), "ai.failures")).values()
    assert value == pytest.approx(100 * 2 / 1000), "bad requests of clients are none either"


def test_one_error_in_six_hundred_requests_is_exactly_that() -> None:
    def traffic(minutes: float) -> Traffic:
        n = int(minutes * 120)
        errors = 1 if minutes > 12 else 0
        return Traffic(completed=n - n // 100 - errors, errors=errors, aborted=n // 100)

    source = record_servers(read_server("vllm-0.33.0"), traffic=traffic)
    data = ask(source, "ai.failures")
    assert values_of(data) == pytest.approx({"vllm": 100 / 600}, rel=1e-9)
    assert data.n is not None
    assert data.n[0, -1] == 600


def test_a_rejected_request_failed_for_its_user() -> None:
    def traffic(minutes: float) -> Traffic:
        return Traffic(completed=int(minutes * 90), rejected=int(minutes * 10))

    source = record_servers(read_server("vllm-0.33.0"), traffic=traffic)
    assert values_of(ask(source, "ai.failures")) == pytest.approx({"vllm": 10})


def test_a_server_that_does_not_distinguish_aborts_from_failures_is_not_judged_by_them() -> None:
    source = record_servers(read_server("sglang-0.5.23"), read_server("nim-2.1"))
    assert not ask(source, "ai.failures").matrix.series
    assert values_of(ask(source, "ai.aborts")) == pytest.approx({"sglang": 1})


def test_each_reason_of_waiting_is_a_series() -> None:
    data = ask(record_servers(read_server("vllm-0.33.0")), "ai.queue.reason")
    assert values_of(data, "reason") == {"capacity": WAITING, "deferred": 0}


def test_the_old_and_the_new_name_of_one_server_are_one_series() -> None:
    store = MemoryStore()
    for version, job in (("vllm-0.33.0", "new"), ("vllm-0.9", "old")):
        record_server(store, job, read_server(version))
    data = ask(Embedded(store, Engine()), "ai.gpu_memory")
    assert values_of(data) == pytest.approx({"vllm": 42})


# --------------------------------------------------------------- several servers, gateways


def window_of(minutes: int) -> Window:
    return Window(END_MS - minutes * 60_000, END_MS)


def total_of(source: Embedded, metric_id: str, minutes: int = 10) -> float:
    metric = KNOWN.get(metric_id)
    assert metric is not None
    figure = summarise_metric(source, metric, window_of(minutes)).headline.figures[Summary.TOTAL]
    assert figure.value is not None
    return figure.value


def test_two_engines_behind_a_gateway_count_every_token_once() -> None:
    engines = [read_server("vllm-0.33.0"), read_server("sglang-0.5.23")]
    gateways = [read_server("litellm-1.110.2"), read_server("dynamo-1.6.1")]
    client = read_server("otel_genai_client-0.66b2")
    source = record_servers(*engines, *gateways, client)
    assert set(values_of(ask(source, "ai.tokens"))) == {"vllm", "sglang"}
    for metric_id, tokens in (("ai.tokens", OUTPUT), ("ai.tokens.prompt", PROMPT)):
        assert total_of(source, metric_id) == pytest.approx(2 * 5940 * tokens, rel=0.001)


def test_the_same_model_on_two_engines_is_two_series_with_one_total() -> None:
    source = record_servers(read_server("vllm-0.33.0"), read_server("sglang-0.5.23"))
    metric = KNOWN.get("ai.batch.running")
    assert metric is not None
    summary = summarise_metric(source, metric, window_of(10))
    assert {one.labels["server"] for one in summary.series} == {"vllm", "sglang"}
    assert sorted(one.name for one in summary.series) == ["sglang", "vllm"]
    assert summary.total is not None
    assert summary.total.figures[Summary.MAX].value == 2 * RUNNING
    assert summary.total.exporter == "vllm, sglang"


def test_a_gateway_stands_in_for_missing_engines_and_has_metrics_of_its_own() -> None:
    alone = record_servers(read_server("litellm-1.110.2"))
    assert len(ask(alone, "ai.tokens").matrix.series) == 1
    with_engine = record_servers(read_server("litellm-1.110.2"), read_server("vllm-0.33.0"))
    assert set(values_of(ask(with_engine, "ai.gateway.time"))) == {"litellm"}
    assert set(values_of(ask(with_engine, "ai.gateway.failures"))) == {"litellm"}


def test_tokens_of_tenants_come_from_gateways_and_applications() -> None:
    source = record_servers(read_server("litellm-1.110.2"))
    data = ask(source, "ai.usage.tokens")
    per_second = 5940 / 600
    assert values_of(data, "kind") == pytest.approx(
        {"input": PROMPT * per_second, "output": OUTPUT * per_second}, rel=0.01
    )
    assert {labels["tenant"] for labels in data.matrix.series} == {"search"}


def test_no_server_but_an_engine_is_added_up() -> None:
    """What gateways and clients count, an engine counts as well."""
    roles = {exporter.id: exporter.role for exporter in KNOWN.exporters}
    for metric in AI.metrics:
        if metric.id.startswith(("ai.gateway.", "ai.usage.", "ai.embedding.")):
            continue
        for query in metric.queries:
            if roles[query.exporter] in (Role.GATEWAY, Role.CLIENT):
                assert query.fallback, (metric.id, query.exporter)


def test_an_engine_that_stops_reporting_is_not_hidden_by_another_with_the_same_model() -> None:
    store = MemoryStore()
    record_server(store, "sglang", read_server("sglang-0.5.23"))
    record_server(store, "vllm", read_server("vllm-0.33.0"), scrapes=len(MINUTES) - 40)
    metric = KNOWN.get("ai.gpu_memory")
    assert metric is not None
    source = Embedded(store, Engine())
    health = assess(read_metric(source, metric, END_MS - 3_600_000, END_MS, 60_000), END_MS)
    assert health.state is State.UNKNOWN
    assert health.worst is not None
    assert health.worst["server"] == "vllm"
