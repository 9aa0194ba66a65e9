"""Every number of a document, read back from each format, is the exact one as it is rounded.

A report of all kinds of inline parts is made up; what each format prints is parsed again by
readers that know nothing of the renderers, and compared with the exact value: rounded to as many
decimals as are printed, in the unit that is printed.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from html import unescape
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import openpyxl
import orjson
import pytest
from pypdf import PdfReader

from jipyo.i18n import LANGS, Lang, texts
from jipyo.model.calendar import local_time
from jipyo.model.figure import Delta
from jipyo.reports.document import (
    ColumnHead,
    Day,
    Duration,
    ExactTime,
    Inline,
    Moment,
    Quantity,
    Share,
    Table,
    phrase,
)
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import to_json
from reports.documents import SEOUL, build_figure
from reports.month import DAYS, MONTH, START, build_month

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.reports.document import Report

_PER_KIND = 12
_HWPX = "{http://www.hancom.co.kr/hwpml/2011/paragraph}"
_FACTORS = {
    "microsecond": 1e-6, "millisecond": 1e-3, "second": 1, "minute": 60, "hour": 3600,
    "day": 86_400, "byte": 1, "kibibyte": 2**10, "mebibyte": 2**20, "gibibyte": 2**30,
    "tebibyte": 2**40, "pebibyte": 2**50, "percent": 1, "count": 1,
}  # fmt: skip
_BYTES = ("byte", "kibibyte", "mebibyte", "gibibyte", "tebibyte", "pebibyte")


def make_parts() -> dict[str, Inline]:
    """Parts of every kind that has a number, by the key of their row."""
    random = np.random.default_rng(18)
    found: list[Inline] = [0, 1, Share(1.0), Share(0.0), Share(0.99999), Delta(0.0, "point")]
    found += [build_figure(0.0), Quantity(999.96, "seconds"), Quantity(1023.97, "bytes")]
    for _ in range(_PER_KIND):
        size = float(10 ** random.uniform(-2, 11))
        t_ms = START + int(random.integers(0, MONTH.end_ms - START)) // 1000 * 1000
        found += [
            build_figure(float(random.uniform(0, 100))),
            build_figure(float(random.uniform(0, 200)), "seconds"),
            Quantity(size, "bytes"),
            Quantity(size, "bytes_per_second"),
            Quantity(float(random.integers(0, 10**9)), "count"),
            Quantity(float(10 ** random.uniform(-5, 6)), "seconds"),
            Delta(float(random.uniform(-50, 50)), "percent"),
            Delta(float(random.uniform(-50, 50)), "point"),
            Share(float(random.uniform(0, 1))),
            Moment(t_ms),
            Moment(t_ms, to_the_second=True),
            Day(DAYS[int(random.integers(31))]),
            Day(DAYS[int(random.integers(31))], short=True),
            Duration(int(random.integers(1, 60 * 24)) * 60_000),
            ExactTime(int(random.integers(1, 10**6)) * 1000),
            int(random.integers(0, 10**9)),
        ]
    return {f"r{at:04}x": part for at, part in enumerate(found)}


PARTS = make_parts()


def build_document() -> Report:
    """The parts in a column of text, where each has its unit, and percentages in one of numbers."""
    title = phrase("reports.column.average")
    heads = (ColumnHead(title, numeric=False), ColumnHead(title, numeric=False))
    numbers = (heads[0], ColumnHead(title, numeric=True))
    percents = tuple((f"p{at:04}x", build_figure(at * 1.37)) for at in range(40))
    return build_month(
        Table("parts", "", heads, tuple(PARTS.items())), Table("percents", "", numbers, percents)
    )


DOCUMENT = build_document()

# ------------------------------------------------------------------ readers, one a format


def read_html(content: bytes) -> dict[str, str]:
    rows = re.findall(r'<tr><th scope="row">(\w+x)</th><td[^>]*>(.*?)</td></tr>', content.decode())
    return {key: unescape(re.sub("<[^>]+>", "", cell)) for key, cell in rows}


def read_pdf(content: bytes) -> dict[str, str]:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    rows = re.findall(r"([rp]\d{4}x)\s+([^\n]*)", text)
    return {key: " ".join(cell.split()) for key, cell in rows}


def read_hwpx(content: bytes) -> dict[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(content))
    section = ElementTree.fromstring(archive.read("Contents/section0.xml"))
    found: dict[str, str] = {}
    for row in section.iter(f"{_HWPX}tr"):
        cells = [
            "".join(text.text or "" for text in cell.iter(f"{_HWPX}t"))
            for cell in row.iter(f"{_HWPX}tc")
        ]
        if cells and re.fullmatch(r"[rp]\d{4}x", cells[0]):
            found[cells[0]] = cells[1]
    return found


READERS: dict[str, Callable[[bytes], dict[str, str]]] = {
    "html": read_html,
    "pdf": read_pdf,
    "hwpx": read_hwpx,
}

# ------------------------------------------------------------------ the stated rounding, plainly


@dataclass(frozen=True)
class Printed:
    number: str
    unit: str

    @property
    def decimals(self) -> int:
        return len(self.number.partition(".")[2])

    @property
    def value(self) -> Decimal:
        return Decimal(self.number)


def parse_printed(text: str) -> Printed:
    """A number and what stands behind it."""
    plain = text.replace("\u2212", "-").replace(",", "").replace("\u2009", " ")
    found = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*(.*)", plain)
    assert found, text
    return Printed(found[1].lstrip("+"), found[2].strip())


def find_factor(label: str, unit: str, lang: Lang) -> float:
    """How much of the part's own unit one of the printed unit is."""
    t = texts(lang)
    suffix = "_per_second" if unit == "bytes_per_second" else ""
    names = [name + suffix for name in _BYTES] if unit.startswith("bytes") else [
        name for name in _FACTORS if name not in _BYTES
    ]  # fmt: skip
    for name in names:
        if label in {t.unit(name, 1), t.unit(name, 2)}:
            return _FACTORS[name.removesuffix(suffix)]
    raise AssertionError(f"no unit {label!r}")


