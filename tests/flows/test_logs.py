"""Log records reach the store of a running jipyo, whatever is killed meanwhile."""

from __future__ import annotations

import gzip
import logging
import os
import signal
import socket
import time
from typing import TYPE_CHECKING

import orjson
import pytest
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from support.log_site import (
    find_child,
    post,
    push_loki,
    read_messages,
    wait_for_messages,
)
from support.product import up
from support.services import free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from support.product import Product

QUIET = "collect: {interval: 1s, process: false, gpu: false}\n"


def write_config(folder: Path, logs: str = "{}") -> list[str]:
    file = folder / "jipyo.yaml"
    file.write_text(f"{QUIET}logs: {logs}\n", "utf-8")
    return ["--config", str(file)]


def number(name: str, n: int) -> list[str]:
    return [f"{name} {each}" for each in range(n)]


def append(path: Path, texts: list[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{text}\n" for text in texts))


def test_without_logs_there_is_no_second_process_and_the_first_request_starts_it(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    with up(data, *write_config(tmp_path)) as product:
        assert find_child(product) is None
        assert not (data / "logs").exists()
        assert push_loki(product, ["first"]) == 204
        child = find_child(product)
        assert child is not None
        wait_for_messages(data, {"first"})
        assert product.stop() == 0
    assert not (data / "logs" / "ingest.sock").exists()
    wait_until(lambda: not os.path.exists(f"/proc/{child}"))  # noqa: PTH110 - no path of ours
    with up(data, *write_config(tmp_path)) as product:  # what is kept has to be looked after
        wait_until(lambda: find_child(product) is not None)


def test_files_are_followed_through_rotation_reload_and_the_death_of_either_process(
    tmp_path: Path,
) -> None:
    data, log = tmp_path / "data", tmp_path / "app.log"
    words = write_config(tmp_path, f'{{files: [{{path: "{log}*", service: shop}}]}}')
    append(log, number("before", 50))
    texts = {*number("before", 50), *number("rotated", 50), *number("after", 50)}
    with up(data, *words) as product:
        wait_for_messages(data, set(number("before", 50)))
        append(log, number("rotated", 50))
        log.rename(tmp_path / "app.log.1")
        append(log, number("after", 50))
        wait_for_messages(data, texts)
        child = find_child(product)
        assert child is not None
        os.kill(child, signal.SIGKILL)
        append(log, number("killed", 50))
        wait_for_messages(data, {*texts, *number("killed", 50)})
        product.kill()
    wait_until(lambda: not os.path.exists(f"/proc/{child}"))  # noqa: PTH110
    append(log, number("down", 50))
    more = tmp_path / "other.out"
    append(more, number("reloaded", 50))
    with up(data, *words) as product:
        wait_for_messages(data, set(number("down", 50)))
        write_config(tmp_path, f'{{files: [{{path: ["{log}*", "{more}"]}}]}}')
        product.process.send_signal(signal.SIGHUP)
        found = wait_for_messages(data, set(number("reloaded", 50)))
        assert product.stop() == 0
    assert texts <= found.keys()
    assert set(found.values()) == {1}


def test_what_was_acknowledged_is_there_after_both_processes_are_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    acknowledged: list[str] = []
    for turn in range(3):
        with up(data, *write_config(tmp_path)) as product:
            for n in range(20):
                text = f"turn {turn} number {n}"
                if push_loki(product, [text]) == 204:
                    acknowledged.append(text)
                if n == 10 and (child := find_child(product)):
                    os.kill(child, signal.SIGKILL)
            product.kill()
    with up(data, *write_config(tmp_path)):
        found = wait_for_messages(data, set(acknowledged))
    assert len(acknowledged) == 60  # senders wait while the process that stores starts again
    assert set(found.values()) == {1}


@pytest.mark.filterwarnings("ignore:.LoggingHandler")
def test_the_sdk_of_opentelemetry_a_bulk_request_and_syslog_are_received(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    words = write_config(tmp_path, f'{{syslog: {{tcp: "127.0.0.1:{port}"}}}}')
    with up(data, *words) as product:
        provider = LoggerProvider(Resource.create({"service.name": "shop"}))
        exporter = OTLPLogExporter(endpoint=f"{product.url}/v1/logs", timeout=60)
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
        logger = logging.getLogger("shop.flow")
        logger.addHandler(LoggingHandler(logger_provider=provider))
        logger.warning("by OTLP")
        provider.shutdown()
        sent = b'{"create":{"_index":"shop"}}\n{"message":"by bulk"}\n'
        answer = post(
            product,
            "/elasticsearch/_bulk",
            gzip.compress(sent),
            "application/x-ndjson",
            **{"content-encoding": "gzip"},
        )
        assert (answer.status, orjson.loads(answer.data)["errors"]) == (200, False)
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(b"<14>1 2026-11-27T10:00:00Z web1 shop 7 - - by syslog\n")
        wait_for_messages(data, {"by OTLP", "by bulk", "by syslog"})
        lines = "jipyo_log_received_lines_total"
        wait_until(lambda: len(product.samples(lines)) == 3)
        assert product.stop() == 0


def test_a_port_that_is_taken_keeps_no_file_from_being_read(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "app.log"
    append(log, ["a line"])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = write_config(
            tmp_path, f'{{files: [{{path: "{log}"}}], syslog: {{tcp: "127.0.0.1:{port}"}}}}'
        )
        with up(data, *words) as product:
            wait_for_messages(data, {"a line"})
            status = product.get("/api/jipyo/status", lang="en")
            assert f"Cannot listen for syslog on 127.0.0.1:{port}" in status["logs"]["problems"][0]


def test_a_long_path_of_the_data_folder_is_no_obstacle(tmp_path: Path) -> None:
    data = tmp_path / ("deep" * 20) / ("deeper" * 10) / "data"
    data.parent.mkdir(parents=True)
    with up(data, *write_config(tmp_path)) as product:
        assert push_loki(product, ["far away"]) == 204
        assert wait_for_messages(data, {"far away"}) == read_messages(data)


def write_requests(log: Path, statuses: list[int]) -> None:
    """Lines of nginx of this moment, with how long each request took."""
    moment = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    append(
        log,
        [
            f'10.0.0.7 - - [{moment}] "GET /orders/{n} HTTP/1.1" {status} 612 "-" "Mozilla/5.0"'
            f" rt=0.25{n % 10}"
            for n, status in enumerate(statuses)
        ],
    )


def test_access_lines_become_metrics_that_count_each_request_once_through_kills(
    tmp_path: Path,
) -> None:
    data, log = tmp_path / "data", tmp_path / "access.log"
    words = write_config(tmp_path, f'{{files: [{{path: "{log}", service: shop}}]}}')

    def count(product: Product, selector: str = "http_requests_total") -> float:
        answer = product.get("/api/v1/query", query=f'sum({selector}{{job="shop"}})')
        rows = answer["data"]["result"]
        return float(rows[0]["value"][1]) if rows else 0.0

    with up(data, *words) as product:
        write_requests(log, [200] * 30)
        wait_until(lambda: count(product) == 30)
        product.kill()
    write_requests(log, [200] * 20)
    with up(data, *words) as product:
        write_requests(log, [500] * 10)
        wait_until(lambda: count(product) == 60)
        assert count(product, "http_request_duration_seconds_count") == 60
        child = find_child(product)
        assert child is not None
        os.kill(child, signal.SIGKILL)
        write_requests(log, [200] * 40)
        wait_until(lambda: count(product) == 100)
        shown = product.get("/api/v1/query", query="http_requests_total")["data"]["result"]
        assert {row["metric"]["handler"] for row in shown} == {"/orders/{n}"}

        def find_value(metric: str) -> float:
            overview = product.get("/api/jipyo/overview", lang="en")
            return next(each["value"] or 0 for each in overview["metrics"] if each["id"] == metric)

        wait_until(lambda: find_value("app.throughput") > 0)
        wait_until(lambda: find_value("app.error_rate") > 0)
        wait_until(lambda: find_value("app.response_time") > 0)
