"""Our own collectors of databases beside the exporters whose names they speak, and in trouble."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
import pymysql
import pytest
import urllib3
from rich.console import Console
from rich.table import Table

from jipyo.catalogue import load
from jipyo.collect.database import (
    DatabaseOptions,
    database_collector,
    database_target,
)
from jipyo.collect.database.mysql import MYSQL
from jipyo.collect.database.postgres import _ACTIVITY_SQL, POSTGRES
from jipyo.collect.database.redis import REDIS
from jipyo.collect.database.session import DatabaseSession
from jipyo.collect.probe import HttpProbe, ProbeOptions, TcpProbe
from jipyo.collect.scrape import ScrapeOptions, ScrapeReader
from jipyo.i18n import texts
from jipyo.model.errors import CollectError
from jipyo.model.labels import Labels
from jipyo.model.secret import Secret
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import read_metric
from support import databases as db
from support.memory import MemoryStore
from support.waiting import read_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from jipyo.model.family import Family
    from jipyo.model.reading import TargetReading
    from jipyo.model.sample import MetricType

pytestmark = pytest.mark.integration

ABOUT = r"(go|process|promhttp)_.*|.*_exporter_(build_info|last_|scrape|user_queries|collector_d).*"
NOT_OURS = {
    "postgres": {
        ABOUT: "the exporter itself",
        r"pg_scrape_collector_.*": "ours has a row for each of our own parts",
        r"pg_stat_archiver_last_archive_age": "NaN where nothing was archived; absent with us",
        r"pg_stat_database_(stats_reset|checksum_.*)": "NaN where there is none; absent with us",
    },
    "mysql": {
        ABOUT: "the exporter itself",
        r"mysql_exporter_.*": "the exporter itself",
        r"mysql_galera_.*": "Galera is not in the manual",
    },
    "redis": {
        ABOUT: "the exporter itself",
        r"redis_exporter_.*|redis_target_.*|redis_last_key_groups.*": "the exporter itself",
    },
}
"""Names that an exporter has and we have not, and why."""
MOVES = (
    r"pg_settings_(data_directory|log_file|unix_socket).*mode|.*_(uptime|since|time|age).*|"
    r".*memory.*|.*allocator.*|.*mem_.*|.*buffer.*|.*latency_percentiles.*|.*fragmentation.*|"
    r".*cpu.*|.*handlers_total|.*bytes.*|.*_start_time.*|.*tmp.*|.*rows.*|.*read.*|.*table.*"
)
"""What a reading itself moves."""


@dataclass(frozen=True)
class Stack:
    """What runs, by name."""

    servers: dict[str, db.Server]
    options: dict[str, DatabaseOptions]

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.servers[name].port}/metrics"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with contextlib.ExitStack() as keep:
        where = keep.enter_context(db.folder())
        made = {
            "postgres": keep.enter_context(db.started(db.postgres(where))),
            "mysql": keep.enter_context(db.started(db.mariadb(where))),
            "redis": keep.enter_context(db.started(db.redis_server(where))),
        }
        db.prepare_postgres(made["postgres"].port)
        db.prepare_mariadb(made["mysql"].port)
        for name, exporter in (
            ("postgres", db.postgres_exporter),
            ("mysql", db.mysqld_exporter),
            ("redis", db.redis_exporter),
        ):
            server = exporter(where, made[name].port)
            made[f"{name}_exporter"] = keep.enter_context(db.started(server))
        jobs = {name: (name, made[f"{name}_exporter"].port) for name in KINDS}
        made["prometheus"] = keep.enter_context(db.started(db.prometheus(where, jobs)))
        yield Stack(made, options(where, made))


KINDS = ("postgres", "mysql", "redis")


def options(where: Path, made: dict[str, db.Server]) -> dict[str, DatabaseOptions]:
    urls = {
        "postgres": f"postgresql://jipyo@127.0.0.1:{made['postgres'].port}/postgres",
        "mysql": f"mysql://jipyo@127.0.0.1:{made['mysql'].port}/",
        "redis": f"redis://127.0.0.1:{made['redis'].port}",
    }
    password = where / "password"
    return {
        kind: DatabaseOptions(
            kind=kind, url=url, password_file=password, instance=kind, statement_timeout_s=2.0
        )
        for kind, url in urls.items()
    }


Opened = Callable[[Any], Any]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Closes the collectors that a test makes."""
    with contextlib.ExitStack() as keep:

        def keeping(collector: Any) -> Any:
            return keep.enter_context(contextlib.closing(collector))

        yield keeping


