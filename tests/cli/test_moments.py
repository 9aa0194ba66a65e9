"""Times of the command line: now, relative, dates, Unix seconds."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.cli.moments import END_OF_TIME_MS, parse_length, parse_moment, parse_span
from jipyo.model.errors import ConfigError

SEOUL = ZoneInfo("Asia/Seoul")
NOW_MS = 1_795_186_800_000
HOUR_MS = 3_600_000


def at(*parts: int) -> int:
    """A moment in Seoul."""
    return int(datetime(*parts, tzinfo=SEOUL).timestamp() * 1000)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "t_ms"),
    [
        ("now", NOW_MS),
        ("now-1h", NOW_MS - HOUR_MS),
        ("-1h", NOW_MS - HOUR_MS),
        ("-1h30m", NOW_MS - HOUR_MS * 3 // 2),
        ("-500ms", NOW_MS - 500),
        ("-2w", NOW_MS - 14 * 24 * HOUR_MS),
        ("0", 0),
        ("1795186800", NOW_MS),
        ("1795186800.25", NOW_MS + 250),
        ("-1", -1000),
        ("09:00", at(2026, 11, 21, 9)),
        ("09:00:30", at(2026, 11, 21, 9, 0, 30)),
        ("2026-11-21", at(2026, 11, 21)),
        ("2026-11-21T09:00", at(2026, 11, 21, 9)),
        ("2026-11-21 09:00:30", at(2026, 11, 21, 9, 0, 30)),
        ("2026-11-21T09:00+00:00", at(2026, 11, 21, 18)),
        ("2026-11-21T09:00Z", at(2026, 11, 21, 18)),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, t_ms: int) -> None:
    assert parse_moment(text, SEOUL, NOW_MS) == t_ms


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "cli.query.not_a_time"),
        ("yesterday", "cli.query.not_a_time"),
        ("2026-13-01", "cli.query.not_a_time"),
        ("25:00", "cli.query.not_a_time"),
        ("+1h", "cli.query.not_a_time"),
        ("inf", "cli.query.not_a_time"),
        ("nan", "cli.query.not_a_time"),
        ("-1m1h", "cli.query.not_a_duration"),
        ("-1x", "cli.query.not_a_duration"),
    ],
)
def test_what_is_no_time_is_refused(text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_moment(text, SEOUL, NOW_MS)
    assert caught.value.key == key


@given(st.integers(-(10**9), 10**10))
def test_every_second_reads_back(seconds: int) -> None:
    text = datetime.fromtimestamp(seconds, UTC).isoformat()
    assert parse_moment(text, SEOUL, NOW_MS) == seconds * 1000
    assert parse_moment(str(seconds), SEOUL, NOW_MS) == seconds * 1000


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    try:
        t_ms = parse_moment(text, SEOUL, NOW_MS)
    except ConfigError:
        t_ms = 0
    assert isinstance(t_ms, int)


@pytest.mark.parametrize(
    ("text", "ms"), [("30s", 30_000), ("1h30m", 5_400_000), ("1d", 86_400_000)]
)
def test_a_length_is_a_duration_of_promql(text: str, ms: int) -> None:
    assert parse_length(text) == ms


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (None, None, (0, END_OF_TIME_MS)),
        ("-1h", None, (NOW_MS - HOUR_MS, END_OF_TIME_MS)),
        (None, "-1h", (0, NOW_MS - HOUR_MS)),
        ("2026-11-20", "2026-11-21", (at(2026, 11, 20), at(2026, 11, 21))),
    ],
)
def test_a_span_is_everything_by_default_what_lies_ahead_too(
    start: str | None, end: str | None, span: tuple[int, int]
) -> None:
    assert parse_span(start, end, SEOUL, NOW_MS) == span
