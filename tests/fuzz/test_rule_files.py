"""Rule files and the templates in them, as people write them: values, or mistakes with places."""

from __future__ import annotations

from pathlib import Path

import pytest

import support
from fuzz.driver import Surface, assert_short_form
from jipyo.alerts.rule_files.read import parse_rule_file
from jipyo.alerts.rule_files.template import (
    AlertData,
    Surroundings,
    TemplateError,
    check_template,
    expand_template,
)
from jipyo.model.errors import ConfigError
from jipyo.promql import parse

TEMPLATES = Path(support.__file__).parent / "rule_templates"
FILE = b"""groups:
- name: a
  interval: 1m
  query_offset: 10s
  limit: 3
  labels: {team: ops}
  rules:
  - alert: Down
    expr: up == 0
    for: 5m
    keep_firing_for: 1m
    labels: {severity: "{{ if gt $value 1.0 }}page{{ end }}"}
    annotations: {summary: "{{ $labels.instance }} {{ humanize $value }}"}
  - record: a:b
    expr: sum(rate(x[5m]))
"""
DATA = AlertData({"instance": "h:9100", "job": "node"}, {"site": "a"}, "http://a/b", 12345.678)
SERIES = (({"instance": "a"}, 1.5), ({"instance": "b", "n": "x"}, -2.0))


def read_file(body: bytes) -> None:
    parse_rule_file(body.decode("utf-8", "replace"), "rules.yml", parse)


def fill(body: bytes) -> None:
    """What is parsed is filled within its bounds, whatever it does."""
    text = body.decode("utf-8", "surrogateescape")
    filled = expand_template(text, "A", DATA, Surroundings(0, lambda _: SERIES, "http://a/b"))
    assert len(filled) < 1 << 19
    filled.encode("utf-8", "surrogateescape")
    check_template(text, "A")


SURFACES = [
    Surface(
        name="rule-files",
        feed=read_file,
        seeds=(FILE,),
        tokens=(
            b"groups:\n", b"- name: ", b"rules:\n", b"  - alert: ", b"  - record: ", b"expr: ",
            b"for: 0", b"keep_firing_for: 1h", b"labels: {a: b}", b"annotations:", b"null", b"{{",
            b"}}", b"limit: -1", b"&a ", b"*a", b"<<: ", b"__name__",
        ),
        errors=(ConfigError,),
        s_per_byte=400e-6,
    ),
    Surface(
        name="rule-templates",
        feed=fill,
        seeds=tuple(
            line.encode()
            for name in ("sound", "broken")
            for line in (TEMPLATES / f"{name}.lines").read_text().splitlines()
        ),
        tokens=(
            b"{{", b"}}", b"{{- ", b" -}}", b"{{/* */}}", b"{{ end }}", b"{{ else }}", b"$labels",
            b"$value", b"{{ range query `x` }}", b"{{ range 9999 }}", b"{{ template \"a\" . }}",
            b"{{ define \"a\" }}", b"printf ", b"\"%9999d\"", b"reReplaceAll ", b"((", b"))", b"|",
            b":=", b".Labels", b"humanize ", b"1e308", b"toTime ", b"index ", b"slice ", b"nil",
        ),
        errors=(TemplateError,),
        s_per_byte=2000e-6,
        cases=400,
    ),
]  # fmt: skip


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_rules_are_read_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
