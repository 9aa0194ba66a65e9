"""The sentences that head sections, word by word."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS, Lang
from jipyo.model.calendar import PeriodKind
from jipyo.reports.document import phrase
from jipyo.reports.sections.metric_findings import (
    build_metric_finding,
    describe_row,
    find_section_state,
)
from jipyo.reports.sections.metric_rows import list_rows
from jipyo.reports.wording import Localizer
from reports.chapter_data import build_entry
from reports.chapter_months import MONTH
from reports.quoting import write_finding

if TYPE_CHECKING:
    from jipyo.model.sample import Values

FLAT = MONTH.line(20, 20)
CPU, CACHE = "system.cpu.utilization", "db.cache_hit_ratio"


def write(metric_id: str, values: Values, lang: Lang) -> str:
    row = list_rows(build_entry(MONTH, metric_id, values))[0]
    return Localizer.for_period(MONTH.period, lang).format(describe_row(row))


@pytest.mark.parametrize(
    ("metric_id", "values", "ko", "en"),
    [
        (
            CPU,
            MONTH.with_outage(FLAT, 66.1),
            "CPU 전체 사용률은 주의 임계치 70%에 도달하지 않았습니다. 평균 20.0%, "
            "최대는 10. 14. 14:05의 66.1%입니다.",
            "CPU utilisation stayed below the warning threshold of 70%: mean 20.0%, "
            "maximum 66.1% (14 Oct 14:05).",
        ),
        (
            CPU,
            MONTH.with_outage(FLAT, 72.0, minutes=5),
            "CPU 전체 사용률이 주의 임계치 70% 이상이었던 시간은 모두 5분으로, 매번 지속 시간 "
            "조건에는 미달했습니다. 평균 20.0%, 최대는 10. 14. 14:05의 72%입니다.",
            "CPU utilisation was at or above the warning threshold of 70% for 5 min in all, "
            "each time too briefly for an alert: mean 20.0%, maximum 72% (14 Oct 14:05).",
        ),
        (
            CPU,
            MONTH.with_outage(MONTH.with_outage(FLAT, 91.2, minutes=35), 75.0, day=20, minutes=15),
            "CPU 전체 사용률이 10. 14. 14:00부터 2회 임계치를 초과했습니다. 위험 임계치 85% "
            "이상이었던 시간은 모두 35분, 최대는 10. 14. 14:05의 91.2%입니다.",
            "CPU utilisation was beyond its thresholds 2 times, first from 14 Oct 14:00: 35 min "
            "in all at or above the critical threshold of 85%, up to 91.2% (14 Oct 14:05).",
        ),
        (
            CACHE,
            MONTH.with_outage(FLAT + 79, 93.0),
            "캐시 히트율이 10. 14. 14:00부터 임계치를 벗어났습니다. 주의 임계치 95% 이하였던 "
            "시간은 40분, 최소는 10. 14. 14:05의 93%입니다.",
            "Cache hit ratio was beyond its thresholds from 14 Oct 14:00: 40 min at or below "
            "the warning threshold of 95%, down to 93% (14 Oct 14:05).",
        ),
        (
            CACHE,
            FLAT + 79,
            "캐시 히트율은 주의 임계치 95%까지 내려가지 않았습니다. 평균 99%, "
            "최소는 10. 1. 00:05의 99%입니다.",
            "Cache hit ratio stayed above the warning threshold of 95%: mean 99%, "
            "minimum 99% (1 Oct 00:05).",
        ),
        (
            "db.query.longest",
            FLAT,
            "가장 긴 트랜잭션은 주의 임계치 60초에 도달하지 않았습니다. "
            "최대는 10. 1. 00:05의 20초입니다.",
            "Longest transaction stayed below the warning threshold of 60 s: "
            "maximum 20 s (1 Oct 00:05).",
        ),
        (
            "system.network.transmit",
            FLAT * 1024**2,
            "네트워크 송신은 평균 20MiB/s, 최대는 10. 1. 00:05의 20MiB/s입니다.",
            "Network transmit: mean 20 MiB/s, maximum 20 MiB/s (1 Oct 00:05).",
        ),
        (
            "db.down",
            MONTH.with_outage(FLAT * 0, 1.0),
            "DB 무응답: 10. 14. 14:00부터 1회, 모두 40분 동안 지속되었습니다.",
            "Databases down: 1 time from 14 Oct 14:00, 40 min in all.",
        ),
    ],
)
def test_a_sentence_says_what_how_much_and_since_when(
    metric_id: str, values: Values, ko: str, en: str
) -> None:
    assert {lang: write(metric_id, values, lang) for lang in LANGS} == {"ko": ko, "en": en}


def test_a_finding_compares_names_the_others_and_has_its_basis() -> None:
    rows = [
        list_rows(build_entry(MONTH, CPU, MONTH.with_outage(FLAT, 91.0), FLAT - 5))[0],
        list_rows(build_entry(MONTH, "system.memory.utilization", FLAT + 60))[0],
    ]
    finding = build_metric_finding(rows, PeriodKind.MONTH, [phrase("chapters.finding.others")])
    localizer = Localizer.for_period(MONTH.period, "en")
    text = write_finding(finding, localizer)
    assert "That is +0.1 pp" not in text
    assert "pp against last month (mean 15%)." in text
    assert "Also beyond their thresholds: Memory utilisation." in text
    assert "More metrics were beyond their thresholds" in text
    assert localizer.format(finding.basis).startswith("Source: node_exporter, 8,928 values")
    assert finding.state is State.CRITICAL
    assert finding.word is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (PeriodKind.WEEK, "전주 데이터가 부족하여 비교하지 않았습니다."),
        (PeriodKind.MONTH, "전월 데이터가 부족하여 비교하지 않았습니다."),
        (PeriodKind.YEAR, "전년 데이터가 부족하여 비교하지 않았습니다."),
    ],
)
def test_a_period_without_another_before_says_so(kind: PeriodKind, text: str) -> None:
    finding = build_metric_finding(list_rows(build_entry(MONTH, CPU, FLAT)), kind)
    assert Localizer.for_period(MONTH.period, "ko").format(finding.details[0]) == text


def test_what_has_no_thresholds_is_never_called_ok() -> None:
    rows = list_rows(build_entry(MONTH, "system.network.transmit", FLAT))
    finding = build_metric_finding(rows, PeriodKind.MONTH)
    assert finding.state is State.UNKNOWN
    assert finding.word is not None
    assert Localizer.for_period(MONTH.period, "ko").format(finding.word) == "참고"


def test_a_total_and_unjudged_rows_do_not_hide_that_the_rest_is_ok() -> None:
    rows = [
        *list_rows(build_entry(MONTH, "ai.queue.length", {"a": FLAT * 0, "b": FLAT * 0})),
        *list_rows(build_entry(MONTH, "ai.tokens", FLAT)),
    ]
    assert find_section_state(rows) is State.OK
    assert find_section_state(rows[-1:]) is State.UNKNOWN
    assert find_section_state([replace(rows[1], is_extra=True)]) is State.OK


def test_of_many_other_metrics_the_first_are_named_and_each_once() -> None:
    hot = MONTH.with_outage(FLAT, 95.0)
    names = ("cpu.utilization", "memory.utilization", "memory.swap", "disk.busy", "cpu.iowait")
    entries = [build_entry(MONTH, f"system.{one}", {"a": hot, "b": hot}) for one in names]
    rows = [row for entry in entries for row in list_rows(entry)]
    text = write_finding(
        build_metric_finding(rows, PeriodKind.MONTH), Localizer.for_period(MONTH.period, "ko")
    )
    assert text.endswith(
        "임계치를 벗어난 다른 지표: 메모리 사용률, 스왑 사용률, "
        "디스크 사용 시간 비율(%util), CPU I/O 대기(iowait)."
    )
    more = [*rows, *list_rows(build_entry(MONTH, "system.gpu.utilization", hot))]
    text = write_finding(
        build_metric_finding(more, PeriodKind.MONTH), Localizer.for_period(MONTH.period, "ko")
    )
    assert text.endswith("CPU I/O 대기(iowait) 등.")


def test_how_rows_moved_is_said_of_the_first_two_that_did() -> None:
    rows = [list_rows(build_entry(MONTH, CPU, FLAT))[0]]
    rows += [
        replace(
            list_rows(build_entry(MONTH, "system.disk.utilization", {name: FLAT}))[0],
            course=phrase("chapters.course.rising", rate=rate),
        )
        for name, rate in (("/a", "0.5%p"), ("/b", "0.1%p"), ("/c", "0.2%p"))
    ]
    localizer = Localizer.for_period(MONTH.period, "ko")
    text = write_finding(build_metric_finding(rows, PeriodKind.MONTH), localizer)
    assert "디스크 사용률 /a는 하루 0.5%p씩 높아지는 추세입니다." in text
    assert "/b" in text
    assert "/c" not in text
    first = write_finding(build_metric_finding(rows[3:], PeriodKind.MONTH), localizer)
    assert first.count("높아지는") == 1
