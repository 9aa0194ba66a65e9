"""MySQL and MariaDB under the names of mysqld_exporter."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from jipyo.collect.database.options import Address, DatabaseOptions, read_password
from jipyo.collect.database.session import (
    DatabaseErrors,
    DatabaseKind,
    PartUnavailable,
    Queries,
    one_line,
)
from jipyo.collect.database.tables import ColumnMetric, Record, build_families, to_number
from jipyo.model.family import Row, family, info, single
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from jipyo.model.family import Family

_C, _G, _U = MetricType.COUNTER, MetricType.GAUGE, MetricType.UNKNOWN

_GROUPS: tuple[tuple[str, str, str, MetricType, str], ...] = (
    ("com_", "commands_total", "command", _C, "Commands executed."),
    ("handler_", "handlers_total", "handler", _C, "Requests to the handlers of tables."),
    ("connection_errors_", "connection_errors_total", "error", _C, "Connections that failed."),
    ("innodb_rows_", "row_ops_total", "operation", _C, "Operations on rows of InnoDB."),
    (
        "performance_schema_",
        "performance_schema_lost_total",
        "instrumentation",
        _C,
        "Instruments that found no room.",
    ),
)
"""What begins like this becomes one metric with a label."""
_POOL = "innodb_buffer_pool_pages_"
_POOL_STATES = frozenset({"data", "free", "misc", "old"})
_POOL_NOT = frozenset({"total", "dirty"})
_DIGEST_LABELS = ("schema", "digest", "digest_text")
_DIGESTS = (
    ColumnMetric("total", _C, "Times a kind of statement was executed."),
    ColumnMetric("seconds_total", _C, "Time spent in a kind of statement, in seconds."),
    ColumnMetric("errors_total", _C, "Statements that ended with an error."),
    ColumnMetric("warnings_total", _C, "Warnings of a kind of statement."),
    ColumnMetric("rows_affected_total", _C, "Rows changed."),
    ColumnMetric("rows_sent_total", _C, "Rows returned."),
    ColumnMetric("rows_examined_total", _C, "Rows read to answer."),
    ColumnMetric("tmp_tables_total", _C, "Temporary tables made."),
    ColumnMetric("tmp_disk_tables_total", _C, "Temporary tables made on disk."),
    ColumnMetric("sort_merge_passes_total", _C, "Merge passes of sorts."),
    ColumnMetric("sort_rows_total", _C, "Rows sorted."),
    ColumnMetric("no_index_used_total", _C, "Statements that scanned a table without an index."),
)
_DIGEST_SQL = """
SELECT coalesce(SCHEMA_NAME, 'NONE') AS `schema`, DIGEST AS digest,
  left(DIGEST_TEXT, 120) AS digest_text, COUNT_STAR AS total,
  SUM_TIMER_WAIT / 1e12 AS seconds_total, SUM_ERRORS AS errors_total,
  SUM_WARNINGS AS warnings_total, SUM_ROWS_AFFECTED AS rows_affected_total,
  SUM_ROWS_SENT AS rows_sent_total, SUM_ROWS_EXAMINED AS rows_examined_total,
  SUM_CREATED_TMP_TABLES AS tmp_tables_total,
  SUM_CREATED_TMP_DISK_TABLES AS tmp_disk_tables_total,
  SUM_SORT_MERGE_PASSES AS sort_merge_passes_total, SUM_SORT_ROWS AS sort_rows_total,
  SUM_NO_INDEX_USED AS no_index_used_total
