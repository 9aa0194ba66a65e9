"""Thresholds ahead: the first date with its chart, what is near, and what is not expected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.crossing import CrossingState
from jipyo.analysis.outlook import SeriesHistory, build_outlook
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Direction
from jipyo.model.labels import Labels
from jipyo.reports.data import ReportOutlook
from jipyo.reports.document import Chart, Charts, Note, Table
from jipyo.reports.sections.forecasts import (
    MOST,
    build_band,
    build_forecasts,
    select_listed,
    sort_by_urgency,
)
from jipyo.reports.sections.outlook import list_crossings
from jipyo.reports.wording import Localizer
from reports.chapter_data import DAY, HOUR, build_entry, build_inputs
from reports.chapter_months import MONTH
from reports.quoting import (
    check_section,
    find_findings,
    find_tables,
    list_leaves,
    write_finding,
    write_table,
)

if TYPE_CHECKING:
    from jipyo.reports.inputs import ReportInputs

DISK = "system.disk.utilization"
HOURS = 42 * 24
END = MONTH.period.end_ms


def look_ahead(name: str, now: float, per_day: float, hours: int = HOURS) -> ReportOutlook:
    """A disk that is so full at the end of the month, and fills so fast."""
    t_ms = END - HOUR * np.arange(hours - 1, -1, -1, dtype=np.int64)
    noise = np.random.default_rng(5).normal(0, 0.05, hours)
    values = now + per_day * (t_ms - END) / DAY + noise
    entry = build_entry(MONTH, DISK, {name: MONTH.line(50, now)})
    history = SeriesHistory(
        metric_id=DISK,
        labels=Labels.of({"mountpoint": name}),
        exporter="node_exporter",
        expression="x",
        t_ms=t_ms,
        values=values,
        direction=Direction.HIGHER_IS_WORSE,
        thresholds=(("warning", 80.0), ("critical", 90.0)),
        zone="Asia/Seoul",
    )
    return ReportOutlook(entry, name, build_outlook(history))


FILLING = look_ahead("/data", 76, 0.5)
QUIET = look_ahead("/", 42, 0.0)
FULL = look_ahead("/log", 84, 0.0)


def build(*outlooks: ReportOutlook) -> ReportInputs:
    inputs = build_inputs(MONTH)
    return replace(inputs, data=replace(inputs.data, outlooks=outlooks))


def test_the_first_date_leads_and_its_interval_is_in_the_table_and_on_the_chart() -> None:
    leaves = list(list_leaves(build_forecasts(build(QUIET, FILLING))))
    check_section(leaves, MONTH.period)
    localizer = Localizer.for_period(MONTH.period, "ko")
    text = write_finding(find_findings(leaves)[0], localizer)
    assert text.startswith("디스크 사용률 /data가 11월 9일에 주의 임계치 80%에 도달할 것으로")
    rows = [[localizer.format(cell) for cell in row] for row in find_tables(leaves)[0].rows]
    assert rows[0][0] == "디스크 사용률 /data"
    assert rows[0][4] == "11월 9일"
    assert [row[4] for row in rows if row[0] == "디스크 사용률 /"] == ["30일 안에 없음"]
    charts = next(block for block in leaves if isinstance(block, Charts))
    chart = charts.items[0]
    assert isinstance(chart, Chart)
    assert chart.forecast is not None
    assert chart.lines[0].values.size == 31 * 24


def test_the_band_meets_the_threshold_at_the_dates_of_the_table() -> None:
    one = sort_by_urgency(list_crossings(build(FILLING).data))[0]
    band = build_band(one)
    start_ms, threshold = one.now.end_ms, one.crossing.threshold
    t_ms = start_ms + DAY * np.arange(1, len(band.middle) + 1)

    def meets(values: np.ndarray) -> float:
        return float(np.interp(threshold, values, t_ms))

    assert meets(band.middle) == pytest.approx(one.t_ms, abs=HOUR)
    assert meets(band.high) == pytest.approx(one.first_ms, abs=HOUR)
    assert one.crossing.latest_ms is not None
    assert meets(band.low) == pytest.approx(one.crossing.latest_ms, abs=HOUR)
    assert (band.low <= band.middle).all()
    assert (band.middle <= band.high).all()


def test_an_interval_without_an_end_has_a_band_that_stays_where_it_is() -> None:
    one = sort_by_urgency(list_crossings(build(FILLING).data))[0]
    open_ended = replace(one, crossing=replace(one.crossing, latest_ms=None))
    band = build_band(open_ended)
    assert band.latest_ms is None
    assert set(band.low.tolist()) == {one.now.value}


def test_expected_ones_come_before_reached_ones_and_these_before_quiet_ones() -> None:
    ahead = sort_by_urgency(list_crossings(build(QUIET, FULL, FILLING).data))
    states = [one.crossing.state for one in ahead]
    assert states == sorted(
        states,
        key=[CrossingState.EXPECTED, CrossingState.REACHED, CrossingState.NOT_EXPECTED].index,
    )
    assert states.count(CrossingState.REACHED) == 1
    leaves = list(list_leaves(build_forecasts(build(QUIET, FULL, FILLING))))
    text = write_table(find_tables(leaves)[0], Localizer.for_period(MONTH.period, "en"))
    assert "already reached" in text


def test_where_nothing_is_expected_the_nearest_is_named() -> None:
    leaves = list(list_leaves(build_forecasts(build(QUIET))))
    check_section(leaves, MONTH.period)
    finding = find_findings(leaves)[0]
    assert finding.state is State.OK
    text = write_finding(finding, Localizer.for_period(MONTH.period, "en"))
    assert text.startswith("Nothing is expected to reach a threshold within 30 d.")
    assert "Disk utilisation /, now at 41.9%" in text


def test_what_is_already_beyond_both_thresholds_is_said_so() -> None:
    leaves = list(list_leaves(build_forecasts(build(look_ahead("/log", 95, 0.0)))))
    check_section(leaves, MONTH.period)
    finding = find_findings(leaves)[0]
    assert finding.state in {State.WARNING, State.CRITICAL}
    text = write_finding(finding, Localizer.for_period(MONTH.period, "ko"))
    assert "이미 임계치 80%에 도달했습니다" in text


def test_of_many_the_urgent_have_rows_and_the_rest_are_counted() -> None:
    outlooks = [replace(FILLING, name=f"/d{at}") for at in range(12)]
    data = build(*outlooks, QUIET).data
    ahead = sort_by_urgency(list_crossings(data))
    assert len(select_listed(ahead)) == MOST + 1
    table = next(
        block
        for block in list_leaves(build_forecasts(build(*outlooks, QUIET)))
        if isinstance(block, Table)
    )
    last = Localizer.for_period(MONTH.period, "ko").format(table.rows[-1][0])
    assert last == f"외 임계치 {len(ahead) - MOST - 1}개"


def test_too_little_history_is_said_and_nothing_is_drawn() -> None:
    blocks = list(build_forecasts(build(look_ahead("/", 50, 1.0, hours=5))))
    assert [type(block) for block in blocks[1:]] == [Note]
    assert isinstance(blocks[1], Note)
    assert blocks[1].state is State.UNKNOWN
