"""PostgreSQL's rows as families; what real servers do is in tests/integration."""

from __future__ import annotations

import datetime
import types
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collect.database.recorded import Driver, DriverError, GoneError, connection
from collect.helpers import of, samples
from jipyo.collect.database import DatabaseOptions
from jipyo.collect.database.postgres import POSTGRES, convert_to_base_units
from jipyo.collect.database.session import DatabaseSession
from jipyo.model.errors import CollectError
from jipyo.model.sample import MetricType

STARTED = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SETTINGS = [
    {"name": "max_connections", "setting": "100", "unit": "", "short_desc": "Most connections."},
    {"name": "shared_buffers", "setting": "16384", "unit": "8kB", "short_desc": "Buffers."},
    {"name": "fsync", "setting": "on", "unit": "", "short_desc": "Syncs."},
]
ANSWERS: dict[str, Any] = {
    "SELECT version()": [{"version": "PostgreSQL 17.2"}],
    "FROM pg_settings": SETTINGS,
    "pg_postmaster_start_time": [{"started": STARTED}],
    "AS may": [{"may": True}],
    "AS lock_waits": [{"lock_waits": 2}],
    "FROM pg_stat_activity": [
        {"datname": "shop", "state": "active", "count": 2, "max_tx_duration": Decimal("1.5")}
    ],
    "pg_database_size": [{"datname": "shop", "size_bytes": 4096}],
    "FROM pg_stat_database_conflicts": [{"datid": 5, "datname": "shop", "confl_lock": 0}],
    "FROM pg_stat_database": [
        {"datid": 0, "datname": None, "blks_hit": 1, "stats_reset": None},
        {"datid": 5, "datname": "shop", "blks_hit": 7, "stats_reset": STARTED},
    ],
    "FROM pg_extension": [{"schema": "public"}],
    "FROM pg_attribute": [{"attname": "total_exec_time"}, {"attname": "shared_blk_read_time"}],
    "FROM public.pg_stat_statements": [
        {"user": "me", "datname": "shop", "queryid": -5, "calls_total": Decimal(3),
         "seconds_total": 0.5}
    ],
    "FROM pg_locks": [{"datname": "shop", "mode": "sharelock", "count": 1}],
    "FROM pg_stat_bgwriter": [{"buffers_clean": 3, "stats_reset": STARTED}],
    "FROM pg_stat_checkpointer": [{"num_timed": 4}],
    "FROM pg_stat_archiver": [{"archived_count": 1, "failed_count": 0, "last_archive_age": None}],
    "FROM pg_stat_replication": [
        {"application_name": "r", "client_addr": "10.0.0.2", "state": "streaming",
         "slot_name": None, "pg_wal_lsn_diff": Decimal(10)}
    ],
    "FROM pg_replication_slots": [{"slot_name": "s", "database": None, "active": 1}],
    "AS is_replica": [{"is_replica": False, "lag_seconds": 0, "last_replay_seconds": None}],
}  # fmt: skip
OPTIONS = DatabaseOptions(kind="postgres", url="postgresql://me@db/shop", statement_timeout_s=0.3)


def driver(given: Any) -> Any:
    made = Driver(given)
    return made, lambda name: made


def test_every_part_becomes_its_families() -> None:
    with connection(ANSWERS, 170002) as server:
        _, importer = driver(server)
        collector = DatabaseSession(POSTGRES, OPTIONS, importer=importer)
        families = collector.collect(0)
        assert collector.collect(0)
    found = samples(families)
    assert collector.notes() == ()
    assert found["pg_up"] == 1
    assert found["pg_settings_max_connections"] == 100
    assert found["pg_settings_shared_buffers_bytes"] == 128 << 20
    assert found["pg_settings_fsync"] == 1
    assert found['pg_static{short_version="17.2.0",version="PostgreSQL 17.2"}'] == 1
    assert found["pg_postmaster_start_time_seconds"] == STARTED.timestamp()
    assert found['pg_stat_activity_max_tx_duration{datname="shop",state="active"}'] == 1.5
    assert found['pg_database_size_bytes{datname="shop"}'] == 4096
    assert found["jipyo_postgres_lock_waits"] == 2
    assert found['pg_stat_database_blks_hit{datid="0"}'] == 1
    assert of(families, "pg_stat_database_stats_reset") == {
        '{datid="5",datname="shop"}': STARTED.timestamp()
    }
    statement = '{datname="shop",queryid="-5",user="me"}'
    assert found["pg_stat_statements_seconds_total" + statement] == 0.5
    assert found["pg_stat_bgwriter_buffers_clean_total"] == 3
    assert found["pg_stat_checkpointer_num_timed_total"] == 4
    assert "pg_stat_archiver_last_archive_age" not in found
    assert found["pg_replication_is_replica"] == 0
    replica = '{application_name="r",client_addr="10.0.0.2",state="streaming"}'
    assert found["pg_stat_replication_pg_wal_lsn_diff" + replica] == 10
    types_ = {family.name: family.type for family in families}
    assert types_["pg_stat_database_blks_hit"] is MetricType.COUNTER
    assert types_["pg_stat_activity_count"] is MetricType.GAUGE


