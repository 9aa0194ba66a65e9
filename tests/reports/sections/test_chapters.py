"""What all chapters keep: findings quote their tables, for every period and shape of data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS
from jipyo.reports.document import Chart, Charts, Heading, Note
from jipyo.reports.outline import AI, DATABASE, FORECASTS, SERVICE, SYSTEM, list_sections
from jipyo.reports.wording import Localizer
from reports.chapter_data import Month, build_entry, build_inputs
from reports.chapter_months import MONTH, PERIODS
from reports.quoting import check_section, find_findings, find_tables, list_leaves, write_finding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.sample import Values
    from jipyo.reports.document import Block
    from jipyo.reports.inputs import ReportInputs

SECTIONS = {one.id: one.build for one in list_sections((SYSTEM, SERVICE, AI, DATABASE, FORECASTS))}
METRICS = (
    *("system.cpu.utilization", "system.memory.utilization", "system.disk.utilization"),
    *("system.gpu.utilization", "system.gpu.memory.utilization", "system.gpu.temperature"),
    *("system.gpu.power", "system.network.transmit", "system.network.receive"),
    *("app.response_time", "app.response_time.within_objective", "app.throughput"),
    *("app.error_rate", "app.sessions.active", "app.sessions.started", "ai.model.accuracy"),
    *("ai.inference.time", "ai.inference.first_token", "ai.queue.length", "db.query.time"),
    *("db.connections", "db.cache_hit_ratio"),
)


def build_sections(inputs: ReportInputs) -> dict[str, list[Block]]:
    return {name: list(build(inputs)) for name, build in SECTIONS.items()}


@pytest.mark.parametrize("name", PERIODS)
def test_every_section_works_for_every_period(name: str) -> None:
    month = PERIODS[name]
    entries = [
        build_entry(month, one, month.rhythm(20, 66, 2), month.rhythm(18, 60, 2, seed=2))
        for one in METRICS
    ]
    sections = build_sections(build_inputs(month, *entries))
    for blocks in sections.values():
        check_section(blocks, month.period)
    findings = {name for name, blocks in sections.items() if find_findings(blocks)}
    wanted = {"system", "gpu", "network", "response", "errors", "sessions", "accuracy"}
    assert findings >= wanted | {"inference", "database"}


def shape(month: Month, kind: str, seed: int) -> Values:  # noqa: PLR0911 - a case a kind
    """Values of some kind, of any size."""
    random = np.random.default_rng(seed)
    size = month.window.steps
    match kind:
        case "constant":
            return np.full(size, float(random.choice([0.0, 1.0, 85.0, 100.0])))
        case "gaps":
            return np.where(random.random(size) < 0.4, np.nan, random.normal(60, 20, size))
        case "one":
            return np.where(np.arange(size) == random.integers(size), 99.0, np.nan)
        case "nothing":
            return np.full(size, np.nan)
        case "huge":
            return random.random(size) * 1e14
        case "tiny":
            return random.random(size) * 1e-12
        case "step":
            return np.where(np.arange(size) < size // 3, 20.0, 90.0) + random.normal(0, 1, size)
        case _:
            return month.line(10, 99) + random.normal(0, 1, size)


KINDS = st.sampled_from(["constant", "gaps", "one", "nothing", "huge", "tiny", "step", "rising"])


@settings(max_examples=30, deadline=None)
@given(
    name=st.sampled_from(["day", "week", "month"]),
    metrics=st.lists(st.sampled_from(METRICS), min_size=1, max_size=3, unique=True),
    kinds=st.lists(KINDS, min_size=1, max_size=9),
    has_before=st.booleans(),
    seed=st.integers(0, 99),
)
def test_whatever_the_data_findings_quote_their_tables(
    name: str, metrics: list[str], kinds: list[str], has_before: bool, seed: int
) -> None:
    month = PERIODS[name]

    def shapes(first: int) -> Mapping[str, Values]:
        return {f"node-{at}": shape(month, kind, first + at) for at, kind in enumerate(kinds)}

    before = shapes(seed + 50) if has_before else None
    entries = [build_entry(month, one, shapes(seed), before) for one in metrics]
    for blocks in build_sections(build_inputs(month, *entries)).values():
        check_section(blocks, month.period)


def test_a_section_without_data_says_what_is_not_collected_in_one_note() -> None:
    for name, blocks in build_sections(build_inputs(MONTH)).items():
        notes = [block for block in blocks if isinstance(block, Note)]
        if name in {"rhythm", "capacity", "efficiency"}:
            assert blocks == []
            continue
        assert [type(block) for block in blocks] == [Heading, Note], name
        assert notes[0].state is State.UNKNOWN


def test_what_is_missing_is_named_with_what_collects_it() -> None:
    entries = [build_entry(MONTH, "system.cpu.utilization", MONTH.rhythm(10, 60))]
    blocks = list(list_leaves(SECTIONS["system"](build_inputs(MONTH, *entries))))
    localizer = Localizer.for_period(MONTH.period, "ko")
    notes = [localizer.format(block.text) for block in blocks if isinstance(block, Note)]
    assert len(notes) == 1
    assert "메모리 사용률, 디스크 사용률" in notes[0]
    assert "node_exporter" in notes[0]


def test_forty_hosts_have_the_worst_by_name_and_the_rest_counted() -> None:
    hosts = {f"node-{at:02}": MONTH.rhythm(10, 30 + at, seed=at) for at in range(40)}
    hosts["node-07"] = MONTH.with_outage(hosts["node-07"], 99.0)
    entry = build_entry(MONTH, "system.cpu.utilization", hosts)
    blocks = SECTIONS["system"](build_inputs(MONTH, entry))
    leaves = list(list_leaves(blocks))
    localizer = Localizer.for_period(MONTH.period, "ko")
    rows = [localizer.format(row[0]) for row in find_tables(leaves)[0].rows]
    assert rows[0] == "CPU 전체 사용률 node-07"
    assert len(rows) == 5
    assert "36개" in rows[-1]
    assert "node-07" in write_finding(find_findings(leaves)[0], localizer)
    chart = next(block for block in leaves if isinstance(block, Charts)).items[0]
    assert isinstance(chart, Chart)
    assert len(chart.lines) == 6
    assert chart.others_count == 34


def test_a_breach_has_its_threshold_time_and_peak() -> None:
    values = MONTH.with_outage(MONTH.rhythm(10, 60), 91.2, minutes=35)
    entry = build_entry(MONTH, "system.cpu.utilization", values, MONTH.rhythm(10, 58))
    blocks = list(SECTIONS["system"](build_inputs(MONTH, entry)))
    finding = find_findings(blocks)[0]
    assert finding.state is State.CRITICAL
    texts = {
        lang: write_finding(finding, Localizer.for_period(MONTH.period, lang)) for lang in LANGS
    }
    assert texts["ko"].startswith("CPU 전체 사용률이 10. 14. 14:00부터 임계치를 초과했습니다.")
    assert "위험 임계치 85% 이상이었던 시간은 35분" in texts["ko"]
    assert "91.2%" in texts["ko"]
    assert "35 min at or above the critical threshold of 85%" in texts["en"]
    assert "+0.7 pp against last month (mean 25.3%)" in texts["en"]


def test_a_rise_has_its_trend_and_a_jump_by_its_day() -> None:
    random = np.random.default_rng(3)
    noise = random.normal(0, 0.3, MONTH.window.steps)
    rising = build_entry(MONTH, "system.disk.utilization", MONTH.line(50, 62) + noise)
    jump = MONTH.rhythm(20, 30, 1) + np.where(np.arange(MONTH.window.steps) < 18 * 288, 0, 20)
    jumped = build_entry(MONTH, "system.memory.utilization", jump)
    texts = {}
    for name, entry in (("rising", rising), ("jumped", jumped)):
        finding = find_findings(SECTIONS["system"](build_inputs(MONTH, entry)))[0]
        texts[name] = write_finding(finding, Localizer.for_period(MONTH.period, "en"))
    assert "rises by" in texts["rising"]
    assert "changed its level on Mon 19 Oct" in texts["jumped"]
