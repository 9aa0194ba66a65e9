"""`jipyo logs search`: records, counts and charts of a real store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest

from cli.logs.conftest import N_CHAT, N_FAILED, N_NEW, N_NGINX
from jipyo.cli.logs.options import LogChoice, parse_range
from jipyo.model.errors import ConfigError
from support.product import jipyo

NOW_MS, HOUR_MS = 1_795_186_800_000, 3_600_000
Options = tuple[str, ...]


def search(logs: Options, *words: str) -> str:
    result = jipyo("logs", "search", *words, "--since", "3h", *logs)
    assert result.code == 0, result.err
    return result.out


def test_the_newest_records_come_first(logs: Options) -> None:
    rows = [json.loads(line) for line in search(logs, "request", "--json").splitlines()]
    assert len(rows) == 100
    assert rows[0]["message"] == "request 1 done in 11ms"
    assert rows[0]["time"] > rows[1]["time"]
    assert (rows[0]["service"], rows[0]["level"]) == ("chat", "info")
    oldest = search(logs, "request", "--json", "--oldest", "--limit", "1")
    assert json.loads(oldest)["message"].startswith(f"request {N_CHAT} ")


def test_more_than_a_page_is_read_page_by_page(logs: Options) -> None:
    assert len(search(logs, "--raw", "request", "--limit", "5000").splitlines()) == N_CHAT


@pytest.mark.parametrize(
    ("words", "n"),
    [
        ((), N_CHAT + N_NGINX + N_FAILED + N_NEW),
        (("--service", "chat"), N_CHAT + N_FAILED + N_NEW),
        (("--service", "c*"), N_CHAT + N_FAILED + N_NEW),
        (("service:nginx", "--service", "chat"), 0),
        (("--level", "error"), N_FAILED + N_NEW + 3),
        (("level:error", "CUDA"), N_NEW),
        (("user:user1",), N_NGINX // 3),
    ],
)
def test_services_levels_and_words_narrow_a_search(logs: Options, words: Options, n: int) -> None:
    assert search(logs, *words, "--count") == f"{n}\n"


def test_a_chart_has_the_same_sum(logs: Options) -> None:
    chart = json.loads(search(logs, "--by", "level", "--step", "10m", "--json"))
    assert chart["total"] == N_CHAT + N_NGINX + N_FAILED + N_NEW
    assert sum(chart["counts"]["error"]) == N_FAILED + N_NEW + 3
    assert chart["interval_ms"] == 600_000
    drawn = search(logs, "--by", "service")
    assert "█" in drawn
    assert "nginx" in drawn.splitlines()[0]


def test_what_a_terminal_would_obey_is_shown_as_text(logs: Options) -> None:
    shown = search(logs, "CUDA", "--limit", "1")
    assert "\x1b" not in shown
    assert "\\x1b[31m" in shown


def test_a_record_is_shown_with_those_around_it(logs: Options) -> None:
    shown = search(logs, '"request 100 done"', "--context", "2").splitlines()
    assert [line[:2] for line in shown].count("> ") == 1
    assert len([line for line in shown if line[:2] in ("> ", "  ") and "chat" in line]) == 5


def test_fields_are_shown_where_they_are_asked_for(logs: Options) -> None:
    shown = search(logs, "user:user1", "--field", "status", "--limit", "1")
    assert "http.response.status_code=200" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--service", "chta"), "Similar: chat"),
        (("service:chta",), "Similar: chat"),
        (("--service", "zzzz"), "There are: chat, nginx"),
        (("level:errr",), "is not a level"),
        (("--since", "1h", "--from", "-2h"), "--since or --from"),
        (("--from", "-1h", "--to", "-2h"), "is empty"),
        (("--source", "elsewhere"), "embedded"),
        (("--chart", "--step", "1ms"), "intervals"),
    ],
)
def test_what_cannot_be_searched_is_an_error(logs: Options, words: Options, said: str) -> None:
    result = jipyo("logs", "search", *words, *logs)
    assert result.code in (1, 2)
    assert said in result.err
    assert result.out == ""


def test_a_field_that_no_record_has_is_named(logs: Options) -> None:
    result = jipyo("logs", "search", "statuz:500", *logs)
    assert (result.code, result.out) == (0, "")
    assert "No record has the field statuz. Similar: status" in result.err
    assert "statuz가 있는" in jipyo("logs", "search", "statuz:500", *logs, "--lang", "ko").err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--service", "ch"), {"chat"}),
        (("--by", "http.res"), {"http.response.body.bytes", "http.response.status_code"}),
        (("level:er",), {"level:error"}),
        (("service:n",), {"service:nginx"}),
        (("timeout", "stat"), {"status:"}),
        (("--source", "e"), {"embedded"}),
    ],
)
def test_a_shell_completes_services_fields_levels_and_sources(
    logs: Options, words: Options, expected: set[str]
) -> None:
    line = ["jipyo", "logs", "search", *logs, *words]
    about = {"COMP_WORDS": " ".join(line), "COMP_CWORD": str(len(line) - 1)}
    environ = {**os.environ, **about, "_JIPYO_COMPLETE": "bash_complete"}
    command = [sys.executable, "-m", "jipyo"]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    assert {entry.partition(",")[2] for entry in done.stdout.splitlines()} == expected


def test_a_shell_gets_no_errors_while_it_completes() -> None:
    about = {"COMP_WORDS": "jipyo logs search --data /none --service a", "COMP_CWORD": "6"}
    environ = {**os.environ, **about, "_JIPYO_COMPLETE": "bash_complete"}
    command = [sys.executable, "-m", "jipyo"]
    done = subprocess.run(command, env=environ, check=False, capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.parametrize(
    ("choice", "span"),
    [
        (LogChoice(), (NOW_MS - HOUR_MS, NOW_MS + 1)),
        (LogChoice(since="2h"), (NOW_MS - 2 * HOUR_MS, NOW_MS + 1)),
        (LogChoice(start="-3h", end="-1h"), (NOW_MS - 3 * HOUR_MS, NOW_MS - HOUR_MS)),
        (LogChoice(since="1h", end="-1h"), (NOW_MS - 2 * HOUR_MS, NOW_MS - HOUR_MS)),
    ],
)
def test_a_range_ends_now_unless_it_is_said(choice: LogChoice, span: tuple[int, int]) -> None:
    assert parse_range(choice, ZoneInfo("UTC"), NOW_MS, "1h") == span


def test_a_length_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError):
        parse_range(LogChoice(since="soon"), ZoneInfo("UTC"), NOW_MS, "1h")
