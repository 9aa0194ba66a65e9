"""Which files are forms, and that an archive comes back as it was."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS
from jipyo.model.errors import ReportError
from jipyo.reports.forms.archive import FormArchive
from jipyo.reports.forms.fill import read_form
from reports.forms.building import build_hwpx, build_xlsx, fill, paragraph, read_error

if TYPE_CHECKING:
    from pathlib import Path

SLOT = paragraph("{{문서번호}}")
SIGNED = {"META-INF__signatures.xml": "<x/>"}
ENCRYPTED = {"META-INF__manifest.xml": "<odf:manifest><odf:encryption-data/></odf:manifest>"}
TRACKED = SLOT + paragraph('a<hp:insertBegin Id="1"/>b')


def build_zip(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return out.getvalue()


def change_flags(content: bytes) -> bytes:
    """The archive, which says of its parts that they have a password."""
    at = content.index(b"PK\x01\x02")
    return content[: at + 8] + struct.pack("<H", 1) + content[at + 10 :]


MIME = ("mimetype", b"application/hwp+zip")
HEADER_TRACKED = {"Contents__header.xml": "<hh:head><hh:trackChange/></hh:head>"}


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "forms.no_archive"),
        (b"%PDF-1.7", "forms.no_archive"),
        (b"PK\x05\x06", "forms.no_archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "forms.old_format"),
        (build_zip(("a.txt", b"x")), "forms.other_format"),
        (build_zip(MIME), "forms.no_part"),
        (build_zip(MIME, ("../x", b"")), "forms.strange_part"),
        (build_zip(MIME, ("/etc/x", b"")), "forms.strange_part"),
        (build_zip(MIME, ("C:/x", b"")), "forms.strange_part"),
        (build_zip(MIME, ("a\\..\\..\\x", b"")), "forms.strange_part"),
        (build_zip(MIME, ("x", b""), method=zipfile.ZIP_LZMA), "forms.strange_part"),
        (build_zip(MIME, ("bomb", b"\0" * (30 << 20))), "forms.too_large"),
        (change_flags(build_hwpx(SLOT)), "forms.encrypted"),
        (build_hwpx(SLOT, **ENCRYPTED), "forms.encrypted"),
        (build_hwpx(SLOT, **SIGNED), "forms.signed"),
        (build_hwpx(TRACKED), "forms.tracked"),
        (build_hwpx(SLOT, **HEADER_TRACKED), "forms.tracked"),
        (build_hwpx(paragraph("글")), "forms.no_slots"),
        (build_hwpx("<hp:p>{{"), "forms.broken_xml"),
    ],
)
def test_what_cannot_be_filled_is_refused_with_the_remedy(content: bytes, key: str) -> None:
    with pytest.raises(ReportError) as error:
        fill(content)
    assert error.value.key == key
    for lang in LANGS:
        assert "\n" in read_error(error.value, lang), "a remedy"


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("_xmlsignatures/sig1.xml", "forms.signed"),
        ("xl/revisions/revisionHeaders.xml", "forms.tracked"),
        ("xl/vbaProject.bin", "forms.macros"),
    ],
)
def test_workbooks_that_filling_would_break_are_refused(name: str, key: str) -> None:
    out = io.BytesIO(build_xlsx({"A1": "{{문서번호}}"}))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, b"<x/>")
    with pytest.raises(ReportError) as error:
        fill(out.getvalue())
    assert error.value.key == key


def test_an_archive_without_changes_comes_back_as_it_was() -> None:
    content = build_hwpx(SLOT, extra="x" * 5000)
    written = FormArchive(content).write({}, {})
    before, after = (zipfile.ZipFile(io.BytesIO(one)) for one in (content, written))
    assert [
        (one.filename, one.date_time, one.compress_type, one.CRC) for one in before.infolist()
    ] == [(one.filename, one.date_time, one.compress_type, one.CRC) for one in after.infolist()]
    assert FormArchive(content).write({}, {}) == written


def test_a_damaged_part_is_named() -> None:
    content = bytearray(build_hwpx(SLOT))
    at = content.index(b"Contents/header.xml") + 60
    content[at : at + 20] = b"\xff" * 20
    with pytest.raises(ReportError) as error:
        fill(bytes(content))
    assert "Contents/header.xml" in read_error(error.value)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        read_form(tmp_path / "없음.hwpx")
    assert "없음.hwpx" in read_error(error.value)
    (tmp_path / "a.hwpx").write_bytes(b"x")
    assert read_form(tmp_path / "a.hwpx") == b"x"
