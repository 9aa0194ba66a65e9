"""Take the pictures of the documentation anew (`make pictures`).

The service is made up (`reports/days.py`); it needs Chromium and a built dashboard.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.catalogue import load
from jipyo.i18n import LANGS
from jipyo.reports.document import Issuer
from jipyo.reports.render import write_report
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Site, Trouble, filled, source
from support.browser import Browser
from support.product import up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.browser import Page

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs/images"
STATIC = ROOT / "src/jipyo/web/static"
SERVICE = Site(gpus=4, api=True)
QUIET_CONFIG = """\
timezone: Asia/Seoul
instance: ai-node-1
collect: {host: false, process: false, gpu: false}
"""
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


def take_dashboard(browser: Browser, folder: Path) -> None:
    """The dashboard, a group, a metric and the phone."""
    now = datetime.now(SEOUL)
    hour = now.hour + now.minute / 60
    troubles = (
        Trouble("cpu", hour - 0.4, hour + 1, 0.62),
        Trouble("gpu.temperature", hour - 0.05, hour + 1, 42),
        Trouble("latency", hour - 0.2, hour + 1, 3.0),
    )
    days = (Day(now.date() - timedelta(days=1), seed=4), Day(now.date(), troubles=troubles))
    data = folder / "dashboard"
    filled(data, SERVICE, *days).close()
    config = folder / "jipyo.yaml"
    config.write_text(QUIET_CONFIG, "utf-8")
    with up(data, "--config", str(config)) as product:
        for name, path, size, dark in (
            ("dashboard-ko-light.png", "?lang=ko", (1440, 1500), False),
            ("dashboard-en-dark.png", "?lang=en&group=system.cpu", (1440, 1180), True),
            (
                "dashboard-metric.png",
                "metric/system.cpu.core.utilization?lang=en",
                (1440, 1180),
                False,
            ),
            ("dashboard-phone.png", "?lang=ko", (420, 900), True),
        ):
            width, height = size
            page = browser.open(f"{product.url}/{path}", width=width, height=height, dark=dark)
            wait_for_charts(page)
            page.screenshot(IMAGES / name)
            page.close()


def wait_for_charts(page: Page) -> None:
    page.wait("document.querySelector('[data-metric], [data-testid=metric-head]')", timeout_s=60)
    page.wait("document.fonts.status === 'loaded'")
    if page.eval("innerWidth > 600"):
        page.wait("document.querySelector('[data-chart] canvas')")
    page.eval("new Promise(done => setTimeout(() => done(true), 2500))")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        take_reports(browser, Path(folder))
        take_dashboard(browser, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
