"""PostgreSQL under the names of postgres_exporter."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jipyo.collect.database.options import DatabaseOptions, address, password
from jipyo.collect.database.session import (
    Column,
    Record,
    Refused,
    columns,
    load,
    number,
    one_line,
    read_parts,
    refused,
    successes,
)
from jipyo.model.errors import CollectError
from jipyo.model.family import Row, family, gauge, single
from jipyo.model.reading import ReadingNote
from jipyo.model.sample import MetricType
from jipyo.net.deadline import cut_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psycopg import Connection

    from jipyo.model.family import Family

_C, _G, _U = MetricType.COUNTER, MetricType.GAUGE, MetricType.UNKNOWN

_DATABASE = (
    Column("numbackends", _G, "Backends connected to this database."),
    Column("xact_commit", _C, "Transactions that were committed."),
    Column("xact_rollback", _C, "Transactions that were rolled back."),
    Column("blks_read", _C, "Disk blocks read."),
    Column("blks_hit", _C, "Disk blocks found in the buffer cache."),
    Column("tup_returned", _C, "Rows returned by queries."),
    Column("tup_fetched", _C, "Rows fetched by queries."),
    Column("tup_inserted", _C, "Rows inserted."),
    Column("tup_updated", _C, "Rows updated."),
    Column("tup_deleted", _C, "Rows deleted."),
    Column("conflicts", _C, "Queries cancelled for conflicts with recovery."),
    Column("temp_files", _C, "Temporary files created by queries."),
    Column("temp_bytes", _C, "Bytes written to temporary files."),
    Column("deadlocks", _C, "Deadlocks found."),
    Column("blk_read_time", _C, "Time spent reading blocks, in milliseconds."),
    Column("blk_write_time", _C, "Time spent writing blocks, in milliseconds."),
    Column("stats_reset", _C, "When these statistics were last reset."),
    Column("active_time", _U, "Time spent executing statements, in milliseconds."),
    Column("idle_in_transaction_time", _U, "Time idle in a transaction, in milliseconds."),
    Column("session_time", _U, "Time spent by sessions, in milliseconds."),
    Column("sessions", _U, "Sessions established."),
    Column("sessions_abandoned", _U, "Sessions whose client was lost."),
    Column("sessions_fatal", _U, "Sessions ended by fatal errors."),
    Column("sessions_killed", _U, "Sessions ended by an operator."),
    Column("checksum_failures", _U, "Pages whose checksum was wrong."),
    Column("checksum_last_failure", _U, "When a checksum was last wrong."),
)
_CONFLICTS = tuple(
    Column(f"confl_{name}", _C, f"Queries cancelled for {text}.")
    for name, text in (
        ("tablespace", "dropped tablespaces"),
        ("lock", "lock timeouts"),
        ("snapshot", "old snapshots"),
        ("bufferpin", "pinned buffers"),
        ("deadlock", "deadlocks"),
    )
)
_ACTIVITY = (
    Column("count", _G, "Connections in this state."),
    Column("max_tx_duration", _G, "Age of the oldest transaction in this state, in seconds."),
)
_ARCHIVER = (
    Column("archived_count", _C, "WAL files archived."),
    Column("failed_count", _C, "WAL files that could not be archived."),
    Column("last_archive_age", _G, "Seconds since a WAL file was last archived."),
)
_REPLICAS = (
    Column("pg_current_wal_lsn_bytes", _G, "WAL position in bytes."),
    Column("pg_wal_lsn_diff", _G, "How far a replica is behind, in bytes."),
)
_SLOTS = (
    Column("active", _G, "Whether the slot is in use."),
    Column("pg_wal_lsn_diff", _G, "WAL kept for the slot, in bytes."),
)
_WRITER = (
    ("checkpoints_timed", "Checkpoints begun by time."),
    ("checkpoints_req", "Checkpoints that were asked for."),
    ("checkpoint_write_time", "Time checkpoints spent writing, in milliseconds."),
    ("checkpoint_sync_time", "Time checkpoints spent syncing, in milliseconds."),
    ("buffers_checkpoint", "Buffers written by checkpoints."),
    ("buffers_clean", "Buffers written by the background writer."),
    ("maxwritten_clean", "Times the background writer stopped for having written too much."),
    ("buffers_backend", "Buffers written by a backend."),
    ("buffers_backend_fsync", "Times a backend had to fsync itself."),
    ("buffers_alloc", "Buffers allocated."),
    ("stats_reset", "When these statistics were last reset."),
)
_CHECKPOINTER = (
    ("num_timed", "Checkpoints begun by time."),
    ("num_requested", "Checkpoints that were asked for."),
    ("restartpoints_timed", "Restartpoints begun by time."),
    ("restartpoints_req", "Restartpoints that were asked for."),
    ("restartpoints_done", "Restartpoints performed."),
    ("write_time", "Time spent writing, in milliseconds."),
    ("sync_time", "Time spent syncing, in milliseconds."),
    ("buffers_written", "Buffers written."),
    ("stats_reset", "When these statistics were last reset."),
)
_STATEMENTS = (
    Column("calls_total", _C, "Times a statement was executed."),
    Column("seconds_total", _C, "Time spent in a statement, in seconds."),
    Column("rows_total", _C, "Rows a statement returned or changed."),
    Column("block_read_seconds_total", _C, "Time a statement spent reading blocks."),
    Column("block_write_seconds_total", _C, "Time a statement spent writing blocks."),
)

_ACTIVITY_SQL = """
SELECT d.datname, s.state, coalesce(a.count, 0) AS count,
  coalesce(a.age, 0) AS max_tx_duration
