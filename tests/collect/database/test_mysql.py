"""MySQL's rows as families; what real servers do is in tests/integration."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collect.database.recorded import Driver, DriverError, connection
from collect.helpers import of, samples
from jipyo.collect.database import DatabaseOptions
from jipyo.collect.database.mysql import MYSQL, build_status_families
from jipyo.collect.database.session import DatabaseSession
from jipyo.model.errors import CollectError
from jipyo.model.sample import MetricType


def pairs(**values: str) -> list[dict[str, str]]:
    return [{"Variable_name": name, "Value": value} for name, value in values.items()]


STATUS = pairs(
    Threads_connected="3", Com_select="7", Handler_commit="2", Innodb_rows_read="5",
    Connection_errors_accept="1", Performance_schema_accounts_lost="0", Slow_queries="1",
    Innodb_buffer_pool_pages_data="10", Innodb_buffer_pool_pages_dirty="2",
    Innodb_buffer_pool_pages_total="100", Innodb_buffer_pool_pages_flushed="4",
    Innodb_buffer_pool_dump_status="nothing yet", Wsrep_cluster_status="Primary",
    Compression="OFF",
)  # fmt: skip
VARIABLES = pairs(
    version="8.4.1", version_comment="x", max_connections="151", have_ssl="DISABLED",
    transaction_isolation="REPEATABLE-READ", datadir="/var/lib", performance_schema="ON",
)  # fmt: skip
DIGEST = {"schema": "shop", "digest": "abc", "digest_text": "SELECT ?", "total": 4}
ANSWERS: dict[str, Any] = {
    "GLOBAL STATUS": STATUS,
    "GLOBAL VARIABLES": VARIABLES,
    "summary_by_digest": [DIGEST | {"seconds_total": Decimal("0.5")}],
    "innodb_trx": [{"age": Decimal("1.25")}],
    "information_schema.tables": [{"schema_name": "shop", "size_bytes": Decimal(4096)}],
    "SHOW REPLICA STATUS": [
        {"Source_Host": "m", "Source_UUID": "u", "Channel_Name": "", "Seconds_Behind_Source": 7,
         "Replica_IO_Running": "Yes", "Source_Log_File": "bin.000001"}
    ],
}  # fmt: skip
OPTIONS = DatabaseOptions(kind="mysql", url="mysql://me@db/")


def driver(given: Any) -> Any:
    made = Driver(given)
    return made, lambda name: made


def test_the_status_is_grouped_as_mysqld_exporter_does() -> None:
    values = {row["Variable_name"].lower(): row["Value"] for row in STATUS}
    families = list(build_status_families(values))
    found = samples(families)
    start = "mysql_global_status_"
    assert {name.removeprefix(start): value for name, value in found.items()} == {
        "threads_connected": 3,
        'commands_total{command="select"}': 7,
        'handlers_total{handler="commit"}': 2,
        'row_ops_total{operation="read"}': 5,
        'connection_errors_total{error="accept"}': 1,
        'performance_schema_lost_total{instrumentation="accounts_lost"}': 0,
        "slow_queries": 1,
        'buffer_pool_pages{state="data"}': 10,
        "buffer_pool_dirty_pages": 2,
        'buffer_pool_page_changes_total{operation="flushed"}': 4,
        "wsrep_cluster_status": 1,
        "compression": 0,
    }
    types = {family.name.removeprefix(start): family.type for family in families}
    assert types["threads_connected"] is MetricType.UNKNOWN
    assert types["commands_total"] is MetricType.COUNTER
    assert types["buffer_pool_pages"] is MetricType.GAUGE


def test_every_part_becomes_its_families() -> None:
    with connection(ANSWERS, "8.4.1") as server:
        collector = DatabaseSession(MYSQL, OPTIONS, importer=driver(server)[1])
        collector.collect(0)
        found = samples(collector.collect(0))
        collector.close()
        assert server.closed
    assert collector.notes() == ()
    assert found["mysql_up"] == 1
    assert found["mysql_global_variables_max_connections"] == 151
    assert found["mysql_global_variables_have_ssl"] == 0
    assert found['mysql_transaction_isolation{level="REPEATABLE-READ"}'] == 1
    assert "mysql_global_variables_datadir" not in found
    digest = '{digest="abc",digest_text="SELECT ?",schema="shop"}'
    assert found["mysql_perf_schema_events_statements_total" + digest] == 4
    assert found["mysql_perf_schema_events_statements_seconds_total" + digest] == 0.5
    assert found["jipyo_mysql_transaction_max_duration_seconds"] == 1.25
    assert found['jipyo_mysql_schema_size_bytes{schema="shop"}'] == 4096
    replica = '{master_host="m",master_uuid="u"}'
    assert found["mysql_slave_status_seconds_behind_source" + replica] == 7
    assert found["mysql_slave_status_replica_io_running" + replica] == 1
    assert "mysql_slave_status_source_log_file" + replica not in found


@pytest.mark.parametrize(
    ("version", "replicas", "limit"),
    [
        ("8.4.1", "SHOW REPLICA STATUS", "max_execution_time = 5000"),
        ("8.0.36", "SHOW SLAVE STATUS", "max_execution_time = 5000"),
        ("10.11.6-MariaDB", "SHOW ALL SLAVES STATUS", "max_statement_time = 5.000000"),
    ],
)
def test_each_server_is_asked_in_its_own_words(version: str, replicas: str, limit: str) -> None:
    answers = ANSWERS | {"GLOBAL VARIABLES": pairs(version=version)}
    with connection(answers, version) as server:
        DatabaseSession(MYSQL, OPTIONS, importer=driver(server)[1]).collect(0)
        assert replicas in server.asked
        assert server.asked[:2] == [f"SET SESSION {limit}", "SET SESSION TRANSACTION READ ONLY"]


def test_where_and_how_it_connects(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hush\n", encoding="utf-8")
    options = DatabaseOptions(
        kind="mysql", url="mysql://me@db:3307/shop?unix_socket=/run/my.sock",
        password_file=password, ca_file=Path("/ca"),
    )  # fmt: skip
    with connection(ANSWERS, "8.4.1") as server:
        made, importer = driver(server)
        DatabaseSession(MYSQL, options, importer=importer).collect(0)
    expected = {
        "host": "db", "port": 3307, "user": "me", "password": "hush", "database": "shop",
        "unix_socket": "/run/my.sock", "ssl_ca": "/ca", "ssl_verify_identity": True,
    }  # fmt: skip
    assert expected.items() <= made.arguments.items()


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ({"GLOBAL VARIABLES": pairs(performance_schema="OFF")}, "database.no_performance_schema"),
        (
            {"summary_by_digest": [], "setup_instruments": [{"counted": 0}]},
            "database.no_digests",
        ),
        ({"innodb_trx": DriverError(1227, "need PROCESS")}, "database.refused_part"),
    ],
)
def test_what_is_not_there_or_not_allowed_is_noted(answers: dict[str, Any], key: str) -> None:
    with connection(ANSWERS | answers, "8.4.1") as server:
        collector = DatabaseSession(MYSQL, OPTIONS, importer=driver(server)[1])
        found = of(collector.collect(0), "mysql_exporter_collector_success")
    assert [note.key for note in collector.notes()] == [key]
    assert sorted(found.values()) == [0, 1, 1, 1, 1, 1]


def test_no_statements_yet_is_no_fault() -> None:
    answers = ANSWERS | {"summary_by_digest": [], "setup_instruments": [{"counted": 1}]}
    with connection(answers, "8.4.1") as server:
        collector = DatabaseSession(MYSQL, OPTIONS, importer=driver(server)[1])
        collector.collect(0)
    assert collector.notes() == ()


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (DriverError(2013, "Lost connection"), "database.lost"),
        (DriverError(2013, "Lost connection (The read operation timed out)"), "database.timeout"),
        (OSError("broken pipe"), "database.lost"),
    ],
)
def test_a_connection_that_fails_is_opened_again(error: Exception, key: str) -> None:
    with connection(ANSWERS | {"GLOBAL STATUS": error}, "8.4.1") as server:
        collector = DatabaseSession(MYSQL, OPTIONS, importer=driver(server)[1])
        with pytest.raises(CollectError) as raised:
            collector.collect(0)
        assert server.closed
    assert raised.value.key == key


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (DriverError(1045, "Access denied"), "database.no_entry"),
        (DriverError(2003, "Can't connect"), "database.unreachable"),
        (OSError("no route"), "database.unreachable"),
        (DriverError(), "database.unreachable"),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_from_one_that_is_not_there(
    error: Exception, key: str
) -> None:
    with pytest.raises(CollectError) as raised:
        DatabaseSession(MYSQL, OPTIONS, importer=driver(error)[1]).collect(0)
    assert raised.value.key == key


def test_a_server_that_refuses_to_be_limited_is_left() -> None:
    with connection({"SET SESSION": DriverError(1193, "unknown")}, "5.5") as server:
        with pytest.raises(CollectError):
            DatabaseSession(MYSQL, OPTIONS, importer=driver(server)[1]).collect(0)
        assert server.closed
