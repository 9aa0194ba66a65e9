"""The rows of a section's table, and which of them its finding speaks of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.thresholds import State
from jipyo.model.calendar import PeriodKind
from jipyo.reports.document import Table, phrase
from jipyo.reports.sections.metric_rows import (
    SectionRow,
    build_metric_table,
    drop_empty_columns,
    find_beyond,
    find_entries,
    find_gravest,
    list_rows,
    show_beyond,
    show_change,
    show_main,
    show_thresholds,
    show_worst,
)
from jipyo.reports.wording import Localizer
from reports.chapter_data import build_entry, build_inputs
from reports.chapter_months import MONTH

if TYPE_CHECKING:
    from jipyo.i18n import Lang

CPU, CACHE = "system.cpu.utilization", "db.cache_hit_ratio"
QUIET = MONTH.rhythm(10, 60)
HOT = MONTH.with_outage(QUIET, 91.2, minutes=35)


def format_cell(row: SectionRow, cell: object, lang: Lang = "en") -> str:
    return Localizer.for_period(MONTH.period, lang).format(cell)  # type: ignore[arg-type]


def test_a_metric_that_is_summed_has_its_total_first() -> None:
    hosts = {"a": MONTH.line(1e6, 2e6), "b": MONTH.line(3e6, 3e6)}
    rows = list_rows(build_entry(MONTH, "system.network.transmit", hosts))
    assert [row.is_total for row in rows] == [True, False, False]
    assert rows[0].series.stats.average == pytest.approx(4.5e6)


@pytest.mark.parametrize(
    ("own", "extra", "chosen"),
    [
        ([QUIET, QUIET], [], 0),
        ([QUIET, HOT], [], 1),
        ([HOT, HOT], [], 0),
        ([QUIET, QUIET], [HOT], 2),
        ([QUIET, MONTH.with_outage(QUIET, 75.0)], [HOT], 1),
    ],
)
def test_a_finding_speaks_of_the_gravest_of_the_sections_own_metrics(
    own: list[np.ndarray], extra: list[np.ndarray], chosen: int
) -> None:
    rows = [
        replace(list_rows(build_entry(MONTH, CPU, values))[0], is_extra=at >= len(own))
        for at, values in enumerate([*own, *extra])
    ]
    assert find_gravest(rows) is rows[chosen]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (QUIET, "none"),
        (HOT, "critical 35 min\nfrom 14 Oct 14:00"),
        (MONTH.with_outage(QUIET, 75.0), "warning 40 min\nfrom 14 Oct 14:00"),
        (
            MONTH.with_outage(MONTH.with_outage(QUIET, 99.0), 99.0, day=20),
            "critical 1 h 20 min\n2 times from 14 Oct 14:00",
        ),
        (np.where(QUIET[5] == QUIET, 99.0, QUIET), "critical 5 min"),
    ],
)
def test_time_beyond_the_thresholds_is_a_line_each(values: np.ndarray, text: str) -> None:
    row = list_rows(build_entry(MONTH, CPU, values))[0]
    assert format_cell(row, show_beyond(row)) == text


def test_the_worst_value_has_its_time_and_a_least_one_says_so() -> None:
    hot = list_rows(build_entry(MONTH, CPU, HOT))[0]
    assert format_cell(hot, show_worst(hot)) == "91.2% (14 Oct 14:05)"
    low = list_rows(build_entry(MONTH, CACHE, MONTH.with_outage(QUIET * 0 + 99, 88.5)))[0]
    assert format_cell(low, show_worst(low)) == "min 88.5% (14 Oct 14:05)"
    assert format_cell(low, show_thresholds(low)) == "95% / 90%"


def test_a_metric_without_one_of_its_levels_has_a_dash_there() -> None:
    row = list_rows(build_entry(MONTH, "system.collection.failed", QUIET * 0))[0]
    assert format_cell(row, show_thresholds(row)) == "– / 1"
    assert format_cell(row, show_main(row.series)) == "–"


def test_the_period_before_is_compared_by_the_same_figure() -> None:
    row = list_rows(build_entry(MONTH, CPU, QUIET + 2, QUIET))[0]
    assert format_cell(row, show_change(row)).endswith(" (+2.0 pp)")
    without = list_rows(build_entry(MONTH, CPU, QUIET))[0]
    assert show_change(without) is None
    few = np.where(np.arange(len(QUIET)) < 100, QUIET, np.nan)
    assert show_change(list_rows(build_entry(MONTH, CPU, QUIET, few))[0]) is None


def test_a_disk_shows_its_last_value_where_others_have_a_mean() -> None:
    row = list_rows(build_entry(MONTH, "system.disk.utilization", MONTH.line(50, 62)))[0]
    assert format_cell(row, show_main(row.series)) == "last 62%"


def test_series_without_a_row_are_counted_with_those_beyond() -> None:
    hosts = {f"h{at}": HOT for at in range(6)} | {"calm": QUIET}
    entry = build_entry(MONTH, CPU, hosts)
    table = build_metric_table("system", list_rows(entry), PeriodKind.MONTH)
    assert format_cell(list_rows(entry)[0], table.rows[-1][0]) == (
        "CPU utilisation: 3 more (critical 2, warning 0)"
    )
    silent = build_metric_table("system", list_rows(entry), PeriodKind.MONTH, counts_others=False)
    assert len(silent.rows) == 4


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    table = build_metric_table(
        "system", list_rows(build_entry(MONTH, CPU, QUIET)), PeriodKind.MONTH
    )
    keys = [column.title.key.rpartition(".")[2] for column in table.columns]
    assert keys == ["metric", "average", "p95", "maximum", "levels", "beyond", "state"]
    totals = Table("x", None, table.columns[:2], ((None, 1),), totals=("all", None))
    assert len(drop_empty_columns(totals).columns) == 2
    assert drop_empty_columns(replace(totals, totals=())).rows == ((1,),)


def test_other_metrics_of_a_topic_have_a_row_where_they_were_beyond() -> None:
    entries = [
        build_entry(MONTH, CPU, QUIET),
        build_entry(MONTH, "system.cpu.iowait", HOT),
        build_entry(MONTH, "system.cpu.steal", QUIET * 0),
        build_entry(MONTH, "system.cpu.core.utilization", {"0": HOT}),
        build_entry(MONTH, "system.memory.utilization", HOT),
    ]
    data = build_inputs(MONTH, *entries).data
    beyond = find_beyond(data, ("system.cpu",), (CPU,))
    assert [entry.metric.id for entry in beyond] == ["system.cpu.iowait"]
    assert beyond[0].now.state is State.CRITICAL
    assert [entry.metric.id for entry in find_entries(data, ("x", "system.cpu.steal", CPU))] == [
        "system.cpu.steal",
        CPU,
    ]


def test_a_row_of_another_words_course_shows_it() -> None:
    row = replace(
        list_rows(build_entry(MONTH, CPU, QUIET))[0],
        course=phrase("chapters.course.rising", rate="0.5"),
    )
    table = build_metric_table("system", [row], PeriodKind.MONTH)
    assert "reports.column.course" in {column.title.key for column in table.columns}
