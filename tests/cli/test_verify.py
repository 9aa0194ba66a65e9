"""`jipyo report list`, `show`, `sign` and `jipyo verify` over a site with an issued report."""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from jipyo.i18n import LANGS, Lang
from sla.site import write_site
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

NUMBER = "JIPYO-D-20241014"
SHEET = "JIPYO-S-202410-portal"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with the report of a day with an outage, and the sheet of its month."""
    folder = tmp_path_factory.mktemp("site")
    config = write_site(folder)
    daily = jipyo(
        *("report", "daily", "--day", "2024-10-14", "--issue", "--config", str(config)),
        *("--lang", "en"),
    )
    assert daily.code == 0, daily.err
    sheet = jipyo("sla", "issue", "2024-10", "--system", "portal", "--config", str(config))
    assert sheet.code == 0, sheet.err
    return folder


@pytest.fixture
def site(issued: Path, tmp_path: Path) -> Path:
    """The same with an archive of one's own; the samples are shared."""
    (tmp_path / "data").mkdir()
    for path in (issued / "data").iterdir():
        if path.name == "reports":
            shutil.copytree(path, tmp_path / "data/reports")
        elif path.is_dir():
            shutil.copytree(path, tmp_path / "data" / path.name)
        else:
            os.link(path, tmp_path / "data" / path.name)
    shutil.copy(issued / "jipyo.yaml", tmp_path / "jipyo.yaml")
    return tmp_path


def run(site: Path, *words: str, lang: Lang = "en") -> Any:
    return jipyo(*words, "--config", str(site / "jipyo.yaml"), "--lang", lang)


def verify(site: Path, what: str | Path, *words: str, code: int) -> Any:
    result = run(site, "verify", str(what), "--json", *words)
    assert result.code == code, result.out + result.err
    (found,) = json.loads(result.out)
    assert found["result"] == ("equal", "different", "unverified")[code]
    return found


def find_folder(site: Path, number: str = NUMBER) -> Path:
    return site / "data/reports/2024/10" / f"{number}.issue-1"


@pytest.mark.parametrize("number", [NUMBER, SHEET])
def test_what_was_issued_is_equal_when_it_is_computed_again(site: Path, number: str) -> None:
    found = verify(site, number, code=0)
    assert (found["number"], found["issue"], found["reasons"]) == (number, 1, [])
    assert found["checked"] > 50


def test_every_file_of_an_issue_is_verified_wherever_it_was_copied(
    site: Path, tmp_path: Path
) -> None:
    for path in find_folder(site).glob("jipyo-*"):
        copied = shutil.copy(path, tmp_path / path.name)
        found = verify(site, copied, "--files-only", code=0)
        assert found["where"] == str(copied)
        renamed = shutil.copy(path, tmp_path / f"renamed{path.suffix}")
        assert verify(site, renamed, "--files-only", code=0)["number"] == NUMBER


def test_a_folder_is_verified_with_all_issues_in_it(site: Path) -> None:
    result = run(site, "verify", str(site / "data/reports"), "--json", "--files-only")
    assert [one["number"] for one in json.loads(result.out)] == [NUMBER, SHEET]
    assert result.code == 0


def change_json(folder: Path, *, value: bytes, by: bytes) -> None:
    path = folder / "report.json"
    content = path.read_bytes()
    assert content.count(value) >= 1
    path.write_bytes(content.replace(value, by, 1))


def test_a_changed_figure_is_named_with_what_it_is_again_and_its_query(site: Path) -> None:
    plain = orjson.loads((find_folder(site) / "report.json").read_bytes())
    tiles = next(block for block in plain["blocks"] if block["type"] == "tiles")
    figure = tiles["items"][0]["figure"]
    printed, figure["value"] = figure["value"], 12345.5
    (find_folder(site) / "report.json").write_bytes(orjson.dumps(plain))

    found = verify(site, NUMBER, code=1)

    assert ["report.json was changed" in text for text in found["damage"]] == [True]
    (difference,) = found["differences"]
    assert difference["printed"]["value"] == 12345.5
    assert difference["recomputed"]["value"] == printed
    assert difference["query"] == figure["expr"] != ""


