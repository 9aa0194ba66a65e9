"""The scrape section of one `prometheus.yml`, read by a real Prometheus and by jipyo."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import urllib3

from jipyo.collect.discovery import Discovery, read_prometheus_yml
from jipyo.model.duration import format_duration
from support.services import binary, free_port, running

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

CONFIG = """
global: {scrape_interval: 45s}
scrape_configs:
  - job_name: plain
    static_configs: [{targets: ["127.0.0.1:1", "127.0.0.1:2"], labels: {every: 20s, rack: a1}}]
  - job_name: paced
    scrape_interval: 1m30s
    scrape_timeout: 9s
    static_configs: [{targets: ["127.0.0.1:1", "127.0.0.1:2"], labels: {every: 20s}}]
    relabel_configs:
      - {source_labels: [every], target_label: __scrape_interval__}
      - source_labels: [__scrape_timeout__]
        regex: 9s
        target_label: __scrape_timeout__
        replacement: 3s
      - {regex: every, action: labeldrop}
  - job_name: said
    static_configs: [{targets: ["127.0.0.1:1"]}]
    relabel_configs:
      - {source_labels: [__scrape_interval__, __scrape_timeout__], target_label: pace}
  - job_name: impossible
    static_configs: [{targets: ["127.0.0.1:1"]}, {targets: ["127.0.0.1:2"], labels: {good: "1"}}]
    relabel_configs:
      - {source_labels: [good], regex: "", target_label: __scrape_interval__, replacement: 1s}
  - job_name: probe
    metrics_path: /probe
    params: {module: [http_2xx]}
    static_configs: [{targets: ["https://shop.example/a?b=c"]}]
    relabel_configs:
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__param_target], target_label: instance}
      - {target_label: __address__, replacement: "127.0.0.1:9115"}
"""
Seen = set[tuple[str, tuple[tuple[str, str], ...], str]]


def theirs(url: str) -> Seen:
    answer = urllib3.request("GET", f"{url}/api/v1/targets?state=active", retries=False)
    return {
        (one["scrapeUrl"], tuple(sorted(one["labels"].items())), one["scrapeInterval"])
        for one in answer.json()["data"]["activeTargets"]
    }


def test_targets_have_the_same_address_labels_and_pace(tmp_path: Path) -> None:
    config = tmp_path / "prometheus.yml"
    config.write_text(CONFIG)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        binary("prometheus"),
        f"--config.file={config}",
        f"--storage.tsdb.path={tmp_path}/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
        "--scrape.discovery-reload-interval=1s",
    ]
    ours = {
        (target.url, tuple(sorted(target.labels.items())), format_duration(target.interval_ms))
        for target in Discovery(read_prometheus_yml(config).jobs)()
    }
    assert len(ours) == 7
    with running(command, f"{url}/-/ready", tmp_path / "prometheus.log"):
        end = time.monotonic() + 30
        while len(theirs(url)) < len(ours) and time.monotonic() < end:
            time.sleep(0.3)
        assert theirs(url) == ours
