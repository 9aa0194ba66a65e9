"""Made-up data are marked as such in every format, on every page and sheet."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import openpyxl
import pypdf
import pytest

from jipyo.i18n import LANGS, Lang, texts
from jipyo.reports.document import Issuer, phrase
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import to_json
from reports.month import build_month

MONTH = build_month()
MARKED = replace(MONTH, issuer=Issuer(marking=phrase("reports.demonstration")))


def list_pages(name: str, content: bytes) -> list[str]:
    """The texts of the pages, or sheets, or of the whole file where it has neither."""
    if name == "pdf":
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        return [" ".join(page.extract_text().split()) for page in pages]
    if name == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheets = [str(sheet["A1"].value) for sheet in book.worksheets]
        return sheets + [str(sheet.oddHeader.right.text) for sheet in book.worksheets]
    if name == "hwpx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            section = archive.read("Contents/section0.xml").decode()
        return [section.partition("<hp:header ")[2].partition("</hp:header>")[0]]
    return [content.decode()]


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_page_and_sheet_says_that_its_data_are_made_up(name: str) -> None:
    lang: Lang
    for lang in LANGS:
        words = texts(lang)("reports.demonstration")
        pages = list_pages(name, FORMATS[name].render(MARKED, lang))
        assert pages
        assert [page for page in pages if words not in page.replace("\\-", "-")] == []
        unmarked = list_pages(name, FORMATS[name].render(MONTH, lang))
        assert not any(words in page for page in unmarked)


def test_json_says_it_in_a_field() -> None:
    document = json.loads(to_json(MARKED))
    assert "demonstration" in json.dumps(document["issuer"]["marking"])
    assert json.loads(to_json(MONTH))["issuer"]["marking"] is None
