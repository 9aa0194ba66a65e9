"""Webhook and Alertmanager: what is sent, and what an answer means."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.notify.channels.alertmanager import AlertmanagerChannel
from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.notify.heartbeat import Heartbeat
from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.options import ChannelKind, ChannelOptions, HeartbeatOptions
from jipyo.analysis.thresholds import Severity
from jipyo.i18n import texts
from jipyo.model.errors import MessageRejected, NotifyError
from jipyo.model.labels import Labels
from jipyo.model.secret import Secret
from support.clock import WaitingClock
from support.message_receiver import WebhookServer, webhook_server
from support.notifications import HOT, SLOW, T_MS, message, notification, resolved
from support.raw_server import dripping

if TYPE_CHECKING:
    from jipyo.alerts.notify.channel import Channel

SEOUL = ZoneInfo("Asia/Seoul")


def build(url: str, kind: ChannelKind = ChannelKind.WEBHOOK, **more: Any) -> Channel:
    options = ChannelOptions(name="hook", kind=kind, url=Secret(url), **more)
    return build_channel(options, "ko", SEOUL, WaitingClock(T_MS))


def fail(channel: Channel) -> NotifyError:
    with pytest.raises(NotifyError) as caught:
        channel.send(message())
    shown = str(caught.value) + texts("ko").error(caught.value) + texts("en").error(caught.value)
    assert "t0ken" not in shown
    assert "s3cret" not in shown
    return caught.value


def test_a_webhook_gets_the_message_as_json_with_its_key() -> None:
    with webhook_server() as server:
        build(server.url, headers=(("X-Site", Secret("서울")),)).send(message())
        headers, _ = server.posts[0]
        body = server.bodies[0]
    assert headers["Idempotency-Key"] == body["key"] == "12/opened"
    assert headers["path"] == "/hook/t0ken?auth=s3cret"
    assert (body["kind"], body["severity"], body["time"]) == ("opened", "critical", T_MS)
    assert body["incidents"][0]["number"] == 12
    assert body["incidents"][0]["alerts"][0] == {
        "rule": "system.gpu.temperature",
        "name": "GPU 온도",
        "labels": {"gpu": "2", "instance": "gpu-1"},
        "state": "firing",
        "severity": "critical",
        "value": 92.4,
        "threshold": 90.0,
        "unit": "celsius",
        "reason": None,
        "summary": None,
        "started": T_MS - 300_000,
        "ended": None,
        "runbook": "https://wiki.example.com/gpu",
    }


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (400, MessageRejected, "notify.hint.refused"),
        (401, NotifyError, "notify.hint.login"),
        (403, NotifyError, "notify.hint.login"),
        (404, NotifyError, "notify.hint.path"),
        (413, MessageRejected, "notify.hint.refused"),
        (422, MessageRejected, "notify.hint.refused"),
        (429, NotifyError, "notify.hint.limit"),
        (302, NotifyError, "notify.hint.server"),
        (500, NotifyError, "notify.hint.server"),
        (503, NotifyError, "notify.hint.server"),
    ],
)
def test_what_an_answer_means(status: int, kind: type[NotifyError], hint: str) -> None:
    with webhook_server() as server:
        server.status = status
        server.answer = b"nothing here for t0ken or s3cret"
        server.headers = {"Retry-After": "7", "Location": server.url}
        error = fail(build(server.url))
        assert server.attempts == 1, "who sends again is the queue"
    assert (type(error), error.hint, error.pause_s) == (kind, hint, 7.0)


def test_a_server_that_is_not_there_or_hangs_is_an_error_in_time() -> None:
    with webhook_server() as server:
        url = server.url
    assert fail(build(url)).key == "net.unreachable"
    with webhook_server() as server:
        hold = threading.Event()
        server.hold = hold
        assert fail(build(server.url, timeout_s=0.2)).key == "net.timeout"
        hold.set()
    with dripping(b"x", 0.05, b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n") as url:
        error = fail(build(f"{url}t0ken", timeout_s=0.3))
    assert error.key == "net.timeout"


TEMPLATE = '{"text": "{{ .subject }}\\n{{ .first_look }}", "blocks": [{"n": 1, "x": "{{.kind}}"}]}'


def test_a_template_stays_json_whatever_a_message_holds() -> None:
    subject = '"},{"admin": true} \\ {{ .text }} </script>\n'
    with webhook_server() as server:
        build(server.url, template=TEMPLATE).send(message(subject=subject, first_look="`ls`"))
        assert server.bodies == [{"text": f"{subject}\n`ls`", "blocks": [{"n": 1, "x": "opened"}]}]


# --- Alertmanager


def post_all(server: WebhookServer, *steps: Any) -> list[dict[str, tuple[str, str]]]:
    """What each step sends: by name and severity, start and end of each alert."""
    options = ChannelOptions(
        name="am", kind=ChannelKind.ALERTMANAGER, url=Secret(f"{server.url.split('/hook')[0]}/am/")
    )
    channel = build_channel(options, "en", SEOUL, WaitingClock(T_MS))
    assert isinstance(channel, AlertmanagerChannel)
    for step in steps:
        if isinstance(step, list):
            channel.repeat(step)
        else:
            channel.send(message(step, link="https://jipyo.example.com/incidents/12"))
    return [
        {
            f"{alert['labels']['alertname']} {alert['labels']['severity']}": (
                alert["startsAt"],
                alert["endsAt"],
            )
            for alert in body
        }
        for body in server.bodies
    ]


def test_alerts_have_a_beginning_an_end_ahead_and_a_real_end() -> None:
    hot, slow = "system.gpu.temperature critical", "ai.inference.time warning"
    with webhook_server() as server:
        sent = post_all(server, notification(), resolved())
        body = json.loads(server.posts[0][1])[0]
        assert server.posts[0][0]["path"] == "/am/api/v2/alerts"
    assert sent[0][hot] == ("2026-11-27T05:20:00.000Z", "2026-11-27T05:29:00.000Z")
    assert sent[1] == {
        hot: ("2026-11-27T05:20:00.000Z", "2026-11-27T05:39:00.000Z"),
        slow: ("2026-11-27T05:21:40.000Z", "2026-11-27T05:39:00.000Z"),
    }
    assert body["labels"] == {
        "alertname": "system.gpu.temperature",
        "gpu": "2",
        "instance": "gpu-1",
        "severity": "critical",
    }
    assert body["annotations"] == {
        "summary": "GPU temperature",
        "description": "Look at `nvidia-smi`.",
        "runbook_url": "https://wiki.example.com/gpu",
        "incident": "12",
    }
    assert body["generatorURL"] == "https://jipyo.example.com/incidents/12"


def test_an_alert_that_becomes_critical_ends_as_a_warning() -> None:
    warning = replace(HOT, severity=Severity.WARNING)
    with webhook_server() as server:
        first = notification(alerts=(warning,))
        sent = post_all(server, [first], notification("12/graver", t_ms=T_MS + 60_000))
    assert sent[1]["system.gpu.temperature warning"][1] == "2026-11-27T05:26:00.000Z"
    assert sent[1]["system.gpu.temperature critical"][1] == "2026-11-27T05:29:00.000Z"


def test_an_alert_that_ended_within_its_incident_is_resolved_there() -> None:
    ended = replace(SLOW, ended_ms=T_MS)
    with webhook_server() as server:
        sent = post_all(server, notification(alerts=(HOT, ended)))
    assert sent[0]["ai.inference.time warning"][1] == "2026-11-27T05:25:00.000Z"


def test_nothing_to_repeat_sends_nothing() -> None:
    with webhook_server() as server:
        assert post_all(server, []) == []


def test_a_name_of_the_rule_file_is_kept() -> None:
    alert = replace(HOT, labels=Labels.of({"alertname": "GpuHot", "__name__": "x"}))
    with webhook_server() as server:
        sent = post_all(server, notification(alerts=(alert,)))
    assert list(sent[0]) == ["GpuHot critical"]


# --- the dead man's switch


def test_the_heartbeat_comes_as_long_as_rules_are_evaluated() -> None:
    alive = True
    with webhook_server() as server:
        options = HeartbeatOptions(url=Secret(server.url))
        heartbeat = Heartbeat(options, "gpu-1", lambda: alive, WaitingClock(T_MS))
        heartbeat.beat()
        alive = False
        heartbeat.beat()
        assert server.bodies == [
            {"kind": MessageKind.HEARTBEAT.value, "instance": "gpu-1", "time": T_MS}
        ]
        alive, server.status = True, 500
        with pytest.raises(NotifyError):
            heartbeat.beat()
