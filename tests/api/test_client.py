"""`PrometheusClient`: names of the specification, ids of the catalogue and PromQL, mixed."""

from __future__ import annotations

import asyncio
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.stores import NOW_MS
from jipyo.api import CurrentValues, PrometheusClient
from jipyo.i18n import texts
from jipyo.model.errors import ApiError, ConfigError, QueryError, StoreError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.api import Workspace


def query(workspace: Workspace, names: Sequence[str] | str) -> CurrentValues:
    return asyncio.run(PrometheusClient(workspace).query(names))


def test_names_ids_and_promql_are_returned_by_the_given_name(workspace: Workspace) -> None:
    promql = "sum(rate(http_requests_total[5m]))"
    names = ["cpu_usage", "system.memory.utilization", promql, "node_memory_MemTotal_bytes", "1+1"]
    values = query(workspace, names)
    assert list(values) == names
    assert values["cpu_usage"].numbers == pytest.approx((40,))
    assert values["system.memory.utilization"].numbers == pytest.approx((95,))
    assert values[promql].numbers == pytest.approx((100,), rel=1e-3)
    assert values["1+1"].numbers == (2.0,)
    assert {value.t_ms for value in values.values()} == {NOW_MS}


def test_promql_has_no_metric_and_keeps_its_labels(workspace: Workspace) -> None:
    value = query(workspace, "node_memory_MemTotal_bytes")["node_memory_MemTotal_bytes"]
    assert value.metric is None
    assert value.series[0].labels["instance"] == "gpu-server-1"
    assert value.expressions == (("", "node_memory_MemTotal_bytes"),)


@pytest.mark.parametrize("name", ["cpu_usage", "system.cpu.utilization"])
def test_a_metric_is_found_by_its_other_name(name: str, workspace: Workspace) -> None:
    values = query(workspace, name)
    for other in ("cpu_usage", "system.cpu.utilization"):
        assert other in values
        assert values[other] is values[name]
        assert values.get(other) is values[name]
    assert "memory_usage" not in values
    assert values.get("memory_usage") is None
    assert list(values) == [name]


@pytest.mark.parametrize(
    ("name", "similar"),
    [
        ("cpu_usagee", "cpu_usage"),
        ("system.cpu.utilisation", "system.cpu.utilization"),
        ("node_memory_MemTotal", "node_memory_MemTotal_bytes"),
        ("메모리", ""),
    ],
)
def test_an_unknown_name_is_an_error_that_names_similar_ones(
    name: str, similar: str, workspace: Workspace
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        query(workspace, ["cpu_usage", name])
    for lang in ("ko", "en"):
        text = texts(lang).error(caught.value)
        assert text.startswith(name)
        assert similar in text


def test_the_traceback_of_an_error_says_what_to_do(workspace: Workspace) -> None:
    with pytest.raises(UnknownNameError) as caught:
        query(workspace, "cpu_usagee")
    shown = "".join(traceback.format_exception(caught.value))
    assert "비슷한 이름: cpu_usage, " in shown
    assert shown.count("비슷한 이름: ") == 1


def test_a_name_whose_metric_the_site_removed_is_unknown(workspace: Workspace) -> None:
    catalogue = workspace.catalogue
    without = tuple(one for one in catalogue.metrics if one.topic != "system.cpu")
    site = replace(workspace, catalogue=replace(catalogue, metrics=without))
    with pytest.raises(UnknownNameError):
        query(site, "cpu_usage")


def test_promql_that_is_wrong_is_rejected_with_its_place(workspace: Workspace) -> None:
    with pytest.raises(QueryError) as caught:
        query(workspace, "sum(up[5m])")
    assert "1:5" in str(caught.value)


@pytest.mark.parametrize("expr", ["node_memory_MemTotal_bytes[5m]", '"text"'])
def test_a_range_or_a_text_is_no_current_value(expr: str, workspace: Workspace) -> None:
    with pytest.raises(ApiError) as caught:
        query(workspace, expr)
    assert caught.value.key == "api.no_current_value"


def test_a_source_of_ones_own_is_judged_by_the_configured_catalogue(
    workspace: Workspace,
) -> None:
    client = PrometheusClient(workspace.source)
    assert client.open_workspace().source is workspace.source
    assert client.open_workspace().catalogue.get("system.cpu.utilization") is not None


def test_opening_fails_with_what_is_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(StoreError) as caught:
        asyncio.run(PrometheusClient().query("cpu_usage"))
    assert str(tmp_path) in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("url", ["localhost:9090", "ftp://host", "", "http://user:word@host:9090"])
def test_what_is_no_url_of_a_server_is_an_error_that_shows_how(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        asyncio.run(PrometheusClient(url).query("up"))
    assert texts("en").error(caught.value).startswith("PrometheusClient: url: ")
    assert "word" not in "".join(caught.value.__notes__).replace("password", "")
