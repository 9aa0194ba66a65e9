"""`MetricsCollector`: the current value of every metric (section 2.1 of the specification)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.api.client import PrometheusClient
from jipyo.api.logs import ElasticsearchClient
from jipyo.api.names import list_names
from jipyo.api.opening import Closing, run_in_thread
from jipyo.api.values import CurrentValues
from jipyo.app.workspace import Workspace
from jipyo.catalogue import MetricGroup

if TYPE_CHECKING:
    from jipyo.api.opening import SourceLike


class MetricsCollector(Closing):
    """Section 2.1 of the specification: the current value of every metric."""

    def __init__(self, origin: SourceLike = None) -> None:
        """Of the configured sources, or of one's own: see `PrometheusClient`."""
        self.prometheus = PrometheusClient(origin)
        self.elasticsearch = ElasticsearchClient(origin if isinstance(origin, Workspace) else None)

    async def collect_metrics(self) -> dict[str, CurrentValues]:
        """The current values by group: `(await …)["system"]["cpu_usage"].numbers`.

        In each group the specification's names come first, then all other metrics by id.

        Raises:
            SourceError: the source failed.
        """
        workspace = await run_in_thread(self.prometheus.open_workspace)
        names = {group: list_names(workspace.catalogue, group) for group in MetricGroup}
        values = await self.prometheus.query([name for each in names.values() for name in each])
        return {
            group.value: CurrentValues((name, values[name]) for name in each)
            for group, each in names.items()
        }

    def close(self) -> None:
        """See `Closing`."""
        self.prometheus.close()
        self.elasticsearch.close()
