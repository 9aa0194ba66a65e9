"""The outbox: what waits for each channel, and what became of what was sent.

A row is added in the transaction of the evaluation that it comes from, so it is there if and
only if its incident is. It is marked after the receiver has confirmed it, so what is sent twice
after a crash has the same key both times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.notify.stored_notification import decode_notification, encode_notification
from jipyo.alerts.store import SchemaStep

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from jipyo.alerts.notify.message import Notification

STEPS = (
    SchemaStep(
        "outbox",
        """
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            channel TEXT NOT NULL,
            key TEXT NOT NULL,
            incident INTEGER,
            kind TEXT NOT NULL,
            due_ms INTEGER NOT NULL, -- not sent before, as in quiet hours
            state TEXT NOT NULL DEFAULT 'waiting',
            batch INTEGER, -- the first row of those that are sent as one message
            done_ms INTEGER,
            notification BLOB NOT NULL,
            UNIQUE (channel, key)
        ) STRICT;
        CREATE INDEX outbox_waiting ON outbox (channel, id) WHERE state = 'waiting';
        CREATE INDEX outbox_tried ON outbox (channel, id) WHERE batch IS NOT NULL;
        CREATE INDEX outbox_incident ON outbox (incident, channel, id);
        CREATE TABLE channel (
            name TEXT PRIMARY KEY,
            delivered_ms INTEGER,
            failed_ms INTEGER,
            failures INTEGER NOT NULL DEFAULT 0, -- in a row
            error TEXT NOT NULL DEFAULT '',
            allowance_ms INTEGER NOT NULL DEFAULT 0 -- of limit.py
        ) STRICT, WITHOUT ROWID;
        """,
    ),
)
"""The tables of the outbox."""
_DUE = """
    SELECT id, key, notification, kind FROM outbox
    WHERE channel = ?1 AND state = 'waiting' AND due_ms <= ?2 AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.channel = outbox.channel AND earlier.incident = outbox.incident
        AND earlier.id < outbox.id AND earlier.state = 'waiting' AND earlier.due_ms > ?2
    ) ORDER BY id LIMIT ?3"""
_TRIED = """
    SELECT id, key, notification FROM outbox
    WHERE channel = ? AND state = 'waiting' AND batch IS NOT NULL ORDER BY id"""


@dataclass(frozen=True, slots=True)
class OutboxBatch:
    """Notifications that are sent as one message, in their order."""

    key: str
    """The same at every attempt, also after a restart."""
    ids: tuple[int, ...]
    notifications: tuple[Notification, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelState:
    """How it went with a channel, as it is kept over restarts."""

    delivered_ms: int | None = None
    failed_ms: int | None = None
    failures: int = 0
    """In a row; 0 where the last message was delivered."""
    error: str = ""
    """Of the last failure, with its remedy, in the channel's language."""
    allowance_ms: int = 0


def add_notification(
    connection: sqlite3.Connection, channel: str, notification: Notification, due_ms: int
) -> bool:
    """Queue a notification for a channel; False where the same one is there already.

    One that is due sooner than what waits of its incident takes that along: nobody gets to
    know that an incident became critical before it was opened.
    """
    row = (
        channel,
        notification.key,
        notification.incident,
        notification.kind.value,
        due_ms,
        encode_notification(notification),
    )
    added = connection.execute(
        "INSERT INTO outbox (channel, key, incident, kind, due_ms, notification)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (channel, key) DO NOTHING",
        row,
    ).rowcount
    connection.execute(
        "UPDATE outbox SET due_ms = ? WHERE channel = ? AND incident = ?"
        " AND state = 'waiting' AND due_ms > ?",
        (due_ms, channel, notification.incident, due_ms),
    )
    return added == 1


def take_batch(
    connection: sqlite3.Connection, channel: str, now_ms: int, most: int
) -> OutboxBatch | None:
    """What a channel has to send next: what was tried before, else up to `most` that are due.

    The batch is written down, so that the next attempt is the same one; None where none is due.
    """
    rows = connection.execute(_TRIED, (channel,)).fetchall()
    if not rows:
        rows = _split_off_reports(connection.execute(_DUE, (channel, now_ms, most)).fetchall())
        ids = [(rows[0][0], row[0]) for row in rows]
        connection.executemany("UPDATE outbox SET batch = ? WHERE id = ?", ids)
    if not rows:
        return None
    key = rows[0][1] if len(rows) == 1 else f"{rows[0][1]}+{len(rows) - 1}"
    return OutboxBatch(
        key,
        tuple(row[0] for row in rows),
        tuple(decode_notification(row[2]) for row in rows),
    )


def _split_off_reports(
    rows: list[tuple[int, str, bytes, str]],
) -> list[tuple[int, str, bytes, str]]:
    """The first rows that may go together: a report, with its files, goes alone."""
    kinds = [row[3] == MessageKind.REPORT.value for row in rows]
    if kinds[:1] == [True]:
        return rows[:1]
    return rows[: kinds.index(True)] if True in kinds else rows


def has_more_due(connection: sqlite3.Connection, channel: str, now_ms: int, count: int) -> bool:
    """Whether a channel may send more than so many notifications now."""
    return len(connection.execute(_DUE, (channel, now_ms, count + 1)).fetchall()) > count


