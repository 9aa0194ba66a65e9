"""What a source that fails does to values and analyses: never a false ok, and no false names."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from api.stores import NOW_MS, build_store
from jipyo.analysis.thresholds import State
from jipyo.api import PerformanceAnalyzer, PrometheusClient
from jipyo.model.errors import UnknownNameError
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.combined import CombinedSource
from jipyo.source.remote import Remote
from support.memory import MemoryStore
from support.sources import FAILURE, FailingServer, SteadyClock

if TYPE_CHECKING:
    from jipyo.api import Workspace


@pytest.fixture
def server() -> FailingServer:
    return FailingServer(Embedded(build_store(), Engine()))


@pytest.fixture
def site(server: FailingServer, workspace: Workspace) -> Workspace:
    """An empty store, and a server with all samples."""
    remote = Remote("prod", server, SteadyClock(NOW_MS))
    return replace(workspace, source=CombinedSource(Embedded(MemoryStore(), Engine()), (remote,)))


def test_a_part_whose_source_fails_is_unknown_and_names_it(
    site: Workspace, server: FailingServer
) -> None:
    analyzer = PerformanceAnalyzer(site)
    analysis, _ = asyncio.run(analyzer.analyze_performance())
    assert analysis["system_health"].state is State.CRITICAL
    assert analysis["system_health"].missing == ()
    server.error = FAILURE
    analysis, alerts = asyncio.run(analyzer.analyze_performance())
    assert {part.state for part in analysis.values()} == {State.UNKNOWN}
    assert alerts == ()
    (problem,) = json.loads(json.dumps(analysis["system_health"]))["missing"]
    assert "prod" in problem


def test_values_say_what_is_missing(site: Workspace, server: FailingServer) -> None:
    server.error = FAILURE
    values = asyncio.run(PrometheusClient(site).query(["cpu_usage", "up == 1"]))
    for value in values.values():
        assert not value.has_data
        assert [error.values["source"] for error in value.missing] == ["prod"]
        assert "prod" in json.loads(json.dumps(value))["missing"][0]


def test_a_name_is_not_unknown_while_a_source_cannot_be_read(
    site: Workspace, server: FailingServer
) -> None:
    client = PrometheusClient(site)
    with pytest.raises(UnknownNameError):
        asyncio.run(client.query("node_memory_MemTotal"))
    server.error = FAILURE
    asyncio.run(client.query("cpu_usage"))  # names are remembered: only a query meets the failure
    value = asyncio.run(client.query("node_memory_MemTotal"))["node_memory_MemTotal"]
    assert value.missing
