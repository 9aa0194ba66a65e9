"""Databases, queried directly under the names of the field's exporters.

The drivers are in the extra `databases`; without them only these targets fail.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Protocol

from jipyo.collect.database.mysql import MYSQL
from jipyo.collect.database.options import DatabaseOptions
from jipyo.collect.database.postgres import POSTGRES
from jipyo.collect.database.redis import REDIS
from jipyo.collect.database.session import DatabaseSession
from jipyo.collect.protocols import NotingCollector
from jipyo.collect.target import CollectorReader, Target
from jipyo.model.errors import ConfigError
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.family import Family
    from jipyo.model.reading import TargetReading

__all__ = ["KINDS", "DatabaseOptions", "DatabaseReader", "database_collector", "database_target"]

KINDS = {kind.name: kind for kind in (POSTGRES, MYSQL, REDIS)}


class ConnectedCollector(NotingCollector, Protocol):
    """A collector with a connection, which notes what it was not allowed to see."""

    def close(self) -> None:
        """Close the connection."""
        ...


class DatabaseReader:
    """Reads a database as a target, with what it was not allowed to see as notes."""

    def __init__(self, collector: ConnectedCollector, labels: Mapping[str, str]) -> None:
        """Put `labels` (job, instance) on all its series."""
        self._reader = CollectorReader([collector], labels, collector.notes)
        weakref.finalize(self, collector.close)  # a removed target gets no call

    def read(self, t_ms: int) -> TargetReading | None:
        """Read all parts.

        Raises:
            CollectError: it cannot be read; the key says why and the hint what to do.
        """
        return self._reader.read(t_ms)

    def families(self) -> tuple[Family, ...]:
        """The last result."""
        return self._reader.families()


def database_collector(options: DatabaseOptions) -> DatabaseSession:
    """The collector for a kind of database.

    Raises:
        ConfigError: the kind is none of `KINDS`, or the URL is not one of its kind.
    """
    kind = KINDS.get(options.kind)
    if kind is None:
        raise ConfigError("database.unknown_kind", kind=options.kind, known=", ".join(KINDS))
    return DatabaseSession(kind, options)


def database_target(options: DatabaseOptions) -> Target:
    """A database as a target of the loop.

    Raises:
        ConfigError: the kind is none of `KINDS`, or the URL is not one of its kind.
    """
    session = database_collector(options)
    labels = {
        "job": options.job or options.kind,
        "instance": options.instance or session.address.text,
    }
    url = f"{options.kind}://{session.address.text}"
    return Target(Labels.of(labels), DatabaseReader(session, labels), options.interval_ms, url)
