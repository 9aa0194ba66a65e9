"""The tables of metrics: what each column shows, and what a metric without it shows instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.shaped import levels
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Across, Summary
from jipyo.model.figure import Delta
from jipyo.reports.document import (
    Badge,
    Duration,
    Heading,
    Inline,
    Joined,
    Moment,
    Note,
    Phrase,
    Share,
    Subject,
    Table,
    phrase,
)
from jipyo.reports.sections.metrics import (
    LISTED_SERIES,
    METRIC_COLUMNS,
    SERIES_COLUMNS,
    TOP,
    build_charts,
    build_metrics,
    build_metrics_table,
    build_series_table,
    build_state_badge,
    build_top_table,
    has_top_table,
)
from jipyo.reports.tables import build_row
from reports.documents import MINUTE, START
from reports.summaries import build_data, build_entry, build_metric, shape_day

BUSY = shape_day((30, 90.0), (10, 75.0))


def read_row(table: Table, row: int = 0) -> dict[str, Inline]:
    keys = [column.title.key.removeprefix("reports.column.") for column in table.columns]
    return dict(zip(keys, table.rows[row], strict=True))


def test_a_metric_shows_its_summaries_and_how_long_it_was_beyond() -> None:
    entry = build_entry(series={"": BUSY})
    row = read_row(build_metrics_table(entry.metric.group, [entry]))
    figures = entry.now.headline.figures
    assert row["metric"] == Subject(entry.metric.name)
    assert row["average"] == figures[Summary.AVG]
    assert row["p95"] == figures[Summary.P95]
    peak = Moment(START + MINUTE)
    assert row["maximum"] == phrase("reports.at", value=figures[Summary.MAX], at=peak)
    assert row["other"] is None
    assert row["warning_time"] == Duration(40 * MINUTE), "critical time is warning time, too"
    assert row["critical_time"] == Duration(30 * MINUTE)
    assert row["coverage"] == Share(1.0)
    assert row["state"] == Badge(State.CRITICAL)


def test_a_metric_with_a_week_before_shows_its_change() -> None:
    entry = build_entry(week={"": shape_day(rest=4.0)})
    row = read_row(build_metrics_table(entry.metric.group, [entry]))
    change = row["last_week"]
    assert isinstance(change, Delta)
    assert change.unit == "point"
    assert change.value == pytest.approx(6.0)
    alone = read_row(build_metrics_table(entry.metric.group, [build_entry()]))
    assert alone["last_week"] == phrase("reports.compare.short")


@pytest.mark.parametrize(
    ("warning", "critical", "times"),
    [
        (70, 85, (Duration(40 * MINUTE), Duration(30 * MINUTE))),
        (70, None, (Duration(40 * MINUTE), None)),
        (None, 85, (None, Duration(30 * MINUTE))),
    ],
)
def test_time_is_shown_only_for_thresholds_that_the_metric_has(
    warning: float | None, critical: float | None, times: tuple[Inline, Inline]
) -> None:
    of = build_metric(thresholds=levels(warning, critical, minutes=5))
    entry = build_entry(of, {"": BUSY})
    row = read_row(build_metrics_table(of.group, [entry]))
    assert (row["warning_time"], row["critical_time"]) == times


def test_a_metric_without_thresholds_has_no_time_beyond_them_and_no_state() -> None:
    entry = build_entry(build_metric(thresholds=None), {"": BUSY})
    row = read_row(build_metrics_table(entry.metric.group, [entry]))
    assert (row["warning_time"], row["critical_time"]) == (None, None)
    assert row["state"] == Badge(State.UNKNOWN, phrase("reports.not_judged"))


def test_a_mean_of_what_the_thresholds_are_about_is_not_judged_and_says_so() -> None:
    entry = build_entry()
    mean = replace(entry, now=replace(entry.now, thresholds=None))
    badge = build_state_badge(mean, State.UNKNOWN)
    assert badge == Badge(State.UNKNOWN, phrase("reports.mean_only"))


def test_summaries_without_a_column_are_listed_in_one() -> None:
    of = build_metric()
    summaries = (Summary.MIN, Summary.MAX, Summary.LAST)
    of = replace(of, report=replace(of.report, summaries=summaries))
    entry = build_entry(of, {"": shape_day((1, 3.0))})
    row = read_row(build_metrics_table(of.group, [entry]))
    figures = entry.now.headline.figures
    assert row["other"] == Joined(
        (
            phrase("reports.summary.min", value=figures[Summary.MIN]),
            phrase("reports.summary.last", value=figures[Summary.LAST]),
        ),
        ", ",
    )
    assert (row["average"], row["p95"]) == (None, None)


@pytest.mark.parametrize("series", [1, LISTED_SERIES, LISTED_SERIES + 1, LISTED_SERIES + 9])
def test_every_series_is_listed_up_to_a_number_and_the_rest_is_counted(series: int) -> None:
    rows = {f"cpu {n}": shape_day(rest=float(n)) for n in range(series)}
    entry = build_entry(series=rows)
    table = build_series_table([entry])
    left = max(series - LISTED_SERIES, 0)
    assert len(table.rows) == min(series, LISTED_SERIES) + bool(left)
    assert all(len(row) == len(SERIES_COLUMNS) == len(table.columns) for row in table.rows)
    if left:
        name = entry.metric.name
        assert table.rows[-1][0] == phrase("reports.series.more", name=name, n=left)
        assert set(table.rows[-1][1:]) == {None}


def test_a_series_row_is_about_that_series_alone() -> None:
    entry = build_entry(series={"a": BUSY, "b": shape_day(rest=np.nan) * np.nan + BUSY / 10})
    first, second = (read_row(build_series_table([entry]), row) for row in range(2))
    assert first["target"] == Subject(entry.metric.name, "a")
    assert (first["state"], second["state"]) == (Badge(State.CRITICAL), Badge(State.OK))
    assert second["critical_time"] == Duration(0)


def test_a_column_is_a_heading_and_a_cell() -> None:
    entry = build_entry()
    table = build_metrics_table(entry.metric.group, [entry, entry])
    assert [column.title.key for column in table.columns] == [
        f"reports.column.{column.key}" for column in METRIC_COLUMNS
    ]
    assert [column.numeric for column in table.columns] == [c.numeric for c in METRIC_COLUMNS]
    assert table.rows == (build_row(METRIC_COLUMNS, entry),) * 2


def test_the_largest_series_are_those_with_the_largest_sum() -> None:
    """A series that was in the top for an hour only is below one that was there all day."""
    short = np.full(1440, np.nan)
    short[:60] = 100.0
    rows = {f"p{n}": shape_day(rest=float(n + 1)) for n in range(TOP + 2)} | {"burst": short}
    of = build_metric(thresholds=None)
    of = replace(of, report=replace(of.report, across=(Across.TOPK10,)))
    entry = build_entry(of, rows)
    assert has_top_table(entry)
    table = build_top_table(entry)
    names = [row[0] for row in table.rows]
    assert names[:3] == [f"p{TOP + 1}", f"p{TOP}", f"p{TOP - 1}"]
    assert len(names) == TOP
    by_sum = sorted(rows, key=lambda name: -float(np.nansum(rows[name])))
    assert names == by_sum[:TOP]
    assert read_row(table)["time_in_top"] == Duration(1440 * MINUTE)


def test_only_groups_with_data_have_a_table_and_a_section_of_charts() -> None:
    data = build_data(build_entry())
    heading, table, note = build_metrics(data)
    assert isinstance(heading, Heading)
    assert isinstance(table, Table)
    assert table.id == "metrics-system"
    assert note == Note(phrase("reports.metrics.note"))
    title = next(iter(build_charts(data)))
    assert isinstance(title, Heading)
    assert title.id == "charts-system"
    assert list(build_metrics(build_data())) == list(build_charts(build_data())) == []


def test_captions_name_their_group() -> None:
    entry = build_entry()
    caption = build_metrics_table(entry.metric.group, [entry]).caption
    assert isinstance(caption, Phrase)
    assert dict(caption.values) == {"group": phrase("reports.group.system")}
