"""Mail through a real SMTP server: parts, headers, and what a server may answer."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import AuthResult

from jipyo.alerts.notify.channels.address import ChannelAddress
from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.notify.channels.mail import read_route
from jipyo.alerts.options import ChannelKind, ChannelOptions
from jipyo.i18n import texts
from jipyo.model.errors import MessageRejected, NotifyError
from jipyo.model.secret import Secret
from support.certificates import certificate as make_certificate
from support.clock import WaitingClock
from support.message_receiver import mail_server
from support.notifications import T_MS, message, notification, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.alerts.notify.channel import Channel

PEOPLE = "from=jipyo@example.com&to=ops@example.com,%22Kim%22%20%3Ckim@example.com%3E"
SEOUL = ZoneInfo("Asia/Seoul")


def build(port: int, user: str = "", people: str = PEOPLE, **more: Any) -> Channel:
    url = Secret(f"smtp://{user}127.0.0.1:{port}/?{people}")
    options = ChannelOptions(name="mail", kind=ChannelKind.MAIL, url=url, **more)
    return build_channel(options, "ko", SEOUL, WaitingClock(T_MS))


def test_a_mail_has_text_html_and_the_chart_inside() -> None:
    with mail_server() as server:
        build(server.port).send(message(chart=b"\x89PNG chart"))
        mail = server.mails[0]
    assert mail["Subject"] == "[위험] gpu-1 · GPU 온도 92.4°C"
    assert mail["From"] == "jipyo <jipyo@example.com>"
    assert mail["To"] == "ops@example.com, Kim <kim@example.com>"
    assert mail["Date"] == "Fri, 27 Nov 2026 14:25:00 +0900"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, page = list(mail.iter_parts())
    assert text.get_content_type() == "text/plain"
    assert text.get_content().strip() == "GPU 온도 92.4°C"
    html, chart = list(page.iter_parts())
    assert html.get_content().strip() == "<p>GPU 온도 92.4°C</p>"
    assert (chart["Content-ID"], chart.get_content()) == ("<chart>", b"\x89PNG chart")


def test_the_same_message_has_the_same_id_and_an_incident_is_one_thread() -> None:
    with mail_server() as server:
        channel = build(server.port)
        for each in (notification(), notification(), resolved()):
            channel.send(message(each))
        first, again, last = server.mails
    assert first["Message-ID"] == again["Message-ID"] != last["Message-ID"]
    assert first["References"] == last["References"]


def test_a_subject_cannot_bring_headers_with_it() -> None:
    with mail_server() as server:
        build(server.port).send(message(subject="fire\r\nBcc: all@example.com"))
    assert server.mails[0]["Subject"] == "fire Bcc: all@example.com"
    assert server.mails[0]["Bcc"] is None


@pytest.mark.parametrize(
    ("reply", "kind", "hint"),
    [
        ("554 spam", MessageRejected, "notify.hint.refused"),
        ("552 too large", MessageRejected, "notify.hint.refused"),
        ("451 try later", NotifyError, "notify.hint.server"),
        ("550 not today", NotifyError, "notify.hint.server"),
    ],
)
def test_what_a_reply_means(reply: str, kind: type[NotifyError], hint: str) -> None:
    with mail_server() as server:
        server.reply = reply
        with pytest.raises(NotifyError) as caught:
            build(server.port).send(message())
    assert (type(caught.value), caught.value.hint) == (kind, hint)
    assert caught.value.values["reply"] == reply


def test_one_recipient_who_is_refused_does_not_keep_the_mail_from_the_others() -> None:
    with mail_server() as server:
        server.refused = ("kim@example.com",)
        build(server.port).send(message())
        assert len(server.mails) == 1
        server.refused = ("kim@example.com", "ops@example.com")
        with pytest.raises(NotifyError) as caught:
            build(server.port).send(message())
        assert caught.value.hint == "notify.mail.recipients.hint"


def test_a_password_is_not_sent_in_the_clear_and_not_shown() -> None:
    with mail_server() as server, pytest.raises(NotifyError) as caught:
        build(server.port, user="ops:hunter22@").send(message())
    assert caught.value.key == "notify.mail.no_tls"
    assert "hunter22" not in str(caught.value) + texts("en").error(caught.value)


def test_over_tls_it_logs_in_and_a_wrong_password_is_said(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        return AuthResult(success=data.password == b"hunter22", handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    with mail_server(tls_context=context, authenticator=check, auth_required=True) as server:
        build(server.port, user="ops:hunter22@", ca_file=certificate.file).send(message())
        assert len(server.mails) == 1
        with pytest.raises(NotifyError) as caught:
            build(server.port, user="ops:wrong-pw@", ca_file=certificate.file).send(message())
        assert caught.value.hint == "notify.hint.login"
        assert "wrong-pw" not in str(caught.value)
        with pytest.raises(NotifyError) as caught:
            build(server.port, user="ops:hunter22@").send(message())
        assert caught.value.key == "notify.mail.unreachable", "its certificate is not known"


def test_a_server_that_is_not_there_is_an_error() -> None:
    with mail_server() as server:
        port = server.port
    with pytest.raises(NotifyError) as caught:
        build(port).send(message())
    assert caught.value.key == "notify.mail.unreachable"


def test_a_server_that_never_greets_is_an_error_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(NotifyError) as caught:
        build(listener.getsockname()[1], timeout_s=0.2).send(message())
    assert caught.value.key == "notify.mail.timeout"


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.com/?from=a@b.c&to=d@e.f",
        "smtp://mail.example.com/?from=a@b.c",
        "smtp://mail.example.com/?to=a@b.c",
        "smtp://mail.example.com/?from=a@b.c&to=nobody",
        "smtp://mail.example.com:99999/?from=a@b.c&to=d@e.f",
        "smtp:///?from=a@b.c&to=d@e.f",
        "smtp://mail.example.com/?from=a@b.c&to=d@e.f%0ABcc:%20x@y.z",
    ],
)
def test_an_address_that_lacks_something_is_an_error(url: str) -> None:
    with pytest.raises(NotifyError) as caught:
        read_route(ChannelAddress(url))
    assert caught.value.key == "notify.mail.bad_address"


def test_the_parts_of_an_address() -> None:
    route = read_route(ChannelAddress(f"smtps://o%40ps:p%2Fw@mail.example.com/?{PEOPLE}"))
    assert (route.host, route.port, route.is_tls) == ("mail.example.com", 465, True)
    assert (route.user, route.password, route.requires_tls) == ("o@ps", "p/w", True)
    assert [each.addr_spec for each in route.recipients] == ["ops@example.com", "kim@example.com"]
