"""`jipyo inspect`: a stored month as a sheet in every format, and an issued one checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jipyo.i18n import LANGS, Lang
from sla.months import eventful, month_of, store_month
from support.product import CommandResult, jipyo

MONTH = "2025-03"
ITEMS = """
version: 1
items:
- {id: memory, name: {ko: 메모리, en: Memory}, metrics: [system.memory.utilization]}
- {id: page, name: {ko: 첫 화면, en: First page}, metrics: [app.probe.down]}
manual:
- {id: failover, name: {ko: 전환 시험, en: Failover test}, cycle: quarterly}
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    store_month(folder / "data", eventful(month_of(f"{MONTH}-01"))).close()
    (folder / "items.yaml").write_text(ITEMS, "utf-8")
    entries = folder / "data" / "inspections"
    entries.mkdir()
    text = "- {item: failover, day: 2025-03-12, result: normal, by: 박준호, note: 42 s}\n"
    (entries / f"{MONTH}.yaml").write_text(text, "utf-8")
    file = folder / "jipyo.yaml"
    file.write_text(
        "timezone: Asia/Seoul\norganisation: 가상시\ndata: data\n"
        "inspection: {items: items.yaml, holidays: KR}\n"
        "systems:\n"
        "- {name: chat, title: {ko: 상담, en: Chat}, start: 2025-03-11,\n"
        "   targets: 'job=\"front\"'}\n",
        "utf-8",
    )
    return file


def inspect(config: Path, *words: str, lang: Lang = "en") -> CommandResult:
    return jipyo("inspect", *words, "--config", str(config), "--lang", lang)


@pytest.mark.parametrize("lang", LANGS)
def test_a_sheet_is_printed_with_its_counts_and_people(config: Path, lang: Lang) -> None:
    result = inspect(config, "month", MONTH, lang=lang)
    assert result.code == 0, result.err
    counts = "정상 59건, 이상 2건, 미점검 1건" if lang == "ko" else "59 normal, 2 abnormal, 1 not"
    assert counts in result.out
    assert "박준호" in result.out
    assert "max by (instance)" not in result.out


def test_the_evidence_of_each_cell_is_printed_where_asked_for(config: Path) -> None:
    result = inspect(config, "month", MONTH, "--explain")
    assert "max by (instance)" in result.out
    assert result.out.count("Memory utilisation") > 31


@pytest.mark.parametrize(("name", "magic"), [("html", b"<!doc"), ("xlsx", b"PK"), ("pdf", b"%PDF")])
def test_a_file_is_written_and_named_after_its_month(
    config: Path, tmp_path: Path, name: str, magic: bytes
) -> None:
    result = inspect(config, "month", MONTH, "--format", name, "--out", str(tmp_path))
    file = Path(result.out.strip())
    assert file.name == f"jipyo-inspection-{MONTH}.en.{name}"
    assert file.read_bytes().startswith(magic)


def test_an_issued_sheet_is_checked_against_the_samples(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "issued.json"
    file.write_text(inspect(config, "month", MONTH, "--format", "json").out, "utf-8")
    same = inspect(config, "check", str(file))
    assert (same.code, same.out.strip()) == (0, "Equal to what was computed again (62 cells).")
    sheet = json.loads(file.read_text("utf-8"))
    sheet["rows"][0]["cells"][8]["result"] = "normal"
    file.write_text(json.dumps(sheet), "utf-8")
    changed = inspect(config, "check", str(file))
    assert changed.code == 1
    assert "rows[memory].cells[2025-03-09].result" in changed.out
    assert "1 field differs" in changed.out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"type": "inspection_sheet"}', "\xff"])
def test_what_is_no_sheet_is_refused(config: Path, tmp_path: Path, content: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(content, "utf-8")
    result = inspect(config, "check", str(file))
    assert result.code == 2
    assert "is not an inspection sheet" in result.err
    assert "--format json" in result.err


@pytest.mark.parametrize(
    ("month", "message"),
    [("2025-13", "is not a month"), ("march", "is not a month"), ("2999-01", "not begun")],
)
def test_a_month_that_cannot_be_inspected_is_refused(
    config: Path, month: str, message: str
) -> None:
    result = inspect(config, "month", month)
    assert result.code == 2
    assert message in result.err


def test_a_system_is_inspected_by_its_own_targets_from_the_first_day_of_its_contract(
    config: Path,
) -> None:
    result = inspect(config, "month", MONTH, "--system", "chat", "--format", "json")
    memory, page = json.loads(result.out)["rows"]
    due = [cell for cell in page["cells"] if cell]
    assert (len(due), due[0]["day"]) == (21, "2025-03-11")
    assert {cell["result"] for cell in memory["cells"] if cell} == {"not_inspected"}
    assert [cell["day"] for cell in due if cell["result"] == "abnormal"] == ["2025-03-14"]
    unknown = inspect(config, "month", MONTH, "--system", "chatt")
    assert (unknown.code, "chat" in unknown.err) == (2, True)
