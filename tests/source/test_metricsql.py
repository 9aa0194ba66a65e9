"""Expressions in the words of VictoriaMetrics; real servers show that they mean the same."""

from dataclasses import replace

import pytest

from jipyo.source.dialect import PROMETHEUS_3, loses_anchors, translate_promql

VICTORIA = replace(PROMETHEUS_3, metricsql=True)
NO_NAME = '"__name__","","",""'


@pytest.mark.parametrize(
    ("expr", "rewritten"),
    [
        # An instant selector looks back as far as ours.
        ("x", "default_rollup(x[5m])"),
        ("x offset 1h", "default_rollup(x[5m] offset 1h)"),
        ("x @ end()", "default_rollup(x[5m] @ end())"),
        ("-x", "-default_rollup(x[5m])"),
        ("sum(x)", "sum(default_rollup(x[5m]))"),
        ("topk(scalar(y), x)", "topk(scalar(default_rollup(y[5m])),default_rollup(x[5m]))"),
        ("x and y", "default_rollup(x[5m]) and default_rollup(y[5m])"),
        ("count_over_time(x[1h:5m])", "count_over_time(default_rollup(x[5m])[1h:5m])"),
        ("count_over_time(x[1h:])", "count_over_time(default_rollup(x[5m])[1h:1m])"),
        ("rate(x[5m])", "rate(x[5m])"),
        ("absent(x)", "absent(x)"),
        ("absent(sum(x))", "absent(sum(default_rollup(x[5m])))"),
        ("timestamp(x)", "(timestamp(x) and default_rollup(x[5m]))"),
        # A name that would be kept is taken off, unless that happens anyway.
        ("max_over_time(x[1h])", f"label_replace(max_over_time(x[1h]),{NO_NAME})"),
        ("round(x)", f"label_replace(round(default_rollup(x[5m])),{NO_NAME})"),
        ("last_over_time(x[1h])", "last_over_time(x[1h])"),
        ("sum by (a) (max_over_time(x[1h]))", "sum by (a) (max_over_time(x[1h]))"),
        ("max_over_time(x[1h]) * 2", "max_over_time(x[1h]) * 2"),
        (
            "max_over_time(x[1h]) > 2",
            f"label_replace(max_over_time(x[1h]),{NO_NAME}) > 2",
        ),
        (
            "count by (__name__) (max_over_time(x[1h]))",
            f"count by (__name__) (label_replace(max_over_time(x[1h]),{NO_NAME}))",
        ),
        # Counts of changes.
        ("increase(x[1h] anchored)", "increase(x[1h])"),
        ("rate(x[1h] anchored)", "(increase(x[1h]) / 3600)"),
        ("sum(rate(x[1d] anchored offset 1d))", "sum((increase(x[1d] offset 1d) / 86400))"),
        (
            "histogram_fraction(0, 2, x)",
            "(histogram_share(2,default_rollup(x[5m])) - histogram_share(0,default_rollup(x[5m])))",
        ),
        ("changes(x[1h] anchored)", "changes_prometheus(x[1h])"),
        ("delta(x[1h])", "delta_prometheus(x[1h])"),
    ],
)
def test_victoria_metrics_is_asked_in_its_words(expr: str, rewritten: str) -> None:
    asked = translate_promql(expr, VICTORIA, step_ms=60_000)
    assert asked.replace(", ", ",") == rewritten.replace(", ", ",")


def test_the_lookback_is_that_of_the_query() -> None:
    assert translate_promql("x", VICTORIA, lookback_ms=60_000) == "default_rollup(x[1m])"


@pytest.mark.parametrize(
    ("expr", "estimated"),
    [
        ("increase(x[1h] anchored)", False),
        ("sum(rate(x[1h] anchored)) / sum(resets(y[1h] anchored))", False),
        ("changes(x[1h] anchored)", True),
        ("delta(x[1h] anchored)", True),
        ("rate(x[1h] smoothed)", True),
        ("increase(x[1h] anchored) + changes(x[1h] anchored)", True),
        ("increase(x[1h])", False),
        ("increase(x[1h] anchored", False),  # left to the parser
    ],
)
def test_a_count_is_estimated_where_its_edges_are_lost(expr: str, estimated: bool) -> None:
    assert loses_anchors(expr, VICTORIA) is estimated
