"""Databases, asked directly under the names of the field's exporters.

The drivers are in the extra `databases`; without them only these targets fail.
"""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.collect.database.mysql import Mysql
from jipyo.collect.database.options import DatabaseOptions, address
from jipyo.collect.database.postgres import Postgres
from jipyo.collect.database.redis import Redis
from jipyo.collect.target import CollectorReader, Target
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jipyo.collect.database.session import DatabaseCollector
    from jipyo.model.family import Family
    from jipyo.model.reading import TargetReading

__all__ = [
    "DatabaseOptions",
    "DatabaseReader",
    "Mysql",
    "Postgres",
    "Redis",
    "database_collector",
    "database_target",
]

_KINDS: dict[str, Callable[[DatabaseOptions], DatabaseCollector]] = {
    "postgres": Postgres,
    "mysql": Mysql,
    "redis": Redis,
}


class DatabaseReader:
    """Reads a database as a target, with what it was not allowed to see as notes."""

    def __init__(self, collector: DatabaseCollector, labels: Mapping[str, str]) -> None:
        """Put `labels` (job, instance) on everything it gives."""
        self._collector = collector
        self._reader = CollectorReader([collector], labels)
        weakref.finalize(self, collector.close)  # a target that is taken out goes without a word

    def read(self, t_ms: int) -> TargetReading | None:
        """Ask it everything.

        Raises:
            CollectError: it cannot be read; the key says why and the hint what to do.
        """
        reading = self._reader.read(t_ms)
        notes = self._collector.notes()
        return replace(reading, notes=notes) if reading is not None and notes else reading

    def families(self) -> tuple[Family, ...]:
        """What it last said."""
        return self._reader.families()


def database_collector(options: DatabaseOptions) -> DatabaseCollector:
    """The collector for a kind of database.

    Raises:
        ConfigError: the kind is none of ours, or the URL is not one of its kind.
    """
    address(options)
    return _KINDS[options.kind](options)


def database_target(options: DatabaseOptions) -> Target:
    """A database as a target of the loop.

    Raises:
        ConfigError: the kind is none of ours, or the URL is not one of its kind.
    """
    where = address(options).text
    labels = {"job": options.job or options.kind, "instance": options.instance or where}
    reader = DatabaseReader(database_collector(options), labels)
    return Target(Labels.of(labels), reader, options.interval_ms, f"{options.kind}://{where}")
