"""PostgreSQL under the names of postgres_exporter."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from jipyo.collect.database.options import Address, DatabaseOptions, read_password
from jipyo.collect.database.session import (
    DatabaseErrors,
    DatabaseKind,
    PartUnavailable,
    Queries,
    one_line,
)
from jipyo.collect.database.tables import ColumnMetric, Record, build_families, to_number
from jipyo.model.family import family, single
from jipyo.model.reading import ReadingNote
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from psycopg import Connection

    from jipyo.model.family import Family

_C, _G, _U = MetricType.COUNTER, MetricType.GAUGE, MetricType.UNKNOWN

_DATABASE = (
    ColumnMetric("numbackends", _G, "Backends connected to this database."),
    ColumnMetric("xact_commit", _C, "Transactions that were committed."),
    ColumnMetric("xact_rollback", _C, "Transactions that were rolled back."),
    ColumnMetric("blks_read", _C, "Disk blocks read."),
    ColumnMetric("blks_hit", _C, "Disk blocks found in the buffer cache."),
    ColumnMetric("tup_returned", _C, "Rows returned by queries."),
    ColumnMetric("tup_fetched", _C, "Rows fetched by queries."),
    ColumnMetric("tup_inserted", _C, "Rows inserted."),
    ColumnMetric("tup_updated", _C, "Rows updated."),
    ColumnMetric("tup_deleted", _C, "Rows deleted."),
    ColumnMetric("conflicts", _C, "Queries cancelled for conflicts with recovery."),
    ColumnMetric("temp_files", _C, "Temporary files created by queries."),
    ColumnMetric("temp_bytes", _C, "Bytes written to temporary files."),
    ColumnMetric("deadlocks", _C, "Deadlocks found."),
    ColumnMetric("blk_read_time", _C, "Time spent reading blocks, in milliseconds."),
    ColumnMetric("blk_write_time", _C, "Time spent writing blocks, in milliseconds."),
    ColumnMetric("stats_reset", _C, "When these statistics were last reset."),
    ColumnMetric("active_time", _U, "Time spent executing statements, in milliseconds."),
    ColumnMetric("idle_in_transaction_time", _U, "Time idle in a transaction, in milliseconds."),
    ColumnMetric("session_time", _U, "Time spent by sessions, in milliseconds."),
    ColumnMetric("sessions", _U, "Sessions established."),
    ColumnMetric("sessions_abandoned", _U, "Sessions whose client was lost."),
    ColumnMetric("sessions_fatal", _U, "Sessions ended by fatal errors."),
    ColumnMetric("sessions_killed", _U, "Sessions ended by an operator."),
    ColumnMetric("checksum_failures", _U, "Pages whose checksum was wrong."),
    ColumnMetric("checksum_last_failure", _U, "When a checksum was last wrong."),
)
_CONFLICTS = tuple(
    ColumnMetric(f"confl_{name}", _C, f"Queries cancelled for {text}.")
    for name, text in (
        ("tablespace", "dropped tablespaces"),
        ("lock", "lock timeouts"),
        ("snapshot", "old snapshots"),
        ("bufferpin", "pinned buffers"),
        ("deadlock", "deadlocks"),
    )
)
_ACTIVITY = (
    ColumnMetric("count", _G, "Connections in this state."),
    ColumnMetric("max_tx_duration", _G, "Age of the oldest transaction in this state, in seconds."),
)
_ARCHIVER = (
    ColumnMetric("archived_count", _C, "WAL files archived."),
    ColumnMetric("failed_count", _C, "WAL files that could not be archived."),
    ColumnMetric("last_archive_age", _G, "Seconds since a WAL file was last archived."),
)
_REPLICAS = (
    ColumnMetric("pg_current_wal_lsn_bytes", _G, "WAL position in bytes."),
    ColumnMetric("pg_wal_lsn_diff", _G, "How far a replica is behind, in bytes."),
)
_SLOTS = (
    ColumnMetric("active", _G, "Whether the slot is in use."),
    ColumnMetric("pg_wal_lsn_diff", _G, "WAL kept for the slot, in bytes."),
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
    ColumnMetric("calls_total", _C, "Times a statement was executed."),
    ColumnMetric("seconds_total", _C, "Time spent in a statement, in seconds."),
    ColumnMetric("rows_total", _C, "Rows a statement returned or changed."),
    ColumnMetric("block_read_seconds_total", _C, "Time a statement spent reading blocks."),
    ColumnMetric("block_write_seconds_total", _C, "Time a statement spent writing blocks."),
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
  FROM pg_stat_activity WHERE coalesce(backend_type, 'client backend') = 'client backend'
  GROUP BY datname, state) AS a
ON a.state = s.state AND a.datname = d.datname WHERE d.datconnlimit <> -2"""
"""Of clients alone: autovacuum, parallel and replication workers are nobody's transactions."""
_LOCKS_SQL = """
SELECT d.datname, m.mode, coalesce(l.count, 0) AS count
FROM (VALUES ('accesssharelock'), ('rowsharelock'), ('rowexclusivelock'),
  ('shareupdateexclusivelock'), ('sharelock'), ('sharerowexclusivelock'),
  ('exclusivelock'), ('accessexclusivelock'), ('sireadlock')) AS m(mode)
CROSS JOIN pg_database AS d
LEFT JOIN (
  SELECT database, lower(mode) AS mode, count(*) AS count
  FROM pg_locks WHERE database IS NOT NULL GROUP BY database, lower(mode)) AS l
ON l.mode = m.mode AND l.database = d.oid WHERE d.datconnlimit <> -2"""
_LOCK_WAITS_SQL = """
SELECT count(*) AS lock_waits FROM pg_stat_activity WHERE wait_event_type = 'Lock'"""
_SIZE_SQL = """
SELECT datname, pg_database_size(oid) AS size_bytes FROM pg_database
WHERE datconnlimit <> -2
  AND (has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE'))"""
