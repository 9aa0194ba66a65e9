"""The server part of alerts over a real store: ticks, restarts, outages, losses, failures."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from jipyo.alerts.alert import AlertState
from jipyo.alerts.desk import IncidentDesk
from jipyo.alerts.incident import edits
from jipyo.alerts.incident.incident import CauseClass
from jipyo.alerts.options import AlertsOptions, RuleOptions
from jipyo.alerts.saved import load_memories
from jipyo.alerts.store import AlertStore
from jipyo.analysis.health import NOTHING_KNOWN, assess_catalogue
from jipyo.analysis.thresholds import State
from jipyo.app.alerts.incidents import IncidentRecorder
from jipyo.app.alerts.removed import KEEP_MS, note_targets
from jipyo.app.alerts.rule_status import list_groups
from jipyo.app.alerts.schema import STEPS
from jipyo.app.alerts.service import LAG_MS, Alerting
from jipyo.catalogue import Catalogue, load
from jipyo.collect.loop import Loop
from jipyo.collect.target import Target, own_target
from jipyo.config.load import load as load_config
from jipyo.config.overrides import CliOverrides
from jipyo.model.errors import CollectError, ConfigError, IncidentError, StoreFull
from jipyo.model.failure import FailureReason
from jipyo.model.family import Family, gauge
from jipyo.model.labels import Labels
from jipyo.model.result import Vector
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.clock import FakeClock

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jipyo.alerts.alert import Transition
    from jipyo.analysis.health import MetricHealth
    from jipyo.config.load import Config

INTERVAL_MS = 15_000
MINUTE_MS = 60_000
OUTAGE, LOSS, HEAT = "system.collection.failed", "system.gpu.lost", "system.gpu.temperature"


def select_metrics(known: Catalogue) -> Catalogue:
    """The three metrics, the heat after a minute."""
    return Catalogue(
        tuple(
            replace(one, thresholds=replace(one.thresholds, for_ms=60_000 if one.id == HEAT else 0))
            for one in known.metrics
            if one.id in {OUTAGE, LOSS, HEAT} and one.thresholds is not None
        )
    )


KNOWN = select_metrics(load())
OPTIONS = AlertsOptions(keep_firing_ms=60_000)
REFUSED = CollectError("database.unreachable", url="redis://h", reason="Connection refused")


@dataclass
class Service:
    """What a test scrapes: a GPU for each temperature; it fails where it has an error."""

    temperatures: dict[str, float] = field(default_factory=lambda: {"0": 50.0, "1": 50.0})
    error: CollectError | None = None

    def collect(self, t_ms: int) -> list[Family]:
        if self.error is not None:
            raise self.error
        names = ("gpu", "UUID")
        rows = [((gpu, f"GPU-{gpu}"), value) for gpu, value in self.temperatures.items()]
        return [gauge("DCGM_FI_DEV_GPU_TEMP", "Degrees.", names, rows)]


@dataclass
class Site:
    """A server's parts that alerts need, under a clock of their own."""

    folder: Path
    clock: FakeClock
    store: Store
    config: Config
    service: Service = field(default_factory=Service)
    catalogue: Catalogue = KNOWN
    transitions: list[Transition] = field(default_factory=list)
    problem: Exception | None = None
    """Of the follower."""

    def __post_init__(self) -> None:
        self.loop = Loop(self.store, clock=self.clock)
        labels = Labels.of({"job": "dcgm", "instance": "h"})
        made = own_target([self.service], job="dcgm", instance="h", interval_ms=INTERVAL_MS)
        self.loop.sync([Target(labels, made.reader, INTERVAL_MS)])
        self.alerting = self.begin()

    def follow(self, _db: sqlite3.Connection, _t_ms: int, found: Sequence[Transition]) -> None:
        if self.problem is not None:
            raise self.problem
        self.transitions += found

    def begin(self) -> Alerting:
        database = AlertStore.open(self.folder, STEPS)
        recorder = IncidentRecorder()
        alerting = Alerting(database, self.store, self.clock, [recorder.follow, self.follow])
        recorder.apply(lambda: alerting.rules, OPTIONS, "h")
        alerting.apply(self.config, self.source, self.catalogue)
        alerting.start()
        return alerting

    @property
    def source(self) -> Embedded:
        return Embedded(self.store, Engine())

    def restart(self, pause_ms: int = 0) -> None:
        self.alerting.stop()
        self.clock.advance(pause_ms)
        self.alerting = self.begin()

    def stop(self) -> None:
        self.alerting.stop()
        self.loop.stop()

    def list_changes(self, rule: str) -> list[str]:
        """The changes of a rule's alerts that people get to know."""
        return [
            f"{one.before.value}>{one.alert.state.value}"
            for one in self.transitions
            if one.alert.key.rule == rule and (one.before.is_open or one.alert.state.is_open)
        ]

    def wait_for(self, rule: str, state: AlertState) -> float:
        """The seconds until the last transition of a rule's alerts is to this state."""
        start_ms = self.clock.now_ms()
        for _ in range(300):
            last = next((t for t in reversed(self.transitions) if t.alert.key.rule == rule), None)
            if last is not None and last.alert.state is state:
                return (self.clock.now_ms() - start_ms) / 1000
            self.clock.advance(1000)
        pytest.fail(f"{rule} never became {state}")

    def query(self, expression: str) -> list[dict[str, str]]:
        value = self.source.instant(expression, self.clock.now_ms()).value
        assert isinstance(value, Vector)
        return [dict(labels) for labels in value.series]

    def count(self, name: str) -> float:
        families = {one.name: one for one in self.alerting.families()}
        return sum(sample.value for sample in families[name].samples)


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    clock = FakeClock()
    with Store.open(tmp_path / "store", now_ms=clock.now_ms) as store:
        made: list[Site] = []

        def make(**values: Any) -> Site:
            config = load_config(CliOverrides(data=tmp_path), {}, "en")
            config = replace(config, settings=replace(config.settings, alerts=OPTIONS))
            made.append(Site(tmp_path, clock, store, config, **values))
            clock.advance(MINUTE_MS)
            return made[-1]

        yield make
        for site in made:
            site.stop()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def test_a_dead_target_fires_with_its_reason_and_resolves_at_the_first_good_reading(
    site: Site,
) -> None:
    site.clock.advance(1)  # just after a reading: the longest that it can take
    site.service.error = REFUSED
    assert site.wait_for(OUTAGE, AlertState.FIRING) <= 35
    alert = site.transitions[-1].alert
    assert dict(alert.key.labels) == {"instance": "h", "job": "dcgm"}
    assert alert.reason is FailureReason.CONNECTION_REFUSED
    site.service.error = CollectError("collect.timeout", seconds=1)
    site.clock.advance(MINUTE_MS)
    site.service.error = None
    assert site.wait_for(OUTAGE, AlertState.INACTIVE) <= 20
    assert site.list_changes(OUTAGE)[0] == "inactive>firing"
    assert site.list_changes(OUTAGE)[-1] == "firing>inactive"


