"""Section 2.2 of the specification: log records, parsed and analysed."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

import jipyo
from jipyo.api.logs import find_range
from jipyo.model.errors import ApiError, ConfigError, LogQueryError, StoreError
from support.product import jipyo as run
from support.specification import SpecifiedLogCollector

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.api import LogSearch
    from jipyo.app.workspace import Workspace

SEOUL = ZoneInfo("Asia/Seoul")
NOW_MS, DAY_MS = 1_795_186_800_000, 86_400_000
"""2026-11-21 00:00 in Seoul."""


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site with an hour of logs of two services, and nothing else."""
    folder = tmp_path / "jipyo"
    folder.mkdir()
    (folder / "jipyo.yaml").write_text(f"data: {tmp_path / 'data'}\ntimezone: UTC\n")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    now = time.time()
    rows = [
        (now - 30 * n, "ERROR out of memory" if n % 10 == 0 else f"INFO request {n} done")
        for n in range(1, 101)
    ]
    for service in ("api", "worker"):
        file = tmp_path / f"{service}.log"
        lines = [f"{datetime.fromtimestamp(t, UTC):%Y-%m-%d %H:%M:%S},000 {x}" for t, x in rows]
        file.write_text("\n".join(reversed(lines)) + "\n")
        assert run("logs", "import", str(file), "--service", service).code == 0
    return tmp_path


def search(**wanted: object) -> LogSearch:
    with jipyo.ElasticsearchClient() as client:
        return asyncio.run(client.search(**wanted))  # type: ignore[arg-type]


def test_section_2_2_analyses_what_is_stored() -> None:
    analysis = asyncio.run(SpecifiedLogCollector().collect_logs("24h"))
    assert (analysis.total, analysis.errors.errors) == (200, 20)
    assert analysis.error_rate == pytest.approx(0.1)
    plain = json.loads(json.dumps(analysis))
    assert plain["total"] == 200
    assert [one["text"] for one in plain["errors"]["templates"]] == ["out of memory"]
    assert plain["changes"] is None  # there is nothing before
    assert plain["missing"] == []
    assert "20 errors" in repr(analysis)


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        ({}, 200),
        ({"index": "application-logs", "timeframe": "24h"}, 200),
        ({"index": "api"}, 100),
        ({"index": "a*,worker"}, 200),
        ({"query": "level:error service:api"}, 10),
        ({"index": "worker", "query": "service:api"}, 0),
        ({"timeframe": "2020-01-01"}, 0),
    ],
)
def test_an_index_is_a_service_a_pattern_or_all(wanted: dict[str, object], total: int) -> None:
    found = search(**wanted)
    assert found.total == len(found.records) == total
    assert json.loads(json.dumps(found))["total"] == total


def test_the_newest_records_come_along_and_all_are_counted() -> None:
    found = search(index="api", limit=3)
    assert (found.total, len(found.records)) == (100, 3)
    assert found.records[0].message == "request 1 done"
    assert search(index="api", limit=0).records == ()


def test_an_index_that_is_none_is_an_error_with_similar_names() -> None:
    with pytest.raises(LogQueryError) as caught:
        search(index="workr")
    assert caught.value.values["similar"] == "worker"


def test_a_site_without_logs_says_so(site: Path) -> None:
    (site / "jipyo" / "jipyo.yaml").write_text(f"data: {site / 'elsewhere'}\n")
    with pytest.raises(StoreError) as caught:
        search()
    assert caught.value.key == "app.no_logs"


def test_raw_lines_and_documents_are_parsed() -> None:
    lines: list[str | bytes | dict[str, object]] = [
        "2026-11-21 09:00:00,000 ERROR failed after 5 ms",
        b"Traceback (most recent call last):",
        b"ValueError: x",
        {"_source": {"@timestamp": "2026-11-21T00:00:01Z", "message": "ok", "log.level": "info"}},
        {"@timestamp": "2026-11-21T00:00:02Z", "message": "bad", "log": {"level": "error"}},
    ]
    parsed = jipyo.LogParser().parse_logs(lines)
    assert parsed.total == 3
    assert [record.level.name for record in parsed.records] == ["ERROR", "ERROR", "INFO"]
    analysis = jipyo.LogCollector().analyze_logs(parsed)
    assert (analysis.total, analysis.errors.errors) == (3, 2)
    assert json.loads(json.dumps([parsed, analysis]))


def test_nothing_is_parsed_and_analysed_as_nothing() -> None:
    analysis = jipyo.LogCollector().analyze_logs(jipyo.LogParser().parse_logs([]))
    assert analysis.total == 0
    assert json.loads(json.dumps(analysis))["error_rate"] is None  # unknown, not 0


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("24h", (NOW_MS - DAY_MS, NOW_MS + 1)),
        ("7d", (NOW_MS - 7 * DAY_MS, NOW_MS + 1)),
        ("2026-11-20", (NOW_MS - DAY_MS, NOW_MS)),
        ("2026-11-20T12:00", (NOW_MS - DAY_MS // 2, NOW_MS + 1)),
        ("2026-11-19/2026-11-20T12:00", (NOW_MS - 2 * DAY_MS, NOW_MS - DAY_MS // 2)),
    ],
)
def test_a_timeframe_is_a_length_a_day_or_a_range(text: str, span: tuple[int, int]) -> None:
    assert find_range(text, SEOUL, NOW_MS) == span


@pytest.mark.parametrize("text", ["", "soon", "24", "2026-13-01", "2026-11-20/2026-11-19", "/"])
def test_a_timeframe_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        find_range(text, SEOUL, NOW_MS)
    assert caught.value.key in ("api.not_a_timeframe", "api.not_a_day")


def test_a_workspace_without_logs_has_none(workspace: Workspace) -> None:
    with pytest.raises(ApiError) as caught:
        asyncio.run(jipyo.ElasticsearchClient(workspace).search())
    assert caught.value.key == "api.no_logs"
