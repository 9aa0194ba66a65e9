from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import texts
from jipyo.model.attribution import Attribution
from jipyo.model.errors import ConfigError
from jipyo.sla.profile import Better, Measure, OutageMonth, ShiftHours
from jipyo.sla.profile_file import BUILTIN_PROFILES, load_profile

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "name: {ko: 이름, en: name}\nbased_on: {ko: 예시, en: example}\n"
AVAILABILITY = """
  availability:
    name: {ko: 가용률, en: Availability}
    measure: availability
    weight: 30
    target: 99.9
"""
SOUND = f"{HEAD}indicators:{AVAILABILITY}"


def load(tmp_path: Path, text: str) -> object:
    file = tmp_path / "contract.yaml"
    file.write_text(text)
    return load_profile(str(file))


def list_mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    lines = [texts("en").error(one) for one in caught.value.mistakes]
    assert all(texts("ko").error(one) for one in caught.value.mistakes)
    return [line.replace(f"{tmp_path}/", "") for line in lines]


@pytest.mark.parametrize("name", BUILTIN_PROFILES)
def test_a_built_in_profile_says_what_it_was_read_from_and_has_weights_of_100(name: str) -> None:
    profile = load_profile(name)

    assert profile.id == name
    assert profile.based_on("ko")
    assert sum(one.weight for one in profile.indicators) == 100
    assert len(profile.digest) == 64


def test_grade_1_is_grade_2_with_other_limits_in_the_same_order() -> None:
    first, second = (load_profile(f"korea-public-press-2025-grade{n}") for n in (1, 2))

    assert [one.id for one in first.indicators] == [one.id for one in second.indicators]
    assert (first.indicators[0].minimum, second.indicators[0].minimum) == (99.92, 99.9)
    assert first.restore is not None
    assert first.restore.allowed_ms == 2 * 3_600_000
    assert first.restore.factor == 2.5  # of the base
    assert first.digest != second.digest


def test_a_profile_on_a_base_changes_what_it_names_and_removes_what_is_null(
    tmp_path: Path,
) -> None:
    (tmp_path / "own.yaml").write_text(
        """
base: korea-public-press-2025-grade2
counted: [ours]
outage_month: minute
service_hours:
  shifts:
    - {days: [mon, fri], from: "09:00", to: "18:00"}
    - {from: "22:00", to: "06:00"}
    - {from: "00:00", to: "24:00"}
  holidays: KR
indicators:
  availability: {weight: 40}
  repeated: null
"""
    )
    (tmp_path / "more.yaml").write_text("base: own.yaml\nnotice: 24h\n")

    profile = load_profile(str(tmp_path / "more.yaml"))

    assert profile.counted == {Attribution.OURS}
    assert profile.outage_month is OutageMonth.MINUTE
    assert profile.notice_ms == 86_400_000
    assert profile.hours.shifts == (
        ShiftHours(frozenset({0, 4}), 540, 1080),
        ShiftHours(frozenset(range(7)), 1320, 360),
        ShiftHours(frozenset(range(7)), 0, 0),
    )
    assert [shift.length_minutes for shift in profile.hours.shifts] == [540, 480, 1440]
    assert profile.indicators[0].weight == 40
    assert "repeated" not in {one.id for one in profile.indicators}


def test_a_measure_brings_its_unit_its_better_side_and_its_decimals(tmp_path: Path) -> None:
    profile = load_profile("korea-public-press-2025-grade2")

    found = {one.id: (one.unit, one.better, one.decimals, one.factor) for one in profile.indicators}
    assert found["outages"] == ("count", Better.LOW, 0, 1)
    assert found["response"] == ("%", Better.HIGH, 2, 100)
    assert found["satisfaction"] == ("points", Better.HIGH, 1, 1)
    assert {one.measure for one in profile.indicators} == set(Measure) - {Measure.LONGEST_RESTORE}


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        ("    minimum: 99", "Add bands that give its points, or remove minimum."),
        ("    minimum: 99.95", "It must be worse than the target."),
        ("    bands: [{limit: 99.999, points: 1}]", "99.999 has more than 2 decimals."),
        (
            "    bands: [{limit: 99, points: 90}, {limit: 99.9, points: 80}]",
            "Bands go from the best value to the worst.",
        ),
        (
            "    bands: [{limit: 99.9, points: 80}, {limit: 99, points: 90}]",
            "A worse band brings more points than a better one.",
        ),
        ("    numerator: sum(increase(a[$w]))", "belong to measure: ratio alone."),
        ("    weights: 3", "Did you mean weight?"),
        ("    better: up", "Use one of: high, low."),
        ("restore: {factor: 2}", "The key within is missing. Add it."),
        ("notice: soon", "soon is not a duration."),
        ("service_hours: {holidays: KO}", "The public holidays of KO are not known."),
        ("service_hours: {shifts: [{from: 9, to: '18:00'}]}", "9 is not a time of day."),
        ("counted: []", "The list is empty."),
        ("penalty: {overrun: true}", "There is no time to restore within."),
        (
            "penalty: {rules: [{indicator: availability2, bands: [{limit: 1, percent: 0}],"
            " otherwise: 5}]}",
            "There is no indicator availability2. Did you mean availability?",
        ),
        (
            "penalty: {rules: [{bands: [{limit: 1, percent: 0}, {limit: 2, percent: 1}],"
            " otherwise: 5}]}",
            "Bands go from the best value to the worst.",
        ),
    ],
)
def test_a_mistake_of_a_profile_has_its_place_and_a_remedy(
    tmp_path: Path, lines: str, mistake: str
) -> None:
    mistakes = list_mistakes(tmp_path, f"{SOUND}{lines}\n")

    assert any(mistake in line for line in mistakes), mistakes
    assert all(line.startswith("contract.yaml:") for line in mistakes)


def test_all_mistakes_of_a_profile_are_reported_at_once(tmp_path: Path) -> None:
    text = f"""{HEAD}missing: perhaps
indicators:
  response:
    name: {{ko: 응답, en: Response}}
    measure: ratio
    weight: -1
    target: 99.999
    numerator: sum(
    denominator: sum(x)
  restored:
    name: {{ko: 복구, en: Restored}}
    measure: restored_in_time
    weight: 0
    target: 100
"""
    places = [line.split(":")[1] for line in list_mistakes(tmp_path, text)]

    assert places == ["3", "8", "10", "11"]


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (f"{HEAD}indicators: {{}}\n", "There are no indicators."),
        (SOUND.replace("30", "0"), "All weights are 0."),
        ("base: internatonal\n", "Did you mean international?"),
        ("base: contract.yaml\n", "The base leads back to"),
        ("base: [a]\n", "must be a string."),
    ],
)
def test_a_profile_as_a_whole_can_be_wrong(tmp_path: Path, text: str, mistake: str) -> None:
    assert any(mistake in line for line in list_mistakes(tmp_path, text))


def test_an_unknown_profile_names_those_that_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        load_profile("sla")
    assert "international" in texts("en").error(caught.value)
