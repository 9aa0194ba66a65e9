"""The session that all kinds of databases share."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from collect.database.recorded import Driver, DriverError, connection
from collect.database.test_mysql import ANSWERS as MYSQL_ANSWERS
from collect.database.test_mysql import OPTIONS as MYSQL_OPTIONS
from collect.database.test_postgres import ANSWERS as POSTGRES_ANSWERS
from collect.database.test_postgres import OPTIONS as POSTGRES_OPTIONS
from collect.database.test_redis import reading, refusing
from collect.helpers import of, samples
from jipyo.collect.database import KINDS, DatabaseOptions
from jipyo.collect.database.mysql import MYSQL
from jipyo.collect.database.postgres import POSTGRES
from jipyo.collect.database.session import (
    DatabaseErrors,
    DatabaseKind,
    DatabaseSession,
    PartUnavailable,
    Queries,
)
from jipyo.i18n import texts
from jipyo.model.errors import CollectError, ConfigError
from jipyo.model.family import gauge
from jipyo.model.reading import ReadingNote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jipyo.collect.database.options import Address
    from jipyo.model.family import Family

OPTIONS = DatabaseOptions(kind="toy", url="toy://host/")


class ToyQueries(Queries):
    """Parts that do what the connection, a dictionary, says."""

    def parts(self) -> Mapping[str, Callable[[], Iterable[Family]]]:
        return {name: partial(self._read, name) for name in self._connection["parts"]}

    def _read(self, name: str) -> Iterable[Family]:
        outcome = self._connection["parts"][name]
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, ReadingNote):
            self.notes.append(outcome)
            return []
        return [gauge(f"toy_{name}", "", (), [((), outcome)]), gauge("toy_empty", "", (), [])]


class ToyServer:
    """Hands out connections, and remembers those that were closed."""

    def __init__(self, **parts: Any) -> None:
        self.parts = parts
        self.opened = 0
        self.closed = 0

    def connect(
        self, driver: Any, options: DatabaseOptions, address: Address, errors: DatabaseErrors
    ) -> dict[str, Any]:
        if self.parts.get("connect"):
            raise errors.unreachable(self.parts["connect"])
        self.opened += 1
        return {"parts": self.parts, "fileno": 0}

    def disconnect(self, connection: object) -> None:
        self.closed += 1

    def session(self, importer: Callable[[str], Any] = lambda name: name) -> DatabaseSession:
        kind = DatabaseKind(
            name="toy",
            port=99,
            schemes=("toy",),
            module="toydriver",
            package="toy-package",
            entry_hint="database.no_entry.redis.hint",
            up="toy_up",
            success="toy_success",
            success_prefix="p.",
            connect=self.connect,
            disconnect=self.disconnect,
            find_fileno=lambda connection: connection["fileno"],
            queries=ToyQueries,
        )
        return DatabaseSession(kind, OPTIONS, importer=importer)


def test_a_new_kind_is_its_parts_and_nothing_else() -> None:
    server = ToyServer(first=1.0, second=2.0)
    session = server.session()
    for _ in range(2):
        session.collect(0)
    assert samples(session.collect(0)) == {
        "toy_up": 1,
        "toy_first": 1,
        "toy_second": 2,
        'toy_success{collector="p.first"}': 1,
        'toy_success{collector="p.second"}': 1,
    }
    assert (server.opened, server.closed, session.notes()) == (1, 0, ())
    assert (session.address.host, session.address.port) == ("host", 99)


@pytest.mark.parametrize(
    ("outcome", "note"),
    [
        (
            PartUnavailable("permission\n  denied"),
            ("database.refused_part", {"part": "bad", "reason": "permission denied"}),
        ),
        (PartUnavailable(key="database.no_statements"), ("database.no_statements", {})),
        *(
            (odd, ("database.refused_part", {"part": "bad", "reason": repr(odd)}))
            for odd in (ValueError("odd"), KeyError("column"), IndexError(), ZeroDivisionError())
        ),
    ],
)
def test_a_part_that_fails_is_noted_under_its_own_name(
    outcome: Exception, note: tuple[str, dict[str, str]]
) -> None:
    session = ToyServer(good=1.0, bad=outcome).session()
    found = samples(session.collect(0))
    assert found['toy_success{collector="p.bad"}'] == 0
    assert found["toy_good"] == 1
    assert [(one.key, dict(one.values)) for one in session.notes()] == [note]


def test_a_part_can_succeed_and_still_leave_something_out() -> None:
    note = ReadingNote("database.no_pg_monitor")
    session = ToyServer(part=note).session()
    assert samples(session.collect(0))['toy_success{collector="p.part"}'] == 1
    assert session.notes() == (note,)


def test_notes_are_those_of_the_last_reading() -> None:
    server = ToyServer(good=1.0, bad=PartUnavailable("no"))
    session = server.session()
    session.collect(0)
    server.parts["bad"] = 2.0
    session.collect(0)
    assert session.notes() == ()


@pytest.mark.parametrize(
    ("parts", "key", "reason"),
    [
        ({"a": PartUnavailable("no"), "b": PartUnavailable("never")}, "database.all_refused", "no"),
        ({"a": 1.0, "b": CollectError("database.lost", reason="gone")}, "database.lost", "gone"),
    ],
)
def test_a_reading_that_fails_closes_the_connection_and_the_next_opens_another(
    parts: dict[str, Any], key: str, reason: str
) -> None:
    server = ToyServer(**parts)
    session = server.session()
    with pytest.raises(CollectError) as caught:
        session.collect(0)
    assert (caught.value.key, caught.value.values["reason"]) == (key, reason)
    assert (server.opened, server.closed) == (1, 1)
    server.parts |= {"a": 1.0, "b": 1.0}
    session.collect(0)
    assert server.opened == 2


def test_a_server_that_is_not_there_is_tried_again() -> None:
    server = ToyServer(connect="refused", a=1.0)
    session = server.session()
    with pytest.raises(CollectError) as caught:
        session.collect(0)
    assert caught.value.values == {"url": "host:99", "reason": "refused"}
    server.parts = {"a": 1.0}
    assert session.collect(0)


def test_closing_twice_closes_once() -> None:
    server = ToyServer(a=1.0)
    session = server.session()
    session.close()
    session.collect(0)
    session.close()
    session.close()
    assert server.closed == 1


def test_a_driver_is_loaded_only_when_it_is_needed_and_may_be_missing() -> None:
    def missing(name: str) -> Any:
        assert name == "toydriver"
        raise ImportError(name)

    session = ToyServer(a=1.0).session(missing)
    with pytest.raises(CollectError) as caught:
        session.collect(0)
    assert caught.value.values == {
        "package": "toy-package",
        "extra": "databases",
        "python": sys.executable,
    }


def test_every_error_has_its_words_in_both_languages() -> None:
    errors = DatabaseErrors("db:1", "database.no_entry.mysql.hint")
    for error in (
        errors.unreachable("line\nbreak"),
        errors.no_entry("no"),
        errors.timeout(1.5),
        errors.lost("gone"),
    ):
        for lang in ("ko", "en"):
            text = texts(lang).error(error)
            assert "db:1" in text
            assert "{" not in text
    assert errors.unreachable("line\nbreak").values["reason"] == "line break"


def refused_parts(families: Iterable[Family], metric: str, prefix: str = "") -> set[str]:
    return {
        name.removeprefix(f'{{collector="{prefix}').removesuffix('"}')
        for name, success in of(families, metric).items()
        if not success
    }


@pytest.mark.parametrize("query", [query for query in POSTGRES_ANSWERS if query != "AS may"])
def test_in_postgres_the_note_and_the_metric_name_the_same_part(query: str) -> None:
    with connection(POSTGRES_ANSWERS | {query: DriverError("denied")}, 170002) as server:
        session = DatabaseSession(POSTGRES, POSTGRES_OPTIONS, importer=lambda name: Driver(server))
        refused = refused_parts(session.collect(0), POSTGRES.success)
    assert len(refused) == 1
    assert [dict(note.values)["part"] for note in session.notes()] == list(refused)


@pytest.mark.parametrize("query", MYSQL_ANSWERS)
def test_in_mysql_the_note_and_the_metric_name_the_same_part(query: str) -> None:
    with connection(MYSQL_ANSWERS | {query: DriverError(1227, "denied")}, "8.4.1") as server:
        session = DatabaseSession(MYSQL, MYSQL_OPTIONS, importer=lambda name: Driver(server))
        refused = refused_parts(session.collect(0), MYSQL.success, MYSQL.success_prefix)
        noted = [dict(note.values)["part"] for note in session.notes()]
    assert noted[:1] == list(refused)[:1] or query == "GLOBAL VARIABLES"
    assert set(noted) == refused


@pytest.mark.parametrize("command", ["INFO", "CONFIG", "SLOWLOG", "LATENCY"])
def test_in_redis_the_note_and_the_metric_name_the_same_part(command: str) -> None:
    with reading(refusing(command)) as session:
        refused = refused_parts(session.collect(0), "jipyo_redis_collector_success")
        assert {dict(note.values)["part"] for note in session.notes()} == refused
    assert refused == {command.lower()}


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_kind_is_whole(kind: DatabaseKind) -> None:
    assert kind.name in KINDS
    assert kind.port > 0
    hint = texts("en")(kind.entry_hint)
    assert "password_file" in hint
    with pytest.raises(ConfigError):
        DatabaseSession(kind, DatabaseOptions(kind=kind.name, url="ftp://host/"))
    url = f"{kind.schemes[0]}://host/"
    assert DatabaseSession(kind, DatabaseOptions(kind=kind.name, url=url)).address.port == kind.port
