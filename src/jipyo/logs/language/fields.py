"""Names of fields and levels, as people abbreviate them."""

from __future__ import annotations

from jipyo.logs.levels import LEVELS
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE
from jipyo.logs.record import Level

EXISTS = "_exists_"
"""In place of a field's name: the value is the name of one that the record has."""
SHORT_NAMES = {
    "agent": "user_agent.original",
    "client": "client.ip",
    "duration": "event.duration",
    "exception": "error.type",
    "format": "log.format",
    "host": "host.name",
    "ip": "client.ip",
    "log.level": LEVEL,
    "logger": "log.logger",
    "method": "http.request.method",
    "msg": MESSAGE,
    "path": "url.original",
    "pid": "process.pid",
    "query": "url.query",
    "referrer": "http.request.referrer",
    "route": "url.route",
    "service.name": SERVICE,
    "severity": LEVEL,
    "span": "span.id",
    "status": "http.response.status_code",
    "thread": "process.thread.name",
    "trace": "trace.id",
    "user": "user.name",
}
"""Short names, and those of ECS for what every record has; all else is named in full."""
TEXT_FIELDS = frozenset({MESSAGE, "error.message", "error.stack_trace", "user_agent.original"})
"""Fields of long texts, in which a word is looked for; of others it is the whole value."""
TIME_FIELDS = frozenset({"@timestamp", "timestamp", "time"})
LEVEL_NAMES = {**LEVELS, "unknown": Level.UNKNOWN}
"""As programs write them, in lower case."""


def resolve_field(name: str) -> str:
    """The field that a written name means."""
    return SHORT_NAMES.get(name, name)
