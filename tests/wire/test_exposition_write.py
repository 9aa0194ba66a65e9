"""Families written as pages that others read."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricType
from jipyo.wire.exposition import Format, Parser, choose_format, format_series, format_value, write


def family(
    name: str = "x", kind: MetricType = MetricType.GAUGE, text: str = "", **labels: str
) -> Family:
    return Family(name, kind, text, (FamilySample(Labels.of({"__name__": name, **labels}), 1.0),))


def test_a_page_in_the_text_format() -> None:
    page = write(
        [
            family("a_total", MetricType.COUNTER, "Counts\nthings \\ here.", job='say "hi"\n'),
            family("b", MetricType.UNKNOWN),
            Family(
                "c", MetricType.GAUGE, "", (FamilySample(Labels.of({"__name__": "c"}), 0.5, 7),)
            ),
        ]
    )
    assert page.decode() == (
        "# HELP a_total Counts\\nthings \\\\ here.\n"
        "# TYPE a_total counter\n"
        'a_total{job="say \\"hi\\"\\n"} 1\n'
        "# TYPE b untyped\n"
        "b 1\n"
        "# TYPE c gauge\n"
        "c 0.5 7\n"
    )


def test_the_same_page_in_openmetrics() -> None:
    seconds = Family("d_seconds", MetricType.GAUGE, 'A "unit".', (), unit="seconds")
    timed = FamilySample(Labels.of({"__name__": "e"}), 2.0, 1500)
    page = write(
        [
            family("a_total", MetricType.COUNTER),
            family("bare", MetricType.COUNTER),
            family("build_info", MetricType.INFO),
            seconds,
            Family("e", MetricType.GAUGE, "", (timed,)),
        ],
        Format.OPENMETRICS,
    )
    assert page.decode() == (
        "# TYPE a counter\na_total 1\n"
        "# TYPE bare unknown\nbare 1\n"
        "# TYPE build info\nbuild_info 1\n"
        '# HELP d_seconds A \\"unit\\".\n# TYPE d_seconds gauge\n# UNIT d_seconds seconds\n'
        "# TYPE e gauge\ne 2 1.5\n"
        "# EOF\n"
    )


def test_info_and_stateset_are_gauges_in_the_text_format() -> None:
    page = write([family("build_info", MetricType.INFO)])
    assert b"# TYPE build_info gauge\n" in page


def test_families_of_one_name_are_put_together() -> None:
    page = write([family("x", job="a"), family("y"), family("x", job="b")]).decode()
    assert page.count("# TYPE x gauge") == 1
    assert page.index('x{job="b"}') < page.index("# TYPE y")


def test_a_newline_at_the_end_of_a_name_is_escaped() -> None:
    labels = Labels.of({"__name__": "x\n", "a\n": "b"})
    assert format_series(labels) == '{"x\\n","a\\n"="b"}'


def test_names_beyond_ascii_are_quoted() -> None:
    page = write([family("지표.하나", 라벨="값")]).decode()
    assert page == '# TYPE "지표.하나" gauge\n{"지표.하나","라벨"="값"} 1\n'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (-0.0, "-0"),
        (1e21, "1e+21"),
        (123456789.0, "123456789"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (5e-324, "5e-324"),
        (0.1 + 0.2, "0.30000000000000004"),
    ],
)
def test_numbers_are_written_exactly(value: float, text: str) -> None:
    assert format_value(value) == text


@given(st.floats(allow_nan=False))
def test_every_number_reads_back_as_itself(value: float) -> None:
    assert float(format_value(value)) == value


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", Format.TEXT),
        ("*/*", Format.TEXT),
        ("text/plain", Format.TEXT),
        ("application/openmetrics-text", Format.OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;q=0.3", Format.OPENMETRICS),
        ("application/openmetrics-text;q=0.2,text/plain;q=0.3", Format.TEXT),
        ("application/openmetrics-text;q=...;x=1", Format.TEXT),
    ],
)
def test_the_format_is_the_one_asked_for(accept: str, form: Format) -> None:
    assert choose_format(accept) is form


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=9
)
LABELS = st.dictionaries(NAMES.filter(lambda n: not n.startswith("__")), VALUES, max_size=4)


@st.composite
def pages(draw: st.DrawFn) -> list[Family]:
    families = []
    for name in draw(st.lists(NAMES.filter(lambda n: n != "eof"), unique=True, max_size=4)):
        sets = draw(st.lists(LABELS, max_size=4))
        distinct = {Labels.of({**labels, "__name__": f"m{name}"}): None for labels in sets}
        numbers = st.floats() | st.integers(-1000, 1000).map(float)
        samples = tuple(FamilySample(labels, draw(numbers)) for labels in distinct)
        families.append(Family(f"m{name}", MetricType.GAUGE, draw(VALUES), samples))
    return families


def as_dict(families: list[Family]) -> dict[Labels, str]:
    return {s.labels: repr(s.value) for f in families for s in f.samples}


@given(pages())
def test_what_is_written_reads_back_with_the_reference_parser(families: list[Family]) -> None:
    expected = as_dict(families)
    text = write(families).decode()
    openmetrics = write(families, Format.OPENMETRICS).decode()
    for read, page in ((read_text, text), (read_openmetrics, openmetrics)):
        found = {
            Labels.of({**s.labels, "__name__": s.name}): repr(float(s.value))
            for f in read(page)
            for s in f.samples
        }
        # The reference parser reads "-0" as an integer, which has no sign.
        assert found == {k: "0.0" if v == "-0.0" else v for k, v in expected.items()}


@given(pages())
def test_what_is_written_reads_back_with_our_parser(families: list[Family]) -> None:
    for form in Format:
        reading = Parser().parse(write(families, form).decode(), form)
        found = {k: repr(float(v)) for k, v in zip(reading.series, reading.values, strict=True)}
        assert found == as_dict(families)
        helps = {m.metric: m.help for m in reading.metadata}
        # Blanks before the text are the format's own.
        assert helps == {f.name: f.help.lstrip(" \t") for f in families}
