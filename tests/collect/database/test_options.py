"""Addresses of databases, their secrets, and drivers that are missing."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.collect.database import (
    KINDS,
    DatabaseOptions,
    DatabaseReader,
    database_collector,
    database_target,
)
from jipyo.collect.database.session import DatabaseSession
from jipyo.i18n import texts
from jipyo.model.errors import CollectError, ConfigError
from jipyo.model.reading import ReadingNote
from support import services

if TYPE_CHECKING:
    from pathlib import Path

URLS = {"postgres": "postgresql", "mysql": "mysql", "redis": "redis"}


@pytest.mark.parametrize(
    ("kind", "url", "host", "port", "user", "database"),
    [
        ("postgres", "postgresql://me@db/shop", "db", 5432, "me", "shop"),
        ("postgres", "postgres://db:1", "db", 1, "", ""),
        ("mysql", "mariadb://a%40b@db:3307/", "db", 3307, "a@b", ""),
        ("redis", "rediss://[::1]:6380/1", "::1", 6380, "", "1"),
        ("redis", "unix:///run/redis.sock", "localhost", 6379, "", "run/redis.sock"),
    ],
)
def test_a_url_is_taken_apart(
    kind: str, url: str, host: str, port: int, user: str, database: str
) -> None:
    found = database_collector(DatabaseOptions(kind=kind, url=url)).address
    assert (found.host, found.port, found.user, found.database) == (host, port, user, database)


@pytest.mark.parametrize(
    ("kind", "url", "key"),
    [
        ("oracle", "oracle://a/", "database.unknown_kind"),
        ("postgres", "mysql://a/", "database.wrong_url"),
        ("postgres", "postgresql:///x", "database.wrong_url"),
        ("mysql", "mysql://a:port/", "database.wrong_url"),
        ("redis", "redis://:hush@a/", "database.password_in_url"),
        ("mysql", "mysql://me:hush@a/?password=hush", "database.password_in_url"),
        ("postgres", "postgresql://me@a/?password=hush", "database.password_in_url"),
    ],
)
def test_what_cannot_work_is_refused_at_once(kind: str, url: str, key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        database_target(DatabaseOptions(kind=kind, url=url))
    assert raised.value.key == key
    assert "hush" not in str(raised.value)
    assert "{" not in texts("ko").error(raised.value)


def test_a_target_is_known_by_its_kind_and_its_address() -> None:
    target = database_target(DatabaseOptions(kind="redis", url="redis://me@[::1]"))
    assert (target.job, target.instance, target.url) == (
        "redis",
        "[::1]:6379",
        "redis://[::1]:6379",
    )
    named = DatabaseOptions(kind="redis", url="redis://a", job="cache", instance="one")
    target = database_target(named)
    assert (target.job, target.instance, target.interval_ms) == ("cache", "one", 15_000)


@pytest.mark.parametrize("kind", URLS)
def test_nobody_listens(kind: str) -> None:
    url = f"{URLS[kind]}://127.0.0.1:{services.free_port()}/"
    collector = database_collector(DatabaseOptions(kind=kind, url=url, connect_timeout_s=2))
    with pytest.raises(CollectError) as raised:
        collector.collect(0)
    assert (raised.value.key, raised.value.hint) == (
        "database.unreachable",
        "database.unreachable.hint",
    )
    collector.close()


@pytest.mark.parametrize("kind", URLS)
def test_a_missing_driver_is_told_with_the_line_that_installs_it(kind: str) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    options = DatabaseOptions(kind=kind, url=f"{URLS[kind]}://a/")
    collector = DatabaseSession(KINDS[kind], options, importer=missing)
    with pytest.raises(CollectError) as raised:
        collector.collect(0)
    assert raised.value.key == "database.no_driver"
    assert f"{sys.executable} -m pip install 'jipyo[databases]'" in texts("en").error(raised.value)
    assert "pip install 'jipyo[databases]'" in texts("en").error(raised.value)


@pytest.mark.parametrize("kind", URLS)
def test_a_file_of_the_password_that_is_gone_is_told(kind: str, tmp_path: Path) -> None:
    url = f"{URLS[kind]}://127.0.0.1:1/"
    options = DatabaseOptions(kind=kind, url=url, password_file=tmp_path / "gone")
    with pytest.raises(CollectError) as raised:
        database_collector(options).collect(0)
    assert raised.value.key == "net.secret_file"


class Noted:
    """A collector with something to say."""

    def __init__(self) -> None:
        self.closed = 0

    def collect(self, t_ms: int) -> None:
        return None

    def notes(self) -> tuple[ReadingNote, ...]:
        return (ReadingNote("database.no_statements"),)

    def close(self) -> None:
        self.closed += 1


def test_a_reader_that_is_dropped_closes_its_connection() -> None:
    collector = Noted()
    reader = DatabaseReader(collector, {"job": "a"})
    assert reader.read(0) is None
    assert reader.families() == ()
    del reader
    gc.collect()
    assert collector.closed == 1
