"""The keys of a scrape configuration: in Prometheus' words, and as our own file has them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urlsplit

from jipyo.collect.discovery.http_client import (
    HTTP_CLIENT_KEYS,
    HttpClientConfig,
    check_credentials,
)
from jipyo.collect.discovery.jobs import Job, TargetGroup
from jipyo.collect.relabel import Relabel, RelabelRule
from jipyo.collect.scrape.options import PROTOCOLS, ScrapeLimits, ScrapeOptions
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    ANY_TEXT,
    DURATION,
    PATH,
    SIZE,
    SWITCH,
    TEXT,
    TEXT_MAP,
    URL,
    WHOLE,
    Key,
    Kind,
    between,
    convert,
    document_as_one,
    list_of,
    locate,
    map_of,
    mask_secret_names,
    one_of,
    quote,
    record,
    wrong_kind,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from jipyo.schema import Node

DEFAULT_TIMEOUT_MS = 10_000
_SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_POWERS = {"": 0, "K": 1, "M": 2, "G": 3, "T": 4}

_LENGTH = between(DURATION, "1ms", "100y")
_COUNT = between(WHOLE, "0", "1000000000")


def read_prometheus_size(node: Node) -> int:
    """Bytes as Prometheus reads them: `10MB` and `10MiB` are both 10 << 20."""
    size = _SIZE.fullmatch(ANY_TEXT.read(node).strip())
    if size is None:
        raise wrong_kind(node, "size")
    return int(float(size[1]) * 1024 ** _POWERS[size[2].upper()])


def check_label_names(labels: Mapping[str, str], node: Node) -> Mapping[str, str]:
    """The labels, whose names may be any text that is not empty, as in Prometheus 3."""
    if "" in labels:
        entry = (node.entries or {})[""]
        raise ConfigError("collect.label_without_name", where=entry.key.at)
    return labels


LABEL_TEXTS = convert(TEXT_MAP, check_label_names)
"""Labels of targets."""


def check_rule(rule: RelabelRule, node: Node) -> None:
    """Raise where the rule lacks what its action needs, or its pattern is not RE2."""
    try:
        Relabel([rule])
    except ConfigError as error:
        raise locate(node, error) from error


RELABEL_RULE = record(
    RelabelRule,
    (
        Key("action", ANY_TEXT),
        Key("source_labels", list_of(ANY_TEXT)),
        Key("separator", ANY_TEXT),
        Key("regex", ANY_TEXT),
        Key("modulus", _COUNT),
        Key("target_label", ANY_TEXT),
        Key("replacement", ANY_TEXT),
    ),
    check=check_rule,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common(HttpClientConfig):
    """What Prometheus' entries and ours have in common, by the names of the keys."""

    params: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    honor_labels: bool = False
    honor_timestamps: bool = True
    follow_redirects: bool = True
    enable_compression: bool = True
    fallback_scrape_protocol: str = ""
    sample_limit: int = 0
    label_limit: int = 0
    label_name_length_limit: int = 0
    label_value_length_limit: int = 0
    body_size_limit: int = ScrapeLimits().body_bytes
    relabel_configs: tuple[RelabelRule, ...] = ()
    metric_relabel_configs: tuple[RelabelRule, ...] = ()

    def options(self, interval_ms: int, timeout_ms: int | None) -> ScrapeOptions:
        """How the targets are scraped; the timeout is at most the interval."""
        return ScrapeOptions(
            timeout_ms=timeout_ms or min(DEFAULT_TIMEOUT_MS, interval_ms),
            honor_labels=self.honor_labels,
            honor_timestamps=self.honor_timestamps,
            follow_redirects=self.follow_redirects,
            compressed=self.enable_compression,
            headers=self.headers,
            credentials=self.credentials,
            tls=self.tls_config,
            limits=ScrapeLimits(
                body_bytes=self.body_size_limit,
                samples=self.sample_limit,
                labels=self.label_limit,
                label_name_length=self.label_name_length_limit,
                label_value_length=self.label_value_length_limit,
            ),
            fallback_protocol=self.fallback_scrape_protocol,
            metric_relabel=self.metric_relabel_configs,
        )


_COMMON_KEYS = (
    Key(
        "params",
        replace(map_of(list_of(ANY_TEXT), "text_lists"), effective=mask_secret_names),
    ),
    Key("honor_labels", SWITCH),
    Key("honor_timestamps", SWITCH),
    Key("follow_redirects", SWITCH),
    Key("enable_compression", SWITCH),
    Key("fallback_scrape_protocol", one_of(PROTOCOLS)),
    Key("sample_limit", _COUNT),
    Key("label_limit", _COUNT),
    Key("label_name_length_limit", _COUNT),
    Key("label_value_length_limit", _COUNT),
    Key("body_size_limit", Kind("size", read_prometheus_size, SIZE.show)),
    *HTTP_CLIENT_KEYS,
    Key("relabel_configs", list_of(RELABEL_RULE)),
    Key("metric_relabel_configs", list_of(RELABEL_RULE)),
)


# ------------------------------------------------------------------- an entry of prometheus.yml


def read_file_pattern(node: Node) -> Path:
    """A path whose last part may be a pattern, as in Prometheus."""
    path = PATH.read(node)
    if any("*" in part for part in path.parent.parts) or "**" in path.name:
        raise ConfigError("collect.bad_file_pattern", where=node.at, value=quote(node))
    return path