def check_rounded(exact: float, printed: Printed, factor: float) -> None:
    """Rounded to the printed decimals it is the printed number; at least three digits are kept."""
    scaled = exact / factor
    assert abs(Decimal(scaled) - printed.value) <= Decimal(10) ** -printed.decimals / 2 * Decimal(
        "1.0000001"
    )
    kept = len(printed.number.replace(".", "").replace("-", "").lstrip("0"))
    assert kept >= 3 or float(printed.number) == pytest.approx(scaled, rel=1e-2, abs=6e-5)


def check_part(part: Inline, text: str, lang: Lang) -> None:
    match part:
        case int():
            assert int(text.replace(",", "")) == part
        case Share(value):
            exact = (Decimal(value) * 1000).to_integral_value(ROUND_FLOOR) / 10
            assert Decimal(text.removeprefix("<").removesuffix("%")) in {exact, Decimal("0.1")}
        case Delta(value, "point"):
            check_change(value, text.removesuffix(texts(lang)("reports.point")).strip())
        case Delta(value):
            check_change(value, text.removesuffix("%"))
        case Moment(t_ms, to_the_second=to_the_second):
            local = local_time(t_ms, SEOUL)
            shape = "%H:%M:%S" if to_the_second else "%H:%M"
            assert text.endswith(local.strftime(shape))
            assert str(local.day) in re.findall(r"\d+", text)
        case Day(day):
            assert str(day.day) in re.findall(r"\d+", text)
        case Duration(ms) | ExactTime(ms):
            spans = re.findall(r"([\d,]+)\s*([^\d\s,]+)", text)
            seconds = sum(
                int(number.replace(",", "")) * find_factor(unit, "seconds", lang)
                for number, unit in spans
            )
            assert seconds == ms / 1000
        case _:
            assert not isinstance(part, str | None)
            printed = parse_printed(text)
            check_rounded(part.value, printed, find_factor(printed.unit, part.unit, lang))  # type: ignore[union-attr, arg-type]


def check_change(value: float, text: str) -> None:
    printed = parse_printed(text.strip())
    assert printed.value == pytest.approx(Decimal(value), abs=Decimal("0.05"))
    assert value == 0 or text.startswith("+" if value > 0 else ("\u2212", "-"))


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("lang", LANGS)
def test_every_number_reads_back_as_it_is_rounded(name: str, lang: Lang) -> None:
    found = READERS[name](FORMATS[name].render(DOCUMENT, lang))
    assert {key for key in found if key[0] == "r"} == set(PARTS)
    for key, part in PARTS.items():
        check_part(part, found[key], lang)
    for at in range(40):
        check_rounded(at * 1.37, parse_printed(found[f"p{at:04}x"]), 1)


def test_every_number_of_a_workbook_is_exact_and_shown_as_rounded() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(FORMATS["xlsx"].render(DOCUMENT, "en")))
    rows = {row[0].value: row[1] for sheet in workbook for row in sheet.iter_rows(max_col=2)}
    for key, part in PARTS.items():
        cell = rows[key]
        match part:
            case Moment(t_ms, to_the_second=to_the_second):
                local = local_time(t_ms, SEOUL).replace(tzinfo=None)
                assert cell.value == local.replace(microsecond=0)
                assert ("ss" in cell.number_format) == to_the_second
            case Day(day):
                assert isinstance(cell.value, datetime | date)
                assert f"{cell.value:%Y-%m-%d}" == day.isoformat()
            case ExactTime(ms):
                assert cell.value * 60_000 == pytest.approx(ms)
            case Share(value):
                assert cell.value == pytest.approx(int(value * 1000) / 1000)
            case int():
                assert cell.value == part
            case Delta() | Duration():
                check_part(part, str(cell.value), "en")
            case _:
                assert part.value == pytest.approx(cell.value * read_unit(cell.number_format, part))  # type: ignore[union-attr]


def read_unit(number_format: str, part: Inline) -> float:
    label = re.findall(r'"\s*([^"]*)"', number_format)
    return find_factor(label[0] if label else "", part.unit, "en")  # type: ignore[union-attr]


def test_every_number_of_the_json_is_exact() -> None:
    (rows, _) = (block["rows"] for block in orjson.loads(to_json(DOCUMENT))["blocks"])
    for key, found in rows:
        part = PARTS[key]
        match part:
            case int():
                assert found == part
            case Moment(t_ms):
                assert found["t_ms"] == t_ms
            case Duration(ms) | ExactTime(ms):
                assert found["ms"] == ms
            case Day(day):
                assert found["day"] == day.isoformat()
            case _:
                assert found["value"] == part.value  # type: ignore[union-attr]
