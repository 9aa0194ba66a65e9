"""The configuration in force: complete, without secrets, and still a configuration."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import yaml

from jipyo.app.build_collect import TargetLister, log_ignored_keys
from jipyo.collect.discovery import Discovery
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.config.load import Config, load
from jipyo.config.overrides import CliOverrides

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = """
# hush
language: ko
collect:
  scrape:
  - job: a
    url: http://h:1/m?token=hush&a=b
    basic_auth: {username: u, password: hush}
    params: {api_key: [hush], module: [x]}
    http_headers: {X-A: {values: [hush, hush]}}
  - {job: b, url: http://h:1, bearer_token: hush}
  - {job: c, url: http://h:1, authorization: {type: Token, credentials: 0123456}}
  probes:
  - {job: p, url: "http://h/?signature=hush", headers: {X-B: hush}, body: "{pw: hush}"}
  - {job: q, tcp: "h:1", send: AUTH hush}
"""


def load_text(folder: Path, text: str, name: str = "jipyo.yaml") -> Config:
    file = folder / name
    file.write_text(text, "utf-8")
    return load(CliOverrides(file=file, data=folder), {"TZ": "UTC"}, "en")


def test_no_secret_is_shown(tmp_path: Path) -> None:
    config = load_text(tmp_path, SECRETS)
    assert "hush" not in config.effective
    assert "0123456" not in config.effective
    assert "hush" not in repr([job.scrape for job in config.settings.collect.scrape])
    collect = yaml.safe_load(config.effective)["collect"]
    first, _, third = collect["scrape"]
    assert first["url"] == "http://h:1/m?token=<secret>&a=b"
    assert first["params"] == {"api_key": ["<secret>"], "module": ["x"]}
    assert first["basic_auth"] == {"username": "u", "password": "<secret>"}
    assert first["http_headers"] == {"X-A": {"values": ["<secret>", "<secret>"]}}
    assert third["authorization"] == {"type": "Token", "credentials": "<secret>"}
    assert [probe.get("send") for probe in collect["probes"]] == [None, "<secret>"]


def test_no_secret_reaches_a_label(tmp_path: Path) -> None:
    list_targets = TargetLister(PushGroups(tmp_path / "pushed"), tuple)
    targets = list_targets(load_text(tmp_path, SECRETS))
    assert "hush" not in repr([target.labels for target in targets])
    assert "http://h/?signature=<secret>" in {target.labels.get("instance") for target in targets}


def test_the_secrets_themselves_are_sent(tmp_path: Path) -> None:
    jobs = load_text(tmp_path, SECRETS).settings.collect.scrape
    credentials = [job.scrape.credentials for job in jobs]
    assert [each.authorization() for each in credentials if each] == [
        "Basic dTpodXNo", "Bearer hush", "Token 0123456",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "collect: {gpu: false, process: {max_groups: 5}, host: true}",
        "collect: {host: {exclude: {disks: '', interfaces: \"it's|x\"}}}",
        "{listen: ':80', insecure: true, instance: a, timezone: Asia/Seoul, language: ko}",
        "store: {retention: null, cache: 1GiB}",
        "collect: {scrape: [{job: a, url: http://h, labels: {v: 1.10, w: yes, x: '7'}}]}",
        "collect: {probes: [{job: a, url: http://h, expect_status: [200, 204], timeout: 2s}]}",
        "collect: {databases: [{kind: redis, url: redis://h, password_file: /a}]}",
        "catalogue: {metrics: {system.cpu.utilization: {thresholds: {warning: 61}}}}",
    ],
)
def test_what_is_shown_is_the_configuration_in_force(tmp_path: Path, text: str) -> None:
    config = load_text(tmp_path, text)
    again = load_text(tmp_path, config.effective)
    assert again.effective == config.effective
    assert (again.lang, again.zone, again.instance) == (config.lang, config.zone, config.instance)
    assert again.settings.collect == config.settings.collect
    assert again.settings.store == config.settings.store
    assert again.settings.listen == config.settings.listen


def test_values_of_unread_keys_are_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "prometheus.yml").write_text(
        "remote_write: [{url: 'http://u:hush@h', basic_auth: {password: hush}}]\n"
        "scrape_configs: [{job_name: a, oauth2: {client_secret: hush}}]\n",
        "utf-8",
    )
    config = load_text(tmp_path, "collect: {prometheus_yml: prometheus.yml}")
    with caplog.at_level(logging.INFO):
        log_ignored_keys(config)
    assert len(caplog.messages) == 2
    assert "hush" not in caplog.text
    assert "hush" not in config.effective


@pytest.mark.parametrize("address", ["me:hush@h:1", "https://me:hush@h/x"])
def test_a_password_in_an_address_reaches_no_label(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    (tmp_path / "targets.json").write_text(f'[{{"targets": ["{address}", "h:2"]}}]', "utf-8")
    (tmp_path / "prometheus.yml").write_text(
        "scrape_configs:\n- job_name: a\n"
        "  file_sd_configs: [{files: [targets.json]}]\n"
        f"  static_configs: [{{targets: ['{address}']}}]\n"
        "  relabel_configs:\n"
        "  - {source_labels: [__address__], target_label: instance}\n"
        "  - {target_label: __address__, replacement: blackbox:9115}\n",
        "utf-8",
    )
    config = load_text(tmp_path, "collect: {prometheus_yml: prometheus.yml}")
    assert config.settings.collect.prometheus_yml
    targets = Discovery(config.settings.collect.prometheus_yml.jobs)()
    assert [target.labels.get("instance") for target in targets] == ["h:2"]
    assert "not scraped: job a, target" in caplog.text
    assert "an address must not hold a password; use basic_auth" in caplog.text
    assert "hush" not in caplog.text