FROM performance_schema.events_statements_summary_by_digest
WHERE SCHEMA_NAME NOT IN ('mysql', 'performance_schema', 'information_schema')
ORDER BY SUM_TIMER_WAIT DESC LIMIT %s"""
_INSTRUMENTS_SQL = """
SELECT (SELECT count(*) FROM performance_schema.setup_instruments
    WHERE NAME LIKE 'statement/sql/%' AND ENABLED = 'YES') > 0
  AND (SELECT count(*) FROM performance_schema.setup_consumers
    WHERE NAME = 'statements_digest' AND ENABLED = 'YES') > 0 AS counted"""
_SIZES_SQL = """
SELECT table_schema AS schema_name, sum(data_length + index_length) AS size_bytes
FROM information_schema.tables WHERE table_type = 'BASE TABLE' GROUP BY table_schema"""
_LONGEST_SQL = """
SELECT coalesce(max(timestampdiff(MICROSECOND, trx_started, now(6))), 0) / 1e6 AS age
FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> connection_id()"""
_LONGEST = "jipyo_mysql_transaction_max_duration_seconds"
_REPLICA_LABELS = ("master_host", "master_uuid", "channel_name", "connection_name")
_LOST = frozenset({0, 2006, 2013, 2014, 2055})
"""Errors of the client: the connection is gone (CR_SERVER_GONE_ERROR and its like)."""
_DENIED = frozenset({1044, 1045, 1049, 1129, 1130, 1203, 1226, 1698, 2059, 4151})
"""Errors of the server that refuse a login: user, password, host, database, limits."""


def _connect(
    pymysql: Any, options: DatabaseOptions, address: Address, errors: DatabaseErrors
) -> Any:
    timeout_s = options.statement_timeout_s + 1
    arguments: dict[str, Any] = {
        "host": address.host,
        "port": address.port,
        "user": address.user or None,
        "password": read_password(options) or "",
        "database": address.database or None,
        "connect_timeout": max(options.connect_timeout_s, 1),
        "read_timeout": timeout_s,
        "write_timeout": timeout_s,
        "autocommit": True,
        "program_name": "jipyo",
        "charset": "utf8mb4",
        "cursorclass": pymysql.cursors.DictCursor,
    }
    socket = parse_qs(address.query).get("unix_socket")
    if socket:
        arguments["unix_socket"] = socket[0]
    if options.ca_file is not None:
        arguments |= {"ssl_ca": str(options.ca_file), "ssl_verify_identity": True}
    connection = None
    try:
        connection = pymysql.connect(**arguments)
        _restrict_session(connection, options.statement_timeout_s)
    except (pymysql.MySQLError, OSError) as error:
        if connection is not None:
            connection.close()
        code = error.args[0] if error.args else None
        reason = error.args[-1] if error.args else error
        denied = code in _DENIED
        raise errors.no_entry(reason) if denied else errors.unreachable(reason) from error
    return connection


def _restrict_session(connection: Any, seconds: float) -> None:
    """Make the session read-only, and limit the time of its statements."""
    is_mariadb = "MariaDB" in connection.get_server_info()
    limit = (
        f"max_statement_time = {seconds:f}"
        if is_mariadb
        else f"max_execution_time = {int(seconds * 1000)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION {limit}")
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


class _MysqlQueries(Queries):
    def __init__(
        self, driver: Any, connection: Any, options: DatabaseOptions, errors: DatabaseErrors
    ) -> None:
        super().__init__(driver, connection, options, errors)
        self._variables: dict[str, str] = {}

    def parts(self) -> dict[str, Callable[[], Iterator[Family]]]:
        return {
            "global_status": self._read_status,
            "global_variables": self._read_variables,
            "perf_schema.eventsstatements": self._read_digests,
            "slave_status": self._read_replication,
            "info_schema.innodb_trx": self._read_longest_transaction,
            "info_schema.tables": self._read_sizes,
        }

    def _fetch_rows(self, query: str, arguments: Iterable[object] = ()) -> list[Record]:
        """The rows of a query.

        Raises:
            PartUnavailable: the server refuses it.
            CollectError: the connection was lost, or the server does not answer in time.
        """
        with self.limit_statement():
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute(query, tuple(arguments) or None)
                    return list(cursor.fetchall())
            except (self._driver.MySQLError, OSError) as error:
                code = error.args[0] if error.args else 0
                reason = one_line(error.args[-1] if error.args else error)
                if "timed out" in reason:
                    raise self._errors.timeout(self._limit_s) from error
                if isinstance(error, OSError) or not self._connection.open or code in _LOST:
                    raise self._errors.lost(reason) from error
                raise PartUnavailable(reason) from error

    def _fetch_variables(self, query: str) -> dict[str, str]:
        rows = self._fetch_rows(query)
        return {row["Variable_name"].lower(): row["Value"] for row in rows}

    def _read_status(self) -> Iterator[Family]:
        return build_status_families(self._fetch_variables("SHOW GLOBAL STATUS"))

    def _read_variables(self) -> Iterator[Family]:
        variables = self._fetch_variables("SHOW GLOBAL VARIABLES")
        self._variables = variables
        labels = {
            "version": variables.get("version", ""),
            "version_comment": variables.get("version_comment", ""),
            "innodb_version": variables.get("innodb_version", ""),
        }
        yield info("mysql_version_info", "The server's version.", labels)
        level = variables.get("transaction_isolation") or variables.get("tx_isolation", "")
        yield info(
            "mysql_transaction_isolation", "The isolation of transactions.", {"level": level}
        )
        for name, text in variables.items():
            value = to_number(text)
            if not math.isnan(value):
                help_text = "A setting of the server (SHOW GLOBAL VARIABLES)."
                yield single(_G, f"mysql_global_variables_{_metric_name(name)}", help_text, value)

    def _read_digests(self) -> Iterator[Family]:
        if self._variables.get("performance_schema", "ON") != "ON":
            raise PartUnavailable(key="database.no_performance_schema")
        rows = self._fetch_rows(_DIGEST_SQL, [self._options.max_statements])
        if not rows and not self._fetch_rows(_INSTRUMENTS_SQL)[0]["counted"]:
            raise PartUnavailable(key="database.no_digests")
        prefix = "mysql_perf_schema_events_statements_"
        yield from build_families(prefix, rows, _DIGEST_LABELS, _DIGESTS)

    def _read_replication(self) -> Iterator[Family]:
        rows = [
            {name.lower(): value for name, value in row.items()}
            for row in self._fetch_rows(self._choose_replication_sql())
        ]
        keys = []
        for row in rows:  # MySQL 8.4 calls the master source
            words = [row.get(x, row.get(x.replace("master", "source"))) for x in _REPLICA_LABELS]
            keys.append(tuple("" if word is None else str(word) for word in words))
        for column in rows[0] if rows else ():
            values = [
                0.0 if str(row[column]).lower() == "preparing" else to_number(row[column])
                for row in rows
            ]
            present: list[Row] = [
                (key, value)
                for key, value in zip(keys, values, strict=True)
                if not math.isnan(value)
            ]
            if present:
                text = "A column of SHOW REPLICA STATUS."
                name = f"mysql_slave_status_{_metric_name(column)}"
                yield family(_U, name, text, _REPLICA_LABELS, present)

    def _choose_replication_sql(self) -> str:
        version = self._variables.get("version", "")
        if "MariaDB" in version:
            return "SHOW ALL SLAVES STATUS"
        major, minor, *_ = (*re.findall(r"\d+", version), "8", "0")
        new = (int(major), int(minor)) >= (8, 4)
        return "SHOW REPLICA STATUS" if new else "SHOW SLAVE STATUS"

    def _read_longest_transaction(self) -> Iterator[Family]:
        age = to_number(self._fetch_rows(_LONGEST_SQL)[0]["age"])
        yield single(_G, _LONGEST, "Age of the oldest open transaction of others.", age)

    def _read_sizes(self) -> Iterator[Family]:
        rows = self._fetch_rows(_SIZES_SQL)
        samples = [((str(row["schema_name"]),), to_number(row["size_bytes"])) for row in rows]
        text = "Disk space of the tables and indexes of a schema."
        yield family(_G, "jipyo_mysql_schema_size_bytes", text, ("schema",), samples)


def build_status_families(values: dict[str, str]) -> Iterator[Family]:
    """SHOW GLOBAL STATUS, names in lower case, as mysqld_exporter's families."""
    grouped: dict[str, list[Row]] = {}
    for name, word in values.items():
        value = to_number(_STATES.get(word.lower(), word))
        if math.isnan(value):
            continue
        if name.startswith(_POOL):
            yield from _add_pool_pages(name.removeprefix(_POOL), value, grouped)
            continue
        for prefix, metric, *_ in _GROUPS:
            if name.startswith(prefix):
                grouped.setdefault(metric, []).append(((name.removeprefix(prefix),), value))
                break
        else:
            text = "A counter or a state of the server (SHOW GLOBAL STATUS)."
            yield single(_U, f"mysql_global_status_{_metric_name(name)}", text, value)
    for metric, label, kind, text in _ALL_GROUPS:
        if metric in grouped:
            yield family(kind, f"mysql_global_status_{metric}", text, (label,), grouped[metric])


