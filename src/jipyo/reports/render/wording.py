"""What the parts of a report read like in one language; every renderer says the same."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.analysis import wording as words
from jipyo.model.bilingual import Bilingual
from jipyo.model.figure import Delta, Figure
from jipyo.reports.document import (
    Badge,
    Code,
    Day,
    Duration,
    Inline,
    Joined,
    Moment,
    Period,
    Phrase,
    Quantity,
    Share,
    Subject,
)

if TYPE_CHECKING:
    from jipyo.analysis.thresholds import State
    from jipyo.i18n import Texts

NONE = "–"
_TENTH, _SMALLEST = 0.1, 0.0005
_Amount = Figure | Quantity | Delta | Share | Moment | Duration | Day


@dataclass(frozen=True, slots=True)
class Words:
    """One report's reader: a language, a zone, and the day that need not be said again."""

    texts: Texts
    zone: ZoneInfo
    period: Period

    @classmethod
    def of(cls, texts: Texts, period: Period) -> Words:
        """The words for a report of this period."""
        return cls(texts, ZoneInfo(period.zone), period)

    def say(self, part: Inline) -> str:  # noqa: PLR0911 - one case a kind
        """The part as plain text."""
        match part:
            case None:
                return NONE
            case str():
                return part
            case int():
                return f"{part:,}"
            case Phrase():
                return self.texts(part.key, **{k: self.say(v) for k, v in part.values})
            case Joined():
                return part.by.join(self.say(one) for one in part.parts)
            case Bilingual():
                return part(self.texts.lang)
            case Subject():
                return " ".join(filter(None, (part.name(self.texts.lang), part.target)))
            case Badge():
                return self.say(part.text) if part.text else self.state(part.state)
            case Code():
                return part.text
            case _:
                return self._amount(part)

    def _amount(self, part: _Amount) -> str:  # noqa: PLR0911 - one case a kind
        match part:
            case Figure(unit="ratio"):
                return NONE if part.value is None else self.share(part.value)
            case Figure(proportion=None) | Quantity():
                return NONE if part.value is None else self.texts.number(part.value, part.unit)
            case Figure():
                bare = self._amount(replace(part, proportion=None))
                return self.texts("health.counted", value=bare, counted=self.counted(part))
            case Delta():
                return self.delta(part)
            case Share():
                return self.share(part.value)
            case Moment():
                return self.moment(part.t_ms, dated=part.dated)
            case Duration():
                return self.texts.span(part.ms) if part.ms else self.texts("reports.no_time")
            case _:
                return self.texts.day(part.day)

    def counted(self, figure: Figure) -> str:
        """Of how many cases a share is one, with its interval; empty where it is no share."""
        if figure.proportion is None:
            return ""
        return words.counted(figure.proportion, figure.unit, self.texts)

    def state(self, state: State) -> str:
        """A state in a word."""
        return self.texts(f"reports.state.{state.value}")

    def moment(self, t_ms: int, *, dated: bool = False) -> str:
        """The time of day; the day with it where it is another, 24:00 for the day's end."""
        if dated:
            return self.texts.moment(t_ms, self.zone)
        if t_ms == self.period.end_ms:
            return "24:00"
        inside = self.period.start_ms <= t_ms < self.period.end_ms
        return self.texts.clock(t_ms, self.zone) if inside else self.texts.moment(t_ms, self.zone)

    def share(self, value: float) -> str:
        """A part as percent, cut and not rounded, so that 99.99 % never reads as 100 %."""
        if value >= 1:
            return "100 %"
        cut = math.floor(value * 1000) / 10
        return "<0.1 %" if value > 0 and cut == 0 else f"{cut:.1f} %"

    def delta(self, delta: Delta) -> str:
        """A change with its sign; what rounds to nothing has none."""
        size = abs(delta.value)
        number = f"{size:.1f}" if size >= _TENTH else f"{size:.2g}" if size >= _SMALLEST else "0"
        unit = self.texts("reports.point") if delta.unit == "point" else self.texts.unit(delta.unit)
        if delta.unit == "factor":
            return self.texts.number(delta.value, delta.unit)
        sign = "" if number == "0" else "+" if delta.value > 0 else "−"
        return f"{sign}{number} {unit}"
