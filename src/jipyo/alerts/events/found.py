"""Events found in the samples: reboots, restarts, changed models.

They are found from samples with their own times, so a second search of the same samples
finds the same events, with the same keys: after a restart of jipyo as before.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.events.event import Event, EventKind
from jipyo.model.result import RawMatrix
from jipyo.source.routing import SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jipyo.model.labels import Labels
    from jipyo.model.sample import Times, Values
    from jipyo.source.base import Source

    SampleRow = tuple[Labels, Times, Values]
    _Run = tuple[int, int, str]
    """From when to when a server served a model."""

WINDOW_MS = 86_400_000
"""How far back samples are looked at: what was away for longer is not known to have restarted."""
_TOLERANCE_MS = 2_000
"""The kernel computes the time of its boot anew at each reading."""
_PAUSE_MS = 300_000
"""A model that was served before so long a pause is served anew."""
MODELS = (
    "vllm:num_requests_running",
    "sglang:num_running_reqs",
    "trtllm_num_requests_running",
    "lmdeploy:gpu_cache_usage_perc",
)
"""A gauge of each AI server with the label `model_name`."""
_ABOUT = (SOURCE, "instance", "job")


@dataclass(frozen=True, slots=True)
class StartSeries:
    """A metric that is the time of a start, in Unix seconds."""

    name: str
    kind: EventKind


STARTS = (
    StartSeries("node_boot_time_seconds", EventKind.REBOOT),
    StartSeries("process_start_time_seconds", EventKind.RESTART),
    StartSeries("pg_postmaster_start_time_seconds", EventKind.RESTART),
    StartSeries("redis_start_time_seconds", EventKind.RESTART),
)


def read_found_events(source: Source, t_ms: int) -> tuple[Event, ...]:
    """The events of the day before `t_ms`, in the order of time.

    Raises:
        SourceError: the source failed.
        QueryError: it rejects a query.
    """
    found: list[Event] = []
    names = source.metric_names(t_ms)
    for start in STARTS:
        if start.name in names:
            found += find_starts(start, _read_changed(source, start.name, t_ms), t_ms)
    present = [name for name in MODELS if name in names]
    for name in present:
        found += find_model_changes(_read_samples(source, name, t_ms), t_ms)
    return tuple(sorted(found, key=lambda event: (event.t_ms, event.key)))


def _read_changed(source: Source, name: str, t_ms: int) -> list[SampleRow]:
    """The samples of the series whose value has changed within the window by more than jitter."""
    seconds = WINDOW_MS // 1000
    window = f"{name}[{seconds}s]"
    spread = f"max_over_time({window}) - min_over_time({window})"
    changed = source.range(f"{spread} > {_TOLERANCE_MS / 1000:g}", t_ms, t_ms, 1).value
    series = getattr(changed, "series", ())
    if not series:
        return []
    wanted = set(series)
    return [row for row in _read_samples(source, name, t_ms) if row[0] in wanted]


def _read_samples(source: Source, name: str, t_ms: int) -> list[SampleRow]:
    """The raw samples of each series of the window, without its name."""
    value = source.instant(f'{{__name__="{name}"}}[{WINDOW_MS // 1000}s]', t_ms).value
    assert isinstance(value, RawMatrix), "BUG: a range selector is answered by a RawMatrix"
    return [
        (labels.drop(("__name__",)), block.t_ms, block.values[row])
        for block in value.blocks
        for row, labels in enumerate(block.series)
    ]


def find_starts(start: StartSeries, rows: Iterable[SampleRow], found_ms: int) -> Iterator[Event]:
    """The starts that samples show: a start time that lies after the sample before it.

    A clock that is set moves the time of a boot, too; but then it lies before that sample.
    """
    for labels, t_ms, values in rows:
        seen = ~np.isnan(values)
        times, starts_ms = t_ms[seen], np.round(values[seen] * 1000).astype(np.int64)
        for at in np.flatnonzero(starts_ms[1:] > times[:-1] - _TOLERANCE_MS):
            first_ms = int(times[at + 1])
            about = labels.keep(_ABOUT)
            yield Event(
                t_ms=min(int(starts_ms[at + 1]), first_ms),
                kind=start.kind,
                text=about.get("job", "") if start.kind is EventKind.RESTART else "",
                labels=about,
                entered_ms=found_ms,
                key=f"{start.name} {labels} {first_ms}",
            )


def find_model_changes(rows: Iterable[SampleRow], found_ms: int) -> Iterator[Event]:
    """The models that a server began to serve while or after it served others."""
    servers: defaultdict[Labels, list[_Run]] = defaultdict(list)
    for labels, t_ms, _ in rows:
        model = labels.get("model_name", "")
        if not model or not t_ms.size:
            continue
        pauses = np.flatnonzero(np.diff(t_ms) > _PAUSE_MS) + 1
        for run in np.split(t_ms, pauses):
            servers[labels.keep(_ABOUT)].append((int(run[0]), int(run[-1]), model))
    for server, runs in servers.items():
        for start_ms, _, model in sorted(set(runs)):
            others = [one for one in runs if one[2] != model and one[0] < start_ms]
            mine = [one for one in runs if one[2] == model and one[0] < start_ms]
            replaced = _find_replaced(others, mine, start_ms)
            is_added = bool(others) and not mine
            if any(end_ms >= start_ms for _, end_ms, _ in mine) or not (replaced or is_added):
                continue
            yield Event(
                t_ms=start_ms,
                kind=EventKind.MODEL,
                text=f"{', '.join(replaced)} → {model}" if replaced else model,
                labels=server,
                entered_ms=found_ms,
                key=f"model {server} {model} {start_ms}",
            )


def _find_replaced(others: list[_Run], mine: list[_Run], t_ms: int) -> list[str]:
    """The other models that a server served last before a moment, and no more from then on."""
    going_on = {model for _, end_ms, model in others if end_ms >= t_ms}
    ended = [(end_ms, model) for _, end_ms, model in others if model not in going_on]
    last_ms = max((end_ms for end_ms, _ in ended), default=0)
    if any(end_ms >= last_ms for _, end_ms, _ in mine):
        return []  # it was replaced before, and this is its own return
    return sorted({model for end_ms, model in ended if end_ms == last_ms})
