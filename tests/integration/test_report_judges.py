"""Reports in every format before programs that others wrote: veraPDF, hwpxlib, rhwp, axe, Calc.

Among them a month with every kind of block and awkward content in each, the sheets of a
contract and of an inspection, an empty report, and forms that were filled.
"""

from __future__ import annotations

import html
import io
import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import openpyxl
import pytest

from integration.test_workbook import build_sheets, read_formulas, recalculate
from jipyo import catalogue as catalogues
from jipyo.i18n import LANGS
from jipyo.reports.forms.fill import build_book, fill_form
from jipyo.reports.render import FORMATS
from reports.documents import build_report
from reports.forms.building import PAGE, build_hwpx, paragraph, table
from reports.month import build_month
from support.browser import Browser
from support.judges import find_axe, look_at_hwpx, read_hwpx, validate_pdf

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.reports.document import Report

pytestmark = [
    pytest.mark.integration,
    # Of charts that LibreOffice wrote when it computed a workbook of ours.
    pytest.mark.filterwarnings("ignore:Unable to read chart"),
]
NAMES = catalogues.load().names
WITHOUT_NETWORK = """
import socket, sys
from jipyo.reports.render import FORMATS
from reports.month import build_month
def refuse(*_):
    raise AssertionError("a report opened a connection")
socket.socket.connect = socket.getaddrinfo = refuse
report = build_month()
for name, report_format in FORMATS.items():
    content = report_format.render(report, "ko")
    print(name, len(content))
"""


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Report]:
    """What is judged, by a name for its files."""
    sheets = build_sheets(tmp_path_factory.mktemp("store"))
    return {
        "month": build_month(),
        "many-rows": build_month(rows=70),
        "empty": build_report(),
        **{f"sheet-{at}": sheet for at, sheet in enumerate(sheets)},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


def write(reports: dict[str, Report], name: str, folder: Path) -> list[Path]:
    """The reports in a format and both languages."""
    made = FORMATS[name]
    files = []
    for key, report in reports.items():
        for lang in LANGS:
            files.append(folder / f"{key}.{lang}{made.suffix}")
            files[-1].write_bytes(made.render(report, lang))
    return files


def test_pdf_is_pdf_a_2a_and_pdf_ua_1(reports: dict[str, Report], folder: Path) -> None:
    judged = {name: one for name, one in reports.items() if name != "many-rows"}
    files = write(judged, "pdf", folder)
    expected = {file.name: "PASS" for file in files}
    assert validate_pdf(files, "2a") == expected
    assert validate_pdf(files, "ua1") == expected


@pytest.fixture(scope="module")
def hwpx_files(reports: dict[str, Report], folder: Path) -> list[Path]:
    return [*write(reports, "hwpx", folder), *write_forms(reports["month"], folder)]


def write_forms(report: Report, folder: Path) -> Iterator[Path]:
    """A form filled in each language: sentences, repeated rows, a table, pictures."""
    body = (
        paragraph(inside=PAGE)
        + paragraph("{{number}} {{", "period}}")
        + table([["no", "what"], ["{{#s}}{{no}}", "{{indicator}} {{actual}}{{/s}}"]])
        + table([["{{picture:system.cpu.utilization}}"]], height=16_000)
        + paragraph("{{table:s}}")
    )
    for lang in LANGS:
        file = folder / f"form.{lang}.hwpx"
        file.write_bytes(fill_form(build_hwpx(body), build_book(report, NAMES, lang)).content)
        yield file


def read_words(file: Path) -> set[str]:
    """The words of a file's sections, by the parser that has nothing to do with HWPX."""
    archive = zipfile.ZipFile(io.BytesIO(file.read_bytes()))
    xml = archive.read("Contents/section0.xml").decode()
    texts = re.findall(r"<hp:t>(.*?)</hp:t>", xml)
    plain = html.unescape(re.sub(r"<[^>]*>", " ", " ".join(texts)))
    return set(re.findall(r"[\w가-힣]{2,}", plain))


def test_hwpx_is_read_by_hwpxlib(hwpx_files: list[Path]) -> None:
    for file, text in zip(hwpx_files, read_hwpx(hwpx_files), strict=True):
        words = read_words(file)
        assert len(words) > 5, file
        assert sorted(word for word in words if word not in text) == [], file
        assert "{{" not in text


def test_hwpx_is_valid_and_drawn_without_anything_cut(
    hwpx_files: list[Path], tmp_path: Path
) -> None:
    for file, seen in zip(hwpx_files, look_at_hwpx(hwpx_files, tmp_path), strict=True):
        is_form = file.name.startswith("form")
        assert is_form or seen["issues"] == [], file
        assert "".join(seen["clipped"]) == "", file
        assert seen["pages"] >= 1


def test_libreoffice_computes_what_the_workbooks_print(
    reports: dict[str, Report], folder: Path, tmp_path: Path
) -> None:
    for file in write({"month": reports["month"]}, "xlsx", folder):
        work = tmp_path / file.stem
        work.mkdir()
        printed = read_formulas(file.read_bytes())
        computed = read_formulas(recalculate(file.read_bytes(), work))
        assert printed.keys() == computed.keys()
        assert len(printed) > 10
        for cell, value in printed.items():
            if isinstance(value, float):
                assert computed[cell] == pytest.approx(value, abs=1e-9), cell
            else:
                assert (computed[cell] or None) == (value or None), cell


def test_libreoffice_computes_the_formulas_of_a_filled_form(
    reports: dict[str, Report], tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    for row, text in enumerate(("{{s.1.weight}}", "{{s.1.weight}}", "=A1+A2"), 1):
        book.active.cell(row, 1, text)
    out = io.BytesIO()
    book.save(out)
    filled = fill_form(out.getvalue(), build_book(reports["month"], NAMES, "en")).content
    shown = openpyxl.load_workbook(io.BytesIO(recalculate(filled, tmp_path)), data_only=True)
    first, second, total = (shown.active.cell(row, 1).value for row in (1, 2, 3))
    assert first > 0
    assert total == first + second


@pytest.mark.parametrize("lang", LANGS)
def test_html_has_nothing_that_axe_objects_to(
    reports: dict[str, Report], folder: Path, lang: Lang
) -> None:
    axe = find_axe()
    judged = {name: one for name, one in reports.items() if name != "many-rows"}
    write(judged, "html", folder)
    pages = [(name, False) for name in judged] + [("month", True)]
    with Browser() as browser:
        for name, dark in pages:
            page = browser.open((folder / f"{name}.{lang}.html").as_uri(), dark=dark)
            page.eval(axe)
            found = page.eval(
                "axe.run({resultTypes: ['violations']}).then(r => JSON.stringify(r.violations"
                ".map(v => [v.id, v.nodes.length, v.nodes[0].html.slice(0, 200)])))"
            )
            assert json.loads(found) == [], (name, dark)
            page.close()


def test_every_format_is_made_without_network_browser_or_fonts(tmp_path: Path) -> None:
    """A child that has no fonts, no home, and no network where the machine lets it have none."""
    fonts = tmp_path / "fonts.conf"
    fonts.write_text("<fontconfig/>")
    environ = {"HOME": str(tmp_path), "PATH": "", "FONTCONFIG_FILE": str(fonts), "TZ": "UTC"}
    environ["PYTHONPATH"] = ":".join(path for path in sys.path if path)
    command = [sys.executable, "-c", WITHOUT_NETWORK]
    unshare = "/usr/bin/unshare"
    can_unshare = (
        subprocess.run([unshare, "-rn", "/bin/true"], capture_output=True, check=False).returncode
        == 0
    )
    if can_unshare:
        command = [unshare, "-rn", *command]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    sizes = {line.split()[0]: int(line.split()[1]) for line in done.stdout.splitlines()}
    assert sizes.keys() == FORMATS.keys()
    assert all(size > 500 for size in sizes.values()), sizes