PATTERN = Kind("path", read_file_pattern)
"""A path whose last part may be a pattern (`targets/*.yml`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTargets:
    """One `file_sd_configs` entry; its files are checked for changes at every discovery."""

    files: tuple[Path, ...] = ()
    refresh_interval_ms: int = 0


def make_group(
    targets: tuple[str, ...] = (), labels: Mapping[str, str] | None = None
) -> TargetGroup:
    """An entry of `static_configs`."""
    return TargetGroup(targets, tuple((labels or {}).items()))


_ADDRESSES = Key("targets", list_of(ANY_TEXT))
_LABELS = Key("labels", LABEL_TEXTS)
TARGET_GROUPS = list_of(record(make_group, (replace(_ADDRESSES, required=True), _LABELS)))
"""A file of `file_sd_configs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeConfig(_Common):
    """One `scrape_configs` entry; None where the file's `global` section decides."""

    job_name: str
    node: Node | None = None
    """Where it is written."""
    scrape_interval: int | None = None
    scrape_timeout: int | None = None
    scheme: str = "http"
    metrics_path: str = "/metrics"
    static_configs: tuple[TargetGroup, ...] = ()
    file_sd_configs: tuple[FileTargets, ...] = ()

    def job(self, interval_ms: int, timeout_ms: int | None) -> Job:
        """The job, with the defaults of the file, whose timeout is lowered to the job's interval.

        Follows `ScrapeConfig.Validate` of prometheus/config/config.go.

        Raises:
            ConfigError: the job's own timeout is longer than its interval.
        """
        interval_ms = self.scrape_interval or interval_ms
        if self.node is not None:
            check_timeout(self.node.find("scrape_timeout"), interval_ms, self.scrape_timeout)
        timeout_ms = self.scrape_timeout or (timeout_ms and min(timeout_ms, interval_ms))
        return Job(
            name=self.job_name,
            interval_ms=interval_ms,
            scheme=self.scheme,
            metrics_path=self.metrics_path,
            params=tuple((name, text) for name, texts in self.params.items() for text in texts),
            groups=self.static_configs,
            files=tuple(str(path) for targets in self.file_sd_configs for path in targets.files),
            relabel=self.relabel_configs,
            scrape=self.options(interval_ms, timeout_ms),
        )


def check_timeout(node: Node, interval_ms: int, timeout_ms: int | None) -> None:
    """Raise where a scrape may take longer than the interval."""
    if timeout_ms is not None and timeout_ms > interval_ms:
        interval, timeout = DURATION.show(interval_ms), DURATION.show(timeout_ms)
        raise ConfigError(
            "collect.timeout_too_long", where=node.at, timeout=timeout, interval=interval
        )


_SCRAPE_CONFIG = record(
    ScrapeConfig,
    (
        Key("job_name", ANY_TEXT, required=True),
        Key("scrape_interval", _LENGTH),
        Key("scrape_timeout", _LENGTH),
        Key("scheme", one_of(("http", "https"))),
        Key("metrics_path", ANY_TEXT),
        Key("static_configs", list_of(record(make_group, (_ADDRESSES, _LABELS)))),
        Key(
            "file_sd_configs",
            list_of(
                record(
                    FileTargets,
                    (
                        Key("files", list_of(PATTERN)),
                        Key("refresh_interval", DURATION, field="refresh_interval_ms"),
                    ),
                )
            ),
        ),
        *_COMMON_KEYS,
    ),
    check=check_credentials,
)
SCRAPE_CONFIG = convert(_SCRAPE_CONFIG, lambda config, node: replace(config, node=node))
"""An entry of `scrape_configs`."""


# ---------------------------------------------------------- an entry of collect.scrape (jipyo.yaml)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScrapeTarget(_Common):
    """A single target by its URL."""

    job: str
    url: SplitResult
    interval_ms: int = Job(name="").interval_ms
    timeout_ms: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def as_job(self) -> Job:
        params = [(name, text) for name, texts in self.params.items() for text in texts]
        return Job(
            name=self.job,
            interval_ms=self.interval_ms,
            scheme=self.url.scheme,
            metrics_path=self.url.path or "/metrics",
            params=tuple(params or parse_qsl(self.url.query, keep_blank_values=True)),
            groups=(TargetGroup((self.url.netloc,), tuple(self.labels.items())),),
            relabel=self.relabel_configs,
            scrape=self.options(self.interval_ms, self.timeout_ms),
        )


def check_target(target: _ScrapeTarget, node: Node) -> None:
    """Raise where the timeout is longer than the interval, or there are credentials twice."""
    check_timeout(node.find("timeout"), target.interval_ms, target.timeout_ms)
    check_credentials(target, node)


_SCRAPE_TARGET = record(
    _ScrapeTarget,
    (
        Key("job", TEXT, required=True),
        Key("url", convert(URL, lambda url, _: urlsplit(url)), required=True),
        Key("interval", _LENGTH, field="interval_ms"),
        Key("timeout", _LENGTH, field="timeout_ms"),
        Key("labels", LABEL_TEXTS),
        *document_as_one(_COMMON_KEYS),
    ),
    check=check_target,
)
SCRAPE_TARGET = convert(_SCRAPE_TARGET, lambda target, _: target.as_job())
"""An entry of `collect.scrape`."""
