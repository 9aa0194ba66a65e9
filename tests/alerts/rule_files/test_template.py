"""Templates of alerts: what they write, what they refuse, and that they end.

That they write what Prometheus writes is compared with promtool in
`integration/test_rule_templates_agree.py`.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.alerts.rule_files.template import (
    AlertData,
    Surroundings,
    TemplateError,
    check_template,
    expand_template,
)
from jipyo.alerts.rule_files.template.formatting import MAX_CHARACTERS

LABELS = {"instance": "gpu-1:9400", "job": "dcgm"}
SERIES = (({"instance": "b"}, 2.0), ({"instance": "a"}, 0.5))
EXTERNAL_URL = "http://jipyo.example/ops"


def fill(template: str, value: float = 91.25) -> str:
    data = AlertData(LABELS, {"site": "seoul"}, EXTERNAL_URL, value)
    return expand_template(
        template, "Hot", data, Surroundings(60_000, lambda _: SERIES, EXTERNAL_URL)
    )


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("no braces", "no braces"),
        ("{{ $labels.instance }} is at {{ $value }}", "gpu-1:9400 is at 91.25"),
        ("{{ $labels.gone }}|{{ $externalLabels.site }}", "|seoul"),
        ("{{ externalURL }} {{ pathPrefix }} {{ now }}", f"{EXTERNAL_URL} /ops 60"),
        ("{{ $value | humanizePercentage }}", "9125%"),
        ("{{ range query `x` | sortByLabel `instance` }}{{ .Value }} {{ end }}", "0.5 2 "),
        ("{{ if gt $value 90.0 }}hot{{ else }}well{{ end }}", "hot"),
        ('{{ printf "%.1f °C" $value }}', "91.2 °C"),
        ("a {{- /* b */ -}} c", "ac"),
        ('{{ define "d" }}<{{ . }}>{{ end }}{{ template "d" 1 }}', "<1>"),
        ("{{ $x := 0 }}{{ range 4 }}{{ $x = . }}{{ end }}{{ $x }}", "3"),
    ],
)
def test_a_template_is_filled(template: str, text: str) -> None:
    assert fill(template) == text


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{{ nofunction }}", 'function "nofunction" not defined'),
        ("{{ $x }}", 'undefined variable "$x"'),
        ("{{ if true }}", "unexpected EOF"),
        ("{{ .Foo }}", "can't evaluate field Foo in type struct"),
        ("{{ query `x` | value }}", "expected *template.sample; got template.queryResult"),
        ("{{ humanize `x` }}", 'parsing "x": invalid syntax'),
    ],
)
def test_a_mistake_is_written_in_place_of_the_text(template: str, problem: str) -> None:
    text = fill(template)
    assert text.startswith("<error expanding template: error ")
    assert problem in text


@pytest.mark.parametrize(
    "template",
    [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000 }}{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}{{ end }}",
        '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
        '{{ define "a" }}{{ template "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
        '{{ printf "%999999d" 1 }}',
        '{{ $x := "0123456789" }}{{ range 90 }}{{ $x = print $x $x }}{{ end }}',
        '{{ reReplaceAll "" (printf "%200000d" 1) "abc" }}',
        "{{ $x := args 1 }}{{ range 99 }}{{ $x = args $x $x }}{{ end }}{{ $x }}",
        "{{ range 100 }}{{ query `x` }}{{ end }}",
        "{{" + "(" * 5000 + "1" + ")" * 5000 + "}}",
        "{{ if true }}" * 5000 + "{{ end }}" * 5000,
        "{{ 1" + " | print" * 20_000 + "}}",
    ],
)
def test_no_template_takes_long_or_writes_much(template: str) -> None:
    text = fill(template)
    assert text.startswith("<error expanding template:")
    assert len(text) < 2000


@given(st.text('{}$.()|:="` abLxyrangeifendtemplate019-/*%', max_size=60))
def test_whatever_is_parsed_is_filled(inside: str) -> None:
    template = f"{{{{{inside}}}}}"
    text = fill(template)
    assert len(text) <= MAX_CHARACTERS + 2000
    if text.startswith("<error expanding template: error parsing"):
        with pytest.raises(TemplateError):
            check_template(template, "Hot")
