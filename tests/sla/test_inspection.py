"""The inspection sheet against real stores: results, evidence, faults that are put in."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo import catalogue as catalogues
from jipyo.analysis.thresholds import State
from jipyo.model.plain import to_plain
from jipyo.sla.inspection import CheckReason, InspectionCell, InspectionSheet, decide, inspect_month
from jipyo.sla.inspection_items import (
    AbnormalFrom,
    InspectionCycle,
    InspectionEntry,
    InspectionItems,
    InspectionResult,
    ManualItem,
    ManualResult,
    load_items,
)
from jipyo.sla.recomputation import find_differences
from sla.months import HOUR_MS, Change, Month, eventful, month_of, source_of, store_month

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.model.labels import Labels

CATALOGUE = catalogues.load()
MEASURED = (
    "memory",
    "disk",
    "gpu",
    "first_page",
    "first_page_time",
    "database",
    "certificate",
    "domain",
    "backup",
    "clock",
)
GAUGES = {
    "memory": "node_memory_MemAvailable_bytes",
    "disk": "node_filesystem_size_bytes",
    "gpu": "DCGM_FI_DEV_GPU_TEMP",
    "first_page": "probe_success",
    "first_page_time": "probe_duration_seconds",
    "database": "pg_up",
    "certificate": "probe_ssl_earliest_cert_expiry",
    "domain": "domain_expiry_days",
    "backup": "jipyo_backup_last_success_timestamp_seconds",
    "clock": "node_timex_sync_status",
}
JANUARY = month_of("2027-01-01")


def only(*names: str) -> InspectionItems:
    items = load_items(None, CATALOGUE)
    return replace(items, items=tuple(i for i in items.items if i.id in names), manual=())


def inspect(folder: Path, month: Month, items: InspectionItems, **options: Any) -> InspectionSheet:
    store = store_month(folder, month)
    try:
        now_ms = options.pop("now_ms", month.period.end_ms)
        return inspect_month(source_of(store), CATALOGUE, items, month.period, now_ms, **options)
    finally:
        store.close()


def draw(sheet: InspectionSheet, item: str) -> str:
    signs = {
        InspectionResult.NORMAL: "o",
        InspectionResult.ABNORMAL: "x",
        InspectionResult.NOT_INSPECTED: "-",
    }
    (row,) = (row for row in sheet.rows if row.item.id == item)
    return "".join(
        " " if cell is None else "^" if cell.marked else signs[cell.result] for cell in row.cells
    )


def cell_of(sheet: InspectionSheet, item: str, day: int) -> InspectionCell:
    (row,) = (row for row in sheet.rows if row.item.id == item)
    cell = row.cells[day - 1]
    assert cell is not None
    return cell


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> InspectionSheet:
    return inspect(tmp_path_factory.mktemp("month"), eventful(JANUARY), only(*MEASURED))


@pytest.mark.parametrize(
    ("item", "days"),
    [
        ("memory", "oooooooo-ooooxooooooo^ooooooooo"),  # one of two hosts was silent on the 9th
        ("disk", "ooooooooooooooooooooo^^^^^^^^^^"),
        ("gpu", "ooooooooooooooo^ooooooooooooooo"),
        ("first_page", "oooooooooooooxooooooooooooooooo"),
        ("first_page_time", "oooooooooooooxoooooooooooo^oooo"),
        ("database", "ooooooooooooooooooooooooooooooo"),
        ("certificate", "oooooooooooooooooooooooooo^^^^^"),
        ("domain", "ooooooooooooooooooooooooooooooo"),
        ("backup", "ooooooooooooooooooo-oooxooooooo"),
        ("clock", "oooooooo-oooooooxoooooooooooooo"),  # abnormal from a warning on
    ],
)
def test_a_day_is_normal_marked_abnormal_or_not_inspected(
    sheet: InspectionSheet, item: str, days: str
) -> None:
    assert draw(sheet, item) == days


def test_the_counts_of_a_sheet_add_up(sheet: InspectionSheet) -> None:
    assert sheet.due == 310
    counts = [sheet.count(result) for result in InspectionResult]
    assert (sum(counts), counts, sheet.marked) == (310, [302, 5, 3], 18)
    assert sheet.state is State.CRITICAL
    (backup,) = (row for row in sheet.rows if row.item.id == "backup")
    assert backup.done == pytest.approx(30 / 31)


def test_a_cell_has_the_query_the_samples_and_the_value_behind_it(sheet: InspectionSheet) -> None:
    check = cell_of(sheet, "memory", 14).deciding
    assert check is not None
    assert check.decided_by is not None
    assert check.queries[0][0] == "node_exporter"
    assert (check.samples, check.expected, check.coverage) == (2880, 2880, 1.0)
    assert (check.decided_by.name, round(check.decided_by.value, 6)) == ("ai-node-2", 94.0)
    hour = (check.decided_by.t_ms - check.start_ms) / HOUR_MS
    assert 14 <= hour < 14.7
    assert 35 * 60_000 <= check.decided_by.lasted_ms <= 50 * 60_000


def test_a_silent_host_is_named(sheet: InspectionSheet) -> None:
    check = cell_of(sheet, "memory", 9).deciding
    assert check is not None
    assert (check.reason, check.missing) == (CheckReason.SERIES_MISSING, ("ai-node-2",))
    assert check.coverage < 0.75


def test_two_hundred_dropped_days_are_exactly_two_hundred_not_inspected(tmp_path: Path) -> None:
    chosen = random.Random(17).sample([(item, day) for item in MEASURED for day in range(31)], 200)
    month = Month(JANUARY).without(*((GAUGES[item], day) for item, day in chosen))
    sheet = inspect(tmp_path, month, only(*MEASURED))
    found = {
        (row.item.id, day)
        for row in sheet.rows
        for day, cell in enumerate(row.cells)
        if cell is not None and cell.result is InspectionResult.NOT_INSPECTED
    }
    assert found == set(chosen)


def leaves(value: Any, path: str = "") -> Iterator[tuple[Any, Any]]:
    """Where a tree has its scalars: the container, and the key in it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        if isinstance(inner, dict | list):
            yield from leaves(inner)
        elif key != "type":
            yield value, key


