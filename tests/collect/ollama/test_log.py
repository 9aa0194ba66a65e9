"""Lines of Ollama's log become requests, through rotation and nonsense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.helpers import samples
from jipyo.collect.ollama.log import (
    LogFollower,
    LoggedRequest,
    RequestCounts,
    parse_go_duration,
    parse_line,
)
from support.timing import measure_cpu_s

if TYPE_CHECKING:
    from pathlib import Path

CHAT = '[GIN] 2026/11/26 - 10:00:00 | 200 |  1.5s |       127.0.0.1 | POST     "/api/chat"'


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CHAT, LoggedRequest("/api/chat", 200, 1.5)),
        (f"Nov 26 10:00:00 gpu1 ollama[812]: {CHAT}", LoggedRequest("/api/chat", 200, 1.5)),
        (
            "[GIN] 2026/11/26 - 10:00:00 |\x1b[97;41m 500 \x1b[0m|   12.3ms |  10.0.0.7 |"
            '\x1b[97;46m POST    \x1b[0m "/v1/chat/completions"',
            LoggedRequest("/v1/chat/completions", 500, 0.0123),
        ),
        (
            CHAT.replace("/api/chat", "/api/embed?x=1").replace("1.5s", "1m3.25s"),
            LoggedRequest("/api/embed", 200, 63.25),
        ),
        (CHAT.replace("/api/chat", "/api/tags"), None),
        (CHAT.replace("1.5s", "soon"), None),
        (CHAT.replace("200", "2xx"), None),
        (CHAT.replace("200", "²"), None),
        ('time=2026-11-26 level=INFO msg="llama runner started in 2.31 seconds"', None),
        ("", None),
        ("[GIN]", None),
    ],
)
def test_a_line_is_a_request_to_a_model_or_nothing(
    line: str, expected: LoggedRequest | None
) -> None:
    assert parse_line(line) == expected


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("350.25µs", 0.00035025),
        ("999ns", 9.99e-7),
        ("1h2m3s", 3723),
        ("0s", 0),
        ("", None),
        ("1", None),
        ("s", None),
        ("1.5s later", None),
        ("-1s", None),
    ],
)
def test_durations_are_as_go_prints_them(text: str, seconds: float | None) -> None:
    assert parse_go_duration(text) == (None if seconds is None else pytest.approx(seconds))


def test_counts_begin_at_zero_and_keep_paths_and_statuses_apart() -> None:
    counts = RequestCounts()
    requests = 'jipyo_ollama_requests_total{path="/api/chat",status="200"}'
    assert samples(counts.families())[requests] == 0
    for duration in ("0.4s", "1s", "3s", "5m"):
        counts.add_line(CHAT.replace("1.5s", duration))
    counts.add_line(CHAT.replace("200", "503"))
    counts.add_line("nothing of interest")
    found = samples(counts.families())
    assert found[requests] == 4
    assert found['jipyo_ollama_requests_total{path="/api/chat",status="503"}'] == 1
    bucket = 'jipyo_ollama_request_duration_seconds_bucket{{le="{}",path="/api/chat"}}'
    assert found[bucket.format("0.5")] == 1
    assert found[bucket.format("1.0")] == 2
    assert found[bucket.format("2.0")] == 3
    assert found[bucket.format("120.0")] == 4
    assert found[bucket.format("+Inf")] == 5
    assert found['jipyo_ollama_request_duration_seconds_count{path="/api/chat"}'] == 5
    assert found['jipyo_ollama_request_duration_seconds_sum{path="/api/chat"}'] == 305.9


def read(follower: LogFollower) -> list[str]:
    return list(follower.read_new_lines())


def test_a_log_is_read_from_where_it_was_and_in_whole_lines(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("from before\n")
    follower = LogFollower(log)
    assert read(follower) == []
    with log.open("a") as file:
        file.write("one\ntwo\nthr")
        file.flush()
        assert read(follower) == ["one", "two"]
        file.write("ee\n")
    assert read(follower) == ["three"]
    assert read(follower) == []


def test_a_log_that_is_rotated_or_truncated_is_read_from_its_beginning(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("old\n")
    follower = LogFollower(log)
    read(follower)
    log.rename(tmp_path / "server.log.1")
    log.write_text("new\n")
    assert read(follower) == ["new"]
    log.write_text("")
    assert read(follower) == []
    log.write_text("again\n")
    assert read(follower) == ["again"]


def test_a_log_that_comes_later_counts_from_then(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    follower = LogFollower(log)
    with pytest.raises(FileNotFoundError):
        read(follower)
    log.write_text("first\n")
    read(follower)
    with log.open("a") as file:
        file.write("second\n")
    assert read(follower) == ["second"]


def test_bytes_that_are_no_text_and_lines_without_end_cost_nothing(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"")
    follower = LogFollower(log)
    read(follower)
    with log.open("ab") as file:
        file.write(b"\xff\xfe\x00\n" + b"x" * (1 << 20))
        file.flush()
        assert [len(line) for line in read(follower)] == [3]
        file.write(b"\n" + CHAT.encode() + b"\n")
    assert [parse_line(line) for line in read(follower)] == [
        None,
        LoggedRequest("/api/chat", 200, 1.5),
    ]


@pytest.mark.parametrize("part", ["[GIN] |", "[GIN] " + "|" * 9, '[GIN] x|x|x|x|"', " "])
def test_a_hostile_line_is_refused_in_linear_time(part: str) -> None:
    line = part * 10_000
    assert measure_cpu_s(lambda: parse_line(line)) < 0.05
