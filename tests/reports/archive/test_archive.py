"""Reports are issued as a whole, numbered, never overwritten, and signed off in a chain."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.calendar import range_between
from jipyo.model.errors import ReportError
from jipyo.reports.archive.archive import (
    find_issue,
    issue_report,
    list_reports,
    remove_report,
    sign_report,
)
from jipyo.reports.archive.content_hash import compute_content_hash, write_hash
from jipyo.reports.archive.integrity import check_number
from jipyo.reports.archive.issues import read_issue
from jipyo.reports.archive.sign_off import Signing, find_chain
from jipyo.reports.document import Cover, Heading, Note, Report
from jipyo.reports.options import SignOffStep
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.verify.prose import trace_numbers
from jipyo.reports.wording import Localizer
from reports.archive.issuing import LATER_MS, NUMBER, build_valued
from reports.documents import build_report

DAY_MS = 86_400_000
DRAFTED, REVIEWED, APPROVED, SUBMITTED = SignOffStep


def issue(root: Path, value: float = 1.0, *, number: str = NUMBER, late_ms: int = 0) -> Path:
    report = replace(build_valued(value, late_ms=late_ms), number=number)
    return issue_report(root, report, ["en"], ["html"]).issue.folder


def sign(root: Path, step: SignOffStep, who: str = "Kim", at: int = 0, issue: int = 0) -> str:
    return sign_report(root, NUMBER, Signing(step, who, LATER_MS, "fine"), issue).hash


def list_damage(root: Path, number: str = NUMBER) -> list[str]:
    """The keys of what is damaged; each can be said in both languages."""
    errors = [damage.error for damage in check_number(root / "2026/11", number)]
    assert all(texts(lang).error(error) for lang in LANGS for error in errors)
    return [error.key.removeprefix("archive.damage.") for error in errors]


def test_an_incident_stays_one_document_where_its_days_change(tmp_path: Path) -> None:
    first = replace(build_valued(1.0), kind="incident-7", number="JIPYO-INC-7")
    longer = range_between(
        first.period.start_ms - 30 * DAY_MS, first.period.end_ms + DAY_MS, ZoneInfo("Asia/Seoul")
    )
    kept = issue_report(tmp_path, first, ["en"], ["markdown"]).issue
    again = issue_report(
        tmp_path, replace(first, period=longer, cut_ms=longer.end_ms), ["en"], ["markdown"]
    ).issue
    assert again.folder == kept.folder.with_name("JIPYO-INC-7.issue-2")
    still_open = replace(first, cut_ms=first.period.end_ms - 1)
    with pytest.raises(ReportError) as caught:
        issue_report(tmp_path, still_open, ["en"], ["markdown"])
    assert caught.value.key == "archive.incident_open"


def test_an_issue_has_the_report_its_formats_and_their_hashes(tmp_path: Path) -> None:
    report = build_valued(1.0)
    issued = issue_report(
        tmp_path, report, ["ko", "en"], ["html", "xlsx"], {"catalogue.json": b"{}"}
    ).issue

    assert issued.folder == tmp_path / "2026/11" / f"{NUMBER}.issue-1"
    assert sorted(path.name for path in issued.folder.iterdir()) == [
        "catalogue.json", "issue.json", "jipyo-daily-2026-11-21.en.html",
        "jipyo-daily-2026-11-21.en.xlsx", "jipyo-daily-2026-11-21.ko.html",
        "jipyo-daily-2026-11-21.ko.xlsx", "report.json",
    ]  # fmt: skip
    for file in issued.record.files:
        content = (issued.folder / file.name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file.size_bytes, file.sha256)
    assert read_issue(issued.folder) == issued
    kept = issued.read_report()
    assert kept == replace(report, issue=1)
    page = (issued.folder / "jipyo-daily-2026-11-21.en.html").read_bytes()
    assert page == FORMATS["html"].render(kept, "en")
    assert b"issue 1" in page


def test_the_cover_has_the_hash_of_the_content_and_of_the_last_entry_before(tmp_path: Path) -> None:
    def read(value: float) -> tuple[Report, list[str]]:
        valued = build_valued(value)
        cover = Cover(issue="draft", made="today", approvals=(), rows=(("name", "value"),))
        report = replace(valued, blocks=(cover, *valued.blocks))
        kept = issue_report(tmp_path, report, ["en"], ["html"]).issue.read_report()
        assert isinstance(kept.blocks[0], Cover)
        (name, *hashes) = kept.blocks[0].rows
        assert name == ("name", "value")
        return kept, [Localizer.for_period(kept.period, "en").format(one) for _, one in hashes]

    first, hashes = read(1.0)
    assert hashes == [write_hash(compute_content_hash(first))]
    assert read(1.0) == (first, hashes), "the hashes are not content"
    head = sign_report(tmp_path, NUMBER, Signing(SignOffStep.DRAFTED, "a", LATER_MS)).hash
    second, hashes = read(2.0)
    assert hashes == [write_hash(compute_content_hash(second)), write_hash(head)]
    assert hashes[0].replace(" ", "") != compute_content_hash(first)
    quoted = trace_numbers(f"SHA-256 {' '.join(hashes)} {'0' * 15}a", second)
    assert [one.fact is not None for one in quoted] == [True] * 9 + [False]
    other = replace(second, made_ms=second.made_ms + 1)
    assert compute_content_hash(other) != compute_content_hash(second)


def test_equal_content_gives_the_same_issue_whenever_it_is_made(tmp_path: Path) -> None:
    first = issue_report(tmp_path, build_valued(1.0), ["en"], ["html"])
    again = issue_report(tmp_path, build_valued(1.0, late_ms=5000), ["en"], ["html"])

    assert (first.is_new, again.is_new) == (True, False)
    assert again.issue == first.issue
    assert [one.number for one in list_reports(tmp_path).reports] == [NUMBER]


def test_changed_content_gives_a_new_issue_that_lists_what_has_changed(tmp_path: Path) -> None:
    issue(tmp_path, 1.0)
    second = issue_report(tmp_path, build_valued(2.0, late_ms=5), ["en"], ["html"]).issue
    same = issue_report(tmp_path, build_valued(2.0, late_ms=9), ["en"], ["html"])

    assert second.folder.name.endswith(".issue-2")
    assert not same.is_new, "the list of changes is not content"
    (change,) = second.record.changes
    assert (change.before.value, change.after.value, change.expr) == (1.0, 2.0, "m")  # type: ignore[union-attr]
    page = next(second.folder.glob("*.html")).read_text()
    for words in ("Changes since issue 1", "CPU · CPU node-1", "1%", "2%", "issue 2"):
        assert words in page


def test_a_period_that_is_not_over_is_not_issued(tmp_path: Path) -> None:
    running = build_valued(1.0)
    running = replace(running, cut_ms=running.period.end_ms - 1)
    with pytest.raises(ReportError) as caught:
        issue_report(tmp_path, running, ["en"])
    assert all("20261121" in texts(lang).error(caught.value) for lang in LANGS)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["", " ", "a\nb", "x" * 121])
def test_what_cannot_be_a_document_number_is_refused(tmp_path: Path, number: str) -> None:
    with pytest.raises(ReportError, match="bad_number"):
        issue(tmp_path, number=number)


def test_numbers_of_any_look_have_files_of_their_own(tmp_path: Path) -> None:
    numbers = ["정보 2026/11", "정보_2026_11", "../../../etc", ".hidden", "A.issue-1", "a b", "a_b"]
    for number in numbers:
        issue(tmp_path, number=number)
    assert sorted(one.number for one in list_reports(tmp_path).reports) == sorted(numbers)
    assert all(find_issue(tmp_path, number).record.number == number for number in numbers)
    assert {path.parent for path in tmp_path.rglob("issue.json")} <= set(
        (tmp_path / "2026/11").iterdir()
    )
    assert [damage for number in numbers for damage in list_damage(tmp_path, number)] == []


def test_a_number_that_is_not_there_is_named_with_those_like_it(tmp_path: Path) -> None:
    issue(tmp_path)
    with pytest.raises(ReportError) as unknown:
        find_issue(tmp_path, "JIPYO-D-20261122")
    with pytest.raises(ReportError) as later:
        find_issue(tmp_path, NUMBER, 3)
    assert NUMBER in texts("en").error(unknown.value)
    assert "has no issue 3. Issues: 1" in texts("en").error(later.value)


def test_processes_that_issue_at_once_get_numbers_one_after_another(tmp_path: Path) -> None:
    threads = [threading.Thread(target=issue, args=(tmp_path, float(at))) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (report,) = list_reports(tmp_path).reports
    assert [one.record.issue for one in report.issues] == [1, 2, 3, 4, 5, 6]
    assert list_damage(tmp_path) == []


# ------------------------------------------------------------------------------------ sign-off


def test_the_sign_off_goes_its_way_and_says_who_when_and_what(tmp_path: Path) -> None:
    issue(tmp_path)
    sign(tmp_path, DRAFTED, "Kim")
    sign(tmp_path, REVIEWED, "Lee")
    sign(tmp_path, REVIEWED, "Park")
    sign(tmp_path, APPROVED, "Choi")
    sign(tmp_path, SUBMITTED, "Kim")

    (report,) = list_reports(tmp_path).reports
    assert report.step is SUBMITTED
    assert [(one.step, one.who) for one in report.chain[1:]] == [
        (DRAFTED, "Kim"), (REVIEWED, "Lee"), (REVIEWED, "Park"), (APPROVED, "Choi"),
        (SUBMITTED, "Kim"),
    ]  # fmt: skip
    assert {(one.t_ms, one.note) for one in report.chain[1:]} == {(LATER_MS, "fine")}
    assert [one.before for one in report.chain[1:]] == [one.hash for one in report.chain[:-1]]
    assert list_damage(tmp_path) == []


@pytest.mark.parametrize(
    ("before", "step", "who", "text"),
    [
        ((), SUBMITTED, "Kim", "cannot be submitted before it is approved"),
        ((DRAFTED, REVIEWED), SUBMITTED, "Kim", "cannot be submitted before it is approved"),
        ((APPROVED,), REVIEWED, "Lee", "The step “Reviewed” cannot follow “Approved”"),
        ((DRAFTED,), DRAFTED, "Kim", "Kim has already signed as “Drafted”"),
        ((DRAFTED,), DRAFTED, " Kim ", "Kim has already signed as “Drafted”"),
        ((), DRAFTED, "  ", "needs a name"),
        ((), DRAFTED, "a\x1b[31m", "needs a name"),
        ((), DRAFTED, "x" * 2001, "at most 2000 characters"),
    ],
)
def test_steps_follow_one_another(
    tmp_path: Path, before: tuple[SignOffStep, ...], step: SignOffStep, who: str, text: str
) -> None:
    issue(tmp_path)
    for one in before:
        sign(tmp_path, one)
    chain = find_chain(tmp_path / "2026/11", NUMBER).read_bytes()

    with pytest.raises(ReportError) as caught:
        sign(tmp_path, step, who)

    assert text in texts("en").error(caught.value)
    assert texts("ko").error(caught.value)
    assert find_chain(tmp_path / "2026/11", NUMBER).read_bytes() == chain


def test_an_approved_report_is_never_overwritten_and_its_successor_is_signed_anew(
    tmp_path: Path,
) -> None:
    first = issue(tmp_path, 1.0)
    sign(tmp_path, APPROVED)
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    issue(tmp_path, 2.0)

    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    (report,) = list_reports(tmp_path).reports
    assert report.step is None
    with pytest.raises(ReportError) as caught:
        sign(tmp_path, SUBMITTED, issue=1)
    assert "issue 2 has replaced it" in texts("en").error(caught.value)


# ------------------------------------------------------------------------------------- damage


@pytest.fixture
def signed(tmp_path: Path) -> Path:
    issue(tmp_path, 1.0)
    sign(tmp_path, APPROVED, "Choi")
    issue(tmp_path, 2.0)
    sign(tmp_path, DRAFTED, "Kim")
    sign(tmp_path, APPROVED, "Choi")
    return tmp_path


def edit_chain(root: Path, line: int, **values: object) -> None:
    path = find_chain(root / "2026/11", NUMBER)
    lines = path.read_bytes().splitlines()
    lines[line] = orjson.dumps({**orjson.loads(lines[line]), **values})
    path.write_bytes(b"\n".join(lines) + b"\n")


def test_what_was_not_changed_is_not_damaged(signed: Path) -> None:
    assert list_damage(signed) == []


@pytest.mark.parametrize(
    ("line", "values", "damage"),
    [
        (1, {"who": "Mallory"}, ["entry"]),
        (1, {"note": "changed"}, ["entry"]),
        (3, {"t_ms": 1}, ["entry"]),
        (1, {"record": "0" * 64}, ["entry", "record"]),
        (1, {"step": "submitted"}, ["entry"]),
        (3, {"before": "0" * 64}, ["entry", "order"]),
        (4, {"hash": "0" * 64}, ["entry"]),
        (0, {"hash": "0" * 64}, ["entry", "order"]),
        (1, {"number": "X"}, ["other_number", "entry"]),
        (1, {"issue": 9}, ["entry", "issue_gone"]),
    ],
)
def test_a_changed_entry_is_named(
    signed: Path, line: int, values: dict[str, object], damage: list[str]
) -> None:
    edit_chain(signed, line, **values)
    assert list_damage(signed) == damage
    with pytest.raises(ReportError):
        sign(signed, SUBMITTED)


@pytest.mark.parametrize("line", [0, 1, 2, 3])
def test_an_entry_that_was_taken_out_is_noticed(signed: Path, line: int) -> None:
    path = find_chain(signed / "2026/11", NUMBER)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    assert "order" in list_damage(signed)


def test_entries_that_changed_places_are_noticed(signed: Path) -> None:
    path = find_chain(signed / "2026/11", NUMBER)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], lines[4], lines[3]]))
    assert list_damage(signed) == ["order", "order"]


@pytest.mark.parametrize("line", [b"{", b"[]", b"", b'{"type": "sign_off"}', b"\xff"])
def test_a_line_that_is_no_entry_is_named(signed: Path, line: bytes) -> None:
    path = find_chain(signed / "2026/11", NUMBER)
    path.write_bytes(path.read_bytes() + line + b"\n")
    assert list_damage(signed) == ["archive.not_an_entry"]


def test_every_changed_added_or_missing_file_is_named(signed: Path) -> None:
    first, second = (signed / "2026/11" / f"{NUMBER}.issue-{at}" for at in (1, 2))
    page = next(first.glob("*.html"))
    page.write_bytes(page.read_bytes().replace(b"CPU", b"GPU"))
    (second / "report.json").unlink()
    (second / "note.txt").write_text("x")
    (second / "folder").mkdir()
    assert sorted(list_damage(signed)) == ["extra", "extra", "file", "gone"]


def test_a_record_that_was_made_to_fit_changed_files_is_named(signed: Path) -> None:
    folder = signed / "2026/11" / f"{NUMBER}.issue-2"
    report = read_report((folder / "report.json").read_bytes())
    shutil.rmtree(folder)
    other = issue_report(signed / "other", replace(report, blocks=()), ["en"], ["html"]).issue
    shutil.copytree(other.folder, folder)
    record = folder / "issue.json"
    record.write_bytes(record.read_bytes().replace(b'"issue": 1', b'"issue": 2', 1))
    assert set(list_damage(signed)) == {"record"}


def test_an_issue_that_is_gone_or_under_another_name_is_named(signed: Path) -> None:
    month = signed / "2026/11"
    (month / f"{NUMBER}.issue-1").rename(month / f"{NUMBER}.issue-7")
    assert set(list_damage(signed)) == {"renamed"}
    shutil.rmtree(month / f"{NUMBER}.issue-7")
    assert set(list_damage(signed)) == {"issue_gone"}


def test_a_damaged_issue_stops_the_next_and_does_not_hide_other_reports(tmp_path: Path) -> None:
    folder = issue(tmp_path)
    issue(tmp_path, number="other")
    content = (folder / "report.json").read_bytes()
    (folder / "report.json").write_bytes(content.replace(b"1.0", b"2.0"))
    with pytest.raises(ReportError) as caught:
        issue(tmp_path, 3.0)
    assert "was changed after it was issued" in texts("en").error(caught.value)
    (folder / "issue.json").write_text("{}")
    listed = list_reports(tmp_path)
    assert [one.number for one in listed.reports] == ["other"]
    assert [error.key for error in listed.errors] == ["archive.not_a_record"]


def test_a_report_is_removed_with_its_sign_off_and_no_other(signed: Path) -> None:
    issue(signed, number="other")
    report = next(one for one in list_reports(signed).reports if one.number == NUMBER)
    remove_report(report)
    assert [one.number for one in list_reports(signed).reports] == ["other"]
    assert sorted(path.name for path in (signed / "2026/11").iterdir()) == [
        "other.issue-1", "other.sign-off.jsonl",
    ]  # fmt: skip


def test_an_issue_by_a_version_that_cannot_be_read_leads_to_a_new_one(tmp_path: Path) -> None:
    folder = issue(tmp_path)
    content = (folder / "report.json").read_bytes().replace(b'"kind"', b'"kynd"')
    record = orjson.loads((folder / "issue.json").read_bytes())
    record["files"][0].update(sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    (folder / "report.json").write_bytes(content)
    (folder / "issue.json").write_bytes(orjson.dumps(record))
    second = issue_report(tmp_path, build_valued(1.0), ["en"], ["html"]).issue
    assert second.record.issue == 2
    assert [one.place[0].key for one in second.record.changes] == ["archive.other_version"]  # type: ignore[union-attr]


# --------------------------------------------------------------------------------------- kill


def test_kill_9_loses_nothing_that_was_acknowledged_and_leaves_no_half_report(
    tmp_path: Path,
) -> None:
    words = [sys.executable, "-m", "reports.archive.issuing", str(tmp_path), "25"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, check=True, env=environment, capture_output=True, text=True)

    lines = [line.split() for line in done.stdout.splitlines()]
    (report,) = list_reports(tmp_path).reports
    hashes = {entry.hash for entry in report.chain}
    assert list_damage(tmp_path) == []
    assert {kind for kind, *_ in lines} == {"issued", "signed"}
    assert [one.record.issue for one in report.issues] == list(range(1, len(report.issues) + 1))
    assert {word for kind, word, _ in lines if kind == "signed"} <= hashes
    for kind, number, value in lines:
        if kind == "issued":
            kept = report.issues[int(number) - 1].read_report()
            content = replace(kept, blocks=kept.blocks[:3], issue=0)
            assert to_json(content) == to_json(build_valued(float(value)))


def test_changes_are_at_the_end_and_a_report_read_back_is_rendered_from_the_archive(
    tmp_path: Path,
) -> None:
    issue(tmp_path, 1.0)
    folder = issue(tmp_path, 2.0)
    report = read_issue(folder).read_report()
    assert [block.id for block in report.blocks if isinstance(block, Heading)] == ["cpu", "changes"]
    assert (folder / "jipyo-daily-2026-11-21.en.html").read_bytes() == FORMATS["html"].render(
        report, "en"
    )
    assert build_report(Note("x")).issue == 0
