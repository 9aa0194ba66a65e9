"""Services of Apprise, by the one that is an HTTP server of our own."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.options import ChannelOptions
from jipyo.analysis.thresholds import Severity
from jipyo.i18n import texts
from jipyo.model.errors import MessageRejected, NotifyError
from jipyo.model.secret import Secret
from support.clock import WaitingClock
from support.message_receiver import webhook_server
from support.notifications import T_MS, message, notification, resolved

if TYPE_CHECKING:
    from jipyo.alerts.notify.channel import Channel


def build(url: str, **more: Any) -> Channel:
    options = ChannelOptions(name="ops", url=Secret(url), **more)
    return build_channel(options, "ko", ZoneInfo("Asia/Seoul"), WaitingClock(T_MS))


def test_a_service_gets_title_text_kind_and_chart() -> None:
    with webhook_server() as server:
        channel = build(f"json://127.0.0.1:{server.port}/")
        channel.send(message(chart=b"PNG"))
        channel.send(message(resolved()))
        channel.send(message(replace(notification(), severity=Severity.WARNING)))
        first, second, third = server.bodies
    assert first["title"] == "[위험] gpu-1 · GPU 온도 92.4°C"
    assert first["message"] == "GPU 온도 92.4°C"
    assert [each["type"] for each in (first, second, third)] == ["failure", "success", "warning"]
    assert first["attachments"][0]["filename"] == "chart.png"
    assert "attachments" not in second or not second["attachments"]


def test_charts_can_be_left_out() -> None:
    with webhook_server() as server:
        build(f"json://127.0.0.1:{server.port}/", charts=False).send(message(chart=b"PNG"))
        assert not server.bodies[0].get("attachments")


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (400, MessageRejected, "notify.hint.refused"),
        (401, NotifyError, "notify.hint.login"),
        (500, NotifyError, "notify.hint.server"),
    ],
)
def test_what_an_answer_means_and_no_token_is_shown_or_logged(
    status: int, kind: type[NotifyError], hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    with webhook_server() as server, caplog.at_level(logging.INFO):
        server.status = status
        channel = build(f"json://me:hunter22@127.0.0.1:{server.port}/t0kent0ken?+X-Key=s3cret99")
        with pytest.raises(NotifyError) as caught:
            channel.send(message())
    assert (type(caught.value), caught.value.hint) == (kind, hint)
    assert not logging.getLogger("apprise").propagate, "pytest listens to it all the same"
    logged = [each.getMessage() for each in caplog.records if each.name != "apprise"]
    shown = "".join(logged) + str(caught.value) + texts("en").error(caught.value)
    assert not [word for word in ("hunter22", "t0kent0ken", "s3cret99") if word in shown]


def test_a_service_that_hangs_is_an_error_in_time() -> None:
    hold = threading.Event()
    with webhook_server() as server:
        server.hold = hold
        with pytest.raises(NotifyError) as caught:
            build(f"json://127.0.0.1:{server.port}/", timeout_s=0.2).send(message())
        hold.set()
    assert caught.value.key == "notify.apprise.failed"


@pytest.mark.parametrize("url", ["nonsense://x/y", "slack://t0kent0ken"])
def test_an_address_that_apprise_does_not_know_is_an_error(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(NotifyError) as caught:
        build(url).send(message())
    assert caught.value.key == "notify.apprise.unknown"
    assert "t0kent0ken" not in caplog.text + str(caught.value)
