"""A report walks its outline: chapters, their numbers, and what could not be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.thresholds import State
from jipyo.catalogue import Catalogue
from jipyo.i18n import LANGS, Lang
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.errors import StoreError
from jipyo.reports.document import Block, Heading, Issuer, Note, phrase
from jipyo.reports.inputs import FailedReading, ReportInputs
from jipyo.reports.look import Look
from jipyo.reports.outline import OUTLINES, Chapter, ReportSection, list_sections
from jipyo.reports.periodic import build, number_report, walk_outline
from jipyo.reports.site_template import SectionChoice, SiteTemplate
from jipyo.reports.wording import Localizer
from reports.summaries import build_data
from sla.test_recomputation import build_records, evaluate

SEOUL = ZoneInfo("Asia/Seoul")
DATA = build_data()
SHEET = evaluate(build_records())
INPUTS = ReportInputs(data=DATA, catalogue=Catalogue(()), made_ms=0, objectives=())


def section(name: str, *levels: int) -> ReportSection:
    """A section with a heading of each level."""
    blocks = [
        Heading(f"{name}{place}", phrase("reports.section.logs"), level=level, page=True)
        for place, level in enumerate(levels)
    ]
    return ReportSection(name, lambda _: blocks)


def show(blocks: list[Block], lang: Lang = "en") -> list[str]:
    localizer = Localizer.for_period(DATA.period, lang)
    return [
        f"{'#' * one.level}{' page' if one.page else ''} {localizer.format(one.text)}"
        for one in blocks
        if isinstance(one, Heading)
    ]


def test_chapters_are_numbered_and_begin_a_page() -> None:
    outline = (
        section("first", 1),
        Chapter("system", (section("a", 1, 2), section("b", 2, 3))),
        Chapter("service", (section("none"),)),
        Chapter("logs", (section("c", 1),)),
        Chapter("appendix", (section("d", 1, 1),), is_numbered=False),
    )
    assert show(list(walk_outline(outline, INPUTS))) == [
        "# Logs",
        "# page 1. System performance",
        "## 1.1 Logs",
        "### Logs",
        "## 1.2 Logs",
        "### Logs",
        "# page 2. Logs",
        "## 2.1 Logs",
        "# page Appendix",
        "## Logs",
        "## Logs",
    ]


def test_a_section_that_could_not_be_read_says_why_and_the_others_stay() -> None:
    error = StoreError("sla.not_a_month", value="x")
    inputs = replace(INPUTS, failed=(FailedReading("contract", error),))
    outline = (Chapter("contract", (section("contract", 1),)), section("after", 1))
    first, heading, note, *rest = walk_outline(outline, inputs)
    assert isinstance(first, Heading)
    assert isinstance(heading, Heading)
    assert isinstance(note, Note)
    assert (note.state, len(rest)) == (State.UNKNOWN, 2)
    report = build(inputs, outline)
    assert report.incomplete == (note.text,)


@pytest.mark.parametrize("kind", PeriodKind)
@pytest.mark.parametrize("lang", LANGS)
def test_every_failed_reading_has_a_name(kind: PeriodKind, lang: Lang) -> None:
    names = ("slo", "contract", "incidents", "inspection", "logs")
    known = {one.id for one in list_sections(OUTLINES[kind])} & set(names)
    error = StoreError("reports.no_fonts")
    inputs = replace(INPUTS, failed=tuple(FailedReading(name, error) for name in sorted(known)))
    localizer = Localizer.for_period(DATA.period, lang)
    texts = [localizer.format(text) for text in build(inputs).incomplete]
    assert len(set(texts)) == len(known)


def test_an_id_is_of_one_section() -> None:
    for outline in OUTLINES.values():
        ids = [one.id for one in list_sections(outline)]
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        (PeriodKind.DAY, "JIPYO-D-20261231"),
        (PeriodKind.WEEK, "JIPYO-W-2026W53"),
        (PeriodKind.MONTH, "JIPYO-M-202612"),
        (PeriodKind.QUARTER, "JIPYO-Q-2026Q4"),
        (PeriodKind.YEAR, "JIPYO-Y-2026"),
        (PeriodKind.RANGE, "JIPYO-R-20261231_20261231"),
    ],
)
def test_the_number_names_the_period(kind: PeriodKind, number: str) -> None:
    assert number_report(period_containing(kind, date(2026, 12, 31), SEOUL)) == number


@pytest.mark.parametrize(
    ("kind", "pattern", "number"),
    [
        (PeriodKind.MONTH, "IT-{year}-{month}", "IT-2026-12"),
        (PeriodKind.DAY, "IT-{year}-{month}", "JIPYO-D-20261231"),
        (PeriodKind.DAY, "IT-{kind}-{month}{day}", "IT-daily-1231"),
    ],
)
def test_the_number_of_a_site_is_that_of_months_unless_it_names_the_kind(
    kind: PeriodKind, pattern: str, number: str
) -> None:
    assert number_report(period_containing(kind, date(2026, 12, 31), SEOUL), pattern) == number


def test_what_a_site_turned_off_is_left_out_and_takes_no_number() -> None:
    outline = (
        section("first", 1),
        Chapter("system", (section("a", 1), section("b", 1))),
        Chapter("service", (section("c", 1),)),
        Chapter("logs", (section("logs", 1),)),
    )
    words = Bilingual("우리 말", "our words")
    template = SiteTemplate(
        sections={
            "first": SectionChoice(shown=False),
            "a": SectionChoice(shown=False),
            "service": SectionChoice(shown=False),
            "logs": SectionChoice(before=words),
        }
    )
    blocks = list(walk_outline(outline, replace(INPUTS, template=template)))
    assert show(blocks) == [
        "# page 1. System performance",
        "## 1.1 Logs",
        "# page 2. Logs",
        "## 2.1 Logs",
    ]
    assert blocks[3] == Note(words)
    assert blocks.count(Note(words)) == 1, "a chapter and its section of one name have one text"


def test_the_look_of_a_site_is_that_of_its_report() -> None:
    look = Look(accent="#7a1f2b")
    assert build(replace(INPUTS, template=SiteTemplate(look=look))).look == look


def test_systems_under_contract_are_named_where_the_site_names_none() -> None:
    sheets = tuple(
        replace(SHEET, system=name, system_name=Bilingual(f"{name}계", f"the {name}"))
        for name in ("a", "b", "c", "d")
    )
    named = build(replace(INPUTS, contracts=sheets[:2]), ()).issuer
    assert (named.name_system("ko"), named.name_system("en")) == ("a계, b계", "the a, the b")
    many = build(replace(INPUTS, contract_months=(*sheets, *sheets)), ()).issuer
    assert many.name_system("en") == "the a, the b, the c and 1 more"
    own = replace(INPUTS, contracts=sheets, issuer=Issuer(system="desk"))
    assert build(own, ()).issuer.name_system("ko") == "desk"
