"""What a message says, in one language, before it becomes text or HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.alerts.alert import AlertState
from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.notify.stored_notification import shorten
from jipyo.analysis.series_names import SEPARATOR, name_series
from jipyo.analysis.wording import name_cause, name_state

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.alerts.notify.curve import Curve
    from jipyo.alerts.notify.message import Notification, NotifiedAlert
    from jipyo.i18n import Texts

_MOST_OTHERS = 5
_MOST_NAME = 80
_MOST_SUBJECT = 140
_LATE_MS = 300_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
"""Ends of lines and what turns the direction of writing: a label may hold either."""
_NOT_PART_OF_A_NAME = ("alertname", "severity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who sends, and how its readers see times."""

    instance: str
    zone: ZoneInfo
    external_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The parts of a message about one incident; empty ones are left out."""

    tag: str
    """Severity or kind, in brackets: `[Critical]`."""
    number: str
    """`Incident #12`."""
    headline: str
    """The first alert: what it is and its value."""
    lead: str
    place: str
    """Target, and which of its series."""
    figures: tuple[tuple[str, str], ...]
    """Label and text of the facts that need no sentence."""
    first_look: str
    notes: tuple[tuple[str, str], ...]
    """Label and sentence of the rest."""
    others_label: str
    others: tuple[str, ...]
    runbook: str
    link: str


def describe_notification(notification: Notification, t: Texts, site: Site, now_ms: int) -> Wording:
    """What a message says of an incident; `now_ms` is when it is sent."""
    first = notification.alerts[0] if notification.alerts else None
    target = clean(notification.target, _MOST_NAME) or site.instance
    others = notification.alerts[1:]
    count = len(others) + notification.omitted
    shown = [_describe_other(alert, t) for alert in others[:_MOST_OTHERS]]
    if count > len(shown):
        shown.append(t("notify.more", n=count - len(shown)))
    number = notification.incident
    return Wording(
        tag=name_tag(notification, t),
        number="" if number is None else t("notify.incident", n=number),
        headline=_name_headline(notification, first, t) or target,
        lead=t(f"notify.lead.{notification.kind.value}", target=target),
        place=_name_place(target, first),
        figures=tuple(_list_figures(notification, first, t, site)),
        first_look=clean(notification.first_look(t.lang)) if notification.first_look else "",
        notes=tuple(_list_notes(notification, t, site, now_ms)),
        others_label=t("notify.label.others", n=count) if count else "",
        others=tuple(shown),
        runbook=first.runbook if first and is_web_address(first.runbook) else "",
        link=find_link(notification, site),
    )


def _name_headline(notification: Notification, first: NotifiedAlert | None, t: Texts) -> str:
    """The first alert; of what is over only its name, as its value is a past one."""
    if first is None:
        return ""
    if notification.kind is MessageKind.RESOLVED:
        return clean((first.summary or first.name)(t.lang), 2 * _MOST_NAME)
    return describe_alert(first, t)


def find_link(notification: Notification, site: Site) -> str:
    """Where the dashboard shows an incident; empty without an address of it."""
    if notification.incident is None or not site.external_url:
        return ""
    return f"{site.external_url.rstrip('/')}/incidents/{notification.incident}"


def describe_subject(wording: Wording, t: Texts) -> str:
    """One line that says it all: a telephone shows no more."""
    what = " · ".join(filter(None, (wording.place.partition(SEPARATOR)[0], wording.headline)))
    subject = t("notify.subject", tag=wording.tag, what=clean(what, _MOST_SUBJECT))
    return f"{subject} ({wording.number})" if wording.number else subject


def describe_alert(alert: NotifiedAlert, t: Texts) -> str:
    """What an alert is about, in a few words, with its value or cause."""
    name = clean((alert.summary or alert.name)(t.lang), 2 * _MOST_NAME)
    if alert.reason is not None:
        return t("notify.alert.cause", name=name, cause=name_cause(alert.reason, t))
    if alert.state is AlertState.NO_DATA:
        return t("notify.no_data", name=name)
    if alert.value is None or alert.summary or alert.unit == "count":
        return name
    return t("notify.alert.value", name=name, value=t.number(alert.value, alert.unit))


def name_tag(notification: Notification, t: Texts) -> str:
    """`[Critical]`, `[Resolved]`, `[Warning, ongoing]`."""
    severity = name_state(notification.severity.state, t)
    return t(f"notify.tag.{notification.kind.value}", severity=severity)


def describe_bounds(curve: Curve, t: Texts) -> str:
    """The lowest and highest value of a chart."""
    low, high = float(np.nanmin(curve.values)), float(np.nanmax(curve.values))
    return t("notify.chart.bounds", low=t.number(low, curve.unit), high=t.number(high, curve.unit))


def clean(text: str, most: int = 300) -> str:
    """A text of others as part of one line: without control characters, and not too long."""
    return shorten(_CONTROL.sub(" ", text[: 4 * most]).strip(), most)


def is_web_address(url: str) -> bool:
    """Whether an address may be a link: one of `javascript:` may not."""
    return url.startswith(("http://", "https://")) and not re.search(r"[\s\"'<>]", url)


def _name_place(target: str, alert: NotifiedAlert | None) -> str:
    if alert is None:
        return target
    labels = alert.labels.drop(_NOT_PART_OF_A_NAME)
    series = [part for part in name_series(labels).split(SEPARATOR) if part != target]
    return SEPARATOR.join([target, *(clean(part, _MOST_NAME) for part in series[:4] if part)])


def _describe_other(alert: NotifiedAlert, t: Texts) -> str:
    labels = alert.labels.drop(_NOT_PART_OF_A_NAME)
    series = clean(name_series(labels), _MOST_NAME)
    text = describe_alert(alert, t)
    return f"{series}: {text}" if series else text


def _list_figures(
    notification: Notification, alert: NotifiedAlert | None, t: Texts, site: Site
) -> list[tuple[str, str]]:
    figures = []
    is_over = notification.kind is MessageKind.RESOLVED
    if alert is not None and alert.value is not None and alert.reason is None:
        label = "notify.label.peak" if is_over else "notify.label.value"
        figures.append((t(label), t.number(alert.value, alert.unit)))
    if alert is not None and alert.threshold is not None and alert.reason is None:
        key = "notify.threshold.low" if alert.lower_is_worse else "notify.threshold.high"
        limit = t.number(alert.threshold, alert.unit)
        figures.append((t("notify.label.threshold"), t(key, limit=limit)))
    if notification.began_ms is not None:
        ends_ms = notification.t_ms if notification.ended_ms is None else notification.ended_ms
        began = t.recent_moment(notification.began_ms, site.zone, notification.t_ms)
        figures.append((t("notify.label.began"), began))
        if notification.ended_ms is not None:
            ended = t.recent_moment(notification.ended_ms, site.zone, notification.t_ms)
            figures.append((t("notify.label.ended"), ended))
        span = t.span(max(ends_ms - notification.began_ms, 0))
        figures.append((t("notify.label.duration"), span))
    return figures


def _list_notes(
    notification: Notification, t: Texts, site: Site, now_ms: int
) -> list[tuple[str, str]]:
    notes = []
    event, began_ms = notification.event, notification.began_ms
    if event is not None:
        before_ms = (notification.t_ms if began_ms is None else began_ms) - event.t_ms
        key = "notify.event" if before_ms >= 1000 else "notify.event.same_time"
        moment = t.recent_moment(event.t_ms, site.zone, notification.t_ms)
        words = {"moment": moment, "text": clean(event.text(t.lang)), "span": t.span(before_ms)}
        notes.append((t("notify.label.event"), t(key, **words)))
    if notification.origin is not None:
        notes.append((t("notify.label.origin"), clean(notification.origin(t.lang))))
    if notification.recipients:
        people = ", ".join(clean(person, _MOST_NAME) for person in notification.recipients)
        notes.append((t("notify.label.on_call"), people))
    if notification.acknowledged_by:
        person = clean(notification.acknowledged_by, _MOST_NAME)
        notes.append((t("notify.label.acknowledged"), person))
    if now_ms - notification.t_ms > _LATE_MS:
        moment = t.recent_moment(notification.t_ms, site.zone, now_ms)
        late = t("notify.late", moment=moment, span=t.span(now_ms - notification.t_ms))
        notes.append((t("notify.label.late"), late))
    return notes
