"""What is a member of a target (a disk, a GPU), and the PromQL that finds those that are gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jipyo.catalogue.metric import Metric, MetricQuery

_RECENT = "31s"
"""Two readings at the default interval: one that misses a member is no loss."""
_TARGETS = "up"


def expand_members(metric: Metric, removed: Sequence[Mapping[str, str]]) -> Metric:
    """The metric with PromQL in place of `members`: 1 for one that is gone, else 0.

    Gone is what had a sample within the metric's window, has none in two readings now, is not
    among the `removed` or the transient, and belongs to a target that lives: one that is up, or
    that has other members. The targets themselves (`members: up`) belong to whoever collects:
    where no target at all has been read, as while jipyo is stopped, none is gone.
    """
    queries = tuple(
        replace(query, promql=_write_promql(metric, query, removed)) if query.members else query
        for query in metric.queries
    )
    return replace(metric, queries=queries)


def _write_promql(metric: Metric, query: MetricQuery, removed: Sequence[Mapping[str, str]]) -> str:
    series = query.members
    names = {new: old for old, new in query.rename.items()}
    shown = [names.get(label, label) for label in metric.labels[1:]]
    target = ", ".join(dict.fromkeys((metric.labels[0], "job")))
    by = ", ".join(dict.fromkeys((metric.labels[0], "job", *shown, *query.identity)))
    identity = ", ".join(dict.fromkeys((metric.labels[0], "job", *(query.identity or shown))))
    past = " unless ".join(
        f"present_over_time({selector}[$w])"
        for selector in (series, *(_narrow(series, labels) for labels in removed))
    )
    now = f"(present_over_time({series}[{_RECENT}]) or {series})"
    gone = f"max by ({by}) ({past}) unless on ({identity}) {now}"
    if query.transient:
        gone += f" unless on ({identity}) present_over_time({query.transient}[$w])"
    if series == _TARGETS:
        gone += f" and on () {now}"
    else:
        gone += f" and on ({target}) ({_TARGETS} == 1 or {now})"
    return f"({gone}) or 0 * group by ({by}) ({series})"


def _narrow(selector: str, labels: Mapping[str, str]) -> str:
    """A selector of those series alone that have all of these labels."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in labels.values())
    matchers = [f'{name}="{value}"' for name, value in zip(labels, quoted, strict=True)]
    name, _, inside = selector.rstrip().removesuffix("}").partition("{")
    return f"{name}{{{', '.join([*filter(None, [inside.strip()]), *matchers])}}}"
