"""What a site sets about alerts, incidents and their messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.analysis.thresholds import Severity
from jipyo.model.secret import NO_SECRET, Secret

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from jipyo.i18n import Lang
    from jipyo.model.matcher import Matcher

_MINUTE_MS = 60_000
_DAY_MS = 86_400_000


class Weekday(Enum):
    """A day of the week, as the file writes it; in the order of `date.weekday()`."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


class ChannelKind(Enum):
    """How a channel delivers."""

    APPRISE = "apprise"
    """One of the services that Apprise knows, by its URL."""
    MAIL = "mail"
    ALERTMANAGER = "alertmanager"
    """Alerts by Alertmanager's API v2, which groups and routes them by itself."""
    WEBHOOK = "webhook"
    """A body of JSON, or what `template` makes of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOptions:
    """What a site sets about one rule; its thresholds are those of its metric."""

    enabled: bool = True
    keep_firing_ms: int | None = None
    """None: `AlertsOptions.keep_firing_ms`."""
    runbook: str = ""
    """The URL of what to do, as messages link to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """What cannot work without something else, such as services without their host."""

    matchers: tuple[Matcher, ...]
    """Of the labels of the alerts that are a consequence."""
    needs: tuple[Matcher, ...]
    """Of those that come before them."""
    equal: tuple[str, ...] = ()
    """Labels in which both agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelOptions:
    """Where messages go."""

    name: str
    kind: ChannelKind = ChannelKind.APPRISE
    url: Secret = NO_SECRET
    """With its tokens; `env:NAME` stands for an environment variable."""
    url_file: Path | None = None
    """Read at every message, instead of `url`."""
    template: str = ""
    """The body of a webhook; empty for JSON of jipyo's own."""
    headers: tuple[tuple[str, Secret], ...] = ()
    ca_file: Path | None = None
    language: Lang | None = None
    """None for that of the server."""
    charts: bool = True
    """Whether a small chart goes with a message, where the channel can take one."""
    max_per_hour: int = 60
    """Messages; what is beyond waits, and is then sent as one."""
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRoute:
    """Which messages go to which channels."""

    channels: tuple[str, ...]
    matchers: tuple[Matcher, ...] = ()
    """Of the labels of the alerts, `severity` and `alertname` among them; none: of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who else gets to know of an incident that nobody has acknowledged."""

    after_ms: int
    """Since it was noticed."""
    channels: tuple[str, ...]
    severity: Severity = Severity.CRITICAL
    """Of this one or a higher one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """When messages of some severities wait until the end of the hours."""

    from_minute: int
    """Of the day, in the local zone."""
    to_minute: int
    """Not later than `from_minute` where they last over midnight."""
    days: tuple[Weekday, ...] = tuple(Weekday)
    """On which they begin."""
    severities: tuple[Severity, ...] = (Severity.WARNING,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """A maintenance window that comes again and again."""

    name: str
    schedule: str
    """When it begins: a cron expression, in the local zone."""
    duration_ms: int
    matchers: tuple[Matcher, ...] = ()
    """What is maintained; none: all."""
    approval: str = ""
    """The number under which it was approved."""
    announced: date | None = None
    """The day on which users were informed of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceOptions:
    """Bounds of silences, so that none is forgotten."""

    default_duration_ms: int = 2 * 3_600_000
    max_duration_ms: int = 30 * _DAY_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatOptions:
    """A dead man's switch: a server that raises the alarm when jipyo stops calling it."""

    url: Secret = NO_SECRET
    url_file: Path | None = None
    interval_ms: int = _MINUTE_MS
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsOptions:
    """How often rules are evaluated, what is made of their alerts, and who gets to know."""

    interval_ms: int = 15_000
    """Distance of the evaluations, which are at multiples of it."""
    rule_files: tuple[Path, ...] = ()
    """In Prometheus' format; a name may contain `*`, `?` and `[...]`."""
    rules: tuple[tuple[str, RuleOptions], ...] = ()
    """By the id of the metric, or `FILE/GROUP/ALERT`."""
    failed_readings: int = 2
    """Readings of a target in a row that have to fail."""
    keep_firing_ms: int = 5 * _MINUTE_MS
    """How long an alert of a threshold goes on after its condition ended, lest it come back."""
    join_ms: int = 5 * _MINUTE_MS
    """Alerts of a target that begin within this time of each other are one incident."""
    external_url: str = ""
    """The dashboard's address as readers of messages reach it; empty: no links."""
    dependencies: tuple[Dependency, ...] = ()
    channels: tuple[ChannelOptions, ...] = ()
    routes: tuple[AlertRoute, ...] = ()
    """All that fit apply; without any, every message goes to every channel."""
    escalation: tuple[Escalation, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    on_call: Path | None = None
    """The rota: who is on call, and when."""
    silences: SilenceOptions = field(default_factory=SilenceOptions)
    maintenance: tuple[Maintenance, ...] = ()
    heartbeat: HeartbeatOptions | None = None

    def rule(self, rule_id: str) -> RuleOptions:
        """What the site sets about a rule."""
        return dict(self.rules).get(rule_id) or RuleOptions()
