"""Jobs -> targets: addresses from the configuration and from files, relabelled."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from jipyo.collect.discovery.scrape_config import TARGET_GROUPS
from jipyo.collect.relabel import Relabel
from jipyo.collect.scrape import ScrapeReader
from jipyo.collect.target import Target, TargetPool
from jipyo.model.duration import format_duration, parse_duration
from jipyo.model.errors import ConfigError
from jipyo.model.labels import Labels
from jipyo.model.secret import has_password, redact_address
from jipyo.schema import drop_nulls, parse_json, parse_yaml, read_text, split_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.collect.discovery.jobs import Job, TargetGroup
    from jipyo.collect.scrape.options import ScrapeOptions

_LOG = logging.getLogger(__name__)
_PARAM = "__param_"
_INTERVAL, _TIMEOUT = "__scrape_interval__", "__scrape_timeout__"


@dataclass(frozen=True, slots=True)
class _TargetKey:
    """All that a target is made of: where it is scraped, its labels, how and how often."""

    url: str
    labels: Labels
    interval_ms: int
    options: ScrapeOptions = field(hash=False)  # equal for most; hashing them takes longer

    @property
    def identity(self) -> tuple[object, ...]:
        """What distinguishes targets; of several jobs that find the same one, the first counts."""
        return self.url, self.labels, self.interval_ms, self.options.timeout_ms

    def build_target(self) -> Target:
        """The target."""
        reader = ScrapeReader(self.url, self.labels, self.options)
        return Target(self.labels, reader, self.interval_ms, self.url)


class Discovery:
    """The targets of all jobs now; call it again to see whether files have changed.

    A target that has not changed is the same object as before, so that the loop goes on
    with it.
    """

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        """Nothing is read before the first call.

        Raises:
            ConfigError: a relabelling rule cannot be understood.
        """
        self._jobs: dict[Job, Relabel] = {}
        self._pool = TargetPool()
        self._files: dict[Path, tuple[tuple[int, int], tuple[TargetGroup, ...]]] = {}
        self._failing: dict[Path, str] = {}
        self._refused: set[str] = set()
        self.change_jobs(jobs)

    def change_jobs(self, jobs: Sequence[Job]) -> None:
        """Find the targets of these jobs from now on; what is known of files stays known.

        Raises:
            ConfigError: a relabelling rule cannot be understood; the jobs stay as they were.
        """
        known = self._jobs
        self._jobs = {job: known.get(job) or Relabel(job.relabel) for job in jobs}

    def __call__(self) -> list[Target]:
        """Every target, each once."""
        keys: dict[tuple[object, ...], _TargetKey] = {}
        refused: set[str] = set()
        for job, relabel in self._jobs.items():
            for labels in self._expand_job(job):
                try:
                    key = _build_key(job, relabel, labels)
                except ValueError as error:
                    address = redact_address(labels["__address__"])
                    refused.add(f"job {job.name}, target {address}: {error}")
                    continue
                if key is not None:
                    keys.setdefault(key.identity, key)
        for message in sorted(refused - self._refused):
            _LOG.warning("not scraped: %s", message)
        self._refused = refused
        return self._pool.select({key: key.build_target for key in keys.values()})

    def _expand_job(self, job: Job) -> Iterator[dict[str, str]]:
        """The labels of every target of a job before relabelling."""
        groups: list[tuple[TargetGroup, dict[str, str]]] = [(group, {}) for group in job.groups]
        paths = {
            path for pattern in job.files for path in Path(pattern).parent.glob(Path(pattern).name)
        }
        for path in sorted(paths):
            meta = {"__meta_filepath": str(path)}
            groups += [(group, meta) for group in self._read_groups(path)]
        for group, meta in groups:
            for address in group.addresses:
                yield {**meta, **dict(group.labels), "__address__": address}

    def _read_groups(self, path: Path) -> tuple[TargetGroup, ...]:
        """A file's groups; while it is broken, the previous ones (as Prometheus does)."""
        try:
            stamp = _read_stamp(path)
            cached = self._files.get(path)
            if cached is None or cached[0] != stamp:
                cached = self._files[path] = (stamp, _read_file(path))
        except ConfigError as error:
            if self._failing.get(path) != str(error):
                _LOG.warning("the previous targets stay: %s", error.mistakes[0])
                self._failing[path] = str(error)
            return self._files[path][1] if path in self._files else ()
        self._failing.pop(path, None)
        return cached[1]


def _read_stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError("schema.unreadable", file=str(path), reason=reason) from error
    return stat.st_mtime_ns, stat.st_size


def _read_file(path: Path) -> tuple[TargetGroup, ...]:
    """The entries of a `file_sd_configs` file; unknown keys are ignored.

    Raises:
        ConfigError: it cannot be read, or it is not a list of `targets` and `labels`.
    """
    parse = parse_json if path.suffix.lower() == ".json" else parse_yaml
    tree = drop_nulls(parse(read_text(path), str(path)))
    if tree.value is None:
        return ()
    supported, _ = split_unknown(tree, TARGET_GROUPS.keys)
    return TARGET_GROUPS.read(supported)


def _build_key(job: Job, relabel: Relabel, labels: Mapping[str, str]) -> _TargetKey | None:
    """The identity of a target after relabelling; None where it is dropped.

    Raises:
        ValueError: the address holds a password, which the label `instance` would show, or
            relabelling gave it an invalid interval or timeout.
    """
    if has_password(labels["__address__"]):
        raise ValueError("an address must not hold a password; use basic_auth")
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
    interval_ms, timeout_ms = _parse_interval_and_timeout(final)
    options = job.scrape
    if timeout_ms != options.timeout_ms:
        options = replace(options, timeout_ms=timeout_ms)
    return _TargetKey(_build_url(job, final), Labels.of(public), interval_ms, options)


def _parse_interval_and_timeout(labels: Mapping[str, str]) -> tuple[int, int]:
    """Interval and timeout in milliseconds, as relabelling left them (`PopulateLabels`)."""
    interval_ms = _parse_positive_ms("scrape interval", labels.get(_INTERVAL, ""))
    timeout_ms = _parse_positive_ms("scrape timeout", labels.get(_TIMEOUT, ""))
    if timeout_ms > interval_ms:
        problem = f"({labels[_TIMEOUT]}) is greater than scrape interval ({labels[_INTERVAL]})"
        raise ValueError(f"scrape timeout {problem}")
    return interval_ms, timeout_ms


def _parse_positive_ms(what: str, text: str) -> int:
    try:
        ms = parse_duration(text)
    except ValueError as error:
        raise ValueError(f"error parsing {what}: {error}") from error
    if ms == 0:
        raise ValueError(f"{what} cannot be 0")
    return ms


def _build_url(job: Job, labels: Mapping[str, str]) -> str:
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
