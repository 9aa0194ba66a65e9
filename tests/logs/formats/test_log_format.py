"""Formats that operators wrote for nginx and Apache: fields found, and lines written again."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import texts
from jipyo.logs.evaluate import list_texts
from jipyo.logs.formats.log_format import parse_log_format
from jipyo.logs.formats.parser import LineParser, Options
from jipyo.logs.record import Level, LogBatch
from jipyo.model.errors import ConfigError

NOW_NS = 1_795_000_000 * 10**9
MAIN = (
    '$remote_addr|$http_x_real_ip|[$time_iso8601]|"$request"|$status|$body_bytes_sent|'
    '$request_time|"$upstream_addr"|$upstream_response_time|$request_id'
)
LINE = (
    '10.0.0.1|-|[2026-11-16T10:00:00+09:00]|"GET /api/users/12?a=1 HTTP/2.0"|502|1234|'
    '0.250|"10.1.0.1:80, 10.1.0.2:80"|0.1, 0.2|abc'
)
JSON = (
    '{"t":"$time_iso8601","m":"$request_method","u":"$request_uri","s":$status,"z":$request_time}'
)
APACHE = r"%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-agent}i\" %D"


def read(log_format: str, *lines: str) -> list[LogBatch]:
    options = Options(
        service="web", zone=ZoneInfo("Asia/Seoul"), formats=(parse_log_format(log_format),)
    )
    block = "".join(f"{line}\n" for line in lines).encode()
    return LineParser(options).feed(block, NOW_NS, end=True)


def read_fields(log_format: str, line: str) -> dict[str, str]:
    (batch,) = read(log_format, line)
    assert list_texts(batch, "message") == [line.encode()], "not written again to the byte"
    values = {name: list_texts(batch, name)[0] for name in batch.fields}
    return {name: value.decode() for name, value in values.items() if value is not None}


def test_a_format_of_nginx_gives_fields_level_and_time() -> None:
    (batch,) = read(MAIN, LINE)
    assert (batch.level.tolist(), batch.t_ns.tolist()) == ([Level.ERROR], [1_794_790_800 * 10**9])
    assert read_fields(MAIN, LINE) == {
        "log.format": "access",
        "client.ip": "10.0.0.1",
        "http.request.method": "GET",
        "url.original": "/api/users/12?a=1",
        "url.route": "/api/users/{n}",
        "http.version": "2.0",
        "http.response.status_code": "502",
        "http.response.body.bytes": "1234",
        "nginx.request_time": "0.250",
        "event.duration": "250000000",
        "nginx.upstream_addr": "10.1.0.1:80, 10.1.0.2:80",
        "nginx.upstream_response_time": "0.1, 0.2",
        "http.request.id": "abc",
    }


def test_a_format_of_apache_gives_the_same_names() -> None:
    line = (
        '10.0.0.1 - kim [16/Nov/2026:10:00:00 +0900] "POST /v1/chat HTTP/1.1" 200 -'
        ' "https://a.kr/" "curl/8" 1500'
    )
    assert read_fields(APACHE, line) == {
        "log.format": "access",
        "client.ip": "10.0.0.1",
        "user.name": "kim",
        "http.request.method": "POST",
        "url.original": "/v1/chat",
        "url.route": "/v1/chat",
        "http.version": "1.1",
        "http.response.status_code": "200",
        "http.request.referrer": "https://a.kr/",
        "user_agent.original": "curl/8",
        "apache.request_time_us": "1500",
        "event.duration": "1500000",
    }


def test_json_without_a_request_line_is_a_format_too() -> None:
    line = '{"t":"2026-11-16T01:00:00Z","m":"GET","u":"/a/1","s":404,"z":0.001}'
    fields = read_fields(JSON, line)
    assert (fields["url.route"], fields["http.response.status_code"]) == ("/a/{n}", "404")


def test_zones_broken_requests_and_other_lines_go_side_by_side() -> None:
    lines = [
        "no format at all",
        LINE,
        LINE.replace("+09:00", "Z"),
        LINE.replace("GET /api/users/12?a=1 HTTP/2.0", r"\x16\x03"),
        "2026-11-16 10:00:00,123 INFO app: started",
        LINE,
    ]
    batches = read(MAIN, *lines)
    found = {text for batch in batches for text in list_texts(batch, "message")}
    assert found == {line.rpartition(" app: ")[2].encode() for line in lines}
    times = {int(t_ns) for batch in batches if batch.layout for t_ns in batch.t_ns}
    assert times == {1_794_790_800 * 10**9, 1_794_823_200 * 10**9}


@pytest.mark.parametrize("zone", ["+24:00", "-99:59", "+09:60"])
def test_an_offset_that_no_clock_has_is_not_a_time(zone: str) -> None:
    (batch,) = read(MAIN, LINE.replace("+09:00", zone))
    assert batch.layout is None
    combined = '10.0.0.1 - - [16/Nov/2026:10:00:00 {}] "GET / HTTP/1.1" 200 5 "-" "curl/8.0"'
    (batch,) = read(APACHE, combined.format(zone.replace(":", "")))
    assert batch.layout is None


@pytest.mark.parametrize("zone", ["+23:59", "-23:59", "+00:00"])
def test_every_offset_that_a_clock_can_have_is_written_again(zone: str) -> None:
    assert read_fields(MAIN, LINE.replace("+09:00", zone))["client.ip"] == "10.0.0.1"


@pytest.mark.parametrize(
    ("log_format", "problem"),
    [
        ("", "no time"), ("plain words", "no time"), ("$remote_addr", "no time"),
        ("$time_local $remote_addr$status", "where one ends"), ("$time_local", "no format"),
        ("$time_local $request $request", "no format"), ("%h %{%s}t %b", "no time"),
        ("%t %h%b", "where one ends"), ("%t\n%h", "no format"), ("%t %h " * 999, "no format"),
    ],
)  # fmt: skip
def test_a_format_that_cannot_be_read_says_why(log_format: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse_log_format(log_format)
    assert problem in texts("en").error(raised.value)
    assert "log_format" in texts("ko").error(raised.value)


TOKENS = st.sampled_from(
    ["$remote_addr", "$status", "$request", "$time_local", "$time_iso8601", "$x", "%t", "%h", "%>s",
     "%{a}i", "%%", "%", "$", " ", '"', "|", "[", "]", "\\", "한", "(", "*", "+", "{", "}"]
)  # fmt: skip


@given(st.lists(TOKENS, max_size=14).map("".join), st.text(max_size=60))
def test_whatever_an_operator_writes_is_a_format_or_an_error(log_format: str, line: str) -> None:
    try:
        found = parse_log_format(log_format)
    except ConfigError:
        return
    learnt = found.learn(line.replace("\n", " ").encode("utf-8", "replace"))
    assert learnt is None or learnt.name == "access"
