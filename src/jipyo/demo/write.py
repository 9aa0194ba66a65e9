"""A made-up month into a store."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from jipyo.app.store_admin import load_blocks
from jipyo.demo import database, gpus, host, models, service
from jipyo.demo.day import DAY_MS, Counters, DemoDay, TargetDay, make_day
from jipyo.demo.story import Episode, Story, plan_story
from jipyo.model.progress import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from jipyo.model.calendar import Period
    from jipyo.model.progress import Progress
    from jipyo.model.sample import SeriesBlock

NODE = "ai-node-1"
PAGES = ("https://chat.example.go.kr/", "https://portal.example.go.kr/")


@dataclass(frozen=True, slots=True)
class WrittenMonth:
    """What was written: the story, samples, and where the counters stand at the end."""

    story: Story
    samples: int
    series: int
    counters: Counters


@dataclass(frozen=True, slots=True)
class DemoTarget:
    """A target: where it is, what it gives, and when it gives nothing."""

    job: str
    instance: str
    add: Callable[[TargetDay], None]
    down: tuple[Episode, ...] = ()
    restarts: bool = False


def list_places(story: Story) -> tuple[DemoTarget, ...]:
    """All targets of the made-up server."""
    down = (story.maintenance,)
    engines = [
        DemoTarget(
            "vllm", one.instance, partial(models.add_engine, engine=one),
            (story.restart,) if one is models.ENGINES[0] else (), restarts=True,
        )
        for one in models.ENGINES
    ]  # fmt: skip
    return (
        DemoTarget("node", NODE, host.add_host),
        DemoTarget("process", NODE, host.add_processes),
        DemoTarget("dcgm", NODE, gpus.add_gpus),
        *engines,
        DemoTarget("tei", "ai-node-1:8003", models.add_embeddings),
        DemoTarget("litellm", "ai-node-1:4000", models.add_gateway),
        DemoTarget("chat-api", "chat-api:8000", service.add_chat, down, restarts=True),
        DemoTarget("portal", "portal:8080", service.add_portal, down, restarts=True),
        DemoTarget("nginx", "proxy-1:9113", service.add_proxy),
        *(DemoTarget("front", page, service.add_probe) for page in PAGES),
        DemoTarget("domain", "domain", service.add_domain),
        DemoTarget("postgres", "db-1:5432", database.add_postgres),
        DemoTarget("redis", "redis-1:6379", database.add_redis),
    )


def make_blocks(story: Story, seed: int, number: int, counters: Counters) -> Iterator[SeriesBlock]:
    """The samples of a day by UTC; moves the counters on to its end."""
    day: DemoDay = make_day(story, seed, number)
    for place in list_places(story):
        target = TargetDay(
            day, place.job, place.instance, counters, down=place.down, restarts=place.restarts
        )
        place.add(target)
        yield from target.blocks()


def write_month(
    folder: Path,
    month: Period,
    *,
    seed: int = 7,
    days_before: int = 42,
    until_ms: int | None = None,
    progress: Progress = ignore_progress,
) -> WrittenMonth:
    """Write a month, so many days before it, and what follows until a moment, into a new store.

    The same month and seed give the same samples, however often they are written.

    Args:
        folder: of the data, as `--data` names it.
        month: of the calendar.
        seed: of what is drawn by chance.
        days_before: forecasts look back six weeks, comparisons a month.
        until_ms: None: the end of the month.
        progress: told the days that are written, and how many there are.

    Raises:
        StoreBusy: another process writes there.
        StoreFull: the disk is full.
    """
    story = plan_story(month)
    end_ms = month.end_ms if until_ms is None else until_ms
    first = (month.start_ms - days_before * DAY_MS) // DAY_MS
    days = range(first, -(-end_ms // DAY_MS))
    counters: Counters = {}
    blocks = _report(progress, days, partial(make_blocks, story, seed, counters=counters))
    samples = load_blocks(folder, blocks, end_ms)
    return WrittenMonth(story, samples, len(counters), counters)


def _report(
    progress: Progress, days: range, make: Callable[[int], Iterator[SeriesBlock]]
) -> Iterator[SeriesBlock]:
    for done, number in enumerate(days):
        progress(done, len(days))
        yield from make(number)
