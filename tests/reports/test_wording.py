"""How the parts of a report read in each language."""

from __future__ import annotations

import ast
import re
from datetime import date
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing, range_between, start_of_day
from jipyo.model.figure import Delta, Figure, Fold
from jipyo.reports.document import (
    Badge,
    Code,
    Day,
    Duration,
    Inline,
    Joined,
    Moment,
    Quantity,
    Share,
    Subject,
    phrase,
)
from jipyo.reports.wording import PERIOD_WORDS, Localizer

SEOUL = ZoneInfo("Asia/Seoul")
DAY = date(2026, 11, 21)
HOUR = 3_600_000
PERIOD = period_containing(PeriodKind.DAY, DAY, SEOUL)
START = PERIOD.start_ms
SRC = Path(__file__).parents[2] / "src/jipyo"


def localizer(lang: Lang) -> Localizer:
    return Localizer.for_period(PERIOD, lang)


def figure(value: float | None, unit: str) -> Figure:
    return Figure(
        metric="m", value=value, unit=unit, fold=Fold.AVERAGE, expr="m", series="{}",
        exporter="e", start_ms=0, end_ms=HOUR, step_ms=60_000, samples=60, coverage=1.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "korean", "english"),
    [
        (None, "–", "–"),
        ("text", "text", "text"),
        (1234, "1,234", "1,234"),
        (figure(54.21, "percent"), "54.2%", "54.2%"),
        (figure(None, "percent"), "–", "–"),
        (figure(0.99999, "ratio"), "99.9%", "99.9%"),
        (figure(None, "ratio"), "–", "–"),
        (Quantity(2.0, "seconds"), "2초", "2 s"),
        (Delta(3.14, "point"), "+3.1%p", "+3.1 pp"),
        (Delta(-0.0123, "point"), "−0.012%p", "−0.012 pp"),
        (Delta(0.00001, "percent"), "0%", "0%"),
        (Delta(-33.3, "percent"), "−33.3%", "−33.3%"),
        (Delta(27.0, "factor"), "27배", "27×"),
        (Delta(4.0, "celsius"), "+4.0°C", "+4.0 °C"),
        (Share(1.0), "100%", "100%"),
        (Share(0.9999), "99.9%", "99.9%"),
        (Share(0.0004), "<0.1%", "<0.1%"),
        (Share(0.0), "0.0%", "0.0%"),
        (Moment(START), "00:00", "00:00"),
        (Moment(START + 14 * HOUR), "14:00", "14:00"),
        (Moment(START + 24 * HOUR), "24:00", "24:00"),
        (Moment(START - HOUR), "2026년 11월 20일 (금) 23:00", "Fri 20 November 2026 23:00"),
        (Moment(START, dated=True), "2026년 11월 21일 (토) 00:00", "Sat 21 November 2026 00:00"),
        (Duration(0), "없음", "none"),
        (Duration(65 * 60_000), "1시간 5분", "1 h 5 min"),
        (Day(DAY), "2026년 11월 21일 (토)", "Sat 21 November 2026"),
        (Bilingual("메모리", "Memory"), "메모리", "Memory"),
        (Subject(Bilingual("온도", "Temperature"), "GPU 2"), "온도 GPU 2", "Temperature GPU 2"),
        (Subject(Bilingual("유휴 GPU", "Idle GPU"), "GPU 3"), "유휴 GPU 3", "Idle GPU 3"),
        (Subject(Bilingual("유휴 GPU", "Idle GPU"), "GPU"), "유휴 GPU GPU", "Idle GPU GPU"),
        (Badge(State.CRITICAL), "위험", "Critical"),
        (Badge(State.OK, phrase("reports.objective.met")), "달성", "Met"),
        (Code("up"), "up", "up"),
        (Joined(("a", Duration(60_000)), ", "), "a, 1분", "a, 1 min"),
    ],
)  # fmt: skip
def test_a_part_reads(part: Inline, korean: str, english: str) -> None:
    assert (localizer("ko").format(part), localizer("en").format(part)) == (korean, english)


def test_particles_follow_what_is_read() -> None:
    rose = phrase(
        "reports.finding.rose",
        subject=Subject(Bilingual("메모리 사용률", "Memory")),
        before=figure(50.0, "percent"),
        now=figure(62.0, "percent"),
        delta=Delta(12.0, "point"),
    )
    assert localizer("ko").format(rose) == (
        "메모리 사용률이 전주 같은 요일의 50%에서 62%로 증가했습니다(+12.0%p)."
    )


def find_phrases() -> list[tuple[str, str, set[str]]]:
    """Every `phrase(...)` of the room: where, its key as a pattern, the blanks it fills."""
    phrases = []
    for file in sorted((SRC / "reports").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "phrase"
            ):
                filled = {keyword.arg or "**" for keyword in node.keywords}
                where = f"{file.name}:{node.lineno}"
                phrases += [(where, key, filled) for key in list_keys(node.args[0])]
    return phrases


def list_keys(node: ast.expr) -> list[str]:
    """The keys that an expression can mean, as patterns."""
    if isinstance(node, ast.Constant):
        return [re.escape(str(node.value))]
    if isinstance(node, ast.IfExp):
        return list_keys(node.body) + list_keys(node.orelse)
    if isinstance(node, ast.JoinedStr):
        parts = (
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z0-9_.]+"
            for part in node.values
        )
        return ["".join(parts)]
    return []


def list_blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("lang", LANGS)
def test_every_phrase_has_its_text_and_fills_its_blanks(lang: Lang) -> None:
    table = texts(lang).table
    wrong = []
    for where, pattern, filled in find_phrases():
        keys = [key for key in table if re.fullmatch(pattern, key)]
        missing = [list_blanks(table[key]) - filled - {*PERIOD_WORDS} for key in keys]
        # Of the keys that an f-string may mean, not every one is meant.
        if not any(not names or "**" in filled for names in missing):
            wrong.append(f"{where}: {pattern} {missing}")
    assert wrong == []


@pytest.mark.parametrize(
    ("kind", "korean", "english"),
    [
        (PeriodKind.DAY, "당일이 끝나지 않았습니다", "The day is not over"),
        (PeriodKind.WEEK, "해당 주가 끝나지 않았습니다", "The week is not over"),
        (PeriodKind.MONTH, "해당 월이 끝나지 않았습니다", "The month is not over"),
        (PeriodKind.RANGE, "보고 기간이 끝나지 않았습니다", "The period is not over"),
    ],
)
def test_a_period_is_called_by_its_kind(kind: PeriodKind, korean: str, english: str) -> None:
    text = phrase("reports.verdict.running", until=Moment(START, dated=True))
    period = period_containing(kind, DAY, SEOUL)
    assert Localizer.for_period(period, "ko").format(text).startswith(korean)
    assert Localizer.for_period(period, "en").format(text).startswith(english)


@pytest.mark.parametrize(
    ("first", "last", "text"),
    [
        ("2026-11-16", "2026-11-22", "21 Nov 00:00"),
        ("2026-11-21", "2027-01-10", "Sat 21 November 2026 00:00"),
        ("2026-11-22", "2026-11-25", "Sat 21 November 2026 00:00"),
    ],
)
def test_a_moment_of_days_of_one_year_is_without_the_year(first: str, last: str, text: str) -> None:
    start_ms, end_ms = (start_of_day(date.fromisoformat(day), SEOUL) for day in (first, last))
    localizer = Localizer.for_period(range_between(start_ms, end_ms, SEOUL), "en")
    assert localizer.format(Moment(START)) == text
