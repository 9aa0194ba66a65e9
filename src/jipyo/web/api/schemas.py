"""What `/api/jipyo` answers with; the OpenAPI document is made from these shapes.

Times are seconds UTC, absent values are null, texts are in the language asked for.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the shapes
from dataclasses import dataclass
from typing import Literal

StateName = Literal["ok", "pending", "warning", "critical", "unknown"]
LevelName = Literal["warning", "critical"]
BreachName = Literal["pending", "warning", "critical"]
DirectionName = Literal["higher_is_worse", "lower_is_worse", "neutral"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many metrics are in each state; one that never had data is only absent."""

    ok: int
    pending: int
    warning: int
    critical: int
    unknown: int
    absent: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Is it well?"""

    state: StateName
    text: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Storage:
    """Whether samples can be kept; `text` says why not and what to do."""

    writable: bool
    text: str


@dataclass(frozen=True, slots=True)
class FamilyOf:
    """Metrics that belong together."""

    id: str
    name: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """From where a value is a warning or critical, and for how long it must stay there."""

    warning: float | None
    critical: float | None
    for_s: float
    origin: Literal["specification", "default", "site"]


@dataclass(frozen=True, slots=True)
class CertaintyNow:
    """Of how many cases a share is one, with its 95% interval; null where nobody counted."""

    n: int | None
    low: float | None
    high: float | None
    text: str
    unsure: bool
    """Whether the cases are too few to tell on which side of its threshold the value is."""


@dataclass(frozen=True, slots=True)
class PendingBreach:
    """A threshold that is reached, but not yet for its alert duration."""

    severity: LevelName
    """What the state becomes if it lasts."""
    threshold: float
    elapsed_s: float
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricNow:
    """How a metric is."""

    id: str
    topic: str
    group: str
    name: str
    description: str
    unit: str
    unit_label: str
    direction: DirectionName
    judged: bool
    state: StateName
    since: float | None
    since_text: str
    value: float | None
    text: str
    worst: Mapping[str, str] | None
    worst_text: str
    reason: str
    exporter: str | None
    required: bool
    thresholds: Limits | None
    absent: bool
    certainty: CertaintyNow | None
    """Null for what is not a share of counted cases."""
    pending: PendingBreach | None
    """Null unless a level comes into force if it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything the first screen shows."""

    t: float
    lang: Literal["ko", "en"]
    timezone: str
    instance: str
    version: str
    verdict: Verdict
    storage: Storage
    topics: tuple[FamilyOf, ...]
    metrics: tuple[MetricNow, ...]


@dataclass(frozen=True, slots=True)
class CertaintyOf:
    """The same at each of the metric's times."""

    n: tuple[int | None, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class SeriesBreach:
    """A stretch beyond a threshold; of severity pending where it did not last long enough."""

    start: float
    end: float
    severity: BreachName
    open: bool
    """Whether the last step is within it."""
    peak: float | None
    peak_t: float


@dataclass(frozen=True, slots=True)
class SeriesOf:
    """One series; `values` stand at the metric's times."""

    name: str
    labels: Mapping[str, str]
    exporter: str
    values: tuple[float | None, ...]
    certainty: CertaintyOf | None
    """Null for what is not a share of counted cases."""
    breaches: tuple[SeriesBreach, ...]
    """Judged over these very steps; empty for what has no thresholds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRange:
    """A metric over time, all series on common steps."""

    id: str
    name: str
    unit: str
    unit_label: str
    direction: DirectionName
    t: tuple[float, ...]
    series: tuple[SeriesOf, ...]
    thresholds: Limits | None
    warnings: tuple[str, ...]
    coverage: float | None
    """The share of steps at which there are values; null where there is no series."""
    expressions: Mapping[str, str]
    """By exporter, the PromQL that was asked."""


@dataclass(frozen=True, slots=True)
class Found:
    """Whether a metric has data here, or what to do so that it has."""

    id: str
    name: str
    state: Literal["found", "missing"]
    exporter: str | None
    series: int
    remedy: str | None


@dataclass(frozen=True, slots=True)
class Doctor:
    """Every metric of the catalogue."""

    t: float
    metrics: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class TargetOf:
    """One target and its last reading."""

    job: str
    instance: str
    url: str
    state: Literal["up", "down", "unknown", "absent"]
    error: str
    notes: tuple[str, ...]
    last: float | None
    duration_s: float
    samples: int
    rejected: int
    interval_s: float


@dataclass(frozen=True, slots=True)
class Targets:
    """Everything that is read."""

    targets: tuple[TargetOf, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The verdict alone, and how the process stands."""

    t: float
    version: str
    instance: str
    started: float
    ready: bool
    verdict: Verdict
    storage: Storage


@dataclass(frozen=True, slots=True)
class Problem:
    """A refusal; `hint` says what to do."""

    status: Literal["error"]
    errorType: str  # noqa: N815 - the Prometheus API's name
    error: str
    hint: str
