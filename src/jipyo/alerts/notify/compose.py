"""Notifications -> the message of a channel, in its language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.notify.curve import draw_png, draw_sparkline, has_shape
from jipyo.alerts.notify.html import (
    build_card,
    build_combined_row,
    build_list,
    build_page,
    find_colour,
)
from jipyo.alerts.notify.message import Message, MessageKind
from jipyo.alerts.notify.wording import (
    clean,
    describe_bounds,
    describe_notification,
    describe_subject,
)
from jipyo.analysis.thresholds import Severity
from jipyo.analysis.wording import name_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from jipyo.alerts.notify.curve import Curve
    from jipyo.alerts.notify.message import Notification
    from jipyo.alerts.notify.wording import Site, Wording
    from jipyo.i18n import Texts

    ReadCurve = Callable[[Notification], Curve | None]
    """The course of the first alert's value; None where it is not to be had."""

_MOST_COMBINED_LINES = 40


def compose(
    key: str,
    notifications: Sequence[Notification],
    t: Texts,
    site: Site,
    read_curve: ReadCurve,
    now_ms: int,
) -> Message:
    """The message about one notification, or about several together.

    The same notifications give the same message, but for the chart and the note of a late one.
    """
    first = notifications[0]
    if len(notifications) > 1:
        return _compose_combined(key, notifications, t, site, now_ms)
    if first.kind is MessageKind.TEST:
        return _compose_test(key, first, t, site)
    wording = describe_notification(first, t, site, now_ms)
    curve = read_curve(first)
    if curve is not None and not has_shape(curve):
        curve = None
    subject = describe_subject(wording, t)
    footer = t("notify.footer", instance=site.instance)
    return Message(
        key=key,
        kind=first.kind,
        severity=first.severity,
        t_ms=first.t_ms,
        subject=subject,
        text="\n".join([*_write_lines(wording, curve, t), "", footer]),
        html=build_page(
            subject, wording.lead, [build_card(first, wording, curve, t)], footer, t.lang
        ),
        incident=first.incident,
        link=wording.link,
        chart=b"" if curve is None else draw_png(curve),
        first_look=wording.first_look,
        notifications=(first,),
    )


def _write_lines(wording: Wording, curve: Curve | None, t: Texts) -> Iterator[str]:
    yield wording.lead
    yield ""
    yield wording.headline
    yield wording.place
    for label, text in wording.figures:
        yield f"{label}: {text}"
    if curve is not None:
        yield f"{draw_sparkline(curve)}  {describe_bounds(curve, t)}"
    if wording.first_look:
        yield f"\n{t('notify.label.first_look')}: {wording.first_look}"
    for label, text in wording.notes:
        yield f"{label}: {text}"
    if wording.others:
        yield f"\n{wording.others_label}"
        yield from (f"- {other}" for other in wording.others)
    if wording.runbook:
        yield f"{t('notify.label.runbook')}: {wording.runbook}"
    if wording.link:
        yield f"\n{wording.link}"


def _compose_combined(
    key: str, notifications: Sequence[Notification], t: Texts, site: Site, now_ms: int
) -> Message:
    open_ones = [each for each in notifications if each.kind is not MessageKind.RESOLVED]
    worst = max(open_ones or notifications, key=lambda each: each.severity)
    wordings = [describe_notification(each, t, site, now_ms) for each in notifications]
    severity = name_state(worst.severity.state, t)
    tag = f"[{severity}]" if open_ones else t("notify.tag.resolved")
    what = clean(" · ".join((wordings[0].place, wordings[0].headline)), 80)
    count = len(notifications)
    subject = t("notify.combined.subject", tag=tag, n=count, what=what)
    title, lead = t("notify.combined.title", n=count), t("notify.combined.lead", n=count)
    shown = list(zip(notifications, wordings, strict=True))[:_MOST_COMBINED_LINES]
    rows = [build_combined_row(each, wording) for each, wording in shown]
    lines = [describe_subject(wording, t) for _, wording in shown]
    more = [t("notify.more", n=count - len(shown))] if count > len(shown) else []
    link, colour = site.external_url, find_colour(worst.kind, worst.severity)
    card = build_list(title, " ".join([lead, *more]), rows, colour)
    footer = t("notify.footer", instance=site.instance)
    return Message(
        key=key,
        kind=MessageKind.COMBINED,
        severity=worst.severity,
        t_ms=notifications[-1].t_ms,
        subject=subject,
        text="\n".join([lead, "", *(f"- {line}" for line in [*lines, *more]), "", link, footer]),
        html=build_page(subject, lead, [card], footer, t.lang),
        link=link,
        notifications=tuple(notifications),
    )


def _compose_test(key: str, notification: Notification, t: Texts, site: Site) -> Message:
    subject = t("notify.test.subject", instance=site.instance)
    lead = t("notify.test.lead", channel=notification.target)
    card = build_list(subject, lead, [], find_colour(notification.kind, Severity.OK))
    footer = t("notify.footer", instance=site.instance)
    return Message(
        key=key,
        kind=MessageKind.TEST,
        severity=notification.severity,
        t_ms=notification.t_ms,
        subject=subject,
        text="\n".join([lead, "", footer]),
        html=build_page(subject, lead, [card], footer, t.lang),
        notifications=(notification,),
    )
