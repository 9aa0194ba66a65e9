"""Every record is counted once, whenever it is flushed and merged, and whoever is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jipyo.logs.embedded.counting import FILE, LATE_NS, LogCounter
from jipyo.logs.store.reader import StoreReader
from jipyo.logs.store.store import LogStore
from support.log_batches import SECOND, START_NS, make_batch

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from jipyo.logs.record import LogBatch

NOW_NS = START_NS + 60 * SECOND
VLLM = (
    "INFO 02-13 11:33:39 [loggers.py:257] Engine 000: Avg prompt throughput: 20.0 tokens/s, Avg "
    "generation throughput: 10.5 tokens/s, Running: 2 reqs, Waiting: 3 reqs, GPU KV cache usage: "
    "12.5%, Prefix cache hit rate: 0.0%"
)


def requests(route: str, statuses: list[int], t: float = 50) -> LogBatch:
    rows = [
        {
            "t": t,
            "message": f"GET {route} {status}",
            "url.route": route,
            "http.request.method": "GET",
            "http.response.status_code": status,
            "event.duration": 5 * 10**6,
        }
        for status in statuses
    ]
    return make_batch("web", rows)


def read(folder: Path, now_ns: int = NOW_NS, counter: LogCounter | None = None) -> dict[str, Any]:
    families = (counter or LogCounter(StoreReader(folder))).count(now_ns)
    return {str(each.labels): each.value for family in families for each in family.samples}


def total(samples: dict[str, float], name: str, *parts: str) -> float:
    return sum(
        value
        for key, value in samples.items()
        if key.startswith(name) and all(part in key for part in parts)
    )


def test_requests_lines_and_status_lines_are_counted(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        store.append([requests("/pay", [200, 200, 500]), requests("/health", [200])])
        store.append([make_batch("vllm", [{"t": 50, "level": "INFO", "message": VLLM}])])
        store.flush()
    samples = read(tmp_path)
    assert total(samples, "http_requests_total", 'handler="/pay"') == 3
    assert total(samples, "http_requests_total", 'status="500"') == 1
    assert total(samples, "http_requests_total", "/health") == 0
    assert total(samples, "jipyo_log_monitor_requests_total") == 1
    assert total(samples, "http_request_duration_seconds_count") == 3
    assert total(samples, "jipyo_log_lines_total") == 5
    assert total(samples, "vllm:num_requests_waiting", 'job="vllm"') == 3
    assert total(samples, "vllm:generation_tokens_total") == 105


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["append", "flush", "merge", "count", "kill"]), max_size=24))
def test_each_record_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    folder, appended, before = tmp_path_factory.mktemp("logs"), 0, 0.0
    with LogStore.open(folder) as store:
        counter = LogCounter(StoreReader(folder))
        for step in [*steps, "flush", "count"]:
            if step == "append":
                appended += 1
                store.append([requests("/pay", [200])])
            elif step == "flush":
                store.flush()
            elif step == "merge":
                store.maintain(NOW_NS)
            elif step == "kill":
                counter = LogCounter(StoreReader(folder))
            else:
                counted = total(read(folder, counter=counter), "http_requests_total")
                assert before <= counted <= appended
                before = counted
    assert before == appended


def test_what_arrives_late_is_counted_apart_and_not_read(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        store.append([requests("/pay", [200] * 4)])
        store.flush()
        late = NOW_NS + LATE_NS
        store.append([requests("/pay", [200] * 2, t=50), requests("/pay", [200], t=360)])
        store.flush()
    samples = read(tmp_path, late)
    assert total(samples, "jipyo_log_late_lines_total", 'service="web"') == 6
    assert total(samples, "jipyo_log_lines_total") == 1


def test_gauges_of_a_server_that_is_silent_end_and_its_counters_stay(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        store.append([make_batch("vllm", [{"t": 50, "level": "INFO", "message": VLLM}])])
        store.flush()
    counter = LogCounter(StoreReader(tmp_path))
    assert total(read(tmp_path, NOW_NS, counter), "vllm:num_requests_running") == 2
    later = read(tmp_path, NOW_NS + 2 * LATE_NS, counter)
    assert total(later, "vllm:num_requests_running") == 0
    assert total(later, "vllm:prompt_tokens_total") == 200


def test_a_damaged_file_begins_anew_without_counting_twice(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        store.append([requests("/pay", [200] * 4)])
        store.flush()
        assert total(read(tmp_path), "http_requests_total") == 4
        (tmp_path / FILE).write_bytes(b"{")
        assert total(read(tmp_path), "http_requests_total") == 0
        store.append([requests("/pay", [200])])
        store.flush()
    assert total(read(tmp_path), "http_requests_total") == 1


def test_the_first_error_of_a_known_service_begins_at_zero(tmp_path: Path) -> None:
    with LogStore.open(tmp_path) as store:
        counter = LogCounter(StoreReader(tmp_path))
        store.append([requests("/pay", [200] * 4)])
        store.flush()
        assert total(read(tmp_path, NOW_NS, counter), "http_requests_total") == 4
        store.append([requests("/pay", [500] * 2), make_batch("db", [{"t": 50, "message": "up"}])])
        store.flush()
    first, second = (read(tmp_path, NOW_NS, counter) for _ in range(2))
    assert total(first, "http_requests_total", 'status="500"') == 0
    assert 'http_requests_total{handler="/pay",job="web",method="GET",status="500"}' in first
    assert total(second, "http_requests_total", 'status="500"') == 2
    assert total(first, "jipyo_log_lines_total", 'service="db"') == 1
    after_restart = read(tmp_path)
    assert total(after_restart, "http_requests_total", 'status="500"') == 2
