"""`/api/jipyo/targets`: everything that is collected, how it went, and what is not collected."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.jobs import JobKind
from jipyo.analysis.target_history import CELL_MS, CELLS
from jipyo.analysis.wording import name_cause, name_remedy
from jipyo.model.secret import redact_url
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from jipyo.analysis.target_history import TargetHistory, UncollectedProgram
    from jipyo.collect.target import TargetStatus
    from jipyo.i18n import Lang, Texts
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """A target and its last scrape."""

    job: str
    instance: str
    kind: Literal["host", "scrape", "database", "probe"]
    """Who collects it: a collector of this host, a scrape job, a database's, a probe."""
    url: str
    state: Literal["up", "down", "unknown", "absent"]
    """`absent` is a collector that has nothing to measure on this host."""
    since: float | None
    """When it came into this state; null where it has not been read yet."""
    error: str
    """Why it is down: it cannot be read, or the probe failed; empty where it is not."""
    hint: str
    """What to do about it; empty where it is not down."""
    notes: tuple[str, ...]
    """What could not be read, though the rest could."""
    last: float | None
    """When it was last tried."""
    duration_s: float
    samples: int
    rejected: int
    """Samples that the store rejected."""
    interval_s: float
    readings: tuple[int | None, ...]
    """Of each half hour the percentage of readings that succeeded, 100 only where all did.

    Null where there was none; empty where the target has never been read.
    """
    incident: int | None
    """The open incident that it is part of."""


@dataclass(frozen=True, slots=True)
class UncollectedInfo:
    """A program that was found on this host, and of which nothing is collected."""

    name: str
    process: str
    text: str
    """That it was found, and where to add it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Everything that is collected, in one sentence and one by one."""

    state: Literal["ok", "critical", "unknown"]
    text: str
    """How many answer, and which do not."""
    detail: str
    """The share of readings of 24 hours that succeeded, and samples a second."""
    readings_start: float
    """When the first half hour of `readings` begins."""
    readings_step: float
    targets: tuple[TargetInfo, ...]
    uncollected: tuple[UncollectedInfo, ...]


@dataclass(frozen=True, slots=True)
class TargetCounts:
    """How many targets are in each state."""

    up: int
    down: int
    unknown: int
    absent: int


OPERATION = Operation("/targets", Targets, "Everything that is collected.")
_NAMED = 3
"""How many failing targets a sentence names."""

Incidents = Mapping[tuple[str, str], int]
"""Open incidents by the job and instance of a target in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetDesk:
    """What the endpoint answers from."""

    list_targets: Callable[[], Sequence[TargetStatus]]
    find_kind: Callable[[str], JobKind]
    """Who collects a job."""
    read_history: Callable[[], TargetHistory]
    find_uncollected: Callable[[], Sequence[UncollectedProgram]]
    find_incidents: Callable[[], Incidents]


def routes(desk: TargetDesk, lang: Lang) -> list[Route]:
    """The route over the targets at the time of the request."""

    def build(_request: WebRequest, t: Texts) -> Targets:
        statuses, history = desk.list_targets(), desk.read_history()
        incidents = desk.find_incidents()
        rows = tuple(build_target(each, desk, history, incidents, t) for each in statuses)
        state, text = describe_targets(rows, t)
        return Targets(
            state=state,
            text=text,
            detail=describe_readings(rows, history, t),
            readings_start=history.start_ms / 1000,
            readings_step=CELL_MS / 1000,
            targets=rows,
            uncollected=tuple(
                UncollectedInfo(one.name, one.process, describe_uncollected(one, t))
                for one in desk.find_uncollected()
            ),
        )

    return [json_route(OPERATION, build, lang)]


def build_target(
    status: TargetStatus,
    desk: TargetDesk,
    history: TargetHistory,
    incidents: Incidents,
    t: Texts,
) -> TargetInfo:
    """A target with the texts of its errors, and how the last day went."""
    error, hint = describe_failure(status, t)
    key = status.labels.get("job", ""), status.labels.get("instance", "")
    shares = history.shares.get(key)
    return TargetInfo(
        job=key[0],
        instance=key[1],
        kind=name_kind(desk.find_kind(key[0])),
        url=redact_url(status.url),
        state=status.state.value,
        since=None if status.since_ms is None else status.since_ms / 1000,
        error=error,
        hint=hint,
        notes=tuple(t(note.key, **dict(note.values)) for note in status.notes),
        last=None if status.last_ms is None else status.last_ms / 1000,
        duration_s=status.duration_s,
        samples=status.samples,
        rejected=status.rejected,
        interval_s=status.interval_ms / 1000,
        readings=() if shares is None else tuple(map(_to_percentage, shares.tolist())),
        incident=incidents.get(key),
    )


def name_kind(kind: JobKind) -> Literal["host", "scrape", "database", "probe"]:
    """Who collects the targets of a job; those of other kinds have none."""
    names: dict[JobKind, Literal["scrape", "database", "probe"]] = {
        JobKind.SCRAPE: "scrape",
        JobKind.DATABASE: "database",
        JobKind.PROBE: "probe",
    }
    return names.get(kind, "host")


def _to_percentage(share: float) -> int | None:
    return None if math.isnan(share) else math.floor(100 * share)


def describe_targets(
    rows: Sequence[TargetInfo], t: Texts
) -> tuple[Literal["ok", "critical", "unknown"], str]:
    """How many answer, and the names of those that do not."""
    present = [row for row in rows if row.state != "absent"]
    down = [row for row in present if row.state == "down"]
    if down:
        names = ", ".join(f"{row.job} {row.instance}" for row in down[:_NAMED])
        more = len(down) - _NAMED
        names += t("web.targets.more", n=more) if more > 0 else ""
        return "critical", t("web.targets.down", n=len(present), down=len(down), names=names)
    waiting = sum(row.state == "unknown" for row in present)
    if not present:
        return "unknown", t("web.targets.none")
    if waiting:
        return "unknown", t("web.targets.waiting", n=len(present), waiting=waiting)
    return "ok", t("web.targets.all_up", n=len(present))


def describe_readings(rows: Sequence[TargetInfo], history: TargetHistory, t: Texts) -> str:
    """The share of readings that succeeded, never rounded up, and samples a second."""
    read = [row for row in rows if row.state in ("up", "down")]
    per_second = sum(row.samples / row.interval_s for row in read if row.interval_s)
    samples = t("web.targets.samples", n=t.number(per_second))
    if history.rate is None:
        return samples
    percentage = math.floor(history.rate * 10_000) / 100
    return t("web.targets.rate", rate=f"{percentage:.2f}%", hours=CELLS // 2, samples=samples)


def describe_uncollected(program: UncollectedProgram, t: Texts) -> str:
    """That a program was found, and what to do to collect it."""
    values = {"name": program.name, "process": program.process, "key": program.key}
    return t("web.targets.uncollected", **values)


def describe_failure(status: TargetStatus, t: Texts) -> tuple[str, str]:
    """Why a target is down and what to do about it; both empty where it is not."""
    if status.failure is None:
        return "", ""
    cause = name_cause(status.failure, t) if status.error is None else t.error(status.error)
    error, _, hint = cause.partition("\n")
    return error, hint or name_remedy(status.failure, t)


def count_targets(targets: Sequence[TargetStatus]) -> TargetCounts:
    """The targets by state."""
    states = Counter(target.state.value for target in targets)
    return TargetCounts(states["up"], states["down"], states["unknown"], states["absent"])
