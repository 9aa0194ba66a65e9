"""Reports as files: named after kind, period and language, whole or not there at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.calendar import PeriodKind, name_period, period_containing
from jipyo.model.errors import ReportError
from jipyo.reports.render import FORMATS, name_file, write_report
from reports.documents import build_report
from reports.render.test_blocks import BLOCKS

REPORT = build_report()
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("kind", "day", "name"),
    [
        (PeriodKind.DAY, date(2026, 11, 21), "2026-11-21"),
        (PeriodKind.WEEK, date(2026, 11, 21), "2026-W47"),
        (PeriodKind.WEEK, date(2027, 1, 1), "2026-W53"),
        (PeriodKind.MONTH, date(2026, 11, 21), "2026-11"),
        (PeriodKind.QUARTER, date(2026, 1, 1), "2026-Q1"),
        (PeriodKind.QUARTER, date(2026, 12, 31), "2026-Q4"),
        (PeriodKind.YEAR, date(2026, 11, 21), "2026"),
        (PeriodKind.RANGE, date(2026, 11, 21), "2026-11-21_2026-11-21"),
    ],
)
def test_a_file_is_named_after_any_kind_of_period(kind: PeriodKind, day: date, name: str) -> None:
    period = period_containing(kind, day, SEOUL)
    file = name_file(replace(REPORT, kind="x", period=period), "ko", FORMATS["html"])
    assert file == f"jipyo-x-{name}.ko.html"


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.sampled_from(PeriodKind))
def test_names_of_periods_sort_by_time(day: date, kind: PeriodKind) -> None:
    period = period_containing(kind, day, SEOUL)
    following = period_containing(kind, period.next_day, SEOUL)
    assert name_period(period) < name_period(following)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("lang", LANGS)
def test_a_format_gives_the_same_bytes_again_in_a_file_named_after_the_report(
    name: str, lang: Lang, tmp_path: Path
) -> None:
    folder = tmp_path / "new" / "folder"
    path = write_report(REPORT, lang, name, folder)
    assert path == folder / f"jipyo-daily-2026-11-21.{lang}{FORMATS[name].suffix}"
    assert path.read_bytes() == FORMATS[name].render(REPORT, lang)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert write_report(REPORT, lang, name, folder) == path, "an earlier file is replaced"
    assert list(folder.iterdir()) == [path]


def test_an_unknown_format_is_refused_and_the_known_ones_are_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        write_report(REPORT, "en", "docx", tmp_path)
    message = "There is no report format docx. Formats: html, hwpx, markdown, pdf, xlsx"
    assert texts("en").error(error.value) == message
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "a folder of the name"])
def test_a_folder_that_cannot_be_written_is_reported_and_nothing_is_left(
    obstacle: str, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    if obstacle.startswith("a file"):
        folder.write_text("in the way")
    else:
        (folder / "jipyo-daily-2026-11-21.en.html").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ReportError) as error:
        write_report(REPORT, "en", "html", folder)
    assert "jipyo-daily-2026-11-21.en.html" in texts("en").error(error.value)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_writes_every_type_of_block(name: str) -> None:
    assert FORMATS[name].render(build_report(*BLOCKS), "ko")


def test_the_machine_does_not_show() -> None:
    """Zone, locale and the order of hashes change no byte of a report with every kind of block."""
    script = (
        "import hashlib; from reports.month import build_month; "
        "from jipyo.i18n import LANGS; from jipyo.reports.render import FORMATS; "
        "from jipyo.reports.render.json import to_json; report = build_month(); "
        "made = [to_json(report)]; "
        "made += [one.render(report, lang) for one in FORMATS.values() for lang in LANGS]; "
        "print([hashlib.sha256(one).hexdigest() for one in made])"
    )
    tests = str(Path(__file__).parents[2])
    machines = (("UTC", "C", "0"), ("Asia/Seoul", "ko_KR.UTF-8", "1"))
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={
                **os.environ,
                "TZ": zone,
                "LC_ALL": locale,
                "PYTHONHASHSEED": seed,
                "PYTHONPATH": tests,
            },
            capture_output=True,
            check=True,
        ).stdout
        for zone, locale, seed in machines
    }
    assert len(found) == 1
