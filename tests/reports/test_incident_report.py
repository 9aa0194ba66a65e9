"""The report of an incident: what is known with its evidence, and what people must fill in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from demo.test_folder import silent
from demo.test_write import MONTH, STORY
from jipyo.alerts.events.event import EventKind
from jipyo.alerts.incident.incident import EntryKind
from jipyo.analysis.thresholds import Severity
from jipyo.app.alerts.summary import read_ranked_incidents
from jipyo.app.offline import read_workspace
from jipyo.app.reports import build_incident_document, read_incident_facts
from jipyo.demo.folder import load_config
from jipyo.demo.history import play_history
from jipyo.demo.site import write_site
from jipyo.demo.write import write_month
from jipyo.i18n import LANGS
from jipyo.model.calendar import range_between
from jipyo.model.errors import IncidentError
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.reports.document import Blank, Table
from jipyo.reports.incident_facts import MOST_PAGES, choose_pages, gather_facts
from jipyo.reports.incident_report import build_incident_report
from jipyo.reports.render import FORMATS
from jipyo.reports.sections.incident_page import build_incident_page
from jipyo.reports.wording import Localizer
from jipyo.source.embedded import Embedded
from support.memory import MemoryStore

HOUR_MS = 3_600_000
START_MS, END_MS = STORY.outage.start_ms - 3 * HOUR_MS, STORY.outage.end_ms + 5 * HOUR_MS
DAYS_AFTER = (START_MS - MONTH.start_ms) // 86_400_000


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """The afternoon of the outage, with the alerts that the rules made of it."""
    folder = tmp_path_factory.mktemp("incident")
    write_site(folder, STORY)
    write_month(folder, MONTH, days_before=-DAYS_AFTER, until_ms=END_MS)
    config = load_config(folder)
    with read_workspace(config) as opened:
        workspace = replace(opened, now_ms=lambda: END_MS)
        story = replace(STORY, month=range_between(START_MS, END_MS, STORY.zone))
        with silent("") as progress:
            play_history(config, workspace, story, END_MS, progress)
        yield workspace


@pytest.fixture(scope="module")
def facts(workspace):
    found = read_ranked_incidents(
        workspace.data, workspace.catalogue, START_MS, END_MS, workspace.config.settings.alerts
    )
    gravest = max(found, key=lambda one: len(one[0].alerts))
    return read_incident_facts(workspace, gravest, END_MS)


def list_tables(blocks) -> dict[str, Any]:
    return {one.id.rpartition("-")[2]: one for one in blocks if isinstance(one, Table)}


def count_blanks(value: object) -> int:
    if isinstance(value, Blank):
        return 1
    if isinstance(value, tuple):
        return sum(map(count_blanks, value))
    return 0


def test_one_fault_is_one_incident_with_the_deployment_before_it(facts):
    rules = {alert.key.rule for alert in facts.incident.alerts}
    assert {"app.probe.down", "app.error_rate", "db.connections"} <= rules
    assert facts.event_before.kind is EventKind.DEPLOYMENT
    assert facts.event_before.t_ms == STORY.deployed_ms
    assert facts.ranked[0].alert.key.rule == "db.connections"


def test_affected_requests_are_whole_counts_of_the_samples(workspace, facts):
    services = {one.service: one for one in facts.impacts if one.metric.id == "app.error_rate"}
    assert set(services) == {"chat-api", "portal"}
    window = -(-(facts.end_ms - facts.incident.began_ms) // 1000)
    counted = workspace.source.instant(
        f'sum(increase(http_requests_total{{status="5xx"}}[{window}s] anchored))', facts.end_ms
    )
    assert services["chat-api"].failed == counted.value.values[0] > 10_000
    assert all(isinstance(one.failed, int) for one in facts.impacts)
    assert all(one.failed <= one.total for one in facts.impacts)


def test_less_than_one_request_by_an_estimate_is_no_request(workspace, facts):
    store, end_ms = MemoryStore(), facts.end_ms
    served = Labels.of({"__name__": "http_requests_total", "job": "chat-api", "status": "2xx"})
    store.put(served, [facts.incident.began_ms, end_ms - 15_000, end_ms], [5.0, 5.0, 5.3])
    ranked = facts.incident, facts.ranked
    source = Embedded(store, Engine())
    assert gather_facts(source, workspace.catalogue, ranked, (), end_ms).impacts == ()


def test_the_timeline_has_each_step_in_the_order_of_time(facts, workspace):
    table = list_tables(build_incident_page(facts, workspace.catalogue))["timeline"]
    keys = [row[1].key.rpartition(".")[2] for row in table.rows]
    assert keys[0] == "event"
    for step in ("began", "noticed", "acknowledged", "action", "recovered"):
        assert step in keys
    times = [row[0].t_ms for row in table.rows]
    assert times == sorted(times)


def test_each_piece_of_evidence_says_how_to_see_it_again(facts, workspace):
    blocks = list(build_incident_page(facts, workspace.catalogue, is_whole=True))
    table = list_tables(blocks)["evidence"]
    assert [row[0] for row in table.rows] == list(range(1, len(table.rows) + 1))
    queries = [row[-1].text for row in table.rows]
    assert all(queries)
    of_alerts = queries[1 : 1 + len(facts.ranked)]
    for query in of_alerts:
        answer = workspace.source.instant(query, facts.incident.noticed_ms).value
        assert len(answer.series), query
    short = list_tables(build_incident_page(facts, workspace.catalogue))["evidence"]
    assert len(short.rows) < len(table.rows)
    assert dict(short.caption.values)["n"] == len(table.rows) - len(short.rows)


def test_no_cause_is_invented_and_what_is_missing_is_marked(facts, workspace):
    told = list_tables(build_incident_page(facts, workspace.catalogue))["cause"]
    assert count_blanks(told.rows) == 1  # what prevents it
    entries = tuple(
        one
        for one in facts.incident.entries
        if one.kind not in {EntryKind.NOTE, EntryKind.CLOSED, EntryKind.ACKNOWLEDGED}
    )
    bare = replace(
        facts.incident,
        entries=entries,
        cause=None,
        attribution=None,
        acknowledged_ms=None,
        closed_ms=None,
    )
    blocks = list(build_incident_page(replace(facts, incident=bare), workspace.catalogue))
    tables = list_tables(blocks)
    assert count_blanks(tables["cause"].rows) == 5  # with actions and prevention
    assert count_blanks(tables["timeline"].rows) == 6  # acknowledged and action: when, what, who
    assert len(tables["cause"].rows) == 5


def test_beside_others_expressions_are_short_and_whole_in_its_own_document(facts, workspace):
    def find_codes(*, is_whole: bool) -> list[str]:
        page = build_incident_page(facts, workspace.catalogue, is_whole=is_whole)
        return [row[-1].text for row in list_tables(page)["evidence"].rows]

    short, whole = find_codes(is_whole=False), find_codes(is_whole=True)
    assert max(map(len, short)) <= 90 < max(map(len, whole))
    for one, other in zip(short, whole, strict=False):
        assert one == other or other.startswith(one.removesuffix("…"))


@pytest.mark.parametrize("lang", LANGS)
def test_every_format_shows_it_in_both_languages(facts, workspace, lang):
    report = build_incident_report(facts, workspace.catalogue, STORY.zone, END_MS, workspace.issuer)
    localizer = Localizer.for_period(report.period, lang)
    for name in sorted(FORMATS):
        content = FORMATS[name].render(report, lang)
        assert content == FORMATS[name].render(report, lang)
    html = FORMATS["html"].render(report, lang).decode()
    assert localizer.texts("incident_page.prevention") in html
    assert localizer.texts("inspection.to_fill") in html
    assert "v2.4.1" in html


def test_an_incident_that_there_is_not_is_an_error(workspace):
    with pytest.raises(IncidentError) as caught:
        build_incident_document(workspace, 99)
    assert caught.value.key == "incident.unknown"


def test_the_report_of_an_incident_by_its_number(workspace, facts):
    report = build_incident_document(workspace, facts.incident.number)
    assert report.number == f"JIPYO-INC-{facts.incident.number}"
    assert report.period.start_ms <= facts.incident.began_ms < facts.end_ms <= report.period.end_ms


def test_the_longest_critical_incidents_have_pages_of_their_own(facts):
    hour = 3_600_000
    alert = replace(facts.incident.alerts[0], severity=Severity.CRITICAL)

    def last(number: int, start: int, hours: int):
        end_ms = (start + hours) * hour
        alerts = (replace(alert, stretches=((start * hour, end_ms),)),)
        return replace(facts.incident, number=number, alerts=alerts, recovered_ms=end_ms)

    incidents = [last(at, at * 9, at) for at in range(1, 6)]
    inside = last(9, 46, 4)
    chosen = choose_pages([(one, facts.ranked) for one in (*incidents, inside)], END_MS)
    assert [one.number for one, _ in chosen] == [4, 5]
    assert len(chosen) == MOST_PAGES
    assert choose_pages([], END_MS) == []