def test_two_hundred_changed_fields_of_a_sheet_are_found(sheet: InspectionSheet) -> None:
    issued: Any = to_plain(sheet)
    changed: list[object] = []
    for container, key in random.Random(3).sample(list(leaves(issued)), 200):
        before = container[key]
        container[key] = "?" if isinstance(before, str | None) else before + 1
        changed.append((container[key], before))
    found = find_differences(issued, to_plain(sheet))
    assert sorted(map(repr, changed)) == sorted(repr((d.issued, d.recomputed)) for d in found)


def test_every_changed_sample_is_found_though_no_result_changes(tmp_path: Path) -> None:
    items = only("memory", "first_page_time", "domain", "gpu")
    month = Month(JANUARY)
    issued = inspect(tmp_path / "issued", month, items)
    chosen = random.Random(5).sample(
        [(item.id, day) for item in items.items for day in range(1, 32)], 100
    )
    values = {"memory": 2.0**30 * 130, "first_page_time": 0.3, "domain": 190.5, "gpu": 50.25}
    changes = tuple(
        Change(GAUGES[item], date(2027, 1, day), values[item], (5.0, 5.08)) for item, day in chosen
    )
    again = inspect(tmp_path / "again", replace(month, changes=changes), items)
    assert [draw(again, item.id) for item in items.items] == [
        draw(issued, item.id) for item in items.items
    ]
    paths = [one.path for one in find_differences(to_plain(issued), to_plain(again))]
    for item, day in chosen:
        at = f"rows[{item}].cells[2027-01-{day:02}].checks"
        assert any(path.startswith(at) and path.endswith("digest") for path in paths), at
    cells = {path.split(".checks")[0] for path in paths}
    assert len(cells) == len(chosen)


def test_a_changed_threshold_is_found_in_every_cell(tmp_path: Path) -> None:
    store = store_month(tmp_path, Month(JANUARY))
    changed = catalogues.load({"system.memory.utilization": {"thresholds": {"for": "6m"}}})
    before, after = (
        to_plain(inspect_month(source_of(store), one, only("memory"), JANUARY, JANUARY.end_ms))
        for one in (CATALOGUE, changed)
    )
    store.close()
    paths = [one.path for one in find_differences(before, after)]
    assert sum(path.endswith("thresholds.for_ms") for path in paths) == 31


