"""The report as a page: read back, its figures are the report's and its drawings are XML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jipyo.catalogue import Catalogue, load
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import start_of_day
from jipyo.reports.document import Issuer, Note, Report, Subject, find_figures, phrase
from jipyo.reports.logo import parse_logo
from jipyo.reports.look import Look
from jipyo.reports.render.html import render_html
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Site, Trouble, filled, source
from reports.documents import build_report
from reports.month import build_month
from reports.render.reader import Page
from reports.test_logo import SVG

if TYPE_CHECKING:
    from pathlib import Path

END = start_of_day(DAY + timedelta(days=1), SEOUL)
HOSTILE = '</script><script>alert("x")</script>\ue0000\ue001'


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    troubles = (Trouble("cpu", 14, 15, 0.6), Trouble("latency", 10, 12, 3.0))
    days = (
        Day(DAY - timedelta(days=7), seed=5),
        Day(troubles=troubles, gaps=((3.0, 3.5),)),
    )
    site = Site(cores=8, gpus=2, api=True)
    with filled(tmp_path_factory.mktemp("html"), site, *days) as store:
        built = build_daily(source(store), load(), DAY, SEOUL, END + 3_600_000)
    return replace(built, issuer=Issuer(organisation="AI 서비스 운영팀", version="1.2.3"))


@pytest.fixture(scope="module")
def pages(report: Report) -> dict[Lang, str]:
    return {lang: render_html(report, lang).decode() for lang in LANGS}


@pytest.mark.parametrize("lang", LANGS)
def test_every_figure_on_the_page_is_the_reports(
    report: Report, pages: dict[Lang, str], lang: Lang
) -> None:
    page = Page(pages[lang])
    figures = [one for one in find_figures(report.blocks) if one.value is not None]
    assert [float(value) for value, _ in page.data] == [one.value for one in figures]
    for (_, shown), one in zip(page.data, figures, strict=True):
        if one.unit != "ratio":
            assert shown == texts(lang).number(one.value, one.unit)


@pytest.mark.parametrize(
    ("lang", "shown"),
    [
        ("ko", r"9[12]\.\d% \(n = \d,\d{3}, 95% 신뢰구간 9\d(\.\d)?–9\d(\.\d)?%\)"),
        ("en", r"9[12]\.\d% \(n = \d,\d{3}, 95% CI 9\d(\.\d)?–9\d(\.\d)?%\)"),
    ],
)
def test_a_share_of_counted_cases_says_how_many_and_how_sure(
    pages: dict[Lang, str], lang: Lang, shown: str
) -> None:
    plain = re.sub(r"<[^>]+>", "", pages[lang]).replace("\u00a0", " ")
    assert re.search(shown, plain)
    unknown = texts(lang)("health.n_unknown")
    assert re.search(rf"93\.\d% \({unknown}\)", plain), "the ratio that nobody counted"


@pytest.mark.parametrize("lang", LANGS)
def test_every_drawing_is_valid_xml_with_a_title(pages: dict[Lang, str], lang: Lang) -> None:
    drawings = re.findall(r"<svg.*?</svg>", pages[lang], re.DOTALL)
    assert len(drawings) > 30
    for drawing in drawings:
        title = ET.fromstring(drawing).find("{http://www.w3.org/2000/svg}title")
        assert title is not None
        assert title.text


@pytest.mark.parametrize("lang", LANGS)
def test_a_page_stands_alone(pages: dict[Lang, str], lang: Lang) -> None:
    page = Page(pages[lang])
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "base", "form"}
    assert ("html", {"lang": lang}) in page.tags
    for _, attrs in page.tags:
        assert not {"src", "srcset", "onclick", "onload", "style"} & attrs.keys()
        assert (attrs.get("href") or "#").startswith("#")
    style = re.findall(r"<style>(.*?)</style>", pages[lang], re.DOTALL)
    assert len(style) == 1
    assert not re.search(r"url\((?!data:)|@import|https?:", style[0])


@pytest.mark.parametrize("lang", LANGS)
def test_every_anchor_leads_somewhere_and_ids_are_distinct(
    pages: dict[Lang, str], lang: Lang
) -> None:
    page = Page(pages[lang])
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert len(links) > 5
    assert {str(link).removeprefix("#") for link in links} <= set(ids)
    labels = [attrs["aria-labelledby"] for _, attrs in page.tags if "aria-labelledby" in attrs]
    assert set(labels) <= set(ids)


@pytest.mark.parametrize("lang", LANGS)
def test_tables_name_their_columns_and_rows(pages: dict[Lang, str], lang: Lang) -> None:
    page = Page(pages[lang])
    tables = sum(tag == "table" for tag, _ in page.tags)
    assert sum(tag == "caption" for tag, _ in page.tags) == tables > 5
    scopes = {attrs.get("scope") for tag, attrs in page.tags if tag == "th"}
    assert scopes == {"col", "row"}


def test_each_language_is_whole(pages: dict[Lang, str]) -> None:
    korean, english = Page(pages["ko"]).text, Page(pages["en"]).text
    assert "임계치 초과 이력" in korean
    assert "Threshold breaches" in english
    rest = english.replace("AI 서비스 운영팀", "")
    assert not re.search("[가-힣]", rest)


def test_the_same_report_gives_the_same_bytes(report: Report, pages: dict[Lang, str]) -> None:
    assert render_html(report, "ko") == pages["ko"].encode()


def test_words_from_outside_cannot_become_markup(report: Report) -> None:
    note = Note(phrase("reports.warning", name=Bilingual(HOSTILE, HOSTILE), text=HOSTILE))
    nasty = replace(
        report,
        number=HOSTILE,
        instances=(HOSTILE,),
        issuer=Issuer(organisation=HOSTILE, system=HOSTILE, version=HOSTILE),
        blocks=(note, *report.blocks),
    )
    page = Page(render_html(nasty, "en").decode())
    assert "script" not in {tag for tag, _ in page.tags}
    assert 'alert("x")' in page.text


def test_hostile_labels_do_not_break_charts_or_tables(tmp_path: Path) -> None:
    site = Site(cores=1, host=HOSTILE)
    with filled(tmp_path, site, Day()) as store:
        built = build_daily(source(store), load(), DAY, SEOUL, END)
    text = render_html(built, "ko").decode()
    Page(text)
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ET.fromstring(drawing)


@pytest.mark.parametrize("lang", LANGS)
def test_a_day_without_data_is_a_page_too(tmp_path: Path, lang: Lang) -> None:
    with filled(tmp_path, Site(cores=1), Day(gaps=((-1, 25),))) as store:
        built = build_daily(source(store), load(), DAY, SEOUL, END)
    page = Page(render_html(built, lang).decode())
    assert page.data == []
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert links == ["#chapter-details"]
    assert ("데이터가 없어" if lang == "ko" else "no data") in page.text


def test_a_report_without_any_heading_is_one_page(report: Report) -> None:
    short = replace(report, blocks=(Note(Subject(Bilingual("가", "a"))),))
    assert '<p class="note">a</p>' in render_html(short, "en").decode()


def test_an_empty_catalogue_makes_a_page(tmp_path: Path) -> None:
    with filled(tmp_path, Site(cores=1), Day()) as store:
        built = build_daily(source(store), Catalogue(()), DAY, SEOUL, END)
    Page(render_html(built, "ko").decode())


def test_the_colours_of_a_site_are_for_light_ground_and_paper() -> None:
    look = Look(accent="#aa0044", line="#0044aa")
    html = render_html(replace(build_report(), look=look), "ko").decode()
    assert (
        "@media screen and (prefers-color-scheme:light),print"
        "{:root{--cover:#aa0044;--accent:#aa0044;--s0:#0044aa}}"
    ) in html
    assert "prefers-color-scheme:light" not in render_html(build_report(), "ko").decode()


def test_a_cover_is_followed_by_the_contents() -> None:
    html = render_html(build_month(), "ko").decode()
    assert html.index('class="about"') < html.index('class="contents"') < html.index("<h2")


def test_the_logo_and_the_system_of_a_site_stand_on_the_cover() -> None:
    logo = parse_logo(SVG, "logo.svg")
    system = Bilingual("AI 민원", "AI helpdesk")
    report = replace(
        build_report(),
        look=Look(logo=logo),
        issuer=Issuer(organisation="A & B", system=system),
    )
    for lang in LANGS:
        html = render_html(report, lang).decode()
        assert f'alt="A &amp; B" src="data:image/svg+xml;base64,{logo.base64}"' in html
        assert system(lang) in html
    assert 'class="logo"' not in render_html(build_report(), "ko").decode()