def test_a_report_as_json_is_verified_without_its_archive(site: Path, tmp_path: Path) -> None:
    content = (find_folder(site) / "report.json").read_bytes()
    shutil.rmtree(site / "data/reports")
    (tmp_path / "r.json").write_bytes(content)
    assert verify(site, tmp_path / "r.json", code=0)["damage"] == []
    plain = orjson.loads(content)
    plain["cut_ms"] += 60_000
    (tmp_path / "r.json").write_bytes(orjson.dumps(plain))
    found = verify(site, tmp_path / "r.json", code=1)
    assert [one["what"] for one in found["differences"]] == [["cut_ms"]]


def test_a_copy_that_was_rewritten_is_not_as_issued(site: Path, tmp_path: Path) -> None:
    plain = orjson.loads((find_folder(site) / "report.json").read_bytes())
    plain["blocks"][0]["text"] = "All was well."
    (tmp_path / "copy.json").write_bytes(orjson.dumps(plain))
    found = verify(site, tmp_path / "copy.json", code=1)
    assert f"issue 1 of {NUMBER}" in found["damage"][0]
    assert found["differences"][0]["printed"] == "All was well."


@pytest.mark.parametrize("suffix", [".html", ".md", ".hwpx", ".xlsx", ".pdf"])
def test_a_rewritten_file_is_found_and_the_place_is_named(
    site: Path, tmp_path: Path, suffix: str
) -> None:
    path = next(find_folder(site).glob(f"jipyo-*{suffix}"))
    copy = tmp_path / path.name
    rewrite(path, copy)

    found = verify(site, copy, "--files-only", code=1)

    assert found["number"] == NUMBER
    places = found["rewritten"]
    assert 1 <= len(places) < 5
    if suffix != ".pdf":
        assert any("99999" in place["found"] for place in places)
        assert all("99999" not in place["issued"] for place in places)


def rewrite(path: Path, copy: Path) -> None:
    """The file with one number of its text changed."""
    old, new = b"2024", b"99999"
    if not zipfile.is_zipfile(path):
        content = path.read_bytes()
        at = content.rindex(old) if path.suffix != ".pdf" else len(content) // 2
        copy.write_bytes(content[:at] + new + content[at + len(old) :])
        return
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        done = False
        for info in source.infolist():
            content = source.read(info)
            if not done and info.filename.endswith(".xml"):
                content, n = re.subn(rb"(>[^<]*)2024", rb"\g<1>99999", content, count=1)
                done = n > 0
            target.writestr(info, content)
        assert done


def test_another_catalogue_is_no_hindrance_while_the_issue_has_its_own(site: Path) -> None:
    config = site / "jipyo.yaml"
    rule = "\ncatalogue:\n  metrics:\n    system.cpu.utilization: {thresholds: {warning: 11}}\n"
    config.write_text(config.read_text() + rule)
    assert verify(site, NUMBER, code=0)["notes"] == []
    (find_folder(site) / "catalogue.json").unlink()
    found = verify(site, NUMBER, code=1)
    assert "catalogue.json is missing" in found["damage"][0]
    assert "another catalogue" in found["reasons"][0]


def test_a_report_of_another_catalogue_alone_cannot_be_verified(site: Path, tmp_path: Path) -> None:
    plain = orjson.loads((find_folder(site) / "report.json").read_bytes())
    plain.update(catalogue="0" * 64, number="other")
    (tmp_path / "r.json").write_bytes(orjson.dumps(plain))
    assert (
        "another catalogue (000000000000…)"
        in verify(site, tmp_path / "r.json", code=2)["reasons"][0]
    )


@pytest.mark.parametrize("lang", LANGS)
def test_without_a_source_nothing_is_equal_and_nothing_different(site: Path, lang: Lang) -> None:
    for path in (site / "data").glob("samples.db*"):
        path.unlink()
    result = run(site, "verify", NUMBER, lang=lang)
    assert result.code == 2
    assert {"ko": "검증하지 못함", "en": "Not verified"}[lang] in result.out
    assert run(site, "verify", NUMBER, "--files-only", lang=lang).code == 0