_STATES = {"primary": "1", "non-primary": "0", "disconnected": "0"}
"""Words of the status that Galera has."""
_ALL_GROUPS = (
    *((metric, label, kind, text) for _, metric, label, kind, text in _GROUPS),
    ("buffer_pool_pages", "state", _G, "Pages of the buffer pool by state."),
    ("buffer_pool_page_changes_total", "operation", _C, "Changes of pages of the buffer pool."),
)


def _add_pool_pages(name: str, value: float, grouped: dict[str, list[Row]]) -> Iterator[Family]:
    if name == "dirty":
        metric = "mysql_global_status_buffer_pool_dirty_pages"
        yield single(_G, metric, "Pages of the buffer pool that are not yet on disk.", value)
    elif name not in _POOL_NOT:
        kept = name in _POOL_STATES
        metric = "buffer_pool_pages" if kept else "buffer_pool_page_changes_total"
        grouped.setdefault(metric, []).append(((name,), value))


def _metric_name(name: str) -> str:
    return re.sub(r"\W", "_", name.lower(), flags=re.ASCII)


MYSQL = DatabaseKind(
    name="mysql",
    port=3306,
    schemes=("mysql", "mariadb"),
    module="pymysql",
    package="PyMySQL",
    entry_hint="database.no_entry.mysql.hint",
    up="mysql_up",
    success="mysql_exporter_collector_success",
    success_prefix="collect.",
    connect=_connect,
    disconnect=lambda connection: connection.open and connection.close(),
    find_fileno=lambda connection: connection._sock.fileno(),  # noqa: SLF001 - nothing public
    queries=_MysqlQueries,
)
