"""`/api/jipyo/targets`: everything that is collected; and its counts in the overview."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.target_history import TargetHistory, UncollectedProgram
from jipyo.collect.target import TargetState, TargetStatus
from jipyo.i18n import texts
from jipyo.model.errors import CollectError
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.model.reading import ReadingNote
from jipyo.web.api import overview, targets
from jipyo.web.prometheus import targets as scraped
from support.web import NOW_MS, SERVER, Client, config_state
from web.api.conftest import build_target_desk

if TYPE_CHECKING:
    from jipyo.analysis.health import Health
    from jipyo.catalogue import Catalogue
    from jipyo.i18n import Lang
    from jipyo.source import Embedded

Serve = Callable[..., Client]

NODE = Labels.of({"job": "node", "instance": "host1"})
DOWN = TargetStatus(
    NODE,
    "http://host1:9100/metrics",
    15_000,
    TargetState.DOWN,
    CollectError("web.not_ready", hint="web.internal.hint"),
    NOW_MS,
    0.25,
    notes=(ReadingNote("web.no_such_metric", (("id", "x"),)),),
    since_ms=NOW_MS - 60_000,
    failure=FailureReason.OTHER,
)
PROBE = TargetStatus(NODE, "", 15_000, TargetState.DOWN, failure=FailureReason.NO_ROUTE)
ABSENT = TargetStatus(NODE, "", 15_000, TargetState.ABSENT)
NEW = TargetStatus(NODE, "", 60_000)
UP = TargetStatus(NODE, "", 15_000, TargetState.UP, None, NOW_MS, 0.01, 12, rejected=3)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_failed_target_has_its_cause_and_its_remedy_in_words(serve: Serve, lang: Lang) -> None:
    client = serve(*targets.routes(build_target_desk([DOWN]), "ko"))
    (down,) = client.get("/api/jipyo/targets", lang=lang).json["targets"]
    t = texts(lang)
    assert (down["job"], down["instance"], down["state"]) == ("node", "host1", "down")
    assert (down["error"], down["hint"]) == (t("web.not_ready"), t("web.internal.hint"))
    assert down["notes"] == [t("web.no_such_metric", id="x")]
    assert (down["last"], down["since"]) == (NOW_MS / 1000, NOW_MS / 1000 - 60)
    assert (down["duration_s"], down["interval_s"]) == (0.25, 15)


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_failed_probe_is_down_though_prometheus_calls_its_scrape_up(
    serve: Serve, lang: Lang
) -> None:
    ours, theirs = targets.routes(build_target_desk([PROBE]), "ko"), scraped.routes(lambda: [PROBE])
    client = serve(*ours, *theirs)
    (probe,) = client.get("/api/jipyo/targets", lang=lang).json["targets"]
    t = texts(lang)
    cause, remedy = t("health.cause.no_route"), t("health.remedy.no_route")
    assert (probe["state"], probe["error"], probe["hint"]) == ("down", cause, remedy)
    (target,) = client.get("/api/v1/targets").data["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_other_targets_have_no_cause(serve: Serve) -> None:
    client = serve(*targets.routes(build_target_desk([UP, ABSENT, NEW]), "en"))
    rows = client.get("/api/jipyo/targets").json["targets"]
    assert [row["state"] for row in rows] == ["up", "absent", "unknown"]
    assert {(row["error"], row["hint"]) for row in rows} == {("", "")}
    assert [row["last"] for row in rows] == [NOW_MS / 1000, None, None]
    assert (rows[0]["samples"], rows[0]["rejected"], rows[2]["since"]) == (12, 3, None)


def test_the_overview_counts_targets_by_state(
    serve: Serve, source: Embedded, known: Catalogue
) -> None:
    def judge() -> Health:
        return assess_catalogue(source, known, NOW_MS)

    statuses = [UP, DOWN, DOWN, NEW]
    client = serve(
        *overview.routes(SERVER, known, judge, lambda: statuses, lambda: None, config_state)
    )
    counts = client.get("/api/jipyo/overview").json["targets"]
    assert counts == {"up": 1, "down": 2, "unknown": 1, "absent": 0}


def name_target(job: str, state: TargetState) -> TargetStatus:
    failure = FailureReason.NO_ROUTE if state is TargetState.DOWN else None
    labels = Labels.of({"job": job, "instance": "host1"})
    return TargetStatus(labels, "", 15_000, state, None, NOW_MS, 0.1, 150, failure=failure)


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    ("states", "state", "key", "values"),
    [
        ("uu", "ok", "all_up", {"n": 2}),
        ("uua", "ok", "all_up", {"n": 2}),
        ("du", "critical", "down", {"n": 2, "down": 1, "names": "job0 host1"}),
        ("dn", "critical", "down", {"n": 2, "down": 1, "names": "job0 host1"}),
        ("un", "unknown", "waiting", {"n": 2, "waiting": 1}),
        ("a", "unknown", "none", {}),
        ("", "unknown", "none", {}),
    ],
)
def test_one_sentence_says_how_many_answer(
    serve: Serve, lang: Lang, states: str, state: str, key: str, values: dict[str, object]
) -> None:
    kinds = {"u": TargetState.UP, "d": TargetState.DOWN, "n": TargetState.UNKNOWN}
    kinds["a"] = TargetState.ABSENT
    statuses = [name_target(f"job{n}", kinds[each]) for n, each in enumerate(states)]
    client = serve(*targets.routes(build_target_desk(statuses), "ko"))
    answer = client.get("/api/jipyo/targets", lang=lang).json
    assert (answer["state"], answer["text"]) == (state, texts(lang)(f"web.targets.{key}", **values))


def test_of_many_failing_targets_three_are_named(serve: Serve) -> None:
    statuses = [name_target(f"job{n}", TargetState.DOWN) for n in range(500)]
    client = serve(*targets.routes(build_target_desk(statuses), "en"))
    text = client.get("/api/jipyo/targets").json["text"]
    assert text == (
        "500 of 500 targets do not answer: job0 host1, job1 host1, job2 host1 and 497 more"
    )


def test_readings_are_percentages_of_which_100_is_all_and_the_rate_is_not_rounded_up(
    serve: Serve,
) -> None:
    shares = np.array([np.nan, 1.0, 0.9999, 0.0])
    history = TargetHistory(NOW_MS, {("node", "host1"): shares}, 0.99999)
    desk = build_target_desk([UP, name_target("api", TargetState.UP)], history)
    answer = serve(*targets.routes(desk, "en")).get("/api/jipyo/targets").json
    assert [row["readings"] for row in answer["targets"]] == [[None, 100, 99, 0], []]
    assert [row["kind"] for row in answer["targets"]] == ["host", "scrape"]
    assert answer["detail"].startswith("99.99% of readings succeeded in 24 h, 10.8 samples")


def test_a_target_leads_to_its_incident_and_programs_that_nobody_collects_are_named(
    serve: Serve,
) -> None:
    found = [UncollectedProgram("Redis", "redis-server", "collect.databases")]
    desk = build_target_desk([DOWN, UP], None, found, {("node", "host1"): 31})
    answer = serve(*targets.routes(desk, "en")).get("/api/jipyo/targets").json
    assert [row["incident"] for row in answer["targets"]] == [31, 31]
    (program,) = answer["uncollected"]
    assert "redis-server" in program["text"]
    assert "collect.databases" in program["text"]
