"""`jipyo sla` over a real store: the month of docs/sla.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.i18n import LANGS, Lang
from sla.site import write_site
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_site(tmp_path_factory.mktemp("sla")))


def read_sheets(config: str, *words: str) -> dict[str, Any]:
    result = jipyo("sla", "month", "2024-10", "--config", config, "--json", *words)
    assert result.err == ""
    return {sheet["system"]: sheet for sheet in json.loads(result.out)}


def test_a_sheet_has_every_figure_with_its_evidence(config: str) -> None:
    sheet = read_sheets(config)["portal"]

    lines = {line["indicator"]["id"]: line for line in sheet["lines"]}
    printed = {name: (line["rounded"], line["result"]) for name, line in lines.items()}
    assert printed == {
        "availability": (99.87, "missed"),
        "outages": (2.0, "minimum"),
        "mean_restore": (27.5, "met"),
        "restored_in_time": (100.0, "met"),
        "response": (99.33, "met"),
        "security": (None, "not_entered"),
        "satisfaction": (92.5, "met"),
        "repeated": (None, "not_entered"),
    }
    availability, response = lines["availability"]["evidence"], lines["response"]["evidence"]
    base_ms = round((44_640 - 90 - 150.25) * 60_000)
    assert availability["denominator"] == base_ms
    assert availability["numerator"] == base_ms - 55 * 60_000
    assert availability["outages"] == ["20240930-234000", "20241020-010000"]
    assert availability["queries"] == [
        '{__name__=~"mysql_up|nginx_up|pg_up|probe_success|redis_up|up",job="portal"}[2678400s]',
        'up{job="portal"}[2678400s]',
    ]
    assert availability["samples"] == 31 * 5760 - 600
    assert 'le=~"2(\\\\.0)?"' in response["queries"][0]
    assert response["coverage"] > 0.99
    assert lines["satisfaction"]["evidence"]["note"] == "survey of October"
    assert sheet["total"] == {
        "type": "total_score",
        "points": 73.5,
        "entered_weight": 80.0,
        "weight": 100.0,
        "percent": 91.875,
        "rounded": 91.87,
    }
    assert (sheet["penalty"]["percent"], sheet["penalty"]["amount"]) == (5, 600_000)


def test_the_time_of_a_sheet_is_that_of_the_worked_example(config: str) -> None:
    sheet = read_sheets(config, "--system", "portal")["portal"]

    minutes = {name: ms / 60_000 for name, ms in sheet["account"].items() if name != "type"}
    assert minutes == {
        "calendar_ms": 44_640,
        "outside_hours_ms": 0,
        "planned_ms": 90,
        "unmeasured_ms": 150.25,
        "outage_ms": 55,
        "not_counted_ms": 41.5,
        "up_ms": 44_303.25,
    }
    assert [day["account"]["outage_ms"] for day in sheet["days"]][19] == 30 * 60_000
    assert [(one["approval"], one["excluded_ms"]) for one in sheet["planned"]] == [
        ("2024-118", 90 * 60_000),
        ("2024-119", 0),
    ]


def test_each_system_has_its_own_targets_and_contract(config: str) -> None:
    sheets = read_sheets(config)
    international = read_sheets(config, "--profile", "international")

    assert sheets["db"]["profile"]["id"] == "international"
    assert sheets["db"]["outages"] == []
    assert sheets["db"]["lines"][0]["rounded"] == 100
    assert international["portal"]["profile"]["id"] == "international"


@pytest.mark.parametrize("lang", LANGS)
def test_the_printed_sheet_explains_itself(config: str, lang: Lang) -> None:
    result = jipyo(
        *("sla", "month", "2024-10", "--explain"),
        *("--config", config, "--system", "portal", "--lang", lang),
    )

    words = {
        "ko": ["민원 포털", "99.87", "최소 충족", "미입력", "91.87점", "44,303분 15초", "발주기관",
               "survey of October", "시작하기 전에 공지하지 않음", "150분 15초", "600,000 KRW"],
        "en": ["Service portal", "99.87", "Minimum", "to fill", "91.87", "44,303 min 15 s",
               "customer", "survey of October", "not before it began", "150 min 15 s"],
    }  # fmt: skip
    assert [word for word in words[lang] if word not in result.out] == []
    assert result.code == 0


def test_an_issue_is_kept_and_what_changes_later_is_named(tmp_path: Path) -> None:
    config = str(write_site(tmp_path))
    typed = tmp_path / "data/sla/portal/2024-10.yaml"

    def issue() -> list[str]:
        words = ("--config", config, "--system", "portal")
        return jipyo("sla", "issue", "2024-10", *words).out.splitlines()

    def see_month() -> str:
        return jipyo("sla", "month", "2024-10", "--config", config, "--system", "portal").out

    first, again = issue(), issue()
    typed.write_text(typed.read_text().replace("by: customer", "by: ours"))
    before = see_month()
    second = issue()

    folder = tmp_path / "data/reports/2024/10/JIPYO-S-202410-portal.issue-1"
    assert first == again == [str(folder)]
    assert {path.suffix for path in folder.iterdir()} == {
        ".json",
        ".html",
        ".pdf",
        ".hwpx",
        ".xlsx",
        ".md",
        ".yaml",
    }
    assert second[0].endswith("JIPYO-S-202410-portal.issue-2")
    assert "values have changed since issue 1" in before
    value = next(line for line in second if "Availability · value" in line)
    assert value.split()[-2:] == ["99.87", "99.78"]
    assert "Nothing has changed since issue 2" in see_month()


def test_a_template_lists_what_is_typed_and_keeps_what_is_there(tmp_path: Path) -> None:
    config = str(write_site(tmp_path))
    typed = tmp_path / "data/sla/portal/2024-10.yaml"
    before = typed.read_text()

    words = ("sla", "template", "--config", config, "--system", "portal")
    kept = jipyo(*words, "2024-10")
    made = jipyo(*words, "2024-11")

    assert typed.read_text() == before
    assert "kept" in kept.err
    text = (tmp_path / "data/sla/portal/2024-11.yaml").read_text()
    assert made.out == f"{tmp_path / 'data/sla/portal/2024-11.yaml'}\n"
    assert "# satisfaction: {value: , note: , by: }" in text
    assert "availability" not in text
    assert jipyo("sla", "month", "2024-11", "--config", config, "--system", "portal").code == 0


def test_profiles_are_listed_and_printed(config: str, tmp_path: Path) -> None:
    listed = jipyo("sla", "profile", "--config", config).out
    own = tmp_path / "own.yaml"
    own.write_text(jipyo("sla", "profile", "international", "--config", config).out)

    assert "korea-public-press-2025-grade1" in listed
    assert jipyo("sla", "month", "2024-10", "--config", config, "--profile", str(own)).code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("2024-13",), "2024-13 is not a month."),
        (("9998-01",), "9998-01 has not begun yet."),
        (("2024-09", "--system", "portal"), "portal: 2024-09 is not under contract."),
        (("2024-10", "--system", "portl"), "Did you mean portal?"),
        (("2024-10", "--profile", "x.yaml"), "x.yaml: Cannot read the file"),
    ],
)
def test_a_wrong_question_is_answered_with_what_to_do(
    config: str, words: tuple[str, ...], message: str
) -> None:
    result = jipyo("sla", "month", *words, "--config", config)

    assert result.code == 2
    assert message in result.err
