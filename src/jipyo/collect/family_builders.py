"""Short ways to write down families of samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.sample import MetricType

Row = tuple[Sequence[str], float]
"""The values of the labels, in the order of their names, and the sample's value."""


@lru_cache(maxsize=1 << 15)
def labels_of(metric: str, names: tuple[str, ...], values: tuple[str, ...]) -> Labels:
    """The label set of a series; the same object each time, so that comparing is cheap."""
    return Labels.of([(METRIC_NAME, metric), *zip(names, values, strict=True)])


def family(
    kind: MetricType, name: str, text: str, names: tuple[str, ...], rows: Iterable[Row]
) -> Family:
    """A family of samples that differ by these labels."""
    samples = tuple(
        FamilySample(labels_of(name, names, tuple(values)), value) for values, value in rows
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
    return Family(name, kind, text, (FamilySample(labels_of(name, (), ()), value),))


def info(name: str, text: str, labels: dict[str, str]) -> Family:
    """A gauge that is always 1 and says something by its labels."""
    return gauge(name, text, tuple(labels), [(tuple(labels.values()), 1.0)])
