"""Real databases and web servers for tests, in folders of their own, with their exporters."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pymysql
import redis
import urllib3

from support import services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PASSWORD = "only-for-tests"
READY_S = 60


@dataclass
class Server:
    """A program that can be stopped and started again at the same port."""

    name: str
    command: Sequence[str]
    port: int
    folder: Path
    ready: Callable[[], object]
    user: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        as_user: dict[str, Any] = {}
        if self.user is not None and os.geteuid() == 0:
            as_user = {"user": self.user, "group": self.user, "extra_groups": []}
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, **self.environment}, **as_user,
            )  # fmt: skip
        end = time.monotonic() + READY_S
        while True:
            try:
                self.ready()
                return
            except Exception as error:
                if time.monotonic() > end or self.process.poll() is not None:
                    log_tail = (self.folder / f"{self.name}.log").read_text(errors="replace")[
                        -2000:
                    ]
                    raise RuntimeError(f"{self.name} does not start: {log_tail}") from error
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(how)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder that other users may enter: a database does not run as root."""
    path = Path(tempfile.mkdtemp(prefix="jipyo-servers-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def started(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGINT if server.name == "postgres" else signal.SIGTERM)


def _owned(path: Path, user: str) -> Path:
    path.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(path, user, user)
    return path


def _run(command: Sequence[str], user: str | None = None) -> None:
    as_user: dict[str, Any] = {}
    if user is not None and os.geteuid() == 0:
        as_user = {"user": user, "group": user, "extra_groups": []}
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **as_user)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


def secret(where: Path, text: str = PASSWORD) -> Path:
    path = where / "password"
    path.write_text(text + "\n", encoding="utf-8")
    path.chmod(0o644)
    return path


def postgres_admin(port: int) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1", port=port, user="postgres", password=PASSWORD, dbname="postgres",
        autocommit=True, connect_timeout=5,
    )  # fmt: skip


def postgres(where: Path) -> Server:
    """PostgreSQL with pg_stat_statements and a reader `jipyo` who may see all statistics."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    program = str(found[-1]) if found else services.binary("postgres")
    data = _owned(where / "postgres", "postgres")
    init = [str(Path(program).with_name("initdb")), "-D", str(data), "-U", "postgres"]
    init += ["-A", "scram-sha-256", f"--pwfile={secret(where)}", "--locale=C", "-E", "UTF8"]
    _run([*init, "--no-sync"], "postgres")
    port = services.free_port()
    settings = {
        "listen_addresses": "127.0.0.1", "port": str(port), "fsync": "off",
        "unix_socket_directories": str(data), "track_io_timing": "on",
        "shared_preload_libraries": "pg_stat_statements", "max_connections": "50",
    }  # fmt: skip
    command = [program, "-D", str(data)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    return Server(
        "postgres", command, port, where, lambda: postgres_admin(port).close(), "postgres"
    )


def prepare_postgres(port: int) -> None:
    with postgres_admin(port) as admin:
        admin.execute("CREATE EXTENSION pg_stat_statements")
        admin.execute(f"CREATE ROLE jipyo LOGIN PASSWORD '{PASSWORD}'")
        admin.execute("GRANT pg_monitor TO jipyo")
        admin.execute(f"CREATE ROLE nobody_special LOGIN PASSWORD '{PASSWORD}'")


def mysql_admin(port: int) -> Any:
    return pymysql.connect(
        host="127.0.0.1", port=port, user="root", autocommit=True, connect_timeout=5
    )


def mariadb(where: Path) -> Server:
    """MariaDB that counts its statements."""
    program = services.binary("mariadbd", "mysqld")
    data = _owned(where / "mariadb", "mysql")
    root = ["--user=mysql"] if os.geteuid() == 0 else []
    install = [services.binary("mariadb-install-db"), "--no-defaults", *root]
    install += [f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
    _run(install)
    port = services.free_port()
    command = [
        program, "--no-defaults", *root, f"--datadir={data}", "--bind-address=127.0.0.1",
        f"--port={port}", f"--socket={data}/socket", f"--pid-file={data}/pid",
        "--performance-schema=ON", "--performance-schema-instrument=statement/%=ON",
        "--performance-schema-consumer-statements-digest=ON", "--innodb-buffer-pool-size=32M",
        "--slow-query-log=1", "--long-query-time=0.2", f"--slow-query-log-file={data}/slow",
    ]  # fmt: skip
    return Server("mariadb", command, port, where, lambda: mysql_admin(port).close())


def prepare_mariadb(port: int) -> None:
    with contextlib.closing(mysql_admin(port)) as admin, admin.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop")
        for user, grants in (("jipyo", "PROCESS, SLAVE MONITOR, SELECT"), ("nobody", "USAGE")):
            cursor.execute(f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'")
            cursor.execute(f"GRANT {grants} ON *.* TO {user}@'%'")


def redis_admin(port: int) -> redis.Redis:
    return redis.Redis(host="127.0.0.1", port=port, password=PASSWORD, socket_timeout=5)


def redis_server(where: Path) -> Server:
    program = services.binary("redis-server", "valkey-server")
    port = services.free_port()
    command = [program, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    command += ["--appendonly", "no", "--dir", str(where), "--requirepass", PASSWORD]
    command += ["--maxclients", "200"]

    def ready() -> None:
        with redis_admin(port) as admin:
            admin.ping()

    return Server("redis", command, port, where, ready)


NGINX = """daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off;
 client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u;
 scgi_temp_path s;
 server {{ listen 127.0.0.1:{port};
  location = /stub_status {{ stub_status; }}
  location = /old {{ return 302 /; }}
  location /broken {{ return 500 "broken\\n"; }}
  location / {{ return 200 "all is well\\n"; }} }} }}
