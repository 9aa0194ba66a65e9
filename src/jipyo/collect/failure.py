"""Errors of readings -> the closed set of reasons for which a target fails."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

from jipyo.model.failure import FailureReason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.errors import JipyoError

_BY_KEY = {
    "net.timeout": FailureReason.TIMEOUT,
    "net.cut": FailureReason.CONNECTION_LOST,
    "net.tls": FailureReason.TLS,
    "net.tls_files": FailureReason.TLS,
    "net.too_large": FailureReason.OVER_LIMIT,
    "net.encoding": FailureReason.BAD_RESPONSE,
    "net.bad_gzip": FailureReason.BAD_RESPONSE,
    "net.redirects": FailureReason.BAD_RESPONSE,
    "net.bad_redirect": FailureReason.BAD_RESPONSE,
    "net.bad_secret": FailureReason.UNREADABLE,
    "net.secret_file": FailureReason.UNREADABLE,
    "collect.content_type": FailureReason.BAD_RESPONSE,
    "wire.too_many_elements": FailureReason.OVER_LIMIT,
    "collect.sample_limit": FailureReason.OVER_LIMIT,
    "collect.label_limit": FailureReason.OVER_LIMIT,
    "collect.gpu_driver": FailureReason.DRIVER,
    "collect.gpu_lost": FailureReason.DEVICE_LOST,
    "collect.hangs": FailureReason.TIMEOUT,
    "collect.proc_unreadable": FailureReason.UNREADABLE,
    "database.no_entry": FailureReason.LOGIN_REFUSED,
    "database.all_refused": FailureReason.QUERIES_REFUSED,
    "database.no_driver": FailureReason.DRIVER,
    "database.timeout": FailureReason.TIMEOUT,
}
_BY_ERRNO = {
    errno.ECONNREFUSED: FailureReason.CONNECTION_REFUSED,
    errno.EHOSTUNREACH: FailureReason.NO_ROUTE,
    errno.ENETUNREACH: FailureReason.NO_ROUTE,
    errno.ETIMEDOUT: FailureReason.TIMEOUT,
    errno.ECONNRESET: FailureReason.CONNECTION_LOST,
    errno.EPIPE: FailureReason.CONNECTION_LOST,
}
# Drivers that speak through a library in C have only the text.
_BY_WORDS = (
    ("connection refused", FailureReason.CONNECTION_REFUSED),
    ("not known", FailureReason.NAME_NOT_RESOLVED),
    ("name resolution", FailureReason.NAME_NOT_RESOLVED),
    ("failed to resolve", FailureReason.NAME_NOT_RESOLVED),
    ("could not translate host name", FailureReason.NAME_NOT_RESOLVED),
    ("no route to host", FailureReason.NO_ROUTE),
    ("network is unreachable", FailureReason.NO_ROUTE),
    ("no such file or directory", FailureReason.CONNECTION_REFUSED),
    ("timed out", FailureReason.TIMEOUT),
    ("timeout", FailureReason.TIMEOUT),
    ("closed", FailureReason.CONNECTION_LOST),
    ("reset by peer", FailureReason.CONNECTION_LOST),
)
_UNAUTHORIZED = (401, 403)


def find_failure_reason(error: JipyoError) -> FailureReason:
    """The reason of an error: by its key, by the error of the system that caused it, by words."""
    if error.key == "net.http_status":
        is_denied = error.values.get("status") in _UNAUTHORIZED
        return FailureReason.LOGIN_REFUSED if is_denied else FailureReason.HTTP_STATUS
    if error.key in _BY_KEY:
        return _BY_KEY[error.key]
    if error.key.startswith("wire."):
        return FailureReason.BAD_RESPONSE
    return find_exception_reason(error, str(error.values.get("reason", "")))


def find_exception_reason(error: BaseException, words: str = "") -> FailureReason:
    """The reason of an exception by the errors that caused it, then by `words`."""
    for cause in _list_causes(error):
        match cause:
            case socket.gaierror():
                return FailureReason.NAME_NOT_RESOLVED
            case ssl.SSLError():
                return FailureReason.TLS
            case OSError() if cause.errno in _BY_ERRNO:
                return _BY_ERRNO[cause.errno]
            case TimeoutError():
                return FailureReason.TIMEOUT
            case EOFError():
                return FailureReason.CONNECTION_LOST
    words = words.lower()
    reasons = (reason for text, reason in _BY_WORDS if text in words)
    return next(reasons, FailureReason.OTHER)


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, what it was raised from, and so on; the nearest first."""
    cause: BaseException | None = error
    seen: set[int] = set()
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
