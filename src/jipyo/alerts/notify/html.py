"""A message as a page for mail: one card an incident, for telephone and desk, light and dark.

Mail readers know little of CSS: styles stand at their elements, tables give the layout, and the
few rules of the head (narrow screens, dark scheme) only improve on what is there without them.
Every text is escaped, as labels are whatever a target sends.
"""

from __future__ import annotations

import re
from functools import cache
from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from jipyo.alerts.notify.curve import has_shape
from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.notify.wording import describe_bounds
from jipyo.analysis.thresholds import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from jipyo.alerts.notify.curve import Curve
    from jipyo.alerts.notify.message import Notification
    from jipyo.alerts.notify.wording import Wording
    from jipyo.i18n import Lang, Texts

_FONT = (
    "-apple-system,BlinkMacSystemFont,'Segoe UI','Apple SD Gothic Neo','Malgun Gothic',"
    "'Noto Sans KR',Roboto,Arial,sans-serif"
)
_RED, _AMBER, _GREEN, _BLUE = "#c81e1e", "#a15c07", "#15803d", "#1d4ed8"
_INK = "#111827"
_CLASSES = {_RED: "red", _AMBER: "amber", _GREEN: "green", _BLUE: "blue"}
"""Whose text is lighter in the dark scheme."""
_WRAP = "word-break:keep-all;overflow-wrap:anywhere"
"""Korean breaks between words, and what is too long for a line breaks anywhere."""
_CODE = re.compile("`([^`]{1,40})`")
_CHART_HEIGHT = 120


def build_page(subject: str, preview: str, cards: Iterable[str], footer: str, lang: Lang) -> str:
    """The whole page; only `cards` are HTML already."""
    return _read_template().substitute(
        lang=lang,
        font=_FONT,
        subject=escape(subject),
        preview=escape(preview),
        cards="\n".join(cards),
        footer=escape(footer),
    )


def build_card(notification: Notification, wording: Wording, curve: Curve | None, t: Texts) -> str:
    """The card of one incident, with a chart where there is one to show."""
    colour = find_colour(notification.kind, notification.severity)
    parts = [
        _build_head(wording, colour),
        _build_figures(wording.figures, "" if colour == _GREEN else colour),
        _build_chart(wording, curve, t) if curve is not None and has_shape(curve) else "",
        _build_look(wording.first_look, colour, t) if wording.first_look else "",
        *_build_notes(wording, t),
        _build_links(wording, colour, t),
    ]
    return _frame(parts, colour)


def build_combined_row(notification: Notification, wording: Wording) -> str:
    """One incident of a combined message, in two lines."""
    colour = find_colour(notification.kind, notification.severity)
    title = f"{_escape_link(wording.headline, wording.link)}"
    facts = " · ".join(filter(None, [wording.place, *(text for _, text in wording.figures[-2:])]))
    return (
        '<tr><td class="pad line" style="padding:12px 28px;border-top:1px solid #e5e7eb">'
        f'<div class="ink" style="font:600 15px/1.45 {_FONT};color:#111827">'
        f"{_build_pill(wording.tag, colour)} {title}</div>"
        f'<div class="soft" style="font:13px/1.5 {_FONT};color:#5b6776;{_WRAP}">'
        f"{escape(_join_number(facts, wording.number))}</div></td></tr>"
    )


def build_list(title: str, text: str, rows: Sequence[str], colour: str) -> str:
    """A card with a title, a sentence and rows: of a combined message; of a test without any."""
    head = (
        f'<tr><td class="pad ink" style="padding:22px 28px 6px;font:700 20px/1.35 {_FONT};'
        f'color:#111827;{_WRAP}">{escape(title)}</td></tr>'
        f'<tr><td class="pad soft" style="padding:0 28px 20px;font:15px/1.6 {_FONT};'
        f'color:#4b5563;{_WRAP}">{escape(text)}</td></tr>'
    )
    return _frame([head, *rows], colour)


def build_paragraph(parts: Iterable[tuple[str, bool]]) -> str:
    """A line of a card; a part that is True stands out."""
    words = "".join(f"<b>{escape(text)}</b>" if bold else escape(text) for text, bold in parts)
    return (
        f'<tr><td class="pad ink" style="padding:0 28px 12px;font:14px/1.6 {_FONT};'
        f'color:#111827;{_WRAP}">{words}</td></tr>'
    )


def find_colour(kind: MessageKind, severity: Severity) -> str:
    """Green for what is over, red for critical, amber for a warning, blue for all else."""
    if kind is MessageKind.RESOLVED:
        return _GREEN
    return {Severity.CRITICAL: _RED, Severity.WARNING: _AMBER}.get(severity, _BLUE)


@cache
def _read_template() -> Template:
    return Template(resources.files(__package__).joinpath("mail.html").read_text("utf-8"))


def _frame(rows: Iterable[str], colour: str) -> str:
    inside = "\n".join(filter(None, rows))
    return (
        '<tr><td style="padding-bottom:12px"><table role="presentation" class="card" width="100%" '
        'cellpadding="0" cellspacing="0" style="background:#ffffff;border:1px solid #e2e6ec;'
        f'border-radius:10px"><tr><td style="height:4px;background:{colour};line-height:4px;'
        f'font-size:0;border-radius:9px 9px 0 0">&nbsp;</td></tr>{inside}</table></td></tr>'
    )


