"""What the endpoints about alerts answer from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.alerts.maintenance_calendar import expand_maintenance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.alerts.alert import Alert
    from jipyo.alerts.desk import IncidentDesk
    from jipyo.alerts.incident.grouping import IncidentGrouping
    from jipyo.alerts.options import AlertsOptions
    from jipyo.alerts.silence import MaintenanceWindow
    from jipyo.catalogue import Catalogue


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDesk:
    """The parts of the server that know of alerts."""

    incidents: IncidentDesk
    list_alerts: Callable[[], Sequence[Alert]]
    """Those that are not inactive."""
    grouping: Callable[[], IncidentGrouping]
    """By which the alerts of an incident are ranked."""
    catalogue: Catalogue
    options: AlertsOptions
    zone: ZoneInfo
    now_ms: Callable[[], int]
    find_on_call: Callable[[int], tuple[str, ...]] = lambda _: ()
    """The names of those who are on call at a moment."""

    def list_windows(self, start_ms: int, end_ms: int) -> tuple[MaintenanceWindow, ...]:
        """Maintenance windows that touch [start, end), of the file and of the configuration."""
        planned = expand_maintenance(self.options.maintenance, start_ms, end_ms, self.zone)
        entered = self.incidents.list_windows(start_ms, end_ms)
        return tuple(sorted((*entered, *planned), key=lambda one: one.start_ms))

    def find_target_incidents(self) -> Mapping[tuple[str, str], int]:
        """The newest open incident of each target with an alert in it, by job and instance."""
        at_ms = self.now_ms()
        open_ = self.incidents.list_incidents(at_ms, at_ms + 1)
        return {
            (alert.key.labels.get("job", ""), alert.key.labels.get("instance", "")): one.number
            for one in reversed(open_)
            for alert in one.alerts
        }
