"""What is inspected and what people wrote, as YAML, with every mistake and its place."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from jipyo import catalogue as catalogues
from jipyo.i18n import texts
from jipyo.model.errors import ConfigError
from jipyo.sla.inspection_items import (
    AbnormalFrom,
    ManualResult,
    load_items,
    parse_entries,
    parse_items,
    read_entries,
)
from sla.months import month_of

if TYPE_CHECKING:
    from pathlib import Path

CATALOGUE = catalogues.load()
BUILTIN = load_items(None, CATALOGUE)
JANUARY = month_of("2027-01-01")


def test_every_built_in_item_names_metrics_with_thresholds() -> None:
    named = [name for item in BUILTIN.items for name in (*item.metrics, *item.also)]
    metrics = [CATALOGUE.get(name) for name in named]
    assert all(metric is not None and metric.thresholds is not None for metric in metrics)
    assert BUILTIN.coverage == 95


def test_a_site_describes_its_own_items(tmp_path: Path) -> None:
    path = tmp_path / "items.yaml"
    path.write_text(
        """
version: 1
coverage: 90
items:
- id: api
  name: {ko: API 응답, en: API}
  metrics: [app.response_time]
  coverage: 40
  abnormal_from: warning
""",
        "utf-8",
    )
    items = load_items(path, CATALOGUE)
    (api,) = items.items
    assert (items.coverage, api.coverage, api.abnormal_from) == (90, 40, AbnormalFrom.WARNING)


ITEM = "version: 1\nitems:\n- {id: api, name: {ko: ㄱ, en: a}, metrics: [app.response_time]}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 2\n", "version 2 is not supported"),
        (ITEM.replace("app.response_time", "app.response_tim"), "app.response_time"),
        (ITEM.replace("app.response_time", "app.throughput"), "app.throughput has no thresholds"),
        (ITEM + "- {id: api, name: {ko: ㄱ, en: a}, metrics: [db.down]}\n", "already described"),
        (ITEM + "manual:\n- {id: api, name: {ko: ㄱ, en: a}}\n", "already described at"),
        ("version: 1\ncoverage: 0\n", "between 1 and 100"),
        (ITEM.replace("metrics:", "metric:"), "metrics"),
    ],
)
def test_a_mistake_in_the_items_is_explained_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_items(text, "items.yaml", CATALOGUE)
    assert message in texts("en").error(caught.value)
    assert "items.yaml:" in texts("ko").error(caught.value)


def test_entries_are_in_the_order_of_their_days(tmp_path: Path) -> None:
    path = tmp_path / "2027-01.yaml"
    assert read_entries(path, BUILTIN, JANUARY) == ()
    path.write_text(
        """
- {item: failover, day: 2027-01-12, result: normal, by: 박준호, note: 42초}
- {item: disk, day: 2027-01-09, by: 김하나, note: 로그 정리}
""",
        "utf-8",
    )
    disk, failover = read_entries(path, BUILTIN, JANUARY)
    assert (disk.day, disk.result) == (date(2027, 1, 9), None)
    assert (failover.by, failover.result) == ("박준호", ManualResult.NORMAL)
    assert parse_entries("", "empty.yaml", BUILTIN, JANUARY) == ()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("{item: failovr, day: 2027-01-12, result: normal, by: a}", "Did you mean failover?"),
        ("{item: failover, day: 2027-02-01, result: normal, by: a}", "not a day of 2027-01"),
        ("{item: cpu, day: 2027-01-12, result: normal, by: a}", "cannot be entered by hand"),
        ("{item: failover, day: 2027-01-12, by: a}", "result"),
        ("{item: failover, day: 2027-01-12, result: normal}", "by"),
        ("{item: failover, day: 2027-13-12, result: normal, by: a}", "2027-13-12"),
    ],
)
def test_a_mistake_in_the_entries_is_explained_with_its_place(entry: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_entries(f"- {entry}\n", "2027-01.yaml", BUILTIN, JANUARY)
    assert message in texts("en").error(caught.value)
    assert "2027-01.yaml:1" in texts("ko").error(caught.value)
