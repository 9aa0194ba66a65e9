"""Reads the scrape section of a Prometheus configuration as it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.discovery.jobs import PrometheusYml
from jipyo.collect.discovery.scrape_config import (
    DEFAULT_TIMEOUT_MS,
    PATTERN,
    SCRAPE_CONFIG,
    ScrapeConfig,
    check_timeout,
)
from jipyo.schema import (
    DURATION,
    Key,
    Kind,
    between,
    check_unique,
    drop_nulls,
    gather,
    list_of,
    parse_yaml,
    read_text,
    record,
    split_unknown,
)

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.schema import Node

_LENGTH = between(DURATION, "1ms", "100y")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Global:
    scrape_interval: int = 60_000
    scrape_timeout: int | None = None

    @property
    def timeout_ms(self) -> int:
        """The timeout of jobs without their own, before it is lowered to their interval."""
        return self.scrape_timeout or min(DEFAULT_TIMEOUT_MS, self.scrape_interval)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    globally: _Global = field(default_factory=_Global)
    scrape_configs: tuple[ScrapeConfig, ...] = ()
    scrape_config_files: tuple[Path, ...] = ()


_SCRAPE_CONFIGS = Key("scrape_configs", list_of(SCRAPE_CONFIG))
_FILE = record(
    _File,
    (
        Key(
            "global",
            record(
                _Global,
                (Key("scrape_interval", _LENGTH), Key("scrape_timeout", _LENGTH)),
                check=lambda globally, node: check_timeout(
                    node.find("scrape_timeout"), globally.scrape_interval, globally.scrape_timeout
                ),
            ),
            field="globally",
        ),
        _SCRAPE_CONFIGS,
        Key("scrape_config_files", list_of(PATTERN)),
    ),
)
_FURTHER_FILE = record(_File, (_SCRAPE_CONFIGS,))


def read_prometheus_yml(path: Path) -> PrometheusYml:
    """The jobs of a `prometheus.yml` and of its `scrape_config_files`.

    Keys that Prometheus knows and we do not are no mistakes; they are listed as unsupported.

    Raises:
        ConfigError: a file cannot be read, is not YAML, or makes no sense; with every mistake
            of the first file, else with those of all further ones.
    """
    file, unsupported = _read_file(path, _FILE)
    further = [
        other
        for pattern in file.scrape_config_files
        for other in sorted(pattern.parent.glob(pattern.name))
    ]
    files = [(file, unsupported)]
    files += gather(partial(_read_file, other, _FURTHER_FILE) for other in further)
    configs = [config for content, _ in files for config in content.scrape_configs]
    defaults = file.globally
    check_unique(map(_find_name, configs), "collect.job_twice", lambda job: {"job": job})
    jobs = gather(
        partial(config.job, defaults.scrape_interval, defaults.timeout_ms) for config in configs
    )
    ignored = tuple(place for _, places in files for place in places)
    return PrometheusYml((path, *further), tuple(jobs), ignored)


def _read_file(path: Path, kind: Kind[_File]) -> tuple[_File, tuple[str, ...]]:
    """The part of a file that we support, and the places of everything else."""
    tree = parse_yaml(read_text(path), str(path))
    if tree.value is None:
        tree = replace(tree, value={})
    supported, others = split_unknown(drop_nulls(tree), kind.keys)
    return kind.read(supported), tuple(node.at for node in others)


def _find_name(config: ScrapeConfig) -> tuple[str, Node]:
    assert config.node is not None
    return config.job_name, config.node
