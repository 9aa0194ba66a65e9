"""From a metric's series to a chart as data: what is drawn alone, as a band, behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.plain_stats import average_hours
from analysis.shaped import levels
from jipyo.analysis.summary import DRAWN
from jipyo.catalogue import Across, Direction, Objective, Summary, Unit
from jipyo.catalogue.metric import Compare
from jipyo.reports.charts.build import build_chart, build_heat_map, list_threshold_lines
from jipyo.reports.document import Moment, Phrase
from reports.documents import HOUR, MINUTE, START
from reports.summaries import build_entry, build_metric, shape_day


@pytest.mark.parametrize(
    ("series", "alone", "others"),
    [
        (1, 1, 0),
        (DRAWN, DRAWN, 0),
        (DRAWN + 1, DRAWN + 1, 0),
        (DRAWN + 2, DRAWN, 2),
        (30, DRAWN, 24),
    ],
)
def test_a_few_series_are_drawn_and_the_rest_becomes_a_band(
    series: int, alone: int, others: int
) -> None:
    rows = {f"s{n:02}": shape_day(rest=float(n)) for n in range(series)}
    chart = build_chart(build_entry(series=rows))
    assert (len(chart.lines), chart.others_count) == (alone, others)
    assert (chart.others is None) == (others == 0)


def test_series_are_in_the_order_of_their_names_unless_some_are_left_out() -> None:
    rows = {name: shape_day() for name in "cab"}
    assert [line.name for line in build_chart(build_entry(series=rows)).lines] == ["a", "b", "c"]
    many = {f"s{n}": shape_day() for n in (9, 8, 7, 6, 5, 4, 3, 2, 1)}
    names = [line.name for line in build_chart(build_entry(series=many)).lines]
    assert names == ["s9", "s8", "s7", "s6", "s5", "s4"], "the gravest, as they come"


def test_the_band_is_the_lowest_and_the_highest_of_the_others_where_any_has_a_value() -> None:
    rows = {f"s{n}": shape_day(rest=float(n)) for n in range(DRAWN + 3)}
    rows[f"s{DRAWN}"][:5] = np.nan
    for n in range(3):
        rows[f"s{DRAWN + n}"][9] = np.nan
    chart = build_chart(build_entry(series=rows))
    assert chart.others is not None
    low, high = chart.others
    assert (low.values[0], high.values[0]) == (DRAWN + 1, DRAWN + 2)
    assert (low.values[7], high.values[7]) == (DRAWN, DRAWN + 2)
    assert np.isnan(low.values[9])
    assert np.isnan(high.values[9])


def test_last_week_is_drawn_behind_a_single_series() -> None:
    before = shape_day(rest=3.0)
    chart = build_chart(build_entry(week={"": before}))
    assert chart.ghost is not None
    assert np.array_equal(chart.ghost.values, before)
    several = {"a": shape_day(), "b": shape_day()}
    assert build_chart(build_entry(series=several, week=several)).ghost is None
    assert build_chart(build_entry()).ghost is None


def test_a_week_before_of_another_length_is_not_drawn() -> None:
    """A day with moved clocks has 23 or 25 hours."""
    entry = build_entry(week={"": shape_day()})
    ghost = {labels: np.append(values, 1.0) for labels, values in entry.ghost.items()}
    assert ghost
    assert build_chart(replace(entry, ghost=ghost)).ghost is None


@pytest.mark.parametrize(
    ("thresholds", "objective", "lines"),
    [
        (levels(70, 85), None, [("warning", 70), ("critical", 85)]),
        (levels(None, 85), None, [("critical", 85)]),
        (None, 60.0, [("objective", 60)]),
        (levels(70, 85), 60.0, [("warning", 70), ("critical", 85), ("objective", 60)]),
        (levels(70, 85), 85.0, [("warning", 70), ("critical", 85)]),  # it is drawn already
        (None, None, []),
    ],
)
def test_thresholds_and_an_objective_of_its_own_are_lines(
    thresholds: object, objective: float | None, lines: list[tuple[str, float]]
) -> None:
    promised = Objective(compare=Compare.AT_MOST, value=objective) if objective else None
    of = build_metric(thresholds=thresholds, objective=promised)
    assert [(line.kind, line.value) for line in list_threshold_lines(of)] == lines


@pytest.mark.parametrize(
    ("summaries", "direction", "key", "at"),
    [
        ((Summary.AVG,), Direction.HIGHER_IS_WORSE, "high", 1),
        ((Summary.MAX,), Direction.HIGHER_IS_WORSE, "high", 1),
        ((Summary.MIN,), Direction.HIGHER_IS_WORSE, "low", 2),
        ((Summary.AVG,), Direction.LOWER_IS_WORSE, "low", 2),
    ],
)
def test_a_caption_says_the_figure_and_when_the_day_was_at_its_extreme(
    summaries: tuple[Summary, ...], direction: Direction, key: str, at: int
) -> None:
    of = build_metric(direction=direction, thresholds=None)
    of = replace(of, report=replace(of.report, summaries=summaries))
    entry = build_entry(of, {"": shape_day((1, 50.0), (1, 2.0))})
    caption = build_chart(entry).caption
    assert isinstance(caption, Phrase)
    assert caption.key == f"reports.chart.caption.{key}"
    assert dict(caption.values)["at"] == Moment(START + at * MINUTE)


def test_without_a_figure_a_caption_tells_only_the_coverage() -> None:
    of = build_metric()
    of = replace(of, report=replace(of.report, summaries=()))
    caption = build_chart(build_entry(of)).caption
    assert isinstance(caption, Phrase)
    assert caption.key == "reports.chart.caption.plain"


@given(st.lists(st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)), min_size=1, max_size=400))
def test_hours_are_averaged_from_the_beginning_as_a_plain_loop_does(values: list[float]) -> None:
    array = np.array(values)
    averages = average_hours(array, MINUTE)
    assert len(averages) == -(-len(values) // 60)
    for hour, average in enumerate(averages):
        present = [v for v in values[60 * hour : 60 * hour + 60] if not np.isnan(v)]
        if present:
            assert average == pytest.approx(sum(present) / len(present), abs=1e-6)
        else:
            assert np.isnan(average)


def test_a_heat_map_has_its_series_in_natural_order_and_24_hours() -> None:
    of = build_metric()
    of = replace(of, report=replace(of.report, across=(Across.HEATMAP,)))
    rows = {f"cpu {n}": shape_day((60, float(n))) for n in (10, 9, 2, 1)}
    heat_map = build_heat_map(build_entry(of, rows))
    assert heat_map is not None
    assert heat_map.rows == ("cpu 1", "cpu 2", "cpu 9", "cpu 10")
    assert heat_map.hours_ms == tuple(START + hour * HOUR for hour in range(24))
    assert heat_map.values[:, 0].tolist() == [1, 2, 9, 10]
    assert (heat_map.low, heat_map.high) == (0.0, 100.0), "percent have a scale of their own"


@pytest.mark.parametrize(
    ("series", "wanted", "drawn"), [(4, True, True), (3, True, False), (9, False, False)]
)
def test_a_heat_map_is_drawn_for_several_series_where_the_catalogue_asks_for_it(
    series: int, wanted: bool, drawn: bool
) -> None:
    of = build_metric(unit=Unit.CELSIUS)
    across = (Across.HEATMAP,) if wanted else (Across.MAX,)
    of = replace(of, report=replace(of.report, across=across))
    rows = {f"s{n}": shape_day(rest=float(n + 1)) for n in range(series)}
    heat_map = build_heat_map(build_entry(of, rows))
    assert (heat_map is not None) is drawn
    if heat_map is not None:
        assert heat_map.high == series, "the highest value seen"
