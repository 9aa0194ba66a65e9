"""Collection: this host, this program, what batch jobs pushed, and the site's targets."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import TYPE_CHECKING

from jipyo.analysis.jobs import JobKind, OwnJobs
from jipyo.collect.database import database_target
from jipyo.collect.discovery import Discovery
from jipyo.collect.gpu import Gpu
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop
from jipyo.collect.probe import probe_target
from jipyo.collect.process import Processes
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.collect.self_metrics import SelfMetrics
from jipyo.collect.target import Target, TargetState, own_target
from jipyo.model.errors import JipyoError, StoreFull
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jipyo.collect.protocols import NotingCollector
    from jipyo.collect.target import TargetStatus
    from jipyo.config import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Appender

HOST_JOBS = ("node", "process", "dcgm", "jipyo", "pushed")
"""The jobs of this host's collectors, of jipyo itself and of what batch jobs push."""
_LOG = logging.getLogger(__name__)


class Collection:
    """The loop over all targets: this host, this program, the push groups and the site's."""

    def __init__(
        self,
        config: Config,
        store: Appender,
        site_targets: Callable[[], list[Target]],
        own_families: Callable[[], Iterable[Family]],
        clock: Clock,
    ) -> None:
        """`site_targets` is called again and again; `own_families` are all parts' metrics.

        Raises:
            CollectError: the file of the push groups is not ours.
        """
        self.push_groups = PushGroups(config.data / "pushed")
        self._data = config.data
        self._loop = Loop(store, clock=clock)
        self._host_targets = build_host_targets(config, self.push_groups, own_families)
        self._site_targets = site_targets

    def start(self) -> None:
        """See `ServerPart.start`."""
        self._loop.start(lambda: [*self._host_targets, *self._site_targets()])

    def stop(self) -> None:
        """See `ServerPart.stop`."""
        self._loop.stop()

    def families(self) -> Iterable[Family]:
        """See `ServerPart.families`."""
        return self._loop.families()

    def latest(self) -> Sequence[Family]:
        """What the collectors of this host last measured, under the exporters' names."""
        return self._loop.latest()

    def targets(self) -> Sequence[TargetStatus]:
        """Every target with its last scrape."""
        return self._loop.targets()

    def is_ready(self) -> bool:
        """Whether the first scrape has been stored."""
        return any(
            target.state is TargetState.UP and target.last_ms is not None
            for target in self._loop.targets()
        )

    def storage_error(self) -> JipyoError | None:
        """Why samples cannot be stored at the moment; None where they can."""
        error = self._loop.write_error
        if error is None:
            return None
        return StoreFull("app.not_writable", hint=error.hint, path=str(self._data))


def build_host_targets(
    config: Config, groups: PushGroups, own_families: Callable[[], Iterable[Family]]
) -> list[Target]:
    """This host, this program (`own_families` and the process), and the push groups."""
    options = config.settings.collect
    collectors: dict[str, NotingCollector | None] = {
        "node": Host(options.host) if options.host else None,
        "process": Processes(options.process) if options.process else None,
        "dcgm": Gpu(options.gpu) if options.gpu else None,
        "jipyo": SelfMetrics([own_families], version=version("jipyo")),
    }
    targets = [
        own_target(
            [collector],
            job=job,
            instance=config.instance,
            interval_ms=options.interval_ms,
            notes=collector.notes,
        )
        for job, collector in collectors.items()
        if collector is not None
    ]
    pushed = Labels.of({"job": "pushed", "instance": config.instance})
    return [*targets, Target(pushed, groups, options.interval_ms)]


def list_own_jobs(config: Config) -> OwnJobs:
    """The jobs that the configuration sets up, whether they have targets at the moment or not."""
    options = config.settings.collect
    scraped = [*options.scrape, *(options.prometheus_yml.jobs if options.prometheus_yml else ())]
    site = {
        **{job.name: JobKind.SCRAPE for job in scraped},
        **{database.job or database.kind: JobKind.DATABASE for database in options.databases},
        **{probe.job: JobKind.PROBE for probe in options.probes},
    }
    return OwnJobs(config.instance, frozenset(HOST_JOBS), site)


def build_site_targets(config: Config) -> Callable[[], list[Target]]:
    """The configuration's databases, probes and scrape jobs, discovered again at each call.

    Raises:
        ConfigError: one of them is invalid.
    """
    options = config.settings.collect
    fixed = [database_target(database) for database in options.databases]
    fixed += [probe_target(probe) for probe in options.probes]
    prometheus_yml = options.prometheus_yml
    for place in prometheus_yml.unsupported if prometheus_yml else ():
        _LOG.warning("ignored: %s is not supported", place)
    jobs = prometheus_yml.jobs if prometheus_yml else ()
    discover = Discovery([*options.scrape, *jobs])
    return lambda: [*fixed, *discover()]