def test_a_lost_gpu_fires_while_its_target_lives_and_ends_when_it_is_back(site: Site) -> None:
    site.clock.advance(1)
    gone = site.service.temperatures.pop("1")
    assert site.wait_for(LOSS, AlertState.FIRING) <= 35
    assert site.transitions[-1].alert.key.labels["gpu"] == "1"
    site.clock.advance(2 * MINUTE_MS)
    site.service.temperatures["1"] = gone
    assert site.wait_for(LOSS, AlertState.INACTIVE) <= 20
    assert site.list_changes(LOSS) == ["inactive>firing", "firing>inactive"]


def test_a_hot_gpu_whose_exporter_dies_is_not_resolved_until_it_is_seen_to_be_cool(
    site: Site,
) -> None:
    site.service.temperatures["0"] = 99.0
    site.wait_for(HEAT, AlertState.FIRING)
    site.service.error = REFUSED
    site.wait_for(HEAT, AlertState.NO_DATA)
    site.clock.advance(3 * MINUTE_MS)
    site.service.error, site.service.temperatures["0"] = None, 50.0
    site.wait_for(HEAT, AlertState.INACTIVE)
    assert site.list_changes(HEAT) == [
        "pending>firing",
        "firing>no_data",
        "no_data>recovering",
        "recovering>inactive",
    ]


