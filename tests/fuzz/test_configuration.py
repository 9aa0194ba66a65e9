"""Files that operators and their tools write: jipyo.yaml, prometheus.yml, targets, catalogue."""

from __future__ import annotations

import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo import promql
from jipyo.alerts.duty.rota import parse_rota
from jipyo.analysis.slo.options import build_objectives
from jipyo.catalogue import load as load_catalogue
from jipyo.collect.discovery.prometheus_yml import read_prometheus_yml
from jipyo.collect.discovery.targets import _read_file
from jipyo.config.load import parse
from jipyo.model.calendar import PeriodKind, period_containing
from jipyo.reports.logo import parse_logo
from jipyo.reports.site_template_file import read_site_template
from jipyo.reports.work_log import parse_work_log
from jipyo.schema import parse_yaml, read_text
from jipyo.sla.inspection_items import load_items, read_entries
from jipyo.sla.month_file import parse_typed_month
from jipyo.sla.profile_file import load_profile
from reports.test_logo import SVG, make_png

if TYPE_CHECKING:
    from collections.abc import Callable

CATALOGUE = load_catalogue()
ITEMS = load_items(None, CATALOGUE)
MONTH = period_containing(PeriodKind.MONTH, date(2027, 1, 1), ZoneInfo("Asia/Seoul"))
WORDS = (
    b"- ", b": ", b"{", b"}", b"[", b"]", b"\n", b"\n  ", b"|\n", b">\n", b"&a ", b"*a",
    b"<<: *a\n", b"!!str ", b"!!python/object:os.system ", b"? ", b"---\n", b"...\n",
    b"%YAML 1.1\n", b"# x\n",
    b"~", b"null", b"yes", b"0o17", b"017", b"1e3", b"12:30:45", b"2024-02-30", b".inf", b"'", b'"',
    b"\\x", b"scrape_configs:\n", b"static_configs:\n", b"targets: [x]\n", b"labels: {a: b}\n",
    b"metrics:\n", b"query: up\n", b"collect:\n", b"interval: 15s\n",
    b"items:\n", b"version: 1\n", b"item: cpu\n", b"slo:\n", b"objectives:\n",
    b"people: [{name: a}]\n", b"rotations:\n", b"- {people: [a], start: 2027-01-04}\n",
    b"day: 2027-01-02\n", b"\t", b"\xef\xbb\xbf",
    b"base: international\n", b"indicators:\n", b"measure: ratio\n", b"entered:\n",
    b"satisfaction: {value: 1, note: x}\n", b"start: 2027-01-02 03:04\n",
    b"sections:\n", b"colours: {accent: '#000000'}\n", b"logo: /dev/null\n",
    b"done:\n", b"- {title: x}\n", b"9999-12-31 23:59\n", b"0001-01-01 00:00\n",
)  # fmt: skip
BOMBS = (
    b"a: &a [x,x]\n" + b"".join(b"a%d: &b%d [*a,*a]\n" % (n, n) for n in range(1000)),
    b"".join(b"%c: &%c [%b]\n" % (97 + n, 97 + n, b",".join([b"*%c" % (96 + n)] * 9) if n else b"1")
             for n in range(9)),
    b"[" * 20_000,
    b"{a: " * 5000,
    b"- " * 9000,
    b"a: " + b"9" * 15_000,
    b"a: 0x" + b"f" * 15_000,
    b"? " * 9000,
)  # fmt: skip


def read_as_file(name: str, read: Callable[[Path], object]) -> Callable[[bytes], object]:
    """A reader of files, as one of bytes."""

    def feed(body: bytes) -> object:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(body)
            return read(path)

    return feed


def read_config(path: Path) -> None:
    build_objectives(parse(read_text(path), str(path)).slo, CATALOGUE)


def read_typed_month(path: Path) -> None:
    parse_typed_month(read_text(path), str(path), ZoneInfo("Asia/Seoul"), ("satisfaction",))


of_yaml = partial(Surface, seeds=BOMBS, tokens=WORDS)
SURFACES = [
    of_yaml(
        name="yaml",
        corpus="configuration",
        feed=lambda body: parse_yaml(body.decode("utf-8", "replace"), "x.yaml").plain(),
        s_per_byte=60e-6,
        cases=300,
    ),
    of_yaml(
        name="configuration",
        feed=read_as_file("jipyo.yaml", read_config),
        base_s=1.0,
        s_per_byte=100e-6,
        cases=150,
    ),
    of_yaml(
        name="prometheus-yml",
        feed=read_as_file("prometheus.yml", read_prometheus_yml),
        s_per_byte=100e-6,
        cases=150,
    ),
    of_yaml(
        name="rota",
        feed=lambda body: parse_rota(body.decode("utf-8", "replace"), "rota.yaml"),
        s_per_byte=60e-6,
        cases=150,
    ),
    Surface(
        name="file-sd-json",
        corpus="file-sd",
        feed=read_as_file("targets.json", _read_file),
        tokens=(b'{"targets":', b'"labels":', b"[]", b"{}", b"5", b"null", b'"\\ud800"', b"NaN"),
        s_per_byte=60e-6,
        cases=300,
    ),
    of_yaml(
        name="file-sd-yaml",
        corpus="file-sd",
        feed=read_as_file("targets.yml", _read_file),
        s_per_byte=60e-6,
        cases=150,
    ),
    of_yaml(
        name="catalogue",
        feed=read_as_file(
            "more.yaml", lambda path: load_catalogue(extra=[path], parse=promql.parse)
        ),
        base_s=3.0,
        s_per_byte=200e-6,
        cases=3,
    ),
    of_yaml(
        name="inspection-items",
        corpus="configuration",
        feed=read_as_file("items.yaml", lambda path: load_items(path, CATALOGUE)),
        s_per_byte=100e-6,
        cases=100,
    ),
    of_yaml(
        name="inspection-entries",
        corpus="configuration",
        feed=read_as_file("2027-01.yaml", lambda path: read_entries(path, ITEMS, MONTH)),
        s_per_byte=100e-6,
        cases=100,
    ),
    of_yaml(
        name="contract-profile",
        corpus="configuration",
        feed=read_as_file("contract.yaml", lambda path: load_profile(str(path))),
        s_per_byte=100e-6,
        cases=100,
    ),
    of_yaml(
        name="contract-typed-month",
        corpus="configuration",
        feed=read_as_file("2027-01.yaml", read_typed_month),
        s_per_byte=100e-6,
        cases=100,
    ),
    of_yaml(
        name="work-log",
        corpus="configuration",
        feed=lambda body: parse_work_log(body.decode("utf-8", "replace"), "2027-01.yaml", MONTH),
        s_per_byte=100e-6,
        cases=100,
    ),
    of_yaml(
        name="report-template",
        corpus="configuration",
        feed=read_as_file("look.yaml", read_site_template),
        s_per_byte=100e-6,
        cases=100,
    ),
    Surface(
        name="logo",
        feed=lambda body: parse_logo(body, "logo"),
        seeds=(SVG, make_png()),
        tokens=(
            *(b"<g>", b"</g>", b"<use href='#a'/>", b" style='fill:url(#a)'", b"<!DOCTYPE a>"),
            *(b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&#0;", b"<?x?>", b" xmlns:a='b'"),
            *(b"IHDR", b"IDAT", b"IEND", b"\xff\xff\xff\xff", b"\xfe\xff", b"width='1e9'"),
        ),
        s_per_byte=20e-6,
        cases=300,
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_a_file_is_read_or_refused_with_its_mistakes(surface: Surface) -> None:
    assert_short_form(surface)
