"""`/api/jipyo/logs`: lines, counts and patterns over a store of two hours; hostile lines, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from jipyo.app.logs import LogSources
from jipyo.i18n import texts
from jipyo.logs.store.store import LogStore
from jipyo.web.api import log_lines, log_patterns, openapi
from jipyo.web.api.log_desk import LogDesk
from support.log_batches import START_NS, make_batch
from support.web import serving
from web.api.test_openapi import check_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from support.web import Client

START = START_NS // 10**9 // 3600 * 3600 + 3600
"""The full hour in which the first of the two hours begins."""
MIDDLE, END = START + 3600, START + 7200
FIRST_S = START - START_NS // 10**9
HOSTILE = '<script>alert("1")</script> \u202eevil\u202c \x1b[31mred\x07 ' + "가" * 100_000
BOTH = {"start": START, "end": END}
LAST = {"start": MIDDLE, "end": END}


def build_rows() -> dict[str, list[dict[str, object]]]:
    """An even hour, and one in which a template appears, one surges and one is gone."""
    api: list[dict[str, object]] = []
    for second in range(0, 7200, 10):
        t = FIRST_S + second
        api.append({"t": t, "message": f"answered request {second * 7919} in {second % 90} ms"})
        if second % 600 == 0 or (second >= 3600 and second % 20 == 0):
            api.append({"t": t + 1, "level": "WARN", "message": f"retrying request {second}"})
        if second < 3600:
            api.append({"t": t + 2, "message": f"cache warmed with {second} entries"})
        elif second % 60 == 0:
            line = f"connection to 10.0.0.{second % 250}:8002 refused"
            row = {"t": t + 3, "level": "ERROR", "message": line, "trace.id": f"{second:032x}"}
            api.append(row)
    hostile = {"t": FIRST_S + 7000, "level": "ERROR", "message": HOSTILE, "user.name": 'a"b\\c'}
    return {"api": api, "portal<b>": [hostile]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs")
    with LogStore.open(path) as store:
        store.append([make_batch(name, rows) for name, rows in build_rows().items()])
        store.flush()
    return path


def build_desk(sources: LogSources) -> LogDesk:
    return LogDesk(
        find=sources.find,
        list_available=sources.list_available,
        find_default=lambda: sources.default,
        find_template=sources.find_template,
        zone=ZoneInfo("Asia/Seoul"),
        now_ms=lambda: END * 1000,
    )


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    desk = build_desk(LogSources(folder, (), learns=True))
    routes = [*log_lines.routes(desk, "ko"), *log_patterns.routes(desk, "ko")]
    with serving(*routes, *openapi.routes("0.1.0", "ko")) as serving_client:
        yield serving_client


def ask(client: Client, path: str, **fields: object) -> Any:
    answer = client.get(f"/api/jipyo/logs{path}", **fields)
    assert answer.status == 200, answer.body
    return answer.json


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_answers_are_what_the_openapi_document_says(client: Client, lang: str) -> None:
    document = client.get("/api/jipyo/openapi.json").json
    line = ask(client, "", **BOTH, limit=1)["lines"][0]["id"]
    asked: dict[str, Mapping[str, object]] = {
        "": {**BOTH, "q": "refused", "level": "error", "limit": 5},
        "/sources": {},
        "/context": {"line": line, "before": 3, "following": 3},
        "/histogram": {**BOTH, "q": "request"},
        "/patterns": {**LAST, "from": START, "to": END},
    }
    for path, fields in asked.items():
        operation = document["paths"][f"/api/jipyo/logs{path}"]["get"]
        schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
        check_schema(
            schema, ask(client, path, lang=lang, **fields), document["components"]["schemas"]
        )
        assert {"lang", *fields} <= {one["name"] for one in operation["parameters"]}


def test_pages_of_lines_are_all_lines_once_the_newest_first(client: Client) -> None:
    lines: list[Any] = []
    after: dict[str, object] | None = {}
    while after is not None:
        page = ask(client, "", **BOTH, limit=300, **after)
        lines += page["lines"]
        after = None if page["next"] is None else {"after": page["next"]}
    assert len({one["id"] for one in lines}) == len(lines) == sum(map(len, build_rows().values()))
    times = [one["t"] for one in lines]
    assert times == sorted(times, reverse=True)


def test_lines_are_of_the_query_the_levels_and_the_pattern(client: Client) -> None:
    warned = ask(client, "", **BOTH, level="warn", limit=1000)["lines"]
    assert {one["level"] for one in warned} == {"warn"}
    some = ask(client, "", **BOTH, q="request -retrying", level="info,warn", limit=1000)["lines"]
    assert {one["message"].split()[0] for one in some} == {"answered"}
    patterns = ask(client, "/patterns", **BOTH)["patterns"]
    retry = next(one for one in patterns if one["text"].startswith("retrying"))
    own = ask(client, "", **BOTH, pattern=retry["id"], limit=1000)["lines"]
    assert len(own) == retry["n"] == len(warned)


def test_a_hostile_line_is_text_cut_in_the_list_and_whole_in_its_detail(client: Client) -> None:
    (line,) = ask(client, "", **BOTH, q="evil")["lines"]
    assert line["message"] == HOSTILE[:2000]
    assert (line["length"], line["service"]) == (len(HOSTILE), "portal<b>")
    found = ask(client, "/context", line=line["id"])
    assert found["line"]["message"] == HOSTILE
    assert found["line"]["time"].endswith("+09:00")
    (field,) = found["fields"]
    assert (field["name"], field["value"]) == ("user.name", 'a"b\\c')
    again = ask(client, "", **BOTH, q=field["query"])["lines"]
    assert [one["id"] for one in again] == [line["id"]]


def test_the_context_has_the_lines_of_the_service_on_both_sides(client: Client) -> None:
    lines = ask(client, "", **BOTH, q="service:api", limit=9)["lines"]
    found = ask(client, "/context", line=lines[4]["id"], before=2, following=3)
    ids = [one["id"] for one in (*found["before"], found["line"], *found["after"])]
    assert ids == [one["id"] for one in lines[1:7]][::-1]
    assert "<*>" in found["pattern_text"]


def test_the_histogram_counts_every_level_whatever_is_chosen(client: Client) -> None:
    every = ask(client, "/histogram", **BOTH, level="error")
    rows = [row for rows in build_rows().values() for row in rows]
    for one in every["levels"]:
        own = [row for row in rows if str(row.get("level", "INFO")).lower() == one["level"]]
        assert one["n"] == sum(one["counts"]) == len(own)
        assert len(one["counts"]) == len(every["t"])
    assert [one["level"] for one in every["levels"]] == ["error", "warn", "info"]
    assert every["total"] == len(rows)
    assert (every["t"][0], every["step"]) == (START, 120)


def test_patterns_say_what_is_new_has_surged_and_is_gone_and_sum_to_all_lines(
    client: Client,
) -> None:
    found = ask(client, "/patterns", **LAST, **{"from": START, "to": END})
    by_change = {one["change"]: one for one in found["patterns"] if one["change"]}
    first = [one["change"] for one in found["patterns"]][:4]
    assert first == ["new", "new", "surging", "vanished"]
    assert by_change["surging"]["text"] == "retrying request <*>"
    assert by_change["surging"]["ratio"] == pytest.approx(180 / 6)
    assert by_change["surging"]["grade"] == "warning"
    assert by_change["vanished"]["text"].startswith("cache warmed")
    assert (by_change["vanished"]["n"], by_change["vanished"]["before"]) == (0, 360)
    refused = next(one for one in found["patterns"] if "refused" in one["text"])
    assert (refused["change"], refused["grade"], refused["services"]) == ("new", "error", ["api"])
    half = len(found["t"]) // 2
    assert found["t"][half] == MIDDLE
    assert (sum(refused["counts"][:half]), sum(refused["counts"][half:])) == (0, 60)
    assert sum(one["n"] for one in found["patterns"]) + found["rest"] == found["total"]
    assert found["total"] == ask(client, "/histogram", **LAST)["total"]
    assert (found["before_start"], found["before_end"]) == (START, MIDDLE)


def test_the_rest_is_what_the_rows_leave(client: Client) -> None:
    found = ask(client, "/patterns", **LAST, limit=2)
    assert (len(found["patterns"]), found["rest_patterns"]) == (2, 2)
    assert sum(one["n"] for one in found["patterns"]) + found["rest"] == found["total"]


def test_nothing_is_new_where_nothing_is_known_of_the_time_before(client: Client) -> None:
    found = ask(client, "/patterns", start=START, end=MIDDLE)
    assert found["before_total"] == 0
    assert {one["change"] for one in found["patterns"]} == {None}


def test_a_short_window_is_compared_with_an_hour(client: Client) -> None:
    found = ask(client, "/patterns", start=END - 600, end=END)
    assert (found["before_start"], found["before_end"]) == (END - 4200, END - 600)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("path", ["", "/histogram", "/patterns"])
@pytest.mark.parametrize(
    ("query", "key", "at"),
    [("(a OR b", "logs_query.unclosed", 1), ("a level:loud", "logs_query.no_level", 9)],
)
def test_a_wrong_query_is_refused_at_its_place(
    client: Client, lang: str, path: str, query: str, key: str, at: int
) -> None:
    answer = client.get(f"/api/jipyo/logs{path}", **BOTH, q=query, lang=lang)
    assert (answer.status, answer.json["errorType"], answer.json["at"]) == (400, "bad_data", at)
    begin = texts("ko" if lang == "ko" else "en")(
        key, at=at, opened="(", closed=")", text="x", known="y"
    )
    assert answer.json["error"][:6] == begin[:6]


@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("", {"level": "loud"}, 400),
        ("", {"start": END, "end": START}, 400),
        ("", {"start": "yesterday"}, 400),
        ("", {"after": "nowhere"}, 400),
        ("", {"limit": "-1"}, 400),
        ("", {"source": "elsewhere"}, 400),
        ("", {"q": "message:/(/"}, 400),
        ("/context", {"line": "1.1"}, 404),
        ("/context", {"line": ""}, 404),
        ("/context", {"line": "1.1", "before": "x"}, 400),
        ("/patterns", {"from": "x"}, 400),
    ],
)
def test_a_wrong_request_is_refused_with_a_reason(
    client: Client, path: str, fields: dict[str, object], status: int
) -> None:
    answer = client.get(f"/api/jipyo/logs{path}", **{**BOTH, **fields})
    assert answer.status == status, answer.body
    assert answer.json["error"]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_an_empty_answer_names_what_no_record_has(client: Client, lang: str) -> None:
    t = texts("ko" if lang == "ko" else "en")
    found = ask(client, "", **BOTH, q="service:apy usr:kim", lang=lang)
    assert found["lines"] == []
    assert found["notes"][0].startswith(t("logs_query.no_service", name="apy"))
    assert found["notes"][1].startswith(t("logs_query.no_field", name="usr"))
    assert ask(client, "", **BOTH, q="nothing-like-it")["notes"] == []


def test_bytes_that_are_no_text_are_an_answer_too(client: Client) -> None:
    answer = client.ask("GET", "/api/jipyo/logs?q=%ff&after=%ff&source=%ff")
    assert answer.status == 400
    answer = client.ask("GET", f"/api/jipyo/logs?q=%ff&start={START}&end={END}")
    assert answer.json["lines"] == []


def test_what_cannot_be_read_is_said_with_the_rest(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "logs"
    damaged.mkdir()
    for path in folder.iterdir():
        if path.is_file():
            data = bytearray(path.read_bytes())
            if path.suffix == ".logs":
                data[len(data) // 3] ^= 0xFF
            (damaged / path.name).write_bytes(data)
    desk = build_desk(LogSources(damaged, (), learns=True))
    with serving(*log_lines.routes(desk, "en"), *log_patterns.routes(desk, "en")) as client:
        found = ask(client, "", **BOTH, limit=1000)
        assert found["missing"]
        assert "records" in found["missing"][0]
        assert ask(client, "/patterns", **LAST)["missing"]


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_server_without_logs_says_how_they_are_collected(tmp_path: Path, lang: str) -> None:
    desk = build_desk(LogSources(tmp_path / "none", ()))
    with serving(*log_lines.routes(desk, "en")) as client:
        found = ask(client, "/sources", lang=lang)
        assert (found["sources"], found["default"]) == ([], "")
        assert found["hint"] == texts("ko" if lang == "ko" else "en")("app.no_logs.hint")
        assert client.get("/api/jipyo/logs").status == 503