@pytest.mark.parametrize("pause_ms", [0, 20 * MINUTE_MS, 3 * 60 * MINUTE_MS])
def test_a_restart_in_mid_incident_goes_on(site: Site, pause_ms: int) -> None:
    site.service.temperatures["0"] = 99.0
    site.wait_for(HEAT, AlertState.FIRING)
    site.loop.stop()
    site.restart(pause_ms)
    site.loop = Loop(site.store, clock=site.clock)
    made = own_target([site.service], job="dcgm", instance="h", interval_ms=INTERVAL_MS)
    site.loop.sync([Target(Labels.of({"job": "dcgm", "instance": "h"}), made.reader, INTERVAL_MS)])
    site.clock.advance(2 * MINUTE_MS)
    assert [alert.state for alert in site.alerting.list_alerts()] == [AlertState.FIRING]
    site.service.temperatures["0"] = 50.0
    site.wait_for(HEAT, AlertState.INACTIVE)
    changes = site.list_changes(HEAT)
    assert changes.count("pending>firing") == 1
    assert sum(change.endswith(">inactive") for change in changes) == 1


def test_an_alert_duration_goes_on_over_a_restart(site: Site) -> None:
    site.service.temperatures["0"] = 99.0
    site.clock.advance(MINUTE_MS)
    assert site.list_changes(HEAT) == []
    site.restart()
    assert site.wait_for(HEAT, AlertState.FIRING) <= 35


def test_alerts_are_series_as_those_of_prometheus(site: Site) -> None:
    site.service.temperatures["0"] = 99.0
    site.clock.advance(MINUTE_MS)
    labels = {
        "alertname": "SystemGpuTemperature",
        "gpu": "0",
        "instance": "h",
        "metric": HEAT,
        "severity": "critical",
    }
    (row,) = site.query(f'ALERTS{{metric="{HEAT}"}}')
    assert row == labels | {"__name__": "ALERTS", "alertstate": "pending", "job": "jipyo"}
    site.wait_for(HEAT, AlertState.FIRING)
    site.clock.advance(2000)
    assert [one["alertstate"] for one in site.query(f'ALERTS{{metric="{HEAT}"}}')] == ["firing"]
    (active,) = {t.alert.active_ms for t in site.transitions if t.alert.key.rule == HEAT}
    assert len(site.query(f'ALERTS_FOR_STATE{{metric="{HEAT}"}} == {active / 1000}')) == 1
    site.service.temperatures["0"] = 50.0
    site.wait_for(HEAT, AlertState.INACTIVE)
    site.clock.advance(2000)
    assert site.query(f'{{__name__=~"ALERTS.*", metric="{HEAT}"}}') == []


def test_what_cannot_be_kept_is_made_up_for(site: Site) -> None:
    site.service.temperatures["0"] = 99.0
    site.clock.advance(MINUTE_MS)
    site.problem = StoreFull("alerts_store.full", path="alerts.db", reason="disk full")
    site.clock.advance(2 * MINUTE_MS)
    assert site.list_changes(HEAT) == []
    site.problem = None
    site.clock.advance(MINUTE_MS)
    assert site.list_changes(HEAT) == ["pending>firing"]
    fired = next(t for t in site.transitions if t.alert.state is AlertState.FIRING)
    assert fired.t_ms == fired.alert.active_ms + MINUTE_MS  # when it was due


def test_missed_moments_are_counted_and_made_up_for(site: Site) -> None:
    site.service.temperatures["0"] = 99.0
    site.clock.advance(MINUTE_MS)
    before = site.count("jipyo_alerts_missed_moments_total")
    site.clock.set_wall_clock(10 * MINUTE_MS)  # as after a suspend
    site.clock.advance(15_000)
    assert site.count("jipyo_alerts_missed_moments_total") - before == 10 * 40


def test_a_clock_that_was_ahead_does_not_stop_the_alerts(site: Site) -> None:
    site.clock.set_wall_clock(24 * 60 * MINUTE_MS)
    site.service.temperatures["0"] = 99.0
    site.clock.advance(MINUTE_MS)
    assert site.list_changes(HEAT) == []
    site.clock.set_wall_clock(-24 * 60 * MINUTE_MS)
    assert site.wait_for(HEAT, AlertState.FIRING) <= 100
    site.service.error = REFUSED
    assert site.wait_for(OUTAGE, AlertState.FIRING) <= 35


