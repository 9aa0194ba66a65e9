"""The report of one incident, as a document of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from jipyo.analysis.window import STEP_MS
from jipyo.model.calendar import local_day, range_between, start_of_day
from jipyo.reports.document import INCIDENT_KIND, Report, phrase
from jipyo.reports.sections.appendix import hash_catalogue
from jipyo.reports.sections.incident_page import build_incident_page

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from jipyo.catalogue import Catalogue
    from jipyo.reports.document import Issuer
    from jipyo.reports.incident_facts import IncidentFacts


def build_incident_report(
    facts: IncidentFacts, catalogue: Catalogue, zone: ZoneInfo, made_ms: int, issuer: Issuer
) -> Report:
    """The report of an incident over the days on which it went on.

    Nothing after the recovery belongs to it, so it is final before the last of them is over.
    """
    incident = facts.incident
    is_over = incident.recovered_ms is not None
    first, last = (local_day(t_ms, zone) for t_ms in (incident.began_ms, facts.end_ms))
    following_ms = start_of_day(last + timedelta(days=1), zone)
    return Report(
        kind=f"{INCIDENT_KIND}-{incident.number}",
        number=f"JIPYO-INC-{incident.number}",
        title=phrase("incident_page.name"),
        period=range_between(start_of_day(first, zone), following_ms, zone),
        cut_ms=following_ms if is_over else made_ms,
        step_ms=STEP_MS,
        made_ms=made_ms,
        instances=(),
        catalogue=hash_catalogue(catalogue),
        state=incident.severity.state,
        blocks=tuple(build_incident_page(facts, catalogue, is_whole=True)),
        issuer=issuer,
    )
