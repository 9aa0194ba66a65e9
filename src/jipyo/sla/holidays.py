"""Days on which nothing is promised: public holidays of a country, and the site's own days."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import date


@lru_cache(maxsize=256)
def find_public_holidays(country: str, year: int) -> frozenset[date]:
    """The public holidays of a year, substitute days included.

    Args:
        country: by ISO 3166, as `KR`, or with a part of it, as `DE-BY`.
        year: of the Gregorian calendar.

    Raises:
        ConfigError: nothing is known of the country, or of that part.
    """
    import holidays  # noqa: PLC0415 - a tenth of a second that only contracts with holidays need

    name, _, part = country.partition("-")
    try:
        return frozenset(holidays.country_holidays(name, subdiv=part or None, years=year))
    except NotImplementedError as error:
        raise ConfigError(
            "sla.unknown_country", hint="sla.unknown_country.hint", name=country
        ) from error


def find_days_off(
    country: str, closed: Collection[date], working: Collection[date]
) -> Callable[[date], bool]:
    """Whether a day is off: one of the site's, or a public holiday on which it does not work."""

    def is_day_off(day: date) -> bool:
        if day in working:
            return False
        return day in closed or (bool(country) and day in find_public_holidays(country, day.year))

    return is_day_off