def test_a_rule_that_fails_is_counted_and_stops_no_other(make_site: Callable[..., Site]) -> None:
    wrong = KNOWN.get(HEAT)
    assert wrong is not None
    query = replace(wrong.queries[0], promql="DCGM_FI_DEV_GPU_TEMP + on () DCGM_FI_DEV_GPU_TEMP")
    rules = (replace(wrong, queries=(query,)), *(one for one in KNOWN.metrics if one.id != HEAT))
    site = make_site(catalogue=Catalogue(rules))
    assert site.count("jipyo_alerts_failing_rules") == 1
    assert site.count("jipyo_alerts_evaluation_failures_total") > 5
    site.service.error = REFUSED
    assert site.wait_for(OUTAGE, AlertState.FIRING) <= 35


def test_alerts_of_what_the_site_has_no_more_are_closed(site: Site) -> None:
    site.service.temperatures["0"] = 99.0
    site.wait_for(HEAT, AlertState.FIRING)
    options = AlertsOptions(rules=((HEAT, RuleOptions(enabled=False)),))
    settings = replace(site.config.settings, alerts=options)
    site.alerting.apply(replace(site.config, settings=settings), site.source, KNOWN)
    site.clock.advance(15_000)
    assert site.list_changes(HEAT) == ["pending>firing", "firing>inactive"]
    site.alerting.stop()
    database = AlertStore.open(site.folder, STEPS)
    with database.reading() as db:
        assert HEAT not in load_memories(db)
    site.alerting = site.begin()
    database.close()


def test_a_person_closes_what_has_no_data(site: Site) -> None:
    site.service.temperatures["0"] = 99.0
    site.wait_for(HEAT, AlertState.FIRING)
    site.service.error = REFUSED
    site.wait_for(HEAT, AlertState.NO_DATA)
    database = AlertStore.open(site.folder, STEPS)  # as the command does, beside the server
    desk = IncidentDesk(database, site.clock.now_ms)
    found = desk.list_incidents(0, site.clock.now_ms())
    (number,) = (one.number for one in found if HEAT in {each.key.rule for each in one.alerts})
    with pytest.raises(IncidentError):  # that its target does not answer is known
        desk.edit(number, lambda one, t_ms: edits.close(one, t_ms, "kim", CauseClass.HARDWARE))
    site.service.error = None
    del site.service.temperatures["0"]
    site.wait_for(OUTAGE, AlertState.INACTIVE)
    site.catalogue = Catalogue(tuple(one for one in KNOWN.metrics if one.id != LOSS))
    site.alerting.apply(site.config, site.source, site.catalogue)
    site.clock.advance(INTERVAL_MS)
    desk.edit(number, lambda one, t_ms: edits.close(one, t_ms, "kim", CauseClass.HARDWARE))
    database.close()
    site.clock.advance(2 * MINUTE_MS)
    assert site.list_changes(HEAT)[-1] == "no_data>inactive"
    assert HEAT not in {alert.key.rule for alert in site.alerting.list_alerts()}


def test_the_first_evaluation_knows_what_came_before_it(make_site: Callable[..., Site]) -> None:
    site = make_site()
    site.service.temperatures["0"] = 99.0
    site.alerting.stop()
    (site.folder / "alerts.db").unlink()
    site.clock.advance(20 * MINUTE_MS)
    site.alerting = site.begin()
    site.clock.advance(INTERVAL_MS + LAG_MS)
    (fired,) = [t for t in site.transitions if t.alert.key.rule == HEAT]
    assert fired.alert.state is AlertState.FIRING
    assert fired.t_ms - fired.alert.active_ms >= 19 * MINUTE_MS


def test_without_the_section_nothing_is_evaluated(site: Site) -> None:
    settings = replace(site.config.settings, alerts=None)
    site.alerting.apply(replace(site.config, settings=settings), site.source, KNOWN)
    before = site.count("jipyo_alerts_evaluations_total")
    site.clock.advance(5 * MINUTE_MS)
    assert site.count("jipyo_alerts_evaluations_total") == before


