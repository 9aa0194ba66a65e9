"""Which series there are: labels, values, series, metadata."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.web.prometheus.series import unescape_name
from support.web import RANGE, Client

UP = [{"__name__": "up", "instance": i, "job": "demo"} for i in ("a:1", "b:1")]


def test_labels_and_values_are_sorted_united_and_limited(client: Client) -> None:
    def ask(path: str, *match: str, **fields: object) -> Any:
        pairs = [("match[]", one) for one in match] + list((RANGE | fields).items())
        return client.ask("GET", f"/api/v1/{path}", fields=pairs).json

    assert ask("labels")["data"] == ["__name__", "instance", "job", "le"]
    assert ask("labels", "up")["data"] == ["__name__", "instance", "job"]
    assert ask("label/__name__/values", "up", "demo_gauge")["data"] == ["demo_gauge", "up"]
    assert ask("label/le/values", 'demo_bucket{instance="a:1"}')["data"] == ["+Inf", "0.5", "1"]
    assert ask("label/nothing/values")["data"] == []
    assert ask("label/U__le/values")["data"] == ["+Inf", "0.5", "1"]
    cut = ask("label/__name__/values", limit=1)
    assert (cut["data"], cut["warnings"]) == (["demo_bucket"], ["results truncated due to limit"])
    assert client.post("/api/v1/labels", **RANGE).json == ask("labels")


def test_series_need_a_match(client: Client) -> None:
    assert client.post("/api/v1/series", **{"match[]": "up"}, **RANGE).data == UP
    assert client.get("/api/v1/series", **{"match[]": "up", "start": 10, "end": 20}).data == []
    answer = client.get("/api/v1/series")
    assert (answer.status, answer.json["error"]) == (400, "no match[] parameter provided")


@pytest.mark.parametrize("match", ["{}", '{a=~".*"}', "sum(", "a{"])
def test_a_match_that_says_nothing_is_refused(client: Client, match: str) -> None:
    for path in ("series", "labels", "label/job/values"):
        answer = client.get(f"/api/v1/{path}", **{"match[]": match})
        assert (answer.status, answer.json["errorType"]) == (400, "bad_data")


def test_metadata_is_by_metric(client: Client) -> None:
    said = {"demo_total": [{"type": "counter", "help": "Things.", "unit": "things"}]}
    assert client.get("/api/v1/metadata").data == said
    assert client.get("/api/v1/metadata", metric="demo_total", limit_per_metric=1).data == said
    assert client.get("/api/v1/metadata", limit=0).data == {}
    assert client.get("/api/v1/metadata", metric="up").data == {}
    assert client.get("/api/v1/metadata", limit="x").json["error"] == "limit must be a number"


@pytest.mark.parametrize(
    ("path", "match", "message"),
    [
        ("labels", "{}", "match[] must contain at least one non-empty matcher"),
        ("label/job/values", '{a=~".*"}', "match[] must contain at least one non-empty matcher"),
        (
            "series",
            "{}",
            'invalid parameter "match[]": match[] must contain at least one non-empty matcher',
        ),
        ("labels", 'up{a="must contain at least one non-empty matcher}', "1:6: parse error: "),
    ],
)
def test_a_match_of_everything_is_rejected_by_what_it_is(
    client: Client, path: str, match: str, message: str
) -> None:
    answer = client.get(f"/api/v1/{path}", **{"match[]": match})
    assert answer.status == 400
    assert answer.json["error"].startswith(message)


def test_a_label_needs_a_name(client: Client) -> None:
    answer = client.get("/api/v1/label/U__/values")
    assert (answer.status, answer.json["error"]) == (400, 'invalid label name: ""')


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("job", "job"),
        ("U__http_2e_status_code", "U__http_2e_status_code"),
        ("U__http_2e_status__code", "http.status_code"),
        ("U___ac00_", "가"),
        ("U___AC00_b", "가b"),
        ("U__a_zz_", "U__a_zz_"),
        ("U__a_1234567_", "U__a_1234567_"),
        ("U__a_d800_", "U__a_d800_"),
        ("U__a_110000_", "U__a_110000_"),
        ("U__a_", "U__a_"),
    ],
)
def test_utf8_names_are_read_from_their_escaped_form(name: str, read: str) -> None:
    assert unescape_name(name) == read


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_every_name_survives_escaping(name: str) -> None:
    def written(char: str) -> str:
        if char == "_":
            return "__"
        return char if char.isascii() and char.isalnum() else f"_{ord(char):x}_"

    assert unescape_name("U__" + "".join(map(written, name))) == name


@pytest.mark.parametrize("metric", ["%ff", "%ed%a0%80", "%00", "a%80b"])
def test_a_metric_that_no_name_can_be_has_no_metadata(client: Client, metric: str) -> None:
    assert client.get(f"/api/v1/metadata?metric={metric}").data == {}
