"""The scrape section of a Prometheus configuration, and files of targets."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from jipyo.collect.discovery import (
    SCRAPE_TARGET,
    Discovery,
    Job,
    TargetGroup,
    read_prometheus_yml,
)
from jipyo.collect.relabel import RelabelRule
from jipyo.collect.scrape import ScrapeLimits, ScrapeOptions
from jipyo.model.errors import CollectError, ConfigError
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions
from jipyo.schema import parse_yaml
from support.tcp_server import listening

if TYPE_CHECKING:
    import socket
    from pathlib import Path


def written(folder: Path, config: object, name: str = "prometheus.yml") -> Path:
    path = folder / name
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config), "utf-8")
    return path


def jobs(folder: Path, *configs: dict[str, Any], **top: Any) -> tuple[Job, ...]:
    return read_prometheus_yml(written(folder, {"scrape_configs": list(configs), **top})).jobs


WHOLE = """
global:
  scrape_interval: 1m30s
  evaluation_interval: 15s
  external_labels: {site: seoul}
rule_files: [rules.yml]
scrape_configs:
  - job_name: app
    scrape_interval: 5s
    scrape_timeout: 3s
    scheme: https
    metrics_path: /probe
    params: {module: [http_2xx, x], target: ["a b"]}
    honor_labels: true
    honor_timestamps: false
    enable_compression: false
    follow_redirects: false
    fallback_scrape_protocol: PrometheusText0.0.4
    sample_limit: 10
    label_limit: 20
    label_name_length_limit: 30
    label_value_length_limit: 40
    body_size_limit: 10MB
    basic_auth: {username: u, password_file: secret.txt}
    tls_config: {ca_file: ca.pem, server_name: s, insecure_skip_verify: true, min_version: TLS12}
    http_headers: {X-Scope-OrgID: {values: [team]}}
    static_configs:
      - targets: ["h:1", "h:2"]
        labels: {env: prod}
    file_sd_configs:
      - files: ["sd/*.yml"]
        refresh_interval: 1m
    relabel_configs:
      - {source_labels: [__address__], regex: "h:(.*)", target_label: port}
    metric_relabel_configs:
      - {source_labels: [__name__], regex: go_.*, action: drop}
    native_histogram_bucket_limit: 100
    kubernetes_sd_configs: [{role: pod}]
  - job_name: plain
