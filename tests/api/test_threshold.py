"""`ThresholdConfig`: what metrics are judged by, and how a script changes it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.thresholds import State
from jipyo.api import PerformanceAnalyzer, ThresholdConfig
from jipyo.model.errors import ApiError, UnknownNameError

if TYPE_CHECKING:
    from jipyo.api import Workspace


def test_thresholds_are_found_by_id_and_by_the_specifications_name(workspace: Workspace) -> None:
    thresholds = ThresholdConfig(workspace)
    assert thresholds["cpu_usage"] is thresholds["system.cpu.utilization"]
    assert (thresholds["cpu_usage"].warning, thresholds["cpu_usage"].critical) == (70, 85)
    assert "cpu_usage" in thresholds
    assert "request_count" not in thresholds
    assert len(thresholds) == len(list(thresholds)) > 20


def test_a_changed_threshold_is_what_the_analyzer_judges_by(workspace: Workspace) -> None:
    analyzer = PerformanceAnalyzer(workspace)
    analyzer.threshold.change("cpu_usage", warning=30, critical=60)
    analyzer.threshold.change("memory_usage", warning=None, critical=None)
    analysis, alerts = asyncio.run(analyzer.analyze_performance())
    assert analysis["system_health"].state is State.WARNING
    assert [alert.health.metric.id for alert in alerts] == [
        "system.cpu.utilization",
        "app.error_rate",
    ]
    assert alerts[0].health.threshold == 30
    assert "30%" in alerts[0].text("en")


def test_the_alert_duration_counts_from_the_first_minute_beyond_it(workspace: Workspace) -> None:
    analyzer = PerformanceAnalyzer(workspace)
    analyzer.threshold.change("cpu_usage", warning=30, critical=None, for_s=86_400)
    analysis, _ = asyncio.run(analyzer.analyze_performance())
    (cpu,) = analysis["system_health"].in_state(State.PENDING)
    assert cpu.metric.id == "system.cpu.utilization"


@pytest.mark.parametrize(
    ("name", "warning", "critical", "key"),
    [
        ("cpu_usage", 90, 80, "catalogue.order_high"),
        ("model_accuracy", 80, 90, "catalogue.order_low"),
        ("request_count", 1, 2, "catalogue.neutral"),
        ("cpu_usagee", 1, 2, "api.unknown_name"),
    ],
)
def test_thresholds_that_make_no_sense_are_rejected(
    name: str, warning: float, critical: float, key: str, workspace: Workspace
) -> None:
    with pytest.raises(ApiError) as caught:
        ThresholdConfig(workspace).change(name, warning=warning, critical=critical)
    assert caught.value.key == key
    assert isinstance(caught.value, UnknownNameError) is (key == "api.unknown_name")
