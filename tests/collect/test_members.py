"""Members of a group that cannot be read."""

from __future__ import annotations

import logging

import pytest

from collect.helpers import samples
from jipyo.collect.members import SkippedMembers, read_members


@pytest.mark.parametrize(
    "member",
    [
        "x",  # ValueError
        "0",  # ZeroDivisionError
        "9" * 5000,
        "9" * 400,  # OverflowError
    ],
)
def test_an_odd_member_is_left_out_and_told(member: str) -> None:
    skipped: list[str] = []
    read = read_members(
        ["1", member, "2"], lambda m: 1 / float(int(m)), lambda m, _: skipped.append(m)
    )
    assert list(read) == [("1", 1.0), ("2", 0.5)]
    assert skipped == [member]


def test_one_that_is_gone_is_left_out_without_a_word() -> None:
    skipped: list[str] = []

    def read(member: str) -> int:
        raise FileNotFoundError(member)

    assert list(read_members(["1"], read, lambda m, _: skipped.append(m))) == []
    assert skipped == []


def test_a_mistake_of_ours_is_no_odd_member() -> None:
    with pytest.raises(TypeError):
        list(read_members([None], lambda m: m + 1))  # type: ignore[operator]


def test_what_is_skipped_is_counted_and_logged_once_until_it_is_read_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    skipped = SkippedMembers("node")
    with caplog.at_level(logging.WARNING):
        for is_odd in (True, True, False, True):
            skipped.begin()
            if is_odd:
                skipped.record("disk", "sda\n" + "x" * 200, ValueError("odd"))
                skipped.record("disk", "sdb", ValueError())
            assert len(skipped.notes()) == is_odd
    series = 'jipyo_collect_skipped_members_total{collector="node",part="disk"}'
    assert samples(skipped.families()) == {series: 6.0}
    assert len(caplog.records) == 2
    assert caplog.messages[0].startswith("node: disk: skipped 'sda xxx")
    assert len(caplog.messages[0]) < 120


def test_a_member_that_stays_unreadable_is_named_from_the_second_reading_on() -> None:
    skipped, named = SkippedMembers("node"), []
    for is_odd in (True, True, True, False, True):
        skipped.begin()
        if is_odd:
            skipped.record("disk", "sda", ValueError("odd"))
            skipped.record("disk", "sdb", ValueError("odd"))
        named.append([name for name in samples(skipped.families()) if "_total" not in name])
    series = 'jipyo_collect_skipped_members{collector="node",member="sda",part="disk"}'
    assert named == [[], [series], [series], [], []]
