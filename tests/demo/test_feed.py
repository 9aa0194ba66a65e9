"""The feed of a running demonstration appends what a month written in one go has."""

from __future__ import annotations

from demo.test_write import MONTH, STORY, day_of, make_samples
from jipyo.demo.day import DAY_MS, Counters
from jipyo.demo.feed import Feed
from jipyo.demo.history import SetClock
from jipyo.model.sample import Appended


class Collected:
    """An appender that keeps what it gets."""

    def __init__(self) -> None:
        self.samples: dict = {}
        self.calls = 0

    def append(self, scrapes):
        self.calls += 1
        assert [one.t_ms for one in scrapes] == sorted(one.t_ms for one in scrapes)
        for scrape in scrapes:
            for series, value in zip(scrape.series, scrape.values.tolist(), strict=True):
                own = self.samples.setdefault(series, {})
                assert scrape.t_ms not in own, "a sample comes once"
                own[scrape.t_ms] = value
        return Appended(0)

    def describe(self, metadata):
        """Nothing to keep."""


def test_it_appends_each_sample_once_when_it_is_due_over_midnight_too():
    number = day_of(MONTH.start_ms) + 4
    counters: Counters = {}
    make_samples(number - 1, counters=counters)
    wanted_counters = dict(counters)
    days = [make_samples(number + at, counters=wanted_counters) for at in range(2)]
    since_ms = number * DAY_MS + 20 * 3_600_000
    collected, clock = Collected(), SetClock()
    feed = Feed(
        collected, clock, story=STORY, seed=7, counters=counters, since_ms=since_ms
    )  # fmt: skip
    for clock.t_ms in range(since_ms, since_ms + 5 * 3_600_000, 40 * 60_000):
        feed.tick()
        newest = max((max(one) for one in collected.samples.values()), default=0)
        assert newest <= clock.t_ms
    for series, (t_ms, values) in days[0].items():
        own = dict(zip(t_ms.tolist(), values.tolist(), strict=True))
        own |= dict(zip(*(one.tolist() for one in days[1][series]), strict=True))
        due = {t: v for t, v in own.items() if since_ms < t <= clock.t_ms}
        assert collected.samples[series] == due