def traffic(stack: Stack) -> None:
    with db.postgres_admin(stack.servers["postgres"].port) as admin:
        admin.execute("CREATE TABLE IF NOT EXISTS goods (id int, name text)")
        for number in range(50):
            admin.execute("INSERT INTO goods VALUES (%s, 'x')", [number])
            admin.execute("SELECT count(*) FROM goods").fetchall()
    connection = db.mysql_admin(stack.servers["mysql"].port)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("USE shop")
        cursor.execute("CREATE TABLE IF NOT EXISTS goods (id int, name text)")
        for number in range(50):
            cursor.execute("INSERT INTO goods VALUES (%s, 'x')", [number])
            cursor.execute("SELECT count(*) FROM goods")
        cursor.execute("SELECT sleep(0.3)")
    with db.redis_admin(stack.servers["redis"].port) as client:
        for number in range(50):
            client.set(f"key{number}", "x")
            client.get(f"key{number % 60}")
        client.get("nothing")


def values(families: Iterable[Family]) -> dict[Labels, float]:
    return {sample.labels: sample.value for family in families for sample in family.samples}


def page(url: str, instance: str) -> tuple[dict[Labels, float], dict[str, MetricType]]:
    """What the exporter exposes once it reaches its server, read by our own scraper.

    After another test has frozen the server, the exporter's first pages lack most metrics.
    """
    reader = ScrapeReader(url, {"job": instance, "instance": instance}, ScrapeOptions())
    reading = read_until(lambda: reader.read(0), _reaches_its_server, seconds=60)
    found = dict(zip(reading.series, map(float, reading.values), strict=True))
    return found, {one.metric: one.type for one in reading.metadata}


def _reaches_its_server(reading: TargetReading) -> bool:
    values = [(labels.metric, float(value))
              for labels, value in zip(reading.series, reading.values, strict=True)]  # fmt: skip
    up = [value for name, value in values if name.endswith("_up")]
    errors = [value for name, value in values if name.endswith("_last_scrape_error")]
    return 1.0 in up and not any(errors)


def asked(stack: Stack, query: str) -> dict[Labels, float]:
    """What Prometheus has."""
    url = f"http://127.0.0.1:{stack.servers['prometheus'].port}/api/v1/query"
    answer = urllib3.request("POST", url, fields={"query": query}, timeout=10).json()
    return {Labels.of(one["metric"]): float(one["value"][1]) for one in answer["data"]["result"]}


def reason(kind: str, metric: str) -> str | None:
    table = NOT_OURS[kind]
    return next((why for names, why in table.items() if re.fullmatch(names, metric)), None)


def slack(metric: str, value: float) -> float:
    wide = re.fullmatch(MOVES, metric) is not None
    return (0.5 * abs(value) + 5_000) if wide else 0.05 * abs(value) + 8


