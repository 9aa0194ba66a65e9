"""What a metric is: the values that a catalogue file is read into."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.bilingual import Bilingual


SERVER = "server"
"""The label for the model server that a series is of, with the id of its exporter."""


class MetricGroup(Enum):
    """The chapters of the specification."""

    SYSTEM = "system"
    APPLICATION = "application"
    AI = "ai"
    DATABASE = "database"


class Unit(Enum):
    """What a value counts; `i18n` has a label for each."""

    PERCENT = "percent"
    RATIO = "ratio"
    COUNT = "count"
    FACTOR = "factor"
    BYTES = "bytes"
    BYTES_PER_SECOND = "bytes_per_second"
    SECONDS = "seconds"
    DAYS = "days"
    CELSIUS = "celsius"
    WATT = "watt"
    KILOWATT_HOURS = "kilowatt_hours"
    MEGAHERTZ = "megahertz"
    PER_SECOND = "per_second"
    PER_MINUTE = "per_minute"
    REQUESTS = "requests"
    REQUESTS_PER_SECOND = "requests_per_second"
    PACKETS_PER_SECOND = "packets_per_second"
    PAGES_PER_SECOND = "pages_per_second"
    TOKENS_PER_SECOND = "tokens_per_second"
    TOKENS_PER_JOULE = "tokens_per_joule"
    TOKENS_PER_KWH = "tokens_per_kwh"
    TOKENS_PER_GPU_HOUR = "tokens_per_gpu_hour"
    REQUESTS_PER_KWH = "requests_per_kwh"
    REQUESTS_PER_GPU_HOUR = "requests_per_gpu_hour"


class Direction(Enum):
    """Which way a value gets worse; a neutral one cannot have thresholds."""

    HIGHER_IS_WORSE = "higher_is_worse"
    LOWER_IS_WORSE = "lower_is_worse"
    NEUTRAL = "neutral"

    @property
    def sign(self) -> int:
        """1 where higher is worse, -1 where lower is, 0 for neutral."""
        return {"higher_is_worse": 1, "lower_is_worse": -1}.get(self.value, 0)


class Origin(Enum):
    """Who set a threshold or objective: the specification, we by default, or the site."""

    SPECIFICATION = "specification"
    DEFAULT = "default"
    SITE = "site"


class Compare(Enum):
    """How an objective compares."""

    AT_MOST = "<="
    AT_LEAST = ">="


class Statistic(Enum):
    """What the value of a query is: the metric itself, or only a mean of it."""

    FULL = "full"
    MEAN = "mean"


class Summary(Enum):
    """How a report sums a metric up over a period."""

    AVG = "avg"
    P95 = "p95"
    MIN = "min"
    MAX = "max"
    LAST = "last"
    SUM = "sum"
    TOTAL = "total"
    CHANGE = "change"
    RATIO_OF_SUMS = "ratio_of_sums"
    PART = "part"
    """How many cases a share is: a whole number, which adds up over days."""


class Across(Enum):
    """How a metric's series become one."""

    AVG = "avg"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    RATIO_OF_SUMS = "ratio_of_sums"
    TOPK10 = "topk10"
    HEATMAP = "heatmap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where a value is a warning or critical, and for how long it must stay there.

    A level is reached at the value itself. With a recovery level it is left only there.
    """

    warning: float | None = None
    critical: float | None = None
    for_ms: int = 300_000
    recover_warning: float | None = None
    recover_critical: float | None = None
    keep_firing_ms: int | None = None
    """How long an alert is kept firing after that; None where its kind decides."""
    origin: Origin = Origin.SITE
    note: Bilingual | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """The value that a metric must keep to."""

    compare: Compare
    value: float
    origin: Origin = Origin.SITE
    note: Bilingual | None = None

    def is_met_by(self, value: float) -> bool:
        """Whether a value meets the objective."""
        return value <= self.value if self.compare is Compare.AT_MOST else value >= self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportShape:
    """How a report sums a metric up: over time, and across its series."""

    summaries: tuple[Summary, ...] = (Summary.AVG, Summary.P95, Summary.MAX)
    across: tuple[Across, ...] = (Across.MAX,)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuery:
    """One exporter's way to answer: its PromQL, with `$w` for the rate window."""

    exporter: str
    promql: str = ""
    """Written by `expand_members` where there are `members`."""
    members: str = ""
    """A selector of one series for each member of a target: what is gone of it is a loss."""
    transient: str = ""
    """A selector of series with the same labels for members that rightly come and go."""
    identity: tuple[str, ...] = ()
    """The labels that identify a member, where not those of the metric (a GPU's UUID)."""
    statistic: Statistic = Statistic.FULL
    fallback: bool = False
    """Run only where no other query has data anywhere."""
    rename: Mapping[str, str] = field(default_factory=dict)
    """Result labels under the names that `labels` uses."""
    total_promql: str | None = None
    """What a share is out of: PromQL that counts all cases (n), with the labels of `promql`."""
    note: Bilingual | None = None

    def count_part(self, whole: float) -> MetricQuery | None:
        """What counts the cases that a share is, of a unit with so much for all of them.

        None where no total is counted.
        """
        if self.total_promql is None:
            return None
        counted = f"({self.promql}) * ({self.total_promql})"
        return replace(self, promql=f"{counted} / {whole:g}" if whole != 1 else counted)

    def expression(self, window: str) -> str:
        """The PromQL with this rate window."""
        return self.promql.replace("$w", window)

    def names_server_of(self, metric: Metric) -> bool:
        """Whether its series are one model server's; a fallback is of none."""
        return SERVER in metric.labels and not self.fallback


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of the catalogue."""

    id: str
    group: MetricGroup
    name: Bilingual
    description: Bilingual
    unit: Unit
    direction: Direction
    labels: tuple[str, ...] = ()
    """The labels of its series; the first identifies the target, with `server` where it has it."""
    required: bool = False
    """Whether the specification asks for it."""
    idle_without_data: bool = False
    """Whether it has no value while nothing happens, so that silence is not a loss."""
    outage: bool = False
    """Whether a breach means that a target does not answer, which is reported by name and cause."""
    loss: bool = False
    """Whether a breach means that something that was there is gone, which is reported by name."""
    window_ms: int = 300_000
    """The rate window where no longer one is needed."""
    thresholds: Thresholds | None = None
    objective: Objective | None = None
    report: ReportShape = field(default_factory=ReportShape)
    remedy: Bilingual | None = None
    """What to do where it has no data, beyond its exporters' setup; of a loss, about the loss."""
    queries: tuple[MetricQuery, ...]
    where: str = ""
    """The file and line it was read from."""

    @property
    def has_total(self) -> bool:
        """Whether it is a share of cases that at least one query counts."""
        return any(query.total_promql is not None for query in self.queries)

    @property
    def topic(self) -> str:
        """The first two parts of the id, such as `system.cpu`."""
        return ".".join(self.id.split(".")[:2])


