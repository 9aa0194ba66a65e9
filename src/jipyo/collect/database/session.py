"""One session class for all databases: a kind defines how it is opened and which parts it has.

A new kind is one file with its `DatabaseKind`, and one row in `KINDS`.
"""

from __future__ import annotations

import contextlib
import importlib
import struct
import sys
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jipyo.collect.database.options import parse_address
from jipyo.collect.limits import LimitedCalls
from jipyo.model.errors import CollectError
from jipyo.model.family import gauge, single
from jipyo.model.reading import ReadingNote
from jipyo.model.sample import MetricType
from jipyo.net.deadline import Deadline, cut_after

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jipyo.collect.database.options import Address, DatabaseOptions
    from jipyo.model.family import Family

EXTRA = "databases"
"""The extra of the package that installs the drivers."""
REFUSED = "database.refused_part"
ODD_ANSWER = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What drivers and parts raise over an answer that this kind of server does not give."""
_CONNECTING = "connect"
_GRACE_S = 1.0
"""So much longer than its own limit a server may take to report that it was exceeded."""


class PartUnavailable(Exception):  # noqa: N818 - never leaves this room
    """One part of a reading cannot be had; the connection is still good."""

    def __init__(self, reason: object = "", *, key: str = REFUSED) -> None:
        """`reason` is what the server answered; a text of its own needs none."""
        super().__init__(key)
        self.key = key
        self.reason = one_line(reason)

    def note(self, part: str) -> ReadingNote:
        """What a reader of the target is shown."""
        values = (("part", part), ("reason", self.reason)) if self.key == REFUSED else ()
        return ReadingNote(self.key, values)


@dataclass(frozen=True, slots=True)
class DatabaseErrors:
    """The errors that a database can cause; all name its address."""

    url: str
    entry_hint: str

    def unreachable(self, reason: object) -> CollectError:
        """Nothing answers at the address."""
        hint = "database.unreachable.hint"
        return CollectError(
            "database.unreachable", hint=hint, url=self.url, reason=one_line(reason)
        )

    def no_entry(self, reason: object) -> CollectError:
        """The server does not let us in."""
        hint = self.entry_hint
        return CollectError("database.no_entry", hint=hint, url=self.url, reason=one_line(reason))

    def timeout(self, seconds: float) -> CollectError:
        """The server did not answer in time."""
        hint = "database.timeout.hint"
        return CollectError("database.timeout", hint=hint, url=self.url, seconds=seconds)

    def lost(self, reason: object) -> CollectError:
        """The connection ended."""
        return CollectError("database.lost", url=self.url, reason=one_line(reason))


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection of a driver."""

    driver_connection: Any
    fileno: int
    """Of its socket, by which it is cut."""


class Queries(ABC):
    """The queries of one reading, over an open connection."""

    def __init__(
        self,
        driver: Any,
        connection: OpenConnection,
        options: DatabaseOptions,
        errors: DatabaseErrors,
    ) -> None:
        """Nothing is queried yet, but the time of the reading begins."""
        self.notes: list[ReadingNote] = []
        """What a part left out although it succeeded."""
        self._driver = driver
        self._connection = connection.driver_connection
        self._fileno = connection.fileno
        self._options = options
        self._errors = errors
        self._limit_s = options.statement_timeout_s + _GRACE_S
        self._deadline = Deadline.after(max(options.interval_ms / 1000, self._limit_s))

    @contextlib.contextmanager
    def limit_statement(self) -> Iterator[None]:
        """Cut the connection where a statement takes longer than it may.

        Drivers limit single reads at most, so a server that sends a byte now and then would be
        waited for without end. All statements together may take the interval.

        Raises:
            CollectError: the connection was cut, or does not speak this protocol.
        """
        try:
            limit_s = min(self._limit_s, self._deadline.left_s())
        except TimeoutError as error:
            raise self._errors.timeout(self._limit_s) from error
        with cut_after(limit_s, self._fileno) as cut:
            try:
                yield
            except (CollectError, PartUnavailable, *ODD_ANSWER) as error:
                if cut.is_set():
                    raise self._errors.timeout(self._limit_s) from error
                if isinstance(error, ODD_ANSWER):
                    # What the driver has not read is still on its way.
                    raise self._errors.lost(repr(error)) from error
                raise

    @abstractmethod
    def parts(self) -> Mapping[str, Callable[[], Iterable[Family]]]:
        """What is read, by the names of the field's exporter, in order.

        Each raises `PartUnavailable` where the server refuses it, `CollectError` where the
        connection was lost.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseKind:
    """What the session must know of a kind of database."""

    name: str
    port: int
    schemes: tuple[str, ...]
    """Of URLs; the first is the one that is advised."""
    module: str
    """Of the driver."""
    package: str
    """That has the driver."""
    entry_hint: str
    """The key of the text that explains how to create a user."""
    up: str
    """The metric that is 1 where the server answered."""
    success: str
    """The metric that shows which parts could be read."""
    success_prefix: str = ""
    """Of the names of the parts in that metric."""
    connect: Callable[[Any, DatabaseOptions, Address, DatabaseErrors], Any]
    """Opens a connection that may only read, and only for so long; raises `CollectError`."""
    disconnect: Callable[[Any], object]
    find_fileno: Callable[[Any], int]
    """The descriptor of a connection's socket."""
    queries: type[Queries]


