"""Silences and maintenance windows: of which alerts nobody is notified, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.model.matcher import select_all

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.labels import Labels
    from jipyo.model.matcher import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Alerts of which nobody is notified for a while; they are recorded all the same."""

    id: int = 0
    """Its number in the file; 0 before it is kept."""
    matchers: tuple[Matcher, ...]
    """Of the labels of the alerts, `alertname` and `severity` among them; at least one."""
    start_ms: int
    end_ms: int
    """The first moment after it; one that was ended early ends there."""
    who: str
    reason: str
    entered_ms: int
    expired_by: str = ""
    """Who ended it early; empty where nobody did."""

    def covers(self, labels: Labels, t_ms: int) -> bool:
        """Whether it silences an alert with these labels at a moment."""
        return self.start_ms <= t_ms < self.end_ms and select_all(self.matchers, labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceWindow:
    """Planned work from one moment to another, of which alerts notify nobody."""

    id: str
    """Its number in the file, or the name in the configuration and the day: `backup 2027-01-03`."""
    name: str
    """What is done."""
    matchers: tuple[Matcher, ...]
    """What is worked on; none: everything."""
    start_ms: int
    end_ms: int
    """The first moment after it."""
    announced_ms: int | None
    """When users were informed; None where nobody has."""
    approval: str = ""
    """The number under which it was approved."""
    who: str = ""
    """Who entered it; empty for one of the configuration."""
    entered_ms: int = 0
    cancelled_ms: int | None = None
    """When it was called off; from then on it covers nothing."""
    cancelled_by: str = ""

    @property
    def known_ms(self) -> int | None:
        """From when on it is on record that users were informed; None where they were not.

        An announcement that was entered later is known from its entry: nothing shows it before.
        """
        return None if self.announced_ms is None else max(self.announced_ms, self.entered_ms)

    @property
    def is_announced_ahead(self) -> bool:
        """Whether it is on record that users were informed before it began."""
        return self.known_ms is not None and self.known_ms < self.start_ms

    def covers(self, labels: Labels, t_ms: int) -> bool:
        """Whether alerts with these labels are of the planned work at a moment."""
        is_on = self.start_ms <= t_ms < self.end_ms
        was_cancelled = self.cancelled_ms is not None and self.cancelled_ms <= t_ms
        return is_on and not was_cancelled and select_all(self.matchers, labels)


def find_silence(silences: Iterable[Silence], labels: Labels, t_ms: int) -> Silence | None:
    """The silence that lets nobody be notified of an alert at a moment: of several the last."""
    covering = [one for one in silences if one.covers(labels, t_ms)]
    return max(covering, key=lambda one: one.end_ms, default=None)


def find_maintenance(
    windows: Iterable[MaintenanceWindow], labels: Labels, t_ms: int
) -> MaintenanceWindow | None:
    """The maintenance window that an alert is in at a moment: of several the last."""
    covering = [one for one in windows if one.covers(labels, t_ms)]
    return max(covering, key=lambda one: one.end_ms, default=None)
