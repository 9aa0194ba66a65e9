"""What happens in a made-up month, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from jipyo.model.calendar import find_moment
from jipyo.sla.holidays import find_public_holidays

if TYPE_CHECKING:
    from jipyo.i18n import Lang
    from jipyo.model.calendar import Period

_MINUTE_MS = 60_000
_TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY, _SUNDAY = 1, 2, 3, 4, 6


@dataclass(frozen=True, slots=True)
class Episode:
    """From a moment to another, in milliseconds."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Story:
    """The events of a month; whatever is not one of them is an ordinary day."""

    month: Period
    days_off: frozenset[date]
    """Public holidays from a year before the month to a year after it."""
    deployed_ms: int
    """Of the version that leaks connections to the database."""
    outage: Episode
    """The service answers with errors: 13 minutes after the deployment, until it was undone."""
    maintenance: Episode
    """Planned: the service is down, and its users know it."""
    uncollected: Episode
    """Nothing is collected from anything."""
    restart: Episode
    """One engine is started anew, and counts from 0."""
    hot: Episode
    """The fan of one GPU fails, until it is replaced."""
    drifts_ms: int
    """From when on the model is right less often, more so every day."""
    lang: Lang = "ko"
    """Of what people write in it."""

    @property
    def zone(self) -> ZoneInfo:
        """Where its days begin and end."""
        return ZoneInfo(self.month.zone)


def plan_story(month: Period, lang: Lang = "ko") -> Story:
    """The story of a month: the same every time."""
    zone = ZoneInfo(month.zone)

    def moment(weekday: int, week: int, hour: int, minute: int = 0) -> int:
        return find_moment(find_weekday(month, weekday, week), hour * 60 + minute, zone)

    start_ms = moment(_WEDNESDAY, 2, 14, 5)
    maintained_ms, uncollected_ms = moment(_SUNDAY, 3, 2), moment(_FRIDAY, 2, 3, 12)
    restart_ms, hot_ms = moment(_TUESDAY, 3, 10, 31), moment(_THURSDAY, 3, 9, 20)
    years = range(month.first_day.year - 1, month.first_day.year + 2)
    return Story(
        month,
        frozenset().union(*(find_public_holidays("KR", year) for year in years)),
        deployed_ms=start_ms - 13 * _MINUTE_MS,
        outage=_last(start_ms, 42),
        maintenance=_last(maintained_ms, 95),
        uncollected=_last(uncollected_ms, 88),
        restart=_last(restart_ms, 2),
        hot=_last(hot_ms, 26 * 60),
        drifts_ms=moment(_THURSDAY, 2, 0),
        lang=lang,
    )


def find_weekday(month: Period, weekday: int, week: int) -> date:
    """The `week`-th day of the month that falls on a weekday; Monday is 0."""
    first = month.first_day
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (week - 1))


def _last(start_ms: int, minutes: int) -> Episode:
    return Episode(start_ms, start_ms + minutes * _MINUTE_MS)
