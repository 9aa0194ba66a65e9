"""A report that was made, as notifications in the outbox of the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.notify.message import (
    MessageKind,
    Notification,
    NotifiedFile,
    NotifiedReport,
)
from jipyo.alerts.notify.outbox import add_notification
from jipyo.analysis.thresholds import Severity

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from jipyo.app.publishing.job import MadeReport


def build_notification(made: MadeReport, key: str, t_ms: int) -> Notification:
    """The facts of the message about a report; the same key is delivered once to a channel."""
    return Notification(
        key=key,
        kind=MessageKind.REPORT,
        t_ms=t_ms,
        severity=Severity.OK,
        report=NotifiedReport(
            number=made.number,
            issue=made.issue,
            kind=made.kind,
            title=made.title,
            summary=made.summary,
            files=tuple(
                NotifiedFile(
                    path=str(one.path),
                    name=one.path.name,
                    media_type=one.media_type,
                    size_bytes=one.size_bytes,
                    sha256=one.sha256,
                )
                for one in made.files
            ),
        ),
    )


def queue_report(
    db: sqlite3.Connection, made: MadeReport, channels: Iterable[str], key: str, now_ms: int
) -> list[str]:
    """Queue the message for each channel; those for which it was not queued before."""
    notification = build_notification(made, key, now_ms)
    return [name for name in channels if add_notification(db, name, notification, now_ms)]
