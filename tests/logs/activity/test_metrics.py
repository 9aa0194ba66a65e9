"""Metrics from log lines: every line counted once, under the names of the catalogue."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity.metrics import EDGES_S, MAX_ROUTES, LogMetrics
from jipyo.logs.activity.status_lines import COUNTERS, GAUGES
from support.log_batches import make_batch

VLLM = (
    "(APIServer pid=7) INFO 02-13 11:33:39 [loggers.py:257] Engine 000: Avg prompt throughput: "
    "{prompt} tokens/s, Avg generation throughput: {generated} tokens/s, Running: {running} reqs, "
    "Waiting: 3 reqs, GPU KV cache usage: 12.5%, Prefix cache hit rate: 0.0%"
)
OLD_VLLM = (
    "INFO 09-22 10:00:00 metrics.py:351] Avg prompt throughput: 0.0 tokens/s, Avg generation "
    "throughput: 28.1 tokens/s, Running: 1 reqs, Swapped: 0 reqs, Pending: 2 reqs, "
    "GPU KV cache usage: 0.4%, CPU KV cache usage: 0.0%."
)
SGLANG = (
    "Decode batch. #running-req: 2, #token: 66, token usage: 0.25, cuda graph: True, "
    "gen throughput (token/s): 10.5, #queue-req: 4"
)


def read(*batches: Any) -> dict[tuple[str, ...], float]:
    """The samples by name and labels, in the order of the labels' names."""
    metrics = LogMetrics()
    for batch in batches:
        metrics.add(batch)
    return {
        tuple(value for _, value in sample.labels.pairs): sample.value
        for family in metrics.families()
        for sample in family.samples
    }


def request(
    route: str | None, status: int | None = 200, ms: int | None = 5, **rest: Any
) -> dict[str, Any]:
    return {
        "t": 0,
        "url.route": route,
        "http.request.method": rest.get("method", "GET"),
        "http.response.status_code": status,
        "event.duration": None if ms is None else ms * 10**6,
        "level": rest.get("level", "INFO"),
    }


def total(samples: dict[tuple[str, ...], float], name: str) -> float:
    return sum(value for key, value in samples.items() if key[0] == name)


def test_requests_are_counted_by_handler_method_and_status() -> None:
    rows = [request("/a"), request("/a", 500, level="ERROR"), request("/b", method="POST")]
    samples = read(make_batch("web", rows), make_batch("web", rows[:1]))
    assert samples["http_requests_total", "/a", "web", "GET", "200"] == 2
    assert samples["http_requests_total", "/a", "web", "GET", "500"] == 1
    assert samples["http_requests_total", "/b", "web", "POST", "200"] == 1
    assert samples["jipyo_log_lines_total", "error", "web"] == 1


def test_durations_are_a_histogram() -> None:
    rows = [
        request("/a", ms=5),
        request("/a", ms=6),
        request("/a", ms=70_000),
        request("/a", ms=None),
    ]
    samples = read(make_batch("web", rows))
    bucket = ("http_request_duration_seconds_bucket", "/a", "web")
    assert [samples[(*bucket, le)] for le in ("0.005", "0.01", "60", "+Inf")] == [1, 2, 2, 3]
    assert samples["http_request_duration_seconds_count", "/a", "web"] == 3
    assert samples["http_request_duration_seconds_sum", "/a", "web"] == pytest.approx(70.011)
    assert {0.5, 1.0, 2.0} <= set(EDGES_S)  # the boundaries that the catalogue reads


def test_requests_of_monitors_are_folded_away() -> None:
    samples = read(make_batch("web", [request("/health"), request("/metrics"), request("/a")]))
    assert samples["jipyo_log_monitor_requests_total", "web"] == 2
    assert total(samples, "http_requests_total") == 1


def test_too_many_routes_are_counted_together() -> None:
    samples = read(make_batch("web", [request(f"/r{n}") for n in range(MAX_ROUTES + 5)]))
    assert samples["http_requests_total", "other", "web", "GET", "200"] == 5
    assert total(samples, "http_requests_total") == MAX_ROUTES + 5


@given(st.lists(st.builds(
    request,
    st.sampled_from(("/a", "/b", "/health", None)),
    st.sampled_from((200, 404, 500, None)),
    st.sampled_from((0, 1, 400, 99_999, None)),
    level=st.sampled_from(("INFO", "ERROR", "UNKNOWN")),
), max_size=20), st.integers(0, 20))  # fmt: skip
def test_every_line_is_counted_once_however_batches_are_cut(rows, cut) -> None:
    samples = read(make_batch("web", rows[:cut]), make_batch("web", rows[cut:]))
    assert total(samples, "jipyo_log_lines_total") == len(rows)
    seen = Counter("monitor" if row["url.route"] == "/health" else "page" for row in rows
                   if row["url.route"])  # fmt: skip
    assert total(samples, "http_requests_total") == seen["page"]
    assert total(samples, "jipyo_log_monitor_requests_total") == seen["monitor"]
    timed = [
        row
        for row in rows
        if row["url.route"] in ("/a", "/b") and row["event.duration"] is not None
    ]
    assert total(samples, "http_request_duration_seconds_count") == len(timed)


def status(t: float, line: str) -> dict[str, Any]:
    return {"t": t, "message": line}


def test_status_lines_of_vllm_become_its_metrics() -> None:
    lines = [
        status(0, VLLM.format(prompt="100.0", generated="20.0", running=2)),
        status(10, VLLM.format(prompt="50.0", generated="10.0", running=1)),
        status(310, VLLM.format(prompt="5.0", generated="1.0", running=0)),  # after a pause
    ]
    samples = read(make_batch("vllm", lines))
    assert samples["vllm:num_requests_running", "000", "vllm", "vllm"] == 0
    assert samples["vllm:num_requests_waiting", "000", "vllm", "vllm"] == 3
    assert samples["vllm:kv_cache_usage_perc", "000", "vllm", "vllm"] == 0.125
    assert samples["vllm:prompt_tokens_total", "000", "vllm", "vllm"] == 1550
    assert samples["vllm:generation_tokens_total", "000", "vllm", "vllm"] == 310


def test_older_status_lines_of_vllm_are_read_too() -> None:
    samples = read(make_batch("vllm", [status(0, OLD_VLLM), status(5, OLD_VLLM)]))
    assert total(samples, "vllm:num_requests_waiting") == 2
    assert total(samples, "vllm:generation_tokens_total") == pytest.approx(28.1 * 15)


def test_status_lines_of_sglang_become_its_metrics() -> None:
    samples = read(make_batch("sglang", [status(0, SGLANG), status(20, SGLANG)]))
    assert total(samples, "sglang:num_running_reqs") == 2
    assert total(samples, "sglang:num_queue_reqs") == 4
    assert total(samples, "sglang:token_usage") == 0.25
    assert total(samples, "sglang:generation_tokens_total") == 210


def test_lines_that_only_look_like_a_status_are_none() -> None:
    samples = read(make_batch("vllm", [status(0, "throughput is low"), status(0, VLLM[:150])]))
    assert not {key[0] for key in samples} & {*GAUGES, *COUNTERS}
