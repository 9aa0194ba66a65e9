"""Recomputation of a contract's month: whatever is changed, in the sheet or under it, is found."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.model.attribution import Attribution
from jipyo.model.bilingual import Bilingual
from jipyo.model.plain import to_plain
from jipyo.sla.evaluate import evaluate_month
from jipyo.sla.profile_file import load_profile
from jipyo.sla.recomputation import ChangedField, find_differences
from jipyo.sla.records import (
    ContractOutage,
    EnteredValue,
    MeasuredRatio,
    MonthRecords,
    PlannedWork,
)
from jipyo.sla.systems import ContractedSystem
from sla.months import HOUR_MS, month_of
from sla.test_inspection import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.sla.month import ContractMonth
    from jipyo.sla.profile import Profile

MONTH = month_of("2027-01-01")
PROFILE = load_profile("korea-public-press-2025-grade2")
SYSTEM = ContractedSystem(name="chat", title=Bilingual("상담", "Chat"))
SECOND = 1000


def build_records() -> MonthRecords:
    """Outages, work, gaps, ratios and typed values on days of their own."""
    day = 24 * HOUR_MS
    return MonthRecords(
        outages=tuple(
            ContractOutage(
                id=str(number),
                start_ms=MONTH.start_ms + number * day + 9 * HOUR_MS,
                end_ms=MONTH.start_ms + number * day + 9 * HOUR_MS + 90 * SECOND * number,
                target="front",
                attribution=attribution,
            )
            for number, attribution in enumerate((*Attribution, None), 1)
        ),
        planned=tuple(
            PlannedWork(
                approval=f"CR-{number}",
                start_ms=MONTH.start_ms + (10 + number) * day,
                end_ms=MONTH.start_ms + (10 + number) * day + number * HOUR_MS,
                announced_ms=MONTH.start_ms + number * day,
            )
            for number in (1, 2)
        ),
        gaps=((MONTH.start_ms + 20 * day, MONTH.start_ms + 20 * day + 301 * SECOND),),
        entered=(EnteredValue("satisfaction", 91.5, "survey", "Kim"),),
        ratios=(
            MeasuredRatio(
                indicator="response",
                numerator=998_123.0,
                denominator=1_000_311.0,
                queries=("a", "b"),
                samples=44_000,
                coverage=0.99,
            ),
        ),
        queries=("up",),
        samples=44_000,
    )


def evaluate(records: MonthRecords, profile: Profile = PROFILE) -> ContractMonth:
    return evaluate_month(profile, SYSTEM, MONTH, MONTH.end_ms, records)


def compare(month: ContractMonth) -> list[ChangedField]:
    return list(find_differences(to_plain(evaluate(build_records())), to_plain(month)))


def test_two_hundred_changed_fields_of_a_sheet_are_found() -> None:
    issued: Any = to_plain(evaluate(build_records()))
    changed: list[object] = []
    for container, key in random.Random(8).sample(list(leaves(issued)), 200):
        before = container[key]
        container[key] = "?" if isinstance(before, str | None) else before + 1
        changed.append((container[key], before))
    found = find_differences(issued, to_plain(evaluate(build_records())))
    assert sorted(map(repr, changed)) == sorted(repr((d.issued, d.recomputed)) for d in found)


def change_records() -> Iterator[tuple[str, MonthRecords]]:
    """What is known of the month, with one second, reading or figure changed each time."""
    records = build_records()
    for at, one in enumerate(records.outages):
        assert one.end_ms is not None
        for moved in (
            replace(one, start_ms=one.start_ms - SECOND),
            replace(one, end_ms=one.end_ms + SECOND),
            replace(one, attribution=Attribution.FORCE_MAJEURE)
            if one.attribution is not Attribution.FORCE_MAJEURE
            else replace(one, attribution=Attribution.OURS),
        ):
            outages = (*records.outages[:at], moved, *records.outages[at + 1 :])
            yield f"outage {one.id}", replace(records, outages=outages)
    for at, work in enumerate(records.planned):
        for altered in (
            replace(work, end_ms=work.end_ms + SECOND),
            replace(work, announced_ms=None),
            replace(work, approval=""),
        ):
            planned = (*records.planned[:at], altered, *records.planned[at + 1 :])
            yield f"work {work.approval}", replace(records, planned=planned)
    (start_ms, end_ms), (ratio,), (entered,) = records.gaps[0], records.ratios, records.entered
    yield "gap", replace(records, gaps=((start_ms, end_ms + SECOND),))
    yield "numerator", replace(records, ratios=(replace(ratio, numerator=998_122.0),))
    yield "denominator", replace(records, ratios=(replace(ratio, denominator=1_000_312.0),))
    yield "query", replace(records, ratios=(replace(ratio, queries=("a", "c")),))
    yield "samples", replace(records, samples=43_999)
    yield "typed", replace(records, entered=(replace(entered, value=91.4),))
    yield "proof", replace(records, entered=(replace(entered, note="call"),))


@pytest.mark.parametrize(("what", "records"), list(change_records()))
def test_a_record_that_was_changed_by_the_least_is_found(what: str, records: MonthRecords) -> None:
    assert compare(evaluate(records)), what


def test_every_changed_term_of_the_profile_is_found() -> None:
    terms: Any = to_plain(PROFILE)
    for at, indicator in enumerate(PROFILE.indicators):
        for changed in (
            replace(indicator, weight=indicator.weight + 1),
            replace(indicator, target=indicator.target + 0.01),
            replace(indicator, otherwise=indicator.otherwise + 1),
        ):
            indicators = (*PROFILE.indicators[:at], changed, *PROFILE.indicators[at + 1 :])
            profile = replace(PROFILE, indicators=indicators)
            assert compare(evaluate(build_records(), profile)), indicator.id
    assert terms["digest"]


def test_an_entry_that_only_one_sheet_has_is_found_as_a_whole() -> None:
    one, two = {"rows": [{"id": "a"}]}, {"rows": [{"id": "a"}, {"id": "b", "n": 1}]}
    (difference,) = find_differences(one, two)
    assert difference == ChangedField("rows[b]", None, {"id": "b", "n": 1})
    assert not list(find_differences({"n": 1}, {"n": 1.0}))
    assert list(find_differences({"n": 1}, {"n": True}))
