"""Scheduled reports: made at their time, once, delivered, and made again after a failure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from app.publishing.making import DIES, FAILS, MAKES, SEOUL
from jipyo.alerts.notify.outbox import take_batch
from jipyo.alerts.store import AlertStore
from jipyo.app.alerts.schema import STEPS
from jipyo.app.publishing.jobs import ReportJobs
from jipyo.app.publishing.schedule import Publishing, build_job
from jipyo.app.publishing.status import check_reports, read_status
from jipyo.config.load import load
from jipyo.config.overrides import CliOverrides
from jipyo.i18n import LANGS, texts
from jipyo.model.calendar import name_period
from support.clock import WaitingClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.config.load import Config

CONFIG = """
timezone: Asia/Seoul
language: en
alerts:
  channels: [{name: mail, kind: mail, url: "smtp://127.0.0.1:9/?from=a@b.kr&to=c@d.kr"}]
reports:
  schedule:
    - {name: month, report: monthly, schedule: "30 6 1 * *", channels: [mail], formats: [pdf]}
"""


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=SEOUL).timestamp()) * 1000


def load_config(folder: Path, text: str = CONFIG) -> Config:
    (folder / "jipyo.yaml").write_text(text, "utf-8")
    return load(CliOverrides(file=folder / "jipyo.yaml", data=folder), {}, "en")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[AlertStore]:
    opened = AlertStore.open(tmp_path, STEPS)
    yield opened
    opened.close()


class Server:
    """The part of a server that makes reports, at a time that is set."""

    def __init__(self, store: AlertStore, config: Config, now_ms: int) -> None:
        self.store, self.config, self.clock = store, config, WaitingClock(now_ms)
        self.publishing = self.start(MAKES)

    def start(self, command: tuple[str, ...]) -> Publishing:
        """The part, as after a start of the server."""
        self.publishing = Publishing(self.store, self.clock, ReportJobs(command))
        self.publishing.apply(self.config)
        self.publishing.step()
        return self.publishing

    def go_to(self, text: str) -> None:
        """Let time pass, and everything be made that is due."""
        self.clock.wall_ms = at(text)
        while self.publishing.step() == 0.0:
            pass

    def take(self) -> list[str]:
        """The keys of the messages that wait."""
        with self.store.transaction() as db:
            batch = take_batch(db, "mail", self.clock.now_ms(), 100)
            if batch is not None:
                db.execute("UPDATE outbox SET state = 'delivered', batch = NULL")
        return [] if batch is None else [one.key for one in batch.notifications]

    def status(self) -> Any:
        with self.store.reading() as db:
            return read_status(db, self.config.settings.reports.schedule[0])


@pytest.fixture
def server(store: AlertStore, tmp_path: Path) -> Server:
    return Server(store, load_config(tmp_path), at("2027-01-15 12:00"))


def test_a_report_is_made_at_its_time_and_delivered_once(server: Server) -> None:
    server.go_to("2027-02-01 06:29")
    assert server.take() == []
    server.go_to("2027-02-01 06:30")
    assert server.take() == [f"report/month/{at('2027-02-01 06:30')}"]
    server.go_to("2027-02-01 06:31")
    assert server.take() == []
    last = server.status().last
    assert (last.number, last.issue, last.state) == ("IT-2027-01-01", 1, "done")


def test_what_was_missed_is_made_after_the_start_each_once(server: Server, tmp_path: Path) -> None:
    text = CONFIG.replace("monthly", "daily").replace("30 6 1 * *", "30 6 * * *")
    server.config = load_config(tmp_path, text)
    server.start(MAKES)
    server.clock.wall_ms = at("2027-01-18 12:00")
    server.start(MAKES)
    server.go_to("2027-01-18 12:00")
    server.start(MAKES)
    server.go_to("2027-01-18 12:00")
    with server.store.reading() as db:
        rows = db.execute("SELECT number, state FROM report_run ORDER BY due_ms").fetchall()
    assert rows == [(f"IT-2027-01-{day}", "done") for day in (15, 16, 17)]


@pytest.mark.parametrize("command", [FAILS, DIES])
def test_a_failure_is_seen_and_the_report_made_later(
    server: Server, tmp_path: Path, command: tuple[str, ...]
) -> None:
    server.start(command)
    server.go_to("2027-02-01 06:30")
    assert server.take() == []
    assert server.status().problem.attempts == 1
    for lang in LANGS:
        (problem,) = check_reports(server.config, texts(lang))
        assert "month" in texts(lang).error(problem)
    failing = {one.name: one for one in server.publishing.families()}["jipyo_report_failing"]
    assert [sample.value for sample in failing.samples] == [1.0]
    server.start(MAKES)
    server.go_to("2027-02-01 06:31")
    assert len(server.take()) == 1
    assert server.status().problem is None
    assert check_reports(server.config, texts("en")) == ()


def test_a_report_that_came_too_late_to_be_made_is_a_problem_until_the_next_is_made(
    server: Server,
) -> None:
    server.clock.wall_ms = at("2027-02-10 12:00")
    server.start(MAKES)
    server.go_to("2027-02-10 12:00")
    assert server.take() == []
    assert server.status().problem.state == "missed"
    for lang, moment in (("en", "1 Feb"), ("ko", "2월 1일")):
        (problem,) = check_reports(server.config, texts(lang))
        assert moment in texts(lang).error(problem)
        assert "catch_up" in texts(lang).error(problem)
    failing = {one.name: one for one in server.publishing.families()}["jipyo_report_failing"]
    assert [sample.value for sample in failing.samples] == [1.0]
    server.go_to("2027-03-01 06:30")
    assert server.status().problem is None


def test_a_server_that_stops_within_a_report_makes_it_after_the_next_start(
    server: Server,
) -> None:
    server.clock.wall_ms = at("2027-02-01 06:30")
    server.publishing.stop()
    assert server.publishing.step() == 0.0
    assert server.status().problem is None, "a stop is no failure"
    server.start(MAKES)
    server.go_to("2027-02-01 06:31")
    assert len(server.take()) == 1


def test_a_schedule_that_is_configured_anew_begins_then(server: Server, tmp_path: Path) -> None:
    without = CONFIG[: CONFIG.index("reports:")]
    server.publishing.apply(load_config(tmp_path, without))
    server.go_to("2027-02-01 06:30")
    server.publishing.apply(load_config(tmp_path))
    server.go_to("2027-02-01 06:31")
    assert server.take() == []
    server.go_to("2027-03-01 06:31")
    assert len(server.take()) == 1


def test_the_report_is_about_the_last_period_that_was_over_when_it_was_due(
    tmp_path: Path,
) -> None:
    config = load_config(
        tmp_path, CONFIG.replace("formats: [pdf]", "formats: [pdf], forms: [f.hwpx]")
    )
    (schedule,) = config.settings.reports.schedule
    job = build_job(config, schedule, at("2027-02-01 06:30"))
    assert name_period(job.period) == "2027-01"
    assert (job.languages, job.formats) == (("en",), ("pdf",))
    assert job.forms == (tmp_path / "f.hwpx",), "beside the configuration"
    assert job.overrides.data == tmp_path
