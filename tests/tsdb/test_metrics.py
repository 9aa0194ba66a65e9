"""The store's own metrics as families, and what they count."""

from __future__ import annotations

import pytest

from jipyo.model.sample import MetricType, Reject
from jipyo.tsdb.metrics import StoreCounters, build_families
from tsdb.support import STEP, T0, Opened, one, scrape


def read(counters: StoreCounters, **gauges: float) -> dict[str, float]:
    families = build_families(counters, {name: ("help", value) for name, value in gauges.items()})
    return {str(sample.labels): sample.value for family in families for sample in family.samples}


def test_counters_have_their_suffix_and_gauges_none() -> None:
    families = list(build_families(StoreCounters(), {"series": ("Known.", 3.0)}))
    for family in families[:-1]:
        assert family.type is MetricType.COUNTER
        assert family.name.endswith("_total")
    assert (families[-1].name, families[-1].type) == ("jipyo_tsdb_series", MetricType.GAUGE)
    assert {family.unit for family in families if "seconds" in family.name} == {"seconds"}
    assert all(family.help for family in families)


def test_every_reason_is_there_from_the_start() -> None:
    samples = read(StoreCounters())
    for reason in Reject:
        assert samples[f'jipyo_tsdb_samples_rejected_total{{reason="{reason.value}"}}'] == 0


def test_counters_say_what_was_counted() -> None:
    counters = StoreCounters(appended=5, write_failures=2, slices=3, slice_seconds=0.5)
    counters.rejected[Reject.TOO_OLD] = 4
    samples = read(counters, file_bytes=7)
    assert samples["jipyo_tsdb_samples_appended_total"] == 5
    assert samples['jipyo_tsdb_samples_rejected_total{reason="too old sample"}'] == 4
    assert samples["jipyo_tsdb_write_failures_total"] == 2
    assert samples["jipyo_tsdb_maintenance_slices_total"] == 3
    assert samples["jipyo_tsdb_maintenance_seconds_total"] == 0.5
    assert samples["jipyo_tsdb_file_bytes"] == 7


@pytest.mark.parametrize(
    ("holds", "longest"), [([], 0.0), ([0.2], 0.2), ([0.2, 0.1], 0.2), ([0.1, 0.3, 0.2], 0.3)]
)
def test_the_longest_hold_is_kept(holds: list[float], longest: float) -> None:
    counters = StoreCounters()
    for seconds in holds:
        counters.record_hold(seconds)
    assert counters.longest_hold_seconds == longest


def test_labels_are_the_same_object_each_time() -> None:
    first, again = (
        [
            sample.labels
            for family in build_families(StoreCounters(), {})
            for sample in family.samples
        ]
        for _ in range(2)
    )
    assert all(a is b for a, b in zip(first, again, strict=True))


def test_the_oldest_and_the_newest_sample_are_told(opened: Opened) -> None:
    def times() -> tuple[float, float]:
        samples = {f.name: f.samples[0].value for f in opened.store.families()}
        oldest = samples["jipyo_tsdb_oldest_sample_seconds"]
        return oldest, samples["jipyo_tsdb_newest_sample_seconds"]

    assert times() == (0, 0)
    opened.store.append([scrape(T0 - STEP, (one("a"), 1.0)), scrape(T0, (one("a"), 1.0))])
    assert times() == ((T0 - STEP) / 1000, T0 / 1000)
    opened.store.compact_head()
    oldest, newest = times()
    assert oldest == (T0 - 86_400_000) / 1000, "of chunks only the day is known"
    assert newest == T0 / 1000
