"""The on-call rota: a small YAML file, and who is on call at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from jipyo.alerts.options import Weekday
from jipyo.model.calendar import find_moment, local_day
from jipyo.model.errors import ConfigError
from jipyo.schema import (
    CLOCK,
    DATE,
    TEXT,
    WHOLE,
    Key,
    between,
    choice,
    list_of,
    list_of_named,
    parse_yaml,
    record,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

_DAY_MINUTES = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallPerson:
    """Somebody who can be on call."""

    name: str
    """As messages and the rota call them."""
    channels: tuple[str, ...] = ()
    """That reach this person; without any, messages go where they go anyway, with the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """People who take turns: each for so many days, handed over at a time of the day."""

    people: tuple[str, ...]
    first_day: date
    """On which the first of them begins."""
    days: int = 7
    handover: int = 9 * 60
    """The minute of the day, in the local zone."""
    from_minute: int = 0
    """Of each day: the hours in which somebody of it is on call, as nights."""
    to_minute: int = _DAY_MINUTES
    """Not later than `from_minute` where the hours last over midnight."""
    weekdays: tuple[Weekday, ...] = tuple(Weekday)
    """On which the hours begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Somebody who stands in for somebody else on whole days."""

    person: str
    instead_of: str
    first_day: date
    last_day: date
    """With it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """All of the file."""

    people: tuple[OnCallPerson, ...] = ()
    rotations: tuple[Rotation, ...] = ()
    substitutions: tuple[Substitution, ...] = ()

    def find_person(self, name: str) -> OnCallPerson:
        """A person by the name."""
        return next(one for one in self.people if one.name == name)


_PERSON = record(OnCallPerson, (Key("name", TEXT, required=True), Key("channels", list_of(TEXT))))
_ROTATION = record(
    Rotation,
    (
        Key("people", list_of(TEXT, at_least=1), required=True),
        Key("start", DATE, required=True, field="first_day"),
        Key("days", between(WHOLE, "1", "366")),
        Key("handover", CLOCK),
        Key("from", CLOCK, field="from_minute"),
        Key("to", CLOCK, field="to_minute"),
        Key("weekdays", list_of(choice(Weekday), at_least=1)),
    ),
)
_SUBSTITUTION = record(
    Substitution,
    (
        Key("person", TEXT, required=True),
        Key("instead_of", TEXT, required=True),
        Key("from", DATE, required=True, field="first_day"),
        Key("to", DATE, required=True, field="last_day"),
    ),
)
_ROTA = record(
    Rota,
    (
        Key("people", list_of_named(_PERSON), required=True),
        Key("rotations", list_of(_ROTATION, at_least=1), required=True),
        Key("substitutions", list_of(_SUBSTITUTION)),
    ),
)


def parse_rota(text: str, file: str) -> Rota:
    """The rota of a file's text; `file` is its name in messages.

    Raises:
        ConfigError: it is no YAML, or not a rota; with all mistakes.
    """
    node = parse_yaml(text, file)
    rota = _ROTA.read(node)
    known = [one.name for one in rota.people]
    named = [name for rotation in rota.rotations for name in rotation.people]
    for one in rota.substitutions:
        named += [one.person, one.instead_of]
        if one.last_day < one.first_day:
            raise ConfigError("duty.substitution_ends_early", where=node.at, person=one.person)
    for name in named:
        if name not in known:
            raise ConfigError(
                "duty.unknown_person", where=node.at, person=name, known=", ".join(known)
            )
    return rota


def find_on_call(rota: Rota, t_ms: int, zone: ZoneInfo) -> tuple[OnCallPerson, ...]:
    """Who is on call at a moment, each once, in the order of the rotations."""
    names = dict.fromkeys(_list_on_call(rota, t_ms, zone))
    return tuple(rota.find_person(name) for name in names)


def _list_on_call(rota: Rota, t_ms: int, zone: ZoneInfo) -> Iterator[str]:
    for rotation in rota.rotations:
        hours = (rotation.from_minute, rotation.to_minute)
        if find_hours(t_ms, hours, rotation.weekdays, zone) is not None:
            name = _find_turn(rotation, t_ms, zone)
            if name is not None:
                yield _substitute(rota, name, local_day(t_ms, zone))


def _find_turn(rotation: Rotation, t_ms: int, zone: ZoneInfo) -> str | None:
    """Whose turn it is; None before the first day."""
    day = local_day(t_ms, zone)
    if t_ms < find_moment(day, rotation.handover, zone):
        day -= timedelta(days=1)
    turn = (day - rotation.first_day).days // rotation.days
    return None if day < rotation.first_day else rotation.people[turn % len(rotation.people)]


def _substitute(rota: Rota, name: str, day: date) -> str:
    for one in rota.substitutions:
        if one.instead_of == name and one.first_day <= day <= one.last_day:
            return one.person
    return name


def find_hours(
    t_ms: int, hours: tuple[int, int], weekdays: tuple[Weekday, ...], zone: ZoneInfo
) -> tuple[int, int] | None:
    """The stretch of hours of a day that a moment is in, [start, end); None for none.

    `hours` are minutes of the day; they last over midnight where the second is not later, and
    begin on these days of the week.
    """
    first, last = hours
    today, order = local_day(t_ms, zone), tuple(Weekday)
    for day in (today - timedelta(days=1), today):
        if order[day.weekday()] not in weekdays:
            continue
        start_ms = find_moment(day, first, zone)
        end_ms = find_moment(day, last if last > first else last + _DAY_MINUTES, zone)
        if start_ms <= t_ms < end_ms:
            return start_ms, end_ms
    return None
