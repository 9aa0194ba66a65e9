"""A month's report with every kind of block, and awkward content in each, without a store."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, period_containing, start_of_day
from jipyo.model.figure import Delta, ProportionEstimate
from jipyo.reports.document import (
    ActionItem,
    Actions,
    Approval,
    Badge,
    Blank,
    Block,
    BlockGroup,
    Chart,
    ChartLine,
    ChartMark,
    Charts,
    Code,
    ColumnHead,
    Cover,
    Day,
    DayBars,
    DayMatrix,
    DayStrip,
    Duration,
    ExactTime,
    Finding,
    Findings,
    ForecastBand,
    Heading,
    HeatMap,
    Inline,
    Issuer,
    Joined,
    Listing,
    LoadCurve,
    Mark,
    MarkKind,
    MatrixCell,
    MatrixRow,
    Moment,
    NamedBar,
    NamedBars,
    Note,
    Quantity,
    Report,
    Share,
    Stretch,
    StripRow,
    Subject,
    Table,
    ThresholdLine,
    Tile,
    Tiles,
    Timeline,
    TimelineRow,
    VerdictBox,
    VerdictScore,
    WeekHeatMap,
    phrase,
)
from reports.documents import SEOUL, build_figure, build_scores

if TYPE_CHECKING:
    from jipyo.model.sample import Values

MONTH = period_containing(PeriodKind.MONTH, date(2026, 10, 1), SEOUL)
START = MONTH.start_ms
HOUR, DAY = 3_600_000, 86_400_000
DAYS = tuple(MONTH.first_day + timedelta(days=at) for at in range(31))
DAYS_OFF = tuple(day for day in DAYS if day.weekday() >= 5 or day.day in {5, 9})
TITLE = phrase("reports.section.findings")
OUTAGE_MS = start_of_day(date(2026, 10, 14), SEOUL) + 14 * HOUR
CPU = Bilingual("CPU 전체 사용률", "CPU utilization")
LONG = Bilingual(
    "대민 인공지능 상담 서비스 운영 환경의 아주 긴 이름을 가진 응답시간 지표",
    "A metric of the citizens' advice service whose name is far longer than its column",
)
LIMITS = (ThresholdLine("warning", 70.0), ThresholdLine("critical", 85.0))


def build_hours(peak: float = 60.0) -> Values:
    """A value an hour: a daily rhythm, quieter on days off, an outage, and a gap."""
    hours = np.arange(31 * 24)
    values = 12 + peak * np.clip(np.sin((hours % 24 - 7) / 24 * 2 * np.pi), 0, 1) ** 1.5
    off = np.array([DAYS[at // 24] in DAYS_OFF for at in hours])
    values = np.where(off, 12 + (values - 12) * 0.3, values)
    values[(OUTAGE_MS - START) // HOUR] = 91.2
    values[200:230] = math.nan
    return values


def build_line_chart(**changes: object) -> Chart:
    values = build_hours()
    chart = Chart(
        id="chart-cpu",
        title=CPU,
        unit="percent",
        start_ms=START,
        step_ms=HOUR,
        lines=(ChartLine("", values),),
        others=None,
        others_count=0,
        ghost=ChartLine("", np.roll(values, 24 * 7) * 0.94),
        thresholds=LIMITS,
        worse=1,
        caption=None,
        how=phrase("reports.how.maximum"),
        ghost_name=phrase("reports.legend.four_weeks"),
        days_off=DAYS_OFF,
        marks=(
            ChartMark(MarkKind.DEPLOYMENT, OUTAGE_MS - 13 * 60_000, "v2.4.1"),
            ChartMark(MarkKind.OUTAGE, OUTAGE_MS, Joined((Day(date(2026, 10, 14), short=True),)),
                      OUTAGE_MS + 40 * 60_000),
        ),
    )  # fmt: skip
    return replace(chart, **changes)  # type: ignore[arg-type]


def build_forecast_chart() -> Chart:
    days = np.arange(31)
    ahead = np.arange(1, 41)
    middle = (84.6 + 0.21 * ahead).astype(np.float64)
    return build_line_chart(
        id="chart-disk",
        title=Bilingual("디스크 사용률 /data", "Disk utilization /data"),
        step_ms=DAY,
        lines=(ChartLine("", (78.1 + 0.21 * days).astype(np.float64)),),
        ghost=None,
        thresholds=(ThresholdLine("warning", 80.0), ThresholdLine("critical", 90.0)),
        marks=(),
        days_off=(),
        how=None,
        forecast=ForecastBand(
            step_ms=DAY,
            middle=middle,
            low=middle - 0.03 * ahead,
            high=middle + 0.03 * ahead,
            name=phrase("reports.legend.forecast"),
            crossing_ms=MONTH.end_ms + 26 * DAY,
            earliest_ms=MONTH.end_ms + 23 * DAY,
            latest_ms=MONTH.end_ms + 30 * DAY,
            text=Quantity(90.0, "percent"),
        ),
    )


def build_day_bars() -> DayBars:
    errors = np.full(31, 0.02) + np.arange(31) % 5 / 500
    errors[13] = 2.18
    errors[20] = math.nan
    return DayBars(
        id="chart-errors",
        title=Bilingual("일별 API 에러율", "API error rate by day"),
        unit="percent",
        days=DAYS,
        values=errors,
        before=np.full(31, 0.024),
        before_name=phrase("reports.legend.four_weeks"),
        thresholds=(ThresholdLine("objective", 0.1),),
        worse=1,
        days_off=DAYS_OFF,
    )


def build_load_curve() -> LoadCurve:
    loads, beyond = np.linspace(1, 37.5, 30), np.linspace(37.5, 78, 30)
    estimate = 0.95 + ((beyond - 37.5) / 28.5) ** 2
    return LoadCurve(
        id="chart-capacity",
        title=Bilingual("처리량(TPS)별 API p95", "API p95 by throughput (TPS)"),
        unit="seconds",
        load_name=Bilingual("처리량(TPS)", "Throughput (TPS)"),
        load_unit="count",
        loads=loads,
        values=0.45 + loads * 0.0133,
        beyond_loads=beyond,
        beyond=estimate,
        low=estimate - (beyond - 37.5) / 60,
        high=estimate + (beyond - 37.5) / 20,
        peak=37.5,
        peak_text=Joined((Bilingual("최고 수요", "Peak"), "37.5")),
        thresholds=(ThresholdLine("critical", 2.0),),
    )


def build_named_bars() -> NamedBars:
    names = (
        ("민원상담 챗봇", "Citizens' chatbot"),
        ("내부 행정지원", "Internal"),
        ("유휴", "Idle"),
    )
    return NamedBars(
        id="chart-energy",
        title=Bilingual("전력량", "Energy"),
        unit="count",
        bars=tuple(
            NamedBar(
                Bilingual(*name),
                value,
                Joined((Quantity(value, "count"), Share(value / 140))),
                idle=at == 2,
            )
            for at, (name, value) in enumerate(zip(names, (54.8, 23.9, 61.4), strict=True))
        ),
    )  # fmt: skip


def build_week_heat_map() -> WeekHeatMap:
    hours = np.clip(np.sin((np.arange(24) - 7) / 24 * 2 * np.pi), 0.1, 1)
    values = 33 * np.outer([1, 0.98, 0.97, 0.96, 0.99, 0.33, 0.3], hours)
    values[6, 3] = math.nan
    return WeekHeatMap(
        id="heat-requests",
        title=Bilingual("시간대별 평균 TPS", "Mean TPS by hour"),
        unit="count",
        values=values,
        low=0.0,
        high=33.0,
    )


def build_strip() -> DayStrip:
    def build_row(name: tuple[str, str], *, low_from: int) -> StripRow:
        states: list[State | None] = [
            State.CRITICAL if at == 13 else State.WARNING if at >= low_from else State.OK
            for at in range(31)
        ]
        states[20] = State.UNKNOWN
        states[30] = None
        return StripRow(Bilingual(*name), tuple(states))

    return DayStrip(
        id="strip",
        caption=phrase("reports.section.key_metrics"),
        days=DAYS,
        days_off=DAYS_OFF,
        rows=(build_row(("시스템", "System"), low_from=9), build_row(("API", "API"), low_from=40)),
    )


def build_matrix() -> DayMatrix:
    cells: list[MatrixCell | None] = [MatrixCell(Mark.NORMAL, "ok")] * 31
    cells[13] = MatrixCell(Mark.ABNORMAL, "because")
    cells[14] = MatrixCell(Mark.MARKED, "because")
    cells[20] = MatrixCell(Mark.NOT_INSPECTED, "because")
    cells[30] = None
    return DayMatrix(
        "inspection", TITLE, DAYS, DAYS_OFF, tuple(MatrixRow(LONG, tuple(cells)) for _ in range(3))
    )


def build_finding(state: State = State.WARNING) -> Finding:
    return Finding(
        state,
        Joined((LONG, build_figure(91.2), Moment(OUTAGE_MS))),
        (Joined((CPU, Delta(-0.5, "point"))),),
        Joined((Code("node_exporter"), Share(0.9997)), ", "),
    )


ALL_INLINE: tuple[Inline, ...] = (
    TITLE,
    CPU,
    replace(build_figure(66.0), proportion=ProportionEstimate(34_376, 65.5, 66.5)),
    Quantity(30_898.0, "count"),
    Delta(0.5, "percent"),
    Moment(OUTAGE_MS, to_the_second=True),
    Duration(40 * 60_000),
    Day(date(2026, 10, 14)),
    ExactTime(2_430_000),
    Share(0.99999),
    Badge(State.CRITICAL),
    Blank(),
    Subject(CPU, "node-1"),
    Code("rate(x[5m]) < 3 & y"),
    "<b>&",
    12_345,
    None,
)


def build_table(rows: int, *, table_id: str = "table") -> Table:
    heads = (
        ColumnHead(phrase("reports.column.metric"), numeric=False),
        ColumnHead(phrase("reports.column.average"), numeric=True),
        ColumnHead(phrase("reports.column.p95"), numeric=True),
        ColumnHead(phrase("reports.column.from"), numeric=False),
        ColumnHead(phrase("reports.column.state"), numeric=False),
        ColumnHead(phrase("reports.column.owner"), numeric=False),
    )
    states = (State.OK, State.WARNING, State.CRITICAL, State.UNKNOWN)
    return Table(
        table_id,
        phrase("reports.section.metrics"),
        heads,
        tuple(
            (
                LONG if at % 7 == 3 else Subject(CPU, f"node-{at}"),
                build_figure(25.5 + at),
                Quantity(1.5 * at, "percent"),
                Moment(OUTAGE_MS + at * 60_000),
                Badge(states[at % 4]),
                Blank(),
            )
            for at in range(rows)
        ),
        totals=(phrase("contract.total"), build_figure(60.0), None, None, None, None),
    )


def list_blocks(rows: int = 6) -> tuple[Block, ...]:
    """A chapter for each kind of content; `rows` of its tables."""
    tile = Tile(
        Subject(CPU, "node-1"), build_figure(25.5), State.OK, phrase("reports.how.average"),
        (Joined((CPU, Delta(0.5, "point"))),), build_hours(),
    )  # fmt: skip
    return (
        Cover(
            issue="1",
            made=Day(date(2026, 11, 2)),
            approvals=(
                Approval(Bilingual("작성", "Drafted"), "Kim", Day(DAYS[1], short=True)),
                Approval(Bilingual("검토", "Reviewed")),
                Approval(Bilingual("승인", "Approved")),
            ),
            rows=(
                (phrase("reports.cover.system"), LONG),
                (phrase("reports.column.coverage"), Share(0.9997)),
                (phrase("reports.column.owner"), Blank()),
            ),
        ),
        Heading("summary", Joined(("1.", phrase("reports.section.findings"))), page=True),
        VerdictBox(State.WARNING, build_finding().text, (CPU, Share(0.9997)),
                   score=VerdictScore(CPU, "94.5", "/ 100")),
        Tiles((tile, replace(tile, state=State.CRITICAL), replace(tile, state=None),
               replace(tile, state=State.WARNING, subject=Subject(LONG)))),
        Findings((build_finding(State.CRITICAL), build_finding(State.OK))),
        Actions("actions", (ActionItem(LONG, CPU, Day(DAYS[5], short=True), Blank()),) * 3),
        build_strip(),
        Heading("scores", Joined(("2.", CPU)), page=True),
        build_scores(),
        build_matrix(),
        Heading("system", Joined(("3.", CPU)), page=True),
        Heading("system-cpu", Joined(("3.1", CPU)), level=2),
        BlockGroup((build_finding(), Charts((build_line_chart(),), columns=1), build_table(rows),
               Note(LONG))),
        Heading("system-disk", Joined(("3.2", LONG)), level=2),
        BlockGroup((build_finding(State.OK), Charts((build_forecast_chart(), build_day_bars())))),
        BlockGroup((build_finding(State.OK), Charts((build_day_bars(),), columns=1, height=84))),
        BlockGroup((build_finding(), Charts((build_load_curve(), build_named_bars())))),
        BlockGroup((
            build_finding(State.UNKNOWN),
            Charts(
                tuple(
                    build_line_chart(id=f"gpu-{at}", title=Bilingual(f"GPU {at}", f"GPU {at}"),
                                     lines=(ChartLine("", build_hours(20.0 + 15 * at)),))
                    for at in range(4)
                ),
                one_scale=True,
            ),
        )),
        Heading("rhythm", Joined(("4.", CPU)), page=True),
        BlockGroup((build_finding(), build_week_heat_map())),
        HeatMap(CPU, "percent", ("cpu 0", "cpu 1"), (START, START + HOUR),
                np.array([[1.0, 2.0], [math.nan, 99.0]]), 0.0, 100.0),
        Timeline(TITLE, (TimelineRow(Subject(CPU),
                                     (Stretch(OUTAGE_MS, OUTAGE_MS + DAY, "critical", CPU),)),)),
        Listing(((CPU, "remark"), (LONG, "remark"))),
        Note(LONG, State.UNKNOWN),
        Heading("wide", Joined(("5.", CPU)), page=True, landscape=True),
        replace(build_table(rows, table_id="inline"), wide=True),
        Table("all-inline", TITLE, (ColumnHead(TITLE, numeric=False),) * 2,
              tuple((type(part).__name__, part) for part in ALL_INLINE)),
    )  # fmt: skip


def build_month(*blocks: Block, rows: int = 6) -> Report:
    """The report of the month; with all blocks where none are given."""
    return Report(
        kind="monthly",
        number="AI-2026-010",
        title=phrase("reports.daily.title"),
        period=MONTH,
        cut_ms=MONTH.end_ms,
        step_ms=HOUR,
        made_ms=MONTH.end_ms + DAY,
        instances=("ai-node-1",),
        catalogue="0" * 64,
        state=State.WARNING,
        blocks=blocks or list_blocks(rows),
        issuer=Issuer(organisation="○○시 정보통신담당관", system="AI 민원상담 서비스", version="1"),
    )
