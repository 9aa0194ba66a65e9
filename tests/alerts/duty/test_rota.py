"""Who is on call: turns, hours of the day, substitutions, and clocks that are moved."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from jipyo.alerts.duty.rota import find_hours, find_on_call, parse_rota
from jipyo.alerts.options import Weekday
from jipyo.model.errors import ConfigError

SEOUL = ZoneInfo("Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")
ROTA = """
people:
  - {name: 김민수, channels: [kim]}
  - {name: lee}
  - {name: park}
rotations:
  - {people: [김민수, lee], start: 2027-01-04, handover: "09:00"}
  - {people: [park], start: 2027-01-01, from: "22:00", to: "06:00", weekdays: [fri, sat]}
substitutions:
  - {person: park, instead_of: lee, from: 2027-01-13, to: 2027-01-14}
"""


def at(text: str, zone: ZoneInfo = SEOUL) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "names"),
    [
        ("2027-01-04 08:59", ""),  # before the first turn
        ("2027-01-04 09:00", "김민수"),
        ("2027-01-11 08:59", "김민수"),
        ("2027-01-11 09:00", "lee"),
        ("2027-01-13 12:00", "park"),  # stands in
        ("2027-01-15 12:00", "lee"),
        ("2027-01-15 22:00", "lee park"),  # the night of Friday
        ("2027-01-16 05:59", "lee park"),
        ("2027-01-16 06:00", "lee"),
        ("2027-01-18 05:59", "lee"),  # the night of Sunday does not begin
        ("2027-01-18 09:00", "김민수"),  # again
    ],
)
def test_people_take_turns(moment: str, names: str) -> None:
    people = find_on_call(parse_rota(ROTA, "rota.yaml"), at(moment), SEOUL)
    assert " ".join(one.name for one in people) == names


def test_a_turn_is_handed_over_by_the_clocks_on_the_wall() -> None:
    text = "people: [{name: a}, {name: b}]\nrotations: [{people: [a, b], start: 2027-03-22}]"
    rota = parse_rota(text, "rota.yaml")
    for moment, name in (("2027-03-29 08:59", "a"), ("2027-03-29 09:00", "b")):
        assert [one.name for one in find_on_call(rota, at(moment, BERLIN), BERLIN)] == [name]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("instead_of: lee", "instead_of: leee"), "duty.unknown_person"),
        (("people: [park]", "people: [pak]"), "duty.unknown_person"),
        (("to: 2027-01-14", "to: 2027-01-12"), "duty.substitution_ends_early"),
        (("{name: park}", "{name: lee}"), "schema.name_twice"),
        (('"22:00"', '"25:00"'), "schema.not_a_clock"),
        (("people:", "persons:"), "schema"),
    ],
)
def test_a_mistake_is_named(change: tuple[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_rota(ROTA.replace(*change, 1), "rota.yaml")
    assert error.value.key.startswith(message)


@pytest.mark.parametrize(
    ("moment", "hours", "stretch"),
    [
        ("2027-01-04 23:00", (22 * 60, 7 * 60), ("2027-01-04 22:00", "2027-01-05 07:00")),
        ("2027-01-05 06:59", (22 * 60, 7 * 60), ("2027-01-04 22:00", "2027-01-05 07:00")),
        ("2027-01-05 07:00", (22 * 60, 7 * 60), None),
        ("2027-01-05 07:00", (0, 0), ("2027-01-05 00:00", "2027-01-06 00:00")),
        ("2027-01-05 13:00", (12 * 60, 24 * 60), ("2027-01-05 12:00", "2027-01-06 00:00")),
        ("2027-03-28 01:00", (22 * 60, 7 * 60), ("2027-03-27 22:00", "2027-03-28 07:00")),
    ],
)
def test_hours_of_a_day(
    moment: str, hours: tuple[int, int], stretch: tuple[str, str] | None
) -> None:
    found = find_hours(at(moment, BERLIN), hours, tuple(Weekday), BERLIN)
    assert found == (stretch and tuple(at(each, BERLIN) for each in stretch))
