"""The daily report in a real browser: both languages, both themes, wide, narrow and on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jipyo.catalogue import load
from jipyo.i18n import LANGS, Lang
from jipyo.model.calendar import start_of_day
from jipyo.reports.render import write_report
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Site, Trouble, filled, source
from support.browser import Browser, Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.e2e

A4_WIDTH, A4_HEIGHT = 703, 1020
"""What `@page` leaves of A4 inside its margins, in CSS pixels."""


@dataclass(frozen=True)
class Reports:
    """A browser, and where the written reports are."""

    browser: Browser
    folder: Path

    def open(self, lang: Lang, **how: object) -> Page:
        file = self.folder / f"jipyo-daily-{DAY.isoformat()}.{lang}.html"
        return self.browser.open(file.as_uri(), **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reports]:
    folder = tmp_path_factory.mktemp("report")
    troubles = (Trouble("cpu", 14, 15, 0.6), Trouble("latency", 10, 12, 3.0))
    days = (
        Day(DAY - timedelta(days=7), seed=5),
        Day(DAY - timedelta(days=1), seed=6),
        Day(troubles=troubles, gaps=((3.0, 3.5),)),
    )
    with filled(folder / "data", Site(cores=8, gpus=4, api=True), *days) as store:
        now_ms = start_of_day(DAY + timedelta(days=1), SEOUL)
        report = build_daily(source(store), load(), DAY, SEOUL, now_ms)
    for lang in LANGS:
        write_report(report, lang, "html", folder)
    with Browser() as browser:
        yield Reports(browser, folder)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("dark", [False, True])
def test_a_report_opens_without_an_error_and_fetches_nothing(
    reports: Reports, lang: Lang, dark: bool
) -> None:
    page = reports.open(lang, dark=dark)
    assert page.errors == []
    # The slices of its font are inside it.
    assert len([url for url in page.requests if not url.startswith("data:font/woff2;")]) == 1
    assert page.eval("document.documentElement.lang") == lang
    assert page.eval("document.querySelectorAll('svg.chart').length") > 30
    page.close()


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_runs_out_of_the_page(reports: Reports, width: int) -> None:
    page = reports.open("ko", width=width)
    assert page.eval("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("lang", LANGS)
def test_what_an_executive_reads_is_on_the_first_sheet(reports: Reports, lang: Lang) -> None:
    page = reports.open(lang, width=A4_WIDTH, height=A4_HEIGHT)
    page.call("Emulation.setEmulatedMedia", {"media": "print"})
    tiles = page.eval("document.querySelector('.tiles').getBoundingClientRect().bottom")
    assert 0 < tiles <= A4_HEIGHT
    page.close()


def test_a_contents_link_leads_to_its_section(reports: Reports) -> None:
    page = reports.open("en")
    page.click("nav.contents a[href='#completeness']")
    page.wait("Math.abs(document.querySelector('#completeness').getBoundingClientRect().y) < 300")
    page.close()


def test_words_of_thresholds_stay_inside_their_chart(reports: Reports) -> None:
    page = reports.open("ko")
    outside = page.eval(
        "[...document.querySelectorAll('figure .threshold-label')].filter(t => {"
        " const box = t.getBoundingClientRect(), svg = t.ownerSVGElement.getBoundingClientRect();"
        " return box.left < svg.left - 1 || box.right > svg.right + 1 }).length"
    )
    assert outside == 0
    page.close()


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_is_wider_than_a_sheet_so_that_printing_shrinks_nothing(
    reports: Reports, lang: Lang
) -> None:
    page = reports.open(lang, width=A4_WIDTH, height=A4_HEIGHT)
    page.call("Emulation.setEmulatedMedia", {"media": "print"})
    assert page.eval("document.documentElement.scrollWidth") <= A4_WIDTH
    page.close()
