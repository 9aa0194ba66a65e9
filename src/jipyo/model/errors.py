"""Every error jipyo raises for the world's faults; our own faults are assertions.

JipyoError            a text key of i18n and its values; `hint` is the key of a remedy
├── ConfigError       a configuration file or an option is wrong (exit code 2)
│   └── CatalogueError  a metric is described wrongly
├── StoreError        samples cannot be kept or read
│   ├── StoreBusy     another process writes there
│   ├── StoreFull     the disk is full or read-only
│   └── StoreCorrupt  bytes on disk are not what was written
├── NetError          a host could not be reached, or did not answer as it must
├── BodyError         bytes that were received cannot be used
│   ├── TooLarge      they are more than the limit
│   ├── MalformedBody they are not what their header declares
│   └── UnsupportedMediaType
├── CollectError      a target could not be read
├── SendError         samples could not be delivered to another server
├── NotifyError       a message could not be delivered; it is sent again later
│   └── MessageRejected  its receiver will not take it, however often it is sent
├── SourceError       the source of PromQL answers failed
├── LogSourceError    the source of logs failed
├── LogQueryError     a log query was rejected or cancelled
├── IncidentError     an incident, event, silence or maintenance window cannot be changed so
├── ReportError       a report could not be made
├── ServeError        the address cannot be served
├── ApiError          a class of the Python API was used wrongly
│   └── UnknownNameError  a name is neither a metric nor PromQL
└── QueryError        a PromQL query was rejected; its text is Prometheus' own English
    └── EmptySelectorError  a selector that matches every series
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACE = re.compile(r"(.*?):([0-9]+)(?=: |$)")
_E = TypeVar("_E", bound="JipyoError")


class JipyoError(Exception):
    """The world is not as it must be: `key` names the text, `values` fill its blanks.

    People read it through `i18n.Texts.error`; `str()` is for logs and developers. Two errors
    with the same text and values are equal.
    """

    def __init__(self, key: str, /, *, hint: str = "", **values: object) -> None:
        """Name the text, the remedy's text (a key too) and what fills their blanks."""
        super().__init__(key)
        self.key = key
        self.hint = hint
        self.values = values

    def as_kind(self, kind: type[_E], hint: str = "") -> _E:
        """The same text as an error of another kind, with a hint that fits there.

        For a room that promises its own kind only: raise it `from` this one.
        """
        return kind(self.key, hint=hint or self.hint, **self.values)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, JipyoError):
            return NotImplemented
        mine, theirs = ((type(one), one.key, one.hint, one.values) for one in (self, other))
        return mine == theirs

    def __hash__(self) -> int:
        return hash((self.key, self.hint))

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.key}({inside})"


class ConfigError(JipyoError):
    """A configuration file or a command's option is wrong; one error can hold many mistakes."""

    @classmethod
    def of(cls, mistakes: Sequence[ConfigError]) -> Self:
        """One error with all of these mistakes, of which there is at least one.

        Those of a file are in the order of its lines, the files in the order of their mention.
        """
        if len(mistakes) > 1:
            files = [mistake.place[0] for mistake in mistakes]
            ordered = sorted(mistakes, key=lambda each: (files.index(each.place[0]), each.place[1]))
            return cls("schema.mistakes", count=len(mistakes), mistakes=tuple(ordered))
        return cls(mistakes[0].key, hint=mistakes[0].hint, **mistakes[0].values)

    @property
    def place(self) -> tuple[str, int]:
        """File and line of a mistake, from `where`; line 0 where it has none."""
        where = str(self.values.get("where", ""))
        found = _PLACE.match(where)
        return (found[1], int(found[2])) if found else (where, 0)

    @property
    def mistakes(self) -> tuple[ConfigError, ...]:
        """Every single mistake that this error holds."""
        several = self.values.get("mistakes")
        return several if isinstance(several, tuple) else (self,)


class CatalogueError(ConfigError):
    """A metric is described wrongly."""