def test_the_verdict_of_the_server_is_that_of_an_offline_command(site: Site) -> None:
    def assess(known: Mapping[str, MetricHealth] = NOTHING_KNOWN) -> dict[str, list[object]]:
        t_ms = site.clock.now_ms() // INTERVAL_MS * INTERVAL_MS
        health = assess_catalogue(site.source, KNOWN, t_ms, step_ms=INTERVAL_MS, known=known)
        return {
            one.metric.id: [one.state, one.reason, one.value, one.worst, one.outages, one.threshold]
            for one in health.metrics
        }

    def advance_to_the_grid() -> None:
        site.clock.advance(INTERVAL_MS - site.clock.now_ms() % INTERVAL_MS + 2 * LAG_MS)

    verdicts = []
    for change in (
        {"temperatures": {"0": 99.0, "1": 50.0}},
        {},
        {"temperatures": {"0": 99.0}},
        {"error": REFUSED},
        {"error": None, "temperatures": {"0": 50.0, "1": 50.0}},
    ):
        for name, value in change.items():
            setattr(site.service, name, value)
        for _ in range(3):
            advance_to_the_grid()
        known = site.alerting.list_health()
        assert set(known) == {HEAT, LOSS, OUTAGE}
        assert assess(known) == assess()
        verdicts.append({name: row[0] for name, row in assess(known).items()})
    assert verdicts == [
        {HEAT: State.PENDING, LOSS: State.OK, OUTAGE: State.OK},
        {HEAT: State.CRITICAL, LOSS: State.OK, OUTAGE: State.OK},
        {HEAT: State.CRITICAL, LOSS: State.CRITICAL, OUTAGE: State.OK},
        {HEAT: State.CRITICAL, LOSS: State.CRITICAL, OUTAGE: State.CRITICAL},
        {HEAT: State.OK, LOSS: State.OK, OUTAGE: State.OK},
    ]


def test_states_that_are_too_old_are_no_verdict(site: Site) -> None:
    assert site.alerting.list_health()
    site.problem = StoreFull("alerts_store.full", path="alerts.db", reason="disk full")
    site.clock.advance(3 * MINUTE_MS)
    assert site.alerting.list_health() == {}


@pytest.mark.parametrize(("count", "seconds"), [(1, 20), (3, 50)])
def test_a_site_chooses_how_many_readings_must_fail(
    make_site: Callable[..., Site], count: int, seconds: float
) -> None:
    site = make_site(catalogue=select_metrics(load(failed_readings=count)))
    site.clock.advance(1)
    site.service.error = REFUSED
    assert seconds - 20 <= site.wait_for(OUTAGE, AlertState.FIRING) <= seconds


def test_a_lost_gpu_that_was_removed_on_purpose_is_closed(site: Site) -> None:
    del site.service.temperatures["1"]
    site.wait_for(LOSS, AlertState.FIRING)
    known = select_metrics(load(removed=[{"instance": "h", "gpu": "1"}]))
    known = replace(known, removed=({"instance": "h", "gpu": "1"},))
    site.alerting.apply(site.config, site.source, known)
    site.wait_for(LOSS, AlertState.INACTIVE)
    site.clock.advance(MINUTE_MS)
    assert site.list_changes(LOSS) == ["inactive>firing", "firing>no_data", "no_data>inactive"]


def test_targets_that_the_configuration_has_no_more_are_removed_for_two_days(
    tmp_path: Path,
) -> None:
    file = tmp_path / "jipyo.yaml"
    store = AlertStore.open(tmp_path, STEPS)

    def note(names: Sequence[str], t_ms: int) -> list[str]:
        jobs = [{"job": "app", "url": f"http://{name}:1/metrics"} for name in names]
        file.write_text(yaml.dump({"collect": {"scrape": jobs}}))
        config = load_config(CliOverrides(file=file, data=tmp_path), {}, "en")
        return sorted(one["instance"] for one in note_targets(config, store, t_ms))

    assert note(["a", "b"], 0) == []
    assert note(["a"], 1) == ["b:1"]
    assert note(["a"], 2) == ["b:1"]
    assert note(["b"], KEEP_MS) == ["a:1"]
    assert note([], KEEP_MS + 1) == ["a:1", "b:1"]
    assert note([], 2 * KEEP_MS + 2) == []
    store.close()


# --- rule files

