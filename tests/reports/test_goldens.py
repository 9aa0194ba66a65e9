"""The report of the made-up month is what it was: every figure, sentence and mark."""

from __future__ import annotations

import difflib
import io

import pytest
from pypdf import PdfReader

from jipyo.i18n import LANGS
from jipyo.reports.render.pdf import render_pdf
from reports import goldens

pytestmark = pytest.mark.integration  # it makes nine days, and evaluates every rule over them


MOST_PAGES, MOST_PAGES_OF_A_DAY = 15, 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("golden") / "demo"


@pytest.fixture(scope="module")
def report(folder):
    return goldens.build(folder)


@pytest.fixture(scope="module")
def files(report):
    return goldens.list_files(report)


def count_pages(report, lang):
    return len(PdfReader(io.BytesIO(render_pdf(report, lang))).pages)


@pytest.mark.parametrize("lang", LANGS)
def test_a_month_is_short_enough_to_be_read(report, lang):
    assert count_pages(report, lang) <= MOST_PAGES


@pytest.mark.parametrize("lang", LANGS)
def test_the_day_of_the_outage_has_two_pages(folder, report, lang):
    days = {day.first_day.day: day for day in report.period.days()}
    assert count_pages(goldens.build_again(folder, days[8]), lang) <= MOST_PAGES_OF_A_DAY


@pytest.mark.parametrize("name", ["month.json", "month.ko.html", "month.en.html"])
def test_the_report_is_as_it_was(files, name):
    known = (goldens.FOLDER / name).read_text("utf-8")
    changes = list(
        difflib.unified_diff(known.splitlines(), files[name].splitlines(), "known", "now", n=0)
    )
    assert changes[:40] == [], "look at what changed, and renew the files by `make golden`"


def test_the_files_are_small():
    sizes = {one.name: one.stat().st_size for one in goldens.FOLDER.iterdir()}
    assert set(sizes) == {"month.json", "month.ko.html", "month.en.html"}
    assert max(sizes.values()) < 300_000
