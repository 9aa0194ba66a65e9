"""The command line wins over the file, the file over the defaults; paths start at the file."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo import promql, tsdb
from jipyo.collect.database import DatabaseOptions
from jipyo.collect.discovery import Job, TargetGroup
from jipyo.collect.gpu import GpuOptions
from jipyo.collect.host import Exclusions, HostOptions, Paths
from jipyo.collect.probe import ProbeOptions
from jipyo.collect.process import GroupRule, ProcessOptions
from jipyo.config.collect import CollectOptions
from jipyo.config.file import FileConfig
from jipyo.config.listen import Listen
from jipyo.config.load import Config, load, parse
from jipyo.config.overrides import CliOverrides
from jipyo.model.errors import ConfigError, QueryError
from jipyo.model.secret import Secret
from jipyo.net.tls import TlsOptions
from jipyo.web import Options as WebOptions
from jipyo.web import ReceiverOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

HOUR_MS = 3_600_000


def write(folder: Path, text: str, name: str = "jipyo.yaml") -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    return file


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "collect: {}\nstore: {}\n"])
def test_an_empty_file_keeps_every_default(text: str) -> None:
    assert parse(text, "jipyo.yaml") == FileConfig()


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("language: en", FileConfig(language="en")),
        ("timezone: Asia/Seoul", FileConfig(timezone=ZoneInfo("Asia/Seoul"))),
        ("{instance: gpu-1, organisation: 운영팀}",
         FileConfig(instance="gpu-1", organisation="운영팀")),
        ("{listen: ':80', insecure: true}",
         FileConfig(listen=Listen("0.0.0.0", 80), insecure=True)),
        ("listen: '[::1]:9797'", FileConfig(listen=Listen("::1", 9797))),
        ("collect: {interval: 1h, host: false, gpu: false, process: false}",
         FileConfig(collect=CollectOptions(
             interval_ms=HOUR_MS, host=None, gpu=None, process=None))),
        ("collect: {host: true, gpu: true, process: true}",
         FileConfig(collect=CollectOptions(
             host=HostOptions(), gpu=GpuOptions(), process=ProcessOptions()))),
        ("collect: {host: {paths: {procfs: /host/proc, sysfs: /host/sys, rootfs: /host}}}",
         FileConfig(collect=CollectOptions(
             host=HostOptions(paths=Paths(
                 proc="/host/proc", sys="/host/sys", root="/host")),
             process=ProcessOptions(proc="/host/proc"), gpu=GpuOptions(proc="/host/proc")))),
        ("collect: {host: {exclude: {disks: '', interfaces: '^(veth|docker)', mount_points: 010}}}",
         FileConfig(collect=CollectOptions(host=HostOptions(exclude=Exclusions(
             disks="", interfaces="^(veth|docker)", mount_points="010"))))),
        ("collect: {host: {paths: {procfs: /p}}, process: false, gpu: false}",
         FileConfig(collect=CollectOptions(
             host=HostOptions(paths=Paths(proc="/p")), process=None, gpu=None))),
        ("collect: {process: {group_by: none, rules: [{name: train, cmdline: 'a.* b', user: 010},"
         " {name: x, exe: e, unit: u, container: c}]}}",
         FileConfig(collect=CollectOptions(process=ProcessOptions(group_by="", rules=(
             GroupRule(name="train", cmdline="a.* b", user="010"),
             GroupRule(name="x", exe="e", unit="u", container="c")))))),
        ("query: {features: [promql-experimental-functions, promql-at-modifier]}",
         FileConfig(query=promql.Options(features=promql.Features(
             {promql.Feature.EXPERIMENTAL_FUNCTIONS, promql.Feature.UNQUOTED_UTF8_NAMES})))),
        ("collect: {process: {group_by: user, max_groups: 9, keep_empty: 5m}}",
         FileConfig(collect=CollectOptions(process=ProcessOptions(
             group_by="user", max_groups=9, keep_empty_ms=300_000)))),
        ("collect: {scrape: [{job: a, url: 'http://h/m'}]}",
         FileConfig(collect=CollectOptions(scrape=(
             Job(name="a", metrics_path="/m", groups=(TargetGroup(("h",)),)),)))),
        ("collect: {databases: [{kind: redis, url: 'redis://h', max_statements: 0,"
         " connect_timeout: 1s, statement_timeout: 500ms, interval: 1m}]}",
         FileConfig(collect=CollectOptions(databases=(DatabaseOptions(
             kind="redis", url="redis://h", max_statements=0, connect_timeout_s=1.0,
             statement_timeout_s=0.5, interval_ms=60_000),)))),
        ("collect: {probes: [{job: a, tcp: 'h:25', send: QUIT, expect: '^220', tcp_tls: true}]}",
         FileConfig(collect=CollectOptions(probes=(ProbeOptions(
             job="a", tcp="h:25", send=Secret("QUIT"), expect="^220", tcp_tls=True),)))),
        ("collect: {probes: [{job: a, url: 'https://h', method: POST, body: '', timeout: 1s,"
         " headers: {A: 1}, expect_status: [200, 204], body_limit: 1MiB,"
         " follow_redirects: false, tls: {server_name: s, insecure_skip_verify: true}}]}",
         FileConfig(collect=CollectOptions(probes=(ProbeOptions(
             job="a", url="https://h", method="POST", timeout_s=1.0, headers=(("A", Secret("1")),),
             expect_status=(200, 204), body_limit=1 << 20, follow_redirects=False,
             tls=TlsOptions(server_name="s", insecure_skip_verify=True)),)))),
        ("store: {retention: null, retention_size: 50GiB, out_of_order: null, future: 1m,"
         " series_limit: 1000, cache: 0MiB}",
         FileConfig(store=tsdb.Options(
             retention_ms=None, retention_bytes=50 << 30, out_of_order_ms=None,
             future_ms=60_000, series_limit=1000, cache_bytes=0))),
        ("query: {lookback: 1m, max_samples: 5, max_points: 6, timeout: 1s, max_concurrency: 7}",
         FileConfig(query=promql.Options(
             lookback_ms=60_000, max_samples=5, max_points=6, timeout_s=1.0,
             max_concurrency=7))),
        ("web: {allowed_hosts: [monitor.example], max_body_size: 1KiB}",
         FileConfig(web=WebOptions(allowed_hosts=("monitor.example",), max_body_bytes=1024))),
        ("receive: {max_body_size: 1MiB, max_samples_per_second: 5, max_concurrency: 2}",
         FileConfig(receive=ReceiverOptions(
             max_body_bytes=1 << 20, max_samples_per_s=5, max_concurrency=2))),
    ],
)  # fmt: skip
def test_each_key_becomes_its_option(text: str, settings: FileConfig) -> None:
    assert parse(text, "jipyo.yaml") == settings


PATHS = """
data: data
collect:
  databases:
  - {kind: mysql, url: "mysql://h/", password_file: secret/pw, ca_file: /etc/ca.pem}
  probes:
  - {job: a, url: "https://h", authorization_file: auth, tls: {ca_file: ca.pem, key_file: ../k}}
  scrape:
  - {job: b, url: "http://h", bearer_token_file: token, tls_config: {ca_file: ca.pem}}
  prometheus_yml: prometheus/prometheus.yml
