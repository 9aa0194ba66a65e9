"""Names and numbers of severities: the same in every store, format and receiver."""

import re

import numpy as np
import pytest

from jipyo.logs.formats.levels import LEVEL_WORDS, LevelTable, read_levels, read_syslog_levels
from jipyo.logs.ingest.decode.loki import find_label_level
from jipyo.logs.ingest.decode.otlp_logs import find_level as find_severity
from jipyo.logs.language import parse_condition
from jipyo.logs.levels import LEVELS, SYSLOG_LEVELS, find_level, list_level_words
from jipyo.logs.query import LEVEL, Equals
from jipyo.logs.record import Level


@pytest.mark.parametrize(
    ("level", "names"),
    [
        (Level.TRACE, "TRACE trce FINEST V"),
        (Level.DEBUG, "Debug dbug VERBOSE DEBUG3 Fine 7 20"),
        (Level.INFO, "Information NOTICE Note System LOG 5 6 30"),
        (Level.WARN, "warn WARNING wrn W 4 40"),
        (Level.ERROR, "ERR Error severe fail 3 50"),
        (Level.FATAL, "CRITICAL crit emerg panic FTL 0 1 2 60"),
        (Level.UNKNOWN, "loud None 8 70 -1 - オ"),
    ],
)
def test_a_name_means_the_same_everywhere(level: Level, names: str) -> None:
    for name in names.split():
        assert find_level(f" {name}") is level
        assert read_levels([name.encode()], LevelTable()).tolist() == [level]
        assert list_level_words("log.level").get(name.lower(), Level.UNKNOWN) is level
        assert find_label_level({"severity": name}) is level
        assert find_severity(0, name) is level
        if level and not name.isdigit():
            assert parse_condition(f"level:{name}") == Equals(LEVEL, level.name.lower())


@pytest.mark.parametrize(
    ("field", "number", "level"),
    [
        ("level", "30", Level.INFO), ("levelno", "30", Level.WARN), ("levelno", "3", None),
        ("log.syslog.severity.code", "3", Level.ERROR), ("severity_number", "9", Level.INFO),
        ("attributes.SeverityNumber", "24", Level.FATAL), ("severity_number", "25", None),
    ],
)  # fmt: skip
def test_what_a_number_means_depends_on_its_field(
    field: str, number: str, level: Level | None
) -> None:
    assert list_level_words(field).get(number) is level


def test_every_level_has_its_own_name() -> None:
    assert {level.name.lower(): level for level in Level if level}.items() <= LEVELS.items()


def test_every_word_at_the_head_of_a_line_is_a_level() -> None:
    pattern = LEVEL_WORDS.decode().replace("(?:ING)?", "").replace("(?:ing)?", "")
    for word in re.findall(r"[A-Za-z]+", pattern):
        assert find_level(word), word


def test_priorities_of_syslog_are_those_of_the_table() -> None:
    assert tuple(read_syslog_levels(np.arange(8))) == SYSLOG_LEVELS
    assert [find_level(str(number)) for number in range(8)] == list(SYSLOG_LEVELS)