class Role(Enum):
    """What an AI exporter is to a request."""

    ENGINE = "engine"
    """It runs the model: its requests and tokens are counted nowhere else."""
    GATEWAY = "gateway"
    """It passes requests on to engines, which count them too."""
    CLIENT = "client"
    """It asks engines or gateways, which count its requests too."""


class Section(Enum):
    """The part of `collect:` that makes jipyo produce an exporter's metrics itself."""

    DATABASES = "databases"
    PROBES = "probes"
    OLLAMA = "ollama"
    DOMAINS = "domains"


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeCollector:
    """How jipyo produces an exporter's metrics itself once an address is configured."""

    section: Section
    entry: str
    """One entry of that section, as in `jipyo.yaml`."""
    setup: Bilingual


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExported:
    """Metrics that an exporter cannot give, and why."""

    metrics: tuple[str, ...]
    reason: Bilingual


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Who can give metrics, and how a site gets it."""

    id: str
    name: str
    builtin: bool = False
    """Whether jipyo's own collectors produce the same metrics without configuration."""
    job: str | None = None
    url: str | None = None
    """Where such an exporter usually listens; for the lines of configuration."""
    native: NativeCollector | None = None
    role: Role | None = None
    """Of an AI server, what it is to a request."""
    not_exported: tuple[NotExported, ...] = ()
    setup: Bilingual


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What the metrics whose ids begin alike are called together."""

    id: str
    name: Bilingual


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All metrics, in the order of the files; what their topics are called; who gives them."""

    metrics: tuple[Metric, ...]
    exporters: tuple[Exporter, ...] = ()
    topics: tuple[Topic, ...] = ()
    removed: tuple[Mapping[str, str], ...] = ()
    """Labels of what the site removed on purpose, and what is therefore no loss."""

    def get(self, metric_id: str) -> Metric | None:
        """The metric of this id."""
        return next((metric for metric in self.metrics if metric.id == metric_id), None)

    @property
    def names(self) -> dict[str, Bilingual]:
        """The name of each metric by its id."""
        return {metric.id: metric.name for metric in self.metrics}

    def find_exporter(self, exporter_id: str) -> Exporter | None:
        """The exporter of this id."""
        return next((known for known in self.exporters if known.id == exporter_id), None)

    def topic_name(self, topic: str, lang: str) -> str:
        """The name of a topic; its id where no file names it."""
        match = next((known for known in self.topics if known.id == topic), None)
        return match.name(lang) if match else topic
