"""Notifications as JSON in the outbox, and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.alerts.alert import AlertState
from jipyo.alerts.notify.message import (
    MessageKind,
    Notification,
    NotifiedAlert,
    NotifiedEvent,
    NotifiedFile,
    NotifiedReport,
)
from jipyo.analysis.thresholds import Severity
from jipyo.model.bilingual import Bilingual
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ALERTS = 200
_MOST_CHARACTERS = 1000
"""Of one text of an alert: a label with a megabyte is one that nobody reads."""
_MOST_SUMMARY, _MOST_FILES = 4000, 100


def encode_notification(notification: Notification) -> bytes:
    """As JSON of bounded size: texts beyond 1,000 characters and alerts beyond 200 are cut."""
    kept = notification.alerts[:_MOST_ALERTS]
    omitted = notification.omitted + len(notification.alerts) - len(kept)
    bounded = replace(notification, alerts=kept, omitted=omitted)
    return orjson.dumps(bounded, default=_to_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def decode_notification(text: bytes) -> Notification:
    """What `encode_notification` wrote."""
    fields = orjson.loads(text)
    return Notification(
        **{
            **fields,
            "kind": MessageKind(fields["kind"]),
            "severity": Severity[fields["severity"]],
            "alerts": tuple(map(_read_alert, fields["alerts"])),
            "event": _read_optional(fields["event"], _read_event),
            "origin": _read_optional(fields["origin"], _read_bilingual),
            "first_look": _read_optional(fields["first_look"], _read_bilingual),
            "recipients": tuple(fields["recipients"]),
            # Not there in what was queued before there were reports.
            "report": _read_optional(fields.get("report"), _read_report),
        }
    )


def shorten(text: str, most: int = _MOST_CHARACTERS) -> str:
    """The text, or its beginning with an ellipsis; what is no character is a question mark."""
    kept = text if len(text) <= most else f"{text[: most - 1]}…"
    return kept if kept.isascii() else kept.encode("utf-8", "replace").decode("utf-8")


def _to_plain(value: object) -> object:
    match value:
        case Labels():
            return {shorten(name): shorten(text) for name, text in value.items()}
        case Bilingual():
            return {"ko": shorten(value.ko), "en": shorten(value.en)}
        case Notification() | NotifiedAlert():
            fields = {name: _bound(getattr(value, name)) for name in value.__slots__}
            return {**fields, "severity": value.severity.name}
        case NotifiedReport():
            summary = value.summary
            return {
                **{name: _bound(getattr(value, name)) for name in ("number", "kind", "title")},
                "issue": value.issue,
                "summary": {
                    "ko": shorten(summary.ko, _MOST_SUMMARY),
                    "en": shorten(summary.en, _MOST_SUMMARY),
                },
                "files": value.files[:_MOST_FILES],
            }
        case NotifiedFile():
            return {name: getattr(value, name) for name in value.__slots__}
        case NotifiedEvent():
            return {"t_ms": value.t_ms, "text": value.text}
    raise TypeError


def _bound(value: object) -> object:
    match value:
        case str():
            return shorten(value)
        case tuple():
            return [_bound(each) for each in value]
    return value


def _read_alert(fields: dict[str, Any]) -> NotifiedAlert:
    return NotifiedAlert(
        **{
            **fields,
            "name": _read_bilingual(fields["name"]),
            "labels": Labels.of(fields["labels"]),
            "state": AlertState(fields["state"]),
            "severity": Severity[fields["severity"]],
            "reason": _read_optional(fields["reason"], FailureReason),
            "summary": _read_optional(fields["summary"], _read_bilingual),
        }
    )


def _read_report(fields: dict[str, Any]) -> NotifiedReport:
    return NotifiedReport(
        **{
            **fields,
            "title": _read_bilingual(fields["title"]),
            "summary": _read_bilingual(fields["summary"]),
            "files": tuple(NotifiedFile(**file) for file in fields["files"]),
        }
    )


def _read_event(fields: dict[str, Any]) -> NotifiedEvent:
    return NotifiedEvent(t_ms=fields["t_ms"], text=_read_bilingual(fields["text"]))


def _read_bilingual(fields: dict[str, str]) -> Bilingual:
    return Bilingual(**fields)


def _read_optional(value: Any, read: Callable[[Any], Any]) -> Any:
    return None if value is None else read(value)
