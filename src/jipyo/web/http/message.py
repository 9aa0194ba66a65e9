"""Requests and responses as handlers see them: plain values, without any asyncio."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryErrorKind
from jipyo.source.via import read_via

if TYPE_CHECKING:
    from jipyo.i18n import Lang
    from jipyo.source.via import Via

JSON = "application/json"
PLAIN_TEXT = "text/plain; charset=utf-8"

STATUS_BY_KIND: Mapping[QueryErrorKind, int] = {
    QueryErrorKind.BAD_DATA: 400,
    QueryErrorKind.EXECUTION: 422,
    QueryErrorKind.TIMEOUT: 503,
    QueryErrorKind.CANCELED: 499,
    QueryErrorKind.NOT_FOUND: 404,
    QueryErrorKind.NOT_ACCEPTABLE: 406,
    QueryErrorKind.UNAVAILABLE: 503,
    QueryErrorKind.INTERNAL: 500,
}
"""The HTTP status of a rejected query."""


@dataclass(frozen=True, slots=True)
class WebRequest:
    """One request, its body read to the end."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The fields of a form, before those of the query string."""
    path_params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in lower case."""
    body: bytes = b""
    method: str = "GET"
    raw_path: bytes = b"/"
    """The path as it was sent, percent-encoded."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set once the client has disconnected: no one waits for the response any more."""

    def first(self, name: str) -> str:
        """The first value of a field, or an empty string."""
        values = self.fields.get(name)
        return values[0] if values else ""

    def values(self, name: str) -> Sequence[str]:
        """All values of a field."""
        return self.fields.get(name, ())

    def language(self, default: Lang) -> Lang:
        """The language that the field `lang` asks for; the default where it is not ours."""
        lang = self.first("lang")
        return "ko" if lang == "ko" else "en" if lang == "en" else default

    @property
    def via(self) -> Via:
        """The jipyo that a query has come through."""
        return read_via(self.headers)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class WebResponse:
    """What is sent; the pieces of an iterator are made while those before them are sent."""

    body: bytes | Iterator[bytes | memoryview]
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[WebRequest], WebResponse]
ErrorFormatter = Callable[[Exception, WebRequest], WebResponse]
"""Puts an error into the words of one API."""
