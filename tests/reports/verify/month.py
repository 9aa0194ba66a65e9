"""A month's report with values of every kind, and true texts on it, as people write them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jipyo.analysis.thresholds import State
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.model.figure import Delta, Figure, Fold
from jipyo.reports.document import (
    ColumnHead,
    Day,
    Duration,
    ExactTime,
    Heading,
    Inline,
    Joined,
    Moment,
    Quantity,
    Report,
    Share,
    Subject,
    Table,
    VerdictBox,
    phrase,
)
from reports.documents import build_report, build_scores

ZONE = ZoneInfo("Asia/Seoul")
PERIOD = period_containing(PeriodKind.MONTH, date(2026, 10, 1), ZONE)
_HEADS = ("place", "before", "after")


def at(day: int, hour: int, minute: int, second: int = 0, month: int = 10) -> Moment:
    moment = datetime(2026, month, day, hour, minute, second, tzinfo=ZONE)
    return Moment(int(moment.timestamp() * 1000))


def figure(value: float, unit: str) -> Figure:
    return Figure(
        metric="m", value=value, unit=unit, fold=Fold.AVERAGE, expr="m", series="{}",
        exporter="node", start_ms=PERIOD.start_ms, end_ms=PERIOD.end_ms, step_ms=60_000,
        samples=44_597, coverage=0.999,
    )  # fmt: skip


def table(id_: str, ko: str, en: str, *rows: tuple[Inline, ...]) -> Table:
    """Rows of any width; heads say nothing, so that places are told by captions and rows."""
    width = max(map(len, rows))
    heads = tuple(
        ColumnHead(phrase(f"archive.changes.{_HEADS[at % 3]}"), numeric=at > 0)
        for at in range(width)
    )
    filled = tuple((*row, *[None] * (width - len(row))) for row in rows)
    return Table(id_, Bilingual(ko, en), heads, filled)


def row(ko: str, en: str, *cells: Inline, target: str = "") -> tuple[Inline, ...]:
    return (Subject(Bilingual(ko, en), target), *cells)


def heading(id_: str, ko: str, en: str) -> Heading:
    return Heading(id_, Bilingual(ko, en))


REPORT: Report = replace(
    build_report(
        VerdictBox(
            State.WARNING,
            Joined((Bilingual("수집률", "coverage"), Share(0.9987))),
            (Joined((Bilingual("장애", "incidents"), 2)),),
        ),
        heading("sla", "서비스 수준 산정표 가용률", "Service levels, availability"),
        build_scores(),
        heading("incidents", "장애 내역", "Incidents"),
        table(
            "incidents", "장애", "Incidents",
            row("데이터베이스 장애", "Database outage", at(14, 14, 5), at(14, 14, 46, 30),
                ExactTime(2_490_000), Quantity(1523, "requests"), target="db-1:5432"),
            row("스토리지 장애", "Storage outage", at(21, 3, 12), at(21, 3, 25),
                ExactTime(780_000), Quantity(88, "requests"), target="nas-2"),
        ),
        table(
            "events", "배포와 계획 작업", "Deployments and planned work",
            row("배포 v2.4.1", "Deployment v2.4.1", at(14, 13, 52)),
            row("정기 점검", "Scheduled maintenance", at(20, 1, 0), at(20, 2, 30),
                Duration(5_400_000)),
        ),
        heading("system", "시스템", "System"),
        table(
            "system", "시스템 사용률", "System utilisation",
            row("CPU 전체 사용률", "CPU utilisation", figure(43.21, "percent"),
                figure(91.18, "percent"), at(14, 14, 20), Delta(1.2, "point"),
                Duration(2_220_000), target="node-1"),
            row("메모리 사용률", "Memory utilisation", figure(61.84, "percent"),
                figure(78.43, "percent"), at(27, 10, 41), Delta(-0.6, "point"), target="node-1"),
            row("디스크 사용률", "Disk utilisation", figure(79.12, "percent"),
                figure(82.64, "percent"), Delta(4.3, "point"), target="/data"),
            row("네트워크 수신량", "Network received", figure(1.27 * 2**40, "bytes")),
            row("네트워크 송신량", "Network sent", figure(3.42 * 2**40, "bytes")),
        ),
        table(
            "gpu", "GPU", "GPU",
            row("GPU 사용률", "GPU utilisation", figure(71.53, "percent"), target="GPU 0"),
            row("GPU 사용률", "GPU utilisation", figure(64.42, "percent"), target="GPU 3"),
            row("GPU 온도", "GPU temperature", figure(81.2, "celsius"), at(9, 15, 33)),
            row("GPU 전력", "GPU power", figure(1234.5, "watt")),
            row("전력 사용량", "Energy", figure(1612.4, "kilowatt_hours")),
        ),
        heading("service", "응답과 에러", "Responses and errors"),
        table(
            "service", "API", "API",
            row("요청 수", "Requests", figure(12_345_678, "requests")),
            row("에러 수", "Errors", figure(10_234, "requests"), figure(0.0829, "percent")),
            row("응답 시간 p95", "Response time p95", figure(0.8124, "seconds"),
                Delta(0.09, "seconds")),
            row("응답 시간 p99", "Response time p99", figure(2.351, "seconds")),
            row("세션", "Sessions", Quantity(30_898, "count")),
            row("방문자", "Visitors", Quantity(12_044, "count")),
        ),
        heading("models", "모델", "Models"),
        table(
            "models", "AI 모델", "AI models",
            row("정확도", "Accuracy", figure(92.47, "percent"), Quantity(4820, "count"),
                Delta(-1.9, "point")),
            row("추론 시간 p95", "Inference time p95", figure(1.842, "seconds")),
            row("생성 토큰", "Generated tokens", figure(1_213_400_000, "count")),
        ),
        heading("database", "데이터베이스", "Database"),
        table(
            "database", "데이터베이스", "Database",
            row("커넥션 사용률", "Connection utilisation", figure(61.2, "percent")),
            row("캐시 히트율", "Cache hit ratio", figure(98.73, "percent")),
            row("슬로 쿼리", "Slow queries", Quantity(214, "count")),
        ),
        heading("forecasts", "예측", "Forecasts"),
        table(
            "forecasts", "도달 예측과 처리 한계", "Forecasts and capacity",
            row("디스크 90% 도달 예측", "Disk reaches 90%", Day(date(2026, 11, 26)),
                Day(date(2026, 11, 19)), Day(date(2026, 12, 8))),
            row("처리 한계", "Capacity", figure(412.0, "requests_per_second")),
            row("최대 부하", "Peak load", figure(236.4, "requests_per_second")),
        ),
        heading("days", "일별 시간", "Time by day"),
        table(
            "days", "일별 장애", "Outages by day",
            (Day(date(2026, 10, 3)), ExactTime(0)),
            (Day(date(2026, 10, 14)), ExactTime(2_490_000)),
            (Day(date(2026, 10, 21)), ExactTime(780_000)),
            (Day(date(2026, 10, 22)), ExactTime(0)),
        ),
    ),
    kind="monthly",
    number="JIPYO-M-202610",
    period=PERIOD,
    cut_ms=PERIOD.end_ms,
    made_ms=PERIOD.end_ms + 7 * 3_600_000,
    issue=2,
)  # fmt: skip

KOREAN = (
    "10월 가용률은 99.91%로 목표 99.95%에는 미치지 못했으나 최소 99.9%는 지켰습니다.",
    "이번 달 장애는 2건이며, 데이터베이스 장애는 10. 14. 14:05부터 41분 30초 동안 이어졌습니다.",
    "데이터베이스 장애는 10월 14일 14시 5분에 시작해 14:46:30에 복구되었습니다.",
    "데이터베이스 장애로 요청 1,523건이 영향을 받았습니다.",
    "스토리지 장애(nas-2)는 2026. 10. 21.(수) 03:12에 발생해 13분 만에 복구되었고, 요청 88건이 "
    "실패했습니다.",
    "장애 13분 전인 10. 14. 13:52에 v2.4.1이 배포되었습니다.",
    "정기 점검은 10월 20일 01:00~02:30, 1시간 30분 동안 진행했습니다.",
    "CPU 전체 사용률은 평균 43.2%, 최대 91.2%(10. 14. 14:20)였습니다.",
    "CPU 전체 사용률 평균은 전월보다 1.2%p 올랐고, 임계치를 넘은 시간은 37분입니다.",
    "메모리 사용률 평균은 62%, 최대는 78.4%로 10월 27일 10:41에 기록되었습니다.",
    "디스크 사용률은 월말 82.6%로 한 달 새 4.3%p 늘었습니다.",
    "디스크는 11월 26일(11. 19.~12. 8.)에 90%에 이를 것으로 예측됩니다.",
    "네트워크 수신량은 1.27TiB(약 1.40TB), 송신량은 3.42TiB입니다.",
    "GPU 0의 사용률은 평균 71.5%, GPU 3은 64.4%로 차이가 있습니다.",
    "GPU 온도는 10월 9일 15:33에 81.2℃까지 올랐습니다.",
    "GPU 전력은 1,234.5W, 한 달 전력 사용량은 1,612.4kWh입니다.",
    "요청은 모두 12,345,678건, 약 1,235만 건으로 집계되었습니다.",
    "에러는 10,234건, 에러율로는 0.083%입니다.",
    "응답 시간 p95는 0.81초(812ms)로 전월보다 0.09초 늘었습니다.",
    "응답 시간 p99는 2.35초입니다.",
    "세션은 30,898건, 방문자는 1만 2,044명입니다.",
    "정확도는 92.47%(n=4,820)로 전월보다 1.9%p 낮아졌습니다.",
    "추론 시간 p95는 1.84초였고, 생성 토큰은 12억 1,340만 개입니다.",
    "데이터베이스 커넥션 사용률은 61.2%, 캐시 히트율은 98.73%, 슬로 쿼리는 214건입니다.",
    "처리 한계는 초당 412건이며 최대 부하는 236.4건/s로 아직 여유가 있습니다.",
)
ENGLISH = (
    "Availability was 99.91% against a target of 99.95%, and above the minimum of 99.9%.",
    "There were 2 incidents; the database outage began on 14 Oct at 14:05 and took 41 min 30 s.",
    "The database outage (db-1:5432) ended at 14:46:30 on 14 October 2026.",
    "In the database outage 1,523 requests failed.",
    "The storage outage of October 21 lasted 13 minutes, from 03:12 to 03:25, and hit 88 requests.",
    "v2.4.1 had been deployed at 13:52 on 14 October.",
    "Scheduled maintenance took 1.5 hours on 20 October, from 01:00 to 02:30.",
    "CPU utilisation averaged 43.2% and peaked at 91.2% on 14 Oct 14:20.",
    "CPU utilisation rose by 1.2 pp; it was beyond its threshold for 37 minutes.",
    "Memory utilisation peaked at 78.4% on 27 Oct 10:41 and fell by 0.6 percentage points.",
    "Disk utilisation stood at 83%, up +4.3 pp within the month.",
    "The disk will reach 90% on 26 November (19 November to 8 December).",
    "Network: 1.3 TiB were received and 3.42 TiB sent.",
    "GPU 0 was busy 71.5% of the time in GPU utilisation, GPU 3 only 64.4%.",
    "The GPU temperature reached 81 °C on 9 October at 15:33.",
    "GPU power was 1.23 kW; the energy of the month came to 1.6 MWh.",
    "12.3 million requests were answered, 12,345,678 to be exact.",
    "10,234 errors make an error rate of 0.08%.",
    "Response time p95 was 812 ms, and 2.35 s for p99.",
    "There were 30,898 sessions of 12,044 visitors.",
    "Accuracy was 92.5% over 4,820 cases, 1.9 pp lower.",
    "Inference time p95 was 1.84 s; 1.21 billion tokens were generated.",
    "Connection utilisation was 61%, the cache hit ratio 98.7%, and 214 slow queries were seen.",
    "Capacity is 412 requests/s, and the peak load was 236 requests/s.",
    "This is issue 2 of JIPYO-M-202610 for October 2026, with a coverage of 99.8%.",
)
TRUE_TEXTS = (*KOREAN, *ENGLISH)