@pytest.mark.parametrize("lang", LANGS)
def test_the_terminal_shows_what_differs(site: Path, lang: Lang) -> None:
    change_json(find_folder(site, SHEET), value=b"99.87", by=b"99.97")
    result = run(site, "verify", SHEET, lang=lang)
    assert result.code == 1
    for word in ("99.97", "99.87", *{"ko": ("재계산", "불일치"), "en": ("Recomputed",)}[lang]):
        assert word in result.out


@pytest.mark.parametrize(
    ("what", "code", "text"),
    [
        ("JIPYO-D-20241013", 1, NUMBER),
        ("nothing", 1, "no report nothing"),
        ("{site}", 1, "no issued report"),
        ("{site}/jipyo.yaml", 1, "no reports. Known:"),
        ("{site}/a.html", 1, "not of any report in the archive"),
        ("{site}/a.xlsx", 1, "The file is damaged"),
        ("{site}/a.json", 2, "This is not JSON"),
    ],
)
def test_what_is_no_report_is_said(site: Path, what: str, code: int, text: str) -> None:
    (site / "a.html").write_text("<p>nothing</p>")
    (site / "a.xlsx").write_bytes(b"PK\x03\x04nothing")
    (site / "a.json").write_text("{")
    if what == "{site}":
        shutil.rmtree(site / "data/reports")
    result = run(site, "verify", what.format(site=site))
    assert (result.code, text in result.err) == (code, True), result.err


# ----------------------------------------------------------------------------------------- pack


