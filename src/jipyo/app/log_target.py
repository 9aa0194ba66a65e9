"""What is counted of log records, as a target of the collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.app.logs import find_logs_folder
from jipyo.app.own_jobs import list_own_jobs
from jipyo.logs.embedded.counting import LogCounter
from jipyo.logs.store.reader import StoreReader
from jipyo.model.errors import CollectError, StoreError
from jipyo.model.reading import TargetReading
from jipyo.model.sample import MetricMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterator
    from pathlib import Path

    from jipyo.config.load import Config
    from jipyo.model.family import Family
    from jipyo.model.labels import Labels

_NS_PER_MS = 1_000_000
JOB = "logs"


class LogTarget:
    """Reads the counters of a log store; see `TargetReader`.

    Requests and status lines have the service as their job. A job that is scraped counts them
    itself: of such a service only the lines are taken.
    """

    def __init__(self, folder: Path, instance: str, scraped_jobs: Collection[str]) -> None:
        """Nothing is opened before the first reading."""
        self._folder = folder
        self._labels = {"instance": instance}
        self._scraped_jobs = frozenset(scraped_jobs)
        self._counter: LogCounter | None = None
        self._series: tuple[Labels, ...] = ()
        self._metadata: tuple[MetricMetadata, ...] = ()
        self._known: dict[Labels, Labels] = {}

    def read(self, t_ms: int) -> TargetReading | None:
        """Count what is new; None where there is no log store.

        Raises:
            CollectError: the store cannot be read.
        """
        if not self._folder.is_dir():
            return None
        try:
            if self._counter is None:
                self._counter = LogCounter(StoreReader(self._folder))
            families = self._counter.count(t_ms * _NS_PER_MS)
        except StoreError as error:
            raise error.as_kind(CollectError) from error
        rows = list(self._list_samples(families))
        series = tuple(labels for labels, _ in rows)
        if series != self._series:
            self._series = series
        metadata = tuple(MetricMetadata(each.name, each.type, each.help) for each in families)
        if metadata != self._metadata:
            self._metadata = metadata
        values = np.array([value for _, value in rows], np.float64)
        return TargetReading(self._series, values, metadata=self._metadata, scraped=len(rows))

    def families(self) -> tuple[Family, ...]:
        """Empty: what is counted of others' lines is not shown on our own `/metrics`."""
        return ()

    def _list_samples(self, families: list[Family]) -> Iterator[tuple[Labels, float]]:
        for family in families:
            for sample in family.samples:
                job = sample.labels.get("job")
                if job is None or job not in self._scraped_jobs:
                    yield self._label(sample.labels, job or JOB), sample.value

    def _label(self, labels: Labels, job: str) -> Labels:
        found = self._known.get(labels)
        if found is None:
            found = self._known[labels] = labels.put({**self._labels, "job": job})
        return found


def plan_log_target(config: Config) -> tuple[Hashable, Callable[[], LogTarget]] | None:
    """All that the target is made of, and how; None where nothing is counted."""
    if not config.settings.logs.metrics:
        return None
    folder, own = find_logs_folder(config), list_own_jobs(config)
    jobs = frozenset(own.site)
    return (folder, jobs), lambda: LogTarget(folder, config.instance, jobs)
