"""The daily report as data, over a real store and engine."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pytest

from jipyo.analysis.thresholds import State
from jipyo.catalogue import Catalogue, load
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import start_of_day
from jipyo.model.errors import QueryError, ReportError
from jipyo.model.figure import Delta, Figure
from jipyo.reports.document import (
    Badge,
    Chart,
    Charts,
    Duration,
    Findings,
    Heading,
    Listing,
    Note,
    Phrase,
    Quantity,
    Report,
    Share,
    Subject,
    Table,
    Tiles,
    Timeline,
    VerdictBox,
    find_figures,
)
from jipyo.reports.render.json import to_json
from jipyo.reports.sections.appendix import hash_catalogue
from reports.building import build_daily
from reports.days import DAY, SEOUL, Day, Samples, Site, Trouble, filled, source

if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeVar

    from jipyo.model.result import QueryResult
    from jipyo.source import Source

    T = TypeVar("T")

CATALOGUE: Catalogue = load()
END = start_of_day(DAY + timedelta(days=1), SEOUL)
SMALL = Site(cores=2)
SERVICE = Site(cores=2, gpus=3, api=True)
HOUR = 3_600_000


FEW = Catalogue(
    tuple(
        metric
        for metric in CATALOGUE.metrics
        if metric.id
        in {
            "system.cpu.utilization",
            "system.cpu.core.utilization",
            "system.memory.utilization",
            "system.network.receive",
            "app.response_time",
            "app.throughput",
            "system.gpu.temperature",
        }
    )
)


def built(
    path: Path,
    site: Site,
    *days: Day,
    now_ms: int = END + HOUR,
    catalogue: Catalogue = FEW,
) -> Report:
    with filled(path, site, *days) as store:
        return build_daily(source(store), catalogue, days[-1].day, site.zone, now_ms)


def the(kind: type[T], report: Report) -> T:
    (found,) = (block for block in report.blocks if isinstance(block, kind))
    return found


def of(kind: type[T], part: object) -> T:
    """A part that must be of this kind."""
    assert isinstance(part, kind)
    return part


def table(report: Report, table_id: str) -> Table:
    (found,) = (b for b in report.blocks if isinstance(b, Table) and b.id == table_id)
    return found


def keys(value: object) -> set[str]:
    """Every text key inside."""
    if isinstance(value, Phrase):
        return {value.key} | {key for _, inner in value.values for key in keys(inner)}
    if isinstance(value, tuple):
        return {key for one in value for key in keys(one)}
    if hasattr(value, "__dataclass_fields__"):
        return {k for name in value.__dataclass_fields__ for k in keys(getattr(value, name))}
    return set()


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return built(tmp_path_factory.mktemp("quiet"), SMALL, Day(), catalogue=CATALOGUE)


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Report:
    troubles = (
        Trouble("cpu", 14, 14.5, 0.5),
        Trouble("memory", 20, 20.05, 0.3),
        Trouble("gpu.temperature", 14, 15, 32),
        Trouble("latency", 14, 24, 3.0),
        Trouble("oom", 9, 9.02, 1.0),
    )
    days = (
        Day(DAY - timedelta(days=7), load=0.5, seed=3),
        Day(DAY - timedelta(days=1), seed=4),
        Day(troubles=troubles, gaps=((3.0, 4.0),)),
    )
    return built(tmp_path_factory.mktemp("bad"), SERVICE, *days, catalogue=CATALOGUE)


def test_a_quiet_whole_day_is_ok(quiet: Report) -> None:
    verdict = the(VerdictBox, quiet)
    assert (quiet.state, verdict.state) == (State.OK, State.OK)
    assert of(Phrase, verdict.text).key == "reports.verdict.ok"
    assert {block.id for block in quiet.blocks if isinstance(block, Heading)} >= {
        "findings", "key-metrics", "objectives", "breaches", "metrics", "charts-system",
        "completeness", "missing", "chapter-details", "definitions", "sources", "method",
    }  # fmt: skip
    assert not any(isinstance(block, Timeline) for block in quiet.blocks)
    assert "reports.breaches.none" in keys(quiet.blocks)
    assert quiet.instances == ("ai-node-1",)
    assert quiet.number == "JIPYO-D-20261121"


def test_a_day_without_earlier_days_says_so(quiet: Report) -> None:
    assert all(keys(tile.compared) == {"reports.compare.short"} for tile in the(Tiles, quiet).items)


def test_metrics_without_data_stand_apart_and_are_not_counted_as_ok(quiet: Report) -> None:
    missing = {of(Bilingual, name).en for name, _ in the(Listing, quiet).items}
    assert {"API response time (p95)", "GPU temperature"} <= missing
    rows = [row for b in quiet.blocks if isinstance(b, Table) and b.id.startswith("metrics-")
            for row in b.rows]  # fmt: skip
    assert len(rows) + len(missing) == len(CATALOGUE.metrics)
    assert not any(of(Subject, row[0]).name.en in missing for row in rows)
    results = [row[-1] for row in table(quiet, "objectives").rows]
    assert len(results) == 4
    assert all(isinstance(badge, Badge) and badge.state is State.UNKNOWN for badge in results)


def test_a_bad_day_is_critical_and_names_what_when_and_how_long(bad: Report) -> None:
    assert bad.state is State.CRITICAL
    found = the(Findings, bad).items
    assert len(found) == 3
    assert all(one.state is State.CRITICAL for one in found)
    assert any("reports.finding.missed" in keys(one) for one in found)
    timeline = the(Timeline, bad)
    cpu = [row for row in timeline.rows if row.subject.name.en == "CPU utilisation"]
    (stretch, *_) = cpu[0].stretches
    start = start_of_day(DAY, SEOUL)
    assert stretch.start_ms == pytest.approx(start + 14 * HOUR, abs=5 * 60_000)
    assert stretch.end_ms == pytest.approx(start + 14.5 * HOUR, abs=5 * 60_000)
    names = {of(Subject, row[0]).name.en for row in table(bad, "breaches").rows}
    assert {"GPU temperature", "API response time (p95)", "OOM kills"} <= names
    assert "reports.breaches.open" in keys(table(bad, "breaches"))  # latency lasts past midnight
    assert "reports.breaches.brief" in keys(bad.blocks)  # three minutes of memory


def test_a_missed_objective_and_an_untested_capacity_are_told_apart(bad: Report) -> None:
    results = {of(Subject, row[0]).name.en: row for row in table(bad, "objectives").rows}
    assert of(Badge, results["API response time (p95)"][-1]).state is State.CRITICAL
    assert of(Badge, results["API error rate"][-1]).state is State.OK
    capacity = results["Throughput (TPS)"]
    assert of(Badge, capacity[-1]).state is State.UNKNOWN
    assert "reports.objective.low_demand" in keys(capacity[-1])
    actual, margin = capacity[2], capacity[3]
    assert (of(Figure, actual).value or 0) - of(Quantity, margin).value == pytest.approx(100)


def test_a_day_with_a_gap_tells_what_was_received(bad: Report) -> None:
    rows = table(bad, "completeness").rows
    assert len(rows) == 5
    for row in rows:
        received, expected, share = row[2], row[3], row[4]
        assert of(Quantity, received).value == of(Quantity, expected).value - 60
        assert of(Figure, share).value == pytest.approx(1380 / 1440)
        assert "reports.gap" in keys(row)


def test_a_day_is_compared_with_the_same_weekday_and_the_day_before(bad: Report) -> None:
    network = next(t for t in the(Tiles, bad).items if t.subject.name.en == "Network receive")
    week, yesterday = (of(Phrase, compared) for compared in network.compared)
    assert (week.key, yesterday.key) == ("reports.compare.week", "reports.compare.yesterday")
    delta = of(Delta, dict(week.values)["delta"])
    assert delta.unit == "percent"
    assert delta.value == pytest.approx(100, abs=12)  # it carried twice as much


def list_charts(report: Report) -> list[Chart]:
    blocks = (block for block in report.blocks if isinstance(block, Charts))
    return [chart for block in blocks for chart in block.items if isinstance(chart, Chart)]


def test_many_series_are_drawn_as_a_band_behind_the_gravest(tmp_path: Path) -> None:
    report = built(tmp_path, Site(cores=12), Day())
    charts = list_charts(report)
    (cores,) = (c for c in charts if c.id == "chart-system-cpu-core-utilization")
    assert (len(cores.lines), cores.others_count) == (6, 6)
    assert "reports.series.more" not in keys(report.blocks)


def test_seven_series_are_all_drawn(tmp_path: Path) -> None:
    report = built(tmp_path, Site(cores=7), Day())
    charts = list_charts(report)
    (cores,) = (c for c in charts if c.id == "chart-system-cpu-core-utilization")
    assert (len(cores.lines), cores.others) == (7, None)


def test_more_series_than_are_listed_are_counted(tmp_path: Path) -> None:
    assert "reports.series.more" in keys(built(tmp_path, Site(cores=20), Day()).blocks)


def test_twenty_minutes_of_a_whole_day_are_not_called_good(tmp_path: Path) -> None:
    report = built(tmp_path, SMALL, Day(gaps=((-1, 10), (10 + 1 / 3, 25))))
    verdict = the(VerdictBox, report)
    assert report.state is State.UNKNOWN
    assert of(Phrase, verdict.text).key == "reports.verdict.little"
    arguments = dict(of(Phrase, verdict.text).values)
    assert of(Duration, arguments["span"]).ms == 20 * 60_000
    assert of(Share, arguments["share"]).value == pytest.approx(20 / 1440)
    assert "reports.finding.incomplete" in keys(the(Findings, report))


def test_a_running_day_is_measured_by_what_it_could_have_so_far(tmp_path: Path) -> None:
    report = built(tmp_path, SMALL, Day(), now_ms=start_of_day(DAY, SEOUL) + 20 * 60_000 + 5_000)
    assert report.state is State.OK
    assert "reports.verdict.running" in keys(the(VerdictBox, report))
    (share,) = (
        row[4] for row in table(report, "completeness").rows if str(row[0]).startswith("node")
    )
    assert of(Figure, share).value == 1.0


def test_a_day_without_any_data_is_unknown(tmp_path: Path) -> None:
    report = built(tmp_path, SMALL, Day(gaps=((-1, 25),)))
    assert report.state is State.UNKNOWN
    assert of(Phrase, the(VerdictBox, report).text).key == "reports.verdict.no_data"
    assert len(the(Listing, report).items) == len(FEW.metrics)
    assert not any(isinstance(block, Tiles | Findings | Charts) for block in report.blocks)
    assert "reports.completeness.no_targets" in keys(report.blocks)


def test_data_without_thresholds_cannot_be_judged(tmp_path: Path) -> None:
    only = Catalogue((replace(CATALOGUE.metrics[0], thresholds=None, objective=None),))
    with filled(tmp_path, SMALL, Day()) as store:
        report = build_daily(source(store), only, DAY, SEOUL, END)
    assert report.state is State.UNKNOWN
    assert of(Phrase, the(VerdictBox, report).text).key == "reports.verdict.not_judged"


@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25)])
def test_a_day_with_moved_clocks_has_as_many_minutes_as_it_had(
    tmp_path: Path, day: date, hours: int
) -> None:
    york = ZoneInfo("America/New_York")
    site = Site(cores=1, zone=york)
    report = built(tmp_path, site, Day(day), now_ms=start_of_day(day + timedelta(2), york))
    steps = {
        f.samples for f in find_figures(report.blocks) if f.metric == "system.memory.utilization"
    }
    assert steps == {hours * 60}
    assert report.period.zone == "America/New_York"
    (row, *_) = (r for r in table(report, "metrics-system").rows)
    assert of(Share, row[-2]).value == 1.0


def test_a_day_to_come_is_refused(tmp_path: Path) -> None:
    with filled(tmp_path, SMALL, Day()) as store, pytest.raises(ReportError):
        build_daily(source(store), CATALOGUE, DAY + timedelta(days=9), SEOUL, END)


def test_progress_is_told_metric_by_metric(tmp_path: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    with filled(tmp_path, SMALL, Day()) as store:
        few = Catalogue(CATALOGUE.metrics[:3])
        build_daily(
            source(store), few, DAY, SEOUL, END, lambda done, of: steps.append((done, of or 0))
        )
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_a_question_that_is_refused_is_told_and_spoils_nothing_else(tmp_path: Path) -> None:
    first, *others = CATALOGUE.metrics[:4]
    broken = replace(first, queries=(replace(first.queries[0], promql="sum("),))
    with filled(tmp_path, SMALL, Day()) as store:
        report = build_daily(source(store), Catalogue((broken, *others)), DAY, SEOUL, END)
    assert "reports.warning" in keys(report.blocks)
    assert any(isinstance(b, Note) and b.state is State.UNKNOWN for b in report.blocks)
    assert report.state is State.OK


def test_the_same_samples_give_the_same_json_which_has_no_language(tmp_path: Path) -> None:
    with filled(tmp_path, SERVICE, Day()) as store:
        once, again = (to_json(build_daily(source(store), FEW, DAY, SEOUL, END)) for _ in range(2))
    assert once == again
    report = orjson.loads(once)
    assert (report["type"], report["kind"], report["state"]) == ("report", "daily", "ok")
    assert report["period"]["first_day"] == "2026-11-21"
    assert report["blocks"][0]["type"] == "verdict_box"


def test_every_figure_tells_where_it_comes_from(bad: Report) -> None:
    for figure in find_figures(bad.blocks):
        assert figure.expr
        assert figure.start_ms < figure.end_ms
        assert figure.samples > 0
        assert 0 < figure.coverage <= 1
        assert figure.exporter or figure.expr.startswith("up[")


def test_the_hash_changes_with_the_catalogue_and_not_with_its_file() -> None:
    first, *others = CATALOGUE.metrics
    moved = Catalogue((replace(first, where="elsewhere.yaml:1"), *others))
    other = Catalogue((replace(first, labels=("job",)), *others))
    assert hash_catalogue(CATALOGUE) == hash_catalogue(moved) != hash_catalogue(other)


def test_a_missed_promise_is_the_verdict_where_no_threshold_was_crossed(tmp_path: Path) -> None:
    unjudged = Catalogue(
        tuple(
            replace(
                metric, thresholds=None if metric.id == "app.response_time" else metric.thresholds
            )
            for metric in FEW.metrics
        )
    )
    report = built(
        tmp_path, SERVICE, Day(troubles=(Trouble("latency", 0, 24, 3.0),)), catalogue=unjudged
    )
    assert report.state is State.CRITICAL
    assert of(Phrase, the(VerdictBox, report).text).key == "reports.verdict.missed"
    first = the(Findings, report).items[0]
    assert of(Phrase, first.text).key == "reports.finding.missed"


def test_a_capacity_that_was_reached_is_met(tmp_path: Path) -> None:
    report = built(tmp_path, SERVICE, Day(load=1.6))
    rows = {of(Subject, row[0]).name.en: row for row in table(report, "objectives").rows}
    assert of(Badge, rows["Throughput (TPS)"][-1]).state is State.OK


def test_a_warning_is_no_worse_than_a_warning(tmp_path: Path) -> None:
    trouble = Trouble("memory", 12, 14, 0.22)
    report = built(tmp_path, SMALL, Day(troubles=(trouble,)))
    assert report.state is State.WARNING
    assert "reports.finding.breach.above.warning" in keys(the(Findings, report))


def test_a_breach_of_a_running_day_may_still_go_on(tmp_path: Path) -> None:
    day = Day(troubles=(Trouble("cpu", 14, 24, 0.6),))
    report = built(tmp_path, SMALL, day, now_ms=start_of_day(DAY, SEOUL) + 15 * HOUR)
    assert "reports.finding.going_on" in keys(the(Findings, report))


def test_a_short_breach_is_told_but_does_not_change_the_state(tmp_path: Path) -> None:
    report = built(tmp_path, SMALL, Day(troubles=(Trouble("memory", 20, 20.04, 0.4),)))
    assert report.state is State.OK
    assert "reports.finding.brief.above" in keys(the(Findings, report))
    assert "reports.breaches.brief" in keys(report.blocks)


def test_a_large_change_is_found_on_a_quiet_day(tmp_path: Path) -> None:
    days: tuple[Day, ...] = (Day(DAY - timedelta(days=7), load=0.4, seed=1), Day())
    report = built(tmp_path, SMALL, *days)
    assert "reports.finding.rose" in keys(the(Findings, report))
    days = (Day(DAY - timedelta(days=7), seed=1), Day(DAY - timedelta(days=1)), Day(load=0.4))
    report = built(tmp_path / "fell", SMALL, *days)
    assert "reports.finding.fell" in keys(the(Findings, report))
    assert "reports.finding.day_before" in keys(the(Findings, report))


def test_a_source_with_only_a_mean_cannot_answer_for_an_objective(tmp_path: Path) -> None:
    t_ms = start_of_day(DAY, SEOUL) + 60_000 * np.arange(1441, dtype=np.int64)
    triton = Samples(Site(), "triton", t_ms)
    triton.count("nv_inference_request_success", np.full(1441, 5.0), model="m")
    triton.count("nv_inference_request_duration_us", np.full(1441, 5 * 9e5), model="m")
    only = Catalogue(tuple(m for m in CATALOGUE.metrics if m.id == "ai.inference.time"))
    with filled(tmp_path, SMALL, Day(gaps=((-1, 25),))) as store:
        store.load([triton.block(np.ones(1441, bool))])
        report = build_daily(source(store), only, DAY, SEOUL, END)
    (row,) = table(report, "objectives").rows
    assert (row[2], row[3]) == (None, None)
    assert "reports.objective.mean_only" in keys(row)
    assert "reports.mean_only" in keys(table(report, "metrics-ai"))
    assert report.state is State.UNKNOWN


def test_samples_without_a_record_of_scrapes_are_measured_by_their_steps(tmp_path: Path) -> None:
    t_ms = start_of_day(DAY, SEOUL) + 60_000 * np.arange(1, 1441, dtype=np.int64)
    node = Samples(Site(), "node", t_ms)
    node.put("node_memory_MemTotal_bytes", 4e9)
    node.put("node_memory_MemAvailable_bytes", 2e9)
    with filled(tmp_path, SMALL, Day(gaps=((-1, 25),))) as store:
        store.load([node.block(np.arange(1440) < 720)])
        report = build_daily(source(store), FEW, DAY, SEOUL, END)
    arguments = dict(of(Phrase, the(VerdictBox, report).details[0]).values)
    assert of(Share, arguments["share"]).value == pytest.approx(724 / 1440)
    assert "reports.finding.incomplete" in keys(the(Findings, report))
    assert "reports.finding.gap" not in keys(the(Findings, report))


class WithoutWholeDays:
    """A server that answers no question over a whole day but that for `up`."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner

    def instant(self, expr: str, t_ms: int) -> QueryResult:
        if "up[" not in expr:
            raise QueryError.execution("query processing would load too many samples")
        return self._inner.instant(expr, t_ms)

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)


