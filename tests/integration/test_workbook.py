"""Workbooks recalculated by LibreOffice: what it computes is what we wrote beside the formulas."""

from __future__ import annotations

import io
import subprocess
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from jipyo import catalogue as catalogues
from jipyo.reports.document import Issuer
from jipyo.reports.render.xlsx import render_xlsx
from jipyo.reports.sheets import build_contract_report, build_inspection_report
from jipyo.sla.inspection import inspect_month
from jipyo.sla.inspection_items import load_items
from sla.months import eventful, month_of, source_of, store_month
from sla.test_recomputation import build_records, evaluate
from support.services import binary

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.reports.document import Report

pytestmark = pytest.mark.integration
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
"""Formulas are computed when a file is opened, whatever stands beside them."""


def recalculate(content: bytes, folder: Path) -> bytes:
    """The workbook as LibreOffice writes it again."""
    profile = folder / "profile/user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(ALWAYS, "utf-8")
    (folder / "in.xlsx").write_bytes(content)
    command = [binary("soffice"), f"-env:UserInstallation=file://{profile.parent}", "--headless"]
    command += ["--convert-to", "xlsx", "--outdir", str(folder / "out"), str(folder / "in.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return (folder / "out/in.xlsx").read_bytes()


def read_formulas(content: bytes) -> dict[tuple[str, str], Any]:
    """The value beside each formula."""
    written, shown = (
        openpyxl.load_workbook(io.BytesIO(content), data_only=values) for values in (False, True)
    )
    return {
        (sheet.title, cell.coordinate): shown[sheet.title][cell.coordinate].value
        for sheet in written
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    }


def build_sheets(folder: Path) -> list[Report]:
    """The sheets of an eventful month: inspection, and service levels."""
    catalogue, month = catalogues.load(), month_of("2027-01-01")
    store = store_month(folder / "store", eventful(month))
    items = load_items(None, catalogue)
    sheet = inspect_month(source_of(store), catalogue, items, month, month.end_ms)
    store.close()
    made_ms, issuer = month.end_ms, Issuer(organisation="부서")
    levels = evaluate(build_records())
    return [
        build_inspection_report(sheet, catalogue, made_ms, issuer),
        build_contract_report(levels, catalogue, made_ms, issuer, "en"),
    ]


def build_workbooks(folder: Path) -> list[bytes]:
    """These sheets, one in each language."""
    inspection, levels = build_sheets(folder)
    return [render_xlsx(inspection, "ko"), render_xlsx(levels, "en")]


def test_libreoffice_computes_what_is_printed(tmp_path: Path) -> None:
    for number, content in enumerate(build_workbooks(tmp_path)):
        folder = tmp_path / str(number)
        folder.mkdir()
        printed, computed = read_formulas(content), read_formulas(recalculate(content, folder))
        assert printed.keys() == computed.keys()
        assert len(printed) > 30
        for cell, value in printed.items():
            if isinstance(value, float):
                assert computed[cell] == pytest.approx(value, abs=1e-9), cell
            else:
                assert (computed[cell] or None) == (value or None), cell
