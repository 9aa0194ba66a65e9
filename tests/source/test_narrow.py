"""A narrowed expression gives the wanted series as the whole expression does, and fewer others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from bench.fleet import DAY_MS, list_blocks

from jipyo.catalogue import Metric, load
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.inventory import Inventory, take_inventory
from jipyo.source.metric_data import read_series
from jipyo.source.narrow import list_values, narrow
from jipyo.source.recording import RecordingSource
from jipyo.tsdb import Options, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.result import Matrix

END_MS = 1_795_132_800_000
STEPS = END_MS - 1_800_000 + 60_000 * np.arange(1, 31, dtype=np.int64)
METRICS = [metric for metric in load().metrics if metric.labels]
A = (("instance", ("a:9100",)),)


@pytest.mark.parametrize(
    ("expr", "narrowed"),
    [
        ("up", 'up{instance="a:9100"}'),
        ("rate(x[5m])", 'rate(x{instance="a:9100"}[5m])'),
        ("increase(x[5m] anchored)", 'increase(x{instance="a:9100"}[5m] anchored)'),
        ("max by (instance) (x)", 'max by (instance) (x{instance="a:9100"})'),
        ("sum without (cpu) (x)", 'sum without (cpu) (x{instance="a:9100"})'),
        ("topk by (instance) (3, x)", 'topk by (instance) (3, x{instance="a:9100"})'),
        ("100 * x / y", '100 * x{instance="a:9100"} / y{instance="a:9100"}'),
        ("x and on (instance) y", 'x{instance="a:9100"} and on (instance) y{instance="a:9100"}'),
        ("x and on () y", 'x{instance="a:9100"} and on () y'),
        ("x offset 5h", 'x{instance="a:9100"} offset 5h'),
        ("max_over_time((x > 1)[1d:1m])", 'max_over_time((x{instance="a:9100"} > 1)[1d:1m])'),
        (
            "histogram_quantile(0.9, sum by (instance, le) (x))",
            'histogram_quantile(0.9, sum by (instance, le) (x{instance="a:9100"}))',
        ),
    ],
)
def test_a_condition_reaches_every_selector(expr: str, narrowed: str) -> None:
    assert narrow(expr, A) == narrowed


@pytest.mark.parametrize(
    "expr",
    [
        "sum(x)",
        "sum by (job) (x)",
        "sum without (instance) (x)",
        "topk(3, x)",
        "x / on (job) y",
        "x / ignoring (instance) group_left y",
        "x * on (job) group_left (instance) y",
        "x / scalar(y)",
        "x > scalar(max(y))",
        "absent(x)",
        "absent_over_time(x[5m])",
        "vector(1)",
        'label_replace(x, "instance", "$1", "host", "(.*)")',
        'count_values by (job) ("instance", x)',
        "quantile by (instance) (scalar(y), x)",
        "time()",
        "not PromQL",
    ],
)
def test_where_a_value_depends_on_other_series_nothing_is_narrowed(expr: str) -> None:
    assert narrow(expr, A) == expr


def test_several_values_are_one_pattern_and_none_is_no_condition() -> None:
    wanted = list_values([Labels.of({"a": "1.5", "b": "x"}), Labels.of({"a": "2", "c": "y"})])
    assert wanted == (("a", ("1.5", "2")),)
    assert narrow("up", wanted) == 'up{a=~"1\\\\.5|2"}'
    assert narrow("up", (("a", ("", "b")),)) == "up"
    assert narrow("up", (("a", tuple(map(str, range(1000)))),)) == "up"
    assert list_values([]) == ()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RecordingSource, Inventory]]:
    path = tmp_path_factory.mktemp("fleet")
    options = Options(durable=False, retention_ms=None, out_of_order_ms=None)
    with Store.open(path, options, now_ms=lambda: END_MS) as store:
        store.load(list(list_blocks(3, END_MS - DAY_MS)))
        source = RecordingSource(Embedded(store, Engine()), now_s=lambda: 0.0)
        yield source, take_inventory(source, END_MS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.id)
def test_a_series_read_alone_has_the_values_that_it_has_among_all(
    fleet: tuple[RecordingSource, Inventory], metric: Metric
) -> None:
    source, inventory = fleet
    whole = read_series(source, metric, STEPS, 60_000, inventory)
    if not whole.matrix.series:
        return
    source.queries.clear()
    labels = whole.matrix.series[-1]
    alone = read_series(source, metric, STEPS, 60_000, inventory, [labels])
    assert _rows(alone.matrix) == {labels: _rows(whole.matrix)[labels]}
    assert alone.queries == whole.queries[-1:]
    if metric.labels[0] == "instance" and len(whole.matrix.series) >= 3:
        read = sum(query.series for query in source.queries)
        assert read < len(whole.matrix.series)


def _rows(matrix: Matrix) -> dict[Labels, list[str]]:
    values = np.where(matrix.present, matrix.values, np.nan)
    return {
        labels: [f"{value!r}" for value in row]
        for labels, row in zip(matrix.series, values.tolist(), strict=True)
    }
