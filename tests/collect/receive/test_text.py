"""Text exposition that was sent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.receive.text import find_format, parse_exposition, parse_text_body
from jipyo.model.errors import MalformedBody, UnsupportedMediaType
from jipyo.wire.exposition import Format

NOW_MS = 1_793_500_000_000


def test_a_page_is_of_now_where_it_gives_no_time() -> None:
    pushed = parse_text_body(b"a 1\nb 2 1793400000000\n", {"job": "x"}, NOW_MS)
    assert [(s.t_ms, str(s.series[0])) for s in pushed.scrapes] == [
        (1_793_400_000_000, 'b{job="x"}'),
        (NOW_MS, 'a{job="x"}'),
    ]
    [scrape] = parse_text_body(b"a 1\nb 2\n", {}, NOW_MS).scrapes
    assert np.array_equal(scrape.values, [1, 2])


@pytest.mark.parametrize("body", [b"\xff", b"a b c d\n"])
def test_a_page_that_is_none_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        parse_text_body(body, {}, NOW_MS)


def test_of_a_series_that_stands_twice_the_first_counts_and_other_times_stay() -> None:
    pushed = parse_text_body(
        b"a 1 1793400000000\na 2 1793400000000\na 3 1793400000001\n", {}, NOW_MS
    )
    assert [(s.t_ms, s.values.tolist()) for s in pushed.scrapes] == [
        (1_793_400_000_000, [1]),
        (1_793_400_000_001, [3]),
    ]


def test_the_content_type_says_what_a_page_is_written_in() -> None:
    assert find_format("") == find_format("text/plain") == Format.TEXT
    assert find_format("application/x-www-form-urlencoded") == Format.TEXT
    assert find_format("application/openmetrics-text; version=1.0.0") == Format.OPENMETRICS
    with pytest.raises(UnsupportedMediaType):
        find_format("application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily")


@pytest.mark.parametrize(
    ("extra", "series"),
    [
        ({}, 'a{job="own"}'),
        ({"job": "sent"}, 'a{job="sent"}'),
        ({"site": "seoul"}, 'a{job="own",site="seoul"}'),
        ({"job": ""}, "a"),
    ],
)
def test_extra_labels_win_over_those_of_the_exposition(extra: dict[str, str], series: str) -> None:
    reading = parse_exposition(b'a{job="own"} 1\n', extra)
    assert [str(labels) for labels in reading.series] == [series]


@pytest.mark.parametrize(
    ("body", "form", "key"),
    [
        (b"\xff", Format.TEXT, "wire.not_utf8"),
        (b"a b c d\n", Format.TEXT, "wire.bad_line"),
        (b"a 1\n", Format.OPENMETRICS, "wire.no_end"),
        (b"", Format.OPENMETRICS, "wire.no_end"),
        (b"{\n", Format.TEXT, "wire.bad_line"),
    ],
)
def test_an_exposition_that_is_none_says_why(body: bytes, form: Format, key: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        parse_text_body(body, {}, NOW_MS, form)
    assert caught.value.key == key


@pytest.mark.parametrize("body", [b"", b"\n\n", b"# HELP a b\n", b"# anything\n"])
def test_an_exposition_without_samples_is_empty(body: bytes) -> None:
    assert parse_text_body(body, {}, NOW_MS).scrapes == ()


def test_metadata_comes_along() -> None:
    body = b"# HELP a_total Things.\n# TYPE a_total counter\na_total 1\n"
    [about] = parse_text_body(body, {}, NOW_MS).metadata
    assert (about.metric, about.type.value, about.help) == ("a_total", "counter", "Things.")


@given(st.binary(max_size=200))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    for form in Format:
        try:
            batch = parse_text_body(body, {"job": "x"}, NOW_MS, form)
        except MalformedBody:
            continue
        assert all(labels["job"] == "x" for scrape in batch.scrapes for labels in scrape.series)
