"""A site as it is after some use: an AI server with four GPUs, dead targets, logs, a report."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import urllib3
import yaml

from jipyo.app.import_logs import LogImport, import_logs
from jipyo.demo.day import DAY_MS
from jipyo.demo.folder import load_config
from jipyo.demo.log_lines import write_lines
from jipyo.demo.site import write_site
from jipyo.demo.story import plan_story
from jipyo.demo.write import SEED, write_days
from jipyo.model.calendar import PeriodKind, local_day, period_containing
from jipyo.model.clock import SystemClock
from jipyo.model.progress import ignore_progress
from support.product import up
from support.services import free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.demo.story import Story
    from support.product import Product

ZONE = ZoneInfo("Asia/Seoul")
DEAD_JOBS = (
    "민원상담-대표전화-자동응답-시스템-연계-중계서버",
    "전자문서유통-기록물관리-연계-어댑터",
    "행정정보공동이용-조회-대행-서비스-이중화-2번기",
)
_AHEAD_MS = 30 * 60_000
"""Samples of what is not collected while the server runs: they reach so far ahead."""


@contextmanager
def up_lived_in(folder: Path) -> Iterator[Product]:
    """The server of the site, once there are three incidents, a report and its last day."""
    data, now_ms = folder / "data", SystemClock().now_ms()
    today = local_day(now_ms, ZONE)
    story = plan_story(period_containing(PeriodKind.MONTH, today, ZONE).previous())
    data.mkdir()
    write_site(data, story)
    _write_settings(data / "jipyo.yaml")
    day = now_ms // DAY_MS
    write_days(data, (story, SEED), day - 1, now_ms + _AHEAD_MS, {})
    _write_logs(data, story, day)
    with up(data, "--config", str(data / "jipyo.yaml"), seconds=120) as running:
        asked = {"kind": "daily", "period": str(local_day(now_ms - DAY_MS, ZONE))}
        answer = urllib3.request(
            "POST", f"{running.url}/api/jipyo/reports/builds", json=asked, timeout=60
        )
        assert answer.status < 300, answer.data
        wait_until(lambda: _count_open(running) >= len(DEAD_JOBS), 120)
        wait_until(lambda: running.get("/api/jipyo/reports")["reports"], 240)
        wait_until(lambda: running.get("/api/jipyo/overview/day")["budgets"], 240)
        yield running


def _count_open(product: Product) -> int:
    return int(product.get("/api/jipyo/incidents", state="open")["open"])


def _write_settings(path: Path) -> None:
    """Those of the site, with a second system and targets behind which nothing listens."""
    port = free_port()
    settings = yaml.safe_load(path.read_text("utf-8"))
    settings["collect"]["scrape"] = [
        {"job": job, "url": f"http://127.0.0.1:{port}/{n}", "interval": "2s"}
        for n, job in enumerate(DEAD_JOBS)
    ]
    settings["alerts"] |= {"interval": "1s", "join": "0s"}
    second = {"name": "records", "title": {"ko": "기록물 관리", "en": "Records"}}
    settings["systems"].append({**second, "targets": 'job="portal"', "profile": "contract.yaml"})
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), "utf-8")


def _write_logs(data: Path, story: Story, day: int) -> None:
    """The lines of a day and of today, as far as it has come."""
    config = load_config(data)
    for number in (day - 1, day):
        for service, lines in write_lines(story, SEED, number).items():
            path = data.parent / f"{service}-{number}.log"
            path.write_text("\n".join(lines) + "\n", "utf-8")
            import_logs(config, LogImport(path, service), SystemClock(), ignore_progress)
