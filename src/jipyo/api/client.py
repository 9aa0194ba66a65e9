"""`PrometheusClient`: current values by name (section 2.1 of the specification)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.analysis.health import add_outages, assess, build_refused, read_recent
from jipyo.analysis.proportion import estimate_proportion
from jipyo.api.names import resolve_names
from jipyo.api.opening import Closing, Opening, run_in_thread
from jipyo.api.values import CurrentValue, CurrentValues, Recent, SeriesValue
from jipyo.model.errors import ApiError, QueryError
from jipyo.model.labels import Labels
from jipyo.model.result import Scalar, Vector
from jipyo.source.inventory import take_inventory

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.api.opening import SourceLike
    from jipyo.app.workspace import Workspace
    from jipyo.catalogue import Metric
    from jipyo.source.inventory import Inventory
    from jipyo.source.metric_data import MetricData


class PrometheusClient(Closing):
    """Section 2.1 of the specification: current values by name, whatever source has them.

    It opens its source when it is first used. Its methods may be called several times at once.
    """

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources.

        Else of one's own: the URL of a server, its `PrometheusOptions`, a `Source`, or a
        `Workspace`, which stays open.
        """
        self._opening = Opening(origin)

    def open_workspace(self) -> Workspace:
        """The workspace that queries run on, opened where it is not yet.

        Raises:
            ConfigError: the configuration cannot be read.
            StoreError: there is no data, or it cannot be read.
        """
        return self._opening.open()

    def close(self) -> None:
        """See `Closing`."""
        self._opening.close()

    async def query(self, names: Sequence[str] | str) -> CurrentValues:
        """The current value of each name, by that name.

        A name is one of the specification's (`cpu_usage`), the id of a metric of the catalogue
        (`system.cpu.utilization`) or PromQL (`sum(rate(http_requests_total[5m]))`), whose value
        is a number or an instant vector. A metric whose query the source rejects has no value
        and says why in `problem`.

        Raises:
            UnknownNameError: a name is none of these.
            QueryError: PromQL of one's own was rejected.
            ApiError: its value is a text or a range of samples.
            SourceError: the source failed.
        """
        wanted = [names] if isinstance(names, str) else list(names)
        return await run_in_thread(lambda: _read_values(self.open_workspace(), wanted))


def _read_values(workspace: Workspace, names: Sequence[str]) -> CurrentValues:
    t_ms = workspace.now_ms()
    inventory = take_inventory(workspace.source, t_ms)
    # A source that cannot be read may have series of any name.
    series = {*names, *inventory.names} if inventory.missing else inventory.names
    found = resolve_names(names, workspace.catalogue, series)
    values = CurrentValues()
    for name, metric in found.items():
        if metric is None:
            values[name] = _read_promql(workspace, name, t_ms, inventory)
        else:
            values[name] = _read_metric(workspace, name, metric, t_ms, inventory)
    return values


def _read_promql(
    workspace: Workspace, expression: str, t_ms: int, inventory: Inventory
) -> CurrentValue:
    result = workspace.source.instant(expression, t_ms)
    value = result.value
    if isinstance(value, Scalar):
        rows = [(Labels.of({}), value.value)]
    elif isinstance(value, Vector):
        rows = list(zip(value.series, value.values.tolist(), strict=True))
    else:
        raise ApiError("api.no_current_value", hint="api.no_current_value.hint", expr=expression)
    return CurrentValue(
        name=expression,
        metric=None,
        t_ms=t_ms,
        series=tuple(SeriesValue(labels, number, "") for labels, number in rows),
        expressions=(("", expression),),
        warnings=result.warnings,
        missing=result.missing or (() if rows else inventory.missing),
        estimated=result.estimated,
    )


def _read_metric(
    workspace: Workspace, name: str, metric: Metric, t_ms: int, inventory: Inventory
) -> CurrentValue:
    build = partial(CurrentValue, name=name, metric=metric, t_ms=t_ms)
    recall = partial(Recent, missing=inventory.missing, zone=workspace.zone)
    try:
        data = read_recent(workspace.source, metric, t_ms, inventory)
        health = add_outages(workspace.source, assess(data, t_ms), t_ms)
    except QueryError as error:
        recent = recall(data=None, health=build_refused(metric, error.message))
        return build(series=(), expressions=(), problem=error.message, recent=recent)
    return build(
        series=tuple(_list_newest(data)),
        expressions=data.expressions,
        warnings=data.warnings,
        missing=data.missing,
        estimated=data.estimated,
        recent=recall(data=data, health=health),
    )


def _list_newest(data: MetricData) -> Iterator[SeriesValue]:
    """The values at the last step; a series that has ended has none."""
    matrix = data.matrix
    for row, labels in enumerate(matrix.series):
        if not matrix.present[row, -1]:
            continue
        value, proportion = float(matrix.values[row, -1]), None
        if data.n is not None:
            proportion = estimate_proportion(value, float(data.n[row, -1]), data.metric.unit)
        yield SeriesValue(labels, value, data.exporters[row], proportion)
