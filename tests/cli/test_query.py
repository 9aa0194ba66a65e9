"""`jipyo query`: PromQL in the terminal, as a table, a chart, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from jipyo.cli.query import parse_range
from jipyo.model.errors import ConfigError
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

NOW_MS = 1_795_186_800_000
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("times", "span"),
    [
        ({}, (NOW_MS, NOW_MS, 0)),
        ({"at": "-1h"}, (NOW_MS - HOUR_MS, NOW_MS - HOUR_MS, 0)),
        ({"at": None, "start": None}, (NOW_MS, NOW_MS, 0)),
        ({"start": "-4h"}, (NOW_MS - 4 * HOUR_MS, NOW_MS, 60_000)),
        ({"start": "-1d", "end": "-1h"}, (NOW_MS - DAY_MS, NOW_MS - HOUR_MS, 345_000)),
        ({"start": "-1m"}, (NOW_MS - 60_000, NOW_MS, 1_000)),  # the step is never shorter
        ({"start": "-1h", "step": "5m"}, (NOW_MS - HOUR_MS, NOW_MS, 300_000)),
    ],
)
def test_times_are_a_moment_or_a_range(
    times: dict[str, str | None], span: tuple[int, int, int]
) -> None:
    assert parse_range(times, ZoneInfo("UTC"), NOW_MS) == span


@pytest.mark.parametrize("step", ["0s", "0", "60", "1m1h", "-1s", "soon"])
def test_a_step_that_is_none_is_refused(step: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_range({"start": "-1h", "step": step}, ZoneInfo("UTC"), NOW_MS)
    assert caught.value.key == "cli.query.not_a_duration"


def test_json_is_what_the_http_api_answers(data: Path) -> None:
    result = jipyo("query", "node_load1 * 2", "--data", str(data), "--format", "json")
    answer = json.loads(result.out)
    assert answer["status"] == "success"
    assert answer["data"]["result"][0]["value"][1] == "3"


@pytest.mark.parametrize(
    ("expr", "rows", "labels"),
    [
        ("node_load1", 1, ["__name__", "instance", "job"]),
        ("vector(1)", 1, []),
        ("1 + 1", 1, []),
        ('"text"', 1, []),
        ("node_load1[1h]", 40, ["__name__", "instance", "job"]),
        ("sum by (job) (up) or count by (instance) (up)", 2, ["instance", "job"]),
        ("nothing", 0, []),
    ],
)
def test_csv_has_a_row_a_sample_and_a_column_a_label(
    data: Path, expr: str, rows: int, labels: list[str]
) -> None:
    result = jipyo("query", expr, "--data", str(data), "--format", "csv")
    written = list(csv.reader(io.StringIO(result.out)))
    assert written[0] == [*labels, "time", "value"]
    assert len(written) == rows + 1


@pytest.mark.parametrize(
    ("expr", "row"),
    [
        ("vector(1)", ["1"]),
        ("1 + 1", ["2"]),
        ('"text"', ["text"]),
        ("node_load1", ["node_load1", "호스트1", "node", "1.5"]),
        ("vector(Inf)", ["+Inf"]),
    ],
)
def test_values_are_written_as_the_http_api_writes_them(
    data: Path, expr: str, row: list[str]
) -> None:
    words = ("--at", "now", "--data", str(data), "--format", "csv")
    _, written = csv.reader(io.StringIO(jipyo("query", expr, *words).out))
    assert [*written[:-2], written[-1]] == row


def test_a_range_is_written_a_row_a_step(data: Path) -> None:
    words = ("--from", "-5m", "--to", "-1m", "--step", "60s", "--format", "csv")
    result = jipyo("query", "node_load1", "--data", str(data), *words)
    _, *rows = result.out.splitlines()
    assert len(rows) == 5
    assert {row.rsplit(",", 1)[1] for row in rows} == {"1.5"}


def test_a_range_is_a_chart_and_a_moment_a_table(data: Path) -> None:
    chart = jipyo("query", "up", "--data", str(data), "--from", "-5m").out
    assert "■" in chart
    assert 'instance="호스트1"' in chart
    assert "value" in jipyo("query", "up", "--data", str(data)).out


def test_the_format_wins_over_the_kind_of_answer(data: Path) -> None:
    words = ("--data", str(data), "--from", "-5m")
    assert "■" not in jipyo("query", "up", *words, "--format", "table").out
    assert "value" in jipyo("query", "up", "--data", str(data), "--format", "chart").out


@pytest.mark.parametrize("words", [(), ("--from", "-5m"), ("--format", "table")])
def test_an_empty_answer_says_so(data: Path, words: tuple[str, ...]) -> None:
    assert "No series" in jipyo("query", "nothing", "--data", str(data), *words).out


def test_a_rejected_query_exits_with_1_and_says_where(data: Path) -> None:
    result = jipyo("query", "sum(", "--data", str(data))
    assert result.code == 1
    assert "parse error" in result.err


def test_annotations_are_shown(data: Path) -> None:
    result = jipyo("query", "rate(node_load1[5m])", "--data", str(data))
    assert "might not be a counter" in result.out


@pytest.mark.parametrize("words", [(), ("--from", "-1h"), ("--from", "-1h", "--step", "5m")])
def test_a_query_is_explained_without_data(tmp_path: Path, words: tuple[str, ...]) -> None:
    words = ("--explain", *words, "--data", str(tmp_path / "none"))
    result = jipyo("query", "sum by (job) (rate(up[5m]))", *words)
    assert result.code == 0, result.err
    assert "sum" in result.out
    assert jipyo("query", "sum(", *words).code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--at", "yesterday"), "yesterday is not a time"),
        (("--from", "2026-13-01"), "2026-13-01 is not a time"),
        (("--from", "-1h", "--to", "x"), "x is not a time"),
        (("--from", "-1h", "--step", "0s"), "0s is not a duration"),
    ],
)
def test_wrong_times_are_wrong_usage(data: Path, words: tuple[str, ...], message: str) -> None:
    result = jipyo("query", "up", "--data", str(data), *words)
    assert result.code == 2
    assert message in result.err
