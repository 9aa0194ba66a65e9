"""What a channel delivers: a message in one language, and the facts that it was written from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jipyo.alerts.alert import AlertState
    from jipyo.analysis.thresholds import Severity
    from jipyo.model.bilingual import Bilingual
    from jipyo.model.failure import FailureReason
    from jipyo.model.labels import Labels


class MessageKind(Enum):
    """What a message is about, by the name that webhooks get."""

    OPENED = "opened"
    CHANGED = "changed"
    """The severity, the alerts or the cause of an incident that goes on."""
    REOPENED = "reopened"
    """It came back soon after its resolution."""
    ESCALATED = "escalated"
    """Nobody has acknowledged it, so others are asked."""
    RESOLVED = "resolved"
    HEARTBEAT = "heartbeat"
    """jipyo itself is alive."""
    TEST = "test"
    COMBINED = "combined"
    """Several at once, as more came than the channel may get."""
    REPORT = "report"
    """A report was made; it never goes together with anything else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedAlert:
    """An alert as a message needs it."""

    rule: str
    """The id of its rule."""
    name: Bilingual
    """Of the metric or rule, as people read it."""
    labels: Labels
    state: AlertState
    severity: Severity
    started_ms: int
    ended_ms: int | None = None
    value: float | None = None
    threshold: float | None = None
    unit: str = "count"
    """A unit of the catalogue (`catalogue.Unit`)."""
    lower_is_worse: bool = False
    reason: FailureReason | None = None
    summary: Bilingual | None = None
    """The annotation of a rule file; None for a rule of the catalogue."""
    runbook: str = ""
    """The address of what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedEvent:
    """The event just before an incident."""

    t_ms: int
    text: Bilingual


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedFile:
    """A file of a report, where it lies: it is read when the message is sent."""

    path: str
    name: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedReport:
    """A report that was made."""

    number: str
    issue: int
    kind: str
    """`monthly`."""
    title: Bilingual
    """With the period."""
    summary: Bilingual
    """Markdown."""
    files: tuple[NotifiedFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """The facts of a message, before they are put into words: what the outbox keeps."""

    key: str
    """The idempotency key: the same facts have the same one, in every attempt."""
    kind: MessageKind
    t_ms: int
    """When it became known."""
    severity: Severity
    target: str = ""
    """What it is about, as people call it: a host, a service."""
    incident: int | None = None
    """Its number; None for a heartbeat or test."""
    began_ms: int | None = None
    ended_ms: int | None = None
    alerts: tuple[NotifiedAlert, ...] = ()
    """The likely origin first."""
    omitted: int = 0
    """Alerts beside these."""
    origin: Bilingual | None = None
    """Why the first one stands first."""
    event: NotifiedEvent | None = None
    first_look: Bilingual | None = None
    """The first thing to look at."""
    acknowledged_by: str = ""
    recipients: tuple[str, ...] = ()
    """Who is on call or escalated to, by the names of the rota."""
    report: NotifiedReport | None = None
    """None for all but a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in one language, ready for a channel."""

    key: str
    """The idempotency key of its notification, or of a combined message."""
    kind: MessageKind
    severity: Severity
    t_ms: int
    """When it became known, not when it is sent."""
    subject: str
    """One line."""
    text: str
    """The whole message as plain text."""
    html: str
    """The same as a page for mail; its chart is the image `cid:chart`."""
    incident: int | None = None
    link: str = ""
    """Where the incident is shown; empty without `external_url`."""
    chart: bytes = b""
    """A PNG; empty where there is none."""
    first_look: str = ""
    """The first thing to look at."""
    markdown: str = ""
    """The text for channels that know Markdown; empty where it has no markup."""
    attachments: tuple[Attachment, ...] = ()
    """Empty for channels that take none."""
    notifications: tuple[Notification, ...] = ()
    """What it was written from: several for a combined message."""
