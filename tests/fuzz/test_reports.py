"""What is verified was written by others: reports as JSON, records, sign-offs, packs, prose."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.app.verification import read_catalogue_file
from jipyo.reports.archive.archive import find_issue, issue_report, sign_report
from jipyo.reports.archive.changes import compare_reports
from jipyo.reports.archive.integrity import check_chain
from jipyo.reports.archive.issues import read_record
from jipyo.reports.archive.sign_off import Signing, parse_chain
from jipyo.reports.document import Charts, Note
from jipyo.reports.options import SignOffStep
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.verify.ed25519 import read_private_key
from jipyo.reports.verify.numbers import find_numbers
from jipyo.reports.verify.pack import build_pack, check_pack
from jipyo.reports.verify.rendered import compare_files
from reports.archive.issuing import LATER_MS, NUMBER, build_valued
from reports.documents import build_chart, build_figure, build_matrix, build_report, build_scores
from reports.verify.month import TRUE_TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORT = build_report(
    Note(build_figure(1.5)), build_scores(), build_matrix("○×"), Charts((build_chart([1.0, 2.0]),))
)
JSON = (
    b'{"type":"phrase","key":"reports.point","values":[]}',
    b'{"type":"joined","parts":[],"by":" "}',
    b'"+Inf"', b"null", b"1e999", b"-0.0", b"9223372036854775808", b"[[1],[1,2]]", b"[]", b"{}",
    b'"type":"table",', b'"2026-02-30"', b'"Asia/Seoul"', b"\\ud800", b'"t_ms":99999999999999999',
)  # fmt: skip
PROSE = (
    "1,234건".encode(), "3만 5천".encode(), "2시간 3분".encode(), "10월 14일 ".encode(),
    "2026. 10. 14.(수) 14:05".encode(), b"14 Oct 2026 at 14:05", b"99.91%", b"~", b"-", b"1.",
    "억".encode(), b"v2.4.1", b"0" * 400, b"9" * 400, b"1," * 50, b"1 1 1 ", b"\n", b"\xff",
)  # fmt: skip
ZIP = (b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\xff" * 4, b"<p>", b"\x00")
KEY = (
    b"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    b"\n-----END PRIVATE KEY-----\n"
)


def feed_report(content: bytes) -> None:
    report = read_report(content, "r.json")
    assert read_report(to_json(report)) is not None
    assert compare_reports(report, replace(report)) == ()


def feed_record(content: bytes) -> None:
    read_record(content, "i")


def feed_chain(content: bytes) -> None:
    list(check_chain(parse_chain(content, "c"), NUMBER, "c"))


def feed_prose(content: bytes) -> None:
    for mention in find_numbers(content.decode("utf-8", "replace")):
        assert mention.text


def list_surfaces() -> Iterator[Surface]:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        issue_report(root, build_valued(1.0), ["en"], ["markdown"])
        sign_report(root, NUMBER, Signing(SignOffStep.APPROVED, "Kim", LATER_MS))
        issue = find_issue(root, NUMBER)
        record = (issue.folder / "issue.json").read_bytes()
        chain = (issue.folder.parent / f"{NUMBER}.sign-off.jsonl").read_bytes()
        pack = build_pack(issue, issue.read_report(), b"{}", (), bytes(32))
    yield from (
        Surface(
            name="report-json",
            feed=feed_report,
            seeds=(to_json(REPORT), to_json(build_report())),
            tokens=JSON,
            base_s=0.2,
            s_per_byte=4e-5,
            cases=300,
        ),
        Surface(name="report-record", feed=feed_record, seeds=(record,), tokens=JSON),
        Surface(name="report-sign-off", feed=feed_chain, seeds=(chain,), tokens=JSON),
        Surface(
            name="report-catalogue",
            feed=read_catalogue_file,
            seeds=(orjson.dumps({"type": "catalogue", "metrics": []}),),
            tokens=JSON,
        ),
        Surface(
            name="report-pack",
            feed=lambda case: check_pack(case, "p.zip"),
            seeds=(pack,),
            tokens=ZIP,
            base_s=1.0,
            cases=150,
        ),
        Surface(
            name="report-file",
            feed=lambda case: compare_files(pack, case, "f"),
            seeds=(pack,),
            tokens=ZIP,
            base_s=0.5,
            cases=150,
        ),
        Surface(
            name="report-prose",
            feed=feed_prose,
            seeds=tuple(text.encode() for text in TRUE_TEXTS[::7]),
            tokens=PROSE,
            s_per_byte=4e-5,
            cases=300,
        ),
        Surface(name="report-key", feed=lambda case: read_private_key(case, "k"), seeds=(KEY,)),
    )


SURFACES = tuple(list_surfaces())


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_what_is_verified_may_be_anything(surface: Surface) -> None:
    assert_short_form(surface)
