"""One alert from its sample to the message that closes it, over the real server and a kill -9."""

from __future__ import annotations

from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from support.http_server import Quiet, serve_in_thread
from support.message_receiver import webhook_server
from support.product import Product, jipyo, up
from support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

CONFIG = """
timezone: Asia/Seoul
instance: flow-host
collect:
  interval: 1s
  host: false
  process: false
  gpu: false
  scrape:
  - {{job: shop, url: "http://127.0.0.1:{port}/metrics"}}
insight: false
alerts:
  interval: 1s
  rule_files: [rules.yaml]
  channels:
  - {{name: hook, kind: webhook, url: "{hook}", language: en}}
"""
RULES = """
groups:
- name: shop
  interval: 1s
  rules:
  - alert: QueueGrows
    expr: queue_length > 100
    labels: {severity: critical}
    annotations: {summary: "{{ $value }} entries wait"}
"""


@dataclass
class Shop:
    """Something whose queue a test fills and empties."""

    length: float = 5.0
    port: int = 0


def serve_metrics(shop: Shop) -> Quiet:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"# TYPE queue_length gauge\nqueue_length {shop.length}\n".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    shop.port = server.server_address[1]
    return server


def list_incidents(product: Product) -> list[Any]:
    incidents: list[Any] = product.get("/api/jipyo/incidents", lang="en")["incidents"]
    return incidents


def has_sample(product: Product, length: float) -> bool:
    answer = product.get("/api/v1/query", query="queue_length")["data"]["result"]
    return any(float(row["value"][1]) == length for row in answer)


def test_a_sample_over_its_threshold_becomes_one_message_and_its_end_another(
    tmp_path: Path,
) -> None:
    shop = Shop()
    with serve_in_thread(serve_metrics(shop)), webhook_server() as hook:
        config = tmp_path / "jipyo.yaml"
        config.write_text(CONFIG.format(port=shop.port, hook=hook.url))
        (tmp_path / "rules.yaml").write_text(RULES)
        words = ("--config", str(config))
        with up(tmp_path / "data", *words) as product:
            wait_until(lambda: has_sample(product, 5.0))
            assert list_incidents(product) == []
            shop.length = 500.0
            wait_until(lambda: hook.posts)
            (incident,) = list_incidents(product)
            assert (incident["state"], incident["title"]) == ("open", "QueueGrows")
            (alert,) = product.get("/api/v1/alerts")["data"]["alerts"]
            assert (alert["state"], alert["value"]) == ("firing", "5e+02")
            product.kill()
        with up(tmp_path / "data", *words) as product:
            wait_until(lambda: product.get("/api/jipyo/alerts")["alerts"])
            (still,) = list_incidents(product)
            assert (still["number"], still["state"]) == (incident["number"], "open")
            listed = jipyo("alerts", "list", "--data", str(tmp_path / "data"), *words)
            assert "QueueGrows" in listed.out
            assert "not acknowledged" in listed.out
            shop.length = 5.0
            wait_until(lambda: len(hook.posts) == 2)
            (over,) = list_incidents(product)
            assert (over["number"], over["state"]) == (incident["number"], "recovered")
            assert over["began"] == incident["began"]
        opened, resolved = hook.bodies
        assert [one["kind"] for one in (opened, resolved)] == ["opened", "resolved"]
        numbers = [one["number"] for body in (opened, resolved) for one in body["incidents"]]
        assert numbers == [incident["number"]] * 2
