"""`jipyo doctor`: what is collected, what fails and what to do; the rest on request."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from jipyo.catalogue import load
from jipyo.config.load import parse
from jipyo.i18n import LANGS, Lang
from jipyo.model.failure import FAILURES
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.tsdb import Store
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

EACH = pytest.mark.parametrize("lang", LANGS)
CONFIGURED = """
instance: web-1
collect:
  scrape: [{job: gone, url: "http://127.0.0.1:1/metrics"}]
  probes: [{job: web, url: "http://127.0.0.1:2/"}]
  databases: [{kind: redis, url: "redis://127.0.0.1:3"}]
catalogue: {removed: [{mountpoint: /old}]}
"""


def store_site(folder: Path, failing: int, *, ends_before_ms: int = 0) -> list[str]:
    """A host, a receiver, a database and 300 exporters of which some fail; the options for it."""
    now = int(time.time() * 1000)
    values: dict[Labels, float] = {}

    def put(name: str, job: str, instance: str, value: float, **labels: str) -> None:
        labels |= {"__name__": name, "job": job, "instance": instance}
        values[Labels.of(labels)] = value

    for job, instance in (("node", "web-1"), ("dcgm", "web-1"), ("redis", "127.0.0.1:3")):
        put("up", job, instance, 1)
        put("scrape_samples_scraped", job, instance, 100)
    for job, instance in (("node", "web-1"), ("vllm", "gpu-299")):
        put("node_uname_info", job, instance, 1, nodename="web-1")
        put("node_boot_time_seconds", job, instance, 1_795_000_000)
    put("jipyo_receive_samples_total", "jipyo", "web-1", 12, protocol="otlp")
    put("jipyo_remote_write_failing", "jipyo", "web-1", 0, remote_name="mimir")
    put("node_memory_MemTotal_bytes", "node", "web-1", 100)
    put("node_memory_MemAvailable_bytes", "node", "web-1", 50)
    for number in range(300):
        is_failing = number < failing
        put("up", "shop", f"gpu-{number:03}", float(not is_failing))
        if is_failing:
            reason = "connection_refused" if number % 2 else "not_found"
            put(FAILURES, "shop", f"gpu-{number:03}", 2, reason=reason)
    with Store.open(folder / "data", now_ms=lambda: now) as store:
        before = next(labels for labels in values if labels.metric.startswith("jipyo_receive"))
        store.append([Scrape(now - ends_before_ms - 15_000, (before,), np.zeros(1))])
        store.append([Scrape(now - ends_before_ms, tuple(values), np.array([*values.values()]))])
    (folder / "jipyo.yaml").write_text(CONFIGURED, "utf-8")
    return ["--data", str(folder / "data"), "--config", str(folder / "jipyo.yaml")]


@pytest.mark.parametrize(("up", "expected"), [(0.0, 1), (1.0, 0)])
def test_it_says_that_log_records_are_not_stored(tmp_path: Path, up: float, expected: int) -> None:
    options, now = store_site(tmp_path, 0), int(time.time() * 1000)
    labels = {"__name__": "jipyo_log_ingest_up", "job": "jipyo", "instance": "web-1"}
    with Store.open(tmp_path / "data", now_ms=lambda: now) as store:
        store.append([Scrape(now, (Labels.of(labels),), np.full(1, up))])
    shown = json.loads(jipyo("doctor", *options, "--json").out)["logs"]["problems"]
    assert [text.partition("\n")[0] for text in shown] == [
        "The process that stores log records does not run."
    ] * expected


@pytest.mark.parametrize(("failing", "names"), [(1, 1), (20, 5), (300, 5)])
@EACH
def test_a_cause_is_one_paragraph_however_many_targets_fail(
    tmp_path: Path, failing: int, names: int, lang: Lang
) -> None:
    result = jipyo("doctor", *store_site(tmp_path, failing), "--lang", lang)
    lines = result.out.splitlines()
    assert result.code == 1
    assert len(lines) <= 19
    blocks = [index for index, line in enumerate(lines) if line.startswith("✗ ")]
    assert blocks == ([0] if failing == 1 else [0, 2])
    assert all("shop gpu-" in lines[index] for index in blocks)
    assert lines[0].count("shop gpu-") == names
    assert all(lines[index + 1].startswith("  ") for index in blocks)
    texts = [line for line in lines if len(line) > 20]
    assert len(set(texts)) == len(texts)


def test_every_job_is_one_line(tmp_path: Path) -> None:
    out = jipyo("doctor", *store_site(tmp_path, 20)).out
    assert "gpu-299 is the same host as web-1 and counted once." in out or (
        "web-1 is the same host as gpu-299 and counted once." in out
    )
    assert 'Removed on purpose, so no loss: {mountpoint="/old"}' in out
    table = out[out.index("job ") :].split("\n\n")[0]
    rows = [re.split(r"  +", line.strip()) for line in table.splitlines()[:8]]
    assert rows == [
        ["job", "kind", "state", "samples"],
        ["web-1", "this host", "2 up", "200"],
        ["gone", "exporters", "no target", "0"],
        ["redis", "database", "1 up", "100"],
        ["web", "probe", "no target", "0"],
        ["shop", "exporters", "20 of 300 failing", "0"],
        ["otlp", "receiver", "received within the hour", "12"],
        ["mimir", "remote write", "sent within the hour", "0"],
    ]


def test_a_host_without_failures_is_healthy(data: Path) -> None:
    result = jipyo("doctor", "--data", str(data))
    assert result.code == 0, result.err
    assert "✗" not in result.out
    n, total = map(int, re.findall(r"(\d+) of (\d+) metrics", result.out)[0])
    assert total == len(load().metrics)
    assert 0 < n < total


@pytest.mark.parametrize(
    ("ends_before_min", "words"),
    [
        (10, "Nothing is being collected; the last reading was at"),
        (90, "Nothing has been collected within the last hour."),
    ],
)
def test_a_server_that_does_not_run_is_said_first(
    tmp_path: Path, ends_before_min: int, words: str
) -> None:
    options = store_site(tmp_path, 0, ends_before_ms=ends_before_min * 60_000)
    result = jipyo("doctor", *options)
    assert result.code == 1
    assert result.out.startswith(words)


@EACH
def test_the_lines_of_configuration_can_be_used_as_they_are(data: Path, lang: Lang) -> None:
    out = jipyo("doctor", "--details", "--data", str(data), "--lang", lang).out
    blocks = re.findall(r"^  (collect:\n(?:    .*\n?)+)", out, re.MULTILINE)
    assert len(blocks) > 5
    for block in blocks:
        text = "\n".join(line.removeprefix("  ") for line in block.splitlines())
        assert yaml.safe_load(text)
        parse(text, "jipyo.yaml")


@EACH
def test_no_paragraph_of_the_details_appears_twice(data: Path, lang: Lang) -> None:
    out = jipyo("doctor", "--details", "--data", str(data), "--lang", lang).out
    paragraphs = [text.partition("\n")[2] for text in out.split("\n\n") if "✗" in text]
    assert len(paragraphs) > 10
    assert len(set(paragraphs)) == len(paragraphs)
    prose = [line for line in out.splitlines() if len(line) > 60 and "- {" not in line]
    assert len(set(prose)) == len(prose)


def test_an_exporter_that_is_collected_is_not_advised(data: Path) -> None:
    out = jipyo("doctor", "--details", "--data", str(data)).out
    assert ":9100/metrics" not in out
    assert "Inode utilisation" in out.split("Their exporters are collected")[0].splitlines()[-2]
    document = json.loads(jipyo("doctor", "--json", "--data", str(data)).out)
    (disk,) = (one for one in document["metrics"] if one["id"] == "system.disk.inodes")
    assert disk["remedy"] == "Collected already, without series for it here: node_exporter."


def test_it_can_be_limited_to_the_metrics_of_the_specification(data: Path) -> None:
    out = jipyo("doctor", "--required", "--data", str(data)).out
    required = [metric for metric in load().metrics if metric.required]
    assert f"of {len(required)} metrics" in out
    assert len(out) < len(jipyo("doctor", "--details", "--data", str(data)).out)


def test_the_findings_as_json(tmp_path: Path) -> None:
    options = store_site(tmp_path, 2)
    document = json.loads(jipyo("doctor", "--json", "--lang", "ko", *options).out)
    assert document["healthy"] is False
    assert [row["reason"] for row in document["failing"]] == ["not_found", "connection_refused"]
    assert document["failing"][1]["remedy"] == "서비스를 시작하거나 주소와 포트를 확인하십시오."
    shop = next(job for job in document["jobs"] if job["job"] == "shop")
    assert shop == {"job": "shop", "kind": "scrape", "targets": 300, "failing": 2, "samples": 0}
    assert len(document["metrics"]) == len(load().metrics)
