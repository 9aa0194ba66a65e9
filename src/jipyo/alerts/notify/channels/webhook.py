"""Webhooks: a message as JSON, or as the JSON that a template makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from jipyo.alerts.notify.channels.request import post
from jipyo.alerts.notify.message import Message, MessageKind
from jipyo.alerts.rule_files.template import Surroundings, TemplateError
from jipyo.alerts.rule_files.template.execution import execute
from jipyo.alerts.rule_files.template.parser import parse_template
from jipyo.analysis.thresholds import Severity
from jipyo.model.errors import ConfigError, MessageRejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jipyo.alerts.notify.channels.address import ChannelAddress
    from jipyo.alerts.notify.message import Notification, NotifiedAlert, NotifiedReport
    from jipyo.i18n import Lang
    from jipyo.net.http import HttpClient

    Body = Callable[[Message], bytes]
    """The JSON that is sent for a message."""


_EXAMPLE = Message(
    key="",
    kind=MessageKind.TEST,
    severity=Severity.WARNING,
    t_ms=0,
    subject="",
    text="",
    html="",
)


class WebhookChannel:
    """Sends a POST with the header `Idempotency-Key`: the same for every attempt."""

    def __init__(
        self,
        name: str,
        address: Callable[[], ChannelAddress],
        headers: Callable[[], Mapping[str, str]],
        client: HttpClient,
        body: Body,
    ) -> None:
        """`address` and `headers` are read at every message."""
        self.name = name
        self._address, self._headers, self._client, self._body = address, headers, client, body

    def send(self, message: Message) -> None:
        """See `Channel.send`."""
        address = self._address()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.key,
            **self._headers(),
        }
        post(self._client, address, address.url, self._body(message), headers)


def build_body(message: Message, lang: Lang) -> bytes:
    """A message as JSON of jipyo's own; the chart stays out of it, as it can be large."""
    return orjson.dumps(
        {
            "version": 1,
            "key": message.key,
            "kind": message.kind.value,
            "severity": message.severity.state.value,
            "time": message.t_ms,
            "subject": message.subject,
            "text": message.text,
            "link": message.link or None,
            "incidents": [
                _describe(each, lang) for each in message.notifications if each.report is None
            ],
            "report": next(
                (
                    _describe_report(each.report, lang)
                    for each in message.notifications
                    if each.report is not None
                ),
                None,
            ),
        }
    )


def _describe(notification: Notification, lang: Lang) -> dict[str, Any]:
    return {
        "number": notification.incident,
        "kind": notification.kind.value,
        "severity": notification.severity.state.value,
        "target": notification.target,
        "began": notification.began_ms,
        "ended": notification.ended_ms,
        "first_look": notification.first_look(lang) if notification.first_look else None,
        "alerts": [_describe_alert(alert, lang) for alert in notification.alerts],
        "omitted": notification.omitted,
    }


def _describe_report(report: NotifiedReport, lang: Lang) -> dict[str, Any]:
    return {
        "number": report.number,
        "issue": report.issue,
        "kind": report.kind,
        "title": report.title(lang),
        "summary": report.summary(lang),
        "files": [
            {
                "name": one.name,
                "media_type": one.media_type,
                "size": one.size_bytes,
                "sha256": one.sha256,
            }
            for one in report.files
        ],
    }


def _describe_alert(alert: NotifiedAlert, lang: Lang) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "name": alert.name(lang),
        "labels": dict(alert.labels),
        "state": alert.state.value,
        "severity": alert.severity.state.value,
        "value": alert.value,
        "threshold": alert.threshold,
        "unit": alert.unit,
        "reason": alert.reason.value if alert.reason else None,
        "summary": alert.summary(lang) if alert.summary else None,
        "started": alert.started_ms,
        "ended": alert.ended_ms,
        "runbook": alert.runbook or None,
    }


def fill_body(template: str, message: Message) -> bytes:
    """The JSON of a template: its texts are filled, so whatever they get, it stays JSON.

    Raises:
        MessageRejected: the template fails with this message.
    """
    fields = list_fields(message)

    def fill(value: Any) -> Any:
        match value:
            case str():
                return fill_text(value, fields, message.t_ms)
            case list():
                return [fill(each) for each in value]
            case dict():
                return {name: fill(each) for name, each in value.items()}
        return value

    return orjson.dumps(fill(orjson.loads(template)))


def fill_text(text: str, fields: Mapping[str, str], t_ms: int) -> str:
    """A text in the language of Prometheus' templates, which runs no code, with these fields.

    Raises:
        MessageRejected: the template cannot be parsed or filled.
    """
    if "{{" not in text:
        return text
    try:
        return execute(parse_template(text, "template"), fields, Surroundings(t_ms, _ask_nothing))
    except TemplateError as error:
        raise MessageRejected(
            "notify.template", hint="notify.template.hint", reason=str(error)
        ) from error


def _ask_nothing(_expression: str) -> Sequence[tuple[Mapping[str, str], float]]:
    raise TemplateError("a message asks no queries")


class MessageFields(dict[str, str]):
    """Fields by their names; a template that names another one fails."""

    def get(self, name: str, _default: object = None) -> str:
        """The field."""
        if name not in self:
            raise TemplateError(f"there is no field {name}")
        return self[name]


def list_fields(message: Message) -> MessageFields:
    """What a template may name, as `{{ .subject }}`."""
    fields = {
        "kind": message.kind.value,
        "severity": message.severity.state.value,
        "subject": message.subject,
        "text": message.text,
        "link": message.link,
        "first_look": message.first_look,
        "incident": "" if message.incident is None else str(message.incident),
        "key": message.key,
    }
    return MessageFields(fields)


def check_body_template(template: str) -> None:
    """Refuse a template that is no JSON, or whose texts cannot be filled.

    Raises:
        ConfigError: with what is wrong.
    """
    try:
        fill_body(template, _EXAMPLE)
    except orjson.JSONDecodeError as error:
        raise ConfigError(
            "notify.template.not_json", hint="notify.template.not_json.hint", reason=str(error)
        ) from error
    except MessageRejected as error:
        raise error.as_kind(ConfigError) from error
