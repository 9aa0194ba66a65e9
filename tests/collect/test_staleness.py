"""What becomes of series that come, stay and go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jipyo.collect.staleness import REPORT, StalenessTracker
from jipyo.model.failure import FAILURES, FailureReason
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.reading import NO_TIME, TargetReading
from jipyo.model.sample import Scrape, is_stale

REFUSED = FailureReason.CONNECTION_REFUSED
TARGET = Labels.of({"job": "j", "instance": "i"})


def series(*names: str) -> tuple[Labels, ...]:
    return tuple(Labels.of({METRIC_NAME: name, "job": "j"}) for name in names)


def reading(named: tuple[Labels, ...], **given: object) -> TargetReading:
    return TargetReading(named, np.arange(1.0, len(named) + 1), scraped=len(named), **given)  # type: ignore[arg-type]


def read_values(scrapes: list[Scrape]) -> dict[str, float | str]:
    """Every sample; a stale marker as "stale"."""
    found: dict[str, float | str] = {}
    for scrape in scrapes:
        for labels, value, gone in zip(
            scrape.series, scrape.values, is_stale(scrape.values), strict=True
        ):
            assert labels.metric not in found
            found[labels.metric] = "stale" if gone else float(value)
    return found


def test_a_reading_is_one_scrape_with_the_report_beside_it() -> None:
    (scrape,) = StalenessTracker(TARGET).record(reading(series("a", "b")), 1000, 0.25)
    assert scrape.t_ms == 1000
    assert read_values([scrape]) == {
        "a": 1.0,
        "b": 2.0,
        "up": 1.0,
        "scrape_duration_seconds": 0.25,
        "scrape_samples_scraped": 2.0,
        "scrape_samples_post_metric_relabeling": 2.0,
        "scrape_series_added": 2.0,
    }
    assert str(scrape.series[-1]) == 'scrape_series_added{instance="i",job="j"}'


def test_the_series_are_the_same_object_while_nothing_changes() -> None:
    tracker, same = StalenessTracker(TARGET), series("a", "b")
    (first,) = tracker.record(reading(same), 1000, 0.1)
    (second,) = tracker.record(reading(same), 2000, 0.1)
    assert first.series is second.series
    assert read_values([second])["scrape_series_added"] == 0.0


def test_a_series_that_goes_gets_a_stale_marker_once() -> None:
    tracker = StalenessTracker(TARGET)
    tracker.record(reading(series("a", "b")), 1000, 0.1)
    after = read_values(tracker.record(reading(series("b", "c")), 2000, 0.1))
    assert after["a"] == "stale"
    assert after["scrape_series_added"] == 1.0
    assert "a" not in read_values(tracker.record(reading(series("b", "c")), 3000, 0.1))


def test_a_target_that_fails_takes_its_series_with_it() -> None:
    tracker, same = StalenessTracker(TARGET), series("a")
    tracker.record(reading(same), 1000, 0.1)
    failed = read_values(tracker.record_failure(2000, 0.5, REFUSED))
    assert failed["a"] == "stale"
    assert (failed["up"], failed["scrape_duration_seconds"]) == (0.0, 0.5)
    assert set(read_values(tracker.record_failure(3000, 0.5, REFUSED))) == {*REPORT, FAILURES}
    back = read_values(tracker.record(reading(same), 4000, 0.1))
    assert (back["a"], back["scrape_series_added"]) == (1.0, 1.0)


def test_at_the_end_everything_is_marked_stale() -> None:
    tracker = StalenessTracker(TARGET)
    assert tracker.stop(500) == []
    tracker.record(reading(series("a")), 1000, 0.1)
    assert read_values(tracker.stop(2000)) == dict.fromkeys(("a", *REPORT), "stale")
    assert tracker.stop(3000) == []


def test_samples_with_a_time_of_their_own_stand_apart_and_are_not_followed() -> None:
    tracker, same = StalenessTracker(TARGET), series("a", "b", "c")
    times = np.array([NO_TIME, 500, 400])
    for t_ms in (1000, 2000):
        here, early, late = tracker.record(reading(same, t_ms=times), t_ms, 0.1)
        assert (here.t_ms, early.t_ms, late.t_ms) == (t_ms, 400, 500)
        assert {"b", "c"}.isdisjoint(read_values([here]))
        assert read_values([early, late]) == {"c": 3.0, "b": 2.0}
    assert set(read_values(tracker.stop(3000))) == {"a", *REPORT}


@given(st.lists(st.sets(st.sampled_from("abcd")) | st.none(), max_size=8))
def test_at_any_moment_what_is_alive_is_what_was_last_read(
    history: list[set[str] | None],
) -> None:
    tracker, alive = StalenessTracker(TARGET), set[str]()
    for t_ms, names in enumerate(history, 1):
        scrapes = (
            tracker.record_failure(t_ms, 0.1, REFUSED)
            if names is None
            else tracker.record(reading(series(*sorted(names))), t_ms, 0.1)
        )
        for name, value in read_values(scrapes).items():
            alive.discard(name) if value == "stale" else alive.add(name)
        assert alive == ({FAILURES} if names is None else names) | set(REPORT)


def test_a_failing_target_counts_its_failures_with_the_reason() -> None:
    tracker = StalenessTracker(TARGET)
    timeout, stale = FailureReason.TIMEOUT, "stale"

    def list_failures(scrapes: list[Scrape]) -> dict[str, float | str]:
        return {
            labels["reason"]: stale if gone else float(value)
            for scrape in scrapes
            for labels, value, gone in zip(
                scrape.series, scrape.values, is_stale(scrape.values), strict=True
            )
            if labels.metric == FAILURES
        }

    assert list_failures(tracker.record_failure(1000, 0.1, REFUSED)) == {"connection_refused": 1}
    assert list_failures(tracker.record_failure(2000, 0.1, REFUSED)) == {"connection_refused": 2}
    changed = list_failures(tracker.record_failure(3000, 0.1, timeout))
    assert changed == {"timeout": 3, "connection_refused": stale}
    assert list_failures(tracker.record(reading(series("a")), 4000, 0.1)) == {"timeout": stale}
    assert list_failures(tracker.record(reading(series("a")), 5000, 0.1)) == {}
    assert list_failures(tracker.record_failure(6000, 0.1, timeout)) == {"timeout": 1}
    probed = tracker.record(reading(series("a")), 7000, 0.1, timeout)
    assert list_failures(probed) == {"timeout": 2}
    assert read_values(probed)["up"] == 1.0
    assert list_failures(tracker.stop(8000)) == {"timeout": stale}
