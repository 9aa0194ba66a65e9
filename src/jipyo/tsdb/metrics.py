"""The store's own metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType, Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(slots=True)
class StoreCounters:
    """What happened since the store was opened."""

    appended: int = 0
    rejected: Counter[Reject] = field(default_factory=Counter[Reject])
    write_failures: int = 0
    slices: int = 0
    slice_seconds: float = 0.0
    longest_hold_seconds: float = 0.0

    def record_hold(self, seconds: float) -> None:
        """Note that maintenance held the writer's lock for so long."""
        self.longest_hold_seconds = max(self.longest_hold_seconds, seconds)


def build_families(
    counts: StoreCounters, gauges: Mapping[str, tuple[str, float]]
) -> Iterator[Family]:
    """Counters of what happened and gauges (help, value by name) of what is."""
    yield _build_counter("samples_appended", "Samples kept.", {"": counts.appended})
    yield _build_counter(
        "samples_rejected",
        "Samples refused, by reason.",
        {reason.value: counts.rejected[reason] for reason in Reject},
        "reason",
    )
    yield _build_counter("write_failures", "Transactions that failed.", {"": counts.write_failures})
    yield _build_counter("maintenance_slices", "Slices of maintenance.", {"": counts.slices})
    yield _build_counter(
        "maintenance_seconds",
        "Time spent on maintenance.",
        {"": counts.slice_seconds},
        unit="seconds",
    )
    for name, (text, value) in gauges.items():
        yield _build_family(name, MetricType.GAUGE, text, {"": value})


def _build_counter(
    name: str, text: str, values: Mapping[str, float], by: str = "", unit: str = ""
) -> Family:
    return _build_family(f"{name}_total", MetricType.COUNTER, text, values, by, unit)


def _build_family(
    name: str,
    kind: MetricType,
    text: str,
    values: Mapping[str, float],
    by: str = "",
    unit: str = "",
) -> Family:
    full = f"jipyo_tsdb_{name}"
    samples = tuple(
        FamilySample(_make_labels(full, by, value), float(number))
        for value, number in values.items()
    )
    return Family(full, kind, text, samples, unit)


@lru_cache(maxsize=256)
def _make_labels(name: str, by: str, value: str) -> Labels:
    """The same object each time, so that comparing is cheap."""
    return Labels.of({METRIC_NAME: name, by: value})