def test_columns_of_old_versions_are_found() -> None:
    answers = ANSWERS | {"FROM pg_attribute": [{"attname": "total_time"}]}
    with connection(answers, 120000) as server:
        DatabaseSession(POSTGRES, OPTIONS, importer=driver(server)[1]).collect(0)
        asked = next(query for query in server.asked if "FROM public.pg_stat" in query)
    assert "sum(s.total_time)" in asked
    assert "s.blk_read_time" in asked
    assert not any("pg_stat_checkpointer" in query for query in server.asked)


def test_the_session_may_only_read_and_not_for_long() -> None:
    with connection(ANSWERS, 170002) as server:
        made, importer = driver(server)
        DatabaseSession(POSTGRES, OPTIONS, importer=importer).collect(0)
        assert server.asked[:2] == [
            "SET statement_timeout = 300",
            "SET default_transaction_read_only = on",
        ]
    assert made.arguments["connect_timeout"] == 5
    assert "password" not in made.arguments


def test_the_secret_and_the_authority_come_from_files(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hush\n", encoding="utf-8")
    options = DatabaseOptions(
        kind="postgres", url="postgresql://me@db/", password_file=password, ca_file=Path("/ca")
    )
    with connection(ANSWERS, 170002) as server:
        made, importer = driver(server)
        DatabaseSession(POSTGRES, options, importer=importer).collect(0)
    assert made.arguments["password"] == "hush"
    assert (made.arguments["sslmode"], made.arguments["sslrootcert"]) == ("verify-full", "/ca")


def test_what_is_not_there_or_not_allowed_is_noted() -> None:
    answers = ANSWERS | {
        "FROM pg_extension": [],
        "AS may": [{"may": False}],
        "FROM pg_locks": DriverError("permission\n denied"),
    }
    with connection(answers, 170002) as server:
        collector = DatabaseSession(POSTGRES, OPTIONS, importer=driver(server)[1])
        found = of(collector.collect(0), "pg_scrape_collector_success")
    notes = {note.key: dict(note.values) for note in collector.notes()}
    assert notes["database.refused_part"] == {"part": "locks", "reason": "permission denied"}
    assert {"database.no_statements", "database.no_pg_monitor"} <= notes.keys()
    assert found['{collector="locks"}'] == found['{collector="stat_statements"}'] == 0
    assert found['{collector="settings"}'] == 1


def hang(server: Any) -> None:
    """Wait until somebody hangs up."""
    server.ends[0].recv(1)
    raise GoneError("hung up")


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        (ANSWERS | {"FROM pg_settings": GoneError("ended")}, "database.lost"),
        (ANSWERS | {"FROM pg_settings": hang}, "database.timeout"),
        ({"SELECT": DriverError("no")}, "database.all_refused"),
    ],
)
def test_a_connection_that_fails_is_closed_and_opened_again(answers: Any, key: str) -> None:
    options = DatabaseOptions(kind="postgres", url="postgresql://db/", statement_timeout_s=-0.9)
    with connection(answers, 170002) as server:
        made, importer = driver(server)
        collector = DatabaseSession(POSTGRES, options, importer=importer)
        with pytest.raises(CollectError) as raised:
            collector.collect(0)
        assert raised.value.key == key
        assert server.closed
        with connection(ANSWERS, 170002) as again:
            made.given = again
            assert collector.collect(0)


def refusal(text: str, **flags: bool) -> DriverError:
    error = DriverError(text)
    wants = {"needs_password": False, "used_password": False, **flags}
    error.pgconn = types.SimpleNamespace(**wants)  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (refusal("FATAL: no pg_hba.conf entry"), "database.no_entry"),
        (refusal("비밀번호가 틀립니다", used_password=True), "database.no_entry"),
        (refusal("no password supplied", needs_password=True), "database.no_entry"),
        (refusal("connection refused"), "database.unreachable"),
        (DriverError("timeout expired"), "database.unreachable"),
    ],
)
def test_a_server_that_lets_nobody_in_is_told_from_one_that_is_not_there(
    error: DriverError, key: str
) -> None:
    with pytest.raises(CollectError) as raised:
        DatabaseSession(POSTGRES, OPTIONS, importer=driver(error)[1]).collect(0)
    assert raised.value.key == key


@pytest.mark.parametrize(
    ("name", "value", "unit", "expected"),
    [
        ("work_mem", 4096, "kB", ("work_mem_bytes", 4 << 20)),
        ("wal_size", 80, "16MB", ("wal_size_bytes", 80 << 24)),
        ("x.delay", 200, "ms", ("x_delay_seconds", 0.2)),
        ("naptime", 1, "min", ("naptime_seconds", 60)),
        ("limit", -1, "kB", ("limit_bytes", -1)),
        ("off", 0, "ms", ("off_seconds", 0)),
        ("cost", 1.5, "", ("cost", 1.5)),
        ("odd", 3, "furlong", ("odd", 3)),
    ],
)
def test_settings_are_told_in_bytes_and_seconds(
    name: str, value: float, unit: str, expected: tuple[str, float]
) -> None:
    assert convert_to_base_units(name, value, unit) == expected