FROM (VALUES ('active'), ('idle'), ('idle in transaction'),
  ('idle in transaction (aborted)'), ('fastpath function call'), ('disabled')) AS s(state)
CROSS JOIN pg_database AS d
LEFT JOIN (
  SELECT datname, state, count(*) AS count,
    max(extract(epoch FROM now() - xact_start)) AS age
  FROM pg_stat_activity GROUP BY datname, state) AS a
ON a.state = s.state AND a.datname = d.datname"""
_LOCKS_SQL = """
SELECT d.datname, m.mode, coalesce(l.count, 0) AS count
FROM (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'),
  ('shareupdateexclusivelock'), ('sharelock'), ('sharerowexclusivelock'),
  ('exclusivelock'), ('accessexclusivelock'), ('sireadlock')) AS m(mode)
CROSS JOIN pg_database AS d
LEFT JOIN (
  SELECT database, lower(mode) AS mode, count(*) AS count
  FROM pg_locks WHERE database IS NOT NULL GROUP BY database, lower(mode)) AS l
ON l.mode = m.mode AND l.database = d.oid"""
_SIZE_SQL = """
SELECT datname, pg_database_size(oid) AS size_bytes FROM pg_database
WHERE has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')"""
_REPLICATION_SQL = """
SELECT pg_is_in_recovery() AS is_replica,
  CASE WHEN NOT pg_is_in_recovery()
    OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
  ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp()))
  END AS lag_seconds,
  greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp()))
  AS last_replay_seconds"""
_HERE = "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END"
_REPLICAS_SQL = f"""
SELECT application_name, client_addr, state, NULL AS slot_name,
  pg_wal_lsn_diff({_HERE}, '0/0') AS pg_current_wal_lsn_bytes,
  pg_wal_lsn_diff({_HERE}, replay_lsn) AS pg_wal_lsn_diff
FROM pg_stat_replication"""  # noqa: S608 - a constant
_SLOTS_SQL = f"""
SELECT slot_name, database, active::int AS active,
  pg_wal_lsn_diff({_HERE}, restart_lsn) AS pg_wal_lsn_diff
FROM pg_replication_slots"""  # noqa: S608 - a constant
_EXTENSION_SQL = """
SELECT quote_ident(n.nspname) AS schema FROM pg_extension AS e
JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'"""
_ARCHIVER_SQL = """
SELECT archived_count, failed_count,
  extract(epoch FROM now() - last_archived_time) AS last_archive_age FROM pg_stat_archiver"""
_SETTINGS_SQL = """
SELECT name, coalesce(unit, '') AS unit, short_desc,
  CASE WHEN name IN ('statement_timeout', 'default_transaction_read_only',
    'transaction_read_only') THEN reset_val ELSE setting END AS setting FROM pg_settings
WHERE vartype IN ('bool', 'integer', 'real') AND name <> 'sync_commit_cancel_wait'"""
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


