"""`jipyo report daily`: the report of a day as a file."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from jipyo.api import parse_day
from jipyo.i18n import LANGS, Lang
from jipyo.model.errors import ConfigError
from support.clock import find_recent_day
from support.product import jipyo


@pytest.mark.parametrize("lang", LANGS)
def test_the_report_is_written_to_the_folder(data: Path, tmp_path: Path, lang: Lang) -> None:
    result = jipyo("report", "daily", "--data", str(data), "--out", str(tmp_path), "--lang", lang)
    assert result.code == 0, result.err
    file = Path(result.out.strip())
    assert file.parent == tmp_path
    assert f'<html lang="{lang}"' in file.read_text("utf-8")


def test_a_day_can_be_chosen(data: Path, tmp_path: Path) -> None:
    day = find_recent_day(timedelta(minutes=5))
    words = ("--data", str(data), "--out", str(tmp_path), "--day", day)
    result = jipyo("report", "daily", *words)
    assert result.code == 0, result.err
    assert day in result.out


def test_a_day_that_has_not_begun_is_refused(data: Path, tmp_path: Path) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), "--day", "2999-01-01")
    assert jipyo("report", "daily", *words).code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_day_is_an_iso_date() -> None:
    assert parse_day("2026-11-21") == date(2026, 11, 21)


@pytest.mark.parametrize("text", ["", "today", "2026-13-01", "2026-02-30", "21.11.2026"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_day(text)
    assert (caught.value.key, caught.value.values["value"]) == ("api.not_a_day", text)


def test_a_wrong_day_is_wrong_usage(data: Path) -> None:
    result = jipyo("report", "daily", "--data", str(data), "--day", "tomorrow")
    assert result.code == 2
    assert "tomorrow is not a day" in result.err


@pytest.mark.parametrize("lang", LANGS)
def test_the_queries_of_a_report_are_shown_with_their_cost(
    data: Path, tmp_path: Path, lang: Lang
) -> None:
    words = ("--data", str(data), "--out", str(tmp_path), "--lang", lang, "--explain")
    result = jipyo("report", "daily", *words)
    assert result.code == 0, result.err
    file, heading, *rows, total = result.out.splitlines()
    assert Path(file).is_file()
    assert "PromQL" in heading
    assert any("system.memory.utilization" in row and "MemAvailable" in row for row in rows)
    assert str(len(rows)) in total


def test_the_queries_of_a_report_can_be_had_as_json(data: Path, tmp_path: Path) -> None:
    result = jipyo("report", "daily", "--data", str(data), "--out", str(tmp_path), "--json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    assert Path(answer["file"]).is_file()
    queries, total = answer["queries"], answer["total"]
    assert total["queries"] == len(queries)
    assert total["points"] == sum(query["points"] for query in queries)
    (memory,) = (
        query
        for query in queries
        if query["metric"] == "system.memory.utilization"
        and query["kind"] == "range"
        and "instance=" not in query["expr"]
        and query["points"]
    )
    assert memory["exporter"] == "node_exporter"
    assert memory["series"] == 1
    assert memory["seconds"] > 0
    assert {"inventory", "completeness", "outages"} <= {query["metric"] for query in queries}
