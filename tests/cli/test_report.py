"""`jipyo report`: reports of days and other periods as files."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jipyo.cli.report.commands import OutputChoices
from jipyo.cli.report.periods import complete_period, read_range
from jipyo.i18n import LANGS, Lang
from jipyo.model.calendar import PeriodKind
from jipyo.reports.data import find_window
from jipyo.reports.render import FORMATS
from jipyo.reports.site_template import SiteTemplate
from jipyo.reports.site_template_file import read_site_template
from support.clock import find_recent_day
from support.product import jipyo


@pytest.mark.parametrize("lang", LANGS)
def test_the_report_is_written_to_the_folder(data: Path, tmp_path: Path, lang: Lang) -> None:
    result = jipyo("report", "daily", "--data", str(data), "--out", str(tmp_path), "--lang", lang)
    assert result.code == 0, result.err
    file = Path(result.out.strip())
    assert file.parent == tmp_path
    assert f'<html lang="{lang}"' in file.read_text("utf-8")


def test_a_day_can_be_chosen(data: Path, tmp_path: Path) -> None:
    day = find_recent_day(timedelta(minutes=5))
    words = ("--data", str(data), "--out", str(tmp_path), "--day", day)
    result = jipyo("report", "daily", *words)
    assert result.code == 0, result.err
    assert day in result.out


def test_a_day_that_has_not_begun_is_refused(data: Path, tmp_path: Path) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), "--day", "2999-01-01")
    assert jipyo("report", "daily", *words).code == 1
    assert list(tmp_path.iterdir()) == []


NAMES = {
    "daily": ("day", "2026-11-21", "2026-02-30"),
    "weekly": ("week", "2026-W47", "2026-W54"),
    "monthly": ("month", "2026-10", "2026-13"),
    "quarterly": ("quarter", "2026-Q3", "2026-Q5"),
    "yearly": ("year", "2026", "26"),
}


@pytest.mark.parametrize("command", NAMES)
@pytest.mark.parametrize("lang", LANGS)
def test_what_is_no_period_is_wrong_usage_and_says_how_to_write_one(
    data: Path, command: str, lang: Lang
) -> None:
    option, right, wrong = NAMES[command]
    for text in (wrong, "", "yesterday"):
        words = ("--data", str(data), f"--{option}", text, "--lang", lang)
        result = jipyo("report", command, *words)
        assert result.code == 2
        assert right in result.err


@pytest.mark.parametrize(("command", "name"), [("weekly", "9999-W01"), ("yearly", "9998")])
def test_a_period_that_has_not_begun_is_refused(
    data: Path, tmp_path: Path, command: str, name: str
) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), f"--{NAMES[command][0]}", name)
    result = jipyo("report", command, *words, "--lang", "en")
    assert (result.code, list(tmp_path.iterdir())) == (1, [])
    assert f"{name}: it has not begun" in result.err


@pytest.mark.parametrize("start", ["tomorrow", "2026-11-31"])
def test_a_range_is_of_times(data: Path, start: str) -> None:
    result = jipyo("report", "range", "--data", str(data), "--from", start)
    assert result.code == 2
    assert start in result.err


def test_a_range_that_ends_before_it_begins_is_wrong_usage(data: Path) -> None:
    words = ("--data", str(data), "--from", "2026-10-02", "--to", "2026-10-01", "--lang", "en")
    result = jipyo("report", "range", *words)
    assert (result.code, "ends before it begins" in result.err) == (2, True)


def test_the_last_day_of_a_range_is_part_of_it(data: Path, tmp_path: Path) -> None:
    day = find_recent_day(timedelta(minutes=5))
    words = ("--data", str(data), "--out", str(tmp_path), "--from", day, "--to", day)
    result = jipyo("report", "range", *words, "--format", "html")
    assert result.code == 0, result.err
    assert f"jipyo-range-{day}_{day}" in result.out


def test_a_range_begins_with_a_whole_minute() -> None:
    zone, now_ms = ZoneInfo("Asia/Seoul"), 1_793_501_842_345
    period = read_range("-2d", None, zone, now_ms)
    assert (period.start_ms, period.end_ms) == (1_793_329_020_000, now_ms)
    days = find_window(period, now_ms).days
    assert [day.duration_ms % 60_000 for day in days] == [0, 0, 0]


def test_a_period_without_samples_is_reported_with_a_warning(data: Path, tmp_path: Path) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), "--day", "2020-01-01", "--lang", "en")
    result = jipyo("report", "daily", *words)
    assert result.code == 0, result.err
    assert Path(result.out.strip()).is_file()
    assert "no samples of this period" in result.err


def test_several_formats_are_written_at_once(data: Path, tmp_path: Path) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), "--format", "xlsx", "--format", "html")
    result = jipyo("report", "daily", *words, "--format", "xlsx")
    assert result.code == 0, result.err
    assert [Path(line).suffix for line in result.out.splitlines()] == [".xlsx", ".html"]


def test_all_formats_can_be_asked_for_in_a_word() -> None:
    choices = OutputChoices(out=None, formats=("all", "pdf"), details=False, queries=None)
    assert choices.list_formats() == tuple(FORMATS)


def test_a_format_that_there_is_not_is_wrong_usage(data: Path) -> None:
    result = jipyo("report", "daily", "--data", str(data), "--format", "doc")
    assert result.code == 2
    assert "hwpx" in result.err


@pytest.mark.parametrize("kind", [kind for kind in PeriodKind if kind is not PeriodKind.RANGE])
def test_a_shell_completes_the_last_periods(kind: PeriodKind) -> None:
    names = complete_period(kind, "")
    assert names == sorted(names, reverse=True)
    assert complete_period(kind, names[3][:-1])[-1] in names
    assert complete_period(kind, "1999") == []


@pytest.mark.parametrize("lang", LANGS)
def test_the_queries_of_a_report_are_shown_with_their_cost(
    data: Path, tmp_path: Path, lang: Lang
) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), "--lang", lang, "--explain")
    result = jipyo("report", "daily", *words)
    assert result.code == 0, result.err
    file, heading, *rows, total = result.out.splitlines()
    assert Path(file).is_file()
    assert "PromQL" in heading
    assert any("system.memory.utilization" in row and "MemAvailable" in row for row in rows)
    assert str(len(rows)) in total


def test_the_queries_of_a_report_can_be_had_as_json(data: Path, tmp_path: Path) -> None:
    result = jipyo("report", "daily", "--data", str(data), "--out", str(tmp_path), "--json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert [Path(file).is_file() for file in answer["files"]] == [True]
    queries, total = answer["queries"], answer["total"]
    assert total["queries"] == len(queries)
    assert total["points"] == sum(query["points"] for query in queries)
    (memory,) = (
        query
        for query in queries
        if query["metric"] == "system.memory.utilization"
        and query["kind"] == "range"
        and "instance=" not in query["expr"]
        and query["points"]
    )
    assert memory["exporter"] == "node_exporter"
    assert memory["series"] == 1
    assert memory["seconds"] > 0
    assert {"inventory", "completeness", "outages"} <= {query["metric"] for query in queries}


@pytest.mark.parametrize("lang", LANGS)
def test_a_template_is_written_once_and_changes_nothing(tmp_path: Path, lang: Lang) -> None:
    file = tmp_path / "look.yaml"
    first = jipyo("report", "template", str(file), "--lang", lang)
    assert first.out.strip() == str(file)
    assert read_site_template(file) == SiteTemplate()
    file.write_text("version: 1\n", "utf-8")
    second = jipyo("report", "template", str(file), "--lang", lang)
    assert (second.code, file.read_text("utf-8")) == (0, "version: 1\n")
    assert second.err


def test_a_work_log_begins_with_what_was_planned(tmp_path: Path) -> None:
    def write(month: str) -> Path:
        result = jipyo("report", "worklog", month, "--data", str(tmp_path))
        return Path(result.out.strip())

    january = write("2027-01")
    assert january == tmp_path / "work" / "2027-01.yaml"
    january.write_text("plan: [{title: a new disk}]", "utf-8")
    assert "a new disk" in write("2027-02").read_text("utf-8")
    assert "a new disk" not in write("2027-03").read_text("utf-8")


def test_a_work_log_is_of_a_month(tmp_path: Path) -> None:
    result = jipyo("report", "worklog", "2027-13", "--data", str(tmp_path), "--lang", "en")
    assert (result.code, result.err.splitlines()[0]) == (
        2,
        "2027-13 is not a month. Write it like 2026-10.",
    )