KEY = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f
-----END PRIVATE KEY-----
"""


def test_an_acceptance_pack_is_checked_with_and_without_the_samples(
    site: Path, tmp_path: Path
) -> None:
    (site / "key.pem").write_text(KEY)
    words = ("--acceptance-pack", str(tmp_path / "a.zip"), "--key", str(site / "key.pem"))
    verify(site, NUMBER, *words, code=0)
    verify(site, NUMBER, *words[:1], str(tmp_path / "b.zip"), *words[2:], code=0)
    pack = (tmp_path / "a.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as package:
        (tmp_path / "public.pem").write_bytes(package.read("public-key.pem"))
        log = json.loads(package.read("verification.json"))

    assert (tmp_path / "b.zip").read_bytes() == pack
    assert (log["result"], log["where"]) == ("equal", None)
    assert verify(site, tmp_path / "a.zip", code=0)["checked"] > 50
    for path in (site / "data").iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    public = ("--public-key", str(tmp_path / "public.pem"))
    verify(site, tmp_path / "a.zip", "--files-only", *public, code=0)
    verify(site, tmp_path / "a.zip", *public, code=2)
    (tmp_path / "a.zip").write_bytes(pack[:2000] + bytes([pack[2000] ^ 1]) + pack[2001:])
    broken = run(site, "verify", str(tmp_path / "a.zip"), "--files-only")
    assert broken.code == 1


def test_what_is_no_issue_or_no_key_is_not_packed(site: Path, tmp_path: Path) -> None:
    content = (find_folder(site) / "report.json").read_bytes()
    shutil.rmtree(site / "data/reports")
    (tmp_path / "r.json").write_bytes(content)
    words = ("--files-only", "--acceptance-pack", str(tmp_path / "a.zip"))
    result = run(site, "verify", str(tmp_path / "r.json"), *words)
    assert (result.code, "Only an issue" in result.err) == (1, True)
    assert not (tmp_path / "a.zip").exists()


def test_a_wrong_key_is_wrong_usage(site: Path, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("x")
    words = ("--files-only", "--acceptance-pack", str(tmp_path / "a.zip"))
    result = run(site, "verify", NUMBER, *words, "--key", str(tmp_path / "key.pem"))
    assert (result.code, "openssl genpkey" in result.err) == (2, True)


# ---------------------------------------------------------------------------------------- prose


@pytest.mark.parametrize("lang", LANGS)
def test_each_number_of_a_text_is_traced_or_named_with_its_line(site: Path, lang: Lang) -> None:
    text = site / "text.md"
    text.write_text("정보시스템 가용률은 99.87%입니다.\n\n총점은 91.87점입니다.\n")
    good = run(site, "verify", SHEET, "--text", str(text), lang=lang)
    text.write_text("정보시스템 가용률은 99.87%입니다.\n\n총점은 97.81점입니다.\n")
    bad = run(site, "verify", SHEET, "--text", str(text), lang=lang)
    plain = json.loads(run(site, "verify", SHEET, "--text", str(text), "--json").out)

    assert (good.code, bad.code) == (0, 1), good.out
    assert [line.split()[:2] for line in bad.out.splitlines()[2:]] == [["3", "97.81점"]]
    assert [(one["line"], one["text"], one["traced"]) for one in plain] == [
        (1, "99.87%", True), (3, "97.81점", False),
    ]  # fmt: skip


def test_a_text_that_cannot_be_read_is_wrong_usage(site: Path) -> None:
    (site / "latin").write_bytes(b"\xff\xfe")
    assert run(site, "verify", SHEET, "--text", str(site / "latin")).code == 2
    assert run(site, "verify", SHEET, "--text", str(site / "nothing")).code == 2
    (site / "ok").write_text("1")
    assert run(site, "verify", str(site / "data/reports"), "--text", str(site / "ok")).code == 2


# --------------------------------------------------------------------------------- the archive


def test_the_list_says_what_was_issued_and_how_far_it_is(site: Path) -> None:
    assert run(site, "report", "sign", NUMBER, "reviewed", "--by", "Lee", "--note", "ok").code == 0
    listed = run(site, "report", "list").out
    row = next(line for line in listed.splitlines() if NUMBER in line)
    for word in ("Daily Operations Report", "issue 1", "Reviewed", "Lee"):
        assert word in row
    shown = run(site, "report", "show", NUMBER).out
    for word in ("report.json", "catalogue.json", "configuration.yaml", "Reviewed", "ok"):
        assert word in shown
    plain = json.loads(run(site, "report", "show", NUMBER, "--json").out)
    assert [one["step"] for one in plain["sign_off"]] == [None, "reviewed"]
    assert plain["step"] == "reviewed"
    assert [one["number"] for one in json.loads(run(site, "report", "list", "--json").out)] == [
        NUMBER, SHEET,
    ]  # fmt: skip
    assert verify(site, NUMBER, "--files-only", code=0)


def test_who_signs_must_have_a_name_and_steps_an_order(site: Path) -> None:
    assert run(site, "report", "sign", NUMBER, "submitted", "--by", "Lee").code == 1
    assert run(site, "report", "sign", NUMBER, "signed", "--by", "Lee").code == 2
    assert run(site, "report", "sign", "nothing", "approved", "--by", "Lee").code == 1
    assert run(site, "report", "sign", NUMBER, "approved", "--by", "Lee", "--issue", "2").code == 1


@pytest.mark.parametrize("lang", LANGS)
def test_an_empty_archive_says_how_to_fill_it(tmp_path: Path, lang: Lang) -> None:
    result = jipyo("report", "list", "--data", str(tmp_path), "--lang", lang)
    assert result.code == 0
    assert "jipyo report monthly --issue" in result.out + result.err


def test_a_report_that_is_issued_again_stays_the_same_issue(site: Path) -> None:
    words = ("report", "daily", "--day", "2024-10-14", "--issue", "--format", "html")
    result = run(site, *words)
    assert result.code == 0
    assert str(find_folder(site)) in result.out
    assert "nothing has changed since issue 1" in result.out + result.err


def test_the_schema_is_printed_as_json(tmp_path: Path) -> None:
    schema = json.loads(jipyo("report", "schema", "--data", str(tmp_path)).out)
    assert schema["$ref"] == "#/$defs/report"
