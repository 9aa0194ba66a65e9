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

SEED = 7
NODE = "ai-node-1"
PAGES = ("https://chat.example.go.kr/", "https://portal.example.go.kr/")


@dataclass(frozen=True, slots=True)
class WrittenMonth:
    """What was written."""

    story: Story
    samples: int
    counters: Counters
    """Where they stood at the beginning of the day of the end."""
    end_ms: int


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
    seed: int = SEED,
    days_before: int = 42,
    until_ms: int | None = None,
    progress: Progress = ignore_progress,
) -> WrittenMonth:
    """Write a month, so many days before it, and what follows until a moment, into a store.

    The same month and seed give the same samples, however often they are written.

    Args:
        folder: of the data, as `--data` names it.
        month: of the calendar.
        seed: of what is drawn by chance.
        days_before: forecasts look back six weeks, comparisons a month.
        until_ms: None: the end of the month.
        progress: called with how many of how many days are written.

    Raises:
        StoreBusy: another process writes there.
        StoreFull: the disk is full.
    """
    first = (month.start_ms - days_before * DAY_MS) // DAY_MS
    story, end_ms = plan_story(month), month.end_ms if until_ms is None else until_ms
    return write_days(folder, (story, seed), first, end_ms, {}, progress)


def write_days(
    folder: Path,
    plan: tuple[Story, int],
    first: int,
    end_ms: int,
    counters: Counters,
    progress: Progress = ignore_progress,
) -> WrittenMonth:
    """Write from a day by UTC, counted from 1970, until a moment; see `write_month`.

    `plan` is the story with the seed; `counters` are where they stood at the beginning of the
    first day.
    """
    story, seed = plan
    days, last_counters = range(first, -(-end_ms // DAY_MS)), dict(counters)

    def make() -> Iterator[SeriesBlock]:
        for done, number in enumerate(days):
            progress(done, len(days))
            counters.clear()
            counters.update(last_counters)
            yield from make_blocks(story, seed, number, last_counters)

    samples = load_blocks(folder, make(), end_ms)
    return WrittenMonth(story, samples, counters, end_ms)
