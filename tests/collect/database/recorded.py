"""Drivers that answer with rows which real servers gave, for tests without one."""

from __future__ import annotations

import contextlib
import socket
import types
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class DriverError(Exception):
    """What the driver raises."""


class GoneError(DriverError):
    """The connection is no more."""


@dataclass
class Connection:
    """Answers by the first words that are found in a query; remembers all queries.

    Serves as a connection of psycopg, and as connection and cursor of PyMySQL.
    """

    answers: dict[str, Any]
    version: Any = 170002
    asked: list[str] = field(default_factory=list)
    closed: bool = False
    prepare_threshold: int = 0
    ends: Any = field(default_factory=socket.socketpair)
    _rows: Any = ()

    @property
    def info(self) -> Any:
        return types.SimpleNamespace(server_version=self.version)

    @property
    def open(self) -> bool:
        return not self.closed

    def get_server_info(self) -> str:
        return str(self.version)

    def fileno(self) -> int:
        return int(self.ends[0].fileno())

    @property
    def _sock(self) -> Any:
        return self.ends[0]

    def close(self) -> None:
        self.closed = True
        for end in self.ends:
            end.close()

    def cursor(self) -> Any:
        return contextlib.nullcontext(self)

    def execute(self, query: str, arguments: Any = None) -> Connection:
        self.asked.append(query)
        rows: Any = next((rows for words, rows in self.answers.items() if words in query), [])
        if isinstance(rows, GoneError):
            self.close()
        if isinstance(rows, Exception):
            raise rows
        if callable(rows):
            rows(self)
        self._rows = rows
        return self

    def fetchall(self) -> Any:
        return self._rows


@dataclass
class Driver:
    """As much of psycopg and PyMySQL as we use."""

    given: Connection | Exception
    arguments: dict[str, Any] = field(default_factory=dict)
    Error: type[Exception] = DriverError
    MySQLError: type[Exception] = DriverError
    rows: Any = field(default_factory=lambda: types.SimpleNamespace(dict_row=None))
    cursors: Any = field(default_factory=lambda: types.SimpleNamespace(DictCursor=None))

    def connect(self, url: str = "", **arguments: Any) -> Connection:
        self.arguments = {"url": url, **arguments}
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@contextlib.contextmanager
def connection(answers: dict[str, Any], version: Any) -> Iterator[Connection]:
    with contextlib.closing(Connection(answers, version)) as made:
        yield made
