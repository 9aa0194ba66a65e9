"""The table of outages: which are listed, with which times and cause."""

from __future__ import annotations

import pytest

from jipyo.analysis.outage_history import PastOutage
from jipyo.analysis.outages import Outage
from jipyo.i18n import LANGS, Lang
from jipyo.model.failure import FailureReason
from jipyo.reports.document import Block, Duration, Heading, Moment, Note, Phrase, Table, phrase
from jipyo.reports.sections.breaches import build_breaches, select_breaches
from jipyo.reports.sections.completeness import build_completeness
from jipyo.reports.sections.outages import LISTED_OUTAGES, build_outages
from jipyo.reports.wording import Localizer
from reports.documents import MINUTE, PERIOD, START
from reports.summaries import build_data, build_entry, build_metric, shape_day

SECOND = 1000
HOT = shape_day((30, 90.0))


def outage(
    start_s: int,
    seconds: int,
    reason: FailureReason | None = FailureReason.TIMEOUT,
    *,
    is_open: bool = False,
) -> PastOutage:
    start_ms = START + start_s * SECOND
    return PastOutage(
        Outage("redis", "h:6379", reason), start_ms, start_ms + seconds * SECOND, is_open
    )


def get_table(blocks: list[Block]) -> Table:
    (table,) = (block for block in blocks if isinstance(block, Table))
    return table


def test_a_day_without_outages_has_no_section() -> None:
    assert list(build_outages(build_data())) == []


def test_an_outage_has_its_times_to_the_second_and_its_cause() -> None:
    (row,) = get_table(list(build_outages(build_data(outages=[outage(75, 31)])))).rows
    start, end = (Moment(START + s * SECOND, to_the_second=True) for s in (75, 106))
    cause = Phrase("health.cause.timeout", ())
    assert row == ("redis h:6379", start, end, Duration(31 * SECOND), cause)


def test_one_that_goes_on_has_no_end_and_one_without_a_known_cause_has_none() -> None:
    (row,) = get_table(
        list(build_outages(build_data(outages=[outage(0, 9, None, is_open=True)])))
    ).rows
    assert row[2] == phrase("reports.breaches.open")
    assert row[4] is None


def test_of_many_the_longest_are_listed_in_order_of_time() -> None:
    many = [outage(60 * nth, 1 + nth) for nth in range(LISTED_OUTAGES + 2)]
    blocks = list(build_outages(build_data(outages=many)))
    rows = get_table(blocks).rows
    assert [row[1] for row in rows] == [
        Moment(one.start_ms, to_the_second=True) for one in many[2:]
    ]
    (note,) = (block for block in blocks if isinstance(block, Note))
    assert note.text == phrase("reports.outages.more", n=2)


def test_a_breach_that_only_repeats_an_outage_is_not_listed() -> None:
    down = build_metric(metric_id="system.down", outage=True)
    of_target = Outage("", "h:6379", None)
    known = PastOutage(of_target, START, START + 30 * MINUTE, False)
    entry = build_entry(down, {"h:6379": HOT, "other": HOT})
    listed, _ = select_breaches(build_data(entry, outages=[known]))
    assert [one.series.name for one in listed] == ["other"]
    assert len(select_breaches(build_data(entry))[0]) == 2


@pytest.mark.parametrize("has_outages", [False, True])
def test_the_first_section_after_the_first_page_begins_a_new_one(has_outages: bool) -> None:
    for entries in ([build_entry()], []):
        data = build_data(*entries, outages=[outage(0, 60)] if has_outages else [])
        blocks = [*build_outages(data), *build_breaches(data), *build_completeness(data)]
        pages = [block.page for block in blocks if isinstance(block, Heading) and block.level == 1]
        assert pages[0]
        assert not any(pages[1:])


@pytest.mark.parametrize(("second", "text"), [(75, "00:01:15"), (86_400, "24:00:00")])
@pytest.mark.parametrize("lang", LANGS)
def test_a_moment_to_the_second(lang: Lang, second: int, text: str) -> None:
    moment = Moment(START + second * SECOND, to_the_second=True)
    assert Localizer.for_period(PERIOD, lang).format(moment) == text
