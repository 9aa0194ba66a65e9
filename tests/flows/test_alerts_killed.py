"""A server that is killed in mid-incident, again and again: one opening and one closing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jipyo.alerts.incident.incident import EntryKind
from jipyo.alerts.incident.records import read_newest_incidents
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from support.http_server import page, serving
from support.product import up
from support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.alerts.incident.incident import Incident

CATALOGUE = """\
version: 1
metrics:
- id: shop.heat
  group: application
  name: {ko: 온도, en: Heat}
  description: {ko: 온도, en: Heat}
  unit: celsius
  direction: higher_is_worse
  labels: [instance]
  thresholds: {critical: 90, for: 3s, keep_firing_for: 3s}
  queries:
  - {exporter: shop, promql: 'max by (instance) (shop_heat)'}
"""
CONFIG = """\
instance: server
collect:
  interval: 1s
  host: off
  process: off
  gpu: off
  scrape:
  - {{job: shop, url: "http://127.0.0.1:{port}/metrics"}}
catalogue: {{files: [{folder}/shop.yaml]}}
alerts: {{interval: 3s}}
insight: false
"""


def read_incidents(data: Path) -> list[Incident]:
    store = AlertStore.open(data, STEPS)
    try:
        with store.reading() as db:
            return list(read_newest_incidents(db, 10).values())
    finally:
        store.close()


def list_kinds(data: Path) -> list[EntryKind]:
    return [entry.kind for incident in read_incidents(data) for entry in incident.entries]


def test_a_server_that_is_killed_in_mid_incident_opens_and_closes_it_once(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(CATALOGUE)
    config, data = tmp_path / "jipyo.yaml", tmp_path / "data"

    def is_open() -> bool:
        return list_kinds(data).count(EntryKind.OPENED) == 1

    def is_over() -> bool:
        return list_kinds(data).count(EntryKind.RECOVERED) == 1

    with serving(page(b"shop_heat 50\n")) as shop:
        config.write_text(CONFIG.format(port=shop.port, folder=tmp_path))
        with up(data, "--config", str(config)) as server:
            shop.answer = page(b"shop_heat 99\n")
            wait_until(is_open)
            server.kill()
        with up(data, "--config", str(config)) as server:
            server.kill()
        with up(data, "--config", str(config)) as server:
            shop.answer = page(b"shop_heat 50\n")
            wait_until(is_over)
            server.kill()
        with up(data, "--config", str(config)) as server:
            shop.answer = page(b"shop_heat 51\n")
            counter = "jipyo_alerts_evaluations_total"
            query = f"{counter} > 0 and timestamp({counter}) > {time.time()}"
            wait_until(lambda: server.get("/api/v1/query", query=query)["data"]["result"])
            server.stop()
    kinds = list_kinds(data)
    assert kinds.count(EntryKind.OPENED) == 1
    assert kinds.count(EntryKind.RECOVERED) == 1
    assert EntryKind.REOPENED not in kinds
    (incident,) = read_incidents(data)
    assert incident.recovered_ms is not None
