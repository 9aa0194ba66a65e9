"""Jobs -> targets: addresses from the configuration and from files, relabelled."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import yaml

from jipyo.collect.discovery.jobs import Job, TargetGroup
from jipyo.collect.relabel import Relabel
from jipyo.collect.scrape import ScrapeReader
from jipyo.collect.target import Target
from jipyo.model.duration import format_duration, parse_duration
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_LOG = logging.getLogger(__name__)
_PARAM = "__param_"
_INTERVAL, _TIMEOUT = "__scrape_interval__", "__scrape_timeout__"


@dataclass(frozen=True, slots=True)
class _Key:
    """What a target is: where it is read, the labels put on what it says, and how often."""

    url: str
    labels: Labels
    interval_ms: int
    timeout_ms: int


class Discovery:
    """The targets of all jobs now; call it again to see whether files have changed.

    A target that has not changed is the same object as before, so that the loop goes on
    with it.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        """Nothing is read before the first call.

        Raises:
            ConfigError: a relabelling rule cannot be understood.
        """
        self._jobs = [(job, Relabel(job.relabel)) for job in jobs]
        self._targets: dict[_Key, Target] = {}
        self._files: dict[Path, tuple[tuple[int, int], tuple[TargetGroup, ...]]] = {}
        self._failing: set[Path] = set()
        self._refused: set[str] = set()

    def __call__(self) -> list[Target]:
        """Every target, each once."""
        found: dict[_Key, Target] = {}
        refused: set[str] = set()
        for job, relabel in self._jobs:
            for labels in self._labels(job):
                try:
                    key = _key(job, relabel, labels)
                except ValueError as error:
                    refused.add(f"job {job.name}, target {labels['__address__']}: {error}")
                    continue
                if key is not None and key not in found:
                    found[key] = self._targets.get(key) or _target(job, key)
        for said in sorted(refused - self._refused):
            _LOG.warning("not read: %s", said)
        self._targets, self._refused = found, refused
        return list(found.values())

    def _labels(self, job: Job) -> Iterator[dict[str, str]]:
        for group in job.groups:
            yield from _of_group(group, {})
        for path in _matching(job.files):
            for group in self._read(path):
                yield from _of_group(group, {"__meta_filepath": str(path)})

    def _read(self, path: Path) -> tuple[TargetGroup, ...]:
        """A file's groups; while it is broken, what it said before (as Prometheus does)."""
        try:
            stat = path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            known = self._files.get(path)
            if known is None or known[0] != stamp:
                known = self._files[path] = (stamp, tuple(_groups(path)))
        except (OSError, ValueError, yaml.YAMLError) as error:
            if path not in self._failing:
                _LOG.warning("%s: targets stay as they were: %s", path, error)
                self._failing.add(path)
            return self._files[path][1] if path in self._files else ()
        self._failing.discard(path)
        return known[1]


def _matching(patterns: Sequence[str]) -> list[Path]:
    found = set[Path]()
    for pattern in patterns:
        path = Path(pattern)
        found.update(path.parent.glob(path.name))
    return sorted(found)


def _groups(path: Path) -> Iterator[TargetGroup]:
    """The entries of a `file_sd_configs` file.

    Raises:
        ValueError: it is not a list of `targets` and `labels`.
    """
    text = path.read_text("utf-8")
    listed = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    for item in listed or []:
        if not isinstance(item, dict) or not isinstance(item.get("targets"), list):
            raise ValueError("an entry has no list of targets")
        labels = item.get("labels") or {}
        addresses = tuple(str(address) for address in item["targets"])
        yield TargetGroup(addresses, tuple((str(k), str(v)) for k, v in labels.items()))


def _of_group(group: TargetGroup, meta: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for address in group.addresses:
        yield {**meta, **dict(group.labels), "__address__": address}


def _key(job: Job, relabel: Relabel, labels: Mapping[str, str]) -> _Key | None:
    """What a target is, after relabelling; None where it is dropped.

    Raises:
        ValueError: relabelling made its interval or timeout something impossible.
    """
    first: dict[str, str] = {}
    for name, value in job.params:
        first.setdefault(_PARAM + name, value)
    full = {
        "job": job.name,
        "__scheme__": job.scheme,
        "__metrics_path__": job.metrics_path,
        _INTERVAL: format_duration(job.interval_ms),
        _TIMEOUT: format_duration(job.scrape.timeout_ms),
        **first,
        **labels,
    }
    final = relabel(full)
    if not final or not final.get("__address__"):
        return None
    public = {name: value for name, value in final.items() if not name.startswith("__")}
    public.setdefault("instance", final["__address__"])
    return _Key(_url(job, final), Labels.of(public), *_pace(final))


def _pace(labels: Mapping[str, str]) -> tuple[int, int]:
    """Interval and timeout in milliseconds, as relabelling left them (`PopulateLabels`)."""
    interval_ms = _positive("scrape interval", labels.get(_INTERVAL, ""))
    timeout_ms = _positive("scrape timeout", labels.get(_TIMEOUT, ""))
    if timeout_ms > interval_ms:
        told = f"({labels[_TIMEOUT]}) is greater than scrape interval ({labels[_INTERVAL]})"
        raise ValueError(f"scrape timeout {told}")
    return interval_ms, timeout_ms


def _positive(what: str, text: str) -> int:
    try:
        ms = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"error parsing {what}: {error}") from error
    if ms == 0:
        raise ValueError(f"{what} cannot be 0")
    return ms


def _url(job: Job, labels: Mapping[str, str]) -> str:
    params = {name: [value for key, value in job.params if key == name] for name, _ in job.params}
    for name, value in labels.items():
        if name.startswith(_PARAM):
            params[name.removeprefix(_PARAM)] = [
                value,
                *params.get(name.removeprefix(_PARAM), [])[1:],
            ]
    query = urlencode([(name, value) for name, values in params.items() for value in values])
    base = f"{labels['__scheme__']}://{labels['__address__']}{labels['__metrics_path__']}"
    return f"{base}?{query}" if query else base


def _target(job: Job, key: _Key) -> Target:
    options = replace(job.scrape, timeout_ms=key.timeout_ms)
    return Target(key.labels, ScrapeReader(key.url, key.labels, options), key.interval_ms, key.url)