class Postgres:
    """One server, over one connection that is kept; every part of the reading fails alone."""

    def __init__(
        self, options: DatabaseOptions, *, importer: Callable[[str], Any] | None = None
    ) -> None:
        """Nothing is loaded or connected before the first `collect`.

        Raises:
            ConfigError: the URL is not one of PostgreSQL, or holds a password.
        """
        self._options = options
        self._address = address(options)
        self._importer = importer
        self._connection: Connection[Record] | None = None
        self._notes: tuple[ReadingNote, ...] = ()

    def notes(self) -> tuple[ReadingNote, ...]:
        """What the last reading left out, and why."""
        return self._notes

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def collect(self, t_ms: int) -> list[Family]:
        """Everything at `t_ms`.

        Raises:
            CollectError: the driver is missing, or the server does not let us in, does not
                answer in time or goes away.
        """
        psycopg = load("psycopg", "psycopg[binary]", self._importer)
        connection = self._connection or self._open(psycopg)
        self._connection = connection
        ask = _Asker(psycopg, connection, self._options, self._address.text)
        try:
            read = read_parts(ask.parts(), self._address.text)
        except CollectError:
            self.close()
            raise
        self._notes = (*read.notes, *ask.notes)
        up = single(_G, "pg_up", "Whether the server answered.", 1.0)
        return [up, *read.families, successes("pg_scrape_collector_success", "", read.success)]

    def _open(self, psycopg: Any) -> Connection[Record]:
        options, url = self._options, self._address.text
        arguments: dict[str, Any] = {
            "application_name": "jipyo",
            "connect_timeout": math.ceil(options.connect_timeout_s),
            "keepalives_idle": 10,
            "keepalives_interval": 3,
            "keepalives_count": 3,
        }
        if options.ca_file is not None:
            arguments |= {"sslmode": "verify-full", "sslrootcert": str(options.ca_file)}
        secret = password(options)
        if secret is not None:
            arguments["password"] = secret
        try:
            connection: Connection[Record] = psycopg.connect(
                options.url, autocommit=True, row_factory=psycopg.rows.dict_row, **arguments
            )
            # Set here and not while connecting, so that the settings shown are the server's.
            connection.execute(f"SET statement_timeout = {int(options.statement_timeout_s * 1000)}")
            connection.execute("SET default_transaction_read_only = on")
        except psycopg.Error as error:
            raise _not_opened(error, url) from error
        connection.prepare_threshold = 2
        return connection


def _not_opened(error: Any, url: str) -> CollectError:
    """The server is not there, or does not let us in; libpq gives no code for either."""
    reason = one_line(error)
    attempt = getattr(error, "pgconn", None)
    asked = attempt is not None and (attempt.needs_password or attempt.used_password)
    if asked or "FATAL" in reason:
        hint = "database.no_entry.postgres.hint"
        return CollectError("database.no_entry", hint=hint, url=url, reason=reason)
    hint = "database.unreachable.hint"
    return CollectError("database.unreachable", hint=hint, url=url, reason=reason)


