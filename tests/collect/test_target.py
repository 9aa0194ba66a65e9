"""Our own collectors, read as one target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from collect.helpers import samples
from jipyo.collect.target import CollectorReader, Target, TargetState, TargetStatus, own_target
from jipyo.model.errors import CollectError
from jipyo.model.family import gauge
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.model.family import Family


class Fixed:
    """A collector with these values."""

    def __init__(self, *values: float) -> None:
        self.values: Sequence[float] | None = values

    def collect(self, t_ms: int) -> list[Family] | None:
        if self.values is None:
            return None
        rows = [((str(n),), value) for n, value in enumerate(self.values)]
        return [gauge("m", "Some.", ("n",), rows)]


def test_collectors_are_read_as_one_target_with_its_labels() -> None:
    one, two = Fixed(1.0, 2.0), Fixed(5.0)
    two.values = None
    made = own_target([one, two], job="node", instance="h:1", interval_ms=1000)
    first, second = made.reader.read(0), made.reader.read(1)
    assert first is not None
    assert second is not None
    assert [str(s) for s in first.series] == [
        'm{instance="h:1",job="node",n="0"}',
        'm{instance="h:1",job="node",n="1"}',
    ]
    assert first.series is second.series
    assert first.metadata is second.metadata
    assert first.metadata == (MetricMetadata("m", MetricType.GAUGE, "Some."),)
    one.values = (1.0,)
    third = made.reader.read(2)
    assert third is not None
    assert (len(third.series), third.scraped) == (1, 1)
    assert samples(made.reader.families()) == {'m{n="0"}': 1.0}
    one.values = None
    assert made.reader.read(3) is None
    assert made.reader.families() == ()


def test_a_reader_of_collectors_that_fail_shows_nothing() -> None:
    class Broken:
        def collect(self, t_ms: int) -> list[Family]:
            raise CollectError("collect.gpu_driver")

    reader = CollectorReader([Fixed(1.0), Broken()], {"job": "j"})
    with pytest.raises(CollectError):
        reader.read(0)
    assert reader.families() == ()


def test_labels_of_the_target_win_over_those_of_a_collector() -> None:
    class Odd:
        def collect(self, t_ms: int) -> list[Family]:
            return [gauge("m", "Some.", ("job", "n"), [(("own", "1"), 1.0)])]

    reading = CollectorReader([Odd()], {"job": "node", "instance": "h"}).read(0)
    assert reading is not None
    assert [str(labels) for labels in reading.series] == ['m{instance="h",job="node",n="1"}']


def test_a_collector_without_samples_is_there_and_empty() -> None:
    reading = CollectorReader([Fixed()], {"job": "j"}).read(0)
    assert reading is not None
    assert (reading.series, reading.scraped) == ((), 0)


def test_metadata_stays_the_same_object_until_a_help_text_changes() -> None:
    class Wordy:
        text = "One."

        def collect(self, t_ms: int) -> list[Family]:
            return [gauge("m", self.text, (), [((), 1.0)])]

    collector = Wordy()
    reader = CollectorReader([collector], {"job": "j"})
    first, second = reader.read(0), reader.read(1)
    assert first is not None
    assert second is not None
    assert first.metadata is second.metadata
    collector.text = "Another."
    third = reader.read(2)
    assert third is not None
    assert third.metadata == (MetricMetadata("m", MetricType.GAUGE, "Another."),)


def test_two_targets_are_equal_only_if_they_are_one() -> None:
    labels = Labels.of({"job": "a", "instance": "b"})
    reader = CollectorReader([], {})
    one, other = Target(labels, reader, 1000), Target(labels, reader, 1000)
    assert one == one
    assert one != other
    assert (one.job, one.instance, one.url) == ("a", "b", "")
    bare = Target(Labels.of({}), reader, 1000)
    assert (bare.job, bare.instance) == ("", "")


def test_a_new_target_is_unknown() -> None:
    status = TargetStatus(Labels.of({"job": "a"}), "", 1000)
    assert (status.state, status.error, status.last_ms) == (TargetState.UNKNOWN, None, None)
