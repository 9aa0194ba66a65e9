"""Durations, times and numbers, as people write them into files, URLs and commands."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.cli.moments import parse_moment
from jipyo.model.duration import format_duration, parse_duration
from jipyo.web.http.params import parse_duration_ns, parse_fields, parse_int, parse_time_ms

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = (
    b"1", b"5m", b"1h30m", b"1y2w3d4h5m6s7ms", b"ms", b"y", b"-", b"+", b".", b"e", b"2024-02-29",
    b"T", b"Z", b"+09:00", b"12:34:56", b".789", b"1795400000.123", b"-62135596800", b"1e10",
    "\u0661".encode(), "\uff11".encode(), b"_",
)  # fmt: skip
SEEDS = (*WORDS, b"2024-02-30", b"9" * 5000, b"9999-12-31T23:59:59.999999999Z", b"0000-00-00")


def read_duration(body: bytes) -> None:
    """What is written of a duration is read as the same."""
    ms = parse_duration(body.decode("utf-8", "replace"))
    assert parse_duration(format_duration(ms)) == ms, "BUG: a duration that changes when written"


def surface(name: str, read: Callable[[str], object]) -> Surface:
    return Surface(
        name=f"words-{name}",
        corpus="words",
        feed=lambda body: read(body.decode("utf-8", "replace")),
        seeds=SEEDS,
        tokens=WORDS,
    )


SURFACES = [
    Surface(
        name="words-duration",
        corpus="words",
        feed=read_duration,
        seeds=SEEDS,
        tokens=WORDS,
        errors=(ValueError,),
    ),
    surface("time", parse_time_ms),
    surface("step", parse_duration_ns),
    surface("int", parse_int),
    surface("moment", lambda text: parse_moment(text, ZoneInfo("Asia/Seoul"), 0)),
    Surface(
        name="words-form",
        feed=lambda body: parse_fields(body, body),
        seeds=(b"query=up&time=1&match[]=a&match%5B%5D=b", b"a=%ff&b=%zz&=&&;"),
        tokens=(b"&", b"=", b"%", b"+", b"%00", b"%ed%a0%80", b";", b"match[]="),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_word_is_read_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
