"""Reads the scrape section of a Prometheus configuration as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from jipyo.collect.discovery.jobs import Job, NotRead, PrometheusYml, TargetGroup
from jipyo.collect.relabel import Relabel, RelabelRule
from jipyo.collect.scrape.options import (
    PROTOCOLS,
    ScrapeLimits,
    ScrapeOptions,
)
from jipyo.model.errors import ConfigError
from jipyo.net.credentials import Credentials
from jipyo.net.tls import TlsOptions
from jipyo.promql.syntax.durations import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_DEFAULT_INTERVAL_MS = 60_000
_DEFAULT_TIMEOUT_MS = 10_000
_EXCERPT = 60


def read_prometheus_yml(path: Path) -> PrometheusYml:
    """The jobs of a `prometheus.yml`, and a list of what in it is not done.

    Raises:
        ConfigError: the file cannot be read, is not YAML, or says something impossible.
    """
    taker = _Taker(path, path.name)
    top = taker.mapping(_load(path), "")
    globally = taker.mapping(top.pop("global", None), "global")
    jobs = list(taker.jobs(top.pop("scrape_configs", None), globally))
    for pattern in taker.texts(top.pop("scrape_config_files", None), "scrape_config_files"):
        for file in sorted(path.parent.glob(pattern)):
            other = _Taker(file, file.name)
            inside = other.mapping(_load(file), "")
            jobs += other.jobs(inside.pop("scrape_configs", None), dict(globally))
            other.rest(inside, "")
            taker.not_read += other.not_read
    for name in ("scrape_interval", "scrape_timeout"):
        globally.pop(name, None)
    taker.rest(globally, "global")
    taker.rest(top, "")
    _check_names(path, jobs)
    return PrometheusYml(path, tuple(jobs), tuple(taker.not_read))


def read_jobs(
    listed: object, where: Path, *, interval_ms: int = 15_000
) -> tuple[tuple[Job, ...], tuple[NotRead, ...]]:
    """Jobs written in Prometheus' words in another file (our own configuration).

    Raises:
        ConfigError: one of them says something impossible.
    """
    taker = _Taker(where, where.name)
    jobs = tuple(taker.jobs(listed, {"scrape_interval": f"{interval_ms}ms"}))
    _check_names(where, jobs)
    return jobs, tuple(taker.not_read)


def _check_names(path: Path, jobs: Sequence[Job]) -> None:
    seen = set[str]()
    for job in jobs:
        if job.name in seen:
            raise ConfigError("collect.job_twice", path=str(path), job=job.name)
        seen.add(job.name)


def _load(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("collect.file_unreadable", path=str(path), reason=str(error)) from error
    except yaml.YAMLError as error:
        raise ConfigError("collect.not_yaml", path=str(path), reason=str(error)) from error


_SIZES = {"": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?i?B?)", re.IGNORECASE)


class _Taker:
    """Takes what it knows out of mappings; what is left over is told."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self.not_read: list[NotRead] = []

    def wrong(self, where: str, value: object, wanted: str) -> ConfigError:
        text = repr(value)[:_EXCERPT]
        return ConfigError(
            "collect.wrong_value", path=str(self._path), where=where, value=text, wanted=wanted
        )

    def rest(self, left: Mapping[str, Any], where: str) -> None:
        for key, value in left.items():
            full = f"{where}.{key}" if where else str(key)
            self.not_read.append(NotRead(f"{self._name}: {full}", repr(value)[:_EXCERPT]))

    def mapping(self, value: object, where: str) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.wrong(where, value, "key: value")
        return dict(value)

    def items(self, value: object, where: str) -> list[Any]:
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.wrong(where, value, "- item")
        return value

    def texts(self, value: object, where: str) -> tuple[str, ...]:
        return tuple(str(item) for item in self.items(value, where))

    def duration(self, value: object, where: str, default: int) -> int:
        if value is None:
            return default
        try:
            total = parse_duration(str(value))
        except ValueError as error:
            raise self.wrong(where, value, "15s, 1m30s") from error
        if total <= 0:
            raise self.wrong(where, value, "> 0")
        return total

    def size(self, value: object, where: str, default: int) -> int:
        if value is None:
            return default
        found = _SIZE.fullmatch(str(value).strip())
        if found is None:
            raise self.wrong(where, value, "10MB")
        unit = found[2].upper().replace("I", "")
        unit = unit if unit.endswith("B") or not unit else f"{unit}B"
        return int(float(found[1]) * _SIZES[unit])

    def count(self, value: object, where: str) -> int:
        if value is None:
            return 0
        if not isinstance(value, int) or value < 0:
            raise self.wrong(where, value, ">= 0")
        return value

    def flag(self, value: object, where: str, *, default: bool) -> bool:
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.wrong(where, value, "true, false")
        return value

    def file(self, value: object) -> Path | None:
        """A path; relative ones start at the configuration file, as in Prometheus."""
        return None if value in (None, "") else self._path.parent / str(value)

    def jobs(self, listed: object, globally: Mapping[str, Any]) -> Iterator[Job]:
        for index, item in enumerate(self.items(listed, "scrape_configs")):
            where = f"scrape_configs[{index}]"
            yield self.job(self.mapping(item, where), where, globally)

    def job(self, left: dict[str, Any], where: str, globally: Mapping[str, Any]) -> Job:
        name = left.pop("job_name", None)
        if not name:
            raise self.wrong(f"{where}.job_name", name, "job_name")
        interval = self.duration(
            left.pop("scrape_interval", globally.get("scrape_interval")),
            f"{where}.scrape_interval",
            _DEFAULT_INTERVAL_MS,
        )
        job = Job(
            name=str(name),
            interval_ms=interval,
            scheme=str(left.pop("scheme", "http")),
            metrics_path=str(left.pop("metrics_path", "/metrics")),
            params=tuple(self._params(left.pop("params", None), f"{where}.params")),
            groups=tuple(self.groups(left.pop("static_configs", None), f"{where}.static_configs")),
            files=tuple(self._files(left.pop("file_sd_configs", None), where)),
            relabel=self.rules(left.pop("relabel_configs", None), f"{where}.relabel_configs"),
            scrape=self._scrape(left, where, interval, globally),
        )
        self.rest(left, where)
        if job.scheme not in {"http", "https"}:
            raise self.wrong(f"{where}.scheme", job.scheme, "http, https")
        return job

    def _scrape(
        self, left: dict[str, Any], where: str, interval: int, globally: Mapping[str, Any]
    ) -> ScrapeOptions:
        default = min(_DEFAULT_TIMEOUT_MS, interval)
        timeout = left.pop("scrape_timeout", globally.get("scrape_timeout"))
        timeout_ms = self.duration(timeout, f"{where}.scrape_timeout", default)
        if timeout_ms > interval:
            raise self.wrong(f"{where}.scrape_timeout", timeout, f"<= {interval} ms")
        flags = {
            name: self.flag(left.pop(key, None), f"{where}.{key}", default=default_flag)
            for key, name, default_flag in (
                ("honor_labels", "honor_labels", False),
                ("honor_timestamps", "honor_timestamps", True),
                ("follow_redirects", "follow_redirects", True),
                ("enable_compression", "compressed", True),
            )
        }
        return ScrapeOptions(
            timeout_ms=timeout_ms,
            credentials=self._credentials(left, where),
            tls=self._tls(left.pop("tls_config", None), f"{where}.tls_config"),
            limits=self._limits(left, where),
            fallback_protocol=self._protocol(left.pop("fallback_scrape_protocol", None), where),
            metric_relabel=self.rules(
                left.pop("metric_relabel_configs", None), f"{where}.metric_relabel_configs"
            ),
            headers=self._headers(left.pop("http_headers", None), f"{where}.http_headers"),
            **flags,
        )

    def _protocol(self, value: object, where: str) -> str:
        if value is not None and value not in PROTOCOLS:
            known = ", ".join(PROTOCOLS)
            raise self.wrong(f"{where}.fallback_scrape_protocol", value, known)
        return str(value or "")

    def _params(self, value: object, where: str) -> Iterator[tuple[str, str]]:
        for name, values in self.mapping(value, where).items():
            for text in self.texts(values, f"{where}.{name}"):
                yield str(name), text

    def groups(self, value: object, where: str) -> Iterator[TargetGroup]:
        for index, item in enumerate(self.items(value, where)):
            here = f"{where}[{index}]"
            left = self.mapping(item, here)
            addresses = self.texts(left.pop("targets", None), f"{here}.targets")
            labels = self.mapping(left.pop("labels", None), f"{here}.labels")
            yield TargetGroup(addresses, tuple((str(k), str(v)) for k, v in labels.items()))
            self.rest(left, here)

    def _files(self, value: object, where: str) -> Iterator[str]:
        for index, item in enumerate(self.items(value, f"{where}.file_sd_configs")):
            here = f"{where}.file_sd_configs[{index}]"
            left = self.mapping(item, here)
            left.pop("refresh_interval", None)  # files are looked at more often than that
            for pattern in self.texts(left.pop("files", None), f"{here}.files"):
                yield str(self._path.parent / pattern)
            self.rest(left, here)

    def rules(self, value: object, where: str) -> tuple[RelabelRule, ...]:
        rules = tuple(
            self._rule(self.mapping(item, f"{where}[{index}]"), f"{where}[{index}]")
            for index, item in enumerate(self.items(value, where))
        )
        Relabel(rules)
        return rules

    def _rule(self, left: dict[str, Any], where: str) -> RelabelRule:
        given = {
            name: str(left.pop(name))
            for name in ("action", "separator", "regex", "target_label", "replacement")
            if left.get(name) is not None
        }
        rule = RelabelRule(
            source_labels=self.texts(left.pop("source_labels", None), f"{where}.source_labels"),
            modulus=self.count(left.pop("modulus", None), f"{where}.modulus"),
            **given,
        )
        self.rest(left, where)
        return rule

    def _credentials(self, left: dict[str, Any], where: str) -> Credentials | None:
        basic = left.pop("basic_auth", None)
        bearer, bearer_file = left.pop("bearer_token", None), left.pop("bearer_token_file", None)
        other = left.pop("authorization", None)
        if basic is not None:
            return self._basic(self.mapping(basic, where), f"{where}.basic_auth")
        if other is not None:
            return self._authorization(self.mapping(other, where), f"{where}.authorization")
        if bearer is not None or bearer_file is not None:
            return Credentials(secret=str(bearer or ""), secret_file=self.file(bearer_file))
        return None

    def _basic(self, left: dict[str, Any], where: str) -> Credentials:
        credentials = Credentials(
            type="Basic",
            username=str(left.pop("username", "")),
            secret=str(left.pop("password", "")),
            secret_file=self.file(left.pop("password_file", None)),
        )
        self.rest(left, where)
        return credentials

    def _authorization(self, left: dict[str, Any], where: str) -> Credentials:
        credentials = Credentials(
            type=str(left.pop("type", "Bearer")),
            secret=str(left.pop("credentials", "")),
            secret_file=self.file(left.pop("credentials_file", None)),
        )
        self.rest(left, where)
        return credentials

    def _tls(self, value: object, where: str) -> TlsOptions:
        left = self.mapping(value, where)
        options = TlsOptions(
            ca_file=self.file(left.pop("ca_file", None)),
            cert_file=self.file(left.pop("cert_file", None)),
            key_file=self.file(left.pop("key_file", None)),
            server_name=str(left.pop("server_name", "")),
            insecure_skip_verify=self.flag(
                left.pop("insecure_skip_verify", None),
                f"{where}.insecure_skip_verify",
                default=False,
            ),
        )
        self.rest(left, where)
        return options

    def _limits(self, left: dict[str, Any], where: str) -> ScrapeLimits:
        taken: Callable[[str], int] = lambda key: self.count(  # noqa: E731 - four times the same
            left.pop(key, None), f"{where}.{key}"
        )
        body = left.pop("body_size_limit", None)
        return ScrapeLimits(
            body_bytes=self.size(body, f"{where}.body_size_limit", ScrapeLimits().body_bytes),
            samples=taken("sample_limit"),
            labels=taken("label_limit"),
            label_name_length=taken("label_name_length_limit"),
            label_value_length=taken("label_value_length_limit"),
        )

    def _headers(self, value: object, where: str) -> tuple[tuple[str, str], ...]:
        headers: dict[str, str] = {}
        for name, told in self.mapping(value, where).items():
            left = self.mapping(told, f"{where}.{name}")
            headers[str(name)] = ", ".join(self.texts(left.pop("values", None), where))
            self.rest(left, f"{where}.{name}")
        return tuple(headers.items())