"""
HAPROXY = """global
  maxconn 200
defaults
  mode http
  timeout connect 2s
  timeout client 10s
  timeout server 10s
frontend web
  bind 127.0.0.1:{port}
  default_backend pool
backend pool
  server one 127.0.0.1:{behind}
frontend metrics
  bind 127.0.0.1:{metrics}
  http-request use-service prometheus-exporter if {{ path /metrics }}
"""


def answers(url: str) -> Callable[[], None]:
    http = urllib3.PoolManager(retries=False, timeout=3)

    def ready() -> None:
        assert http.request("GET", url).status < 500

    return ready


def nginx(where: Path) -> Server:
    port = services.free_port()
    (where / "nginx.conf").write_text(NGINX.format(port=port), encoding="utf-8")
    command = [services.binary("nginx"), "-p", str(where), "-c", str(where / "nginx.conf")]
    return Server("nginx", command, port, where, answers(f"http://127.0.0.1:{port}/"))


def haproxy(where: Path, behind: int) -> tuple[Server, int]:
    """HAProxy before a web server, and the port of its metrics."""
    port, metrics = services.free_port(), services.free_port()
    config = where / "haproxy.cfg"
    text = HAPROXY.format(port=port, behind=behind, metrics=metrics)
    config.write_text(text, encoding="utf-8")
    command = [services.binary("haproxy"), "-db", "-f", str(config)]
    ready = answers(f"http://127.0.0.1:{metrics}/metrics")
    return Server("haproxy", command, port, where, ready), metrics


STATEMENTS = """pg_stat_statements:
  query: "SELECT pg_get_userbyid(userid) AS user, datname, queryid::text AS queryid,
    sum(calls) AS calls_total, sum(total_exec_time) / 1000 AS seconds_total,
    sum(rows) AS rows_total, sum(blk_read_time) / 1000 AS block_read_seconds_total,
    sum(blk_write_time) / 1000 AS block_write_seconds_total FROM pg_stat_statements
    JOIN pg_database ON pg_database.oid = dbid WHERE queryid IS NOT NULL GROUP BY 1, 2, 3"
  master: true
  metrics:
    - user: {usage: LABEL, description: user}
    - datname: {usage: LABEL, description: database}
    - queryid: {usage: LABEL, description: statement}
    - calls_total: {usage: COUNTER, description: calls}
    - seconds_total: {usage: COUNTER, description: seconds}
    - rows_total: {usage: COUNTER, description: rows}
    - block_read_seconds_total: {usage: COUNTER, description: reading}
    - block_write_seconds_total: {usage: COUNTER, description: writing}