class StoreError(JipyoError):
    """Samples cannot be kept or read."""


class StoreBusy(StoreError):  # noqa: N818 - a state of the store
    """Another process has this data open for writing."""


class StoreFull(StoreError):  # noqa: N818 - a state of the store
    """The disk is full or read-only; what was not acknowledged is not kept."""


class StoreCorrupt(StoreError):  # noqa: N818 - a state of the store
    """Bytes on disk are not what was written there."""


class NetError(JipyoError):
    """A host could not be reached, or its answer is not one. Rooms turn it into their own kind."""


class BodyError(JipyoError):
    """Bytes that were received cannot be used; receiving the same again would not help."""


class TooLarge(BodyError):  # noqa: N818 - named as HTTP names the answer (413)
    """They are more than the limit."""


class MalformedBody(BodyError):  # noqa: N818 - a state of the body
    """They are not what their header or format declares."""


class UnsupportedMediaType(BodyError):  # noqa: N818 - named as HTTP names the answer (415)
    """Their type or encoding is one that is not read here."""


class CollectError(JipyoError):
    """A target could not be read."""


class SendError(JipyoError):
    """Samples could not be delivered to another server."""


class NotifyError(JipyoError):
    """A message could not be delivered; it is sent again later."""

    pause_s: float = 0.0
    """How long the receiver asks to wait."""


class MessageRejected(NotifyError):  # noqa: N818 - a state of the message
    """The receiver will not take this message, however often it is sent."""


class SourceError(JipyoError):
    """The source of PromQL answers failed or could not be reached."""


class LogSourceError(JipyoError):
    """The source of logs failed or could not be reached."""


class LogQueryError(JipyoError):
    """A log query was rejected or cancelled; asking again as it is would not help."""


class IncidentError(JipyoError):
    """An incident, event, silence or maintenance window cannot be changed in this way."""


class ReportError(JipyoError):
    """A report could not be made or written."""


class ServeError(JipyoError):
    """The server cannot listen on its address."""


class ApiError(JipyoError):
    """A class of the Python API was used wrongly, or in a way that it cannot serve."""


class UnknownNameError(ApiError):
    """A name is neither the specification's, nor a metric's id, nor one of a series."""

    def __init__(self, name: str, similar: Sequence[str]) -> None:
        """Keep the name, and those that it may have been meant to be."""
        hint = "api.unknown_name.similar" if similar else "api.unknown_name.hint"
        super().__init__("api.unknown_name", hint=hint, name=name, similar=", ".join(similar))


class QueryErrorKind(Enum):
    """The `errorType` of the Prometheus HTTP API."""

    BAD_DATA = "bad_data"
    EXECUTION = "execution"
    TIMEOUT = "timeout"
    CANCELED = "canceled"
    NOT_FOUND = "not_found"
    NOT_ACCEPTABLE = "not_acceptable"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class QueryError(JipyoError):
    """A PromQL query was rejected. The text is Prometheus' own and stays English."""

    def __init__(self, kind: QueryErrorKind, message: str) -> None:
        """Keep the API's error type and the message that goes out as it is."""
        super().__init__("query.refused", message=message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        return self.message

    @classmethod
    def bad_data(cls, message: str) -> QueryError:
        """The query itself is wrong (HTTP 400)."""
        return cls(QueryErrorKind.BAD_DATA, message)

    @classmethod
    def execution(cls, message: str) -> QueryError:
        """The query cannot be evaluated over this data (HTTP 422)."""
        return cls(QueryErrorKind.EXECUTION, message)


class EmptySelectorError(QueryError):
    """A selector without any matcher that excludes the empty string, so it matches everything.

    The HTTP API words this refusal differently for `match[]` than for an expression.
    """

    def __init__(self, message: str) -> None:
        """Keep the message, which carries the position in the query."""
        super().__init__(QueryErrorKind.BAD_DATA, message)
