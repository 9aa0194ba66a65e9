"""Goodput of a month, asked of a real Prometheus: the same whole counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import urllib3

from catalogue.ai_month import END_MS, START_MS, list_blocks, make_engines
from jipyo.catalogue import load
from jipyo.source.dialect import Dialect, expand_to_whole_window, translate_promql
from support import metric_servers
from support.history import load_history

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration

ENGINES = make_engines()
WITH_EXTENDED_RANGES = Dialect(
    duration_expressions=False, unquoted_names=False, fill_modifiers=False
)
"""Prometheus 3.16 as it starts by default."""
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("month")
    blocks = (block for engine in ENGINES for block in list_blocks(engine))
    load_history(folder, blocks)
    with metric_servers.prometheus(folder, metric_servers.built("prometheus")) as server:
        yield server.url


def ask(url: str, promql: str, start_ms: int, end_ms: int) -> float:
    """The value of a catalogue expression over one whole window."""
    whole = expand_to_whole_window(promql, end_ms - start_ms)
    expr = translate_promql(whole, WITH_EXTENDED_RANGES)
    assert "anchored" in expr
    asked = {"query": expr, "time": str(end_ms / 1000)}
    response = urllib3.request("GET", f"{url}/api/v1/query", fields=asked)
    result = response.json()["data"]["result"]
    return float(result[0]["value"][1]) if result else math.nan


def test_goodput_and_tokens_of_prometheus_add_up_to_the_month(prometheus: str) -> None:
    catalogue = load()
    goodput, tokens = (catalogue.get(one) for one in ("ai.goodput.first_token", "ai.tokens"))
    assert goodput is not None
    assert tokens is not None
    for engine in ENGINES:
        [share] = [query for query in goodput.queries if query.exporter == engine.server]
        [rate] = [query for query in tokens.queries if query.exporter == engine.server]
        assert share.total_promql is not None
        added = [0.0, 0.0, 0.0]
        for start_ms in range(START_MS, END_MS, DAY_MS):
            window = start_ms, start_ms + DAY_MS
            n = ask(prometheus, share.total_promql, *window)
            added[0] += ask(prometheus, share.promql, *window) / 100 * n
            added[1] += n
            added[2] += ask(prometheus, rate.promql, *window) * DAY_MS / 1000
        true = [float(getattr(engine, field).sum()) for field in ("within", "all", "tokens")]
        assert added == pytest.approx(true, abs=1e-3)
        month = ask(prometheus, share.total_promql, START_MS, END_MS)
        assert month == pytest.approx(true[1], abs=1e-6)