class DatabaseSession:
    """A collector of one server over one kept connection; each part may fail alone."""

    def __init__(
        self,
        kind: DatabaseKind,
        options: DatabaseOptions,
        *,
        importer: Callable[[str], Any] = importlib.import_module,
    ) -> None:
        """Nothing is loaded or connected before the first `collect`.

        Raises:
            ConfigError: the URL is not one of this kind, or holds a password.
        """
        self._kind = kind
        self._options = options
        self.address = parse_address(options, kind.port, kind.schemes)
        self._errors = DatabaseErrors(self.address.text, kind.entry_hint)
        self._importer = importer
        limit_s = options.connect_timeout_s + _GRACE_S
        self._connecting = LimitedCalls(self.address.text, limit_s)
        self._connection: OpenConnection | None = None
        self._notes: tuple[ReadingNote, ...] = ()

    def notes(self) -> tuple[ReadingNote, ...]:
        """What the last reading left out, and why."""
        return self._notes

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._kind.disconnect(connection.driver_connection)

    def collect(self, t_ms: int) -> list[Family]:
        """Everything at `t_ms`.

        Raises:
            CollectError: the driver is missing, or the server does not let us in, does not
                answer in time, goes away or refuses every part.
        """
        driver = load_driver(self._kind, self._importer)
        if self._connection is None:
            self._connection = self._connect(driver)
        queries = self._kind.queries(driver, self._connection, self._options, self._errors)
        try:
            result = read_parts(queries.parts(), self._errors.url)
        except CollectError:
            self.close()
            raise
        self._notes = (*result.notes, *queries.notes)
        up = single(MetricType.GAUGE, self._kind.up, "Whether the server answered.", 1.0)
        rows = [
            ((self._kind.success_prefix + part,), float(success))
            for part, success in result.success.items()
        ]
        text = "Whether a part of the reading succeeded."
        return [up, *result.families, gauge(self._kind.success, text, ("collector",), rows)]

    def _connect(self, driver: Any) -> OpenConnection:
        """Connect and log in, on a thread that is left behind where that never returns."""
        kind, is_late = self._kind, threading.Event()

        def connect() -> OpenConnection:
            try:
                connection = kind.connect(driver, self._options, self.address, self._errors)
            except ODD_ANSWER as error:
                raise self._errors.unreachable(repr(error)) from error
            if is_late.is_set():
                kind.disconnect(connection)
            return OpenConnection(connection, kind.find_fileno(connection))

        outcome = self._connecting.run({_CONNECTING: connect})[_CONNECTING]
        if outcome.result is not None:
            return outcome.result
        assert outcome.error is not None, "BUG: a call without an outcome"
        if self._connecting.hanging():
            is_late.set()
            raise self._errors.timeout(self._options.connect_timeout_s) from outcome.error
        raise outcome.error


@dataclass(slots=True)
class PartsResult:
    """The outcome of all parts of one reading."""

    families: list[Family] = field(default_factory=list)
    success: dict[str, bool] = field(default_factory=dict)
    notes: list[ReadingNote] = field(default_factory=list)


def read_parts(parts: Mapping[str, Callable[[], Iterable[Family]]], url: str) -> PartsResult:
    """Read every part; one that is refused, or answered oddly, takes no other down.

    Raises:
        CollectError: the connection was lost, or every part was refused.
    """
    result = PartsResult()
    reason = ""
    for name, read in parts.items():
        try:
            result.families += [each for each in read() if each.samples]
            result.success[name] = True
        except PartUnavailable as error:
            result.success[name] = False
            result.notes.append(error.note(name))
            reason = reason or error.reason
        except ODD_ANSWER as error:  # the other parts are fine
            odd = PartUnavailable(repr(error))
            result.success[name] = False
            result.notes.append(odd.note(name))
            reason = reason or odd.reason
    if not any(result.success.values()):
        raise CollectError("database.all_refused", url=url, reason=reason)
    return result


def load_driver(kind: DatabaseKind, importer: Callable[[str], Any]) -> Any:
    """The driver, which is installed only with the extra.

    Raises:
        CollectError: it is not installed.
    """
    try:
        return importer(kind.module)
    except ImportError as error:
        hint = "database.no_driver.hint"
        raise CollectError(
            "database.no_driver",
            hint=hint,
            package=kind.package,
            extra=EXTRA,
            python=sys.executable,
        ) from error


def one_line(reason: object) -> str:
    """The message of a driver without its line breaks."""
    return " ".join(str(reason).split())