"""


def test_a_whole_configuration_is_read_and_what_is_not_done_is_told(tmp_path: Path) -> None:
    read = read_prometheus_yml(written(tmp_path, WHOLE))
    assert read.jobs[0] == Job(
        name="app",
        interval_ms=5000,
        scheme="https",
        metrics_path="/probe",
        params=(("module", "http_2xx"), ("module", "x"), ("target", "a b")),
        groups=(TargetGroup(("h:1", "h:2"), (("env", "prod"),)),),
        files=(str(tmp_path / "sd/*.yml"),),
        relabel=(RelabelRule(source_labels=("__address__",), regex="h:(.*)", target_label="port"),),
        scrape=ScrapeOptions(
            timeout_ms=3000,
            honor_labels=True,
            honor_timestamps=False,
            compressed=False,
            follow_redirects=False,
            fallback_protocol="PrometheusText0.0.4",
            headers=(("X-Scope-OrgID", Secret("team")),),
            credentials=Credentials(
                type="Basic", username="u", secret_file=tmp_path / "secret.txt"
            ),
            tls=TlsOptions(ca_file=tmp_path / "ca.pem", server_name="s", insecure_skip_verify=True),
            limits=ScrapeLimits(
                body_bytes=10 << 20,
                samples=10,
                labels=20,
                label_name_length=30,
                label_value_length=40,
            ),
            metric_relabel=(
                RelabelRule(source_labels=("__name__",), regex="go_.*", action="drop"),
            ),
        ),
    )
    assert read.jobs[1] == Job(
        name="plain", interval_ms=90_000, scrape=ScrapeOptions(timeout_ms=10_000)
    )
    assert {place.replace(f"{tmp_path}/", "") for place in read.unsupported} == {
        "prometheus.yml:4: global.evaluation_interval",
        "prometheus.yml:5: global.external_labels",
        "prometheus.yml:6: rule_files",
        "prometheus.yml:37: native_histogram_bucket_limit",
        "prometheus.yml:38: kubernetes_sd_configs",
        "prometheus.yml:25: tls_config.min_version",
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"bearer_token": "t"}, Credentials(secret=Secret("t"))),
        ({"authorization": {"credentials": "t"}}, Credentials(secret=Secret("t"))),
        ({"authorization": {"type": "Token", "credentials": "t"}},
         Credentials(type="Token", secret=Secret("t"))),
        ({"basic_auth": {"username": "u", "password": "p"}},
         Credentials(type="Basic", username="u", secret=Secret("p"))),
        ({}, None),
    ],
)  # fmt: skip
def test_credentials_are_read_in_every_way_they_are_written(
    tmp_path: Path, given: dict[str, Any], expected: Credentials | None
) -> None:
    (job,) = jobs(tmp_path, {"job_name": "x", **given})
    assert job.scrape.credentials == expected


def test_a_token_file_starts_at_the_configuration(tmp_path: Path) -> None:
    (job,) = jobs(tmp_path, {"job_name": "x", "bearer_token_file": "token"})
    assert job.scrape.credentials == Credentials(secret_file=tmp_path / "token")


def test_other_files_of_jobs_are_read(tmp_path: Path) -> None:
    written(tmp_path, {"scrape_configs": [{"job_name": "b"}], "odd": 1}, "more.yml")
    read = read_prometheus_yml(
        written(
            tmp_path, {"scrape_configs": [{"job_name": "a"}], "scrape_config_files": ["m*.yml"]}
        )
    )
    assert [job.name for job in read.jobs] == ["a", "b"]
    assert read.unsupported == (f"{tmp_path}/more.yml:1: odd",)


@pytest.mark.parametrize(
    ("text", "ms"), [("15s", 15_000), ("1h2m", 3_720_000), ("500ms", 500), ("1d", 86_400_000)]
)
def test_durations_are_written_as_in_prometheus(tmp_path: Path, text: str, ms: int) -> None:
    (job,) = jobs(tmp_path, {"job_name": "x", "scrape_interval": text, "scrape_timeout": "100ms"})
    assert job.interval_ms == ms


@pytest.mark.parametrize(
    ("globally", "job", "timeout_s"),
    [
        ("{scrape_timeout: 30s}", "scrape_interval: 15s", 15),  # lowered to the job's interval
        ("{scrape_timeout: 30s}", "scrape_interval: 45s", 30),
        ("{scrape_timeout: 30s}", "scrape_timeout: 40s", 40),
        ("{scrape_interval: 5s}", "scrape_interval: 30s", 5),  # the file's own default is 5s
        ("{scrape_interval: 5s}", "honor_labels: true", 5),
        ("{scrape_interval: 30s}", "honor_labels: true", 10),
        ("{scrape_interval: 30s}", "scrape_interval: 5s", 5),
    ],
)
def test_the_timeout_of_a_job_is_that_of_prometheus(
    tmp_path: Path, globally: str, job: str, timeout_s: int
) -> None:
    path = tmp_path / "prometheus.yml"
    path.write_text(f"global: {globally}\nscrape_configs: [{{job_name: a, {job}}}]\n", "utf-8")
    (read,) = read_prometheus_yml(path).jobs
    assert read.scrape.timeout_ms == timeout_s * 1000


@pytest.mark.parametrize(
    ("text", "size"),
    [("100", 100), ("1KB", 1024), ("1.5KB", 1536), ("2MiB", 2 << 20), ("1G", 1 << 30)],
)
def test_sizes_are_written_as_in_prometheus(tmp_path: Path, text: str, size: int) -> None:
    (job,) = jobs(tmp_path, {"job_name": "x", "body_size_limit": text})
    assert job.scrape.limits.body_bytes == size


def describe(error: ConfigError) -> tuple[str, str]:
    """The place of a mistake and the key of its text."""
    problem = error.values.get("problem")
    key = problem.key if isinstance(problem, ConfigError) else error.key
    return str(error.values["where"]), key


@pytest.mark.parametrize(
    ("config", "place", "key"),
    [
        ("a: [", "2", "schema.not_yaml"),
        ("[]", "1", "schema.not_a_mapping"),
        ("scrape_configs: {}", "1: scrape_configs", "schema.not_a_list"),
        ("scrape_configs: [{}]", "1", "schema.missing_key"),
        ("scrape_configs: [{job_name: a}, {job_name: a}]", "1", "collect.job_twice"),
        ("scrape_configs:\n- job_name: a\n- job_name: a\n", "3", "collect.job_twice"),
        ("scrape_configs: [{job_name: a, bearer_token: b, authorization: {credentials: c}}]", "1",
         "collect.only_one_of"),
        ("scrape_configs: [{job_name: a, tls_config: {ca_fingerprint: 12:34}}]",
         "1: tls_config.ca_fingerprint", "collect.bad_fingerprint"),
        (f"scrape_configs: [{{job_name: a, tls_config: {{ca_fingerprint: {'aB:' * 31}00, "
         "ca_file: x}}]", "1: tls_config", "collect.only_one_of"),
        (f"scrape_configs: [{{job_name: a, tls_config: {{ca_fingerprint: {'0a' * 32}, "
         "insecure_skip_verify: true}}]", "1: tls_config", "collect.only_one_of"),
        ("global: {scrape_interval: 5s, scrape_timeout: 6s}", "1: global.scrape_timeout",
         "collect.timeout_too_long"),
        ("global:\n  scrape_timeout: 61s\n", "2: global.scrape_timeout",
         "collect.timeout_too_long"),
        ("global: {scrape_interval: 0s}", "1: global.scrape_interval", "schema.out_of_bounds"),
        ("scrape_configs:\n- job_name: a\n  scrape_interval: 5s\n  scrape_timeout: 6s\n",
         "4: scrape_timeout", "collect.timeout_too_long"),
        *(
            (f"scrape_configs:\n- job_name: a\n  {wrong}\n", f"3: {place}", key)
            for wrong, place, key in [
                ("scrape_interval: -1s", "scrape_interval", "schema.not_a_duration"),
                ("scrape_interval: 0s", "scrape_interval", "schema.out_of_bounds"),
                ("scheme: ftp", "scheme", "schema.unknown_choice"),
                ("honor_labels: 'yes'", "honor_labels", "schema.not_a_switch"),
                ("fallback_scrape_protocol: Text", "fallback_scrape_protocol",
                 "schema.unknown_choice"),
                ("sample_limit: -1", "sample_limit", "schema.out_of_bounds"),
                ("sample_limit: many", "sample_limit", "schema.not_a_number"),
                ("sample_limit: 1.5", "sample_limit", "schema.not_a_whole"),
                ("body_size_limit: big", "body_size_limit", "schema.not_a_size"),
                ("static_configs: [{targets: 'h:1'}]", "static_configs[0].targets",
                 "schema.not_a_list"),
                ("basic_auth: [u, p]", "basic_auth", "schema.not_a_mapping"),
                ("params: {a: b}", "params.a", "schema.not_a_list"),
                ("http_headers: {a: b}", "http_headers.a", "schema.not_a_mapping"),
                ("relabel_configs: [{action: x}]", "relabel_configs[0]",
                 "collect.relabel_action"),
                ("relabel_configs: [{regex: '(', target_label: a}]", "relabel_configs[0]",
                 "collect.relabel_regex"),
                ("metric_relabel_configs: [{action: hashmod, target_label: a}]",
                 "metric_relabel_configs[0]", "collect.relabel_missing"),
            ]
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_file_line_and_key(
    tmp_path: Path, config: str, place: str, key: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read_prometheus_yml(written(tmp_path, config))
    assert describe(caught.value) == (f"{tmp_path}/prometheus.yml:{place}", key)


def test_all_mistakes_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    config = """scrape_configs:
- job_name: a
  scrape_interval: soon
  honor_labels: 1
