"""The acceptance pack: an issue with all that proves it, in one ZIP that needs no store.

Names and times in it depend on the issue alone, so that the same issue gives the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from typing import TYPE_CHECKING

from jipyo.model.errors import ConfigError, JipyoError, ReportError
from jipyo.reports.archive.integrity import check_chain, check_files
from jipyo.reports.archive.issues import (
    RECORD_FILE,
    REPORT_FILE,
    read_file,
    read_record,
)
from jipyo.reports.archive.sign_off import find_chain, parse_chain
from jipyo.reports.render import FORMATS, name_file
from jipyo.reports.render.json import read_report
from jipyo.reports.verify.ed25519 import (
    find_public,
    read_public_key,
    sign,
    verify,
    write_public_key,
)
from jipyo.reports.verify.rendered import read_parts
from jipyo.reports.verify.targets import VerificationTarget

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jipyo.i18n import Lang
    from jipyo.reports.archive.issues import Issue, IssueRecord
    from jipyo.reports.document import Report

SUMS, SIGNATURE, PUBLIC_KEY = "SHA256SUMS", "SHA256SUMS.sig", "public-key.pem"
CHAIN, VERIFICATION = "sign-off.jsonl", "verification.json"
ISSUE, FORMATS_FOLDER = "issue/", "formats/"
_TIME = (1980, 1, 1, 0, 0, 0)
_RENDERED = re.compile(r"jipyo-.*\.(ko|en)(\.[a-z]+)")
_SUM = re.compile(r"([0-9a-f]{64})  (\S.*)")


def build_pack(
    issue: Issue, report: Report, verification: bytes, langs: tuple[Lang, ...], seed: bytes | None
) -> bytes:
    """The pack of an issue.

    Args:
        issue: as it is in the archive.
        report: the issue's.
        verification: what came of verifying it, as JSON.
        langs: in which it shall have every format; those that the issue lacks are made.
        seed: the private key that it is signed by; None: it is not signed.

    Raises:
        ReportError: a file of the issue cannot be read.
    """
    folder, record = issue.folder, issue.record
    contents = {
        f"{ISSUE}{name}": read_file(folder / name)
        for name in (RECORD_FILE, *(file.name for file in record.files))
    }
    for lang in langs:
        for each in FORMATS.values():
            name = name_file(report, lang, each)
            if f"{ISSUE}{name}" not in contents:
                contents[f"{FORMATS_FOLDER}{name}"] = each.render(report, lang)
    contents[CHAIN] = read_file(find_chain(folder.parent, record.number))
    contents[VERIFICATION] = verification
    sums = write_sums(contents)
    signed = (
        {SIGNATURE: sign(seed, sums), PUBLIC_KEY: write_public_key(find_public(seed))}
        if seed
        else {}
    )
    return _write_zip({**contents, SUMS: sums, **signed})


def write_sums(contents: Mapping[str, bytes]) -> bytes:
    """SHA-256 of each file by name, as `sha256sum -c` reads it."""
    lines = (f"{hashlib.sha256(contents[name]).hexdigest()}  {name}\n" for name in sorted(contents))
    return "".join(lines).encode()


def _write_zip(contents: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(contents):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system, info.external_attr = 3, 0o644 << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(info, contents[name])
    return buffer.getvalue()


def check_pack(content: bytes, where: str, public: bytes | None = None) -> VerificationTarget:
    """A pack, with all that in it is not as it was packed.

    Args:
        content: the ZIP.
        where: what it is, for people.
        public: the key that it must be signed by; None: any, or none.

    Raises:
        ReportError: it is no ZIP, or larger than what is read.
    """
    if not content.startswith(b"PK"):
        raise ReportError("verify.not_a_package", file=where, reason="no ZIP")
    parts = read_parts(content, where)
    damage: list[JipyoError] = [*_check_names(content, where), *_check_sums(parts, where)]
    damage.extend(_check_signature(parts, where, public))
    report: Report | None = None
    try:
        record = read_record(_get(parts, f"{ISSUE}{RECORD_FILE}", where), where)
        report = read_report(_get(parts, f"{ISSUE}{REPORT_FILE}", where), f"{where}/{REPORT_FILE}")
        damage.extend(_check_issue(parts, record, where))
        damage.extend(_check_rendered(parts, report, where))
    except ConfigError as error:
        damage.extend(error.mistakes)
    except ReportError as error:
        damage.append(error)
    attachments = {
        name.removeprefix(ISSUE): part for name, part in parts.items() if name.startswith(ISSUE)
    }
    return VerificationTarget(
        where=where, report=report, attachments=attachments, damage=tuple(damage)
    )


def _get(parts: Mapping[str, bytes], name: str, where: str) -> bytes:
    if name not in parts:
        raise ReportError("archive.damage.gone", hint="archive.damage.hint", file=f"{where}/{name}")
    return parts[name]


def _check_names(content: bytes, where: str) -> Iterator[ReportError]:
    """A name that is there twice shows one file to us and another to somebody else."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = package.namelist()
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield ReportError("verify.pack.twice", file=f"{where}/{name}")


