"""What the inline parts of a report read like in one language, the same in every format."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis import wording
from jipyo.analysis.comparison import subtract_values
from jipyo.i18n import Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.calendar import PeriodKind, local_day
from jipyo.model.figure import Delta, Figure
from jipyo.reports.document import (
    Badge,
    Blank,
    Code,
    Day,
    Duration,
    ExactTime,
    Inline,
    Joined,
    Moment,
    Phrase,
    Quantity,
    Share,
    Subject,
)

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import State
    from jipyo.i18n import Texts
    from jipyo.model.calendar import Period

NONE = "–"
PERIOD_WORDS = ("period", "earlier", "compared")
"""Blanks of texts that are filled by the kind of period that is reported on."""
_TENTH, _SMALLEST = 0.1, 0.0005
_Amount = Figure | Quantity | Delta | Share | Moment | Duration | ExactTime | Day


@dataclass(frozen=True, slots=True)
class Localizer:
    """Formats inline parts for one reader: a language, a zone, and the period reported on.

    In a report on one day, its moments are written as times of day, others with their date.
    """

    texts: Texts
    zone: ZoneInfo
    period: Period

    @classmethod
    def for_period(cls, period: Period, lang: Lang) -> Localizer:
        """The localizer of a report on this period, in the zone that the period is cut in."""
        return cls(texts(lang), ZoneInfo(period.zone), period)

    def format(self, part: Inline) -> str:  # noqa: C901, PLR0911 - one case per type
        """The part as plain text; None reads as a dash."""
        match part:
            case None:
                return NONE
            case str():
                return part
            case int():
                return f"{part:,}"
            case Phrase():
                return self.text(part.key, **{k: self.format(v) for k, v in part.values})
            case Joined():
                return part.by.join(map(self.format, part.parts))
            case Bilingual():
                return part(self.texts.lang)
            case Subject():
                return " ".join(filter(None, part.read(self.texts.lang)))
            case Badge():
                return self.format(part.text) if part.text else self.format_state(part.state)
            case Blank():
                return self.texts("inspection.to_fill")
            case Code():
                return part.text
            case _:
                return self._format_amount(part)

    def text(self, key: str, /, **values: object) -> str:
        """A text of a report: `{period}` is what it is about.

        `{compared}` is what came before it, and `{earlier}` the same as when something was.
        """
        return self.texts(key, **{**_name_periods(self.texts.lang, self.period.kind), **values})

    def _format_amount(  # noqa: C901, PLR0911, PLR0912 - one case per type
        self, amount: _Amount
    ) -> str:
        match amount:
            case Figure(estimated=True) if amount.value is not None:
                number = self._format_amount(replace(amount, estimated=False))
                return self.texts("reports.estimated", number=number)
            case Figure(unit="ratio"):
                return NONE if amount.value is None else self.format_share(amount.value)
            case Quantity(decimals=int(decimals)):
                digits = f"{amount.value:,.{decimals}f}"
                return self.texts.join(digits, self.texts.unit(amount.unit, amount.value))
            case Figure(proportion=None) | Quantity():
                if amount.value is None:
                    return NONE
                return self.texts.number(amount.value, amount.unit)
            case Figure():
                value = self._format_amount(replace(amount, proportion=None))
                cases = self.describe_cases(amount)
                return self.texts("health.counted", value=value, counted=cases)
            case Delta():
                return self.format_delta(amount)
            case Share():
                return self.format_share(amount.value)
            case Moment():
                return self.format_moment(amount)
            case Duration():
                return self.texts.span(amount.ms) if amount.ms else self.texts("reports.no_time")
            case ExactTime():
                return self.format_exact_time(amount.ms)
            case Day(short=True):
                return self.texts.short_day(amount.day)
            case _:
                return self.texts.day(amount.day)

    def describe_cases(self, figure: Figure) -> str:
        """How many cases a proportion rests on, with its interval; empty for other figures."""
        if figure.proportion is None:
            return ""
        return wording.describe_cases(figure.proportion, figure.unit, self.texts)

    def format_state(self, state: State) -> str:
        """A state in a word."""
        return self.texts(f"health.state.{state.value}")

    def format_period(self) -> str:
        """The reported day, month or year; of other periods the first and the last day."""
        if not self.period.is_of_whole_days:
            ends = (self.period.start_ms, self.period.end_ms)
            return " – ".join(self.texts.moment(t_ms, self.zone) for t_ms in ends)
        first_day, last_day = self.period.first_day, self.period.next_day - timedelta(days=1)
        if last_day <= first_day:
            return self.texts.day(first_day)
        if self.period.kind is PeriodKind.MONTH:
            month = self.texts(f"i18n.month.{first_day.month}")
            return self.texts("reports.named_month", month=month, year=first_day.year)
        if self.period.kind is PeriodKind.YEAR:
            return self.texts("reports.named_year", year=first_day.year)
        return f"{self.texts.day(first_day)} – {self.texts.day(last_day)}"

    def format_moment(self, moment: Moment) -> str:
        """The time of day; dated where asked for, or where it is not of the one day reported.

        The end of that day is 24:00. In a report on days of one year, moments are without it.
        """
        t_ms, to_the_second = moment.t_ms, moment.to_the_second
        if moment.of_day is not None:
            if local_day(t_ms, self.zone) > moment.of_day:
                return "24:00"
            return self.texts.clock(t_ms, self.zone, to_the_second=to_the_second)
        if not moment.dated and self._is_year_known(t_ms):
            clock = self.texts.clock(t_ms, self.zone, to_the_second=to_the_second)
            return f"{self.texts.brief_day(local_day(t_ms, self.zone))} {clock}"
        if not moment.dated and self.period.kind is PeriodKind.DAY:
            if t_ms == self.period.end_ms:
                return "24:00:00" if to_the_second else "24:00"
            if self.period.start_ms <= t_ms < self.period.end_ms:
                return self.texts.clock(t_ms, self.zone, to_the_second=to_the_second)
        return self.texts.moment(t_ms, self.zone, to_the_second=to_the_second)

    def _is_year_known(self, t_ms: int) -> bool:
        """Whether a moment is of a period of several days that lies within one year."""
        first_day, last_day = self.period.first_day, self.period.next_day - timedelta(days=1)
        is_in_period = self.period.start_ms <= t_ms <= self.period.end_ms
        return is_in_period and first_day < last_day and first_day.year == last_day.year

    def format_exact_time(self, ms: int) -> str:
        """Minutes and seconds: `44,640분`, `40분 30초`."""
        minutes, seconds = divmod(round(ms / 1000), 60)
        parts = (
            ((minutes, "minute"),) if not seconds else ((minutes, "minute"), (seconds, "second"))
        )
        return " ".join(self.texts.join(f"{n:,}", self.texts.unit(unit, n)) for n, unit in parts)

    def format_share(self, value: float) -> str:
        """A share of 1 as percent, rounded down so that 99.99% never reads as 100%."""
        if value >= 1:
            return "100%"
        percent = math.floor(value * 1000) / 10
        return "<0.1%" if value > 0 and percent == 0 else f"{percent:.1f}%"

    def format_delta(self, delta: Delta) -> str:
        """A change with its sign; one that rounds to zero has no sign."""
        return format_delta(delta, self.texts)


def format_delta(delta: Delta, t: Texts) -> str:
    """A change with its sign, in the reader's language; one that rounds to zero has no sign."""
    if delta.unit == "factor":
        return t.number(delta.value, delta.unit)
    size = abs(delta.value)
    number = f"{size:.1f}" if size >= _TENTH else f"{size:.2g}" if size >= _SMALLEST else "0"
    unit = t("reports.point") if delta.unit == "point" else t.unit(delta.unit)
    sign = "" if number == "0" else "+" if delta.value > 0 else "−"
    return t.join(f"{sign}{number}", unit)


def format_change(now: float | None, before: float | None, unit: str, t: Texts) -> str:
    """`+4%`; empty where either is not known, or where nothing became something."""
    delta = None if now is None or before is None else subtract_values(now, before, unit)
    if delta is None:
        return ""
    # Beside a figure of three digits a smaller change says nothing.
    return format_delta(replace(delta, value=round(delta.value, 1)), t)


@cache
def _name_periods(lang: Lang, kind: PeriodKind) -> dict[str, str]:
    """The words for the period that is reported on, and for the one it is compared with."""
    return {name: texts(lang)(f"reports.{name}.{kind.value}") for name in PERIOD_WORDS}
