"""What was received: targets with their gaps, warnings, and the metrics without data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jipyo.analysis.completeness import Gap, TargetCompleteness
from jipyo.analysis.thresholds import State
from jipyo.model.labels import Labels
from jipyo.reports.document import (
    Block,
    Duration,
    Heading,
    Listing,
    Moment,
    Note,
    Phrase,
    Quantity,
    Table,
    phrase,
)
from jipyo.reports.sections.completeness import (
    LISTED_BRIEFLY,
    build_completeness,
    build_target_table,
)
from reports.documents import MINUTE, START, build_figure
from reports.summaries import build_data, build_entry, build_metric


def target(
    *gaps: tuple[int, int], down: int = 0, labels: dict[str, str] | None = None
) -> TargetCompleteness:
    stretches = tuple(Gap(START + a * MINUTE, START + b * MINUTE) for a, b in gaps)
    named = Labels.of(labels or {"job": "node"})
    share = build_figure(0.9, "ratio")
    return TargetCompleteness(named, 15_000, 90, 100, down, stretches, share)


def list_notes(blocks: list[Block]) -> list[str]:
    return [b.text.key for b in blocks if isinstance(b, Note) and isinstance(b.text, Phrase)]


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"job": "node", "instance": "host:9100"}, "node host:9100"),
        ({"job": "node"}, "node"),
        ({"instance": "host"}, "host"),
        ({}, ""),
    ],
)
def test_a_target_is_named_by_its_job_and_instance(labels: dict[str, str], name: str) -> None:
    assert build_target_table([target(labels=labels or {"x": ""})]).rows[0][0] == name


def test_a_target_shows_what_was_received_of_what_was_expected() -> None:
    (row,) = build_target_table([target((10, 20), (30, 60), down=4)]).rows
    _, interval, received, expected, share, gap, down = row
    assert (interval, received, expected) == (
        Duration(15_000), Quantity(90, "count"), Quantity(100, "count"),
    )  # fmt: skip
    assert share == build_figure(0.9, "ratio")
    assert down == Duration(60_000)
    assert gap == phrase(
        "reports.gap",
        span=Duration(30 * MINUTE),
        start=Moment(START + 30 * MINUTE),
        end=Moment(START + 60 * MINUTE),
    )


def test_a_target_without_a_gap_shows_none() -> None:
    assert build_target_table([target()]).rows[0][5] is None


def test_without_a_record_of_scrapes_that_is_said_loudly() -> None:
    blocks = list(build_completeness(build_data(build_entry())))
    assert list_notes(blocks) == ["reports.completeness.no_targets"]
    assert isinstance(blocks[1], Note)
    assert blocks[1].state is State.UNKNOWN
    blocks = list(build_completeness(build_data(build_entry(), targets=[target()])))
    assert isinstance(blocks[1], Table)
    assert list_notes(blocks) == ["reports.completeness.note"]


@pytest.mark.parametrize("judged", [True, False])
def test_the_section_begins_a_page_where_no_section_of_breaches_does(judged: bool) -> None:
    of = build_metric() if judged else build_metric(thresholds=None)
    heading = next(iter(build_completeness(build_data(build_entry(of)))))
    assert isinstance(heading, Heading)
    assert heading.page is not judged


def test_warnings_of_the_source_are_shown_with_their_metric() -> None:
    entry = build_entry()
    warned = replace(entry, now=replace(entry.now, warnings=("too many samples", "slow")))
    blocks = list(build_completeness(build_data(warned)))
    assert [block.text for block in blocks[-2:] if isinstance(block, Note)] == [
        phrase("reports.warning", name=entry.metric.name, text=text)
        for text in ("too many samples", "slow")
    ]


def test_metrics_without_data_are_listed_by_group_and_counted() -> None:
    missing = [build_metric("gpu"), build_metric("disk")]
    *_, heading, note, listing = build_completeness(build_data(build_entry(), missing=missing))
    assert isinstance(heading, Heading)
    assert heading.text == phrase("reports.section.missing", n=2)
    assert list_notes([note]) == ["reports.missing.note"]
    assert isinstance(listing, Listing)
    assert [name for name, _ in listing.items] == [of.name for of in missing]


def test_a_brief_section_has_the_targets_that_lack_most() -> None:
    targets = [replace(target(), received=90 - at) for at in range(LISTED_BRIEFLY + 2)]
    blocks = list(build_completeness(build_data(targets=targets), brief=True))
    (table,) = (block for block in blocks if isinstance(block, Table))
    assert [row[2] for row in table.rows] == [
        Quantity(received, "count") for received in sorted(one.received for one in targets)
    ][:LISTED_BRIEFLY]
    assert Note(phrase("reports.completeness.more", n=2)) in blocks
