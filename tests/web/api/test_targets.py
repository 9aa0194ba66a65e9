"""`/api/jipyo/targets`: everything that is collected; and its counts in the overview."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.health import assess_catalogue
from jipyo.collect.target import TargetState, TargetStatus
from jipyo.i18n import texts
from jipyo.model.errors import CollectError
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels
from jipyo.model.reading import ReadingNote
from jipyo.web.api import overview, targets
from jipyo.web.prometheus import targets as scraped
from support.web import NOW_MS, SERVER, Client, config_state

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
    client = serve(*targets.routes(lambda: [DOWN], "ko"))
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
    ours, theirs = targets.routes(lambda: [PROBE], "ko"), scraped.routes(lambda: [PROBE])
    client = serve(*ours, *theirs)
    (probe,) = client.get("/api/jipyo/targets", lang=lang).json["targets"]
    t = texts(lang)
    cause, remedy = t("health.cause.no_route"), t("health.remedy.no_route")
    assert (probe["state"], probe["error"], probe["hint"]) == ("down", cause, remedy)
    (target,) = client.get("/api/v1/targets").data["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")


def test_other_targets_have_no_cause(serve: Serve) -> None:
    client = serve(*targets.routes(lambda: [UP, ABSENT, NEW], "en"))
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
