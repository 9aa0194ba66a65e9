"""The outlooks of the last run, by metric; asked by the dashboard while a run replaces them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.analysis.outlook import Outlook


@dataclass(slots=True)
class OutlookBook:
    """What is known of each metric."""

    _by_metric: dict[str, tuple[Outlook, ...]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def replace(self, outlooks: Iterable[Outlook]) -> None:
        """Put the outlooks of a run in the place of those before."""
        by_metric: dict[str, list[Outlook]] = {}
        for outlook in outlooks:
            by_metric.setdefault(outlook.history.metric_id, []).append(outlook)
        frozen = {metric: tuple(found) for metric, found in by_metric.items()}
        with self._lock:
            self._by_metric = frozen

    def find(self, metric_id: str) -> tuple[Outlook, ...]:
        """The outlooks of a metric's series; none where there was no run yet."""
        with self._lock:
            return self._by_metric.get(metric_id, ())

    def list_all(self) -> tuple[Outlook, ...]:
        """All outlooks."""
        with self._lock:
            return tuple(one for found in self._by_metric.values() for one in found)
