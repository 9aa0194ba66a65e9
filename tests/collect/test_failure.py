"""The closed set of reasons for which a reading fails."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from jipyo.collect.failure import find_exception_reason, find_failure_reason
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import CollectError
from jipyo.model.failure import FailureReason


def caused_by(cause: Exception, key: str = "net.unreachable") -> CollectError:
    """An error that was raised from another, with no words of it."""
    error = CollectError(key, url="u", reason="?")
    error.__cause__ = RuntimeError("of a library")
    error.__cause__.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (caused_by(ConnectionRefusedError(errno.ECONNREFUSED, "x")), "connection_refused"),
        (caused_by(socket.gaierror(-2, "x"), "database.unreachable"), "name_not_resolved"),
        (caused_by(OSError(errno.EHOSTUNREACH, "x")), "no_route"),
        (caused_by(TimeoutError("x"), "database.unreachable"), "timeout"),
        (
            caused_by(ConnectionResetError(errno.ECONNRESET, "x"), "database.lost"),
            "connection_lost",
        ),
        (caused_by(ssl.SSLError("x")), "tls"),
        (caused_by(ValueError("x")), "other"),
        (CollectError("net.timeout", url="u", seconds=1), "timeout"),
        (CollectError("net.http_status", status=503), "http_status"),
        (CollectError("net.http_status", status=401), "login_refused"),
        (CollectError("database.no_entry", reason="Connection refused"), "login_refused"),
        (CollectError("collect.gpu_lost", reason="x"), "device_lost"),
        (CollectError("wire.line", line=3), "bad_response"),
        (
            CollectError("database.unreachable", reason="is it? Connection refused"),
            "connection_refused",
        ),
        (
            CollectError("database.unreachable", reason="Name or service not known"),
            "name_not_resolved",
        ),
        (CollectError("database.lost", reason="server closed the connection"), "connection_lost"),
        (CollectError("collect.unexpected", reason="KeyError()"), "other"),
    ],
)
def test_an_error_has_a_reason(error: CollectError, reason: str) -> None:
    assert find_failure_reason(error).value == reason


def test_the_nearest_cause_decides_and_a_circle_of_causes_ends() -> None:
    first, second = ConnectionResetError(errno.ECONNRESET, "x"), TimeoutError("y")
    first.__context__, second.__context__ = second, first
    assert find_exception_reason(first) is FailureReason.CONNECTION_LOST
    circle = ValueError("x")
    circle.__cause__ = ValueError("y")
    circle.__cause__.__cause__ = circle
    assert find_exception_reason(circle) is FailureReason.OTHER


@pytest.mark.parametrize("lang", LANGS)
def test_every_reason_has_words(lang: str) -> None:
    t = next(texts(each) for each in LANGS if each == lang)
    assert all(t(f"health.cause.{reason.value}") for reason in FailureReason)
