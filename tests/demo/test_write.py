"""The made-up month: the same every time, whole, and in every metric of the catalogue."""

from __future__ import annotations

import hashlib
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jipyo.catalogue import load
from jipyo.demo import write_month
from jipyo.demo.day import DAY_MS, Counters, make_day
from jipyo.demo.story import plan_story
from jipyo.demo.write import make_blocks
from jipyo.model.calendar import PeriodKind, parse_month, period_containing
from jipyo.model.sample import is_stale
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.metric_data import read_metric
from jipyo.tsdb import Reader

SEOUL = ZoneInfo("Asia/Seoul")
MONTH = parse_month("2026-10", SEOUL)
STORY = plan_story(MONTH)
WITHOUT_DATA = {
    *("system.gpu.failed", "system.gpu.xid"),  # NPUs, and faults that do not happen
    *("system.outlook.days_to_critical", "system.outlook.unusual_metrics"),  # jipyo's own
    "db.query.slow",  # MySQL
}


def make_samples(number: int, seed: int = 7, counters: Counters | None = None) -> dict:
    blocks = make_blocks(STORY, seed, number, {} if counters is None else counters)
    return {
        series: (block.t_ms, row)
        for block in blocks
        for series, row in zip(block.series, block.values, strict=True)
    }


def digest(samples: dict) -> str:
    told = hashlib.sha256()
    for series in sorted(samples):
        told.update(str(series).encode())
        told.update(b"".join(one.tobytes() for one in samples[series]))
    return told.hexdigest()


def day_of(t_ms: int) -> int:
    return t_ms // DAY_MS


def test_a_seed_gives_the_same_samples_every_time_and_another_seed_others():
    day = day_of(STORY.outage.start_ms)
    assert digest(make_samples(day)) == digest(make_samples(day))
    assert digest(make_samples(day)) != digest(make_samples(day, seed=8))


def test_counters_go_on_from_day_to_day_and_never_fall_but_at_a_restart():
    counters: Counters = {}
    first = day_of(STORY.restart.start_ms) - 1
    days = [make_samples(first + at, counters=counters) for at in range(2)]
    falls = set()
    for series in days[0]:
        counts = series.metric.endswith(("_total", "_count", "_bucket", "_sum"))
        if not counts or series.metric == "pg_stat_activity_count":
            continue
        values = np.r_[days[0][series][1], days[1][series][1]]
        values = values[~is_stale(values)]
        if (np.diff(values) < 0).any():
            falls.add((series["job"], series["instance"]))
    assert falls == {("vllm", "ai-node-1:8001")}


def test_the_gateway_and_the_engines_count_the_same_tokens():
    samples = make_samples(day_of(STORY.month.start_ms) + 5)
    totals = dict.fromkeys(
        ("vllm:generation_tokens_total", "litellm_output_tokens_metric_total"), 0
    )
    for series, (_, values) in samples.items():
        if series.metric in totals:
            totals[series.metric] += values[-1]
    engine, gateway = totals.values()
    assert engine == gateway > 1e6


def test_nothing_has_a_sample_while_nothing_is_collected():
    samples = make_samples(day_of(STORY.uncollected.start_ms))
    start_ms, end_ms = STORY.uncollected.start_ms, STORY.uncollected.end_ms
    for t_ms, _ in samples.values():
        assert not ((t_ms >= start_ms + 15_000) & (t_ms < end_ms)).any()
        assert len(t_ms) > 5000


def test_a_target_that_is_down_ends_its_series_and_says_so():
    samples = make_samples(day_of(STORY.maintenance.start_ms))
    for series, (t_ms, values) in samples.items():
        inside = (t_ms >= STORY.maintenance.start_ms) & (t_ms < STORY.maintenance.end_ms)
        if series["job"] != "portal":
            continue
        if series.metric == "up":
            assert set(values[inside]) == {0.0}
        else:
            assert is_stale(values[inside]).tolist() == [True]


@pytest.mark.parametrize("month", ["2026-02", "2026-03", "2027-12", "2024-02"])
@pytest.mark.parametrize("zone", ["Asia/Seoul", "Europe/Berlin", "America/New_York"])
def test_the_story_fits_into_every_month(month, zone):
    period = parse_month(month, ZoneInfo(zone))
    story = plan_story(period)
    for stretch in (story.outage, story.maintenance, story.uncollected, story.restart, story.hot):
        assert period.start_ms <= stretch.start_ms < stretch.end_ms <= period.end_ms
    assert story.outage.start_ms - story.deployed_ms == 13 * 60_000


def test_days_off_are_quiet_and_nights_too():
    def busy(day: date) -> float:
        period = period_containing(PeriodKind.DAY, day, SEOUL)
        made = make_day(STORY, 7, day_of(period.start_ms + DAY_MS // 2))
        return float(made.load[made.between_hours(9, 18)].mean())

    working = busy(date(2026, 10, 7))
    assert busy(date(2026, 10, 9)) < working / 2  # Hangul day
    assert busy(date(2026, 10, 11)) < working / 2  # a Sunday
    assert make_day(STORY, 7, day_of(MONTH.start_ms) + 6).load.min() < working / 5


def test_every_metric_that_such_a_server_has_has_data(tmp_path):
    catalogue = load()
    day = period_containing(PeriodKind.DAY, date(2026, 10, 1), SEOUL)
    written = write_month(tmp_path, MONTH, days_before=1, until_ms=day.end_ms)
    assert written.samples > 3_000_000
    missing = set()
    with Reader.open(tmp_path) as reader:
        source = Embedded(reader, Engine())
        for metric in catalogue.metrics:
            start_ms = day.end_ms - 6 * 3_600_000
            data = read_metric(source, metric, start_ms, day.end_ms, 3_600_000)
            if not len(data.matrix.series):
                missing.add(metric.id)
    budgets = {one for one in missing if one.startswith("app.error_budget.")}
    assert missing - budgets == WITHOUT_DATA
    topics = {one.topic for one in catalogue.metrics if one.id not in missing}
    assert {one.id for one in catalogue.topics} - topics <= {"system.outlook", "app.error_budget"}
