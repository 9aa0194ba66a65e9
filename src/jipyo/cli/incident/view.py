"""What incidents are shown by: the words, names and rules of a configuration, and the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.incident.rules import build_grouping
from jipyo.alerts.options import AlertsOptions
from jipyo.alerts.rule import list_metric_rules
from jipyo.app.offline import load_catalogue

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.catalogue import Catalogue
    from jipyo.config.load import Config
    from jipyo.i18n import Texts


@dataclass(frozen=True, slots=True)
class IncidentView:
    """How incidents are shown."""

    t: Texts
    zone: ZoneInfo
    now_ms: int
    catalogue: Catalogue
    grouping: IncidentGrouping

    @classmethod
    def build(cls, config: Config, t: Texts, now_ms: int) -> IncidentView:
        """By a configuration.

        Raises:
            CatalogueError: a metric is described wrongly.
        """
        catalogue = load_catalogue(config)
        options = config.settings.alerts or AlertsOptions()
        grouping = build_grouping(list_metric_rules(catalogue, options), options)
        return cls(t, config.zone, now_ms, catalogue, grouping)