def test_changed_rules_of_the_sheet_are_found(tmp_path: Path) -> None:
    store = store_month(tmp_path, Month(JANUARY))
    items = only("memory", "clock")
    memory, clock = items.items
    before = inspect_month(source_of(store), CATALOGUE, items, JANUARY, JANUARY.end_ms)
    for changed, path in (
        (replace(items, coverage=90.0), "coverage"),
        (
            replace(items, items=(replace(memory, coverage=50.0), clock)),
            "rows[memory].item.coverage",
        ),
        (
            replace(items, items=(memory, replace(clock, abnormal_from=AbnormalFrom.CRITICAL))),
            "rows[clock].item.abnormal_from",
        ),
    ):
        after = inspect_month(source_of(store), CATALOGUE, changed, JANUARY, JANUARY.end_ms)
        found = list(find_differences(to_plain(before), to_plain(after)))
        assert [one.path for one in found] == [path]
    store.close()


def judge_plainly(t_ms: list[int], values: list[float], day: tuple[int, int]) -> InspectionResult:
    """Minute by minute: the newest value of the last five minutes, critical from 90 for 5 min."""
    began: int | None = None
    seen, abnormal = 0, False
    start, end = day
    for at in range(start - 10 * 60_000, end + 1, 60_000):
        recent = [v for t, v in zip(t_ms, values, strict=True) if at - 300_000 < t <= at]
        seen += bool(recent) and at > start
        if not recent or recent[-1] < 90:
            began = None
        elif began is None:
            began = at
        abnormal |= at > start and began is not None and at - began >= 300_000
    if abnormal:
        return InspectionResult.ABNORMAL
    return (
        InspectionResult.NORMAL
        if seen >= 0.95 * (end - start) / 60_000
        else InspectionResult.NOT_INSPECTED
    )


def test_results_equal_those_of_a_plain_loop_over_the_samples(tmp_path: Path) -> None:
    draws = random.Random(29)
    changes = []
    for day in range(1, 32):
        first = draws.uniform(-0.2, 23)
        length = draws.choice([0.05, 0.1, 0.2, 1.15, 1.45, 3.0])
        value = draws.choice([None, 80.0, 90.0, 95.0])
        share = None if value is None else 256 * 2.0**30 * (1 - value / 100)
        hours = (first, first + length)
        changes.append(Change(GAUGES["memory"], date(2027, 1, day), share, hours))
    month = Month(JANUARY, changes=tuple(changes))
    sheet = inspect(tmp_path, month, only("memory"))
    block = next(b for b in month.blocks() if b.series[0].metric == GAUGES["memory"])
    used = 100 * (1 - block.values[0] / (256 * 2.0**30))
    results = set()
    for number, local_day in enumerate(JANUARY.days(), 1):
        start_ms, end_ms = local_day.start_ms, local_day.end_ms
        near = (block.t_ms > start_ms - 1_000_000) & (block.t_ms <= end_ms)
        expected = judge_plainly(block.t_ms[near].tolist(), used[near].tolist(), (start_ms, end_ms))
        assert cell_of(sheet, "memory", number).result is expected, number
        results.add(expected)
    assert results == set(InspectionResult)


@pytest.mark.parametrize(
    ("month", "zone", "day", "minutes"),
    [
        ("2027-03-01", "America/New_York", 14, 23 * 60),
        ("2026-11-01", "America/New_York", 1, 25 * 60),
        ("2027-04-01", "Australia/Lord_Howe", 4, 24 * 60 + 30),
    ],
)
def test_a_day_on_which_clocks_move_is_inspected_for_as_long_as_it_lasts(
    tmp_path: Path, month: str, zone: str, day: int, minutes: int
) -> None:
    period = month_of(month, ZoneInfo(zone))
    sheet = inspect(tmp_path, Month(period), only("domain"))
    (check,) = cell_of(sheet, "domain", day).checks
    assert (check.expected, check.samples) == (minutes, minutes)
    assert set(draw(sheet, "domain")) == {"o"}


