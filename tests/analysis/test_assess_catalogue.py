from dataclasses import replace

import pytest

from analysis.shaped import METRIC, levels
from jipyo.analysis.health import Reason, assess_catalogue, look_back_ms
from jipyo.analysis.thresholds import State
from jipyo.analysis.wording import describe_verdict
from jipyo.catalogue import Catalogue, MetricQuery
from jipyo.i18n import LANGS, texts
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

MINUTE_MS = 60_000
NOW_MS = 1_795_186_800_000 + 12_345


def test_the_whole_catalogue_is_judged_at_a_moment() -> None:
    """A critical metric, one without data and one whose question is refused."""
    store = MemoryStore()
    times = [NOW_MS - 15_000 * i for i in reversed(range(240))]
    store.put(Labels.of({"__name__": "cpu", "instance": "a"}), times, [90.0] * 240)
    judged = replace(METRIC, thresholds=levels(minutes=5))
    refused = (MetricQuery(exporter="x", promql="sum("),)
    catalogue = Catalogue(
        (
            judged,
            replace(judged, id="b", queries=(MetricQuery(exporter="x", promql="gone"),)),
            replace(judged, id="c", queries=refused),
        )
    )
    health = assess_catalogue(Embedded(store, Engine()), catalogue, NOW_MS)
    assert (health.t_ms, health.state) == (NOW_MS, State.CRITICAL)
    assert [one.reason for one in health.metrics] == [
        Reason.BREACH,
        Reason.ABSENT,
        Reason.REFUSED,
    ]
    assert health.metrics[0].value == 90
    assert "parse error" in health.metrics[2].problem


def test_the_newest_value_is_the_one_that_is_shown() -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "cpu", "instance": "a"}), [NOW_MS - 1, NOW_MS], [1.0, 2.0])
    health = assess_catalogue(Embedded(store, Engine()), Catalogue((METRIC,)), NOW_MS)
    assert health.metrics[0].value == 2


def test_enough_is_read_for_an_alert_duration_to_be_over() -> None:
    assert look_back_ms(METRIC) == 60 * MINUTE_MS
    assert look_back_ms(replace(METRIC, thresholds=levels(minutes=90))) == 150 * MINUTE_MS


def test_an_alert_duration_of_days_is_read_at_fewer_steps() -> None:
    store, days = MemoryStore(), 10
    times = range(NOW_MS - (days + 1) * 24 * 60 * MINUTE_MS, NOW_MS + 1, 4 * MINUTE_MS)
    store.put(Labels.of({"__name__": "cpu", "instance": "a"}), times, [99.0] * len(times))
    metric = replace(METRIC, thresholds=levels(minutes=days * 24 * 60))
    (health,) = assess_catalogue(Embedded(store, Engine()), Catalogue((metric,)), NOW_MS).metrics
    assert (health.reason, health.state) == (Reason.BREACH, State.CRITICAL)


@pytest.mark.parametrize(
    ("ahead_ms", "is_ahead"), [(0, False), (4 * MINUTE_MS, False), (3 * 365 * 86_400_000, True)]
)
def test_samples_that_a_clock_ahead_has_left_are_in_the_verdict(
    ahead_ms: int, is_ahead: bool
) -> None:
    store = MemoryStore()
    times = [NOW_MS - 60_000, NOW_MS, NOW_MS + ahead_ms] if ahead_ms else [NOW_MS]
    if is_ahead:
        del times[:2]  # nothing that came later was taken
    store.put(Labels.of({"__name__": "up", "instance": "a"}), times, [1.0] * len(times))
    health = assess_catalogue(Embedded(store, Engine()), Catalogue((METRIC,)), NOW_MS)
    assert health.is_ahead is is_ahead
    for lang in LANGS:
        verdict = describe_verdict(health, texts(lang))
        assert ("jipyo db trim --after now" in verdict) is is_ahead