class _Asker:
    """The questions of one reading, over an open connection."""

    def __init__(
        self, psycopg: Any, connection: Connection[Record], options: DatabaseOptions, url: str
    ) -> None:
        self._psycopg = psycopg
        self._connection = connection
        self._options = options
        self._url = url
        self.notes: list[ReadingNote] = []

    def parts(self) -> dict[str, Callable[[], Iterator[Family]]]:
        return {
            "settings": self._settings,
            "stat_activity": self._activity,
            "database": self._sizes,
            "stat_database": self._databases,
            "stat_statements": self._statements,
            "locks": self._locks,
            "stat_bgwriter": self._writer,
            "stat_archiver": self._archiver,
            "replication": self._replication,
        }

    def _rows(self, part: str, query: str) -> list[Record]:
        """The rows of a query.

        Raises:
            Refused: the server does not answer this one.
            CollectError: the connection was lost.
        """
        psycopg, connection = self._psycopg, self._connection
        # The server ends the statement itself; where it is too ill for that we hang up.
        limit_s = self._options.statement_timeout_s + 1
        with cut_after(limit_s, connection.fileno()) as cut:
            try:
                return connection.execute(query).fetchall()
            except psycopg.Error as error:
                if cut.is_set():
                    hint = "database.timeout.hint"
                    raise CollectError(
                        "database.timeout", hint=hint, url=self._url, seconds=limit_s
                    ) from error
                if connection.closed:
                    reason = one_line(error)
                    raise CollectError("database.lost", url=self._url, reason=reason) from error
                raise refused(part, error) from error

    def _settings(self) -> Iterator[Family]:
        version = self._connection.info.server_version
        found = self._rows("settings", "SELECT version() AS version")[0]["version"]
        short = f"{version // 10000}.{version % 10000}.0"
        text = "The server's version."
        names = ("version", "short_version")
        yield family(_U, "pg_static", text, names, [((found, short), 1.0)])
        for row in self._rows("settings", _SETTINGS_SQL):
            name, value = _in_base_units(row["name"], number(row["setting"]), row["unit"])
            yield single(_G, f"pg_settings_{name}", row["short_desc"], value)
        started = self._rows("settings", "SELECT pg_postmaster_start_time() AS started")
        text = "When the server was started."
        yield single(_G, "pg_postmaster_start_time_seconds", text, number(started[0]["started"]))

    def _activity(self) -> Iterator[Family]:
        role = "SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS may"
        if not self._rows("stat_activity", role)[0]["may"]:
            self.notes.append(ReadingNote("database.no_pg_monitor"))
        rows = self._rows("stat_activity", _ACTIVITY_SQL)
        yield from columns("pg_stat_activity_", rows, ("datname", "state"), _ACTIVITY)

    def _sizes(self) -> Iterator[Family]:
        rows: list[Row] = [
            ((row["datname"],), number(row["size_bytes"])) for row in self._rows("size", _SIZE_SQL)
        ]
        yield gauge("pg_database_size_bytes", "Disk space of a database.", ("datname",), rows)

    def _databases(self) -> Iterator[Family]:
        labels = ("datid", "datname")
        rows = self._rows("stat_database", "SELECT * FROM pg_stat_database")
        yield from columns("pg_stat_database_", rows, labels, _DATABASE)
        rows = self._rows("stat_database", "SELECT * FROM pg_stat_database_conflicts")
        yield from columns("pg_stat_database_conflicts_", rows, labels, _CONFLICTS)

    def _statements(self) -> Iterator[Family]:
        found = self._rows("stat_statements", _EXTENSION_SQL)
        if not found:
            raise Refused(ReadingNote("database.no_statements"))
        view = f"{found[0]['schema']}.pg_stat_statements"
        rows = self._rows("stat_statements", self._statements_sql(view))
        labels = ("user", "datname", "queryid")
        yield from columns("pg_stat_statements_", rows, labels, _STATEMENTS)

    def _statements_sql(self, view: str) -> str:
        """The columns have other names in every other version."""
        named = set(self._columns(view))
        time = "total_exec_time" if "total_exec_time" in named else "total_time"
        block = "shared_blk" if "shared_blk_read_time" in named else "blk"
        return f"""
SELECT pg_get_userbyid(s.userid) AS "user", d.datname, s.queryid, sum(s.calls) AS calls_total,
  sum(s.{time}) / 1000 AS seconds_total, sum(s.rows) AS rows_total,
  sum(s.{block}_read_time) / 1000 AS block_read_seconds_total,
  sum(s.{block}_write_time) / 1000 AS block_write_seconds_total
FROM {view} AS s JOIN pg_database AS d ON d.oid = s.dbid WHERE s.queryid IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY seconds_total DESC LIMIT {self._options.max_statements}"""  # noqa: S608 - names from the server's own catalogue

    def _columns(self, view: str) -> list[str]:
        query = f"SELECT attname FROM pg_attribute WHERE attrelid = '{view}'::regclass"  # noqa: S608 - as above
        return [row["attname"] for row in self._rows("stat_statements", query)]

    def _locks(self) -> Iterator[Family]:
        text = "Locks held or waited for."
        wanted = [Column("count", _G, text)]
        yield from columns(
            "pg_locks_", self._rows("locks", _LOCKS_SQL), ("datname", "mode"), wanted
        )

    def _writer(self) -> Iterator[Family]:
        views: dict[str, tuple[tuple[str, str], ...]] = {"pg_stat_bgwriter": _WRITER}
        if self._connection.info.server_version >= 170000:
            views["pg_stat_checkpointer"] = _CHECKPOINTER
        for view, wanted in views.items():
            row = self._rows("stat_bgwriter", f"SELECT * FROM {view}")[0]  # noqa: S608 - a constant
            for column, text in wanted:
                value = number(row.get(column))
                if not math.isnan(value):
                    yield single(_C, f"{view}_{column}_total", text, value)

    def _archiver(self) -> Iterator[Family]:
        rows = self._rows("stat_archiver", _ARCHIVER_SQL)
        yield from columns("pg_stat_archiver_", rows, (), _ARCHIVER)

    def _replication(self) -> Iterator[Family]:
        wanted = (
            Column("is_replica", _G, "Whether this server follows another."),
            Column("lag_seconds", _G, "How far this server is behind, in seconds."),
            Column("last_replay_seconds", _G, "Age of what was last replayed, in seconds."),
        )
        yield from columns(
            "pg_replication_", self._rows("replication", _REPLICATION_SQL), (), wanted
        )
        labels: tuple[str, ...] = ("application_name", "client_addr", "state", "slot_name")
        rows = self._rows("replication", _REPLICAS_SQL)
        yield from columns("pg_stat_replication_", rows, labels, _REPLICAS)
        labels = ("slot_name", "database")
        rows = self._rows("replication", _SLOTS_SQL)
        yield from columns("pg_replication_slots_", rows, labels, _SLOTS)


def _in_base_units(name: str, value: float, unit: str) -> tuple[str, float]:
    """A setting in bytes or seconds, named so; what is not positive means something special.

    >>> _in_base_units("shared_buffers", 16384, "8kB")
    ('shared_buffers_bytes', 134217728.0)
    """
    name = name.replace(".", "_").replace("-", "_")
    if unit in _SECONDS:
        return f"{name}_seconds", value * _SECONDS[unit] if value > 0 else value
    digits = unit.rstrip("BkMGT")
    if unit[len(digits) :] in _BYTES:
        factor = int(digits or 1) * _BYTES[unit[len(digits) :]]
        return f"{name}_bytes", float(value * factor) if value > 0 else value
    return name, value
