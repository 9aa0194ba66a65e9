"""Names for readers that know ASCII letters only."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricType
from jipyo.web.prometheus.series import unescape_name
from jipyo.wire.exposition import Escaping, Format, choose_escaping, escape_families, write
from jipyo.wire.exposition.escape import escape_name

NONE, UNDERSCORES, DOTS, VALUES = Escaping


@pytest.mark.parametrize(
    ("name", "underscores", "dots", "values"),
    [
        ("plain_total", "plain_total", "plain_total", "plain_total"),
        ("a.b_c", "a_b_c", "a_dot_b__c", "U__a_2e_b__c"),
        ("1st", "_st", "__st", "U___31_st"),
        ("요청", "__", "____", "U___c694__ccad_"),
        ("a\udcffb", "a_b", "a__b", "U__a_FFFD_b"),
        ("a:b c", "a:b_c", "a:b__c", "U__a:b_20_c"),
    ],
)
def test_a_name_is_escaped_by_each_scheme(
    name: str, underscores: str, dots: str, values: str
) -> None:
    found = [escape_name(name, scheme) for scheme in (NONE, UNDERSCORES, DOTS, VALUES)]
    assert found == [name, underscores, dots, values]


def test_a_label_has_no_colon() -> None:
    assert escape_name("a:b", UNDERSCORES, re.compile("[a-z_]+")) == "a_b"


@given(st.text(min_size=1))
def test_values_can_be_read_back(name: str) -> None:
    escaped = escape_name(name, VALUES)
    assert re.fullmatch("[a-zA-Z_:][a-zA-Z0-9_:]*", escaped)
    if not name.isascii():
        expected = "".join("\ufffd" if 0xD800 <= ord(c) < 0xE000 else c for c in name)
        assert unescape_name(escaped) in (expected, escaped)


@pytest.mark.parametrize(
    ("accept", "scheme"),
    [
        ("", UNDERSCORES),
        ("text/plain;escaping=allow-utf-8", NONE),
        ("text/plain; version=0.0.4 ; escaping = dots", DOTS),
        ("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.9,text/plain;q=0.2", NONE),
        ("text/plain;q=0.2;escaping=dots,a/b;escaping=values", DOTS),
        ("text/plain;q=0.9,a/b;escaping=values;q=0.8", UNDERSCORES),
        ("text/plain;escaping=anything", UNDERSCORES),
        ("*/*;escaping=values", VALUES),
        (",;=;q=", UNDERSCORES),
    ],
)
def test_a_reader_says_which_scheme_it_understands(accept: str, scheme: Escaping) -> None:
    assert choose_escaping(accept, Format.TEXT) is scheme


def build_family() -> Family:
    rows = [{"le": "1", "서비스": "추론"}, {"le": "+Inf", "a.b": "c"}]
    samples = [FamilySample(Labels.of({"__name__": "h.s_bucket", **row}), 1.0) for row in rows]
    samples.append(FamilySample(Labels.of({"__name__": "other.name"}), 2.0))
    return Family("h.s", MetricType.HISTOGRAM, "도움말", tuple(samples))


def test_the_suffix_of_a_histogram_stays() -> None:
    text = write(escape_families([build_family()], VALUES)).decode()
    assert text.splitlines() == [
        "# HELP U__h_2e_s 도움말",
        "# TYPE U__h_2e_s histogram",
        'U__h_2e_s_bucket{le="1",U___c11c__be44__c2a4_="추론"} 1',
        'U__h_2e_s_bucket{U__a_2e_b="c",le="+Inf"} 1',
        "U__other_2e_name 2",
    ]


def test_what_needs_no_escape_is_the_same_object() -> None:
    plain = Family("x", MetricType.GAUGE, "", (FamilySample(Labels.of({"__name__": "x"}), 1.0),))
    families = [*escape_families([plain], UNDERSCORES), *escape_families([build_family()], NONE)]
    assert families[0] is plain
    assert families[1] == build_family()