def _build_head(wording: Wording, colour: str) -> str:
    number = (
        f'<td class="soft" align="right" style="font:13px/1.4 {_FONT};color:#5b6776;'
        f'white-space:nowrap">{escape(wording.number)}</td>'
    )
    return (
        '<tr><td class="pad" style="padding:22px 28px 0"><table role="presentation" width="100%" '
        f'cellpadding="0" cellspacing="0"><tr><td>{_build_pill(wording.tag, colour)}</td>{number}'
        "</tr></table></td></tr>"
        '<tr><td class="pad" style="padding:12px 28px 0">'
        f'<div class="ink headline" style="font:700 23px/1.3 {_FONT};color:#111827;'
        f'{_WRAP}">{escape(wording.headline)}</div>'
        f'<div class="soft" style="padding-top:4px;font:15px/1.5 {_FONT};color:#4b5563;'
        f'{_WRAP}">{escape(wording.place)}</div></td></tr>'
    )


def _build_pill(tag: str, colour: str) -> str:
    return (
        f'<span style="display:inline-block;padding:2px 10px;border-radius:999px;'
        f"background:{colour};color:#ffffff;font:700 13px/1.6 {_FONT};"
        f'white-space:nowrap">{escape(tag.strip("[]"))}</span>'
    )


def _build_figures(figures: Sequence[tuple[str, str]], first: str) -> str:
    """Blocks that stand beside one another, and below where the screen is narrow.

    The `first` has a colour of its own, where one is given.
    """
    colours = [first or _INK, *[_INK] * len(figures)]
    blocks = "".join(
        '<div style="display:inline-block;vertical-align:top;min-width:104px;'
        'padding:14px 22px 0 0">'
        f'<div class="soft" style="font:12px/1.4 {_FONT};color:#5b6776">{escape(label)}</div>'
        f'<div class="{_CLASSES.get(colour, "ink")}" style="font:700 17px/1.4 {_FONT};'
        f'color:{colour};white-space:nowrap">{escape(text)}</div></div>'
        for colour, (label, text) in zip(colours, figures, strict=False)
    )
    return f'<tr><td class="pad" style="padding:4px 28px 0">{blocks}</td></tr>' if blocks else ""


def _build_chart(wording: Wording, curve: Curve, t: Texts) -> str:
    bounds = describe_bounds(curve, t)
    span = t.span(len(curve.t_ms) * int(curve.t_ms[1] - curve.t_ms[0]))
    alt = t("notify.chart.alt", name=wording.headline, bounds=bounds)
    return (
        '<tr><td class="pad" style="padding:18px 28px 0">'
        f'<img src="cid:chart" width="536" height="{_CHART_HEIGHT}" alt="{escape(alt)}" '
        'style="display:block;width:100%;height:auto;border:0">'
        f'<div class="soft" style="padding-top:6px;font:12px/1.4 {_FONT};color:#5b6776">'
        f"{escape(t('notify.chart.range', span=span))} · {escape(bounds)}</div></td></tr>"
    )


def _build_look(text: str, colour: str, t: Texts) -> str:
    return (
        '<tr><td class="pad" style="padding:18px 28px 0"><table role="presentation" width="100%" '
        f'cellpadding="0" cellspacing="0"><tr><td class="look" style="padding:12px 16px;'
        f'background:#f4f6f9;border-left:3px solid {colour};border-radius:4px">'
        f'<div class="soft" style="font:700 12px/1.5 {_FONT};color:#5b6776">'
        f"{escape(t('notify.label.first_look'))}</div>"
        f'<div class="ink" style="font:15px/1.55 {_FONT};color:#111827;{_WRAP}">'
        f"{_mark_code(text)}</div></td></tr></table></td></tr>"
    )


def _build_notes(wording: Wording, t: Texts) -> Iterator[str]:
    rows = [(label, escape(text)) for label, text in wording.notes]
    if wording.others:
        rows.append((wording.others_label, "<br>".join(map(escape, wording.others))))
    if wording.runbook:
        rows.append((t("notify.label.runbook"), _escape_link(wording.runbook, wording.runbook)))
    for label, html in rows:
        yield (
            '<tr><td class="pad" style="padding:14px 28px 0">'
            f'<div class="soft" style="font:12px/1.5 {_FONT};color:#5b6776">{escape(label)}</div>'
            f'<div class="ink" style="font:14px/1.6 {_FONT};color:#111827;{_WRAP}">'
            f"{html}</div></td></tr>"
        )


def _build_links(wording: Wording, colour: str, t: Texts) -> str:
    if not wording.link:
        return '<tr><td style="padding:0 0 24px"></td></tr>'
    return (
        '<tr><td class="pad" style="padding:20px 28px 26px">'
        f'<a href="{escape(wording.link)}" style="display:inline-block;padding:11px 22px;'
        f"border-radius:6px;background:{colour};color:#ffffff;font:700 15px/1.2 {_FONT};"
        f'text-decoration:none">{escape(t("notify.open"))}</a></td></tr>'
    )


def _escape_link(text: str, link: str) -> str:
    if not link:
        return escape(text)
    return f'<a class="link" href="{escape(link)}" style="color:#1d4ed8">{escape(text)}</a>'


def _mark_code(text: str) -> str:
    """An escaped text, with what stands between backticks as code."""
    style = "padding:1px 4px;border-radius:4px;background:#e6eaf0;white-space:nowrap"
    font = "font:13px ui-monospace,monospace"
    return _CODE.sub(rf'<code class="code" style="{style};{font}">\1</code>', escape(text))


def _join_number(facts: str, number: str) -> str:
    return " · ".join(filter(None, (facts, number)))
