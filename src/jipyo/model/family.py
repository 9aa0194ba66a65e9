"""Metric families (what an exposition consists of), and short ways to build them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType

Row = tuple[Sequence[str], float]
"""The values of the labels, in the order of their names, and the sample's value."""


@dataclass(frozen=True, slots=True)
class FamilySample:
    """One sample of an exposition. `labels` has the whole metric name (`x_bucket`, `x_total`)."""

    labels: Labels
    value: float
    t_ms: int | None = None
    """Only where the exposition itself has a timestamp."""


@dataclass(frozen=True, slots=True)
class Family:
    """Samples that share type, help and unit."""

    name: str
    type: MetricType
    help: str
    samples: tuple[FamilySample, ...]
    unit: str = ""


@lru_cache(maxsize=1 << 15)
def intern_labels(metric: str, names: tuple[str, ...], values: tuple[str, ...]) -> Labels:
    """The label set of a series; the same object each time, so that comparing is cheap."""
    return Labels.of([(METRIC_NAME, metric), *zip(names, values, strict=True)])


def family(
    kind: MetricType, name: str, text: str, names: tuple[str, ...], rows: Iterable[Row]
) -> Family:
    """A family of samples that differ in the values of the labels `names`."""
    samples = tuple(
        FamilySample(intern_labels(name, names, tuple(values)), value) for values, value in rows
    )
    return Family(name, kind, text, samples)


def gauge(name: str, text: str, names: tuple[str, ...], rows: Iterable[Row]) -> Family:
    """A family of values that go up and down."""
    return family(MetricType.GAUGE, name, text, names, rows)


def counter(name: str, text: str, names: tuple[str, ...], rows: Iterable[Row]) -> Family:
    """A family of values that only go up."""
    return family(MetricType.COUNTER, name, text, names, rows)


def single(kind: MetricType, name: str, text: str, value: float) -> Family:
    """A family of one sample without labels."""
    return Family(name, kind, text, (FamilySample(intern_labels(name, (), ()), value),))


def info(name: str, text: str, labels: dict[str, str]) -> Family:
    """A gauge that is always 1 and carries information in its labels."""
    return gauge(name, text, tuple(labels), [(tuple(labels.values()), 1.0)])


def merge_families(families: Iterable[Family]) -> list[Family]:
    """Families of the same name as one, in order of appearance.

    An exposition must not repeat a family; parts that count the same thing under different
    labels (every periodic loop, for example) each give their own.
    """
    merged: dict[str, Family] = {}
    for each in families:
        first = merged.get(each.name)
        merged[each.name] = replace(first, samples=first.samples + each.samples) if first else each
    return list(merged.values())