@pytest.mark.parametrize("kind", KINDS)
def test_our_collector_exposes_what_the_exporter_does(
    stack: Stack, opened: Opened, kind: str
) -> None:
    traffic(stack)
    collector = opened(database_collector(stack.options[kind]))
    collector.collect(0)
    before = values(collector.collect(0) or ())
    found, their_types = page(stack.url(f"{kind}_exporter"), kind)
    families = list(collector.collect(0) or ())
    after, types = values(families), {family.name: family.type for family in families}
    assert not list(collector.notes())
    table: dict[str, tuple[int, float]] = {}
    for full, value in found.items():
        labels = full.drop(["job", "instance", "server"])
        if reason(kind, labels.metric) or (value != value):
            continue
        assert labels in after or _own(labels, after), labels
        if labels not in after or labels not in before:
            continue
        low, high = sorted((before[labels], after[labels]))
        off = max(low - value, value - high, 0.0)
        assert off <= slack(labels.metric, value), (labels, value, low, high)
        count, worst = table.get(labels.metric, (0, 0.0))
        table[labels.metric] = (count + 1, max(worst, off))
    wrong = {name: (types[name], their_types[name]) for name in types if name in their_types
             and types[name] is not their_types[name]}  # fmt: skip
    assert wrong == {}
    show(kind, table, {one.metric for one in after}, found)
    assert len(table) > 80


def _own(labels: Labels, ours: dict[Labels, float]) -> bool:
    """A statement or a user that only one of the two has seen."""
    return any(name in labels for name in ("queryid", "digest", "cmd", "err")) and any(
        labels.metric == one.metric for one in ours
    )


def show(
    kind: str, table: dict[str, tuple[int, float]], ours: set[str], found: dict[Labels, float]
) -> None:
    theirs = {labels.metric for labels in found}
    print_table = Table(title=f"{kind}: own collector and exporter")
    for column in ("what", "metrics", "series"):
        print_table.add_column(column)
    series = sum(count for count, _ in table.values())
    print_table.add_row("agree", str(len(table)), str(series))
    print_table.add_row(
        "only ours", str(len(ours - theirs)), ", ".join(sorted(ours - theirs))[:300]
    )
    missing = {name for name in theirs - ours if not re.fullmatch(ABOUT, name)}
    print_table.add_row("only theirs", str(len(missing)), ", ".join(sorted(missing)))
    Console(width=140).print(print_table)


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_scrape_is_what_prometheus_scrapes(stack: Stack, kind: str) -> None:
    deadline = time.monotonic() + 20
    while not (theirs := asked(stack, f'{{job="{kind}",__name__!="up"}}')):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    time.sleep(1.5)
    ours, _ = page(stack.url(f"{kind}_exporter"), kind)
    time.sleep(1.5)
    theirs = asked(stack, f'{{job="{kind}"}}')
    own = {"up", *(name for name in {one.metric for one in theirs} if name.startswith("scrape_"))}
    names = {one for one in theirs if one.metric not in own}
    assert {one.metric for one in ours} == {one.metric for one in names}
    assert len(names ^ set(ours)) <= 8
    steady = [
        one for one in ours if re.fullmatch(r".*(max_connections|_up|maxclients)", one.metric)
    ]
    assert steady
    assert [one for one in steady if theirs[one] != ours[one]] == []


def read_error(made: Any) -> CollectError:
    with pytest.raises(CollectError) as raised:
        made.collect(0)
    for lang in ("en", "ko"):
        text = texts(lang).error(raised.value)
        assert db.PASSWORD not in text
        assert "{" not in text
    assert db.PASSWORD not in str(raised.value)
    return raised.value


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_password_is_told_with_its_remedy(
    stack: Stack, opened: Opened, kind: str, tmp_path: Path
) -> None:
    wrong = replace(stack.options[kind], password_file=db.secret(tmp_path, "wrong"))
    error = read_error(database_collector(wrong))
    assert (error.key, error.hint) == ("database.no_entry", f"database.no_entry.{kind}.hint")
    missing = replace(stack.options[kind], password_file=None)
    assert read_error(database_collector(missing)).key == "database.no_entry"


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_goes_is_told_and_comes_back(
    stack: Stack, opened: Opened, kind: str
) -> None:
    target = database_target(stack.options[kind])
    assert target.reader.read(0) is not None
    server = stack.servers[kind]
    server.stop(signal.SIGINT if kind == "postgres" else signal.SIGTERM)
    keys = set()
    for _ in range(2):
        with pytest.raises(CollectError) as raised:
            target.reader.read(0)
        keys.add(raised.value.key)
    assert keys <= {"database.lost", "database.unreachable", "database.no_entry"}
    assert "database.unreachable" in keys
    server.start()
    reading = target.reader.read(0)
    assert reading is not None
    assert len(reading.series) > 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_hangs_is_left_in_time(stack: Stack, opened: Opened, kind: str) -> None:
    quick = replace(stack.options[kind], statement_timeout_s=0.5)
    collector = opened(database_collector(quick))
    collector.collect(0)
    process = stack.servers[kind].process
    assert process is not None
    stopped = [process.pid, *children(process.pid)]
    for pid in stopped:
        _signal(pid, signal.SIGSTOP)
    start = time.monotonic()
    try:
        error = read_error(collector)
    finally:
        for pid in stopped:
            _signal(pid, signal.SIGCONT)
    assert error.key == "database.timeout"
    assert time.monotonic() - start < 10
    assert collector.collect(0)


