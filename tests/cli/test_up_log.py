"""The log of `jipyo up`: errors in words, in the reader's language."""

from __future__ import annotations

import logging
from zoneinfo import ZoneInfo

import pytest

from jipyo.i18n import LANGS, texts
from jipyo.i18n.log_lines import WordErrors, ZonedFormatter
from jipyo.model.errors import CollectError

ERROR = CollectError(
    "database.unreachable", hint="database.unreachable.hint", url="redis://h", reason="refused"
)
LINES = {
    "en": "x cannot be scraped: Cannot connect to the database redis://h: refused. Check that",
    "ko": "x cannot be scraped: 데이터베이스 redis://h에 연결할 수 없습니다: refused. ",
}


@pytest.mark.parametrize("lang", LANGS)
def test_an_error_in_the_log_is_in_words_on_one_line(lang: str) -> None:
    t = next(texts(each) for each in LANGS if each == lang)
    record = logging.LogRecord(
        "n", logging.WARNING, "f", 1, "%s cannot be scraped: %s", ("x", ERROR), None
    )
    assert WordErrors(t).filter(record)
    assert record.getMessage().startswith(LINES[lang])
    assert "\n" not in record.getMessage()


def test_a_record_without_errors_stays_as_it_is() -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "%(a)s", ({"a": 1},), None)
    assert WordErrors(texts("en")).filter(record)
    assert record.getMessage() == "1"


@pytest.mark.parametrize(
    ("zone", "time"),
    [("Asia/Seoul", "2026-11-27T01:02:03+0900"), ("UTC", "2026-11-26T16:02:03+0000")],
)
def test_a_line_begins_with_the_time_in_the_configured_zone(zone: str, time: str) -> None:
    record = logging.LogRecord("n", logging.INFO, "f", 1, "text", (), None)
    record.created = 1_795_708_923.9
    assert ZonedFormatter(ZoneInfo(zone)).format(record) == f"{time} INFO n: text"
