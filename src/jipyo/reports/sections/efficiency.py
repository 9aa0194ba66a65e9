"""How well the accelerators were used: work, energy and cost by tenant and by model.

The rows of each table add up to its meter as they are printed: what is shared out is apportioned
in the unit of its last decimal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.efficiency import apportion
from jipyo.analysis.thresholds import State
from jipyo.model.bilingual import Bilingual
from jipyo.reports.document import (
    Block,
    BlockGroup,
    Chart,
    ChartLine,
    Charts,
    Code,
    ColumnHead,
    Finding,
    Heading,
    Inline,
    Joined,
    Listing,
    NamedBar,
    NamedBars,
    Note,
    Quantity,
    Share,
    Table,
    phrase,
)
from jipyo.reports.efficiency_data import ModelUse
from jipyo.reports.tables import TableColumn, build_heads, build_row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.model.sample import Values
    from jipyo.reports.efficiency_data import EfficiencyData
    from jipyo.reports.options import PriceOptions, ReportsOptions

_SMALL_PT = 56
"""How high the charts are that only show the rhythm."""
_MILLION = 1e6
_TENTHS = 10
_MOSTLY = 0.5
_WHOLE_CURRENCIES = frozenset({"KRW", "JPY", "VND", "IDR", "CLP", "HUF", "ISK"})
"""Whose amounts are printed without decimals."""
_HOUR_MS = 3_600_000
_MOST_ROWS = 20
"""Rows of a table before the rest is one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """A row of a table as it is printed; None where a value has no meaning or is not counted."""

    name: Inline
    requests: int | None = None
    prompt_tokens: int | None = None
    generated_tokens: int | None = None
    tenth_kwh: int
    tenth_gpu_hours: int
    cost: int | None = None
    """In the smallest unit that is printed."""
    idle: bool = False

    @property
    def tokens(self) -> int | None:
        """Read and written."""
        known = [one for one in (self.prompt_tokens, self.generated_tokens) if one is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class _Money:
    """How amounts are printed."""

    prices: PriceOptions

    @property
    def decimals(self) -> int:
        return 0 if self.prices.currency in _WHOLE_CURRENCIES else 2

    @property
    def has_prices(self) -> bool:
        return self.prices.kwh is not None or self.prices.gpu_hour is not None

    def weigh(self, kwh: float, gpu_hours: float) -> float:
        """What energy and time cost, in the smallest unit that is printed."""
        cost = kwh * (self.prices.kwh or 0) + gpu_hours * (self.prices.gpu_hour or 0)
        return float(cost * 10**self.decimals)

    def show(self, cost: float | None) -> Inline:
        if cost is None:
            return None
        return Quantity(cost / 10**self.decimals, "count", decimals=self.decimals)


def build_efficiency(data: EfficiencyData | None, options: ReportsOptions) -> Iterator[Block]:
    """The section, where there is a meter of energy; costs where the site gives prices."""
    if data is None:
        return
    money = _Money(options.prices)
    names = options.tenants.names if options.tenants else {}
    models = _list_rows(data, data.models, money, {})
    tenants = _list_rows(data, data.tenants, money, names) if data.tenants else []
    yield Heading("efficiency", phrase("reports.section.efficiency"))
    yield _build_finding(data, models[-1], money)
    if tenants:
        yield BlockGroup((_build_bars("tenants", tenants),))
        yield _build_table("tenants", tenants, money)
        yield BlockGroup((_build_table("models", models, money), _build_charts(data)))
    else:
        yield BlockGroup((_build_bars("models", models),))
        yield _build_table("models", models, money)
        yield _build_charts(data)
    yield from _list_notes(data, money)


def build_efficiency_finding(data: EfficiencyData, options: ReportsOptions) -> Finding:
    """What all accelerators used in the period, as its section says it first."""
    money = _Money(options.prices)
    return _build_finding(data, _list_rows(data, data.models, money, {})[-1], money)


def measure_idle(data: EfficiencyData) -> float:
    """The share of the energy that went while the accelerators were idle."""
    return float(data.idle_kwh.sum()) / max(float(data.kwh.sum()), 1e-9)


def is_mostly_idle(data: EfficiencyData) -> bool:
    """Whether it is known that half of the energy or more went while they were idle."""
    return data.knows_idle and measure_idle(data) >= _MOSTLY


# --- rows


def _list_rows(
    data: EfficiencyData,
    uses: Sequence[ModelUse],
    money: _Money,
    names: Mapping[str, Bilingual],
) -> list[UseRow]:
    """A row for each, then what is left over, idle time and unknown; the meter comes last."""
    is_tenants = uses is data.tenants
    shown: list[tuple[Inline, ModelUse]] = [
        (names.get(one.name, one.name), one) for one in uses[:_MOST_ROWS]
    ]
    if len(uses) > _MOST_ROWS:
        rest = uses[_MOST_ROWS:]
        shown.append((phrase("reports.efficiency.others", n=len(rest)), _add_uses(rest)))
    if is_tenants and data.untold is not None and _has_use(data.untold):
        shown.append((phrase("reports.efficiency.untold"), data.untold))
    amounts = [(float(use.kwh.sum()), float(use.gpu_hours.sum())) for _, use in shown]
    rows: list[tuple[Inline, ModelUse | None, bool]] = [(name, use, False) for name, use in shown]
    for key, kwh, hours in (
        ("unknown", data.unknown_kwh, data.unknown_gpu_hours),
        ("idle", data.idle_kwh, data.idle_gpu_hours),
    ):
        if kwh.sum() or hours.sum():
            rows.append((phrase(f"reports.efficiency.{key}"), None, key == "idle"))
            amounts.append((float(kwh.sum()), float(hours.sum())))
    return _print_rows(rows, amounts, (float(data.kwh.sum()), float(data.gpu_hours.sum())), money)


def _print_rows(
    rows: Sequence[tuple[Inline, ModelUse | None, bool]],
    amounts: Sequence[tuple[float, float]],
    total: tuple[float, float],
    money: _Money,
) -> list[UseRow]:
    """The rows with their parts of the printed total, and the total."""
    kwh, hours = (round(one * _TENTHS) for one in total)
    cost = round(money.weigh(*total)) if money.has_prices else None
    kwh_parts = apportion(kwh, [one for one, _ in amounts])
    hour_parts = apportion(hours, [one for _, one in amounts])
    costs = [] if cost is None else apportion(cost, [money.weigh(*one) for one in amounts])
    found = [
        UseRow(
            name=name,
            requests=_count(use, "requests"),
            prompt_tokens=_count(use, "prompt_tokens"),
            generated_tokens=_count(use, "generated_tokens"),
            tenth_kwh=kwh_parts[at],
            tenth_gpu_hours=hour_parts[at],
            cost=costs[at] if costs else None,
            idle=idle,
        )
        for at, (name, use, idle) in enumerate(rows)
    ]
    meter = UseRow(
        name=phrase("reports.efficiency.total"),
        requests=_add(found, "requests"),
        prompt_tokens=_add(found, "prompt_tokens"),
        generated_tokens=_add(found, "generated_tokens"),
        tenth_kwh=kwh,
        tenth_gpu_hours=hours,
        cost=cost,
    )
    return [*found, meter]


def _count(use: ModelUse | None, kind: str) -> int | None:
    values: Values | None = None if use is None else getattr(use, kind)
    return None if values is None else round(float(values.sum()))


def _add(rows: Sequence[UseRow], kind: str) -> int | None:
    known = [getattr(row, kind) for row in rows if getattr(row, kind) is not None]
    return sum(known) if known else None


def _has_use(use: ModelUse) -> bool:
    values = (use.kwh, use.gpu_hours, use.requests, use.prompt_tokens, use.generated_tokens)
    return any(one is not None and bool(np.abs(one).sum() > 1e-9) for one in values)


def _add_uses(uses: Sequence[ModelUse]) -> ModelUse:
    def add(kind: str) -> Values | None:
        rows = [getattr(one, kind) for one in uses if getattr(one, kind) is not None]
        return np.sum(rows, axis=0) if rows else None

    kwh = np.sum([one.kwh for one in uses], axis=0)
    gpu_hours = np.sum([one.gpu_hours for one in uses], axis=0)
    counts = {kind: add(kind) for kind in ("requests", "prompt_tokens", "generated_tokens")}
    return ModelUse(name="", kwh=kwh, gpu_hours=gpu_hours, **counts)


# --- blocks


def _build_finding(data: EfficiencyData, total: UseRow, money: _Money) -> Finding:
    kwh = Quantity(total.tenth_kwh / _TENTHS, "count", decimals=1)
    idle = Share(measure_idle(data))
    parts: list[Inline] = [
        phrase("reports.efficiency.energy", kwh=kwh, gpus=data.gpus, idle=idle)
        if data.knows_idle
        else phrase("reports.efficiency.energy_alone", kwh=kwh, gpus=data.gpus)
    ]
    tokens = total.tokens
    if tokens:
        each = Quantity(total.tenth_kwh / _TENTHS / tokens * _MILLION, "kilowatt_hours")
        parts.append(phrase("reports.efficiency.each_million", kwh=each))
    if tokens and total.cost is not None:
        cost = money.show(total.cost / tokens * _MILLION)
        currency = money.prices.currency
        parts.append(phrase("reports.efficiency.cost_million", cost=cost, currency=currency))
    basis = phrase(
        "reports.efficiency.basis",
        hours=len(data.hour_ms),
        coverage=Share(data.coverage),
    )
    word = phrase("chapters.not_judged")
    return Finding(State.UNKNOWN, parts[0], tuple(parts[1:]), basis, word)


def _build_bars(kind: str, rows: Sequence[UseRow]) -> Charts:
    total = max(rows[-1].tenth_kwh, 1)
    bars = tuple(
        NamedBar(
            row.name,
            row.tenth_kwh / _TENTHS,
            Joined(
                (
                    Quantity(row.tenth_kwh / _TENTHS, "kilowatt_hours", decimals=1),
                    Share(row.tenth_kwh / total),
                ),
                " · ",
            ),
            row.idle,
        )
        for row in rows[:-1]
    )
    return Charts(
        (
            NamedBars(
                id=f"efficiency-{kind}-energy",
                title=phrase(f"reports.efficiency.{kind}.energy"),
                unit="kilowatt_hours",
                bars=bars,
            ),
        ),
        columns=1,
    )


def _show_tenths(value: int) -> Inline:
    return Quantity(value / _TENTHS, "count", decimals=1)


def _show_each(row: UseRow) -> Inline:
    if not row.tokens:
        return None
    return Quantity(row.tenth_kwh / _TENTHS / row.tokens * _MILLION, "count", decimals=3)


def _build_table(kind: str, rows: Sequence[UseRow], money: _Money) -> Table:
    columns: list[TableColumn[UseRow]] = [
        TableColumn(f"efficiency_{kind}", lambda row: row.name, numeric=False),
        TableColumn("efficiency_requests", lambda row: row.requests),
        TableColumn("efficiency_prompts", lambda row: row.prompt_tokens),
        TableColumn("efficiency_answers", lambda row: row.generated_tokens),
        TableColumn("efficiency_hours", lambda row: _show_tenths(row.tenth_gpu_hours)),
        TableColumn("efficiency_kwh", lambda row: _show_tenths(row.tenth_kwh)),
        TableColumn("efficiency_each", _show_each),
    ]
    heads = build_heads(columns)
    if money.has_prices:
        columns.append(TableColumn("efficiency_cost", lambda row: money.show(row.cost)))
        title = phrase("reports.column.efficiency_cost", currency=money.prices.currency)
        heads = (*heads, ColumnHead(title, numeric=True))
    return Table(
        id=f"efficiency-{kind}",
        caption=phrase(f"reports.efficiency.{kind}.caption"),
        columns=heads,
        rows=tuple(build_row(columns, row) for row in rows[:-1]),
        totals=build_row(columns, rows[-1]),
        wide=True,
    )


def _build_charts(data: EfficiencyData) -> Charts:
    """Energy by the hour, and what of it was idle, on one scale."""
    lines = [("hours", _HOURLY, data.kwh)]
    if data.knows_idle:
        lines.append(("idle-hours", _IDLE_HOURLY, data.idle_kwh))
    charts = tuple(
        Chart(
            id=f"efficiency-{name}",
            title=title,
            unit="kilowatt_hours",
            start_ms=int(data.hour_ms[0]) - _HOUR_MS,
            step_ms=_HOUR_MS,
            lines=(ChartLine("", values),),
            others=None,
            others_count=0,
            ghost=None,
            thresholds=(),
            worse=0,
            caption=None,
            alt=phrase("reports.efficiency.hours"),
        )
        for name, title, values in lines
    )
    return Charts(charts, columns=len(charts), one_scale=True, height=_SMALL_PT)


_HOURLY = Bilingual("시간당 전력량", "Energy by the hour")
_IDLE_HOURLY = Bilingual("시간당 유휴 전력량", "Idle energy by the hour")


def _list_notes(data: EfficiencyData, money: _Money) -> Iterator[Block]:
    yield Note(phrase("reports.efficiency.rule"))
    if data.tenants:
        yield Note(phrase("reports.efficiency.tenant_rule"))
    if not data.knows_idle:
        yield Note(phrase("reports.efficiency.no_idle"))
    if money.has_prices:
        yield Note(
            phrase(
                "reports.efficiency.prices",
                kwh=_show_price(money.prices.kwh),
                gpu_hour=_show_price(money.prices.gpu_hour),
                currency=money.prices.currency,
            )
        )


def build_efficiency_queries(data: EfficiencyData | None) -> Iterator[Block]:
    """What was asked for these figures."""
    if data is None:
        return
    yield Heading("efficiency-queries", phrase("reports.section.efficiency_queries"))
    yield Listing(
        tuple(
            (Code(expr), phrase(f"reports.efficiency.query.{name.replace('.', '_')}"))
            for name, expr in data.expressions
        )
    )


def _show_price(price: float | None) -> Inline:
    return None if price is None else Quantity(price, "count")