- scheme: http
"""
    with pytest.raises(ConfigError) as caught:
        read_prometheus_yml(written(tmp_path, config))
    assert [mistake.key for mistake in caught.value.mistakes] == [
        "schema.not_a_duration",
        "schema.not_a_switch",
        "schema.missing_key",
    ]


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_prometheus_yml(tmp_path / "nothing.yml")
    assert caught.value.key == "schema.unreadable"


@pytest.mark.parametrize("config", ["", "scrape_configs:\n", "global:\nscrape_configs: []\n"])
def test_a_file_without_jobs_has_none(tmp_path: Path, config: str) -> None:
    assert read_prometheus_yml(written(tmp_path, config)).jobs == ()


def test_texts_are_taken_as_they_are_written(tmp_path: Path) -> None:
    config = """scrape_configs:
- job_name: 5
  params: {a: [1.10, 007, yes]}
  static_configs: [{targets: [h], labels: {version: 1.10, on: true}}]
"""
    (job,) = read_prometheus_yml(written(tmp_path, config)).jobs
    assert job.name == "5"
    assert job.params == (("a", "1.10"), ("a", "007"), ("a", "yes"))
    assert job.groups == (TargetGroup(("h",), (("version", "1.10"), ("on", "true"))),)


def test_values_that_are_ignored_are_not_repeated(tmp_path: Path) -> None:
    config = {"scrape_configs": [{"job_name": "a", "oauth2": {"client_secret": "hush"}}]}
    (place,) = read_prometheus_yml(written(tmp_path, config)).unsupported
    assert place.endswith("oauth2")
    assert "hush" not in place


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{job: vllm, url: 'http://127.0.0.1:8000/metrics'}",
         Job(name="vllm", groups=(TargetGroup(("127.0.0.1:8000",)),))),
        ("{job: a, url: 'https://h/x?b=1&b=2', interval: 30s, labels: {rack: a1}}",
         Job(name="a", scheme="https", metrics_path="/x", params=(("b", "1"), ("b", "2")),
             interval_ms=30_000, groups=(TargetGroup(("h",), (("rack", "a1"),)),))),
        ("{job: a, url: 'http://h', interval: 5s, timeout: 1s, honor_labels: true}",
         Job(name="a", interval_ms=5_000, groups=(TargetGroup(("h",)),),
             scrape=ScrapeOptions(timeout_ms=1_000, honor_labels=True))),
        ("{job: a, url: 'http://h', interval: 2s, bearer_token: t}",
         Job(name="a", interval_ms=2_000, groups=(TargetGroup(("h",)),),
             scrape=ScrapeOptions(timeout_ms=2_000, credentials=Credentials(secret=Secret("t"))))),
    ],
)  # fmt: skip
def test_a_target_of_our_own_file_is_a_job(entry: str, expected: Job) -> None:
    assert SCRAPE_TARGET.read(parse_yaml(entry, "jipyo.yaml")) == expected


@pytest.mark.parametrize(
    ("entry", "place", "key"),
    [
        ("{url: 'http://h'}", "", "schema.missing_key"),
        ("{job: a}", "", "schema.missing_key"),
        ("{job: a, url: 'h:1'}", ": url", "schema.no_scheme"),
        ("{job: a, url: 'ftp://h'}", ": url", "schema.not_a_url"),
        ("{job: a, url: 'http://'}", ": url", "schema.not_a_url"),
        ("{job: a, url: 'http://h:x'}", ": url", "schema.bad_port"),
        ("{job: a, url: 'http://h', scrape_interval: 5s}", "", "schema.unknown_key.near"),
        ("{job: a, url: 'http://h', interval: 5s, timeout: 6s}", ": timeout",
         "collect.timeout_too_long"),
    ],
)  # fmt: skip
def test_a_wrong_target_of_our_own_file_is_refused(entry: str, place: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SCRAPE_TARGET.read(parse_yaml(entry, "jipyo.yaml"))
    assert describe(caught.value) == (f"jipyo.yaml:1{place}", key)


def job(**given: Any) -> Job:
    return Job(**{"name": "j", "groups": (TargetGroup(("h:1",)),), **given})


def found(*given: Job) -> list[tuple[str, str]]:
    return [(str(target.labels), target.url) for target in Discovery(given)()]


def test_a_target_has_the_labels_of_its_job_and_group() -> None:
    groups = (TargetGroup(("h:1", "h:2"), (("env", "prod"),)),)
    assert found(job(groups=groups)) == [
        ('{env="prod",instance="h:1",job="j"}', "http://h:1/metrics"),
        ('{env="prod",instance="h:2",job="j"}', "http://h:2/metrics"),
    ]


def test_parameters_go_into_the_address() -> None:
    params = (("module", "http 2xx"), ("module", "b"), ("q", "1"))
    ((_, url),) = found(job(params=params, metrics_path="/probe", scheme="https"))
    assert url == "https://h:1/probe?module=http+2xx&module=b&q=1"


def test_the_usual_rules_for_a_prober_work() -> None:
    rules = (
        RelabelRule(source_labels=("__address__",), target_label="__param_target"),
        RelabelRule(source_labels=("__param_target",), target_label="instance"),
        RelabelRule(target_label="__address__", replacement="127.0.0.1:9115"),
        RelabelRule(target_label="__metrics_path__", replacement="/probe"),
    )
    groups = (TargetGroup(("https://shop.example",)),)
    assert found(job(groups=groups, relabel=rules)) == [
        (
            '{instance="https://shop.example",job="j"}',
            "http://127.0.0.1:9115/probe?target=https%3A%2F%2Fshop.example",
        )
    ]


def paced(**values: str) -> tuple[RelabelRule, ...]:
    """Rules that set the interval and the timeout."""
    return tuple(
        RelabelRule(target_label=f"__scrape_{name}__", replacement=value)
        for name, value in values.items()
    )


@pytest.mark.parametrize(
    ("rules", "interval_ms"),
    [
        ((), 60_000),
        (paced(interval="5s", timeout="1s"), 5_000),
        (paced(interval="1m30s"), 90_000),
        (
            (
                RelabelRule(
                    source_labels=("__scrape_interval__",),
                    regex="1m",  # as Prometheus writes it
                    target_label="__scrape_interval__",
                    replacement="2m",
                ),
            ),
            120_000,
        ),
        (
            (RelabelRule(source_labels=("every",), target_label="__scrape_interval__"),),
            30_000,
        ),
    ],
)
def test_relabelling_sets_how_often_a_target_is_read(
    rules: tuple[RelabelRule, ...], interval_ms: int
) -> None:
    groups = (TargetGroup(("h:1",), (("every", "30s"),)),)
    (target,) = Discovery([job(groups=groups, relabel=rules, interval_ms=60_000)])()
    assert target.interval_ms == interval_ms


def test_relabelling_sets_how_long_a_target_may_take() -> None:
    given_up = threading.Event()

    def hang(connection: socket.socket) -> None:
        connection.recv(1000)
        given_up.wait(10)

    with listening(hang) as address:
        groups = (TargetGroup((address,)),)
        (target,) = Discovery([job(groups=groups, relabel=paced(timeout="200ms"))])()
        began = time.monotonic()
        with pytest.raises(CollectError):
            target.reader.read(0)
        assert time.monotonic() - began < 5
        given_up.set()


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (paced(interval="0s"), "scrape interval cannot be 0"),
        (paced(timeout="0s"), "scrape timeout cannot be 0"),
        (paced(timeout="x"), 'error parsing scrape timeout: not a valid duration string: "x"'),
        (paced(interval="5s"), "scrape timeout (10s) is greater than scrape interval (5s)"),
    ],
)
def test_a_pace_that_cannot_be_drops_the_target_and_is_told_once(
    rules: tuple[RelabelRule, ...], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    discovery = Discovery([job(relabel=rules), job(name="other")])
    assert [target.job for target in discovery()] == ["other"]
    discovery()
    assert caplog.messages == [f"not scraped: job j, target h:1: {said}"]


def test_targets_can_be_dropped_and_each_stands_once() -> None:
    rules = (RelabelRule(source_labels=("__address__",), regex="h:1", action="drop"),)
    groups = (TargetGroup(("h:1", "h:2", "h:2")),)
    assert [url for _, url in found(job(groups=groups, relabel=rules))] == ["http://h:2/metrics"]
    gone = (RelabelRule(target_label="__address__", replacement=""),)
    assert found(job(relabel=gone)) == []


def test_a_target_that_does_not_change_is_the_same_object() -> None:
    discovery = Discovery([job()])
    assert discovery()[0] is discovery()[0]


def touched(path: Path, text: str, at: int) -> None:
    path.write_text(text, "utf-8")
    os.utime(path, (at, at))


def test_files_of_targets_come_change_break_and_go(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    discovery = Discovery(
        [job(groups=(), files=(str(tmp_path / "*.yml"), str(tmp_path / "*.json")))]
    )
    assert discovery() == []
    yml, other = tmp_path / "a.yml", tmp_path / "b.json"
    touched(yml, '- targets: ["h:1"]\n  labels: {env: a}\n', 1)
    touched(other, json.dumps([{"targets": ["h:2"]}]), 1)
    first = discovery()
    assert [str(target.labels) for target in first] == [
        '{env="a",instance="h:1",job="j"}',
        '{instance="h:2",job="j"}',
    ]
    with caplog.at_level(logging.WARNING):
        for at, broken in enumerate(("- [", "- 5\n", "- targets: h:9\n", "- labels: {}\n"), 2):
            touched(yml, broken, at)
            assert discovery() == first
    assert len(caplog.records) == 4  # each reason once
    touched(yml, '- targets: ["h:1", "h:3"]\n  labels: {env: a}\n', 9)
    assert [target.instance for target in discovery()] == ["h:1", "h:3", "h:2"]
    assert discovery()[0] is first[0]
    yml.unlink()
    assert [target.instance for target in discovery()] == ["h:2"]


def test_a_file_that_was_never_good_gives_no_targets(tmp_path: Path) -> None:
    written(tmp_path, "- [", "a.yml")
    assert Discovery([job(groups=(), files=(str(tmp_path / "a.yml"),))])() == []
