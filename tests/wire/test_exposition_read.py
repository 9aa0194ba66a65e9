"""Pages read: what the formats allow, what they do not, and that caching changes nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from collect.helpers import FIXTURES
from jipyo.model.errors import MalformedBody
from jipyo.model.labels import Labels
from jipyo.model.reading import NO_TIME, TargetReading
from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.wire.exposition import Format, Parser
from support.timing import measure_cpu_s

if TYPE_CHECKING:
    from collections.abc import Callable


def read(text: str, form: Format = Format.TEXT) -> dict[str, float]:
    reading = Parser().parse(text, form)
    return {str(k): float(v) for k, v in zip(reading.series, reading.values, strict=True)}


@pytest.mark.parametrize(
    ("line", "series", "value"),
    [
        ("x 1", "x", 1.0),
        ("x{} 1", "x", 1.0),
        ('x{a="b"} 1', 'x{a="b"}', 1.0),
        ('x{a="b",} 1', 'x{a="b"}', 1.0),
        ('x{b="2",a="1"} 1', 'x{a="1",b="2"}', 1.0),
        ('x {a = "b" , c="d" }\t1', 'x{a="b",c="d"}', 1.0),
        ('x{a="b"}1', 'x{a="b"}', 1.0),
        ("  x  1  ", "x", 1.0),
        ("x\t1", "x", 1.0),
        ('x{a="say \\"hi\\" \\\\ \\n"} 1', 'x{a="say \\"hi\\" \\\\ \\n"}', 1.0),
        ('x{a="}{, # =\\t"} 1', 'x{a="}{, # =\\\\t"}', 1.0),
        ('x{a="지표"} 1', 'x{a="지표"}', 1.0),
        ('x{a=""} 1', "x", 1.0),
        ('{"x"} 1', "x", 1.0),
        ('{"a metric.name",b="c"} 1', 'a metric.name{b="c"}', 1.0),
        ('x{"a label"="b"} 1', 'x{a label="b"}', 1.0),
        ("x:y 1", "x:y", 1.0),
        ("x +1.5e3", "x", 1500.0),
        ("x -.5", "x", -0.5),
        ("x +Inf", "x", math.inf),
        ("x -inf", "x", -math.inf),
        ("x 18446744073709551616", "x", 2.0**64),
        ('x{a="b"} 1 # {trace_id="c"} 0.5 1.5', 'x{a="b"}', 1.0),
    ],
)
def test_a_line_is_a_sample(line: str, series: str, value: float) -> None:
    assert read(f"{line}\n") == {series: value}


@pytest.mark.parametrize(
    "line",
    [
        "x",
        "x y",
        "x 1_000",
        "x ١",
        "x 0x1p-2",
        'x{a="b} 1',
        "x{a=b} 1",
        'x{a="b"',
        'x{a="b" c="d"} 1',
        "x{,} 1",
        'x{a="b",,} 1',
        'x{a="1",a="2"} 1',
        '{a="b"} 1',
        'x{"y"} 1',
        'x{1a="b"} 1',
        "1x 2",
        "x 1 2 3",
        "x 1 now",
        "x 1 9223372036854775808",
        "x 1 99999999999999999999",
        "x 1 -99999999999999999999",
        "x 1 " + "9" * 90,
        "node_load1",
        "node_load10.45",
        "node_load1NaN",
        "x1",
        "<html>",
        "x 1,2",
        "x null",
        'x "1"',
        "x true",
    ],
)
def test_what_is_no_sample_is_told_with_its_line(line: str) -> None:
    for text in (f"a 1\n{line}\n", f"{line}\na 1\n"):
        with pytest.raises(MalformedBody) as caught:
            Parser().parse(text)
        assert caught.value.key == "wire.bad_line"
        assert caught.value.values["text"] == line


def test_a_time_beyond_64_bits_is_refused_in_openmetrics_too() -> None:
    for word in ("1e17", "-1e300", "Infinity", "NaN"):
        with pytest.raises(MalformedBody) as caught:
            Parser().parse(f"x 1 {word}\n# EOF\n", Format.OPENMETRICS)
        assert caught.value.key == "wire.bad_line"


BENT_LINES: list[tuple[str, Callable[[int], str]]] = [
    ("a name without a value", lambda n: "a" * n),
    ("a name and its words", lambda n: "a" * n + " 1 2 3"),
    ("colons", lambda n: ":" * n + "{"),
    ("blanks alone", lambda n: " \t" * (n // 2) + "!"),
    ("blanks behind the name", lambda n: "x" + " " * n + "{"),
    ("blanks behind the value", lambda n: "x 1" + " " * n + "!"),
    ("blanks behind the time", lambda n: "x 1 2" + " " * n + "3"),
    ("blanks in the braces", lambda n: "x{" + " " * n + ",} 1"),
    ("blanks behind a label", lambda n: 'x{a="b"' + " " * n + "c} 1"),
    ("blanks before the equals sign", lambda n: "x{a" + " " * n + '"b"} 1'),
    ("a label's name", lambda n: "x{" + "a" * n + "} 1"),
    ("a quote without an end", lambda n: 'x{a="' + "b" * n + "} 1"),
    ("backslashes without an end", lambda n: 'x{a="' + "\\" * (n // 2 * 2 + 1) + '"} 1'),
    ("quotes", lambda n: "x{" + '"' * n + "} 1"),
    ("braces", lambda n: "x" + "{" * n + "} 1"),
    ("closed braces", lambda n: "x{" + "}" * n),
    ("commas", lambda n: "x{" + "," * n + "} 1"),
    ("many labels, and blanks", lambda n: "x{" + labels_of_bytes(n) + " " * n + "! } 1"),
    ("many labels, twice the same", lambda n: "x{" + labels_of_bytes(n) + 'z0="" } 1'),
    ("digits", lambda n: "x " + "9" * n + "x"),
    ("digits of a time", lambda n: "x 1 " + "9" * n),
    ("hashes", lambda n: "x 1" + "#" * n),
    ("hashes and blanks", lambda n: "x 1 " + "# " * (n // 2) + "\x00\ny"),
]


def labels_of_bytes(size: int) -> str:
    return "".join(f'z{i}="",' for i in range(size // 10))


def time_refusal(line: str) -> float:
    """The least of several, in seconds: what the machine does beside it only adds."""

    def refuse() -> None:
        with pytest.raises(MalformedBody):
            Parser().parse(line)

    return min(measure_cpu_s(refuse) for _ in range(7))


@pytest.mark.parametrize(("name", "build"), BENT_LINES)
def test_a_bent_line_is_refused_in_time_linear_in_its_length(
    name: str, build: Callable[[int], str]
) -> None:
    # Two thousand labels are two thousand dictionary entries before the mistake is met.
    assert time_refusal(build(20_000)) < (0.03 if "many" in name else 0.005)
    short_s, long_s = time_refusal(build(10_000)), time_refusal(build(160_000))
    assert long_s < 48 * short_s + 0.02  # 16 times as long; in quadratic time 256


@pytest.mark.parametrize(
    "comment",
    [
        "#" + " " * 20_000 + "HELP",
        "# HELP" + " " * 20_000,
        '# HELP "' + "a" * 20_000,
        '# HELP "' + "\\" * 20_000,
        "# TYPE " + "a" * 20_000 + " " * 20_000,
    ],
)
def test_a_long_comment_is_read_in_linear_time(comment: str) -> None:
    assert measure_cpu_s(lambda: Parser().parse(f"{comment}\nx 1\n")) < 0.05


def test_nan_is_a_value() -> None:
    assert math.isnan(read("x NaN\n")["x"])


def test_times_are_milliseconds_in_text_and_seconds_in_openmetrics() -> None:
    text = Parser().parse("x 1 1500\ny 2\n")
    assert text.t_ms is not None
    assert text.t_ms.tolist() == [1500, NO_TIME]
    other = Parser().parse("x 1 1.5\n# EOF\n", Format.OPENMETRICS)
    assert other.t_ms is not None
    assert other.t_ms.tolist() == [1500]


def test_a_series_may_stand_at_several_times() -> None:
    reading = Parser().parse("x 1 1000\nx 2 2000\nx 9 1000\n")
    assert reading.values.tolist() == [1.0, 2.0]


def test_of_a_series_that_is_repeated_the_first_is_kept_and_that_is_told() -> None:
    parser = Parser()
    for _ in range(2):
        reading = parser.parse('x{a="1",b="2"} 1\ny 5\nx{b="2",a="1"} 3\n')
        assert reading.values.tolist() == [1.0, 5.0]
        assert reading.scraped == 3
        assert [(note.key, note.values) for note in reading.notes] == [
            ("wire.repeated_series", (("count", 1),))
        ]


def test_what_a_page_says_about_its_metrics_is_kept() -> None:
    text = (
        "# HELP a_total Counts\\nall \\\\ things.\n# TYPE a_total counter\n# a comment\n"
        '# TYPE "b.c" gauge\n# TYPE d untyped\n# TYPE e strange\n#\n'
    )
    assert Parser().parse(text).metadata == (
        MetricMetadata("a_total", MetricType.COUNTER, "Counts\nall \\ things."),
        MetricMetadata("b.c", MetricType.GAUGE),
        MetricMetadata("d", MetricType.UNKNOWN),
        MetricMetadata("e", MetricType.UNKNOWN),
    )


def test_openmetrics_families_are_named_as_the_text_format_names_them() -> None:
    text = (
        '# TYPE a counter\n# HELP a Say \\"hi\\".\n# TYPE b info\n# TYPE c_seconds gauge\n'
        "# UNIT c_seconds seconds\na_total 1\na_created 2\n# EOF\n"
    )
    assert Parser().parse(text, Format.OPENMETRICS).metadata == (
        MetricMetadata("a_total", MetricType.COUNTER, 'Say "hi".'),
        MetricMetadata("b_info", MetricType.INFO),
        MetricMetadata("c_seconds", MetricType.GAUGE, "", "seconds"),
    )


def test_edges_of_buckets_are_written_as_prometheus_3_writes_them() -> None:
    text = (
        '# TYPE h histogram\nh_bucket{le="1"} 1\nh_bucket{le="0.5"} 1\nh_bucket{le="+Inf"} 1\n'
        '# TYPE s summary\ns{quantile="0"} 1\ns{quantile="0.99"} 1\ns{quantile="x"} 1\n'
        'other{le="1"} 1\n'
    )
    assert list(read(text)) == [
        'h_bucket{le="1.0"}',
        'h_bucket{le="0.5"}',
        'h_bucket{le="+Inf"}',
        's{quantile="0.0"}',
        's{quantile="0.99"}',
        's{quantile="x"}',
        'other{le="1"}',
    ]


@pytest.mark.parametrize("text", ["", "x 1\n", "x 1\n# EOF\ny 2\n", "x 1\n# EO"])
def test_openmetrics_that_ends_early_is_refused_whole(text: str) -> None:
    with pytest.raises(MalformedBody) as caught:
        Parser().parse(text, Format.OPENMETRICS)
    assert caught.value.key == "wire.no_end"


def test_an_empty_page_has_no_samples() -> None:
    for text in ("", "\n\n", "  \n\t\n", "  # HELP indented\n"):
        assert read(text) == {}


def test_a_page_of_the_same_series_gives_the_same_objects() -> None:
    parser = Parser()
    first = parser.parse('# TYPE x gauge\nx{a="b"} 1\ny 2\n')
    second = parser.parse('# TYPE x gauge\nx{a="b"} 3\ny NaN\n')
    assert first.series is second.series
    assert first.metadata is second.metadata
    assert second.values[0] == 3


def test_a_type_that_changes_changes_the_edges() -> None:
    parser = Parser()
    parser.parse('# TYPE h gauge\nh_bucket{le="1"} 1\n')
    reading = parser.parse('# TYPE h histogram\nh_bucket{le="1"} 1\n')
    assert str(reading.series[0]) == 'h_bucket{le="1.0"}'


def test_a_broken_page_leaves_the_parser_as_good_as_new() -> None:
    parser = Parser()
    parser.parse("x 1\ny 2\n")
    for broken in ("x 1\ny oops\n", "x 1\n<html>\n"):
        with pytest.raises(MalformedBody):
            parser.parse(broken)
    assert parser.parse("x 4\ny 5\n").values.tolist() == [4.0, 5.0]


@pytest.mark.parametrize(("series", "parsed_again"), [(5000, 5000), (900, 0)])
def test_series_that_are_gone_are_forgotten_when_they_are_many(
    series: int, parsed_again: int
) -> None:
    parsed: list[Labels] = []

    def finish(labels: Labels) -> Labels:
        parsed.append(labels)
        return labels

    parser = Parser(finish)
    many = "".join(f'x{{i="{i}"}} 1\n' for i in range(series))
    parser.parse(many)
    parser.parse("y 1\n")
    parsed.clear()
    parser.parse(many)
    assert len(parsed) == parsed_again


def test_series_can_be_renamed_and_dropped_as_they_are_read() -> None:
    asked = []

    def finish(labels: Labels) -> Labels | None:
        asked.append(str(labels))
        return None if labels.metric == "y" else labels.put({"job": "j"})

    parser = Parser(finish)
    for _ in range(3):
        reading = parser.parse("x 1\ny 2\nz 3\n")
        assert [str(one) for one in reading.series] == ['x{job="j"}', 'z{job="j"}']
        assert reading.values.tolist() == [1.0, 3.0]
        assert reading.scraped == 3
    assert asked == ["x", "y", "z"]


@pytest.mark.parametrize("page", ["node_exporter.txt", "process_exporter.txt", "openmetrics.txt"])
def test_real_pages_read_as_the_reference_parser_reads_them(page: str) -> None:
    text = next(FIXTURES.rglob(page)).read_text("utf-8")
    form = Format.OPENMETRICS if page == "openmetrics.txt" else Format.TEXT
    assert_agrees(text, form)


def exact(value: float) -> str:
    """A number to its last bit; the reference reads "-0" as the whole number 0."""
    return repr(float(value) + 0.0)


def assert_agrees(text: str, form: Format = Format.TEXT) -> TargetReading:
    reading = Parser().parse(text, form)
    families = read_text(text) if form is Format.TEXT else read_openmetrics(text)
    theirs: dict[Labels, str] = {}
    for family in families:
        for sample in family.samples:
            named = {**sample.labels, "__name__": sample.name}
            for name in ("le", "quantile"):  # Prometheus 3 writes these anew, the client does not
                if name in named:
                    named[name] = str(float(named[name]))
            theirs.setdefault(Labels.of(named), exact(sample.value))
    ours = {}
    for series, value in zip(reading.series, reading.values, strict=True):
        edges = {n: str(float(v)) for n, v in series.items() if n in {"le", "quantile"}}
        ours[series.put(edges)] = exact(value)
    assert ours == theirs
    return reading


WORDS = st.text(st.sampled_from('ab{}",=\\n# \t\n0_é'), max_size=8)
NUMBERS = st.sampled_from(
    ["1", "-0", "1e5", "NaN", "+Inf", "0.25", "-.5", "1e-300", "12345678901234567890"]
)


@st.composite
def sample_lines(draw: st.DrawFn) -> str:
    escaped = [
        (name, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))
        for name, value in draw(st.dictionaries(st.sampled_from("abcd"), WORDS, max_size=3)).items()
    ]
    name = draw(st.sampled_from(["m", "m_x", "up"]))
    labels = ",".join(f'{key}="{value}"' for key, value in escaped)
    time = draw(st.sampled_from(["", " 1500", " -1"]))
    return f"{name}{{{labels}}} {draw(NUMBERS)}{time}"


@given(st.lists(sample_lines(), max_size=8))
def test_any_valid_page_reads_as_the_reference_parser_reads_it(lines: list[str]) -> None:
    names = dict.fromkeys(line.partition("{")[0] for line in lines)
    grouped = [line for name in names for line in lines if line.startswith(f"{name}{{")]
    text = "".join(f"{line}\n" for line in grouped)
    assert_agrees_by_time(text)


def assert_agrees_by_time(text: str) -> None:
    reading = Parser().parse(text)
    times = reading.t_ms if reading.t_ms is not None else np.full(len(reading.series), NO_TIME)
    ours = {
        (labels, int(t_ms)): exact(value)
        for labels, t_ms, value in zip(reading.series, times, reading.values, strict=True)
    }
    theirs: dict[tuple[Labels, int], str] = {}
    for family in read_text(text):
        for sample in family.samples:
            t_ms = NO_TIME if sample.timestamp is None else round(float(sample.timestamp) * 1000)
            key = (Labels.of({**sample.labels, "__name__": sample.name}), t_ms)
            theirs.setdefault(key, exact(sample.value))
    assert ours == theirs


@given(st.lists(sample_lines(), min_size=1, max_size=4), st.data())
def test_a_page_cut_or_bent_anywhere_is_read_or_refused_and_nothing_else(
    lines: list[str], data: st.DataObject
) -> None:
    text = "".join(f"{line}\n" for line in lines)
    at = data.draw(st.integers(0, len(text)))
    bent = text[:at] + data.draw(WORDS) + text[at + data.draw(st.integers(0, 3)) :]
    parser = Parser()
    parser.parse(text)
    try:
        reading = parser.parse(bent)
    except MalformedBody:
        return
    fresh = Parser().parse(bent)
    assert reading.series == fresh.series
    assert reading.values.tobytes() == fresh.values.tobytes()


@given(st.lists(st.lists(sample_lines(), max_size=5), max_size=5))
def test_what_was_read_before_changes_nothing(pages: list[list[str]]) -> None:
    parser = Parser()
    for lines in pages:
        text = "".join(f"{line}\n" for line in lines)
        cached, fresh = parser.parse(text), Parser().parse(text)
        assert cached.series == fresh.series
        assert cached.values.tobytes() == fresh.values.tobytes()
        assert (cached.t_ms is None) is (fresh.t_ms is None)