def test_a_figure_that_cannot_be_had_is_left_out_and_not_made_up(tmp_path: Path) -> None:
    wanted = {"system.memory.oom", "app.response_time", "system.memory.utilization"}
    some = Catalogue(tuple(m for m in CATALOGUE.metrics if m.id in wanted))
    days = (Day(DAY - timedelta(days=7)), Day())
    with filled(tmp_path, SERVICE, *days) as store:
        asked = WithoutWholeDays(source(store))
        report = build_daily(asked, some, DAY, SEOUL, END)  # type: ignore[arg-type]
    assert all(f.step_ms or f.expr.startswith("up[") for f in find_figures(report.blocks))
    assert "reports.chart.caption.plain" in keys(report.blocks)
    (row,) = table(report, "objectives").rows
    assert "reports.objective.no_figure" in keys(row)


def test_infinity_is_written_in_json_as_prometheus_writes_it(quiet: Report) -> None:
    notes = tuple(Note(Quantity(value, "seconds")) for value in (math.inf, -math.inf, math.nan))
    blocks = orjson.loads(to_json(replace(quiet, blocks=notes)))["blocks"]
    assert [block["text"]["value"] for block in blocks] == ["+Inf", "-Inf", None]


def test_a_metric_at_zero_is_not_near_its_threshold(tmp_path: Path) -> None:
    t_ms = start_of_day(DAY, SEOUL) + 60_000 * np.arange(1, 1441, dtype=np.int64)
    node = Samples(Site(), "node", t_ms)
    node.put("node_memory_MemTotal_bytes", 4e9)
    node.put("node_memory_MemAvailable_bytes", 4e9)
    node.put("up", 1.0)
    with filled(tmp_path, SMALL, Day(gaps=((-1, 25),))) as store:
        store.load([node.block(np.ones(1440, bool))])
        report = build_daily(source(store), FEW, DAY, SEOUL, END)
    (finding,) = the(Findings, report).items
    assert of(Phrase, finding.text).key == "reports.finding.nearest.above"


@pytest.mark.parametrize(("wrong", "inconclusive"), [(0.0, False), (0.012, True)])
def test_an_accuracy_of_few_cases_is_called_unsure_near_its_line(
    tmp_path: Path, wrong: float, inconclusive: bool
) -> None:
    accuracy = load().get("ai.model.accuracy")
    assert accuracy is not None
    site = Site(gpus=1, api=True)
    few = Day(troubles=(Trouble("accuracy", 0, 24, wrong),))
    report = built(tmp_path, site, few, catalogue=Catalogue((accuracy,)))
    assert ("reports.finding.doubt" in keys(the(Findings, report))) is inconclusive
    assert "reports.finding.nearest.below" in keys(the(Findings, report))


def test_a_moment_of_data_is_told_by_its_share_alone(tmp_path: Path) -> None:
    report = built(tmp_path, Site(interval_s=15), Day(gaps=((-1, 12), (12.006, 25))))
    verdict = the(VerdictBox, report)
    assert of(Phrase, verdict.text).key == "reports.verdict.little.brief"
    assert "reports.verdict.part.brief" in keys(verdict)
