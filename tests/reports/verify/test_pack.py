"""The acceptance pack: the same bytes for the same issue, and every change in it is named."""

from __future__ import annotations

import io
import random
import zipfile
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import ReportError
from jipyo.reports.archive.archive import find_issue, issue_report, sign_report
from jipyo.reports.archive.sign_off import Signing
from jipyo.reports.options import SignOffStep
from jipyo.reports.render import FORMATS
from jipyo.reports.verify.ed25519 import find_public
from jipyo.reports.verify.pack import build_pack, check_pack
from reports.archive.issuing import LATER_MS, NUMBER, build_valued

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.reports.verify.targets import VerificationTarget

SEED = bytes(range(32))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    issue_report(folder, build_valued(1.0), ["en"], ["html"], {"catalogue.json": b"{}"})
    sign_report(folder, NUMBER, Signing(SignOffStep.APPROVED, "Kim", LATER_MS))
    return folder


def build(root: Path, seed: bytes | None = None) -> bytes:
    issue = find_issue(root, NUMBER)
    return build_pack(issue, issue.read_report(), b"{}", ("en",), seed)


@pytest.fixture(scope="module")
def signed(root: Path) -> bytes:
    return build(root, SEED)


def list_damage(target: VerificationTarget) -> list[str]:
    assert all(texts(lang).error(error) for lang in LANGS for error in target.damage)
    return [error.key.rpartition(".")[2] for error in target.damage]


def read_entries(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as package:
        return {info.filename: package.read(info) for info in package.infolist()}


def write_entries(entries: list[tuple[str, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in entries:
            package.writestr(name, content)
    return buffer.getvalue()


def test_a_pack_has_the_issue_in_every_format_and_all_that_proves_it(
    root: Path, signed: bytes
) -> None:
    names = sorted(read_entries(signed))
    assert {name.rpartition(".")[2] for name in names if "jipyo-" in name} == {
        one.suffix[1:] for one in FORMATS.values()
    }
    proof = ("sign-off.jsonl", "verification.json", "SHA256SUMS", "SHA256SUMS.sig")
    kept = ("issue/report.json", "issue/issue.json", "issue/catalogue.json")
    assert {*kept, *proof, "public-key.pem"} <= {*names}
    assert build(root, SEED) == signed
    assert "SHA256SUMS.sig" not in read_entries(build(root))


def test_a_pack_is_checked_without_the_archive(root: Path, signed: bytes) -> None:
    target = check_pack(signed, "p.zip")
    assert target.damage == ()
    assert target.report == find_issue(root, NUMBER).read_report()
    assert target.attachments["catalogue.json"] == b"{}"
    assert check_pack(signed, "p.zip", find_public(SEED)).damage == ()
    assert list_damage(check_pack(signed, "p.zip", find_public(bytes(32)))) == ["bad_signature"]
    assert list_damage(check_pack(build(root), "p.zip", find_public(SEED))) == ["not_signed"]


def test_every_changed_part_of_a_pack_is_named(signed: bytes) -> None:
    draw, entries = random.Random(18), read_entries(signed)
    for name in entries:
        content = bytearray(entries[name])
        content[draw.randrange(len(content))] ^= 1
        changed = write_entries([*{**entries, name: bytes(content)}.items()])
        assert check_pack(changed, "p.zip").damage, name
        rest = [(other, part) for other, part in entries.items() if other != name]
        removed = check_pack(write_entries(rest), "p.zip", find_public(SEED))
        assert removed.damage or name == "public-key.pem", name


def test_a_part_more_or_one_that_is_there_twice_is_named(signed: bytes) -> None:
    entries = list(read_entries(signed).items())
    assert list_damage(check_pack(write_entries([*entries, ("x.txt", b"")]), "p.zip")) == ["extra"]
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = write_entries([*entries, ("issue/report.json", b"{}")])
    assert "twice" in list_damage(check_pack(twice, "p.zip"))


def test_files_that_fit_their_sums_and_not_the_report_are_named(root: Path) -> None:
    issue = find_issue(root, NUMBER)
    other = build_pack(issue, build_valued(2.0), b"{}", ("en",), None)
    assert set(list_damage(check_pack(other, "p.zip"))) == {"not_rendered"}


@pytest.mark.parametrize("content", [b"", b"PK", b"PK\x03\x04" + bytes(40), b"<html>"])
def test_what_is_no_pack_is_refused(content: bytes) -> None:
    with pytest.raises(ReportError) as caught:
        check_pack(content, "p.zip")
    assert all(texts(lang).error(caught.value) for lang in LANGS)
