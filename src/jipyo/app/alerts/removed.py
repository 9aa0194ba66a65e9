"""The targets that the configuration once listed and does not list any more: removed on purpose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jipyo.alerts.store import SchemaStep

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.alerts.store import AlertStore
    from jipyo.config.load import Config

STEPS = (
    SchemaStep(
        "targets-1",
        """
        CREATE TABLE listed_target (
            job TEXT NOT NULL, instance TEXT NOT NULL,
            removed_ms INTEGER, -- null while the configuration lists it
            PRIMARY KEY (job, instance)
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)
KEEP_MS = 2 * 86_400_000
"""Longer than any loss looks back."""


def note_targets(config: Config, store: AlertStore, t_ms: int) -> tuple[Mapping[str, str], ...]:
    """Remember what the configuration lists now; the labels of what it has removed lately.

    Targets that files or services list come and go without it, and are lost where they go.

    Raises:
        ConfigError: a target cannot be built.
        StoreError: nothing can be kept.
    """
    listed = list_listed_targets(config)
    with store.transaction() as db:
        db.execute("UPDATE listed_target SET removed_ms = ? WHERE removed_ms IS NULL", (t_ms,))
        db.executemany(
            "INSERT INTO listed_target VALUES (?, ?, NULL)"
            " ON CONFLICT DO UPDATE SET removed_ms = NULL",
            sorted(listed),
        )
        db.execute("DELETE FROM listed_target WHERE removed_ms < ?", (t_ms - KEEP_MS,))
        rows = db.execute("SELECT job, instance FROM listed_target WHERE removed_ms IS NOT NULL")
        return tuple({"job": job, "instance": instance} for job, instance in rows)


def list_listed_targets(config: Config) -> frozenset[tuple[str, str]]:
    """Job and instance of the targets that are in the configuration itself.

    Raises:
        ConfigError: one of them is invalid.
    """
    # All collectors: not for those who only read the alerts.
    from jipyo.app.build_collect import plan_site_targets  # noqa: PLC0415
    from jipyo.collect.discovery import Discovery  # noqa: PLC0415

    options = config.settings.collect
    jobs = (*options.scrape, *(options.prometheus_yml.jobs if options.prometheus_yml else ()))
    fixed = [build() for build in plan_site_targets(options).values()]
    scraped = Discovery([replace(job, files=()) for job in jobs])()
    return frozenset((target.job, target.instance) for target in (*fixed, *scraped))
