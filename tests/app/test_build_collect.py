"""What is collected follows from the configuration; the collection tells how it goes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from jipyo.app.build_collect import (
    Collection,
    build_host_targets,
    build_site_targets,
    list_own_jobs,
)
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.collect.target import TargetState
from jipyo.config import CliOverrides, Config, load
from jipyo.model.clock import SystemClock
from jipyo.model.errors import StoreFull
from jipyo.model.sample import Appended

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from jipyo.model.sample import MetricMetadata, Scrape


def load_config(folder: Path, text: str = "") -> Config:
    file = folder / "jipyo.yaml"
    file.write_text(f"instance: host1\n{text}", encoding="utf-8")
    return load(CliOverrides(file=file, data=folder / "data"), {"HOME": str(folder)}, "en")


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("", ["node", "process", "dcgm", "jipyo", "pushed"]),
        ("collect: {host: false}", ["process", "dcgm", "jipyo", "pushed"]),
        ("collect: {host: false, process: false, gpu: false}", ["jipyo", "pushed"]),
    ],
)
def test_collectors_of_this_host_can_be_switched_off(
    tmp_path: Path, text: str, jobs: list[str]
) -> None:
    config = load_config(tmp_path, text)
    groups = PushGroups(tmp_path / "pushed")
    targets = build_host_targets(config, groups, tuple)
    assert [target.labels["job"] for target in targets] == jobs
    assert {target.labels["instance"] for target in targets} == {"host1"}
    assert {target.interval_ms for target in targets} == {15_000}


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("", []),
        ("collect: {scrape: [{job: vllm, url: 'http://gpu1:8000/metrics'}]}", ["vllm"]),
        (
            "collect: {probes: [{job: web, url: 'http://h/'}],"
            " scrape: [{job: a, url: 'http://h:1/m'}]}",
            ["web", "a"],
        ),
    ],
)
def test_targets_of_the_site_come_from_the_configuration(
    tmp_path: Path, text: str, jobs: list[str]
) -> None:
    list_targets = build_site_targets(load_config(tmp_path, text))
    assert [target.labels["job"] for target in list_targets()] == jobs
    assert list_targets() == list_targets()


def test_what_a_prometheus_yml_has_besides_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "prometheus.yml").write_text(
        "rule_files: [rules.yml]\n"
        "scrape_configs: [{job_name: node, static_configs: [{targets: ['h:9100']}]}]\n"
    )
    path = tmp_path / "prometheus.yml"
    list_targets = build_site_targets(load_config(tmp_path, f"collect: {{prometheus_yml: {path}}}"))
    assert [target.labels["job"] for target in list_targets()] == ["node"]
    assert all("is not supported" in record.getMessage() for record in caplog.records)
    assert any("rule_files" in record.getMessage() for record in caplog.records)


class Appender:
    """Counts scrapes, or is full."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.scrapes: list[Scrape] = []
        self._is_full = is_full

    def append(self, scrapes: Sequence[Scrape]) -> Appended:
        if self._is_full:
            raise StoreFull("tsdb.full", hint="tsdb.full.hint")
        self.scrapes += scrapes
        return Appended(sum(len(scrape.series) for scrape in scrapes))

    def describe(self, metadata: Sequence[MetricMetadata]) -> None:
        pass


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    assert is_so()


ONLY_OURSELVES = "collect: {interval: 1s, host: false, process: false, gpu: false}"


def test_a_collection_is_ready_once_a_scrape_is_stored(tmp_path: Path) -> None:
    store = Appender()
    config = load_config(tmp_path, ONLY_OURSELVES)
    collection = Collection(config, store, list, tuple, SystemClock())
    assert not collection.is_ready()
    collection.start()
    try:
        wait_until(collection.is_ready)
        assert store.scrapes
        assert collection.storage_error() is None
        states = {target.labels["job"]: target.state for target in collection.targets()}
        assert states == {"jipyo": TargetState.UP, "pushed": TargetState.ABSENT}
        assert "jipyo_build_info" in {family.name for family in collection.latest()}
        assert "jipyo_loop_running" in {family.name for family in collection.families()}
    finally:
        collection.stop()


def test_a_full_disk_is_told_with_the_folder_and_the_hint_of_its_cause(tmp_path: Path) -> None:
    config = load_config(tmp_path, ONLY_OURSELVES)
    collection = Collection(config, Appender(is_full=True), list, tuple, SystemClock())
    collection.start()
    try:
        wait_until(lambda: collection.storage_error() is not None)
        error = collection.storage_error()
        assert error is not None
        assert (error.key, error.hint) == ("app.not_writable", "tsdb.full.hint")
        assert error.values["path"] == str(tmp_path / "data")
    finally:
        collection.stop()


def test_the_jobs_of_the_configuration_are_known_with_their_kinds(tmp_path: Path) -> None:
    text = """
collect:
  scrape: [{job: app, url: "http://a:1/metrics"}]
  probes: [{job: web, url: "http://a:2/"}]
  databases: [{kind: redis, url: "redis://a:3"}, {kind: redis, job: cache, url: "redis://a:4"}]
"""
    config = load_config(tmp_path, text)
    own = list_own_jobs(config)
    kinds = {name: kind.value for name, kind in own.site.items()}
    assert kinds == {"app": "scrape", "redis": "database", "cache": "database", "web": "probe"}
    groups = PushGroups(tmp_path / "pushed.json")
    assert {one.job for one in build_host_targets(config, groups, tuple)} <= own.host