_STAT_SQL = """
SELECT * FROM {} WHERE datid NOT IN (SELECT oid FROM pg_database WHERE datconnlimit = -2)"""
"""Without databases whose DROP was interrupted; of those nothing can be read."""
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


class _Table(NamedTuple):
    """A query whose columns are metrics."""

    sql: str
    prefix: str
    """Of the metrics; the columns' names follow."""
    labels: tuple[str, ...]
    metrics: tuple[ColumnMetric, ...]


_REPLICATION = (
    ColumnMetric("is_replica", _G, "Whether this server follows another."),
    ColumnMetric("lag_seconds", _G, "How far this server is behind, in seconds."),
    ColumnMetric("last_replay_seconds", _G, "Age of what was last replayed, in seconds."),
)
_DATABASE_LABELS = ("datid", "datname")
_REPLICA_LABELS = ("application_name", "client_addr", "state", "slot_name")
_TABLES = {
    "database": (
        _Table(
            _SIZE_SQL,
            "pg_database_",
            ("datname",),
            (ColumnMetric("size_bytes", _G, "Disk space of a database."),),
        ),
    ),
    "stat_database": (
        _Table(
            _STAT_SQL.format("pg_stat_database"),
            "pg_stat_database_",
            _DATABASE_LABELS,
            _DATABASE,
        ),
        _Table(
            _STAT_SQL.format("pg_stat_database_conflicts"),
            "pg_stat_database_conflicts_",
            _DATABASE_LABELS,
            _CONFLICTS,
        ),
    ),
    "locks": (
        _Table(
            _LOCKS_SQL,
            "pg_locks_",
            ("datname", "mode"),
            (ColumnMetric("count", _G, "Locks held or waited for."),),
        ),
        _Table(
            _LOCK_WAITS_SQL,
            "jipyo_postgres_",
            (),
            (ColumnMetric("lock_waits", _G, "Sessions that wait for a lock."),),
        ),
    ),
    "stat_archiver": (_Table(_ARCHIVER_SQL, "pg_stat_archiver_", (), _ARCHIVER),),
    "replication": (
        _Table(_REPLICATION_SQL, "pg_replication_", (), _REPLICATION),
        _Table(_REPLICAS_SQL, "pg_stat_replication_", _REPLICA_LABELS, _REPLICAS),
        _Table(_SLOTS_SQL, "pg_replication_slots_", ("slot_name", "database"), _SLOTS),
    ),
}
"""Parts that are tables alone, by their names."""
_BYTES = {"B": 1, "kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40}
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def _connect(
    psycopg: Any, options: DatabaseOptions, address: Address, errors: DatabaseErrors
) -> Connection[Record]:
    del address  # libpq takes the URL as it is
    arguments: dict[str, Any] = {
        "application_name": "jipyo",
        "connect_timeout": math.ceil(options.connect_timeout_s),
        "keepalives_idle": 10,
        "keepalives_interval": 3,
        "keepalives_count": 3,
    }
    if options.ca_file is not None:
        arguments |= {"sslmode": "verify-full", "sslrootcert": str(options.ca_file)}
    password = read_password(options)
    if password is not None:
        arguments["password"] = password
    try:
        connection: Connection[Record] = psycopg.connect(
            options.url, autocommit=True, row_factory=psycopg.rows.dict_row, **arguments
        )
        # Set here and not while connecting, so that the settings shown are the server's.
        connection.execute(f"SET statement_timeout = {int(options.statement_timeout_s * 1000)}")
        connection.execute("SET default_transaction_read_only = on")
    except psycopg.Error as error:
        # libpq has no code that tells a server that is not there from one that refuses us.
        attempt = getattr(error, "pgconn", None)
        wants_password = attempt is not None and (attempt.needs_password or attempt.used_password)
        refused = wants_password or "FATAL" in one_line(error)
        raise errors.no_entry(error) if refused else errors.unreachable(error) from error
    connection.prepare_threshold = 2
    return connection


class _PostgresQueries(Queries):
    _connection: Connection[Record]

    def parts(self) -> dict[str, Callable[[], Iterator[Family]]]:
        return {
            "settings": self._read_settings,
            "stat_activity": self._read_activity,
            "database": partial(self._read_tables, _TABLES["database"]),
            "stat_database": partial(self._read_tables, _TABLES["stat_database"]),
            "stat_statements": self._read_statements,
            "locks": partial(self._read_tables, _TABLES["locks"]),
            "stat_bgwriter": self._read_writers,
            "stat_archiver": partial(self._read_tables, _TABLES["stat_archiver"]),
            "replication": partial(self._read_tables, _TABLES["replication"]),
        }

    def _fetch_rows(self, query: str) -> list[Record]:
        """The rows of a query.

        Raises:
            PartUnavailable: the server refuses it.
            CollectError: the connection was lost, or the server does not answer in time.
        """
        psycopg, connection = self._driver, self._connection
        # The server ends the statement itself; where it is too ill for that we hang up.
        with self.limit_statement():
            try:
                return connection.execute(query).fetchall()
            except psycopg.Error as error:
                if connection.closed:
                    raise self._errors.lost(error) from error
                raise PartUnavailable(error) from error

    def _read_settings(self) -> Iterator[Family]:
        version = self._connection.info.server_version
        full = self._fetch_rows("SELECT version() AS version")[0]["version"]
        short = f"{version // 10000}.{version % 10000}.0"
        text = "The server's version."
        names = ("version", "short_version")
        yield family(_U, "pg_static", text, names, [((full, short), 1.0)])
        for row in self._fetch_rows(_SETTINGS_SQL):
            name, value = convert_to_base_units(row["name"], to_number(row["setting"]), row["unit"])
            yield single(_G, f"pg_settings_{name}", row["short_desc"], value)
        started = self._fetch_rows("SELECT pg_postmaster_start_time() AS started")
        text = "When the server was started."
        yield single(_G, "pg_postmaster_start_time_seconds", text, to_number(started[0]["started"]))

    def _read_activity(self) -> Iterator[Family]:
        role = "SELECT pg_has_role('pg_read_all_stats', 'USAGE') AS may"
        if not self._fetch_rows(role)[0]["may"]:
            self.notes.append(ReadingNote("database.no_pg_monitor"))
        rows = self._fetch_rows(_ACTIVITY_SQL)
        yield from build_families("pg_stat_activity_", rows, ("datname", "state"), _ACTIVITY)

    def _read_tables(self, tables: Sequence[_Table]) -> Iterator[Family]:
        for table in tables:
            rows = self._fetch_rows(table.sql)
            yield from build_families(table.prefix, rows, table.labels, table.metrics)

    def _read_statements(self) -> Iterator[Family]:
        extension = self._fetch_rows(_EXTENSION_SQL)
        if not extension:
            raise PartUnavailable(key="database.no_statements")
        view = f"{extension[0]['schema']}.pg_stat_statements"
        rows = self._fetch_rows(self._build_statements_sql(view))
        labels = ("user", "datname", "queryid")
        yield from build_families("pg_stat_statements_", rows, labels, _STATEMENTS)

    def _build_statements_sql(self, view: str) -> str:
        """The columns have other names in every other version."""
        query = f"SELECT attname FROM pg_attribute WHERE attrelid = '{view}'::regclass"  # noqa: S608 - as below
        names = {row["attname"] for row in self._fetch_rows(query)}
        time = "total_exec_time" if "total_exec_time" in names else "total_time"
        block = "shared_blk" if "shared_blk_read_time" in names else "blk"
        return f"""
SELECT pg_get_userbyid(s.userid) AS "user", d.datname, s.queryid, sum(s.calls) AS calls_total,
  sum(s.{time}) / 1000 AS seconds_total, sum(s.rows) AS rows_total,
  sum(s.{block}_read_time) / 1000 AS block_read_seconds_total,
  sum(s.{block}_write_time) / 1000 AS block_write_seconds_total
FROM {view} AS s JOIN pg_database AS d ON d.oid = s.dbid WHERE s.queryid IS NOT NULL
GROUP BY 1, 2, 3 ORDER BY seconds_total DESC LIMIT {self._options.max_statements}"""  # noqa: S608 - names from the server's own catalogue

    def _read_writers(self) -> Iterator[Family]:
        views: dict[str, tuple[tuple[str, str], ...]] = {"pg_stat_bgwriter": _WRITER}
        if self._connection.info.server_version >= 170000:
            views["pg_stat_checkpointer"] = _CHECKPOINTER
        for view, wanted in views.items():
            row = self._fetch_rows(f"SELECT * FROM {view}")[0]  # noqa: S608 - a constant
            for column, text in wanted:
                value = to_number(row.get(column))
                if not math.isnan(value):
                    yield single(_C, f"{view}_{column}_total", text, value)


def convert_to_base_units(name: str, value: float, unit: str) -> tuple[str, float]:
    """A setting in bytes or seconds, named so; zero and negative values have a special meaning.

    >>> convert_to_base_units("shared_buffers", 16384, "8kB")
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


POSTGRES = DatabaseKind(
    name="postgres",
    port=5432,
    schemes=("postgresql", "postgres"),
    module="psycopg",
    package="psycopg[binary]",
    entry_hint="database.no_entry.postgres.hint",
    up="pg_up",
    success="pg_scrape_collector_success",
    connect=_connect,
    disconnect=lambda connection: connection.close(),
    find_fileno=lambda connection: connection.fileno(),
    queries=_PostgresQueries,
)
