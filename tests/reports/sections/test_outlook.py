"""The dates of thresholds in a report: of a disk that fills, and of one that is cleared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.analysis.crossing import CrossingReason, Motion
from jipyo.analysis.thresholds import State
from jipyo.catalogue import load
from jipyo.i18n import LANGS, Lang
from jipyo.model.calendar import local_day
from jipyo.model.figure import Figure
from jipyo.promql import Engine
from jipyo.reports.document import Finding, Findings, Note, Report, Table
from jipyo.reports.sections.outlook import build_outlook, describe_probability, describe_reason
from jipyo.reports.wording import Localizer
from jipyo.source import Embedded
from jipyo.tsdb import Options, Store
from reports.building import build_daily
from reports.summaries import build_data
from support import weeks
from support.weeks import DAY_MS, NOW_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jipyo.model.sample import Values

SEOUL = ZoneInfo("Asia/Seoul")


def make_report(folder: Path, now: float, per_day: float = 1.0) -> Report:
    """Of the day that ends now, of a disk that is so full and fills so fast."""
    options = replace(Options(), retention_ms=None)
    with Store.open(folder, options, now_ms=lambda: NOW_MS) as store:
        t_ms = weeks.make_times(21)
        ages = (t_ms - t_ms[-1]) / DAY_MS
        noise = np.random.default_rng(1).normal(0, 0.05, len(t_ms))
        full = weeks.filling(ages, now=now, per_day=per_day) + noise
        shares: dict[str, Values] = {"/data": full, "/logs": weeks.sawtooth(ages - 1.0)}
        store.append(list(weeks.build_disks(t_ms, shares)))
        source = Embedded(store, Engine())
        return build_daily(source, load(), local_day(NOW_MS - 1, SEOUL), SEOUL, NOW_MS)


def find_table(report: Report) -> Table | None:
    tables = [one for one in report.blocks if isinstance(one, Table) and one.id == "outlook"]
    return tables[0] if tables else None


def list_findings(report: Report) -> list[Finding]:
    return [one for block in report.blocks if isinstance(block, Findings) for one in block.items]


@pytest.mark.parametrize("lang", LANGS)
def test_a_disk_that_fills_has_its_date_with_interval_and_reason(
    tmp_path: Path, lang: Lang
) -> None:
    report = make_report(tmp_path, now=70)
    table = find_table(report)
    assert table is not None
    localize = Localizer.for_period(report.period, lang).format
    rows = [[localize(cell) for cell in row] for row in table.rows]
    assert ["/data" in row[0] for row in rows] == [True, True]
    assert [row[1] for row in rows] == ["80%", "90%"]
    date, reason = {
        "en": ("30 November", "steady growth of 1"),
        "ko": ("11월 30일", "꾸준히 증가"),
    }[lang]
    assert date in rows[0][4]
    assert reason in rows[0][7]
    now = table.rows[0][3]
    assert isinstance(now, Figure)
    assert now.value == pytest.approx(70, abs=0.2)
    assert "avg_over_time" in now.expr
    assert now.samples >= 500


@pytest.mark.parametrize(
    ("now", "per_day", "states"),
    [
        (79.4, 1.0, [State.WARNING]),  # within a day
        (76.0, 1.0, [State.WARNING]),  # within a week
        (60.0, 1.0, []),  # in three weeks
    ],
)
def test_what_comes_soon_is_a_finding(
    tmp_path: Path, now: float, per_day: float, states: list[State]
) -> None:
    report = make_report(tmp_path, now, per_day)
    localize = Localizer.for_period(report.period, "en").format
    findings = list_findings(report)
    found = [one.state for one in findings if "expected to reach" in localize(one.text)]
    assert found == states


def test_where_nothing_is_expected_it_says_how_many_were_looked_at(tmp_path: Path) -> None:
    report = make_report(tmp_path, now=50, per_day=0.0)
    assert find_table(report) is None
    localize = Localizer.for_period(report.period, "en").format
    notes = [localize(one.text) for one in report.blocks if isinstance(one, Note)]
    assert any(text.startswith("None of 2 series of disks") for text in notes)


def test_without_history_there_is_no_section() -> None:
    assert list(build_outlook(build_data())) == []


@pytest.mark.parametrize(
    ("probability", "shown"), [(0.001, "under 1%"), (0.5, "50.0%"), (0.999, "over 99%")]
)
def test_a_probability_is_never_certain(probability: float, shown: str) -> None:
    localize = Localizer.for_period(build_data().period, "en").format
    assert localize(describe_probability(probability)) == shown


@pytest.mark.parametrize("motion", list(Motion))
@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("per_day", [-0.5, 0.5])
def test_every_reason_has_its_words(motion: Motion, lang: Lang, per_day: float) -> None:
    localize: Callable[..., str] = Localizer.for_period(build_data().period, lang).format
    reason = CrossingReason(motion, per_day, NOW_MS - 30 * DAY_MS, 4 * DAY_MS, NOW_MS - DAY_MS)
    for unit in ("percent", "bytes"):
        text = localize(describe_reason(reason, unit, "Asia/Seoul"))
        assert text
        assert "{" not in text