"""
"""What postgres_exporter 0.13 gives itself with --collector.stat_statements."""


def exporter(where: Path, name: str, arguments: Sequence[str], **environment: str) -> Server:
    """One of Debian's exporters; `{port}` stands for its port."""
    port = services.free_port()
    command = [services.binary(f"prometheus-{name}-exporter")]
    command += [one.format(port=port) for one in arguments]
    ready = answers(f"http://127.0.0.1:{port}/metrics")
    return Server(f"{name}-exporter", command, port, where, ready, environment=environment)


def postgres_exporter(where: Path, port: int) -> Server:
    queries = where / "queries.yaml"
    queries.write_text(STATEMENTS, encoding="utf-8")
    return exporter(
        where,
        "postgres",
        ["--web.listen-address=127.0.0.1:{port}", f"--extend.query-path={queries}"],
        DATA_SOURCE_NAME=f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}/postgres?sslmode=disable",
    )


def mysqld_exporter(where: Path, port: int) -> Server:
    return exporter(
        where,
        "mysqld",
        [
            "--web.listen-address=127.0.0.1:{port}",
            "--collect.perf_schema.eventsstatements",
            "--no-collect.info_schema.innodb_cmp",
            "--no-collect.info_schema.innodb_cmpmem",
        ],
        DATA_SOURCE_NAME=f"jipyo:{PASSWORD}@(127.0.0.1:{port})/",
    )


def redis_exporter(where: Path, port: int) -> Server:
    arguments = ["-web.listen-address", "127.0.0.1:{port}"]
    arguments += ["-redis.addr", f"redis://127.0.0.1:{port}"]
    return exporter(where, "redis", arguments, REDIS_PASSWORD=PASSWORD)


def nginx_exporter(where: Path, port: int) -> Server:
    arguments = ["-web.listen-address", "127.0.0.1:{port}"]
    arguments += ["-nginx.scrape-uri", f"http://127.0.0.1:{port}/stub_status"]
    return exporter(where, "nginx", arguments)


def alertmanager(where: Path) -> Server:
    port = services.free_port()
    config = where / "alertmanager.yml"
    config.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n", "utf-8")
    command = [
        services.binary("prometheus-alertmanager", "alertmanager"), f"--config.file={config}",
        f"--storage.path={where}/alertmanager", f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]  # fmt: skip
    return Server("alertmanager", command, port, where, answers(f"http://127.0.0.1:{port}/-/ready"))


def prometheus(where: Path, jobs: dict[str, tuple[str, int]], interval_s: int = 1) -> Server:
    """The newest Prometheus, scraping what listens at these ports: job -> (instance, port)."""
    port = services.free_port()
    text = f"global: {{scrape_interval: {interval_s}s, scrape_timeout: {interval_s}s}}\n"
    text += "scrape_configs:\n"
    for job, (instance, target) in jobs.items():
        text += f"- job_name: {job}\n  static_configs:\n  - targets: ['127.0.0.1:{target}']\n"
        text += f"    labels: {{instance: {instance}}}\n"
    config = where / "prometheus.yml"
    config.write_text(text, encoding="utf-8")
    command = [
        services.binary("prometheus"), f"--config.file={config}",
        f"--storage.tsdb.path={where}/prometheus", f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=promql-experimental-functions,promql-extended-range-selectors",
    ]  # fmt: skip
    ready = answers(f"http://127.0.0.1:{port}/-/ready")
    return Server("prometheus", command, port, where, ready)
