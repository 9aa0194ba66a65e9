"""`logs:` as the options of ingest, of retention, of reviews and of clusters."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from jipyo.config.listen import Listen
from jipyo.config.load import load, parse
from jipyo.config.logs import LogsOptions
from jipyo.config.overrides import CliOverrides
from jipyo.logs.formats.redact import DEFAULT_KINDS
from jipyo.logs.ingest.sources.file_names import FileGroup
from jipyo.logs.store.retention import DAY_NS, RetentionClass
from jipyo.model.secret import Secret
from jipyo.net.credentials import Credentials

TEXT = """
logs:
  folder: /srv/logs
  files:
    - {path: /var/log/nginx/*.log, service: web, exclude: [/var/log/nginx/old*]}
    - {path: [app.log, "/data/**/*.log"], timezone: Asia/Seoul, only_new: true}
    - {path: /w/a.log, log_format: '$remote_addr [$time_local] "$request" $status'}
  journald: {units: [sshd]}
  syslog: {udp: "0.0.0.0:514"}
  receive: false
  retention: 30d
  retention_size: null
  retention_classes: [{name: access, services: ["admin*"], retention: 731d, at_any_size: true}]
  holds: [{reason: case 7, services: [pay], from: 2026-10-01, to: 2026-10-31}]
  redact: {patterns: {ticket: "T-([0-9]+)"}}
  access: {services: [admin], end_hour: 18, holidays: [2026-10-05], sharing: 5m}
  sources:
    - url: https://search:9200/
      index: app-*
      authorization: {type: ApiKey, credentials: hush}
    - {url: "https://user-logs:9200", name: old, tls_config: {ca_file: ca.pem}, page_size: 1000}
"""


def test_without_keys_nothing_is_read_and_what_is_sent_is_received() -> None:
    logs = parse("", "/etc/jipyo.yaml").logs
    assert logs == LogsOptions()
    assert (logs.files, logs.journald, logs.syslog.udp, logs.receive) == ((), None, None, True)
    assert logs.redact is not None


def test_sources_of_lines_have_their_places_services_and_zones() -> None:
    logs = parse(TEXT, "/etc/jipyo.yaml").logs
    assert logs.folder == Path("/srv/logs")
    assert logs.files == (
        FileGroup(
            patterns=("/var/log/nginx/*.log",), service="web", exclude=("/var/log/nginx/old*",)
        ),
        FileGroup(patterns=("/etc/app.log", "/data/**/*.log"), zone="Asia/Seoul", from_end=True),
        FileGroup(
            patterns=("/w/a.log",), log_format='$remote_addr [$time_local] "$request" $status'
        ),
    )
    assert logs.journald is not None
    assert logs.journald.units == ("sshd",)
    assert logs.syslog.udp == Listen("0.0.0.0", 514)
    assert not logs.receive


def test_retention_holds_and_redaction_are_as_written() -> None:
    logs = parse(TEXT, "/etc/jipyo.yaml").logs
    assert (logs.retention_ns, logs.retention_bytes) == (30 * DAY_NS, None)
    assert logs.retention_classes == (
        RetentionClass(name="access", services=("admin*",), keep_ns=731 * DAY_NS, at_any_size=True),
    )
    assert (logs.holds[0].start, logs.holds[0].end) == (date(2026, 10, 1), date(2026, 10, 31))
    assert logs.redact is not None
    assert logs.redact.kinds == DEFAULT_KINDS
    assert logs.redact.patterns == (("ticket", "T-([0-9]+)"),)


def test_rules_of_the_access_review_keep_the_defaults_of_what_is_not_written() -> None:
    access = parse(TEXT, "/etc/jipyo.yaml").logs.access
    assert access.services == ("admin",)
    assert (access.rules.first_hour, access.rules.end_hour) == (8, 18)
    assert access.rules.holidays == {date(2026, 10, 5)}
    assert access.rules.sharing_ns == 300 * 10**9


def test_clusters_have_names_credentials_and_authorities() -> None:
    first, old = parse(TEXT, "/etc/jipyo.yaml").logs.sources
    assert (first.name, first.url, first.index) == ("search:9200", "https://search:9200", "app-*")
    assert first.credentials == Credentials(type="ApiKey", secret=Secret("hush"))
    assert (old.name, old.page_size, old.tls.ca_file) == ("old", 1000, Path("/etc/ca.pem"))


def test_nothing_and_false_switch_off() -> None:
    logs = parse("logs: {redact: false, journald: true, retention: null}", "jipyo.yaml").logs
    assert (logs.redact, logs.retention_ns) == (None, None)
    assert logs.journald is not None


def test_the_effective_configuration_hides_secrets_of_clusters(tmp_path: Path) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text(TEXT, "utf-8")
    shown = load(CliOverrides(file=file), {}, "en").effective
    assert "https://search:9200" in shown
    assert "hush" not in shown