def _check_sums(parts: Mapping[str, bytes], where: str) -> Iterator[JipyoError]:
    if SUMS not in parts:
        yield ReportError("verify.pack.no_sums", file=where)
        return
    lines = parts[SUMS].decode("utf-8", "replace").splitlines()
    expected = {line[2]: line[1] for line in map(_SUM.fullmatch, lines) if line}
    own = {SUMS, SIGNATURE, PUBLIC_KEY}
    found = {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()}
    for name in sorted((expected.keys() | found.keys()) - own):
        if name not in found:
            yield ReportError("archive.damage.gone", file=f"{where}/{name}")
        elif name not in expected:
            yield ReportError("archive.damage.extra", file=f"{where}/{name}")
        elif expected[name] != found[name]:
            was, now = expected[name][:12], found[name][:12]
            yield ReportError(
                "archive.damage.file", file=f"{where}/{name}", expected=was, found=now
            )


def _check_signature(
    parts: Mapping[str, bytes], where: str, public: bytes | None
) -> Iterator[JipyoError]:
    if SIGNATURE not in parts:
        if public is not None:
            yield ReportError("verify.pack.not_signed", file=where)
        return
    try:
        key = public or read_public_key(parts.get(PUBLIC_KEY, b""), f"{where}/{PUBLIC_KEY}")
    except ConfigError as error:
        yield error
        return
    if not verify(key, parts.get(SUMS, b""), parts[SIGNATURE]):
        yield ReportError("verify.pack.bad_signature", file=where)


def _check_issue(
    parts: Mapping[str, bytes], record: IssueRecord, where: str
) -> Iterator[JipyoError]:
    """The issue against its record, and the record against the sign-off."""
    own = {name.removeprefix(ISSUE): part for name, part in parts.items() if name.startswith(ISSUE)}
    content = own.pop(RECORD_FILE, b"")
    found = {name: hashlib.sha256(part).hexdigest() for name, part in own.items()}
    yield from (one.error for one in check_files(record, found, f"{where}/issue"))
    chain = parse_chain(parts.get(CHAIN, b""), f"{where}/{CHAIN}")
    yield from (one.error for one in check_chain(chain, record.number, f"{where}/{CHAIN}"))
    entries = [entry for entry in chain if entry.issue == record.issue]
    sha256 = hashlib.sha256(content).hexdigest()
    if not entries or any(entry.record != sha256 for entry in entries):
        yield ReportError("verify.pack.not_entered", file=where, issue=record.issue)


def _check_rendered(parts: Mapping[str, bytes], report: Report, where: str) -> Iterator[JipyoError]:
    """Every file in a format is what is made of the report."""
    for name, part in parts.items():
        found = _RENDERED.fullmatch(name.rpartition("/")[2])
        if found is None:
            continue
        lang: Lang = "ko" if found[1] == "ko" else "en"
        made = [one.render(report, lang) for one in FORMATS.values() if one.suffix == found[2]]
        if made and made[0] != part:
            yield ReportError("verify.pack.not_rendered", file=f"{where}/{name}")