@contextlib.contextmanager
def slow_path(port: int, swift: threading.Event) -> Iterator[int]:
    """The port of a proxy that passes answers on at once, or byte by byte while not `swift`."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def pass_on(source: socket.socket, target: socket.socket, *, answers: bool) -> None:
            with source, target, contextlib.suppress(OSError):
                while data := source.recv(1 << 16):
                    while answers and data and not swift.is_set():
                        target.sendall(data[:1])
                        data = data[1:]
                        swift.wait(0.1)
                    target.sendall(data)
                target.shutdown(socket.SHUT_RDWR)
                source.shutdown(socket.SHUT_RDWR)

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    server = socket.create_connection(("127.0.0.1", port))
                    for source, target, answers in (
                        (client, server, False),
                        (server, client, True),
                    ):
                        arguments = (source, target)
                        threading.Thread(
                            target=pass_on, args=arguments, kwargs={"answers": answers}, daemon=True
                        ).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            swift.set()
            listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_whose_answers_drip_is_left_in_time(
    stack: Stack, opened: Opened, kind: str
) -> None:
    swift = threading.Event()
    swift.set()
    port = stack.servers[kind].port
    with slow_path(port, swift) as slow_port:
        url = stack.options[kind].url.replace(f":{port}", f":{slow_port}")
        quick = replace(
            stack.options[kind], url=url, statement_timeout_s=0.5, connect_timeout_s=1.0
        )
        collector = opened(database_collector(quick))
        collector.collect(0)
        swift.clear()
        for _ in range(2):  # over the open connection, then while one is opened
            start = time.monotonic()
            assert read_error(collector).key in {"database.timeout", "database.unreachable"}
            assert time.monotonic() - start < 5
        swift.set()
        time.sleep(0.5)
        assert collector.collect(0)


def children(pid: int) -> list[int]:
    return [one.pid for one in psutil.Process(pid).children()]


def _signal(pid: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, what)


def test_a_query_that_takes_too_long_costs_its_part_only(stack: Stack, opened: Opened) -> None:
    port = stack.servers["postgres"].port
    held = threading.Event()
    done = threading.Event()

    def hold() -> None:
        with db.postgres_admin(port) as admin, admin.transaction():
            admin.execute("LOCK TABLE pg_database IN ACCESS EXCLUSIVE MODE")
            held.set()
            done.wait(30)

    quick = replace(stack.options["postgres"], statement_timeout_s=0.3)
    collector = opened(DatabaseSession(POSTGRES, quick))
    collector.collect(0)
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    try:
        found = values(collector.collect(0))
    finally:
        done.set()
        holder.join()
    parts = {one["collector"]: value for one, value in found.items() if "collector" in one}
    assert parts["settings"] == 1
    assert parts["stat_activity"] == parts["database"] == 0
    notes = {dict(note.values)["part"] for note in collector.notes()}
    assert {"stat_activity", "locks"} <= notes
    collector.collect(0)
    assert collector.notes() == ()


def test_a_reader_without_rights_is_told_which_to_give(stack: Stack, opened: Opened) -> None:
    postgres = stack.options["postgres"]
    url = postgres.url.replace("jipyo@", "nobody_special@")
    collector = opened(DatabaseSession(POSTGRES, replace(postgres, url=url)))
    found = values(collector.collect(0))
    assert "database.no_pg_monitor" in {note.key for note in collector.notes()}
    assert any(one.metric == "pg_settings_max_connections" for one in found)
    mysql = stack.options["mysql"]
    other = opened(
        DatabaseSession(MYSQL, replace(mysql, url=mysql.url.replace("jipyo@", "nobody@")))
    )
    found = values(other.collect(0))
    refused = {dict(note.values)["part"] for note in other.notes()}
    assert refused == {"perf_schema.eventsstatements", "slave_status", "info_schema.innodb_trx"}
    assert any(one.metric == "mysql_global_variables_max_connections" for one in found)


def test_nothing_can_be_written_over_our_connections(stack: Stack, opened: Opened) -> None:
    postgres = opened(DatabaseSession(POSTGRES, stack.options["postgres"]))
    postgres.collect(0)
    assert postgres._connection is not None
    connection = postgres._connection.driver_connection
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute("CREATE TEMP TABLE x AS SELECT 1 AS y; CREATE TABLE z (a int)")
    mysql = opened(DatabaseSession(MYSQL, stack.options["mysql"]))
    mysql.collect(0)
    assert mysql._connection is not None
    connection = mysql._connection.driver_connection
    with connection.cursor() as cursor, pytest.raises(pymysql.MySQLError):
        cursor.execute("CREATE TABLE shop.z (a int)")


def test_a_database_of_an_interrupted_drop_is_left_out(stack: Stack, opened: Opened) -> None:
    collector = opened(DatabaseSession(POSTGRES, stack.options["postgres"]))

    def list_databases() -> set[str]:
        families = collector.collect(0)
        return {s.labels.get("datname", "") for family in families for s in family.samples}

    with db.postgres_admin(stack.servers["postgres"].port) as admin:
        admin.execute("CREATE DATABASE invalid")
        assert "invalid" in list_databases()
        admin.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'invalid'")
        assert "invalid" not in list_databases()
        admin.execute("DROP DATABASE invalid")


def test_only_transactions_of_clients_are_counted(stack: Stack) -> None:
    port = stack.servers["postgres"].port
    with db.postgres_admin(port) as admin, db.postgres_admin(port) as watcher:
        admin.execute("SET force_parallel_mode = on")
        # A parallel worker stands for all backends that no client has opened.
        worker = threading.Thread(
            target=lambda: admin.execute("SELECT pg_sleep(2), count(*) FROM pg_class")
        )
        worker.start()
        time.sleep(0.5)
        shown = watcher.execute(_ACTIVITY_SQL).fetchall()
        active = watcher.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'"
            " AND datname = 'postgres' AND backend_type = 'client backend'"
        ).fetchall()
        worker.join()
    counts = {(row[0], row[1]): row[2] for row in shown}
    assert counts["postgres", "active"] == active[0][0]


def test_long_transactions_are_seen(stack: Stack, opened: Opened) -> None:
    with db.postgres_admin(stack.servers["postgres"].port) as admin, admin.transaction():
        admin.execute("SELECT 1")
        time.sleep(0.4)
        found = values(opened(DatabaseSession(POSTGRES, stack.options["postgres"])).collect(0))
    name = "pg_stat_activity_max_tx_duration"
    state = {"datname": "postgres", "state": "idle in transaction"}
    assert found[Labels.of({"__name__": name, **state})] >= 0.4
    connection = db.mysql_admin(stack.servers["mysql"].port)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS shop.t (a int)")
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO shop.t VALUES (1)")
        time.sleep(1.2)
        found = values(opened(DatabaseSession(MYSQL, stack.options["mysql"])).collect(0))
        cursor.execute("ROLLBACK")
    name = "jipyo_mysql_transaction_max_duration_seconds"
    assert found[Labels.of({"__name__": name})] >= 1
    longest = load().get("db.query.longest")
    assert longest is not None
    store = MemoryStore()
    for labels, value in found.items():
        store.put(labels.put({"instance": "mysql"}), [1000], [value])
    measured = read_metric(Embedded(store, Engine()), longest, 1000, 1000, 1)
    assert measured.exporters == ("jipyo_mysql",)
    assert measured.matrix.values[0, 0] >= 1


def test_sessions_that_wait_for_a_lock_are_counted(stack: Stack, opened: Opened) -> None:
    port = stack.servers["postgres"].port
    collector = opened(DatabaseSession(POSTGRES, stack.options["postgres"]))

    def count_waits() -> float:
        name = Labels.of({"__name__": "jipyo_postgres_lock_waits"})
        return values(collector.collect(0))[name]

    with db.postgres_admin(port) as holder, db.postgres_admin(port) as waiter:
        holder.execute("CREATE TABLE locked (a int)")
        assert count_waits() == 0
        with holder.transaction():
            holder.execute("LOCK TABLE locked")
            blocked = threading.Thread(target=waiter.execute, args=("SELECT * FROM locked",))
            blocked.start()
            until = time.monotonic() + 10
            while count_waits() == 0:
                assert time.monotonic() < until
                time.sleep(0.05)
        blocked.join(10)
        assert count_waits() == 0
        holder.execute("DROP TABLE locked")


def test_the_size_of_each_schema_is_known(stack: Stack, opened: Opened) -> None:
    found = values(opened(DatabaseSession(MYSQL, stack.options["mysql"])).collect(0))
    sizes = {
        x["schema"]: v for x, v in found.items() if x.metric == "jipyo_mysql_schema_size_bytes"
    }
    assert sizes["mysql"] > 0


def test_a_page_of_redis_that_forbids_config_has_all_else(
    stack: Stack, opened: Opened, tmp_path: Path
) -> None:
    with db.redis_admin(stack.servers["redis"].port) as admin:
        admin.execute_command(
            "ACL", "SETUSER", "reader", "on", ">read-only", "+ping", "+info", "+slowlog",
            "+client|setname", "+latency|latest",
        )  # fmt: skip
    url = f"redis://reader@127.0.0.1:{stack.servers['redis'].port}"
    password = db.secret(tmp_path, "read-only")
    collector = opened(
        DatabaseSession(REDIS, replace(stack.options["redis"], url=url, password_file=password))
    )
    found = values(collector.collect(0))
    assert [dict(note.values)["part"] for note in collector.notes()] == ["config"]
    assert Labels.of({"__name__": "redis_connected_clients"}) in found


def test_probes_of_real_servers(stack: Stack) -> None:
    with (
        db.folder() as where,
        db.started(db.nginx(where)) as web,
        db.started(db.haproxy(where, web.port)[0]) as proxy,
    ):
        for port in (web.port, proxy.port):
            url = f"http://127.0.0.1:{port}"
            good = HttpProbe(ProbeOptions(url=f"{url}/old", expect_body="well"))
            assert success(good) == 1
            assert success(HttpProbe(ProbeOptions(url=f"{url}/broken"))) == 0
    gone = HttpProbe(ProbeOptions(url=f"http://127.0.0.1:{web.port}/"))
    assert success(gone) == 0
    port = stack.servers["redis"].port
    ping = ProbeOptions(tcp=f"127.0.0.1:{port}", send=Secret("PING"), expect="NOAUTH")
    assert success(TcpProbe(ping)) == 1


def success(probe: HttpProbe | TcpProbe) -> float:
    return values(probe.collect(0))[Labels.of({"__name__": "probe_success"})]
