"""The closed set of reasons for which a reading fails."""

from __future__ import annotations

import errno
import socket
import ssl

import numpy as np
import pytest

from jipyo.collect.failure import ProbeWatch, find_exception_reason, find_failure_reason
from jipyo.i18n import LANGS, texts
from jipyo.model.errors import CollectError
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.model.reading import TargetReading


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
        (CollectError("net.http_status", status=404), "not_found"),
        (CollectError("collect.content_type", url="u", type="text/html"), "not_metrics"),
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
        (CollectError("database.lost", reason="Packet sequence number wrong"), "connection_lost"),
        (
            CollectError("database.unreachable", reason="Lost connection to MySQL server"),
            "connection_lost",
        ),
        (CollectError("database.unreachable", reason="[Errno 32] Broken pipe"), "connection_lost"),
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
def test_every_reason_has_words_and_a_remedy_in_sentences(lang: str) -> None:
    t = next(texts(each) for each in LANGS if each == lang)
    assert all(t(f"health.cause.{reason.value}") for reason in FailureReason)
    remedies = [t(f"health.remedy.{reason.value}") for reason in FailureReason]
    assert all(remedy.endswith(".") for remedy in remedies)
    assert len(set(remedies)) == len(remedies)


TARGET = {"job": "web", "instance": "http://a/"}


def build_reading(*series: tuple[dict[str, str], float]) -> TargetReading:
    labels = tuple(Labels.of(labels) for labels, _ in series)
    return TargetReading(labels, np.array([value for _, value in series]))


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        ([({"__name__": "probe_success", **TARGET}, 1.0)], None),
        ([({"__name__": "probe_success", **TARGET}, 0.0)], "probe_failed"),
        (
            [
                ({"__name__": "probe_success", **TARGET}, 0.0),
                ({"__name__": "jipyo_probe_failure", "reason": "tls", **TARGET}, 1.0),
            ],
            "tls",
        ),
        # What a federation passes on is a probe of somebody else.
        ([({"__name__": "probe_success", **TARGET, "instance": "b"}, 0.0)], None),
        ([({"__name__": "node_load1", **TARGET}, 0.0)], None),
        ([], None),
    ],
)
def test_a_probe_without_success_fails_though_it_was_read(
    series: list[tuple[dict[str, str], float]], reason: str | None
) -> None:
    watch, reading = ProbeWatch(Labels.of(TARGET)), build_reading(*series)
    for _ in range(2):
        failure = watch.find_failure(reading)
        assert (failure and failure.value) == reason
    assert watch.find_failure(build_reading()) is None
