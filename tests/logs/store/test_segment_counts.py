"""Counts of a block and of a segment are those of the records, counted one by one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.store import segment_counts
from jipyo.logs.store.blobs import BlobWriter
from jipyo.logs.store.segment_counts import (
    HOUR_NS,
    MINUTE_NS,
    CountsGatherer,
    SegmentCounts,
    add_up,
    count_block,
)
from jipyo.logs.store.skeleton import NO_SKELETON

RECORDS = st.lists(
    st.tuples(
        st.integers(-5, 200).map(lambda minutes: minutes * 47 * 10**9),
        st.integers(0, 6),
        st.integers(0, 3) | st.just(NO_SKELETON),
    ),
    min_size=1,
    max_size=30,
)


def count(records, *, has_lines: bool = False):
    t_ns, level, ids = (np.array(column, np.int64) for column in zip(*records, strict=True))
    return count_block(t_ns, level, ids, has_lines=has_lines)


def as_counter(counts) -> Counter[int]:
    keys, numbers = counts
    assert keys.tolist() == sorted(set(keys.tolist()))
    return Counter(dict(zip(keys.tolist(), numbers.tolist(), strict=True)))


@given(RECORDS, st.sampled_from((1, 1 << 18)))
def test_a_block_counts_its_records(records, most_bins) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segment_counts, "_MOST_BINS", most_bins)
        found = count(records)
    assert as_counter(found.minutes) == Counter(t // MINUTE_NS << 3 | n for t, n, _ in records)
    assert as_counter(found.hours) == Counter(
        (t // HOUR_NS << 3 | n) << 24 | id_ for t, n, id_ in records
    )


@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_counts_add_up(parts) -> None:
    total = add_up([count(part).minutes for part in parts])
    expected = as_counter(count([record for part in parts for record in part]).minutes)
    assert as_counter(total) == expected


def write(gatherer: CountsGatherer) -> SegmentCounts | None:
    blobs = BlobWriter()
    by_service = gatherer.write(blobs)
    content = b"".join(blobs.blobs)
    lengths = [len(blob) for blob in blobs.blobs]
    if by_service is None:
        return None
    return SegmentCounts(by_service, lengths, lambda at, n: content[at : at + n])


@given(st.lists(st.tuples(st.sampled_from("ab"), RECORDS, st.booleans()), min_size=1, max_size=5))
def test_a_segment_sums_up_its_blocks_by_service(blocks) -> None:
    gatherer = CountsGatherer()
    for service, records, has_lines in blocks:
        gatherer.add(service, count(records, has_lines=has_lines))
    found = write(gatherer)
    assert found is not None
    for service in {service for service, _, _ in blocks}:
        mine = [block for block in blocks if block[0] == service]
        whole = count([record for _, records, _ in mine for record in records])
        assert as_counter(found.read_minutes(service)) == as_counter(whole.minutes)
        hours = found.read_hours(service)
        assert hours is not None
        assert as_counter(hours) == as_counter(whole.hours)
        assert found.has_lines(service) == any(has_lines for _, _, has_lines in mine)


def test_too_many_hours_and_skeletons_are_left_to_the_blocks(monkeypatch) -> None:
    monkeypatch.setattr(segment_counts, "MOST_KEYS", 3)
    gatherer = CountsGatherer()
    gatherer.add("few", count([(0, 3, 1), (0, 3, 2)]))
    gatherer.add("many", count([(0, 3, number) for number in range(4)]))
    found = write(gatherer)
    assert found is not None
    assert found.read_hours("few") is not None
    assert found.read_hours("many") is None
    assert as_counter(found.read_minutes("many")) == Counter({3: 4})


def test_with_a_damaged_block_a_segment_has_none() -> None:
    gatherer = CountsGatherer()
    gatherer.add("a", count([(0, 3, 1)]))
    gatherer.add("a", None)
    assert write(gatherer) is None
