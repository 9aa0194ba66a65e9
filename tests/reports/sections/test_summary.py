"""The first page: the day's state, the sentence that says it, and the key figures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.objectives import ObjectiveResult, Result
from jipyo.analysis.thresholds import State
from jipyo.reports.data import TILES
from jipyo.reports.document import Duration, Heading, Inline, Joined, Phrase, Share, Subject, Tiles
from jipyo.reports.sections.summary import build_tiles, build_verdict, find_state
from reports.documents import MINUTE
from reports.summaries import WINDOW, build_data, build_entry, build_metric, shape_day

if TYPE_CHECKING:
    from jipyo.reports.data import ReportData, ReportMetric

HOT, WARM = shape_day((30, 90.0)), shape_day((30, 75.0))


def entry(
    metric_id: str = "system.cpu.utilization", day: str = "ok", **changes: object
) -> ReportMetric:
    values = {"ok": shape_day(), "warning": WARM, "critical": HOT}[day]
    return build_entry(build_metric(metric_id, metric_id, **changes), {"": values})


def result(of: Result, name: str = "objective") -> ObjectiveResult:
    return ObjectiveResult(build_metric(name), None, None, None, None, of)


def read_text(part: Inline) -> Phrase:
    assert isinstance(part, Phrase)
    return part


@pytest.mark.parametrize(
    ("data", "results", "state", "key"),
    [
        (build_data(entry()), [], State.OK, "ok"),
        (build_data(entry(day="warning"), entry()), [], State.WARNING, "warning"),
        (build_data(entry(day="warning"), entry(day="critical")), [], State.CRITICAL, "critical"),
        (build_data(entry()), [Result.MISSED], State.CRITICAL, "missed"),
        (build_data(entry()), [Result.MET, Result.UNKNOWN], State.OK, "ok"),
        (build_data(entry(day="critical")), [Result.MISSED], State.CRITICAL, "critical"),
        (build_data(), [], State.UNKNOWN, "no_data"),
        (build_data(entry(), share=0.49), [], State.UNKNOWN, "little"),
        (build_data(entry(), share=0.5), [], State.OK, "ok"),
        (build_data(entry(), share=0.0001), [], State.UNKNOWN, "little.brief"),
        (build_data(entry(day="warning"), share=0.1), [], State.WARNING, "warning"),
        (build_data(entry(thresholds=None)), [], State.UNKNOWN, "not_judged"),
    ],
)
def test_the_gravest_state_is_the_days_and_too_little_data_is_never_ok(
    data: ReportData, results: list[Result], state: State, key: str
) -> None:
    found = [result(one) for one in results]
    assert find_state(data, found) is state
    verdict = build_verdict(data, found, state)
    assert (verdict.state, read_text(verdict.text).key) == (state, f"reports.verdict.{key}")


def test_names_are_three_at_most_and_topics_come_before_second_metrics_of_one() -> None:
    ids = ("system.cpu.total", "system.cpu.core", "system.disk.used", "app.error", "ai.time")
    data = build_data(*(entry(metric_id, "critical") for metric_id in ids))
    text = read_text(build_verdict(data, [], State.CRITICAL).text)
    values = dict(text.values)
    assert values["n"] == 5
    more = read_text(values["names"])
    assert (more.key, dict(more.values)["n"]) == ("reports.and_more", 2)
    names = dict(more.values)["names"]
    assert isinstance(names, Joined)
    shown = [part.name.en for part in names.parts if isinstance(part, Subject)]
    assert shown == ["system.cpu.total", "system.disk.used", "app.error"]


def test_the_details_say_how_much_the_verdict_rests_on() -> None:
    data = build_data(
        entry(),
        entry(day="warning"),
        entry(thresholds=None),
        missing=[build_metric("gpu")],
        share=0.75,
    )
    amount, counts, objectives = build_verdict(
        data, [result(Result.MET), result(Result.MET), result(Result.UNKNOWN)], State.WARNING
    ).details
    assert dict(read_text(amount).values) == {"share": Share(0.75), "span": Duration(1080 * MINUTE)}
    assert dict(read_text(counts).values) == {
        "ok": 1, "warning": 1, "critical": 0, "unknown": 0, "idle": 1, "missing": 1,
    }  # fmt: skip
    assert dict(read_text(objectives).values) == {"met": 2, "missed": 0, "unknown": 1}


@pytest.mark.parametrize(
    ("share", "key"), [(0.995, "whole"), (0.994, "part"), (0.0001, "part.brief")]
)
def test_nearly_all_data_count_as_all(share: float, key: str) -> None:
    details = build_verdict(build_data(entry(), share=share), [], State.OK).details
    assert read_text(details[0]).key == f"reports.verdict.{key}"


def test_a_day_that_runs_says_up_to_when() -> None:
    data = build_data(entry())
    running = replace(data, window=replace(WINDOW, end_ms=WINDOW.start_ms + 60 * MINUTE))
    first = read_text(build_verdict(running, [], State.OK).details[0])
    assert first.key == "reports.verdict.running"


def read_tiles(*entries: ReportMetric) -> list[str]:
    heading, tiles = build_tiles(build_data(*entries))
    assert isinstance(heading, Heading)
    assert isinstance(tiles, Tiles)
    return [tile.subject.name.en for tile in tiles.items]


def test_required_metrics_come_first_and_the_first_of_each_topic_before_the_second() -> None:
    entries = [
        entry("a.one.first"), entry("a.one.second"), entry("a.two.extra", required=False),
        *(entry(f"b.t{n}.only") for n in range(TILES - 1)),
    ]  # fmt: skip
    shown = read_tiles(*entries)
    assert shown == ["a.one.first", *(f"b.t{n}.only" for n in range(TILES - 1))]
    assert read_tiles(*entries[:4]) == ["a.one.first", "a.one.second", "a.two.extra", "b.t0.only"]


def test_a_metric_without_a_figure_has_no_tile() -> None:
    without = entry("a.b.c")
    series = replace(without.now.series[0], figure=None)
    without = replace(without, now=replace(without.now, series=(series,)))
    assert read_tiles(entry("x.y.z"), without) == ["x.y.z"]
    assert list(build_tiles(build_data())) == []


def test_a_tile_shows_the_figure_its_state_and_the_shape_of_its_day() -> None:
    _, tiles = build_tiles(build_data(entry(day="critical"), entry("a.b.c", thresholds=None)))
    assert isinstance(tiles, Tiles)
    judged, plain = tiles.items
    assert (judged.state, plain.state) == (State.CRITICAL, None)
    assert np.array_equal(judged.shape, HOT)
    assert judged.figure.value == pytest.approx(HOT.mean())
    assert read_text(judged.note).key == "reports.how.average"
    assert [read_text(part).key for part in judged.compared] == ["reports.compare.short"]


def test_a_tile_names_the_weekday_that_it_is_compared_with() -> None:
    compared = build_entry(build_metric(), {"": shape_day()}, week={"": shape_day(rest=5.0)})
    _, tiles = build_tiles(build_data(compared))
    assert isinstance(tiles, Tiles)
    week, yesterday = map(read_text, tiles.items[0].compared)
    assert (week.key, yesterday.key) == ("reports.compare.week", "reports.compare.yesterday.none")
    assert read_text(dict(week.values)["weekday"]).key == "reports.weekday.5", "a Saturday"
