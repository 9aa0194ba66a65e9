"""`jipyo report --form` and `jipyo report slots`: a site's own form on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, Lang
from reports.forms.building import build_hwpx, build_xlsx, paragraph, read_part, table
from support.clock import find_recent_day
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

BODY = paragraph("{{number}} {{system.cpu.utilization}}") + table([["{{summary details}}"]], 500)


def find_day() -> tuple[str, str]:
    return "--day", find_recent_day(timedelta(minutes=5))


@pytest.mark.parametrize("lang", LANGS)
def test_forms_are_filled_and_what_does_not_fit_is_told(
    data: Path, tmp_path: Path, lang: Lang
) -> None:
    (tmp_path / "양식.hwpx").write_bytes(build_hwpx(BODY))
    (tmp_path / "표.xlsx").write_bytes(build_xlsx({"A1": "{{number}}"}))
    forms = [f"--form={tmp_path / name}" for name in ("양식.hwpx", "표.xlsx")]
    words = ("--data", str(data), "--out", str(tmp_path / "out"), "--lang", lang)
    result = jipyo("report", "daily", *find_day(), *forms, *words)
    assert result.code == 0, result.err
    day = find_day()[1]
    names = [f"양식-{day}.{lang}.hwpx", f"표-{day}.{lang}.xlsx"]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == names, "and nothing else"
    assert result.out.split() == [str(tmp_path / "out" / name) for name in names]
    filled = read_part((tmp_path / "out" / names[0]).read_bytes())
    assert f"JIPYO-D-{day.replace('-', '')}" in filled
    assert "%" in filled
    assert "section0" in result.err, "the text that is too long"


def test_with_an_issue_the_form_becomes_a_file_of_it(data: Path, tmp_path: Path) -> None:
    (tmp_path / "양식.hwpx").write_bytes(build_hwpx(paragraph("{{number}} {{issue}}")))
    site = ("--data", str(data), "--config", str(tmp_path / "jipyo.yaml"))
    form = ("--form", str(tmp_path / "양식.hwpx"), "--format", "markdown", "--issue")
    out = ("--out", str(tmp_path / "out"), "--lang", "ko")
    (tmp_path / "jipyo.yaml").write_text(f"reports: {{folder: {tmp_path / 'archive'}}}\n")
    for _ in range(2):  # the same content is no new issue
        result = jipyo("report", "monthly", "--month", "2024-10", *form, *out, *site)
        assert result.code == 0, result.err
    (kept,) = (tmp_path / "archive").rglob("양식-*")
    assert kept.name == "양식-2024-10.ko.hwpx"
    assert "JIPYO-M-202410 제1판" in read_part(kept.read_bytes())
    assert not (tmp_path / "out").exists()
    verified = jipyo("verify", str(kept), "--files-only", *site)
    assert verified.code == 0, verified.out + verified.err


def test_two_forms_of_one_name_are_refused(data: Path, tmp_path: Path) -> None:
    forms = [tmp_path / folder / "form.hwpx" for folder in ("a", "b")]
    for form in forms:
        form.parent.mkdir()
        form.write_bytes(build_hwpx(paragraph("{{number}}")))
    words = ("--data", str(data), "--out", str(tmp_path / "out"), "--lang", "en")
    result = jipyo("report", "daily", *find_day(), *(f"--form={form}" for form in forms), *words)
    assert result.code == 1
    assert "Two forms would be written as form-" in result.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("body", "told"),
    [("{{nummer}}", "{{nummer}}. Similar names: number"), ("x", "The form has no slots.")],
)
def test_nothing_is_written_where_a_form_cannot_be_filled(
    data: Path, tmp_path: Path, body: str, told: str
) -> None:
    (tmp_path / "form.hwpx").write_bytes(build_hwpx(paragraph(body)))
    words = ("--data", str(data), "--out", str(tmp_path / "out"), "--lang", "en")
    form = ("--form", str(tmp_path / "form.hwpx"), "--format", "html")
    result = jipyo("report", "daily", *find_day(), *form, *words)
    assert result.code == 1
    assert told in result.err
    assert not (tmp_path / "out").exists()


def test_a_form_that_is_not_there_is_told_before_anything_is_read(tmp_path: Path) -> None:
    words = ("--data", str(tmp_path / "none"), "--form", str(tmp_path / "x.hwpx"))
    result = jipyo("report", "monthly", *words, "--lang", "en")
    assert result.code == 1
    assert "Cannot read the form" in result.err


def test_slots_are_listed_with_examples_as_table_and_as_json(data: Path) -> None:
    day = find_day()[1]
    words = ("slots", "daily", "--period", day, "--data", str(data), "--lang")
    korean = jipyo("report", *words, "ko")
    assert korean.code == 0, korean.err
    assert "{{문서번호}}" in korean.out
    assert f"JIPYO-D-{day.replace('-', '')}" in korean.out
    assert "--all" in korean.err
    listed = json.loads(jipyo("report", *words, "en", "--json", "--find", "cpu").out)
    by_name = {one["en"]: one for one in listed}
    assert by_name["{{system.cpu.utilization}}"]["ko"] == "{{CPU 전체 사용률}}"
    assert by_name["{{system.cpu.utilization}}"]["kind"] == "value"
    assert by_name["{{picture:system.cpu.utilization}}"]["kind"] == "picture"
    assert not any("incidents" in name for name in by_name)
