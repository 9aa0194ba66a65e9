"""Open incidents, silences, maintenance windows and problems of delivery, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from jipyo.alerts.incident_wording import describe_title
from jipyo.alerts.matchers import write_matchers
from jipyo.analysis.thresholds import Severity
from jipyo.cli.options import open_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.app.alerts.summary import AlertSummary, OpenIncident
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Texts
    from jipyo.model.errors import JipyoError

_MOST_INCIDENTS = 5


def print_alert_lines(
    summary: AlertSummary,
    catalogue: Catalogue,
    t: Texts,
    zone: ZoneInfo,
    problems: Sequence[JipyoError] = (),
) -> None:
    """Print what somebody has to know or do about alerts; nothing where there is nothing.

    `problems` are those of delivery, where they are not shown elsewhere.
    """
    now_ms = summary.t_ms
    console = open_terminal()
    lines = (
        *_list_incidents(summary, catalogue, t, now_ms),
        *_list_quiet(summary, t, zone, now_ms),
        *((t.error(problem), "red") for problem in problems),
    )
    for line, style in lines:
        console.print(Text(line, style=style), soft_wrap=True)


def _list_incidents(
    summary: AlertSummary, catalogue: Catalogue, t: Texts, now_ms: int
) -> Iterator[tuple[str, str]]:
    shown = summary.incidents[:_MOST_INCIDENTS]
    for one in shown:
        style = "bold red" if one.incident.severity is Severity.CRITICAL else "yellow"
        yield _describe_incident(one, catalogue, t, now_ms), style
    if more := len(summary.incidents) - len(shown):
        yield t("cli.alert_lines.more", n=more), ""


def _describe_incident(one: OpenIncident, catalogue: Catalogue, t: Texts, now_ms: int) -> str:
    incident = one.incident
    who = incident.acknowledged_by
    return t(
        "cli.alert_lines.acknowledged" if who else "cli.alert_lines.waiting",
        number=incident.number,
        title=describe_title(one.ranked, catalogue, t),
        span=t.span(incident.duration_ms(now_ms)),
        who=who,
    )


def _list_quiet(
    summary: AlertSummary, t: Texts, zone: ZoneInfo, now_ms: int
) -> Iterator[tuple[str, str]]:
    for silence in summary.silences:
        values = {
            "id": silence.id,
            "until": t.recent_moment(silence.end_ms, zone, now_ms),
            "match": write_matchers(silence.matchers),
            "reason": silence.reason,
            "who": silence.who,
        }
        yield t("cli.alert_lines.silence", **values), ""
    for window in summary.windows:
        until = t.recent_moment(window.end_ms, zone, now_ms)
        yield t("cli.alert_lines.maintenance", name=window.name, until=until), ""
