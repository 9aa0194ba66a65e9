"""Breaches: which are listed, in which order, and what is said of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.shaped import levels
from jipyo.analysis.thresholds import Severity, State
from jipyo.catalogue import Direction
from jipyo.model.figure import Figure
from jipyo.reports.document import (
    Badge,
    Block,
    Duration,
    Heading,
    Moment,
    Note,
    Phrase,
    Quantity,
    Table,
    Timeline,
    phrase,
)
from jipyo.reports.sections.breaches import (
    LISTED_BREACHES,
    LISTED_SERIES,
    SUMMED_SERIES,
    build_breach_summary,
    build_breach_table,
    build_breaches,
    build_timeline,
    select_breaches,
)
from reports.documents import MINUTE, START
from reports.summaries import build_data, build_entry, build_metric, shape_day

LOW, WARM, HOT = 10.0, 75.0, 90.0


def list_notes(blocks: list[Block]) -> list[str]:
    return [b.text.key for b in blocks if isinstance(b, Note) and isinstance(b.text, Phrase)]


def test_a_quiet_day_says_that_no_breach_met_the_alert_duration() -> None:
    blocks = list(build_breaches(build_data(build_entry())))
    assert isinstance(blocks[0], Heading)
    assert blocks[0].page
    assert list_notes(blocks) == ["reports.breaches.none"]


def test_without_thresholds_there_is_no_section() -> None:
    assert list(build_breaches(build_data(build_entry(build_metric(thresholds=None))))) == []
    assert list(build_breaches(build_data())) == []


def test_a_breach_shorter_than_the_alert_duration_is_only_counted() -> None:
    data = build_data(build_entry(series={"": shape_day((3, HOT))}))
    assert select_breaches(data) == ((), 0)
    blocks = list(build_breaches(data))
    assert list_notes(blocks) == ["reports.breaches.none", "reports.breaches.brief"]
    note = blocks[-1]
    assert isinstance(note, Note)
    assert note.text == phrase("reports.breaches.brief", n=1, span=Duration(3 * MINUTE))


def test_a_breach_is_a_row_with_its_times_its_threshold_and_its_peak() -> None:
    entry = build_entry(series={"a": shape_day((60, LOW), (10, WARM), (20, HOT), (5, 95.0))})
    (listed,), left = select_breaches(build_data(entry))
    ((subject, start, end, duration, critical, threshold, peak, severity),) = build_breach_table(
        [listed]
    ).rows
    assert left == 0
    assert subject == listed.subject
    assert (start, end) == (Moment(START + 60 * MINUTE), Moment(START + 95 * MINUTE))
    assert (duration, critical) == (Duration(35 * MINUTE), Duration(25 * MINUTE))
    assert threshold == Quantity(85, "percent")
    assert isinstance(peak, Phrase)
    assert dict(peak.values)["at"] == Moment(START + 91 * MINUTE)
    assert severity == Badge(State.CRITICAL)


def test_a_breach_that_is_not_over_says_so() -> None:
    values = shape_day()
    values[-30:] = HOT
    (listed,), _ = select_breaches(build_data(build_entry(series={"": values})))
    (row,) = build_breach_table([listed]).rows
    assert row[2] == phrase("reports.breaches.open")


@pytest.mark.parametrize(("critical", "shown"), [(85, Duration(20 * MINUTE)), (None, None)])
def test_critical_time_is_shown_where_there_is_a_critical_threshold(
    critical: float | None, shown: Duration | None
) -> None:
    of = build_metric(thresholds=levels(70, critical, minutes=5))
    (listed,), _ = select_breaches(build_data(build_entry(of, {"": shape_day((20, HOT))})))
    assert build_breach_table([listed]).rows[0][4] == shown


def test_a_metric_that_is_bad_when_low_peaks_at_its_minimum() -> None:
    of = build_metric(thresholds=levels(30, 20, minutes=5), direction=Direction.LOWER_IS_WORSE)
    entry = build_entry(of, {"": shape_day((20, 15.0), (1, 12.0), rest=80.0)})
    (listed,), _ = select_breaches(build_data(entry))
    peak = build_breach_table([listed]).rows[0][6]
    assert isinstance(peak, Phrase)
    assert getattr(dict(peak.values)["value"], "value", None) == 12.0


def test_of_a_metric_only_the_gravest_series_are_listed_and_the_others_counted() -> None:
    cores = {f"cpu {n}": shape_day((30, HOT)) for n in range(LISTED_SERIES + 4)}
    listed, left = select_breaches(build_data(build_entry(series=cores)))
    assert [entry.series.name for entry in listed] == [f"cpu {n}" for n in range(LISTED_SERIES)]
    assert left == 4
    blocks = list(build_breaches(build_data(build_entry(series=cores))))
    assert list_notes(blocks) == ["reports.breaches.more"]
    assert [type(block) for block in blocks[1:3]] == [Timeline, Table]


def test_the_gravest_and_longest_are_listed_in_the_order_of_time() -> None:
    """More breaches than are listed: critical before warning, longer before shorter."""
    values = shape_day()
    for n in range(40):
        values[36 * n : 36 * n + 10] = HOT if n % 2 else WARM
    values[36 * 38 : 36 * 38 + 20] = WARM
    listed, left = select_breaches(build_data(build_entry(series={"": values})))
    assert (len(listed), left) == (LISTED_BREACHES, 40 - LISTED_BREACHES)
    starts = [entry.breach.start_ms for entry in listed]
    assert starts == sorted(starts)
    severities = [entry.breach.severity for entry in listed]
    assert severities.count(Severity.CRITICAL) == 20, "every critical one"
    assert max(entry.breach.duration_ms for entry in listed) == 20 * MINUTE


def test_a_timeline_has_a_row_for_each_series_and_critical_stretches_upon_it() -> None:
    cores = {
        "a": shape_day((60, LOW), (20, WARM), (20, HOT), (60, LOW), (30, HOT)),
        "b": shape_day((30, WARM)),
    }
    listed, _ = select_breaches(build_data(build_entry(series=cores)))
    timeline = build_timeline(listed)
    assert [row.subject.target for row in timeline.rows] == ["b", "a"]
    minutes = [
        [
            ((s.start_ms - START) // MINUTE, (s.end_ms - START) // MINUTE, s.severity)
            for s in row.stretches
        ]
        for row in timeline.rows
    ]
    assert minutes[0] == [(0, 30, "warning")]
    assert minutes[1] == [
        (60, 100, "warning"),
        (80, 100, "critical"),
        (160, 190, "warning"),
        (160, 190, "critical"),
    ]


def test_a_gap_ends_a_breach() -> None:
    values = shape_day((30, HOT))
    values[30:90] = np.nan
    values[90:120] = HOT
    listed, _ = select_breaches(build_data(build_entry(series={"": values})))
    assert len(listed) == 2


def test_a_series_has_one_row_with_how_often_how_long_and_how_far() -> None:
    shape = shape_day((10, HOT), (20, LOW), (30, 95.0), (20, LOW), (15, WARM))
    data = build_data(build_entry(series={"a": shape, "b": shape_day((9, WARM))}))
    (table,) = (one for one in build_breach_summary(data) if isinstance(one, Table))
    listed, _ = select_breaches(data, None)
    spans = [one.breach.duration_ms for one in listed if one.series.name == "a"]
    _, count, total, longest, _, peak, severity = table.rows[0]
    assert (count, total, longest) == (
        len(spans), Duration(sum(spans)), Duration(max(spans)),
    )  # fmt: skip
    assert len(spans) > 1
    assert isinstance(peak, Phrase)
    worst = dict(peak.values)["value"]
    assert isinstance(worst, Figure)
    assert worst.value == 95.0
    assert severity == Badge(State.CRITICAL)
    assert sum(row[1] for row in table.rows if isinstance(row[1], int)) == len(listed)


def test_breaches_of_series_without_a_row_are_counted() -> None:
    many = [
        build_entry(build_metric(f"m.{at}"), {"": shape_day((30, HOT))})
        for at in range(SUMMED_SERIES + 2)
    ]
    blocks = list(build_breach_summary(build_data(*many)))
    (table,) = (one for one in blocks if isinstance(one, Table))
    assert len(table.rows) == SUMMED_SERIES
    assert blocks[-1] == Note(phrase("reports.breaches.more", n=2))


def test_the_summary_of_a_quiet_month_says_so() -> None:
    assert list_notes(list(build_breach_summary(build_data(build_entry())))) == [
        "reports.breaches.none"
    ]
    assert list(build_breach_summary(build_data())) == []
