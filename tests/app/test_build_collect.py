"""What is collected follows from the configuration; the collection reports how it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from jipyo.app.build_collect import Collection, TargetLister, log_ignored_keys
from jipyo.app.own_jobs import list_own_jobs
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.collect.target import Target, TargetState
from jipyo.config.load import Config, load
from jipyo.config.overrides import CliOverrides
from jipyo.model.clock import SystemClock
from jipyo.model.errors import StoreFull
from jipyo.model.sample import Appended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from jipyo.model.sample import MetricMetadata, Scrape


def load_config(folder: Path, text: str = "") -> Config:
    file = folder / "jipyo.yaml"
    file.write_text(f"instance: host1\n{text}", encoding="utf-8")
    return load(CliOverrides(file=file, data=folder / "data"), {"HOME": str(folder)}, "en")


Lister = Callable[[str], list[Target]]


@pytest.fixture
def list_targets(tmp_path: Path) -> Lister:
    """The targets of one text of the configuration after another."""
    lister = TargetLister(PushGroups(tmp_path / "pushed"), tuple)
    return lambda text: lister(load_config(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("", ["node", "process", "dcgm", "jipyo", "pushed"]),
        ("collect: {host: false}", ["process", "dcgm", "jipyo", "pushed"]),
        ("collect: {host: false, process: false, gpu: false}", ["jipyo", "pushed"]),
    ],
)
def test_collectors_of_this_host_can_be_switched_off(
    list_targets: Lister, text: str, jobs: list[str]
) -> None:
    targets = list_targets(text)
    assert [target.job for target in targets] == jobs
    assert {target.instance for target in targets} == {"host1"}
    assert {target.interval_ms for target in targets} == {15_000}


SITE = """collect:
  probes: [{job: web, url: "http://h/"}]
  databases: [{kind: redis, url: "redis://h"}]
  scrape: [{job: a, url: "http://h:1/m"}, {job: b, url: "http://h:2/m", labels: {rack: a1}}]
"""


def test_targets_of_the_site_come_from_the_configuration(list_targets: Lister) -> None:
    targets = list_targets(SITE)
    assert [target.job for target in targets[5:]] == ["redis", "web", "a", "b"]


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("", "organisation: x", []),
        (SITE, SITE, []),
        (SITE, f"{SITE}catalogue: {{files: []}}", []),
        (SITE, SITE.replace("redis://h", "redis://i"), ["redis"]),
        (SITE, SITE.replace("http://h/", "http://i/"), ["web"]),
        (SITE, SITE.replace("h:2", "h:3"), ["b"]),
        (SITE, SITE.replace("a1", "a2"), ["b"]),
        (SITE, SITE.replace("job: a,", "job: a, metric_relabel_configs: [],"), []),
        (SITE, SITE.replace("job: a,", "job: a, bearer_token: x,"), ["a"]),
        (SITE, SITE.replace("job: a,", "job: a, interval: 20s,"), ["a"]),
        (SITE, SITE.replace("job: a,", "job: c,"), ["c"]),
        (SITE, f"{SITE}  process: {{group_by: user}}\n", ["process"]),
        (SITE, f"{SITE}  host: {{paths: {{sysfs: /s}}}}\n", ["node"]),
        (SITE, f"{SITE}  host: {{paths: {{procfs: /p}}}}\n", ["node", "process", "dcgm"]),
        ("", "collect: {interval: 20s}", ["node", "process", "dcgm", "jipyo", "pushed"]),
    ],
)
def test_only_a_target_whose_settings_changed_is_another_object(
    list_targets: Lister, before: str, after: str, changed: list[str]
) -> None:
    known = set(list_targets(before))
    assert [target.job for target in list_targets(after) if target not in known] == changed


def test_a_broken_file_of_targets_keeps_them_across_a_reload(
    list_targets: Lister, tmp_path: Path
) -> None:
    (tmp_path / "prometheus.yml").write_text(
        "scrape_configs: [{job_name: node, file_sd_configs: [{files: [t.json]}]}]"
    )
    file = tmp_path / "t.json"
    file.write_text('[{"targets": ["h:9100"]}]')
    text = "collect: {prometheus_yml: prometheus.yml}"
    before = list_targets(text)[-1]
    file.write_text("[{")
    assert list_targets(f"{text}\norganisation: x")[-1] is before


@pytest.mark.parametrize(
    ("scrape", "prometheus", "urls", "origin"),
    [
        ("{job: vllm, url: 'http://h:1/v'}", "h:1", ["http://h:1/v"], "prometheus.yml"),
        ("{job: vllm, url: 'http://h:1/metrics'}", "h:1", ["http://h:1/metrics"], "prometheus.yml"),
        ("{job: vllm, url: 'http://h:1/v'}", "h:2", ["http://h:1/v", "http://h:2/metrics"], ""),
        ("{job: node, url: 'http://h:1/', labels: {instance: host1}}", "h:2",
         ["", "http://h:2/metrics"], "collect.scrape"),
    ],
)  # fmt: skip
def test_of_targets_with_equal_labels_the_first_counts_and_the_log_says_so(
    list_targets: Lister,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    *,
    scrape: str,
    prometheus: str,
    urls: list[str],
    origin: str,
) -> None:
    (tmp_path / "prometheus.yml").write_text(
        f"scrape_configs: [{{job_name: vllm, static_configs: [{{targets: ['{prometheus}']}}]}}]"
    )
    text = f"collect: {{process: false, prometheus_yml: prometheus.yml, scrape: [{scrape}]}}"
    for _ in range(2):
        targets = [target for target in list_targets(text) if target.job in ("vllm", "node")]
        assert [target.url for target in targets][-len(urls) :] == urls
    assert len({target.labels for target in targets}) == len(targets)
    assert [origin in message for message in caplog.messages] == [True] * bool(origin)


def test_what_a_prometheus_yml_has_besides_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "prometheus.yml").write_text(
        "rule_files: [rules.yml]\n"
        "scrape_configs: [{job_name: node, static_configs: [{targets: ['h:9100']}]}]\n"
    )
    log_ignored_keys(load_config(tmp_path, "collect: {prometheus_yml: prometheus.yml}"))
    assert all("is not supported" in message for message in caplog.messages)
    assert any("rule_files" in message for message in caplog.messages)


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
    collection = Collection(config, store, tuple, SystemClock())
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
    collection = Collection(config, Appender(is_full=True), tuple, SystemClock())
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
    targets = TargetLister(PushGroups(tmp_path / "pushed"), tuple)(config)
    assert {one.job for one in targets} <= own.host | own.site.keys()


def test_a_collection_applies_another_configuration_at_once(tmp_path: Path) -> None:
    store = Appender()
    collection = Collection(load_config(tmp_path, ONLY_OURSELVES), store, tuple, SystemClock())
    collection.start()
    try:
        wait_until(collection.is_ready)
        only_probe = ONLY_OURSELVES.replace("}", ", probes: [{job: web, tcp: '127.0.0.1:1'}]}")
        collection.apply(load_config(tmp_path, only_probe))
        assert [target.labels["job"] for target in collection.targets()] == [
            "jipyo", "pushed", "web",
        ]  # fmt: skip
        collection.apply(load_config(tmp_path, ONLY_OURSELVES))
        assert "web" not in [target.labels["job"] for target in collection.targets()]
    finally:
        collection.stop()
