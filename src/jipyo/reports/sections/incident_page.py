"""One incident on a page: what is known of it, and what people must fill in.

Nothing here names a cause. Evidence is ranked by the rules of `alerts/incident/origin`, each with
its query; the cause is what a person entered, or is left to be filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.alerts.incident.incident import EntryKind
from jipyo.reports.document import (
    Badge,
    Blank,
    Block,
    BlockGroup,
    Code,
    ColumnHead,
    Duration,
    Heading,
    Inline,
    Joined,
    Listing,
    Moment,
    Note,
    Share,
    Table,
    phrase,
)
from jipyo.reports.sections.incident_charts import draw_courses
from jipyo.reports.sections.incident_evidence import describe_event, list_evidence
from jipyo.reports.sections.incidents import name_alert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jipyo.alerts.incident.incident import Incident, IncidentEntry
    from jipyo.catalogue import Catalogue
    from jipyo.reports.incident_facts import IncidentFacts, IncidentImpact

_MOST_EVIDENCE = 3
_LINES, _SHORT_LINES = 3, 2
"""To write by hand, in a document of its own and beside others."""
_MOST_CHARACTERS = 90
"""Of an expression beside others: a document of its own has the whole."""


def build_incident_page(
    facts: IncidentFacts, catalogue: Catalogue, *, is_whole: bool = False
) -> Iterator[Block]:
    """기본정보, 장애내용, 원인, 조치, 재발방지.

    As a document of its own with charts and all evidence; beside others on one page without.
    """
    number = facts.incident.number
    name = name_alert(facts.ranked[0].alert, catalogue)
    title = phrase("incident_page.title", n=number, name=name)
    yield Heading(f"incident-page-{number}", title, page=not is_whole)
    yield Heading(f"incident-{number}-basic", phrase("incident_page.basic"), level=2)
    yield _build_basics(facts, catalogue, is_whole=is_whole)
    yield Heading(f"incident-{number}-course", phrase("incident_page.course"), level=2)
    yield _build_timeline(facts, is_whole=is_whole)
    yield from _build_impact(facts, is_whole=is_whole)
    if facts.courses and is_whole:
        yield BlockGroup((draw_courses(facts.incident, facts.courses, facts.events),))
    yield Heading(f"incident-{number}-evidence", phrase("incident_page.evidence"), level=2)
    yield _build_evidence(facts, catalogue, is_whole=is_whole)
    yield Note(phrase("incident_page.no_cause"))
    if not is_whole:
        yield Heading(f"incident-{number}-cause", phrase("incident_page.filled"), level=2)
        yield _build_cause(facts.incident, _list_filled(facts.incident))
        return
    yield Heading(f"incident-{number}-cause", phrase("incident_page.cause"), level=2)
    yield _build_cause(facts.incident)
    yield Heading(f"incident-{number}-actions", phrase("incident_page.actions"), level=2)
    yield _build_actions(facts.incident)
    yield Heading(f"incident-{number}-prevention", phrase("incident_page.prevention"), level=2)
    yield Note(Blank(lines=_LINES))


def _head(*keys: str, numeric: Sequence[str] = ()) -> tuple[ColumnHead, ...]:
    return tuple(ColumnHead(phrase(f"incident_page.column.{key}"), key in numeric) for key in keys)


# --- what is known of it


def _build_basics(facts: IncidentFacts, catalogue: Catalogue, *, is_whole: bool) -> Table:
    incident = facts.incident
    rows: list[tuple[Inline, Inline]] = [
        ("number", f"#{incident.number}"),
        ("severity", Badge(incident.severity.state)),
        ("state", phrase(f"incident.state.{incident.state.value}")),
        ("origin", name_alert(facts.ranked[0].alert, catalogue)),
        ("began", Moment(incident.began_ms, to_the_second=True)),
        ("recovered", _show_end(incident)),
        ("duration", Duration(incident.duration_ms(facts.end_ms))),
        ("author", Blank()),
    ]
    return Table(
        id=f"incident-{incident.number}-basic",
        caption="",
        columns=_head("item", "value", "item", "value"),
        rows=tuple(
            tuple(
                cell for key, value in pair for cell in (phrase(f"incident_page.item.{key}"), value)
            )
            for pair in zip(rows[::2], rows[1::2], strict=True)
        ),
        wide=not is_whole,
    )


def _show_end(incident: Incident) -> Inline:
    if incident.recovered_ms is None:
        return phrase("reports.breaches.open")
    return Moment(incident.recovered_ms, to_the_second=True)


def _build_timeline(facts: IncidentFacts, *, is_whole: bool) -> Table:
    """발생, 인지, 접수, 조치, 복구 and what was deployed around them, in the order of time."""
    incident = facts.incident
    rows: list[tuple[int, str, Inline, str]] = [
        (incident.began_ms, "began", phrase("incident_page.step.began.text"), ""),
        (incident.noticed_ms, "noticed", _show_delay(incident), ""),
    ]
    rows += [
        (event.t_ms, "event", describe_event(event), event.who)
        for event in facts.events
        if event.t_ms <= facts.end_ms
    ]
    rows += [
        (entry.t_ms, "action", entry.text, entry.who)
        for entry in incident.entries
        if entry.kind is EntryKind.NOTE
    ]
    if incident.acknowledged_ms is not None:
        who = incident.acknowledged_by
        rows.append((incident.acknowledged_ms, "acknowledged", _find_words(incident), who))
    if incident.recovered_ms is not None:
        span = Duration(incident.recovered_ms - incident.began_ms)
        text = phrase("incident_page.step.recovered.text", span=span)
        rows.append((incident.recovered_ms, "recovered", text, ""))
    shown: list[tuple[Inline, ...]] = [
        (
            Moment(t_ms, to_the_second=True),
            phrase(f"incident_page.step.{step}"),
            text,
            who or None,
        )
        for t_ms, step, text, who in sorted(rows, key=lambda one: one[0])
    ]
    steps = {step for _, step, _, _ in rows}
    shown += [
        (Blank(), phrase(f"incident_page.step.{step}"), Blank(), Blank())
        for step in ("acknowledged", "action", "recovered")
        if step not in steps
    ]
    return Table(
        id=f"incident-{incident.number}-timeline",
        caption="",
        columns=_head("time", "step", "what", "who"),
        rows=tuple(shown),
        wide=not is_whole,
    )


def _show_delay(incident: Incident) -> Inline:
    span = Duration(incident.noticed_ms - incident.began_ms)
    return phrase("incident_page.step.noticed.text", span=span)


def _find_words(incident: Incident) -> Inline:
    """What was written with the acknowledgement."""
    entries = [one for one in incident.entries if one.kind is EntryKind.ACKNOWLEDGED]
    return entries[0].text or None


def _build_impact(facts: IncidentFacts, *, is_whole: bool) -> Iterator[Block]:
    """How many requests failed; beside others only of services of which some did."""
    if not facts.impacts:
        yield Note(phrase("incident_page.impact.unknown"))
        return
    impacts = [one for one in facts.impacts if is_whole or one.failed]
    if not impacts:
        names = Joined(tuple(map(_name_impact, facts.impacts)), ", ")
        yield Note(phrase("incident_page.impact.none", services=names))
        return
    yield Table(
        id=f"incident-{facts.incident.number}-impact",
        caption=phrase("incident_page.impact"),
        columns=_head(
            *("service", "total", "failed", "share"), numeric=("total", "failed", "share")
        ),
        rows=tuple(
            (
                _name_impact(one),
                _show_count(one, one.total),
                _show_count(one, one.failed),
                Share(one.failed / one.total),
            )
            for one in impacts
        ),
        wide=not is_whole,
    )


def _name_impact(impact: IncidentImpact) -> Inline:
    name = impact.metric.name
    return Joined((name, impact.service), " · ") if impact.service else name


def _show_count(impact: IncidentImpact, count: int) -> Inline:
    if impact.estimated:
        return phrase("reports.estimated", number=f"{count:,}")
    return count


# --- evidence


def _build_evidence(facts: IncidentFacts, catalogue: Catalogue, *, is_whole: bool) -> Table:
    found = list_evidence(facts, catalogue)
    rows: list[tuple[Inline, ...]] = [(one.what, one.seen, one.reason, one.query) for one in found]
    left = 0 if is_whole else max(0, len(rows) - _MOST_EVIDENCE)
    if left:
        rows = rows[:_MOST_EVIDENCE]
    if not is_whole:
        rows = [(*row[:-1], _shorten(row[-1])) for row in rows]
    return Table(
        id=f"incident-{facts.incident.number}-evidence",
        caption=phrase("incident_page.evidence.more", n=left) if left else "",
        columns=_head("rank", "what", "seen", "reason", "query", numeric=("rank",)),
        rows=tuple((at, *row) for at, row in enumerate(rows, 1)),
        wide=True,
    )


def _shorten(cell: Inline) -> Inline:
    """An expression as far as it tells what was asked."""
    if not isinstance(cell, Code) or len(cell.text) <= _MOST_CHARACTERS:
        return cell
    return Code(f"{cell.text[: _MOST_CHARACTERS - 1]}…")


# --- what people fill in


def _list_filled(incident: Incident) -> tuple[tuple[Inline, Inline], ...]:
    """Rows for what was done and what prevents it: one table is not broken over pages."""
    notes = _list_notes(incident)
    done = phrase("incident_page.actions.above", n=len(notes)) if notes else Blank(_SHORT_LINES)
    return (
        (phrase("incident_page.actions"), done),
        (phrase("incident_page.prevention"), Blank(_SHORT_LINES)),
    )


def _list_notes(incident: Incident) -> list[IncidentEntry]:
    return [one for one in incident.entries if one.kind is EntryKind.NOTE and one.text]


def _build_cause(incident: Incident, filled: tuple[tuple[Inline, Inline], ...] = ()) -> Table:
    texts = [
        entry.text
        for entry in incident.entries
        if entry.kind in {EntryKind.CAUSE, EntryKind.CLOSED} and entry.text
    ]
    cause, attribution = incident.cause, incident.attribution
    rows: tuple[tuple[Inline, Inline], ...] = (
        (
            phrase("incident.label.cause"),
            phrase(f"incident.cause.{cause.value}") if cause else Blank(),
        ),
        (
            phrase("incident.label.attribution"),
            phrase(f"incident.attribution.{attribution.value}") if attribution else Blank(),
        ),
        (
            phrase("incident_page.item.cause"),
            Joined(tuple(texts), "\n") if texts else Blank(_SHORT_LINES if filled else _LINES),
        ),
        *filled,
    )
    return Table(
        id=f"incident-{incident.number}-cause",
        caption="",
        columns=_head("item", "value"),
        rows=rows,
        wide=bool(filled),
    )


def _build_actions(incident: Incident) -> Block:
    """What was done."""
    notes = _list_notes(incident)
    if not notes:
        return Note(Blank(lines=_LINES))
    return Listing(tuple((Joined((Moment(entry.t_ms), entry.who)), entry.text) for entry in notes))
