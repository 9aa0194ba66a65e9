"""Times of columns are those of each text alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.logs.formats.times import NS, TimeContext, parse_time, parse_times, write_assumed

SEOUL, NEW_YORK = ZoneInfo("Asia/Seoul"), ZoneInfo("America/New_York")
FORMATS = (
    "%Y-%m-%d %H:%M:%S,%f", "%Y-%m-%dT%H:%M:%S.%fZ", "%d/%b/%Y:%H:%M:%S +0900", "%b %d %H:%M:%S",
    "%m-%d %H:%M:%S", "%m%d %H:%M:%S.%f", "%y/%m/%d %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%H:%M:%S",
    "%Y-%m-%d %H:%M:%S-03:30", "%d %b %Y %H:%M:%S", "%Y%m%dT%H%M%SZ",
)  # fmt: skip


def at(text: str, zone=UTC) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) * NS


@pytest.mark.parametrize(
    ("text", "arrival", "t", "assumed"),
    [
        (b"Dec 31 23:59:59", "2026-01-03T00:00:00", "2025-12-31T23:59:59", b"year zone"),
        (b"Jan  1 00:00:01", "2025-12-31T23:59:58", "2026-01-01T00:00:01", b"year zone"),
        (b"Jan 05 00:00:01", "2026-01-03T00:00:00", "2025-01-05T00:00:01", b"year zone"),
        (b"Feb 29 00:00:01", "2026-03-03T00:00:00", "2024-02-29T00:00:01", b"year zone"),
        (b"12-31 23:00:00", "2026-01-03T00:00:00", "2025-12-31T23:00:00", b"year zone"),
        (b"23:59:59.5", "2026-01-03T00:10:00", "2026-01-02T23:59:59", b"date zone"),
        (b"00:30:00", "2026-01-03T00:10:00", "2026-01-03T00:30:00", b"date zone"),
        (b"2026-11-16 00:00:01,123", "2026-01-03T00:10:00", "2026-11-16T00:00:01", b"zone"),
    ],
)  # fmt: skip
def test_what_a_time_lacks_comes_from_its_arrival(
    text: bytes, arrival: str, t: str, assumed: bytes
) -> None:
    found = parse_time(text, TimeContext(SEOUL, at(arrival, SEOUL)))
    assert found is not None
    assert (found[0] // NS * NS, write_assumed(found[1])) == (at(t, SEOUL), assumed)


def test_wall_times_follow_the_zone_through_the_year() -> None:
    texts = [b"2026-03-08 01:59:59", b"2026-03-08 03:00:00", b"2026-11-01 00:30:00"]
    times = parse_times(texts, TimeContext(NEW_YORK, 0))
    assert times.t_ns.tolist() == [
        at("2026-03-08T06:59:59"), at("2026-03-08T07:00:00"), at("2026-11-01T04:30:00"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [b"2026-13-16 00:00:01", b"2026-02-29 00:00:01", b"2026-11-16 24:00:01", b"1969-01-01 00:00:00",
     b"2026-11-16", b"", b"x", b"31/Feb/2026:00:00:05 +0000", b"01/Foo/2026:00:00:05 +0000",
     b"9999-11-16 00:00:01", b"Foo 16 00:00:01", b"2026-11-16 00:60:01", b"Nov  x 00:00:00"],
)  # fmt: skip
def test_what_is_no_time_is_none(text: bytes) -> None:
    context = TimeContext(SEOUL, at("2026-01-03T00:00:00"))
    assert parse_time(text, context) is None
    times = parse_times([b"2026-11-16 00:00:01", text, text], context)
    assert times.valid.tolist() == [True, False, False]


moments = st.datetimes(datetime(1975, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - wall time
written = st.builds(
    lambda moment, form: moment.strftime(form).encode(), moments, st.sampled_from(FORMATS)
)
spoilt = st.builds(
    lambda text, place, byte: text[: place % len(text)] + byte + text[place % len(text) + 1 :],
    written,
    st.integers(0, 40),
    st.sampled_from([b"0", b"9", b" ", b":", b"Z", b"-", b"\xff"]),
)


@given(st.lists(st.one_of(written, written, spoilt), max_size=40), moments)
@settings(max_examples=150, deadline=None)
def test_a_column_is_parsed_as_each_text_alone(texts: list[bytes], arrival: datetime) -> None:
    context = TimeContext(NEW_YORK, int(arrival.replace(tzinfo=UTC).timestamp()) * NS)
    times = parse_times(texts, context)
    for row, text in enumerate(texts):
        alone = parse_time(text, context)
        found = (int(times.t_ns[row]), int(times.assumed[row])) if times.valid[row] else None
        assert found == alone, text


@given(moments, st.integers(-14 * 60, 14 * 60))
def test_times_with_a_zone_are_exact(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    text = moment.replace(tzinfo=zone).strftime("%Y-%m-%dT%H:%M:%S.%f%z").encode()
    found = parse_time(text, TimeContext(SEOUL, 0))
    whole = int(
        (moment.replace(tzinfo=zone) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    )
    assert found is not None
    assert found[0] // NS == whole or moment.microsecond
    assert found[0] % NS == moment.microsecond * 1000
