"""What people type about a month."""

from __future__ import annotations

from datetime import date

import pytest
import yaml

from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.attribution import Attribution
from jipyo.model.errors import ConfigError
from jipyo.sla.month_file import TypedMonth, parse_typed_month, write_template
from jipyo.sla.profile_file import load_profile
from jipyo.sla.records import EnteredValue
from sla.histories import find_month
from sla.site import TYPED, ZONE, moment

PROFILE = load_profile("korea-public-press-2025-grade2")
IDS = tuple(one.id for one in PROFILE.indicators)


def read(text: str) -> TypedMonth:
    return parse_typed_month(text, "2024-10.yaml", ZONE, IDS)


def test_times_are_those_of_the_zones_clocks_or_carry_an_offset() -> None:
    month = read(TYPED)
    at_utc = read("outages: [{id: x, title: y, start: 2024-10-07T03:00:05Z, by: ours}]")

    assert month.entered == (EnteredValue("satisfaction", 92.5, "survey of October"),)
    assert month.planned[0].announced_ms == moment(18, 9)
    assert (month.planned[0].start_ms, month.planned[0].end_ms) == (
        moment(20, 1),
        moment(20, 2, 30),
    )
    assert at_utc.outages[0].start_ms == moment(7, 12, 0, 5)
    assert at_utc.outages[0].end_ms is None
    assert at_utc.outages[0].source == "entered"


@pytest.mark.parametrize("lang", LANGS)
def test_a_template_can_be_read_as_it_is_and_with_its_examples(lang: Lang) -> None:
    text = write_template(PROFILE, find_month(date(2024, 10, 1)), "Portal", texts(lang))
    filled = "\n".join(
        line.replace("  # ", "  ", 1) if "{" in line else line for line in text.splitlines()
    )
    filled = filled.replace("value: ,", "value: 1,").replace(": ,", ": x,").replace(": }", ": x}")

    assert read(text) == TypedMonth()
    month = read(filled)
    assert [one.indicator for one in month.entered] == ["security", "satisfaction", "repeated"]
    assert (len(month.planned), len(month.outages)) == (1, 1)
    assert month.attribution is not None
    assert month.attribution["12"].by is Attribution.CUSTOMER
    assert set(yaml.safe_load(text)) == {"entered", "planned", "outages", "attribution"}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("entered: {satisfaction: {value: 3}}", "The key note is missing. Add it."),
        ("entered: {satisfactio: {value: 3, note: x}}", "Did you mean satisfaction?"),
        ("entered: {security: {value: none, note: x}}", "none must be a number without a unit."),
        ("planned: [{approval: 1, start: 2024-10-20}]", "2024-10-20 is not a time."),
        ("planned: [{start: 2024-10-20 02:00, end: 2024-10-20 02:00}]", "not after the start."),
        ("outages: [{id: a, title: b, start: 10월 2일}]", "10월 2일 is not a time."),
        ("attribution: {12: {by: us}}", "Did you mean ours?"),
    ],
)
def test_a_mistake_has_its_place_and_a_remedy(text: str, mistake: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)

    messages = [texts("en").error(one) for one in caught.value.mistakes]
    assert any(mistake in one for one in messages), messages
    assert all(one.startswith("2024-10.yaml:1: ") for one in messages)
    assert all(texts("ko").error(one) for one in caught.value.mistakes)
