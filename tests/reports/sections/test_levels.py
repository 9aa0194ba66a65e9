"""The daily report's table of objectives with their budgets, as of the end of its day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.slo.derive import list_specified
from jipyo.analysis.slo.evaluate import evaluate_levels
from jipyo.analysis.slo.objective import ServiceLevelObjective, SloPeriod, TimeIndicator
from jipyo.analysis.slo.read import CountReader
from jipyo.catalogue import Catalogue, load
from jipyo.catalogue.metric import Compare
from jipyo.i18n import texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.promql import Engine
from jipyo.reports.document import Badge, Heading, Note, Report, Subject, Table
from jipyo.reports.render.json import to_json
from jipyo.source import Embedded
from jipyo.tsdb import Store
from reports.building import build_periodic
from support.levels import NOW_MS, list_scrapes

if TYPE_CHECKING:
    from collections.abc import Iterator

DATE = date(2026, 11, 4)
SEOUL = ZoneInfo("Asia/Seoul")
KNOWN = load()
FEW = Catalogue(tuple(one for one in KNOWN.metrics if one.id == "app.error_rate"))
SITE = ServiceLevelObjective(
    id="site",
    name=Bilingual("홈페이지", "Home page"),
    target=Fraction("0.999"),
    indicators=(TimeIndicator("probe_success", Compare.AT_LEAST, 1.0),),
)
ABSENT = replace(SITE, id="absent", indicators=(TimeIndicator("absent_up", Compare.AT_LEAST, 1),))
DAY = replace(SITE, id="day", period=SloPeriod(PeriodKind.DAY))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with Store.open(tmp_path_factory.mktemp("levels"), now_ms=lambda: NOW_MS) as store:
        store.append(list(list_scrapes()))
        yield Embedded(store, Engine())


def build(source: Embedded, *objectives: ServiceLevelObjective, catalogue: Catalogue) -> Report:
    period, now_ms = period_containing(PeriodKind.DAY, DATE, SEOUL), NOW_MS + 3_600_000
    levels = evaluate_levels(CountReader(source), objectives, period.end_ms, SEOUL, closing=True)
    return build_periodic(source, catalogue, period, now_ms, levels=levels)


def test_objectives_follow_the_results_of_the_day(source: Embedded) -> None:
    objectives = (*list_specified(KNOWN), SITE, ABSENT, DAY)
    report = build(source, *objectives, catalogue=FEW)
    ids = [block.id for block in report.blocks if isinstance(block, Heading)]
    assert ids.index("slo") == ids.index("objectives") + 1
    table = next(one for one in report.blocks if isinstance(one, Table) and one.id == "slo")
    rows = []
    for subject, *cells, badge in table.rows:
        assert isinstance(subject, Subject)
        assert isinstance(badge, Badge)
        assert badge.text is not None
        words = [cell.en if isinstance(cell, Bilingual) else "" for cell in cells]
        result = texts("en")(badge.text.key)
        rows.append(" | ".join((subject.name.en, subject.target, *words[2:], result)))
    assert rows == [
        "API response time (p95) | api | 11,520 / 576,000 | 98.00% | 60.0% | 0.4× | Met",
        "API response time (p95) | web | no data | no data | no data |  | No such bucket",
        "API error rate |  | 288 / 576,000 | 99.950% | 50.0% | 0.5× | Met",
        "Home page |  | 10 / 5,760 min | 99.826% | 76.8% | 0× | Met",
        "Home page |  | no data | no data | no data |  | No data",  # of the site, so it is shown
        "Home page |  | 0 / 1,440 min | 100.000% | 100.0% | 0× | Met",
    ]
    notes = [one for one in report.blocks if isinstance(one, Note) and "slo" in str(one.text)]
    assert len(notes) == 1  # the bucket
    assert b"99.950%" in to_json(report)


def test_without_results_there_is_no_section(source: Embedded) -> None:
    report = build(source, catalogue=Catalogue(()))
    assert "slo" not in [getattr(block, "id", "") for block in report.blocks]
    inference = [one for one in list_specified(KNOWN) if one.id.startswith("ai")]
    report = build(source, *inference, catalogue=Catalogue(()))
    assert "slo" not in [getattr(block, "id", "") for block in report.blocks]
    report = build(source, SITE, catalogue=Catalogue(()))
    ids = [block.id for block in report.blocks if isinstance(block, Heading)]
    assert ids.index("slo") < ids.index("completeness")
