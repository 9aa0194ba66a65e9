from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.duration import format_duration, parse_duration

DAY_MS = 86_400_000
LONGEST_MS = (2**63 - 1) // 1_000_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("0s", 0),
        ("1ms", 1),
        ("30s", 30_000),
        ("5m", 300_000),
        ("1h30m", 5_400_000),
        ("1d", DAY_MS),
        ("1w", 7 * DAY_MS),
        ("1y", 365 * DAY_MS),
        ("1y2w3d4h5m6s7ms", 365 * DAY_MS + 17 * DAY_MS + 14_706_007),
        ("007s", 7_000),
        ("9223372036854ms", LONGEST_MS),
    ],
)
def test_a_duration_is_read_in_milliseconds(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty duration string"),
        ("1", 'not a valid duration string: "1"'),
        ("s", 'not a valid duration string: "s"'),
        ("-1s", 'not a valid duration string: "-1s"'),
        ("1.5h", 'unknown unit "." in duration "1.5h"'),
        ("1 h", 'unknown unit " h" in duration "1 h"'),
        ("1H", 'unknown unit "H" in duration "1H"'),
        ("1µs", 'unknown unit "µs" in duration "1µs"'),
        ("1m1h", 'not a valid duration string: "1m1h"'),
        ("1m1m", 'not a valid duration string: "1m1m"'),
        ("12345678901234567890s", 'not a valid duration string: "12345678901234567890s"'),
        ("٣s", 'not a valid duration string: "٣s"'),
        ("293y", "duration out of range"),
        ("9223372036855ms", "duration out of range"),
    ],
)
def test_what_is_no_duration_is_refused_in_the_words_of_prometheus(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match="duration") as caught:
        parse_duration(text)
    assert str(caught.value) == reason


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "0s"),
        (1, "1ms"),
        (1_500, "1s500ms"),
        (5_400_000, "1h30m"),
        (90 * DAY_MS, "90d"),
        (14 * DAY_MS, "2w"),
        (730 * DAY_MS, "2y"),
        (371 * DAY_MS, "53w"),
        (-90_000, "-1m30s"),
    ],
)
def test_a_duration_is_written_from_long_units_to_short_ones(ms: int, text: str) -> None:
    assert format_duration(ms) == text


@given(st.integers(0, LONGEST_MS))
def test_what_is_written_reads_back(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms


@given(st.text(alphabet="0123456789ywdhms.- ", max_size=12))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        ms = parse_duration(text)
    except ValueError:
        ms = 0
    assert 0 <= ms <= LONGEST_MS
