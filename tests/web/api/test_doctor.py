"""`/api/jipyo/doctor` and `/api/jipyo/targets`: what has data, what is collected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jipyo.analysis.coverage import MetricCoverage
from jipyo.collect.target import TargetState, TargetStatus
from jipyo.i18n import texts
from jipyo.model.errors import CollectError
from jipyo.model.labels import Labels
from jipyo.model.reading import ReadingNote
from jipyo.web.api import targets
from jipyo.web.api.doctor import build_availability
from support.web import NOW_MS, Client

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue

Serve = Callable[..., Client]
CPU = "system.cpu.utilization"


def test_the_doctor_names_who_gives_a_metric_or_what_to_do(client: Client) -> None:
    metrics = {one["id"]: one for one in client.get("/api/jipyo/doctor", lang="en").json["metrics"]}
    assert metrics[CPU] == metrics[CPU] | {
        "state": "found",
        "exporter": "node_exporter",
        "series": 1,
        "remedy": None,
    }
    assert metrics["ai.model.accuracy"]["state"] == "missing"
    assert metrics["ai.model.accuracy"]["remedy"]


def test_a_rejected_query_is_the_remedy(known: Catalogue) -> None:
    finding = MetricCoverage(known.metrics[0], (), "query was refused")
    availability = build_availability(finding, known, texts("en"))
    assert (availability.state, availability.remedy) == ("missing", "query was refused")
    assert (availability.exporter, availability.series) == (None, 0)


def test_targets_have_their_last_error_in_the_readers_language(serve: Serve) -> None:
    node = Labels.of({"job": "node", "instance": "host1"})
    down = TargetStatus(
        node,
        "http://host1:9100/metrics",
        15_000,
        TargetState.DOWN,
        CollectError("web.not_ready"),
        NOW_MS,
        0.25,
        notes=(ReadingNote("web.no_such_metric", (("id", "x"),)),),
    )
    statuses = [
        down,
        TargetStatus(node, "", 15_000, TargetState.ABSENT),
        TargetStatus(node, "", 60_000),
    ]
    client = serve(*targets.routes(lambda: statuses, "ko"))
    korean, missing, new = client.get("/api/jipyo/targets").json["targets"]
    english = client.get("/api/jipyo/targets", lang="en").json["targets"][0]
    assert (korean["job"], korean["instance"], korean["state"]) == ("node", "host1", "down")
    assert korean["error"] == texts("ko")("web.not_ready")
    assert english["error"] == texts("en")("web.not_ready")
    assert korean["notes"] == [texts("ko")("web.no_such_metric", id="x")]
    assert (korean["last"], korean["duration_s"], korean["interval_s"]) == (NOW_MS / 1000, 0.25, 15)
    assert (missing["state"], new["state"], new["last"]) == ("absent", "unknown", None)
