"""The message about a report: summary, files, link; and how each kind of channel gets it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.notify.channels.build import build_channel
from jipyo.alerts.notify.outbox import STEPS, add_notification, mark_delivered, take_batch
from jipyo.alerts.notify.report_message import (
    MOST_ATTACHED_BYTES,
    attach_nothing,
    compose_report,
    read_attachments,
)
from jipyo.alerts.notify.stored_notification import decode_notification, encode_notification
from jipyo.alerts.options import ChannelKind, ChannelOptions
from jipyo.alerts.store import AlertStore
from jipyo.i18n import Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import MessageRejected
from jipyo.model.secret import Secret
from support.clock import WaitingClock
from support.message_receiver import mail_server, webhook_server
from support.notifications import SITE, T_MS, notification, reported

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.alerts.notify.channel import Channel
    from jipyo.alerts.notify.message import Message, Notification


def write(facts: Notification, lang: Lang = "ko", attach: Any = read_attachments) -> Message:
    return compose_report(facts.key, facts, texts(lang), SITE, attach)


def build(kind: ChannelKind, url: str) -> Channel:
    options = ChannelOptions(name="x", kind=kind, url=Secret(url))
    return build_channel(options, "ko", ZoneInfo("Asia/Seoul"), WaitingClock(T_MS))


def test_a_message_has_the_summary_the_files_and_the_link(tmp_path: Path) -> None:
    message = write(reported(tmp_path))
    assert message.subject == "[보고서] 월간 운영 보고서 2026년 10월"
    assert message.text.splitlines() == [
        "보고서 IT-2026-10 제2판입니다.",
        "",
        "월간 운영 보고서 · 2026년 10월",
        "IT-2026-10",
        "위험 응답시간이 목표를 2*2시간 넘었습니다.",
        "1. 장애 1건 <b>",
        "",
        "첨부: 월간.pdf (10B), month.html (8B)",
        "https://jipyo.example.com/reports/IT-2026-10",
        "",
        "gpu-1의 jipyo가 보냈습니다.",
    ]
    assert "<b>위험</b>" in message.html
    assert "장애 1건 &lt;b&gt;" in message.html
    assert "2\\*2" in message.markdown
    assert [one.content for one in message.attachments] == [b"%PDF-1.7 x", b"<p>x</p>"]


def test_a_channel_without_files_says_where_they_are(tmp_path: Path) -> None:
    message = write(reported(tmp_path), "en", attach_nothing)
    assert "Files on the dashboard: 월간.pdf (10 B), month.html (8 B)" in message.text
    assert message.attachments == ()


def test_what_a_mail_cannot_hold_is_named_and_left_out(tmp_path: Path) -> None:
    facts = reported(tmp_path)
    assert facts.report is not None
    large = replace(facts.report.files[0], size_bytes=MOST_ATTACHED_BYTES)
    report = replace(facts.report, files=(large, facts.report.files[1]))
    assert [one.name for one in read_attachments(report.files)] == ["월간.pdf"]
    report = replace(report, files=(replace(large, size_bytes=MOST_ATTACHED_BYTES + 1),))
    message = write(replace(facts, report=report), "en")
    assert "Files on the dashboard: 월간.pdf" in message.text


def test_a_file_that_is_not_what_it_was_is_not_sent(tmp_path: Path) -> None:
    facts = reported(tmp_path)
    (tmp_path / "month.html").write_bytes(b"<p>y</p>")
    with pytest.raises(MessageRejected) as changed:
        write(facts)
    (tmp_path / "month.html").unlink()
    with pytest.raises(MessageRejected) as gone:
        write(facts)
    assert (changed.value.key, gone.value.key) == (
        "notify.report.changed",
        "notify.report.unreadable",
    )


def test_what_is_queued_is_read_back(tmp_path: Path) -> None:
    facts = reported(tmp_path)
    assert decode_notification(encode_notification(facts)) == facts
    assert facts.report is not None
    long = replace(facts.report, summary=Bilingual("가" * 10_000, "x"))
    read = decode_notification(encode_notification(replace(facts, report=long)))
    assert read.report is not None
    assert len(read.report.summary.ko) == 4000


def test_what_was_queued_before_there_were_reports_is_read() -> None:
    old = encode_notification(notification()).replace(b',"report":null', b"")
    assert b"report" not in old
    assert decode_notification(old) == notification()


def test_a_report_never_goes_together_with_others(tmp_path: Path) -> None:
    store = AlertStore.open(tmp_path / "db", STEPS)
    with store.transaction() as db:
        for facts in (
            notification("12/a"),
            notification("12/b"),
            reported(tmp_path, "report/1"),
            reported(tmp_path, "report/2"),
            notification("12/c"),
        ):
            add_notification(db, "mail", facts, T_MS)
        batches = []
        while (batch := take_batch(db, "mail", T_MS, 100)) is not None:
            batches.append([one.key for one in batch.notifications])
            mark_delivered(db, "mail", batch, T_MS, 0)
    store.close()
    assert batches == [["12/a", "12/b"], ["report/1"], ["report/2"], ["12/c"]]


def test_a_mail_has_the_files_attached(tmp_path: Path) -> None:
    with mail_server() as server:
        url = f"smtp://127.0.0.1:{server.port}/?from=a@example.com&to=b@example.com"
        build(ChannelKind.MAIL, url).send(write(reported(tmp_path)))
        mail = server.mails[0]
    files = list(mail.iter_attachments())
    assert [(one.get_filename(), one.get_content_type()) for one in files] == [
        ("월간.pdf", "application/pdf"),
        ("month.html", "text/html"),
    ]
    assert files[0].get_content() == b"%PDF-1.7 x"
    page = mail.get_body(("html",))
    assert page is not None
    assert "월간 운영 보고서" in page.get_content()


def test_a_webhook_gets_the_report_and_no_incident(tmp_path: Path) -> None:
    with webhook_server() as server:
        build(ChannelKind.WEBHOOK, server.url).send(
            write(reported(tmp_path), attach=attach_nothing)
        )
        body = server.bodies[0]
    assert (body["kind"], body["incidents"]) == ("report", [])
    assert (body["report"]["number"], body["report"]["issue"]) == ("IT-2026-10", 2)
    assert [file["name"] for file in body["report"]["files"]] == ["월간.pdf", "month.html"]
    assert str(tmp_path) not in str(body), "where files lie on the server is nobody's business"


def test_a_chat_gets_markdown(tmp_path: Path) -> None:
    with webhook_server() as server:
        url = f"json://127.0.0.1:{server.port}/"
        build(ChannelKind.APPRISE, url).send(write(reported(tmp_path), attach=attach_nothing))
        body = server.bodies[0]
    assert body["type"] == "info"
    assert "https://jipyo.example.com/reports/IT-2026-10" in body["message"]
