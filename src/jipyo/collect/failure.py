"""Errors of readings, and failed probes -> the closed set of reasons for which a target fails."""

from __future__ import annotations

import errno
import socket
import ssl
from typing import TYPE_CHECKING

from jipyo.model.failure import PROBE_FAILURE, PROBE_SUCCESS, FailureReason, parse_reason
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.errors import JipyoError
    from jipyo.model.reading import TargetReading

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
    "collect.content_type": FailureReason.NOT_METRICS,
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
    "database.lost": FailureReason.CONNECTION_LOST,
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
    ("broken pipe", FailureReason.CONNECTION_LOST),
    ("lost connection", FailureReason.CONNECTION_LOST),
    ("gone away", FailureReason.CONNECTION_LOST),
)
_BY_STATUS = {
    401: FailureReason.LOGIN_REFUSED,
    403: FailureReason.LOGIN_REFUSED,
    404: FailureReason.NOT_FOUND,
}


def find_failure_reason(error: JipyoError) -> FailureReason:
    """The reason of an error: by its key, by the error of the system that caused it, by words."""
    if error.key == "net.http_status":
        status = int(str(error.values.get("status", 0)))
        return _BY_STATUS.get(status, FailureReason.HTTP_STATUS)
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


class ProbeWatch:
    """Finds why a probe failed, in readings that themselves succeed: of ours and of others."""

    def __init__(self, target: Labels) -> None:
        """Look at the probe that is this target, not at those that it passes on."""
        self._identity = [(name, target.get(name, "")) for name in ("job", "instance")]
        self._series: tuple[Labels, ...] = ()
        self._row: int | None = None

    def find_failure(self, reading: TargetReading) -> FailureReason | None:
        """The reason of a probe without success; None of a success, or where there is no probe."""
        if reading.series is not self._series:
            self._series = reading.series
            rows = (row for row, labels in enumerate(reading.series) if self._is_outcome(labels))
            self._row = next(rows, None)
        if self._row is None or reading.values[self._row] != 0:
            return None
        reasons = (labels for labels in reading.series if labels.metric == PROBE_FAILURE)
        return parse_reason(next(reasons, Labels.of({}))) or FailureReason.PROBE_FAILED

    def _is_outcome(self, labels: Labels) -> bool:
        return labels.metric == PROBE_SUCCESS and all(
            labels.get(name, "") == value for name, value in self._identity
        )