RULE_FILE = """\
groups:
- name: gpus
  interval: 30s
  rules:
  - record: instance:heat:max
    expr: max by (instance) (DCGM_FI_DEV_GPU_TEMP)
  - alert: TooHot
    expr: instance:heat:max > 80
    for: 1m
    labels: {severity: critical, level: "{{ if gt $value 95.0 }}worst{{ else }}bad{{ end }}"}
"""
TOO_HOT = "rules.yml/gpus/TooHot"


@pytest.fixture
def file_site(make_site: Callable[..., Site], tmp_path: Path) -> Site:
    (tmp_path / "rules.yml").write_text(RULE_FILE)
    site = make_site()
    options = replace(OPTIONS, rule_files=(tmp_path / "r*.yml",))
    site.config = replace(site.config, settings=replace(site.config.settings, alerts=options))
    site.alerting.apply(site.config, site.source, KNOWN)
    site.clock.advance(MINUTE_MS)
    return site


def test_the_rules_of_files_record_and_fire_in_their_order(file_site: Site) -> None:
    assert file_site.query("instance:heat:max") == [
        {"__name__": "instance:heat:max", "instance": "h"}
    ]
    file_site.service.temperatures["1"] = 90.0
    assert file_site.wait_for(TOO_HOT, AlertState.FIRING) <= 60 + 2 * 30
    shown = {"alertname": "TooHot", "alertstate": "firing", "instance": "h", "level": "bad"}
    assert file_site.query('ALERTS{alertname="TooHot"}') == [
        {"__name__": "ALERTS", "severity": "critical", **shown}
    ]
    file_site.restart(pause_ms=MINUTE_MS)
    file_site.clock.advance(MINUTE_MS)
    assert file_site.list_changes(TOO_HOT) == ["pending>firing"]
    file_site.service.temperatures["1"] = 50.0
    file_site.wait_for(TOO_HOT, AlertState.INACTIVE)
    assert file_site.query('ALERTS{alertname="TooHot"}') == []


def test_a_changed_file_is_read_again_without_losing_what_goes_on(
    file_site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file_site.service.temperatures["1"] = 90.0
    file_site.wait_for(TOO_HOT, AlertState.FIRING)
    file = tmp_path / "rules.yml"
    file.write_text(RULE_FILE.replace("> 80", "> 85").replace("for: 1m", "for: 30s"))
    file_site.clock.advance(2 * MINUTE_MS)
    assert file_site.list_changes(TOO_HOT) == ["pending>firing"]
    file.write_text(RULE_FILE.replace("> 80", ">"))
    file_site.clock.advance(2 * MINUTE_MS)
    assert caplog.text.count("the previous rules stay in effect") == 1
    assert file_site.list_changes(TOO_HOT) == ["pending>firing"]
    file.unlink()
    file_site.clock.advance(MINUTE_MS)
    assert file_site.list_changes(TOO_HOT) == ["pending>firing", "firing>inactive"]
    assert file_site.query("instance:heat:max") == []


def test_a_wrong_rule_file_is_refused_when_the_configuration_is_applied(
    file_site: Site, tmp_path: Path
) -> None:
    (tmp_path / "rules.yml").write_text("group: []")
    with pytest.raises(ConfigError, match=r"schema\.unknown_key"):
        file_site.alerting.apply(file_site.config, file_site.source, KNOWN)
    assert TOO_HOT in {rule.id for rule in file_site.alerting.rules}


def test_the_annotations_of_the_rules_of_files_are_filled(file_site: Site, tmp_path: Path) -> None:
    summary = "{{ $labels.instance }} of {{ query `count(up)` | first | value }}: {{ $value }}"
    file = tmp_path / "rules.yml"
    file.write_text(RULE_FILE + f'    annotations: {{summary: "{summary}"}}\n')
    file_site.service.temperatures["1"] = 90.0
    file_site.wait_for(TOO_HOT, AlertState.FIRING)
    found = list_groups(file_site.alerting.list_rules(), OPTIONS, "en", file_site.source)
    (group,) = [one for one in found if one.file == "rules.yml"]
    (alert,) = group.rules[-1].alerts
    assert dict(alert.annotations) == {"summary": "h of 1: 90"}
    assert dict(group.rules[-1].annotations) == {"summary": summary}