def count_waiting(connection: sqlite3.Connection, channel: str) -> int:
    """How many notifications wait for a channel, also those that are not due."""
    query = "SELECT count(*) FROM outbox WHERE channel = ? AND state = 'waiting'"
    return _count(connection, query, channel)


def count_rejected(connection: sqlite3.Connection, channel: str) -> int:
    """How many notifications were refused by the receiver, and are kept."""
    query = "SELECT count(*) FROM outbox WHERE channel = ? AND state = 'rejected'"
    return _count(connection, query, channel)


def take_apart(connection: sqlite3.Connection, batch: OutboxBatch) -> None:
    """Let the notifications of a batch be sent in other batches."""
    rows = [(row,) for row in batch.ids]
    connection.executemany("UPDATE outbox SET batch = NULL WHERE id = ?", rows)


def mark_delivered(
    connection: sqlite3.Connection, channel: str, batch: OutboxBatch, now_ms: int, allowance_ms: int
) -> None:
    """The receiver has confirmed a batch."""
    _finish(connection, batch, "delivered", now_ms)
    connection.execute(
        "INSERT INTO channel (name, delivered_ms, allowance_ms) VALUES (?1, ?2, ?3)"
        " ON CONFLICT DO UPDATE SET delivered_ms = ?2, allowance_ms = ?3, failures = 0",
        (channel, now_ms, allowance_ms),
    )


def mark_failed(connection: sqlite3.Connection, channel: str, now_ms: int, error: str) -> None:
    """An attempt failed; the batch goes on waiting."""
    connection.execute(
        "INSERT INTO channel (name, failed_ms, failures, error) VALUES (?1, ?2, 1, ?3)"
        " ON CONFLICT DO UPDATE SET failed_ms = ?2, failures = failures + 1, error = ?3",
        (channel, now_ms, error),
    )


def mark_working(connection: sqlite3.Connection, channel: str) -> None:
    """The receiver has confirmed a repetition."""
    connection.execute("UPDATE channel SET failures = 0 WHERE name = ? AND failures", (channel,))


def mark_rejected(connection: sqlite3.Connection, batch: OutboxBatch, now_ms: int) -> None:
    """Set a batch aside that the receiver will not take: the next one has its turn."""
    _finish(connection, batch, "rejected", now_ms)


def read_channel_state(connection: sqlite3.Connection, channel: str) -> ChannelState:
    """How it went with a channel so far."""
    row = connection.execute(
        "SELECT delivered_ms, failed_ms, failures, error, allowance_ms FROM channel WHERE name = ?",
        (channel,),
    ).fetchone()
    if row is None:
        return ChannelState()
    return ChannelState(
        delivered_ms=row[0], failed_ms=row[1], failures=row[2], error=row[3], allowance_ms=row[4]
    )


def list_open(connection: sqlite3.Connection, channel: str) -> tuple[Notification, ...]:
    """The last notification that a channel delivered of each incident that is not resolved."""
    rows = connection.execute(
        "SELECT max(id), kind, notification FROM outbox WHERE channel = ?"
        " AND state = 'delivered' AND incident IS NOT NULL GROUP BY incident ORDER BY 1",
        (channel,),
    )
    resolved = MessageKind.RESOLVED.value
    return tuple(decode_notification(row[2]) for row in rows if row[1] != resolved)


def list_queued(connection: sqlite3.Connection, incident: int) -> dict[str, frozenset[str]]:
    """The keys of all that was queued about an incident, each with its channels."""
    queued: dict[str, frozenset[str]] = {}
    rows = connection.execute(
        "SELECT key, channel FROM outbox WHERE incident = ? ORDER BY id", (incident,)
    )
    for key, channel in rows:
        queued[key] = queued.get(key, frozenset()) | {channel}
    return queued


def forget_before(connection: sqlite3.Connection, t_ms: int) -> None:
    """Delete what was done with before a moment; what belongs to an open incident stays."""
    connection.execute(
        "DELETE FROM outbox WHERE done_ms < ? AND (incident IS NULL OR EXISTS ("
        " SELECT 1 FROM outbox AS last WHERE last.channel = outbox.channel"
        " AND last.incident = outbox.incident AND last.kind = ? AND last.done_ms < ?))",
        (t_ms, MessageKind.RESOLVED.value, t_ms),
    )


def forget_other_channels(connection: sqlite3.Connection, channels: Sequence[str]) -> None:
    """Delete what waits for channels that are configured no more."""
    connection.execute(
        "DELETE FROM outbox WHERE state = 'waiting'"
        " AND channel NOT IN (SELECT value FROM json_each(?))",
        (orjson.dumps(channels).decode(),),
    )


def _finish(connection: sqlite3.Connection, batch: OutboxBatch, state: str, now_ms: int) -> None:
    connection.executemany(
        "UPDATE outbox SET state = ?, batch = NULL, done_ms = ? WHERE id = ?",
        [(state, now_ms, row) for row in batch.ids],
    )


def _count(connection: sqlite3.Connection, query: str, *values: object) -> int:
    count: int = connection.execute(query, values).fetchone()[0]
    return count
