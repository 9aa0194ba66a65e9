"""Take the pictures of the documentation anew (`make pictures`).

The service of the daily report is made up in `reports/days.py`, that of the dashboard by
`jipyo demo`, for each language; with folders of demonstrations as arguments (ko, en), those are
used. It needs Chromium and a built dashboard.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from jipyo.catalogue import load
from jipyo.i18n import LANGS
from jipyo.reports.document import Issuer
from jipyo.reports.render import write_report
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Site, Trouble, filled, source
from support.browser import Browser
from support.services import free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.i18n import Lang

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
STATIC = ROOT / "src/jipyo/web/static"
SERVICE = Site(gpus=4, api=True)
REPORT_TROUBLES = (
    Trouble("cpu", 14, 14.5, 0.5),
    Trouble("memory", 20, 20.05, 0.3),
    Trouble("gpu.temperature", 14, 15, 32),
    Trouble("latency", 14.3, 15.4, 3.0),
    Trouble("oom", 9, 9.02, 1.0),
)
REPORT_PICTURES = {"en": "report-first-page.png", "ko": "report-first-page.ko.png"}


def take_reports(browser: Browser, folder: Path) -> None:
    """The first page in both languages, and the charts."""
    days = (
        Day(DAY - timedelta(days=7), load=0.9, seed=3),
        Day(DAY - timedelta(days=1), seed=4),
        Day(troubles=REPORT_TROUBLES),
    )
    with filled(folder / "report", SERVICE, *days) as store:
        midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=SEOUL) + timedelta(hours=25)
        now_ms = int(midnight.timestamp() * 1000)
        report = build_daily(source(store), load(), DAY, SEOUL, now_ms)
    report = replace(report, issuer=Issuer(organisation="AI Service", system="ai-node-1"))
    with serve_with_fonts(folder) as root:
        for lang in LANGS:
            name = REPORT_PICTURES[lang]
            file = write_report(report, lang, "html", folder)
            link = '<link rel="stylesheet" href="assets/fonts.css"></head>'
            file.write_text(file.read_text("utf-8").replace("</head>", link), "utf-8")
            page = browser.open(f"{root}/{file.name}", width=1120, height=1250, dark=False)
            page.wait("document.fonts.status === 'loaded'")
            page.screenshot(IMAGES / name)
            if lang == "en":
                page.resize(1120, 1000)
                heading = "document.getElementById('charts-system')"
                for _ in range(2):  # what comes into sight grows, and moves the heading
                    page.eval(f"{heading}.scrollIntoView({{behavior: 'instant'}}) ?? true")
                    page.eval("new Promise(done => setTimeout(() => done(true), 500))")
                page.screenshot(IMAGES / "report-charts.png")
            page.close()


@contextmanager
def serve_with_fonts(folder: Path) -> Iterator[str]:
    """Serve a folder beside the dashboard's fonts; this machine may have no Korean one."""
    assets = folder / "assets"
    shutil.copytree(STATIC / "assets", assets)
    next(assets.glob("fonts-*.css")).rename(assets / "fonts.css")
    handler = partial(SilentHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class SilentHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


def take_dashboard(browser: Browser, lang: Lang, root: str) -> None:
    """The pages of a running demonstration, in one language, once its last day is read."""
    wait_until(
        lambda: urllib3.request("GET", f"{root}/api/jipyo/overview/day").json()["start"], 300
    )
    incident = find_gravest(root)
    month = f"{incident_month(incident):%Y-%m}"
    desktop = (1440, 900)
    for name, path, size, dark in (
        ("overview", "?range=24h", (1440, 1080), lang == "en"),
        ("incident", f"incidents/{incident['number']}", desktop, False),
        ("metric", "metrics/system.disk.utilization?range=7d", desktop, False),
        ("month", f"months/{month}", desktop, False),
        ("wall", "?wall=1", (1920, 1080), True),
        ("phone", "?range=24h", (390, 844), True),
    ):
        width, height = size
        mark = "&" if "?" in path else "?"
        url = f"{root}/{path}{mark}lang={lang}&theme=system"
        page = browser.open(url, width=width, height=height, dark=dark)
        page.wait("document.querySelector('main h1, .wall h1')", timeout_s=120)
        page.wait("document.fonts.status === 'loaded'")
        page.wait("!document.querySelector('.bars, .loading')", timeout_s=120)
        page.eval("new Promise(done => setTimeout(() => done(true), 2500))")
        page.screenshot(IMAGES / f"dashboard-{name}.{lang}.png")
        page.close()


def find_gravest(root: str) -> dict[str, Any]:
    """The incident of the month of the report that has the most alerts."""
    answer = urllib3.request("GET", f"{root}/api/jipyo/incidents?limit=200", timeout=60)
    incidents = answer.json()["incidents"]
    assert isinstance(incidents, list)
    return max(incidents, key=lambda one: int(one["alerts"]))


def incident_month(incident: dict[str, Any]) -> datetime:
    """When it began, in the site's zone."""
    return datetime.fromtimestamp(incident["began"], SEOUL)


@contextmanager
def serve_demonstration(folder: Path, lang: Lang) -> Iterator[str]:
    """`jipyo demo` in a folder, which it fills where there is nothing in it."""
    port = free_port()
    command = [sys.executable, "-m", "jipyo", "demo", "--folder", str(folder), "--lang", lang]
    process = subprocess.Popen([*command, "--port", str(port)], env={**os.environ, "TZ": SEOUL.key})
    root = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: process.poll() is not None or is_ready(root), 1800)
        assert process.poll() is None, "the demonstration has ended"
        yield root
    finally:
        process.terminate()
        process.wait()


def is_ready(root: str) -> bool:
    """Whether a server answers there."""
    with suppress(urllib3.exceptions.HTTPError):
        return urllib3.request("GET", f"{root}/-/ready", retries=False, timeout=5).status == 200
    return False


def main(folders: list[str]) -> int:
    """Take all; folders of demonstrations (ko, en) are used where they are arguments."""
    with tempfile.TemporaryDirectory() as temporary, Browser() as browser:
        take_reports(browser, Path(temporary))
        for at, lang in enumerate(LANGS):
            folder = Path(folders[at]) if folders else Path(temporary) / f"demo-{lang}"
            with serve_demonstration(folder, lang) as root:
                take_dashboard(browser, lang, root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
