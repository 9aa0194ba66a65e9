"""Alertmanager: alerts by its API v2, repeated while they last, and ended when they end.

Alertmanager resolves what it does not hear of for a while, and forgets what it knew when its
data is lost. So each alert is sent again and again with an end some minutes ahead, as Prometheus
does (`rules/manager.go`: four times the greater of interval and resend delay).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.alerts.notify.channels.request import post
from jipyo.alerts.notify.message import MessageKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jipyo.alerts.notify.channels.address import ChannelAddress
    from jipyo.alerts.notify.message import Message, Notification, NotifiedAlert
    from jipyo.i18n import Lang
    from jipyo.model.clock import Clock
    from jipyo.net.http import HttpClient

REPEAT_MS = 60_000
_LASTS_MS = 4 * REPEAT_MS
_PATH = "/api/v2/alerts"
_Key = tuple[tuple[str, str], ...]


class AlertmanagerChannel:
    """Keeps what it sent as active, so that it knows what has ended since."""

    repeat_ms = REPEAT_MS

    def __init__(
        self,
        name: str,
        address: Callable[[], ChannelAddress],
        headers: Callable[[], Mapping[str, str]],
        client: HttpClient,
        clock: Clock,
        lang: Lang,
    ) -> None:
        """`address` is of the server, with the prefix of its paths where it has one."""
        self.name = name
        self._address, self._headers, self._client = address, headers, client
        self._clock, self._lang = clock, lang
        self._active: dict[int | None, dict[_Key, dict[str, Any]]] = {}

    def send(self, message: Message) -> None:
        """See `Channel.send`."""
        for notification in message.notifications:
            self._send_alerts(notification, message.link)

    def repeat(self, notifications: Sequence[Notification]) -> None:
        """Send what goes on once more: the last notification of each open incident.

        Raises:
            NotifyError: see `Channel.send`.
        """
        for notification in notifications:
            self._send_alerts(notification, "")

    def _send_alerts(self, notification: Notification, link: str) -> None:
        before = self._active.get(notification.incident, {})
        now_ms = self._clock.now_ms()
        alerts = {
            tuple(sorted(alert["labels"].items())): alert
            for alert in build_alerts(notification, self._lang, link, now_ms)
        }
        ended = [
            {**alert, "endsAt": format_moment(notification.t_ms)}
            for key, alert in before.items()
            if key not in alerts
        ]
        body = [*ended, *alerts.values()]
        if body:
            address = self._address()
            post(
                self._client,
                address,
                address.url.rstrip("/") + _PATH,
                orjson.dumps(body),
                {"Content-Type": "application/json", **self._headers()},
            )
        if notification.kind is MessageKind.RESOLVED:
            self._active.pop(notification.incident, None)
        else:
            self._active[notification.incident] = alerts


def build_alerts(
    notification: Notification, lang: Lang, link: str, now_ms: int
) -> Iterator[dict[str, Any]]:
    """The alerts of a notification as `postableAlert`s of the API v2."""
    is_over = notification.kind is MessageKind.RESOLVED
    for alert in notification.alerts:
        ended_ms = alert.ended_ms
        if ended_ms is None and is_over:
            ended_ms = notification.ended_ms or notification.t_ms
        ends_ms = now_ms + _LASTS_MS if ended_ms is None else max(ended_ms, alert.started_ms)
        yield {
            "labels": build_labels(alert),
            "annotations": _build_annotations(notification, alert, lang),
            "startsAt": format_moment(alert.started_ms),
            "endsAt": format_moment(ends_ms),
            **({"generatorURL": link} if link else {}),
        }


def build_labels(alert: NotifiedAlert) -> dict[str, str]:
    """The labels that make an alert the same one: name and severity among them."""
    own = {"alertname": alert.rule, **alert.labels, "severity": alert.severity.state.value}
    return {name: value for name, value in own.items() if name != "__name__"}


def format_moment(t_ms: int) -> str:
    """A moment as RFC 3339 writes it, in UTC."""
    moment = datetime.fromtimestamp(t_ms / 1000, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def _build_annotations(
    notification: Notification, alert: NotifiedAlert, lang: Lang
) -> dict[str, str]:
    annotations = {
        "summary": (alert.summary or alert.name)(lang),
        "description": notification.first_look(lang) if notification.first_look else "",
        "runbook_url": alert.runbook,
        "incident": "" if notification.incident is None else str(notification.incident),
    }
    return {name: text for name, text in annotations.items() if text}
