"""Text expositions, and the groups of batch jobs."""

from __future__ import annotations

import base64
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.labels import Labels
from jipyo.web.ingest.push_groups import parse_group
from web.ingest.conftest import NOW_MS, Place


def test_a_text_page_is_kept_with_its_extra_labels(place: Place) -> None:
    path = "/api/v1/import/prometheus?extra_label=job=batch&extra_label=env=a%3Db"
    assert place.post(path, b"# TYPE a gauge\na 1\n").status == 204
    assert place.kept() == {'a{env="a=b",job="batch"}': [1]}
    assert [one.metric for one in place.store.metadata()] == ["a"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"a b c\n", 400), (b"\xff", 400), (b"a 1 99999999999999\n", 400), (b"", 204)],
)
def test_a_bad_page_is_refused_with_its_reason(place: Place, body: bytes, status: int) -> None:
    answer = place.post("/api/v1/import/prometheus", body)
    assert answer.status == status
    assert bool(answer.body) == (status == 400)


def test_openmetrics_is_read_as_such(place: Place) -> None:
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    body = b"# TYPE a counter\na_total 1.0 1793499999.5\n# EOF\n"
    assert place.post("/api/v1/import/prometheus", body, Content_Type=kind).status == 204
    assert place.kept() == {"a_total": [1]}


def test_a_job_pushes_replaces_and_deletes_its_group(place: Place) -> None:
    path = "/metrics/job/eval/model/m1"
    assert place.post(path, b"a 1\nb 2\n").status == 200
    assert place.post(path, b"a 3\n").status == 200
    names = {labels.metric for labels in place.pushed()}
    assert names == {"a", "b", "push_time_seconds"}
    assert place.post(path, b"a 4\n", "PUT").status == 200
    names = {labels.metric for labels in place.pushed()}
    assert names == {"a", "push_time_seconds"}
    assert place.post(path, b"", "DELETE").status == 202
    assert place.groups.read(NOW_MS) is None


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("job/eval", {"job": "eval"}),
        ("job/eval/", {"job": "eval", "x": ""}),
        ("job/eval/path@base64/" + coded("/a/b"), {"job": "eval", "path": "/a/b"}),
        ("job@base64/" + coded("평가").rstrip("="), {"job": "평가"}),
        ("job/eval/x@base64/=", {"job": "eval", "x": ""}),
    ],
)
def test_the_path_names_the_group(place: Place, path: str, wanted: dict[str, str]) -> None:
    assert place.post(f"/metrics/{path}", b"a 1\n").status == 200
    assert Labels.of({"__name__": "a", **wanted}) in place.pushed()


@pytest.mark.parametrize(
    "path",
    [
        "job",
        "job/",
        "instance/a",
        "job/a/x",
        "job/a/__name__/b",
        "job/a/2x/b",
        "job@base64/%C3%A9",
        "job@base64/%ED%95%9C%EA%B8%80",
        "job@base64/%25%25",
        "job@base64/_w",
    ],
)
def test_a_path_that_names_no_group_is_refused(place: Place, path: str) -> None:
    answer = place.post(f"/metrics/{path}", b"a 1\n")
    assert answer.status == 400
    assert b"job/NAME" in answer.body


def test_a_group_in_protobuf_is_refused_with_what_is_read(place: Place) -> None:
    kind = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"
    answer = place.post("/metrics/job/a", b"\x01", Content_Type=kind)
    assert answer.status == 415
    assert b"text/plain" in answer.body


def test_a_browser_on_a_foreign_site_cannot_send(place: Place) -> None:
    answer = place.post("/api/v1/import/prometheus", b"a 1\n", Origin="http://evil.example")
    assert answer.status == 403
    assert place.kept() == {}


NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9_]{0,8}", fullmatch=True)


@given(st.dictionaries(NAMES, st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
def test_every_group_survives_its_path(labels: dict[str, str]) -> None:
    labels = {"job": "eval", **labels}
    path = "/".join(f"{name}@base64/{coded(value) or '='}" for name, value in labels.items())
    assert parse_group(path) == Labels.of(labels)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1))
def test_plain_values_are_taken_as_they_are(value: str) -> None:
    assert parse_group(f"job/{value}") == Labels.of({"job": value})
    assert urllib.parse.unquote(urllib.parse.quote(value, safe="")) == value