catalogue:
  files: [own/shop.yaml]
"""
PROMETHEUS = """
scrape_configs:
- job_name: c
  authorization: {credentials_file: token}
  file_sd_configs: [{files: ["sd/*.yml"]}]
"""


def test_paths_start_at_the_folder_of_the_file_and_not_where_jipyo_was_started(
    tmp_path: Path,
) -> None:
    file = write(tmp_path, PATHS, "conf/jipyo.yaml")
    write(tmp_path, PROMETHEUS, "conf/prometheus/prometheus.yml")
    settings = load(CliOverrides(file=file), {}, "en").settings
    folder, collect = file.parent, settings.collect
    assert settings.data == folder / "data"
    assert collect.databases[0].password_file == folder / "secret/pw"
    assert collect.databases[0].ca_file == Path("/etc/ca.pem")
    assert collect.probes[0].authorization_file == folder / "auth"
    assert collect.probes[0].tls == TlsOptions(ca_file=folder / "ca.pem", key_file=folder / "../k")
    credentials = collect.scrape[0].scrape.credentials
    assert credentials is not None
    assert credentials.secret_file == folder / "token"
    assert collect.scrape[0].scrape.tls.ca_file == folder / "ca.pem"
    assert settings.catalogue.files == (folder / "own/shop.yaml",)
    assert collect.prometheus_yml is not None
    (job,) = collect.prometheus_yml.jobs
    assert job.files == (str(folder / "prometheus/sd/*.yml"),)
    assert job.scrape.credentials is not None
    assert job.scrape.credentials.secret_file == folder / "prometheus/token"


def test_the_command_line_wins_over_the_file(tmp_path: Path) -> None:
    file = write(tmp_path, "{language: ko, data: a, listen: ':1', instance: i, timezone: UTC}")
    overrides = CliOverrides(
        file=file, data=tmp_path / "b", lang="en", listen="127.0.0.1:2", insecure=True
    )
    settings = load(overrides, {}, "ko")
    assert (settings.lang, settings.data, settings.file) == ("en", tmp_path / "b", file)
    assert (settings.settings.listen, settings.settings.insecure) == (Listen("127.0.0.1", 2), True)
    assert (settings.instance, settings.zone) == ("i", ZoneInfo("UTC"))


def test_the_file_wins_over_the_environment(tmp_path: Path) -> None:
    file = write(tmp_path, "{language: en, timezone: Asia/Seoul, data: /var/lib/jipyo}")
    read = load(CliOverrides(file=file), {"TZ": "UTC", "XDG_DATA_HOME": "/x"}, "ko")
    assert (read.lang, read.zone.key, read.data) == (
        "en",
        "Asia/Seoul",
        Path("/var/lib/jipyo"),
    )


def test_without_a_file_the_environment_decides(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "TZ": "UTC"}
    read = load(CliOverrides(), environ, "ko")
    assert read == Config(
        file=None,
        values=read.values,
        origins=read.origins,
        read_again=read.read_again,
        lang="ko",
        zone=ZoneInfo("UTC"),
        instance=socket.gethostname(),
        data=tmp_path / "jipyo",
        settings=FileConfig(),
    )


@pytest.mark.parametrize(
    ("overrides", "key", "where"),
    [
        ({"listen": "9797"}, "config.not_an_address", "--listen"),
        ({"listen": ""}, "config.not_an_address", "--listen"),
        ({"listen": "h:http"}, "config.not_an_address", "--listen"),
        ({"file": "gone.yaml"}, "schema.unreadable", None),
    ],
)
def test_a_wrong_option_of_the_command_line_is_refused(
    overrides: Mapping[str, str], key: str, where: str | None, tmp_path: Path
) -> None:
    file = tmp_path / overrides["file"] if "file" in overrides else None
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    with pytest.raises(ConfigError) as caught:
        load(CliOverrides(file=file, listen=overrides.get("listen")), environ, "en")
    assert caught.value.key == key
    assert caught.value.values.get("where") == where


@pytest.mark.parametrize("text", ["127.0.0.1:9797", "[::1]:80", "example.org:1"])
def test_an_address_is_written_as_it_is_read(text: str) -> None:
    assert str(parse(f"listen: '{text}'", "x").listen) == text


def test_overrides_of_metrics_keep_their_places_for_the_catalogue() -> None:
    text = "catalogue:\n  metrics:\n    system.cpu.utilization: {thresholds: {warning: 60}}\n"
    overrides = parse(text, "jipyo.yaml").catalogue.metrics
    assert overrides is not None
    assert overrides.plain() == {"system.cpu.utilization": {"thresholds": {"warning": 60}}}
    warning = overrides.find("system.cpu.utilization", "thresholds", "warning")
    assert warning.where == "jipyo.yaml:3"


def test_a_feature_of_the_file_lets_its_functions_be_used() -> None:
    settings = parse("query: {features: [promql-experimental-functions]}", "jipyo.yaml")
    promql.parse("mad_over_time(x[5m])", settings.query.features)
    with pytest.raises(QueryError):
        promql.parse("mad_over_time(x[5m])", FileConfig().query.features)


@pytest.mark.parametrize(
    ("interval", "timeout_s"), [("5s", 5.0), ("15s", 10.0), ("5s, timeout: 2s", 2.0)]
)
def test_the_timeout_of_a_probe_fits_its_interval(interval: str, timeout_s: float) -> None:
    text = f"collect: {{probes: [{{job: a, url: 'http://h', interval: {interval}}}]}}"
    assert parse(text, "jipyo.yaml").collect.probes[0].timeout_s == timeout_s
