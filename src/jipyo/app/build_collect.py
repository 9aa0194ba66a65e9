"""Collection: this host, this program, what batch jobs pushed, and the site's targets."""

from __future__ import annotations

import logging
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, TypeAlias

from jipyo.collect.database import database_target
from jipyo.collect.discovery import Discovery
from jipyo.collect.domain import domain_target
from jipyo.collect.gpu import Gpu
from jipyo.collect.host import Host
from jipyo.collect.loop import Loop
from jipyo.collect.ollama import ollama_target
from jipyo.collect.probe import probe_target
from jipyo.collect.process import Processes
from jipyo.collect.receive.push_groups import PushGroups
from jipyo.collect.self_metrics import SelfMetrics
from jipyo.collect.target import Target, TargetPool, TargetState, own_target
from jipyo.model.errors import JipyoError, StoreFull
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from jipyo.collect.protocols import NotingCollector, TargetReader
    from jipyo.collect.target import TargetStatus
    from jipyo.config.agent import AgentConfig
    from jipyo.config.collect import CollectOptions
    from jipyo.config.load import Config
    from jipyo.model.clock import Clock
    from jipyo.model.family import Family
    from jipyo.model.store import Appender

_LOG = logging.getLogger(__name__)


LogPlan: TypeAlias = (  # of the server's configuration; an agent has none
    "Callable[[Any], tuple[Hashable, Callable[[], TargetReader]] | None]"
)


class Collection:
    """The loop over all targets: this host, this program, the push groups and the site's."""

    def __init__(
        self,
        config: Config | AgentConfig,
        store: Appender,
        own_families: Callable[[], Iterable[Family]],
        clock: Clock,
        build_logs: LogPlan = lambda _: None,
    ) -> None:
        """Nothing is read yet.

        Args:
            config: what is collected.
            store: takes the samples.
            own_families: all parts' metrics.
            clock: the time of the samples.
            build_logs: what the target of log records is made of, and how; None for none.

        Raises:
            CollectError: the file of the push groups is not ours.
        """
        self.push_groups = PushGroups(config.data / "pushed")
        self._config: Config | AgentConfig = config
        self._loop = Loop(store, clock=clock)
        self._list_targets = TargetLister(self.push_groups, own_families, build_logs)

    def apply(self, config: Config | AgentConfig) -> None:
        """Collect by this configuration from now on; targets that it leaves unchanged go on."""
        self._config = config
        log_ignored_keys(config)
        self._loop.refresh()

    def start(self) -> None:
        """See `ServerPart.start`."""
        log_ignored_keys(self._config)
        self._loop.start(lambda: self._list_targets(self._config))

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
        return StoreFull("app.not_writable", hint=error.hint, path=str(self._config.data))


class TargetLister:
    """The targets of a configuration; those that are as they were at the last call are the same."""

    def __init__(
        self,
        push_groups: PushGroups,
        own_families: Callable[[], Iterable[Family]],
        build_logs: LogPlan = lambda _: None,
    ) -> None:
        """`own_families` are the metrics of this program; for `build_logs` see `Collection`."""
        self._build_logs = build_logs
        self._push_groups = push_groups
        self._own_families = own_families
        self._fixed = TargetPool()
        self._scraped, self._prometheus = Discovery(), Discovery()
        self._shadowed: frozenset[tuple[Labels, str]] = frozenset()

    def __call__(self, config: Config | AgentConfig) -> list[Target]:
        """The targets now; of those with equal labels the first counts.

        This host's come first, then those of jipyo.yaml, then those of prometheus.yml.

        Raises:
            ConfigError: one of them is invalid.
        """
        options = config.settings.collect
        plans = {**self._plan_host_targets(config), **plan_site_targets(options)}
        prometheus_yml = options.prometheus_yml
        self._scraped.change_jobs(options.scrape)
        self._prometheus.change_jobs(prometheus_yml.jobs if prometheus_yml else ())
        targets = self._fixed.select(plans)
        shadowed: set[tuple[Labels, str]] = set()
        for origin, found in (
            ("collect.scrape", self._scraped()),
            ("prometheus.yml", self._prometheus()),
        ):
            others = {target.labels for target in targets}
            shadowed |= {(each.labels, origin) for each in found if each.labels in others}
            targets += [target for target in found if target.labels not in others]
        self._log_shadowed(frozenset(shadowed))
        return targets

    def _log_shadowed(self, shadowed: frozenset[tuple[Labels, str]]) -> None:
        """Name each target, once, whose series would mix with those of another."""
        for labels, origin in sorted(shadowed - self._shadowed, key=str):
            _LOG.warning(
                "not scraped: %s of %s, because jipyo already has a target with the same labels",
                labels,
                origin,
            )
        self._shadowed = shadowed

    def _plan_host_targets(
        self, config: Config | AgentConfig
    ) -> dict[Hashable, Callable[[], Target]]:
        """This host, this program (its metrics and the process), and the push groups."""
        options = config.settings.collect
        parts: dict[str, tuple[object, Callable[[], NotingCollector]]] = {
            "node": (options.host, lambda: Host(options.host)),
            "process": (options.process, lambda: Processes(options.process)),
            "dcgm": (options.gpu, lambda: Gpu(options.gpu)),
            "jipyo": ((), lambda: SelfMetrics([self._own_families], version=version("jipyo"))),
        }
        place = (config.instance, options.interval_ms)
        plans: dict[Hashable, Callable[[], Target]] = {
            (job, *place, part): partial(build_own_target, job, *place, make)
            for job, (part, make) in parts.items()
            if part is not None
        }
        pushed = Labels.of({"job": "pushed", "instance": config.instance})
        groups = self._push_groups
        plans["pushed", *place] = lambda: Target(pushed, groups, options.interval_ms)
        logs = self._build_logs(config)
        if logs is not None:
            made_of, build = logs
            labels = Labels.of({"job": "logs", "instance": config.instance})
            plans["logs", *place, made_of] = lambda: Target(labels, build(), options.interval_ms)
        return plans


def build_own_target(
    job: str, instance: str, interval_ms: int, make: Callable[[], NotingCollector]
) -> Target:
    """A collector of this host as a target."""
    collector = make()
    return own_target(
        [collector], job=job, instance=instance, interval_ms=interval_ms, notes=collector.notes
    )


def plan_site_targets(options: CollectOptions) -> dict[Hashable, Callable[[], Target]]:
    """What jipyo asks itself, by its options, which are all that it is made of."""
    return {
        **{each: partial(database_target, each) for each in options.databases},
        **{each: partial(probe_target, each) for each in options.probes},
        **{each: partial(ollama_target, each) for each in options.ollama},
        **{each: partial(domain_target, each) for each in options.domains},
    }


def list_site_targets(config: Config) -> list[Target]:
    """The targets that the configuration and the files that it names list now.

    Raises:
        ConfigError: one of them is invalid.
    """
    options = config.settings.collect
    jobs = options.prometheus_yml.jobs if options.prometheus_yml else ()
    fixed = [build() for build in plan_site_targets(options).values()]
    return [*fixed, *Discovery(options.scrape)(), *Discovery(jobs)()]


def log_ignored_keys(config: Config | AgentConfig) -> None:
    """Name what a site's prometheus.yml asks for and does not get."""
    prometheus_yml = config.settings.collect.prometheus_yml
    for place in prometheus_yml.unsupported if prometheus_yml else ():
        _LOG.warning("ignored: %s is not supported", place)