def test_days_that_are_not_over_and_days_before_the_sheet_have_no_cell(tmp_path: Path) -> None:
    noon = next(day for day in JANUARY.days() if day.first_day.day == 20).start_ms + 12 * HOUR_MS
    manual = (ManualItem(id="walk", name=_bilingual("순회", "Walk"), cycle=InspectionCycle.DAILY),)
    items = replace(only("domain"), manual=manual)
    sheet = inspect(tmp_path, Month(JANUARY), items, now_ms=noon, since=date(2027, 1, 11))
    assert draw(sheet, "domain") == " " * 10 + "o" * 9 + " " * 12
    assert draw(sheet, "walk") == " " * 10 + "-" * 9 + " " * 12
    assert sheet.due == 18


def _bilingual(ko: str, en: str) -> Any:
    return catalogues.Bilingual(ko, en)


def test_people_fill_the_days_of_a_daily_item_and_note_what_they_did(tmp_path: Path) -> None:
    manual = (
        ManualItem(id="walk", name=_bilingual("순회", "Walk"), cycle=InspectionCycle.DAILY),
        ManualItem(id="restore", name=_bilingual("복원", "Restore")),
    )
    entries = tuple(
        InspectionEntry(item=item, day=date(2027, 1, day), by="박준호", result=result, note=note)
        for item, day, result, note in (
            ("walk", 4, ManualResult.NORMAL, ""),
            ("walk", 5, ManualResult.ABNORMAL, "항온항습기 경보"),
            ("walk", 6, ManualResult.NOT_APPLICABLE, ""),
            ("restore", 12, ManualResult.NORMAL, "42초"),
            ("domain", 9, None, "갱신 신청"),
        )
    )
    items = replace(only("domain"), manual=manual)
    sheet = inspect(tmp_path, Month(JANUARY), items, entries=entries)
    assert draw(sheet, "walk") == "---ox " + "-" * 25
    assert cell_of(sheet, "domain", 9).entries[0].note == "갱신 신청"
    assert [(item.id, len(own)) for item, own in sheet.manual] == [("restore", 1)]


def test_a_new_host_counts_from_its_first_value_and_a_removed_one_no_longer(
    tmp_path: Path,
) -> None:
    about = (("instance", "ai-node-2"),)
    gone = tuple(
        Change(name, date(2027, 1, day), None, labels=about)
        for name in (GAUGES["memory"], "node_memory_MemTotal_bytes")
        for day in (*range(1, 11), *range(20, 32))
    ) + tuple(
        Change(name, date(2026, 12, day), None, labels=about)
        for name in (GAUGES["memory"], "node_memory_MemTotal_bytes")
        for day in (30, 31)
    )
    month = Month(JANUARY, hosts=("ai-node-1", "ai-node-2"), changes=gone)
    store = store_month(tmp_path, month)
    removed = catalogues.load(removed=({"instance": "ai-node-2"},))
    drawn = [
        draw(
            inspect_month(source_of(store), one, only("memory"), JANUARY, JANUARY.end_ms),
            "memory",
        )
        for one in (CATALOGUE, removed)
    ]
    store.close()
    assert drawn == ["o" * 19 + "-" * 12, "o" * 31]


def test_only_series_of_the_system_count(tmp_path: Path) -> None:
    def accepts(labels: Labels) -> bool:
        return labels.get("instance") in ("ai-node-1", None)

    sheet = inspect(tmp_path, eventful(JANUARY), only("memory"), accepts=accepts)
    assert draw(sheet, "memory") == "o" * 31


def test_an_optional_item_without_any_data_is_left_out_and_named(tmp_path: Path) -> None:
    month = Month(JANUARY, hosts=())
    sheet = inspect(tmp_path, month, only("gpu", "memory", "domain"))
    assert [item.id for item in sheet.omitted] == ["gpu"]
    assert draw(sheet, "memory") == "-" * 31


def test_a_metric_that_the_catalogue_lacks_is_not_inspected(tmp_path: Path) -> None:
    smaller = catalogues.load({"app.probe.domain": None})
    store = store_month(tmp_path, Month(JANUARY))
    sheet = inspect_month(source_of(store), smaller, only("domain"), JANUARY, JANUARY.end_ms)
    store.close()
    assert not sheet.rows  # optional, and nothing can be known of it
    required = replace(only("domain").items[0], optional=False)
    assert decide(required, ()) == (InspectionResult.NORMAL, False)
