"""Scheduled reports of the real server: caught up, made once though it is killed, and mailed."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import openpyxl
import pytest
import urllib3

from jipyo.reports.archive.archive import list_reports
from support.message_receiver import mail_server
from support.product import jipyo, up
from support.report_site import build_report_site
from support.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from support.product import Product

pytestmark = pytest.mark.integration


def find_state(server: Product) -> str:
    """Of the report that somebody asked for."""
    (build,) = server.get("/api/jipyo/reports/builds")["builds"]
    assert not build["error"]
    return str(build["state"])


def test_missed_reports_are_made_once_though_the_server_is_killed_and_mailed(
    tmp_path: Path,
) -> None:
    with mail_server() as smtp:
        site = build_report_site(tmp_path, smtp.port)
        words = ("--config", str(site.config))
        with up(site.data, *words) as first:
            wait_until(lambda: len(site.list_runs()) == 2)
            asked = {"kind": "weekly", "formats": ["markdown"]}
            answer = urllib3.request("POST", f"{first.url}/api/jipyo/reports/builds", json=asked)
            assert answer.status == 200, answer.data
            first.kill()  # while the first report is being made
        with up(site.data, *words) as second:
            wait_until(lambda: [state for state, _ in site.list_runs()] == ["done"] * 2, 180)
            wait_until(lambda: site.count_waiting() == 0)
            wait_until(lambda: find_state(second) == "made", 60)
            page = second.get("/api/jipyo/reports", lang="en")
        mails = smtp.mails
    numbers = [f"IT-daily-{day:%Y%m%d}" for day in site.days]
    assert [number for _, number in site.list_runs()] == numbers
    daily = [row["number"] for row in page["reports"] if row["kind"] == "daily"]
    assert daily[-2:] == numbers[::-1]
    assert "weekly" in {row["kind"] for row in page["reports"]}
    assert page["schedules"][0]["problem"] == ""
    assert len({mail["Message-ID"] for mail in mails[:2]}) == 2
    mail = mails[0]
    assert mail["Subject"].startswith("[보고서] 일간")
    page_file, workbook = mail.iter_attachments()
    assert page_file.get_filename() == f"jipyo-daily-{site.days[0]}.ko.html"
    assert "CPU" in page_file.get_content()
    assert openpyxl.load_workbook(io.BytesIO(workbook.get_content())).sheetnames
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"http://jipyo.example.com/reports/{numbers[0]}" in body.get_content()
    for report in list_reports(site.data / "reports").reports:
        assert [issue.record.issue for issue in report.issues] == [1]


def test_a_report_is_sent_again_by_the_command_and_a_dead_server_of_mail_is_told(
    tmp_path: Path,
) -> None:
    with mail_server() as smtp:
        site = build_report_site(tmp_path, smtp.port)
        words = ("--config", str(site.config), "--data", str(site.data))
        with up(site.data, "--config", str(site.config)):
            wait_until(lambda: [state for state, _ in site.list_runs()] == ["done"] * 2, 180)
            wait_until(lambda: len(smtp.mails) == 2, 120)
            number = f"IT-daily-{site.days[1]:%Y%m%d}"
            sent = jipyo("report", "send", number, "--channel", "hand-in", *words)
            assert sent.code == 0, sent.err
            wait_until(lambda: len(smtp.mails) == 3)
    again, before = smtp.mails[2], smtp.mails[1]
    assert again["Subject"] == before["Subject"]
    assert again["Message-ID"] != before["Message-ID"]
    assert jipyo("report", "send", "IT-1999", *words).code == 1
    assert jipyo("report", "send", number, "--channel", "nobody", *words).code == 2
